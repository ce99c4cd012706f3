"""Several answers side by side, each as it streams."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench import theme
from workbench.answer import AnswerView

NARROWEST, LOWEST = 160, 80  # pixels, of one of several answers, and of all


class Answers(QScrollArea):
    """One answer or more; `chosen` carries the Answer and the number of the token that was chosen in it."""

    chosen = Signal(object, int)

    def __init__(self) -> None:
        super().__init__()
        inside = QWidget()
        theme.style(inside, kind="form")
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.GAP_S)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumHeight(LOWEST)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.each: list[Answer] = []
        self.make_room([0])

    def make_room(self, seeds: Sequence[int]) -> None:
        """Show an empty answer for each seed; where there are several, the seed stands above."""
        while len(self.each) > len(seeds):
            answer = self.each.pop()
            self._row.removeWidget(answer)
            answer.setParent(None)
            answer.deleteLater()
        while len(self.each) < len(seeds):
            made = Answer()
            made.view.chosen.connect(lambda number, made=made: self.chosen.emit(made, number))
            self.each.append(made)
            self._row.addWidget(made, stretch=1)
        for number, (answer, seed) in enumerate(zip(self.each, seeds, strict=True)):
            answer.view.forget()
            answer.take_place(number, several=len(seeds) > 1)
            answer.say_seed(seed)

    def text(self) -> str:
        """All answers, each after its prompt."""
        return "\n\n".join(answer.view.text() for answer in self.each)


class Answer(QWidget):
    """One answer, with its seed above it where it stands beside others."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = theme.label("muted")
        self.view = AnswerView()
        self._number, self._seed, self._several = 0, 0, False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_XS)
        layout.addWidget(self.heading)
        layout.addWidget(self.view, stretch=1)

    def take_place(self, number: int, several: bool) -> None:
        """Stand at a place, from 0, beside others or alone."""
        self._number, self._several = number, several
        self.heading.setVisible(several)
        self.setMinimumWidth(NARROWEST if several else 0)
        self._say()

    def say_seed(self, seed: int) -> None:
        """Say with which seed the answer is made."""
        self._seed = seed
        self._say()

    def _say(self) -> None:
        self.heading.setText(self.tr("seed {seed}").format(seed=self._seed))
        self.view.setPlaceholderText(self.tr("The answer appears here."))
        if self._several:
            name = self.tr("Answer {number}").format(number=self._number + 1)
        else:
            name = self.tr("Answer")
        self.view.setAccessibleName(name)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
