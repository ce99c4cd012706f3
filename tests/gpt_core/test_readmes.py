"""What the READMEs name is there: files, settings, presets, commands and their options, names in the code."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest
import torch

import gpt_core
from gpt_core import resources
from gpt_core.cli import main
from gpt_core.config import from_values, override, settings
from gpt_core.model import GPT

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "gpt_core" / "README.md", ROOT / "gpt_core" / "README.ja.md"]
# What is the notebook's, torch's or GPT-2's, not ours.
THEIRS = {
    "forward", "state_dict", "strict=True", "nn.MultiheadAttention", "nn.GELU()", "nn.Embedding",
    "create_mask", "batch_first", "gpt(x)", "print(gpt)", "print(model)", "x == 0", 'param_group["lr"]',
    "torch.cuda.is_available()", "torch.cuda.empty_cache()", "gc.collect()", "max_lr * (1 + cos(...))",
}  # fmt: skip


def quoted(page: Path) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", prose))


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [text for marked, text in found if marked == language]


def names() -> set[str]:
    """What the code defines: modules' names, the model's modules and parameters, choices and presets."""
    found = set(gpt_core.__all__) | set(resources.presets())
    for module in pkgutil.iter_modules(gpt_core.__path__):
        found.add(f"{module.name}.py")
        if module.name not in ("cli", "trial"):
            found |= set(vars(importlib.import_module(f"gpt_core.{module.name}")))
    small = {"vocab_size": 9, "context_length": 4, "embedding_dim": 8, "ffn_dim": 8, "num_heads": 2}
    model = GPT(from_values({"model": small}).model)
    found |= {part for name in model.state_dict() for part in name.split(".")}
    found |= {part for name, _ in model.named_modules() for part in name.split(".")}
    found |= {f"model.{name}" for name in dir(model)} | {f"GPT.{name}" for name in dir(model)}
    for field, what in settings().items():
        found |= {field, field.split(".")[1], *what.choices}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_in_the_page_of_the_notebook_is_there(page):
    known = names()
    for said in quoted(page) - THEIRS:
        plain = re.sub(r"\(.*\)", "", said)
        if said.startswith("gpt-core "):
            parsed(said)
        elif "=" in said:  # a setting: it must take that value
            field, value = (part.strip(' "') for part in said.split("="))
            [full] = [name for name in settings() if name == field or name.split(".")[1] == field]
            assert from_values(override({}, [f"{full}={value}"])).get(full) is not None
        else:
            assert plain in known, said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_cell_of_the_notebook_has_its_row(page):
    cells = re.findall(r"^\| In \[(\d+)\] ", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert cells == sorted(cells)  # in the notebook's order
    assert set(map(int, cells)) == set(range(1, 10))


def test_both_languages_name_the_same():
    english, japanese = map(quoted, PAGES)
    assert english == japanese


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_script_in_the_page_runs(page):
    [script] = blocks(page, "python")
    for big, small in [("50257", "61"), ("1024", "16"), ("1025", "17")]:
        assert big in script
        script = script.replace(big, small)
    script = script.replace("vocab_size=61, ", "vocab_size=61, embedding_dim=24, num_heads=2, num_layers=1, ")
    held: dict[str, torch.Tensor] = {}
    exec(script, held)
    assert held["logits"].shape == (1, 16, 61)
    assert held["loss"].dim() == 0
    assert held["hidden"].shape == (1, 16, 24)


def parsed(line: str) -> None:
    """Parse a command as the command line does, without carrying it out."""
    _, name, *arguments = shlex.split(line)
    main.commands[name].make_context(name, arguments).close()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_page_is_one(page):
    lines = [
        line.removeprefix("$ ")
        for block in blocks(page, "")
        for line in block.splitlines()
        if line.removeprefix("$ ").startswith("gpt-core ")
    ]
    assert lines
    for line in lines:
        try:
            parsed(line)
        except click.ClickException as error:
            pytest.fail(f"{line}: {error.format_message()}")
        assigned = [value for option, value in pairwise(shlex.split(line)) if option == "--set"]
        override({}, assigned)  # raises where there is no such setting
