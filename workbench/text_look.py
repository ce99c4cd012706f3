"""The look at a text that a panel takes: when it is shown, when another text is chosen, and when the window
comes to the front, since the files may have been changed meanwhile; and whether it was prepared before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from workbench.child import Service
from workbench.draft import LOOKED_AT, TEXT_FIELDS, Draft

AFTER = 300  # ms without a change


class TextLook(QObject):
    """Asks the `text_service` what it sees and remembers, and has the draft learn it; of the text of a run
    that goes on, what lies in its folder. `failed` carries what words the sentence on why nothing is seen,
    and `ended` says that there is nothing left to be asked."""

    failed = Signal(object)
    ended = Signal()

    def __init__(self, draft: Draft, helper: Service, panel: QWidget) -> None:
        super().__init__(panel)
        self._draft, self._helper, self._panel = draft, helper, panel
        self._asked: tuple[Any, ...] = ()  # what is being looked at
        self._recalled: tuple[Any, ...] = ()  # the run's text that was asked for last
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._look)
        draft.changed.connect(self._changed)
        for signal in (draft.reset, draft.runningChanged):
            signal.connect(lambda: self._soon.start(AFTER))
        draft.textKnown.connect(self._text_known)
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Show:
                self._soon.start(0)
            case QEvent.Type.ActivationChange if self._panel.isActiveWindow():
                self._soon.start(0)
            case QEvent.Type.Hide:
                self._asked = self._recalled = ()  # the helper rests and gives no answer
                self._soon.stop()
        return False

    def _changed(self, field: str) -> None:
        if field in TEXT_FIELDS:
            self._soon.start(AFTER)

    def _text_known(self) -> None:
        if self._draft.running:
            self._soon.start(0)

    def _now(self) -> tuple[Any, ...]:
        return self._draft.text_key(), self._of_run()

    def _of_run(self) -> tuple[Any, ...]:
        """The folder of the run that goes on, where that has a text, and how much of it."""
        known = self._draft.text() if self._draft.running else {}
        return (known["folder"], known.get("train_tokens")) if known else ()

    def _look(self) -> None:
        if not self._panel.isVisible() or self._asked:
            return
        sound = not {*LOOKED_AT} & {*self._draft.faults}
        if self._of_run():  # it has its tokens, whatever became of the files
            self._recall()
        elif sound and not (self._draft.running and self._draft.look()):
            self._asked = self._now()
            data = {field.removeprefix("data."): self._draft.values[field] for field in LOOKED_AT}
            self._helper.ask("look", {"config": {"data": data}}, self._seen, self._not_seen)

    def _seen(self, answer: dict[str, Any]) -> None:
        (text, _), self._asked = self._asked, ()
        self._draft.learn_look(text[: len(LOOKED_AT)], answer)
        if text != self._draft.text_key():
            self._look()  # at what was chosen meanwhile
        elif not self._draft.running:
            self._recall()
        self._end()

    def _not_seen(self, why: Callable[[], str]) -> None:
        (text, _), self._asked = self._asked, ()
        if text == self._draft.text_key():
            self.failed.emit(why)
        else:
            self._look()
        self._end()

    def _recall(self) -> None:
        """Ask for what is known of the text since it was prepared, unless that is known here."""
        run, faulty = self._of_run(), {*TEXT_FIELDS} & {*self._draft.faults}
        if "documents" in self._draft.text() or (run and run == self._recalled) or (faulty and not run):
            return
        self._asked, self._recalled = self._now(), run
        values = {"config": self._draft.text_tables(), "folder": run[0] if run else ""}
        self._helper.ask("recall", values, self._remembered, lambda _: self._remembered({}))

    def _remembered(self, found: dict[str, Any]) -> None:
        asked, self._asked = self._asked, ()
        text, run = asked
        if run and run == self._of_run():
            self._draft.learn_run(found)
        elif found and not run:
            self._draft.learn_text(text, found)
        if asked != self._now():
            self._look()
        self._end()

    def _end(self) -> None:
        if not self._asked:
            self.ended.emit()
