"""Fields that are chosen, not typed: one of a few, or on and off."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from gpt_core.config import Setting


class Choice(QComboBox):
    """A list to choose from that the wheel turns only where it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # so that the panel scrolls


class ChoiceField(Choice):
    """One of a setting's choices, by the name that the file has too."""

    edited = Signal(object)
    settled = Signal()

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItems(list(what.choices))
        self.currentTextChanged.connect(self._choose)

    def _choose(self, text: str) -> None:
        self.edited.emit(text)
        self.settled.emit()

    def value(self) -> Any:
        return self.currentText()

    def show_value(self, value: Any) -> None:
        """Show a choice; a value that is none of them stays to be seen as the field's own text."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findText(value) if isinstance(value, str) else -1)
        self.setPlaceholderText(str(value))  # drawn where there is no current choice
        self.update()

    def set_locked(self, locked: bool) -> None:
        self.setEnabled(not locked)


class SwitchField(QCheckBox):
    """On or off."""

    edited = Signal(object)
    settled = Signal()

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what = what
        self.toggled.connect(self._choose)

    def _choose(self, on: bool) -> None:
        self.edited.emit(on)
        self.settled.emit()

    def value(self) -> Any:
        return self.isChecked()

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self):
            self.setChecked(value is True)
        self.update()

    def set_locked(self, locked: bool) -> None:
        self.setEnabled(not locked)
