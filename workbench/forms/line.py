"""Fields of one line: numbers and texts, typed as on paper."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gpt_core.config import Setting, parse
from workbench import i18n
from workbench.forms.control import is_undo_or_redo
from workbench.keys import Key, act_on

# 10,000 or 10 000: whole numbers as a person groups them. In a number with a point a comma could be one too.
GROUPED = re.compile(r"[+-]?\d{1,3}(?:[, \u00a0\u202f]\d{3})+")

# A Japanese keyboard writes ０．００１ as readily.
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

# The focus comes back from a menu or another window, to where the cursor was.
PASSING = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class TextField(QLineEdit):
    """A text of one line, taken as it is typed."""

    edited = Signal(object)
    settled = Signal()

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what = what
        self._say()
        self.textEdited.connect(lambda: self.edited.emit(self.value()))
        self.editingFinished.connect(self.settled)

    def value(self) -> Any:
        return parse(self.what.field, self.text())

    def show_value(self, value: Any) -> None:
        text = i18n.shown(self.what, value)
        if text != self.text():
            self.setText(text)
            if not self.hasFocus():
                self.setCursorPosition(0)  # the start of a long text, not its end

    def set_locked(self, locked: bool) -> None:
        if locked and not self.isReadOnly():
            self.setCursorPosition(0)
        self.setReadOnly(locked)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in PASSING:
            self.setCursorPosition(0)  # where it is looked at, not written in, its beginning tells more

    def _say(self) -> None:
        if self.what.kind == "texts":
            self.setPlaceholderText(self.tr("none"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def event(self, event: QEvent) -> bool:
        if is_undo_or_redo(event):
            event.ignore()
            return False
        return super().event(event)


class NumberField(TextField):
    """A number, typed freely; the arrow keys and, while it has the focus, the wheel step through it.

    Qt's spin boxes end at 2^31 and fix the number of decimals, and seeds and learning rates fit neither.
    """

    SETTLES_AFTER = 600  # ms without a further step by key or wheel

    def __init__(self, what: Setting, parent: QWidget | None = None) -> None:
        super().__init__(what, parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._stepped = QTimer(self, singleShot=True, interval=self.SETTLES_AFTER)
        self._stepped.timeout.connect(self.settled)
        self.settled.connect(self._stepped.stop)
        self._turned = 0  # eighths of a degree of the wheel not yet used
        step = self._step
        self.keys = [
            Key(lambda: self.tr("A step up or down"), {"Up": partial(step, 1), "Down": partial(step, -1)}),
            Key(
                lambda: self.tr("Ten steps up or down"),
                {"PgUp": partial(step, 10), "PgDown": partial(step, -10)},
            ),
        ]

    def value(self) -> Any:
        typed = self.text().translate(FULL_WIDTH).strip()
        if self.what.kind == "int" and GROUPED.fullmatch(typed):
            typed = re.sub(r"[^\d+-]", "", typed)
        return parse(self.what.field, typed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not act_on(event, self.keys):
            super().keyPressEvent(event)

    def where(self) -> str:
        return self.tr("In a field with a number")

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() or self.isReadOnly():
            event.ignore()  # so that the panel scrolls
            return
        self._turned += event.angleDelta().y()
        steps = int(self._turned / 120)
        self._turned -= 120 * steps
        self._step(steps)
        event.accept()

    def _step(self, steps: int) -> None:
        value = start = self.value()
        if self.isReadOnly() or not isinstance(value, int | float):
            return
        for _ in range(abs(steps)):
            value = stepped(self.what, value, up=steps > 0)
        if value != start:
            self.show_value(value)
            self.edited.emit(value)
            self._stepped.start()


def stepped(what: Setting, value: int | float, up: bool) -> int | float:
    """The next number up or down, or `value` itself where that is beyond the limits.

    Small and plain whole numbers go by one; what counts something, and numbers with a point, by one in their
    second digit: 2,000 to 2,100, 2e-3 to 2.1e-3, and 1e-3 down to 9.9e-4.
    """
    number = Decimal(repr(value))
    if not number.is_finite():
        return value
    if what.kind == "int" and (not what.unit or abs(number) < 100):
        step = Decimal(1)
    else:
        size = number or Decimal(repr(what.default)) or Decimal("1e-4")
        step = Decimal(1).scaleb(size.adjusted() - 1)
        if not up and number == 10 * step:
            step /= 10
    towards = ROUND_FLOOR if up else ROUND_CEILING
    stepped_to = ((number / step).to_integral_value(towards) + (1 if up else -1)) * step
    result = int(stepped_to) if what.kind == "int" else float(stepped_to)
    low, high = what.minimum, what.maximum
    if low is not None and (result < low or (what.above and result == low)):
        return value
    if high is not None and (result > high or (what.below and result == high)):
        return value
    return result
