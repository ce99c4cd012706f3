"""The first page: three ways to begin, and the runs there are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gpt_core.summary import Summary
from gpt_core.text import SEPARATOR
from workbench import i18n, theme, words
from workbench.draft import Draft
from workbench.forms.source import dropped
from workbench.workspace import Workspace

RECENT = 6  # runs shown
INTERVAL = 2000  # milliseconds between two looks at the runs
WIDTH = 680  # pixels, at most


class WelcomePanel(QFrame):
    """Quickstart, a text of one's own, or a run; also where a text or a run's folder may be dropped.

    The window carries out `quickstartAsked`, `openAsked` (no run is named yet) and `runChosen`.
    """

    quickstartAsked = Signal()
    openAsked = Signal()
    runChosen = Signal(object)  # the folder of a run
    textChosen = Signal()
    allAsked = Signal()
    hideAsked = Signal()

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._draft = draft
        self._workspace = workspace
        self.setAcceptDrops(True)
        self._taken: list[Path] = []  # the texts that `note` tells of
        self._title, self._recent_title = theme.label("hero"), theme.label("section")
        self._title.setWordWrap(True)
        self.quickstart, self.file, self.folder = QPushButton(), QPushButton(), QPushButton()
        self.open, self.hide_button, self.all = QPushButton(), QPushButton(), QPushButton()
        self._ways = [_Way([self.quickstart]), _Way([self.file, self.folder]), _Way([self.open])]
        for button in (self.hide_button, self.all):
            theme.style(button, kind="flat")
        self.note = theme.label("notice")
        self.note.setWordWrap(True)
        self.note.hide()
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self.empty = theme.label("muted")
        self._lay_out()

        self.quickstart.clicked.connect(self.quickstartAsked)
        self.open.clicked.connect(self.openAsked)
        self.hide_button.clicked.connect(self.hideAsked)
        self.all.clicked.connect(self.allAsked)
        self.file.clicked.connect(lambda: self._ask(QFileDialog.FileMode.ExistingFiles))
        self.folder.clicked.connect(lambda: self._ask(QFileDialog.FileMode.Directory))
        workspace.runsChanged.connect(self._show_runs)
        draft.faultsChanged.connect(self._say_note)
        draft.changed.connect(self._draft_changed)
        draft.reset.connect(self._take_note_back)
        draft.runningChanged.connect(self._take_note_back)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(workspace.scan)
        self._say()

    def _say(self) -> None:
        self._title.setText(self.tr("Train a GPT of your own"))
        self._recent_title.setText(self.tr("Recent runs"))
        self.quickstart.setText(self.tr("Start quickstart"))
        self.file.setText(self.tr("Choose files…"))
        self.folder.setText(self.tr("Choose a folder…"))
        self.open.setText(self.tr("Open a run…"))
        self.hide_button.setText(self.tr("Hide this page"))
        self.hide_button.setToolTip(self.tr("Show the empty curves instead; the View menu brings it back"))
        self.all.setText(self.tr("All runs"))
        self.empty.setText(self.tr("Your runs appear here once you have started one."))
        ways = [
            (
                self.tr("Quickstart"),
                self.tr("A small model learns to write Python’s reference, in minutes and on any computer."),
            ),
            (
                self.tr("Your own text"),
                self.tr("Choose text files or a folder of them, or drop them here; then press Start."),
            ),
            (
                self.tr("An existing run"),
                self.tr(
                    "Open it to look at its curves, prompt its model or train on; or drop its folder here."
                ),
            ),
        ]
        for way, (name, text) in zip(self._ways, ways, strict=True):
            way.say(name, text)
        self._say_note()
        self._show_runs()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _lay_out(self) -> None:
        inside = QWidget()
        theme.style(inside, kind="form")
        column = QVBoxLayout(inside)
        column.setContentsMargins(theme.GAP_XL, theme.GAP_L, theme.GAP_XL, theme.GAP_L)
        column.setSpacing(theme.GAP_M)
        top = QHBoxLayout()
        top.addWidget(self._title, stretch=1)
        top.addWidget(self.hide_button, alignment=Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        for way in self._ways:
            column.addWidget(way)
        column.addWidget(self.note)
        heading = QHBoxLayout()
        heading.addWidget(self._recent_title)
        heading.addStretch()
        heading.addWidget(self.all)
        column.addSpacing(theme.GAP_S)
        column.addLayout(heading)
        column.addWidget(self.empty)
        column.addLayout(self._recent)
        column.addStretch()
        inside.setMaximumWidth(WIDTH)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(area)
        QWidget.setTabOrder(self.open, self.all)

    # ----------------------------------------------------------------------------------------- Recent runs

    def rows(self) -> list[_Recent]:
        """The runs shown, the newest first."""
        return sorted(self.findChildren(_Recent), key=self._recent.indexOf)

    def _show_runs(self) -> None:
        """Show the newest runs, while the page is looked at."""
        if not self.isVisible():
            return
        recent = self._workspace.runs[:RECENT]
        focused = next((row.run.folder for row in self.rows() if row.hasFocus()), None)
        before: QWidget = self.all
        for row in self.rows():
            self._recent.removeWidget(row)
            row.setParent(None)
            row.deleteLater()
        for run in recent:
            row = _Recent(run, self._workspace.state_of(run))
            row.clicked.connect(lambda _=False, folder=run.folder: self.runChosen.emit(folder))
            self._recent.addWidget(row)
            QWidget.setTabOrder(before, row)
            before = row
            if run.folder == focused:
                row.setFocus()
        self.empty.setVisible(not recent)
        self.all.setVisible(bool(recent))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():  # else the window was only out of sight
            self._take_note_back()
        self._show_runs()
        self._workspace.scan()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    # --------------------------------------------------------------------------------------- A text or a run

    def _ask(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, self.tr("Choose a text to train on"))
        dialog.setFileMode(mode)
        dialog.filesSelected.connect(lambda paths: self.take([Path(path) for path in paths]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, paths: list[Path]) -> None:
        """Open the run, or else take up the texts, that lie at `paths`."""
        if len(paths) == 1 and (paths[0] / "run.toml").is_file():
            self.runChosen.emit(paths[0])
            return
        self._taken = paths
        if not self._draft.locked("data.source"):
            self._draft.set("data.source", _source(paths))
            self._draft.settle()
        self._say_note()
        self.note.show()
        if not self._draft.locked("data.source"):
            self.textChosen.emit()

    def _say_note(self) -> None:
        """Say what came of the texts that were taken up last."""
        if not self._taken:
            return
        fault = self._draft.fault("data.source")
        locked = self._draft.locked("data.source")
        theme.style(self.note, role="fault" if fault or locked else "notice")
        if locked:
            self.note.setText(self.tr("A run is open: leave it first with New run (Ctrl+N)."))
        elif fault:
            self.note.setText(i18n.of_fault(fault))
        else:
            text = self.tr(
                "{name} is chosen. Data shows what it is, Plan what it will take; then press Start."
            )
            self.note.setText(text.format(name=", ".join(path.name for path in self._taken)))

    def _draft_changed(self, field: str) -> None:
        if field == "data.source" and self._draft.values[field] != _source(self._taken):
            self._take_note_back()

    def _take_note_back(self) -> None:
        """Say nothing of texts any more: the draft has another, or a run came or went."""
        self._taken = []
        self.note.hide()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event.mimeData()):
            event.acceptProposedAction()
            theme.style(self, dropping="true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        theme.style(self, dropping="false")

    def dropEvent(self, event: QDropEvent) -> None:
        theme.style(self, dropping="false")
        event.acceptProposedAction()
        self.take([Path(path) for path in dropped(event.mimeData())])


def _source(paths: list[Path]) -> str:
    """Paths as one text to train on."""
    return SEPARATOR.join(map(str, paths))


class _Way(QFrame):
    """A way to begin: what it is, and the buttons that do it."""

    def __init__(self, buttons: list[QPushButton]) -> None:
        super().__init__()
        theme.style(self, kind="card")
        self._buttons = buttons
        self._name, self._about = theme.label("section"), theme.label("muted")
        self._about.setWordWrap(True)
        told = QVBoxLayout()
        told.setSpacing(theme.GAP_XS)
        told.addWidget(self._name)
        told.addWidget(self._about)
        done = QVBoxLayout()
        done.setSpacing(theme.GAP_XS)
        for button in buttons:
            button.setMinimumWidth(140)
            done.addWidget(button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_M, theme.GAP_M)
        layout.setSpacing(theme.GAP_L)
        layout.addLayout(told, stretch=1)
        layout.addLayout(done)

    def say(self, name: str, text: str) -> None:
        """Say what the way is."""
        self._name.setText(name)
        self._about.setText(text)
        for button in self._buttons:
            button.setAccessibleDescription(text)


class _Recent(QPushButton):
    """A run in one line: name, state, best loss, when."""

    def __init__(self, run: Summary, state: str) -> None:
        super().__init__()
        self.run = run
        theme.style(self, kind="row")
        best = self.tr("best {loss}").format(loss=words.loss(run.best))
        parts = [run.name, state, best if run.best is not None else "", words.when(run.changed)]
        self.setAccessibleName(", ".join(filter(None, parts)))
        self.setToolTip(str(run.folder))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP_S, 0, theme.GAP_S, 0)
        layout.setSpacing(theme.GAP_M)
        for place, text in enumerate(parts):
            label: QLabel = theme.label("label" if place == 0 else "muted", text)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.setMinimumWidth((80, 110, 80, 76)[place])
            layout.addWidget(label, stretch=1 if place == 0 else 0)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
