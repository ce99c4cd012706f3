"""Checkpoints that answer: what `generate` makes of them, without a trace in the run or in its training."""

import hashlib
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from gpt_core import checkpoint, hardware
from gpt_core.answering import CANDIDATES
from gpt_core.config import Config, ModelConfig, SamplingConfig, from_values
from gpt_core.control import Close, Control, StopAnswer
from gpt_core.events import (
    AnswerDone,
    AnswerPiece,
    AnswerStarted,
    CheckpointRead,
    CheckpointSaved,
    Notice,
    Report,
    StepDone,
)
from gpt_core.model import GPT
from gpt_core.reader import Reader, Undrawn
from gpt_core.run import Run, create, open_run
from gpt_core.sampling import generate
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker

WAIT = 60  # seconds, for a busy machine


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder of a run with checkpoints at steps 10, 20 and 30."""
    folder = tmp_path_factory.mktemp("answering")
    (folder / "text.txt").write_text("the cat sat on a mat and saw one red bird\n" * 50, encoding="utf-8")
    config = Config().replace(
        {
            "data.source": str(folder / "text.txt"), "model.context_length": 16, "model.embedding_dim": 16,
            "model.ffn_dim": 32, "model.num_heads": 2, "model.num_layers": 2, "schedule.max_lr": 1e-2,
            "schedule.warmup_steps": 5, "train.batch_size": 8, "train.max_steps": 30, "train.device": "cpu",
            "train.precision": "fp32", "train.threads": 1, "train.eval_interval": 0,
            "train.sample_interval": 0, "train.checkpoint_interval": 10, "train.keep": 3,
        }
    )  # fmt: skip
    run = create(config, folder / "run")
    worker = Worker(run, Control(), lambda report: None)
    worker.work()
    assert worker.error is None
    return run.folder


@pytest.fixture
def run(trained, tmp_path) -> Run:
    """A copy of it to do with as one likes."""
    return open_run(shutil.copytree(trained, tmp_path / "copy"))


class Asked:
    """A reader on a thread of its own, and what it tells."""

    def __init__(self, run: Run, step: int | None, also: Callable[[Report], object] = lambda told: None):
        self.control = Control()
        self.told: queue.SimpleQueue[Report] = queue.SimpleQueue()

        def report(what: Report) -> None:
            also(what)
            self.told.put(what)

        self.thread = threading.Thread(target=Reader(run, step, self.control, report).work)
        self.thread.start()

    def answer(self, request: SamplingConfig) -> list[Report]:
        """What is told until the answer has ended."""
        id = self.control.prompt(request)
        told = [self.told.get(timeout=WAIT)]
        while not isinstance(told[-1], AnswerDone):
            told.append(self.told.get(timeout=WAIT))
        assert told[-1].id == id
        return told

    def close(self) -> None:
        self.control.ask(Close())
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


@pytest.fixture
def read() -> Iterator[Callable[..., Asked]]:
    """Begins to read; all that has begun is closed at the end."""
    begun: list[Asked] = []

    def begin(*arguments: object) -> Asked:
        begun.append(Asked(*arguments))
        return begun[-1]

    yield begin
    for asked in begun:
        asked.close()


def text(told: list[Report]) -> str:
    assert told[-1] == AnswerDone(told[-1].id)
    return "".join(what.piece for what in told if isinstance(what, AnswerPiece))


def steps_read(told: list[Report]) -> list[int]:
    return [what.step for what in told if isinstance(what, CheckpointRead)]


def model_of(run: Run, step: int) -> tuple[GPT, Tokenizer]:
    saved = checkpoint.find(run.checkpoints_folder, step)
    tokenizer = Tokenizer.load(run.tokenizer_folder)
    config = from_values(saved.state()["config"])
    model = GPT(config.model.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    model.load(saved.model(), saved.path)
    return model, tokenizer


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """Every file below a folder: when it was written, and its hash."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "run.lock"]
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
    }


REQUESTS = (
    SamplingConfig(prompt="the cat", max_tokens=40, temperature=0.0),
    SamplingConfig(prompt="the cat", max_tokens=40, temperature=1.3, top_k=0, top_p=0.9, seed=7, samples=3),
)


@pytest.mark.parametrize("step", [10, 30])
@pytest.mark.parametrize("request_", REQUESTS, ids=["greedy", "sampled"])
def test_a_reader_answers_as_its_checkpoint_does(run, read, step, request_):
    """Every token of it, with its probability and what else might have come."""
    told = read(run, step).answer(request_)
    model, tokenizer = model_of(run, step)
    tokens = tokenizer.encode(request_.prompt).tolist()
    expected = list(generate(model, tokens, request_, tokenizer, CANDIDATES))
    assert [what.token for what in told if isinstance(what, AnswerPiece)] == expected
    assert [type(what) for what in told[:2]] == [CheckpointRead, AnswerStarted]
    assert told[0] == CheckpointRead(step, "CPU")


def test_the_newest_is_followed_and_a_step_is_kept(run, read):
    late = [checkpoint.find(run.checkpoints_folder, step).path for step in (20, 30)]
    for path in late:
        path.rename(path.with_name(f".{path.name}"))
    newest, tenth = read(run, None), read(run, 10)
    request = REQUESTS[1]
    assert steps_read(newest.answer(request)) == [10]
    first = tenth.answer(request)
    assert steps_read(newest.answer(request)) == []  # it is loaded already
    for path in late:
        path.with_name(f".{path.name}").rename(path)
        told = newest.answer(request)
        assert steps_read(told) == [int(path.name[-2:])]
    assert text(tenth.answer(request)) == text(first) != text(told)


def test_one_that_is_damaged_is_told_and_the_one_before_answers(run, read):
    path = checkpoint.find(run.checkpoints_folder, 30).path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    newest, thirtieth = read(run, None), read(run, 30)
    told = newest.answer(REQUESTS[0])
    assert [what.error.code for what in told if isinstance(what, Notice)] == ["checkpoint_damaged"]
    assert steps_read(told) == [20]
    assert thirtieth.answer(REQUESTS[0])[-1].error.code == "checkpoint_damaged"


def test_a_checkpoint_given_up_is_told_and_one_that_was_read_answers_on(run, read):
    twentieth, other = read(run, 20), read(run, 20)
    before = text(twentieth.answer(REQUESTS[0]))
    checkpoint.delete(checkpoint.find(run.checkpoints_folder, 20))
    assert text(twentieth.answer(REQUESTS[0])) == before
    done = other.answer(REQUESTS[0])[-1]
    assert str(done.error) == (
        "There is no checkpoint of step 20; it may have been given up for newer ones. Choose another."
    )


def test_one_given_up_while_it_is_read_gives_way_to_the_next(run, read, monkeypatch):
    """As when the keep-policy of another process takes it away between its being verified and loaded."""
    verify = checkpoint.Checkpoint.verify
    wanted = {30, 20}

    def verify_then_lose(saved: checkpoint.Checkpoint) -> None:
        verify(saved)
        if saved.step in wanted:
            wanted.discard(saved.step)
            shutil.rmtree(saved.path)

    monkeypatch.setattr(checkpoint.Checkpoint, "verify", verify_then_lose)
    assert steps_read(read(run, None).answer(REQUESTS[0])) == [10]


def test_another_tokenizer_answers_nothing(run, read):
    (run.tokenizer_folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert read(run, 30).answer(REQUESTS[0])[-1].error.code == "tokenizer_differs"


def test_a_run_without_checkpoints_says_so(run, read):
    shutil.rmtree(run.checkpoints_folder)
    assert read(run, None).answer(REQUESTS[0])[-1].error.code == "no_checkpoint"


def test_an_empty_prompt_leaves_the_reader_at_work(run, read):
    asked = read(run, 30)
    bad = asked.answer(SamplingConfig(prompt="@").model_copy(update={"prompt": ""}))
    assert bad[-1].error.code == "prompt_empty"
    assert text(asked.answer(REQUESTS[0]))


def test_an_answer_is_stopped_and_one_that_waits_is_dropped(run, read):
    endless = SamplingConfig(prompt="the cat", max_tokens=1_000_000)
    begun = threading.Event()
    asked = read(run, 30, lambda told: begun.set() if isinstance(told, AnswerPiece) else None)
    first, second = asked.control.prompt(endless), asked.control.prompt(endless)
    assert begun.wait(WAIT)
    asked.control.ask(StopAnswer(second))
    asked.control.ask(StopAnswer(first))
    ended = list(iter(lambda: asked.told.get(timeout=WAIT), AnswerDone(second, stopped=True)))
    assert ended[-1] == AnswerDone(first, stopped=True)
    assert not any(isinstance(told, AnswerStarted) and told.id == second for told in ended)


def test_closing_ends_an_answer_at_the_next_token(run):
    begun = threading.Event()
    asked = Asked(run, 30, lambda told: begun.set() if isinstance(told, AnswerPiece) else None)
    id = asked.control.prompt(SamplingConfig(prompt="the cat", max_tokens=1_000_000))
    assert begun.wait(WAIT)
    asked.close()
    last = None
    while not asked.told.empty():
        last = asked.told.get()
    assert last == AnswerDone(id, stopped=True)


def test_reading_leaves_no_trace_and_takes_no_lock(run, read):
    before = contents(run.folder)
    with run.lock():  # as whoever trains it
        for asked in (read(run, None), read(run, 10)):
            for request in REQUESTS:
                text(asked.answer(request))
            asked.close()
    assert contents(run.folder) == before


@pytest.mark.parametrize("initialisation", ["torch", "gpt1", "gpt2"])
@pytest.mark.parametrize("changes", [{}, {"tied_head": False, "norm": "pre", "bias": False}])
def test_a_model_is_made_without_chance(initialisation, changes):
    shape = ModelConfig(
        vocab_size=30, embedding_dim=16, num_heads=2, initialisation=initialisation, **changes
    )
    drawn = GPT(shape).state_dict()
    before = torch.default_generator.get_state()
    with Undrawn():
        assert {name: tensor.shape for name, tensor in GPT(shape).state_dict().items()} == {
            name: tensor.shape for name, tensor in drawn.items()
        }
    assert torch.equal(torch.default_generator.get_state(), before)


def test_loading_draws_nothing_and_sets_nothing_that_training_uses(run, read):
    torch.manual_seed(5)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(2)
    try:
        before = torch.default_generator.get_state()
        seen: list[tuple[int, bool]] = []

        def note(_: Report) -> None:
            seen.append((torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()))

        asked = read(run, None, note)
        for request in REQUESTS:
            asked.answer(request)
        assert torch.equal(torch.default_generator.get_state(), before)
        assert set(seen) == {(1, True)}  # one thread over there,
        assert torch.get_num_threads() == 2  # and two here still
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(1)


def test_training_goes_on_bit_for_bit_while_readers_answer(config, tmp_path, read):
    """With dropout, so that chance drawn by another thread would show."""
    config = config.replace({"train.keep": 2, "train.max_steps": 60})
    alone, beside = create(config, tmp_path / "alone"), create(config, tmp_path / "beside")
    Worker(alone, Control(), lambda report: None).work()
    asked: list[Asked] = []
    answered: list[int] = []

    def report(what: Report) -> None:
        if isinstance(what, CheckpointSaved) and what.step == 10:
            asked.extend([read(beside, None), read(beside, 10)])
        if isinstance(what, StepDone) and what.step in (12, 23, 34, 45):
            for reader in asked:
                reader.control.prompt(SamplingConfig(prompt="the ", max_tokens=200, seed=what.step))
        elif isinstance(what, StepDone) and what.step in (20, 40):  # let it be amidst an answer
            answered.append(asked[0].told.get(timeout=WAIT) is not None)

    Worker(beside, Control(), report).work()
    assert len(answered) == 2
    for reader in asked:
        for _ in range(4):
            while not isinstance(told := reader.told.get(timeout=WAIT), AnswerDone):
                pass
            assert told.error is None
    weights = [checkpoint.find(run.checkpoints_folder, 60).model() for run in (alone, beside)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_model_that_memory_cannot_hold_is_refused(run, read, monkeypatch):
    """On the CPU to load it all the same would end the process, and what it trains with it."""

    class Little:
        available = 1000

    monkeypatch.setattr("gpt_core.reader.psutil.virtual_memory", Little)
    done = read(run, 30).answer(REQUESTS[0])[-1]
    assert done.error.code == "checkpoint_too_large"
    assert "1.0 kB are free" in str(done.error)


def test_a_run_of_a_device_that_is_not_here_answers_on_the_cpu(run, read, monkeypatch):
    assert "cuda:99" not in hardware.devices()
    state = checkpoint.Checkpoint.state

    def elsewhere(saved: checkpoint.Checkpoint) -> dict[str, object]:
        found = state(saved)
        return found | {"resolved": found["resolved"] | {"device": "cuda:99"}}

    monkeypatch.setattr(checkpoint.Checkpoint, "state", elsewhere)
    told = read(run, 30).answer(REQUESTS[0])
    assert told[0] == CheckpointRead(30, "CPU")
    assert text(told)
