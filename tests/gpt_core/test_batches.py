"""The order of training: every token once an epoch, the same for ever, however the windows are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.batches import ROUNDS, FixedWindows, Windows, permute

lengths = st.integers(1, 12).flatmap(
    lambda context: st.tuples(st.integers(context + 1, 600), st.just(context))
)
seeds = st.integers(0, 2**32 - 1)


def keys(seed):
    return np.random.Philox(key=seed).random_raw(ROUNDS)


# ------------------------------------------------------------------------------------------ The permutation


@given(st.integers(1, 5000), seeds)
def test_a_permutation_of_any_size(size, seed):
    places = permute(np.arange(size, dtype=np.uint64), size, keys(seed))
    assert sorted(places.tolist()) == list(range(size))


def test_a_permutation_of_a_size_that_no_memory_would_hold():
    size = 3 * 10**17
    numbers = np.arange(size - 20_000, size, dtype=np.uint64)
    places = permute(numbers.copy(), size, keys(1))
    assert len(np.unique(places)) == len(numbers)
    assert places.max() < size
    # They lie all over: in ten equal parts, about 2,000 each (chi-square, 9 degrees, p = 1e-4 at 33.7).
    counts, _ = np.histogram(places.astype(float), bins=10, range=(0, size))
    assert ((counts - 2000) ** 2 / 2000).sum() < 33.7


@pytest.mark.parametrize("size", [2, 3, 4, 5, 16, 17])
def test_each_place_is_as_likely_for_each_number(size):
    trials = 2000
    counts = np.zeros((size, size))
    for seed in range(trials):
        counts[np.arange(size), permute(np.arange(size, dtype=np.uint64), size, keys(seed)).astype(int)] += 1
    expected = trials / size
    chi_square = ((counts - expected) ** 2 / expected).sum()
    freedom = (size - 1) ** 2  # rows and columns have fixed sums
    assert chi_square < freedom + 5 * np.sqrt(2 * freedom) + 5


def test_all_orders_of_four_windows_occur_alike():
    trials = 24 * 200
    orders: dict[tuple[int, ...], int] = {}
    for seed in range(trials):
        order = tuple(permute(np.arange(4, dtype=np.uint64), 4, keys(seed)).tolist())
        orders[order] = orders.get(order, 0) + 1
    assert len(orders) == 24
    # 23 degrees of freedom: p = 1e-4 at 56.3
    assert sum((count - 200) ** 2 / 200 for count in orders.values()) < 56.3


def test_neighbours_do_not_stay_together():
    places = permute(np.arange(10_000, dtype=np.uint64), 10_000, keys(3)).astype(float)
    assert abs(np.corrcoef(np.arange(10_000), places)[0, 1]) < 0.05
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.05


# ------------------------------------------------------------------------------------------ Training windows


@given(lengths, seeds, st.integers(0, 5))
def test_every_token_is_a_target_once_an_epoch_but_for_a_remainder(length_and_context, seed, epoch):
    length, context = length_and_context
    windows = Windows(np.arange(length, dtype=np.uint16), context, seed)
    assert windows.per_epoch == length // context
    batch = windows.batch(epoch * windows.per_epoch, windows.per_epoch)
    assert batch.shape == (windows.per_epoch, context + 1)
    assert batch.dtype == np.int64
    assert (np.diff(batch, axis=1) % length == 1).all()  # each row runs through the text, round its end
    targets = batch[:, 1:].ravel()
    assert len(np.unique(targets)) == len(targets) == length - length % context


@given(lengths, seeds, st.integers(0, 10**9), st.integers(0, 40), st.integers(0, 40))
def test_a_batch_is_the_same_in_one_piece_or_two(length_and_context, seed, first, one, two):
    length, context = length_and_context
    windows = Windows(np.arange(length, dtype=np.uint32), context, seed)
    pieces = [windows.batch(first, one), windows.batch(first + one, two)]
    np.testing.assert_array_equal(windows.batch(first, one + two), np.concatenate(pieces))


def test_epochs_and_seeds_have_their_own_order_and_their_own_edges():
    tokens = np.arange(10_007, dtype=np.uint16)
    starts = {}
    for seed in (1, 2):
        windows = Windows(tokens, 10, seed)
        for epoch in range(3):
            found = windows.starts(epoch * windows.per_epoch, windows.per_epoch)
            starts[seed, epoch] = found
    offsets = {key: {int(start) % 10 for start in found if start < 9_990} for key, found in starts.items()}
    assert len({tuple(found[:5]) for found in starts.values()}) == len(starts)
    assert len({frozenset(edges) for edges in offsets.values()}) > 1


def test_offsets_are_spread_over_the_whole_text():
    windows = Windows(np.arange(100, dtype=np.uint16), 99, 5)  # one window an epoch: its start is the offset
    counts = np.bincount(windows.starts(0, 5000), minlength=100)
    assert len(counts) == 100
    assert ((counts - 50) ** 2 / 50).sum() < 161  # 99 degrees of freedom: p = 1e-4


def test_the_order_is_pinned_for_ever():
    """A run resumed with a later release must go on in the same order: never change these figures."""
    windows = Windows(np.zeros(1_115_394, dtype=np.uint16), 256, 1337)
    assert windows.per_epoch == 4357
    assert windows.starts(0, 6).tolist() == [39481, 1059387, 678457, 380729, 97337, 877371]
    assert windows.starts(4355, 4).tolist() == [
        102457,
        269369,
        150105,
        1012825,
    ]  # the last two of one epoch, the first two of the next
    small = Windows(np.arange(11, dtype=np.uint16), 2, 0)
    assert small.starts(0, 10).tolist() == [3, 8, 1, 5, 10, 7, 3, 1, 10, 5]
    far = Windows(np.zeros(1000, dtype=np.uint16), 8, 2**32 - 1)
    assert far.starts(10**12, 3).tolist() == [803, 275, 851]


def test_a_token_file_is_read_where_it_lies(tmp_path):
    path = tmp_path / "train.bin"
    tokens = np.arange(500, dtype="<u2")
    tokens.tofile(path)
    mapped = np.memmap(path, dtype="<u2", mode="r")
    np.testing.assert_array_equal(Windows(mapped, 7, 3).batch(0, 50), Windows(tokens, 7, 3).batch(0, 50))


@pytest.mark.parametrize("kind", [Windows, FixedWindows])
def test_too_few_tokens_for_one_window(kind):
    with pytest.raises(ValueError, match="no window"):
        kind(np.arange(8, dtype=np.uint16), 8, 0)
    assert kind(np.arange(9, dtype=np.uint16), 8, 0).batch(0, 1).shape == (1, 9)


# ------------------------------------------------------------------------------------------ Evaluation
# windows


@given(lengths, st.integers(0, 700))
def test_evaluation_windows_are_apart_in_order_and_as_many_as_asked_for(length_and_context, count):
    length, context = length_and_context
    windows = FixedWindows(np.arange(length, dtype=np.uint16), context, count)
    available = (length - 1) // context
    assert len(windows) == (count if 0 < count < available else available)
    batch = windows.batch(0, len(windows))
    assert batch.shape == (len(windows), context + 1)
    assert (np.diff(batch, axis=1) == 1).all()
    targets = batch[:, 1:].ravel()
    assert (np.diff(targets) > 0).all()  # in order, none twice
    # Evenly: between two of them lie as many windows as between any other two, or one more.
    gaps = np.diff(batch[:, 0]) // context
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_evaluation_windows_in_batches():
    windows = FixedWindows(np.arange(1001, dtype=np.uint16), 10, 25)
    rows = np.concatenate([windows.batch(first, 10) for first in range(0, len(windows), 10)])
    np.testing.assert_array_equal(rows, windows.batch(0, 25))
    assert windows.batch(20, 10).shape == (5, 11)
