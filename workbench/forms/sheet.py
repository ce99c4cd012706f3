"""The frame of a panel that works something out: a heading with a button, and below what is found."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench import theme
from workbench.forms.fade import Fade
from workbench.forms.message import Message

WIDTH = 320  # pixels, as the forms beside it take


class Sheet(QFrame):
    """`button` begins something that takes its time; while it goes on, a progress bar and `cancel_button`
    stand in its place. `message` tells what came of it; `column` takes the content."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.title = theme.label("section")
        self.button, self.cancel_button = QPushButton(), QPushButton()
        self.progress, self.message = QProgressBar(), Message()
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.cancel_button)
        head.addWidget(self.button)
        inside = QWidget()
        inside.setProperty("kind", "form")
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(0, 0, theme.GAP_S, 0)
        self.column.setSpacing(theme.GAP_XS)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        self.fade = Fade(area)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_M, theme.GAP_M, theme.GAP_S, theme.GAP_M)
        whole.setSpacing(theme.GAP_S)
        whole.addLayout(head)
        whole.addWidget(self.progress)
        whole.addWidget(self.message)
        whole.addWidget(area, 1)
        self.setMinimumWidth(WIDTH)
        self.show_busy(False)

    def show_busy(self, busy: bool) -> None:
        """Show that something goes on, or that it can be begun."""
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.button.setVisible(not busy)
