"""What a row asks of the widget in which a field is edited."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QEvent, SignalInstance
from PySide6.QtGui import QKeyEvent, QKeySequence


class Control(Protocol):
    """A widget that edits one value; Qt's own classes are its bases, so this is a shape, not a class."""

    edited: SignalInstance  # the value, while the person types or chooses
    settled: SignalInstance  # the person is done

    def value(self) -> Any:
        """What the widget shows, as `gpt_core.config.parse` reads it."""
        ...

    def show_value(self, value: Any) -> None:
        """Show a value, sending nothing out."""
        ...

    def set_locked(self, locked: bool) -> None:
        """Let the value be read but not changed."""
        ...


def is_undo_or_redo(event: QEvent) -> bool:
    """Whether an event asks if a text wants to undo for itself; the draft's undo is told instead."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
    )
