"""The batch of any step, found again: against the windows that were handed to the model when it was made."""

import shutil
import threading
from contextlib import closing

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from gpt_core import checkpoint, retrace
from gpt_core.batches import Windows
from gpt_core.cli import main
from gpt_core.config import SamplingConfig
from gpt_core.control import Change, Close, Control, Resume, Stop
from gpt_core.errors import GPTCoreError
from gpt_core.events import (
    AnswerDone,
    BatchFound,
    CheckpointRead,
    NotFinite,
    PromptRead,
    StateChanged,
    StepDone,
    StepSkipped,
    WindowRead,
)
from gpt_core.fork import fork
from gpt_core.preparation import load_model
from gpt_core.reader import Reader
from gpt_core.record import Recorder, RecordView
from gpt_core.run import create, open_run
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker


@pytest.fixture
def given(monkeypatch):
    """Every batch that was handed out, in order."""
    found = []
    original = Windows.batch

    def batch(self, first, count):
        found.append(original(self, first, count))
        return found[-1]

    monkeypatch.setattr(Windows, "batch", batch)
    return found


def train(run, given, at=None):
    """Train to the end, giving each command of `at` when its step is done; the windows of each step."""
    control, seen = Control(), {}
    given.clear()

    def report(what):
        if isinstance(what, StepDone | StepSkipped | NotFinite):
            seen[what.step] = np.concatenate(given)
            given.clear()
            if at and what.step in at:
                control.ask(at[what.step])

    worker = Worker(run, control, report)
    worker.work()
    assert worker.error is None
    return seen


def found(run, step):
    return retrace.batch_of(run.folder, step)[0].tolist()


def refusal(run, step):
    with pytest.raises(GPTCoreError) as refused:
        found(run, step)
    return refused.value.code


def test_the_batch_of_every_step_through_changes_stops_and_epochs(config, tmp_path, given):
    """From each of the checkpoints, before the step or after it; the loss is the record's."""
    config = config.replace({"train.keep": 5, "train.checkpoint_interval": 10})
    run = create(config, tmp_path / "run")
    seen = train(run, given, {7: Change({"train.batch_size": 3}), 13: Stop()})
    seen |= train(open_run(run.folder), given, {26: Change({"train.accumulation": 1})})
    assert [*seen] == [*range(1, 41)]
    assert len({len(windows) for windows in seen.values()}) == 3
    with closing(RecordView(run.record_path)) as record:
        losses = dict(zip(*(column.tolist() for column in record.series("loss")), strict=True))
    for saved in reversed(checkpoint.checkpoints(run.checkpoints_folder)):
        for step, expected in seen.items():
            windows, loss = retrace.batch_of(run.folder, step)
            assert windows.tolist() == expected.tolist(), (saved.step, step)
            assert loss == losses[step]
        assert refusal(run, 0) == refusal(run, 41) == "step_not_recorded"
        shutil.rmtree(saved.path)  # and by the one before
    assert refusal(run, 12) == "no_checkpoint"


def test_a_step_that_was_skipped_counts(config, tmp_path, given):
    """In fp16 the first steps may be; none of them has figures to be found by."""
    config = config.replace({"train.precision": "fp16"})
    run = create(config, tmp_path / "run")
    control, skipped = Control(), []
    worker = Worker(
        run, control, lambda what: skipped.append(what) if isinstance(what, StepSkipped) else None
    )
    original = Worker._prepare

    def prepare(self, train):
        done = original(self, train)
        self._trainer.scaling.scale.fill_(2.0**30)
        return done

    worker._prepare = prepare.__get__(worker)
    given.clear()
    worker.work()
    assert worker.error is None
    assert len(skipped) > 2
    each = config.train.accumulation
    steps = [np.concatenate(given[first : first + each]) for first in range(0, 40 * each, each)]
    for step in range(1, 41):
        if step in [what.step for what in skipped]:
            assert refusal(run, step) == "step_not_recorded"
        else:
            assert found(run, step) == steps[step - 1].tolist()


def test_a_step_that_was_given_up_and_the_change_of_batch_that_followed(config, tmp_path, given, monkeypatch):
    """What a step took whose gradient is not finite is told beside it, as it has no figures."""
    run = create(config, tmp_path / "run")
    control, seen, worker = Control(), {}, None
    given.clear()

    def report(what):
        if isinstance(what, StepDone | NotFinite):
            seen[what.step] = np.concatenate(given)
            given.clear()
        if isinstance(what, StepDone) and what.step == 12:
            control.ask(Change({"train.batch_size": 3}))
            hook = worker._trainer.model.embedding.weight.register_hook(lambda gradient: gradient * torch.nan)
            hooks.append(hook)
        if isinstance(what, NotFinite):
            hooks.pop().remove()
            control.ask(Resume())
        if isinstance(what, StateChanged) and what.state == "finished":
            control.ask(Close())

    hooks = []
    worker = Worker(run, control, report, linger=True)
    worker.work()
    assert [*seen] == [*range(1, 41)]
    assert refusal(run, 13) == "step_not_recorded"
    for step in (1, 5, 12, 14, 30, 40):
        assert found(run, step) == seen[step].tolist(), step


def test_a_fork_knows_its_parents_batches_unless_its_order_is_another(config, tmp_path, given, text):
    config = config.replace({"train.keep": 5, "train.checkpoint_interval": 10})
    run = create(config, tmp_path / "run")
    before = train(run, given)
    plain = fork(run, 20, tmp_path / "plain", {"train.max_steps": 30})
    assert found(plain, 12) == before[12].tolist()
    after = train(plain, given)
    for step in (5, 20):
        assert found(plain, step) == before[step].tolist()
    assert after[25].tolist() == found(plain, 25) == before[25].tolist()

    other = fork(run, 20, tmp_path / "other", {"train.max_steps": 30, "train.seed": 9})
    again = fork(other, 20, tmp_path / "again")  # of one that has not begun
    assert refusal(again, 12) == "batch_of_other_text"
    after = train(other, given)
    assert found(other, 25) == after[25].tolist() != before[25].tolist()
    assert found(other, 21) == after[21].tolist()
    assert refusal(other, 12) == refusal(other, 20) == "batch_of_other_text"

    lines = text.read_text(encoding="utf-8").splitlines()
    more = tmp_path / "more.txt"
    more.write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
    elsewhere = fork(run, 20, tmp_path / "elsewhere", {"train.max_steps": 30, "data.source": str(more)})
    assert found(elsewhere, 12) == before[12].tolist()  # until it begins it has its parent's text
    after = train(elsewhere, given)
    assert found(elsewhere, 25) == after[25].tolist()
    assert found(elsewhere, 21) == after[21].tolist()
    assert refusal(elsewhere, 12) == refusal(elsewhere, 20) == "batch_of_other_text"

    same = tmp_path / "same.txt"
    shutil.copy(text, same)
    moved = fork(run, 20, tmp_path / "moved", {"train.max_steps": 30, "data.source": str(same)})
    after = train(moved, given)
    assert found(moved, 25) == after[25].tolist()
    assert found(moved, 12) == before[12].tolist()  # it is the same text


def test_what_a_record_does_not_know_is_refused(config, tmp_path, given):
    """One that was begun anew, in the place of a damaged one, tells of later steps alone."""
    run = create(config, tmp_path / "run")
    train(run, given, {20: Stop()})
    run.record_path.unlink()
    Recorder(run.record_path).close()
    seen = train(open_run(run.folder), given)
    assert refusal(run, 12) == "step_not_recorded"
    assert found(run, 30) == seen[30].tolist()


# ------------------------------------------------------------------------------------------- Being read


def read_by(make, step):
    """What one who answers tells of the batch of a step."""
    control, told, ended = Control(), [], threading.Event()

    def report(what):
        told.append(what)
        if isinstance(what, AnswerDone):
            ended.set()

    thread = threading.Thread(target=make(control, report).work)
    thread.start()
    number = control.read_batch(step)
    assert ended.wait(60)
    control.ask(Close())
    thread.join(60)
    return [what for what in told if getattr(what, "id", None) == number or isinstance(what, CheckpointRead)]


def check(told, windows, run, by, step=12):
    """That these windows were read, by the model after the step `by`."""
    found, *read, done = [what for what in told if not isinstance(what, CheckpointRead)]
    assert isinstance(found, BatchFound)
    assert (found.step, found.windows, found.by) == (step, len(windows), by)
    assert done == AnswerDone(found.id)
    model, tokenizer = load_model(run, checkpoint.find(run.checkpoints_folder, by))
    model.eval()
    for what, row in zip(read, torch.from_numpy(windows), strict=True):
        assert isinstance(what, WindowRead)
        assert "".join(what.pieces) == tokenizer.decode(row.tolist())
        assert what.probabilities[0] is None
        with torch.no_grad():
            loss = model(row[None, :-1], row[None, 1:]).item()
        assert what.loss == pytest.approx(loss, rel=1e-5)
        assert -np.log(what.probabilities[1:]).mean() == pytest.approx(loss, rel=1e-5)


def test_a_batch_is_read_by_the_worker_and_by_a_checkpoint(config, tmp_path, given):
    run = create(config.replace({"train.keep": 5, "train.checkpoint_interval": 10}), tmp_path / "run")
    windows = train(run, given)[12]
    opened = open_run(run.folder)
    told = read_by(lambda *both: Worker(opened, *both, train=False, linger=True), 12)
    check(told, windows, run, by=40)
    told = read_by(lambda *both: Reader(opened, 30, *both), 12)
    assert told[0] == CheckpointRead(30, "CPU")
    check(told, windows, run, by=30)
    told = read_by(lambda *both: Reader(opened, None, *both), 99)
    assert told[-1].error.code == "step_not_recorded"


def test_a_batch_is_read_in_the_midst_of_training(config, tmp_path, given):
    """Also the one of the very last step, of a run that went on in another text; and a prompt need not wait
    until all of it is read."""
    config = config.replace({"train.checkpoint_interval": 20, "train.keep": 5})
    run = create(config, tmp_path / "run")
    train(run, given)
    longer = {"train.max_steps": 60, "data.validation_fraction": 0.2}
    other = fork(run, 20, tmp_path / "other", longer)
    control, told, seen = Control(), [], {}
    given.clear()

    def report(what):
        told.append(what)
        if isinstance(what, StepDone):
            seen[what.step] = np.concatenate(given)
            given.clear()
            if what.step == 33:
                control.read_batch(33)
                control.prompt(SamplingConfig(prompt="the cat", max_tokens=4))

    Worker(other, control, report).work()
    answered = [what for what in told if isinstance(what, BatchFound | WindowRead | PromptRead | AnswerDone)]
    assert [type(what) for what in answered] == [
        BatchFound, WindowRead, PromptRead, AnswerDone, *[WindowRead] * 7, AnswerDone,
    ]  # fmt: skip
    assert (answered[0].step, answered[0].by) == (33, 33)
    tokenizer = Tokenizer.load(other.tokenizer_folder)
    windows = ["".join(what.pieces) for what in answered if isinstance(what, WindowRead)]
    assert windows == [tokenizer.decode(row) for row in seen[33].tolist()]


def test_the_command_shows_the_windows_the_hardest_first(config, tmp_path, given):
    run = create(config, tmp_path / "run")
    windows = train(run, given)[12]
    done = CliRunner().invoke(main, ["batch", str(run.folder), "--step", "12"])
    assert done.exit_code == 0, done.output
    tokenizer = Tokenizer.load(run.tokenizer_folder)
    heads = [line for line in done.output.splitlines() if line.startswith("--- ")]
    losses = [float(line.split("loss ")[1].split(" ")[0]) for line in heads]
    assert len(heads) == len(windows)
    assert losses == sorted(losses, reverse=True)
    for row in windows:
        assert tokenizer.decode(row.tolist()) in done.output
    missing = CliRunner().invoke(main, ["batch", str(run.folder), "--step", "41"])
    assert missing.exit_code == 2
    assert "no figures of step 41" in missing.stderr
