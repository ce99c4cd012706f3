"""The loss left to one who guesses the next token from frequencies alone: landmarks on a model's way.

One who has counted how frequent each token is comes to the entropy of the text's unigrams, one who has
counted what follows each token to that of its bigrams given the first (Shannon, Prediction and Entropy of
Printed English, 1951: his F_1 and F_2). A model that does not come below has learnt no more than that.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gpt_core.events import Guessing

BLOCKS, BLOCK = 64, 2**16  # spread evenly: 4 million tokens at most, of a text however long
MOST = 1024  # tokens in a vocabulary whose pairs are counted; of more, so many tokens show too few of them
SURE = 0.02  # nats that the correction for pairs yet unseen may come to


def guessing(tokens: NDArray[np.unsignedinteger], vocab_size: int) -> Guessing:
    """Entropies in nats a token of `tokens` (n,), or of blocks of them; None where the text is too short."""
    starts: Iterable[int] = range(0, len(tokens), BLOCK)
    if len(tokens) > BLOCKS * BLOCK:
        starts = np.linspace(0, len(tokens) - BLOCK, BLOCKS, dtype=np.int64)
    counted = vocab_size <= MOST
    singles = np.zeros(vocab_size, dtype=np.int64)
    pairs = np.zeros(vocab_size**2 if counted else 0, dtype=np.int64)
    for start in starts:
        block = tokens[start : start + BLOCK].astype(np.int64)
        singles += np.bincount(block, minlength=vocab_size)
        if counted:
            pairs += np.bincount(block[:-1] * vocab_size + block[1:], minlength=vocab_size**2)
    bigram = None
    if pairs.any() and _unseen(pairs) < SURE:
        bigram = _entropy(pairs) - _entropy(pairs.reshape(vocab_size, vocab_size).sum(axis=1))
    return Guessing(_entropy(singles) if singles.any() else None, bigram)


def _entropy(counts: NDArray[np.int64]) -> float:
    """Nats of what was counted so often, with the correction of Miller (1955) for what is too rare to be
    seen."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum()) + _unseen(counts)


def _unseen(counts: NDArray[np.int64]) -> float:
    return float((np.count_nonzero(counts) - 1) / (2 * counts.sum()))
