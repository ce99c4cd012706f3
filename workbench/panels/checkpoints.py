"""The checkpoints of the open run: pinned, verified, deleted, exported, and forked into a new run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gpt_core.disk import readable_size, unfinished
from gpt_core.errors import GPTCoreError
from gpt_core.events import Changed, CheckpointSaved, Ready
from workbench import i18n, theme
from workbench.background import Job
from workbench.child import Child
from workbench.draft import Draft
from workbench.forms.keep import KeepPolicy
from workbench.forms.question import Question
from workbench.tables.checkpoints import CheckpointsModel, Column, Saved, read_checkpoints
from workbench.workspace import Workspace

EXPORT_SERVICE = "workbench.export_service"
ROW_HEIGHT, LEAST_HEIGHT = 24, 82  # pixels: of a row, and of the table, which shows two


class CheckpointsPanel(QFrame):
    """A table of the checkpoints, which of them are kept, and what can be done with the one that is selected.

    `promptAsked` carries the step of one that is to answer prompts, and whether beside the one who answers
    already. `idle` tells that an export that was given up is gone, with all that it had written.
    """

    promptAsked = Signal(int, bool)
    idle = Signal()

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self.model = CheckpointsModel(self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        theme.style(self.view, kind="narrow")
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
        self.view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.MARKS, QHeaderView.ResizeMode.Stretch)  # takes what is left
        self.view.setShowGrid(False)
        self.view.setTabKeyNavigation(False)
        self.view.horizontalHeader().setSectionsClickable(False)  # nothing is sorted by it
        self.view.setMinimumHeight(LEAST_HEIGHT)
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.policy = KeepPolicy(draft)
        self.fork, self.pin, self.verify, self.delete = (QPushButton() for _ in range(4))
        self.prompt, self.export, self.cancel = QPushButton(), QPushButton(), QPushButton()
        asked = QMenu(self.prompt)
        self.answer, self.answer_beside = asked.addAction(""), asked.addAction("")
        self.prompt.setMenu(asked)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)  # nobody knows how far it is
        self.size_of_all = theme.label("muted")
        self.message = theme.label("muted")
        self.message.setWordWrap(True)
        self._message: Callable[[], str] | None = None
        self._newest = True  # is selected, until a person selects another
        self._waiting = False  # for an export to come to its end
        self._target: Path | None = None  # of the export that goes on, or whose remains are being taken away
        self.exporter = Child(self)
        self.question = Question()
        self._asked: Saved | None = None  # the one that may be deleted
        self._lay_out()

        self.fork.clicked.connect(self._fork)
        self.pin.clicked.connect(self._pin)
        self.verify.clicked.connect(self._verify)
        self.delete.clicked.connect(self._ask_to_delete)
        self.question.answered.connect(self._delete)
        self.question.left.connect(self._leave_question)
        self.answer.triggered.connect(lambda: self._prompt(beside=False))
        self.answer_beside.triggered.connect(lambda: self._prompt(beside=True))
        self.export.clicked.connect(self._ask_where)
        self.cancel.clicked.connect(self._cancel_export)
        self.exporter.said.connect(self._exported)
        self.exporter.ended.connect(self._export_ended)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.view.pressed.connect(self._selected)  # the newest too, though it was already
        self.model.rowsInserted.connect(self._offer)
        self.model.rowsRemoved.connect(self._offer)
        self.model.dataChanged.connect(self._offer)
        workspace.sessionChanged.connect(self._session_changed)
        workspace.checkpointsChanged.connect(self.refresh)
        workspace.told.connect(self.refresh)
        self._say()

    def _lay_out(self) -> None:
        self.deeds = QWidget()
        rows = QVBoxLayout(self.deeds)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.GAP_XS)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_S)
        for button in (self.fork, self.pin, self.verify, self.delete):
            buttons.addWidget(button)
        told = QHBoxLayout()
        told.setSpacing(theme.GAP_S)
        told.addWidget(self.size_of_all, stretch=1)
        told.addWidget(self.prompt)
        told.addWidget(self.export)
        told.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_M, theme.GAP_S, theme.GAP_M, theme.GAP_S)
        layout.setSpacing(theme.GAP_XS)
        layout.addWidget(self.empty, stretch=1)  # in the place of the table
        layout.addWidget(self.policy)
        layout.addWidget(self.view, stretch=1)
        rows.addLayout(buttons)
        rows.addWidget(self.progress)
        rows.addWidget(self.message)
        rows.addLayout(told)
        layout.addWidget(self.deeds)
        layout.addWidget(self.question)  # in the place of all that can be done
        self.question.hide()

    # --------------------------------------------------------------------------------------------- Showing

    def _say(self) -> None:
        self.view.setAccessibleName(self.tr("Checkpoints"))
        self.empty.setText(self.tr("The checkpoints of the open run appear here."))
        self.fork.setText(self.tr("Fork"))
        text = self.tr("Make a new run that goes on from this checkpoint, with other settings if you like")
        self.fork.setToolTip(text)
        self.fork.setAccessibleName(self.tr("Fork the run from this checkpoint"))
        self.pin.setToolTip(self.tr("Keep this checkpoint, however many come after it"))
        self.verify.setText(self.tr("Verify"))
        self.verify.setToolTip(self.tr("Read all of it and compare it with what was written"))
        self.delete.setText(self.tr("Delete"))
        self.delete.setToolTip(self.tr("Delete this checkpoint for good"))
        self.delete.setAccessibleName(self.tr("Delete this checkpoint"))
        self.prompt.setText(self.tr("Prompt"))
        self.prompt.setToolTip(self.tr("Let the model of this checkpoint answer prompts"))
        self.prompt.setAccessibleName(self.tr("Prompt this checkpoint"))
        self.answer.setText(self.tr("Let it answer"))
        self.answer_beside.setText(self.tr("Let it answer beside"))
        self.export.setText(self.tr("Export…"))
        self.export.setToolTip(self.tr("Write this checkpoint's model for Hugging Face transformers"))
        self.export.setAccessibleName(self.tr("Export this checkpoint for transformers"))
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setAccessibleName(self.tr("Cancel the export"))
        self.progress.setAccessibleName(self.tr("Export"))
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self._offer()
        if self._asked is not None:
            self._ask(self._asked)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _session_changed(self) -> None:
        self.model.show([])
        self._newest = True
        if self._target is None:
            self._message = None
            theme.style(self.message, role="muted")
        session = self._workspace.session
        if session is not None:
            session.reported.connect(self._reported)
            session.stateChanged.connect(self._offer)
            session.closed.connect(self._offer)
        self.refresh()

    def _reported(self, report: object) -> None:
        if isinstance(report, CheckpointSaved | Ready):
            self.refresh()
        elif isinstance(report, Changed):
            self._show_policy()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Look at the checkpoints again, while they are shown."""
        session = self._workspace.session
        if session is None or not self.isVisible():
            self._offer()
            return
        run = session.run

        def show(rows: list[Saved]) -> None:
            if self._workspace.is_open(run.folder):
                newest = self._newest
                self.model.show(rows)
                newest = newest or self.selected() is None
                if newest and rows:
                    self.view.selectRow(0)
                self._newest = newest  # that was no person's doing

        self._workspace.do(lambda: read_checkpoints(run), show)

    def _selected(self, *_: object) -> None:
        self._newest = False
        self._offer()

    def selected(self) -> Saved | None:
        """The checkpoint selected."""
        rows = self.view.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if rows else None

    def _offer(self) -> None:
        """Let only those buttons be pressed that have something to do."""
        self.empty.setVisible(not self.model.rows)
        self.view.setVisible(bool(self.model.rows))
        self._show_policy()
        if self._asked is not None and self._asked.path not in {row.path for row in self.model.rows}:
            self._ask(None)
        saved, session = self.selected(), self._workspace.session
        for button in (self.prompt, self.fork, self.pin, self.verify, self.export):
            button.setEnabled(saved is not None)
        busy = self._target is not None
        self.export.setVisible(not busy)
        self.cancel.setVisible(busy)
        self.progress.setVisible(busy)
        self.message.setText(self._message() if self._message is not None else "")
        self.message.setVisible(self._message is not None)
        size = readable_size(sum(row.size for row in self.model.rows))
        self.size_of_all.setText(self.tr("{size} in all").format(size=size) if self.model.rows else "")
        self.pin.setText(self.tr("Unpin") if saved is not None and saved.pinned else self.tr("Pin"))
        # The newest is what a run that is open would go on from; the only one is all there is of the model.
        spare = saved is not None and len(self.model.rows) > 1 and not saved.latest
        self.delete.setEnabled(spare and session is not None and not session.watched)

    def _show_policy(self) -> None:
        """Tell which checkpoints are kept; to be changed where the run goes on here."""
        session = self._workspace.session
        self.policy.setVisible(session is not None)
        if session is not None:
            self.policy.fix(None if session.alive else session.config)

    # ----------------------------------------------------------------------------------------------- Doing

    def _fork(self) -> None:
        saved, session = self.selected(), self._workspace.session
        if saved is not None and session is not None:
            self._workspace.fork(session.run, saved.step)

    def _prompt(self, beside: bool) -> None:
        saved = self.selected()
        if saved is not None:
            self.promptAsked.emit(saved.step, beside)

    def _pin(self) -> None:
        saved = self.selected()
        if saved is None:
            return

        def pin() -> None:
            from gpt_core.checkpoint import Checkpoint

            Checkpoint(saved.path, saved.step).pin(not saved.pinned)

        self._workspace.do(pin, lambda _: self._workspace.checkpointsChanged.emit())

    def _ask_to_delete(self) -> None:
        self._ask(self.selected())

    def _ask(self, saved: Saved | None) -> None:
        """Ask whether this one is to be deleted, in the place of all that can be done; no more with None."""
        self._asked = saved
        self.deeds.setVisible(saved is None)
        self.question.setVisible(saved is not None)
        if saved is not None:
            text = self.tr("Delete step {step} for good?").format(step=f"{saved.step:,}")
            self.question.ask(text, None, self.tr("Delete"), self.tr("Keep"))

    def _leave_question(self) -> None:
        self._ask(None)
        self.delete.setFocus()

    def _delete(self) -> None:
        saved = self._asked
        self._leave_question()
        if saved is None:
            return

        def remove() -> None:
            from gpt_core.checkpoint import Checkpoint, delete

            delete(Checkpoint(saved.path, saved.step))

        self._workspace.do(remove, lambda _: self._workspace.checkpointsChanged.emit())

    def _verify(self) -> None:
        saved = self.selected()
        if saved is None:
            return

        def verify() -> GPTCoreError | None:
            from gpt_core.checkpoint import Checkpoint

            try:
                Checkpoint(saved.path, saved.step).verify()
            except GPTCoreError as error:
                return error
            return None

        self._workspace.do(verify, lambda error: self.model.tell(saved.path, error))

    # ----------------------------------------------------------------------------------------------- Export

    def _ask_where(self) -> None:
        """Let the person choose a folder; a new one in it, named after run and step, takes the model."""
        saved, session = self.selected(), self._workspace.session
        if saved is None or session is None:
            return
        run, step = session.run, saved.step
        title = self.tr("Export: choose the folder in which the model's own is made")
        chosen = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if chosen:
            self._export(run.folder, step, Path(chosen) / f"{run.name}-step-{step}")

    def _export(self, run: Path, step: int, folder: Path) -> None:
        def text() -> str:
            return self.tr("Exporting step {step}…").format(step=f"{step:,}")

        self.exporter.start(EXPORT_SERVICE)
        self._target = folder
        wanted = {"run": str(run), "step": step, "folder": str(folder)}
        self.exporter.ask({"id": 0, "ask": "export", "with": wanted})
        self._waiting = True
        self._tell(text)
        self.cancel.setFocus()

    def finish(self) -> bool:
        """Give up an export that goes on; whether there is none, else `idle` tells when it is gone."""
        if self._waiting:
            self._cancel_export()
        return self._target is None

    def _cancel_export(self) -> None:
        """Give the export up; nothing of it is left."""
        self._waiting = False
        self._tell(lambda: self.tr("The export was cancelled."))
        self.cancel.setEnabled(False)
        self.exporter.terminate()

    def _exported(self, told: dict[str, Any]) -> None:
        """The other process has answered."""
        if not self._waiting:
            return
        self._waiting = False
        if error := told.get("error"):
            self._tell(lambda: i18n.of_told(error), fault=True)
        else:
            answer = told["answer"]
            # May be broken after each part, or its length would widen the panel.
            folder = answer["folder"].replace(os.sep, f"{os.sep}\u200b")
            text = {"step": f"{answer['step']:,}", "folder": folder}
            self._tell(lambda: self.tr("Step {step} was exported to {folder}").format(**text))
        self.exporter.terminate()

    def _export_ended(self, well: bool) -> None:
        if self._waiting:  # it has not answered
            self._waiting = False
            self._tell(self.exporter.last_line, fault=True)
            self.message.setToolTip(self.exporter.errors)
        assert self._target is not None
        # It was killed where it did not end by itself soon enough, and then could not tidy up.
        remains = unfinished(self._target)
        job = Job(lambda: shutil.rmtree(remains, ignore_errors=True), self)
        job.done.connect(self._tidied)
        job.start()

    def _tidied(self) -> None:
        """Nothing of an unfinished export is left."""
        self._target = None
        focused = self.cancel.hasFocus()
        self.cancel.setEnabled(True)
        self._offer()
        if focused:
            self.export.setFocus()
        self.idle.emit()

    def _tell(self, text: Callable[[], str], fault: bool = False) -> None:
        """Say how the export goes, in any language that is spoken from now on."""
        self._message = text
        self.message.setToolTip("")
        theme.style(self.message, role="fault" if fault else "muted")
        self._offer()
