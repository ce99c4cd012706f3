"""How fast a text becomes tokens, end to end, against the tokenizers library's own encode_batch.

    python tests/benchmarks/preparation.py [MEGABYTES] [ROUNDS]

The same text, the same byte-level BPE of 8,000 tokens and the same cores, in turns, in one process.
`gpt_core.corpus.prepare` finds the file's encoding, reads it twice, splits it, encodes, writes and checks the
tokens, with an empty cache; the peer is given the documents in memory and keeps its encodings there. The
text is the standard library's, repeated. Prints MB/s of each and the ratio of the medians.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 50_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    found = list(texts(size))
    megabytes = sum(len(text.encode()) for text in found) / 1e6
    tokenizer = Tokenizer.train("bpe", found[:400], 8000)
    taken: dict[str, list[float]] = {"prepare": [], "encode_batch": [], "encode_batch_fast": []}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_WORKBENCH_HOME"] = folder
        source = Path(folder) / "texts.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in found), encoding="utf-8")
        config = from_values({"data": {"source": str(source)}})
        for number in range(rounds):
            run = Path(folder) / f"run-{number}"
            tokenizer.save(run / "tokenizer")
            peer = tokenizers.Tokenizer.from_file(str(run / "tokenizer" / "tokenizer.json"))
            cache.clear()
            taken["prepare"].append(seconds(lambda run=run: list(prepare(config, run))))
            taken["encode_batch"].append(seconds(lambda peer=peer: peer.encode_batch(found)))
            taken["encode_batch_fast"].append(seconds(lambda peer=peer: peer.encode_batch_fast(found)))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"{megabytes:.0f} MB in {len(found):,} documents, {rounds} rounds, {os.cpu_count()} cores")
    for name, median in medians.items():
        ratio = medians["encode_batch"] / median
        print(f"{name:18} {megabytes / median:6.2f} MB/s, {ratio:.2f} of encode_batch")


if __name__ == "__main__":
    main()
