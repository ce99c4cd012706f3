"""The schedule as it will be: a small picture of the learning rate over the run, for the setup panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpt_core.config import ScheduleConfig
from gpt_core.schedule import learning_rate
from workbench import theme
from workbench.plots.axes import format_rate

SIDE, TOP, FOOT = 10, 24, 20  # pixels around the curve; peak and floor are written above, steps below


class SchedulePreview(QWidget):
    """Draws the rate that training will use, which is worked out by the function that training calls.

    `schedule` over `max_steps` is what is drawn, `step` the present step, which is marked.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.schedule: ScheduleConfig | None = None
        self.max_steps = 1
        self.step: int | None = None
        self._held: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.font(theme.AXIS))
        theme.notifier.changed.connect(self.update)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(240, 116)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 116)

    def set_schedule(self, schedule: ScheduleConfig, max_steps: int) -> None:
        """Draw `schedule` over a run of `max_steps` >= 1 steps."""
        self.schedule, self.max_steps = schedule, max_steps
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Say in words what is drawn."""
        self.setAccessibleName(self.tr("Learning rate schedule"))
        if self.schedule is not None:
            told = self.tr("Rises to {peak} over {warmup} steps, then falls to {floor} at step {last}.")
            floor = learning_rate(self.max_steps, self.schedule, self.max_steps)
            self.setAccessibleDescription(
                told.format(
                    peak=format_rate(self.schedule.max_lr, 3),
                    warmup=f"{self.schedule.warmup_steps:,}",
                    floor=format_rate(floor, 3),
                    last=f"{self.max_steps:,}",
                )
            )

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._describe()

    def set_step(self, step: int | None) -> None:
        """Mark the present step, or none."""
        if step != self.step:
            self.step = step
            self.update()

    def hold_scale(self) -> None:
        """From now on let the scale grow but not shrink, so that what is dragged stays under the pointer."""
        self._held = self.scale()

    def fit_scale(self) -> None:
        """Let the axes end again where the schedule does."""
        self._held = None
        self.update()

    def scale(self) -> tuple[float, float]:
        """The step at the right edge of the axes, and the rate at their top."""
        assert self.schedule is not None
        steps, rate = self._held or (0, 0)
        return max(steps, self.max_steps), max(rate, self.schedule.max_lr)

    def area(self) -> QRectF:
        """The room between the axes, pixels."""
        return QRectF(self.rect()).adjusted(SIDE, TOP, -SIDE, -FOOT)

    def place(self, step: float, rate: float) -> QPointF:
        """Where a rate at a step is drawn."""
        area, (steps, top) = self.area(), self.scale()
        return QPointF(area.left() + area.width() * step / steps, area.bottom() - area.height() * rate / top)

    def points(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The steps drawn, about one a pixel with the corners among them, and their rates, both (N,)."""
        if self.schedule is None:
            return np.empty(0, np.int64), np.empty(0)
        last, warmup = self.max_steps, self.schedule.warmup_steps
        pixels = max(round((self.width() - 2 * SIDE) * self.devicePixelRatioF()), 2)
        spread = np.linspace(1, last, min(last, pixels)).round().astype(np.int64)
        corners = [step for step in (warmup, warmup + 1) if 1 <= step <= last]
        start = [0] if warmup > 0 else []  # where the line to the first step of the warmup comes from
        steps = np.unique(np.concatenate([spread, corners, start]).astype(np.int64))
        return steps, np.array([learning_rate(int(step), self.schedule, last) for step in steps])

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.schedule is None:
            return
        palette = theme.current()
        steps, rates = self.points()
        area, place = self.area(), self.place
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QPen(QColor(palette.rate), 1.5))
        painter.drawPolyline(QPolygonF([place(*point) for point in zip(steps, rates, strict=True)]))
        here = None
        if self.step is not None and 0 <= self.step <= self.max_steps:
            here = place(self.step, learning_rate(max(self.step, 1), self.schedule, self.max_steps))
            painter.setPen(QPen(QColor(palette.muted), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(here.x(), area.top()), QPointF(here.x(), area.bottom()))
        corner = min(max(self.schedule.warmup_steps, 1), self.max_steps)
        self._write(painter, area, place(corner, self.schedule.max_lr), place(steps[-1], rates[-1]))
        if here is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.rate))
            painter.drawEllipse(here, 4, 4)
        painter.end()

    def _write(self, painter: QPainter, area: QRectF, peak: QPointF, end: QPointF) -> None:
        """Peak and floor above the curve, warmup and length below the axis."""
        assert self.schedule is not None
        warmup, last = self.schedule.warmup_steps, self.max_steps
        floor = learning_rate(last, self.schedule, last)
        painter.setPen(QColor(theme.current().muted))
        taken: list[QRectF] = []
        for text, at, above in (
            (format_rate(self.schedule.max_lr, 3), peak, True),
            (format_rate(floor, 3), end, True),
            (f"{last:,}", QPointF(end.x(), area.bottom()), False),
            (f"{warmup:,}", QPointF(peak.x(), area.bottom()), False),
        ):
            size = self.fontMetrics().size(0, text)
            x = min(max(at.x() - size.width() / 2, 0), self.width() - size.width())
            y = at.y() - size.height() - 7 if above else at.y() + 4  # clear of the handles
            room = QRectF(x, y, size.width() + 4, size.height())
            if not any(room.intersects(other) for other in taken):  # rather one number than two on each other
                taken.append(room)
                painter.fillRect(room, QColor(theme.current().panel))  # over the line of the step
                painter.drawText(room, 0, text)
