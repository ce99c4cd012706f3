"""A sentence on what became of something that was asked, in whatever language the window speaks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from workbench import theme

Text = Callable[[], str]  # words a sentence, in the language that is spoken when it is called


class Message(QLabel):
    """Shows what it was told until that is taken back; there is no room for it while there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: Text | None = None
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def say(self, words: Text, fault: bool = False) -> None:
        """Show a sentence, as trouble where it tells of a `fault`."""
        theme.style(self, role="fault" if fault else "muted")
        self._words = words
        self.setText(words())
        self.show()

    def take_back(self) -> None:
        """Show nothing."""
        self._words = None
        self.clear()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self._words is not None:
            self.setText(self._words())
