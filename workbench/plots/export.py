"""The curves as a picture, as a drawing, or as figures."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QLabel

from workbench import theme
from workbench.plots.across import Timeline
from workbench.plots.legend import LegendEntry
from workbench.plots.live_curves import LiveCurves
from workbench.plots.overlay import OtherRun
from workbench.plots.pyramid import Pyramid

SHARPNESS = 2  # pixels of a picture to each on the screen
MARGIN = 12
CHUNK = 50_000  # lines written at once


def save_picture(curves: LiveCurves, path: Path) -> None:
    """Save what is seen of the curves as PNG; OSError where that cannot be."""
    size = _size(curves)
    image = QImage(size * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    painter = QPainter(image)
    _draw(painter, curves, size)
    painter.end()
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
        path.open("ab").close()  # tells why
        raise OSError(path)


def save_drawing(curves: LiveCurves, path: Path) -> None:
    """Save what is seen of the curves as SVG; OSError where that cannot be."""
    path.open("wb").close()  # tells why it cannot be, which the generator does not
    size = _size(curves)
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setResolution(curves.logicalDpiX())  # or axes, which are kept drawn, come out in another size
    painter = QPainter(generator)
    _draw(painter, curves, size)
    painter.end()


def _size(curves: LiveCurves) -> QSize:
    return curves.column.size() + QSize(2 * MARGIN, 2 * MARGIN)


def _draw(painter: QPainter, curves: LiveCurves, size: QSize) -> None:
    """The rows without their controls: titles, legends and plots, where they are on the screen."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRect(QPoint(), size), QColor(theme.current().panel))
    origin = QPoint(MARGIN, MARGIN)
    for row in curves.shown_rows():
        parts: list[QLabel | LegendEntry] = [*row.findChildren(QLabel), *row.findChildren(LegendEntry)]
        for part in parts:
            if not part.isVisible():
                continue
            place = QRect(part.mapTo(curves.column, QPoint()) + origin, part.size())
            if isinstance(part, LegendEntry):
                painter.save()
                painter.translate(place.topLeft())
                part.draw(painter)
                painter.restore()
            else:
                painter.setFont(part.font())
                painter.setPen(part.palette().windowText().color())
                painter.drawText(place, int(part.alignment()), part.text())
        place = QRect(row.plot.mapTo(curves.column, QPoint()) + origin, row.plot.size())
        items = [item for item in row.plot.scene().items() if hasattr(item, "setExportMode")]
        for item in items:  # smooth lines, and marks as drawings
            item.setExportMode(True, {"antialias": True})
        row.plot.render(painter, QRectF(place), row.plot.viewport().rect())
        for item in items:
            item.setExportMode(False)


@dataclass(frozen=True)
class Table:
    """The figures of one run: steps (N,), and by column figures (N,), NaN where there is none."""

    run: str
    steps: np.ndarray
    columns: Mapping[str, np.ndarray]


def tables(curves: LiveCurves, name: str) -> list[Table]:
    """All figures of the open run, called `name`, and of those laid over it, as they are now."""
    own = {
        "loss": curves.loss.series.points,
        "loss_smoothed": curves.loss.series.average,
        "validation": curves.loss.validation_points,
        "learning_rate": curves.rate.series.points,
        "gradient_norm": curves.gradient.series.points,
        "tokens_per_second": curves.pace.series.points,
    }
    found = [_table(name, own, curves.timeline)]
    return found + [_table(run.name, _columns(run), run.timeline) for run in curves.others]


def _columns(run: OtherRun) -> dict[str, Pyramid]:
    return {
        "loss": run.series["loss"].points,
        "loss_smoothed": run.series["loss"].average,
        "validation": run.validation,
        "learning_rate": run.series["rate"].points,
        "gradient_norm": run.series["grad_norm"].points,
        "tokens_per_second": run.series["pace"].points,
    }


def _table(name: str, series: Mapping[str, Pyramid], timeline: Timeline) -> Table:
    steps = np.unique(np.concatenate([points.steps for points in series.values()]))
    columns = {}
    if timeline.known:
        columns["tokens"], columns["seconds"] = timeline.totals(steps)
    for column, points in series.items():
        columns[column] = np.full(len(steps), np.nan)
        columns[column][np.searchsorted(steps, points.steps)] = points.values
    return Table(name, steps, columns)


def save_figures(found: list[Table], path: Path) -> None:
    """Write the figures as CSV, one line a step of each run; OSError where that cannot be."""
    names = list(dict.fromkeys(name for table in found for name in table.columns))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "step", *names])
        for table in found:
            for begin in range(0, len(table.steps), CHUNK):
                part = slice(begin, begin + CHUNK)
                columns = [
                    _written(table.columns[name][part]) if name in table.columns else None for name in names
                ]
                lines = zip(*(c or [""] * len(table.steps[part]) for c in columns), strict=True)
                steps = table.steps[part].tolist()
                writer.writerows([table.run, step, *line] for step, line in zip(steps, lines, strict=True))


def _written(values: np.ndarray) -> list[float | str]:
    return [value if value == value else "" for value in values.tolist()]  # NaN is unequal to itself
