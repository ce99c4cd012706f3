"""Sources: the same documents in the same order everywhere, and one clear sentence for each that cannot be
read."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.errors import GPTCoreError
from gpt_core.text import BUILTIN, FIRST_BLOCK, Document, documents, fault, size


def refused(source):
    """The error that reading a source ends with; a form's quick check must say the same."""
    with pytest.raises(GPTCoreError) as caught:
        list(documents(str(source)))
    assert caught.value.field == "data.source"
    assert str(caught.value)
    return caught.value


def refused_at_once(source):
    error, quick = refused(source), fault(str(source))
    assert quick is not None
    assert (quick.code, quick.values, quick.field) == (error.code, error.values, error.field)
    return error


# ------------------------------------------------------------------------------------------ Built-in texts


def test_the_built_in_texts_are_there_and_come_twice_the_same():
    for source in BUILTIN:
        found = list(documents(source))
        assert found == list(documents(source))
        assert fault(source) is None
        names = [document.name for document in found]
        assert len(set(names)) == len(names) > 50
        assert size(source) == pytest.approx(
            sum(len(document.text.encode()) for document in found), rel=0.001
        )


def test_python_reference_is_the_topics_of_help():
    from pydoc_data.topics import topics

    found = {document.name: document.text for document in documents(BUILTIN[0])}
    assert found == topics
    assert list(found) == sorted(topics)


def test_python_stdlib_is_its_source_without_tests_and_installed_packages():
    names = [document.name for document in documents(BUILTIN[1])]
    assert {"argparse.py", "json/decoder.py", "asyncio/events.py"} <= set(names)
    folders = {part for name in names for part in name.split("/")[:-1]}
    assert not folders & {"test", "tests", "idle_test", "site-packages", "dist-packages", "pydoc_data"}


def test_a_built_in_text_that_does_not_exist_is_told_with_those_that_do():
    error = refused_at_once("builtin:shakespeare")
    assert error.code == "text_missing"
    assert BUILTIN[0] in str(error)


# ------------------------------------------------------------------------------------------ Files and folders


def test_a_folder_gives_its_text_files_by_name_without_hidden_and_foreign_ones(tmp_path):
    kept = {
        "b.txt": "b", "C.MD": "c", "a/z.py": "z", "a/deep/y.jsonl": '{"text": "y"}', "a-b/x.txt": "x",
        "日本/本.txt": "本",
    }  # fmt: skip
    others = {
        ".hidden.txt": "-",
        ".git/config.txt": "-",
        "picture.png": "-",
        "noending": "-",
        "empty.txt": " \n",
    }
    for name, text in (kept | others).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (tmp_path / "blob.png").write_bytes(b"\x00\xff")
    assert [(document.name, document.text) for document in documents(str(tmp_path))] == [
        ("C.MD", "c"), ("b.txt", "b"), ("a/z.py", "z"), ("a/deep/y.jsonl:1", "y"), ("a-b/x.txt", "x"),
        ("日本/本.txt", "本"),
    ]  # fmt: skip
    assert fault(str(tmp_path)) is None
    assert size(str(tmp_path)) == 4 + len('{"text": "y"}') + 3 + 2


def test_a_link_from_a_folder_to_itself_does_not_go_round_for_ever(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    try:
        (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this user may make no links")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "b.txt").write_text("b")
    (tmp_path / "z" / "c.txt").symlink_to(tmp_path / "z" / "b.txt")
    (tmp_path / "z" / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert [document.name for document in documents(str(tmp_path))] == ["a.txt", "z/b.txt"]
    assert [document.name for document in documents(f"{tmp_path}/**/*.txt")] == ["a.txt", "z/b.txt"]
    assert [document.name for document in documents(f"{tmp_path}/**/**/*.txt")] == ["a.txt", "z/b.txt"]
    assert size(f"{tmp_path}/**") == size(str(tmp_path)) == 2
    (tmp_path / "z" / ".hidden").mkdir()
    (tmp_path / "z" / ".hidden" / "d.txt").write_text("d")
    linked = tmp_path.parent / f"{tmp_path.name}-linked"
    linked.mkdir()
    (linked / "z").symlink_to(tmp_path / "z", target_is_directory=True)
    assert [document.name for document in documents(f"{linked}/**")] == ["z/b.txt"]  # links are followed


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff"), min_size=1))
def test_a_file_comes_back_as_it_was_written(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "any.ending"
    path.write_bytes(text.encode())
    if text.strip():
        expected = text.replace("\r\n", "\n")
        assert list(documents(str(path))) == [Document("any.ending", expected)]
        assert fault(str(path)) is None
    else:
        assert refused_at_once(path).code == "text_empty"


def test_byte_order_mark_and_windows_line_ends_are_not_part_of_the_text(tmp_path):
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n\r\n")
    assert [document.text for document in documents(str(path))] == ["one\ntwo\rthree\n\n"]


def test_a_text_under_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "mine.txt").write_text("mine")
    assert [document.text for document in documents("~/mine.txt")] == ["mine"]


# ------------------------------------------------------------------------------------------ Patterns


@pytest.fixture
def library(tmp_path):
    for name in ("b.md", "a.log", "x/c.md", "x/y/d.MD", "x/picture.png", ".hidden.md", "e[1].md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.md", ["b.md", "e[1].md"]),
        ("*.log", ["a.log"]),  # an ending that is asked for is read, whatever it is
        ("*", ["b.md", "e[1].md"]),
        ("x/**", ["c.md", "y/d.MD"]),
        ("**/?.md", ["b.md", "x/c.md"]),
        ("e[1].md", ["e[1].md"]),  # there is a file of that name
    ],
)
def test_a_pattern_names_files(library, pattern, names):
    source = str(library / pattern)
    assert [document.name for document in documents(source)] == names
    assert fault(source) is None


def test_a_pattern_that_names_nothing(library):
    assert refused_at_once(library / "*.csv").code == "text_missing"


# ------------------------------------------------------------------------------------------ Several at once


def test_several_are_read_one_after_the_other_and_no_file_twice(library):
    source = "; ".join(str(library / part) for part in ("x", "*.md", "x/c.md"))
    names = ["c.md", "y/d.MD", "b.md", "e[1].md"]
    assert [document.name for document in documents(source)] == names
    assert size(source) == sum(len(name.rpartition("/")[2]) for name in names)
    assert fault(source) is None
    assert len(list(documents(f"{source}; {BUILTIN[0]};"))) > len(names)


def test_what_is_wrong_with_one_of_several_is_told(library):
    assert (
        refused_at_once(f"{library / 'x'}; {library / 'absent.txt'}").values["path"] == library / "absent.txt"
    )


def test_an_empty_one_among_several_does_no_harm_but_only_empty_ones_are_no_text(library):
    for name in ("empty.txt", "blank.txt"):
        (library / name).write_text("\n" if name == "blank.txt" else "")
    nothing = f"{library / 'empty.txt'}; {library / 'blank.txt'}"
    assert refused_at_once(nothing).code == "text_empty"
    assert fault(f"{nothing}; {library / 'b.md'}") is None


def test_a_name_with_a_semicolon_is_that_of_its_file(library):
    (library / "a; b.txt").write_text("one")
    assert [document.text for document in documents(str(library / "a; b.txt"))] == ["one"]


# ------------------------------------------------------------------------------------------ What goes wrong


@pytest.mark.parametrize("source", ["", " ", "/no/such/text", "a\x00b", "~nobody-of-this-name/text.txt"])
def test_a_text_that_is_not_there(source):
    assert refused_at_once(source).code == "text_missing"


def test_a_text_below_a_file(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert refused_at_once(tmp_path / "a.txt" / "b.txt").code == "text_missing"


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf", b"\r\n"])
def test_an_empty_text(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    assert refused_at_once(path).code == "text_empty"


def test_folders_without_text(tmp_path):
    assert refused_at_once(tmp_path).code == "text_no_files"
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert ".txt" in str(refused_at_once(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"")
    assert refused(tmp_path).code == "text_empty"


@pytest.mark.parametrize(
    ("content", "offset", "code"),
    [
        (b"\x00", 0, "text_zero"),
        (b"abc\x00def\xff", 3, "text_zero"),
        ("h\xe9".encode("latin-1"), 1, "text_binary"),
        (b"\xef\xbb\xbfabc\xff", 6, "text_not_encoded"),
        ("é".encode() + b"\xc3", 2, "text_binary"),
        (b"\xed\xa0\x80", 0, "text_binary"),
        (b"\xff\xfea\x00\x00\x00", 4, "text_zero"),
    ],
)
def test_a_binary_file_is_told_by_its_first_wrong_byte(tmp_path, content, offset, code):
    path = tmp_path / "data.txt"
    path.write_bytes(content)
    error = refused_at_once(path)
    assert (error.code, error.values["path"], error.values["offset"]) == (code, path, offset)
    (tmp_path / "Also.txt").write_bytes(b"fine")
    assert refused(tmp_path).values["path"] == path


def test_a_wrong_byte_far_into_a_file(tmp_path):
    path = tmp_path / "long.txt"
    content = "é".encode() * FIRST_BLOCK
    path.write_bytes(b"a" + content + b"\xff")
    assert (
        fault(str(path)) is None
    )  # a form does not wait for the whole file; odd bytes at its edge are no fault
    assert refused(path).values["offset"] == 1 + len(content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert refused_at_once(tmp_path / "pipe.txt").code == "text_not_a_file"
    assert refused_at_once(tmp_path).code == "text_no_files"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser reads everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    path.chmod(0)
    assert refused_at_once(path).code == "text_unreadable"


def test_a_name_that_is_too_long():
    assert refused_at_once("x" * 5000).code in ("text_unreadable", "text_missing")
