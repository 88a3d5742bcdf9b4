"""Intents happen on the disk or not at all; facts wait in order until the disk takes them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import JournalError
from core.journal import Journal, open_journal
from core.records import AnyRecord, Recorder, TargetChanged
from tests.support.builders import at


class Disk(Journal):
    """A journal on a disk that is sometimes full."""

    def __init__(self) -> None:
        self.full = False
        self.bodies: list[bytes] = []

    def append_all(self, rows: list[tuple[str, int, bytes]]) -> None:
        if self.full:
            raise JournalError("the disk is full")
        self.bodies += [body for _, _, body in rows]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the records on the disk."""
        return [int(msgspec.json.decode(body, type=TargetChanged).after) for body in self.bodies]


def record(number: int) -> AnyRecord:
    return TargetChanged(book="b", instrument="i", before=Decimal(0), after=Decimal(number))


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["note", "intend", "retry"]), st.booleans(), st.integers(0, 8)), max_size=40
    )
)
def test_no_fact_is_lost_or_reordered_and_no_refused_intent_is_written(steps: list[tuple[str, bool, int]]) -> None:
    disk = Disk()
    recorder = Recorder(disk)
    expected: list[int] = []
    now = 0
    for number, (what, full, later) in enumerate(steps):
        disk.full, now = full, now + later
        if what == "note":
            recorder.note(record(number), at(now))
            expected.append(number)
        elif what == "intend":
            try:
                recorder.intend(record(number), at(now))
            except JournalError:
                assert full
            else:
                expected.append(number)
                assert disk.numbers == expected, "what waited was written before it"
        else:
            recorder.retry(at(now))
    disk.full = False
    recorder.retry(at(now + 5))
    assert disk.numbers == expected
    assert recorder.state == ""


def test_a_failure_says_what_waits() -> None:
    disk = Disk()
    disk.full = True
    recorder = Recorder(disk)
    recorder.note(record(1), at(0))
    recorder.note(record(2), at(0))
    assert recorder.state == "the disk is full; 2 entries wait in memory"


def test_history_names_the_row_that_cannot_be_read(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal")
    journal.append("target", 1, b"{}")
    with pytest.raises(JournalError, match="row 1"):
        list(Recorder(journal).history())
    journal.close()
