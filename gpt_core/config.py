"""What a run is made of: every setting, typed once, with its words, unit and limits.

The forms of the window, the `--set section.field=value` of the command line and the TOML files all come from
the models below. `faults(values)` tells everything that is wrong with a configuration at once: pydantic alone
hides what is wrong between fields while any single field is.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from gpt_core.errors import ConfigError, Fault, GPTCoreError

NOT_IN_PAPER = object()


def setting(
    default: Any,
    title: str,
    description: str,
    *,
    unit: str = "",
    live: bool = False,
    gpt1: Any = NOT_IN_PAPER,
    **limits: Any,
) -> Any:
    """A field of a section: its words, its unit, whether it may change while training runs (`live`) and what
    GPT-1's paper or released code used."""
    extra: dict[str, Any] = {"unit": unit, "live": live} | ({} if gpt1 is NOT_IN_PAPER else {"gpt1": gpt1})
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)


class Section(BaseModel):
    """One table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelConfig(Section):
    """The shape of the GPT. GPT-1 is the default; `norm = "pre"` with a final norm is GPT-2's."""

    vocab_size: int = setting(
        0, "Vocabulary", "Number of different tokens; 0 takes it from the tokenizer.", unit="tokens", ge=0,
        le=1_000_000, gpt1=40478,
    )  # fmt: skip
    context_length: int = setting(
        512,
        "Context length",
        "How many tokens the model sees at once.",
        unit="tokens",
        ge=1,
        le=65536,
        gpt1=512,
    )
    embedding_dim: int = setting(
        768, "Embedding dimension",
        "Width of the vector that stands for each token; a multiple of the heads.", ge=1, le=16384, gpt1=768,
    )  # fmt: skip
    ffn_dim: int = setting(
        3072, "FFN dimension", "Width of the hidden layer in each feed-forward network; often four times the "
        "embedding dimension.", ge=1, le=65536, gpt1=3072,
    )  # fmt: skip
    num_heads: int = setting(12, "Attention heads", "Attention heads in each layer.", ge=1, le=256, gpt1=12)
    num_layers: int = setting(12, "Layers", "Decoder layers, one upon the other.", ge=1, le=256, gpt1=12)
    norm: Literal["post", "pre"] = setting(
        "post", "Layer norm", "post: after each sum, as in GPT-1. pre: before each part and once at the "
        "end, as in GPT-2, which trains more easily.", gpt1="post",
    )  # fmt: skip
    activation: Literal["gelu", "gelu_tanh"] = setting(
        "gelu_tanh", "Activation", "gelu: exact. gelu_tanh: the approximation in GPT-1's and GPT-2's code.",
        gpt1="gelu_tanh",
    )  # fmt: skip
    tied_head: bool = setting(
        True, "Tied head", "Use the token embedding as the output layer too, as GPT-1 does.", gpt1=True
    )
    bias: bool = setting(True, "Biases", "Biases in linear layers and layer norms.", gpt1=True)
    embedding_dropout: float = setting(
        0.1, "Embedding dropout", "Share of the embedding's values dropped in training.", ge=0, lt=1,
        gpt1=0.1, live=True,
    )  # fmt: skip
    attention_dropout: float = setting(
        0.1, "Attention dropout", "Share of attention weights dropped in training; slow on a CPU.", ge=0,
        lt=1, gpt1=0.1, live=True,
    )  # fmt: skip
    residual_dropout: float = setting(
        0.1, "Residual dropout", "Share of each part's output dropped before it is added.", ge=0, lt=1,
        gpt1=0.1, live=True,
    )  # fmt: skip
    layer_norm_eps: float = setting(
        1e-5, "Layer norm epsilon", "Added to the variance in each layer norm.", gt=0, le=1, gpt1=1e-5
    )
    initialisation: Literal["gpt1", "gpt2", "torch"] = setting(
        "gpt1", "Initialisation", "gpt1: N(0, 0.02), zero biases. gpt2: the same, with the layers' outputs "
        "scaled by 1/sqrt(2 layers). torch: PyTorch's defaults, as in the notebook.", gpt1="gpt1",
    )  # fmt: skip


class DataConfig(Section):
    """The text and how it becomes tokens."""

    source: str = setting(
        "builtin:python-reference", "Text", "A text file, a folder of text files, or a built-in text: "
        "builtin:python-reference, builtin:python-stdlib.", min_length=1,
    )  # fmt: skip
    tokenizer: Literal["characters", "bpe"] = setting(
        "characters", "Tokenizer", "characters: one token a character. bpe: byte-level byte-pair encoding, "
        "trained on the text.", gpt1="bpe",
    )  # fmt: skip
    vocab_size: int = setting(
        4096, "BPE vocabulary", "Size of the vocabulary that bpe learns.", unit="tokens", ge=257,
        le=1_000_000, gpt1=40478,
    )  # fmt: skip
    validation_fraction: float = setting(
        0.1, "Validation part", "Share of the text kept for validation and never trained on.", gt=0, lt=1
    )


class ScheduleConfig(Section):
    """The learning rate over the run; see `gpt_core.schedule`."""

    form: Literal["cosine", "gpt1"] = setting(
        "cosine", "Form", "cosine: after the warmup, half a cosine down to the floor. gpt1: as in the code "
        "released with GPT-1, down to zero.", live=True, gpt1="gpt1",
    )  # fmt: skip
    max_lr: float = setting(
        2.5e-4,
        "Peak rate",
        "The learning rate at the end of the warmup.",
        gt=0,
        le=10,
        live=True,
        gpt1=2.5e-4,
    )
    min_lr: float = setting(
        0.0, "Floor", "The learning rate at the last step (form cosine).", ge=0, le=10, live=True, gpt1=0.0
    )
    warmup_steps: int = setting(
        2000, "Warmup", "Steps over which the rate rises to its peak.", unit="steps", ge=0, le=10**9,
        live=True, gpt1=2000,
    )  # fmt: skip


class OptimizerConfig(Section):
    """How gradients change the weights."""

    name: Literal["adam", "adamw"] = setting(
        "adamw", "Optimizer", "adam: weight decay joins the gradient. adamw: decay is applied to the weights "
        "themselves, as in GPT-1.", gpt1="adamw",
    )  # fmt: skip
    beta1: float = setting(
        0.9, "Beta 1", "Decay of the gradient's running mean.", ge=0, lt=1, live=True, gpt1=0.9
    )
    beta2: float = setting(
        0.999, "Beta 2", "Decay of the squared gradient's running mean.", ge=0, lt=1, live=True, gpt1=0.999
    )
    eps: float = setting(
        1e-8, "Epsilon", "Keeps the division by the gradient's size finite.", gt=0, le=1, live=True, gpt1=1e-8
    )
    weight_decay: float = setting(
        0.01, "Weight decay", "Pull of the matrices, embeddings included, towards zero; biases and norms are "
        "left alone.", ge=0, le=10, live=True, gpt1=0.01,
    )  # fmt: skip
    grad_clip: float = setting(
        1.0, "Gradient clipping", "Largest norm of the gradient; 0 leaves it as it is.", ge=0, le=1e6,
        live=True, gpt1=1.0,
    )  # fmt: skip


class TrainConfig(Section):
    """How long, on what, and what happens along the way."""

    batch_size: int = setting(
        64, "Batch", "Windows that pass through the model at once.", unit="windows", ge=1, le=65536,
        live=True, gpt1=64,
    )  # fmt: skip
    accumulation: int = setting(
        1, "Accumulation", "Batches whose gradients are summed before each step; a larger batch for the same "
        "memory.", unit="batches", ge=1, le=65536, live=True,
    )  # fmt: skip
    max_steps: int = setting(
        10_000, "Steps", "Updates of the weights in the whole run.", unit="steps", ge=1, le=10**9, live=True
    )
    device: str = setting(
        "auto", "Device", "auto, cpu, cuda, cuda:1, mps: where the model trains.", min_length=1
    )
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto", "Precision", "auto: bf16 where the hardware computes in it, fp32 elsewhere.", gpt1="fp32"
    )
    compile: bool = setting(
        False, "Compile", "Compile the model with torch.compile: a slow start, often faster on a GPU."
    )
    threads: int = setting(
        0, "Threads", "CPU threads; 0 tries a few numbers on this machine and takes the fastest. Fewer do "
        "better where other programs keep the cores busy.", ge=0, le=1024, live=True,
    )  # fmt: skip
    seed: int = setting(
        1, "Seed", "Sets the first weights, the order of the text and the dropout.", ge=0, le=2**32 - 1
    )
    deterministic: bool = setting(
        False, "Deterministic", "Same seed, same weights, bit for bit on a GPU too; slower there."
    )
    eval_interval: int = setting(
        250, "Evaluate every", "Steps from one validation to the next; 0 only at the end.", unit="steps",
        ge=0, le=10**9, live=True,
    )  # fmt: skip
    eval_windows: int = setting(
        256, "Evaluation windows", "Validation windows, the same each time; 0 takes the whole validation "
        "part.", unit="windows", ge=0, le=10**9, live=True,
    )  # fmt: skip
    sample_interval: int = setting(
        500, "Sample every", "Steps from one sample to the next; 0 never.", unit="steps", ge=0, le=10**9,
        live=True,
    )  # fmt: skip
    checkpoint_interval: int = setting(
        1000, "Checkpoint every", "Steps from one checkpoint to the next; 0 only at the end.", unit="steps",
        ge=0, le=10**9, live=True,
    )  # fmt: skip
    keep: int = setting(
        3, "Checkpoints kept", "How many of the latest checkpoints are kept, besides the best one.", ge=1,
        le=10**6, live=True,
    )  # fmt: skip


class SamplingConfig(Section):
    """How the model is asked to go on from a prompt."""

    prompt: str = setting(
        "\n", "Prompt", "What the samples along the way begin with.", min_length=1, live=True
    )
    max_tokens: int = setting(
        200, "Length", "Tokens to sample at most.", unit="tokens", ge=1, le=10**6, live=True
    )
    temperature: float = setting(
        0.8, "Temperature", "Below 1 safer, above 1 bolder; 0 always takes the likeliest token.", ge=0,
        le=100, live=True,
    )  # fmt: skip
    top_k: int = setting(
        0, "Top-k", "Choose among this many of the likeliest tokens; 0 among all.", ge=0, le=10**6, live=True
    )
    top_p: float = setting(
        1.0, "Top-p", "Choose among the likeliest tokens that together hold this probability.", gt=0, le=1,
        live=True,
    )  # fmt: skip
    seed: int = setting(1, "Seed", "Same seed, same text.", ge=0, le=2**32 - 1, live=True)


class Config(BaseModel):
    """All of a run: what `run.toml` and the presets hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    train: TrainConfig = TrainConfig()
    sampling: SamplingConfig = SamplingConfig()

    def get(self, field: str) -> Any:
        """The value of a field, named "section.field"."""
        section, name = field.split(".")
        return getattr(getattr(self, section), name)

    def replace(self, changes: Mapping[str, Any]) -> Config:
        """A copy with some fields ("section.field") changed; ConfigError tells all that is wrong with it."""
        values = self.model_dump()
        for field, value in changes.items():
            section, name = _split(field)
            values[section][name] = value
        return from_values(values)


# ---------------------------------------------------------------------------------------- What a field is


@dataclass(frozen=True)
class Setting:
    """What is known of one field: enough to draw a form from, without pydantic."""

    field: str
    kind: Literal["int", "float", "bool", "choice", "text"]
    title: str
    description: str
    unit: str
    live: bool
    default: Any
    choices: tuple[str, ...] = ()
    minimum: float | None = None  # allowed itself, unless `above`
    maximum: float | None = None  # allowed itself, unless `below`
    above: bool = False
    below: bool = False
    in_gpt1: bool = False
    gpt1: Any = None


@cache
def settings() -> dict[str, Setting]:
    """Every setting by its name "section.field", in the order of the forms."""
    found = {}
    for section, field_info in Config.model_fields.items():
        model = field_info.annotation
        if not (isinstance(model, type) and issubclass(model, Section)):
            continue
        for name, info in model.model_fields.items():
            extra: Any = info.json_schema_extra
            limits: dict[str, Any] = {}
            for limit in info.metadata:
                match limit:
                    case annotated_types.Ge(ge):
                        limits |= {"minimum": ge}
                    case annotated_types.Gt(gt):
                        limits |= {"minimum": gt, "above": True}
                    case annotated_types.Le(le):
                        limits |= {"maximum": le}
                    case annotated_types.Lt(lt):
                        limits |= {"maximum": lt, "below": True}
            choices = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
            kinds: dict[Any, Any] = {int: "int", float: "float", bool: "bool", str: "text"}
            found[f"{section}.{name}"] = Setting(
                field=f"{section}.{name}",
                kind="choice" if choices else kinds[info.annotation],
                title=info.title or name,
                description=info.description or "",
                unit=extra["unit"],
                live=extra["live"],
                default=info.default,
                choices=choices,
                in_gpt1="gpt1" in extra,
                gpt1=extra.get("gpt1"),
                **limits,
            )
    return found


def _sections() -> list[str]:
    return list(dict.fromkeys(field.split(".")[0] for field in settings()))


def _split(field: str) -> tuple[str, str]:
    if field not in settings():
        raise ConfigError([_unknown(field)])
    section, name = field.split(".")
    return section, name


def _unknown(field: str) -> Fault:
    near = difflib.get_close_matches(field, settings(), n=1, cutoff=0)
    section, _, name = field.partition(".")
    same = [known for known in settings() if known.split(".")[1] == name]
    if section not in _sections() and not same:
        return Fault(section, "unknown_section", {"section": section, "known": ", ".join(_sections())})
    suggestion = same[0] if same else near[0]
    return Fault(field, "unknown_field", {"name": field, "suggestion": suggestion})


# ------------------------------------------------------------------------------------------------- Faults


def faults(values: Mapping[str, Any] | Config) -> list[Fault]:
    """Everything wrong with a configuration, at once: each field alone and the fields together.

    `values` is as TOML gives it: {"section": {"field": value}}. What is said of several fields together is
    said only where each of them is right by itself.
    """
    if isinstance(values, Config):
        values = values.model_dump()
    found: list[Fault] = []
    good: dict[str, Any] = {}
    for section, table in values.items():
        if section == "description":
            if not _is_text(table):
                found.append(Fault(section, "not_text", {"value": _shown(table)}))
        elif section not in _sections():
            known = ", ".join(_sections())
            found.append(Fault(str(section), "unknown_section", {"section": section, "known": known}))
        elif not isinstance(table, Mapping):
            example = next(field for field in settings() if field.startswith(section + "."))
            found.append(
                Fault(
                    section, "not_a_table", {"section": section, "value": _shown(table), "example": example}
                )
            )
        else:
            found += [
                _unknown(f"{section}.{name}") for name in table if f"{section}.{name}" not in settings()
            ]
    for field, what in settings().items():
        section, name = field.split(".")
        table = values.get(section, {})
        value = table.get(name, what.default) if isinstance(table, Mapping) else what.default
        fault = _fault_of_one(field, value)
        if fault:
            found.append(fault)
        else:  # as a number is meant: 12.0 steps are 12
            good[field] = {"int": int, "float": float}.get(what.kind, lambda same: same)(value)
    return found + _faults_between(good)


def _fault_of_one(field: str, value: Any) -> Fault | None:
    section, name = field.split(".")
    model: Any = Config.model_fields[section].annotation
    kind = settings()[field].kind
    if kind == "bool" and not isinstance(value, bool):
        return Fault(field, "not_a_bool", {"value": _shown(value)})
    if kind in ("int", "float") and isinstance(value, bool | str):  # pydantic would take "12" for 12
        code = "not_an_integer" if kind == "int" and isinstance(value, str) else "not_a_number"
        return Fault(field, code, {"value": _shown(value)})
    try:
        model.__pydantic_validator__.validate_assignment(model.model_construct(), name, value)
    except ValidationError as error:
        return _fault_from_pydantic(field, value, error.errors()[0])
    return None


def _fault_from_pydantic(field: str, value: Any, error: ErrorDetails) -> Fault:
    what = settings()[field]
    shown: dict[str, Any] = {"value": _shown(value)}
    kind = error["type"]
    if kind == "literal_error":
        return Fault(field, "not_one_of", shown | {"choices": ", ".join(what.choices)})
    if kind in ("greater_than_equal", "greater_than"):
        code = "below_minimum" if kind == "greater_than_equal" else "not_above"
        return Fault(field, code, shown | {"limit": what.minimum})
    if kind in ("less_than_equal", "less_than"):
        code = "above_maximum" if kind == "less_than_equal" else "not_below"
        return Fault(field, code, shown | {"limit": what.maximum})
    if kind == "string_too_short":
        return Fault(field, "empty")
    if kind == "finite_number":
        return Fault(field, "not_finite", shown)
    if kind.startswith("int_"):
        return Fault(field, "not_an_integer", shown)
    if kind.startswith("float_"):
        return Fault(field, "not_a_number", shown)
    if kind.startswith("string_"):
        return Fault(field, "not_text", shown)
    return Fault(field, "invalid", shown | {"reason": error["msg"]})


def _is_text(value: Any) -> bool:
    """Whether a value is a string that can be written to a file; half a surrogate pair cannot."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _shown(value: Any) -> Any:
    """A value as a sentence may show it: text in quotes, and nothing longer than a line."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # Python writes out no whole number of more than 4,300 digits
        text = "…"
    if len(text) > 60:
        return text[:59] + "…"
    return value if isinstance(value, int | float) and text != "…" else text


def _faults_between(good: Mapping[str, Any]) -> list[Fault]:
    found = []

    def known(*fields: str) -> list[Any] | None:
        return [good[field] for field in fields] if all(field in good for field in fields) else None

    if values := known("model.embedding_dim", "model.num_heads"):
        width, heads = values
        if width % heads:
            nearest = max(1, round(width / heads)) * heads
            found.append(
                Fault(
                    "model.embedding_dim",
                    "heads_do_not_divide",
                    {"embedding_dim": width, "num_heads": heads, "nearest": nearest},
                )
            )
    if values := known("schedule.warmup_steps", "train.max_steps"):
        warmup, steps = values
        if warmup > steps:
            found.append(
                Fault(
                    "schedule.warmup_steps", "warmup_too_long", {"warmup_steps": warmup, "max_steps": steps}
                )
            )
    if values := known("schedule.min_lr", "schedule.max_lr"):
        floor, peak = values
        if floor > peak:
            found.append(Fault("schedule.min_lr", "min_lr_above_max_lr", {"min_lr": floor, "max_lr": peak}))
    return found


# ---------------------------------------------------------------------------------------- Reading, writing


def from_values(values: Mapping[str, Any]) -> Config:
    """The configuration that `values` describe; ConfigError tells all that is wrong with them."""
    found = faults(values)
    if found:
        raise ConfigError(found)
    return Config.model_validate(values)


def from_toml(path: Path) -> dict[str, Any]:
    """The values in a TOML file, not yet checked."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GPTCoreError("text_unreadable", path=path, reason=error.strerror or error) from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, endless numbers or brackets
        raise GPTCoreError("bad_toml", path=path, reason=error) from error


def to_toml(config: Config) -> str:
    """The configuration as TOML, every setting written out."""
    return tomli_w.dumps(config.model_dump())


def override(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """`values` with each "section.field=value" put in; the value is read as the field's kind wants it."""
    changed = {name: dict(table) if isinstance(table, Mapping) else table for name, table in values.items()}
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        field = field.strip()
        if not equals or field.count(".") != 1:
            raise GPTCoreError("bad_override", text=assignment)
        section, name = _split(field)
        if not isinstance(changed.setdefault(section, {}), dict):
            raise ConfigError(faults(values))
        changed[section][name] = parse(field, text)
    return changed


def parse(field: str, text: str) -> Any:
    """What a person typed for a field, as the field's kind; text that does not fit is left for `faults`."""
    kind = settings()[field].kind
    typed = text.strip()
    if kind == "bool":
        return {"true": True, "false": False}.get(typed.lower(), text)
    if kind in ("int", "float"):
        plain = typed.replace("_", "")
        try:
            return int(plain)
        except ValueError:
            pass
        try:
            number = float(plain)
        except ValueError:
            return text
        return int(number) if kind == "int" and math.isfinite(number) and number == int(number) else number
    return text if kind == "text" else typed
