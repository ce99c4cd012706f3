"""The live curves: they draw what was given along what the user chose, and the user's hand comes first."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QThreadPool, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from gpt_core import resources
from gpt_core.config import Config, ScheduleConfig, from_toml
from gpt_core.control import Control
from gpt_core.errors import GPTCoreError
from gpt_core.events import (
    CheckpointSaved,
    Evaluation,
    EvaluationDone,
    Guessing,
    Ready,
    Report,
    Resolved,
    StateChanged,
    StepDone,
)
from gpt_core.record import Cursor, Recorder, RecordView
from gpt_core.run import Run, create
from gpt_core.schedule import learning_rate
from gpt_core.summary import summarize
from gpt_core.worker import Worker
from workbench import theme
from workbench.draft import Draft
from workbench.panels.curves import CurvesPanel
from workbench.plots import export
from workbench.plots.across import Scale
from workbench.plots.axes import format_rate
from workbench.plots.legend import LegendEntry
from workbench.plots.live_curves import LiveCurves
from workbench.plots.overlay import COLOURS, OtherRecord, OtherRun
from workbench.plots.smoothing import MovingAverage
from workbench.session import Session, read_history
from workbench.watching import WatchedSession, backfill
from workbench.workspace import Workspace

SCHEDULE = ScheduleConfig(max_lr=2e-3, min_lr=2e-4, warmup_steps=100)
TOKENS, SECONDS = 768, 0.25  # of each step
WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture
def plot(qtbot, qapp) -> LiveCurves:
    theme.apply(qapp, "dark")
    widget = LiveCurves()
    qtbot.addWidget(widget)
    widget.set_unit("nats per character")
    widget.resize(800, 700)
    widget.show()
    qtbot.waitExposed(widget)
    QApplication.processEvents()
    return widget


def train(plot: LiveCurves, last: int, first: int = 1) -> None:
    """Give the plot a run: loss 5 - step / 1000, the rate of SCHEDULE, validation each 100 at 0.25 more."""
    steps = np.arange(first, last + 1)
    plot.append("loss", steps, 5 - steps / 1000)
    plot.append("rate", steps, [learning_rate(int(step), SCHEDULE, 2000) for step in steps])
    plot.append("grad_norm", steps, 0.5 + 1 / steps)
    plot.advance(steps, np.full(len(steps), TOKENS), np.full(len(steps), SECONDS))
    due = steps[steps % 100 == 0]
    plot.append("validation", due, 5.25 - due / 1000)


def point_of(plot: LiveCurves, step: float) -> QPoint:
    """Where `step` lies in the viewport of the loss plot, at mid height."""
    bottom, top = plot.loss.plot.view.viewRange()[1]
    scene = plot.loss.plot.view.mapViewToScene(QPointF(step, (bottom + top) / 2))
    return plot.loss.plot.mapFromScene(scene)


def hover(plot: LiveCurves, place: QPoint) -> None:
    for each in (place - QPoint(1, 1), place):  # where it is already, from the test before, it would not move
        QTest.mouseMove(plot.loss.plot.viewport(), each)
        QApplication.processEvents()


def readout(plot: LiveCurves) -> str:
    return re.sub(r"<[^>]+>", " ", plot.readout.text()).replace("&nbsp;", " ")


def wheel(
    plot: LiveCurves, notches: int, modifier=Qt.KeyboardModifier.NoModifier, at: QPoint | None = None
) -> None:
    viewport = plot.loss.plot.viewport()
    place = QPointF(at or viewport.rect().center())
    event = QWheelEvent(
        place, viewport.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        modifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)
    QApplication.processEvents()


def drag(plot: LiveCurves, start: QPoint, end: QPoint, held=Qt.KeyboardModifier.NoModifier) -> None:
    viewport = plot.loss.plot.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, held, pos=start)
    for part in (0.3, 0.6, 1.0):
        QTest.qWait(15)  # pyqtgraph takes a hundred moves a second at most
        place = start + (end - start) * part
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(place), viewport.mapToGlobal(QPointF(place)),
            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, held,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, held, pos=end)
    QApplication.processEvents()


def ranges(plot: LiveCurves) -> np.ndarray:
    return np.array(plot.loss.plot.view.viewRange())


def test_an_empty_plot_says_what_will_appear(plot) -> None:
    assert plot.loss.empty.isVisible()
    assert plot.rate.empty.isVisible()
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    plot.redraw()
    assert not plot.rate.empty.isVisible()  # the plan is there to see
    train(plot, 10)
    plot.redraw()
    assert not plot.loss.empty.isVisible()
    plot.clear()
    plot.redraw()
    assert plot.loss.empty.isVisible()
    assert plot.rate.empty.isVisible()


def test_redraw_works_only_when_there_is_something_new(plot) -> None:
    train(plot, 500)
    assert plot.redraw()
    drawn = plot.loss.raw.drawings
    assert not plot.redraw()
    assert plot.loss.raw.drawings == drawn
    plot.append("loss", [501], [4.0])
    assert plot.loss.raw.drawings == drawn  # append only stores
    assert plot.redraw()
    assert plot.loss.raw.drawings == drawn + 1


def test_nothing_is_drawn_while_it_is_not_seen(plot) -> None:
    plot.hide()
    train(plot, 500)
    assert not plot.redraw()
    plot.show()
    QApplication.processEvents()
    assert len(plot.loss.raw.xData) == 500


def test_a_million_points_are_drawn_as_what_the_screen_can_show(plot) -> None:
    steps = np.arange(1, 1_000_001)
    values = 2 + np.sin(steps / 1e5)
    values[654_320] = 2.9  # one step alone
    plot.append("loss", steps, values)
    plot.redraw()
    width = plot.loss.plot.view.width() * plot.devicePixelRatioF()
    assert width <= len(plot.loss.raw.xData) <= 4 * width + 8
    assert 2.9 in plot.loss.raw.yData
    assert len(plot.loss.average.xData) <= 4 * width + 8


def test_the_drawn_loss_is_the_given_loss(plot) -> None:
    train(plot, 120)
    plot.redraw()
    np.testing.assert_array_equal(plot.loss.raw.xData, np.arange(1, 121))
    np.testing.assert_allclose(plot.loss.raw.yData, 5 - np.arange(1, 121) / 1000)
    np.testing.assert_allclose(plot.loss.average.yData, MovingAverage(0.97).append(plot.loss.raw.yData))


def test_the_average_goes_on_over_pieces_and_starts_anew_after_a_rewind(plot) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(3, 1, 150)
    for begin in range(0, 90, 10):
        plot.append("loss", np.arange(begin + 1, begin + 11), values[begin : begin + 10])
        plot.redraw()
    plot.rewind(60)
    plot.append("loss", np.arange(61, 91), values[90:120])
    plot.redraw()
    seen = np.concatenate([values[:60], values[90:120]])
    np.testing.assert_allclose(plot.loss.average.yData, MovingAverage(0.97).append(seen))


def test_points_that_go_back_replace_what_stood_there(plot) -> None:
    train(plot, 100)
    plot.append("loss", [51, 52], [1.0, 1.1])
    plot.redraw()
    assert plot.loss.raw.xData[-1] == 52
    assert plot.loss.raw.yData[-2:].tolist() == [1.0, 1.1]


def test_the_wheel_stops_following_and_follow_resumes(plot, qtbot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1000)
    plot.redraw()
    whole = plot.loss.plot.view.viewRange()
    assert plot.controls.follow.isChecked()
    wheel(plot, 3)
    assert not plot.controls.follow.isChecked()
    zoomed = plot.loss.plot.view.viewRange()
    assert zoomed[0][1] - zoomed[0][0] < whole[0][1] - whole[0][0]
    np.testing.assert_allclose(plot.rate.plot.view.viewRange()[0], zoomed[0], rtol=1e-6)
    train(plot, 1200, first=1001)
    plot.redraw()
    assert plot.loss.plot.view.viewRange() == zoomed  # the user's view stays
    qtbot.mouseClick(plot.controls.follow, Qt.MouseButton.LeftButton)
    assert plot.controls.follow.isChecked()
    assert plot.loss.plot.view.viewRange()[0] == whole[0]
    assert plot.rate.plot.view.viewRange() == [pytest.approx(whole[0]), pytest.approx([0, 1.08 * 2e-3])]


def test_follow_keeps_the_newest_step_in_view(plot) -> None:
    for last in (1, 99, 150, 640, 5000):
        train(plot, last)
        plot.redraw()
        (first, end), (bottom, top) = plot.loss.plot.view.viewRange()
        assert first == 0 < last <= end
        assert bottom <= plot.loss.raw.yData.min()
        assert plot.loss.raw.yData.max() <= top


def test_what_follow_leaves_above_is_told(plot) -> None:
    steps = np.arange(1, 100_001)
    plot.append("loss", steps, 3 + 8 * np.exp(-steps / 100))
    plot.redraw()
    assert plot.loss.plot.view.viewRange()[1][1] < 10
    assert "10.920" in plot.loss.above.text()
    wheel(plot, -40, Qt.KeyboardModifier.ControlModifier)
    assert plot.loss.plot.view.viewRange()[1][1] > 10.92
    assert plot.loss.above.text() == ""


def test_the_crosshair_reads_out_every_series(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.mark("checkpoint", 812, lambda: "checkpoint <812>")
    plot.redraw()
    hover(plot, point_of(plot, 812))
    step = plot.loss.plot.step
    assert abs(step - 812) <= 3  # a pixel is about three steps
    average = MovingAverage(0.97).append(5 - np.arange(1, step + 1) / 1000)[-1]
    text = readout(plot)
    assert f"step {step}" in text
    assert f"train {average:.3f}" in text
    assert f"raw {5 - step / 1000:.3f}" in text
    assert "validation 4.450 (step 800)" in text
    assert f"rate {format_rate(learning_rate(step, SCHEDULE, 2000))}" in text
    assert "planned" not in text
    assert "checkpoint &lt;812&gt;" in text
    assert plot.rate.plot.step == step


def test_beyond_the_present_only_the_plan_is_told(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.redraw()
    hover(plot, point_of(plot, 1700))
    step = plot.loss.plot.step
    text = readout(plot)
    assert f"rate {format_rate(learning_rate(step, SCHEDULE, 2000))} planned" in text
    assert "train" not in text
    assert "validation" not in text


def test_the_readout_is_never_cropped(plot) -> None:
    train(plot, 1240)
    plot.redraw()
    first, last = plot.loss.plot.view.viewRange()[0]
    for part in (0.001, 0.3, 0.7, 0.999):
        for y in (15, 200, plot.loss.plot.height() - 40):
            hover(plot, QPoint(point_of(plot, first + part * (last - first)).x(), y))
            assert plot.readout.isVisible()
            assert plot.rect().contains(plot.readout.geometry())
    QApplication.sendEvent(plot.loss.plot, QEvent(QEvent.Type.Leave))
    assert not plot.readout.isVisible()


def test_the_arrow_keys_move_the_crosshair(plot) -> None:
    train(plot, 1240)
    plot.redraw()
    QTest.keyClick(plot.rate.plot, Qt.Key.Key_Left)
    start = plot.loss.plot.step
    QTest.keyClick(plot.rate.plot, Qt.Key.Key_Right)
    assert plot.loss.plot.step == plot.rate.plot.step > start
    assert plot.rect().contains(plot.readout.geometry())
    QTest.keyClick(plot.rate.plot, Qt.Key.Key_Escape)
    assert plot.loss.plot.step is None
    assert not plot.readout.isVisible()


def test_keys_are_answered_in_words_too(plot, qtbot) -> None:
    train(plot, 1240)
    plot.redraw()
    with qtbot.waitActive(plot):
        plot.activateWindow()
    plot.rate.plot.setFocus()
    QTest.keyClick(plot.rate.plot, Qt.Key.Key_Right)
    step = plot.rate.plot.step
    said = plot.rate.plot.accessibleDescription()
    assert said.startswith(f"step {step:,}\ntrain ")
    assert f"rate {format_rate(learning_rate(step, SCHEDULE, 2000))}" in said


def test_a_readout_follows_the_data(plot) -> None:
    train(plot, 50)
    plot.redraw()
    hover(plot, point_of(plot, 80))
    assert "raw" not in readout(plot)
    train(plot, 90, first=51)
    plot.redraw()
    assert f"raw {5 - plot.loss.plot.step / 1000:.3f}" in readout(plot)


def test_the_log_axis_draws_logarithms_and_keeps_the_users_view(plot, qtbot) -> None:
    train(plot, 90)
    plot.append("loss", [91, 92], [0.0, -1.0])  # no logarithm: gaps
    plot.redraw()
    qtbot.mouseClick(plot.loss.log, Qt.MouseButton.LeftButton)
    assert plot.loss.log.isChecked()
    np.testing.assert_allclose(plot.loss.raw.yData[:5], np.log10(5 - np.arange(1, 6) / 1000))
    assert np.isnan(plot.loss.raw.yData[-2:]).all()
    qtbot.mouseClick(plot.loss.log, Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(plot.loss.raw.yData[:5], 5 - np.arange(1, 6) / 1000)

    wheel(plot, 12, Qt.KeyboardModifier.ControlModifier)
    linear = np.array(plot.loss.plot.view.viewRange())
    qtbot.mouseClick(plot.loss.log, Qt.MouseButton.LeftButton)
    log = np.array(plot.loss.plot.view.viewRange())
    np.testing.assert_allclose(log[0], linear[0])
    np.testing.assert_allclose(10 ** log[1], linear[1])
    assert not plot.controls.follow.isChecked()


def test_smoothing_is_the_users_choice(plot) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(3, 1, 200)
    plot.append("loss", np.arange(1, 201), values)
    plot.redraw()
    plot.controls.smoothing.setCurrentText("Smooth 0.9")
    np.testing.assert_allclose(plot.loss.average.yData, MovingAverage(0.9).append(values))
    plot.controls.smoothing.setCurrentText("Not smoothed")
    assert len(plot.loss.average.xData) == 0
    np.testing.assert_allclose(plot.loss.raw.yData, values)
    assert plot.loss.raw.opts["pen"].color() == QColor(theme.current().train)
    hover(plot, point_of(plot, 100))
    assert f"train {values[plot.loss.plot.step - 1]:.3f}" in readout(plot)
    assert "raw" not in readout(plot)


def test_a_gap_is_drawn_as_a_gap(plot) -> None:
    plot.append("loss", [1, 2, 3, 4], [3.0, np.nan, np.inf, 2.0])
    plot.append("validation", [2], [np.nan])
    plot.redraw()
    assert np.isnan(plot.loss.raw.yData).tolist() == [False, True, True, False]
    plot.grab()


def test_the_plan_goes_on_from_the_present_step(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.redraw()
    x, y = plot.rate.plan.xData, plot.rate.plan.yData
    assert 1240 <= x[0] <= 1245
    assert x[-1] == 2000
    assert y[-1] == SCHEDULE.min_lr
    np.testing.assert_array_equal(y, [learning_rate(int(step), SCHEDULE, 2000) for step in x])
    assert plot.rate.dot.data["x"].tolist() == [1240]
    assert "1,240" in plot.rate.present.text()


def test_marks_stand_at_their_steps_and_go_with_a_rewind(plot) -> None:
    train(plot, 1000)
    plot.mark("best", 300, lambda: "best so far")
    plot.mark("checkpoint", 500, lambda: "checkpoint 500")
    plot.mark("best", 700, lambda: "better still")
    plot.redraw()
    assert sorted(plot.loss.marks.data["x"]) == [500, 700]  # there is one best
    (_, _), (bottom, top) = plot.loss.plot.view.viewRange()
    at = dict(zip(plot.loss.marks.data["x"], plot.loss.marks.data["y"], strict=True))
    assert bottom < at[500] < bottom + 0.1 * (top - bottom)
    assert at[700] == pytest.approx(5.25 - 0.7)  # on the validation curve
    named = [entry.name for entry in plot.loss.legend.entries()]
    assert "best validation" in named
    assert "checkpoint" in named
    assert "setting changed" not in named
    plot.rewind(600)
    plot.redraw()
    assert plot.loss.marks.data["x"].tolist() == [500]
    assert plot.loss.raw.xData[-1] == 600
    assert plot.loss.validation.xData[-1] == 600


def test_the_panel_marks_what_is_there(qtbot, panel) -> None:
    class Told(QObject):
        """What a session tells, without a run behind it."""

        stepped, reported = Signal(list), Signal(object)

    told = Told()
    told.reported.connect(panel._reported)
    panel.plot.append("validation", [100, 200], [3.0, 2.5])
    for step, removed in ((100, ()), (200, ()), (300, (100,))):
        told.reported.emit(CheckpointSaved(step, False, 0.1, removed))
    told.reported.emit(EvaluationDone(200, Evaluation(2.5, 2.5, 3.6, 4), True))
    kinds = sorted((step, kind) for step, kind, _ in panel.plot.loss.marks._marks)
    assert kinds == [(200, "best"), (200, "checkpoint"), (300, "checkpoint")]  # that of 100 is gone
    hover(panel.plot, point_of(panel.plot, 200))
    assert "best validation 2.500, at step 200" in readout(panel.plot)


def test_the_numbers_below_are_whole_at_any_width(plot) -> None:
    train(plot, 1240)
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 1_000_000), 1_000_000)
    plot.controls.follow.setChecked(False)
    axis, canvas = plot.rate.plot.across, QImage(1, 1, QImage.Format.Format_RGB32)
    for last in range(1_000_000, 1_060_000, 2_000):
        plot.loss.plot.view.setXRange(0, last, padding=0)
        QApplication.processEvents()
        painter = QPainter(canvas)
        _, _, numbers = axis.generateDrawSpecs(painter)
        painter.end()
        assert len(numbers) > 2
        for place, _, number in numbers:
            assert axis.mapRectToScene(place).right() <= plot.rate.plot.viewport().width(), number


def test_the_step_axes_stand_in_line(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    loss, rate = plot.loss.plot.view, plot.rate.plot.view
    np.testing.assert_allclose(loss.viewRange()[0], rate.viewRange()[0], rtol=1e-9)
    assert loss.screenGeometry().left() == rate.screenGeometry().left()
    assert loss.width() == rate.width()


def test_a_switch_of_theme_recolours_everything(plot, qapp) -> None:
    train(plot, 300)
    plot.redraw()
    for name in ("light", "dark"):
        theme.apply(qapp, name)
        palette = theme.PALETTES[name]
        for curve, colour in (
            (plot.loss.raw, palette.train_raw),
            (plot.loss.average, palette.train),
            (plot.loss.validation, palette.validation),
            (plot.rate.raw, palette.rate),
        ):
            assert curve.opts["pen"].color() == QColor(colour)
        assert plot.loss.plot.left.textPen().color() == QColor(palette.muted)
        image = plot.loss.plot.grab().toImage()
        assert QColor(image.pixel(image.width() - 20, 30)) == QColor(palette.panel)
        colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert palette.train.lower() in colours
        assert palette.validation.lower() in colours


def test_controls_are_reached_by_keyboard_and_named(plot, qtbot) -> None:
    with qtbot.waitActive(plot):
        plot.activateWindow()
    controls = plot.controls
    reached = [
        controls.kind, controls.log, controls.smoothing, controls.show_button, controls.export_button,
        controls.follow, *(row.plot for row in plot.rows), *(row.log for row in plot.rows),
    ]  # fmt: skip
    for control in reached:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    plot.loss.log.setFocus()
    QTest.keyClick(plot.loss.log, Qt.Key.Key_Space)
    assert plot.loss.log.isChecked()
    controls.follow.setFocus()
    QTest.keyClick(controls.follow, Qt.Key.Key_Space)
    assert not controls.follow.isChecked()


def test_resizing_draws_at_the_new_resolution(plot) -> None:
    steps = np.arange(1, 100_001)
    plot.append("loss", steps, np.cos(steps))
    plot.redraw()
    few = len(plot.loss.raw.xData)
    plot.resize(1800, 700)
    QApplication.processEvents()
    assert len(plot.loss.raw.xData) > 1.5 * few


# --------------------------------------------------------------------------------------- The user's hand


def test_the_wheel_zooms_along_the_run_only_and_with_ctrl_the_height_only(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    before = ranges(plot)
    wheel(plot, 3)
    along = ranges(plot)
    assert np.ptp(along[0]) < np.ptp(before[0])
    np.testing.assert_array_equal(along[1], before[1])
    wheel(plot, 3, Qt.KeyboardModifier.ControlModifier)
    both = ranges(plot)
    np.testing.assert_array_equal(both[0], along[0])
    assert np.ptp(both[1]) < np.ptp(along[1])


def test_dragging_pans_and_dragging_along_an_axis_stretches_it(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    middle = plot.loss.plot.viewport().rect().center()
    wheel(plot, 3)
    before = ranges(plot)
    drag(plot, middle, middle - QPoint(60, 0))
    panned = ranges(plot)
    assert panned[0][0] > before[0][0]
    np.testing.assert_allclose(np.ptp(panned, axis=1), np.ptp(before, axis=1))
    on_axis = QPoint(20, middle.y())
    drag(plot, on_axis, on_axis - QPoint(0, 60))
    stretched = ranges(plot)
    np.testing.assert_array_equal(stretched[0], panned[0])
    assert np.ptp(stretched[1]) == pytest.approx(np.ptp(panned[1]) * 1.01**-60)
    below = QPoint(middle.x(), plot.loss.plot.height() - 6)
    drag(plot, below, below + QPoint(40, 0))
    along = ranges(plot)
    assert np.ptp(along[0]) < np.ptp(stretched[0])
    np.testing.assert_array_equal(along[1], stretched[1])
    np.testing.assert_allclose(plot.rate.plot.view.viewRange()[0], along[0])


def test_a_box_drawn_with_shift_is_what_is_shown_next(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    view = plot.loss.plot.view
    middle = plot.loss.plot.viewport().rect().center()
    corners = middle - QPoint(60, 30), middle + QPoint(60, 40)
    (left, top), (right, bottom) = (
        (point.x(), point.y())
        for point in (view.mapSceneToView(plot.loss.plot.mapToScene(corner)) for corner in corners)
    )
    drag(plot, *corners, held=Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_allclose(ranges(plot), [[left, right], [bottom, top]])
    np.testing.assert_allclose(plot.rate.plot.view.viewRange()[0], [left, right])
    assert not plot.controls.follow.isChecked()
    assert not view.rbScaleBox.isVisible()
    drag(plot, middle, middle + QPoint(60, 2), held=Qt.KeyboardModifier.ShiftModifier)  # too low to be meant
    np.testing.assert_allclose(ranges(plot), [[left, right], [bottom, top]])
    assert not view.rbScaleBox.isVisible()
    drag(plot, middle, middle - QPoint(60, 0))  # and without Shift it moves as ever
    np.testing.assert_allclose(np.ptp(ranges(plot), axis=1), [right - left, top - bottom])


def test_a_double_click_or_home_shows_all_again(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    whole = ranges(plot)
    wheel(plot, 5)
    QTest.mouseDClick(plot.loss.plot.viewport(), Qt.MouseButton.LeftButton)
    assert plot.controls.follow.isChecked()
    np.testing.assert_allclose(ranges(plot), whole)
    wheel(plot, 5)
    QTest.keyClick(plot.loss.plot, Qt.Key.Key_Home)
    np.testing.assert_allclose(ranges(plot), whole)


def test_keys_zoom_and_pan(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    before = ranges(plot)
    QTest.keyClick(plot.rate.plot, Qt.Key.Key_Plus)
    assert not plot.controls.follow.isChecked()
    along = ranges(plot)
    assert np.ptp(along[0]) == pytest.approx(np.ptp(before[0]) / 1.25)
    QTest.keyClick(plot.loss.plot, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert np.ptp(ranges(plot)[1]) == pytest.approx(np.ptp(along[1]) * 1.25)
    QTest.keyClick(plot.loss.plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert ranges(plot)[0][0] == pytest.approx(along[0][0] + np.ptp(along[0]) / 10)


# ------------------------------------------------------------------------------------ What runs along


@pytest.mark.parametrize(("kind", "each"), [("tokens", TOKENS), ("time", SECONDS)])
def test_the_curves_run_along_tokens_or_time(plot, kind, each) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000, TOKENS)
    train(plot, 1000)
    plot.controls.kind.setCurrentIndex(plot.controls.kind.findData(kind))
    np.testing.assert_allclose(plot.loss.raw.xData[[0, -1]], [each, 1000 * each])
    np.testing.assert_allclose(plot.loss.validation.xData, np.arange(100, 1001, 100) * each)
    assert plot.rate.plan.xData[-1] == pytest.approx(2000 * each)
    first, last = ranges(plot)[0]
    assert first == 0
    assert last >= 1000 * each
    hover(plot, point_of(plot, 500 * each))
    step = plot.loss.plot.step
    assert abs(step - 500) <= 5
    assert f"step {step} · " in readout(plot)
    assert f"train {5 - step / 1000:.1f}" in readout(plot)
    train(plot, 1200, first=1001)
    plot.redraw()
    assert plot.loss.raw.xData[-1] == pytest.approx(1200 * each)
    plot.rewind(600)
    plot.redraw()
    assert plot.loss.raw.xData[-1] == pytest.approx(600 * each)


def test_steps_that_took_unequal_tokens_lie_where_their_tokens_are(plot) -> None:
    steps = np.arange(1, 201)
    tokens = np.where(steps <= 100, 10, 1000)
    plot.append("loss", steps, 3 - steps / 100)
    plot.advance(steps, tokens, np.ones(200))
    plot.controls.kind.setCurrentIndex(plot.controls.kind.findData("tokens"))
    drawn = plot.loss.raw.xData >= 21_000  # at the left there are many steps to a pixel
    np.testing.assert_allclose(plot.loss.raw.xData[drawn], np.cumsum(tokens)[119:])
    np.testing.assert_allclose(plot.loss.raw.yData[drawn], 3 - steps[119:] / 100)


def test_a_logarithmic_run_gives_each_decade_its_room_and_detail(plot) -> None:
    steps = np.arange(1, 1_000_001)
    plot.append("loss", steps, 3 + np.cos(steps))
    plot.controls.log.setChecked(True)
    x = plot.loss.raw.xData
    assert x[0] == 0
    assert x[-1] == pytest.approx(6, abs=0.02)
    for step in range(1, 20):  # not lost in a bucket
        assert np.isclose(x, np.log10(step)).any()
    width = plot.loss.plot.view.width() * plot.devicePixelRatioF()
    assert len(x) <= 4 * width + 8 * 24
    hover(plot, point_of(plot, 3.0))
    assert abs(plot.loss.plot.step - 1000) < 30
    wheel(plot, 5)
    seen = ranges(plot)[0]
    plot.controls.log.setChecked(False)
    np.testing.assert_allclose(ranges(plot)[0], 10**seen, rtol=1e-6)  # the same steps


# ------------------------------------------------------------------------------------------ What is shown


def test_rows_and_parts_are_shown_as_the_menu_has_it(plot) -> None:
    plot.set_vocabulary(104)
    train(plot, 500)
    plot.mark("checkpoint", 300, lambda: "checkpoint at step 300")
    plot.redraw()
    shown = plot.controls.shown
    assert [row.name for row in plot.shown_rows()] == ["loss", "rate"]
    shown["grad_norm"].trigger()
    shown["pace"].trigger()
    QApplication.processEvents()
    assert [row.name for row in plot.shown_rows()] == ["loss", "rate", "grad_norm", "pace"]
    np.testing.assert_allclose(plot.gradient.raw.yData, 0.5 + 1 / np.arange(1, 501))
    np.testing.assert_allclose(plot.pace.raw.yData, TOKENS / SECONDS)
    for row in plot.shown_rows():
        np.testing.assert_allclose(row.plot.view.viewRange()[0], ranges(plot)[0])
        assert row.plot.view.screenGeometry().left() == plot.loss.plot.view.screenGeometry().left()
    hover(plot, point_of(plot, 300))
    assert "gradient norm 0.5" in readout(plot)
    assert "3.07k tokens/s" in readout(plot)
    assert "checkpoint at step 300" in readout(plot)
    shown["rate"].trigger()
    assert not plot.rate.isVisible()
    shown["validation"].trigger()
    assert not plot.loss.validation.isVisible()
    shown["marks"].trigger()
    assert not plot.loss.marks.isVisible()
    hover(plot, point_of(plot, 301))
    for told in ("rate", "validation", "checkpoint"):
        assert told not in readout(plot)
    plot.set_guessing(Guessing(3.31, 2.47))
    lines = plot.loss.landmarks.each
    assert [line.isVisible() for line in lines] == [True] * 3
    np.testing.assert_allclose([line.value() for line in lines], [np.log(104), 3.31, 2.47])
    for line, told in zip(lines, ("ln 104 = 4.64", "unigrams 3.31", "bigrams 2.47"), strict=True):
        assert told in line.label.toPlainText()
    shown["landmarks"].trigger()
    assert not any(line.isVisible() for line in lines)


def test_labels_of_landmarks_that_come_close_give_way_to_the_first(plot) -> None:
    plot.set_vocabulary(104)
    plot.set_guessing(Guessing(3.31, 2.47))
    lines = plot.loss.landmarks.each

    def labels() -> list[bool]:
        return [line.isVisible() and line.label.isVisible() for line in lines]

    view = plot.loss.plot.view
    view.setYRange(0, 5)
    assert labels() == [True, True, True]
    view.setYRange(0, 2000)
    assert labels() == [True, False, False]
    high = view.height() / 24  # of a view in which 24 pixels are 1
    view.setYRange(2.9 - high / 2, 2.9 + high / 2, padding=0)  # the label below 3.31 and the one above 2.47
    assert labels() == [True, True, False]
    plot.set_vocabulary(None)
    assert labels() == [False, True, False]
    view.setYRange(0, 5)
    assert labels() == [False, True, True]
    plot.clear()
    assert labels() == [False, False, False]


@pytest.mark.parametrize("width", [560, 700, 1200])
def test_the_legend_is_whole_at_any_width(plot, width) -> None:
    train(plot, 400)
    for kind in ("best", "checkpoint", "change", "resume"):
        plot.mark(kind, 200, lambda kind=kind: kind)
    plot.resize(width, 700)
    plot.overlay(other_runs(plot, "one", "a run of quite another name", "a third"))
    plot.redraw()
    QApplication.processEvents()
    entries = plot.loss.legend.entries()
    assert len(entries) == 10
    for entry in entries:
        assert plot.loss.legend.rect().contains(entry.geometry())
        assert entry.visibleRegion().boundingRect() == entry.rect()
    assert plot.loss.legend.geometry().bottom() < plot.loss.plot.geometry().top()


def test_the_rate_is_never_smoothed_but_gradient_and_pace_are(plot) -> None:
    for name in ("grad_norm", "pace"):
        plot.controls.shown[name].setChecked(True)
    train(plot, 300)
    plot.redraw()
    gradient = 0.5 + 1 / np.arange(1, 301)
    np.testing.assert_allclose(plot.gradient.average.yData, MovingAverage(0.97).append(gradient))
    np.testing.assert_array_equal(
        plot.rate.raw.yData, [learning_rate(step, SCHEDULE, 2000) for step in range(1, 301)]
    )
    assert len(plot.rate.average.xData) == 0


# -------------------------------------------------------------------------------------------- Other runs


def figures(
    last: int, loss: float = 4.0, tokens: int = 2 * TOKENS
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The record of another run, at a constant loss."""
    steps = np.arange(1, last + 1)
    return {
        "loss": (steps, np.full(last, loss)),
        "validation": (steps[99::100], np.full(last // 100, loss + 0.5)),
        "rate": (steps, np.full(last, 1e-3)),
        "grad_norm": (steps, np.ones(last)),
        "tokens": (steps, np.full(last, tokens)),
        "seconds": (steps, np.ones(last)),
    }


def other_runs(plot: LiveCurves, *names: str, last: int = 500) -> list[OtherRun]:
    return [OtherRun(name, i, figures(last, 4.0 + i), plot.scale, 0.97) for i, name in enumerate(names)]


def test_other_runs_are_laid_over_and_told_apart(plot) -> None:
    train(plot, 400)
    plot.overlay(other_runs(plot, "one", "two <b>"))
    (first, one), (second, two) = plot.loss.others
    assert (first.name, second.name) == ("one", "two <b>")
    np.testing.assert_allclose(one.yData, 4.0)
    np.testing.assert_allclose(two.yData, 5.0)
    assert one.opts["pen"].color() != two.opts["pen"].color()
    assert one.opts["pen"].dashPattern() != two.opts["pen"].dashPattern()
    named = [entry.name for entry in plot.loss.legend.entries()]
    assert named[-2:] == ["one", "two <b>"]
    assert ranges(plot)[0][1] >= 500  # Follow shows the longer run too
    hover(plot, point_of(plot, 300))
    assert told_of_others(plot) == {
        "● one": {"train": "4.000", "validation": "4.500", "rate": "1e-3"},
        "● two <b>": {"train": "5.000", "validation": "5.500", "rate": "1e-3"},
    }
    hover(plot, point_of(plot, 450))
    assert told_of_others(plot)["● one"]["train"] == "4.000"
    plot.controls.kind.setCurrentIndex(plot.controls.kind.findData("tokens"))
    assert one.xData[-1] == 500 * 2 * TOKENS
    assert ranges(plot)[0][1] >= 500 * 2 * TOKENS
    plot.overlay([])
    assert plot.loss.others == []
    assert [entry.name for entry in plot.loss.legend.entries()][-1] not in ("one", "two <b>")
    assert one.scene() is None


def test_a_click_on_its_name_hides_a_run_or_the_validation(plot) -> None:
    train(plot, 400)
    plot.overlay([*other_runs(plot, "one", last=2000), *other_runs(plot, "two & a half", last=300)])
    one = plot.loss.other_entries[0]

    def click(entry: LegendEntry) -> np.ndarray:
        before = entry.grab().toImage()
        QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
        QApplication.processEvents()
        assert entry.isVisible()  # to be clicked again
        assert entry.grab().toImage() != before
        return ranges(plot)

    def drawn(name: str) -> set[bool]:
        """Whether its curves are drawn."""
        rows = [curve for row in plot.rows for run, curve in row.others if run.name == name]
        place = [run.name for run in plot.others].index(name)
        return {curve.isVisible() for curve in [*rows, plot.loss.validations[place]]}

    assert ranges(plot)[0][1] >= 2000
    assert click(one)[0][1] < 2000  # Follow shows what there is to see
    assert (drawn("one"), drawn("two & a half")) == ({False}, {True})
    hover(plot, point_of(plot, 100))
    hover(plot, point_of(plot, 200))
    assert list(told_of_others(plot)) == ["● two & a half"]
    offered = {action.text(): action.isChecked() for action in plot.controls.show_menu.actions()[-2:]}
    assert offered == {"one": False, "two && a half": True}
    click(plot.loss.validation_entry)
    assert not plot.loss.validation.isVisible()
    assert not any(curve.isVisible() for curve in plot.loss.validations)
    click(plot.loss.validation_entry)
    assert drawn("one") == {False}
    assert drawn("two & a half") == {True}
    plot.overlay([*other_runs(plot, "three", "one"), *other_runs(plot, "two & a half")])
    assert [run.name for run in plot.others if not run.shown] == ["one"]  # as it was left
    assert drawn("one") == {False}
    assert drawn("three") == {True}
    plot.controls.runs[1].trigger()  # by the menu, for those who have no mouse
    assert drawn("one") == {True}
    QTest.mouseClick(plot.loss.raw_entry, Qt.MouseButton.LeftButton)  # which names what is always drawn
    assert plot.loss.raw.isVisible()


def told_of_others(plot: LiveCurves) -> dict[str, dict[str, str]]:
    """The readout's table: by the run's name its figures, by the name of their column."""
    rows = re.findall("<tr>(.*?)</tr>", plot.readout.text())
    cells = [[unescape(re.sub("<.*?>", "", cell)) for cell in re.findall("<td.*?</td>", row)] for row in rows]
    return {row[0]: dict(zip(cells[0][1:], row[1:], strict=True)) for row in cells[1:]}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_crosshair_reads_out_every_series_of_every_run(plot, qapp, qtbot, name) -> None:
    theme.apply(qapp, name)
    train(plot, 400)
    names = ["short", *(f"a run of quite a long name, as forks have them {i}" for i in range(6))]
    runs = [OtherRun(each, i, figures(450), plot.scale, 0.97) for i, each in enumerate(names)]
    steps = np.arange(1, 451)
    given = figures(450) | {
        "loss": (steps, 5 - steps / 100), "rate": (steps, steps * 1e-5), "grad_norm": (steps, steps / 100),
        "tokens": (steps, 1000 * steps),
    }  # fmt: skip
    runs[0] = OtherRun("short", 0, given, plot.scale, 0.97)
    plot.overlay(runs)
    for row in ("grad_norm", "pace"):
        plot.controls.shown[row].setChecked(True)
    hover(plot, point_of(plot, 200))
    hover(plot, point_of(plot, 300))
    step = plot.loss.plot.step
    at = slice(0, step)
    average = {key: MovingAverage(0.97).append(given[key][1][at])[-1] for key in ("loss", "grad_norm")}
    pace = MovingAverage(0.97).append(1000.0 * steps[at])[-1]
    told = told_of_others(plot)
    assert told["● short"] == {
        "train": f"{average['loss']:.3f}",
        "validation": "4.500",
        "rate": format_rate(step * 1e-5),
        "gradient norm": f"{average['grad_norm']:.3g}",
        "tokens/s": f"{pace / 1000:.3g}k",
    }
    assert len(told) == 7
    assert all(run.colour(name) in plot.readout.text() for run in runs)
    assert plot.rect().contains(plot.readout.geometry())
    assert plot.readout.width() >= plot.readout.sizeHint().width()  # nothing is cut off within it
    assert plot.readout.height() >= plot.readout.sizeHint().height()
    plot.controls.shown["rate"].setChecked(False)
    plot.controls.shown["validation"].setChecked(False)
    hover(plot, point_of(plot, 301))
    assert list(told_of_others(plot)["● short"]) == ["train", "gradient norm", "tokens/s"]
    with qtbot.waitActive(plot):
        plot.activateWindow()
    plot.gradient.plot.setFocus()
    QTest.keyClick(plot.gradient.plot, Qt.Key.Key_Left)
    said = plot.gradient.plot.accessibleDescription()
    assert re.search(r"^short: train [\d.]+, gradient norm [\d.]+, tokens/s [\d.]+k$", said, re.MULTILINE)


def test_a_readout_wider_than_the_plots_is_wrapped(plot) -> None:
    plot.resize(380, 700)
    train(plot, 400)
    plot.overlay(other_runs(plot, "WWWWWW " * 6))
    for row in ("grad_norm", "pace"):
        plot.controls.shown[row].setChecked(True)
    hover(plot, point_of(plot, 300))
    assert plot.rect().contains(plot.readout.geometry())
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(plot.readout.font())
    document.setHtml(plot.readout.text())
    document.setTextWidth(plot.readout.contentsRect().width())
    assert document.size().width() <= plot.readout.contentsRect().width()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_other_runs_colours_can_be_told_apart_by_the_colour_blind(name) -> None:
    """Machado, Oliveira and Fernandes (2009), severity 1; distances in CIELAB."""
    kinds = {
        "protan": [
            [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
        ],
        "deutan": [
            [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
        ],
        "tritan": [
            [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
        ],
    }  # fmt: skip
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])

    def linear(colour: str) -> np.ndarray:
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)

    def lab(light: np.ndarray) -> np.ndarray:
        f = np.cbrt(np.maximum(to_xyz @ np.clip(light, 0, 1) / [0.9505, 1, 1.089], 1e-6))
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    palette = theme.PALETTES[name]
    colours = [linear(colour) for colour in (*COLOURS[name], palette.train)]
    for matrix in kinds.values():
        seen = [lab(np.array(matrix) @ colour) for colour in colours]
        for i, one in enumerate(seen):
            assert all(np.linalg.norm(one - other) > 10 for other in seen[:i])
    luminance = [to_xyz[1] @ colour for colour in colours]
    ground = to_xyz[1] @ linear(palette.panel)
    for each in luminance:
        assert (max(each, ground) + 0.05) / (min(each, ground) + 0.05) >= 3
    looks = {(run.colour(name), run.dash) for run in (OtherRun("", i, {}, Scale(), 0) for i in range(20))}
    assert len(looks) == 20


# ----------------------------------------------------------------------------------------- In the panel


@pytest.fixture
def panel(qtbot, qapp) -> CurvesPanel:
    theme.apply(qapp, "dark")
    made = CurvesPanel(Draft(), Workspace())
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    qtbot.waitExposed(made)
    yield made
    QThreadPool.globalInstance().waitForDone()
    QApplication.processEvents()


def record(path: Path, last: int) -> Path:
    """The record of a run at a constant loss, written as training writes it."""
    with closing(Recorder(path)) as recorder:
        for step in range(1, last + 1):
            recorder.add(step, loss=2.0, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
        recorder.add(last, validation=2.25)
    return path


def test_before_a_run_the_schedule_is_drawn_whatever_else_is_at_fault(panel) -> None:
    def drawn() -> tuple[int, float]:
        plan = panel.plot.rate.plan
        return plan.max_steps, plan.curve(draft.values["schedule.warmup_steps"])

    draft = panel._draft
    draft.load(from_toml(resources.presets()["notebook"]), "notebook")
    assert "data.source" in draft.faults  # there is no input.txt here
    assert drawn() == (draft.values["train.max_steps"], draft.values["schedule.max_lr"])
    draft.set("train.max_steps", 4000)
    draft.set("model.num_heads", 5)
    draft.set("train.batch_size", "many")
    draft.set("schedule.max_lr", 1e-3)
    assert drawn() == (4000, 1e-3)
    draft.settle()
    draft.set("schedule.max_lr", 50.0)  # above the limit
    assert drawn() == (4000, 1e-3)


def test_runs_are_read_from_their_records_and_what_cannot_be_is_told(qtbot, panel, tmp_path) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"no record")
    with qtbot.waitSignal(panel.told):
        panel.overlay(
            [("mine", record(tmp_path / "record.sqlite", 40)), ("broken", tmp_path / "broken.sqlite"),
             ("given", figures(200))]
        )  # fmt: skip
    ((mine, curve), (given, _)) = panel.plot.loss.others
    assert (mine.name, given.name) == ("mine", "given")
    np.testing.assert_allclose(curve.yData, 2.0)
    assert curve.xData[-1] == 40
    assert mine.timeline.totals([40])[0] == 40 * TOKENS
    assert panel.message.isVisible()
    assert panel.message.text().startswith("broken cannot be shown: ")
    with qtbot.waitSignal(panel.told):
        panel.overlay([])
    assert not panel.plot.others
    assert not panel.message.isVisible()


def test_runs_with_other_tokenizers_compare_in_bits_per_byte(qtbot, panel, config, tmp_path) -> None:
    """One that trains, and one laid over it: validated by the same text, of which they count other tokens."""
    text = Path(config.data.source)
    text.write_text(4 * text.read_text(encoding="utf-8"), encoding="utf-8")
    runs = {}
    for kind in ("characters", "bpe"):
        runs[kind] = create(config.replace({"data.tokenizer": kind}), tmp_path / kind)
    worker = Worker(runs["bpe"], Control(), lambda report: None)
    worker.work()
    assert worker.error is None
    session = panel._workspace.look(runs["characters"].folder)
    panel._workspace.enter(session)
    qtbot.waitUntil(lambda: session.state == "stopped", timeout=WAIT)
    session.resume()
    qtbot.waitUntil(lambda: session.state == "finished", timeout=WAIT)
    plot = panel.plot
    panel.overlay([("bpe", runs["bpe"].record_path)])
    qtbot.waitUntil(lambda: len(plot.others) == 1, timeout=WAIT)
    assert not plot.bits.isVisible()
    told = "Loss is counted in other tokens by bpe: bits per byte, under Show, are what compares."
    assert panel.message.text() == told
    panel.overlay([("itself", runs["characters"].record_path)])
    qtbot.waitUntil(lambda: [run.name for run in plot.others] == ["itself"], timeout=WAIT)
    assert not panel.message.isVisible()
    panel.overlay([("bpe", runs["bpe"].record_path)])
    qtbot.waitUntil(lambda: [run.name for run in plot.others] == ["bpe"], timeout=WAIT)
    plot.controls.shown["bits_per_byte"].trigger()
    qtbot.waitUntil(plot.bits.isVisible)
    plot.redraw()
    ((_, over),) = plot.bits.others
    for curve, run in ((plot.bits.raw, runs["characters"]), (over, runs["bpe"])):
        with closing(RecordView(run.record_path)) as view:
            steps, bits = view.series("bits_per_byte")
        assert len(steps) >= 4
        np.testing.assert_allclose(curve.xData, steps)
        np.testing.assert_allclose(curve.yData, bits)
    taken = {each.run: each.columns["bits_per_byte"] for each in export.take_figures(plot, "characters")}
    np.testing.assert_allclose(taken["bpe"][1], bits)
    with qtbot.waitSignal(session.closed, timeout=WAIT):
        session.close()
    panel._workspace.leave()


def test_the_overlay_asked_for_last_is_the_one_shown(qtbot, panel) -> None:
    told = []
    panel.told.connect(told.append)
    panel.overlay([("first", figures(100))])
    panel.overlay([("second", figures(100)), ("third", figures(100))])
    qtbot.waitUntil(lambda: len(told) == 2)
    assert [run.name for run in panel.plot.others] == ["second", "third"]


def test_a_run_laid_over_goes_on_when_the_open_one_changes(qtbot, panel) -> None:
    with qtbot.waitSignal(panel.told):
        panel.overlay([("one", figures(100))])
    panel.plot.clear()
    panel.plot.redraw()
    assert [run.name for run, _ in panel.plot.loss.others] == ["one"]
    assert not panel.plot.loss.empty.isVisible()


def save_as(qtbot, panel: CurvesPanel, monkeypatch, path: Path, index: int) -> None:
    """Choose the export at `index` of the menu, and `path` in the dialog."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.plot.controls.export_menu.actions()[index].trigger()
    qtbot.waitUntil(lambda: "Saved as" in panel.message.text() or "cannot be written" in panel.message.text())


def test_curves_are_saved_as_a_picture_a_drawing_and_figures(qtbot, panel, monkeypatch, tmp_path) -> None:
    train(panel.plot, 400)
    panel.plot.mark("checkpoint", 300, lambda: "checkpoint at step 300")
    panel.plot.overlay(other_runs(panel.plot, "other"))
    panel.plot.redraw()
    save_as(qtbot, panel, monkeypatch, tmp_path / "curves.png", 0)
    image = QImage(str(tmp_path / "curves.png"))
    assert image.width() > 1.9 * panel.plot.column.width()
    found = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 2)}
    palette = theme.current()
    assert {palette.train.lower(), palette.validation.lower(), palette.rate.lower(), palette.panel} <= found

    save_as(qtbot, panel, monkeypatch, tmp_path / "curves.svg", 1)
    drawing = ElementTree.parse(tmp_path / "curves.svg")
    texts = [text for element in drawing.iter() if (text := (element.text or "").strip())]
    for text in ("Loss", "Learning rate", "train", "validation", "checkpoint", "other"):
        assert text in texts
    lines = [e for e in drawing.iter() if e.tag.endswith(("polyline", "path"))]
    assert len(lines) > 10
    assert not [e for e in drawing.iter() if e.tag.endswith(("image", "pattern"))]  # marks are drawn too

    save_as(qtbot, panel, monkeypatch, tmp_path / "curves.csv", 2)
    with open(tmp_path / "curves.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    own = [row for row in rows if row["run"] != "other"]
    assert len(own) == 400
    assert len(rows) == 900
    assert [float(row["loss"]) for row in own] == panel.plot.loss.series.points.values.tolist()
    assert float(own[299]["validation"]) == 5.25 - 0.3
    assert own[298]["validation"] == ""
    assert float(own[9]["tokens"]) == 10 * TOKENS
    assert float(own[9]["tokens_per_second"]) == TOKENS / SECONDS
    assert float(own[9]["learning_rate"]) == learning_rate(10, SCHEDULE, 2000)


def test_figures_are_saved_as_they_were_when_that_was_asked(plot, tmp_path) -> None:
    train(plot, 400)
    plot.overlay(other_runs(plot, "other"))
    plot.redraw()
    average = plot.loss.series.average.values.tolist()
    taken = export.take_figures(plot, "mine")
    plot.rewind(100)  # meanwhile, before they are written
    plot.append("loss", np.arange(101, 1001), np.full(900, 9.0))
    plot.advance(np.arange(101, 1001), np.full(900, 1), np.full(900, 1.0))
    plot.append("validation", [200], [9.0])
    plot.redraw()
    export.save_figures(taken, tmp_path / "curves.csv")
    with open(tmp_path / "curves.csv", encoding="utf-8", newline="") as file:
        own = [row for row in csv.DictReader(file) if row["run"] == "mine"]
    assert [int(row["step"]) for row in own] == list(range(1, 401))
    assert [float(row["loss"]) for row in own] == [5 - step / 1000 for step in range(1, 401)]
    assert [float(row["loss_smoothed"]) for row in own] == average
    assert [row["tokens"] for row in own] == [str(step * TOKENS) for step in range(1, 401)]
    assert float(own[199]["validation"]) == 5.25 - 0.2


@pytest.mark.parametrize("index", [0, 1, 2])
def test_what_cannot_be_saved_is_told_in_place(qtbot, panel, monkeypatch, tmp_path, index) -> None:
    train(panel.plot, 100)
    save_as(qtbot, panel, monkeypatch, tmp_path / "nowhere" / "curves", index)
    assert "cannot be written (No such file or directory)" in panel.message.text()
    assert panel.message.property("role") == "fault"


def test_a_long_history_comes_from_another_thread_before_what_is_told_meanwhile(
    qtbot, panel, config, monkeypatch
) -> None:
    """Beyond LONG steps; here that is a few, so that the record is quickly made."""
    run = create(config)
    with closing(Recorder(run.record_path)) as recorder:
        for step in range(1, 301):
            recorder.add(step, loss=5 - step / 1000, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
            if step % 100 == 0:
                recorder.add(step, validation=4.0 - step / 1000)
                recorder.event("evaluation", step, windows=4, best=True)
        recorder.event("checkpoint", 200, best=True, removed=[])
    monkeypatch.setattr("workbench.panels.curves.LONG", 100)
    workspace = panel._workspace
    workspace.session = Session(run, read_history(run), train=False, parent=workspace)
    with qtbot.waitSignal(panel.told):
        workspace.sessionChanged.emit()
        assert len(panel.plot._series["loss"]) == 0  # not yet
        workspace.session.stepped.emit([StepDone(301, 4.0, 1e-3, 1.0, TOKENS, SECONDS)])
    plot = panel.plot
    np.testing.assert_array_equal(plot._series["loss"].steps, np.arange(1, 302))
    assert plot._series["loss"].values[-1] == 4.0
    assert plot._series["grad_norm"].values.tolist() == [1.0] * 301
    assert plot.timeline.totals([301])[0] == 301 * TOKENS
    losses = np.append(5 - np.arange(1, 301) / 1000, 4.0)
    np.testing.assert_allclose(plot.loss.average.yData, MovingAverage(0.97).append(losses))
    kinds = sorted((step, kind) for step, kind, _ in plot.loss.marks._marks)
    assert kinds == [(200, "checkpoint"), (300, "best")]
    workspace.session = None
    workspace.sessionChanged.emit()
    assert len(plot._series["loss"]) == 0
    assert plot.loss.marks._marks == []


# ------------------------------------------------------------------------------------------- Resume marks


def told(step: int) -> StepDone:
    return StepDone(step, 4.0, 1e-3, 1.0, TOKENS, SECONDS)


def marks(panel: CurvesPanel, kind: str) -> list[int]:
    return sorted(step for step, of, _ in panel.plot.loss.marks._marks if of == kind)


@contextmanager
def opened(panel: CurvesPanel, session: Session) -> Iterator[Callable[..., None]]:
    """The session is open in the panel; what is called with reports tells them, as its worker would."""
    workspace = panel._workspace
    workspace.session = session
    workspace.sessionChanged.emit()

    def tell(*reports: Report) -> None:
        session._reports.extend(reports)
        session.drain()

    yield tell
    workspace.session = None
    workspace.sessionChanged.emit()


def ready(config: Config, step: int) -> Ready:
    return Ready(step, config, Resolved("cpu", "fp32", 1, False, 30), "CPU", 1000, 2000, 200)


def resumed_run(config: Config, *sittings: tuple[int, int]) -> Run:
    """A run that was trained from each step to another, and the record of that."""
    run = create(config)
    with closing(Recorder(run.record_path)) as recorder:
        for begin, end in sittings:
            recorder.begin_segment(begin)
            for step in range(begin + 1, end + 1):
                recorder.add(step, loss=2.0, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
    return run


def test_each_step_where_training_was_begun_anew_is_marked(panel, config) -> None:
    # Opened without training at 30 and 55; what came after 55 was never saved.
    run = resumed_run(config, (0, 30), (30, 30), (30, 50), (50, 60), (55, 55))
    with opened(panel, Session(run, read_history(run), train=False)) as tell:
        tell(ready(config, 55), StateChanged("stopped"))
        assert marks(panel, "resume") == [30, 50]  # opening it is no resume
        tell(StateChanged("training"))
        assert marks(panel, "resume") == [30, 50]  # not yet
        tell(told(56), StateChanged("paused"), StateChanged("training"), told(57))
        assert marks(panel, "resume") == [30, 50, 55]  # and a pause is none
        tell(StateChanged("stopped"), StateChanged("training"), told(58))
        assert marks(panel, "resume") == [30, 50, 55, 57]
        hover(panel.plot, point_of(panel.plot, 50))
        assert "resumed at step 50" in readout(panel.plot)
        assert "resumed" in [entry.name for entry in panel.plot.loss.legend.entries()]


def test_a_run_that_goes_on_from_an_earlier_checkpoint_is_marked_there_alone(panel, config) -> None:
    run = resumed_run(config, (0, 30), (20, 40), (35, 36))
    with opened(panel, Session(run, read_history(run), train=True)) as tell:
        assert marks(panel, "resume") == [20, 35]
        tell(ready(config, 20), StateChanged("training"))
        assert marks(panel, "resume") == []
        tell(told(21))
        assert marks(panel, "resume") == [20]


def test_a_new_run_has_no_resume(panel, config) -> None:
    run = resumed_run(config, (0, 0))
    with opened(panel, Session(run, read_history(run), train=True)) as tell:
        tell(ready(config, 0), StateChanged("training"), told(1), told(2))
        assert marks(panel, "resume") == []


def test_a_resume_in_another_process_is_marked_while_that_is_watched(panel, config) -> None:
    run = resumed_run(config, (0, 30), (30, 50))
    with run.lock(), opened(panel, WatchedSession(run, backfill(run))):
        session = panel._workspace.session
        session.start()
        assert marks(panel, "resume") == [30]
        with closing(Recorder(run.record_path)) as recorder:
            recorder.begin_segment(50)
            session.follow()
            assert marks(panel, "resume") == [30]
            recorder.add(51, loss=3.0, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
            recorder.flush()
        session.follow()
        assert marks(panel, "resume") == [30, 50]
        assert panel.plot._series["loss"].steps.tolist() == list(range(1, 52))
        session.close()


@contextmanager
def trained_elsewhere(config: Config, hold_at: int) -> Iterator[tuple[Run, Callable[[], None]]]:
    """A run that a worker of its own trains; it waits at the checkpoint of a step until it is let go on."""
    run, held, go_on = create(config), threading.Event(), threading.Event()

    def report(report: Report) -> None:
        if isinstance(report, CheckpointSaved) and report.step == hold_at:
            held.set()
            go_on.wait()

    thread = threading.Thread(target=Worker(run, Control(), report).work)
    thread.start()
    try:
        assert held.wait(WAIT / 1000)
        yield run, go_on.set
    finally:
        go_on.set()
        thread.join()


def test_the_star_of_a_watched_run_is_where_its_best_validation_is(qtbot, panel, config) -> None:
    with trained_elsewhere(config, hold_at=10) as (run, go_on):
        watched = WatchedSession(run, backfill(run))
        with opened(panel, watched):
            watched.start()
            assert marks(panel, "best") == [10]
            go_on()
            qtbot.waitUntil(lambda: watched.state == "finished", timeout=WAIT)
            best = summarize(run.folder).best_step
            assert best > 10
            assert marks(panel, "best") == [best]
            assert watched.evaluation.windows == config.train.eval_windows
            watched.close()


def test_a_run_laid_over_grows_while_it_is_trained_elsewhere(qtbot, panel, config, monkeypatch) -> None:
    readers = set()
    read = RecordView.news

    def news(view: RecordView, cursor: Cursor | None):
        readers.add(threading.current_thread())
        return read(view, cursor)

    monkeypatch.setattr(RecordView, "news", news)
    with trained_elsewhere(config, hold_at=10) as (run, go_on):
        with qtbot.waitSignal(panel.told):
            panel.overlay([("other", run.record_path)])
        ((other, curve),) = panel.plot.loss.others
        assert other.last == 10
        go_on()
        qtbot.waitUntil(lambda: other.last == 40, timeout=WAIT)
        qtbot.waitUntil(lambda: len(other.validation) == 4, timeout=WAIT)
    assert panel.plot.others == [other]  # it was not read anew
    with closing(RecordView(run.record_path)) as view:
        for name in ("loss", "rate", "grad_norm"):
            for mine, told in zip(
                (other.series[name].points.steps, other.series[name].points.values), view.series(name),
                strict=True,
            ):  # fmt: skip
                np.testing.assert_array_equal(mine, told)
        np.testing.assert_array_equal(other.validation.values, view.series("validation")[1])
    assert other.timeline.totals([40])[0] == 40 * 128  # 2 batches of 4 windows of 16
    assert curve.xData[-1] == 40
    assert ranges(panel.plot)[0][1] >= 40
    assert readers
    assert threading.main_thread() not in readers


def test_a_run_laid_over_that_goes_back_is_shown_as_it_now_is(qtbot, panel, config) -> None:
    run = resumed_run(config, (0, 30))
    with closing(Recorder(run.record_path)) as recorder:
        with qtbot.waitSignal(panel.told):
            panel.overlay([("other", run.record_path)])
        assert panel.plot.others[0].last == 30
        recorder.begin_segment(20)
        recorder.add(21, loss=5.0, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
        recorder.flush()
        qtbot.waitUntil(lambda: panel.plot.others[0].last == 21, timeout=WAIT)
    assert panel.plot.others[0].series["loss"].points.values.tolist() == [2.0] * 20 + [5.0]


def test_a_run_laid_over_whose_record_goes_is_told_and_stays(qtbot, panel, tmp_path) -> None:
    path = record(tmp_path / "record.sqlite", 40)
    with qtbot.waitSignal(panel.told):
        panel.overlay([("other", path)])
    path.unlink()
    qtbot.waitUntil(panel.message.isVisible, timeout=WAIT)
    assert panel.message.text().startswith("other cannot be shown: ")
    assert [run.name for run in panel.plot.others] == ["other"]
    assert not panel._followed


@pytest.mark.parametrize("trouble", [OSError("busy"), GPTCoreError("run_in_use", path="other")])
def test_a_run_laid_over_that_cannot_be_read_for_a_moment_grows_on(
    qtbot, panel, tmp_path, monkeypatch, trouble
) -> None:
    path = record(tmp_path / "record.sqlite", 40)
    panel.overlay([("other", path)])
    qtbot.waitUntil(lambda: len(panel.plot.others) == 1, timeout=WAIT)
    read, troubled = OtherRecord.news, threading.Event()

    def news(other: OtherRecord):
        if not troubled.is_set():
            troubled.set()
            raise trouble
        return read(other)

    monkeypatch.setattr(OtherRecord, "news", news)
    qtbot.waitUntil(troubled.is_set, timeout=WAIT)
    with closing(Recorder(path)) as recorder:
        recorder.add(41, loss=5.0, rate=1e-3, grad_norm=1.0, tokens=TOKENS, seconds=SECONDS)
    qtbot.waitUntil(lambda: panel.plot.others[0].last == 41, timeout=WAIT)
    assert not panel.message.isVisible()
