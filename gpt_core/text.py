"""Files to documents: where a text comes from, and in what order.

A source is one of the built-in texts, a file, a folder walked with all its folders, a pattern such as
texts/*.md, several of these with "; " between them, or a data set of the Hugging Face Hub (see `hub`).
Whatever it is, the same source gives the same documents in the same order on every machine, since the order
of the windows, and with it the whole run, follows from it.
"""

from __future__ import annotations

import glob
import os
import stat
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from gpt_core import hub
from gpt_core.encoding import Decoder
from gpt_core.errors import GPTCoreError
from gpt_core.formats import PACKED, Piece, Reader, ending, has_columns, joined, unreadable

BUILTIN: tuple[str, ...] = ("builtin:python-reference", "builtin:python-stdlib")
SEPARATOR = "; "  # between the parts of a source

# In a folder only files with these endings are read, in upper case too, packed or not, and each of them must
# be a text: one that cannot be decoded is reported, not passed over. A file named by itself, or by a pattern
# that says its ending, may end in anything.
PROSE = ".txt .text .md .markdown .rst .adoc .org .tex .srt .vtt"
DATA = ".csv .tsv .json .jsonl .ndjson .parquet .xml .html .htm .yaml .yml .toml"
CODE = ".py .pyi .js .ts .c .h .cc .cpp .hpp .cs .java .kt .go .rs .rb .php .swift .lua .r .jl .sh .sql .css"
SUFFIXES = frozenset(f"{PROSE} {DATA} {CODE}".split())

# Not the library's own source: its tests, what others installed, and the text of builtin:python-reference.
NOT_STDLIB = frozenset(
    {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "pydoc_data"}
)

FIRST_BLOCK = 2**16  # bytes that `fault` reads of a file
FOLDERS_LOOKED_AT = 200  # by `fault`, before it gives up finding a text
LOOKED_INTO = 20  # files of which `look` reads the start
BEGINNING = 10  # characters of a text's first line, for a sample to begin with


@dataclass(frozen=True)
class Document:
    """One text: its name within the source and what it says."""

    name: str
    text: str


@dataclass(frozen=True)
class TextFile:
    """A file of a source and its name there.

    `looks` holds all that tells whether it changed since, without reading it: its size in bytes, when its
    contents and its entry were last changed, in nanoseconds, and its number on the disk, by which one that
    was put in its place, dated back, is told from it.
    """

    path: Path
    name: str
    looks: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self.looks[0]

    def read(self, column: str, encoding: str) -> Reader | _Topics:
        """Its documents, in pieces; see `formats.Reader`."""
        return Reader(self.path, self.name, column, encoding)


def parts(source: str) -> list[str]:
    """The files, folders, patterns and built-in texts that a source names: mostly one. A name with a ; in it
    is that of one file where there is such a file."""
    mark = SEPARATOR.strip()
    if mark not in source or os.path.exists(os.path.expanduser(source)):
        return [source]
    return [part.strip() for part in source.split(mark) if part.strip()] or [source]


def files(source: str) -> Iterator[TextFile]:
    """The files of a source, in an order that is the same everywhere: part after part, and no file twice, by
    whatever links.

    Of a folder these are its text files (`SUFFIXES`), sorted by name, each folder's own files before those of
    the folders in it; hidden files and folders, links to folders, and what is no file (a pipe, a link to
    nothing) are passed over. A data set of the Hub has no files here before it was fetched (`hub.fetch`).

    Raises GPTCoreError: text_missing, text_unreadable, text_not_a_file, text_no_files.
    """
    seen: set[str] = set()
    for part in parts(source):
        for file in _files(part):
            if (place := os.path.realpath(file.path)) not in seen:
                seen.add(place)
                yield file


def _files(source: str) -> Iterator[TextFile]:
    """The files of one part of a source."""
    if source == BUILTIN[0]:
        yield _TopicsFile.found()
        return
    path = _path(source)
    root, found = _found(source, path)
    for file in found:
        name = file.relative_to(root).as_posix() if file != root else file.name
        try:
            status = file.stat()
        except OSError as error:
            raise unreadable(file, error) from error
        yield TextFile(file, name, _looks(status))


def _looks(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def documents(source: str, column: str = "text", encoding: str = "auto") -> Iterator[Document]:
    """The documents of a source, one at a time and each held whole; `files` and `TextFile.read` give pieces.

    Documents that hold nothing but white space are passed over; a line end \\r\\n becomes \\n.

    Raises GPTCoreError: those of `files` and of `formats.Reader`, text_empty.
    """
    empty = True
    for file in files(source):
        for name, text in joined(file.read(column, encoding)):
            if text.strip():
                empty = False
                yield Document(name, text)
    if empty:
        raise is_empty(source)


def fault(source: str, column: str | None = None, encoding: str = "auto") -> GPTCoreError | None:
    """What `documents` would raise at its start, found quickly: of the files, only the start of one is read.

    A folder that shows no text in its first `FOLDERS_LOOKED_AT` folders is given the benefit of the doubt;
    without a `column` so is every file that has columns.
    """
    if source.startswith(hub.PREFIX):
        return hub.fault(source)
    several = parts(source)
    found = [_fault(part, column, encoding) for part in several]
    empty = [error for error in found if error and error.code == "text_empty"]
    if len(several) > 1 and len(empty) == len(several):
        return is_empty(source)
    # Of several, an empty one does no harm.
    return next((error for error in found if error and (len(several) == 1 or error not in empty)), None)


def _fault(source: str, column: str | None, encoding: str) -> GPTCoreError | None:
    """What is wrong with one part of a source."""
    try:
        if source == BUILTIN[0]:
            _topics()
            return None
        path = _path(source)
        for file in _found(source, path, most_folders=FOLDERS_LOOKED_AT)[1]:
            if has_columns(file):
                if column is None or next(iter(Reader(file, file.name, column, encoding)), None):
                    return None
            elif file.suffix.lower() in PACKED:
                if any(piece.text.strip() for piece in Reader(file, file.name, encoding=encoding)):
                    return None
            elif _starts_with_text(file, encoding):
                return None
            if file == path:
                raise is_empty(source)
    except GPTCoreError as error:
        return error
    return None


@dataclass
class Look:
    """What was seen of a text: its `files` and their `bytes`; of those that were looked into the `encodings`,
    the different characters there (`alphabet`) and the first few (`start`); and its `characters` and their
    `size` in UTF-8, which are counted where that was the `whole`, else estimated."""

    files: int = 0
    bytes: int = 0
    encodings: dict[str, int] = field(default_factory=dict)
    alphabet: set[str] = field(default_factory=set)
    start: str = ""
    characters: float = 0
    size: float = 0
    whole: bool = True


def look(source: str, column: str, encoding: str, most: int, everywhere: bool = False) -> Look:
    """Read about the first `most` characters of a text; how much of its files that takes tells how many there
    are in all, packed or not.

    Of the first `LOOKED_INTO` files the start is read in any case, of the others only where it looks
    `everywhere`. Raises as `documents` does, but for text_empty.
    """
    found = Look()
    read = measured = 0  # characters, and the bytes of the files that tell how many there are
    for file in files(source):
        found.files += 1
        found.bytes += file.size
        enough = read >= most
        if found.files > LOOKED_INTO and (enough or not everywhere):
            found.whole = False
            continue
        one = enough and has_columns(file.path)  # document: to go on to where a block ends would take long
        reader = file.read(column, encoding)
        characters = size = taken = 0
        times = 1.0
        for piece in reader:
            # Where the reader has gone on, all that was taken so far stands in the bytes before.
            if read >= most and 0 < taken < reader.consumed:
                found.whole, times = False, file.size / taken
                break
            if piece.text.strip():
                found.alphabet.update(piece.text)
                found.start = found.start or piece.text.strip().partition("\n")[0][:BEGINNING].strip()
                characters += len(piece.text)
                size += len(piece.text.encode())
            read += len(piece.text)
            taken = reader.consumed
            if one:
                found.whole = False
                break
        found.encodings[reader.encoding] = found.encodings.get(reader.encoding, 0) + 1
        if not one:
            measured += file.size
            found.characters += characters * times
            found.size += size * times
    if measured:
        found.characters *= found.bytes / measured
        found.size *= found.bytes / measured
    return found


def size(source: str) -> int:
    """How many bytes there are to read, from the folders' entries alone; raises as `files` does."""
    return sum(file.size for file in files(source))


def is_empty(source: str) -> GPTCoreError:
    """What to tell where all there is is white space."""
    return _error("text_empty", path=source if source in BUILTIN or len(parts(source)) > 1 else _path(source))


def _starts_with_text(file: Path, encoding: str) -> bool:
    try:
        with file.open("rb") as stream:
            block = stream.read(FIRST_BLOCK)
    except OSError as error:
        raise unreadable(file, error) from error
    whole = len(block) < FIRST_BLOCK
    return bool(Decoder(file, encoding).decode(block, whole).strip()) or not whole


# ------------------------------------------------------------------------------------------ Built-in texts


class _TopicsFile(TextFile):
    """Python's language reference, as `help()` shows it: one document a topic, sorted by the topic's key.

    The topics repeat one another by whole paragraphs: `compound` contains all that `with` says. So what is
    kept for validation was in part trained on, and its loss flatters: 38 % of the runs of twelve words in a
    topic stand in another one too. To compare models in earnest, take a text that does not repeat itself.
    """

    @classmethod
    def found(cls) -> _TopicsFile:
        module = _topics()
        status = os.stat(module.__file__ or "")
        size = sum(len(text.encode()) for text in module.topics.values())
        return cls(Path(module.__file__ or ""), "topics", (size, *_looks(status)[1:]))

    def read(self, column: str, encoding: str) -> _Topics:
        return _Topics(_topics().topics)


class _Topics:
    """Reads like a `Reader`."""

    encoding = "utf-8"

    def __init__(self, topics: dict[str, str]) -> None:
        self.consumed = 0
        self._topics = topics

    def __iter__(self) -> Iterator[Piece]:
        for name in sorted(self._topics):
            self.consumed += len(self._topics[name].encode())
            yield Piece(name, self._topics[name], last=True)


def _topics() -> ModuleType:
    try:
        import pydoc_data.topics
    except ImportError as error:  # a Python that was installed without its documentation
        raise _missing(BUILTIN[0]) from error
    return pydoc_data.topics


# ------------------------------------------------------------------------------------------ Files and folders


def _path(source: str) -> Path:
    if source == BUILTIN[1]:
        return Path(sysconfig.get_path("stdlib"))
    if source.startswith(("builtin:", hub.PREFIX)) or not source.strip():
        raise _missing(source)
    try:
        return Path(source).expanduser()
    except RuntimeError as error:  # "~someone" who has no home here
        raise _missing(source) from error


def _found(source: str, path: Path, most_folders: int | None = None) -> tuple[Path, Iterable[Path]]:
    """The files of a source, in order, and the folder to which their names are relative; where it is a
    folder, of its first `most_folders` folders."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a NUL in the name
        if glob.has_magic(str(path)) and "\0" not in source:
            return _matched(path)
        raise _missing(path) from error
    except OSError as error:
        if glob.has_magic(str(path)):  # Windows: no name has a * in it
            return _matched(path)
        raise unreadable(path, error) from error
    if stat.S_ISREG(mode):
        return path, [path]
    if not stat.S_ISDIR(mode):  # reading from a pipe or a terminal might wait for ever
        raise _error("text_not_a_file", path=path)
    return path, _walked(path, source == BUILTIN[1], most_folders)


def _matched(pattern: Path) -> tuple[Path, list[Path]]:
    """The files that a pattern names, each once; ** goes through all folders. A pattern that does not say how
    they end means text files."""
    root = pattern
    while glob.has_magic(str(root)):
        root = root.parent
    every = not glob.has_magic(pattern.suffix) and pattern.suffix != ""
    found = {file for file in _expanded(pattern) if file.is_file() and (every or ending(file) in SUFFIXES)}
    if not found:
        raise _missing(pattern)
    longest_first = sorted(found, key=lambda file: (len(file.parts), file.parts), reverse=True)
    shortest = {os.path.realpath(file): file for file in longest_first}  # of its names the last one stays
    return root, sorted(shortest.values(), key=lambda file: file.relative_to(root).parts)


def _expanded(pattern: Path) -> Iterator[Path]:
    """What a pattern names, as `glob` finds it, but that ** goes through each folder once: where links lead
    round in circles, `glob` finds it again by more and more names."""
    if "**" not in pattern.parts:
        yield from map(Path, glob.iglob(str(pattern)))
        return
    place = pattern.parts.index("**")
    within = pattern.parts[place + 1 :] or ("*",)
    for top in glob.iglob(str(Path(*pattern.parts[:place]))):
        seen = {os.path.realpath(top)}
        for root, folders, _ in os.walk(top, followlinks=True):
            visible = {
                os.path.realpath(os.path.join(root, name)): name for name in sorted(folders) if name[0] != "."
            }
            folders[:] = [name for real, name in visible.items() if real not in seen]
            seen.update(visible)
            yield from _expanded(Path(glob.escape(root), *within))


def _walked(folder: Path, stdlib: bool, most_folders: int | None) -> Iterator[Path]:
    """The files to read in a folder, and in the first `most_folders` of the folders in it."""
    suffixes = frozenset({".py"}) if stdlib else SUFFIXES
    skipped = NOT_STDLIB if stdlib else frozenset()
    found = False

    def fail(error: OSError) -> None:
        raise unreadable(Path(error.filename), error) from error

    for visited, (root, folders, names) in enumerate(os.walk(folder, onerror=fail)):
        if visited == most_folders:
            return
        folders[:] = sorted(name for name in folders if name not in skipped and not name.startswith("."))
        for name in sorted(names):
            file = Path(root, name)
            if not name.startswith(".") and ending(file) in suffixes and file.is_file():
                found = True
                yield file
    if not found:
        raise _error("text_no_files", path=folder, known=" ".join(sorted(suffixes)))


# ------------------------------------------------------------------------------------------ What goes wrong


def _error(code: str, **values: object) -> GPTCoreError:
    return GPTCoreError(code, field="data.source", **values)


def _missing(path: Path | str) -> GPTCoreError:
    return _error("text_missing", path=path, known=", ".join(BUILTIN))
