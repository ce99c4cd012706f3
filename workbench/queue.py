"""The queue: configurations that are to be trained one after the other, kept on disk as they change.

It knows what waits, in which order, and whether it is to go on; `queue_driver` begins the runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import filelock
from PySide6.QtCore import QObject, Signal

from gpt_core import resources, text
from gpt_core.config import Config, from_toml, from_values, override
from gpt_core.disk import write_error
from gpt_core.errors import GPTCoreError
from gpt_core.run import fit_name
from workbench import command, own_presets
from workbench.queue_file import Entry, queue_path, read, set_aside, trouble_of, write

Why = Literal["stopped", "paused", "left", "unsaved"]
ASSIGNMENT = re.compile(r"(?:(?<=\s)|^)(?:--set\s+)?(\w+\.\w+\s*=)")


class Queue(QObject):
    """`entries` in the order in which they are trained; while it is `on`, each has its turn.

    The first window that has something to keep in it owns it until `release`; another one may look. What a
    person asks raises GPTCoreError and changes nothing where it cannot be; what the driver notes while nobody
    is there is `told` instead.
    """

    changed = Signal()
    switched = Signal()  # on, off, or held for another reason
    emptied = Signal()  # all is trained that was to be
    told = Signal(object)  # a GPTCoreError

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.on = False
        self.held: tuple[Why, str] | None = None  # why it is off, and the run that this concerns
        self.outcome: Counter[str] = Counter()  # what became of the entries since it was switched on
        self.restored = False  # whether it was found so, from an earlier time of the program
        self.trouble: GPTCoreError | None = None
        self._path = queue_path()
        self._lock: filelock.BaseFileLock | None = None
        if self._path.exists():
            self.look()

    # -------------------------------------------------------------------------------------------- On the disk

    def look(self) -> None:
        """Try to own the queue, or else see what is in it."""
        try:
            self._claim()
        except GPTCoreError as error:
            self.trouble = error
            if error.code == "queue_in_use":
                try:
                    self.entries = read(self._path)
                except GPTCoreError:  # it is the owner's to mend
                    self.entries = []
        self.changed.emit()

    @property
    def owned(self) -> bool:
        """Whether this window has the right to change it."""
        return self._lock is not None

    def _claim(self) -> None:
        """Take the right to change the queue, and then read it; once is enough."""
        if self._lock is not None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(
                self._path.with_suffix(".lock"), timeout=0, thread_local=False, is_singleton=False
            )
            lock.acquire()
        except filelock.Timeout as error:
            raise GPTCoreError("queue_in_use") from error
        except OSError as error:
            raise write_error(self._path, error) from error
        try:
            self._read()
        except GPTCoreError:
            lock.release()
            raise
        self._lock = lock

    def _read(self) -> None:
        self.trouble = None
        try:
            entries = read(self._path)
        except GPTCoreError as error:
            if error.code != "queue_damaged":
                raise
            self.trouble = GPTCoreError("queue_damaged", **error.values | {"kept": set_aside(self._path)})
            entries = []
        # One that was being trained when the program went away goes on where its run stands.
        self.entries = [_left(entry) if entry.state == "training" else entry for entry in entries]
        self.restored = any(entry.next_up for entry in self.entries)

    def release(self) -> None:
        """Let another window own the queue; this one is closing."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _put(self, entries: list[Entry]) -> None:
        write(self._path, entries)
        self.entries = entries
        self.changed.emit()

    # ---------------------------------------------------------------------------------------- What is in it

    def entry(self, key: int) -> Entry:
        """The entry of that key; KeyError where there is none any more."""
        return self.entries[self._place(key)]

    def _place(self, key: int) -> int:
        for place, entry in enumerate(self.entries):
            if entry.key == key:
                return place
        raise KeyError(key)

    def of_run(self, folder: Path) -> Entry | None:
        """The entry whose run lies in `folder`."""
        return next((entry for entry in self.entries if entry.run and entry.folder == folder), None)

    def next(self) -> Entry | None:
        """The entry whose turn it is: the first that is to be trained and can be."""
        return next((entry for entry in self.entries if entry.next_up and not entry.faults()), None)

    def waiting(self) -> int:
        """How many will have their turn."""
        return sum(entry.next_up and not entry.faults() for entry in self.entries)

    # ------------------------------------------------------------------------------------ What is asked of it

    def add(self, name: str, values: Config | dict[str, Any], preset: str = "", variation: str = "") -> Entry:
        """Put a configuration at the end, with some settings changed ("section.field=value ...").

        It is compared with `preset` where that is one, else with the preset that is most like it.
        """
        self._claim()
        config = _varied(values, variation)
        preset = preset if preset in _presets() else _nearest(config)
        entry = Entry(name=fit_name(name), preset=preset, settings=config.model_dump(mode="json"))
        self._put([*self.entries, entry])
        return entry

    def vary(self, keys: Collection[int], variation: str) -> None:
        """Change settings of entries that have no run yet."""
        settings = {key: _varied(self.entry(key).settings, variation) for key in keys}
        self._change({key: _afresh(config) for key, config in settings.items()})

    def set_settings(self, key: int, config: Config) -> None:
        """Give an entry that has no run yet other settings."""
        self._change({key: _afresh(_varied(config, ""))})

    def rename(self, key: int, name: str) -> None:
        """Call an entry, and so the run that will come of it, by another name."""
        self._change({key: {"name": fit_name(name)}})

    def again(self, keys: Collection[int]) -> None:
        """Let entries that are over have another turn: on with the run where that is there, but anew where it
        is finished."""
        over = [entry for key in keys if (entry := self.entry(key)).state in ("done", "stopped", "failed")]
        self._change({entry.key: _another_turn(entry) for entry in over})

    def move(self, keys: Collection[int], gap: int) -> None:
        """Put entries, as they follow each other, into the gap before the one that is at place `gap` now."""
        self._claim()
        moved = [entry for entry in self.entries if entry.key in keys]
        above = [entry for entry in self.entries[:gap] if entry.key not in keys]
        below = [entry for entry in self.entries[gap:] if entry.key not in keys]
        if (entries := above + moved + below) != self.entries:
            self._put(entries)

    def remove(self, keys: Collection[int]) -> None:
        """Take entries out, but not the one that is being trained; their runs stay."""
        self._claim()
        self._put(
            [entry for entry in self.entries if entry.key not in keys or entry.state == "training"],
        )

    def _change(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        self._claim()
        self._put(self._changed(changes))

    def _changed(self, changes: Mapping[int, Mapping[str, Any]]) -> list[Entry]:
        entries = list(self.entries)
        for key, values in changes.items():
            place = self._place(key)
            entries[place] = entries[place].model_copy(update=values)
        return entries

    # --------------------------------------------------------------------------------------------- Its switch

    def switch_on(self) -> None:
        """Let what waits be trained."""
        self._claim()
        self.on, self.held, self.restored = True, None, False
        self.outcome.clear()
        self.switched.emit()

    def switch_off(self) -> None:
        """Begin no more; the run that is being trained goes on."""
        self.on, self.held = False, None
        self.switched.emit()

    def hold(self, why: Why, run: str) -> None:
        """The same, on account of a run that the person wants something else of."""
        self.on, self.held = False, (why, run)
        self.switched.emit()

    def finish(self) -> None:
        """All had their turn."""
        self.switch_off()
        self.emptied.emit()

    # ------------------------------------------------------------------------------------ What became of it

    def note(self, key: int, **changes: Any) -> None:
        """Note what became of an entry."""
        self.outcome.update({changes["state"]} if "state" in changes else {})
        self._note(self._changed({key: changes}))

    def note_trouble(self, key: int, error: GPTCoreError) -> None:
        """Note that an entry failed, and why."""
        self.note(key, state="failed", trouble=trouble_of(error))

    def note_left(self) -> None:
        """Note that the run that was open is not any more, if it is one of the queue's: it may be half done,
        or gone, where it never began."""
        entries = [
            _left(entry) if entry.state == "training" else _without_lost_run(entry) for entry in self.entries
        ]
        if entries != self.entries:
            self._note(entries)

    def note_renamed(self, old: Path, new: Path) -> None:
        """Note that a run has another name."""
        entry = self.of_run(old)
        if entry is not None:
            self._note(self._changed({entry.key: {"run": new.name}}))

    def _note(self, entries: list[Entry]) -> None:
        if not self.owned:
            return
        try:
            self._put(entries)
        except GPTCoreError as error:
            self.entries = entries
            self.changed.emit()
            self.told.emit(error)


def _varied(values: Config | dict[str, Any], variation: str) -> Config:
    """The settings with some changed; raises ConfigError, bad_override, and what is wrong with the text."""
    tables = values.model_dump() if isinstance(values, Config) else values
    config = from_values(override(tables, assignments(variation)))
    trouble = text.fault(config.data.source, config.data.column or None, config.data.encoding)
    if trouble is not None:
        raise trouble
    return command.from_anywhere(config)  # the program may be started in another folder by then


def _afresh(config: Config) -> dict[str, Any]:
    return {"settings": config.model_dump(mode="json"), "state": "waiting", "trouble": []}


def _presets() -> dict[str, Path]:
    return resources.presets() | own_presets.presets()


def _nearest(config: Config) -> str:
    """The preset of which the least has to be changed."""
    found = {}
    for name, path in _presets().items():
        with suppress(GPTCoreError):  # a file that was edited by hand
            found[name] = len(command.assignments(from_values(from_toml(path)), config))
    return min(found, key=lambda name: found[name])


def assignments(line: str) -> list[str]:
    """The settings in a line "section.field=value section.field=value", a value being all up to the next;
    they may stand as on the command line, each after --set."""
    starts = list(ASSIGNMENT.finditer(line))
    if not starts or line[: starts[0].start()].strip():
        return [line.strip()] if line.strip() else []
    ends = [start.start() for start in starts[1:]] + [len(line)]
    return [line[start.start(1) : end].strip() for start, end in zip(starts, ends, strict=True)]


def _left(entry: Entry) -> Entry:
    """An entry whose run is not being trained any more, nor done: to be gone on with, or begun anew."""
    there = entry.folder is not None and (entry.folder / "run.toml").is_file()
    return entry.model_copy(update={"state": "interrupted"} if there else {"state": "waiting", "run": ""})


def _another_turn(entry: Entry) -> dict[str, Any]:
    left = _left(entry)
    state, run = ("waiting", "") if entry.state == "done" else (left.state, left.run)
    return {"state": state, "run": run, "trouble": []}


def _without_lost_run(entry: Entry) -> Entry:
    if entry.folder is None or entry.folder.exists():
        return entry
    return entry.model_copy(update={"run": ""})
