"""Pictures of the window, of every panel and of every dialog, in each theme and language, to be looked at.

They show real runs: small ones, trained for some seconds in a place of their own, which is gone afterwards. A
person's own runs and settings are neither shown nor touched.
"""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import click
from PySide6.QtCore import (
    QEventLoop,
    QMessageLogContext,
    QSettings,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QDialog, QToolButton, QWidget

from gpt_core import resources
from gpt_core.about import describe
from gpt_core.config import from_toml, from_values
from gpt_core.control import Control
from gpt_core.disk import write_error
from gpt_core.errors import GPTCoreError
from gpt_core.fork import fork
from gpt_core.run import Run, create
from gpt_core.run import workspace as runs_folder
from gpt_core.worker import Worker
from workbench import dialogs, language, theme
from workbench.child import Service
from workbench.dialogs.batch import BatchDialog
from workbench.main_window import MainWindow

SIZES = ((1440, 900), (1280, 720))
SMALL = {
    "model.context_length": 64,
    "model.embedding_dim": 64,
    "model.ffn_dim": 256,
    "model.num_layers": 2,
    "schedule.warmup_steps": 60,
    "train.threads": 1,
    "train.eval_interval": 50,
    "train.eval_windows": 32,
    "train.sample_interval": 100,
    "train.checkpoint_interval": 150,
    "train.keep": 3,
    "sampling.max_tokens": 120,
    "sampling.temperature": 0.5,
}
PATIENCE = 60.0  # seconds that a slow machine is given

Shots = Iterator[tuple[str, QWidget]]


def take(
    folder: Path,
    themes: Sequence[theme.ThemeName] = ("dark", "light"),
    languages: Sequence[str] = tuple(language.NAMES),
    steps: int = 600,
) -> int:
    """Fill `folder`, new or empty, with PNG files called THEME-LANGUAGE-WHAT, and return how many they are.

    Their runs are trained for some hundreds of `steps`: the more, the better is what the models write. A
    language that no font of the machine can show is left out, which is told on standard error. Raises
    folder_not_empty, what keeps the folder from being written, and what keeps a run from training.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise GPTCoreError("folder_not_empty", path=folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    qInstallMessageHandler(_pass_on)
    with tempfile.TemporaryDirectory(prefix="gpt-workbench-", ignore_cleanup_errors=True) as home:
        os.environ["GPT_WORKBENCH_HOME"] = home
        opened = _train(steps)
        application = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(application, QApplication)
        application.setApplicationName("gpt-workbench")
        theme.apply(application, themes[0])
        spoken = [code for code in languages if _can_speak(code)]
        window = MainWindow(QSettings(str(Path(home) / "workbench.ini"), QSettings.Format.IniFormat))
        window.draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
        window.show()
        taken = 0
        try:
            for prepare, shots in ((_welcome, _first_look), (_begin, _whole), (_pause, _parts)):
                prepare(window, opened)
                for name, code in product(themes, spoken):
                    theme.apply(application, name)
                    language.apply(application, code)
                    for what, widget in shots(window):
                        _save(widget, folder / f"{name}-{code}-{what}.png")
                        taken += 1
                    _say(f"{taken} pictures")
        finally:
            window.close_at_once()
            _wait(lambda: not window.isVisible())
    return taken


def _can_speak(code: str) -> bool:
    if language.can_show(code):
        return True
    _say(str(GPTCoreError("no_japanese_font")))
    return False


def _say(text: str) -> None:
    click.echo(text, err=True)


def _pass_on(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """What Qt has to say, but for what it says of every window that is on no screen."""
    if "propagateSizeHints" not in text:
        _say(text)


# ------------------------------------------------------------------------------------------------ The runs


def _train(steps: int) -> Run:
    """Train two runs to their end, and fork one of them; the fork, which is to be opened."""
    preset = from_values(from_toml(resources.presets()["quickstart"])).replace(SMALL)
    preset = preset.replace({"train.max_steps": steps})
    slower = preset.replace({"schedule.max_lr": 1e-3, "train.max_steps": steps // 2})
    runs = [create(preset, name="quickstart"), create(slower, name="gentle")]
    for run in runs:
        _say(f"Training {run.name}: {run.config.train.max_steps} steps.")
        worker = Worker(run, Control(), lambda report: None)
        worker.work()
        if worker.error is not None:
            raise worker.error
    describe(runs[0].folder, star=True, notes="the first one", tags=["baseline"])
    return fork(runs[0], steps - 100)


def _welcome(window: MainWindow, run: Run) -> None:
    """Show the ways to begin; two configurations wait in the queue."""
    for rate in (3e-3, 1e-3):
        window.draft.set("schedule.max_lr", rate)
        window.queue.add_draft()
    window.show_welcome(True)


def _begin(window: MainWindow, run: Run) -> None:
    """Open the run, let it train, change its rate on the way, and let the model answer."""
    window.open(run.folder, train=True)
    _wait(lambda: window.workspace.session is not None)
    session = window.workspace.session
    assert session is not None

    def reached(step: int) -> bool:
        if session.error is not None:
            raise session.error
        return session.step >= step

    steps = run.config.train.max_steps
    session.change({"train.max_steps": 2 * steps + 600})
    _wait(lambda: reached(steps + 100))
    session.change({"schedule.max_lr": 2e-3})
    _wait(lambda: reached(steps + 300))
    window.prompt.prompt.setPlainText("The class ")
    window.prompt.prompt.setFocus()
    window.prompt.ask()
    _wait(window.prompt.generate.isEnabled)


def _pause(window: MainWindow, run: Run) -> None:
    session = window.workspace.session
    assert session is not None
    session.pause()
    _wait(lambda: session.state != "training")


# ---------------------------------------------------------------------------------------------- What is seen


def _first_look(window: MainWindow) -> Shots:
    yield from _whole(window, "welcome")


def _whole(window: MainWindow, what: str = "window") -> Shots:
    for width, height in SIZES:
        window.resize(width, height)
        yield f"{what}-{width}x{height}", window


def _parts(window: MainWindow) -> Shots:
    """Each part by itself, as it stands in the larger window."""
    window.resize(*SIZES[0])
    window.area.restore_default()
    yield "header", window.header
    yield "curves", window.curves
    yield "machine", window.machine
    arrangement = window.area.keep()
    for dock in window.area.docks:
        dock.reveal()
        yield dock.objectName(), dock.widget()
    yield from _several_runs(window)
    window.area.restore(arrangement)
    yield from _unfolded(window)
    yield from _in_trouble(window)
    for dialog in each_dialog(window):
        dialog.open()
        yield type(dialog).__name__.lower(), dialog
        dialog.close()


def _unfolded(window: MainWindow) -> Shots:
    """All that may be folded away, in the smaller window."""
    folds = [fold for fold in window.findChildren(QToolButton) if fold.isCheckable() and not fold.isChecked()]
    for fold in folds:
        fold.setChecked(True)
    window.resize(*SIZES[1])
    yield "unfolded", window
    for fold in folds:
        fold.setChecked(False)


def _in_trouble(window: MainWindow) -> Shots:
    """What is told where the disk is full, with its details, in the smaller window."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    error = write_error(runs_folder(), full)
    error.__cause__ = full
    session = window.workspace.session
    window.notices.tell(error, log=session.run.log_path if session is not None else None)
    for notice in window.notices.notices():
        notice.more.click()
    yield "trouble", window
    window.notices.clear()


def _several_runs(window: MainWindow) -> Shots:
    """All runs at once: over the curves, then their settings side by side."""
    panel = window.runs
    window.area.dock("runs").reveal()
    _wait(lambda: len(window.workspace.runs) > 1)
    panel.view.selectAll()
    panel.overlay.setChecked(True)
    yield "overlay", window
    panel.overlay.setChecked(False)
    panel.compare_selected()
    yield "comparison", panel
    panel.back.click()
    panel.view.clearSelection()


def each_dialog(window: MainWindow) -> Iterator[QDialog]:
    """One of each kind of dialog that there is, made as the window makes it."""
    for module in pkgutil.iter_modules(dialogs.__path__):
        for made in vars(importlib.import_module(f"{dialogs.__name__}.{module.name}")).values():
            if isinstance(made, type) and issubclass(made, QDialog) and made.__module__.endswith(module.name):
                yield window.batch_of(window.curves.plot.last()) if made is BatchDialog else made(window)


# --------------------------------------------------------------------------------------------------- Taking


def _save(widget: QWidget, path: Path) -> None:
    """Wait until nothing about the widget moves any more, and save its picture."""
    services = widget.window().findChildren(Service)
    _wait(lambda: False, 0.15)
    _wait(lambda: not any(service.waits for service in services))
    picture = widget.grab()
    for _ in range(5):  # what trains or measures never stands still
        _wait(lambda: False, 0.05)
        before, picture = picture, widget.grab()
        if before.toImage() == picture.toImage():
            break
    if not picture.save(str(path)):
        raise GPTCoreError("picture_not_saved", path=path)


def _wait(until: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Let the window live until something is so, but no longer than so many seconds."""
    end = time.monotonic() + seconds
    loop, look = QEventLoop(), QTimer(interval=20)
    look.timeout.connect(lambda: loop.quit() if time.monotonic() > end or until() else None)
    look.start()
    loop.exec()
    look.stop()
