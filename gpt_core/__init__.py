"""A faithful, fast and readable GPT-1 in PyTorch, and all that trains it.

`import gpt_core` is light: each name below loads its module, and torch where that needs it, when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpt_core.config import Config, ModelConfig, SamplingConfig
    from gpt_core.control import Control
    from gpt_core.corpus import Corpus
    from gpt_core.errors import GPTCoreError
    from gpt_core.model import GPT
    from gpt_core.run import create, open_run
    from gpt_core.sampling import generate
    from gpt_core.schedule import learning_rate
    from gpt_core.tokenizer import Tokenizer
    from gpt_core.trainer import Trainer
    from gpt_core.worker import Worker

_HOMES = {
    "Config": "config",
    "ModelConfig": "config",
    "SamplingConfig": "config",
    "Control": "control",
    "Corpus": "corpus",
    "GPTCoreError": "errors",
    "GPT": "model",
    "create": "run",
    "open_run": "run",
    "generate": "sampling",
    "learning_rate": "schedule",
    "Tokenizer": "tokenizer",
    "Trainer": "trainer",
    "Worker": "worker",
}

__all__ = [
    "GPT",
    "Config",
    "Control",
    "Corpus",
    "GPTCoreError",
    "ModelConfig",
    "SamplingConfig",
    "Tokenizer",
    "Trainer",
    "Worker",
    "create",
    "generate",
    "learning_rate",
    "open_run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"gpt_core.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'gpt_core' has no attribute {name!r}")
