"""Real faults under a run: each is told with what to do next, prompts are answered, and it goes on after."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication

from gpt_core import checkpoint, trouble
from gpt_core.control import Control, Stop
from gpt_core.errors import GPTCoreError
from gpt_core.events import StepDone
from gpt_core.model import GPT
from gpt_core.record import RecordView
from gpt_core.run import Run, create
from gpt_core.worker import Worker

WAIT = 60_000  # milliseconds, for a busy machine


def click(qtbot, button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def start(qtbot, window, **changes: object):
    for field, value in {"train__max_steps": 100_000, **changes}.items():
        window.draft.set(field.replace("__", "."), value)
    window.draft.settle()
    click(qtbot, window.header.start)
    return window.workspace.session


def train_to(qtbot, session, step: int) -> None:
    qtbot.waitUntil(lambda: session.step >= step, timeout=WAIT)


def wait_for(qtbot, window, state: str) -> None:
    def reached() -> bool:
        session = window.workspace.session
        return session is not None and session.state == state

    qtbot.waitUntil(reached, timeout=WAIT)


def told(window, words: str) -> bool:
    return any(words in text for text in window.notices.texts())


def answers(qtbot, window) -> None:
    """A prompt is answered."""
    panel = window.prompt
    panel.prompt.setPlainText("the cat")
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: panel.generate.isEnabled(), timeout=WAIT)
    assert len(panel.answer.toPlainText()) > len("the cat")


def goes_on(qtbot, window) -> None:
    """Resume trains on; what was told of the trouble is taken back."""
    session = window.workspace.session
    at = session.step
    click(qtbot, window.header.resume)
    train_to(qtbot, session, at + 12)
    assert window.notices.texts() == []


def in_vain(qtbot, window, button, state: str = "paused") -> None:
    """Press a button; what stood against it still does."""
    session, states = window.workspace.session, []
    session.stateChanged.connect(lambda: states.append(session.state))
    click(qtbot, button)
    qtbot.waitUntil(lambda: states[-1:] == [state] and session.error is not None, timeout=WAIT)


def log(session) -> str:
    return session.run.log_path.read_text(encoding="utf-8")


def notice(window, words: str):
    return next(each for each in window.notices.notices() if words in each.text.text())


# ------------------------------------------------------------------------------------------------ The memory


def test_memory_that_runs_out_pauses_and_the_traceback_is_a_click_away(qtbot, window, monkeypatch) -> None:
    """The allocator itself refuses, in the midst of the forward pass."""
    session = start(qtbot, window)
    train_to(qtbot, session, 12)
    forward = GPT.forward

    def hungry(self: GPT, *args: Any) -> torch.Tensor:
        if self.training:
            torch.empty(1 << 60)
        return forward(self, *args)

    monkeypatch.setattr(GPT, "forward", hungry)
    wait_for(qtbot, window, "paused")
    assert told(window, "ran out of memory")
    assert told(window, "train.batch_size")
    answers(qtbot, window)

    shown = notice(window, "ran out of memory")
    assert not shown.below.isVisible()
    click(qtbot, shown.more)
    text = shown.details.toPlainText()
    assert "in hungry" in text
    assert text.startswith("Traceback")
    assert text in log(session)
    click(qtbot, shown.copy)
    assert QGuiApplication.clipboard().text() == text
    assert str(session.run.log_path) in shown.place.text()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    click(qtbot, shown.show_log)
    assert opened == [str(session.run.folder)]

    monkeypatch.setattr(GPT, "forward", forward)
    goes_on(qtbot, window)


def test_cudas_own_error_is_told_too(qtbot, window, monkeypatch) -> None:
    session = start(qtbot, window)
    train_to(qtbot, session, 5)
    forward = GPT.forward

    def hungry(self: GPT, *args: Any) -> torch.Tensor:
        if self.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return forward(self, *args)

    monkeypatch.setattr(GPT, "forward", hungry)
    wait_for(qtbot, window, "paused")
    assert told(window, "ran out of memory")
    assert "Tried to allocate" in log(session)
    monkeypatch.setattr(GPT, "forward", forward)
    goes_on(qtbot, window)


def test_what_nobody_foresaw_is_told_with_its_traceback(qtbot, window, monkeypatch) -> None:
    session = start(qtbot, window)
    train_to(qtbot, session, 5)
    forward = GPT.forward

    def broken(self: GPT, *args: Any) -> torch.Tensor:
        if self.training:
            raise ZeroDivisionError("of all things")
        return forward(self, *args)

    monkeypatch.setattr(GPT, "forward", broken)
    wait_for(qtbot, window, "paused")
    assert told(window, "ZeroDivisionError: of all things. The run's log has the details.")
    assert "in broken" in notice(window, "ZeroDivisionError").details.toPlainText()
    assert "in broken" in log(session)
    answers(qtbot, window)
    monkeypatch.setattr(GPT, "forward", forward)
    goes_on(qtbot, window)


# ------------------------------------------------------------------------------------------ Numbers too large


def test_a_loss_that_is_not_finite_leaves_the_weights_as_they_were(qtbot, window, monkeypatch) -> None:
    session = start(qtbot, window)
    train_to(qtbot, session, 12)
    forward = GPT.forward

    def overflowing(self: GPT, *args: Any) -> torch.Tensor:
        found = forward(self, *args)
        return found * torch.tensor(3e38) * 10 if self.training else found

    monkeypatch.setattr(GPT, "forward", overflowing)
    wait_for(qtbot, window, "paused")
    assert told(window, "is not finite, so that step left the weights as they were")
    assert told(window, "lower the learning rate, then resume")
    assert "is not finite" in log(session)
    answers(qtbot, window)
    monkeypatch.setattr(GPT, "forward", forward)
    goes_on(qtbot, window)


# -------------------------------------------------------------------------------------------------- The text


def test_a_text_that_is_gone_before_the_first_step(qtbot, window, text, config) -> None:
    """It is there when Start is pressed, and not when it is read."""
    content = text.read_text()
    folder = text.with_name("texts")
    folder.mkdir()
    (folder / "one.txt").write_text(content)
    window.draft.set("data.source", str(folder))
    window.draft.settle()
    begin = window.workspace.begin

    def late(*args: Any) -> None:
        shutil.rmtree(folder)
        begin(*args)

    window.workspace.begin = late
    click(qtbot, window.header.start)
    wait_for(qtbot, window, "failed")
    assert told(window, "There is no text at")
    assert window.draft.fault("data.source").code == "text_missing"
    window.workspace.begin = begin
    folder.mkdir()
    (folder / "one.txt").write_text(content)
    window.draft.check()
    qtbot.waitUntil(lambda: not window.workspace.session.thread_runs, timeout=WAIT)
    click(qtbot, window.header.start)
    qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
    train_to(qtbot, window.workspace.session, 5)
    assert window.notices.texts() == []


def test_a_text_that_is_gone_when_training_begins_anew(qtbot, window, config, text) -> None:
    run = stopped_at(config, 20)
    shutil.rmtree(run.tokens_folder)
    moved = text.with_suffix(".moved")
    text.rename(moved)
    window.open(run.folder, train=True)
    wait_for(qtbot, window, "stopped")
    assert told(window, "put it back to train on")
    assert "put it back to train on" in run.log_path.read_text()
    answers(qtbot, window)
    in_vain(qtbot, window, window.header.resume, "stopped")
    assert told(window, "put it back to train on")
    moved.rename(text)
    click(qtbot, window.header.resume)
    train_to(qtbot, window.workspace.session, 25)
    assert window.notices.texts() == []


def test_a_text_that_is_deleted_while_it_is_trained_on_is_not_missed(qtbot, window, text) -> None:
    """Its tokens are in the run."""
    session = start(qtbot, window)
    train_to(qtbot, session, 5)
    text.unlink()
    train_to(qtbot, session, session.step + 12)
    window.header.stop_after.trigger()
    wait_for(qtbot, window, "stopped")
    goes_on(qtbot, window)


def stopped_at(config, step: int) -> Run:
    run, control = create(config.replace({"train.max_steps": 1000}), name="small"), Control()

    def report(what: object) -> None:
        if isinstance(what, StepDone) and what.step == step:
            control.ask(Stop())

    Worker(run, control, report).work()
    return run


# -------------------------------------------------------------------------------------------------- The disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only the administrator of a Linux machine can make a disk")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be made here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> None:
    """Leave no byte free."""
    for size in (1 << 16, 4096, 1):
        with contextlib.suppress(OSError), (place / f"filler-{size}").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * size)


def empty(place: Path) -> None:
    for path in place.glob("filler-*"):
        path.unlink()


def test_a_disk_that_is_full(qtbot, window, small_disk) -> None:
    window.use_folder(small_disk / "run")
    session = start(qtbot, window, train__keep=1)
    train_to(qtbot, session, 12)
    fill(small_disk)
    wait_for(qtbot, window, "paused")
    assert told(window, "full") or told(window, "is needed")
    answers(qtbot, window)
    in_vain(qtbot, window, window.header.resume)
    assert told(window, "full") or told(window, "is needed")
    empty(small_disk)
    goes_on(qtbot, window)
    click(qtbot, window.header.pause)
    wait_for(qtbot, window, "paused")
    window.menus.save_run.trigger()
    qtbot.waitUntil(
        lambda: checkpoint.checkpoints(session.run.checkpoints_folder)[-1].step == session.step, timeout=WAIT
    )
    with closing(RecordView(session.run.record_path)) as view:
        assert view.series("loss")[0].tolist() == list(range(1, session.step + 1))
        at = [event.step for event in view.events("evaluation")]
    assert at == list(range(10, at[-1] + 1, 10))
    assert at[-1] > session.step - 20


def test_checkpoints_that_cannot_be_written(qtbot, window) -> None:
    """In the place of their folder stands a file: nothing can be made in it, whoever one is."""
    session = start(qtbot, window, train__checkpoint_interval=25)
    train_to(qtbot, session, 2)
    click(qtbot, window.header.pause)
    wait_for(qtbot, window, "paused")
    folder = session.run.checkpoints_folder
    kept = folder.with_name("kept")
    if folder.exists():
        folder.rename(kept)
    folder.write_text("")
    click(qtbot, window.header.resume)
    qtbot.waitUntil(lambda: told(window, "cannot be written"), timeout=WAIT)
    assert session.state == "paused"
    assert "Traceback" in log(session)
    shown = notice(window, "cannot be written")
    click(qtbot, shown.more)
    assert "Error" in shown.details.toPlainText()
    answers(qtbot, window)
    at = session.step
    in_vain(qtbot, window, window.header.stop)
    assert told(window, "cannot be written")
    folder.unlink()
    if kept.exists():
        kept.rename(folder)
    goes_on(qtbot, window)
    assert any(saved.step >= at for saved in checkpoint.checkpoints(folder))


# ------------------------------------------------------------------------------------------------ The record


def test_a_record_that_another_program_holds(qtbot, window, monkeypatch) -> None:
    """What could not be written is written once it can be: figures, evaluations, samples."""
    monkeypatch.setattr("gpt_core.record_file.LOCK_SECONDS", 0.2)
    session = start(qtbot, window)
    train_to(qtbot, session, 12)
    with closing(sqlite3.connect(session.run.record_path, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        wait_for(qtbot, window, "paused")
        assert told(window, "in use")
        answers(qtbot, window)
        window.header.stop_after.trigger()
        wait_for(qtbot, window, "stopped")  # with its weights, whatever the record says
        assert checkpoint.checkpoints(session.run.checkpoints_folder)[-1].step == session.step
        qtbot.waitUntil(lambda: told(window, "in use"), timeout=WAIT)
        other.execute("ROLLBACK")
    goes_on(qtbot, window)
    window.header.stop_after.trigger()
    wait_for(qtbot, window, "stopped")
    with closing(RecordView(session.run.record_path)) as view:
        assert view.series("loss")[0].tolist() == list(range(1, session.step + 1))
        evaluated = {event.step for event in view.events("evaluation")}
        sampled = {event.step for event in view.events("sample")}
    assert evaluated == {step for step in range(10, session.step + 1, 10) if step <= max(evaluated)}
    assert sampled == {step for step in range(20, session.step + 1, 20) if step <= max(sampled)}


def test_what_the_record_could_not_take_at_the_end_is_told_before_the_window_goes(
    qtbot, window, monkeypatch
) -> None:
    monkeypatch.setattr("gpt_core.record_file.LOCK_SECONDS", 0.2)
    session = start(qtbot, window)
    train_to(qtbot, session, 12)
    with closing(sqlite3.connect(session.run.record_path, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        window.close_at_once()
        qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
        assert window.isVisible()
        assert told(window, "in use")
        other.execute("ROLLBACK")
    assert checkpoint.checkpoints(session.run.checkpoints_folder)[-1].step == session.step
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)


def move_away(path: Path) -> None:
    for name in list(path.parent.glob("record.sqlite*")):
        name.rename(path.with_name(f"old-{name.name}"))


def test_a_record_that_is_damaged_while_it_is_written(qtbot, window) -> None:
    session = start(qtbot, window)
    train_to(qtbot, session, 12)
    path = session.run.record_path
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as other:
        other.execute("DROP TABLE events")
    wait_for(qtbot, window, "paused")
    assert told(window, "is not a record that can be read: no such table: events")
    assert told(window, "Move it elsewhere to go on")
    assert "sqlite3.OperationalError" in log(session)
    answers(qtbot, window)
    in_vain(qtbot, window, window.header.resume)
    assert told(window, "Move it elsewhere to go on")
    move_away(path)
    goes_on(qtbot, window)
    window.header.stop_after.trigger()
    wait_for(qtbot, window, "stopped")
    with closing(RecordView(path)) as view:
        assert view.series("loss")[0][-1] == session.step
        assert view.events("checkpoint")


def test_a_record_that_is_damaged_when_the_run_is_opened(qtbot, window, config) -> None:
    """As by a disk that fails: the run opens again without it."""
    run = stopped_at(config, 20)
    size = run.record_path.stat().st_size
    run.record_path.write_bytes(b"\xff" * size)
    window.open(run.folder)
    qtbot.waitUntil(lambda: told(window, "is not a record that can be read"), timeout=WAIT)
    assert window.workspace.session is None
    move_away(run.record_path)
    window.open(run.folder)
    wait_for(qtbot, window, "stopped")
    answers(qtbot, window)
    goes_on(qtbot, window)


# ------------------------------------------------------------------------------------------------ Elsewhere


def test_what_fails_in_the_background_has_its_traceback(qtbot, window) -> None:
    def work() -> None:
        raise KeyError("nowhere")

    window.workspace.do(work, lambda _: None)
    qtbot.waitUntil(lambda: told(window, "KeyError: 'nowhere'. The details tell where."), timeout=WAIT)
    shown = notice(window, "KeyError")
    click(qtbot, shown.more)
    assert "in work" in shown.details.toPlainText()
    assert not shown.show_log.isVisible()  # it is of no run


def test_a_cause_is_told_and_a_plain_sentence_has_no_details(qtbot, window, tmp_path) -> None:
    window.open(tmp_path)
    qtbot.waitUntil(lambda: told(window, "is not a run"), timeout=WAIT)
    shown = notice(window, "is not a run")
    assert not shown.more.isVisible()


def test_a_log_stays_small_and_keeps_the_last(tmp_path) -> None:
    log = tmp_path / "run.log"
    error = GPTCoreError("file_missing", name="x")
    for number in range(300):
        trouble.note(log, number, error, "y" * 10_000)
    text = log.read_text()
    assert len(text) <= trouble.LIMIT
    assert "step 299: x is missing" in text
    assert "step 250: x is missing" in text
    assert text.startswith(("20", "y"))
    trouble.note(log, 300, error, "z" * 5_000_000)
    assert log.stat().st_size <= trouble.LIMIT


def test_a_log_that_cannot_be_written_is_no_trouble(tmp_path) -> None:
    (tmp_path / "run.log").mkdir()
    trouble.note(tmp_path / "run.log", 1, GPTCoreError("file_missing", name="x"))


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (lambda: raised(ValueError("v")), "ValueError: v"),
        (lambda: raised(GPTCoreError("file_missing", name="x"), OSError("o")), "OSError: o"),
        (lambda: raised(GPTCoreError("file_missing", name="x")), ""),
    ],
)
def test_details_tell_the_cause(error: Callable[[], Exception], shown: str) -> None:
    found = trouble.details(error())
    assert (shown in found) if shown else found == ""


def test_a_small_window_keeps_its_size_however_much_is_told(qtbot, window) -> None:
    window.resize(1280, 720)
    for number in range(3):
        window.notices.say(lambda number=number: f"Trouble {number}.", "Traceback\n" * 40, serious=True)
    for number in range(3):
        shown = notice(window, f"Trouble {number}.")
        qtbot.waitUntil(lambda: not shown.visibleRegion().isEmpty(), timeout=WAIT)  # noqa: B023
        shown.more.setFocus()
        qtbot.keyClick(shown.more, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: not shown.details.visibleRegion().isEmpty(), timeout=WAIT)  # noqa: B023
        assert (window.width(), window.height()) == (1280, 720)
        shown.dismiss.setFocus()
        qtbot.keyClick(shown.dismiss, Qt.Key.Key_Space)
    assert not window.notices.isVisible()
    assert window.height() == 720
