"""Files to documents: where a text comes from, and in what order.

A source is one of the built-in texts, a file, or a folder walked with all its folders. Whatever it is, the
same source gives the same documents in the same order on every machine, since the order of the windows, and
with it the whole run, follows from it.
"""

from __future__ import annotations

import codecs
import os
import stat
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gpt_core.errors import GPTCoreError

BUILTIN: tuple[str, ...] = ("builtin:python-reference", "builtin:python-stdlib")

# In a folder only files with these endings are read, in upper case too, and each of them must be UTF-8: a
# text in another encoding is reported, never skipped in silence. A file named by itself may end in anything.
PROSE = ".txt .text .md .markdown .rst .adoc .org .tex .srt .vtt"
DATA = ".csv .tsv .json .jsonl .ndjson .xml .html .htm .yaml .yml .toml"
CODE = ".py .pyi .js .ts .c .h .cc .cpp .hpp .cs .java .kt .go .rs .rb .php .swift .lua .r .jl .sh .sql .css"
SUFFIXES = frozenset(f"{PROSE} {DATA} {CODE}".split())

# Not the library's own source: its tests, what others installed, and the text of builtin:python-reference.
NOT_STDLIB = frozenset(
    {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "pydoc_data"}
)

FIRST_BLOCK = 2**16  # bytes that `fault` reads of a file
FOLDERS_LOOKED_AT = 200  # by `fault`, before it gives up finding a text


@dataclass(frozen=True)
class Document:
    """One text: its name within the source and what it says."""

    name: str
    text: str


def documents(source: str) -> Iterator[Document]:
    """The documents of a source, one at a time, in an order that is the same everywhere.

    A folder is read as its text files (`SUFFIXES`), sorted by name, each folder's own files before those of
    the folders in it; hidden files and folders, links to folders, and files that hold nothing but white space
    are passed over. Text is UTF-8, with or without a byte order mark; a line end \\r\\n becomes \\n.

    Raises GPTCoreError: text_missing, text_unreadable, text_empty, text_no_files, text_binary.
    """
    if source == "builtin:python-reference":
        yield from _python_reference()
        return
    path = _path(source)
    empty = True
    for file in _files(source, path):
        text = _read(file)
        if text.strip():
            empty = False
            name = file.relative_to(path).as_posix() if file != path else file.name
            yield Document(name, text)
    if empty:
        raise _error("text_empty", path=path)


def fault(source: str) -> GPTCoreError | None:
    """What `documents` would raise at its start, found quickly: of the files, only the start of one is read.

    A folder that shows no text in its first `FOLDERS_LOOKED_AT` folders is given the benefit of the doubt.
    """
    try:
        if source == "builtin:python-reference":
            next(_python_reference())
            return None
        path = _path(source)
        for file in _files(source, path, most_folders=FOLDERS_LOOKED_AT):
            try:
                with file.open("rb") as stream:
                    block = stream.read(FIRST_BLOCK)
            except OSError as error:
                raise _unreadable(file, error) from error
            whole = len(block) < FIRST_BLOCK
            if _decoded(block, file, whole).strip() or not whole:
                return None
            if file == path:
                raise _error("text_empty", path=path)
    except GPTCoreError as error:
        return error
    return None


def size(source: str) -> int:
    """How many bytes there are to read, from the folder's entries alone; raises as `documents` does."""
    if source == "builtin:python-reference":
        return sum(len(document.text.encode()) for document in _python_reference())
    total = 0
    for file in _files(source, _path(source)):
        try:
            total += file.stat().st_size
        except OSError as error:
            raise _unreadable(file, error) from error
    return total


# ------------------------------------------------------------------------------------------ Built-in texts


def _python_reference() -> Iterator[Document]:
    """Python's language reference, as `help()` shows it: one document a topic, sorted by the topic's key.

    The topics repeat one another by whole paragraphs: `compound` contains all that `with` says. So what is
    kept for validation was in part trained on, and its loss flatters: 38 % of the runs of twelve words in a
    topic stand in another one too. To compare models in earnest, take a text that does not repeat itself.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:  # a Python that was installed without its documentation
        raise _missing(BUILTIN[0]) from error
    for name in sorted(topics):
        yield Document(name, topics[name])


# ------------------------------------------------------------------------------------------ Files and folders


def _path(source: str) -> Path:
    if source == "builtin:python-stdlib":
        return Path(sysconfig.get_path("stdlib"))
    if source.startswith("builtin:") or not source.strip():
        raise _missing(source)
    try:
        return Path(source).expanduser()
    except RuntimeError as error:  # "~someone" who has no home here
        raise _missing(source) from error


def _files(source: str, path: Path, most_folders: int | None = None) -> Iterator[Path]:
    """The files of a source, in order; where it is a folder, of its first `most_folders` folders."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a NUL in the name
        raise _missing(path) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if stat.S_ISREG(mode):
        yield path
        return
    if not stat.S_ISDIR(mode):  # reading from a pipe or a terminal might wait for ever
        raise _error("text_unreadable", path=path, reason="neither a file nor a folder")
    stdlib = source == "builtin:python-stdlib"
    suffixes = frozenset({".py"}) if stdlib else SUFFIXES
    found = False
    for visited, files in enumerate(_walk(path, suffixes, NOT_STDLIB if stdlib else frozenset())):
        if visited == most_folders:
            return
        found |= bool(files)
        yield from files
    if not found:
        raise _error("text_no_files", path=path, known=" ".join(sorted(suffixes)))


def _walk(folder: Path, suffixes: frozenset[str], skipped: frozenset[str]) -> Iterator[list[Path]]:
    """The files to read in each folder, from `folder` down."""

    def fail(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error) from error

    for root, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if name not in skipped and not name.startswith("."))
        texts = [
            name
            for name in sorted(names)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes
        ]
        yield [file for name in texts if (file := Path(root, name)).is_file()]


def _read(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error
    text = _decoded(data, file, whole=True)
    del data  # a long text is held once, not twice, while its line ends are changed
    return text.replace("\r\n", "\n")


def _decoded(data: bytes, file: Path, whole: bool) -> str:
    """`data`, the whole file or its start, as text. A NUL decodes as UTF-8, but no text has one."""
    offset = data.find(0)
    try:
        text, _ = codecs.utf_8_decode(data[:offset] if offset >= 0 else data, "strict", whole or offset >= 0)
    except UnicodeDecodeError as error:
        offset = error.start
    if offset >= 0:
        raise _error("text_binary", path=file, offset=offset)
    return text.removeprefix("\ufeff")


# ------------------------------------------------------------------------------------------ What goes wrong


def _error(code: str, **values: object) -> GPTCoreError:
    return GPTCoreError(code, field="data.source", **values)


def _missing(path: Path | str) -> GPTCoreError:
    return _error("text_missing", path=path, known=", ".join(BUILTIN))


def _unreadable(path: Path, error: OSError) -> GPTCoreError:
    return _error("text_unreadable", path=path, reason=error.strerror or error)
