"""The crosshair's readout: a small label beside the pointer that tells every series at its step."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from workbench import theme
from workbench.plots.overlay import OtherRun

Others = list[tuple[OtherRun, dict[str, str]]]  # of each run its figures, by what they are called


class Readout(QLabel):
    """A label over `parent` that never reaches over its edge and never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.style(self, role="readout")
        self.hide()

    def tell(self, text: str, pointer: QPoint) -> None:
        """Show a rich text beside `pointer` (in the parent's coordinates), where there is room."""
        within = self._parent.rect()
        self.setText(text)
        self.setWordWrap(False)
        self.adjustSize()
        if self.width() > within.width():
            self.setWordWrap(True)
            self.resize(within.width(), self.heightForWidth(within.width()))
        x = pointer.x() + theme.GAP_M
        if x + self.width() > within.right():
            x = pointer.x() - theme.GAP_M - self.width()
        y = pointer.y() - self.height() // 2
        self.move(max(x, 0), max(min(y, within.bottom() - self.height()), 0))
        self.show()
        self.raise_()


def coloured(colour: str, text: str) -> str:
    """`text` in `colour`, as rich text."""
    return f'<span style="color: {colour}">{escape(text)}</span>'


def as_table(others: Others) -> str:
    """The figures of other runs as rich text, a run in each row, a series in each column."""
    if not others:
        return ""
    columns = list(dict.fromkeys(column for _, found in others for column in found))
    rows = [["", *(coloured(theme.current().muted, column) for column in columns)]]
    for run, found in others:
        sample = coloured(run.colour(theme.current().name), "●")
        figures = (escape(found.get(column, "–")) for column in columns)
        rows.append([f"{sample} {escape(run.short_name)}", *figures])
    figure = f'<td align="right" style="padding-left: {theme.GAP_M}px">'
    lines = (f"<td>{figure.join(f'{cell}</td>' for cell in row)}" for row in rows)
    return f"<table cellspacing=0 cellpadding=0>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def in_words(others: Others) -> list[str]:
    """The figures of other runs as rich text, a line for each."""
    return [
        escape(f"{run.name}: {', '.join(f'{column} {figure}' for column, figure in found.items())}")
        for run, found in others
    ]
