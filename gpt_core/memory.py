"""How much memory training takes at its peak, forecast from the configuration alone. No torch.

The terms are those of the code that runs: what autograd keeps in `gpt_core.model` and `gpt_core.attention`
for the backward pass, and what that pass and the update need on top. On a CPU they were checked against
torch's own count of its allocations; `tests/benchmarks/memory.py` compares the forecast with real training.
For a GPU the suite counts the bytes of every operation of a step on tensors without content, and what torch's
caching allocator reserves for them (tests/gpt_core/test_memory_reference.py).

B windows of T tokens make N = B T rows; D, F, H, L and V are the model's, as in `gpt_core.plan`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpt_core.config import Config
from gpt_core.disk import readable_size
from gpt_core.errors import GPTCoreError
from gpt_core.events import Precision
from gpt_core.plan import parameters

# What a process holds before there is a model: Python, torch, its libraries; on a GPU what the driver and
# the kernels in use keep on the card: 200 to 500 MB, by card and driver.
LOADED = {"cpu": 245_000_000, "cuda": 500_000_000, "mps": 500_000_000}
# What computing adds to that: the pages of the kernels in use, and the buffers of MKL and oneDNN; or those of
# cuBLAS, one for the forward and one for the backward pass, 8 MiB each and on Hopper 32.
WORKING = {"cpu": 95_000_000, "cuda": 50_000_000, "mps": 50_000_000}
HALVED = 25_000_000  # and the kernels of half precision on a CPU, made as they are needed
# Bytes held for each one in use. A CPU's malloc keeps freed blocks below LARGE bytes in a heap, in which
# holes come about, more of them where gradients stay among the activations from one batch of a step to the
# next; with activation checkpointing `hardware.spare_memory` gives blocks back. A GPU's allocator keeps what
# it once reserved; what layers keep is alike and fits where it was before, but gradients and moments come to
# lie where logits must go again: in a simulation of torch's 1.1 to 1.5, without a rule by which to tell.
HOLES, HOLES_ACCUMULATING, HOLES_SPARED, HOLES_GPU = 1.25, 1.5, 1.05, 1.25
LARGE = 32 * 2**20
FLOAT, HALF = 4, 2  # bytes of a float32, and of a bf16 or fp16
MOST = 65536  # windows in a batch, and batches in a step, that the configuration allows
WRITTEN_OUT = 256  # tokens: `gpt_core.attention.SHORT`, which would load torch


@dataclass(frozen=True)
class Memory:
    """Bytes by part, each at its largest, and the `peak` of all: no more than their sum, since the gradients
    come as the activations go. `working` is what is there only in passing when the peak is, and the holes
    that the allocator then holds; `runtime` is what the process takes beside the tensors."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    working: int
    runtime: int
    peak: int


def forecast(config: Config, precision: Precision, device: str) -> Memory:
    """The memory that training takes; `model.vocab_size` must be known.

    On a CPU the peak is that of the whole process's resident memory, on a GPU of what is taken of its own.
    """
    kind = device.split(":")[0]
    weights = gradients = FLOAT * parameters(config.model).total
    moments = 2 * weights
    logits = 3 * FLOAT * _rows(config) * config.model.vocab_size  # see `_times`
    kept = _kept(config, precision, kind)
    lasting, passing = max(_times(config, precision, kept, gradients, logits).values(), key=sum)
    held = _with_holes(config, kind, lasting + passing, kept.all, logits)
    runtime = LOADED[kind] + WORKING[kind] + (HALVED if _is_half(precision) and kind == "cpu" else 0)
    return Memory(
        weights=weights,
        gradients=gradients,
        optimizer=moments,
        activations=kept.all + kept.again,
        logits=logits,
        working=held - lasting,
        runtime=runtime,
        peak=runtime + weights + moments + held,
    )


def _rows(config: Config) -> int:
    return config.train.batch_size * config.model.context_length


def _is_half(precision: Precision) -> bool:
    return precision in ("bf16", "fp16")


@dataclass(frozen=True)
class _Kept:
    """Bytes that are kept for the backward pass; where matrices are multiplied in half precision, with the
    copies of them that autocast makes."""

    all: int  # what the layers keep, and the `tail`
    tail: int  # what the rest keeps, logits apart
    layer: int  # what one layer keeps while the backward pass goes through it
    again: int  # that once more, as it is computed again with activation checkpointing, or 0
    attention: int  # what one layer needs at most in attention
    layer_copies: int  # of the matrices, where autocast forgets them only as the forward pass ends
    head_copy: int


def _kept(config: Config, precision: Precision, kind: str) -> _Kept:
    model, N = config.model, _rows(config)
    D, F, L, V = model.embedding_dim, model.ffn_dim, model.num_layers, model.vocab_size
    c, half = _bytes_multiplied(precision), _is_half(precision)
    copy = HALF * (4 * D * D + 2 * D * F) if half else 0  # of the matrices of attention and FFN
    layer, attention = _kept_by_a_layer(config, precision, kind, N)
    layer += copy
    tail = N * (c * D + 24)  # the head's input, its indices, a norm's means
    tail += FLOAT * N * D if model.norm == "pre" else 0  # the last norm's input
    tail += N * D * (1 if kind == "cuda" else 4) if model.embedding_dropout else 0  # what was dropped
    again = layer_copies = 0
    each = layer
    if config.train.activation_checkpointing:
        each = FLOAT * N * D  # a layer's input, which, unless it was made half, is not kept a second time
        layer = again = layer - (0 if half and model.norm == "post" else each)
        layer_copies = L * copy
    return _Kept(
        all=L * each + tail,
        tail=tail,
        layer=layer,
        again=again,
        attention=attention,
        layer_copies=layer_copies,
        head_copy=HALF * V * D if half else 0,
    )


def _times(
    config: Config, precision: Precision, kept: _Kept, gradients: int, logits: int
) -> dict[str, tuple[int, int]]:
    """When the peak can be: what of the parts is there then, and what is only in passing. What is there all
    the time, the weights and the optimizer's moments, is not in it.

    `logits` are log-probabilities, their gradient, and from both the logits' own gradient.
    """
    model, N = config.model, _rows(config)
    D, F, V = model.embedding_dim, model.ffn_dim, model.vocab_size
    c = _bytes_multiplied(precision)
    embedding = FLOAT * V * D
    matrices = FLOAT * (4 * D * D + 2 * D * F)  # of one layer
    values = FLOAT * N * D  # that go from layer to layer
    inner = c * N * F  # in the middle of an FFN
    earlier = gradients if config.train.accumulation > 1 else 0  # of micro-batches before this one
    # The logits, in half precision a float32 copy of them, and the log-probabilities.
    loss = N * V * (HALF + 2 * FLOAT if _is_half(precision) else 2 * FLOAT)
    through_ffn = inner + 2 * values + FLOAT * D * F
    through_attention = kept.attention - 2 * inner - 2 * values  # what the FFN kept is gone by then
    through_layer = max(through_ffn, through_attention)
    others = gradients - embedding - matrices  # all gradients but those still to come
    more_embeddings = int(model.tied_head) + int(earlier > 0)  # the head's, and that of earlier micro-batches
    return {
        "end of the forward pass": (kept.all + loss + earlier, kept.layer_copies + kept.head_copy),
        "backward through the loss": (kept.all + logits + earlier, kept.head_copy),
        "backward through the last layer": (kept.all + kept.again + max(earlier, embedding), through_layer),
        "backward through the first layer": (kept.tail + kept.layer + max(earlier, others), through_layer),
        "backward through the embedding": (gradients, more_embeddings * embedding + values),
        "update": (gradients, 0),
    }


def _with_holes(config: Config, kind: str, used: int, kept: int, logits: int) -> int:
    """What the allocator holds for `used` bytes that come and go, among them at most `kept` and `logits`."""
    if kind != "cpu":
        alike = min(kept, used)
        return round(alike * HOLES_SPARED + (used - alike) * HOLES_GPU)
    holes = HOLES_ACCUMULATING if config.train.accumulation > 1 else HOLES
    if config.train.activation_checkpointing:
        holes = HOLES_SPARED
    large = FLOAT * _rows(config) * config.model.vocab_size > LARGE
    whole = min(logits, used) if large else 0  # such blocks come from the system and go back to it
    return whole + round((used - whole) * holes)


def _bytes_multiplied(precision: Precision) -> int:
    """Bytes of a value that matrices are multiplied in; all else is float32."""
    return HALF if _is_half(precision) else FLOAT


def _kept_by_a_layer(config: Config, precision: Precision, kind: str, N: int) -> tuple[int, int]:
    """What one layer keeps of N rows for its backward pass, and what that needs at most in attention.

    The inputs of attention, projection and FFN, the queries, keys and values (6 D), the FFN before and after
    its activation (2 F); in float32 what goes into the two norms (2 D), and their means.
    """
    model = config.model
    T, D, F, H = model.context_length, model.embedding_dim, model.ffn_dim, model.num_heads
    c = _bytes_multiplied(precision)
    kept = N * (6 * c * D + 2 * c * F + 2 * 4 * D + 16)
    kept += 2 * N * D * (1 if kind == "cuda" else c) if model.residual_dropout else 0  # what was dropped
    scores = 4 * N * T * H  # an attention matrix in float32
    if kind == "cpu" and precision == "bf16" and T <= WRITTEN_OUT:
        # the softmax, it in bf16 once more and, with dropout, what was dropped
        return kept + scores * 3 // 2 + (scores if model.attention_dropout else 0), 2 * scores
    if kind == "mps" or (kind == "cpu" and model.attention_dropout):
        # scaled_dot_product_attention as the formula has it: the softmax; with dropout what was dropped and
        # what was left; queries and keys scaled, in half precision all three of them in float32
        kept += 2 * 4 * N * D if c == 4 else 3 * (4 - c) * N * D
        return kept + scores * (3 if model.attention_dropout else 1), 2 * scores
    return kept + 4 * N * H, 0  # a fused kernel keeps one sum a row


@dataclass(frozen=True)
class Proposal:
    """A way to train with as many windows a step as were asked for, and what its peak would be."""

    batch_size: int
    accumulation: int
    activation_checkpointing: bool
    precision: Precision
    peak: int

    def settings(self) -> dict[str, Any]:
        """The fields ("section.field") to set for it."""
        return {
            "train.batch_size": self.batch_size,
            "train.accumulation": self.accumulation,
            "train.activation_checkpointing": self.activation_checkpointing,
            "train.precision": self.precision,
        }


def proposal(config: Config, precision: Precision, device: str, limit: int) -> Proposal | None:
    """How to train within `limit` bytes, changing as little as will do; None where nothing fits.

    batch_size x accumulation stays what it is, so that a step sees the same windows. Only where not even
    one window at a time fits does it turn to activation checkpointing, then to half precision (bf16; a card
    without it takes fp16 for the same memory), then to both.
    """
    target = config.train.batch_size * config.train.accumulation
    batches = [target, *_divisors_below(target)]
    batches = [batch for batch in batches if batch <= MOST and target // batch <= MOST]
    halved: Precision = "bf16" if precision in ("fp32", "tf32") else precision
    for chosen in dict.fromkeys((precision, halved)):
        for recompute in dict.fromkeys((config.train.activation_checkpointing, True)):
            for batch in batches:
                changes = {
                    "batch_size": batch,
                    "accumulation": target // batch,
                    "activation_checkpointing": recompute,
                }
                peak = forecast(_with(config, changes), chosen, device).peak
                if peak <= limit:
                    return Proposal(batch, target // batch, recompute, chosen, peak)
    return None


def fault(config: Config, precision: Precision, device: str, free: int, held: int = 0) -> GPTCoreError | None:
    """What to tell where a batch will not fit into the `free` bytes of a device's memory. On a CPU that would
    be no error but the end of the process; on a GPU an error, or with some drivers a crawl.

    `held` are the bytes, not in `free`, that this process already holds for the training.
    """
    wanted, accumulation = config.train.batch_size, config.train.accumulation
    kind = device.split(":")[0]

    def needed(batch_size: int) -> int:
        # A smaller batch is to be made up for by accumulation, and that takes some memory of its own.
        batches = accumulation if batch_size == wanted else max(2, accumulation)
        smaller = _with(config, {"batch_size": batch_size, "accumulation": batches})
        found = forecast(smaller, precision, device)
        # All of `runtime` is there already in a CPU process, on a GPU not yet what computing adds.
        return found.peak - (found.runtime if kind == "cpu" else LOADED[kind]) - held

    if needed(wanted) <= free:
        return None
    fits, too_many = 1, wanted
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (middle, too_many) if needed(middle) <= free else (fits, middle)
    return GPTCoreError(
        "memory_too_small" if kind == "cpu" else "gpu_memory_too_small",
        field="train.batch_size",
        batch_size=wanted,
        needed=readable_size(needed(wanted)),
        free=readable_size(free),
        fits=fits,
        device=device,
    )


def ran_out(config: Config, precision: Precision, device: str, room: int) -> GPTCoreError:
    """What to tell where the memory ran out all the same, with the settings that will do by the forecast.

    `room` are the bytes that the process can take of the device, what its runtime takes included. Whatever
    the forecast had promised for the settings at hand, those proposed take less.
    """
    values = {"device": device, "batch_size": config.train.batch_size}
    less = min(room, forecast(config, precision, device).peak - 1)
    found = proposal(config, precision, device, less)
    if found is None or found.precision != precision:  # which cannot be changed in a run
        return GPTCoreError("out_of_memory", field="train.batch_size", **values)
    recompute = found.activation_checkpointing and not config.train.activation_checkpointing
    return GPTCoreError(
        "out_of_memory_recompute" if recompute else "out_of_memory_fits",
        field="train.batch_size",
        fits=found.batch_size,
        accumulation=found.accumulation,
        **values,
    )


def _with(config: Config, train: Mapping[str, Any]) -> Config:
    return config.model_copy(update={"train": config.train.model_copy(update=train)})


def _divisors_below(number: int) -> list[int]:
    """All smaller divisors, the largest first."""
    small = [divisor for divisor in range(1, math.isqrt(number) + 1) if number % divisor == 0]
    return sorted({*small, *(number // divisor for divisor in small)} - {number}, reverse=True)
