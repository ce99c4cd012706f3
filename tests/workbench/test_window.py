"""The whole window around a real run: started, watched, paused, prompted, changed, stopped, opened again."""

import os
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from gpt_core import checkpoint
from gpt_core.config import Config
from gpt_core.corpus import Corpus
from gpt_core.guessing import guessing
from gpt_core.record import RecordView
from gpt_core.run import create, open_run
from workbench import theme

WAIT = 30_000  # milliseconds, for a busy machine


def click(qtbot, button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for_state(qtbot, window, state: str) -> None:
    def reached() -> None:
        session = window.workspace.session
        assert session is not None
        assert session.state == state

    qtbot.waitUntil(reached, timeout=WAIT)


def start(qtbot, window, **changes: object) -> None:
    for field, value in changes.items():
        window.draft.set(field.replace("__", "."), value)
    window.draft.settle()
    click(qtbot, window.header.start)


def train_to(qtbot, window, step: int) -> None:
    def reached() -> None:
        session = window.workspace.session
        assert session is not None
        assert session.step >= step

    qtbot.waitUntil(reached, timeout=WAIT)


def stop(qtbot, window) -> None:
    qtbot.wait(QApplication.doubleClickInterval() + 50)  # or it would be a double click on Start
    click(qtbot, window.header.stop)


def ask(qtbot, window, text: str) -> str:
    panel = window.prompt
    panel.prompt.setFocus()
    panel.prompt.selectAll()
    qtbot.keyClicks(panel.prompt, text)
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: panel.generate.isEnabled(), timeout=WAIT)
    answer = panel.answer.toPlainText()
    assert answer.startswith(text)
    return answer


def test_from_start_to_opened_again(qtbot, window, home):
    start(qtbot, window, train__max_steps=100_000)
    session = window.workspace.session
    assert not window.header.start.isVisible()
    train_to(qtbot, window, 40)
    assert window.header.state.text() == "Training"
    assert "of 100,000" in window.header.progress_text.text()
    qtbot.waitUntil(lambda: window.header.figures["validation"].text() != "–", timeout=WAIT)
    qtbot.waitUntil(lambda: len(window.samples.samples()) >= 1, timeout=WAIT)
    ask(qtbot, window, "the cat")  # while it trains

    click(qtbot, window.header.pause)
    wait_for_state(qtbot, window, "paused")
    at = session.step
    one = ask(qtbot, window, "the cat")
    assert ask(qtbot, window, "the cat") == one  # the same seed, the same text
    assert session.step == at

    control = row_of(window, "schedule.max_lr").widget()
    control.setFocus()
    control.selectAll()
    qtbot.keyClicks(control, "4e-3")
    qtbot.keyClick(control, Qt.Key.Key_Return)
    assert row_of(window, "model.num_layers").widget().isReadOnly()  # fixed while the run goes on
    click(qtbot, window.header.resume)
    wait_for_state(qtbot, window, "training")
    qtbot.waitUntil(lambda: session.config.schedule.max_lr == 4e-3, timeout=WAIT)
    train_to(qtbot, window, at + 5)
    landmark = window.curves.plot.loss.landmarks.each[1]
    text = Corpus.open(session.run.folder)
    assert landmark.value() == guessing(text.train, text.info.vocab_size).unigram
    assert landmark.isVisible()

    stop(qtbot, window)
    wait_for_state(qtbot, window, "stopped")
    ended, folder = session.step, session.run.folder
    assert checkpoint.checkpoints(open_run(folder).checkpoints_folder)[-1].step == ended
    assert window.header.name.text() == session.run.name
    click(qtbot, window.header.new)
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    assert window.header.start.isVisible()
    assert window.header.name.text() == "New run"
    assert window.header.source.text() == "based on small, not started"

    window.open(folder)
    wait_for_state(qtbot, window, "stopped")
    assert window.workspace.session.step == ended
    assert window.draft.values["schedule.max_lr"] == 4e-3  # as changed, not as asked
    assert len(window.samples.samples()) >= 1
    plotted = window.curves.plot._series
    with closing(RecordView(folder / "record.sqlite")) as view:
        for series in ("loss", "rate", "validation"):
            steps, values = view.series(series)
            assert plotted[series].steps.tolist() == steps.tolist()
            assert plotted[series].values.tolist() == values.tolist()
    ask(qtbot, window, "a bird")
    click(qtbot, window.header.resume)
    train_to(qtbot, window, ended + 3)


def row_of(window, field):
    from workbench.forms.row import FieldRow

    return next(row for row in window.setup.findChildren(FieldRow) if row.field == field)


def test_where_training_was_resumed_is_marked_and_marked_still_when_it_is_opened_again(qtbot, window):
    def marked() -> list[int]:
        return sorted(step for step, kind, _ in window.curves.plot.loss.marks._marks if kind == "resume")

    start(qtbot, window, train__max_steps=100_000)
    at = []
    for _ in range(2):
        session = window.workspace.session
        train_to(qtbot, window, session.step + 3)
        stop(qtbot, window)
        wait_for_state(qtbot, window, "stopped")
        assert marked() == at
        at.append(session.step)
        click(qtbot, window.header.resume)
        train_to(qtbot, window, at[-1] + 1)
        assert marked() == at
    stop(qtbot, window)
    wait_for_state(qtbot, window, "stopped")
    folder = session.run.folder
    click(qtbot, window.header.new)
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    assert marked() == []
    window.open(folder)
    wait_for_state(qtbot, window, "stopped")
    assert marked() == at


def test_a_fault_holds_start_back_and_is_told_beside_the_field(qtbot, window, tmp_path):
    row = row_of(window, "model.num_heads")
    control = row.widget()
    control.setFocus()
    control.selectAll()
    qtbot.keyClicks(control, "3")
    told = row_of(window, "model.embedding_dim").fault
    assert "not a multiple of the 3 attention heads" in told.text()
    assert not window.header.start.isEnabled()
    assert window.header.progress_text.text() == "1 setting needs attention before the run can start."
    source = row_of(window, "data.source")
    source.widget().choose(str(tmp_path / "gone.txt"))
    assert "There is no text at" in source.fault.text()
    assert "2 settings" in window.header.progress_text.text()
    window.draft.set("model.num_heads", 2)
    window.draft.set("data.source", "builtin:python-reference")
    window.draft.settle()
    assert window.header.start.isEnabled()
    assert not told.isVisible()


def test_what_comes_out_at_the_start_is_told_beside_its_field(qtbot, window, tmp_path, home):
    window.draft.set("train.device", "cuda:7")
    window.draft.settle()
    click(qtbot, window.header.start)
    wait_for_state(qtbot, window, "failed")
    assert "There is no device cuda:7 here" in row_of(window, "train.device").fault.text()
    assert any("There is no device cuda:7" in text for text in window.notices.texts())
    qtbot.waitUntil(lambda: not window.workspace.session.thread_runs, timeout=WAIT)
    assert not list((home / "runs").glob("*"))  # nothing stays of a run that never began
    window.draft.set("train.device", "cpu")
    window.draft.settle()
    click(qtbot, window.header.start)
    train_to(qtbot, window, 1)
    assert window.notices.texts() == []


def test_a_text_too_short_is_told_beside_its_field(qtbot, window, tmp_path):
    short = tmp_path / "short.txt"
    short.write_text("only a few words")
    window.draft.set("data.source", str(short))
    window.draft.settle()
    click(qtbot, window.header.start)
    wait_for_state(qtbot, window, "failed")
    assert "one window needs 17" in row_of(window, "data.source").fault.text()


def test_an_empty_prompt_and_unknown_characters(qtbot, window):
    start(qtbot, window, train__max_steps=10)
    wait_for_state(qtbot, window, "finished")
    panel = window.prompt
    panel.prompt.clear()
    click(qtbot, panel.generate)
    assert panel.fault.isVisible()
    assert "Write a prompt first" in panel.fault.text()
    panel.prompt.setPlainText("thé")  # qtbot types no accents
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: panel.generate.isEnabled(), timeout=WAIT)
    assert not panel.fault.isVisible()
    assert "é" in panel.note.text()


def test_an_answer_can_be_stopped(qtbot, window):
    start(qtbot, window, train__max_steps=10)
    wait_for_state(qtbot, window, "finished")
    panel = window.prompt
    panel.sampling.temperature.show_value(0)
    panel.sampling.length.show_value(1_000_000)
    panel.prompt.setPlainText("the cat")
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: len(panel.answer.toPlainText()) > 30, timeout=WAIT)
    click(qtbot, panel.stop)
    qtbot.waitUntil(lambda: panel.generate.isEnabled(), timeout=WAIT)
    assert panel.note.text() == "Stopped."


@pytest.mark.parametrize("answer", ["stay", "stop"])
def test_closing_while_training_asks_then_saves(qtbot, window, answer):
    start(qtbot, window, train__max_steps=100_000)
    train_to(qtbot, window, 12)
    session = window.workspace.session

    def decide() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert box.text().startswith("The program is about to close.")
        buttons = {button.text(): button for button in box.buttons()}
        buttons["Save and stop" if answer == "stop" else "Go on training"].click()

    QTimer.singleShot(100, decide)
    window.close()
    if answer == "stay":
        assert window.isVisible()
        train_to(qtbot, window, session.step + 5)
        return
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert not session.thread_runs
    saved = checkpoint.checkpoints(session.run.checkpoints_folder)[-1]
    saved.verify()
    with closing(RecordView(session.run.record_path)) as view:
        assert view.series("loss")[0][-1] == saved.step


def test_what_is_no_run_is_refused_in_words(qtbot, window, tmp_path):
    window.open(tmp_path)
    qtbot.waitUntil(lambda: any("is not a run" in text for text in window.notices.texts()), timeout=WAIT)


def test_a_finished_run_goes_on_when_it_is_given_more_steps(qtbot, window):
    start(qtbot, window, train__max_steps=10)
    wait_for_state(qtbot, window, "finished")
    assert not window.header.resume.isVisible()
    window.draft.set("train.max_steps", 14)
    window.draft.settle()
    qtbot.waitUntil(lambda: window.header.resume.isVisible(), timeout=WAIT)
    click(qtbot, window.header.resume)
    train_to(qtbot, window, 14)
    wait_for_state(qtbot, window, "finished")


def test_the_theme_is_switched_and_remembered(qtbot, window, home):
    window.set_theme("light")
    assert theme.current().name == "light"
    kept = QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat)
    assert kept.value("theme") == "light"


def test_the_program_starts_trains_takes_a_picture_and_ends(config: Config, tmp_path, home):
    from gpt_core.config import to_toml

    toml, run, picture = tmp_path / "small.toml", tmp_path / "run", tmp_path / "window.png"
    toml.write_text(to_toml(config.replace({"train.max_steps": 1_000_000})), encoding="utf-8")
    arguments = [toml, "--run", run, "--start", "--screenshot", picture, "--quit-after", 12]
    done = workbench(*arguments)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    saved = checkpoint.newest_sound(run / "checkpoints")[0]
    with closing(RecordView(run / "record.sqlite")) as view:
        assert view.series("loss")[0][-1] == saved.step > 0


def workbench(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"} | environment
    command = [sys.executable, "-m", "workbench.app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch"], "There is no preset and no file named nosuch"),
        (["{tmp}"], "is not a run"),
        (["--screenshot", "{tmp}/none/window.png"], "There is no folder"),
    ],
)
def test_wrong_arguments_get_a_sentence_and_exit_code_2(arguments, sentence, tmp_path, home):
    done = workbench(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a display")
def test_without_a_display_one_sentence_names_the_headless_twin(home):
    done = workbench("quickstart", QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 2
    assert "There is no display" in done.stderr
    assert "gpt-core train quickstart" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these packages are Linux's")
def test_missing_libraries_are_named_by_their_packages(monkeypatch):
    from gpt_core.errors import GPTCoreError
    from workbench import app

    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    missing = {"libxcb-icccm.so.4", "libxcb-keysyms.so.1"}
    monkeypatch.setattr(app, "_can_load", lambda library: library not in missing)
    with pytest.raises(GPTCoreError, match="libxcb-icccm4 libxcb-keysyms1"):
        app.check_display("gpt-core train quickstart")


def test_stop_while_preparing_leads_back_to_start(qtbot, window, home):
    window.draft.set("data.source", "builtin:python-stdlib")
    window.draft.set("data.tokenizer", "bpe")
    window.draft.settle()
    click(qtbot, window.header.start)
    wait_for_state(qtbot, window, "preparing")
    stop(qtbot, window)
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    assert window.header.start.isVisible()
    assert window.header.start.isEnabled()
    assert not list((home / "runs").glob("*"))
    # The library cannot be broken off: nobody waits for it, and its thread ends once it has learnt.
    learning = [thread for thread in threading.enumerate() if thread.name == "tokenizer"]
    qtbot.waitUntil(lambda: not any(thread.is_alive() for thread in learning), timeout=WAIT)


def long_step(qtbot, window) -> object:
    """A run in a step of 1,000 batches, none of which is a whole step yet."""
    start(qtbot, window, train__max_steps=100, train__accumulation=1000, train__batch_size=2)
    wait_for_state(qtbot, window, "training")
    return window.workspace.session


def test_stop_finishes_the_step_and_says_how_far_it_is(qtbot, window):
    session = long_step(qtbot, window)
    told = window.header.progress_text
    seen = set()
    session.reported.connect(lambda _: seen.add(told.text()))
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: session.stopping is not None, timeout=WAIT)
    step = session.stopping.step
    assert told.text().startswith(f"stopping after step {step} (batch ")
    assert told.text().endswith(" of 1,000)")
    assert window.header.stop.text() == "Stop now"
    assert not window.header.stop_after.isEnabled()
    wait_for_state(qtbot, window, "stopped")
    assert len(seen) > 3
    assert session.step == step
    assert checkpoint.checkpoints(session.run.checkpoints_folder)[-1].step == step
    assert window.header.progress_text.text() == f"step {step} of 100"
    assert not window.header.stop.isVisible()
    assert not window.header.stop_now.isEnabled()


@pytest.mark.parametrize("way", ["keys", "click"])
def test_stop_now_gives_the_step_up(qtbot, window, way):
    session = long_step(qtbot, window)
    if way == "keys":
        qtbot.keyClick(window, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    else:
        stop(qtbot, window)
        qtbot.waitUntil(lambda: window.header.stop.text() == "Stop now", timeout=WAIT)
        waited = session.stopping.step
        click(qtbot, window.header.stop)
    wait_for_state(qtbot, window, "stopped")
    if way == "click":
        assert session.step == waited - 1
    assert checkpoint.checkpoints(session.run.checkpoints_folder)[-1].step == session.step
    click(qtbot, window.header.resume)
    wait_for_state(qtbot, window, "training")
    assert window.header.stop.text() == "Stop"


def test_a_refused_change_is_told_and_taken_back(qtbot, window):
    start(qtbot, window, train__max_steps=100_000)
    train_to(qtbot, window, 12)
    window.draft.set("schedule.warmup_steps", 1)
    window.draft.set("train.max_steps", 10)  # passed already
    window.draft.settle()
    qtbot.waitUntil(
        lambda: "has been reached already" in row_of(window, "train.max_steps").fault.text(), timeout=WAIT
    )
    assert window.draft.values["train.max_steps"] == 100_000
    qtbot.waitUntil(lambda: window.workspace.session.config.schedule.warmup_steps == 1, timeout=WAIT)
    assert window.workspace.session.state == "training"


def test_what_holds_a_change_back_is_told_while_training_goes_on(qtbot, window):
    start(qtbot, window, train__max_steps=100_000)
    train_to(qtbot, window, 12)
    window.draft.set_together({"schedule.max_lr": 1e-3, "schedule.min_lr": 2e-3})
    window.draft.settle()
    waits = "changes wait until a setting is put right"
    qtbot.waitUntil(lambda: waits in window.header.progress_text.text(), timeout=WAIT)
    window.draft.set("schedule.min_lr", 1e-4)
    window.draft.settle()
    qtbot.waitUntil(lambda: window.workspace.session.config.schedule.max_lr == 1e-3, timeout=WAIT)
    qtbot.waitUntil(lambda: waits not in window.header.progress_text.text(), timeout=WAIT)


def test_a_damaged_record_opens_nothing(qtbot, window, config, tmp_path):
    run = create(config, tmp_path / "run")
    run.record_path.write_bytes(b"this is no database" * 100)
    window.open(run.folder)
    told = "is not a record that can be read"
    qtbot.waitUntil(lambda: any(told in text for text in window.notices.texts()), timeout=WAIT)
    assert window.workspace.session is None


def test_a_wrong_folder_leaves_the_open_run_alone(qtbot, window, tmp_path):
    start(qtbot, window, train__max_steps=100_000)
    train_to(qtbot, window, 5)
    session = window.workspace.session
    window.open(tmp_path / "none")
    qtbot.waitUntil(lambda: any("is not a run" in text for text in window.notices.texts()), timeout=WAIT)
    assert window.workspace.session is session
    train_to(qtbot, window, session.step + 5)


def test_a_double_click_on_start_starts(qtbot, window):
    place = window.header.start.mapTo(window, window.header.start.rect().center())
    click(qtbot, window.header.start)
    below = window.childAt(place)
    assert below is window.header.stop
    click(qtbot, below)
    train_to(qtbot, window, 3)


def test_the_answer_takes_the_colours_of_a_new_theme(qtbot, window):
    start(qtbot, window, train__max_steps=10)
    wait_for_state(qtbot, window, "finished")
    answer = ask(qtbot, window, "the cat")
    for name in ("light", "dark"):
        window.set_theme(name)
        assert window.prompt.answer.toPlainText() == answer
        cursor = window.prompt.answer.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        assert cursor.charFormat().foreground().color().name().upper() == theme.PALETTES[name].text


def test_a_fault_holds_resume_back_and_says_so(qtbot, window):
    start(qtbot, window, train__max_steps=100_000)
    train_to(qtbot, window, 5)
    click(qtbot, window.header.pause)
    wait_for_state(qtbot, window, "paused")
    window.draft.set("schedule.min_lr", 1.0)
    window.draft.settle()
    assert not window.header.resume.isEnabled()
    assert "a setting needs attention" in window.header.progress_text.text()
    window.draft.set("schedule.min_lr", 0.0)
    window.draft.settle()
    click(qtbot, window.header.resume)
    wait_for_state(qtbot, window, "training")
