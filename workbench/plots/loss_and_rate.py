"""The centre of the window: the loss over the learning rate, live, on one step axis."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QVBoxLayout,
    QWidget,
)

from workbench import theme
from workbench.plots.axes import LEFT_AXIS_WIDTH, LossAxis, RateAxis, format_loss, format_rate
from workbench.plots.curve import PyramidCurve
from workbench.plots.legend import LegendEntry
from workbench.plots.marks import MarkKind, Marks
from workbench.plots.parts import empty_text, panel, row, toggle
from workbench.plots.plan_curve import PlanCurve
from workbench.plots.pyramid import Pyramid
from workbench.plots.ranges import follow_steps, follow_values
from workbench.plots.readout import Readout, coloured
from workbench.plots.smoothing import MovingAverage
from workbench.plots.step_plot import StepPlot

Series = Literal["loss", "rate", "validation"]
SMOOTHING = (0.0, 0.9, 0.97, 0.99, 0.999)
USUAL_SMOOTHING = 0.97
MARK_REACH = 6  # pixels from a mark within which the readout tells of it


class LossAndRatePlot(QWidget):
    """Loss (raw, moving average, validation) over learning rate (done, planned), with crosshair and Follow.

    `append`, `rewind`, `mark` and the like only store; `redraw`, called by the window's timer, draws if
    something changed and the widget is seen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: dict[Series, Pyramid] = {"loss": Pyramid(), "validation": Pyramid(), "rate": Pyramid()}
        self._average = Pyramid()
        self._averaging = MovingAverage(USUAL_SMOOTHING)
        self._changed = True
        self._y_range: tuple[float, float] | None = None
        self._pointer = QPoint()

        self._build_plots()
        self._build_controls()
        self._build_layout()
        self.readout = Readout(self)
        self._recolour(theme.current())
        theme.notifier.changed.connect(self._recolour)

    # ------------------------------------------------------------------------------------------ what is told

    def set_unit(self, unit: str) -> None:
        """What the loss is counted in, such as "nats per character"."""
        self.unit.setText(unit)

    def set_plan(self, curve: Callable[[int], float] | None, max_steps: int) -> None:
        """The schedule still to come: the rate of each step 1..max_steps, or None where it is not known."""
        self.plan.set_plan(curve, max_steps)
        self._changed = True

    def append(self, series: Series, steps: ArrayLike, values: ArrayLike) -> None:
        """Add points (N,) and (N,) to a series; where the steps go back, the newer points stand."""
        new = np.atleast_1d(np.asarray(steps, np.int64))
        if len(new):
            self._rewind_series(series, int(new[0]) - 1)
            self._series[series].append(new, values)
            self._changed = True

    def rewind(self, step: int) -> None:
        """Drop what comes after `step`, as when an earlier checkpoint is resumed."""
        for series in self._series:
            self._rewind_series(series, step)
        self.marks.truncate(step)
        self._changed = True

    def clear(self) -> None:
        """Back to an empty plot that follows, for another run; unit, scale and smoothing stay."""
        self.rewind(-1)
        self.set_plan(None, 0)
        self._y_range = None
        self.follow.setChecked(True)

    def mark(self, kind: MarkKind, step: int, text: str) -> None:
        """Mark a step; the crosshair's readout tells `text` beside the mark."""
        self.marks.add(kind, step, text)
        self._changed = True

    # ---------------------------------------------------------------------------------------------- drawing

    def redraw(self) -> bool:
        """Draw if something changed and the widget is seen; whether it was so."""
        if not self._changed or not self.isVisible():
            return False
        self._changed = False
        self._extend_average()
        if self.follow.isChecked():
            self._fit()
        for curve in (self.raw, self.average, self.validation, self.rate):
            curve.refresh()
        self._draw_present()
        self.marks.place()
        self._tell_empty()
        self._update_readout()
        return True

    def _rewind_series(self, series: Series, step: int) -> None:
        pyramid = self._series[series]
        if len(pyramid) and pyramid.steps[-1] > step:
            pyramid.truncate(step)
            if series == "loss":
                self._restart_average()

    def _restart_average(self) -> None:
        self._average.clear()
        self._averaging = MovingAverage(self.smoothing.currentData())

    def _extend_average(self) -> None:
        loss, done = self._series["loss"], len(self._average)
        if self._averaging.beta > 0 and done < len(loss):
            self._average.append(loss.steps[done:], self._averaging.append(loss.values[done:]))

    def _fit(self) -> None:
        """Follow: show the whole run, its usual heights filling the plot."""
        last = max((int(pyramid.steps[-1]) for pyramid in self._series.values() if len(pyramid)), default=0)
        planned = self.plan.max_steps if self.plan.curve is not None else None
        self.loss_plot.view.setXRange(*follow_steps(last, planned), padding=0)
        self.rate_plot.view.setYRange(0, 1.08 * max(self.plan.peak, self._highest("rate")) or 1, padding=0)
        self._fit_loss()

    def _fit_loss(self) -> None:
        self.above.clear()
        shown = [
            extremes for series in ("loss", "validation") if (extremes := self._series[series].extremes())
        ]
        if not shown:
            return
        low, high = min(low for low, _ in shown), max(high for _, high in shown)
        first, last = self.loss_plot.view.viewRange()[0]
        heights = [
            float(np.nanquantile(values, 0.98))
            for pyramid in (self._usual(), self._series["validation"])
            if np.isfinite(values := pyramid.visible(first, last, 512)[1]).any()
        ]
        typical = max(heights, default=high)
        least = 0.0 if low >= 0 else -np.inf
        top = high
        if self.log.isChecked():
            low, top, typical = (float(np.log10(max(value, 1e-6))) for value in (low, high, typical))
            least = -np.inf
        self._y_range = follow_values(low, top, typical, self._y_range, least)
        self.loss_plot.view.setYRange(*self._y_range, padding=0)
        if top > self._y_range[1]:
            told = self.tr("Up to {loss} above this view; zoom out to see it.")
            self.above.setText(told.format(loss=format_loss(high)))

    def _usual(self) -> Pyramid:
        """What is drawn boldly of the training loss: its average, or itself where nothing is smoothed."""
        return self._average if self._averaging.beta > 0 else self._series["loss"]

    def _highest(self, series: Series) -> float:
        extremes = self._series[series].extremes()
        return extremes[1] if extremes else 0.0

    def _draw_present(self) -> None:
        """The dots at the present step, the rest of the plan, and the present rate in words."""
        for pyramid, dot, log in (
            (self._usual(), self.loss_dot, self.log.isChecked()),
            (self._series["rate"], self.rate_dot, False),
        ):
            point = pyramid.point_at(np.inf)
            if point is None or not np.isfinite(point[1]) or (log and point[1] <= 0):
                dot.setData([], [])
            else:
                dot.setData([point[0]], [np.log10(point[1]) if log else point[1]])
        present = self._series["rate"].point_at(np.inf)
        self.plan.refresh(present[0] if present else 0)
        self.present.setText(
            self.tr("step {step} · {rate}").format(step=f"{present[0]:,}", rate=format_rate(present[1]))
            if present
            else ""
        )

    def _tell_empty(self) -> None:
        self.loss_empty.setVisible(not len(self._series["loss"]) and not len(self._series["validation"]))
        self.rate_empty.setVisible(not len(self._series["rate"]) and self.plan.curve is None)

    # -------------------------------------------------------------------------------------------- crosshair

    def _on_hover(self, step: int | None, pointer: QPoint | None) -> None:
        for plot in (self.loss_plot, self.rate_plot):
            plot.show_line(step)
        if pointer is not None:
            self._pointer = self.mapFromGlobal(pointer)
        self._update_readout()

    def _update_readout(self) -> None:
        step = self.loss_plot.step
        if step is None:
            self.readout.hide()
        else:
            self.readout.tell(self._describe(step), self._pointer)

    def _describe(self, step: int) -> list[str]:
        """The lines of the readout at `step`: every series there, then the marks close by."""
        palette = theme.current()
        loss, validation, rate = (self._series[name] for name in ("loss", "validation", "rate"))
        lines = [f"<b>{escape(self.tr('step {step}').format(step=f'{step:,}'))}</b>"]
        if len(loss) and step <= loss.steps[-1] and (raw := loss.at(step)) is not None:
            raw_told = self.tr("raw {loss}") if np.isfinite(raw) else self.tr("raw: not a finite number")
            raw_text = escape(raw_told.format(loss=format_loss(raw)))
            average = self._average.at(step)
            if average is None:
                lines.append(raw_text)
            else:
                train = self.tr("train {loss}").format(loss=format_loss(average))
                lines.append(f"{coloured(palette.train_text, train)} &nbsp; {raw_text}")
        reached = max((pyramid.steps[-1] for pyramid in (loss, validation) if len(pyramid)), default=-1)
        if step <= reached and (point := validation.point_at(step)):
            told = self.tr("validation {loss} (step {step})")
            told = told.format(loss=format_loss(point[1]), step=f"{point[0]:,}")
            lines.append(coloured(palette.validation, told))
        if len(rate) and step <= rate.steps[-1]:
            if (value := rate.at(step)) is not None:
                lines.append(coloured(palette.rate, self.tr("rate {rate}").format(rate=format_rate(value))))
        elif self.plan.curve is not None and 1 <= step <= self.plan.max_steps:
            planned = self.tr("rate {rate} planned").format(rate=format_rate(self.plan.curve(step)))
            lines.append(coloured(palette.rate, planned))
        first, last = self.loss_plot.view.viewRange()[0]
        reach = MARK_REACH * (last - first) / max(self.loss_plot.view.width(), 1)
        return lines + [escape(text) for text in self.marks.near(step, reach)]

    # ----------------------------------------------------------------------------------- what the user does

    def _on_zoom(self) -> None:
        self.follow.setChecked(False)
        self.above.clear()
        self._touch()

    def _on_scale(self) -> None:
        log = self.log.isChecked()
        (first, last), shown = self.loss_plot.view.viewRange()
        self._y_range = None
        self.loss_axis.set_log(log)
        for curve in (self.raw, self.average, self.validation):
            curve.set_log(log)
        if not self.follow.isChecked():  # the same part of the data, on the other scale
            bottom, top = np.log10(np.maximum(shown, 1e-6)) if log else np.power(10.0, np.minimum(shown, 300))
            self.loss_plot.view.setRange(
                xRange=(first, last), yRange=(bottom, max(top, bottom + 1e-6)), padding=0
            )
        self._touch()

    def _on_smoothing(self) -> None:
        self._restart_average()
        self._recolour(theme.current())

    def _on_follow(self) -> None:
        self._y_range = None
        self._touch()

    def _touch(self, *_: Any) -> None:
        self._changed = True
        self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._touch()

    def _recolour(self, palette: theme.Palette) -> None:
        for plot in (self.loss_plot, self.rate_plot):
            plot.recolour(palette)
        smooth = self._averaging.beta > 0
        self.raw.set_colour(palette.train_raw if smooth else palette.train)
        self.average.set_colour(palette.train)
        self.validation.set_colour(palette.validation)
        self.rate.set_colour(palette.rate)
        self.plan.set_colour(palette.rate)
        self.loss_dot.setBrush(palette.train)
        self.rate_dot.setBrush(palette.rate)
        self.marks.recolour(palette)
        self.raw_legend.role = "train_raw" if smooth else "train"
        self.average_legend.setVisible(smooth)
        self._touch()

    # --------------------------------------------------------------------------------------- how it is made

    def _build_plots(self) -> None:
        self.loss_axis = LossAxis()
        self.loss_plot = StepPlot(self.loss_axis)
        self.rate_plot = StepPlot(RateAxis())
        self.loss_plot.setAccessibleName(self.tr("Loss over steps"))
        self.rate_plot.setAccessibleName(self.tr("Learning rate over steps"))
        self.rate_plot.setXLink(self.loss_plot.view)
        self.raw = PyramidCurve(self._series["loss"])
        self.average = PyramidCurve(self._average, width=2)
        self.validation = PyramidCurve(
            self._series["validation"], width=2, style=Qt.PenStyle.DashLine, dots=True
        )
        self.rate = PyramidCurve(self._series["rate"], width=2)
        self.plan = PlanCurve()
        self.loss_dot, self.rate_dot = (pg.ScatterPlotItem(size=9, pen=None) for _ in range(2))
        self.marks = Marks()
        for item in (self.raw, self.average, self.validation, self.loss_dot, self.marks):
            self.loss_plot.addItem(item, ignoreBounds=True)
        for item in (self.plan, self.rate, self.rate_dot):
            self.rate_plot.addItem(item, ignoreBounds=True)
        self.loss_empty = empty_text(self.loss_plot, self.tr("The loss appears here once training starts."))
        self.rate_empty = empty_text(
            self.rate_plot, self.tr("The learning rate appears here once training starts.")
        )
        self.loss_plot.view.setRange(xRange=follow_steps(0, None), yRange=(0, 5), padding=0)
        for plot in (self.loss_plot, self.rate_plot):
            plot.hovered.connect(self._on_hover)
            plot.zoomed.connect(self._on_zoom)
            plot.view.sigResized.connect(self._touch)

    def _build_controls(self) -> None:
        self.linear = toggle(self.tr("Linear"), self.tr("Linear loss axis"))
        self.log = toggle(self.tr("Log"), self.tr("Logarithmic loss axis"))
        scale = QButtonGroup(self)
        scale.addButton(self.linear)
        scale.addButton(self.log)
        self.linear.setChecked(True)
        self.log.toggled.connect(self._on_scale)

        self.smoothing = QComboBox()
        for beta in SMOOTHING:
            self.smoothing.addItem(
                self.tr("Smooth {beta}").format(beta=f"{beta:g}") if beta else self.tr("Not smoothed"), beta
            )
        self.smoothing.setCurrentIndex(SMOOTHING.index(USUAL_SMOOTHING))
        self.smoothing.setAccessibleName(self.tr("Smoothing of the training loss"))
        self.smoothing.setToolTip(
            self.tr(
                "How much of the training loss's moving average each step keeps; less in the first steps, "
                "so that it does not lag. Nothing else is smoothed."
            )
        )
        self.smoothing.currentIndexChanged.connect(self._on_smoothing)

        self.follow = toggle(self.tr("Follow"), self.tr("Follow the run as it grows"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._on_follow)

        self.unit = theme.label("muted")
        self.above = theme.label("axis")
        self.present = theme.label("label")
        theme.style(self.present, series="rate")
        self.average_legend = LegendEntry(self.tr("train"), "train")
        self.raw_legend = LegendEntry(self.tr("each step"), "train_raw", width=1)
        self.validation_legend = LegendEntry(
            self.tr("validation"), "validation", style=Qt.PenStyle.DashLine, dot=True
        )
        self.rate_legend = LegendEntry(self.tr("done"), "rate")
        self.plan_legend = LegendEntry(self.tr("planned"), "rate", width=1, style=Qt.PenStyle.DashLine)

    def _build_layout(self) -> None:
        title = row(theme.label("section", self.tr("Loss")), self.unit, None)
        for control in (self.linear, self.log, self.smoothing, self.follow):
            title.addWidget(control)
        legend = row(self.average_legend, self.raw_legend, self.validation_legend, None, self.above)
        legend.setContentsMargins(LEFT_AXIS_WIDTH, 0, 0, 0)
        rate_title = row(
            theme.label("section", self.tr("Learning rate")), self.rate_legend, self.plan_legend, None
        )
        rate_title.addWidget(self.present)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_S)
        whole.addWidget(panel(title, legend, self.loss_plot), 7)
        whole.addWidget(panel(rate_title, self.rate_plot), 3)
