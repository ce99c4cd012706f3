"""The folder of a run: where everything that belongs to it lies, and who may write there.

    run.toml        the configuration, as asked
    tokenizer/      tokens/      checkpoints/
    record.sqlite   run.log      run.lock

The folder is enough: copied to another machine it opens, prompts and resumes. Reading needs no lock; whoever
trains holds one, the OS's own, which goes when its process does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import filelock
import platformdirs

from gpt_core import about
from gpt_core.config import Config, from_toml, from_values, to_toml
from gpt_core.disk import write_atomically, write_error
from gpt_core.errors import GPTCoreError

CONFIG = "run.toml"
RECORD = "record.sqlite"
LOCK = "run.lock"
LOOK_SECONDS = 0.2  # a look at whether a run is in use holds its lock for a moment: outwait it
NOT_IN_NAMES = set('<>:"/\\|?*') | {chr(code) for code in range(32)}  # of folders, on one system or another


def workspace() -> Path:
    """Where runs are kept unless a folder is named: `runs` in GPT_WORKBENCH_HOME, or in the user's data."""
    home = os.environ.get("GPT_WORKBENCH_HOME") or platformdirs.user_data_dir(
        "gpt-workbench", appauthor=False
    )
    return Path(home).expanduser().absolute() / "runs"


class RunLock:
    """The one right to write into a run's folder, until `release`, the end of its `with` or the process's."""

    def __init__(self, folder: Path) -> None:
        # Of its own, or two runs opened in one process would share it; and not bound to one thread, since the
        # worker that lets go of it need not be the one that took it.
        self._lock = filelock.FileLock(
            folder / LOCK, timeout=LOOK_SECONDS, thread_local=False, is_singleton=False
        )
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise GPTCoreError("run_in_use", path=folder) from error
        except OSError as error:
            raise write_error(folder, error) from error

    def release(self) -> None:
        """Lets others write; once is enough."""
        self._lock.release()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


@dataclass(frozen=True)
class Run:
    """A run on disk. `config` is what was asked for; what was changed since is in the record."""

    folder: Path
    config: Config

    @property
    def name(self) -> str:
        """What the run is called: its folder's name."""
        return self.folder.name

    @property
    def tokenizer_folder(self) -> Path:
        """The tokenizer, in Hugging Face's format."""
        return self.folder / "tokenizer"

    @property
    def tokens_folder(self) -> Path:
        """The text as tokens."""
        return self.folder / "tokens"

    @property
    def checkpoints_folder(self) -> Path:
        """Weights and state after some of the steps."""
        return self.folder / "checkpoints"

    @property
    def record_path(self) -> Path:
        """Figures and events; not there before training has begun."""
        return self.folder / RECORD

    @property
    def log_path(self) -> Path:
        """What helps to find a fault of the program."""
        return self.folder / "run.log"

    def discard_unused(self) -> None:
        """Removes the folder of a run that never began, so that its name is free again; any other is kept."""
        if not self.record_path.exists() and not self.checkpoints_folder.exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def require_there(self) -> None:
        """Raises run_gone where the folder was moved or deleted since the run was opened."""
        if not _is_run(self.folder):
            raise GPTCoreError("run_gone", path=self.folder)

    def lock(self) -> RunLock:
        """Takes the right to write; run_in_use where another process, or another part of this one, has it."""
        return RunLock(self.folder)


def create(
    config: Config,
    folder: Path | None = None,
    name: str = "run",
    fill: Callable[[Run], None] = lambda run: None,
) -> Run:
    """A new run in `folder`, which must be absent or empty, or else in a new one of the workspace: `name`-1,
    `name`-2, ...

    `fill` may put something there before run.toml, written last, makes it a run; where it fails the folder
    goes again. Errors: run_exists, run_not_empty, run_not_writable, no_room_to_write, and what `fill` raises.
    """
    place = workspace() if folder is None else folder.expanduser().absolute()
    try:
        made = _new_folder(place, name) if folder is None else _empty_folder(place)
    except OSError as error:
        raise write_error(place, error) from error
    run = Run(made, config)
    try:
        fill(run)
        write_atomically(made / CONFIG, to_toml(config).encode())
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return run


def require_new(folder: Path) -> None:
    """Raises run_exists or run_not_empty unless `folder` is absent or empty."""
    if _is_run(folder):
        raise GPTCoreError("run_exists", path=folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GPTCoreError("run_not_empty", path=folder)


def open_run(folder: Path) -> Run:
    """The run in `folder`, to be read; to write there, take its `lock` as well.

    Errors: run_missing, bad_toml, text_unreadable, ConfigError with all that is wrong in run.toml.
    """
    folder = folder.expanduser().absolute()
    if not _is_run(folder):
        raise GPTCoreError("run_missing", path=folder)
    return Run(folder, from_values(from_toml(folder / CONFIG)))


def runs(folder: Path | None = None) -> list[Path]:
    """The folders of the runs in `folder` (by default the workspace), the one last written to first."""
    folder = folder or workspace()
    try:
        found = [path for path in folder.iterdir() if _is_run(path)]
    except OSError:  # not there yet, or not ours to read: nothing to offer
        return []
    return sorted(found, key=lambda path: (_last_written(path), path.name), reverse=True)


def in_use(folder: Path) -> bool:
    """Whether someone, in this process or another, holds the run's lock just now."""
    if not (folder / LOCK).exists():
        return False
    lock = filelock.FileLock(folder / LOCK, timeout=0, thread_local=False, is_singleton=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    except OSError:  # not ours to write, so not ours to ask
        return False
    lock.release()
    return False


def fit_name(name: str) -> str:
    """The name without the spaces around it; raises run_name_unfit where no folder can be called so on some
    system."""
    name = name.strip()
    halves = any(
        "\ud800" <= character <= "\udfff" for character in name
    )  # of characters, which no disk keeps
    if not name or name.startswith(".") or name.endswith(".") or NOT_IN_NAMES & set(name) or halves:
        raise GPTCoreError("run_name_unfit", name=name)
    return name


def rename(folder: Path, name: str) -> Path:
    """Calls a run by another name, its folder's, and lets its forks beside it know; the result is the folder.

    Errors: run_name_unfit, run_name_taken, run_in_use, run_not_writable.
    """
    name = fit_name(name)
    place = folder.with_name(name)
    if place == folder:
        return folder
    if in_use(folder):
        raise GPTCoreError("run_in_use", path=folder)
    if place.exists() and not place.samefile(folder):  # on some systems A and a are the same
        raise GPTCoreError("run_name_taken", name=name)
    try:
        folder.rename(place)
    except OSError as error:
        raise write_error(folder, error) from error
    for other in runs(place.parent):
        with suppress(GPTCoreError):  # a run that says nothing readable of itself names no parent
            if about.read_about(other).parent == folder.name:
                about.describe(other, parent=name)
    return place


def _last_written(folder: Path) -> float:
    times = [0.0]
    for name in (CONFIG, RECORD, f"{RECORD}-wal"):
        with suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return max(times)


def _is_run(folder: Path) -> bool:
    return os.path.isfile(folder / CONFIG)  # unlike Path's, says no of a folder that may not be read


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = parent / f"{name}-{number}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:  # another run, or one that is being made at this moment
            number += 1


def _empty_folder(folder: Path) -> Path:
    require_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
