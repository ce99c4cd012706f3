"""What the model writes along the way: a timeline of samples, each compared with the one before it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPixmap, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QTextEdit,
    QVBoxLayout,
)

from gpt_core.events import SampleDone, SampleToken, StateChanged, StepDone
from workbench import theme
from workbench.forms.tokens import grounds
from workbench.session import Session
from workbench.workspace import Workspace

LONGEST_PROMPT = 32  # characters of it that are told while there is no sample yet
COMPARED = 1000  # words of a sample, so that a very long one does not hold up the window
# Japanese and Chinese put no space between words: there each character counts as one.
CHARACTER = "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
WORD = re.compile(rf"{CHARACTER}|(?:(?!{CHARACTER})\w)+|[^\w\s]")


@dataclass
class Sample:
    """What the model made of a prompt after a step; not `whole` while it is being written."""

    step: int
    loss: float | None
    prompt: str
    text: str
    whole: bool = True

    @property
    def shown(self) -> str:
        """The prompt and what follows it, without empty lines around them."""
        return (self.prompt + self.text).strip("\n")

    @property
    def asked(self) -> int:
        """How many characters of what is shown are the prompt's."""
        return len(self.prompt.lstrip("\n"))


def differences(before: str, after: str) -> list[tuple[int, int]]:
    """Where in `after`, as pairs of start and end, stand words that `before` has not in this place."""
    old, new = (list(islice(WORD.finditer(text), COMPARED)) for text in (before, after))
    matcher = SequenceMatcher(None, [word[0] for word in old], [word[0] for word in new])
    return [
        (new[first].start(), new[last - 1].end())
        for what, _, _, first, last in matcher.get_opcodes()
        if what in ("replace", "insert")
    ]


class SamplesPanel(QFrame):
    """One sample at a time, with its step and loss; it follows the newest until the person looks back."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self._samples: list[Sample] = []  # their steps ascend
        self._losses: dict[int, float] = {}  # of the steps that were told last
        self.title, self.hint = theme.label("section"), theme.label("muted")
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        self.timeline = Timeline()
        self.newest = QPushButton()
        self.newest.setCheckable(True)
        self.newest.setChecked(True)
        theme.style(self.newest, kind="toggle")
        self.where, self.loss = theme.label("label"), theme.label("muted")
        self.text = SampleText()
        self.swatch, self.legend = theme.label("muted"), theme.label("muted")
        self._lay_out()
        self._grow_soon = QTimer(self, singleShot=True, interval=0)  # once for all tokens that came together
        self._grow_soon.timeout.connect(self._grow)
        self.timeline.valueChanged.connect(self._scrubbed)
        self.newest.toggled.connect(self._follow)
        workspace.sessionChanged.connect(self._session_changed)
        theme.notifier.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        rows = [QHBoxLayout() for _ in range(4)]
        for row, (left, right) in zip(
            rows,
            (
                (self.title, self.hint),
                (self.timeline, self.newest),
                (self.where, self.loss),
                (self.swatch, self.legend),
            ),
            strict=True,
        ):
            row.setSpacing(theme.GAP_S)
            row.addWidget(left)
            row.addWidget(right)
        for row in (rows[0], rows[2]):
            row.insertStretch(1)
        rows[3].addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_L, theme.GAP_M)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(rows[0])
        layout.addWidget(self.empty)
        layout.addLayout(rows[1])
        layout.addLayout(rows[2])
        layout.addWidget(self.text, stretch=1)
        layout.addLayout(rows[3])
        layout.addStretch()

    def samples(self) -> Sequence[Sample]:
        """The samples of the open run, by step."""
        return self._samples

    def shown(self) -> Sample | None:
        """The sample that is looked at."""
        return self._samples[self.timeline.value()] if self._samples else None

    # ----------------------------------------------------------------------------------- Samples come and go

    def _session_changed(self) -> None:
        session = self._workspace.session
        self._samples, self._losses = [], {}
        if session is not None:
            self._samples = recorded(session)
            session.stepped.connect(self._stepped)
            session.reported.connect(self._reported)
        with QSignalBlocker(self.newest):
            self.newest.setChecked(True)
        self._arrange()
        self._show()

    def _stepped(self, steps: list[StepDone]) -> None:
        self._losses = {step.step: step.loss for step in steps}

    def _reported(self, report: object) -> None:
        session = self._workspace.session
        newest = self._samples[-1] if self._samples else None
        growing = newest if newest is not None and not newest.whole else None
        if isinstance(report, StateChanged) and report.state not in ("paused", "training"):
            if growing is not None:  # it was broken off, and will be begun anew
                self._put(growing.step)
        elif isinstance(report, SampleToken) and session is not None:
            if growing is None or growing.step != report.step:
                growing = self._begin(report.step, session.config.sampling.prompt)
            growing.text += report.piece
            self._grow_soon.start()
        elif isinstance(report, SampleDone):
            loss = self._losses.get(report.step)
            if growing is not None and growing.step == report.step:
                loss = growing.loss
            self._put(report.step, Sample(report.step, loss, report.prompt, report.text))

    def _begin(self, step: int, prompt: str) -> Sample:
        sample = Sample(step, self._losses.get(step), prompt, "", whole=False)
        self._put(step, sample)
        return sample

    def _put(self, step: int, sample: Sample | None = None) -> None:
        """Add a sample; those from its step on are of a future that was given up."""
        looked_at = self.shown()
        del self._samples[bisect_left(self._samples, step, key=lambda one: one.step) :]
        if sample is not None:
            self._samples.append(sample)
        self._arrange()
        if self.shown() is looked_at:
            self._say()  # the text stays as it is, with what is selected in it
        else:
            self._show()

    def _arrange(self) -> None:
        """Fit the timeline to the samples, at the newest or where the person looks."""
        with QSignalBlocker(self.timeline):
            self.timeline.setRange(0, max(0, len(self._samples) - 1))
            if self.newest.isChecked():
                self.timeline.setValue(self.timeline.maximum())
        self.timeline.update()

    # ---------------------------------------------------------------------------------------------- By hand

    def _scrubbed(self) -> None:
        """The person went along the timeline; at its end the newest is followed again."""
        with QSignalBlocker(self.newest):
            self.newest.setChecked(self.timeline.value() == self.timeline.maximum())
        self._show()

    def _follow(self, follow: bool) -> None:
        if follow:
            self._arrange()
            self._show()

    # ---------------------------------------------------------------------------------------------- Showing

    def _show(self) -> None:
        """Show the sample at the timeline's place, with what is new in it marked."""
        sample, before = self.shown(), self._before()
        if sample is None:
            self.text.write("", 0, [])
        elif before is None or not sample.whole:
            self.text.write(sample.shown, sample.asked, [])
        else:
            self.text.write(sample.shown, sample.asked, differences(before.shown, sample.shown))
        self._say()

    def _grow(self) -> None:
        sample = self.shown()
        if sample is not None and not sample.whole:
            self.text.grow(sample.shown)

    def _before(self) -> Sample | None:
        place = self.timeline.value()
        return self._samples[place - 1] if place else None

    def _say(self) -> None:
        sample, session = self.shown(), self._workspace.session
        there = sample is not None
        for widget in (self.timeline, self.newest, self.where, self.loss, self.text, self.legend):
            widget.setVisible(there)
        self.empty.setVisible(not there)
        self.title.setText(self.tr("Samples"))
        self.empty.setText(self.tr("What the model writes along the way appears here."))
        self.newest.setText(self.tr("Newest"))
        self.newest.setToolTip(self.tr("Show each new sample as it is written"))
        self.timeline.setAccessibleName(self.tr("Timeline of the samples"))
        self.timeline.setToolTip(self.tr("Drag, or use the arrow keys, Home and End, to see earlier samples"))
        self.hint.setVisible(not there and session is not None)
        if sample is not None:
            self._say_sample(sample)
        elif session is not None:
            self._say_prompt(session.config.sampling.prompt)
        self._say_legend()

    def _say_prompt(self, prompt: str) -> None:
        prompt = prompt.replace("\n", "↵")
        if len(prompt) > LONGEST_PROMPT:
            prompt = prompt[: LONGEST_PROMPT - 1] + "…"
        self.hint.setText(self.tr("from “{prompt}”").format(prompt=prompt))

    def _say_sample(self, sample: Sample) -> None:
        step, count = f"{sample.step:,}", f"{len(self._samples):,}"
        place = f"{self.timeline.value() + 1:,}"
        where = self.tr("Step {step}, sample {place} of {count}")
        self.where.setText(where.format(step=step, place=place, count=count))
        self.timeline.setAccessibleDescription(self.where.text())
        self.loss.setVisible(sample.loss is not None)
        if sample.loss is not None:
            self.loss.setText(self.tr("loss {loss}").format(loss=f"{sample.loss:.2f}"))
        self.text.setAccessibleName(self.tr("Sample at step {step}").format(step=step))

    def _say_legend(self) -> None:
        sample, before = self.shown(), self._before()
        marked = bool(self.text.marked)
        self.swatch.setVisible(marked)
        swatch = QPixmap(theme.GAP_M, theme.GAP_M)
        swatch.fill(grounds()[0])
        self.swatch.setPixmap(swatch)
        if sample is not None and not sample.whole:
            self.legend.setText(self.tr("Being written…"))
        elif before is None:
            self.legend.setText(self.tr("This is the first sample."))
        else:
            text = self.tr("other than at step {step}") if marked else self.tr("The same as at step {step}.")
            self.legend.setText(text.format(step=f"{before.step:,}"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


def recorded(session: Session) -> list[Sample]:
    """The samples of earlier sittings, by step."""
    steps, losses = session.history.series["loss"]
    found: dict[int, Sample] = {}
    for event in session.history.events:
        if event.kind == "sample":
            at = int(np.searchsorted(steps, event.step))
            loss = float(losses[at]) if at < len(steps) and steps[at] == event.step else None
            found[event.step] = Sample(event.step, loss, event.values["prompt"], event.values["text"])
    return [found[step] for step in sorted(found)]


class Timeline(QSlider):
    """A slider that goes to where it is clicked, then with the pointer."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, 0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def _go(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part, control = QStyle.SubControl.SC_SliderHandle, QStyle.ComplexControl.CC_Slider
        handle = self.style().subControlRect(control, option, part, self).width()
        left = round(event.position().x() - handle / 2)
        last = self.maximum()
        self.setValue(QStyle.sliderValueFromPosition(0, last, left, self.width() - handle))


class SampleText(QTextEdit):
    """A text to read, with parts of it marked."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[str] = []  # the parts
        self._written = ""
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(28)

    def write(self, text: str, asked: int, marks: Sequence[tuple[int, int]]) -> None:
        """Show a text, scrolled as the one before: its first `asked` characters, the prompt, are pale, and
        what stands between the starts and ends in `marks` is marked."""
        scrolled = self.verticalScrollBar().value()
        self.marked, self._written = [text[start:end] for start, end in marks], text
        self.clear()
        prompt, plain, marked = QTextCharFormat(), QTextCharFormat(), QTextCharFormat()
        prompt.setForeground(QColor(theme.current().muted))
        marked.setForeground(QColor(theme.current().text))
        marked.setBackground(grounds()[0])
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        done = 0
        for start, end in [*marks, (len(text), len(text))]:
            cursor.insertText(text[done : min(start, asked)], prompt)
            cursor.insertText(text[max(done, min(start, asked)) : start], plain)
            cursor.insertText(text[start:end], marked)
            done = end
        cursor.endEditBlock()
        self._begin_at_top()
        self.verticalScrollBar().setValue(scrolled)

    def grow(self, text: str) -> None:
        """Show a text that goes on from the one shown."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text[len(self._written) :], QTextCharFormat())
        if not self._written:
            self._begin_at_top()
        self._written = text

    def _begin_at_top(self) -> None:
        """Take the text's own cursor back from where all was inserted, which Qt would scroll to."""
        own = self.textCursor()
        own.setPosition(0)
        self.setTextCursor(own)
