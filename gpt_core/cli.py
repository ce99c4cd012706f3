"""The command line: everything the window does, without a window.

Standard output carries what was asked for and nothing else; progress and messages go to standard error. What
a person got wrong is told in one sentence a fault, with exit code 2.
"""

from __future__ import annotations

import io
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gpt_core import events, resources
from gpt_core.config import Config, SamplingConfig, from_toml, from_values, override
from gpt_core.control import Change, Close, Control, Stop
from gpt_core.errors import ConfigError, Fault, GPTCoreError

if TYPE_CHECKING:
    from tqdm import tqdm

    from gpt_core.run import Run


# Parameters; below, one thread samples as fast as several on a quiet machine, and far faster on a busy one.
SMALL = 20_000_000


def load_values(name: str) -> dict[str, Any]:
    """The values of a preset or of a TOML file, not yet checked."""
    known = resources.presets()
    path = known.get(name, Path(name))
    if not path.is_file():
        raise GPTCoreError("config_missing", name=name, known=", ".join(known))
    return from_toml(path)


def told_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a GPTCoreError as its sentences on standard error and exit with 2."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GPTCoreError as error:
            tell(error)
            sys.exit(2)
        except BrokenPipeError:  # whoever read our output has enough, as `head` does
            sys.stderr.close()
            sys.exit(0)

    return wrapper


def tell(error: GPTCoreError) -> None:
    """Print the error on standard error, naming the setting it concerns."""
    if isinstance(error, ConfigError) or error.field is None:
        click.echo(str(error), err=True)
    else:
        click.echo(f"{error.field}: {error}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gpt-workbench")
def main() -> None:
    """Train a GPT of your own, and prompt it."""


@main.command()
@told_plainly
def presets() -> None:
    """List the built-in presets."""
    for name, path in resources.presets().items():
        click.echo(f"{name:24} {from_toml(path).get('description', '')}")


set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SECTION.FIELD=VALUE",
    help="Change one setting; repeatable.",
)


@main.command()
@click.argument("preset_or_toml")
@click.option("--run", "folder", type=click.Path(path_type=Path), help="A new folder for the run.")
@set_option
@told_plainly
def train(preset_or_toml: str, folder: Path | None, assignments: tuple[str, ...]) -> None:
    """Train a model as a preset or a TOML file describes it."""
    config = from_values(override(load_values(preset_or_toml), assignments))
    from gpt_core.run import create

    run = create(config, folder, name=Path(preset_or_toml).stem)
    if folder is None:
        click.echo(f"run {run.folder}", err=True)
    try:
        _train(run, {})
    finally:
        run.discard_unused()


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@set_option
@told_plainly
def resume(run: Path, assignments: tuple[str, ...]) -> None:
    """Train on from a run's newest sound checkpoint."""
    from gpt_core.run import open_run

    opened = open_run(run)
    changes = {
        f"{section}.{name}": value
        for section, table in override({}, assignments).items()
        for name, value in table.items()
    }
    _train(opened, changes)


@main.command()
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


def _train(run: Run, changes: dict[str, Any]) -> None:
    """Drive a run to its end on this thread, with a progress bar; Ctrl-C stops it with a checkpoint."""
    from gpt_core.worker import Worker

    control = Control()
    progress = _Progress(run.folder, control)
    worker = Worker(run, control, progress.report)
    if changes:
        control.ask(Change(changes))
    with _ctrl_c_stops(control):
        worker.work()
    progress.close()
    if progress.refused:
        raise ConfigError(progress.refused)
    if worker.error:
        raise worker.error
    if progress.bar is None:
        click.echo("Stopped before training began.", err=True)
        sys.exit(1)
    if progress.stopped:
        click.echo(f"Stopped with a checkpoint; to go on: gpt-core resume {run.folder}", err=True)
    click.echo(progress.last_line())


@contextmanager
def _ctrl_c_stops(control: Control) -> Iterator[None]:
    """The first Ctrl-C asks for a clean stop; a second one is Python's own, for who cannot wait."""

    def stop(*_: Any) -> None:
        control.ask(Stop())
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    before_term = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, before_term)


class _Progress:
    """Reports as a progress bar on standard error, and the last line of standard output."""

    def __init__(self, folder: Path, control: Control) -> None:
        self.folder = folder
        self.control = control
        self.refused: list[Fault] = []
        self.stopped = False
        self.step = 0
        self.validation: float | None = None
        self.losses: deque[float] = deque(maxlen=100)
        self.pace: deque[tuple[int, float]] = deque(maxlen=100)  # tokens, seconds
        self.bar: tqdm[Any] | None = None

    def report(self, report: events.Report) -> None:
        """Show one report."""
        match report:
            case events.Preparing(stage="reading" | "tokenizer" | "encoding" as stage, done=0):
                click.echo(f"{stage} ...", err=True)
            case events.Preparing():
                pass
            case events.Ready(config=config, resolved=resolved):
                self.step = report.step
                click.echo(
                    f"{report.parameters:,} parameters, vocabulary {resolved.vocab_size:,}, "
                    f"{report.train_tokens:,} + {report.validation_tokens:,} tokens, {report.device}, "
                    f"{resolved.precision}, threads: {resolved.threads}",
                    err=True,
                )
                self._open_bar(config)
            case events.StateChanged(state="stopped"):
                self.stopped = True
            case events.StepDone():
                self._step(report)
            case events.EvaluationDone(step=step, evaluation=result):
                self.validation = result.loss
                self._write(
                    f"step {step}: validation loss {result.loss:.4f}, perplexity {result.perplexity:.2f}, "
                    f"{result.nats_per_character:.4f} nats per character, "
                    f"{result.bits_per_byte:.4f} bits per byte"
                )
            case events.Notice(error=error):
                self._write(str(error))
            case events.Changed(step=step, changes=changes):
                for field, value in changes.items():
                    self._write(f"from step {step + 1}: {field} = {value}")
                if self.bar is not None and "train.max_steps" in changes:
                    self.bar.total = changes["train.max_steps"]
                    self.bar.refresh()
            case events.ChangeRefused(faults=faults):
                self.refused += faults
                self.control.ask(Close())

    def _open_bar(self, config: Config) -> None:
        from tqdm import tqdm

        total = config.train.max_steps
        self.bar = tqdm(total=total, initial=self.step, unit="step", dynamic_ncols=True, mininterval=0.5)

    def _step(self, done: events.StepDone) -> None:
        self.step = done.step
        self.losses.append(done.loss)
        self.pace.append((done.tokens, done.seconds))
        if self.bar is not None:
            self.bar.set_postfix_str(
                f"loss {done.loss:.3f}, rate {done.rate:.2e}, {self.tokens_per_second():,.0f} tokens/s",
                refresh=False,
            )
            self.bar.update()

    def _write(self, line: str) -> None:
        if self.bar is not None:
            self.bar.clear()
        click.echo(line, err=True)

    def tokens_per_second(self) -> float:
        """The pace of the last hundred steps."""
        seconds = sum(seconds for _, seconds in self.pace)
        return sum(tokens for tokens, _ in self.pace) / seconds if seconds else 0.0

    def close(self) -> None:
        """Leave the progress bar as it stands."""
        if self.bar is not None:
            self.bar.close()

    def last_line(self) -> str:
        """What a script reads: the mean training loss of the last hundred steps, and the rest."""
        loss = sum(self.losses) / len(self.losses) if self.losses else float("nan")
        validation = "none" if self.validation is None else f"{self.validation:.4f}"
        return (
            f"steps {self.step}, train loss {loss:.4f}, validation loss {validation}, "
            f"tokens/s {self.tokens_per_second():.0f}, run {self.folder}"
        )


if __name__ == "__main__":
    main()
