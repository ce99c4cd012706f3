"""The training loop: what it yields, that it can be broken off anywhere, and that its sums are right."""

import copy
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import psutil
import pytest
import torch

from gpt_core import checkpoint, corpus
from gpt_core.config import Config
from gpt_core.corpus import Corpus
from gpt_core.errors import ConfigError, GPTCoreError
from gpt_core.events import (
    CheckpointSaved,
    Compiling,
    EvaluationDone,
    MicroBatchDone,
    NotFinite,
    Resolved,
    SampleDone,
    SampleToken,
    StepDone,
    StepSkipped,
)
from gpt_core.loss_scale import FIRST, INTERVAL, LARGEST, SMALLEST, LossScale
from gpt_core.sampling import generate
from gpt_core.schedule import learning_rate
from gpt_core.trainer import Trainer


def trainer(config: Config, folder: Path, precision="fp32", saved=None) -> Trainer:
    if not corpus.is_prepared(folder):
        for _ in corpus.prepare(config, folder):
            pass
    text = Corpus.open(folder)
    resolved = Resolved("cpu", precision, 1, compile=False, vocab_size=text.tokenizer.vocab_size)
    return Trainer(config, resolved, text, folder / "checkpoints", saved)


def weights(one: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in one.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_every_event_comes_at_a_safe_point(config, tmp_path, precision):
    """No autocast and no no_grad leak into whoever drives, and everything due is done."""
    one = trainer(config, tmp_path, precision)
    kinds = []
    for event in one.events():
        assert torch.is_grad_enabled()
        assert not torch.is_autocast_enabled("cpu")
        kinds.append(type(event))
    assert kinds.count(StepDone) == 40
    assert kinds.count(MicroBatchDone) == 40  # the first of each two
    assert kinds.count(EvaluationDone) == 4
    assert kinds.count(SampleDone) == 2
    assert kinds.count(SampleToken) == 20
    assert kinds.count(CheckpointSaved) == 4


@pytest.mark.parametrize("form", ["cosine", "gpt1"])
def test_the_rate_told_is_the_optimizers_and_the_schedules(config, tmp_path, form):
    config = config.replace({"schedule.form": form, "schedule.min_lr": 1e-3})
    one = trainer(config, tmp_path)
    for event in one.events():
        if isinstance(event, StepDone):
            assert {group["lr"] for group in one.optimizer.param_groups} == {event.rate}
            assert event.rate == learning_rate(event.step, config.schedule, 40)


def test_accumulation_is_the_big_batch(config, tmp_path):
    """Two batches of four are one of eight, within float error, where nothing is dropped."""
    config = config.replace(dict.fromkeys(
        ["model.embedding_dropout", "model.attention_dropout", "model.residual_dropout"], 0.0)
    )  # fmt: skip
    config = config.replace({"train.max_steps": 5})
    parts = trainer(config, tmp_path)
    whole = trainer(config.replace({"train.batch_size": 8, "train.accumulation": 1}), tmp_path)
    told = [[e for e in one.events() if isinstance(e, StepDone)] for one in (parts, whole)]
    for mine, theirs in zip(*told, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, abs=1e-5)
        assert mine.grad_norm == pytest.approx(theirs.grad_norm, rel=1e-3)
        assert mine.tokens == theirs.tokens == 8 * 16
    other = weights(whole)
    for name, value in weights(parts).items():
        torch.testing.assert_close(value, other[name], atol=2e-4, rtol=0)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize(
    "share", [0.1, 0.9, 1.1, 0], ids=["clipped", "a little", "not reached", "switched off"]
)
def test_the_gradient_is_clipped_by_its_norm(config, tmp_path, precision, share):
    """Against float64: Adam's first moment holds, after one step, the gradient it was given. In fp16 the
    norm is that without the loss scale; and the norm that is told is the one before clipping."""
    names = ("model.embedding_dropout", "model.attention_dropout", "model.residual_dropout")
    config = config.replace({**dict.fromkeys(names, 0.0), "optimizer.name": "adamw"})
    one = trainer(config, tmp_path, precision)
    reference = copy.deepcopy(one.model).double()
    rows = torch.from_numpy(one.windows.batch(0, 8))
    reference(rows[:, :-1], rows[:, 1:]).backward()
    expected = torch.cat([parameter.grad.flatten() for parameter in reference.parameters()])
    norm = expected.square().sum().sqrt().item()
    one.change({"optimizer.grad_clip": share * norm})
    done = next(event for event in one.events() if isinstance(event, StepDone))
    moments = [one.optimizer.state[parameter]["exp_avg"] for parameter in one.model.parameters()]
    found = torch.cat([moment.double().flatten() for moment in moments]) / (1 - config.optimizer.beta1)
    off = 1e-5 if precision == "fp32" else 0.01
    assert done.grad_norm == pytest.approx(norm, rel=off)
    if 0 < share < 1:
        expected = expected * share
    assert (found - expected).norm() < off * expected.norm()


def test_dropped_generators_lose_nothing(config, tmp_path):
    """A driver that drops the events after every third one ends with the very same weights."""
    config = config.replace({"train.max_steps": 12})
    whole = trainer(config, tmp_path / "whole")
    list(whole.events())
    broken = trainer(config, tmp_path / "broken")
    steps = []
    done = False
    while not done:
        done = True
        with closing(broken.events()) as events:
            for number, event in enumerate(events):
                steps += [event.step] if isinstance(event, StepDone) else []
                if number == 2:
                    done = False
                    break
        if len(steps) > 1 and not done and broken.step < 12:
            continue
        if not done:  # what is due at the end takes more than three events at once
            list(broken.events())
            done = True
    assert steps == sorted(set(steps))
    assert broken.step == 12
    assert same(weights(broken), weights(whole))


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_what_is_not_finite_never_reaches_the_weights(config, tmp_path, where):
    one = trainer(config, tmp_path)
    events = (event for event in one.events() if isinstance(event, StepDone | NotFinite))
    for _ in range(3):
        assert isinstance(next(events), StepDone)
    matrix = one.model.decoder[0].ffn[0].weight
    if where == "gradient":
        hook = matrix.register_hook(lambda gradient: gradient * torch.nan)
    else:
        hook = one.model.decoder[1].register_forward_hook(lambda *found: found[2] * torch.nan)
    before, moments = weights(one), one.optimizer.state[matrix]["exp_avg"].clone()
    event = next(events)
    assert isinstance(event, NotFinite)
    assert event.error.code == f"not_finite_{where}"
    assert "step 4" in str(event.error)
    assert same(before, weights(one))
    assert torch.equal(moments, one.optimizer.state[matrix]["exp_avg"])
    hook.remove()
    after = next(events)
    assert isinstance(after, StepDone)
    assert after.step == 5
    assert not same(before, weights(one))


def test_the_loss_falls_and_the_best_checkpoint_is_kept(config, tmp_path):
    config = config.replace({"train.keep": 1, "train.max_steps": 40})
    one = trainer(config, tmp_path)
    evaluations = [event for event in one.events() if isinstance(event, EvaluationDone)]
    losses = [event.evaluation.loss for event in evaluations]
    assert losses[-1] < losses[0] - 0.1
    best = min(range(4), key=losses.__getitem__) * 10 + 10
    kept = {int(path.name.removeprefix("step-")) for path in (tmp_path / "checkpoints").iterdir()}
    assert kept == {40, best}
    assert evaluations[0].best is True


def test_every_nth_checkpoint_is_kept_for_good(config, tmp_path):
    config = config.replace({"train.keep": 1, "train.keep_every": 4, "train.checkpoint_interval": 2})
    config = config.replace({"train.max_steps": 14, "train.eval_interval": 0, "train.sample_interval": 0})
    one = trainer(config, tmp_path)
    removed = [step for event in one.events() if isinstance(event, CheckpointSaved) for step in event.removed]
    assert removed == [2, 6, 10]
    kept = {int(path.name.removeprefix("step-")) for path in (tmp_path / "checkpoints").iterdir()}
    assert kept == {4, 8, 12, 14}


def test_changes(config, tmp_path):
    one = trainer(config, tmp_path)
    for event in one.events():
        if isinstance(event, StepDone) and event.step == 8:
            break
    one.change({"model.attention_dropout": 0.5, "optimizer.weight_decay": 0.2, "train.max_steps": 20})
    assert one.model.decoder[1].maskedmultiheadattention.dropout == 0.5
    assert one.optimizer.param_groups[0]["weight_decay"] == 0.2
    with pytest.raises(GPTCoreError, match="Step 8 has been reached already"):
        one.change({"train.max_steps": 7, "schedule.warmup_steps": 2})
    with pytest.raises(ConfigError):
        one.change({"schedule.max_lr": -1.0})
    assert one.config.train.max_steps == 20
    assert one.config.schedule.max_lr == 1e-2


# ------------------------------------------------------------------------------------------- Samples

PINNED = {"sampling.pinned": ["a cat", "the ", "one red"]}


def samples(events) -> list[SampleDone]:
    return [event for event in events if isinstance(event, SampleDone)]


def test_each_pinned_prompt_is_continued_with_the_same_seed(config, tmp_path):
    """One after the other, token by token, just as each would be alone; and no weight is another for it."""
    alone = trainer(config, tmp_path / "alone")
    expected = samples(alone.events())
    one = trainer(config.replace(PINNED), tmp_path)
    settings = one.config.sampling.model_copy(update={"samples": 1})
    tokenizer, told, pieces = one.corpus.tokenizer, [], []
    for event in one.events():
        assert torch.is_grad_enabled()
        if isinstance(event, SampleToken):
            pieces.append((event.prompt, event.piece))
        if isinstance(event, SampleDone):
            told.append(event)
            assert {prompt for prompt, _ in pieces} == {event.prompt}
            assert event.text == "".join(piece for _, piece in pieces)
            tokens = generate(one.model, tokenizer.encode(event.prompt).tolist(), settings, tokenizer)
            assert event.text == "".join(token.text for token in tokens)
            pieces.clear()
    places = [(step, prompt) for step in (20, 40) for prompt in ("the ", "a cat", "one red")]
    assert [(event.step, event.prompt) for event in told] == places
    assert [event for event in told if event.prompt == "the "] == expected
    assert same(weights(one), weights(alone))
    assert (told[0].settings["seed"], told[0].settings["temperature"]) == (1, 0.8)
    assert not {"prompt", "pinned", "samples"} & told[0].settings.keys()


@pytest.mark.parametrize("lost", ["the generator", "the process"])
def test_broken_off_between_two_prompts_each_is_told_once(config, tmp_path, lost):
    config = config.replace(PINNED)
    expected = samples(trainer(config, tmp_path / "whole").events())
    one, told = trainer(config, tmp_path / "parts"), []
    with closing(one.events()) as events:
        for event in events:
            told += samples([event])
            if len(told) == 1 and isinstance(event, SampleToken):  # in the midst of the second
                break
    if lost == "the process":
        assert any(isinstance(event, CheckpointSaved) for event in one.save())
        assert one.saved_at == 20
        saved = checkpoint.find(tmp_path / "parts" / "checkpoints", 20)
        one = trainer(config, tmp_path / "parts", saved=saved)
    told += samples(one.events())
    assert told == expected


def test_what_is_pinned_while_samples_are_written_is_continued_too(config, tmp_path):
    one, told = trainer(config.replace({"train.max_steps": 20}), tmp_path), []
    for event in one.events():
        told += samples([event])
        if isinstance(event, SampleToken) and len(told) == 0:
            one.change({"sampling.pinned": ["a cat", "saw"]})
        if isinstance(event, SampleToken) and len(told) == 1:
            one.change({"sampling.pinned": ["saw"]})  # the one that is being written is written to its end
    assert [event.prompt for event in told] == ["the ", "a cat", "saw"]
    assert one.done


def test_an_older_checkpoint_knows_of_one_prompt_only(config, tmp_path):
    one = trainer(config, tmp_path)
    list(one.events())

    class Older(checkpoint.Checkpoint):
        def state(self):
            state = super().state()
            del state["sampled"], state["config"]["sampling"]["pinned"]
            return state

    saved = Older(checkpoint.find(tmp_path / "checkpoints", 40).path, 40)
    assert trainer(config.replace(PINNED), tmp_path, saved=saved).done


# ------------------------------------------------------------------------------------------- fp16


def test_what_is_changed_as_the_model_is_about_to_be_compiled_holds_from_that_very_step(config, tmp_path):
    """As it is written down, and made again on resume."""
    one = trainer(config, tmp_path)
    one.resolved = replace(one.resolved, compile=True)
    compiling, events = [], one.events()
    for event in events:
        if isinstance(event, Compiling):
            compiling.append(event.step)
            if len(compiling) == 1:
                one.change({"train.batch_size": 2})
        if isinstance(event, StepDone):
            assert event.tokens == 2 * 2 * 16
            if event.step == 3:
                break
    assert compiling == [1, 1]  # for each number of rows, and not for every step
    events.close()
    one.change({"train.batch_size": 3})
    events = one.events()
    assert next(events) == Compiling(4)
    one.change({"train.max_steps": 3, "schedule.warmup_steps": 0})
    assert not any(isinstance(event, StepDone) for event in events)


def steps(one: Trainer):
    return (event for event in one.events() if isinstance(event, StepDone | StepSkipped | NotFinite))


def test_fp16_learns_what_float32_learns(config, tmp_path):
    full, half = ([e.loss for e in steps(trainer(config, tmp_path, kind))] for kind in ("fp32", "fp16"))
    assert len(full) == len(half) == 40
    assert half != full
    assert half == pytest.approx(full, abs=0.05)


def test_an_overflow_in_fp16_skips_the_step_and_lowers_the_scale(config, tmp_path):
    one = trainer(config, tmp_path, "fp16")
    one.scaling.scale.fill_(LARGEST)
    before = weights(one)
    told = steps(one)
    skipped = next(told)
    assert isinstance(skipped, StepSkipped)
    assert same(before, weights(one))
    assert (skipped.step, skipped.scale, one.scaling.scale.item()) == (1, LARGEST, LARGEST / 2)
    assert (one.step, one.windows_seen) == (1, 8)  # it counts, so that nothing must wait for the device
    scales = [LARGEST]
    done = next(told)
    while isinstance(done, StepSkipped):
        scales.append(done.scale)
        assert same(before, weights(one))
        done = next(told)
    assert scales == [LARGEST / 2**k for k in range(len(scales))]
    assert done.step == len(scales) + 1
    assert done.rate == learning_rate(done.step, config.schedule, 40)
    assert not same(before, weights(one))
    assert sum(isinstance(event, StepDone) for event in told) > 40 - done.step - 5


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_what_no_scale_can_mend_in_fp16_is_told(config, tmp_path, where):
    one = trainer(config, tmp_path, "fp16")
    told = steps(one)
    next(told)
    before = weights(one)
    if where == "gradient":
        one.model.decoder[0].ffn[0].weight.register_hook(lambda gradient: gradient * torch.nan)
    else:
        one.model.decoder[1].register_forward_hook(lambda *found: found[2] * torch.nan)
    events = list(islice(told, 1 if where == "loss" else 17))
    assert isinstance(events[-1], NotFinite)
    assert events[-1].error.code == f"not_finite_{where}"
    assert all(isinstance(event, StepSkipped) for event in events[:-1])
    assert same(before, weights(one))
    if where == "gradient":  # only after all scales from 2^16 to 2 were tried
        assert [event.scale for event in events[:-1]] == [FIRST / 2**k for k in range(16)]
        assert one.scaling.scale.item() == SMALLEST


def test_the_scale_doubles_after_many_finite_steps():
    one = LossScale(torch.device("cpu"))
    yes, no = torch.tensor(True), torch.tensor(False)
    for finite in [yes] * (INTERVAL - 1) + [no] + [yes] * (INTERVAL - 1):
        one.update(finite)
    assert one.scale.item() == FIRST / 2
    one.update(yes)
    assert (one.scale.item(), one.finite_steps.item()) == (FIRST, 0)


def test_fp16_goes_on_exactly_from_a_checkpoint(config, tmp_path):
    """The scale and how long it has held are part of the state: here both are far from where they begin."""
    config = config.replace({"train.max_steps": 30, "train.keep": 5})
    whole = trainer(config, tmp_path, "fp16")
    whole.scaling.scale.fill_(LARGEST)
    whole.scaling.finite_steps.fill_(INTERVAL - 1)
    list(whole.events())
    parts = trainer(config, tmp_path, "fp16", checkpoint.find(tmp_path / "checkpoints", 20))
    assert parts.scaling.state() == pytest.approx(
        checkpoint.find(tmp_path / "checkpoints", 20).state()["loss_scale"]
    )
    assert parts.scaling.scale.item() != FIRST
    list(parts.events())
    assert same(weights(whole), weights(parts))
    assert whole.scaling.state() == parts.scaling.state()


# ------------------------------------------------------------------------------- Activation checkpointing


def test_recomputing_changes_no_bit(config, tmp_path):
    """Dropout, accumulation, evaluation and samples included; and it may be switched while training runs."""
    plain = trainer(config, tmp_path)
    list(plain.events())
    recomputed = trainer(config.replace({"train.activation_checkpointing": True}), tmp_path)
    for event in recomputed.events():
        if isinstance(event, StepDone) and event.step == 20:
            recomputed.change({"train.activation_checkpointing": False})
            assert not recomputed.model.recompute
        if isinstance(event, StepDone) and event.step == 30:
            recomputed.change({"train.activation_checkpointing": True})
    assert same(weights(plain), weights(recomputed))


def test_a_batch_raised_beyond_the_memory_is_refused(config, tmp_path, monkeypatch):
    one = trainer(config, tmp_path)
    told = steps(one)
    next(told)
    free = psutil.virtual_memory()._replace(available=20 * 10**6)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(GPTCoreError, match="A batch of 60000 windows needs about") as refused:
        one.change({"train.batch_size": 60000, "train.accumulation": 1})
    assert refused.value.field == "train.batch_size"
    assert one.config.train.batch_size == 4
    one.change({"train.batch_size": 5})  # what fits is taken
    free = free._replace(available=0)
    one.change({"train.batch_size": 3})  # and what needs less is never refused
    assert next(told).tokens == 3 * 2 * 16
