"""The first page: each of its ways to begin, by click, key and drop."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from gpt_core import resources
from gpt_core.config import from_toml
from gpt_core.control import Control, Stop
from gpt_core.events import StepDone
from gpt_core.run import create
from gpt_core.worker import Worker
from workbench.changeover import run_name
from workbench.draft import Draft

WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture
def window(window):
    """The window as it shows itself first."""
    window.show_welcome(True)
    return window


def trained(config, steps: int):
    """A run in the workspace that was stopped after some steps."""
    run, control = create(config, name="small"), Control()

    def report(what: object) -> None:
        if isinstance(what, StepDone) and what.step == steps:
            control.ask(Stop())

    Worker(run, control, report).work()
    return run


def click(qtbot, button) -> None:
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for_step(qtbot, window, step: int) -> None:
    def reached() -> None:
        assert window.workspace.session is not None
        assert window.workspace.session.step >= step

    qtbot.waitUntil(reached, timeout=WAIT)


def drop(panel, *paths: Path) -> None:
    """Drag files over the middle of the panel and let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    keys = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(panel.width() // 2, panel.height() // 2), *keys)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(panel, QDropEvent(QPointF(panel.width() / 2, panel.height() / 2), *keys))


def test_start_is_where_the_readme_says_and_the_page_gives_way(qtbot, window) -> None:
    assert window.welcome.isVisible()
    assert not window.curves.isVisible()
    click(qtbot, window.header.start)
    wait_for_step(qtbot, window, 3)
    assert window.curves.isVisible()
    assert not window.welcome.isVisible()


def test_quickstart_starts_with_its_own_settings(qtbot, window) -> None:
    click(qtbot, window.welcome.quickstart)
    wait_for_step(qtbot, window, 1)
    config = window.workspace.session.config
    assert config.data.source == "builtin:python-reference"
    assert config.model.embedding_dim == 128
    assert window.workspace.session.run.name == "quickstart-1"


def test_a_text_of_ones_own_by_the_dialog(qtbot, window, tmp_path) -> None:
    own = tmp_path / "novel.txt"
    own.write_text("It was a dark and stormy night. " * 100)
    window.draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
    click(qtbot, window.welcome.file)
    dialog = window.welcome.findChild(QFileDialog)
    assert dialog.isVisible()
    dialog.filesSelected.emit([str(own)])
    dialog.reject()
    assert window.draft.values["data.source"] == str(own)
    assert "novel.txt is chosen" in window.welcome.note.text()
    assert window.header.start.isEnabled()
    click(qtbot, window.header.start)
    wait_for_step(qtbot, window, 1)
    assert window.workspace.session.run.name == "novel-1"


@pytest.mark.parametrize(
    ("preset", "source", "name"),
    [
        ("quickstart", "/home/a/吾輩は猫である.txt", "吾輩は猫である"),
        ("quickstart", "/home/a/what? a/b/my <new> book.txt; /home/a/other.txt", "my -new- book"),
        ("quickstart", "hub:someone/stories:small", "stories-small"),
        ("quickstart", "builtin:python-stdlib", "python-stdlib"),
        ("quickstart", "/home/a/*.txt", "quickstart"),  # whose name cannot be a folder's
        ("gpt1", "/home/a/novel.txt", "gpt1"),  # which comes without a text, and is known by its model
        ("mine", "/home/a/novel.txt", "mine"),
    ],
)
def test_a_run_is_called_as_a_person_would(qapp, preset, source, name) -> None:
    draft = Draft()
    draft.load(from_toml(resources.presets()["gpt1" if preset == "gpt1" else "quickstart"]), preset)
    draft.set("data.source", source)
    assert run_name(draft) == name


def test_a_text_is_dropped_and_what_is_none_is_told(qtbot, window, tmp_path) -> None:
    own, picture = tmp_path / "poem.txt", tmp_path / "picture.txt"
    own.write_text("Tyger Tyger, burning bright\n" * 50)
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe" * 9)
    drop(window.welcome, own)
    assert window.draft.values["data.source"] == str(own)
    drop(window.welcome, picture)
    assert window.welcome.note.text()
    assert window.welcome.note.property("role") == "fault"
    assert not window.header.start.isEnabled()


def test_japanese_books_are_dropped_looked_at_fitted_and_trained_on(qtbot, window, tmp_path) -> None:
    """All that stands between a person with texts of their own and a run on them."""
    kanji = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    kanji = "".join(letter for letter in kanji if letter.encode("cp932", "ignore"))
    books = [tmp_path / "猫.txt", tmp_path / "坊っちゃん.txt"]
    for book in books:
        book.write_text("吾輩は猫である。名前はまだ無い。\n" + f"{kanji}\n" * 800, encoding="cp932")
    drop(window.welcome, *books)
    assert window.welcome.note.text().startswith("猫.txt, 坊っちゃん.txt is chosen.")
    data = window.data
    assert data.isVisible()
    qtbot.waitUntil(lambda: data.facts.figure("encoding") == "cp932", timeout=WAIT)
    assert data.facts.figure("files") == "2"
    assert "the tokenizer bpe suits this text better" in data.offer.text()
    click(qtbot, data.take_button)
    assert window.draft.values["data.tokenizer"] == "bpe"
    assert window.draft.values["sampling.prompt"] == "吾輩は猫である。名前"
    window.area.dock("plan").reveal()
    assert "4,096 tokens is assumed" in window.plan.note.text()
    assert window.header.start.isEnabled()


def test_no_text_is_taken_while_a_run_is_open(qtbot, window, tmp_path) -> None:
    click(qtbot, window.welcome.quickstart)
    wait_for_step(qtbot, window, 1)
    own = tmp_path / "poem.txt"
    own.write_text("Tyger Tyger, burning bright\n" * 50)
    window.menus.welcome.trigger()
    drop(window.welcome, own)
    assert window.welcome.note.text() == "A run is open: leave it first with New run (Ctrl+N)."
    assert window.draft.values["data.source"] == "builtin:python-reference"


def test_what_is_told_of_a_text_goes_when_it_holds_no_more(qtbot, window, tmp_path) -> None:
    note = window.welcome.note
    own, gone = tmp_path / "poem.txt", tmp_path / "gone.txt"
    own.write_text("Tyger Tyger, burning bright\n" * 50)
    drop(window.welcome, gone)
    assert note.property("role") == "fault"
    window.draft.set("data.source", str(own))
    assert not note.isVisible()
    drop(window.welcome, own)
    assert note.isVisible()
    own.unlink()
    window.draft.check()
    assert note.property("role") == "fault"
    window.menus.welcome.trigger()
    window.menus.welcome.trigger()  # the page is shown anew
    assert not note.isVisible()
    drop(window.welcome, gone)
    click(qtbot, window.welcome.quickstart)
    wait_for_step(qtbot, window, 1)
    window.menus.welcome.trigger()
    assert not note.isVisible()
    drop(window.welcome, gone)
    assert note.text().startswith("A run is open")
    window.changeover.leave(window.workspace.session, None)
    qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
    assert window.welcome.isVisible()
    assert not note.isVisible()


def test_the_open_run_is_chosen_and_its_curves_are_shown(qtbot, window, config) -> None:
    def choose() -> None:
        qtbot.waitUntil(lambda: any(row.isVisible() for row in window.welcome.rows()), timeout=WAIT)
        click(qtbot, window.welcome.rows()[0])

    run = trained(config, 12)
    choose()
    wait_for_step(qtbot, window, 12)
    session = window.workspace.session
    window.menus.welcome.trigger()
    assert not window.curves.isVisible()
    choose()
    assert window.curves.isVisible()
    assert window.workspace.session is session
    assert session.run.folder == run.folder


def test_recent_runs_are_told_and_one_is_opened_by_key(qtbot, window, config) -> None:
    assert window.welcome.empty.isVisible()
    run = trained(config, 12)
    qtbot.waitUntil(lambda: len(window.welcome.rows()) == 1, timeout=WAIT)
    row = window.welcome.rows()[0]
    assert row.accessibleName().startswith("small-1, Stopped, best 2.")
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Space)
    wait_for_step(qtbot, window, 12)
    assert window.workspace.session.run.folder == run.folder
    assert not window.welcome.isVisible()


def test_a_runs_folder_is_dropped(qtbot, window, config) -> None:
    run = trained(config, 5)
    drop(window.welcome, run.folder)
    wait_for_step(qtbot, window, 5)
    assert window.workspace.session.run.folder == run.folder


def test_the_page_is_hidden_and_called_back(qtbot, window) -> None:
    click(qtbot, window.welcome.hide_button)
    assert window.curves.isVisible()
    assert not window.menus.welcome.isChecked()
    window.menus.welcome.trigger()
    assert window.welcome.isVisible()
