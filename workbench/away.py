"""For a person who is not there: the computer stays awake while it trains, the desktop tells of the end."""

from __future__ import annotations

import shutil

from PySide6.QtCore import QEvent, QFileInfo, QObject, QProcess, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QLabel, QSystemTrayIcon, QWidget

from workbench import i18n
from workbench.awake import Awake
from workbench.preferences import STAY_AWAKE, TELL_END, TELL_TROUBLE, Preferences
from workbench.session import Session
from workbench.workspace import Workspace

SHOWN = 10_000  # milliseconds of a message on the desktop


class Away(QObject):
    """Follows the open run. `state`, the label of its state, tells in a tooltip whether sleep is held off.

    `told` carries the title and the text of each message to the desktop; there is one at the end, on
    trouble, and when the queue is done, unless the settings say otherwise, and none while the window is the
    one that the person works in.
    """

    told = Signal(str, str)

    def __init__(
        self, window: QWidget, workspace: Workspace, state: QLabel, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window, self._workspace, self._label = window, workspace, state
        self._preferences = preferences
        preferences.changed.connect(self._follow)
        self._was_busy = False
        self.awake = Awake(self)
        self.awake.changed.connect(self._say)
        self._tray: QSystemTrayIcon | None = None
        workspace.sessionChanged.connect(self._session_changed)
        workspace.queue.emptied.connect(self._queue_emptied)
        window.installEventFilter(self)

    def _session_changed(self) -> None:
        session = self._workspace.session
        self._was_busy = False
        if session is not None:
            session.stateChanged.connect(lambda: self._state_changed(session))
            session.closed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Hold sleep off while this process trains, or prepares to."""
        session = self._workspace.session
        working = session is not None and session.alive and session.state in ("preparing", "training")
        wanted = self._preferences.on(STAY_AWAKE)
        if wanted and working and session is not None and not session.watched:
            why = self.tr("The run {name} is training.").format(name=session.run.name)
            self.awake.hold(self.tr("GPT Workbench"), why)
        else:
            self.awake.release()
        self._say()

    def _say(self) -> None:
        session = self._workspace.session
        if session is None or session.state != "training" or session.watched:
            self._label.setToolTip("")
        elif self.awake.held:
            self._label.setToolTip(self.tr("The computer is kept from falling asleep while this trains."))
        elif not self._preferences.on(STAY_AWAKE):
            self._label.setToolTip(
                self.tr("The computer may fall asleep while this trains, as the settings have it.")
            )
        else:
            self._label.setToolTip(
                self.tr("The computer may fall asleep while this trains: here, that cannot be held off.")
            )

    def _state_changed(self, session: Session) -> None:
        if session is not self._workspace.session:
            return
        self._follow()
        was_busy, self._was_busy = self._was_busy, session.state in ("preparing", "training")
        if not was_busy or self._window.isActiveWindow():
            return
        if session.error is not None and self._preferences.on(TELL_TROUBLE):
            title = self.tr("{name} needs you").format(name=session.run.name)
            self._tell(title, i18n.of_error(session.error), serious=True)
        elif session.error is None and session.state == "finished" and self._preferences.on(TELL_END):
            title = self.tr("{name} is trained").format(name=session.run.name)
            self._tell(title, self.tr("All {count} steps are done.").format(count=f"{session.step:,}"))

    def _queue_emptied(self) -> None:
        if not self._window.isActiveWindow() and self._preferences.on(TELL_END):
            outcome = self._workspace.queue.outcome
            text = self.tr("Trained: {done}. Failed: {failed}.")
            text = text.format(done=outcome["done"], failed=outcome["failed"])
            self._tell(self.tr("The queue is done"), text, serious=outcome["failed"] > 0)

    def _tell(self, title: str, text: str, serious: bool = False) -> None:
        QApplication.alert(self._window)  # a mark in the task bar, where there is no more than that
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            if self._tray is None:
                self._tray = QSystemTrayIcon(QIcon("icons:workbench.svg"), self)
                self._tray.messageClicked.connect(self._come_forward)
                self._tray.activated.connect(self._come_forward)
            self._tray.setToolTip(title)
            self._tray.show()
            kind = QSystemTrayIcon.MessageIcon.Warning if serious else self._tray.icon()
            self._tray.showMessage(title, text, kind, SHOWN)
        elif QGuiApplication.platformName() in ("xcb", "wayland"):
            notify(title, text)
        self.told.emit(title, text)

    def _come_forward(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.WindowActivate and self._tray is not None:
                self._tray.hide()  # the person is back
            elif event.type() == QEvent.Type.LanguageChange:
                self._say()
        return False


def notify(title: str, text: str) -> bool:
    """Show a message on a desktop without a tray, such as GNOME; whether there is a program to do so."""
    program = shutil.which("notify-send")
    if program is None:
        return False
    icon = QFileInfo("icons:workbench.svg").absoluteFilePath()
    words = ["--app-name=GPT Workbench", f"--icon={icon}", f"--expire-time={SHOWN}", "--", title, text]
    return QProcess.startDetached(program, words)[0]
