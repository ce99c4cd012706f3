"""One setting of the draft: its name, the control, the unit, and beside them what is to be said of it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gpt_core.config import Setting, settings
from workbench import i18n, theme
from workbench.draft import Draft, same
from workbench.forms.choice import ChoiceField, SwitchField
from workbench.forms.control import Control
from workbench.forms.line import NumberField, TextField
from workbench.forms.mark import Glyph, Mark
from workbench.forms.prompt import PromptField, PromptsField
from workbench.forms.source import FolderField, PathField, SourceField

CONTROL_WIDTH, GAP, UNIT_WIDTH = 96, 4, 52  # pixels; the same in each row, so that columns stand in line
PROMPT_WIDTH = 72  # of the titles beside prompts


def control_for(what: Setting, parent: QWidget) -> Control:
    """The widget for a setting's kind; paths and prompts are texts with one of their own."""
    if what.field == "data.source":
        return SourceField(what, parent)
    if what.field == "data.tokenizer_path":
        return FolderField(what, parent)
    if what.field == "sampling.prompt":
        return PromptField(parent)
    if what.field == "sampling.pinned":
        return PromptsField(parent)
    match what.kind:
        case "bool":
            return SwitchField(what, parent)
        case "choice":
            return ChoiceField(what, parent)
        case "text" | "texts":
            return TextField(what, parent)
        case _:
            return NumberField(what, parent)


class FieldRow(QWidget):
    """A setting of a draft, shown and edited; what is wrong with it is told below it."""

    def __init__(self, draft: Draft, field: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft, self.field, self.what = draft, field, settings()[field]
        # Each is made inside the row: Qt restyles what is put into another widget later.
        self.mark = Mark(self)
        self.lock = Glyph("lock", self)
        self.title = QLabel(self, wordWrap=True)
        self.title.setMinimumHeight(theme.CONTROL_HEIGHT)
        self.unit = QLabel(self)
        self.unit.hide()  # shown only in rows that have room for it
        self.fault = QLabel(self, wordWrap=True)
        self.fault.hide()
        self.fault.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.style(self.unit, role="muted")
        theme.style(self.fault, role="fault")
        self.control = control_for(self.what, self)
        self._lay_out()

        self.control.edited.connect(self._edited)
        self.control.settled.connect(self._settled)
        self.mark.chosen.connect(self._take)
        draft.changed.connect(self._changed)
        draft.reset.connect(self._show)
        draft.faultsChanged.connect(self._show_fault)
        draft.runningChanged.connect(self._show_lock)
        self._say()

    def _lay_out(self) -> None:
        widget = self.widget()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self.mark, 0, 0, top)
        grid.addWidget(self.title, 0, 1, top)
        grid.addWidget(self.lock, 0, 2, top)
        grid.setColumnMinimumWidth(2, self.lock.width())
        if isinstance(widget, PathField | PromptField):  # as wide as can be
            self.title.setWordWrap(False)
            self.title.setContentsMargins(0, 0, theme.GAP_XS, 0)
            if isinstance(widget, PromptField):  # which is higher than one line
                self.title.setWordWrap(True)
                self.title.setFixedWidth(PROMPT_WIDTH)
            grid.addWidget(widget, 0, 3, 1, 2, top)
            grid.setColumnStretch(3, 1)
        elif self.what.unit or self.what.kind not in ("choice", "text", "texts"):
            widget.setFixedWidth(CONTROL_WIDTH)
            self.unit.setFixedSize(UNIT_WIDTH, theme.CONTROL_HEIGHT)
            self.unit.show()
            grid.addWidget(widget, 0, 3, top)
            grid.addWidget(self.unit, 0, 4, top)
            grid.setColumnStretch(1, 1)
        else:  # over the room for a unit too
            widget.setFixedWidth(CONTROL_WIDTH + GAP + UNIT_WIDTH)
            grid.addWidget(widget, 0, 3, 1, 2, top)
            grid.setColumnStretch(1, 1)
        grid.addWidget(self.fault, 1, 1, 1, 4)

    def widget(self) -> QWidget:
        """The control as the widget that it is."""
        assert isinstance(self.control, QWidget)
        return self.control

    # -------------------------------------------------------------------------------------- To the draft

    def _edited(self, value: object) -> None:
        self.draft.set(self.field, value)

    def _settled(self) -> None:
        self.draft.settle()
        if not self.draft.fault(self.field):
            self.control.show_value(self.draft.values[self.field])  # 0.0025 becomes 2.5e-3

    def _take(self, value: object) -> None:
        """Take the value that the mark offers, as a step of its own."""
        self.draft.settle()
        self._edited(value)
        self._settled()

    # ------------------------------------------------------------------------------------ From the draft

    def _changed(self, field: str) -> None:
        if field == self.field:
            value = self.draft.values[field]
            if not same(self.control.value(), value):  # else it was typed here, and stays as it was typed
                self.control.show_value(value)
            self._show_mark()

    def _show(self) -> None:
        self.control.show_value(self.draft.values[self.field])
        self._show_lock()
        self._show_fault()

    def _show_lock(self) -> None:
        """Let the value be changed or not, and tell which."""
        locked = self.draft.locked(self.field)
        self.control.set_locked(locked)
        _mark(self.widget(), "locked", locked)
        self._show_mark()

    def _say(self) -> None:
        self.title.setText(i18n.title(self.what))
        self.lock.setVisible(not self.what.live)
        self.lock.setToolTip(self.tr("Fixed once training starts."))
        self.unit.setText(i18n.unit(self.what))
        widget = self.widget()
        for named in (widget, widget.focusProxy() or widget):  # one with a button, and the line in it
            named.setAccessibleName(i18n.title(self.what))
            named.setAccessibleDescription(i18n.description(self.what))
        self.fault.clear()
        self._show()

    def _show_mark(self) -> None:
        draft, what = self.draft, self.what
        departs, changed = draft.differs_from_gpt1(self.field), draft.differs_from_preset(self.field)
        preset = draft.origin.values[self.field]
        locked = draft.locked(self.field)
        self.mark.show_departures(
            departs=departs, gpt1=what.gpt1, changed=changed, preset=preset, locked=locked
        )
        paper, begun = i18n.shown(what, what.gpt1), repr_if_blank(i18n.shown(what, preset))
        self.mark.gpt1_action.setText(self.tr("Use GPT-1's value: {value}").format(value=paper))
        self.mark.preset_action.setText(self.tr("Back to the preset's value: {value}").format(value=begun))
        sentences = []
        if departs:
            sentences.append(self.tr("GPT-1 used {value} here.").format(value=paper))
        if changed:
            sentences.append(self.tr("Preset {name}: {value}.").format(name=draft.preset, value=begun))
        choice, take = self.tr("Click to choose one of them."), self.tr("Click to take that value.")
        click = "" if locked else choice if self.mark.offers_choice else take
        self.mark.setToolTip("\n".join(filter(None, [*sentences, click])))
        self.mark.setAccessibleName(self.tr("{setting}: other values").format(setting=i18n.title(what)))
        self.mark.setAccessibleDescription(i18n.together(filter(None, [*sentences, click])))
        self.setToolTip(self._words())

    def _words(self) -> str:
        """The tooltip: whole sentences, a paragraph each."""
        sentences = [i18n.description(self.what), i18n.limits(self.what), i18n.gpt1(self.what)]
        if self.draft.differs_from_preset(self.field):
            value = i18n.shown(self.what, self.draft.origin.values[self.field])
            sentences.append(
                self.tr("Preset {name}: {value}.").format(name=self.draft.preset, value=repr_if_blank(value))
            )
        if isinstance(self.control, PromptsField):
            sentences.append(self.tr("One prompt a line; \\n in it stands for a line end."))
        elif self.what.kind == "texts":
            sentences.append(self.tr('One text as it is, or several as ["one", "another\\n"].'))
        if self.draft.locked(self.field):
            sentences.append(self.tr("Fixed while this run goes on; a new run may change it."))
        elif self.draft.running and not self.what.live:
            sentences.append(self.tr("May be changed until this run makes its first step."))
        elif self.draft.running:
            sentences.append(self.tr("May be changed while this run goes on."))
        elif self.what.live:
            sentences.append(self.tr("May be changed while a run trains."))
        else:
            sentences.append(self.tr("Fixed once training starts."))
        return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)

    def _show_fault(self) -> None:
        fault = self.draft.fault(self.field)
        text = i18n.of_fault(fault) if fault else ""
        if text == self.fault.text():
            return
        self.fault.setText(text)
        self.fault.setVisible(bool(text))
        _mark(self.widget(), "fault", bool(text))
        self.widget().setAccessibleDescription(text or i18n.description(self.what))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


def repr_if_blank(text: str) -> str:
    """Text as it is, or as Python writes it where there would be nothing to see."""
    return text if text.strip() else repr(text)


def _mark(control: QWidget, name: str, on: bool) -> None:
    """Set a property that the stylesheet looks at, on the widget that it colours."""
    target = control.line if isinstance(control, PathField) else control
    value = "true" if on else "false"
    if target.property(name) != value:
        theme.style(target, **{name: value})
