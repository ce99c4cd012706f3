"""A tokenizer learnt from a text of any size.

The library holds every different word of what it learns from, some 110 bytes for each of their bytes
(measured: 2 to 8 MB of different words, English, Japanese and random). Text of spaced words has few of them;
Japanese has none but what stands between two signs, so almost all are different. So a long text gives a
sample: pieces spread evenly over it, in an order that the seed draws, until so many different words are in it
as may be held.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait

import numpy as np

from gpt_core.documents import Stretch, batches
from gpt_core.tokenizer import Tokenizer

SAMPLE = 2**25  # bytes of text, at most
DIFFERENT = 3 * 10**6  # bytes of different words in it, at most: 350 MB in the library
PIECE = 2**12  # characters of one piece of it
PURPOSE = 0x53414D504C45  # "SAMPLE": keeps these random words apart from other uses of the same seed
WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+")  # nearly as the byte-level splitter has them


class Sample:
    """The training part of a text, as much of it as a tokenizer can be learnt from.

    `find` goes through the text; `size` is the bytes of all its documents. `taken` counts the characters
    given out so far, and `whole` says, in the end, whether nothing was left out.
    """

    def __init__(self, find: Callable[[], Iterator[Stretch]], size: int, seed: int) -> None:
        self._find = find
        self._share = min(1.0, SAMPLE / max(1, size))
        self._random = np.random.Philox(key=[seed, PURPOSE])
        self.taken = 0
        self.whole = self._share == 1

    def __iter__(self) -> Iterator[str]:
        kept = self._spread()
        known: set[str] = set()
        room = DIFFERENT
        for number in np.argsort(self._random.random_raw(len(kept)), kind="stable"):
            text = kept[number].decode()
            for word in set(WORD.findall(text)) - known:
                known.add(word)
                room -= len(word) if word.isascii() else len(word.encode())
            self.taken += len(text)
            yield text
            if room <= 0:
                self.whole = self.whole and self.taken == sum(len(piece.decode()) for piece in kept)
                return

    def _spread(self) -> list[bytes]:
        """Pieces that make up the share, at even distances; the seed says where the first one is."""
        kept: list[bytes] = []
        seen = taken = 0
        ahead = PIECE * self._random.random_raw() / 2**64
        for batch in batches(self._find(), PIECE):
            for stretch in batch:
                if not stretch.validation:
                    seen += len(stretch.text)
                    if self.whole or taken < self._share * (seen - ahead):
                        taken += len(stretch.text)
                        kept.append(stretch.text.encode())
        return kept


class _Abandoned(Exception):
    """The person did not want to wait for the tokenizer."""


def train_bpe(sample: Sample, vocab_size: int) -> Generator[int, None, Tokenizer]:
    """Train on a thread of its own, since the library comes back only at the end; yields the characters that
    it was given so far. Raises what going through the text does.

    Whoever closes the generator does not wait: the library cannot be told to stop, and ends by itself.
    """
    abandoned = threading.Event()
    result: Future[Tokenizer] = Future()

    def feed() -> Iterator[str]:
        for text in sample:
            if abandoned.is_set():
                raise _Abandoned
            yield text

    def train() -> None:
        try:
            result.set_result(Tokenizer.train("bpe", feed(), vocab_size))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=train, name="tokenizer", daemon=True).start()
    try:
        while not wait([result], timeout=0.1).done:
            yield sample.taken
    finally:
        abandoned.set()
    return result.result()
