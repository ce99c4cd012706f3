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

WIDTHS = (64, 256, 768)  # embedding dimensions of the layers that the device's pace is taken of
WINDOWS, LENGTH = 2, 256  # of the batch that goes through them
PASSES, LONGEST = 4, 0.3  # for each, and seconds after which no more are tried, nor a wider one


def machine(config: dict[str, Any]) -> Iterator[Told]:
    """The device and the precision that a configuration comes to, the memory that training can have there in
    all, and its pace: pairs of an embedding dimension and operations a second in training a layer so wide."""
    from gpt_core import hardware

    train = from_values(config).train
    device = hardware.resolve_device(train.device)
    precision = hardware.resolve_precision(train.precision, device)
    found = {"device": str(device), "name": hardware.describe(device), "precision": precision}
    free = hardware.room(device)  # before the layers take some of it
    yield {"answer": {**found, "free": free, "pace": pace(device, precision)}}


def pace(device: torch.device, precision: Precision) -> list[tuple[int, float]]:
    """Floating-point operations a second in forward and backward passes of one layer, by its width: narrow
    ones leave a device waiting for memory and for Python, so products of large matrices alone tell little."""
    import torch

    from gpt_core import hardware
    from gpt_core.config import ModelConfig
    from gpt_core.model import GPT
    from gpt_core.plan import flops_per_token
    from gpt_core.rehearsal import choose_threads

    def layer(width: int) -> GPT:
        shape = {"embedding_dim": width, "ffn_dim": 4 * width, "num_heads": width // 64, "num_layers": 1}
        return GPT(ModelConfig(vocab_size=256, context_length=LENGTH, **shape)).to(device)

    found: list[tuple[int, float]] = []
    tokens = torch.randint(256, (WINDOWS, LENGTH + 1), device=device)
    if device.type == "cpu":
        *_, threads = choose_threads(layer(WIDTHS[1]), tokens, precision)
        torch.set_num_threads(threads)
    for model in map(layer, WIDTHS):
        times: list[float] = []
        while len(times) < PASSES and sum(times) < LONGEST:
            start = time.perf_counter()
            with hardware.autocast(device, precision):
                loss = model(tokens[:, :-1], tokens[:, 1:])
            loss.backward()
            loss.item()  # waits for the device
            times.append(time.perf_counter() - start)
            model.zero_grad(set_to_none=True)
        seconds = min(times)
        operations = flops_per_token(model.config) * WINDOWS * LENGTH
        found.append((model.config.embedding_dim, operations / seconds))
        if seconds > LONGEST:
            break
    return found


def rehearse(config: dict[str, Any]) -> Iterator[Told]:
    """Some real steps on random tokens, measured; `model.vocab_size` must be known."""
    yield {"answer": asdict(run_trial(from_values(config)))}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends a trial that runs, too
    serve({"machine": machine, "rehearse": rehearse})
