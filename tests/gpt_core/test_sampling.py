"""Sampling against probabilities written out, and against a model that computes everything anew."""

import itertools

import numpy as np
import pytest
import torch

from gpt_core.config import ModelConfig, SamplingConfig
from gpt_core.errors import GPTCoreError
from gpt_core.model import GPT
from gpt_core.sampling import distribution, generate, prompt_tokens
from gpt_core.tokenizer import Tokenizer

GREEDY = SamplingConfig(temperature=0, max_tokens=50)


@pytest.fixture(scope="module")
def model() -> GPT:
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=23, context_length=12, embedding_dim=16, ffn_dim=32, num_heads=2, num_layers=2, norm="pre",
        initialisation="torch",
    )  # fmt: skip
    return GPT(config)


def test_within_the_context_greedy_tokens_are_those_of_the_whole_computation(model):
    tokens = [3, 1, 4]
    for _ in range(9):
        with torch.no_grad():
            tokens.append(int(model.eval()(torch.tensor([tokens]))[0, -1].argmax()))
    sampled = list(itertools.islice(generate(model, [3, 1, 4], GREEDY, None), 9))
    assert sampled == tokens[3:]


def test_beyond_the_context_each_token_sees_at_least_three_quarters_of_it(model):
    """Every token is the likeliest after some window that ends with the text so far and is long enough."""
    prompt = list(range(12)) * 2
    text = prompt + list(generate(model, prompt, GREEDY, None))
    assert len(text) == len(prompt) + GREEDY.max_tokens
    for end in range(len(prompt), len(text)):
        with torch.no_grad():
            likeliest = {
                int(model.eval()(torch.tensor([text[end - length : end]]))[0, -1].argmax())
                for length in range(9, 13)
            }
        assert text[end] in likeliest


def test_the_same_seed_gives_the_same_text_whatever_else_draws(model):
    settings = SamplingConfig(seed=7, max_tokens=40, temperature=1.0)
    first = list(generate(model, [1], settings, None))
    second = []
    for token in generate(model, [1], settings, None):
        torch.rand(3)  # someone else draws from the default generator
        second.append(token)
    assert first == second
    other = list(generate(model, [1], settings.model_copy(update={"seed": 8}), None))
    assert first != other


def test_it_ends_before_the_end_of_text(model):
    whole = list(generate(model, [5], SamplingConfig(max_tokens=60, temperature=1.5), None))
    end = whole[20]
    cut = list(generate(model, [5], SamplingConfig(max_tokens=60, temperature=1.5), end))
    assert cut == whole[: whole.index(end)]


def test_training_may_go_on_between_two_tokens(model):
    """The generator holds no state of the model or of autograd while it is suspended."""
    settings = SamplingConfig(max_tokens=10, temperature=0)
    expected = list(generate(model, [2], settings, None))
    found = []
    for token in generate(model, [2], settings, None):
        assert torch.is_grad_enabled()
        model.train()
        found.append(token)
    assert found == expected


def reference(logits, temperature, top_k, top_p):
    """Probabilities by the definitions, in float64, one token at a time."""
    scaled = logits / temperature
    probabilities = np.exp(scaled - scaled.max())
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities, kind="stable")
    kept = order[: top_k or len(order)]
    weights = probabilities[kept] / probabilities[kept].sum()
    final, held = [], 0.0
    for token, weight in zip(kept, weights, strict=True):
        if held >= top_p:
            break
        final.append(token)
        held += weight
    result = np.zeros_like(probabilities)
    result[final] = probabilities[final] / probabilities[final].sum()
    return result


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("top_k", [0, 1, 5])
@pytest.mark.parametrize("top_p", [0.05, 0.5, 1.0])
def test_the_distribution_is_the_one_defined(temperature, top_k, top_p):
    logits = torch.randn(23, generator=torch.Generator().manual_seed(1))
    settings = SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p)
    expected = reference(logits.double().numpy(), temperature, top_k, top_p)
    np.testing.assert_allclose(distribution(logits, settings).numpy(), expected, atol=1e-6)


def test_draws_follow_the_distribution(model):
    settings = SamplingConfig(max_tokens=1, temperature=1.0, top_k=6)
    with torch.no_grad():
        expected = distribution(model.eval()(torch.tensor([[4]]))[0, -1], settings).double().numpy()
    drawn = [
        next(generate(model, [4], settings.model_copy(update={"seed": seed}), None)) for seed in range(2000)
    ]
    counts = np.bincount(drawn, minlength=23)
    possible = expected > 0
    assert counts[~possible].sum() == 0
    wanted = expected[possible] / expected.sum() * 2000
    chi_square = ((counts[possible] - wanted) ** 2 / wanted).sum()
    assert chi_square < 25.7  # five degrees of freedom: beyond this by chance once in 10,000


def test_prompts():
    tokenizer = Tokenizer.train("characters", ["abc "])
    tokens, left_out = prompt_tokens("a cäb", tokenizer)
    assert tokenizer.decode(tokens) == "a cb"
    assert left_out == ["ä"]
    with pytest.raises(GPTCoreError, match="Write a prompt"):
        prompt_tokens("", tokenizer)
    with pytest.raises(GPTCoreError, match=r"None of the prompt's characters .* 'x' 'y'"):
        prompt_tokens("xyx", tokenizer)
