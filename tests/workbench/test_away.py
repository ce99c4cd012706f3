"""The computer stays awake while it trains and no longer; the desktop tells how it ended."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from workbench.awake import Awake, holder
from workbench.away import notify
from workbench.main_window import MainWindow

WAIT = 15_000  # milliseconds, for a busy machine
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="each system is asked in its own way")


@pytest.fixture
def granted(tmp_path: Path, monkeypatch) -> Path:
    """A system that grants it: a program of the name that runs what it is given. The file it keeps is there
    while sleep is held off, and holds the words it was asked with."""
    kept = tmp_path / "held"
    write_program(
        tmp_path / "bin",
        "systemd-inhibit",
        f'printf "%s\\n" "$@" > {kept}\nfor last; do :; done\n"$last"\nrm {kept}\n',
        monkeypatch,
    )
    return kept


@pytest.fixture
def refused(tmp_path: Path, monkeypatch) -> None:
    write_program(tmp_path / "bin", "systemd-inhibit", "echo Access denied >&2\nexit 1\n", monkeypatch)


def write_program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    program = folder / name
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


# ---------------------------------------------------------------------------------------------------- Awake


@linux
def test_sleep_is_held_off_until_released(qtbot, granted):
    awake = Awake()
    awake.hold("GPT Workbench", "The run small is training.")
    qtbot.waitUntil(lambda: awake.held, timeout=WAIT)
    words = granted.read_text().splitlines()
    assert words[:4] == [
        "--who=GPT Workbench",
        "--why=The run small is training.",
        "--what=idle",
        "--mode=block",
    ]
    awake.release()
    assert not awake.held
    qtbot.waitUntil(lambda: not granted.exists(), timeout=WAIT)
    awake.hold("GPT Workbench", "again")
    qtbot.waitUntil(lambda: awake.held, timeout=WAIT)
    awake.release()
    qtbot.waitUntil(lambda: not granted.exists(), timeout=WAIT)


@linux
def test_where_it_is_refused_nothing_is_held(qtbot, refused):
    awake = Awake()
    awake.hold("GPT Workbench", "why")
    qtbot.waitUntil(lambda: awake._process is None, timeout=WAIT)
    assert not awake.held
    awake.release()


@linux
def test_where_there_is_nothing_to_ask_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert holder("who", "why") is None
    awake = Awake()
    awake.hold("who", "why")
    awake.release()
    assert not awake.held


@linux
def test_sleep_is_held_off_while_training_only(qtbot, window, granted):
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    qtbot.mouseClick(window.header.start, Qt.MouseButton.LeftButton)
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.state == "training" and granted.exists(), timeout=WAIT)
    qtbot.waitUntil(lambda: "kept from falling asleep" in window.header.state.toolTip(), timeout=WAIT)
    qtbot.mouseClick(window.header.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state == "paused" and not granted.exists(), timeout=WAIT)
    assert window.header.state.toolTip() == ""
    qtbot.mouseClick(window.header.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(granted.exists, timeout=WAIT)
    window.close_at_once()
    qtbot.waitUntil(lambda: not window.isVisible() and not granted.exists(), timeout=WAIT)


# --------------------------------------------------------------------------------------------------- Desktop


def leave(qtbot, window: MainWindow) -> None:
    """Work in another window."""
    window.hide()
    qtbot.waitUntil(lambda: not window.isActiveWindow(), timeout=WAIT)


def train(qtbot, window: MainWindow, state: str) -> None:
    window.start()
    qtbot.waitUntil(
        lambda: window.workspace.session is not None and window.workspace.session.state == state, timeout=WAIT
    )


def test_the_end_is_told_to_a_person_who_is_away(qtbot, window):
    told: list[tuple[str, str]] = []
    window.away.told.connect(lambda *words: told.append(words))
    window.draft.set("train.max_steps", 8)
    window.draft.settle()
    leave(qtbot, window)
    train(qtbot, window, "finished")
    assert told == [(f"{window.workspace.session.run.name} is trained", "All 8 steps are done.")]
    window.show()


def test_trouble_is_told_to_a_person_who_is_away(qtbot, window):
    told: list[tuple[str, str]] = []
    window.away.told.connect(lambda *words: told.append(words))
    window.draft.set("train.device", "cuda:7")
    window.draft.settle()
    leave(qtbot, window)
    train(qtbot, window, "failed")
    assert len(told) == 1
    assert told[0][0].endswith("needs you")
    assert "cuda:7" in told[0][1]
    window.show()


def test_nothing_is_told_to_a_person_who_is_there(qtbot, window):
    told: list[tuple[str, str]] = []
    window.away.told.connect(lambda *words: told.append(words))
    window.draft.set("train.max_steps", 8)
    window.draft.settle()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    train(qtbot, window, "finished")
    assert told == []


@linux
def test_a_desktop_without_a_tray_is_told_by_its_own_program(qtbot, tmp_path, monkeypatch):
    shown = tmp_path / "shown"
    write_program(
        tmp_path / "bin",
        "notify-send",
        f'printf "%s\\n" "$@" > {shown}.new; mv {shown}.new {shown}\n',
        monkeypatch,
    )
    assert notify("small-1 is trained", "-1 is a number too.")
    qtbot.waitUntil(shown.exists, timeout=WAIT)
    words = shown.read_text().splitlines()
    assert words[-3:] == ["--", "small-1 is trained", "-1 is a number too."]
    icon = next(word for word in words if word.startswith("--icon="))
    assert Path(icon.removeprefix("--icon=")).is_file()


@linux
def test_where_no_program_shows_messages_none_is_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not notify("title", "text")
