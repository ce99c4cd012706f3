"""A text box that remembers what was asked in it."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial

from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from workbench.keys import Key, act_on

MOST = 100  # texts remembered
KEPT = 50_000  # characters of them, from one start to the next


class HistoryEdit(QPlainTextEdit):
    """Several lines of text; Up in the first line and Down in the last go through what was asked before.

    `entries` holds the texts asked, each once, the newest last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.entries: list[str] = []
        self._at = 0  # the entry shown; len(entries): what is being written
        self._written = ""
        self.keys = [
            Key(
                lambda: self.tr("From the first or last line: the prompt asked before, or after"),
                {
                    "Up": partial(self._go, -1, QTextCursor.MoveOperation.Up),
                    "Down": partial(self._go, 1, QTextCursor.MoveOperation.Down),
                },
            )
        ]

    def where(self) -> str:
        return self.tr("In the prompt")

    def remember(self, text: str) -> None:
        """Put a text, which was asked just now, at the end of the history."""
        self.entries = [*(entry for entry in self.entries if entry != text), text][-MOST:]
        self._at, self._written = len(self.entries) - 1, ""

    def recall(self, text: str) -> None:
        """Show an entry, to be asked again or changed."""
        self._go_to(self.entries.index(text))

    def keep(self) -> str:
        """The newest texts, as many as have room in `KEPT` characters, for `restore`."""
        kept: list[str] = []
        for entry in reversed(self.entries):
            if sum(map(len, kept)) + len(entry) > KEPT:
                break
            kept.insert(0, entry)
        return json.dumps(kept)

    def restore(self, kept: str) -> None:
        """Take up the texts that were kept, as those that were asked first."""
        with suppress(ValueError, TypeError):  # nothing was kept, or by another version
            self.entries = [*map(str, json.loads(kept)), *self.entries][-MOST:]
            self._at = len(self.entries)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not act_on(event, self.keys):
            super().keyPressEvent(event)

    def _go(self, by: int, towards: QTextCursor.MoveOperation) -> bool:
        if not self._at_edge(towards):
            return False
        self._go_to(self._place() + by)
        return True

    def _at_edge(self, towards: QTextCursor.MoveOperation) -> bool:
        """Whether the cursor stands in the first or the last line, as the lines are broken here."""
        return not QTextCursor(self.textCursor()).movePosition(towards)

    def _place(self) -> int:
        """Which entry is shown; one that was changed since is something new."""
        shown = self._at < len(self.entries) and self.entries[self._at] == self.toPlainText()
        return self._at if shown else len(self.entries)

    def _go_to(self, number: int) -> None:
        number = max(0, min(number, len(self.entries)))
        if number == self._place():
            return
        if self._place() == len(self.entries):
            self._written = self.toPlainText()
        self._at = number
        self.setPlainText(self.entries[number] if number < len(self.entries) else self._written)
        self.moveCursor(QTextCursor.MoveOperation.End)
