"""The one driver of a run: it asks the Trainer for events, takes commands between them, keeps the record.

The command line runs it on the main thread, the window on a thread of its own. It knows no Qt: what happens
is handed to `report`, a function that must be quick and callable from the worker's thread (the window passes
`deque.append`). Commands come through a `Control` and are carried out at the next safe point, a change of
settings before the next step. Pausing is not asking for the next event: the model stays loaded
and answers prompts.
"""

from __future__ import annotations

import errno
import queue
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import torch

from gpt_core import checkpoint, corpus, hardware, rehearsal
from gpt_core.config import Config, from_values, settings
from gpt_core.control import (
    Change,
    Close,
    Command,
    Control,
    Pause,
    Prompt,
    Resume,
    Save,
    Stop,
    StopAnswer,
)
from gpt_core.corpus import Corpus
from gpt_core.errors import ConfigError, Fault, GPTCoreError
from gpt_core.events import (
    AnswerDone,
    AnswerPiece,
    AnswerStarted,
    Changed,
    ChangeRefused,
    CheckpointDue,
    CheckpointSaved,
    EvaluationDone,
    Event,
    NotFinite,
    Notice,
    Preparing,
    Ready,
    Report,
    Resolved,
    SampleDone,
    State,
    StateChanged,
    StepDone,
)
from gpt_core.record import Recorder, RecordView
from gpt_core.run import Run
from gpt_core.sampling import generate, prompt_tokens
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
        self._prompts: deque[Prompt] = deque()
        self._cancelled: set[int] = set()
        self._changes: dict[str, Any] = {}  # asked for, to be applied before the next step
        self._planned: list[tuple[int, dict[str, Any]]] = []  # applied once already, after the checkpoint
        self._closing = False
        self._events: Iterator[Event] | None = None
        self._trainer: Trainer
        self._recorder: Recorder
        self.state: State = "preparing"
        self.error: GPTCoreError | None = None  # what brought the worker into its state

    # ---------------------------------------------------------------------------------- On its own thread

    def work(self) -> None:
        """Do the whole of it, from preparation to close; returns when closed. Errors are told, not raised."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._run.lock())
                if self._prepare(stack):
                    self._drive()
            except BaseException as error:  # whatever it is, the person must hear of it
                self._fail(error)
            finally:
                self._events = None
        if self.state != "failed":
            self._set_state("closed", self.error)

    def _prepare(self, stack: ExitStack) -> bool:
        """Text to tokens, tokens and checkpoint to a Trainer; False where told to stop on the way."""
        self._set_state("preparing")
        run = self._run
        checkpoint.clean(run.checkpoints_folder)
        found = checkpoint.checkpoints(run.checkpoints_folder)
        saved = None
        if found:
            self._report(Preparing("verifying"))
            saved, damaged = checkpoint.newest_sound(run.checkpoints_folder)
            for error in damaged:
                self._report(Notice(error))
        state = saved.state() if saved else {}
        config = from_values(state["config"]) if saved else run.config
        if saved is None and not corpus.is_prepared(run.folder):
            for progress in corpus.prepare(config, run.folder):
                self._report(Preparing(progress.stage, progress.done, progress.total))
                self._take_commands()
                if self._closing:
                    return False
        self._report(Preparing("loading"))
        text = Corpus.open(run.folder, verify=True)
        resolved = self._resolve(config, text, state.get("resolved"))
        device = torch.device(resolved.device)
        hardware.prepare(device, config.train.deterministic)
        torch.set_num_threads(resolved.threads or hardware.cores())
        self._trainer = Trainer(config, resolved, text, run.checkpoints_folder, saved)
        if not resolved.threads:
            threads = 0
            rows = torch.from_numpy(self._trainer.windows.batch(0, config.train.batch_size))
            for threads in rehearsal.choose_threads(self._trainer.model, rows, resolved.precision):
                self._report(Preparing("rehearsing", threads, hardware.cores()))
                self._take_commands()
                if self._closing:
                    return False
            self._trainer.resolved = resolved = replace(resolved, threads=threads)
        self._open_record(stack)
        card = hardware.unused_card()
        if card:
            self._report(Notice(card))
        self._report(
            Ready(
                step=self._trainer.step,
                config=self._trainer.config,
                resolved=resolved,
                device=hardware.describe(device),
                parameters=self._trainer.model.parameter_count(),
                train_tokens=len(text.train),
                validation_tokens=len(text.validation),
            )
        )
        return True

    def _resolve(self, config: Config, text: Corpus, before: Mapping[str, Any] | None) -> Resolved:
        """What the checkpoint says that `auto` came to, where its device is here too; else decided now."""
        vocab_size = text.tokenizer.vocab_size
        if before and before["device"] in hardware.devices():
            return Resolved(**before)
        device = hardware.resolve_device("auto" if before else config.train.device)
        return Resolved(
            device=str(device),
            precision=hardware.resolve_precision(config.train.precision, device),
            threads=config.train.threads if device.type == "cpu" else hardware.cores(),
            compile=config.train.compile,
            vocab_size=vocab_size,
        )

    def _open_record(self, stack: ExitStack) -> None:
        step = self._trainer.step
        if self._run.record_path.exists():
            with closing(RecordView(self._run.record_path)) as view:
                changes = [event for event in view.events("change") if event.step >= step]
            self._planned = [(event.step, event.values) for event in changes]
        self._recorder = stack.enter_context(closing(Recorder(self._run.record_path)))
        self._recorder.begin_segment(step)

    def _drive(self) -> None:
        trainer = self._trainer
        self._take_commands()  # a length given with the resume counts
        self._apply_changes()
        if trainer.step >= trainer.config.train.max_steps:
            self._set_state("finished", self._at_end() if self._train_at_once else None)
        else:
            self._set_state("training" if self._train_at_once else "stopped")
        while not self._closing:
            if self.state != "training" and not self._linger:
                break
            self._take_commands(wait=self.state != "training" and not self._prompts)
            if not trainer.within_step:
                self._apply_changes()
            if self._prompts and not self._closing:
                self._answer(self._prompts.popleft())
            elif self.state == "training" and not self._closing:
                try:
                    self._advance()
                except Exception as error:
                    self._pause_for(error)
            self._recorder.flush_if_due()
        if trainer.saved_at != trainer.step and trainer.step > 0:
            self._save()

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

    def _handle(self, event: Event) -> None:
        """Write the event into the record, then tell it."""
        record = self._recorder
        match event:
            case StepDone(step=step):
                record.add(
                    step,
                    loss=event.loss,
                    rate=event.rate,
                    grad_norm=event.grad_norm,
                    tokens=event.tokens,
                    seconds=event.seconds,
                )
            case EvaluationDone(step=step, evaluation=result):
                record.add(
                    step,
                    validation=result.loss,
                    nats_per_character=result.nats_per_character,
                    bits_per_byte=result.bits_per_byte,
                )
                record.event("evaluation", step, windows=result.windows, best=event.best)
            case SampleDone(step=step):
                record.event("sample", step, prompt=event.prompt, text=event.text)
            case CheckpointDue():
                record.truncate()
            case CheckpointSaved(step=step):
                record.event("checkpoint", step, best=event.best, removed=list(event.removed))
            case NotFinite(step=step):
                record.event("trouble", step, code=event.error.code)
        self._report(event)
        if isinstance(event, NotFinite):
            self._set_state("paused", event.error)

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
                    self._set_state("paused")
            case Resume():
                self._resume()
            case Stop():
                self._stop()
            case Save():
                self._save()
            case Change(changes):
                self._ask_for_change(changes)
            case Prompt():
                self._prompts.append(command)
            case StopAnswer(id):
                self._cancelled.add(id)
            case Close():
                self._closing = True

    def _resume(self) -> None:
        if self.state not in ("paused", "stopped", "finished"):
            return
        self._apply_changes()
        if self._trainer.step >= self._trainer.config.train.max_steps:
            self._report(Notice(self._at_end()))
        else:
            self._set_state("training")

    def _at_end(self) -> GPTCoreError:
        steps = self._trainer.config.train.max_steps
        return GPTCoreError("run_finished", field="train.max_steps", path=self._run.folder, max_steps=steps)

    def _stop(self) -> None:
        if self.state == "preparing":
            self._closing = True
        elif self.state in ("training", "paused"):
            self._events = None  # a step that is under way will be begun anew
            self._save()
            self._set_state("stopped")

    def _save(self) -> None:
        if self.state == "preparing":
            return
        try:
            for event in self._trainer.save():
                self._handle(event)
        except Exception as error:
            self._pause_for(error)

    def _ask_for_change(self, changes: Mapping[str, Any]) -> None:
        fixed = [field for field in changes if field in settings() and not settings()[field].live]
        if fixed:
            self._report(ChangeRefused(tuple(Fault(field, "not_live", {"name": field}) for field in fixed)))
            return
        self._changes |= changes

    def _apply_changes(self) -> None:
        """Take over what was asked for, and what an earlier run through these steps was asked for."""
        trainer = self._trainer
        if trainer.within_step:
            return
        while self._planned and self._planned[0][0] <= trainer.step:
            self._apply(self._planned.pop(0)[1])
        if self._changes:
            changes, self._changes = self._changes, {}
            self._apply(changes)

    def _apply(self, changes: Mapping[str, Any]) -> None:
        try:
            new = {
                field: value for field, value in changes.items() if self._trainer.config.get(field) != value
            }
            if not new:
                return
            self._trainer.change(new)
        except ConfigError as error:
            self._report(ChangeRefused(tuple(error.faults)))
        except GPTCoreError as error:
            self._report(ChangeRefused((Fault(error.field or "", error.code, error.values),)))
        else:
            self._recorder.event("change", self._trainer.step, **new)
            self._report(Changed(self._trainer.step, new))

    def _answer(self, prompt: Prompt) -> None:
        """Stream the answer to one prompt, taking commands between its tokens."""
        id, request = prompt.id, prompt.request
        tokenizer = self._trainer.corpus.tokenizer
        try:
            tokens, left_out = prompt_tokens(request.prompt, tokenizer)
            self._report(AnswerStarted(id, tuple(left_out)))
            stream = tokenizer.stream()
            for token in generate(self._trainer.model, tokens, request, tokenizer.end_of_text):
                if piece := stream.step(token):
                    self._report(AnswerPiece(id, piece))
                self._take_commands()
                if id in self._cancelled or self._closing:
                    self._report(AnswerDone(id, stopped=True))
                    return
            if piece := stream.finish():
                self._report(AnswerPiece(id, piece))
            self._report(AnswerDone(id))
        except Exception as error:
            self._report(AnswerDone(id, error=self._explain(error)[0]))
        finally:
            self._cancelled.discard(id)

    # -------------------------------------------------------------------------------------------- Trouble

    def _set_state(self, state: State, error: GPTCoreError | None = None, details: str = "") -> None:
        self.state, self.error = state, error
        self._report(StateChanged(state, error, details))

    def _pause_for(self, error: Exception) -> None:
        """Training cannot go on as it is: keep the model, say what happened, wait."""
        self._events = None
        self._trainer.optimizer.zero_grad(set_to_none=True)
        told, details = self._explain(error)
        self._set_state("paused", told, details)

    def _fail(self, error: BaseException) -> None:
        told, details = self._explain(error)
        self._set_state("failed", told, details)

    def _explain(self, error: BaseException) -> tuple[GPTCoreError, str]:
        """The error in a person's words, and its traceback, which also goes to the run's log."""
        if isinstance(error, GPTCoreError):
            return error, ""
        details = "".join(traceback.format_exception(error))
        try:
            with self._run.log_path.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{details}\n")
        except OSError:
            pass  # the log is a courtesy; the window still shows the details
        step = self._trainer.step if hasattr(self, "_trainer") else 0
        if isinstance(error, torch.OutOfMemoryError | MemoryError):
            device = self._trainer.resolved.device if hasattr(self, "_trainer") else "cpu"
            return GPTCoreError("out_of_memory", field="train.batch_size", device=device, step=step), details
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return GPTCoreError("disk_full", path=self._run.folder, step=step), details
        return GPTCoreError("unexpected", kind=type(error).__name__, reason=error), details
