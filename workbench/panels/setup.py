"""The left column: what a run is made of, in groups of fields, from a preset or a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpt_core.config import from_values, settings, to_toml
from gpt_core.disk import write_atomically
from gpt_core.errors import GPTCoreError
from workbench import i18n, theme
from workbench.draft import Draft
from workbench.forms.fade import Fade
from workbench.forms.mark import MARKS, Glyph
from workbench.forms.preset import PresetField
from workbench.forms.row import FieldRow
from workbench.forms.schedule import ScheduleField

WIDTH = 320  # pixels, of the whole column

# Fields behind "More": right for most as they are. The rest is seen at once.
RARE_FIELDS = """
    data.column data.encoding data.deduplicate data.validation_fraction
    model.activation model.tied_head model.bias model.embedding_dropout model.attention_dropout
    model.residual_dropout model.layer_norm_eps model.initialisation
    optimizer.beta1 optimizer.beta2 optimizer.eps
    train.device train.compile train.activation_checkpointing train.seed train.deterministic
    train.eval_interval train.eval_windows train.sample_interval train.checkpoint_interval train.keep
    train.keep_every
    sampling.top_k sampling.top_p sampling.repetition_penalty sampling.stop sampling.samples sampling.seed
"""
RARE = frozenset(RARE_FIELDS.split())


class Group(QWidget):
    """A heading with its fields; the rare ones are folded away, save those with something to be told."""

    def __init__(self, draft: Draft, fields: Iterable[str], parent: QWidget) -> None:
        super().__init__(parent)
        fields = list(fields)
        self.draft = draft
        self.name = QLabel(self)
        self.note = QLabel(self)
        theme.style(self.name, role="group")
        theme.style(self.note, role="muted")
        self.more = QToolButton(self)
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setProperty("kind", "more")
        self.more.toggled.connect(lambda: self.arrange())
        self.preview = ScheduleField(draft, self) if "schedule.warmup_steps" in fields else None
        self.rows = {field: FieldRow(draft, field, self) for field in fields if field not in RARE}
        self.rare = {field: FieldRow(draft, field, self) for field in fields if field in RARE}

        heading = QHBoxLayout()
        heading.setSpacing(theme.GAP_S)
        heading.addWidget(self.name, 1)
        heading.addWidget(self.note)
        heading.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_XS)
        column.addLayout(heading)
        for widget in (self.preview, *self.rows.values(), *self.rare.values()):
            if widget is not None:
                column.addWidget(widget)
        self.sought = ""

    def arrange(self) -> None:
        """Show the rows that are of use now, whatever has a fault, and the row that is being written in; once
        the group is in its panel."""
        rows = self.rows | self.rare
        focused = self.window().focusWidget()  # also while another window has the keyboard
        for field, row in rows.items():
            if self.sought:
                words = f"{row.title.text()} {row.what.title} {field} {i18n.description(row.what)}"
                shown = self.sought in words.casefold()
            else:
                shown = (field not in RARE or self.more.isChecked()) and self.draft.of_use(field)
            written = focused is not None and row.isAncestorOf(focused)  # its fault may go with the next key
            row.setVisible(shown or written or bool(self.draft.fault(field)))
        self.more.setVisible(bool(self.rare) and not self.sought)
        self.more.setText(self.tr("Fewer") if self.more.isChecked() else self.tr("More"))
        opened = self.more.isChecked()
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.setVisible(not self.sought or not all(row.isHidden() for row in rows.values()))


class SetupPanel(QFrame):
    """The draft's forms: a preset or a file to start from, and every setting in its group."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.setProperty("kind", "panel")
        self._make_top()
        self._make_groups()
        self._make_footer()
        self._lay_out()

        draft.reset.connect(self._show)
        draft.changed.connect(self._count_changes)
        draft.faultsChanged.connect(self._arrange)
        draft.runningChanged.connect(self._show)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._arrange)
        self._show()

    # ---------------------------------------------------------------------------------------------- Building

    def _make_top(self) -> None:
        self.title = QLabel()
        theme.style(self.title, role="section")
        self.open_button, self.save_button = QPushButton(), QPushButton()
        self.open_button.clicked.connect(self._ask_what_to_open)
        self.save_button.clicked.connect(self._ask_where_to_save)
        self.presets = PresetField(self.draft)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.textChanged.connect(self._search)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.search)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(self.search.clear)
        self.nothing_found = QLabel(wordWrap=True)
        theme.style(self.nothing_found, role="muted")
        self.nothing_found.hide()

    def _make_groups(self) -> None:
        self.area = QScrollArea(self, widgetResizable=True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        fields = QWidget()
        fields.setProperty("kind", "form")
        column = QVBoxLayout(fields)
        column.setContentsMargins(0, 0, theme.GAP_XS, 0)
        column.setSpacing(theme.GAP_M)
        self.area.setWidget(fields)
        self.groups = {section: Group(self.draft, names, fields) for section, names in _sections().items()}
        for group in self.groups.values():
            column.addWidget(group)
        column.addStretch(1)
        preview = self.groups["schedule"].preview
        assert preview is not None
        self.preview = preview
        self.fade = Fade(self.area)

    def _make_footer(self) -> None:
        self.legend = {what: theme.label("muted") for what in MARKS}

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_S)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.open_button)
        head.addWidget(self.save_button)
        foot = QGridLayout()
        foot.setHorizontalSpacing(theme.GAP_XS)
        foot.setVerticalSpacing(0)
        for index, (what, words) in enumerate(self.legend.items()):
            glyph = Glyph(what)
            glyph.setFixedHeight(18)
            foot.addWidget(glyph, index // 2, index % 2 * 2, Qt.AlignmentFlag.AlignCenter)
            foot.addWidget(words, index // 2, index % 2 * 2 + 1, 1, 3 if what == "lock" else 1)
        foot.setColumnStretch(3, 1)
        foot.setColumnMinimumWidth(1, 96)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_M, theme.GAP_M, theme.GAP_S, theme.GAP_M)
        whole.setSpacing(theme.GAP_S)
        whole.addLayout(head)
        for widget in (self.presets, self.search, self.nothing_found):
            whole.addWidget(widget)
        whole.addWidget(self.area, 1)
        whole.addLayout(foot)
        self.setMinimumWidth(WIDTH)

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
        self.open_button.setEnabled(not self.draft.running)
        self._arrange()

    def _say(self) -> None:
        """All words that stand in the panel itself."""
        self.title.setText(self.tr("Setup"))
        self.open_button.setText(self.tr("Open…"))
        self.open_button.setToolTip(self.tr("Open a configuration from a TOML file"))
        self.save_button.setText(self.tr("Save as…"))
        self.save_button.setToolTip(self.tr("Save this configuration as a TOML file"))
        self.search.setPlaceholderText(self.tr("Find a setting"))
        self.search.setAccessibleName(self.tr("Find a setting"))
        self.legend["dot"].setText(self.tr("not GPT-1's"))
        self._count_changes()
        self.legend["lock"].setText(self.tr("fixed once training starts"))
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
                group.note.setText(self.tr("live"))
                group.note.setToolTip(self.tr("These may be changed while a run trains."))

    def _count_changes(self) -> None:
        """Say how far the draft has gone from its preset: in the legend, where nothing moves for it."""
        count = sum(map(self.draft.differs_from_preset, settings()))
        text = self.tr("not the preset's ({count})") if count else self.tr("not the preset's")
        self.legend["ring"].setText(text.format(count=count))

    def _arrange(self) -> None:
        for group in self.groups.values():
            group.arrange()
        found = any(group.isVisibleTo(self.area) for group in self.groups.values())
        said = self.tr("No setting says “{words}”.")
        self.nothing_found.setText(said.format(words=self.search.text().strip()))
        self.nothing_found.setVisible(not found)

    def _search(self, typed: str) -> None:
        for group in self.groups.values():
            group.sought = typed.strip().casefold()
        self._arrange()

    def seek(self) -> None:
        """Let a setting be sought."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show()

    # ----------------------------------------------------------------------------------------- Files, presets

    def save(self, path: Path) -> None:
        """Write the configuration to a TOML file, a text that is not on this machine notwithstanding."""
        try:
            write_atomically(path, to_toml(from_values(self.draft.tables())).encode())
        except GPTCoreError as error:
            self.presets.tell(error)
        else:
            self.presets.message.say(lambda: self.tr("Saved as {path}.").format(path=path))

    def _ask_what_to_open(self) -> None:
        dialog = self._dialog(self.tr("Open a configuration"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.presets.open(Path(path)))
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
