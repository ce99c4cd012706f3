"""Runs coming and going: one is open at a time, and it is saved and closed before the next one is begun."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from gpt_core import resources
from gpt_core.errors import GPTCoreError
from gpt_core.events import Ready
from gpt_core.text import BUILTIN, parts
from workbench.draft import Draft
from workbench.session import Session
from workbench.workspace import Found, Workspace


class Changeover(QObject):
    """Begins runs, opens and leaves them, for the window and for the queue; what goes wrong is `told` by the
    workspace."""

    fresh = Signal()  # what was told of the run before is of no concern any more
    said = Signal(object)  # what to say of a run that was opened: a function that gives the sentence
    asked = Signal()  # the person leaves the open run, not the queue

    def __init__(self, window: QWidget, draft: Draft, workspace: Workspace) -> None:
        super().__init__(window)
        self._window, self._draft, self._workspace = window, draft, workspace
        self._folder: Path | None = None  # where the next run goes, if that was said on the command line
        self.leaving = False  # whether the open run was told to close
        self._then: Callable[[], object] | None = None  # what comes after that
        self._opening: object = None  # the run that was asked for last
        workspace.sessionChanged.connect(self._session_changed)

    def use_folder(self, folder: Path | None) -> None:
        """Let the next run be made in `folder` instead of a new one in the workspace."""
        self._folder = folder

    def start(self) -> None:
        """Begin a run with the draft's settings."""
        if self._workspace.session is not None:  # one that failed
            self.leave_run(self.start)
            return
        self.fresh.emit()
        try:
            self._workspace.begin(self._draft.config(), run_name(self._draft), self._folder)
        except GPTCoreError as error:
            self._workspace.told.emit(error)

    def open(self, folder: Path, train: bool = False, told: Callable[[], str] | None = None) -> None:
        """Open a run that is there, leaving the one that is open; `told` is what to say of it."""
        session = self._workspace.session
        if session is not None and self._workspace.is_open(folder) and session.alive and not train:
            return  # it is the one
        self._opening = opening = object()

        def found(run: Found) -> None:
            if opening is self._opening and self._workspace.session in (session, None):
                # and nothing else was asked for since
                why = self.tr("{name} is to be opened in the place of the run that trains.")
                self.leave_run(lambda: self._enter(run, train, told), why.format(name=folder.name))

        self._workspace.find(folder, found)

    def _enter(self, found: Found, train: bool, told: Callable[[], str] | None) -> None:
        self.fresh.emit()
        if told is not None:
            self.said.emit(told)
        self._workspace.enter(self._workspace.session_of(found, train))

    def leave_run(self, then: Callable[[], object] | None = None, why: str = "") -> None:
        """Close the open run, its thread and all, then do what comes next; asks first while it is busy, and
        says `why`."""
        session = self._workspace.session
        if (
            self.leaving
        ):  # it is closing already; what the person asks for comes before what the queue would do
            if then is not None:
                self.asked.emit()
                self._then = then
            return
        if session is None:
            if then is not None:
                then()
            return
        if session.busy and not self._may_interrupt(why):
            return
        if session is self._workspace.session:
            self.asked.emit()
            self.leave(session, then)
        else:
            self.leave_run(then, why)  # the queue has gone on to another while the person made up their mind

    def leave(self, session: Session, then: Callable[[], object] | None) -> None:
        """The same without asking."""
        self.leaving, self._then = True, then
        session.close()

    def _may_interrupt(self, why: str) -> bool:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Training is under way"))
        question = self.tr("Stop training and save a checkpoint? You can resume from it at any time.")
        box.setText(f"{why}\n\n{question}" if why else question)
        stop = box.addButton(self.tr("Save and stop"), QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(self.tr("Go on training"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stop)
        box.setEscapeButton(stay)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        return clicked is stop

    def _session_changed(self) -> None:
        session = self._workspace.session
        if session is not None:
            session.closed.connect(self._closed)
            session.reported.connect(self._reported)

    def _reported(self, report: object) -> None:
        if isinstance(report, Ready):
            self._folder = None  # it is this run's now

    def _closed(self) -> None:
        """The session's thread has ended."""
        session, then = self._workspace.session, self._then
        leaving, self.leaving, self._then = self.leaving, False, None
        assert session is not None
        if session.state == "failed" and not leaving:
            return  # its message and its settings stay, until a new start
        unsaved = session.state == "closed" and session.error is not None
        self._workspace.leave()
        if unsaved:
            return  # the window stays, for the person to see what could not be saved
        if then is not None:
            QTimer.singleShot(0, then)


def run_name(draft: Draft) -> str:
    """What a run of the draft is called: as what the draft came from; or, where that is the preset that comes
    with a text, and the person's own is in its place, as this text."""
    source, own = draft.values["data.source"], draft.origin.values["data.source"]
    told = ""
    if draft.preset in resources.presets() and own in BUILTIN and source != own:
        text = Path(parts(source)[0].removeprefix("builtin:"))
        told = re.sub(r"[^\w .()+-]+", "-", text.name if text.is_dir() else text.stem)[:60].strip(" .-")
    return told or name_after(draft.preset)


def name_after(origin: str) -> str:
    """What a run is called that comes of a preset, of a file or of another run; the workspace numbers it."""
    return re.sub(r"-\d+$", "", Path(origin or "run").stem)
