"""Messages of the run, told in place under the header instead of in dialogs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gpt_core import trouble
from gpt_core.errors import GPTCoreError
from workbench import i18n, theme

MOST = 3  # messages shown at once; older ones give way
HEIGHT, SMALLEST = 160, 56  # pixels of the details
LEAST = 44  # pixels for the whole panel, where the window has no more: a message of one line


class NoticesPanel(QScrollArea):
    """A stack of messages, the newest last, each with a way to dismiss it; takes no room when empty, and of
    the window no more than there is: what is beyond can be scrolled to."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the buttons in it take it, and are scrolled to
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.GAP_XS)
        self.setWidget(inside)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(0, max(0, self._layout.totalHeightForWidth(self.viewport().width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(LEAST, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # the messages take other lines

    def reveal(self, notice: _Notice) -> None:
        """Take the room that the messages need now, and scroll to this one once it has its place."""
        self.updateGeometry()
        QTimer.singleShot(0, notice, lambda: self.verticalScrollBar().setValue(notice.y()))

    def tell(self, error: GPTCoreError, details: str = "", log: Path | None = None) -> None:
        """Show an error, the traceback and where its run's log is one click away; one that is shown already
        is not repeated."""
        self.say(lambda: i18n.of_error(error), details or trouble.details(error), serious=True, log=log)

    def say(
        self, told: Callable[[], str], details: str = "", serious: bool = False, log: Path | None = None
    ) -> None:
        """Show the message that `told` gives, which is asked anew when the language changes."""
        if told() in self.texts():
            return
        while self._layout.count() >= MOST:
            self._dismiss(self.notices()[0])
        notice = _Notice(self, told, details, serious, log)
        self._layout.addWidget(notice)
        self.show()
        self.reveal(notice)

    def notices(self) -> list[_Notice]:
        """The messages shown, oldest first."""
        return sorted(self.findChildren(_Notice), key=self._layout.indexOf)

    def texts(self) -> list[str]:
        """What they say."""
        return [notice.text.text() for notice in self.notices()]

    def take_back(self, told: Callable[[], str]) -> None:
        """Take away the message that `told` gives, once it is no longer so."""
        for notice in self.notices():
            if notice.text.text() == told():
                self._dismiss(notice)

    def clear(self) -> None:
        """Take all messages away."""
        for notice in self.notices():
            self._dismiss(notice)

    def _dismiss(self, notice: _Notice) -> None:
        self._layout.removeWidget(notice)
        notice.setParent(None)
        notice.deleteLater()
        self.updateGeometry()
        self.setVisible(self._layout.count() > 0)


class _Notice(QFrame):
    """One message."""

    def __init__(
        self, panel: NoticesPanel, told: Callable[[], str], details: str, serious: bool, log: Path | None
    ) -> None:
        super().__init__()
        self._panel, self._log = panel, log
        theme.style(self, kind="notice", level="serious" if serious else "plain")
        self._told = told
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        theme.style(self.text, role="label")
        row = QHBoxLayout()
        row.addWidget(self.text, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_M, theme.GAP_XS, theme.GAP_S, theme.GAP_XS)
        layout.addLayout(row)
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setMinimumHeight(SMALLEST)
        self.details.setMaximumHeight(HEIGHT)
        self.copy, self.show_log = QPushButton(), QPushButton()
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        self.show_log.clicked.connect(self._show_log)
        self.place = theme.label("muted")
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.below = QWidget()
        self.below.hide()
        self.more = QPushButton()
        self.more.setCheckable(True)
        theme.style(self.more, kind="toggle")
        self.more.toggled.connect(self._show_details)
        if not details:
            self.more.hide()
        self.dismiss = QPushButton()
        self.dismiss.clicked.connect(lambda: panel._dismiss(self))
        row.addWidget(self.more)
        row.addWidget(self.dismiss)
        foot = QHBoxLayout()
        foot.addWidget(self.place, stretch=1)
        foot.addStretch()
        foot.addWidget(self.show_log)
        foot.addWidget(self.copy)
        inside = QVBoxLayout(self.below)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.details)
        inside.addLayout(foot)
        layout.addWidget(self.below)
        self._say()

    def _show_details(self, shown: bool) -> None:
        there = self._log is not None and self._log.exists()  # that of a run that never began goes with it
        self.place.setVisible(there)
        self.show_log.setVisible(there)
        self.below.setVisible(shown)
        self._panel.reveal(self)

    def _show_log(self) -> None:
        """Open the folder that holds the log."""
        if self._log is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log.parent)))

    def _say(self) -> None:
        self.text.setText(self._told())
        self.details.setAccessibleName(self.tr("Details of the error"))
        self.place.setText(self.tr("Also in {path}").format(path=self._log))
        self.place.setToolTip(str(self._log))
        self.show_log.setText(self.tr("Open its folder"))
        self.show_log.setAccessibleName(self.tr("Open the folder of the run's log"))
        self.copy.setText(self.tr("Copy"))
        self.copy.setAccessibleName(self.tr("Copy the details of the error"))
        self.more.setText(self.tr("Details"))
        self.dismiss.setText(self.tr("Dismiss"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
