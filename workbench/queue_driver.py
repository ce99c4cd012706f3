"""Trains what waits in the queue: begins the next run once one is over, and notes what became of each."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from gpt_core.errors import GPTCoreError
from gpt_core.run import in_use
from workbench.changeover import Changeover
from workbench.queue import Why
from workbench.queue_file import Entry
from workbench.session import Session
from workbench.workspace import Workspace


class QueueDriver(QObject):
    """Follows the open run, whoever began it.

    While the queue is on, a run that is over or in trouble is saved and left, and the next one begun. What
    the person does with a run (stop it, pause it, leave it) holds the queue.
    """

    def __init__(self, changeover: Changeover, workspace: Workspace) -> None:
        super().__init__(changeover)
        self._changeover, self._workspace, self._queue = changeover, workspace, workspace.queue
        changeover.asked.connect(self._person_leaves)
        workspace.sessionChanged.connect(self._session_changed)
        self._queue.switched.connect(self._switched)

    def _switched(self) -> None:
        session = self._workspace.session
        if not self._queue.on:
            return
        if session is not None and session.state == "paused" and session.error is None:
            if self._queue.of_run(session.run.folder) is not None:
                session.resume()
            return  # its own, or one to wait for
        self._go_on()

    def _session_changed(self) -> None:
        session = self._workspace.session
        if session is None:
            self._queue.note_left()
        else:
            session.stateChanged.connect(self._state_changed)

    def _person_leaves(self) -> None:
        session = self._workspace.session
        if self._queue.on and session is not None:
            self._queue.hold("left", session.run.name)

    def _state_changed(self) -> None:
        session = self._workspace.session
        if session is None:
            return
        if not session.watched:
            self._note(session)
        why = self._asked_for(session)
        if not self._queue.on:
            return
        if why is not None:
            self._queue.hold(why, session.run.name)
        else:
            self._go_on_soon()  # once all have heard of this state

    def _note(self, session: Session) -> None:
        """Note what becomes of an entry whose run is open; that it was only looked at changes nothing."""
        entry = self._queue.of_run(session.run.folder)
        if entry is None:
            return
        if session.state == "training":
            if entry.state != "training":
                self._queue.note(entry.key, state="training", trouble=[])
        elif entry.state == "training":
            if session.state == "finished":
                self._queue.note(entry.key, state="done")
            elif session.error is not None:
                self._queue.note_trouble(entry.key, session.error)
            elif session.state == "stopped" or self._stopped_early(session):
                self._queue.note(entry.key, state="stopped")

    def _asked_for(self, session: Session) -> Why | None:
        """What the person asked of a run, which holds the queue; None where it goes its own way."""
        if session.state == "closed" and session.error is not None:
            return "unsaved"
        if session.error is not None or session.watched:
            return None
        if session.state == "stopped" or self._stopped_early(session):
            return "stopped"
        return "paused" if session.state == "paused" else None

    def _stopped_early(self, session: Session) -> bool:
        """Whether it was told to stop before there was anything to keep: it closes by itself."""
        return session.state == "closed" and not self._changeover.leaving

    # ---------------------------------------------------------------------------------------------- The next

    def _go_on_soon(self) -> None:
        QTimer.singleShot(0, self._go_on)

    def _go_on(self) -> None:
        """Begin what comes next, unless there is a run to wait for."""
        session = self._workspace.session
        if not self._queue.on or self._changeover.leaving or (session is not None and _under_way(session)):
            return
        entry = self._queue.next()
        if entry is None:
            if session is not None and session.alive and session.state == "paused":
                session.save()  # it is in trouble, and stays open for the person to see
            self._queue.finish()
        elif session is not None:
            self._changeover.leave(session, self._go_on)
        else:
            self._begin(entry)

    def _begin(self, entry: Entry) -> None:
        try:
            session = self._session_of(entry)
        except GPTCoreError as error:
            self._queue.note_trouble(entry.key, error)
            self._workspace.told.emit(error)
            self._go_on_soon()
        else:
            self._queue.note(entry.key, state="training", run=session.run.name, trouble=[])
            self._workspace.enter(session)

    def _session_of(self, entry: Entry) -> Session:
        if entry.folder is None:
            return self._workspace.make(entry.config(), entry.name)
        if in_use(entry.folder):
            raise GPTCoreError("run_in_use", path=entry.folder)
        return self._workspace.look(entry.folder, train=True)


def _under_way(session: Session) -> bool:
    """Whether a run is to be waited for, here or in the process that trains it."""
    return session.state in ("preparing", "training") or (session.state == "paused" and session.error is None)
