"""How fast a text becomes tokens, end to end, against the tokenizers library's own encode_batch, and in how
much memory.

    python tests/benchmarks/preparation.py [MEGABYTES] [ROUNDS]

The same text, the same byte-level BPE of 8,000 tokens and the same cores, in turns, each time in a process of
its own. `gpt_core.corpus.prepare` finds the file's encoding, reads it twice, splits it, encodes, writes and
checks the tokens, with an empty cache; the peer is given the documents in memory and keeps its encodings
there. The text is the standard library's, repeated. Prints MB/s of each and the ratio of the medians; and, on
Linux, the most memory that was resident at once, with that of processes started meanwhile, if any.
"""

import json
import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from pathlib import Path

import tokenizers

from gpt_core import cache
from gpt_core.config import from_values
from gpt_core.corpus import prepare
from gpt_core.text import documents
from gpt_core.tokenizer import Tokenizer


def texts(size: int) -> Iterator[str]:
    for document in cycle(list(documents("builtin:python-stdlib"))):
        yield document.text
        size -= len(document.text.encode())
        if size < 0:
            return


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and megabytes at the peak of this process and of those that it waited for; 0 where the system
    does not tell."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    if sys.platform != "linux":
        return seconds, 0.0
    import resource

    own = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert own is not None
    return seconds, (int(own[1]) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1000


def prepared(source: Path, run: Path) -> tuple[float, float]:
    config = from_values({"data": {"source": str(source)}})
    return measured(lambda: list(prepare(config, run)))


def encoded(source: Path, run: Path, method: str) -> tuple[float, float]:
    found = [json.loads(line)["text"] for line in source.open(encoding="utf-8")]
    peer = tokenizers.Tokenizer.from_file(str(run / "tokenizer" / "tokenizer.json"))
    return measured(lambda: getattr(peer, method)(found))


def main() -> None:
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 50_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    found = list(texts(size))
    megabytes = sum(len(text.encode()) for text in found) / 1e6
    tokenizer = Tokenizer.train("bpe", found[:400], 8000)
    taken: dict[str, list[tuple[float, float]]] = {"prepare": [], "encode_batch": [], "encode_batch_fast": []}
    alone = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_WORKBENCH_HOME"] = folder
        source = Path(folder) / "texts.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in found), encoding="utf-8")
        with ProcessPoolExecutor(1, mp_context=alone, max_tasks_per_child=1) as pool:
            for number in range(rounds):
                run = Path(folder) / f"run-{number}"
                tokenizer.save(run / "tokenizer")
                cache.clear()
                taken["prepare"].append(pool.submit(prepared, source, run).result())
                for method in ("encode_batch", "encode_batch_fast"):
                    taken[method].append(pool.submit(encoded, source, run, method).result())
    medians = {name: statistics.median(seconds for seconds, _ in values) for name, values in taken.items()}
    print(f"{megabytes:.0f} MB in {len(found):,} documents, {rounds} rounds, {os.cpu_count()} cores")
    for name, median in medians.items():
        ratio = medians["encode_batch"] / median
        peak = max(peak for _, peak in taken[name])
        print(f"{name:18} {megabytes / median:6.2f} MB/s, {ratio:.2f} of encode_batch; peak {peak:,.0f} MB")


if __name__ == "__main__":
    main()
