"""Memory that runs out in the midst of training: told with what fits, given back, and no end of the run."""

import weakref

import pytest
import torch

from gpt_core.config import SamplingConfig
from gpt_core.control import Change, Close, Control, Prompt, Resume
from gpt_core.errors import GPTCoreError
from gpt_core.events import AnswerDone, AnswerPiece, StateChanged, StepDone
from gpt_core.model import GPT
from gpt_core.run import create
from gpt_core.worker import Worker

CARD = pytest.param(
    "cuda:0", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA card")
)
TOO_MANY = {"cpu": 128, "cuda:0": 2**16}  # windows


@pytest.fixture
def little_memory(device, monkeypatch):
    """A card may hold 1 GB; a CPU is made to say that there is none for a large batch. Tells of what was
    computed for it until then."""
    made = []
    if device != "cpu":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(1e9 / total, device)
        yield made
        torch.cuda.set_per_process_memory_fraction(1.0, device)
        return
    forward = torch.nn.LayerNorm.forward

    def too_much(self, x):
        if len(x) >= TOO_MANY["cpu"]:
            made.append(weakref.ref(x))
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, x)

    monkeypatch.setattr(torch.nn.LayerNorm, "forward", too_much)
    yield made


@pytest.mark.parametrize("device", ["cpu", CARD])
def test_memory_that_ran_out_is_told_and_does_not_end_the_run(config, tmp_path, device, little_memory):
    """The run answers a prompt, and goes on with a smaller batch to its end."""
    config = config.replace({"train.device": device, "train.precision": "fp32", "train.threads": 1})
    control, reports, held = Control(), [], []

    def paused() -> list[GPTCoreError]:
        return [what.error for what in reports if isinstance(what, StateChanged) and what.state == "paused"]

    def report(what):
        reports.append(what)
        match what:
            case StepDone(step=2) if not paused():
                control.ask(Change({"train.batch_size": TOO_MANY[device]}))
            case StateChanged(state="paused"):
                held.extend(tensor() for tensor in little_memory)
                control.ask(Prompt(1, SamplingConfig(prompt="the ", max_tokens=4)))
                control.ask(Change({"train.batch_size": 4}))
                control.ask(Resume())
            case StateChanged(state="finished"):
                control.ask(Close())

    Worker(create(config, tmp_path / "run"), control, report, linger=True).work()
    (error,) = paused()
    assert error.code == "out_of_memory_fits"
    assert f"{device} ran out of memory with {TOO_MANY[device]} windows at once" in str(error)
    windows = TOO_MANY[device] * config.train.accumulation
    assert error.values["fits"] * error.values["accumulation"] == windows
    assert error.values["fits"] < TOO_MANY[device]
    assert little_memory or device != "cpu"
    assert held == [None] * len(little_memory)  # already before it was told
    assert any(isinstance(what, AnswerPiece) for what in reports)
    assert all(what.error is None for what in reports if isinstance(what, AnswerDone))
    assert [what.step for what in reports if isinstance(what, StepDone)][-1] == config.train.max_steps


def test_an_answer_that_memory_cannot_hold_is_told_as_such(config, tmp_path, monkeypatch):
    """Not as a batch that is too large: the training goes on as it is."""
    hidden = GPT.hidden

    def many(model, tokens, cache=None):
        if cache is not None and len(tokens) > 3:
            raise torch.OutOfMemoryError("out of memory")
        return hidden(model, tokens, cache)

    monkeypatch.setattr(GPT, "hidden", many)
    control, reports = Control(), []

    def report(what):
        reports.append(what)
        if isinstance(what, StepDone) and what.step == 2:
            control.ask(Prompt(1, SamplingConfig(prompt="the ", max_tokens=4, samples=4)))
            control.ask(Prompt(2, SamplingConfig(prompt="the ", max_tokens=4, samples=3)))

    worker = Worker(create(config, tmp_path / "run"), control, report)
    worker.work()
    errors = [what.error for what in reports if isinstance(what, AnswerDone)]
    assert str(errors[0]) == "CPU has too little memory left to answer; ask for fewer samples."
    assert errors[1:] == [None]
    assert worker.error is None
    assert [what.step for what in reports if isinstance(what, StepDone)][-1] == config.train.max_steps


def test_memory_that_ran_out_before_there_was_a_model_blames_no_batch(config, tmp_path, monkeypatch):
    def too_large(*_):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(GPT, "__init__", too_large)
    worker = Worker(create(config, tmp_path / "run"), Control(), lambda report: None)
    worker.work()
    assert worker.state == "failed"
    assert str(worker.error) == (
        "The memory ran out before the training could begin; close what else uses it, or choose a smaller "
        "model or a smaller batch."
    )


def test_a_compiler_that_is_missing_is_told_in_a_sentence(config, tmp_path, monkeypatch):
    """As Triton is on Windows; here it is the C++ compiler that the CPU needs."""
    config = config.replace({"train.compile": True, "train.device": "cpu", "train.threads": 1})
    inductor = pytest.importorskip("torch._inductor.config")
    monkeypatch.setattr(inductor.cpp, "cxx", ("/no/such/compiler",))
    monkeypatch.setattr(inductor, "force_disable_caches", True)
    worker = Worker(create(config, tmp_path / "run"), Control(), lambda report: None)
    worker.work()
    torch._dynamo.reset()
    assert worker.error is not None
    assert worker.error.code == "compile_failed"
    assert "train.compile = false" in str(worker.error)
    assert "\n" not in str(worker.error)
