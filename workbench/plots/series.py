"""A series of one run with its moving average, kept for drawing."""

from __future__ import annotations

from collections.abc import Callable

from numpy.typing import ArrayLike

from workbench.plots.pyramid import Pyramid
from workbench.plots.smoothing import MovingAverage

Averages = tuple[MovingAverage, Pyramid]


class Series:
    """The points of a series and, where `smoothed`, the moving average of them, worked out when asked for."""

    def __init__(self, *, smoothed: bool) -> None:
        self.points = Pyramid()
        self.average = Pyramid()
        self.restarts = 0  # how often its beginning may have become another
        self._smoothed = smoothed
        self._averaging = MovingAverage(0)

    @property
    def smooth(self) -> bool:
        """Whether there is an average beside the points."""
        return self._averaging.beta > 0

    @property
    def usual(self) -> Pyramid:
        """What is drawn boldly: the average, or the points themselves where nothing is smoothed."""
        return self.average if self.smooth else self.points

    def append(self, steps: ArrayLike, values: ArrayLike) -> None:
        """Add points (N,) and (N,), strictly ascending from the last one on."""
        self.points.append(steps, values)

    def truncate(self, step: int) -> None:
        """Drop the points after `step`."""
        if len(self.points) and self.points.steps[-1] > step:
            self.points.truncate(step)
            self._restart()

    def set_smoothing(self, beta: float) -> None:
        """How much of the average each step keeps; 0 smooths nothing."""
        if self._smoothed and beta != self._averaging.beta:
            self._averaging = MovingAverage(beta)
            self._restart()

    def averaging(self, beta: float) -> Callable[[], Averages]:
        """What works out another average of the points that there are now; it may be called on any thread."""
        steps, values = self.points.steps, self.points.values

        def work() -> Averages:
            averaging, average = MovingAverage(beta if self._smoothed else 0), Pyramid()
            if averaging.beta:
                average.append(steps, averaging.append(values))
            return averaging, average

        return work

    def take_averages(self, averages: Averages) -> None:
        """Take what `averaging` made, unless `restarts` has risen since; points that came since are left to
        `extend`."""
        self._averaging = averages[0]
        self.average.take(averages[1])

    def extend(self) -> None:
        """Bring the average up to date with the points."""
        done = len(self.average)
        if self.smooth and done < len(self.points):
            values = self._averaging.append(self.points.values[done:])
            self.average.append(self.points.steps[done:], values)

    def take(self, other: Series) -> None:
        """Become what `other` is, at no cost; `other` is not to be used any more."""
        self.points.take(other.points)
        self.average.take(other.average)
        self._averaging = other._averaging
        self.restarts += 1

    def _restart(self) -> None:
        self.restarts += 1
        self.average.clear()
        self._averaging = MovingAverage(self._averaging.beta)
