"""Validation figures against the same sums in float64, token by token."""

import math

import numpy as np
import pytest
import torch

from gpt_core.batches import FixedWindows
from gpt_core.config import ModelConfig
from gpt_core.evaluation import evaluate
from gpt_core.events import Evaluation, EvaluationBatch
from gpt_core.model import GPT
from gpt_core.tokenizer import Tokenizer

TEXT = "Über den Wolken, 雲の上, über allem: the quick brown fox jumps over the lazy dog. " * 40


@pytest.mark.parametrize("kind", ["characters", "bpe"])
@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_loss_and_its_units(kind, batch_size):
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(kind, [TEXT], 300)
    tokens = tokenizer.encode(TEXT).astype(np.uint16)
    config = ModelConfig(
        vocab_size=tokenizer.vocab_size, context_length=16, embedding_dim=24, ffn_dim=48, num_heads=2,
        num_layers=2, initialisation="torch",
    )  # fmt: skip
    model = GPT(config)
    windows = FixedWindows(tokens, 16, 7)
    *progress, result = evaluate(model, windows, tokenizer, batch_size, "fp32")
    assert isinstance(result, Evaluation)
    assert all(isinstance(event, EvaluationBatch) for event in progress)
    assert progress[-1].done == progress[-1].total == result.windows == 7

    rows = windows.batch(0, 7)
    with torch.no_grad():
        logits = model.double().eval()(torch.from_numpy(rows[:, :-1]))
    picked = logits.log_softmax(-1).gather(-1, torch.from_numpy(rows[:, 1:])[..., None])
    nats = -picked.sum().item()
    written = [tokenizer.decode([token]) if kind == "characters" else None for token in rows[:, 1:].ravel()]
    assert result.loss == pytest.approx(nats / rows[:, 1:].size, rel=1e-5)
    assert result.perplexity == pytest.approx(math.exp(result.loss))
    if kind == "characters":
        assert result.nats_per_character == pytest.approx(result.loss)
        size = sum(len(character.encode()) for character in written)
    else:
        # Byte-level pieces may be parts of a character: count bytes by decoding all that each window says.
        size = int(tokenizer.token_bytes[rows[:, 1:]].sum())
        assert size == pytest.approx(len(TEXT.encode()) * rows[:, 1:].size / len(tokens), rel=0.1)
    assert result.bits_per_byte == pytest.approx(nats / math.log(2) / size, rel=1e-5)
