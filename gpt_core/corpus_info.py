"""corpus.json: what a prepared text is, and what a person should know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from gpt_core.disk import write_atomically
from gpt_core.errors import GPTCoreError
from gpt_core.events import MANY_UNKNOWN
from gpt_core.token_file import Count, Part, unreadable
from gpt_core.vocabulary import Kind

MANY = 0.05  # of the documents: so many duplicates are worth a word
PARTS = ("train", "validation")
MANY_CHARACTERS = 1000  # different ones: more than any alphabet has, fewer than Chinese or Japanese
ENOUGH_FOR_BPE = 2_000_000  # bytes: of less text a vocabulary cannot be learnt that is worth it


@dataclass(frozen=True)
class CorpusInfo:
    """corpus.json. `split` says whether whole documents were kept for validation or the tail of the text.

    `encodings` counts the files by encoding, `duplicates` the documents that are the same as an earlier one,
    `learnt_from` the characters that bpe was trained on (0: the whole training part), and `kept` is the
    folder that holds the token files where the run does not. `asked` are the settings it was made by.
    """

    source: str
    tokenizer: Kind
    vocab_size: Count
    tokenizer_sha256: str
    dtype: Literal["uint16", "uint32"]
    split: Literal["documents", "tail"]
    train: Part
    validation: Part
    unknown_characters: tuple[str, ...]
    files: Count = 0
    documents: Count = 0
    encodings: Mapping[str, Count] = field(default_factory=dict)
    duplicates: Count = 0
    deduplicated: bool = False
    learnt_from: Count = 0
    kept: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> list[str]:
        """What tells this text from any other: the checksums of its tokens and of its tokenizer, which every
        checkpoint keeps."""
        return [self.train.sha256, self.validation.sha256, self.tokenizer_sha256]

    @property
    def unknown_share(self) -> float:
        """Share of the text without a token: of its tokens where a token says so, else of its characters."""
        parts = (self.train, self.validation)
        whole = sum(part.tokens if self.tokenizer == "gpt1" else part.characters for part in parts)
        return sum(part.unknown for part in parts) / max(1, whole)

    def notices(self) -> list[GPTCoreError]:
        """What a person should know of their text, and may want to change."""
        found = []
        parts = (self.train, self.validation)
        if self.unknown_share:
            code = "tokens_unknown" if self.tokenizer == "gpt1" else "characters_unknown"
            if self.tokenizer == "gpt1" and self.unknown_share < MANY_UNKNOWN:
                code = "few_tokens_unknown"
            share = f"{self.unknown_share:.2%}" if self.unknown_share > 1e-4 else "less than 0.01%"
            shown = " ".join(map(repr, self.unknown_characters[:10]))
            values = {"share": share, "tokenizer": self.tokenizer, "characters": shown}
            found.append(GPTCoreError(code, field="data.tokenizer", **values))
        size = sum(part.bytes for part in parts)
        if self.tokenizer == "characters" and bpe_suits(self.vocab_size, size):
            found.append(GPTCoreError("bpe_suits", field="data.tokenizer", count=f"{self.vocab_size:,}"))
        if self.tokenizer == "gpt1" and self.documents > 1:
            values = {"tokenizer": self.tokenizer, "documents": f"{self.documents:,}"}
            found.append(GPTCoreError("documents_run_together", field="data.tokenizer", **values))
        if self.duplicates > MANY * self.documents and not self.deduplicated:
            count, documents = self.duplicates, self.documents
            error = GPTCoreError("duplicates", field="data.deduplicate", count=count, documents=documents)
            found.append(error)
        return found

    def fault(self, context_length: int) -> GPTCoreError | None:
        """What to tell where a part has fewer tokens than one window of the model, and its target, needs."""
        for code, part in (("text_too_short", self.train), ("validation_too_short", self.validation)):
            if part.tokens <= context_length:
                values = {"source": self.source, "tokens": part.tokens, "needed": context_length + 1}
                return GPTCoreError(code, field="data.source", **values)
        return None


def bpe_suits(characters: int, size: int) -> bool:
    """Whether a text of `size` bytes with so many different characters is better learnt in pairs of bytes:
    most of its characters are too rare to be a token each, and it is long enough to learn pairs from."""
    return characters >= MANY_CHARACTERS and size >= ENOUGH_FOR_BPE


_INFO = TypeAdapter(CorpusInfo)


def read(folder: Path) -> CorpusInfo:
    """The description in a run's folder, or in the cache's; raises corpus_damaged where there is none that
    can be understood, tokens_unreadable where the OS does not let it be read now."""
    path = folder / "tokens" / "corpus.json"
    try:
        return _INFO.validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise GPTCoreError("corpus_damaged", path=path) from error
    except OSError as error:
        raise unreadable(path, error) from error


def write(folder: Path, info: CorpusInfo) -> None:
    """Describe the text that was prepared there; the last thing that is done."""
    write_atomically(folder / "tokens" / "corpus.json", _INFO.dump_json(info, indent=2))
