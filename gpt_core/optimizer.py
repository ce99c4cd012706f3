"""Adam, AdamW and GPT-1's own Adam, over two groups: matrices, which decay, and the rest, which does not.

Adam is of "Adam: A Method for Stochastic Optimization" (Kingma and Ba, 2014); AdamW, which takes the decay
out of the gradient, of "Decoupled Weight Decay Regularization" (Loshchilov and Hutter, 2017).
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


def begin(optimizer: Optimizer) -> None:
    """Make the state that a first step needs, all of it or none: torch makes it weight by weight, and where
    the memory ran out in the midst of that, the next step would trip over the half that is there."""
    fresh = {}
    for group in optimizer.param_groups:
        for weight in group["params"]:
            if weight.grad is not None and not optimizer.state.get(weight):
                fresh[weight] = {
                    "step": torch.zeros((), dtype=torch.float32, device=weight.device),
                    "exp_avg": torch.zeros_like(weight),
                    "exp_avg_sq": torch.zeros_like(weight),
                }
    optimizer.state.update(fresh)


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
    begin(optimizer)
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
        """Update each weight that has a gradient, and use the gradients up: their memory takes the update,
        or as much again as all weights would be needed. `closure` is there for torch's sake."""
        begin(self)
        finite = self.found_inf == 0
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            states = [self.state[weight] for weight in weights]
            steps, m, v = ([state[name] for state in states] for name in ("step", *MOMENTS[:2]))
            gradients = [weight.grad.masked_fill_(~finite, 0.0) for weight in weights]
            (beta1, beta2), like = group["betas"], weights[0].detach()
            torch._foreach_add_(steps, [finite.to(steps[0].dtype)] * len(steps))  # one alone would be read
            torch._foreach_mul_(m, torch.where(finite, like.new_full((), beta1), 1.0))
            torch._foreach_add_(m, gradients, alpha=1 - beta1)
            torch._foreach_mul_(v, torch.where(finite, like.new_full((), beta2), 1.0))
            torch._foreach_addcmul_(v, gradients, gradients, value=1 - beta2)

            update = gradients  # m / (sqrt(v) + eps) + weight_decay * weight
            torch._foreach_copy_(update, v)
            torch._foreach_sqrt_(update)
            torch._foreach_add_(update, group["eps"])
            torch._foreach_reciprocal_(update)
            torch._foreach_mul_(update, m)
            torch._foreach_add_(update, weights, alpha=group["weight_decay"])

            # 1 - beta^t, by way of expm1 since in float32 the difference itself would lose digits
            t = steps[0].to(like.dtype)  # all weights have seen the same updates
            made_up = torch.sqrt(_one_minus_power(beta2, t)) / _one_minus_power(beta1, t)
            torch._foreach_mul_(update, torch.where(finite, group["lr"] * made_up, 0.0))
            torch._foreach_sub_(weights, update)


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
