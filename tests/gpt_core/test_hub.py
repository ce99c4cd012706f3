"""Data sets: those of the Hub fetched once, through the library where it is installed."""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
import sys

import pytest

from gpt_core import cache, disk, hub
from gpt_core.config import from_values
from gpt_core.corpus import Corpus, fill_cache
from gpt_core.errors import GPTCoreError
from gpt_core.text import fault


def refused(source, column="text"):
    with pytest.raises(GPTCoreError) as caught:
        list(hub.fetch(source, column))
    return caught.value


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for error in (fault("hub:owner/name"), refused("hub:owner/name")):
        assert error.code == "package_missing"
        assert "pip install datasets" in str(error)


def test_a_data_set_without_a_name():
    assert refused("hub:").code == fault("hub: ").code == "dataset_unreachable"


def test_what_follows_the_split_is_not_passed_over():
    for error in (fault("hub:a/b:c:train:x:y"), refused("hub:a/b:c:train:x:y")):
        assert error.code == "dataset_unreachable"
        assert "owner/name:configuration:split is followed by x:y" in str(error)
    for source in ("hub:a/b", "hub:a/b:c", "hub:a/b:c:train", "hub:a/b::train"):
        error = fault(source)
        assert error is None or error.code == "package_missing"


@pytest.fixture
def data_set(tmp_path, monkeypatch):
    """A folder that the library reads as it reads the Hub's data sets."""
    pytest.importorskip("datasets")
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [{"id": number, "body": f"Document {number}, 日本.\n" * 20} for number in range(30)]
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, rows[:3])))
    return folder


def test_a_data_set_is_fetched_once_and_prepared_as_any_text(data_set):
    config = from_values({"data": {"source": f"hub:{data_set}", "column": "body"}})
    found = []

    def fill():
        found.append((yield from fill_cache(config)))

    assert {step.stage for step in fill()} == {"reading", "encoding"}
    opened = Corpus.open(found[0], verify=True)
    assert opened.info.documents == 30
    assert opened.info.source == f"hub:{data_set}"
    assert "Document" in opened.tokenizer.decode(opened.train)
    [entry] = cache.folder().glob("hub-*")
    written = (entry / "text.jsonl.gz").stat().st_mtime_ns
    assert list(hub.fetch(f"hub:{data_set}", "body")) == []
    assert (entry / "text.jsonl.gz").stat().st_mtime_ns == written
    (data_set / "train.jsonl").write_text(json.dumps({"id": 1, "body": "another"}))
    list(hub.fetch(f"hub:{data_set}", "body"))
    assert len(list(cache.folder().glob("hub-*"))) == 2


def test_a_disk_too_small_for_a_data_set_is_told_as_soon_as_it_is_foreseen(data_set, monkeypatch):
    """Where the data set tells how many rows it has, as those of the Hub mostly do."""
    rows = [{"body": "".join(random.Random(number).choices("abcdefgh", k=400))} for number in range(2000)]
    (data_set / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (data_set / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: train, path: train.jsonl}\n"
        "dataset_info:\n  features:\n  - {name: body, dtype: string}\n"
        "  splits:\n  - {name: train, num_bytes: 0, num_examples: 2000}\n---\n"
    )
    monkeypatch.setattr(hub, "REPORT", 100)
    list(hub.fetch(f"hub:{data_set}", "body"))
    [entry] = cache.folder().glob("hub-*")
    whole = (entry / "text.jsonl.gz").stat().st_size
    cache.clear()
    done = []
    monkeypatch.setattr(disk, "free_space", lambda path: whole // 2)
    with pytest.raises(GPTCoreError) as caught:
        done += hub.fetch(f"hub:{data_set}", "body")
    assert caught.value.code == "disk_too_small"
    assert caught.value.values["path"] == cache.folder()
    assert sum(done) < 400 * 500  # characters: a quarter of them


def test_what_is_wrong_with_a_data_set_is_told(data_set):
    error = refused(f"hub:{data_set}")
    assert (error.code, error.values["known"]) == ("text_field_missing", "id, body")
    assert refused(f"hub:{data_set}", "id").code == "text_malformed"
    assert refused(f"hub:{data_set}::validation", "body").code == "dataset_unreachable"
    assert refused(f"hub:{data_set}:other", "body").code == "dataset_unreachable"
    assert refused(f"hub:{data_set / 'none'}", "body").code == "dataset_unreachable"
    assert not list(cache.folder().glob("*"))


def test_another_split(data_set):
    list(hub.fetch(f"hub:{data_set}::test", "body"))
    [entry] = cache.folder().glob("hub-*")
    assert len(gzip.decompress((entry / "text.jsonl.gz").read_bytes()).splitlines()) == 3


def test_a_library_that_cannot_be_loaded(monkeypatch):
    if importlib.util.find_spec("datasets") is None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert refused("hub:owner/name").code == "package_missing"
