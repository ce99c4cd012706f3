"""The small marks beside a field: not as in GPT-1, changed from the preset, fixed once training starts."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, get_args

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from workbench import theme

Sign = Literal["dot", "ring", "lock"]
MARKS: tuple[Sign, ...] = get_args(Sign)
SIZE = QSize(14, theme.CONTROL_HEIGHT)
LOCK = QSize(10, theme.CONTROL_HEIGHT)


def draw_dot(painter: QPainter, centre: QPointF) -> None:
    """A filled dot: this value is not GPT-1's."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.current().warning))
    painter.drawEllipse(centre, 3, 3)


def draw_ring(painter: QPainter, centre: QPointF) -> None:
    """A ring: this value is not the preset's. It goes around the dot where both are so."""
    painter.setPen(QPen(QColor(theme.current().accent_text), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, 5.2, 5.2)


def draw_lock(painter: QPainter, centre: QPointF) -> None:
    """A padlock: this value is fixed once training starts."""
    colour = QColor(theme.current().muted)
    painter.setPen(QPen(colour, 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bow = QPainterPath(centre + QPointF(-2.4, 0))
    bow.lineTo(centre + QPointF(-2.4, -2))
    bow.arcTo(QRectF(centre.x() - 2.4, centre.y() - 4.6, 4.8, 4.8), 180, -180)
    bow.lineTo(centre + QPointF(2.4, 0))
    painter.drawPath(bow)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(centre.x() - 3.8, centre.y() - 0.4, 7.6, 5.4), 1, 1)


class Glyph(QWidget):
    """One of the marks by itself: in a row that it concerns, and beside the words that explain it."""

    def __init__(self, what: Sign, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw = {"dot": draw_dot, "ring": draw_ring, "lock": draw_lock}[what]
        self.setFixedSize(LOCK if what == "lock" else SIZE)
        theme.notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(self.rect()).center())
        painter.end()


class Mark(QToolButton):
    """Tells that a value departs from GPT-1's or from the preset's; a click takes that one, or opens a menu
    where the two are different.

    `chosen` carries the value to take. A mark with nothing to tell keeps its room and cannot be reached.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.departs = self.changed = self._locked = False
        self.setFixedSize(SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.choices = QMenu(self)
        self.gpt1_action, self.preset_action = QAction(self.choices), QAction(self.choices)
        self.choices.addActions([self.gpt1_action, self.preset_action])
        self._values: dict[QAction, Any] = {}
        for action in self.choices.actions():
            action.triggered.connect(partial(self._choose, action))
        self.clicked.connect(self._take)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)

    @property
    def offers_choice(self) -> bool:
        """Whether there are two different values to take."""
        one, other = self._values.values()
        return self.departs and self.changed and bool(one != other)

    def _take(self) -> None:
        if self._locked:
            return
        if self.offers_choice:
            self.choices.popup(self.mapToGlobal(self.rect().bottomLeft()))
        else:
            self._choose(self.gpt1_action if self.departs else self.preset_action)

    def _choose(self, action: QAction) -> None:
        self.chosen.emit(self._values[action])

    def show_departures(self, *, departs: bool, gpt1: Any, changed: bool, preset: Any, locked: bool) -> None:
        """Offer GPT-1's value where the present one `departs` from it, the preset's where it `changed`."""
        self.departs, self.changed, self._locked = departs, changed, locked
        self._values = {self.gpt1_action: gpt1, self.preset_action: preset}
        self.setVisible(departs or changed)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QRectF(self.rect()).center()
        if self.hasFocus() or self.underMouse():
            palette = theme.current()
            painter.setPen(QPen(QColor(palette.accent_text if self.hasFocus() else palette.disabled), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 5, -1, -5), 4, 4)
        if self.departs:
            draw_dot(painter, centre)
        if self.changed:
            draw_ring(painter, centre)
        painter.end()
