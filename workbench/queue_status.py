"""How the queue stands, in one sentence: what it trains, what it waits for, or why it is held."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel

from workbench import i18n, theme
from workbench.workspace import Workspace


class QueueStatus(QLabel):
    """Says by itself how things stand; while an entry is `edited` in the forms, what to do with that."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(wordWrap=True)
        theme.style(self, role="muted")
        self._workspace, self._queue = workspace, workspace.queue
        self._edited = ""  # the name of an entry
        self._queue.changed.connect(self.refresh)
        self._queue.switched.connect(self.refresh)
        workspace.sessionChanged.connect(self._session_changed)
        self.refresh()

    def edit(self, name: str) -> None:
        """The entry of that name is in the forms now; "" where none is."""
        self._edited = name
        self.refresh()

    def _session_changed(self) -> None:
        if self._workspace.session is not None:
            self._workspace.session.stateChanged.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say it anew."""
        self.setText(self._trouble() or self._under_way() or self._held() or self._waiting())

    def _trouble(self) -> str:
        if self._queue.trouble is not None:
            return i18n.of_error(self._queue.trouble)
        text = self.tr("Change {name} in Setup, then put it back.")
        return text.format(name=self._edited) if self._edited else ""

    def _under_way(self) -> str:
        session = self._workspace.session
        if not self._queue.on or session is None:
            return ""
        if self._queue.of_run(session.run.folder) is not None:
            text = self.tr("{name} is being trained. Waiting: {count}.")
        elif session.state == "paused":
            text = self.tr("Begins when {name} is over, which is paused. Waiting: {count}.")
        else:
            text = self.tr("Begins when {name} is over. Waiting: {count}.")
        return text.format(name=session.run.name, count=self._queue.waiting())

    def _held(self) -> str:
        if self._queue.held is None:
            return ""
        why, name = self._queue.held
        return {
            "stopped": self.tr("Held because you stopped {name}. Run the queue to go on."),
            "paused": self.tr("Held because you paused {name}. Run the queue to go on."),
            "left": self.tr("Held because you left {name}. Run the queue to go on."),
            "unsaved": self.tr("Held because {name} could not be saved. Mend that, then run the queue."),
        }[why].format(name=name)

    def _waiting(self) -> str:
        waiting, restored = self._queue.waiting(), self._queue.restored
        if waiting == 1:
            return self.tr("1 run waits; run the queue to go on.") if restored else self.tr("1 run waits.")
        if waiting:
            again, now = self.tr("{count} runs wait; run the queue to go on."), self.tr("{count} runs wait.")
            return (again if restored else now).format(count=waiting)
        return self.tr("Nothing waits.") if self._queue.entries else ""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.refresh()
