"""A slider for a number between two others, in hundredths."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from gpt_core.config import settings
from workbench import i18n, theme


class Slider(QWidget):
    """A setting between two numbers, with its value beside its name."""

    def __init__(self, field: str, lowest: int, highest: int) -> None:
        super().__init__()
        self.what = settings()[field]
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(lowest, highest)
        self.slider.setPageStep(10)
        self._title = theme.label("muted")
        self._title.setBuddy(self.slider)
        self.shown = theme.label("label")
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        top.addWidget(self._title)
        top.addStretch()
        top.addWidget(self.shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._show)
        self._say()
        self._show()

    def value(self) -> float:
        """The number chosen."""
        return self.slider.value() / 100

    def show_value(self, value: object) -> None:
        """Show a number, the nearest that the slider can."""
        if isinstance(value, int | float):
            hundredths = round(100 * value)
            self.slider.setMaximum(max(self.slider.maximum(), hundredths))
            self.slider.setValue(hundredths)
            self._show()

    def _show(self) -> None:
        self.shown.setText(f"{self.value():.2f}")

    def _say(self) -> None:
        self._title.setText(i18n.title(self.what))
        self.slider.setAccessibleName(i18n.title(self.what))
        self.setToolTip(i18n.description(self.what))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
