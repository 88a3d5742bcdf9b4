"""Bybit frames that are not tickers: best levels, topics that are not used, answers, and what is no frame at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import FaultKind, Heard, Ticker
from feeds.bybit.parse import Decoder
from feeds.frames import MAX_FRAME_BYTES
from tests.support.frames import BAD_PRICES, BAD_SIZES, encode, faults, only_fault, refused, said, tickers

TS = 1_786_310_817_583
TOPIC = "orderbook.1.BTCUSDT"
LEVELS: dict[str, Any] = {"s": "BTCUSDT", "b": [["65140.4", "0.875"]], "a": [["65140.5", "0.47"]], "u": 100, "seq": 1}
BEST = {
    "instrument": "bybit:spot:BTCUSDT",
    "channel": TOPIC,
    "bid_price": "65140.4",
    "bid_size": "0.875",
    "ask_price": "65140.5",
    "ask_size": "0.47",
}


def book(*, kind: str = "snapshot", ts: Any = TS, topic: str = TOPIC, **changed: Any) -> bytes:
    return encode({"topic": topic, "ts": ts, "type": kind, "data": LEVELS | changed, "cts": TS - 3})


# --- best levels -------------------------------------------------------------------------------------------------


def test_the_best_level_gives_bid_and_ask() -> None:
    (event,) = Decoder("spot").decode(book(), 5)
    assert isinstance(event, Ticker)
    assert said(event) == BEST
    assert event.venue_time_ns == TS * 1_000_000


def test_the_same_book_again_says_that_nothing_changed() -> None:
    decoder = Decoder("spot")
    first, again = decoder.decode(book(), 5), decoder.decode(book(ts=TS + 3000), 6)
    assert said(tickers(first)[0]) == said(tickers(again)[0])


def test_a_newer_book_replaces_the_older() -> None:
    decoder = Decoder("spot")
    decoder.decode(book(), 5)
    assert tickers(decoder.decode(book(u=101, b=[["65140.3", "2"]]), 6))[0].bid_price == Decimal("65140.3")


@pytest.mark.parametrize("older", [{"u": 99}, {"u": 101, "ts": TS - 1}])
def test_an_older_book_is_out_of_order(older: dict[str, Any]) -> None:
    decoder = Decoder("spot")
    decoder.decode(book(), 5)
    assert refused(decoder.decode(book(**older), 6), FaultKind.OUT_OF_ORDER)


def test_the_first_update_of_a_new_count_is_taken() -> None:
    decoder = Decoder("spot")
    decoder.decode(book(), 5)
    assert tickers(decoder.decode(book(u=1, a=[["65140.6", "1"]]), 6))[0].ask_price == Decimal("65140.6")
    assert tickers(decoder.decode(book(u=2), 6))


@pytest.mark.parametrize(("side", "kept"), [("b", "ask"), ("a", "bid")])
def test_an_empty_side_has_no_best_level(side: str, kept: str) -> None:
    empty: dict[str, Any] = {side: []}
    (event,) = Decoder("spot").decode(book(**empty), 5)
    assert isinstance(event, Ticker)
    assert said(event) == {name: value for name, value in BEST.items() if name.startswith((kept, "instr", "chan"))}


ODD_LEVELS: list[Any] = [
    *[[[price, "1"]] for price in BAD_PRICES],
    *[[["65140.4", size]] for size in BAD_SIZES],
    *([["65140.4"]], [["65140.4", "1", "2"]], ["65140.4"], "65140.4", None, [[]], {"0": 1}),
]


@pytest.mark.parametrize("levels", ODD_LEVELS)
def test_a_bad_level_is_named_and_its_side_not_shown(levels: Any) -> None:
    decoder = Decoder("spot")
    decoder.decode(book(), 5)
    found = decoder.decode(book(u=101, b=levels), 6)
    assert [(fault.kind, fault.field) for fault in faults(found)] == [(FaultKind.BAD_FIELD, "b")]
    assert [said(ticker) for ticker in tickers(found)] == [{k: v for k, v in BEST.items() if not k.startswith("bid")}]


ODD_PARTS: list[tuple[dict[str, Any], str]] = [
    *[({"u": odd}, "u") for odd in (None, "", "x", -1, 1.5, ["1"])],
    *[({"s": odd}, "s") for odd in (None, "", "ETHUSDT", 5)],
    ({"kind": "delta"}, "type"),
    *[({"ts": odd}, "ts") for odd in (None, "", 0, -5)],
]


@pytest.mark.parametrize(("changed", "field"), ODD_PARTS)
def test_a_book_that_cannot_be_placed_is_refused_whole(changed: dict[str, Any], field: str) -> None:
    assert refused(Decoder("spot").decode(book(**changed), 5), FaultKind.BAD_FIELD, field)


def test_two_bad_sides_leave_nothing_to_show() -> None:
    found = Decoder("spot").decode(book(b=[["NaN", "1"]], a=[["-1", "1"]]), 5)
    assert [fault.field for fault in faults(found)] == ["b", "a"]
    assert not tickers(found)


# --- what is understood and not used -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    [
        *(
            "kline.1.BTCUSDT",
            "publicTrade.BTCUSDT",
            "orderbook.50.BTCUSDT",
            "orderbook.200.BTCUSDT",
            "orderbook.1000.X",
        ),
        *("allLiquidation.BTCUSDT", "liquidation.BTCUSDT", "priceLimit.BTCUSDT", "insurance.USDT", "adlAlert.USDT"),
        *("system.status", "wallet", "position", "order.linear", "execution.fast"),
    ],
)
def test_topics_that_are_not_used_are_heard(topic: str) -> None:
    raw = encode({"topic": topic, "type": "snapshot", "ts": TS, "data": [{"p": "1.5"}]})
    assert Decoder("linear").decode(raw, 5) == (Heard(received_ns=5, kind="unused", channel=topic),)


@pytest.mark.parametrize(
    "topic", ["", "ticker.BTCUSDT", "tickersBTCUSDT", "unheard.of", "orderbookX.1.BTCUSDT", "x" * 500]
)
def test_topics_that_nobody_knows_are_faults(topic: str) -> None:
    found = only_fault(Decoder("linear").decode(encode({"topic": topic, "type": "snapshot", "ts": TS, "data": {}}), 5))
    assert found.kind is FaultKind.UNKNOWN_TOPIC
    assert len(found.channel) <= 81


@pytest.mark.parametrize("topic", [None, 5, ["tickers.BTCUSDT"], {}, True])
def test_a_topic_that_is_no_text_is_a_bad_field(topic: Any) -> None:
    assert refused(Decoder("linear").decode(encode({"topic": topic, "data": {}}), 5), FaultKind.BAD_FIELD, "topic")


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "channel", "asked"),
    [
        ({"success": True, "ret_msg": "pong", "conn_id": "c", "req_id": "", "op": "ping"}, "pong", "", ""),
        ({"success": True, "ret_msg": "pong", "conn_id": "c", "op": "ping"}, "pong", "", ""),
        ({"args": ["1672916271846"], "op": "pong"}, "pong", "", ""),
        ({"req_id": "x", "op": "pong", "args": ["1675418560633"], "conn_id": "c"}, "pong", "", "x"),
        ({"retCode": 0, "op": "pong", "connId": "c"}, "pong", "", ""),
        ({"success": True, "ret_msg": "", "conn_id": "c", "req_id": "1", "op": "subscribe"}, "ack", "", "1"),
        ({"success": True, "ret_msg": "subscribe", "conn_id": "c", "req_id": 7, "op": "subscribe"}, "ack", "", "7"),
        ({"success": True, "ret_msg": "", "op": "subscribe", "conn_id": "c"}, "ack", "", ""),
        ({"retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c"}, "ack", "", ""),
        (
            {
                "success": False,
                "ret_msg": "error:handler not found,topic:tickers.NOPE",
                "req_id": "1",
                "op": "subscribe",
            },
            *("refusal", "tickers.NOPE", "1"),
        ),
        (
            {"success": False, "ret_msg": "Invalid symbol :[orderbook.1.X]", "op": "subscribe"},
            "refusal",
            "orderbook.1.X",
            "",
        ),
        ({"success": False, "ret_msg": "already subscribed", "op": "subscribe"}, "refusal", "", ""),
        ({"op": "auth", "success": False, "retCode": 10003, "retMsg": "Invalid apikey"}, "refusal", "", ""),
        ({"op": "auth", "retCode": 10004, "retMsg": "sign"}, "refusal", "", ""),
    ],
)
def test_answers_are_told_apart(answer: dict[str, Any], kind: str, channel: str, asked: str) -> None:
    (event,) = Decoder("linear").decode(encode(answer), 5)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.request) == (kind, channel, asked)


# --- what is no frame ------------------------------------------------------------------------------------------------

SNAPSHOT = encode({"topic": "tickers.X", "type": "snapshot", "ts": TS, "data": {"symbol": "X", "markPrice": "1.5"}})


@pytest.mark.parametrize("length", range(len(SNAPSHOT)))
def test_a_cut_frame_is_truncated_wherever_it_is_cut(length: int) -> None:
    assert refused(Decoder("linear").decode(SNAPSHOT[:length], 5), FaultKind.TRUNCATED)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"garbage",
            b"<html>busy</html>",
            b"{'topic': 'x'}",
            b'{"topic":NaN}',
            b"{}}",
            SNAPSHOT + SNAPSHOT,
            b"\x00\x01\x02",
        ),
        *(
            b"\xff\xfe\xfd",
            b'{"topic":"tickers.\xff"}',
            SNAPSHOT.replace(b'"X"', b'"\xffX"'),
            "{\ud800}",
            b"\xef\xbb\xbf{}",
        ),
        *(b"[" * 1_000_000, b'{"a":' * 200_000, b'{"topic":"tickers.X","data":' + b"[" * 5000),
    ],
)
def test_what_is_not_json_is_said_to_be(raw: bytes | str) -> None:
    assert refused(Decoder("linear").decode(raw, 5), FaultKind.NOT_JSON)


@pytest.mark.parametrize(
    "raw", [b"5", b'"text"', b"null", b"true", b"[]", b"[{}]", b"{}", b'{"a":1}', b'{"op":"subscribe"}']
)
def test_json_that_is_no_frame_has_no_known_topic(raw: bytes) -> None:
    assert refused(Decoder("linear").decode(raw, 5), FaultKind.UNKNOWN_TOPIC)


@pytest.mark.parametrize(
    "raw", [b"x" * (MAX_FRAME_BYTES + 1), SNAPSHOT + b" " * MAX_FRAME_BYTES, b"[" + b"1," * 200_000 + b"1]"]
)
def test_a_frame_that_is_too_large_is_not_opened(raw: bytes) -> None:
    assert refused(Decoder("linear").decode(raw, 5), FaultKind.OVERSIZE)


def test_faults_say_where_they_came_from() -> None:
    found = only_fault(Decoder("linear", "linear-2").decode(b"garbage", 5))
    assert (found.venue, found.connection, found.received_ns) == ("bybit", "linear-2", 5)
