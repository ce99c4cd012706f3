"""What a person sets for all curves at once: what runs along, smoothing, what is shown, Follow, export."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Literal

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from workbench import theme
from workbench.plots.across import Kind
from workbench.plots.parts import caption, toggle

SMOOTHING = (0.0, 0.9, 0.97, 0.99, 0.999)
USUAL_SMOOTHING = 0.97

Form = Literal["png", "svg", "csv"]
Shown = Literal["rate", "bits_per_byte", "grad_norm", "pace", "validation", "marks", "landmarks"]


class Controls(QWidget):
    """One line of controls. `exportAsked` carries the form (Form), `shownChanged` what was shown or hidden
    (Shown) and which of both, `runShown` the same of a run laid over, by its place among them."""

    scaleChanged = Signal()
    smoothingChanged = Signal()
    followChanged = Signal()
    shownChanged = Signal(str, bool)
    runShown = Signal(int, bool)
    exportAsked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.kind = QComboBox()
        kinds: tuple[Kind, ...] = ("step", "tokens", "time")
        for kind in kinds:
            self.kind.addItem("", kind)
        self.kind.currentIndexChanged.connect(self.scaleChanged)
        self.log = toggle()
        self.log.toggled.connect(self.scaleChanged)

        self.smoothing = QComboBox()
        for beta in SMOOTHING:
            self.smoothing.addItem("", beta)
        self.smoothing.setCurrentIndex(SMOOTHING.index(USUAL_SMOOTHING))
        self.smoothing.currentIndexChanged.connect(self.smoothingChanged)

        self.show_menu = QMenu(self)
        self.shown: dict[Shown, QAction] = {}
        self._add_shown()
        self.runs: list[QAction] = []
        self.show_button = QPushButton()
        self.show_button.setMenu(self.show_menu)
        self.export_menu = QMenu(self)
        forms: tuple[Form, ...] = ("png", "svg", "csv")
        self._forms = {
            form: self.export_menu.addAction("", partial(self.exportAsked.emit, form)) for form in forms
        }
        self.export_button = QPushButton()
        self.export_button.setMenu(self.export_menu)
        self.follow = toggle()
        self.follow.setChecked(True)
        self.follow.toggled.connect(self.followChanged)

        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_S)
        for widget in (self.kind, self.log, self.smoothing):
            line.addWidget(widget)
        line.addStretch(1)
        for widget in (self.show_button, self.export_button, self.follow):
            line.addWidget(widget)
        self._say()

    def _add_shown(self) -> None:
        rows: tuple[Shown, ...] = ("rate", "bits_per_byte", "grad_norm", "pace")
        parts: tuple[Shown, ...] = ("validation", "marks", "landmarks")
        for group in (rows, parts):
            for name in group:
                action = self.show_menu.addAction("")
                action.setCheckable(True)
                action.setChecked(name == "rate" or name in parts)
                action.toggled.connect(partial(self.shownChanged.emit, name))
                self.shown[name] = action
            self.show_menu.addSeparator()

    def offer_runs(self, runs: Sequence[tuple[str, bool]]) -> None:
        """Let these runs be shown and hidden: the name of each, and whether it is shown now."""
        for action in self.runs:
            self.show_menu.removeAction(action)
            action.deleteLater()
        self.runs = []
        for place, (name, shown) in enumerate(runs):
            action = self.show_menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(shown)
            action.toggled.connect(partial(self.runShown.emit, place))
            self.runs.append(action)

    def keep(self) -> str:
        """What runs along, the smoothing and what is shown, for `restore`."""
        shown = [name for name, action in self.shown.items() if action.isChecked()]
        view = {"kind": self.kind.currentData(), "smoothing": self.smoothing.currentData()}
        return json.dumps(view | {"log": self.log.isChecked(), "shown": shown})

    def restore(self, kept: str) -> None:
        """Show the curves as they were kept; what makes no sense here leaves them as they are."""
        with suppress(ValueError, KeyError, TypeError):
            view = json.loads(kept)
            for box, name in ((self.kind, "kind"), (self.smoothing, "smoothing")):
                if (place := box.findData(view[name])) >= 0:
                    box.setCurrentIndex(place)
            self.log.setChecked(bool(view["log"]))
            for name, action in self.shown.items():
                action.setChecked(name in view["shown"])

    def _say(self) -> None:
        kinds = (self.tr("Steps"), self.tr("Tokens"), self.tr("Training time"))
        for place, text in enumerate(kinds):
            self.kind.setItemText(place, text)
        self.kind.setAccessibleName(self.tr("What runs along the curves"))
        self.kind.setToolTip(
            self.tr(
                "What the curves run along: steps, tokens trained on, or seconds spent training, "
                "without evaluation and pauses."
            )
        )
        caption(self.log, self.tr("Log"), self.tr("Logarithmic axis along the run"))
        for place, beta in enumerate(SMOOTHING):
            text = self.tr("Smooth {beta}").format(beta=f"{beta:g}") if beta else self.tr("Not smoothed")
            self.smoothing.setItemText(place, text)
        self.smoothing.setAccessibleName(self.tr("Smoothing of the curves"))
        self.smoothing.setToolTip(
            self.tr(
                "How much of its moving average each step keeps; less in the first steps, so that it does "
                "not lag. The learning rate and the validation loss are never smoothed."
            )
        )
        caption(self.show_button, self.tr("Show"), self.tr("Which curves and marks are shown"))
        self.shown["rate"].setText(self.tr("Learning rate"))
        self.shown["bits_per_byte"].setText(self.tr("Validation in bits per byte"))
        self.shown["grad_norm"].setText(self.tr("Gradient norm"))
        self.shown["pace"].setText(self.tr("Tokens per second"))
        self.shown["validation"].setText(self.tr("Validation loss"))
        self.shown["marks"].setText(self.tr("Marks of what happened"))
        self.shown["landmarks"].setText(self.tr("Loss of guessing, by frequencies alone"))
        caption(self.export_button, self.tr("Export"), self.tr("Save the curves as a picture or as figures"))
        self._forms["png"].setText(self.tr("Picture (PNG)…"))
        self._forms["svg"].setText(self.tr("Drawing (SVG)…"))
        self._forms["csv"].setText(self.tr("Figures (CSV)…"))
        caption(self.follow, self.tr("Follow"), self.tr("Follow the run as it grows, and show all of it"))
        self.follow.setToolTip(
            self.tr(
                "Show the whole run as it grows. The wheel zooms along the run, with Ctrl the height; "
                "dragging moves the view, with Shift it draws a box to zoom into, along an axis it "
                "stretches; a double click shows all."
            )
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
