"""gpt-core sample, evaluate and batch: what a run's model makes of a prompt, of the text it never trained on,
and of the batch of a step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gpt_core.cli.common import (
    checkpoint_of,
    checkpoint_option,
    run_argument,
    tell,
    told_plainly,
    unknown_remark,
)
from gpt_core.config import SamplingConfig
from gpt_core.errors import GPTCoreError
from gpt_core.events import mean_surprisal

if TYPE_CHECKING:
    from gpt_core.model import GPT
    from gpt_core.tokenizer import Tokenizer

# Parameters; below, one thread samples as fast as several on a quiet machine, and far faster on a busy one.
SMALL = 20_000_000
# Logits that an evaluation computes at once, at most: a quarter of a GB in float32.
LOGITS = 2**26


@click.command()
@run_argument
@checkpoint_option
@click.option("--prompt", help="The text to continue; the run's own sample prompt by default.")
@click.option("--max-tokens", type=int, help="Tokens to sample at most.")
@click.option("--temperature", type=float, help="0 always takes the likeliest token.")
@click.option("--top-k", type=int, help="Choose among this many tokens; 0 among all.")
@click.option("--top-p", type=float, help="Choose among the tokens that hold this probability together.")
@click.option("--repetition-penalty", type=float, help="Above 1, tokens used already become less likely.")
@click.option("--stop", multiple=True, metavar="TEXT", help="End before this text; repeatable.")
@click.option("--samples", type=int, help="Different answers, made at once; a line stands above each.")
@click.option("--seed", type=int, help="Same seed, same text.")
@click.option("--surprise", is_flag=True, help="List the tokens, with -ln of the probability that each had.")
@told_plainly
def sample(run: Path, step: int | None, surprise: bool, **asked: Any) -> None:
    """Continue a prompt with a run's model; only what it writes goes to standard output."""
    import torch

    from gpt_core import hardware
    from gpt_core.fork import in_force
    from gpt_core.preparation import load_model
    from gpt_core.run import open_run
    from gpt_core.sampling import prompt_tokens

    opened = open_run(run)
    asked["stop"] = list(asked["stop"]) or None
    changes = {f"sampling.{name}": value for name, value in asked.items() if value is not None}
    if asked["prompt"] == "":
        raise GPTCoreError("prompt_empty", field="sampling.prompt")
    saved = checkpoint_of(opened, step)
    settings = in_force(opened, saved).replace(changes).sampling
    model, tokenizer = load_model(opened, saved)
    model.to(hardware.resolve_device("auto"))
    if model.parameter_count() < SMALL:
        torch.set_num_threads(1)
    tokens, left_out = prompt_tokens(settings.prompt, tokenizer)
    if left_out:
        tell(GPTCoreError("prompt_characters_dropped", characters=" ".join(map(repr, left_out))))
    (_print_surprise if surprise else _print_samples)(model, tokens, settings, tokenizer)


def _print_samples(model: GPT, prompt: list[int], settings: SamplingConfig, tokenizer: Tokenizer) -> None:
    """Write the samples one below the other: the first as it comes, the others when all are there."""
    from gpt_core.sampling import SEEDS, generate

    def line_above(number: int) -> str:
        return f"--- sample {number + 1} of {settings.samples}, seed {(settings.seed + number) % SEEDS} ---"

    texts = [""] * settings.samples
    if settings.samples > 1:
        click.echo(line_above(0))
    for token in generate(model, prompt, settings, tokenizer):
        texts[token.sample] += token.text
        if token.sample == 0:
            click.echo(token.text, nl=False)
    click.echo()
    for number, text in enumerate(texts[1:], start=1):
        click.echo(line_above(number))
        click.echo(text)


def _print_surprise(model: GPT, prompt: list[int], settings: SamplingConfig, tokenizer: Tokenizer) -> None:
    """List the tokens of the prompt, then those of each sample, with their surprisal in nats."""
    from gpt_core.sampling import generate
    from gpt_core.surprisal import read

    parts = {"prompt": read(model, prompt, tokenizer)}
    for token in generate(model, prompt, settings, tokenizer):
        name = "answer" if settings.samples == 1 else f"answer {token.sample + 1}"
        parts.setdefault(name, []).append(token)
    for name, tokens in parts.items():
        mean = mean_surprisal(tokens)
        click.echo(f"--- {name}, {'-' if mean is None else f'{mean:.4f}'} nats a token ---")
        for token in tokens:
            nats = "-" if token.surprisal is None else f"{token.surprisal:.4f}"
            click.echo(f"{nats:>8}  {tokenizer.decode([token.id])!r}")


@click.command()
@run_argument
@checkpoint_option
@click.option("--windows", "most", type=click.IntRange(0), default=0, help="As many as this, evenly spread.")
@told_plainly
def evaluate(run: Path, step: int | None, most: int) -> None:
    """Measure a run's model on the whole validation part of its text, in float32.

    With --windows it is a sample of that part, the same one each time.
    """
    import torch
    from tqdm import tqdm

    from gpt_core import corpus, evaluation, hardware
    from gpt_core.batches import FixedWindows
    from gpt_core.checkpoint import is_untrained
    from gpt_core.events import EvaluationBatch
    from gpt_core.fork import in_force
    from gpt_core.preparation import load_model, require_same_text
    from gpt_core.run import open_run

    opened = open_run(run)
    saved = checkpoint_of(opened, step)
    config = in_force(opened, saved)
    untrained = is_untrained(opened.checkpoints_folder)
    if not corpus.is_prepared(opened.folder, config if untrained else None):
        click.echo(f"preparing {config.data.source} ...", err=True)
        with opened.lock():
            for _ in corpus.prepare(config, opened.folder, anew=untrained):
                pass
    text = corpus.Corpus.open(opened.folder, verify=True)
    state = saved.state()
    require_same_text(saved, text)
    model, tokenizer = load_model(opened, saved)
    device = hardware.resolve_device("auto")
    model.to(device)
    if device.type == "cpu":
        threads = state["resolved"]["threads"] if state["resolved"] else 0  # none yet in an imported run
        torch.set_num_threads(min(threads, hardware.cores()) or hardware.cores())
    T = model.config.context_length
    windows = FixedWindows(text.validation, T, most)
    at_once = max(1, min(state["config"]["train"]["batch_size"], LOGITS // (T * tokenizer.vocab_size)))
    with tqdm(total=len(windows), unit="window", dynamic_ncols=True, leave=False) as bar:
        for event in evaluation.evaluate(model, windows, tokenizer, text.info.validation, at_once, "fp32"):
            if isinstance(event, EvaluationBatch):
                bar.update(event.done - bar.n)
            else:
                result = event
    click.echo(
        f"step {saved.step}, loss {result.loss:.4f}, perplexity {result.perplexity:.5g}, "
        f"bits per byte {result.bits_per_byte:.4f}{unknown_remark(result)}, "
        f"nats per character {result.nats_per_character:.4f}, "
        f"tokens {result.windows * T}, windows {result.windows} of {result.all_windows}"
    )


@click.command()
@run_argument
@checkpoint_option
@click.option("--step", "trained", type=int, required=True, help="The step whose batch is shown.")
@told_plainly
def batch(run: Path, step: int | None, trained: int) -> None:
    """Show the windows of text that a step was trained on, those first that the model finds hardest.

    What a peak of the loss is made of is seen at a glance.
    """
    import torch

    from gpt_core import hardware
    from gpt_core.preparation import load_model
    from gpt_core.retrace import batch_of
    from gpt_core.run import open_run
    from gpt_core.surprisal import read

    opened = open_run(run)
    saved = checkpoint_of(opened, step)
    windows, then = batch_of(opened.folder, trained)
    model, tokenizer = load_model(opened, saved)
    model.to(hardware.resolve_device("auto"))
    if model.parameter_count() < SMALL:
        torch.set_num_threads(1)
    found = []
    for number, window in enumerate(windows.tolist(), start=1):
        loss = mean_surprisal(read(model, window, tokenizer))
        found.append((loss or 0.0, number, tokenizer.decode(window)))
    now = sum(loss for loss, _, _ in found) / len(found)
    click.echo(f"step {trained}: loss {then:.4f} then, {now:.4f} by step {saved.step}", err=True)
    for loss, number, text in sorted(found, reverse=True):
        click.echo(f"--- window {number} of {len(found)}, loss {loss:.4f} ---")
        click.echo(text)
