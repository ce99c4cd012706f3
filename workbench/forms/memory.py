"""What training takes of the device's memory, here or on a card elsewhere, and a batch that fits."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gpt_core.config import Config
from gpt_core.disk import readable_size
from gpt_core.memory import Proposal, forecast, proposal
from workbench import i18n, theme
from workbench.forms.choice import Choice
from workbench.forms.parts import Bar, Parts, Share

MARGIN = 1.15  # what a forecast may be wrong by
CARDS = (4, 6, 8, 10, 12, 16, 24, 32, 48, 80)  # GB that cards are sold with
GB = 10**9  # bytes; one sold with 8 GB has 8.6 of these, less what screens and other programs hold of it


class MemoryPlan(QWidget):
    """The peak, forecast or measured, and its parts, on the machine at hand or on a card that is chosen: then
    `moved` tells it. `taken` carries the settings that were offered."""

    taken = Signal(object)
    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.offer = QLabel(wordWrap=True), QLabel(wordWrap=True)
        theme.style(self.offer, role="label")
        self.gauge, self.parts, self.take_button = Bar(), Parts(), QPushButton()
        self.take_button.clicked.connect(lambda: self.taken.emit(self._offered))
        self._offered: dict[str, Any] = {}
        self.place = Choice()
        self.place.addItems([""] * (1 + len(CARDS)))
        self.place.currentIndexChanged.connect(lambda _: self.moved.emit())
        beside = QHBoxLayout()
        beside.addWidget(self.offer, 1)
        beside.addWidget(self.take_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_XS)
        column.addWidget(self.place)
        column.addWidget(self.name)
        column.addWidget(self.gauge)
        column.addLayout(beside)
        column.addWidget(self.parts)
        self._say()

    def _say(self) -> None:
        self.take_button.setText(self.tr("Use it"))
        self.take_button.setAccessibleName(self.tr("Use the batch that fits"))
        self.place.setItemText(0, self.tr("Memory of this machine"))
        for row, size in enumerate(CARDS, 1):
            self.place.setItemText(row, self.tr("Memory of a card with {size} GB").format(size=size))
        self.place.setAccessibleName(self.tr("Where to train"))
        self.place.setToolTip(
            self.tr(
                "Whether this would fit on a card (CUDA) in another computer, and what would. A card sold "
                "with 8 GB has 8.6 of them: the rest is left to screens and other programs."
            )
        )

    def elsewhere(self, config: Config) -> dict[str, Any] | None:
        """The card that was chosen, as `plan_service` tells of a machine; None for the machine at hand."""
        row = self.place.currentIndex()
        if row == 0:
            return None
        size, asked = CARDS[row - 1], config.train.precision
        name = self.tr("{size} GB card").format(size=size)
        # A card older than NVIDIA's RTX 30 takes fp16, which needs as much.
        precision = "bf16" if asked == "auto" else asked
        return {"device": "cuda", "name": name, "precision": precision, "free": size * GB}

    def show_waiting(self, why_not: str, asked: bool) -> None:
        """Nothing is known of the machine yet, `asked` or to be asked; or `why_not` says that nothing can
        be."""
        theme.style(self.name, role="fault" if why_not else "muted")
        waiting = (
            self.tr("Memory: looking at the machine…") if asked else self.tr("Memory: seen after the run.")
        )
        self.name.setText(why_not or waiting)
        for widget in (self.gauge, self.parts, self.offer, self.take_button):
            widget.hide()

    def show_plan(self, config: Config, machine: dict[str, Any], measured: int) -> None:
        """Show what `config` takes on a machine as `plan_service` tells it, held against what is free there
        unless that is None; `measured` is the peak in bytes that a rehearsal came to, 0 before there was
        one."""
        precision, device = machine["precision"], machine["device"]
        found = forecast(config, precision, device)
        names = {
            "weights": self.tr("Weights"),
            "gradients": self.tr("Gradients"),
            "optimizer": self.tr("Optimizer"),
            "activations": self.tr("Activations"),
            "logits": self.tr("Logits"),
            "working": self.tr("Working space"),
            "runtime": self.tr("Program"),
        }
        sizes = {name: getattr(found, part) for part, name in names.items()}
        shares = [Share(name, size, readable_size(size)) for name, size in sizes.items()]
        self.parts.show_shares(self.tr("Memory, each part at its largest"), shares)
        peak, free = measured or found.peak, machine["free"]
        if free is None:
            self._show_unlimited(machine, peak)
            return
        if self.place.currentIndex() > 0:
            text = self.tr("Memory: about {peak} at the peak, of {free} ({device}, {precision})")
        elif measured:
            text = self.tr("Memory: {peak} at the peak, measured; {free} free ({device}, {precision})")
        else:
            text = self.tr("Memory: about {peak} at the peak; {free} free ({device}, {precision})")
        values = {"device": machine["name"], "precision": precision}
        theme.style(self.name, role="label" if peak <= free else "fault")
        self.name.setText(text.format(peak=readable_size(peak), free=readable_size(free), **values))
        self.gauge.show_shares([Share("", peak, "")], free)
        self.gauge.setAccessibleName(self.name.text())
        for widget in (self.gauge, self.parts):
            widget.show()
        wrong_by = max(measured / found.peak, 1.0) if measured else MARGIN
        self._offer(config, proposal(config, precision, device, int(free / wrong_by)), precision, peak > free)

    def _show_unlimited(self, machine: dict[str, Any], peak: int) -> None:
        """Show the peak alone, a run being at work."""
        theme.style(self.name, role="label")
        text = self.tr(
            "Memory: about {peak} at the peak ({device}, {precision}). How much is free is seen while no run "
            "is open."
        )
        values = {"device": machine["name"], "precision": machine["precision"]}
        self.name.setText(text.format(peak=readable_size(peak), **values))
        self.parts.show()
        for widget in (self.gauge, self.offer, self.take_button):
            widget.hide()

    def _offer(self, config: Config, proposed: Proposal | None, precision: str, needed: bool) -> None:
        """Offer what fits where the draft does not, or where fewer and larger batches would do as well."""
        train = config.train
        better = proposed is not None and (needed or proposed.batch_size > train.batch_size)
        self.offer.setVisible(better or (needed and proposed is None))
        self.take_button.setVisible(better)
        if proposed is None or not better:
            self.offer.setText(self.tr("Not even one window at a time fits: choose a smaller model."))
            return
        self._offered = proposed.settings()
        if proposed.precision == precision:  # what `auto` comes to stays so
            del self._offered["train.precision"]
        if needed:
            text = self.tr("{batch} × {accumulation} windows fit, the same number per step: {peak}.")
        else:
            text = self.tr("{batch} × {accumulation} windows fit too, the same number per step: {peak}.")
        sentences = [
            text.format(
                batch=f"{proposed.batch_size:,}",
                accumulation=f"{proposed.accumulation:,}",
                peak=readable_size(proposed.peak),
            )
        ]
        if proposed.activation_checkpointing and not train.activation_checkpointing:
            sentences.append(self.tr("Activations are recomputed in the backward pass."))
        if proposed.precision != precision:
            sentences.append(self.tr("In the precision {precision}.").format(precision=proposed.precision))
        self.offer.setText(i18n.together(sentences))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
