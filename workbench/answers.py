"""Several answers side by side, each as it streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench import theme, words
from workbench.answer import AnswerView
from workbench.forms.shortened import ShortenedLabel

NARROWEST, LOWEST = 136, 48  # pixels, of one of several answers, and of all


@dataclass(frozen=True)
class Place:
    """Where an answer is to stand: who writes it, as the panel knows them, and the seed; where these tell it
    apart from others it is headed by them."""

    by: object
    seed: int
    who: Callable[[], str] | None = None  # in words
    seeded: bool = False


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
        self._shaded = False
        self.make_room([Place(None, 0)])

    def make_room(self, places: Sequence[Place]) -> None:
        """Show an empty answer for each place."""
        while len(self.each) > len(places):
            answer = self.each.pop()
            self._row.removeWidget(answer)
            answer.setParent(None)
            answer.deleteLater()
        while len(self.each) < len(places):
            made = Answer()
            made.shade(self._shaded)
            made.view.chosen.connect(lambda number, made=made: self.chosen.emit(made, number))
            self.each.append(made)
            self._row.addWidget(made, stretch=1)
        for number, (answer, place) in enumerate(zip(self.each, places, strict=True)):
            answer.view.forget()
            answer.take_place(place, number if len(places) > 1 else None)

    def shade(self, on: bool) -> None:
        """Show how much each token surprised the one who wrote it, or do not."""
        self._shaded = on
        for answer in self.each:
            answer.shade(on)

    def text(self) -> str:
        """All answers, each after its prompt, and that after who wrote it where that is said."""
        return "\n\n".join(answer.text() for answer in self.each)


class Answer(QWidget):
    """One answer, with who writes it and its seed above it where it stands beside others."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = ShortenedLabel("muted")
        self.view = AnswerView()
        self.view.setMinimumHeight(LOWEST - theme.GAP_XL)  # so that it is whole below its heading
        self.view.changed.connect(self._say_surprise)
        self.surprise = ShortenedLabel("muted")
        self._shaded = False
        self.place = Place(None, 0)
        self._number: int | None = None
        self._loading = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_XS)
        layout.addWidget(self.heading)
        layout.addWidget(self.view, stretch=1)
        layout.addWidget(self.surprise)

    def shade(self, on: bool) -> None:
        """Shade each token by how much it surprised the model and say how much all did, or neither."""
        self._shaded = on
        self.view.shade(on)
        self._say_surprise()

    def take_place(self, place: Place, number: int | None) -> None:
        """Stand at a place, as number 0, 1, ... of several or alone."""
        self.place, self._number, self._loading = place, number, False
        self.setMinimumWidth(0 if number is None else NARROWEST)
        self._say()

    def say_place(self, place: Place) -> None:
        """Say by whom, or with which seed, the answer is made now."""
        self.place = place
        self._say()

    def say_loading(self, loading: bool) -> None:
        """Say, while there is nothing to show, whether the one who writes it is being loaded."""
        self._loading = loading
        self._say()

    def _say(self) -> None:
        who = self.place.who() if self.place.who is not None else ""
        seed = self.tr("seed {seed}").format(seed=self.place.seed) if self.place.seeded else ""
        heading = " · ".join(part for part in (who, seed) if part)
        self.heading.setText(heading)
        self.heading.setVisible(bool(heading))
        loading = self.tr("Loading {model} …").format(model=who)
        self.view.setPlaceholderText(loading if self._loading else self.tr("The answer appears here."))
        if self._number is None:
            name = self.tr("Answer")
        elif who:
            name = self.tr("Answer {number}, by {who}").format(number=self._number + 1, who=who)
        else:
            name = self.tr("Answer {number}").format(number=self._number + 1)
        self.view.setAccessibleName(name)

    def _say_surprise(self) -> None:
        """Say how much prompt and answer surprised the model, where that is shown and known."""
        prompt, answer = self.view.means()
        parts = []
        if prompt is not None:
            parts.append(self.tr("prompt {nats}").format(nats=words.loss(prompt)))
        if answer is not None:
            parts.append(self.tr("answer {nats}").format(nats=words.loss(answer)))
        said = self.tr("surprise: {parts}").format(parts=" · ".join(parts))
        about = self.tr(
            "How much a token of the prompt, then of the answer, surprised the model: nats, as in the loss"
        )
        room = self.height() >= 2 * LOWEST  # else the answer needs it more
        self.surprise.setText(said)
        self.surprise.setToolTip(f"{said}\n{about}")
        self.surprise.setVisible(self._shaded and bool(parts) and room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say_surprise()

    def text(self) -> str:
        """Prompt and answer, below who wrote it where that is said."""
        heading = [self.heading.text()] if self.place.who is not None else []
        return "\n".join([*heading, self.view.text()])

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._say_surprise()
