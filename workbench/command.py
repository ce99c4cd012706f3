"""The command that trains what the window shows: the same run, without a window."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gpt_core import hub, resources, text
from gpt_core.config import Config, Setting, from_toml, from_values, settings
from gpt_core.errors import GPTCoreError
from workbench import own_presets

PATHS = ("data.source", "data.tokenizer_path")
PLAIN_ON_WINDOWS = re.compile(r"[\w+=:./\\-]+")  # what neither cmd nor PowerShell reads as anything else


def train_command(config: Config, preset: str = "", path: Path | None = None) -> str:
    """`gpt-core train PRESET_OR_TOML --set ...`, to be pasted into a terminal of this system, in any folder.

    It begins with the file at `path` where that can be read, else with `preset` where that is one, else with
    the preset from which the least has to be set; of a person's own presets it names the file.
    """
    config = from_anywhere(config)
    begin = str(path.absolute()) if path else preset
    files = resources.presets() | own_presets.presets() | ({begin: path} if path else {})
    ways = {}
    for name, file in files.items():
        try:
            first = from_values(from_toml(file))
        except GPTCoreError:  # a file that was edited by hand, or is gone
            continue
        ways[name] = [name if name in resources.presets() else str(file), *assignments(first, config)]
    words = ["gpt-core", "train", *(ways.get(begin) or min(ways.values(), key=len))]
    return for_windows(words) if sys.platform == "win32" else shlex.join(words)


def from_anywhere(config: Config) -> Config:
    """The configuration with paths that hold in any folder; what is no path in it stays as it is."""
    return config.replace({field: _from_anywhere(field, config.get(field)) for field in PATHS})


def _from_anywhere(field: str, value: str) -> str:
    if not value or value.startswith(("builtin:", hub.PREFIX)):
        return value
    parts = text.parts(value) if field == "data.source" else [value]
    return text.SEPARATOR.join(
        part if part.startswith("builtin:") else str(Path(part).expanduser().absolute()) for part in parts
    )


def assignments(begin: Config, config: Config) -> list[str]:
    """The `--set` options that make `config` of `begin`."""
    changed = [(what, config.get(field)) for field, what in settings().items()]
    return [
        word
        for what, value in changed
        if value != begin.get(what.field)
        for word in ("--set", f"{what.field}={written(what, value)}")
    ]


def written(what: Setting, value: Any) -> str:
    """A setting's value in one line, as `gpt_core.config.override` reads it back, exactly."""
    if what.kind == "texts":
        return json.dumps(list(value), ensure_ascii=False)
    if what.kind == "bool":
        return "true" if value else "false"
    if isinstance(value, str):
        as_quoted = "\\" in value and value[0] == value[-1] and value[0] in "'\""
        return value if value.isprintable() and not as_quoted else repr(value)
    return repr(value)


def for_windows(words: Iterable[str]) -> str:
    """Words as a program gets them from cmd and from PowerShell; a quote within one, only from cmd."""
    return " ".join(word if PLAIN_ON_WINDOWS.fullmatch(word) else _quoted(word) for word in words)


def _quoted(word: str) -> str:
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
