"""The live plots: what is drawn is what was given, at screen resolution, and the user's hand comes first."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.config import ScheduleConfig
from gpt_core.schedule import learning_rate
from workbench import theme
from workbench.plots.across import Scale, Timeline
from workbench.plots.axes import (
    AcrossAxis,
    LossAxis,
    PaceAxis,
    RateAxis,
    format_count,
    format_rate,
    format_seconds,
)
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


@given(
    series(),
    st.lists(st.integers(0, 300), max_size=3),
    st.lists(st.floats(-5, 1e4), min_size=2, max_size=8),
    st.integers(1, 9),
)
def test_along_uneven_edges_every_extreme_is_drawn_once_and_in_order(data, cuts, edges, pixels) -> None:
    steps, values = data
    pyramid = fed(steps, values, cuts)
    edges = np.sort(edges)
    x, y = pyramid.along(edges, pixels)
    assert len(x) == len(y)
    assert np.all(np.diff(x) >= 0)
    assert np.all(np.unique(x, return_counts=True)[1] <= 2)
    inside = (steps >= edges[0]) & (steps <= edges[-1])
    real = np.where(np.isfinite(values), values, np.nan)[inside]
    if np.isfinite(real).any():
        assert np.nanmax(real) <= np.nanmax(y)
        assert np.nanmin(real) >= np.nanmin(y)
    assert set(x) <= set(steps.tolist())
    assert set(y[np.isfinite(y)]) <= set(values.tolist())
    for low, high in pairwise(edges):
        part = (x >= low) & (x <= high)
        # The part before may reach, in its finer buckets, to the end of the first bucket of this one.
        assert part.sum() <= 4 * pixels + 8 + 2 * max(1.0, (high - low) / pixels)
        # Near each point of the series there is one drawn, no further than two of the buckets of its part.
        if high - low <= pixels:
            fine = steps[(steps > low) & (steps < high)]
            widest = max(1.0, np.diff(edges).max() / pixels)
            assert all(np.abs(x - step).min() <= widest for step in fine)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5000), st.floats(0, 9)), min_size=1, max_size=60),
    st.data(),
)
def test_a_timeline_counts_what_the_steps_took(rows, more) -> None:
    gaps, tokens, seconds = map(np.array, zip(*rows, strict=True))
    steps = np.cumsum(gaps)
    cut = more.draw(st.integers(0, len(rows)))
    scale = Scale()
    line = Timeline(scale)
    for part in (slice(0, cut), slice(cut, None)):
        line.append(steps[part], tokens[part], seconds[part])
    for kind, took in (("tokens", tokens), ("time", seconds)):
        scale.kind = kind
        wanted = np.cumsum(took * gaps)  # a step that is missing counts like the next one
        np.testing.assert_allclose(line.counts(steps), wanted, rtol=1e-9)
        told_apart = 1e-6 * wanted[-1]  # of floats, whose digits end
        there = (np.diff(wanted, prepend=0) > told_apart) & (np.diff(wanted, append=np.inf) > told_apart)
        np.testing.assert_allclose(line.steps_at(wanted[there]), steps[there], rtol=1e-6)
        pace = wanted[-1] / steps[-1] if len(rows) <= 100 else None
        if pace:
            beyond = line.counts([steps[-1] + 10])[0]
            assert beyond == pytest.approx(wanted[-1] + 10 * pace)
            assert line.steps_at([beyond])[0] == pytest.approx(steps[-1] + 10)
    scale.kind, scale.log = "step", True
    np.testing.assert_allclose(line.places(steps), np.log10(steps))
    np.testing.assert_allclose(line.steps_at(line.places(steps)), steps)
    line.truncate(int(steps[0]))
    assert line.last == steps[0]


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


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (950, "950"),
        (999.4, "999"),
        (24_130, "24.1k"),
        (999_700, "1M"),
        (1.5e6, "1.5M"),
        (3e9, "3B"),
    ],
)
def test_counts_are_written_briefly(count, text) -> None:
    assert format_count(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.44 s"), (45, "45 s"), (59.7, "1 min"), (750, "12 min 30 s"), (3600, "1 h"),
     (11_100, "3 h 5 min"), (187_200, "2 d 4 h")],
)  # fmt: skip
def test_times_are_written_in_two_units(seconds, text) -> None:
    assert format_seconds(seconds) == text


def test_axes_write_what_a_person_would(qapp) -> None:
    scale = Scale()
    across = AcrossAxis(scale)
    assert across.tickStrings([0, 1500, 1e6], 1, 500) == ["0", "1,500", "1,000,000"]
    assert all(spacing >= 1 for spacing, _ in across.tickSpacing(0, 3, 800))
    scale.kind = "tokens"
    assert across.tickStrings([0, 5e5, 1e6, 1.5e6], 1, 5e5) == ["0", "500k", "1M", "1.5M"]
    assert across.tickStrings([1_000_000, 1_000_500], 1, 500) == ["1M", "1.0005M"]
    scale.kind = "time"
    ((spacing, _),) = across.tickSpacing(0, 4000, 800)
    assert across.tickStrings([0, spacing, 6 * spacing], 1, spacing) == ["0", "10 min", "1 h"]
    scale.log = True
    across.forget()
    assert across.tickStrings([0.0, 2.0], 1, 1) == ["1 s", "1 min 40 s"]
    assert RateAxis().tickStrings([0, 5e-4, 1.5e-3, 2e-3], 1, 5e-4) == ["0", "5e-4", "1.5e-3", "2e-3"]
    assert PaceAxis().tickStrings([0, 5000, 10_000, 25_000], 1, 5000) == ["0", "5k", "10k", "25k"]
    assert LossAxis().tickStrings([0, 0.5, 2], 1, 0.5) == ["0.0", "0.5", "2.0"]
    loss = LossAxis()
    loss.set_log(True)
    for low, high in ((1.0, 5.0), (0.5, 20.0), (1e-3, 1e4)):
        ((_, ticks),) = loss.tickValues(np.log10(low), np.log10(high), 400)
        written = [float(text) for text in loss.tickStrings(ticks, 1, 1)]
        assert len(written) >= 3
        np.testing.assert_allclose(written, 10 ** np.array(ticks), rtol=1e-3)
        assert low * 0.999 <= min(written)
        assert max(written) <= high * 1.001


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
