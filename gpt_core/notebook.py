"""The weights of the notebook "GPT from scratch", as torch.save wrote its model's state dict.

Its names are ours. The sizes are read from the tensors; what they do not tell is taken as the notebook has
it: exact GELU, post-norm, epsilon 1e-5, dropout on the residual sums alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpt_core.config import from_values
from gpt_core.errors import GPTCoreError
from gpt_core.foreign import FREE, Foreign, fitting, read_tensors, shapes
from gpt_core.vocabulary import Pretrained

WRAPPERS = ("model", "model_state_dict", "state_dict")  # how such checkpoints are commonly laid out
PREFIXES = ("_orig_mod.", "module.")  # left by torch.compile and by data-parallel training
TOKENIZERS: dict[int, Pretrained] = {50257: "gpt2", 40478: "gpt1"}  # by the size of their vocabulary
HEAD_DIM = 64  # at the notebook's 768 / 12, and in GPT-1 and GPT-2 of every size


def read(path: Path, num_heads: Any = None) -> Foreign:
    """The model in a file, .pth or .safetensors; `num_heads` is what a person knows better than the weights.

    Raises GPTCoreError: heads_unknown, ConfigError for sizes beyond ours, and what `read_tensors` and
    `fitting` tell.
    """
    held = _plain(read_tensors(path))
    vocab_size, width = _size(held, "embedding.weight", path)
    context_length, _ = _size(held, "positional_embedding.weight", path)
    ffn_dim, _ = _size(held, "decoder.0.ffn.0.weight", path)
    numbers = [found[1] for name in held if (found := re.match(r"decoder\.(\d{1,9})\.", name))]
    notes: tuple[GPTCoreError, ...] = ()
    if num_heads is None:
        if width % HEAD_DIM:
            raise GPTCoreError("heads_unknown", field="model.num_heads", path=path, embedding_dim=width)
        num_heads = width // HEAD_DIM
        notes = (GPTCoreError("heads_assumed", field="model.num_heads", num_heads=num_heads),)
    model = {
        "vocab_size": vocab_size,
        "context_length": context_length,
        "embedding_dim": width,
        "ffn_dim": ffn_dim,
        "num_heads": num_heads,
        "num_layers": 1 + max(map(int, numbers)),
        "norm": "post",
        "activation": "gelu",
        "tied_head": "linear.weight" not in held,
        "bias": True,
        "embedding_dropout": 0.0,
        "attention_dropout": 0.0,
        "residual_dropout": 0.1,
        "layer_norm_eps": 1e-5,
        "initialisation": "torch",
    }
    wanted = shapes(from_values({"model": model}).model)
    if "linear.weight" in held and "linear.bias" not in held:
        held["linear.bias"] = torch.zeros(vocab_size)
    tensors = fitting(held, wanted, path)
    free = (*FREE, "num_heads", "activation", "layer_norm_eps")
    return Foreign(path, model, tensors, TOKENIZERS.get(vocab_size), free, notes)


def _plain(held: dict[str, Any]) -> dict[str, Any]:
    """The state dict itself, out of what it may lie in, under its plain names."""
    for wrapper in WRAPPERS:
        if isinstance(held.get(wrapper), dict):
            held = held[wrapper]
            break
    for _ in PREFIXES:
        for prefix in PREFIXES:
            if held and all(str(name).startswith(prefix) for name in held):
                held = {str(name).removeprefix(prefix): tensor for name, tensor in held.items()}
    return {str(name): tensor for name, tensor in held.items()}


def _size(held: Mapping[str, Any], name: str, path: Path) -> tuple[int, int]:
    """Rows and columns of a matrix from which a size is read."""
    tensor = held.get(name)
    if not isinstance(tensor, Tensor) or tensor.dim() != 2:
        raise GPTCoreError("weights_lack", path=path, name=name)
    return tensor.size(0), tensor.size(1)
