"""What a window is left with, and what the next one finds."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest

from gpt_core import resources
from gpt_core.config import from_toml
from gpt_core.run import create
from workbench import app
from workbench.draft import Draft
from workbench.forms.history import KEPT, HistoryEdit
from workbench.forms.row import FieldRow
from workbench.main_window import MainWindow
from workbench.plots.controls import Controls
from workbench.unsaved import Unsaved
from workbench.workspace import Workspace

WAIT = 30_000  # milliseconds, for a busy machine
QUICKSTART = from_toml(resources.presets()["quickstart"])


def kept(folder):
    return QSettings(str(folder / "workbench.ini"), QSettings.Format.IniFormat)


class Sitting:
    """A draft from its beginning to its end, without the window around it."""

    def __init__(self, folder):
        self.draft, self.workspace = Draft(), Workspace()
        self.unsaved = Unsaved(self.draft, self.workspace, kept(folder), self.workspace)


def left_with(folder, changes):
    """One that was left with these changes of quickstart."""
    before = Sitting(folder)
    before.draft.load(QUICKSTART, "quickstart")
    for field, value in changes.items():
        before.draft.set(field, value)
    before.unsaved.keep()


def test_what_was_changed_and_not_saved_comes_back_as_one_step(qapp, tmp_path):
    changes = {"train.max_steps": 1234, "train.batch_size": "many", "sampling.stop": ("終わり", "\n")}
    left_with(tmp_path, changes)
    after = Sitting(tmp_path)
    assert after.unsaved.take_up() == 3
    assert after.draft.values["train.max_steps"] == 1234
    assert after.draft.faults["train.batch_size"].code == "not_an_integer"
    assert list(after.draft.values["sampling.stop"]) == ["終わり", "\n"]
    assert after.draft.preset == "quickstart"
    assert after.draft.origin.description == QUICKSTART["description"]
    after.draft.undo()
    assert not after.draft.can_undo
    assert not any(map(after.draft.differs_from_preset, after.draft.values))
    after.unsaved.keep()  # the person went back to the preset
    assert Sitting(tmp_path).unsaved.take_up() == 0


def test_where_the_settings_came_from_is_kept_with_them(qapp, tmp_path):
    before, path = Sitting(tmp_path), tmp_path / "mine.toml"
    before.draft.load({"train": {"max_steps": 77}}, "mine", path)
    before.draft.set("train.seed", 5)
    before.unsaved.keep()
    after = Sitting(tmp_path)
    assert after.unsaved.take_up() == 1
    assert (after.draft.preset, after.draft.origin.path) == ("mine", path)
    assert after.draft.values["train.max_steps"] == after.draft.origin.values["train.max_steps"] == 77
    assert after.draft.values["train.seed"] == 5


def test_a_window_that_was_opened_on_something_else_leaves_what_was_kept(qapp, tmp_path):
    left_with(tmp_path, {"train.seed": 5})
    left_with(tmp_path, {})
    assert Sitting(tmp_path).unsaved.take_up() == 1


@pytest.mark.parametrize("gone", [False, True])
def test_what_a_run_holds_is_not_unsaved(qapp, tmp_path, config, gone):
    sitting, run = Sitting(tmp_path), create(config, tmp_path / "run")
    sitting.draft.load(QUICKSTART, "quickstart")
    sitting.draft.set("train.seed", 5)
    sitting.workspace.session = SimpleNamespace(run=run)
    sitting.draft.running = True
    sitting.draft.set("train.max_steps", 5000)
    sitting.draft.running = False
    if gone:  # it failed before it began
        run.discard_unused()
    sitting.unsaved.keep()
    assert Sitting(tmp_path).unsaved.take_up() == (2 if gone else 0)
    sitting.draft.set("train.seed", 6)
    sitting.unsaved.keep()
    assert Sitting(tmp_path).unsaved.take_up() == 2


@pytest.mark.parametrize("what", ["", "no JSON", "[]", '{"preset": 1}', "null"])
def test_what_cannot_be_understood_is_as_nothing(qapp, tmp_path, what):
    kept(tmp_path).setValue("unsaved", what)
    assert Sitting(tmp_path).unsaved.take_up() == 0


def test_a_setting_that_there_is_no_more_is_left_out(qapp, tmp_path):
    left_with(tmp_path, {"train.seed": 5})
    found = json.loads(kept(tmp_path).value("unsaved"))
    found["changes"]["train.gone"] = found["values"]["train.gone"] = 1
    kept(tmp_path).setValue("unsaved", json.dumps(found))
    assert Sitting(tmp_path).unsaved.take_up() == 1


def test_the_newest_prompts_are_kept_as_far_as_there_is_room(qtbot):
    before, after = HistoryEdit(), HistoryEdit()
    qtbot.addWidget(before)
    qtbot.addWidget(after)
    for text in ("the oldest", "x" * (KEPT - 10), "吾輩は", "two\nlines"):
        before.remember(text)
    after.restore(before.keep())
    assert after.entries == ["吾輩は", "two\nlines"]
    after.setFocus()
    QTest.keyClick(after, Qt.Key.Key_Up)
    assert after.toPlainText() == "two\nlines"
    for nonsense in ("", "no JSON", "5"):
        after.restore(nonsense)
    assert len(after.entries) == 2


@pytest.mark.parametrize("nonsense", ["", "no JSON", "[]", '{"kind": "miles"}'])
def test_a_view_that_makes_no_sense_leaves_the_usual_one(qtbot, nonsense):
    controls = Controls()
    qtbot.addWidget(controls)
    controls.restore(nonsense)
    assert controls.kind.currentData() == "step"
    assert controls.smoothing.currentData() == 0.97


def test_the_next_window_is_as_the_last_was_left(qtbot, window, home, monkeypatch):
    controls = window.curves.plot.controls
    controls.kind.setCurrentIndex(controls.kind.findData("tokens"))
    controls.smoothing.setCurrentIndex(controls.smoothing.findData(0.9))
    controls.log.setChecked(True)
    controls.shown["grad_norm"].trigger()
    controls.shown["marks"].trigger()
    window.prompt.prompt.remember("Once upon")
    window.draft.load(QUICKSTART, "quickstart")
    steps = next(
        row for row in window.setup.findChildren(FieldRow) if row.field == "train.max_steps"
    ).widget()
    steps.selectAll()
    QTest.keyClicks(steps, "1234")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)

    other = MainWindow(kept(home))
    monkeypatch.setattr(app, "_show", lambda *_: (other, SimpleNamespace(exec=lambda: 0)))
    monkeypatch.setattr(app, "_load_torch", lambda: None)
    with pytest.raises(SystemExit):
        app.main([], standalone_mode=False)
    controls = other.curves.plot.controls
    assert controls.kind.currentData() == other.curves.plot.scale.kind == "tokens"
    assert controls.smoothing.currentData() == 0.9
    assert controls.log.isChecked()
    assert controls.shown["grad_norm"].isChecked()
    assert not controls.shown["marks"].isChecked()
    assert other.prompt.history.isEnabled()
    assert other.draft.values["train.max_steps"] == 1234
    assert other.notices.texts() == [
        "The settings are as you left them, not saved; changed from quickstart: 1. "
        "Undo (Ctrl+Z) goes back to quickstart."
    ]
    other.draft.undo()
    assert other.draft.values["train.max_steps"] == QUICKSTART["train"]["max_steps"]
    other.close_at_once()
    other.deleteLater()


@pytest.mark.parametrize("arguments", [["gpt1"], ["--start"]])
def test_who_names_a_preset_or_starts_at_once_gets_what_was_asked_for(qapp, tmp_path, monkeypatch, arguments):
    left_with(tmp_path, {"train.seed": 5})
    sitting, asked = Sitting(tmp_path), []
    window = SimpleNamespace(draft=sitting.draft, start=lambda: asked.append("start"))
    window.use_folder, window.take_up_unsaved = lambda folder: None, lambda: asked.append("left over")
    monkeypatch.setattr(app, "_show", lambda *_: (window, SimpleNamespace(exec=lambda: 0)))
    monkeypatch.setattr(app, "_load_torch", lambda: None)
    with pytest.raises(SystemExit):
        app.main(arguments, standalone_mode=False)
    assert sitting.draft.values["train.seed"] == 1
    assert "left over" not in asked
