"""The checkpoints of the open run: pinned, verified, deleted, and forked into a new run."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QTableView,
    QVBoxLayout,
)

from gpt_core.errors import GPTCoreError
from gpt_core.events import CheckpointSaved, Ready
from workbench import theme
from workbench.tables.checkpoints import CheckpointsModel, Column, Saved, read_checkpoints
from workbench.workspace import Workspace

WIDTHS = {
    Column.STEP: 64,
    Column.MARKS: 104,
    Column.VALIDATION: 76,
    Column.SIZE: 76,
    Column.LOSS: 60,
    Column.TIME: 76,
}


class CheckpointsPanel(QFrame):
    """A table of the checkpoints and what can be done with the one that is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self.model = CheckpointsModel(self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.verticalHeader().hide()
        self.view.horizontalHeader().setHighlightSections(False)
        self.view.setShowGrid(False)
        self.view.setTabKeyNavigation(False)
        self.view.setMinimumHeight(64)
        for column, width in WIDTHS.items():
            self.view.setColumnWidth(column, width)
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        self.fork, self.pin, self.verify, self.delete = (QPushButton() for _ in range(4))
        self._lay_out()

        self.fork.clicked.connect(self._fork)
        self.pin.clicked.connect(self._pin)
        self.verify.clicked.connect(self._verify)
        self.delete.clicked.connect(self._delete)
        self.view.selectionModel().selectionChanged.connect(self._offer)
        self.model.modelReset.connect(self._offer)
        self.model.dataChanged.connect(self._offer)
        workspace.sessionChanged.connect(self._session_changed)
        workspace.told.connect(self.refresh)
        self._say()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_S)
        for button in (self.fork, self.pin, self.verify, self.delete):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_M, theme.GAP_S, theme.GAP_M, theme.GAP_S)
        layout.setSpacing(theme.GAP_S)
        layout.addWidget(self.empty)
        layout.addWidget(self.view, stretch=1)
        layout.addLayout(buttons)

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
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self._offer()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _session_changed(self) -> None:
        self.model.show([])
        session = self._workspace.session
        if session is not None:
            session.reported.connect(self._reported)
            session.stateChanged.connect(self._offer)
        self.refresh()

    def _reported(self, report: object) -> None:
        if isinstance(report, CheckpointSaved | Ready):
            self.refresh()

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
                self.model.show(rows)
                if rows and not self.view.selectionModel().hasSelection():
                    self.view.selectRow(0)

        self._workspace.do(lambda: read_checkpoints(run), show)

    def selected(self) -> Saved | None:
        """The checkpoint selected."""
        rows = self.view.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if rows else None

    def _offer(self) -> None:
        """Let only those buttons be pressed that have something to do."""
        self.empty.setVisible(not self.model.rows)
        saved, session = self.selected(), self._workspace.session
        for button in (self.fork, self.pin, self.verify):
            button.setEnabled(saved is not None)
        self.pin.setText(self.tr("Unpin") if saved is not None and saved.pinned else self.tr("Pin"))
        # The newest is what a run that is open would go on from; the only one is all there is of the model.
        spare = saved is not None and len(self.model.rows) > 1 and not saved.latest
        self.delete.setEnabled(spare and session is not None and not session.watched)

    # ----------------------------------------------------------------------------------------------- Doing

    def _fork(self) -> None:
        saved, session = self.selected(), self._workspace.session
        if saved is not None and session is not None:
            self._workspace.fork(session.run, saved.step)

    def _pin(self) -> None:
        saved = self.selected()
        if saved is None:
            return

        def pin() -> None:
            from gpt_core.checkpoint import Checkpoint

            Checkpoint(saved.path, saved.step).pin(not saved.pinned)

        self._workspace.do(pin, lambda _: self.refresh())

    def _delete(self) -> None:
        saved = self.selected()
        if saved is None:
            return

        def remove() -> None:
            from gpt_core.checkpoint import Checkpoint, delete

            delete(Checkpoint(saved.path, saved.step))

        self._workspace.do(remove, lambda _: self.refresh())

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
