"""Models of Hugging Face's transformers, both ways: OpenAIGPT is our GPT with post-norm, GPT2 with pre-norm.

The two differ from ours in names, and in that their layers keep each matrix transposed (`Conv1D`). What a
configuration says that ours cannot is refused by name; nothing is taken for granted. GELU has two forms:
"gelu" is the exact one to GPT2, while the class OpenAIGPT calls the tanh approximation so (`ACT_FNS` in
modeling_openai.py), and knows no other.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from safetensors import SafetensorError

from gpt_core.checkpoint import Checkpoint
from gpt_core.config import ModelConfig, from_values
from gpt_core.disk import require_space, unfinished, write_error
from gpt_core.errors import GPTCoreError
from gpt_core.foreign import Foreign, first_line, fitting, read_tensors, shapes
from gpt_core.tokenizer import Tokenizer
from gpt_core.vocabulary import Pretrained

CONFIG, WEIGHTS, INDEX, PICKLE = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
)
DOWNLOADED = (CONFIG, WEIGHTS, INDEX, "model-*.safetensors", "tokenizer*.json", "vocab.json", "merges.txt")

LAYER = {  # our names within a layer and theirs, the same in both classes
    "maskedmultiheadattention.in_proj_": "attn.c_attn.",
    "maskedmultiheadattention.out_proj.": "attn.c_proj.",
    "layernorm_selfattn.": "ln_1.",
    "ffn.0.": "mlp.c_fc.",
    "ffn.2.": "mlp.c_proj.",
    "layernorm_ffn.": "ln_2.",
}
HEAD = "lm_head.weight"
# Causal masks and positions, which older versions saved with the weights.
BUFFERS = re.compile(r"transformer\.(h\.\d+\.attn\.(bias|masked_bias)|position_ids)")


@dataclass(frozen=True)
class Family:
    """One of the two classes: what it calls things, and what it must say to be a model of ours."""

    tokenizer: Pretrained
    model_type: str
    architecture: str
    norm: Literal["post", "pre"]
    activation: str  # the setting's name
    activations: Mapping[str, str]  # its values and ours; the first for each of ours is written
    outside: Mapping[str, str]  # names outside the layers, ours and theirs
    must_be: Mapping[str, Any]


GPT1 = Family(
    tokenizer="gpt1",
    model_type="openai-gpt",
    architecture="OpenAIGPTLMHeadModel",
    norm="post",
    activation="afn",
    activations={"gelu": "gelu_tanh"},
    outside={"embedding.": "tokens_embed.", "positional_embedding.": "positions_embed."},
    must_be={},
)
GPT2 = Family(
    tokenizer="gpt2",
    model_type="gpt2",
    architecture="GPT2LMHeadModel",
    norm="pre",
    activation="activation_function",
    activations={
        "gelu": "gelu",
        "gelu_python": "gelu",
        "gelu_new": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "gelu_python_tanh": "gelu_tanh",
        "gelu_accurate": "gelu_tanh",
        "gelu_fast": "gelu_tanh",
    },
    outside={"embedding.": "wte.", "positional_embedding.": "wpe.", "layernorm_final.": "ln_f."},
    must_be={
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "reorder_and_upcast_attn": False,
        "add_cross_attention": False,
    },
)
FAMILIES = {family.model_type: family for family in (GPT1, GPT2)}


def _names(model: ModelConfig, family: Family) -> dict[str, str]:
    """Their name for each of our tensors; the bias of an untied head, which they have not, is left out."""
    whole = model.model_copy(update={"bias": True})  # their layers always have biases
    return {name: _theirs(name, family) for name in shapes(whole) if name != "linear.bias"}


def _theirs(name: str, family: Family) -> str:
    if name == "linear.weight":
        return HEAD
    place, table = "transformer.", family.outside
    if name.startswith("decoder."):
        _, number, name = name.split(".", 2)
        place, table = f"transformer.h.{number}.", LAYER
    ours = next(ours for ours in table if name.startswith(ours))
    return place + table[ours] + name.removeprefix(ours)


def _is_transposed(theirs: str) -> bool:
    """Whether a tensor is the matrix of one of their `Conv1D`."""
    return ".h." in theirs and theirs.endswith(".weight") and ".ln_" not in theirs


# ------------------------------------------------------------------------------------------------ Import


def download(repository: str) -> Path:
    """The folder that holds a model of the Hub: its configuration, safetensors and tokenizer, nothing else.

    Raises model_out_of_reach where there is no such model, or no way to it.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, allow_patterns=list(DOWNLOADED)))
    except Exception as error:  # of several libraries, each with errors of its own
        raise GPTCoreError("model_out_of_reach", name=repository, reason=first_line(error)) from error


def read(folder: Path) -> Foreign:
    """The model in a folder as transformers saves it: config.json and model.safetensors, whole or in parts,
    or pytorch_model.bin.

    Raises GPTCoreError: foreign_config_unreadable, foreign_kind, foreign_setting, foreign_head, ConfigError
    for sizes beyond ours, and what `read_tensors` and `fitting` tell.
    """
    family, model = _settings(folder)
    shape = from_values({"model": model}).model
    names = _names(shape, family)
    held = _weights(folder)
    path = folder / WEIGHTS
    ours = shapes(shape)
    wanted = {theirs: ours[name][:: -1 if _is_transposed(theirs) else 1] for name, theirs in names.items()}
    if shape.tied_head and HEAD in held:
        wanted[HEAD] = ours["embedding.weight"]
    fit = fitting(held, wanted, path)
    if shape.tied_head and HEAD in fit and not torch.equal(fit[HEAD], fit[names["embedding.weight"]]):
        raise GPTCoreError("foreign_head", path=path, name=HEAD)
    tensors = {
        name: fit[theirs].T.contiguous() if _is_transposed(theirs) else fit[theirs]
        for name, theirs in names.items()
    }
    if not shape.tied_head:
        tensors["linear.bias"] = torch.zeros(shape.vocab_size)
    return Foreign(folder, model, tensors, family.tokenizer)


def _settings(folder: Path) -> tuple[Family, dict[str, Any]]:
    """The class of a model, and the settings of [model] that its configuration comes to."""
    import transformers

    path = folder / CONFIG
    try:
        values = json.loads(path.read_bytes())
        kind = values.get("model_type")
        if kind in FAMILIES:  # what it leaves out is as the class has it
            theirs = getattr(transformers, _config_class(FAMILIES[kind])).from_dict(values)
    except OSError as error:
        raise GPTCoreError("foreign_config_unreadable", path=path, reason=error.strerror or error) from error
    except Exception as error:  # not JSON, or values that the class refuses in ways of its own
        raise GPTCoreError("foreign_config_unreadable", path=path, reason=first_line(error)) from error
    if kind not in FAMILIES:
        raise GPTCoreError("foreign_kind", path=path, kind=kind, known=", ".join(FAMILIES))
    family = FAMILIES[kind]
    for name, wanted in family.must_be.items():
        if (value := getattr(theirs, name)) != wanted:
            raise GPTCoreError("foreign_setting", path=path, name=name, value=value, known=wanted)
    activation = getattr(theirs, family.activation)
    if activation not in family.activations:
        known = ", ".join(family.activations)
        raise GPTCoreError(
            "foreign_setting", path=path, name=family.activation, value=activation, known=known
        )
    return family, {
        "vocab_size": theirs.vocab_size,
        "context_length": theirs.n_positions,
        "embedding_dim": theirs.n_embd,
        "ffn_dim": getattr(theirs, "n_inner", None) or 4 * theirs.n_embd,
        "num_heads": theirs.n_head,
        "num_layers": theirs.n_layer,
        "norm": family.norm,
        "activation": family.activations[activation],
        "tied_head": theirs.tie_word_embeddings,
        "bias": True,
        "embedding_dropout": theirs.embd_pdrop,
        "attention_dropout": theirs.attn_pdrop,
        "residual_dropout": theirs.resid_pdrop,
        "layer_norm_eps": theirs.layer_norm_epsilon,
        "initialisation": family.tokenizer,
    }


def _config_class(family: Family) -> str:
    return family.architecture.replace("LMHeadModel", "Config")


def _weights(folder: Path) -> dict[str, Any]:
    """All tensors of a model under their full names, without the buffers of older versions."""
    held: dict[str, Any] = {}
    for path in _files(folder):
        held |= read_tensors(path)
    whole = {
        name if name.startswith(("transformer.", "lm_head.")) else f"transformer.{name}": tensor
        for name, tensor in held.items()
    }
    return {name: tensor for name, tensor in whole.items() if not BUFFERS.fullmatch(name)}


def _files(folder: Path) -> list[Path]:
    """The files that hold a model's weights, the safe ones before a pickle."""
    if (folder / WEIGHTS).exists() or not (folder / INDEX).exists():
        safe = (folder / WEIGHTS).exists() or not (folder / PICKLE).exists()
        return [folder / (WEIGHTS if safe else PICKLE)]
    path = folder / INDEX
    try:
        parts = sorted(set(json.loads(path.read_bytes())["weight_map"].values()))
        if any(Path(part).name != part for part in parts):
            raise GPTCoreError("weights_unreadable", path=path, reason=GPTCoreError("outside_its_folder"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise GPTCoreError("weights_unreadable", path=path, reason=error) from error
    return [folder / part for part in parts]


# ------------------------------------------------------------------------------------------------ Export


def export(saved: Checkpoint, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a checkpoint's model and tokenizer as transformers loads them, into a new folder.

    Whole or not at all: they are written beside it first. A model without biases is one with zero biases.
    Raises GPTCoreError: not_exportable, folder_not_empty, disk_too_small, run_not_writable, no_room_to_write,
    and what the checkpoint tells.
    """
    config = from_values(saved.state()["config"]).model
    model = config.model_copy(update={"vocab_size": tokenizer.vocab_size})
    family = GPT1 if model.norm == "post" else GPT2
    if tokenizer.cleaning != "transformers":  # its files cannot say so, and the text would get other tokens
        raise _not_exportable(family, "data.cleaning", tokenizer.cleaning, "transformers")
    described = _described(model, family, tokenizer)
    held = fitting(saved.model(), shapes(model), saved.path)
    if "linear.bias" in held and held["linear.bias"].any():
        raise _not_exportable(family, "linear.bias", "not zero", 0)
    tensors = {}
    whole = shapes(model.model_copy(update={"bias": True}))
    for name, theirs in _names(model, family).items():
        tensor = held[name] if name in held else torch.zeros(whole[name])
        tensors[theirs] = tensor.T.contiguous() if _is_transposed(theirs) else tensor

    folder = folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GPTCoreError("folder_not_empty", path=folder)
    require_space(folder, sum(tensor.nbytes for tensor in tensors.values()) + 2**25)
    beside = unfinished(folder)
    try:
        shutil.rmtree(beside, ignore_errors=True)  # of an export that was killed
        beside.mkdir(parents=True)
        safetensors.torch.save_file(tensors, beside / WEIGHTS, metadata={"format": "pt"})
        for written in described:
            written.save_pretrained(beside)
        tokenizer.save(beside)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise write_error(folder, error) from error
    except SafetensorError as error:
        raise GPTCoreError("run_not_writable", path=folder, reason=error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # not there any more, if all went well


def _described(model: ModelConfig, family: Family, tokenizer: Tokenizer) -> tuple[Any, Any]:
    """The configuration and the generation configuration of transformers for a model of ours."""
    import transformers

    activations = {ours: theirs for theirs, ours in reversed(list(family.activations.items()))}
    if model.activation not in activations:
        raise _not_exportable(family, "model.activation", model.activation, ", ".join(activations))
    values: dict[str, Any] = {
        "vocab_size": model.vocab_size,
        "n_positions": model.context_length,
        "n_embd": model.embedding_dim,
        "n_layer": model.num_layers,
        "n_head": model.num_heads,
        family.activation: activations[model.activation],
        "tie_word_embeddings": model.tied_head,
        "embd_pdrop": model.embedding_dropout,
        "attn_pdrop": model.attention_dropout,
        "resid_pdrop": model.residual_dropout,
        "layer_norm_epsilon": model.layer_norm_eps,
        "bos_token_id": tokenizer.end_of_text,
        "eos_token_id": tokenizer.end_of_text,
        "architectures": [family.architecture],
        "dtype": "float32",
    }
    if model.ffn_dim != 4 * model.embedding_dim:
        if family is GPT1:
            raise _not_exportable(family, "model.ffn_dim", model.ffn_dim, 4 * model.embedding_dim)
        values["n_inner"] = model.ffn_dim
    config = getattr(transformers, _config_class(family))(**values)
    generation = transformers.GenerationConfig(
        bos_token_id=tokenizer.end_of_text, eos_token_id=tokenizer.end_of_text
    )
    return config, generation


def _not_exportable(family: Family, name: str, value: Any, known: Any) -> GPTCoreError:
    return GPTCoreError(
        "not_exportable", architecture=family.architecture, name=name, value=value, known=known
    )
