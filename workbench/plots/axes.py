"""Axes whose numbers are written as a person would write them: 1,500 steps, loss 1.25, rate 2e-3."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10

import pyqtgraph as pg

from workbench import theme

LEFT_AXIS_WIDTH = 56  # the same for all plots of a column, so that their step axes stand in line


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


class Axis(pg.AxisItem):
    """An axis in the colours of the theme, with no prefix or scale factor of its own making."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickFont=theme.font(theme.AXIS), tickTextOffset=6, hideOverlappingLabels=False)
        if orientation == "left":
            self.setWidth(LEFT_AXIS_WIDTH)

    def recolour(self, palette: theme.Palette) -> None:
        """Take the colours of `palette`."""
        self.setPen(palette.border)
        self.setTickPen(palette.border)
        self.setTextPen(palette.muted)


class StepAxis(Axis):
    """Whole steps, thousands set apart."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        return [level for level in super().tickSpacing(minVal, maxVal, size) if level[0] >= 1] or [(1.0, 0.0)]

    def tickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        return [f"{round(value):,}" for value in values]


class LossAxis(Axis):
    """The loss, linear or logarithmic; in the latter positions are log10 of the values."""

    def __init__(self) -> None:
        super().__init__("left")
        self.log = False

    def set_log(self, log: bool) -> None:
        self.log = log
        self.picture = None  # what is drawn so far holds the other scale's numbers
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.log:
            return super().tickValues(minVal, maxVal, size)
        decades = maxVal - minVal
        if decades < 1:  # round numbers of the linear kind, each at its logarithm
            low, high = 10**minVal, 10**maxVal
            spacing, _ = super().tickSpacing(low, high, size)[0]
            numbers = [spacing * n for n in range(ceil(low / spacing), floor(high / spacing) + 1) if n > 0]
        else:
            digits = (1, 2, 5) if decades < 4 else (1,)
            powers = range(floor(minVal), ceil(maxVal) + 1)
            numbers = [digit * 10.0**power for power in powers for digit in digits]
        return [(decades, [log10(number) for number in numbers if minVal <= log10(number) <= maxVal])]

    def tickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            return [f"{10**value:.4g}" for value in values]
        return list(super().tickStrings(list(values), scale, spacing))


class RateAxis(Axis):
    """The learning rate, with as many digits as the ticks are apart."""

    def __init__(self) -> None:
        super().__init__("left")

    def tickStrings(self, values: Iterable[float], scale: float, spacing: float) -> list[str]:
        written = []
        for value in values:
            size = max(abs(value), spacing)
            digits = max(0, floor(log10(size)) - floor(log10(spacing) + 1e-9))
            written.append(format_rate(0.0 if abs(value) < spacing / 1e6 else value, digits))
        return written
