"""The one driver of a run: it asks the Trainer for events, takes commands between them, keeps the record.

The command line runs it on the main thread, the window on a thread of its own. It knows no Qt: what happens
is handed to `report`, a function that must be quick and callable from the worker's thread (the window passes
`deque.append`). Commands come through a `Control` and are carried out at the next safe point, a change of
settings before the next step. Pausing is not asking for the next event: the model stays loaded
and answers prompts.
"""

from __future__ import annotations

import queue
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_core import hardware, retrace, trouble
from gpt_core.answering import Answerer, Answering
from gpt_core.bookkeeping import write_down
from gpt_core.config import settings
from gpt_core.control import (
    Change,
    Close,
    Command,
    Control,
    Pause,
    Prompt,
    ReadBatch,
    Resume,
    Save,
    Stop,
    StopAnswer,
)
from gpt_core.disk import FULL
from gpt_core.errors import ConfigError, Fault, GPTCoreError
from gpt_core.events import (
    Changed,
    ChangeRefused,
    CheckpointDue,
    Event,
    NotFinite,
    Notice,
    Ready,
    Report,
    State,
    StateChanged,
    Stopping,
)
from gpt_core.fork import begin_otherwise, changed
from gpt_core.guessing import guessing
from gpt_core.preparation import prepare
from gpt_core.record import Recorder, RecordView
from gpt_core.run import Run
from gpt_core.trainer import Trainer


class Worker:
    """Drives one run from preparation to close.

    With `train` it starts training at once, else it only loads the newest checkpoint and waits. With
    `linger` it stays after the last step, or after trouble, to answer prompts and take commands; without,
    it closes.
    """

    def __init__(
        self,
        run: Run,
        control: Control,
        report: Callable[[Report], object],
        *,
        train: bool = True,
        linger: bool = False,
    ) -> None:
        self._run = run
        self._report = report
        self._linger = linger
        self._train_at_once = train
        self._commands = control.commands
        self._answering = Answering(report, self._why_no_answer)
        self._changes: dict[str, Any] = {}  # asked for, to be applied before the next step
        self._together = False  # all of them or none
        self._otherwise = False  # to begin with other settings than the Trainer was made by
        self._planned: dict[int, dict[str, Any]] = {}  # by step: made once already, beyond the checkpoint
        self._stopping = False  # once the step at hand is whole
        self._closing = False
        self._unwritten: GPTCoreError | None = None  # why something could not be written into the record
        self._unsaved = False  # whether the last steps could not be saved
        self._events: Iterator[Event] | None = None
        self._trainer: Trainer
        self._recorder: Recorder
        self.state: State = "preparing"
        self.error: GPTCoreError | None = None  # what brought the worker into its state

    # ---------------------------------------------------------------------------------- On its own thread

    def work(self) -> None:
        """Do the whole of it, from preparation to close; returns when closed. Errors are told, not raised."""
        try:
            with ExitStack() as stack:
                stack.enter_context(self._run.lock())
                self._set_state("preparing")
                if self._prepare(self._train_at_once):
                    self._open_record(stack)
                    self._drive()
        except BaseException as error:  # whatever it is, the person must hear of it
            self._fail(error)
        else:
            # Whoever lingers has heard of earlier trouble; only what was lost at the end is news.
            self._set_state("closed", self.error if self._unsaved or not self._linger else None)

    def _prepare(self, train: bool) -> bool:
        """Make the Trainer; False where told to close or to stop on the way."""
        preparing = prepare(self._run, train)
        with closing(preparing):
            while self.state == "preparing" and not self._closing:
                try:
                    self._report(next(preparing))
                except StopIteration as done:
                    self._trainer = done.value
                    return True
                self._take_commands()
                if self._answering.asked and self._loaded():
                    self._answer()
        return False

    def _loaded(self) -> bool:
        """Whether there is a model, although the text may be missing or be prepared just now."""
        return hasattr(self, "_trainer")

    def _open_record(self, stack: ExitStack) -> None:
        """Go on with the record, keeping in mind the changes made beyond the step at hand: they are made
        again when their steps come."""
        trainer = self._trainer
        if self._run.record_path.exists():
            with closing(RecordView(self._run.record_path)) as view:
                for event in view.events("change"):
                    if event.step >= trainer.step:  # what is fixed was changed at the very start
                        live, _ = _live_and_fixed(event.values)
                        self._planned.setdefault(event.step, {}).update(live)
        self._recorder = Recorder(self._run.record_path)
        stack.callback(self._close_record)
        self._begin_segment()
        self._tell_ready()

    def _tell_ready(self) -> None:
        trainer = self._trainer
        self._report(
            Ready(
                step=trainer.step,
                config=trainer.config,
                resolved=trainer.resolved,
                device=hardware.describe(trainer.device),
                parameters=trainer.model.parameter_count(),
                train_tokens=len(trainer.corpus.train),
                validation_tokens=len(trainer.corpus.validation),
                given=trainer.given,
                guessing=guessing(trainer.corpus.train, trainer.resolved.vocab_size),
            )
        )

    def _close_record(self) -> None:
        try:
            self._recorder.close()
        except GPTCoreError as error:
            self.error, _ = self._explain(error)
            self._unsaved = True

    def _renew_record(self) -> None:
        """Open the record that is there now, or a new one, in the place of one that was found damaged."""
        with suppress(GPTCoreError):
            self._recorder.close()
        self._recorder = Recorder(self._run.record_path)
        self._begin_segment()

    def _begin_segment(self) -> None:
        """Hide what the record holds beyond this step, but for the changes still planned there."""
        step = self._trainer.step
        self._recorder.begin_segment(step)
        for at, changes in sorted(self._planned.items()):
            if at > step:
                self._recorder.event("change", at, **changes)

    def _drive(self) -> None:
        self._take_commands()  # a length given with the resume counts
        self._apply_changes()
        if self._trainer.done:
            self._set_state("finished", self._at_end() if self._train_at_once else None)
        elif not self._train_at_once:
            self._set_state("stopped")
        elif self.state == "preparing" and not self._otherwise:  # and not stopped just now
            self._train()
        while not self._closing and (self.state in ("training", "preparing") or self._linger):
            try:
                idle = self.state not in ("training", "preparing")
                self._take_commands(wait=idle and not self._answering.asked)
                self._apply_changes()
                if self._answering.asked and not self._closing:
                    self._answer()
                elif self.state == "training" and not self._closing:
                    self._advance()
                elif self.state == "preparing":
                    self._prepare_text()
                self._see_to_the_record()
            except Exception as error:
                self._pause_for(error)
        self._events = None
        if self._trainer.saved_at != self._trainer.step and self._trainer.step > 0:
            self._unsaved = not self._save()

    def _see_to_the_record(self) -> None:
        """Write what is due to be written; raise what stands against that, or did before, unless it is told
        already."""
        why, self._unwritten = self._unwritten, None
        try:
            self._recorder.flush_if_due()
        except GPTCoreError as error:
            if self.state == "training" or self.error is None:
                why = why or error
        if why is not None:
            raise why

    def _train(self) -> None:
        """Begin to train, or say what text is missing."""
        missing = self._trainer.corpus.missing
        if missing is None:
            self._set_state("training")
        else:
            self._set_state("stopped", *self._explain(missing))

    def _prepare_text(self) -> None:
        """Make the Trainer anew, to begin otherwise or with the text that the one at hand lacks, and begin to
        train."""
        before = self._trainer.config
        if self._prepare(train=True):
            self._otherwise = False
            now = self._trainer.config
            live, _ = _live_and_fixed({field: before.get(field) for field in settings()})
            self._trainer.change({field: value for field, value in live.items() if value != now.get(field)})
            self._tell_ready()
            self._train()

    def _advance(self) -> None:
        """Ask for one event and do what it calls for."""
        if self._events is None:
            self._events = self._trainer.events()
        event = next(self._events, None)
        if event is None:
            self._events = None
            self._set_state("finished")
            return
        self._handle(event)
        if isinstance(event, CheckpointDue):  # whatever became of the record, the weights are saved
            self._run.require_there()
            self._handle(next(self._events))
        if self._stopping and not self._trainer.within_step:
            self._stop_here()

    def _handle(self, event: Event) -> None:
        """Write the event into the record, then tell it."""
        self._write(lambda: write_down(event, self._recorder))
        self._report(event)
        if isinstance(event, NotFinite):
            self._set_state("paused", self._explain(event.error)[0])

    def _write(self, write: Callable[[], None]) -> None:
        """Write something into the record. It keeps in mind what it cannot write; why not is told by
        `_see_to_the_record`, once what is being done is done."""
        try:
            write()
        except GPTCoreError as error:
            self._unwritten = self._unwritten or error

    # ------------------------------------------------------------------------------ Carrying out commands

    def _take_commands(self, wait: bool = False) -> None:
        """Carry out what was asked for; with `wait`, wait a moment for something to be asked."""
        try:
            command = self._commands.get(timeout=0.25 if wait else 0)
            while True:
                self._carry_out(command)
                command = self._commands.get_nowait()
        except queue.Empty:
            pass

    def _carry_out(self, command: Command) -> None:
        match command:
            case Pause():
                if self.state == "training":
                    self._stopping = False
                    for event in self._trainer.figures():
                        self._handle(event)
                    self._set_state("paused", self.error)
            case Resume():
                self._resume()
            case Stop(now=now):
                self._stop(now)
            case Save():
                self._save()
            case Change(changes, together):
                self._changes |= changes
                self._together |= together
            case Prompt() | ReadBatch() | StopAnswer():
                self._answering.take(command)
            case Close():
                self._closing = True

    def _resume(self) -> None:
        if self.state not in ("paused", "stopped", "finished"):
            return
        if self.error is not None and self.error.code == "record_damaged":
            self._renew_record()
        self._apply_changes()
        if self._trainer.done:
            self._report(Notice(self._at_end()))
        else:
            if self.state != "paused":  # a break, of which the record is to tell
                self._write(self._begin_segment)
            anew = self._otherwise or self._trainer.corpus.missing
            self._set_state("preparing" if anew else "training")

    def _at_end(self) -> GPTCoreError:
        steps = self._trainer.config.train.max_steps
        return GPTCoreError("run_finished", field="train.max_steps", path=self._run.folder, max_steps=steps)

    def _stop(self, now: bool) -> None:
        trainer = self._trainer if self._loaded() else None
        if self.state == "preparing" and trainer is not None:
            self._set_state("stopped")
        elif self.state == "preparing":
            self._closing = True
        elif self.state in ("training", "paused") and trainer is not None:
            if now or self._stopping or not trainer.within_step:
                self.error = None  # of a pause, of which the person knows
                self._stop_here()
                return
            self._stopping = True
            if self.state == "paused":
                self._set_state("training")
            self._report(Stopping(trainer.step + 1, trainer.batches_done, trainer.config.train.accumulation))

    def _stop_here(self) -> None:
        """Stop with a checkpoint of the last complete step; one that is under way will be begun anew."""
        self._events, self._stopping = None, False
        if self._save():
            self._set_state("stopped", self.error)  # trouble in this very step is told with it

    def _save(self) -> bool:
        """Write a checkpoint; False, and the reason told, where that failed."""
        if self.state == "preparing":
            return False
        try:
            self._run.require_there()
            for event in self._trainer.save():
                self._handle(event)
        except Exception as error:
            self._pause_for(error)
            return False
        return True

    def _apply_changes(self) -> None:
        """Take over what was asked for, and what an earlier run through these steps was asked for."""
        trainer = self._trainer
        if trainer.within_step:
            return
        for at in sorted(self._planned):
            if at <= trainer.step:
                self._apply(self._planned.pop(at), record=False)
        if not self._changes:
            return
        changes, fixed = _live_and_fixed(self._changes)
        refused = self._refused(changes, fixed) if self._together else ()
        self._changes, self._together = {}, False
        if refused:
            self._report(ChangeRefused(refused))
            return
        if fixed:
            self._begin_otherwise(fixed)
        # What is asked for now holds from now on, whatever was asked for in a future that was given up.
        overruled = False
        for later in self._planned.values():
            overruled |= any(later.pop(field, None) is not None for field in changes)
        if overruled:
            self._begin_segment()
        self._apply(changes, record=True)

    def _refused(self, live: Mapping[str, Any], fixed: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Why changes cannot be made, before any of them is."""
        faults = () if self._trainer.given else tuple(map(_fixed, fixed))
        try:
            if fixed and not faults:
                changed(self._run.config, {**live, **fixed})
            self._trainer.check(live)
        except GPTCoreError as error:
            return faults + _faults(error)
        return faults

    def _begin_otherwise(self, changes: Mapping[str, Any]) -> None:
        """Change what is fixed once a run has made a step of its own; before, it is prepared anew for it."""
        trainer = self._trainer
        try:
            if not trainer.given:
                raise ConfigError([_fixed(field) for field in changes])
            self._run = begin_otherwise(self._run, changes)
        except GPTCoreError as error:
            if len(changes) > 1:
                for field, value in changes.items():
                    self._begin_otherwise({field: value})
            else:
                self._report(ChangeRefused(_faults(error)))
            return
        self._otherwise, self._events = True, None
        self._write(lambda: self._recorder.event("change", trainer.step, **changes))
        self._report(Changed(trainer.step, changes))
        if self.state == "training":
            self._set_state("preparing")

    def _apply(self, changes: Mapping[str, Any], record: bool) -> None:
        config = self._trainer.config
        new = {field: value for field, value in changes.items() if config.get(field) != value}
        if not new:
            return
        try:
            self._trainer.change(new)
        except GPTCoreError as error:
            if len(new) > 1:  # one that cannot be must not take the others with it
                for field, value in new.items():
                    self._apply({field: value}, record)
            else:
                self._report(ChangeRefused(_faults(error)))
        else:
            if record:
                self._write(lambda: self._recorder.event("change", self._trainer.step, **new))
            self._report(Changed(self._trainer.step, new))

    def _answer(self) -> None:
        """Answer the next question, taking commands between the pieces of the answer."""

        def go_on() -> bool:
            self._take_commands()
            return not self._closing

        trainer = self._trainer
        self._answering.answer(
            lambda: Answerer(trainer.model, trainer.corpus.tokenizer, trainer.step, self._find_batch), go_on
        )

    def _find_batch(self, step: int) -> tuple[NDArray[np.int64], float]:
        """The windows that a step was trained on, and their loss then."""
        trainer = self._trainer
        for event in trainer.figures():  # which on a GPU are told a step later
            self._handle(event)
        self._recorder.flush()
        with closing(RecordView(self._run.record_path)) as record:
            return retrace.batch(step, record, trainer.step, trainer.windows_seen, trainer.windows)

    # -------------------------------------------------------------------------------------------- Trouble

    def _set_state(self, state: State, error: GPTCoreError | None = None, details: str = "") -> None:
        self.state, self.error = state, error
        self._report(StateChanged(state, error, details))

    def _pause_for(self, error: Exception) -> None:
        """Training cannot go on as it is: keep the model, say what happened, wait."""
        self._events, self._stopping, self._unwritten = None, False, None
        self._trainer.optimizer.zero_grad(set_to_none=True)
        told, details = self._explain(error)
        self._set_state(self.state if self.state in ("stopped", "finished") else "paused", told, details)

    def _fail(self, error: BaseException) -> None:
        told, details = self._explain(error)
        self._set_state("failed", told, details)

    def _explain(self, error: BaseException) -> tuple[GPTCoreError, str]:
        """The error in a person's words, and its traceback; both go to the run's log too."""
        details = trouble.details(error)
        step = self._trainer.step if self._loaded() else 0
        told = self._in_words(error, step)
        trouble.note(self._run.log_path, step, told, details)
        return told, details

    def _in_words(self, error: BaseException, step: int) -> GPTCoreError:
        if isinstance(error, GPTCoreError):
            return error
        if hardware.is_out_of_memory(error):
            return self._ran_out(error)
        if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            reason = str(error).partition("\n")[0]
            return GPTCoreError("compile_failed", field="train.compile", reason=reason)
        if isinstance(error, OSError) and error.errno in FULL:
            return GPTCoreError("disk_full", path=self._run.folder, step=step)
        return GPTCoreError("unexpected", kind=type(error).__name__, reason=str(error))

    def _ran_out(self, error: BaseException) -> GPTCoreError:
        """Give back what the broken step holds, and say what would fit."""
        traceback.clear_frames(error.__traceback__)  # whose variables are the step's tensors
        if not self._loaded():
            return GPTCoreError("out_of_memory_before", field="train.batch_size")
        hardware.give_back(self._trainer.device)
        return self._trainer.ran_out()

    def _why_no_answer(self, error: Exception) -> GPTCoreError:
        if not hardware.is_out_of_memory(error):
            return self._explain(error)[0]
        traceback.clear_frames(error.__traceback__)
        hardware.give_back(self._trainer.device)
        return GPTCoreError("no_memory_to_answer", device=hardware.describe(self._trainer.device))


def _live_and_fixed(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The changes that a run takes as it goes, and all others."""
    known = settings()
    live = {field: value for field, value in changes.items() if field in known and known[field].live}
    return live, {field: value for field, value in changes.items() if field not in live}


def _fixed(field: str) -> Fault:
    """Why a run that has begun cannot change a setting; a fork can, but for what came with the weights."""
    what = settings().get(field)
    return Fault(field, "fixed_by_model" if what is not None and what.of_model else "not_live")


def _faults(error: GPTCoreError) -> tuple[Fault, ...]:
    if isinstance(error, ConfigError):
        return tuple(error.faults)
    return (Fault(error.field or "", error.code, error.values),)
