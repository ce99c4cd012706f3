"""The queue: put together, put in order, trained by a person's clicks and keys; there after a restart."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget
from torch.nn.modules.module import register_module_forward_hook

from gpt_core import checkpoint
from gpt_core.config import Config, to_toml
from gpt_core.errors import ConfigError, GPTCoreError
from gpt_core.model import GPTDecoderLayer
from gpt_core.run import create, open_run
from gpt_core.summary import summarize
from workbench import queue_file, theme
from workbench.main_window import MainWindow
from workbench.queue import Queue, assignments
from workbench.queue_file import Entry, Trouble, trouble_of
from workbench.tables.queue import Column

WAIT = 60_000  # milliseconds, for a busy machine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def quick(config: Config) -> Config:
    """Trained within a moment."""
    changes = {"train.max_steps": 6, "train.checkpoint_interval": 3, "train.eval_interval": 3}
    return config.replace(changes | {"schedule.warmup_steps": 2})


@pytest.fixture
def open_window(qtbot, home, quick):
    """Opens the window, as often as asked, on the same home."""
    made: list[MainWindow] = []

    def opened() -> MainWindow:
        theme.apply(QApplication.instance(), "dark")
        window = MainWindow(QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat))
        made.append(window)
        window.draft.load(quick, "small")
        window.show()
        window.area.dock("queue").reveal()
        return window

    yield opened
    for window in made:
        shut(qtbot, window)
        window.deleteLater()


@pytest.fixture
def window(open_window) -> MainWindow:
    return open_window()


def shut(qtbot, window: MainWindow) -> None:
    window.close_at_once()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)


def click(qtbot, button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def add(qtbot, window: MainWindow, variation: str = "") -> None:
    """Type a variation and add the settings with it."""
    line = window.queue.variation
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, variation)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def rows(window: MainWindow) -> list[list[str]]:
    model = window.queue.model
    return [[model.index(row, column).data() for column in Column] for row in range(model.rowCount())]


def column(window: MainWindow, which: Column) -> list[str]:
    return [row[which] for row in rows(window)]


def point_in(window: MainWindow, row: int, which: Column = Column.NAME) -> QPoint:
    view = window.queue.view
    view.scrollTo(window.queue.model.index(row, which))
    return view.visualRect(window.queue.model.index(row, which)).center()


def select(qtbot, window: MainWindow, row: int) -> None:
    viewport = window.queue.view.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point_in(window, row))
    assert [index.row() for index in window.queue.view.selectionModel().selectedRows()] == [row]


def steps(window: MainWindow) -> list[int]:
    return [entry.settings["train"]["max_steps"] for entry in window.workspace.queue.entries]


def states(window: MainWindow) -> list[str]:
    return [entry.state for entry in window.workspace.queue.entries]


def wait_for_states(qtbot, window: MainWindow, *expected: str) -> None:
    def reached() -> None:
        assert states(window) == list(expected)

    qtbot.waitUntil(reached, timeout=WAIT)


def wait_for_the_end(qtbot, window: MainWindow, *expected: str) -> None:
    wait_for_states(qtbot, window, *expected)
    qtbot.waitUntil(lambda: not window.workspace.queue.on, timeout=WAIT)


def wait_for_step(qtbot, window: MainWindow, step: int) -> None:
    def reached() -> None:
        session = window.workspace.session
        assert session is not None
        assert session.step >= step

    qtbot.waitUntil(reached, timeout=WAIT)


# ------------------------------------------------------------------------------------------------- Training


def test_three_configurations_are_trained_one_after_the_other(qtbot, window, home) -> None:
    panel = window.queue
    tester = QAbstractItemModelTester(panel.model)
    assert panel.empty.isVisible()
    assert not panel.switch.isEnabled()
    add(qtbot, window)
    add(qtbot, window, "schedule.max_lr=1e-3 train.max_steps=5")
    add(qtbot, window, "--set train.max_steps=7 --set train.seed=2")
    assert column(window, Column.NUMBER) == ["1", "2", "3"]
    assert column(window, Column.STEPS) == ["6", "5", "7"]
    assert rows(window)[1][Column.DIFFERENCES].startswith("gpt1: Peak rate 1e-3 · Text ")
    assert panel.status.text() == "3 runs wait."
    told = []
    window.away.told.connect(lambda title, text: told.append((title, text)))
    elsewhere = QWidget()  # the person is at work in another window
    qtbot.addWidget(elsewhere)
    elsewhere.show()
    elsewhere.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow(), timeout=WAIT)
    click(qtbot, panel.switch)
    assert panel.switch.isChecked()
    wait_for_the_end(qtbot, window, "done", "done", "done")
    assert column(window, Column.STATE) == ["Finished"] * 3
    assert not panel.switch.isChecked()
    assert column(window, Column.NAME) == ["small-1", "small-2", "small-3"]
    for entry, end in zip(window.workspace.queue.entries, (6, 5, 7), strict=True):
        run = open_run(entry.folder)
        assert run.config == entry.config()
        assert checkpoint.newest_sound(run.checkpoints_folder)[0].step == end
    assert window.workspace.session.run.name == "small-3"  # the last stays open, to be looked at
    tester.deleteLater()
    assert [title for title, _ in told] == [
        *(f"small-{number} is trained" for number in (1, 2, 3)),
        "The queue is done",
    ]
    assert told[-1][1] == "Trained: 3. Failed: 0."


def test_between_two_of_its_runs_the_header_says_that_the_queue_goes_on(qtbot, window) -> None:
    header, told = window.header, []

    def look() -> None:
        if window.workspace.session is None:
            told.append((header.progress_text.text(), header.start.isVisible()))

    window.workspace.sessionChanged.connect(look)
    add(qtbot, window)
    add(qtbot, window, "train.max_steps=5")
    assert header.start.isVisible()
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "done", "done")
    assert told == [("The queue goes on with its next run.", False)]


def test_the_queue_waits_for_a_run_begun_by_hand(qtbot, window) -> None:
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    click(qtbot, window.header.start)
    wait_for_step(qtbot, window, 2)
    add(qtbot, window, "train.max_steps=4")  # the draft is that of the run; what is fixed in it can be varied
    add(qtbot, window, "model.num_layers=1 train.max_steps=5")
    assert states(window) == ["waiting", "waiting"]
    click(qtbot, window.queue.switch)
    assert window.queue.status.text() == "Begins when small-1 is over. Waiting: 2."
    by_hand = window.workspace.session
    window.draft.set("train.max_steps", by_hand.step + 30)
    window.draft.settle()
    wait_for_the_end(qtbot, window, "done", "done")
    assert open_run(window.workspace.queue.entries[1].folder).config.model.num_layers == 1
    assert summarize(by_hand.run.folder).state == "finished"


def test_what_fails_says_why_and_the_next_goes_on(qtbot, window, tmp_path, text) -> None:
    gone = tmp_path / "gone.txt"
    gone.write_bytes(text.read_bytes())
    add(qtbot, window, f"data.source={gone}")
    add(qtbot, window, "train.max_steps=5")
    gone.unlink()
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "failed", "done")
    state = column(window, Column.STATE)[0]
    assert state.startswith(f"Failed: data.source: There is no text at {gone}")
    assert any("There is no text" in notice for notice in window.notices.texts())
    assert window.workspace.queue.entries[0].run == ""  # nothing stays of a run that never began
    gone.write_bytes(text.read_bytes())
    select(qtbot, window, 0)
    assert f"There is no text at {gone}" in window.queue.message.text()
    click(qtbot, window.queue.again)
    assert states(window) == ["waiting", "done"]
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "done", "done")


def test_trouble_on_the_way_is_saved_and_left(qtbot, window) -> None:
    add(qtbot, window, "train.max_steps=100000 train.checkpoint_interval=100000")
    add(qtbot, window)
    spoil = [False]

    def nothing_finite(module, given, found):
        if spoil[0] and module.training and isinstance(module, GPTDecoderLayer):
            spoil[0] = False
            return found * torch.nan
        return None

    hook = register_module_forward_hook(nothing_finite)
    try:
        click(qtbot, window.queue.switch)
        wait_for_step(qtbot, window, 3)
        spoil[0] = True
        wait_for_the_end(qtbot, window, "failed", "done")
    finally:
        hook.remove()
    failed = window.workspace.queue.entries[0]
    assert "is not finite" in column(window, Column.STATE)[0]
    assert failed.run == "small-1"
    assert checkpoint.newest_sound(open_run(failed.folder).checkpoints_folder)[0].step >= 3


def test_what_cannot_be_saved_holds_the_queue(qtbot, window) -> None:
    add(qtbot, window, "train.max_steps=100000 train.checkpoint_interval=100000 train.eval_interval=100000")
    add(qtbot, window)
    click(qtbot, window.queue.switch)
    wait_for_step(qtbot, window, 3)
    place = window.workspace.session.run.checkpoints_folder
    if place.exists():
        place.rename(place.with_name("elsewhere"))
    place.write_text("in the way")
    window.menus.save_run.trigger()
    qtbot.waitUntil(lambda: not window.workspace.queue.on, timeout=WAIT)
    assert states(window) == ["failed", "waiting"]
    assert window.queue.status.text().startswith("Held because small-1 could not be saved.")


@pytest.mark.parametrize("what", ["stop", "pause"])
def test_what_the_person_asks_of_a_run_holds_the_queue(qtbot, window, what) -> None:
    add(qtbot, window, "train.max_steps=100000")
    add(qtbot, window)
    click(qtbot, window.queue.switch)
    wait_for_step(qtbot, window, 2)
    click(qtbot, getattr(window.header, what))
    qtbot.waitUntil(lambda: not window.workspace.queue.on, timeout=WAIT)
    assert not window.queue.switch.isChecked()
    if what == "stop":
        assert window.queue.status.text() == "Held because you stopped small-1. Run the queue to go on."
        assert states(window) == ["stopped", "waiting"]
        click(qtbot, window.queue.switch)
        wait_for_the_end(qtbot, window, "stopped", "done")
        return
    assert window.queue.status.text() == "Held because you paused small-1. Run the queue to go on."
    at = window.workspace.session.step
    assert column(window, Column.STATE) == ["Paused", "Waiting"]
    click(qtbot, window.queue.switch)  # goes on with the one that was paused
    wait_for_step(qtbot, window, at + 2)
    assert window.workspace.session.run.name == "small-1"


def test_leaving_a_run_holds_the_queue_and_the_run_goes_on_later(qtbot, window, answer_question) -> None:
    add(qtbot, window, "train.max_steps=60000")
    add(qtbot, window)
    click(qtbot, window.queue.switch)
    wait_for_step(qtbot, window, 2)
    answer_question("Save and stop")
    window.menus.new_run.trigger()
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    assert window.queue.status.text() == "Held because you left small-1. Run the queue to go on."
    assert states(window) == ["interrupted", "waiting"]
    click(qtbot, window.queue.switch)
    wait_for_states(qtbot, window, "training", "waiting")
    assert window.workspace.session.run.name == "small-1"


@pytest.fixture
def answer_question():
    def answer(text: str) -> None:
        def decide() -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, QMessageBox)
            next(button for button in box.buttons() if button.text() == text).click()

        QTimer.singleShot(100, decide)

    return answer


def test_asked_again_of_the_next_run_the_question_says_why_again(qtbot, window, quick) -> None:
    """Where the queue has gone on while the person made up their mind."""
    other = create(quick, name="other")
    for _ in range(2):
        add(qtbot, window, "train.max_steps=60000")
    click(qtbot, window.queue.switch)
    wait_for_step(qtbot, window, 2)
    first = window.workspace.session
    asked: list[str] = []

    def decide() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            return
        asked.append(box.text())
        if len(asked) == 1:
            first.change({"train.max_steps": first.step + 5})
            wait_for_states(qtbot, window, "done", "training")
            wait_for_step(qtbot, window, 1)
        name = "Save and stop" if len(asked) == 1 else "Go on training"
        next(button for button in box.buttons() if button.text() == name).click()

    look = QTimer(interval=50, timeout=decide)
    look.start()
    window.open(other.folder)
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=WAIT)
    look.stop()
    assert asked[0].startswith("other-1 is to be opened in the place of the run that trains.")
    assert asked[1] == asked[0]


# ------------------------------------------------------------------------------------------ Putting together


def test_rows_are_put_in_order_by_dragging_and_by_keys(qtbot, window) -> None:
    for count in (11, 12, 13):
        add(qtbot, window, f"train.max_steps={count}")
    window.resize(1440, 1000)
    window.area.resizeDocks([window.area.dock("queue")], [300], Qt.Orientation.Vertical)
    view = window.queue.view
    viewport = view.viewport()
    qtbot.waitUntil(lambda: viewport.height() > 3 * view.sizeHintForRow(0), timeout=WAIT)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(viewport, left, pos=point_in(window, 2))
    for row in (1, 0):
        qtbot.mouseMove(viewport, point_in(window, row) - QPoint(0, 4))
    qtbot.mouseRelease(viewport, left, pos=point_in(window, 0) - QPoint(0, 4))
    assert steps(window) == [13, 11, 12]
    assert [entry.settings["train"]["max_steps"] for entry in window.queue.selected()] == [13]

    qtbot.mousePress(viewport, left, pos=point_in(window, 0))  # a drag that is broken off
    qtbot.mouseMove(viewport, point_in(window, 2))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(viewport, left, pos=point_in(window, 2))
    assert steps(window) == [13, 11, 12]

    select(qtbot, window, 0)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert steps(window) == [11, 13, 12]
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert steps(window) == [11, 12, 13]
    click(qtbot, window.queue.up)
    assert steps(window) == [11, 13, 12]
    assert queue_file.read(queue_file.queue_path())[1].settings["train"]["max_steps"] == 13

    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert steps(window) == [11, 12]
    view.setFocus()
    select(qtbot, window, 0)
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit)
    qtbot.keyClicks(editor, "first")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: column(window, Column.NAME) == ["first", "small"], timeout=WAIT)
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = next(one for one in view.findChildren(QLineEdit) if one.isVisible())
    qtbot.keyClicks(editor, "a/b")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "cannot be called a/b" in window.queue.message.text(), timeout=WAIT)
    assert column(window, Column.NAME) == ["first", "small"]


def test_a_variation_that_cannot_be_is_told_beside_it(qtbot, window) -> None:
    panel = window.queue
    for line, told in [
        ("train.max_steps=many", "train.max_steps: 'many' is not a whole number"),
        ("model.num_heads=3", "is not a multiple of the 3 attention heads"),
        ("max_steps", "is not of the form section.field=value"),
        ("max_steps=3", "did you mean train.max_steps?"),
        ("lr=1e-3", "did you mean schedule.max_lr?"),
        ("train.steps=3", "did you mean train.max_steps?"),
        ("data.source=/nowhere", "There is no text at"),
    ]:
        add(qtbot, window, line)
        assert panel.message.isVisible()
        assert told.split(" is not a whole")[0] in panel.message.text()
        assert rows(window) == []
    add(qtbot, window, "train.max_steps=3")
    assert panel.message.isHidden()
    panel.variation.setText("train.max_steps=1 schedule.warmup_steps=2")
    click(qtbot, panel.vary)
    assert "warmup of 2 steps is longer" in panel.message.text()
    assert steps(window) == [3]
    panel.variation.setText("train.max_steps=4 schedule.warmup_steps=2")
    click(qtbot, panel.vary)
    assert steps(window) == [4]


def test_presets_and_files_are_added_too(qtbot, window, tmp_path, quick, monkeypatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(quick), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    click(qtbot, window.queue.add_file)
    window.queue.presets.aboutToShow.emit()
    offered = {action.text(): action for action in window.queue.presets.actions()}
    offered["quickstart"].trigger()
    assert column(window, Column.NAME) == ["mine", "quickstart"]
    assert rows(window)[1][Column.DIFFERENCES] == "quickstart, as it is"
    window.menus.add_to_queue.trigger()
    assert column(window, Column.NAME) == ["mine", "quickstart", "small"]
    monkeypatch.chdir(tmp_path)
    add(qtbot, window, "data.source=text.txt")
    assert window.workspace.queue.entries[-1].settings["data"]["source"] == str(tmp_path / "text.txt")
    path.write_text("[train]\nmax_steps = 0\n", encoding="utf-8")
    click(qtbot, window.queue.add_file)
    assert "train.max_steps" in window.queue.message.text()
    assert len(rows(window)) == 4


def test_an_entry_is_edited_in_the_forms_and_put_back(qtbot, window) -> None:
    add(qtbot, window, "train.max_steps=9")
    select(qtbot, window, 0)
    click(qtbot, window.queue.edit)
    assert window.draft.values["train.max_steps"] == 9
    assert not window.queue.switch.isEnabled()  # the change would be lost
    window.draft.set("train.max_steps", 8)
    click(qtbot, window.queue.put_back)
    assert steps(window) == [8]
    assert not window.queue.put_back.isVisible()
    click(qtbot, window.queue.edit)
    window.draft.set("train.max_steps", 7)
    click(qtbot, window.queue.edit)
    assert steps(window) == [8]


def test_the_run_of_a_row_is_opened(qtbot, window) -> None:
    add(qtbot, window, "train.max_steps=3")
    add(qtbot, window, "train.max_steps=4")
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "done", "done")
    assert window.workspace.session.run.name == "small-2"
    place = point_in(window, 0)
    viewport = window.queue.view.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)

    def opened(name: str) -> None:
        session = window.workspace.session
        assert session is not None
        assert (session.run.name, session.state) == (name, "finished")

    qtbot.waitUntil(lambda: opened("small-1"), timeout=WAIT)
    select(qtbot, window, 1)
    qtbot.keyClick(window.queue.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened("small-2"), timeout=WAIT)
    assert states(window) == ["done", "done"]


# ----------------------------------------------------------------------------------------------- A restart


def test_it_is_there_again_after_a_restart_and_goes_on(qtbot, open_window, answer_question) -> None:
    window = open_window()
    add(qtbot, window, "train.max_steps=100000")
    add(qtbot, window, "train.max_steps=4")
    add(qtbot, window, "train.max_steps=5")
    click(qtbot, window.queue.switch)
    wait_for_step(qtbot, window, 8)
    answer_question("Save and stop")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)

    again = open_window()
    assert not again.queue.switch.isChecked()
    assert again.queue.status.text() == "3 runs wait; run the queue to go on."
    assert states(again) == ["interrupted", "waiting", "waiting"]
    entry = again.workspace.queue.entries[0]
    saved = checkpoint.newest_sound(open_run(entry.folder).checkpoints_folder)[0].step
    assert saved >= 8
    click(qtbot, again.queue.switch)
    qtbot.waitUntil(lambda: bool(again.workspace.session and again.workspace.session.ready), timeout=WAIT)
    assert again.workspace.session.ready.step == saved  # resumed, not begun anew
    assert again.workspace.session.run.folder == entry.folder
    again.draft.set("train.max_steps", again.workspace.session.step + 50)
    again.draft.settle()
    wait_for_the_end(qtbot, again, "done", "done", "done")


KILLED = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from gpt_core.config import from_toml
from workbench.main_window import MainWindow

application = QApplication([])
window = MainWindow(QSettings(sys.argv[1] + "/workbench.ini", QSettings.Format.IniFormat))
window.draft.load(from_toml(Path(sys.argv[2])), "small")
window.show()
for steps in (100_000, 4):
    window.queue.variation.setText(f"train.max_steps={steps}")
    window.queue.add_draft()
window.queue.switch.click()

def tell():
    session = window.workspace.session
    if session is not None and session.step >= 7:
        print("trains", flush=True)

timer = QTimer(interval=50)
timer.timeout.connect(tell)
timer.start()
application.exec()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_was_trained_when_the_program_was_killed_is_resumed(qtbot, home, open_window, quick, tmp_path):
    toml = tmp_path / "small.toml"
    toml.write_text(to_toml(quick), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, str(home), str(toml)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        try:
            assert program.stdout.readline() == "trains\n"
            other = open_window()  # a second window looks, and changes nothing
            assert other.queue.status.text().startswith("Another window of the workbench has the queue")
            assert states(other) == ["training", "waiting"]
            add(qtbot, other, "train.max_steps=3")
            assert "Another window" in other.queue.message.text()
            shut(qtbot, other)
        finally:
            program.send_signal(signal.SIGKILL)
    window = open_window()
    assert states(window) == ["interrupted", "waiting"]
    assert window.queue.status.text() == "2 runs wait; run the queue to go on."
    assert column(window, Column.STATE)[0] == "Broken off; goes on when its turn comes"
    entry = window.workspace.queue.entries[0]
    saved = checkpoint.newest_sound(open_run(entry.folder).checkpoints_folder)[0].step
    assert saved >= 6
    click(qtbot, window.queue.switch)
    qtbot.waitUntil(lambda: bool(window.workspace.session and window.workspace.session.ready), timeout=WAIT)
    assert window.workspace.session.ready.step == saved
    assert window.workspace.session.run.folder == entry.folder


def test_an_entry_that_became_unfit_is_told_and_passed_over(qtbot, home, open_window, quick) -> None:
    good = quick.model_dump(mode="json")
    unfit = good | {"model": good["model"] | {"num_heads": 0}, "train": good["train"] | {"max_steps": "x"}}
    strange = good | {"later": {"a": 1}}
    written = [
        Entry(name=name, settings=values)
        for name, values in (("unfit", unfit), ("strange", strange), ("good", good))
    ]
    queue_file.write(queue_file.queue_path(), written)
    window = open_window()
    told = column(window, Column.STATE)
    assert told[0].startswith("Passed over: model.num_heads: 0 is below 1")
    assert told[1].startswith("Passed over: later: ")
    assert told[2] == "Waiting"
    assert window.queue.status.text() == "1 run waits; run the queue to go on."
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "waiting", "waiting", "done")
    assert not window.queue.switch.isEnabled()


def test_a_run_that_was_renamed_is_still_the_entrys(qtbot, window) -> None:
    add(qtbot, window, "train.max_steps=3")
    click(qtbot, window.queue.switch)
    wait_for_the_end(qtbot, window, "done")
    click(qtbot, window.header.new)
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    window.workspace.rename(window.workspace.queue.entries[0].folder, "mine")
    qtbot.waitUntil(lambda: column(window, Column.NAME) == ["mine"], timeout=WAIT)
    assert window.workspace.queue.entries[0].folder.is_dir()


# ------------------------------------------------------------------------------------------------ The file


def damaged(home: Path) -> list[Path]:
    return sorted(home.glob("queue-damaged-*.toml"))


def test_a_damaged_file_is_told_and_kept_aside(qtbot, home, open_window) -> None:
    path = queue_file.queue_path()
    path.write_bytes(b"format = 1\n[[runs]]\nname = ")
    window = open_window()
    told = window.queue.status.text()
    assert "cannot be read" in told
    assert "queue-damaged-1.toml" in told
    assert damaged(home)[0].read_bytes() == b"format = 1\n[[runs]]\nname = "
    add(qtbot, window)
    assert len(queue_file.read(path)) == 1


@given(
    content=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_queue_or_are_kept_aside(content: bytes, tmp_path_factory) -> None:
    _check_bytes(content, tmp_path_factory.mktemp("queue"))


values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["model", "num_heads", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(st.sampled_from(["a", "", "../b", "c:d"]), values),
        "state": st.one_of(st.sampled_from(["waiting", "training", "done", "failed", "lost"]), values),
        "run": st.one_of(st.sampled_from(["a-1", "../../etc"]), values),
        "preset": st.one_of(st.sampled_from(["quickstart", "gone"]), values),
        "settings": st.one_of(
            st.dictionaries(
                st.sampled_from(["model", "data", "train", "x", "description"]), values, max_size=4
            ),
            values,
        ),
        "trouble": st.one_of(
            st.just([{"code": "not_finite", "values": {"value": 1}}]), st.just([{"code": "nothing"}]), values
        ),
    },
)


@given(runs=st.one_of(st.lists(entries, max_size=3), values), number=st.one_of(st.just(1), values))
@settings(max_examples=100, deadline=None)
def test_any_tables_are_a_queue_or_are_kept_aside(runs, number, tmp_path_factory) -> None:
    import tomli_w

    content = tomli_w.dumps({"format": number, "runs": runs}).encode()
    _check_bytes(content, tmp_path_factory.mktemp("queue"))


def _check_bytes(content: bytes, home: Path) -> None:
    """The queue of a file with this content: its entries, or none and the file kept as it was."""
    from workbench.tables.queue import QueueModel

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPT_WORKBENCH_HOME", str(home))
        path = queue_file.queue_path()
        path.write_bytes(content)
        queue = Queue()
        if queue.trouble is not None:
            assert queue.trouble.code == "queue_damaged"
            assert "\n" not in str(queue.trouble).strip() or "\\n" not in str(queue.trouble)
            assert queue.entries == []
            assert [kept.read_bytes() for kept in damaged(home)] == [content]
        else:
            assert path.read_bytes() == content
            model = QueueModel(lambda _: None)
            model.show(queue.entries)
            shown = [model.index(row, at).data() for row in range(model.rowCount()) for at in Column]
            assert all(isinstance(cell, str) for cell in shown)
            queue.next()
            queue.move({entry.key for entry in queue.entries[:1]}, len(queue.entries))
            kept = [entry.model_dump() for entry in queue.entries]
            read = [entry.model_dump() for entry in queue_file.read(path)]
            assert repr(read) == repr(kept)
        queue.release()


@given(
    st.lists(
        st.sampled_from(["train.seed=3", "sampling.prompt=the  cat sat", "schedule.max_lr = 1e-3"]),
        max_size=4,
    )
)
def test_a_line_of_settings_is_taken_apart_as_it_was_put_together(parts: list[str]) -> None:
    assert assignments(" ".join(parts)) == parts
    assert assignments(" ".join(f"--set {part}" for part in parts)) == parts


def test_trouble_is_kept_by_its_code(tmp_path: Path) -> None:
    error = GPTCoreError("text_missing", field="data.source", path=tmp_path, known="x")
    entry = Entry(name="a", state="failed", trouble=trouble_of(error), settings={})
    queue_file.write(tmp_path / "queue.toml", [entry])
    (read,) = queue_file.read(tmp_path / "queue.toml")
    assert read.trouble == [
        Trouble(code="text_missing", field="data.source", values={"path": str(tmp_path), "known": "x"})
    ]
    with pytest.raises(ConfigError) as raised:
        Config().replace({"train.max_steps": 0, "train.batch_size": -1})
    assert [one.field for one in trouble_of(raised.value)] == ["train.batch_size", "train.max_steps"]
