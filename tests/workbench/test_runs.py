"""The runs panel: what it tells of real runs, and what a person does with them by mouse and keys."""

import subprocess
import sys
from dataclasses import replace
from math import isfinite
from pathlib import Path

import pytest
from PySide6.QtCore import QFile, QPoint, QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from gpt_core.about import About, describe, read_about
from gpt_core.config import Config, to_toml
from gpt_core.control import Control, Stop
from gpt_core.events import StepDone
from gpt_core.run import Run, create
from gpt_core.summary import Summary, summarize
from gpt_core.worker import Worker
from workbench.main_window import MainWindow
from workbench.tables.comparison import ComparisonModel
from workbench.tables.runs import SORT, Column, FoundRuns, RunsModel

WAIT = 30_000  # milliseconds, for a busy machine


def trained(config: Config, steps: int, name: str = "small", **changes: object) -> Run:
    """A run in the workspace, stopped after some steps."""
    run, control = create(config.replace(changes), name=name), Control()

    def report(what: object) -> None:
        if isinstance(what, StepDone) and what.step == steps:
            control.ask(Stop())

    Worker(run, control, report).work()
    return run


def reveal(qtbot, window, runs: int):
    window.area.dock("runs").reveal()
    qtbot.waitUntil(lambda: len(shown(window)) == runs, timeout=WAIT)
    return window.runs


def shown(window) -> dict[str, list[str]]:
    """The cells of every row by the run's name, forks too."""
    found, rows = window.runs.found, {}

    def take(parent) -> None:
        for row in range(found.rowCount(parent)):
            cells = [found.index(row, column, parent) for column in Column]
            rows[cells[0].data()] = [cell.data() for cell in cells]
            take(cells[0])

    take(window.runs.view.rootIndex())
    return rows


def row_of(panel, run: Run, column: Column = Column.NAME):
    index = panel.found.mapFromSource(panel.model.find(run.folder))
    return index.siblingAtColumn(column)


def click_row(qtbot, panel, run: Run, column: Column = Column.NAME, keys=Qt.KeyboardModifier.NoModifier):
    index = row_of(panel, run, column)
    panel.view.scrollTo(index)
    place = panel.view.visualRect(index).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, keys, place)


def click(qtbot, button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_runs_are_told_as_they_are_and_follow_what_happens(qtbot, window, config) -> None:
    run = trained(config, 12)
    panel = reveal(qtbot, window, 1)
    cells = shown(window)["small-1"]
    assert cells[Column.STATE] == "Stopped"
    assert cells[Column.STEPS] == "12"
    assert cells[Column.TOKENS] == "1.54k"  # 12 steps of 2 batches of 4 windows of 16
    assert isfinite(float(cells[Column.BEST]))
    create(config, name="another")
    qtbot.waitUntil(lambda: "another-1" in shown(window), timeout=WAIT)
    assert shown(window)["another-1"][Column.STATE] == "Not started"

    index = row_of(panel, run)
    panel.view.scrollTo(index)
    place = panel.view.visualRect(index).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
    assert window.workspace.session.run.folder == run.folder
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.STATE] == "Stopped here", timeout=WAIT)


def test_return_opens_and_an_open_run_is_not_opened_twice(qtbot, window, config) -> None:
    run = trained(config, 5)
    panel = reveal(qtbot, window, 1)
    click_row(qtbot, panel, run)
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.state == "stopped", timeout=WAIT)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert window.workspace.session is session
    assert session.alive


def test_sorted_by_a_click_and_found_by_typing(qtbot, window, config) -> None:
    runs = [trained(config, steps, name=name) for steps, name in ((9, "ant"), (30, "bee"), (20, "cow"))]
    describe(runs[2].folder, tags=("milk",), notes="eats grass")
    panel = reveal(qtbot, window, 3)
    header = panel.view.header()

    def names() -> list[str]:
        return [panel.found.index(row, 0).data() for row in range(panel.found.rowCount())]

    place = QPoint(header.sectionViewportPosition(Column.STEPS) + 20, 8)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    first = names()
    assert first in (["ant-1", "cow-1", "bee-1"], ["bee-1", "cow-1", "ant-1"])
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert names() == first[::-1]

    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "grass MILK")
    assert names() == ["cow-1"]
    panel.search.clear()
    qtbot.keyClicks(panel.search, "zebra")
    assert names() == []
    panel.search.clear()
    assert len(names()) == 3


def choose(qtbot, menu: QMenu, *letters: str) -> None:
    """Choose from a menu that is open, and from those below it, by the letters of the keyboard."""
    for letter in letters:
        qtbot.waitUntil(menu.isVisible, timeout=WAIT)
        action = next(each for each in menu.actions() if f"&{letter}" in each.text() or each.text() == letter)
        while menu.activeAction() is not action:
            qtbot.keyClick(menu, Qt.Key.Key_Down)
        qtbot.keyClick(menu, Qt.Key.Key_Return)
        menu = action.menu()


def test_columns_are_sorted_moved_hidden_and_shown_by_keys(qtbot, window, config) -> None:
    for steps, name in ((9, "ant"), (30, "bee"), (20, "cow")):
        trained(config, steps, name=name)
    panel = reveal(qtbot, window, 3)
    header = panel.view.header()

    def by_keys(*letters: str) -> None:
        panel.columns.setFocus()
        qtbot.keyClick(panel.columns, Qt.Key.Key_Space)
        choose(qtbot, panel.columns.menu(), *letters)

    def names() -> list[str]:
        return [panel.found.index(row, 0).data() for row in range(panel.found.rowCount())]

    by_keys("Steps", "up")
    assert names() == ["ant-1", "cow-1", "bee-1"]
    by_keys("Steps", "down")
    assert names() == ["bee-1", "cow-1", "ant-1"]
    place = header.visualIndex(Column.STEPS)
    by_keys("Steps", "left")
    assert header.visualIndex(Column.STEPS) == place - 1
    by_keys("Star", "Hide")
    assert panel.view.isColumnHidden(Column.STAR)
    by_keys("Add a column", "Star")
    assert header.visualIndex(Column.STAR) == len(Column) - 1
    assert not panel.view.isColumnHidden(Column.STAR)


def test_a_click_with_the_right_button_on_a_heading_offers_the_same(qtbot, window, config) -> None:
    trained(config, 3)
    panel = reveal(qtbot, window, 1)
    header = panel.view.header()
    place = QPoint(header.sectionViewportPosition(Column.TOKENS) + 20, 8)
    header.customContextMenuRequested.emit(place)
    menu = next(menu for menu in panel.columns.menu().findChildren(QMenu) if menu.isVisible())
    choose(qtbot, menu, "Hide")
    assert panel.view.isColumnHidden(Column.TOKENS)


def test_tags_and_notes_are_come_to_by_keys(qtbot, window, config) -> None:
    run = trained(config, 3)
    panel = reveal(qtbot, window, 1)
    click_row(qtbot, panel, run)
    for key, column, text in ((Qt.Key.Key_F3, Column.TAGS, "a, b"), (Qt.Key.Key_F4, Column.NOTES, "good")):
        panel.view.setFocus()
        qtbot.keyClick(panel.view, key)
        editor = panel.view.findChild(QLineEdit)
        qtbot.keyClicks(editor, text)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(
            lambda column=column, text=text: shown(window)["small-1"][column] == text, timeout=WAIT
        )


def type_into_cell(qtbot, panel, run: Run, column: Column, text: str) -> None:
    panel.view.setFocus()
    panel.view.setCurrentIndex(row_of(panel, run, column))
    qtbot.keyClick(panel.view, Qt.Key.Key_F2)
    editor = panel.view.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)


def test_a_name_tags_notes_and_a_star_are_given_by_keys(qtbot, window, config) -> None:
    run = trained(config, 3)
    panel = reveal(qtbot, window, 1)
    type_into_cell(qtbot, panel, run, Column.NOTES, "too short")
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.NOTES] == "too short", timeout=WAIT)
    type_into_cell(qtbot, panel, run, Column.TAGS, "a, b ,, a")
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.TAGS] == "a, b", timeout=WAIT)
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.STAR] == "★", timeout=WAIT)
    click_row(qtbot, panel, run, Column.STAR)
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.STAR] == "☆", timeout=WAIT)
    type_into_cell(qtbot, panel, run, Column.NAME, "my first")
    qtbot.waitUntil(lambda: list(shown(window)) == ["my first"], timeout=WAIT)
    moved = run.folder.with_name("my first")
    assert [each.folder for each in panel.selected()] == [moved]
    assert read_about(moved) == About("too short", ("a", "b"))
    assert window.workspace.session is None


def test_a_name_that_cannot_be_is_told(qtbot, window, config) -> None:
    run = trained(config, 3)
    panel = reveal(qtbot, window, 1)
    type_into_cell(qtbot, panel, run, Column.NAME, "a/b")
    qtbot.waitUntil(lambda: any("cannot be called" in text for text in window.notices.texts()), timeout=WAIT)
    assert list(shown(window)) == ["small-1"]


def test_two_are_compared_by_what_differs(qtbot, window, config) -> None:
    one = trained(config, 3)
    other = trained(config, 3, **{"schedule.max_lr": 2e-3})
    panel = reveal(qtbot, window, 2)
    click_row(qtbot, panel, one)
    assert not panel.compare.isEnabled()
    click_row(qtbot, panel, other, keys=Qt.KeyboardModifier.ControlModifier)
    click(qtbot, panel.compare)
    assert panel.table.isVisible()
    assert panel.compared.text() == "1 setting differs."
    rows = [
        [panel.comparison.index(row, column).data() for column in range(3)]
        for row in range(panel.comparison.rowCount())
    ]
    assert sorted(rows[-1][1:]) == ["0.01", "2e-3"]
    click(qtbot, panel.differences)
    assert panel.comparison.rowCount() > 40
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Escape)
    assert panel.view.isVisible()


def test_a_run_goes_to_the_trash_and_one_in_use_stays(qtbot, window, config, monkeypatch, tmp_path) -> None:
    trash = tmp_path / "trash"
    trash.mkdir()

    def move(path: str) -> bool:  # the system's own trash is none of the tests'
        Path(path).rename(trash / Path(path).name)
        return True

    monkeypatch.setattr(QFile, "moveToTrash", move)
    run, busy = trained(config, 3), trained(config, 3)
    panel = reveal(qtbot, window, 2)
    with busy.lock():
        qtbot.waitUntil(lambda: shown(window)["small-2"][Column.STATE] == "Training elsewhere", timeout=WAIT)
        click_row(qtbot, panel, busy)
        click(qtbot, panel.trash)
        assert panel.message.text() == "Another process trains small-2: stop that one first."
        window.workspace.trash([busy.folder])
        qtbot.waitUntil(lambda: any("in use" in text for text in window.notices.texts()), timeout=WAIT)
        click_row(qtbot, panel, run)
        panel.view.setFocus()
        qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: list(shown(window)) == ["small-2"], timeout=WAIT)
    assert (trash / "small-1" / "run.toml").is_file()
    assert busy.folder.is_dir()


def test_the_run_that_is_open_is_left_before_it_is_renamed_or_thrown_away(
    qtbot, window, config, monkeypatch, tmp_path
) -> None:
    trash = tmp_path / "trash"
    trash.mkdir()

    def move(path: str) -> bool:
        Path(path).rename(trash / Path(path).name)
        return True

    monkeypatch.setattr(QFile, "moveToTrash", move)
    run = trained(config, 3)
    panel = reveal(qtbot, window, 1)
    window.open(run.folder)
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.STATE] == "Stopped here", timeout=WAIT)
    qtbot.waitUntil(lambda: panel.model.run(panel.model.find(run.folder)).state == "in_use", timeout=WAIT)
    click_row(qtbot, panel, run)
    click(qtbot, panel.trash)
    told = "small-1 is open here: leave it first with New run (Ctrl+N)."
    assert panel.message.text() == told
    panel.message.take_back()
    click(qtbot, panel.rename)
    assert panel.message.text() == told
    assert panel.view.findChild(QLineEdit) is None
    click(qtbot, window.header.new)
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.STATE] == "Stopped", timeout=WAIT)
    click(qtbot, panel.trash)
    qtbot.waitUntil(lambda: shown(window) == {}, timeout=WAIT)
    assert not panel.message.isVisible()
    assert (trash / "small-1" / "run.toml").is_file()


def test_columns_and_sort_are_as_they_were_left(qtbot, window, config, home) -> None:
    for steps, name in ((9, "ant"), (30, "bee"), (20, "cow")):
        trained(config, steps, name=name)
    panel = reveal(qtbot, window, 3)
    header = panel.view.header()
    place = QPoint(header.sectionViewportPosition(Column.STEPS) + 20, 8)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    header.resizeSection(Column.NAME, 333)
    header.moveSection(header.visualIndex(Column.TOKENS), 1)
    panel.tree.setChecked(False)
    names = list(shown(window))
    kept = QSettings(str(home / "again.ini"), QSettings.Format.IniFormat)
    kept.setValue("runs", panel.keep())
    kept.sync()

    again = MainWindow(QSettings(kept.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    again.show()
    reveal(qtbot, again, 3)
    assert again.runs.view.columnWidth(Column.NAME) == 333
    assert again.runs.view.header().visualIndex(Column.TOKENS) == 1
    assert not again.runs.tree.isChecked()
    assert list(shown(again)) == names
    again.close()


def test_notes_are_written_after_a_double_click_and_the_menu_does_what_the_buttons_do(
    qtbot, window, config
) -> None:
    run = trained(config, 3)
    panel = reveal(qtbot, window, 1)
    window.resize(1900, 900)
    click_row(qtbot, panel, run, Column.NOTES)
    place = panel.view.visualRect(row_of(panel, run, Column.NOTES)).center()
    qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = panel.view.findChild(QLineEdit)
    qtbot.keyClicks(editor, "good")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown(window)["small-1"][Column.NOTES] == "good", timeout=WAIT)
    assert window.workspace.session is None
    panel.view.customContextMenuRequested.emit(place)
    menu = panel.findChild(QMenu)
    texts = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert texts == {
        "Open": True,
        "Compare": False,
        "Rename": True,
        "Star": True,
        "Move to trash": True,
        "Tags": True,
        "Notes": True,
        "Show the folder": True,
    }
    menu.actions()[3].trigger()
    menu.close()
    qtbot.waitUntil(lambda: read_about(run.folder).star, timeout=WAIT)


def test_the_row_of_a_run_that_another_process_trains_follows_it(
    qtbot, window, config, tmp_path, home
) -> None:
    toml = tmp_path / "small.toml"
    toml.write_text(to_toml(config.replace({"train.max_steps": 1_000_000})), encoding="utf-8")
    folder = home / "runs" / "other"
    command = [sys.executable, "-m", "gpt_core.cli", "train", str(toml), "--run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            reveal(qtbot, window, 1)

            def steps() -> int:
                told = shown(window)["other"][Column.STEPS]
                return int(told.replace(",", "")) if told != "–" else 0

            qtbot.waitUntil(lambda: steps() > 0, timeout=WAIT)
            assert shown(window)["other"][Column.STATE] == "Training elsewhere"
            first = steps()
            qtbot.waitUntil(lambda: steps() > first, timeout=WAIT)
        finally:
            other.terminate()
            other.wait(timeout=WAIT / 1000)
    qtbot.waitUntil(lambda: shown(window)["other"][Column.STATE] == "Stopped", timeout=WAIT)
    cells, told = shown(window)["other"], summarize(folder)
    assert cells[Column.STEPS] == f"{told.step:,}"
    assert told.tokens == told.step * 128  # 2 batches of 4 windows of 16


def test_a_run_that_another_process_trains_is_watched_then_taken_over(qtbot, window, config, tmp_path, home):
    toml = tmp_path / "small.toml"
    toml.write_text(to_toml(config.replace({"train.max_steps": 1_000_000})), encoding="utf-8")
    folder = home / "runs" / "other"
    command = [sys.executable, "-m", "gpt_core.cli", "train", str(toml), "--run", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            qtbot.waitUntil(lambda: (folder / "record.sqlite").exists(), timeout=WAIT)
            window.open(folder)
            qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
            session = window.workspace.session
            assert session.watched
            assert window.header.state.text() == "Training elsewhere"
            assert not window.header.pause.isVisible()
            assert not window.header.stop.isVisible()

            def further(than: int) -> None:
                qtbot.waitUntil(lambda: session.step > than, timeout=WAIT)

            further(0)
            further(session.step)
            qtbot.waitUntil(lambda: session.validation is not None, timeout=WAIT)
            assert len(window.samples.samples()) >= 1
            window.draft.set("schedule.max_lr", 5e-3)
            window.draft.settle()
            assert window.draft.values["schedule.max_lr"] == config.schedule.max_lr
            assert any("Another process trains" in text for text in window.notices.texts())
        finally:
            other.terminate()
            other.wait(timeout=WAIT / 1000)
    qtbot.waitUntil(lambda: session.state == "stopped", timeout=WAIT)
    ended = session.step
    assert summarize(folder).step == ended
    click(qtbot, window.header.resume)

    def taken_over() -> None:
        now = window.workspace.session
        assert now is not None
        assert not now.watched
        assert now.step > ended

    qtbot.waitUntil(taken_over, timeout=WAIT)


# ------------------------------------------------------------------------------------------------ The models


def summary(name: str, parent: str = "", **values) -> Summary:
    return Summary(Path("/runs") / name, "stopped", 0.0, about=About(parent=parent), **values)


FAMILY = [
    summary("mother"),
    summary("child", "mother"),
    summary("grandchild", "child"),
    summary("stray", "gone"),
    summary("ring-a", "ring-b"),
    summary("ring-b", "ring-a"),
    summary("own", "own"),
]


@pytest.mark.parametrize("tree", [True, False])
def test_the_model_keeps_qts_rules_while_runs_come_and_go(qtbot, tree) -> None:
    model = RunsModel(lambda run: run.state)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    found = FoundRuns()
    found.setSourceModel(model)
    over = QAbstractItemModelTester(found, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_as_tree(tree)
    for runs in ([], FAMILY[:1], FAMILY, FAMILY[::-1], FAMILY[2:], []):
        model.show(runs)
        assert all(model.run(model.find(run.folder)) is run for run in runs)
    del tester, over


def test_forks_stand_below_their_parents_and_circles_are_cut(qtbot) -> None:
    model = RunsModel(lambda run: run.state)
    model.show(FAMILY)

    def above(name: str) -> str | None:
        parent = model.parent(model.find(Path("/runs") / name))
        return model.run(parent).name if parent.isValid() else None

    assert (above("child"), above("grandchild")) == ("mother", "child")
    assert above("mother") is above("stray") is above("own") is None
    assert {above("ring-a"), above("ring-b")} in ({None, "ring-a"}, {None, "ring-b"})
    model.show_as_tree(False)
    assert above("child") is None
    found = FoundRuns()
    found.setSourceModel(model)
    model.show_as_tree(True)
    found.seek("grandchild")
    assert found.rowCount() == 1
    assert found.index(0, 0).data() == "mother"


def test_sorting_takes_figures_for_figures_and_the_missing_for_the_worst(qtbot) -> None:
    model = RunsModel(lambda run: run.state)
    runs = [summary("a", best=10.0, step=9), summary("b", best=9.0, step=10), summary("c", step=100)]
    model.show(runs)
    found = FoundRuns()
    found.setSourceModel(model)
    for column, expected in ((Column.BEST, "bac"), (Column.STEPS, "abc"), (Column.NAME, "abc")):
        found.sort(column)
        assert "".join(found.index(row, 0).data() for row in range(3)) == expected
    assert model.index(0, Column.BEST).data(SORT) == 10.0
    found.sort(Column.BEST, Qt.SortOrder.DescendingOrder)
    assert "".join(found.index(row, 0).data() for row in range(3)) == "abc"


def test_what_stays_is_refreshed_in_place(qtbot) -> None:
    model = RunsModel(lambda run: run.state)
    model.show(FAMILY)
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show([replace(run, step=7) for run in FAMILY])
    assert model.find(Path("/runs/child")).siblingAtColumn(Column.STEPS).data() == "7"


def test_only_settings_that_differ_are_compared(qtbot) -> None:
    model = ComparisonModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    config = Config()
    changed = config.replace({"model.num_layers": 3, "schedule.max_lr": 1e-4})
    second = summary("b", config=changed, best=1.5, best_bits=2.25)
    model.compare([summary("a", config=config), second, summary("c", config=config)])
    assert model.settings_shown == 2
    told = {model.index(row, 0).data(): model.index(row, 2).data() for row in range(model.rowCount())}
    assert told["Layers"] == "3"
    assert (told["Best validation loss"], told["… in bits per byte"]) == ("1.500", "2.250")
    row = [model.index(row, 0).data() for row in range(model.rowCount())].index("Layers")
    assert model.index(row, 2).data(Qt.ItemDataRole.FontRole) is not None
    assert model.index(row, 3).data(Qt.ItemDataRole.FontRole) is None
    del tester


def test_selected_runs_are_laid_over_the_curves(qtbot, window, config):
    trained(config, 3, "first")
    trained(config, 5, "second")
    panel = reveal(qtbot, window, 2)
    panel.view.selectAll()
    panel.overlay.click()
    qtbot.waitUntil(lambda: len(window.curves.plot.others) == 2, timeout=WAIT)
    assert {other.name for other in window.curves.plot.others} == {"first-1", "second-1"}
    assert window.centre.currentWidget() is window.curves
    panel.view.clearSelection()
    qtbot.waitUntil(lambda: not window.curves.plot.others, timeout=WAIT)
