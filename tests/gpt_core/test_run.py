"""Folders of runs: made once, opened by anyone, written by one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs
import pytest

from gpt_core import run
from gpt_core.config import Config
from gpt_core.errors import ConfigError, GPTCoreError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_workspace_is_the_users_own_unless_another_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.workspace() == home / "runs"
    monkeypatch.delenv("GPT_WORKBENCH_HOME")
    assert run.workspace() == Path(platformdirs.user_data_dir("gpt-workbench", appauthor=False)) / "runs"


def test_a_run_opens_with_the_configuration_it_was_made_with(tmp_path: Path) -> None:
    config = Config(description='"日本語" \\ \n').replace(
        {"schedule.max_lr": 1 / 3, "data.source": "C:\\文\\x.txt"}
    )
    made = run.create(config, tmp_path / "deep" / "mine")
    assert made.folder == tmp_path / "deep" / "mine"
    opened = run.open_run(made.folder)
    assert opened == made
    assert opened.config == config
    assert opened.name == "mine"
    assert os.listdir(made.folder) == ["run.toml"]


def test_a_relative_folder_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run.create(Config(), Path("mine"))
    monkeypatch.chdir("/")
    assert run.open_run(made.folder).folder == tmp_path / "mine"


def test_runs_in_the_workspace_are_numbered(home: Path) -> None:
    made = [run.create(Config(), name=name).name for name in ("run", "run", "quickstart", "run")]
    assert made == ["run-1", "run-2", "quickstart-1", "run-3"]
    assert sorted(os.listdir(home / "runs")) == sorted(made)


def test_two_that_make_a_run_at_once_get_one_each(home: Path) -> None:
    names: list[str] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        names.extend(run.create(Config()).name for _ in range(5))

    makers = [threading.Thread(target=make) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert sorted(names) == sorted(f"run-{number}" for number in range(1, 41))


def test_an_empty_folder_may_be_given_and_nothing_else(tmp_path: Path) -> None:
    empty, taken, file = tmp_path / "empty", tmp_path / "taken", tmp_path / "file"
    empty.mkdir()
    taken.mkdir()
    (taken / "letter.txt").write_text("dear")
    file.write_text("dear")
    run.create(Config(), empty)
    for folder, code in [
        (empty, "run_exists"),
        (taken, "run_not_empty"),
        (file, "run_not_empty"),
        (file / "below", "run_not_writable"),
    ]:
        with pytest.raises(GPTCoreError) as caught:
            run.create(Config(), folder)
        assert caught.value.code == code
        assert str(folder) in str(caught.value)
    assert os.listdir(taken) == ["letter.txt"]


def test_what_is_not_a_run_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(GPTCoreError) as caught:
            run.open_run(folder)
        assert caught.value.code == "run_missing"
    (tmp_path / "run.toml").write_bytes(b"description = \xff")
    with pytest.raises(GPTCoreError) as caught:
        run.open_run(tmp_path)
    assert caught.value.code == "bad_toml"
    (tmp_path / "run.toml").write_text("[model]\nnum_heads = 5\n[train]\nbatch_size = 0\nwidth = 1\n")
    with pytest.raises(ConfigError) as faulty:
        run.open_run(tmp_path)
    assert len(faulty.value.faults) == 3


def test_runs_are_listed_by_their_last_sign_of_life(home: Path) -> None:
    assert run.runs() == []
    made = [run.create(Config()) for _ in range(4)]
    (home / "runs" / "no-run").mkdir()
    (home / "runs" / "notes.txt").write_text("mine")
    for age, one in enumerate(made):
        os.utime(one.folder / "run.toml", (1e9 - age, 1e9 - age))
    made[3].record_path.touch()  # the oldest one has been trained since
    assert run.runs() == [one.folder for one in (made[3], made[0], made[1], made[2])]
    assert run.runs(home) == []


def test_one_at_a_time_may_write_even_within_a_process(tmp_path: Path) -> None:
    first = run.create(Config(), tmp_path / "run")
    second = run.open_run(first.folder)
    lock = first.lock()
    for other in (first, second):
        with pytest.raises(GPTCoreError) as caught:
            other.lock()
        assert caught.value.code == "run_in_use"
        assert str(first.folder) in str(caught.value)
    run.open_run(first.folder)  # to read is always free
    other_thread = threading.Thread(target=lock.release)  # the worker ends elsewhere than the window began
    other_thread.start()
    other_thread.join()
    lock.release()
    with second.lock(), pytest.raises(GPTCoreError):
        first.lock()
    first.lock().release()


HOLDER = """
import sys
from pathlib import Path
from gpt_core import run
lock = run.open_run(Path(sys.argv[1])).lock()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_seen_by_other_processes_and_dies_with_its_own(tmp_path: Path) -> None:
    ours = run.create(Config(), tmp_path / "run")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ours.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(GPTCoreError) as caught:
        ours.lock()
    assert caught.value.code == "run_in_use"
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    with ours.lock():
        pass


READER = """
import sys
from pathlib import Path
from gpt_core import run
from gpt_core.errors import GPTCoreError
folder = Path(sys.argv[1])
opened = run.open_run(folder)
assert opened.config.train.seed == 7
assert run.runs(folder.parent) == [folder]
for write in (opened.lock, lambda: run.create(opened.config, folder.parent / "new")):
    try:
        write()
        raise SystemExit("it was written")
    except GPTCoreError as error:
        assert error.code == "run_not_writable", error
"""


def test_a_run_on_a_disk_that_cannot_be_written_opens(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("needs a mount namespace of its own")
    medium = tmp_path / "medium"
    folder = run.create(Config().replace({"train.seed": 7}), medium / "run").folder
    script = 'mount --bind "$2" "$2" && mount -o remount,bind,ro "$2" && cd / && "$1" -c "$4" "$3"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, str(medium), str(folder), READER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_is_opened_without_torch() -> None:
    code = "import sys, gpt_core.run, gpt_core.record; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
