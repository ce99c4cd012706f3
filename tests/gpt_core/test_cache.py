"""The cache: entries whole or not there, whatever happens to who makes them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from gpt_core import cache
from gpt_core.errors import GPTCoreError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "cache"


def make(name, content, otherwise):
    with cache.workplace(otherwise) as place:
        (place / "file").write_text(content)
        return cache.keep(place, name)


def test_it_lies_in_the_users_cache_unless_a_home_is_named(monkeypatch, folder):
    assert cache.folder() == folder
    monkeypatch.delenv("GPT_WORKBENCH_HOME")
    assert "gpt-workbench" in str(cache.folder())
    assert cache.folder().is_absolute()


def test_an_entry_is_kept_and_found(tmp_path, folder):
    entry = make("one", "1", tmp_path)
    assert entry == cache.entry("one") == folder / "one"
    assert (entry / "file").read_text() == "1"
    assert os.listdir(folder) == ["one"]
    assert cache.size() == 1


def test_whoever_comes_second_takes_what_is_there(tmp_path, folder):
    make("one", "first", tmp_path)
    assert (make("one", "second", tmp_path) / "file").read_text() == "first"
    assert os.listdir(folder) == ["one"]


def test_what_is_not_kept_is_gone(tmp_path, folder):
    with contextlib.suppress(KeyboardInterrupt), cache.workplace(tmp_path) as place:
        (place / "file").write_text("1")
        raise KeyboardInterrupt
    assert os.listdir(folder) == []


def test_where_the_cache_cannot_be_written_the_other_folder_serves(tmp_path, folder):
    folder.parent.mkdir()
    folder.write_text("a file, not a folder")
    with cache.workplace(tmp_path) as place:
        assert place.parent == tmp_path
        assert cache.keep(place, "one") == place
    assert not place.exists()
    with pytest.raises(GPTCoreError) as caught, cache.workplace(folder):
        pass
    assert caught.value.code == "run_not_writable"


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_makes_is_not(tmp_path, folder):
    code = (
        "import sys, time; from pathlib import Path; from gpt_core import cache\n"
        "with cache.workplace(Path(sys.argv[1])) as place:\n"
        "    (place / 'half').write_text('x'); print('here', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "here\n"
        make("one", "1", tmp_path)
        cache.clear()
        [half] = folder.glob(".unfinished-*/half")
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        process.wait()
    assert half.exists()
    make("one", "1", tmp_path)
    assert os.listdir(folder) == ["one"]


def test_a_look_is_remembered_until_the_cache_is_cleared(tmp_path, folder):
    make("one", "1", tmp_path)
    assert cache.remembered("look") == ""
    cache.remember("look", "one")
    assert cache.remembered("look") == "one"
    cache.clear()
    assert cache.remembered("look") == ""
    assert os.listdir(folder) == []
    cache.clear()


def test_a_key_depends_on_every_part_and_on_nothing_else():
    assert cache.key(1, ["a"]) == cache.key(1, ["a"])
    assert len({cache.key(1, "a"), cache.key("1", "a"), cache.key(1, "b"), cache.key("a", 1)}) == 4
