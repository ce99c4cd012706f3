"""Tests of the window need no display, and must leave nothing of themselves behind."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gpt_core.config import Config

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from workbench.main_window import MainWindow

if not any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid
from watchdog import Watchdog

WAIT = 30_000  # milliseconds, for a busy machine
QTS_OWN = {"QTipLabel", "QComboBoxPrivateContainer"}  # top-level widgets that Qt keeps for itself


def _top_levels() -> list[Any]:
    if not isinstance(QApplication.instance(), QApplication):
        return []
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() not in QTS_OWN
    ]


def pytest_collection_finish() -> None:
    """What the imports made stays; without it a collection of garbage after each test takes a fraction."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def watchdog(qapp: QApplication) -> Iterator[Watchdog]:
    """Sees how long the thread of the window takes no events, in the phases that the test names."""
    dog = Watchdog()
    dog.start()
    yield dog
    dog.stop()


@pytest.fixture(autouse=True)
def nothing_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a running thread, an active repeating timer or a top-level widget.

    As in the program, no other thread than the window's collects garbage, and never in the middle of
    something: what it frees may be a widget.
    """
    gc.disable()
    started: list[weakref.ref[Any]] = []

    def watch(kind: type) -> None:
        start = kind.start

        def watched(self: Any, *args: Any) -> Any:
            started.append(weakref.ref(self))
            return start(self, *args)

        monkeypatch.setattr(kind, "start", watched)

    watch(QThread)
    watch(QTimer)
    threads_before = set(threading.enumerate())
    widgets_before = set(map(id, _top_levels()))
    held = _top_levels()  # keeps the ids above from being given to others
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
    gc.collect()
    gc.enable()
    left = [f"widget {widget!r}" for widget in _top_levels() if id(widget) not in widgets_before]
    for reference in started:
        thing = reference()
        if thing is None or not isValid(thing):
            continue
        if isinstance(thing, QThread) and thing.isRunning():
            left.append(f"thread {thing!r}")
        if isinstance(thing, QTimer) and thing.isActive() and not thing.isSingleShot():
            left.append(f"timer {thing!r}")
    left += [
        f"thread {thread!r}"
        for thread in set(threading.enumerate()) - threads_before
        if thread.is_alive() and not isinstance(thread, threading._DummyThread)
    ]
    del held
    if left:
        pytest.fail("left behind: " + ", ".join(left), pytrace=False)


@pytest.fixture
def japanese_font(qapp: QApplication) -> None:
    """Skip a test that speaks Japanese where the machine cannot show it."""
    from workbench import language

    if not language.can_show("ja"):
        pytest.skip("no font here has Japanese characters: install fonts-noto-cjk, say")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's person keeps runs, presets and prepared texts."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def window(qtbot: QtBot, home: Path, config: Config) -> Iterator[MainWindow]:
    """The window, with the settings of a run that takes a second."""
    from workbench import theme
    from workbench.main_window import MainWindow

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, "dark")
    made = MainWindow(QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat))
    made.draft.load(config, "small")
    made.show()
    yield made
    made.close_at_once()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=WAIT)
    made.deleteLater()
