"""The driver of a checkpoint that is only asked: it loads the model of one, and answers prompts with it.

It takes no lock and writes nothing, so that it may read a run that is trained at the same time, by this
process or another. Beside a training in its own process it changes nothing of that but the pace: it draws
from no random generator and sets no option that the two share, and it computes on one thread of its own.

It holds one model: its weights in float32, four bytes a parameter, and twice that for the moment in which
they are read; beside them the keys and values of the answer at hand. The optimizer is not read but to verify.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gpt_core import checkpoint, hardware
from gpt_core.answering import Answerer, Answering
from gpt_core.checkpoint import MANIFEST, MODEL, Checkpoint
from gpt_core.control import Close, Command, Control, Prompt, ReadBatch, StopAnswer
from gpt_core.disk import readable_size
from gpt_core.errors import CheckpointError, GPTCoreError
from gpt_core.events import CheckpointRead, Notice, Report
from gpt_core.preparation import load_model
from gpt_core.retrace import batch_of
from gpt_core.run import Run

TRIES = 3  # at a folder that changes while it is read
DRAWING = (Tensor.normal_, Tensor.uniform_, nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_)


class Reader:
    """Answers prompts with the checkpoint of `step`, or with the newest sound one whenever a prompt comes.

    The model is loaded with the first prompt, and told with CheckpointRead before the answer begins; then it
    stays, also where its checkpoint is given up. It lies on the device that the run was trained on, where
    that is here and has room, else on the CPU. Of the commands it knows Prompt, ReadBatch,
    StopAnswer and Close.
    """

    def __init__(
        self, run: Run, step: int | None, control: Control, report: Callable[[Report], object]
    ) -> None:
        self._run = run
        self._step = step
        self._commands = control.commands
        self._report = report
        self._answering = Answering(report, self._explain)
        self._closing = False
        self._loaded: Answerer | None = None
        self._seen: tuple[int, int] | None = None  # what there was to read when it was loaded
        self._device = torch.device("cpu")

    def work(self) -> None:
        """Answer until told to close. Errors are told, each with the answer that it prevents."""
        torch.set_num_threads(1)  # of this thread alone; the others are the training's
        while not self._closing:
            if self._answering.asked:
                self._answering.answer(self._load, self._go_on)
            else:
                self._carry_out(self._commands.get())
        self._let_go()

    def _go_on(self) -> bool:
        while not self._commands.empty():
            self._carry_out(self._commands.get())
        return not self._closing

    def _carry_out(self, command: Command) -> None:
        match command:
            case Prompt() | ReadBatch() | StopAnswer():
                self._answering.take(command)
            case Close():
                self._closing = True

    # -------------------------------------------------------------------------------------------- Loading

    def _load(self, tries: int = TRIES) -> Answerer:
        """The model that is to answer now, read unless it is the one at hand."""
        seen = self._look()
        if self._loaded is not None and seen in (self._seen, None):
            return self._loaded
        self._let_go()  # so that there are never two
        try:
            loaded = self._read()
        except (CheckpointError, OSError):
            if tries == 1 or self._look() == seen:
                raise
            return self._load(tries - 1)
        self._loaded, self._seen = loaded, seen
        return loaded

    def _look(self) -> tuple[int, int] | None:
        """Step and time of the checkpoint that concerns this reader: another now, and it must read anew."""
        found = checkpoint.checkpoints(self._run.checkpoints_folder)
        for saved in reversed(found):
            if self._step in (None, saved.step):
                try:
                    return saved.step, (saved.path / MANIFEST).stat().st_mtime_ns
                except OSError:  # given up at this moment, or damaged
                    return saved.step, 0
        return None

    def _find(self) -> Checkpoint:
        """The checkpoint to read, verified."""
        folder = self._run.checkpoints_folder
        if self._step is None:
            saved, damaged = checkpoint.newest_sound(folder)
            for error in damaged:
                if error.values["path"].exists():  # it was not just given up
                    self._report(Notice(error))
            return saved
        try:
            saved = checkpoint.find(folder, self._step)
            saved.verify()
        except CheckpointError as error:
            if self._look() is None:
                raise CheckpointError("checkpoint_gone", path=folder, step=self._step) from error
            raise
        return saved

    def _read(self) -> Answerer:
        saved = self._find()
        size = (saved.path / MODEL).stat().st_size
        free = psutil.virtual_memory().available
        if 2 * size > free:  # on the CPU that would be no error but the end of the process
            needed, left = readable_size(2 * size), readable_size(free)
            raise GPTCoreError("checkpoint_too_large", step=saved.step, needed=needed, free=left)
        with Undrawn():
            model, tokenizer = load_model(self._run, saved)
        self._device = _device_with_room(saved.state()["resolved"], size)
        try:
            model.to(self._device)
        except RuntimeError as error:
            if not hardware.is_out_of_memory(error):
                raise
            self._device = torch.device("cpu")
            model.to(self._device)
        self._report(CheckpointRead(saved.step, hardware.describe(self._device)))
        return Answerer(model, tokenizer, saved.step, partial(batch_of, self._run.folder))

    def _let_go(self) -> None:
        """Give back the memory of the model."""
        self._loaded = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
            trim(0)  # glibc would keep it for this thread, which may not ask for as much again

    def _explain(self, error: Exception) -> GPTCoreError:
        if isinstance(error, GPTCoreError):
            return error
        if hardware.is_out_of_memory(error):
            return GPTCoreError("no_memory_to_answer", device=hardware.describe(self._device))
        return GPTCoreError("answer_failed", kind=type(error).__name__, reason=str(error))


class Undrawn(TorchFunctionMode):
    """On this thread, weights are left as they lie in memory: to draw them, only for others to be loaded in
    their place, would take numbers from the one generator of the process, which a training's dropout uses."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in DRAWING:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs)


def _device_with_room(resolved: dict[str, Any] | None, size: int) -> torch.device:
    """The device that a run was trained on, or else the CPU, for a model of `size` bytes.

    Of a GPU's memory half of what is free is left alone, for a training's sake.
    """
    if resolved is None or resolved["device"] not in hardware.devices():
        return torch.device("cpu")
    device = torch.device(resolved["device"])
    if device.type == "cuda" and 2 * size > torch.cuda.mem_get_info(device)[0]:
        return torch.device("cpu")
    return device
