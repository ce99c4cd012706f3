"""Texts in which line ends count: a prompt, and a list of them."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.forms.control import is_undo_or_redo

# What a field of lines would break at, take for something else or not show, and how it is written there.
ODD = re.compile("[\\\\\x00-\x08\x0a-\x1f\x7f-\xa0\u2028\u2029\ufdd0\ufdd1]")
SHORT = {"\n": r"\n", "\\": r"\\"}
ESCAPED = re.compile(r"\\(n|\\|u[0-9a-f]{4})")


def in_a_line(prompt: str, longest: int) -> str:
    """A prompt in at most so many characters: line ends as a sign, the rest of a long one left out."""
    line = prompt.replace("\n", "↵")
    return line if len(line) <= longest else line[: longest - 1] + "…"


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


class PromptsField(PromptField):
    """Prompts, one a line; within one, \\n stands for a line end and two backslashes for one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._say()

    def value(self) -> Any:
        return [_read(line) for line in self.toPlainText().split("\n") if line]

    def show_value(self, value: Any) -> None:
        prompts = list(value) if isinstance(value, list | tuple) else [value]  # which is a fault
        if prompts != self.value():
            super().show_value("\n".join(map(_written, prompts)))

    def _say(self) -> None:
        self.setPlaceholderText(self.tr("none"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


def _written(prompt: object) -> str:
    return ODD.sub(lambda found: SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), str(prompt))


def _read(line: str) -> str:
    plain = {written[1:]: character for character, written in SHORT.items()}
    return ESCAPED.sub(lambda found: plain.get(found[1]) or chr(int(found[1][1:], 16)), line)
