"""The left column: what a run is made of, in groups of fields, from a preset or a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import Template

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpt_core import resources
from gpt_core.config import from_toml, from_values, settings, to_toml
from gpt_core.disk import write_atomically
from gpt_core.errors import GPTCoreError
from workbench import i18n, theme
from workbench.draft import Draft
from workbench.forms.row import Dot, FieldRow
from workbench.forms.schedule import ScheduleField

WIDTH = 320  # pixels, of the whole column

# Fields behind "More": right for most as they are. The rest is seen at once.
RARE_FIELDS = """
    data.column data.encoding data.deduplicate data.tokenizer_path data.cleaning data.validation_fraction
    model.activation model.tied_head model.bias model.embedding_dropout model.attention_dropout
    model.residual_dropout model.layer_norm_eps model.initialisation
    optimizer.beta1 optimizer.beta2 optimizer.eps
    train.device train.compile train.activation_checkpointing train.seed train.deterministic
    train.eval_interval train.eval_windows train.sample_interval train.checkpoint_interval train.keep
    sampling.top_k sampling.top_p sampling.repetition_penalty sampling.stop sampling.samples sampling.seed
"""
RARE = frozenset(RARE_FIELDS.split())

STYLE = Template(
    """
    QLabel[role="group"] { font-size: ${label}px; font-weight: 600; color: $muted; }
    QToolButton[kind="more"] {
        background: transparent; border: 1px solid transparent; color: $muted; font-size: ${label}px;
        min-height: 20px; padding: 0 2px;
    }
    QToolButton[kind="more"]:hover { color: $text; }
    QToolButton[kind="more"]:focus { border-color: $accent_text; }
    *[locked="true"], *[locked="true"]:disabled { color: $muted; background: $panel; }
    """
)


class Group(QWidget):
    """A heading with its fields; the rare ones are folded away, save those with something to be told."""

    def __init__(self, draft: Draft, fields: Iterable[str], above: QWidget | None = None) -> None:
        super().__init__()
        fields = list(fields)
        self.draft = draft
        self.name = QLabel()
        self.note = QLabel()
        theme.style(self.name, role="group")
        theme.style(self.note, role="muted")
        self.more = QToolButton()
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setProperty("kind", "more")
        self.more.toggled.connect(lambda: self.arrange())
        self.rows = {field: FieldRow(draft, field) for field in fields if field not in RARE}
        self.rare = {field: FieldRow(draft, field) for field in fields if field in RARE}

        heading = QHBoxLayout()
        heading.setSpacing(theme.GAP_S)
        heading.addWidget(self.name, 1)
        heading.addWidget(self.note)
        heading.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_XS)
        column.addLayout(heading)
        for widget in [*([above] if above else []), *self.rows.values(), *self.rare.values()]:
            column.addWidget(widget)
        self.sought = ""

    def arrange(self) -> None:
        """Show the rows that are of use now, and whatever has a fault; once the group is in its panel."""
        finds = 0
        for field, row in (self.rows | self.rare).items():
            sought = not self.sought or self.sought in f"{row.title.text()} {field}".casefold()
            open_ = field not in RARE or self.more.isChecked() or bool(self.sought)
            row.setVisible(bool(self.draft.fault(field)) or (sought and open_ and self._of_use(field)))
            finds += sought
        self.more.setVisible(bool(self.rare) and not self.sought)
        self.more.setText(self.tr("Fewer") if self.more.isChecked() else self.tr("More"))
        opened = self.more.isChecked()
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.setVisible(finds > 0 or any(row.isVisibleTo(self) for row in self.rows.values()))

    def _of_use(self, field: str) -> bool:
        if field == "data.vocab_size":
            return bool(self.draft.values["data.tokenizer"] == "bpe")
        return field != "model.vocab_size"  # the tokenizer gives it


class SetupPanel(QFrame):
    """The draft's forms: a preset or a file to start from, and every setting in its group.

    `undo_action` and `redo_action` act on the draft wherever the focus is in the panel; the window may put
    them into its menu.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.setProperty("kind", "panel")
        self._make_top()
        self.preview = ScheduleField(draft)
        self.groups = {
            section: Group(draft, fields, above=self.preview if section == "schedule" else None)
            for section, fields in _sections().items()
        }
        self._make_footer()
        self._lay_out()
        self._make_actions()

        draft.changed.connect(self._changed)
        draft.reset.connect(self._show)
        draft.faultsChanged.connect(self._arrange)
        draft.runningChanged.connect(self._show)
        theme.notifier.changed.connect(self._restyle)
        self._restyle()
        self._show()

    # ---------------------------------------------------------------------------------------------- Building

    def _make_top(self) -> None:
        self.title = QLabel()
        theme.style(self.title, role="section")
        self.open_button, self.save_button = QPushButton(), QPushButton()
        self.open_button.clicked.connect(self._ask_what_to_open)
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.preset_label = QLabel()
        self.preset_box = QComboBox()
        self.preset_box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.preset_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.preset_box.textActivated.connect(self._choose_preset)
        self.preset_note, self.message = QLabel(wordWrap=True), QLabel(wordWrap=True)
        theme.style(self.preset_note, role="muted")
        theme.style(self.message, role="fault")
        self.message.hide()
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.textChanged.connect(self._search)

    def _make_footer(self) -> None:
        self.dot_note = QLabel(wordWrap=True)
        theme.style(self.dot_note, role="muted")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_S)
        head.addWidget(self.title, 1)
        head.addWidget(self.open_button)
        head.addWidget(self.save_button)
        preset = QHBoxLayout()
        preset.addWidget(self.preset_label)
        preset.addWidget(self.preset_box, 1)
        fields = QWidget()
        fields.setProperty("kind", "form")
        column = QVBoxLayout(fields)
        column.setContentsMargins(0, 0, theme.GAP_XS, 0)
        column.setSpacing(theme.GAP_M)
        for group in self.groups.values():
            column.addWidget(group)
        column.addStretch(1)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(fields)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GAP_XS)
        foot.addWidget(Dot(), 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.dot_note, 1)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_M, theme.GAP_M, theme.GAP_S, theme.GAP_M)
        whole.setSpacing(theme.GAP_S)
        whole.addLayout(head)
        whole.addLayout(preset)
        for label in (self.preset_note, self.message, self.search):
            whole.addWidget(label)
        whole.addWidget(self.area, 1)
        whole.addLayout(foot)
        self.setMinimumWidth(WIDTH)

    def _make_actions(self) -> None:
        self.undo_action, self.redo_action = QAction(self), QAction(self)
        self.undo_action.setShortcuts(QKeySequence.StandardKey.Undo)
        redo = [*QKeySequence.keyBindings(QKeySequence.StandardKey.Redo), QKeySequence("Ctrl+Shift+Z")]
        self.redo_action.setShortcuts(list(dict.fromkeys(redo)))
        for action, act in ((self.undo_action, self.draft.undo), (self.redo_action, self.draft.redo)):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(act)
            self.addAction(action)
        self.draft.historyChanged.connect(self._offer_undo)
        self._offer_undo()

    def _offer_undo(self) -> None:
        self.undo_action.setEnabled(self.draft.can_undo)
        self.redo_action.setEnabled(self.draft.can_redo)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 640)

    # ----------------------------------------------------------------------------------------------- Showing

    def set_step(self, step: int | None) -> None:
        """Mark the step that training has reached in the schedule, or none."""
        self.preview.set_step(step)

    def set_note(self, section: str, text: str) -> None:
        """Say something beside a group's name, such as the model's number of parameters."""
        self.groups[section].note.setText(text)

    def _show(self) -> None:
        self._say()
        running = self.draft.running
        for widget in (self.preset_box, self.open_button):
            widget.setEnabled(not running)
        self._show_preset()
        self._arrange()

    def _say(self) -> None:
        """All words that stand in the panel itself."""
        self.title.setText(self.tr("Setup"))
        self.open_button.setText(self.tr("Open…"))
        self.open_button.setToolTip(self.tr("Open a configuration from a TOML file"))
        self.save_button.setText(self.tr("Save as…"))
        self.save_button.setToolTip(self.tr("Save this configuration as a TOML file"))
        self.preset_label.setText(self.tr("Preset"))
        self.preset_box.setAccessibleName(self.tr("Preset"))
        self.search.setPlaceholderText(self.tr("Find a setting"))
        self.search.setAccessibleName(self.tr("Find a setting"))
        self.dot_note.setText(self.tr("differs from GPT-1 (point at a dot to see its value)"))
        self.undo_action.setText(self.tr("Undo"))
        self.redo_action.setText(self.tr("Redo"))
        names = {
            "data": self.tr("DATA"),
            "model": self.tr("MODEL"),
            "schedule": self.tr("SCHEDULE"),
            "optimizer": self.tr("OPTIMIZER"),
            "train": self.tr("TRAINING"),
            "sampling": self.tr("SAMPLES ALONG THE WAY"),
        }
        for section, group in self.groups.items():
            group.name.setText(names[section])
            if all(what.live for field, what in settings().items() if field.startswith(f"{section}.")):
                group.note.setText(self.tr("live") if self.draft.running else "")
                group.note.setToolTip(self.tr("These may be changed while the run goes on."))

    def _show_preset(self) -> None:
        names = list(resources.presets())
        if self.draft.preset and self.draft.preset not in names:
            names.append(self.draft.preset)  # a file's
        with QSignalBlocker(self.preset_box):
            self.preset_box.clear()
            self.preset_box.addItems(names)
            self.preset_box.setCurrentIndex(names.index(self.draft.preset) if self.draft.preset else -1)
        self._show_changes()

    def _show_changes(self) -> None:
        """What the preset says of itself, and how far the draft has gone from it."""
        changes = sum(map(self.draft.differs_from_preset, settings()))
        sentences = [self.draft.origin.description]
        if changes:
            sentences.append(self.tr("Settings changed since: {count}.").format(count=changes))
        self.preset_note.setText(" ".join(filter(None, sentences)))
        self.preset_note.setVisible(bool(self.preset_note.text()))

    def _changed(self) -> None:
        self._show_changes()
        self.message.hide()

    def _arrange(self) -> None:
        for group in self.groups.values():
            group.arrange()

    def _search(self, typed: str) -> None:
        for group in self.groups.values():
            group.sought = typed.strip().casefold()
        self._arrange()

    def _restyle(self) -> None:
        palette = theme.current()
        self.setStyleSheet(
            STYLE.substitute(
                label=theme.LABEL,
                muted=palette.muted,
                text=palette.text,
                accent_text=palette.accent_text,
                panel=palette.panel,
            )
        )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()

    # ----------------------------------------------------------------------------------------- Files, presets

    def open(self, path: Path) -> None:
        """Take up the configuration in a TOML file; what cannot be read is told in the panel."""
        try:
            self.draft.load(from_toml(path), path.stem)
        except GPTCoreError as error:
            self._show_preset()
            self._tell(i18n.of_error(error), "fault")
        else:
            self.message.hide()

    def save(self, path: Path) -> None:
        """Write the configuration to a TOML file, a text that is not on this machine notwithstanding."""
        try:
            write_atomically(path, to_toml(from_values(self.draft.tables())).encode())
        except GPTCoreError as error:
            self._tell(i18n.of_error(error), "fault")
        else:
            self._tell(self.tr("Saved as {path}.").format(path=path), "muted")

    def _choose_preset(self, name: str) -> None:
        if name in resources.presets():
            self.open(resources.presets()[name])

    def _tell(self, text: str, role: str) -> None:
        theme.style(self.message, role=role)
        self.message.setText(text)
        self.message.show()

    def _ask_what_to_open(self) -> None:
        dialog = self._dialog(self.tr("Open a configuration"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open(Path(path)))
        dialog.open()

    def _ask_where_to_save(self) -> None:
        dialog = self._dialog(self.tr("Save this configuration"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"{Path(self.draft.preset or 'configuration').stem}.toml")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setNameFilters([self.tr("Configurations (*.toml)"), self.tr("All files (*)")])
        dialog.setDefaultSuffix("toml")
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def _sections() -> dict[str, list[str]]:
    """The fields of each section, in the order of the configuration."""
    found: dict[str, list[str]] = {}
    for field in settings():
        found.setdefault(field.split(".")[0], []).append(field)
    return found
