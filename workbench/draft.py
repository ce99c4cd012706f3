"""The configuration being edited: its values, what is wrong with them, and the way back.

The forms show a draft and write to it; the window makes a run of it. Every change is a step that can be
undone (typing in one field is one step), a preset taken up too: a choice in the wrong place loses nothing.
While a run goes on (`running`), what is fixed for it is locked, and a change of what is not is passed on
with `liveChange` once it is settled and the whole has no fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from gpt_core import text
from gpt_core.config import Config, ScheduleConfig, faults, from_values, settings
from gpt_core.errors import ConfigError, Fault, GPTCoreError

# What the tokens of a text follow from; all other settings may change without making them anew.
TEXT_FIELDS = (
    *("data.source", "data.column", "data.encoding", "data.deduplicate", "data.tokenizer"),
    *("data.tokenizer_path", "data.cleaning", "data.vocab_size", "data.validation_fraction", "train.seed"),
)


# What the learning rate of each step follows from.
SCHEDULE_FIELDS = frozenset(f for f in settings() if f.startswith("schedule.")) | {"train.max_steps"}

LOOKED_AT = TEXT_FIELDS[:3]  # what is seen of a text without its tokens follows from these
# What tells, near enough, whether a run's text is the one that was prepared here.
SIZES = ("vocab_size", "train_tokens", "validation_tokens")


def flat(values: Mapping[str, Any] | Config) -> dict[str, Any]:
    """The value of every setting by field, from tables as TOML has them, with the defaults filled in."""
    tables = values.model_dump() if isinstance(values, Config) else values
    found = {}
    for field, what in settings().items():
        section, name = field.split(".")
        found[field] = tables.get(section, {}).get(name, what.default)
    return found


@dataclass(frozen=True)
class Origin:
    """Where a draft came from: a preset's or file's name, what it says of itself, its values by field, and
    the file where it is none of the presets."""

    name: str
    description: str
    values: Mapping[str, Any]
    path: Path | None = None


@dataclass
class Step:
    """A change that can be undone: what some fields were and became, and where the whole came from."""

    whole: bool  # a whole configuration was taken up
    before: dict[str, Any]
    after: dict[str, Any]
    origin_before: Origin
    origin_after: Origin


class Draft(QObject):
    """A configuration that may be wrong while it is being made.

    `values` holds what was chosen for each field ("section.field"), `faults` what is wrong, by field. A text
    that is no number stays in `values` as it was typed, with its fault.
    """

    changed = Signal(str)  # the field whose value is another now
    reset = Signal()  # all values may be others now
    faultsChanged = Signal()
    historyChanged = Signal()  # what can be undone and redone
    runningChanged = Signal(bool)
    textKnown = Signal()  # more is known of a text: see `text`
    liveChange = Signal(str, object)  # field and value, to be applied to the run that goes on

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.values = flat({})
        self.origin = Origin("", "", dict(self.values))
        self.faults: dict[str, Fault] = {}
        # Plain objects: the commands of Qt's undo stack, deleted by Qt, crash Python's garbage collector.
        self._steps: list[Step] = []
        self._done = 0  # how many of the steps are in force; the others can be redone
        self._typing: Set[str] = frozenset()  # the fields whose changes are still one step
        self._running = self._given = False
        self._in_force: dict[str, Any] = {}  # what the run that goes on was told
        self._texts: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._text_of_run: dict[str, Any] = {}  # of the one that goes on
        self._looks: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._outdated: set[tuple[Any, ...]] = set()
        self._text_fault: GPTCoreError | None = None
        self._looked_at: object = None  # the text that was last looked at
        self._told: dict[str, Fault] = {}
        self._scheduled = dict(self.values)  # when the schedule was last sound, and not half typed
        self.check()

    # ---------------------------------------------------------------------------------------- Changing it

    @property
    def preset(self) -> str:
        """The preset or file that the draft came from, "" for none."""
        return self.origin.name

    def load(
        self,
        values: Mapping[str, Any] | Config,
        preset: str,
        path: Path | None = None,
        keep_text: bool = False,
    ) -> None:
        """Take up a whole configuration, as one step that can be undone; the first is where a draft begins;
        `path` is the file that is no preset. With `keep_text` a text of the person's own stays where the one
        of the configuration is not there.

        A value that is wrong is taken up with its fault. Raises ConfigError, and changes nothing, where there
        is something that has no field to be shown in: an unknown section or setting.
        """
        homeless = [fault for fault in faults(values) if fault.field not in settings()]
        if homeless:
            raise ConfigError(homeless)
        chosen = flat(values)
        described = values.description if isinstance(values, Config) else values.get("description", "")
        origin = Origin(preset, described, chosen, path)
        self._typing = frozenset()
        if keep_text and not _is_there(chosen["data.source"]) and self._has_own_text():
            chosen = chosen | {field: self.values[field] for field in LOOKED_AT}
        if self.preset or self._steps:
            self._take(Step(True, dict(self.values), chosen, self.origin, origin))
        else:
            self._put(chosen, origin, whole=True)

    def _has_own_text(self) -> bool:
        """Whether a text was chosen that is there and does not come with the program."""
        source = self.values["data.source"]
        return _is_there(source) and not set(text.parts(source)) <= set(text.BUILTIN)

    def rename_origin(self, name: str) -> None:
        """The preset that the draft came from is called `name` now."""
        old, self.origin = self.origin, replace(self.origin, name=name)
        for step in self._steps:
            step.origin_before = self.origin if step.origin_before is old else step.origin_before
            step.origin_after = self.origin if step.origin_after is old else step.origin_after
        self.reset.emit()

    def set(self, field: str, value: Any) -> None:
        """Give a field a value; what follows for the same field, until `settle`, joins its step of undo."""
        self.set_together({field: value})

    def set_together(self, values: Mapping[str, Any]) -> None:
        """Give several fields their values in one step; what follows for the same ones joins it likewise."""
        for field in values:
            if self.locked(field):
                raise GPTCoreError("not_live", field=field)
        before = {field: self.values[field] for field in values}
        if all(same(value, before[field]) for field, value in values.items()):
            return
        joins, self._typing = self._typing == values.keys(), frozenset(values)
        self._take(Step(False, before, dict(values), self.origin, self.origin), joins)

    def settle(self) -> None:
        """The person is done with a field: close its step, check the text, tell the run what has changed."""
        self._typing = frozenset()
        if self._looked_at != self.values["data.source"]:  # a look at a large folder takes its time
            self.check()
        self._tell_run()

    @property
    def can_undo(self) -> bool:
        return self._done > 0

    @property
    def can_redo(self) -> bool:
        return self._done < len(self._steps)

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        if self.can_undo:
            self._done -= 1
            step = self._steps[self._done]
            self._put(step.before, step.origin_before, step.whole)
            self.settle()

    def redo(self) -> None:
        """Take the next step again, if one was taken back."""
        if self.can_redo:
            step = self._steps[self._done]
            self._done += 1
            self._put(step.after, step.origin_after, step.whole)
            self.settle()

    def _take(self, step: Step, joins: bool = False) -> None:
        if not joins and not SCHEDULE_FIELDS & self.faults.keys():
            self._scheduled = dict(self.values)
        del self._steps[self._done :]
        if joins and self._steps:
            last = self._steps[-1]
            last.after = step.after
            if all(same(value, last.after[field]) for field, value in last.before.items()):
                self._steps.pop()  # back to where it was
                self._typing = frozenset()
        else:
            self._steps.append(step)
        self._done = len(self._steps)
        self._put(step.after, step.origin_after, step.whole)

    def _put(self, values: Mapping[str, Any], origin: Origin, whole: bool = False) -> None:
        others = [field for field, value in values.items() if not same(value, self.values[field])]
        self.values |= values
        self.origin = origin
        self._told.clear()
        if whole:
            self.check()
            self.reset.emit()
        else:
            if "data.source" in others:
                self._text_fault = None  # looked at again when the typing is done
            self._find_faults()
            for field in others:
                self.changed.emit(field)
        self.historyChanged.emit()

    # -------------------------------------------------------------------------------------------- Its state

    def config(self) -> Config:
        """The draft as a configuration; ConfigError tells all that is wrong with it, the text included."""
        self.check()
        if self.faults:
            raise ConfigError(list(self.faults.values()))
        return from_values(self.tables())

    def tables(self) -> dict[str, Any]:
        """The values as TOML has them, right or wrong."""
        tables: dict[str, Any] = {"description": self.origin.description}
        for field, value in self.values.items():
            section, name = field.split(".")
            tables.setdefault(section, {})[name] = value
        return tables

    def schedule(self) -> tuple[ScheduleConfig, int]:
        """The schedule of the learning rate and the number of steps, whatever is wrong with other settings;
        where one of these is at fault, as they were before it was typed."""
        values = self._scheduled if SCHEDULE_FIELDS & self.faults.keys() else self.values
        names = ScheduleConfig.model_fields
        schedule = ScheduleConfig(**{name: values[f"schedule.{name}"] for name in names})
        return schedule, int(values["train.max_steps"])

    def holds(self, config: Config) -> bool:
        """Whether the values are those of a configuration, be its text there or not."""
        asked = flat(config)
        return all(same(self.values[field], value) for field, value in asked.items())

    def differs_from_gpt1(self, field: str) -> bool:
        what = settings()[field]
        return what.in_gpt1 and not same(self.values[field], what.gpt1)

    def differs_from_preset(self, field: str) -> bool:
        return bool(self.origin.name) and not same(self.values[field], self.origin.values[field])

    def of_use(self, field: str) -> bool:
        """Whether a setting has a say, the others being as they are."""
        source, tokenizer = str(self.values["data.source"]), self.values["data.tokenizer"]
        match field:
            case "data.vocab_size":
                return bool(tokenizer == "bpe")
            case "data.tokenizer_path":
                return tokenizer in ("gpt1", "gpt2")
            case "data.cleaning":
                return bool(tokenizer == "gpt1")
            case "data.column":
                plain = (".txt", ".md", ".py")
                parts = [part for part in text.parts(source) if not part.startswith("builtin:")]
                return not all(part.lower().endswith(plain) for part in parts)
            case "data.encoding":
                return not source.startswith(("builtin:", "hub:"))
            case "model.vocab_size":
                return False  # the tokenizer gives it
        return True

    # --------------------------------------------------------------------------------------------- Its text

    def text_key(self) -> tuple[Any, ...]:
        """What the prepared text follows from, as the draft has it."""
        return tuple(self.values[field] for field in TEXT_FIELDS)

    def text(self) -> dict[str, Any]:
        """What is known of the draft's text since it was prepared (`text_service.facts`); empty before. While
        a run goes on that is its text, whatever became of the files since; perhaps only a part is known yet.
        """
        return self._text_of_run or self._texts.get(self.text_key(), {})

    def text_tables(self) -> dict[str, Any]:
        """The part of the configuration that the text's tokens follow from, as TOML has it."""
        tables = self.tables()
        return {"data": tables["data"], "train": {"seed": tables["train"]["seed"]}}

    def learn_text(self, key: tuple[Any, ...], facts: dict[str, Any]) -> None:
        """Remember what the text of a `text_key` was found to be."""
        self._texts[key] = facts
        self._outdated.discard(key)
        self.textKnown.emit()

    def learn_run(self, facts: dict[str, Any]) -> None:
        """Remember more of the text of the run that goes on, until it does no more; its `folder` first."""
        if not self._running:
            return
        found, prepared = self._text_of_run | facts, self._texts.get(self.text_key(), {})
        if "vocab_size" in found and all(prepared.get(name) == found.get(name) for name in SIZES):
            found = prepared | found
        self._text_of_run = found
        self.textKnown.emit()

    def look_key(self) -> tuple[Any, ...]:
        """What is seen of the text without its tokens follows from this."""
        return tuple(self.values[field] for field in LOOKED_AT)

    def look(self) -> dict[str, Any]:
        """What was last seen of the draft's text (`text_service.look`); empty before."""
        return self._looks.get(self.look_key(), {})

    def learn_look(self, key: tuple[Any, ...], seen: dict[str, Any]) -> None:
        """Remember what was seen of the text of a `look_key`; what was prepared of other files than these is
        known no more."""
        if seen == self._looks.get(key):
            return
        self._looks[key] = seen
        for prepared, facts in list(self._texts.items()):
            if prepared[: len(key)] == key and facts.get("stamp", seen["stamp"]) != seen["stamp"]:
                del self._texts[prepared]
                self._outdated.add(prepared)
        self.textKnown.emit()

    @property
    def outdated(self) -> bool:
        """Whether the text was prepared, but is another one since."""
        return self.text_key() in self._outdated

    # ------------------------------------------------------------------------------------------- Its faults

    def fault(self, field: str) -> Fault | None:
        """What to say beside a field: what is wrong with it, or what a run told of it (`tell`)."""
        return self.faults.get(field) or self._told.get(field)

    def check(self) -> None:
        """Find all faults anew, a look at the text included."""
        source = self.values["data.source"]
        # A run that goes on has its tokens: its text may be gone.
        its_own = self._running and same(source, self._in_force["data.source"])
        readable = isinstance(source, str) and not its_own
        self._text_fault = text.fault(source) if readable else None
        self._looked_at = source
        self._find_faults()

    def tell(self, error: GPTCoreError) -> None:
        """Say beside its field what came out when a run was started; the next change takes it away."""
        found = error.faults if isinstance(error, ConfigError) else []
        if not found and error.field in settings():
            found = [Fault(error.field, error.code, error.values)]
        self._told = {fault.field: fault for fault in found}
        self.faultsChanged.emit()

    def _find_faults(self) -> None:
        found = {fault.field: fault for fault in faults(self.tables())}
        if self._text_fault:
            told = self._text_fault
            found.setdefault("data.source", Fault("data.source", told.code, told.values))
        self.faults = found
        self.faultsChanged.emit()

    # ------------------------------------------------------------------------------------ While a run goes on

    @property
    def running(self) -> bool:
        """Whether the draft is that of a run that goes on, set by the window."""
        return self._running

    @running.setter
    def running(self, running: bool) -> None:
        if running == self._running:
            return
        self._running, self._given = running, False
        self._text_of_run = {}
        self._in_force = dict(self.values) if running else {}
        self._typing = frozenset()
        self._steps, self._done = [], 0  # a step back across the start would change what is fixed
        self.historyChanged.emit()
        self.check()
        self.runningChanged.emit(running)

    @property
    def given(self) -> bool:
        """Whether the run that goes on was given its weights and has made no step of its own, so that what is
        fixed for others may still be changed; set by the window."""
        return self._given

    @given.setter
    def given(self, given: bool) -> None:
        if given != self._given:
            self._given = given
            self.runningChanged.emit(self._running)

    def locked(self, field: str) -> bool:
        """Whether a field cannot be changed now, since the run that goes on cannot."""
        return self._running and settings()[field].fixed(self._given)

    def take(self, changes: Mapping[str, Any]) -> None:
        """Show what holds in the run that goes on, where the person has not typed something else since."""
        for field, value in changes.items():
            untouched = same(self.values[field], self._in_force.get(field, self.values[field]))
            self._in_force[field] = value
            if untouched and not same(self.values[field], value):
                self._put({field: value}, self.origin)

    def _tell_run(self) -> None:
        if not self._running or self.faults:
            return
        waiting = [field for field, value in self.values.items() if not same(value, self._in_force[field])]
        while waiting:
            # Each change is checked by itself where it arrives, so a peak that rises goes before its floor.
            field = next(filter(self._may_go_first, waiting), waiting[0])
            waiting.remove(field)
            self._in_force[field] = self.values[field]
            self.liveChange.emit(field, self.values[field])

    def _may_go_first(self, field: str) -> bool:
        tables: dict[str, Any] = {}
        for name, value in (self._in_force | {field: self.values[field]}).items():
            section, _, key = name.partition(".")
            tables.setdefault(section, {})[key] = value
        return not faults(tables)


def _is_there(source: Any) -> bool:
    """Whether a text can be read."""
    return isinstance(source, str) and text.fault(source) is None


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same choice: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)  # texts, as TOML has them and as the configuration does
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
