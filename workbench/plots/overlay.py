"""Other runs, to be laid over the curves of the open one: their figures, and how they are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import Qt

from gpt_core.record import Cursor, RecordView
from workbench import theme
from workbench.plots.across import Scale, Timeline
from workbench.plots.curve import Dash, Dot
from workbench.plots.pyramid import Pyramid
from workbench.plots.series import Series

Figures = Mapping[str, tuple[ArrayLike, ArrayLike]]  # steps (N,) and figures (N,) by the record's names
Stamp = tuple[int, ...]

# Okabe and Ito's colours without the blue of the open run; on white the pale ones are darkened.
COLOURS: dict[theme.ThemeName, tuple[str, ...]] = {
    "dark": ("#CC79A7", "#56B4E9", "#F0E442", "#009E73", "#D55E00"),
    "light": ("#C0589A", "#0097C4", "#101010", "#00805C", "#D55E00"),
}
DASHES: tuple[Dash, ...] = (Qt.PenStyle.SolidLine, (8, 3), (2, 2), (8, 3, 2, 3))
DOTS: tuple[Dot, ...] = ("s", "t", "d", "x")
LONGEST_NAME = 28  # characters, in the readout
BY_LENGTH = ("validation", "nats_per_character")
WANTED = ("loss", "rate", "validation", "bits_per_byte", "grad_norm", "tokens", "seconds")


class RunSeries:
    """The figures of a run made ready to be drawn. They take no part of Qt, so any thread may make them."""

    def __init__(self, figures: Figures, scale: Scale, smoothing: float) -> None:
        self.timeline = Timeline(scale)
        self.validation = Pyramid()
        self.series = {
            "loss": Series(smoothed=True),
            "rate": Series(smoothed=False),
            "bits_per_byte": Series(smoothed=False),
            "grad_norm": Series(smoothed=True),
            "pace": Series(smoothed=True),
        }
        self.append(figures)
        for series in self.series.values():
            series.set_smoothing(smoothing)
            series.extend()

    def append(self, figures: Figures) -> None:
        """Add what came since; the steps of each series ascend strictly from its last one on."""
        if "tokens" in figures and "seconds" in figures:
            steps, tokens, seconds = shared_steps(figures["tokens"], figures["seconds"])
            self.timeline.append(steps, tokens, seconds)
            self.series["pace"].append(steps, pace(tokens, seconds))
        for key in ("loss", "rate", "bits_per_byte", "grad_norm"):
            if key in figures:
                self.series[key].append(*figures[key])
        if "validation" in figures:
            self.validation.append(*figures["validation"])


class OtherRun(RunSeries):
    """Another run: `name`, and the `index` by which it gets its colour, dash and dot, all of which differ
    from those of the run before."""

    def __init__(self, name: str, index: int, figures: Figures, scale: Scale, smoothing: float) -> None:
        super().__init__(figures, scale, smoothing)
        self.name = name
        half = LONGEST_NAME // 2  # names of forks begin alike, and end differently
        self.short_name = name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"
        self.shown = True
        self._index = index
        self.dash, self.dot = DASHES[index % len(DASHES)], DOTS[index % len(DOTS)]

    def colour(self, name: theme.ThemeName) -> str:
        """Its colour in the theme `name`."""
        return COLOURS[name][self._index % len(COLOURS[name])]

    @property
    def last(self) -> int:
        """Its last step, 0 where there is none."""
        points = [series.points for series in self.series.values()]
        return max((int(each.steps[-1]) for each in [*points, self.validation] if len(each)), default=0)


class OtherRecord:
    """The record of another run, read a part at a time, on any thread, but one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cursor: Cursor | None = None
        self._stamp: Stamp | None = None

    def news(self) -> tuple[Figures, bool]:
        """What was added since it was read last, by series, and whether that replaces all that was read
        before. It is opened only where the file has changed. GPTCoreError: record_damaged, run_in_use."""
        stamp = _stamp(self._path)  # before it is read, so that nothing comes in between
        if stamp == self._stamp:
            return {}, False
        first = self._cursor is None
        with closing(RecordView(self._path)) as view:
            points, _, self._cursor = view.news(self._cursor)
        self._stamp = stamp
        return points, self._cursor.rewound and not first


def _stamp(path: Path) -> Stamp:
    """What changes with each commit: when the file and its WAL were written, and how large they are."""
    stamp: Stamp = ()
    for file in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):
            known = file.stat()
            stamp += (known.st_mtime_ns, known.st_size)
    return stamp


def read_figures(record: Path, names: Sequence[str] = WANTED) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The series of a run's record that the curves show. GPTCoreError: record_damaged, run_in_use."""
    with closing(RecordView(record)) as view:
        return {name: view.series(name) for name in names}


def token_length(figures: Figures) -> float | None:
    """How many characters a token of the validation text has on average, by the last of the figures that tell
    it; None where none do."""
    if not all(name in figures and np.size(figures[name][0]) for name in BY_LENGTH):
        return None
    _, losses, by_character = shared_steps(*(figures[name] for name in BY_LENGTH))
    known = np.flatnonzero(np.isfinite(losses) & (by_character > 0))
    return float(losses[known[-1]] / by_character[known[-1]]) if len(known) else None


def shared_steps(
    one: tuple[ArrayLike, ArrayLike], other: tuple[ArrayLike, ArrayLike]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The steps (N,) of which both series have a figure, and those figures."""
    if np.array_equal(one[0], other[0]):  # as nearly always
        return np.asarray(one[0], np.int64), np.asarray(one[1]), np.asarray(other[1])
    steps, i, j = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return steps.astype(np.int64), np.asarray(one[1])[i], np.asarray(other[1])[j]


def pace(tokens: ArrayLike, seconds: ArrayLike) -> np.ndarray:
    """Tokens a second of each step (N,); NaN where no time was taken."""
    taken = np.asarray(seconds, np.float64)
    return np.divide(tokens, taken, out=np.full(taken.shape, np.nan), where=taken > 0)
