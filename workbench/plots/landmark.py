"""A quiet line across a plot at a height that means something."""

from __future__ import annotations

from math import log10

import pyqtgraph as pg
from PySide6.QtCore import Qt

from workbench import theme


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
