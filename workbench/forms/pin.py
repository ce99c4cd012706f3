"""A button that pins a prompt: samples along the way are made of it too, each time with the same seed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gpt_core.config import settings
from gpt_core.sections import MOST_PINNED
from workbench import i18n, theme
from workbench.draft import Draft

PINNED, EVERY = "sampling.pinned", "train.sample_interval"


class PinButton(QPushButton):
    """Down while the draft samples the prompt shown; a click changes that, in the run that goes on too.

    `told` carries a function that says what came of a click, `refused` one that says why nothing did.
    """

    told = Signal(object)
    refused = Signal(object)

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._prompt = draft, ""
        self.setCheckable(True)
        theme.style(self, kind="pin")
        self.clicked.connect(self._change)
        draft.changed.connect(self._show)
        draft.reset.connect(self._show)
        self._say()

    def show_prompt(self, prompt: str) -> None:
        """Concern this prompt from now on."""
        self._prompt = prompt
        self._show()

    def _pinned(self) -> list[str]:
        """What the draft pins; nothing while that is faulty."""
        return [] if PINNED in self._draft.faults else list(self._draft.values[PINNED])

    def _change(self) -> None:
        pinned, prompt = self._pinned(), self._prompt
        taken = prompt in pinned
        now = [other for other in pinned if other != prompt] if taken else [*pinned, prompt]
        if len(now) > MOST_PINNED:
            values = {"count": len(now), "limit": MOST_PINNED}
            self.refused.emit(lambda: i18n.sentence("too_many", values))
        else:
            self._draft.set(PINNED, now)
            self._draft.settle()
            if self._pinned() == now:  # a run that another process trains takes no changes
                self.told.emit(self._of_no_pin if taken else self._of_pin)
        self._show()

    def _of_pin(self) -> str:
        every = self._draft.values[EVERY]
        if every == 0:
            text = self.tr("Pinned, but no samples are made: “{setting}” is 0.")
            return text.format(setting=i18n.title(settings()[EVERY]))
        steps = i18n.shown(settings()[EVERY], every)
        return self.tr("Pinned: a sample is made of it every {steps} steps.").format(steps=steps)

    def _of_no_pin(self) -> str:
        return self.tr("No longer pinned.")

    def _show(self) -> None:
        first, pinned = self._prompt == self._draft.values["sampling.prompt"], self._prompt in self._pinned()
        self.setChecked(first or pinned)
        self.setEnabled(bool(self._prompt) and not first and PINNED not in self._draft.faults)
        if first:
            self.setToolTip(self.tr("Samples are made of this prompt: it is the one in Setup"))
        elif pinned:
            self.setToolTip(self.tr("Make no more samples of this prompt"))
        else:
            self.setToolTip(self.tr("Make samples of this prompt too, each time with the same seed"))

    def _say(self) -> None:
        self.setText(self.tr("Pin"))
        self.setAccessibleName(self.tr("Pin the prompt"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
