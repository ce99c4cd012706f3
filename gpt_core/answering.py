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

from gpt_core.control import Prompt, Question, ReadBatch, StopAnswer
from gpt_core.errors import GPTCoreError
from gpt_core.events import AnswerDone, AnswerPiece, AnswerStarted, BatchFound, Report, WindowRead
from gpt_core.model import GPT
from gpt_core.sampling import generate, prompt_tokens
from gpt_core.surprisal import read
from gpt_core.tokenizer import Tokenizer

CANDIDATES = 5  # told with each token of a prompt and an answer


@dataclass(frozen=True)
class Answerer:
    """A model that answers, after which `step` it is, and how to find the batch that another step was trained
    on: its windows (n, T + 1), and their loss then."""

    model: GPT
    tokenizer: Tokenizer
    step: int
    find_batch: Callable[[int], tuple[NDArray[np.int64], float]]


class Answering:
    """The questions that wait for an answer, and the answer at hand.

    What comes of them goes to `report`; `explain` puts whatever is raised on the way into a person's words.
    """

    def __init__(
        self, report: Callable[[Report], object], explain: Callable[[Exception], GPTCoreError]
    ) -> None:
        self._report = report
        self._explain = explain
        self._waiting: deque[Question] = deque()
        self._cancelled: set[int] = set()

    def take(self, command: Question | StopAnswer) -> None:
        """Let a question wait for its turn, or cancel one whether or not that has come."""
        if isinstance(command, StopAnswer):
            self._cancelled.add(command.id)
        else:
            self._waiting.append(command)

    @property
    def asked(self) -> bool:
        """Whether a question waits."""
        return bool(self._waiting)

    def answer(self, load: Callable[[], Answerer], go_on: Callable[[], bool]) -> None:
        """Stream the answers to the question that has waited longest. Errors are told, not raised.

        `load` gives the one who answers; `go_on` is asked after each piece, may take commands meanwhile, and
        says whether to go on.
        """
        question = self._waiting.popleft()
        id = question.id
        try:
            if id in self._cancelled:
                self._report(AnswerDone(id, stopped=True))
                return
            for piece in _pieces(question, load()):
                self._report(piece)
                if not go_on() or id in self._cancelled:
                    self._report(AnswerDone(id, stopped=True))
                    return
            self._report(AnswerDone(id))
        except Exception as error:
            self._report(AnswerDone(id, error=self._explain(error)))
        finally:
            self._cancelled.discard(id)


def _pieces(question: Question, answerer: Answerer) -> Iterator[Report]:
    """What is told of the answer, piece by piece."""
    match question:
        case Prompt():
            yield from _continued(question, answerer)
        case ReadBatch():
            yield from _read(question, answerer)


def _continued(prompt: Prompt, answerer: Answerer) -> Iterator[Report]:
    """The answer to a prompt, token by token."""
    request, tokenizer = prompt.request, answerer.tokenizer
    tokens, left_out = prompt_tokens(request.prompt, tokenizer)
    thought = read(answerer.model, tokens, tokenizer, CANDIDATES)
    yield AnswerStarted(prompt.id, tuple(left_out), tuple(thought))
    for token in generate(answerer.model, tokens, request, tokenizer, CANDIDATES):
        yield AnswerPiece(prompt.id, token)


def _read(question: ReadBatch, answerer: Answerer) -> Iterator[Report]:
    """The batch of a step, window by window."""
    windows, loss = answerer.find_batch(question.step)  # (n, T + 1)
    yield BatchFound(question.id, question.step, len(windows), loss, answerer.step)
    for window in windows.tolist():
        yield WindowRead(question.id, tuple(read(answerer.model, window, answerer.tokenizer, CANDIDATES)))
