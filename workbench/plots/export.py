"""The curves as a picture, as a drawing, or as figures."""

from __future__ import annotations

import csv
import time
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
from workbench.plots.pyramid import Pyramid
from workbench.plots.series import Series

SHARPNESS = 2  # pixels of a picture to each on the screen
MARGIN = 12
CHUNK = 1000  # lines written at once


def picture(curves: LiveCurves) -> QImage:
    """What is seen of the curves, to be saved by `save_picture`, which takes longer than painting it."""
    size = _size(curves)
    image = QImage(size * SHARPNESS, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SHARPNESS)
    painter = QPainter(image)
    _draw(painter, curves, size)
    painter.end()
    return image


def save_picture(image: QImage, path: Path) -> None:
    """Save a picture as PNG, on any thread; OSError where that cannot be."""
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
class Taken:
    """All that is known of one run at a moment: by column its steps (N,) and figures (N,), and its timeline.
    No later change is seen in it, so any thread may make a table of it."""

    run: str
    columns: Mapping[str, tuple[np.ndarray, np.ndarray]]
    timeline: Timeline


def take_figures(curves: LiveCurves, name: str) -> list[Taken]:
    """The figures of the open run, called `name`, and of those laid over it, as they are now; at no cost."""
    own = {row.name: row.series for row in curves.rows}
    found = [_taken(name, own, curves.loss.validation_points, curves.timeline)]
    return found + [_taken(run.name, run.series, run.validation, run.timeline) for run in curves.others]


def _taken(run: str, series: Mapping[str, Series], validation: Pyramid, timeline: Timeline) -> Taken:
    columns = {
        "loss": series["loss"].points,
        "loss_smoothed": series["loss"].average,
        "validation": validation,
        "bits_per_byte": series["bits_per_byte"].points,
        "learning_rate": series["rate"].points,
        "gradient_norm": series["grad_norm"].points,
        "tokens_per_second": series["pace"].points,
    }
    found = {column: (points.steps, points.values) for column, points in columns.items()}
    return Taken(run, found, timeline.snapshot())


def save_figures(found: list[Taken], path: Path) -> None:
    """Write the figures as CSV, one line a step of each run, on any thread; OSError where that cannot be."""
    names = list(dict.fromkeys(name for taken in found for name in _names(taken)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "step", *names])
        for taken in found:
            steps, table = _table(taken)
            for begin in range(0, len(steps), CHUNK):
                started = time.perf_counter()
                part = slice(begin, begin + CHUNK)
                columns = [_written(table[name][part]) if name in table else None for name in names]
                lines = zip(*(c or [""] * len(steps[part]) for c in columns), strict=True)
                numbered = zip(steps[part].tolist(), lines, strict=True)
                writer.writerows([taken.run, step, *line] for step, line in numbered)
                time.sleep(time.perf_counter() - started)  # the window has waited for Python's lock so long


def _names(taken: Taken) -> list[str]:
    return [*(("tokens", "seconds") if taken.timeline.known else ()), *taken.columns]


def _table(taken: Taken) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All the steps (N,) of which there is a figure, and by column the figures (N,), NaN where there is
    none."""
    # np.unique would hold Python's lock, and so the window, for as long as it takes.
    steps = np.sort(np.concatenate([steps for steps, _ in taken.columns.values()]), kind="stable")
    steps = steps[np.diff(steps, prepend=steps[:1] - 1) > 0]
    table = {}
    if taken.timeline.known:
        table["tokens"], table["seconds"] = taken.timeline.totals(steps)
    for name, (at, figures) in taken.columns.items():
        table[name] = np.full(len(steps), np.nan)
        table[name][np.searchsorted(steps, at)] = figures
    return steps, table


def _written(values: np.ndarray) -> list[float | int | str]:
    if np.all(np.mod(values, 1) == 0):  # as numbers of tokens are
        return values.astype(np.int64).tolist()
    return [value if value == value else "" for value in values.tolist()]  # NaN is unequal to itself
