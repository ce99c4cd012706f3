"""The memory forecast for a GPU against a count of the bytes of each operation, without a GPU.

Real training steps run on tensors without content (torch's FakeTensorMode), and each storage counts from the
operation that makes it until nothing refers to it any more. They lie on a "CPU" that takes CUDA's kernels: of
attention the fused ones, of dropout the one that keeps a mask of a byte a value. What torch's allocator would
reserve for that order of requests is computed by the rules of its source (c10/cuda/CUDACachingAllocator.cpp).

Without content there is no number to be read: so these steps also show that nothing in them waits for one.
"""

import weakref
from bisect import bisect_left, insort
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gpt_core import attention, hardware, memory, trainer
from gpt_core.config import Config
from gpt_core.corpus import Corpus
from gpt_core.events import Resolved, StepDone
from gpt_core.model import GPT
from gpt_core.trainer import Trainer

MIB = 2**20


class Requests(TorchDispatchMode):
    """Notes each block of memory that operations take and give back, as (number, bytes) and (number, 0)."""

    def __init__(self):
        super().__init__()
        self.order, self.known = [], {}
        self.live = self.peak = self.count = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage())
        return result

    def _note(self, storage):
        known = self.known.get(id(storage))
        if storage.nbytes() == 0 or (known is not None and known() is storage):
            return
        self.count += 1
        number, size = self.count, -(-storage.nbytes() // 512) * 512

        def gone(_):
            self.live -= size
            self.order.append((number, 0))

        self.known[id(storage)] = weakref.ref(storage, gone)
        self.order.append((number, size))
        self.live += size
        self.peak = max(self.peak, self.live)


class Block:
    def __init__(self, segment, start, size):
        self.segment, self.start, self.size = segment, start, size
        self.free, self.before, self.after = True, None, None


def reserved(requests):
    """The bytes that torch's caching allocator holds of the device at the end of these requests."""
    pools, used = {True: [], False: []}, {}
    total = segments = 0

    def put(block, small):
        insort(pools[small], (block.size, block.segment, block.start, block))

    def take(block, small):
        pools[small].remove((block.size, block.segment, block.start, block))

    for number, size in requests:
        if size:
            small = size <= MIB
            at = bisect_left(pools[small], (size,))
            if at < len(pools[small]):
                block = pools[small].pop(at)[3]
            else:
                segment = (
                    2 * MIB if small else 20 * MIB if size < 10 * MIB else -(-size // (2 * MIB)) * 2 * MIB
                )
                total, segments = total + segment, segments + 1
                block = Block(segments, 0, segment)
            if block.size - size >= (512 if small else MIB + 1):
                rest = Block(block.segment, block.start + size, block.size - size)
                rest.before, rest.after = block, block.after
                if block.after:
                    block.after.before = rest
                block.size, block.after = size, rest
                put(rest, small)
            block.free, used[number] = False, (block, small)
            continue
        block, small = used.pop(number)
        block.free = True
        if block.before and block.before.free:
            take(block.before, small)
            block.start, block.size = block.before.start, block.size + block.before.size
            block.before = block.before.before
            if block.before:
                block.before.after = block
        if block.after and block.after.free:
            take(block.after, small)
            block.size, block.after = block.size + block.after.size, block.after.after
            if block.after:
                block.after.before = block
        put(block, small)
    return total


def fused_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False):
    """What scaled_dot_product_attention takes on a card: FlashAttention in half precision, else the
    memory-efficient kernel."""
    if query.dtype == torch.float32:
        efficient = torch.ops.aten._scaled_dot_product_efficient_attention
        return efficient(query, key, value, None, True, dropout_p, is_causal)[0]
    return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value, dropout_p, is_causal)[0]


def fused_dropout(x, p=0.5, training=True, inplace=False):
    return torch.native_dropout(x, p, True)[0] if training and p > 0 else x


@contextmanager
def cuda_kernels():
    """Real steps, but for the kernels that a GPU would take, and for figures that no one can read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention.F, "scaled_dot_product_attention", fused_attention)
        patch.setattr(attention.F, "dropout", fused_dropout)
        patch.setattr(attention, "SHORT", 0)
        patch.setattr(hardware, "spare_memory", lambda spare: None)
        patch.setattr(trainer, "_told", lambda it: StepDone(it.step, 1.0, it.rate, 1.0, it.tokens, 1.0))
        patch.setattr(GPT, "to", lambda self, device: self)
        with FakeTensorMode(allow_non_fake_inputs=True):
            yield


def two_steps(config, precision):
    """The requests of two training steps, and the most that is in use at once."""
    tokens = np.zeros(2 * config.model.context_length + 1, dtype=np.uint32)
    resolved = Resolved("cpu", precision, 1, False, config.model.vocab_size)
    with cuda_kernels(), Requests() as requests:
        training = Trainer(config, resolved, Corpus(None, tokens, tokens, None), Path())
        gone = {number for number, size in requests.order if not size}  # the weights alone come to the card
        requests.order[:] = [request for request in requests.order if request[0] not in gone]
        requests.peak = requests.live
        events = training.events()
        while training.step < 2:
            next(events)
    events.close()
    return requests


WIDE = {
    "model.vocab_size": 40478,
    "model.num_layers": 3,
    "train.batch_size": 4,
    "train.eval_interval": 0,
    "train.sample_interval": 0,
    "train.checkpoint_interval": 0,
    "optimizer.name": "gpt1-adam",
}
NO_DROPOUT = dict.fromkeys(
    ["model.embedding_dropout", "model.attention_dropout", "model.residual_dropout"], 0.0
)
RECOMPUTE, ACCUMULATE = {"train.activation_checkpointing": True}, {"train.accumulation": 2}
CASES = {
    "gpt1": ("bf16", {}),
    "gpt1 in float32": ("fp32", {}),
    "gpt1 on an older card, as for 8 GB": ("fp16", ACCUMULATE),
    "gpt1 recomputed": ("bf16", RECOMPUTE | ACCUMULATE),
    "gpt2": (
        "bf16",
        NO_DROPOUT | ACCUMULATE
        | {"model.norm": "pre", "model.context_length": 1024, "model.bias": False, "optimizer.name": "adamw"},
    ),
    "the notebook, its head untied": (
        "fp32",
        NO_DROPOUT | {"model.residual_dropout": 0.1, "model.tied_head": False, "optimizer.name": "adam"},
    ),
    "characters": (
        "bf16",
        RECOMPUTE
        | {"model.vocab_size": 65, "model.norm": "pre", "model.num_layers": 6, "train.batch_size": 16},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_forecast_for_a_gpu_is_what_the_operations_of_a_step_take(case):
    precision, changes = CASES[case]
    config = Config().replace(WIDE | changes)
    requests = two_steps(config, precision)
    found = memory.forecast(config, precision, "cuda")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "HOLES_GPU", 1.0)
        patch.setattr(memory, "HOLES_SPARED", 1.0)
        without_holes = memory.forecast(config, precision, "cuda")
    in_use = without_holes.peak - without_holes.runtime
    most = 1.06 if case == "characters" else 1.001  # beside few logits, a gradient of a layer counts twice
    assert 0.999 * requests.peak < in_use < most * requests.peak
    assert found.peak - found.runtime == pytest.approx(reserved(requests.order), rel=0.12)


def test_the_allocator_reserves_by_its_rules():
    """Blocks up to 1 MiB share segments of 2, those below 10 share segments of 20, others have their own."""
    assert reserved([(0, 512), (1, MIB)]) == 2 * MIB
    assert reserved([(0, 512), (1, MIB), (2, MIB)]) == 4 * MIB
    assert reserved([(0, 3 * MIB), (1, 9 * MIB)]) == 20 * MIB
    assert reserved([(0, 11 * MIB)]) == 12 * MIB
    again = [(0, 40 * MIB), (0, 0), (2, 15 * MIB), (3, 25 * MIB)]
    assert reserved(again) == 40 * MIB  # a block given back is split for two
    assert reserved([*again, (2, 0), (3, 0), (6, 40 * MIB)]) == 40 * MIB  # and made one again
    assert reserved([*again[:3], (3, 26 * MIB)]) == 66 * MIB  # a hole too small is of no use
