"""The runs of the workspace as a table, or as a tree in which a fork stands below the run it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from math import inf
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor

from gpt_core.errors import GPTCoreError
from gpt_core.summary import Summary
from workbench import i18n, theme, words

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()  # the parent of what is at the top
SORT = Qt.ItemDataRole.UserRole  # the plain value of a cell, to sort by
TOP = -1  # stands for the parent of the runs that are nobody's fork


class Column(IntEnum):
    """What is told of a run, from left to right."""

    NAME = 0
    STAR = 1
    STATE = 2
    BEST = 3
    STEPS = 4
    TOKENS = 5
    TIME = 6
    CHANGED = 7
    PRESET = 8
    TAGS = 9
    NOTES = 10


COLUMNS = len(Column)
NUMBERS = {Column.BEST, Column.STEPS, Column.TOKENS, Column.TIME, Column.CHANGED}
WRITTEN = {Column.NAME, Column.TAGS, Column.NOTES}  # by the person


class RunsModel(QAbstractItemModel):
    """A row for each run; a name, tags or notes that a person types are asked for with `asked`."""

    asked = Signal(object, str, object)  # folder, what ("name", "tags", "notes", "star"), value

    def __init__(self, state_of: Callable[[Summary], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state_of = state_of
        self._runs: list[Summary] = []
        self._parents: list[int] = []  # of each run: its place in `_runs`, or TOP
        self._children: dict[int, list[int]] = {TOP: []}
        self._tree = True
        self.missing = inf  # the best loss of a run that has none, so that it is sorted last

    def show(self, runs: Sequence[Summary]) -> None:
        """Show these runs; what stays of those shown before keeps its place, selection and all."""
        runs = sorted(runs, key=lambda run: run.name)
        parents = _parents(runs) if self._tree else [TOP] * len(runs)
        same = [run.folder for run in runs] == [run.folder for run in self._runs]
        if same and parents == self._parents:
            before, self._runs = self._runs, runs
            for now, then in zip(runs, before, strict=True):
                if now is not then:
                    self.refresh(now.folder)
            return
        self.beginResetModel()
        self._runs, self._parents = runs, parents
        self._children = {place: [] for place in range(TOP, len(runs))}
        for place, above in enumerate(parents):
            self._children[above].append(place)
        self.endResetModel()

    def show_as_tree(self, tree: bool) -> None:
        """Put forks below the runs they came from, or all side by side."""
        self._tree = tree
        self.show(self._runs)

    @property
    def has_forks(self) -> bool:
        """Whether a run shown was forked from another one shown."""
        return any(parent != TOP for parent in _parents(self._runs))

    def refresh(self, folder: Path) -> None:
        """Tell the views that the run in `folder` may be another; each row told of takes them its time."""
        row = self.find(folder)
        if row.isValid():
            last = self.createIndex(row.row(), COLUMNS - 1, row.internalId())
            self.dataChanged.emit(row, last)

    def run(self, index: Index) -> Summary:
        """The run of a row."""
        return self._runs[index.internalId()]

    def find(self, folder: Path) -> QModelIndex:
        """The row of the run in `folder`, or none."""
        for place, run in enumerate(self._runs):
            if run.folder == folder:
                return self.createIndex(self._children[self._parents[place]].index(place), 0, place)
        return QModelIndex()

    # ------------------------------------------------------------------------------------------ As Qt asks it

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        children = self._children[_place(parent)]
        if parent.column() > 0 or not (0 <= row < len(children) and 0 <= column < COLUMNS):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = NOWHERE) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or self._parents[index.internalId()] == TOP:
            return QModelIndex()
        above = self._parents[index.internalId()]
        return self.createIndex(self._children[self._parents[above]].index(above), 0, above)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return len(self._children[_place(parent)]) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return COLUMNS

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in WRITTEN else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        if role == Qt.ItemDataRole.AccessibleTextRole and section == Column.STAR:
            return self.tr("Star")
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.NAME: self.tr("Name"),
            Column.STAR: "★",
            Column.STATE: self.tr("State"),
            Column.PRESET: self.tr("Preset"),
            Column.BEST: self.tr("Best loss"),
            Column.STEPS: self.tr("Steps"),
            Column.TOKENS: self.tr("Tokens"),
            Column.TIME: self.tr("Time"),
            Column.CHANGED: self.tr("Last change"),
            Column.TAGS: self.tr("Tags"),
            Column.NOTES: self.tr("Notes"),
        }[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run, column = self.run(index), Column(index.column())
        if role == SORT:  # asked thousands of times where there are hundreds of runs
            return self._plain(run, column)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(run, column)
            case Qt.ItemDataRole.EditRole:
                return self._text(run, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(run, column)
            case Qt.ItemDataRole.AccessibleTextRole if column == Column.STAR:
                return self.tr("starred") if run.about.star else self.tr("no star")
            case Qt.ItemDataRole.ForegroundRole:
                return _colour(run, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        run, column = self.run(index), Column(index.column())
        if role != Qt.ItemDataRole.EditRole or value == self._text(run, column):
            return False
        if column == Column.NAME:
            self.asked.emit(run.folder, "name", value)
        elif column == Column.NOTES:
            self.asked.emit(run.folder, "notes", value)
        elif column == Column.TAGS:
            tags = dict.fromkeys(tag.strip() for tag in value.split(","))
            self.asked.emit(run.folder, "tags", tuple(filter(None, tags)))
        return True

    def _text(self, run: Summary, column: Column) -> str:
        match column:
            case Column.NAME:
                return run.name
            case Column.STAR:
                return "★" if run.about.star else "☆"
            case Column.STATE:
                return self._state_of(run)
            case Column.PRESET:
                return run.preset or "–"
            case Column.BEST:
                return words.loss(run.best)
            case Column.STEPS:
                return f"{run.step:,}" if run.step else "–"
            case Column.TOKENS:
                return words.short_count(run.tokens) if run.tokens else "–"
            case Column.TIME:
                return words.duration(run.seconds) if run.seconds else "–"
            case Column.CHANGED:
                return words.when(run.changed)
            case Column.TAGS:
                return ", ".join(run.about.tags)
            case Column.NOTES:
                return run.about.notes

    def _plain(self, run: Summary, column: Column) -> Any:
        """The value of a cell as it is sorted."""
        match column:
            case Column.NAME:
                return run.name
            case Column.STAR:
                return not run.about.star  # the starred ones first
            case Column.STATE:
                return self._state_of(run)
            case Column.PRESET:
                return run.preset
            case Column.BEST:
                return self.missing if run.best is None else run.best
            case Column.STEPS:
                return run.step
            case Column.TOKENS:
                return run.tokens
            case Column.TIME:
                return run.seconds
            case Column.CHANGED:
                return run.changed
            case Column.TAGS:
                return ", ".join(run.about.tags)
            case Column.NOTES:
                return run.about.notes

    def _tip(self, run: Summary, column: Column) -> str | None:
        if column == Column.STATE and isinstance(run.error, GPTCoreError):
            return i18n.of_error(run.error)
        if column == Column.NAME and run.about.parent:
            text = self.tr("{folder}\nForked from {parent} at step {step}")
            values = {"parent": run.about.parent, "step": f"{run.about.parent_step:,}"}
            return text.format(folder=run.folder, **values)
        if column == Column.NAME:
            return str(run.folder)
        if column == Column.BEST and run.best is not None:
            return self.tr("at step {step}").format(step=f"{run.best_step:,}")
        if column == Column.STEPS:
            return self.tr("of {total}").format(total=f"{run.config.train.max_steps:,}")
        if column == Column.NOTES:
            return run.about.notes or self.tr("Double-click, or F4, to write notes")
        if column == Column.TAGS:
            return self.tr("Double-click, or F3, to write tags, with commas between")
        return None


class FoundRuns(QSortFilterProxyModel):
    """The runs in which every word that was typed occurs: in name, state, preset, tags or notes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sought: list[str] = []
        self.setSortRole(SORT)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setRecursiveFilteringEnabled(True)  # a fork that is found keeps those above it

    def seek(self, typed: str) -> None:
        """Show only the runs with these words."""
        self._sought = typed.casefold().split()
        self.setFilterFixedString(typed)  # has every row asked about anew

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        model = self.sourceModel()
        if isinstance(model, RunsModel):
            model.missing = inf if order == Qt.SortOrder.AscendingOrder else -inf
        super().sort(column, order)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not self._sought:
            return True
        told = (Column.NAME, Column.STATE, Column.PRESET, Column.TAGS, Column.NOTES)
        model = self.sourceModel()
        texts = [str(model.index(row, column, parent).data()).casefold() for column in told]
        return all(any(word in text for text in texts) for word in self._sought)


def _place(index: Index) -> int:
    return int(index.internalId()) if index.isValid() else TOP


def _parents(runs: Sequence[Summary]) -> list[int]:
    """Of each run, the place of the one it was forked from, or TOP where that is not among them."""
    places = {run.name: place for place, run in enumerate(runs)}
    parents = [places.get(run.about.parent, TOP) for run in runs]
    for place in range(len(parents)):  # what a person wrote may go round in a circle
        seen, above = {place}, parents[place]
        while above != TOP and above not in seen:
            seen.add(above)
            above = parents[above]
        if above != TOP:
            parents[place] = TOP
    return parents


def _alignment(column: Column) -> Qt.AlignmentFlag:
    if column == Column.STAR:
        return Qt.AlignmentFlag.AlignCenter
    side = Qt.AlignmentFlag.AlignRight if column in NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _colour(run: Summary, column: Column) -> QColor | None:
    palette = theme.current()
    if column == Column.STAR:
        return QColor(palette.warning if run.about.star else palette.muted)
    if column == Column.STATE:
        shades = {"finished": palette.success, "in_use": palette.accent_text, "failed": palette.danger}
        shades |= {"unreadable": palette.danger, "interrupted": palette.warning}
        return QColor(shades.get(run.state, palette.muted))
    return None
