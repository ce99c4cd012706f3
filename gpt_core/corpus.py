"""Documents to token files: the text split in two, its tokenizer made, its tokens on the disk.

A run's folder gets `tokenizer/` and `tokens/`: train.bin and validation.bin, the bare token ids, to be mapped
into memory and never read whole, and corpus.json, which says what they are. All of it is made in the cache
(see `cache`), whence a run takes it: a second run on the same text starts at once. Token files beyond
256 MiB stay there, and the run says where, and with which checksums.

The text is gone through two or three times (to measure, to train bpe, to encode), a piece at a time, so that
it may be larger than the memory; what is kept of it meanwhile is 32 bytes a document.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_core import cache, corpus_info, tokenization
from gpt_core.config import Config
from gpt_core.corpus_info import PARTS, CorpusInfo
from gpt_core.disk import require_space, sha256, sync_file, sync_folder, write_error
from gpt_core.errors import GPTCoreError
from gpt_core.token_file import mapped, mode
from gpt_core.tokenization import Progress
from gpt_core.tokenizer import Tokenizer

__all__ = ["Corpus", "CorpusInfo", "Progress", "fill_cache", "is_prepared", "prepare"]

BLOCK = 2**20  # tokens counted at once


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

        Raises GPTCoreError: corpus_damaged, tokenizer_damaged, tokens_unreadable, tokens_damaged, and
        tokens_missing where the token files are neither in the folder nor where they were kept: `prepare`
        makes them again, if the text is there. Nothing is deleted, whatever a folder from elsewhere says.
        """
        info = corpus_info.read(folder)
        tokenizer = Tokenizer.load(folder / "tokenizer")
        path = folder / "tokenizer" / "tokenizer.json"
        if (tokenizer.kind, tokenizer.vocab_size) != (info.tokenizer, info.vocab_size):
            raise GPTCoreError("corpus_damaged", path=path)
        if verify and sha256(path) != info.tokenizer_sha256:
            raise GPTCoreError("corpus_damaged", path=path)
        train, validation = (_tokens(folder, info, part, verify) for part in PARTS)
        return cls(tokenizer, train, validation, info)

    def passage(self, tokens: int, place: float) -> str:
        """At most so many tokens of the validation part, as text: a passage that training never sees, from a
        place between 0, its beginning, and 1, its end; from the beginning of a line where that is near."""
        start = int(place * max(0, len(self.validation) - tokens))
        text = self.tokenizer.decode(self.validation[start : start + tokens].tolist())
        text = text.strip("\ufffd")  # a character that was cut in two
        lines = text.partition("\n")[2]
        return lines if len(lines) > len(text) // 2 else text

    def token_counts(self) -> NDArray[np.int64]:
        """How often each token stands in the whole text (V,)."""
        counts = np.zeros(self.tokenizer.vocab_size, dtype=np.int64)
        for part in (self.train, self.validation):
            for start in range(0, len(part), BLOCK):
                counts += np.bincount(part[start : start + BLOCK], minlength=len(counts))
        return counts


def is_prepared(folder: Path, config: Config | None = None) -> bool:
    """Whether a run's folder holds, or knows where to find, a text that was prepared to the end; with
    `config`, by what that says in [data]."""
    try:
        info = corpus_info.read(folder)
        if config is not None and not _same_data(info.asked, _asked(config)):
            return False
        return all(_token_file(folder, info, part) for part in PARTS) and _has_tokenizer(folder)
    except GPTCoreError as error:
        # What is damaged was prepared: opening it says so. What is missing can be made again.
        return error.code != "tokens_missing" and _is_described(folder)


def _token_file(folder: Path, info: CorpusInfo, part: str) -> Path:
    """Where a token file is: in the run, where it was kept, or, by the same name, in the cache of today.

    Raises tokens_missing, and tokens_unreadable where the OS does not let it be seen.
    """
    places = [folder]
    if info.kept:
        places += [Path(info.kept), cache.entry(Path(info.kept).name)]
    paths = [place / "tokens" / f"{part}.bin" for place in places]
    for path in paths:
        if stat.S_ISREG(mode(path)):
            return path
    raise GPTCoreError("tokens_missing", field="data.source", path=paths[-1], source=info.source)


def _tokens(folder: Path, info: CorpusInfo, part: str, verify: bool) -> NDArray[np.unsignedinteger]:
    path = _token_file(folder, info, part)
    try:
        return mapped(path, getattr(info, part), info.dtype, verify)
    except GPTCoreError as error:
        entry = path.parent.parent
        if entry == folder or error.code != "corpus_damaged":
            raise
        # What this folder says may be untrue: whether an entry of the cache is damaged, it says itself.
        gone = cache.is_entry(entry) and not tokenization.sound(entry.name, verify=True)
        code = "tokens_missing" if gone else "tokens_damaged"
        raise GPTCoreError(code, field="data.source", path=path, source=info.source) from error


def _has_tokenizer(folder: Path) -> bool:
    return (folder / "tokenizer" / "tokenizer.json").is_file()


# ---------------------------------------------------------------------------------------------- Preparing


def prepare(config: Config, folder: Path, anew: bool = False) -> Iterator[Progress]:
    """Read the text of a configuration, make its tokenizer, and put both into a run's folder.

    Where the folder has a tokenizer already, as an imported model's does, that one is used. A run whose token
    files are gone gets them again, if the text still gives the same, split as it was; tokens made by other
    settings in [data] are replaced only with `anew`, which is for a run that has not trained on them.
    A generator: to cancel, close it; nothing of it then looks whole, and the next call begins anew.

    Raises GPTCoreError: those of `text.files`, `formats.Reader`, `hub.fetch` and `Tokenizer.pretrained`,
    text_empty, text_changed, text_too_short, validation_too_short, text_differs, disk_too_small,
    no_room_to_write, run_not_writable.
    """
    own = folder / "tokenizer" if _has_tokenizer(folder) else None
    if _is_described(folder):
        before = corpus_info.read(folder).asked
        if _same_data(before, _asked(config)):
            config = config.replace({"train.seed": before["seed"]})
    with cache.workplace(folder) as place:
        entry = yield from tokenization.prepared(config, own, place, folder)
        info = replace(corpus_info.read(entry), source=config.data.source, asked=_asked(config))
        if error := info.fault(config.model.context_length):
            raise error
        _install(entry, info, folder, anew)


def discard_unfit(config: Config, folder: Path) -> None:
    """Take the text out of the folder of a run that has not trained yet, if it was not prepared to the end,
    or by other settings than these: run.toml may have been edited since."""
    with contextlib.suppress(GPTCoreError):  # what is damaged is told when it is opened
        if is_prepared(folder) and corpus_info.read(folder).asked == _asked(config):
            return
        for name in ("tokens", "tokenizer"):
            shutil.rmtree(folder / name, ignore_errors=True)


def _asked(config: Config) -> dict[str, Any]:
    return {**config.data.model_dump(), "seed": config.train.seed}


def _same_data(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two texts were asked for by the same settings but for the seed, which only splits them."""
    return {**one, "seed": None} == {**other, "seed": None}


def _is_described(folder: Path) -> bool:
    return (folder / "tokens" / "corpus.json").is_file()


def fill_cache(config: Config) -> Generator[Progress, None, Path]:
    """Prepare a text without a run, however short it is; returns its folder in the cache, for `Corpus.open`.

    Raises what `prepare` does, text_too_short and validation_too_short apart.
    """
    with cache.workplace(cache.folder()) as place:
        found = yield from tokenization.prepared(config, None, place)
        if found == place:  # which goes: something holds what is damaged in the place of this one
            raise write_error(place, OSError(errno.EBUSY, os.strerror(errno.EBUSY)))
        return found


def _install(entry: Path, info: CorpusInfo, folder: Path, anew: bool) -> None:
    """Put a prepared text into a run's folder. The tokenizer comes last: without one there is no prepared
    text, and where it was there before, corpus.json says whether the text is."""
    tokens = folder / "tokens"
    own = _has_tokenizer(folder)
    if _is_described(folder):
        before = corpus_info.read(folder)
        if anew and not _same_data(before.asked, info.asked):
            shutil.rmtree(tokens)
        elif before.fingerprint[:2] != info.fingerprint[:2]:
            raise GPTCoreError("text_differs", field="data.source", source=info.source)
    names = [f"{part}.bin" for part in PARTS]
    size = sum((entry / "tokens" / name).stat().st_size for name in names)
    kept = str(entry) if size > tokenization.IN_RUN and cache.is_entry(entry) else ""
    tokenizer = (folder if own else entry) / "tokenizer" / "tokenizer.json"
    info = replace(info, kept=kept, tokenizer_sha256=sha256(tokenizer))
    try:
        tokens.mkdir(parents=True, exist_ok=True)
        if not kept:
            for name in names:
                _link(entry / "tokens" / name, tokens / name)
        corpus_info.write(folder, info)
        if not own:
            beside = folder / ".tokenizer.partial"
            for left in (beside, folder / "tokenizer"):
                shutil.rmtree(left, ignore_errors=True)
            shutil.copytree(entry / "tokenizer", beside)
            for path in beside.iterdir():
                sync_file(path)
            sync_folder(beside)
            os.replace(beside, folder / "tokenizer")
            sync_folder(folder)
    except OSError as error:
        raise write_error(folder, error) from error


def _link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy where the file system has no such thing."""
    beside = target.with_name(f"{target.name}.partial")
    beside.unlink(missing_ok=True)
    try:
        os.link(source, beside)
    except OSError:
        require_space(target.parent, source.stat().st_size)
        shutil.copyfile(source, beside)
        sync_file(beside)
    os.replace(beside, target)
    sync_folder(target.parent)
