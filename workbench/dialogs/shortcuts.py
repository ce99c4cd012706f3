"""All keys of the window in one list, read from what they belong to."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from workbench import theme
from workbench.dialogs.commands import acted_on, commands, ranked
from workbench.menu_bar import MenuBar


class Shortcuts(QDialog):
    """Every command that has keys, below the menu or the panel where it is found, then what widgets do by
    keys of their own, below where these have to be pressed; made anew each time."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self._commands = [command for command in commands(window) if command.keys] + acted_on(window)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Search the shortcuts"))
        self.field.setAccessibleName(self.tr("Search the shortcuts"))
        self.field.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Keyboard shortcuts"))
        self.list.setColumnCount(2)
        self.list.setHeaderLabels([self.tr("What it does"), self.tr("Keys")])
        self.list.headerItem().setTextAlignment(
            1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.list.setRootIsDecorated(False)
        self.list.setItemsExpandable(False)
        self.list.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.list.header().setSectionsClickable(False)  # nothing is sorted by it, nor moved
        self.list.header().setSectionsMovable(False)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_L, theme.GAP_L, theme.GAP_L)
        layout.setSpacing(theme.GAP_M)
        menus = window.menuBar()
        assert isinstance(menus, MenuBar)
        told = self.tr("{keys} finds everything else by its name.")
        native = QKeySequence.SequenceFormat.NativeText
        keys = menus.commands.shortcuts()[0].toString(native)
        note = theme.label("muted", told.format(keys=keys))
        self.nothing = theme.label("muted", self.tr("No shortcut is called that. Try fewer letters."))
        for widget in (self.field, self.nothing, self.list, note, close):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._search)
        self._search("")
        self.resize(600, min(560, window.height()))

    def _search(self, typed: str) -> None:
        self.list.clear()
        heads: dict[str, QTreeWidgetItem] = {}
        fitting = set(map(id, ranked(self._commands, typed)))
        for command in [command for command in self._commands if id(command) in fitting]:
            place = command.place or self.tr("Whole window")
            if place not in heads:
                heads[place] = QTreeWidgetItem(self.list, [place])
                heads[place].setFirstColumnSpanned(True)
                heads[place].setFont(0, theme.font(theme.LABEL))
                heads[place].setForeground(0, QColor(theme.current().muted))
            row = QTreeWidgetItem(heads[place], [command.text, "  ".join(command.keys)])
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.list.expandAll()
        self.nothing.setVisible(not heads)
