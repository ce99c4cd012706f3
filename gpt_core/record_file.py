"""The SQLite file under a record: its tables, how it is opened, and what goes wrong with it.

The file is in WAL mode: readers, in this process or another, never wait for the writer nor the writer for
them.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gpt_core.errors import GPTCoreError

APPLICATION = 0x47505457  # "GPTW": what tells our file from another program's
FORMAT = 1
LOCK_SECONDS = 5.0  # how long to wait while another process writes

SCHEMA = f"""
CREATE TABLE segments (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, time REAL NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    series TEXT NOT NULL,
    segment INTEGER NOT NULL,
    start INTEGER NOT NULL,  -- points of this series and segment in the chunks before this one
    count INTEGER NOT NULL,
    steps BLOB NOT NULL,     -- little-endian int64
    figures BLOB NOT NULL    -- little-endian float64
);
CREATE UNIQUE INDEX chunks_in_order ON chunks (series, segment, start, count);
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    kind TEXT NOT NULL,
    step INTEGER NOT NULL,
    time REAL NOT NULL,
    content TEXT NOT NULL    -- strict JSON
);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
"""


def open_to_write(path: Path) -> sqlite3.Connection:
    """The record at `path`, made with its first segment where there is none."""
    # The worker that writes need not be the thread that opened the file.
    database = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if _is_empty(database):
            database.execute("PRAGMA journal_mode = WAL")
            first = f"INSERT INTO segments VALUES (1, 0, {time.time()});"
            database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} {first} COMMIT")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # from here on the file alone is a record
        _check_format(path, database)
    except BaseException:
        database.close()
        raise
    return database


def open_to_read(path: Path) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory[str] | None]:
    """The record at `path`, never to be changed, and the copy that is read in its stead, if it takes one:
    where nothing can be written, and a writer died and left its last figures in the WAL beside the file.

    Raises record_damaged.
    """
    if not path.is_file():
        raise GPTCoreError("record_damaged", path=path, reason=GPTCoreError("no_such_file"))
    copy = None
    # Not mode=ro: such a connection leaves an empty -wal and a -shm behind when it is the last to close.
    database = _connect(path, "mode=rw")
    try:
        try:
            _is_empty(database)
        except sqlite3.OperationalError as error:
            if _kind(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            # SQLite wants a -shm beside a WAL file, and here none can be made; so nobody can be writing.
            database.close()
            wal = path.with_name(path.name + "-wal")
            if wal.is_file() and wal.stat().st_size:
                copy = tempfile.TemporaryDirectory(prefix="gpt-core-record-")
                for file in (path, wal):
                    shutil.copyfile(file, Path(copy.name) / file.name)
                database = _connect(Path(copy.name) / path.name, "mode=rw")
            else:
                database = _connect(path, "mode=ro&immutable=1")
        _check_format(path, database)
    except BaseException:
        database.close()
        if copy is not None:
            copy.cleanup()
        raise
    return database, copy


@contextmanager
def told(path: Path, step: int = 0) -> Iterator[None]:
    """Turns what SQLite raises, and what makes no sense in the file, into a GPTCoreError; `step` is for the
    sentence about a full disk."""
    try:
        yield
    except sqlite3.ProgrammingError:  # ours, not the file's
        raise
    except sqlite3.Error as error:
        kind = _kind(error)
        if kind == sqlite3.SQLITE_FULL:
            raise GPTCoreError("disk_full", path=path, step=step) from error
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise GPTCoreError("run_in_use", path=path) from error
        if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise GPTCoreError("run_not_writable", path=path, reason=error) from error
        if kind == sqlite3.SQLITE_IOERR:  # the disk's fault, or a limit's; the file may be as good as ever
            reading = error.sqlite_errorcode in (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)
            code = "text_unreadable" if reading else "run_not_writable"
            raise GPTCoreError(code, path=path, reason=error) from error
        raise GPTCoreError("record_damaged", path=path, reason=error) from error
    except (ValueError, TypeError, LookupError) as error:
        raise GPTCoreError("record_damaged", path=path, reason=error) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{mode}"
    database = sqlite3.connect(
        address, uri=True, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.execute("PRAGMA query_only = ON")
    return database


def _is_empty(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def _check_format(path: Path, database: sqlite3.Connection) -> None:
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise GPTCoreError("record_damaged", path=path, reason=GPTCoreError("not_a_record"))
    if version != FORMAT:
        reason = GPTCoreError("record_of_other_format", found=version, known=FORMAT)
        raise GPTCoreError("record_damaged", path=path, reason=reason)


def _kind(error: sqlite3.Error) -> int:
    """SQLite's primary code; the extended ones only say where it happened."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
