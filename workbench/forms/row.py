"""One setting of the draft: its name, the control, the unit, and beside them what is to be said of it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gpt_core.config import Setting, settings
from workbench import i18n, theme
from workbench.draft import Draft, same
from workbench.forms.choice import ChoiceField, SwitchField
from workbench.forms.control import Control
from workbench.forms.line import NumberField, TextField
from workbench.forms.prompt import PromptField
from workbench.forms.source import SourceField

CONTROL_WIDTH, GAP, UNIT_WIDTH = 96, 4, 52  # pixels; the same in each row, so that columns stand in line


def control_for(what: Setting) -> Control:
    """The widget for a setting's kind; a source of text and a prompt are texts with one of their own."""
    if what.field == "data.source":
        return SourceField(what)
    if what.field == "sampling.prompt":
        return PromptField()
    match what.kind:
        case "bool":
            return SwitchField(what)
        case "choice":
            return ChoiceField(what)
        case "text" | "texts":
            return TextField(what)
        case _:
            return NumberField(what)


class Dot(QWidget):
    """A small amber dot: this value is not GPT-1's."""

    def sizeHint(self) -> QSize:
        return QSize(8, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().warning))
        painter.drawEllipse(0, min(self.height(), 28) // 2 - 3, 6, 6)


class FieldRow(QWidget):
    """A setting of a draft, shown and edited; what is wrong with it is told below it."""

    def __init__(self, draft: Draft, field: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft, self.field, self.what = draft, field, settings()[field]
        self.dot = Dot()
        self.title = QLabel(wordWrap=True)
        self.title.setMinimumHeight(theme.CONTROL_HEIGHT)
        self.unit = QLabel(self)
        self.unit.hide()  # shown only in rows that have room for it
        self.fault = QLabel(wordWrap=True)
        self.fault.hide()
        self.fault.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.style(self.unit, role="muted")
        theme.style(self.fault, role="fault")
        self.control = control_for(self.what)
        self._lay_out()

        self.control.edited.connect(self._edited)
        self.control.settled.connect(self._settled)
        draft.changed.connect(self._changed)
        draft.reset.connect(self._show)
        draft.faultsChanged.connect(self._show_fault)
        draft.runningChanged.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        widget = self.widget()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self.dot, 0, 0, top)
        grid.addWidget(self.title, 0, 1, top)
        if isinstance(widget, SourceField | PromptField):  # as wide as can be
            self.title.setWordWrap(False)
            self.title.setContentsMargins(0, 0, theme.GAP_XS, 0)
            grid.addWidget(widget, 0, 2, 1, 2, top)
            grid.setColumnStretch(2, 1)
        elif self.what.unit or self.what.kind not in ("choice", "text", "texts"):
            widget.setFixedWidth(CONTROL_WIDTH)
            self.unit.setFixedSize(UNIT_WIDTH, theme.CONTROL_HEIGHT)
            self.unit.show()
            grid.addWidget(widget, 0, 2, top)
            grid.addWidget(self.unit, 0, 3, top)
            grid.setColumnStretch(1, 1)
        else:  # over the room for a unit too
            widget.setFixedWidth(CONTROL_WIDTH + GAP + UNIT_WIDTH)
            grid.addWidget(widget, 0, 2, 1, 2, top)
            grid.setColumnStretch(1, 1)
        grid.addWidget(self.fault, 1, 1, 1, 3)
        keeps_room = self.dot.sizePolicy()
        keeps_room.setRetainSizeWhenHidden(True)
        self.dot.setSizePolicy(keeps_room)

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

    # ------------------------------------------------------------------------------------ From the draft

    def _changed(self, field: str) -> None:
        if field == self.field:
            value = self.draft.values[field]
            if not same(self.control.value(), value):  # else it was typed here, and stays as it was typed
                self.control.show_value(value)
            self._show_dot()

    def _show(self) -> None:
        self.control.show_value(self.draft.values[self.field])
        locked = self.draft.locked(self.field)
        self.control.set_locked(locked)
        _mark(self.widget(), "locked", locked)
        self.title.setText(i18n.title(self.what))
        self.unit.setText(i18n.unit(self.what))
        self.widget().setAccessibleName(i18n.title(self.what))
        self.widget().setAccessibleDescription(i18n.description(self.what))
        self._show_dot()
        self._show_fault()

    def _show_dot(self) -> None:
        self.dot.setVisible(self.draft.differs_from_gpt1(self.field))
        differs = self.tr("GPT-1 used {value} here.").format(value=i18n.shown(self.what, self.what.gpt1))
        self.dot.setToolTip(differs)
        self.setToolTip(self._words())

    def _words(self) -> str:
        """The tooltip: whole sentences, a paragraph each."""
        sentences = [i18n.description(self.what), i18n.limits(self.what), i18n.gpt1(self.what)]
        if self.draft.differs_from_preset(self.field):
            value = i18n.shown(self.what, self.draft.origin.values[self.field])
            sentences.append(
                self.tr("Preset {name}: {value}.").format(name=self.draft.preset, value=repr_if_blank(value))
            )
        if self.draft.locked(self.field):
            sentences.append(self.tr("Fixed while this run goes on; a new run may change it."))
        elif self.draft.running:
            sentences.append(self.tr("May be changed while this run goes on."))
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
            self.fault.clear()
            self._show()


def repr_if_blank(text: str) -> str:
    """Text as it is, or as Python writes it where there would be nothing to see."""
    return text if text.strip() else repr(text)


def _mark(control: QWidget, name: str, on: bool) -> None:
    """Set a property that the stylesheet looks at, on the widget that it colours."""
    target = control.line if isinstance(control, SourceField) else control
    value = "true" if on else "false"
    if target.property(name) != value:
        theme.style(target, **{name: value})
