"""A text prepared a second time, in the cache and out of it; what is counted and told of it; and how much
memory it takes."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest

from gpt_core import cache, disk, formats, text, tokenization, tokenizer_training
from gpt_core.config import from_values
from gpt_core.corpus import Corpus, fill_cache, is_prepared, prepare
from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import Tokenizer

LINE = "the cat sat on the mat and saw one red bird that had gone home\n"
GPT1 = Path(__file__).resolve().parents[3] / "shared" / "data" / "gpt1-bpe"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of each test's own, which trusts the look of a file at once."""
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tokenization, "RACY", -(10**15))
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "texts"
    path.mkdir()
    for number in range(20):
        (path / f"{number:02}.txt").write_text(f"{number} {LINE}" * (3 + number % 4))
    return path


def configured(source, **data):
    return from_values({"data": {"source": str(source), **data}, "model": {"context_length": 8}})


def stages(config, run):
    found = {progress.stage for progress in prepare(config, run)}
    assert is_prepared(run)
    return found


def refused(config, run):
    with pytest.raises(GPTCoreError) as caught:
        list(prepare(config, run))
    return caught.value


# ------------------------------------------------------------------------------------------ A second time


@pytest.mark.parametrize("tokenizer", ["characters", "bpe"])
def test_a_second_run_starts_without_a_look_into_the_text(source, tmp_path, tokenizer, monkeypatch):
    config = configured(source, tokenizer=tokenizer, vocab_size=300)
    assert "encoding" in stages(config, tmp_path / "one")
    monkeypatch.setattr(formats.Reader, "__iter__", lambda self: pytest.fail("the text was read"))
    assert stages(config, tmp_path / "two") == {"reading"}
    one, two = (Corpus.open(tmp_path / name, verify=True) for name in ("one", "two"))
    assert one.info == two.info
    np.testing.assert_array_equal(one.train, two.train)
    assert os.path.samefile(tmp_path / "one/tokens/train.bin", tmp_path / "two/tokens/train.bin")


@pytest.mark.parametrize("tokenizer", ["characters", "bpe", "gpt1"])
def test_a_prepared_text_is_remembered_without_a_look_into_it(source, tmp_path, tokenizer, monkeypatch):
    if tokenizer == "gpt1" and not GPT1.is_dir():
        pytest.skip("GPT-1's tokenizer is not at hand")
    config = configured(source, tokenizer=tokenizer, vocab_size=300, tokenizer_path=str(GPT1))
    assert tokenization.remembered(config) is None
    stages(config, tmp_path / "one")
    monkeypatch.setattr(formats.Reader, "__iter__", lambda self: pytest.fail("the text was read"))
    entry = tokenization.remembered(config)
    assert entry is not None
    assert Corpus.open(entry).info.fingerprint == Corpus.open(tmp_path / "one").info.fingerprint
    assert tokenization.remembered(config.replace({"train.seed": 2})) is None
    os.utime(source / "05.txt")
    assert tokenization.remembered(config) is None


def test_what_only_the_network_could_tell_is_not_remembered(source, monkeypatch, tmp_path):
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the network was asked"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    assert tokenization.remembered(configured(source, tokenizer="gpt2")) is None
    assert tokenization.remembered(configured("hub:someone/something")) is None


def test_what_matters_and_nothing_else_makes_another_entry(source, tmp_path):
    base = configured(source)
    stages(base, tmp_path / "base")
    changes = [
        {"data.validation_fraction": 0.2}, {"data.tokenizer": "bpe"}, {"data.deduplicate": True},
        {"train.seed": 2}, {"data.tokenizer": "bpe", "data.vocab_size": 300},
    ]  # fmt: skip
    for number, change in enumerate(changes):
        assert "encoding" in stages(base.replace(change), tmp_path / str(number))
    same = base.replace({"data.vocab_size": 300, "train.batch_size": 5, "data.column": "body"})
    assert stages(same, tmp_path / "same") == {"reading"}


def test_a_changed_text_is_read_again_whatever_its_size_and_time(source, tmp_path):
    config = configured(source)
    stages(config, tmp_path / "one")
    path = source / "05.txt"
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("cat", "cow"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    if os.name == "nt":
        pytest.skip("Windows keeps no time of change beside the one that can be set")
    assert "encoding" in stages(config, tmp_path / "two")
    opened = Corpus.open(tmp_path / "two", verify=True)
    assert "cow" in opened.tokenizer.decode([*opened.train, *opened.validation])


def test_a_text_put_in_the_place_of_another_looks_different_whatever_its_times(tmp_path):
    """Where a file has no time of change beside the one that can be set, its number on the disk tells."""
    path, other = tmp_path / "text.txt", tmp_path / "other.txt"
    path.write_text("a cat")
    other.write_text("a cow")
    before = path.stat()
    [file] = text.files(str(path))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, path)
    [changed] = text.files(str(path))
    assert changed.size == file.size
    assert set(file.looks) - {before.st_ctime_ns} != set(changed.looks) - {path.stat().st_ctime_ns}


def test_a_text_that_only_looks_changed_is_found_by_what_it_says(source, tmp_path):
    stages(configured(source), tmp_path / "one")
    os.utime(source / "05.txt")
    assert stages(configured(source), tmp_path / "two") == {"reading"}
    moved = source.rename(tmp_path / "elsewhere")
    assert stages(configured(moved), tmp_path / "three") == {"reading"}
    assert Corpus.open(tmp_path / "three").info.source == str(moved)


def test_the_look_of_a_file_that_was_just_written_is_not_trusted(source, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenization, "RACY", 2 * 10**9)
    stages(configured(source), tmp_path / "one")
    assert not (cache.folder() / "looks").exists()


def test_a_damaged_entry_is_made_anew(source, tmp_path):
    config = configured(source)
    stages(config, tmp_path / "one")
    [entry] = cache.folder().glob("tokens-*")
    for name in ("tokens/train.bin", "tokenizer/tokenizer.json", "tokens/corpus.json"):
        content = (entry / name).read_bytes()
        (entry / name).unlink()
        (entry / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        shutil.rmtree(tmp_path / "two", ignore_errors=True)
        assert "encoding" in stages(config, tmp_path / "two")
        Corpus.open(tmp_path / "two", verify=True)


# ------------------------------------------------------------------------------------------ Kept elsewhere


@pytest.fixture
def kept(source, tmp_path, monkeypatch):
    """A run whose tokens are too many for its folder."""
    monkeypatch.setattr(tokenization, "IN_RUN", 100)
    stages(configured(source), tmp_path / "run")
    assert os.listdir(tmp_path / "run" / "tokens") == ["corpus.json"]
    return tmp_path / "run"


def test_many_tokens_stay_in_the_cache(kept):
    opened = Corpus.open(kept, verify=True)
    assert len(opened.train) == opened.info.train.tokens > 100
    assert "cat" in opened.tokenizer.decode(opened.train)


def test_a_cache_that_moved_is_found(kept, home, monkeypatch):
    home.rename(home.with_name("new"))
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(home.with_name("new")))
    Corpus.open(kept, verify=True)


def test_tokens_that_are_gone_are_made_again_of_the_same_text(kept, source):
    info = Corpus.open(kept).info
    cache.clear()
    assert not is_prepared(kept)
    with pytest.raises(GPTCoreError) as caught:
        Corpus.open(kept)
    assert caught.value.code == "tokens_missing"
    assert str(source) in str(caught.value)
    assert "encoding" in stages(configured(source), kept)
    again = Corpus.open(kept, verify=True).info
    assert (again.train, again.validation) == (info.train, info.validation)


def test_tokens_that_were_damaged_in_the_cache_are_made_again(kept, source):
    [path] = cache.folder().glob("tokens-*/tokens/train.bin")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    Corpus.open(kept)
    with pytest.raises(GPTCoreError) as caught:
        Corpus.open(kept, verify=True)
    assert caught.value.code == "tokens_missing"
    assert "encoding" in stages(configured(source), kept)
    Corpus.open(kept, verify=True)


def test_tokens_that_the_cache_could_not_keep_go_into_the_run(source, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenization, "IN_RUN", 100)
    monkeypatch.setattr(cache, "keep", lambda place, name: place)  # Windows: something holds a file in it
    stages(configured(source), tmp_path / "run")
    assert Corpus.open(tmp_path / "run", verify=True).info.kept == ""


def test_a_damaged_entry_that_cannot_be_put_aside_is_not_taken(source, tmp_path, monkeypatch):
    stages(configured(source), tmp_path / "one")
    [path] = cache.folder().glob("tokens-*/tokens/train.bin")
    content = path.read_bytes()
    path.unlink()  # the first run has the same file
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    replace = os.replace

    def refuse(old, new):
        if Path(old) == path.parent.parent:  # Windows: someone has a file in it mapped
            raise PermissionError(errno.EACCES, "Access is denied")
        replace(old, new)

    monkeypatch.setattr(os, "replace", refuse)
    stages(configured(source), tmp_path / "two")
    Corpus.open(tmp_path / "two", verify=True)
    with pytest.raises(GPTCoreError) as caught:
        list(fill_cache(configured(source)))
    assert (caught.value.code, caught.value.values["path"]) == ("run_not_writable", cache.folder())


def test_what_a_run_from_elsewhere_says_deletes_nothing(kept, tmp_path):
    docs = tmp_path / "docs"
    (docs / "tokens").mkdir(parents=True)
    for name in ("letter.txt", "tokens/train.bin", "tokens/validation.bin"):
        (docs / name).write_text("")
    entry = Path(Corpus.open(kept).info.kept)
    description = kept / "tokens" / "corpus.json"
    content = json.loads(description.read_text())
    content["train"]["sha256"] = 64 * "0"
    for told in (docs, entry, cache.folder() / "..", tmp_path / "home" / "..", Path("/")):
        description.write_text(json.dumps({**content, "kept": str(told)}))
        for verify in (False, True):
            with contextlib.suppress(GPTCoreError):
                Corpus.open(kept, verify)
    assert len(list(docs.rglob("*"))) == 4
    assert tokenization.sound(entry.name, verify=True) == entry
    description.write_text(json.dumps({**content, "kept": str(docs)}))
    shutil.rmtree(entry)
    with pytest.raises(GPTCoreError, match=r"docs.tokens.train.bin does not hold the tokens of this run"):
        Corpus.open(kept, verify=True)


def test_what_the_os_does_not_let_be_seen_is_not_made_anew(kept, source, tmp_path, monkeypatch):
    entry = Path(Corpus.open(kept).info.kept)
    see = os.stat

    def fail(path, *given, **more):
        if not isinstance(path, int) and entry.name in Path(path).parts:
            raise PermissionError(errno.EACCES, "not allowed", str(path))
        return see(path, *given, **more)

    monkeypatch.setattr(os, "stat", fail)
    with pytest.raises(GPTCoreError, match="cannot be read now: not allowed"):
        Corpus.open(kept)
    assert refused(configured(source), tmp_path / "two").code == "tokens_unreadable"


@pytest.mark.parametrize("how", ["no memory", "not allowed"])
def test_what_cannot_be_read_at_the_moment_is_not_made_anew(kept, source, tmp_path, monkeypatch, how):
    entry = Path(Corpus.open(kept).info.kept)

    def fail(*_, **__):
        raise OSError(errno.ENOMEM if how == "no memory" else errno.EACCES, how)

    for where, name in ((np, "memmap"), (tokenization, "sha256"), (Path, "read_bytes")):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, fail)
            if where is not tokenization:
                with pytest.raises(GPTCoreError, match=f"cannot be read now: {how}"):
                    Corpus.open(kept, verify=True)
            assert is_prepared(kept)
            assert refused(configured(source), tmp_path / "two").code == "tokens_unreadable"
    assert Corpus.open(kept, verify=True).info.kept == str(entry)


def test_an_entry_that_only_a_newer_program_understands_is_put_aside_whole(kept, source, tmp_path):
    entry = Path(Corpus.open(kept).info.kept)
    tokens = (entry / "tokens" / "train.bin").read_bytes()
    (entry / "tokens" / "corpus.json").write_text('{"format": 3}')
    assert "encoding" in stages(configured(source), tmp_path / "two")
    [aside] = cache.folder().glob("damaged-*")
    assert (aside / "tokens" / "train.bin").read_bytes() == tokens
    assert (aside / "tokens" / "corpus.json").read_text() == '{"format": 3}'
    cache.clear()
    assert not aside.exists()


def test_tokens_that_are_gone_are_not_replaced_by_another_text(kept, source):
    cache.clear()
    moved = source.rename(source.with_name("away"))
    assert refused(configured(source), kept).code == "text_missing"
    moved.rename(source)
    (source / "05.txt").write_text("something else")
    assert refused(configured(source), kept).code == "text_differs"
    assert not is_prepared(kept)


# ------------------------------------------------------------------------------------------ A tokenizer there


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_the_tokenizer_of_an_imported_model_is_used(source, tmp_path, kind):
    run = tmp_path / "run"
    mine = Tokenizer.train("bpe", [LINE], 270)
    mine.save(run / "tokenizer")
    before = (run / "tokenizer" / "tokenizer.json").read_bytes()
    assert not is_prepared(run)
    stages(configured(source, tokenizer=kind), run)
    opened = Corpus.open(run, verify=True)
    assert opened.tokenizer.vocab_size == mine.vocab_size
    assert (run / "tokenizer" / "tokenizer.json").read_bytes() == before
    np.testing.assert_array_equal(mine.encode(opened.tokenizer.decode(opened.train[:10])), opened.train[:10])


@pytest.mark.skipif(not GPT1.is_dir(), reason="shared/data/gpt1-bpe is not here")
def test_what_gpt1_does_not_know_is_counted_and_told(tmp_path):
    path = tmp_path / "texts"
    path.mkdir()
    for number in range(12):
        (path / f"{number}.txt").write_text(f"{LINE}吾輩は猫である{number}", encoding="utf-8")
    config = configured(path, tokenizer="gpt1", tokenizer_path=str(GPT1))
    stages(config, tmp_path / "run")
    opened = Corpus.open(tmp_path / "run", verify=True)
    unknown = opened.tokenizer.unknown_token
    tokens = [*opened.train, *opened.validation]
    assert sum(part.unknown for part in (opened.info.train, opened.info.validation)) == tokens.count(unknown)
    assert opened.info.unknown_share == tokens.count(unknown) / len(tokens) > 0.3
    assert set("吾輩猫") <= set(opened.info.unknown_characters)
    assert [notice.code for notice in opened.info.notices()] == ["tokens_unknown", "documents_run_together"]
    each = [opened.tokenizer.encode((path / f"{n}.txt").read_text("utf-8")) for n in range(12)]
    assert len(tokens) == sum(map(len, each))  # nothing stands between them


def test_a_few_characters_that_gpt1_does_not_know_are_named(gpt1_folder, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat\n" * 100 + "猫\n", encoding="utf-8")
    config = configured(path, tokenizer="gpt1", tokenizer_path=str(gpt1_folder))
    stages(config, tmp_path / "run")
    [notice] = Corpus.open(tmp_path / "run").info.notices()
    assert notice.code == "few_tokens_unknown"
    assert str(notice).endswith("becomes <unk>: '猫'.")


@pytest.mark.parametrize("tokenizer", ["gpt1", "gpt2", "bpe", "characters"])
@pytest.mark.parametrize("documents", [1, 20])
def test_documents_that_no_token_keeps_apart_are_told(source, tmp_path, request, tokenizer, documents):
    if documents == 1:
        source = source / "00.txt"
        source.write_text(LINE * 20)
    data = {"vocab_size": 300}
    if tokenizer in ("gpt1", "gpt2"):
        data = {"tokenizer_path": str(request.getfixturevalue(f"{tokenizer}_folder"))}
    stages(configured(source, tokenizer=tokenizer, **data), tmp_path / "run")
    opened = Corpus.open(tmp_path / "run")
    told = [notice for notice in opened.info.notices() if notice.code == "documents_run_together"]
    apart = opened.tokenizer.end_of_text in [*opened.train, *opened.validation]
    assert len(told) == (documents > 1 and not apart)
    if told:
        assert tokenizer == "gpt1"
        assert told[0].field == "data.tokenizer"
        assert "the 20 documents apart" in str(told[0])


# ------------------------------------------------------------------------------------------ What is counted


def test_duplicates_are_counted_and_dropped_only_where_asked(source, tmp_path):
    for number in range(4):
        shutil.copy(source / "03.txt", source / f"again{number}.txt")
    (source / "blank1.txt").write_text("\n")
    (source / "blank2.txt").write_text("\n")
    stages(configured(source), tmp_path / "all")
    stages(configured(source, deduplicate=True), tmp_path / "once")
    both = [Corpus.open(tmp_path / name).info for name in ("all", "once")]
    assert [(info.files, info.documents, info.duplicates) for info in both] == [(26, 24, 4), (26, 20, 4)]
    assert [info.deduplicated for info in both] == [False, True]
    [notice] = both[0].notices()
    assert (notice.code, notice.field) == ("duplicates", "data.deduplicate")
    assert both[1].notices() == []
    sizes = [sum(part.characters for part in (info.train, info.validation)) for info in both]
    assert sizes[0] - sizes[1] == 4 * len((source / "03.txt").read_text())


def test_encodings_are_counted_by_file(tmp_path):
    path = tmp_path / "texts"
    path.mkdir()
    for name, encoding in (("a", "utf-8"), ("b", "cp932"), ("c", "cp932"), ("d", "utf-16"), ("e", "euc-jp")):
        (path / f"{name}.txt").write_bytes("吾輩は猫である。名前はまだ無い。\n".encode(encoding))
    (path / "f.jsonl").write_text("".join(json.dumps({"text": f"一つ{n}"}) + "\n" for n in range(3)))
    stages(configured(path), tmp_path / "run")
    info = Corpus.open(tmp_path / "run").info
    wide = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
    assert info.encodings == {"utf-8": 2, "cp932": 2, wide: 1, "euc-jp": 1}
    assert (info.files, info.documents) == (6, 8)


def test_a_long_text_gives_bpe_a_sample_of_itself(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    random = np.random.default_rng(1)
    words = random.integers(97, 123, (80_000, 7), dtype=np.uint8)
    words[:, 0] = ord(" ")
    parts = [row.tobytes().decode() + "\n" for row in words.reshape(20, -1)]
    path.write_text("".join(parts))
    size = path.stat().st_size
    config = configured(path, tokenizer="bpe", vocab_size=300)
    monkeypatch.setattr(tokenizer_training, "DIFFERENT", 10**9)
    stages(config, tmp_path / "whole")
    assert Corpus.open(tmp_path / "whole").info.learnt_from == 0
    for name, most in (("SAMPLE", size // 4), ("DIFFERENT", size // 8)):
        monkeypatch.setattr(tokenizer_training, name, most)
        monkeypatch.setattr(tokenization, name, most)
        found = set()
        for seed in (1, 1, 2):
            run = tmp_path / f"{name}-{seed}-{len(found)}"
            cache.clear()
            stages(config.replace({"train.seed": seed}), run)
            info = Corpus.open(run, verify=True).info
            assert most / 2 < info.learnt_from < 1.5 * most + 2 * tokenizer_training.PIECE
            found.add((seed, info.tokenizer_sha256))
        assert len({seed for seed, _ in found}) == len(found)  # the same seed, the same tokenizer


# ------------------------------------------------------------------------------------------ Cut short


def test_killed_at_any_time_nothing_looks_whole(source, tmp_path, home):
    code = (
        "import sys; from pathlib import Path; from gpt_core import corpus, documents, formats\n"
        "from gpt_core.config import from_values\n"
        "documents.BATCH = documents.REPORT = 500\n"
        "config = from_values({'data': {'source': sys.argv[1]}, 'model': {'context_length': 8}})\n"
        "for step in corpus.prepare(config, Path(sys.argv[2])):\n"
        "    print(step.stage, flush=True); sys.stdin.readline()\n"
    )
    run = tmp_path / "run"
    for steps in (1, 6, 12, 18):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(source), str(run)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            for _ in range(steps):
                process.stdout.readline()
                process.stdin.write("\n")
                process.stdin.flush()
            process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            process.communicate()
        assert not is_prepared(run)
        assert not list(home.glob("cache/tokens-*"))
    stages(configured(source), run)
    Corpus.open(run, verify=True)
    assert sorted(path.name[:6] for path in cache.folder().iterdir()) == ["looks", "tokens"]


def test_a_cache_that_cannot_be_written_is_done_without(source, tmp_path, home, monkeypatch):
    monkeypatch.setattr(tokenization, "IN_RUN", 100)
    home.mkdir()
    (home / "cache").write_text("a file, not a folder")
    run = tmp_path / "run"
    run.mkdir()
    stages(configured(source), run)
    Corpus.open(run, verify=True)
    assert sorted(os.listdir(run)) == ["tokenizer", "tokens"]
    with pytest.raises(GPTCoreError):
        list(fill_cache(configured(source)))


def test_a_file_system_without_links_gets_a_copy(source, tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError

    monkeypatch.setattr(os, "link", no_links)
    stages(configured(source), tmp_path / "run")
    Corpus.open(tmp_path / "run", verify=True)
    [entry] = cache.folder().glob("tokens-*")
    assert not os.path.samefile(entry / "tokens/train.bin", tmp_path / "run/tokens/train.bin")
    assert sorted(os.listdir(tmp_path / "run/tokens")) == ["corpus.json", "train.bin", "validation.bin"]


# ------------------------------------------------------------------------------------------ The disk


class Disk:
    """A disk with `room` for what lies in `folders`, and the most that ever lay there: it is looked at before
    anything is taken away or renamed."""

    def __init__(self, monkeypatch, *folders):
        self.folders, self.peak, self.room = folders, 0, 10**15
        for module, name in ((os, "replace"), (os, "unlink"), (shutil, "rmtree")):
            monkeypatch.setattr(module, name, self.looked_at(getattr(module, name)))
        monkeypatch.setattr(disk, "free_space", lambda path: self.room - self.used())

    def used(self):
        """Bytes in these folders, those of a file with several names once."""
        sizes = {}
        for folder in self.folders:
            for path in folder.rglob("*"):
                if path.is_file():
                    sizes[path.stat().st_ino] = path.stat().st_size
        return sum(sizes.values())

    def look(self):
        self.peak = max(self.peak, self.used())

    def looked_at(self, function):
        def wrapped(*arguments, **options):
            self.look()
            return function(*arguments, **options)

        return wrapped


ENGLISH = "\n".join(topics.values())[:150_000]
JAPANESE = "".join(chr(0x4E00 + 7919 * n % 3000) + chr(0x3042 + n % 70) for n in range(30_000))
KOREAN = "".join(chr(0xAC00 + 7919 * n % 11_000) for n in range(30_000))


@pytest.mark.parametrize("links", [True, False], ids=["links", "copies"])
@pytest.mark.parametrize(
    ("written", "data"),
    [
        (ENGLISH, {"tokenizer": "characters"}),
        (ENGLISH, {"tokenizer": "bpe", "vocab_size": 300}),
        (ENGLISH + JAPANESE, {"tokenizer": "bpe", "vocab_size": 2000}),
        (ENGLISH, {"tokenizer": "gpt2"}),
        (ENGLISH + KOREAN, {"tokenizer": "gpt1"}),  # three tokens a character there
        (
            "\0".join(3 * [ENGLISH[start : start + 5000] for start in range(0, 100_000, 5000)]),
            {"tokenizer": "bpe", "vocab_size": 300, "deduplicate": True},
        ),
    ],
    ids=["characters", "bpe", "bpe of two scripts", "gpt2", "gpt1 of two scripts", "duplicates"],
)
def test_a_disk_too_small_is_told_before_a_token_is_written(
    tmp_path, monkeypatch, request, written, data, links
):
    """What is needed is what really lies there at the peak, and never much more."""
    path, runs = tmp_path / "texts", tmp_path / "runs"
    path.mkdir()
    for number, document in enumerate(written.split("\0")):
        (path / f"{number:04}.txt").write_text(document, encoding="utf-8")
    if data["tokenizer"] in ("gpt1", "gpt2"):
        data = {**data, "tokenizer_path": str(request.getfixturevalue(f"{data['tokenizer']}_folder"))}
    config = configured(path, **data)
    monkeypatch.setattr(tokenization, "BESIDES", 3000)  # what lies there beside tokens and tokenizer
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError))
    there = Disk(monkeypatch, cache.folder().parent, runs)
    for _ in prepare(config, runs / "one"):
        there.look()
    assert there.used() > 3 * 3000
    cache.clear()
    shutil.rmtree(runs)
    there.room = there.peak - 1
    error = refused(config, runs / "two")
    assert error.code == "disk_too_small"
    assert "free and" in str(error)
    assert not list(tmp_path.rglob("*.bin*"))
    there.room = int(1.2 * there.peak) + 2 * 3000
    stages(config, runs / "three")


def test_a_run_on_a_disk_of_its_own_needs_room_for_its_part_there(source, tmp_path, monkeypatch):
    """Up to 256 MiB of tokens are copied into it, of however many."""
    monkeypatch.setattr(tokenization, "BESIDES", 3000)
    monkeypatch.setattr(tokenization, "same_disk", lambda one, other: False)
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError))
    run = tmp_path / "run"
    stages(configured(source), run)
    needed = sum(path.stat().st_size for path in run.rglob("*.*"))
    cache.clear()
    shutil.rmtree(run)
    room = {run: needed - 1, cache.folder(): 10**9}
    monkeypatch.setattr(disk, "free_space", lambda path: room[run if path == run else cache.folder()])
    error = refused(configured(source), run)
    assert (error.code, error.values["path"]) == ("disk_too_small", run)
    monkeypatch.setattr(tokenization, "IN_RUN", 100)
    stages(configured(source), run)


# ------------------------------------------------------------------------------------------ Memory


@pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")
@pytest.mark.parametrize("name", ["one.txt", "many.jsonl.gz"])
def test_memory_does_not_grow_with_the_text(tmp_path, name):
    """Forty megabytes of text add less than twenty to what ten take, and torch is not loaded."""
    code = (
        "import sys; from pathlib import Path; from gpt_core import corpus\n"
        "from gpt_core.config import from_values\n"
        "list(corpus.fill_cache(from_values({'data': {'source': sys.argv[1]}})))\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])\n"
        "print('torch' in sys.modules)\n"
    )
    peaks = []
    for size in (10, 50):
        path = tmp_path / str(size) / name
        path.parent.mkdir()
        lines = 10**6 * size // len(LINE)
        if name.endswith("gz"):
            row = json.dumps({"text": LINE * 20}) + "\n"
            path.write_bytes(gzip.compress(row.encode() * (lines // 20), 1))
        else:
            path.write_text(LINE * lines)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        peak, torch = done.stdout.split()
        assert torch == "False"
        peaks.append(int(peak))
    assert peaks[1] - peaks[0] < 20_000  # kB


def test_a_long_text_of_many_characters_is_told_to_suit_bpe(tmp_path):
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 1200)))
    found = []
    for times in (600, 30):  # 2.2 MB of UTF-8, and a twentieth of that
        path = tmp_path / f"{times}.txt"
        path.write_text("\n".join([characters] * times), encoding="utf-8")
        stages(configured(path), tmp_path / f"run-{times}")
        found.append([notice.code for notice in Corpus.open(tmp_path / f"run-{times}").info.notices()])
    assert found == [["bpe_suits"], []]
