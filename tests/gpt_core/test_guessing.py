"""The landmarks on a model's way, against sources of which the entropies are known."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.guessing import BLOCK, BLOCKS, guessing


def markov(length: int, size: int) -> tuple[np.ndarray, float, float]:
    """Tokens of a source whose next one depends on the last alone, and its entropies by their formulas."""
    random = np.random.default_rng(0)
    follows = random.dirichlet(np.full(size, 0.2), size)
    shares = np.linalg.matrix_power(follows, 1000)[0]
    until, drawn = follows.cumsum(axis=1), random.random(length)
    tokens = np.zeros(length, dtype=np.uint16)
    for i in range(1, length):
        tokens[i] = min(np.searchsorted(until[tokens[i - 1]], drawn[i]), size - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        singles = -np.nansum(shares * np.log(shares))
        pairs = -np.nansum(shares[:, None] * follows * np.log(follows))
    return tokens, singles, pairs


def test_the_entropies_are_those_of_the_source() -> None:
    tokens, singles, pairs = markov(300_000, 40)
    found = guessing(tokens, 40)
    assert found.unigram == pytest.approx(singles, abs=5e-3)
    assert found.bigram == pytest.approx(pairs, abs=5e-3)
    assert pairs < singles < log(40)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=200))
def test_of_a_short_text_they_are_what_counting_by_hand_gives(tokens) -> None:
    found = guessing(np.array(tokens, dtype=np.uint16), 4)
    counts = Counter(tokens)
    entropy = -sum(count / len(tokens) * log(count / len(tokens)) for count in counts.values())
    assert found.unigram == pytest.approx(entropy + (len(counts) - 1) / (2 * len(tokens)))


def test_a_long_text_is_looked_at_in_blocks_all_along() -> None:
    half = BLOCKS * BLOCK  # tokens: twice as many as are looked at
    tokens = np.concatenate([np.zeros(half, np.uint16), np.ones(half, np.uint16)])
    assert guessing(tokens, 2).unigram == pytest.approx(log(2), abs=1e-3)
    assert guessing(tokens, 2).bigram == pytest.approx(0, abs=1e-3)


def test_pairs_are_told_only_where_there_is_text_enough_for_them() -> None:
    random = np.random.default_rng(0)
    assert guessing(random.integers(0, 100, 20_000).astype(np.uint16), 100).bigram is None
    enough = guessing(random.integers(0, 100, 400_000).astype(np.uint16), 100)
    assert enough.bigram == pytest.approx(log(100), abs=0.01)
    assert guessing(random.integers(0, 5000, 400_000).astype(np.uint16), 5000).bigram is None
    assert guessing(np.zeros(0, np.uint16), 100).unigram is None
