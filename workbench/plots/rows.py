"""The four rows of the curves: loss with validation and marks, learning rate with its plan, gradient norm,
and tokens a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import log

import numpy as np
from PySide6.QtCore import Qt

from gpt_core.events import Guessing
from workbench import theme
from workbench.plots.across import Timeline
from workbench.plots.axes import LossAxis, PaceAxis, RateAxis, format_count, format_loss, format_rate
from workbench.plots.curve import PyramidCurve
from workbench.plots.landmark import Landmarks
from workbench.plots.legend import LegendEntry
from workbench.plots.marks import BEST_SIZE, ROLES, SIZE, SYMBOLS, MarkKind, Marks
from workbench.plots.overlay import OtherRun
from workbench.plots.planned import PlannedCurve
from workbench.plots.pyramid import Pyramid
from workbench.plots.readout import coloured
from workbench.plots.row import LEAST, Row

DASHED = Qt.PenStyle.DashLine


class LossRow(Row):
    """Training loss and validation, what happened on the way, and the loss of one who knows nothing."""

    name = "loss"

    def __init__(self, timeline: Timeline) -> None:
        self.validation_points = Pyramid()
        self.validation = PyramidCurve(self.validation_points, timeline, width=2, dash=DASHED, dot="o")
        self.validations: list[PyramidCurve] = []  # of other runs
        self.other_entries: list[LegendEntry] = []
        super().__init__(LossAxis(), timeline)
        self.marks = Marks(timeline, self.validation_points)
        for item in (self.validation, self.marks):
            self.plot.addItem(item, ignoreBounds=True)
        self.landmarks = Landmarks(self.plot, 3)
        self.plot.setMinimumHeight(120)
        self.unit = theme.label("muted")
        self.heading.insertWidget(1, self.unit)
        self.average_entry = self.legend.add(LegendEntry("", "train"))
        self.raw_entry = self.legend.add(LegendEntry("", "train_raw", width=1))
        self.validation_entry = self.legend.add(LegendEntry("", "validation", dash=DASHED, dot="o"))
        kinds: tuple[MarkKind, ...] = ("best", "checkpoint", "change", "resume")
        self.mark_entries = {
            kind: self.legend.add(
                LegendEntry(
                    "", ROLES[kind], width=0, dot=SYMBOLS[kind],
                    dot_size=BEST_SIZE if kind == "best" else SIZE,
                )
            )
            for kind in kinds
        }  # fmt: skip
        self._vocabulary: int | None = None
        self._guessing = Guessing()
        self.say()
        self.show_marks(True)

    def words(self) -> tuple[str, str, str]:
        return (
            self.tr("Loss"),
            self.tr("The loss appears here once training starts."),
            self.tr("Logarithmic loss axis"),
        )

    def say(self) -> None:
        super().say()
        self.average_entry.rename(self.tr("train"))
        self.raw_entry.rename(self.tr("each step"))
        self.validation_entry.rename(self.tr("validation"))
        self.mark_entries["best"].rename(self.tr("best validation"))
        self.mark_entries["checkpoint"].rename(self.tr("checkpoint"))
        self.mark_entries["change"].rename(self.tr("setting changed"))
        self.mark_entries["resume"].rename(self.tr("resumed"))
        self._tell_landmarks()

    def pale(self, palette: theme.Palette) -> str:
        return palette.train_raw

    def written(self, value: float) -> str:
        return format_loss(value)

    def told(self, value: float) -> str:
        return self.tr("train {loss}").format(loss=format_loss(value))

    def set_vocabulary(self, size: int | None) -> None:
        """Draw the loss of one who takes all `size` tokens for equally likely, ln(size); or no line."""
        self._vocabulary = size if size and size > 1 else None
        self._tell_landmarks()

    def set_guessing(self, guessing: Guessing) -> None:
        """Draw the losses of those who know the tokens' frequencies, as far as they are known."""
        self._guessing = guessing
        self._tell_landmarks()

    def _tell_landmarks(self) -> None:
        size, guessing = self._vocabulary, self._guessing
        told = (
            (size and log(size), self.tr("ln {size} = {loss}: every token as likely as any other")),
            (guessing.unigram, self.tr("unigrams {loss}: knowing how frequent each token is")),
            (guessing.bigram, self.tr("bigrams {loss}: knowing the token before, too")),
        )
        for landmark, (loss, text) in zip(self.landmarks.each, told, strict=True):
            landmark.tell(loss or None, text.format(size=f"{size or 0:,}", loss=f"{loss or 0:.2f}"))
        self.landmarks.part()

    def show_validation(self, shown: bool) -> None:
        """Draw the validation loss, or not."""
        self.validation.setVisible(shown)
        self.show_others()
        self.show_marks(self.marks.isVisible())

    def show_others(self) -> None:
        super().show_others()
        for (other, _), curve in zip(self.others, self.validations, strict=True):
            curve.setVisible(other.shown and self.validation.isVisible())

    def show_marks(self, shown: bool) -> None:
        """Draw the marks, or not; the legend names the kinds that are there."""
        self.marks.setVisible(shown)
        self.marks.show_best = self.validation.isVisible()
        there = self.marks.kinds() if shown else set()
        for kind, entry in self.mark_entries.items():
            entry.setVisible(kind in there and (kind != "best" or self.validation.isVisible()))

    def show_landmarks(self, shown: bool) -> None:
        """Draw what guessers come to, or not."""
        self.landmarks.show(shown)

    def curves(self) -> Iterable[PyramidCurve]:
        return [*super().curves(), self.validation, *self.validations]

    def bold(self) -> list[PyramidCurve]:
        return [*super().bold(), *(each for each in (self.validation, *self.validations) if each.isVisible())]

    def redraw(self, follow: bool) -> None:
        super().redraw(follow)
        self.show_marks(self.marks.isVisible())
        self.marks.place()

    def describe(self, step: int) -> list[str]:
        lines = super().describe(step)
        own = self.series.points
        reached = max(
            (points.steps[-1] for points in (own, self.validation_points) if len(points)), default=-1
        )
        if (
            self.validation.isVisible()
            and step <= reached
            and (point := self.validation_points.point_at(step))
        ):
            told = self.tr("validation {loss} (step {step})")
            told = told.format(loss=format_loss(point[1]), step=f"{point[0]:,}")
            lines.append(coloured(theme.current().validation, told))
        return lines

    def column(self) -> str:
        return self.tr("train")

    def figures_of(self, other: OtherRun, step: int) -> list[tuple[str, str]]:
        told = super().figures_of(other, step)
        found = other.validation.at(step) if self.validation.isVisible() and step <= other.last else None
        if found is None or not np.isfinite(found):
            return told
        return [*told, (self.tr("validation"), self.written(found))]

    def overlay(self, others: list[OtherRun]) -> None:
        for curve in self.validations:
            self.plot.removeItem(curve)
        self.validations = []
        for entry in self.other_entries:
            self.legend.remove(entry)
        self.other_entries = []
        super().overlay(others)
        for other in others:
            curve = PyramidCurve(
                other.validation, other.timeline, width=1, dash=Qt.PenStyle.DotLine, dot=other.dot
            )
            curve.set_log(self.log.isChecked())
            curve.setZValue(-1)
            self.plot.addItem(curve, ignoreBounds=True)
            self.validations.append(curve)
            colour = other.colour(theme.current().name)
            entry = self.legend.add(LegendEntry(other.name, colour, dash=other.dash, dot=other.dot))
            self.other_entries.append(entry)
        self.recolour(theme.current())

    def recolour(self, palette: theme.Palette) -> None:
        super().recolour(palette)
        self.validation.set_colour(palette.validation)
        self.marks.recolour(palette)
        self.landmarks.recolour(palette)
        self.raw_entry.colour = "train_raw" if self.series.smooth else "train"
        self.raw_entry.setAccessibleName(self.raw_entry.name)
        self.average_entry.setVisible(self.series.smooth)
        # While the runs are being changed, there are no curves of validation yet.
        for (other, _), curve, entry in zip(self.others, self.validations, self.other_entries, strict=False):
            curve.set_colour(other.colour(palette.name))
            entry.colour = other.colour(palette.name)

    def _on_log(self, on: bool) -> None:
        self.marks.log = on
        self.landmarks.set_log(on)
        super()._on_log(on)


class RateRow(Row):
    """The learning rate, read back from the optimizer, and what is planned of it. It is never smoothed."""

    name = "rate"
    role = text_role = "rate"
    smoothed = False

    def __init__(self, timeline: Timeline) -> None:
        self.plan = PlannedCurve(timeline)
        super().__init__(RateAxis(), timeline)
        self.plot.addItem(self.plan, ignoreBounds=True)
        self.present = theme.label("label")
        theme.style(self.present, series="rate")
        self.done_entry = LegendEntry("", "rate")
        self.planned_entry = LegendEntry("", "rate", width=1, dash=DASHED)
        self.heading.insertWidget(1, self.done_entry)
        self.heading.insertWidget(2, self.planned_entry)
        self.heading.insertWidget(4, self.present)
        self.legend.hide()
        self.say()

    def words(self) -> tuple[str, str, str]:
        return (
            self.tr("Learning rate"),
            self.tr("The learning rate appears here once training starts."),
            self.tr("Logarithmic learning rate axis"),
        )

    def say(self) -> None:
        super().say()
        self.done_entry.rename(self.tr("done"))
        self.planned_entry.rename(self.tr("planned"))
        self._say_present()

    def written(self, value: float) -> str:
        return format_rate(value)

    def column(self) -> str:
        return self.tr("rate")

    def told(self, value: float) -> str:
        return self.tr("rate {rate}").format(rate=format_rate(value))

    def set_plan(self, curve: Callable[[int], float] | None, max_steps: int) -> None:
        """The rate of each step 1..max_steps still to come, or None where it is not known."""
        self.plan.set_plan(curve, max_steps)

    def is_empty(self) -> bool:
        return self.plan.curve is None and super().is_empty()

    def redraw(self, follow: bool) -> None:
        super().redraw(follow)
        present = self.series.points.point_at(np.inf)
        self.plan.refresh(present[0] if present else 0)
        self._say_present()

    def _say_present(self) -> None:
        present = self.series.points.point_at(np.inf)
        told = self.tr("step {step} · {rate}")
        self.present.setText(
            told.format(step=f"{present[0]:,}", rate=format_rate(present[1])) if present else ""
        )

    def fit(self) -> None:
        seen = [curve for curve in self.curves() if curve.isVisible()]
        found = [extremes[1] for curve in seen if (extremes := curve.pyramid.extremes())]
        top = max([self.plan.peak, *found]) or 1.0
        if self.log.isChecked():  # three decades: a warmup from nothing and an end at nothing have no bottom
            top = np.log10(max(top, LEAST))
            self.plot.view.setYRange(top - 3, top + 0.1, padding=0)
        else:
            self.plot.view.setYRange(0, 1.08 * top, padding=0)

    def describe(self, step: int) -> list[str]:
        points = self.series.points
        if len(points) and step <= points.steps[-1]:
            return super().describe(step)
        if self.plan.curve is None or not 1 <= step <= self.plan.max_steps:
            return []
        planned = self.tr("rate {rate} planned").format(rate=format_rate(self.plan.curve(step)))
        return [coloured(theme.current().rate, planned)]

    def recolour(self, palette: theme.Palette) -> None:
        super().recolour(palette)
        self.plan.set_colour(palette.rate)

    def _on_log(self, on: bool) -> None:
        self.plan.set_log(on)
        super()._on_log(on)


class PlainRow(Row):
    """A series that has nothing beside it to be told in a legend."""

    axis: type[LossAxis | PaceAxis] = LossAxis

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(self.axis(), timeline)
        self.legend.hide()
        self.say()


class BitsRow(PlainRow):
    """Validation in bits per byte of the text, by which runs compare whose tokenizers differ."""

    name = "bits_per_byte"
    role = text_role = "validation"
    smoothed = False

    def words(self) -> tuple[str, str, str]:
        return (
            self.tr("Bits per byte"),
            self.tr("Validation in bits per byte of the text, by which runs with other tokenizers compare."),
            self.tr("Logarithmic axis of bits per byte"),
        )

    def column(self) -> str:
        return self.tr("bits/byte")

    def told(self, value: float) -> str:
        return self.tr("{bits} bits per byte").format(bits=self.written(value))


class GradientRow(PlainRow):
    """The norm of the gradient, before it was clipped."""

    name = "grad_norm"
    role = text_role = "gradient"
    from_zero = True

    def words(self) -> tuple[str, str, str]:
        return (
            self.tr("Gradient norm"),
            self.tr("The gradient norm, before clipping, appears here once training starts."),
            self.tr("Logarithmic gradient norm axis"),
        )

    def column(self) -> str:
        return self.tr("gradient norm")

    def told(self, value: float) -> str:
        return self.tr("gradient norm {norm}").format(norm=self.written(value))


class PaceRow(PlainRow):
    """How many tokens a second are trained on."""

    name = "pace"
    role = text_role = "muted"
    from_zero = True
    axis = PaceAxis

    def words(self) -> tuple[str, str, str]:
        return (
            self.tr("Tokens per second"),
            self.tr("How many tokens a second are trained on appears here once training starts."),
            self.tr("Logarithmic axis of tokens per second"),
        )

    def written(self, value: float) -> str:
        return format_count(value)

    def column(self) -> str:
        return self.tr("tokens/s")

    def told(self, value: float) -> str:
        return self.tr("{count} tokens/s").format(count=format_count(value))
