"""A new run that begins where another one stood at a checkpoint, to try other settings from there on.

Until it has made a step of its own, a fork may change every setting but those that came with the weights:
what shapes them, and the tokenizer. That holds for any run that was `given` its weights, an imported one too:
its run.toml says how it is to begin, its checkpoint what it was given. What is not changed goes on as in the
parent, bit for bit. What is:

    text         tokens that are not the parent's, by their checksums, are gone through from their beginning:
                 no window of them was seen, no validation loss measured. The tokenizer must be the parent's
    seed         another order and other dropout from there on; the same text keeps its split, or what was
                 trained on would be validated on
    optimizer    one of another name begins without state; all else of [optimizer] keeps it
    device, precision, threads, compile    are resolved anew

The steps go on, and so does their schedule, unless the fork is to `restart`: that takes the weights alone and
begins at step 0, with a warmup, a schedule and an optimizer of its own, which is how a finished model is
trained on for another text. It is said, not guessed from the text, as one that has only grown may go on.

The folder of a fork is whole by itself: tokenizer, tokens and checkpoint are linked to the same bytes on the
disk where the file system can, else copied, and no file in them is ever changed in place. One that goes on
takes the record up to that step along, so that its curves show where it came from.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from gpt_core import checkpoint, hardware
from gpt_core.about import describe
from gpt_core.checkpoint import Checkpoint
from gpt_core.config import Config, from_values, settings, to_toml
from gpt_core.disk import write_atomically, write_error
from gpt_core.errors import ConfigError, Fault
from gpt_core.record_file import open_to_read, told
from gpt_core.run import CONFIG, Run, create


def fork(
    run: Run,
    step: int,
    folder: Path | None = None,
    changes: Mapping[str, Any] | None = None,
    restart: bool = False,
) -> Run:
    """A run in `folder`, or in a new one of the workspace, that begins with the checkpoint of `step`.

    Its settings are those that held at that step, with `changes` ("section.field"). With `restart` it takes
    the weights alone, as its step 0. Reads `run` without its lock. Errors: those of `checkpoint.find`,
    `verify` and `save` and of `run.create`, record_damaged, ConfigError, device_missing,
    precision_unsupported.
    """
    saved = checkpoint.find(run.checkpoints_folder, step)
    saved.verify()
    before = in_force(run, saved)
    config = changed(before, changes or {})

    def fill(made: Run) -> None:
        try:
            for part in (run.tokenizer_folder, run.tokens_folder):
                if part.is_dir():
                    _link(part, made.folder / part.name)
            if restart:
                state = saved.state()
                state = at_the_start(before, state.get("text"), state["resolved"])
                checkpoint.save(made.checkpoints_folder, 0, saved.model(), {}, state).give()
            else:
                place = made.checkpoints_folder / saved.path.name
                _link(saved.path, place)
                Checkpoint(place, step).give()
                if run.record_path.exists():
                    # The changes made where `run` itself was forked are forgotten, so they are told anew.
                    differing = _differing(from_values(saved.state()["config"]), config)
                    _copy_record(run.record_path, made.record_path, step, differing)
            describe(made.folder, parent=run.name, parent_step=step)
        except OSError as error:
            raise write_error(made.folder, error) from error

    name = re.sub(r"-fork-\d+$", "", run.name)
    return create(config, folder, f"{name}-fork", fill)


def begin_otherwise(run: Run, changes: Mapping[str, Any]) -> Run:
    """The run with other settings to begin with, written to its run.toml.

    Raises what `changed` does, and run_not_writable.
    """
    config = changed(run.config, changes)
    write_atomically(run.folder / CONFIG, to_toml(config).encode())
    return Run(run.folder, config)


def in_force(run: Run, saved: Checkpoint) -> Config:
    """The settings with which a run goes on from a checkpoint: those written there; of one that it was given,
    those of run.toml, but for what came with the weights."""
    written = from_values(saved.state()["config"])
    if not saved.given:
        return written
    of_model = {field: written.get(field) for field, what in settings().items() if what.of_model}
    return run.config.replace(of_model)


def at_the_start(
    config: Config, text: list[str] | None = None, resolved: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The state of a checkpoint at step 0 whose weights come from elsewhere: from a model of `config`, and as
    far as is known, the `text` it saw (a `CorpusInfo.fingerprint`) and what `auto` was resolved to there."""
    return {
        "step": 0,
        "windows_seen": 0,
        "tokens_seen": 0,
        "evaluated_at": -1,  # so that it is measured what the model is worth before its first step
        "sampled_at": 0,
        "best": None,
        "resolved": resolved,
        "text": text,
        "config": config.model_dump(),
    }


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """The settings with other ones ("section.field"), as a run may have that has made no step of its own.

    Raises ConfigError, device_missing, precision_unsupported.
    """
    other = config.replace(changes)
    fixed = [field for field in _differing(config, other) if settings()[field].of_model]
    if fixed:
        raise ConfigError([Fault(field, "fixed_by_model") for field in fixed])
    if not changes.keys().isdisjoint(("train.device", "train.precision")):
        device = hardware.resolve_device(other.train.device)
        hardware.resolve_precision(other.train.precision, device)
    return other


def _differing(one: Config, other: Config) -> dict[str, Any]:
    """The settings in which `other` differs, as it has them."""
    return {field: other.get(field) for field in settings() if one.get(field) != other.get(field)}


def _link(folder: Path, place: Path) -> None:
    """Put the files of a folder also at `place`. Its folders are new ones, in which more can be written, also
    where those of the parent are read-only; of the empty files that mark a checkpoint it gets its own."""
    place.mkdir(parents=True)
    for source in folder.iterdir():
        if source.is_dir():
            _link(source, place / source.name)
        elif source.name not in (checkpoint.PINNED, checkpoint.GIVEN):
            try:
                os.link(source, place / source.name)
            except OSError:  # another disk, a file system without links, or a file that is another's
                shutil.copyfile(source, place / source.name)


def _copy_record(source: Path, target: Path, step: int, changes: Mapping[str, Any]) -> None:
    """The record as it was after `step` steps, and what is changed there: what came later is hidden, and its
    changes are forgotten, or they would be made again; so are checkpoints that the fork does not hold. The
    one it holds is the best, if it was measured."""
    with told(source):
        database, copy = open_to_read(source)
        try:
            with closing(sqlite3.connect(target)) as into:
                database.backup(into)
                into.execute(
                    "DELETE FROM events WHERE step > ? OR (kind = 'change' AND step = ?)", [step, step]
                )
                # The parent's other checkpoints stay with it.
                into.execute(
                    "DELETE FROM events WHERE kind IN ('checkpoint', 'evaluation') AND step < ?", [step]
                )
                into.execute(
                    "UPDATE events SET content = json_set(content, '$.best', json('true')) "
                    "WHERE kind = 'evaluation' AND step = ?",
                    [step],
                )
                now = time.time()
                begun = into.execute("INSERT INTO segments (step, time) VALUES (?, ?)", [step, now])
                if changes:
                    into.execute(
                        "INSERT INTO events (segment, kind, step, time, content) "
                        "VALUES (?, 'change', ?, ?, ?)",
                        [begun.lastrowid, step, now, json.dumps(changes)],
                    )
                into.commit()
                into.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            database.close()
            if copy is not None:
                copy.cleanup()
