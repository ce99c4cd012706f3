"""What the machine has left: its graphics cards by NVML, and the disk of a run.

Ask on a thread that is not the window's: a card that sleeps, or a disk far away, may take its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

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
    """Bytes free on the disk of a run, None where it does not answer; how many checkpoints the run has there,
    and the bytes of the newest one."""

    free: int | None
    checkpoints: int
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


def disk(folder: Path, checkpoints_folder: Path | None) -> Disk:
    """The disk of `folder`, which need not exist yet, and the checkpoints there."""
    try:
        free = free_space(folder)
    except OSError:  # a drive that was unplugged
        return Disk(None, 0, 0)
    try:
        there = sorted(checkpoints_folder.glob("step-*")) if checkpoints_folder is not None else []
        newest = sum(file.stat().st_size for file in there[-1].iterdir()) if there else 0
    except OSError:  # removed while it was looked at
        there, newest = [], 0
    return Disk(free, len(there), newest)


def checkpoints_to_come(step: int, max_steps: int, interval: int, keep: int, there: int) -> int:
    """How many checkpoints a run will take room for at once, beyond those that are `there`.

    It keeps the latest `keep` and the best one, and each is written before another one goes.
    """
    last = 1 if interval == 0 or max_steps % interval else 0
    written = max(0, max_steps // interval - step // interval if interval else 0) + last
    return 0 if step >= max_steps else min(written, max(0, keep + 1 - there) + 1)
