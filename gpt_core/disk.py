"""Files that are whole or not there at all, and disks with room for them.

A file that matters is written beside its place, flushed to the disk and only then renamed, so that a power
cut, a kill or a full disk leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from pathlib import Path

from gpt_core.errors import GPTCoreError

FULL = {errno.ENOSPC, errno.EDQUOT}  # what the OS says of a full disk, or of a user's full share of it


def free_space(path: Path) -> int:
    """Bytes that may still be written on the disk of `path`, which need not exist yet."""
    return shutil.disk_usage(_present(path)).free


def same_disk(one: Path, other: Path) -> bool:
    """Whether two folders, which need not exist yet, lie on one file system."""
    return _present(one).stat().st_dev == _present(other).stat().st_dev


def can_link(file: Path, folder: Path) -> bool:
    """Whether a file can have a second name in a folder, which need not exist yet."""
    name = _present(folder) / f".{file.name}.{secrets.token_hex(4)}"
    try:
        os.link(file, name)
        name.unlink()
    except OSError:
        return False
    return True


def readable_size(count: int) -> str:
    """A number of bytes as a person reads it: "17 B", "1.5 GB" (1 kB is 1,000 B)."""
    if count < 1000:
        return f"{count} B"
    size, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while round(size, 1) >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.1f} {units[0]}"


def require_space(path: Path, needed: int) -> None:
    """Raises disk_too_small unless `needed` bytes are free on the disk of `path`."""
    free = free_space(path)
    if free < needed:
        raise GPTCoreError(
            "disk_too_small", path=path, free=readable_size(free), needed=readable_size(needed)
        )


def unfinished(folder: Path) -> Path:
    """Where a folder is filled before it is given its name. Its own name is always the same, so that what a
    process left there that was killed can be taken away."""
    return folder.with_name(f".{folder.name}.unfinished")


def _present(path: Path) -> Path:
    """The folder that is there, of the path and those above it."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def write_atomically(path: Path, data: bytes) -> None:
    """Puts `data` at `path`, in place of what is there, whole or not at all; the folder must exist.

    Errors: no_room_to_write where the disk is full, run_not_writable for any other refusal.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> GPTCoreError:
    """What to tell a person when `path` could not be written."""
    if error.errno in FULL:
        return GPTCoreError("no_room_to_write", path=path)
    return GPTCoreError("run_not_writable", path=path, reason=error.strerror or error)


def sync_folder(path: Path) -> None:
    """Makes the names in a folder last through a power cut, where the OS can (Windows cannot)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # file systems without it
            raise
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Makes what was written to a file last through a power cut."""
    with open(path, "r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
