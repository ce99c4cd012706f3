"""What the machine has left: told as it is, without a card no word of one; a warning before a disk fills."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QThreadPool

from gpt_core.config import TrainConfig
from gpt_core.disk import readable_size
from gpt_core.events import Ready, Resolved
from gpt_core.run import create
from workbench import sensors, theme
from workbench.panels.machine import MachinePanel
from workbench.session import Session, read_history
from workbench.workspace import Workspace

WAIT = 10_000  # milliseconds


class NVMLError(Exception):
    """As NVIDIA's library has it."""


def library(**answers: object) -> SimpleNamespace:
    """NVIDIA's library with one card, which here can only be played; an answer that is an error is raised."""

    def asked(name: str, usual: object):
        answer = answers.get(name, usual)

        def question(*_: object) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return question

    return SimpleNamespace(
        NVMLError=NVMLError,
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=asked("init", None),
        nvmlDeviceGetCount=asked("count", 1),
        nvmlDeviceGetHandleByIndex=asked("card", object()),
        nvmlDeviceGetName=asked("name", "NVIDIA GeForce RTX 4060 Laptop GPU"),
        nvmlDeviceGetUtilizationRates=asked("rates", SimpleNamespace(gpu=87, memory=40)),
        nvmlDeviceGetMemoryInfo=asked("memory", SimpleNamespace(used=6_100_000_000, total=8_600_000_000)),
        nvmlDeviceGetTemperature=asked("temperature", 71),
    )


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test finds the library anew."""
    sensors._nvml.cache_clear()
    yield
    QThreadPool.globalInstance().waitForDone()
    sensors._nvml.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp) -> Workspace:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    theme.apply(qapp, "dark")
    return Workspace()


@pytest.fixture
def panel(qtbot, workspace) -> MachinePanel:
    made = MachinePanel(workspace)
    qtbot.addWidget(made)
    return made


def shown(qtbot, panel: MachinePanel) -> list[str]:
    """What the panel says once it has looked."""
    with qtbot.waitSignal(panel.looked, timeout=WAIT):
        panel.show()
    return [label.text() for label in panel.figures.values() if label.isVisible()]


def test_without_a_card_there_is_no_row_of_one(qtbot, panel, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", library(init=NVMLError("no driver")))
    told = shown(qtbot, panel)
    assert len(told) == 3
    assert told[0].startswith("CPU ")
    assert told[1].endswith(f" of {readable_size(psutil.virtual_memory().total)}")
    assert told[2].startswith("disk ")
    assert not panel.warning.isVisible()


def test_without_the_library_there_is_no_row_either(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)  # so that its import fails
    assert sensors.cards() == []


def test_a_card_tells_use_memory_and_temperature(qtbot, panel, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", library())
    assert (
        "NVIDIA GeForce RTX 4060 Laptop GPU  ·  87 % busy  ·  memory 6.1 GB of 8.6 GB  ·  71 °C"
        in shown(qtbot, panel)
    )  # fmt: skip


def test_what_a_card_does_not_tell_is_left_out(qtbot, panel, monkeypatch) -> None:
    unsupported = NVMLError("not supported")
    silent = library(name=b"Tesla K80", rates=unsupported, temperature=unsupported)
    monkeypatch.setitem(sys.modules, "pynvml", silent)
    assert "Tesla K80  ·  memory 6.1 GB of 8.6 GB" in shown(qtbot, panel)
    monkeypatch.setitem(sys.modules, "pynvml", library(card=unsupported))
    sensors._nvml.cache_clear()
    with qtbot.waitSignal(panel.looked, timeout=WAIT):
        panel.refresh()
    assert not panel.figures["card 0"].isVisible()  # it fell off the bus


def test_it_looks_only_while_it_is_seen(qtbot, panel) -> None:
    shown(qtbot, panel)
    assert panel._timer.isActive()
    panel.hide()
    assert not panel._timer.isActive()


def test_a_slow_disk_does_not_hold_the_window_up(qtbot, panel, monkeypatch) -> None:
    from threading import Event

    answered, asked = Event(), []

    def slow(folder: Path, checkpoints: Path | None) -> sensors.Disk:
        asked.append(folder)
        answered.wait(WAIT / 1000)
        return sensors.Disk(None, 0, 0)

    monkeypatch.setattr(sensors, "disk", slow)
    panel.show()  # returns while the disk is silent
    panel.refresh()
    panel.refresh()
    assert panel.figures["cpu"].isVisible()
    assert len(asked) <= 1
    with qtbot.waitSignal(panel.looked, timeout=WAIT):
        answered.set()
    assert "disk" not in panel.figures  # no row rather than a zero


def test_the_disk_counts_what_is_there(tmp_path) -> None:
    there = tmp_path / "checkpoints"
    for step, size in ((100, 10), (200, 3000)):
        (there / f"step-{step:08d}").mkdir(parents=True)
        (there / f"step-{step:08d}" / "model.safetensors").write_bytes(bytes(size))
    found = sensors.disk(tmp_path / "not" / "yet", there)
    assert found.free is not None
    assert found.free > 0
    assert (found.checkpoints, found.newest) == ((100, 200), 3000)
    assert sensors.disk(tmp_path, tmp_path / "none").newest == 0


@given(
    st.integers(0, 60), st.integers(1, 60), st.integers(0, 15), st.integers(1, 4), st.integers(0, 20),
    st.integers(1, 60),
)  # fmt: skip
def test_the_forecast_is_what_the_keep_policy_takes_at_most(step, steps, interval, keep, every, best) -> None:
    """Played through: the best is the one at `best` once it is there, the latest `keep` stay beside it, and
    so does every multiple of `every`."""

    def left(written: list[int]) -> set[int]:
        return {at for at in written if at in written[-keep:] or at == best or (every and at % every == 0)}

    due = [at for at in range(1, steps + 1) if at == steps or (interval and at % interval == 0)]
    written = [at for at in due if at <= step]
    now = kept = left(written)
    most = len(kept)
    for at in (at for at in due if at > step):
        written.append(at)
        most = max(most, len(kept) + 1)  # written before another goes
        kept = left(written)
    values = {"max_steps": steps, "checkpoint_interval": interval, "keep": keep, "keep_every": every}
    forecast = sensors.checkpoints_to_come(step, TrainConfig(**values), sorted(now))
    assert forecast >= most - len(now)  # never too few
    for_good = sum(1 for at in due if at > step and every and at % every == 0)
    passing = sum(1 for at in now if not every or at % every)
    assert forecast <= max(0, keep + 1 - passing) + 1 + for_good
    assert (forecast == 0) == (step >= steps)


def test_a_disk_that_will_be_full_is_told_before_it_is(qtbot, panel, workspace, config, monkeypatch) -> None:
    run = create(config)
    session = Session(run, read_history(run), train=False, parent=workspace)
    resolved = Resolved("cpu", "fp32", 1, False, 40)
    session.ready = Ready(0, config, resolved, "CPU", 1_000_000, 1000, 100)
    session.state = "training"
    monkeypatch.setattr(Session, "alive", property(lambda _: True))
    workspace.session = session
    free = 20_000_000  # one checkpoint of 12 bytes a parameter has room, not all that are kept at once
    monkeypatch.setattr(sensors, "disk", lambda *_: sensors.Disk(free, (), 0))
    told = shown(qtbot, panel)
    assert "CPU at fp32, 1 thread" in told
    count = sensors.checkpoints_to_come(0, config.train, [])
    assert panel.warning.isVisible()
    assert "20.0 MB are free" in panel.warning.text()
    assert f"the next {count} checkpoints need {count * 12}.0 MB" in panel.warning.text()
    free = 10**9
    with qtbot.waitSignal(panel.looked, timeout=WAIT):
        panel.refresh()
    assert not panel.warning.isVisible()
    workspace.session = None
