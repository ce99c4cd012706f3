"""The moving average of the loss: exponential and debiased, so that it does not lag at the start.

An exponential average that begins at zero, or at the first value, needs hundreds of steps to forget it;
dividing by the weight seen so far, as Adam does with its moments, makes it right from the first value on.
Even so, a long memory trails far behind a loss that falls as steeply as it does at first: so the memory
is never longer than about a tenth of what has been seen.
"""

from __future__ import annotations

from math import log10

import numpy as np
from numpy.typing import ArrayLike, NDArray

SHARE = 10  # the memory reaches back over at most 1/SHARE of the series


class MovingAverage:
    """Averages a series as it comes.

    The n-th number, n = 1, 2, ..., multiplies the weight of those before it by b_n = min(beta, n / (n +
    SHARE)), so the average after n is the sum of w_j x_j over the sum of w_j, where w_j = b_(j+1) b_(j+2)
    ... b_n. `beta` lies in [0, 1); 0 is the series itself. NaN is skipped: it leaves the average as it
    was.
    """

    def __init__(self, beta: float) -> None:
        if not 0 <= beta < 1:
            raise ValueError(f"beta must lie in [0, 1), not {beta}")
        self.beta = beta
        self._count = 0
        self._sum = 0.0  # of w_j x_j
        self._weight = 0.0  # of w_j
        # Numbers are averaged a block at a time; what they are divided by must not come near the smallest
        # float.
        self._block = min(4096, max(1, int(-100 / log10(beta)))) if beta else 1

    def append(self, values: ArrayLike) -> NDArray[np.float64]:
        """The average after each of `values` (N,), as (N,); NaN before the first number."""
        series = np.asarray(values, np.float64)
        seen = np.isfinite(series)
        before = self._sum / self._weight if self._weight else np.nan
        averages = np.concatenate([[before], self._averages(series[seen])])
        return averages[np.cumsum(seen)]

    def _averages(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.beta == 0 and len(numbers):
            self._sum, self._weight = float(numbers[-1]), 1.0
            return numbers
        averages = np.empty(len(numbers))
        for start in range(0, len(numbers), self._block):
            block = numbers[start : start + self._block]
            n = self._count + np.arange(1, len(block) + 1)
            kept = np.cumprod(np.minimum(self.beta, n / (n + SHARE)))  # of what was there before the block
            sums = kept * (self._sum + np.cumsum(block / kept))
            weights = kept * (self._weight + np.cumsum(1 / kept))
            averages[start : start + len(block)] = sums / weights
            self._count += len(block)
            self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return averages
