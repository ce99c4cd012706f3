"""One row of the curves: a series of the run over the common axis, with its title, legend and height axis."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QVBoxLayout

from workbench import theme
from workbench.plots.across import Timeline
from workbench.plots.axes import LEFT_AXIS_WIDTH, Axis
from workbench.plots.curve import PyramidCurve
from workbench.plots.legend import Legend
from workbench.plots.overlay import OtherRun
from workbench.plots.parts import caption, empty_text, row, toggle
from workbench.plots.pyramid import Pyramid
from workbench.plots.ranges import follow_values
from workbench.plots.readout import coloured
from workbench.plots.series import Series
from workbench.plots.step_plot import StepPlot

LEAST = 1e-6  # what a logarithmic axis shows of nothing
SAMPLES = 256  # places at which the usual height of a curve is looked at


class Row(QFrame):
    """A series of the open run, each step pale and its average boldly, and the same of other runs.

    `name` is that of the series, `role` the palette's colour for it. With `from_zero` Follow
    shows the heights from 0 on. What is a row's own is added by its kind, which ends with `say`.
    """

    rescaled = Signal()

    name = ""
    role = "train"
    text_role = "train_text"  # of figures in the readout
    smoothed = True
    from_zero = False

    def __init__(self, axis: Axis, timeline: Timeline) -> None:
        super().__init__()
        self.title = theme.label("section")
        self.timeline = timeline
        self.series = Series(smoothed=self.smoothed)
        self.plot = StepPlot(axis, timeline)
        self.raw = PyramidCurve(self.series.points, timeline, width=0 if self.smoothed else 2)
        self.average = PyramidCurve(self.series.average, timeline, width=2)
        self.dot = pg.ScatterPlotItem(size=9, pen=None)
        for item in (self.raw, self.average, self.dot):
            self.plot.addItem(item, ignoreBounds=True)
        self.others: list[tuple[OtherRun, PyramidCurve]] = []
        self.empty = empty_text(self.plot)
        self._y_range: tuple[float, float] | None = None

        self.log = toggle()
        self.log.toggled.connect(self._on_log)
        self.above = theme.label("axis")
        self.legend = Legend()
        self.heading = row(self.title, None, self.above)
        self.heading.addWidget(self.log)
        theme.style(self, kind="panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP_L, theme.GAP_XS, theme.GAP_M, theme.GAP_XS)
        column.setSpacing(theme.GAP_XS)
        column.addLayout(self.heading)
        self.legend.setContentsMargins(LEFT_AXIS_WIDTH, 0, 0, 0)
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)

    # ---------------------------------------------------------------------------------------- what it says

    def words(self) -> tuple[str, str, str]:
        """Its title, what it says while there is nothing to draw, and what its logarithmic axis is called."""
        raise NotImplementedError

    def say(self) -> None:
        """Write all that stands in the row itself, in the language of the window."""
        title, empty, log = self.words()
        self.title.setText(title)
        self.plot.setAccessibleName(title)
        self.empty.setText(empty)
        caption(self.log, self.tr("Log"), log)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say()

    def written(self, value: float) -> str:
        """A figure of this row, as short as may be."""
        return f"{value:.3g}"

    def told(self, value: float) -> str:
        """A figure of this row with its name, for the readout."""
        raise NotImplementedError

    def describe(self, step: int) -> list[str]:
        """What the readout tells of `step`, in rich text."""
        points = self.series.points
        if not len(points) or step > points.steps[-1] or (raw := points.at(step)) is None:
            return []
        average = self.series.average.at(step) if self.series.smooth else None
        if average is None or not np.isfinite(average):
            known = self.told(raw) if np.isfinite(raw) else self.tr("raw: not a finite number")
            return [coloured(getattr(theme.current(), self.text_role), known)]
        raw_told = self.tr("raw {value}") if np.isfinite(raw) else self.tr("raw: not a finite number")
        shown = coloured(getattr(theme.current(), self.text_role), self.told(average))
        return [f"{shown} &nbsp; {escape(raw_told.format(value=self.written(raw)))}"]

    def column(self) -> str:
        """What its figures are called over those of other runs in the readout."""
        raise NotImplementedError

    def figures_of(self, other: OtherRun, step: int) -> list[tuple[str, str]]:
        """What the readout tells of another run at its `step`: what each figure is called, and the figure."""
        usual = other.series[self.name].usual
        if not 0 <= step <= other.last or (value := usual.at(step)) is None or not np.isfinite(value):
            return []
        return [(self.column(), self.written(value))]

    # --------------------------------------------------------------------------------------------- drawing

    def redraw(self, follow: bool) -> None:
        """Draw what has changed; with `follow` at heights that suit what is shown."""
        self.extend()
        for curve in self.curves():
            curve.refresh()
        if follow:
            self.fit()
        self._draw_dot()
        self.empty.setVisible(self.is_empty())

    def extend(self) -> None:
        """Bring the averages up to date."""
        self.series.extend()
        for other, curve in self.others:
            if self.name in other.series:
                other.series[self.name].extend()
                curve.pyramid = self.other_points(other)

    def curves(self) -> Iterable[PyramidCurve]:
        """All curves of the row."""
        return [self.raw, self.average, *(curve for _, curve in self.others)]

    def other_points(self, other: OtherRun) -> Pyramid:
        """What is drawn of another run."""
        return other.series[self.name].usual

    def is_empty(self) -> bool:
        """Whether there is nothing to see, so that the row says what will appear."""
        return not any(len(curve.pyramid) for curve in self.curves())

    def bold(self) -> list[PyramidCurve]:
        """The curves whose usual heights Follow makes room for."""
        own = self.average if self.series.smooth else self.raw
        return [own, *(curve for other, curve in self.others if other.shown)]

    def fit(self) -> None:
        """Show the usual heights of what is seen along the run; what lies above is told."""
        self.above.clear()
        seen = [curve for curve in self.curves() if curve.isVisible()]
        found = [extremes for curve in seen if (extremes := curve.pyramid.extremes())]
        if not found:
            return
        low, high = min(low for low, _ in found), max(high for _, high in found)
        typical = max(
            (height for curve in self.bold() if (height := usual_height(curve)) is not None), default=None
        )
        least = 0.0 if low >= 0 else -np.inf
        top = high
        if self.log.isChecked():
            low, top, least = float(np.log10(max(low, LEAST))), float(np.log10(max(high, LEAST))), -np.inf
        elif self.from_zero:
            low = min(low, 0.0)
        self._y_range = follow_values(low, top, top if typical is None else typical, self._y_range, least)
        self.plot.view.setYRange(*self._y_range, padding=0)
        if top > self._y_range[1]:
            told = self.tr("Up to {height} above this view; zoom out to see it.")
            self.above.setText(told.format(height=self.written(high)))

    def fit_anew(self) -> None:
        """Let Follow choose the heights without regard to the present ones."""
        self._y_range = None

    def _draw_dot(self) -> None:
        """The dot at the present step."""
        point = self.series.usual.point_at(np.inf)
        log = self.log.isChecked()
        if point is None or not np.isfinite(point[1]) or (log and point[1] <= 0):
            self.dot.setData([], [])
            return
        place = self.timeline.places([point[0]])
        shown = np.isfinite(place)
        self.dot.setData(place[shown], np.full(1, np.log10(point[1]) if log else point[1])[shown])

    # ---------------------------------------------------------------------------------------------- change

    def set_smoothing(self, beta: float) -> None:
        """Smooth the series so much, where it may be smoothed at all; the caller recolours and redraws."""
        for series in self.all_series():
            series.set_smoothing(beta)

    def all_series(self) -> list[Series]:
        """The series of the open run and of those laid over it."""
        others = [other.series[self.name] for other, _ in self.others if self.name in other.series]
        return [self.series, *others]

    def overlay(self, others: list[OtherRun]) -> None:
        """Lay these runs over the own one, instead of those before."""
        for _, curve in self.others:
            self.plot.removeItem(curve)
        self.others = []
        for other in others:
            if self.name in other.series:
                curve = PyramidCurve(self.other_points(other), other.timeline, width=1.5, dash=other.dash)
                curve.setZValue(-1)
                curve.set_log(self.log.isChecked())
                self.plot.addItem(curve, ignoreBounds=True)
                self.others.append((other, curve))
        self.recolour(theme.current())

    def show_others(self) -> None:
        """Draw those of the other runs that are to be shown."""
        for other, curve in self.others:
            curve.setVisible(other.shown)

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.plot.recolour(palette)
        self.raw.set_colour(self.pale(palette) if self.series.smooth else getattr(palette, self.role))
        self.average.set_colour(getattr(palette, self.role))
        self.dot.setBrush(getattr(palette, self.role))
        for other, curve in self.others:
            curve.set_colour(other.colour(palette.name))

    def pale(self, palette: theme.Palette) -> str:
        """The colour of each step beside the average: half way to the ground."""
        bold, ground = QColor(getattr(palette, self.role)), QColor(palette.panel)
        red, green, blue = (
            bold.red() + ground.red(),
            bold.green() + ground.green(),
            bold.blue() + ground.blue(),
        )
        return QColor(red // 2, green // 2, blue // 2).name()

    def _on_log(self, log: bool) -> None:
        across, shown = self.plot.view.viewRange()
        lowest = min(
            (low for curve in self.curves() if (low := lowest_drawn(curve)) is not None), default=LEAST
        )
        self.fit_anew()
        self.plot.left.set_log(log)
        for curve in self.curves():
            curve.set_log(log)
        # The same part of the data, on the other scale; Follow, if it is on, then finds its own.
        if log:
            bottom, top = np.log10(np.maximum(shown, lowest if shown[0] <= 0 else LEAST))
        else:
            bottom, top = np.power(10.0, np.minimum(shown, 300))
        self.plot.view.setRange(xRange=across, yRange=(bottom, max(top, bottom + 1e-9)), padding=0)
        self.rescaled.emit()


def usual_height(curve: PyramidCurve) -> float | None:
    """The height that a curve, as it is drawn, stays below nearly everywhere; None where nothing is drawn."""
    x, y = curve.xData, curve.yData
    if x is None or not len(x):
        return None
    there = np.isfinite(y)
    if not there.any():
        return None
    x, y = x[there], y[there]
    return float(np.quantile(np.interp(np.linspace(x[0], x[-1], SAMPLES), x, y), 0.98))


def lowest_drawn(curve: PyramidCurve) -> float | None:
    """The lowest height above 0 that is drawn of a curve; None where there is none."""
    heights = curve.yData if curve.yData is not None else np.empty(0)
    above = heights[heights > 0]
    return float(above.min()) if len(above) else None
