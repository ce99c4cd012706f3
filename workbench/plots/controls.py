"""What a person sets for all curves at once: what runs along, smoothing, what is shown, Follow, export."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from workbench import theme
from workbench.plots.across import Kind
from workbench.plots.parts import toggle

SMOOTHING = (0.0, 0.9, 0.97, 0.99, 0.999)
USUAL_SMOOTHING = 0.97

Form = Literal["png", "svg", "csv"]
Shown = Literal["rate", "grad_norm", "pace", "validation", "marks", "landmark"]


class Controls(QWidget):
    """One line of controls. `exportAsked` carries the form (Form), `shownChanged` what was shown or hidden
    (Shown) and which of both."""

    scaleChanged = Signal()
    smoothingChanged = Signal()
    followChanged = Signal()
    shownChanged = Signal(str, bool)
    exportAsked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.kind = QComboBox()
        kinds: dict[Kind, str] = {
            "step": self.tr("Steps"), "tokens": self.tr("Tokens"), "time": self.tr("Training time"),
        }  # fmt: skip
        for kind, text in kinds.items():
            self.kind.addItem(text, kind)
        self.kind.setAccessibleName(self.tr("What runs along the curves"))
        self.kind.setToolTip(
            self.tr(
                "What the curves run along: steps, tokens trained on, or seconds spent training, "
                "without evaluation and pauses."
            )
        )
        self.kind.currentIndexChanged.connect(self.scaleChanged)
        self.log = toggle(self.tr("Log"), self.tr("Logarithmic axis along the run"))
        self.log.toggled.connect(self.scaleChanged)

        self.smoothing = QComboBox()
        for beta in SMOOTHING:
            text = self.tr("Smooth {beta}").format(beta=f"{beta:g}") if beta else self.tr("Not smoothed")
            self.smoothing.addItem(text, beta)
        self.smoothing.setCurrentIndex(SMOOTHING.index(USUAL_SMOOTHING))
        self.smoothing.setAccessibleName(self.tr("Smoothing of the curves"))
        self.smoothing.setToolTip(
            self.tr(
                "How much of its moving average each step keeps; less in the first steps, so that it does "
                "not lag. The learning rate and the validation loss are never smoothed."
            )
        )
        self.smoothing.currentIndexChanged.connect(self.smoothingChanged)

        self.show_menu = QMenu(self)
        self.shown: dict[Shown, QAction] = {}
        self._add_shown()
        self.show_button = self._menu_button(
            self.tr("Show"), self.tr("Which curves and marks are shown"), self.show_menu
        )
        self.export_menu = QMenu(self)
        forms: dict[Form, str] = {
            "png": self.tr("Picture (PNG)…"),
            "svg": self.tr("Drawing (SVG)…"),
            "csv": self.tr("Figures (CSV)…"),
        }
        for form, text in forms.items():
            self.export_menu.addAction(text, partial(self.exportAsked.emit, form))
        self.export_button = self._menu_button(
            self.tr("Export"), self.tr("Save the curves as a picture or as figures"), self.export_menu
        )
        self.follow = toggle(self.tr("Follow"), self.tr("Follow the run as it grows, and show all of it"))
        self.follow.setToolTip(
            self.tr(
                "Show the whole run as it grows. The wheel zooms along the run, with Ctrl the height; "
                "dragging moves the view, dragging along an axis stretches it; a double click shows all."
            )
        )
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

    def _add_shown(self) -> None:
        rows: dict[Shown, str] = {
            "rate": self.tr("Learning rate"),
            "grad_norm": self.tr("Gradient norm"),
            "pace": self.tr("Tokens per second"),
        }
        parts: dict[Shown, str] = {
            "validation": self.tr("Validation loss"),
            "marks": self.tr("Marks of what happened"),
            "landmark": self.tr("Loss of pure guessing, ln(vocabulary)"),
        }
        for group in (rows, parts):
            for name, text in group.items():
                action = self.show_menu.addAction(text)
                action.setCheckable(True)
                action.setChecked(name not in ("grad_norm", "pace"))
                action.toggled.connect(partial(self.shownChanged.emit, name))
                self.shown[name] = action
            self.show_menu.addSeparator()

    def _menu_button(self, text: str, accessible_name: str, menu: QMenu) -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(accessible_name)
        button.setToolTip(accessible_name)
        button.setMenu(menu)
        return button
