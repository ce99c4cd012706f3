"""Trying out the number of threads: real passes that leave no trace."""

import torch

from gpt_core import hardware, rehearsal
from gpt_core.config import ModelConfig
from gpt_core.model import GPT


def test_trying_threads_leaves_the_model_and_chance_as_they_were():
    before = torch.get_num_threads()
    model = GPT(
        ModelConfig(vocab_size=50, context_length=16, embedding_dim=16, ffn_dim=32, num_heads=2, num_layers=2)
    )
    rows = torch.randint(50, (3, 17))
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    *tried, chosen = rehearsal.choose_threads(model, rows, "fp32")
    assert torch.equal(torch.rand(4), expected)
    assert torch.get_num_threads() == chosen
    assert tried[0] == hardware.cores()
    assert tried == sorted(set(tried), reverse=True)
    assert chosen in tried
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    torch.set_num_threads(before)
