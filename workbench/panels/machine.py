"""What the machine is doing, along the bottom edge."""

from __future__ import annotations

import contextlib

import psutil
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gpt_core.disk import free_space, readable_size
from gpt_core.events import CheckpointSaved
from gpt_core.run import workspace as runs_folder
from workbench import theme
from workbench.workspace import Workspace

INTERVAL = 2000  # milliseconds


class MachinePanel(QWidget):
    """CPU, memory, device and precision, disk, and the last checkpoint; looked at while it is shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._saved = ""
        self.label = QLabel()
        theme.style(self.label, role="muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP_XS, 0, theme.GAP_XS, 0)
        layout.addWidget(self.label)
        layout.addStretch()
        psutil.cpu_percent()  # the first call only sets the mark to measure from
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

    def _session_changed(self) -> None:
        self._saved = ""
        if self._workspace.session is not None:
            self._workspace.session.reported.connect(self._reported)
        self.refresh()

    def _reported(self, report: object) -> None:
        if isinstance(report, CheckpointSaved):
            self._saved = self.tr("checkpoint {step} saved").format(step=f"{report.step:,}")
            self.refresh()

    def refresh(self) -> None:
        """Look again, and show what is seen."""
        memory = psutil.virtual_memory()
        session = self._workspace.session
        folder = session.run.folder if session is not None else runs_folder()
        parts = [
            self.tr("CPU {percent} %").format(percent=round(psutil.cpu_percent())),
            self.tr("memory {used} of {total}").format(
                used=readable_size(memory.total - memory.available), total=readable_size(memory.total)
            ),
        ]
        if session is not None and session.ready is not None:
            resolved = session.ready.resolved
            parts.append(f"{session.ready.device}, {resolved.precision}")
            if resolved.device == "cpu":
                parts.append(
                    self.tr("1 thread")
                    if resolved.threads == 1
                    else self.tr("{count} threads").format(count=resolved.threads)
                )
        with contextlib.suppress(OSError):  # a drive that was unplugged
            parts.append(self.tr("disk {free} free").format(free=readable_size(free_space(folder))))
        if self._saved:
            parts.append(self._saved)
        self.label.setText("  ·  ".join(parts))
