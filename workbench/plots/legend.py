"""A legend's entry: a short piece of the line as the plot draws it, and its name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench import theme

LINE = 22  # pixels


class LegendEntry(QWidget):
    """Draws `name` after a sample of its line, in the palette's colour named `role`."""

    def __init__(
        self,
        name: str,
        role: str,
        *,
        width: int = 2,
        style: Qt.PenStyle = Qt.PenStyle.SolidLine,
        dot: bool = False,
    ) -> None:
        super().__init__()
        self.name, self.role = name, role
        self._width, self._style, self._dot = width, style, dot
        self.setFont(theme.font(theme.LABEL))
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        text = self.fontMetrics()
        return QSize(LINE + 6 + text.horizontalAdvance(self.name) + 1, text.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = theme.current()
        colour = QColor(getattr(palette, self.role))
        middle = self.height() / 2
        painter = QPainter(self)
        painter.setPen(QPen(colour, self._width, self._style, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(0, middle), QPointF(LINE, middle))
        if self._dot:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(LINE / 2, middle), 3, 3)
        painter.setPen(QColor(palette.muted))
        text = self.rect().adjusted(LINE + 6, 0, 0, 0)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.name)
        painter.end()
