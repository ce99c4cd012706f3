"""The learning rate of each update: linear warmup, then cosine decay.

Follows "Improving Language Understanding by Generative Pre-Training" (Radford et al., 2018), section 4.1, and
for the form "gpt1" the `warmup_cosine` of the code released with it. Training, the preview in the window and
the plan all call `learning_rate`, so what is drawn is what is done.
"""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpt_core.config import ScheduleConfig


def learning_rate(step: int, schedule: ScheduleConfig, max_steps: int) -> float:
    """The learning rate of update `step`, counted from 1 to `max_steps` (beyond it, as at the end).

    During the warmup of w steps the rate is max_lr * step / w, in both forms. Then "cosine" falls along half
    a cosine from max_lr at step w to min_lr at the last one, while "gpt1" multiplies max_lr by
    (1 + cos(pi * step / max_steps)) / 2, which is not re-based at the end of the warmup: just after it the
    rate drops a little below max_lr, as in the released code.
    """
    warmup = schedule.warmup_steps
    step = min(step, max_steps)
    if step < warmup:
        return schedule.max_lr * step / warmup
    if step == warmup:  # exactly: 0.1 * 3 / 3 is not 0.1
        return schedule.max_lr
    if schedule.form == "gpt1":
        return schedule.max_lr * (1 + cos(pi * step / max_steps)) / 2
    if step == max_steps:  # exactly, whatever the rounding below would make of it
        return schedule.min_lr
    progress = (step - warmup) / (max_steps - warmup)
    return schedule.min_lr + (schedule.max_lr - schedule.min_lr) * (1 + cos(pi * progress)) / 2
