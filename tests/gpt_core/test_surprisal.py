"""What the model thought of a text, against its logits worked out one position at a time in float64."""

import math

import pytest
import torch

from gpt_core.config import ModelConfig, SamplingConfig
from gpt_core.events import Token
from gpt_core.model import GPT
from gpt_core.sampling import generate
from gpt_core.surprisal import read
from gpt_core.tokenizer import Tokenizer

LETTERS = Tokenizer.train("characters", ["abcdefghijklmnopqrstu\n"])


def a_model(vocab_size: int, context_length: int = 12) -> GPT:
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=vocab_size, context_length=context_length, embedding_dim=16, ffn_dim=32, num_heads=2,
        num_layers=2, norm="pre", initialisation="torch", tied_head=False,
    )  # fmt: skip
    model = GPT(config).eval()
    model.linear.weight.data *= 3
    return model


@pytest.mark.parametrize("length", [2, 12, 13])
def test_each_token_has_the_probability_that_the_model_gave_it(length):
    model, tokens = a_model(23), [7 * number % 22 for number in range(length)]
    model.train()  # as in the middle of a training, with dropout
    told = read(model, tokens, LETTERS, candidates=3)
    assert [token.id for token in told] == tokens
    assert "".join(token.text for token in told) == LETTERS.decode(tokens)
    assert told[0].probability is None
    assert told[0].surprisal is None
    assert told[0].candidates == ()
    for at in range(1, length):
        with torch.no_grad():
            expected = model(torch.tensor([tokens[:at]]))[0, -1].double().softmax(-1)
        assert told[at].probability == pytest.approx(expected[tokens[at]].item(), abs=1e-6)
        assert told[at].surprisal == pytest.approx(-math.log(expected[tokens[at]].item()), rel=1e-4)
        assert [other.id for other in told[at].candidates] == expected.topk(3).indices.tolist()


def test_the_mean_is_the_loss():
    model, tokens = a_model(23, context_length=200), [number * number % 22 for number in range(201)]
    told = read(model, tokens, LETTERS)
    rows = torch.tensor([tokens])
    with torch.no_grad():
        loss = model(rows[:, :-1], rows[:, 1:]).item()
    assert sum(token.surprisal for token in told[1:]) / 200 == pytest.approx(loss, rel=1e-6)


def test_of_a_long_text_the_end_is_read():
    model, tokens = a_model(23), [5 * number % 22 for number in range(40)]
    told = read(model, tokens, LETTERS)
    assert [token.probability is None for token in told] == [True] * 28 + [False] * 12
    assert told[28:] == read(model, tokens[27:], LETTERS)[1:]
    assert "".join(token.text for token in told) == LETTERS.decode(tokens)


def test_a_token_that_was_drawn_and_then_read_is_thought_of_alike():
    model = a_model(23)
    drawn = list(generate(model, [4, 2], SamplingConfig(max_tokens=9, stop=[]), LETTERS, candidates=3))
    told = read(model, [4, 2, *(token.id for token in drawn)], LETTERS, candidates=3)[2:]
    for token, again in zip(drawn, told, strict=True):
        assert again.probability == pytest.approx(token.probability, rel=1e-4)
        assert [other.id for other in again.candidates] == [other.id for other in token.candidates]


def test_a_text_of_one_token_or_none():
    model = a_model(23)
    assert read(model, [], LETTERS) == []
    assert read(model, [3], LETTERS) == [Token(3, LETTERS.decode([3]), None)]


def test_parts_of_characters_are_read_with_the_last_of_them():
    tokenizer = Tokenizer.train("bpe", ["the cat "], vocab_size=257)
    tokens = tokenizer.encode("東京").tolist()
    told = read(a_model(tokenizer.vocab_size), tokens, tokenizer)
    assert [token.text for token in told] == ["", "", "東", "", "", "京"]
    cut = read(a_model(tokenizer.vocab_size), tokens[:-1], tokenizer)
    assert [token.text for token in cut] == ["", "", "東", "", "\ufffd"]


def test_what_the_model_holds_impossible_surprises_it_by_a_number():
    assert Token(0, "a", 0.0).surprisal == pytest.approx(149 * math.log(2))
    assert Token(0, "a", 1.0).surprisal == 0
