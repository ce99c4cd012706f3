"""What an open run tells, from the reports of its worker; no thread is begun here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from gpt_core.config import Config
from gpt_core.events import MicroBatchDone, Ready, Report, Resolved, StateChanged, StepDone
from gpt_core.run import create
from workbench import theme
from workbench.draft import Draft
from workbench.panels.header import HeaderPanel
from workbench.session import EMPTY, Session
from workbench.workspace import Workspace


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


# ------------------------------------------------------------------------------------------ A slow step


@pytest.fixture
def header(qtbot, qapp, session) -> HeaderPanel:
    """The header, with the session open."""
    theme.apply(qapp, "dark")
    workspace = Workspace()
    workspace.session = session
    made = HeaderPanel(Draft(), workspace)
    qtbot.addWidget(made)
    workspace.sessionChanged.emit()
    return made


@pytest.fixture
def told(header) -> Callable[[], str]:
    """What the header says of the session."""
    return header.progress_text.text


def batches(session: Session, step: int, *done: int) -> None:
    tell(session, *(MicroBatchDone(step, each, 16) for each in done))


def test_a_slow_step_is_told_batch_by_batch(session, told, monkeypatch) -> None:
    clock = Clock(monkeypatch)
    batches(session, 1, 1)
    assert told() == "step 0 of 10 · estimating the time left"
    clock.now += 2
    batches(session, 1, 2)
    assert "batch" not in told()  # it may be done at any moment
    clock.now += 2
    tell(session)  # though nothing more came
    assert told() == "step 1 of 10 (batch 3 of 16) · estimating the time left"
    clock.now += 2
    batches(session, 1, 3, 4)
    assert "(batch 5 of 16)" in told()
    tell(session, step(1, 8.0))
    assert told() == "step 1 of 10 · estimating the time left"
    batches(session, 2, 1)  # of one after a slow one at once
    assert told() == "step 2 of 10 (batch 2 of 16) · estimating the time left"
    clock.now += 8
    tell(session, step(2, 8.0))
    batches(session, 3, 1)
    assert told().startswith("step 3 of 10 (batch 2 of 16) · 1:04 left, done at ")
    tell(session, StateChanged("paused"))
    assert told() == "step 2 of 10"


def test_batches_are_told_twice_a_second_and_of_fast_steps_never(session, monkeypatch) -> None:
    clock = Clock(monkeypatch)
    heard: list[Report] = []
    session.reported.connect(heard.append)
    for number in range(1, 6):
        for done in range(1, 16):
            clock.now += 0.1  # 1.5 seconds a step
            batches(session, number, done)
        tell(session, step(number, 1.5))
    assert heard == []
    tell(session, step(6, 5.0))
    begun = clock.now
    for done in range(1, 16):
        clock.now += 0.1
        batches(session, 7, done)
    assert len(heard) == 3
    assert clock.now - begun == pytest.approx(1.5)
    assert [each.done for each in heard] == [1, 6, 11]


def test_a_long_text_is_shortened_and_does_not_widen_the_header(session, header, monkeypatch) -> None:
    header.show()
    narrowest = header.minimumSizeHint().width()
    header.resize(narrowest, header.height())
    monkeypatch.setattr(session, "seconds_left", lambda: 1e6)
    tell(session, step(1, 5.0), MicroBatchDone(2, 1, 16))
    QApplication.processEvents()
    said, label = header.progress_text.text(), header.progress_text
    assert said.startswith("step 2 of 10 (batch 2 of 16) · ")
    shown = label.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, label.width())
    assert shown != said
    assert header.width() == narrowest
    assert label.toolTip() == said
    assert QAccessible.queryAccessibleInterface(label).text(QAccessible.Text.Name) == said
    drawn, usual = label.grab().toImage(), theme.label("label", shown)
    usual.setParent(header)
    usual.resize(label.size())
    assert drawn == usual.grab().toImage()
