"""The menu of what can be taken back: steps of the configuration, and what is typed in a text of its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMetaObject, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

from workbench.draft import Draft
from workbench.forms.line import TextField

Editor = QLineEdit | QPlainTextEdit | QTextEdit


class EditMenu(QMenu):
    """Undo and redo, in the whole window: in the text that has the focus, while that has something of its own
    to take back, else in the draft. The fields of the draft have no undo but the draft's.

    `seek` leads to a setting; the window does it.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._editor: Editor | None = None  # the text that has the focus
        self._heard = QMetaObject.Connection()  # to it
        self.undo, self.redo, self.seek = QAction(self), QAction(self), QAction(self)
        self.undo.setShortcuts(usual(QKeySequence.StandardKey.Undo))
        redo = [*usual(QKeySequence.StandardKey.Redo), QKeySequence("Ctrl+Shift+Z")]
        self.redo.setShortcuts(list(dict.fromkeys(redo)))
        self.seek.setShortcuts(usual(QKeySequence.StandardKey.Find))
        self.undo.triggered.connect(self._undo)
        self.redo.triggered.connect(self._redo)
        self.addActions([self.undo, self.redo])
        self.addSeparator()
        self.addAction(self.seek)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        draft.historyChanged.connect(self._offer)
        self._offer()
        self._say()

    def _say(self) -> None:
        self.setTitle(self.tr("&Edit"))
        self.undo.setText(self.tr("&Undo"))
        self.redo.setText(self.tr("&Redo"))
        self.seek.setText(self.tr("&Find a setting"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _undo(self) -> None:
        editor = self._text()
        if editor is not None and _can_undo(editor):
            editor.undo()
        else:
            self._draft.undo()

    def _redo(self) -> None:
        editor = self._text()
        if editor is not None and _can_redo(editor):
            editor.redo()
        else:
            self._draft.redo()

    def _offer(self) -> None:
        editor = self._text()
        self.undo.setEnabled(self._draft.can_undo or (editor is not None and _can_undo(editor)))
        self.redo.setEnabled(self._draft.can_redo or (editor is not None and _can_redo(editor)))

    # ------------------------------------------------------------------------------- The text in the focus

    def _text(self) -> Editor | None:
        """The text that has the focus, or had it before the menu; that of a table's cell is gone by then."""
        return self._editor if self._editor is not None and isValid(self._editor) else None

    def _focus_moved(self, _: QWidget | None, focused: QWidget | None) -> None:
        if isinstance(focused, QMenu | QMenuBar):
            return  # what is chosen there is meant for what had the focus before
        editor = self._text()
        if editor is not None:
            editor.removeEventFilter(self)
        QObject.disconnect(self._heard)  # which says nothing where the text is going, and the connection gone
        self._editor = None
        if isinstance(focused, Editor) and not isinstance(focused, TextField):
            self._editor = focused
            focused.installEventFilter(self)
            self._heard = focused.textChanged.connect(self._offer)
        self._offer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let no text keep the keys of undo and redo to itself, as it would with nothing to take back too."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressed = QKeySequence(event.keyCombination())
            if pressed in self.undo.shortcuts() + self.redo.shortcuts():
                event.ignore()
                return True
        return False


def usual(standard: QKeySequence.StandardKey) -> list[QKeySequence]:
    """The keys that this system has for something, less those that no keyboard has any more, as F14."""
    return [keys for keys in QKeySequence.keyBindings(standard) if not keys.toString().startswith("F1")]


def _can_undo(editor: Editor) -> bool:
    if isinstance(editor, QLineEdit):
        return editor.isUndoAvailable()
    return editor.document().isUndoAvailable() and not editor.isReadOnly()


def _can_redo(editor: Editor) -> bool:
    if isinstance(editor, QLineEdit):
        return editor.isRedoAvailable()
    return editor.document().isRedoAvailable() and not editor.isReadOnly()
