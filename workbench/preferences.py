"""What a person has set for the program itself, kept from one start to the next."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal

THEME, LANGUAGE = "theme", "language"  # their values are those of `theme.apply` and `language.apply`
WELCOME = "welcome_at_start"
TELL_END, TELL_TROUBLE = "tell_end", "tell_trouble"  # on the desktop, while the person is elsewhere
STAY_AWAKE = "stay_awake"  # while it trains


class Preferences(QObject):
    """Each is kept, and told with `changed` by its name, as soon as it is set; those of yes and no are yes at
    first."""

    changed = Signal(str)

    def __init__(self, kept: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._kept = kept

    def on(self, name: str) -> bool:
        """Whether it is a yes."""
        return bool(self._kept.value(name, True, type=bool))

    def set(self, name: str, value: str | bool) -> None:
        """Keep a choice, and tell of it even where it was the same before: it may not have been in force."""
        self._kept.setValue(name, value)
        self.changed.emit(name)
