"""A file followed through everything that happens to files: growth, rotation, truncation, being written anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.prices.tail import LONGEST_LINE, MOST_BYTES, FollowedFile


class Followed:
    """A file, and what following it brings."""

    def __init__(self, path: Path) -> None:
        self.path, self.file, self._stamp = path, FollowedFile(str(path)), 1_795_622_400

    def write(self, text: str, mode: str = "a") -> None:
        """Write, at a moment of its own: the clocks of file systems are coarse."""
        with self.path.open(mode) as stream:
            stream.write(text)
        self.touch()

    def touch(self) -> None:
        self._stamp += 1
        os.utime(self.path, (self._stamp, self._stamp))

    def lines(self) -> list[str]:
        return [line.decode() for batch in self.file.look() for line in batch.lines]

    def found(self) -> list[bool]:
        return [batch.found for batch in self.file.look()]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Followed]:
    made = Followed(tmp_path / "prices.txt")
    yield made
    made.file.close()


def test_lines_come_once_each_in_order(it: Followed) -> None:
    it.write("1\n2\n")
    assert it.lines() == ["1", "2"]
    assert it.lines() == []
    it.write("3\n")
    it.write("4\n5\n")
    assert it.lines() == ["3", "4", "5"]


def test_what_was_there_is_told_from_what_is_added(it: Followed) -> None:
    it.write("1\n")
    assert it.found() == [True]
    it.write("2\n")
    assert it.found() == [False]


def test_a_half_written_line_waits_for_its_end(it: Followed) -> None:
    it.write("1\n92")
    assert (it.lines(), it.file.unfinished) == (["1"], 2)
    it.write("50")
    assert (it.lines(), it.file.unfinished) == ([], 4)
    it.write("0\n")
    assert (it.lines(), it.file.unfinished) == (["92500"], 0)


def test_a_file_that_is_not_there_yet_and_one_that_goes_away(it: Followed) -> None:
    with pytest.raises(FileNotFoundError):
        it.file.look()
    it.write("1\n")
    assert it.lines() == ["1"]
    it.path.unlink()
    with pytest.raises(FileNotFoundError):
        it.file.look()
    it.write("2\n")
    assert it.lines() == ["2"]


def test_rotation_loses_neither_the_end_of_the_old_file_nor_the_new_one(it: Followed) -> None:
    it.write("1\n")
    assert it.lines() == ["1"]
    it.write("2\n")
    it.path.rename(it.path.with_suffix(".1"))
    it.write("3\n")
    batches = it.file.look()
    assert [(batch.lines, batch.found) for batch in batches] == [([b"2"], False), ([b"3"], True)]


def test_a_replaced_file_is_read_although_it_is_alike(it: Followed) -> None:
    it.write("1\n")
    assert it.lines() == ["1"]
    other = it.path.with_suffix(".new")
    other.write_text("1\n2\n")
    other.rename(it.path)
    assert it.lines() == ["1", "2"]


def test_truncation_begins_again(it: Followed) -> None:
    it.write("1\n2\n3\n")
    assert len(it.lines()) == 3
    it.write("", "w")
    assert it.lines() == []
    it.write("4\n")
    assert it.lines() == ["4"]


def test_a_file_written_anew_between_two_looks_is_read_from_its_start(it: Followed) -> None:
    it.write("91000\n")
    assert it.lines() == ["91000"]
    for text in ("92000\n", "92000\n", "5\n", "93000\n94000\n"):
        it.write(text, "w")
        batches = it.file.look()
        assert [batch.found for batch in batches] == [True]
        assert [line for batch in batches for line in batch.lines] == text.encode().split()


def test_a_change_without_another_content_says_the_same_again(it: Followed) -> None:
    it.write("1\n2\n")
    assert it.lines() == ["1", "2"]
    it.touch()
    (batch,) = it.file.look()
    assert (batch.lines, batch.found, batch.written_ns) == ([b"1", b"2"], True, it.path.stat().st_mtime_ns)


def test_a_line_too_long_to_be_one_is_left_out_and_told(it: Followed) -> None:
    it.write("1\n" + "x" * (LONGEST_LINE + 1) + "\n2\n")
    assert (it.lines(), it.file.oversize) == (["1", "2"], True)
    it.write("y" * (LONGEST_LINE + 1))
    assert (it.lines(), it.file.oversize, it.file.unfinished) == ([], True, 0)
    it.write("yyy")
    assert (it.lines(), it.file.oversize) == ([], False)
    it.write("y\n3\n")
    assert (it.lines(), it.file.oversize) == (["3"], False)


def test_of_a_large_file_only_the_end_is_read(it: Followed) -> None:
    it.write("".join(f"{number}\n" for number in range(100_000)))
    lines = it.lines()
    assert lines[-1] == "99999"
    assert sum(map(len, lines)) + len(lines) <= MOST_BYTES
    assert lines == [str(number) for number in range(100_000 - len(lines), 100_000)], "the first of them is whole"
    it.write("".join(f"{number}\n" for number in range(100_000)))
    assert it.lines()[-1] == "99999"


def test_a_path_that_leads_to_no_plain_file_is_refused_without_opening_it(it: Followed) -> None:
    it.path.mkdir()
    with pytest.raises(OSError, match="no plain file"):
        it.file.look()
    it.path.rmdir()
    os.mkfifo(it.path)
    with pytest.raises(OSError, match="no plain file"):
        it.file.look()


PIECES = st.lists(st.sampled_from(["1", "23", "456", "\n", "\r\n"]), min_size=1, max_size=6).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["1", "23", "456", "\n", "\r\n"]), min_size=1, max_size=6).map("".join), max_size=8
    )
)
def test_however_it_is_cut_the_lines_are_those_of_the_whole(tmp_path: Path, pieces: list[str]) -> None:
    made = Followed(tmp_path / "cut.txt")
    made.write("", "w")
    seen: list[str] = []
    for piece in pieces:
        made.write(piece)
        seen += [line.strip() for line in made.lines()]
    made.file.close()
    whole = "".join(pieces)
    ended = whole[: whole.rindex("\n")] if "\n" in whole else ""
    assert seen == [line.strip() for line in ended.split("\n") if line.strip()]
