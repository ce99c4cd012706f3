"""What the model writes along the way: a timeline of samples, each compared with the one before it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPixmap, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from gpt_core.events import Changed, SampleDone, SampleToken, StateChanged, StepDone
from workbench import theme
from workbench.forms.prompt import in_a_line
from workbench.forms.prompt_choice import PromptChoice
from workbench.forms.tokens import grounds
from workbench.plots.legend import Flow
from workbench.sampled import Sample, Samples, differences, recorded
from workbench.workspace import Workspace

LINE = 18  # pixels, of what is told of a sample
LONGEST_PROMPT = 32  # characters of it that are told while there is no sample yet


class SamplesPanel(QFrame):
    """One sample at a time, with its step and loss; it follows the newest until the person looks back.

    Where several prompts are continued, the timeline is that of the prompt chosen, or of all as they were
    written; each sample is compared with the one before it of its own prompt.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self._all = Samples()
        self._samples: Sequence[Sample] = []  # those of the timeline; their steps ascend
        self._losses: dict[int, float] = {}  # of the steps that were told last
        self.title, self.hint = theme.label("section"), theme.label("muted")
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        self.prompts = PromptChoice()
        self.timeline = Timeline()
        self.newest = QPushButton()
        self.newest.setCheckable(True)
        self.newest.setChecked(True)
        theme.style(self.newest, kind="toggle")
        self.text = SampleText()
        self.told = QWidget()
        self.where, self.loss = theme.label("label"), theme.label("muted")
        self.swatch, self.legend = theme.label("muted"), theme.label("muted")
        self.swatch.setFixedHeight(LINE)
        self._lay_out()
        self._grow_soon = QTimer(self, singleShot=True, interval=0)  # once for all tokens that came together
        self._grow_soon.timeout.connect(self._grow)
        self.prompts.currentIndexChanged.connect(self._chosen)
        self.timeline.valueChanged.connect(self._scrubbed)
        self.newest.toggled.connect(self._follow)
        workspace.sessionChanged.connect(self._session_changed)
        theme.notifier.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        top, controls = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (top, (self.title, self.hint)),
            (controls, (self.prompts, self.timeline, self.newest)),
        ):
            row.setSpacing(theme.GAP_S)
            for widget in widgets:
                row.addWidget(widget)
        top.insertStretch(1)
        controls.setStretch(1, 1)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.told.setSizePolicy(policy)
        flow = Flow(self.told, gap=theme.GAP_S)
        marked = QWidget()  # the colour stays with what it means
        beside = QHBoxLayout(marked)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(theme.GAP_S)
        beside.addWidget(self.swatch)
        beside.addWidget(self.legend)
        flow.addWidget(self.where)
        flow.addWidget(self.loss)
        flow.addWidget(marked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_S, theme.GAP_L, theme.GAP_S)
        layout.setSpacing(theme.GAP_XS)
        layout.addLayout(top)
        layout.addLayout(controls)
        layout.addWidget(self.empty)
        layout.addWidget(self.text, stretch=1)
        layout.addWidget(self.told)
        layout.addStretch()

    def samples(self) -> Sequence[Sample]:
        """The samples on the timeline, by step."""
        return self._samples

    def shown(self) -> Sample | None:
        """The sample that is looked at."""
        return self._samples[self.timeline.value()] if self._samples else None

    # ----------------------------------------------------------------------------------- Samples come and go

    def _session_changed(self) -> None:
        session = self._workspace.session
        self._all, self._losses = Samples(), {}
        if session is not None:
            self._all = recorded(session.history)
            session.stepped.connect(self._stepped)
            session.reported.connect(self._reported)
        with QSignalBlocker(self.newest):
            self.newest.setChecked(True)
        self._offer_prompts()
        self._arrange()
        self._show()

    def _stepped(self, steps: list[StepDone]) -> None:
        self._losses = {step.step: step.loss for step in steps}

    def _reported(self, report: object) -> None:
        growing = self._all.growing
        match report:
            case StateChanged(state=state) if state not in ("paused", "training"):
                if growing is not None:  # it was broken off, and will be begun anew
                    self._all.drop_unfinished()
                    self._take_up()
            case SampleToken(step=step, prompt=prompt):
                if growing is None or (growing.step, growing.prompt) != (step, prompt):
                    growing = Sample(step, self._losses.get(step), prompt, "", whole=False)
                    self._all.put(growing)
                    self._take_up()
                growing.text += report.piece
                self._grow_soon.start()
            case SampleDone(step=step, prompt=prompt):
                loss = self._losses.get(step, growing.loss if growing is not None else None)
                self._all.put(Sample(step, loss, prompt, report.text, report.settings))
                self._take_up()
            case Changed():
                self._take_up()

    def _take_up(self) -> None:
        """Show what has come or gone, unless the person looks at something else."""
        looked_at = self.shown()
        self._offer_prompts()
        self._arrange()
        if self.shown() is looked_at:
            self._say()  # the text stays as it is, with what is selected in it
        else:
            self._show()

    def _offer_prompts(self) -> None:
        """Offer what samples are made of now, then what they were made of before."""
        session = self._workspace.session
        now = session.config.sampling.prompts if session is not None else ()
        self.prompts.offer(list(dict.fromkeys((*now, *self._all.prompts()))))

    def _arrange(self) -> None:
        """Fit the timeline to the samples, at the newest or where the person looks."""
        looked_at, self._samples = self.shown(), self._all.of(self.prompts.chosen())
        with QSignalBlocker(self.timeline):
            self.timeline.setRange(0, max(0, len(self._samples) - 1))
            if self.newest.isChecked():
                self.timeline.setValue(self.timeline.maximum())
            elif looked_at in self._samples:
                self.timeline.setValue(self._samples.index(looked_at))
        self.timeline.update()

    # ---------------------------------------------------------------------------------------------- By hand

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.timeline.isVisible():
            self.timeline.setFocus(event.reason())  # whose arrow keys go along it

    def _chosen(self) -> None:
        """Another prompt was chosen: show what it came to at the step that is looked at."""
        looked_at = self.shown()
        self._arrange()
        if looked_at is not None and not self.newest.isChecked():
            place = bisect_right(self._samples, looked_at.step, key=lambda sample: sample.step) - 1
            with QSignalBlocker(self.timeline):
                self.timeline.setValue(max(0, place))
        self._show()

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
        sample = self.shown()
        return self._all.before(sample) if sample is not None else None

    def _say(self) -> None:
        sample, session = self.shown(), self._workspace.session
        there = sample is not None
        for widget in (self.timeline, self.newest, self.told, self.text):
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
            prompt = in_a_line(self.prompts.chosen() or session.config.sampling.prompt, LONGEST_PROMPT)
            self.hint.setText(self.tr("from “{prompt}”").format(prompt=prompt))
        self._say_legend()

    def _say_sample(self, sample: Sample) -> None:
        step, count = f"{sample.step:,}", f"{len(self._samples):,}"
        place = f"{self.timeline.value() + 1:,}"
        where = self.tr("Step {step}, sample {place} of {count}").format(step=step, place=place, count=count)
        self.where.setText(self.tr("Step {step}").format(step=step))
        self.where.setToolTip(where)
        self.timeline.setAccessibleDescription(where)
        self.loss.setVisible(sample.loss is not None)
        if sample.loss is not None:
            self.loss.setText(self.tr("loss {loss}").format(loss=f"{sample.loss:.2f}"))
        self.text.setAccessibleName(self.tr("Sample at step {step}").format(step=step))

    def _say_legend(self) -> None:
        sample, before = self.shown(), self._before()
        if sample is None:
            return
        marked = bool(self.text.marked)
        self.swatch.setVisible(marked)
        swatch = QPixmap(theme.GAP_M, theme.GAP_M)
        swatch.fill(grounds()[0])
        self.swatch.setPixmap(swatch)
        if not sample.whole:
            self.legend.setText(self.tr("Being written…"))
        elif before is not None:
            text = self.tr("other than at step {step}") if marked else self.tr("The same as at step {step}.")
            self.legend.setText(text.format(step=f"{before.step:,}"))
        elif self._all.is_first(sample):
            self.legend.setText(self.tr("This is the first sample."))
        else:
            self.legend.setText(self.tr("The first with these settings."))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


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
