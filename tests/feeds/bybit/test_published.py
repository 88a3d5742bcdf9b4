"""Bybit's own samples and a recording of its real traffic, where they lie beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import zstandard

from core.events import FaultKind, FrameFault, Heard, InstrumentListed, Ticker
from feeds.bybit.parse import Decoder
from feeds.registry import reference_events
from tests.support.frames import SHARED, faults, said, tickers

WIRE = SHARED / "wire" / "bybit"
CAPTURE = SHARED / "captures" / "bybit-v5-2026-08-09.jsonl.zst"

samples = pytest.mark.skipif(not WIRE.is_dir(), reason="no venue samples beside the checkout")
captured = pytest.mark.skipif(not CAPTURE.is_file(), reason="no recorded traffic beside the checkout")


def sample(name: str) -> bytes:
    return (WIRE / f"{name}.json").read_bytes()


@samples
def test_the_sample_snapshot_of_a_perpetual() -> None:
    (event,) = Decoder("linear").decode(sample("ws_tickers_linear_snapshot"), 1)
    assert isinstance(event, Ticker)
    assert said(event) == {
        "instrument": "bybit:linear:BTCUSDT",
        "channel": "tickers.BTCUSDT",
        "mark_price": "66666.60",
        "index_price": "115418.19",
        "last_price": "66666.60",
        "bid_price": "66666.60",
        "bid_size": "23789.165",
        "ask_price": "66666.70",
        "ask_size": "23775.469",
        "funding_rate": "-0.005",
        "next_funding_time_ns": "1760342400000000000",
        "funding_interval_hours": "8",
    }


@samples
def test_the_sample_snapshot_of_a_dated_future() -> None:
    (event,) = Decoder("linear").decode(sample("ws_tickers_linear_future_snapshot"), 1)
    assert isinstance(event, Ticker)
    assert (event.instrument, event.mark_price) == ("bybit:linear:BTC-26DEC25", Decimal("121144.63"))
    assert (event.funding_rate, event.next_funding_time_ns, event.funding_interval_hours) == (None, None, None)


@samples
def test_the_sample_delta_comes_before_its_snapshot() -> None:
    found = faults(Decoder("linear").decode(sample("ws_tickers_linear_delta"), 1))
    assert [fault.kind for fault in found] == [FaultKind.BEFORE_SNAPSHOT]


@samples
def test_the_sample_book() -> None:
    (event,) = Decoder("linear").decode(sample("ws_orderbook_snapshot"), 1)
    assert isinstance(event, Ticker)
    assert (event.bid_price, event.ask_size) == (Decimal("27450.00"), Decimal("0.750"))


@samples
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ws_kline", "unused"),
        ("ws_private_wallet", "unused"),
        ("ws_private_execution_fast", "unused"),
        ("ws_pong_linear", "pong"),
        ("ws_pong_option", "pong"),
        ("ws_subscribe_ack_linear", "ack"),
        ("ws_subscribe_ack_private", "ack"),
        ("ws_subscribe_ack_spot", "ack"),
        ("ws_subscription_failure", "refusal"),
        ("ws_auth_failure", "refusal"),
    ],
)
def test_the_other_samples_are_heard(name: str, kind: str) -> None:
    (event,) = Decoder("linear").decode(sample(name), 1)
    assert isinstance(event, Heard)
    assert event.kind == kind


# --- real traffic ----------------------------------------------------------------------------------------------------


def records() -> Iterator[dict[str, Any]]:
    with zstandard.open(CAPTURE, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@captured
def test_real_traffic_ends_where_its_own_deltas_add_up_to() -> None:
    decoders: dict[str, Decoder] = {}
    markets: dict[str, str] = {}
    last: dict[str, Ticker] = {}
    added: dict[str, dict[str, str]] = {}
    for record in records():
        if record["t"] == "connect":
            markets[record["conn"]] = record["addr"].rpartition("/")[2]
            decoders[record["conn"]] = Decoder(markets[record["conn"]])
        elif record["t"] == "recv":
            events = decoders[record["conn"]].decode(record["data"], 1)
            assert not faults(events)
            last |= {event.instrument: event for event in tickers(events)}
            content = json.loads(record["data"])
            if markets[record["conn"]] == "linear" and content.get("topic", "").startswith("tickers."):
                added.setdefault(content["data"]["symbol"], {}).update(content["data"])
    assert sorted(added) == ["BTCUSDT", "DOGEUSDT", "ETHUSDT", "SOLUSDT"]
    for symbol, fields in added.items():
        event = last[f"bybit:linear:{symbol}"]
        assert str(event.mark_price) == fields["markPrice"]
        assert str(event.index_price) == fields["indexPrice"]
        assert event.funding_rate == Decimal(fields["fundingRate"])
        assert event.next_funding_time_ns == int(fields["nextFundingTime"]) * 1_000_000
        assert str(event.bid_price) == fields["bid1Price"]
        assert str(event.ask_size) == fields["ask1Size"]
    assert sorted(last) == [*(f"bybit:linear:{symbol}" for symbol in sorted(added)), *SPOT_PAIRS]


SPOT_PAIRS = ["bybit:spot:BTCUSDT", "bybit:spot:ETHUSDT"]


@captured
def test_every_listed_instrument_of_the_recording_can_be_read() -> None:
    listed: dict[str, InstrumentListed] = {}
    for record in records():
        if record["t"] == "http":
            for event in reference_events("bybit", record["url"], record["data"].encode(), 1):
                assert not isinstance(event, FrameFault)
                if isinstance(event, InstrumentListed):
                    listed[event.instrument.id] = event
    markets = [name.split(":")[1] for name in listed]
    assert (markets.count("linear"), markets.count("spot")) == (800, 557)
    perpetual = listed["bybit:linear:BTCUSDT"].instrument
    assert (perpetual.funding_interval_hours, str(perpetual.tick_size), str(perpetual.quantity_step)) == (
        8,
        "0.10",
        "0.001",
    )
    assert listed["bybit:linear:BTCUSDT-25DEC26"].instrument.expiry_ns == 1798185600_000_000_000
