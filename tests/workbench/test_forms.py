"""The fields and their rows, used as a person does: typed into, stepped through, chosen, dropped on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QInputMethodEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from gpt_core.config import settings
from gpt_core.text import BUILTIN
from workbench import theme
from workbench.draft import Draft
from workbench.forms.choice import ChoiceField, SwitchField
from workbench.forms.line import NumberField, TextField, stepped
from workbench.forms.prompt import PromptsField
from workbench.forms.row import FieldRow
from workbench.forms.source import FolderField, SourceField

NUMBERS = sorted(field for field, what in settings().items() if what.kind in ("int", "float"))


@pytest.fixture
def draft(qapp):
    theme.apply(qapp, "dark")
    return Draft()


@pytest.fixture
def row(qtbot, draft):
    """Makes a row on the screen for a field, with the focus in its control."""
    made = []

    def make(field):
        row = FieldRow(draft, field)
        made.append(row)
        qtbot.addWidget(row)
        row.resize(290, 60)
        with qtbot.waitExposed(row):
            row.show()
        row.activateWindow()
        row.widget().setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
        return row

    return make


def test_a_path_that_is_not_written_in_shows_its_beginning(qtbot, draft, row):
    source = row("data.source")
    line = source.widget().line

    def first_shown() -> int:
        """Which letter stands at the left edge."""
        line.grab()
        return line.cursorPositionAt(QPoint(0, line.height() // 2))

    source.resize(200, 60)
    line.selectAll()
    QTest.keyClicks(line, "builtin:python-reference")
    assert first_shown() > 0  # the end, where it is written
    source.widget().button.setFocus()
    assert first_shown() == 0
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    QTest.keyClick(line, Qt.Key.Key_End)
    assert first_shown() > 0
    draft.running = True  # begun by a key, the focus stays
    assert line.hasFocus()
    assert first_shown() == 0


def steps(draft):
    """How many steps can be undone."""
    count = 0
    while draft.can_undo:
        draft.undo()
        count += 1
    for _ in range(count):
        draft.redo()
    return count


def type_anew(widget, text):
    line = widget if isinstance(widget, QLineEdit) else widget.line
    line.selectAll()
    QTest.keyClicks(line, text)


def wheel(widget, turns):
    centre = QPointF(widget.rect().center())
    event = QWheelEvent(
        centre,
        widget.mapToGlobal(centre),
        QPoint(),
        QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


# ------------------------------------------------------------------------------------------------- Numbers


@pytest.mark.parametrize(
    ("field", "typed", "value", "shown"),
    [
        ("schedule.max_lr", "0.0025", 0.0025, "2.5e-3"),
        ("schedule.max_lr", "2e-3", 2e-3, "2e-3"),
        ("schedule.max_lr", "1", 1, "1"),
        ("train.max_steps", "123,456", 123_456, "123,456"),
        ("train.max_steps", "20 000", 20_000, "20,000"),
        ("train.max_steps", "1e9", 10**9, "1,000,000,000"),
        ("train.seed", "4294967295", 2**32 - 1, "4294967295"),  # beyond Qt's own spin box
        ("model.embedding_dim", "1_536", 1536, "1536"),
    ],
)
def test_what_is_typed_is_the_value_and_is_shown_compactly_when_done(draft, row, field, typed, value, shown):
    draft.set("schedule.warmup_steps", 0)
    control = row(field).widget()
    type_anew(control, typed)
    assert draft.values[field] == value
    assert control.text() == typed  # not rewritten under the person's fingers
    QTest.keyClick(control, Qt.Key.Key_Return)
    assert control.text() == shown
    assert draft.values[field] == value


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("schedule.max_lr", "０．００１", 1e-3),
        ("schedule.max_lr", "　－１ｅ－３", -1e-3),
        ("train.max_steps", "１２，０００", 12_000),
        ("train.max_steps", "10²", "10²"),  # which is no 102
        ("train.max_steps", "①", "①"),
    ],
)
def test_full_width_digits_are_numbers_too_and_other_forms_are_not(draft, row, field, typed, value):
    control = row(field).widget()
    control.setFocus()
    control.selectAll()
    event = QInputMethodEvent()  # as the input method of a Japanese keyboard hands them over
    event.setCommitString(typed)
    QApplication.sendEvent(control, event)
    assert draft.values[field] == value
    assert (field in draft.faults) == (isinstance(value, str) or value < 0)


def test_a_bad_text_stays_with_its_fault_below_until_it_is_mended(draft, row):
    made = row("train.batch_size")
    for typed, fault in [
        ("many", "'many' is not a whole number."),
        ("2.5", "2.5 is not a whole number."),
        ("0", "0 is below 1, the smallest value allowed."),
        ("", "'' is not a whole number."),
    ]:
        type_anew(made.widget(), typed) if typed else made.widget().clear()
        if not typed:
            QTest.keyClicks(made.widget(), "1")
            QTest.keyClick(made.widget(), Qt.Key.Key_Backspace)
        QTest.keyClick(made.widget(), Qt.Key.Key_Return)
        assert made.widget().text() == typed
        assert made.fault.isVisible()
        assert made.fault.text() == fault
        assert made.fault.y() >= made.widget().geometry().bottom()
        assert made.widget().accessibleDescription() == fault
    type_anew(made.widget(), "32")
    assert not made.fault.isVisible()
    assert draft.config().train.batch_size == 32


def test_arrow_keys_step_and_are_one_step_of_undo(draft, row, qtbot):
    made = row("schedule.max_lr")
    draft.set("schedule.max_lr", 2e-3)
    draft.settle()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp):
        QTest.keyClick(made.widget(), key)
    assert draft.values["schedule.max_lr"] == 3.1e-3
    assert made.widget().text() == "3.1e-3"
    assert steps(draft) == 2
    with qtbot.waitSignal(made.control.settled):  # by itself, a moment after the last
        pass
    QTest.keyClick(made.widget(), Qt.Key.Key_Up)
    assert steps(draft) == 3


def test_the_wheel_steps_only_where_the_focus_is(draft, row):
    made = row("model.num_layers")
    assert wheel(made.widget(), 1)
    assert draft.values["model.num_layers"] == 13
    made.widget().clearFocus()
    assert not wheel(made.widget(), 1)
    assert draft.values["model.num_layers"] == 13


@given(st.sampled_from(NUMBERS), st.booleans(), st.data())
def test_a_step_goes_its_way_within_the_limits(field, up, data):
    what = settings()[field]
    low, high = what.minimum, what.maximum
    numbers = st.integers(int(low), int(high)) if what.kind == "int" else st.floats(low, high)
    value = data.draw(numbers)
    result = stepped(what, value, up)
    assert isinstance(result, type(value))
    assert low <= result <= high
    if result != value:
        assert (result > value) == up


@pytest.mark.parametrize(
    ("field", "value", "above", "below"),
    [
        ("train.max_steps", 2000, 2100, 1900),
        ("train.max_steps", 1000, 1100, 990),
        ("train.batch_size", 12, 13, 11),
        ("train.batch_size", 1, 2, 1),
        ("train.seed", 12345, 12346, 12344),
        ("schedule.max_lr", 2e-3, 2.1e-3, 1.9e-3),
        ("schedule.max_lr", 1e-3, 1.1e-3, 9.9e-4),
        ("schedule.max_lr", 2.55e-3, 2.6e-3, 2.5e-3),
        ("schedule.min_lr", 0.0, 1e-5, 0.0),
        ("model.residual_dropout", 0.0, 0.01, 0.0),
        ("sampling.top_p", 1.0, 1.0, 0.99),
    ],
)
def test_steps_are_what_a_person_expects(field, value, above, below):
    assert stepped(settings()[field], value, up=True) == above
    assert stepped(settings()[field], value, up=False) == below


# ------------------------------------------------------------------------------------------ Choices, texts


def test_a_choice_is_made_by_keyboard_and_not_by_a_passing_wheel(draft, row):
    made = row("model.norm")
    assert isinstance(made.control, ChoiceField)
    made.widget().clearFocus()
    assert not wheel(made.widget(), -1)
    assert draft.values["model.norm"] == "post"
    made.widget().setFocus()
    QTest.keyClick(made.widget(), Qt.Key.Key_Down)
    assert draft.values["model.norm"] == "pre"
    assert steps(draft) == 1


def test_a_choice_that_is_none_is_shown_with_its_fault(draft, row):
    made = row("data.tokenizer")
    draft.load({"data": {"tokenizer": "words"}}, "mine")
    assert made.widget().currentIndex() == -1
    assert made.widget().placeholderText() == "words"
    assert made.fault.text() == "'words' is not one of characters, bpe, gpt2, gpt1."
    QTest.keyClick(made.widget(), Qt.Key.Key_Down)
    assert draft.values["data.tokenizer"] == "characters"
    assert not made.fault.isVisible()


def test_a_switch_is_clicked_and_undone(draft, row):
    made = row("model.tied_head")
    assert isinstance(made.control, SwitchField)
    QTest.mouseClick(made.widget(), Qt.MouseButton.LeftButton, pos=QPoint(8, 14))
    assert draft.values["model.tied_head"] is False
    draft.undo()
    assert made.widget().isChecked()


def test_a_prompt_keeps_its_line_ends_and_spaces(draft, row):
    made = row("sampling.prompt")
    draft.set("sampling.prompt", "")
    assert made.fault.text() == "This must not be empty."
    QTest.keyClicks(made.widget(), "The ")
    QTest.keyClick(made.widget(), Qt.Key.Key_Return)
    QTest.keyClicks(made.widget(), "end")
    assert draft.values["sampling.prompt"] == "The \nend"


def test_pinned_prompts_are_written_one_a_line(draft, row):
    made = row("sampling.pinned")
    assert made.widget().placeholderText() == "none"
    QTest.keyClicks(made.widget(), "The ")
    QTest.keyClick(made.widget(), Qt.Key.Key_Return)
    assert draft.config().sampling.pinned == ("The ",)
    QTest.keyClick(made.widget(), Qt.Key.Key_Return)
    QTest.keyClicks(made.widget(), r"one\ntwo \\n")
    assert draft.config().sampling.pinned == ("The ", "one\ntwo \\n")
    made.widget().clearFocus()
    assert made.widget().toPlainText() == "The \n\n" + r"one\ntwo \\n"  # as it was typed
    draft.set("sampling.pinned", ["a"] * 9)
    assert made.fault.text() == "9 are too many; at most 8 are allowed."
    draft.set("sampling.pinned", 5)
    assert made.fault.text() == '5 is not a list of texts such as ["END"].'


ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PROMPTS = st.lists(st.text("ab\\nu0\r\u2028\u2029\xa0\n ", min_size=1) | ANY, max_size=5)


@given(PROMPTS)
def test_any_pinned_prompts_come_back_from_their_lines(qapp, prompts):
    field = PromptsField()
    field.show_value(prompts)
    assert field.value() == prompts
    field.deleteLater()


def test_a_text_field_takes_what_is_typed(draft, row):
    made = row("train.device")
    assert isinstance(made.control, TextField)
    assert not isinstance(made.control, NumberField)
    type_anew(made.widget(), "cuda:1")
    assert draft.values["train.device"] == "cuda:1"


# -------------------------------------------------------------------------------------------- The source


def test_a_source_is_chosen_from_the_built_in_texts(draft, row):
    made = row("data.source")
    assert isinstance(made.control, SourceField)
    actions = made.control.button.menu().actions()
    assert [action.text() for action in actions[:2]] == list(BUILTIN)
    actions[1].trigger()
    assert draft.values["data.source"] == made.control.line.text() == BUILTIN[1]
    draft.undo()
    assert made.control.line.text() == BUILTIN[0]


def test_a_missing_source_is_told_when_the_field_is_left_and_a_present_one_is_not(draft, row, tmp_path):
    made = row("data.source")
    path = tmp_path / "book.txt"
    type_anew(made.widget(), str(path))
    assert not made.fault.isVisible()
    QTest.keyClick(made.control.line, Qt.Key.Key_Return)
    assert made.fault.text().startswith(f"There is no text at {path};")
    present = tmp_path / "present.txt"
    present.write_text("Once upon a time.")
    type_anew(made.widget(), str(present))
    QTest.keyClick(made.control.line, Qt.Key.Key_Return)
    assert not made.fault.isVisible()


def test_a_file_dropped_on_the_field_becomes_the_source(draft, row, tmp_path):
    made = row("data.source")
    path = tmp_path / "book of 日本.txt"
    path.write_text("Once upon a time.")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    for event in (QDragEnterEvent(QPoint(5, 5), *how), QDropEvent(QPointF(5, 5), *how)):
        QApplication.sendEvent(made.widget(), event)
    assert draft.values["data.source"] == str(path)
    assert draft.faults == {}


def test_a_file_is_chosen_in_a_dialog_that_does_not_stop_the_window(draft, row, tmp_path):
    made = row("data.source")
    path = tmp_path / "book.txt"
    path.write_text("Once upon a time.")
    file_action = made.control.button.menu().actions()[-2]
    file_action.trigger()  # returns at once
    dialog = made.findChild(QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(path))
    dialog.accept()
    assert draft.values["data.source"] == str(path)


def test_a_tokenizers_folder_is_chosen_or_dropped_and_a_file_is_not(draft, row, tmp_path):
    made = row("data.tokenizer_path")
    assert isinstance(made.control, FolderField)
    folder, file = tmp_path / "vocabulary", tmp_path / "vocab.json"
    folder.mkdir()
    file.write_text("{}")

    def drop(path):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        enter = QDragEnterEvent(QPoint(5, 5), *how)
        enter.ignore()
        QApplication.sendEvent(made.widget(), enter)
        if enter.isAccepted():
            QApplication.sendEvent(made.widget(), QDropEvent(QPointF(5, 5), *how))

    drop(file)
    assert draft.values["data.tokenizer_path"] == ""
    drop(folder)
    assert draft.values["data.tokenizer_path"] == str(folder)
    draft.undo()
    QTest.mouseClick(made.control.button, Qt.MouseButton.LeftButton)  # returns at once
    dialog = made.findChild(QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(folder))
    dialog.accept()
    assert draft.values["data.tokenizer_path"] == str(folder)


def test_stop_texts_are_typed_one_as_it_is_or_several_as_a_list(draft, row):
    made = row("sampling.stop")
    assert made.widget().placeholderText() == "none"
    assert not draft.differs_from_preset("sampling.stop")
    type_anew(made.widget(), "THE END")
    assert draft.values["sampling.stop"] == ["THE END"]
    QTest.keyClick(made.widget(), Qt.Key.Key_Return)
    assert made.widget().text() == '["THE END"]'
    type_anew(made.widget(), r'["END", "\n\n"]')
    assert draft.config().sampling.stop == ("END", "\n\n")
    type_anew(made.widget(), '["END", 3]')
    assert made.fault.text() == """['END', 3] is not a list of texts such as ["END"]."""
    made.widget().selectAll()
    QTest.keyClick(made.widget(), Qt.Key.Key_Delete)
    assert draft.config().sampling.stop == ()


def test_every_precision_is_offered(draft, row):
    made = row("train.precision")
    texts = [made.widget().itemText(index) for index in range(made.widget().count())]
    assert texts == ["auto", "fp32", "tf32", "bf16", "fp16"]


# ------------------------------------------------------------------------------------------------- Marks


def click(mark):
    assert mark.isVisible()
    QTest.mouseClick(mark, Qt.MouseButton.LeftButton)


def test_gpt1s_and_the_presets_values_are_one_click_away_and_that_is_one_step(draft, row):
    draft.load({"model": {"context_length": 256}}, "mine")
    made = row("model.context_length")
    assert made.mark.toolTip() == "GPT-1 used 512 here.\nClick to take that value."
    click(made.mark)
    assert draft.values["model.context_length"] == 512
    assert made.widget().text() == "512"
    assert made.mark.toolTip() == "Preset mine: 256.\nClick to take that value."
    click(made.mark)
    assert draft.values["model.context_length"] == 256
    draft.undo()
    assert draft.values["model.context_length"] == 512
    draft.undo()
    assert draft.values["model.context_length"] == 256
    assert not draft.can_undo


def test_a_preset_that_is_gpt1s_own_leaves_no_choice(draft, row):
    draft.load({}, "gpt1")
    made = row("model.context_length")
    type_anew(made.widget(), "128")
    assert made.mark.departs
    assert made.mark.changed
    click(made.mark)
    assert draft.values["model.context_length"] == 512
    assert not made.mark.isVisible()


@pytest.mark.parametrize(("downs", "value"), [(1, 512), (2, 256)])
def test_where_gpt1s_and_the_presets_values_differ_a_click_opens_the_choice(draft, row, downs, value):
    draft.load({"model": {"context_length": 256}}, "mine")
    made = row("model.context_length")
    type_anew(made.widget(), "128")
    words = "GPT-1 used 512 here.\nPreset mine: 256.\nClick to choose one of them."
    assert made.mark.toolTip() == words
    menu = made.mark.choices
    assert [action.text() for action in menu.actions()] == [
        "Use GPT-1's value: 512",
        "Back to the preset's value: 256",
    ]
    click(made.mark)
    assert menu.isVisible()
    assert draft.values["model.context_length"] == 128
    for key in [Qt.Key.Key_Down] * downs + [Qt.Key.Key_Return]:
        QTest.keyClick(menu, key)
    assert draft.values["model.context_length"] == value
    draft.undo()
    assert draft.values["model.context_length"] == 128


def test_the_mark_is_reached_and_taken_by_the_keyboard(draft, row):
    made = row("model.num_layers")
    draft.set("model.num_layers", 6)
    QTest.keyClick(made.widget(), Qt.Key.Key_Backtab)
    assert made.mark.hasFocus()
    assert made.mark.accessibleName() == "Layers: other values"
    assert made.mark.accessibleDescription() == "GPT-1 used 12 here. Click to take that value."
    QTest.keyClick(made.mark, Qt.Key.Key_Space)
    assert draft.values["model.num_layers"] == 12
    assert made.widget().hasFocus()  # the mark has nothing more to tell


def test_a_mark_looks_as_what_it_tells(draft, row):
    draft.load({"model": {"num_layers": 4}}, "mine")
    made = row("model.num_layers")
    dot = made.mark.grab().toImage()
    draft.set("model.num_layers", 6)
    both = made.mark.grab().toImage()
    draft.set("model.num_layers", 12)
    ring = made.mark.grab().toImage()
    assert dot != both != ring != dot


def test_a_locked_fields_other_values_cannot_be_taken(draft, row):
    draft.set("model.num_layers", 6)
    made = row("model.num_layers")
    draft.running = True
    click(made.mark)
    assert draft.values["model.num_layers"] == 6
    assert made.mark.toolTip() == "GPT-1 used 12 here."
    draft.running = False
    click(made.mark)
    assert draft.values["model.num_layers"] == 12


@pytest.mark.parametrize("field", ["model.num_layers", "train.batch_size"])
def test_what_training_will_fix_is_marked_before_it_starts(draft, row, field):
    made = row(field)
    live = settings()[field].live
    assert made.lock.isVisible() != live
    said = "May be changed while a run trains." if live else "Fixed once training starts."
    assert said in made.toolTip()


# ---------------------------------------------------------------------------------------------- Every row


@pytest.mark.parametrize("field", sorted(settings()))
def test_every_row_says_what_it_is(qtbot, draft, field):
    what = settings()[field]
    made = FieldRow(draft, field)
    qtbot.addWidget(made)
    assert made.title.text() == what.title == made.widget().accessibleName()
    assert made.widget().accessibleDescription() == what.description
    assert what.description.split("'")[0].split("<")[0] in made.toolTip()
    assert made.unit.text() == what.unit
    if what.in_gpt1:
        assert "GPT-1: " in made.toolTip()


def test_the_dot_stands_where_the_value_is_not_gpt1s_and_says_what_that_is(draft, row):
    made = row("model.context_length")
    assert not made.mark.isVisible()
    type_anew(made.widget(), "128")
    assert made.mark.isVisible()
    assert made.mark.toolTip() == "GPT-1 used 512 here.\nClick to take that value."
    place = made.title.x()
    draft.undo()
    assert not made.mark.isVisible()
    assert made.title.x() == place  # nothing moves


@pytest.mark.parametrize(
    "field", ["model.num_layers", "model.norm", "model.bias", "data.source", "train.device"]
)
def test_a_fixed_field_is_locked_while_a_run_goes_on(draft, row, field):
    made = row(field)
    value = draft.values[field]
    draft.running = True
    assert "Fixed while this run goes on" in made.toolTip()
    for target in (made.widget(), getattr(made.control, "line", made.widget())):
        QTest.keyClicks(target, "7")
        QTest.keyClick(target, Qt.Key.Key_Up)
        QTest.keyClick(target, Qt.Key.Key_Down)
        QTest.mouseClick(target, Qt.MouseButton.LeftButton, pos=QPoint(8, 14))
        wheel(target, 1)
    assert draft.values[field] == value
    draft.running = False
    assert "Fixed while this run goes on" not in made.toolTip()
    if isinstance(made.widget(), QLineEdit):
        type_anew(made.widget(), "7")
        assert draft.values[field] != value


def test_a_live_field_is_passed_on_when_it_is_left_not_at_every_key(draft, row, qtbot):
    made = row("train.max_steps")
    draft.set("train.max_steps", 9000)
    draft.running = True
    with qtbot.assertNotEmitted(draft.liveChange):
        type_anew(made.widget(), "12000")  # 1, 12, 120 steps would each have ended the run
    with qtbot.waitSignal(draft.liveChange) as passed:
        QTest.keyClick(made.widget(), Qt.Key.Key_Return)
    assert passed.args == ["train.max_steps", 12000]
