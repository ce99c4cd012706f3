"""What a person says of a run, kept in its folder: notes, tags, a star, and the run it was forked from.

`about.toml` is no part of the training: it may be written at any time, without the run's lock.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from gpt_core.disk import write_atomically
from gpt_core.errors import GPTCoreError

FILE = "about.toml"


@dataclass(frozen=True)
class About:
    """`parent` is the name of the run that this one was forked from, after `parent_step` steps; or ""."""

    notes: str = ""
    tags: tuple[str, ...] = ()
    star: bool = False
    parent: str = ""
    parent_step: int = 0


def read_about(folder: Path) -> About:
    """What is said of the run in `folder`; nothing where nothing is. Raises text_unreadable, bad_toml."""
    path = folder / FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return _checked(values)
    except FileNotFoundError:
        return About()
    except OSError as error:
        raise GPTCoreError("text_unreadable", path=path, reason=error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise GPTCoreError("bad_toml", path=path, reason=error) from error


def describe(folder: Path, **changes: Any) -> About:
    """Say something else of the run in `folder`, field by field, and keep it.

    Errors: those of `read_about`, so that nothing a person wrote is lost; no_room_to_write, run_not_writable.
    """
    told = replace(read_about(folder), **changes)
    write_atomically(folder / FILE, tomli_w.dumps(asdict(told)).encode())
    return told


def _checked(values: dict[str, Any]) -> About:
    kinds = {"notes": str, "tags": list, "star": bool, "parent": str, "parent_step": int}
    known = {field.name: values[field.name] for field in fields(About) if field.name in values}
    for name, value in known.items():
        if not isinstance(value, kinds[name]):
            raise ValueError(f"{name} is {value!r}")
    tags = known.pop("tags", [])
    return About(tags=tuple(map(str, tags)), **known)
