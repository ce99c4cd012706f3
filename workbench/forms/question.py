"""What is asked in place, instead of in a dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from workbench import theme


class Question(QWidget):
    """Asks for a name, or for a yes or a no, where what it concerns stands."""

    answered = Signal(str)
    left = Signal()  # without an answer

    def __init__(self) -> None:
        super().__init__()
        self._yes = ""  # what the button says at first
        self.asks = QLabel(wordWrap=True)
        self.name = QLineEdit(maxLength=60)
        self.yes, self.no = QPushButton(), QPushButton()
        self.yes.clicked.connect(self._answer)
        self.name.returnPressed.connect(self._answer)
        self.no.clicked.connect(self.left)
        self.name.textEdited.connect(lambda: self.yes.setText(self._yes))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.GAP_XS)
        grid.addWidget(self.asks, 0, 0, 1, 3)
        grid.addWidget(self.name, 1, 0)
        grid.addWidget(self.yes, 1, 1)
        grid.addWidget(self.no, 1, 2)
        grid.setColumnStretch(0, 1)

    def ask(self, text: str, name: str | None, yes: str, no: str) -> None:
        """Put the question; with a name to be changed, or with None for none to be given."""
        self.asks.setText(text)
        self.name.setAccessibleName(text)
        self.name.setVisible(name is not None)
        self.name.setText(name or "")
        self.name.selectAll()
        self.yes.setText(yes)
        self._yes = yes
        self.no.setText(no)
        self.show()
        (self.no if name is None else self.name).setFocus()

    def _answer(self) -> None:
        self.answered.emit(self.name.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
