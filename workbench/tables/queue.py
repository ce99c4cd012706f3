"""The queue as a table: what is to be trained in which order, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from gpt_core import resources
from gpt_core.config import Setting, from_toml, settings
from gpt_core.errors import ConfigError, Fault, GPTCoreError
from workbench import i18n, own_presets, theme
from workbench.draft import flat, same
from workbench.queue_file import Entry, Trouble

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()  # the parent of what is at the top
QUICKSTART = "quickstart"  # what settings are compared with where their preset is not known


class Column(IntEnum):
    """What is told of an entry, from left to right."""

    NUMBER = 0
    NAME = 1
    DIFFERENCES = 2
    STEPS = 3
    STATE = 4


class QueueModel(QAbstractTableModel):
    """A row for each entry, with what tells it from the others first.

    `here` gives what the window knows of one whose run is open: its state in words and its step. A name that
    a person types is asked for with `renamed`: key and name.
    """

    renamed = Signal(object, str)

    def __init__(
        self, here: Callable[[Entry], tuple[str, int] | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._here = here
        self._entries: list[Entry] = []
        self._faults: dict[int, list[Fault]] = {}  # what is wrong with settings, by key
        self._differences: dict[int, list[tuple[Setting, Any]]] = {}
        self._telling: set[str] = set()  # the settings that are not the same in all entries

    def show(self, entries: list[Entry]) -> None:
        """Show these entries."""
        bases = {preset: _values_of(preset) for preset in {entry.preset for entry in entries}}
        same_rows = [entry.key for entry in entries] == [entry.key for entry in self._entries]
        if not same_rows:
            self.beginResetModel()
        self._entries = list(entries)
        self._faults = {entry.key: entry.faults() for entry in entries}
        self._differences = {
            entry.key: _differences(entry, bases[entry.preset], self._faults[entry.key]) for entry in entries
        }
        every = [flat(entry.tables) for entry in entries]
        self._telling = {
            field for field in settings() if any(not same(one[field], every[0][field]) for one in every)
        }
        if same_rows:
            self.refresh()
        else:
            self.endResetModel()

    def refresh(self) -> None:
        """Tell the views that what the window knows of the open run is another."""
        if self._entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, len(Column) - 1))

    def entry(self, index: Index) -> Entry:
        """The entry of a row."""
        return self._entries[index.row()]

    # ------------------------------------------------------------------------------------------ As Qt asks it

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        named = (
            index.isValid() and index.column() == Column.NAME and not self.entry(index).run
        )  # else the run has the name
        return flags | Qt.ItemFlag.ItemIsEditable if named else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.NUMBER: self.tr("No."),
            Column.NAME: self.tr("Name"),
            Column.DIFFERENCES: self.tr("Differs from its preset"),
            Column.STEPS: self.tr("Steps"),
            Column.STATE: self.tr("State"),
        }[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, column = self.entry(index), Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return str(index.row() + 1) if column == Column.NUMBER else self._text(entry, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(entry, column)
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour(entry, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.entry(index)
        if role != Qt.ItemDataRole.EditRole or value == entry.name:
            return False
        self.renamed.emit(entry.key, str(value))
        return True

    # ----------------------------------------------------------------------------------------- What it tells

    def _text(self, entry: Entry, column: Column) -> str:
        match column:
            case Column.NAME:
                return entry.run or entry.name
            case Column.DIFFERENCES:
                return self._differing(entry)
            case Column.STEPS:
                return self._steps(entry)
        return self.state(entry)

    def _differing(self, entry: Entry) -> str:
        base = entry.preset or QUICKSTART
        differences = sorted(
            self._differences[entry.key], key=lambda difference: difference[0].field not in self._telling
        )
        found = " · ".join(f"{i18n.title(what)} {_short(what, value)}" for what, value in differences)
        if not found:
            return self.tr("{preset}, as it is").format(preset=base)
        return self.tr("{preset}: {differences}").format(preset=base, differences=found)

    def _steps(self, entry: Entry) -> str:
        if "train.max_steps" in {fault.field for fault in self._faults[entry.key]}:
            return "–"
        shown = f"{flat(entry.tables)['train.max_steps']:,}"
        here = self._here(entry)
        return self.tr("{done} of {total}").format(done=f"{here[1]:,}", total=shown) if here else shown

    def state(self, entry: Entry) -> str:
        """What becomes of an entry, and where something is wrong, what, in one line."""
        here = self._here(entry)
        if entry.state == "training":
            return here[0] if here else self.tr("Training")
        if entry.next_up and self._faults[entry.key]:
            return self.tr("Passed over: {problem}").format(problem=self.problem(entry))
        if entry.state == "failed" and entry.trouble:
            return self.tr("Failed: {problem}").format(problem=self.problem(entry))
        return {
            "waiting": self.tr("Waiting"),
            "interrupted": self.tr("Broken off; goes on when its turn comes"),
            "done": self.tr("Finished"),
            "stopped": self.tr("Stopped"),
            "failed": self.tr("Failed"),
        }[entry.state]

    def problem(self, entry: Entry) -> str:
        """What is wrong with an entry, or went wrong with its run; "" where nothing did."""
        wrong = self._faults[entry.key] if entry.next_up else entry.trouble
        return i18n.together(_told(problem) for problem in wrong)

    def _tip(self, entry: Entry, column: Column) -> str | None:
        if column == Column.DIFFERENCES:
            fields = [f"{what.field} = {i18n.shown(what, new)}" for what, new in self._differences[entry.key]]
            return "\n".join([entry.preset or QUICKSTART, *fields])
        if column == Column.STATE:
            return self.problem(entry) or None
        return str(entry.folder) if column == Column.NAME and entry.run else None

    def _colour(self, entry: Entry, column: Column) -> QColor | None:
        palette = theme.current()
        wrong = entry.state == "failed" or (entry.next_up and self._faults[entry.key])
        if column == Column.STATE and wrong:
            return QColor(palette.danger)
        if column == Column.STATE and entry.state == "training":
            return QColor(palette.train_text)
        over = entry.state in ("done", "stopped") or column == Column.NUMBER
        return QColor(palette.muted) if over else None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    right = column in (Column.NUMBER, Column.STEPS)
    return (
        Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    ) | Qt.AlignmentFlag.AlignVCenter


def _told(problem: Fault | Trouble) -> str:
    if not problem.field:
        return i18n.sentence(problem.code, problem.values)
    return i18n.of_error(ConfigError([Fault(problem.field, problem.code, problem.values)]))


def _values_of(preset: str) -> dict[str, Any]:
    known = resources.presets() | own_presets.presets()
    try:
        return flat(from_toml(known.get(preset, known[QUICKSTART])))
    except GPTCoreError:  # a file that was edited by hand
        return flat(from_toml(known[QUICKSTART]))


def _differences(entry: Entry, base: dict[str, Any], faults: list[Fault]) -> list[tuple[Setting, Any]]:
    """The settings that are not as their preset has them; what is wrong is told as its state."""
    values, told = flat(entry.tables), {"train.max_steps", *(fault.field for fault in faults)}
    return [
        (what, values[field])
        for field, what in settings().items()
        if field not in told and not same(values[field], base[field])
    ]


def _short(what: Setting, value: Any) -> str:
    """A value in one line; of a text's path, the last part."""
    shown = " ".join(i18n.shown(what, value).split())
    return Path(shown).name or shown if what.field == "data.source" else shown
