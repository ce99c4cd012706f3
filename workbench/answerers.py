"""Who answers a prompt: the model as it is now, a checkpoint of the open run, and another one beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QCoreApplication, QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from workbench import theme, words
from workbench.forms.choice import Choice
from workbench.tables.checkpoints import Saved

SEPARATOR = " · "
Answerer = Literal["now", "newest"] | int  # the model as it is now, the newest checkpoint, the one of a step


def name(who: Answerer, step: int | None = None) -> str:
    """Who it is, in words; with the step, where it is known, of the model that answers."""
    if isinstance(who, int):
        return QCoreApplication.translate("answerers", "step {step}").format(step=f"{who:,}")
    if step is None:
        return {
            "now": QCoreApplication.translate("answerers", "model now"),
            "newest": QCoreApplication.translate("answerers", "newest checkpoint"),
        }[who]
    text = {
        "now": QCoreApplication.translate("answerers", "now · step {step}"),
        "newest": QCoreApplication.translate("answerers", "newest · step {step}"),
    }[who]
    return text.format(step=f"{step:,}")


class AnswerersField(QWidget):
    """Two choices in a row: who answers, and who does so beside, if anyone.

    `changed` says that another one was chosen. A checkpoint that is chosen stays so when it is given up,
    since its model may be loaded.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.first, self.beside = _Choice(), _Choice()
        self._saved: Sequence[Saved] = ()
        self._here: bool | None = None  # whether there is a model now; with None, there is no run
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_S)
        for field in (self.first, self.beside):
            layout.addWidget(field, stretch=1)
        self.first.currentIndexChanged.connect(self._chosen)
        self.beside.currentIndexChanged.connect(self.changed)
        self._say()

    def chosen(self) -> list[Answerer]:
        """Those who are to answer: one, or two."""
        return [who for who in (self.first.currentData(), self.beside.currentData()) if who is not None]

    @property
    def saved(self) -> Sequence[Saved]:
        """The checkpoints there are."""
        return self._saved

    def choose(self, who: Answerer, beside: bool = False) -> None:
        """Let this one answer, or do so beside the one who answers already."""
        field = self.beside if beside else self.first
        if beside and who == self.first.currentData():
            return
        if field.findData(who) < 0:
            self._fill(field, who)
        field.setCurrentIndex(field.findData(who))

    def offer(self, here: bool | None, saved: Sequence[Saved], anew: bool = False) -> None:
        """Offer these checkpoints, and the model as it is now where it is `here`, else the newest of them.

        Those chosen stay, unless it is `anew`, for another run.
        """
        before = [] if anew else self.chosen()
        self._here, self._saved = here, saved
        self._fill(self.first, None if anew else self.first.currentData())
        self._fill(self.beside, None if anew else self.beside.currentData())
        self.setEnabled(here is not None)
        if self.chosen() != before:
            self._chosen()

    def _fill(self, field: _Choice, chosen: Answerer | None) -> None:
        """Put what there is to choose into one of the two, with `chosen` chosen."""
        usual: Answerer = "now" if self._here else "newest"
        offered: list[tuple[Answerer | None, str]] = [(usual, self._usual(usual))]
        offered += [(saved.step, self._text(saved)) for saved in self._saved]
        if isinstance(chosen, int) and all(chosen != saved.step for saved in self._saved):
            offered.append((chosen, SEPARATOR.join([name(chosen), self.tr("given up")])))
        if field is self.beside:  # where the same one again would only say the same
            offered = [(who, text) for who, text in offered if who != self.first.currentData()]
            offered.insert(0, (None, SEPARATOR.join([self.tr("compare…"), self.tr("nobody beside")])))
        field.show_choices(offered, usual if isinstance(chosen, str) else chosen)

    def _usual(self, who: Answerer) -> str:
        if who == "now":
            return SEPARATOR.join([self.tr("model now"), self.tr("as it is")])
        return SEPARATOR.join([self.tr("newest"), self.tr("followed as they come")])

    def _text(self, saved: Saved) -> str:
        """A checkpoint as it is told apart: its step, what it is, and its validation loss."""
        parts = [name(saved.step)]
        if saved.latest:
            parts.append(self.tr("latest"))
        if saved.best:
            parts.append(self.tr("best"))
        if saved.pinned:
            parts.append(self.tr("pinned"))
        if saved.validation is not None:
            parts.append(words.loss(saved.validation))
        return SEPARATOR.join(parts)

    def _chosen(self) -> None:
        self._fill(self.first, self.first.currentData())  # less one that was given up
        self._fill(self.beside, self.beside.currentData())
        self.changed.emit()

    def _say(self) -> None:
        self.first.setAccessibleName(self.tr("Who answers"))
        self.beside.setAccessibleName(self.tr("Who answers beside"))
        self.first.about = self.tr("Who answers: the model as it is now, or one of its checkpoints")
        self.beside.about = self.tr("Who answers the same prompt beside, with the same seeds, to be compared")
        self._fill(self.first, self.first.currentData())
        self._fill(self.beside, self.beside.currentData())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


class _Choice(Choice):
    """A narrow box that shows the first part of what is chosen; its list shows all."""

    def __init__(self) -> None:
        super().__init__()
        theme.style(self, kind="narrow")
        self.setMinimumContentsLength(6)
        self.about = ""
        self.currentIndexChanged.connect(self._tell_whole)

    def show_choices(self, offered: Sequence[tuple[Answerer | None, str]], chosen: Answerer | None) -> None:
        """Show what is offered; in place where that is as before, since the list may be open."""
        with QSignalBlocker(self):
            if [self.itemData(row) for row in range(self.count())] != [who for who, _ in offered]:
                self.clear()
                for who, text in offered:
                    self.addItem(text, who)
            for row, (_, text) in enumerate(offered):
                self.setItemText(row, text)
            self.setCurrentIndex(max(0, self.findData(chosen)))
        widest = max((self.fontMetrics().horizontalAdvance(text) for _, text in offered), default=0)
        self.view().setMinimumWidth(widest + 3 * theme.GAP_L)
        self._tell_whole()
        self.update()

    def _tell_whole(self) -> None:
        self.setToolTip(f"{self.currentText()}\n{self.about}")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        inside = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        first = option.currentText.partition(SEPARATOR)[0]
        option.currentText = option.fontMetrics.elidedText(
            first, Qt.TextElideMode.ElideMiddle, inside.width() - theme.GAP_XS
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
