"""The centre of the window: the curves of a run, live, one row below the other over one common axis."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from html import escape
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPoint, Qt, QThreadPool, Signal
from PySide6.QtGui import QShowEvent, QTextDocumentFragment
from PySide6.QtWidgets import QMenu, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gpt_core.events import Guessing
from workbench import theme
from workbench.plots.across import Scale, Timeline
from workbench.plots.axes import format_count, format_loss, format_seconds
from workbench.plots.controls import USUAL_SMOOTHING, Controls
from workbench.plots.marks import MarkKind
from workbench.plots.overlay import Figures, OtherRun, RunSeries, pace
from workbench.plots.pyramid import Pyramid
from workbench.plots.ranges import FEWEST_STEPS, follow_steps
from workbench.plots.readout import Others, Readout, as_table, in_words
from workbench.plots.row import Row
from workbench.plots.rows import BitsRow, GradientRow, LossRow, PaceRow, RateRow
from workbench.plots.series import Averages, Series

SeriesName = Literal["loss", "rate", "validation", "bits_per_byte", "grad_norm"]
REACH = 6  # pixels within which the pointer means a mark, or a peak
FEWEST_SECONDS = 10.0
LOWEST = 300  # pixels
LONG = 50_000  # points, which another thread smooths


class LiveCurves(QWidget):
    """Loss, learning rate, bits per byte, gradient norm and pace of a run and of others, with a crosshair.

    `append`, `advance`, `rewind`, `mark` and the like only store; `redraw`, called by the window's timer,
    draws if something changed and the widget is seen. `smoothed` carries what another thread has smoothed,
    `batchAsked` the step (int) whose batch is to be read.
    """

    smoothed = Signal(object)
    batchAsked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = Scale()
        self.timeline = Timeline(self.scale)
        self.others: list[OtherRun] = []
        self._changed = True
        self._moving = False  # a view is being moved along with another
        self._errand = 0  # the number of the last smoothing asked for
        self._pointer = QPoint()
        self.loss = LossRow(self.timeline)
        self.rate = RateRow(self.timeline)
        self.bits = BitsRow(self.timeline)
        self.gradient = GradientRow(self.timeline)
        self.pace = PaceRow(self.timeline)
        self.rows: tuple[Row, ...] = (self.loss, self.rate, self.bits, self.gradient, self.pace)
        self._series: dict[SeriesName, Pyramid] = {
            "loss": self.loss.series.points,
            "rate": self.rate.series.points,
            "validation": self.loss.validation_points,
            "bits_per_byte": self.bits.series.points,
            "grad_norm": self.gradient.series.points,
        }
        self.controls = Controls()
        self._lay_out()
        self._connect()
        self.readout = Readout(self)
        for row in self.rows:
            row.plot.take_scale()
            row.set_smoothing(USUAL_SMOOTHING)
        self.loss.plot.view.setRange(xRange=follow_steps(0, None), yRange=(0, 5), padding=0)
        self._recolour(theme.current())
        theme.notifier.changed.connect(self._recolour)

    # ------------------------------------------------------------------------------------------ what is told

    def set_unit(self, unit: str) -> None:
        """What the loss is counted in, such as "nats per character"."""
        self.loss.unit.setText(unit)

    def set_vocabulary(self, size: int | None) -> None:
        """How many tokens there are to guess among, where that is known."""
        self.loss.set_vocabulary(size)

    def set_guessing(self, guessing: Guessing) -> None:
        """What one comes to who guesses by their frequencies, where that is known."""
        self.loss.set_guessing(guessing)

    def set_plan(
        self, curve: Callable[[int], float] | None, max_steps: int, tokens_per_step: float = np.nan
    ) -> None:
        """What is still to come: the rate of each step 1..max_steps, and the tokens that a step takes; None
        and NaN where it is not known."""
        self.rate.set_plan(curve, max_steps)
        self.timeline.tokens_per_step = tokens_per_step
        self._changed = True

    def append(self, series: SeriesName, steps: ArrayLike, values: ArrayLike) -> None:
        """Add points (N,) and (N,) to a series; where the steps go back, the newer points stand."""
        new = np.atleast_1d(np.asarray(steps, np.int64))
        if len(new):
            self._rewind_series(series, int(new[0]) - 1)
            self._series[series].append(new, values)
            self._changed = True

    def advance(self, steps: ArrayLike, tokens: ArrayLike, seconds: ArrayLike) -> None:
        """What steps (N,) took: tokens (N,) and seconds (N,); where the steps go back, the newer stand."""
        new = np.atleast_1d(np.asarray(steps, np.int64))
        if len(new):
            self.timeline.truncate(int(new[0]) - 1)
            self.pace.series.truncate(int(new[0]) - 1)
            self.timeline.append(new, tokens, seconds)
            self.pace.series.append(new, pace(tokens, seconds))
            self._changed = True

    def take(self, run: RunSeries) -> None:
        """Become the curves of `run`, made for this `scale`, which is not to be used any more."""
        self.timeline.take(run.timeline)
        self.loss.validation_points.take(run.validation)
        for row in self.rows:
            row.series.take(run.series[row.name])
            row.set_smoothing(self.controls.smoothing.currentData())
        self._changed = True

    def rewind(self, step: int) -> None:
        """Drop what comes after `step`, as when an earlier checkpoint is resumed."""
        for series in self._series:
            self._rewind_series(series, step)
        self.timeline.truncate(step)
        self.pace.series.truncate(step)
        self.loss.marks.truncate(step)
        self._changed = True

    def clear(self) -> None:
        """Back to empty curves that follow, for another run; scale, smoothing and other runs stay."""
        self.rewind(-1)
        self.set_plan(None, 0)
        self.set_vocabulary(None)
        self.set_guessing(Guessing())
        for row in self.rows:
            row.fit_anew()
        self.controls.follow.setChecked(True)

    def mark(self, kind: MarkKind, step: int, told: Callable[[], str]) -> None:
        """Mark a step; the crosshair's readout tells beside the mark what `told` gives."""
        self.loss.marks.add(kind, step, told)
        self._changed = True

    def unmark(self, kind: MarkKind, steps: Collection[int]) -> None:
        """Take back the marks of one kind at these steps."""
        self.loss.marks.remove(kind, steps)
        self._changed = True

    def overlay(self, runs: Sequence[OtherRun]) -> None:
        """Lay other runs over this one, instead of those before; they are made for its `scale`."""
        hidden = [run.name for run in self.others if not run.shown]
        self.others = list(runs)
        for run in self.others:
            run.shown = run.name not in hidden
        self.controls.offer_runs([(run.name, run.shown) for run in self.others])
        for row in self.rows:
            row.overlay(self.others)
            row.show_others()
            row.set_smoothing(self.controls.smoothing.currentData())
            row.fit_anew()
        for entry, action in zip(self.loss.other_entries, self.controls.runs, strict=True):
            entry.toggle_by(action)
        self._touch()

    def extend(self, run: OtherRun, figures: Figures) -> None:
        """Add what came since to one of the runs laid over this one."""
        run.append(figures)
        self._changed = True

    # ---------------------------------------------------------------------------------------------- drawing

    def redraw(self) -> bool:
        """Draw if something changed and the widget is seen; whether it was so."""
        if not self._changed or not self.isVisible():
            return False
        self._changed = False
        follow = self.controls.follow.isChecked()
        if follow:
            self._fit_across()
        for row in self.shown_rows():
            row.redraw(follow)
        self._update_readout()
        return True

    def shown_rows(self) -> list[Row]:
        """The rows that are not hidden, from the top."""
        return [row for row in self.rows if not row.isHidden()]

    def last(self) -> int:
        """The last step of the open run, 0 where there is none."""
        return max((int(points.steps[-1]) for points in self._series.values() if len(points)), default=0)

    def _rewind_series(self, series: SeriesName, step: int) -> None:
        if series == "validation":
            self.loss.validation_points.truncate(step)
        else:
            row = next(row for row in self.rows if row.name == series)
            row.series.truncate(step)

    def _fit_across(self) -> None:
        """Follow: show the whole run, and of it and what is laid over it all that there is."""
        plan, last = self.rate.plan, self.last()
        others = [run for run in self.others if run.shown]
        ends = [self.timeline.counts([last])[0], *(run.timeline.counts([run.last])[0] for run in others)]
        reached = max((float(end) for end in ends if np.isfinite(end)), default=0.0)
        planned = None
        # Time still to come is a guess that changes; an end that it set would never rest.
        if plan.curve is not None and (self.scale.kind != "time" or last >= plan.max_steps):
            end = float(self.timeline.counts([plan.max_steps])[0])
            planned = end if np.isfinite(end) else None
        fewest = {"step": float(FEWEST_STEPS), "time": FEWEST_SECONDS}.get(self.scale.kind)
        if fewest is None:
            fewest = FEWEST_STEPS * float(np.nan_to_num(self.timeline.tokens_per_step, nan=1.0))
        first, end = follow_steps(reached, planned, fewest)
        if self.scale.log:
            starts = [self.timeline, *(run.timeline for run in others)]
            counts = [float(each.counts([1])[0]) for each in starts]
            first = min((count for count in counts if count > 0), default=1.0)
            first, end = np.log10(first) - 0.02, np.log10(max(end, 2 * first)) + 0.05
        self.loss.plot.view.setXRange(first, end, padding=0)

    def _move_along(self, moved: Row) -> None:
        """Show the same part of the run in every row."""
        if self._moving:
            return
        self._moving = True
        first, last = moved.plot.view.viewRange()[0]
        for row in self.shown_rows():
            if row is not moved:
                row.plot.view.setXRange(first, last, padding=0)
        for row in self.shown_rows():  # which pyqtgraph does on painting, and then paints once more
            row.plot.scene().prepareForPaint()
        self._moving = False

    # -------------------------------------------------------------------------------------------- crosshair

    def _on_hover(self, step: int | None, pointer: QPoint | None) -> None:
        for row in self.rows:
            row.plot.show_line(step)
        if pointer is not None:
            self._pointer = self.mapFromGlobal(pointer)
        self._update_readout()

    def _update_readout(self) -> None:
        step = self.loss.plot.step
        if step is None:
            self.readout.hide()
            return
        lines, others, near = self._describe(step), self._figures_of_others(step), self._near(step)
        self.readout.tell("<br>".join(lines) + as_table(others) + "<br>".join(near), self._pointer)
        for row in self.shown_rows():
            if row.plot.hasFocus():  # the crosshair is moved by keys: say it too
                said = "<br>".join([*lines, *in_words(others), *near])
                row.plot.setAccessibleDescription(QTextDocumentFragment.fromHtml(said).toPlainText())

    def _describe(self, step: int) -> list[str]:
        """What the readout tells of the open run at `step`, series by series."""
        lines = [f"<b>{escape(self._where(step))}</b>"]
        for row in self.shown_rows():
            lines += row.describe(step)
        return lines

    def _figures_of_others(self, step: int) -> Others:
        """What the other runs shown have where the open one has `step`: figures by what they are called."""
        place = float(self.timeline.places([step])[0])
        told = []
        for run in self.others:
            at = float(run.timeline.steps_at([place])[0])
            if run.shown and np.isfinite(at):
                found = [figure for row in self.shown_rows() for figure in row.figures_of(run, round(at))]
                told.append((run, dict(found)))
        return [(run, found) for run, found in told if found]

    def _near(self, step: int) -> list[str]:
        """What the marks close by tell."""
        first, last = self._steps_near(step)
        if not self.loss.marks.isVisible() or not np.isfinite([first, last]).all():
            return []
        return [escape(text) for text in self.loss.marks.near(first, last)]

    def _steps_near(self, step: int) -> tuple[float, float]:
        """The first and the last step that lie so close to this one that a pointer means them too."""
        place = float(self.timeline.places([step])[0])
        (first, last), width = self.loss.plot.view.viewRange()[0], self.loss.plot.view.width()
        reach = REACH * (last - first) / max(width, 1)
        near = self.timeline.steps_at([place - reach, place + reach])
        return float(near[0]), float(near[1])

    def _ask_for_batch(self, step: int, pointer: QPoint | None) -> None:
        """Have the batch of a step read; by pointer, offer to: of the steps that it may mean the one of most
        loss, since peaks are what one asks about."""
        points = self._series["loss"]
        if not len(points):
            return
        first, last = (step, step) if pointer is None else self._steps_near(step)
        start, end = np.searchsorted(points.steps, first), np.searchsorted(points.steps, last, side="right")
        near = points.values[start:end]
        if np.isfinite(near).any():
            place = int(start + np.nanargmax(near))
        else:
            place = int(np.abs(points.steps - step).argmin())
        chosen, loss = int(points.steps[place]), format_loss(float(points.values[place]))
        if pointer is None:
            self.batchAsked.emit(chosen)
            return
        self._on_hover(chosen, pointer)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = self.tr("Read the batch of step {step}, loss {loss}")
        menu.addAction(text.format(step=f"{chosen:,}", loss=loss), lambda: self.batchAsked.emit(chosen))
        menu.popup(pointer)

    def _where(self, step: int) -> str:
        """A step in words, with what the axis counts where that is not steps."""
        if self.scale.kind == "step" or not self.timeline.known:
            return self.tr("step {step}").format(step=f"{step:,}")
        count = float(self.timeline.counts([step])[0])
        written = format_count(count) if self.scale.kind == "tokens" else format_seconds(count)
        if self.scale.kind == "tokens":
            return self.tr("step {step} · {count} tokens").format(step=f"{step:,}", count=written)
        return self.tr("step {step} · {time} of training").format(step=f"{step:,}", time=written)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._touch()  # what is told of the heights and at the crosshair

    # ----------------------------------------------------------------------------------- what the user does

    def _on_zoom(self) -> None:
        self.controls.follow.setChecked(False)
        for row in self.rows:
            row.above.clear()
        if self.loss.plot.step is not None:  # the crosshair has moved along
            place = self.mapFromGlobal(self.loss.plot.middle_of(self.loss.plot.step))
            self._pointer.setX(place.x())
        self._touch()

    def _on_scale(self) -> None:
        first, last = self.timeline.steps_at(self.loss.plot.view.viewRange()[0])
        self.scale.kind = self.controls.kind.currentData()
        self.scale.log = self.controls.log.isChecked()
        for row in self.rows:
            row.plot.take_scale()
        if not self.controls.follow.isChecked():  # the same steps
            first, last = self.timeline.places([max(first, 1) if self.scale.log else first, last])
            if np.isfinite([first, last]).all() and last > first:
                self.loss.plot.view.setXRange(first, last, padding=0)
        for row in self.rows:
            row.fit_anew()
        self._touch()

    def _on_smoothing(self) -> None:
        """Smooth anew; where that is long work another thread does it, and the curves stay meanwhile."""
        self._errand += 1
        beta = self.controls.smoothing.currentData()
        every = [series for row in self.rows for series in row.all_series()]
        if sum(len(series.points) for series in every) <= LONG:
            self._set_smoothing(beta)
            return
        works = [(series, series.restarts, series.averaging(beta)) for series in every]
        QThreadPool.globalInstance().start(partial(self._smooth, self._errand, beta, works))

    def _smooth(
        self, errand: int, beta: float, works: list[tuple[Series, int, Callable[[], Averages]]]
    ) -> None:
        """On another thread: work out the averages."""
        made = [(series, restarts, work()) for series, restarts, work in works]
        try:
            self.smoothed.emit(partial(self._take_smoothed, errand, beta, made))
        except RuntimeError:  # the window was closed meanwhile
            return

    def _take_smoothed(self, errand: int, beta: float, made: list[tuple[Series, int, Averages]]) -> None:
        if errand != self._errand:  # another was asked for since
            return
        for series, restarts, averages in made:
            if series.restarts == restarts:
                series.take_averages(averages)
        self._set_smoothing(beta)

    def _set_smoothing(self, beta: float) -> None:
        for row in self.rows:
            row.set_smoothing(beta)
        self._recolour(theme.current())

    def _on_follow(self) -> None:
        for row in self.rows:
            row.fit_anew()
        self._touch()

    def _on_shown(self, name: str, shown: bool) -> None:
        match name:
            case "validation":
                self.loss.show_validation(shown)
            case "marks":
                self.loss.show_marks(shown)
            case "landmarks":
                self.loss.show_landmarks(shown)
            case _:
                next(row for row in self.rows if row.name == name).setVisible(shown)
                self._share_out()
        self._move_along(self.loss)
        self._touch()

    def _on_run_shown(self, place: int, shown: bool) -> None:
        self.others[place].shown = shown
        for row in self.rows:
            row.show_others()
            row.fit_anew()
        self._touch()

    def _share_out(self) -> None:
        """The loss and the lowest row write the numbers of the common axis; the loss takes most room."""
        shown = self.shown_rows()
        for row in self.rows:
            row.plot.show_numbers(row in (self.loss, shown[-1]))
        self.column.setSizes([700 if row is self.loss else 300 for row in self.rows])

    def _touch(self, *_: Any) -> None:
        self._changed = True
        self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._touch()

    def _recolour(self, palette: theme.Palette) -> None:
        for row in self.rows:
            row.recolour(palette)
        self._touch()

    # --------------------------------------------------------------------------------------- how it is made

    def _lay_out(self) -> None:
        self.column = QSplitter(Qt.Orientation.Vertical)
        self.column.setChildrenCollapsible(False)
        for row in self.rows:
            self.column.addWidget(row)
            self.column.setStretchFactor(self.column.count() - 1, 7 if row is self.loss else 3)
        for name, action in self.controls.shown.items():
            if not action.isChecked():
                next(row for row in self.rows if row.name == name).hide()
        self._share_out()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_S)
        whole.addWidget(self.controls)
        scroll = QScrollArea()  # all rows at once may be higher than a small window
        scroll.setWidget(self.column)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumHeight(LOWEST)
        theme.style(self.column, kind="form")
        whole.addWidget(scroll, 1)

    def _connect(self) -> None:
        for row in self.rows:
            row.plot.hovered.connect(self._on_hover)
            row.plot.asked.connect(self._ask_for_batch)
            row.plot.zoomed.connect(self._on_zoom)
            row.plot.wholeAsked.connect(lambda: self.controls.follow.setChecked(True))
            row.plot.view.sigXRangeChanged.connect(lambda *_, row=row: self._move_along(row))
            row.plot.view.sigResized.connect(self._touch)
            row.rescaled.connect(self._touch)
        self.controls.scaleChanged.connect(self._on_scale)
        self.controls.smoothingChanged.connect(self._on_smoothing)
        self.smoothed.connect(lambda act: act())
        self.controls.followChanged.connect(self._on_follow)
        self.controls.shownChanged.connect(self._on_shown)
        self.controls.runShown.connect(self._on_run_shown)
        self.loss.validation_entry.toggle_by(self.controls.shown["validation"])
