"""The optimizer against its formula in float64, and the step that is skipped."""

import pytest
import torch
from torch import nn

from gpt_core import optimizer
from gpt_core.config import OptimizerConfig
from gpt_core.errors import CheckpointError

CONFIG = OptimizerConfig(beta1=0.9, beta2=0.98, eps=1e-7, weight_decay=0.1)


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 3), nn.LayerNorm(3))


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_fifty_steps_equal_the_formula_in_float64(name):
    config = CONFIG.model_copy(update={"name": name})
    net = model()
    optim = optimizer.build(net, config)
    weights = [p.detach().double().clone() for p in net.parameters()]
    first = [torch.zeros_like(w) for w in weights]
    second = [torch.zeros_like(w) for w in weights]
    random = torch.Generator().manual_seed(1)
    for k in range(1, 51):
        rate = 1e-2 * k / 50
        for i, parameter in enumerate(net.parameters()):
            gradient = torch.randn(parameter.shape, generator=random)
            parameter.grad = gradient.clone()
            g = gradient.double()
            decay = config.weight_decay if parameter.dim() >= 2 else 0.0
            if name == "adam":
                g = g + decay * weights[i]
            else:
                weights[i] *= 1 - rate * decay
            first[i] = config.beta1 * first[i] + (1 - config.beta1) * g
            second[i] = config.beta2 * second[i] + (1 - config.beta2) * g * g
            mean, square = first[i] / (1 - config.beta1**k), second[i] / (1 - config.beta2**k)
            weights[i] -= rate * mean / (square.sqrt() + config.eps)
        optimizer.step(optim, rate, torch.tensor(True))
        assert {group["lr"] for group in optim.param_groups} == {rate}
    for parameter, weight in zip(net.parameters(), weights, strict=True):
        torch.testing.assert_close(parameter.detach().double(), weight, atol=2e-6, rtol=2e-5)


def test_a_step_that_is_not_finite_changes_nothing():
    net = model()
    optim = optimizer.build(net, CONFIG)
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(optim, 1e-2, torch.tensor(True))
    weights = [p.detach().clone() for p in net.parameters()]
    state = {name: value.clone() for name, value in optimizer.tensors(optim, net).items()}
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, torch.nan)
    optimizer.step(optim, 1e-2, torch.tensor(False))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), weights, strict=True))
    after = optimizer.tensors(optim, net)
    assert state.keys() == after.keys()
    assert all(torch.equal(state[name], after[name]) for name in state)


def test_matrices_decay_and_the_rest_does_not():
    groups = optimizer.build(model(), CONFIG).param_groups
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert {p.dim() for p in groups[0]["params"]} == {2}
    assert {p.dim() for p in groups[1]["params"]} == {1}


def test_changed_hyperparameters_reach_the_optimizer():
    optim = optimizer.build(model(), CONFIG)
    optimizer.set_hyperparameters(optim, CONFIG.model_copy(update={"beta2": 0.5, "weight_decay": 0.3}))
    assert [(g["betas"], g["weight_decay"]) for g in optim.param_groups] == [
        ((0.9, 0.5), 0.3),
        ((0.9, 0.5), 0.0),
    ]


def test_state_of_another_model_is_refused():
    net = model()
    optim = optimizer.build(net, CONFIG)
    with pytest.raises(CheckpointError, match="exp_avg"):
        optimizer.load_tensors(optim, net, {"exp_avg.other": torch.zeros(1)}, "optimizer.safetensors")
