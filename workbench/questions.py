"""The questions that are being answered, and the way of each answer to where it is shown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from gpt_core.config import SamplingConfig
from gpt_core.events import (
    AnswerDone,
    AnswerPiece,
    AnswerStarted,
    CheckpointRead,
    Notice,
    PromptRead,
    Token,
)
from workbench import i18n
from workbench.answerers import name
from workbench.answers import Answer
from workbench.driven import Driven
from workbench.forms.message import Text
from workbench.readers import CheckpointReader


@dataclass
class Question:
    """What one of those who answer is asked, and where its answers, by number of sample, are shown."""

    asked: Driven
    id: int
    prompt: str
    answers: list[Answer]
    coming: defaultdict[int, list[Token]] = field(default_factory=lambda: defaultdict(list))


class Questions(QObject):
    """All that are open: one for each of those who answer the same prompt.

    `notes` and `faults` word sentences about the answers at hand; `changed` says that there are others, or
    that an answer begins or has ended.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.open: list[Question] = []
        self.notes: list[Text] = []
        self.faults: list[Text] = []
        self._showing = QTimer(self, singleShot=True)
        self._showing.timeout.connect(self._show_coming)

    def forget(self) -> None:
        """Show nothing more of any answer."""
        self.open, self.notes, self.faults = [], [], []

    def ask(self, asked: Driven, request: SamplingConfig, answers: list[Answer]) -> None:
        """Ask for answers, one for each of `answers`, where they are shown as they come."""
        loading = isinstance(asked, CheckpointReader) and asked.read is None
        for answer in answers:
            answer.say_loading(loading)
        self.notes, self.faults = [] if loading else [self._waiting], []
        self.open.append(Question(asked, asked.prompt(request), request.prompt, answers))
        self.changed.emit()

    def stop(self) -> None:
        """Cut all answers short."""
        for question in self.open:
            question.asked.stop_answer(question.id)

    def hear(self, asked: Driven, report: object) -> None:
        """Take what one of those who answer tells."""
        match report:
            case Notice() if isinstance(asked, CheckpointReader):
                self._say(partial(i18n.of_error, report.error))
            case CheckpointRead(step=step):
                for question in self.open:
                    if question.asked is asked:
                        _say_step(question, step)
            case AnswerStarted() | PromptRead() | AnswerPiece() | AnswerDone():
                for question in self.open:
                    if question.asked is asked and question.id == report.id:
                        self._answered(question, report)
                        return

    def _answered(
        self, question: Question, report: AnswerStarted | PromptRead | AnswerPiece | AnswerDone
    ) -> None:
        match report:
            case AnswerStarted(left_out=left_out):
                for answer in question.answers:
                    answer.say_loading(False)
                    answer.view.begin(question.prompt)
                dropped = {"characters": " ".join(left_out)}
                said = partial(i18n.sentence, "prompt_characters_dropped", dropped)
                self._say(said if left_out else None)
            case PromptRead(tokens=tokens):
                for answer in question.answers:
                    answer.view.show_read(tokens)
            case AnswerPiece():
                question.coming[report.sample].append(report.token)
                self._showing.start()  # once for all that are drained together
            case AnswerDone():
                self._show_coming()
                self.open.remove(question)
                for answer in question.answers:
                    answer.say_loading(False)
                if report.error is not None:
                    self.faults.append(partial(i18n.of_error, report.error))
                self._say((lambda: self.tr("Stopped.")) if report.stopped else None)

    def _waiting(self) -> str:
        return self.tr("Waiting for the model …")

    def _say(self, words: Text | None) -> None:
        """Note one thing more, or only that there is no more to wait for."""
        self.notes = [note for note in self.notes if note != self._waiting]
        if words is not None:
            self.notes.append(words)
        self.changed.emit()

    def _show_coming(self) -> None:
        for question in self.open:
            for sample, tokens in question.coming.items():
                question.answers[sample].view.add(tokens)
            question.coming.clear()


def _say_step(question: Question, step: int) -> None:
    """Say which checkpoint the newest was."""
    for answer in question.answers:
        if answer.place.by == "newest":
            answer.say_place(replace(answer.place, who=lambda: name("newest", step)))
