"""Figures with their names, one a line: what a text is, what a run will take."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench import theme


class Facts(QWidget):
    """Names at the left, figures at the right; a line without a figure is not there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GAP_M)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[QLabel, QLabel]] = {}

    def show_line(self, key: str, name: str, figure: str, tip: str = "") -> None:
        """Put a figure into the line `key`, which comes below those that were shown before it."""
        if key not in self._lines:
            row = len(self._lines)
            named, figured = theme.label("muted"), theme.label("label")
            figured.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            figured.setWordWrap(True)
            figured.setMinimumWidth(1)  # a long word is no reason to be wider
            figured.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(named, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(figured, row, 1)
            self._lines[key] = named, figured
        named, figured = self._lines[key]
        named.setText(name)
        figured.setText(figure)
        for label in (named, figured):
            label.setToolTip(tip)
            label.setVisible(bool(figure))

    def figure(self, key: str) -> str:
        """What the line shows, "" where there is none."""
        return self._lines[key][1].text() if key in self._lines else ""

    def clear(self) -> None:
        """Take all figures away."""
        for named, figured in self._lines.values():
            figured.clear()
            named.hide()
            figured.hide()
