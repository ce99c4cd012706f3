"""The forecast of peak memory against what real training steps then take, each in a process of its own.

    python tests/benchmarks/memory.py [--device cuda] [word ...]

On a CPU both are the resident memory of the whole process. Since some 0.35 GB of that is Python and torch
whatever the model, the growth over it is compared too, which is the harder test. On a GPU both are what torch
reserves there, with what the driver is assumed to take. Words choose the rows that hold them all.
"""

import argparse

from gpt_core import memory
from gpt_core.config import Config
from gpt_core.trial import run_trial

SHAPES = {  # windows, tokens, vocabulary, width, heads, layers
    "quickstart": (12, 128, 104, 128, 2, 4),
    "narrow": (64, 64, 104, 64, 2, 6),
    "T64": (64, 64, 104, 256, 4, 6),
    "T256": (16, 256, 104, 384, 6, 6),
    "T512": (4, 512, 4096, 512, 8, 4),
    "T1024": (4, 1024, 104, 384, 6, 6),
    "gpt1-wide": (4, 512, 104, 768, 12, 2),
    "vocabulary": (2, 512, 40478, 256, 4, 2),
    "long-vocabulary": (1, 1024, 50257, 768, 12, 2),
}
VARIANTS = {
    "plain": {},
    "pre": {"model.norm": "pre", "model.bias": False},
    "dropout": dict.fromkeys(
        ["model.embedding_dropout", "model.residual_dropout", "model.attention_dropout"], 0.1
    ),
    "untied": {"model.tied_head": False},
    "accumulate": {"train.accumulation": 2},
}
PRECISIONS = {"cpu": ("fp32", "bf16"), "cuda": ("fp32", "bf16", "fp16")}


def config(shape: str, variant: str, precision: str, recompute: bool, device: str) -> Config:
    """One row of the grid."""
    B, T, V, D, H, L = SHAPES[shape]
    values = {
        "model.context_length": T,
        "model.vocab_size": V,
        "model.embedding_dim": D,
        "model.ffn_dim": 4 * D,
        "model.num_heads": H,
        "model.num_layers": L,
        "model.embedding_dropout": 0.0,
        "model.attention_dropout": 0.0,
        "model.residual_dropout": 0.0,
        "train.batch_size": B,
        "train.device": device,
        "train.precision": precision,
        "train.activation_checkpointing": recompute,
        "train.threads": 1,
    }
    return Config().replace(values | VARIANTS[variant])


def main() -> None:
    """Measure the grid and print it, worst at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=PRECISIONS, default="cpu")
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    device = asked.device
    worst = [0.0, 0.0]
    print(f"{'':58} {'forecast':>9} {'measured':>9} {'off':>7} {'growth off':>11}")
    for shape in SHAPES:
        for variant in VARIANTS:
            for precision in PRECISIONS[device]:
                for recompute in (False, True):
                    name = f"{shape} {variant} {precision} {'recompute' if recompute else 'keep'}"
                    if not set(asked.words) <= set(name.split()):
                        continue
                    row = config(shape, variant, precision, recompute, device)
                    forecast = memory.forecast(row, precision, device).peak
                    measured = run_trial(row, seconds=1.0, compiled=False).peak
                    loaded = memory.LOADED[device]
                    off = forecast / measured - 1
                    growth = (forecast - loaded) / (measured - loaded) - 1
                    worst = [max(worst[0], abs(off)), max(worst[1], abs(growth))]
                    print(
                        f"{name:58} {forecast / 1e6:9,.0f} {measured / 1e6:9,.0f} {off:7.1%} {growth:11.1%}",
                        flush=True,
                    )
    print(f"worst: {worst[0]:.1%} of the whole, {worst[1]:.1%} of the growth")


if __name__ == "__main__":
    main()
