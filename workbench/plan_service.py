"""What the plan must ask the machine, in a process of its own: torch, which knows it, is slow to load."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gpt_core.config import from_values
from gpt_core.events import Precision
from gpt_core.trial import run_trial
from workbench.service import Told, serve

if TYPE_CHECKING:
    import torch

MATRIX = 1024  # rows and columns of what is multiplied to learn the device's pace
MULTIPLYING = 0.2  # seconds spent on it


def machine(config: dict[str, Any]) -> Iterator[Told]:
    """The device and the precision that a configuration comes to, the memory that training can have there in
    all, and how many operations a second it does where it does nothing but multiply matrices."""
    from gpt_core import hardware

    train = from_values(config).train
    device = hardware.resolve_device(train.device)
    precision = hardware.resolve_precision(train.precision, device)
    found = {"device": str(device), "name": hardware.describe(device), "precision": precision}
    free = hardware.room(device)  # before the matrices take some of it
    yield {"answer": {**found, "free": free, "operations": operations_per_second(device, precision)}}


def operations_per_second(device: torch.device, precision: Precision) -> float:
    """Floating-point operations a second in products of matrices, after a first one that warms up."""
    import torch

    kinds = {"bf16": torch.bfloat16, "fp16": torch.float16}
    matrix = torch.randn(MATRIX, MATRIX, device=device).to(kinds.get(precision, torch.float32))
    count, start = -1, 0.0
    while count <= 0 or time.perf_counter() - start < MULTIPLYING:
        (matrix @ matrix)[0, 0].item()  # waits for the device
        count += 1
        start = start or time.perf_counter()
    return 2 * MATRIX**3 * count / (time.perf_counter() - start)


def rehearse(config: dict[str, Any]) -> Iterator[Told]:
    """Some real steps on random tokens, measured; `model.vocab_size` must be known."""
    yield {"answer": asdict(run_trial(from_values(config)))}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends a trial that runs, too
    serve({"machine": machine, "rehearse": rehearse})
