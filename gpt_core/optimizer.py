"""Adam and AdamW over two groups: matrices, which decay, and biases and norms, which do not.

GPT-1's paper (section 4.1) decays "all non bias or gain weights", the embeddings included.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

from gpt_core.config import OptimizerConfig
from gpt_core.errors import CheckpointError

MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def build(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    """The optimizer that `config` names, over all parameters of `model`; its rate is set before each step.

    Fused, since that is the fastest kind and the one that can skip a step on the device itself.
    """
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    kind = AdamW if config.name == "adamw" else Adam
    optimizer = kind([{"params": matrices, "decays": True}, {"params": others, "decays": False}], fused=True)
    set_hyperparameters(optimizer, config)
    return optimizer


def set_hyperparameters(optimizer: Optimizer, config: OptimizerConfig) -> None:
    """Take betas, epsilon and weight decay from `config`, at the start and when changed while running."""
    for group in optimizer.param_groups:
        group["betas"] = (config.beta1, config.beta2)
        group["eps"] = config.eps
        group["weight_decay"] = config.weight_decay if group["decays"] else 0.0


def step(optimizer: Optimizer, rate: float, finite: Tensor) -> None:
    """Update the weights at `rate`, unless `finite` (a boolean scalar on the device) is false.

    The decision is taken on the device, so that nothing waits for the number: it is the way in which
    gradient scalers skip a step, and leaves weights, moments and step counts as they were.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    if finite.device.type == "mps" and not finite.item():
        return  # Apple's fused kernel takes found_inf and ignores it
    optimizer.found_inf = (~finite).float()  # type: ignore[attr-defined]
    optimizer.step()


def tensors(optimizer: Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """The optimizer's state as flat tensors, "exp_avg.embedding.weight" and so on; none before a step."""
    return {
        f"{moment}.{name}": optimizer.state[parameter][moment]
        for name, parameter in model.named_parameters()
        if parameter in optimizer.state
        for moment in MOMENTS
    }


def load_tensors(optimizer: Optimizer, model: nn.Module, saved: Mapping[str, Tensor], path: object) -> None:
    """Put back what `tensors` gave; CheckpointError where it is of another model (`path` names the file)."""
    for name, parameter in model.named_parameters():
        if not saved:
            return
        state = {}
        for moment in MOMENTS:
            value = saved.get(f"{moment}.{name}")
            if value is None or (moment != "step" and value.shape != parameter.shape):
                raise CheckpointError("checkpoint_of_other_model", path=path, reason=f"{moment}.{name}")
            where = torch.float32 if moment == "step" else parameter.dtype
            state[moment] = value.to(parameter.device, where)
        optimizer.state[parameter] = state
