"""How the workbench looks: colour roles for dark and light, type sizes, spacing, and the one stylesheet.

Widgets name a role, never a colour: a label with the property `role="muted"` is right in both themes. What a
stylesheet cannot reach, such as the plots, takes its colours from `current()` and listens to
`notifier.changed`. Everything is drawn on Qt's Fusion style, so that it looks alike on each system.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template
from typing import Any, Literal

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from gpt_core import resources

ThemeName = Literal["dark", "light"]
SYSTEM = "system"  # what a person may choose besides a theme

# Type sizes, pixels.
AXIS, LABEL, BODY, SECTION, HERO = 11, 12, 13, 15, 24
# Spacing, pixels.
GAP_XS, GAP_S, GAP_M, GAP_L, GAP_XL = 4, 8, 12, 16, 24
CONTROL_HEIGHT = 28
RADIUS = 6

# The first one present shows what the system's own font cannot: Windows, macOS, then the Linux packages.
JAPANESE_FAMILIES = (
    "Yu Gothic UI", "Meiryo", "Hiragino Sans", "Noto Sans CJK JP", "IPAexGothic", "IPAGothic", "VL Gothic",
)  # fmt: skip


@dataclass(frozen=True)
class Palette:
    """The colours of a theme by what they are for, each "#RRGGBB".

    Grounds, then text and lines, then the series of the plots. Text in a series' colour uses the role itself
    except for train, whose blue is too dark to read on the dark theme: `train_text`.
    """

    name: ThemeName
    window: str
    panel: str
    raised: str  # buttons, menus, readouts
    hover: str
    field: str  # what is typed into
    border: str
    text: str
    muted: str
    disabled: str
    accent: str  # ground of a primary button; outlines and selections
    accent_hover: str
    accent_ground: str  # ground of a toggle that is on
    accent_text: str
    on_accent: str
    danger: str
    warning: str
    success: str
    surprise: str  # ground of what surprised the model most
    train: str
    train_text: str
    train_raw: str
    validation: str
    rate: str
    gradient: str


PALETTES: dict[ThemeName, Palette] = {
    "dark": Palette(
        name="dark",
        window="#181818",
        panel="#212121",
        raised="#2A2A2A",
        hover="#333333",
        field="#1A1A1A",
        border="#383838",
        text="#ECECEC",
        muted="#A0A0A0",
        disabled="#6C6C6C",
        accent="#2563EB",
        accent_hover="#2F6BEB",
        accent_ground="#1E2B45",
        accent_text="#60A5FA",
        on_accent="#FFFFFF",
        danger="#F87171",
        warning="#F59E0B",
        success="#10B981",
        surprise="#6A3DC0",
        train="#3B82F6",
        train_text="#60A5FA",
        train_raw="#30558F",
        validation="#F59E0B",
        rate="#10B981",
        gradient="#A78BFA",
    ),
    "light": Palette(
        name="light",
        window="#FAFAF9",
        panel="#FFFFFF",
        raised="#F4F4F2",
        hover="#EBEBE8",
        field="#FAFAF9",
        border="#E4E4E2",
        text="#1F2023",
        muted="#66686C",
        disabled="#A3A4A6",
        accent="#2563EB",
        accent_hover="#1D4ED8",
        accent_ground="#E8EFFD",
        accent_text="#1D4ED8",
        on_accent="#FFFFFF",
        danger="#B91C1C",
        warning="#A04A08",
        success="#047857",
        surprise="#C9BBFD",
        train="#2563EB",
        train_text="#2563EB",
        train_raw="#A3BFF7",
        validation="#B45309",
        rate="#047857",
        gradient="#6D28D9",
    ),
}


class Notifier(QObject):
    """Tells of a switch of theme: `changed` carries the new Palette."""

    changed = Signal(object)


notifier = Notifier()
_current = PALETTES["dark"]
_choice = "dark"


def choice() -> str:
    """What was chosen last: a theme, or "system"."""
    return _choice


def system() -> ThemeName:
    """The theme that the computer is set to; dark where it does not tell."""
    return "light" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"


def current() -> Palette:
    """The colours in force."""
    return _current


def apply(app: QApplication, choice: str) -> None:
    """Put the whole application into a theme, "dark" where there is none of the name, and tell
    `notifier.changed`; "system" stands for the computer's, to be applied anew when that changes. Costs
    nothing where the theme is in force already."""
    global _choice, _current
    _choice = choice if choice in (*PALETTES, SYSTEM) else "dark"
    name = system() if _choice == SYSTEM else _choice
    _current = PALETTES["light" if name == "light" else "dark"]
    sheet = _stylesheet(_current)
    if app.styleSheet() == sheet:
        return
    if not app.styleSheet():  # each of these goes through every widget there is: once is enough
        app.setStyle("Fusion")
        app.setFont(font(BODY))
        QDir.setSearchPaths("icons", [str(resources.folder() / "icons")])
    app.setPalette(_qt_palette(_current))
    app.setStyleSheet(sheet)
    notifier.changed.emit(_current)


def font(size: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font at `size` pixels, with a Japanese fallback and digits of one width."""
    face = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    face.setFamilies([*face.families(), *JAPANESE_FAMILIES])
    face.setPixelSize(size)
    face.setWeight(weight)
    if hasattr(face, "setFeature"):  # since Qt 6.7
        face.setFeature(QFont.Tag("tnum"), 1)
    return face


def between(one: str, other: str, share: float) -> QColor:
    """The colour that lies this `share` of the way from one to the other."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(start + share * (end - start)) for start, end in pairs))


def style(widget: QWidget, **properties: str) -> None:
    """Set the properties that the stylesheet looks at (`role`, `kind`), on a widget already shown too."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def label(role: str, text: str = "") -> QLabel:
    """A label in a role of the stylesheet."""
    made = QLabel(text)
    style(made, role=role)
    return made


def _stylesheet(palette: Palette) -> str:
    template = (resources.folder() / "themes" / "workbench.qss").read_text(encoding="utf-8")
    sizes: dict[str, Any] = {"axis": AXIS, "label": LABEL, "body": BODY, "section": SECTION, "hero": HERO}
    inner = {"inner": CONTROL_HEIGHT - 2, "inner_focused": CONTROL_HEIGHT - 4, "radius": RADIUS}
    return Template(template).substitute(asdict(palette) | sizes | inner)


def _qt_palette(palette: Palette) -> QPalette:
    """For what the stylesheet leaves to Qt: dialogs, links, item views, text selections."""
    Role, Group = QPalette.ColorRole, QPalette.ColorGroup
    colours = {
        Role.Window: palette.window,
        Role.WindowText: palette.text,
        Role.Base: palette.field,
        Role.AlternateBase: palette.panel,
        Role.Text: palette.text,
        Role.Button: palette.raised,
        Role.ButtonText: palette.text,
        Role.BrightText: palette.danger,
        Role.ToolTipBase: palette.raised,
        Role.ToolTipText: palette.text,
        Role.PlaceholderText: palette.muted,
        Role.Highlight: palette.accent,
        Role.HighlightedText: palette.on_accent,
        Role.Accent: palette.accent,
        Role.Link: palette.accent_text,
        Role.LinkVisited: palette.accent_text,
        Role.Light: palette.hover,
        Role.Midlight: palette.raised,
        Role.Mid: palette.border,
        Role.Dark: palette.border,
        Role.Shadow: palette.window,
    }
    filled = QPalette()
    for role, colour in colours.items():
        filled.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        filled.setColor(Group.Disabled, role, QColor(palette.disabled))
    return filled
