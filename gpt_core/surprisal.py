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
    """What the model thinks of each token of a text, and `candidates` of those it thinks likeliest there.

    Nothing is thought of the first token, which follows none, and of those further back than the context
    length: their probability is None. The model is left in evaluation mode.
    """
    text = tokenizer.stream()
    told = [Token(id, text.step(id), None) for id in tokens]
    if told and (rest := text.finish()):
        told[-1] = replace(told[-1], text=told[-1].text + rest)
    reach = min(len(told) - 1, model.config.context_length)  # t, tokens that have others before them
    if reach < 1:
        return told
    within = torch.tensor([list(tokens)[-reach - 1 :]])  # (1, t + 1)
    thought: list[Token] = []
    model.eval()
    with torch.no_grad():
        hidden = model.hidden(within[:, :-1].to(model.embedding.weight.device))[0]  # (t, D)
        for row in range(0, reach, ROWS):
            logits = model.head(hidden[row : row + ROWS]).float().cpu()  # (rows, V)
            thought += thoughts(within[0, row + 1 :][:ROWS, None], logits, tokenizer, candidates)
    first = len(told) - reach
    again = [replace(token, text=seen.text) for token, seen in zip(thought, told[first:], strict=True)]
    return told[:first] + again


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
