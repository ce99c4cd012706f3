"""Fields for paths: the texts to train on, the folder of a tokenizer; typed, chosen, or dropped onto them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from gpt_core.config import Setting
from gpt_core.text import BUILTIN, SEPARATOR, parts
from workbench import theme
from workbench.forms.line import TextField


def dropped(data: QMimeData) -> list[str]:
    """The paths of the files and folders that are being dragged; none where one of them is not here."""
    urls = data.urls()
    return [url.toLocalFile() for url in urls] if all(url.isLocalFile() for url in urls) else []


class PathField(QWidget):
    """A path in a line, with a button to choose one; a file or folder may be dropped on it."""

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

    def choose(self, path: str) -> None:
        """Take a path as the person's choice."""
        self.show_value(path)
        self.edited.emit(path)
        self.settled.emit()

    def ask(self, mode: QFileDialog.FileMode, title: str) -> None:
        """Let a path be chosen in a dialog, while the window goes on: a run may be drawing."""
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        present = Path(parts(str(self.value()))[0]).expanduser()
        if present.parent.is_dir() and present.is_absolute():
            dialog.setDirectory(str(present.parent))
        dialog.filesSelected.connect(lambda paths: self.choose(SEPARATOR.join(paths)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def takes(self, paths: list[str]) -> bool:
        """Whether what is dropped may be the value."""
        return bool(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.takes(dropped(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.choose(SEPARATOR.join(dropped(event.mimeData())))
        event.acceptProposedAction()

    def _say(self) -> None:
        """The words of its button."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


class SourceField(PathField):
    """Files, folders, or a built-in text."""

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(what, parent)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.style(self.button, kind="list")
        menu = QMenu(self.button)
        for name in BUILTIN:
            menu.addAction(name).triggered.connect(lambda _=False, name=name: self.choose(name))
        menu.addSeparator()
        self.file_action, self.folder_action = QAction(menu), QAction(menu)
        self.file_action.triggered.connect(self._ask_for_file)
        self.folder_action.triggered.connect(self._ask_for_folder)
        menu.addActions([self.file_action, self.folder_action])
        self.button.setMenu(menu)
        self._say()

    def _say(self) -> None:
        self.file_action.setText(self.tr("Files…"))
        self.folder_action.setText(self.tr("Folder…"))
        self.button.setAccessibleName(self.tr("Choose a text"))

    def _ask_for_file(self) -> None:
        self.ask(QFileDialog.FileMode.ExistingFiles, self.tr("Choose text files"))

    def _ask_for_folder(self) -> None:
        self.ask(QFileDialog.FileMode.Directory, self.tr("Choose a folder of text files"))


class FolderField(PathField):
    """A folder on this machine, or none."""

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(what, parent)
        self.button.clicked.connect(self._ask_for_folder)
        self._say()

    def takes(self, paths: list[str]) -> bool:
        return len(paths) == 1 and Path(paths[0]).is_dir()

    def _say(self) -> None:
        self.button.setAccessibleName(self.tr("Choose a folder"))
        self.line.setPlaceholderText(self.tr("none"))

    def _ask_for_folder(self) -> None:
        self.ask(QFileDialog.FileMode.Directory, self.tr("Choose a folder"))
