"""A file to its documents, in pieces: a file of 10 GB is read in no more memory than one of 10 kB.

A text file is one document. Of a table (CSV, TSV, Parquet) each row is one and of JSON lines each line, by
the column that holds the text. Any of them may be packed by gzip (.gz) or Zstandard (.zst), Parquet apart.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple

from gpt_core.encoding import Decoder
from gpt_core.errors import GPTCoreError

BLOCK = 2**20  # bytes read at once
LONGEST = 2**24  # characters of a line or a cell, which must be held whole
ROWS = 64  # of Parquet, held at once
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"
PACKED = (".gz", ".zst")
DELIMITERS = {".csv": (",", "\t", ";", "|"), ".tsv": ("\t",)}  # by the kind of table


class Piece(NamedTuple):
    """A part of a document: its pieces come one after the other, and `last` ends it."""

    document: str
    text: str
    last: bool


def ending(path: Path) -> str:
    """What a file's name ends in, in lower case, without what says how it is packed."""
    inner = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return inner.suffix.lower()


def has_columns(path: Path) -> bool:
    """Whether the file holds documents in a column."""
    return ending(path) in (*JSON_LINES, *DELIMITERS, PARQUET)


class Reader:
    """The documents of a file, in pieces, in order. A line end \\r\\n becomes \\n; a lone \\r stays.

    `encoding` is what was found so far ("" for Parquet), `consumed` the bytes of the file
    in which stands what has come of it so far; of lines and rows, the block is counted in which they begin.

    Raises GPTCoreError: text_unreadable, text_binary, text_ambiguous, text_zero, text_not_encoded,
    text_damaged, text_malformed, text_field_missing, package_missing.
    """

    def __init__(self, path: Path, name: str, column: str = "text", encoding: str = "auto") -> None:
        self.path = path
        self.name = name
        self.column = column
        self.consumed = 0
        self._decoder = Decoder(path, encoding)
        self._parquet = ending(path) == PARQUET

    @property
    def encoding(self) -> str:
        """The encoding found so far; "" where the file is not written in characters."""
        return "" if self._parquet else self._decoder.encoding

    def __iter__(self) -> Iterator[Piece]:
        if self._parquet:
            return self._parquet_rows()
        if ending(self.path) in JSON_LINES:
            return self._json_lines()
        if ending(self.path) in DELIMITERS:
            return self._table_rows()
        return self._whole()

    # -------------------------------------------------------------------------------------- Characters

    def _texts(self) -> Iterator[str]:
        """The file's characters, block by block, none of them empty."""
        held = ""  # a \r at the end of a block, whose \n may come with the next
        for (block, place), final in _with_end(self._blocks()):
            text = held + self._decoder.decode(block, final)
            held = "\r" if not final and text.endswith("\r") else ""
            text = text[: len(text) - len(held)].replace("\r\n", "\n")
            self.consumed = place
            if text:
                yield text

    def _blocks(self) -> Iterator[tuple[bytes, int]]:
        """The file's blocks, unpacked, and how far into the file each of them goes."""
        try:
            with self.path.open("rb") as raw:
                stream = _unpacked(raw, self.path)
                while block := stream.read(BLOCK):
                    yield block, raw.tell()
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise unreadable(self.path, error) from error
        except Exception as error:
            if type(error).__name__ == "ZstdError":
                raise self._damaged(error) from error
            raise

    def _whole(self) -> Iterator[Piece]:
        before, place = "", 0
        for text in self._texts():
            ahead = self.consumed
            if before:
                self.consumed = place
                yield Piece(self.name, before, last=False)
            before, place = text, ahead
        if before:
            yield Piece(self.name, before, last=True)

    # -------------------------------------------------------------------------------------- Lines and rows

    def _lines(self) -> Iterator[str]:
        """The lines, each with its \\n."""
        held: list[str] = []
        length = number = 0
        for text in self._texts():
            first, *others = text.split("\n")
            held.append(first)
            length += len(first)
            for other in others:
                number += 1
                yield "".join(held) + "\n"
                held, length = [other], len(other)
            if length > LONGEST:
                too_long = GPTCoreError("line_too_long", limit=f"{LONGEST:,}")
                raise self._malformed(number + 1, too_long)
        yield "".join(held)

    def _json_lines(self) -> Iterator[Piece]:
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except ValueError as error:  # JSONDecodeError, or a number of too many digits
                raise self._malformed(number, GPTCoreError("line_not_json", reason=error)) from error
            except RecursionError as error:
                raise self._malformed(number, GPTCoreError("line_nested_too_deeply")) from error
            if not isinstance(fields, dict):
                raise self._malformed(number, GPTCoreError("line_without_fields"))
            if self.column not in fields:
                raise no_column(self.path, number, self.column, list(fields))
            yield from self._cell(fields[self.column], number)

    def _table_rows(self) -> Iterator[Piece]:
        lines = self._lines()
        above, header = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (0, ""))
        if not header:
            return
        csv.field_size_limit(LONGEST)
        names, delimiter = self._header(above, header)
        place = names.index(self.column)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            number = above + rows.line_num + 1  # where the row begins: below the header and what was read
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._malformed(number, str(error)) from error
            # A text with the mark in it, not in quotes: its end would be lost. Empty cells that end a row are
            # as other programs write them, unless the text is all that there is.
            if len(row) > len(names) and (any(row[len(names) :]) or len(names) == 1):
                cells, mark = len(row), repr(delimiter)
                reason = GPTCoreError("cells_without_names", cells=cells, names=len(names), mark=mark)
                raise self._malformed(number, reason)
            if len(row) > place:
                yield from self._cell(row[place], number)
            elif row:
                reason = GPTCoreError("cells_lacking", cells=len(row), names=len(names))
                raise self._malformed(number, reason)

    def _header(self, number: int, line: str) -> tuple[list[str], str]:
        """The names of the columns, and what stands between them: the first mark with which one is ours."""
        found: list[list[str]] = []
        for delimiter in DELIMITERS[ending(self.path)]:
            try:
                names = next(csv.reader([line], delimiter=delimiter, strict=True))
            except csv.Error as error:  # as of names in quotes with another mark between them
                refusal = error
                continue
            if self.column in names:
                return names, delimiter
            found.append(names)
        if not found:
            raise self._malformed(number, str(refusal)) from refusal
        raise no_column(self.path, number, self.column, max(found, key=len))

    def _parquet_rows(self) -> Iterator[Piece]:
        parquet = package("pyarrow.parquet", "datasets")
        arrow = package("pyarrow", "datasets")
        try:
            with self.path.open("rb") as raw:
                size = raw.seek(0, io.SEEK_END)
                file = parquet.ParquetFile(raw)
                if self.column not in file.schema_arrow.names:
                    raise no_column(self.path, 1, self.column, file.schema_arrow.names)
                rows = file.metadata.num_rows
                done = 0
                for batch in file.iter_batches(ROWS, columns=[self.column]):
                    for number, cell in enumerate(batch.column(0).to_pylist(), done + 1):
                        self.consumed = size * number // rows
                        yield from self._cell(cell, number)
                    done += len(batch)
        except arrow.ArrowException as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise (unreadable(self.path, error) if error.errno else self._damaged(error)) from error

    def _cell(self, cell: Any, number: int) -> Iterator[Piece]:
        """The document in a cell: none where that is empty."""
        if cell is None or cell == "":
            return
        if not isinstance(cell, str):
            kind = type(cell).__name__
            raise self._malformed(number, GPTCoreError("column_not_text", column=self.column, kind=kind))
        yield Piece(f"{self.name}:{number}", _whole_characters(cell).replace("\r\n", "\n"), last=True)

    # -------------------------------------------------------------------------------------- What goes wrong

    def _damaged(self, error: Exception) -> GPTCoreError:
        return GPTCoreError("text_damaged", field="data.source", path=self.path, reason=error)

    def _malformed(self, line: int, reason: str | GPTCoreError) -> GPTCoreError:
        return GPTCoreError("text_malformed", field="data.source", path=self.path, line=line, reason=reason)


def no_column(path: Path | str, line: int, column: str, names: Sequence[str]) -> GPTCoreError:
    """What to tell where there is no such column, with those that are there."""
    shown = [name if len(name) < 40 else name[:40] + "..." for name in names[:20]]
    known = ", ".join(shown) or "none"
    values = {"path": path, "line": line, "column": column, "known": known}
    return GPTCoreError("text_field_missing", field="data.column", **values)


def _with_end(blocks: Iterator[tuple[bytes, int]]) -> Iterator[tuple[tuple[bytes, int], bool]]:
    """Each block, and whether it is the last one."""
    block = next(blocks, (b"", 0))
    for following in blocks:
        yield block, False
        block = following
    yield block, True


def unreadable(path: Path, error: OSError) -> GPTCoreError:
    """What to tell where the OS does not let a file be read."""
    return GPTCoreError("text_unreadable", field="data.source", path=path, reason=error.strerror or error)


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes] | gzip.GzipFile:
    match path.suffix.lower():
        case ".gz":
            return gzip.GzipFile(fileobj=raw)
        case ".zst":
            name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
            return package(name, "backports.zstd").ZstdFile(raw)
    return raw


def package(name: str, installs: str) -> ModuleType:
    """A package that need not be installed; raises package_missing, with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise GPTCoreError("package_missing", package=installs, command=f"pip install {installs}") from error


def _whole_characters(text: str) -> str:
    """JSON may hold halves of characters, which have no bytes: they become U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def joined(pieces: Iterable[Piece]) -> Iterator[tuple[str, str]]:
    """Name and text of each document, whole."""
    held: list[str] = []
    for piece in pieces:
        held.append(piece.text)
        if piece.last:
            yield piece.document, "".join(held)
            held = []
