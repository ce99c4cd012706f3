"""One training step of ours against the same model written with torch.nn, in turns: the ratio is the result.

    python tests/benchmarks/throughput.py [PRESET] [rounds]

The reference has the notebook's layers: nn.MultiheadAttention with a causal mask, nn.LayerNorm, nn.Linear,
and a head tied to the embedding; the same shape, batch, precision and optimizer.
"""

import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from gpt_core import optimizer
from gpt_core.cli.common import load_values
from gpt_core.config import Config, ModelConfig, from_values
from gpt_core.hardware import autocast, resolve_device, resolve_precision
from gpt_core.model import GPT


class Layer(nn.Module):
    """A pre-norm or post-norm decoder layer of torch.nn's parts."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        D = config.embedding_dim
        self.pre = config.norm == "pre"
        self.attention = nn.MultiheadAttention(
            D, config.num_heads, dropout=config.attention_dropout, bias=config.bias, batch_first=True
        )
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.ffn = nn.Sequential(
            nn.Linear(D, config.ffn_dim, bias=config.bias),
            nn.GELU(),
            nn.Linear(config.ffn_dim, D, bias=config.bias),
        )

    def attend(self, x, mask):
        return self.attention(x, x, x, attn_mask=mask, is_causal=True, need_weights=False)[0]

    def forward(self, x, mask):
        if self.pre:
            x = x + self.attend(self.norm1(x), mask)
            return x + self.ffn(self.norm2(x))
        x = self.norm1(x + self.attend(x, mask))
        return self.norm2(x + self.ffn(x))


class Reference(nn.Module):
    """The whole of it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim)
        self.positions = nn.Embedding(config.context_length, config.embedding_dim)
        self.layers = nn.ModuleList([Layer(config) for _ in range(config.num_layers)])
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens, targets):
        T = tokens.size(1)
        x = self.embedding(tokens) + self.positions.weight[:T]
        mask = nn.Transformer.generate_square_subsequent_mask(T, device=x.device)
        for layer in self.layers:
            x = layer(x, mask)
        logits = x @ self.embedding.weight.T
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


def step_seconds(model: nn.Module, optim: torch.optim.Optimizer, rows: torch.Tensor, precision) -> float:
    start = time.perf_counter()
    optim.zero_grad(set_to_none=True)
    with autocast(rows.device, precision):
        loss = model(rows[:, :-1], rows[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optim.step()
    loss.item()
    return time.perf_counter() - start


def main() -> None:
    preset = sys.argv[1] if len(sys.argv) > 1 else "quickstart"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    config: Config = from_values(load_values(preset))
    shape = config.model.model_copy(update={"vocab_size": 104})
    device = resolve_device("auto")
    precision = resolve_precision(config.train.precision, device)
    rows = torch.randint(104, (config.train.batch_size, shape.context_length + 1), device=device)
    models = {"ours": GPT(shape).to(device), "torch.nn": Reference(shape).to(device)}
    optims = {name: optimizer.build(model, config.optimizer) for name, model in models.items()}
    times: dict[str, list[float]] = {name: [] for name in models}
    for round_number in range(rounds + 3):
        for name, model in models.items():
            seconds = step_seconds(model, optims[name], rows, precision)
            if round_number >= 3:
                times[name].append(seconds)
    tokens = rows[:, 1:].numel()
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:9} {1e3 * median:7.1f} ms a step, {tokens / median:9,.0f} tokens/s")
    ratios = [theirs / mine for mine, theirs in zip(times["ours"], times["torch.nn"], strict=True)]
    threads = torch.get_num_threads()
    print(f"ours is {statistics.median(ratios):.2f} times as fast ({precision}, {threads} threads)")


if __name__ == "__main__":
    main()
