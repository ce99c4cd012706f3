"""Surprisal: what the model thought of tokens, those drawn from it and those of a text that is there already.

The surprisal of a token is -ln of the probability that the model gave it when it had read all before it
(Shannon, 1948); its mean over a text is the loss on that text, in nats a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from gpt_core.events import Candidate, Token
from gpt_core.model import GPT
from gpt_core.tokenizer import Tokenizer

ROWS = 64  # tokens whose logits are worked out together: 13 MB of them for a vocabulary of 50,000


def read(model: GPT, tokens: Sequence[int], tokenizer: Tokenizer, candidates: int = 0) -> list[Token]:
    """What the model thinks of each token of a text, as `thought_of` tells it.

    It reads as far back as the context length reaches. The model is left in evaluation mode.
    """
    reach = min(len(tokens) - 1, model.config.context_length)  # t, those that are guessed
    if reach < 1:
        return thought_of(tokens, torch.empty(0, model.config.embedding_dim), model, tokenizer)
    before = torch.tensor([list(tokens)[-reach - 1 : -1]])  # (1, t)
    model.eval()
    with torch.no_grad():
        hidden = model.hidden(before.to(model.embedding.weight.device))[0]
    return thought_of(tokens, hidden, model, tokenizer, candidates)


def thought_of(
    tokens: Sequence[int], hidden: Tensor, model: GPT, tokenizer: Tokenizer, candidates: int = 0
) -> list[Token]:
    """What the model thought of each token of a text, and `candidates` of those it thought likeliest there.

    `hidden` (t, D) are its states before each of the last t tokens. Nothing was thought of the others, such
    as the first, which follows none: their probability is None.
    """
    text = tokenizer.stream()
    told = [Token(id, text.step(id), None) for id in tokens]
    if told and (rest := text.finish()):
        told[-1] = replace(told[-1], text=told[-1].text + rest)
    first = len(told) - len(hidden)
    for row in range(0, len(hidden), ROWS):
        with torch.no_grad():
            logits = model.head(hidden[row : row + ROWS]).float().cpu()  # (rows, V)
        seen = told[first + row :][:ROWS]
        ids = torch.tensor([[token.id] for token in seen])  # (rows, 1)
        thought = thoughts(ids, logits, tokenizer, candidates)
        told[first + row : first + row + len(seen)] = [
            replace(token, text=was.text) for token, was in zip(thought, seen, strict=True)
        ]
    return told


def thoughts(ids: Tensor, logits: Tensor, tokenizer: Tokenizer | None, candidates: int) -> Iterator[Token]:
    """Tokens (n, 1), without their text, and what the model thought of them: its logits (n, V) there."""
    thought = logits.softmax(-1)
    likeliest = thought.topk(min(candidates, thought.size(-1))) if candidates else None
    for row, id in enumerate(ids[:, 0].tolist()):
        others: tuple[Candidate, ...] = ()
        if likeliest is not None:
            others = tuple(
                Candidate(other, "" if tokenizer is None else tokenizer.decode([other]), probability)
                for probability, other in zip(
                    likeliest.values[row].tolist(), likeliest.indices[row].tolist(), strict=True
                )
            )
        yield Token(id, "", thought[row, id].item(), candidates=others)
