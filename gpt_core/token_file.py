"""Token files: bare token ids on the disk, written in one go and mapped into memory, never read whole.

Ids are little-endian uint16, or uint32 for a vocabulary beyond 65,536.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gpt_core.disk import sha256, sync_folder, write_error
from gpt_core.errors import GPTCoreError

ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL)  # and names that no file can have

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Part:
    """What a token file holds; `unknown` counts the characters without a token or, with a tokenizer that has
    one for whatever it does not know, how often that one stands there."""

    documents: Count
    tokens: Count
    characters: Count
    bytes: Count
    unknown: Count
    sha256: str

    def unknown_share(self, kind: str) -> float:
        """Share of the text without a token of its own: of gpt1's tokens, else of the characters."""
        return self.unknown / max(1, self.tokens if kind == "gpt1" else self.characters)


class TokenFile:
    """A token file while it is written: beside its place, and put there by `keep`; else nothing is left.

    The caller counts `documents`, `characters`, `bytes` and `unknown`.
    """

    def __init__(self, path: Path, dtype: str) -> None:
        self.path = path
        self.beside = path.with_name(path.name + ".partial")
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.documents = self.tokens = self.characters = self.bytes = self.unknown = 0
        self._sha256 = hashlib.sha256()

    def __enter__(self) -> TokenFile:
        try:
            self._file = open(self.beside, "wb")
        except OSError as error:
            raise write_error(self.path, error) from error
        return self

    def write(self, ids: NDArray[np.integer]) -> None:
        """Append tokens (n,); raises no_room_to_write, run_not_writable."""
        data = np.ascontiguousarray(ids, dtype=self.dtype).data
        try:
            self._file.write(data)
        except OSError as error:
            raise write_error(self.path, error) from error
        self._sha256.update(data)
        self.tokens += len(data)

    def keep(self) -> None:
        """Put the file in its place, for good; raises no_room_to_write, run_not_writable."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.beside, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise write_error(self.path, error) from error

    def part(self) -> Part:
        """What was written."""
        return Part(
            self.documents, self.tokens, self.characters, self.bytes, self.unknown, self._sha256.hexdigest()
        )

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse what is left to be flushed
            self._file.close()
        with contextlib.suppress(OSError):
            self.beside.unlink(missing_ok=True)


def mapped(path: Path, part: Part, dtype: str, verify: bool) -> NDArray[np.unsignedinteger]:
    """The tokens of a file (n,), read-only and left on the disk until they are used.

    Raises corpus_damaged where it is gone, not as long as it was or, as `verify` looks for, holds something
    else; tokens_unreadable where it may well be sound, but the OS does not let it be read now.
    """
    stored = np.dtype(dtype).newbyteorder("<")
    try:
        whole = path.stat().st_size == part.tokens * stored.itemsize
        if whole and (not verify or sha256(path) == part.sha256):
            if not part.tokens:  # what cannot be mapped
                return np.empty(0, dtype=stored)
            return np.memmap(path, dtype=stored, mode="r")
    except FileNotFoundError as error:
        raise GPTCoreError("corpus_damaged", path=path) from error
    except OSError as error:
        raise unreadable(path, error) from error
    raise GPTCoreError("corpus_damaged", path=path)


def mode(path: Path) -> int:
    """What kind of thing is there, as the OS has it; 0 where nothing is.

    Raises tokens_unreadable where the OS does not let it be seen: `Path.is_file` says that as no, in 3.14.
    """
    try:
        return path.stat().st_mode
    except ValueError:
        return 0
    except OSError as error:
        if error.errno in ABSENT:
            return 0
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> GPTCoreError:
    """What to tell where the OS does not let a prepared text be read, which says nothing against the text."""
    return GPTCoreError("tokens_unreadable", path=path, reason=error.strerror or error)
