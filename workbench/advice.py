"""Advice: what a person who watched the curves closely would say of the open run, said once."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from gpt_core.events import EvaluationDone
from gpt_core.overfitting import Turn, look
from workbench import i18n
from workbench.session import Session
from workbench.workspace import Workspace


class Advice(QObject):
    """Looks at the record of the open run after each evaluation. `said` carries what to say: a function that
    gives the sentence, in whatever language is spoken then."""

    said = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._done = self._looking = False
        workspace.sessionChanged.connect(self._session_changed)

    def _session_changed(self) -> None:
        session, self._done = self._workspace.session, False
        if session is not None:
            session.reported.connect(partial(self._reported, session))

    def _reported(self, session: Session, report: object) -> None:
        if isinstance(report, EvaluationDone) and not self._done and not self._looking:
            self._looking = self._workspace.do(
                partial(look, session.run.record_path), lambda found: self._found(session, found)
            )

    def _found(self, session: Session, found: Turn | None) -> None:
        self._looking = False
        if found is None or self._done or session is not self._workspace.session:
            return
        self._done = True
        self.said.emit(partial(i18n.of_error, found.told()))
