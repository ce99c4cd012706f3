"""Who answers: checkpoints of real runs, chosen and asked as a person does, one beside another."""

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox

from gpt_core import checkpoint
from gpt_core.config import Config, SamplingConfig, from_values, to_toml
from gpt_core.control import Control
from gpt_core.model import GPT
from gpt_core.run import create, open_run
from gpt_core.sampling import generate
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker
from workbench import theme
from workbench.main_window import MainWindow

WAIT = 30_000  # milliseconds, for a busy machine
STEPS = (10, 20, 30)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Config:
    folder = tmp_path_factory.mktemp("answerers")
    choose = random.Random(1)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "red", "bird"]
    lines = [" ".join(choose.choices(words, k=8)) for _ in range(75)]
    (folder / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Config().replace(
        {
            "data.source": str(folder / "text.txt"), "model.context_length": 16, "model.embedding_dim": 32,
            "model.ffn_dim": 64, "model.num_heads": 2, "model.num_layers": 1, "schedule.max_lr": 1e-2,
            "schedule.warmup_steps": 5, "train.batch_size": 8, "train.max_steps": 30, "train.device": "cpu",
            "train.precision": "fp32", "train.threads": 1, "train.eval_interval": 10,
            "train.eval_windows": 8, "train.sample_interval": 0, "train.checkpoint_interval": 10,
            "train.keep": 3, "sampling.max_tokens": 30, "sampling.prompt": "the cat",
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(small, tmp_path_factory) -> Path:
    """The folder of a run with checkpoints at STEPS."""
    run = create(small, tmp_path_factory.mktemp("trained") / "run")
    worker = Worker(run, Control(), lambda report: None)
    worker.work()
    assert worker.error is None
    return run.folder


@pytest.fixture
def folder(trained, home) -> Path:
    """A copy of it in the workspace."""
    return shutil.copytree(trained, home / "runs" / "small-1")


@pytest.fixture
def window(qtbot, home) -> Iterator[MainWindow]:
    theme.apply(QApplication.instance(), "dark")
    made = MainWindow(QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat))
    made.show()
    yield made
    made.close_at_once()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=WAIT)
    made.deleteLater()


def click(qtbot, button: QAbstractButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def open_it(qtbot, window, folder: Path) -> None:
    window.open(folder)
    qtbot.waitUntil(lambda: len(texts(window.prompt.answerers.first)) == 1 + len(STEPS), timeout=WAIT)
    qtbot.waitUntil(window.prompt.generate.isEnabled, timeout=WAIT)


def texts(field: QComboBox) -> list[str]:
    return [field.itemText(row) for row in range(field.count())]


def pick(qtbot, field: QComboBox, beginning: str) -> None:
    """By keys: the list is gone through from its top."""
    rows = [row for row, text in enumerate(texts(field)) if text.startswith(beginning)]
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Home)
    for _ in range(rows[0]):
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.currentText().startswith(beginning)


def done(qtbot, window) -> None:
    qtbot.waitUntil(
        lambda: not window.prompt.questions.open and window.prompt.generate.isEnabled(), timeout=WAIT
    )


def ask(qtbot, window) -> list[str]:
    click(qtbot, window.prompt.generate)
    done(qtbot, window)
    return shown(window)


def shown(window) -> list[str]:
    return [answer.view.toPlainText() for answer in window.prompt.answers.each]


def headings(window) -> list[str]:
    return [answer.heading.toolTip() for answer in window.prompt.answers.each]


def expected(folder: Path, step: int, seed: int = 1) -> str:
    """What `generate` makes of the prompt with the model of a checkpoint, loaded by hand."""
    run = open_run(folder)
    saved = checkpoint.find(run.checkpoints_folder, step)
    tokenizer = Tokenizer.load(run.tokenizer_folder)
    config = from_values(saved.state()["config"])
    state = torch.random.get_rng_state()
    model = GPT(config.model.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    torch.random.set_rng_state(state)
    model.load(saved.model(), saved.path)
    request = SamplingConfig(prompt="the cat", max_tokens=30, temperature=0.8, seed=seed)
    pieces = generate(model, tokenizer.encode("the cat").tolist(), request, tokenizer)
    return "the cat" + "".join(token.text for token in pieces)


def test_a_checkpoint_is_chosen_and_answers_as_its_model_does(qtbot, window, folder):
    open_it(qtbot, window, folder)
    field = window.prompt.answerers
    assert [text.split(" · ")[0] for text in texts(field.first)] == [
        "model now",
        "step 30",
        "step 20",
        "step 10",
    ]
    assert texts(field.first)[1].startswith("step 30 · latest")
    assert sum("best" in text for text in texts(field.first)) == 1
    assert texts(field.beside)[0].startswith("compare")
    now = ask(qtbot, window)
    assert now == [expected(folder, 30)]  # finished: the model now is the last checkpoint's
    assert not window.prompt.answers.each[0].heading.isVisible()
    for step in (10, 20):
        pick(qtbot, field.first, f"step {step}")
        assert ask(qtbot, window) == [expected(folder, step)]
        assert headings(window) == [f"step {step}"]
    pick(qtbot, field.first, "model now")
    assert ask(qtbot, window) == now


def test_two_answer_the_same_prompt_side_by_side(qtbot, window, folder):
    """With the same seed; again, copy, stop and going on from a token work for both."""
    open_it(qtbot, window, folder)
    panel = window.prompt
    pick(qtbot, panel.answerers.first, "step 10")
    pick(qtbot, panel.answerers.beside, "step 30")
    both = ask(qtbot, window)
    assert both == [expected(folder, 10), expected(folder, 30)]
    assert both[0] != both[1]
    assert headings(window) == ["step 10", "step 30"]
    names = [answer.view.accessibleName() for answer in panel.answers.each]
    assert names == ["Answer 1, by step 10", "Answer 2, by step 30"]
    places = [answer.mapTo(panel, answer.rect().topLeft()) for answer in panel.answers.each]
    assert places[0].x() < places[1].x()
    assert places[0].y() == places[1].y()

    click(qtbot, panel.copy)
    assert QGuiApplication.clipboard().text() == f"step 10\n{both[0]}\n\nstep 30\n{both[1]}"

    click(qtbot, panel.again)
    done(qtbot, window)
    assert shown(window) == [expected(folder, 10, seed=2), expected(folder, 30, seed=2)]

    before = shown(window)
    panel.answers.each[0].view.setFocus()
    cursor = panel.answers.each[0].view.textCursor()
    cursor.setPosition(len("the cat") + 5)
    panel.answers.each[0].view.setTextCursor(cursor)
    qtbot.keyClick(panel.answers.each[0].view, Qt.Key.Key_Return)
    done(qtbot, window)
    after = shown(window)
    assert after[1] == before[1]
    assert after[0] != before[0]
    assert after[0].startswith(before[0][: len("the cat") + 5])

    panel.sampling.more.click()
    panel.sampling.length.show_value(1_000_000)
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: all(len(text) > 50 for text in shown(window)), timeout=WAIT)
    click(qtbot, panel.stop)
    done(qtbot, window)
    assert panel.note.text() == "Stopped."


def test_the_same_one_does_not_stand_beside_itself(qtbot, window, folder):
    open_it(qtbot, window, folder)
    field = window.prompt.answerers
    pick(qtbot, field.beside, "step 20")
    assert field.chosen() == ["now", 20]
    assert not any(text.startswith("model now") for text in texts(field.beside))
    pick(qtbot, field.first, "step 20")
    assert field.chosen() == [20]
    assert not any(text.startswith("step 20") for text in texts(field.beside))
    pick(qtbot, field.beside, "step 10")
    assert field.chosen() == [20, 10]


def test_only_those_chosen_stay_loaded_and_all_end_with_the_run(qtbot, window, folder):
    open_it(qtbot, window, folder)
    session, field = window.workspace.session, window.prompt.answerers
    pick(qtbot, field.first, "step 10")
    pick(qtbot, field.beside, "step 20")
    assert not session.readers.running  # nothing is loaded before it is asked
    ask(qtbot, window)
    assert session.readers.of(10).thread_runs
    assert session.readers.of(20).thread_runs
    assert session.readers.of(10).read == 10
    pick(qtbot, field.beside, "compare")
    qtbot.waitUntil(lambda: not session.readers.of(20).thread_runs, timeout=WAIT)
    assert session.readers.of(10).thread_runs
    tenth = session.readers.of(10)
    with qtbot.waitSignal(session.closed, timeout=WAIT):
        window.changeover.leave_run()
        tenth._control.prompt(SamplingConfig(prompt="the"))  # it comes too late and hinders nothing
    assert not session.thread_runs


def test_the_window_closes_amidst_an_answer(qtbot, window, folder):
    open_it(qtbot, window, folder)
    pick(qtbot, window.prompt.answerers.first, "step 10")
    window.prompt.sampling.length.show_value(1_000_000)
    click(qtbot, window.prompt.generate)
    qtbot.waitUntil(lambda: len(shown(window)[0]) > 50, timeout=WAIT)
    readers = window.workspace.session.readers
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert not readers.running


def test_a_checkpoint_given_up_is_told_where_it_was_asked(qtbot, window, folder):
    open_it(qtbot, window, folder)
    field = window.prompt.answerers
    pick(qtbot, field.first, "step 10")
    pick(qtbot, field.beside, "step 20")
    shutil.rmtree(checkpoint.find(folder / "checkpoints", 10).path)
    both = ask(qtbot, window)
    assert both == ["", expected(folder, 20)]
    assert window.prompt.fault.text() == (
        "There is no checkpoint of step 10; it may have been given up for newer ones. Choose another."
    )
    window.workspace.checkpointsChanged.emit()
    qtbot.waitUntil(lambda: "given up" in field.first.currentText(), timeout=WAIT)
    assert field.chosen() == [10, 20]
    pick(qtbot, field.first, "step 30")
    qtbot.waitUntil(lambda: len(texts(field.first)) == 3, timeout=WAIT)


def test_the_checkpoints_panel_lets_one_answer_and_another_beside(qtbot, window, folder):
    open_it(qtbot, window, folder)
    window.area.dock("prompt").close()
    window.area.dock("checkpoints").reveal()
    panel = window.checkpoints
    qtbot.waitUntil(lambda: len(panel.model.rows) == 3, timeout=WAIT)
    panel.view.selectRow(2)
    assert panel.prompt.isEnabled()
    panel.answer.trigger()
    assert window.prompt.isVisible()
    assert window.prompt.answerers.chosen() == [10]
    panel.view.selectRow(1)
    panel.answer_beside.trigger()
    assert window.prompt.answerers.chosen() == [10, 20]
    qtbot.waitUntil(window.prompt.generate.isEnabled, timeout=WAIT)
    assert ask(qtbot, window) == [expected(folder, 10), expected(folder, 20)]


def test_pins_and_deletions_are_followed(qtbot, window, folder):
    open_it(qtbot, window, folder)
    window.area.dock("checkpoints").reveal()
    panel, field = window.checkpoints, window.prompt.answerers
    qtbot.waitUntil(lambda: len(panel.model.rows) == 3, timeout=WAIT)
    panel.view.selectRow(2)
    click(qtbot, panel.pin)
    qtbot.waitUntil(lambda: any("step 10 · pinned" in text for text in texts(field.first)), timeout=WAIT)
    panel.view.selectRow(1)
    click(qtbot, panel.delete)
    click(qtbot, panel.question.yes)
    qtbot.waitUntil(lambda: len(texts(field.first)) == 3, timeout=WAIT)


def test_a_run_that_failed_is_prompted_by_its_newest_sound_checkpoint(qtbot, window, folder):
    newest = checkpoint.find(folder / "checkpoints", 30)
    data = bytearray((newest.path / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (newest.path / "model.safetensors").write_bytes(data)
    (folder / "run.lock").unlink(missing_ok=True)
    (folder / "run.lock").mkdir()  # so that nobody can take it
    window.open(folder)
    qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.workspace.session.state == "failed", timeout=WAIT)
    panel = window.prompt
    qtbot.waitUntil(panel.generate.isEnabled, timeout=WAIT)
    assert panel.answerers.chosen() == ["newest"]
    panel.prompt.setPlainText("the cat")
    assert ask(qtbot, window) == [expected(folder, 20)]
    assert headings(window) == ["newest · step 20"]
    assert "step-00000030 is damaged" in panel.note.text()


def test_a_run_that_another_process_trains_is_prompted(qtbot, window, small, tmp_path, home):
    """By its newest checkpoint, whichever that is when the prompt is asked."""
    toml = tmp_path / "small.toml"
    toml.write_text(
        to_toml(small.replace({"train.max_steps": 1_000_000, "train.checkpoint_interval": 100})),
        encoding="utf-8",
    )
    folder = home / "runs" / "other"
    command = [sys.executable, "-m", "gpt_core.cli", "train", str(toml), "--run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            qtbot.waitUntil(lambda: (folder / "record.sqlite").exists(), timeout=WAIT)
            window.open(folder)
            qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
            assert window.workspace.session.watched
            panel = window.prompt
            qtbot.waitUntil(panel.generate.isEnabled, timeout=WAIT)
            assert panel.answerers.chosen() == ["newest"]
            panel.prompt.setPlainText("the cat")
            answered = []
            for _ in range(2):
                (text,) = ask(qtbot, window)
                assert panel.fault.text() == ""
                assert text.startswith("the cat")
                answered.append(int(headings(window)[0].removeprefix("newest · step ").replace(",", "")))
                session = window.workspace.session
                qtbot.waitUntil(lambda: session.step > answered[-1] + 150, timeout=WAIT)  # noqa: B023
            assert answered[1] > answered[0]
            assert other.poll() is None  # it trains on
        finally:
            other.terminate()
            other.wait(timeout=WAIT / 1000)
    qtbot.waitUntil(lambda: window.workspace.session.state == "stopped", timeout=WAIT)
    assert ask(qtbot, window)[0].startswith("the cat")


def test_words_follow_the_language(qtbot, window, folder, japanese_font):
    open_it(qtbot, window, folder)
    window.set_language("ja")
    try:
        assert len(texts(window.prompt.answerers.first)) == 1 + len(STEPS)
        assert window.prompt.answerers.chosen() == ["now"]
    finally:
        window.set_language("en")
