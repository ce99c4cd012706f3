"""Where a draft begins: a built-in preset, one of the person's own, or a file; and how it is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QAction, QGuiApplication, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gpt_core import resources
from gpt_core.config import from_toml, from_values
from gpt_core.errors import GPTCoreError
from workbench import i18n, own_presets, theme
from workbench.command import train_command
from workbench.draft import Draft
from workbench.forms.message import Message
from workbench.forms.question import Question


class PresetField(QWidget):
    """The presets in a box, built-in and own, with a menu of what can be done with the draft as a whole."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.label = QLabel()
        self.box = QComboBox()
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMaxVisibleItems(24)
        self.box.activated.connect(self._choose)
        self.button = QToolButton()
        self.button.setText("⋯")
        self.button.setFixedSize(32, theme.CONTROL_HEIGHT)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        theme.style(self.button, kind="list")
        self.note, self.message = QLabel(wordWrap=True), Message()
        theme.style(self.note, role="muted")
        self.question = Question()
        self._asked: Literal["save", "rename", "delete"] = "save"
        self.question.answered.connect(self._answered)
        self.question.left.connect(self._leave_question)
        self.save_action, self.rename_action, self.delete_action = (QAction(self) for _ in range(3))
        self.command_action = QAction(self)
        self.save_action.triggered.connect(partial(self._ask, "save"))
        self.rename_action.triggered.connect(partial(self._ask, "rename"))
        self.delete_action.triggered.connect(partial(self._ask, "delete"))
        self.command_action.triggered.connect(self.copy_command)
        menu = QMenu(self.button)
        menu.addActions([self.save_action, self.rename_action, self.delete_action])
        menu.addSeparator()
        menu.addAction(self.command_action)
        self.button.setMenu(menu)
        self._lay_out()
        draft.changed.connect(self.message.take_back)
        draft.reset.connect(self.refresh)
        draft.runningChanged.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_XS)
        row.addWidget(self.label)
        row.addSpacing(theme.GAP_XS)
        row.addWidget(self.box, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_S)
        column.addLayout(row)
        for widget in (self.question, self.note, self.message):
            column.addWidget(widget)
        self.question.hide()

    # ----------------------------------------------------------------------------------------------- Showing

    def refresh(self) -> None:
        """Show the presets that there are, and which the draft came from."""
        self._say()
        self.box.setEnabled(not self.draft.running)
        preset, own = self.draft.preset, own_presets.presets()
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, path in resources.presets().items():
                self.box.addItem(name, path)
            if own:
                self._add_heading(self.tr("Your own"))
            for name, path in own.items():
                self.box.addItem(name, path)
            if preset and self.box.findText(preset) < 0:
                self._add_heading(self.tr("From a file or a run"))
                self.box.addItem(preset)
            self.box.setCurrentIndex(self.box.findText(preset) if preset else -1)
        self.rename_action.setEnabled(preset in own)
        self.delete_action.setEnabled(preset in own)
        self._show_note()

    def _add_heading(self, text: str) -> None:
        self.box.insertSeparator(self.box.count())
        self.box.addItem(text)
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)
        model.item(self.box.count() - 1).setFlags(Qt.ItemFlag.NoItemFlags)

    def _say(self) -> None:
        self.label.setText(self.tr("Preset"))
        self.box.setAccessibleName(self.tr("Preset"))
        self.button.setAccessibleName(self.tr("Keep or copy this configuration"))
        self.button.setToolTip(self.tr("Keep or copy this configuration"))
        self.save_action.setText(self.tr("Save as preset…"))
        self.rename_action.setText(self.tr("Rename preset…"))
        self.delete_action.setText(self.tr("Delete preset…"))
        self.command_action.setText(self.tr("Copy as command"))

    def _show_note(self) -> None:
        """What the preset says of itself."""
        self.note.setText(i18n.preset(self.draft.origin.description))
        self.note.setVisible(bool(self.note.text()))

    def tell(self, error: GPTCoreError) -> None:
        """Say below the preset why what was asked cannot be done."""
        self.message.say(lambda: i18n.of_error(error), fault=True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.refresh()

    # ---------------------------------------------------------------------------------------- Taken and kept

    def _choose(self, index: int) -> None:
        path = self.box.itemData(index)
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Take up the configuration in a TOML file; what cannot be read is told."""
        presets = resources.presets() | own_presets.presets()
        try:
            if path in presets.values():
                self.draft.load(from_toml(path), path.stem, keep_text=True)
            else:
                self.draft.load(from_toml(path), path.name if path.stem in presets else path.stem, path)
        except GPTCoreError as error:
            self.refresh()
            self.tell(error)
        else:
            self.message.take_back()

    def copy_command(self) -> None:
        """Put the command that trains this configuration on the clipboard."""
        try:
            origin = self.draft.origin
            command = train_command(from_values(self.draft.tables()), origin.name, origin.path)
        except GPTCoreError as error:
            self.tell(error)
        else:
            QGuiApplication.clipboard().setText(command)
            self.message.say(lambda: self.tr("Copied; paste it into a terminal."))

    def _ask(self, what: Literal["save", "rename", "delete"]) -> None:
        self._asked = what
        self.message.take_back()
        name = self.draft.preset
        given: str | None
        own = name if name in own_presets.presets() else ""
        match what:
            case "save":
                text, given, yes = self.tr("Name of the preset"), own, self.tr("Save")
            case "rename":
                text, given, yes = self.tr("New name of the preset"), own, self.tr("Rename")
            case "delete":
                text = self.tr("Delete the preset {name}? The settings here stay as they are.").format(
                    name=own
                )
                given, yes = None, self.tr("Delete")
        self.question.ask(text, given, yes, self.tr("Cancel"))

    def _leave_question(self) -> None:
        self.question.hide()
        self.message.take_back()
        self.box.setFocus()

    def _answered(self, name: str) -> None:
        preset = self.draft.preset
        try:
            match self._asked:
                case "save":
                    if not self._may_replace(name):
                        return
                    path = own_presets.save(name, from_values(self.draft.tables()))
                    self.draft.load(from_toml(path), path.stem)
                case "rename":
                    path = own_presets.rename(preset, name)
                    self.draft.rename_origin(path.stem)
                case "delete":
                    own_presets.delete(preset)
                    self.refresh()
        except GPTCoreError as error:
            self.tell(error)
        else:
            self._leave_question()

    def _may_replace(self, name: str) -> bool:
        """Whether a name is free or the draft's own preset's, or else was asked about once before."""
        taken = own_presets.named(name)
        replace = self.tr("Replace")  # what the button says from then on, until another name is typed
        if taken is None or taken == self.draft.preset or self.question.yes.text() == replace:
            return True
        self.question.yes.setText(replace)
        self.message.say(lambda: self.tr("There is a preset {name} already.").format(name=taken))
        return False
