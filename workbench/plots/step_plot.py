"""A plot over steps, as all live plots are: theme, axes, zoom with the mouse, and a crosshair's line."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from workbench import theme
from workbench.plots.axes import Axis, StepAxis


class StepPlot(pg.PlotWidget):
    """An empty plot with a step axis below and `left` beside it.

    `zoomed` tells that the user has moved the view. `hovered` carries the step under the pointer (int)
    and the pointer's place (QPoint, global), or None and None when it has left. The arrow keys move the
    crosshair too, by a few pixels, with Shift by ten times as many.
    """

    zoomed = Signal()
    hovered = Signal(object, object)

    def __init__(self, left: Axis) -> None:
        super().__init__(axisItems={"left": left, "bottom": StepAxis("bottom")})
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        # pyqtgraph leaves its menu without a parent, to outlive the plot.
        item.ctrlMenu.setParent(self, item.ctrlMenu.windowFlags())
        item.layout.setContentsMargins(0, 6, 8, 0)
        self.view: pg.ViewBox = item.getViewBox()
        self.view.disableAutoRange()
        self.view.setLimits(xMin=0, minXRange=4, maxXRange=1e13)
        self.view.setDefaultPadding(0)
        self.view.sigRangeChangedManually.connect(self._on_zoom)
        self.left = left
        self.step: int | None = None  # where the crosshair stands
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setVisible(False)
        self._line.setZValue(10)
        self.addItem(self._line, ignoreBounds=True)
        self.setMinimumHeight(96)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # for the arrow keys; the mouse needs none

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.setBackground(palette.panel)
        self.left.recolour(palette)
        self.getPlotItem().getAxis("bottom").recolour(palette)
        self._line.setPen(pg.mkPen(palette.muted, width=1))

    def show_line(self, step: int | None) -> None:
        """Draw the crosshair's line at `step`, or none."""
        self.step = step
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setValue(step)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self.mapToScene(event.position().toPoint())
        if self.view.sceneBoundingRect().contains(place):
            step = max(0, round(self.view.mapSceneToView(place).x()))
            self.hovered.emit(step, event.globalPosition().toPoint())
        else:
            self.hovered.emit(None, None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None, None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            if event.key() == Qt.Key.Key_Escape:
                self.hovered.emit(None, None)
            return
        (first, last), (bottom, top) = self.view.viewRange()
        pixels = 40 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 4
        stride = max(1, round(pixels * (last - first) / max(self.view.width(), 1)))
        start = (first + last) / 2 if self.step is None else self.step + way * stride
        step = max(0, round(min(max(start, first), last)))
        place = self.mapFromScene(self.view.mapViewToScene(QPointF(step, (bottom + top) / 2)))
        self.hovered.emit(step, self.mapToGlobal(place))

    def _on_zoom(self, *_: Any) -> None:
        self.zoomed.emit()
