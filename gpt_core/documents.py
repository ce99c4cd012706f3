"""A text gone through document by document, as often as need be, a piece at a time.

First it is measured: how long each document is, which are the same, and a checksum of all; and probes are
taken of it, evenly spread, by which its tokens can be told before they are made. Then it is split
in two, for training and for validation. After that `stretches` goes through it again, says of every stretch
of text to which part it belongs, and raises text_changed where the text is not what was measured.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_core.errors import GPTCoreError
from gpt_core.text import files
from gpt_core.tokenizer import pieces

FEW_DOCUMENTS = 10  # with fewer than these the tail is kept for validation, not documents
EDGE = 1000  # characters searched for a line or a word to end
PURPOSE = 0x53504C4954  # "SPLIT": keeps these random words apart from other uses of the same seed
PIECE = 2**16  # characters that are handed on together
BATCH = 2**20  # characters to be encoded together: a fraction of a second
REPORT = 2**20  # bytes read between two reports
CODE_POINTS = 0x110000  # of Unicode
PROBES, PROBE, APART = 512, 2**10, 2**12  # at most so many, so long, and at first so far apart, in characters


@dataclass(frozen=True)
class Text:
    """A source, the column in which it holds its text, and its encoding: see the settings in `data`."""

    source: str
    column: str = "text"
    encoding: str = "auto"


class Probes:
    """Stretches of a text, `texts`, at even distances, so few that they are encoded in no time."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._apart = APART
        self._next = 0  # characters until the next one

    def add(self, text: str) -> None:
        """Go on with the text; where the probes get too many, every second one is given up."""
        while self._next < len(text):
            self.texts.append(text[self._next : self._next + PROBE])
            if len(self.texts) > PROBES:
                del self.texts[1::2]
                self._apart *= 2
            self._next += self._apart
        self._next -= len(text)


@dataclass
class Measured:
    """What was found of a text: of each document its `characters` and its `sizes` in bytes, both 0 for one
    that is left out, blank or a duplicate to be dropped; and of all together, what they are."""

    characters: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    files: list[tuple[str, bytes]] = field(default_factory=list)  # name and checksum
    encodings: Counter[str] = field(default_factory=Counter)
    alphabet: list[str] = field(default_factory=list)
    duplicates: int = 0
    digests: array[int] = field(default_factory=lambda: array("Q"))
    probes: Probes = field(default_factory=Probes)

    @property
    def documents(self) -> int:
        """How many documents are not left out."""
        return int(np.count_nonzero(self.sizes))

    def content(self) -> str:
        """A checksum of all documents, whichever files they stood in."""
        whole = hashlib.sha256()
        for _, digest in self.files:
            whole.update(digest)
        return whole.hexdigest()

    def find_duplicates(self, drop: bool) -> None:
        """Count the documents that are the same as an earlier one, and leave them out if asked to."""
        digests = np.frombuffer(self.digests, dtype=np.uint64)
        sizes = np.frombuffer(self.sizes, dtype=np.int64)
        ordered = np.sort(digests)
        several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        alike = [
            start
            + np.flatnonzero(
                np.isin(digests[start : start + BATCH], several) & (sizes[start : start + BATCH] > 0)
            )
            for start in range(0, len(digests) if len(several) else 0, BATCH)
        ]
        numbers = np.concatenate([np.empty(0, dtype=np.int64), *alike])
        numbers = numbers[np.lexsort((numbers, sizes[numbers], digests[numbers]))]
        first, second = numbers[:-1], numbers[1:]
        same = second[(digests[first] == digests[second]) & (sizes[first] == sizes[second])]
        self.duplicates = len(same)
        if drop:
            sizes[same] = 0
            np.frombuffer(self.characters, dtype=np.int64)[same] = 0
        self.digests = array("Q")  # a third of what is kept, and no longer needed


@dataclass(frozen=True)
class Split:
    """The documents that are kept for validation (n,), and the one, if any, that is `torn`: its first `cut`
    characters are for training, and the rest for validation."""

    kind: Literal["documents", "tail"]
    validation: NDArray[np.bool_]
    torn: int = -1
    cut: int = 0

    def for_training(self, number: int, characters: int) -> int:
        """How many characters of a document, from its start, are for training."""
        if number == self.torn:
            return self.cut
        return 0 if self.validation[number] else characters


class Stretch(NamedTuple):
    """Some text for training or for `validation`. It `ends` where its document goes over into the other part
    or is at its end, which is then the `last` of it."""

    text: str
    validation: bool
    ends: bool
    last: bool


def measure(text: Text, found: Measured, alphabet: bool) -> Iterator[int]:
    """Go through a text for the first time, for an empty `Measured` to be filled; which characters there are,
    only if `alphabet` asks for it. Yields the bytes read, every megabyte and at the end.

    Raises GPTCoreError: those of `text.files` and `formats.Reader`.
    """
    seen = np.zeros(CODE_POINTS, dtype=bool)
    before = told = 0
    for file in files(text.source):
        reader = file.read(text.column, text.encoding)
        checksum = _Checksum()
        characters = size = 0
        blank = True
        for piece in reader:
            data = piece.text.encode()
            checksum.add(data)
            found.probes.add(piece.text)
            if alphabet:
                seen[np.frombuffer(piece.text.encode("utf-32-le"), dtype="<u4")] = True
            characters += len(piece.text)
            size += len(data)
            blank = blank and not piece.text.strip()
            if piece.last:
                found.characters.append(0 if blank else characters)
                found.sizes.append(0 if blank else size)
                found.digests.append(int.from_bytes(checksum.end_document()[:8], "little"))
                characters, size, blank = 0, 0, True
            if (done := before + min(reader.consumed, file.size)) >= told + REPORT:
                told = done
                yield done
        before += file.size
        found.files.append((file.name, checksum.end()))
        if reader.encoding:
            found.encodings[reader.encoding] += 1
    found.alphabet = list(map(chr, np.flatnonzero(seen)))
    yield before


def split(measured: Measured, fraction: float, seed: int) -> Split:
    """Keep a part of the text for validation.

    Documents are drawn by the seed into it, each that still fits in. Where they are few, or so unequal that
    less than half the part is filled, the tail of the text is taken instead.
    """
    sizes = np.frombuffer(measured.sizes, dtype=np.int64)
    validation = np.zeros(len(sizes), dtype=bool)
    if measured.documents >= FEW_DOCUMENTS:
        room = target = int(sizes.sum() * fraction)
        drawn = np.argsort(np.random.Philox(key=[seed, PURPOSE]).random_raw(len(sizes)), kind="stable")
        for number in drawn:
            if 0 < sizes[number] <= room:
                room -= int(sizes[number])
                validation[number] = True
        if room < target / 2:
            return Split("documents", validation)
        validation[:] = False
    ends = np.cumsum(np.frombuffer(measured.characters, dtype=np.int64))
    left = int(ends[-1]) - max(1, int(ends[-1] * fraction))
    torn = int(np.searchsorted(ends, left, side="right"))
    validation[torn + 1 :] = True
    return Split("tail", validation, torn, left - int(ends[torn - 1] if torn else 0))


def stretches(text: Text, measured: Measured, parts: Split) -> Iterator[Stretch]:
    """Go through a text again, in stretches of one part each; raises text_changed, where it did."""
    number = 0
    torn = _Torn()
    for file, before in zip_longest(files(text.source), measured.files):
        if not file or not before or file.name != before[0]:
            raise _changed(text, file.name if file and not before else before[0])
        checksum = _Checksum()
        for piece in file.read(text.column, text.encoding):
            checksum.add(piece.text.encode())
            if number == len(measured.characters):
                raise _changed(text, file.name)
            characters = measured.characters[number]
            cut = parts.for_training(number, characters)
            if 0 < cut < characters:
                yield from torn.add(piece.text, cut, piece.last)
            elif characters:
                yield Stretch(piece.text, cut == 0, ends=piece.last, last=piece.last)
            if piece.last:
                checksum.end_document()
                number += 1
        if checksum.end() != before[1]:
            raise _changed(text, file.name)


def batches(
    found: Iterator[Stretch], size: int = PIECE, cut: Callable[[str, int], Iterator[str]] = pieces
) -> Iterator[list[Stretch]]:
    """Stretches `cut` into pieces of about `size` characters that encode to the same tokens, as many together
    as are to be encoded together."""
    batch: list[Stretch] = []
    gathered = 0
    rest = ""
    for stretch in found:
        *whole, rest = cut(rest + stretch.text, size)
        batch += [stretch._replace(text=text, ends=False, last=False) for text in whole]
        gathered += sum(map(len, whole))
        if stretch.ends:
            batch.append(stretch._replace(text=rest))
            gathered += len(rest)
            rest = ""
        if gathered >= BATCH:
            yield batch
            batch, gathered = [], 0
    if batch:
        yield batch


class _Torn:
    """The one document, if any, of which the start is for training and the rest for validation."""

    def __init__(self) -> None:
        self.held = ""  # what may have to be cut
        self.start = 0  # characters before it
        self.torn = False

    def add(self, text: str, cut: int, last: bool) -> Iterator[Stretch]:
        if self.torn:
            yield Stretch(text, True, ends=last, last=last)
            return
        self.held += text
        place = cut - self.start
        if last or len(self.held) > place + EDGE:
            edge = _edge(self.held, place)
            yield Stretch(self.held[:edge], False, ends=True, last=False)
            yield Stretch(self.held[edge:], True, ends=last, last=last)
            self.torn = True
        elif len(self.held) < place:
            yield Stretch(self.held, False, ends=False, last=False)
            self.start += len(self.held)
            self.held = ""


def _edge(text: str, cut: int) -> int:
    """The first place from `cut` on where a line begins, or else a word, so that none is torn."""
    for mark in ("\n", " "):
        found = text.find(mark, cut - 1, cut + EDGE) + 1
        if 0 < found < len(text):
            return found
    return cut


class _Checksum:
    """Of a file, by way of its documents, so that the bytes are gone through once for both."""

    def __init__(self) -> None:
        self._file = hashlib.sha256()
        self._document = hashlib.blake2b(digest_size=32)

    def add(self, data: bytes) -> None:
        self._document.update(data)

    def end_document(self) -> bytes:
        digest = self._document.digest()
        self._file.update(digest)
        self._document = hashlib.blake2b(digest_size=32)
        return digest

    def end(self) -> bytes:
        return self._file.digest()


def _changed(text: Text, name: str) -> GPTCoreError:
    return GPTCoreError("text_changed", field="data.source", name=name, source=text.source)
