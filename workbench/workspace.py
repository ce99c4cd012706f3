"""All runs: which one is open, and how one is begun or opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gpt_core.config import Config
from gpt_core.run import create, open_run
from workbench.session import Session, read_history


class Workspace(QObject):
    """The runs of a person; at most one of them is open in the window, as `session`."""

    sessionChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None

    def begin(self, config: Config, name: str, folder: Path | None = None) -> None:
        """Create a run, in `folder` or in a new one named after `name`, and train it.

        Raises GPTCoreError where the folder cannot be used.
        """
        run = create(config, folder, name)
        self.enter(Session(run, read_history(run), train=True, parent=self))

    def look(self, folder: Path, train: bool = False) -> Session:
        """The session of a run that is there, not yet begun; GPTCoreError where it is none or is damaged."""
        run = open_run(folder)
        return Session(run, read_history(run), train=train, parent=self)

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
