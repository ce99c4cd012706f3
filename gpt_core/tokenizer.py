"""Text to tokens and back, with the tokenizers library, saved in Hugging Face format.

Two kinds. "characters" has one token for each character of the text it was made from. "bpe" is GPT-2's
byte-level byte-pair encoding, trained on the text, which can write anything. In both, `<|endoftext|>` is the
last token and stands between documents; typed in a text or a prompt it is thirteen ordinary characters, as
anyone may write them.

A tokenizer is its kind, its vocabulary and its merges, and nothing else: the library's object is always made
from these three, when it is loaded too, so a damaged file cannot bring in a setting that no one chose.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tokenizers
from numpy.typing import NDArray
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers

from gpt_core.disk import write_atomically
from gpt_core.errors import GPTCoreError

Kind = Literal["characters", "bpe"]

END_OF_TEXT = "<|endoftext|>"
CODE_POINTS = 0x110000  # of Unicode
PIECE = 2**16  # characters that the library encodes at once: a few MB of its memory
PIECES = 16  # given to it together, to be shared among the cores


class Tokenizer:
    """Turns text into token ids, and ids into text; see the module for the two kinds.

    `token_bytes` and `token_characters` (V,) say how many UTF-8 bytes and how many characters each token
    stands for, so that a loss per token can be told per byte or per character. A token of bpe may hold part
    of a character; a character counts where its first byte is.
    """

    def __init__(self, kind: Kind, vocabulary: Sequence[str], merges: Sequence[tuple[str, str]] = ()) -> None:
        """`vocabulary` lists the tokens by id, without the end of text, which is put last."""
        self.kind: Kind = kind
        self.vocab_size = len(vocabulary) + 1
        self.end_of_text = len(vocabulary)
        ids = {token: id for id, token in enumerate([*vocabulary, END_OF_TEXT])}
        self._library = tokenizers.Tokenizer(models.BPE(vocab=ids, merges=list(merges)))
        if kind == "characters":  # BPE without merges: whatever is not in the vocabulary is left out
            self._library.decoder = decoders.Fuse()
            self._bytes = [character.encode() for character in vocabulary]
            self._ids = np.full(CODE_POINTS, -1, dtype=np.int32)  # by code point; -1: no token
            self._ids[[ord(character) for character in vocabulary]] = np.arange(len(vocabulary))
        else:
            self._library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            self._library.decoder = decoders.ByteLevel()
            self._bytes = [bytes(map(_alphabet().__getitem__, token)) for token in vocabulary]
        self._library.add_special_tokens([AddedToken(END_OF_TEXT, special=True, normalized=False)])
        self._library.encode_special_tokens = True  # as ordinary text, that is
        self._bytes.append(b"")
        self.token_bytes: NDArray[np.int64] = np.array([len(token) for token in self._bytes], dtype=np.int64)
        self.token_characters: NDArray[np.int64] = np.array(
            [sum(byte & 0xC0 != 0x80 for byte in token) for token in self._bytes], dtype=np.int64
        )

    @classmethod
    def train(cls, kind: Kind, texts: Iterable[str], vocab_size: int = 0) -> Tokenizer:
        """A tokenizer for these texts; the same one in whatever order and pieces they come.

        "characters": every character in them, sorted; `vocab_size` has no say. "bpe": the 256 bytes, then
        merges in the order learnt, up to `vocab_size` with the end of text; fewer, where a short text has no
        more.
        """
        if kind == "characters":
            characters: set[str] = set()
            for text in texts:
                characters.update(_whole(text))
            return cls(kind, sorted(characters))
        library = tokenizers.Tokenizer(models.BPE())
        library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size - 1,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=[],
            show_progress=False,
        )
        library.train_from_iterator(
            (piece for text in texts for piece in pieces(_whole(text), PIECE)), trainer
        )
        model = json.loads(library.to_str())["model"]
        return cls(kind, list(model["vocab"]), [(left, right) for left, right in model["merges"]])

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """The tokenizer saved in a folder; raises tokenizer_damaged where there is none that can be read."""
        path = folder / "tokenizer.json"
        try:
            return cls(*_read(json.loads(path.read_bytes())))
        except OSError as error:
            raise GPTCoreError("tokenizer_damaged", path=path, reason=error.strerror or error) from error
        except RecursionError as error:
            raise GPTCoreError("tokenizer_damaged", path=path, reason="nested too deeply") from error
        except ValueError as error:
            raise GPTCoreError("tokenizer_damaged", path=path, reason=error) from error

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json, which transformers' AutoTokenizer reads too."""
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": END_OF_TEXT,  # as GPT-2 has it: one token both ends a text and begins the next
            "eos_token": END_OF_TEXT,
            "split_special_tokens": True,  # typed in a text, it is ordinary text there as well
            "clean_up_tokenization_spaces": False,
        }
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "tokenizer.json", self._library.to_str(pretty=True).encode())
        write_atomically(folder / "tokenizer_config.json", json.dumps(config, indent=2).encode())

    def encode(self, text: str) -> NDArray[np.int64]:
        """The tokens of a text (n,). Characters that have none (see `unknown`) are left out."""
        if self.kind == "characters":
            # The library takes seconds for what one lookup does in no time.
            points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
            ids = self._ids[points]
            return ids[ids >= 0].astype(np.int64)
        found = []
        parts = list(pieces(_whole(text), PIECE))
        for first in range(0, len(parts), PIECES):
            batch = self._library.encode_batch_fast(parts[first : first + PIECES], add_special_tokens=False)
            found += [np.array(encoding.ids, dtype=np.int64) for encoding in batch]
        return np.concatenate(found)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some tokens; the end of text is shown as nothing, broken characters as U+FFFD."""
        return b"".join(self._bytes[id] for id in ids).decode("utf-8", "replace")

    def stream(self) -> Stream:
        """Decodes one token at a time."""
        return Stream(self._bytes)

    def unknown(self, text: str) -> list[str]:
        """The different characters that have no token, in the order in which they first stand."""
        if self.kind == "characters":
            return [character for character in dict.fromkeys(text) if self._ids[ord(character)] < 0]
        if text.isascii():
            return []
        return [character for character in dict.fromkeys(text) if "\ud800" <= character <= "\udfff"]


class Stream:
    """The text of tokens that come one by one, in whole characters: together, what `decode` makes of them."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        self._bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def step(self, id: int) -> str:
        """What can be shown after one more token: "" while a character is not whole yet."""
        return self._decoder.decode(self._bytes[id])

    def finish(self) -> str:
        """What is left when no token follows: U+FFFD for a character that never became whole, else ""."""
        return self._decoder.decode(b"", final=True)


def pieces(text: str, size: int) -> Iterator[str]:
    """A text in pieces of about `size` characters, that encode to the same tokens as the whole.

    Cut before a space or a line end that follows something else, where no token of bpe reaches across. A text
    that goes on for `size` more characters without one is cut where it stands.
    """
    start = 0
    while len(text) - start > 2 * size:
        edge = _EDGE.search(text, start + size, start + 2 * size)
        end = edge.end() if edge else start + 2 * size
        yield text[start:end]
        start = end
    yield text[start:]


_EDGE = re.compile(r"\S(?=[ \n])")


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs: a command line or a text field may hand over such a thing,
    and it has no bytes."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


@cache
def _alphabet() -> dict[str, int]:
    """The byte for which each character of a byte-level token stands: GPT-2's table.

    Bytes that print in Latin-1 stand for themselves, the others, in order, are U+0100 and on.
    """
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = sorted(set(range(256)) - set(printing))
    return {chr(byte): byte for byte in printing} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _read(saved: Any) -> tuple[Kind, list[str], list[tuple[str, str]]]:
    """Kind, vocabulary and merges from a tokenizer.json; raises ValueError where it is none of ours."""
    try:
        model, pre_tokenizer = saved["model"], saved["pre_tokenizer"]
        kind: Kind = "characters" if pre_tokenizer is None else "bpe"
        if model["type"] != "BPE" or (kind == "bpe" and pre_tokenizer["type"] != "ByteLevel"):
            raise ValueError("it is of another kind")
        vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
        ids = [model["vocab"][token] for token in vocabulary]
        merges = [(left, right) for left, right in model["merges"]]
        known = set(vocabulary)
        broken_merges = any(not known.issuperset({left, right, left + right}) for left, right in merges)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it lacks a part") from error
    if any(type(id) is not int for id in ids) or ids != list(range(len(ids))):
        raise ValueError("its ids do not run from 0 up")
    if not ids or vocabulary.pop() != END_OF_TEXT:
        raise ValueError(f"its last token is not {END_OF_TEXT}")
    if kind == "characters":
        if merges or any(len(token) != 1 or "\ud800" <= token <= "\udfff" for token in vocabulary):
            raise ValueError("its tokens are not single characters")
    elif not known.issuperset(_alphabet()) or not set().union(*vocabulary).issubset(_alphabet()):
        raise ValueError("its tokens are not made of the 256 bytes")
    if broken_merges or "" in known:
        raise ValueError("its merges do not fit its vocabulary")
    return kind, vocabulary, merges
