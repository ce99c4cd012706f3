"""When a model learns its text by heart: told for curves that turn, never for those that only shake."""

from __future__ import annotations

import numpy as np
import pytest

from gpt_core.overfitting import PATIENCE, Points, Turn, turn

EVERY = 10  # steps from one evaluation to the next


def training(chance: np.random.Generator, evaluations: int, fall: float = 0.4, noise: float = 0.1) -> Points:
    """The loss of each step: steep at first, then falling by `fall` over the run."""
    done = np.arange(evaluations * EVERY) / (evaluations * EVERY)
    losses = 2 + 1.5 * np.exp(-6 * done) - fall * done + chance.normal(0, noise, len(done))
    return np.arange(1, len(done) + 1), losses


def first_told(validation: np.ndarray, trained: Points) -> tuple[int, Turn] | None:
    """As it is asked: after each evaluation anew."""
    steps = EVERY * np.arange(1, len(validation) + 1)
    for count in range(1, len(validation) + 1):
        seen = count * EVERY
        found = turn((steps[:count], validation[:count]), (trained[0][:seen], trained[1][:seen]))
        if found is not None:
            return count, found
    return None


def turning(chance: np.random.Generator, noise: float, at: int = 20, count: int = 60) -> np.ndarray:
    place = np.arange(count)
    rise = np.maximum(0, place - at) * 0.01
    return 1.5 + 1.5 * np.exp(-place / 6) + rise + chance.normal(0, noise, count)


@pytest.mark.parametrize(("noise", "latest"), [(0.0, 32), (0.003, 34), (0.01, 42), (0.03, 60)])
def test_a_turn_is_told_soon_and_with_its_step(noise: float, latest: int) -> None:
    for seed in range(20):
        chance = np.random.default_rng(seed)
        curve = turning(chance, noise)
        told = first_told(curve, training(chance, 60))
        assert told is not None
        count, found = told
        assert 20 + PATIENCE <= count <= latest
        assert found.step == EVERY * (int(np.argmin(curve[:count])) + 1)
        assert found.best == curve[:count].min() < found.now


def test_a_text_too_short_from_the_first_measurement_on_is_told_within_a_few() -> None:
    """300 kB of Japanese and quickstart's model, as it went."""
    validation = np.array([6.17, 6.52, 8.03, 8.63, 8.84])
    for seed in range(20):
        chance = np.random.default_rng(seed)
        done = np.arange(1, 1 + len(validation) * EVERY)
        losses = 8.3 * np.exp(-0.05 * done) + chance.normal(0, 0.1, len(done))
        told = first_told(validation, (done, losses))
        assert told == (4, Turn(EVERY, 6.17, 8.63))
        rising = losses + 0.2 * done  # as after a rate that was too high
        assert first_told(validation, (done, rising)) is None


@pytest.mark.parametrize("kind", ["flat", "settling", "heavy tails", "wandering", "falling", "shaking"])
def test_what_only_shakes_is_not_a_turn(kind: str) -> None:
    """A hundred evaluations each, with the training loss falling all the while."""
    for seed in range(30):
        chance = np.random.default_rng(seed)
        settling = 2 + 1.5 * np.exp(-np.arange(100) / 5)
        if kind == "flat":
            curve = 2 + chance.normal(0, 0.01, 100)
        elif kind == "settling":
            curve = settling + chance.normal(0, 0.01, 100)
        elif kind == "heavy tails":
            curve = settling + 0.005 * chance.standard_t(2, 100)
        elif kind == "wandering":
            curve = settling + np.convolve(chance.normal(0, 0.01, 104), np.ones(5) / np.sqrt(5), "valid")
        elif kind == "shaking":
            curve = settling + chance.normal(0, 0.3, 100)
        else:
            curve = 3 - 0.01 * np.arange(100) + chance.normal(0, 0.02, 100)
        assert first_told(curve, training(chance, 100)) is None, seed


def test_both_losses_rising_is_something_else() -> None:
    """As after a rate that was too high: nothing is learnt by heart."""
    chance = np.random.default_rng(1)
    steps, losses = training(chance, 60)
    losses += np.maximum(0, steps - 200) * 0.003
    assert first_told(turning(chance, 0.003), (steps, losses)) is None


def test_too_little_to_go_by_and_figures_that_are_none() -> None:
    nothing = (np.empty(0, np.int64), np.empty(0))
    assert turn(nothing, nothing) is None
    assert turn((np.array([10]), np.array([2.0])), nothing) is None
    chance = np.random.default_rng(2)
    curve, trained = turning(chance, 0.0), training(chance, 60)
    steps = EVERY * np.arange(1, 61)
    assert turn((steps, np.full(60, np.nan)), trained) is None
    assert turn((steps, np.full(60, 2.0)), trained) is None
    assert turn((steps, curve), nothing) is None
    curve[5] = np.nan
    trained[1][::7] = np.inf
    found = turn((steps, curve), trained)
    assert found is not None
    assert found.step == 210
