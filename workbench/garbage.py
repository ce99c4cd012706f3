"""Python's collection of garbage, by the window's own thread and in no other's time.

By itself Python collects on whichever thread happens to allocate. What it frees there may be a part of the
window, such as curves that were taken off a plot, and where a thread that reads a record does that while the
window is painted, the program crashes.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from workbench import loading

INTERVAL = 200  # milliseconds


class Collector(QObject):
    """Collects on the thread that made it, from now on until `stop`; there must be but one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._torch_kept = False
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._collect)
        self._timer.start()
        gc.disable()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()

    def keep_modules(self) -> None:
        """Look no more at what there is by now, which stays: to go through the window takes 0.06 s each time,
        through torch 0.16 s."""
        gc.freeze()

    def _collect(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds, and with it the younger."""
        if loading.under_way.is_set():  # all that is new is to stay
            return
        if loading.loaded.is_set() and not self._torch_kept:
            self._torch_kept = True
            self.keep_modules()
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                return
