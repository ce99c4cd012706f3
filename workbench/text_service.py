"""What the window asks about a text, answered in a process of its own: that may take its time, and be killed.

See `service` for how it is asked. No Qt here, and no torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gpt_core import corpus, corpus_info, hub, text, tokenization
from gpt_core.config import from_values
from gpt_core.corpus import Corpus
from gpt_core.corpus_info import CorpusInfo
from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import Tokenizer
from gpt_core.vocabulary import Pretrained
from workbench.service import Ask, Told, as_told, serve

QUICKLY_SEEN = 2**22  # characters of a text that are looked at before it is prepared
SHOWN = 12  # of the longest and of the most frequent tokens


class TextService:
    """Answers one question after the other; holds the tokenizer that was last needed."""

    def __init__(self) -> None:
        self._made_of: object = None
        self._tokenizer: Tokenizer | None = None

    def asks(self) -> dict[str, Ask]:
        """What may be asked."""
        return {"look": self.look, "recall": self.recall, "prepare": self.prepare, "split": self.split}

    def look(self, config: dict[str, Any]) -> Iterator[Told]:
        """What can be seen of a text at once: its files, its size, its `stamp`; and of the first files the
        encoding, the characters that stand at their start, how the text begins, and from that about how many
        characters and bytes in UTF-8 the whole comes to."""
        data = from_values(config).data
        seen = text.Look()
        if not data.source.startswith(hub.PREFIX):
            seen = text.look(data.source, data.column, data.encoding, QUICKLY_SEEN)
        found = {"files": seen.files, "size": seen.bytes, "encodings": seen.encodings}
        found |= {"characters": "".join(sorted(seen.alphabet)), "start": seen.start}
        found |= {"length": round(seen.characters), "utf8": round(seen.size), "stamp": stamp(data.source)}
        yield {"answer": found}

    def recall(self, config: dict[str, Any], folder: str) -> Iterator[Told]:
        """What a text is that was prepared before: in the `folder` of a run, or, without that, in the cache.
        Nothing where it was not; the tokenizer alone where the run has no more than that."""
        wanted = from_values(config)
        if folder:
            found = {"folder": folder, **_of_run(Path(folder))}
        else:
            looked = stamp(wanted.data.source)
            entry = tokenization.remembered(wanted)
            found = {"folder": str(entry), "stamp": looked, **facts(Corpus.open(entry))} if entry else {}
        yield {"answer": found}

    def prepare(self, config: dict[str, Any]) -> Iterator[Told]:
        """Prepare a text, so that a run starts at once, and tell what it is."""
        wanted = from_values(config)
        looked = stamp(wanted.data.source)  # what comes in while it is prepared makes it another text
        steps = corpus.fill_cache(wanted)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                folder: Path = end.value
                break
            yield {"progress": {"stage": step.stage, "done": step.done, "total": step.total}}
        yield {"answer": {"folder": str(folder), "stamp": looked, **facts(Corpus.open(folder))}}

    def split(self, config: dict[str, Any], folder: str, typed: str) -> Iterator[Told]:
        """How what was typed splits: with the tokenizer of a prepared text, in its folder, or, without that,
        with GPT-1's or GPT-2's."""
        data = from_values(config).data
        made_of = folder or (data.tokenizer, data.tokenizer_path, data.cleaning)
        if self._tokenizer is None or made_of != self._made_of:
            self._tokenizer = None
            if folder:
                self._tokenizer = Tokenizer.load(Path(folder) / "tokenizer")
            else:
                kind: Pretrained = "gpt1" if data.tokenizer == "gpt1" else "gpt2"
                self._tokenizer = Tokenizer.pretrained(kind, data.tokenizer_path, data.cleaning)
            self._made_of = made_of
        found = {"pieces": split(self._tokenizer, typed), "unknown": self._tokenizer.unknown(typed)}
        yield {"answer": found}


def stamp(source: str) -> str:
    """What tells whether a text's files are still those that were seen; of a data set of the Hub none is."""
    whole = hashlib.sha256()
    for file in [] if source.startswith(hub.PREFIX) else text.files(source):
        whole.update(repr((str(file.path), file.looks)).encode())
    return whole.hexdigest()


def split(tokenizer: Tokenizer, typed: str) -> list[tuple[str, bool]]:
    """The tokens of a text as they read, and whether each is known. Those that hold parts of one character
    between them are shown together with the last of them."""
    if tokenizer.kind == "characters":
        unknown = set(tokenizer.unknown(typed))
        return [(character, character not in unknown) for character in typed]
    stream = tokenizer.stream()
    ids = [int(id) for id in tokenizer.encode(typed)]
    pieces = [(stream.step(id), id != tokenizer.unknown_token) for id in ids]
    rest = stream.finish()
    return [*pieces, (rest, True)] if rest else pieces


def _of_run(folder: Path) -> dict[str, Any]:
    """What the text of a run is; less where its tokens are gone, or were never made."""
    try:
        return facts(Corpus.open(folder))
    except GPTCoreError:
        found: dict[str, Any] = {"vocab_size": Tokenizer.load(folder / "tokenizer").vocab_size}
    try:
        return described(corpus_info.read(folder)) | found
    except GPTCoreError:
        return found


def facts(prepared: Corpus) -> dict[str, Any]:
    """What a prepared text is, for a person."""
    tokenizer = prepared.tokenizer
    counts = prepared.token_counts()
    there = np.flatnonzero(counts)
    there = there[tokenizer.token_characters[there] > 0]
    frequent = there[np.argsort(-counts[there], kind="stable")][:SHOWN]
    longest = there[np.argsort(-tokenizer.token_characters[there], kind="stable")][:SHOWN]
    return {
        **described(prepared.info),
        "frequent": [tokenizer.decode([id]) for id in frequent.tolist()],
        "longest": [tokenizer.decode([id]) for id in longest.tolist()],
    }


def described(info: CorpusInfo) -> dict[str, Any]:
    """The part of the facts that needs no tokens."""
    parts = (info.train, info.validation)
    return {
        "files": info.files,
        "encodings": dict(info.encodings),
        "documents": info.documents,  # one may be in both parts
        "train_tokens": info.train.tokens,
        "validation_tokens": info.validation.tokens,
        "bytes": sum(part.bytes for part in parts),
        "vocab_size": info.vocab_size,
        "unknown_share": info.unknown_share,
        "unknown": list(info.unknown_characters),
        "notices": [as_told(notice) for notice in info.notices()],
    }


if __name__ == "__main__":
    serve(TextService().asks())
