"""Adam, AdamW and GPT-1's own Adam, over two groups: matrices, which decay, and the rest, which does not.

GPT-1's paper (section 4.1) decays "all non bias or gain weights", the embeddings included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer

from gpt_core.config import OptimizerConfig
from gpt_core.errors import CheckpointError

MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def build(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    """The optimizer that `config` names, over all parameters of `model`; its rate is set before each step.

    torch's own are fused, since that is the fastest kind and the one that can skip a step on the device.
    """
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    others = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "decays": True},
        {"params": others, "decays": False},
    ]
    optimizer: Optimizer
    if config.name == "gpt1-adam":
        optimizer = GPT1Adam(groups)
    else:
        optimizer = {"adam": Adam, "adamw": AdamW}[config.name](groups, fused=True)
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


class GPT1Adam(Optimizer):
    """Adam as in the code released with GPT-1 (opt.py of openai/finetune-transformer-lm).

    With m and v the decaying means of gradient and squared gradient, and t the update's number:

        rate_t = rate * sqrt(1 - beta2^t) / (1 - beta1^t)
        weight -= rate_t * (m / (sqrt(v) + eps) + weight_decay * weight)

    So eps is added before the means are made up for their start from zero, not after, as in AdamW, and the
    decay is reduced along with the rate in the first few hundred updates. A step with `found_inf` set changes
    nothing, and that is decided without asking the device for the number.
    """

    found_inf: Tensor

    def __init__(self, groups: Iterable[dict[str, Any]]) -> None:
        super().__init__(groups, {"lr": 0.0, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update each weight that has a gradient; `closure` is there for torch's sake."""
        finite = self.found_inf == 0
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["step"] = torch.zeros((), device=weight.device)
                    state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
                step, m, v = state["step"], state["exp_avg"], state["exp_avg_sq"]
                gradient = torch.where(finite, weight.grad, 0.0)
                step += finite
                m.lerp_(gradient, finite * (1 - beta1))
                v.lerp_(gradient.square(), finite * (1 - beta2))
                # 1 - beta^t, by way of expm1 since in float32 the difference itself would lose digits
                made_up = torch.sqrt(_one_minus_power(beta2, step)) / _one_minus_power(beta1, step)
                update = (m / (v.sqrt() + group["eps"])).add_(weight, alpha=group["weight_decay"])
                weight.sub_(torch.where(finite, update * (group["lr"] * made_up), 0.0))


def _one_minus_power(beta: float, step: Tensor) -> Tensor:
    return -torch.expm1(step * math.log(beta)) if beta else torch.ones_like(step)


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
