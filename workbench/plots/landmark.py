"""A quiet line across a plot at a height that means something."""

from __future__ import annotations

from math import log10

import pyqtgraph as pg
from PySide6.QtCore import Qt

from workbench import theme

LINE = 17  # pixels that a label takes


class Landmark(pg.InfiniteLine):
    """A dotted line at `value`, labelled at its right end; not drawn while there is none."""

    def __init__(self) -> None:
        super().__init__(
            angle=0, movable=False, label="", labelOpts={"position": 0.99, "anchors": [(1, 0), (1, 1)]}
        )
        self.value_shown: float | None = None
        self.wanted = True
        self.log = False
        self.label.setFont(theme.font(theme.AXIS))
        self.setVisible(False)

    def tell(self, value: float | None, text: str) -> None:
        """Stand at `value` with the label `text`, or nowhere."""
        self.value_shown = value
        self.label.setFormat(text)
        self.refresh()

    def refresh(self) -> None:
        """Take the place that the scale gives, and show if that is wanted."""
        value = self.value_shown
        self.setVisible(self.wanted and value is not None)
        if value is not None:
            self.setValue(log10(value) if self.log else value)

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.setPen(pg.mkPen(palette.muted, width=1, style=Qt.PenStyle.DotLine))
        self.label.setColor(palette.muted)


class Landmarks:
    """Landmarks on one plot, the first the most important: where two come close, its label stays alone."""

    def __init__(self, plot: pg.PlotWidget, count: int) -> None:
        self.each = [Landmark() for _ in range(count)]
        for landmark in self.each:
            plot.addItem(landmark, ignoreBounds=True)
        self._view = plot.getPlotItem().getViewBox()
        self._view.sigYRangeChanged.connect(self.part)
        self._view.sigResized.connect(self.part)

    def show(self, wanted: bool) -> None:
        """Draw them, or not."""
        for landmark in self.each:
            landmark.wanted = wanted
            landmark.refresh()
        self.part()

    def set_log(self, log: bool) -> None:
        """Follow the scale of the axis."""
        for landmark in self.each:
            landmark.log = log
            landmark.refresh()
        self.part()

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        for landmark in self.each:
            landmark.recolour(palette)

    def part(self, *_: object) -> None:
        """Leave out the labels that would lie on those before."""
        bottom, top = self._view.viewRange()[1]
        height = LINE * (top - bottom) / max(self._view.height(), 1)
        taken: list[float] = []  # where labels begin, from below
        for landmark in self.each:
            # A label is below its line in the upper half of the view, else above.
            start = landmark.value() - (height if landmark.value() > (bottom + top) / 2 else 0)
            clear = all(abs(start - other) >= height for other in taken)
            landmark.label.setVisible(clear)
            if clear and landmark.isVisible():
                taken.append(start)
