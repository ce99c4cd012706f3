"""The palette, the list of shortcuts and About, used by keys as a person does."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget

from workbench import loading, theme
from workbench.dialogs.about import About, report
from workbench.dialogs.commands import Command, commands, plain, ranked
from workbench.dialogs.palette import CommandPalette
from workbench.dialogs.shortcuts import Shortcuts
from workbench.keys import OF_BUTTON, Keyed, panel_of
from workbench.main_window import MainWindow

WAIT = 10_000  # milliseconds, for a busy machine


@pytest.fixture
def window(qtbot, window) -> Iterator[MainWindow]:
    """The window, with the keyboard's focus."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    yield window
    theme.apply(QApplication.instance(), "dark")


def by_keys(qtbot, window: MainWindow, kind: type, key: Qt.Key, held: Qt.KeyboardModifier):
    """Press the keys, and wait for the dialog that they open."""
    window.activateWindow()  # as a window manager does when a dialog has closed
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    qtbot.keyClick(window, key, held)
    qtbot.waitUntil(lambda: any(each.isVisible() for each in window.findChildren(kind)), timeout=WAIT)
    return next(each for each in window.findChildren(kind) if each.isVisible())


def palette(qtbot, window: MainWindow) -> CommandPalette:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return by_keys(qtbot, window, CommandPalette, Qt.Key.Key_P, both)


def do(qtbot, window: MainWindow, typed: str) -> None:
    opened = palette(qtbot, window)
    qtbot.keyClicks(opened.field, typed)
    qtbot.keyClick(opened.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.findChildren(CommandPalette) == [], timeout=WAIT)
    QApplication.processEvents()


# -------------------------------------------------------------------------------------------------- Palette


def test_typing_and_enter_does_it(qtbot, window):
    do(qtbot, window, "light theme")
    assert theme.current().name == "light"
    assert window.menus.themes["light"].isChecked()
    assert not window.runs.isVisible()
    do(qtbot, window, "view runs")
    assert window.runs.isVisible()
    do(qtbot, window, "welc")
    assert window.welcome.isVisible()


def test_a_button_in_a_panel_that_is_hidden_is_shown_and_pressed(qtbot, window):
    window.area.dock("prompt").close()
    assert not window.prompt.isVisible()
    do(qtbot, window, "all sampling")
    assert window.prompt.isVisible()
    assert window.prompt.sampling.more.isChecked()


def test_a_run_is_started_paused_and_stopped_by_name(qtbot, window):
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    for typed, state in (
        ("start", "training"),
        ("pause", "paused"),
        ("resume", "training"),
        ("stop", "stopped"),
    ):
        do(qtbot, window, typed)
        qtbot.waitUntil(lambda state=state: window.workspace.session.state == state, timeout=WAIT)


def test_what_cannot_be_done_is_grey_and_passed_over(qtbot, window):
    opened = palette(qtbot, window)
    shown = opened.shown()
    assert not shown[0].enabled  # there is no run to leave for a new one
    assert shown[0].text == "New run"
    assert not opened.list.topLevelItem(0).flags() & Qt.ItemFlag.ItemIsEnabled
    assert opened.list.currentIndex().row() == 1
    qtbot.keyClick(opened.field, Qt.Key.Key_Down)
    assert (opened.list.currentIndex().row(), shown[2].text) == (3, "Save a checkpoint")
    qtbot.keyClick(opened.field, Qt.Key.Key_Up)
    qtbot.keyClick(opened.field, Qt.Key.Key_Up)
    assert opened.list.currentIndex().row() == 1
    qtbot.keyClicks(opened.field, "new run")
    assert opened.shown()[0] == shown[0]
    assert opened.list.currentIndex().row() != 0
    qtbot.keyClick(opened.field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(opened.field, "save a checkpoint")
    assert opened.list.currentIndex().row() == -1
    qtbot.keyClick(opened.field, Qt.Key.Key_Return)
    assert opened.isVisible()
    qtbot.keyClick(opened.field, Qt.Key.Key_Escape)
    assert not opened.isVisible()


def test_a_click_into_the_window_leaves_it_and_the_window_takes_clicks(qtbot, window):
    opened = palette(qtbot, window)
    assert not opened.isModal()
    assert QApplication.activeModalWidget() is None
    window.activateWindow()  # as a click does
    qtbot.waitUntil(lambda: window.findChildren(CommandPalette) == [], timeout=WAIT)


def test_nothing_found_is_said_and_a_click_does_too(qtbot, window):
    opened = palette(qtbot, window)
    qtbot.keyClicks(opened.field, "qqq")
    assert opened.nothing.isVisible()
    assert not opened.list.isVisible()
    opened.field.clear()
    qtbot.keyClicks(opened.field, "theme light")
    place = opened.list.visualItemRect(opened.list.topLevelItem(0)).center()
    qtbot.mouseClick(opened.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: theme.current().name == "light", timeout=WAIT)


def test_it_knows_every_action_of_the_menus_and_the_run_buttons(window):
    known = {(command.place, command.text) for command in commands(window)}
    for menu in (window.menus.run, window.menus.view, window.menus.help):
        for action in menu.actions():
            if action.text() and action.menu() is None:
                assert (plain(menu.title()), plain(action.text())) in known
    assert {text for place, text in known if not place} == {
        *("Start", "Pause", "Resume"),
        *("Stop after this step", "Stop now"),
    }
    assert {place for place, _ in known} >= {dock.windowTitle() for dock in window.area.docks}


def command(text: str, place: str = "") -> Command:
    return Command(text, place, (), True, None, lambda: None)


def test_words_find_in_any_order_the_best_first():
    all_ = [command("Plan", "View"), command("Open run", "Run"), command("Rename", "Runs"), command("Prune")]
    told = [each.text for each in ranked(all_, "run")]
    assert told == ["Open run", "Rename", "Prune"] or told == ["Open run", "Prune", "Rename"]
    assert [each.text for each in ranked(all_, "RUN op")] == ["Open run"]
    assert [each.text for each in ranked(all_, "or")] == ["Open run"]  # its initials
    assert [each.text for each in ranked(all_, "rnm")] == ["Rename"]
    assert [each.text for each in ranked([command("実行を開く")], "実行")] == ["実行を開く"]
    assert [each.text for each in ranked(all_, "ｐｌａｎ")] == ["Plan"]  # as a Japanese keyboard writes it


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=12))
def test_any_text_may_be_typed(texts, typed):
    all_ = [command(text, typed) for text in texts]
    found = ranked(all_, typed)
    assert set(map(id, found)) <= set(map(id, all_))
    if not typed.strip():
        assert found == all_
    for text in texts:
        assert any(each.text == text for each in ranked(all_, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [("&Open run…", "Open run"), ("終了(&Q)", "終了"), ("Save && go", "Save & go"), ("開く…(&O)", "開く")],
)
def test_plain_text_has_no_mark_of_its_key(text, told):
    assert plain(text) == told


# ------------------------------------------------------------------------------------------------ Shortcuts


def rows(dialog: Shortcuts) -> list[tuple[str, str]]:
    heads = [dialog.list.topLevelItem(place) for place in range(dialog.list.topLevelItemCount())]
    return [
        (head.child(n).text(0), head.child(n).text(1)) for head in heads for n in range(head.childCount())
    ]


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_all_shortcuts_are_listed_as_they_are_now(qtbot, window, key, held):
    window.menus.open_run.setShortcut("Ctrl+Shift+O")  # it is read, not written down
    opened = by_keys(qtbot, window, Shortcuts, key, held)
    told = rows(opened)
    assert ("Open run", "Ctrl+Shift+O") in told
    assert {
        ("Start", "F5"),
        ("Stop after this step", "F7"),
        ("Stop now", "Shift+F7"),
        ("Generate", "Ctrl+Return"),
        ("Find a setting", "Ctrl+F"),
    } <= set(told)
    for shortcut in window.findChildren(QShortcut):
        keys = shortcut.key().toString()
        assert keys == "Esc" or any(keys in written for _, written in told), keys
    qtbot.keyClicks(opened.field, "gene")
    assert ("Generate", "Ctrl+Return") in rows(opened)
    assert len(rows(opened)) < len(told)
    assert not opened.nothing.isVisible()
    qtbot.keyClicks(opened.field, "xyz")
    assert rows(opened) == []
    assert opened.nothing.isVisible()
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert not opened.isVisible()


def pushed(window: MainWindow) -> list[QAbstractButton]:
    """The buttons that keys press from anywhere."""
    return [button for button in window.findChildren(QAbstractButton) if button.property(OF_BUTTON)]


def test_keys_press_the_buttons_of_panels_from_anywhere(qtbot, window):
    buttons = pushed(window)
    assert {button.property(OF_BUTTON) for button in buttons} >= {"F8", "F9", "Shift+F5"}
    for button in buttons:
        panel = panel_of(button)
        if panel is not None:
            panel.reveal()
        if button.menu() if isinstance(button, QPushButton) else None:
            continue
        button.clicked.connect(lambda: None)
        button.clicked.disconnect()  # what it does has tests of its own
        button.setVisible(True)  # as it is once there is something to do
        button.setEnabled(True)
        sequence = QKeySequence(button.property(OF_BUTTON))
        with qtbot.waitSignal(button.clicked, timeout=WAIT):
            qtbot.keyClick(window.prompt.prompt, sequence[0].key(), sequence[0].keyboardModifiers())


def test_a_key_shows_the_panel_of_its_button_first(qtbot, window):
    window.area.dock("data").close()
    qtbot.keyClick(window.prompt.prompt, Qt.Key.Key_F8)
    assert window.data.isVisible()
    assert window.data.preparer.runs
    window.data.cancel()
    qtbot.waitUntil(lambda: not window.data.preparer.runs, timeout=WAIT)


def test_a_key_that_cannot_act_shows_where_and_does_nothing(qtbot, window):
    window.area.dock("checkpoints").close()
    window.area.dock("prompt").reveal()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.assertNotEmitted(window.checkpoints.fork.clicked):
        qtbot.keyClick(window.prompt.prompt, Qt.Key.Key_B, both)
    assert window.checkpoints.isVisible()


def test_export_by_key_offers_its_forms_and_the_prompt_and_curves_are_gone_to(qtbot, window):
    control = Qt.KeyboardModifier.ControlModifier
    window.show_welcome(True)
    window.area.dock("prompt").close()
    qtbot.keyClick(window, Qt.Key.Key_P, control)
    assert window.prompt.prompt.hasFocus()
    qtbot.keyClick(window.prompt.prompt, Qt.Key.Key_G, control)
    plot = window.curves.plot.loss.plot
    assert plot.hasFocus()
    menu = window.curves.plot.controls.export_menu
    qtbot.keyClick(plot, Qt.Key.Key_X, control | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(menu.isVisible, timeout=WAIT)
    assert menu.activeAction() is menu.actions()[0]
    menu.close()
    qtbot.keyClick(plot, Qt.Key.Key_D, control | Qt.KeyboardModifier.ShiftModifier)
    assert theme.current().name == "light"


def keyed(window: MainWindow) -> dict[type, Keyed]:
    """One of each kind of widget with keys of its own."""
    return {type(widget): widget for widget in window.findChildren(QWidget) if isinstance(widget, Keyed)}


def test_a_key_that_a_widget_declares_acts_there_and_is_listed(qtbot, window):
    kinds = keyed(window)
    assert {kind.__name__ for kind in kinds} >= {"Rows", "StepPlot", "Handle", "AnswerView", "NumberField"}
    told = rows(Shortcuts(window))
    for widget in kinds.values():
        for number, key in enumerate(widget.keys):
            assert any(text == key.told() and keys for text, keys in told), key.told()
            for written in key.acts:
                done: list[str] = []
                others = [each for each in widget.keys if each is not key]
                widget.keys = [*others, replace(key, acts={written: partial(done.append, written)})]
                sequence = QKeySequence(written)
                qtbot.keyClick(widget, sequence[0].key(), sequence[0].keyboardModifiers())
                assert done == [written], (type(widget), written, number)
                widget.keys = [*others, key]


def test_what_has_no_key_is_said_to_be_found_by_its_name(qtbot, window):
    opened = by_keys(qtbot, window, Shortcuts, Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    assert any(label.text().startswith("Ctrl+K ") for label in opened.findChildren(QLabel))
    assert window.menus.commands.shortcut().toString() == "Ctrl+K"  # as the menu has it
    listed = {key for command in commands(window) for key in command.keys}
    assert "Ctrl+Z" in listed
    assert not any(re.fullmatch(r"F1[3-9]", key) for key in listed)


def window_wide(window: MainWindow) -> list[tuple[str, str]]:
    """Keys, as Qt writes them, that are heard in the whole window, and whose they are."""
    inner = (Qt.ShortcutContext.WidgetShortcut, Qt.ShortcutContext.WidgetWithChildrenShortcut)
    found = [
        (keys.toString(), action.text())
        for action in window.findChildren(QAction)
        for keys in action.shortcuts()
        if action.shortcutContext() not in inner
    ]
    found += [
        (keys.toString(), shortcut.whatsThis())
        for shortcut in window.findChildren(QShortcut)
        for keys in shortcut.keys()  # noqa: SIM118
        if shortcut.context() not in inner
    ]
    for button in window.findChildren(QAbstractButton):
        if not button.shortcut().isEmpty():
            found.append((button.shortcut().toString(), button.text()))
    return found


def test_no_key_of_the_window_collides_with_another_with_writing_or_with_the_desktop(window):
    found = window_wide(window)
    whose: dict[str, set[str]] = {}
    for number, (keys, name) in enumerate(found):
        whose.setdefault(keys, set()).add(name or str(number))
    assert whose.pop("F6") == {"Pause", "Resume"}  # of which one is shown at a time
    assert {keys: names for keys, names in whose.items() if len(names) > 1} == {}
    standard = QKeySequence.StandardKey
    writing = [standard.Cut, standard.Copy, standard.Paste, standard.SelectAll, standard.Delete]
    writing += [each for each in standard if each.name.startswith(("MoveTo", "Select", "Delete", "Insert"))]
    kept = {keys.toString() for each in writing for keys in QKeySequence.keyBindings(each)}
    kept |= {
        "Ctrl+Space",
        "Ctrl+Shift+U",
        "Ctrl+.",
        "Ctrl+;",
        "F10",
        "F11",
        "F2",
    }  # of input methods and desktops
    undo = set(window.menus.edit.undo.shortcuts() + window.menus.edit.redo.shortcuts())
    given = whose.keys() - {keys.toString() for keys in undo}
    assert given & kept == set()
    assert not [keys for keys in given if "Alt+" in keys or "Meta+" in keys]
    own = {
        QKeySequence(written).toString()
        for widget in keyed(window).values()
        for key in widget.keys
        for written in key.acts
    }
    assert own & whose.keys() == set()


# ---------------------------------------------------------------------------------------------------- About


def test_about_tells_versions_and_copies_them(qtbot, window):
    window.menus.about.trigger()
    opened = window.findChild(About)
    qtbot.waitUntil(lambda: opened.copy.isEnabled(), timeout=WAIT)
    qtbot.mouseClick(opened.copy, Qt.MouseButton.LeftButton)
    copied = dict(line.split(": ", 1) for line in QGuiApplication.clipboard().text().splitlines())
    assert copied["PyTorch"] == metadata.version("torch")
    assert copied["Python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert all(copied.values())
    shown = {label.text() for label in opened.findChildren(QLabel)}
    assert set(copied.values()) <= shown
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert not opened.isVisible()


def test_about_tells_what_trains_once_torch_is_there(qtbot, window, monkeypatch):
    from gpt_core import hardware

    monkeypatch.setattr(loading, "loaded", threading.Event())
    assert "Trains on" not in report()
    loading.loaded.set()
    told = report()
    assert f"({hardware.devices()[0]})" in told["Trains on"]
    assert told["Devices"].split(", ")[-1] == "cpu"


def test_about_may_be_closed_before_it_knows(qtbot, window):
    for _ in range(3):
        opened = About(window)
        opened.open()
        opened.close()
        QApplication.processEvents()


def test_the_report_does_not_load_torch():
    script = "import sys; from workbench.dialogs.about import report; print(report()['PyTorch']); "
    script += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [metadata.version("torch"), "False"]


# ---------------------------------------------------------------------------------------------------- Theme


def test_the_theme_follows_the_system_and_is_kept(qtbot, window, monkeypatch):
    hints = QApplication.styleHints()  # that of the tests tells nothing of colours, so its word is put in
    monkeypatch.setattr(theme, "system", lambda: "light")
    do(qtbot, window, "theme system")
    assert theme.current().name == "light"
    assert QSettings(window._settings.fileName(), QSettings.Format.IniFormat).value("theme") == "system"
    monkeypatch.setattr(theme, "system", lambda: "dark")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current().name == "dark"
    assert window.menus.themes["system"].isChecked()
    window.menus.themes["light"].trigger()
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.current().name == "light"


def test_a_theme_that_is_none_is_dark(qapp):
    theme.apply(qapp, "sepia")
    assert (theme.choice(), theme.current().name) == ("dark", "dark")
