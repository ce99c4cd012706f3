"""How long the window keeps a person waiting, phase by phase, in a process of its own as the program is.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/stalls.py [--compile]

Runs are made first, by another process: two of a million steps, and 300 small ones. Then the window is used
as a person would, under tests/workbench/watchdog.py. `--compile` adds a run with torch.compile, which may
take a minute the first time.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QItemSelection, QItemSelectionModel, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from gpt_core.config import Config
from gpt_core.events import Compiling
from workbench.forms.row import FieldRow

sys.path.insert(0, str(Path(__file__).parents[1] / "workbench"))
from watchdog import Watchdog

LONG = 1_000_000  # steps
MANY = 300  # runs
WAIT = 120.0  # seconds, for a busy machine

# ------------------------------------------------------------------------------------------ What is there


def values(home: Path) -> Config:
    """A small run with everything due now and then."""
    return Config().replace(
        {
            "data.source": str(home / "text.txt"),
            "model.context_length": 16,
            "model.embedding_dim": 16,
            "model.ffn_dim": 32,
            "model.num_heads": 2,
            "model.num_layers": 2,
            "schedule.max_lr": 1e-2,
            "schedule.warmup_steps": 2,
            "train.batch_size": 4,
            "train.max_steps": 2 * LONG,
            "train.device": "cpu",
            "train.precision": "fp32",
            "train.threads": 1,
            "train.eval_interval": 100,
            "train.eval_windows": 8,
            "train.sample_interval": 100,
            "train.checkpoint_interval": 100,
            "sampling.max_tokens": 20,
            "sampling.prompt": "the ",
        }
    )


def prepare(home: Path) -> None:
    """Make the runs; this loads torch."""
    from gpt_core.control import Control
    from gpt_core.preparation import prepare as load
    from gpt_core.record import Recorder
    from gpt_core.run import create
    from gpt_core.worker import Worker

    words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "red", "bird", "that"]
    choose = random.Random(1)
    text = "\n".join(" ".join(choose.choices(words, k=8)) for _ in range(150))
    (home / "text.txt").write_text(f"{text}\n", encoding="utf-8")
    config = values(home)
    runs = home / "runs"
    short = create(config.replace({"train.max_steps": 3}), runs / "short-1")
    Worker(short, Control(), lambda report: None).work()
    for name, layers in (("long-1", 2), ("long-2", 1)):
        run = create(config.replace({"model.num_layers": layers}), runs / name)
        loading = load(run)
        try:
            while True:
                next(loading)
        except StopIteration as loaded:
            trainer = loaded.value
        trainer.step = LONG
        trainer.windows_seen = 4 * LONG
        trainer.evaluated_at = trainer.sampled_at = LONG
        list(trainer.save())
        if name == "long-2":
            shutil.copy(runs / "long-1" / "record.sqlite", run.record_path)
            continue
        with closing(Recorder(run.record_path)) as recorder:
            recorder.begin_segment(0)
            for step in range(1, LONG + 1):
                loss = 1.5 + 3.0 / (1 + step / 5000) + 0.2 * choose.random()
                recorder.add(step, loss=loss, rate=1e-2, grad_norm=1.0 + 0.1 * loss, tokens=64, seconds=0.01)
                if step % 1000 == 0:
                    recorder.add(step, validation=loss, nats_per_character=loss, bits_per_byte=1.4 * loss)
                if step % 10_000 == 0:
                    recorder.event("sample", step, prompt="the ", text=" ".join(choose.choices(words, k=12)))
                    recorder.event("evaluation", step, windows=8, best=step % 50_000 == 0)
            recorder.event("checkpoint", LONG, best=True, removed=[])
    for number in range(2, MANY):
        shutil.copytree(short.folder, runs / f"short-{number}")


# --------------------------------------------------------------------------------------------- The person


class Person:
    """Uses the window as a person does, and waits for what comes of it; each phase under the watchdog."""

    def __init__(self, home: Path) -> None:
        from workbench import app

        self.home = home
        self.told: list[str] = []  # by the header, while something was loaded
        self.window, self.application = app._show("dark", "en")
        self.window.draft.load(values(home), "small")
        self.dog = Watchdog()
        self.dog.start()

    def wait(self, seconds: float) -> None:
        """Let the window go on; QTest.qWait would hold Python's lock, and no thread would."""
        loop = QEventLoop()
        QTimer.singleShot(round(1e3 * seconds), loop.quit)
        loop.exec()

    def wait_for(self, reached: Callable[[], object]) -> None:
        end = time.monotonic() + WAIT
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.dog.phase_now}: {reached.__code__.co_consts}")
            self.wait(0.02)

    def wait_for_state(self, *states: str) -> None:
        workspace = self.window.workspace
        self.wait_for(lambda: workspace.session is not None and workspace.session.state in states)

    def click(self, button: QAbstractButton) -> None:
        assert button.isVisible(), button.text()
        self.wait_for(button.isEnabled)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.wait(0.05)

    def choose(self, box: QComboBox, index: int) -> None:
        box.setCurrentIndex(index)
        self.wait(0.1)

    # ---------------------------------------------------------------------------------------- The phases

    def see(self) -> None:
        """The window comes up, with the welcome page and then without."""
        self.window.show_welcome(True)
        self.wait(0.5)
        self.window.show_welcome(False)
        self.wait(0.3)

    def load_torch(self) -> None:
        """The program loads torch on a thread, as it does once it is shown, and the person starts at once."""
        from workbench import app

        threading.Thread(target=app._load_torch).start()
        self.click(self.window.header.start)
        self.wait_for_state("preparing")
        self.wait(0.3)
        self.told.append(self.window.header.progress_text.text())
        self.wait_for_state("training")

    def stop(self) -> None:
        """Stop the run with a checkpoint."""
        self.click(self.window.header.stop)
        self.wait_for_state("stopped")
        self.leave()

    def open(self) -> None:
        """Open a run of a million steps."""
        self.window.open(self.home / "runs" / "long-1")
        self.wait_for_state("stopped")
        self.wait_for(lambda: len(self.window.curves.plot.loss.series.points) == LONG)
        self.wait(0.3)

    def look_at_curves(self) -> None:
        """Smooth, zoom, move, stretch; over steps, tokens and time."""
        curves = self.window.curves.plot
        controls, view = curves.controls, curves.loss.plot
        for index in (4, 1, 0, 2):
            self.choose(controls.smoothing, index)
        for action in controls.shown.values():
            action.setChecked(True)
            self.wait(0.1)
        self.zoom(view)
        for index in (1, 2, 0):
            self.choose(controls.kind, index)
            self.zoom(view)
        for toggle in (controls.log, curves.loss.log):
            self.click(toggle)
            self.click(toggle)
        self.click(controls.follow)
        for x in range(20, 300, 20):
            QTest.mouseMove(view.viewport(), QPoint(x, 60))
            self.wait(0.01)
        for name in ("grad_norm", "pace"):
            controls.shown[name].setChecked(False)

    def read_batch(self) -> None:
        """Read the batch of a step of the long run, and look through its windows."""
        from workbench.dialogs.batch import BatchDialog

        plot = self.window.curves.plot.loss.plot
        plot.setFocus()
        QTest.keyClick(plot, Qt.Key.Key_Right)
        QTest.keyClick(plot, Qt.Key.Key_Return)
        self.wait_for(lambda: self.window.findChild(BatchDialog))
        dialog = self.window.findChild(BatchDialog)
        self.wait_for(lambda: dialog.list.topLevelItemCount() == 4)
        for _ in range(3):
            QTest.keyClick(dialog.list, Qt.Key.Key_Down)
            self.wait(0.1)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        self.wait_for(lambda: not self.window.findChild(BatchDialog))

    def zoom(self, plot: QWidget) -> None:
        at = QPointF(plot.width() / 2, plot.height() / 2)
        for turned in (120, 120, 120, -120):
            wheel = QWheelEvent(
                at, plot.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(plot.viewport(), wheel)
            self.wait(0.03)

    def export(self) -> None:
        """Save the curves as a picture, as a drawing, and as the figures of a million steps."""
        curves = self.window.curves
        for action, form in zip(
            curves.plot.controls.export_menu.actions(), ("png", "svg", "csv"), strict=True
        ):
            path = self.home / f"curves.{form}"
            path.unlink(missing_ok=True)  # else the dialog asks whether to replace it
            QTimer.singleShot(20, partial(self.name_file, path))
            action.trigger()
            self.wait_for(lambda path=path: curves.message.text() == f"Saved as {path}.")

    def name_file(self, path: Path) -> None:
        """Type the name of a file into the dialog that asks for one."""
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(20, partial(self.name_file, path))
            return
        line = dialog.findChild(QLineEdit)
        line.setText(str(path))
        QTest.keyClick(line, Qt.Key.Key_Return)

    def see_runs(self) -> None:
        """Look through 300 runs: the panel opened, scrolled, sorted, searched."""
        runs = self.window.runs
        self.window.area.dock("runs").reveal()
        self.wait_for(lambda: runs.model.rowCount() >= MANY - 1)
        bar = runs.view.verticalScrollBar()
        for part in range(11):
            bar.setValue(bar.maximum() * part // 10)
            self.wait(0.02)
        for column in (4, 0, 2, 8):
            runs.view.sortByColumn(column, Qt.SortOrder.AscendingOrder)
            self.wait(0.05)
        runs.search.setFocus()
        QTest.keyClicks(runs.search, "short-2", delay=10)
        self.wait(0.1)
        runs.search.clear()
        self.wait(2.2)  # it looks again every two seconds

    def select(self, *names: str) -> None:
        runs = self.window.runs
        selection = QItemSelection()
        for name in names:
            index = runs.found.mapFromSource(runs.model.find(self.home / "runs" / name))
            assert index.isValid(), name
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        runs.view.selectionModel().select(selection, flags)
        self.wait(0.05)

    def compare(self) -> None:
        """Settings of two runs, then of fifty, side by side."""
        runs = self.window.runs
        for names in (("long-1", "long-2"), tuple(f"short-{n}" for n in range(1, 51))):
            self.select(*names)
            self.click(runs.compare)
            self.click(runs.differences)
            self.click(runs.differences)
            self.click(runs.back)

    def overlay(self) -> None:
        """Lay two long runs over the open one, change the smoothing, zoom."""
        runs, curves = self.window.runs, self.window.curves.plot
        self.select("long-1", "long-2", "short-1")
        self.click(runs.overlay)
        self.wait_for(lambda: len(curves.others) == 2)
        self.wait(0.3)
        for index in (4, 3, 0, 2):
            self.choose(curves.controls.smoothing, index)
        self.zoom(curves.loss.plot)
        self.choose(curves.controls.kind, 2)
        self.choose(curves.controls.kind, 0)
        self.click(curves.controls.follow)

    def fork(self) -> None:
        """Fork the run from its checkpoint; the fork is opened."""
        checkpoints = self.window.checkpoints
        self.window.area.dock("checkpoints").reveal()
        self.wait_for(checkpoints.fork.isEnabled)
        self.click(checkpoints.fork)
        session = self.window.workspace.session
        self.wait_for(lambda: self.window.workspace.session not in (session, None))
        self.wait_for_state("stopped")
        self.wait(0.5)

    def leave(self) -> None:
        """Leave the run, and make another."""
        self.click(self.window.header.new)
        self.wait_for(lambda: self.window.workspace.session is None)
        self.window.runs.overlay.setChecked(False)
        self.window.draft.load(values(self.home), "small")
        self.wait(0.2)

    def begin(self) -> None:
        """Start a run and see its first steps."""
        self.click(self.window.header.start)
        self.wait_for(lambda: self.window.workspace.session is not None)
        self.wait_for(lambda: self.window.workspace.session.step >= 20)

    def train(self) -> None:
        """Watch it train, with evaluations, samples and checkpoints; look into every panel."""
        for name in ("data", "plan", "setup", "samples", "checkpoints", "prompt"):
            self.window.area.dock(name).reveal()
            self.wait(0.3)

    def change(self) -> None:
        """Change a live setting by its field."""
        row = next(row for row in self.window.setup.findChildren(FieldRow) if row.field == "schedule.max_lr")
        row.widget().setFocus()
        row.widget().selectAll()
        QTest.keyClicks(row.widget(), "4e-3", delay=20)
        QTest.keyClick(row.widget(), Qt.Key.Key_Return)
        session = self.window.workspace.session
        self.wait_for(lambda: session.config.schedule.max_lr == 4e-3)
        QTest.keyClicks(self.window.setup.search, "dropout", delay=20)
        self.window.setup.search.clear()
        self.wait(0.2)

    def prompt(self) -> None:
        """Ask the model while it trains."""
        panel = self.window.prompt
        panel.prompt.setFocus()
        panel.prompt.selectAll()
        QTest.keyClicks(panel.prompt, "the cat", delay=10)
        for _ in range(3):
            self.click(panel.generate)
            self.wait_for(panel.generate.isEnabled)

    def change_theme(self) -> None:
        """From dark to light and back."""
        for name in ("light", "dark"):
            self.window.set_theme(name)
            self.wait(0.4)

    def change_language(self) -> None:
        """From English to Japanese and back."""
        for name in ("ja", "en"):
            self.window.set_language(name)
            self.wait(0.4)

    def pause(self) -> None:
        """Pause and go on."""
        self.click(self.window.header.pause)
        self.wait_for_state("paused")
        self.click(self.window.header.resume)
        self.wait_for_state("training")

    def compile(self) -> None:
        """Train with torch.compile, instead of the run that is open."""
        self.stop()
        self.window.draft.set("train.compile", True)
        self.window.draft.settle()
        self.click(self.window.header.start)
        self.wait_for(lambda: isinstance(self.window.workspace.session.progress, Compiling))
        self.told.append(self.window.header.progress_text.text())
        self.wait_for(lambda: self.window.workspace.session.step >= 1)

    def close(self) -> None:
        """Close the window in the midst of training: a checkpoint is written first."""

        def agree() -> None:
            box = QApplication.activeModalWidget()
            if isinstance(box, QMessageBox):
                box.defaultButton().click()
            else:
                QTimer.singleShot(20, agree)

        QTimer.singleShot(20, agree)
        self.window.close()
        self.wait_for(lambda: not self.window.isVisible())


PHASES = (
    "see load_torch stop open look_at_curves read_batch export see_runs compare overlay fork leave begin "
    "train change prompt change_theme change_language pause close"
)


def use(home: Path, phases: str = PHASES) -> dict[str, Any]:
    """Go through the phases: how long the worst stall of each was, in seconds, where those over the limit
    were, and what the header told meanwhile."""
    before = time.perf_counter()
    person = Person(home)
    shown = time.perf_counter() - before
    try:
        for phase in phases.split():
            with person.dog.phase(phase):
                getattr(person, phase)()
    finally:
        person.dog.stop()
    stalls = [
        {"phase": stall.phase, "seconds": stall.seconds, "told": str(stall)} for stall in person.dog.stalls
    ]
    return {"shown": shown, "longest": person.dog.longest, "stalls": stalls, "told": person.told}


def main() -> None:
    if sys.argv[1:2] == ["--prepare"]:
        prepare(Path(sys.argv[2]))
        return
    if sys.argv[1:2] == ["--use"]:
        found = use(Path(sys.argv[2]), *sys.argv[3:4])
        print(json.dumps(found), flush=True)
        os._exit(0)
    with tempfile.TemporaryDirectory() as home:
        os.environ["GPT_WORKBENCH_HOME"] = home
        phases = PHASES.replace("pause", "pause compile") if "--compile" in sys.argv else PHASES
        subprocess.run([sys.executable, __file__, "--prepare", home], check=True)
        use_it = [sys.executable, __file__, "--use", home, phases]
        done = subprocess.run(use_it, check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"window made and shown in {1e3 * found['shown']:.0f} ms")
    for phase, longest in found["longest"].items():
        print(f"{phase:>20}  {1e3 * longest:4.0f} ms at most")
    for stall in found["stalls"]:
        print(f"\n{stall['told']}")


if __name__ == "__main__":
    main()
