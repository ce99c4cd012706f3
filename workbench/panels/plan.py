"""What the run will take, before it is begun: parameters, tokens, arithmetic, memory, time."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gpt_core.config import Config, from_values, settings
from gpt_core.errors import GPTCoreError
from gpt_core.memory import forecast
from gpt_core.plan import Plan, plan
from workbench import i18n, theme, words
from workbench.child import Child, Service
from workbench.draft import Draft
from workbench.forms.facts import Facts
from workbench.forms.fade import Fade
from workbench.forms.memory import MemoryPlan
from workbench.forms.parts import Parts, Share

SERVICE = "workbench.plan_service"
MACHINERY = """
    train.batch_size train.accumulation train.device train.precision train.activation_checkpointing
    train.compile train.threads train.deterministic
"""
PRETRAINED = {"gpt1": 40_478, "gpt2": 50_257}  # tokens of the tokenizers that need no text
DAY = 86_400  # seconds
EFFICIENCY = 0.5  # of the pace at which the device multiplies matrices, left in training
# What pace and memory depend on, the vocabulary apart.
DEPENDS = tuple(
    field
    for field in settings()
    if field.startswith("model.") or field == "optimizer.name" or field in MACHINERY.split()
)
ASSUMED = 100  # characters in a text of which nothing is known yet


class PlanPanel(QFrame):
    """The draft in numbers, worked out at each change; while it has a fault, the last sound ones stay."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.setProperty("kind", "panel")
        self.title = theme.label("section")
        self.total, self.note = theme.label("label"), QLabel(wordWrap=True)
        theme.style(self.note, role="muted")
        self.parameters, self.run = Parts(), Facts()
        self.run_name, self.time_name = theme.label("label"), theme.label("label")
        self.time, self.time_note = Facts(), QLabel(wordWrap=True)
        theme.style(self.time_note, role="muted")
        self.memory = MemoryPlan()
        self.memory.taken.connect(self._take)
        self.button, self.cancel_button = QPushButton(), QPushButton()
        self.button.clicked.connect(self.rehearse)
        self.cancel_button.clicked.connect(self.cancel)
        self.progress, self.message = QProgressBar(), QLabel(wordWrap=True)
        theme.style(self.message, role="fault")
        self.helper = Service(SERVICE, self)
        self.rehearser = Child(self)
        self.rehearser.said.connect(self._heard)
        self.rehearser.ended.connect(self._rehearsed)
        self._machines: dict[tuple[Any, ...], dict[str, Any]] = {}  # by the device and precision asked for
        self._asking: tuple[Any, ...] = ()
        self._measured: dict[tuple[Any, ...], dict[str, Any]] = {}  # by what a rehearsal depends on
        self._rehearsing: tuple[Any, ...] = ()
        self._planned: Config | None = None  # what is shown while the draft has a fault
        self._lay_out()
        draft.changed.connect(self._changed)
        draft.reset.connect(self._changed)
        draft.textKnown.connect(self._show)
        draft.runningChanged.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("kind", "form")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.GAP_S, 0)
        column.setSpacing(theme.GAP_XS)
        for group in (
            (self.total, self.parameters),
            (self.run_name, self.run, self.note),
            (self.time_name, self.time, self.time_note),
            (self.memory,),
        ):
            for widget in group:
                column.addWidget(widget)
            column.addSpacing(theme.GAP_S)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        self.fade = Fade(area)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.cancel_button)
        head.addWidget(self.button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_M, theme.GAP_M, theme.GAP_S, theme.GAP_M)
        whole.setSpacing(theme.GAP_S)
        whole.addLayout(head)
        whole.addWidget(self.progress)
        whole.addWidget(self.message)
        whole.addWidget(area, 1)
        self.cancel_button.hide()
        self.progress.hide()
        self.message.hide()

    # ---------------------------------------------------------------------------------------------- The plan

    def vocabulary(self) -> tuple[int, bool]:
        """How many tokens the model has to know, and whether that is sure."""
        values = self.draft.values
        if known := self.draft.text().get("vocab_size"):
            return known, True
        kind = values["data.tokenizer"]
        if kind == "bpe":
            return values["data.vocab_size"], True
        return PRETRAINED.get(kind, values["model.vocab_size"] or ASSUMED), kind in PRETRAINED

    def config(self) -> Config | None:
        """The draft with its vocabulary, or None while it has a fault."""
        try:
            config = from_values(self.draft.tables())
            return config.replace({"model.vocab_size": self.vocabulary()[0]})
        except GPTCoreError:
            return None

    def _show(self) -> None:
        self._say()
        config = self.config()
        if config is not None:
            self._planned = config
            self._show_plan(config)

    def _show_plan(self, config: Config) -> None:
        found = plan(config, self.draft.text().get("train_tokens"))
        self._show_parameters(found)
        self._show_run(found, config)
        machine = self._machines.get(self._machine_key(), {})
        self._show_time(found, machine)
        if "device" in machine:
            self.memory.show_plan(config, machine, self._measured.get(self._key(), {}).get("peak", 0))
        else:
            self.memory.show_waiting(machine.get("refused", ""))
            self._ask_machine()

    def _show_parameters(self, found: Plan) -> None:
        parts = found.parameters
        names = {
            "embedding": self.tr("Token embedding"),
            "positions": self.tr("Positions"),
            "attention": self.tr("Attention"),
            "ffn": self.tr("Feed-forward"),
            "norms": self.tr("Norms"),
            "head": self.tr("Head"),
        }
        shares = [
            Share(name, getattr(parts, part), f"{getattr(parts, part):,}") for part, name in names.items()
        ]
        self.parameters.show_shares(self.tr("Parameters"), shares)
        self.total.setText(self.tr("{count} parameters").format(count=f"{parts.total:,}"))

    def _show_run(self, found: Plan, config: Config) -> None:
        show = self.run.show_line
        train, length = config.train, config.model.context_length
        product = f"{train.batch_size:,} × {train.accumulation:,} × {length:,}"
        show(
            "step",
            self.tr("Tokens a step"),
            f"{found.tokens_per_step:,}",
            self.tr("{product}: batch, accumulation, context length").format(product=product),
        )
        show("steps", self.tr("Steps"), f"{train.max_steps:,}")
        show("tokens", self.tr("Tokens in all"), words.short_count(found.total_tokens))
        per_epoch = found.tokens_per_epoch
        show("epoch", self.tr("Tokens an epoch"), f"{per_epoch:,}" if per_epoch else "")
        show("epoch_steps", self.tr("Steps an epoch"), f"{found.steps_per_epoch:,.1f}" if per_epoch else "")
        show("epochs", self.tr("Epochs"), f"{found.epochs:,.2f}" if per_epoch else "")
        show("token_flops", self.tr("FLOPs a token"), operations(found.flops_per_token))
        show("flops", self.tr("FLOPs in all"), operations(found.total_flops))

    # -------------------------------------------------------------------------------------------- The memory

    def _machine_key(self) -> tuple[Any, ...]:
        return self.draft.values["train.device"], self.draft.values["train.precision"]

    def _ask_machine(self) -> None:
        """Ask what the device and the precision come to, once for each choice."""
        key = self._machine_key()
        faulty = {"train.device", "train.precision"} & {*self.draft.faults}
        if self.isVisible() and not self._asking and not faulty and key not in self._machines:
            self._asking = key
            train = {"device": key[0], "precision": key[1]}
            self.helper.ask("machine", {"config": {"train": train}}, self._answered, self._refused)

    def _answered(self, machine: dict[str, Any]) -> None:
        self._machines[self._asking] = machine
        self._asking = ()
        self.helper.rest()
        self._show()

    def _refused(self, why: str) -> None:
        self._machines[self._asking] = {"refused": why}
        self._asking = ()
        self._show()

    def _take(self, offered: dict[str, Any]) -> None:
        """Take up what was offered, as one step that can be undone."""
        if any(map(self.draft.locked, offered)):
            self._tell(self.tr("The run that goes on cannot change its precision."))
            return
        self.draft.settle()
        self.draft.set_together(offered)
        self.draft.settle()

    # ---------------------------------------------------------------------------------------------- The time

    def _show_time(self, found: Plan, machine: dict[str, Any]) -> None:
        measured = self._measured.get(self._key(), {})
        pace = measured.get("tokens_per_second") or EFFICIENCY * machine.get("operations", 0.0) / (
            found.flops_per_token
        )
        self.time.setVisible(pace > 0)
        if measured:
            self.time_note.setText(self.tr("Measured in a rehearsal; evaluations and samples come on top."))
        else:
            self.time_note.setText(
                self.tr("A rough guess from the speed at which the device multiplies; rehearse to measure.")
            )
        if pace <= 0:
            return
        seconds = found.seconds(pace)
        about = "{figure}" if measured else self.tr("about {figure}")
        show = self.time.show_line
        show("pace", self.tr("Tokens a second"), about.format(figure=words.short_count(pace)))
        takes = words.duration(seconds) if seconds < 2 * DAY else self.tr("{count} days")
        takes = takes.format(count=f"{seconds / DAY:,.1f}")
        show("takes", self.tr("Takes"), about.format(figure=takes))
        show("ends", self.tr("Done, if begun now"), about.format(figure=moment(seconds)))

    # ------------------------------------------------------------------------------------------ The rehearsal

    def _key(self) -> tuple[Any, ...]:
        """What pace and memory depend on."""
        return (self.vocabulary()[0], *(self.draft.values[field] for field in DEPENDS))

    def rehearse(self) -> None:
        """Train some real steps, in a process that goes on beside the window."""
        config = self.config()
        if self.rehearser.runs:
            return
        if config is None:
            self._tell(self.tr("Mend the settings first: there is something wrong with them."))
            return
        if not self._fits(config):
            self._tell(self.tr("This does not fit into the memory that is free; take a batch that does."))
            return
        self.message.hide()
        self._rehearsing = self._key()
        self.rehearser.start(SERVICE)
        values = {"config": config.model_dump(mode="json")}
        self.rehearser.ask({"id": 0, "ask": "rehearse", "with": values})
        self._show_rehearsing()
        self.cancel_button.setFocus()

    def _fits(self, config: Config) -> bool:
        """Whether a rehearsal is safe: too large a one could end other processes on a CPU."""
        machine = self._machines.get(self._machine_key(), {})
        if "device" not in machine:
            return False
        return forecast(config, machine["precision"], machine["device"]).peak <= machine["free"]

    def cancel(self) -> None:
        """Break the rehearsal off."""
        self._rehearsing = ()
        self.rehearser.terminate()

    def _heard(self, told: dict[str, Any]) -> None:
        if error := told.get("error"):
            self._tell(i18n.of_told(error))
        else:
            self._measured[self._rehearsing] = told["answer"]
        self._rehearsing = ()
        self.rehearser.kill()

    def _rehearsed(self, well: bool) -> None:
        if self._rehearsing:  # neither an answer nor a cancel
            self._rehearsing = ()
            last = self.rehearser.last_line()
            self._tell(
                self.tr("The rehearsal came to an end: {reason} Too little memory can do that.").format(
                    reason=last
                )
            )
        self._show_rehearsing()
        self._show()

    def _show_rehearsing(self) -> None:
        busy = self.rehearser.runs
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.button.setVisible(not busy)

    def _tell(self, text: str) -> None:
        self.message.setText(text)
        self.message.show()

    def _changed(self) -> None:
        self.message.hide()
        self._show()

    # ------------------------------------------------------------------------------------------------ Events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_machine()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._asking = ()
        self.helper.rest()

    # ---------------------------------------------------------------------------------------------- The words

    def _say(self) -> None:
        self.title.setText(self.tr("Plan"))
        self.run_name.setText(self.tr("The run"))
        self.time_name.setText(self.tr("Time"))
        self.button.setText(self.tr("Rehearse"))
        self.button.setToolTip(
            self.tr("Train a few real steps on this machine, to measure the time and the memory.")
        )
        known = "device" in self._machines.get(self._machine_key(), {})
        self.button.setEnabled(known and not self.draft.running)
        self.cancel_button.setText(self.tr("Cancel"))
        self.progress.setAccessibleName(self.tr("Rehearsal"))
        self.progress.setRange(0, 0)  # it ends when it has seen enough
        vocabulary, sure = self.vocabulary()
        sentences = []
        if not sure:
            sentences.append(
                self.tr("A vocabulary of {count} characters is assumed until the text is prepared.").format(
                    count=f"{vocabulary:,}"
                )
            )
        if not self.draft.text():
            sentences.append(self.tr("Epochs are known once the text is prepared (panel Data)."))
        self.note.setText(" ".join(sentences))
        self.note.setVisible(bool(sentences))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
            if self._planned is not None:
                self._show_plan(self._planned)


def moment(seconds: float) -> str:
    """When something is done that takes so long: the time of today, or the day."""
    return words.when(time.time() + seconds) if seconds < 1e9 else "∞"


def operations(count: float) -> str:
    """A number of floating-point operations: 25.7 TFLOP."""
    prefixes = iter(("", "k", "M", "G", "T", "P", "E", "Z"))
    prefix = next(prefixes)
    while count >= 999.5:
        count, prefix = count / 1000, next(prefixes)
    return f"{count:.3g} {prefix}FLOP"
