"""What a person does with the columns of a table, by keys as by mouse: sort, move, fit, hide, show again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QTreeView, QWidget

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


class ColumnsMenu(QMenu):
    """A menu for each column that `view` shows, then those that it could show; made anew when it is opened.

    What it offers for a column, a click with the right button on its heading does too. The first stays.
    """

    def __init__(self, view: QTreeView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view, self._header = view, view.header()
        self._made: list[QMenu] = []
        self.aboutToShow.connect(self._fill)
        self._header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._header.customContextMenuRequested.connect(self._show_one)

    def _fill(self) -> None:
        self.clear()
        for menu in self._made:
            menu.deleteLater()
        self._made = []
        for column in self._shown():
            self._offer(self._below(self, self._name(column)), column)
        self.addSeparator()
        self._offer_hidden(self)

    def _show_one(self, place: QPoint) -> None:
        column = self._header.logicalIndexAt(place)
        if column >= 0:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._offer(menu, column)
            menu.addSeparator()
            self._offer_hidden(menu)
            menu.popup(self._header.mapToGlobal(place))

    def _offer(self, menu: QMenu, column: int) -> None:
        """What can be done with a column that is shown."""
        sorted_by = self._header.sortIndicatorSection() == column
        for text, order in ((self.tr("Sort &up"), UP), (self.tr("Sort &down"), DOWN)):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(sorted_by and self._header.sortIndicatorOrder() == order)
            action.triggered.connect(partial(self._view.sortByColumn, column, order))
        for text, by in ((self.tr("Move &left"), -1), (self.tr("Move &right"), 1)):
            beside = self._beside(column, by)
            action = menu.addAction(text)
            action.setEnabled(beside is not None)
            action.triggered.connect(partial(self._move, column, beside))
        _act(menu, self.tr("As &wide as what it holds"), partial(self._view.resizeColumnToContents, column))
        if column:
            _act(menu, self.tr("&Hide"), partial(self._header.hideSection, column))

    def _offer_hidden(self, menu: QMenu) -> None:
        """The columns that can be shown."""
        hidden = [column for column in range(self._header.count()) if self._header.isSectionHidden(column)]
        below = self._below(menu, self.tr("&Add a column"))
        below.setEnabled(bool(hidden))
        for column in hidden:
            _act(below, self._name(column), partial(self._show_column, column))

    def _show_column(self, column: int) -> None:
        """Show a column as the last one, where it is seen that it is new."""
        self._header.showSection(column)
        self._move(column, self._shown()[-1])
        self._view.scrollTo(self._view.currentIndex().siblingAtColumn(column))

    def _move(self, column: int, to: int | None) -> None:
        if to is not None:
            self._header.moveSection(self._header.visualIndex(column), self._header.visualIndex(to))

    def _shown(self) -> list[int]:
        """The columns that are shown, from left to right."""
        order = map(self._header.logicalIndex, range(self._header.count()))
        return [column for column in order if not self._header.isSectionHidden(column)]

    def _beside(self, column: int, by: int) -> int | None:
        shown = self._shown()
        place = shown.index(column) + by
        return shown[place] if 0 <= place < len(shown) else None

    def _name(self, column: int) -> str:
        role = Qt.ItemDataRole.AccessibleTextRole
        model, across = self._view.model(), Qt.Orientation.Horizontal
        return str(model.headerData(column, across, role) or model.headerData(column, across))

    def _below(self, menu: QMenu, title: str) -> QMenu:
        below = menu.addMenu(title)
        self._made.append(below)
        return below


def _act(menu: QMenu, text: str, act: Callable[[], object]) -> None:
    menu.addAction(text).triggered.connect(lambda: act())
