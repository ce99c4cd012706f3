"""The part of the learning rate schedule that is still to come, drawn by the function that training calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from workbench.plots.across import Timeline, log10
from workbench.plots.curve import screen_pen


class PlannedCurve(pg.PlotCurveItem):
    """Draws `curve(step)` dashed, from the present step to the last one, at the resolution of the screen."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self.timeline = timeline
        self.curve: Callable[[int], float] | None = None
        self.max_steps = 0
        self.peak = 0.0
        self.log = False
        self._drawn: tuple[Any, ...] | None = None
        self._sampled: tuple[Any, ...] | None = None
        self._steps: NDArray[np.int64] = np.empty(0, np.int64)
        self._rates = np.empty(0)
        self._colour = "#000000"

    def set_plan(self, curve: Callable[[int], float] | None, max_steps: int) -> None:
        """Plan with `curve` for the steps 1..max_steps, or not at all."""
        self.curve, self.max_steps = curve, max_steps
        self._sampled = self._drawn = None
        spread = np.linspace(1, max_steps, min(max_steps, 500)).round().tolist()
        self.peak = max((curve(int(step)) for step in spread), default=0.0) if curve else 0.0

    def set_colour(self, colour: str) -> None:
        """Draw in `colour`."""
        self._colour = colour
        self._drawn = None

    def set_log(self, log: bool) -> None:
        """Draw log10 of the rates."""
        self.log = log

    def refresh(self, present: int) -> None:
        """Draw what comes after the step `present`; the plan is asked only if it or the view changed."""
        view, widget = self.getViewBox(), self.getViewWidget()
        if view is None or widget is None:
            return
        first, last = view.viewRange()[0]
        ratio = widget.devicePixelRatioF()
        pixels = round(view.width() * ratio)
        scale = self.timeline.scale
        lies = 0 if scale.kind == "step" else self.timeline.version
        wanted = (first, last, pixels, scale.kind, scale.log, lies, self.log, present)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self.setPen(screen_pen(self._colour, 1, Qt.PenStyle.DashLine, ratio))
        self._sample(first, last, pixels)
        begin = int(np.searchsorted(self._steps, present))
        x, y = self.timeline.places(self._steps[begin:]), self._rates[begin:]
        y = log10(y) if self.log else y
        there = np.isfinite(x) & np.isfinite(y)
        self.setData(x[there], y[there])

    def _sample(self, first: float, last: float, pixels: int) -> None:
        """The rate at about each pixel's step between the places `first` and `last`, the ends included."""
        at = self.timeline.steps_at(np.linspace(first, last, max(pixels, 2)))
        if self.curve is None or not np.isfinite(at).all():
            self._sampled, self._steps, self._rates = None, np.empty(0, np.int64), np.empty(0)
            return
        begin, end = max(1, int(at[0])), min(self.max_steps, int(min(at[-1], self.max_steps)) + 1)
        wanted = (begin, end, pixels, self.timeline.scale.kind, self.timeline.scale.log)
        if wanted == self._sampled:
            return
        self._sampled = wanted
        spread = np.clip(np.concatenate([[begin], at, [end]]).round(), begin, max(end, begin))
        self._steps = np.unique(spread).astype(np.int64) if begin <= end else np.empty(0, np.int64)
        self._rates = np.array([self.curve(int(step)) for step in self._steps])
