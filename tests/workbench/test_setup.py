"""The setup panel: presets and files, groups, faults in their place, the keyboard, a run that goes on."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import ClassVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QObject, QPoint, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget

from gpt_core import resources
from gpt_core.cli.common import load_values
from gpt_core.config import from_toml, from_values, override, settings
from gpt_core.schedule import learning_rate
from workbench import language, theme
from workbench.draft import Draft
from workbench.panels.setup import RARE, SetupPanel

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder of the test's own for what the person saves."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(folder))
    return folder


@pytest.fixture
def draft(qapp):
    theme.apply(qapp, "dark")
    draft = Draft()
    draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
    return draft


@pytest.fixture
def panel(qtbot, draft):
    panel = SetupPanel(draft)
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    settle_layout()
    return panel


def settle_layout():
    for _ in range(8):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        QApplication.processEvents()


def row(panel, field):
    group = panel.groups[field.split(".")[0]]
    return (group.rows | group.rare)[field]


def type_into(panel, field, text):
    control = row(panel, field).widget()
    control = control.focusProxy() or control  # of a path the line
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, text)
    return control


# --------------------------------------------------------------------------------------- Groups and rows


def test_it_is_made_without_a_window_flashing_up(qtbot, qapp, draft):
    class Watch(QObject):
        shown: ClassVar[list[QObject]] = []

        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show:
                self.shown.append(watched)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    panel = SetupPanel(draft)
    qtbot.addWidget(panel)
    qapp.removeEventFilter(watch)
    assert watch.shown == []


def test_every_setting_has_a_row(panel):
    for field in settings():
        assert row(panel, field).what.field == field
    assert set(settings()) >= RARE


def test_the_first_view_is_short_and_more_shows_the_rest(panel):
    group = panel.groups["model"]
    assert row(panel, "model.num_layers").isVisible()
    assert not row(panel, "model.layer_norm_eps").isVisible()
    QTest.mouseClick(group.more, Qt.MouseButton.LeftButton)
    assert row(panel, "model.layer_norm_eps").isVisible()
    assert group.more.text() == "Fewer"
    QTest.mouseClick(group.more, Qt.MouseButton.LeftButton)
    assert not row(panel, "model.layer_norm_eps").isVisible()


def test_what_the_tokenizer_decides_is_asked_only_where_it_matters(panel, draft):
    assert not row(panel, "data.vocab_size").isVisible()
    draft.set("data.tokenizer", "bpe")
    assert row(panel, "data.vocab_size").isVisible()
    assert not row(panel, "model.vocab_size").isVisible()


def test_a_fault_in_a_folded_row_shows_it(panel, draft):
    for field, value in (("optimizer.beta2", 1.5), ("model.vocab_size", -1), ("data.vocab_size", 3)):
        assert not row(panel, field).isVisible()
        before = draft.values[field]
        draft.set(field, value)
        assert row(panel, field).isVisible()
        assert row(panel, field).fault.isVisible()
        draft.set(field, before)
        assert not row(panel, field).isVisible()


def test_a_setting_is_found_by_its_name(panel):
    panel.search.setFocus()
    QTest.keyClicks(panel.search, "DROPOUT")
    found = {field for field in settings() if row(panel, field).isVisible()}
    dropouts = {"model.embedding_dropout", "model.attention_dropout", "model.residual_dropout"}
    assert found == dropouts | {"train.seed"}  # whose description has the word
    assert not panel.groups["optimizer"].isVisible()
    panel.search.clear()
    assert panel.groups["train"].isVisible()
    assert row(panel, "model.num_layers").isVisible()
    assert not row(panel, "model.embedding_dropout").isVisible()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_nothing_is_cut_at_320_pixels(panel, draft, qapp, name):
    theme.apply(qapp, name)
    for group in panel.groups.values():
        group.more.setChecked(True)
    draft.set("data.tokenizer", "bpe")
    draft.set("data.source", "no such file anywhere.txt")
    draft.set("train.seed", 2**32 - 1)
    draft.set("train.max_steps", 10**9)
    draft.settle()
    settle_layout()
    assert panel.width() == 320
    inside = panel.area.widget()
    assert inside.width() == panel.area.viewport().width()
    for field in settings():
        shown = row(panel, field)
        if not shown.isVisible():
            continue
        for part in (shown.title, shown.widget(), shown.unit, shown.fault):
            if part.isVisible():
                right = part.mapTo(inside, QPoint(part.width(), 0)).x()
                assert right <= inside.width(), field
        assert shown.title.height() >= shown.title.heightForWidth(shown.title.width()), field
        assert shown.unit.sizeHint().width() <= shown.unit.width(), field
        if shown.fault.isVisible():
            assert shown.fault.height() >= shown.fault.heightForWidth(shown.fault.width()), field


def test_tab_goes_down_the_panel_as_the_eye_does(panel):
    for group in panel.groups.values():
        group.more.setChecked(True)
    settle_layout()
    panel.search.setFocus()
    places = []
    while True:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if not panel.area.widget().isAncestorOf(focused):
            break
        place = focused.mapTo(panel.area.widget(), QPoint(0, 0))
        places.append((place.y() // 20, place.x()))
        assert len(places) < 200
    assert len(places) > 45
    assert places == sorted(places)


# ------------------------------------------------------------------------------------ Typing, faults, undo


def test_typing_a_wrong_number_tells_it_there_and_mending_it_takes_it_away(panel, draft):
    type_into(panel, "model.num_heads", "5")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    told = row(panel, "model.embedding_dim").fault
    assert told.isVisible()
    assert (
        told.text() == "The embedding dimension 128 is not a multiple of the 5 attention heads; 130 would be."
    )
    type_into(panel, "model.embedding_dim", "190")
    assert not told.isVisible()
    assert draft.config().model.embedding_dim == 190


@pytest.fixture
def active(qtbot, window):
    """The whole window, with the keyboard's focus."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    settle_layout()
    return window


def focus_in(window, dock, widget):
    window.area.dock(dock).reveal()
    widget.setFocus()
    assert QApplication.focusWidget() is widget
    return widget


def test_ctrl_z_in_a_field_undoes_the_drafts_step(active):
    panel, draft = active.setup, active.draft
    control = type_into(panel, "model.context_length", "256")
    QTest.keyClick(control, Qt.Key.Key_Z, CTRL)
    assert draft.values["model.context_length"] == 16
    assert control.text() == "16"
    QTest.keyClick(control, Qt.Key.Key_Z, CTRL | SHIFT)
    assert control.text() == "256"
    prompt = row(panel, "sampling.prompt").widget()
    begun = draft.values["sampling.prompt"]
    prompt.setFocus()
    QTest.keyClicks(prompt, "So ")
    QTest.keyClick(prompt, Qt.Key.Key_Z, CTRL)
    assert draft.values["sampling.prompt"] == begun
    assert draft.values["model.context_length"] == 256
    panel.search.setFocus()
    QTest.keyClick(panel.search, Qt.Key.Key_Z, CTRL)
    assert draft.values["model.context_length"] == 16


def test_what_is_chosen_in_data_is_undone_there_and_from_the_menu(active):
    box = active.data.rows["data.tokenizer"].widget()
    focus_in(active, "data", box)
    before = active.draft.values["data.tokenizer"]
    QTest.keyClicks(box, "gpt2")
    assert active.draft.values["data.tokenizer"] == "gpt2"
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    assert active.draft.values["data.tokenizer"] == box.currentText() == before
    active.menus.edit.redo.trigger()
    assert box.currentText() == "gpt2"


def test_undo_takes_back_a_text_of_its_own_first_and_then_a_step_of_the_draft(active):
    active.draft.set("model.num_layers", 6)
    active.draft.settle()
    prompt = focus_in(active, "prompt", active.prompt.prompt)
    begun = prompt.toPlainText()
    QTest.keyClicks(prompt, "So ")
    QTest.keyClick(prompt, Qt.Key.Key_Z, CTRL)
    assert prompt.toPlainText() == begun
    assert active.draft.values["model.num_layers"] == 6
    QTest.keyClick(prompt, Qt.Key.Key_Z, CTRL | SHIFT)
    assert prompt.toPlainText() != begun
    while prompt.document().isUndoAvailable():
        QTest.keyClick(prompt, Qt.Key.Key_Z, CTRL)
    assert active.draft.values["model.num_layers"] == 6
    QTest.keyClick(prompt, Qt.Key.Key_Z, CTRL)
    assert active.draft.values["model.num_layers"] != 6
    assert prompt.toPlainText() == begun


def test_undo_is_offered_only_where_there_is_something_to_undo(active):
    edit = active.menus.edit
    active.draft.running = True  # what came before is forgotten
    active.draft.running = False
    assert not edit.undo.isEnabled()
    assert not edit.redo.isEnabled()
    active.draft.set("model.num_layers", 6)
    assert edit.undo.isEnabled()
    edit.undo.trigger()
    assert (edit.undo.isEnabled(), edit.redo.isEnabled()) == (False, True)
    search = focus_in(active, "runs", active.runs.search)
    assert not edit.undo.isEnabled()
    QTest.keyClicks(search, "x")
    assert edit.undo.isEnabled()
    active.header.start.setFocus()
    assert not edit.undo.isEnabled()


def test_a_menu_opened_by_its_key_acts_on_the_text_that_had_the_focus(active, qtbot):
    search = focus_in(active, "runs", active.runs.search)
    QTest.keyClicks(search, "x")
    QTest.keyClick(search, Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    edit = active.menus.edit
    qtbot.waitUntil(edit.isVisible)
    assert edit.undo.isEnabled()
    QTest.keyClick(edit, Qt.Key.Key_U)
    assert search.text() == ""
    assert search.hasFocus()


def test_the_menu_lets_go_of_a_cell_that_went_while_it_was_open(active, qtbot):
    edit = active.menus.edit
    active.draft.set("model.num_layers", 6)
    cell = QLineEdit(active.runs)
    cell.show()
    cell.setFocus()
    qtbot.waitUntil(cell.hasFocus)
    QTest.keyClicks(cell, "x")
    QTest.keyClick(cell, Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(edit.isVisible)
    cell.deleteLater()  # as the editor of a cell is, which closes where another has the focus
    QCoreApplication.sendPostedEvents(cell, QEvent.Type.DeferredDelete.value)
    assert edit.undo.isEnabled()
    QTest.keyClick(edit, Qt.Key.Key_U)
    assert active.draft.values["model.num_layers"] != 6


@pytest.mark.filterwarnings("error")
def test_a_text_that_goes_with_the_focus_in_it_is_let_go_of_in_silence(active):
    edit = active.menus.edit
    search = focus_in(active, "runs", active.runs.search)
    QTest.keyClicks(search, "x")
    assert edit.undo.isEnabled()
    search.textChanged.disconnect()  # as where it is taken down
    focus_in(active, "setup", active.setup.search)
    QTest.keyClicks(active.setup.search, "x")
    assert edit.undo.isEnabled()
    edit.undo.trigger()
    assert active.setup.search.text() == ""
    assert not edit.undo.isEnabled()


def test_ctrl_f_seeks_a_setting_from_anywhere(active):
    active.area.dock("setup").close()
    prompt = focus_in(active, "prompt", active.prompt.prompt)
    QTest.keyClick(prompt, Qt.Key.Key_F, CTRL)
    assert active.setup.search.isVisible()
    assert active.setup.search.hasFocus()


def test_a_row_shown_for_its_fault_stays_while_it_is_written_in(panel, draft, home):
    own = home / "verse.txt"
    own.write_text("Tyger Tyger, burning bright\n" * 50)
    draft.load(from_toml(resources.presets()["notebook"]), "notebook")
    panel.search.setFocus()
    QTest.keyClicks(panel.search, "device")
    source, device = row(panel, "data.source"), row(panel, "train.device")
    assert source.fault.isVisible()
    line = source.widget().line
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    QTest.keyClick(line, Qt.Key.Key_A, CTRL)
    for letter in str(own):
        QTest.keyClicks(QApplication.focusWidget(), letter)  # wherever the keyboard is by now
    assert line.text() == draft.values["data.source"] == str(own)
    assert draft.values["train.device"] == "auto"
    QTest.mouseClick(panel.search, Qt.MouseButton.LeftButton)
    assert not source.isVisible()
    assert not panel.groups["data"].isVisible()
    assert device.isVisible()


def test_a_folded_row_stays_while_its_fault_is_mended(panel, draft):
    draft.set("train.seed", "x")
    seed = type_into(panel, "train.seed", "12")
    assert seed.hasFocus()
    assert draft.values["train.seed"] == 12
    panel.search.setFocus()
    assert not seed.isVisible()


# ------------------------------------------------------------------------------------------- The schedule


def test_the_preview_follows_the_draft_and_never_draws_a_fault(panel, draft):
    def drawn():
        steps, rates = panel.preview.points()
        return int(steps[-1]), dict(zip(steps.tolist(), rates.tolist(), strict=True))

    last, rates = drawn()
    assert last == 3000
    assert rates[100] == 3e-3
    type_into(panel, "schedule.max_lr", "1e-2")
    assert drawn()[1][100] == 1e-2
    type_into(panel, "train.max_steps", "500")
    assert drawn()[0] == 500
    type_into(panel, "schedule.warmup_steps", "501")  # longer than the run
    last, rates = drawn()
    assert last == 500
    assert rates[250] == learning_rate(250, draft_schedule(draft, 100), 500)  # not of 50, on the way to 501
    draft.undo()
    assert drawn()[1][100] == 1e-2
    type_into(panel, "schedule.max_lr", "50")  # above the limit
    assert row(panel, "schedule.max_lr").fault.isVisible()
    assert max(drawn()[1].values()) == 1e-2
    assert panel.preview.corner.accessibleDescription() == "0.01 after 100 steps"
    panel.search.setFocus()
    assert max(drawn()[1].values()) == 1e-2


def draft_schedule(draft, warmup):
    tables = draft.tables()
    return from_values(tables | {"schedule": tables["schedule"] | {"warmup_steps": warmup}}).schedule


def test_the_present_step_is_marked(panel):
    panel.resize(320, 1000)
    settle_layout()
    plain = panel.preview.grab().toImage()
    panel.set_step(900)
    marked = panel.preview.grab().toImage()
    assert marked != plain
    panel.set_step(None)
    assert panel.preview.grab().toImage() == plain


# --------------------------------------------------------------------------------------- Presets and files


def test_a_preset_is_chosen_described_and_changes_from_it_are_counted(panel, draft, qtbot):
    assert panel.presets.box.currentText() == "quickstart"
    panel.presets.box.setFocus()
    QTest.keyClick(panel.presets.box, Qt.Key.Key_Down)
    assert draft.preset == "gpt1"
    assert draft.values["train.max_steps"] == 100_000
    assert "books" in panel.presets.note.text()
    assert row(panel, "data.source").fault.text().startswith("There is no text at books")
    assert panel.legend["ring"].text() == "not the preset's"
    settle_layout()
    place = panel.area.geometry()
    type_into(panel, "train.batch_size", "24")
    assert panel.legend["ring"].text() == "not the preset's (1)"
    settle_layout()
    assert panel.area.geometry() == place  # nothing moves under the mouse
    draft.undo()
    assert panel.legend["ring"].text() == "not the preset's"
    draft.undo()
    assert panel.presets.box.currentText() == "quickstart"


def choose_preset(panel, name):
    """Go to a preset by keys, to be taken up once and not with each on the way."""
    box = panel.presets.box
    box.showPopup()
    box.view().setCurrentIndex(box.model().index(box.findText(name), 0))
    QTest.keyClick(box.view(), Qt.Key.Key_Return)


def test_a_preset_whose_text_is_not_there_keeps_the_persons_own(panel, draft, home):
    own = home / "verse.txt"
    own.write_bytes("Tyger Tyger, burning bright\n".encode("utf-16") * 50)
    draft.set("data.encoding", "utf-16")
    type_into(panel, "data.source", str(own))
    draft.settle()
    before = dict(draft.values)
    choose_preset(panel, "notebook")
    assert draft.preset == "notebook"
    assert draft.values["train.max_steps"] == draft.origin.values["train.max_steps"]
    assert row(panel, "data.source").widget().line.text() == str(own)
    assert draft.values["data.encoding"] == "utf-16"  # which is the text's
    assert not draft.faults
    assert draft.differs_from_preset("data.source")
    draft.undo()
    assert draft.values == before
    assert draft.preset == "quickstart"
    choose_preset(panel, "shakespeare-char-cpu")
    choose_preset(panel, "quickstart")  # whose text is there
    assert draft.values["data.source"] == "builtin:python-reference"
    choose_preset(panel, "notebook")
    assert row(panel, "data.source").fault.text().startswith("There is no text at input.txt")


def test_a_configuration_is_saved_and_opened_again(panel, draft, tmp_path):
    type_into(panel, "model.num_layers", "7")
    QTest.mouseClick(panel.save_button, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog)
    path = tmp_path / "mine.toml"
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("mine")  # the suffix is added
    dialog.accept()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert from_values(tomllib.loads(path.read_text())) == draft.config()
    assert panel.presets.message.text() == f"Saved as {path}."

    panel.presets.box.setFocus()
    QTest.keyClicks(panel.presets.box, "shakespeare-char-g")
    assert draft.preset == "shakespeare-char-gpu"
    QTest.mouseClick(panel.open_button, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(path))
    dialog.accept()
    assert draft.values["model.num_layers"] == 7
    assert panel.presets.box.currentText() == "mine"
    assert row(panel, "model.num_layers").widget().text() == "7"


def test_a_file_that_cannot_be_taken_up_is_told_and_nothing_is_lost(panel, draft, tmp_path):
    path = tmp_path / "odd.toml"
    before = dict(draft.values)
    for content, told in [
        ("[model", "is not valid TOML"),
        ("[model]\nlayers = 3", "There is no setting model.layers"),
        ("train = 4", "[train] must hold settings"),
    ]:
        path.write_text(content)
        panel.presets.open(path)
        assert panel.presets.message.isVisible()
        assert told in panel.presets.message.text()
        assert draft.values == before
        assert panel.presets.box.currentText() == "quickstart"
    path.write_text("[model]\nnum_layers = 0")  # wrong, but with a field to say so
    panel.presets.open(path)
    assert not panel.presets.message.isVisible()
    assert row(panel, "model.num_layers").fault.text().startswith("0 is below 1")


def test_what_cannot_be_saved_is_told(panel, draft, tmp_path):
    panel.save(tmp_path / "no such folder" / "mine.toml")
    assert "cannot be written" in panel.presets.message.text()
    draft.set("train.keep", 0)
    panel.save(tmp_path / "mine.toml")
    assert panel.presets.message.text() == "train.keep: 0 is below 1, the smallest value allowed."
    assert not (tmp_path / "mine.toml").exists()
    draft.set("train.keep", 1)
    draft.set("data.source", "not on this machine.txt")
    draft.settle()
    panel.save(tmp_path / "mine.toml")
    assert from_toml(tmp_path / "mine.toml")["data"]["source"] == "not on this machine.txt"


# ------------------------------------------------------------------------------------------- Own presets


def choose(field, name):
    """Choose in the box of presets by the keyboard, as a person does who types its name."""
    field.box.setFocus()
    QTest.keyClicks(field.box, name)


def typed(text):
    """Text as an input method brings it: QTest's keys are Latin ones only."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    return event


def answer(field, name):
    field.question.name.selectAll()
    QApplication.sendEvent(field.question.name, typed(name))
    QTest.mouseClick(field.question.yes, Qt.MouseButton.LeftButton)


def entries(field):
    return [field.box.itemText(index) for index in range(field.box.count())]


def test_a_preset_is_saved_chosen_renamed_and_deleted(panel, draft, home):
    field = panel.presets
    assert not field.rename_action.isEnabled()
    type_into(panel, "model.num_layers", "7")
    field.save_action.trigger()
    assert field.question.name.hasFocus()
    answer(field, "深い quickstart")
    assert from_toml(home / "presets" / "深い quickstart.toml")["model"]["num_layers"] == 7
    assert not field.question.isVisible()
    assert draft.preset == field.box.currentText() == "深い quickstart"
    assert not any(map(draft.differs_from_preset, settings()))
    heading = entries(field).index("Your own")
    assert entries(field)[heading + 1] == "深い quickstart"
    assert not field.box.model().item(heading).isEnabled()

    choose(field, "gpt1")
    assert draft.values["model.num_layers"] == 12
    QTest.keyClick(field.box, Qt.Key.Key_End)
    assert draft.values["model.num_layers"] == 7
    field.rename_action.trigger()
    assert field.question.name.text() == "深い quickstart"
    answer(field, "deep")
    assert draft.preset == field.box.currentText() == "deep"
    assert [path.name for path in (home / "presets").iterdir()] == ["deep.toml"]

    field.delete_action.trigger()
    assert field.question.no.hasFocus()  # Enter does no harm
    QTest.mouseClick(field.question.yes, Qt.MouseButton.LeftButton)
    assert list((home / "presets").iterdir()) == []
    assert "Your own" not in entries(field)
    assert draft.values["model.num_layers"] == 7  # and can be saved again


def test_a_rename_leaves_the_way_back(panel, draft, home):
    panel.presets.save_action.trigger()
    answer(panel.presets, "mine")
    type_into(panel, "model.num_layers", "7")
    panel.presets.rename_action.trigger()
    answer(panel.presets, "yours")
    draft.undo()
    assert (draft.preset, draft.values["model.num_layers"]) == ("yours", 4)
    draft.undo()
    assert draft.preset == "quickstart"
    draft.redo()
    assert draft.preset == "yours"


def test_a_name_that_cannot_be_is_told_and_one_that_is_taken_is_asked_about(panel, draft, home):
    field = panel.presets
    field.save_action.trigger()
    for name, told in [
        ("../mine", "cannot be the name of a preset"),
        ("nul", "cannot be the name of a preset"),
        ("", "cannot be the name of a preset"),
        ("GPT1", "GPT1 is a built-in preset"),
    ]:
        field.question.name.clear()
        answer(field, name)
        assert told in field.message.text()
        assert field.question.isVisible()
    answer(field, "mine")
    choose(field, "gpt1")
    type_into(panel, "model.num_layers", "9")
    field.save_action.trigger()
    answer(field, "Mine")
    assert field.message.text() == "There is a preset mine already."
    assert field.question.yes.text() == "Replace"
    QTest.keyClicks(field.question.name, "2")
    assert field.question.yes.text() == "Save"
    answer(field, "Mine")
    QTest.mouseClick(field.question.yes, Qt.MouseButton.LeftButton)
    assert from_toml(home / "presets" / "mine.toml")["model"]["num_layers"] == 9
    field.save_action.trigger()
    QTest.keyClick(field.question.name, Qt.Key.Key_Escape)
    assert not field.question.isVisible()


def test_a_preset_that_cannot_be_kept_is_told(panel, draft, home):
    (home / "presets").write_text("in the way")
    panel.presets.save_action.trigger()
    answer(panel.presets, "mine")
    assert "cannot be written" in panel.presets.message.text()
    draft.set("train.keep", 0)
    answer(panel.presets, "mine")
    assert panel.presets.message.text().startswith("train.keep: 0 is below 1")


# ------------------------------------------------------------------------------------------ As a command


def argv(line):
    """The words that a program on Windows finds in its command line, as Microsoft's C runtime reads it."""
    words, word, quoted, begun, at = [], "", False, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        after = line[at + slashes : at + slashes + 1]
        if slashes and after == '"':
            word, begun = word + "\\" * (slashes // 2), True
            at += slashes
            if slashes % 2:
                word, at = word + '"', at + 1
        elif slashes:
            word, begun, at = word + "\\" * slashes, True, at + slashes
        elif after == '"':
            quoted, begun, at = not quoted, True, at + 1
        elif after in " \t" and not quoted:
            if begun:
                words.append(word)
            word, begun, at = "", False, at + 1
        else:
            word, begun, at = word + after, True, at + 1
    return [*words, word] if begun else words


@pytest.mark.parametrize("system", ["linux", "win32"])
@pytest.mark.parametrize("preset", ["quickstart", "gpt1", "mine", "a run's", "a file"])
def test_the_command_copied_is_the_draft(panel, draft, home, preset, system, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.command.sys.platform", system)
    awkward = 'It\'s "so"\n$HOME `x` 日本 \\'
    draft.set("sampling.prompt", awkward)
    draft.set("sampling.stop", ["\n\n", "END"])
    draft.set("data.source", f"{tmp_path / 'my texts'}; builtin:python-stdlib")
    draft.set("schedule.max_lr", 1.25e-3)
    draft.set("model.tied_head", False)
    if preset == "mine":
        panel.presets.save_action.trigger()
        answer(panel.presets, "mine")
    elif preset == "a file":  # of the same name as a preset, which it is not
        path = tmp_path / "of mine & co" / "gpt1.toml"
        path.parent.mkdir()
        panel.save(path)
        panel.presets.open(path)
        assert draft.preset == "gpt1.toml"
    elif preset != "quickstart":
        draft.load(from_toml(resources.presets()["gpt1"]), preset)
        draft.set("data.source", "builtin:python-reference")
    draft.set("train.seed", 7)
    wanted = from_values(draft.tables())
    panel.presets.command_action.trigger()
    assert panel.presets.message.text() == "Copied; paste it into a terminal."
    copied = QApplication.clipboard().text()
    assert "\n" not in copied  # a terminal takes a line end for Enter
    words = shlex.split(copied) if system == "linux" else argv(copied)
    assert words[:2] == ["gpt-core", "train"]
    files = {"mine": str(home / "presets" / "mine.toml"), "a run's": "gpt1"}
    files["a file"] = str(tmp_path / "of mine & co" / "gpt1.toml")
    assert words[2] == files.get(preset, preset)
    assert set(words[3::2]) == {"--set"}
    made = from_values(override(load_values(words[2]), words[4::2]))
    assert made.model_dump(exclude={"description"}) == wanted.model_dump(exclude={"description"})
    if preset in ("mine", "a file"):
        assert words[4::2] == ["train.seed=7"]


def test_a_command_names_files_from_anywhere(panel, draft, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.md").write_text("one")
    draft.set("data.source", "texts/*.md; builtin:python-stdlib; ~/two.txt")
    panel.presets.command_action.trigger()
    source = f"{tmp_path / 'texts' / '*.md'}; builtin:python-stdlib; {Path.home() / 'two.txt'}"
    assert shlex.split(QApplication.clipboard().text())[3:] == ["--set", f"data.source={source}"]


def test_what_became_of_it_is_told_in_the_language_spoken_now(panel, qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(language, "can_show", lambda code: True)
    path = tmp_path / "mine.toml"
    panel.save(path)
    locale = QLocale()
    language.apply(qapp, "ja")
    qapp.processEvents()
    try:
        translated = panel.presets.message.text()
        assert str(path) in translated
        assert translated != f"Saved as {path}."
        panel.save(tmp_path / "no such folder" / "mine.toml")
        assert "cannot be written" not in panel.presets.message.text()
    finally:
        language.apply(qapp, "en")
        QLocale.setDefault(locale)
    qapp.processEvents()
    assert "cannot be written" in panel.presets.message.text()


def test_a_faulty_draft_has_no_command(panel, draft, home):
    QApplication.clipboard().setText("before")
    draft.set("train.keep", 0)
    panel.presets.command_action.trigger()
    assert panel.presets.message.text().startswith("train.keep: 0 is below 1")
    assert QApplication.clipboard().text() == "before"


# ----------------------------------------------------------------------------------------- Search, the foot


def test_a_setting_is_found_by_its_description_and_escape_leaves_the_search(panel):
    panel.seek()
    assert panel.search.hasFocus()
    QTest.keyClicks(panel.search, "ftfy")  # not of use with this tokenizer, but sought
    assert [field for field in settings() if row(panel, field).isVisible()] == ["data.cleaning"]
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""
    assert not row(panel, "data.cleaning").isVisible()
    QTest.keyClicks(panel.search, "adam_w.beta")
    assert panel.nothing_found.isVisible()
    assert panel.nothing_found.text() == "No setting says “adam_w.beta”."
    panel.search.clear()
    assert not panel.nothing_found.isVisible()


def test_a_setting_is_found_in_another_language_too_and_by_its_english_name(qtbot, panel):
    """What is sought stays where the language is switched, and so does that nothing is found."""
    panel.seek()
    QTest.keyClicks(panel.search, "peak")
    try:
        assert language.apply(QApplication.instance(), "ja") is None
        qtbot.waitUntil(lambda: row(panel, "schedule.max_lr").title.text() != "Peak rate")
        assert row(panel, "schedule.max_lr").isVisible()
        panel.search.setText("warmup linearly from")  # the English of a description is not sought
        assert panel.nothing_found.isVisible()
        english = panel.nothing_found.text()
    finally:
        language.apply(QApplication.instance(), "en")
    qtbot.waitUntil(lambda: panel.nothing_found.text() != english)
    assert panel.nothing_found.isVisible()


def test_what_gpt1s_tokenizer_needs_is_asked_with_it_only(panel, draft):
    fields = ("data.tokenizer_path", "data.cleaning")
    for kind, wanted in (("characters", []), ("gpt2", ["data.tokenizer_path"]), ("gpt1", list(fields))):
        draft.set("data.tokenizer", kind)
        assert [field for field in fields if row(panel, field).isVisible()] == wanted
    panel.groups["data"].more.setChecked(True)
    assert not row(panel, "data.encoding").isVisible()
    draft.set("data.source", "novels/*.jsonl")
    assert row(panel, "data.encoding").isVisible()
    assert row(panel, "data.column").isVisible()


def test_the_foot_fades_until_the_last_row_is_whole(panel):
    bar = panel.area.verticalScrollBar()
    assert bar.maximum() > 0
    assert panel.fade.isVisible()
    assert panel.fade.geometry().bottom() == panel.area.viewport().rect().bottom()
    bar.setValue(bar.maximum())
    assert not panel.fade.isVisible()
    panel.resize(320, 560)
    settle_layout()
    bar.setValue(0)
    assert panel.fade.geometry().bottom() == panel.area.viewport().rect().bottom()


# ------------------------------------------------------------------------------------ While a run goes on


def test_while_a_run_goes_on_only_live_fields_can_be_changed(panel, draft):
    for group in panel.groups.values():
        group.more.setChecked(True)
    draft.running = True
    assert not panel.presets.box.isEnabled()
    assert not panel.open_button.isEnabled()
    assert panel.save_button.isEnabled()
    for field, what in settings().items():
        target = row(panel, field).widget()
        target = getattr(target, "line", target)
        editable = target.isEnabled() and not getattr(target, "isReadOnly", lambda: False)()
        assert editable == what.live, field
    before = draft.values["model.num_layers"]
    type_into(panel, "model.num_layers", "9")
    assert draft.values["model.num_layers"] == before
    type_into(panel, "schedule.max_lr", "3e-3")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert draft.values["schedule.max_lr"] == 3e-3
    draft.running = False
    assert panel.presets.box.isEnabled()
    assert panel.groups["schedule"].note.text() == "live"


def test_a_locked_field_looks_locked(panel, draft):
    control = row(panel, "model.num_layers").widget()
    before = control.grab().toImage()
    draft.running = True
    assert control.grab().toImage() != before
    draft.running = False
    assert control.grab().toImage() == before


def test_a_note_stands_beside_a_groups_name(panel):
    panel.set_note("model", "1.82M parameters")
    note = panel.groups["model"].note
    assert note.isVisible()
    assert isinstance(note.parent(), QWidget)
    assert note.text() == "1.82M parameters"
