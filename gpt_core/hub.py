"""Data sets of the Hugging Face Hub, fetched once: hub:owner/name[:configuration[:split]].

The documents are streamed through the `datasets` library, an extra, into a packed file of JSON lines in the
cache, which is then read as any other file is. A folder of this machine that the library understands may
stand in the place of owner/name, as in hub:./folder.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gpt_core import cache
from gpt_core.disk import require_space, sync_file, write_error
from gpt_core.errors import GPTCoreError
from gpt_core.formats import no_column, package

PREFIX = "hub:"
COLUMN = "text"  # in the file that is made of the data set
REPORT = 500  # rows between two reports


def fault(source: str) -> GPTCoreError | None:
    """What can be said of a data set without asking for it: that its name or what fetches it is missing."""
    name, *rest = source.removeprefix(PREFIX).split(":")
    if not name.strip():
        return _unreachable(source, GPTCoreError("data_set_without_name"))
    if len(rest) > 2:
        return _unreachable(source, GPTCoreError("data_set_name_too_long", rest=":".join(rest[2:])))
    if importlib.util.find_spec("datasets") is None:
        values = {"package": "datasets", "command": "pip install datasets"}
        return GPTCoreError("package_missing", field="data.source", **values)
    return None


def fetch(source: str, column: str) -> Generator[int, None, Path]:
    """Fetch the text column of a data set into the cache; yields the characters so far and returns the file
    of JSON lines, at once where the same version of the data set was fetched before.

    Raises GPTCoreError: package_missing, dataset_unreachable, text_field_missing, text_malformed,
    disk_too_small (as soon as it is foreseen, where the data set tells its rows), no_room_to_write,
    run_not_writable.
    """
    if error := fault(source):
        raise error
    name, configuration, split = [*source.removeprefix(PREFIX).split(":"), "", ""][:3]
    with _told(source):
        datasets = package("datasets", "datasets")
        builder = datasets.load_dataset_builder(name, configuration or None)
        files = builder.config.data_files or {}
        version = [[str(part), sorted(files[part]), list(files[part].origin_metadata)] for part in files]
        rows = builder.as_streaming_dataset(split=split or "train")
        told = (builder.info.splits or {}).get(split or "train")
    if rows.column_names and column not in rows.column_names:
        raise no_column(source, 1, column, rows.column_names)
    key = "hub-" + cache.key(name, configuration, split, column, version)
    path = cache.entry(key) / "text.jsonl.gz"
    if not path.is_file():
        with cache.workplace(cache.folder()) as place:
            yield from _write(source, column, iter(rows), place / path.name, told.num_examples if told else 0)
            cache.keep(place, key)
    return path


def _write(
    source: str, column: str, rows: Iterator[dict[str, Any]], path: Path, announced: int
) -> Iterator[int]:
    done = number = 0
    end = object()
    try:
        with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
            while True:
                with _told(source):
                    row: Any = next(rows, end)
                if row is end:
                    break
                number += 1
                text = row.get(column)
                if text is not None and not isinstance(text, str):
                    reason = GPTCoreError("column_not_text", column=column, kind=type(text).__name__)
                    raise GPTCoreError(
                        "text_malformed", field="data.column", path=source, line=number, reason=reason
                    )
                file.write(json.dumps({COLUMN: text}) + "\n")
                done += len(text or "")
                if number % REPORT == 0:
                    left = max(0, announced - number)
                    require_space(path.parent, path.stat().st_size * left // number)
                    yield done
        sync_file(path)
    except OSError as error:
        raise write_error(path, error) from error


@contextmanager
def _told(source: str) -> Iterator[None]:
    """Whatever the library says, in one sentence: it raises what its many file systems raise."""
    try:
        yield
    except GPTCoreError:
        raise
    except Exception as error:
        raise _unreachable(source, f"{error}".split("\n")[0] or type(error).__name__) from error


def _unreachable(source: str, reason: str | GPTCoreError) -> GPTCoreError:
    return GPTCoreError("dataset_unreachable", field="data.source", source=source, reason=reason)
