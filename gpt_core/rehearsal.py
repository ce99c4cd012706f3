"""A short rehearsal: how many CPU threads real forward and backward passes are fastest with.

Two threads on two busy cores can train ten to a hundred times slower than one, and no property of the machine
tells: so the number is tried out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from gpt_core.events import Precision
from gpt_core.hardware import autocast, cores
from gpt_core.model import GPT

ROUNDS = 5  # timed passes for each number of threads
PATIENCE = 1.0  # seconds; past it one pass for each number has to do


def choose_threads(model: GPT, rows: Tensor, precision: Precision) -> Iterator[int]:
    """Try the CPU's cores, half of them and so on; yield each number tried, and the fastest one last.

    `rows` (B, T + 1) is a batch as training has it. Weights are left as they were, without gradients, and
    the random state too; the calling thread keeps the number of threads chosen.
    """
    best = (float("inf"), 1)
    threads = cores()
    while threads >= 1:
        torch.set_num_threads(threads)
        _pass(model, rows, precision)  # warms up
        times: list[float] = []
        while len(times) < ROUNDS and sum(times) < PATIENCE:
            times.append(_pass(model, rows, precision))
        seconds = statistics.median(times)
        yield threads
        if seconds > 1.5 * best[0]:
            break  # fewer will not do better
        best = min(best, (seconds, threads))
        threads //= 2
    torch.set_num_threads(best[1])
    yield best[1]


def _pass(model: GPT, rows: Tensor, precision: Precision) -> float:
    """Seconds of one forward and backward pass."""
    with torch.random.fork_rng(devices=[]):
        model.train()
        start = time.perf_counter()
        with autocast(rows.device, precision):
            loss = model(rows[:, :-1], rows[:, 1:])
        loss.backward()
        seconds = time.perf_counter() - start
    model.zero_grad(set_to_none=True)
    return seconds
