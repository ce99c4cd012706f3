"""The checkpoints of the open run, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QColor

from gpt_core.disk import readable_size
from gpt_core.errors import GPTCoreError
from gpt_core.record import Points, RecordView
from gpt_core.run import Run
from workbench import i18n, theme, words

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()  # the parent of what is at the top


@dataclass(frozen=True)
class Saved:
    """A checkpoint: losses at its step where they are known, bytes, and seconds since 1970."""

    path: Path
    step: int
    loss: float | None
    validation: float | None
    size: int
    time: float
    pinned: bool
    latest: bool
    best: bool


def read_checkpoints(run: Run) -> list[Saved]:
    """What there is to know of a run's checkpoints; not for the window's thread: it may load torch."""
    from gpt_core.checkpoint import MANIFEST, checkpoints

    nothing = (np.empty(0, np.int64), np.empty(0))
    losses, validations, best = nothing, nothing, None
    # Where the record is damaged, whoever opens the run is told; the checkpoints are there all the same.
    with suppress(GPTCoreError), closing(RecordView(run.record_path)) as view:
        losses, validations, best = view.series("loss"), view.series("validation"), view.best()
    found: list[Saved] = []
    for saved in reversed(checkpoints(run.checkpoints_folder)):
        try:
            size, moment = saved.size, (saved.path / MANIFEST).stat().st_mtime
        except OSError:  # the keep-policy has just taken it away, or it is damaged
            if not saved.path.is_dir():
                continue
            size, moment = 0, 0.0
        found.append(
            Saved(
                path=saved.path,
                step=saved.step,
                loss=_at(losses, saved.step),
                validation=_at(validations, saved.step),
                size=size,
                time=moment,
                pinned=saved.pinned,
                latest=not found,
                best=best is not None and saved.step == best[0],
            )
        )
    return found


def _at(points: Points, step: int) -> float | None:
    place = int(np.searchsorted(points[0], step))
    return float(points[1][place]) if place < len(points[0]) and points[0][place] == step else None


class Column(IntEnum):
    """What is told of a checkpoint, from left to right."""

    STEP = 0
    MARKS = 1
    VALIDATION = 2
    LOSS = 3
    TIME = 4


class CheckpointsModel(QAbstractTableModel):
    """A row for each checkpoint; what a look at one came to (`tell`) stands in its marks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Saved] = []
        self._checked: dict[Path, GPTCoreError | None] = {}  # what verifying came to: None where it is sound

    def show(self, rows: Sequence[Saved]) -> None:
        """Show these checkpoints, the newest first; those that stay keep their selection in a view."""
        paths = {row.path for row in rows}
        for place in reversed(range(len(self.rows))):
            if self.rows[place].path not in paths:
                self.beginRemoveRows(NOWHERE, place, place)
                del self.rows[place]
                self.endRemoveRows()
        for place, row in enumerate(rows):
            if place == len(self.rows) or self.rows[place].path != row.path:
                self.beginInsertRows(NOWHERE, place, place)
                self.rows.insert(place, row)
                self.endInsertRows()
        self.rows = list(rows)
        self._checked = {path: told for path, told in self._checked.items() if path in paths}
        self.refresh()

    def tell(self, path: Path, error: GPTCoreError | None) -> None:
        """Show that a checkpoint was found sound, or what is wrong with it."""
        self._checked[path] = error
        self.refresh()

    def refresh(self) -> None:
        """Tell the view that every cell may be another."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(Column) - 1))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        if role == Qt.ItemDataRole.ToolTipRole:
            told = {
                Column.MARKS: self.tr("★: the best validation loss"),
                Column.VALIDATION: self.tr("Validation loss"),
                Column.LOSS: self.tr("Training loss of the step"),
            }
            return told.get(Column(section))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.STEP: self.tr("Step"),
            Column.MARKS: self.tr("What it is"),
            Column.VALIDATION: self.tr("Valid."),
            Column.LOSS: self.tr("Train"),
            Column.TIME: self.tr("Saved"),
        }[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], Column(index.column())
        error = self._checked.get(row.path)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return i18n.of_error(error) if error else self._told(row)
            case Qt.ItemDataRole.AccessibleTextRole if column == Column.MARKS:
                return ", ".join(self._marks(row))
            case Qt.ItemDataRole.ForegroundRole if column == Column.MARKS:
                return QColor(theme.current().danger if error else theme.current().muted)
        return None

    def _text(self, row: Saved, column: Column) -> str:
        match column:
            case Column.STEP:
                return f"{row.step:,}"
            case Column.MARKS:
                return " · ".join("★" if mark == self.tr("best") else mark for mark in self._marks(row))
            case Column.VALIDATION:
                return words.loss(row.validation)
            case Column.LOSS:
                return words.loss(row.loss)
            case Column.TIME:
                return words.when_briefly(row.time)

    def _told(self, row: Saved) -> str:
        """All that the row has no room for."""
        saved = QLocale().toString(
            QDateTime.fromSecsSinceEpoch(int(row.time)), QLocale.FormatType.ShortFormat
        )
        size = self.tr("{size}, saved {moment}").format(size=readable_size(row.size), moment=saved)
        return "\n".join(filter(None, [", ".join(self._marks(row)), size, str(row.path)]))

    def _marks(self, row: Saved) -> list[str]:
        marks = []
        if row.path in self._checked:
            marks.append(self.tr("sound") if self._checked[row.path] is None else self.tr("damaged"))
        if row.latest:
            marks.append(self.tr("latest"))
        if row.best:
            marks.append(self.tr("best"))
        if row.pinned:
            marks.append(self.tr("pinned"))
        return marks


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == Column.MARKS else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
