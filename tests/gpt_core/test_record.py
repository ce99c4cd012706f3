"""The record against a plain dict, a killed writer, a full disk, damage, and readers of every kind."""

from __future__ import annotations

import math
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt_core import record, record_file
from gpt_core.errors import GPTCoreError
from gpt_core.record import Cursor, Points, Recorder, RecordView


def as_dict(points: Points) -> dict[int, float]:
    steps, figures = points
    assert steps.dtype == np.int64
    assert figures.dtype == np.float64
    assert np.all(np.diff(steps) > 0)
    return dict(zip(steps.tolist(), figures.tolist(), strict=True))


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def chunks(path: Path) -> list[int]:
    database = sqlite3.connect(path)
    counts = [
        count for (count,) in database.execute("SELECT count FROM chunks ORDER BY series, segment, start")
    ]
    database.close()
    return counts


class Follower:
    """A reader of news, which appends what comes and starts anew when it is told so."""

    def __init__(self, path: Path) -> None:
        self.view = RecordView(path)
        self.cursor: Cursor | None = None
        self.series: dict[str, dict[int, float]] = {}
        self.events: list[int] = []

    def look(self) -> None:
        points, events, self.cursor = self.view.news(self.cursor)
        if self.cursor.rewound:
            self.series, self.events = {}, []
        for name, new in points.items():
            known = self.series.setdefault(name, {})
            assert len(new[0])
            assert max(known, default=-1) < new[0][0]
            known |= as_dict(new)
        self.events += [event.id for event in events]


# What is done to a record: (what, how far or how many)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 7)),
        st.tuples(st.just("again"), st.integers(0, 3)),
        st.tuples(st.just("rewind"), st.integers(0, 20)),
        st.tuples(st.just("event"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["flush", "reopen", "kill", "truncate", "look"]), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(todo=actions, full=st.sampled_from([3, 8, 4096]))
def test_any_history_reads_as_a_dict_would(
    todo: list[tuple[str, int]], full: int, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(record, "FULL_CHUNK", full)
    path = tmp_path_factory.mktemp("run") / "record.sqlite"
    recorder, follower = Recorder(path), None
    expected: dict[str, dict[int, float]] = {"loss": {}, "rate": {}}
    committed = {name: dict(known) for name, known in expected.items()}
    expected_events: list[tuple[int, int]] = []  # id, step
    step, value = 0, 0.0

    def add(at: int) -> None:
        nonlocal value
        value += 1
        figures = {"loss": value} | ({"rate": -value} if at % 3 == 0 else {})
        recorder.add(at, **figures)
        for name, figure in figures.items():
            expected[name][at] = figure

    for what, count in todo:
        commits = what not in ("add", "again", "kill", "look")
        if what == "add":
            for _ in range(count):
                step += 1
                add(step)
        elif what == "again":
            add(max(0, step - count))
        elif what == "rewind":
            step = max(0, step - count)
            recorder.begin_segment(step)
            for known in expected.values():
                for later in [at for at in known if at > step]:
                    del known[later]
            expected_events = [(number, at) for number, at in expected_events if at <= step]
        elif what == "event":
            recorder.event("change", step + count, value=count)
            expected_events.append((0, step + count))
        elif what == "flush":
            recorder.flush()
        elif what == "truncate":
            recorder.truncate()
        elif what == "reopen":
            recorder.close()
            recorder = Recorder(path)
        elif what == "kill":  # the process dies: what is not committed is lost
            recorder._database.close()
            recorder = Recorder(path)
            expected = {name: dict(known) for name, known in committed.items()}
        elif what == "look":
            if follower is None:
                follower = Follower(path)
            follower.look()
            assert follower.series == {name: known for name, known in committed.items() if known}
        if commits:
            committed = {name: dict(known) for name, known in expected.items()}
    recorder.close()

    view = RecordView(path)
    for name, known in expected.items():
        assert as_dict(view.series(name)) == known
    assert set(view.names()) >= {name for name, known in expected.items() if known}
    assert [event.step for event in view.events()] == [at for _, at in expected_events]
    if follower is not None:
        follower.look()
        assert follower.series == {name: known for name, known in expected.items() if known}
        assert follower.events == [event.id for event in view.events()]
        follower.view.close()
    view.close()


def test_many_flushes_leave_few_chunks_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    for step in range(1, 10_001):
        recorder.add(step, loss=1 / step)
        recorder.flush()
        if step in (5000, 9000):  # one full chunk, two full chunks
            recorder.close()
            recorder = Recorder(path)
    recorder.close()
    counts = chunks(path)
    assert sum(counts) == 10_000
    assert counts[:2] == [4096, 4096]
    assert len(counts) <= 2 + 12  # halves, quarters, ... of a chunk
    view = RecordView(path)
    assert as_dict(view.series("loss")) == {step: 1 / step for step in range(1, 10_001)}
    view.close()


def test_a_million_points_are_few_rows(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    for step in range(1_000_000):
        recorder.add(step, loss=step / 2)
        if step % 5000 == 0:
            recorder.flush()
    recorder.close()
    view = RecordView(path)
    steps, figures = view.series("loss")
    view.close()
    assert np.array_equal(steps, np.arange(1_000_000))
    assert np.array_equal(figures, np.arange(1_000_000) / 2)
    assert len(chunks(path)) <= 202


def test_of_steps_told_many_times_the_last_figure_counts(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    told = chance.integers(0, 100, 5000).tolist()
    recorder = Recorder(tmp_path / "record.sqlite")
    for figure, step in enumerate(told):
        recorder.add(step, loss=figure)
    recorder.close()
    view = RecordView(tmp_path / "record.sqlite")
    assert as_dict(view.series("loss")) == {step: float(figure) for figure, step in enumerate(told)}
    view.close()


def test_figures_that_are_no_numbers_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    recorder.add(1, loss=math.nan, rate=math.inf)
    recorder.close()
    view = RecordView(path)
    assert math.isnan(view.series("loss")[1][0])
    assert view.series("rate")[1].tolist() == [math.inf]
    assert as_dict(view.series("never told")) == {}
    view.close()


def test_events_come_back_as_they_were_and_are_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    before = time.time()
    content = {"text": "ひ\ud800\x00\n", "kind": "of its own", "step": 1.5, "nested": [1, None, {"a": True}]}
    recorder.event("sample", 7, **content)
    recorder.event("checkpoint", 8, path=tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        recorder.event("evaluation", 9, loss=math.nan)
    view = RecordView(path)
    sample, checkpoint = view.events()
    assert (sample.kind, sample.step, sample.values) == ("sample", 7, content)
    assert before - 1 <= sample.time <= time.time() + 1
    assert checkpoint.values == {"path": str(tmp_path)}
    assert view.events("checkpoint") == [checkpoint]
    assert view.events(after=sample.id) == [checkpoint]
    view.close()
    recorder.close()


def test_an_event_is_committed_with_the_figures_before_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record.sqlite")
    recorder.add(3, loss=2.0)
    recorder.event("evaluation", 3, validation=1.5)
    recorder.add(4, loss=1.0)
    view = RecordView(tmp_path / "record.sqlite")
    assert as_dict(view.series("loss")) == {3: 2.0}
    assert [event.kind for event in view.events()] == ["evaluation"]
    view.close()
    recorder.close()


def test_a_change_that_was_rewound_past_is_hidden_but_not_lost(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record.sqlite")
    for step in (10, 20, 30):
        recorder.event("change", step, field="train.batch_size", value=step)
    recorder.begin_segment(20)
    recorder.event("change", 25, field="train.batch_size", value=99)
    view = RecordView(tmp_path / "record.sqlite")
    assert [event.values["value"] for event in view.events("change")] == [10, 20, 99]
    assert [event.values["value"] for event in view.events(live_only=False)] == [10, 20, 30, 99]
    view.close()
    recorder.close()


def test_a_resume_is_where_steps_went_on_and_were_not_given_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record.sqlite")
    view = RecordView(tmp_path / "record.sqlite")

    def train(begin: int, end: int) -> list[int]:
        recorder.begin_segment(begin)
        for step in range(begin + 1, end + 1):
            recorder.add(step, loss=1.0)
        recorder.flush()
        return view.resumes("loss")

    assert train(0, 10) == []  # begun, not resumed
    assert train(10, 10) == []  # only opened
    recorder.add(10, validation=1.0)
    recorder.flush()
    assert view.resumes("loss") == []
    assert train(10, 20) == [10]
    assert train(15, 18) == [10, 15]
    assert train(18, 30) == [10, 15, 18]
    assert train(16, 16) == [10, 15]  # what came after was given up
    assert train(16, 19) == [10, 15, 16]
    assert train(10, 10) == []
    assert train(10, 11) == [10]
    assert train(0, 5) == []
    assert view.resumes("validation") == []
    view.close()
    recorder.close()


def test_a_reader_of_news_goes_on_over_a_break_that_gave_nothing_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record.sqlite")
    follower = Follower(tmp_path / "record.sqlite")

    def train(steps: range, rewound: bool) -> None:
        for step in steps:
            recorder.add(step, loss=float(step))
        recorder.event("change", steps[-1], value=1)
        follower.look()
        assert follower.cursor is not None
        assert follower.cursor.rewound == rewound
        assert follower.series == {"loss": as_dict(follower.view.series("loss"))}
        assert follower.events == [event.id for event in follower.view.events()]

    train(range(1, 11), rewound=True)  # the first look
    recorder.begin_segment(10)
    recorder.begin_segment(10)
    train(range(11, 16), rewound=False)
    for step in (16, 17):  # not read before the break
        recorder.add(step, loss=2.0)
    recorder.begin_segment(16)
    train(range(17, 19), rewound=False)
    assert follower.series["loss"][17] == 17.0
    recorder.begin_segment(12)
    train(range(13, 15), rewound=True)
    recorder.event("change", 30, value=2)
    follower.look()
    recorder.begin_segment(20)  # hides the change alone
    train(range(21, 22), rewound=True)
    follower.view.close()
    recorder.close()


def test_flush_if_due_waits_for_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "record.sqlite")
    view = RecordView(tmp_path / "record.sqlite")
    monkeypatch.setattr(record, "FLUSH_SECONDS", 3600.0)
    recorder.add(1, loss=1.0)
    recorder.flush_if_due()
    assert as_dict(view.series("loss")) == {}
    monkeypatch.setattr(record, "FLUSH_SECONDS", 0.0)
    recorder.flush_if_due()
    assert as_dict(view.series("loss")) == {1: 1.0}
    view.close()
    recorder.close()


def test_closed_and_truncated_records_are_one_file(tmp_path: Path) -> None:
    run, copies = tmp_path / "run", tmp_path / "copies"
    run.mkdir()
    copies.mkdir()
    recorder = Recorder(run / "record.sqlite")
    recorder.add(1, loss=1.0)
    recorder.truncate()
    shutil.copy(run / "record.sqlite", copies)  # the file alone, while the writer goes on
    recorder.add(2, loss=2.0)
    recorder.close()
    recorder.close()
    assert files(run) == ["record.sqlite"]
    for path, count in ((copies / "record.sqlite", 1), (run / "record.sqlite", 2)):
        view = RecordView(path)
        assert len(view.series("loss")[0]) == count
        view.close()
        assert files(path.parent) == ["record.sqlite"]


def test_another_writer_is_told_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_file, "LOCK_SECONDS", 0.05)
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    recorder.add(1, loss=1.0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for write in (recorder.flush, lambda: recorder.event("state", 1), lambda: recorder.begin_segment(0)):
        with pytest.raises(GPTCoreError) as caught:
            write()
        assert caught.value.code == "run_in_use"
    other.execute("ROLLBACK")
    other.close()
    recorder.add(2, loss=2.0)
    recorder.close()
    view = RecordView(path)
    assert as_dict(view.series("loss")) == {1: 1.0, 2: 2.0}
    assert [event.kind for event in view.events()] == ["state"]  # which was told late, but not lost
    view.close()


def test_a_full_disk_is_told_and_the_figures_wait(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    recorder = Recorder(path)
    recorder.event("state", 0, state="running")
    pages = recorder._database.execute("PRAGMA page_count").fetchone()[0]
    recorder._database.execute(f"PRAGMA max_page_count = {pages + 3}")  # SQLite's own "disk is full"
    recorder.add(0, loss=0.0)
    recorder.flush()
    for step in range(1, 5000):
        recorder.add(step, loss=float(step))
    with pytest.raises(GPTCoreError) as caught:
        recorder.flush()
    assert caught.value.code == "disk_full"
    assert caught.value.values["step"] == 4999
    recorder._database.execute("PRAGMA max_page_count = 1000000")
    recorder.add(5000, loss=5000.0)
    recorder.close()
    view = RecordView(path)
    assert as_dict(view.series("loss")) == {step: float(step) for step in range(5001)}
    view.close()


WRITER = """
import sys
from pathlib import Path
from gpt_core.record import Recorder

recorder = Recorder(Path(sys.argv[1]))
for step in range(1, 10**9):
    recorder.add(step, loss=float(step), rate=-float(step))
    if step % 7 == 0:
        recorder.flush()
    if step % 50 == 0:
        recorder.event("state", step)
        print(step, flush=True)
    if step % 1000 == 0:
        recorder.truncate()
"""


def test_a_killed_writer_loses_at_most_what_it_had_not_committed(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    chance = random.Random(0)
    for _ in range(4):
        path.unlink(missing_ok=True)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = int(writer.stdout.readline())
        time.sleep(chance.random() * 0.4)
        writer.kill()
        rest = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        acknowledged = int(rest[-1]) if rest else acknowledged

        copy = tmp_path / "copy.sqlite"  # read as it was left, and again after a writer took it up
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        recorder = Recorder(path)
        recorder.close()
        for file in (copy, path):
            view = RecordView(file)
            loss, rate = as_dict(view.series("loss")), as_dict(view.series("rate"))
            view.close()
            assert len(loss) >= acknowledged
            assert loss == {step: float(step) for step in range(1, len(loss) + 1)}
            assert rate == {step: -figure for step, figure in loss.items()}
        check = sqlite3.connect(path)
        assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        check.close()
        assert files(tmp_path) == ["copy.sqlite", "record.sqlite"]


def test_a_live_record_of_another_process_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        follower = Follower(path)
        for _ in range(20):
            acknowledged = int(writer.stdout.readline())
            follower.look()
            loss = follower.series["loss"]
            assert len(loss) >= acknowledged
            assert loss == {step: float(step) for step in range(1, len(loss) + 1)}
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    follower.view.close()


def unshare(script: str, *arguments: object) -> None:
    """Runs a script where it may mount file systems of its own."""
    command = ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, *map(str, arguments)]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("needs a mount namespace of its own")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr


READER = """
import os, sys
from pathlib import Path
from gpt_core.record import RecordView

path = Path(sys.argv[1])
assert not os.access(path.parent, os.W_OK)
view = RecordView(path)
assert view.series("loss")[0].tolist() == [1, 2], view.series("loss")
assert [event.kind for event in view.events()] == ["state"]
view.close()
"""


@pytest.mark.parametrize("leftover", ["nothing", "wal", "wal and shm"])
def test_a_record_on_a_disk_that_cannot_be_written_is_read(tmp_path: Path, leftover: str) -> None:
    run, medium = tmp_path / "run", tmp_path / "medium"
    run.mkdir()
    recorder = Recorder(run / "record.sqlite")
    recorder.add(1, loss=1.0)
    recorder.truncate()
    recorder.add(2, loss=2.0)
    recorder.event("state", 2)
    if leftover == "nothing":
        recorder.close()
    shutil.copytree(run, medium)  # as a killed writer would have left it
    if leftover == "wal":
        (medium / "record.sqlite-shm").unlink()
    recorder.close()
    mount = 'mount --bind "$2" "$2" && mount -o remount,bind,ro "$2" && cd / && "$1" -c "$4" "$3"'
    unshare(mount, medium, medium / "record.sqlite", READER)


FULL = """
import sys
from pathlib import Path
from gpt_core.errors import GPTCoreError
from gpt_core.record import Recorder, RecordView

folder = Path(sys.argv[1])
recorder = Recorder(folder / "record.sqlite")
filler = folder / "filler"
filler.write_bytes(bytes(700_000))
told, step = None, 0
while told is None and step < 10**6:
    for _ in range(1000):
        step += 1
        recorder.add(step, loss=float(step))
    try:
        recorder.flush()
    except GPTCoreError as error:
        told = error
assert told is not None and told.code == "disk_full", told
try:
    recorder.event("state", step)
    raise SystemExit("an event was acknowledged that had no room")
except GPTCoreError as error:
    assert error.code == "disk_full", error
filler.unlink()
recorder.add(step + 1, loss=step + 1.0)
recorder.close()
view = RecordView(folder / "record.sqlite")
assert view.series("loss")[1].tolist() == [float(at) for at in range(1, step + 2)]
view.close()
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    unshare('mount -t tmpfs -o size=1m none "$2" && "$1" -c "$3" "$2"', tmp_path, FULL)


LIMITED = """
import resource, sys
from pathlib import Path
from gpt_core.errors import GPTCoreError
from gpt_core.record import Recorder, RecordView

path = Path(sys.argv[1], "record.sqlite")
recorder, step = Recorder(path), 0
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    for step in range(1, 1_000_000):
        recorder.add(step, loss=float(step))
        if step % 1000 == 0:
            recorder.flush()
except GPTCoreError as error:
    assert error.code == "run_not_writable", error
else:
    raise AssertionError("the limit was not reached")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
recorder.close()
view = RecordView(path)
assert view.series("loss")[1].tolist() == [float(at) for at in range(1, step + 1)]
view.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_may_grow_no_more_is_not_told_as_damaged(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\0" + bytes(84)])
def test_a_file_that_is_no_record_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.sqlite"
    path.write_bytes(content)
    with pytest.raises(GPTCoreError) as caught:
        RecordView(path)
    assert caught.value.code == "record_damaged"
    assert str(path) in str(caught.value)


def test_a_missing_record_is_told(tmp_path: Path) -> None:
    with pytest.raises(GPTCoreError, match="no such file"):
        RecordView(tmp_path / "record.sqlite")
    with pytest.raises(GPTCoreError) as caught:
        Recorder(tmp_path / "missing" / "record.sqlite")
    assert caught.value.code == "run_not_writable"
    assert files(tmp_path) == []


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE theirs (x)")
    database.commit()
    database.close()
    content = path.read_bytes()
    for opened in (Recorder, RecordView):
        with pytest.raises(GPTCoreError) as caught:
            opened(path)
        assert caught.value.code == "record_damaged"
    assert path.read_bytes() == content


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "record.sqlite"
    recorder = Recorder(path)
    for step in range(900):
        recorder.add(step, loss=float(step))
        if step % 100 == 0:
            recorder.event("sample", step, text="words " * 50)
    recorder.begin_segment(500)
    recorder.add(501, loss=1.0)
    recorder.close()
    return path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_is_read_or_told_but_never_a_traceback(
    data: st.DataObject, whole: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "record.sqlite"
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(1, 64))
        content[at : at + length] = data.draw(st.binary(min_size=length, max_size=length))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    for opened in (RecordView, Recorder):
        try:
            opened_record = opened(path)
        except GPTCoreError as error:
            assert str(path) in str(error)  # noqa: PT017 (either outcome is right)
            continue
        try:
            if isinstance(opened_record, RecordView):
                opened_record.news(None)
                opened_record.events(live_only=False)
            else:
                opened_record.add(1000, loss=1.0)
                opened_record.event("state", 1000)
        except GPTCoreError as error:
            assert str(path) in str(error)  # noqa: PT017
        finally:
            try:
                opened_record.close()
            except GPTCoreError as error:
                assert str(path) in str(error)  # noqa: PT017


def test_the_best_validation_is_the_one_told_so_last_of_the_text_at_hand(tmp_path):
    def best():
        recorder.flush()
        with closing(RecordView(tmp_path / "record.sqlite")) as view:
            return view.best()

    with closing(Recorder(tmp_path / "record.sqlite")) as recorder:
        assert best() is None
        for step, loss in ((10, 1.0), (20, 1.2), (30, 3.0)):
            recorder.add(step, validation=loss)
            recorder.event("evaluation", step, windows=4, best=step == 10)
        recorder.event("change", 30, **{"schedule.max_lr": 1e-3})
        assert best() == (10, 1.0)
        recorder.event("change", 30, **{"data.source": "other.txt", "train.seed": 2})
        assert best() is None  # step 30 was measured on the text before
        for step, loss in ((30, 2.1), (40, 2.0), (50, float("nan")), (60, 2.5)):
            recorder.add(step, validation=loss)
            recorder.event("evaluation", step, windows=4, best=step in (30, 40))
        assert best() == (40, 2.0)
        recorder.begin_segment(30)
        assert best() == (30, 2.1)
