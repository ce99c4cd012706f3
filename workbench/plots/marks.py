"""Small marks along the foot of a plot: what happened at a step that no curve shows."""

from __future__ import annotations

from typing import Literal

import pyqtgraph as pg

from workbench import theme

MarkKind = Literal["change", "checkpoint", "resume", "best"]
SYMBOLS: dict[MarkKind, str] = {"change": "d", "checkpoint": "t1", "resume": "t2", "best": "star"}
SIZE = 9  # pixels
FROM_FOOT = 10  # pixels


class Marks(pg.ScatterPlotItem):
    """The marks of one plot, kept at its foot wherever the view goes. There is one best step at most."""

    def __init__(self) -> None:
        super().__init__(size=SIZE, pen=None)
        self._marks: list[tuple[int, MarkKind, str]] = []
        self._palette = theme.current()
        self.setZValue(5)

    def add(self, kind: MarkKind, step: int, text: str) -> None:
        """Mark `step`; `text` is what the readout tells of it."""
        self._marks = [mark for mark in self._marks if mark[1] != "best" or kind != "best"]
        self._marks.append((step, kind, text))

    def truncate(self, step: int) -> None:
        """Drop the marks after `step`."""
        self._marks = [mark for mark in self._marks if mark[0] <= step]

    def near(self, step: float, reach: float) -> list[str]:
        """What the marks within `reach` steps of `step` tell, in the order of their steps."""
        return [text for at, _, text in sorted(self._marks) if abs(at - step) <= reach]

    def place(self) -> None:
        """Put the marks at the foot of the view as it is now."""
        view = self.getViewBox()
        bottom, top = view.viewRange()[1]
        foot = bottom + (top - bottom) * FROM_FOOT / max(view.height(), 1)
        colours = {"best": self._palette.validation, "change": self._palette.gradient}
        self.setData(
            [
                {
                    "pos": (step, foot),
                    "symbol": SYMBOLS[kind],
                    "brush": colours.get(kind, self._palette.muted),
                    "size": SIZE + 4 if kind == "best" else SIZE,
                }
                for step, kind, _ in self._marks
            ]
        )

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self._palette = palette
        self.place()
