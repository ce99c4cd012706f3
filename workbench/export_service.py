"""A checkpoint written for transformers, in a process of its own: transformers is slow to load."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.service import Told, serve


def export(run: str, step: int, folder: str) -> Iterator[Told]:
    """Verify a checkpoint, then write it into a new folder, whole or not at all."""
    from gpt_core import checkpoint, huggingface
    from gpt_core.preparation import load_tokenizer
    from gpt_core.run import open_run

    opened = open_run(Path(run))
    saved = checkpoint.find(opened.checkpoints_folder, step)
    saved.verify()
    huggingface.export(saved, load_tokenizer(opened, saved), Path(folder))
    yield {"answer": {"step": step, "folder": folder}}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which takes away what is half written
    serve({"export": export})
