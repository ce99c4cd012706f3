"""Bookkeeping: what of the events of a training goes into its record, and under which names."""

from __future__ import annotations

from gpt_core.events import (
    CheckpointDue,
    CheckpointSaved,
    EvaluationDone,
    Event,
    NotFinite,
    SampleDone,
    StepDone,
    StepSkipped,
)
from gpt_core.record import Recorder


def write_down(event: Event, record: Recorder) -> None:
    """Write an event into the record; parts of a step, of an evaluation and of a sample leave no trace."""
    match event:
        case StepDone(step=step):
            record.add(
                step,
                loss=event.loss,
                rate=event.rate,
                grad_norm=event.grad_norm,
                tokens=event.tokens,
                seconds=event.seconds,
            )
        case EvaluationDone(step=step, evaluation=result):
            record.add(
                step,
                validation=result.loss,
                nats_per_character=result.nats_per_character,
                bits_per_byte=result.bits_per_byte,
            )
            record.event("evaluation", step, windows=result.windows, best=event.best)
        case SampleDone(step=step):
            settings = dict(event.settings)
            record.event("sample", step, prompt=event.prompt, text=event.text, settings=settings)
        case CheckpointDue():
            record.truncate()
        case CheckpointSaved(step=step):
            record.event("checkpoint", step, best=event.best, removed=list(event.removed))
        case StepSkipped(step=step):
            record.event("skipped", step, scale=event.scale, tokens=event.tokens)
        case NotFinite(step=step):
            record.event("trouble", step, code=event.error.code, tokens=event.tokens)
