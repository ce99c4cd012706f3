"""The checkpoints of the open run that are asked: each has a reader, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from PySide6.QtCore import QObject, Signal

from gpt_core.config import SamplingConfig
from gpt_core.control import Control
from gpt_core.errors import GPTCoreError
from gpt_core.events import AnswerDone, CheckpointRead, Report, StateChanged
from gpt_core.run import Run
from workbench import loading
from workbench.driven import Driven, Driver


class CheckpointReader(Driven):
    """The checkpoint of a step, or the newest sound one with None; loaded when it is first asked.

    `read` is the step of the model that is loaded, or None.
    """

    def __init__(self, run: Run, step: int | None, parent: QObject) -> None:
        super().__init__(partial(_make, run, step), parent)
        self.read: int | None = None
        self._asked: set[int] = set()
        self._error: GPTCoreError | None = None  # that ended the thread

    def prompt(self, request: SamplingConfig) -> int:
        """Ask for an answer, first loading the model where it is not; its reports carry the id returned."""
        return self._begin(super().prompt(request))

    def read_batch(self, step: int) -> int:
        """Have a batch read, first loading the model where it is not."""
        return self._begin(super().read_batch(step))

    def _begin(self, id: int) -> int:
        self._asked.add(id)
        if not self.thread_runs:
            self.start()
        return id

    @property
    def asked(self) -> bool:
        """Whether anything is still to be answered."""
        return bool(self._asked)

    def _tell(self, report: Report) -> None:
        match report:
            case CheckpointRead(step=step):
                self.read = step
            case AnswerDone(id=id):
                self._asked.discard(id)
            case StateChanged(error=error):
                self._error = error
        super()._tell(report)

    def _ended(self) -> None:
        self._thread.wait()
        self.drain()
        for id in sorted(self._asked):  # nobody else will tell of them
            self._tell(AnswerDone(id, stopped=self._error is None, error=self._error))
        self.read = None
        super()._ended()


def _make(run: Run, step: int | None, control: Control, report: Callable[[Report], object]) -> Driver:
    loading.load_torch()
    from gpt_core.reader import Reader

    return Reader(run, step, control, report)


class Readers(QObject):
    """A reader for each step that is asked, and for the newest checkpoint, None.

    `reported` carries a reader and what it tells; `idle` says that all that were closed have ended.
    """

    reported = Signal(object, object)
    idle = Signal()

    def __init__(self, run: Run, parent: QObject) -> None:
        super().__init__(parent)
        self._run = run
        self._open: dict[int | None, CheckpointReader] = {}
        self._kept: set[int | None] = set()
        self._closing: set[CheckpointReader] = set()

    def of(self, step: int | None) -> CheckpointReader:
        """The reader of a step, or of the newest checkpoint."""
        if step not in self._open:
            reader = CheckpointReader(self._run, step, self)
            reader.reported.connect(partial(self._heard, reader))
            self._open[step] = reader
        return self._open[step]

    def keep(self, steps: Collection[int | None]) -> None:
        """Close all other readers, as soon as they have answered, which gives their memory back."""
        self._kept = set(steps)
        self._close([step for step in self._open.keys() - self._kept if not self._open[step].asked])

    def close(self) -> None:
        """Close them all; returns at once."""
        self._close([*self._open])

    def _heard(self, reader: CheckpointReader, report: object) -> None:
        self.reported.emit(reader, report)
        if isinstance(report, AnswerDone):
            self.keep(self._kept)

    def _close(self, steps: Collection[int | None]) -> None:
        for step in steps:
            reader = self._open.pop(step)
            if reader.thread_runs:
                self._closing.add(reader)
                reader.closed.connect(partial(self._forget, reader))
                reader.close()
            else:
                reader.deleteLater()

    @property
    def running(self) -> bool:
        """Whether any thread has yet to end."""
        return bool(self._closing) or any(reader.thread_runs for reader in self._open.values())

    def _forget(self, reader: CheckpointReader) -> None:
        self._closing.discard(reader)
        reader.deleteLater()
        if not self._closing:
            self.idle.emit()
