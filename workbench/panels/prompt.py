"""Ask the model to go on from a text: while it trains, paused, finished, or opened again."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gpt_core.config import SamplingConfig, faults, settings
from gpt_core.events import AnswerDone, AnswerPiece, AnswerStarted
from workbench import i18n, theme
from workbench.draft import Draft
from workbench.forms.line import NumberField
from workbench.session import Session
from workbench.workspace import Workspace


class PromptPanel(QFrame):
    """Prompt, sampling settings, Generate and Stop, and the answer as it streams."""

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft = draft
        self._workspace = workspace
        self._answering: int | None = None  # the id of the prompt whose answer is shown as it comes
        self._asked = ""

        self.prompt = QPlainTextEdit()
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(64)
        self.prompt.setPlaceholderText(self.tr("Write the beginning of a text"))
        self.prompt.setAccessibleName(self.tr("Prompt"))
        self.fault = theme.label("fault")
        self.fault.setWordWrap(True)
        self.fault.hide()
        self.temperature = _Slider("sampling.temperature", 0, 200)
        self.top_p = _Slider("sampling.top_p", 1, 100)
        self.top_k = _number("sampling.top_k")
        self.length = _number("sampling.max_tokens")
        self.seed = _number("sampling.seed")
        self.generate = QPushButton(self.tr("Generate"))
        theme.style(self.generate, kind="primary")
        self.generate.setToolTip(self.tr("Let the model go on from the prompt (Ctrl+Return)"))
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setAccessibleName(self.tr("Stop the answer"))
        self.answer = QPlainTextEdit()
        self.answer.setReadOnly(True)
        self.answer.setAccessibleName(self.tr("Answer"))
        self.answer.setPlaceholderText(self.tr("The answer appears here."))
        self.note = theme.label("muted")
        self.note.setWordWrap(True)
        self._lay_out()

        self.prompt.textChanged.connect(lambda: self._tell_fault(""))
        self.generate.clicked.connect(self.ask)
        self.stop.clicked.connect(self._stop)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.ask)
        workspace.sessionChanged.connect(self._session_changed)
        theme.notifier.changed.connect(self._recolour)
        draft.reset.connect(self._take_settings)
        self._take_settings()
        self._refresh()

    def _lay_out(self) -> None:
        title = theme.label("section", self.tr("Prompt"))
        hint = theme.label("muted", self.tr("answers while it trains"))
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch()
        top.addWidget(hint)
        sliders = QHBoxLayout()
        sliders.setSpacing(theme.GAP_L)
        sliders.addWidget(self.temperature, stretch=1)
        sliders.addWidget(self.top_p, stretch=1)
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(theme.GAP_M)
        numbers.setVerticalSpacing(theme.GAP_XS)
        for column, field in enumerate((self.top_k, self.length, self.seed)):
            title = theme.label("muted", i18n.title(field.what))
            title.setBuddy(field)
            title.setToolTip(field.toolTip())
            numbers.addWidget(title, 0, column)
            numbers.addWidget(field, 1, column)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_S)
        buttons.addWidget(self.generate)
        buttons.addWidget(self.stop)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_L, theme.GAP_M)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(top)
        layout.addWidget(self.prompt)
        layout.addLayout(sliders)
        layout.addLayout(numbers)
        layout.addWidget(self.fault)
        layout.addLayout(buttons)
        layout.addWidget(self.answer, stretch=1)
        layout.addWidget(self.note)

    # --------------------------------------------------------------------------------------------- Asking

    def _take_settings(self) -> None:
        """Start from what the configuration samples with along the way."""
        values = self._draft.values
        self.prompt.setPlainText(str(values["sampling.prompt"]))
        for field in (self.temperature, self.top_p, self.top_k, self.length, self.seed):
            field.show_value(values[field.what.field])

    def _request(self) -> SamplingConfig | None:
        """What is asked for, or None with the fault told in place."""
        values: dict[str, Any] = {"prompt": self.prompt.toPlainText()}
        for field in (self.temperature, self.top_p, self.top_k, self.length, self.seed):
            values[field.what.field.removeprefix("sampling.")] = field.value()
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

    def _tell_fault(self, text: str) -> None:
        self.fault.setText(text)
        self.fault.setVisible(bool(text))

    def ask(self) -> None:
        """Ask for an answer, unless one is coming or there is no model to ask."""
        session = self._workspace.session
        if session is None or not self.generate.isEnabled():
            return
        request = self._request()
        if request is None:
            return
        self._asked = request.prompt
        self._answering = session.prompt(request)
        self.answer.clear()
        self.note.setText(self.tr("Waiting for the model …"))
        self._refresh()

    def _stop(self) -> None:
        if self._workspace.session is not None and self._answering is not None:
            self._workspace.session.stop_answer(self._answering)

    # ------------------------------------------------------------------------------------------ Answering

    def _session_changed(self) -> None:
        self._answering = None
        self.answer.clear()
        self._tell_fault("")
        session = self._workspace.session
        if session is not None:
            session.reported.connect(self._reported)
            session.stateChanged.connect(self._refresh)
        self._refresh()

    def _reported(self, report: object) -> None:
        match report:
            case AnswerStarted() if report.id == self._answering:
                self._write(self._asked, muted=True)
                left_out = " ".join(report.left_out)
                values = {"characters": left_out}
                self.note.setText(i18n.sentence("prompt_characters_dropped", values) if left_out else "")
            case AnswerPiece() if report.id == self._answering:
                self._write(report.piece)
            case AnswerDone() if report.id == self._answering:
                self._answering = None
                if report.error is not None:
                    self.note.setText("")
                    self._tell_fault(i18n.of_error(report.error))
                elif report.stopped:
                    self.note.setText(self.tr("Stopped."))
                self._refresh()

    def _write(self, text: str, muted: bool = False) -> None:
        """Append to the answer; the view follows unless the person has scrolled up to read."""
        bar = self.answer.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.answer.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        colours = theme.current()
        shade = QTextCharFormat()
        shade.setForeground(QColor(colours.muted if muted else colours.text))
        cursor.insertText(text, shade)
        if at_end:
            bar.setValue(bar.maximum())

    def _recolour(self) -> None:
        """Write the answer anew in the colours of the theme in force."""
        text = self.answer.toPlainText()
        self.answer.clear()
        self._write(text[: len(self._asked)], muted=True)
        self._write(text[len(self._asked) :])

    def _refresh(self) -> None:
        session: Session | None = self._workspace.session
        loaded = session is not None and session.alive and session.ready is not None
        self.prompt.setEnabled(True)
        self.generate.setEnabled(loaded and self._answering is None)
        self.stop.setEnabled(loaded and self._answering is not None)
        if self._answering is None and not self.answer.toPlainText():
            if session is None:
                self.note.setText(self.tr("Start or open a run: its model answers, also while it trains."))
            elif not loaded:
                self.note.setText(self.tr("The model answers as soon as it is loaded."))
            else:
                self.note.setText("")


class _Slider(QWidget):
    """A setting between two numbers, in hundredths, with its value beside its name."""

    def __init__(self, field: str, lowest: int, highest: int) -> None:
        super().__init__()
        self.what = settings()[field]
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(lowest, highest)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(i18n.title(self.what))
        self.setToolTip(i18n.description(self.what))
        title = theme.label("muted", i18n.title(self.what))
        title.setBuddy(self.slider)
        self.shown = theme.label("label")
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        top.addWidget(title)
        top.addStretch()
        top.addWidget(self.shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._show)
        self._show()

    def value(self) -> float:
        """The number chosen."""
        return self.slider.value() / 100

    def show_value(self, value: object) -> None:
        """Show a number, the nearest that the slider can."""
        if isinstance(value, int | float):
            hundredths = round(100 * value)
            self.slider.setMaximum(max(self.slider.maximum(), hundredths))
            self.slider.setValue(hundredths)
            self._show()

    def _show(self) -> None:
        self.shown.setText(f"{self.value():.2f}")


def _number(field: str) -> NumberField:
    what = settings()[field]
    widget = NumberField(what)
    widget.show_value(what.default)
    widget.setAccessibleName(i18n.title(what))
    widget.setToolTip(i18n.description(what))
    return widget
