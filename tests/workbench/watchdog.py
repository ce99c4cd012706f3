"""A watchdog over the thread of the window: how long it kept a person waiting, and with what.

A timer beats every few milliseconds; for as long as it is late, no click or key was looked at. (Not from the
event loop's `awake` to its `aboutToBlock`: of the two dispatchers that Qt has on Linux, one calls the slots
of timers and the other every slot between `aboutToBlock` and `awake`.)

Other programs must not make it bark. So the time that the thread stood ready without being given a core is
taken off, which Linux tells to the nanosecond; and where the thread slept or waited for a lock, Python's
among them, also the time for which another thread of ours stood so, since that may be whom it waited for.
Where the system tells neither, the thread's own computing is all that counts.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer

INTERVAL = 0.005  # seconds between two beats
LOOK_AFTER = 0.060  # seconds without a beat after which it is looked at what the thread does
LOOK_AGAIN = 0.040
MOST_LOOKS = 8


@dataclass(frozen=True)
class Stall:
    """The thread of the window took no events for `seconds`, `computing` of them on a core of its own."""

    phase: str
    seconds: float
    computing: float
    collecting: float  # in Python's collection of garbage
    where: str

    def __str__(self) -> str:
        return (
            f"{self.phase}: {1e3 * self.seconds:.0f} ms ({1e3 * self.computing:.0f} ms computing, "
            f"{1e3 * self.collecting:.0f} ms of it collecting garbage)\n{self.where}"
        )


class Watchdog:
    """Watches the thread that makes it, which must have an application, from `start` to `stop`.

    Only what happens in a `phase` counts. `longest` tells the worst of each phase, in seconds; `stalls`
    every one above `limit`.
    """

    def __init__(self, limit: float = 0.100) -> None:
        self.limit = limit
        self.longest: dict[str, float] = {}
        self.stalls: list[Stall] = []
        self.phase_now: str | None = None
        self._thread = threading.get_ident()
        self._queues = _Queues()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._looks: list[str] = []
        self._stopped = threading.Event()
        self._looker = threading.Thread(target=self._look, name="watchdog", daemon=True)
        self._collecting = 0.0
        self._collection_began = 0.0
        self._begin()

    def start(self) -> None:
        """Begin to watch."""
        gc.callbacks.append(self._collection)
        self._timer.start(round(1e3 * INTERVAL))
        self._looker.start()
        self._queues.apart.append(self._looker.native_id)

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._stopped.set()
        self._looker.join()
        gc.callbacks.remove(self._collection)
        self._queues.close()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What happens in here is `name`'s."""
        self._beat()
        before, self.phase_now = self.phase_now, name
        self.longest.setdefault(name, 0.0)
        try:
            yield
        finally:
            self._beat()
            self.phase_now = before

    def told(self) -> str:
        """Every stall in words, the worst first."""
        return "\n".join(str(stall) for stall in sorted(self.stalls, key=lambda s: -s.seconds))

    # ------------------------------------------------------------------------------------------- Counting

    def _begin(self) -> None:
        self._last = time.perf_counter()
        self._computed = time.thread_time()
        self._queues.mark()
        self._looks = []
        self._collecting = 0.0

    def _beat(self) -> None:
        gap = time.perf_counter() - self._last
        if self.phase_now is not None and gap > INTERVAL:
            self._weigh(self.phase_now, gap)
        self._begin()

    def _weigh(self, phase: str, gap: float) -> None:
        computing = time.thread_time() - self._computed
        own, others = self._queues.waited()
        waiting = max(0.0, gap - INTERVAL - computing - own - others) if self._queues.known else 0.0
        seconds = computing + waiting
        self.longest[phase] = max(self.longest[phase], seconds)
        if seconds > self.limit:
            where = "\n".join(self._looks) or "    (nothing was seen: another thread held Python's lock)"
            self.stalls.append(Stall(phase, seconds, computing, self._collecting, where))

    def _collection(self, phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collection_began = time.perf_counter()
        else:
            self._collecting += time.perf_counter() - self._collection_began

    # -------------------------------------------------------------------------------------------- Looking

    def _look(self) -> None:
        """On a thread of its own: see what the watched one does while it does not beat."""
        next_look = LOOK_AFTER
        while not self._stopped.wait(next_look):  # seldom, since it takes Python's lock
            now, last = time.perf_counter(), self._last
            next_look = max(LOOK_AGAIN, last + LOOK_AFTER - now)
            if now - last >= LOOK_AFTER and len(self._looks) < MOST_LOOKS:
                stacks = _stacks()
                mine = traceback.StackSummary.from_list(stacks.pop(self._thread)[::-1])
                tops = [stacks[thread.ident][0] for thread in threading.enumerate() if thread.ident in stacks]
                others = [f"{os.path.basename(file)}:{line} {name}" for file, line, name, _ in tops]
                stack = "".join(mine.format()[-12:])
                self._looks.append(
                    f"  after {1e3 * (now - last):.0f} ms; others: {', '.join(others)}\n{stack}"
                )


def _stacks() -> dict[int, list[tuple[str, int, str, None]]]:
    """File, line and function of all that each thread is in, the innermost first. No frame is held beyond
    this, nor while a file is read: with it would stay what it paints with, and Qt crashes where that outlives
    its paint event."""
    return {
        thread: [
            (at.f_code.co_filename, line, at.f_code.co_name, None) for at, line in traceback.walk_stack(frame)
        ]
        for thread, frame in sys._current_frames().items()
    }


class _Queues:
    """For how long threads of this process stood ready to run without being given a core."""

    FOLDER = "/proc/self/task"

    def __init__(self) -> None:
        self._own = str(threading.get_native_id())
        self._files: dict[str, int] = {}
        self._at: dict[str, int] = {}
        self.apart: list[int | None] = []  # threads for which nobody waits
        self.known = os.path.exists(f"{self.FOLDER}/{self._own}/schedstat")

    def mark(self) -> None:
        """From now on it is counted."""
        if self.known:
            self._at = self._all()

    def waited(self) -> tuple[float, float]:
        """Seconds since `mark`: of this thread, and the longest of any other thread of the process."""
        if not self.known:
            return 0.0, 0.0
        waited = {thread: now - self._at.get(thread, 0) for thread, now in self._all().items()}
        own = waited.pop(self._own)
        for mute in self.apart:
            waited.pop(str(mute), None)
        return own / 1e9, max(waited.values(), default=0) / 1e9

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files = {}

    def _all(self) -> dict[str, int]:
        """Nanoseconds that each thread has stood so since it began."""
        threads = set(os.listdir(self.FOLDER))
        for gone in self._files.keys() - threads:
            os.close(self._files.pop(gone))
        found = {}
        for thread in threads:
            try:
                if thread not in self._files:
                    self._files[thread] = os.open(f"{self.FOLDER}/{thread}/schedstat", os.O_RDONLY)
                found[thread] = int(os.pread(self._files[thread], 80, 0).split()[1])
            except OSError:  # it ended just now
                continue
        return found
