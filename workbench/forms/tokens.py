"""A text as a model sees it: its tokens, each on a ground of its own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from workbench import theme

SHARE = 0.28  # of the series' colour in a token's ground: so little that the text on it stays easy to read


def mixed(ground: str, colour: str, share: float) -> QColor:
    """A colour between two."""
    one, other = QColor(ground), QColor(colour)
    parts = (
        round(a + (b - a) * share)
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    )
    return QColor(*parts)


def grounds() -> list[QColor]:
    """The colours that tokens take in turn."""
    palette = theme.current()
    series = (palette.train, palette.rate, palette.validation, palette.gradient)
    return [mixed(palette.field, colour, SHARE) for colour in series]


def visible(text: str) -> str:
    """A token with its white space to be seen, a line end as a sign before it."""
    return text.replace(" ", "·").replace("\t", "⇥").replace("\n", "↵\n")


class TokenView(QTextEdit):
    """Tokens in turns of four colours; one that is not known is struck out, in the colour of trouble."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.pieces: list[tuple[str, bool]] = []
        theme.notifier.changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.show_pieces(self.pieces)

    def show_pieces(self, pieces: Sequence[tuple[str, bool]]) -> None:
        """Show tokens, each as its text and whether it is known."""
        self.pieces = list(pieces)
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        colours = grounds()
        for number, (text, known) in enumerate(self.pieces):
            form = QTextCharFormat()
            form.setBackground(colours[number % len(colours)])
            form.setForeground(QColor(theme.current().text))
            if not known:
                form.setForeground(QColor(theme.current().danger))
                form.setBackground(QColor(theme.current().field))
                form.setFontStrikeOut(True)
            cursor.insertText(visible(text) or "▪", form)  # part of a character, which follows
        cursor.endEditBlock()
