"""gpt-core prepare and inspect-data, as a person uses them."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from gpt_core.cli.data import _show_cleanings
from gpt_core.config import from_values


@pytest.fixture
def core(tmp_path):
    def run(*arguments, **environment):
        command = [sys.executable, "-m", "gpt_core.cli", *map(str, arguments)]
        env = os.environ | {"GPT_WORKBENCH_HOME": str(tmp_path / "home"), "PYTHONUTF8": "1"} | environment
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", env=env, timeout=120, check=False
        )

    return run


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_bytes("吾輩は猫である。名前はまだ無い。\n".encode("cp932") * 20)
    (folder / "b.txt").write_text("The cat has no name yet.\n" * 20)
    (folder / "c.txt").write_text("The cat has no name yet.\n" * 20)
    return folder


def facts(output):
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in output.splitlines() if "  " in line)


def test_prepare_tells_what_it_found_and_keeps_it(core, texts, tmp_path):
    options = ["--set", f"data.source={texts}", "--set", "model.context_length=16"]
    done = core("prepare", "quickstart", *options)
    assert done.returncode == 0, done.stderr
    found = facts(done.stdout)
    assert found["text"] == str(texts)
    assert found["files"] == "3 (1 in cp932, 2 in utf-8)"
    assert found["duplicates"] == "1, kept"
    assert "1,340 characters" in found["size"]
    assert "encoding" in done.stderr
    assert "data.deduplicate" in done.stderr
    again = core("prepare", "quickstart", *options)
    assert facts(again.stdout) | {"cache": ""} == found | {"cache": ""}
    assert "encoding:" not in again.stderr
    cleared = core("prepare", "--clear-cache")
    assert cleared.returncode == 0
    assert str(tmp_path / "home") in cleared.stderr
    assert os.listdir(tmp_path / "home" / "cache") == []


def test_prepare_says_what_a_run_would(core, texts):
    done = core(
        "prepare", "quickstart", "--set", f"data.source={texts}", "--set", "model.context_length=5000"
    )
    assert done.returncode == 2
    assert "one window needs 5001" in done.stderr
    assert core("prepare").returncode == 2


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_inspect_data_shows_how_a_text_splits(core, texts, tokenizer):
    options = ["--set", f"data.tokenizer={tokenizer}", "--set", "data.vocab_size=270"]
    done = core("inspect-data", texts / "b.txt", *options)
    assert done.returncode == 0, done.stderr
    for title in ("most frequent", "longest", "how it splits", "per token"):
        assert title in done.stdout
    split = done.stdout.split("how it splits\n")[1].splitlines()
    assert split[0].replace("|", "") == "The cat has no name yet.↵"
    assert split[0].startswith("T|h|e| |" if tokenizer == "characters" else "Th")
    assert "\x1b" not in done.stdout
    whole = core("inspect-data", texts, *options).stdout
    if tokenizer == "bpe":
        assert "||" in whole  # a character of three bytes takes several tokens


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_what_a_terminal_would_obey_is_shown_escaped(core, tmp_path, tokenizer):
    text = "a\x1b[31mb\x07c\x9bd\u202ee\r f\u3000吾輩\n" * 50
    (tmp_path / "text.txt").write_text(text, encoding="utf-8", newline="\n")
    options = ["--set", f"data.tokenizer={tokenizer}", "--set", "data.vocab_size=270"]
    shown = core("inspect-data", tmp_path / "text.txt", *options).stdout
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r")
    split = shown.split("how it splits\n")[1].splitlines()[0]
    assert split.replace("|", "") == r"a\x1b[31mb\x07c\x9bd\u202ee\r f" + "\u3000吾輩↵"


def test_the_two_cleanings_are_shown_escaped_too(tmp_path, monkeypatch, capsys):
    (tmp_path / "text.txt").write_text("some text")
    tokens = {"transformers": ["a\x1b[0m", "b"], "original": ["a", "\n", "\x07b"]}
    monkeypatch.setattr("gpt_core.tokenizer.cleaning_difference", lambda text, path: tokens)
    _show_cleanings(from_values({"data": {"source": str(tmp_path / "text.txt")}}))
    shown = capsys.readouterr().out
    assert shown.split("tokens\n")[1].startswith(r"a\x1b[0m|b")
    assert shown.split("tokens\n")[2] == "a|↵\n|" + r"\x07b" + "\n"


def test_inspect_data_names_what_is_wrong(core, tmp_path):
    (tmp_path / "texts.csv").write_text("id,body\n1,one\n")
    done = core("inspect-data", tmp_path / "texts.csv")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("data.column: Line 1 of")
    assert core("inspect-data", tmp_path / "texts.csv", "--set", "data.column=body").returncode == 0
    assert core("inspect-data", tmp_path / "none.toml").returncode == 2
    assert "There is no text at" in core("inspect-data", tmp_path / "none").stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_the_tokens_are_coloured(texts, tmp_path, no_color):
    import pty

    leader, follower = pty.openpty()
    env = os.environ | {"GPT_WORKBENCH_HOME": str(tmp_path / "home"), "NO_COLOR": no_color, "TERM": "xterm"}
    command = [sys.executable, "-m", "gpt_core.cli", "inspect-data", str(texts / "b.txt")]
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                block = os.read(leader, 4096)
            except OSError:  # the other end was closed
                break
            if not block:
                break
            shown += block
    os.close(leader)
    assert process.returncode == 0
    split = shown.decode().split("how it splits")[1]
    assert ("\x1b[" in split) == (not no_color)
    assert ("T|h|e|" in split) == bool(no_color)
