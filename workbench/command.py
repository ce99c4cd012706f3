"""The command that trains what the window shows: the same run, without a window."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import Any

from gpt_core import resources
from gpt_core.config import Config, Setting, from_toml, from_values, settings
from gpt_core.errors import GPTCoreError
from workbench import own_presets


def train_command(config: Config, preset: str = "") -> str:
    """`gpt-core train PRESET --set ...`, to be pasted into a terminal of this system.

    It begins with `preset` where that is one, else with the preset from which the least has to be set; of a
    person's own presets it names the file.
    """
    ways = {}
    for name, path in (resources.presets() | own_presets.presets()).items():
        try:
            begin = from_values(from_toml(path))
        except GPTCoreError:  # a file that was edited by hand
            continue
        ways[name] = [name if name in resources.presets() else str(path), *assignments(begin, config)]
    words = ["gpt-core", "train", *(ways.get(preset) or min(ways.values(), key=len))]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


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
    """A setting's value as `gpt_core.config.parse` reads it back, exactly."""
    if what.kind == "texts":
        return json.dumps(list(value), ensure_ascii=False)
    if what.kind == "bool":
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
