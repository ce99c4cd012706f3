"""A short rehearsal: real forward and backward passes, to learn what a rule of thumb gets wrong.

A batch too large for the memory of a CPU is not an error there but the end of the process, without a word:
so what it will need is counted first. Two threads on two busy cores can train ten to a hundred times slower
than one, and no property of the machine tells: so the number of CPU threads is tried out.
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


def batch_memory(model: GPT, rows: Tensor, precision: Precision) -> tuple[int, int]:
    """What one batch keeps in memory for its backward pass, as (bytes in any case, bytes a window).

    Counted on real forward passes of one and of two windows of `rows` (2, T + 1): what autograd saves,
    parameters apart.
    """
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    sizes = []
    model.train()
    for windows in (1, 2):
        kept.clear()
        with (
            torch.random.fork_rng(devices=[]),
            torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
            autocast(rows.device, precision),
        ):
            loss = model(rows[:windows, :-1], rows[:windows, 1:])
        sizes.append(sum(kept.values()))
        del loss
    one, two = sizes
    return max(0, 2 * one - two), two - one


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
