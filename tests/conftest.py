"""A small real run: a text of its own, a model that trains in a second."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before torch is there: the tests run side by side, so its threads share the cores with others, and would
# keep them busy with waiting for each other.
os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}

from gpt_core.config import Config

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "saw",
    "one",
    "red",
    "bird",
    "that",
    "had",
    "gone",
    "home",
]


@pytest.fixture(scope="session", autouse=True)
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace and a cache of the tests' own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPT_WORKBENCH_HOME", str(folder))
        yield folder


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text file of some 2,000 characters, always the same."""
    choose = random.Random(1)
    lines = [" ".join(choose.choices(WORDS, k=8)) for _ in range(75)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def config(text: Path) -> Config:
    """A configuration with dropout, accumulation and everything due within forty steps."""
    return Config().replace(
        {
            "data.source": str(text),
            "model.context_length": 16,
            "model.embedding_dim": 16,
            "model.ffn_dim": 32,
            "model.num_heads": 2,
            "model.num_layers": 2,
            "schedule.max_lr": 1e-2,
            "schedule.warmup_steps": 5,
            "train.batch_size": 4,
            "train.accumulation": 2,
            "train.max_steps": 40,
            "train.device": "cpu",
            "train.precision": "fp32",
            "train.threads": 1,
            "train.eval_interval": 10,
            "train.eval_windows": 8,
            "train.sample_interval": 20,
            "train.checkpoint_interval": 10,
            "sampling.max_tokens": 10,
            "sampling.prompt": "the ",
        }
    )
