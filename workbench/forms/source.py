"""The text to train on: typed, chosen from a menu, or dropped onto the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from gpt_core.config import Setting
from gpt_core.text import BUILTIN
from workbench import theme
from workbench.forms.line import TextField


class SourceField(QWidget):
    """A file, a folder, or a built-in text."""

    edited = Signal(object)
    settled = Signal()

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = TextField(what)
        self.line.setAcceptDrops(False)  # a dropped file is a path, not its URL as text
        self.setAcceptDrops(True)
        self.line.edited.connect(self.edited)
        self.line.settled.connect(self.settled)
        self.line.textChanged.connect(self.line.setToolTip)  # a long path does not fit
        self.button = QToolButton()
        self.button.setText("…")
        self.button.setFixedSize(32, theme.CONTROL_HEIGHT)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self.button)
        for name in BUILTIN:
            menu.addAction(name).triggered.connect(lambda _=False, name=name: self.choose(name))
        menu.addSeparator()
        menu.addAction(self.tr("File…")).triggered.connect(self._ask_for_file)
        menu.addAction(self.tr("Folder…")).triggered.connect(self._ask_for_folder)
        self.button.setMenu(menu)
        self.button.setAccessibleName(self.tr("Choose a text"))
        self.setFocusProxy(self.line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)

    def value(self) -> Any:
        return self.line.value()

    def show_value(self, value: Any) -> None:
        self.line.show_value(value)

    def set_locked(self, locked: bool) -> None:
        self.line.set_locked(locked)
        self.button.setEnabled(not locked)
        self.setAcceptDrops(not locked)

    def choose(self, source: str) -> None:
        """Take a source as the person's choice."""
        self.show_value(source)
        self.edited.emit(source)
        self.settled.emit()

    def _ask_for_file(self) -> None:
        self._ask(QFileDialog.FileMode.ExistingFile, self.tr("Choose a text file"))

    def _ask_for_folder(self) -> None:
        self._ask(QFileDialog.FileMode.Directory, self.tr("Choose a folder of text files"))

    def _ask(self, mode: QFileDialog.FileMode, title: str) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        present = Path(str(self.value())).expanduser()
        if present.parent.is_dir() and present.is_absolute():
            dialog.setDirectory(str(present.parent))
        dialog.fileSelected.connect(self.choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()  # the window goes on: a run may be drawing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.choose(event.mimeData().urls()[0].toLocalFile())
        event.acceptProposedAction()
