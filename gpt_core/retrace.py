"""Retrace: which windows of the text a step was trained on, however long ago that was.

The order of the windows is a function of the seed and of their number (see `batches`), so nothing needs to be
kept of a batch: the record says how many tokens each step took, and any one step of which it is known how
many windows had been seen when it was done leads to all the others.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpt_core.batches import Windows
from gpt_core.checkpoint import Checkpoint, checkpoints
from gpt_core.corpus import Corpus
from gpt_core.errors import CheckpointError, GPTCoreError
from gpt_core.fork import in_force
from gpt_core.preparation import same_text
from gpt_core.record import RecordView
from gpt_core.run import Run, open_run


def batch(
    step: int, record: RecordView, done: int, windows_seen: int, windows: Windows
) -> tuple[NDArray[np.int64], float]:
    """The windows (n, T + 1) that a step was trained on, and its loss then, in nats a token.

    `windows_seen` of `windows` had been seen when the step `done`, before or after it, was done. Raises
    GPTCoreError: step_not_recorded, batch_of_other_text, record_damaged.
    """
    steps, losses = record.series("loss")
    place = int(np.searchsorted(steps, step))
    if place == len(steps) or steps[place] != step:
        raise GPTCoreError("step_not_recorded", step=step)
    if any("train.seed" in event.values for event in record.events("change") if event.step >= step):
        raise GPTCoreError("batch_of_other_text", step=step)
    seen = _windows_by_step(record, max(step, done), windows.context_length)
    first = windows_seen + int(seen[step - 1] - seen[done])
    if first < 0:  # before the text was begun anew
        raise GPTCoreError("batch_of_other_text", step=step)
    return windows.batch(first, int(seen[step] - seen[step - 1])), float(losses[place])


def _windows_by_step(record: RecordView, last: int, context_length: int) -> NDArray[np.int64]:
    """How many windows the steps up to 0, ..., last took together (last + 1,)."""
    steps, tokens = record.series("tokens")
    # Steps that left the weights as they were have no figures; older records do not tell what they took.
    left = [*record.events("skipped"), *record.events("trouble")]
    told = [(event.step, event.values["tokens"]) for event in left if "tokens" in event.values]
    steps = np.append(steps, [step for step, _ in told]).astype(np.int64)
    tokens = np.append(tokens, [taken for _, taken in told])
    order = np.argsort(steps, kind="stable")
    steps, taken = steps[order], tokens[order].astype(np.int64) // context_length
    known = np.searchsorted(steps, np.arange(1, last + 1), side="right") - 1  # the one before, where unknown
    return np.concatenate([[0], np.cumsum(taken[np.maximum(known, 0)])])


def _newest(run: Run) -> Checkpoint:
    """The newest checkpoint that tells its place; its weights are not looked at. Raises no_checkpoint."""
    for saved in reversed(checkpoints(run.checkpoints_folder)):
        with suppress(CheckpointError):
            saved.state()
            return saved
    raise CheckpointError("no_checkpoint", path=run.checkpoints_folder)


def batch_of(folder: Path, step: int) -> tuple[NDArray[np.int64], float]:
    """The same by what the folder of a run holds, without its lock.

    Raises what `batch`, `open_run` and `Corpus.open` do, and no_checkpoint.
    """
    run = open_run(folder)  # anew, since a run that has not begun may have been changed
    saved = _newest(run)
    corpus, config = Corpus.open(folder), in_force(run, saved)
    # The weights that a fork was given may have seen another text.
    seen = saved.state()["windows_seen"] if same_text(saved, corpus) else 0
    windows = Windows(corpus.train, config.model.context_length, config.train.seed)
    with closing(RecordView(run.record_path)) as record:
        return batch(step, record, saved.step, seen, windows)
