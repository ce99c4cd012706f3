"""A run that another process trains, followed in this window by what it adds to its record."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, QTimer

from gpt_core.errors import GPTCoreError
from gpt_core.events import (
    Changed,
    CheckpointSaved,
    Evaluation,
    EvaluationDone,
    SampleDone,
    StateChanged,
    StepDone,
)
from gpt_core.record import Cursor, Event, Points, RecordView
from gpt_core.run import Run, in_use
from workbench.session import EMPTY, History, Session

INTERVAL = 1000  # milliseconds between two looks at the record
SHOWN = ("loss", "rate", "validation")


class Backfill(NamedTuple):
    """What a record holds already, and how to ask for what comes after it."""

    history: History = EMPTY
    view: RecordView | None = None
    cursor: Cursor | None = None


def backfill(run: Run) -> Backfill:
    """Read what a run's record holds already, on any thread; nothing while there is none."""
    try:
        view = RecordView(run.record_path)
    except GPTCoreError:  # not there yet, or just being made
        return Backfill()
    points, events, cursor = view.news(None)
    nothing = (np.empty(0, np.int64), np.empty(0))
    series = {name: points.get(name, nothing) for name in SHOWN}
    return Backfill(History(series, events, view.resumes("loss")), view, cursor)


class WatchedSession(Session):
    """Tells what the other process writes down, as if it were trained here; it takes no commands. Its
    checkpoints can be asked.

    Once the other process lets go of the run, the state is "stopped" or "finished".
    """

    watched = True

    def __init__(self, run: Run, backfill: Backfill, parent: QObject | None = None) -> None:
        self._view, self._cursor = backfill.view, backfill.cursor
        super().__init__(run, backfill.history, train=False, parent=parent)
        self._resumes = {*backfill.history.resumes}
        for event in self.history.events:
            if event.kind == "change":
                self._take_change(event)
        self._look = QTimer(self)
        self._look.setInterval(INTERVAL)
        self._look.timeout.connect(self.follow)

    def start(self) -> None:
        """Begin to follow."""
        steps = self.history.series["loss"][0]
        self._recall(int(steps[-1]) if len(steps) else 0)
        self._look.start()
        self._tell(StateChanged("training"))

    def follow(self) -> None:
        """Tell what has come since the last look."""
        trained = in_use(self.run.folder)  # before the look, so that nothing comes after it
        try:
            if self._view is None:
                self._view = RecordView(self.run.record_path)
            points, events, self._cursor = self._view.news(self._cursor)
            resumes = self._view.resumes("loss")
        except GPTCoreError as error:
            if not trained or self._view is not None:
                self._end()
                self._tell(StateChanged("failed", error))
            return
        self._tell_news(points, events)
        for step in sorted({*resumes} - self._resumes):
            self.resumed.emit(step)
        self._resumes = {*resumes}
        if not trained:
            self._end()
            done = self.step >= self.config.train.max_steps
            self._tell(StateChanged("finished" if done else "stopped"))

    def _tell_news(self, points: dict[str, Points], events: list[Event]) -> None:
        for event in events:
            if event.kind == "change":
                self._take_change(event)
                self._tell(Changed(event.step, event.values))
        steps = _steps(points)
        if steps:
            self._tell_steps(steps)
        for report in _evaluations(points, events):
            self._tell(report)
        for event in events:
            if event.kind == "checkpoint":
                removed = tuple(event.values["removed"])
                self._tell(CheckpointSaved(event.step, event.values["best"], 0.0, removed))
            elif event.kind == "sample":
                told = event.values
                settings = told.get("settings", {})  # older records have none
                self._tell(SampleDone(event.step, told["prompt"], told["text"], settings))

    def _take_change(self, event: Event) -> None:
        try:
            self.config = self.config.replace(event.values)
        except GPTCoreError:  # of another version of this program
            return

    def _end(self) -> None:
        self._look.stop()
        if self._view is not None:
            self._view.close()
            self._view = None

    def close(self) -> None:
        """Follow no more; the other process goes on."""
        self._end()
        self.state = "closed"
        self._left = self._over = True
        self.readers.close()
        if not self.readers.running:
            self.closed.emit()

    @property
    def alive(self) -> bool:
        """Never: here is nothing to train or to answer."""
        return False


def _steps(points: dict[str, Points]) -> list[StepDone]:
    """The steps of which every figure has come."""
    names = ("loss", "rate", "grad_norm", "tokens", "seconds")
    if not all(name in points for name in names):
        return []
    columns = [points[name][1].tolist() for name in names]
    found = zip(points["loss"][0].tolist(), *columns, strict=False)
    return [
        StepDone(step, loss, rate, norm, int(tokens), seconds)
        for step, loss, rate, norm, tokens, seconds in found
    ]


def _evaluations(points: dict[str, Points], events: list[Event]) -> list[EvaluationDone]:
    """The evaluations: their figures are points, and what else is known of them comes with their events."""
    names = ("validation", "nats_per_character", "bits_per_byte")
    if not all(name in points for name in names):
        return []
    columns = [points[name][1].tolist() for name in names]
    found = zip(points["validation"][0].tolist(), *columns, strict=False)
    also = {event.step: event.values for event in events if event.kind == "evaluation"}
    return [
        EvaluationDone(step, Evaluation(loss, nats, bits, told.get("windows", 0)), bool(told.get("best")))
        for step, loss, nats, bits in found
        for told in [also.get(step, {})]
    ]
