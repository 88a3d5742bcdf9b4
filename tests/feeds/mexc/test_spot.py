"""MEXC's spot stream, in bytes that the official library of Protocol Buffers has written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper
from hypothesis import given
from hypothesis import strategies as st

from core.events import BalanceUpdate, DayStatistics, FaultKind, Heard, Ticker
from feeds.mexc import protobuf
from feeds.mexc.spot import SpotDecoder
from tests.feeds.mexc.frames import TS, spot_account, spot_book, spot_ticker
from tests.support.frames import encode, faults, only_fault, refused, said, tickers

NOW_NS = (TS + 60) * 1_000_000
BAD_TEXTS = ("", "NaN", "sNaN", "-Infinity", "abc", "-1", "1_000", "1e999", "½", " ")


def test_the_best_bid_and_ask() -> None:
    (ticker,) = SpotDecoder().decode(spot_book(), NOW_NS)
    assert isinstance(ticker, Ticker)
    assert said(ticker) == {
        "instrument": "mexc:spot:BTCUSDT",
        "channel": "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT",
        "bid_price": "93387.28",
        "bid_size": "3.73485",
        "ask_price": "93387.29",
        "ask_size": "7.669875",
    }
    assert ticker.venue_time_ns == TS * 1_000_000


def test_the_last_price_and_the_day() -> None:
    ticker, day = SpotDecoder().decode(spot_ticker(), NOW_NS)
    assert isinstance(ticker, Ticker)
    assert isinstance(day, DayStatistics)
    assert ticker.last_price == day.last_price == Decimal(76521)
    assert (day.high_price, day.low_price) == (Decimal("77196.3"), Decimal("75630.77"))
    assert (day.volume, day.turnover) == (Decimal("7666.720258"), Decimal("584664223.92"))
    assert day.volume is not None
    assert day.volume * Decimal("76521") == pytest.approx(day.turnover, rel=Decimal("0.01"))


def test_a_balance_is_what_is_free_and_what_orders_hold() -> None:
    (event,) = SpotDecoder(account="main:spot").decode(spot_account(), NOW_NS)
    assert isinstance(event, BalanceUpdate)
    assert (event.account, event.asset, event.wallet_balance) == ("main:spot", "USDT", Decimal("12.75"))
    assert event.venue_time_ns == TS * 1_000_000


def test_an_account_decoder_has_no_use_for_prices_nor_the_other_for_balances() -> None:
    for decoder, frame in ((SpotDecoder(), spot_account()), (SpotDecoder(account="a"), spot_book())):
        (event,) = decoder.decode(frame, NOW_NS)
        assert isinstance(event, Heard)
        assert event.kind == "unused"


@pytest.mark.parametrize("odd", BAD_TEXTS)
@pytest.mark.parametrize("name", ["bidPrice", "bidQuantity", "askPrice", "askQuantity"])
def test_a_bad_number_is_named(name: str, odd: str) -> None:
    events = SpotDecoder().decode(spot_book("BTCUSDT", TS, **{name: odd}), NOW_NS)
    assert [fault.field for fault in faults(events)] == [name]
    assert len(tickers(events)) == 1


@pytest.mark.parametrize("odd", BAD_TEXTS)
def test_a_bad_balance_is_refused(odd: str) -> None:
    events = SpotDecoder(account="a").decode(spot_account(free=odd), NOW_NS)
    assert refused(events, FaultKind.BAD_FIELD, "balanceAmount")


@pytest.mark.parametrize("sent", [0, -1, TS + 2 * 86_400_000, 2**62])
def test_a_push_without_a_sound_time_is_refused(sent: int) -> None:
    assert refused(SpotDecoder().decode(spot_book(sent=sent), NOW_NS), FaultKind.BAD_FIELD, "sendTime")


def test_an_older_push_is_out_of_order() -> None:
    decoder = SpotDecoder()
    decoder.decode(spot_book(sent=TS), NOW_NS)
    assert refused(decoder.decode(spot_book(sent=TS - 1), NOW_NS), FaultKind.OUT_OF_ORDER, "sendTime")
    decoder.reset()
    assert tickers(decoder.decode(spot_book(sent=TS - 1), NOW_NS))


def test_a_push_of_another_pair_than_its_channel_is_refused() -> None:
    wrapper = PushDataV3ApiWrapper()
    wrapper.ParseFromString(spot_book("BTCUSDT"))
    wrapper.symbol = "ETHUSDT"
    assert refused(SpotDecoder().decode(wrapper.SerializeToString(), NOW_NS), FaultKind.BAD_FIELD, "symbol")


@pytest.mark.parametrize(
    ("frame", "kind", "channel"),
    [
        ({"id": 0, "code": 0, "msg": "PONG"}, "pong", ""),
        (
            {"id": 0, "code": 0, "msg": "spot@public.miniTicker.v3.api.pb@BTCUSDT@UTC+8"},
            "ack",
            "spot@public.miniTicker.v3.api.pb@BTCUSDT@UTC+8",
        ),
        (
            {"id": 0, "code": 0, "msg": "Not Subscribed successfully! [spot@public.x@NOPE]. Reason: Blocked!"},
            "refusal",
            "spot@public.x@NOPE",
        ),
        (
            {"id": 0, "code": 30000, "msg": "spot@private.account.v3.api.pb"},
            "refusal",
            "spot@private.account.v3.api.pb",
        ),
        ({"id": 0, "code": 0, "msg": ""}, "refusal", ""),
    ],
)
def test_answers(frame: dict[str, Any], kind: str, channel: str) -> None:
    (event,) = SpotDecoder().decode(encode(frame), NOW_NS)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel) == (kind, channel)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (b"", FaultKind.NOT_JSON),
        (b"garbage", FaultKind.NOT_JSON),
        (b"{}", FaultKind.UNKNOWN_TOPIC),
        (b"{", FaultKind.TRUNCATED),
        (spot_book()[:-3], FaultKind.TRUNCATED),
        (b"\x0b", FaultKind.NOT_JSON),
        (b"\x00\x00", FaultKind.NOT_JSON),
        (b"\x20" + b"\xff" * 11, FaultKind.TRUNCATED),
        (b"\x20\x01" * 257, FaultKind.NOT_JSON),
        (b"\x08" * (5 * 1024 * 1024), FaultKind.OVERSIZE),
    ],
)
def test_what_is_no_message_is_refused(frame: bytes, kind: FaultKind) -> None:
    assert only_fault(SpotDecoder().decode(frame, NOW_NS)).kind is kind


# --- the wire format -------------------------------------------------------------------------------------------------


@given(st.text(max_size=40), st.text(max_size=20), st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_what_the_library_writes_is_read_back(channel: str, symbol: str, created: int, sent: int) -> None:
    wrapper = PushDataV3ApiWrapper(channel=channel, symbol=symbol, createTime=created, sendTime=sent)
    found = protobuf.read(wrapper.SerializeToString())
    assert found.get(1, b"") == channel.encode()
    assert found.get(3, b"") == symbol.encode()
    times = [found.get(number, 0) for number in (5, 6)]
    assert [protobuf.signed(value) for value in times if isinstance(value, int)] == [created, sent]


def test_fixed_fields_are_passed_over() -> None:
    fixed = b"\x09" + b"\x01" * 8 + b"\x15" + b"\x01" * 4 + b"\x18\x05"
    assert protobuf.read(fixed) == {3: 5}
    for length in (3, 8, 10, 13):
        with pytest.raises(protobuf.BadMessage, match="breaks off"):
            protobuf.read(fixed[:length])


@given(st.binary(max_size=200))
def test_anything_at_all_is_taken_in_silence(frame: bytes) -> None:
    assert SpotDecoder().decode(frame, NOW_NS)
    assert SpotDecoder(account="a").decode(frame, NOW_NS)
