"""Messages of the run, told in place under the header instead of in dialogs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from gpt_core.errors import GPTCoreError
from workbench import i18n, theme

MOST = 3  # messages shown at once; older ones give way


class NoticesPanel(QWidget):
    """A stack of messages, the newest last, each with a way to dismiss it; takes no room when empty."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.GAP_XS)
        self.hide()

    def tell(self, error: GPTCoreError, details: str = "") -> None:
        """Show an error, its details one click away; one that is shown already is not repeated."""
        self.say(i18n.of_error(error), details, serious=True)

    def say(self, text: str, details: str = "", serious: bool = False) -> None:
        """Show a message."""
        if text in self.texts():
            return
        while self._layout.count() >= MOST:
            self._dismiss(self.notices()[0])
        self._layout.addWidget(_Notice(self, text, details, serious))
        self.show()

    def notices(self) -> list[_Notice]:
        """The messages shown, oldest first."""
        return sorted(self.findChildren(_Notice), key=self._layout.indexOf)

    def texts(self) -> list[str]:
        """What they say."""
        return [notice.text.text() for notice in self.notices()]

    def take_back(self, error: GPTCoreError) -> None:
        """Take away what `tell` showed, once it is no longer so."""
        for notice in self.notices():
            if notice.text.text() == i18n.of_error(error):
                self._dismiss(notice)

    def clear(self) -> None:
        """Take all messages away."""
        for notice in self.notices():
            self._dismiss(notice)

    def _dismiss(self, notice: _Notice) -> None:
        self._layout.removeWidget(notice)
        notice.setParent(None)
        notice.deleteLater()
        self.setVisible(self._layout.count() > 0)


class _Notice(QFrame):
    """One message."""

    def __init__(self, panel: NoticesPanel, text: str, details: str, serious: bool) -> None:
        super().__init__()
        theme.style(self, kind="notice", level="serious" if serious else "plain")
        self.text = QLabel(text)
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
        if details:
            shown = QPlainTextEdit(details)
            shown.setReadOnly(True)
            shown.setFixedHeight(160)
            shown.setAccessibleName(self.tr("Details of the error"))
            shown.hide()
            button = QPushButton(self.tr("Details"))
            button.setCheckable(True)
            theme.style(button, kind="toggle")
            button.toggled.connect(shown.setVisible)
            row.addWidget(button)
            layout.addWidget(shown)
        self.dismiss = QPushButton(self.tr("Dismiss"))
        self.dismiss.clicked.connect(lambda: panel._dismiss(self))
        row.addWidget(self.dismiss)
