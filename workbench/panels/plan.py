"""What the run will take, before it is begun: parameters, tokens, arithmetic, memory, time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from gpt_core.config import Config, from_values, settings
from gpt_core.errors import GPTCoreError
from gpt_core.memory import forecast
from gpt_core.plan import MANY_EPOCHS, Plan, plan, tokens_about, vocabulary
from workbench import i18n, theme, words
from workbench.child import Child, Service
from workbench.draft import Draft
from workbench.forms.facts import Facts
from workbench.forms.memory import MemoryPlan
from workbench.forms.parts import Parts, Share
from workbench.forms.sheet import Sheet
from workbench.text_look import TextLook

SERVICE, TEXT_SERVICE = "workbench.plan_service", "workbench.text_service"
MACHINERY = """
    train.batch_size train.accumulation train.device train.precision train.activation_checkpointing
    train.compile train.threads train.deterministic
"""
DAY = 86_400  # seconds
WEEK = 7 * DAY
# What pace and memory depend on.
DEPENDS = tuple(
    field
    for field in settings()
    if field.startswith("model.") or field == "optimizer.name" or field in MACHINERY.split()
)


class PlanPanel(Sheet):
    """The draft in numbers, worked out at each change; while it has a fault, the last sound ones stay."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.total, self.note = theme.label("label"), QLabel(wordWrap=True)
        theme.style(self.note, role="muted")
        self.parameters, self.run = Parts(), Facts()
        self.run_name, self.time_name = theme.label("label"), theme.label("label")
        self.time, self.time_note = Facts(), QLabel(wordWrap=True)
        theme.style(self.time_note, role="muted")
        self.memory = MemoryPlan()
        self.memory.taken.connect(self._take)
        self.memory.moved.connect(self._show)
        self.button.clicked.connect(self.rehearse)
        self.cancel_button.clicked.connect(self.cancel)
        self.helper, self.reader = Service(SERVICE, self), Service(TEXT_SERVICE, self)
        TextLook(draft, self.reader, self).ended.connect(self.reader.rest)
        self.rehearser = Child(self)
        self.rehearser.said.connect(self._heard)
        self.rehearser.ended.connect(self._rehearsed)
        self._machines: dict[tuple[Any, ...], dict[str, Any]] = {}  # by the device and precision asked for
        self._asking: tuple[Any, ...] = ()
        self._measured: dict[tuple[Any, ...], dict[str, Any]] = {}  # by what a rehearsal depends on
        self._rehearsing: tuple[Any, ...] = ()
        self._planned: tuple[Config, bool] | None = None  # what is shown while the draft has a fault
        self._lay_out()
        draft.changed.connect(self._changed)
        draft.reset.connect(self._changed)
        draft.textKnown.connect(self._show)
        draft.runningChanged.connect(self._running_changed)
        self._show()

    def _lay_out(self) -> None:
        for group in (
            (self.total, self.parameters),
            (self.run_name, self.run, self.note),
            (self.time_name, self.time, self.time_note),
            (self.memory,),
        ):
            for widget in group:
                self.column.addWidget(widget)
            self.column.addSpacing(theme.GAP_S)
        self.column.addStretch(1)

    # ---------------------------------------------------------------------------------------------- The plan

    def config(self) -> tuple[Config, bool] | None:
        """The draft with the size of its vocabulary, and whether that is sure; None while it has a fault."""
        try:
            config = from_values(self.draft.tables())
            size, sure = self.draft.text().get("vocab_size", 0), True
            if not size:
                size, sure = vocabulary(config)
                seen = len(self.draft.look().get("characters", ""))
                if seen and not sure and config.data.tokenizer == "characters":
                    size = seen + 1  # the one for unknown characters
            return config.replace({"model.vocab_size": size}), sure
        except GPTCoreError:
            return None

    def _show(self) -> None:
        self._say()
        self._planned = self.config() or self._planned
        if self._planned is not None:
            self._show_plan(*self._planned)

    def _show_plan(self, config: Config, sure: bool) -> None:
        tokens, seen = self.draft.text().get("train_tokens"), self.draft.look()
        counted = tokens is not None
        if not counted and seen:
            tokens = tokens_about(config.data, seen["length"], seen["utf8"])
        found = plan(config, tokens)
        self._show_note(found, config, sure, counted)
        self._show_parameters(found)
        self._show_run(found, config, "{figure}" if counted else self.tr("about {figure}"))
        machine = self._machines.get(self._machine_key(), {})
        measured = self._measured.get(_key(config), {})
        card = self.memory.elsewhere(config)
        self._show_time(found, config.model.embedding_dim, {} if card else machine, {} if card else measured)
        if "device" not in machine and not self.draft.running:  # beside a run only when called for
            self._ask_machine()
        if card:
            self.memory.show_plan(config, card, measured=0)
        elif "device" in machine:
            self.memory.show_plan(config, machine, measured.get("peak", 0))
        else:
            why_not = machine["refused"]() if "refused" in machine else ""
            self.memory.show_waiting(why_not, asked=bool(self._asking) or not self.draft.running)

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

    def _show_run(self, found: Plan, config: Config, about: str) -> None:
        show = self.run.show_line
        train, length = config.train, config.model.context_length
        product = f"{train.batch_size:,} × {train.accumulation:,} × {length:,}"
        show(
            "step",
            self.tr("Tokens per step"),
            f"{found.tokens_per_step:,}",
            self.tr("{product}: batch, accumulation, context length").format(product=product),
        )
        show("steps", self.tr("Steps"), f"{train.max_steps:,}")
        show("tokens", self.tr("Total tokens"), words.short_count(found.total_tokens))
        epoch = epoch_steps = epochs = ""
        if found.tokens_per_epoch is not None:
            epoch = about.format(figure=f"{found.tokens_per_epoch:,}")
            epoch_steps = about.format(figure=f"{found.steps_per_epoch:,.1f}")
            epochs = about.format(figure=f"{found.epochs:,.2f}")
        show("epoch", self.tr("Tokens per epoch"), epoch)
        show("epoch_steps", self.tr("Steps per epoch"), epoch_steps)
        show("epochs", self.tr("Epochs"), epochs)
        show("token_flops", self.tr("FLOPs per token"), operations(found.flops_per_token))
        show("flops", self.tr("Total FLOPs"), operations(found.total_flops))

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
        if self.draft.running:
            machine["free"] = None  # what the run holds is not told apart from what others do
        self._learn(machine)

    def _refused(self, why: Callable[[], str]) -> None:
        self._learn({"refused": why})

    def _learn(self, machine: dict[str, Any]) -> None:
        self._machines[self._asking] = machine
        self._asking = ()
        self.helper.rest()  # torch holds much memory, and on a GPU some of the card
        self._show()

    def _running_changed(self, running: bool) -> None:
        """Leave the device to the run that begins; what was seen of it beside a run is seen anew after it."""
        if running:
            self.cancel()
            self._rest()
        else:
            self._machines = {key: seen for key, seen in self._machines.items() if seen.get("free")}
        self._show()

    def _rest(self) -> None:
        self._asking = ()
        self.helper.rest()

    def _take(self, offered: dict[str, Any]) -> None:
        """Take up what was offered, as one step that can be undone."""
        if any(map(self.draft.locked, offered)):
            self._tell(lambda: self.tr("The precision is fixed while a run goes on."))
            return
        self.draft.settle()
        self.draft.set_together(offered)
        self.draft.settle()

    # ---------------------------------------------------------------------------------------------- The time

    def _show_time(self, found: Plan, width: int, machine: dict[str, Any], measured: dict[str, Any]) -> None:
        pace = measured.get("tokens_per_second") or (_pace(machine, width) / found.flops_per_token)
        for widget in (self.time_name, self.time, self.time_note):
            widget.setVisible(pace > 0)
        if measured:
            self.time_note.setText(
                self.tr("Measured in a rehearsal; evaluations and samples are not included.")
            )
        else:
            self.time_note.setText(
                self.tr(
                    "Estimated from how fast the device trains a layer of this width; Rehearse measures it."
                )
            )
        if pace <= 0:
            return
        seconds = found.seconds(pace)
        about = "{figure}" if measured else self.tr("about {figure}")
        show = self.time.show_line
        show("pace", self.tr("Tokens per second"), about.format(figure=words.short_count(pace)))
        takes = words.duration(seconds) if seconds < 2 * DAY else self.tr("{count} days")
        takes = takes.format(count=f"{seconds / DAY:,.1f}")
        show("takes", self.tr("Duration"), about.format(figure=takes))
        show("ends", self.tr("Finished, if started now"), about.format(figure=moment(seconds)))

    # ------------------------------------------------------------------------------------------ The rehearsal

    def rehearse(self) -> None:
        """Train some real steps, in a process that goes on beside the window."""
        found = self.config()
        if self.rehearser.runs:
            return
        if found is None:
            self._tell(lambda: self.tr("Correct the fields marked in Setup first."))
            return
        config, _ = found
        self.memory.place.setCurrentIndex(0)  # what is measured here is shown of this machine, not of a card
        if not self._fits(config):
            self._tell(lambda: self.tr("This does not fit into the free memory; use a batch that does."))
            return
        self.message.take_back()
        self._rehearsing = _key(config)
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
        if self.rehearser.runs:
            self.rehearser.terminate()

    def _heard(self, told: dict[str, Any]) -> None:
        if error := told.get("error"):
            self._tell(lambda: i18n.of_told(error))
        else:
            self._measured[self._rehearsing] = told["answer"]
        self._rehearsing = ()
        self.rehearser.kill()

    def _rehearsed(self, well: bool) -> None:
        if self._rehearsing:  # neither an answer nor a cancel
            self._rehearsing = ()
            last = self.rehearser.last_line()
            self._tell(
                lambda: self.tr(
                    "The rehearsal ended early: {reason} Too little memory can be the cause."
                ).format(reason=last)
            )
        self._show_rehearsing()
        self._show()

    def _show_rehearsing(self) -> None:
        self.show_busy(self.rehearser.runs)

    def _tell(self, text: Callable[[], str]) -> None:
        self.message.say(text, fault=True)

    def _changed(self) -> None:
        self.message.take_back()
        self._show()

    # ------------------------------------------------------------------------------------------------ Events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_machine()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._rest()
        self.reader.rest()

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

    def _show_note(self, found: Plan, config: Config, sure: bool, counted: bool) -> None:
        """Say what is assumed, and whether the text is gone through too often."""
        sentences = []
        if not sure:
            text = self.tr("A vocabulary of {count} tokens is assumed until the text is prepared.")
            sentences.append(text.format(count=f"{config.model.vocab_size:,}"))
        if not counted and found.epochs is not None:
            sentences.append(
                self.tr("Epochs are estimated from the size of the text until it is prepared (panel Data).")
            )
        elif not counted:
            sentences.append(self.tr("Epochs are known once the text is prepared (panel Data)."))
        if found.many_epochs:
            sentences.append(i18n.sentence("many_epochs", {"count": MANY_EPOCHS}))
        self.note.setText(i18n.together(sentences))
        self.note.setVisible(bool(sentences))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()


def _key(config: Config) -> tuple[Any, ...]:
    """What pace and memory depend on."""
    return tuple(config.get(field) for field in DEPENDS)


def _pace(machine: dict[str, Any], width: int) -> float:
    """Operations a second of a layer so wide, between those that were measured; 0 where none was."""
    widths, paces = zip(*machine.get("pace", [(1, 0.0)]), strict=True)
    return float(np.interp(np.log(width), np.log(widths), paces))


def moment(seconds: float) -> str:
    """When something is done that takes so long: the time, and the day if not today; of weeks, that alone."""
    if seconds >= 1e9:
        return "∞"
    told = words.when_to_the_minute if seconds < WEEK else words.when
    return told(time.time() + seconds)


def operations(count: float) -> str:
    """A number of floating-point operations: 25.7 TFLOP."""
    prefixes = iter(("", "k", "M", "G", "T", "P", "E", "Z"))
    prefix = next(prefixes)
    while count >= 999.5:
        count, prefix = count / 1000, next(prefixes)
    return f"{count:.3g} {prefix}FLOP"
