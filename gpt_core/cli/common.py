"""What every command shares: finding a configuration, and telling what a person got wrong."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from gpt_core import resources
from gpt_core.config import from_toml
from gpt_core.errors import ConfigError, GPTCoreError
from gpt_core.events import MANY_UNKNOWN, Evaluation

if TYPE_CHECKING:
    from gpt_core.checkpoint import Checkpoint
    from gpt_core.run import Run


def load_values(name: str) -> dict[str, Any]:
    """The values of a preset or of a TOML file, not yet checked; raises config_missing, text_unreadable,
    bad_toml."""
    known = resources.presets()
    path = known.get(name, Path(name))
    if not path.is_file():
        raise GPTCoreError("config_missing", name=name, known=", ".join(known))
    return from_toml(path)


def print_any_text() -> None:
    """Let every character be printed. A file or a pipe gets UTF-8, in which nothing is lost, whatever the
    system takes for its own (on Windows, most of Unicode has no place in that); a terminal is written to as
    it reads, with escapes for what it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


class Unheard:
    """Standard error, to which what cannot be written is not written: where the reader of messages and
    progress has gone, or the disk that they are kept on is full, what they tell of goes on all the same."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, or nothing."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, as far as it goes."""
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def let_messages_fail() -> None:
    """Make standard error one that nobody needs to hear."""
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr = cast(TextIO, Unheard(sys.stderr))


def told_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a GPTCoreError as its sentences on standard error and exit with 2; so too what the system refuses,
    such as a name that no file can have, a folder that is closed to us or a disk that is full."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GPTCoreError as error:
            tell(error)
            sys.exit(2)
        except BrokenPipeError:  # whoever read our output has enough, as `head` does
            _give_up_output()
            sys.exit(0)
        except OSError as error:
            reason = error.strerror or error
            if error.filename is None:
                _give_up_output()
                tell(GPTCoreError("system_failed", reason=reason))
            else:
                tell(GPTCoreError("path_refused", path=error.filename, reason=reason))
            sys.exit(2)

    return wrapper


def _give_up_output() -> None:
    """Let the rest of standard output go nowhere; at the end Python would fail to write it once more."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(error: GPTCoreError) -> None:
    """Print the error on standard error, naming the setting it concerns."""
    if isinstance(error, ConfigError) or error.field is None:
        click.echo(str(error), err=True)
    else:
        click.echo(f"{error.field}: {error}", err=True)


def checkpoint_of(run: Run, step: int | None) -> Checkpoint:
    """The checkpoint of `step`, or the newest that is sound; what is wrong with newer ones is told.

    Raises no_checkpoint, no_such_checkpoint, checkpoint_damaged.
    """
    from gpt_core import checkpoint

    if step is None:
        saved, damaged = checkpoint.newest_sound(run.checkpoints_folder)
        for error in damaged:
            tell(error)
    else:
        saved = checkpoint.find(run.checkpoints_folder, step)
        saved.verify()
    return saved


def unknown_remark(result: Evaluation) -> str:
    """What to say beside bits per byte of a text that the vocabulary does not know."""
    if result.unknown < MANY_UNKNOWN:
        return ""
    return f" (which says little: {result.unknown:.1%} of the text is unknown)"


run_argument = click.argument("run", type=click.Path(path_type=Path))
checkpoint_option = click.option(
    "--checkpoint", "step", type=int, help="The step of the checkpoint; the newest by default."
)
set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SECTION.FIELD=VALUE",
    help="Change one setting; repeatable.",
)
