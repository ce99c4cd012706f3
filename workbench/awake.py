"""Keeping the computer awake: automatic sleep is held off, the screen may go dark, and a person's own wish to
suspend is granted.

Each system is asked in its own way: Linux by systemd-inhibit, macOS by caffeinate, Windows by a call. All of
them let go by themselves when this program ends, however it ends. Where none is there, nothing is held.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import partial

from PySide6.QtCore import QObject, QThreadPool, Signal

ES_CONTINUOUS, ES_SYSTEM_REQUIRED = 0x80000000, 0x00000001  # of SetThreadExecutionState


class Awake(QObject):
    """Holds sleep off between `hold` and `release`; `changed` tells when `held` did."""

    changed = Signal()
    _answered = Signal(object, bool)  # the process, and whether the system grants it

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.held = False
        self._process: subprocess.Popen[bytes] | None = None
        self._answered.connect(self._take)

    def hold(self, who: str, why: str) -> None:
        """Ask the system not to fall asleep, with the words that it shows a person who asks it why."""
        if self.held or self._process is not None:
            return
        if sys.platform == "win32":
            told = ctypes.windll.kernel32.SetThreadExecutionState(ES_CONTINUOUS | ES_SYSTEM_REQUIRED)
            self._set(bool(told))
            return
        command = holder(who, why)
        if command is None:
            return
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing)
        except OSError:
            return
        QThreadPool.globalInstance().start(partial(self._listen, self._process))

    def release(self) -> None:
        """Let the system fall asleep again."""
        if sys.platform == "win32" and self.held:
            ctypes.windll.kernel32.SetThreadExecutionState(ES_CONTINUOUS)
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        self._set(False)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """On another thread: wait for what the system says to it."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError, ValueError):  # refused, or let go meanwhile
            process.stdin.write(b"held\n")
            process.stdin.flush()
        granted = False
        with suppress(OSError, ValueError):  # let go meanwhile, and closed
            granted = bool(process.stdout.readline())
        with suppress(RuntimeError):  # the window was closed meanwhile
            self._answered.emit(process, granted)

    def _take(self, process: subprocess.Popen[bytes], granted: bool) -> None:
        if process is self._process:  # not one that was let go
            if not granted:
                self.release()
            self._set(granted)

    def _set(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.changed.emit()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, on which `cat` ends and with it what holds sleep off; see it gone later."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    QThreadPool.globalInstance().start(partial(process.__exit__, None, None, None))  # waits and closes


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
