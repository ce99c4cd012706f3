"""Sampling: how a prompt is continued, one token at a time.

Repetition penalty (CTRL, Keskar et al., 2019), temperature, top-k and top-p (nucleus sampling, Holtzman et
al., 2020), in this order; stop texts; several samples at once, as one batch through the key-value cache. Each
sample draws from a random generator of its own, so that the same seed gives the same text whatever else the
process does: sample i is the one that seed + i alone would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from gpt_core.attention import KeyValueCache
from gpt_core.config import SamplingConfig
from gpt_core.errors import GPTCoreError
from gpt_core.events import Token
from gpt_core.model import GPT
from gpt_core.surprisal import thoughts
from gpt_core.tokenizer import Tokenizer

SEEDS = 2**32


def prompt_tokens(prompt: str, tokenizer: Tokenizer) -> tuple[list[int], list[str]]:
    """The prompt's tokens, and the characters of it that the vocabulary does not have.

    Raises GPTCoreError where nothing is left to go on from.
    """
    if not prompt:
        raise GPTCoreError("prompt_empty", field="sampling.prompt")
    unknown = tokenizer.unknown(prompt)
    tokens = tokenizer.encode(prompt).tolist()
    if not tokens or set(tokens) == {tokenizer.unknown_token}:
        shown = " ".join(map(repr, unknown or dict.fromkeys(prompt)))
        raise GPTCoreError("prompt_unknown", field="sampling.prompt", characters=shown)
    return tokens, unknown


def distribution(logits: Tensor, settings: SamplingConfig, seen: Tensor | None = None) -> Tensor:
    """The probabilities (..., V) from which the next token is drawn, given its logits (..., V), in float32.

    `seen` (..., V) is true for the tokens that the repetition penalty concerns.
    """
    if seen is not None and settings.repetition_penalty != 1:
        penalty = max(settings.repetition_penalty, 1e-200)
        logits = logits.double()  # so that none becomes infinite, nor by the smallest penalty
        logits = torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)
    V = logits.size(-1)
    if settings.temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), V).float()
    logits = logits.double() - logits.amax(-1, keepdim=True)
    logits = (logits / settings.temperature).float()  # however small that is
    if 0 < settings.top_k < V:
        smallest = logits.topk(settings.top_k).values[..., -1:]
        logits = logits.masked_fill(logits < smallest, -torch.inf)
    probabilities = logits.softmax(-1)
    if settings.top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
        # A token stays while those before it hold less than top_p; the first stays also where that is 0 to
        # float32.
        dropped = ordered.cumsum(-1) - ordered >= settings.top_p
        dropped[..., 0] = False
        probabilities = probabilities.masked_fill(dropped.scatter(-1, order, dropped), 0.0)
        probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    return probabilities


def generate(
    model: GPT,
    prompt: Sequence[int],
    settings: SamplingConfig,
    tokenizer: Tokenizer | None,
    candidates: int = 0,
    heard: Callable[[Tensor], object] | None = None,
) -> Iterator[Token]:
    """Yield the tokens that continue a prompt, up to `settings.max_tokens` of each of `settings.samples`.

    A sample ends before the end of text and before the stop text that is complete first; nothing of that is
    yielded, a token waits while it could be the beginning of it. A token that leaves a character unfinished
    waits for the rest; where a sample ends within one, its last token may come once more, with U+FFFD as its
    text. `candidates` asks for so many of the likeliest tokens beside each. Without a tokenizer there is no
    text and no end of text. `heard` is given the hidden states (t, D) of what was read of the prompt.

    Beyond the context length the window slides: when it is full, the last three quarters of it are read
    anew, so that each token sees at least that much and only one token in T/4 costs more than itself.
    Keys and values take 8 L D bytes for each token of prompt and answer, T at most, in each sample.
    The model is left in evaluation mode. Safe to suspend at each yield: no state but the iterator's own.
    Raises ValueError for stop texts without a tokenizer.
    """
    if settings.stop and tokenizer is None:
        raise ValueError("without a tokenizer there is no text in which a stop text could be found")
    T = model.config.context_length
    device = model.embedding.weight.device
    end_of_text = None if tokenizer is None else tokenizer.end_of_text
    samples = [_Sample(number, settings, tokenizer) for number in range(settings.samples)]
    context = torch.tensor([list(prompt)[-T:]])  # (1, t); (n, t) from the first token on
    seen = torch.zeros(1, model.config.vocab_size, dtype=torch.bool)  # (1, V); (n, V)
    seen[0, list(prompt)] = True
    room = min(T, context.size(1) + settings.max_tokens)  # tokens that the cache will hold at most
    unread, cache = context, model.new_cache(1, room)  # what of the context the cache does not hold yet
    for _ in range(settings.max_tokens):
        if context.size(1) > T:
            context = context[:, -max(1, 3 * T // 4) :]
            unread, cache = context, model.new_cache(len(context), room)
        model.eval()
        with torch.no_grad():
            hidden = model.hidden(unread.to(device), cache)  # (n, t, D)
            if heard is not None:
                heard(hidden[0])
                heard = None
            logits = model.head(hidden[:, -1]).float().cpu()  # (n, V)
        if len(logits) < len(samples):  # the prompt was read once for all of them
            everyone = [0] * len(samples)
            logits, context, seen = logits[everyone], context[everyone], seen[everyone]
            _select(cache, everyone)
        probabilities = distribution(logits, settings, seen)  # (n, V)
        drawn = torch.stack([sample.draw(row) for sample, row in zip(samples, probabilities, strict=True)])
        for sample, token in zip(samples, thoughts(drawn, logits, tokenizer, candidates), strict=True):
            if token.id == end_of_text:
                yield from sample.finish()
            else:
                yield from sample.add(token)
        seen.scatter_(1, drawn, True)
        context, unread = torch.cat([context, drawn], dim=1), drawn
        going_on = [row for row, sample in enumerate(samples) if not sample.ended]
        if not going_on:
            return
        if len(going_on) < len(samples):
            samples = [samples[row] for row in going_on]
            context, unread, seen = context[going_on], unread[going_on], seen[going_on]
            _select(cache, going_on)
    for sample in samples:
        yield from sample.finish()


def _select(cache: list[KeyValueCache], rows: list[int]) -> None:
    """Keep these rows of the batch, in this order; one may be taken several times."""
    for layer in cache:
        layer.keys, layer.values = layer.keys[rows], layer.values[rows]


class _Sample:
    """One of the samples: its chance, and its text as far as it may not be shown yet."""

    def __init__(self, number: int, settings: SamplingConfig, tokenizer: Tokenizer | None) -> None:
        self.number = number
        self.ended = False
        self._chance = torch.Generator().manual_seed((settings.seed + number) % SEEDS)
        self._stream = None if tokenizer is None else tokenizer.stream()
        self._stop = settings.stop
        self._waiting: list[Token] = []
        self._last: Token | None = None

    def draw(self, probabilities: Tensor) -> Tensor:
        """A token (1,), given the probabilities (V,) of all."""
        return torch.multinomial(probabilities, 1, generator=self._chance)

    def add(self, token: Token) -> list[Token]:
        """Take one more token; the result is what can be shown now."""
        text = "" if self._stream is None else self._stream.step(token.id)
        self._last = replace(token, text=text, sample=self.number)
        self._waiting.append(self._last)
        if self._stream is None:
            return self._release(1)
        text = "".join(waiting.text for waiting in self._waiting)
        complete = [(at + len(stop), at) for stop in self._stop if (at := text.find(stop)) >= 0]
        if complete:
            self.ended = True
            return self._cut(min(complete)[1])  # of two that end together, the longer
        certain = len(text) - max((_begun(stop, text) for stop in self._stop), default=0)
        ready = length = 0
        for count, waiting in enumerate(self._waiting, start=1):
            length += len(waiting.text)
            if waiting.text and length <= certain:
                ready = count
        return self._release(ready)

    def finish(self) -> list[Token]:
        """Nothing comes after this: what could have been the beginning of something was not."""
        self.ended = True
        rest = "" if self._stream is None else self._stream.finish()
        if rest and self._waiting:
            self._waiting[-1] = replace(self._waiting[-1], text=self._waiting[-1].text + rest)
        elif rest and self._last is not None:
            self._waiting.append(replace(self._last, text=rest))
        return self._release(len(self._waiting))

    def _release(self, count: int) -> list[Token]:
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        return ready

    def _cut(self, end: int) -> list[Token]:
        """The tokens that wait, up to character `end` of their text."""
        kept = []
        for waiting in self._waiting:
            if end > 0:
                kept.append(replace(waiting, text=waiting.text[:end]))
            end -= len(waiting.text)
        return kept


def _begun(stop: str, text: str) -> int:
    """How many characters at the end of `text` may be the beginning of `stop`."""
    lengths = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(stop[:length])), 0)
