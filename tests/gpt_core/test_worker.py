"""The driver: exact resume in another process, commands, the record, prompts at any time, and trouble."""

import math
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import replace

import psutil
import pytest
import torch

import gpt_core.trainer
from gpt_core import checkpoint, corpus
from gpt_core.config import SamplingConfig, to_toml
from gpt_core.control import Change, Close, Control, Pause, Resume, Stop, StopAnswer
from gpt_core.errors import Fault, GPTCoreError
from gpt_core.events import (
    AnswerDone,
    AnswerPiece,
    AnswerStarted,
    Changed,
    ChangeRefused,
    CheckpointSaved,
    Evaluation,
    EvaluationDone,
    Notice,
    Ready,
    Report,
    SampleDone,
    StateChanged,
    StepDone,
)
from gpt_core.fork import fork
from gpt_core.record import Recorder, RecordView
from gpt_core.run import Run, create, open_run
from gpt_core.schedule import learning_rate
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker


def train(run: Run, at: dict[int, object] | None = None) -> list[Report]:
    """Train on this thread to the end, giving each command of `at` when its step is done."""
    control, reports = Control(), []

    def report(what: Report) -> None:
        reports.append(what)
        if isinstance(what, StepDone) and at and what.step in at:
            control.ask(at[what.step])

    Worker(run, control, report).work()
    return reports


def final_weights(run: Run) -> dict[str, torch.Tensor]:
    return checkpoint.checkpoints(run.checkpoints_folder)[-1].model()


RESUME = """
import sys
from pathlib import Path
from gpt_core.control import Control
from gpt_core.run import open_run
from gpt_core.worker import Worker

worker = Worker(open_run(Path(sys.argv[1])), Control(), lambda report: None)
worker.work()
sys.exit(0 if worker.error is None else str(worker.error))
"""

LIVE = {
    "schedule.max_lr": 5e-3,
    "train.batch_size": 3,
    "train.accumulation": 1,
    "model.residual_dropout": 0.3,
    "optimizer.beta2": 0.9,
}


@pytest.mark.parametrize("case", ["plain", "live change", "change beyond the checkpoint"])
def test_forty_steps_are_twenty_and_twenty_in_another_process(config, tmp_path, case):
    """Bit for bit, across the epoch's edge too: the training part is shorter than forty steps."""
    changes = {
        "plain": {},
        "live change": {12: Change(LIVE)},
        "change beyond the checkpoint": {26: Change(LIVE)},
    }
    whole = create(config, tmp_path / "whole")
    reports = train(whole, changes[case])
    tokens = next(report for report in reports if isinstance(report, Ready)).train_tokens
    assert sum(report.tokens for report in reports if isinstance(report, StepDone)) > tokens

    parts = create(config, tmp_path / "parts")
    stop_at = 28 if case == "change beyond the checkpoint" else 20
    train(parts, changes[case] | {stop_at: Stop()})
    if (
        stop_at == 28
    ):  # as if killed: only the checkpoint of step 20 is left, the change at 26 is in the record
        for saved in checkpoint.checkpoints(parts.checkpoints_folder):
            if saved.step > 20:
                (saved.path / "manifest.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", RESUME, str(parts.folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    expected, found = final_weights(whole), final_weights(parts)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name

    with closing(RecordView(whole.record_path)) as one, closing(RecordView(parts.record_path)) as other:
        for series in ("loss", "rate", "grad_norm", "validation"):
            (steps, values), (their_steps, their_values) = one.series(series), other.series(series)
            assert steps.tolist() == their_steps.tolist()
            assert values.tolist() == their_values.tolist()


@pytest.mark.parametrize("form", ["cosine", "gpt1"])
def test_the_recorded_rate_is_the_schedules(config, tmp_path, form):
    config = config.replace({"schedule.form": form, "schedule.min_lr": 1e-3})
    run = create(config, tmp_path / "run")
    train(run)
    with closing(RecordView(run.record_path)) as view:
        steps, rates = view.series("rate")
    assert steps.tolist() == list(range(1, 41))
    assert rates.tolist() == [learning_rate(step, config.schedule, 40) for step in range(1, 41)]
    assert rates[4] == config.schedule.max_lr  # the end of the warmup


class Driven:
    """A worker on a thread of its own, and what it has told so far."""

    def __init__(self, run: Run, train: bool = True) -> None:
        self.control = Control()
        self.reports: list[Report] = []
        worker = Worker(run, self.control, self.reports.append, train=train, linger=True)
        self.thread = threading.Thread(target=worker.work)
        self.thread.start()

    def wait(self, wanted: Callable[[Report], bool], seconds: float = 60.0) -> Report:
        """The first report that is wanted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for report in list(self.reports):
                if wanted(report):
                    return report
            time.sleep(0.005)
        raise AssertionError(f"nothing of the kind among {[type(r).__name__ for r in self.reports][-20:]}")

    def wait_for_state(self, state: str) -> StateChanged:
        return self.wait(lambda report: isinstance(report, StateChanged) and report.state == state)

    def refused(self, count: int) -> list[Fault]:
        """Why changes were refused, once so many were."""

        def faults() -> list[Fault]:
            refusals = [report for report in list(self.reports) if isinstance(report, ChangeRefused)]
            return [fault for refusal in refusals for fault in refusal.faults]

        self.wait(lambda _: len(faults()) >= count)
        return faults()

    def ask(self, prompt: str, **settings: object) -> int:
        return self.control.prompt(SamplingConfig(prompt=prompt, **settings))

    def answer(self, prompt_id: int) -> str:
        done = self.wait(lambda report: isinstance(report, AnswerDone) and report.id == prompt_id)
        assert done.error is None, done.error
        return "".join(r.piece for r in self.reports if isinstance(r, AnswerPiece) and r.id == prompt_id)


@contextmanager
def driven(run: Run, train: bool = True):
    one = Driven(run, train)
    try:
        yield one
    finally:
        one.control.ask(Close())
        one.thread.join(60)
        assert not one.thread.is_alive()


def test_prompts_are_answered_while_training_paused_finished_and_opened_again(config, tmp_path):
    run = create(config.replace({"train.max_steps": 400, "train.eval_interval": 100}), tmp_path / "run")
    with driven(run) as one:
        one.wait(lambda report: isinstance(report, StepDone))
        training = one.ask("the cat", max_tokens=30, seed=3)
        assert len(one.answer(training)) <= 30
        one.control.ask(Pause())
        one.wait_for_state("paused")
        paused = one.ask("the cat", max_tokens=30, seed=3)
        again = one.ask("the cat", max_tokens=30, seed=3)
        assert one.answer(paused) == one.answer(again)
        steps = [report.step for report in one.reports if isinstance(report, StepDone)]
        time.sleep(0.2)
        assert steps == [report.step for report in one.reports if isinstance(report, StepDone)]
        one.control.ask(Change({"train.max_steps": steps[-1] + 30}))
        one.control.ask(Resume())
        one.wait_for_state("finished")
        finished = one.answer(one.ask("the cat", max_tokens=30, seed=3))
    with driven(open_run(run.folder), train=False) as one:
        one.wait_for_state("finished")
        assert one.answer(one.ask("the cat", max_tokens=30, seed=3)) == finished
        assert not any(isinstance(report, StepDone) for report in one.reports)


def test_an_answer_can_be_cut_short_and_odd_prompts_are_told(config, tmp_path):
    run = create(config.replace({"train.max_steps": 5}), tmp_path / "run")
    with driven(run) as one:
        one.wait_for_state("finished")
        long = one.ask("the", max_tokens=1_000_000, temperature=0)
        one.wait(lambda report: isinstance(report, AnswerPiece) and report.id == long)
        one.control.ask(StopAnswer(long))
        done = one.wait(lambda report: isinstance(report, AnswerDone) and report.id == long)
        assert done.stopped
        odd = one.ask("thé", max_tokens=3)
        started = one.wait(lambda report: isinstance(report, AnswerStarted) and report.id == odd)
        assert started.left_out == ("é",)
        none = one.ask("éé", max_tokens=3)
        done = one.wait(lambda report: isinstance(report, AnswerDone) and report.id == none)
        assert done.error.code == "prompt_unknown"


def test_stop_saves_and_resume_goes_on(config, tmp_path):
    run = create(config.replace({"train.checkpoint_interval": 0, "train.eval_interval": 0}), tmp_path / "run")
    with driven(run) as one:
        one.wait(lambda report: isinstance(report, StepDone) and report.step == 5)
        one.control.ask(Stop())
        one.wait_for_state("stopped")
        saved = one.wait(lambda report: isinstance(report, CheckpointSaved))
        last = max(report.step for report in one.reports if isinstance(report, StepDone))
        assert saved.step == last
        one.control.ask(Resume())
        one.wait_for_state("finished")
    assert [c.step for c in checkpoint.checkpoints(run.checkpoints_folder)] == [last, 40]
    assert not list(run.folder.glob("record.sqlite-*"))  # closed whole


def test_text_that_the_vocabulary_does_not_know_is_told_before_training(config, tmp_path, gpt1_folder):
    path = tmp_path / "japanese"
    path.mkdir()
    for name in ("one.txt", "two.txt"):
        (path / name).write_text("吾輩は猫である。 名前はまだ無い。 " * 100 + name, encoding="utf-8")
    changes = {"data.source": str(path), "data.tokenizer": "gpt1", "data.tokenizer_path": str(gpt1_folder)}
    reports = train(create(config.replace(changes | {"train.max_steps": 5}), tmp_path / "run"))
    told = [what.error for what in reports if isinstance(what, Notice)]
    assert [error.code for error in told] == ["tokens_unknown", "documents_run_together"]
    assert "%" in str(told[0])


def test_a_stop_that_comes_before_the_first_step_is_heard(config, tmp_path):
    control, reports = Control(), []

    def report(what: Report) -> None:
        reports.append(what)
        if isinstance(what, Ready):
            control.ask(Stop())

    Worker(create(config, tmp_path / "run"), control, report).work()
    assert not any(isinstance(what, StepDone) for what in reports)
    assert reports[-1] == StateChanged("closed")


def test_refused_changes_change_nothing(config, tmp_path):
    run = create(config, tmp_path / "run")
    wrong = Change({"schedule.max_lr": -1.0})
    fixed = Change({"model.num_layers": 3})
    reports = train(run, {3: wrong, 6: fixed, 9: Change({"optimizer.grad_clip": 0.5})})
    refused = [report.faults[0] for report in reports if isinstance(report, ChangeRefused)]
    assert [(fault.field, fault.code) for fault in refused] == [
        ("schedule.max_lr", "not_above"),
        ("model.num_layers", "fixed_by_model"),
    ]
    changed = [report for report in reports if isinstance(report, Changed)]
    assert [(report.step, dict(report.changes)) for report in changed] == [(9, {"optimizer.grad_clip": 0.5})]
    with closing(RecordView(run.record_path)) as view:
        assert [(event.step, event.values) for event in view.events("change")] == [
            (9, {"optimizer.grad_clip": 0.5})
        ]
        samples = [event.values["text"] for event in view.events("sample")]
    assert samples == [report.text for report in reports if isinstance(report, SampleDone)]


def test_prompts_pinned_in_mid_run_are_in_the_record_with_their_settings(config, tmp_path):
    run = create(config, tmp_path / "run")
    pin, bolder = Change({"sampling.pinned": ["a cat"]}), Change({"sampling.temperature": 1.5})
    reports = train(run, {15: pin, 25: bolder})
    with closing(RecordView(run.record_path)) as view:
        samples = [(event.step, event.values) for event in view.events("sample")]
        changes = [(event.step, event.values) for event in view.events("change")]
    assert changes == [(15, {"sampling.pinned": ["a cat"]}), (25, {"sampling.temperature": 1.5})]
    told = [
        (what.step, {"prompt": what.prompt, "text": what.text, "settings": what.settings})
        for what in reports
        if isinstance(what, SampleDone)
    ]
    assert samples == told
    found = [(step, values["prompt"], values["settings"]["temperature"]) for step, values in samples]
    assert found == [(20, "the ", 0.8), (20, "a cat", 0.8), (40, "the ", 1.5), (40, "a cat", 1.5)]


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(config, tmp_path):
    run = create(config, tmp_path / "run")
    train(run)
    newest = checkpoint.checkpoints(run.checkpoints_folder)[-1]
    weights = newest.path / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-7] ^= 1
    weights.write_bytes(damaged)
    with driven(run, train=False) as one:
        ready = one.wait(lambda report: isinstance(report, Ready))
        assert ready.step == 30
        notice = one.wait(lambda report: isinstance(report, Notice))
        assert str(newest.path) in str(notice.error)
        assert "model.safetensors" in str(notice.error)
        one.control.ask(Resume())
        one.wait_for_state("finished")


def test_a_run_in_use_is_told(config, tmp_path):
    run = create(config, tmp_path / "run")
    with run.lock():
        reports = train(run)
    states = [report for report in reports if isinstance(report, StateChanged)]
    assert states[-1].state == "failed"
    assert states[-1].error.code == "run_in_use"


def test_whatever_fails_is_told_with_its_traceback(config, tmp_path, monkeypatch):
    run = create(config, tmp_path / "run")

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("gpt_core.trainer.learning_rate", fail)
    with driven(run) as one:
        paused = one.wait_for_state("paused")
        assert paused.error.code == "unexpected"
        assert "ZeroDivisionError" in paused.details
        assert "ZeroDivisionError" in run.log_path.read_text()
        assert len(one.answer(one.ask("the cat", max_tokens=5))) <= 5  # still there to be prompted
        monkeypatch.undo()
        one.control.ask(Resume())
        one.wait_for_state("finished")


def test_threads_left_to_choose_are_chosen_and_kept(config, tmp_path):
    run = create(config.replace({"train.threads": 0, "train.max_steps": 5}), tmp_path / "run")
    chosen = next(report for report in train(run) if isinstance(report, Ready)).resolved.threads
    assert chosen >= 1
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].state()["resolved"]["threads"] == chosen


def killed_at(run: Run, step: int, last_sound: int, changes: dict[int, object]) -> None:
    """Leave the run as a kill at `step` would, with the checkpoint of `last_sound` the only sound one."""
    train(run, changes | {step: Stop()})
    for saved in checkpoint.checkpoints(run.checkpoints_folder):
        if saved.step > last_sound:
            (saved.path / "manifest.json").write_text("{}")


def change_events(run: Run) -> list[tuple[int, dict[str, object]]]:
    with closing(RecordView(run.record_path)) as view:
        return [(event.step, event.values) for event in view.events("change")]


def test_changes_beyond_the_checkpoint_outlive_an_opening_without_training(config, tmp_path):
    run = create(config, tmp_path / "run")
    first, second = {"schedule.max_lr": 5e-3}, {"schedule.max_lr": 6e-3}
    killed_at(run, 18, 10, {10: Change(first), 15: Change(second)})
    for _ in range(3):
        with driven(open_run(run.folder), train=False) as one:
            one.wait_for_state("stopped")
    assert change_events(run) == [(10, first), (15, second)]
    reports = train(open_run(run.folder))
    rates = {report.step: report.rate for report in reports if isinstance(report, StepDone)}
    schedule = config.schedule
    for step, rate in rates.items():
        max_lr = 5e-3 if step <= 15 else 6e-3
        assert rate == learning_rate(step, schedule.model_copy(update={"max_lr": max_lr}), 40)
    assert change_events(run) == [(10, first), (15, second)]


def test_a_new_change_overrules_one_of_a_future_that_was_given_up(config, tmp_path):
    run = create(config, tmp_path / "run")
    killed_at(run, 18, 10, {15: Change({"schedule.max_lr": 5e-2, "optimizer.beta2": 0.9})})
    control, rates = Control(), {}

    def report(what: Report) -> None:
        if isinstance(what, StepDone):
            rates[what.step] = what.rate

    control.ask(Change({"schedule.max_lr": 1e-3}))
    Worker(open_run(run.folder), control, report).work()
    lower = config.schedule.model_copy(update={"max_lr": 1e-3})
    assert rates == {step: learning_rate(step, lower, 40) for step in range(11, 41)}
    assert change_events(run) == [(15, {"optimizer.beta2": 0.9}), (10, {"schedule.max_lr": 1e-3})]
    saved = checkpoint.checkpoints(run.checkpoints_folder)[-1].state()["config"]
    assert (saved["schedule"]["max_lr"], saved["optimizer"]["beta2"]) == (1e-3, 0.9)


def test_a_full_disk_pauses_and_loses_nothing(config, tmp_path, monkeypatch):
    run = create(config.replace({"train.max_steps": 100_000}), tmp_path / "run")
    full = threading.Event()
    commit = Recorder.flush

    def flush(recorder: Recorder) -> None:
        if full.is_set():
            raise GPTCoreError("disk_full", path=run.folder, step=1)
        commit(recorder)

    monkeypatch.setattr(Recorder, "flush", flush)
    with driven(run) as one:
        one.wait(lambda report: isinstance(report, StepDone) and report.step >= 5)
        full.set()
        paused = one.wait_for_state("paused")
        assert paused.error.code == "disk_full"
        full.clear()
        one.control.ask(Resume())
        at = max(report.step for report in one.reports if isinstance(report, StepDone))
        one.wait(lambda report: isinstance(report, StepDone) and report.step > at + 3)
    steps = [report.step for report in one.reports if isinstance(report, StepDone)]
    assert steps == list(range(1, steps[-1] + 1))
    with closing(RecordView(run.record_path)) as view:
        assert view.series("loss")[0].tolist() == steps
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].step == steps[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no folder with open files")
@pytest.mark.parametrize("gone", ["moved", "deleted"])
def test_a_run_whose_folder_is_gone_pauses_still_answers_and_makes_no_other(config, tmp_path, gone):
    run = create(config.replace({"train.max_steps": 100_000}), tmp_path / "run")
    with driven(run) as one:
        one.wait(lambda report: isinstance(report, StepDone) and report.step >= 5)
        if gone == "moved":
            run.folder.rename(tmp_path / "moved")
        else:
            shutil.rmtree(run.folder)
        assert one.wait_for_state("paused").error.code == "run_gone"
        one.answer(one.ask("the cat", max_tokens=5))
        assert not run.folder.exists()
        if gone == "moved":
            (tmp_path / "moved").rename(run.folder)
            at = max(report.step for report in one.reports if isinstance(report, StepDone))
            one.control.ask(Resume())
            one.wait(lambda report: isinstance(report, CheckpointSaved) and report.step > at)
    last = one.reports[-1]
    assert isinstance(last, StateChanged)
    assert last.error is None if gone == "moved" else last.error.code == "run_gone"
    assert run.folder.exists() == (gone == "moved")


def test_what_could_not_be_saved_at_the_end_is_told(config, tmp_path, monkeypatch):
    run = create(
        config.replace({"train.max_steps": 100_000, "train.checkpoint_interval": 0}), tmp_path / "run"
    )

    def fail(*_: object) -> None:
        raise GPTCoreError("disk_full", path=run.folder, step=1)

    one = Driven(run)
    one.wait(lambda report: isinstance(report, StepDone))
    monkeypatch.setattr("gpt_core.checkpoint.save", fail)
    one.control.ask(Close())
    one.thread.join(60)
    last = one.reports[-1]
    assert isinstance(last, StateChanged)
    assert last.state == "closed"
    assert last.error.code == "disk_full"


def test_a_validation_that_is_not_finite_is_no_best_one(config, tmp_path, monkeypatch):
    run = create(config.replace({"train.max_steps": 20, "train.checkpoint_interval": 0}), tmp_path / "run")
    evaluate = gpt_core.trainer.evaluate

    def not_finite(*arguments: object):
        for event in evaluate(*arguments):
            yield replace(event, loss=math.nan) if isinstance(event, Evaluation) else event

    monkeypatch.setattr("gpt_core.trainer.evaluate", not_finite)
    reports: list[Report] = []
    worker = Worker(run, Control(), reports.append)
    worker.work()
    assert worker.error is None
    assert [report.best for report in reports if isinstance(report, EvaluationDone)] == [False, False]


def test_a_batch_too_large_for_the_memory_is_told_before_training(config, tmp_path, monkeypatch):
    run = create(config.replace({"train.batch_size": 5000, "train.accumulation": 1}), tmp_path / "run")
    free = psutil.virtual_memory()._replace(available=30 * 10**6)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    told = train(run)[-1]
    assert isinstance(told, StateChanged)
    assert (told.state, told.error.code, told.error.field) == (
        "failed",
        "memory_too_small",
        "train.batch_size",
    )
    fits = told.error.values["fits"]
    assert 1 <= fits < 5000
    run = create(config.replace({"train.batch_size": fits, "train.max_steps": 5}), tmp_path / "smaller")
    assert isinstance(train(run)[-1], StateChanged)
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].step == 5
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free._replace(available=1000))
    with driven(open_run(run.folder), train=False) as one:  # too small to train, but not to prompt
        notice = one.wait(lambda report: isinstance(report, Notice))
        assert notice.error.code == "memory_too_small"
        one.wait_for_state("finished")
        one.answer(one.ask("the cat", max_tokens=5))


def test_threads_can_be_changed_while_training(config, tmp_path):
    run = create(config, tmp_path / "run")
    train(run, {5: Change({"train.threads": 2}), 20: Stop()})
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].state()["resolved"]["threads"] == 2
    reports = train(open_run(run.folder))
    assert next(report for report in reports if isinstance(report, Ready)).resolved.threads == 2


def without_its_text(config, text, tmp_path) -> Run:
    """A run of twenty steps whose tokens were not kept and whose text was moved away."""
    run = create(config, tmp_path / "run")
    train(run, {20: Stop()})
    shutil.rmtree(run.tokens_folder)
    text.rename(text.with_suffix(".moved"))
    return run


def test_a_run_without_its_text_is_prompted_and_trains_on_once_the_text_is_back(config, text, tmp_path):
    run = without_its_text(config, text, tmp_path)
    with driven(open_run(run.folder), train=False) as one:
        assert one.wait_for_state("stopped").error is None
        before = one.answer(one.ask("the cat", max_tokens=20, seed=3))
        one.control.ask(Change({"schedule.max_lr": 5e-3}))
        one.control.ask(Resume())
        gone = one.wait(lambda report: isinstance(report, StateChanged) and report.error is not None)
        assert (gone.state, gone.error.code) == ("stopped", "text_gone")
        assert str(text) in str(gone.error)
        assert one.answer(one.ask("the cat", max_tokens=20, seed=3)) == before
        text.with_suffix(".moved").rename(text)
        one.control.ask(Resume())
        one.control.ask(Stop())  # before it is prepared: that is given up, and the model is kept
        time.sleep(0.1)
        assert one.answer(one.ask("the cat", max_tokens=20, seed=3)) == before
        one.control.ask(Resume())
        one.wait_for_state("finished")
    ready = [report for report in one.reports if isinstance(report, Ready)]
    assert ready[0].train_tokens == 0
    assert ready[-1].train_tokens > 0
    lower = config.schedule.model_copy(update={"max_lr": 5e-3})
    rates = {report.step: report.rate for report in one.reports if isinstance(report, StepDone)}
    assert rates == {step: learning_rate(step, lower, 40) for step in range(21, 41)}
    assert change_events(run) == [(20, {"schedule.max_lr": 5e-3})]


def refused(run: Run) -> str:
    """Why the run trains no further; its checkpoint is untouched."""
    last = train(open_run(run.folder))[-1]
    assert isinstance(last, StateChanged)
    assert last.error is not None
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].step == 20
    return last.error.code


def test_no_other_text_is_trained_on_than_the_checkpoints(config, text, tmp_path):
    """Neither one that changed before its tokens were made again, nor another run's tokens or tokenizer."""
    run = create(config, tmp_path / "run")
    train(run, {20: Stop()})
    content = text.read_text()
    text.write_text(content.replace("bird", "drib"))  # of the same characters
    other = create(config, tmp_path / "other")
    train(other, {20: Stop()})
    kept = tmp_path / "kept"
    run.tokens_folder.rename(kept)
    assert refused(run) == "text_differs"
    shutil.rmtree(run.tokens_folder)
    shutil.copytree(other.tokens_folder, run.tokens_folder)
    assert refused(run) == "text_differs"
    shutil.rmtree(run.tokens_folder)
    kept.rename(run.tokens_folder)
    run.tokenizer_folder.rename(kept)
    assert refused(run) == "tokenizer_damaged"
    shutil.rmtree(run.tokens_folder)
    changed = Tokenizer.train("characters", [content.replace("b", "z")])
    changed.save(run.tokenizer_folder)
    assert refused(run) == "tokenizer_differs"
    text.write_text(content)
    shutil.rmtree(run.tokens_folder, ignore_errors=True)
    shutil.rmtree(run.tokenizer_folder)
    kept.rename(run.tokenizer_folder)
    assert train(open_run(run.folder))[-1] == StateChanged("closed")


def test_a_configuration_edited_before_the_first_step_holds_and_afterwards_is_told(config, text, tmp_path):
    run = create(config, tmp_path / "run")
    for _ in corpus.prepare(config, run.folder):
        pass
    other = text.with_name("other.txt")
    other.write_text(text.read_text().replace("bird", "fish"))
    (run.folder / "run.toml").write_text(to_toml(config.replace({"data.source": str(other)})))
    train(open_run(run.folder), {20: Stop()})
    assert not corpus.Corpus.open(run.folder).tokenizer.unknown("fish")
    (run.folder / "run.toml").write_text(to_toml(config))
    told = [what.error for what in train(open_run(run.folder)) if isinstance(what, Notice)]
    assert [error.code for error in told] == ["run_toml_differs"]
    assert "data.source" in str(told[0])


def test_a_run_whose_checkpoints_are_gone_is_not_trained_anew(config, tmp_path):
    run = create(config, tmp_path / "run")
    train(run, {25: Stop()})
    shutil.rmtree(run.checkpoints_folder)
    last = train(open_run(run.folder))[-1]
    assert (last.state, last.error.code, last.error.values["step"]) == ("failed", "checkpoints_gone", 25)
    assert not run.checkpoints_folder.exists()


def test_a_run_that_was_ended_before_its_first_checkpoint_says_that_it_begins_anew(config, tmp_path):
    run = create(config, tmp_path / "run")
    with closing(Recorder(run.record_path)) as record:
        for step in range(1, 8):
            record.add(step, loss=1.0)
    for at in (7, None):
        reports = train(open_run(run.folder))
        told = [what.error for what in reports if isinstance(what, Notice)]
        assert [error.values.get("step") for error in told if error.code == "begun_anew"] == [at] * bool(at)
    assert any(isinstance(what, StateChanged) and what.error for what in reports)  # it has reached its steps


def test_what_was_edited_in_run_toml_and_is_not_read_is_told(config, tmp_path):
    run = create(config, tmp_path / "run")
    train(run, {5: Change({"schedule.max_lr": 5e-3}), 20: Stop()})
    assert not any(isinstance(what, Notice) for what in train(open_run(run.folder), {21: Stop()}))
    edited = config.replace({"train.max_steps": 50, "train.keep": 7, "train.seed": 9})
    (run.folder / "run.toml").write_text(to_toml(edited))
    reports = train(open_run(run.folder))
    told = {what.error.code: what.error.values["fields"] for what in reports if isinstance(what, Notice)}
    assert told == {"run_toml_differs": "train.seed", "run_toml_not_read": "train.max_steps, train.keep"}
    assert max(what.step for what in reports if isinstance(what, StepDone)) == 40


def test_run_toml_is_not_said_to_be_changed_where_the_record_of_live_changes_was_moved_away(config, tmp_path):
    run = create(config, tmp_path / "run")
    train(run, {5: Change({"schedule.max_lr": 5e-3}), 20: Stop()})
    run.record_path.rename(tmp_path / "elsewhere")  # as record_damaged advises
    for step in (21, 22):
        assert not any(isinstance(what, Notice) for what in train(open_run(run.folder), {step: Stop()}))


def test_training_a_run_without_its_text_ends_with_what_is_missing(config, text, tmp_path):
    run = without_its_text(config, text, tmp_path)
    last = train(open_run(run.folder))[-1]
    assert isinstance(last, StateChanged)
    assert (last.state, last.error.code, last.error.field) == ("closed", "text_gone", "data.source")
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].step == 20


def test_a_run_that_was_given_its_weights_may_begin_otherwise_until_its_first_step(config, text, tmp_path):
    """Asked of the worker it comes to the same as when the fork is made, and later it is refused."""
    run = create(config, tmp_path / "run")
    train(run, {20: Stop()})
    other = text.with_name("other.txt")
    other.write_text(" ".join(word[::-1] for word in text.read_text().split()))
    changes = {"data.source": str(other), "optimizer.name": "adam", "train.seed": 5, "schedule.max_lr": 5e-3}
    made = fork(run, 20, tmp_path / "made", changes)
    train(made)
    asked = fork(run, 20, tmp_path / "asked")
    with driven(asked, train=False) as one:
        one.wait_for_state("stopped")
        before = one.answer(one.ask("the cat", max_tokens=20, seed=3))
        one.control.ask(Change({"model.num_layers": 3}))
        one.control.ask(Change({"train.device": "cuda:7"} | changes | {"data.source": str(text) + "s"}))
        refused = {fault.field: fault.code for fault in one.refused(2)}
        assert refused == {"model.num_layers": "fixed_by_model", "train.device": "device_missing"}
        assert one.answer(one.ask("the cat", max_tokens=20, seed=3)) == before
        one.control.ask(Resume())
        gone = one.wait(lambda report: isinstance(report, StateChanged) and report.error is not None)
        assert (gone.state, gone.error.code, gone.error.field) == ("stopped", "text_missing", "data.source")
        assert open_run(asked.folder).config.train.seed == 5
        one.control.ask(Change({"data.source": str(other)}))
        one.control.ask(Resume())
        one.wait(lambda report: isinstance(report, StepDone))
        one.control.ask(Change({"train.seed": 9}))
        assert one.refused(3)[-1].code == "not_live"
        one.wait_for_state("finished")
    assert [report.given for report in one.reports if isinstance(report, Ready)] == [True, True, True]
    expected, found = final_weights(made), final_weights(asked)
    assert all(torch.equal(value, found[name]) for name, value in expected.items())
