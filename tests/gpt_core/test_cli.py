"""The command line as a person uses it: what it prints where, and how it ends."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from gpt_core import worker
from gpt_core.cli import main
from gpt_core.config import Config, from_toml, to_toml
from gpt_core.control import Control
from gpt_core.record import RecordView
from gpt_core.run import create, open_run
from gpt_core.worker import Worker

LAST_LINE = re.compile(
    r"steps (\d+), train loss ([\d.]+), validation loss ([\d.]+), tokens/s (\d+), run (.+)"
)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "gpt_core.cli", *map(str, arguments)]


def core(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | environment
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, env=env, check=False
    )


@pytest.fixture
def toml(config: Config, tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    return path


def test_train_sample_resume(toml, tmp_path):
    run = tmp_path / "run"
    done = core("train", toml, "--run", run, "--set", "train.max_steps=12")
    assert done.returncode == 0, done.stderr
    steps, _, _, _, folder = LAST_LINE.fullmatch(done.stdout.strip()).groups()
    assert (steps, folder) == ("12", str(run))
    assert "step/s" in done.stderr
    assert "validation loss" in done.stderr

    prompt = ["sample", run, "--prompt", "the cat", "--max-tokens", 20, "--seed", 5]
    first, second = core(*prompt), core(*prompt)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert 0 < len(first.stdout.rstrip("\n")) <= 20
    assert first.stderr == ""
    earlier = core(*prompt, "--checkpoint", 10)
    assert earlier.returncode == 0, earlier.stderr
    odd = core("sample", run, "--prompt", "thé cät", "--max-tokens", 3)
    assert odd.returncode == 0
    assert "'é' 'ä'" in odd.stderr

    done = core("resume", run)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has reached its 12 steps" in done.stderr
    for refused, sentence in {
        "model.num_layers=3": "model.num_layers: The weights depend on this",
        "train.max_steps=8": "Step 12 has been reached already",
        "schedule.max_lr=-1": "schedule.max_lr: -1 must be more than 0",
    }.items():
        done = core("resume", run, "--set", "train.max_steps=20", "--set", refused)
        assert (done.returncode, done.stdout) == (2, ""), refused
        assert sentence in done.stderr
    assert max((run / "checkpoints").iterdir()).name == "step-00000012"
    done = core("resume", run, "--set", "train.max_steps=15")
    assert done.returncode == 0, done.stderr
    assert LAST_LINE.fullmatch(done.stdout.strip())[1] == "15"
    assert from_toml(run / "run.toml")["train"]["max_steps"] == 12  # run.toml is as asked


def test_what_a_run_cannot_change_is_refused_before_it_is_shown_and_with_all_else(toml, tmp_path):
    run = tmp_path / "run"
    assert core("train", toml, "--run", run, "--set", "train.max_steps=12").returncode == 0
    changes = ["--set", "train.max_steps=20", "--set", "model.num_layers=3", "--set", "train.seed=7"]
    done = core("resume", run, *changes)
    assert (done.returncode, done.stdout) == (2, "")
    told = dict(line.split(": ", 1) for line in done.stderr.splitlines())  # neither a model's line nor a bar
    assert told == {
        "model.num_layers": "The weights depend on this; only a new run can have another.",
        "train.seed": "This is fixed once training has started; fork or start a new run to change it.",
    }
    done = core("resume", run, "--set", "schedule.max_lr=0.007", "--set", "train.max_steps=7")
    assert (done.returncode, done.stderr) == (
        2,
        "train.max_steps: Step 12 has been reached already; choose that length, or a greater one.\n",
    )
    with closing(RecordView(run / "record.sqlite")) as record:
        assert record.events("change", live_only=False) == []
    forked = core("fork", run, "--run", tmp_path / "fork", *changes[2:])
    assert forked.returncode == 2
    assert forked.stderr == f"model.num_layers: {told['model.num_layers']}\n"
    made = tmp_path / "fork"
    assert core("fork", run, "--run", made, *changes[4:]).returncode == 0
    before = (made / "run.toml").read_text()
    for wrong in ("model.num_layers=3", "train.max_steps=7", "train.device=cuda:7"):
        assert core("resume", made, "--set", "train.seed=9", "--set", wrong).returncode == 2
        assert (made / "run.toml").read_text() == before


def test_ctrl_c_stops_with_a_checkpoint_and_resume_goes_on(toml, tmp_path):
    run = tmp_path / "run"
    arguments = command("train", toml, "--run", run, "--set", "train.max_steps=1000000")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    record = run / "record.sqlite"
    end = time.monotonic() + 60
    while not (record.exists() and list((run / "checkpoints").glob("step-*"))):
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    steps = int(LAST_LINE.fullmatch(output.strip())[1])
    newest = sorted((run / "checkpoints").glob("step-*"))[-1]
    assert newest.name == f"step-{steps:08d}"
    done = core("resume", run, "--set", f"train.max_steps={steps + 3}")
    assert done.returncode == 0, done.stderr
    assert LAST_LINE.fullmatch(done.stdout.strip())[1] == str(steps + 3)


def test_a_stop_before_the_first_step_is_not_told_with_a_checkpoint(toml, tmp_path, monkeypatch):
    run = tmp_path / "run"
    guessing = worker.guessing

    def stopped(*given):
        signal.raise_signal(signal.SIGTERM)
        return guessing(*given)

    monkeypatch.setattr(worker, "guessing", stopped)  # which the first report of the run has
    done = CliRunner().invoke(main, ["train", str(toml), "--run", str(run)])
    assert done.exit_code == 1, done.stderr
    assert done.stderr.endswith("Stopped before training began.\n")
    assert done.stdout == ""
    assert core("resume", run, "--set", "train.max_steps=6").returncode == 0
    done = CliRunner().invoke(main, ["resume", str(run), "--set", "train.max_steps=8"])
    assert done.exit_code == 0
    assert "Stopped with a checkpoint" in done.stderr


def test_a_text_that_is_learnt_by_heart_is_told_once(toml, text, tmp_path):
    text.write_text(text.read_text()[:900])
    settings = {
        "data.validation_fraction": 0.2,
        "model.context_length": 32,
        "model.embedding_dim": 96,
        "model.ffn_dim": 384,
        "model.norm": "pre",
        "model.embedding_dropout": 0,
        "model.attention_dropout": 0,
        "model.residual_dropout": 0,
        "schedule.max_lr": 3e-3,
        "train.accumulation": 1,
        "train.batch_size": 8,
        "train.eval_interval": 10,
        "train.sample_interval": 0,
        "train.max_steps": 400,
    }
    run = tmp_path / "run"
    assigned = [part for field, value in settings.items() for part in ("--set", f"{field}={value}")]
    done = core("train", toml, "--run", run, *assigned)
    assert done.returncode == 0, done.stderr
    [told] = re.findall(r"^Validation was best at step (\d+), ([\d.]+), and has risen to", done.stderr, re.M)
    measured = re.findall(r"^step (\d+): validation loss ([\d.]+),", done.stderr, re.M)
    assert told[0] in dict(measured)
    assert float(told[1]) == pytest.approx(min(float(loss) for _, loss in measured), abs=1e-3)
    assert (run / "checkpoints" / f"step-{int(told[0]):08d}").is_dir()  # as it says


def test_without_a_folder_the_run_is_named_and_printed(toml, tmp_path):
    for number in (1, 2):
        done = core(
            "train", toml, "--set", "train.max_steps=1", "--set", "schedule.warmup_steps=1",
            GPT_WORKBENCH_HOME=str(tmp_path / "home"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        folder = tmp_path / "home" / "runs" / f"small-{number}"
        assert done.stdout.strip().endswith(f"run {folder}")
        assert f"run {folder}" in done.stderr
        assert open_run(folder).config.train.max_steps == 1


def test_presets_are_listed_and_are_valid():
    done = core("presets")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names[0] == "quickstart"
    assert {"gpt1", "gpt1-8gb", "gpt2-124m", "japanese", "notebook"} < set(names)
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in done.stdout.splitlines())


WRONG = {
    "unknown preset": (["train", "nosuch"], "There is no preset and no file named nosuch"),
    "unknown field": (["train", "quickstart", "--set", "model.heads=3"], "did you mean model."),
    "unknown section": (["train", "quickstart", "--set", "modl.x=3"], "There is no section [modl]"),
    "not an assignment": (["train", "quickstart", "--set", "train.max_steps"], "section.field=value"),
    "out of limits": (["train", "quickstart", "--set", "train.max_steps=0"], "train.max_steps: 0 is below 1"),
    "not a number": (["train", "quickstart", "--set", "train.max_steps=many"], "'many' is not a whole"),
    "heads": (["train", "quickstart", "--set", "model.num_heads=5"], "128 is not a multiple of the 5"),
    "text missing": (["train", "quickstart", "--set", "data.source=no/such.txt"], "There is no text at"),
    "device": (["train", "quickstart", "--set", "train.device=cuda:7"], "There is no device cuda:7 here"),
    "not a run": (["resume", "{tmp}"], "is not a run"),
    "no run to sample": (["sample", "{tmp}/none", "--prompt", "x"], "is not a run"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_gets_a_sentence_and_exit_code_2(case, tmp_path):
    arguments, sentence = WRONG[case]
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    done = core(*arguments, GPT_WORKBENCH_HOME=str(tmp_path / "home"))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list((tmp_path / "home").rglob("run.toml"))  # nothing that never began stays behind
    if case == "device":
        assert "reading ..." not in done.stderr  # which may take long


def test_every_text_can_be_printed_whatever_the_systems_encoding(config, text, tmp_path):
    text.write_text("雲の上 über ↵ allem\n" * 100, encoding="utf-8")
    run = tmp_path / "雲"
    toml = tmp_path / "config.toml"
    toml.write_text(to_toml(config.replace({"train.max_steps": 5})), encoding="utf-8")
    for arguments in (["inspect-data", toml], ["train", toml, "--run", run], ["resume", run]):
        env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
        done = subprocess.run(command(*arguments), capture_output=True, env=env, check=False)
        assert done.returncode == (2 if arguments[0] == "resume" else 0), done.stderr
        assert "雲" in (done.stdout + done.stderr).decode("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes")
@pytest.mark.parametrize("output", ["another", "the same"])
def test_training_goes_on_where_nobody_reads_its_progress(toml, tmp_path, output):
    run = tmp_path / "run"
    process = subprocess.Popen(
        command("train", toml, "--run", run, "--set", "train.max_steps=300"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if output == "the same" else subprocess.PIPE,
        text=True,
    )
    told = process.stdout if output == "the same" else process.stderr
    assert told is not None
    assert told.readline()
    told.close()
    assert process.wait(60) == 0
    assert max((run / "checkpoints").iterdir()).name == "step-00000300"
    if output == "another":
        assert process.stdout is not None
        assert LAST_LINE.fullmatch(process.stdout.read().strip())[1] == "300"


LONG = "x" * 300
UNFIT = {
    "train": ["train", LONG],
    "train --run": ["train", "quickstart", "--run", LONG],
    "resume": ["resume", LONG],
    "plan": ["plan", LONG],
    "import": ["import", LONG],
    "import --run": ["import", "{run}", "--run", LONG],
    "export --to": ["export", "{run}", "--to", LONG],
    "fork --run": ["fork", "{run}", "--run", LONG],
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_name_that_no_file_can_have_is_told(case, config, tmp_path, monkeypatch):
    run = tmp_path / "run"
    monkeypatch.chdir(tmp_path)
    if "{run}" in UNFIT[case]:
        config = config.replace({"model.norm": "pre", "train.max_steps": 10})
        Worker(create(config, run), Control(), lambda report: None).work()
    done = CliRunner().invoke(main, [argument.format(run=run) for argument in UNFIT[case]])
    assert (done.exit_code, done.stdout) == (2, ""), repr(done.exception)
    assert LONG in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_entered_is_told(monkeypatch):
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path.parent.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)  # whoever runs the tests may enter any
    done = CliRunner().invoke(main, ["train", "closed/small.toml"])
    assert (done.exit_code, done.stderr) == (2, "closed/small.toml cannot be used: Permission denied.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_cannot_be_written_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run(command("presets"), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Reading or writing failed: No space left on device.\n")


def test_all_faults_are_told_at_once():
    done = core(
        "train", "quickstart", "--set", "train.max_steps=0", "--set", "model.num_layers=x", "--set",
        "schedule.max_lr=-1", "--set", "train.seed=-1",
    )  # fmt: skip
    assert done.returncode == 2
    assert [line.split(":")[0] for line in done.stderr.strip().splitlines()] == [
        "model.num_layers",
        "schedule.max_lr",
        "train.max_steps",
        "train.seed",
    ]


def test_texts_that_cannot_be_trained_on(config, tmp_path):
    binary, empty, short = tmp_path / "binary.txt", tmp_path / "empty.txt", tmp_path / "short.txt"
    binary.write_bytes(b"a text\xff\xfe and more")
    empty.write_text("")
    short.write_text("too short")
    for path, sentence in {
        binary: f"{binary} is not a text that can be read: byte 6",
        empty: "holds no text",
        short: "and one window needs 17",
    }.items():
        toml, run = tmp_path / "odd.toml", tmp_path / "run"
        toml.write_text(to_toml(config.replace({"data.source": str(path)})))
        done = core("train", toml, "--run", run)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert not run.exists()


def test_runs_that_cannot_be_used(config, toml, tmp_path):
    run = create(config, tmp_path / "run")
    again = core("train", toml, "--run", run.folder)
    assert again.returncode == 2
    assert "already holds a run" in again.stderr
    with run.lock():
        used = core("resume", run.folder)
    assert used.returncode == 2
    assert "is in use by another process" in used.stderr
    unborn = core("sample", run.folder, "--prompt", "the")
    assert unborn.returncode == 2
    assert "has no checkpoint" in unborn.stderr
    empty = core("sample", run.folder, "--prompt", "")
    assert empty.returncode == 2
    assert "Write a prompt first" in empty.stderr
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\x00\xff")
    bad = core("train", binary)
    assert bad.returncode == 2
    assert "is not valid TOML" in bad.stderr
