"""What a person may ask of a run: commands, and the queue that carries them to the worker.

Plain data without torch, so that a window can give commands while torch is still loading.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from gpt_core.config import SamplingConfig


@dataclass(frozen=True)
class Pause:
    """Ask for no more events; the model stays loaded and training can go on from this very batch."""


@dataclass(frozen=True)
class Resume:
    """Train on, after a pause, a stop or trouble."""


@dataclass(frozen=True)
class Stop:
    """Stop and write a checkpoint: once the step at hand is whole, before whatever is due after it; or, `now`
    or where a stop is waited for already, after the batch at hand, whose step is begun anew on resume."""

    now: bool = False


@dataclass(frozen=True)
class Save:
    """Write a checkpoint of the last complete step."""


@dataclass(frozen=True)
class Change:
    """Change live settings ("section.field") before the next step: those that can be, or, `together`, none
    where one cannot."""

    changes: Mapping[str, Any]
    together: bool = False


@dataclass(frozen=True)
class Prompt:
    """Answer `request.prompt` at the next safe point; the reports of the answer carry `id`."""

    id: int
    request: SamplingConfig


@dataclass(frozen=True)
class ReadBatch:
    """Read the windows that `step` was trained on at the next safe point; the reports of that carry `id`."""

    id: int
    step: int


@dataclass(frozen=True)
class StopAnswer:
    """Cut the answer to question `id` short, or drop it where its turn has not come."""

    id: int


@dataclass(frozen=True)
class Close:
    """Save what is not saved, leave the run, and end the worker."""


Question = Prompt | ReadBatch
Command = Pause | Resume | Stop | Save | Change | Question | StopAnswer | Close


class Control:
    """The one way to a worker, from whatever thread; commands are carried out in order."""

    def __init__(self) -> None:
        self.commands: SimpleQueue[Command] = SimpleQueue()
        self._ids = itertools.count(1)

    def ask(self, command: Command) -> None:
        """Hand over a command; returns at once."""
        self.commands.put(command)

    def prompt(self, request: SamplingConfig) -> int:
        """Hand over a prompt; returns the id that its answer's reports carry."""
        number = next(self._ids)
        self.ask(Prompt(number, request))
        return number

    def read_batch(self, step: int) -> int:
        """Have the windows read that a step was trained on; returns the id that the reports of it carry."""
        number = next(self._ids)
        self.ask(ReadBatch(number, step))
        return number
