"""The pieces that the plots' panels are put together from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench import theme


def toggle(text: str, accessible_name: str) -> QPushButton:
    """A button that stays pressed; `accessible_name` says in full what it is for."""
    button = QPushButton(text)
    button.setCheckable(True)
    button.setAccessibleName(accessible_name)
    button.setToolTip(accessible_name)
    theme.style(button, kind="toggle")
    return button


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


def empty_text(plot: QWidget, text: str) -> QLabel:
    """What an empty plot says in its middle."""
    said = theme.label("muted", text)
    said.setAlignment(Qt.AlignmentFlag.AlignCenter)
    said.setWordWrap(True)
    said.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    QVBoxLayout(plot).addWidget(said)
    return said
