"""Ask the model to go on from a text: while it trains, paused, finished, or opened again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QFocusEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout

from gpt_core.config import SamplingConfig, faults, settings
from gpt_core.errors import Fault, GPTCoreError
from gpt_core.events import CheckpointSaved, Ready
from gpt_core.run import Run
from workbench import i18n, theme
from workbench.answer import AnswerView
from workbench.answerers import Answerer, AnswerersField, name
from workbench.answers import Answer, Answers, Place
from workbench.draft import Draft
from workbench.driven import Driven
from workbench.forms.history import HistoryEdit
from workbench.forms.message import Message, Text
from workbench.forms.pin import PinButton
from workbench.forms.prompt import in_a_line
from workbench.forms.sampling import SamplingFields, seed_of
from workbench.questions import Questions
from workbench.tables.checkpoints import Saved, read_checkpoints
from workbench.workspace import Workspace

LINE = 40  # characters of a prompt in the list of earlier ones
PASSAGE = 256  # tokens of a passage, or what a context has room for beside an answer
LOOKING = 300  # milliseconds between two looks at the checkpoints


class PromptPanel(QFrame):
    """Prompt, who answers, sampling settings, and the answers as they stream, side by side.

    Each of those who answer is asked a question of its own, with the same request. A token chosen in an
    answer asks anew for that answer alone, of the one who wrote it.
    """

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft = draft
        self._workspace = workspace
        self.questions = Questions(self)
        self._taken = ""  # what the draft begins samples with, as it was last taken up
        self._looking = QTimer(self, singleShot=True)  # once for all checkpoints written in quick succession
        self._looking.setInterval(LOOKING)
        self._looking.timeout.connect(self._look)

        self.history = QPushButton()
        theme.style(self.history, kind="menu")
        self._entries = QMenu(self.history)
        self._entries.aboutToShow.connect(self._list_entries)
        self.history.setMenu(self._entries)
        self.prompt = HistoryEdit()
        self.prompt.setFixedHeight(52)
        self.answerers = AnswerersField()
        self.sampling = SamplingFields()
        self.fault, self.note = Message(), Message()
        self.generate = QPushButton()
        theme.style(self.generate, kind="primary")
        self.stop = QPushButton()
        self.again = QPushButton()
        self.copy = QPushButton()
        self.pin = PinButton(draft)
        self.answers = Answers()
        self.shading = QCheckBox()
        self.shading.toggled.connect(self.answers.shade)
        self.shading.setChecked(True)
        self.sampling.add_below(self.shading)
        self._ask_keys = QShortcut(QKeySequence("Ctrl+Return"), self, self.ask)
        self._again_keys = QShortcut(QKeySequence("Ctrl+Shift+Return"), self, self.ask_again)
        self._lay_out()
        self._say()

        self.answerers.changed.connect(self._answerers_changed)
        self.questions.changed.connect(self._questions_changed)
        self.prompt.textChanged.connect(self.fault.take_back)
        self.generate.clicked.connect(self.ask)
        self.again.clicked.connect(self.ask_again)
        self.stop.clicked.connect(self.questions.stop)
        self.copy.clicked.connect(self._copy)
        self.pin.told.connect(self.note.say)
        self.pin.refused.connect(lambda why: self.fault.say(why, fault=True))
        self.prompt.textChanged.connect(lambda: self.pin.show_prompt(self.prompt.toPlainText()))
        self.answers.chosen.connect(self._go_on_from)
        workspace.sessionChanged.connect(self._session_changed)
        workspace.checkpointsChanged.connect(self._look_soon)
        draft.reset.connect(self._take_settings)
        draft.changed.connect(self._setting_changed)
        self._take_settings()
        self._refresh()

    @property
    def answer(self) -> AnswerView:
        """The answer, or the first of several."""
        return self.answers.each[0].view

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        top.addWidget(self.answerers, stretch=1)
        top.addWidget(self.sampling.more)
        written = QHBoxLayout()
        written.setSpacing(theme.GAP_XS)
        written.addWidget(self.prompt, stretch=1)
        for button in (self.history, self.pin):
            written.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_S)
        for button in (self.generate, self.stop, self.again, self.copy):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_L, theme.GAP_M)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(top)
        layout.addLayout(written)
        layout.addWidget(self.sampling)
        layout.addWidget(self.fault)
        layout.addLayout(buttons)
        layout.addWidget(self.answers, stretch=1)
        layout.addWidget(self.note)

    def _say(self) -> None:
        """Put every word in the language of the window."""
        self.history.setToolTip(
            self.tr("Prompts asked before, and a passage to try; Up and Down in the prompt go through them")
        )
        self.history.setAccessibleName(self.tr("Earlier prompts"))
        self.prompt.setPlaceholderText(self.tr("Write the beginning of a text"))
        self.prompt.setAccessibleName(self.tr("Prompt"))
        self.generate.setText(self.tr("Generate"))
        self.generate.setToolTip(self.tr("Let the model go on from the prompt (Ctrl+Return)"))
        self.stop.setText(self.tr("Stop"))
        self.stop.setAccessibleName(self.tr("Stop the answer"))
        self.again.setText(self.tr("Again"))
        self.again.setToolTip(self.tr("The same prompt with a new seed (Ctrl+Shift+Return)"))
        self.again.setAccessibleName(self.tr("Generate again with a new seed"))
        self._ask_keys.setWhatsThis(self.generate.text())  # for the list of shortcuts
        self._again_keys.setWhatsThis(self.again.accessibleName())
        self.copy.setText(self.tr("Copy"))
        self.copy.setToolTip(self.tr("Copy prompt and answer"))
        self.copy.setAccessibleName(self.tr("Copy prompt and answer"))
        self.shading.setText(self.tr("Shade surprise"))
        self.shading.setToolTip(self.tr("The less likely the model thought a token, the deeper it is shaded"))

    def keep(self) -> str:
        """The prompts asked before, for `restore`."""
        return self.prompt.keep()

    def restore(self, kept: str) -> None:
        """Offer the prompts that were kept."""
        self.prompt.restore(kept)
        self._refresh()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.prompt.setFocus(event.reason())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._refresh()

    # --------------------------------------------------------------------------------------------- Asking

    def _take_settings(self) -> None:
        """Start from what the configuration samples with along the way."""
        self._take_prompt()
        self.sampling.show_values(self._draft.values)

    def _take_prompt(self) -> None:
        """Show the configuration's prompt, unless the person has one of their own."""
        prompt = str(self._draft.values["sampling.prompt"])
        if self.prompt.toPlainText() in ("", self._taken):
            self.prompt.setPlainText(prompt)
        self._taken = prompt

    def _setting_changed(self, field: str) -> None:
        if field == "sampling.prompt":
            self._take_prompt()

    def _request(self, prompt: str) -> SamplingConfig | None:
        """What is asked for, or None with the fault told in place."""
        values = {"prompt": prompt, **self.sampling.values()}
        found = faults({"sampling": values})
        mine = [fault for fault in found if fault.field in settings() and fault.field.startswith("sampling.")]
        if not mine:
            self.fault.take_back()
            return SamplingConfig(**values)
        self.fault.say(partial(self._of_fault, mine[0]), fault=True)
        return None

    def _of_fault(self, fault: Fault) -> str:
        if fault.field == "sampling.prompt":
            return i18n.sentence("prompt_empty", {})
        text = self.tr("{setting}: {problem}")
        return text.format(setting=i18n.title(settings()[fault.field]), problem=i18n.of_fault(fault))

    def ask(self) -> None:
        """Ask for answers, unless some are coming or there is no model to ask."""
        if not self.generate.isEnabled() or (request := self._request(self.prompt.toPlainText())) is None:
            return
        self.prompt.remember(request.prompt)
        chosen = self.answerers.chosen()
        self.answers.make_room(
            [self._place(who, request, sample) for who in chosen for sample in range(request.samples)]
        )
        for number, who in enumerate(chosen):
            first = number * request.samples
            asked = self._model_of(who)
            assert asked is not None
            shown = self.answers.each[first : first + request.samples]
            self.questions.ask(asked, request, shown)

    def ask_again(self) -> None:
        """Ask the same with a new seed."""
        if self.generate.isEnabled():
            self.sampling.take_new_seed()
            self.ask()

    def _place(self, who: Answerer, request: SamplingConfig, sample: int) -> Place:
        """Where an answer of this one is to stand."""
        several = request.samples > 1
        seed = seed_of(request.seed, sample)
        if who == "now" and len(self.answerers.chosen()) == 1:
            return Place(who, seed, seeded=several)
        session = self._workspace.session
        step = session.step if session is not None and who == "now" else None
        return Place(who, seed, lambda: name(who, step), several)

    def _go_on_from(self, answer: Answer, number: int) -> None:
        """Let the one who wrote it write on in place of a token and of what follows it, with a new seed."""
        who: Answerer = answer.place.by  # type: ignore[assignment]
        asked = self._model_of(who)
        if self.questions.open or asked is None:
            return
        self.sampling.take_new_seed()
        request = self._request(answer.view.text_before(number))
        if request is not None:
            answer.view.go_back_to(number)
            answer.say_place(replace(answer.place, seed=request.seed))
            request = request.model_copy(update={"samples": 1})
            self.questions.ask(asked, request, [answer])

    def _model_of(self, who: Answerer) -> Driven | None:
        """The one to ask, or None where there is no model yet, or no more."""
        session = self._workspace.session
        if session is None:
            return None
        if who == "now":
            return session if session.alive and session.ready is not None else None
        if who == "newest":
            return session.readers.of(None) if self.answerers.saved else None
        return session.readers.of(who)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.answers.text())
        self.note.say(lambda: self.tr("Copied."))

    def _list_entries(self) -> None:
        """Fill the list: a passage that training never sees, and the earlier prompts, the newest first."""
        self._entries.clear()
        if self._workspace.session is not None:
            action = self._entries.addAction(self.tr("A passage of the validation text"))
            action.triggered.connect(self._take_passage)
            self._entries.addSeparator()
        for entry in reversed(self.prompt.entries):
            action = QAction(in_a_line(entry, LINE).replace("&", "&&"), self._entries)
            action.triggered.connect(lambda _=False, entry=entry: self.prompt.recall(entry))
            self._entries.addAction(action)

    def _take_passage(self) -> None:
        """Put a passage of the text that training never sees into the prompt, another one each time."""
        session = self._workspace.session
        if session is not None:
            run, length = session.run, min(PASSAGE, 3 * session.config.model.context_length // 4)
            self._workspace.do(lambda: (run, _passage(run.folder, length)), self._passage_found)

    def _passage_found(self, answer: tuple[Run, str | GPTCoreError]) -> None:
        run, found = answer
        session = self._workspace.session
        if session is None or session.run is not run:  # another was opened meanwhile
            return
        if isinstance(found, str):
            self.fault.take_back()
            self.prompt.setPlainText(found)
            self.prompt.setFocus()
        else:
            self.fault.say(partial(i18n.of_error, found), fault=True)

    # ------------------------------------------------------------------------------------------ Answering

    def _session_changed(self) -> None:
        self.questions.forget()
        self.answers.make_room([Place("now", 0)])
        self.fault.take_back()
        session = self._workspace.session
        if session is not None:
            session.reported.connect(self._session_reported)
            session.readers.reported.connect(self.questions.hear)
            session.stateChanged.connect(self._state_changed)
        self._offer([], anew=True)
        self._look()

    def who_answers(self) -> Driven | None:
        """The one who answers prompts, or the first of two; None where there is no model to ask."""
        return self._model_of(self.answerers.chosen()[0])

    def choose(self, step: int, beside: bool = False) -> None:
        """Let the checkpoint of a step answer, or do so beside the one who answers already."""
        self.answerers.choose(step, beside)
        self.prompt.setFocus()

    def _offer(self, saved: Sequence[Saved], anew: bool = False) -> None:
        """Offer those who can answer: these checkpoints, and the model as it is now, if it is here."""
        session = self._workspace.session
        if session is None:
            self.answerers.offer(None, [], anew)
        else:
            here = not session.watched and session.state not in ("failed", "closed")
            self.answerers.offer(here, saved, anew)
        self._refresh()

    def _look_soon(self) -> None:
        if not self._looking.isActive():
            self._looking.start()

    def _look(self) -> None:
        """Look which checkpoints there are."""
        session = self._workspace.session
        if session is not None:
            run = session.run
            self._workspace.do(lambda: (run, read_checkpoints(run)), self._found)

    def _found(self, found: tuple[Run, list[Saved]]) -> None:
        run, saved = found
        session = self._workspace.session
        if session is not None and session.run is run:
            self._offer(saved)

    def _answerers_changed(self) -> None:
        self._keep_readers()
        self._refresh()

    def _keep_readers(self) -> None:
        """Give back the memory of those who are no longer chosen."""
        session = self._workspace.session
        if session is not None:
            chosen = self.answerers.chosen()
            session.readers.keep([None if who == "newest" else who for who in chosen if who != "now"])

    def _session_reported(self, report: object) -> None:
        if isinstance(report, CheckpointSaved | Ready):
            self._look_soon()
        if self._workspace.session is not None:
            self.questions.hear(self._workspace.session, report)

    def _state_changed(self) -> None:
        self._offer(self.answerers.saved)

    def _questions_changed(self) -> None:
        _tell(self.note, self.questions.notes)
        _tell(self.fault, self.questions.faults, fault=True)
        self._refresh()

    def _refresh(self) -> None:
        session = self._workspace.session
        chosen = self.answerers.chosen()
        loaded = session is not None and all(self._model_of(who) is not None for who in chosen)
        answered = any(answer.view.text() for answer in self.answers.each)
        asked = bool(self.questions.open)
        self.generate.setEnabled(loaded and not asked)
        self.again.setEnabled(loaded and not asked and answered)
        self.stop.setEnabled(asked)
        self.copy.setEnabled(answered and not asked)
        self.history.setEnabled(bool(self.prompt.entries) or session is not None)
        if not asked and not answered:
            if session is None:
                self.note.say(
                    lambda: self.tr("Start or open a run: its model answers, also while it trains.")
                )
            elif loaded:
                _tell(self.note, self.questions.notes)
            elif "newest" in chosen:
                self.note.say(lambda: self.tr("The run answers as soon as it has saved a checkpoint."))
            else:
                self.note.say(lambda: self.tr("The model answers as soon as it is loaded."))


def _passage(folder: Path, length: int) -> str | GPTCoreError:
    """A passage of a run's validation text, or why there is none; for a thread of its own."""
    from gpt_core.corpus import Corpus

    try:
        return Corpus.open(folder).passage(length, random.random())
    except GPTCoreError as error:
        return error


def _tell(message: Message, sentences: Sequence[Text], fault: bool = False) -> None:
    """Say each of the sentences once, or nothing where there are none."""
    if sentences:
        message.say(lambda: "\n".join(dict.fromkeys(words() for words in sentences)), fault)
    else:
        message.take_back()
