"""What was once made of a text and can be made again: kept for the next start, each under a key of its own.

    tokens-<key>/      a prepared text: tokenizer/ and tokens/, as in the folder of a run
    hub-<key>/         the documents of a data set of the Hugging Face Hub, fetched
    looks/<look>       the key that belongs to the look of some files (names, sizes, times), found quickly
    damaged-<number>/  an entry that does not hold what it says, put aside for another to be made in its place

An entry is made in a folder beside its place and put there by one rename, so that it is whole or not there.
All of it lies in `cache` below GPT_WORKBENCH_HOME, or else in the user's cache folder, and may be deleted at
any time; `gpt-core prepare --clear-cache` does.

Nothing in it is given up by itself, however large it grows: long tokens are nowhere else, the run that needs
them may have been moved to where no one would look for it, and its text may be gone. Where the disk has no
room for another entry, what the cache takes up is told together with the command that empties it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock
import platformdirs

from gpt_core.disk import readable_size, sync_folder, write_atomically, write_error
from gpt_core.errors import GPTCoreError

# What is told of a full disk, and what where the cache takes up some of it.
WITH_CACHE = {"disk_too_small": "disk_too_small_cache", "no_room_to_write": "no_room_to_write_cache"}
NAME = re.compile("(?:tokens|hub)-[0-9a-f]{40}")
UNFINISHED = ".unfinished-"  # begins the names of folders in which something is being made


def folder() -> Path:
    """Where the cache lies; it need not be there yet."""
    home = os.environ.get("GPT_WORKBENCH_HOME")
    if home:
        return Path(home).expanduser().absolute() / "cache"
    return Path(platformdirs.user_cache_dir("gpt-workbench", appauthor=False)).absolute()


def key(*parts: object) -> str:
    """A name for what was made of these parts, which JSON can hold: other parts, another name."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]


def entry(name: str) -> Path:
    """Where the entry of this name is, or will be."""
    return folder() / name


def is_entry(path: Path) -> bool:
    """Whether this is where an entry is, and not a workplace, which goes, or any other folder."""
    return path == entry(path.name) and NAME.fullmatch(path.name) is not None


def size() -> int:
    """Bytes that the cache takes up."""
    return _size(folder())


def _size(path: Path) -> int:
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.stat(os.path.join(root, name)).st_size
    return total


def clear() -> None:
    """Delete all that no process is making at this moment."""
    with contextlib.suppress(FileNotFoundError):
        for path in folder().iterdir():
            if not path.name.startswith(UNFINISHED):
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".lock":
                _remove_abandoned(path)


@contextlib.contextmanager
def workplace(otherwise: Path) -> Iterator[Path]:
    """A new folder to make an entry in, gone at the end unless it was given to `keep`; it lies in the cache,
    or, where that cannot be written, in the folder `otherwise`.

    What a process that was killed left behind is removed first: nothing holds its lock any more. An error
    that names a path in it names the folder around it instead, which a person knows.
    """
    place, lock = _new_workplace(otherwise)
    try:
        yield place
    except GPTCoreError as error:
        path = error.values.get("path")
        if isinstance(path, Path) and path.is_relative_to(place):
            error.values["path"] = place.parent
            held = size() - _size(place)
            if error.code in WITH_CACHE and place.parent == folder() and held:
                code = WITH_CACHE[error.code]
                raise GPTCoreError(code, **error.values, held=readable_size(held)) from error
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _let_go(lock)


def keep(place: Path, name: str) -> Path:
    """Put a workplace in the cache under its name, once all in it is on the disk, and return where it is now.

    Where that cannot be it stays where it is, to be taken from there.
    """
    target = entry(name)
    if place.parent == target.parent:
        with contextlib.suppress(OSError):  # it is there already: another process made the same
            sync_folder(place)
            os.replace(place, target)
            sync_folder(target.parent)
    return target if target.is_dir() else place


def put_aside(name: str) -> None:
    """Take an entry that is damaged out of the way of a new one. It is not deleted: whoever can read it after
    all finds it there. A name that no entry can have is left alone, as it may come from a foreign run."""
    if is_entry(entry(name)):
        with contextlib.suppress(OSError):
            os.replace(entry(name), entry(f"damaged-{secrets.token_hex(4)}"))


def remember(look: str, name: str) -> None:
    """Note that files that look like this are those of the entry `name`."""
    with contextlib.suppress(OSError, GPTCoreError):  # then they are read through the next time
        (folder() / "looks").mkdir(exist_ok=True)
        write_atomically(folder() / "looks" / look, name.encode())


def remembered(look: str) -> str:
    """The entry of files that look like this, or ""."""
    try:
        return (folder() / "looks" / look).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _new_workplace(otherwise: Path) -> tuple[Path, filelock.BaseFileLock]:
    for parent in (folder(), otherwise):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for abandoned in parent.glob(f"{UNFINISHED}*.lock"):
                _remove_abandoned(abandoned)
            place = parent / f"{UNFINISHED}{secrets.token_hex(4)}"
            lock = _lock(place.with_name(f"{place.name}.lock"))
            lock.acquire()
            place.mkdir()
            return place, lock
        except OSError as error:
            refusal = write_error(parent, error)
    raise refusal


def _lock(path: Path) -> filelock.BaseFileLock:
    # Beside the folder: Windows would not rename one that holds an open file.
    return filelock.FileLock(path, timeout=0, thread_local=False, is_singleton=False)


def _let_go(lock: filelock.BaseFileLock) -> None:
    lock.release()
    with contextlib.suppress(OSError):
        os.unlink(lock.lock_file)


def _remove_abandoned(path: Path) -> None:
    lock = _lock(path)
    with contextlib.suppress(OSError, filelock.Timeout):
        lock.acquire()
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        _let_go(lock)
