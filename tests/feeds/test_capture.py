"""Captures: what is written can be read, after a kill, a full disk or damage, and foreign times lose no digit."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CaptureError
from feeds.capture import Capture, CaptureWriter
from feeds.records import AnyRecord, Closed, Connected, Fetched, Oversized, Received, Sent

RECORDS: list[AnyRecord] = [
    Fetched(ns=1, url="https://api.example/v5/x?y=1", data=b'{"a":"\xc3\xa9"}', venue="bybit"),
    Connected(ns=2, conn="bybit.linear.1", addr="wss://example/linear", venue="bybit", connection="linear"),
    Sent(ns=3, conn="bybit.linear.1", data='{"op":"subscribe"}'),
    Received(ns=1_786_310_819_526_404_123, conn="bybit.linear.1", data=b'{"mark":"65114.30"}'),
    Received(ns=1_786_310_819_526_404_124, conn="bybit.linear.1", data=b"\xff\x00 not text \n"),
    Oversized(ns=1_786_310_819_526_404_125, conn="bybit.linear.1", size=10_000_000),
    Closed(ns=1_786_310_819_526_404_126, conn="bybit.linear.1"),
]


def write(path: Path, records: list[AnyRecord]) -> None:
    writer = CaptureWriter(path, started_ns=1, sources=["bybit linear"])
    for record in records:
        writer.tap(record)
    writer.close()


def test_every_kind_of_record_comes_back_as_it_went(tmp_path: Path) -> None:
    write(tmp_path / "a.zst", RECORDS)
    capture = Capture(tmp_path / "a.zst")
    assert capture.header.ours
    assert capture.header.sources == ("bybit linear",)
    assert list(capture.records()) == RECORDS
    assert capture.damage == ""


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=200), st.integers(0, 2**62)), max_size=40))
def test_any_bytes_survive(tmp_path_factory: pytest.TempPathFactory, frames: list[tuple[bytes, int]]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.zst"
    records: list[AnyRecord] = [Received(ns=ns, conn="c", data=data) for data, ns in frames]
    write(path, records)
    assert list(Capture(path).records()) == records


def test_a_capture_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "a.zst", [])
    with pytest.raises(CaptureError, match="file exists"):
        CaptureWriter(tmp_path / "a.zst", started_ns=1)


def test_an_impossible_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"nowhere.*no such file"):
        CaptureWriter(tmp_path / "nowhere" / "a.zst", started_ns=1)


def test_what_was_flushed_can_be_read_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "a.zst"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from feeds.capture import CaptureWriter\n"
        "from feeds.records import Received\n"
        "writer = CaptureWriter(Path(sys.argv[1]), started_ns=1, flush_seconds=0.02)\n"
        "for number in range(10**9):\n"
        "    writer.tap(Received(ns=number, conn='c', data=b'x' * 100))\n"
        "    if number % 50 == 0: time.sleep(0.005); print(writer.bytes_written, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            if int(line) > 2000:
                break
        child.send_signal(signal.SIGKILL)
    records = list(Capture(path).records())
    assert len(records) > 100
    assert [record.ns for record in records] == list(range(len(records)))


class FullDisk:
    """A file on a disk with only so much room."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file, self.room = file, room

    def write(self, block: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.file.write(block[: self.room])
        self.room -= written
        return written

    def truncate(self, size: int) -> int:
        return self.file.truncate(size)

    def close(self) -> None:
        self.file.close()


def test_a_full_disk_is_reported_and_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zst"
    writer = CaptureWriter(path, started_ns=1, flush_seconds=60)
    writer._file = FullDisk(writer._file, 1000)  # type: ignore[assignment]
    noise = random.Random(1)
    for number in range(2000):
        writer.tap(Received(ns=number, conn="c", data=noise.randbytes(150)))
    writer.close()
    assert "no space left on device" in writer.problem
    writer.tap(RECORDS[0])
    assert writer.dropped == 1
    capture = Capture(path)
    assert list(capture.records()) == []
    assert capture.damage == "", "half a batch is taken back"


def test_a_disk_that_falls_behind_costs_records_not_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.capture._BACKLOG_BYTES", 1000)
    writer = CaptureWriter(tmp_path / "a.zst", started_ns=1, flush_seconds=60)
    for number in range(100):
        writer.tap(Received(ns=number, conn="c", data=b"x" * 100))
    assert writer.dropped == 89
    writer.close()
    assert len(list(Capture(tmp_path / "a.zst").records())) == 11


# --- damage ---


def blocks(path: Path) -> bytes:
    writer = CaptureWriter(path, started_ns=1, flush_seconds=60)
    for start in range(0, 300, 100):
        for number in range(start, start + 100):
            writer.tap(Received(ns=number, conn="c", data=b"%d" % number))
        writer._drain()
    writer.close()
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.99])
def test_a_truncated_capture_is_read_up_to_the_cut(tmp_path: Path, share: float) -> None:
    whole = blocks(tmp_path / "a.zst")
    cut = tmp_path / "cut.zst"
    cut.write_bytes(whole[: int(len(whole) * share)])
    capture = Capture(cut)
    times = [record.ns for record in capture.records()]
    assert times == list(range(len(times)))
    assert 0 < len(times) < 300
    assert "ends in the middle of a batch" in capture.damage or "cut off" in capture.damage
    assert f"of {cut.stat().st_size}" in capture.damage


def test_a_damaged_batch_ends_the_reading_and_is_placed(tmp_path: Path) -> None:
    whole = bytearray(blocks(tmp_path / "a.zst"))
    middle = len(whole) // 2
    whole[middle : middle + 40] = b"\xaa" * 40
    broken = tmp_path / "broken.zst"
    broken.write_bytes(whole)
    capture = Capture(broken)
    times = [record.ns for record in capture.records()]
    assert times == list(range(len(times)))
    assert len(times) < 300
    assert str(broken) in capture.damage


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_changed_on_disk_changes_no_record(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("bit")
    write(folder / "a.zst", RECORDS)
    whole = bytearray((folder / "a.zst").read_bytes())
    whole[int(place * len(whole))] ^= 1 << bit
    (folder / "b.zst").write_bytes(whole)
    try:
        capture = Capture(folder / "b.zst")
    except CaptureError:
        return  # it is the header that has changed, and that was noticed
    records = list(capture.records())
    assert records == RECORDS[: len(records)]
    assert len(records) == len(RECORDS) or capture.damage


def test_a_long_frame_with_a_checksum_is_read_without_being_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As made by the zstd command from a plain file."""
    monkeypatch.setattr("feeds.capture._HELD_BYTES", 1_000)
    monkeypatch.setattr("feeds.capture._CHUNK_BYTES", 1_000)
    lines = ['{"t":"header","format":"hedgerow","version":1}']
    noise = random.Random(1)
    lines += [f'{{"t":"recv","ns":{at},"conn":"c","data":"{noise.randbytes(100).hex()}"}}' for at in range(3_000)]
    whole = zstandard.ZstdCompressor(write_checksum=True).compress(("\n".join(lines) + "\n").encode())
    (tmp_path / "a.zst").write_bytes(whole)
    (tmp_path / "cut.zst").write_bytes(whole[: len(whole) * 2 // 3])
    assert len(list(Capture(tmp_path / "a.zst").records())) == 3_000
    cut = Capture(tmp_path / "cut.zst")
    assert [record.ns for record in cut.records()] == list(range(cut.lines_read - 1))
    assert cut.damage


@pytest.mark.parametrize("line", ['{"t":"recv","ns":1,"conn":"c"}', "{", '{"t":"recv","conn":"c","data":"x"}', "null"])
def test_a_damaged_line_is_numbered(tmp_path: Path, line: str) -> None:
    good = '{"t":"recv","ns":1,"conn":"c","data":"x"}'
    path = tmp_path / "plain.jsonl"
    path.write_text("\n".join(['{"t":"header","format":"hedgerow","version":1}', good, line, good]) + "\n")
    capture = Capture(path)
    assert len(list(capture.records())) == 1
    assert "line 3 is damaged" in capture.damage
    assert "the 2 lines before it" in capture.damage


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no header"),
        (b"hello\n", "no header"),
        (b'{"t":"recv"}\n', "no header"),
        (zstandard.compress(b"\x00\x01"), "no header"),
        (b"\x28\xb5\x2f\xfd broken", "no header"),
        (b'{"t":"header","format":"hedgerow","version":99}\n', "newer"),
    ],
)
def test_a_file_that_is_no_capture_is_refused_by_name(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "no.zst"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=rf"no\.zst.*{problem}"):
        Capture(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file"):
        Capture(tmp_path / "none")
    with pytest.raises(CaptureError, match="directory"):
        Capture(tmp_path)


# --- the foreign format ---


@given(st.integers(0, 2_000_000_000), st.integers(0, 999_999_999))
def test_foreign_times_are_exact_to_the_nanosecond(
    tmp_path_factory: pytest.TempPathFactory, seconds: int, nanoseconds: int
) -> None:
    """As floats, times of today would be some 120 ns off."""
    path = tmp_path_factory.mktemp("foreign") / "a.jsonl"
    stamp = f"{seconds}.{nanoseconds:09d}"
    path.write_text(
        '{"t":"header","format":2}\n' + f'{{"t":"recv","conn":"c","ts":{stamp},"data":"x"}}\n', encoding="utf-8"
    )
    assert [record.ns for record in Capture(path).records()] == [seconds * 10**9 + nanoseconds]


def test_foreign_connections_are_interleaved_by_time(tmp_path: Path) -> None:
    """A foreign recorder writes one connection after the other; within one, the file's order stands."""
    lines = [{"t": "header", "format": 2}]
    lines += [
        {"t": "recv", "conn": "one", "ts": stamp, "data": text} for stamp, text in [(1.5, "a"), (1.4, "b"), (3, "e")]
    ]
    lines += [
        {"t": "recv", "conn": "two", "ts": stamp, "data": text} for stamp, text in [(1, "0"), (2, "c"), (2.5, "d")]
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    received = [record.data for record in Capture(path).records() if isinstance(record, Received)]
    assert received == [b"0", b"a", b"b", b"c", b"d", b"e"]
