"""The files of tokenizers: tokens and merges read from them, and refused where they do not fit their kind.

Read are Hugging Face's tokenizer.json and the older pair of a vocabulary (JSON) and merges (text), in a run's
folder, in a folder of the user's, or in what the Hugging Face Hub has for GPT-1 and GPT-2. Nothing else in
the files is taken over: a setting that would split a text in another way than the kind does is refused.
"""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from gpt_core.errors import GPTCoreError

Kind = Literal["characters", "bpe", "gpt2", "gpt1"]
Pretrained = Literal["gpt2", "gpt1"]
Cleaning = Literal["transformers", "original"]

END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<unk>"  # of gpt1
END_OF_WORD = "</w>"  # of gpt1, after each word's last token
OURS = "gpt_workbench"  # our key in tokenizer_config.json

HUB: dict[Pretrained, str] = {"gpt2": "openai-community/gpt2", "gpt1": "openai-community/openai-gpt"}
PAIR = ("vocab.json", "merges.txt")  # Hugging Face's names
# OpenAI's own names are read as well.
PAIRS: dict[Pretrained, tuple[tuple[str, str], ...]] = {
    "gpt2": (PAIR, ("encoder.json", "vocab.bpe")),
    "gpt1": (PAIR, ("encoder_bpe_40000.json", "vocab_40000.bpe")),
}

# What a tokenizer.json must say, where it says anything; null, false and "" are all "no".
_BYTE_LEVEL: dict[str, Any] = {
    "normalizer": None,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
    "model": {"type": "BPE", "dropout": None, "ignore_merges": False, "byte_fallback": False,
              "continuing_subword_prefix": None, "end_of_word_suffix": None},
}  # fmt: skip
_SETTINGS: dict[Kind, dict[str, Any]] = {
    "characters": {
        "normalizer": None, "pre_tokenizer": None,
        "model": {"type": "BPE", "dropout": None, "byte_fallback": False, "unk_token": None},
    },
    "bpe": _BYTE_LEVEL,
    "gpt2": _BYTE_LEVEL,
    "gpt1": {
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "BPE", "dropout": None, "ignore_merges": False, "byte_fallback": False,
                  "continuing_subword_prefix": None, "end_of_word_suffix": END_OF_WORD,
                  "unk_token": UNKNOWN, "fuse_unk": False},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """What makes a tokenizer: its kind, its tokens by id, its merges in their order and its cleaning.

    Raises GPTCoreError, which is the reason, where the parts do not make a tokenizer of that kind:
    vocabulary_without_token, vocabulary_not_text, vocabulary_not_characters, vocabulary_without_words,
    vocabulary_not_bytes, merges_do_not_fit.
    """

    kind: Kind
    tokens: list[str]
    merges: list[tuple[str, str]] = field(default_factory=list)
    cleaning: Cleaning = "transformers"  # of gpt1

    def __post_init__(self) -> None:
        known, special = set(self.tokens), special_token(self.kind)
        if special not in known:
            raise GPTCoreError("vocabulary_without_token", token=special)
        known.remove(special)
        if "" in known or any(map(_surrogate, known)):
            raise GPTCoreError("vocabulary_not_text")
        if self.kind == "characters":
            if self.merges or any(len(token) != 1 for token in known):
                raise GPTCoreError("vocabulary_not_characters")
        elif self.kind == "gpt1":
            if not any(token.endswith(END_OF_WORD) for token in known):
                raise GPTCoreError("vocabulary_without_words", end=END_OF_WORD)
        elif not known.issuperset(byte_of()) or not set().union(*known).issubset(byte_of()):
            raise GPTCoreError("vocabulary_not_bytes")
        if any(not known.issuperset({left, right, left + right}) for left, right in self.merges):
            raise GPTCoreError("merges_do_not_fit")


def read_saved(folder: Path) -> Vocabulary:
    """What `Tokenizer.save` wrote to a folder; raises tokenizer_damaged where it cannot be read."""
    with _refusing("tokenizer_damaged", path=folder / "tokenizer.json"):
        content = json.loads((folder / "tokenizer.json").read_bytes())
        kind = _kind(content)
    path = folder / "tokenizer_config.json"
    with _refusing("tokenizer_damaged", path=path):
        config = json.loads(path.read_bytes()) if path.exists() or kind == "gpt1" else {}
        ours: Any = {"kind": kind, "cleaning": "transformers"}  # as before there was a choice to write down
        if OURS in config or kind == "gpt1":
            ours = config[OURS]
        if ours["kind"] not in get_args(Kind) or ours["cleaning"] not in get_args(Cleaning):
            raise GPTCoreError("tokenizer_setting_other", name=OURS, value=f"{ours!r:.80}")
    with _refusing("tokenizer_damaged", path=folder / "tokenizer.json"):
        return _from_json(content, ours["kind"], ours["cleaning"])


def read_pretrained(kind: Pretrained, path: str = "", cleaning: Cleaning = "transformers") -> Vocabulary:
    """GPT-1's or GPT-2's vocabulary from a folder, or else from the Hub's local copy, or from the Hub.

    Raises GPTCoreError: tokenizer_missing (no such files in the folder), tokenizer_not_that_kind (the files
    do not make one), tokenizer_out_of_reach (no folder was named, and there is no network), path_refused
    (the OS does not let them be read).
    """
    if path:
        folder = Path(path).expanduser()
        names = next((names for names in _choices(kind) if _holds(folder, names)), None)
        if names is None:
            known = ", or ".join(" and ".join(names) for names in _choices(kind))
            raise GPTCoreError(
                "tokenizer_missing", field="data.tokenizer_path", path=path, kind=kind, known=known
            )
        files = [folder / name for name in names]
    else:
        files = _from_hub(kind)
    values = {"field": "data.tokenizer_path", "path": files[0].parent, "kind": kind}
    with _refusing("tokenizer_not_that_kind", **values):
        content = [file.read_bytes() for file in files]
        if len(content) == 1:
            return _from_json(json.loads(content[0]), kind, cleaning)
        return Vocabulary(kind, _tokens(json.loads(content[0])), _merges(content[1]), cleaning)


def special_token(kind: Kind) -> str:
    """The one token of a kind that stands for no text of its own."""
    return UNKNOWN if kind == "gpt1" else END_OF_TEXT


@cache
def byte_of() -> Mapping[str, int]:
    """The byte for which each character of a byte-level token stands: GPT-2's table.

    Bytes that print in Latin-1 stand for themselves, the others, in order, are U+0100 and on.
    """
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = sorted(set(range(256)) - set(printing))
    return {chr(byte): byte for byte in printing} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _choices(kind: Pretrained) -> list[tuple[str, ...]]:
    """The files, one set or the other, of which a tokenizer can be read; the first that is there is taken."""
    return [("tokenizer.json",), *PAIRS[kind]]


def _holds(folder: Path, names: tuple[str, ...]) -> bool:
    try:
        return all(stat.S_ISREG((folder / name).stat().st_mode) for name in names)
    except PermissionError as error:
        raise _closed(folder, error) from error
    except (OSError, ValueError):  # nothing there, or a name that no file can have
        return False


def local_copy(kind: Pretrained) -> list[Path]:
    """The files of the Hub's repository that were fetched before; none where they were not.

    Raises path_refused where they may be there, but cannot be read.
    """
    from huggingface_hub import constants, hf_hub_download

    for names in (PAIR, ("tokenizer.json",)):
        try:
            return [Path(hf_hub_download(HUB[kind], name, local_files_only=True)) for name in names]
        except (FileNotFoundError, NotADirectoryError):  # which the library's own error is, too
            pass
        except OSError as error:
            raise _closed(error.filename or constants.HF_HUB_CACHE, error) from error
    return []


def _closed(path: Path | str, error: OSError) -> GPTCoreError:
    reason = error.strerror or error
    return GPTCoreError("path_refused", field="data.tokenizer_path", path=path, reason=reason)


def _from_hub(kind: Pretrained) -> list[Path]:
    """The files of the Hub's repository, from the local copy where there is one."""
    from huggingface_hub import get_session, hf_hub_download, hf_hub_url

    if found := local_copy(kind):
        return found
    try:
        # Asked once: without a network a download would go on trying for half a minute.
        get_session().head(hf_hub_url(HUB[kind], PAIR[0]), timeout=10)
        return [Path(hf_hub_download(HUB[kind], name)) for name in PAIR]
    except Exception as error:  # of the network, of the library below it, or of the disk
        values = {"kind": kind, "repository": HUB[kind], "reason": error, "known": " and ".join(PAIR)}
        raise GPTCoreError("tokenizer_out_of_reach", field="data.tokenizer_path", **values) from error


@contextlib.contextmanager
def _refusing(code: str, **values: Any) -> Iterator[None]:
    """Turns whatever a damaged file leads to into an error of ours, with the reason; one of ours that is
    raised within is that reason."""
    try:
        yield
    except GPTCoreError as error:
        raise GPTCoreError(code, **values, reason=error) from error
    except OSError as error:
        raise GPTCoreError(code, **values, reason=error.strerror or error) from error
    except RecursionError as error:
        raise GPTCoreError(code, **values, reason=GPTCoreError("nested_too_deeply")) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        reason = GPTCoreError("file_not_json", reason=str(error))
        raise GPTCoreError(code, **values, reason=reason) from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise GPTCoreError(code, **values, reason=GPTCoreError("part_lacking")) from error


def _kind(content: Any) -> Kind:
    """The kind of a tokenizer.json, by how it splits a text; "bpe" for gpt2 too, which looks the same."""
    match content["pre_tokenizer"]:
        case None:
            return "characters"
        case {"type": "ByteLevel"}:
            return "bpe"
        case {"type": "BertPreTokenizer"}:
            return "gpt1"
    raise GPTCoreError("tokenizer_of_another_kind")


def _from_json(content: Any, kind: Kind, cleaning: Cleaning) -> Vocabulary:
    """The vocabulary in a tokenizer.json. The special token may stand in it, or beside it as an added one."""
    for part, wanted in _SETTINGS[kind].items():
        _require(content.get(part), wanted, part)
    vocabulary = dict(content["model"]["vocab"])
    for token in content.get("added_tokens") or []:
        if token["content"] != special_token(kind):
            raise GPTCoreError("token_added", token=f"{token['content']!r:.80}")
        if vocabulary.setdefault(token["content"], token["id"]) != token["id"]:
            raise GPTCoreError("token_with_two_ids", token=token["content"])
    merges: list[tuple[str, str]] = []
    for merge in content["model"]["merges"]:  # a pair, or both with a space between in older files
        merges.append(_pair(merge.split(" ") if isinstance(merge, str) else merge, len(merges) + 1))
    return Vocabulary(kind, _tokens(vocabulary), merges, cleaning)


def _require(found: Any, wanted: Any, name: str) -> None:
    """Raises tokenizer_part_other where a part of a tokenizer.json is set otherwise than the kind has it."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key in found:
                _require(found[key], value, f"{name}.{key}")
    elif (found or None) != (wanted or None):
        raise GPTCoreError("tokenizer_part_other", name=name)


def _tokens(ids: Any) -> list[str]:
    """The tokens in the order of their ids, which run from 0 up."""
    if any(type(id) is not int for id in ids.values()) or sorted(ids.values()) != list(range(len(ids))):
        raise GPTCoreError("ids_not_in_order")
    return sorted(ids, key=ids.__getitem__)


def _merges(content: bytes) -> list[tuple[str, str]]:
    """The merges in a merges.txt: a pair a line, below a line for the version."""
    merges = []
    for number, line in enumerate(content.decode().split("\n"), start=1):
        line = line.removesuffix("\r")
        if line and not line.startswith("#version"):
            merges.append(_pair(line.split(" "), number))
    return merges


def _pair(merge: list[str], number: int) -> tuple[str, str]:
    if len(merge) != 2:
        raise GPTCoreError("merge_not_a_pair", number=number)
    return merge[0], merge[1]


def _surrogate(token: str) -> bool:
    return not token.isascii() and any("\ud800" <= character <= "\udfff" for character in token)
