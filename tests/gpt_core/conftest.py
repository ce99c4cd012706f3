"""Small vocabularies of GPT-1's and GPT-2's kinds, since the true ones are not in the project; and a limit of
time for what must not hang."""

from __future__ import annotations

import faulthandler
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from pydoc_data.topics import topics

import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, trainers


@pytest.fixture(scope="session")
def promptly() -> Callable[[], AbstractContextManager[None]]:
    """Two seconds for what is done in it, by the processor's time, which a busy machine does not use up; what
    never comes back, also out of a library, is ended after a minute, and the process with it."""

    @contextmanager
    def limited() -> Iterator[None]:
        faulthandler.dump_traceback_later(60, exit=True)
        start = time.process_time()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        assert time.process_time() - start < 2

    return limited


@pytest.fixture(scope="session")
def gpt1_folder(tmp_path_factory) -> Path:
    """vocab.json and merges.txt of some 700 tokens, learnt as GPT-1's were, with `<unk>` and `</w>`."""
    library = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    library.normalizer = normalizers.BertNormalizer(lowercase=True)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False
    )
    library.train_from_iterator([learnt_from()], trainer)
    vocabulary, merges = _model(library)
    # GPT-1's own has line ends and letters with accents, which transformers' way to make words leaves out.
    return _write(tmp_path_factory.mktemp("gpt1"), [*vocabulary, "\n</w>", "é", "é</w>"], merges)


@pytest.fixture(scope="session")
def gpt2_folder(tmp_path_factory) -> Path:
    """vocab.json and merges.txt of 700 tokens, learnt as GPT-2's were, the end of text last."""
    library = tokenizers.ByteLevelBPETokenizer()
    library.train_from_iterator([learnt_from()], vocab_size=699, min_frequency=0, show_progress=False)
    vocabulary, merges = _model(library)
    return _write(tmp_path_factory.mktemp("gpt2"), [*vocabulary, "<|endoftext|>"], merges)


def learnt_from() -> str:
    return "\n".join(topics.values())[:50_000]


def _model(library) -> tuple[list[str], list[list[str]]]:
    model = json.loads(library.to_str())["model"]
    return sorted(model["vocab"], key=model["vocab"].__getitem__), model["merges"]


def _write(folder: Path, tokens: list[str], merges: list[list[str]]) -> Path:
    vocabulary = {token: id for id, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *map(" ".join, merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return folder
