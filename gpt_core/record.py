"""What happened in a run, kept in one SQLite file: series of figures, and events.

Series (loss, rate, validation, ...) are stored as chunks, one BLOB of steps and one of figures for many
points, so that ten million of them are read in a moment. Small chunks are merged as they come, a chunk with
the one before it once that is no larger, so that neither their number nor the bytes written run away.

Each start, resume or rewind opens a segment at its step. What earlier segments hold beyond that step is a
future that was given up: readers hide it, so that curves never fold back, but it is not deleted.

Figures are committed with synchronous=NORMAL: they survive the death of the process, and a power cut may take
the last moments, never the file. Events and segments are committed with FULL: once `event` returns, they
survive a power cut too.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gpt_core.errors import GPTCoreError
from gpt_core.record_file import open_to_read, open_to_write, told

FULL_CHUNK = 4096  # points; a chunk this long is never written again
FLUSH_SECONDS = 0.5
RETRY_SECONDS = 5.0  # after a write that failed: a file that is locked is waited for each time

Points = tuple[np.ndarray, np.ndarray]  # steps, int64 (N,), and figures, float64 (N,)
Result = TypeVar("Result")


# ---------------------------------------------------------------------------------------- Writing


@dataclass
class _Tail:
    """The last points of a series in the present segment: those not stored yet, and those in chunks that
    are still to be merged."""

    base: int = 0  # points of the segment that came before those held here, all in full chunks
    starts: list[int] = field(default_factory=list)  # where, in `steps`, each stored chunk begins
    stored: int = 0
    steps: array[int] = field(default_factory=lambda: array("q"))
    figures: array[float] = field(default_factory=lambda: array("d"))

    def next_chunk(self) -> int:
        """Where the chunk begins that the next flush writes, in place of the stored ones it overlaps."""
        if len(self.steps) >= FULL_CHUNK:
            return 0
        first = self.stored
        for start in reversed(self.starts):
            if first - start > len(self.steps) - first:
                break
            first = start
        return first

    def written(self, first: int) -> None:
        """Takes note that the chunk beginning at `first` is committed."""
        self.stored = len(self.steps)
        self.starts = [start for start in self.starts if start < first] + [first]
        if self.stored >= FULL_CHUNK:
            self.base += self.stored
            self.starts, self.stored, self.steps, self.figures = [], 0, array("q"), array("d")


class Recorder:
    """The one writer of a run's record; made on opening, where there is none. One thread at a time.

    A full disk (disk_full), another writer (run_in_use) or a damaged file (record_damaged) is told as a
    GPTCoreError. What could not be written stays in memory, and a later flush or event writes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._step = 0  # the latest told; for the sentence about a full disk
        self._last_commit = time.monotonic()
        with told(path):
            self._database = open_to_write(path)
            try:
                self._segment = self._database.execute("SELECT max(id) FROM segments").fetchone()[0]
                self._tails = self._stored_tails()
            except BaseException:
                self._database.close()
                raise
        self._closed = False
        self._pending: list[list[Any]] = []  # events that could not be written when they happened

    def begin_segment(self, step: int) -> None:
        """From now on the steps after `step` are told anew: what was recorded of them before is hidden."""
        self._step = step
        with self._transaction(lasting=True) as database:
            self._write_tails()
            self._write_pending()
            row = database.execute("INSERT INTO segments (step, time) VALUES (?, ?)", [step, time.time()])
        assert row.lastrowid is not None
        self._segment = row.lastrowid
        self._tails, self._pending = {}, []

    def add(self, step: int, /, **figures: float) -> None:
        """Figures of a step, by series; NaN is a figure too. A step told again replaces what was told."""
        for name, value in figures.items():
            figure = float(value)  # before anything is appended, so that both lists stay as long
            tail = self._tails.setdefault(name, _Tail())
            tail.steps.append(step)
            tail.figures.append(figure)
        self._step = step

    def event(self, kind: str, step: int, /, **content: Any) -> None:
        """Something that happened after `step` steps; once this returns it is committed, and so are the
        figures added before it. `content` is strict JSON (paths become text); NaN raises ValueError."""
        text = json.dumps(content, allow_nan=False, default=os.fspath)
        self._step = step
        self._pending.append([self._segment, kind, step, time.time(), text])
        self._commit(lasting=True)

    def flush(self) -> None:
        """Commits all that was added so far."""
        if self._pending or any(len(tail.steps) > tail.stored for tail in self._tails.values()):
            self._commit(lasting=bool(self._pending))
        self._last_commit = time.monotonic()

    def flush_if_due(self) -> None:
        """Commits what was added so far if the last commit was half a second ago or more; after one that
        failed, if that was some seconds ago."""
        if time.monotonic() - self._last_commit >= FLUSH_SECONDS:
            self.flush()

    def _commit(self, *, lasting: bool) -> None:
        try:
            with self._transaction(lasting=lasting):
                chunks = self._write_tails()
                self._write_pending()
        except GPTCoreError:
            self._last_commit = time.monotonic() + RETRY_SECONDS
            raise
        self._pending = []
        self._written(chunks)

    def truncate(self) -> None:
        """Commits, and moves everything from the WAL into the file itself, which is then whole alone."""
        self.flush()
        with told(self.path, self._step):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Commits and closes; leaves the one file, unless a reader still has it open."""
        if self._closed:
            return
        self._closed = True
        try:
            self.truncate()
        finally:
            self._database.close()

    def _stored_tails(self) -> dict[str, _Tail]:
        """The tails as they were when the record was closed last, or its writer died."""
        tails: dict[str, _Tail] = {}
        rows = self._database.execute(
            "SELECT series, count, CASE WHEN count < ? THEN steps END, CASE WHEN count < ? THEN figures END "
            "FROM chunks WHERE segment = ? ORDER BY series, start",
            [FULL_CHUNK, FULL_CHUNK, self._segment],
        )
        for name, count, steps, figures in rows:
            tail = tails.setdefault(name, _Tail())
            if count >= FULL_CHUNK:
                tail.base += count
                continue
            tail.starts.append(len(tail.steps))
            tail.steps.extend(np.frombuffer(steps, "<i8").tolist())
            tail.figures.extend(np.frombuffer(figures, "<f8").tolist())
            tail.stored = len(tail.steps)
        return tails

    def _write_tails(self) -> dict[str, int]:
        """Writes the points not stored yet; the result is for `_written`, once they are committed."""
        chunks = {}
        for name, tail in self._tails.items():
            if len(tail.steps) == tail.stored:
                continue
            chunks[name] = first = tail.next_chunk()
            steps = np.array(tail.steps[first:], "<i8")
            figures = np.array(tail.figures[first:], "<f8")
            place = [name, self._segment, tail.base + first]
            self._database.execute(
                "DELETE FROM chunks WHERE series = ? AND segment = ? AND start >= ?", place
            )
            self._database.execute(
                "INSERT INTO chunks (series, segment, start, count, steps, figures) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [*place, len(steps), steps.tobytes(), figures.tobytes()],
            )
        return chunks

    def _write_pending(self) -> None:
        self._database.executemany(
            "INSERT INTO events (segment, kind, step, time, content) VALUES (?, ?, ?, ?, ?)", self._pending
        )

    def _written(self, chunks: Mapping[str, int]) -> None:
        for name, first in chunks.items():
            self._tails[name].written(first)
        self._last_commit = time.monotonic()

    @contextmanager
    def _transaction(self, *, lasting: bool) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; `lasting` through a power cut as well."""
        database = self._database
        with told(self.path, self._step):
            database.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:  # after some errors SQLite has rolled back itself
                    database.execute("ROLLBACK")
                raise


# ---------------------------------------------------------------------------------------- Reading


@dataclass(frozen=True)
class Event:
    """Something that happened after `step` steps, at `time` (seconds since 1970)."""

    id: int
    kind: str
    step: int
    time: float
    values: dict[str, Any]


@dataclass(frozen=True)
class Cursor:
    """How far a reader has come. `rewound` says that what came with it replaces all that was read before."""

    segment: int
    read: Mapping[str, tuple[int, int]]  # by series: how many points of this segment, and the last step
    event: int
    rewound: bool


class RecordView:
    """A record, to be read: while another process writes it, and on a disk that cannot be written, too.
    One thread at a time. A file that is missing, damaged or of another program: record_damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with told(path):
            self._database, self._copy = open_to_read(path)

    def begins(self) -> int:
        """The step at which it begins: 0, unless it took the place of one that was moved away."""
        return self._reading(self._begins)

    def names(self) -> list[str]:
        """The series that have at least one point, also a hidden one, in alphabetical order."""
        return self._reading(self._names)

    def series(self, name: str) -> Points:
        """Steps, int64 and strictly ascending, and figures, float64, of a series: for each step what was told
        last, without the futures that were given up. Both are empty for a name that is not there."""
        return self._reading(lambda: self._series(name))

    def best(self) -> tuple[int, float] | None:
        """The step and the loss of the best validation, as the training told it, which keeps its checkpoint:
        a lower one that a fork's parent had, or whose checkpoint was deleted, does not count. Of a run that
        went on in another text, since then."""
        turns = [event.id for event in self.events("change") if _is_of_text(event.values)]
        told = self.events("evaluation", after=max(turns, default=0))
        best = [event.step for event in told if event.values.get("best")][-1:]
        steps, losses = self.series("validation")
        return next(((step, float(loss)) for step in best for loss in losses[steps == step]), None)

    def events(self, kind: str | None = None, after: int = 0, *, live_only: bool = True) -> list[Event]:
        """Events in the order they happened: of one kind, and with an id above `after`, if so asked.

        With `live_only`, those of a future that was given up are left out: those of a step beyond the one
        where a later segment begins. So a live change that was rewound past is not applied again.
        """
        return self._reading(lambda: self._events(kind, after, live_only))

    def news(self, cursor: Cursor | None) -> tuple[dict[str, Points], list[Event], Cursor]:
        """What was added since `cursor`: new points by series, new events, and the cursor to ask with next.

        Without a cursor, or when the writer has gone back to an earlier step since, everything comes, and the
        new cursor's `rewound` is true: it replaces what was read before. Otherwise the points of each series
        go on, strictly ascending, from the last one read.
        """
        return self._reading(lambda: self._news(cursor))

    def resumes(self, series: str) -> list[int]:
        """The steps, ascending, after which a later segment went on with `series`: where training was begun
        anew. A segment that only was opened, or was given up whole, tells of none; nor does a start at 0."""
        return self._reading(lambda: self._resumes(series))

    def last_time(self) -> float:
        """When something was last trained or recorded, seconds since 1970, or 0: a step by the time of
        computing since its segment began. That the run was opened, which begins a segment too, does not
        count."""
        return self._reading(self._last_time)

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()
        if self._copy is not None:
            self._copy.cleanup()

    def _reading(self, read: Callable[[], Result]) -> Result:
        """`read()` on one unchanging state of the file."""
        with told(self.path):
            self._database.execute("BEGIN")
            try:
                return read()
            finally:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")

    def _names(self) -> list[str]:
        rows = self._database.execute("SELECT DISTINCT series FROM chunks ORDER BY series")
        return [name for (name,) in rows]

    def _limits(self) -> dict[int, float]:
        """The last step of each segment that no later one has hidden, oldest segment first."""
        limits: dict[int, float] = {}
        limit = inf
        for segment, step in self._database.execute("SELECT id, step FROM segments ORDER BY id DESC"):
            limits[segment] = limit
            limit = min(limit, step)
        return dict(reversed(limits.items()))

    def _series(self, name: str) -> Points:
        parts = []
        for segment, limit in self._limits().items():
            steps, figures = self._points(name, segment)
            if limit < inf:
                live = steps <= limit
                steps, figures = steps[live], figures[live]
            parts.append((steps, figures))
        return _ascending(np.concatenate([s for s, _ in parts]), np.concatenate([f for _, f in parts]))

    def _points(self, name: str, segment: int, skipped: int = 0) -> Points:
        """The points of a series in a segment as they were told, without the first ones `skipped`."""
        rows = self._database.execute(
            "SELECT start, steps, figures FROM chunks WHERE series = ? AND segment = ? AND start + count > ? "
            "ORDER BY start",
            [name, segment, skipped],
        ).fetchall()
        steps = np.concatenate([np.empty(0, np.int64), *(np.frombuffer(row[1], "<i8") for row in rows)])
        figures = np.concatenate([np.empty(0, np.float64), *(np.frombuffer(row[2], "<f8") for row in rows)])
        if len(steps) != len(figures):
            raise ValueError(f"{len(steps)} steps of {name}, but {len(figures)} figures")
        first = skipped - rows[0][0] if rows else 0
        return steps[first:], figures[first:]

    def _begins(self) -> int:
        # The first segment is made with the file, the second by the first start.
        rows = self._database.execute("SELECT step FROM segments WHERE id > 1 ORDER BY id LIMIT 1")
        return next((step for (step,) in rows), 0)

    def _events(self, kind: str | None, after: int, live_only: bool) -> list[Event]:
        limits = self._limits()
        rows = self._database.execute(
            "SELECT segment, id, kind, step, time, content FROM events "
            "WHERE id > ? AND (? IS NULL OR kind = ?) ORDER BY id",
            [after, kind, kind],
        )
        return [
            Event(number, of_kind, step, when, json.loads(content))
            for segment, number, of_kind, step, when, content in rows
            if not live_only or step <= limits[segment]
        ]

    def _resumes(self, series: str) -> list[int]:
        limits = self._limits()
        rows = self._database.execute(
            "SELECT DISTINCT segments.id, segments.step FROM segments JOIN chunks ON segment = segments.id "
            "WHERE series = ? AND segments.step > 0",
            [series],
        )
        return sorted({step for segment, step in rows if step < limits[segment]})

    def _last_time(self) -> float:
        event = self._database.execute("SELECT time FROM events ORDER BY id DESC LIMIT 1").fetchone()
        trained = self._database.execute(
            "SELECT id, time FROM segments "
            "WHERE id = (SELECT max(segment) FROM chunks WHERE series = 'seconds')"
        ).fetchone()
        times = [0.0] if event is None else [event[0]]
        if trained is not None:
            segment, begun = trained
            times.append(begun + float(self._points("seconds", segment)[1].sum()))
        return max(times)

    def _news(self, cursor: Cursor | None) -> tuple[dict[str, Points], list[Event], Cursor]:
        limits = self._limits()
        *_, segment = limits
        if cursor is not None and not self._gave_up(cursor):
            added = self._added(cursor, limits)
            if added is not None:
                points, read = added
                events = self._events(None, cursor.event, True)
                event = events[-1].id if events else cursor.event
                return points, events, Cursor(segment, read, event, rewound=False)
        points = {name: self._series(name) for name in self._names()}
        points = {name: found for name, found in points.items() if len(found[0])}
        counts = self._counts(segment)
        read = {name: (counts.get((segment, name), 0), int(steps[-1])) for name, (steps, _) in points.items()}
        events = self._events(None, 0, True)
        return points, events, Cursor(segment, read, events[-1].id if events else 0, rewound=True)

    def _gave_up(self, cursor: Cursor) -> bool:
        """Whether a segment begun since `cursor` hides something that was read."""
        begins = self._database.execute("SELECT min(step) FROM segments WHERE id > ?", [cursor.segment])
        (step,) = begins.fetchone()
        if step is None:
            return False
        hidden = "SELECT count(*) FROM events WHERE id <= ? AND step > ?"
        if self._database.execute(hidden, [cursor.event, step]).fetchone()[0]:
            return True
        return any(last > step for _, last in cursor.read.values())

    def _added(
        self, cursor: Cursor, limits: Mapping[int, float]
    ) -> tuple[dict[str, Points], dict[str, tuple[int, int]]] | None:
        """The points since `cursor`, and what a cursor then has read; None where a step was told again, so
        that it is not enough to append them."""
        counts = self._counts(cursor.segment)
        *_, newest = limits
        points: dict[str, Points] = {}
        read = dict(cursor.read)
        if cursor.segment != newest:
            read = {name: (0, last) for name, (_, last) in read.items()}
        for segment, name in sorted(counts):
            count = counts[segment, name]
            done = cursor.read[name][0] if segment == cursor.segment and name in cursor.read else 0
            if count == done:
                continue
            steps, figures = self._points(name, segment, done)
            live = steps <= limits[segment]
            steps, figures = steps[live], figures[live]
            _, last = read.get(name, (0, -1))
            if np.any(np.diff(steps, prepend=last) <= 0):
                return None
            if len(steps):
                before = points.get(name, (steps[:0], figures[:0]))
                points[name] = np.append(before[0], steps), np.append(before[1], figures)
                last = int(steps[-1])
            read[name] = (count if segment == newest else 0, last)
        return points, read

    def _counts(self, segment: int) -> dict[tuple[int, str], int]:
        """How many points each series has in each segment from this one on."""
        rows = self._database.execute(
            "SELECT segment, series, max(start + count) FROM chunks WHERE segment >= ? "
            "GROUP BY segment, series",
            [segment],
        )
        return {(each, name): count for each, name, count in rows}


def _ascending(steps: np.ndarray, figures: np.ndarray) -> Points:
    """Points as they were told, in the order of their steps; of a step told twice, the last."""
    if np.all(steps[1:] > steps[:-1]):
        return steps, figures
    order = np.argsort(steps, kind="stable")
    steps, figures = steps[order], figures[order]
    last = np.append(steps[1:] != steps[:-1], True)
    return steps[last], figures[last]


def _is_of_text(changes: Mapping[str, Any]) -> bool:
    return any(field.startswith("data.") for field in changes)
