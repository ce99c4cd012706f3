"""The program `gpt-workbench`: read the command line, see that a window can be shown, show it."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gpt_core import resources
from gpt_core.cli.common import load_values, told_plainly
from gpt_core.config import faults, settings
from gpt_core.errors import ConfigError, GPTCoreError

if TYPE_CHECKING:
    from workbench.main_window import MainWindow

# What Qt loads from the system on Linux and brings along nowhere: the library and Debian's package for it.
NEEDED_ANYWHERE = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
NEEDED_FOR_X11 = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", metavar="[PRESET_OR_TOML_OR_RUN]", required=False)
@click.option("--run", "folder", type=click.Path(path_type=Path), help="A new folder for the run.")
@click.option("--start", is_flag=True, help="Start training at once.")
@click.option(
    "--theme", "theme_name", type=click.Choice(["dark", "light", "system"]), help="Instead of the last one."
)
@click.option("--language", "language_name", type=click.Choice(["en", "ja"]), help="Instead of the last one.")
@click.option(
    "--screenshot", type=click.Path(path_type=Path, dir_okay=False), help="Save a picture before quitting."
)
@click.option("--quit-after", type=click.FloatRange(min=0), help="Save, and quit after so many seconds.")
@click.option(
    "--gallery",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Fill a new folder with pictures of every panel and dialog in each theme and language, around runs "
    "of their own, and quit. For other scales set Qt's QT_SCALE_FACTOR, to 1.5 say.",
)
@click.version_option(package_name="gpt-workbench")
@told_plainly
def main(
    what: str | None,
    folder: Path | None,
    start: bool,
    theme_name: str | None,
    language_name: str | None,
    screenshot: Path | None,
    quit_after: float | None,
    gallery: Path | None,
) -> None:
    """Open the workbench with a preset, a TOML file or a run; where none is named with the settings that were
    left unsaved, or else with quickstart."""
    if gallery is not None:
        _fill(gallery)
        return
    run = Path(what) if what and (Path(what) / "run.toml").is_file() else None
    if run is None and what and Path(what).is_dir():
        raise GPTCoreError("run_missing", path=what)
    values = load_values(what or "quickstart") if run is None else {}
    homeless = [fault for fault in faults(values) if fault.field not in settings()]
    if homeless:
        raise ConfigError(homeless)
    if screenshot is not None and not screenshot.absolute().parent.is_dir():
        raise GPTCoreError("folder_missing", path=screenshot.absolute().parent)
    twin = f"gpt-core {'resume' if run else 'train'} {what or 'quickstart'}"
    check_display(twin)

    from workbench.preferences import WELCOME

    window, application = _show(theme_name, language_name)
    if run is not None:
        window.open(run, train=start)
    else:
        path = Path(what) if what and what not in resources.presets() else None
        if what is not None or start or not window.take_up_unsaved():
            window.draft.load(values, what or "quickstart", path)
        window.use_folder(folder)
        if start:
            window.start()
        elif what is None and window.preferences.on(WELCOME):
            window.show_welcome(True)
    threading.Thread(target=_load_torch, name="load torch", daemon=True).start()
    _plan_the_end(window, screenshot, quit_after)
    sys.exit(application.exec())


def _fill(gallery: Path) -> None:
    """Take the pictures; on Linux without a window on the screen, which might be smaller than they are."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    check_display("gpt-core train quickstart")
    from workbench.gallery import take

    click.echo(f"{take(gallery)} pictures in {gallery}")


def check_display(twin: str) -> None:
    """Raise GPTCoreError where Qt would abort: without a display, or without a library that it needs.

    `twin` is the command that does the same without a window.
    """
    if not sys.platform.startswith("linux"):
        return
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not platform and not shown:
        raise GPTCoreError("no_display", twin=twin)
    needed = dict(NEEDED_ANYWHERE)
    if platform == "xcb" or (not platform and not os.environ.get("WAYLAND_DISPLAY")):
        needed |= NEEDED_FOR_X11
    missing = [package for library, package in needed.items() if not _can_load(library)]
    if missing:
        raise GPTCoreError("qt_library_missing", packages=" ".join(missing), twin=twin)


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _show(theme_name: str | None, language_name: str | None) -> tuple[MainWindow, Any]:
    """The application and its window, on the screen."""
    from PySide6.QtCore import QSettings
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from gpt_core.run import workspace
    from workbench import language, theme
    from workbench.garbage import Collector
    from workbench.main_window import MainWindow

    application = QApplication(sys.argv[:1])
    application.setApplicationName("gpt-workbench")
    settings_file = workspace().parent / "workbench.ini"
    kept = QSettings(str(settings_file), QSettings.Format.IniFormat)
    theme.apply(application, theme_name or str(kept.value("theme", "dark")))
    application.setWindowIcon(QIcon("icons:workbench.svg"))
    trouble = language.apply(application, language_name or str(kept.value("language", language.SYSTEM)))
    window = MainWindow(kept)
    if trouble is not None:
        window.notices.tell(trouble)
    window.show()
    Collector(window).keep_modules()
    return window, application


def _load_torch() -> None:
    """Load torch while the person looks around; training will find it loaded."""
    from workbench.loading import load_torch

    load_torch()


def _plan_the_end(window: MainWindow, screenshot: Path | None, quit_after: float | None) -> None:
    """For pictures and checks: a picture after a while, and a clean exit."""
    from PySide6.QtCore import QTimer

    if screenshot is None and quit_after is None:
        return

    def end() -> None:
        if screenshot is not None and not window.grab().save(str(screenshot)):
            click.echo(str(GPTCoreError("picture_not_saved", path=screenshot)), err=True)
        window.close_at_once()

    QTimer.singleShot(round(1000 * (3.0 if quit_after is None else quit_after)), end)


if __name__ == "__main__":
    main()
