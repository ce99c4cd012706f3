"""Files to documents: each format, packed or not, in small blocks as in large; and one clear sentence for
each that is damaged."""

from __future__ import annotations

import contextlib
import csv
import gzip
import importlib
import io
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt_core import formats
from gpt_core.errors import GPTCoreError
from gpt_core.formats import Reader, joined

ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff\r"), max_size=60)


def read(path, column="text", encoding="auto"):
    return [text for _, text in joined(Reader(path, path.name, column, encoding))]


def refused(path, column="text"):
    with pytest.raises(GPTCoreError) as caught:
        read(path, column)
    assert str(path.name) in str(caught.value)
    return caught.value


def pack(data, how):
    if how == "gz":
        return gzip.compress(data)
    return pytest.importorskip(ZSTD).compress(data)


@pytest.fixture(params=[40, 1 << 20])
def block(request, monkeypatch):
    monkeypatch.setattr(formats, "BLOCK", request.param)


# ------------------------------------------------------------------------------------------ What is read


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("how", ["gz", "zst"])
def test_a_packed_text_is_unpacked(tmp_path, how):
    path = tmp_path / f"text.txt.{how}"
    path.write_bytes(pack("吾輩は猫である。\r\nname\r\n".encode(), how) + pack(b"more", how))
    assert read(path) == ["吾輩は猫である。\nname\nmore"]


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp932", "euc-jp"])
def test_json_lines(tmp_path, encoding):
    path = tmp_path / "texts.JSONL"
    rows = [{"text": "一つ目の文書\r\n", "n": 1}, {"n": 2, "text": "二つ目"}, {"text": ""}, {"text": None}]
    path.write_bytes("\r\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(encoding))
    reader = Reader(path, "texts", "text")
    assert list(joined(reader)) == [("texts:1", "一つ目の文書\n"), ("texts:3", "二つ目")]
    assert reader.consumed == path.stat().st_size
    assert reader.encoding.startswith(encoding)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_tables(tmp_path, delimiter):
    path = tmp_path / "texts.csv"
    rows = [["id", "body"], ["1", 'say "hi",\tor; not'], [], ["2", "two\nlines"], ["3", ""]]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    assert read(path, "body") == ['say "hi",\tor; not', "two\nlines"]


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("one.tsv", "text\nHello, world; and | more\n", ["Hello, world; and | more"]),
        ("two.tsv", "text,old\ttext\na\tb, c\n", ["b, c"]),
        ("one.csv", 'text\n"Hello, world"\nand; more\n', ["Hello, world", "and; more"]),
        ("blank.csv", "\n \n\ntext,id\none,1\n", ["one"]),
        ("quoted.csv", '"id";"text"\n"1";"one; two"\n', ["one; two"]),
        ("quoted.tsv", '"id"\t"text"\n"1"\t"one"\n', ["one"]),
        ("trailing.csv", "id,text\n1,one,\n2,two,,\n", ["one", "two"]),
        ("trailing.tsv", "text\tid\none\t1\t\n", ["one"]),
        ("empty.csv", "\n\n", []),
    ],
)
def test_what_stands_between_the_columns_is_found_out(tmp_path, name, content, texts):
    (tmp_path / name).write_text(content)
    assert read(tmp_path / name) == texts


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@pytest.mark.parametrize("header", ["text", "id{0}text", "text{0}id"])
def test_a_text_is_refused_rather_than_cut_at_a_mark_in_it(tmp_path, ending, header):
    mark = {"csv": ",", "tsv": "\t"}[ending]
    path = tmp_path / f"texts.{ending}"
    path.write_text("\n" + header.format(mark) + f"\none{mark} two{mark} three\n")
    error = refused(path)
    assert (error.code, error.values["line"]) == ("text_malformed", 3)
    assert str(error).startswith(f"Line 3 of {path} cannot be used: it has 3 cells and the header ")


def test_the_mark_at_the_end_of_a_text_that_is_the_only_column_is_not_dropped(tmp_path):
    (tmp_path / "texts.csv").write_text("text\nWhen I do count the clock that tells the time,\n")
    assert refused(tmp_path / "texts.csv").code == "text_malformed"


@pytest.mark.usefixtures("block")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(any_text, max_size=8), st.sampled_from(["jsonl", "csv", "jsonl.gz", "txt"]))
def test_what_was_written_comes_back(tmp_path, texts, ending):
    path = tmp_path / f"texts.{ending}"
    stream = io.StringIO(newline="")
    if "jsonl" in ending:
        stream.writelines(json.dumps({"a": 1, "text": text}) + "\n" for text in texts)
    elif ending == "csv":
        rows = csv.writer(stream)
        rows.writerows([["a", "text"], *(["1", text] for text in texts)])
    else:
        texts = ["\n".join(texts)]
        stream.write(texts[0])
    data = stream.getvalue().encode()
    path.write_bytes(gzip.compress(data) if ending.endswith("gz") else data)
    assert read(path) == [text for text in texts if text]


def test_halves_of_characters_in_json_become_signs_of_it(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "a\\ud83d b\\ud83d\\ude42"}')
    assert read(path) == ["a\ufffd b🙂"]


def test_a_text_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "BLOCK", 10)
    path = tmp_path / "text.txt"
    path.write_text("0123456789" * 5)
    found = list(Reader(path, "text.txt"))
    assert [piece.last for piece in found] == [False] * 4 + [True]
    assert max(len(piece.text) for piece in found) == 10


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = importlib.import_module("pyarrow")
    path = tmp_path / "texts.parquet"
    texts = [f"text {number}" for number in range(500)]
    parquet.write_table(pyarrow.table({"n": list(range(501)), "body": [*texts, None]}), path)
    assert read(path, "body") == texts
    error = refused(path, "text")
    assert (error.code, error.values["known"]) == ("text_field_missing", "n, body")
    assert refused(path, "n").code == "text_malformed"
    data = path.read_bytes()
    for damaged in (data[:-100], b"", b"PAR1" + data[20:]):
        path.write_bytes(damaged)
        assert refused(path, "body").code == "text_damaged"


def test_parquet_tells_after_each_row_how_far_it_is(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = importlib.import_module("pyarrow")
    path = tmp_path / "texts.parquet"
    parquet.write_table(pyarrow.table({"text": ["one", "two", "three", "four"]}), path)
    reader = Reader(path, "texts.parquet")
    told = [reader.consumed for _ in reader]
    assert told == [path.stat().st_size * number // 4 for number in (1, 2, 3, 4)]


def test_parquet_without_its_package_is_told_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = tmp_path / "texts.parquet"
    path.write_bytes(b"")
    with pytest.raises(GPTCoreError, match="pip install datasets") as caught:
        read(path)
    assert caught.value.code == "package_missing"


# ------------------------------------------------------------------------------------------ What goes wrong


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not JSON"), ("{", "not JSON"), ('"text"', "not an object"), ("[1]", "not an object"),
        ('{"text": 3}', "not text but int"), ('{"text": ["a"]}', "not text but list"),
        ("[" * 100_000, "nested too deeply"), ("9" * 5000, "not JSON"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_told_with_its_number(tmp_path, line, reason):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "one"}\n\n' + line + '\n{"text": "two"}\n')
    error = refused(path)
    assert (error.code, error.values["line"]) == ("text_malformed", 3)
    assert reason in str(error)


def test_a_missing_field_is_told_with_those_that_are_there(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "one"}\n{"body": "two", "id": 3}\n')
    error = refused(path)
    assert (error.code, error.field, error.values["line"]) == ("text_field_missing", "data.column", 2)
    assert "body, id" in str(error)
    path = tmp_path / "texts.csv"
    path.write_text("id,body\n1,one\n")
    assert refused(path).values["known"] == "id, body"


@pytest.mark.parametrize(
    ("rows", "line"),
    [("one,1\ntwo\n", None), ("1,one\n2\n", 3), ('1,"one\n2,two\n', 2), ('1,"one"x\n', 2)],
)
def test_a_row_that_cannot_be_used_is_told_with_its_number(tmp_path, rows, line):
    path = tmp_path / "texts.csv"
    path.write_text(("text,id\n" if line is None else "id,text\n") + rows)
    if line is None:  # a row that is too short behind the text is no harm
        assert read(path) == ["one", "two"]
    else:
        error = refused(path)
        assert (error.code, error.values["line"]) == ("text_malformed", line)


@pytest.mark.parametrize("name", ["texts.jsonl", "texts.csv"])
def test_a_line_that_does_not_end_is_not_held_for_ever(tmp_path, monkeypatch, name):
    monkeypatch.setattr(formats, "LONGEST", 1000)
    monkeypatch.setattr(formats, "BLOCK", 100)
    path = tmp_path / name
    path.write_text("text\n" + "x" * 5000)
    with pytest.raises(GPTCoreError, match="longer than 1,000 characters"):
        list(Reader(path, name)._lines())


@pytest.mark.parametrize("how", ["gz", "zst"])
@pytest.mark.parametrize("damage", ["cut", "changed", "not packed"])
def test_a_damaged_packed_file(tmp_path, how, damage):
    path = tmp_path / f"text.txt.{how}"
    data = pack(bytes(range(32, 127)) * 500, how)
    path.write_bytes(
        {"cut": data[:-4], "changed": data[:-20] + bytes(16) + data[-4:], "not packed": b"a text"}[damage]
    )
    assert refused(path).code == "text_damaged"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)),
    st.sampled_from(["txt", "csv", "tsv", "jsonl", "txt.gz", "jsonl.gz", "json", "parquet", "txt.zst"]),
    st.sampled_from([b"", b"text,b\n", b'{"text": "', b"\xff\xfe", b"\x1f\x8b\x08", b"PAR1"]),
)
def test_any_bytes_give_documents_or_our_error(tmp_path, data, ending, start):
    path = tmp_path / f"any.{ending}"
    path.write_bytes(start + data)
    with contextlib.suppress(GPTCoreError):
        assert all(isinstance(text, str) and text.encode() for text in read(path))
