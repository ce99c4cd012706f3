"""gpt-core train and resume: a run from its configuration to its end, with a progress bar."""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gpt_core import events
from gpt_core.cli.common import (
    checkpoint_of,
    checkpoint_option,
    load_values,
    run_argument,
    set_option,
    told_plainly,
    unknown_remark,
)
from gpt_core.config import Config, from_values, override
from gpt_core.control import Change, Close, Control, Stop
from gpt_core.errors import ConfigError, Fault

if TYPE_CHECKING:
    from tqdm import tqdm

    from gpt_core.run import Run


@click.command()
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


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@set_option
@told_plainly
def resume(run: Path, assignments: tuple[str, ...]) -> None:
    """Train on from a run's newest sound checkpoint."""
    from gpt_core.run import open_run

    opened = open_run(run)
    _train(opened, _by_field(assignments))


@click.command()
@run_argument
@checkpoint_option
@click.option("--run", "folder", type=click.Path(path_type=Path), help="A new folder for the fork.")
@click.option(
    "--restart", is_flag=True, help="Take the weights alone, and begin at step 0 with a schedule of its own."
)
@set_option
@told_plainly
def fork(
    run: Path, step: int | None, folder: Path | None, restart: bool, assignments: tuple[str, ...]
) -> None:
    """Make a new run that goes on from a checkpoint of RUN.

    It may be given other settings, another text too; what came with the weights stays: the model's shape and
    the tokenizer. To train a finished model on for another text, let it --restart.
    """
    changes = _by_field(assignments)
    from gpt_core import fork
    from gpt_core.run import open_run, require_new

    if folder is not None:
        require_new(folder)  # before anything long
    opened = open_run(run)
    saved = checkpoint_of(opened, step)
    made = fork.fork(opened, saved.step, folder, changes, restart)
    begun = 0 if restart else saved.step
    click.echo(f"step {begun} of {made.config.train.max_steps}, run {made.folder}")
    click.echo(f"To train it: gpt-core resume {made.folder}", err=True)


def _by_field(assignments: tuple[str, ...]) -> dict[str, Any]:
    """What --set assigned, as "section.field"."""
    return {
        f"{section}.{name}": value
        for section, table in override({}, assignments).items()
        for name, value in table.items()
    }


def _train(run: Run, changes: dict[str, Any]) -> None:
    """Drive a run to its end on this thread, with a progress bar; Ctrl-C stops it with a checkpoint: once
    after the step at hand, twice at once."""
    from gpt_core.checkpoint import checkpoints
    from gpt_core.worker import Worker

    control = Control()
    progress = _Progress(run, control)
    worker = Worker(run, control, progress.report)
    if changes:
        control.ask(Change(changes, together=True))
    with _ctrl_c_stops(control):
        worker.work()
    progress.close()
    progress.advise()  # by what was written down since the last evaluation was told, too
    if progress.refused:
        raise ConfigError(progress.refused)
    if worker.error:
        raise worker.error
    if progress.bar is None or (progress.stopped and not checkpoints(run.checkpoints_folder)):
        click.echo("Stopped before training began.", err=True)
        sys.exit(1)
    if progress.stopped:
        click.echo(f"Stopped with a checkpoint; to go on: gpt-core resume {run.folder}", err=True)
    click.echo(progress.last_line())


@contextmanager
def _ctrl_c_stops(control: Control) -> Iterator[None]:
    """The first Ctrl-C asks to stop after this step, the second at once, and a third is Python's own. SIGTERM
    asks to stop at once: whoever sends it waits no longer than some seconds. So does SIGHUP, with which a
    terminal goes, unless that is ignored, as under nohup."""

    def stop(*_: Any) -> None:
        control.ask(Stop())
        signal.signal(signal.SIGINT, stop_now)

    def stop_now(*_: Any) -> None:
        control.ask(Stop(now=True))
        signal.signal(signal.SIGINT, signal.default_int_handler)

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop_now}
    hangup = getattr(signal, "SIGHUP", None)  # which Windows has not
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        handlers[hangup] = stop_now
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """Reports as a progress bar on standard error, and the last line of standard output."""

    def __init__(self, run: Run, control: Control) -> None:
        self.run = run
        self.control = control
        self.refused: list[Fault] = []
        self.held: list[events.Report] = []  # what the run begins with, until nothing of it is refused
        self.stopped = False
        self.advised = False
        self.step = 0
        self.validation: float | None = None
        self.losses: deque[float] = deque(maxlen=100)
        self.pace: deque[tuple[int, float]] = deque(maxlen=100)  # tokens, seconds
        self.bar: tqdm[Any] | None = None

    def report(self, report: events.Report) -> None:
        """Show one report; those of a beginning once it is sure that the run begins."""
        if isinstance(report, events.Ready) or (self.held and isinstance(report, events.Changed)):
            self.held.append(report)
            return
        held, self.held = self.held, []
        if not isinstance(report, events.ChangeRefused):
            for earlier in held:
                self._show(earlier)
        self._show(report)

    def _show(self, report: events.Report) -> None:
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
            case events.Stopping(step=step):
                self._write(f"Stopping after step {step}; Ctrl-C again stops now, and gives that step up.")
            case events.StepDone():
                self._step(report)
            case events.StepSkipped(step=step, scale=scale):
                self.step = step
                self._write(f"step {step}: skipped, fp16 overflowed at a loss scale of {scale:g}")
                if self.bar is not None:
                    self.bar.update()
            case events.EvaluationDone(step=step, evaluation=result):
                self.validation = result.loss
                self._write(
                    f"step {step}: validation loss {result.loss:.4f}, perplexity {result.perplexity:.5g}, "
                    f"{result.nats_per_character:.4f} nats per character, "
                    f"{result.bits_per_byte:.4f} bits per byte{unknown_remark(result)}, "
                    f"over {result.windows:,} of {result.all_windows:,} windows"
                )
                self.advise()
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

    def advise(self) -> None:
        """Say once where validation turned, as soon as the record tells."""
        from gpt_core.overfitting import look

        found = None if self.validation is None or self.advised else look(self.run.record_path)
        if found is None:
            return
        self.advised = True
        self._write(str(found.told()))

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
        """What a script reads: the mean training loss of the last hundred steps, and the rest. Over how many
        windows the validation went stands above it, where each evaluation is told."""
        loss = sum(self.losses) / len(self.losses) if self.losses else float("nan")
        validation = "none" if self.validation is None else f"{self.validation:.4f}"
        return (
            f"steps {self.step}, train loss {loss:.4f}, validation loss {validation}, "
            f"tokens/s {self.tokens_per_second():.0f}, run {self.run.folder}"
        )
