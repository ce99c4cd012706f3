"""The machine: which device, which precision, how many cores."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psutil
import torch

from gpt_core import memory
from gpt_core.errors import GPTCoreError
from gpt_core.events import Precision


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices() -> list[str]:
    """Every device that can train here, the fastest kind first."""
    found = []
    if torch.cuda.is_available():  # cards are counted even where their driver is too old to use them
        found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def resolve_device(name: str) -> torch.device:
    """The device that `train.device` names; "auto" is the first GPU, else the CPU.

    Raises device_missing, or what `unused_card` tells where a card is asked for that cannot be used.
    """
    known = devices()
    if name == "auto":
        return torch.device(known[0])
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in known:
        if wanted.startswith("cuda") and (card := unused_card()):
            raise card
        raise GPTCoreError("device_missing", field="train.device", device=name, known=", ".join(known))
    return torch.device(wanted)


def unused_card() -> GPTCoreError | None:
    """What to tell a person whose NVIDIA card this torch cannot use, as PyPI's wheel for Windows cannot, nor
    any with a driver that is too old."""
    if torch.cuda.is_available() or torch.version.hip is not None or sys.platform == "darwin":
        return None
    if shutil.which("nvidia-smi") is None and not os.path.exists("/proc/driver/nvidia/version"):
        return None
    if torch.version.cuda is not None:
        return GPTCoreError(
            "cuda_driver_unfit",
            field="train.device",
            version=torch.__version__,
            cuda=torch.version.cuda,
        )
    return GPTCoreError("cuda_missing_in_torch", field="train.device", version=torch.__version__)


def resolve_precision(wanted: str, device: torch.device) -> Precision:
    """The precision that `train.precision` names; "auto" is the fastest that the device is made for.

    bf16 has float32's range and needs no loss scaling: NVIDIA's cards have it from capability 8.0 on (2020).
    fp16 is next best, from 7.0 on (RTX 20, T4, V100). The weights themselves stay in float32 with either.
    Raises precision_unsupported where bf16 or tf32 is asked of a device that has none.
    """
    capability = torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)
    amd = torch.version.hip is not None  # has a numbering of its own, bf16 everywhere and no tf32
    match wanted:
        case "auto" if device.type == "cpu":
            return "bf16" if _cpu_gains_from_bf16() else "fp32"
        case "auto" if device.type == "cuda":
            return "bf16" if amd or capability >= (8, 0) else "fp16" if capability >= (7, 0) else "fp32"
        case "bf16" if device.type != "cuda" or amd or capability >= (8, 0):
            return "bf16"
        case "tf32" if not amd and capability >= (8, 0):
            return "tf32"
        case "fp16":
            return "fp16"
        case "auto" | "fp32":
            return "fp32"
    raise GPTCoreError(
        "precision_unsupported", field="train.precision", device=describe(device), precision=wanted
    )


def _cpu_gains_from_bf16() -> bool:
    """Whether this CPU multiplies bf16 matrices faster than float32 ones.

    Measured, since a CPU without bf16 instructions still does it, many times slower, and no public call
    of torch's tells the two apart: with them the ratio is about 4, without well below 1. On one thread and
    by the fastest of many rounds, so that a busy machine does not change the answer.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = []
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.randn(256, 256, generator=torch.Generator().manual_seed(0)).to(dtype)
        torch.mm(matrix, matrix)
        rounds = []
        for _ in range(20):
            start = time.perf_counter()
            torch.mm(matrix, matrix)
            rounds.append(time.perf_counter() - start)
        times.append(min(rounds))
    torch.set_num_threads(threads)
    return times[0] > 1.3 * times[1]


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """The context in which the model computes at `precision`; never to be held across a yield."""
    if precision in ("fp32", "tf32"):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if precision == "bf16" else torch.float16)


def prepare(device: torch.device, precision: Precision, deterministic: bool) -> None:
    """Set what holds for the whole process, before a run: whether float32 matrices are multiplied in TF32,
    determinism where asked for, and, for the calling thread, which GPU is meant."""
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    if device.type == "cuda":
        torch.cuda.set_device(device)
        if deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(deterministic)


def spare_memory(spare: bool) -> None:
    """Make the C library of Linux give each block of memory back to the system as soon as it is freed.

    Else it keeps blocks below 32 MB for reuse, in a heap in which holes come about: with activation
    checkpointing a process was measured to hold 2.5 times the memory in use, and so 1.1 times. New pages take
    time instead, up to a third of a step's where layers are narrow.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc alone has it
    if mallopt is not None:
        mallopt(-3, 2**20 if spare else 2**25)  # M_MMAP_THRESHOLD, in bytes
        mallopt(-1, 2**28)  # M_TRIM_THRESHOLD: what is on the heap all the same stays there


def free_memory(device: torch.device) -> int:
    """Bytes that tensors can take of the device's memory; on a GPU with those that this process has there."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device))
    return int(psutil.virtual_memory().available)


def room(device: torch.device) -> int:
    """Bytes that this process can have on the device in all, to be held against `memory.forecast`'s peak."""
    if device.type == "cuda":  # what its runtime takes is not told, and the forecast assumes as much
        return free_memory(device) + memory.LOADED["cuda"]
    return free_memory(device) + int(psutil.Process().memory_info().rss)


def give_back(device: torch.device) -> None:
    """Give the memory that nothing uses any more back to the device, in whole blocks."""
    if gc.isenabled():  # who disabled it, as the window does, has things that no other thread may free
        gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no memory left to give."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The CPU and Apple's GPU have no error of their own for it.
    words = ("allocate memory", "not enough memory", "out of memory")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)


def seed(value: int, device: torch.device) -> None:
    """Seed the default random generators of the CPU and of `device`.

    Not by torch.manual_seed: without a GPU in use that one notes down the call stack for a later one, each
    time, and here it would be each step.
    """
    torch.default_generator.manual_seed(value)
    if device.type == "cuda":
        torch.cuda.manual_seed(value)
    elif device.type == "mps":
        torch.mps.manual_seed(value)


def describe(device: torch.device) -> str:
    """The device in words, for the run's header and log."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device.type == "mps" else "CPU"
