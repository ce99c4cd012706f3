"""Small marks on a plot: what happened at a step that no curve shows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg

from workbench import theme
from workbench.plots.across import Timeline
from workbench.plots.pyramid import Pyramid

MarkKind = Literal["change", "checkpoint", "resume", "best"]
SYMBOLS: dict[MarkKind, str] = {"change": "d", "checkpoint": "t1", "resume": "t2", "best": "star"}
ROLES: dict[MarkKind, str] = {
    "change": "gradient", "checkpoint": "muted", "resume": "success", "best": "validation",
}  # fmt: skip
SIZE = 9  # pixels
BEST_SIZE = 14
FROM_FOOT = 10  # pixels
APART = 4  # pixels; of marks of one kind closer than this, one is drawn


class Marks(pg.ScatterPlotItem):
    """The marks of one plot, kept at its foot wherever the view goes; the best step, of which there is one at
    most, stands on the curve of `validation`."""

    def __init__(self, timeline: Timeline, validation: Pyramid) -> None:
        super().__init__(size=SIZE, pen=None)
        self._timeline = timeline
        self._validation = validation
        self._marks: list[tuple[int, MarkKind, Callable[[], str]]] = []
        self._palette = theme.current()
        self._placed: tuple[Any, ...] | None = None
        self._version = 0
        self.log = False
        self.show_best = True  # its curve is seen
        self.setZValue(5)

    def add(self, kind: MarkKind, step: int, told: Callable[[], str]) -> None:
        """Mark `step`; the readout asks `told` what to tell of it, in the language of that moment."""
        if kind == "best":
            self._marks = [mark for mark in self._marks if mark[1] != "best"]
        self._marks.append((step, kind, told))
        self._version += 1

    def remove(self, kind: MarkKind, steps: Collection[int]) -> None:
        """Drop the marks of one kind at these steps: what they told of is there no more."""
        self._marks = [mark for mark in self._marks if mark[1] != kind or mark[0] not in steps]
        self._version += 1

    def truncate(self, step: int) -> None:
        """Drop the marks after `step`."""
        self._marks = [mark for mark in self._marks if mark[0] <= step]
        self._version += 1

    def kinds(self) -> set[MarkKind]:
        """The kinds there are at least one of."""
        return {kind for _, kind, _ in self._marks}

    def near(self, first: float, last: float) -> list[str]:
        """What the marks from step `first` to `last` tell, in the order of their steps."""
        by_step = sorted(self._marks, key=lambda mark: mark[:2])
        return [told() for at, _, told in by_step if first <= at <= last]

    def place(self) -> None:
        """Put the marks where they belong in the view as it is now."""
        view = self.getViewBox()
        (first, last), (bottom, top) = view.viewRange()
        scale = self._timeline.scale
        lies = (scale.kind, scale.log, self._timeline.version)
        ranges = (first, last, bottom, top, view.width(), view.height())
        known = (self._version, self._validation.version)
        wanted = (known, ranges, lies, self._palette.name, self.log, self.show_best)
        if wanted == self._placed:
            return
        self._placed = wanted
        foot = bottom + (top - bottom) * FROM_FOOT / max(view.height(), 1)
        spots: list[dict[str, Any]] = []
        drawn: set[tuple[MarkKind, int]] = set()
        places = self._timeline.places(np.array([step for step, _, _ in self._marks], np.float64))
        for place, (step, kind, _) in zip(places, self._marks, strict=True):
            if not first <= place <= last:
                continue
            height = self._best_height(step) if kind == "best" else foot
            column = (kind, int((place - first) / (last - first) * view.width() / APART))
            if height is None or column in drawn:
                continue
            drawn.add(column)
            size = BEST_SIZE if kind == "best" else SIZE
            brush = getattr(self._palette, ROLES[kind])
            spots.append({"pos": (place, height), "symbol": SYMBOLS[kind], "brush": brush, "size": size})
        self.setData(spots)

    def _best_height(self, step: int) -> float | None:
        value = self._validation.at(step)
        if not self.show_best or value is None or not np.isfinite(value) or (self.log and value <= 0):
            return None
        return float(np.log10(value)) if self.log else value

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self._palette = palette
        self.place()
