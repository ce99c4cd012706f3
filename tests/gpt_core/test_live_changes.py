"""Every live setting, changed in mid run: nothing before is another for it; what it is for is, at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gpt_core.config import Config, settings
from gpt_core.control import Change, Control
from gpt_core.events import Changed, CheckpointSaved, EvaluationDone, Report, SampleDone, StepDone
from gpt_core.run import create
from gpt_core.worker import Worker

AT = 6  # the step after which the change is asked for
STEPS = 24

SMALL = {
    "model.num_layers": 1,
    "schedule.warmup_steps": 3,
    "train.max_steps": STEPS,
    "train.eval_interval": 10,
    "train.sample_interval": 10,
    "train.checkpoint_interval": 4,
    "train.keep": 3,
}

# To what each is changed, and what is then another: figures of steps, or when or of what something is made.
CHANGES: dict[str, tuple[Any, str]] = {
    "model.embedding_dropout": (0.5, "loss"),
    "model.attention_dropout": (0.5, "loss"),
    "model.residual_dropout": (0.5, "loss"),
    "schedule.form": ("gpt1", "rate"),
    "schedule.max_lr": (5e-3, "rate"),
    "schedule.min_lr": (1e-3, "rate"),
    "schedule.warmup_steps": (20, "rate"),
    "optimizer.beta1": (0.5, "loss"),
    "optimizer.beta2": (0.9, "loss"),
    "optimizer.eps": (1e-2, "loss"),
    "optimizer.weight_decay": (0.5, "loss"),
    "optimizer.grad_clip": (0.01, "loss"),
    "train.batch_size": (3, "tokens"),
    "train.accumulation": (1, "tokens"),
    "train.max_steps": (20, "rate"),
    "train.activation_checkpointing": (True, "recomputed"),
    "train.threads": (2, "threads"),
    "train.eval_interval": (5, "evaluations"),
    "train.eval_windows": (4, "windows"),
    "train.sample_interval": (4, "samples"),
    "train.checkpoint_interval": (5, "checkpoints"),
    "train.keep": (1, "removed"),
    "train.keep_every": (8, "removed"),
    "sampling.prompt": ("a cat", "samples"),
    "sampling.pinned": (["a cat"], "samples"),
    "sampling.max_tokens": (5, "samples"),
    "sampling.temperature": (1.5, "samples"),
    "sampling.top_k": (2, "samples"),
    "sampling.top_p": (0.5, "samples"),
    "sampling.repetition_penalty": (1.5, "samples"),
    "sampling.stop": ([" "], "samples"),
    "sampling.seed": (7, "samples"),
    "sampling.samples": (3, "nothing"),  # of a prompt; along the way there is one
}


def train(config: Config, folder: Any, changes: dict[str, Any]) -> dict[str, dict[int, Any]]:
    """Train to the end, and tell by step what was seen."""
    control, seen, threads = Control(), {}, torch.get_num_threads()
    worker = Worker(create(config, folder), control, lambda report: told(report))

    def note(what: str, step: int, value: object) -> None:
        seen.setdefault(what, {}).setdefault(step, []).append(value)

    def told(report: Report) -> None:
        match report:
            case StepDone(step=step):
                for figure in ("loss", "rate", "tokens"):
                    note(figure, step, getattr(report, figure))
                note("threads", step, torch.get_num_threads())
                note("recomputed", step, worker._trainer.model.recompute)
                if step == AT and changes:
                    control.ask(Change(changes))
            case EvaluationDone(step=step):
                note("evaluations", step, report.evaluation.loss)
                note("windows", step, report.evaluation.windows)
            case SampleDone(step=step):
                note("samples", step, (report.prompt, report.text))
            case CheckpointSaved(step=step):
                note("checkpoints", step, True)
                note("removed", step, report.removed)
            case Changed(step=step):
                note("changed", step, dict(report.changes))

    try:
        worker.work()
    finally:
        torch.set_num_threads(threads)
    assert worker.error is None
    return seen


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, dict[int, Any]]]:
    """What is seen of the run that nothing is changed in, once for all."""
    return {}


def test_each_live_setting_is_changed_here():
    assert CHANGES.keys() == {field for field, what in settings().items() if what.live}


@pytest.mark.parametrize("field", CHANGES)
def test_a_live_change_applies_from_the_next_step_on_and_to_what_it_is_for(config, tmp_path, plain, field):
    config = config.replace(SMALL)
    value, what = CHANGES[field]
    if not plain:
        plain |= train(config, tmp_path / "plain", {})
    seen = train(config, tmp_path / "changed", {field: value})
    assert seen.pop("changed") == {AT: [{field: value}]}
    differing = set()
    for name in plain | seen:
        one, other = plain.get(name, {}), seen.get(name, {})
        steps = [step for step in one | other if one.get(step) != other.get(step)]
        if steps:
            differing.add(name)
        assert all(step > AT for step in steps), name
    assert what in differing or (what == "nothing" and not differing)
    if what in ("loss", "rate", "tokens"):  # at once, save where the first step to feel it is the one after
        changed = [step for step in seen[what] if seen[what][step] != plain[what].get(step)]
        assert min(changed) in (AT + 1, AT + 2)
