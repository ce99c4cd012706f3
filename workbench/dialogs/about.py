"""About: which program this is, and of which versions and on what machine, to copy into a bug report."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

import psutil
from PySide6.QtCore import QSysInfo, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QMainWindow, QVBoxLayout

from gpt_core.disk import readable_size
from workbench import loading, sensors, theme
from workbench.workspace import Workspace

# What is told of each, in this order, by the name that it has in a report, and the distribution it comes in.
PACKAGES = {
    "GPT Workbench": "gpt-workbench",
    "PyTorch": "torch",
    "PySide6": "PySide6-Essentials",
    "pyqtgraph": "pyqtgraph",
    "NumPy": "numpy",
    "tokenizers": "tokenizers",
    "transformers": "transformers",
}


def report() -> dict[str, str]:
    """Versions and the machine, by their names in English; without torch being loaded for it, so that what
    only torch can tell, which device trains and how, is there once it is.

    It may take its time, as a graphics card that sleeps does: not for the thread of the window.
    """
    found = {name: _version(distribution) for name, distribution in PACKAGES.items()}
    found["Qt"] = f"{qVersion()} ({QGuiApplication.platformName()})"
    found["Python"] = f"{platform.python_version()} ({sys.implementation.name})"
    found["Operating system"] = f"{QSysInfo.prettyProductName()}, {platform.machine()}"
    found["Processor"] = f"{_processor()}, {psutil.cpu_count()} threads"
    found["Memory"] = readable_size(psutil.virtual_memory().total)
    cards = [
        card.name if card.total is None else f"{card.name}, {readable_size(card.total)}"
        for card in sensors.cards()
    ]
    found["Graphics card"] = "; ".join(cards) or "none known"
    if (driver := sensors.driver()) is not None:
        found["NVIDIA driver"] = driver
    if loading.loaded.is_set():
        found |= _trains_on()
    return found


def _trains_on() -> dict[str, str]:
    """The device that "auto" comes to, and all that there are, as torch has them."""
    import torch

    from gpt_core import hardware

    device = hardware.resolve_device("auto")
    told = f"{hardware.describe(device)} ({device})"
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        built_for = f"CUDA {torch.version.cuda}" if torch.version.hip is None else f"ROCm {torch.version.hip}"
        told += f", {hardware.resolve_precision('auto', device)}, {built_for}, capability {major}.{minor}"
    return {"Trains on": told, "Devices": ", ".join(hardware.devices())}


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # PySide6 from a system's own package, say
        return "not installed"


def _processor() -> str:
    """The processor's name; Linux tells it in a file alone."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


class About(QDialog):
    """The report as a table, found on another thread and shown when it is there."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About GPT Workbench"))
        self.report: dict[str, str] = {}
        title = theme.label("section", self.tr("GPT Workbench"))
        told = theme.label("muted", self.tr("Train a GPT of your own, and watch it learn."))
        self.note = theme.label("muted", self.tr("Looking at the machine…"))
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(theme.GAP_L)
        self._table.setVerticalSpacing(theme.GAP_XS)
        self._table.setColumnStretch(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton(
            self.tr("Copy for a bug report"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.copy.setEnabled(False)
        self.copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_XL, theme.GAP_L, theme.GAP_XL, theme.GAP_L)
        layout.setSpacing(theme.GAP_S)
        layout.addWidget(title)
        layout.addWidget(told)
        layout.addSpacing(theme.GAP_S)
        layout.addLayout(self._table)
        layout.addWidget(self.note)
        layout.addStretch()
        layout.addSpacing(theme.GAP_S)
        layout.addWidget(buttons)
        self.setMinimumWidth(500)
        workspace = window.findChild(Workspace)
        assert workspace is not None
        workspace.do(report, self._show)  # which outlives this dialog: one that is closed is told nothing

    def _show(self, report: dict[str, str]) -> None:
        self.report = report
        translated = {
            "Operating system": self.tr("Operating system"),
            "Processor": self.tr("Processor"),
            "Memory": self.tr("Memory"),
            "Graphics card": self.tr("Graphics card"),
            "NVIDIA driver": self.tr("NVIDIA driver"),
            "Trains on": self.tr("Trains on"),
            "Devices": self.tr("Devices"),
        }
        for row, (name, value) in enumerate(report.items()):
            title, said = theme.label("muted", translated.get(name, name)), theme.label("label", value)
            said.setWordWrap(True)
            said.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            said.setAccessibleName(f"{title.text()}: {value}")
            self._table.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            self._table.addWidget(said, row, 1)
        self.note.clear()
        self.copy.setEnabled(True)

    def _copy(self) -> None:
        text = "\n".join(f"{name}: {value}" for name, value in self.report.items())
        QGuiApplication.clipboard().setText(text)
        self.note.setText(self.tr("Copied."))
