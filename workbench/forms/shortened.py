"""A line of text that gives way where room is short."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStyleOption

from workbench import theme

NARROWEST = 120  # pixels


class ShortenedLabel(QLabel):
    """A text that is cut short where there is no room for it; the tooltip has all of it."""

    def __init__(self, role: str) -> None:
        super().__init__()
        theme.style(self, role=role)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), NARROWEST), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option, room = QPainter(self), QStyleOption(), self.contentsRect()
        option.initFrom(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        self.style().drawItemText(
            painter, room, self.alignment(), option.palette, self.isEnabled(), shown, self.foregroundRole()
        )
