"""Validation figures against the same sums in float64, token by token, and against closed forms."""

import ast
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gpt_core.batches import FixedWindows
from gpt_core.checkpoint import newest_sound
from gpt_core.cli import main
from gpt_core.config import Config, ModelConfig
from gpt_core.control import Control
from gpt_core.evaluation import evaluate
from gpt_core.events import Evaluation, EvaluationBatch, EvaluationDone
from gpt_core.fork import fork
from gpt_core.model import GPT
from gpt_core.preparation import load_model
from gpt_core.run import Run, create
from gpt_core.token_file import Part
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker

TEXT = "Über den Wolken, 雲の上, über allem: the quick brown fox jumps over the lazy dog. " * 40


def a_model(vocab_size: int) -> GPT:
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=vocab_size, context_length=16, embedding_dim=24, ffn_dim=48, num_heads=2,
        num_layers=2, initialisation="torch",
    )  # fmt: skip
    return GPT(config)


def a_part(text: str, tokens: NDArray[np.integer], unknown: int = 0) -> Part:
    return Part(1, len(tokens), len(text), len(text.encode()), unknown, "")


@pytest.mark.parametrize("kind", ["characters", "bpe"])
@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_loss_and_its_units(kind, batch_size):
    tokenizer = Tokenizer.train(kind, [TEXT], 300)
    tokens = tokenizer.encode(TEXT).astype(np.uint16)
    model = a_model(tokenizer.vocab_size)
    windows = FixedWindows(tokens, 16, 7)
    *progress, result = evaluate(model, windows, tokenizer, a_part(TEXT, tokens), batch_size, "fp32")
    assert isinstance(result, Evaluation)
    assert all(isinstance(event, EvaluationBatch) for event in progress)
    assert progress[-1].done == progress[-1].total == result.windows == 7
    assert result.all_windows == (len(tokens) - 1) // 16
    assert result.unknown == 0

    rows = windows.batch(0, 7)
    with torch.no_grad():
        logits = model.double().eval()(torch.from_numpy(rows[:, :-1]))
    picked = logits.log_softmax(-1).gather(-1, torch.from_numpy(rows[:, 1:])[..., None])
    nats = -picked.sum().item()
    written = [tokenizer.decode([token]) if kind == "characters" else None for token in rows[:, 1:].ravel()]
    assert result.loss == pytest.approx(nats / rows[:, 1:].size, rel=1e-5)
    assert result.perplexity == pytest.approx(math.exp(result.loss))
    if kind == "characters":
        assert result.nats_per_character == pytest.approx(result.loss)
        size = sum(len(character.encode()) for character in written)
    else:
        # Byte-level pieces may be parts of a character: count bytes by decoding all that each window says.
        size = int(tokenizer.token_bytes[rows[:, 1:]].sum())
        assert size == pytest.approx(len(TEXT.encode()) * rows[:, 1:].size / len(tokens), rel=0.1)
    assert result.bits_per_byte == pytest.approx(nats / math.log(2) / size, rel=1e-5)


@pytest.mark.parametrize(("kind", "vocab_size"), [("characters", 0), ("bpe", 300), ("bpe", 400)])
@pytest.mark.parametrize("knows_nothing", [True, False])
def test_bits_per_byte_are_those_that_the_text_costs(kind, vocab_size, knows_nothing):
    """Over the whole text: what all its tokens cost together, by the length of the text in a file.

    A model that knows nothing pays log2 V for each token, so its figures compare tokenizers by themselves.
    """
    text = "A text. " + TEXT
    tokenizer = Tokenizer.train(kind, [text], vocab_size)
    tokens = tokenizer.encode(text)
    tokens = tokens[: (len(tokens) - 1) // 16 * 16 + 1]
    while "\ufffd" in tokenizer.decode(tokens):  # it must not end within a character
        tokens = tokens[:-16]
    model = a_model(tokenizer.vocab_size)
    if knows_nothing:
        model.embedding.weight.data.zero_()
        nats = (len(tokens) - 1) * math.log(tokenizer.vocab_size)
    else:
        with torch.no_grad():
            rows = torch.from_numpy(tokens[:-1].reshape(-1, 16))
            logits = model.double().eval()(rows).flatten(0, 1)  # (N, V)
        followed = logits[torch.arange(len(tokens) - 1), torch.from_numpy(tokens[1:])]
        nats = (logits.exp().sum(-1).log() - followed).sum().item()
        model.float()
    windows = FixedWindows(tokens, 16, 0)
    *_, result = evaluate(model, windows, tokenizer, a_part(text, tokens), 64, "fp32")
    first = tokenizer.decode(tokens[:1])
    file = tokenizer.decode(tokens).removeprefix(first).encode("utf-8")
    assert text.encode().startswith(first.encode() + file)
    assert len(file) > 0.9 * len(text.encode())
    assert result.bits_per_byte == pytest.approx(nats / math.log(2) / len(file), rel=1e-5)
    assert result.nats_per_character == pytest.approx(nats / len(file.decode()), rel=1e-5)


@pytest.mark.parametrize("most", [0, 5])
@pytest.mark.parametrize(
    "text",
    [
        "THE  CAT\tsat\n\n\n   on the   MAT, é.  " * 60,  # written lower, with one blank for many
        "The cat sat on 雲の上. " * 60,
    ],
)
def test_a_tokenizer_that_does_not_write_its_text_is_measured_by_the_text(gpt1_folder, text, most):
    """What the tokens cost, by the bytes of the text that was given, not of what the tokens would write."""
    tokenizer = Tokenizer.pretrained("gpt1", str(gpt1_folder))
    tokens = tokenizer.encode(text)
    model = a_model(tokenizer.vocab_size)
    model.embedding.weight.data.zero_()  # each token costs ln V
    windows = FixedWindows(tokens, 16, most)
    part = a_part(text, tokens, unknown=int((tokens == tokenizer.unknown_token).sum()))
    *_, result = evaluate(model, windows, tokenizer, part, 3, "fp32")
    nats = math.log(tokenizer.vocab_size)
    assert result.loss == pytest.approx(nats, rel=1e-5)
    assert result.nats_per_character == pytest.approx(nats * len(tokens) / len(text), rel=1e-5)
    bits = nats / math.log(2) * len(tokens)
    assert result.bits_per_byte == pytest.approx(bits / len(text.encode()), rel=1e-5)
    assert len(text.encode()) > 1.1 * len(tokenizer.decode(tokens).encode().replace(b"<unk>", b"?"))
    assert result.unknown == ("雲" in text) * (tokens == tokenizer.unknown_token).mean()


def test_characters_that_were_left_out_are_in_the_text_all_the_same():
    tokenizer = Tokenizer.train("characters", ["abc "])
    text = "abc 雲 " * 100
    tokens = tokenizer.encode(text)
    model = a_model(tokenizer.vocab_size)
    part = a_part(text, tokens, unknown=100)
    *_, result = evaluate(model, FixedWindows(tokens, 16, 0), tokenizer, part, 8, "fp32")
    assert result.bits_per_byte == pytest.approx(result.loss / math.log(2) * 500 / 800, rel=1e-5)
    assert result.nats_per_character == pytest.approx(result.loss * 500 / 600, rel=1e-5)
    assert result.unknown == 1 / 6


@pytest.fixture
def gpt_core(capsys) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            main(list(map(str, arguments)), standalone_mode=False)
        except SystemExit as exit:
            code = int(exit.code or 0)
        return code, *capsys.readouterr()

    return call


def trained(config: Config, folder: Path) -> tuple[Run, list[EvaluationDone]]:
    """A run trained to its end, and what it told of its evaluations."""
    told: list[EvaluationDone] = []
    run = create(config.replace({"train.max_steps": 10, "train.eval_windows": 0}), folder)
    worker = Worker(run, Control(), lambda report: isinstance(report, EvaluationDone) and told.append(report))
    worker.work()
    assert worker.error is None
    return run, told


def test_the_command_gives_the_figures_of_the_training(gpt_core, config, tmp_path):
    """The same windows, so the same loss, for the whole validation part; by checkpoint; and its faults."""
    config = config.replace({"train.checkpoint_interval": 5, "train.eval_interval": 5})
    run, told = trained(config, tmp_path / "run")
    for options, event in [([], told[-1]), (["--checkpoint", 5], told[0])]:
        code, out, err = gpt_core("evaluate", run.folder, *options)
        assert code == 0, err
        expected = event.evaluation
        assert out == (
            f"step {event.step}, loss {expected.loss:.4f}, perplexity {expected.perplexity:.5g}, "
            f"bits per byte {expected.bits_per_byte:.4f}, "
            f"nats per character {expected.nats_per_character:.4f}, tokens {16 * expected.windows}, "
            f"windows {expected.windows} of {expected.windows}\n"
        )
    _, out, _ = gpt_core("evaluate", run.folder, "--windows", 3)
    assert f"tokens {16 * 3}, windows 3 of {expected.windows}\n" in out
    assert gpt_core("evaluate", run.folder, "--windows", 3)[1] == out
    assert (
        gpt_core("evaluate", run.folder, "--windows", expected.windows)[1]
        == gpt_core("evaluate", run.folder)[1]
    )
    code, out, err = gpt_core("evaluate", run.folder, "--checkpoint", 7)
    assert (code, out) == (2, "")
    assert "has no checkpoint at step 7; it has 5, 10" in err
    before = gpt_core("evaluate", run.folder)[1]
    shutil.rmtree(run.tokens_folder)
    assert gpt_core("evaluate", run.folder)[:2] == (0, before)  # made again of the same text
    shutil.rmtree(run.tokens_folder)
    text = Path(config.data.source)
    text.write_text(text.read_text().replace("bird", "drib"))
    code, out, err = gpt_core("evaluate", run.folder)
    assert (code, out) == (2, "")
    assert "is no longer the one that this run was trained on" in err


def test_the_sample_command(gpt_core, config, tmp_path):
    run, _ = trained(config, tmp_path / "run")
    one = ["sample", run.folder, "--prompt", "the cat", "--max-tokens", 30, "--temperature", 1]
    code, five, err = gpt_core(*one, "--seed", 5)
    assert code == 0, err
    _, six, _ = gpt_core(*one, "--seed", 6)
    _, both, _ = gpt_core(*one, "--seed", 5, "--samples", 2)
    assert both == f"--- sample 1 of 2, seed 5 ---\n{five}--- sample 2 of 2, seed 6 ---\n{six}"
    stop = five[4:7]
    _, stopped, _ = gpt_core(*one, "--seed", 5, "--stop", "zzz", "--stop", stop)
    assert stopped == five[: five.index(stop)] + "\n"
    _, penalised, _ = gpt_core(*one, "--seed", 5, "--repetition-penalty", 50)
    new = penalised.rstrip("\n")
    assert len(set(new)) == len(new)  # nothing twice while there is anything new
    for wrong, sentence in {
        ("--samples", 0): "sampling.samples: 0 is below 1",
        ("--repetition-penalty", 0): "sampling.repetition_penalty: 0.0 must be more than 0",
        ("--top-p", 0): "sampling.top_p: 0.0 must be more than 0",
        ("--stop", ""): "sampling.stop: [''] is not a list of texts",
    }.items():
        code, out, err = gpt_core(*one, *wrong)
        assert (code, out) == (2, "")
        assert sentence in err


def test_the_sample_command_tells_how_much_each_token_surprised(gpt_core, config, tmp_path):
    """By the model itself, of which the samples are drawn at another temperature."""
    run, _ = trained(config, tmp_path / "run")
    model, tokenizer = load_model(run, newest_sound(run.checkpoints_folder)[0])
    one = ["sample", run.folder, "--prompt", "the cat", "--max-tokens", 8, "--temperature", 0.5]
    _, plain, _ = gpt_core(*one)
    code, told, err = gpt_core(*one, "--surprise")
    assert code == 0, err
    lines = [line.split(maxsplit=1) for line in told.splitlines()]
    assert [line[1].split(",")[0] for line in lines if line[0] == "---"] == ["prompt", "answer"]
    tokens = [(nats, ast.literal_eval(text)) for nats, text in lines if nats != "---"]
    assert "".join(text for _, text in tokens) == "the cat" + plain.rstrip("\n")
    ids = torch.tensor([tokenizer.encode("the cat" + plain.rstrip("\n")).tolist()])
    with torch.no_grad():
        logits = model.eval()(ids[:, :-1])[0]
    nats = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").tolist()
    assert tokens[0][0] == "-"
    assert [float(told) for told, _ in tokens[1:]] == pytest.approx(nats, abs=1e-3)
    assert f"--- prompt, {sum(nats[:6]) / 6:.3f}" in told
    assert f"--- answer, {sum(nats[6:]) / 8:.3f}" in told


def test_a_tokenizer_that_is_not_the_checkpoints_is_refused(gpt_core, config, tmp_path):
    run, _ = trained(config, tmp_path / "run")
    path = run.tokenizer_folder / "tokenizer.json"
    content = json.loads(path.read_bytes())
    ids = content["model"]["vocab"]
    ids["a"], ids["t"] = ids["t"], ids["a"]
    path.write_text(json.dumps(content), encoding="utf-8")
    for asked in (
        ["sample", run.folder, "--prompt", "the"],
        ["export", run.folder, "--to", tmp_path / "out"],
    ):
        code, out, err = gpt_core(*asked)
        assert (code, out) == (2, "")
        assert "is not the tokenizer that this run was trained with" in err
    assert not (tmp_path / "out").exists()


def test_a_fork_samples_as_it_is_to(gpt_core, config, tmp_path):
    run, _ = trained(config, tmp_path / "run")
    own = {"sampling.prompt": "the cat", "sampling.max_tokens": 7, "sampling.seed": 9}
    made = fork(run, 10, tmp_path / "fork", own)
    asked = [f"--{field[9:].replace('_', '-')}={value}" for field, value in own.items()]
    assert gpt_core("sample", made.folder) == gpt_core("sample", run.folder, *asked)
