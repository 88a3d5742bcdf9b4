"""``hedgerow decode`` as a script runs it: a process with frames on its standard input."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events import Heard, Ticker
from feeds.bybit.parse import Decoder
from tests.feeds.binance.test_frames import LEVELS
from tests.feeds.binance.test_marks import MARK, combined
from tests.feeds.bybit.test_tickers import SNAPSHOT, WHOLE, delta, frame
from tests.support.frames import SHARED
from tests.support.patience import PATIENCE

PONG = b'{"op":"pong"}'


def decode(frames: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tui.cli.decode", *options]
    return subprocess.run(command, input=frames, capture_output=True, timeout=PATIENCE, check=False)


def lines(*frames: bytes) -> bytes:
    return b"".join(line + b"\n" for line in frames)


def events(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def complaints(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    text = done.stderr.decode()
    assert "Traceback" not in text
    return text.splitlines()


def test_each_frame_becomes_an_event_and_deltas_are_merged() -> None:
    done = decode(lines(frame("snapshot", SNAPSHOT), delta(1, markPrice="65117.43"), PONG), "--venue", "bybit")
    assert (done.returncode, complaints(done)) == (0, [])
    first, second, third = events(done)
    numbers = {
        name: value for name, value in WHOLE.items() if name not in ("next_funding_time_ns", "funding_interval_hours")
    }
    assert first.items() >= (numbers | {"event": "ticker", "next_funding_time_ns": 1786320000000000000}).items()
    assert second == first | {"mark_price": "65117.43", "venue_time_ns": second["venue_time_ns"]}
    assert third == {"event": "heard", "kind": "pong"}


def test_events_can_be_read_back() -> None:
    done = decode(lines(frame("snapshot", SNAPSHOT)), "--venue", "bybit")
    event = msgspec.json.decode(done.stdout, type=Ticker | Heard)
    assert isinstance(event, Ticker)
    assert event.mark_price == Decimal("65117.44")


@pytest.mark.parametrize(
    ("options", "raw", "instrument"),
    [
        (("--venue", "bybit"), frame("snapshot", SNAPSHOT), "bybit:linear:BTCUSDT"),
        (("--venue", "bybit", "--market", "inverse"), frame("snapshot", SNAPSHOT), "bybit:inverse:BTCUSDT"),
        (("--venue", "bybit", "--market", "spot"), frame("snapshot", SNAPSHOT), "bybit:spot:BTCUSDT"),
        (("--venue", "binance"), combined(MARK), "binance:usdm:BTCUSDT"),
        (("--venue", "binance", "--market", "usdm"), combined(MARK), "binance:usdm:BTCUSDT"),
        (("--venue", "binance", "--market", "spot"), json.dumps(LEVELS).encode(), "binance:spot:BTCUSDT"),
    ],
)
def test_the_market_is_the_users_or_the_venues_first(options: tuple[str, ...], raw: bytes, instrument: str) -> None:
    done = decode(lines(raw), *options)
    assert done.returncode == 0
    assert [event["instrument"] for event in events(done)] == [instrument]


def test_an_array_gives_a_line_for_each_event() -> None:
    done = decode(lines(combined([MARK, MARK | {"s": "ETHUSDT"}], "!markPrice@arr")), "--venue", "binance")
    assert [event["instrument"] for event in events(done)] == ["binance:usdm:BTCUSDT", "binance:usdm:ETHUSDT"]


def test_bad_lines_are_told_by_number_reason_and_field_and_skipped() -> None:
    bad = [b"garbage", b'{"topic":"tick', delta(2, markPrice="NaN"), b'{"topic":"unheard.of"}', b"\xff\xfe", delta(0)]
    good = [frame("snapshot", SNAPSHOT, step=1), delta(3, lastPrice="65115")]
    done = decode(lines(good[0], *bad, b"", b"   ", good[1]), "--venue", "bybit")
    assert done.returncode == 1
    told = [line.split(": ") for line in complaints(done)]
    assert [(number, reason) for number, reason, *_ in told] == [
        ("line 2", "not_json"),
        ("line 3", "truncated"),
        ("line 4", "bad_field"),
        ("line 5", "unknown_topic"),
        ("line 6", "not_json"),
        ("line 7", "out_of_order"),
    ]
    assert told[2][2:4] == ["tickers.BTCUSDT", "markPrice"]
    first, last = events(done)
    assert first["mark_price"] == WHOLE["mark_price"]
    assert (last["last_price"], last.get("mark_price")) == ("65115", None)


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n  \n\r\n\t\n"])
def test_nothing_in_nothing_out(content: bytes) -> None:
    done = decode(content, "--venue", "binance")
    assert (done.returncode, done.stdout, complaints(done)) == (0, b"", [])


def test_a_last_line_without_its_end_counts() -> None:
    done = decode(PONG + b"\r\n" + PONG, "--venue", "bybit")
    assert (done.returncode, len(events(done))) == (0, 2)


def test_a_line_of_ten_megabytes_is_one_bad_line() -> None:
    huge = b'{"topic":"tickers.BTCUSDT","data":"' + b"x" * 10_000_000 + b'"}'
    done = decode(lines(huge, PONG, b"[" * 3_000_000, PONG), "--venue", "bybit")
    assert done.returncode == 1
    assert [line.rpartition(": ")[0] for line in complaints(done)] == ["line 1: oversize", "line 3: not_json"]
    assert len(events(done)) == 2


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak memory is read from /proc")
def test_memory_stays_bounded_whatever_comes() -> None:
    code = (
        "import sys; from tui.cli.main import main; code = main(['decode', '--venue', 'binance']);"
        "sys.stderr.write(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')));"
        "sys.exit(code)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for _ in range(120):
            process.stdin.write(b"x" * 1_000_000)
        process.stdin.close()
        told, peak = process.stderr.read().decode().splitlines()
        assert (process.wait(PATIENCE), told) == (1, "line 1: oversize: more than 4194304 bytes")
    assert int(peak.split()[1]) < 80_000  # kB


def test_a_terminal_is_never_sent_what_a_frame_says_verbatim() -> None:
    done = decode(lines(json.dumps({"topic": "tickers.\x1b[2J\u202e", "type": "x"}).encode()), "--venue", "bybit")
    assert done.returncode == 1
    assert all(character.isprintable() for line in complaints(done) for character in line)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "--venue"),
        (("--venue", "nobody"), "nobody"),
        (("--venue", "bybit", "--market", "usdm"), "linear, inverse, spot"),
        (("--venue", "binance", "--market", "linear"), "usdm, coinm, spot"),
        (("--venue", "bybit", "frames.txt"), "frames.txt"),
    ],
)
def test_wrong_usage_is_said_and_is_two(options: tuple[str, ...], expected: str) -> None:
    done = decode(PONG, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert expected in " ".join(complaints(done))


def test_a_terminal_for_input_is_wrong_usage() -> None:
    leader, follower = pty.openpty()
    try:
        command = [sys.executable, "-m", "tui.cli.decode", "--venue", "bybit"]
        done = subprocess.run(command, stdin=follower, capture_output=True, timeout=PATIENCE, check=False)
    finally:
        os.close(leader)
        os.close(follower)
    assert done.returncode == 2
    assert b"< frames" in done.stderr


def test_a_reader_that_leaves_is_no_traceback() -> None:
    command = [sys.executable, "-m", "tui.cli.decode", "--venue", "bybit"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines(PONG))
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.write(lines(PONG) * 10)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 141


def test_events_come_as_frames_do() -> None:
    command = [sys.executable, "-m", "tui.cli.decode", "--venue", "bybit"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for step in range(3):
            process.stdin.write(lines(frame("snapshot", SNAPSHOT, step=step)))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["mark_price"] == WHOLE["mark_price"]
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_the_schema_describes_what_is_printed() -> None:
    done = decode(b"", "--schema")
    schema = json.loads(done.stdout)
    assert done.returncode == 0
    printed = events(decode(lines(frame("snapshot", SNAPSHOT), PONG), "--venue", "bybit"))
    for event in printed:
        reference = schema["discriminator"]["mapping"][event["event"]]
        described = schema["$defs"][reference.rpartition("/")[2]]
        assert set(event) <= set(described["properties"])
        assert set(described["required"]) <= set(event)
    assert {"type": "string", "format": "decimal"} in schema["$defs"]["Ticker"]["properties"]["mark_price"]["anyOf"]


def test_the_command_is_the_same_by_either_name() -> None:
    raw = lines(frame("snapshot", SNAPSHOT), b"x")
    command = [sys.executable, "-m", "tui.cli.main", "decode", "--venue", "bybit"]
    main = subprocess.run(command, input=raw, capture_output=True, timeout=PATIENCE, check=False)
    alone = decode(raw, "--venue", "bybit")
    assert (main.returncode, main.stdout, main.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys; from tui.cli.main import main; main(['decode', '--venue', 'bybit']);"
        "print(*sorted({'httpx', 'pydantic', 'textual', 'websockets', 'aiohttp', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=PATIENCE, check=True)
    assert done.stdout.strip() == b""


@settings(max_examples=8, deadline=None)
@given(st.binary(max_size=2000))
def test_bytes_of_any_sort_end_in_zero_or_one(content: bytes) -> None:
    done = decode(content, "--venue", "bybit")
    assert done.returncode in (0, 1)
    assert (done.returncode == 1) == bool(complaints(done))


@pytest.mark.skipif(not (SHARED / "wire" / "bybit").is_dir(), reason="no venue samples beside the checkout")
def test_the_samples_of_a_venue_decode_line_by_line() -> None:
    names = ["ws_tickers_linear_snapshot", "ws_tickers_linear_future_snapshot", "ws_orderbook_snapshot", "ws_kline"]
    raw = [json.dumps(json.loads((SHARED / "wire" / "bybit" / f"{name}.json").read_text())).encode() for name in names]
    done = decode(lines(*raw), "--venue", "bybit")
    decoder = Decoder("linear")
    expected = [msgspec.to_builtins(event) for line in raw for event in decoder.decode(line, 0)]
    assert (done.returncode, events(done)) == (0, expected)


MARK_PRICE_ROW = {
    "symbol": "BTCUSDT",
    "markPrice": "61000.1",
    "indexPrice": "61001.2",
    "lastFundingRate": "0.0001",
    "interestRate": "0.0001",
    "nextFundingTime": 1786320000000,
    "time": 1786300000000,
}


def test_a_rest_body_is_read_by_its_endpoint_however_that_is_written() -> None:
    body = json.dumps([MARK_PRICE_ROW], indent=1).encode()
    path = "/fapi/v1/premiumIndex"
    for endpoint in (path, f"GET {path}", f"get {path}?symbol=BTCUSDT", f"https://host{path}"):
        done = decode(body, "--venue", "binance", "--rest", endpoint)
        assert (done.returncode, complaints(done)) == (0, [])
        assert events(done)[0]["mark_price"] == "61000.1"


def test_bodies_one_a_line_are_read_each() -> None:
    good = json.dumps([MARK_PRICE_ROW]).encode()
    done = decode(lines(good, b"{", good), "--venue", "binance", "--rest", "/fapi/v1/premiumIndex")
    assert (done.returncode, len(complaints(done))) == (1, 1)
    assert complaints(done)[0].startswith("line 2: ")
    assert len(events(done)) == 2


@pytest.mark.parametrize("body", [b"", b"\n"])
def test_no_body_tells_nothing(body: bytes) -> None:
    done = decode(body, "--venue", "binance", "--rest", "/fapi/v1/premiumIndex")
    assert (done.returncode, done.stdout, complaints(done)) == (0, b"", [])


def test_an_endpoint_that_is_not_read_is_refused_with_its_neighbours() -> None:
    done = decode(b"{}", "--venue", "binance", "--rest", "/fapi/v1/premiumIndexx")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "/fapi/v1/premiumIndex" in complaints(done)[0]


def test_a_frame_over_several_lines_is_one_frame() -> None:
    spread = json.dumps(json.loads(frame("snapshot", SNAPSHOT)), indent=1).encode()
    done = decode(lines(spread, PONG, b"garbage"), "--venue", "bybit")
    assert [event["event"] for event in events(done)] == ["ticker", "heard"]
    number = len(spread.splitlines()) + 2
    assert complaints(done)[0].startswith(f"line {number}: not_json")


def test_a_binary_frame_travels_as_base64() -> None:
    done = decode(lines(base64.b64encode(PONG), PONG), "--venue", "bybit", "--base64")
    assert [event["kind"] for event in events(done)] == ["pong", "pong"]


def test_candles_need_to_know_of_what_they_are() -> None:
    row = [1591256460000, "9653.29", "9654.56", "9651.00", "9651.07", "0", 1591256519999, "0", 60, "0", "0", "0"]
    body, path = json.dumps([row]).encode(), "/fapi/v1/markPriceKlines"
    bare = decode(body, "--venue", "binance", "--rest", path)
    assert (bare.returncode, bare.stdout) == (1, b"")
    assert "interval: bad field: the body does not tell it" in complaints(bare)[0]
    done = decode(body, "--venue", "binance", "--rest", f"{path}?symbol=BTCUSDT&interval=1m")
    (loaded,) = events(done)
    assert (loaded["instrument"], loaded["candles"][0]["close"]) == ("binance:usdm:BTCUSDT", "9651.07")
    assert loaded["interval_ns"] == 60_000_000_000
