"""The part of the learning rate schedule that is still to come, drawn by the function that training calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from workbench.plots.curve import screen_pen


class PlanCurve(pg.PlotCurveItem):
    """Draws `curve(step)` dashed, from the present step to the last one, at the resolution of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.curve: Callable[[int], float] | None = None
        self.max_steps = 0
        self.peak = 0.0
        self._present = 0
        self._sampled: tuple[Any, ...] | None = None
        self._x: NDArray[np.int64] = np.empty(0, np.int64)
        self._y = np.empty(0)
        self._colour = "#000000"

    def set_plan(self, curve: Callable[[int], float] | None, max_steps: int) -> None:
        """Plan with `curve` for the steps 1..max_steps, or not at all."""
        self.curve, self.max_steps = curve, max_steps
        self._sampled = None
        self.peak = (
            max((curve(int(step)) for step in _spread(1, max_steps, 500)), default=0.0) if curve else 0.0
        )

    def set_colour(self, colour: str) -> None:
        """Draw in `colour`."""
        self._colour = colour
        self._sampled = None

    def refresh(self, present: int) -> None:
        """Draw what comes after the step `present`; the plan is asked only if it or the view changed."""
        view, widget = self.getViewBox(), self.getViewWidget()
        if view is None or widget is None:
            return
        first, last = view.viewRange()[0]
        ratio = widget.devicePixelRatioF()
        pixels = round(view.width() * ratio)
        wanted = (first, last, pixels)
        if wanted != self._sampled:
            self._sampled = wanted
            self.setPen(screen_pen(self._colour, 1, Qt.PenStyle.DashLine, ratio))
            if self.curve is not None:
                self._x = _spread(max(1, int(first)), min(self.max_steps, int(last) + 1), pixels)
                self._y = np.array([self.curve(int(step)) for step in self._x])
            else:
                self._x, self._y = np.empty(0, np.int64), np.empty(0)
        elif present == self._present:
            return
        self._present = present
        begin = int(np.searchsorted(self._x, present))
        self.setData(self._x[begin:].astype(np.float64), self._y[begin:])


def _spread(first: int, last: int, most: int) -> NDArray[np.int64]:
    """All the steps first..last, or `most` of them evenly spread, the ends included."""
    if last < first:
        return np.empty(0, np.int64)
    return np.unique(np.linspace(first, last, min(last - first + 1, max(most, 2))).round().astype(np.int64))
