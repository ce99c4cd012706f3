"""What a configuration comes to before anything runs: parameters, arithmetic, epochs, time. No torch.

What it takes of memory is in `gpt_core.memory`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from gpt_core.config import Config, DataConfig, ModelConfig


@dataclass(frozen=True)
class Parameters:
    """Trainable values by part; a tied head has none of its own."""

    embedding: int
    positions: int
    attention: int
    ffn: int
    norms: int
    head: int

    @property
    def total(self) -> int:
        """All of them: what `GPT.parameter_count` counts."""
        return sum(getattr(self, part.name) for part in fields(self))


def parameters(model: ModelConfig) -> Parameters:
    """How many values a model of this shape trains; `vocab_size` must be known."""
    V, T, D, F, L = (
        model.vocab_size,
        model.context_length,
        model.embedding_dim,
        model.ffn_dim,
        model.num_layers,
    )
    bias = int(model.bias)
    norms = 2 * L + (model.norm == "pre")
    return Parameters(
        embedding=V * D,
        positions=T * D,
        attention=L * (4 * D * D + bias * 4 * D),  # query, key, value and the projection back
        ffn=L * (2 * D * F + bias * (F + D)),
        norms=norms * (D + bias * D),
        head=0 if model.tied_head else V * D + bias * V,
    )


def flops_per_token(model: ModelConfig) -> int:
    """Floating-point operations to train on one token, forward and backward.

    6 N + 12 L D T, as in "PaLM" (Chowdhery et al., 2022), appendix B: each weight that multiplies takes a
    product and a sum forward and twice that backward, N counting the matrices of layers and head without
    embeddings, biases and norms; attention's two products with T positions take 4 D T forward. The causal
    mask would halve the latter, but by custom is not counted, nor what activation checkpointing does twice.
    """
    V, T, D, F, L = (
        model.vocab_size,
        model.context_length,
        model.embedding_dim,
        model.ffn_dim,
        model.num_layers,
    )
    matrices = L * (4 * D * D + 2 * D * F) + V * D
    return 6 * matrices + 12 * L * D * T


# Up to 4 passes over a text teach nearly as much as new text would, beyond some 16 hardly anything more:
# Muennighoff et al., "Scaling Data-Constrained Language Models", 2023.
MANY_EPOCHS = 16


@dataclass(frozen=True)
class Plan:
    """A run in numbers. What depends on the length of the text is None where that is not known."""

    parameters: Parameters
    flops_per_token: int
    tokens_per_step: int
    total_tokens: int  # in the whole run
    tokens_per_epoch: int | None
    steps_per_epoch: float | None
    epochs: float | None

    @property
    def total_flops(self) -> int:
        """Floating-point operations of the whole run."""
        return self.flops_per_token * self.total_tokens

    @property
    def many_epochs(self) -> bool:
        """Whether the run goes through its text so often that it is rather learnt by heart."""
        return self.epochs is not None and self.epochs > MANY_EPOCHS

    def seconds(self, tokens_per_second: float) -> float:
        """How long the run's steps take at this pace; infinite where it stands still."""
        return self.total_tokens / tokens_per_second if tokens_per_second > 0 else math.inf


def plan(config: Config, train_tokens: int | None = None) -> Plan:
    """The run that `config` describes; `model.vocab_size` must be known, `train_tokens` are the text's."""
    T = config.model.context_length
    per_step = config.train.batch_size * config.train.accumulation * T
    per_epoch = train_tokens // T * T if train_tokens else None  # in whole windows, as gpt_core.batches does
    return Plan(
        parameters=parameters(config.model),
        flops_per_token=flops_per_token(config.model),
        tokens_per_step=per_step,
        total_tokens=per_step * config.train.max_steps,
        tokens_per_epoch=per_epoch or None,
        steps_per_epoch=per_epoch / per_step if per_epoch else None,
        epochs=per_step * config.train.max_steps / per_epoch if per_epoch else None,
    )


BYTES_A_TOKEN = 4.0  # in UTF-8, of an English or Japanese text, about: bpe of 4,096 tokens made 4.1 and 4.0


def tokens_about(data: DataConfig, characters: float, size: float) -> int:
    """About how many tokens there are to train on in a text of so many characters and bytes in UTF-8."""
    tokens = characters if data.tokenizer == "characters" else size / BYTES_A_TOKEN
    return int(tokens * (1 - data.validation_fraction))


READY_MADE = {"gpt1": 40478, "gpt2": 50257}  # tokens in those models' own vocabularies
CHARACTERS = 100  # in a text of one alphabet, about


def vocabulary(config: Config) -> tuple[int, bool]:
    """The vocabulary's size as far as the configuration tells, and whether that is sure: how many characters
    a text has shows only when it is read, and a learnt vocabulary may come out smaller than was asked for."""
    if config.model.vocab_size:
        return config.model.vocab_size, True
    kind = config.data.tokenizer
    if kind in READY_MADE:
        return READY_MADE[kind], True
    return (CHARACTERS if kind == "characters" else config.data.vocab_size), False
