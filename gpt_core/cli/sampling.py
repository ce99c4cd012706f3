"""gpt-core sample: what a run's model makes of a prompt."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import click

from gpt_core.cli.common import tell, told_plainly
from gpt_core.config import SamplingConfig, from_values
from gpt_core.errors import GPTCoreError

# Parameters; below, one thread samples as fast as several on a quiet machine, and far faster on a busy one.
SMALL = 20_000_000


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--checkpoint", "step", type=int, help="The step of the checkpoint; the newest by default.")
@click.option("--prompt", help="The text to continue; the run's own sample prompt by default.")
@click.option("--max-tokens", type=int, help="Tokens to sample at most.")
@click.option("--temperature", type=float, help="0 always takes the likeliest token.")
@click.option("--top-k", type=int, help="Choose among this many tokens; 0 among all.")
@click.option("--top-p", type=float, help="Choose among the tokens that hold this probability together.")
@click.option("--seed", type=int, help="Same seed, same text.")
@told_plainly
def sample(run: Path, step: int | None, **asked: Any) -> None:
    """Continue a prompt with a run's model; only the text goes to standard output."""
    import torch

    from gpt_core import checkpoint, hardware
    from gpt_core.model import GPT
    from gpt_core.run import open_run
    from gpt_core.sampling import generate, prompt_tokens
    from gpt_core.tokenizer import Tokenizer

    opened = open_run(run)
    changes = {f"sampling.{name}": value for name, value in asked.items() if value is not None}
    if asked["prompt"] == "":
        raise GPTCoreError("prompt_empty", field="sampling.prompt")
    if step is None:
        saved, damaged = checkpoint.newest_sound(opened.checkpoints_folder)
        for error in damaged:
            tell(error)
    else:
        saved = checkpoint.find(opened.checkpoints_folder, step)
        saved.verify()
    state = saved.state()
    tokenizer = Tokenizer.load(opened.tokenizer_folder)
    config = from_values(state["config"]).replace(changes)
    settings: SamplingConfig = config.sampling
    model = GPT(config.model.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    model.load(saved.model(), saved.path)
    model.to(hardware.resolve_device("auto"))
    if model.parameter_count() < SMALL:
        torch.set_num_threads(1)
    tokens, left_out = prompt_tokens(settings.prompt, tokenizer)
    if left_out:
        tell(GPTCoreError("prompt_characters_dropped", characters=" ".join(map(repr, left_out))))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # Windows would refuse most of Unicode
    stream = tokenizer.stream()
    for token in generate(model, tokens, settings, tokenizer.end_of_text):
        click.echo(stream.step(token), nl=False)
    click.echo(stream.finish())
