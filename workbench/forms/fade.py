"""The lower edge of a scrolled form: it fades out where there is more below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from workbench import theme


class Fade(QWidget):
    """Lies over the foot of a scroll area, as high as a row, while that can be scrolled further down."""

    HEIGHT = 28  # pixels

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area.viewport())
        self._area = area
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        bar = area.verticalScrollBar()
        bar.valueChanged.connect(self._place)
        bar.rangeChanged.connect(self._place)
        area.viewport().installEventFilter(self)
        theme.notifier.changed.connect(self.update)
        self._place()

    def _place(self) -> None:
        bar, port = self._area.verticalScrollBar(), self._area.viewport()
        self.setGeometry(0, port.height() - self.HEIGHT, port.width(), self.HEIGHT)
        self.setVisible(bar.value() < bar.maximum())
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        ground = QColor(theme.current().panel)
        clear = QColor(ground)
        clear.setAlpha(0)
        gradient = QLinearGradient(0, 0, 0, self.HEIGHT)
        gradient.setColorAt(0, clear)
        gradient.setColorAt(1, ground)
        painter = QPainter(self)
        painter.fillRect(self.rect(), gradient)
        painter.end()
