"""What a run is made of: the configuration, what is known of its settings, what can be wrong with them.

The settings themselves stand in `gpt_core.sections`. `faults(values)` tells everything that is wrong with a
configuration at once: pydantic alone hides what is wrong between fields while any single field is.
"""

from __future__ import annotations

import ast
import difflib
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from gpt_core.errors import ConfigError, Fault, GPTCoreError
from gpt_core.sections import (
    DEVICES,
    DataConfig,
    ModelConfig,
    OptimizerConfig,
    SamplingConfig,
    ScheduleConfig,
    Section,
    TrainConfig,
)

TOKENIZER = ("data.tokenizer", "data.tokenizer_path", "data.cleaning", "data.vocab_size")


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
    kind: Literal["int", "float", "bool", "choice", "text", "texts"]
    title: str
    description: str
    unit: str
    live: bool
    of_model: bool  # shapes the weights, or makes the tokens that they were trained on
    default: Any
    choices: tuple[str, ...] = ()
    minimum: float | None = None  # allowed itself, unless `above`
    maximum: float | None = None  # allowed itself, unless `below`
    above: bool = False
    below: bool = False
    in_gpt1: bool = False
    gpt1: Any = None

    def fixed(self, given: bool) -> bool:
        """Whether it cannot change in a run that goes on; or in one that has made no step of its own and was
        `given` its weights, where only what belongs to these is fixed."""
        return self.of_model if given else not self.live


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
            kinds[tuple[str, ...]] = "texts"
            field, live = f"{section}.{name}", extra["live"]
            found[field] = Setting(
                field=field,
                kind="choice" if choices else kinds[info.annotation],
                title=info.title or name,
                description=info.description or "",
                unit=extra["unit"],
                live=live,
                of_model=(section == "model" and not live) or field in TOKENIZER,
                default=info.default,
                choices=choices,
                in_gpt1="gpt1" in extra,
                gpt1=extra.get("gpt1"),
                **limits,
            )
    return found


@cache
def _sections() -> list[str]:
    return list(dict.fromkeys(field.split(".")[0] for field in settings()))


def _split(field: str) -> tuple[str, str]:
    if field not in settings():
        raise ConfigError([_unknown(field)])
    section, name = field.split(".")
    return section, name


def _unknown(field: str) -> Fault:
    section, name = field.split(".", 1) if "." in field else ("", field)
    elsewhere = any(known.split(".")[1] == name for known in settings())
    if section and section not in _sections() and not elsewhere:
        return Fault(section, "unknown_section", {"section": section, "known": ", ".join(_sections())})
    return Fault(field, "unknown_field", {"name": field, "suggestion": _nearest(name.casefold())})


def _nearest(name: str) -> str:
    """The field that is likely meant: by words of its name, else by what is said of it, else by letters."""
    words = set(name.split("_"))

    def likeness(field: str) -> float:
        own, what = field.split(".")[1], settings()[field]
        letters = difflib.SequenceMatcher(None, name, own).ratio()
        if words <= set(own.split("_")):
            return 1 + letters
        told = re.findall(r"\w+", f"{what.title} {what.description}".casefold())
        return 1 if words <= set(told) else letters

    return max(settings(), key=likeness)


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
            good[field] = {"int": int, "float": float, "texts": tuple}.get(what.kind, _as_it_is)(value)
    return found + _faults_between(good)


def _fault_of_one(field: str, value: Any) -> Fault | None:
    section, name = field.split(".")
    kind = settings()[field].kind
    if kind == "bool" and not isinstance(value, bool):
        return Fault(field, "not_a_bool", {"value": _shown(value)})
    if kind in ("int", "float") and isinstance(value, bool | str):  # pydantic would take "12" for 12
        code = "not_an_integer" if kind == "int" and isinstance(value, str) else "not_a_number"
        return Fault(field, code, {"value": _shown(value)})
    if kind == "texts" and (
        not isinstance(value, list | tuple) or not all(_is_text(text) and text for text in value)
    ):
        return Fault(field, "not_texts", {"value": _shown(value)})
    try:
        model = _blank(section)
        model.__pydantic_validator__.validate_assignment(model, name, value)
    except ValidationError as error:
        return _fault_from_pydantic(field, value, error.errors()[0])
    return None


@cache
def _blank(section: str) -> Any:
    """What values of a section may be put into to be looked at, each by itself."""
    model: Any = Config.model_fields[section].annotation
    return model.model_construct()


def _fault_from_pydantic(field: str, value: Any, error: ErrorDetails) -> Fault:
    what = settings()[field]
    shown: dict[str, Any] = {"value": _shown(value)}
    kind = error["type"]
    if kind == "literal_error":
        return Fault(field, "not_one_of", shown | {"choices": ", ".join(what.choices)})
    if kind == "string_pattern_mismatch":  # of which the device alone has one
        return Fault(field, "not_one_of", shown | {"choices": ", ".join(DEVICES)})
    if kind in ("greater_than_equal", "greater_than"):
        code = "below_minimum" if kind == "greater_than_equal" else "not_above"
        return Fault(field, code, shown | {"limit": what.minimum})
    if kind in ("less_than_equal", "less_than"):
        code = "above_maximum" if kind == "less_than_equal" else "not_below"
        return Fault(field, code, shown | {"limit": what.maximum})
    if kind == "too_long":
        return Fault(field, "too_many", {"count": len(value), "limit": error["ctx"]["max_length"]})
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


def _as_it_is(value: Any) -> Any:
    return value


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
    """The values in a TOML file, not yet checked; raises text_unreadable, bad_toml."""
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
    """`values` with each "section.field=value" put in; the value is read as the field's kind wants it, and a
    text in quotes with a backslash as Python writes it, so that '\\n' says a line end in one line.

    Raises bad_override, and ConfigError for a field that does not exist.
    """
    changed = {name: dict(table) if isinstance(table, Mapping) else table for name, table in values.items()}
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        field = field.strip()
        if not equals or not field or field.count(".") > 1:
            raise GPTCoreError("bad_override", text=assignment)
        section, name = _split(field)
        if not isinstance(changed.setdefault(section, {}), dict):
            raise ConfigError(faults(values))
        changed[section][name] = parse(field, _unquoted(text) if settings()[field].kind == "text" else text)
    return changed


def _unquoted(text: str) -> str:
    if "\\" in text and text[0] == text[-1] and text[0] in "'\"":
        with suppress(ValueError, SyntaxError):
            read = ast.literal_eval(text)
            return read if isinstance(read, str) else text
    return text


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
    if kind == "texts":  # a list as TOML and JSON write it, or else one text as it stands
        try:
            listed = json.loads(typed)
        except (ValueError, RecursionError):
            listed = None
        return listed if isinstance(listed, list) else [text] if text else []
    return text if kind == "text" else typed
