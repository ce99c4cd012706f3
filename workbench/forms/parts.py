"""What something is made of: a bar in parts with a line for each, against a limit where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench import theme


@dataclass(frozen=True)
class Share:
    """A part: its name, how much it is, and that as a person reads it."""

    name: str
    amount: float
    figure: str


def colours() -> list[str]:
    """The parts' colours, in turn."""
    palette = theme.current()
    return [
        palette.train,
        palette.rate,
        palette.validation,
        palette.gradient,
        palette.train_raw,
        palette.muted,
        palette.disabled,
    ]


class Bar(QWidget):
    """The parts side by side; where they are more than the limit, that is marked by a line."""

    HEIGHT = 12

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[Share] = []
        self.limit = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.notifier.changed.connect(self.update)

    def show_shares(self, shares: Sequence[Share], limit: float = 0.0) -> None:
        """Show these, against a limit unless that is 0."""
        self.shares, self.limit = list(shares), limit
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = theme.current()
        total = sum(share.amount for share in self.shares)
        whole = max(total, self.limit)
        if not whole:
            return
        room = QRectF(self.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(room, 3, 3)
        painter.setClipPath(shape)
        painter.fillRect(room, QColor(palette.border))
        left = 0.0
        for share, colour in zip(self.shares, colours(), strict=False):
            width = room.width() * share.amount / whole
            painter.fillRect(QRectF(left, 0, max(width - 1, 0), room.height()), QColor(colour))
            left += width
        if self.limit and total > self.limit:
            at = room.width() * self.limit / whole
            painter.setPen(QPen(QColor(palette.text), 2))
            painter.drawLine(round(at), 0, round(at), self.HEIGHT)
        painter.end()


class Swatch(QWidget):
    """A square in a part's colour."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(8, 18)
        theme.notifier.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours()[self._number]))
        painter.drawRoundedRect(QRectF(0, 5, 8, 8), 2, 2)
        painter.end()


class Parts(QWidget):
    """A bar and its parts by name, at most seven."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = Bar()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_S)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self._lines = []
        for number in range(len(colours())):
            line = Swatch(number), theme.label("muted"), theme.label("label")
            for column, widget in enumerate(line):
                self._grid.addWidget(widget, number, column)
                widget.hide()
            line[2].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._lines.append(line)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(theme.GAP_XS)
        column_.addWidget(self.bar)
        column_.addLayout(self._grid)

    def show_shares(self, name: str, shares: Sequence[Share], limit: float = 0.0) -> None:
        """Show what `name` is made of, against a limit unless that is 0; a share of nothing has no line."""
        self.bar.show_shares(shares, limit)
        for number, line in enumerate(self._lines):
            share = shares[number] if number < len(shares) else None
            for widget in line:
                widget.setVisible(share is not None and share.amount > 0)
            if share is not None:
                line[1].setText(share.name)
                line[2].setText(share.figure)
        self.bar.setAccessibleName(name)
        self.bar.setAccessibleDescription(", ".join(f"{share.name} {share.figure}" for share in shares))

    def figures(self) -> dict[str, str]:
        """What the lines show, by name."""
        return {line[1].text(): line[2].text() for line in self._lines if not line[2].isHidden()}
