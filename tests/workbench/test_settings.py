"""The settings of the program: each by key and click, in force at once, kept, and in step with the menus."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gpt_core import cache
from workbench import language, theme
from workbench.dialogs.settings import Settings
from workbench.preferences import STAY_AWAKE, TELL_END, TELL_TROUBLE, WELCOME, Preferences

WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture(autouse=True)
def as_before(qapp):
    yield
    language.apply(qapp, "en")
    theme.apply(qapp, "dark")


@pytest.fixture
def opened(qtbot, window) -> Settings:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: any(each.isVisible() for each in window.findChildren(Settings)), timeout=WAIT)
    dialog = window.findChild(Settings)
    qtbot.waitUntil(lambda: dialog.cached.text() != "looking…", timeout=WAIT)
    yield dialog
    if dialog in window.findChildren(Settings):
        dialog.close()


def choose(qtbot, box, value: str) -> None:
    """By the arrow keys, as one who has no mouse."""
    box.setFocus()
    for _ in range(box.count()):
        qtbot.keyClick(box, Qt.Key.Key_Up)
    while box.currentData() != value:
        qtbot.keyClick(box, Qt.Key.Key_Down)


def kept(window) -> Preferences:
    """What another start of the program would find."""
    window._settings.sync()
    again = QSettings(window._settings.fileName(), QSettings.Format.IniFormat)
    return Preferences(again, window)


def test_the_theme_changes_at_once_and_the_menu_follows(qtbot, window, opened):
    choose(qtbot, opened.theme, "light")
    assert theme.current().name == "light"
    assert window.menus.themes["light"].isChecked()
    assert window._settings.value("theme") == "light"
    opened.close()
    window.menus.themes["dark"].trigger()
    window.menus.settings.trigger()
    again = window.findChildren(Settings)[-1]
    assert again.theme.currentData() == "dark"
    again.close()


def test_the_language_changes_at_once_in_the_dialog_too(qtbot, window, opened, japanese_font):
    choose(qtbot, opened.language, "ja")
    qtbot.waitUntil(lambda: window.header.start.text() == "開始", timeout=WAIT)
    assert window.menus.languages["ja"].isChecked()
    assert not opened.trouble.isVisible()
    choose(qtbot, opened.language, "en")
    qtbot.waitUntil(lambda: opened.windowTitle() == "Settings", timeout=WAIT)
    assert opened.theme.itemText(1) == "Dark"


def test_a_language_that_cannot_be_shown_is_told_in_the_dialog(qtbot, window, opened, monkeypatch):
    monkeypatch.setattr(language, "can_show", lambda code: code == "en")
    choose(qtbot, opened.language, "ja")
    assert opened.trouble.isVisible()
    assert "no font with Japanese characters" in opened.trouble.text()
    choose(qtbot, opened.language, "en")
    assert not opened.trouble.isVisible()


@pytest.mark.parametrize("name", [WELCOME, STAY_AWAKE, TELL_END, TELL_TROUBLE])
def test_each_switch_is_on_at_first_and_is_kept(qtbot, window, opened, name):
    switch = opened.switches[name]
    assert switch.isChecked()
    switch.setFocus()
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not kept(window).on(name)
    assert all(kept(window).on(other) for other in opened.switches if other != name)
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert kept(window).on(name)


def test_the_prepared_texts_are_measured_and_cleared(qtbot, window, home):
    place = cache.folder() / "tokens-one"
    place.mkdir(parents=True)
    (place / "train.bin").write_bytes(bytes(2_500_000))
    window.menus.settings.trigger()
    dialog = window.findChild(Settings)
    qtbot.waitUntil(lambda: dialog.cached.text() == "2.5 MB", timeout=WAIT)
    QTest.mouseClick(dialog.clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.cached.text() == "0 B, 2.5 MB were freed", timeout=WAIT)
    assert not place.exists()
    assert not dialog.clear.isEnabled()
    dialog.close()


def test_the_runs_are_shown_where_they_are(qtbot, window, opened, monkeypatch, home):
    opened_at: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened_at.append(url.toLocalFile()))
    assert opened.runs.text() == str(home / "runs")
    home.mkdir(exist_ok=True)
    QTest.mouseClick(opened.show_runs, Qt.MouseButton.LeftButton)
    (home / "runs").mkdir()
    QTest.mouseClick(opened.show_runs, Qt.MouseButton.LeftButton)
    assert opened_at == [str(home), str(home / "runs")]


def test_the_layout_is_restored(qtbot, window, opened):
    window.area.dock("prompt").close()
    QTest.mouseClick(opened.restore, Qt.MouseButton.LeftButton)
    assert window.prompt.isVisible()


def test_closed_before_it_knows(qtbot, window):
    for _ in range(3):
        dialog = Settings(window)
        dialog.open()
        dialog.close()
        QApplication.processEvents()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="each system is asked in its own way")
def test_sleep_is_held_off_only_where_it_is_wanted(qtbot, window, tmp_path, monkeypatch):
    """And at once, in the midst of a training."""
    held = tmp_path / "held"
    program = tmp_path / "bin" / "systemd-inhibit"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntouch {held}\nfor last; do :; done\n"$last"\nrm {held}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    window.preferences.set(STAY_AWAKE, False)
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    window.start()
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.step > 3, timeout=WAIT)
    assert not held.exists()
    assert "as the settings have it" in window.header.state.toolTip()
    window.preferences.set(STAY_AWAKE, True)
    qtbot.waitUntil(held.exists, timeout=WAIT)
    window.preferences.set(STAY_AWAKE, False)
    qtbot.waitUntil(lambda: not held.exists(), timeout=WAIT)


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize(
    ("name", "changes", "state"),
    [
        (TELL_END, {"train.max_steps": 8}, "finished"),
        (TELL_TROUBLE, {"train.device": "cuda:7"}, "failed"),
    ],
)
def test_the_desktop_is_told_what_is_wanted(qtbot, window, wanted, name, changes, state):
    told: list[str] = []
    window.away.told.connect(lambda title, _: told.append(title))
    window.preferences.set(name, wanted)
    for field, value in changes.items():
        window.draft.set(field, value)
    window.draft.settle()
    window.hide()
    qtbot.waitUntil(lambda: not window.isActiveWindow(), timeout=WAIT)
    window.start()
    qtbot.waitUntil(lambda: window.workspace.session.state == state, timeout=WAIT)
    assert len(told) == wanted
    window.show()


def test_no_welcome_page_where_it_is_not_wanted(tmp_path, monkeypatch):
    """The program itself, as it starts."""
    import subprocess

    script = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from workbench import app, main_window\n"
        "show = main_window.MainWindow.show\n"
        "def shown(window):\n"
        "    show(window)\n"
        "    told = lambda: print('welcome', window.welcome.isVisible(), flush=True)\n"
        "    QTimer.singleShot(300, told)\n"
        "main_window.MainWindow.show = shown\n"
        "sys.argv = ['gpt-workbench', '--quit-after', '1']\n"
        "app.main()\n"
    )
    env = os.environ | {"GPT_WORKBENCH_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    for wanted in (True, False):
        Path(tmp_path / "workbench.ini").write_text(f"[General]\nwelcome_at_start={str(wanted).lower()}\n")
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=100
        )
        assert f"welcome {wanted}" in done.stdout, done.stdout + done.stderr
