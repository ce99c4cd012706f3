"""The settings of the program: how it looks, what it does for a person who is away, what it keeps where."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QThreadPool, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gpt_core import cache
from gpt_core.disk import readable_size
from gpt_core.errors import GPTCoreError
from gpt_core.run import workspace as runs_folder
from workbench import i18n, language, theme
from workbench.docks import DockArea
from workbench.preferences import (
    LANGUAGE,
    STAY_AWAKE,
    TELL_END,
    TELL_TROUBLE,
    THEME,
    WELCOME,
    Preferences,
)

SWITCHES = (WELCOME, STAY_AWAKE, TELL_END, TELL_TROUBLE)
WIDTH = 560  # pixels


class Settings(QDialog):
    """Each takes effect at once. `measured` carries the bytes of the prepared texts, found on another thread,
    and how many were freed."""

    measured = Signal(object, object)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        preferences, area = window.findChild(Preferences), window.findChild(DockArea)
        assert preferences is not None  # a window has both
        assert area is not None
        self._preferences = preferences
        self._size: int | None = None  # of the prepared texts
        self._freed: int | None = None
        self.theme, self.language = QComboBox(), QComboBox()
        for name in (theme.SYSTEM, *theme.PALETTES):
            self.theme.addItem("", name)
        for code in (language.SYSTEM, *language.NAMES):
            self.language.addItem("", code)
        self.theme.setCurrentIndex(self.theme.findData(theme.choice()))
        self.language.setCurrentIndex(self.language.findData(language.choice()))
        self.theme.activated.connect(lambda: self._set(THEME, self.theme.currentData()))
        self.language.activated.connect(self._set_language)
        self.switches = {name: QCheckBox() for name in SWITCHES}
        for name, switch in self.switches.items():
            switch.setChecked(self._preferences.on(name))
            switch.toggled.connect(partial(self._set, name))
        self.restore, self.clear, self.show_runs = QPushButton(), QPushButton(), QPushButton()
        self.restore.clicked.connect(area.restore_default)
        self.clear.clicked.connect(self._clear)
        self.show_runs.clicked.connect(_show_runs)
        self.cached, self.runs = theme.label("label"), theme.label("label", str(runs_folder()))
        self.trouble = theme.label("fault")
        self.titles = {name: theme.label("section") for name in ("look", "training", "disk")}
        self.names = {name: theme.label("label") for name in ("theme", "language", "layout", "cache", "runs")}
        self.hints = {name: theme.label("muted") for name in ("cache", "runs")}
        self._lay_out()
        self.measured.connect(self._show_size)
        self._look(_measure)
        self._say()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_L)
        grid.setVerticalSpacing(theme.GAP_S)
        grid.setColumnStretch(1, 1)
        row = 0

        def whole(widget: QWidget) -> None:
            nonlocal row
            grid.addWidget(widget, row, 0, 1, 3)
            row += 1

        def named(name: str, control: QWidget, button: QPushButton | None = None) -> None:
            nonlocal row
            self.names[name].setBuddy(control if button is None else button)
            grid.addWidget(self.names[name], row, 0)
            grid.addWidget(control, row, 1, 1, 2 if button is None else 1)
            if button is not None:
                grid.addWidget(button, row, 2)
            row += 1

        def gap() -> None:
            nonlocal row
            grid.setRowMinimumHeight(row, theme.GAP_XS)
            row += 1

        whole(self.titles["look"])
        named("theme", self.theme)
        named("language", self.language)
        whole(self.trouble)
        whole(self.switches[WELCOME])
        named("layout", QWidget(), self.restore)
        gap()
        whole(self.titles["training"])
        for name in (STAY_AWAKE, TELL_END, TELL_TROUBLE):
            whole(self.switches[name])
        gap()
        whole(self.titles["disk"])
        for name, value, button in (
            ("cache", self.cached, self.clear),
            ("runs", self.runs, self.show_runs),
        ):
            named(name, value, button)
            whole(self.hints[name])
        for label in (*self.hints.values(), self.trouble, self.cached, self.runs):
            label.setWordWrap(True)
        self.runs.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        self._whole = layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_XL, theme.GAP_L, theme.GAP_XL, theme.GAP_L)
        layout.setSpacing(theme.GAP_M)
        layout.addLayout(grid)
        layout.addStretch()
        layout.addWidget(self.buttons)
        self.setFixedWidth(WIDTH)

    def _say(self) -> None:
        self.setWindowTitle(self.tr("Settings"))
        titles = {
            "look": self.tr("Look"),
            "training": self.tr("While it trains"),
            "disk": self.tr("On the disk"),
        }
        names = {
            "theme": self.tr("Theme"),
            "language": self.tr("Language"),
            "layout": self.tr("Panels"),
            "cache": self.tr("Prepared texts"),
            "runs": self.tr("Runs"),
        }
        switches = {
            WELCOME: self.tr("Begin with the welcome page"),
            STAY_AWAKE: self.tr("Keep the computer from falling asleep"),
            TELL_END: self.tr("Tell on the desktop when it is done, if I am elsewhere"),
            TELL_TROUBLE: self.tr("Tell on the desktop when it needs me, if I am elsewhere"),
        }
        themes = {
            theme.SYSTEM: self.tr("As the system has it"),
            "dark": self.tr("Dark"),
            "light": self.tr("Light"),
        }
        for title, words in titles.items():
            self.titles[title].setText(words)
        for name, words in names.items():
            self.names[name].setText(words)
        for switch, words in switches.items():
            self.switches[switch].setText(words)
        for index in range(self.theme.count()):
            self.theme.setItemText(index, themes[self.theme.itemData(index)])
        for index in range(self.language.count()):
            system = self.tr("As the system has it")
            self.language.setItemText(index, language.NAMES.get(self.language.itemData(index), system))
        self.theme.setAccessibleName(names["theme"])
        self.language.setAccessibleName(names["language"])
        self.restore.setText(self.tr("Restore the layout"))
        self.clear.setText(self.tr("Clear"))
        self.clear.setAccessibleName(self.tr("Clear the prepared texts"))
        self.show_runs.setText(self.tr("Show"))
        self.show_runs.setAccessibleName(self.tr("Show the runs in the file manager"))
        self.hints["cache"].setText(
            self.tr(
                "Texts as tokens, kept so that the next run on them starts at once. What is cleared is made "
                "again from its text when it is needed."
            )
        )
        self.hints["runs"].setText(
            self.tr(
                "To keep them elsewhere, set the environment variable GPT_WORKBENCH_HOME to a folder and "
                "move the folder runs there."
            )
        )
        self._show_size(self._size, self._freed)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    # ------------------------------------------------------------------------------------------- The choices

    def _set(self, name: str, value: str | bool) -> None:
        self._preferences.set(name, value)

    def _set_language(self) -> None:
        choice = self.language.currentData()
        self._set(LANGUAGE, choice)
        shown = language.can_show(language.resolve(choice))
        self.trouble.setText("" if shown else i18n.of_error(GPTCoreError("no_japanese_font")))
        self.trouble.setVisible(not shown)
        self._fit()

    # ---------------------------------------------------------------------------------------- Prepared texts

    def _look(self, work: Callable[[], tuple[int, int | None]]) -> None:
        self.clear.setEnabled(False)
        QThreadPool.globalInstance().start(partial(_tell, self, work))

    def _clear(self) -> None:
        self._freed = None
        self._look(_empty)

    def _show_size(self, size: int | None, freed: int | None) -> None:
        self._size, self._freed = size, freed
        self.clear.setEnabled(bool(size))
        if size is None:
            text = self.tr("looking…")
        elif freed is not None:
            text = self.tr("{size}, {freed} were freed")
        else:
            text = "{size}"
        self.cached.setText(text.format(size=readable_size(size or 0), freed=readable_size(freed or 0)))
        self._fit()

    def _fit(self) -> None:
        """Be as high as the words need, which Qt does not see to in a window."""
        self.setMinimumHeight(self._whole.heightForWidth(WIDTH))


def _measure() -> tuple[int, int | None]:
    return cache.size(), None


def _empty() -> tuple[int, int | None]:
    before = cache.size()
    cache.clear()
    after = cache.size()
    return after, max(0, before - after)


def _tell(dialog: Settings, work: Callable[[], tuple[int, int | None]]) -> None:
    """On another thread: do it, and tell the dialog, unless that was closed meanwhile."""
    found = work()
    with suppress(RuntimeError):
        dialog.measured.emit(*found)


def _show_runs() -> None:
    """Open the folder of the runs, or the one in which it will be made."""
    folder: Path = runs_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
