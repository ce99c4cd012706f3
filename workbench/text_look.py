"""The look at a text that a panel takes: when it is shown, when another text is chosen, and when the window
comes to the front, since the files may have been changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from workbench.child import Service
from workbench.draft import LOOKED_AT, Draft

AFTER = 300  # ms without a change


class TextLook(QObject):
    """Asks the `text_service` what it sees, and has the draft learn it; `failed` carries what words the
    sentence on why nothing is seen, and `ended` says that there is nothing left to be asked."""

    failed = Signal(object)
    ended = Signal()

    def __init__(self, draft: Draft, helper: Service, panel: QWidget) -> None:
        super().__init__(panel)
        self._draft, self._helper, self._panel = draft, helper, panel
        self._asked: tuple[Any, ...] = ()  # what is being looked at
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._look)
        draft.changed.connect(self._changed)
        draft.reset.connect(lambda: self._soon.start(AFTER))
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Show:
                self._soon.start(0)
            case QEvent.Type.ActivationChange if self._panel.isActiveWindow():
                self._soon.start(0)
            case QEvent.Type.Hide:
                self._asked = ()  # the helper rests and gives no answer
                self._soon.stop()
        return False

    def _changed(self, field: str) -> None:
        if field in LOOKED_AT:
            self._soon.start(AFTER)

    def _look(self) -> None:
        sound = not {*LOOKED_AT} & {*self._draft.faults}
        seen = self._draft.running and self._draft.look()  # a run that goes on has its tokens
        if self._panel.isVisible() and sound and not seen and not self._asked:
            self._asked = self._draft.look_key()
            data = {field.removeprefix("data."): self._draft.values[field] for field in LOOKED_AT}
            self._helper.ask("look", {"config": {"data": data}}, self._seen, self._not_seen)

    def _seen(self, answer: dict[str, Any]) -> None:
        self._draft.learn_look(self._asked, answer)
        self._look_again()

    def _not_seen(self, why: Callable[[], str]) -> None:
        if self._asked == self._draft.look_key():
            self.failed.emit(why)
        self._look_again()

    def _look_again(self) -> None:
        """Look at what was chosen meanwhile, if it is something else."""
        asked, self._asked = self._asked, ()
        if asked != self._draft.look_key():
            self._look()
        if not self._asked:
            self.ended.emit()
