"""How the window behaves while quickstart trains in it: lateness of the GUI thread, prompts, closing.

QT_QPA_PLATFORM=offscreen python tests/benchmarks/window.py [seconds]
"""

import os
import statistics
import sys
import tempfile
import time

from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gpt_core.cli.common import load_values
from gpt_core.events import AnswerPiece, StepDone
from workbench import theme
from workbench.main_window import MainWindow

INTERVAL = 0.010  # seconds


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as home:
        os.environ["GPT_WORKBENCH_HOME"] = home
        application = QApplication([])
        theme.apply(application, "dark")
        window = MainWindow(QSettings(f"{home}/workbench.ini", QSettings.Format.IniFormat))
        window.draft.load(load_values("quickstart"), "quickstart")
        window.show()
        run(application, window, seconds)


def run(application: QApplication, window: MainWindow, seconds: float) -> None:
    late: list[float] = []
    steps: list[float] = []
    waits: list[float] = []
    expected = asked = 0.0

    def tick() -> None:
        nonlocal expected
        now = time.perf_counter()
        if expected:
            late.append(max(0.0, now - expected))
        expected = now + INTERVAL

    ticker = QTimer()
    ticker.setTimerType(Qt.TimerType.PreciseTimer)
    ticker.setInterval(int(INTERVAL * 1000))
    ticker.timeout.connect(tick)

    def wait_until(condition, limit: float = 120.0) -> None:
        end = time.perf_counter() + limit
        while not condition() and time.perf_counter() < end:
            application.processEvents()
            time.sleep(0.0005)

    clicked = time.perf_counter()
    window.start()
    session = window.workspace.session
    session.stepped.connect(
        lambda told: steps.extend(step.seconds for step in told if isinstance(step, StepDone))
    )
    wait_until(lambda: session.step >= 1)
    print(f"first step drawn {time.perf_counter() - clicked:.1f} s after Start, torch loaded in between")

    ticker.start()
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    ticker.stop()
    print(
        f"10 ms timer over {seconds:.0f} s: late by {1e3 * statistics.median(late):.1f} ms at the median, "
        f"{1e3 * percentile(late, 0.99):.1f} at the 99th percentile, {1e3 * max(late):.1f} at most"
    )

    def told(report: object) -> None:
        if isinstance(report, AnswerPiece) and len(waits) < asked_count[0]:
            waits.append(time.perf_counter() - asked)

    asked_count = [0]
    session.reported.connect(told)
    window.prompt.sampling.length.show_value(20)
    for _ in range(20):
        wait_until(window.prompt.generate.isEnabled)
        asked_count[0] += 1
        asked = time.perf_counter()
        window.prompt.ask()
        wait_until(lambda: len(waits) == asked_count[0])
    batch = statistics.median(steps)
    print(
        f"prompt to first character shown: {1e3 * statistics.median(waits):.0f} ms at the median, "
        f"{1e3 * max(waits):.0f} at most; one batch takes {1e3 * batch:.0f} ms"
    )
    start = time.perf_counter()
    window.close_at_once()
    wait_until(lambda: not window.isVisible())
    print(f"closed, with a checkpoint, in {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
