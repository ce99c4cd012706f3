"""The command palette: type a few letters of anything that the window can do, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from workbench import theme
from workbench.dialogs.commands import Command, commands, ranked

WIDTH, HEIGHT = 620, 420
ON = "✓ "


class CommandPalette(QDialog):
    """A field and the commands that fit what is typed into it; made anew each time it is asked for.

    Up and Down choose, Enter does, Escape or a click beside it leaves. A command that cannot be done now is
    grey and passed over. It is to be shown, not opened: modal, it would keep that click from the window, and
    all clicks after it, since it leaves while it is being left.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Command palette"))
        self._commands = commands(window)
        self._shown: list[Command] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setAccessibleName(self.tr("Search the commands"))
        self.field.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Commands that fit"))
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformRowHeights(True)
        head = self.list.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.nothing = theme.label("muted", self.tr("Nothing here is called that. Try fewer letters."))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out(window)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list.clicked.connect(self._do)
        self._search("")

    def _lay_out(self, window: QMainWindow) -> None:
        frame = QFrame()
        theme.style(frame, kind="panel")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(theme.GAP_S, theme.GAP_S, theme.GAP_S, theme.GAP_S)
        inside.setSpacing(theme.GAP_S)
        for widget in (self.field, self.nothing, self.list):
            inside.addWidget(widget)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(frame)
        self.resize(min(WIDTH, window.width()), min(HEIGHT, window.height()))
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, window.height() // 8)))

    def shown(self) -> list[Command]:
        """The commands in the list, the best first."""
        return self._shown

    def _search(self, typed: str) -> None:
        self._shown = ranked(self._commands, typed)
        palette = theme.current()
        self.list.clear()
        for command in self._shown:
            mark = ON if command.on else ""
            item = QTreeWidgetItem(
                [mark + command.text, command.place, command.keys[0] if command.keys else ""]
            )
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setForeground(0, QColor(palette.text if command.enabled else palette.disabled))
            for column in (1, 2):
                item.setForeground(column, QColor(palette.muted if command.enabled else palette.disabled))
            if not command.enabled:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                item.setToolTip(0, self.tr("This cannot be done just now."))
            self.list.addTopLevelItem(item)
        self.list.setVisible(bool(self._shown))
        self.nothing.setVisible(not self._shown)
        self._choose(-1, 1)

    def _choose(self, place: int, by: int) -> None:
        """Go from a row to the next one that can be done, up (-1) or down (1)."""
        place += by
        while 0 <= place < len(self._shown):
            if self._shown[place].enabled:
                self.list.setCurrentIndex(self.list.model().index(place, 0))
                return
            place += by

    def _do(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._shown) and self._shown[index.row()].enabled:
            self.accept()
            # Once the window has the focus again, which what is done may want to move.
            QTimer.singleShot(0, self._shown[index.row()].do)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        here = self.list.currentIndex()
        match event.key():
            case Qt.Key.Key_Down:
                self._choose(here.row(), 1)
            case Qt.Key.Key_Up:
                self._choose(here.row(), -1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._do(here)
            case _:
                return super().eventFilter(watched, event)
        return True

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.reject()  # a click beside it
