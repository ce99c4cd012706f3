"""The batch of a step, read anew: which text it was trained on, and what surprises a model there."""

from __future__ import annotations

from bisect import insort
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gpt_core.events import AnswerDone, BatchFound, Token, WindowRead
from workbench import i18n, theme, words
from workbench.answer import AnswerView
from workbench.driven import Driven
from workbench.forms.message import Message
from workbench.forms.prompt import in_a_line
from workbench.session import Session

BEGINNING = 120  # characters of a window that its row shows
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class BatchDialog(QDialog):
    """The windows as they are read, those first that the model finds hardest, and the text of the one chosen.

    The one who is asked reads until it is done or the dialog is closed; with None there is no model to ask.
    """

    def __init__(self, window: QWidget, asked: Driven | None, step: int) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._asked, self._step = asked, step
        self._found: BatchFound | None = None
        self._read: list[WindowRead] = []  # the windows, in the order of the batch
        self._ranked: list[tuple[float, int]] = []  # -loss and number of each, as they stand in the list
        self._follows = True  # whether the hardest is shown, until the person chooses one
        self.about, self.note = theme.label("label"), Message()
        if asked is not None:
            self.note.say(lambda: self.tr("Waiting for the model …"))
        else:
            self.note.say(lambda: self.tr("There is no model yet that could read it."))
        self.list = QTreeWidget()
        self.list.setColumnCount(3)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        for column in (0, 1):
            self.list.headerItem().setTextAlignment(column, RIGHT)
        self.list.header().setSectionsClickable(False)  # the order is by loss
        self.list.header().setSectionsMovable(False)
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(self._show_window)
        self.text = AnswerView(goes_on=False)
        self.text.shade(True)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)  # Return is for the list
        close.rejected.connect(self.reject)
        both = QSplitter(Qt.Orientation.Vertical)
        both.setChildrenCollapsible(False)
        both.addWidget(self.list)
        both.addWidget(self.text)
        both.setSizes([240, 260])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_L, theme.GAP_L, theme.GAP_L)
        layout.setSpacing(theme.GAP_M)
        layout.addWidget(self.about)
        layout.addWidget(both, stretch=1)
        layout.addWidget(self.note)
        layout.addWidget(close)
        self._say()
        self.resize(720, min(640, window.height()))
        self._id: int | None = None  # until all is read
        if asked is not None:
            asked.reported.connect(self._hear)
            self._id = asked.read_batch(step)
            self.finished.connect(self._leave)

    def _say(self) -> None:
        step = f"{self._step:,}"
        self.setWindowTitle(self.tr("Batch of step {step}").format(step=step))
        self.about.setText(
            self.tr("The text that step {step} was trained on, window by window.").format(step=step)
        )
        self.list.setHeaderLabels([self.tr("Window"), self.tr("Loss"), self.tr("Begins with")])
        self.list.setAccessibleName(self.tr("Windows, the hardest first"))
        self.text.setAccessibleName(self.tr("Text of the window"))
        self.text.setPlaceholderText(self.tr("A window appears here once it is read."))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _hear(self, report: object) -> None:
        match report:
            case BatchFound(id=self._id):
                self._found = report
                self.note.say(self._progress)
            case WindowRead(id=self._id):
                self._add(report)
                self.note.say(self._progress)
            case AnswerDone(id=self._id, error=error, stopped=stopped):
                self._id = None
                if error is not None:
                    self.note.say(partial(i18n.of_error, error), fault=True)
                else:
                    self.note.say((lambda: self.tr("Stopped.")) if stopped else self._whole)

    def _add(self, window: WindowRead) -> None:
        """Put a window among those that were read, by how hard it was."""
        place = (-window.loss, len(self._read))
        self._read.append(window)
        insort(self._ranked, place)
        beginning = in_a_line("".join(window.pieces[:BEGINNING]), BEGINNING)
        item = QTreeWidgetItem([f"{len(self._read):,}", words.loss(window.loss), beginning])
        for column in (0, 1):
            item.setTextAlignment(column, RIGHT)
        row = self._ranked.index(place)
        self.list.insertTopLevelItem(row, item)
        if self._follows and row == 0:
            self.list.setCurrentItem(item)
            self._follows = True  # that was not the person

    def _show_window(self) -> None:
        self._follows = False
        row = self.list.currentIndex().row()
        window = self._read[self._ranked[row][1]]
        self.text.forget()
        self.text.add([Token(0, *said) for said in zip(window.pieces, window.probabilities, strict=True)])
        self.text.verticalScrollBar().setValue(0)

    def _progress(self) -> str:
        assert self._found is not None
        if isinstance(self._asked, Session) and self._asked.busy:
            said = self.tr("Reading window {number} of {count}; training waits meanwhile …")
        else:
            said = self.tr("Reading window {number} of {count} …")
        number = min(len(self._read) + 1, self._found.windows)
        return said.format(number=f"{number:,}", count=f"{self._found.windows:,}")

    def _whole(self) -> str:
        assert self._found is not None
        now = -sum(loss for loss, _ in self._ranked) / len(self._ranked)
        said = self.tr("Loss {then} when it was trained on, {now} by the model of step {by}, as shown here.")
        return said.format(then=words.loss(self._found.loss), now=words.loss(now), by=f"{self._found.by:,}")

    def _leave(self) -> None:
        """Have no more read than is read now."""
        if self._asked is not None and self._id is not None:
            self._asked.stop_answer(self._id)
