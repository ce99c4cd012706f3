"""The queue on disk: one readable TOML file beside the runs, whole or not there at all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError, field_validator

from gpt_core.config import Config, faults, from_toml, from_values
from gpt_core.disk import write_atomically, write_error
from gpt_core.errors import MESSAGES, ConfigError, Fault, GPTCoreError
from gpt_core.run import fit_name
from gpt_core.run import workspace as runs_folder

NAME = "queue.toml"
HEAD = "# What waits to be trained in GPT Workbench, and what became of it; the first comes first.\n\n"

EntryState = Literal["waiting", "training", "interrupted", "done", "stopped", "failed"]
_keys = itertools.count(1)


class Trouble(BaseModel):
    """Something that went wrong, by its code, so that each language has its own words for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    field: str = ""
    values: dict[str, bool | int | float | str] = {}

    def tellable(self) -> bool:
        """Whether there is a sentence for it: a file of another version may know others."""
        try:
            MESSAGES[self.code].format(**self.values)
        except (LookupError, ValueError, AttributeError):
            return False
        return True


class Entry(BaseModel):
    """A configuration of the queue, and what became of it.

    `state` is "interrupted" where its run waits to be gone on with; `run` names the folder of its run among
    the runs, "" while there is none; `preset` is what its settings are compared with. `settings` are tables
    as TOML has them, right or wrong. `key` tells entries apart as long as the program runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    state: EntryState = "waiting"
    run: str = ""
    preset: str = ""
    trouble: list[Trouble] = []
    settings: dict[str, Any]
    _key: int = PrivateAttr(default_factory=lambda: next(_keys))
    _checked: tuple[dict[str, Any], list[Fault]] | None = PrivateAttr(default=None)

    @field_validator("name", "run")
    @classmethod
    def _fits_a_folder(cls, name: str) -> str:
        try:
            return fit_name(name) if name else name
        except GPTCoreError as error:
            raise ValueError(str(error)) from error

    @field_validator("trouble")
    @classmethod
    def _can_be_told(cls, trouble: list[Trouble]) -> list[Trouble]:
        return [one for one in trouble if one.tellable()]

    @property
    def key(self) -> int:
        return self._key

    @property
    def folder(self) -> Path | None:
        """Where its run lies."""
        return runs_folder() / self.run if self.run else None

    @property
    def next_up(self) -> bool:
        """Whether it is to be trained when its turn comes, its settings being fit."""
        return self.state in ("waiting", "interrupted")

    @property
    def tables(self) -> dict[str, Any]:
        """Its settings without what has no place there."""
        return {section: table for section, table in self.settings.items() if isinstance(table, dict)}

    def faults(self) -> list[Fault]:
        """What is wrong with its settings, as this version of the program knows them."""
        if self._checked is None or self._checked[0] is not self.settings:  # asked for often, and not cheap
            self._checked = (self.settings, faults(self.settings))
        return self._checked[1]

    def config(self) -> Config:
        """Its settings; raises ConfigError where they are unfit."""
        return from_values(self.settings)


def trouble_of(error: GPTCoreError) -> list[Trouble]:
    """What an error says, to be kept."""
    found = error.faults if isinstance(error, ConfigError) else None
    if found is None:
        found = [Fault(error.field or "", error.code, error.values)]
    return [
        Trouble(
            code=fault.code,
            field=fault.field,
            values={
                name: value if isinstance(value, bool | int | float | str) else str(value)
                for name, value in fault.values.items()
            },
        )
        for fault in found
    ]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    runs: list[Entry] = []


def queue_path() -> Path:
    """Where the queue is kept: beside the runs."""
    return runs_folder().parent / NAME


def read(path: Path) -> list[Entry]:
    """The entries in a file, none where there is no such file. Raises queue_damaged, text_unreadable."""
    if not path.exists():
        return []
    try:
        entries = _File.model_validate(from_toml(path)).runs
        _to_toml(entries)  # what cannot be written again is no good either
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    except GPTCoreError as error:
        if error.code != "bad_toml":
            raise
        reason = str(error.values["reason"])
    else:
        return entries
    raise GPTCoreError("queue_damaged", path=path, reason=reason, kept=path)


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Put the entries into the file; raises no_room_to_write, run_not_writable."""
    write_atomically(path, _to_toml(entries).encode())


def set_aside(path: Path) -> Path:
    """Give a file that cannot be read another name, under which it stays; raises run_not_writable."""
    number = 1
    while (kept := path.with_name(f"{path.stem}-damaged-{number}{path.suffix}")).exists():
        number += 1
    try:
        return path.rename(kept)
    except OSError as error:
        raise write_error(path, error) from error


def _to_toml(entries: Sequence[Entry]) -> str:
    return HEAD + tomli_w.dumps({"format": 1, "runs": [entry.model_dump() for entry in entries]})
