"""Axes whose numbers are written as a person would write them: 1,500 steps, 45 min, loss 1.25, rate 2e-3.

On a logarithmic axis the positions are log10 of the values. Dragging along an axis stretches what it counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from workbench import theme
from workbench.plots.across import Kind, Scale
from workbench.plots.ranges import nice_above

LEFT_AXIS_WIDTH = 56  # the same for all plots of a column, so that their step axes stand in line
SMALLEST_ROW, SMALLEST_COLUMN = 15, 40  # pixels between the numbers of a logarithmic axis
DRAG = 1.01  # by how much a pixel dragged along an axis stretches it
# Seconds that ticks may be apart, up to a day; beyond that whole days.
TIME_SPACINGS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


def format_rate(value: float, digits: int = 2) -> str:
    """A learning rate with `digits` decimals at most, as 1.42e-3; trailing zeros go."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def format_loss(value: float) -> str:
    """A loss with three decimals, or three digits where it is small."""
    return f"{value:.3f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def format_count(value: float, digits: int = 3) -> str:
    """A number of tokens in `digits` digits or as many as it has below 1,000: 950, 24.1k, 1.5M, 3B."""
    size, unit = float(value), ""
    for larger in ("k", "M", "B", "T"):
        if abs(size) < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.{max(digits, 3)}g}{unit}"


def count_at_tick(value: float, spacing: float) -> str:
    """A count in as many digits as tell it from a tick `spacing` away; 0 on a logarithmic axis."""
    if not value or not spacing:
        return format_count(value)
    return format_count(value, floor(log10(abs(value))) - floor(log10(spacing)) + 1)


def format_seconds(seconds: float) -> str:
    """A time in its two largest units: 0.4 s, 45 s, 12 min 30 s, 3 h 5 min, 2 d 4 h."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    for size, unit, less, lesser in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // less
            return f"{whole // size} {unit} {rest} {lesser}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


class Axis(pg.AxisItem):
    """An axis in the colours of the theme, with no prefix or scale factor of its own making."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.log = False
        self.enableAutoSIPrefix(False)
        self.setStyle(tickFont=theme.font(theme.AXIS), tickTextOffset=6, hideOverlappingLabels=False)
        if orientation == "left":
            self.setWidth(LEFT_AXIS_WIDTH)
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        else:
            self.setCursor(Qt.CursorShape.SizeHorCursor)

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.setPen(palette.border)
        self.setTickPen(palette.border)
        self.setTextPen(palette.muted)

    def set_log(self, log: bool) -> None:
        """Take positions for log10 of the values, or for the values."""
        self.log = log
        self.forget()

    def forget(self) -> None:
        """Draw the numbers anew."""
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.log:
            return super().tickValues(minVal, maxVal, size)
        decades = maxVal - minVal
        if decades < 1:  # round numbers of the linear kind, each at its logarithm
            low, high = 10**minVal, 10**maxVal
            spacing, _ = self.tickSpacing(low, high, size)[0]
            numbers = [spacing * n for n in range(ceil(low / spacing), floor(high / spacing) + 1) if n > 0]
        else:
            powers = [10.0**power for power in range(floor(minVal), ceil(maxVal) + 1)]
            numbers = powers + [digit * power for digit in (2, 5) for power in powers]
        apart = (SMALLEST_ROW if self.orientation == "left" else SMALLEST_COLUMN) * decades / max(size, 1)
        placed: list[float] = []  # the roundest first; then what has room between them
        for place in (log10(number) for number in numbers):
            if minVal <= place <= maxVal and all(abs(place - other) >= apart for other in placed):
                placed.append(place)
        return [(decades, sorted(placed))]

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        levels = super().tickSpacing(minVal, maxVal, size)
        least = SMALLEST_ROW * (maxVal - minVal) / max(size, 1)
        if self.orientation == "left" and levels[0][0] < least:  # a low plot has room for few numbers
            return [(nice_above(least), 0.0)]
        return levels

    def tickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            return [self.written(10**value, 0) for value in values]
        return [self.written(0.0 if abs(value) < spacing / 1e6 else value, spacing) for value in values]

    def written(self, value: float, spacing: float) -> str:
        """A tick's number, `spacing` from the next one; 0 on a logarithmic axis."""
        digits = max(0, -floor(log10(spacing) + 1e-9)) if spacing else 0
        return f"{value:.{digits}f}" if spacing else f"{value:.4g}"

    def mouseDragEvent(self, event: Any) -> None:
        view = self.linkedView()
        if view is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event)
            return
        if view.sceneBoundingRect().contains(event.buttonDownScenePos()):
            event.ignore()
            return
        event.accept()
        moved = event.scenePos() - event.lastScenePos()
        if self.orientation == "left":
            view.scaleBy(y=DRAG ** moved.y())
        else:
            view.scaleBy(x=DRAG ** -moved.x())
        view.sigRangeChangedManually.emit([self.orientation != "left", self.orientation == "left"])


class AcrossAxis(Axis):
    """The axis below: steps, tokens or training time, as `scale` has it."""

    def __init__(self, scale: Scale) -> None:
        super().__init__("bottom")
        self._scale = scale

    def forget(self) -> None:
        self.log = self._scale.log
        super().forget()

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        if self._scale.kind == "time" and maxVal - minVal > 5:
            wanted = (maxVal - minVal) / max(size / 110, 2)
            days = 86400 * ceil(wanted / 86400)
            return [(float(next((each for each in TIME_SPACINGS if each >= wanted), days)), 0.0)]
        levels = super().tickSpacing(minVal, maxVal, size)
        if self._scale.kind == "time":
            return levels
        return [level for level in levels if level[0] >= 1] or [(1.0, 0.0)]

    def written(self, value: float, spacing: float) -> str:
        kind: Kind = self._scale.kind
        if kind == "time":
            return format_seconds(value) if value else "0"
        if kind == "step":
            return f"{round(value):,}"
        return count_at_tick(value, spacing)


class LossAxis(Axis):
    """Figures with as many decimals as the ticks are apart."""

    def __init__(self) -> None:
        super().__init__("left")


class RateAxis(Axis):
    """The learning rate, with as many digits as the ticks are apart."""

    def __init__(self) -> None:
        super().__init__("left")

    def written(self, value: float, spacing: float) -> str:
        if not spacing:
            return format_rate(value, 1)
        size = max(abs(value), spacing)
        return format_rate(value, max(0, floor(log10(size)) - floor(log10(spacing) + 1e-9)))


class PaceAxis(Axis):
    """Tokens a second."""

    def __init__(self) -> None:
        super().__init__("left")

    def written(self, value: float, spacing: float) -> str:
        return count_at_tick(value, spacing)
