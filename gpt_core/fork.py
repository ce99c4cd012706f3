"""A new run that begins where another one stood at a checkpoint, to try other settings from there on.

Its folder is whole by itself: tokenizer, tokens and checkpoint are linked to the same bytes on the disk where
the file system can, else copied, and no file in them is ever changed in place. It takes the record up to that
step along, so that its curves show where it came from.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from gpt_core import checkpoint
from gpt_core.about import describe
from gpt_core.config import from_values
from gpt_core.disk import write_error
from gpt_core.errors import GPTCoreError
from gpt_core.record_file import open_to_read, told
from gpt_core.run import Run, create


def fork(run: Run, step: int, folder: Path | None = None) -> Run:
    """A run in `folder`, or in a new one of the workspace, that goes on from the checkpoint of `step`.

    Its settings are those that held at that step; the live ones may be changed before it trains on. Reads
    `run` without its lock. Errors: those of `checkpoint.find`, `verify` and `run.create`, record_damaged.
    """
    saved = checkpoint.find(run.checkpoints_folder, step)
    saved.verify()
    config = from_values(saved.state()["config"])
    name = re.sub(r"-fork-\d+$", "", run.name)
    made = create(config, folder, name=f"{name}-fork")
    try:
        with made.lock():  # half of it is no run yet
            for part in (run.tokenizer_folder, run.tokens_folder):
                if part.is_dir():
                    _link(part, made.folder / part.name)
            _link(saved.path, made.checkpoints_folder / saved.path.name)
            if run.record_path.exists():
                _copy_record(run.record_path, made.record_path, step)
            describe(made.folder, parent=run.name, parent_step=step)
    except OSError as error:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise write_error(made.folder, error) from error
    except GPTCoreError:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise
    return made


def _link(folder: Path, place: Path) -> None:
    """Put the files of a folder also at `place`."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:  # another disk, or a file system without links
            shutil.copy2(source, target)

    shutil.copytree(folder, place, copy_function=link, ignore=shutil.ignore_patterns(checkpoint.PINNED))


def _copy_record(source: Path, target: Path, step: int) -> None:
    """The record as it was after `step` steps: what came later is hidden, and its changes are forgotten, or
    they would be made again."""
    with told(source):
        database, copy = open_to_read(source)
        try:
            with closing(sqlite3.connect(target)) as into:
                database.backup(into)
                into.execute(
                    "DELETE FROM events WHERE step > ? OR (kind = 'change' AND step = ?)", [step, step]
                )
                into.execute("INSERT INTO segments (step, time) VALUES (?, ?)", [step, time.time()])
                into.commit()
                into.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            database.close()
            if copy is not None:
                copy.cleanup()
