"""A process of our own Python beside the window: asked and heard in lines of JSON, ended when it must be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from workbench import i18n

Refused = Callable[[Callable[[], str]], None]  # takes what words a sentence, in any language
LAST_WORDS = 4000  # characters of standard error that are kept, to be told where it fails


class Child(QObject):
    """`python -m MODULE ARGUMENTS`. `said` carries each line of JSON that it prints, `ended` whether it ended
    well: not where it failed, and not where it was killed."""

    said = Signal(object)
    ended = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.errors = ""  # the end of what it wrote on standard error
        self._rest = b""
        self._process = QProcess(self)
        self._patience = QTimer(self, singleShot=True, interval=1000)
        self._patience.timeout.connect(self._process.kill)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONIOENCODING", "utf-8")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def start(self, module: str, arguments: Sequence[str] = ()) -> None:
        """Begin; returns at once."""
        self.errors, self._rest = "", b""
        self._process.start(sys.executable, ["-m", module, *arguments])

    def ask(self, question: dict[str, Any]) -> None:
        """Write a line of JSON to its standard input."""
        self._process.write(json.dumps(question).encode() + b"\n")

    def kill(self) -> None:
        """End it at once; `ended` follows."""
        self._process.kill()

    def terminate(self) -> None:
        """Ask it to end, and what it has begun itself; after a second, end it. `ended` follows."""
        self._process.terminate()
        self._patience.start()

    def close(self) -> None:
        """End it and wait for that, for a panel that goes away."""
        self._process.kill()
        self._process.waitForFinished(2000)

    def last_line(self) -> str:
        """The last thing it wrote on standard error, which tells why it failed."""
        lines = [line for line in self.errors.splitlines() if line.strip()]
        return lines[-1] if lines else self.tr("The process ended without a word.")

    def _read(self) -> None:
        self._rest += bytes(self._process.readAllStandardOutput().data())
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:  # what some library prints
                continue
            if isinstance(told, dict):
                self.said.emit(told)

    def _read_errors(self) -> None:
        more = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self.errors = (self.errors + more)[-LAST_WORDS:]

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._patience.stop()
        self._read()
        self._read_errors()
        self.ended.emit(code == 0 and status == QProcess.ExitStatus.NormalExit)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # then `finished` does not come
            self.errors = self._process.errorString()
            self.ended.emit(False)


class Service(QObject):
    """A process that answers questions one after the other, begun when it is first asked: see `service`
    for what goes to and fro."""

    def __init__(self, module: str, parent: QObject) -> None:
        super().__init__(parent)
        self._module = module
        self._number = 0
        self._waiting: dict[int, tuple[Callable[[dict[str, Any]], None], Refused]] = {}
        self.child = Child(self)
        self.child.said.connect(self._heard)
        self.child.ended.connect(self._ended)

    def ask(
        self,
        what: str,
        values: dict[str, Any],
        answered: Callable[[dict[str, Any]], None],
        refused: Refused,
    ) -> None:
        """Ask a question; the answer goes to `answered`, or the words of why there is none to `refused`."""
        if not self.child.runs:
            self.child.start(self._module)
        self._number += 1
        self._waiting[self._number] = answered, refused
        self.child.ask({"id": self._number, "ask": what, "with": values})

    @property
    def waits(self) -> bool:
        """Whether a question has yet to be answered."""
        return bool(self._waiting)

    def rest(self) -> None:
        """End the process, without an answer to what was asked, until it is asked again."""
        self._waiting.clear()
        self.child.close()

    def _heard(self, told: dict[str, Any]) -> None:
        if "progress" in told or told.get("id") not in self._waiting:
            return
        answered, refused = self._waiting.pop(told["id"])
        if error := told.get("error"):
            refused(lambda: i18n.of_told(error))
        else:
            answered(told["answer"])

    def _ended(self, well: bool) -> None:
        waiting, self._waiting = self._waiting, {}
        last = self.child.last_line()
        for _, refused in waiting.values():
            refused(lambda: last)
