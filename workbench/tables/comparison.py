"""The settings of several runs side by side, a row for each setting and a column for each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from gpt_core.config import settings
from gpt_core.summary import Summary
from workbench import i18n, theme, words

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()  # the parent of what is at the top


class ComparisonModel(QAbstractTableModel):
    """Results, then settings; with `differences_only`, only the settings that are not the same in all."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Summary] = []
        self._rows: list[tuple[str, list[str], str]] = []  # name, a value for each run, tooltip
        self._results = 0  # how many of the rows are not settings
        self._differences_only = True

    def compare(self, runs: Sequence[Summary]) -> None:
        """Show these runs."""
        self.beginResetModel()
        self._runs = list(runs)
        self._fill()
        self.endResetModel()

    def show_differences_only(self, only: bool) -> None:
        """Leave out the settings that are the same in all runs, or show all."""
        self.beginResetModel()
        self._differences_only = only
        self._fill()
        self.endResetModel()

    def _fill(self) -> None:
        self._rows = [
            (self.tr("Best validation loss"), [words.loss(run.best) for run in self._runs], ""),
            (
                self.tr("… in bits per byte"),
                [words.loss(run.best_bits) for run in self._runs],
                self.tr("By the bytes of the text itself, so that runs with different tokenizers compare"),
            ),
            (self.tr("Steps done"), [f"{run.step:,}" for run in self._runs], ""),
            (self.tr("Tokens"), [words.short_count(run.tokens) for run in self._runs], ""),
            (self.tr("Time"), [words.duration(run.seconds) for run in self._runs], ""),
            (self.tr("Preset"), [run.preset or "–" for run in self._runs], ""),
        ]
        self._results = len(self._rows)
        for field, what in settings().items():
            values = [run.config.get(field) for run in self._runs]
            if not self._differences_only or any(value != values[0] for value in values):
                shown = [i18n.shown(what, value) for value in values]
                self._rows.append((i18n.title(what), shown, f"{field}\n{i18n.description(what)}"))

    @property
    def settings_shown(self) -> int:
        """How many of the rows are settings."""
        return len(self._rows) - self._results

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else 1 + len(self._runs)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._runs[section - 1].name if section else self.tr("Setting")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name, values, tip = self._rows[index.row()]
        place = index.column() - 1
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name if place < 0 else values[place]
            case Qt.ItemDataRole.ToolTipRole:
                return tip or None
            case Qt.ItemDataRole.ForegroundRole if place < 0:
                return QColor(theme.current().muted)
            case Qt.ItemDataRole.FontRole if place > 0 and values[place] != values[0]:
                return theme.font(theme.BODY, QFont.Weight.DemiBold)
        return None
