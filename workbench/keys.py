"""Keys: those that press a button from anywhere in the window, and those that a widget acts on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QPushButton, QToolTip, QWidget

OF_BUTTON = "keys"  # the property of a button that can be pressed from anywhere


@dataclass(frozen=True)
class Key:
    """What a key, or several that belong together, does in a widget that has the focus.

    `told` says it in the language of the moment. `acts` holds what does it for each key, written as Qt does
    ("Alt+Up"); one that returns False leaves the key to whoever else wants it.
    """

    told: Callable[[], str]
    acts: Mapping[str, Callable[[], object]]


@runtime_checkable
class Keyed(Protocol):
    """A widget that acts on its `keys`; `where` names it in the list of shortcuts. Qt's own classes are its
    bases, so this is a shape, not a class."""

    keys: Sequence[Key]
    where: Callable[[], str]


def act_on(event: QKeyEvent, keys: Iterable[Key]) -> bool:
    """Do what a pressed key is declared to do; whether there was anything to do."""
    pressed = QKeySequence(_plain(event))
    for key in keys:
        for written, act in key.acts.items():
            if QKeySequence(written) == pressed:
                return act() is not False
    return False


def _plain(event: QKeyEvent) -> QKeyCombination:
    """A key without regard to where on the keyboard it is, and for signs to whether Shift was needed."""
    drop = Qt.KeyboardModifier.KeypadModifier
    if Qt.Key.Key_Space < event.key() <= Qt.Key.Key_AsciiTilde and not chr(event.key()).isalnum():
        drop |= Qt.KeyboardModifier.ShiftModifier
    return QKeyCombination(event.modifiers() & ~drop, Qt.Key(event.key()))


# ---------------------------------------------------------------------------------- From anywhere in a window


def give(button: QAbstractButton, keys: str, window: QWidget) -> None:
    """Let keys press a button from anywhere in the window; its tooltip tells them."""
    button.setProperty(OF_BUTTON, keys)
    button.installEventFilter(_Tip(button))
    QShortcut(QKeySequence(keys), window).activated.connect(lambda: press(button))


def press(button: QAbstractButton) -> None:
    """Bring the panel of a button to the front, and press it there, if it can be."""
    panel = panel_of(button)
    if panel is not None:
        panel.show()
        panel.raise_()
    menu = button.menu() if isinstance(button, QPushButton) else None
    if not offered(button) or not button.isEnabled():
        return
    if menu is None:
        button.click()
    else:
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0])


def offered(button: QAbstractButton) -> bool:
    """Whether a button stands in its panel, be that behind another one or closed."""
    panel = panel_of(button)
    return button.isVisibleTo(panel.widget() if panel is not None else button.window())


def panel_of(widget: QWidget) -> QDockWidget | None:
    """The dock that a widget is in, if it is in one."""
    above: QWidget | None = widget
    while above is not None and not isinstance(above, QDockWidget):
        above = above.parentWidget()
    return above


class _Tip(QObject):
    """Tells the keys of a button after what its tooltip says."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and isinstance(watched, QAbstractButton):
            written = QKeySequence(watched.property(OF_BUTTON))
            keys = written.toString(QKeySequence.SequenceFormat.NativeText)
            says = watched.toolTip() or watched.accessibleName()
            QToolTip.showText(event.globalPos(), f"{says} ({keys})", watched)
            return True
        return False
