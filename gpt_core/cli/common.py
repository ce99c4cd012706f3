"""What every command shares: finding a configuration, and telling what a person got wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gpt_core import resources
from gpt_core.config import from_toml
from gpt_core.errors import ConfigError, GPTCoreError


def load_values(name: str) -> dict[str, Any]:
    """The values of a preset or of a TOML file, not yet checked."""
    known = resources.presets()
    path = known.get(name, Path(name))
    if not path.is_file():
        raise GPTCoreError("config_missing", name=name, known=", ".join(known))
    return from_toml(path)


def told_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a GPTCoreError as its sentences on standard error and exit with 2."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GPTCoreError as error:
            tell(error)
            sys.exit(2)
        except BrokenPipeError:  # whoever read our output has enough, as `head` does
            sys.stderr.close()
            sys.exit(0)

    return wrapper


def tell(error: GPTCoreError) -> None:
    """Print the error on standard error, naming the setting it concerns."""
    if isinstance(error, ConfigError) or error.field is None:
        click.echo(str(error), err=True)
    else:
        click.echo(f"{error.field}: {error}", err=True)


set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SECTION.FIELD=VALUE",
    help="Change one setting; repeatable.",
)
