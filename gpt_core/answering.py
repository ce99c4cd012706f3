"""Answering: questions in their turn, by the model of whoever drives. A prompt is continued token by token, a
batch that was trained on is read window by window.

The Worker answers with the model in training, the Reader with a checkpoint's. Both take their commands
between two tokens or windows, so that an answer can be cut short at any of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gpt_core.control import Prompt, Question, ReadBatch, StopAnswer
from gpt_core.errors import GPTCoreError
from gpt_core.events import (
    AnswerDone,
    AnswerPiece,
    AnswerStarted,
    BatchFound,
    PromptRead,
    Report,
    WindowRead,
    mean_surprisal,
)
from gpt_core.model import GPT
from gpt_core.sampling import generate, prompt_tokens
from gpt_core.surprisal import read, thought_of
from gpt_core.tokenizer import Tokenizer

CANDIDATES = 5  # told with each token of a prompt and of an answer


@dataclass(frozen=True)
class Answerer:
    """A model that answers, after which `step` it is, and how to find the batch that another step was trained
    on: its windows (n, T + 1), and their loss then."""

    model: GPT
    tokenizer: Tokenizer
    step: int
    find_batch: Callable[[int], tuple[NDArray[np.int64], float]]


@dataclass
class _Asked:
    """A question, and what is still to be told of its answer once that has begun."""

    question: Question
    rest: Iterator[Report] | None = None


class Answering:
    """The questions that wait for an answer, and the answer at hand.

    What comes of them goes to `report`; `explain` puts whatever is raised on the way into a person's words.
    """

    def __init__(
        self, report: Callable[[Report], object], explain: Callable[[Exception], GPTCoreError]
    ) -> None:
        self._report = report
        self._explain = explain
        self._waiting: deque[_Asked] = deque()
        self._cancelled: set[int] = set()

    def take(self, command: Question | StopAnswer) -> None:
        """Let a question wait for its turn, or cancel one whether or not that has come."""
        if isinstance(command, StopAnswer):
            self._cancelled.add(command.id)
        else:
            self._waiting.append(_Asked(command))

    @property
    def asked(self) -> bool:
        """Whether a question waits."""
        return bool(self._waiting)

    def answer(self, load: Callable[[], Answerer], go_on: Callable[[], bool]) -> None:
        """Stream the answer to the question that has waited longest: a prompt's to its end, a batch's only
        while nothing else waits. Errors are told, not raised.

        `load` gives the one who answers; `go_on` is asked after each piece, may take commands meanwhile, and
        says whether to go on.
        """
        asked = self._waiting.popleft()
        id = asked.question.id
        try:
            if id in self._cancelled:
                self._report(AnswerDone(id, stopped=True))
                return
            if asked.rest is None:
                asked.rest = _answer(asked.question, load())
            for piece in asked.rest:
                self._report(piece)
                if not go_on() or id in self._cancelled:
                    self._report(AnswerDone(id, stopped=True))
                    return
                if self._waiting and isinstance(piece, WindowRead):
                    self._waiting.append(asked)
                    return
            self._report(AnswerDone(id))
        except Exception as error:
            self._report(AnswerDone(id, error=self._explain(error)))
        finally:
            if asked not in self._waiting:
                self._cancelled.discard(id)


def _answer(question: Question, answerer: Answerer) -> Iterator[Report]:
    """What is told of the answer, piece by piece."""
    match question:
        case Prompt():
            yield from _continued(question, answerer)
        case ReadBatch():
            yield from _read(question, answerer)


def _continued(prompt: Prompt, answerer: Answerer) -> Iterator[Report]:
    """The answer to a prompt, token by token."""
    request, model, tokenizer = prompt.request, answerer.model, answerer.tokenizer
    tokens, left_out = prompt_tokens(request.prompt, tokenizer)
    yield AnswerStarted(prompt.id, tuple(left_out))
    hidden: list[Tensor] = []  # of the prompt (t, D), until it is told what the model thought of it

    def thought() -> Iterator[Report]:
        while hidden:
            before = hidden.pop()[:-1]
            yield PromptRead(prompt.id, tuple(thought_of(tokens, before, model, tokenizer, CANDIDATES)))

    for token in generate(model, tokens, request, tokenizer, CANDIDATES, hidden.append):
        yield AnswerPiece(prompt.id, token)
        yield from thought()
    yield from thought()  # where there was nothing to go on with


def _read(question: ReadBatch, answerer: Answerer) -> Iterator[Report]:
    """The batch of a step, window by window."""
    windows, loss = answerer.find_batch(question.step)  # (n, T + 1)
    yield BatchFound(question.id, question.step, len(windows), loss, answerer.step)
    for window in windows.tolist():
        tokens = read(answerer.model, window, answerer.tokenizer)
        pieces, probabilities = zip(*((token.text, token.probability) for token in tokens), strict=True)
        yield WindowRead(question.id, pieces, probabilities, mean_surprisal(tokens) or 0.0)
