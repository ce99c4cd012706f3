"""The pieces that the plots' panels are put together from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench import theme


def toggle() -> QPushButton:
    """A button that stays pressed."""
    button = QPushButton()
    button.setCheckable(True)
    theme.style(button, kind="toggle")
    return button


def caption(button: QPushButton, text: str, meaning: str) -> None:
    """Write a text on a button; `meaning` says in full what it is for."""
    button.setText(text)
    button.setAccessibleName(meaning)
    button.setToolTip(meaning)


def row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is a stretch."""
    side_by_side = QHBoxLayout()
    side_by_side.setSpacing(theme.GAP_S)
    for widget in widgets:
        if widget is None:
            side_by_side.addStretch(1)
        else:
            side_by_side.addWidget(widget)
    return side_by_side


def empty_text(plot: QWidget) -> QLabel:
    """What says in the middle of an empty plot what will appear there."""
    said = theme.label("muted")
    said.setAlignment(Qt.AlignmentFlag.AlignCenter)
    said.setWordWrap(True)
    said.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    QVBoxLayout(plot).addWidget(said)
    return said
