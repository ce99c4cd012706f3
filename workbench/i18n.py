"""The words of `gpt_core` in the language of the window.

`gpt_core` names a problem by a code and a setting by its field; the sentences stand in `errors.MESSAGES` and
`config.settings()` in English. Here each goes through Qt's translation whole, and its values are filled in
afterwards, so that a language may order them as it must. Nothing is translated at import: the language may be
chosen later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from PySide6.QtCore import QCoreApplication

from gpt_core.config import Setting
from gpt_core.errors import MESSAGES, ConfigError, Fault, GPTCoreError


def sentence(code: str, values: Mapping[str, Any]) -> str:
    """The sentence that tells a problem; a value that is a problem itself, such as a reason, is told too."""
    told = {
        name: of_error(value) if isinstance(value, GPTCoreError) else value for name, value in values.items()
    }
    return QCoreApplication.translate("errors", MESSAGES[code]).format(**told)


def of_told(told: Mapping[str, Any]) -> str:
    """The same of a problem that comes from another process, as `service.as_told` makes it."""
    values = {
        name: of_told(value) if isinstance(value, Mapping) else value
        for name, value in told["values"].items()
    }
    return sentence(told["code"], values)


def of_fault(fault: Fault) -> str:
    """What is wrong with one field, said beside it and so without its name."""
    return sentence(fault.code, fault.values)


def of_error(error: GPTCoreError) -> str:
    """What went wrong; for a configuration all of it, one field a line."""
    if isinstance(error, ConfigError):
        line = QCoreApplication.translate("errors", "{field}: {problem}")
        return "\n".join(line.format(field=fault.field, problem=of_fault(fault)) for fault in error.faults)
    return sentence(error.code, error.values)


def together(sentences: Iterable[str]) -> str:
    """Sentences in a row: with a space between, but for those that end with the stop of Japanese."""
    joined = ""
    for each in sentences:
        joined += each if not joined or joined.endswith("。") else f" {each}"
    return joined


def title(what: Setting) -> str:
    """The name of a setting, as its label has it."""
    return QCoreApplication.translate("settings", what.title)


def description(what: Setting) -> str:
    """What a setting does."""
    return QCoreApplication.translate("settings", what.description)


def preset(description: str) -> str:
    """What a preset says of itself; a person's own words stay as they are."""
    return QCoreApplication.translate("presets", description) if description else ""


def unit(what: Setting) -> str:
    """What a setting counts, or ""."""
    return QCoreApplication.translate("settings", what.unit) if what.unit else ""


def limits(what: Setting) -> str:
    """Which numbers a setting allows, or "" where it is not a number."""
    if what.minimum is None or what.maximum is None:
        return ""
    if what.above and what.below:
        text = QCoreApplication.translate("settings", "More than {lowest} and less than {highest}.")
    elif what.above:
        text = QCoreApplication.translate("settings", "More than {lowest}, at most {highest}.")
    elif what.below:
        text = QCoreApplication.translate("settings", "At least {lowest}, less than {highest}.")
    else:
        text = QCoreApplication.translate("settings", "From {lowest} to {highest}.")
    return text.format(lowest=shown(what, what.minimum), highest=shown(what, what.maximum))


def gpt1(what: Setting) -> str:
    """What GPT-1 used, or "" where its paper and code say nothing of it."""
    if not what.in_gpt1:
        return ""
    return QCoreApplication.translate("settings", "GPT-1: {value}.").format(value=shown(what, what.gpt1))


def shown(what: Setting, value: Any) -> str:
    """A value as its field shows it: 10,000 where it counts something, 2.5e-4 as in papers, on and off."""
    if isinstance(value, bool):
        on, off = QCoreApplication.translate("settings", "on"), QCoreApplication.translate("settings", "off")
        return on if value else off
    if isinstance(value, int | float) and what.kind in ("int", "float"):
        if isinstance(value, float) and value.is_integer() and (what.kind == "int" or abs(value) < 1e5):
            value = int(value)
        if isinstance(value, float):
            return compact(value)
        return f"{value:,}" if what.unit else str(value)
    if what.kind == "texts":
        return json.dumps(list(value), ensure_ascii=False) if value else ""
    return str(value)


def compact(number: float) -> str:
    """A number in the fewest characters that read back as exactly the same one: 0.1, 2.5e-4, 1e6."""
    plain = repr(number).removesuffix(".0")
    if not isfinite(number) or 0.01 <= abs(number) < 1e5 or not number:
        return plain.removeprefix("-") if not number else plain
    sign, digits, exponent = Decimal(plain).normalize().as_tuple()
    assert isinstance(exponent, int)  # finite
    first, rest = digits[0], "".join(map(str, digits[1:]))
    short = f"{'-' if sign else ''}{first}{'.' if rest else ''}{rest}e{exponent + len(digits) - 1}"
    return short if len(short) <= len(plain) else plain
