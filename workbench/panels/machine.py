"""What the machine is doing, along the bottom edge, and whether the disk will hold what is to come."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QThreadPool, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from gpt_core.disk import readable_size
from gpt_core.events import CheckpointSaved
from gpt_core.run import workspace as runs_folder
from workbench import sensors, theme
from workbench.plots.legend import Flow
from workbench.session import Session
from workbench.workspace import Workspace

INTERVAL = 1500  # milliseconds


class MachinePanel(QWidget):
    """CPU, memory, graphics cards, device and precision, disk, and the last checkpoint; looked at while it is
    shown.

    `looked` carries what was found on another thread: the cards (list[sensors.Card]) and the sensors.Disk.
    """

    looked = Signal(object, object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._looking = False
        self._known: tuple[list[sensors.Card], sensors.Disk] | None = None  # what was found last
        self._saved: int | None = None  # the step of the last checkpoint
        self.figures: dict[str, QLabel] = {}
        self.warning = theme.label("fault")
        self.warning.setWordWrap(True)
        self.warning.hide()
        strip = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        strip.setSizePolicy(policy)
        self._flow = Flow(strip, gap=theme.GAP_L)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_XS, 0, theme.GAP_XS, 0)
        layout.setSpacing(theme.GAP_XS)
        layout.addWidget(strip)
        layout.addWidget(self.warning)
        psutil.cpu_percent()  # the first call only sets the mark to measure from
        self.looked.connect(self._found)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.refresh)
        workspace.sessionChanged.connect(self._session_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say_saved()
            if self._known is not None:
                self._show_found(*self._known)
            self.refresh()

    def _session_changed(self) -> None:
        self._saved = None
        self._say_saved()
        self.warning.hide()
        if self._workspace.session is not None:
            self._workspace.session.reported.connect(self._reported)
        self.refresh()

    def _reported(self, report: object) -> None:
        if isinstance(report, CheckpointSaved):
            self._saved = report.step
            self._say_saved()
            self.refresh()

    def _say_saved(self) -> None:
        told = self.tr("checkpoint {step} saved")
        self._show("saved", "" if self._saved is None else told.format(step=f"{self._saved:,}"))

    def refresh(self) -> None:
        """Look again: at once at what answers at once, at cards and disk on another thread."""
        memory = psutil.virtual_memory()
        self._show("cpu", self.tr("CPU {percent} %").format(percent=round(psutil.cpu_percent())))
        used, total = readable_size(memory.total - memory.available), readable_size(memory.total)
        self._show("memory", self.tr("memory {used} of {total}").format(used=used, total=total))
        session = self._workspace.session
        self._show("device", self._device(session))
        if not self._looking:  # a disk that does not answer is asked once, not each time
            self._looking = True
            folder = session.run.folder if session is not None else runs_folder()
            checkpoints = session.run.checkpoints_folder if session is not None else None
            QThreadPool.globalInstance().start(partial(self._look, folder, checkpoints))

    def _device(self, session: Session | None) -> str:
        """What the open run computes on."""
        if session is None or session.ready is None:
            return ""
        device, resolved = session.ready.device, session.ready.resolved
        if resolved.device != "cpu":
            return self.tr("{device} at {precision}").format(device=device, precision=resolved.precision)
        if resolved.threads == 1:
            return self.tr("{device} at {precision}, 1 thread").format(
                device=device, precision=resolved.precision
            )
        return self.tr("{device} at {precision}, {count} threads").format(
            device=device, precision=resolved.precision, count=resolved.threads
        )

    def _look(self, folder: Path, checkpoints: Path | None) -> None:
        """On another thread: ask the cards and the disk."""
        cards, disk = sensors.cards(), sensors.disk(folder, checkpoints)
        try:
            self.looked.emit(cards, disk)
        except RuntimeError:  # the window was closed meanwhile
            return

    def _found(self, cards: list[sensors.Card], disk: sensors.Disk) -> None:
        self._looking = False
        self._known = cards, disk
        self._show_found(cards, disk)

    def _show_found(self, cards: list[sensors.Card], disk: sensors.Disk) -> None:
        for index, card in enumerate(cards):
            self._show(f"card {index}", self._card(card))
        for name in [name for name in self.figures if name.startswith("card ")][len(cards) :]:
            self._show(name, "")
        free = "" if disk.free is None else self.tr("disk {free} free").format(free=readable_size(disk.free))
        self._show("disk", free)
        self._warn(disk)

    def _card(self, card: sensors.Card) -> str:
        """A card with what it tells of itself."""
        parts = [card.name]
        if card.busy is not None:
            parts.append(self.tr("{percent} % busy").format(percent=card.busy))
        if card.used is not None and card.total is not None:
            told = self.tr("memory {used} of {total}")
            parts.append(told.format(used=readable_size(card.used), total=readable_size(card.total)))
        if card.celsius is not None:
            parts.append(self.tr("{degrees} °C").format(degrees=card.celsius))
        return "  ·  ".join(parts)

    def _warn(self, disk: sensors.Disk) -> None:
        """Tell when the checkpoints still to come will not go on the disk."""
        session = self._workspace.session
        told = ""
        if session is not None and session.ready is not None and session.alive and disk.free is not None:
            train = session.config.train
            more = sensors.checkpoints_to_come(session.step, train, disk.checkpoints)
            size = disk.newest or sensors.BYTES_A_PARAMETER * session.ready.parameters
            if disk.free <= more * size and more:
                told = self.tr(
                    "The disk will be full: {free} are free, and the next {count} checkpoints need {needed}. "
                    "Make room, or keep fewer checkpoints."
                )
                if more == 1:
                    told = self.tr(
                        "The disk will be full: {free} are free, and the next checkpoint needs {needed}. "
                        "Make room before it is written."
                    )
                told = told.format(
                    free=readable_size(disk.free), count=more, needed=readable_size(more * size)
                )
        self.warning.setText(told)
        self.warning.setVisible(bool(told))

    def _show(self, name: str, text: str) -> None:
        """Let the figure `name` say `text`; without text it is not there."""
        if name not in self.figures:
            if not text:
                return
            self.figures[name] = theme.label("muted")
            self._flow.addWidget(self.figures[name])
        self.figures[name].setText(text)
        self.figures[name].setVisible(bool(text))
