"""Retrace: which windows of the text a step was trained on, however long ago that was.

The order of the windows is a function of the seed and of their number (see `batches`), so nothing needs to be
kept of a batch: the record says how many tokens each step took, and any one step of which it is known how
many windows had been seen when it was done leads to all the others.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from gpt_core.batches import Windows
from gpt_core.checkpoint import Checkpoint
from gpt_core.corpus import Corpus
from gpt_core.errors import GPTCoreError
from gpt_core.fork import in_force
from gpt_core.preparation import same_text
from gpt_core.record import RecordView
from gpt_core.run import Run


def batch(
    step: int, record: RecordView, done: int, windows_seen: int, windows: Windows
) -> tuple[NDArray[np.int64], float]:
    """The windows (n, T + 1) that a step was trained on, and its loss then, in nats a token.

    `windows_seen` of `windows` had been seen when the step `done`, before or after it, was done. Raises
    GPTCoreError: step_not_recorded, batch_of_other_text, record_damaged.
    """
    steps, tokens = record.series("tokens")
    _, losses = record.series("loss")
    place = int(np.searchsorted(steps, step))
    if place == len(steps) or steps[place] != step:
        raise GPTCoreError("step_not_recorded", step=step)
    if any(_reorders(event.values) for event in record.events("change") if event.step >= step):
        raise GPTCoreError("batch_of_other_text", step=step)
    # A step that left the weights as they were has no figures: it took as many as the one before it.
    numbers = np.arange(1, max(step, done) + 1)
    known = np.maximum(np.searchsorted(steps, numbers, side="right") - 1, 0)
    seen = np.concatenate([[0], np.cumsum(tokens[known].astype(np.int64) // windows.context_length)])
    first = windows_seen + int(seen[step - 1] - seen[done])
    if first < 0:  # before the text was begun anew
        raise GPTCoreError("batch_of_other_text", step=step)
    return windows.batch(first, int(seen[step] - seen[step - 1])), float(losses[place])


def batch_of(run: Run, step: int, saved: Checkpoint) -> tuple[NDArray[np.int64], float]:
    """The same by one of the run's checkpoints, its record and its text, without its lock.

    Raises what `batch` and `Corpus.open` do.
    """
    corpus, config = Corpus.open(run.folder), in_force(run, saved)
    # The weights that a fork was given may have seen another text.
    seen = saved.state()["windows_seen"] if same_text(saved, corpus) else 0
    windows = Windows(corpus.train, config.model.context_length, config.train.seed)
    with closing(RecordView(run.record_path)) as record:
        return batch(step, record, saved.step, seen, windows)


def _reorders(changes: dict[str, object]) -> bool:
    """Whether a change gives other windows from there on: another text, or another order."""
    return any(field == "train.seed" or field.startswith("data.") for field in changes)
