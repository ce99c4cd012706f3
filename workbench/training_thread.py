"""A QThread around gpt_core's worker: the one thread that touches tensors."""

from __future__ import annotations

import traceback
from collections import deque

from PySide6.QtCore import QThread

from gpt_core.control import Control
from gpt_core.errors import GPTCoreError
from gpt_core.events import Report, StateChanged
from gpt_core.run import Run


class TrainingThread(QThread):
    """Drives `run` until told to close; what happens is appended to `reports`, for the GUI to drain."""

    def __init__(self, run: Run, control: Control, reports: deque[Report], train: bool) -> None:
        super().__init__()
        self._run = run
        self._control = control
        self._reports = reports
        self._train = train

    def run(self) -> None:
        """Load torch here, where it stalls nobody, and work."""
        try:
            from gpt_core.worker import Worker

            Worker(self._run, self._control, self._reports.append, train=self._train, linger=True).work()
        except BaseException as error:  # QThread would print it and end as if all were well
            told = GPTCoreError("unexpected", kind=type(error).__name__, reason=str(error))
            self._reports.append(StateChanged("failed", told, traceback.format_exc()))
