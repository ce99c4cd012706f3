"""What a person can act on: by keyboard, with a name, with the focus seen, large enough, and no word cropped.

Each state of the window is walked whole: without a run and with one open, with every panel in front and every
fold open, and each dialog; in both languages and at both sizes that are promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)

from gpt_core.config import Config
from gpt_core.control import Control
from gpt_core.run import Run, create
from gpt_core.worker import Worker
from workbench import language, theme
from workbench.answerers import SEPARATOR
from workbench.gallery import each_dialog
from workbench.main_window import MainWindow
from workbench.tables.runs import FoundRuns

WAIT = 30_000  # milliseconds, for a busy machine
SIZES = (QSize(1440, 900), QSize(1280, 720))
SMALLEST = 24  # pixels, what WCAG 2.2 asks of what is to be hit
ACTING = (
    QAbstractButton, QLineEdit, QAbstractSpinBox, QComboBox, QSlider, QTextEdit, QPlainTextEdit,
    QAbstractItemView, QTabBar,
)  # fmt: skip
# Not reached by Tab, and by which other keys instead.
OTHERWISE = {"Commands that fit": "Up and Down in the field above it"}
# Tables whose headings do something for the mouse, and what does the same for keys.
HEADINGS = {FoundRuns: "the menu Columns"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config) -> Run:
    """A finished run in the workspace, with samples and checkpoints."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    made = create(config, name="small")
    Worker(made, Control(), lambda report: None).work()
    return made


@pytest.fixture
def window(qtbot, run: Run) -> Iterator[MainWindow]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, "dark")
    home = run.folder.parent.parent
    made = MainWindow(QSettings(str(home / "workbench.ini"), QSettings.Format.IniFormat))
    made.draft.load(run.config, "small")
    with qtbot.waitActive(made, timeout=WAIT):
        made.show()
        made.activateWindow()
    yield made
    made.close_at_once()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=WAIT)
    made.deleteLater()
    language.apply(application, "en")


# ---------------------------------------------------------------------------------------------- What is there


def is_qts(widget: QWidget) -> bool:
    """Whether it is a piece of another control, which Qt makes and moves the focus in."""
    owner = widget.parentWidget()
    if isinstance(widget, QTabBar) and widget.count() < 2:  # kept out of sight, with nothing to choose
        return True
    if isinstance(widget, QHeaderView) and (widget.sectionsClickable() or widget.sectionsMovable()):
        return type(widget.model()) in HEADINGS
    pieces = isinstance(widget, QScrollBar | QHeaderView | QMenu) or widget.objectName().startswith("qt_")
    inner = isinstance(owner, QAbstractScrollArea) and owner.viewport() is widget
    return pieces or inner or isinstance(owner, QComboBox | QAbstractSpinBox | QLineEdit | QTabBar)


def acting(root: QWidget) -> list[QWidget]:
    """All that a person can act on, of what is shown."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if widget.isVisible()
        and widget.window() is root
        and not is_qts(widget)
        and (isinstance(widget, ACTING) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    ]


def spoken(widget: QWidget) -> str:
    """What a screen reader calls it. Of a list of choices Qt tells it the choice, and the name apart."""
    if isinstance(widget, QComboBox):
        return widget.accessibleName()
    told = QAccessible.queryAccessibleInterface(widget)
    return str(told.text(QAccessible.Text.Name)).strip()


def described(widget: QWidget) -> str:
    """Enough to find it in the code."""
    owner = type(widget.parentWidget()).__name__
    return f"{type(widget).__name__} “{spoken(widget)}” in {owner}"


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def tell(found: dict[str, list[str]]) -> None:
    """Fail with what is wrong, each fault once, with the states in which it is."""
    where: dict[str, list[str]] = {}
    for state, faults in found.items():
        for fault in dict.fromkeys(faults):
            where.setdefault(fault, []).append(state)
    if where:
        pytest.fail("\n".join(f"{fault}: {'; '.join(at)}" for fault, at in where.items()), pytrace=False)


def states(qtbot, window: MainWindow, run: Run | None) -> Iterator[str]:
    """The window with each panel in front, then with every fold open; `run` is to be open, or none."""
    if run is None:
        window.show_welcome(True)
        qtbot.waitUntil(lambda: bool(window.welcome.rows()), timeout=WAIT)
        settle()
        yield "welcome"
        window.show_welcome(False)
    for dock in window.area.docks:
        dock.reveal()
        settle()
        yield dock.windowTitle()
        dock.hide() if dock.objectName() in ("runs", "queue") else None
    folds = [fold for fold in window.findChildren(QToolButton) if fold.isCheckable() and not fold.isChecked()]
    assert folds
    for fold in folds:
        fold.setChecked(True)
    window.area.docks[0].reveal()
    settle()
    yield "unfolded"
    for fold in folds:
        fold.setChecked(False)


def open_run(qtbot, window: MainWindow, run: Run) -> None:
    """Open the run, ask its model something, and wait for the answer."""
    window.open(run.folder)
    qtbot.waitUntil(lambda: window.prompt.generate.isEnabled(), timeout=WAIT)
    window.prompt.prompt.setPlainText("the cat")
    window.prompt.ask()
    qtbot.waitUntil(lambda: window.prompt.copy.isEnabled(), timeout=WAIT)


# ------------------------------------------------------------------------------------------------ By keyboard


def walk(qtbot, root: QWidget) -> Iterator[QWidget]:
    """Each widget that the Tab key comes to, once around."""
    seen: list[QWidget] = []
    for _ in range(500):
        qtbot.keyClick(QApplication.focusWidget() or root, Qt.Key.Key_Tab)
        QApplication.processEvents()
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused.window() is root
        if focused in seen:
            return
        seen.append(focused)
        yield focused
    pytest.fail("the Tab key goes round and round")


def difference(one: QImage, other: QImage) -> int:
    """In how many pixels two pictures differ enough to be seen."""
    if one.size() != other.size():
        return 1000
    pixels = [image.convertToFormat(QImage.Format.Format_RGB32) for image in (one, other)]
    first, second = (np.frombuffer(image.constBits(), np.uint8).astype(int) for image in pixels)
    return int((np.abs(first - second).reshape(-1, 4).max(axis=1) > 48).sum())


def faults_of_the_walk(qtbot, root: QWidget) -> list[str]:
    """What is wrong with the controls of a window as the Tab key goes through them."""
    found, pictures = [], {}
    for widget in walk(qtbot, root):
        if widget.visibleRegion().isEmpty():
            found.append(f"takes the focus unseen: {described(widget)}")
        pictures[widget] = widget.grab().toImage()
    for widget, focused in pictures.items():
        widget.clearFocus()
        if difference(focused, widget.grab().toImage()) < min(40, widget.width() + widget.height()):
            found.append(f"does not show that it has the focus: {described(widget)}")
    for widget in acting(root):
        if not spoken(widget):
            found.append(f"has no name: {described(widget)}")
        if widget.isEnabled() and widget not in pictures and spoken(widget) not in OTHERWISE:
            found.append(f"is not reached by Tab: {described(widget)}")
        if widget.height() < SMALLEST and widget.property("kind") != "dock":
            found.append(f"is {widget.height()} pixels high: {described(widget)}")
    return found


@pytest.mark.parametrize("opened", [False, True])
def test_all_is_reached_by_tab_has_a_name_and_shows_the_focus(qtbot, window, run, opened) -> None:
    if opened:
        open_run(qtbot, window, run)
    window.resize(SIZES[0])
    all_states = states(qtbot, window, run if opened else None)
    tell({state: faults_of_the_walk(qtbot, window) for state in all_states})


def test_all_in_the_dialogs_is_reached_by_tab_has_a_name_and_shows_the_focus(qtbot, window) -> None:
    found = {}
    for dialog in shown(qtbot, window):
        found[type(dialog).__name__] = faults_of_the_walk(qtbot, dialog)
    assert len(found) >= 3
    tell(found)


def shown(qtbot, window: MainWindow) -> Iterator[QDialog]:
    for dialog in each_dialog(window):
        with qtbot.waitActive(dialog, timeout=WAIT):
            dialog.open()
        settle()
        yield dialog
        dialog.close()
        with qtbot.waitActive(window, timeout=WAIT):
            window.activateWindow()


# ------------------------------------------------------------------------------------------------ Whole words


def wanted(widget: QWidget) -> int:
    """How wide a widget must be to show its words whole; 0 where it has none of its own."""
    if isinstance(widget, QLabel) and not widget.wordWrap():
        return widget.sizeHint().width() if widget.text() else 0
    words = any(map(str.isalpha, widget.text())) if isinstance(widget, QAbstractButton) else False
    if words and isinstance(widget, QPushButton | QToolButton | QCheckBox):
        return widget.sizeHint().width()
    return 0


def cropped(root: QWidget) -> list[str]:
    """The words that are not seen whole."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or is_qts(widget) or widget.window() is not root:
            continue
        name = f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        if wanted(widget) > widget.width():
            found.append(f"“{widget.text()}” wants {wanted(widget)}, has {widget.width()}: {name}")
        if isinstance(widget, QLabel) and widget.wordWrap() and widget.text():
            high = widget.heightForWidth(widget.width())
            if high > widget.height():
                found.append(f"“{widget.text()}” wants {high} in height, has {widget.height()}: {name}")
        if isinstance(widget, QComboBox):
            option = QStyleOptionComboBox()
            widget.initStyleOption(option)
            field = widget.style().subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
            )
            shown = widget.currentText().partition(SEPARATOR)[0]  # all that a narrow one shows
            if widget.fontMetrics().horizontalAdvance(shown) > field.width():
                found.append(f"“{widget.currentText()}” does not fit: {name}")
        if isinstance(widget, QLineEdit) and not widget.text():
            room = widget.width() - 16  # the stylesheet's padding
            if widget.fontMetrics().horizontalAdvance(widget.placeholderText()) > room:
                found.append(f"“{widget.placeholderText()}” does not fit: {name}")
        if isinstance(widget, QLabel | QAbstractButton) and wanted(widget) and outside(widget):
            found.append(f"“{widget.text()}” is cut off at the side: {name}")
        if isinstance(widget, QTabBar):
            for index in range(widget.count()):
                words = widget.fontMetrics().horizontalAdvance(widget.tabText(index))
                if words > widget.tabRect(index).width() or not widget.rect().contains(widget.tabRect(index)):
                    found.append(f"tab “{widget.tabText(index)}” is cut off")
    return found


def overlapping(root: QWidget) -> list[str]:
    """Controls and words that lie over others of the same panel."""
    shown = [
        widget
        for widget in root.findChildren(QWidget)
        if widget.isVisible() and not is_qts(widget) and isinstance(widget, (*ACTING, QLabel))
    ]
    beside: dict[QWidget, list[QWidget]] = {}
    for widget in shown:
        beside.setdefault(widget.parentWidget(), []).append(widget)
    return [
        f"{described(one)} lies over {described(other)}"
        for widgets in beside.values()
        for one, other in combinations(widgets, 2)
        if one.geometry().intersects(other.geometry())
    ]


def outside(widget: QWidget) -> bool:
    """Whether it goes beyond the side of one that it is in."""
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        left = widget.mapTo(above, widget.rect().topLeft()).x()
        if left < 0 or left + widget.width() > above.width():
            return True
        if isinstance(above, QScrollArea):
            return False
        above = above.parentWidget()
    return False


@pytest.mark.parametrize("opened", [False, True])
def test_no_word_is_cropped_in_either_language_at_either_size(
    qtbot, window, run, opened, japanese_font
) -> None:
    application = QApplication.instance()
    if opened:
        open_run(qtbot, window, run)
    found = {}
    for code in language.NAMES:
        assert language.apply(application, code) is None
        for size in SIZES:
            window.resize(size)
            for state in states(qtbot, window, run if opened else None):
                window.resize(size)
                settle()
                now = window.size()
                grown = [] if now == size else [f"the window is {now.width()} wide and {now.height()} high"]
                found[f"{code}, {size.width()}, {state}"] = cropped(window) + overlapping(window) + grown
    tell(found)


def test_no_word_is_cropped_in_the_dialogs(qtbot, window, japanese_font) -> None:
    found = {}
    for code in language.NAMES:
        assert language.apply(QApplication.instance(), code) is None
        for dialog in shown(qtbot, window):
            found[f"{code}, {type(dialog).__name__}"] = cropped(dialog)
    tell(found)


def test_every_control_has_a_name_in_japanese_too(qtbot, window, run, japanese_font) -> None:
    open_run(qtbot, window, run)
    assert language.apply(QApplication.instance(), "ja") is None
    nameless = [
        described(widget)
        for _ in states(qtbot, window, run)
        for widget in acting(window)
        if not spoken(widget)
    ]
    assert not nameless
