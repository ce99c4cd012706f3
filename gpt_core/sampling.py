"""Sampling: how a prompt is continued, one token at a time.

Temperature, top-k and top-p (nucleus sampling, Holtzman et al., 2020), with a key-value cache and a random
generator of its own, so that the same seed gives the same text whatever else the process does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gpt_core.config import SamplingConfig
from gpt_core.errors import GPTCoreError
from gpt_core.model import GPT
from gpt_core.tokenizer import Tokenizer


def prompt_tokens(prompt: str, tokenizer: Tokenizer) -> tuple[list[int], list[str]]:
    """The prompt's tokens, and the characters left out of it because the vocabulary has none for them.

    Raises GPTCoreError where nothing is left to go on from.
    """
    if not prompt:
        raise GPTCoreError("prompt_empty", field="sampling.prompt")
    unknown = tokenizer.unknown(prompt)
    tokens = tokenizer.encode(prompt).tolist()
    if not tokens:
        shown = " ".join(map(repr, unknown))
        raise GPTCoreError("prompt_unknown", field="sampling.prompt", characters=shown)
    return tokens, unknown


def distribution(logits: Tensor, settings: SamplingConfig) -> Tensor:
    """The probabilities (V,) from which the next token is drawn, given its logits (V,), in float32."""
    if settings.temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(), logits.numel()).float()
    logits = ((logits.double() - logits.max()) / settings.temperature).float()  # however small that is
    if 0 < settings.top_k < logits.numel():
        smallest = torch.topk(logits, settings.top_k).values[-1]
        logits = logits.masked_fill(logits < smallest, -torch.inf)
    probabilities = torch.softmax(logits, dim=-1)
    if settings.top_p < 1:
        ordered, order = torch.sort(probabilities, descending=True, stable=True)
        # A token stays while those before it hold less than top_p: so the first always stays.
        dropped = ordered.cumsum(0) - ordered >= settings.top_p
        probabilities = probabilities.index_fill(0, order[dropped], 0.0)
        probabilities = probabilities / probabilities.sum()
    return probabilities


def generate(
    model: GPT, prompt: Sequence[int], settings: SamplingConfig, end_of_text: int | None
) -> Iterator[int]:
    """Yield up to `settings.max_tokens` tokens that continue the prompt, ending before `end_of_text`.

    Beyond the context length the window slides: when it is full, the last three quarters of it are read
    anew, so that each token sees at least that much and only one token in T/4 costs more than itself.
    The model is left in evaluation mode. Safe to suspend at each yield: no state but the iterator's own.
    """
    T = model.config.context_length
    device = model.embedding.weight.device
    generator = torch.Generator().manual_seed(settings.seed)
    context = list(prompt)[-T:]
    unread = context  # tokens of the context that the cache does not hold yet
    cache = model.new_cache()
    for _ in range(settings.max_tokens):
        if len(context) > T:
            context = context[-max(1, 3 * T // 4) :]
            unread, cache = context, model.new_cache()
        model.eval()
        with torch.no_grad():
            hidden = model.hidden(torch.tensor([unread], device=device), cache)  # (1, n, D)
            logits = model.head(hidden[0, -1]).cpu()  # (V,)
            token = int(torch.multinomial(distribution(logits, settings), 1, generator=generator))
        if token == end_of_text:
            return
        yield token
        context = [*context, token]
        unread = [token]
