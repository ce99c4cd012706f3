"""A text to tokens: gone through, its tokenizer made, and both kept in the cache.

An entry of the cache is found in two ways: by how the text's files look (names, sizes, times), at once; or by
what they say, when they were read. The second is the truth: an entry is named after the checksum of its text,
and of all else that decides what becomes of it.
"""

from __future__ import annotations

import hashlib
import stat
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import __version__ as library_version

from gpt_core import cache, corpus_info, hub
from gpt_core.cleaning import Begun
from gpt_core.config import Config
from gpt_core.corpus_info import PARTS, CorpusInfo
from gpt_core.disk import can_link, require_space, same_disk, sha256
from gpt_core.documents import Measured, Split, Stretch, Text, batches, measure, split, stretches
from gpt_core.errors import GPTCoreError
from gpt_core.text import files, is_empty
from gpt_core.token_file import TokenFile, mapped, mode, unreadable
from gpt_core.tokenizer import Tokenizer
from gpt_core.tokenizer_training import DIFFERENT, SAMPLE, Sample, train_bpe
from gpt_core.vocabulary import local_copy

IN_RUN = 256 * 2**20  # bytes of tokens that a run's folder holds itself; more of them stay in the cache
RACY = 2 * 10**9  # nanoseconds within which a file may change twice and show one time
VERSION = 2  # of what is kept in the cache
UNKNOWN_SHOWN = 100  # different characters that are named
SPARE = 1.1  # times the tokens foreseen: by the probes they come out within some hundredths
BESIDES = 2**20  # bytes: room for corpus.json and the file system's own needs


@dataclass(frozen=True)
class Progress:
    """How far the preparation has come: bytes where the text is being read, characters after that; a `total`
    of 0 is not known."""

    stage: Literal["reading", "tokenizer", "encoding"]
    done: int
    total: int


def prepared(
    config: Config, own: Path | None, place: Path, run: Path | None = None
) -> Generator[Progress, None, Path]:
    """The folder that holds the prepared text: an entry of the cache, or else what is made in `place` now.

    `own` is the folder of a tokenizer to be used, `run` the one into which the tokens will go. Raises what
    `corpus.prepare` tells, save what concerns the length of the text.
    """
    data = config.data
    text = Text(data.source, data.column, data.encoding)
    if data.source.startswith(hub.PREFIX):
        text = yield from _fetched(data.source, data.column)
    recipe, tokenizer = _recipe(config, own, place)
    look, newest, total = _look(text, recipe)
    yield Progress("reading", 0, total)
    if entry := sound(cache.remembered(look)):
        yield Progress("reading", total, total)
        return entry
    started = time.time_ns()
    measured = Measured()
    for done in measure(text, measured, alphabet=tokenizer is None):
        yield Progress("reading", min(done, total), total)
    measured.find_duplicates(data.deduplicate)
    if not measured.documents:
        raise is_empty(data.source)
    name = "tokens-" + cache.key(recipe, measured.content(), sorted(measured.encodings.items()))
    entry = sound(name)
    if entry is None:
        yield from _make(config, text, measured, tokenizer, place, run)
        entry = cache.keep(place, name)
        if place.is_dir() and entry != place:  # another's, or a damaged one that could not be put aside
            entry = sound(name) or place
    if entry == cache.entry(name) and newest < started - RACY:
        cache.remember(look, name)
    return entry


def remembered(config: Config) -> Path | None:
    """The entry of the cache that was made of a text, for `Corpus.open`, as long as its files look as they
    did; None, too, where only the network could tell. Quick: the text is not read.

    Raises GPTCoreError: what `text.files`, `Tokenizer.pretrained` and `sound` tell.
    """
    data = config.data
    if data.source.startswith(hub.PREFIX):
        return None
    if data.tokenizer in ("gpt1", "gpt2") and not data.tokenizer_path and not local_copy(data.tokenizer):
        return None
    with tempfile.TemporaryDirectory() as place:
        recipe, _ = _recipe(config, None, Path(place))
    look, _, _ = _look(Text(data.source, data.column, data.encoding), recipe)
    return sound(cache.remembered(look))


def _fetched(source: str, column: str) -> Generator[Progress, None, Text]:
    fetching = hub.fetch(source, column)
    while True:
        try:
            yield Progress("reading", next(fetching), 0)
        except StopIteration as end:
            return Text(str(end.value), hub.COLUMN, "utf-8")


def _make(
    config: Config,
    text: Text,
    measured: Measured,
    tokenizer: Tokenizer | None,
    place: Path,
    run: Path | None,
) -> Iterator[Progress]:
    """Write tokenizer/ and tokens/ to `place`, corpus.json last."""
    data = config.data
    parts = split(measured, data.validation_fraction, config.train.seed)
    learnt_from = 0
    if tokenizer is None:
        if data.tokenizer == "bpe":
            # From the training part alone: bpe can write anything, so validation has no need to be looked at.
            sample = Sample(lambda: stretches(text, measured, parts), sum(measured.sizes), config.train.seed)
            tokenizer = yield from _trained(sample, data.vocab_size, sum(measured.characters))
            learnt_from = 0 if sample.whole else sample.taken
        else:
            # From the whole text, as nanoGPT does: a character that stands in the validation part alone would
            # otherwise have no token, and its loss could not be told.
            tokenizer = Tokenizer.train("characters", measured.alphabet)
        tokenizer.save(place / "tokenizer")
    dtype: Literal["uint16", "uint32"] = "uint16" if tokenizer.vocab_size <= 2**16 else "uint32"
    _require_room(_foreseen(measured, tokenizer) * np.dtype(dtype).itemsize, place, run)
    (place / "tokens").mkdir()
    unknown: set[str] = set()
    with (
        TokenFile(place / "tokens" / "train.bin", dtype) as train,
        TokenFile(place / "tokens" / "validation.bin", dtype) as validation,
    ):
        yield from _encode(text, measured, parts, tokenizer, (train, validation), unknown)
        train.keep()
        validation.keep()
    info = CorpusInfo(
        source=data.source,
        tokenizer=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        tokenizer_sha256=sha256(place / "tokenizer" / "tokenizer.json"),
        dtype=dtype,
        split=parts.kind,
        train=train.part(),
        validation=validation.part(),
        unknown_characters=tuple(sorted(unknown)),
        files=len(measured.files),
        documents=measured.documents,
        encodings=dict(measured.encodings),
        duplicates=measured.duplicates,
        deduplicated=data.deduplicate,
        learnt_from=learnt_from,
    )
    corpus_info.write(place, info)


def _encode(
    text: Text,
    measured: Measured,
    parts: Split,
    tokenizer: Tokenizer,
    into: tuple[TokenFile, TokenFile],
    unknown: set[str],
) -> Iterator[Progress]:
    """Write the tokens of both parts, and collect characters without a token.

    Where there are several documents, the end-of-text token follows each, in the part in which it ends;
    a single one needs no such mark.
    """
    marked = measured.documents > 1 and tokenizer.end_of_text is not None
    mark = np.array([tokenizer.end_of_text or 0])
    done, total = 0, sum(measured.characters)
    yield Progress("encoding", 0, total)
    for batch, encoded in _encoded(batches(stretches(text, measured, parts), cut=tokenizer.cut), tokenizer):
        tokens: tuple[list[NDArray[np.integer]], ...] = ([], [])
        for stretch, ids in zip(batch, encoded, strict=True):
            part = into[stretch.validation]
            part.characters += len(stretch.text)
            part.bytes += len(stretch.text.encode())
            part.documents += stretch.ends
            missing = _unknown(tokenizer, stretch.text, ids)
            part.unknown += missing
            if missing and len(unknown) < UNKNOWN_SHOWN:
                unknown.update(tokenizer.unknown(stretch.text)[: UNKNOWN_SHOWN - len(unknown)])
            tokens[stretch.validation].append(ids)
            if stretch.last and marked:
                tokens[stretch.validation].append(mark)
            done += len(stretch.text)
        for part, arrays in zip(into, tokens, strict=True):
            if arrays:
                part.write(np.concatenate(arrays))
        yield Progress("encoding", done, total)


def _encoded(
    found: Iterator[list[Stretch]], tokenizer: Tokenizer
) -> Iterator[tuple[list[Stretch], list[NDArray[np.int64]]]]:
    """Each batch with its tokens, while the next one is already being encoded on a thread of its own."""
    begun = Begun()
    with ThreadPoolExecutor(1, thread_name_prefix="encoding") as pool:
        ahead: deque[tuple[list[Stretch], Future[list[NDArray[np.int64]]]]] = deque()
        for batch in found:
            texts, ends = [stretch.text for stretch in batch], [stretch.ends for stretch in batch]
            ahead.append((batch, pool.submit(tokenizer.encode_pieces, texts, ends, begun)))
            if len(ahead) > 1:
                batch, encoding = ahead.popleft()
                yield batch, encoding.result()
        for batch, encoding in ahead:
            yield batch, encoding.result()


def _unknown(tokenizer: Tokenizer, text: str, ids: NDArray[np.int64]) -> int:
    if tokenizer.unknown_token is not None:
        return int(np.count_nonzero(ids == tokenizer.unknown_token))
    return len(text) - len(ids) if tokenizer.kind == "characters" else 0


def _foreseen(measured: Measured, tokenizer: Tokenizer) -> int:
    """How many tokens there may be: one a character, or as many as the probes have for their length, and some
    to spare. What one stands for, no rule tells: four characters of English, a third of a Chinese one."""
    characters = sum(measured.characters)
    if tokenizer.kind != "characters":
        probes = measured.probes.texts
        tokens = sum(map(len, tokenizer.encode_batch(probes)))
        characters = int(SPARE * characters * tokens / sum(map(len, probes)))
    return characters + measured.documents


def _require_room(size: int, place: Path, run: Path | None) -> None:
    """See that the disks have room for `size` bytes of tokens, and for what the run's folder gets of its own:
    the tokenizer and, where a file cannot have a name in both, the tokens a second time.

    Raises disk_too_small.
    """
    if run is None:
        require_space(place, size + BESIDES)
        return
    copied = sum(path.stat().st_size for path in (place / "tokenizer").iterdir())
    if not can_link(place / "tokenizer" / "tokenizer.json", run):
        copied += min(size, IN_RUN) if place.parent == cache.folder() else size
    if same_disk(place, run):
        require_space(place, size + copied + BESIDES)
    else:
        require_space(place, size + BESIDES)
        require_space(run, copied + BESIDES)


# ---------------------------------------------------------------------------------------------- Tokenizer


def _recipe(config: Config, own: Path | None, place: Path) -> tuple[list[object], Tokenizer | None]:
    """All that decides, besides the text, what becomes of it; and the tokenizer, unless the text makes it."""
    data = config.data
    tokenizer: Tokenizer | None = None
    made: list[object] = ["characters"]
    if own or data.tokenizer in ("gpt2", "gpt1"):
        tokenizer = _ready_made(config, own)
        tokenizer.save(place / "tokenizer")
        made = [sha256(path) for path in sorted((place / "tokenizer").iterdir())]
        made += tokenizer.versions
    elif data.tokenizer == "bpe":
        made = ["bpe", data.vocab_size, SAMPLE, DIFFERENT, library_version]
    rest = [data.validation_fraction, config.train.seed, data.deduplicate]
    return [VERSION, *made, *rest], tokenizer


def _ready_made(config: Config, own: Path | None) -> Tokenizer:
    data = config.data
    if own:
        return Tokenizer.load(own)
    kind: Literal["gpt2", "gpt1"] = "gpt1" if data.tokenizer == "gpt1" else "gpt2"
    return Tokenizer.pretrained(kind, data.tokenizer_path, data.cleaning)


def _trained(sample: Sample, vocab_size: int, total: int) -> Generator[Progress, None, Tokenizer]:
    training = train_bpe(sample, vocab_size)
    while True:
        try:
            yield Progress("tokenizer", min(next(training), total), total)
        except StopIteration as end:
            trained: Tokenizer = end.value
            return trained


# ---------------------------------------------------------------------------------------------- The cache


def _look(text: Text, recipe: list[object]) -> tuple[str, int, int]:
    """A name for how the files look and what is to become of them, which changes when a file does; the last
    time that one was changed, in nanoseconds; and the bytes of all."""
    whole = hashlib.sha256(repr((text, recipe)).encode())
    newest = size = 0
    for file in files(text.source):
        whole.update(repr((str(file.path), file.name, file.looks)).encode())
        newest = max(newest, *file.looks[1:3])
        size += file.size
    return whole.hexdigest()[:40], newest, size


def sound(name: str, verify: bool = False) -> Path | None:
    """The entry of the cache, where there is one and it holds what was written there; a damaged one is put
    aside.

    Unless it is to `verify`, of token files that stay in the cache only the length is looked at, or a second
    start would not be quick: whoever opens them in earnest compares their checksums.

    Raises tokens_unreadable where the OS does not let it be read now: then it is not to be made anew.
    """
    entry = cache.entry(name)
    if not name or not stat.S_ISDIR(mode(entry)):
        return None
    path = entry / "tokenizer" / "tokenizer.json"
    try:
        info = corpus_info.read(entry)
        size = (info.train.tokens + info.validation.tokens) * np.dtype(info.dtype).itemsize
        for part in PARTS:
            tokens = entry / "tokens" / f"{part}.bin"
            mapped(tokens, getattr(info, part), info.dtype, verify or size <= IN_RUN)
        if sha256(path) == info.tokenizer_sha256:
            return entry
    except GPTCoreError as error:
        if error.code == "tokens_unreadable":
            raise
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unreadable(path, error) from error
    cache.put_aside(name)
    return None
