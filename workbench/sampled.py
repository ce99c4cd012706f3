"""What the model wrote along the way: the samples of each prompt, and what differs from one to the next."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

import numpy as np

from workbench.session import History

COMPARED = 1000  # words of a sample, so that a very long one does not hold up the window
# Japanese and Chinese put no space between words: there each character counts as one.
CHARACTER = "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
WORD = re.compile(rf"{CHARACTER}|(?:(?!{CHARACTER})\w)+|[^\w\s]")


@dataclass(eq=False)
class Sample:
    """What the model made of a prompt after a step; not `whole` while it is being written."""

    step: int
    loss: float | None
    prompt: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)  # it was drawn by; older records tell none
    whole: bool = True

    @property
    def shown(self) -> str:
        """The prompt and what follows it, without empty lines around them."""
        return (self.prompt + self.text).strip("\n")

    @property
    def asked(self) -> int:
        """How many characters of what is shown are the prompt's."""
        return len(self.prompt.lstrip("\n"))


class Samples:
    """The samples of a run, by step and as they were written after it."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._all = sorted(samples, key=_step)

    def put(self, sample: Sample) -> None:
        """Add one. Those of later steps are of a future that was given up, and so is that of the same prompt
        after this step."""
        at = bisect_left(self._all, sample.step, key=_step)
        others = [one for one in self._all[at:] if one.step == sample.step and one.prompt != sample.prompt]
        self._all[at:] = [*others, sample]

    def drop_unfinished(self) -> None:
        """Take away what was broken off: it will be begun anew."""
        if self.growing is not None:
            self._all.pop()

    @property
    def growing(self) -> Sample | None:
        """The one that is being written."""
        return self._all[-1] if self._all and not self._all[-1].whole else None

    def prompts(self) -> list[str]:
        """Each prompt that was continued, the earliest first."""
        return list(dict.fromkeys(sample.prompt for sample in self._all))

    def of(self, prompt: str | None) -> Sequence[Sample]:
        """The samples of a prompt, or all (None)."""
        return [sample for sample in self._all if prompt in (None, sample.prompt)]

    def before(self, sample: Sample) -> Sample | None:
        """The last one before it of the same prompt, drawn in the same way."""
        earlier = self._all[: self._all.index(sample)]
        alike = (one for one in reversed(earlier) if one.prompt == sample.prompt)
        return next((one for one in alike if one.settings == sample.settings), None)

    def is_first(self, sample: Sample) -> bool:
        """Whether none of its prompt came before it."""
        return sample is self.of(sample.prompt)[0]


def _step(sample: Sample) -> int:
    return sample.step


def differences(before: str, after: str) -> list[tuple[int, int]]:
    """Where in `after`, as pairs of start and end, stand words that `before` has not in this place."""
    old, new = (list(islice(WORD.finditer(text), COMPARED)) for text in (before, after))
    matcher = SequenceMatcher(None, [word[0] for word in old], [word[0] for word in new])
    return [
        (new[first].start(), new[last - 1].end())
        for what, _, _, first, last in matcher.get_opcodes()
        if what in ("replace", "insert")
    ]


def recorded(history: History) -> Samples:
    """The samples of earlier sittings."""
    steps, losses = history.series["loss"]
    found: dict[tuple[int, str], Sample] = {}
    for event in history.events:
        if event.kind == "sample":
            at = int(np.searchsorted(steps, event.step))
            loss = float(losses[at]) if at < len(steps) and steps[at] == event.step else None
            told = event.values
            sample = Sample(event.step, loss, told["prompt"], told["text"], told.get("settings", {}))
            found[event.step, sample.prompt] = sample  # one that was written anew takes the place
    return Samples(found.values())
