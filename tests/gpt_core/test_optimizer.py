"""The optimizer against its formula in float64, and the step that is skipped."""

import pytest
import torch
from torch import nn

from gpt_core import optimizer
from gpt_core.config import OptimizerConfig, from_values, settings
from gpt_core.errors import CheckpointError, ConfigError

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


def test_gpt1_adam_in_float64_is_its_formula_with_steps_left_out_too():
    """In the precision of the formula itself; every fifth step is not finite and must not count."""
    config = OptimizerConfig(name="gpt1-adam", eps=1e-4, weight_decay=0.01)
    net = model().double()
    optim = optimizer.build(net, config)
    weights = [p.detach().clone() for p in net.parameters()]
    m = [torch.zeros_like(w) for w in weights]
    v = [torch.zeros_like(w) for w in weights]
    random = torch.Generator().manual_seed(2)
    t = 0
    for attempt in range(60):
        finite = attempt % 5 != 1
        t += finite
        for i, parameter in enumerate(net.parameters()):
            g = torch.randn(parameter.shape, generator=random, dtype=torch.float64)
            parameter.grad = g.clone() if finite else torch.full_like(g, torch.nan)
            if finite:
                m[i] = 0.9 * m[i] + (1 - 0.9) * g
                v[i] = 0.999 * v[i] + (1 - 0.999) * g**2
                rate_t = 1e-2 * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
                decay = 0.01 * weights[i] if parameter.dim() > 1 else 0.0
                weights[i] = weights[i] - rate_t * (m[i] / (v[i].sqrt() + 1e-4) + decay)
        optimizer.step(optim, 1e-2, torch.tensor(finite))
    for parameter, weight in zip(net.parameters(), weights, strict=True):
        torch.testing.assert_close(parameter.detach(), weight, atol=1e-12, rtol=1e-12)


def test_fifty_steps_of_gpt1_adam_equal_the_released_update_in_float64():
    """Among gradients of all sizes some are near eps, where its place tells."""
    config = OptimizerConfig(name="gpt1-adam", eps=1e-4, weight_decay=0.01)
    net = model()
    optim = optimizer.build(net, config)
    adamw = optimizer.build(other := model(), config.model_copy(update={"name": "adamw"}))
    weights = [p.detach().double().clone() for p in net.parameters()]
    m = [torch.zeros_like(w) for w in weights]
    v = [torch.zeros_like(w) for w in weights]
    random = torch.Generator().manual_seed(1)
    for t in range(1, 51):
        rate = 1e-2 * t / 50
        for i, (parameter, twin) in enumerate(zip(net.parameters(), other.parameters(), strict=True)):
            sizes = 10.0 ** torch.empty(parameter.shape).uniform_(-9, 0, generator=random)
            parameter.grad = sizes * torch.randn(parameter.shape, generator=random)
            twin.grad = parameter.grad.clone()
            g = parameter.grad.double()
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            rate_t = rate * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
            decay = 0.01 * weights[i] if parameter.dim() > 1 else 0.0
            weights[i] = weights[i] - rate_t * (m[i] / (v[i].sqrt() + 1e-4) + decay)
        optimizer.step(optim, rate, torch.tensor(True))
        optimizer.step(adamw, rate, torch.tensor(True))
    for parameter, twin, weight in zip(net.parameters(), other.parameters(), weights, strict=True):
        torch.testing.assert_close(parameter.detach().double(), weight, atol=1e-6, rtol=1e-5)
        assert (twin.detach().double() - weight).abs().max() > 1e-3  # AdamW's is another update


@pytest.mark.parametrize("name", ["adam", "adamw", "gpt1-adam"])
def test_an_optimizer_goes_on_from_its_saved_state(name):
    config = CONFIG.model_copy(update={"name": name})

    def take_steps(net, optim, first, last):
        for step in range(first, last):
            for i, parameter in enumerate(net.parameters()):
                random = torch.Generator().manual_seed(100 * step + i)
                parameter.grad = torch.randn(parameter.shape, generator=random)
            optimizer.step(optim, 1e-2, torch.tensor(True))

    through = model()
    take_steps(through, optimizer.build(through, config), 0, 6)
    before = model()
    optim = optimizer.build(before, config)
    take_steps(before, optim, 0, 3)
    after = model()
    after.load_state_dict(before.state_dict())
    again = optimizer.build(after, config)
    optimizer.load_tensors(again, after, optimizer.tensors(optim, before), "optimizer.safetensors")
    take_steps(after, again, 3, 6)
    assert all(torch.equal(a, b) for a, b in zip(through.parameters(), after.parameters(), strict=True))


@pytest.mark.parametrize("name", ["adam", "adamw", "gpt1-adam"])
def test_a_step_that_is_not_finite_changes_nothing(name):
    net = model()
    optim = optimizer.build(net, CONFIG.model_copy(update={"name": name}))
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


@pytest.mark.parametrize("name", ["adam", "adamw", "gpt1-adam"])
def test_a_first_step_that_found_no_memory_can_be_taken_again(name, monkeypatch):
    """On a GPU the moments are what the memory is likeliest to run out at."""
    config = CONFIG.model_copy(update={"name": name})

    def step(net, optim):
        for i, parameter in enumerate(net.parameters()):
            random = torch.Generator().manual_seed(i)
            parameter.grad = torch.randn(parameter.shape, generator=random)
        optimizer.step(optim, 1e-2, torch.tensor(True))

    expected = model()
    step(expected, optimizer.build(expected, config))
    net = model()
    optim = optimizer.build(net, config)
    zeros_like, calls = torch.zeros_like, []

    def run_out(*arguments, **settings):
        calls.append(1)
        if len(calls) == 4:
            raise torch.OutOfMemoryError("out of memory")
        return zeros_like(*arguments, **settings)

    monkeypatch.setattr(torch, "zeros_like", run_out)
    with pytest.raises(torch.OutOfMemoryError):
        step(net, optim)
    monkeypatch.undo()
    assert not optim.state
    step(net, optim)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), expected.parameters(), strict=True))


@pytest.mark.parametrize("name", ["adam", "adamw", "gpt1-adam"])
def test_what_is_never_seen_stays_finite_at_the_limits_of_the_settings(name):
    """A row of the embedding that has no gradient: 0 is divided by 0 where epsilon is 0 in float32."""
    for field, beyond in (("eps", 1e-50), ("beta1", 1 - 1e-16), ("beta2", 1 - 1e-16)):
        with pytest.raises(ConfigError):
            from_values({"optimizer": {field: beyond}})
    limits = settings()
    extreme = {
        "name": name,
        "eps": limits["optimizer.eps"].minimum,
        "beta1": limits["optimizer.beta1"].maximum,
        "beta2": limits["optimizer.beta2"].maximum,
        "weight_decay": 0.0,
    }
    net = model()
    before = net[0].weight[5].detach().clone()
    optim = optimizer.build(net, from_values({"optimizer": extreme}).optimizer)
    for size in (1.0, 1e-10, 1e-20, 1e-30):
        optim.zero_grad()
        (net(torch.tensor([0, 1])) * size).sum().backward()
        optimizer.step(optim, 1e-3, torch.tensor(True))
    assert all(parameter.isfinite().all() for parameter in net.parameters())
    assert torch.equal(net[0].weight[5], before)


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
