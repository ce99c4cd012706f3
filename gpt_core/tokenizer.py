"""Text to tokens and back, with the tokenizers library, saved in Hugging Face format.

Four kinds. "characters" has one token for each character of the text it was made from. "bpe" is GPT-2's
byte-level byte-pair encoding, trained on the text, which can write anything; "gpt2" is the one that GPT-2 was
trained with (pairs: "Neural Machine Translation of Rare Words with Subword Units", Sennrich et al., 2015).
"gpt1" is GPT-1's: words and signs in lower case, of which byte-pair encoding makes tokens, and `<unk>` for
each character it has none for; see `gpt_core.cleaning` for its two ways to make words of a text.

`<|endoftext|>` stands between documents; GPT-1 has none. It and `<unk>`, typed in a text or a prompt, are
ordinary characters, as anyone may write them.

A tokenizer is its vocabulary (see `gpt_core.vocabulary`) and nothing else: the library's object is always
made from that, when it is loaded too, so a damaged file cannot bring in a setting that no one chose.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import tokenizers
from numpy.typing import NDArray
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, trainers

from gpt_core.cleaning import Begun, OriginalCleaning
from gpt_core.disk import write_atomically
from gpt_core.vocabulary import (
    END_OF_TEXT,
    END_OF_WORD,
    OURS,
    UNKNOWN,
    Cleaning,
    Kind,
    Pretrained,
    Vocabulary,
    byte_of,
    read_pretrained,
    read_saved,
    special_token,
)

CODE_POINTS = 0x110000  # of Unicode
PIECE = 2**14  # characters that one core encodes at once: so small that the cores end together
BATCH = 2**20  # characters given to the library together: some 30 MB of its memory
# Where a text is cut, first choice first: before a space or a line end that follows something else, where no
# token of bpe, gpt2 or gpt1 reaches across; for the original cleaning after a line end.
SPACES = (re.compile(r"\S(?=[ \n])"),)
LINES = (re.compile(r"\n(?=\S)"), *SPACES)


class Tokenizer:
    """Turns text into token ids, and ids into text; see the module for the four kinds.

    `end_of_text` and `unknown_token` are the ids of `<|endoftext|>` (None for gpt1) and `<unk>` (None for all
    others). `token_bytes` and `token_characters` (V,) say how many UTF-8 bytes and how many characters each
    token stands for, so that a loss per token can be told per byte or per character. A token of bpe and gpt2
    may hold part of a character; a character counts where its first byte is. In gpt1 the end of a word counts
    as one space, whatever stood there, and `<unk>` as one byte and one character.

    `versions` names the libraries that, besides the vocabulary, decide into which tokens a text goes.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Raises cleaning_missing where the original cleaning is asked for and its packages are absent."""
        self._vocabulary = vocabulary
        self.kind: Kind = vocabulary.kind
        self.cleaning: Cleaning = vocabulary.cleaning
        tokens = vocabulary.tokens
        self.vocab_size = len(tokens)
        self.end_of_text = None if self.kind == "gpt1" else tokens.index(END_OF_TEXT)
        self.unknown_token = tokens.index(UNKNOWN) if self.kind == "gpt1" else None
        self._library = _library(vocabulary)
        self._original = OriginalCleaning() if self.cleaning == "original" else None
        self.versions = [f"tokenizers {tokenizers.__version__}"]
        self.versions += self._original.versions if self._original else []
        self._encoder = self._library
        if self._original:  # what is encoded are words, to be left as they are
            self._encoder = tokenizers.Tokenizer(self._library.model)
        if self.kind == "characters":
            known = [id for id in range(len(tokens)) if id != self.end_of_text]
            self._ids = np.full(CODE_POINTS, -1, dtype=np.int32)  # by code point; -1: no token
            self._ids[[ord(tokens[id]) for id in known]] = known
        self._bytes = list(_token_bytes(vocabulary))
        self.token_bytes: NDArray[np.int64] = np.array([len(token) for token in self._bytes], dtype=np.int64)
        self.token_characters: NDArray[np.int64] = np.array(
            [sum(byte & 0xC0 != 0x80 for byte in token) for token in self._bytes], dtype=np.int64
        )
        if self.unknown_token is not None:
            self.token_bytes[self.unknown_token] = self.token_characters[self.unknown_token] = 1

    @classmethod
    def train(
        cls, kind: Literal["characters", "bpe"], texts: Iterable[str], vocab_size: int = 0
    ) -> Tokenizer:
        """A tokenizer for these texts; the same one in whatever order they come.

        "characters": every character in them, sorted; `vocab_size` has no say. "bpe": the 256 bytes, then
        merges in the order learnt, up to `vocab_size` with the end of text, which is last; fewer, where a
        short text has no more. It learns from what stands between the cuts that `pieces` makes.
        """
        if kind == "characters":
            characters: set[str] = set()
            for text in texts:
                characters.update(_whole(text))
            return cls(Vocabulary(kind, [*sorted(characters), END_OF_TEXT]))
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
        merges = [(left, right) for left, right in model["merges"]]
        return cls(Vocabulary(kind, [*model["vocab"], END_OF_TEXT], merges))

    @classmethod
    def pretrained(cls, kind: Pretrained, path: str = "", cleaning: Cleaning = "transformers") -> Tokenizer:
        """GPT-1's or GPT-2's tokenizer, from a folder that holds its files, or from the Hugging Face Hub.

        Its size is what the files say. `cleaning` has a say in gpt1 alone. Raises GPTCoreError:
        tokenizer_missing, tokenizer_not_that_kind, tokenizer_out_of_reach, path_refused, cleaning_missing.
        """
        return cls(read_pretrained(kind, path, cleaning if kind == "gpt1" else "transformers"))

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """The tokenizer saved in a folder; raises tokenizer_damaged where there is none that can be read, and
        cleaning_missing where it needs packages that are absent."""
        return cls(read_saved(folder))

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json, which transformers' AutoTokenizer reads too.

        There it gives the same ids, save for the original cleaning, which these files cannot express.
        """
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "split_special_tokens": True,  # typed in a text, they are ordinary text there as well
            "clean_up_tokenization_spaces": False,
            OURS: {"kind": self.kind, "cleaning": self.cleaning},
        }
        if self.kind == "gpt1":
            config |= {"unk_token": UNKNOWN}
        else:  # as GPT-2 has it: one token both ends a text and begins the next
            config |= {"bos_token": END_OF_TEXT, "eos_token": END_OF_TEXT}
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "tokenizer.json", self._library.to_str(pretty=True).encode())
        write_atomically(folder / "tokenizer_config.json", json.dumps(config, indent=2).encode())

    def encode(self, text: str) -> NDArray[np.int64]:
        """The tokens of a text (n,). Characters that have none (see `unknown`) are left out, or are `<unk>`
        in gpt1. The original cleaning looks at the whole of the text it is given."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """The tokens of each text (n,), as `encode` gives them, worked out on all cores together."""
        if self.kind == "characters":
            return [self._look_up(text) for text in texts]
        return self._encode([self._parts(text) for text in texts])

    def cut(self, text: str, size: int) -> Iterator[str]:
        """A text in pieces of about `size` characters, for `encode_pieces`; see `pieces`."""
        return pieces(text, size, LINES if self._original else SPACES)

    def encode_pieces(
        self, cut: Sequence[str], ends: Sequence[bool], begun: Begun
    ) -> list[NDArray[np.int64]]:
        """The tokens of each piece (n,), together those of the texts that `cut` made pieces of.

        `ends` says of each whether its text ends there, and `begun` goes from one call to the next.
        """
        if not self._original:
            return self.encode_batch(cut)
        words = []
        for text, last in zip(cut, ends, strict=True):
            words.append(_in_parts(self._original.words(_whole(text), begun)))
            if last:
                begun.end()
        return self._encode(words)

    def _encode(self, texts: Sequence[Iterable[str | list[str]]]) -> list[NDArray[np.int64]]:
        """The tokens of texts (n,), each given in the parts that the library takes."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in texts]
        for batch in _batches(texts):
            # Without tokens of the library's own, such as a first one; and without their places in the text.
            encodings = self._encoder.encode_batch_fast(
                [part for _, part in batch],
                is_pretokenized=self._original is not None,
                add_special_tokens=False,
            )
            for (number, _), encoding in zip(batch, encodings, strict=True):
                found[number].append(np.fromiter(encoding.ids, np.int64, len(encoding)))
        return [parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in found]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some tokens; the end of text is shown as nothing, broken characters as U+FFFD, and
        what GPT-1 does not know as `<unk>`."""
        return b"".join(self._bytes[id] for id in ids).decode("utf-8", "replace")

    def stream(self) -> Stream:
        """Decodes one token at a time."""
        return Stream(self._bytes)

    def unknown(self, text: str) -> list[str]:
        """The different characters that have no token, in the order in which they first stand."""
        if self.kind == "characters":
            return [character for character in dict.fromkeys(text) if self._ids[ord(character)] < 0]
        found = set() if text.isascii() else {half for half in text if "\ud800" <= half <= "\udfff"}
        if self.kind == "gpt1":
            for part in self._parts(text):
                encoding = self._encoder.encode(
                    part, is_pretokenized=self._original is not None, add_special_tokens=False
                )
                places = zip(encoding.ids, encoding.word_ids, encoding.offsets, strict=True)
                for id, word, (start, end) in places:
                    if id == self.unknown_token:
                        found.update((part if isinstance(part, str) else part[word or 0])[start:end])
        return sorted(found, key=text.find)

    def _look_up(self, text: str) -> NDArray[np.int64]:
        """The tokens of characters: the library takes seconds for what one lookup does in no time."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        ids = self._ids[points]
        return ids[ids >= 0].astype(np.int64)

    def _parts(self, text: str) -> Iterator[str | list[str]]:
        """A text as the library is given it, in parts: pieces, or words."""
        if self._original:
            yield from _in_parts(self._original.words(_whole(text)))
        else:
            yield from pieces(_whole(text), PIECE)


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


def cleaning_difference(text: str, path: str = "") -> dict[Cleaning, list[str]]:
    """The tokens, as text, that GPT-1 makes of a text under each cleaning; `path` and errors as in
    `Tokenizer.pretrained`."""
    found: dict[Cleaning, list[str]] = {}
    for cleaning in ("transformers", "original"):
        tokenizer = Tokenizer.pretrained("gpt1", path, cleaning)
        found[cleaning] = [tokenizer.decode([id]) for id in tokenizer.encode(text)]
    return found


def pieces(text: str, size: int, edges: Sequence[re.Pattern[str]] = SPACES) -> Iterator[str]:
    """A text in pieces of `size` to twice as many characters, that encode to the same tokens as the whole,
    wherever they are cut at one of `edges`: the first that there is in the second half of a piece.

    A text with none there is cut after 2 `size` characters, and where a token of the whole would reach across
    (of bpe, gpt2 and gpt1; "characters" has none) it becomes others. The original cleaning mends wrongly
    decoded characters line by line, so in lines longer than a piece those may have other tokens too.
    """
    start = 0
    while len(text) - start > 2 * size:
        found = (edge.search(text, start + size, start + 2 * size) for edge in edges)
        end = next((edge.end() for edge in found if edge), start + 2 * size)
        yield text[start:end]
        start = end
    yield text[start:]


def _in_parts(words: list[str]) -> Iterator[list[str]]:
    """Words as many as the library is given at a time."""
    for start in range(0, max(1, len(words)), PIECE // 4):
        yield words[start : start + PIECE // 4]


def _batches(texts: Iterable[Iterable[str | list[str]]]) -> Iterator[list[tuple[int, str | list[str]]]]:
    """The parts of all texts, each with its text's number, as many as are to be encoded together."""
    batch, size = [], 0
    for number, parts in enumerate(texts):
        for part in parts:
            batch.append((number, part))
            size += len(part) if isinstance(part, str) else sum(map(len, part))
            if size >= BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs: a command line or a text field may hand over such a thing,
    and it has no bytes."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def _library(vocabulary: Vocabulary) -> tokenizers.Tokenizer:
    """The library's tokenizer: how each kind splits a text, encodes its words and joins them again."""
    ids = {token: id for id, token in enumerate(vocabulary.tokens)}
    if vocabulary.kind == "gpt1":
        model = models.BPE(ids, vocabulary.merges, unk_token=UNKNOWN, end_of_word_suffix=END_OF_WORD)
    else:
        model = models.BPE(ids, vocabulary.merges)
    library = tokenizers.Tokenizer(model)
    match vocabulary.kind:
        case "characters":  # BPE without merges: whatever is not in the vocabulary is left out
            library.decoder = decoders.Fuse()
        case "bpe" | "gpt2":
            library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
            library.decoder = decoders.ByteLevel()
        case "gpt1":
            library.normalizer = normalizers.BertNormalizer(lowercase=True)  # drops accents too
            library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
            library.decoder = decoders.BPEDecoder(suffix=END_OF_WORD)
    special = special_token(vocabulary.kind)
    library.add_special_tokens([AddedToken(special, special=True, normalized=False)])
    library.encode_special_tokens = True  # as ordinary text, that is
    return library


def _token_bytes(vocabulary: Vocabulary) -> Iterator[bytes]:
    """What each token stands for, by id."""
    for token in vocabulary.tokens:
        if token == END_OF_TEXT and vocabulary.kind != "gpt1":
            yield b""
        elif vocabulary.kind in ("bpe", "gpt2"):
            yield bytes(map(byte_of().__getitem__, token))
        else:
            yield token.replace(END_OF_WORD, " ").encode()
