"""What failed, with the traceback that tells where: for the log of a run, and for a person who asks."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from pathlib import Path

from gpt_core.errors import GPTCoreError

LIMIT = 2**20  # bytes of a log; what would make it longer takes the place of its older half


def details(error: BaseException) -> str:
    """Where an error came from, with its causes; "" for one that tells all there is in its sentence."""
    if isinstance(error, GPTCoreError) and error.__cause__ is None:
        return ""
    return "".join(traceback.format_exception(error))


def note(log: Path, step: int, told: GPTCoreError, details: str = "") -> None:
    """Write into a run's log what went wrong after `step` steps. Where it cannot be written, it is not: the
    log is a courtesy, and whoever is told has the details too."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S")
    entry = f"{moment} step {step}: {told}\n{details}\n".encode(errors="backslashreplace")[-LIMIT // 2 :]
    with suppress(OSError):
        if log.exists() and log.stat().st_size + len(entry) > LIMIT:
            _, _, kept = log.read_bytes()[-LIMIT // 2 :].partition(b"\n")
            log.write_bytes(kept)
        with log.open("ab") as file:
            file.write(entry)
