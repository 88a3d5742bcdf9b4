"""Captures on disk: zstd-compressed JSON lines, written so that a kill loses a second at most, read up to any damage.

The first line is a header; every other line is one record of ``feeds.records`` with its receive time ``ns``. Lines
are compressed in batches, each a complete zstd frame with a checksum, so that every batch once written can be read
whatever happens next, and none that has changed on disk is believed. The reader also takes a foreign recorder's
format, whose times are ``ts`` (decimal epoch seconds), and plain uncompressed lines.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from core.errors import CaptureError
from feeds.records import AnyRecord, Closed, Connected, Fetched, Oversized, Received, Sent

FORMAT = "hedgerow"
VERSION = 1

_MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK_BYTES = 65_536
_BATCH_BYTES = 1 << 18
_BACKLOG_BYTES = 64 << 20
_LINE_LIMIT_BYTES = 64 << 20
_HELD_BYTES = 64 << 20
_CHECKSUM_FLAG = 0x04
_NS = 1_000_000_000


class Header(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a capture is. ``format`` is ours, or the number a foreign recorder gives its own."""

    t: str
    format: str | int = ""
    version: int = 0
    started_ns: int | None = None
    sources: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """True where Hedgerow wrote it: its records are then in the order of their times."""
        return self.format == FORMAT


class _Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of either format; the fields that are there depend on ``t``."""

    t: str
    ns: int | None = None
    ts: Decimal | None = None
    conn: str = ""
    addr: str = ""
    venue: str = ""
    connection: str = ""
    url: str = ""
    size: int = 0
    data: str | None = None
    base64: str | None = None


# --- writing -------------------------------------------------------------------------------------------------


class CaptureWriter:
    """Writes a capture from its own thread; :meth:`tap` only queues, so a slow disk never holds up a feed.

    A disk that fails (full, gone) ends the recording, not the program: ``problem`` then says what happened, and
    the file ends with the last complete batch. If the disk falls behind by 64 MiB, records are dropped and counted.
    """

    def __init__(self, path: Path, *, started_ns: int, sources: Sequence[str] = (), flush_seconds: float = 1.0) -> None:
        """Raises CaptureError where the file exists already or cannot be made."""
        self.path = path
        self.problem = ""
        self.on_problem: Callable[[], object] = lambda: None
        """Called in the writer's thread when ``problem`` has been set."""
        self.records = self.frames = self.dropped = self.bytes_written = 0
        self._queue: deque[AnyRecord] = deque()
        self._queued_bytes = self._taken_bytes = 0
        self._flush_seconds = flush_seconds
        self._stop = threading.Event()
        self._compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        try:
            self._file: BinaryIO = path.open("xb", buffering=0)
        except OSError as error:
            raise CaptureError(str(path), os.strerror(error.errno or 0).lower()) from None
        header = Header(t="header", format=FORMAT, version=VERSION, started_ns=started_ns, sources=tuple(sources))
        self._write(msgspec.json.encode(header) + b"\n")
        self._thread = threading.Thread(target=self._run, name="hedgerow-capture", daemon=True)
        self._thread.start()

    def tap(self, record: AnyRecord) -> None:
        """Queue one record. Neither blocks nor raises; call it from one thread only."""
        size = len(record.data) if isinstance(record, Received | Fetched) else 0
        if self.problem or self._queued_bytes - self._taken_bytes > _BACKLOG_BYTES:
            self.dropped += 1
            return
        self._queued_bytes += size
        self._queue.append(record)
        self.records += 1
        self.frames += isinstance(record, Received)

    def close(self) -> None:
        """Write what is queued and close the file; waits for the disk."""
        self._stop.set()
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        while not self._stop.wait(self._flush_seconds):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        lines: list[bytes] = []
        size = 0
        while self._queue and not self.problem:
            record = self._queue.popleft()
            if isinstance(record, Received | Fetched):
                self._taken_bytes += len(record.data)
            lines.append(_encode(record))
            size += len(lines[-1])
            if size >= _BATCH_BYTES:
                self._write(b"".join(lines))
                lines, size = [], 0
        if lines:
            self._write(b"".join(lines))

    def _write(self, text: bytes) -> None:
        """Append one complete zstd frame, or none of it."""
        block = memoryview(self._compressor.compress(text))
        written = 0
        try:
            while written < len(block):
                written += self._file.write(block[written:]) or 0
            self.bytes_written += len(block)
        except OSError as error:
            self.problem = f"{self.path}: {os.strerror(error.errno or 0).lower()}: the recording ends here"
            self._queue.clear()
            self.on_problem()
            # Best effort: a reader copes with half a batch as well.
            try:
                self._file.truncate(self.bytes_written)
            except OSError:
                return


def _encode(record: AnyRecord) -> bytes:
    line = msgspec.structs.asdict(record)
    raw = line.get("data")
    if isinstance(raw, bytes):
        try:
            line["data"] = raw.decode()
        except UnicodeDecodeError:
            del line["data"]
            line["base64"] = base64.b64encode(raw).decode()
    return msgspec.json.encode(_Line(t=_TAGS[type(record)], **line)) + b"\n"


_TAGS: dict[type, str] = {
    Connected: "connect",
    Closed: "close",
    Sent: "send",
    Received: "recv",
    Oversized: "oversize",
    Fetched: "http",
}


# --- reading -------------------------------------------------------------------------------------------------


class Capture:
    """A capture to read. ``damage`` is empty, or, once :meth:`records` has run, says where and why it stopped."""

    def __init__(self, path: Path) -> None:
        """Raises CaptureError where the file cannot be read or is no capture."""
        self.path = path
        self.damage = ""
        self.lines_read = 0
        self._source = _Source(path)
        try:
            self.header = self._read_header()
        except CaptureError:
            self._source.close()
            raise

    def records(self) -> Iterator[AnyRecord]:
        """Every record in the order of its time, up to the first damage. Can be read once."""
        records = self._in_file_order()
        if self.header.ours:
            yield from records
            return
        # A foreign recorder writes connection by connection. Within one, order is the order of the file.
        newest: dict[str, int] = {}
        timed: list[tuple[int, AnyRecord]] = []
        for record in records:
            name = getattr(record, "conn", "")
            newest[name] = max(newest.get(name, 0), record.ns)
            timed.append((newest[name], record))
        timed.sort(key=lambda item: item[0])
        for _, record in timed:
            yield record

    def _read_header(self) -> Header:
        try:
            header = msgspec.json.decode(next(self._source.lines(), b""), type=Header)
        except msgspec.MsgspecError:
            raise CaptureError(str(self.path), "not a capture: its first line is no header") from None
        if header.t != "header":
            raise CaptureError(str(self.path), "not a capture: its first line is no header")
        if header.ours and header.version > VERSION:
            raise CaptureError(str(self.path), f"written by a newer Hedgerow (format {header.version})")
        self.lines_read = 1
        return header

    def _in_file_order(self) -> Iterator[AnyRecord]:
        decoder = msgspec.json.Decoder(_Line)
        try:
            for line in self._source.lines():
                record = _record(decoder.decode(line))
                self.lines_read += 1
                if record is not None:
                    yield record
            self.damage = self._source.damage
        except (msgspec.MsgspecError, ValueError) as error:
            reason = "not a record" if isinstance(error, msgspec.MsgspecError) else str(error)
            self.damage = f"line {self.lines_read + 1} is damaged ({reason})"
        finally:
            self._source.close()
        if self.damage:
            share = 100 * self._source.position // max(1, self._source.size)
            self.damage = (
                f"{self.path}: {self.damage}, at about byte {self._source.position} of {self._source.size}: "
                f"the {self.lines_read} lines before it ({share}%) are used"
            )


class _Source:
    """The decompressed lines of a file. ``damage`` says where the compression broke, if it did."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
            self._plain = self._file.read(4) != _MAGIC
            self._file.seek(0)
        except OSError as error:
            raise CaptureError(str(path), os.strerror(error.errno or 0).lower()) from None
        self.position = 0
        self.damage = ""
        self._lines = self._split()

    def lines(self) -> Iterator[bytes]:
        """The lines that are left."""
        return self._lines

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _split(self) -> Iterator[bytes]:
        rest = b""
        for block in self._chunks() if self._plain else self._frames():
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
            if len(rest) > _LINE_LIMIT_BYTES:
                self.damage = "a line is longer than 64 MiB"
                return
        if rest and not self.damage:
            self.damage = "the last line is cut off"

    def _chunks(self) -> Iterator[bytes]:
        while block := self._file.read(_CHUNK_BYTES):
            self.position += len(block)
            yield block

    def _frames(self) -> Iterator[bytes]:
        """The content of each zstd frame; one with a checksum is held until that is seen to be right."""
        opened = zstandard.ZstdDecompressor()
        frame = opened.decompressobj()
        begun = checked = False
        start = 0
        held = b""
        for chunk in self._chunks():
            block = chunk
            while block:
                if not begun:
                    begun, checked, start = True, _has_checksum(block), self.position - len(block)
                try:
                    held += frame.decompress(block)
                except zstandard.ZstdError:
                    self.damage, self.position = "the compressed data is damaged", start
                    return
                block = frame.unused_data if frame.eof else b""
                if frame.eof or not checked or len(held) > _HELD_BYTES:
                    yield held
                    held = b""
                if frame.eof:
                    frame, begun = opened.decompressobj(), False
        if begun:
            yield held  # cut off, but nothing says that it is wrong
            self.damage = "the file ends in the middle of a batch"


def _has_checksum(frame: bytes) -> bool:
    """Whether a zstd frame ends with a checksum; taken to be so where its header is not all there."""
    return len(frame) < 5 or bool(frame[4] & _CHECKSUM_FLAG)


def _record(line: _Line) -> AnyRecord | None:
    """The record on a line; ``None`` for a kind that is not known. Raises ValueError where a field is missing."""
    make = _MAKERS.get(line.t)
    return None if make is None else make(line, _time_ns(line))


def _time_ns(line: _Line) -> int:
    if line.ns is not None:
        return line.ns
    if line.ts is None or not line.ts.is_finite():
        raise ValueError("it has no time")
    # Exact: a float of epoch seconds has lost the last digits already, its decimal text has not.
    return int((line.ts * _NS).to_integral_value())


def _raw(line: _Line) -> bytes:
    if line.data is not None:
        return line.data.encode()
    if line.base64 is None:
        raise ValueError("it has no data")
    try:
        return base64.b64decode(line.base64, validate=True)
    except binascii.Error:
        raise ValueError("its data is not base64") from None


_MAKERS: dict[str, Callable[[_Line, int], AnyRecord]] = {
    "connect": lambda line, ns: Connected(
        ns=ns, conn=line.conn, addr=line.addr, venue=line.venue, connection=line.connection
    ),
    "close": lambda line, ns: Closed(ns=ns, conn=line.conn),
    "send": lambda line, ns: Sent(ns=ns, conn=line.conn, data=line.data or ""),
    "recv": lambda line, ns: Received(ns=ns, conn=line.conn, data=_raw(line)),
    "oversize": lambda line, ns: Oversized(ns=ns, conn=line.conn, size=line.size),
    "http": lambda line, ns: Fetched(ns=ns, url=line.url, data=_raw(line), venue=line.venue),
}
