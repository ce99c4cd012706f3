"""Bytes to characters: which encoding a text is in, found out from its start and held to all the way.

A byte order mark decides. Else what is valid UTF-8 is UTF-8, since other text hardly ever is. What is not is
decoded as UTF-16, cp932 and EUC-JP, strictly, and the reading wins in which the characters are those that
people write: kana, the kanji of JIS level 1 (the 2,965 in daily use) and, in UTF-16, ASCII and letters. A
wrong reading is full of rare kanji, half-width katakana and characters for private use; or, where Korean
(EUC-KR) or Chinese (GBK) is read as EUC-JP or as UTF-16, has none of what every Japanese text has: kana, and
the few kanji that are the most frequent.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

from gpt_core.errors import GPTCoreError

SAMPLE = 2**16  # bytes that decide, from the first that is not ASCII
PLAUSIBLE = 0.25  # the least score of a reading: from -2, no text at all, to 1, nothing unusual in it
# The least share of kana and frequent kanji among a Japanese text's characters beyond ASCII. In the messages
# of programs it is above 1/5 even in a single one, in Korean and Chinese ones read as EUC-JP hardly ever.
JAPANESE = 0.15
# Of the most frequent kanji, those as which no frequent syllable or character of these others is read.
FREQUENT = frozenset(
    "日一二三四六七八九年月大本国出時分前後間上東西南北見学会入手目自"
    "小山水新子女名語話物家何私京市内外金田川文書用的"
)
OTHERS = ("cp949", "gbk", "big5")  # the encodings of such texts

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


class Decoder:
    """Decodes a text block by block; `encoding` is what has been found, "utf-8" while all of it is ASCII."""

    def __init__(self, path: Path, wanted: str = "auto") -> None:
        """`wanted` is "auto", "utf-8", "utf-16" (in either order), "cp932" or "euc-jp"."""
        self.path = path
        self.wanted = wanted
        self.encoding = "utf-8"
        self._offset = 0  # bytes decoded
        self._decoder: codecs.IncrementalDecoder | None = None

    def decode(self, block: bytes, final: bool = False) -> str:
        """The characters of the next bytes; of one that is not whole yet, those come with the next block.

        Raises GPTCoreError: text_binary, text_zero, text_not_encoded, with the offset of the first byte that
        does not fit; text_ambiguous, where it may be Japanese or not.
        """
        if self._decoder is None:
            if self.wanted in ("auto", "utf-8") and block.isascii() and 0 not in block:
                self._offset += len(block)
                return block.decode("ascii")
            mark = self._choose(block, final)
            self._offset += mark
            block = block[mark:]
            self._decoder = codecs.getincrementaldecoder(self.encoding.removesuffix("-sig"))("strict")
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            raise self._wrong(self._offset - pending + error.start) from error
        if "\0" in text:
            before = text[: text.index("\0")].encode(self.encoding.removesuffix("-sig"))
            raise self._wrong(self._offset - pending + len(before), "text_zero")
        self._offset += len(block)
        return text

    def _choose(self, block: bytes, final: bool) -> int:
        """Sets `encoding`; returns the length of the byte order mark, which is no part of the text."""
        mark = next((mark for mark in BYTE_ORDER_MARKS if not self._offset and block.startswith(mark)), b"")
        marked = BYTE_ORDER_MARKS.get(mark, "")
        if marked and (self.wanted == "auto" or marked.startswith(self.wanted)):
            self.encoding = marked
            return len(mark)
        if self.wanted == "utf-16":
            self.encoding = max(
                "utf-16-le", "utf-16-be", key=lambda name: _score(block[:SAMPLE], name, final)
            )
            return 0
        if self.wanted != "auto":
            self.encoding = self.wanted
            return 0
        start = len(block) - len(block.lstrip(_ASCII))
        if self._offset or start > SAMPLE // 2:  # so much ASCII is not the start of UTF-16
            sample, whole, wide = block[start : start + SAMPLE], final and len(block) - start <= SAMPLE, False
        else:
            sample, whole, wide = block[:SAMPLE], final and len(block) <= SAMPLE, True
        found = detect(sample, whole, wide)
        if found is None:
            try:
                codecs.utf_8_decode(block, "strict", final)
                offset = len(block)
            except UnicodeDecodeError as error:
                offset = error.start
            zero = block.find(0)
            if 0 <= zero <= offset:
                raise self._wrong(self._offset + zero, "text_zero")
            if _score(sample, "euc-jp", whole) >= PLAUSIBLE:
                raise GPTCoreError("text_ambiguous", field="data.encoding", path=self.path)
            raise self._wrong(self._offset + offset, "text_binary")
        self.encoding = found
        return 0

    def _wrong(self, offset: int, code: str = "text_not_encoded") -> GPTCoreError:
        if code != "text_not_encoded" and self.wanted == "auto":
            return GPTCoreError(code, field="data.source", path=self.path, offset=offset)
        field = "data.source" if self.wanted == "auto" else "data.encoding"
        encoding = self.encoding.removesuffix("-sig")
        return GPTCoreError("text_not_encoded", field=field, path=self.path, encoding=encoding, offset=offset)


_ASCII = bytes(range(1, 128))


def detect(sample: bytes, whole: bool = True, wide: bool = True) -> str | None:
    """The encoding of a text without a byte order mark, from its start; None where no reading is plausible.

    `whole` says that the sample does not end within a character; `wide` that it may be UTF-16.
    """
    if 0 not in sample:
        try:
            codecs.utf_8_decode(sample, "strict", whole)
            return "utf-8"
        except UnicodeDecodeError:
            pass
    names = (["utf-16-le", "utf-16-be"] if wide else []) + ([] if 0 in sample else ["cp932", "euc-jp"])
    scores = {name: _score(sample, name, whole) for name in names}
    best = max(scores, key=scores.__getitem__, default="")
    plausible = best and scores[best] >= PLAUSIBLE and not _is_foreign(sample, best, whole)
    return best if plausible else None


def _is_foreign(sample: bytes, encoding: str, whole: bool) -> bool:
    """Whether a reading is not Japanese, and the sample may be Korean or Chinese. In cp932 such a text is no
    text at all, and in UTF-16 all but the shortest texts have a zero byte, as in a space."""
    if encoding == "cp932" or 0 in sample or not any(_decodes(sample, other, whole) for other in OTHERS):
        return False
    text = codecs.getincrementaldecoder(encoding)("strict").decode(sample, whole)
    written = [character for character in text if character > "\x7f"]
    japanese = sum("ぁ" <= it <= "ヾ" or "ｦ" <= it <= "ﾟ" or it in FREQUENT for it in written)
    return japanese < JAPANESE * len(written)


def _decodes(sample: bytes, encoding: str, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample, whole)
    except UnicodeDecodeError:
        return False
    return True


def _score(sample: bytes, encoding: str, whole: bool) -> float:
    """How plausible a reading is, from -2 to 1."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample, whole)
    except UnicodeDecodeError:
        return -2.0
    counts = Counter(text)
    if not encoding.startswith("utf-16"):  # ASCII reads the same in all the others
        counts = Counter({character: count for character, count in counts.items() if character > "\x7f"})
    total = sum(counts.values())
    return sum(_weight(character) * count for character, count in counts.items()) / total if total else 0.0


@cache
def _weight(character: str) -> float:
    """From 1, a character that is often written, to -2, one that stands in no text."""
    if " " <= character <= "~" or character in "\n\r\t" or character in _daily():
        return 1.0
    if "｡" <= character <= "ﾟ":  # half-width katakana
        return 0.0
    category = unicodedata.category(character)
    if category in ("Cc", "Cn", "Co", "Cs"):
        return -2.0
    if character < "\u2000" or "\uac00" <= character <= "\ud7a3":  # letters of the West and the East, hangul
        return 0.5
    try:
        character.encode("cp932")
        return (
            0.5 if category[0] in "NPS" else 0.0
        )  # signs such as a number in a circle; kanji of JIS level 2
    except UnicodeEncodeError:
        return -1.0


@cache
def _daily() -> frozenset[str]:
    """Japanese punctuation, full-width forms, kana, and the kanji of JIS level 1."""
    rows = [0xA1, 0xA3, 0xA4, 0xA5, *range(0xB0, 0xD0)]
    cells = (bytes([row, cell]).decode("euc-jp", "ignore") for row in rows for cell in range(0xA1, 0xFF))
    return frozenset("".join(cells))
