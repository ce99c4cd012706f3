"""All runs of the workspace: found, sorted, opened, compared, named, starred and thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTableView,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from gpt_core.run import Run
from gpt_core.summary import Summary
from workbench import theme
from workbench.forms.message import Message
from workbench.keys import Key, act_on
from workbench.tables.columns import ColumnsMenu
from workbench.tables.comparison import ComparisonModel
from workbench.tables.runs import Column, FoundRuns, RunsModel
from workbench.workspace import Workspace

INTERVAL = 2000  # milliseconds between two looks at the runs, while they are shown
WIDTHS = {
    Column.NAME: 190,
    Column.STAR: 32,
    Column.STATE: 150,
    Column.BEST: 76,
    Column.STEPS: 76,
    Column.TOKENS: 76,
    Column.TIME: 76,
    Column.CHANGED: 120,
    Column.PRESET: 130,
    Column.TAGS: 120,
}


class RunsPanel(QFrame):
    """A table of the runs, and in its place, when asked, the settings of some of them side by side."""

    runChosen = Signal(object)  # the folder of a run that is to be opened
    overlayChosen = Signal(object)  # the runs to lay over the curves: a list of (name, path of the record)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self.model = RunsModel(workspace.state_of, self)
        self.found = FoundRuns(self)
        self.found.setSourceModel(self.model)
        self.comparison = ComparisonModel(self)
        self._laid_over: list[tuple[str, Path]] = []
        self._opened: Path | None = None  # the run that is open
        self._kept: list[Path] = []  # what was selected before the table was filled anew
        self._renamed: dict[Path, Path] = {}  # where a run will be, if it may be called so
        self._make_list()
        self._make_comparison()
        self.pages = QStackedWidget()
        self.pages.addWidget(self._list_page())
        self.pages.addWidget(self._comparison_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_M, theme.GAP_S, theme.GAP_M, theme.GAP_S)
        layout.addWidget(self.pages)

        self.model.asked.connect(self._ask)
        self.model.modelAboutToBeReset.connect(self._keep_selection)
        self.model.modelReset.connect(self._restore_selection)
        workspace.runsChanged.connect(self._show_runs)
        workspace.sessionChanged.connect(self._session_changed)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(workspace.scan)
        self._say()

    # -------------------------------------------------------------------------------------------- Building

    def _make_list(self) -> None:
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.textChanged.connect(self._seek)
        self.tree = QPushButton()
        self.tree.setCheckable(True)
        self.tree.setChecked(True)
        theme.style(self.tree, kind="toggle")
        self.tree.toggled.connect(self._show_as_tree)
        self.open, self.compare, self.overlay = QPushButton(), QPushButton(), QPushButton()
        self.rename, self.star, self.trash = QPushButton(), QPushButton(), QPushButton()
        self.overlay.setCheckable(True)
        theme.style(self.overlay, kind="toggle")
        self.open.clicked.connect(self.open_selected)
        self.compare.clicked.connect(self.compare_selected)
        self.overlay.toggled.connect(lambda: self._choose_overlay())
        self.rename.clicked.connect(self._edit_name)
        self.star.clicked.connect(self.star_selected)
        self.trash.clicked.connect(self.trash_selected)

        self.view = _View()
        self.view.setModel(self.found)
        self.view.setUniformRowHeights(True)
        self.view.setAllColumnsShowFocus(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(Column.CHANGED, Qt.SortOrder.DescendingOrder)
        self.view.setTabKeyNavigation(False)
        self.view.setIndentation(theme.GAP_L)
        self.view.setMinimumHeight(112)  # the heading and three runs
        self.view.setExpandsOnDoubleClick(False)
        for column, width in WIDTHS.items():
            self.view.setColumnWidth(column, width)
        self.view.header().setSectionsMovable(True)
        self.view.header().setMinimumSectionSize(28)
        self.view.doubleClicked.connect(self._double_clicked)
        self.view.clicked.connect(self._clicked)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().selectionChanged.connect(self._offer)
        self.view.selectionModel().selectionChanged.connect(self._choose_overlay)
        self.view.keys = [
            Key(
                lambda: self.tr("Open the selected run"),
                {"Return": self.open_selected, "Enter": self.open_selected},
            ),
            Key(lambda: self.tr("Star the selected, or remove their stars"), {"Space": self.star_selected}),
            Key(lambda: self.tr("Rename the selected run"), {"F2": self._edit_here}),
            Key(lambda: self.tr("Write its tags"), {"F3": partial(self._edit, Column.TAGS)}),
            Key(lambda: self.tr("Write its notes"), {"F4": partial(self._edit, Column.NOTES)}),
            Key(lambda: self.tr("Move the selected to the trash"), {"Del": self.trash_selected}),
        ]
        self.columns = QPushButton()
        self.columns.setMenu(ColumnsMenu(self.view, self.columns))
        self.empty, self.message = theme.label("muted"), Message()

    def _list_page(self) -> QWidget:
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        self.search.setMinimumWidth(140)
        self.search.setMaximumWidth(320)
        top.addWidget(self.search, stretch=1)
        top.addWidget(self.tree)
        top.addWidget(self.columns)
        top.addStretch()
        for button in (self.open, self.compare, self.overlay, self.rename, self.star, self.trash):
            top.addWidget(button)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.empty)
        layout.addWidget(self.view, stretch=1)
        return page

    def _make_comparison(self) -> None:
        self.back = QPushButton()
        self.back.clicked.connect(self._leave_comparison)
        self.differences = QPushButton()
        self.differences.setCheckable(True)
        self.differences.setChecked(True)
        theme.style(self.differences, kind="toggle")
        self.differences.toggled.connect(self._show_differences)
        self.compared = theme.label("muted")
        self.table = QTableView()
        self.table.setModel(self.comparison)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setSectionsClickable(False)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setMinimumHeight(56)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def _comparison_page(self) -> QWidget:
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_S)
        top.addWidget(self.back)
        top.addWidget(self.differences)
        top.addWidget(self.compared, stretch=1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_S)
        layout.addLayout(top)
        layout.addWidget(self.table, stretch=1)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), page, self._leave_comparison)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return page

    # --------------------------------------------------------------------------------------------- Showing

    def _say(self) -> None:
        self.search.setPlaceholderText(self.tr("Find runs"))
        self.search.setAccessibleName(self.tr("Find runs by name, state, preset, tags or notes"))
        self.tree.setText(self.tr("Tree of forks"))
        self.tree.setToolTip(self.tr("Show a fork below the run that it came from"))
        self.columns.setText(self.tr("Columns"))
        self.columns.setToolTip(self.tr("Sort by a column, move it, hide it, or show another"))
        self.open.setText(self.tr("Open"))
        self.open.setToolTip(self.tr("Open this run (Return, or a double click)"))
        self.compare.setText(self.tr("Compare"))
        self.compare.setToolTip(self.tr("Show the settings of the selected runs side by side"))
        self.overlay.setText(self.tr("Overlay"))
        self.overlay.setToolTip(self.tr("Lay the curves of the selected runs over those of the open one"))
        self.rename.setText(self.tr("Rename"))
        self.rename.setToolTip(self.tr("Give this run another name (F2)"))
        self.star.setToolTip(self.tr("Star the selected runs, or remove their stars (Space)"))
        self.trash.setText(self.tr("Move to trash"))
        self.trash.setToolTip(self.tr("Move the selected runs to the trash (Delete)"))
        self.view.setAccessibleName(self.tr("Runs"))
        self.empty.setText(self.tr("Your runs appear here once you have started one."))
        self.back.setText(self.tr("Back to the runs"))
        self.differences.setText(self.tr("Differences only"))
        self.table.setAccessibleName(self.tr("Settings of the selected runs side by side"))
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)
        self._show_differences(self.differences.isChecked())
        self._show_runs()
        self.view.viewport().update()  # the states are words too

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._workspace.scan()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _show_runs(self) -> None:
        self.model.show(self._workspace.runs)
        self.empty.setVisible(not self._workspace.runs)
        self.tree.setVisible(self.model.has_forks)
        self.view.setRootIsDecorated(self.tree.isChecked() and self.model.has_forks)
        self._offer()

    def _session_changed(self) -> None:
        session, before = self._workspace.session, self._opened
        self._opened = session.run.folder if session is not None else None
        if before is not None:
            self.model.refresh(before)
        if session is not None:
            folder = session.run.folder
            session.stateChanged.connect(lambda: self.model.refresh(folder))
            self.model.refresh(folder)
        self._choose_overlay()
        self._workspace.scan()

    def keep(self) -> QByteArray:
        """How the columns stand, what the table is sorted by, and whether forks are below."""
        return QByteArray(b"tree" if self.tree.isChecked() else b"flat").append(
            self.view.header().saveState()
        )

    def restore(self, kept: QByteArray) -> None:
        """Show the table as it was kept."""
        self.tree.setChecked(kept.startsWith(b"tree"))
        self.view.header().restoreState(kept.mid(4))

    def _show_as_tree(self, tree: bool) -> None:
        self.model.show_as_tree(tree)
        self.view.setRootIsDecorated(tree and self.model.has_forks)

    def _seek(self, typed: str) -> None:
        self.found.seek(typed)
        self.view.expandAll()

    def _keep_selection(self) -> None:
        self._kept = [run.folder for run in self.selected()]

    def _restore_selection(self) -> None:
        self.view.expandAll()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for folder in self._kept:
            found = self.model.find(folder)
            if not found.isValid():
                found = self.model.find(self._renamed.get(folder, folder))
            index = self.found.mapFromSource(found)
            self.view.selectionModel().select(index, flags)
            self.view.setCurrentIndex(index) if len(self._kept) == 1 else None
        self._offer()

    def _offer(self) -> None:
        """Let only those buttons be pressed that have something to do."""
        selected = self.selected()
        for button in (self.open, self.rename):
            button.setEnabled(len(selected) == 1)
        self.compare.setEnabled(len(selected) >= 2)
        self.star.setEnabled(bool(selected))
        starred = bool(selected) and all(run.about.star for run in selected)
        self.star.setText(self.tr("Remove star") if starred else self.tr("Star"))
        self.trash.setEnabled(bool(selected))

    # ----------------------------------------------------------------------------------------------- Doing

    def selected(self) -> list[Summary]:
        """The runs selected, from the top down."""
        rows = sorted(self.view.selectionModel().selectedRows(), key=self._height)
        return [self.model.run(self.found.mapToSource(index)) for index in rows]

    def _height(self, index: QModelIndex) -> int:
        return self.view.visualRect(index).y()

    def open_selected(self) -> None:
        """Open the one run that is selected."""
        selected = self.selected()
        if len(selected) == 1:
            self.runChosen.emit(selected[0].folder)

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() in (Column.TAGS, Column.NOTES):
            self.view.edit(index)
        elif index.column() != Column.STAR:
            self.runChosen.emit(self.model.run(self.found.mapToSource(index)).folder)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.STAR:
            run = self.model.run(self.found.mapToSource(index))
            self._workspace.describe(run.folder, star=not run.about.star)

    def star_selected(self) -> None:
        """Give the selected runs a star, or take it away where all have one."""
        selected = self.selected()
        starred = all(run.about.star for run in selected)
        for run in selected:
            self._workspace.describe(run.folder, star=not starred)

    def trash_selected(self) -> None:
        """Move the selected runs to the trash, unless one of them is in use, which is told."""
        selected = self.selected()
        if not any(self._told_to_leave(run) for run in selected):
            self._workspace.trash([run.folder for run in selected])

    def _told_to_leave(self, run: Summary) -> bool:
        """Whether a run is in use, so that its folder must stay; if so, what to do about it is told."""
        if run.state != "in_use":
            self.message.take_back()
            return False
        if self._workspace.is_open(run.folder):
            self.message.say(
                lambda: self.tr("{run} is open here: leave it first with New run (Ctrl+N).").format(
                    run=run.name
                ),
                fault=True,
            )
        else:
            self.message.say(
                lambda: self.tr("Another process trains {run}: stop that one first.").format(run=run.name),
                fault=True,
            )
        return True

    def _show_menu(self, place: QPoint) -> None:
        """Offer beside a run what the buttons do, and its folder."""
        selected = self.selected()
        if not selected:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.open, self.compare, self.rename, self.star, self.trash):
            menu.addAction(button.text(), button.click).setEnabled(button.isEnabled())
        for text, column in ((self.tr("Tags"), Column.TAGS), (self.tr("Notes"), Column.NOTES)):
            menu.addAction(text, partial(self._edit, column)).setEnabled(len(selected) == 1)
        menu.addSeparator()
        show = menu.addAction(self.tr("Show the folder"))
        show.triggered.connect(partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(selected[0].folder))))
        menu.popup(self.view.viewport().mapToGlobal(place))

    def _choose_overlay(self) -> None:
        """Lay the selected runs over the curves while that is wanted, but not the open run over itself."""
        wanted = self.selected() if self.overlay.isChecked() else []
        paths = {
            run.folder: Run(run.folder, run.config).record_path
            for run in wanted
            if not self._workspace.is_open(run.folder)
        }
        chosen = [(folder.name, path) for folder, path in paths.items() if path.exists()]
        if chosen != self._laid_over:
            self._laid_over = chosen
            self.overlayChosen.emit(chosen)

    def _edit_name(self) -> None:
        rows = self.view.selectionModel().selectedRows(Column.NAME)
        if rows and not self._told_to_leave(self.selected()[0]):
            self.view.setCurrentIndex(rows[0])
            self.view.edit(rows[0])

    def _edit(self, column: Column) -> None:
        """Let the tags or the notes of the selected run be written."""
        rows = self.view.selectionModel().selectedRows(column)
        if len(rows) == 1:
            self.view.setColumnHidden(column, False)
            self.view.setCurrentIndex(rows[0])
            self.view.edit(rows[0])

    def _edit_here(self) -> None:
        """Let the tags or notes be written where one is at them, else the name."""
        here = self.view.currentIndex()
        if here.column() in (Column.TAGS, Column.NOTES):
            self.view.edit(here)
        else:
            self._edit_name()

    def _ask(self, folder: Path, what: str, value: object) -> None:
        if what == "name":
            run = self.model.run(self.model.find(folder))
            if not self._told_to_leave(run):
                self._renamed[folder] = folder.parent / str(value).strip()
                self._workspace.rename(folder, str(value))
        else:
            self._workspace.describe(folder, **{what: value})

    def compare_selected(self) -> None:
        """Show the settings of the selected runs side by side."""
        self.comparison.compare(self.selected())
        self.table.resizeColumnsToContents()
        self._say_compared()
        self.pages.setCurrentIndex(1)
        self.table.setFocus()

    def _show_differences(self, only: bool) -> None:
        self.comparison.show_differences_only(only)
        self._say_compared()

    def _say_compared(self) -> None:
        count = self.comparison.settings_shown
        if not self.differences.isChecked():
            self.compared.setText(self.tr("All settings."))
        elif count == 0:
            self.compared.setText(self.tr("These runs have the same settings."))
        elif count == 1:
            self.compared.setText(self.tr("1 setting differs."))
        else:
            self.compared.setText(self.tr("{count} settings differ.").format(count=count))

    def _leave_comparison(self) -> None:
        self.pages.setCurrentIndex(0)
        self.view.setFocus()


class _View(QTreeView):
    """A tree that acts on some keys; not by shortcuts, which would take them from a cell that is edited."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: Sequence[Key] = ()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        edited = self.state() == QAbstractItemView.State.EditingState
        if edited or not act_on(event, self.keys):
            super().keyPressEvent(event)

    def where(self) -> str:
        return self.tr("In the table of the runs")
