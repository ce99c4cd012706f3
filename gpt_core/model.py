"""GPT-1: a decoder-only Transformer with learned positions.

Follows "Improving Language Understanding by Generative Pre-Training" (Radford et al., 2018). Modules and
parameters are named as in the notebook "GPT from scratch", so its weights load with strict=True.

`norm = "pre"` moves the layer norms before each part and adds a last one, and `initialisation = "gpt2"` makes
smaller what is added to the residual stream: "Language Models are Unsupervised Multitask Learners" (Radford
et al., 2019), GPT-2. The activation is of "Gaussian Error Linear Units" (Hendrycks and Gimpel, 2016), exact
or by that paper's approximation with tanh.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gpt_core.attention import KeyValueCache, MaskedMultiheadAttention
from gpt_core.config import ModelConfig
from gpt_core.errors import CheckpointError


class GPTDecoderLayer(nn.Module):
    """Masked self-attention, then a feed-forward network; each is added to its input and normalised."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        D = config.embedding_dim
        self.pre_norm = config.norm == "pre"
        self.maskedmultiheadattention = MaskedMultiheadAttention(
            D, config.num_heads, dropout=config.attention_dropout, bias=config.bias
        )
        self.dropout_selfattn = nn.Dropout(config.residual_dropout)
        self.layernorm_selfattn = nn.LayerNorm(D, eps=config.layer_norm_eps, bias=config.bias)
        self.ffn = nn.Sequential(
            nn.Linear(D, config.ffn_dim, bias=config.bias),
            nn.GELU(approximate="tanh" if config.activation == "gelu_tanh" else "none"),
            nn.Linear(config.ffn_dim, D, bias=config.bias),
        )
        self.layernorm_ffn = nn.LayerNorm(D, eps=config.layer_norm_eps, bias=config.bias)
        self.dropout_ffn = nn.Dropout(config.residual_dropout)

    def forward(self, x: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Hidden states (B, T, D) to hidden states (B, T, D)."""
        if self.pre_norm:
            x = x + self.dropout_selfattn(self.maskedmultiheadattention(self.layernorm_selfattn(x), cache))
            return x + self.dropout_ffn(self.ffn(self.layernorm_ffn(x)))
        x = self.layernorm_selfattn(x + self.dropout_selfattn(self.maskedmultiheadattention(x, cache)))
        return self.layernorm_ffn(x + self.dropout_ffn(self.ffn(x)))


class GPT(nn.Module):
    """The model: tokens to logits, or, with targets, to their mean loss in nats a token.

    Training goes through `forward`, so that wrappers (compile, data-parallel) see it. With `recompute` it
    keeps only each layer's input for the backward pass, and computes the rest a second time there
    (activation checkpointing: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        V, T, D = config.vocab_size, config.context_length, config.embedding_dim
        self.config = config
        self.recompute = False
        self.embedding = nn.Embedding(V, D)
        self.positional_embedding = nn.Embedding(T, D)
        self.dropout_embedding = nn.Dropout(config.embedding_dropout)
        self.decoder = nn.ModuleList([GPTDecoderLayer(config) for _ in range(config.num_layers)])
        if config.norm == "pre":
            self.layernorm_final = nn.LayerNorm(D, eps=config.layer_norm_eps, bias=config.bias)
        if not config.tied_head:
            self.linear = nn.Linear(D, V, bias=config.bias)
        if config.initialisation != "torch":
            self._initialise()

    def _initialise(self) -> None:
        """Matrices from N(0, 0.02), biases zero; "gpt2" scales what is added to the residual stream."""
        for name, parameter in self.named_parameters():
            if parameter.dim() < 2:  # biases and layer norms
                (nn.init.ones_ if "layernorm" in name and name.endswith("weight") else nn.init.zeros_)(
                    parameter
                )
                continue
            std = 0.02
            if self.config.initialisation == "gpt2" and name.endswith(("out_proj.weight", "ffn.2.weight")):
                std /= math.sqrt(2 * self.config.num_layers)
            nn.init.normal_(parameter, std=std)

    def hidden(self, tokens: Tensor, cache: list[KeyValueCache] | None = None) -> Tensor:
        """Hidden states (B, T, D) of tokens (B, T); with a cache, of tokens that follow the cached ones.

        Raises ValueError where the tokens reach past the context length.
        """
        past = cache[0].length if cache else 0
        end = past + tokens.size(1)
        if end > self.config.context_length:
            raise ValueError(f"{end} tokens do not fit the context length {self.config.context_length}")
        positions = self.positional_embedding.weight[past:end]  # (T, D)
        x = self.dropout_embedding(self.embedding(tokens) + positions)  # (B, T, D)
        recompute = self.recompute and self.training and cache is None
        for index, layer in enumerate(self.decoder):
            if recompute:  # under the random state of the first time, so with the same dropout
                x = checkpoint(layer, x, use_reentrant=False)
            else:
                x = layer(x, cache[index] if cache else None)
        return self.layernorm_final(x) if self.config.norm == "pre" else x

    def head(self, hidden: Tensor) -> Tensor:
        """Logits (..., V) of hidden states (..., D)."""
        return F.linear(hidden, self.embedding.weight) if self.config.tied_head else self.linear(hidden)

    def forward(self, tokens: Tensor, targets: Tensor | None = None) -> Tensor:
        """Logits (B, T, V) of tokens (B, T); with targets (B, T), their mean cross-entropy, a scalar.

        Raises ValueError as `hidden` does.
        """
        logits = self.head(self.hidden(tokens))
        if targets is None:
            return logits
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    def new_cache(self, batch: int = 1, capacity: int | None = None) -> list[KeyValueCache]:
        """An empty key-value cache for `hidden`, one part a layer, with room for `capacity` tokens in each of
        `batch` rows; for the whole context by default."""
        config = self.config
        return [
            KeyValueCache(
                batch,
                config.num_heads,
                config.context_length if capacity is None else capacity,
                config.embedding_dim // config.num_heads,
                like=self.embedding.weight.detach(),
            )
            for _ in self.decoder
        ]

    def set_dropout(self, config: ModelConfig) -> None:
        """Take the three dropout rates of `config`; nothing else changes."""
        self.dropout_embedding.p = config.embedding_dropout
        for layer in self.decoder:
            assert isinstance(layer, GPTDecoderLayer)
            layer.maskedmultiheadattention.dropout = config.attention_dropout
            layer.dropout_selfattn.p = config.residual_dropout
            layer.dropout_ffn.p = config.residual_dropout

    def load(self, tensors: Mapping[str, Tensor], path: object, assign: bool = False) -> None:
        """Take the weights of a checkpoint, as copies or, to `assign`, themselves; CheckpointError, naming
        `path`, where they do not fit."""
        try:
            self.load_state_dict(tensors, assign=assign)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise CheckpointError("checkpoint_of_other_model", path=path, reason=reason) from error

    def parameter_count(self) -> int:
        """Number of trainable values, a tied head counted once."""
        return sum(parameter.numel() for parameter in self.parameters())
