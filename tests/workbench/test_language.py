"""The window in Japanese: every sentence translated, all of them shown, changed while the window is open."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QAbstractItemModel, QLocale, QObject, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from gpt_core import resources
from gpt_core.config import settings
from gpt_core.errors import GPTCoreError
from gpt_core.text import BUILTIN
from workbench import i18n, language, theme
from workbench.dialogs.palette import CommandPalette
from workbench.forms.prompt_choice import PromptChoice
from workbench.main_window import MainWindow
from workbench.service import as_told

WAIT = 30_000  # milliseconds, for a busy machine
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
VALUE = re.compile(r"\{[^{}]*\}")
ITSELF = {"日本語"}  # a language is named in its own words, whichever is spoken

# What may stand in the Japanese window without a Japanese character. Names of things:
NAMES = {"GPT Workbench", "English", "Top-k", "Top-p", "small"}
# What a person types into the configuration, and so finds in it:
NAMES |= {choice for what in settings().values() for choice in what.choices} | {
    *resources.presets(),
    *BUILTIN,
}
# What Qt gives to buttons of docks and tabs that are never shown, since these have their own title bars:
NAMES |= {"Close", "Closes the dock widget", "Float", "Undocks and re-attaches the dock widget"}
NAMES |= {"Scroll Left", "Scroll Right"}
# Figures with their unit.
FIGURE = re.compile(r"[-+0-9.,:/×eE ]+ ?(k|M|G|%|[kMGT]?B|[kMGTPE]FLOP|°C)?|CPU \d+ %")


# ------------------------------------------------------------------------------------------- The translation


def messages(path: Path) -> dict[tuple[str, str], ElementTree.Element]:
    """The translations of a .ts file by context and sentence."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            found[context.findtext("name"), message.findtext("source")] = message.find("translation")
    return found


JA = messages(language.source("ja"))


@pytest.fixture
def update() -> Callable[[Path], None]:
    path = resources.folder() / "translations" / "update.py"
    found = importlib.util.spec_from_file_location("update_translations", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.update


def test_the_translation_has_the_sentences_of_the_code_and_no_others(update, tmp_path):
    copy = tmp_path / "ja.ts"
    shutil.copy(language.source("ja"), copy)
    update(copy)
    now = messages(copy)
    assert len(now) > 600
    assert set(now) - set(JA) == set(), "run resources/translations/update.py, then translate these"
    assert set(JA) - set(now) == set(), "run resources/translations/update.py: these are gone"


def test_update_adds_what_is_new_as_unfinished_and_keeps_the_rest(update, tmp_path):
    copy, text = tmp_path / "ja.ts", language.source("ja").read_text(encoding="utf-8")
    copy.write_text(text.replace("<source>Dismiss</source>", "<source>Gone</source>"), encoding="utf-8")
    update(copy)
    now = messages(copy)
    assert now["_Notice", "Dismiss"].get("type") == "unfinished"
    assert ("_Notice", "Gone") not in now
    assert now["_Notice", "Details"].text == "詳細"


def test_every_translation_is_finished_and_takes_the_same_values():
    faults = []
    for (context, source), translation in JA.items():
        told = translation.text or ""
        sound = {
            "has a context": bool(context),  # tr() outside a class has none, and finds nothing
            "is finished": translation.get("type") is None and bool(told),
            "takes the same values": sorted(VALUE.findall(told)) == sorted(VALUE.findall(source)),
            "has no space around it": told == told.strip() or source != source.strip(),
            "has as many lines": told.count("\n") == source.count("\n"),
            "ends the same way": source.endswith("…") == told.endswith("…"),
            "keeps the key": (re.findall(r"&(\w)", source) != []) == (re.findall(r"\(&\w\)", told) != []),
        }
        faults += [
            f"{context}: {source!r} -> {told!r}: not so: {what}" for what, so in sound.items() if not so
        ]
    assert faults == []


# ------------------------------------------------------------------------------------------------ The window


@pytest.fixture(autouse=True)
def english_again(qapp) -> Iterator[None]:
    before = QLocale()
    yield
    language.apply(qapp, "en")
    QLocale.setDefault(before)


@pytest.fixture
def speak(qapp, japanese_font) -> Callable[[str], None]:
    """Speaks a language."""

    def speak(code: str) -> None:
        assert language.apply(qapp, code) is None
        qapp.processEvents()  # Qt tells the widgets with an event

    return speak


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch, config) -> Iterator[MainWindow]:
    home = tmp_path / "home"
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(home))
    theme.apply(QApplication.instance(), "dark")
    made = MainWindow(QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat))
    made.draft.load(config, "small")
    made.resize(1440, 900)
    made.show()
    for dock in made.area.docks:
        dock.reveal()
    yield made
    made.close_at_once()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=WAIT)
    made.deleteLater()


def of_pyqtgraph(thing: QObject | None) -> bool:
    """Whether something belongs to a menu of pyqtgraph's, which is never shown."""
    while thing is not None:
        if isinstance(thing, pg.GraphicsScene):
            return True
        if isinstance(thing, QMenu) and isinstance(thing.parent(), pg.PlotWidget):
            return True
        thing = thing.parent()
    return False


def words(window: QWidget) -> list[tuple[str, str]]:
    """All texts of a window that are not the person's own, and where each stands."""
    found: list[tuple[QWidget | QAction, str]] = []
    for action in window.findChildren(QAction):
        if not of_pyqtgraph(action.parent()):
            found += [(action, text) for text in (action.text(), action.toolTip(), action.statusTip())]
    for widget in [window, *window.findChildren(QWidget)]:
        if of_pyqtgraph(widget):
            continue
        texts = [
            widget.windowTitle(),
            widget.toolTip(),
            widget.accessibleName(),
            widget.accessibleDescription(),
        ]
        match widget:
            case QLabel() if widget.isHidden():
                continue  # it is written before it is shown
            case QLabel() | QAbstractButton():
                texts.append(widget.text())
            case QGroupBox() | QMenu():
                texts.append(widget.title())
            case QLineEdit() | QTextEdit() | QPlainTextEdit():
                texts.append(widget.placeholderText())
            case PromptChoice():
                texts.append(widget.itemText(0))  # the others are prompts
            case QComboBox():
                texts += [widget.itemText(place) for place in range(widget.count())]
            case QTabBar():
                texts += [widget.tabText(place) for place in range(widget.count())]
            case QAbstractItemView() if not of_a_list(widget):
                texts += headings(widget.model())
        found += [(widget, text) for text in texts]
    return [
        (f"{type(of).__name__} {of.objectName()}", text) for of, text in found if text and text not in ITSELF
    ]


def of_a_list(view: QAbstractItemView) -> bool:
    """Whether a view is what a combo box opens, which has no headings."""
    return isinstance(view.window(), QWidget) and view.window().inherits("QComboBoxPrivateContainer")


def headings(model: QAbstractItemModel | None) -> list[str]:
    if model is None:
        return []
    across = Qt.Orientation.Horizontal
    return [str(model.headerData(place, across) or "") for place in range(model.columnCount())]


class English:
    """Finds the sentences that a translation words otherwise, whatever values they have taken."""

    def __init__(self) -> None:
        translated = {source for (_, source), told in JA.items() if told.text != source}
        self._plain = {source.replace("&", "") for source in translated if not VALUE.search(source)}
        self._valued = [
            re.compile(".*".join(map(re.escape, VALUE.split(source))) + "$", re.DOTALL)
            for source in translated
            if re.search(r"[a-z]{2}", VALUE.sub("", source))
        ]

    def knows(self, text: str) -> bool:
        """Whether a text is such a sentence."""
        return text.replace("&", "") in self._plain or any(each.match(text) for each in self._valued)


def names_of(window: MainWindow) -> set[str]:
    """What is called by a name of its own in this window."""
    session = window.workspace.session
    own = {str(window.draft.values["data.source"])}
    if session is not None:
        own |= {session.run.name, str(session.run.folder)}
    return NAMES | own


def is_japanese(text: str, names: set[str]) -> bool:
    """Whether a text is in Japanese, or is the same in every language."""
    return bool(
        JAPANESE.search(text) or text in names or FIGURE.fullmatch(text) or not re.search("[A-Za-z]", text)
    )


def switch_and_back(window: MainWindow, speak: Callable[[str], None]) -> None:
    """See that each text of the window is Japanese in Japanese, and English in English again."""
    english = English()
    before = words(window)
    assert len(before) > 300
    assert any(english.knows(text) for _, text in before)
    assert [each for each in before if JAPANESE.search(each[1])] == []
    speak("ja")
    left = [each for each in words(window) if english.knows(each[1])]
    assert left == [], left
    left = [each for each in words(window) if not is_japanese(each[1], names_of(window))]
    assert left == [], left
    speak("en")
    left = [each for each in words(window) if JAPANESE.search(each[1])]
    assert left == [], left


def test_the_window_changes_its_language_before_a_run(qtbot, window, speak):
    window.show_welcome(True)
    window.draft.set("train.batch_size", 0)
    window.draft.settle()
    switch_and_back(window, speak)


def test_the_window_changes_its_language_with_a_run_in_it(qtbot, window, speak):
    qtbot.mouseClick(window.header.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: window.workspace.session is not None and window.workspace.session.state == "finished",
        timeout=WAIT,
    )
    switch_and_back(window, speak)


# ------------------------------------------------------------------------------------------------ The choice


def test_a_language_is_chosen_in_the_menu_and_remembered(qtbot, window, speak):
    keys = {button: button.shortcut() for button in (window.header.start, window.header.stop_now)}
    window.menus.languages["ja"].trigger()
    qtbot.waitUntil(lambda: window.header.start.text() == "開始", timeout=WAIT)
    assert window.menus.view.title() == "表示(&V)"
    assert [dock.windowTitle() for dock in window.area.docks][:2] == ["設定", "データ"]
    assert {button: button.shortcut() for button in keys} == keys  # which Qt drops with a new text
    assert window._settings.value("language") == "ja"
    assert language.choice() == "ja"
    window.menus.languages["en"].trigger()
    qtbot.waitUntil(lambda: window.header.start.text() == "Start", timeout=WAIT)
    assert window._settings.value("language") == "en"


@pytest.mark.parametrize(
    ("computer", "spoken"),
    [("ja_JP.UTF-8", "ja"), ("en_GB.UTF-8", "en"), ("de_DE.UTF-8", "en"), ("C", "en")],
)
def test_as_the_system_has_it(computer, spoken):
    code = "from workbench import language; print(language.resolve(language.SYSTEM))"
    others = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    others["LANG"] = computer
    told = subprocess.run(
        [sys.executable, "-c", code], env=others, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == spoken


def test_without_a_japanese_font_the_window_says_what_to_install(qtbot, window, monkeypatch):
    monkeypatch.setattr(language, "can_show", lambda code: code != "ja")
    window.menus.languages["ja"].trigger()
    assert any("fonts-noto-cjk or fonts-ipafont-gothic" in text for text in window.notices.texts())
    QApplication.processEvents()
    assert window.header.start.text() == "Start"
    window.menus.languages["en"].trigger()
    assert window.menus.languages["ja"].text() == "日本語"


def test_a_translation_is_compiled_once_and_anew_when_it_was_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    edited = tmp_path / "ja.ts"
    shutil.copy(language.source("ja"), edited)
    monkeypatch.setattr(language, "source", lambda code: edited)
    first = language.compiled("ja")
    made = first.stat().st_mtime_ns
    assert language.compiled("ja") == first
    assert first.stat().st_mtime_ns == made
    edited.write_text(edited.read_text(encoding="utf-8").replace("詳細", "くわしく"), encoding="utf-8")
    again = language.compiled("ja")
    assert again != first
    assert "くわしく".encode("utf-16-be") in again.read_bytes()


def test_what_cannot_be_compiled_is_told_in_english(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(language, "tool", lambda name: str(tmp_path / "missing"))
    trouble = language.apply(qapp, "ja")
    assert trouble.code == "translation_not_compiled"
    assert i18n.of_error(trouble).startswith(str(language.source("ja")))
    assert language.apply(qapp, "en") is None


def test_a_reason_of_ours_is_told_in_the_same_language(speak):
    reason = GPTCoreError("file_missing", name="model.safetensors")
    error = GPTCoreError("checkpoint_damaged", path="step-1", reason=reason)
    assert "model.safetensors is missing" in i18n.of_error(error)
    assert i18n.of_error(error) == str(error)
    speak("ja")
    assert "model.safetensors がありません" in i18n.of_error(error)
    heard = json.loads(json.dumps(as_told(error)))  # as it comes from another process
    assert i18n.of_told(heard) == i18n.of_error(error)


def test_sentences_in_a_row_are_joined_each_as_its_language_has_it():
    assert i18n.together(["Unknown: 。 、 x.", "More."]) == "Unknown: 。 、 x. More."
    assert i18n.together(["一つ。", "二つ。"]) == "一つ。二つ。"
    assert i18n.together([]) == ""


def test_a_command_is_found_by_its_english_name_too(qtbot, window, speak):
    speak("ja")
    for typed, command in (("new run", "新しい実行"), ("theme light", "ライト")):
        palette = CommandPalette(window)
        palette.show()
        qtbot.keyClicks(palette.field, typed)
        assert palette.shown(), typed
        assert palette.shown()[0].text == command
        palette.close()
