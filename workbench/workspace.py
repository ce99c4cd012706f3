"""All runs: what is known of each, which one is open, and how one is begun, opened, renamed, thrown away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QFile, QObject, Signal

from gpt_core.about import describe
from gpt_core.config import Config
from gpt_core.errors import GPTCoreError
from gpt_core.run import Run, create, in_use, open_run, rename
from gpt_core.summary import Summaries, Summary
from workbench.background import Job, wanted
from workbench.queue import Queue
from workbench.session import History, Session, read_history
from workbench.watching import Backfill, WatchedSession, backfill
from workbench.words import run_state, state

Found = tuple[Run, History | Backfill]  # a Backfill where another process trains the run


class Workspace(QObject):
    """The runs of a person, as `runs` (the newest first); at most one of them is open, as `session`; and what
    waits to be one, as `queue`.

    What takes its time is done in the background, and what goes wrong there comes with `told`.
    """

    sessionChanged = Signal()
    runsChanged = Signal()
    checkpointsChanged = Signal()  # of the open run: one was pinned, let go of or deleted
    forked = Signal(object)  # the folder of a new run
    told = Signal(object)  # a GPTCoreError
    idle = Signal()  # nothing is being done in the background any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self.queue = Queue(self)
        self.queue.told.connect(self.told)
        self.runs: list[Summary] = []
        self.scanned = False  # whether `runs` has been looked at once
        self._summaries = Summaries()
        self._jobs: set[Job] = set()
        self._scanning = False
        self._closing = False

    # ------------------------------------------------------------------------------------------ The open run

    def begin(self, config: Config, name: str, folder: Path | None = None) -> None:
        """Create a run, in `folder` or in a new one named after `name`, and train it.

        Raises GPTCoreError where the folder cannot be used.
        """
        self.enter(self.make(config, name, folder))

    def make(self, config: Config, name: str, folder: Path | None = None) -> Session:
        """The session of a new run, not yet begun."""
        run = create(config, folder, name)
        return Session(run, read_history(run), train=True, parent=self)

    def look(self, folder: Path, train: bool = False) -> Session:
        """The session of a run that is there, not yet begun; one that another process trains is only watched.

        Raises GPTCoreError where the folder holds no run or a damaged one.
        """
        return self.session_of(_read(folder, self._trains(folder)), train)

    def find(self, folder: Path, done: Callable[[Found], object]) -> None:
        """Read the same in the background, since a record may be long, for `session_of`."""
        ours = self._trains(folder)
        self.do(lambda: _read(folder, ours), done)

    def session_of(self, found: Found, train: bool) -> Session:
        """The session of a run that was read."""
        run, past = found
        if isinstance(past, Backfill):
            return WatchedSession(run, past, parent=self)
        return Session(run, past, train=train, parent=self)

    def _trains(self, folder: Path) -> bool:
        """Whether the run in `folder` is in use by the session that is open."""
        return (
            self.session is not None and self.session.alive and self.is_open(folder.expanduser().absolute())
        )

    def enter(self, session: Session) -> None:
        """Make `session` the open one and let it begin; there must be no other."""
        self.session = session
        self.sessionChanged.emit()
        session.start()

    def leave(self) -> None:
        """Let go of the session, which must be closed."""
        session, self.session = self.session, None
        self.sessionChanged.emit()
        if session is not None:
            session.deleteLater()

    def is_open(self, folder: Path) -> bool:
        """Whether the run in `folder` is the one that is open."""
        return self.session is not None and self.session.run.folder == folder

    def state_of(self, run: Summary) -> str:
        """The state of a run in words, as the window knows it of the one that is open."""
        if self.session is not None and self.is_open(run.folder) and self.session.alive:
            return self.tr("{state} here").format(state=state(self.session.state))
        return run_state(run.state)

    # ------------------------------------------------------------------------------------------ All the runs

    def scan(self) -> None:
        """Look at all runs in the background; `runsChanged` follows if anything is different."""
        if not self._scanning:
            self._scanning = self.do(self._look, self._looked)

    def _look(self) -> list[Summary] | None:
        found = []
        for summary in self._summaries.look():
            if not wanted():
                return None
            found.append(summary)
        return sorted(found, key=lambda summary: summary.changed, reverse=True)

    def _looked(self, found: list[Summary] | None) -> None:
        self._scanning = False
        if found is not None and (found != self.runs or not self.scanned):
            self.runs, self.scanned = found, True
            self.runsChanged.emit()

    def describe(self, folder: Path, **changes: Any) -> None:
        """Give a run notes, tags or a star."""
        self.do(lambda: describe(folder, **changes), self._changed)

    def rename(self, folder: Path, name: str) -> None:
        """Call a run by another name; refused while someone trains it."""

        def renamed(place: Path) -> None:
            self.queue.note_renamed(folder, place)
            self.scan()

        self.do(lambda: rename(folder, name), renamed)

    def fork(self, run: Run, step: int) -> None:
        """Make a new run that goes on from a checkpoint; `forked` tells its folder."""

        def make() -> Path:
            from gpt_core.fork import fork

            return fork(run, step).folder

        self.do(make, self.forked.emit)

    def trash(self, folders: list[Path]) -> None:
        """Move runs to the system's trash; one that someone trains stays."""

        def move() -> None:
            for folder in folders:
                if in_use(folder):
                    raise GPTCoreError("run_in_use", path=folder)
                if not QFile.moveToTrash(str(folder)):
                    raise GPTCoreError("run_not_trashed", path=folder)

        self.do(move, self._changed)

    def _changed(self, _: object) -> None:
        self.scan()

    # -------------------------------------------------------------------------------------- In the background

    def do(self, work: Callable[[], Any], done: Callable[[Any], object]) -> bool:
        """Run `work` on a thread of its own, then `done` with its result here; what it raises is `told`.

        False, and nothing is done, once the window is closing.
        """
        if self._closing:
            return False
        job = Job(work, self)
        job.done.connect(done)
        job.failed.connect(self.told)
        job.failed.connect(self._changed)
        job.finished.connect(lambda: self._forget(job))
        self._jobs.add(job)
        job.start()
        return True

    def _forget(self, job: Job) -> None:
        self._jobs.discard(job)
        if not self._jobs:
            self.idle.emit()

    def finish(self) -> bool:
        """Begin nothing more in the background; whether all is done, else `idle` tells when."""
        self._closing = True
        for job in self._jobs:
            job.requestInterruption()
        return not self._jobs


def _read(folder: Path, ours: bool) -> Found:
    """A run that is there with what its record holds, on any thread; `ours` if this window has it in use."""
    run = open_run(folder)
    watched = in_use(run.folder) and not ours
    return run, backfill(run) if watched else read_history(run)
