"""The gallery: every picture is there, of the right size, of something, in the language that it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PySide6.QtGui import QImage

from workbench import theme
from workbench.app import main
from workbench.gallery import SIZES

WHOLE = [f"{what}-{width}x{height}" for what in ("welcome", "window") for width, height in SIZES]
PARTS = ["header", "curves", "machine", "overlay", "comparison", "unfolded", "trouble"]
DOCKS = ["setup", "data", "plan", "prompt", "samples", "checkpoints", "runs", "queue"]
DIALOGS = ["commandpalette", "shortcuts", "about"]
FEW = """
from pathlib import Path
from workbench.gallery import take
print(take(Path({folder!r}), ("light",), ("en", "ja"), steps=200), "pictures")
"""


def taken(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **environment}
    kept["GPT_WORKBENCH_HOME"] = str(tmp_path / "home")
    return subprocess.run(
        [sys.executable, *command], env=kept, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


def colours(image: QImage) -> int:
    """How many there are on a grid of some thousand points."""
    across, down = range(0, image.width(), 7), range(0, image.height(), 3)
    return len({image.pixel(x, y) for x in across for y in down})


def check(folder: Path, themes: list[theme.ThemeName], languages: list[str], scale: float = 1) -> None:
    pictures = {path.stem: QImage(str(path)) for path in folder.glob("*.png")}
    for name in themes:
        for code in languages:
            for what in WHOLE + PARTS + DOCKS + DIALOGS:
                picture = pictures[f"{name}-{code}-{what}"]
                assert colours(picture) > 8, what
                assert picture.width() >= 200 * scale, what
            for width, height in SIZES:
                for what in ("welcome", "window"):
                    size = pictures[f"{name}-{code}-{what}-{width}x{height}"].size()
                    assert (size.width(), size.height()) == (width * scale, height * scale)
    for name in themes:
        for what in WHOLE + DOCKS + DIALOGS:
            one, *others = (pictures[f"{name}-{code}-{what}"] for code in languages)
            assert all(one != other for other in others), what
    for code in languages:
        grounds = {pictures[f"{name}-{code}-about"].pixel(2, 2) for name in themes}
        assert len(grounds) == len(themes)


def test_pictures_are_taken_of_everything_in_each_language(tmp_path: Path, japanese_font) -> None:
    folder = tmp_path / "pictures"
    run = taken(tmp_path, "-c", FEW.format(folder=str(folder)))
    assert run.returncode == 0, run.stderr
    count = len(list(folder.iterdir()))
    assert run.stdout == f"{count} pictures\n"
    assert run.stderr.splitlines()[-1] == f"{count} pictures"
    check(folder, ["light"], ["en", "ja"])
    assert not (tmp_path / "home").exists()  # a person's own runs and settings are not touched


@pytest.mark.slow
def test_the_whole_gallery_at_another_scale(tmp_path: Path, japanese_font) -> None:
    folder = tmp_path / "pictures"
    run = taken(tmp_path, "-m", "workbench.app", "--gallery", str(folder), QT_SCALE_FACTOR="1.5")
    assert run.returncode == 0, run.stderr
    check(folder, ["dark", "light"], ["en", "ja"], scale=1.5)


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.png").touch()
    result = CliRunner().invoke(main, ["--gallery", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path} is not an empty folder; choose a new one.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]
