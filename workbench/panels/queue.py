"""The queue: what is to be trained one after the other, put together, put in order, and set going."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
)

from gpt_core import resources
from gpt_core.config import Config, from_toml
from gpt_core.errors import GPTCoreError
from workbench import i18n, own_presets, theme, words
from workbench.changeover import name_after, run_name
from workbench.draft import Draft
from workbench.keys import Key
from workbench.queue_file import Entry
from workbench.queue_status import QueueStatus
from workbench.tables.queue import Column, QueueModel
from workbench.tables.rows import Rows
from workbench.workspace import Workspace

WIDTHS = {Column.NUMBER: 40, Column.NAME: 130, Column.STEPS: 110, Column.STATE: 230}


class QueuePanel(QFrame):
    """The entries of the queue in their order, what can be done with each, and the switch to train them."""

    runChosen = Signal(object)  # the folder of a run that is to be opened

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft, self._workspace, self._queue = draft, workspace, workspace.queue
        self._fault = ""  # what was wrong with what was asked for last
        self._edited: int | None = None  # the key of the entry whose settings are in the draft
        self.model = QueueModel(self._here, self)
        self._kept: list[int] = []  # the keys of what was selected before the table was filled anew
        self._make()
        self._lay_out()
        self.model.renamed.connect(self._rename)
        self.model.modelAboutToBeReset.connect(self._keep_selection)
        self.model.modelReset.connect(lambda: self._select(self._kept))
        self._queue.changed.connect(self._show)
        self._queue.switched.connect(self._show)
        workspace.sessionChanged.connect(self._session_changed)
        draft.faultsChanged.connect(self._offer)
        self._say()

    # -------------------------------------------------------------------------------------------- Building

    def _make(self) -> None:
        self.switch = QPushButton()
        self.switch.setCheckable(True)
        theme.style(self.switch, kind="toggle")
        self.switch.clicked.connect(self._switch)
        self.status, self.message = QueueStatus(self._workspace), QLabel(wordWrap=True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.style(self.message, role="fault")
        self.message.hide()
        self.variation = QLineEdit(clearButtonEnabled=True)
        self.variation.returnPressed.connect(self.add_draft)
        self.variation.textChanged.connect(lambda _: self._offer())
        self.add, self.add_preset, self.add_file, self.vary = (QPushButton() for _ in range(4))
        self.add.clicked.connect(self.add_draft)
        self.presets = QMenu(self.add_preset)
        self.presets.aboutToShow.connect(self._list_presets)
        self.add_preset.setMenu(self.presets)
        self.add_file.clicked.connect(self._ask_for_file)
        self.vary.clicked.connect(self._vary)
        self.up, self.down, self.open, self.edit = (QPushButton() for _ in range(4))
        self.put_back, self.again, self.rename, self.remove = (QPushButton() for _ in range(4))
        self.up.clicked.connect(partial(self._move, -1))
        self.down.clicked.connect(partial(self._move, 1))
        self.open.clicked.connect(self._open)
        self.edit.clicked.connect(self._edit)
        self.put_back.clicked.connect(self._put_back)
        self.again.clicked.connect(self._again)
        self.rename.clicked.connect(self._edit_name)
        self.remove.clicked.connect(self._remove)
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        self._make_view()

    def _make_view(self) -> None:
        self.view = Rows()
        self.view.setModel(self.model)
        self.view.setMinimumHeight(56)
        for column, width in WIDTHS.items():
            self.view.setColumnWidth(column, width)
        self.view.header().setMinimumSectionSize(28)
        self.view.header().setStretchLastSection(False)
        self.view.header().setSectionResizeMode(Column.DIFFERENCES, QHeaderView.ResizeMode.Stretch)
        self.view.header().setSectionsMovable(False)
        self.view.dropped.connect(self._drop)
        self.view.doubleClicked.connect(lambda _: self._open())
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.view.keys = [
            Key(
                lambda: self.tr("Move the selected up or down"),
                {"Alt+Up": partial(self._move, -1), "Alt+Down": partial(self._move, 1)},
            ),
            Key(lambda: self.tr("Open the run of the selected"), {"Return": self._open, "Enter": self._open}),
            Key(lambda: self.tr("Rename the selected"), {"F2": self._edit_name}),
            Key(lambda: self.tr("Take the selected out"), {"Del": self._remove}),
        ]

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.switch)
        top.addWidget(self.status, stretch=1)
        for button in (self.up, self.down, self.open, self.edit, self.put_back):
            top.addWidget(button)
        for button in (self.again, self.rename, self.remove):
            top.addWidget(button)
        adding = QHBoxLayout()
        adding.addWidget(self.variation, stretch=1)
        for button in (self.vary, self.add, self.add_preset, self.add_file):
            adding.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_M, theme.GAP_S, theme.GAP_M, theme.GAP_S)
        for row in (top, adding):
            row.setSpacing(theme.GAP_S)
            layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(self.empty, stretch=1, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.view, stretch=1)
        layout.setSpacing(theme.GAP_S)

    # --------------------------------------------------------------------------------------------- Showing

    def _say(self) -> None:
        self.switch.setText(self.tr("Run the queue"))
        self.switch.setToolTip(self.tr("Train what waits, one run after the other"))
        self.variation.setPlaceholderText(self.tr("section.field=value …"))
        self.variation.setAccessibleName(self.tr("Settings to change in what is added"))
        self.variation.setToolTip(
            self.tr("Settings that are another in what is added next, such as schedule.max_lr=1e-3")
        )
        tips = {
            self.vary: self.tr("Make these changes in the selected entries instead"),
            self.add: self.tr(
                "Put the settings in Setup, as they stand, at the end of the queue (Ctrl+Shift+A)"
            ),
            self.add_file: self.tr("Add the settings in a TOML file"),
            self.up: self.tr("Move up (Alt+Up, or drag)"),
            self.down: self.tr("Move down (Alt+Down, or drag)"),
            self.open: self.tr("Open the run of this entry (Return, or a double click)"),
            self.edit: self.tr("Take these settings into Setup, to change them there"),
            self.put_back: self.tr("Keep the settings as they stand in Setup in this entry"),
            self.again: self.tr("Give this entry another turn: on with its run, or anew once it is finished"),
            self.rename: self.tr("Give what waits another name (F2)"),
            self.remove: self.tr("Take the selected out of the queue (Delete); their runs stay"),
        }
        for button, tip in tips.items():
            button.setToolTip(tip)
        self.vary.setText(self.tr("Change the selected"))
        self.add.setText(self.tr("Add these settings"))
        self.add_preset.setText(self.tr("Add a preset"))
        self.add_file.setText(self.tr("Add a file…"))
        self.up.setText(self.tr("Up"))
        self.down.setText(self.tr("Down"))
        self.open.setText(self.tr("Open"))
        self.put_back.setText(self.tr("Put back"))
        self.again.setText(self.tr("Again"))
        self.rename.setText(self.tr("Rename"))
        self.remove.setText(self.tr("Remove"))
        self.view.setAccessibleName(self.tr("Queue"))
        self.empty.setText(
            self.tr("What you add here is trained one after the other, and is still here after a restart.")
        )
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._queue.owned and self._queue.trouble is not None:
            self._queue.look()  # the other window may be closed by now

    def _here(self, entry: Entry) -> tuple[str, int] | None:
        session = self._workspace.session
        if (
            session is None
            or entry.state != "training"
            or not self._workspace.is_open(entry.folder or Path())
        ):
            return None
        return words.state(session.state), session.step

    def _session_changed(self) -> None:
        session = self._workspace.session
        if session is not None:
            self._edited = None  # the draft is the run's now
            session.stateChanged.connect(self._show)
            session.stepped.connect(self._stepped)
            entry = self._queue.of_run(session.run.folder)
            if entry is not None:
                self.view.scrollTo(self.model.index(self._queue.entries.index(entry), 0))
        self._show()

    def _stepped(self) -> None:
        if self.isVisible():
            self.model.refresh()

    def _show(self) -> None:
        entries = self._queue.entries
        if self._edited is not None and self._edited not in {entry.key for entry in entries}:
            self._edited = None
        self.model.show(entries)
        self.empty.setVisible(not entries)
        self.view.setVisible(bool(entries))
        self.switch.setChecked(self._queue.on)
        self.status.edit("" if self._edited is None else self._queue.entry(self._edited).name)
        self._offer()

    def _offer(self) -> None:
        """Let only those buttons be pressed that have something to do; tell what is wrong."""
        selected, queue = self.selected(), self._queue
        one = selected[0] if len(selected) == 1 else None
        free = self._workspace.session is None and not queue.on
        for button in (self.up, self.down):
            button.setEnabled(bool(selected))
        self.open.setEnabled(one is not None and bool(one.run))
        self.rename.setEnabled(one is not None and not one.run)
        typed = bool(self.variation.text().strip())
        self.vary.setEnabled(typed and bool(selected) and not any(entry.run for entry in selected))
        self.remove.setEnabled(any(entry.state != "training" for entry in selected))
        self.again.setEnabled(any(entry.state in ("done", "stopped", "failed") for entry in selected))
        editing = self._edited is not None
        self.edit.setText(self.tr("Leave as it was") if editing else self.tr("Edit"))
        self.edit.setEnabled(editing or (one is not None and not one.run and free))
        self.put_back.setVisible(editing)
        self.put_back.setEnabled(not self._draft.faults)
        self.switch.setEnabled(queue.on or (queue.waiting() > 0 and not editing))
        problem = self._fault or (self.model.problem(one) if one is not None else "")
        self.message.setText(problem)
        self.message.setVisible(bool(problem))

    def _selected(self) -> None:
        self._fault = ""
        self._offer()

    def _keep_selection(self) -> None:
        self._kept = [entry.key for entry in self.selected()]

    def _select(self, keys: list[int]) -> None:
        flag = QItemSelectionModel.SelectionFlag
        selection = self.view.selectionModel()
        selection.clearSelection()
        for row, entry in enumerate(self._queue.entries):
            if entry.key in keys:
                index = self.model.index(row, Column.NAME)
                selection.select(index, flag.Select | flag.Rows)
                selection.setCurrentIndex(index, flag.NoUpdate)

    def selected(self) -> list[Entry]:
        """The entries selected, from the top down."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.entry(self.model.index(row, 0)) for row in rows]

    # ----------------------------------------------------------------------------------------------- Doing

    def _ask(self, what: Any, *values: Any) -> bool:
        """Ask something of the queue; what is wrong with it is told in place."""
        try:
            what(*values)
            self._fault = ""
        except GPTCoreError as error:
            self._fault = i18n.of_error(error)
        self._offer()
        return not self._fault

    def _switch(self) -> None:
        self._ask(self._queue.switch_on if self.switch.isChecked() else self._queue.switch_off)
        self._show()

    def add_draft(self) -> bool:
        """Put the draft as it stands at the end; what is wrong with it is told in place."""
        return self._ask(lambda: self._add(run_name(self._draft), self._draft.tables(), self._draft.preset))

    def _add(self, name: str, values: Config | dict[str, Any], preset: str = "") -> None:
        entry = self._queue.add(name, values, preset, self.variation.text())
        self._select([entry.key])
        self.view.scrollTo(self.view.currentIndex())
        self.variation.selectAll()  # for the next one to be typed

    def _list_presets(self) -> None:
        self.presets.clear()
        for name, path in (resources.presets() | own_presets.presets()).items():
            action = self.presets.addAction(name)
            action.triggered.connect(partial(self._add_file, path, name))

    def _add_file(self, path: Path, preset: str = "") -> None:
        self._ask(lambda: self._add(name_after(path.name), from_toml(path), preset))

    def _ask_for_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.tr("Add the settings in a file"), "", "TOML (*.toml)"
        )
        if chosen:
            self._add_file(Path(chosen))

    def _vary(self) -> None:
        keys = [entry.key for entry in self.selected()]
        self._ask(lambda: self._queue.vary(keys, self.variation.text()))

    def _drop(self, gap: int) -> None:
        self._ask(self._queue.move, {entry.key for entry in self.selected()}, gap)

    def _move(self, by: int) -> None:
        selected = self.selected()
        if selected:
            keys = {entry.key for entry in selected}
            rows = [row for row, entry in enumerate(self._queue.entries) if entry.key in keys]
            self._ask(self._queue.move, keys, max(0, rows[0] - 1) if by < 0 else rows[-1] + 2)

    def _open(self) -> None:
        selected = self.selected()
        if len(selected) == 1 and selected[0].folder is not None:
            self.runChosen.emit(selected[0].folder)

    def _again(self) -> None:
        self._ask(self._queue.again, [entry.key for entry in self.selected()])

    def _remove(self) -> None:
        self._ask(self._queue.remove, {entry.key for entry in self.selected()})

    def _edit_name(self) -> None:
        rows = self.view.selectionModel().selectedRows(Column.NAME)
        if rows:
            self.view.setCurrentIndex(rows[0])
            self.view.edit(rows[0])

    def _rename(self, key: int, name: str) -> None:
        self._ask(self._queue.rename, key, name)

    # --------------------------------------------------------------------------------- An entry in the forms

    def _edit(self) -> None:
        """Take an entry's settings into the draft, or leave off changing them there."""
        if self._edited is not None:
            self._edited = None
        else:
            entry = self.selected()[0]
            if self._ask(self._draft.load, entry.settings, entry.preset or entry.name):
                self._edited = entry.key
        self._show()

    def _put_back(self) -> None:
        key = self._edited
        if key is not None and self._ask(lambda: self._queue.set_settings(key, self._draft.config())):
            self._edited = None
        self._show()
