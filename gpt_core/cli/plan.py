"""gpt-core plan: what a run will come to, before it begins."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gpt_core.cli.common import load_values, set_option, told_plainly
from gpt_core.config import Config, from_values, override
from gpt_core.disk import readable_size
from gpt_core.errors import GPTCoreError
from gpt_core.events import Precision
from gpt_core.plan import MANY_EPOCHS

if TYPE_CHECKING:
    from gpt_core.memory import Memory
    from gpt_core.plan import Plan
    from gpt_core.trial import Trial

QUICKLY_READ = 20_000_000  # characters of a text that are read
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
MOST = 2.0**63  # bytes: more than any machine has
TIGHT = 0.85  # of the memory: beyond, what others hold of it may be too much
BINARY_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@click.command()
@click.argument("preset_or_toml")
@set_option
@click.option("--device", help="Plan for cpu, cuda or mps, here or elsewhere; by default train.device.")
@click.option("--memory", "room", help="How much memory there is, such as 8GiB: does it fit, and what would?")
@click.option("--rehearse", is_flag=True, help="Train some real steps, to measure memory and pace here.")
@told_plainly
def plan(
    preset_or_toml: str, assignments: tuple[str, ...], device: str | None, room: str | None, rehearse: bool
) -> None:
    """Show parameters, arithmetic, memory, epochs and time of a run before it begins."""
    from gpt_core import memory
    from gpt_core.plan import plan as planned

    config = from_values(override(load_values(preset_or_toml), assignments))
    limit = _bytes(room) if room else None
    if device:
        config = config.replace({"train.device": device})
    config, sure, train_tokens, counted, fault = _with_vocabulary(config)
    kind, precision, remark = _device(config)
    found = planned(config, train_tokens)
    forecast = memory.forecast(config, precision, kind)
    _show_model(config, found, sure)
    _show_text(config, found, counted, fault)
    if not rehearse:
        _line("to the end", "unknown", "time and tokens/s must be measured: add --rehearse")
    _show_memory(config, forecast, f"{kind}, {precision}{remark}")
    measured = None
    if rehearse:
        from gpt_core.trial import run_trial

        click.echo("Training some steps to measure them ...", err=True)
        measured = run_trial(config)
        _show_trial(found, forecast, measured)
        if limit is None:
            limit = measured.room
    if limit is not None:
        # What the trial took more or less than the forecast, other batches will take too.
        off = measured.peak / forecast.peak if measured else 1.0
        _show_fit(config, kind, precision, limit, off, free=room is None)


# -------------------------------------------------------------------------------------- What is to be known


def _bytes(text: str) -> int:
    """An amount of memory as a person writes it: 8GiB, 8 GB, 8192MiB, 8G."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", text, re.IGNORECASE | re.ASCII)
    if not match or (match[3] and not match[2]):
        raise GPTCoreError("bad_memory", text=text)
    size = float(match[1]) * (BINARY_UNITS if match[3] else UNITS)[match[2].lower()]
    if not 1 <= size < MOST:
        raise GPTCoreError("bad_memory", text=text if len(text) < 40 else text[:40] + "...")
    return int(size)


def _device(config: Config) -> tuple[str, Precision, str]:
    """The kind of device, the precision there, and a remark where that is a guess about another machine."""
    from gpt_core import hardware

    name, wanted = config.train.device, config.train.precision
    here = hardware.devices()
    if name == "auto" or name in here or (name == "cuda" and "cuda:0" in here):
        device = hardware.resolve_device(name)
        return device.type, hardware.resolve_precision(wanted, device), ""
    kind = name.split(":")[0]
    if wanted != "auto":
        return kind, wanted, ""
    if kind == "mps":
        return kind, "fp32", ""
    return kind, "bf16", "; a card older than NVIDIA's RTX 30 takes fp16, which needs as much"


def _with_vocabulary(config: Config) -> tuple[Config, bool, int | None, bool, GPTCoreError | None]:
    """`config` with its vocabulary's size, whether that is sure, the tokens to train on where the text is at
    hand, whether they were counted, and what is wrong with the text."""
    from gpt_core import text
    from gpt_core.plan import tokens_about, vocabulary

    size, sure = vocabulary(config)
    tokens, counted, fault = None, False, None
    data = config.data
    try:
        if not data.source.startswith("hub:"):
            look = text.look(data.source, data.column, data.encoding, QUICKLY_READ, everywhere=True)
            if not look.characters:
                raise text.is_empty(data.source)
            tokens = tokens_about(data, look.characters, look.size)
            if data.tokenizer == "characters":
                counted = look.whole
                if not sure:
                    size, sure = len(look.alphabet) + 1, look.whole
    except GPTCoreError as error:
        fault = error  # to be told; a plan needs no text
    model = config.model.model_copy(update={"vocab_size": size})
    return config.model_copy(update={"model": model}), sure, tokens, counted, fault


# ------------------------------------------------------------------------------------------- What is shown


def _head(title: str) -> None:
    click.echo(f"\n{title}")


def _line(label: str, value: str, remark: str = "") -> None:
    click.echo(f"  {label:22} {value:>16}  {remark}".rstrip())


def _show_model(config: Config, found: Plan, sure: bool) -> None:
    remarks = {
        "embedding": f"{config.model.vocab_size:,} tokens x {config.model.embedding_dim}"
        + ("" if sure else "; the vocabulary is a guess until the text is read"),
        "positions": f"{config.model.context_length:,} positions",
        "attention": f"{config.model.num_layers} layers",
        "ffn": f"{config.model.num_layers} layers, {config.model.ffn_dim:,} wide",
        "head": "tied: the embedding does it" if config.model.tied_head else "",
    }
    _head("Parameters")
    for part, count in asdict(found.parameters).items():
        _line(part, f"{count:,}", remarks.get(part, ""))
    _line("all", f"{found.parameters.total:,}")
    _head("Arithmetic")
    _line("FLOPs a token", f"{found.flops_per_token:,}", "forward and backward")
    _line("FLOPs in all", f"{found.total_flops:.2e}")


def _show_text(config: Config, found: Plan, counted: bool, fault: GPTCoreError | None) -> None:
    train = config.train
    about = "" if counted else "about; from the size of the text"
    _head("Text and steps")
    _line("tokens a step", f"{found.tokens_per_step:,}", f"{train.batch_size} x {train.accumulation} windows")
    _line("steps", f"{train.max_steps:,}")
    _line("tokens in all", f"{found.total_tokens:,}")
    if found.tokens_per_epoch is None or found.steps_per_epoch is None or found.epochs is None:
        _line("tokens an epoch", "unknown", str(fault or "the text is fetched when it is trained on"))
        return
    _line("tokens an epoch", f"{found.tokens_per_epoch:,}", about)
    _line("steps an epoch", f"{found.steps_per_epoch:,.1f}")
    _line("epochs", f"{found.epochs:,.2f}")
    if found.many_epochs:
        sentence = str(GPTCoreError("many_epochs", count=MANY_EPOCHS))
        click.echo(click.wrap_text(sentence, 84, initial_indent="  ", subsequent_indent="  "))


def _show_memory(config: Config, forecast: Memory, where: str) -> None:
    _head(f"Memory ({where})")
    _line("weights", readable_size(forecast.weights))
    _line("gradients", readable_size(forecast.gradients))
    _line("optimizer", readable_size(forecast.optimizer), "two moments of each weight")
    kept = "recomputed" if config.train.activation_checkpointing else "kept for the backward pass"
    _line("activations", readable_size(forecast.activations), kept)
    _line("logits", readable_size(forecast.logits), "with their gradients")
    _line("working space", readable_size(forecast.working), "results in passing, holes between the blocks")
    _line("program", readable_size(forecast.runtime), "Python, torch, the device's libraries")
    together = forecast.peak == sum(asdict(forecast).values()) - forecast.peak
    _line("peak", readable_size(forecast.peak), "" if together else "not all of these are there at once")


def _show_trial(found: Plan, forecast: Memory, measured: Trial) -> None:
    _head("Measured")
    _line("device", measured.device, f"{measured.precision}, threads: {measured.threads}")
    off = forecast.peak / measured.peak - 1
    _line("peak", readable_size(measured.peak), f"the forecast is off by {off:+.0%}")
    _line("tokens/s", f"{measured.tokens_per_second:,.0f}", f"over {measured.steps} steps")
    pace = measured.tokens_per_second
    if measured.compiled_tokens_per_second:
        compiled = measured.compiled_tokens_per_second
        pays = "train.compile=true pays" if compiled > 1.03 * pace else "train.compile does not pay"
        _line("compiled", f"{compiled:,.0f}", f"tokens/s: {pays} here")
    _line("to the end", _duration(found.seconds(pace)), f"{found.total_tokens:,} tokens at this pace")


def _show_fit(config: Config, kind: str, precision: Precision, limit: int, off: float, free: bool) -> None:
    """Whether the run fits into `limit` bytes, which are `free` or all that there are, and else what would;
    `off` is measured over forecast."""
    from gpt_core import memory

    peak = int(memory.forecast(config, precision, kind).peak * off)
    _head(f"In {readable_size(limit)}")
    if peak <= limit:
        click.echo(f"  It fits: {readable_size(peak)} at the peak.")
        _show_others(peak, limit, free)
        return
    click.echo(f"  It does not fit: {readable_size(peak)} at the peak.")
    found = memory.proposal(config, precision, kind, int(limit / off))
    if found is None:
        click.echo("  Nor does one window at a time: choose a smaller model or a shorter context.")
        return
    changed = {field: value for field, value in found.settings().items() if config.get(field) != value}
    if found.precision == precision:
        changed.pop("train.precision", None)
    click.echo(f"  The same windows a step, {readable_size(int(found.peak * off))} at the peak:")
    click.echo("  " + " ".join(f"--set {field}={_toml(value)}" for field, value in changed.items()))
    _show_others(int(found.peak * off), limit, free)


def _show_others(peak: int, limit: int, free: bool) -> None:
    if peak > TIGHT * limit and not free:
        click.echo("  What screens and other programs hold of it comes on top.")


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _duration(seconds: float) -> str:
    """A time as a person says it: 40 s, 12 min, 3.4 h, 5.1 days."""
    for unit, size, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= 2 * size or (unit == "h" and seconds >= size):
            return f"{seconds / size:,.{digits}f} {unit}"
    return f"{seconds:.0f} s"
