"""Token file to windows: the order of training, as a function of the seed and the position alone.

Window n of the run is the same whatever the batch, the device, their number or the machine, and the only
thing to remember on a pause is how many windows were seen. No list of indices is kept either: the order of an
epoch is a keyed permutation, computed where it is asked for.

Chance comes from raw Philox words, whose stream numpy keeps for ever; the methods of its Generator may give
other numbers in another version. The orders are pinned in the tests and must not change between releases.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 12
PURPOSE = 0x57494E444F5753  # "WINDOWS": keeps these words apart from other uses of the same seed


class Windows:
    """The windows that training sees, number 0, 1, 2, ... without end, in epochs of `per_epoch`.

    The tokens (L,) are taken as a ring. Each epoch lays its `per_epoch` = L // T windows side by side from an
    offset of its own, so that their edges differ from epoch to epoch, and shuffles them: each token is a
    target once an epoch, but for the L % T that are left over between the last window and the first.
    """

    def __init__(self, tokens: NDArray[np.unsignedinteger], context_length: int, seed: int) -> None:
        if len(tokens) <= context_length:
            raise ValueError(f"{len(tokens)} tokens hold no window of {context_length} and one more")
        self.tokens = np.asarray(tokens)  # of a memmap, a plain view: the same file, quicker to index
        self.context_length = context_length
        self.seed = seed
        self.per_epoch = len(tokens) // context_length

    def starts(self, first: int, count: int) -> NDArray[np.int64]:
        """Where windows first, ..., first + count - 1 begin in the tokens (count,)."""
        L = len(self.tokens)
        epochs, places = np.divmod(np.arange(first, first + count), self.per_epoch)
        starts = np.empty(count, dtype=np.int64)
        for epoch in np.unique(epochs):
            words = np.random.Philox(key=[self.seed, PURPOSE], counter=[0, int(epoch), 0, 0]).random_raw(
                1 + ROUNDS
            )
            offset = int(words[0]) * L >> 64
            here = epochs == epoch
            shuffled = permute(places[here].astype(np.uint64), self.per_epoch, words[1:])
            starts[here] = (offset + self.context_length * shuffled.astype(np.int64)) % L
        return starts

    def batch(self, first: int, count: int) -> NDArray[np.int64]:
        """Windows first, ..., first + count - 1, as rows (count, T + 1): inputs [:, :-1], targets [:, 1:]."""
        positions = self.starts(first, count)[:, None] + np.arange(self.context_length + 1)  # (count, T + 1)
        return self.tokens[positions % len(self.tokens)].astype(np.int64)


class FixedWindows:
    """The windows that an evaluation sees: the same each time, in order, without a common target.

    `count` of them are spread evenly over the tokens (L,); 0, or more than there are, takes all of them.
    """

    def __init__(self, tokens: NDArray[np.unsignedinteger], context_length: int, count: int) -> None:
        available = (len(tokens) - 1) // context_length
        if available < 1:
            raise ValueError(f"{len(tokens)} tokens hold no window of {context_length} and one more")
        if not 0 < count < available:
            count = available
        self.tokens = np.asarray(tokens)
        self.context_length = context_length
        self.available = available  # windows of the whole part
        self.starts = np.arange(count) * available // count * context_length  # (count,)

    def __len__(self) -> int:
        return len(self.starts)

    def batch(self, first: int, count: int) -> NDArray[np.int64]:
        """Windows first, ..., first + count - 1 (fewer at the end), each a row (count, T + 1)."""
        positions = self.starts[first : first + count, None] + np.arange(self.context_length + 1)
        return self.tokens[positions].astype(np.int64)


def permute(numbers: NDArray[np.uint64], size: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each number below `size` to the place that a permutation of 0, ..., size - 1 chosen by `keys` gives it.

    A Feistel network permutes the numbers of 2h bits, whatever its round function is. Where it leads beyond
    `size` it is walked on until it leads back (cycle walking), which permutes the numbers below `size`. With
    the fewest bits that do, less than four steps are needed on average.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)  # h, bits on either side
    mask = np.uint64((1 << half) - 1)
    numbers = _feistel(numbers, half, mask, keys)
    while (outside := numbers >= size).any():
        numbers[outside] = _feistel(numbers[outside], half, mask, keys)
    return numbers


def _feistel(
    numbers: NDArray[np.uint64], half: int, mask: np.uint64, keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    left, right = numbers >> np.uint64(half), numbers & mask
    for key in keys:
        # The finalizer of SplitMix64 stirs the key and one half; its topmost bits are the best stirred.
        mixed = right ^ key
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        left, right = right, left ^ (mixed >> np.uint64(64 - half))
    return (left << np.uint64(half)) | right
