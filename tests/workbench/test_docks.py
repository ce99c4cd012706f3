"""Panels that a person moves, hides and floats, and finds again as they were left."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QApplication

from workbench import theme
from workbench.dialogs.palette import CommandPalette
from workbench.docks import Dock
from workbench.main_window import MainWindow

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea


@pytest.fixture(params=["dark", "light"])
def open_window(qtbot, tmp_path: Path, monkeypatch, request):
    """Opens the window, as often as asked, with the same settings file."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    theme.apply(QApplication.instance(), request.param)
    settings = tmp_path / "home" / "workbench.ini"

    def opened() -> MainWindow:
        window = MainWindow(QSettings(str(settings), QSettings.Format.IniFormat))
        qtbot.addWidget(window)
        window.show()
        return window

    return opened


def dock(window: MainWindow, name: str) -> Dock:
    return next(dock for dock in window.area.docks if dock.objectName() == name)


def click(qtbot, button) -> None:
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_what_was_moved_and_hidden_is_so_again(qtbot, open_window) -> None:
    window = open_window()
    assert dock(window, "setup").x() < window.centre.x() < dock(window, "prompt").x()
    click(qtbot, dock(window, "samples").titleBarWidget().close_)
    assert not window.samples.isVisible()
    window.area.addDockWidget(LEFT, dock(window, "prompt"))
    window.close()

    again = open_window()
    assert not again.samples.isVisible()
    assert again.area.dockWidgetArea(dock(again, "prompt")) == LEFT
    assert dock(again, "prompt").x() < again.centre.x()
    again.menus.restore.trigger()
    assert again.samples.isVisible()
    assert again.area.dockWidgetArea(dock(again, "prompt")) == RIGHT
    again.close()


def test_a_panel_floats_and_returns_by_its_button(qtbot, open_window) -> None:
    window = open_window()
    prompt = dock(window, "prompt")
    bar = prompt.titleBarWidget()
    assert bar.float.accessibleName() == "Take Prompt out of the window"
    bar.float.setFocus()
    qtbot.keyClick(bar.float, Qt.Key.Key_Space)
    assert prompt.isFloating()
    assert window.prompt.isVisible()
    assert bar.float.accessibleName() == "Put Prompt back into the window"
    click(qtbot, bar.float)
    assert not prompt.isFloating()
    window.close()


def by_key(qtbot, window, name: str) -> None:
    written = dock(window, name).toggle().shortcut().toString()
    key = getattr(Qt.Key, f"Key_{written.removeprefix('Ctrl+')}")
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)


def by_menu(qtbot, window, name: str) -> None:
    title = dock(window, name).windowTitle()
    next(action for action in window.menus.view.actions() if action.text() == title).trigger()


def by_palette(qtbot, window, name: str) -> None:
    window.menus.commands.trigger()
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.field, f"view {dock(window, name).windowTitle()}")
    assert palette.shown()[0].text == dock(window, name).windowTitle()
    with qtbot.waitSignal(palette.destroyed):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)


@pytest.mark.parametrize("ask", [by_key, by_menu, by_palette])
def test_a_panel_is_brought_to_the_front_or_hidden_where_it_is_there(qtbot, open_window, ask) -> None:
    window = open_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    def in_front(one: Dock) -> bool:
        return not one.visibleRegion().isEmpty() and one.toggle().isChecked()

    for one in window.area.docks:
        name, tabs = one.objectName(), window.area.tabifiedDockWidgets(one)
        others = [other for other in tabs if other.isVisible()]
        if in_front(one):
            ask(qtbot, window, name)
            qtbot.waitUntil(one.isHidden)
            assert not one.toggle().isChecked()
        for _ in ("hidden", "behind another"):
            ask(qtbot, window, name)
            qtbot.waitUntil(lambda one=one: in_front(one))
            assert one.isAncestorOf(window.focusWidget())
            if not others:
                break
            others[0].reveal()
            qtbot.waitUntil(lambda one=one: not in_front(one))
            assert not one.isHidden()
    window.close()


def test_a_panel_is_placed_from_the_view_menu(qtbot, open_window) -> None:
    window = open_window()
    prompt, plan = dock(window, "prompt"), dock(window, "plan")
    window.menus.places.aboutToShow.emit()
    menus = {action.text(): action.menu() for action in window.menus.places.actions()}
    left, right, below, out = menus["Prompt"].actions()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    left.trigger()
    assert window.area.dockWidgetArea(prompt) == LEFT
    qtbot.waitUntil(window.prompt.prompt.hasFocus)
    assert not prompt.visibleRegion().isEmpty()  # in front of those whose place it shares
    assert plan in window.area.tabifiedDockWidgets(prompt)
    below.trigger()
    QApplication.processEvents()
    assert prompt.y() > window.centre.y()
    out.trigger()
    assert prompt.isFloating()
    right.trigger()
    assert not prompt.isFloating()
    assert window.area.dockWidgetArea(prompt) == RIGHT
    window.close()


@pytest.mark.parametrize("kept", [QByteArray(b"nonsense"), "text", 7])
def test_a_kept_layout_that_makes_no_sense_gives_the_default(open_window, tmp_path, kept) -> None:
    settings = QSettings(str(tmp_path / "home" / "workbench.ini"), QSettings.Format.IniFormat)
    settings.setValue("layout", kept)
    settings.sync()
    window = open_window()
    assert window.setup.isVisible()
    assert window.prompt.isVisible()
    assert dock(window, "setup").x() < window.centre.x() < dock(window, "prompt").x()
    window.close()


def test_the_two_at_the_right_share_their_side(open_window) -> None:
    window = open_window()
    window.resize(1440, 900)
    QApplication.processEvents()
    assert dock(window, "samples").height() > 200
    dock(window, "checkpoints").reveal()
    QApplication.processEvents()
    assert dock(window, "checkpoints").height() > 200
    window.close()


def test_all_is_seen_at_1280_by_720(qtbot, open_window) -> None:
    window = open_window()
    window.resize(1280, 720)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1280, 720)
    for one in window.area.docks:
        one.reveal()
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1280, 720)
    for one in window.area.docks:
        if one.isVisible() and one.widget().visibleRegion():
            inside = window.rect().contains(one.mapTo(window, one.rect().bottomRight()))
            assert inside, one.objectName()
    window.close()
