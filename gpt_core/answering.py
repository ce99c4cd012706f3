"""Answering: prompts in their turn, each continued token by token, by the model of whoever drives.

The Worker answers with the model in training, the Reader with a checkpoint's. Both take their commands
between two tokens, so that an answer can be cut short at any of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gpt_core.control import Prompt, StopAnswer
from gpt_core.errors import GPTCoreError
from gpt_core.events import AnswerDone, AnswerPiece, AnswerStarted, Report
from gpt_core.model import GPT
from gpt_core.sampling import generate, prompt_tokens
from gpt_core.surprisal import read
from gpt_core.tokenizer import Tokenizer

CANDIDATES = 5  # told with each token of a prompt and an answer


class Answering:
    """The prompts that wait for an answer, and the answer at hand.

    What comes of them goes to `report`; `explain` puts whatever is raised on the way into a person's words.
    """

    def __init__(
        self, report: Callable[[Report], object], explain: Callable[[Exception], GPTCoreError]
    ) -> None:
        self._report = report
        self._explain = explain
        self._waiting: deque[Prompt] = deque()
        self._cancelled: set[int] = set()

    def take(self, command: Prompt | StopAnswer) -> None:
        """Let a prompt wait for its turn, or cancel one whether or not that has come."""
        if isinstance(command, Prompt):
            self._waiting.append(command)
        else:
            self._cancelled.add(command.id)

    @property
    def asked(self) -> bool:
        """Whether a prompt waits."""
        return bool(self._waiting)

    def answer(self, load: Callable[[], tuple[GPT, Tokenizer]], go_on: Callable[[], bool]) -> None:
        """Stream the answers to the prompt that has waited longest. Errors are told, not raised.

        `load` gives the model and its tokenizer; `go_on` is asked after each token, may take commands
        meanwhile, and says whether to go on.
        """
        prompt = self._waiting.popleft()
        id, request = prompt.id, prompt.request
        try:
            if id in self._cancelled:
                self._report(AnswerDone(id, stopped=True))
                return
            model, tokenizer = load()
            tokens, left_out = prompt_tokens(request.prompt, tokenizer)
            self._report(
                AnswerStarted(id, tuple(left_out), tuple(read(model, tokens, tokenizer, CANDIDATES)))
            )
            for token in generate(model, tokens, request, tokenizer, CANDIDATES):
                self._report(AnswerPiece(id, token))
                if not go_on() or id in self._cancelled:
                    self._report(AnswerDone(id, stopped=True))
                    return
            self._report(AnswerDone(id))
        except Exception as error:
            self._report(AnswerDone(id, error=self._explain(error)))
        finally:
            self._cancelled.discard(id)
