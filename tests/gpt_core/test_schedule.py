"""The learning rate against formulas written out independently, in exact arithmetic where it is rational."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.config import ScheduleConfig
from gpt_core.schedule import learning_rate

RUNS = st.integers(1, 10**6).flatmap(lambda steps: st.tuples(st.integers(0, steps), st.just(steps)))
RATES = st.tuples(st.floats(1e-8, 10), st.floats(0, 1)).map(lambda pair: (pair[0], pair[0] * pair[1]))


def schedule(form: str, peak: float, floor: float, warmup: int) -> ScheduleConfig:
    return ScheduleConfig(form=form, max_lr=peak, min_lr=floor, warmup_steps=warmup)


def reference(step: int, form: str, peak: float, floor: float, warmup: int, steps: int) -> float:
    """The formulas by half-angles: (1 + cos x) / 2 is cos^2(x / 2)."""
    if step <= warmup:
        return float(Fraction(peak) * Fraction(step, warmup))
    if form == "gpt1":
        return peak * float(np.cos(np.pi / 2 * step / steps) ** 2)
    return floor + (peak - floor) * float(np.cos(np.pi / 2 * (step - warmup) / (steps - warmup)) ** 2)


@given(st.sampled_from(["cosine", "gpt1"]), RATES, RUNS, st.data())
def test_every_step_follows_the_formula(form, rates, run, data):
    (peak, floor), (warmup, steps) = rates, run
    settings = schedule(form, peak, floor, warmup)
    for step in (data.draw(st.integers(1, steps)), 1, warmup, min(warmup + 1, steps), steps):
        if step >= 1:
            expected = reference(step, form, peak, floor, warmup, steps)
            assert learning_rate(step, settings, steps) == pytest.approx(expected, rel=1e-9, abs=1e-12 * peak)


@given(st.sampled_from(["cosine", "gpt1"]), RATES, RUNS)
def test_the_edges_are_exact(form, rates, run):
    (peak, floor), (warmup, steps) = rates, run
    settings = schedule(form, peak, floor, warmup)
    if warmup >= 1:
        first = float(Fraction(peak) * Fraction(1, warmup))
        assert learning_rate(1, settings, steps) == (peak if warmup == 1 else first)
        assert learning_rate(warmup, settings, steps) == peak
    if warmup < steps:
        assert learning_rate(steps, settings, steps) == (floor if form == "cosine" else 0.0)
        assert learning_rate(warmup + 1, settings, steps) <= peak
    assert learning_rate(steps + 1, settings, steps) == learning_rate(steps, settings, steps)


@given(st.sampled_from(["cosine", "gpt1"]), RATES, RUNS)
def test_it_rises_then_falls_and_stays_between_the_limits(form, rates, run):
    (peak, floor), (warmup, steps) = rates, run
    settings = schedule(form, peak, floor, warmup)
    marks = sorted({int(mark) for mark in np.linspace(1, steps, 50)} | {max(warmup, 1)})
    drawn = [learning_rate(step, settings, steps) for step in marks]
    top = marks.index(max(warmup, 1))
    assert all(a <= b for a, b in pairwise(drawn[: top + 1]))
    assert all(a >= b * (1 - 1e-12) for a, b in pairwise(drawn[top:]))
    lowest = floor if form == "cosine" else 0.0
    assert all(lowest * (1 - 1e-12) <= rate <= peak for rate in drawn[top:])


def test_no_warmup_starts_just_below_the_peak():
    for form in ("cosine", "gpt1"):
        rate = learning_rate(1, schedule(form, 1e-3, 0.0, 0), 1000)
        assert 0.99999e-3 < rate < 1e-3


@pytest.mark.parametrize("form", ["cosine", "gpt1"])
def test_a_run_that_is_all_warmup_ends_at_the_peak(form):
    settings = schedule(form, 0.1, 0.01, 3)
    assert [learning_rate(step, settings, 3) for step in (1, 2, 3)] == [
        pytest.approx(0.1 / 3),
        pytest.approx(0.2 / 3),
        0.1,
    ]


def test_a_run_of_one_step():
    assert learning_rate(1, schedule("cosine", 1e-3, 1e-4, 0), 1) == 1e-4
    assert learning_rate(1, schedule("cosine", 1e-3, 1e-4, 1), 1) == 1e-3


def test_the_released_code_drops_after_the_warmup_and_the_paper_does_not():
    """GPT-1's own figures, 2,000 of 10,000 steps: x = t / total is not re-based where the warmup ends."""
    steps, after = 10_000, 2001
    assert learning_rate(after, schedule("gpt1", 2.5e-4, 0.0, 2000), steps) == pytest.approx(
        2.5e-4 * 0.904415, rel=1e-5
    )
    assert learning_rate(after, schedule("cosine", 2.5e-4, 0.0, 2000), steps) == pytest.approx(
        2.5e-4, rel=1e-6
    )
