"""The run at a glance, on top: what it is, its state, how far it has come, and Start, Pause, Resume, Stop."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
)

from gpt_core.events import MANY_UNKNOWN, Compiling, EvaluationBatch, Preparing
from workbench import theme
from workbench.draft import Draft
from workbench.forms.shortened import ShortenedLabel
from workbench.plots.axes import format_rate
from workbench.session import Session
from workbench.words import duration, run_state, short_count, when_to_the_minute
from workbench.words import state as in_words
from workbench.workspace import Workspace


class HeaderPanel(QFrame):
    """State and progress of the open run, and the buttons that drive it; the window carries out
    `startAsked`, `newAsked` and `takeOverAsked`."""

    startAsked = Signal()
    newAsked = Signal()
    takeOverAsked = Signal()  # a run that was watched, and that no other process trains any more

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft = draft
        self._workspace = workspace
        self.name = ShortenedLabel("section")
        self.source = ShortenedLabel("muted")
        self.state = theme.label("pill")
        self.progress_text = ShortenedLabel("label")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(180)
        self.figures = {name: theme.label("hero") for name in ("train", "validation", "rate", "tokens")}
        self._titles = {name: theme.label("muted") for name in self.figures}
        for name, figure in self.figures.items():
            figure.setProperty("series", name)

        self.start, self.pause, self.resume = QPushButton(), QPushButton(), QPushButton()
        self.stop, self.new = QToolButton(), QPushButton()
        self.stop_after, self.stop_now = QAction(self), QAction(self)
        self.stop_after.setShortcut("F7")
        self.stop_now.setShortcut("Shift+F7")
        self.stop.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self.stop)
        menu.setToolTipsVisible(True)
        menu.addActions([self.stop_after, self.stop_now])
        self.stop.setMenu(menu)
        self.addActions([self.stop_after, self.stop_now])  # so that their keys are heard
        theme.style(self.stop, kind="split")
        for button in (self.start, self.pause, self.resume):
            theme.style(button, kind="primary")
        for each in (self.start, self.pause, self.resume, self.stop, self.new):
            each.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus where it was
        self._started = QElapsedTimer()
        self.start.clicked.connect(lambda: self._started.start())
        self.start.clicked.connect(self.startAsked)
        self.new.clicked.connect(self.newAsked)
        self.pause.clicked.connect(lambda: self._session().pause())
        self.resume.clicked.connect(self._resume)
        self.stop.clicked.connect(self._stop_clicked)
        self.stop_after.triggered.connect(lambda: self._session().stop())
        self.stop_now.triggered.connect(lambda: self._session().stop(now=True))

        self._lay_out()
        workspace.sessionChanged.connect(self._session_changed)
        workspace.queue.switched.connect(self.refresh)
        draft.faultsChanged.connect(self.refresh)
        draft.reset.connect(self.refresh)
        self._say()

    def _say(self) -> None:
        self.state.setAccessibleName(self.tr("State of the run"))
        self.progress.setAccessibleName(self.tr("Progress of the run"))
        titles = {
            "train": self.tr("train loss"),
            "validation": self.tr("validation"),
            "rate": self.tr("rate"),
            "tokens": self.tr("tokens/s"),
        }
        for name, title in titles.items():
            self._titles[name].setText(title)
            self.figures[name].setAccessibleName(title)
        self.start.setText(self.tr("Start"))
        self.start.setToolTip(self.tr("Begin a new run with these settings (F5)"))
        self.pause.setText(self.tr("Pause"))
        self.pause.setToolTip(self.tr("Hold training; the model stays loaded and answers prompts (F6)"))
        self.resume.setText(self.tr("Resume"))
        self.resume.setToolTip(self.tr("Train on from where it stands (F6)"))
        self.stop_after.setText(self.tr("Stop after this step"))
        self.stop_now.setText(self.tr("Stop now"))
        self.new.setText(self.tr("New run"))
        self.new.setToolTip(self.tr("Leave this run and set up another with the same settings (Ctrl+N)"))
        # A new text takes the shortcut away.
        shortcuts = {self.start: "F5", self.pause: "F6", self.resume: "F6"}
        for button, keys in shortcuts.items():
            button.setShortcut(keys)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _lay_out(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(theme.GAP_XS)
        names.addWidget(self.name)
        names.addWidget(self.source)
        progress = QVBoxLayout()
        progress.setSpacing(theme.GAP_S)
        self.progress_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        progress.addWidget(self.progress_text)
        progress.addWidget(self.progress)
        figures = QGridLayout()
        figures.setHorizontalSpacing(theme.GAP_L)
        figures.setVerticalSpacing(0)
        digit = QFontMetrics(theme.font(theme.HERO, QFont.Weight.DemiBold)).horizontalAdvance("0")
        for column, (name, figure) in enumerate(self.figures.items()):
            self._titles[name].setBuddy(figure)
            # As wide as the longest it will show, so that nothing moves while the figures change.
            figure.setMinimumWidth(digit + 78)
            figures.addWidget(self._titles[name], 0, column)
            figures.addWidget(figure, 1, column)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_S, theme.GAP_L, theme.GAP_S)
        layout.setSpacing(theme.GAP_L)
        layout.addLayout(names)
        layout.addWidget(self.state, alignment=Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(progress, stretch=1)
        layout.addLayout(figures)
        for button in (self.start, self.pause, self.resume, self.stop, self.new):
            layout.addWidget(button)

    def _session(self) -> Session:
        session = self._workspace.session
        assert session is not None  # the buttons that ask are shown with a session only
        return session

    def _resume(self) -> None:
        if self._session().watched:
            self.takeOverAsked.emit()
        else:
            self._session().resume()

    def _stop_clicked(self) -> None:
        """Stop, unless this is the second half of a double click on Start, in whose place Stop has come."""
        since = self._started.elapsed() if self._started.isValid() else None
        if since is None or since > QApplication.doubleClickInterval():
            self._session().stop()  # which means now, where it is asked for again

    def _session_changed(self) -> None:
        session = self._workspace.session
        if session is not None:
            session.stateChanged.connect(self.refresh)
            session.reported.connect(self.refresh)
            session.stepped.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how things stand."""
        session = self._workspace.session
        self._show_names(session)
        self._show_state(session)
        self._show_figures(session)
        state = session.state if session is not None else None
        buttons = (self.start, self.pause, self.resume, self.new, self.stop)
        had_focus = any(button.hasFocus() for button in buttons)
        self.start.setVisible(state == "failed" or (session is None and not self._workspace.queue.on))
        self.start.setEnabled(not self._draft.faults)
        watched = session is not None and session.watched
        self.pause.setVisible(state == "training" and not watched)
        self.resume.setVisible(state in ("paused", "stopped") or self._may_go_on(session))
        self._show_stop(session)
        self.resume.setEnabled(not self._draft.faults)
        self.progress.setUpdatesEnabled(False)  # else it would paint the whole window, there and then
        self._show_progress(session)
        self.progress.setUpdatesEnabled(True)
        self.new.setVisible(state in ("stopped", "finished") or watched)
        if had_focus and not any(button.hasFocus() for button in buttons):
            shown = next((button for button in buttons if not button.isHidden()), None)
            if shown is not None:
                shown.setFocus()  # not whatever comes next in the window

    def _show_stop(self, session: Session | None) -> None:
        """Offer to stop after this step and now; while the one is waited for, the other is a click away."""
        may = session is not None and session.state in ("preparing", "training", "paused")
        may = may and not (session is not None and session.watched)
        stopping = session is not None and session.stopping is not None
        self.stop.setVisible(may)
        self.stop_after.setEnabled(may and not stopping)
        self.stop_now.setEnabled(may)
        self.stop.setText(self.tr("Stop now") if stopping else self.tr("Stop"))
        after = self.tr("Finish the step at hand, save a checkpoint, and stop (F7)")
        now = self.tr(
            "Stop at the next batch and save a checkpoint of the last whole step (Shift+F7): of the step at "
            "hand, the batches that are done are done again on resume"
        )
        self.stop_after.setToolTip(after)
        self.stop_now.setToolTip(now)
        self.stop.setToolTip(now if stopping else after)

    def _may_go_on(self, session: Session | None) -> bool:
        """Whether a finished run was given more steps."""
        return (
            session is not None
            and session.state == "finished"
            and session.config.train.max_steps > session.step
        )

    def _show_names(self, session: Session | None) -> None:
        if session is None:
            origin = self._draft.preset
            told = self.tr("based on {name}, not started") if origin else self.tr("not started")
            self.name.setText(self.tr("New run"))
            self.source.setText(told.format(name=origin))
            return
        self.name.setText(session.run.name)
        self.name.setToolTip(str(session.run.folder))
        source = session.config.data.source.removeprefix("builtin:")
        source = Path(source).name or source
        ready = session.ready
        if ready is None:
            self.source.setText(source)
        else:
            text = self.tr("{source} · {parameters} parameters")
            self.source.setText(text.format(source=source, parameters=short_count(ready.parameters)))

    def _show_state(self, session: Session | None) -> None:
        self.state.setVisible(session is not None)
        if session is None:
            return
        elsewhere = session.watched and session.state == "training"
        text = run_state("in_use") if elsewhere else in_words(session.state)
        if self.state.text() != text:
            self.state.setText(text)
            theme.style(self.state, state=session.state)

    def _show_progress(self, session: Session | None) -> None:
        self.progress.setVisible(session is not None)
        if session is None:
            faults = len(self._draft.faults)
            if self._workspace.queue.on:
                self.progress_text.setText(self.tr("The queue goes on with its next run."))
            elif faults == 1:
                self.progress_text.setText(self.tr("1 setting needs attention before the run can start."))
            elif faults:
                text = self.tr("{count} settings need attention before the run can start.")
                self.progress_text.setText(text.format(count=faults))
            else:
                self.progress_text.setText(self.tr("Ready to start."))
            return
        if isinstance(session.progress, Preparing):
            self._show_preparation(session.progress)
            return
        if isinstance(session.progress, Compiling):
            self.progress_text.setText(self.tr("Compiling the model; this may take a minute"))
            self.progress.setRange(0, 0)
            return
        total = session.config.train.max_steps
        self.progress.setRange(0, total)
        self.progress.setValue(min(session.step, total))
        values = {"step": f"{session.step:,}", "total": f"{total:,}"}
        if session.stopping is not None:
            text = self.tr("stopping after step {step} (batch {done} of {batches})")
            at = session.stopping
            # The one that is at work, not the last one done.
            batch = min(at.done + 1, at.total)
            values |= {"step": f"{at.step:,}", "done": f"{batch:,}", "batches": f"{at.total:,}"}
        elif isinstance(session.progress, EvaluationBatch):
            text = self.tr("step {step} of {total} · evaluating, {done} of {windows} windows")
            values |= {"done": str(session.progress.done), "windows": str(session.progress.total)}
        elif session.state == "training":
            text, more = self._training(session)
            values |= more
        elif self._draft.faults and not self.resume.isHidden():
            text = self.tr("step {step} of {total} · a setting needs attention before it can go on")
        else:
            text = self.tr("step {step} of {total}")
        self.progress_text.setText(text.format(**values))

    def _training(self, session: Session) -> tuple[str, dict[str, str]]:
        """What is said of training under way, and the values that are to be filled in besides step and total;
        of a slow step also which batch is at work."""
        if self._draft.faults:
            return self.tr("step {step} of {total} · changes wait until a setting is put right"), {}
        left, batch = session.seconds_left(), session.batch
        values = {}
        if left is not None:
            values = {"left": duration(left), "clock": when_to_the_minute(time.time() + left)}
        if batch is None:
            if left is None:
                return self.tr("step {step} of {total} · estimating the time left"), values
            return self.tr("step {step} of {total} · {left} left, done at {clock}"), values
        at_work = min(batch.done + 1, batch.total)
        values |= {"step": f"{batch.step:,}", "batch": f"{at_work:,}", "batches": f"{batch.total:,}"}
        if left is None:
            text = self.tr("step {step} of {total} (batch {batch} of {batches}) · estimating the time left")
        else:
            text = self.tr(
                "step {step} of {total} (batch {batch} of {batches}) · {left} left, done at {clock}"
            )
        return text, values

    def _show_preparation(self, progress: Preparing) -> None:
        words = {
            "starting": self.tr("Loading PyTorch…"),
            "reading": self.tr("Reading the text"),
            "tokenizer": self.tr("Learning the tokens"),
            "encoding": self.tr("Turning text into tokens"),
            "verifying": self.tr("Verifying the checkpoints"),
            "loading": self.tr("Loading the model"),
            "rehearsing": self.tr("Trying how many threads are fastest"),
        }
        self.progress_text.setText(words[progress.stage])
        self.progress.setRange(0, 1000 if progress.total else 0)
        self.progress.setValue(1000 * progress.done // progress.total if progress.total else 0)

    def _show_figures(self, session: Session | None) -> None:
        texts = dict.fromkeys(self.figures, "–")
        if session is not None and session.train_loss is not None:
            texts["train"] = f"{session.train_loss:.3f}"
        if session is not None and session.validation is not None:
            texts["validation"] = f"{session.validation:.3f}"
        if session is not None and session.rate is not None:
            texts["rate"] = format_rate(session.rate, digits=1)
        pace = session.tokens_per_second() if session is not None else None
        if pace is not None:
            texts["tokens"] = short_count(pace)
        for name, text in texts.items():
            self.figures[name].setText(text)
        evaluation = session.evaluation if session is not None else None
        if evaluation is None:
            self.figures["validation"].setToolTip("")
        else:
            text = self.tr("perplexity {perplexity}, {nats} nats per character, {bits} bits per byte")
            if evaluation.unknown >= MANY_UNKNOWN:
                text = self.tr(
                    "perplexity {perplexity}, {nats} nats per character, {bits} bits per byte; these two say "
                    "little, since {unknown} of the text is not in the vocabulary"
                )
            values = {
                "perplexity": f"{evaluation.perplexity:.5g}",
                "nats": f"{evaluation.nats_per_character:.4f}",
                "bits": f"{evaluation.bits_per_byte:.4f}",
                "unknown": f"{evaluation.unknown:.1%}",
            }
            self.figures["validation"].setToolTip(text.format(**values))
