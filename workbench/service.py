"""How a process beside the window is asked, and answers: lines of JSON on standard input and output.

In comes {"id": n, "ask": name, "with": {...}}; out go {"id": n, "progress": {...}}, any number of times, and
then {"id": n, "answer": {...}} or {"id": n, "error": {...}}. An error is a code with its values, so that the
window words it. No Qt here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gpt_core.errors import GPTCoreError

Told = dict[str, Any]
Ask = Callable[..., Iterator[Told]]  # yields {"progress": ...} and last {"answer": ...}
EVERY = 0.1  # seconds between two reports of progress


def answer(question: Mapping[str, Any], asks: Mapping[str, Ask], tell: Callable[[Told], None]) -> None:
    """Tell how a question comes along, and its answer or what stands against it."""
    number, told = question["id"], 0.0
    last: Told = {}
    try:
        for last in asks[question["ask"]](**question["with"]):
            if "progress" in last and time.monotonic() > told + EVERY:
                told = time.monotonic()
                tell({"id": number, **last})
        tell({"id": number, **last})
    except GPTCoreError as error:
        tell({"id": number, "error": as_told(error)})


def as_told(error: GPTCoreError) -> Told:
    """A problem as JSON takes it, with those among its values."""
    values = {
        name: as_told(value) if isinstance(value, GPTCoreError) else str(value)
        for name, value in error.values.items()
    }
    return {"code": error.code, "field": error.field, "values": values}


def serve(asks: Mapping[str, Ask]) -> None:
    """Answer until standard input ends."""

    def tell(line: Told) -> None:
        print(json.dumps(line), flush=True)

    for line in sys.stdin:
        answer(json.loads(line), asks, tell)
