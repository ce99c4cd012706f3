"""Work that would hold the window up, done on a thread of its own: reading folders, checksums, copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from gpt_core.errors import GPTCoreError


class Job(QThread):
    """One piece of work: `work()` runs on the thread, and what it returns comes with `done` or, where it
    raises, as a GPTCoreError with `failed`; both are told on the thread of the window."""

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, work: Callable[[], Any], parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._result: Any = None
        self._error: GPTCoreError | None = None
        self.finished.connect(self._tell)

    def run(self) -> None:
        try:
            self._result = self._work()
        except GPTCoreError as error:
            self._error = error
        except Exception as error:  # QThread would print it and nobody would hear of it
            self._error = GPTCoreError("unexpected_here", kind=type(error).__name__, reason=str(error))
            self._error.__cause__ = error

    def _tell(self) -> None:
        self.wait()  # the signal comes a moment before the thread has ended
        if self._error is None:
            self.done.emit(self._result)
        else:
            self.failed.emit(self._error)
        self.deleteLater()


def wanted() -> bool:
    """Whether the work on this thread should go on; asked by long work between its parts."""
    return not QThread.currentThread().isInterruptionRequested()
