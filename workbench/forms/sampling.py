"""How the model is asked to go on: the usual sampling settings in sight, the others behind More."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpt_core.config import settings
from workbench import i18n, theme
from workbench.forms.fade import Fade
from workbench.forms.line import NumberField, TextField
from workbench.forms.slider import Slider

LOWEST = 48  # pixels, of the settings behind More: a row of them


class SamplingFields(QWidget):
    """Every setting of a prompt but the prompt itself. `more` shows the rest; it may stand elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = Slider("sampling.temperature", 0, 200)
        self.top_p = Slider("sampling.top_p", 1, 100)
        self.length = NumberField(settings()["sampling.max_tokens"])
        self.samples = NumberField(settings()["sampling.samples"])
        self.seed = NumberField(settings()["sampling.seed"])
        self.top_k = NumberField(settings()["sampling.top_k"])
        self.penalty = NumberField(settings()["sampling.repetition_penalty"])
        self.stop = TextField(settings()["sampling.stop"])
        self._rare = (self.length, self.samples, self.seed, self.top_k, self.penalty, self.stop)
        self._fields = (self.temperature, self.top_p, *self._rare)
        self._titles = {field: theme.label("muted") for field in self._rare}
        self._rest = QScrollArea(widgetResizable=True)  # they scroll where there is no room for all
        self.more = QToolButton()
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.toggled.connect(self._show_rare)
        self._lay_out()
        self._say()

    def _lay_out(self) -> None:
        sliders = QHBoxLayout()
        sliders.setSpacing(theme.GAP_L)
        sliders.addWidget(self.temperature, stretch=1)
        sliders.addWidget(self.top_p, stretch=1)
        inside = QWidget()
        theme.style(inside, kind="form")
        grid = self._grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GAP_M)
        grid.setVerticalSpacing(theme.GAP_XS)
        for place, (field, title) in enumerate(self._titles.items()):
            row, column = divmod(place, 3)
            title.setBuddy(field)
            grid.addWidget(title, 2 * row, column)
            grid.addWidget(field, 2 * row + 1, column)
            grid.setColumnStretch(column, 1)
        self._rest.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rest.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._rest.setSizeAdjustPolicy(QScrollArea.SizeAdjustPolicy.AdjustToContents)
        self._rest.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._rest.setMinimumHeight(LOWEST)
        self._rest.setWidget(inside)
        Fade(self._rest)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(sliders)
        layout.addWidget(self._rest)

    def add_below(self, widget: QWidget) -> None:
        """Put something more behind More, below the settings."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 3, Qt.AlignmentFlag.AlignLeft)

    def values(self) -> dict[str, Any]:
        """What the fields say, by the names of SamplingConfig; not yet checked."""
        return {field.what.field.removeprefix("sampling."): field.value() for field in self._fields}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show the sampling settings among `values`, which are by "section.field"."""
        for field in self._fields:
            field.show_value(values[field.what.field])

    def take_new_seed(self) -> None:
        """Go on to the next seed that no answer at hand had; what is no number is told when it is used."""
        seed, samples = self.seed.value(), self.samples.value()
        if isinstance(seed, int) and isinstance(samples, int):
            self.seed.show_value(seed_of(seed, max(1, samples)))

    def _show_rare(self) -> None:
        opened = self.more.isChecked()
        self.more.setText(self.tr("Fewer") if opened else self.tr("More"))
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._rest.setVisible(opened)

    def _say(self) -> None:
        for field, title in self._titles.items():
            title.setText(i18n.title(field.what))
            title.setToolTip(i18n.description(field.what))
            field.setToolTip(i18n.description(field.what))
            field.setAccessibleName(i18n.title(field.what))
        self.more.setAccessibleName(self.tr("Show all sampling settings"))
        self._show_rare()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


def seed_of(seed: int, sample: int) -> int:
    """The seed of one of several samples, from 0; after the largest comes 0."""
    return (seed + sample) % (int(settings()["sampling.seed"].maximum or 0) + 1)
