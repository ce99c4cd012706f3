"""Whether a model has begun to learn its text by heart: validation turned up while training still falls."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpt_core.errors import GPTCoreError
from gpt_core.record import RecordView

Points = tuple[np.ndarray, np.ndarray]  # steps (N,), ascending, and losses (N,)

PATIENCE = 6  # evaluations since the best one, at the least
CERTAINTY = 5.0  # how many times its own uncertainty a rise must be, since it is looked for again and again
CLEAR = 0.03  # of the best loss: a smaller rise concerns nobody
REBOUND = 2.0  # how many times the largest of the rises that validation came back from
AT_ONCE = 3  # evaluations since the best one, where the rise is STEEP
STEEP = 0.2  # of the best loss: by so much no loss rises that only shakes


@dataclass(frozen=True)
class Turn:
    """Validation was `best` after `step` steps, and of late it is `now`."""

    step: int
    best: float
    now: float

    def told(self) -> GPTCoreError:
        """What to say of it, and what helps."""
        values = {"step": f"{self.step:,}", "best": f"{self.best:.3f}", "now": f"{self.now:.3f}"}
        return GPTCoreError("learnt_by_heart", **values)


def turn(validation: Points, training: Points) -> Turn | None:
    """Where validation turned, from the losses of all evaluations and of all training steps; None where it
    has not, or not clearly: neither a curve that is flat and noisy nor a spike of both losses is a turn.

    The rise is that from the first third of the evaluations since the best one to their last third, and not
    from the best one itself, which chance has made lower than it is. It must stand out from the noise, by how
    far evaluations lie off the line between their neighbours, and from the rises that validation came back
    from before. A steep rise is told sooner, as of a text so short that validation was best when it was first
    measured.
    """
    known = np.isfinite(validation[1])
    steps, losses = validation[0][known], validation[1][known]
    best = int(np.argmin(losses)) if len(losses) else 0
    since = losses[best + 1 :]
    if _steep(steps, losses, best, training):
        return Turn(int(steps[best]), float(losses[best]), float(losses[-1]))
    if len(since) < PATIENCE:
        return None
    third = max(2, len(since) // 3)
    now = float(since[-third:].mean())
    rise = now - float(since[:third].mean())
    noise = float(np.sqrt(np.mean(np.diff(losses[max(0, best - third) :], 2) ** 2) / 6))
    means = np.convolve(losses[: best + third], np.ones(third) / third, "valid")
    rebound = float(np.max(means - np.minimum.accumulate(means)))
    if rise <= max(CERTAINTY * noise * np.sqrt(2 / third), REBOUND * rebound):
        return None
    if now - losses[best] <= CLEAR * abs(losses[best]):
        return None
    if not _fell(training, int(steps[best]), int(steps[-third - 1])):
        return None
    return Turn(int(steps[best]), float(losses[best]), now)


def look(record: Path) -> Turn | None:
    """Where validation turned by a run's record; None too where that cannot be read, of which whoever writes
    it tells."""
    try:
        with closing(RecordView(record)) as view:
            return turn(view.series("validation"), view.series("loss"))
    except GPTCoreError:
        return None


def _steep(steps: np.ndarray, losses: np.ndarray, best: int, training: Points) -> bool:
    """Whether validation has risen each time since the best one, so much that a few times will do: further
    than it went up and came back before, and no further than the training loss fell."""
    since = losses[best:]
    if len(since) <= AT_ONCE or np.any(np.diff(since) <= 0):
        return False
    rise = float(since[-2] - since[0])
    rebound = float(np.max(losses[: best + 1] - np.minimum.accumulate(losses[: best + 1])))
    if rise <= max(STEEP * abs(since[0]), REBOUND * rebound):
        return False
    at, late_from = int(steps[best]), int(steps[-3])
    early, late = _around(training, at, late_from)
    return _fell(training, at, late_from) and bool(early.mean() - late.mean() > rise)


def _around(training: Points, at: int, since: int) -> tuple[np.ndarray, np.ndarray]:
    """The training losses just before and after step `at`, and those after step `since`."""
    steps, losses = training[0][np.isfinite(training[1])], training[1][np.isfinite(training[1])]
    late = losses[steps > since]
    return losses[(steps > at - len(late)) & (steps <= at + len(late)) & (steps <= since)], late


def _fell(training: Points, at: int, since: int) -> bool:
    """Whether the training loss after step `since` is lower than just before and after step `at`."""
    early, late = _around(training, at, since)
    if len(late) < 2 or len(early) < 2:
        return False
    uncertainty = np.sqrt(late.var() / len(late) + early.var() / len(early))
    return bool(early.mean() - late.mean() > 3 * uncertainty)
