"""Forks: the same run where nothing is changed, another where something is, and the parent left alone."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from gpt_core import checkpoint
from gpt_core.about import read_about
from gpt_core.cli import main
from gpt_core.config import Config, to_toml
from gpt_core.control import Change, Control, Stop
from gpt_core.disk import sha256
from gpt_core.errors import ConfigError, GPTCoreError
from gpt_core.events import EvaluationDone, Notice, Ready, Report, StepDone
from gpt_core.fork import fork
from gpt_core.model import GPT
from gpt_core.record import RecordView
from gpt_core.run import Run, create, open_run
from gpt_core.schedule import learning_rate
from gpt_core.summary import summarize
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def train(run: Run, commands: dict[int, object] | None = None, first: object = None) -> list[Report]:
    control, reports = Control(), []
    if first is not None:
        control.ask(first)  # type: ignore[arg-type]

    def report(what: Report) -> None:
        reports.append(what)
        if isinstance(what, StepDone) and commands and what.step in commands:
            control.ask(commands[what.step])  # type: ignore[arg-type]

    Worker(run, control, report).work()
    return reports


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    return checkpoint.find(run.checkpoints_folder, step).model()


def files(folder: Path) -> dict[str, str]:
    """What lies in a folder, by what is in it."""
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def parent(config: Config) -> Run:
    """A run whose rate was changed after step 25."""
    run = create(config.replace({"train.keep": 100}), name="mother")
    train(run, {25: Change({"schedule.max_lr": 1e-3})})
    return run


def test_a_fork_with_nothing_changed_is_its_parent_again(parent: Run) -> None:
    made = fork(parent, 20)
    assert open_run(made.folder).config == made.config
    # The parent's change at step 25 was made in a future that the fork does not share.
    train(made, {25: Change({"schedule.max_lr": 1e-3})})
    one, other = weights(parent, 40), weights(made, 40)
    assert all(torch.equal(one[name], other[name]) for name in one)
    with closing(RecordView(parent.record_path)) as a, closing(RecordView(made.record_path)) as b:
        for series in ("loss", "rate", "validation"):
            assert a.series(series)[1].tolist() == b.series(series)[1].tolist()


def test_a_fork_with_another_rate_goes_its_own_way_from_there(parent: Run) -> None:
    before = files(parent.folder)
    made = fork(parent, 20)
    train(made, first=Change({"schedule.max_lr": 3e-2}))
    with closing(RecordView(parent.record_path)) as a, closing(RecordView(made.record_path)) as b:
        one, other = a.series("loss")[1], b.series("loss")[1]
        assert one[:20].tolist() == other[:20].tolist()
        assert one[21:].tolist() != other[21:].tolist()
        assert [(event.step, event.values) for event in b.events("change")] == [
            (20, {"schedule.max_lr": 3e-2})
        ]
    assert summarize(made.folder).config.schedule.max_lr == 3e-2
    assert files(parent.folder) == before


def test_a_fork_keeps_a_best_checkpoint_of_its_own_where_the_parents_stayed_behind(config: Config) -> None:
    run = create(config.replace({"train.keep": 100}))
    train(run, {11: Change({"schedule.max_lr": 1.0})})  # so that it gets worse
    assert checkpoint.find(run.checkpoints_folder, 20).state()["best"][1] == 10
    made = fork(run, 20, changes={"train.keep": 1})
    with closing(RecordView(run.record_path)) as view:
        measured = dict(zip(*(column.tolist() for column in view.series("validation")), strict=True))
    before = summarize(made.folder)
    assert (before.best, before.best_step) == (measured[20], 20)  # the one that it holds
    told = [what for what in train(made) if isinstance(what, EvaluationDone)]
    lowest = measured[20]
    for what in told:
        assert what.best == (what.evaluation.loss < lowest)
        lowest = min(lowest, what.evaluation.loss)
    found = checkpoint.checkpoints(made.checkpoints_folder)
    assert found[-1].state()["best"][1] in {each.step for each in found}
    told = summarize(made.folder)
    assert [told.best, told.best_step] == found[-1].state()["best"]
    with closing(RecordView(made.record_path)) as view:
        assert min(event.step for event in view.events("checkpoint")) == 20
    again = train(open_run(made.folder))  # and a run that goes on in its own folder still has it
    assert not any(isinstance(what, StepDone) for what in again)
    assert checkpoint.checkpoints(made.checkpoints_folder)[-1].state()["best"] == found[-1].state()["best"]


def test_a_fork_is_whole_without_its_parent(parent: Run) -> None:
    made = fork(parent, 30)
    shutil.rmtree(parent.folder)
    train(made)
    assert summarize(made.folder).state == "finished"
    about = read_about(made.folder)
    assert (about.parent, about.parent_step) == ("mother-1", 30)


def test_forks_are_named_after_the_first_parent(parent: Run) -> None:
    child = fork(parent, 10)
    assert child.name == "mother-1-fork-1"
    grandchild = fork(child, 10)
    assert grandchild.name == "mother-1-fork-2"
    assert read_about(grandchild.folder).parent == child.name


def test_what_cannot_be_forked_leaves_nothing_behind(parent: Run, home: Path) -> None:
    with pytest.raises(GPTCoreError, match="no checkpoint at step 11"):
        fork(parent, 11)
    path = checkpoint.find(parent.checkpoints_folder, 10).path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    with pytest.raises(GPTCoreError, match="damaged"):
        fork(parent, 10)
    parent.record_path.write_bytes(b"no database" * 99)
    with pytest.raises(GPTCoreError, match="not a record"):
        fork(parent, 20)
    assert [run.name for run in (home / "runs").iterdir()] == ["mother-1"]


def test_where_nothing_can_be_linked_it_is_copied(parent: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    made = fork(parent, 40)
    weights(made, 40)
    assert files(made.tokens_folder) == files(parent.tokens_folder)
    assert (made.tokens_folder / "train.bin").stat().st_nlink == 1


def test_a_pinned_checkpoint_outlives_the_keep_policy(config: Config) -> None:
    run = create(config.replace({"train.keep": 1, "train.eval_interval": 0}))
    train(run, {10: Stop()})
    checkpoint.find(run.checkpoints_folder, 10).pin()
    train(run)
    left = checkpoint.checkpoints(run.checkpoints_folder)
    assert {10, 40} <= {saved.step for saved in left}
    assert 20 not in {saved.step for saved in left}
    assert [saved.step for saved in left if saved.pinned] == [10]
    left[0].verify()
    left[0].pin(False)
    assert not left[0].pinned
    # Trained anew to a pinned step, it is pinned still; a fork of it begins unpinned.
    left[-1].pin()
    state, model, optimizer = left[-1].state(), left[-1].model(), left[-1].optimizer()
    assert checkpoint.save(run.checkpoints_folder, 40, model, optimizer, state).pinned
    assert not checkpoint.find(fork(run, 40).checkpoints_folder, 40).pinned


def test_any_checkpoint_but_the_only_one_can_be_deleted(parent: Run) -> None:
    *others, last = checkpoint.checkpoints(parent.checkpoints_folder)
    for other in others:
        checkpoint.delete(other)
        checkpoint.delete(other)  # it is gone already
    with pytest.raises(GPTCoreError, match="only checkpoint"):
        checkpoint.delete(last)
    last.verify()


# ------------------------------------------------------------------------------------ Another beginning


@pytest.fixture
def letters(text: Path) -> Path:
    """Another text, of which the parent's tokenizer knows each character but é."""
    path = text.with_name("letters.txt")
    words = text.read_text().split()
    path.write_text(" ".join(word[::-1] for word in words) + "é " * 60, encoding="utf-8")
    return path


def told(reports: list[Report]) -> list[str]:
    return [what.error.code for what in reports if isinstance(what, Notice)]


def loss_on(run: Run, step: int, text: Path) -> float:
    """The mean loss of a checkpoint on the whole last tenth of a text, with nothing of ours but the model and
    the tokenizer."""
    tokenizer = Tokenizer.load(run.tokenizer_folder)
    content = text.read_text(encoding="utf-8")
    tail = torch.from_numpy(tokenizer.encode(content[round(0.9 * len(content)) :]).astype(np.int64))
    model = GPT(run.config.model.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    model.load(weights(run, step), run.folder)
    model.eval()
    windows = [tail[at : at + 17] for at in range(0, len(tail) - 16, 16)]
    rows = torch.stack(windows)
    with torch.no_grad():
        logits = model(rows[:, :-1])
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()))


def test_a_fork_from_step_0_trains_a_finished_model_on_for_another_text(parent: Run, letters: Path) -> None:
    changes = {"data.source": str(letters), "train.eval_windows": 0}
    made = fork(parent, 40, changes=changes, restart=True)
    assert sha256(made.tokenizer_folder / "tokenizer.json") == sha256(
        parent.tokenizer_folder / "tokenizer.json"
    )
    reports = train(made)
    assert told(reports) == ["text_is_another", "characters_unknown"]
    *_, unknown = [what.error for what in reports if isinstance(what, Notice)]
    assert "has no token and is left out: 'é'." in str(unknown)
    with closing(RecordView(made.record_path)) as view:
        steps, validation = view.series("validation")
        assert steps.tolist() == [0, 10, 20, 30, 40]
        assert validation[0] == pytest.approx(loss_on(parent, 40, letters), rel=1e-5)
        assert validation[-1] < validation[0] - 0.1
        steps, rates = view.series("rate")
        schedule = made.config.schedule
        assert rates.tolist() == [learning_rate(step, schedule, 40) for step in range(1, 41)]
    state = checkpoint.find(made.checkpoints_folder, 10).state()
    assert state["windows_seen"] == 10 * 8
    about = read_about(made.folder)
    assert (about.parent, about.parent_step) == (parent.name, 40)


def test_a_fork_that_goes_on_in_another_text_begins_that_and_keeps_its_steps(
    parent: Run, letters: Path
) -> None:
    before = files(parent.folder)
    made = fork(parent, 20, changes={"data.source": str(letters), "train.eval_windows": 0})
    reports = train(made)
    assert told(reports) == ["text_is_another", "characters_unknown"]
    with closing(RecordView(made.record_path)) as view, closing(RecordView(parent.record_path)) as older:
        assert view.series("loss")[0].tolist() == list(range(1, 41))
        assert view.series("loss")[1][:20].tolist() == older.series("loss")[1][:20].tolist()
        steps, validation = view.series("validation")
        assert steps.tolist() == [10, 20, 30, 40]
        assert validation[1] == pytest.approx(loss_on(parent, 20, letters), rel=1e-5)
        changes = [(event.step, event.values) for event in view.events("change")]
        assert changes == [(20, {"data.source": str(letters), "train.eval_windows": 0})]
    state = checkpoint.find(made.checkpoints_folder, 30).state()
    assert state["windows_seen"] == 10 * 8
    assert state["best"][1] >= 20  # what was measured on the other text is no best one
    assert files(parent.folder) == before
    assert summarize(made.folder).config == made.config


def test_no_tokens_that_a_run_trained_on_are_replaced(parent: Run, letters: Path, text: Path) -> None:
    """Whatever run.toml is made to say since; not even where the weights that it began with are measured."""
    made = fork(parent, 20, changes={"train.seed": 7})
    train(made)
    before = {path.name: path.read_bytes() for path in (made.folder / "tokens").iterdir()}
    toml = made.folder / "run.toml"
    asked = toml.read_text()
    toml.write_text(asked.replace(str(text), str(letters)))
    done = CliRunner().invoke(main, ["evaluate", str(made.folder), "--checkpoint", "20"])
    assert done.exit_code == 0, done.output
    assert {path.name: path.read_bytes() for path in (made.folder / "tokens").iterdir()} == before
    toml.write_text(asked)
    assert told(train(open_run(made.folder), {})) == []


def test_a_text_that_only_lies_elsewhere_is_the_same(parent: Run, text: Path) -> None:
    moved = text.rename(text.with_name("moved.txt"))
    made = fork(parent, 20, changes={"data.source": str(moved)})
    assert told(train(made, {25: Change({"schedule.max_lr": 1e-3})})) == []
    one, other = weights(parent, 40), weights(made, 40)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("restart", [False, True])
def test_a_fork_in_another_text_resumes_exactly(parent: Run, letters: Path, restart: bool) -> None:
    changes = {"data.source": str(letters), "train.seed": 7}
    whole, parts = (fork(parent, 20, changes=changes, restart=restart) for _ in range(2))
    train(whole)
    train(parts, {26: Stop()})
    assert told(train(open_run(parts.folder))) == []
    one, other = weights(whole, 40), weights(parts, 40)
    assert all(torch.equal(one[name], other[name]) for name in one)
    with closing(RecordView(whole.record_path)) as a, closing(RecordView(parts.record_path)) as b:
        for series in ("loss", "validation"):
            assert a.series(series)[1].tolist() == b.series(series)[1].tolist()


def test_another_optimizer_begins_without_state_and_its_other_settings_keep_it(parent: Run) -> None:
    def moments(changes: dict[str, object]) -> tuple[dict[str, torch.Tensor], list[str]]:
        made = fork(parent, 20, changes=changes)
        reports = train(made, {21: Stop()})
        return checkpoint.find(made.checkpoints_folder, 21).optimizer(), told(reports)

    kept, _ = moments({"optimizer.beta1": 0.8})
    anew, notices = moments({"optimizer.name": "gpt1-adam"})
    assert kept["step.embedding.weight"] == 21
    assert anew["step.embedding.weight"] == 1
    assert notices == ["optimizer_anew"]


def test_another_seed_shuffles_anew_and_leaves_what_is_validated_on(config: Config, text: Path) -> None:
    folder = text.with_name("texts")
    folder.mkdir()
    lines = text.read_text().splitlines()
    for number in range(0, len(lines), 5):
        (folder / f"{number}.txt").write_text("\n".join(lines[number : number + 5]))
    run = create(config.replace({"data.source": str(folder)}), name="mother")
    train(run)
    made = fork(run, 20, changes={"train.seed": 2})
    shutil.rmtree(made.tokens_folder)  # as where they stayed in the cache, and that was emptied
    shutil.copytree(run.tokens_folder, made.tokens_folder)
    (made.tokens_folder / "train.bin").unlink()
    assert told(train(made)) == []
    assert files(made.tokens_folder)["validation.bin"] == files(run.tokens_folder)["validation.bin"]
    with closing(RecordView(run.record_path)) as a, closing(RecordView(made.record_path)) as b:
        assert a.series("loss")[1][:20].tolist() == b.series("loss")[1][:20].tolist()
        assert a.series("loss")[1][20] != b.series("loss")[1][20]


def test_precision_and_compilation_are_resolved_anew(parent: Run) -> None:
    made = fork(parent, 20, changes={"train.precision": "bf16", "train.threads": 2})
    reports = train(made, {21: Stop()})
    resolved = next(what.resolved for what in reports if isinstance(what, Ready))
    assert (resolved.precision, resolved.threads, resolved.compile) == ("bf16", 2, False)
    assert checkpoint.find(made.checkpoints_folder, 21).state()["resolved"]["precision"] == "bf16"


def test_what_came_with_the_weights_cannot_be_another(parent: Run, home: Path) -> None:
    for field, value in {"model.num_layers": 3, "data.tokenizer": "bpe", "data.vocab_size": 300}.items():
        with pytest.raises(ConfigError, match=f"{field}: The weights depend on this"):
            fork(parent, 20, changes={field: value})
    with pytest.raises(GPTCoreError, match="no device cuda:7 here"):
        fork(parent, 20, changes={"train.device": "cuda:7"})
    assert [run.name for run in (home / "runs").iterdir()] == ["mother-1"]
    made = fork(parent, 20)
    edited = made.config.replace({"model.num_layers": 3, "optimizer.weight_decay": 0.5})
    (made.folder / "run.toml").write_text(to_toml(edited))
    reports = train(open_run(made.folder))
    assert told(reports) == ["run_toml_differs"]
    config = next(what.config for what in reports if isinstance(what, Ready))
    assert (config.model.num_layers, config.optimizer.weight_decay) == (2, 0.5)


def test_a_fork_of_a_fork_that_was_to_begin_otherwise_does_so_too(parent: Run, letters: Path) -> None:
    child = fork(parent, 20, changes={"data.source": str(letters)})
    grandchild = fork(child, 20)
    assert grandchild.config.data.source == str(letters)
    train(child)
    train(grandchild)
    one, other = weights(child, 40), weights(grandchild, 40)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_command_makes_such_a_fork_and_measures_it_before_it_trains(
    parent: Run, letters: Path, tmp_path: Path
) -> None:
    def core(*words: object) -> Result:
        return CliRunner().invoke(main, list(map(str, words)))

    place = tmp_path / "fork"
    done = core("fork", parent.folder, "--run", place, "--restart", "--set", f"data.source={letters}")
    assert (done.exit_code, done.stdout) == (0, f"step 0 of 40, run {place}\n")
    measured = core("evaluate", place)
    assert f"step 0, loss {loss_on(parent, 40, letters):.4f}, " in measured.stdout
    assert core("resume", place, "--set", "train.max_steps=5").exit_code == 0
    assert [saved.step for saved in checkpoint.checkpoints(open_run(place).checkpoints_folder)] == [0, 5]

    plain = core("fork", parent.folder, "--checkpoint", 30)
    assert "step 30 of 40, run " in plain.stdout
    folder = parent.folder.with_name("mother-1-fork-1")
    late = core("resume", folder, "--set", f"data.source={letters}", "--set", "train.max_steps=32")
    assert late.exit_code == 0, late.stderr
    assert "The weights were trained on another text before" in late.stderr
    assert summarize(folder).config.data.source == str(letters)
    refused = core("resume", folder, "--set", "train.seed=3")
    told = "train.seed: This is fixed once training has started"
    assert (refused.exit_code, told in refused.stderr) == (2, True)
    assert "The weights depend on this" in core("fork", folder, "--set", "model.num_heads=1").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("linked", [True, False])
def test_a_read_only_run_is_forked_into_one_that_can_be_written(config, tmp_path, monkeypatch, linked):
    """Also where the one who asks is not bound by modes, whose folders are looked at here."""
    run = create(config, tmp_path / "run")
    train(run, {20: Stop()})
    folders = [run.folder, *(path for path in run.folder.rglob("*") if path.is_dir())]
    for path in run.folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    run.folder.chmod(0o555)
    if not linked:
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(PermissionError()))
    made = fork(run, 20, tmp_path / "fork")
    for path in folders:
        path.chmod(0o755)
    assert all(path.stat().st_mode & 0o200 for path in made.folder.rglob("*") if path.is_dir() or not linked)
    assert (made.checkpoints_folder / "step-00000020" / "given").stat().st_mode & 0o200
    assert max(what.step for what in train(made) if isinstance(what, StepDone)) == 40
