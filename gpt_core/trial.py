"""A trial of a configuration: some real steps on random tokens, in a process of their own.

A process of its own, so that the memory at its peak is that of training alone, all of it is given back, and
one that the system ends for want of memory takes nothing with it. Importing this loads no torch; the child
does, and prints one line of JSON.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gpt_core.config import Config, from_values
from gpt_core.errors import GPTCoreError
from gpt_core.events import NotFinite, Precision, Resolved, StepDone, StepSkipped

if TYPE_CHECKING:
    import torch

    from gpt_core.tokenizer import Tokenizer
    from gpt_core.trainer import Trainer

WARM_UP = 2  # steps before them: in the second all that training keeps is there
STEPS = (3, 30)  # timed at least and at most


@dataclass(frozen=True)
class Trial:
    """What was measured.

    `peak` are bytes: of the CPU process's resident memory, or on a GPU of what torch reserved there and what
    its runtime takes; `room` is how many a process could take here. `compiled_tokens_per_second` is there on
    a CUDA device, where the pace was taken with torch.compile as well as without.
    """

    device: str  # in words
    precision: Precision
    threads: int
    steps: int
    tokens_per_second: float
    peak: int
    room: int
    compiled_tokens_per_second: float | None = None


def run_trial(config: Config, seconds: float = 8.0, compiled: bool = True) -> Trial:
    """Train some real steps of `config`, about `seconds` of them, in a process of their own;
    `model.vocab_size` must be known. With `compiled` a GPU shows its pace with torch.compile, too.

    Raises GPTCoreError: device_missing, precision_unsupported, memory_too_small, out_of_memory and
    its kin, trial_killed, trial_failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "gpt_core.trial"],
        input=json.dumps({"config": config.model_dump(), "seconds": seconds, "compiled": compiled}),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        if done.returncode < 0 or "allocate memory" in done.stderr:  # a signal is the system's way to end it
            raise GPTCoreError("trial_killed", field="train.batch_size") from None
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise GPTCoreError("trial_failed", reason=reason) from None
    if "code" in answer:
        raise GPTCoreError(answer["code"], field=answer["field"], **answer["values"])
    return Trial(**answer)


# ------------------------------------------------------------------------------------------- In the child


def _measure(config: Config, seconds: float, compiled: bool) -> Trial:
    import torch

    from gpt_core import hardware, memory, rehearsal

    device = hardware.resolve_device(config.train.device)
    precision = hardware.resolve_precision(config.train.precision, device)
    hardware.prepare(device, precision, config.train.deterministic)
    room = hardware.room(device)
    free = hardware.free_memory(device)
    if device.type == "cpu" and (too_small := memory.fault(config, precision, "cpu", free)):
        raise too_small
    threads = config.train.threads or hardware.cores()
    torch.set_num_threads(threads)
    resolved = Resolved(str(device), precision, threads, config.train.compile, config.model.vocab_size)
    try:
        trainer = _trainer(config, resolved)
        if device.type == "cpu" and not config.train.threads:
            rows = torch.from_numpy(trainer.windows.batch(0, config.train.batch_size))
            *_, threads = rehearsal.choose_threads(trainer.model, rows, precision)
        pace, steps = _pace(trainer, seconds)
    except Exception as error:
        if not hardware.is_out_of_memory(error):
            raise
        raise memory.ran_out(config, precision, str(device), room) from error
    peak = _peak(device)
    compiled_pace = None
    if compiled and device.type == "cuda" and not config.train.compile:
        del trainer
        hardware.give_back(device)
        compiled_pace = _compiled_pace(config, replace(resolved, compile=True), seconds)
    return Trial(hardware.describe(device), precision, threads, steps, pace, peak, room, compiled_pace)


def _compiled_pace(config: Config, resolved: Resolved, seconds: float) -> float | None:
    """Tokens a second with torch.compile; None where that does not work, as for want of Triton on Windows."""
    try:
        return _pace(_trainer(config, resolved), seconds)[0]
    except Exception as error:
        print(f"torch.compile: {error}", file=sys.stderr)
        return None


def _trainer(config: Config, resolved: Resolved) -> Trainer:
    """A Trainer over random tokens that is due for nothing but steps."""
    import numpy as np

    from gpt_core.corpus import Corpus
    from gpt_core.trainer import Trainer

    train = {"max_steps": 10**9, "eval_interval": 0, "sample_interval": 0, "checkpoint_interval": 0}
    config = config.model_copy(update={"train": config.train.model_copy(update=train)})
    few = 2 * config.model.context_length + 1  # as a ring of tokens they make windows without end
    tokens = np.random.default_rng(0).integers(config.model.vocab_size, size=few, dtype=np.uint32)
    corpus = Corpus(cast("Tokenizer", None), tokens, tokens, None)  # the tokenizer is for samples only
    return Trainer(config, resolved, corpus, Path())


def _pace(trainer: Trainer, seconds: float) -> tuple[float, int]:
    """Tokens a second, the median over some steps, and how many steps those were."""
    paces: list[float] = []
    fewest, most = STEPS
    begun = started = time.perf_counter()
    for number, event in enumerate(_steps(trainer)):
        if isinstance(event, NotFinite):
            raise event.error
        now = time.perf_counter()
        if number >= WARM_UP:
            paces.append(event.tokens / (now - started))
        else:
            begun = now
        started = now
        if len(paces) >= most or (len(paces) >= fewest and now - begun > seconds):
            break
    return statistics.median(paces), len(paces)


def _steps(trainer: Trainer) -> Iterator[StepDone | StepSkipped | NotFinite]:
    return (event for event in trainer.events() if isinstance(event, StepDone | StepSkipped | NotFinite))


def _peak(device: torch.device) -> int:
    """Bytes at the peak until now: of this process in memory, or on its GPU."""
    import psutil
    import torch

    from gpt_core import memory

    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) + memory.LOADED["cuda"]
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    if psutil.LINUX:  # getrusage would count what the parent had when it started this process
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    if psutil.WINDOWS:
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS gives bytes


def _child() -> None:
    try:
        asked = json.load(sys.stdin)
        answer = asdict(_measure(from_values(asked["config"]), asked["seconds"], asked["compiled"]))
    except GPTCoreError as error:
        answer = {"code": error.code, "field": error.field, "values": error.values}
    print(json.dumps(answer, default=str))


if __name__ == "__main__":
    _child()
