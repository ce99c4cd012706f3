"""The schedule as a field: the preview of the learning rate with handles that change what it is made of."""

from __future__ import annotations

from functools import partial
from math import exp, floor, log10

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from gpt_core.config import settings
from gpt_core.schedule import learning_rate
from workbench import i18n, theme
from workbench.draft import SCHEDULE_FIELDS, Draft
from workbench.forms.line import NumberField, stepped
from workbench.keys import Key, act_on
from workbench.plots.schedule_preview import SchedulePreview

PEAK, FLOOR = "schedule.max_lr", "schedule.min_lr"
WARMUP, LENGTH = "schedule.warmup_steps", "train.max_steps"

STEADY = 4  # pixels a drag may stray to the side before the other value follows too
STRETCH = 40  # pixels beyond the axes' end for each e-fold of what is dragged there


class Handle(QWidget):
    """A small circle that the mouse drags and the arrow keys step, once it has the focus."""

    SIZE, RADIUS = 24, 5  # pixels: what can be hit, what is seen
    grabbed = Signal()
    dragged = Signal(QPointF, bool, bool)  # where to, in the parent; whether sideways, whether up or down
    released = Signal(bool)  # False where Escape takes the drag back
    stepped = Signal(int, int)  # steps to the right, steps up

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.resize(self.SIZE, self.SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._from: QPointF | None = None  # where the pointer took hold of it, in the parent
        self._offset = QPointF()
        self._sideways = self._upright = False
        step = self.stepped.emit
        self.keys = [
            Key(
                lambda: self.tr("A shorter or longer warmup, or run"),
                {"Left": partial(step, -1, 0), "Right": partial(step, 1, 0)},
            ),
            Key(
                lambda: self.tr("A higher or lower peak, or floor"),
                {"Up": partial(step, 0, 1), "Down": partial(step, 0, -1)},
            ),
            Key(
                lambda: self.tr("The same in ten steps at once"),
                {"PgUp": partial(step, 0, 10), "PgDown": partial(step, 0, -10)},
            ),
        ]
        theme.notifier.changed.connect(self.update)

    def centre_on(self, at: QPointF) -> None:
        """Stand around a point of the parent."""
        self.move((at - QPointF(self.SIZE, self.SIZE) / 2).toPoint())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._from = self.mapToParent(event.position())
        self._offset = event.position() - QPointF(self.SIZE, self.SIZE) / 2
        self._sideways = self._upright = False
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.grabbed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            return
        at = self.mapToParent(event.position())
        moved = at - self._from
        self._sideways |= abs(moved.x()) > STEADY
        self._upright |= abs(moved.y()) > STEADY
        if self._sideways or self._upright:
            self.dragged.emit(at - self._offset, self._sideways, self._upright)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._let_go(keep=True)

    def _let_go(self, keep: bool) -> None:
        if self._from is not None:
            self._from = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.released.emit(keep)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._from is not None:
            self._let_go(keep=False)
        elif self._from is not None or not act_on(event, self.keys):
            super().keyPressEvent(event)

    def where(self) -> str:
        return self.tr("At a handle of the learning rate schedule")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._let_go(keep=True)  # the window was left in the midst of a drag

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QRectF(self.rect()).center()
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.accent_text), 2))
            painter.drawEllipse(centre, self.RADIUS + 3.5, self.RADIUS + 3.5)
        filled = self.underMouse() or self._from is not None
        painter.setPen(QPen(QColor(palette.rate), 2))
        painter.setBrush(QColor(palette.rate if filled else palette.panel))
        painter.drawEllipse(centre, self.RADIUS, self.RADIUS)
        painter.end()


class ScheduleField(SchedulePreview):
    """The draft's schedule, drawn and dragged: peak and warmup at the corner, floor and length at the end.

    A drag, or a run of arrow keys, is one step of undo. While the draft's schedule has a fault, it is drawn
    as it was before that was typed.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.corner, self.end = Handle(self), Handle(self)
        for handle, fields in ((self.corner, (WARMUP, PEAK)), (self.end, (LENGTH, FLOOR))):
            handle.grabbed.connect(self._grab)
            handle.dragged.connect(lambda at, x, y, fields=fields: self._drag(fields, at, x, y))
            handle.released.connect(lambda keep, fields=fields: self._release(fields, keep))
            handle.stepped.connect(lambda right, up, fields=fields: self._step_by_key(fields, right, up))
        self._pressed = QTimer(self, singleShot=True, interval=NumberField.SETTLES_AFTER)
        self._pressed.timeout.connect(draft.settle)
        self._before: dict[str, float] = {}  # the drawn values, as they were when the drag began
        self._limits = (1.0, 1.0)  # the scale then
        draft.changed.connect(self._changed)
        draft.reset.connect(self._show)
        self._show()

    def _changed(self, field: str) -> None:
        if field in SCHEDULE_FIELDS:
            self._show()

    def _show(self) -> None:
        self.set_schedule(*self.draft.schedule())
        self._place_handles()
        self._say()

    def _place_handles(self) -> None:
        now = self._values()
        self.corner.centre_on(self.place(now[WARMUP], now[PEAK]))
        self.end.centre_on(self.place(now[LENGTH], now[FLOOR]))

    def _say(self) -> None:
        shown = {field: i18n.shown(settings()[field], value) for field, value in self._values().items()}
        self.setAccessibleName(self.tr("Learning rate schedule"))
        self.corner.setAccessibleName(self.tr("Peak rate and warmup"))
        self.end.setAccessibleName(self.tr("Floor and number of steps"))
        self.corner.setAccessibleDescription(
            self.tr("{peak} after {warmup} steps").format(peak=shown[PEAK], warmup=shown[WARMUP])
        )
        self.end.setAccessibleDescription(
            self.tr("{floor} at step {length}").format(floor=shown[FLOOR], length=shown[LENGTH])
        )
        self.corner.setToolTip(
            self.tr("Drag up or down for the peak rate, sideways for the warmup; the arrow keys step.")
        )
        self.end.setToolTip(
            self.tr("Drag up or down for the floor, sideways for the number of steps; the arrow keys step.")
        )

    def _values(self) -> dict[str, float]:
        """What is drawn; of the form gpt1 the floor that it comes down to, which is not the setting."""
        assert self.schedule is not None  # since the beginning
        floor_rate = learning_rate(self.max_steps, self.schedule, self.max_steps)
        return {
            WARMUP: self.schedule.warmup_steps,
            PEAK: self.schedule.max_lr,
            LENGTH: self.max_steps,
            FLOOR: floor_rate,
        }

    # ------------------------------------------------------------------------------------------- By the mouse

    def _grab(self) -> None:
        self.draft.settle()  # what came before is a step of its own
        self._before = self._values()
        self._limits = self.scale()
        self.hold_scale()

    def _drag(self, fields: tuple[str, str], at: QPointF, sideways: bool, upright: bool) -> None:
        """Take the round values that stand under the pointer; beyond the axes they grow faster."""
        area, (steps, top) = self.area(), self._limits
        across, along = fields
        wanted = {field: self._before[field] for field in fields}
        if sideways:
            wanted[across] = round(_under(at.x() - area.left(), area.width(), steps, least=1))
        if upright:
            wanted[along] = _under(area.bottom() - at.y(), area.height(), top, least=0)
            if along == PEAK:
                wanted[PEAK] = max(wanted[PEAK], _nice(top / area.height()))
        self._take(wanted)

    def _release(self, fields: tuple[str, str], keep: bool) -> None:
        if not keep:
            self._take({field: self._before[field] for field in fields})
        self.draft.settle()
        self.fit_scale()
        self._place_handles()

    # ---------------------------------------------------------------------------------------- By the keyboard

    def _step_by_key(self, fields: tuple[str, str], right: int, up: int) -> None:
        now = self._values()
        wanted = {field: now[field] for field in fields}
        for field, count in zip(fields, (right, up), strict=True):
            for _ in range(abs(count)):
                wanted[field] = stepped(settings()[field], wanted[field], up=count > 0)
        self._take(wanted)
        self._pressed.start()

    def _take(self, wanted: dict[str, float]) -> None:
        """Put values into the draft, held to what a schedule may be."""
        now = self._values()
        if WARMUP in wanted:
            wanted[WARMUP] = int(min(max(wanted[WARMUP], 0), now[LENGTH]))
            wanted[PEAK] = min(max(wanted[PEAK], now[FLOOR]), settings()[PEAK].maximum or 1.0)
        else:
            wanted[LENGTH] = int(min(max(wanted[LENGTH], now[WARMUP], (self.step or 0) + 1), 10**9))
            wanted[FLOOR] = min(max(wanted[FLOOR], 0), now[PEAK])
            if self.schedule is not None and self.schedule.form == "gpt1":
                del wanted[FLOOR]  # it always comes down to zero
        self.draft.set_together(wanted)

    # ------------------------------------------------------------------------------------------------ Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_handles()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


def _under(pixels: float, width: float, scale: float, least: float) -> float:
    """The value `pixels` from the start of an axis of `width` pixels that ends at `scale`, rounded to what a
    pixel can tell; beyond the end the value grows e-fold with each `STRETCH` pixels."""
    value = scale * pixels / width if pixels <= width else scale * exp(min((pixels - width) / STRETCH, 20))
    unit = max(_nice(max(value, scale) / width), least)
    return float(f"{round(value / unit) * unit:.12g}")


def _nice(size: float) -> float:
    """The next of 1, 2 and 5 times a power of ten, from `size` up."""
    power = 10.0 ** floor(log10(size))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= size * (1 - 1e-9))
