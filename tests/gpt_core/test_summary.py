"""Runs at a glance: what is told of each is what its training did, and what a person said of it stays."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core import about, run, summary
from gpt_core.about import About, describe, read_about
from gpt_core.cli.common import load_values
from gpt_core.config import Config, from_values
from gpt_core.control import Change, Close, Control, Stop
from gpt_core.errors import GPTCoreError
from gpt_core.events import StepDone
from gpt_core.fork import fork
from gpt_core.record import Recorder, RecordView
from gpt_core.run import create
from gpt_core.summary import Summaries, summarize
from gpt_core.worker import Worker


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def train(made: run.Run, commands: dict[int, object] | None = None) -> None:
    """Train to the end, giving each command when its step is done."""
    control = Control()

    def report(what: object) -> None:
        if isinstance(what, StepDone) and commands and what.step in commands:
            control.ask(commands[what.step])  # type: ignore[arg-type]

    Worker(made, control, report).work()


def test_a_run_is_told_as_it_was_trained(config: Config) -> None:
    made = create(config)
    assert summarize(made.folder).state == "new"
    train(made, {15: Change({"schedule.max_lr": 5e-3}), 23: Stop()})
    told = summarize(made.folder)
    assert (told.state, told.step) == ("stopped", 23)
    assert told.config.schedule.max_lr == 5e-3
    assert told.tokens == 23 * 4 * 2 * 16  # steps, batch, accumulation, context
    with closing(RecordView(made.record_path)) as view:
        steps, losses = view.series("validation")
        _, bits = view.series("bits_per_byte")
    assert told.best == losses.min()
    assert told.best_step == steps[np.argmin(losses)]
    assert told.best_bits == bits[np.argmin(losses)]
    assert 0 < told.seconds < 60
    train(made)
    told = summarize(made.folder)
    assert (told.state, told.step) == ("finished", 40)


def test_a_run_that_is_only_opened_or_forked_has_not_changed(config: Config) -> None:
    made = create(config)
    before = time.time()
    assert summarize(made.folder).changed == (made.folder / "run.toml").stat().st_mtime
    train(made, {15: Stop()})
    changed = summarize(made.folder).changed
    assert before < changed <= time.time()
    control = Control()
    control.ask(Close())
    Worker(made, control, lambda report: None, train=False).work()
    made_of_it = fork(made, 15)
    describe(made.folder, star=True)
    assert summarize(made.folder).changed == changed
    assert summarize(made_of_it.folder).changed > changed
    train(made)
    assert summarize(made.folder).changed > changed


def test_steps_alone_tell_when_a_run_was_last_trained(config: Config) -> None:
    made = create(config)
    with closing(Recorder(made.record_path)) as record:
        record.begin_segment(0)
        for step in range(1, 5001):
            record.add(step, loss=1.0, tokens=1.0, seconds=2.0)
        record.begin_segment(5000)  # opened
    begun = summarize(made.folder).changed - 10_000
    assert abs(begun - (made.folder / "run.toml").stat().st_mtime) < 60


def test_the_preset_is_known_by_what_it_says_of_itself(text: Path) -> None:
    quickstart = from_values(load_values("quickstart")).replace({"data.source": str(text)})
    assert summarize(create(quickstart).folder).preset == "quickstart"
    assert summarize(create(Config()).folder).preset == ""


def test_one_that_died_is_told_from_one_that_was_stopped(config: Config) -> None:
    made = create(config)
    train(made, {10: Stop()})
    with closing(Recorder(made.record_path)) as record:
        record.begin_segment(10)
        record.add(11, loss=1.0)
    assert summarize(made.folder).state == "interrupted"
    with closing(Recorder(made.record_path)) as record:
        record.event("trouble", 11, code="not_finite_loss")
    assert summarize(made.folder).state == "failed"


def test_one_that_another_process_holds_is_in_use(config: Config) -> None:
    made = create(config)
    code = (
        "import sys; from pathlib import Path; from gpt_core.run import open_run;"
        "lock = open_run(Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(made.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert [found.state for found in Summaries().look()] == ["in_use"]
        with pytest.raises(GPTCoreError, match="in use"):
            run.rename(made.folder, "another")
        other.communicate("")
    assert [found.state for found in Summaries().look()] == ["new"]


def test_what_cannot_be_read_is_told_and_hides_no_other(config: Config) -> None:
    good, bad, worse = create(config), create(config), create(config)
    bad.record_path.write_bytes(b"no database" * 100)
    (worse.folder / "run.toml").write_text("[data]\nsource = 3\n")
    found = {told.name: told for told in Summaries().look()}
    assert found[good.name].state == "new"
    for name in (bad.name, worse.name):
        assert found[name].state == "unreadable"
        assert found[name].error is not None


def test_only_what_has_changed_is_read_again(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [create(config) for _ in range(3)]
    read: list[Path] = []

    def counted(folder: Path) -> summary.Summary:
        read.append(folder)
        return summarize(folder)

    monkeypatch.setattr(summary, "summarize", counted)
    shelf = Summaries()
    assert {told.folder for told in shelf.look()} == set(read)
    read.clear()
    assert len(list(shelf.look())) == 3
    assert read == []
    describe(made[1].folder, star=True)
    starred = [told.folder for told in shelf.look() if told.about.star]
    assert starred == read == [made[1].folder]


printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(printable, st.lists(printable, max_size=4), st.booleans())
def test_what_is_said_of_a_run_is_read_back(tmp_path_factory, notes, tags, star) -> None:
    folder = tmp_path_factory.mktemp("run")
    told = describe(folder, notes=notes, tags=tuple(tags), star=star)
    assert read_about(folder) == told == About(notes, tuple(tags), star)
    assert describe(folder, parent="mother", parent_step=7).notes == notes


@given(st.binary(max_size=80))
def test_a_damaged_about_is_told_and_never_written_over(tmp_path_factory, content) -> None:
    folder = tmp_path_factory.mktemp("run")
    path = folder / about.FILE
    path.write_bytes(content)
    try:
        read_about(folder)
    except GPTCoreError:
        with pytest.raises(GPTCoreError, match="is not valid TOML"):
            describe(folder, star=True)
        assert path.read_bytes() == content


@pytest.mark.parametrize("text", ["star = 1", "tags = 'x'", "notes = []", "parent_step = 'x'"])
def test_a_value_of_the_wrong_kind_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / about.FILE).write_text(text)
    with pytest.raises(GPTCoreError, match=r"about\.toml"):
        read_about(tmp_path)


def test_a_renamed_run_keeps_everything_and_its_forks_know(config: Config) -> None:
    made, child = create(config), create(config)
    describe(made.folder, notes="mine")
    describe(child.folder, parent=made.name, parent_step=3)
    place = run.rename(made.folder, " my run ")
    assert place.name == "my run"
    assert not made.folder.exists()
    assert run.open_run(place).config == config
    assert read_about(place).notes == "mine"
    assert read_about(child.folder) == About(parent="my run", parent_step=3)
    assert run.rename(place, "my run") == place


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\\b", "..", ".hidden", "a:b", "a\nb", "end."])
def test_a_name_that_no_folder_can_have_is_refused(config: Config, name: str) -> None:
    made = create(config)
    with pytest.raises(GPTCoreError, match="cannot be called"):
        run.rename(made.folder, name)
    assert made.folder.is_dir()


def test_a_name_that_is_taken_is_refused(config: Config) -> None:
    made, other = create(config), create(config)
    with pytest.raises(GPTCoreError, match="already"):
        run.rename(made.folder, other.name)
    assert made.folder.is_dir()
    assert other.folder.is_dir()
