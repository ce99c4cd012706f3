"""A damaged tokenizer file leads to an error of ours or to a tokenizer that works, and to nothing else,
within two seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import Tokenizer

TEXT = "The cat's on the mat, isn't it?\n\n\t3.14 naïve cafés — 日本語 🙂 <unk><|endoftext|>\n"
QUICK = settings(max_examples=30, deadline=None)
# Of each of six sets of files, damaged in two ways: more than 10,000 together.
LONG = settings(max_examples=850, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Victim:
    """Files to be damaged, and how they are read: as a saved folder, or as a kind's own vocabulary."""

    folder: Path
    files: dict[str, bytes]
    kind: str | None  # None: saved by us
    promptly: Callable[[], AbstractContextManager[None]]

    def read(self) -> Tokenizer:
        return (
            Tokenizer.load(self.folder)
            if self.kind is None
            else Tokenizer.pretrained(self.kind, str(self.folder))
        )


@pytest.fixture(scope="module", params=["characters", "bpe", "saved gpt1", "saved gpt2", "gpt1", "gpt2"])
def victim(request, gpt1_folder, gpt2_folder, tmp_path_factory, promptly):
    folder = tmp_path_factory.mktemp("damaged")
    name = request.param.removeprefix("saved ")
    if request.param in ("characters", "bpe"):
        Tokenizer.train(request.param, [TEXT], 300).save(folder)
        kind = None
    else:
        own = gpt1_folder if name == "gpt1" else gpt2_folder
        kind = name
        for path in own.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        if request.param.startswith("saved"):
            ours = Tokenizer.pretrained(name, str(own))
            folder = tmp_path_factory.mktemp("damaged")
            ours.save(folder)
            kind = None
    return Victim(folder, {path.name: path.read_bytes() for path in folder.iterdir()}, kind, promptly)


def works_or_is_refused(victim: Victim, name: str, content: bytes) -> None:
    for other, whole in victim.files.items():
        (victim.folder / other).write_bytes(content if other == name else whole)
    with victim.promptly():
        _works_or_is_refused(victim)


def _works_or_is_refused(victim: Victim) -> None:
    try:
        tokenizer = victim.read()
    except GPTCoreError as error:
        refused = error
    else:
        refused = None
    if refused:
        # A damaged word may ask for the original cleaning, whose packages need not be here.
        assert refused.code in ("tokenizer_damaged", "tokenizer_not_that_kind", "cleaning_missing")
        assert str(refused)
        return
    ids = tokenizer.encode(TEXT)
    assert not len(ids) or 0 <= ids.min() <= ids.max() < tokenizer.vocab_size
    text, unknown = tokenizer.decode(ids), tokenizer.unknown(TEXT)
    if tokenizer.kind == "gpt1":
        assert bool(unknown) == (tokenizer.unknown_token in ids)
    else:
        assert tokenizer.end_of_text not in ids
        assert text == "".join(character for character in TEXT if character not in unknown)


def test_undamaged_they_work(victim):
    for name, content in victim.files.items():
        works_or_is_refused(victim, name, content)
    assert victim.read().vocab_size > 30


# ------------------------------------------------------------------------------------------ Bytes

FRAGMENTS = [
    b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"-1", b"0.5", b"true", b"null", b'""', b"\\ud800",
    b"\\u0000", b"[" * 100_000, b'{"a":' * 100_000, b"\x00", b"\xff", b"\xef\xbb\xbf", b"\n", b"\r", b" ",
    b"</w>", b"#version", b",", b"]", b"}", b"x" * 100_000,
]  # fmt: skip


def damaged_bytes(content: bytes, data) -> bytes:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged)))
        match data.draw(st.sampled_from(["byte", "byte", "fragment", "cut", "twice", "end"])):
            case "byte":
                damaged[place : place + 1] = [data.draw(st.integers(0, 255))]
            case "fragment":
                damaged[place:place] = data.draw(st.sampled_from(FRAGMENTS))
            case "cut":
                del damaged[place : place + data.draw(st.integers(1, 300))]
            case "twice":
                damaged[place:place] = damaged[place : place + data.draw(st.integers(1, 300))]
            case "end":
                del damaged[place:]
    return bytes(damaged)


def with_damaged_bytes(victim, data):
    name = data.draw(st.sampled_from(sorted(victim.files)))
    works_or_is_refused(victim, name, damaged_bytes(victim.files[name], data))


@QUICK
@given(st.data())
def test_damaged_bytes(victim, data):
    with_damaged_bytes(victim, data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_damaged_bytes(victim, data):
    with_damaged_bytes(victim, data)


# ------------------------------------------------------------------------------------------ Values

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 800)
    | st.sampled_from([2**31, 2**64, -(10**30), 10**4000])
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(
        ["a b", "<unk>", "<|endoftext|>", "the</w>", "gpt1", "gpt2", "original", "ByteLevel", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def somewhere(data, saved):
    """A place at any depth in a JSON value: what holds it, and its key there."""
    parent, key = saved, data.draw(st.sampled_from(list(saved)))
    while isinstance(parent[key], dict | list) and parent[key] and data.draw(st.integers(0, 3)):
        parent = parent[key]
        key = data.draw(
            st.sampled_from(list(parent)) if isinstance(parent, dict) else st.integers(0, len(parent) - 1)
        )
    return parent, key


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def with_other_values(victim, data):
    name = data.draw(st.sampled_from(sorted(name for name in victim.files if name.endswith(".json"))))
    saved = json.loads(victim.files[name])
    for _ in range(data.draw(st.integers(1, 2))):
        if not saved:
            break
        parent, key = somewhere(data, saved)
        match data.draw(st.sampled_from(["set", "set", "drop", "rename", "swap", "nest"])):
            case "set":
                parent[key] = data.draw(json_values)
            case "drop":
                parent.pop(key)
            case "rename" if isinstance(parent, dict):
                parent[data.draw(st.text(max_size=2) | st.sampled_from(["é", "the</w>", "Ġthe"]))] = (
                    parent.pop(key)
                )
            case "swap":
                other, place = somewhere(data, saved)
                if not isinstance(parent[key], dict | list) and not isinstance(other[place], dict | list):
                    parent[key], other[place] = other[place], parent[key]
            case "nest":
                parent[key] = nested(data.draw(st.sampled_from([1, 50, 300])))
    works_or_is_refused(victim, name, json.dumps(saved).encode())


@QUICK
@given(st.data())
def test_other_values(victim, data):
    with_other_values(victim, data)


@pytest.mark.slow
@LONG
@given(st.data())
def test_many_other_values(victim, data):
    with_other_values(victim, data)
