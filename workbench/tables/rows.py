"""A list of rows that a person puts in order by dragging them, and acts on by keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTreeView

from workbench import theme
from workbench.keys import Key, act_on


class Rows(QTreeView):
    """Whole rows, several of which may be selected. `dropped` carries the gap into which a person drags them:
    the number of the row below it. `keys` says what keys do, but not in a cell that is edited."""

    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.keys: Sequence[Key] = ()
        self._pressed: QPoint | None = None  # where a drag may begin
        self._gap: int | None = None  # where the rows would go, while they are dragged
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setTabKeyNavigation(False)
        self.setExpandsOnDoubleClick(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        edited = self.state() == QAbstractItemView.State.EditingState
        if event.key() == Qt.Key.Key_Escape and self._gap is not None:
            self._end()
        elif edited or not act_on(event, self.keys):
            super().keyPressEvent(event)

    def where(self) -> str:
        return self.tr("In the table of the queue")

    # ---------------------------------------------------------------------------------------------- Dragging

    def mousePressEvent(self, event: QMouseEvent) -> None:
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        place = event.position().toPoint()
        index = self.indexAt(place)
        self._pressed = place if plain and index.isValid() else None
        if not plain or not self.selectionModel().isSelected(index):
            super().mousePressEvent(event)  # else what is selected stays so, to be dragged

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if self._pressed is None:
            return  # no selecting by drawing a frame
        if self._gap is None and (place - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        self._gap = self._gap_at(place)
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        nearest = self.indexAt(QPoint(place.x(), max(0, min(place.y(), self.viewport().height() - 1))))
        if nearest.isValid():
            self.scrollTo(nearest)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gap, pressed = self._gap, self._pressed
        self._end()
        if gap is not None:
            self.dropped.emit(gap)
        elif pressed is not None:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(self.indexAt(pressed), flags)
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.doubleClicked.emit(index)

    def _end(self) -> None:
        self._gap = self._pressed = None
        self.viewport().unsetCursor()
        self.viewport().update()

    def _gap_at(self, place: QPoint) -> int:
        index = self.indexAt(place)
        if not index.isValid():
            return self.model().rowCount() if place.y() > 0 else 0
        return index.row() + (place.y() > self.visualRect(index).center().y())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._gap is None:
            return
        rows = self.model().rowCount()
        rect = self.visualRect(self.model().index(min(self._gap, rows - 1), 0))
        y = rect.top() if self._gap < rows else rect.bottom()
        painter = QPainter(self.viewport())
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        painter.drawLine(0, y, self.viewport().width(), y)
        painter.end()
