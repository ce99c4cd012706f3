"""Forks: the same run where nothing is changed, another where something is, and the parent left alone."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
import torch

from gpt_core import checkpoint
from gpt_core.about import read_about
from gpt_core.config import Config
from gpt_core.control import Change, Control, Stop
from gpt_core.disk import sha256
from gpt_core.errors import GPTCoreError
from gpt_core.events import StepDone
from gpt_core.fork import fork
from gpt_core.record import RecordView
from gpt_core.run import Run, create, open_run
from gpt_core.summary import summarize
from gpt_core.worker import Worker


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def train(run: Run, commands: dict[int, object] | None = None, first: object = None) -> None:
    control = Control()
    if first is not None:
        control.ask(first)  # type: ignore[arg-type]

    def report(what: object) -> None:
        if isinstance(what, StepDone) and commands and what.step in commands:
            control.ask(commands[what.step])  # type: ignore[arg-type]

    Worker(run, control, report).work()


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    return checkpoint.find(run.checkpoints_folder, step).model()


def files(folder: Path) -> dict[str, str]:
    """What lies in a folder, by what is in it."""
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def parent(config: Config) -> Run:
    """A run whose rate was changed after step 25."""
    run = create(config.replace({"train.keep": 100}), name="mother")
    train(run, {25: Change({"schedule.max_lr": 1e-3})})
    return run


def test_a_fork_with_nothing_changed_is_its_parent_again(parent: Run) -> None:
    made = fork(parent, 20)
    assert open_run(made.folder).config == made.config
    # The parent's change at step 25 was made in a future that the fork does not share.
    train(made, {25: Change({"schedule.max_lr": 1e-3})})
    one, other = weights(parent, 40), weights(made, 40)
    assert all(torch.equal(one[name], other[name]) for name in one)
    with closing(RecordView(parent.record_path)) as a, closing(RecordView(made.record_path)) as b:
        for series in ("loss", "rate", "validation"):
            assert a.series(series)[1].tolist() == b.series(series)[1].tolist()


def test_a_fork_with_another_rate_goes_its_own_way_from_there(parent: Run) -> None:
    before = files(parent.folder)
    made = fork(parent, 20)
    train(made, first=Change({"schedule.max_lr": 3e-2}))
    with closing(RecordView(parent.record_path)) as a, closing(RecordView(made.record_path)) as b:
        one, other = a.series("loss")[1], b.series("loss")[1]
        assert one[:20].tolist() == other[:20].tolist()
        assert one[21:].tolist() != other[21:].tolist()
        assert [(event.step, event.values) for event in b.events("change")] == [
            (20, {"schedule.max_lr": 3e-2})
        ]
    assert summarize(made.folder).config.schedule.max_lr == 3e-2
    assert files(parent.folder) == before


def test_a_fork_is_whole_without_its_parent(parent: Run) -> None:
    made = fork(parent, 30)
    shutil.rmtree(parent.folder)
    train(made)
    assert summarize(made.folder).state == "finished"
    about = read_about(made.folder)
    assert (about.parent, about.parent_step) == ("mother-1", 30)


def test_forks_are_named_after_the_first_parent(parent: Run) -> None:
    child = fork(parent, 10)
    assert child.name == "mother-1-fork-1"
    grandchild = fork(child, 10)
    assert grandchild.name == "mother-1-fork-2"
    assert read_about(grandchild.folder).parent == child.name


def test_what_cannot_be_forked_leaves_nothing_behind(parent: Run, home: Path) -> None:
    with pytest.raises(GPTCoreError, match="no checkpoint at step 11"):
        fork(parent, 11)
    path = checkpoint.find(parent.checkpoints_folder, 10).path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    with pytest.raises(GPTCoreError, match="damaged"):
        fork(parent, 10)
    parent.record_path.write_bytes(b"no database" * 99)
    with pytest.raises(GPTCoreError, match="not a record"):
        fork(parent, 20)
    assert [run.name for run in (home / "runs").iterdir()] == ["mother-1"]


def test_where_nothing_can_be_linked_it_is_copied(parent: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    made = fork(parent, 40)
    weights(made, 40)
    assert files(made.tokens_folder) == files(parent.tokens_folder)
    assert (made.tokens_folder / "train.bin").stat().st_nlink == 1


def test_a_pinned_checkpoint_outlives_the_keep_policy(config: Config) -> None:
    run = create(config.replace({"train.keep": 1, "train.eval_interval": 0}))
    train(run, {10: Stop()})
    checkpoint.find(run.checkpoints_folder, 10).pin()
    train(run)
    left = checkpoint.checkpoints(run.checkpoints_folder)
    assert {10, 40} <= {saved.step for saved in left}
    assert 20 not in {saved.step for saved in left}
    assert [saved.step for saved in left if saved.pinned] == [10]
    left[0].verify()
    left[0].pin(False)
    assert not left[0].pinned
    # Trained anew to a pinned step, it is pinned still; a fork of it begins unpinned.
    left[-1].pin()
    state, model, optimizer = left[-1].state(), left[-1].model(), left[-1].optimizer()
    assert checkpoint.save(run.checkpoints_folder, 40, model, optimizer, state).pinned
    assert not checkpoint.find(fork(run, 40).checkpoints_folder, 40).pinned


def test_any_checkpoint_but_the_only_one_can_be_deleted(parent: Run) -> None:
    *others, last = checkpoint.checkpoints(parent.checkpoints_folder)
    for other in others:
        checkpoint.delete(other)
        checkpoint.delete(other)  # it is gone already
    with pytest.raises(GPTCoreError, match="only checkpoint"):
        checkpoint.delete(last)
    last.verify()
