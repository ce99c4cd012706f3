"""The rules that the code keeps: lint, format, types, import order, and what an import costs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_kept(rule):
    tool, *arguments = RULES[rule]
    command = [str(Path(sys.executable).parent / tool), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("gpt_core", {"torch", "numpy", "PySide6"}),
        ("gpt_core.cli", {"torch", "PySide6"}),
        ("gpt_core.plan", {"torch", "numpy", "PySide6"}),
        ("gpt_core.memory", {"torch", "numpy", "PySide6"}),
        ("gpt_core.trial", {"torch", "PySide6"}),
        ("gpt_core.worker", {"PySide6", "pyqtgraph"}),
        ("workbench.app", {"torch", "PySide6"}),
        ("workbench.main_window", {"torch", "transformers"}),
    ],
)
def test_an_import_loads_only_what_it_needs(module, unwanted):
    code = f"import sys, {module}; print(*{unwanted!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_name_of_gpt_core_is_there():
    import gpt_core

    for name in gpt_core.__all__:
        assert getattr(gpt_core, name).__module__.startswith("gpt_core.")
    assert set(gpt_core.__all__) == set(gpt_core._HOMES)
    with pytest.raises(AttributeError):
        _ = gpt_core.nothing
