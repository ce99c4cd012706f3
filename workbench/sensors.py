"""What the machine has left: its graphics cards by NVML, and the disk of a run.

Ask on a thread that is not the window's: a card that sleeps, or a disk far away, may take its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import lcm
from pathlib import Path
from typing import Any

from gpt_core.config import TrainConfig
from gpt_core.disk import free_space

BYTES_A_PARAMETER = 12  # of a checkpoint: a weight and Adam's two moments, in float32


@dataclass(frozen=True)
class Card:
    """A graphics card: how busy it is in percent, its memory in bytes, its temperature in °C; None for what
    it does not tell."""

    name: str
    busy: int | None
    used: int | None
    total: int | None
    celsius: int | None


@dataclass(frozen=True)
class Disk:
    """Bytes free on the disk of a run, None where it does not answer; the steps of the checkpoints that the
    run has there, and the bytes of the newest one."""

    free: int | None
    checkpoints: tuple[int, ...]
    newest: int


@cache
def _nvml() -> Any:
    """NVIDIA's library, started once for the process; None where there is none or no card."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def cards() -> list[Card]:
    """The NVIDIA cards as they are now; none where there are none."""
    nvml = _nvml()
    if nvml is None:
        return []

    def ask(question: Any, *of: Any) -> Any:
        try:
            return question(*of)
        except nvml.NVMLError:  # not every card tells everything
            return None

    found = []
    for index in range(ask(nvml.nvmlDeviceGetCount) or 0):
        card = ask(nvml.nvmlDeviceGetHandleByIndex, index)
        if card is None:
            continue
        name = ask(nvml.nvmlDeviceGetName, card)
        rates = ask(nvml.nvmlDeviceGetUtilizationRates, card)
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, card)
        found.append(
            Card(
                name=name.decode() if isinstance(name, bytes) else name or f"GPU {index}",
                busy=None if rates is None else rates.gpu,
                used=None if memory is None else memory.used,
                total=None if memory is None else memory.total,
                celsius=ask(nvml.nvmlDeviceGetTemperature, card, nvml.NVML_TEMPERATURE_GPU),
            )
        )
    return found


def driver() -> str | None:
    """The version of NVIDIA's driver; None where there is none or it does not tell."""
    nvml = _nvml()
    try:
        told = nvml.nvmlSystemGetDriverVersion() if nvml is not None else None
    except nvml.NVMLError:
        return None
    return told.decode() if isinstance(told, bytes) else told


def disk(folder: Path, checkpoints_folder: Path | None) -> Disk:
    """The disk of `folder`, which need not exist yet, and the checkpoints there."""
    try:
        free = free_space(folder)
    except OSError:  # a drive that was unplugged
        return Disk(None, (), 0)
    try:
        there = sorted(checkpoints_folder.glob("step-*")) if checkpoints_folder is not None else []
        newest = sum(file.stat().st_size for file in there[-1].iterdir()) if there else 0
        steps = tuple(int(found.name.removeprefix("step-")) for found in there)
    except (OSError, ValueError):  # removed while it was looked at; of another's making
        steps, newest = (), 0
    return Disk(free, steps, newest)


def checkpoints_to_come(step: int, train: TrainConfig, there: Sequence[int]) -> int:
    """How many checkpoints a run will take room for at once, beyond those of the steps that are `there`.

    It keeps the latest ones, the best one and those kept for good, and each is written before another goes.
    """
    if step >= train.max_steps:
        return 0
    interval, every = train.checkpoint_interval, train.keep_every
    due = train.max_steps // interval - step // interval if interval else 0
    last = not interval or train.max_steps % interval != 0
    passing = sum(1 for at in there if not every or at % every)
    room = max(0, train.keep + 1 - passing) + 1
    if every:
        both = lcm(interval, every) if interval else 0
        room += train.max_steps // both - step // both if both else 0
        room += last and train.max_steps % every == 0
    return min(due + last, room)
