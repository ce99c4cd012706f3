"""Everything that can be done in a window, read from its live menus, buttons and shortcuts.

So nothing has to be listed a second time, and what is listed can neither be forgotten nor go stale.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QDockWidget,
    QMainWindow,
    QMenu,
    QMenuBar,
    QPushButton,
    QToolButton,
    QWidget,
)

from workbench import language
from workbench.keys import OF_BUTTON, Keyed, offered, panel_of, press

BETWEEN = " › "  # a menu and a menu in it
_NO = 1000  # how far a word is from a command that it does not fit


@dataclass(frozen=True)
class Command:
    """Something to do: what it is called, where it is found, its keys as people write them, whether it can
    be done now, whether it is switched on (None where it is no switch), and what does it."""

    text: str
    place: str
    keys: tuple[str, ...]
    enabled: bool
    on: bool | None
    do: Callable[[], object]


def commands(window: QMainWindow) -> list[Command]:
    """The window's commands: its menus, then the actions, buttons and shortcuts of its panels.

    What a menu offers already is not listed again for a button that says the same, outside of any panel.
    """
    found: dict[tuple[str, str], Command] = {}
    for action in window.menuBar().actions():
        menu = action.menu()
        if isinstance(menu, QMenu):
            for command in _of_menu(menu, plain(menu.title())):
                found.setdefault((command.place, command.text), command)
    known = {text for _, text in found}
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QMenu | QMenuBar):
            continue
        for command in _of_widget(widget):
            if command.place or command.text not in known:
                found.setdefault((command.place, command.text), command)
    for shortcut in window.findChildren(QShortcut):
        command = _of_shortcut(shortcut)
        if command.text:
            at = command.place, command.text
            keys = found.get(at, command).keys
            found[at] = replace(found.get(at, command), keys=tuple(dict.fromkeys(keys + command.keys)))
    return list(found.values())


def acted_on(window: QMainWindow) -> list[Command]:
    """What the window's widgets do by keys of their own, each told once; the place is where they have to be
    pressed, and nothing but the key does it."""
    found: dict[tuple[str, str], Command] = {}
    for widget in window.findChildren(QWidget):
        if isinstance(widget, Keyed):
            for key in widget.keys:
                at = widget.where(), key.told()
                keys = _written([QKeySequence(each) for each in key.acts])
                found.setdefault(at, Command(at[1], at[0], keys, True, None, lambda: None))
    return list(found.values())


def ranked(commands: Sequence[Command], typed: str) -> list[Command]:
    """The commands that fit all the words typed, the best first; all of them where nothing was typed."""
    words = _folded(typed).split()
    scored = [(_score(words, command), number) for number, command in enumerate(commands)]
    return [commands[number] for score, number in sorted(scored) if score < _NO]


def plain(text: str) -> str:
    """A text without the mark of its key, as "&Quit" and "終了(&Q)" have one, and without trailing dots."""
    key = text.rfind("(&")
    if key >= 0 and text[key + 3 : key + 4] == ")":
        text = text[:key] + text[key + 4 :]
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…").strip()


# ------------------------------------------------------------------------------------------------ Gathering


def _of_menu(menu: QMenu, place: str) -> Iterator[Command]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from _of_menu(below, place + BETWEEN + plain(below.title()))
        elif action.text() and action.isVisible():
            yield _of_action(action, place, lambda: None)


def _of_action(action: QAction, place: str, reveal: Callable[[], None]) -> Command:
    def do() -> None:
        reveal()
        action.trigger()

    keys = _written(action.shortcuts())
    on = action.isChecked() if action.isCheckable() else None
    return Command(plain(action.text()), place, keys, action.isEnabled(), on, do)


def _of_widget(widget: QWidget) -> Iterator[Command]:
    panel, place = panel_of(widget), _place(widget)

    def reveal() -> None:
        if panel is not None:
            panel.show()
            panel.raise_()

    for action in widget.actions():
        if action.text() and action.isVisible() and not action.isSeparator():
            yield _of_action(action, place, reveal)
    if not isinstance(widget, QPushButton | QToolButton) or not widget.text():
        return
    menu: QMenu | None = widget.menu()
    if menu is not None:
        plain_ones = [action for action in menu.actions() if action.text() and action.menu() is None]
        if widget.property(OF_BUTTON) or not plain_ones:
            yield _of_button(widget, place)  # which opens its menu
        for action in plain_ones:
            if action.isVisible():
                yield _of_action(action, place, reveal)
    elif any(letter.isalpha() for letter in widget.text()):
        yield _of_button(widget, place)


def _of_button(button: QAbstractButton, place: str) -> Command:
    keys = [QKeySequence(button.property(OF_BUTTON) or "")]
    if button.shortcut() != QKeySequence.mnemonic(button.text()):
        keys.append(button.shortcut())
    text = button.accessibleName() or plain(button.text())
    on = button.isChecked() if button.isCheckable() else None
    can = button.isEnabled() and offered(button)
    return Command(text, place, _written(keys), can, on, partial(press, button))


def _place(widget: QWidget) -> str:
    """The title of the panel that a widget is in; nothing for one of the window itself."""
    above: QWidget | None = widget
    while above is not None:
        if isinstance(above, QDockWidget) or (above.windowTitle() and not above.isWindow()):
            return above.windowTitle()
        above = above.parentWidget()
    return ""


def _of_shortcut(shortcut: QShortcut) -> Command:
    """A shortcut by what it is said to do, which may be what a button says."""
    owner = shortcut.parent()
    place = _place(owner) if isinstance(owner, QWidget) else ""
    keys = _written(shortcut.keys())
    return Command(shortcut.whatsThis(), place, keys, shortcut.isEnabled(), None, shortcut.activated.emit)


def _written(keys: Sequence[QKeySequence]) -> tuple[str, ...]:
    """As the system writes them, without keys that few keyboards have, such as one for Undo."""
    native = QKeySequence.SequenceFormat.NativeText
    common = [key for key in keys if not key.isEmpty() and not _rare(key)]
    return tuple(dict.fromkeys(key.toString(native) for key in common))


def _rare(key: QKeySequence) -> bool:
    first = key[0]  # type: ignore[index]  # PySide6's stubs do not know
    return bool(Qt.Key.Key_Back <= first.key() < Qt.Key.Key_unknown)


# ------------------------------------------------------------------------------------------------- Searching


def _folded(text: str) -> str:
    """Without regard to case, and to the width in which Japanese keyboards write letters."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _originals(code: str) -> dict[str, str]:
    """What is said in a language in English: who has learnt the program in that types it still."""
    found: dict[str, str] = {}
    for said, original in language.said(code):
        found[plain(said)] = f"{found.get(plain(said), '')} {plain(original)}"
    return found


def _score(words: list[str], command: Command) -> int:
    originals = _originals(language.resolve(language.choice()))
    spoken = command.text, command.place
    english = (" ".join(originals.get(part, "") for part in told.split(BETWEEN)) for told in spoken)
    ways = [tuple(map(_folded, spoken)), tuple(map(_folded, english))]
    return min(_NO, sum(min(_score_word(word, text, place) for text, place in ways) for word in words))


def _score_word(word: str, text: str, place: str) -> int:
    """How far a word is from a command's: it begins one, is in one, is its initials or letters of it."""
    for penalty, told in ((0, text), (2, place)):
        if any(part.startswith(word) for part in told.split()):
            return penalty
        if word in told:
            return penalty + 1
    parts = text.split()
    if word in "".join(part[0] for part in parts):
        return 4
    return 5 if any(part[0] == word[0] and _in_order(word, part) for part in parts) else _NO


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
