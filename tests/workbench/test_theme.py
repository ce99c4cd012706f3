"""The look: contrast, sizes, icons, and that a switch reaches everything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import asdict

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gpt_core import resources
from workbench import theme
from workbench.forms.tokens import grounds
from workbench.plots import overlay

PANELS = ("window", "panel", "raised")
SELECTED = ("accent_ground",)
TEXT_ON_GROUNDS = {
    "text": (*PANELS, "field", "hover", *SELECTED),
    "muted": (*PANELS, "field", "hover", *SELECTED),
    "danger": (*PANELS, "field", "hover", *SELECTED),
    "warning": (*PANELS, "hover", *SELECTED),
    "success": (*PANELS, "hover", *SELECTED),
    "accent_text": (*PANELS, "field", "hover", *SELECTED),
    "on_accent": ("accent", "accent_hover"),
    "train_text": PANELS,
    "validation": PANELS,
    "rate": PANELS,
    "gradient": PANELS,
}
CURVES = ("train", "validation", "rate", "gradient")


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["dark", "light"])
def palette(request: pytest.FixtureRequest, qapp: QApplication) -> theme.Palette:
    theme.apply(qapp, request.param)
    return theme.current()


def ground(widget: QWidget) -> str:
    """The colour a little inside the widget's left edge, as it is drawn."""
    image: QImage = widget.grab().toImage()
    return QColor(image.pixel(4, image.height() // 2)).name().upper()


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_text_can_be_read_on_its_grounds(name: theme.ThemeName) -> None:
    colours = asdict(theme.PALETTES[name])
    poor = {
        (text, on): round(contrast(colours[text], colours[on]), 2)
        for text, grounds in TEXT_ON_GROUNDS.items()
        for on in grounds
        if contrast(colours[text], colours[on]) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("role", ["text", "muted"])
def test_shaded_text_can_be_read_however_deep_its_shade(name: theme.ThemeName, role: str) -> None:
    """As answers and prompts are shaded, where what is muted becomes plain the deeper it goes."""
    colours = theme.PALETTES[name]
    for depth in range(101):
        text = theme.between(getattr(colours, role), colours.text, depth / 100).name()
        ground = theme.between(colours.field, colours.surprise, depth / 100).name()
        assert contrast(text, ground) >= 4.5, depth


@pytest.mark.parametrize("name", ["dark", "light"])
def test_curves_stand_out_from_their_panel(name: theme.ThemeName) -> None:
    colours = asdict(theme.PALETTES[name])
    assert min(contrast(colours[curve], colours["panel"]) for curve in CURVES) >= 3


@pytest.mark.parametrize("name", ["dark", "light"])
def test_curves_of_other_runs_stand_out_from_their_panel(name: theme.ThemeName) -> None:
    assert min(contrast(colour, theme.PALETTES[name].panel) for colour in overlay.COLOURS[name]) >= 3


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_focus_stands_out_from_every_ground(name: theme.ThemeName) -> None:
    colours = asdict(theme.PALETTES[name])
    assert min(contrast(colours["accent_text"], colours[on]) for on in (*PANELS, "field")) >= 3
    assert contrast(colours["text"], colours["accent"]) >= 3  # around a primary button


def test_tokens_and_marked_words_can_be_read(palette: theme.Palette) -> None:
    assert min(contrast(palette.text, ground.name().upper()) for ground in grounds()) >= 4.5


def test_every_text_of_the_stylesheet_can_be_read_on_the_ground_it_is_given(palette, qapp) -> None:
    sheet = re.sub(r"/\*.*?\*/", "", qapp.styleSheet(), flags=re.DOTALL)
    pairs = {}
    for what, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        said = dict(re.findall(r"([\w-]+)\s*:\s*(#[0-9A-F]{6})", rule))
        if "color" in said and "background" in said and ":disabled" not in what:
            pairs[what.strip()] = contrast(said["color"], said["background"])
    assert len(pairs) >= 15
    assert not {what: round(found, 2) for what, found in pairs.items() if found < 4.5}


def test_the_design_sets_these_colours() -> None:
    dark, light = theme.PALETTES["dark"], theme.PALETTES["light"]
    assert (dark.window, dark.panel, dark.raised) == ("#181818", "#212121", "#2A2A2A")
    assert (dark.text, dark.muted) == ("#ECECEC", "#A0A0A0")
    assert (light.window, light.panel, light.border) == ("#FAFAF9", "#FFFFFF", "#E4E4E2")
    assert (light.text, light.muted) == ("#1F2023", "#66686C")
    assert (dark.train, dark.validation, dark.rate, dark.gradient) == (
        "#3B82F6", "#F59E0B", "#10B981", "#A78BFA",
    )  # fmt: skip
    assert (light.train, light.validation, light.rate, light.gradient) == (
        "#2563EB", "#B45309", "#047857", "#6D28D9",
    )  # fmt: skip


def test_the_stylesheet_is_filled_and_understood(palette: theme.Palette, qtbot, qapp, capfd) -> None:
    sheet = qapp.styleSheet()
    assert "$" not in re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert palette.panel in sheet
    widget = QFrame()
    qtbot.addWidget(widget)
    theme.style(widget, kind="panel")
    widget.show()
    assert "Could not parse" not in capfd.readouterr().err


def test_every_icon_of_the_stylesheet_is_there(palette: theme.Palette, qapp) -> None:
    names = re.findall(r"url\(icons:([^)]+)\)", qapp.styleSheet())
    assert names
    for name in names:
        assert (resources.folder() / "icons" / name).is_file()
        assert not QImage(f"icons:{name}").isNull()


@pytest.mark.parametrize("kind", [QPushButton, QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QCheckBox])
def test_controls_are_28_pixels_high_focused_or_not(kind: type, palette, qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    other, control = QLineEdit(), kind()
    column.addWidget(other)
    column.addWidget(control)
    holder.show()
    other.setFocus()
    assert control.height() == theme.CONTROL_HEIGHT
    with qtbot.waitActive(holder):
        holder.activateWindow()
    before = control.grab().toImage()
    control.setFocus(Qt.FocusReason.TabFocusReason)
    assert control.hasFocus()
    QApplication.processEvents()
    assert control.height() == theme.CONTROL_HEIGHT
    assert control.grab().toImage() != before  # the focus can be seen


def test_roles_and_kinds_are_drawn_in_their_colours(palette: theme.Palette, qtbot) -> None:
    plain, primary, toggle = QPushButton(), QPushButton(), QPushButton()
    toggle.setCheckable(True)
    theme.style(primary, kind="primary")
    theme.style(toggle, kind="toggle")
    panel = QFrame()
    theme.style(panel, kind="panel")
    for widget in (plain, primary, toggle, panel):
        qtbot.addWidget(widget)
        widget.resize(80, 28)
    assert ground(plain) == palette.raised
    assert ground(primary) == palette.accent
    assert ground(panel) == palette.panel
    assert ground(toggle) == palette.raised
    toggle.setChecked(True)
    assert ground(toggle) == palette.accent_ground


def test_a_label_takes_the_size_and_colour_of_its_role(palette: theme.Palette, qtbot) -> None:
    label = QLabel("0.5")
    qtbot.addWidget(label)
    sizes = {"section": 15, "muted": 12, "label": 12, "hero": 24, "axis": 11}
    colours = {"muted": palette.muted, "fault": palette.danger, "hero": palette.text}
    for role, size in sizes.items():
        theme.style(label, role=role)
        assert label.font().pixelSize() == size
    for role, colour in colours.items():
        theme.style(label, role=role)
        assert label.palette().windowText().color().name().upper() == colour


def test_progress_is_four_pixels_high(palette: theme.Palette, qtbot) -> None:
    bar = QProgressBar()
    qtbot.addWidget(bar)
    assert bar.sizeHint().height() == 4


def test_the_font_is_13_pixels_with_a_japanese_fallback(qapp) -> None:
    theme.apply(qapp, "dark")
    assert qapp.font().pixelSize() == 13
    assert set(theme.JAPANESE_FAMILIES) <= set(qapp.font().families())


def test_a_switch_is_told_and_is_in_force(qtbot, qapp) -> None:
    theme.apply(qapp, "dark")
    with qtbot.waitSignal(theme.notifier.changed) as told:
        theme.apply(qapp, "light")
    assert told.args == [theme.PALETTES["light"]]
    assert theme.current() is theme.PALETTES["light"]
    assert qapp.palette().window().color().name().upper() == theme.PALETTES["light"].window


SWITCH_AFTER_A_WINDOW = """
import gc

from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from workbench import theme
from workbench.main_window import MainWindow

application = QApplication([])
theme.apply(application, "dark")
window = MainWindow(QSettings("settings.ini", QSettings.Format.IniFormat))
window.show()
application.processEvents()
window.close_at_once()
while window.isVisible():
    application.processEvents()
window.deleteLater()
QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
del window
gc.collect()
theme.apply(application, "light")
"""


def test_a_switch_touches_nothing_of_a_window_that_is_gone(tmp_path) -> None:
    """Qt keeps the rules of each widget it styled, and looks at all these widgets at a switch."""
    env = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "GPT_WORKBENCH_HOME": str(tmp_path),
        "MALLOC_PERTURB_": "165",  # the C library overwrites what is freed
    }
    command = [sys.executable, "-c", SWITCH_AFTER_A_WINDOW]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
