"""What a run tells while it goes: events of the training and reports of the worker that drives it.

Plain data without torch, so that a window can show them before torch is loaded, and a process or a file
could carry them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, inf, log
from typing import Any, Literal

from gpt_core.config import Config
from gpt_core.errors import Fault, GPTCoreError

MANY_UNKNOWN = 0.01  # of a text: with more of it unknown, bits per byte do not compare
LEAST = 2.0**-149  # a probability in float32

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
State = Literal["preparing", "training", "paused", "stopped", "finished", "failed", "closed"]


@dataclass(frozen=True)
class Resolved:
    """What `auto` came to on this machine. A resume uses it again instead of deciding anew."""

    device: str
    precision: Precision
    threads: int
    compile: bool
    vocab_size: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that might have come next, and the probability that the model gives it."""

    id: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a sample or a prompt, and the text that it adds.

    `text` is whole characters: "" where a character is not whole yet, and cut off where a stop text begins
    in it. `probability` and `candidates` (the likeliest first, as many as were asked for) are the model's
    own, before penalty, temperature, top-k and top-p; None where it had nothing to go by. `sample` says which
    of several samples it belongs to.
    """

    id: int
    text: str
    probability: float | None
    sample: int = 0
    candidates: tuple[Candidate, ...] = ()

    @property
    def surprisal(self) -> float | None:
        """-ln of the probability, in nats; of one that float32 has as 0, that of the least it has."""
        return None if self.probability is None else -log(max(self.probability, LEAST))


def mean_surprisal(tokens: Iterable[Token]) -> float | None:
    """The mean over those of which it is known: the loss on them, in nats a token; None without any."""
    known = [nats for token in tokens if (nats := token.surprisal) is not None]
    return sum(known) / len(known) if known else None


# ---------------------------------------------------------------------------------- From the Trainer


@dataclass(frozen=True)
class EvaluationBatch:
    """A part of an evaluation is done: `done` of `total` windows."""

    done: int
    total: int


@dataclass(frozen=True)
class Evaluation:
    """The result: mean loss in nats a token, and by the characters and UTF-8 bytes of the text itself; over
    `windows` of the `all_windows` that the validation part has.

    `unknown` is the share of that part which has no token of its own: easily guessed, or not counted at all,
    so where it is `MANY_UNKNOWN` the figures by character and byte say little.
    """

    loss: float
    nats_per_character: float
    bits_per_byte: float
    windows: int
    all_windows: int = 0
    unknown: float = 0.0

    @property
    def perplexity(self) -> float:
        """exp(loss): how many equally likely tokens the model hesitates between."""
        return exp(self.loss) if self.loss < 700 else inf


@dataclass(frozen=True)
class Compiling:
    """The model is compiled before this step is done, which may take a minute."""

    step: int


@dataclass(frozen=True)
class MicroBatchDone:
    """One batch of those that make up a step went forward and back; a step's last one is its StepDone."""

    step: int
    done: int
    total: int


@dataclass(frozen=True)
class StepDone:
    """The figures of one update: mean loss in nats a token, the rate read back from the optimizer, the
    gradient's norm before clipping, tokens trained on, and seconds of computing."""

    step: int
    loss: float
    rate: float
    grad_norm: float
    tokens: int
    seconds: float


@dataclass(frozen=True)
class StepSkipped:
    """In fp16 the step's gradient overflowed under its loss `scale`, so it left the weights as they were; the
    next step's scale is half of it. Nothing is wrong: that is how the scale is found."""

    step: int
    loss: float
    rate: float
    scale: float
    tokens: int
    seconds: float


@dataclass(frozen=True)
class NotFinite:
    """The step's loss or gradient was not finite, so it left the weights as they were."""

    step: int
    error: GPTCoreError
    tokens: int = 0


@dataclass(frozen=True)
class EvaluationDone:
    """The validation figures after a step; `best` if no earlier ones were better."""

    step: int
    evaluation: Evaluation
    best: bool


@dataclass(frozen=True)
class SampleToken:
    """One more piece of the sample of a prompt that is being written."""

    step: int
    prompt: str
    piece: str


@dataclass(frozen=True)
class SampleDone:
    """A whole sample: what the model makes of one of the configured prompts after this step, by which of the
    other settings of SamplingConfig."""

    step: int
    prompt: str
    text: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class CheckpointDue:
    """A checkpoint is about to be written: the moment to write down all that came before it."""

    step: int


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint is on disk, whole; `removed` steps were given up for it under the keep-policy."""

    step: int
    best: bool
    seconds: float
    removed: tuple[int, ...]


Event = (
    Compiling
    | MicroBatchDone
    | StepDone
    | StepSkipped
    | NotFinite
    | EvaluationBatch
    | EvaluationDone
    | SampleToken
    | SampleDone
    | CheckpointDue
    | CheckpointSaved
)


# ----------------------------------------------------------------------------------- From the worker


@dataclass(frozen=True)
class StateChanged:
    """The run is now in `state`; `error` brought it there, `details` is a traceback if unexpected."""

    state: State
    error: GPTCoreError | None = None
    details: str = ""


@dataclass(frozen=True)
class Stopping:
    """The run will stop once `step`, which is under way, is whole; `done` of its `total` batches are."""

    step: int
    done: int
    total: int


@dataclass(frozen=True)
class Preparing:
    """How far the preparation is: `done` of `total` (0: unknown). "starting" loads torch."""

    stage: Literal["starting", "reading", "tokenizer", "encoding", "verifying", "loading", "rehearsing"]
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Guessing:
    """The loss in nats a token that the text's frequencies alone would leave (see `gpt_core.guessing`): those
    of its tokens, and those of what follows each; None where they are not known."""

    unigram: float | None = None
    bigram: float | None = None


@dataclass(frozen=True)
class Ready:
    """The model is loaded at `step`: what is being trained, and on what. While its weights are those that it
    was `given`, it may still begin otherwise (see `gpt_core.fork`)."""

    step: int
    config: Config
    resolved: Resolved
    device: str
    parameters: int
    train_tokens: int
    validation_tokens: int
    given: bool = False
    guessing: Guessing = Guessing()


@dataclass(frozen=True)
class Notice:
    """Something a person should know that stops nothing."""

    error: GPTCoreError


@dataclass(frozen=True)
class Changed:
    """These settings ("section.field") hold from the step after `step` on."""

    step: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class ChangeRefused:
    """A change that could not be, and why."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class CheckpointRead:
    """The model of the checkpoint of `step` is loaded, on `device` in words, and answers from now on."""

    step: int
    device: str


@dataclass(frozen=True)
class AnswerStarted:
    """The answer to prompt `id` begins; `left_out` are its characters that the vocabulary lacks."""

    id: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class PromptRead:
    """Prompt `id` as the model read it, and what it thought of each token; told after the first token of the
    answer, so as not to hold that up."""

    id: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class AnswerPiece:
    """One more token of an answer to prompt `id`, with what the model thought of it."""

    id: int
    token: Token

    @property
    def piece(self) -> str:
        """The text that it adds."""
        return self.token.text

    @property
    def sample(self) -> int:
        """Which of several answers it belongs to, from 0."""
        return self.token.sample


@dataclass(frozen=True)
class BatchFound:
    """The batch that question `id` is about: so many `windows`, whose `loss` was this when `step` was trained
    on them. The model that reads them now is that after the step `by`."""

    id: int
    step: int
    windows: int
    loss: float
    by: int


@dataclass(frozen=True)
class WindowRead:
    """One more window of it: its text in the pieces that its tokens add (see Token), the probability of each,
    and the loss that comes to, in nats a token."""

    id: int
    pieces: tuple[str, ...]
    probabilities: tuple[float | None, ...]
    loss: float


@dataclass(frozen=True)
class AnswerDone:
    """All answers to question `id` have ended: cut short (`stopped`), failed (`error`), or whole."""

    id: int
    stopped: bool = False
    error: GPTCoreError | None = None


Report = (
    Event
    | StateChanged
    | Stopping
    | Preparing
    | Ready
    | Notice
    | Changed
    | ChangeRefused
    | CheckpointRead
    | AnswerStarted
    | PromptRead
    | AnswerPiece
    | BatchFound
    | WindowRead
    | AnswerDone
)
