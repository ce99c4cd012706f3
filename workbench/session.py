"""One open run: what it tells, drained from the worker's reports, and what may be asked of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from gpt_core.config import Config
from gpt_core.control import Change, Control, Pause, Resume, Save, Stop
from gpt_core.errors import GPTCoreError
from gpt_core.events import (
    Changed,
    Compiling,
    Evaluation,
    EvaluationBatch,
    EvaluationDone,
    MicroBatchDone,
    Preparing,
    Ready,
    Report,
    State,
    StateChanged,
    StepDone,
    StepSkipped,
    Stopping,
)
from gpt_core.record import Event, RecordView
from gpt_core.run import Run
from workbench import loading
from workbench.driven import Driven, Driver
from workbench.plots.smoothing import MovingAverage
from workbench.readers import Readers

SMOOTHING = 0.97  # of the training loss shown as a figure, as usual on the plot
REMEMBERED = 5000  # steps; what lies farther back weighs less than 1e-60 in it
PACE_WINDOW = 60.0  # seconds over which the pace is measured
LEAST_PACE = 3.0  # seconds of training before the pace means anything
SLOW = 3.0  # seconds after which a step under way is told batch by batch
BATCH_INTERVAL = 0.5  # seconds between two such tellings


@dataclass(frozen=True)
class History:
    """What a run's record held when the run was opened: series by name, events, and the steps after which
    training was begun anew."""

    series: Mapping[str, tuple[np.ndarray, np.ndarray]]  # steps (N,) and figures (N,)
    events: Sequence[Event]
    resumes: Sequence[int] = ()


EMPTY = History({name: (np.empty(0, np.int64), np.empty(0)) for name in ("loss", "rate", "validation")}, [])


def read_history(run: Run) -> History:
    """Read a run's record; empty where there is none yet. Raises GPTCoreError: record_damaged."""
    names = ("loss", "rate", "validation")
    if not run.record_path.exists():
        return EMPTY
    with closing(RecordView(run.record_path)) as view:
        return History({name: view.series(name) for name in names}, view.events(), view.resumes("loss"))


class Session(Driven):
    """A run that is open in this window, trained by a thread of its own.

    `stepped` carries the StepDone reports of one drain, `reported` each other report as it comes, and
    `stateChanged` says that `state` did. `resumed` tells the step after which training was begun anew, once
    that has brought a step. The `readers` answer for its checkpoints, also where nothing here
    trains it; `closed` comes when they have ended too.
    """

    stepped = Signal(list)
    resumed = Signal(object)  # an int
    stateChanged = Signal()
    watched = False  # whether another process trains the run, and here it is only shown

    def __init__(self, run: Run, history: History, *, train: bool, parent: QObject | None = None) -> None:
        super().__init__(partial(_make, run, train), parent)
        self.run = run
        self.history = history
        self.config: Config = run.config  # as it holds now, changes included
        self.state: State = "preparing"
        self.error: GPTCoreError | None = None
        self.details = ""
        self.progress: Preparing | Compiling | EvaluationBatch | None = None
        self.stopping: Stopping | None = None  # while a step is finished before the run stops
        self.batch: MicroBatchDone | None = None  # the last one told of a slow step under way
        self.ready: Ready | None = None
        self.step = 0
        self.last: StepDone | None = None
        self.rate: float | None = None
        self.train_loss: float | None = None  # its moving average
        self.validation: float | None = None
        self.evaluation: Evaluation | None = None  # the last one, whole
        self._pace: deque[tuple[float, int]] = deque()  # time, step; while training without a break
        self._batch: MicroBatchDone | None = None  # the last one of the step under way, told or not
        self._batch_due = 0.0  # when it may be told
        self._goes_on_at: int | None = None  # where training is begun anew, until there is a step
        self._left = False  # it is to be closed, readers and all
        self._over = False  # the thread has ended, and all it told is known
        self.readers = Readers(run, self)
        self.readers.idle.connect(self._readers_ended)

    # ------------------------------------------------------------------------------------ What it is asked

    def pause(self) -> None:
        """Hold training; the model goes on answering prompts."""
        self._control.ask(Pause())

    def resume(self) -> None:
        """Train on."""
        self._control.ask(Resume())

    def stop(self, now: bool = False) -> None:
        """Stop with a checkpoint after this step, or `now`; while preparing, give up."""
        self._control.ask(Stop(now))

    def save(self) -> None:
        """Write a checkpoint now."""
        self._control.ask(Save())

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change live settings ("section.field") before the next step."""
        self._control.ask(Change(changes))

    def close(self) -> None:
        """Save, end all threads, then emit `closed`; returns at once."""
        self._left = True
        self.readers.close()
        super().close()

    @property
    def thread_runs(self) -> bool:
        """Whether any thread has yet to end."""
        return super().thread_runs or self.readers.running

    @property
    def alive(self) -> bool:
        """Whether the thread is there to train and to answer."""
        return self._thread.isRunning() and self.state not in ("closed", "failed")

    @property
    def busy(self) -> bool:
        """Whether closing now would interrupt something."""
        return self.alive and self.state == "training"

    def text(self) -> dict[str, Any]:
        """What is known of the run's text, as the draft has it: nothing before it is prepared."""
        if not (self.run.tokenizer_folder / "tokenizer.json").is_file():
            return {}
        found: dict[str, Any] = {"folder": str(self.run.folder)}
        if self.ready is not None:
            found["vocab_size"] = self.ready.resolved.vocab_size
            if self.ready.train_tokens:  # else they are gone, and what was written of them tells
                found |= {name: getattr(self.ready, name) for name in ("train_tokens", "validation_tokens")}
        return found

    # ----------------------------------------------------------------------------------- What it tells

    def drain(self) -> None:
        """Take all reports that came since the last time and tell them on."""
        steps: list[StepDone] = []
        while self._reports:
            report = self._reports.popleft()
            if isinstance(report, StepDone):
                steps.append(report)
                self._batch = None
                continue
            if isinstance(report, MicroBatchDone) and self.stopping is None:
                self._take_batch(report, steps[-1] if steps else self.last)
                continue
            if steps:  # keep the order in which things happened
                self._tell_steps(steps)
                steps = []
            self._tell(report)
        if steps:
            self._tell_steps(steps)
        self._tell_batch()

    def _take_batch(self, batch: MicroBatchDone, last: StepDone | None) -> None:
        """Keep it, to be told at once where the last step was slow, or once this one proves to be."""
        if self._batch is None or self._batch.step != batch.step:
            slow = last is not None and last.seconds >= SLOW
            self._batch_due = time.monotonic() + (0.0 if slow else SLOW)
        self._batch = batch

    def _tell_batch(self) -> None:
        if self._batch is not None and self._batch != self.batch and time.monotonic() >= self._batch_due:
            self._batch_due = time.monotonic() + BATCH_INTERVAL
            self._tell(self._batch)

    def _tell_steps(self, steps: list[StepDone]) -> None:
        self.last = steps[-1]
        self.step, self.rate = self.last.step, self.last.rate
        self.train_loss = float(self._average.append([step.loss for step in steps])[-1])
        self.progress = self.batch = None
        if self._goes_on_at is not None:
            at, self._goes_on_at = self._goes_on_at, None
            self.resumed.emit(at)
        now = time.monotonic()
        self._pace.append((now, self.step))
        while len(self._pace) > 2 and now - self._pace[0][0] > PACE_WINDOW:
            self._pace.popleft()
        self.stepped.emit(steps)

    def _tell(self, report: Report) -> None:
        match report:
            case StateChanged(state=state):
                if state == "training" and self.state != "paused" and not self.watched:
                    self._goes_on_at = self.step or None
                self.state, self.error, self.details = state, report.error, report.details
                self.progress = self.stopping = self.batch = self._batch = None
                self._pace.clear()
                self.stateChanged.emit()
            case Stopping():
                self.stopping = report
            case MicroBatchDone() if self.stopping is not None:
                self.stopping = Stopping(report.step, report.done, report.total)
            case MicroBatchDone():
                self.batch = report
            case Preparing() | Compiling() | EvaluationBatch():
                self.progress = report
            case StepSkipped(step=step):
                self.step = step
                self.batch = self._batch = None
            case Ready():
                self.ready = report
                self.config = report.config
                self._recall(report.step)
            case Changed(changes=changes):
                self.config = self.config.replace(changes)
            case EvaluationDone(evaluation=evaluation):
                self.validation, self.evaluation = evaluation.loss, evaluation
                self.progress = None
        self.reported.emit(report)

    def _recall(self, step: int) -> None:
        """Take the figures up to `step` from the record; what it holds beyond is trained anew."""
        self.step = step
        self._average = MovingAverage(SMOOTHING)
        steps, losses = self.history.series["loss"]
        _, rates = self.history.series["rate"]
        at, validated = self.history.series["validation"]
        done = int(np.searchsorted(steps, step, side="right"))
        recent = losses[max(0, done - REMEMBERED) : done]
        self.train_loss = float(self._average.append(recent)[-1]) if done else None
        self.rate = float(rates[done - 1]) if done else None
        known = int(np.searchsorted(at, step, side="right"))
        self.validation = float(validated[known - 1]) if known else None

    def _ended(self) -> None:
        self._thread.wait()
        self._timer.stop()
        self.drain()
        if self.state in ("failed", "closed"):
            self.run.discard_unused()
        if self.state == "closed":
            self._left = True
            self.readers.close()
        self._over = True
        if not (self._left and self.readers.running):
            self.closed.emit()

    def _readers_ended(self) -> None:
        if self._left and self._over:  # else it is only that others were chosen to answer
            self.closed.emit()

    # ----------------------------------------------------------------------------------------- Estimates

    def tokens_per_second(self) -> float | None:
        """The pace of the last step, or None before one."""
        return self.last.tokens / self.last.seconds if self.last and self.last.seconds else None

    def seconds_left(self) -> float | None:
        """Time to the last step at the pace of the last minute, or of the last step where that took longer,
        all pauses for evaluation included; None while there is too little to go by."""
        if self.state != "training" or len(self._pace) < 2:
            return None
        (start, first), (end, last) = self._pace[0], self._pace[-1]
        if end - start < LEAST_PACE or last == first:
            return None
        at_end = (self.config.train.max_steps - last) * (end - start) / (last - first)
        return max(0.0, at_end - (time.monotonic() - end))


def _make(run: Run, train: bool, control: Control, report: Callable[[Report], object]) -> Driver:
    report(Preparing("starting"))
    loading.load_torch()
    from gpt_core.worker import Worker

    return Worker(run, control, report, train=train, linger=True)
