"""The crosshair's readout: a small label beside the pointer that tells every series at its step."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from workbench import theme


class Readout(QLabel):
    """A label over `parent` that never reaches over its edge and never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.style(self, role="readout")
        self.hide()

    def tell(self, lines: list[str], pointer: QPoint) -> None:
        """Show `lines` (rich text) beside `pointer` (in the parent's coordinates), where there is room."""
        within = self._parent.rect()
        self.setText("<br>".join(lines))
        self.adjustSize()
        x = pointer.x() + theme.GAP_M
        if x + self.width() > within.right():
            x = pointer.x() - theme.GAP_M - self.width()
        y = pointer.y() - self.height() // 2
        self.move(max(x, 0), max(min(y, within.bottom() - self.height()), 0))
        self.show()
        self.raise_()


def coloured(colour: str, text: str) -> str:
    """`text` in `colour`, as rich text."""
    return f'<span style="color: {colour}">{escape(text)}</span>'
