"""A text in which line ends count."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.forms.control import is_undo_or_redo


class PromptField(QPlainTextEdit):
    """A few lines of plain text; Enter is a new line, Tab goes on to the next field."""

    edited = Signal(object)
    settled = Signal()
    HEIGHT = 52  # pixels: two lines

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)  # the draft's own goes further
        self.setFixedHeight(self.HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(lambda: self.edited.emit(self.value()))

    def value(self) -> Any:
        return self.toPlainText()

    def show_value(self, value: Any) -> None:
        if str(value) != self.toPlainText():
            with QSignalBlocker(self):
                self.setPlainText(str(value))

    def set_locked(self, locked: bool) -> None:
        self.setReadOnly(locked)

    def event(self, event: QEvent) -> bool:
        if is_undo_or_redo(event):
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.settled.emit()
