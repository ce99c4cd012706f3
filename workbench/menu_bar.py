"""The window's menus: what there is to do besides the panels, and under which keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QEvent, QLocale, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from workbench import language, theme
from workbench.docks import Dock
from workbench.draft import Draft
from workbench.edit_menu import EditMenu

SIDES = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
    None,
)


class MenuBar(QMenuBar):
    """Run, Edit, View and Help; the window connects the actions. `themeChosen` carries a name of a theme,
    `languageChosen` a code or "system", `placeChosen` a dock and the side it is to go to, None to float."""

    themeChosen = Signal(str)
    languageChosen = Signal(str)
    placeChosen = Signal(object, object)

    def __init__(self, docks: Iterable[Dock], draft: Draft) -> None:
        super().__init__()
        self.edit = EditMenu(draft, self)
        self.new_run, self.open_run = self._action("Ctrl+N"), self._action("Ctrl+O")
        self.save_run, self.quit = self._action("Ctrl+S"), self._action("Ctrl+Q")
        self.add_to_queue = self._action("Ctrl+Shift+A")
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.settings = self._action("Ctrl+,")
        self.settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.restore, self.welcome = self._action(), self._action("Ctrl+0")
        self.to_curves, self.to_prompt = self._action("Ctrl+G"), self._action("Ctrl+P")
        self.other_theme = self._action("Ctrl+Shift+D")
        self.welcome.setCheckable(True)
        self.commands, self.shortcuts, self.about = self._action(), self._action(), self._action()
        self.commands.setShortcuts([QKeySequence("Ctrl+K"), QKeySequence("Ctrl+Shift+P")])
        self.shortcuts.setShortcuts([QKeySequence("F1"), QKeySequence("Ctrl+/")])
        self.about.setMenuRole(QAction.MenuRole.AboutRole)
        self.run, self.view, self.help = QMenu(self), QMenu(self), QMenu(self)
        self.theme, self.language = QMenu(self), QMenu(self)
        self.run.addActions([self.new_run, self.open_run, self.save_run, self.add_to_queue])
        self.run.addSeparator()
        self.run.addActions([self.settings, self.quit])
        for number, dock in enumerate(docks, start=1):
            dock.toggle().setShortcut(QKeySequence(f"Ctrl+{number}"))
            self.view.addAction(dock.toggle())
        self.places = QMenu(self)
        self._docks = list(docks)
        self._moves: list[QMenu] = []
        self.places.aboutToShow.connect(self._offer_places)
        self.view.addMenu(self.places)
        self.view.addAction(self.restore)
        self.view.addSeparator()
        self.view.addActions([self.welcome, self.to_curves, self.to_prompt])
        self.view.addSeparator()
        self.view.addMenu(self.theme)
        names = [theme.SYSTEM, *theme.PALETTES]
        self.themes = self._choices(self.theme, names, theme.choice(), self.themeChosen)
        self.theme.addSeparator()
        self.theme.addAction(self.other_theme)
        self.other_theme.triggered.connect(
            lambda: self.themeChosen.emit("light" if theme.current().name == "dark" else "dark")
        )
        self.view.addMenu(self.language)
        codes = [language.SYSTEM, *language.NAMES]
        self.languages = self._choices(self.language, codes, language.choice(), self.languageChosen)
        self.addMenu(self.run)
        self.addMenu(self.edit)
        self.addMenu(self.view)
        self.help.addActions([self.commands, self.shortcuts, self.about])
        self.addMenu(self.help)
        self._say()

    def _action(self, keys: str = "") -> QAction:
        action = QAction(self)
        action.setShortcut(QKeySequence(keys))
        return action

    def _offer_places(self) -> None:
        """For each dock a menu of where it may go, for who does not drag it."""
        self.places.clear()
        for menu in self._moves:
            menu.deleteLater()
        self._moves = [QMenu(dock.windowTitle(), self) for dock in self._docks]
        sides = self.tr("To the &left"), self.tr("To the &right"), self.tr("To the &bottom")
        for dock, menu in zip(self._docks, self._moves, strict=True):
            for side, text in zip(SIDES, (*sides, self.tr("&Out of the window")), strict=True):
                menu.addAction(text).triggered.connect(partial(self.placeChosen.emit, dock, side))
            self.places.addMenu(menu)

    def _choices(
        self, menu: QMenu, names: Iterable[str], chosen: str, told: SignalInstance
    ) -> dict[str, QAction]:
        """Actions of which one is checked, by name."""
        group = QActionGroup(self)
        actions = {}
        for name in names:
            action = actions[name] = self._action()
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(partial(told.emit, name))
            group.addAction(action)
            menu.addAction(action)
        return actions

    def _say(self) -> None:
        self.run.setTitle(self.tr("&Run"))
        self.new_run.setText(self.tr("&New run"))
        self.open_run.setText(self.tr("&Open run…"))
        self.save_run.setText(self.tr("&Save a checkpoint"))
        self.add_to_queue.setText(self.tr("&Add these settings to the queue"))
        self.settings.setText(self.tr("Se&ttings…"))
        self.quit.setText(self.tr("&Quit"))
        self.view.setTitle(self.tr("&View"))
        self.places.setTitle(self.tr("&Move a panel"))
        self.restore.setText(self.tr("Restore the &layout"))
        self.welcome.setText(self.tr("&Welcome page"))
        self.to_curves.setText(self.tr("To the &curves"))
        self.to_prompt.setText(self.tr("To the &prompt"))
        self.theme.setTitle(self.tr("&Theme"))
        self.themes[theme.SYSTEM].setText(self.tr("As the &system has it"))
        self.themes["dark"].setText(self.tr("&Dark"))
        self.themes["light"].setText(self.tr("&Light"))
        self.other_theme.setText(self.tr("S&witch between dark and light"))
        self.help.setTitle(self.tr("&Help"))
        self.commands.setText(self.tr("Command &palette…"))
        self.shortcuts.setText(self.tr("&Keyboard shortcuts…"))
        self.about.setText(self.tr("&About GPT Workbench…"))
        self.language.setTitle(self.tr("L&anguage"))
        self.languages[language.SYSTEM].setText(self.tr("As the &system has it"))
        for code, name in language.NAMES.items():
            in_english = QLocale.languageToString(QLocale(code).language())
            self.languages[code].setText(name if language.can_show(code) else in_english)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
