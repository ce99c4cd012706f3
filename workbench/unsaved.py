"""Settings that were changed, but neither saved nor trained with: kept from one start to the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings

from gpt_core.config import settings
from gpt_core.errors import GPTCoreError
from workbench.draft import Draft
from workbench.workspace import Workspace

KEPT = "unsaved"  # in the settings of the program: the draft as JSON


class Unsaved(QObject):
    """Knows which of the draft's values are written down nowhere: a preset and a file hold their own, a run
    those that it was left with."""

    def __init__(self, draft: Draft, workspace: Workspace, kept: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._draft, self._workspace, self._kept = draft, workspace, kept
        self._run: Path | None = None  # the folder of the last one
        self._trained: dict[str, Any] = {}  # its values, when it was left
        self._taken_up = False
        draft.runningChanged.connect(self._running_changed)

    def _running_changed(self, running: bool) -> None:
        if running and self._workspace.session is not None:
            self._run = self._workspace.session.run.folder
        elif not running:
            self._trained = dict(self._draft.values)

    def _changes(self) -> dict[str, Any]:
        draft = self._draft
        if self._run is not None and self._run.is_dir() and draft.values == self._trained:
            return {}
        return {field: draft.values[field] for field in settings() if draft.differs_from_preset(field)}

    def keep(self) -> None:
        """Write down what would be lost; what was left by an earlier window stays, unless it was taken up."""
        changes, origin = self._changes(), self._draft.origin
        if changes:
            path = str(origin.path) if origin.path is not None else ""
            whence = {"preset": origin.name, "path": path, "description": origin.description}
            values = {"values": dict(origin.values), "changes": changes}
            self._kept.setValue(KEPT, json.dumps(whence | values))
        elif self._taken_up:
            self._kept.remove(KEPT)

    def take_up(self) -> int:
        """Give the draft what was kept, as one step that can be undone, and say how many settings that are; 0
        where nothing was kept."""
        try:
            found = json.loads(str(self._kept.value(KEPT, "")))
            path = Path(found["path"]) if found["path"] else None
            changes = {field: value for field, value in found["changes"].items() if field in settings()}
            tables: dict[str, Any] = {"description": found["description"]}
            for field in settings().keys() & found["values"].keys():
                section, name = field.split(".")
                tables.setdefault(section, {})[name] = found["values"][field]
            self._draft.load(tables, found["preset"], path)
            self._draft.set_together(changes)
        except (ValueError, KeyError, TypeError, AttributeError, GPTCoreError):
            return 0  # nothing was kept, or by another version of this program
        self._draft.settle()
        self._taken_up = True
        return len(changes)
