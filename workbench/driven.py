"""A driver of gpt_core's as the window has it: on a thread of its own, asked by commands, heard by a timer.

The threads here are the only ones that touch tensors. They never touch the window: what a driver tells is
appended to a deque, and the window drains it a few times a second, however much there is.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from gpt_core.config import SamplingConfig
from gpt_core.control import Close, Control, StopAnswer
from gpt_core.errors import GPTCoreError
from gpt_core.events import Report, StateChanged

DRAIN_INTERVAL = 100  # milliseconds; each redraw takes its time from training where the cores are few


class Driver(Protocol):
    """The Worker or the Reader."""

    def work(self) -> None:
        """Do all there is to do, until told to close."""


Make = Callable[[Control, Callable[[Report], object]], Driver]


class DriverThread(QThread):
    """Makes a driver and lets it work; what it tells is appended to `reports`."""

    def __init__(self, make: Make, control: Control, reports: deque[Report]) -> None:
        super().__init__()
        self._make = make
        self._control = control
        self._reports = reports

    def run(self) -> None:
        """Work; torch is loaded here, by `make`, where it stalls nobody."""
        try:
            self._make(self._control, self._reports.append).work()
        except BaseException as error:  # QThread would print it and end as if all were well
            told = GPTCoreError("unexpected_here", kind=type(error).__name__, reason=str(error))
            self._reports.append(StateChanged("failed", told, traceback.format_exc()))


class Driven(QObject):
    """A driver and its thread. `reported` carries what it tells, and `closed` says that it has ended."""

    reported = Signal(object)
    closed = Signal()

    def __init__(self, make: Make, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reports: deque[Report] = deque()
        self._control = Control()
        self._thread = DriverThread(make, self._control, self._reports)
        self._thread.finished.connect(self._ended)
        self._timer = QTimer(self)
        self._timer.setInterval(DRAIN_INTERVAL)
        self._timer.timeout.connect(self.drain)

    def start(self) -> None:
        """Let the thread begin."""
        self._timer.start()
        self._thread.start()

    def prompt(self, request: SamplingConfig) -> int:
        """Ask for an answer; its reports carry the id returned."""
        return self._control.prompt(request)

    def read_batch(self, step: int) -> int:
        """Have the batch read that a step was trained on; the reports of it carry the id returned."""
        return self._control.read_batch(step)

    def stop_answer(self, id: int) -> None:
        """Cut an answer short."""
        self._control.ask(StopAnswer(id))

    def close(self) -> None:
        """End the thread, then emit `closed`; returns at once."""
        if self._thread.isRunning():
            self._control.ask(Close())
        else:
            self._ended()

    @property
    def thread_runs(self) -> bool:
        """Whether the thread has yet to end."""
        return self._thread.isRunning()

    def drain(self) -> None:
        """Tell on all that came since the last time."""
        while self._reports:
            self._tell(self._reports.popleft())

    def _tell(self, report: Report) -> None:
        self.reported.emit(report)

    def _ended(self) -> None:
        self._thread.wait()  # the signal comes a moment before the thread has ended
        self._timer.stop()
        self.drain()
        self.closed.emit()
