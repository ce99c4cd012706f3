"""The live plots: what is drawn is what was given, at screen resolution, and the user's hand comes first."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gpt_core.config import ScheduleConfig
from gpt_core.schedule import learning_rate
from workbench import theme
from workbench.plots.axes import LossAxis, RateAxis, StepAxis, format_rate
from workbench.plots.loss_and_rate import LossAndRatePlot
from workbench.plots.pyramid import Pyramid
from workbench.plots.ranges import follow_steps, follow_values, nice_above
from workbench.plots.schedule_preview import SchedulePreview
from workbench.plots.smoothing import SHARE, MovingAverage

SCHEDULE = ScheduleConfig(max_lr=2e-3, min_lr=2e-4, warmup_steps=100)
numbers = st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.just(np.inf))


@st.composite
def series(draw: st.DrawFn, most: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Ascending steps, near or far apart, and values with gaps among them."""
    gaps = draw(st.lists(st.integers(1, draw(st.sampled_from([1, 3, 1000]))), max_size=most))
    values = draw(st.lists(numbers, min_size=len(gaps), max_size=len(gaps)))
    return np.cumsum(np.array(gaps, np.int64)), np.array(values, np.float64)


def fed(steps: np.ndarray, values: np.ndarray, cuts: list[int] | None = None) -> Pyramid:
    """A pyramid given the series in pieces."""
    pyramid = Pyramid()
    for piece in np.split(np.arange(len(steps)), sorted(cuts or [])):
        pyramid.append(steps[piece], values[piece])
    return pyramid


# ------------------------------------------------------------------------------------------------- Pyramid


@given(series(), st.lists(st.integers(0, 300), max_size=5), st.integers(1, 60), st.data())
def test_what_is_drawn_holds_the_extremes_of_every_bucket(data, cuts, pixels, more) -> None:
    steps, values = data
    pyramid = fed(steps, values, cuts)
    end = int(steps[-1]) if len(steps) else 10
    first = more.draw(st.integers(-5, end))
    last = more.draw(st.integers(first, end + 50))
    x, y = pyramid.visible(first, last, pixels)
    assert len(x) == len(y) <= 4 * pixels + 8
    assert np.all(np.diff(x) >= 0)
    if not len(steps):
        return
    size = 1
    while 2 * size <= (last - first) / pixels:
        size *= 2
    # Brute force: each bucket that the view touches, and one of those with points beyond each edge.
    bucket = steps // size
    seen = np.unique(bucket[(bucket >= first // size) & (steps <= last)])
    begin, end = (seen[0], seen[-1]) if len(seen) else (first // size, first // size - 1)
    before, after = bucket[bucket < begin], bucket[bucket > end]
    if not len(seen):
        before, after = bucket[steps < first // size * size], bucket[steps > last]
    wanted_x, wanted_y = [], []
    for one in [*before[-1:], *seen, *after[:1]]:
        own = np.where(np.isfinite(values), values, np.nan)[bucket == one]
        at = steps[bucket == one][0]
        real = own[np.isfinite(own)]
        low, high = (real.min(), real.max()) if len(real) else (np.nan, np.nan)
        wanted_x += [at, at] if low < high else [at]
        wanted_y += [low, high] if low < high else [low]
    np.testing.assert_array_equal(x, wanted_x)
    np.testing.assert_array_equal(y, wanted_y)


def test_the_bucket_beyond_an_edge_is_drawn_though_the_edge_cuts_one() -> None:
    pyramid = fed(np.array([1, 2, 3, 24, 1024, 1280, 2048]), np.zeros(7), [])
    assert pyramid.visible(0, 1024, 1)[0].tolist() == [1, 1024, 2048]


@given(series(), st.lists(st.integers(0, 300), max_size=5), st.integers(0, 2000))
def test_truncated_is_as_if_never_given(data, cuts, step) -> None:
    steps, values = data
    cut, fresh = fed(steps, values, cuts), fed(steps[steps <= step], values[steps <= step])
    cut.truncate(step)
    assert len(cut) == len(fresh)
    assert cut.extremes() == fresh.extremes()
    end = int(steps[-1]) if len(steps) else 10
    for pixels in (1, 7, 1000):
        for got, wanted in zip(cut.visible(0, end, pixels), fresh.visible(0, end, pixels), strict=True):
            np.testing.assert_array_equal(got, wanted)


@given(series(), st.integers(-3, 2000))
def test_at_is_the_last_point_not_after(data, step) -> None:
    steps, values = data
    pyramid = fed(steps, values)
    earlier = [(s, v) for s, v in zip(steps, values, strict=True) if s <= step]
    if not earlier:
        assert pyramid.at(step) is None
    else:
        assert pyramid.point_at(step)[0] == earlier[-1][0]
        np.testing.assert_equal(pyramid.at(step), earlier[-1][1] if np.isfinite(earlier[-1][1]) else np.nan)


@given(series(), st.integers(1, 40))
def test_what_is_past_does_not_wiggle_as_the_series_grows(data, pixels) -> None:
    steps, values = data
    half = len(steps) // 2
    if not half:
        return
    pyramid = fed(steps[:half], values[:half])
    early_x, early_y = pyramid.visible(0, int(steps[-1]), pixels)
    pyramid.append(steps[half:], values[half:])
    late_x, late_y = pyramid.visible(0, int(steps[-1]), pixels)
    settled = int(np.searchsorted(early_x, early_x[-1]))  # all but the bucket that was still open
    np.testing.assert_array_equal(early_x[:settled], late_x[:settled])
    np.testing.assert_array_equal(early_y[:settled], late_y[:settled])


def test_steps_must_ascend() -> None:
    pyramid = Pyramid()
    pyramid.append([1, 2], [0.5, 0.6])
    for steps in ([2], [3, 3], [5, 4]):
        with pytest.raises(ValueError, match="ascend"):
            pyramid.append(steps, np.zeros(len(steps)))
    with pytest.raises(ValueError, match="go with"):
        pyramid.append([3, 4], [0.5])
    assert len(pyramid) == 2


def test_cleared_is_empty_and_takes_new_points() -> None:
    pyramid = fed(np.arange(1, 5000), np.ones(4999))
    pyramid.clear()
    assert len(pyramid) == 0
    assert pyramid.extremes() is None
    assert len(pyramid.visible(0, 5000, 10)[0]) == 0
    pyramid.append([1], [3.0])
    assert pyramid.extremes() == (3.0, 3.0)


# ----------------------------------------------------------------------------------------------- Smoothing


def averages_by_definition(values: np.ndarray, beta: float) -> np.ndarray:
    """The weighted mean written out: after each number every earlier weight shrinks by b_n."""
    wanted, weights, seen = [], np.empty(0), np.empty(0)
    for value in values:
        if np.isfinite(value):
            seen = np.append(seen, value)
            weights = np.append(weights * min(beta, len(seen) / (len(seen) + SHARE)), 1.0)
        wanted.append(np.average(seen, weights=weights) if len(seen) else np.nan)
    return np.array(wanted)


@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(np.nan)), max_size=200),
    st.sampled_from([0.0, 1e-3, 0.5, 0.9, 0.97, 0.999]),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_the_average_is_its_definition_however_it_comes(values, beta, cuts) -> None:
    series = np.array(values)
    average = MovingAverage(beta)
    got = [average.append(piece) for piece in np.split(series, sorted(cuts))]
    wanted = averages_by_definition(series, beta)
    np.testing.assert_allclose(np.concatenate(got), wanted, rtol=1e-9, atol=1e-9)


def test_after_the_start_it_is_the_debiased_exponential_average() -> None:
    """Once the memory is full, the average obeys a_n = a + (1 - beta) (x - a) up to the debiasing's rest."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=20_000)
    got = MovingAverage(0.97).append(values)
    plain = 0.0
    for n, value in enumerate(values, 1):
        plain = 0.97 * plain + 0.03 * value
        debiased = plain / (1 - 0.97**n)
    assert got[-1] == pytest.approx(debiased, abs=1e-12)


def test_the_average_does_not_lag_at_the_start() -> None:
    steps = np.arange(1, 400)
    loss = 1 + 4 * np.exp(-steps / 100)
    got = MovingAverage(0.97).append(loss)
    assert got[0] == loss[0]
    assert np.abs(got - loss).max() < 0.2  # the average from a constant memory is 0.8 too high


def test_a_constant_stays_a_constant() -> None:
    np.testing.assert_allclose(MovingAverage(0.99).append(np.full(10_000, 2.5)), 2.5, rtol=1e-12)


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_a_beta_that_averages_nothing_is_refused(beta) -> None:
    with pytest.raises(ValueError, match="beta"):
        MovingAverage(beta)


# -------------------------------------------------------------------------------------------- Ranges, axes


@given(st.floats(1e-9, 1e12))
def test_nice_numbers_are_above_and_near(value) -> None:
    nice = nice_above(value)
    assert value <= nice <= 2.51 * value
    assert re.fullmatch(r"[125]\.0+e[+-]\d+", f"{nice:.9e}")


@given(st.integers(0, 10**9), st.one_of(st.none(), st.integers(1, 10**9)))
def test_follow_shows_every_step_so_far(last, max_steps) -> None:
    first, end = follow_steps(last, max_steps)
    assert first == 0
    assert end > last
    if max_steps is not None and last >= max_steps / 4:
        assert end >= max_steps


def test_follow_is_calm_along_the_steps() -> None:
    ends = [follow_steps(last, 2000)[1] for last in range(2001)]
    assert len(set(ends[1:])) <= 4
    assert ends[0] == ends[-1] >= 2000


@given(st.floats(-100, 100), st.floats(0, 1e3), st.floats(0, 1))
def test_follow_holds_the_low_and_the_usual(low, span, part) -> None:
    high, typical = low + span, low + part * span
    bottom, top = follow_values(low, high, typical, None)
    assert bottom <= low < top
    assert top >= typical
    if part >= 0.4:
        assert top >= high  # nothing is cut unless the usual would be pressed flat
    assert follow_values(low, high, typical, (bottom, top)) == (bottom, top) or top - bottom > high - low


def test_high_first_losses_do_not_press_the_rest_flat() -> None:
    bottom, top = follow_values(2.5, 11.0, 3.2, None, least=0.0)
    assert (3.2 - 2.5) / (top - bottom) > 0.25


def test_the_loss_range_moves_seldom_while_it_falls() -> None:
    ranges: list[tuple[float, float]] = []
    previous = None
    for step in range(1, 2000):
        loss = 1 + 3.7 * np.exp(-np.arange(1, step + 1) / 70)
        previous = follow_values(loss.min(), loss.max(), np.quantile(loss, 0.98), previous, 0.0)
        if not ranges or ranges[-1] != previous:
            ranges.append(previous)
    assert len(ranges) < 25


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, 2, "0"), (2e-3, 2, "2e-3"), (1.42e-3, 2, "1.42e-3"), (0.25, 2, "2.5e-1"), (3.0, 0, "3e0")],
)
def test_rates_are_written_briefly(value, digits, text) -> None:
    assert format_rate(value, digits) == text


def test_axes_write_what_a_person_would(qapp) -> None:
    assert StepAxis("bottom").tickStrings([0, 1500, 1e6], 1, 500) == ["0", "1,500", "1,000,000"]
    assert all(spacing >= 1 for spacing, _ in StepAxis("bottom").tickSpacing(0, 3, 800))
    assert RateAxis().tickStrings([0, 5e-4, 1.5e-3, 2e-3], 1, 5e-4) == ["0", "5e-4", "1.5e-3", "2e-3"]
    loss = LossAxis()
    loss.set_log(True)
    for low, high in ((1.0, 5.0), (0.5, 20.0), (1e-3, 1e4)):
        ((_, ticks),) = loss.tickValues(np.log10(low), np.log10(high), 400)
        written = [float(text) for text in loss.tickStrings(ticks, 1, 1)]
        assert len(written) >= 3
        np.testing.assert_allclose(written, 10 ** np.array(ticks), rtol=1e-3)
        assert low * 0.999 <= min(written)
        assert max(written) <= high * 1.001


# ------------------------------------------------------------------------------------------- The live plot


@pytest.fixture
def plot(qtbot, qapp) -> LossAndRatePlot:
    theme.apply(qapp, "dark")
    widget = LossAndRatePlot()
    qtbot.addWidget(widget)
    widget.set_unit("nats per character")
    widget.resize(800, 700)
    widget.show()
    qtbot.waitExposed(widget)
    QApplication.processEvents()
    return widget


def train(plot: LossAndRatePlot, last: int, first: int = 1) -> None:
    """Give the plot a run: loss 5 - step / 1000, the rate of SCHEDULE, validation each 100 at 0.25 more."""
    steps = np.arange(first, last + 1)
    plot.append("loss", steps, 5 - steps / 1000)
    plot.append("rate", steps, [learning_rate(int(step), SCHEDULE, 2000) for step in steps])
    due = steps[steps % 100 == 0]
    plot.append("validation", due, 5.25 - due / 1000)


def point_of(plot: LossAndRatePlot, step: float) -> QPoint:
    """Where `step` lies in the viewport of the loss plot, at mid height."""
    bottom, top = plot.loss_plot.view.viewRange()[1]
    scene = plot.loss_plot.view.mapViewToScene(QPointF(step, (bottom + top) / 2))
    return plot.loss_plot.mapFromScene(scene)


def hover(plot: LossAndRatePlot, place: QPoint) -> None:
    QTest.mouseMove(plot.loss_plot.viewport(), place)
    QApplication.processEvents()


def readout(plot: LossAndRatePlot) -> str:
    return re.sub(r"<[^>]+>", " ", plot.readout.text()).replace("&nbsp;", " ")


def wheel(plot: LossAndRatePlot, notches: int) -> None:
    viewport = plot.loss_plot.viewport()
    place = QPointF(viewport.rect().center())
    event = QWheelEvent(
        place, viewport.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)
    QApplication.processEvents()


def test_an_empty_plot_says_what_will_appear(plot) -> None:
    assert plot.loss_empty.isVisible()
    assert plot.rate_empty.isVisible()
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    plot.redraw()
    assert not plot.rate_empty.isVisible()  # the plan is there to see
    train(plot, 10)
    plot.redraw()
    assert not plot.loss_empty.isVisible()
    plot.clear()
    plot.redraw()
    assert plot.loss_empty.isVisible()
    assert plot.rate_empty.isVisible()


def test_redraw_works_only_when_there_is_something_new(plot) -> None:
    train(plot, 500)
    assert plot.redraw()
    drawn = plot.raw.drawings
    assert not plot.redraw()
    assert plot.raw.drawings == drawn
    plot.append("loss", [501], [4.0])
    assert plot.raw.drawings == drawn  # append only stores
    assert plot.redraw()
    assert plot.raw.drawings == drawn + 1


def test_nothing_is_drawn_while_it_is_not_seen(plot) -> None:
    plot.hide()
    train(plot, 500)
    assert not plot.redraw()
    plot.show()
    QApplication.processEvents()
    assert len(plot.raw.xData) == 500


def test_a_million_points_are_drawn_as_what_the_screen_can_show(plot) -> None:
    steps = np.arange(1, 1_000_001)
    values = 2 + np.sin(steps / 1e5)
    values[654_320] = 2.9  # one step alone
    plot.append("loss", steps, values)
    plot.redraw()
    width = plot.loss_plot.view.width() * plot.devicePixelRatioF()
    assert width <= len(plot.raw.xData) <= 4 * width + 8
    assert 2.9 in plot.raw.yData
    assert len(plot.average.xData) <= 4 * width + 8


def test_the_drawn_loss_is_the_given_loss(plot) -> None:
    train(plot, 120)
    plot.redraw()
    np.testing.assert_array_equal(plot.raw.xData, np.arange(1, 121))
    np.testing.assert_allclose(plot.raw.yData, 5 - np.arange(1, 121) / 1000)
    np.testing.assert_allclose(plot.average.yData, MovingAverage(0.97).append(plot.raw.yData))


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
    np.testing.assert_allclose(plot.average.yData, MovingAverage(0.97).append(seen))


def test_points_that_go_back_replace_what_stood_there(plot) -> None:
    train(plot, 100)
    plot.append("loss", [51, 52], [1.0, 1.1])
    plot.redraw()
    assert plot.raw.xData[-1] == 52
    assert plot.raw.yData[-2:].tolist() == [1.0, 1.1]


def test_the_wheel_stops_following_and_follow_resumes(plot, qtbot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1000)
    plot.redraw()
    whole = plot.loss_plot.view.viewRange()
    assert plot.follow.isChecked()
    wheel(plot, 3)
    assert not plot.follow.isChecked()
    zoomed = plot.loss_plot.view.viewRange()
    assert zoomed[0][1] - zoomed[0][0] < whole[0][1] - whole[0][0]
    np.testing.assert_allclose(plot.rate_plot.view.viewRange()[0], zoomed[0], rtol=1e-6)
    train(plot, 1200, first=1001)
    plot.redraw()
    assert plot.loss_plot.view.viewRange() == zoomed  # the user's view stays
    qtbot.mouseClick(plot.follow, Qt.MouseButton.LeftButton)
    assert plot.follow.isChecked()
    assert plot.loss_plot.view.viewRange()[0] == whole[0]
    assert plot.rate_plot.view.viewRange() == [pytest.approx(whole[0]), pytest.approx([0, 1.08 * 2e-3])]


def test_follow_keeps_the_newest_step_in_view(plot) -> None:
    for last in (1, 99, 150, 640, 5000):
        train(plot, last)
        plot.redraw()
        (first, end), (bottom, top) = plot.loss_plot.view.viewRange()
        assert first == 0 < last <= end
        assert bottom <= plot.raw.yData.min()
        assert plot.raw.yData.max() <= top


def test_what_follow_leaves_above_is_told(plot) -> None:
    steps = np.arange(1, 100_001)
    plot.append("loss", steps, 3 + 8 * np.exp(-steps / 100))
    plot.redraw()
    assert plot.loss_plot.view.viewRange()[1][1] < 10
    assert "10.920" in plot.above.text()
    wheel(plot, -40)
    assert plot.loss_plot.view.viewRange()[1][1] > 10.92
    assert plot.above.text() == ""


def test_the_crosshair_reads_out_every_series(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.mark("checkpoint", 812, "checkpoint <812>")
    plot.redraw()
    hover(plot, point_of(plot, 812))
    step = plot.loss_plot.step
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
    assert plot.rate_plot.step == step


def test_beyond_the_present_only_the_plan_is_told(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.redraw()
    hover(plot, point_of(plot, 1700))
    step = plot.loss_plot.step
    text = readout(plot)
    assert f"rate {format_rate(learning_rate(step, SCHEDULE, 2000))} planned" in text
    assert "train" not in text
    assert "validation" not in text


def test_the_readout_is_never_cropped(plot) -> None:
    train(plot, 1240)
    plot.redraw()
    first, last = plot.loss_plot.view.viewRange()[0]
    for part in (0.001, 0.3, 0.7, 0.999):
        for y in (15, 200, plot.loss_plot.height() - 40):
            hover(plot, QPoint(point_of(plot, first + part * (last - first)).x(), y))
            assert plot.readout.isVisible()
            assert plot.rect().contains(plot.readout.geometry())
    QApplication.sendEvent(plot.loss_plot, QEvent(QEvent.Type.Leave))
    assert not plot.readout.isVisible()


def test_the_arrow_keys_move_the_crosshair(plot) -> None:
    train(plot, 1240)
    plot.redraw()
    QTest.keyClick(plot.rate_plot, Qt.Key.Key_Left)
    start = plot.loss_plot.step
    QTest.keyClick(plot.rate_plot, Qt.Key.Key_Right)
    assert plot.loss_plot.step == plot.rate_plot.step > start
    assert plot.rect().contains(plot.readout.geometry())
    QTest.keyClick(plot.rate_plot, Qt.Key.Key_Escape)
    assert plot.loss_plot.step is None
    assert not plot.readout.isVisible()


def test_a_readout_follows_the_data(plot) -> None:
    train(plot, 50)
    plot.redraw()
    hover(plot, point_of(plot, 80))
    assert "raw" not in readout(plot)
    train(plot, 90, first=51)
    plot.redraw()
    assert f"raw {5 - plot.loss_plot.step / 1000:.3f}" in readout(plot)


def test_the_log_axis_draws_logarithms_and_keeps_the_users_view(plot, qtbot) -> None:
    train(plot, 90)
    plot.append("loss", [91, 92], [0.0, -1.0])  # no logarithm: gaps
    plot.redraw()
    qtbot.mouseClick(plot.log, Qt.MouseButton.LeftButton)
    assert plot.log.isChecked()
    assert not plot.linear.isChecked()
    np.testing.assert_allclose(plot.raw.yData[:5], np.log10(5 - np.arange(1, 6) / 1000))
    assert np.isnan(plot.raw.yData[-2:]).all()
    qtbot.mouseClick(plot.linear, Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(plot.raw.yData[:5], 5 - np.arange(1, 6) / 1000)

    wheel(plot, 5)
    linear = np.array(plot.loss_plot.view.viewRange())
    qtbot.mouseClick(plot.log, Qt.MouseButton.LeftButton)
    log = np.array(plot.loss_plot.view.viewRange())
    np.testing.assert_allclose(log[0], linear[0])
    np.testing.assert_allclose(10 ** log[1], linear[1])
    assert not plot.follow.isChecked()


def test_smoothing_is_the_users_choice(plot) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(3, 1, 200)
    plot.append("loss", np.arange(1, 201), values)
    plot.redraw()
    plot.smoothing.setCurrentText("Smooth 0.9")
    np.testing.assert_allclose(plot.average.yData, MovingAverage(0.9).append(values))
    plot.smoothing.setCurrentText("Not smoothed")
    assert len(plot.average.xData) == 0
    np.testing.assert_allclose(plot.raw.yData, values)
    assert plot.raw.opts["pen"].color() == QColor(theme.current().train)
    hover(plot, point_of(plot, 100))
    assert "train" not in readout(plot)
    assert "raw" in readout(plot)


def test_a_gap_is_drawn_as_a_gap(plot) -> None:
    plot.append("loss", [1, 2, 3, 4], [3.0, np.nan, np.inf, 2.0])
    plot.append("validation", [2], [np.nan])
    plot.redraw()
    assert np.isnan(plot.raw.yData).tolist() == [False, True, True, False]
    plot.grab()


def test_the_plan_goes_on_from_the_present_step(plot) -> None:
    plot.set_plan(lambda step: learning_rate(step, SCHEDULE, 2000), 2000)
    train(plot, 1240)
    plot.redraw()
    x, y = plot.plan.xData, plot.plan.yData
    assert 1240 <= x[0] <= 1245
    assert x[-1] == 2000
    assert y[-1] == SCHEDULE.min_lr
    np.testing.assert_array_equal(y, [learning_rate(int(step), SCHEDULE, 2000) for step in x])
    assert plot.rate_dot.data["x"].tolist() == [1240]
    assert "1,240" in plot.present.text()


def test_marks_stand_at_their_steps_and_go_with_a_rewind(plot) -> None:
    train(plot, 1000)
    plot.mark("best", 300, "best so far")
    plot.mark("checkpoint", 500, "checkpoint 500")
    plot.mark("best", 700, "better still")
    plot.redraw()
    assert sorted(plot.marks.data["x"]) == [500, 700]  # there is one best
    (_, _), (bottom, top) = plot.loss_plot.view.viewRange()
    assert np.all((bottom < plot.marks.data["y"]) & (plot.marks.data["y"] < bottom + 0.1 * (top - bottom)))
    plot.rewind(600)
    plot.redraw()
    assert plot.marks.data["x"].tolist() == [500]
    assert plot.raw.xData[-1] == 600
    assert plot.validation.xData[-1] == 600


def test_the_step_axes_stand_in_line(plot) -> None:
    train(plot, 1000)
    plot.redraw()
    loss, rate = plot.loss_plot.view, plot.rate_plot.view
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
            (plot.raw, palette.train_raw),
            (plot.average, palette.train),
            (plot.validation, palette.validation),
            (plot.rate, palette.rate),
        ):
            assert curve.opts["pen"].color() == QColor(colour)
        assert plot.loss_axis.textPen().color() == QColor(palette.muted)
        image = plot.loss_plot.grab().toImage()
        assert QColor(image.pixel(image.width() - 20, 30)) == QColor(palette.panel)
        colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert palette.train.lower() in colours
        assert palette.validation.lower() in colours


def test_controls_are_reached_by_keyboard_and_named(plot, qtbot) -> None:
    with qtbot.waitActive(plot):
        plot.activateWindow()
    for control in (plot.linear, plot.log, plot.smoothing, plot.follow, plot.loss_plot, plot.rate_plot):
        assert control.accessibleName()
    for control in (plot.linear, plot.smoothing, plot.follow, plot.loss_plot, plot.rate_plot):
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    plot.linear.setFocus()
    QTest.keyClick(plot.linear, Qt.Key.Key_Right)
    assert plot.log.isChecked()
    plot.follow.setFocus()
    QTest.keyClick(plot.follow, Qt.Key.Key_Space)
    assert not plot.follow.isChecked()


def test_resizing_draws_at_the_new_resolution(plot) -> None:
    steps = np.arange(1, 100_001)
    plot.append("loss", steps, np.cos(steps))
    plot.redraw()
    few = len(plot.raw.xData)
    plot.resize(1800, 700)
    QApplication.processEvents()
    assert len(plot.raw.xData) > 1.5 * few


# -------------------------------------------------------------------------------------- Schedule preview


@pytest.fixture
def preview(qtbot, qapp) -> SchedulePreview:
    theme.apply(qapp, "dark")
    widget = SchedulePreview()
    qtbot.addWidget(widget)
    widget.resize(260, 92)
    widget.show()
    return widget


@pytest.mark.parametrize("form", ["cosine", "gpt1"])
@pytest.mark.parametrize(
    ("warmup", "last"), [(0, 1), (0, 50), (10, 10), (100, 2000), (2000, 10**7), (70, 50)]
)
def test_the_preview_is_the_schedule_with_its_corners(preview, form, warmup, last) -> None:
    schedule = ScheduleConfig(form=form, max_lr=2e-3, min_lr=2e-4, warmup_steps=warmup)
    preview.set_schedule(schedule, last)
    steps, rates = preview.points()
    assert set(steps) >= {min(max(warmup, 1), last), last}
    assert len(steps) <= preview.width() * preview.devicePixelRatioF() + 4
    assert rates.tolist() == [learning_rate(int(step), schedule, last) for step in steps]
    for step in (None, 0, last // 2, last):
        preview.set_step(step)
        preview.grab()


def test_the_preview_describes_itself(preview) -> None:
    preview.set_schedule(SCHEDULE, 2000)
    assert (
        preview.accessibleDescription() == "Rises to 2e-3 over 100 steps, then falls to 2e-4 at step 2,000."
    )


def test_the_preview_marks_the_present_step(preview) -> None:
    preview.set_schedule(SCHEDULE, 2000)
    without = preview.grab().toImage()
    preview.set_step(1000)
    at_1000 = preview.grab().toImage()
    preview.set_step(1500)
    assert without != at_1000 != preview.grab().toImage()
    preview.set_step(None)
    assert preview.grab().toImage() == without


def test_the_preview_takes_the_theme(preview, qapp) -> None:
    preview.set_schedule(SCHEDULE, 2000)
    dark = preview.grab().toImage()
    theme.apply(qapp, "light")
    assert preview.grab().toImage() != dark
