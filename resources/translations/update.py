"""Bring the translations up to date with the code: `python resources/translations/update.py`.

New sentences arrive as unfinished, for Qt Linguist or a text editor; those that are gone are dropped. Most
sentences are found in the code by Qt's own tool; those of settings, errors and presets are written where no
window is known, and are handed to it here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from gpt_core import resources
from gpt_core.config import from_toml, settings
from gpt_core.errors import MESSAGES
from workbench.language import NAMES, source, tool

ROOT = Path(__file__).resolve().parent.parent.parent


def from_gpt_core() -> list[tuple[str, str]]:
    """Context and sentence of everything that gpt_core says in the window."""
    phrases = [("errors", sentence) for sentence in MESSAGES.values()]
    for what in settings().values():
        phrases += [("settings", text) for text in (what.title, what.description, what.unit) if text]
    phrases += [("presets", from_toml(path)["description"]) for path in resources.presets().values()]
    return list(dict.fromkeys(phrases))


def update(path: Path) -> None:
    """Bring one .ts file up to date, or make it; it is named after its language."""
    with tempfile.TemporaryDirectory() as folder:
        handed = Path(folder) / "gpt_core.py"
        lines = [f"QCoreApplication.translate({context!r}, {text!r})" for context, text in from_gpt_core()]
        handed.write_text("\n".join(lines), encoding="utf-8")
        files = sorted((ROOT / "workbench").rglob("*.py"))
        command = [tool("lupdate"), "-silent", "-no-obsolete", "-locations", "none"]
        command += ["-source-language", "en", "-target-language", path.stem]
        subprocess.run([*command, *map(str, files), str(handed), "-ts", str(path)], check=True)


if __name__ == "__main__":
    for code in NAMES:
        if code != "en":
            update(source(code))
    sys.exit()
