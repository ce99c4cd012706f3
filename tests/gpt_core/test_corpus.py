"""Documents to a token file: every character in its place, whole or not there, and read back with its
checksums."""

from __future__ import annotations

import collections
import errno
import hashlib
import json
import os
import re
import shutil
from array import array
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt_core import cache, formats, token_file
from gpt_core import documents as documents_room
from gpt_core.config import from_values
from gpt_core.corpus import Corpus, Progress, is_prepared, prepare
from gpt_core.disk import readable_size
from gpt_core.documents import FEW_DOCUMENTS, Measured, split
from gpt_core.errors import GPTCoreError
from gpt_core.text import documents
from gpt_core.tokenizer import Tokenizer

WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "that",
    "it",
    "was",
    "for",
    "on",
    "with",
    "his",
    "they",
    "from",
]


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """A cache of each test's own, so that nothing is found there."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "cache"


def configured(source, tokenizer="characters", context=8, fraction=0.1, seed=1, vocab_size=400):
    return from_values(
        {
            "data": {
                "source": str(source), "tokenizer": tokenizer, "vocab_size": vocab_size,
                "validation_fraction": fraction,
            },
            "model": {"context_length": context},
            "train": {"seed": seed},
        }
    )  # fmt: skip


def prepared(config, folder, **options):
    progress = list(prepare(config, folder))
    assert is_prepared(folder)
    return Corpus.open(folder, **options), progress


def lines(count, seed):
    draw = np.random.default_rng(seed)
    return "".join(" ".join(draw.choice(WORDS, 8)) + f" {n}.\n" for n in range(count))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(lines(200, 1), newline="\n")
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "texts"
    path.mkdir()
    for number in range(40):
        (path / f"{number:02}.txt").write_text(f"<{number}>" + lines(5 + number % 7, number), newline="\n")
    return path


def texts(opened):
    """The documents in each part, split at the end of text."""
    found = []
    for part in (opened.train, opened.validation):
        ends = np.flatnonzero(part == opened.tokenizer.end_of_text)
        found.append([opened.tokenizer.decode(piece) for piece in np.split(part, ends)])
    return found


# ------------------------------------------------------------------------------------------ The split


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_of_one_text_the_tail_from_a_line_on_is_for_validation(file, tmp_path, tokenizer):
    opened, _ = prepared(configured(file, tokenizer), tmp_path / "run", verify=True)
    [[train], [validation]] = texts(opened)
    text = file.read_text()
    assert train + validation == text
    assert train.endswith("\n")
    assert abs(len(validation) / len(text) - 0.1) < 0.02
    assert opened.info.split == "tail"
    assert opened.tokenizer.kind == opened.info.tokenizer == tokenizer
    assert opened.tokenizer.end_of_text not in opened.train
    assert (opened.info.train.documents, opened.info.validation.documents) == (1, 1)


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_of_many_texts_whole_ones_are_for_validation(folder, tmp_path, tokenizer):
    opened, _ = prepared(configured(folder, tokenizer, fraction=0.2), tmp_path / "run", verify=True)
    train, validation = texts(opened)
    assert train[-1] == validation[-1] == ""  # each of several documents ends with the end of text
    found = [*train[:-1], *validation[:-1]]
    whole = [document.text for document in documents(str(folder))]
    assert sorted(found) == sorted(whole)
    for part in (train, validation):
        assert part[:-1] == [text for text in whole if text in part]  # in the order of the documents
    sizes = [sum(map(len, part)) for part in (train, validation)]
    assert abs(sizes[1] / sum(sizes) - 0.2) < 0.03
    assert opened.info.split == "documents"
    assert opened.info.validation.documents == len(validation) - 1


def test_the_seed_draws_the_documents_and_nothing_else_does(folder, tmp_path):
    drawn = [
        texts(prepared(configured(folder, seed=seed), tmp_path / str(number))[0])[1]
        for number, seed in enumerate((1, 1, 2))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_of_a_few_texts_the_tail_is_for_validation(tmp_path):
    source = tmp_path / "texts"
    source.mkdir()
    whole = [lines(30, number) for number in range(3)]
    for number, text in enumerate(whole):
        (source / f"{number}.txt").write_text(text, newline="\n")
    opened, _ = prepared(configured(source, fraction=0.5), tmp_path / "run")
    train, validation = texts(opened)
    assert train[0] == whole[0]
    assert train[1] + validation[0] == whole[1]
    assert train[1].endswith("\n")
    assert validation[1:] == [whole[2], ""]
    assert len(train) == 2  # the torn document has not ended where it was torn


def test_one_great_text_among_small_ones_does_not_leave_the_validation_part_all_but_empty(tmp_path):
    source = tmp_path / "texts"
    source.mkdir()
    (source / "great.txt").write_text(lines(500, 0), newline="\n")
    for number in range(12):
        (source / f"{number}.txt").write_text(f"{number}\n", newline="\n")
    opened, _ = prepared(configured(source), tmp_path / "run")
    assert opened.info.split == "tail"
    assert opened.info.validation.characters > 0.08 * opened.info.train.characters


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=60),
    st.floats(0.001, 0.999),
    st.integers(0, 2**32 - 1),
)
def test_a_split_of_any_sizes_is_near_what_was_asked_for(sizes, fraction, seed):
    measured = Measured(array("q", sizes), array("q", sizes))
    parts = split(measured, fraction, seed)
    kind, cuts = parts.kind, list(map(parts.for_training, range(len(sizes)), sizes))
    assert all(0 <= cut <= size for cut, size in zip(cuts, sizes, strict=True))
    held = sum(sizes) - sum(cuts)
    wanted = sum(sizes) * fraction
    if kind == "documents":
        assert len(sizes) >= FEW_DOCUMENTS
        assert wanted / 2 - 1 <= held <= wanted
        assert all(cut in (0, size) for cut, size in zip(cuts, sizes, strict=True))
    else:
        assert abs(held - wanted) <= 1
        assert sorted(zip(cuts, sizes, strict=True), key=lambda pair: -(pair[0] / pair[1])) == list(
            zip(cuts, sizes, strict=True)
        )


def test_a_text_without_lines_is_cut_between_words_or_where_need_be(tmp_path):
    for name, text in (("words", "word " * 1000), ("none", "x" * 5000)):
        path = tmp_path / name
        path.write_text(text)
        opened, _ = prepared(configured(path), tmp_path / f"run-{name}")
        [[train], [validation]] = texts(opened)
        assert train + validation == text
        assert validation.startswith(text[:5])


# ------------------------------------------------------------------------------------------ What is on the
# disk


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_the_description_says_what_is_there(folder, tmp_path, tokenizer):
    opened, _ = prepared(configured(folder, tokenizer), tmp_path / "run")
    info, tokens = opened.info, tmp_path / "run" / "tokens"
    assert sorted(os.listdir(tokens)) == ["corpus.json", "train.bin", "validation.bin"]
    assert sorted(os.listdir(tmp_path / "run" / "tokenizer")) == ["tokenizer.json", "tokenizer_config.json"]
    assert (info.source, info.dtype, info.vocab_size) == (str(folder), "uint16", opened.tokenizer.vocab_size)
    assert info.unknown_characters == ()
    for name, part, shown in zip(
        ("train.bin", "validation.bin"), (info.train, info.validation), texts(opened), strict=True
    ):
        data = (tokens / name).read_bytes()
        assert part.sha256 == hashlib.sha256(data).hexdigest()
        assert part.tokens == len(data) // 2
        assert (part.characters, part.bytes) == (len("".join(shown)), len("".join(shown).encode()))
        assert part.unknown == 0
    with pytest.raises(ValueError, match="read-only"):
        opened.train[0] = 0


def test_the_characters_of_the_validation_part_have_tokens_too(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abc " * 200 + "Ω" * 40, encoding="utf-8")
    opened, _ = prepared(configured(path), tmp_path / "run")
    assert "Ω" not in opened.tokenizer.decode(opened.train)
    assert opened.tokenizer.decode(opened.validation).count("Ω") == 40


def test_bpe_learns_from_the_training_part_alone(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abc " * 500 + "\n" + "zyxwv " * 30)
    opened, _ = prepared(configured(path, "bpe", fraction=0.083), tmp_path / "run")
    tokenizer = opened.tokenizer
    assert len(tokenizer.encode(" abc")) == 1
    assert len(tokenizer.encode("zyxwv")) == 5


def test_a_passage_is_of_the_validation_part_and_begins_with_a_line_where_one_is_near(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(f"line {number} is a line" for number in range(200)), encoding="utf-8")
    text, _ = prepared(configured(path), tmp_path / "run")
    held_out = text.tokenizer.decode(text.validation.tolist())
    for place in (0.0, 0.3, 0.77, 1.0):
        passage = text.passage(100, place)
        assert passage in held_out
        assert passage.startswith("line ")
        assert 50 < len(passage) <= 100
    assert text.passage(8, 0.5) in held_out  # within one line
    assert text.passage(10**6, 0.9).endswith(held_out[-100:])
    kana = np.random.default_rng(1).integers(0x3042, 0x3090, 3000)
    path.write_text("".join(map(chr, kana)), encoding="utf-8")
    text, _ = prepared(configured(path, "bpe"), tmp_path / "bpe")
    assert "\ufffd" not in "".join(text.passage(20, place / 50) for place in range(50))


def test_characters_without_a_token_are_counted_and_named(tmp_path):
    """The tokenizer of an imported model may lack some of the text's characters."""
    run, path = tmp_path / "run", tmp_path / "text.txt"
    tokenizer = Tokenizer.train("characters", ["abc "])
    tokenizer.save(run / "tokenizer")
    path.write_text("abc é" + "日a日b" * 10, encoding="utf-8")
    opened, _ = prepared(configured(path, fraction=0.5), run, verify=True)
    assert opened.tokenizer.vocab_size == 5
    assert opened.info.unknown_characters == ("é", "日")
    parts = (opened.info.train, opened.info.validation)
    assert sum(part.unknown for part in parts) == 21
    assert sum(part.characters for part in parts) == 45
    assert [*opened.train, *opened.validation] == tokenizer.encode("abc " + "ab" * 10).tolist()
    assert opened.info.unknown_share == 21 / 45
    [notice] = opened.info.notices()
    assert notice.code == "characters_unknown"
    assert "46.67%" in str(notice)
    assert "日" in str(notice)


def test_a_vocabulary_beyond_two_bytes(tmp_path):
    path = tmp_path / "text.txt"
    characters = [chr(point) for point in range(0x20, 0x12000) if not 0xD800 <= point < 0xE000]
    path.write_text("".join(characters), encoding="utf-8", newline="\n")
    opened, _ = prepared(configured(path), tmp_path / "run", verify=True)
    assert opened.info.dtype == "uint32"
    assert opened.tokenizer.vocab_size > 2**16
    [[train], [validation]] = texts(opened)
    assert train + validation == "".join(characters)


def test_a_text_longer_than_a_piece_is_the_same_in_pieces(tmp_path, monkeypatch, file):
    whole, _ = prepared(configured(file, "bpe"), tmp_path / "whole")
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(formats, "BLOCK", 37)
    monkeypatch.setattr(documents_room.batches, "__defaults__", (50, documents_room.pieces))
    monkeypatch.setattr(documents_room, "BATCH", 300)
    pieces, _ = prepared(configured(file, "bpe"), tmp_path / "pieces")
    np.testing.assert_array_equal(whole.train, pieces.train)
    np.testing.assert_array_equal(whole.validation, pieces.validation)
    assert whole.info == pieces.info


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_progress_rises_to_the_whole_in_each_stage(folder, tmp_path, tokenizer, monkeypatch):
    monkeypatch.setattr(documents_room, "BATCH", 300)
    monkeypatch.setattr(documents_room, "REPORT", 100)
    _, progress = prepared(configured(folder, tokenizer), tmp_path / "run")
    stages = collections.defaultdict(list)
    for report in progress:
        assert isinstance(report, Progress)
        stages[report.stage].append(report)
    assert {"reading", "encoding"} <= set(stages) <= {"reading", "tokenizer", "encoding"}
    for stage in ("reading", "encoding"):
        done = [report.done for report in stages[stage]]
        assert done == sorted(done)
        assert done[-1] == stages[stage][-1].total
        assert len(done) >= 20


# ------------------------------------------------------------------------------------------ Stopped half-way


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_closed_at_any_time_nothing_looks_whole_and_the_next_time_all_is(
    folder, tmp_path, tokenizer, monkeypatch, cache_folder
):
    monkeypatch.setattr(documents_room, "BATCH", 1000)
    monkeypatch.setattr(documents_room, "REPORT", 300)
    config = configured(folder, tokenizer)
    whole, progress = prepared(config, tmp_path / "whole")
    run = tmp_path / "run"
    for stop in range(1, len(progress), 7):
        shutil.rmtree(cache_folder)
        steps = prepare(config, run)
        for _ in range(stop):
            next(steps, None)
        steps.close()
        if is_prepared(run):  # the tokenizer takes as many reports as it takes time
            shutil.rmtree(run)
        else:
            assert not (run / "tokens").exists()
            assert not (run / "tokenizer").exists()
            assert os.listdir(cache_folder) == []
    opened, _ = prepared(config, run, verify=True)
    assert opened.info == whole.info


@given(st.lists(st.integers(0, 300), max_size=60))
def test_probes_of_a_text_stay_few_and_lie_evenly_over_it(lengths):
    ends = np.cumsum([0, *lengths])
    places = [range(start, end) for start, end in pairwise(ends)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("PROBES", 8), ("PROBE", 5), ("APART", 20)):
            patch.setattr(documents_room, name, value)
        probes = documents_room.Probes()
        for piece in places:
            probes.add("".join(map(chr, piece)))  # each character says where it stands
    starts = [ord(text[0]) for text in probes.texts]
    apart = 20
    while len(range(0, ends[-1], apart)) > 8:
        apart *= 2
    assert starts == list(range(0, ends[-1], apart))
    for text, start in zip(probes.texts, starts, strict=True):
        [piece] = [piece for piece in places if start in piece]
        assert text == "".join(map(chr, piece[start - piece.start :][:5]))


# ------------------------------------------------------------------------------------------ What goes wrong


def refused(config, run):
    with pytest.raises(GPTCoreError) as caught:
        list(prepare(config, run))
    assert str(caught.value)
    assert not is_prepared(run)
    return caught.value


@pytest.mark.parametrize(("fraction", "code"), [(0.01, "validation_too_short"), (0.99, "text_too_short")])
def test_a_part_shorter_than_one_window(file, tmp_path, fraction, code):
    error = refused(configured(file, context=500, fraction=fraction), tmp_path / "run")
    assert (error.code, error.field) == (code, "data.source")
    assert error.values["needed"] == 501
    assert error.values["tokens"] < 501
    assert not (tmp_path / "run" / "tokens").exists()


def test_exactly_one_window_is_enough(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("x" * 18)
    opened, _ = prepared(configured(path, context=8, fraction=0.5), tmp_path / "run")
    assert (len(opened.train), len(opened.validation)) == (9, 9)
    path.write_text("x" * 17)
    assert (
        refused(configured(path, context=8, fraction=0.5), tmp_path / "other").code == "validation_too_short"
    )


@pytest.mark.parametrize("text", ["x", "é", "\n.", "日"])
def test_next_to_nothing(tmp_path, text):
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8", newline="\n")
    for tokenizer in ("characters", "bpe"):
        assert refused(configured(path, tokenizer), tmp_path / "run").code == "text_too_short"


def test_what_is_wrong_with_the_text_is_told(tmp_path):
    assert refused(configured(tmp_path / "none"), tmp_path / "run").code == "text_missing"
    (tmp_path / "binary.txt").write_bytes(b"text\x00")
    for tokenizer in ("characters", "bpe"):
        assert refused(configured(tmp_path / "binary.txt", tokenizer), tmp_path / "run").code == "text_zero"


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
@pytest.mark.parametrize("change", ["longer", "gone", "new"])
def test_a_text_that_changes_while_it_is_read(folder, tmp_path, tokenizer, change):
    steps = prepare(configured(folder, tokenizer), tmp_path / "run")
    while next(steps).stage == "reading":
        pass
    name = {"longer": "20.txt", "gone": "39.txt", "new": "99.txt"}[change]
    if change == "gone":
        (folder / name).unlink()
    else:
        (folder / name).write_text("other")
    with pytest.raises(GPTCoreError) as caught:
        list(steps)
    assert caught.value.code == "text_changed"
    assert name in str(caught.value)
    assert not is_prepared(tmp_path / "run")


def test_a_disk_without_room_is_told_with_both_figures(file, tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1500, 1500))
    error = refused(configured(file), tmp_path / "run")
    assert error.code == "disk_too_small"
    assert "1.5 kB" in str(error)
    assert error.values["path"] == cache.folder()  # not the hidden folder in it, which no one knows
    assert not (tmp_path / "run" / "tokens").exists()


def test_a_disk_that_the_cache_fills_is_told_with_what_empties_it(file, tmp_path, monkeypatch):
    list(prepare(configured(file), tmp_path / "one"))
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1500, 1500))
    other = configured(file).replace({"data.validation_fraction": 0.3})
    error = refused(other, tmp_path / "two")
    assert error.code == "disk_too_small_cache"
    assert f"takes up {readable_size(cache.size())} of it" in str(error)
    assert "gpt-core prepare --clear-cache" in str(error)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
def test_a_disk_that_fills_on_the_way(file, tmp_path, monkeypatch, cache_folder):
    def full(path, *arguments, **options):
        beside = path.name.endswith(".partial")
        return open("/dev/full" if beside else path, *arguments, **options)

    monkeypatch.setattr(token_file, "open", full, raising=False)
    error = refused(configured(file), tmp_path / "run")
    assert error.code == "no_room_to_write"
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno == errno.ENOSPC
    assert os.listdir(cache_folder) == []
    assert not (tmp_path / "run" / "tokens").exists()


def test_a_place_that_cannot_be_written(file, tmp_path):
    (tmp_path / "run").write_text("a file, not a folder")
    assert refused(configured(file), tmp_path / "run").code == "run_not_writable"


# ------------------------------------------------------------------------------------------ Reading it back


@pytest.fixture
def run(file, tmp_path):
    prepared(configured(file), tmp_path / "run")
    return tmp_path / "run"


def damaged(run, path, verify=False):
    with pytest.raises(GPTCoreError) as caught:
        Corpus.open(run, verify)
    assert caught.value.code == "corpus_damaged"
    assert caught.value.values["path"] == path
    assert str(path) in str(caught.value)


def test_nothing_there(tmp_path):
    assert not is_prepared(tmp_path)
    damaged(tmp_path, tmp_path / "tokens" / "corpus.json")


@pytest.mark.parametrize("name", ["train.bin", "validation.bin"])
def test_a_token_file_that_is_missing_cut_or_changed(run, name):
    path = run / "tokens" / name
    content = path.read_bytes()
    path.unlink()
    assert not is_prepared(run)  # it can be made again
    with pytest.raises(GPTCoreError) as caught:
        Corpus.open(run)
    assert (caught.value.code, caught.value.values["path"]) == ("tokens_missing", path)
    path.write_bytes(content[:-1])
    damaged(run, path)
    path.write_bytes(content + b"\x00\x00")
    damaged(run, path)
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    damaged(run, path, verify=True)
    path.write_bytes(content)
    Corpus.open(run, verify=True)


def test_a_tokenizer_of_another_text(run, tmp_path):
    path = run / "tokenizer" / "tokenizer.json"
    (tmp_path / "other.txt").write_text(lines(100, 1).replace("e", "é"), encoding="utf-8")
    prepared(configured(tmp_path / "other.txt"), tmp_path / "other")
    shutil.copy(tmp_path / "other" / "tokenizer" / "tokenizer.json", path)
    damaged(run, path, verify=True)
    (tmp_path / "more.txt").write_text(lines(100, 1) + "Ω", encoding="utf-8")
    prepared(configured(tmp_path / "more.txt"), tmp_path / "more")
    shutil.copy(tmp_path / "more" / "tokenizer" / "tokenizer.json", path)
    damaged(run, path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_description_is_refused_or_does_no_harm(run, data):
    path = run / "tokens" / "corpus.json"
    content = path.read_bytes()
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    opened = refused = None
    try:
        opened = Corpus.open(run, verify=True)
    except GPTCoreError as error:
        refused = error
    finally:
        path.write_bytes(content)
    if refused:
        assert refused.code == "corpus_damaged"
    else:
        assert max(opened.train.max(), opened.validation.max()) < opened.tokenizer.vocab_size


def test_the_description_is_plain_json(run):
    found = json.loads((run / "tokens" / "corpus.json").read_text(encoding="utf-8"))
    assert re.fullmatch("[0-9a-f]{64}", found["train"]["sha256"])
    assert found["split"] == "tail"
