"""The presets that a person has saved: TOML files in a folder of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from gpt_core import resources
from gpt_core.config import Config, to_toml
from gpt_core.disk import write_atomically, write_error
from gpt_core.errors import GPTCoreError

# What every file system takes as a file's name, and a person can say: letters of any language among it.
NAME = re.compile(r"\w(?:[\w .()+-]{0,58}[\w()+-])?")
TAKEN_BY_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def folder() -> Path:
    """Where they lie: `presets` in GPT_WORKBENCH_HOME, or in the user's configuration."""
    home = os.environ.get("GPT_WORKBENCH_HOME") or platformdirs.user_config_dir(
        "gpt-workbench", appauthor=False
    )
    return Path(home).expanduser().absolute() / "presets"


def presets() -> dict[str, Path]:
    """A person's own presets by name, in the order of the alphabet; none that hides a built-in one."""
    taken = resources.presets()
    found = sorted(folder().glob("*.toml"), key=lambda path: path.stem.casefold())
    return {path.stem: path for path in found if path.stem not in taken and not path.name.startswith(".")}


def named(name: str) -> str | None:
    """The preset of that name, in capitals or not, as some file systems have it; None where there is none."""
    return next((known for known in presets() if known.casefold() == name.casefold()), None)


def path_for(name: str) -> Path:
    """The file for a preset of that name; raises preset_name_bad, preset_built_in."""
    if not NAME.fullmatch(name) or TAKEN_BY_WINDOWS.fullmatch(name):
        raise GPTCoreError("preset_name_bad", name=name)
    if name.casefold() in map(str.casefold, resources.presets()):
        raise GPTCoreError("preset_built_in", name=name)
    return folder() / f"{name}.toml"


def save(name: str, config: Config) -> Path:
    """Keep a configuration under a name, in place of one that had it; raises as `path_for` and writing do."""
    path = path_for(named(name) or name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path.parent, error) from error
    write_atomically(path, to_toml(config).encode())
    return path


def rename(old: str, new: str) -> Path:
    """Give a preset another name; raises as `path_for` does, preset_exists, and what the disk refuses."""
    path = path_for(new)
    if named(new) not in (None, old):
        raise GPTCoreError("preset_exists", name=new)
    try:
        return (folder() / f"{old}.toml").rename(path)
    except OSError as error:
        raise write_error(path, error) from error


def delete(name: str) -> None:
    """Take a preset's file away; one that is gone already is no error."""
    path = folder() / f"{name}.toml"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
