"""What a CUDA card does, against the CPU, the forecast and itself. All of it is left out where there is none.

GPT_CORE_TEST_DEVICE=cpu runs all that means something on a CPU, to see that the tests themselves are sound.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gpt_core import checkpoint, corpus, hardware, memory, optimizer
from gpt_core.batches import FixedWindows
from gpt_core.config import Config, SamplingConfig
from gpt_core.corpus import Corpus
from gpt_core.evaluation import evaluate
from gpt_core.events import (
    Evaluation,
    NotFinite,
    Resolved,
    StepDone,
    StepSkipped,
)
from gpt_core.sampling import generate
from gpt_core.trainer import Trainer
from gpt_core.trial import run_trial

DEVICE = torch.device(os.environ.get("GPT_CORE_TEST_DEVICE", "cuda:0"))
ON_CARD = DEVICE.type == "cuda"
pytestmark = pytest.mark.skipif(ON_CARD and not torch.cuda.is_available(), reason="there is no CUDA card")
on_card = pytest.mark.skipif(not ON_CARD, reason="only a card does this")

NO_DROPOUT = dict.fromkeys(
    ["model.embedding_dropout", "model.attention_dropout", "model.residual_dropout"], 0.0
)
# How near to float32 on a CPU a loss and the norm of its gradient must come.
NEAR = {"fp32": 1e-4, "tf32": 5e-3, "bf16": 3e-2, "fp16": 1e-2}


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    hardware.prepare(torch.device("cpu"), "fp32", deterministic=False)
    hardware.give_back(DEVICE)


def precisions() -> list[str]:
    """Those that the device has; the others would be refused in a sentence."""
    if not ON_CARD:
        return ["fp32", "bf16", "fp16"]
    found = ["fp32", "fp16"]
    if torch.cuda.is_available() and torch.cuda.get_device_capability(DEVICE) >= (8, 0):
        found += ["tf32", "bf16"]
    return found


def trainer(config: Config, folder: Path, device=DEVICE, precision="fp32", **more) -> Trainer:
    """One on the text of `config`, as a run's would be."""
    if not corpus.is_prepared(folder):
        for _ in corpus.prepare(config, folder):
            pass
    text = Corpus.open(folder)
    compiled = more.pop("compile", False)
    resolved = Resolved(str(device), precision, 1, compiled, text.tokenizer.vocab_size)
    hardware.prepare(device, precision, config.train.deterministic)
    return Trainer(config, resolved, text, folder / "checkpoints", **more)


def steps(one: Trainer, last: int) -> list[StepDone]:
    """The figures of the steps up to `last`, those still on the device too."""
    told = []
    events = one.events()
    while one.step < last:
        told.append(next(events))
    told += one.figures()
    assert not any(isinstance(event, NotFinite | StepSkipped) for event in told)
    return [event for event in told if isinstance(event, StepDone)]


def weights(one: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.cpu() for name, value in one.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


# ---------------------------------------------------------------------------------------------- The numbers


@pytest.mark.parametrize("precision", precisions())
def test_steps_come_near_to_those_of_the_cpu_in_float32(config, tmp_path, precision):
    config = config.replace(NO_DROPOUT)
    expected = steps(trainer(config, tmp_path, torch.device("cpu")), 5)
    found = steps(trainer(config, tmp_path, precision=precision), 5)
    assert [event.step for event in found] == [1, 2, 3, 4, 5]
    for one, other in zip(found, expected, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=NEAR[precision])
        assert one.grad_norm == pytest.approx(other.grad_norm, rel=5 * NEAR[precision])
        assert one.rate == other.rate


@pytest.mark.parametrize("name", ["adam", "adamw", "gpt1-adam"])
def test_the_optimizers_do_as_on_the_cpu(name):
    """Ten updates, the fourth of them left out for a gradient that is not finite."""
    config = Config().replace({"optimizer.name": name, "optimizer.eps": 1e-4}).optimizer
    found = []
    for device in (torch.device("cpu"), DEVICE):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Embedding(70, 40), torch.nn.Linear(40, 30)).to(device)
        optim = optimizer.build(net, config)
        for k in range(10):
            for i, parameter in enumerate(net.parameters()):
                random = torch.Generator().manual_seed(10 * k + i)
                gradient = torch.randn(parameter.shape, generator=random)
                parameter.grad = gradient.to(device) if k != 3 else torch.full_like(parameter, torch.nan)
            optimizer.step(optim, 1e-2, torch.tensor(k != 3, device=device))
        found.append([parameter.detach().cpu() for parameter in net.parameters()])
        assert {float(state["step"]) for state in optim.state.values()} == {9.0}
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_compiled_steps_come_near_to_plain_ones(config, tmp_path):
    """Through a change of the batch and of dropout too, for which it compiles anew."""
    losses = []
    for compiled in (False, True):
        one = trainer(config.replace(NO_DROPOUT), tmp_path, compile=compiled)
        told = steps(one, 3)
        one.change({"train.batch_size": 3})
        told += steps(one, 6)
        assert not any("_orig_mod" in name for name in one.model.state_dict())
        losses.append([event.loss for event in told])
        one.change({"model.residual_dropout": 0.1})
        assert len(steps(one, 8)) == 2
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


def test_recomputed_steps_drop_the_same(config, tmp_path):
    plain = steps(trainer(config, tmp_path), 4)
    again = steps(trainer(config.replace({"train.activation_checkpointing": True}), tmp_path), 4)
    assert [event.loss for event in again] == pytest.approx([event.loss for event in plain], rel=1e-4)


def test_evaluation_comes_near_to_that_of_the_cpu(config, tmp_path):
    found = []
    for device in (torch.device("cpu"), DEVICE):
        one = trainer(config, tmp_path, device)
        windows = FixedWindows(one.corpus.validation, 16, 0)
        text = one.corpus
        *_, result = evaluate(one.model, windows, text.tokenizer, text.info.validation, 4, "fp32")
        assert isinstance(result, Evaluation)
        found.append(result.loss)
    assert found[1] == pytest.approx(found[0], rel=1e-4)


@pytest.mark.parametrize("samples", [1, 3])
def test_the_same_seed_gives_the_same_text(config, tmp_path, samples):
    """Beyond the context too, where the window slides; without chance it is the CPU's text."""
    one = trainer(config, tmp_path)
    tokenizer = one.corpus.tokenizer
    prompt = tokenizer.encode("the ").tolist()

    def text(**settings):
        asked = SamplingConfig(max_tokens=30, samples=samples, **settings)
        return [(token.sample, token.text) for token in generate(one.model, prompt, asked, tokenizer)]

    first = text(seed=7)
    assert text(seed=7) == first
    assert text(seed=8) != first
    greedy = text(temperature=0.0)
    one.model.to("cpu")
    assert text(temperature=0.0) == greedy


# ------------------------------------------------------------------------------------------ Going on exactly


@pytest.mark.parametrize("precision", precisions())
def test_a_resumed_training_is_the_same_bit_for_bit(config, tmp_path, precision):
    """With every dropout, where train.deterministic asks for it."""
    config = config.replace({"train.deterministic": True, "train.checkpoint_interval": 5})
    through = trainer(config, tmp_path, precision=precision)
    events = through.events()
    while through.step < 10:
        next(events)
    saved = checkpoint.find(tmp_path / "checkpoints", 5)
    resumed = trainer(config, tmp_path, precision=precision, saved=saved)
    assert resumed.step == 5
    again = resumed.events()
    while resumed.step < 10:
        next(again)
    assert same(weights(through), weights(resumed))


def test_a_checkpoint_goes_from_one_device_to_the_other(config, tmp_path):
    one = trainer(config, tmp_path)
    steps(one, 3)
    list(one.save())
    saved = checkpoint.find(tmp_path / "checkpoints", 3)
    for device in (torch.device("cpu"), DEVICE):
        other = trainer(config, tmp_path, device, saved=saved)
        assert same(weights(other), weights(one))
        moments = optimizer.tensors(other.optimizer, other.model)
        assert {moment.device for moment in moments.values()} == {device}
        steps(other, 5)


@on_card
def test_no_step_waits_for_a_number(config, tmp_path, monkeypatch):
    """The figures alone are read, and those a step later."""
    for name in ("adamw", "gpt1-adam"):
        one = trainer(config.replace({"optimizer.name": name}), tmp_path, precision="fp16")
        monkeypatch.setattr("gpt_core.trainer._told", lambda it: it)
        events = one.events()
        while one.step < 2:
            next(events)
        torch.cuda.set_sync_debug_mode("error")
        try:
            while one.step < 5:
                next(events)
        finally:
            torch.cuda.set_sync_debug_mode("default")
            monkeypatch.undo()


# ----------------------------------------------------------------------------------------------- The memory

SMALL_CARD = {
    "model.vocab_size": 40478,
    "train.batch_size": 8,
    "train.accumulation": 2,
    "optimizer.name": "gpt1-adam",
}
MEASURED = {
    "gpt1-8gb": ("bf16", SMALL_CARD),
    "gpt1-8gb in fp16": ("fp16", SMALL_CARD),
    "gpt1-8gb in float32": ("fp32", SMALL_CARD),
    "gpt1-8gb recomputed": ("bf16", SMALL_CARD | {"train.activation_checkpointing": True}),
    "gpt2-124m": (
        "bf16",
        NO_DROPOUT
        | {
            "model.vocab_size": 50257,
            "model.context_length": 1024,
            "model.norm": "pre",
            "train.batch_size": 12,
        },
    ),
    "the notebook, its head untied": (
        "fp32",
        NO_DROPOUT
        | {"model.vocab_size": 50257, "model.context_length": 1024, "model.residual_dropout": 0.1}
        | {"model.tied_head": False, "train.batch_size": 4, "optimizer.name": "adam"},
    ),
    "a single window": ("bf16", SMALL_CARD | {"train.batch_size": 1}),
}


@on_card
@pytest.mark.parametrize("case", MEASURED)
def test_what_is_reserved_is_within_15_percent_of_the_forecast(case):
    precision, changes = MEASURED[case]
    if precision not in precisions():
        pytest.skip(f"this card has no {precision}")
    config = Config().replace(changes | {"train.eval_interval": 0, "train.sample_interval": 0})
    forecast = memory.forecast(config, precision, "cuda").peak - memory.LOADED["cuda"]
    hardware.give_back(DEVICE)
    before = torch.cuda.memory_reserved(DEVICE)  # of cuBLAS, and the forecast has it too
    if forecast > hardware.free_memory(DEVICE):
        pytest.skip("this card is too small")
    torch.cuda.reset_peak_memory_stats(DEVICE)
    tokens = np.random.default_rng(0).integers(config.model.vocab_size, size=5000, dtype=np.uint32)
    hardware.prepare(DEVICE, precision, deterministic=False)
    resolved = Resolved(str(DEVICE), precision, 1, False, config.model.vocab_size)
    one = Trainer(config, resolved, Corpus(None, tokens, tokens, None), Path())
    events = one.events()
    while one.step < 4:  # in fp16 the scale of the loss may still be sought
        next(events)
    taken = torch.cuda.max_memory_reserved(DEVICE)
    in_use = torch.cuda.max_memory_allocated(DEVICE)
    print(f"{case}: forecast {forecast:,} reserved {taken:,} in use {in_use:,} before {before:,}")
    assert taken == pytest.approx(forecast, rel=0.15)


CONTEXT = """
import pynvml, torch
pynvml.nvmlInit()
card = pynvml.nvmlDeviceGetHandleByIndex(0)
before = pynvml.nvmlDeviceGetMemoryInfo(card).used
x = torch.randn(512, 512, device="cuda:0", requires_grad=True)
with torch.autocast("cuda", torch.float16):
    (x @ x).sum().backward()
torch.cuda.synchronize()
after = pynvml.nvmlDeviceGetMemoryInfo(card).used
print(after - before - torch.cuda.memory_reserved())
"""


@on_card
def test_the_runtime_takes_no_more_than_is_assumed():
    """A second process on the card, so that it is its own alone; other programs should be quiet meanwhile."""
    pytest.importorskip("pynvml")
    done = subprocess.run([sys.executable, "-c", CONTEXT], capture_output=True, text=True, check=True)
    taken = int(done.stdout)
    print(f"the runtime takes {taken:,} bytes")
    assert 50e6 < taken < memory.LOADED["cuda"] + memory.WORKING["cuda"]


def test_a_trial_measures(config):
    config = config.replace({"model.vocab_size": 50, "train.device": str(DEVICE), "train.threads": 1})
    trial = run_trial(config, seconds=0.2, compiled=ON_CARD)
    assert trial.tokens_per_second > 0
    assert 0 < trial.peak < trial.room
    if ON_CARD:
        assert trial.peak > memory.LOADED["cuda"]
        assert trial.compiled_tokens_per_second is None or trial.compiled_tokens_per_second > 0
