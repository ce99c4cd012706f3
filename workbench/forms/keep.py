"""Which checkpoints a run keeps, told as a sentence whose numbers can be typed."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from gpt_core.config import Config, settings
from workbench import i18n, theme
from workbench.draft import Draft, same
from workbench.forms.line import NumberField
from workbench.plots.legend import Flow

FIELDS = {"latest": "train.keep", "every": "train.keep_every"}  # by their place in the sentence
WIDTHS = {"latest": 32, "every": 56}  # pixels: the sentence goes on one line of a narrow panel
HEIGHT = 24


class KeepPolicy(QWidget):
    """The keep-policy of the draft, to be changed where it stands, or of a run that takes no changes."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._fixed: Config | None = None  # of a run that takes no changes
        self.fields = {name: NumberField(settings()[field]) for name, field in FIELDS.items()}
        for name, control in self.fields.items():
            theme.style(control, kind="inline")
            control.setFixedSize(WIDTHS[name], HEIGHT)
            control.edited.connect(lambda value, field=FIELDS[name]: draft.set(field, value))
            control.settled.connect(self._settled)
        self.line = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.line.setSizePolicy(policy)
        self._flow = Flow(self.line, gap=theme.GAP_XS)
        self.sentence, self.fault = theme.label("muted"), theme.label("fault")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_XS)
        for widget in (self.line, self.sentence, self.fault):
            layout.addWidget(widget)
        self.sentence.setWordWrap(True)
        self.fault.setWordWrap(True)
        draft.changed.connect(self._show_value)
        draft.reset.connect(self._show)
        draft.faultsChanged.connect(self._show_fault)
        self._say()

    def fix(self, config: Config | None) -> None:
        """Tell the policy of a run that takes no changes, or that of the draft (None)."""
        self._fixed = config
        self._show()

    def _say(self) -> None:
        """Lay the sentence out around its numbers, in the order that the language has them."""
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if isinstance(widget, QLabel):
                widget.setParent(None)  # gone at once: the sentence is never there twice
                widget.deleteLater()
        told = self.tr("Kept: latest {latest} · best · pinned · every {every}")
        for piece in re.split(r"(\{\w+\})", told):
            if piece.strip("{}") in self.fields:
                self._flow.addWidget(self.fields[piece.strip("{}")])
            elif piece.strip():
                words = theme.label("muted", piece.strip())
                words.setMinimumHeight(HEIGHT)
                self._flow.addWidget(words)
        for name, control in self.fields.items():
            control.setAccessibleName(i18n.title(settings()[FIELDS[name]]))
            control.setToolTip(i18n.description(settings()[FIELDS[name]]))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _show(self) -> None:
        self.line.setVisible(self._fixed is None)
        self.sentence.setVisible(self._fixed is not None)
        if self._fixed is not None:
            train = self._fixed.train
            told = self.tr("Kept: the latest {latest}, the best, and the pinned")
            if train.keep_every:
                told = self.tr("Kept: the latest {latest}, the best, the pinned, and every {every} steps")
            self.sentence.setText(told.format(latest=f"{train.keep:,}", every=f"{train.keep_every:,}"))
        for field in FIELDS.values():
            self._show_value(field)
        self._show_fault()

    def _show_value(self, field: str) -> None:
        for name, control in self.fields.items():
            value = self._draft.values[FIELDS[name]]
            if FIELDS[name] == field and not same(control.value(), value):  # else it was typed here
                control.show_value(value)

    def _show_fault(self) -> None:
        faults = {name: self._draft.fault(field) for name, field in FIELDS.items()}
        for name, fault in faults.items():
            theme.style(self.fields[name], fault="true" if fault else "false")
        told = "\n".join(i18n.of_fault(fault) for fault in faults.values() if fault)
        self.fault.setText(told)
        self.fault.setVisible(bool(told) and self._fixed is None)

    def _settled(self) -> None:
        self._draft.settle()
        for name, field in FIELDS.items():
            if not self._draft.fault(field):
                self.fields[name].show_value(self._draft.values[field])
