"""The runs of a workspace at a glance: what state each is in, how far it came, and how good it is.

Reading needs no lock and no torch. A run is read again only after something in its folder has changed, so
that hundreds of them can be looked at again and again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from gpt_core import about, resources
from gpt_core.about import About, read_about
from gpt_core.config import Config, from_toml
from gpt_core.errors import GPTCoreError
from gpt_core.record import RecordView
from gpt_core.run import CONFIG, RECORD, Run, in_use, open_run, runs

RunState = Literal["new", "in_use", "stopped", "finished", "failed", "interrupted", "unreadable"]
Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Summary:
    """A run as its folder tells of it.

    `state` is "new" before the first step, "in_use" while someone trains it, "failed" where its last step had
    a figure that was not finite, "interrupted" where its last steps were not saved, "unreadable" where
    `error` says why it cannot be opened. `config` is what holds at the last step. `best` is the validation
    loss of its best checkpoint in nats a token, `best_bits` the same in bits a byte, by which runs with other
    tokenizers compare. `seconds` is the time of computing, `changed` when something was last trained,
    recorded or set in it, in seconds since 1970: opening a run, or forking it, changes nothing.
    """

    folder: Path
    state: RunState
    changed: float
    config: Config = field(default_factory=Config)
    preset: str = ""
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_bits: float | None = None
    best_step: int = 0
    about: About = field(default_factory=About)
    error: GPTCoreError | None = None

    @property
    def name(self) -> str:
        """What the run is called: its folder's name."""
        return self.folder.name


def summarize(folder: Path) -> Summary:
    """Read what there is to know of the run in `folder`; what is wrong with it is in the result."""
    changed = 0.0
    with suppress(OSError):
        changed = (folder / CONFIG).stat().st_mtime
    try:
        run = open_run(folder)
        found = Summary(folder, "new", changed, run.config, _preset(run.config))
        if run.record_path.exists():
            found = _with_record(found, run)
        return replace(found, about=read_about(folder))
    except GPTCoreError as error:
        return Summary(folder, "unreadable", changed, error=error)


def _with_record(found: Summary, run: Run) -> Summary:
    with closing(RecordView(run.record_path)) as view:
        steps, _ = view.series("loss")
        tokens, seconds = view.series("tokens")[1], view.series("seconds")[1]
        best = view.best()
        at, bits = view.series("bits_per_byte")
        changes = view.events("change")
        trouble = view.events("trouble")
        changed = max(found.changed, view.last_time())
    step = int(steps[-1]) if len(steps) else 0
    config = run.config
    for change in changes:
        if change.step <= step:
            try:
                config = config.replace(change.values)
            except GPTCoreError:  # of another version of this program
                continue
    return replace(
        found,
        state=_ended(step, config, _last_saved(run), bool(trouble) and trouble[-1].step >= step),
        changed=changed,
        config=config,
        step=step,
        tokens=int(tokens.sum()),
        seconds=float(seconds.sum()),
        best=best[1] if best else None,
        best_bits=next(map(float, bits[at == best[0]]), None) if best else None,
        best_step=best[0] if best else 0,
    )


def _ended(step: int, config: Config, saved: int, trouble: bool) -> RunState:
    if trouble:
        return "failed"
    if step > saved:
        return "interrupted"
    if step == 0:
        return "new"
    return "finished" if step >= config.train.max_steps else "stopped"


def _last_saved(run: Run) -> int:
    """The step of the newest checkpoint by its name alone, or 0."""
    try:
        names = os.listdir(run.checkpoints_folder)
    except OSError:
        return 0
    return max((int(name[5:]) for name in names if re.fullmatch(r"step-\d+", name, re.ASCII)), default=0)


def _preset(config: Config) -> str:
    """The built-in preset that a configuration began as: the one that describes itself so; or ""."""
    return _presets().get(config.description, "") if config.description else ""


@cache
def _presets() -> dict[str, str]:
    return {from_toml(path).get("description", ""): name for name, path in resources.presets().items()}


def _stamp(folder: Path) -> Stamp:
    """What tells that something in the folder has changed: time and size of the files that are read."""
    found = []
    for name in (CONFIG, RECORD, f"{RECORD}-wal", about.FILE, "checkpoints"):
        try:
            what = (folder / name).stat()
        except OSError:
            continue
        if what.st_size or name != f"{RECORD}-wal":  # a reader leaves an empty one behind for a moment
            found.append((what.st_mtime_ns, what.st_size))
    return tuple(found)


class Summaries:
    """Summaries of the runs in a folder (by default the workspace), kept until they are out of date."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[Stamp, Summary]] = {}

    def look(self) -> Iterator[Summary]:
        """Yield the summary of each run, the one last written to first; one thread at a time."""
        found = runs(self._folder)
        self._known = {folder: known for folder, known in self._known.items() if folder in set(found)}
        for folder in found:
            stamp = _stamp(folder)
            if folder not in self._known or self._known[folder][0] != stamp:
                self._known[folder] = (stamp, summarize(folder))
            summary = self._known[folder][1]
            yield replace(summary, state="in_use") if in_use(folder) else summary
