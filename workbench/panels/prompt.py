"""Ask the model to go on from a text: while it trains, paused, finished, or opened again."""

from __future__ import annotations

from collections import defaultdict

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout

from gpt_core.config import SamplingConfig, faults, settings
from gpt_core.events import AnswerDone, AnswerPiece, AnswerStarted, Token
from workbench import i18n, theme
from workbench.answer import AnswerView
from workbench.answers import Answer, Answers
from workbench.draft import Draft
from workbench.forms.history import HistoryEdit
from workbench.forms.sampling import SamplingFields, seed_of
from workbench.session import Session
from workbench.workspace import Workspace

LINE = 40  # characters of a prompt in the list of earlier ones


class PromptPanel(QFrame):
    """Prompt, sampling settings, and the answers as they stream, side by side where there are several.

    What is asked for is a request with an id; its answers go to the views in `_views`. A token chosen in one
    of them asks anew for that view alone.
    """

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft = draft
        self._workspace = workspace
        self._answering: int | None = None  # the id of the prompt whose answers are shown as they come
        self._views: list[AnswerView] = []  # where they are shown, by number of sample
        self._asked = ""
        self._goes_on = False  # whether what comes continues what its view shows already
        self._coming: defaultdict[int, list[Token]] = defaultdict(list)  # by sample, yet to be shown
        self._showing = QTimer(self, singleShot=True)
        self._showing.timeout.connect(self._show_coming)

        self.title = theme.label("section")
        self.history = QPushButton()
        self._entries = QMenu(self.history)
        self._entries.aboutToShow.connect(self._list_entries)
        self.history.setMenu(self._entries)
        self.prompt = HistoryEdit()
        self.prompt.setFixedHeight(52)
        self.sampling = SamplingFields()
        self.fault = theme.label("fault")
        self.fault.setWordWrap(True)
        self.fault.hide()
        self.generate = QPushButton()
        theme.style(self.generate, kind="primary")
        self.stop = QPushButton()
        self.again = QPushButton()
        self.copy = QPushButton()
        self.answers = Answers()
        self.note = theme.label("muted")
        self.note.setWordWrap(True)
        self._ask_keys = QShortcut(QKeySequence("Ctrl+Return"), self, self.ask)
        self._again_keys = QShortcut(QKeySequence("Ctrl+Shift+Return"), self, self.ask_again)
        self._lay_out()
        self._say()

        self.prompt.textChanged.connect(lambda: self._tell_fault(""))
        self.generate.clicked.connect(self.ask)
        self.again.clicked.connect(self.ask_again)
        self.stop.clicked.connect(self._stop)
        self.copy.clicked.connect(self._copy)
        self.answers.chosen.connect(self._go_on_from)
        workspace.sessionChanged.connect(self._session_changed)
        draft.reset.connect(self._take_settings)
        self._take_settings()
        self._refresh()

    @property
    def answer(self) -> AnswerView:
        """The answer, or the first of several."""
        return self.answers.each[0].view

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        top.addWidget(self.title)
        top.addWidget(self.history)
        top.addStretch()
        top.addWidget(self.sampling.more)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_S)
        for button in (self.generate, self.stop, self.again, self.copy):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_L, theme.GAP_M)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(top)
        layout.addWidget(self.prompt)
        layout.addWidget(self.sampling)
        layout.addWidget(self.fault)
        layout.addLayout(buttons)
        layout.addWidget(self.answers, stretch=1)
        layout.addWidget(self.note)

    def _say(self) -> None:
        """Put every word in the language of the window."""
        self.title.setText(self.tr("Prompt"))
        self.history.setText(self.tr("Earlier"))
        self.history.setToolTip(self.tr("Prompts asked before; Up and Down in the prompt go through them"))
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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._refresh()

    # --------------------------------------------------------------------------------------------- Asking

    def _take_settings(self) -> None:
        """Start from what the configuration samples with along the way."""
        self.prompt.setPlainText(str(self._draft.values["sampling.prompt"]))
        self.sampling.show_values(self._draft.values)

    def _request(self, prompt: str) -> SamplingConfig | None:
        """What is asked for, or None with the fault told in place."""
        values = {"prompt": prompt, **self.sampling.values()}
        found = faults({"sampling": values})
        mine = [fault for fault in found if fault.field in settings() and fault.field.startswith("sampling.")]
        if not mine:
            self._tell_fault("")
            return SamplingConfig(**values)
        if mine[0].field == "sampling.prompt":
            self._tell_fault(i18n.sentence("prompt_empty", {}))
        else:
            text = self.tr("{setting}: {problem}")
            what = settings()[mine[0].field]
            self._tell_fault(text.format(setting=i18n.title(what), problem=i18n.of_fault(mine[0])))
        return None

    def _tell_note(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _tell_fault(self, text: str) -> None:
        self.fault.setText(text)
        self.fault.setVisible(bool(text))

    def ask(self) -> None:
        """Ask for an answer, unless one is coming or there is no model to ask."""
        if self._may_ask() and (request := self._request(self.prompt.toPlainText())):
            self.prompt.remember(request.prompt)
            self.answers.make_room([seed_of(request.seed, sample) for sample in range(request.samples)])
            self._send(request, [answer.view for answer in self.answers.each], goes_on=False)

    def ask_again(self) -> None:
        """Ask the same with a new seed."""
        if self._may_ask():
            self.sampling.take_new_seed()
            self.ask()

    def _go_on_from(self, answer: Answer, number: int) -> None:
        """Let the model write on in place of a token and of what follows it, with a new seed."""
        if not self._may_ask():
            return
        self.sampling.take_new_seed()
        request = self._request(answer.view.text_before(number))
        if request is not None:
            answer.view.go_back_to(number)
            answer.say_seed(request.seed)
            self._send(request.model_copy(update={"samples": 1}), [answer.view], goes_on=True)

    def _may_ask(self) -> bool:
        return self._workspace.session is not None and self.generate.isEnabled()

    def _send(self, request: SamplingConfig, views: list[AnswerView], goes_on: bool) -> None:
        session = self._workspace.session
        assert session is not None
        self._asked, self._views, self._goes_on = request.prompt, views, goes_on
        self._answering = session.prompt(request)
        self._tell_note(self.tr("Waiting for the model …"))
        self._refresh()

    def _stop(self) -> None:
        if self._workspace.session is not None and self._answering is not None:
            self._workspace.session.stop_answer(self._answering)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.answers.text())
        self._tell_note(self.tr("Copied."))

    def _list_entries(self) -> None:
        """Fill the list of earlier prompts, the newest first."""
        self._entries.clear()
        for entry in reversed(self.prompt.entries):
            line = entry.replace("\n", "↵")
            shown = line if len(line) <= LINE else line[: LINE - 1] + "…"
            action = QAction(shown.replace("&", "&&"), self._entries)
            action.triggered.connect(lambda _=False, entry=entry: self.prompt.recall(entry))
            self._entries.addAction(action)

    # ------------------------------------------------------------------------------------------ Answering

    def _session_changed(self) -> None:
        self._answering = None
        self._coming.clear()
        self.answers.make_room([0])
        self._tell_fault("")
        session = self._workspace.session
        if session is not None:
            session.reported.connect(self._reported)
            session.stateChanged.connect(self._refresh)
        self._refresh()

    def _reported(self, report: object) -> None:
        match report:
            case AnswerStarted() if report.id == self._answering:
                if not self._goes_on:
                    for view in self._views:
                        view.begin(self._asked)
                left_out = " ".join(report.left_out)
                values = {"characters": left_out}
                self._tell_note(i18n.sentence("prompt_characters_dropped", values) if left_out else "")
            case AnswerPiece() if report.id == self._answering:
                self._coming[report.sample].append(report.token)
                self._showing.start()  # once for all that are drained together
            case AnswerDone() if report.id == self._answering:
                self._show_coming()
                self._answering = None
                if report.error is not None:
                    self._tell_note("")
                    self._tell_fault(i18n.of_error(report.error))
                elif report.stopped:
                    self._tell_note(self.tr("Stopped."))
                self._refresh()

    def _show_coming(self) -> None:
        for sample, tokens in self._coming.items():
            self._views[sample].add(tokens)
        self._coming.clear()

    def _refresh(self) -> None:
        session: Session | None = self._workspace.session
        loaded = session is not None and session.alive and session.ready is not None
        answered = bool(self.answer.toPlainText())
        self.generate.setEnabled(loaded and self._answering is None)
        self.again.setEnabled(loaded and self._answering is None and answered)
        self.stop.setEnabled(loaded and self._answering is not None)
        self.copy.setEnabled(answered and self._answering is None)
        self.history.setEnabled(bool(self.prompt.entries))
        if self._answering is None and not answered:
            if session is None:
                self._tell_note(self.tr("Start or open a run: its model answers, also while it trains."))
            elif not loaded:
                self._tell_note(self.tr("The model answers as soon as it is loaded."))
            else:
                self._tell_note("")
