"""Files whole or not at all, and sizes a person can read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core import disk
from gpt_core.errors import GPTCoreError


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000_000, "1.5 GB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999_999_999, "1.0 TB"),
        (5 * 10**18, "5000.0 PB"),
    ],
)
def test_sizes_as_a_person_reads_them(count: int, text: str) -> None:
    assert disk.readable_size(count) == text


@given(st.integers(1000, 10**17))
def test_a_readable_size_is_near_the_size(count: int) -> None:
    number, unit = disk.readable_size(count).split()
    size = float(number) * 1000 ** (["B", "kB", "MB", "GB", "TB", "PB"].index(unit))
    assert abs(size - count) <= 0.05 * count
    assert 1 <= float(number) < 1000


def test_free_space_of_a_place_that_is_yet_to_come(tmp_path: Path) -> None:
    assert disk.free_space(tmp_path / "not" / "there" / "yet") > 0


def test_too_little_space_is_told_with_both_figures(tmp_path: Path) -> None:
    disk.require_space(tmp_path, 1)
    with pytest.raises(GPTCoreError) as caught:
        disk.require_space(tmp_path, 10**18)
    assert caught.value.code == "disk_too_small"
    assert "1000.0 PB is needed" in str(caught.value)
    assert str(caught.value.values["free"]) in str(caught.value)


def test_a_written_file_takes_the_place_of_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    disk.write_atomically(path, b"old")
    disk.write_atomically(path, b"new" * 1000)
    assert path.read_bytes() == b"new" * 1000
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.toml"]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(GPTCoreError) as caught:
        disk.write_atomically(tmp_path / "taken", b"data")
    assert caught.value.code == "run_not_writable"
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(GPTCoreError):
        disk.write_atomically(tmp_path / "missing" / "file", b"data")


@given(data=st.binary(max_size=3000))
def test_sha256_is_that_of_the_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("hash") / "file"
    path.write_bytes(data)
    disk.sync_file(path)
    assert disk.sha256(path) == hashlib.sha256(data).hexdigest()
