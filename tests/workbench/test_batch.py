"""The batch of a step, asked for on the curve of a real run, and read there."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMenu, QToolTip

from gpt_core import checkpoint
from gpt_core.control import Control
from gpt_core.preparation import load_model
from gpt_core.record import RecordView
from gpt_core.retrace import batch_of
from gpt_core.run import Run, create
from gpt_core.surprisal import read
from gpt_core.worker import Worker
from workbench import language
from workbench.dialogs.batch import BatchDialog
from workbench.main_window import MainWindow

WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture
def run(home, config) -> Run:
    """A run with checkpoints at steps 10 and 20."""
    short = {"train.max_steps": 20, "train.sample_interval": 0, "train.keep": 2}
    made = create(config.replace(short), name="small")
    worker = Worker(made, Control(), lambda report: None)
    worker.work()
    assert worker.error is None
    return made


@pytest.fixture
def window(qtbot, window, run) -> Iterator[MainWindow]:
    """The window with that run opened."""
    window.resize(1280, 720)
    window.open(run.folder)
    qtbot.waitUntil(window.prompt.generate.isEnabled, timeout=WAIT)
    yield window
    language.apply(QApplication.instance(), "en")


def point_of(window, step: int) -> QPoint:
    """Where a step stands on the loss's plot, half way up."""
    plot = window.curves.plot.loss.plot
    return plot.mapFromGlobal(plot.middle_of(step))


def right_click(window, step: int) -> None:
    viewport, point = window.curves.plot.loss.plot.viewport(), point_of(window, step)
    QTest.mouseClick(viewport, Qt.MouseButton.RightButton, pos=point)


def choose(qtbot, window) -> str:
    """Take what the menu offers; its words."""
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None, timeout=WAIT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    (action,) = menu.actions()
    text = action.text()
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    return text


def dialog_of(qtbot, window, whole: bool = True) -> BatchDialog:
    qtbot.waitUntil(lambda: bool(window.findChildren(BatchDialog)), timeout=WAIT)
    (dialog,) = window.findChildren(BatchDialog)
    if whole:
        qtbot.waitUntil(lambda: dialog._id is None, timeout=WAIT)
    return dialog


def losses(run: Run) -> tuple[np.ndarray, np.ndarray]:
    with closing(RecordView(run.record_path)) as record:
        return record.series("loss")


def expected(run: Run, step: int, by: int) -> list[tuple[float, str]]:
    """Loss and text of each window, the hardest first."""
    saved = checkpoint.find(run.checkpoints_folder, by)
    windows, _ = batch_of(run.folder, step)
    model, tokenizer = load_model(run, saved)
    found = []
    for window in windows.tolist():
        nats = [token.surprisal for token in read(model, window, tokenizer)[1:]]
        found.append((sum(nats) / len(nats), tokenizer.decode(window)))
    return sorted(found, reverse=True)


def rows(dialog) -> list[list[str]]:
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return [[item.text(column) for column in range(3)] for item in items]


def test_a_right_click_on_the_curve_shows_what_the_step_was_trained_on(qtbot, window, run):
    right_click(window, 12)
    steps, values = losses(run)
    offered = choose(qtbot, window)
    dialog = dialog_of(qtbot, window)
    step = dialog._step
    reach = [step for step in steps.tolist() if abs(step - 12) <= 2]
    assert step in reach  # a few pixels are no more than that here
    assert offered == f"Read the batch of step {step}, loss {values[step - 1]:.3f}"
    assert dialog.windowTitle() == f"Batch of step {step}"
    wanted = expected(run, step, by=20)
    assert [row[1] for row in rows(dialog)] == [f"{loss:.3f}" for loss, _ in wanted]
    assert sorted(int(row[0]) for row in rows(dialog)) == list(range(1, 9))
    assert dialog.text.toPlainText() == wanted[0][1]  # of the hardest
    now = sum(loss for loss, _ in wanted) / len(wanted)
    then = f"Loss {values[step - 1]:.3f} when it was trained on, {now:.3f} by the model of step 20"
    assert dialog.note.text().startswith(then)
    dialog.list.setFocus()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)  # closes nothing
    qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.text.toPlainText() == wanted[1][1]
    letter = next(number for number, sign in enumerate(wanted[1][1]) if number and sign.isalpha())
    point = dialog.text.place_of(letter).center()
    none = Qt.MouseButton.NoButton  # sent by hand: a pointer without a screen is over the window behind
    place = QPointF(dialog.text.viewport().mapToGlobal(point))
    moved = QMouseEvent(QEvent.Type.MouseMove, QPointF(point), place, none, none, Qt.KeyboardModifier(0))
    QApplication.sendEvent(dialog.text.viewport(), moved)
    assert "%" in QToolTip.text()
    assert "go on from here" not in QToolTip.text()
    close = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.findChildren(BatchDialog), timeout=WAIT)


def test_of_the_steps_close_by_the_peak_is_meant(qtbot, window, run):
    """As few pixels as six are many steps of a long run."""
    plot = window.curves.plot
    steps = np.arange(21, 3001)
    values = np.where(steps == 1508, 9.5, 2.0)
    plot.append("loss", steps, values)
    plot.advance(steps, np.full(len(steps), 128), np.full(len(steps), 0.01))
    plot.redraw()
    right_click(window, 1500)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None, timeout=WAIT)
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions()] == ["Read the batch of step 1,508, loss 9.500"]
    assert plot.loss.plot.step == 1508  # which the crosshair shows
    menu.close()


def test_by_keys_and_by_whom_answers_prompts(qtbot, window, run):
    """A checkpoint that was chosen to answer reads it, too."""
    window.prompt.choose(10)
    plot = window.curves.plot.loss.plot
    plot.setFocus()
    assert not [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    qtbot.keyClick(plot, Qt.Key.Key_Return)  # there is no crosshair yet: it means nothing
    assert QApplication.activePopupWidget() is None
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    step = plot.step
    qtbot.keyClick(plot, Qt.Key.Key_Return)
    dialog = dialog_of(qtbot, window)
    assert dialog._step == step  # that one, be there a peak beside it
    assert "by the model of step 10" in dialog.note.text()
    assert [row[1] for row in rows(dialog)] == [
        f"{loss:.3f}" for loss, _ in expected(run, dialog._step, by=10)
    ]


def test_who_reads_it_goes_on_where_another_is_chosen_to_answer(qtbot, window, run):
    """And is closed, with its model, once it has read all."""
    window.prompt.choose(10)
    readers = window.workspace.session.readers
    dialog = window.batch_of(12)
    dialog.show()
    window.prompt.answerers.first.setCurrentIndex(0)  # the model now
    assert window.prompt.who_answers() is window.workspace.session
    assert readers.running
    qtbot.waitUntil(lambda: dialog._id is None, timeout=WAIT)
    assert "by the model of step 10" in dialog.note.text()
    assert len(rows(dialog)) == 8
    qtbot.waitUntil(lambda: not readers.running, timeout=WAIT)


def test_what_cannot_be_read_is_told_in_its_place_and_in_any_language(qtbot, window, run):
    for path in (run.folder / "tokens").glob("*.bin"):
        path.unlink()
    window.prompt.choose(10)  # read anew from the disk, which the model in training is not
    right_click(window, 12)
    choose(qtbot, window)
    dialog = dialog_of(qtbot, window)
    assert "tokens" in dialog.note.text() or "train.bin" in dialog.note.text()
    english = dialog.note.text()
    language.apply(QApplication.instance(), "ja")
    qtbot.waitUntil(lambda: dialog.note.text() != english, timeout=WAIT)
    assert dialog.list.headerItem().text(1) == "損失"


def test_it_is_read_no_further_once_it_is_closed_and_goes_with_the_run(qtbot, window, run, monkeypatch):
    session = window.workspace.session
    stopped = []
    monkeypatch.setattr(session, "stop_answer", stopped.append)
    monkeypatch.setattr(session, "read_batch", lambda step: 77)  # which nobody reads
    right_click(window, 12)
    choose(qtbot, window)
    dialog = dialog_of(qtbot, window, whole=False)
    assert dialog.note.text() == "Waiting for the model …"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(BatchDialog), timeout=WAIT)
    assert stopped == [77]
    monkeypatch.undo()
    right_click(window, 12)
    choose(qtbot, window)
    dialog_of(qtbot, window)
    window.changeover.leave_run()
    qtbot.waitUntil(lambda: not window.findChildren(BatchDialog), timeout=WAIT)
