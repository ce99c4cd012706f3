"""The training loop, as a generator of events.

`Trainer.events()` yields at safe points: a batch done, a step done, a part of an evaluation, a sampled
token, a checkpoint. Whoever drives it may pause there by not asking for the next event, or drop the
generator and later ask for a new one: all state lives in the Trainer, and a step that was broken off is
begun anew. It never yields inside autocast, no_grad or the like, since those would leak into the driver.

The Trainer decides what is due. On a GPU the figures of step k are yielded after step k + 1 was launched, so
that the device never waits for a number.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor

from gpt_core import checkpoint, hardware, memory, optimizer
from gpt_core.batches import FixedWindows, Windows
from gpt_core.config import Config
from gpt_core.corpus import Corpus
from gpt_core.errors import GPTCoreError
from gpt_core.evaluation import evaluate
from gpt_core.events import (
    CheckpointDue,
    CheckpointSaved,
    Compiling,
    EvaluationBatch,
    EvaluationDone,
    Event,
    MicroBatchDone,
    NotFinite,
    Resolved,
    SampleDone,
    SampleToken,
    StepDone,
    StepSkipped,
)
from gpt_core.loss_scale import SMALLEST, LossScale
from gpt_core.model import GPT
from gpt_core.sampling import generate, prompt_tokens
from gpt_core.schedule import learning_rate


@dataclass
class _Launched:
    """A step whose figures are still on the device."""

    step: int
    loss: Tensor
    grad_norm: Tensor
    finite: Tensor
    scale: Tensor | None  # of the loss, in fp16
    rate: float
    tokens: int
    seconds: float


class Trainer:
    """A model, its optimizer, its place in the text, and what to do next.

    `folder` is where checkpoints go. With a `saved` checkpoint the training goes on from there; it must be
    of the same model. Everything here runs on the thread that calls it.
    """

    def __init__(
        self,
        config: Config,
        resolved: Resolved,
        corpus: Corpus,
        folder: Path,
        saved: checkpoint.Checkpoint | None = None,
    ) -> None:
        self.config = config
        self.resolved = resolved
        self.corpus = corpus
        self.folder = folder
        self.device = torch.device(resolved.device)
        self.resident_before = psutil.Process().memory_info().rss  # what follows is held for the training
        if config.train.activation_checkpointing and self.device.type == "cpu":
            hardware.spare_memory(True)
        torch.manual_seed(config.train.seed)
        shape = config.model.model_copy(update={"vocab_size": resolved.vocab_size})
        self.model = GPT(shape).to(self.device)
        self.model.recompute = config.train.activation_checkpointing
        self.scaling = LossScale(self.device) if resolved.precision == "fp16" else None
        self.optimizer = optimizer.build(self.model, config.optimizer)
        self.network = torch.compile(self.model) if resolved.compile else self.model
        self._compiled_for = 0  # rows of a batch; for another number it is compiled anew
        self.step = 0  # complete steps
        self.windows_seen = 0
        self.tokens_seen = 0
        self.evaluated_at = 0
        self.validation: float | None = None  # the loss then, where it was finite
        self.sampled_at = 0
        self.sampled: list[str] = []  # prompts continued after this step, while others wait still
        self.saved_at = -1
        self.best: tuple[float, int] | None = None  # validation loss and its step
        self.given = saved is not None and saved.given  # and no step of its own was made since
        self.within_step = False
        self.batches_done = 0  # of the step that is under way
        self._launched: _Launched | None = None
        if saved:
            self._load(saved)

    @cached_property
    def windows(self) -> Windows:
        """The windows of the training part; raises what the corpus says where its tokens are missing."""
        if self.corpus.missing:
            raise self.corpus.missing
        return Windows(self.corpus.train, self.model.config.context_length, self.config.train.seed)

    # ------------------------------------------------------------------------------------------ The loop

    def events(self) -> Iterator[Event]:
        """Yield events until `train.max_steps` are done and everything due is done too."""
        while True:
            if self.step >= self.config.train.max_steps or self._anything_due():
                yield from self.figures()
                yield from self._what_is_due()
            if self.step >= self.config.train.max_steps:
                return
            batch_size = self.config.train.batch_size
            if self.resolved.compile and self._compiled_for != batch_size:
                yield Compiling(self.step + 1)
                self._compiled_for = batch_size
                continue  # what was changed meanwhile holds from this step on
            yield from self._one_step()

    def _one_step(self) -> Iterator[Event]:
        train = self.config.train
        step = self.step + 1
        rate = learning_rate(step, self.config.schedule, train.max_steps)
        self.within_step, self.batches_done = True, 0
        self.optimizer.zero_grad(set_to_none=True)
        loss_sum = torch.zeros((), device=self.device)
        seconds = 0.0
        try:
            for micro in range(train.accumulation):
                start = time.perf_counter()
                self._seed_dropout(step, micro)
                first = self.windows_seen + micro * train.batch_size
                inputs, targets = self._rows(self.windows.batch(first, train.batch_size))
                if not self.model.training:  # a prompt may have been answered in between
                    self.model.train()
                with hardware.autocast(self.device, self.resolved.precision):
                    loss = self.network(inputs, targets) / train.accumulation
                (loss * self.scaling.scale if self.scaling else loss).backward()
                loss_sum += loss.detach()
                seconds += time.perf_counter() - start
                self.batches_done = micro + 1
                if self.batches_done < train.accumulation:
                    yield MicroBatchDone(step, self.batches_done, train.accumulation)
            start = time.perf_counter()
            if self.scaling:
                self.scaling.unscale(self.model.parameters())
            clip = self.config.optimizer.grad_clip or torch.inf
            grad_norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip)
            finite = torch.isfinite(loss_sum) & torch.isfinite(grad_norm)
            optimizer.step(self.optimizer, rate, finite)
            scale = self.scaling.scale if self.scaling else None
            if self.scaling:
                self.scaling.update(finite)
        finally:
            self.within_step = False
        # A step that overflowed in fp16 counts too: to do it again under its own number would mean to wait
        # for the device at each step, and a few updates of thousands do not show.
        windows = train.batch_size * train.accumulation
        tokens = windows * self.model.config.context_length
        self.step, self.sampled = step, []
        self.windows_seen += windows
        self.tokens_seen += tokens
        self.given = False
        rate = self.optimizer.param_groups[0]["lr"]
        seconds += time.perf_counter() - start
        now = _Launched(step, loss_sum, grad_norm, finite, scale, rate, tokens, seconds)
        before = self._launched
        if self.device.type == "cpu":
            yield _told(now)
        else:
            self._launched = now
            yield _told(before) if before else MicroBatchDone(step, train.accumulation, train.accumulation)

    def figures(self) -> Iterator[Event]:
        """Yield the figures of the last step launched, if they are still to be told."""
        launched, self._launched = self._launched, None
        if launched:
            yield _told(launched)

    def _rows(self, batch: np.ndarray) -> tuple[Tensor, Tensor]:
        """Windows (B, T + 1) as inputs and targets (B, T) on the device."""
        rows = torch.from_numpy(batch)
        if self.device.type == "cuda":
            rows = rows.pin_memory()
        # Elsewhere than from pinned memory the rows could be freed before they have arrived.
        rows = rows.to(self.device, non_blocking=self.device.type == "cuda")
        return rows[:, :-1], rows[:, 1:]

    def _seed_dropout(self, step: int, micro: int) -> None:
        """Make chance a function of (seed, step, batch), so that a resume needs no random state."""
        words = np.random.SeedSequence([self.config.train.seed, step, micro]).generate_state(1, np.uint64)
        hardware.seed(int(words[0]), self.device)

    # ----------------------------------------------------------------------------------------- What is due

    def _due(self, interval: int, done_at: int) -> bool:
        at_end = self.step >= self.config.train.max_steps
        return self.step > max(done_at, 0) and (at_end or (interval > 0 and self.step % interval == 0))

    def _evaluation_due(self) -> bool:
        return self.evaluated_at < 0 or self._due(self.config.train.eval_interval, self.evaluated_at)

    def _waiting(self) -> list[str]:
        """The prompts that are still to be continued after this step."""
        interval = self.config.train.sample_interval
        due = interval > 0 and self._due(interval, self.sampled_at)
        return [prompt for prompt in self.config.sampling.prompts if due and prompt not in self.sampled]

    def _checkpoint_due(self) -> bool:
        best_now = self.best is not None and self.best[1] == self.step and self.saved_at != self.step
        return best_now or self._due(self.config.train.checkpoint_interval, self.saved_at)

    @property
    def done(self) -> bool:
        """Whether all steps are done, and all that is due after them."""
        return self.step >= self.config.train.max_steps and not self._anything_due()

    def _anything_due(self) -> bool:
        return self._evaluation_due() or bool(self._waiting()) or self._checkpoint_due()

    def _what_is_due(self) -> Iterator[Event]:
        if self._evaluation_due():
            yield from self._evaluate()
        while waiting := self._waiting():
            yield from self._sample(waiting[0])
        if self._checkpoint_due():
            yield from self.save()

    def _evaluate(self) -> Iterator[Event]:
        train = self.config.train
        windows = FixedWindows(self.corpus.validation, self.model.config.context_length, train.eval_windows)
        for event in evaluate(
            self.model,
            windows,
            self.corpus.tokenizer,
            self.corpus.info.validation,
            train.batch_size,
            self.resolved.precision,
        ):
            if isinstance(event, EvaluationBatch):
                yield event
                continue
            best = isfinite(event.loss) and (self.best is None or event.loss < self.best[0])
            if best:
                self.best = (event.loss, self.step)
            self.evaluated_at, self.validation = self.step, event.loss if isfinite(event.loss) else None
            self._outdate_checkpoint()
            yield EvaluationDone(self.step, event, best)

    def _sample(self, prompt: str) -> Iterator[Event]:
        settings = self.config.sampling.model_copy(update={"samples": 1})  # one text, to be followed
        tokenizer = self.corpus.tokenizer
        try:
            tokens, _ = prompt_tokens(prompt, tokenizer)
        except GPTCoreError:  # nothing of the prompt is in the vocabulary: begin as a text begins
            tokens = [tokenizer.end_of_text or 0]
        text = ""
        for token in generate(self.model, tokens, settings, tokenizer):
            text += token.text
            yield SampleToken(self.step, prompt, token.text)
        self.sampled.append(prompt)
        if not self._waiting():
            self.sampled_at = self.step
        self._outdate_checkpoint()
        chosen = settings.model_dump(mode="json", exclude={"prompt", "pinned", "samples"})
        yield SampleDone(self.step, prompt, text, chosen)

    def _outdate_checkpoint(self) -> None:
        """Where a checkpoint of this step was written, it does not know of what was done since; one that the
        run was given stays as it is, for all of that can be done again."""
        if not self.given:
            self.saved_at = -1

    # ---------------------------------------------------------------------------------------- Checkpoints

    def save(self) -> Iterator[Event]:
        """Write a checkpoint of the last complete step, unless there is one."""
        yield from self.figures()
        if self.saved_at == self.step:
            return
        yield CheckpointDue(self.step)
        start = time.perf_counter()
        state = {
            "step": self.step,
            "windows_seen": self.windows_seen,
            "tokens_seen": self.tokens_seen,
            "evaluated_at": self.evaluated_at,
            "validation": self.validation,
            "sampled_at": self.sampled_at,
            "sampled": self.sampled,
            "best": list(self.best) if self.best else None,
            "loss_scale": self.scaling.state() if self.scaling else None,
            "resolved": asdict(self.resolved),
            "text": None if self.corpus.missing else self.corpus.info.fingerprint,
            "config": self.config.model_dump(),
        }
        checkpoint.save(
            self.folder,
            self.step,
            self.model.state_dict(),
            optimizer.tensors(self.optimizer, self.model),
            state,
        )
        self.saved_at = self.step
        best_step = self.best[1] if self.best else None
        train = self.config.train
        removed = checkpoint.prune(self.folder, train.keep, best_step, self.step, train.keep_every)
        seconds = time.perf_counter() - start
        yield CheckpointSaved(self.step, best_step == self.step, seconds, tuple(removed))

    def begin_text(self) -> None:
        """Begin at the beginning of the text, as one of which nothing was seen or measured yet."""
        self.windows_seen = 0
        self.evaluated_at = -1
        self.best = None

    def _load(self, saved: checkpoint.Checkpoint) -> None:
        self.model.load(saved.model(), saved.path)
        state = saved.state()
        if state["config"]["optimizer"]["name"] == self.config.optimizer.name:
            optimizer.load_tensors(self.optimizer, self.model, saved.optimizer(), saved.path)
        self.step = self.saved_at = state["step"]
        self.windows_seen = state["windows_seen"]
        self.tokens_seen = state["tokens_seen"]
        self.evaluated_at = state["evaluated_at"]
        self.sampled_at = state["sampled_at"]
        self.sampled = list(state.get("sampled", ()))  # there is none where only one prompt was asked
        self.validation = state.get("validation")  # older ones do not tell
        # One that a fork left with its parent, or that was deleted, is no longer there to be the best.
        held = {each.step for each in checkpoint.checkpoints(self.folder)}
        if state["best"] and state["best"][1] in held:
            self.best = tuple(state["best"])
        elif self.validation is not None and self.evaluated_at == self.step:
            self.best = (self.validation, self.step)
        if self.scaling and state.get("loss_scale"):  # there is none where the precision was another
            self.scaling.load(state["loss_scale"])

    # --------------------------------------------------------------------------------------------- Changes

    def memory_fault(self, config: Config) -> GPTCoreError | None:
        """What to tell where, by the forecast, `config` will not fit into the memory that is free to train;
        on a GPU it may do all the same, and is no more than an error where it does not."""
        if self.device.type == "mps":  # which shares the memory with all else, and is not measured
            return None
        held = 0
        if self.device.type == "cpu" and self.optimizer.state:
            held = max(0, psutil.Process().memory_info().rss - self.resident_before)
        free = hardware.free_memory(self.device)
        return memory.fault(self._known(config), self.resolved.precision, str(self.device), free, held)

    def ran_out(self) -> GPTCoreError:
        """What to tell where the memory ran out in training."""
        room = hardware.room(self.device)
        return memory.ran_out(self._known(self.config), self.resolved.precision, str(self.device), room)

    def _peak(self, config: Config) -> int:
        return memory.forecast(self._known(config), self.resolved.precision, self.resolved.device).peak

    def _known(self, config: Config) -> Config:
        """`config` with the vocabulary as the tokenizer has it."""
        shape = config.model.model_copy(update={"vocab_size": self.resolved.vocab_size})
        return config.model_copy(update={"model": shape})

    def check(self, changes: Mapping[str, Any]) -> Config:
        """The settings with changed ones ("section.field").

        Raises ConfigError for a value that cannot be, GPTCoreError for a length that is already passed and
        for a batch that the memory cannot hold.
        """
        config = self.config.replace(changes)
        if config.train.max_steps < self.step:
            raise GPTCoreError("max_steps_passed", field="train.max_steps", step=self.step)
        larger = self.device.type == "cpu" and self._peak(config) > self._peak(self.config)
        if larger and (error := self.memory_fault(config)):
            raise error
        return config

    def change(self, changes: Mapping[str, Any]) -> None:
        """Take changed settings; only between steps, see `within_step`. Raises what `check` does."""
        config = self.check(changes)
        if "train.threads" in changes and config.train.threads:
            torch.set_num_threads(config.train.threads)
            self.resolved = replace(self.resolved, threads=config.train.threads)
        self.config = config
        self.model.set_dropout(config.model)
        if "train.activation_checkpointing" in changes and self.device.type == "cpu":
            hardware.spare_memory(config.train.activation_checkpointing)
        self.model.recompute = config.train.activation_checkpointing
        optimizer.set_hyperparameters(self.optimizer, config.optimizer)


def _told(launched: _Launched) -> Event:
    """The event that tells a step's figures; reading them waits for the device, and that is counted too."""
    start = time.perf_counter()
    loss, norm, finite = launched.loss.item(), launched.grad_norm.item(), launched.finite.item()
    scale = launched.scale.item() if launched.scale is not None else SMALLEST
    seconds = launched.seconds + time.perf_counter() - start
    if not finite and isfinite(loss) and scale > SMALLEST:
        return StepSkipped(launched.step, loss, launched.rate, scale, launched.tokens, seconds)
    if not finite:
        code = "not_finite_gradient" if isfinite(loss) else "not_finite_loss"
        return NotFinite(launched.step, GPTCoreError(code, step=launched.step), launched.tokens)
    return StepDone(launched.step, loss, launched.rate, norm, launched.tokens, seconds)
