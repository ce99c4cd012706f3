"""A series of any length, ready to be drawn at screen resolution.

All points are kept. Beside them stands a min/max pyramid: for buckets of 16, 256, 4096, ... steps, the first
step in each bucket and the lowest and highest value. To draw ten million points across a thousand pixels,
a few thousand buckets are read. Buckets lie on fixed step boundaries, multiples of their size, so the
picture of what is past does not wiggle as the series grows.
"""

from __future__ import annotations

from math import ceil, floor, log2

import numpy as np
from numpy.typing import ArrayLike, NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]

SHIFTS = (4, 8, 12, 16, 20)  # stored levels: a bucket of level s holds 2**s steps
FARTHEST = 2**62


class _Level:
    """Growing columns: the first step of each bucket, its lowest and its highest value.

    The points themselves are level 0, where lowest and highest are the same column.
    """

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.count = 0
        self._first = np.empty(256, np.int64)
        self._extremes = np.empty((1 if shift == 0 else 2, 256))

    def columns(self) -> tuple[Steps, Values, Values]:
        return self._first[: self.count], self._extremes[0, : self.count], self._extremes[-1, : self.count]

    def replace_from(self, position: int, first: Steps, *extremes: Values) -> None:
        """Let the buckets from `position` on be these."""
        self.count = position + len(first)
        if self.count > len(self._first):
            more = max(self.count, 2 * len(self._first)) - len(self._first)
            self._first = np.pad(self._first, (0, more))
            self._extremes = np.pad(self._extremes, ((0, 0), (0, more)))
        self._first[position : self.count] = first
        self._extremes[:, position : self.count] = extremes

    def cut(self, count: int) -> None:
        """Keep so many, in arrays of their own: whoever holds the columns sees no change in them."""
        self.count = count
        self._first = self._first[:count].copy()
        self._extremes = self._extremes[:, :count].copy()


class Pyramid:
    """Values over strictly ascending steps; infinite values are kept as NaN, and NaN is drawn as a gap.

    `version` rises with each change, so that what draws it can tell whether there is anything new.
    """

    def __init__(self) -> None:
        self.version = 0
        self._points = _Level(0)
        self._levels = [_Level(shift) for shift in SHIFTS]

    def __len__(self) -> int:
        return self._points.count

    @property
    def steps(self) -> Steps:
        """All the steps that there are now; no later change is seen in them, so any thread may read them."""
        return self._points.columns()[0]

    @property
    def values(self) -> Values:
        """All the values that there are now; as with `steps`, no later change is seen in them."""
        return self._points.columns()[1]

    def append(self, steps: ArrayLike, values: ArrayLike) -> None:
        """Add points (N,) and (N,); ValueError unless the steps ascend strictly from the last one on."""
        new_steps = np.atleast_1d(np.asarray(steps, np.int64))
        new_values = np.atleast_1d(np.asarray(values, np.float64))
        if new_steps.ndim != 1 or new_steps.shape != new_values.shape:
            raise ValueError(f"{new_steps.shape} steps do not go with {new_values.shape} values")
        if not len(new_steps):
            return
        last = self.steps[-1:]
        if np.any(np.diff(new_steps, prepend=last) <= 0):
            raise ValueError("steps must ascend strictly")
        new_values = np.where(np.isfinite(new_values), new_values, np.nan)
        self._points.replace_from(len(self), new_steps, new_values)
        self._rebuild(int(new_steps[0]))

    def truncate(self, step: int) -> None:
        """Drop the points after `step`."""
        kept = int(np.searchsorted(self.steps, step, side="right"))
        if kept < len(self):
            self._points.cut(kept)
            self._rebuild(step)

    def clear(self) -> None:
        """Drop all points."""
        self.truncate(-FARTHEST)

    def take(self, other: Pyramid) -> None:
        """Become what `other` is, at no cost; `other` is not to be used any more."""
        self._points, self._levels = other._points, other._levels
        self.version += 1

    def point_at(self, step: float) -> tuple[int, float] | None:
        """The last point at or before `step`, as (its step, its value); None where there is none."""
        # A whole number: with any other, numpy would turn all the steps into floats to compare them.
        position = int(np.searchsorted(self.steps, floor(min(step, FARTHEST)), side="right")) - 1
        return None if position < 0 else (int(self.steps[position]), float(self.values[position]))

    def at(self, step: float) -> float | None:
        """The value of the last point at or before `step`; None where there is none."""
        point = self.point_at(step)
        return None if point is None else point[1]

    def extremes(self) -> tuple[float, float] | None:
        """The lowest and highest of all values; None where there is no number."""
        _, low, high = self._levels[-1].columns()
        if not np.isfinite(low).any():
            return None
        return float(np.nanmin(low)), float(np.nanmax(high))

    def visible(self, first_step: float, last_step: float, pixels: int) -> tuple[Values, Values]:
        """What to draw, as x (N,) and y (N,), where `pixels` columns show first_step..last_step.

        Up to two points a pixel come as they are. Beyond that each bucket, a half to one pixel wide,
        gives its lowest and highest value at its first step. One point or bucket beyond each edge is
        included, so that the line runs on to the edge; N is at most 4 * pixels and a few more.
        """
        return self.along(np.array([first_step, last_step]), pixels)

    def along(self, edges: ArrayLike, pixels: float) -> tuple[Values, Values]:
        """The same where each part edges[i]..edges[i + 1] of the steps, edges ascending, takes `pixels`
        columns: on an axis along which steps are not evenly spread, each part has buckets of its own size.
        """
        edge = np.clip(np.asarray(edges, np.float64), -FARTHEST, FARTHEST)
        if not len(self) or not np.all(edge[1:] >= edge[:-1]):
            return np.empty(0), np.empty(0)
        per_pixel = np.diff(edge) / max(pixels, 1)
        shifts = [floor(log2(width)) if width >= 1 else 0 for width in per_pixel]
        begin = self._before(floor(edge[0]), shifts[0])
        parts = []
        for i, shift in enumerate(shifts):
            if i + 1 < len(shifts):  # where buckets of both parts begin, so that none is drawn twice
                end = _next_multiple(ceil(edge[i + 1]), max(shift, shifts[i + 1]))
            else:
                end = self._after(floor(edge[-1]), shift, begin)
            if end > begin:
                parts.append(self._buckets(begin, end, shift))
                begin = end
        if not parts:
            return np.empty(0), np.empty(0)
        return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])

    def _before(self, step: int, shift: int) -> int:
        """Where the bucket begins that comes before the one of `step`; that one, if it is the first."""
        begin = step >> shift << shift
        position = int(np.searchsorted(self.steps, begin))
        return int(self.steps[position - 1]) >> shift << shift if position > 0 else begin

    def _after(self, step: int, shift: int, begin: int) -> int:
        """Where the bucket ends that comes after the one of the last point up to `step`."""
        position = int(np.searchsorted(self.steps, step, side="right"))
        end = ((int(self.steps[position - 1]) >> shift) + 1) << shift if position > 0 else begin
        position = int(np.searchsorted(self.steps, end))
        return ((int(self.steps[position]) >> shift) + 1) << shift if position < len(self) else end

    def _buckets(self, begin: int, end: int, shift: int) -> tuple[Values, Values]:
        """The buckets of 2**shift steps from step `begin` up to `end`, both where buckets begin."""
        source = max(
            (level for level in [self._points, *self._levels] if level.shift <= shift),
            key=lambda level: level.shift,
        )
        first, low, high = source.columns()
        chosen = slice(int(np.searchsorted(first, begin)), int(np.searchsorted(first, end)))
        first, low, high = first[chosen], low[chosen], high[chosen]
        if shift > source.shift:
            first, low, high = _merge(first, low, high, shift)
        if shift == 0:
            return first.astype(np.float64), low.copy()
        x = np.repeat(first.astype(np.float64), 2)
        y = np.column_stack([low, high]).ravel()
        twice = np.ones(len(y), bool)
        twice[1::2] = low < high  # a bucket of one value is one point
        return x[twice], y[twice]

    def _rebuild(self, step: int) -> None:
        """Bring each level up to date from the bucket that holds `step` on."""
        self.version += 1
        below = self._points
        for level in self._levels:
            start = step >> level.shift << level.shift
            first, low, high = below.columns()
            dirty = int(np.searchsorted(first, start))
            position = int(np.searchsorted(level.columns()[0], start))
            level.replace_from(position, *_merge(first[dirty:], low[dirty:], high[dirty:], level.shift))
            below = level


def _next_multiple(step: int, shift: int) -> int:
    """The first multiple of 2**shift that is not below `step`."""
    return -(-step >> shift) << shift


def _merge(first: Steps, low: Values, high: Values, shift: int) -> tuple[Steps, Values, Values]:
    """Finer buckets joined into buckets of 2**shift steps; a bucket with no number in it is NaN."""
    if not len(first):
        return first, low, high
    starts = np.flatnonzero(np.diff(first >> shift, prepend=(first[0] >> shift) - 1))
    return first[starts], np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
