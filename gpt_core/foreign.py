"""Models trained elsewhere: their weights read with care, and made a run of ours.

A file from elsewhere is not trusted: of pickles only those are read that hold nothing but tensors, and every
tensor is looked for by its name, its shape and its values checked. `gpt_core.notebook` and
`gpt_core.huggingface` know what the models of their kind look like; what they find is a `Foreign`.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from gpt_core import checkpoint
from gpt_core.config import Config, ModelConfig, from_values
from gpt_core.errors import GPTCoreError
from gpt_core.fork import at_the_start
from gpt_core.model import GPT
from gpt_core.run import Run, create
from gpt_core.tokenizer import Tokenizer
from gpt_core.vocabulary import OURS, Cleaning, Pretrained

FREE = ("embedding_dropout", "attention_dropout", "residual_dropout", "initialisation")  # not in the weights
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Foreign:
    """A model trained elsewhere, in our names and in float32: the settings of [model] that it has, of which
    those in `free` may be others all the same, and the tokenizer it came with, where that is known."""

    path: Path
    model: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    tokenizer: Pretrained | None
    free: tuple[str, ...] = FREE
    notes: tuple[GPTCoreError, ...] = ()  # what was assumed, for the person to know


def read_tensors(path: Path) -> dict[str, Any]:
    """What a file of weights holds: safetensors, or what torch.save wrote, read with weights_only.

    Raises GPTCoreError: weights_refused for a pickle with anything else in it, weights_unreadable.
    """
    try:
        if path.suffix == ".safetensors":
            return dict(safetensors.torch.load_file(path))
        with warnings.catch_warnings(action="ignore"):  # about pickles of other versions
            held = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise GPTCoreError("weights_unreadable", path=path, reason=first_line(error)) from error
    except Exception as error:  # of a file that is none of torch's, the unpickler says whatever comes to it
        reason: str | GPTCoreError = first_line(error)
        if path.suffix != ".safetensors":
            with path.open("rb") as file:
                pickled = file.read(2) in (b"PK", b"\x80\x02")  # as torch.save writes, now and long ago
            if pickled and isinstance(error, pickle.UnpicklingError):
                raise GPTCoreError("weights_refused", path=path) from error
            reason = reason if pickled else GPTCoreError("not_weights")
        raise GPTCoreError("weights_unreadable", path=path, reason=reason) from error
    if not isinstance(held, dict):
        raise GPTCoreError("weights_unreadable", path=path, reason=type(held).__name__)
    return {str(name): tensor for name, tensor in held.items()}


def first_line(error: Exception) -> str:
    """The beginning of what a library says, which may go on for pages."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def fitting(held: Mapping[str, Any], wanted: Mapping[str, tuple[int, ...]], path: Path) -> dict[str, Tensor]:
    """The tensors of the `wanted` shapes, by name, in float32 and in memory of their own.

    Raises GPTCoreError: weights_lack, weights_of_other_shape, weights_not_finite, weights_too_many.
    """
    for name in held:
        if name not in wanted:
            raise GPTCoreError("weights_too_many", path=path, name=name)
    fit = {}
    for name, shape in wanted.items():
        tensor = held.get(name)
        if not isinstance(tensor, Tensor) or not _is_plain(tensor):
            raise GPTCoreError("weights_lack", path=path, name=name)
        if tuple(tensor.shape) != shape:
            found = list(tensor.shape)
            raise GPTCoreError(
                "weights_of_other_shape", path=path, name=name, found=found, wanted=list(shape)
            )
        if not torch.isfinite(tensor).all():
            raise GPTCoreError("weights_not_finite", path=path, name=name)
        fit[name] = tensor.to(torch.float32, copy=True).contiguous()
    return fit


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor has its numbers at hand, as a row of floating-point numbers that all can be computed
    with: one that is sparse, of no device or of eight bits is not such."""
    return tensor.layout == torch.strided and tensor.device.type == "cpu" and tensor.dtype in FLOATS


def shapes(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of each tensor of our GPT with these settings; nothing is computed."""
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in GPT(model).state_dict().items()}


def find_tokenizer(
    folder: Path | None, kind: Pretrained | None, cleaning: Cleaning = "transformers"
) -> Tokenizer:
    """The tokenizer in a folder, whether we wrote it or it is of a `kind` that came with its model; without
    a folder, that kind's own. `cleaning` is how gpt1 is to prepare a text.

    Raises GPTCoreError: tokenizer_unknown, and what `Tokenizer.load` and `Tokenizer.pretrained` tell.
    """
    if folder is None:
        if kind is None:
            raise GPTCoreError("tokenizer_unknown")
        return Tokenizer.pretrained(kind, cleaning=cleaning)
    if kind is None or _is_ours(folder):
        return Tokenizer.load(folder)
    return Tokenizer.pretrained(kind, str(folder), cleaning)


def _is_ours(folder: Path) -> bool:
    """Whether `Tokenizer.save` wrote the tokenizer in a folder; GPT-2's looks much like a bpe of ours."""
    try:
        return OURS.encode() in (folder / "tokenizer_config.json").read_bytes()
    except OSError:
        return False


def make_run(
    foreign: Foreign,
    tokenizer: Tokenizer,
    changes: Mapping[str, Mapping[str, Any]],
    folder: Path | None,
    name: str,
) -> Run:
    """A new run that stands at step 0 with the weights of a model trained elsewhere.

    `changes` are other settings, by section; those that the weights have decided cannot be changed. Raises
    ConfigError, fixed_by_weights, tokenizer_of_other_model, and what `run.create` and `checkpoint.save` tell.
    """
    config = _configuration(foreign, tokenizer, changes)
    if tokenizer.vocab_size != config.model.vocab_size:
        known, found = config.model.vocab_size, tokenizer.vocab_size
        raise GPTCoreError("tokenizer_of_other_model", path=foreign.path, known=known, found=found)

    def fill(run: Run) -> None:
        tokenizer.save(run.tokenizer_folder)
        checkpoint.save(run.checkpoints_folder, 0, foreign.tensors, {}, at_the_start(config)).give()

    return create(config, folder, name, fill)


def _configuration(
    foreign: Foreign, tokenizer: Tokenizer, changes: Mapping[str, Mapping[str, Any]]
) -> Config:
    values: dict[str, dict[str, Any]] = {
        "model": dict(foreign.model),
        "data": {"tokenizer": tokenizer.kind, "cleaning": tokenizer.cleaning},
    }
    if tokenizer.kind in ("gpt1", "gpt2"):
        values["sampling"] = {"prompt": "Once upon a time"}  # to GPT-1 a line end is nothing
    decided = {f"model.{field}": value for field, value in foreign.model.items() if field not in foreign.free}
    decided |= {"data.tokenizer": tokenizer.kind, "data.cleaning": tokenizer.cleaning}
    for section, table in changes.items():
        values[section] = values.get(section, {}) | dict(table)
    config = from_values(values)
    for field, value in decided.items():
        asked = config.get(field)
        if asked != value:
            raise GPTCoreError("fixed_by_weights", field=field, path=foreign.path, found=value, asked=asked)
    return config
