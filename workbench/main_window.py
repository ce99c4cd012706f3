"""The window: header on top, settings left, curves in the centre, prompt and samples right, machine below."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from gpt_core import resources
from gpt_core.config import from_toml
from gpt_core.errors import ConfigError, GPTCoreError
from gpt_core.events import Changed, ChangeRefused, Notice, Ready
from gpt_core.run import workspace as runs_folder
from workbench import i18n, keys, language, theme
from workbench.advice import Advice
from workbench.away import Away
from workbench.changeover import Changeover
from workbench.dialogs.about import About
from workbench.dialogs.batch import BatchDialog
from workbench.dialogs.palette import CommandPalette
from workbench.dialogs.settings import Settings
from workbench.dialogs.shortcuts import Shortcuts
from workbench.docks import Dock, DockArea
from workbench.draft import Draft, flat
from workbench.menu_bar import MenuBar
from workbench.panels.checkpoints import CheckpointsPanel
from workbench.panels.curves import CurvesPanel
from workbench.panels.data import DataPanel
from workbench.panels.header import HeaderPanel
from workbench.panels.machine import MachinePanel
from workbench.panels.notices import NoticesPanel
from workbench.panels.plan import PlanPanel
from workbench.panels.prompt import PromptPanel
from workbench.panels.queue import QueuePanel
from workbench.panels.runs import RunsPanel
from workbench.panels.samples import SamplesPanel
from workbench.panels.setup import SetupPanel
from workbench.panels.welcome import WelcomePanel
from workbench.preferences import LANGUAGE, THEME, Preferences
from workbench.queue_driver import QueueDriver
from workbench.session import Session
from workbench.unsaved import Unsaved
from workbench.words import short_count
from workbench.workspace import Workspace


class MainWindow(QMainWindow):
    """Everything a person trains with, around one draft and one workspace."""

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self.preferences = Preferences(settings, self)
        self._state_error: GPTCoreError | None = None  # the one shown for the state of the open run
        self.draft = Draft(self)
        self.workspace = Workspace(self)

        self.header = HeaderPanel(self.draft, self.workspace)
        self.notices = NoticesPanel()
        self.setup = SetupPanel(self.draft)
        self.data = DataPanel(self.draft)
        self.plan = PlanPanel(self.draft)
        self.curves = CurvesPanel(self.draft, self.workspace)
        self.welcome = WelcomePanel(self.draft, self.workspace)
        self.prompt = PromptPanel(self.draft, self.workspace)
        self.samples = SamplesPanel(self.workspace)
        self.checkpoints = CheckpointsPanel(self.draft, self.workspace)
        self.runs = RunsPanel(self.workspace)
        self.queue = QueuePanel(self.draft, self.workspace)
        self.machine = MachinePanel(self.workspace)
        self._lay_out()
        self._make_menus()
        self.advice = Advice(self.workspace, self)
        self.advice.said.connect(self.notices.say)
        self.away = Away(self, self.workspace, self.header.state, self.preferences)
        self.changeover = Changeover(self, self.draft, self.workspace)
        self.driver = QueueDriver(self.changeover, self.workspace)
        self.unsaved = Unsaved(self.draft, self.workspace, settings, self)

        self.header.startAsked.connect(self.start)
        self.header.newAsked.connect(self.changeover.leave_run)
        self.header.takeOverAsked.connect(self._take_over)
        self.welcome.quickstartAsked.connect(self._quickstart)
        self.welcome.textChosen.connect(self._show_text)
        self.welcome.openAsked.connect(self._ask_for_run)
        self.welcome.runChosen.connect(self.open)
        self.welcome.allAsked.connect(lambda: self.area.dock("runs").reveal())
        self.runs.runChosen.connect(self.open)
        self.checkpoints.promptAsked.connect(self._prompt)
        self.curves.plot.batchAsked.connect(lambda step: self.batch_of(step).show())
        self.runs.overlayChosen.connect(self._overlay)
        self.queue.runChosen.connect(self.open)
        self.welcome.hideAsked.connect(lambda: self.show_welcome(False))
        self.workspace.told.connect(self._tell)
        self.changeover.fresh.connect(self.notices.clear)
        self.changeover.said.connect(self.notices.say)
        self.workspace.forked.connect(self._open_fork)
        self.draft.liveChange.connect(self._change)
        self.workspace.sessionChanged.connect(self._session_changed)
        geometry = settings.value("geometry")
        if geometry is None:
            frame = self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
            self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize() - QSize(frame, 2 * frame)))
        else:
            self.restoreGeometry(geometry)
        if settings.value("layout") is not None:
            self.area.restore(settings.value("layout"))
        if settings.value("runs") is not None:
            self.runs.restore(settings.value("runs"))
        self.prompt.restore(str(settings.value("prompts", "")))
        self.prompt.shading.setChecked(bool(settings.value("shading", True, type=bool)))
        self.curves.plot.controls.restore(str(settings.value("curves", "")))

    def _lay_out(self) -> None:
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        inside = QWidget()  # from the top down, or each part would be styled anew with all that is in it
        self.setCentralWidget(inside)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(theme.GAP_S, theme.GAP_XS, theme.GAP_S, theme.GAP_XS)
        layout.setSpacing(theme.GAP_XS)
        layout.addWidget(self.header)
        layout.addWidget(self.notices)
        self.centre = QStackedWidget()
        self.area = DockArea(self.centre, inside)
        layout.addWidget(self.area, stretch=1)
        layout.addWidget(self.machine)
        self.centre.addWidget(self.curves)
        self.centre.addWidget(self.welcome)
        setup = self.area.add(Dock(self.area, "setup", self.setup), left)
        self.area.add(Dock(self.area, "data", self.data), left, behind=setup)
        self.area.add(Dock(self.area, "plan", self.plan), left, behind=setup)
        self.area.add(Dock(self.area, "prompt", self.prompt), right)
        samples = self.area.add(Dock(self.area, "samples", self.samples), right)
        self.area.add(Dock(self.area, "checkpoints", self.checkpoints), right, behind=samples)
        below = Qt.DockWidgetArea.BottomDockWidgetArea
        runs = self.area.add(Dock(self.area, "runs", self.runs), below, shown=False)
        self.area.add(Dock(self.area, "queue", self.queue), below, behind=runs, shown=False)
        self._say()
        self.area.settle(QSize(1424, 730))

    def _make_menus(self) -> None:
        self.menus = MenuBar(self.area.docks, self.draft)
        self.setMenuBar(self.menus)
        self.menus.new_run.triggered.connect(lambda: self.changeover.leave_run())
        self.menus.open_run.triggered.connect(self._ask_for_run)
        self.menus.save_run.triggered.connect(self._save)
        self.menus.add_to_queue.triggered.connect(self._add_to_queue)
        self.menus.quit.triggered.connect(self.close)
        self.menus.edit.seek.triggered.connect(self._seek_setting)
        self.menus.to_curves.triggered.connect(self._to_curves)
        self.menus.to_prompt.triggered.connect(lambda: self.area.dock("prompt").reveal())
        self.menus.placeChosen.connect(self.area.place)
        self.menus.restore.triggered.connect(self.area.restore_default)
        self.menus.welcome.triggered.connect(self.show_welcome)
        self.menus.commands.triggered.connect(lambda: CommandPalette(self).show())
        self.menus.shortcuts.triggered.connect(lambda: Shortcuts(self).open())
        self.menus.settings.triggered.connect(lambda: Settings(self).open())
        self.preferences.changed.connect(self._preference_changed)
        self.menus.about.triggered.connect(lambda: About(self).open())
        self.menus.themeChosen.connect(self.set_theme)
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.menus.languageChosen.connect(self.set_language)
        self._give_keys()
        self._show_actions()

    def _give_keys(self) -> None:
        """Let what is often done in a panel be done from anywhere."""
        controls, saved = self.curves.plot.controls, self.checkpoints
        for button, pressed in (
            (self.data.button, "F8"),
            (self.plan.button, "F9"),
            (self.queue.switch, "Shift+F5"),
            (self.prompt.stop, "Shift+Esc"),
            (controls.follow, "Ctrl+Shift+G"),
            (controls.export_button, "Ctrl+Shift+X"),
            (self.setup.open_button, "Ctrl+Shift+O"),
            (self.setup.save_button, "Ctrl+Shift+S"),
            (self.runs.compare, "Ctrl+Shift+C"),
            (self.runs.overlay, "Ctrl+Shift+L"),
            (saved.pin, "Ctrl+Shift+K"),
            (saved.verify, "Ctrl+Shift+Y"),
            (saved.fork, "Ctrl+Shift+B"),
        ):
            keys.give(button, pressed, self)

    def _say(self) -> None:
        self.setWindowTitle(self.tr("GPT Workbench"))
        self.curves.setWindowTitle(self.tr("Curves"))  # where a command of theirs is found
        self.welcome.setWindowTitle(self.tr("Welcome page"))
        titles = {
            "setup": self.tr("Setup"),
            "data": self.tr("Data"),
            "plan": self.tr("Plan"),
            "prompt": self.tr("Prompt"),
            "samples": self.tr("Samples"),
            "checkpoints": self.tr("Checkpoints"),
            "runs": self.tr("Runs"),
            "queue": self.tr("Queue"),
        }
        for name, title in titles.items():
            self.area.dock(name).setWindowTitle(title)
        self._say_size()

    def _say_size(self) -> None:
        """Say beside the settings of the model how many parameters it has."""
        ready = self.workspace.session.ready if self.workspace.session is not None else None
        text = self.tr("{count} parameters")
        self.setup.set_note("model", text.format(count=short_count(ready.parameters)) if ready else "")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def set_theme(self, name: str) -> None:
        """Switch to dark, light, or what the system has ("system"), and remember it."""
        self.preferences.set(THEME, name)

    def set_language(self, choice: str) -> None:
        """Speak another language from now on, and remember it; where that cannot be, it is told why."""
        self.preferences.set(LANGUAGE, choice)

    def _preference_changed(self, name: str) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if name == THEME:
            theme.apply(application, str(self._settings.value(THEME)))
            self.menus.themes[theme.choice()].setChecked(True)
        elif name == LANGUAGE:
            trouble = language.apply(application, str(self._settings.value(LANGUAGE)))
            self.menus.languages[language.choice()].setChecked(True)
            if trouble is not None:
                self.notices.tell(trouble)

    def _follow_system(self) -> None:
        """The computer was set to another theme."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if theme.choice() == theme.SYSTEM and theme.system() != theme.current().name:
            theme.apply(application, theme.SYSTEM)

    def show_welcome(self, shown: bool) -> None:
        """Show the ways to begin in the place of the curves, or the curves again."""
        self.centre.setCurrentWidget(self.welcome if shown else self.curves)
        self.menus.welcome.setChecked(shown)
        if not shown:
            self.curves.plot.redraw()

    def _seek_setting(self) -> None:
        """Let a setting be sought where they all stand."""
        self.area.dock("setup").reveal()
        self.setup.seek()

    def _to_curves(self) -> None:
        """Show the curves, and let them be moved by keys."""
        self.show_welcome(False)
        self.curves.plot.loss.plot.setFocus()

    def _show_text(self) -> None:
        """Show what the text is that was chosen, and let Start be the next thing."""
        self.area.dock("data").reveal()
        self.header.start.setFocus()

    def _prompt(self, step: int, beside: bool) -> None:
        """Let a checkpoint answer prompts, and show where they are asked."""
        self.area.dock("prompt").reveal()
        self.prompt.choose(step, beside)

    def batch_of(self, step: int) -> BatchDialog:
        """What a step was trained on, read by the one who answers prompts, until another run is opened."""
        dialog = BatchDialog(self, self.prompt.who_answers(), step)
        self.workspace.sessionChanged.connect(dialog.close)
        return dialog

    def _overlay(self, runs: list[tuple[str, Path]]) -> None:
        """Lay other runs over the curves, and show these."""
        self.curves.overlay(runs)
        if runs:
            self.show_welcome(False)

    # -------------------------------------------------------------------------------------- Runs come and go

    def take_up_unsaved(self) -> bool:
        """Show the settings as the last window was left with, and say so; False where all were saved."""
        count, preset = self.unsaved.take_up(), self.draft.preset
        undo = QKeySequence(QKeySequence.StandardKey.Undo).toString(QKeySequence.SequenceFormat.NativeText)
        if count:
            self.notices.say(
                lambda: self.tr(
                    "The settings are as you left them, not saved; changed from {preset}: {count}. "
                    "Undo ({keys}) goes back to {preset}."
                ).format(preset=preset, count=count, keys=undo)
            )
        return count > 0

    def use_folder(self, folder: Path | None) -> None:
        """Let the next run be made in `folder` instead of a new one in the workspace."""
        self.changeover.use_folder(folder)

    def start(self) -> None:
        """Begin a run with the settings as they are; what is wrong is told beside the field."""
        self.changeover.start()

    def open(self, folder: Path, train: bool = False) -> None:
        """Open a run that is there, leaving the one that is open; of that one itself show the curves."""
        if self.workspace.is_open(folder):
            self.show_welcome(False)
        self.changeover.open(folder, train)

    def _quickstart(self) -> None:
        """Start what needs no choice."""
        self.draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
        self.start()

    def _take_over(self) -> None:
        """Train on what another process has let go of."""
        if self.workspace.session is not None:
            self.open(self.workspace.session.run.folder, train=True)

    def _open_fork(self, folder: Path) -> None:
        """Open a new fork, not yet training, so that its live settings can be changed first."""
        self.changeover.open(folder, told=self._of_fork)

    def _of_fork(self) -> str:
        return self.tr(
            "This is a fork. Change what you like, then press Resume; one of a finished run needs more "
            "steps first."
        )

    def _ask_for_run(self) -> None:
        folder = runs_folder()
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Open a run: choose its folder"), str(folder if folder.exists() else Path.home())
        )
        if chosen:
            self.open(Path(chosen))

    def _add_to_queue(self) -> None:
        """Put the settings as they are into the queue, where it is seen what becomes of that."""
        self.area.dock("queue").reveal()
        self.queue.add_draft()

    def _save(self) -> None:
        if self.workspace.session is not None:
            self.workspace.session.save()

    def _session_changed(self) -> None:
        session = self.workspace.session
        self._state_error = None
        self.draft.running = False
        if session is None:
            self.setup.set_step(None)
            self._say_size()
        else:
            self.show_welcome(False)
            session.stateChanged.connect(self._state_changed)
            session.reported.connect(self._reported)
            session.stepped.connect(self._stepped)
            self._take_settings(session)
            self.draft.learn_run(session.text())
        self._show_actions()

    def _state_changed(self) -> None:
        session = self.workspace.session
        assert session is not None
        if self._state_error is not None:
            self.notices.take_back(partial(i18n.of_error, self._state_error))
        if session.state == "training":
            self.notices.take_back(self._of_fork)
        self._state_error = session.error
        if session.error is not None:
            self._tell(session.error, session.details, session.run.log_path)
        if session.state == "failed":
            self.draft.running = False
        self._show_actions()

    def _take_settings(self, session: Session) -> None:
        """Show the settings of the run, with what is fixed in it locked."""
        if self.draft.running and self.draft.values == flat(session.config):
            return
        self.draft.running = False
        if not self.draft.holds(session.config):
            self.draft.load(session.config, session.run.name)
        self.draft.running = True

    def _stepped(self) -> None:
        session = self.workspace.session
        assert session is not None
        self.draft.given = False
        self.setup.set_step(session.step)

    def _reported(self, report: object) -> None:
        session = self.workspace.session
        match report:
            case Ready() if session is not None:
                self._take_settings(session)  # the checkpoint knows what was changed on the way
                self.draft.given = report.given
                self.draft.learn_run(session.text())
                self._say_size()
            case Notice(error=error):
                self._tell(error)
            case Changed(changes=changes):
                self.draft.take(changes)
            case ChangeRefused(refused) if session is not None:
                self.draft.take({fault.field: session.config.get(fault.field) for fault in refused})
                self._tell(ConfigError(refused))

    def _change(self, field: str, value: Any) -> None:
        session = self.workspace.session
        if session is not None and session.watched:
            self.draft.take({field: session.config.get(field)})
            self.notices.say(lambda: self.tr("Another process trains this run; change its settings there."))
        elif session is not None:
            session.change({field: value})

    def _tell(self, error: GPTCoreError, details: str = "", log: Path | None = None) -> None:
        """Tell an error beside its field, and above all panels, where it is seen at once."""
        self.notices.tell(error, details, log)
        if error.field is not None:
            self.draft.tell(error)

    def _show_actions(self) -> None:
        session = self.workspace.session
        self.menus.new_run.setEnabled(session is not None)
        self.menus.save_run.setEnabled(session is not None and session.ready is not None and session.alive)

    # --------------------------------------------------------------------------------------------- Closing

    def close_at_once(self) -> None:
        """Close without asking; what is unsaved is saved all the same."""
        self.workspace.queue.switch_off()
        session = self.workspace.session
        if session is None or not session.alive:
            self.close()
        else:
            self.changeover.leave(session, self.close)

    def closeEvent(self, event: QCloseEvent) -> None:
        session = self.workspace.session
        if session is not None and session.thread_runs:
            event.ignore()  # the thread must end first, then the window is closed again
            self.changeover.leave_run(self.close, self.tr("The program is about to close."))
            return
        if not self.checkpoints.finish():
            event.ignore()
            self.checkpoints.idle.connect(self.close, Qt.ConnectionType.UniqueConnection)
            return
        if not self.workspace.finish():
            event.ignore()
            self.workspace.idle.connect(self.close, Qt.ConnectionType.UniqueConnection)
            return
        self.workspace.queue.switch_off()
        self.workspace.queue.release()
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("layout", self.area.keep())
        self._settings.setValue("runs", self.runs.keep())
        self._settings.setValue("prompts", self.prompt.keep())
        self._settings.setValue("shading", self.prompt.shading.isChecked())
        self._settings.setValue("curves", self.curves.plot.controls.keep())
        self.unsaved.keep()
        event.accept()
