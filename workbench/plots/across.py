"""What the plots' common axis counts: steps, tokens or training time, linear or logarithmic.

All series are kept over steps. Where the axis counts something else, a run's `Timeline` says where each of
its steps lies; other runs laid over it have timelines of their own.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["step", "tokens", "time"]
Values = NDArray[np.float64]

RECENT = 100  # steps over which the present pace is taken


@dataclass
class Scale:
    """What the axis counts, the same for all plots and runs."""

    kind: Kind = "step"
    log: bool = False

    def place(self, values: ArrayLike) -> Values:
        """Where counts (N,) lie on the axis: the counts, or their log10 (NaN where there is none)."""
        return log10(np.asarray(values, np.float64)) if self.log else np.asarray(values, np.float64)

    def count(self, places: ArrayLike) -> Values:
        """The counts at places (N,) of the axis."""
        places = np.asarray(places, np.float64)
        return np.power(10.0, np.clip(places, -300, 300)) if self.log else places


class Timeline:
    """Where the steps of one run lie on the axis of `scale`.

    `version` rises with each change. `tokens_per_step` is what steps still to come are taken to bring; where
    it is NaN, and for time always, they are taken to be like the last ones.
    """

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.version = 0
        self.tokens_per_step = np.nan
        self._count = 1
        self._columns = np.zeros((3, 256))  # steps, and all tokens and seconds up to each; it begins at 0

    def append(self, steps: ArrayLike, tokens: ArrayLike, seconds: ArrayLike) -> None:
        """Add what steps (N,) took, tokens (N,) and seconds (N,); steps that are missing before one count
        like it. Steps must ascend strictly from the last one on."""
        new = np.atleast_1d(np.asarray(steps, np.float64))
        if not len(new):
            return
        missing = np.diff(new, prepend=self.last)
        if np.any(missing <= 0):
            raise ValueError("steps must ascend strictly")
        end = self._count + len(new)
        if end > self._columns.shape[1]:
            more = max(end, 2 * self._columns.shape[1]) - self._columns.shape[1]
            self._columns = np.pad(self._columns, ((0, 0), (0, more)))
        self._columns[0, self._count : end] = new
        for row, taken in ((1, tokens), (2, seconds)):
            each = np.nan_to_num(np.atleast_1d(np.asarray(taken, np.float64)))
            self._columns[row, self._count : end] = self._columns[row, self._count - 1] + np.cumsum(
                each * missing
            )
        self._count = end
        self.version += 1

    def truncate(self, step: int) -> None:
        """Drop the steps after `step`."""
        kept = max(1, int(np.searchsorted(self._columns[0, : self._count], step, side="right")))
        if kept < self._count:
            self._count = kept
            self._columns = self._columns[:, :kept].copy()  # a snapshot goes on with the old ones
            self.version += 1

    def take(self, other: Timeline) -> None:
        """Become what `other` is, at no cost; `other` is not to be used any more."""
        self._count, self._columns = other._count, other._columns
        self.version += 1

    def snapshot(self) -> Timeline:
        """This timeline as it is now, at no cost and for any thread; it is only to be read."""
        return copy(self)

    @property
    def last(self) -> float:
        """The last step that is known."""
        return float(self._columns[0, self._count - 1])

    @property
    def known(self) -> bool:
        """Whether there is any step, so that tokens and time mean something."""
        return self._count > 1

    def totals(self, steps: ArrayLike) -> tuple[Values, Values]:
        """All tokens and all seconds up to each of the steps (N,)."""
        known, tokens, seconds = self._columns[:, : self._count]
        at = np.asarray(steps, np.float64)
        return np.interp(at, known, tokens), np.interp(at, known, seconds)

    def counts(self, steps: ArrayLike) -> Values:
        """What the axis counts at steps (N,); NaN beyond the known where nothing is known of the pace."""
        at = np.asarray(steps, np.float64)
        if self.scale.kind == "step":
            return at
        known, totals = self._known()
        beyond = totals[-1] + (at - known[-1]) * self._pace(known, totals)
        return np.where(at > known[-1], beyond, np.interp(at, known, totals))

    def places(self, steps: ArrayLike) -> Values:
        """Where steps (N,) lie on the axis."""
        return self.scale.place(self.counts(steps))

    def steps_at(self, places: ArrayLike) -> Values:
        """The steps, fractions included, at places (N,) of the axis."""
        counts = self.scale.count(places)
        if self.scale.kind == "step":
            return counts
        known, totals = self._known()
        pace = self._pace(known, totals)
        found = np.interp(counts, totals, known)
        if not pace > 0:
            return found
        return np.where(counts > totals[-1], known[-1] + (counts - totals[-1]) / pace, found)

    def _known(self) -> tuple[Values, Values]:
        row = 1 if self.scale.kind == "tokens" else 2
        return self._columns[0, : self._count], self._columns[row, : self._count]

    def _pace(self, known: Values, totals: Values) -> float:
        """What a step still to come adds to what is counted."""
        if self.scale.kind == "tokens" and np.isfinite(self.tokens_per_step):
            return self.tokens_per_step
        if len(known) < 2:
            return float("nan")
        back = max(0, len(known) - 1 - RECENT)
        return float((totals[-1] - totals[back]) / (known[-1] - known[back]))


def log10(values: Values) -> Values:
    """log10 of the values, NaN where it is not a number."""
    return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)
