"""What part of a run Follow shows: enough to see it all, and calm, so that the picture does not breathe."""

from __future__ import annotations

from math import ceil, floor, inf, log10

FEWEST_STEPS = 100  # the step axis never ends before this, so that the first seconds do not jump about


def nice_above(value: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ... (and their fractions) that is not below `value` > 0."""
    power = 10.0 ** floor(log10(value))
    return next(nice * power for nice in (1, 2, 5, 10, 20) if nice * power >= value)


def follow_steps(last: float, max_steps: float | None, fewest: float = FEWEST_STEPS) -> tuple[float, float]:
    """The steps to show of a run that has come to `last`, of `max_steps` where that is known; so too of
    tokens or seconds, of which at least `fewest` are shown.

    Before the first step the plan is shown whole. A young run fills the width in leaps of 100, 200, 500,
    ... steps; once it has a fair part behind it, the axis stays at the whole run, so that what is still
    to come shows too.
    """
    end = nice_above(max(last * 1.05, fewest))
    if max_steps is not None and (last == 0 or end >= max_steps / 4):
        end = max(max_steps, last)
    return 0.0, end * 1.02  # a little more, so that the last point is whole


def follow_values(
    low: float, high: float, typical: float, previous: tuple[float, float] | None, least: float = -inf
) -> tuple[float, float]:
    """The values to show of a series between `low` and `high` that is at or below `typical` most of the time.

    Where the first steps' losses are so high that they would press the rest flat, the top is cut to 2.5 times
    the typical height. The edges are round numbers, not below `least`. `previous` stays while the data fit it
    and fill a fair part.
    """
    high = min(high, low + 2.5 * max(typical - low, 0.02 * (high - low)))
    if previous is not None:
        bottom, top = previous
        if bottom <= low and high <= top and high - low >= 0.55 * (top - bottom):
            return previous
    span = max(high - low, 0.02 * abs(high), 1e-9)
    unit = nice_above(span / 10)
    bottom = max(floor((low - 0.05 * span) / unit) * unit, least)
    top = ceil((high + 0.02 * span) / unit) * unit
    return bottom, top
