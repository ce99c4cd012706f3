"""Evaluation: how well the model predicts text it never trained on, over the same windows each time."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import torch

from gpt_core.batches import FixedWindows
from gpt_core.events import Evaluation, EvaluationBatch, Precision
from gpt_core.hardware import autocast
from gpt_core.model import GPT
from gpt_core.token_file import Part
from gpt_core.tokenizer import Tokenizer


def evaluate(
    model: GPT,
    windows: FixedWindows,
    tokenizer: Tokenizer,
    part: Part,
    batch_size: int,
    precision: Precision,
) -> Iterator[EvaluationBatch | Evaluation]:
    """Yield progress after each batch and the Evaluation last; the model is left in evaluation mode.

    Nats per character and bits per byte are by the length of the text itself, so that tokenizers compare. A
    token of bpe, gpt2 and characters says exactly what it stands for. Those of gpt1 do not (its text is in
    lower case, a blank is a blank however long it was, and `<unk>` is anything), nor do characters that were
    left out: there the windows are given the same share of the text's length, which `part` tells, as they
    have of its tokens. That is right for the whole part, and on average for a sample of it.
    """
    device = model.embedding.weight.device
    exact = tokenizer.kind != "gpt1" and not part.unknown
    nats = characters = size = 0.0
    tokens = done = 0
    while done < len(windows):
        batch = windows.batch(done, min(batch_size, len(windows) - done))  # (B, T + 1)
        rows = torch.from_numpy(batch).to(device)
        model.eval()
        with torch.no_grad(), autocast(device, precision):
            loss = model(rows[:, :-1], rows[:, 1:])
        targets = batch[:, 1:]
        nats += loss.item() * targets.size
        tokens += targets.size
        if exact:
            characters += float(tokenizer.token_characters[targets].sum())
            size += float(tokenizer.token_bytes[targets].sum())
        else:
            characters += part.characters * targets.size / part.tokens
            size += part.bytes * targets.size / part.tokens
        done += len(batch)
        yield EvaluationBatch(done, len(windows))
    yield Evaluation(
        loss=nats / tokens,
        nats_per_character=nats / max(characters, 1.0),
        bits_per_byte=nats / log(2) / max(size, 1.0),
        windows=done,
        all_windows=windows.available,
        unknown=part.unknown_share(tokenizer.kind),
    )
