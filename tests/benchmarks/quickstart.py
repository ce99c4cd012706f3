"""What quickstart reaches: time, validation loss, and the share of sampled words that are real.

    python tests/benchmarks/quickstart.py [section.field=value ...]

Trains quickstart from the command line in a fresh folder, samples 1,500 tokens at temperature 0.8 with five
seeds, and counts the words ([A-Za-z]+, the first and last of each sample dropped) that stand in the text.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gpt_core.run import open_run
from gpt_core.text import documents

WORD = re.compile(r"[A-Za-z]+")


def core(*arguments: object) -> str:
    command = [sys.executable, "-m", "gpt_core.cli", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        changes = [part for change in sys.argv[1:] for part in ("--set", change)]
        start = time.perf_counter()
        line = core("train", "quickstart", "--run", run, *changes).strip()
        seconds = time.perf_counter() - start
        known: set[str] = set()
        for document in documents(open_run(run).config.data.source):
            known.update(WORD.findall(document.text))
        real = total = 0
        for seed in range(1, 6):
            text = core("sample", run, "--max-tokens", 1500, "--temperature", 0.8, "--seed", seed)
            words = WORD.findall(text)[1:-1]
            real += sum(word in known for word in words)
            total += len(words)
    print(line)
    print(f"{seconds:.0f} s in all, {real} of {total} sampled words real ({real / total:.1%})")


if __name__ == "__main__":
    main()
