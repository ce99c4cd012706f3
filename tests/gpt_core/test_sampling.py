"""Sampling against probabilities written out, transformers' own, and a model that computes all anew."""

import itertools
import math
import random
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gpt_core.config import ModelConfig, SamplingConfig
from gpt_core.errors import GPTCoreError
from gpt_core.events import Token
from gpt_core.model import GPT
from gpt_core.sampling import distribution, generate, prompt_tokens
from gpt_core.tokenizer import Tokenizer

V = 23
GREEDY = SamplingConfig(temperature=0, max_tokens=50)
LETTERS = Tokenizer.train("characters", ["abcdefghijklmnopqrstu\n"])  # 22, and the end of text


def a_model(vocab_size: int = V, **changes: object) -> GPT:
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=vocab_size, context_length=12, embedding_dim=16, ffn_dim=32, num_heads=2, num_layers=2,
        norm="pre", initialisation="torch", tied_head=False,
    )  # fmt: skip
    made = GPT(config.model_copy(update=changes)).eval()
    if not made.config.tied_head:
        made.linear.weight.data *= 3  # neither sure of the next token nor quite without an opinion
    return made


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As fast as several for models as small, and far faster on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model() -> GPT:
    return a_model()


def ids(tokens: Iterable[Token], sample: int = 0) -> list[int]:
    return [token.id for token in tokens if token.sample == sample]


def text(tokens: Iterable[Token], sample: int = 0) -> str:
    return "".join(token.text for token in tokens if token.sample == sample)


# ------------------------------------------------------------------------------------- One token at a time


def test_within_the_context_greedy_tokens_are_those_of_the_whole_computation(model):
    tokens = [3, 1, 4]
    for _ in range(9):
        with torch.no_grad():
            tokens.append(int(model.eval()(torch.tensor([tokens]))[0, -1].argmax()))
    sampled = ids(itertools.islice(generate(model, [3, 1, 4], GREEDY, None), 9))
    assert sampled == tokens[3:]


@pytest.mark.parametrize("start", [1, 5, 12, 30])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_window_slides_as_documented(model, start, temperature):
    """Token by token without a cache: the whole window, and its last three quarters once it is full."""
    settings = SamplingConfig(max_tokens=60, temperature=temperature, seed=3)
    written = [n % V for n in range(start)]
    chance = torch.Generator().manual_seed(3)
    window = written[-12:]
    for _ in range(60):
        if len(window) > 12:
            window = window[-9:]
        with torch.no_grad():
            logits = model(torch.tensor([window]))[0, -1]
        token = int(torch.multinomial(distribution(logits, settings), 1, generator=chance))
        written.append(token)
        window = [*window, token]
    assert ids(generate(model, written[:start], settings, None)) == written[start:]


@pytest.mark.parametrize(("start", "tokens", "room"), [(1, 4, 5), (5, 7, 12), (5, 30, 12), (30, 2, 12)])
def test_the_cache_takes_room_for_what_is_sampled_and_no_more(start, tokens, room):
    """Else 64 samples of GPT-2's size would hold 4.8 GB, however short they are."""

    class Watched(GPT):
        def new_cache(self, batch=1, capacity=None):
            caches.append(super().new_cache(batch, capacity))
            return caches[-1]

    caches = []
    model = Watched(a_model().config).eval()
    settings = SamplingConfig(max_tokens=tokens, samples=3)
    assert len(ids(generate(model, [1] * start, settings, None), 2)) == tokens
    layers = [layer for cache in caches for layer in cache]
    assert layers
    assert {layer.keys.size(2) for layer in layers} == {layer.values.size(2) for layer in layers} == {room}
    assert all(layer.length <= room for layer in layers)


def test_the_same_seed_gives_the_same_text_whatever_else_draws(model):
    settings = SamplingConfig(seed=7, max_tokens=40, temperature=1.0)
    first = ids(generate(model, [1], settings, None))
    second = []
    for token in generate(model, [1], settings, None):
        torch.rand(3)  # someone else draws from the default generator
        second.append(token.id)
    assert first == second
    other = ids(generate(model, [1], settings.model_copy(update={"seed": 8}), None))
    assert first != other


def test_it_ends_before_the_end_of_text(model):
    settings = SamplingConfig(max_tokens=200, temperature=1.5)
    whole = ids(generate(model, [5], settings, None))
    cut = ids(generate(model, [5], settings, LETTERS))
    assert LETTERS.end_of_text in whole[1:]
    assert cut == whole[: whole.index(LETTERS.end_of_text)]


def test_training_may_go_on_between_two_tokens(model):
    """The generator holds no state of the model or of autograd while it is suspended."""
    settings = SamplingConfig(max_tokens=10, temperature=0)
    expected = ids(generate(model, [2], settings, None))
    found = []
    for token in generate(model, [2], settings, None):
        assert torch.is_grad_enabled()
        model.train()
        found.append(token.id)
    assert found == expected


def test_each_token_says_what_the_model_thought_of_it(model):
    """In the model's own probabilities, whatever the settings make of them."""
    settings = SamplingConfig(max_tokens=8, temperature=0.5, top_k=2, repetition_penalty=3.0)
    tokens = list(generate(model, [4, 2], settings, LETTERS, candidates=3))
    for number, token in enumerate(tokens):
        with torch.no_grad():
            logits = model(torch.tensor([[4, 2, *ids(tokens[:number])]]))[0, -1]
        expected = logits.double().softmax(-1)
        assert token.probability == pytest.approx(expected[token.id].item(), abs=1e-6)
        assert [other.id for other in token.candidates] == expected.topk(3).indices.tolist()
        for other in token.candidates:
            assert other.probability == pytest.approx(expected[other.id].item(), abs=1e-6)
            assert other.text == LETTERS.decode([other.id])
    assert len(next(generate(model, [1], settings, LETTERS, candidates=99)).candidates) == V
    assert next(generate(model, [1], settings, LETTERS)).candidates == ()


# ------------------------------------------------------------------------------------------ Distributions


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
    logits = torch.randn(3, V, generator=torch.Generator().manual_seed(1))
    settings = SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p)
    expected = [reference(row, temperature, top_k, top_p) for row in logits.double().numpy()]
    np.testing.assert_allclose(distribution(logits, settings).numpy(), expected, atol=1e-6)


SMALLEST = {"repetition_penalty": 5e-324, "top_p": 5e-324, "temperature": 5e-324}


@pytest.mark.parametrize("changes", [*({name: value} for name, value in SMALLEST.items()), SMALLEST])
@pytest.mark.parametrize("beyond", [1, 1e200, 1e280])
def test_the_smallest_settings_leave_the_likeliest_token(changes, beyond):
    """Those that are too small for float32 to tell from 0, too: a run that was given one must open."""
    logits = torch.randn(3, V, generator=torch.Generator().manual_seed(1))
    settings = SamplingConfig(**{name: value * beyond for name, value in changes.items()})
    seen = torch.arange(V).expand(3, V) % 2 == 0
    found = distribution(logits, settings, seen)
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found.sum(-1), torch.ones(3))
    greedy = distribution(logits, settings.model_copy(update={"temperature": 0.0}), seen)
    assert torch.equal(found.argmax(-1), greedy.argmax(-1))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 1.7])
@pytest.mark.parametrize("top_k", [0, 7])
@pytest.mark.parametrize("top_p", [0.3, 0.9, 1.0])
@pytest.mark.parametrize("penalty", [0.8, 1.0, 1.4])
def test_the_distribution_is_transformers(temperature, top_k, top_p, penalty):
    from transformers import (
        LogitsProcessorList,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    chance = torch.Generator().manual_seed(2)
    logits = 2 * torch.randn(4, 50, generator=chance)
    text = torch.randint(50, (4, 30), generator=chance)
    processors = LogitsProcessorList(
        [RepetitionPenaltyLogitsProcessor(penalty), TemperatureLogitsWarper(temperature)]
        + ([TopKLogitsWarper(top_k)] if top_k else [])
        + ([TopPLogitsWarper(top_p)] if top_p < 1 else [])
    )
    expected = processors(text, logits).softmax(-1)
    settings = SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=penalty)
    seen = torch.zeros(4, 50, dtype=torch.bool).scatter_(1, text, True)
    torch.testing.assert_close(distribution(logits, settings, seen), expected, atol=1e-6, rtol=0)
    greedy = distribution(logits, settings.model_copy(update={"temperature": 0.0}), seen)
    assert torch.equal(greedy.argmax(-1), expected.argmax(-1))


def chi_square_limit(degrees: int) -> float:
    """Exceeded by chance once in 10,000, by Wilson and Hilferty's approximation."""
    spread = 2 / (9 * degrees)
    return degrees * (1 - spread + 3.719 * spread**0.5) ** 3


@pytest.mark.parametrize(
    "changes",
    [{"temperature": 1.0}, {"temperature": 2.0}, {"temperature": 0.7, "top_k": 6}, {"top_p": 0.95},
     {"repetition_penalty": 2.0}],
)  # fmt: skip
def test_draws_follow_the_distribution(model, changes):
    """Over 3,000 seeds, sixty samples at once; and the test would notice a twentieth that is misplaced."""
    settings = SamplingConfig(max_tokens=1, **{"temperature": 1.0, **changes})
    prompt = [4, 7, 7, 1]
    seen = torch.zeros(V, dtype=torch.bool)
    seen[prompt] = True
    with torch.no_grad():
        logits = model.eval()(torch.tensor([prompt]))[0, -1]
    expected = distribution(logits, settings, seen).double().numpy()
    drawn = [
        token.id
        for first in range(0, 3000, 60)
        for token in generate(model, prompt, settings.model_copy(update={"seed": first, "samples": 60}), None)
    ]
    counts = np.bincount(drawn, minlength=V)
    assert counts.sum() == 3000

    def chi_square(probabilities: np.ndarray) -> tuple[float, float]:
        wanted = probabilities * 3000
        common = wanted >= 5
        seen_counts = np.append(counts[common], counts[~common].sum())
        wanted = np.append(wanted[common], wanted[~common].sum())
        possible = wanted > 1e-6
        assert seen_counts[~possible].sum() == 0
        differences = (seen_counts - wanted)[possible] ** 2 / wanted[possible]
        return differences.sum(), chi_square_limit(possible.sum() - 1)

    found, limit = chi_square(expected / expected.sum())
    assert found < limit
    wrong = expected / expected.sum()
    likeliest, least = wrong.argmax(), np.where(wrong > 0, wrong, np.inf).argmin()
    wrong[likeliest] -= 0.05
    wrong[least] += 0.05
    found, limit = chi_square(wrong)
    assert found > limit


@pytest.mark.parametrize("degrees", [4, 10, 22])
def test_the_limit_is_exceeded_once_in_10000(degrees):
    """By the closed form that there is for an even number of degrees."""
    half = chi_square_limit(degrees) / 2
    chance = math.exp(-half) * sum(half**k / math.factorial(k) for k in range(degrees // 2))
    assert 0.5e-4 < chance < 1e-4


@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_greedy_text_is_transformers(penalty):
    """GPT-2's generate, with its own cache and its own penalty, over the whole context."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(3)
    theirs = GPT2LMHeadModel(
        GPT2Config(vocab_size=61, n_positions=96, n_embd=24, n_layer=2, n_head=3, n_inner=40,
                   initializer_range=0.6, bos_token_id=None, eos_token_id=None)
    ).eval()  # fmt: skip
    state = theirs.transformer.state_dict()
    ours = {"embedding.weight": state["wte.weight"], "positional_embedding.weight": state["wpe.weight"]}
    for end in ("weight", "bias"):
        ours[f"layernorm_final.{end}"] = state[f"ln_f.{end}"]
        for layer in range(2):
            for our_name, their_name in {
                "maskedmultiheadattention.in_proj_": "attn.c_attn.",
                "maskedmultiheadattention.out_proj.": "attn.c_proj.",
                "layernorm_selfattn.": "ln_1.",
                "layernorm_ffn.": "ln_2.",
                "ffn.0.": "mlp.c_fc.",
                "ffn.2.": "mlp.c_proj.",
            }.items():
                value = state[f"h.{layer}.{their_name}{end}"]
                ours[f"decoder.{layer}.{our_name}{end}"] = value.T if value.dim() == 2 else value
    model = a_model(61, context_length=96, embedding_dim=24, ffn_dim=40, num_heads=3, tied_head=True)
    model.load_state_dict(ours, strict=True)
    prompt = [3, 14, 15, 9, 2, 6]
    expected = theirs.generate(
        torch.tensor([prompt]), max_new_tokens=90, do_sample=False, repetition_penalty=penalty, pad_token_id=0
    )
    settings = SamplingConfig(temperature=0, max_tokens=90, repetition_penalty=penalty)
    found = ids(generate(model, prompt, settings, None))
    assert found == expected[0, len(prompt) :].tolist()
    assert len(set(found)) > 10


# ---------------------------------------------------------------------------------------- Several samples


@pytest.mark.parametrize("penalty", [1.0, 1.2])
def test_each_of_several_samples_is_that_of_its_own_seed(model, penalty):
    """However many are made at once, and whichever of them end early."""
    settings = SamplingConfig(
        max_tokens=60, temperature=1.3, seed=2**32 - 2, samples=5, repetition_penalty=penalty
    )
    together = list(generate(model, [8, 3], settings, LETTERS))
    lengths = [len(ids(together, number)) for number in range(5)]
    assert min(lengths) < 60  # some have ended early, and at different lengths
    assert len(set(lengths)) > 2
    for number, seed in enumerate([2**32 - 2, 2**32 - 1, 0, 1, 2]):
        alone = settings.model_copy(update={"samples": 1, "seed": seed})
        assert ids(together, number) == ids(generate(model, [8, 3], alone, LETTERS))
    fewer = list(generate(model, [8, 3], settings.model_copy(update={"samples": 2}), LETTERS))
    for number in range(2):
        assert ids(fewer, number) == ids(together, number)
    assert ids(fewer, 2) == []


def test_samples_come_side_by_side(model):
    settings = SamplingConfig(max_tokens=3, temperature=1.0, samples=3)
    tokens = generate(model, [1], settings, None)
    assert [token.sample for token in tokens] == [0, 1, 2] * 3


# ----------------------------------------------------------------------------------------------- Stop texts


def ended_at(whole: list[str], stops: tuple[str, ...]) -> str:
    """The text of tokens up to the first stop text to be complete, one character at a time."""
    text = ""
    for character in "".join(whole):
        text += character
        found = [stop for stop in stops if text.endswith(stop)]
        if found:
            return text.removesuffix(max(found, key=len))
    return text


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_it_ends_before_a_stop_text(kind):
    """Whether that is a part of a token, one token, or several; and nothing of it is ever shown."""
    words = random.Random(1)
    training = " ".join("".join(words.choices("abc", k=words.randint(1, 4))) for _ in range(800))
    tokenizer = Tokenizer.train(kind, [training], 300)
    model = a_model(tokenizer.vocab_size)
    prompt = tokenizer.encode("ab").tolist()
    settings = SamplingConfig(max_tokens=80, temperature=1.0, seed=4)
    stopped = set()
    for stops in [("a",), ("bc",), ("cab",), (" a", "bb"), ("abc", "b"), ("c a", "aa", "zz"), ("zzz",)]:
        for seed in range(6):
            asked = settings.model_copy(update={"seed": seed})
            whole = [token.text for token in generate(model, prompt, asked, tokenizer)]
            expected = ended_at(whole, stops)
            shown = ""
            for token in generate(model, prompt, asked.model_copy(update={"stop": stops}), tokenizer):
                shown += token.text
                assert expected.startswith(shown)
            assert shown == expected
            stopped.add(len(shown) < len("".join(whole)))
    assert stopped == {True, False}


class Scripted(GPT):
    """A model that goes on with tokens laid down beforehand, whatever came before."""

    def __init__(self, tokens: list[int], vocab_size: int) -> None:
        super().__init__(ModelConfig(vocab_size=vocab_size, context_length=512, embedding_dim=1, ffn_dim=1,
                                     num_heads=1, num_layers=1))  # fmt: skip
        self._script = iter(tokens)

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(torch.tensor([next(self._script)]), self.config.vocab_size) * 50.0


BYTES = Tokenizer.train("bpe", ["日本語の日本語のための本、そして日本"], 290)


@given(
    text=st.text(alphabet="ab日本\n", max_size=30),
    stops=st.lists(st.text(alphabet="ab日本\n", min_size=1, max_size=4), max_size=3).map(tuple),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_stop_text_ends_any_text(text, stops):
    tokens = BYTES.encode(text).tolist()
    model = Scripted([*tokens, BYTES.end_of_text], BYTES.vocab_size)
    settings = SamplingConfig(temperature=0, max_tokens=100, stop=stops)
    shown = [token.text for token in generate(model, [0], settings, BYTES)]
    assert "".join(shown) == ended_at([text], stops)


def test_a_token_waits_only_while_it_may_be_the_beginning_of_a_stop_text():
    tokens = BYTES.encode("xENxEND").tolist()
    model = Scripted(tokens, BYTES.vocab_size)
    asked = []
    script = model._script
    model._script = (asked.append(token) or token for token in script)
    settings = SamplingConfig(temperature=0, max_tokens=len(tokens), stop=("END",))
    shown = [(token.text, len(asked)) for token in generate(model, [0], settings, BYTES)]
    assert shown == [("x", 1), ("E", 4), ("N", 4), ("x", 4)]


def test_stop_texts_want_a_tokenizer(model):
    with pytest.raises(ValueError, match="stop"):
        next(generate(model, [1], SamplingConfig(stop=("a",)), None))


# ------------------------------------------------------------------------------------------- Text, prompts


@given(st.text(alphabet="日本語の。aé🙂", max_size=20), st.integers(0, 60))
@hypothesis_settings(max_examples=40, deadline=None)
def test_characters_of_several_bytes_are_never_broken(text, most):
    """Each token's text is whole; only a sample that is cut off within a character shows that it was."""
    tokens = BYTES.encode(text).tolist()
    most = max(1, min(most, len(tokens)))
    model = Scripted([*tokens, BYTES.end_of_text], BYTES.vocab_size)
    shown = list(generate(model, [0], SamplingConfig(temperature=0, max_tokens=most), BYTES))
    assert "".join(token.text for token in shown) == BYTES.decode(tokens[:most])
    assert all("\ufffd" not in token.text for token in shown[:-1])
    unfinished = BYTES.decode(tokens[:most]).endswith("\ufffd")
    told_again = len(shown) - len(tokens[:most])
    assert told_again in ((0, 1) if unfinished else (0,))
    assert [token.id for token in shown][: len(tokens[:most])] == tokens[:most]


def test_prompts():
    tokenizer = Tokenizer.train("characters", ["abc "])
    tokens, left_out = prompt_tokens("a cäb", tokenizer)
    assert tokenizer.decode(tokens) == "a cb"
    assert left_out == ["ä"]
    with pytest.raises(GPTCoreError, match="Write a prompt"):
        prompt_tokens("", tokenizer)
    with pytest.raises(GPTCoreError, match=r"None of the prompt's characters .* 'x' 'y'"):
        prompt_tokens("xyx", tokenizer)
