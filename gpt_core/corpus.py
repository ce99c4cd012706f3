"""Documents to a token file: the text split in two, its tokenizer made, its tokens on the disk.

A run's folder gets `tokenizer/` and `tokens/`: train.bin and validation.bin, the bare token ids in
little-endian uint16 (uint32 for a vocabulary beyond 65,536), to be mapped into memory and never read whole,
and corpus.json, which says what they are. It is written last: where it is, all is there.

The documents are gone through two or three times (to measure, to train bpe, to encode) and held one at a
time, so that a folder of texts may be larger than the memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from gpt_core.config import Config
from gpt_core.disk import require_space, sha256, sync_folder, write_atomically, write_error
from gpt_core.errors import GPTCoreError
from gpt_core.text import documents, size
from gpt_core.tokenizer import Kind, Tokenizer, pieces

PIECE = 2**20  # characters between two reports of progress: a fraction of a second
FEW_DOCUMENTS = 10  # with fewer than these the tail is kept for validation, not documents
EDGE = 1000  # characters searched for a line or a word to end
PURPOSE = 0x53504C4954  # "SPLIT": keeps these random words apart from other uses of the same seed

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Progress:
    """How far the preparation has come: bytes where the text is being read, characters after that."""

    stage: Literal["reading", "tokenizer", "encoding"]
    done: int
    total: int


@dataclass(frozen=True)
class Part:
    """What one of the two parts holds; `unknown` counts the characters for which there is no token."""

    documents: Count
    tokens: Annotated[int, Field(ge=1)]
    characters: Count
    bytes: Count
    unknown: Count
    sha256: str


@dataclass(frozen=True)
class CorpusInfo:
    """corpus.json. `split` says whether whole documents were kept for validation or the tail of the text."""

    source: str
    tokenizer: Kind
    vocab_size: Count
    tokenizer_sha256: str
    dtype: Literal["uint16", "uint32"]
    split: Literal["documents", "tail"]
    train: Part
    validation: Part
    unknown_characters: tuple[str, ...]


class _Measured(NamedTuple):
    """A document as it was when it was first read."""

    name: str
    characters: int
    bytes: int


_INFO = TypeAdapter(CorpusInfo)


def is_prepared(folder: Path) -> bool:
    """Whether a run's folder holds a text that was prepared to the end."""
    return (folder / "tokens" / "corpus.json").is_file()


class Corpus:
    """The prepared text of a run: its `tokenizer`, the tokens `train` and `validation` (1-D, read-only, left
    on the disk until they are used) and `info`.

    A run can be prompted without its text: then `missing` says why there are no tokens.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        train: NDArray[np.unsignedinteger],
        validation: NDArray[np.unsignedinteger],
        info: CorpusInfo | None,
        missing: GPTCoreError | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.train = train
        self.validation = validation
        self.missing = missing
        self._info = info

    @property
    def info(self) -> CorpusInfo:
        """What corpus.json says; raises `missing` where there are no tokens."""
        if self.missing:
            raise self.missing
        assert self._info is not None
        return self._info

    @classmethod
    def absent(cls, folder: Path, missing: GPTCoreError) -> Corpus:
        """The tokenizer of a run's folder without any tokens, and why; raises tokenizer_damaged."""
        none = np.empty(0, dtype=np.uint16)
        return cls(Tokenizer.load(folder / "tokenizer"), none, none, None, missing)

    @classmethod
    def open(cls, folder: Path, verify: bool = False) -> Corpus:
        """The text that was prepared in a run's folder; `verify` reads it all through to compare checksums.

        Raises GPTCoreError: corpus_damaged, tokenizer_damaged.
        """
        path = folder / "tokens" / "corpus.json"
        try:
            info = _INFO.validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise GPTCoreError("corpus_damaged", path=path) from error
        tokenizer = Tokenizer.load(folder / "tokenizer")
        path = folder / "tokenizer" / "tokenizer.json"
        if (tokenizer.kind, tokenizer.vocab_size) != (info.tokenizer, info.vocab_size):
            raise GPTCoreError("corpus_damaged", path=path)
        if verify and sha256(path) != info.tokenizer_sha256:
            raise GPTCoreError("corpus_damaged", path=path)
        train = _mapped(folder / "tokens" / "train.bin", info.train, info.dtype, verify)
        validation = _mapped(folder / "tokens" / "validation.bin", info.validation, info.dtype, verify)
        return cls(tokenizer, train, validation, info)


def _mapped(path: Path, part: Part, dtype: str, verify: bool) -> NDArray[np.unsignedinteger]:
    stored = np.dtype(dtype).newbyteorder("<")
    try:
        whole = path.stat().st_size == part.tokens * stored.itemsize
        if whole and (not verify or sha256(path) == part.sha256):
            return np.memmap(path, dtype=stored, mode="r")
    except OSError as error:
        raise GPTCoreError("corpus_damaged", path=path) from error
    raise GPTCoreError("corpus_damaged", path=path)


# ---------------------------------------------------------------------------------------------- Preparing


def prepare(config: Config, folder: Path) -> Iterator[Progress]:
    """Read the text of a configuration, make its tokenizer, and write both to a run's folder.

    A generator: to cancel, close it; nothing of it then looks whole, and the next call begins anew.

    Raises GPTCoreError: those of `text.documents`, text_changed, text_too_short, disk_too_small,
    no_room_to_write, run_not_writable.
    """
    source = config.data.source
    measured, alphabet = yield from _measure(source)
    split, cuts = _split(measured, config.data.validation_fraction, config.train.seed)
    if config.data.tokenizer == "bpe":
        # From the training part alone: bpe can write anything, so validation has no need to be looked at.
        texts = (text for text, _ in _parts(source, measured, cuts))
        tokenizer = yield from _train_bpe(texts, config.data.vocab_size, sum(cuts))
    else:
        # From the whole text, as nanoGPT does: a character that stands in the validation part alone would
        # otherwise have no token, and its loss could not be told.
        tokenizer = Tokenizer.train("characters", alphabet)

    dtype: Literal["uint16", "uint32"] = "uint16" if tokenizer.vocab_size <= 2**16 else "uint32"
    # A token of bpe stands for three bytes or more in running text; two, to be on the safe side.
    tokens = sum(text.bytes // 2 if tokenizer.kind == "bpe" else text.characters + 1 for text in measured)
    require_space(folder, tokens * np.dtype(dtype).itemsize)
    path = folder / "tokens" / "corpus.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    tokenizer.save(folder / "tokenizer")
    with (
        _TokenFile(path.with_name("train.bin"), dtype) as train,
        _TokenFile(path.with_name("validation.bin"), dtype) as validation,
    ):
        yield from _encode(source, measured, cuts, tokenizer, train, validation)
        needed = config.model.context_length + 1
        for part, file in (("training", train), ("validation", validation)):
            if file.tokens < needed:
                values = {"part": part, "source": source, "tokens": file.tokens, "needed": needed}
                raise GPTCoreError("text_too_short", field="data.source", **values)
        train.keep()
        validation.keep()
    info = CorpusInfo(
        source=source,
        tokenizer=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        tokenizer_sha256=sha256(folder / "tokenizer" / "tokenizer.json"),
        dtype=dtype,
        split=split,
        train=train.part(),
        validation=validation.part(),
        unknown_characters=tuple(sorted(train.unknown_characters | validation.unknown_characters)),
    )
    write_atomically(path, _INFO.dump_json(info, indent=2))


def _measure(source: str) -> Generator[Progress, None, tuple[list[_Measured], set[str]]]:
    """How long each document is, and every character there is in them."""
    measured: list[_Measured] = []
    alphabet: set[str] = set()
    done, total = 0, size(source)
    yield Progress("reading", 0, total)
    for document in documents(source):
        before = done
        for piece in pieces(document.text, PIECE):
            alphabet.update(piece)
            done += len(piece.encode())
            yield Progress("reading", min(done, total), total)
        measured.append(_Measured(document.name, len(document.text), done - before))
    yield Progress("reading", total, total)  # line ends and byte order marks were not counted
    return measured, alphabet


def _encode(
    source: str,
    measured: Sequence[_Measured],
    cuts: Sequence[int],
    tokenizer: Tokenizer,
    train: _TokenFile,
    validation: _TokenFile,
) -> Iterator[Progress]:
    """Write the tokens of both parts.

    Where there are several documents, the end-of-text token follows each, in the part in which it ends;
    a single one needs no such mark.
    """
    done, total = 0, sum(document.characters for document in measured)
    for texts in _parts(source, measured, cuts):
        for file, text in zip((train, validation), texts, strict=True):
            for piece in pieces(text, PIECE):
                file.add(piece, tokenizer)
                done += len(piece)
                yield Progress("encoding", done, total)
            file.documents += bool(text)
        if len(measured) > 1:
            (validation if texts[1] else train).write(np.array([tokenizer.end_of_text]))


def _split(
    measured: Sequence[_Measured], fraction: float, seed: int
) -> tuple[Literal["documents", "tail"], list[int]]:
    """How many characters of each document, from its start, are for training; the rest is for validation.

    Documents are drawn by the seed into the validation part, each that still fits in. Where they are few, or
    so unequal that less than half the part is filled, the tail of the text is taken instead.
    """
    if len(measured) >= FEW_DOCUMENTS:
        room = target = int(sum(document.bytes for document in measured) * fraction)
        cuts = [document.characters for document in measured]
        drawn = np.argsort(np.random.Philox(key=[seed, PURPOSE]).random_raw(len(measured)), kind="stable")
        for number in map(int, drawn):
            if measured[number].bytes <= room:
                room -= measured[number].bytes
                cuts[number] = 0
        if room < target / 2:
            return "documents", cuts
    total = sum(document.characters for document in measured)
    left = total - max(1, int(total * fraction))
    cuts = []
    for document in measured:
        cuts.append(min(document.characters, left))
        left -= cuts[-1]
    return "tail", cuts


def _parts(source: str, measured: Sequence[_Measured], cuts: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Of each document, the text for training and the text for validation; text_changed, where it did."""
    for document, before, cut in zip_longest(documents(source), measured, cuts):
        if not document or not before or (document.name, len(document.text)) != before[:2]:
            name = (document or before).name
            raise GPTCoreError("text_changed", field="data.source", name=name, source=source)
        edge = _edge(document.text, cut)
        yield document.text[:edge], document.text[edge:]


def _edge(text: str, cut: int) -> int:
    """The first place from `cut` on where a line begins, or else a word, so that none is torn."""
    if 0 < cut < len(text):
        for mark in ("\n", " "):
            found = text.find(mark, cut - 1, cut + EDGE) + 1
            if 0 < found < len(text):
                return found
    return cut


class _Abandoned(Exception):
    """The person did not want to wait for the tokenizer."""


def _train_bpe(texts: Iterator[str], vocab_size: int, total: int) -> Generator[Progress, None, Tokenizer]:
    """Train on a thread of its own, since the library comes back only at the end, and tell how far it is."""
    done = 0
    abandoned = threading.Event()

    def feed() -> Iterator[str]:
        nonlocal done
        for text in texts:
            for piece in pieces(text, PIECE):
                if abandoned.is_set():
                    raise _Abandoned
                yield piece
                done += len(piece)

    with ThreadPoolExecutor(1, thread_name_prefix="tokenizer") as pool:
        training = pool.submit(Tokenizer.train, "bpe", feed(), vocab_size)
        try:
            while not wait([training], timeout=0.1).done:
                yield Progress("tokenizer", min(done, total), total)
        finally:
            abandoned.set()
    return training.result()


class _TokenFile:
    """A token file while it is written: beside its place, and put there by `keep`; else nothing is left."""

    def __init__(self, path: Path, dtype: str) -> None:
        self.path = path
        self.beside = path.with_name(path.name + ".partial")
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.documents = self.tokens = self.characters = self.bytes = self.unknown = 0
        self.unknown_characters: set[str] = set()
        self._sha256 = hashlib.sha256()

    def __enter__(self) -> _TokenFile:
        try:
            self._file = open(self.beside, "wb")
        except OSError as error:
            raise write_error(self.path, error) from error
        return self

    def add(self, text: str, tokenizer: Tokenizer) -> None:
        ids = tokenizer.encode(text)
        self.characters += len(text)
        self.bytes += len(text.encode())
        left_out = len(text) - int(tokenizer.token_characters[ids].sum())
        if left_out:
            self.unknown += left_out
            self.unknown_characters.update(tokenizer.unknown(text))
        self.write(ids)

    def write(self, ids: NDArray[np.int64]) -> None:
        data = ids.astype(self.dtype).tobytes()
        try:
            self._file.write(data)
        except OSError as error:
            raise write_error(self.path, error) from error
        self._sha256.update(data)
        self.tokens += len(ids)

    def keep(self) -> None:
        """Put the file in its place, for good."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.beside, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise write_error(self.path, error) from error

    def part(self) -> Part:
        return Part(
            self.documents, self.tokens, self.characters, self.bytes, self.unknown, self._sha256.hexdigest()
        )

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # a full disk may refuse what is left to be flushed
            self._file.close()
        with contextlib.suppress(OSError):
            self.beside.unlink(missing_ok=True)
