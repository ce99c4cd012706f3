"""Where the files that are not code lie: presets, themes, icons, translations."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The `resources` folder: of the checkout where there is one, else the copy inside the installed package.

    The checkout comes first, since an editable install leaves a copy that grows stale.
    """
    package = Path(__file__).resolve().parent
    checkout = package.parent / "resources"
    if checkout.is_dir() and (package.parent / "pyproject.toml").is_file():
        return checkout
    return package / "_resources"


def presets() -> dict[str, Path]:
    """The built-in presets by name, each a TOML file; the one to begin with comes first."""
    found = {path.stem: path for path in (folder() / "presets").glob("*.toml")}
    return dict(sorted(found.items(), key=lambda preset: (preset[0] != "quickstart", preset[0])))
