"""The curves of the open run, filled from its record and then from its reports, and of runs laid over it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QThreadPool, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from gpt_core.config import Config, ScheduleConfig, Setting, settings
from gpt_core.errors import GPTCoreError
from gpt_core.events import Changed, CheckpointSaved, EvaluationDone, Ready, StepDone
from gpt_core.schedule import learning_rate
from workbench import i18n
from workbench.draft import Draft
from workbench.forms.message import Message
from workbench.plots import export
from workbench.plots.across import Scale
from workbench.plots.axes import format_loss
from workbench.plots.live_curves import LiveCurves
from workbench.plots.marks import MarkKind
from workbench.plots.overlay import (
    BY_LENGTH,
    Figures,
    OtherRecord,
    OtherRun,
    RunSeries,
    read_figures,
    token_length,
)
from workbench.session import Session
from workbench.watching import INTERVAL
from workbench.workspace import Workspace

LONG = 50_000  # steps, of which another thread makes curves
UNTOLD = ("bits_per_byte", "grad_norm", "tokens", "seconds")  # series that a session's history need not hold

ALIKE = 1.03  # times: tokens whose mean lengths differ by no more are of one tokenizer, in other texts
STEP_FIELDS = frozenset(("train.batch_size", "train.accumulation", "model.context_length"))  # a step's tokens
VOCABULARY = "model.vocab_size"


class CurvesPanel(QWidget):
    """The live curves of the open run; before one, the schedule that the draft would follow.

    `told` carries what an errand on another thread came to: what to do with it, as a callable.
    """

    told = Signal(object)

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        self._draft = draft
        self._workspace = workspace
        self._held: list[Callable[[], None]] | None = None  # what was told before the history was there
        self._characters = True  # whether a token is a character
        self._errand = 0  # the number of the last overlay asked for
        self._asked: list[tuple[str, Path | Figures]] = []  # to be laid over the open run
        self._followed: list[tuple[OtherRun, OtherRecord]] = []  # of these, what may still be trained
        self._looking = False  # whether another thread looks for what came into their records
        self._look = QTimer(self)
        self._look.setInterval(INTERVAL)
        self._look.timeout.connect(self._follow)
        self.plot = LiveCurves()
        self.message = Message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        layout.addWidget(self.message)
        self.told.connect(lambda act: act())
        self.plot.controls.exportAsked.connect(self._export)
        workspace.sessionChanged.connect(self._session_changed)
        draft.faultsChanged.connect(self._plan_of_draft)
        self._plan_of_draft()

    # ------------------------------------------------------------------------------------- the open run

    def _session_changed(self) -> None:
        self.plot.clear()
        self.message.take_back()
        self._held = None
        session = self._workspace.session
        if session is None:
            self._plan_of_draft()
        else:
            self._fill(session)
            self._plan(session.config)
            session.resumed.connect(self._resumed)
            session.stepped.connect(self._stepped)
            session.reported.connect(self._reported)
        self.plot.redraw()

    def _fill(self, session: Session) -> None:
        """Show what the record holds of earlier sittings; where that is much, another thread gets it ready,
        and what is told meanwhile is held back."""
        prepare = partial(self._prepare, session, self.plot.scale, self.plot.controls.smoothing.currentData())
        self._held = []
        if len(session.history.series["loss"][0]) > LONG:
            QThreadPool.globalInstance().start(lambda: self._tell(prepare()))
        else:
            prepare()()

    def _prepare(self, session: Session, scale: Scale, smoothing: float) -> Callable[[], None]:
        """On any thread: get ready what the record holds. The result shows it."""
        known, record = dict(session.history.series), session.run.record_path
        failure = None
        if record.exists():
            try:
                known |= read_figures(record, [name for name in UNTOLD if name not in known])
            except GPTCoreError as error:
                failure = error
        return partial(self._show_history, session, RunSeries(known, scale, smoothing), failure)

    def _show_history(self, session: Session, run: RunSeries, failure: GPTCoreError | None) -> None:
        if session is not self._workspace.session:  # another one was opened since
            return
        self.plot.take(run)
        for step in session.history.resumes:
            self._mark_resume(step)
        for event in session.history.events:
            if event.kind == "checkpoint":
                self._mark_checkpoint(event.step, event.values.get("removed", ()))
            elif event.kind == "change":
                self._mark_change(event.step, event.values)
            elif event.kind == "evaluation" and event.values.get("best"):
                self._mark_best(event.step)
        if failure is not None:
            self.message.say(lambda: i18n.of_error(failure), fault=True)
        held, self._held = self._held, None
        for act in held or []:
            act()
        self.plot.redraw()

    def _resumed(self, step: int) -> None:
        if self._held is not None:
            self._held.append(partial(self._resumed, step))
            return
        self._mark_resume(step)
        self.plot.redraw()

    def _stepped(self, steps: list[StepDone]) -> None:
        if self._held is not None:
            self._held.append(partial(self._stepped, steps))
            return
        numbers = [step.step for step in steps]
        self.plot.append("loss", numbers, [step.loss for step in steps])
        self.plot.append("rate", numbers, [step.rate for step in steps])
        self.plot.append("grad_norm", numbers, [step.grad_norm for step in steps])
        self.plot.advance(numbers, [step.tokens for step in steps], [step.seconds for step in steps])
        self.plot.redraw()

    def _reported(self, report: object) -> None:
        if self._held is not None:
            self._held.append(partial(self._reported, report))
            return
        session = self._workspace.session
        match report:
            case Ready(step=step, resolved=resolved, guessing=guessing) if session is not None:
                self.plot.rewind(step)  # what a record holds beyond the checkpoint is trained anew
                self.plot.unmark("resume", {step})
                self._plan(session.config)
                self.plot.set_vocabulary(resolved.vocab_size)
                self.plot.set_guessing(guessing)
            case EvaluationDone(step=step, evaluation=evaluation, best=best):
                self.plot.append("validation", [step], [evaluation.loss])
                self.plot.append("bits_per_byte", [step], [evaluation.bits_per_byte])
                if best:
                    self._mark_best(step)
            case CheckpointSaved(step=step, removed=removed):
                self._mark_checkpoint(step, removed)
            case Changed(step=step, changes=changes) if session is not None:
                self._mark_change(step, dict(changes))
                self._plan(session.config)
            case _:
                return
        self.plot.redraw()

    def _plan_of_draft(self) -> None:
        """Before a run: the schedule as the forms have it, whatever else is still at fault there."""
        if self._workspace.session is None:
            values, faults = self._draft.values, self._draft.faults.keys()
            tokens = np.nan if STEP_FIELDS & faults else prod(values[field] for field in STEP_FIELDS)
            vocabulary = 0 if VOCABULARY in faults else int(values[VOCABULARY])
            self._draw_plan(*self._draft.schedule(), tokens, values["data.tokenizer"], vocabulary)
            self.plot.redraw()

    def _plan(self, config: Config) -> None:
        tokens = prod(config.get(field) for field in STEP_FIELDS)
        vocabulary = config.model.vocab_size
        self._draw_plan(config.schedule, config.train.max_steps, tokens, config.data.tokenizer, vocabulary)

    def _draw_plan(
        self, schedule: ScheduleConfig, max_steps: int, tokens: float, tokenizer: str, vocabulary: int
    ) -> None:
        """Show what is to come: the rate of each step, and the `tokens` that one takes, NaN where that is not
        known."""
        self._characters = tokenizer == "characters"
        self._say_unit()
        self.plot.set_plan(lambda step: learning_rate(step, schedule, max_steps), max_steps, tokens)
        if vocabulary:
            self.plot.set_vocabulary(vocabulary)

    def _say_unit(self) -> None:
        self.plot.set_unit(self.tr("nats per character") if self._characters else self.tr("nats per token"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say_unit()

    def _mark_checkpoint(self, step: int, removed: Collection[int]) -> None:
        self.plot.unmark("checkpoint", {step, *removed})
        self._mark("checkpoint", step, lambda: self.tr("checkpoint at step {step}"))

    def _mark_resume(self, step: int) -> None:
        self.plot.unmark("resume", {step})
        self._mark("resume", step, lambda: self.tr("resumed at step {step}"))

    def _mark_best(self, step: int) -> None:
        loss = self.plot.loss.validation_points.at(step)
        shown = format_loss(np.nan if loss is None else loss)
        self._mark("best", step, lambda: self.tr("best validation {loss}, at step {step}"), loss=shown)

    def _mark_change(self, step: int, changes: dict[str, object]) -> None:
        for field, value in changes.items():
            self.plot.mark("change", step, partial(self._told_change, settings()[field], value))

    def _told_change(self, what: Setting, value: object) -> str:
        text = self.tr("{setting} set to {value}")
        return text.format(setting=i18n.title(what), value=i18n.shown(what, value))

    def _mark(self, kind: MarkKind, step: int, text: Callable[[], str], **values: str) -> None:
        """Mark a step; `text`, in the language of the moment, is filled in with the step and `values`."""
        self.plot.mark(kind, step, lambda: text().format(step=f"{step:,}", **values))

    # ------------------------------------------------------------------------------------------ other runs

    def overlay(self, runs: Sequence[tuple[str, Path | Figures]]) -> None:
        """Lay other runs over the open one, instead of those before: each its name, and its record's path or
        the series of it by name. Records are read on another thread, now and then whatever comes into them;
        what cannot be read is told in place, and which of them count their loss in other tokens."""
        self._errand += 1
        self._asked, self._followed = list(runs), []
        self.message.take_back()
        scale, smoothing = self.plot.scale, self.plot.controls.smoothing.currentData()
        session = self._workspace.session
        own = session.run.record_path if session is not None else None
        read = partial(self._read, self._errand, self._asked, own, scale, smoothing)
        QThreadPool.globalInstance().start(read)

    def _read(
        self,
        errand: int,
        runs: list[tuple[str, Path | Figures]],
        own: Path | None,
        scale: Scale,
        smoothing: float,
    ) -> None:
        """On another thread: read the runs, and let the window's own thread show them."""
        found: list[OtherRun] = []
        followed: list[tuple[OtherRun, OtherRecord]] = []
        failed: list[tuple[str, GPTCoreError]] = []
        others: list[str] = []
        length = None
        with suppress(GPTCoreError):  # that of the open run is told when it is opened
            length = token_length(read_figures(own, BY_LENGTH)) if own is not None and own.exists() else None
        for name, source in runs:
            if not isinstance(source, Path):
                found.append(OtherRun(name, len(found), source, scale, smoothing))
                continue
            record = OtherRecord(source)
            try:
                figures = record.news()[0]
            except GPTCoreError as error:
                failed.append((name, error))
                continue
            found.append(OtherRun(name, len(found), figures, scale, smoothing))
            followed.append((found[-1], record))
            of_other = token_length(figures)
            if length and of_other and not 1 / ALIKE < length / of_other < ALIKE:
                others.append(name)
        self._tell(partial(self._show_others, errand, found, followed, failed, others))

    def _show_others(
        self,
        errand: int,
        found: list[OtherRun],
        followed: list[tuple[OtherRun, OtherRecord]],
        failed: list[tuple[str, GPTCoreError]],
        others: list[str],
    ) -> None:
        if errand != self._errand:  # others were asked for since
            return
        self.plot.overlay(found)
        self._followed = followed
        if followed:
            self._look.start()
        else:
            self._look.stop()
        if others:
            self.message.say(lambda: self._of_others(others))
        self._say_failed(failed)

    def _of_others(self, names: list[str]) -> str:
        text = self.tr(
            "Loss is counted in other tokens by {runs}: bits per byte, under Show, are what compares."
        )
        return text.format(runs=", ".join(names))

    def _follow(self) -> None:
        """Let another thread see what has come into the records of the runs laid over, unless one does."""
        if not self._looking:
            self._looking = True
            QThreadPool.globalInstance().start(partial(self._read_news, self._errand, list(self._followed)))

    def _read_news(self, errand: int, followed: list[tuple[OtherRun, OtherRecord]]) -> None:
        news: list[tuple[OtherRun, Figures]] = []
        failed: list[tuple[OtherRun, GPTCoreError]] = []
        anew = False
        for run, record in followed:
            try:
                figures, replaced = record.news()
            except OSError:
                continue  # it may be there again the next time
            except GPTCoreError as error:
                if error.code != "run_in_use":  # for a moment
                    failed.append((run, error))
                continue
            anew = anew or replaced
            if figures:
                news.append((run, figures))
        self._looking = False
        if news or failed:
            self._tell(partial(self._take_news, errand, news, failed, anew))

    def _take_news(
        self,
        errand: int,
        news: list[tuple[OtherRun, Figures]],
        failed: list[tuple[OtherRun, GPTCoreError]],
        anew: bool,
    ) -> None:
        if errand != self._errand:
            return
        if anew:  # one went back to an earlier step
            self.overlay(self._asked)
            return
        for run, figures in news:
            self.plot.extend(run, figures)
        lost = [run for run, _ in failed]
        self._followed = [each for each in self._followed if each[0] not in lost]
        self._say_failed([(run.name, error) for run, error in failed])
        self.plot.redraw()

    def _say_failed(self, failed: list[tuple[str, GPTCoreError]]) -> None:
        if failed:
            self.message.say(lambda: "\n".join(map(self._of_failure, failed)), fault=True)

    def _of_failure(self, failure: tuple[str, GPTCoreError]) -> str:
        name, error = failure
        return self.tr("{run} cannot be shown: {reason}").format(run=name, reason=i18n.of_error(error))

    # ------------------------------------------------------------------------------------------- export

    def _export(self, form: str) -> None:
        """Ask where to, and save the curves there in the form "png", "svg" or "csv"."""
        session = self._workspace.session
        name = session.run.name if session is not None else self.tr("curves")
        filters = {
            "png": self.tr("Pictures (*.png)"),
            "svg": self.tr("Drawings (*.svg)"),
            "csv": self.tr("Figures (*.csv)"),
        }
        title = self.tr("Save the curves")
        chosen, _ = QFileDialog.getSaveFileName(self, title, f"{name}.{form}", filters[form])
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix else path.with_suffix(f".{form}")
        if form == "svg":
            self._saved(path, _failure(partial(export.save_drawing, self.plot, path)))
            return
        if form == "png":
            save = partial(export.save_picture, export.picture(self.plot), path)
        else:
            save = partial(export.save_figures, export.take_figures(self.plot, name), path)
        self.message.say(lambda: self.tr("Writing {path}…").format(path=path))
        QThreadPool.globalInstance().start(lambda: self._tell(partial(self._saved, path, _failure(save))))

    def _saved(self, path: Path, error: OSError | None) -> None:
        if error is None:
            self.message.say(lambda: self.tr("Saved as {path}.").format(path=path))
            return
        reason = error.strerror or error
        self.message.say(
            lambda: self.tr("{path} cannot be written ({reason}); choose another place.").format(
                path=path, reason=reason
            ),
            fault=True,
        )

    # --------------------------------------------------------------------------------------------- telling

    def _tell(self, act: object) -> None:
        """From another thread: let the window's own do `act`, if there still is a window."""
        try:
            self.told.emit(act)
        except RuntimeError:  # the window was closed meanwhile
            return


def _failure(save: Callable[[], object]) -> OSError | None:
    """Save something; the result is why that could not be."""
    try:
        save()
    except OSError as error:
        return error
    return None
