"""Keeping the computer awake: automatic sleep is held off, the screen may go dark, and a person's own wish to
suspend is granted.

Each system is asked in its own way: Linux by systemd-inhibit, macOS by caffeinate, Windows by a call. All of
them let go by themselves when this program ends, however it ends. Where none is there, nothing is held.
"""

from __future__ import annotations

import ctypes
import shutil
import sys

from PySide6.QtCore import QObject, QProcess, Signal

ES_CONTINUOUS, ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001  # of SetThreadExecutionState


class Awake(QObject):
    """Holds sleep off between `hold` and `release`; `changed` tells when `held` did."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.held = False
        self._process: QProcess | None = None

    def hold(self, who: str, why: str) -> None:
        """Ask the system not to fall asleep, with the words that it shows a person who asks it why."""
        if self.held or self._process is not None:
            return
        if sys.platform == "win32":
            told = ctypes.windll.kernel32.SetThreadExecutionState(ES_CONTINUOUS | ES_SYSTEM_REQUIRED)
            self._set(bool(told))
            return
        command = holder(who, why)
        if command is not None:
            process = self._process = QProcess(self)
            process.setStandardErrorFile(QProcess.nullDevice())
            process.readyReadStandardOutput.connect(lambda: self._set(process is self._process))
            for ended in (process.finished, process.errorOccurred):
                ended.connect(lambda: self._ended(process))
                ended.connect(process.deleteLater)  # Qt's own: it may come while the process is being deleted
            process.start(command[0], command[1:])
            process.write(b"held\n")

    def release(self) -> None:
        """Let the system fall asleep again."""
        if sys.platform == "win32" and self.held:
            ctypes.windll.kernel32.SetThreadExecutionState(ES_CONTINUOUS)
        process, self._process = self._process, None
        if process is not None:
            process.closeWriteChannel()  # `cat` ends, and with it what holds sleep off
        self._set(False)

    def _ended(self, process: QProcess) -> None:
        """It was let go; or the system refused, or the program that asks it could not be started."""
        if process is self._process:  # not one that was let go
            self._process = None
            self._set(False)

    def _set(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.changed.emit()


def holder(who: str, why: str) -> list[str] | None:
    """The command that holds sleep off for as long as its standard input is open; None where there is none.

    It copies its input to its output once it holds, which tells that it does.
    """
    if sys.platform == "darwin":
        return ["caffeinate", "-i", "cat"] if shutil.which("caffeinate") else None
    if shutil.which("systemd-inhibit") is None:
        return None
    words = [f"--who={who}", f"--why={why}", "--what=idle", "--mode=block"]
    return ["systemd-inhibit", *words, "cat"]
