"""What an open run tells, from the reports of its worker; no thread is begun here."""

from __future__ import annotations

import pytest

from gpt_core.config import Config
from gpt_core.events import Ready, Report, Resolved, StateChanged, StepDone
from gpt_core.run import create
from workbench.session import EMPTY, Session


@pytest.fixture
def session(qapp, config: Config) -> Session:
    """A run of ten steps that is being trained."""
    made = Session(create(config.replace({"train.max_steps": 10})), EMPTY, train=True)
    resolved = Resolved("cpu", "fp32", 1, False, 30)
    tell(made, Ready(0, made.config, resolved, "CPU", 1000, 2000, 200), StateChanged("training"))
    return made


def tell(session: Session, *reports: Report) -> None:
    session._reports.extend(reports)
    session.drain()


def step(number: int, seconds: float = 1.0) -> StepDone:
    return StepDone(number, 3.0, 1e-3, 1.0, 128, seconds)


class Clock:
    """A clock that a test winds on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("workbench.session.time.monotonic", lambda: self.now)


# ---------------------------------------------------------------------------------------- The time left


@pytest.mark.parametrize("seconds", [5.0, 45.0, 90.0, 3600.0])
def test_the_time_left_is_told_from_the_second_step_on_however_slow_they_are(
    session, monkeypatch, seconds
) -> None:
    clock = Clock(monkeypatch)
    assert session.seconds_left() is None
    for number in (1, 2, 3):
        clock.now += seconds
        tell(session, step(number, seconds))
        assert session.seconds_left() == (None if number == 1 else pytest.approx((10 - number) * seconds))
    clock.now += seconds / 2  # the next one is half done
    assert session.seconds_left() == pytest.approx(6.5 * seconds)
    clock.now += 20 * seconds  # and then the computer was busy with something else
    assert session.seconds_left() == 0
    tell(session, StateChanged("paused"), StateChanged("training"))
    assert session.seconds_left() is None  # who knows how long that took


def test_the_pace_of_fast_steps_is_that_of_the_last_minute(session, monkeypatch) -> None:
    clock = Clock(monkeypatch)
    for number in range(1, 6):  # slowly at first
        clock.now += 30
        tell(session, step(number))
    for number in (6, 7, 8):
        clock.now += 20
        tell(session, step(number))
    assert session.seconds_left() == pytest.approx(2 * 20)


def test_a_few_seconds_are_too_little_to_go_by(session, monkeypatch) -> None:
    clock = Clock(monkeypatch)
    for number in (1, 2, 3):
        clock.now += 1
        tell(session, step(number))
    assert session.seconds_left() is None
