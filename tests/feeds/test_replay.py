"""Replay: the capture's own clock, however fast; what is odd in a capture is said; the end stays on the screen."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.commands import StepTarget
from core.demo_book import replay_book
from core.engine import Engine
from core.errors import CaptureError
from core.events import AnyEvent, ConnectionChanged, FrameFault, Ticker
from core.snapshot import Mode, Snapshot
from feeds.capture import CaptureWriter
from feeds.paper import PaperBroker
from feeds.records import AnyRecord, Closed, Connected, Fetched, Oversized, Received
from feeds.replay import CADENCE_NS, ReplayHost, replay_events, replay_to_end
from tests.support.patience import PATIENCE

OURS = Path(__file__).parent / "fixtures" / "bybit-simulated.jsonl.zst"
START = 1_790_000_000_000_000_000
LINEAR = "wss://stream.bybit.com/v5/public/linear"


def frame(price: int, milliseconds: int, symbol: str = "BTCUSDT") -> bytes:
    data = {
        "symbol": symbol,
        "markPrice": str(price),
        "indexPrice": str(price),
        "fundingRate": "0.0001",
        "nextFundingTime": "1790006400000",
        "fundingIntervalHour": "8",
    }
    content: dict[str, Any] = {"topic": f"tickers.{symbol}", "type": "snapshot", "data": data, "cs": milliseconds}
    return json.dumps({**content, "ts": START // 10**6 + milliseconds}).encode()


def at(milliseconds: int) -> int:
    return START + milliseconds * 10**6


def capture(path: Path, records: list[AnyRecord]) -> Path:
    writer = CaptureWriter(path, started_ns=START)
    for record in records:
        writer.tap(record)
    writer.close()
    return path


def opened(milliseconds: int = 0, conn: str = "one", addr: str = LINEAR) -> Connected:
    return Connected(ns=at(milliseconds), conn=conn, addr=addr, venue="bybit", connection="linear")


def received(price: int, milliseconds: int, conn: str = "one") -> Received:
    return Received(ns=at(milliseconds), conn=conn, data=frame(price, milliseconds))


def engine_and_broker() -> tuple[Engine, PaperBroker]:
    book = replay_book({"BTC": Decimal(2)})
    engine = Engine([book], mode=Mode.REPLAY, source="capture")
    return engine, PaperBroker(book.accounts, engine.positions)


def marks(events: list[AnyEvent]) -> list[int]:
    return [int(event.mark_price or 0) for event in events if isinstance(event, Ticker)]


# --- what a capture says ---


def test_the_engine_s_time_is_the_capture_s(tmp_path: Path) -> None:
    path = capture(tmp_path / "a", [opened(), received(60_000, 10), received(60_001, 5_000)])
    snapshot = replay_to_end(path, *engine_and_broker())
    assert snapshot.time_ns == at(5_000)
    mark = snapshot.books[0].hedges[0].mark_price
    assert (mark.value, mark.observed_ns) == (Decimal(60_001), at(5_000))


class Noting(Engine):
    """An engine that notes the times it is told."""

    told: list[int]

    def advance(self, now_ns: int) -> None:
        self.told.append(now_ns)
        super().advance(now_ns)


def noting() -> tuple[Noting, PaperBroker]:
    book = replay_book({"BTC": Decimal(2)})
    engine = Noting([book], mode=Mode.REPLAY, source="capture")
    engine.told = []
    return engine, PaperBroker(book.accounts)


def test_time_is_told_at_a_fixed_cadence_of_the_capture(tmp_path: Path) -> None:
    path = capture(tmp_path / "a", [opened(), received(60_000, 100), received(60_001, 1_130)])
    engine, broker = noting()
    replay_to_end(path, engine, broker)
    ticks = [at(0) + step * CADENCE_NS for step in (1, 2, 3, 4)]
    assert engine.told[:4] == ticks
    assert set(engine.told[4:]) == {at(1_130)}


def test_a_gap_of_years_is_crossed_in_one_step(tmp_path: Path) -> None:
    years = 10 * 365 * 86_400_000
    path = capture(tmp_path / "a", [opened(), received(60_000, 1), Received(ns=at(years), conn="one", data=b"x")])
    engine, broker = noting()
    snapshot = replay_to_end(path, engine, broker)
    assert len(engine.told) < 10, "not at the cadence of a capture"
    assert snapshot.time_ns == at(years)
    assert not snapshot.books[0].hedges[0].mark_price.known, "a price of ten years ago is none"


def test_a_lost_connection_is_shown_as_it_was(tmp_path: Path) -> None:
    path = capture(
        tmp_path / "a",
        [opened(), received(60_000, 1), Closed(ns=at(2), conn="one"), opened(3, "two"), received(60_001, 4, "two")],
    )
    states = [event.state.value for event in replay_events(path) if isinstance(event, ConnectionChanged)]
    assert states == ["subscribing", "live", "reconnecting", "subscribing", "live"]


def test_sockets_that_overlap_in_a_swap_never_go_backwards(tmp_path: Path) -> None:
    late = Received(ns=at(30), conn="two", data=frame(60_001, 5))
    path = capture(
        tmp_path / "a",
        [
            opened(),
            received(60_010, 10),
            opened(15, "two"),
            received(60_020, 20),
            late,
            received(60_040, 40, "two"),
            Closed(ns=at(50), conn="one"),
            received(60_060, 60, "two"),
        ],
    )
    events = list(replay_events(path))
    assert marks(events) == [60_010, 60_020, 60_040, 60_060]
    assert not [event for event in events if isinstance(event, ConnectionChanged) and event.state == "reconnecting"]


def test_what_cannot_be_used_is_a_fault_or_a_note_and_never_an_error(tmp_path: Path) -> None:
    records: list[AnyRecord] = [
        opened(),
        Connected(ns=at(1), conn="other", addr="wss://elsewhere.example/feed"),
        Received(ns=at(2), conn="other", data=b"?"),
        Received(ns=at(3), conn="one", data=b"\xff"),
        Oversized(ns=at(4), conn="one", size=10_000_000),
        Fetched(ns=at(5), url="https://api.bybit.com/v5/market/instruments-info?category=linear", data=b"<html>"),
        Fetched(ns=at(6), url="https://api.elsewhere.example/x", data=b"{}"),
        received(60_000, 7),
    ]
    path = capture(tmp_path / "a", records)
    faults = [event for event in replay_events(path) if isinstance(event, FrameFault)]
    assert [(fault.connection, fault.kind.value) for fault in faults] == [
        ("linear", "not_json"),
        ("linear", "oversize"),
        ("reference", "bad_field"),
    ]
    host = ReplayHost(path, *engine_and_broker(), speed=None)
    host.start()
    try:
        snapshot = host.wait_until(lambda item: "finished" in item.source, PATIENCE)
        assert snapshot is not None
        assert "1 records of wss://elsewhere.example/feed left out" in snapshot.source
        assert "1 records of https://api.elsewhere.example/x left out" in snapshot.source
    finally:
        host.stop()


@pytest.mark.parametrize(
    ("address", "venue", "origin"),
    [
        ("wss://stream.bybit.com/v5/public/linear", "", ("bybit", "linear")),
        ("wss://stream-testnet.bybit.com/v5/public/spot", "", ("bybit", "spot")),
        ("ws://127.0.0.1:40000/v5/public/inverse", "bybit", ("bybit", "inverse")),
        ("wss://fstream.binance.com/market/stream?streams=btcusdt@markPrice", "", ("binance", "usdm")),
        ("wss://fstream.binance.com/public/ws/btcusdt@bookTicker", "", ("binance", "usdm")),
        ("wss://fstream.binance.com/stream", "", ("binance", "usdm")),
        ("wss://stream.binance.com:9443/stream", "", ("binance", "spot")),
        ("ws://127.0.0.1:40000/stream", "binance", ("binance", "spot")),
        ("ws://127.0.0.1:40000/stream", "", None),
        ("wss://stream.bybit.com/v5/private", "", None),
        ("wss://ws.kraken.com/v2", "", None),
        ("wss://ws.okx.com:8443/ws/v5/public", "", ("okx", "linear")),
        ("wss://wspap.okx.com:8443/ws/v5/public", "", ("okx", "linear")),
        ("wss://ws.okx.com:8443/ws/v5/private", "", None),
        ("ws://127.0.0.1:40000/ws/v5/public", "okx", ("okx", "linear")),
        ("ws://127.0.0.1:40000/ws/v5/public", "", None),
        ("wss://contract.mexc.com/edge", "", ("mexc", "linear")),
        ("ws://127.0.0.1:40000/edge", "mexc", ("mexc", "linear")),
        ("wss://wbs-api.mexc.com/ws", "", ("mexc", "spot")),
        ("ws://127.0.0.1:40000/ws", "mexc", ("mexc", "spot")),
    ],
)
def test_an_address_tells_its_market(address: str, venue: str, origin: tuple[str, str] | None) -> None:
    from feeds.origins import market_at

    assert market_at(address, venue) == origin


@pytest.mark.parametrize(
    ("address", "venue"),
    [
        ("https://api.bybit.com/v5/market/time", "bybit"),
        ("https://api.mexc.com/api/v1/contract/detail", "mexc"),
        ("https://www.okx.com/api/v5/public/instruments", "okx"),
        ("https://contract.mexc.com/api/v1/private/account/assets", "mexc"),
        ("https://api.mexc.com/api/v3/klines", "mexc"),
        ("https://api.binance.com/api/v3/klines", "binance"),
        ("https://fapi.binance.com/fapi/v1/markPriceKlines", "binance"),
        ("https://elsewhere.example/x", ""),
    ],
)
def test_an_address_tells_its_venue(address: str, venue: str) -> None:
    from feeds.origins import venue_of

    assert venue_of(address) == venue


# --- on the screen ---


def finished(snapshot: Snapshot) -> bool:
    return snapshot.source.endswith(", finished")


def test_the_end_stays_and_time_stands_still() -> None:
    book = replay_book({"BTC": Decimal(2)})
    engine = Engine([book], mode=Mode.REPLAY, source="capture at max")
    host = ReplayHost(OURS, engine, PaperBroker(book.accounts, engine.positions), speed=None, refresh_hz=50)
    host.start()
    try:
        end = host.wait_until(finished, PATIENCE)
        assert end is not None
        assert end.source == "capture at max, finished"
        later = host.wait_until(lambda item: item.sequence > end.sequence + 3, PATIENCE)
        assert later is not None
        assert later.time_ns == end.time_ns
        assert later.books == end.books
        host.send(StepTarget(book="replay", instrument="bybit:linear:BTCUSDT", step=Decimal("0.05")))
        moved = host.wait_until(lambda item: item.books[0].hedges[0].target_ratio.value == Decimal("0.55"), PATIENCE)
        assert moved is not None
        assert moved.time_ns == end.time_ns
    finally:
        host.stop()


def test_as_fast_as_possible_ends_where_replay_to_end_does() -> None:
    book = replay_book({"BTC": Decimal(2)})
    engine = Engine([book], mode=Mode.REPLAY, source="capture")
    host = ReplayHost(OURS, engine, PaperBroker(book.accounts, engine.positions), speed=None)
    host.start()
    try:
        end = host.wait_until(finished, PATIENCE)
    finally:
        host.stop()
    assert end is not None
    again = replay_to_end(OURS, *engine_and_broker())
    assert msgspec.json.encode(end.books) == msgspec.json.encode(again.books)


def test_speed_is_kept(tmp_path: Path) -> None:
    """Half a second of capture at 1x takes half a second; its time passes between records, never beyond the next."""
    path = capture(tmp_path / "a", [opened(), received(60_000, 1), received(60_001, 500)])
    host = ReplayHost(path, *engine_and_broker(), speed=1.0, refresh_hz=50)
    started = time.monotonic()
    host.start()
    try:
        middle = host.wait_until(lambda item: at(200) <= item.time_ns, PATIENCE)
        assert middle is not None
        due = 60_000 if middle.time_ns < at(500) else 60_001  # a machine may stand while the capture goes on
        assert middle.books[0].hedges[0].mark_price.value == due
        end = host.wait_until(finished, PATIENCE)
        assert time.monotonic() - started >= 0.5
        assert end is not None
        assert end.books[0].hedges[0].mark_price.value == 60_001
    finally:
        host.stop()


def test_a_file_that_is_no_capture_is_refused_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello\n")
    with pytest.raises(CaptureError):
        ReplayHost(path, *engine_and_broker())
