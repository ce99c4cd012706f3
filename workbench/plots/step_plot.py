"""One plot of a run: theme, axes, zoom with mouse and keys, and a crosshair's line."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent

from workbench import theme
from workbench.keys import Key, act_on
from workbench.plots.across import Timeline
from workbench.plots.axes import AcrossAxis, Axis

NOTCH = 1.25  # how much a key zooms
RIGHT = 17  # pixels: pyqtgraph lets the last number below go 15 beyond its axis, and the frame takes 2
NEAR, FAR = 4, 40  # pixels that a key moves the crosshair
SMALLEST_BOX = 4  # pixels, of what can be drawn to be shown
BOX_ALPHA = 48  # of 255


class View(pg.ViewBox):
    """Where the curves are; the wheel zooms along the run only, with Ctrl the height only. A box drawn with
    Shift is what to show next."""

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        if axis is None:
            axis = 1 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 0
        super().wheelEvent(event, axis)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.isStart():  # what Shift is at the end does not count
            boxed = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.setMouseMode(pg.ViewBox.RectMode if boxed else pg.ViewBox.PanMode)
            if boxed:
                accent = QColor(theme.current().accent)
                self.rbScaleBox.setPen(pg.mkPen(accent))
                accent.setAlpha(BOX_ALPHA)
                self.rbScaleBox.setBrush(accent)
        size = event.pos() - event.buttonDownPos()
        small = min(abs(size.x()), abs(size.y())) < SMALLEST_BOX
        if small and event.isFinish() and self.state["mouseMode"] == pg.ViewBox.RectMode:  # given up
            self.rbScaleBox.hide()
            event.accept()
        else:
            super().mouseDragEvent(event, axis)


class StepPlot(pg.PlotWidget):
    """An empty plot of a run along `timeline`, with `left` as its other axis.

    `zoomed` tells that the user has moved the view, `wholeAsked` that all is to be seen again. `hovered`
    carries the step under the pointer (int) and the pointer's place (QPoint, global), or None and None when
    it has left; `asked` a step that a person wants to know more of, and where the pointer is (QPoint,
    global), or None where it was told by key.
    """

    zoomed = Signal()
    asked = Signal(object, object)
    wholeAsked = Signal()
    hovered = Signal(object, object)

    def __init__(self, left: Axis, timeline: Timeline) -> None:
        self.across = AcrossAxis(timeline.scale)
        super().__init__(
            axisItems={"left": left, "bottom": self.across}, viewBox=View(enableMenu=False), enableMenu=False
        )
        item = self.getPlotItem()
        item.hideButtons()
        # pyqtgraph leaves its menu without a parent, to outlive the plot.
        item.ctrlMenu.setParent(self, item.ctrlMenu.windowFlags())
        item.layout.setContentsMargins(0, 6, RIGHT, 0)
        self.view: pg.ViewBox = item.getViewBox()
        self.view.disableAutoRange()
        self.view.setDefaultPadding(0)
        self.view.sigRangeChangedManually.connect(self._on_zoom)
        item.scene().sigMouseClicked.connect(self._on_click)
        self.left = left
        self.timeline = timeline
        self.step: int | None = None  # where the crosshair stands
        self.keys = self._make_keys()
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setVisible(False)
        self._line.setZValue(10)
        self.addItem(self._line, ignoreBounds=True)
        self.setMinimumHeight(52)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # for the keys; the mouse needs none

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.setBackground(palette.panel)
        self.left.recolour(palette)
        self.across.recolour(palette)
        self._line.setPen(pg.mkPen(palette.muted, width=1))

    def show_numbers(self, shown: bool) -> None:
        """Write the numbers of the axis below, or leave them to a plot further down."""
        self.across.setStyle(showValues=shown)
        self.getPlotItem().layout.setContentsMargins(0, 6, RIGHT, 0 if shown else 7)  # half the lowest number

    def take_scale(self) -> None:
        """Follow a change of what the axis below counts."""
        if self.timeline.scale.log:
            self.view.setLimits(xMin=-6, minXRange=1e-3, maxXRange=30)
        else:
            least = 4 if self.timeline.scale.kind == "step" else 1e-2
            self.view.setLimits(xMin=0, minXRange=least, maxXRange=1e15)
        self.across.forget()

    def show_line(self, step: int | None) -> None:
        """Draw the crosshair's line at `step`, or none."""
        self.step = step
        place = np.nan if step is None else float(self.timeline.places([step])[0])
        self._line.setVisible(bool(np.isfinite(place)))
        if np.isfinite(place):
            self._line.setValue(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self.mapToScene(event.position().toPoint())
        if self.view.sceneBoundingRect().contains(place):
            self.hovered.emit(
                self._step_at(self.view.mapSceneToView(place).x()), event.globalPosition().toPoint()
            )
        else:
            self.hovered.emit(None, None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.wholeAsked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() != QContextMenuEvent.Reason.Mouse:  # with which one may be about to zoom
            self._ask_here()

    def _on_click(self, event: Any) -> None:
        """pyqtgraph tells of a click once it is none of a drag."""
        if event.button() == Qt.MouseButton.RightButton and self.view.sceneBoundingRect().contains(
            event.scenePos()
        ):
            step = self._step_at(self.view.mapSceneToView(event.scenePos()).x())
            self.asked.emit(step, event.screenPos().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None, None)

    def where(self) -> str:
        return self.tr("On the curves")

    def _make_keys(self) -> list[Key]:
        crosshair, view, zoom = self._move_crosshair, self._move_view, self._zoom
        return [
            Key(
                lambda: self.tr("Move the crosshair"),
                {"Left": partial(crosshair, -1, NEAR), "Right": partial(crosshair, 1, NEAR)},
            ),
            Key(
                lambda: self.tr("Move the crosshair further"),
                {"Shift+Left": partial(crosshair, -1, FAR), "Shift+Right": partial(crosshair, 1, FAR)},
            ),
            Key(
                lambda: self.tr("Move the view"),
                {"Ctrl+Left": partial(view, -1), "Ctrl+Right": partial(view, 1)},
            ),
            Key(
                lambda: self.tr("Zoom along the run"),
                {"+": partial(zoom, "x", -1), "=": partial(zoom, "x", -1), "-": partial(zoom, "x", 1)},
            ),
            Key(
                lambda: self.tr("Zoom the height"),
                {
                    "Ctrl++": partial(zoom, "y", -1),
                    "Ctrl+=": partial(zoom, "y", -1),
                    "Ctrl+-": partial(zoom, "y", 1),
                },
            ),
            Key(lambda: self.tr("Show the whole run"), {"Home": self.wholeAsked.emit}),
            Key(
                lambda: self.tr("Read the batch of the step at the crosshair"),
                {"Return": self._ask_here, "Enter": self._ask_here},
            ),
            Key(lambda: self.tr("Take the crosshair away"), {"Esc": partial(self.hovered.emit, None, None)}),
        ]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not act_on(event, self.keys):
            super().keyPressEvent(event)

    def _move_view(self, way: int) -> None:
        first, last = self.view.viewRange()[0]
        self.view.translateBy(x=way * (last - first) / 10)
        self.zoomed.emit()

    def _zoom(self, along: str, way: int) -> None:
        self.view.scaleBy(**{along: NOTCH**way})
        self.zoomed.emit()

    def _move_crosshair(self, way: int, pixels: int) -> None:
        first, last = self.view.viewRange()[0]
        if self.step is None:
            step = self._step_at((first + last) / 2)
        else:
            here = float(self.timeline.places([self.step])[0])
            step = self._step_at(here + way * pixels * (last - first) / max(self.view.width(), 1))
            if step == self.step:  # steps that are further apart than that
                step += way
        low, high = self._step_at(first), self._step_at(last)
        step = min(max(step, low), max(high, low))
        self.hovered.emit(step, self.middle_of(step))

    def _ask_here(self) -> bool:
        """Ask about the step at the crosshair; False where there is none."""
        if self.step is not None:
            self.asked.emit(self.step, None)
        return self.step is not None

    def middle_of(self, step: int) -> QPoint:
        """Half way up at a step, on the screen."""
        shown = QPointF(float(self.timeline.places([step])[0]), sum(self.view.viewRange()[1]) / 2)
        return self.mapToGlobal(self.mapFromScene(self.view.mapViewToScene(shown)))

    def _step_at(self, place: float) -> int:
        step = float(self.timeline.steps_at([place])[0])
        return max(0, round(min(step, 2**53))) if np.isfinite(step) else 0

    def _on_zoom(self, *_: Any) -> None:
        self.zoomed.emit()
