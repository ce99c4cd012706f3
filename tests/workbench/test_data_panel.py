"""The data panel, with the processes that work for it: texts chosen, looked at, split, prepared."""

from __future__ import annotations

import gzip
import json
import random
import re
import time

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMainWindow

from gpt_core import corpus, tokenization
from gpt_core.config import from_values
from gpt_core.run import create
from workbench import theme
from workbench.child import Child
from workbench.draft import Draft
from workbench.forms.tokens import TokenView, grounds
from workbench.panels.data import DataPanel
from workbench.service import answer
from workbench.text_service import TextService

WAIT = 30_000  # ms at most for a process to begin and answer
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing is kept in the cache of whoever runs the tests."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def draft(qapp):
    theme.apply(qapp, "dark")
    return Draft()


@pytest.fixture
def panel(qtbot, draft):
    made = DataPanel(draft)
    qtbot.addWidget(made)
    made.resize(340, 760)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.helper.rest()
    made.preparer.close()


def write(tmp_path, text="Once upon a time there was a cat.\n" * 200, name="book.txt", encoding="utf-8"):
    path = tmp_path / name
    path.write_text(text, encoding=encoding)
    return path


def take(draft, path):
    draft.set("data.source", str(path))
    draft.settle()


def shown(panel):
    return "".join(text for text, _ in panel.try_out.view.pieces)


def drop(panel, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(20, 600), *how)
    QApplication.sendEvent(panel, enter)
    if enter.isAccepted():  # else no system lets anything be dropped
        QApplication.sendEvent(panel, QDropEvent(QPointF(20, 600), *how))


def type_anew(panel, text):
    panel.try_out.typed.setFocus()
    panel.try_out.typed.selectAll()
    QTest.keyClicks(panel.try_out.typed, text)


def prepare(panel, qtbot):
    QTest.mouseClick(panel.button, LEFT)
    qtbot.waitUntil(lambda: bool(panel.draft.text()) and not panel.preparer.runs, timeout=WAIT)


# ------------------------------------------------------------------------------------------------ The panel


def test_a_text_is_looked_at_as_soon_as_it_is_chosen(panel, draft, qtbot, tmp_path):
    take(draft, write(tmp_path, "吾輩は猫である。名前はまだ無い。\n" * 50, encoding="cp932"))
    qtbot.waitUntil(lambda: panel.facts.figure("encoding") == "cp932", timeout=WAIT)
    assert panel.facts.figure("files") == "1"
    assert panel.facts.figure("size") == "1.6 kB"
    assert panel.facts.figure("tokens") == ""
    assert panel.state.text() == "Not prepared yet; a run prepares it when it starts."


def test_a_folder_dropped_anywhere_on_the_panel_becomes_the_text(panel, draft, qtbot, tmp_path):
    write(tmp_path, name="one.txt")
    write(tmp_path, name="two.md")
    drop(panel, tmp_path)
    assert draft.values["data.source"] == str(tmp_path)
    qtbot.waitUntil(lambda: panel.facts.figure("files") == "2", timeout=WAIT)


def test_several_files_and_folders_are_dropped_at_once_and_prepared(panel, draft, qtbot, tmp_path):
    one, folder = write(tmp_path, name="one.txt"), tmp_path / "more"
    folder.mkdir()
    write(folder, "Twice upon a time.\n" * 100, name="two.txt", encoding="utf-16")
    drop(panel, one, folder)
    assert draft.values["data.source"] == f"{one}; {folder}"
    assert panel.property("dropping") == "false"
    qtbot.waitUntil(lambda: panel.facts.figure("files") == "2", timeout=WAIT)
    assert panel.facts.figure("encoding") == "utf-8, utf-16-le"
    prepare(panel, qtbot)
    assert panel.facts.figure("documents") == "2"
    draft.running = True
    drop(panel, one)  # what is fixed is not dropped upon
    assert draft.values["data.source"] == f"{one}; {folder}"


def test_several_files_are_chosen_in_the_dialog(panel, draft, tmp_path):
    paths = [write(tmp_path, name=name) for name in ("one.txt", "two.txt")]
    panel.rows["data.source"].control.file_action.trigger()
    dialog = panel.findChild(QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.findChild(QLineEdit).setText('"one.txt" "two.txt"')
    dialog.accept()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert draft.values["data.source"] == "; ".join(map(str, paths))


def test_a_text_is_prepared_and_its_tokenizer_tried_out(panel, draft, qtbot, tmp_path, home):
    take(draft, write(tmp_path))
    qtbot.waitUntil(lambda: "Prepare the text first" in panel.try_out.note.text(), timeout=WAIT)
    prepare(panel, qtbot)
    assert panel.state.text() == "Prepared: a run on this text starts at once."
    draft.set("model.context_length", 1024)  # more than there is to validate on
    assert panel.state.text() == "Prepared, but shorter than one window of the context length."
    draft.set("model.context_length", 128)
    assert panel.state.text() == "Prepared: a run on this text starts at once."
    assert panel.facts.figure("tokens") == "6,800"
    assert panel.facts.figure("train") == "6,120"
    assert panel.facts.figure("vocabulary") == "19"
    assert panel.facts.figure("each") == "1.00"
    assert panel.frequent.text().startswith("Most frequent: ·  a  e  ")
    assert [path.name[:7] for path in (home / "cache").iterdir() if path.is_dir()].count("tokens-") == 1

    type_anew(panel, "a cat?")
    qtbot.waitUntil(lambda: shown(panel) == "a cat?", timeout=WAIT)
    assert panel.try_out.view.pieces[-1] == ("?", False)
    assert panel.try_out.view.toPlainText() == "a·cat?"
    assert panel.try_out.note.text() == "6 tokens for 6 characters: 1.00 characters each. 1 unknown: ?"
    panel.try_out.typed.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(panel.try_out.typed, " on")  # live, key by key
    qtbot.waitUntil(lambda: shown(panel) == "a cat? on", timeout=WAIT)

    # another setting asks for another preparation, and the one there is stays known
    draft.set("data.tokenizer", "bpe")
    draft.settle()
    assert panel.facts.figure("tokens") == ""
    qtbot.waitUntil(lambda: "bpe learns its tokens" in panel.try_out.note.text(), timeout=WAIT)
    draft.undo()
    assert panel.facts.figure("tokens") == "6,800"
    qtbot.waitUntil(lambda: shown(panel) == "a cat? on", timeout=WAIT)


def test_a_text_that_was_changed_since_it_was_prepared_is_told_when_the_window_is_back(
    panel, draft, qtbot, tmp_path
):
    path = write(tmp_path)
    take(draft, path)
    prepare(panel, qtbot)
    edited = QMainWindow()  # as an editor has it
    qtbot.addWidget(edited)
    edited.show()
    edited.activateWindow()
    qtbot.waitUntil(edited.isActiveWindow, timeout=WAIT)
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow, timeout=WAIT)
    QTest.qWait(300)
    assert panel.state.text() == "Prepared: a run on this text starts at once."  # nothing was changed
    edited.activateWindow()
    qtbot.waitUntil(edited.isActiveWindow, timeout=WAIT)
    write(tmp_path, "Twice upon a time there was a cat.\n" * 300)
    panel.activateWindow()
    qtbot.waitUntil(lambda: panel.state.text().startswith("The text was changed since"), timeout=WAIT)
    assert panel.facts.figure("size") == "10.5 kB"
    assert panel.facts.figure("tokens") == ""
    prepare(panel, qtbot)
    assert panel.state.text() == "Prepared: a run on this text starts at once."
    assert panel.facts.figure("tokens") == "10,500"


def test_a_text_that_was_prepared_before_is_known_again(panel, draft, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenization, "RACY", -(10**15))  # a file just written is trusted
    path = write(tmp_path)
    for kind in ("characters", "bpe"):
        data = {"source": str(path), "tokenizer": kind, "vocab_size": 270}
        list(corpus.fill_cache(from_values({"data": data})))
    take(draft, path)
    prepared = "Prepared: a run on this text starts at once."
    qtbot.waitUntil(lambda: panel.state.text() == prepared, timeout=WAIT)
    assert panel.facts.figure("tokens") == "6,800"
    assert panel.facts.figure("vocabulary") == "19"
    assert panel.frequent.text().startswith("Most frequent: ·  a  e  ")
    type_anew(panel, "a cat?")
    qtbot.waitUntil(lambda: shown(panel) == "a cat?", timeout=WAIT)
    draft.set_together({"data.tokenizer": "bpe", "data.vocab_size": 270})
    assert panel.facts.figure("tokens") == ""
    qtbot.waitUntil(lambda: panel.facts.figure("vocabulary") == "270", timeout=WAIT)
    draft.set("data.vocab_size", 271)
    qtbot.waitUntil(lambda: not panel.helper.waits and panel.state.text() != prepared, timeout=WAIT)
    write(tmp_path, "Twice upon a time.")  # so that what is known is of no use
    draft.set("data.vocab_size", 270)
    panel.hide()
    panel.show()
    qtbot.waitUntil(lambda: panel.state.text().startswith("The text was changed since"), timeout=WAIT)


@pytest.fixture
def run(tmp_path):
    """A run's folder with a text of its own, whose file says something else since."""
    path = write(tmp_path)
    config = from_values({"data": {"source": str(path)}, "model": {"context_length": 8}})
    made = create(config, tmp_path / "run")
    list(corpus.prepare(config, made.folder))
    write(tmp_path, "吾輩は猫である。\n" * 20)
    return made


def go_on_with(draft, run):
    draft.load(run.config, "run")
    draft.running = True
    draft.learn_run({"folder": str(run.folder)})


def test_the_text_of_an_open_run_is_what_lies_in_its_folder(panel, draft, qtbot, run, tmp_path):
    go_on_with(draft, run)
    qtbot.waitUntil(lambda: panel.facts.figure("tokens") == "6,800", timeout=WAIT)
    assert panel.state.text() == "The text of the open run, as it was prepared for it."
    assert panel.facts.figure("vocabulary") == "19"
    assert panel.frequent.text().startswith("Most frequent: ·  a  e  ")
    type_anew(panel, "a cat?")
    qtbot.waitUntil(lambda: shown(panel) == "a cat?", timeout=WAIT)
    assert panel.try_out.note.text().endswith("1 unknown: ?")
    (tmp_path / "book.txt").unlink()  # which is of no concern
    panel.hide()
    panel.show()
    qtbot.waitUntil(lambda: not panel.helper.waits, timeout=WAIT)
    assert not panel.message.isVisible()
    write(tmp_path, "吾輩は猫である。\n" * 20)
    draft.running = False  # and a new run would train on what the file says now
    qtbot.waitUntil(lambda: panel.facts.figure("size") == "500 B", timeout=WAIT)
    assert panel.state.text() == "Not prepared yet; a run prepares it when it starts."
    qtbot.waitUntil(lambda: "Prepare the text first" in panel.try_out.note.text(), timeout=WAIT)


def test_of_an_open_run_without_tokens_the_tokenizer_is_tried_out(panel, draft, qtbot, run):
    draft.load(run.config, "run")
    draft.running = True  # as while a new run is prepared: there is nothing of it yet
    waits = "The open run makes its tokenizer when it prepares its text."
    qtbot.waitUntil(lambda: panel.try_out.note.text() == waits, timeout=WAIT)
    for path in (run.folder / "tokens").iterdir():
        path.unlink()  # an imported model has none
    draft.learn_run({"folder": str(run.folder), "vocab_size": 19})
    type_anew(panel, "a cat")
    qtbot.waitUntil(lambda: shown(panel) == "a cat", timeout=WAIT)
    assert panel.state.text() == "Not prepared yet; the open run prepares it when it trains."
    assert panel.facts.figure("tokens") == ""


def test_the_text_prepared_here_stays_known_when_the_run_begins(panel, draft, qtbot, tmp_path):
    take(draft, write(tmp_path))
    prepare(panel, qtbot)
    draft.running = True
    sizes = {"vocab_size": 19, "train_tokens": 6120, "validation_tokens": 680}
    draft.learn_run({"folder": str(tmp_path / "run"), **sizes})
    assert panel.facts.figure("documents") == "1"
    assert draft.text()["folder"] == str(tmp_path / "run")
    draft.learn_run({"train_tokens": 7000})
    draft.running = False
    draft.running = True
    draft.learn_run({"folder": str(tmp_path / "other"), **sizes, "train_tokens": 7000})
    assert panel.facts.figure("documents") == ""  # it is another text


def test_bpe_shows_parts_of_characters(panel, draft, qtbot, tmp_path):
    draft.set_together({"data.tokenizer": "bpe", "data.vocab_size": 300})
    take(draft, write(tmp_path))
    prepare(panel, qtbot)
    panel.try_out.typed.setPlainText("a cat 猫")
    qtbot.waitUntil(lambda: shown(panel) == "a cat 猫", timeout=WAIT)
    assert [text for text, _ in panel.try_out.view.pieces][-3:] == ["", "", "猫"]
    assert panel.try_out.view.toPlainText().endswith("▪▪猫")
    assert " cat" in [text for text, _ in panel.try_out.view.pieces]


def test_a_long_japanese_text_is_offered_bpe_and_a_prompt_of_its_own(panel, draft, qtbot, tmp_path):
    kanji = "".join(map(chr, range(0x4E00, 0x4E00 + 1200)))
    text = "吾輩は猫である。名前はまだ無い。\n" + f"{kanji}\n" * 850
    draft.set("sampling.prompt", "The ")
    take(draft, write(tmp_path, text, encoding="utf-16"))
    qtbot.waitUntil(lambda: panel.take_button.isVisible(), timeout=WAIT)
    assert panel.offer.text() == (
        "1,214 different characters: the tokenizer bpe suits this text better. "
        "Samples would begin with “The ”; “吾輩は猫である。名前” suits this text better."
    )
    QTest.mouseClick(panel.take_button, LEFT)
    assert (draft.values["data.tokenizer"], draft.values["sampling.prompt"]) == (
        "bpe",
        "吾輩は猫である。名前",
    )
    qtbot.waitUntil(lambda: panel.facts.figure("files") == "1", timeout=WAIT)  # looked at again
    assert not panel.offer.isVisible()
    draft.undo()
    assert (draft.values["data.tokenizer"], draft.values["sampling.prompt"]) == ("characters", "The ")
    qtbot.waitUntil(lambda: panel.take_button.isVisible(), timeout=WAIT)
    draft.running = True
    assert not panel.take_button.isVisible()


def test_a_short_japanese_text_keeps_its_characters_and_an_english_one_its_prompt(
    panel, draft, qtbot, tmp_path
):
    draft.set("sampling.prompt", "The ")
    take(draft, write(tmp_path, "吾輩は猫である。名前はまだ無い。\n" * 50, encoding="cp932"))
    qtbot.waitUntil(lambda: panel.offer.isVisible(), timeout=WAIT)
    assert panel.offer.text().startswith("Samples would begin with “The ”")
    draft.set("sampling.prompt", "猫")
    assert not panel.offer.isVisible()
    draft.set("sampling.prompt", "The ")
    take(draft, write(tmp_path, name="english.txt"))
    qtbot.waitUntil(lambda: panel.facts.figure("size") == "6.8 kB", timeout=WAIT)
    assert not panel.offer.isVisible()


def test_a_preparation_shows_its_progress_and_is_cancelled_whole(panel, draft, qtbot, tmp_path, home):
    draft.set_together({"data.tokenizer": "bpe", "data.vocab_size": 20_000})
    take(draft, "builtin:python-stdlib")
    QTest.mouseClick(panel.button, LEFT)
    assert panel.progress.isVisible()
    assert panel.cancel_button.hasFocus()
    figure = r"\d[\d.]* [kMG]?B"
    told = re.compile(rf"Reading: {figure} of {figure}, {figure} a second\.")
    qtbot.waitUntil(lambda: told.fullmatch(panel.state.text()) is not None, timeout=WAIT)
    QTest.keyClick(panel.cancel_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not panel.preparer.runs, timeout=WAIT)
    assert not panel.progress.isVisible()
    assert panel.button.isVisible()
    assert panel.state.text().startswith("Not prepared yet")
    assert not panel.message.isVisible()
    assert list((home / "cache").glob("tokens-*")) == []


def test_what_stands_against_a_preparation_is_told(panel, draft, qtbot, tmp_path):
    take(draft, write(tmp_path, '{"title": "a"}\n', name="rows.jsonl"))
    QTest.mouseClick(panel.button, LEFT)
    qtbot.waitUntil(lambda: panel.message.isVisible() and not panel.preparer.runs, timeout=WAIT)
    assert "has no column text" in panel.message.text()
    draft.set("data.column", "title")
    assert not panel.message.isVisible()
    draft.set("data.source", "no such text")
    draft.settle()
    QTest.mouseClick(panel.button, LEFT)
    assert panel.message.text() == "Correct the fields marked below first."
    assert not panel.preparer.runs


def test_while_the_panel_is_not_seen_nothing_runs_for_it(panel, draft, qtbot, tmp_path):
    take(draft, write(tmp_path))
    qtbot.waitUntil(lambda: panel.facts.figure("size") != "", timeout=WAIT)
    panel.hide()
    qtbot.waitUntil(lambda: not panel.helper.child.runs, timeout=WAIT)
    other = write(tmp_path, "Something else.", name="other.txt")
    take(draft, other)
    QTest.qWait(400)
    assert not panel.helper.child.runs
    panel.show()
    qtbot.waitUntil(lambda: panel.facts.figure("size") == "15 B", timeout=WAIT)


def test_only_the_fields_that_have_a_say_are_asked(panel, draft):
    visible = [field for field, row in panel.rows.items() if row.isVisible()]
    assert visible == ["data.source", "data.tokenizer"]
    draft.set("data.tokenizer", "gpt1")
    assert panel.rows["data.cleaning"].isVisible()
    draft.running = True
    assert not panel.button.isEnabled()


def test_what_can_be_done_has_a_name_and_is_reached_by_the_keyboard(panel):
    for widget in (panel.try_out.typed, panel.try_out.view, panel.progress):
        assert widget.accessibleName()
    panel.button.setFocus()
    reached = []
    for _ in range(12):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    for wanted in (
        panel.rows["data.tokenizer"].widget(),
        panel.try_out.typed,
        panel.try_out.view,
        panel.button,
    ):
        assert wanted in reached


# ------------------------------------------------------------------------------------------------ The tokens


@pytest.mark.parametrize("name", ["dark", "light"])
def test_text_on_every_ground_is_easy_to_read(qapp, name):
    theme.apply(qapp, name)

    def luminance(colour):
        parts = [part / 255 for part in (colour.red(), colour.green(), colour.blue())]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one, other):
        low, high = sorted((luminance(QColor(one)), luminance(QColor(other))))
        return (high + 0.05) / (low + 0.05)

    palette = theme.current()
    assert len({ground.name() for ground in grounds()}) == 4
    for ground in grounds():
        assert contrast(palette.text, ground) >= 4.5
    assert contrast(palette.danger, palette.field) >= 4.5


def test_neighbouring_tokens_stand_on_different_grounds_and_the_unknown_is_struck_out(qtbot, qapp):
    theme.apply(qapp, "dark")
    view = TokenView()
    qtbot.addWidget(view)
    view.show_pieces([("Once", True), (" upon", True), ("猫", False), ("\n", True)])
    assert view.toPlainText() == "Once·upon猫↵\n"
    cursor = view.textCursor()
    forms = []
    for place in (1, 6, 10):
        cursor.setPosition(place)
        forms.append(cursor.charFormat())
    assert forms[0].background().color() != forms[1].background().color()
    assert forms[2].fontStrikeOut()
    assert not forms[0].fontStrikeOut()
    before = forms[0].background().color()
    theme.apply(qapp, "light")
    cursor.setPosition(1)
    assert cursor.charFormat().background().color() != before


# --------------------------------------------------------------------------------------------- The processes


def test_the_service_answers_in_order_and_tells_what_stands_against_it(tmp_path):
    told = []
    asks = TextService().asks()
    config = {"data": {"source": str(tmp_path / "absent.txt")}}
    answer({"id": 7, "ask": "look", "with": {"config": config}}, asks, told.append)
    assert told[0]["id"] == 7
    assert told[0]["error"]["code"] == "text_missing"
    config["data"]["source"] = str(write(tmp_path, "aab\n" * 2000))
    answer({"id": 8, "ask": "prepare", "with": {"config": config}}, asks, told.append)
    *progress, done = told[1:]
    assert progress
    assert all(line["progress"]["stage"] in ("reading", "tokenizer", "encoding") for line in progress)
    facts = done["answer"]
    assert facts["train_tokens"] + facts["validation_tokens"] == 8000
    assert facts["frequent"] == ["a", "\n", "b"]
    asked = {"config": config, "folder": facts["folder"], "typed": "abc"}
    answer({"id": 10, "ask": "split", "with": asked}, asks, told.append)
    pieces = [("a", True), ("b", True), ("c", False)]
    assert told[-1] == {"id": 10, "answer": {"pieces": pieces, "unknown": ["c"]}}


@pytest.mark.parametrize("ending", ["txt", "txt.gz", "jsonl.gz", "csv.gz"])
@pytest.mark.parametrize("several", [1, 3])
def test_the_length_of_a_text_is_foreseen_beyond_what_is_looked_at(tmp_path, ending, several):
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijkl\u732b", k=chance.randint(2, 9))) for _ in range(5000)]
    lines = [" ".join(chance.choices(words, k=12)) for _ in range(120_000)]
    texts = [json.dumps({"text": line}) for line in lines] if "jsonl" in ending else lines
    data = "\n".join(["text", *texts] if "csv" in ending else texts).encode()
    for number in range(several):
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(gzip.compress(data, 1) if ending.endswith("gz") else data)
    [told] = TextService().look({"data": {"source": str(tmp_path)}})
    text = ("\n" if ending.startswith("txt") else "").join(lines)
    assert told["answer"]["length"] == pytest.approx(several * len(text), rel=0.15)
    assert told["answer"]["utf8"] == pytest.approx(several * len(text.encode()), rel=0.15)


def test_a_process_that_fails_says_why(qtbot, qapp):
    child = Child(qapp)
    with qtbot.waitSignal(child.ended, timeout=WAIT) as ended:
        child.start("workbench.no_such_module")
    assert ended.args == [False]
    assert "no_such_module" in child.last_line()
    child.deleteLater()


def test_a_process_is_killed_at_once(qtbot, qapp):
    child = Child(qapp)
    child.start("workbench.text_service")
    begun = time.monotonic()
    with qtbot.waitSignal(child.ended, timeout=WAIT) as ended:
        child.kill()
    assert ended.args == [False]
    assert not child.runs
    assert time.monotonic() - begun < WAIT / 1000
    child.deleteLater()
