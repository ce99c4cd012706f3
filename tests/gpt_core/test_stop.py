"""Stopping: after the step at hand or at once, in the midst of a step, an evaluation, a sample or a pause."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpt_core import checkpoint
from gpt_core.config import to_toml
from gpt_core.control import Close, Control, Pause, Resume, Stop
from gpt_core.events import (
    CheckpointSaved,
    EvaluationBatch,
    EvaluationDone,
    MicroBatchDone,
    Report,
    SampleDone,
    SampleToken,
    StateChanged,
    StepDone,
    Stopping,
)
from gpt_core.run import Run, create, open_run
from gpt_core.worker import Worker


@pytest.fixture
def config(config):
    return config.replace({"train.accumulation": 4, "train.batch_size": 2})


def train(run: Run, *script: tuple[Callable[[Report], bool], object]) -> list[Report]:
    """Train on this thread; each command of the script is given at the first report after the one before it
    that fits."""
    control, reports, rest = Control(), [], list(script)

    def report(what: Report) -> None:
        reports.append(what)
        if rest and rest[0][0](what):
            control.ask(rest.pop(0)[1])

    Worker(run, control, report).work()
    assert not rest
    return reports


def batch(step: int, done: int) -> Callable[[Report], bool]:
    return lambda what: what == MicroBatchDone(step, done, 4)


def states(reports: list[Report]) -> list[str]:
    return [what.state for what in reports if isinstance(what, StateChanged)]


def steps(reports: list[Report]) -> list[int]:
    return [what.step for what in reports if isinstance(what, StepDone)]


def saved(run: Run) -> int:
    return checkpoint.checkpoints(run.checkpoints_folder)[-1].step


def weights(run: Run) -> dict[str, torch.Tensor]:
    return checkpoint.checkpoints(run.checkpoints_folder)[-1].model()


def same(one: Run, other: Run) -> bool:
    found = weights(other)
    return all(torch.equal(value, found[name]) for name, value in weights(one).items())


def test_after_this_step_the_step_is_finished_and_no_more(config, tmp_path):
    run = create(config, tmp_path / "run")
    reports = train(run, (batch(10, 2), Stop()))
    assert steps(reports) == list(range(1, 11))
    assert Stopping(10, 2, 4) in reports
    after = reports[reports.index(Stopping(10, 2, 4)) + 1 :]
    assert [what for what in after if isinstance(what, MicroBatchDone)] == [MicroBatchDone(10, 3, 4)]
    # The evaluation that is due after step 10 waits.
    assert not any(isinstance(what, EvaluationBatch | EvaluationDone) for what in reports)
    assert states(reports) == ["preparing", "training", "stopped", "closed"]
    assert saved(run) == 10


def test_now_the_step_is_given_up_and_the_one_before_is_saved(config, tmp_path):
    run = create(config, tmp_path / "run")
    reports = train(run, (batch(8, 1), Stop(now=True)))
    assert steps(reports) == list(range(1, 8))
    assert MicroBatchDone(8, 2, 4) not in reports
    assert saved(run) == 7


def test_a_second_stop_means_now(config, tmp_path):
    run = create(config, tmp_path / "run")
    reports = train(run, (batch(8, 1), Stop()), (batch(8, 2), Stop()))
    assert Stopping(8, 1, 4) in reports
    assert MicroBatchDone(8, 3, 4) not in reports
    assert saved(run) == 7


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("kind", [EvaluationBatch, SampleToken])
def test_in_an_evaluation_or_a_sample_both_stop_at_once(config, tmp_path, now, kind):
    """The step is whole, and what was begun is done anew on resume: nothing is lost, nothing told twice."""
    run = create(config, tmp_path / "run")
    reports = train(run, (lambda what: isinstance(what, kind), Stop(now)))
    at = 10 if kind is EvaluationBatch else 20
    assert sum(isinstance(what, kind) for what in reports) == 1
    assert saved(run) == at
    again = train(open_run(run.folder))
    done = EvaluationDone if kind is EvaluationBatch else SampleDone
    assert next(what.step for what in again if isinstance(what, done)) == at
    whole = create(config, tmp_path / "whole")
    train(whole)
    assert same(whole, run)


def test_stopped_and_resumed_is_the_same_run_bit_for_bit(config, tmp_path):
    whole, parts = create(config, tmp_path / "whole"), create(config, tmp_path / "parts")
    through = train(whole)
    begun = train(parts, (batch(20, 3), Stop()))
    rest = train(open_run(parts.folder))
    assert same(whole, parts)

    def told(reports: list[Report]) -> list[object]:
        kinds = StepDone | EvaluationDone | SampleDone
        return [
            (what.step, what.loss) if isinstance(what, StepDone) else what
            for what in reports
            if isinstance(what, kinds)
        ]

    assert told(begun) + told(rest) == told(through)


def test_at_the_last_step_what_is_due_is_done_on_resume_and_saved(config, tmp_path):
    """Nor is it done once more after that."""
    run = create(config, tmp_path / "run")
    train(run, (batch(40, 1), Stop()))
    assert saved(run) == 40
    reports = train(open_run(run.folder))
    assert steps(reports) == []
    assert [what.step for what in reports if isinstance(what, EvaluationDone | SampleDone)] == [40, 40]
    assert [what.step for what in reports if isinstance(what, CheckpointSaved)] == [40]
    assert "finished" in states(reports)
    last = train(open_run(run.folder))
    assert not any(isinstance(what, EvaluationDone | CheckpointSaved) for what in last)
    assert last[-1].error is not None
    assert last[-1].error.code == "run_finished"


def test_in_a_pause_the_step_is_finished_too(config, tmp_path):
    run, control, reports = create(config, tmp_path / "run"), Control(), []
    at = {MicroBatchDone(8, 1, 4): Pause(), StateChanged("paused"): Stop()}

    def report(what: Report) -> None:
        reports.append(what)
        for waited, asked in at.items():
            if what == waited:
                control.ask(asked)
        if what == StateChanged("stopped"):
            control.ask(Close())

    Worker(run, control, report, linger=True).work()
    assert states(reports) == ["preparing", "training", "paused", "training", "stopped", "closed"]
    assert steps(reports) == list(range(1, 9))
    assert saved(run) == 8


def test_a_pause_takes_the_stop_back(config, tmp_path):
    run, control, reports = create(config, tmp_path / "run"), Control(), []

    def report(what: Report) -> None:
        reports.append(what)
        if what == MicroBatchDone(8, 1, 4):
            control.ask(Stop())
        elif isinstance(what, Stopping):
            control.ask(Pause())
        elif what == StateChanged("paused"):
            control.ask(Resume())
        elif what == StateChanged("finished"):
            control.ask(Stop())  # of no use: it has ended
            control.ask(Close())

    Worker(run, control, report, linger=True).work()
    assert steps(reports) == list(range(1, 41))


def test_trouble_in_the_very_step_is_told_with_the_stop(config, tmp_path):
    run = create(config.replace({"schedule.max_lr": 10.0, "optimizer.grad_clip": 0.0}), tmp_path / "run")
    control, reports, held = Control(), [], {}

    def report(what: Report) -> None:
        reports.append(what)
        if what == MicroBatchDone(8, 1, 4):
            weight = held["worker"]._trainer.model.embedding.weight
            weight.register_hook(lambda gradient: gradient * float("nan"))
            control.ask(Stop())

    held["worker"] = Worker(run, control, report)
    held["worker"].work()
    stopped = next(what for what in reports if isinstance(what, StateChanged) and what.state == "stopped")
    assert stopped.error is not None
    assert stopped.error.code == "not_finite_gradient"
    assert saved(run) == 8


def begun(toml: Path, run: Path, *before: str) -> tuple[subprocess.Popen[str], str]:
    """A process that trains, and what it told until the training began."""
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "gpt_core.cli", "train", str(toml), "--run", str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = ""
    while "parameters, vocabulary" not in told:
        told += process.stderr.readline()
    return process, told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_once_finishes_the_step_and_twice_gives_it_up(config, tmp_path, times):
    """With a step of minutes: the first leaves it going on, the second ends it before it is whole."""
    long = 400 if times == 1 else 65536
    config = config.replace({"train.accumulation": long, "train.batch_size": 1})
    (tmp_path / "long.toml").write_text(to_toml(config), encoding="utf-8")
    run = tmp_path / "run"
    process, told = begun(tmp_path / "long.toml", run)
    time.sleep(1)  # into the first step
    process.send_signal(signal.SIGINT)
    if times == 2:
        while "Stopping after step" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        process.send_signal(signal.SIGINT)
    output, rest = process.communicate(timeout=100)
    assert process.returncode == 0, told + rest
    done = int(output.split()[1].strip(","))
    if times == 2:
        assert done == 0
    else:
        assert done > 0
        assert checkpoint.checkpoints(run / "checkpoints")[-1].step == done


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_goes_leaves_a_checkpoint_and_none_to_nohup(config, tmp_path, ignored):
    config = config.replace({"train.max_steps": 1000 if ignored else 10**6, "train.checkpoint_interval": 0})
    config = config.replace({"train.eval_interval": 0, "train.sample_interval": 0})
    (tmp_path / "long.toml").write_text(to_toml(config), encoding="utf-8")
    run = tmp_path / "run"
    process, told = begun(tmp_path / "long.toml", run, *(["nohup"] if ignored else []))
    time.sleep(0.7)
    process.send_signal(signal.SIGHUP)
    output, rest = process.communicate(timeout=100)
    assert process.returncode == 0, told + rest
    done = int(output.split()[1].strip(","))
    assert (done == 1000) == ignored
    assert saved(open_run(run)) == done
