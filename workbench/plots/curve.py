"""A curve that draws a Pyramid at the resolution of the screen, working only when there is news."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from workbench.plots.across import Timeline, log10
from workbench.plots.pyramid import Pyramid

MOST_DOTS = 200  # beyond this many points in view, dots would only blur the line
MOST_DASHED = 400  # beyond this many points in view, dashes are drawn one pixel wide: wider ones take 10 ms
PARTS = 24  # of the view, each with a resolution of its own, where steps are not evenly spread

Dash = Qt.PenStyle | tuple[float, ...]  # a tuple: lengths of line and gap, in line widths
Dot = Literal["o", "s", "t", "d", "+", "x"]


class PyramidCurve(pg.PlotCurveItem):
    """Draws `pyramid` along `timeline` where it is seen, `width` pixels wide, or for 0 one device pixel,
    which is fastest.

    With `dot` each point is drawn too, while they are few. `drawings` counts how often the points on the
    screen were worked out anew.
    """

    def __init__(
        self,
        pyramid: Pyramid,
        timeline: Timeline,
        *,
        width: float = 0,
        dash: Dash = Qt.PenStyle.SolidLine,
        dot: Dot | None = None,
    ) -> None:
        super().__init__(skipFiniteCheck=True)
        self.pyramid = pyramid
        self.timeline = timeline
        self.log = False
        self.drawings = 0
        self._width = width
        self._dash = dash
        self._colour = "#000000"
        self._ratio = 1.0
        self._thin = False
        self._drawn: tuple[Any, ...] | None = None
        self._dots: pg.ScatterPlotItem | None = None
        if dot is not None:
            self._dots = pg.ScatterPlotItem(size=6, pen=None, symbol=dot)
            self._dots.setParentItem(self)

    def set_colour(self, colour: str) -> None:
        """Draw in `colour`."""
        self._colour = colour
        self.setPen(screen_pen(colour, 0 if self._thin else self._width, self._dash, self._ratio))
        if self._dots is not None:
            self._dots.setBrush(colour)

    def set_log(self, log: bool) -> None:
        """Draw log10 of the values; those that have none become gaps."""
        self.log = log
        self.refresh()

    def refresh(self) -> bool:
        """Work out what to draw if the data or the view has changed; whether it was so."""
        view = self.getViewBox()
        widget = self.getViewWidget()
        if view is None or widget is None:
            return False
        first, last = view.viewRange()[0]
        if self._ratio != widget.devicePixelRatioF():
            self._ratio = widget.devicePixelRatioF()
            self.set_colour(self._colour)
        pixels = round(view.width() * self._ratio)
        scale = self.timeline.scale
        lies = (scale.kind, scale.log, 0 if scale.kind == "step" else self.timeline.version)
        wanted = (id(self.pyramid), self.pyramid.version, self.log, first, last, pixels, lies)
        if wanted == self._drawn or pixels < 1:
            return False
        self._drawn = wanted
        self.drawings += 1
        if scale.kind == "step" and not scale.log:
            x, y = self.pyramid.visible(first, last, pixels)
        else:
            edges = self.timeline.steps_at(np.linspace(first, last, PARTS + 1))
            steps, y = self.pyramid.along(edges, pixels / PARTS)
            x = self.timeline.places(steps)
        if self.log:
            y = log10(y)
        thin = self._dash != Qt.PenStyle.SolidLine and len(x) > MOST_DASHED
        if thin != self._thin:
            self._thin = thin
            self.set_colour(self._colour)
        there = np.isfinite(x) & np.isfinite(y)
        gaps = not there.all()
        if gaps:
            x, y = np.where(there, x, 0.0), np.where(there, y, np.nan)
        self.setData(x, y, connect="finite" if gaps else "all", skipFiniteCheck=not gaps)
        if self._dots is not None:
            shown = there if len(x) <= MOST_DOTS else np.zeros(len(x), bool)
            self._dots.setData(x[shown], y[shown])
        return True

    def viewRangeChanged(self, *_: Any) -> None:
        """Called by pyqtgraph when the user or Follow moves the view."""
        self.refresh()


def screen_pen(colour: str, width: float, dash: Dash, ratio: float) -> QPen:
    """A pen `width` pixels wide on a screen of `ratio` device pixels to each; 0 is one device pixel.

    It is cosmetic, as others take a hundred times as long, and Qt counts a cosmetic width in device pixels.
    """
    if isinstance(dash, tuple):
        return pg.mkPen(colour, width=width * ratio, dash=list(dash))
    return pg.mkPen(colour, width=width * ratio, style=dash)
