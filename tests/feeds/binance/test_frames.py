"""Binance frames that are not mark prices: book tickers, last prices, answers, notices, and what is no frame at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import FaultKind, Heard, Ticker
from feeds.binance.parse import Decoder
from feeds.frames import MAX_FRAME_BYTES
from tests.feeds.binance.test_marks import MARK, STREAM, combined, primed
from tests.support.frames import BAD_NUMBERS, BAD_PRICES, BAD_SIZES, encode, faults, only_fault, refused, said, tickers

E = 1_789_478_374_000
BOOK_STREAM = "btcusdt@bookTicker"
LEVELS: dict[str, Any] = {
    "u": 400900217,
    "s": "BTCUSDT",
    "b": "76888.1",
    "B": "31.21",
    "a": "76888.2",
    "A": "0.00",
}
FUTURES = {"e": "bookTicker", "E": E, "T": E - 2, **LEVELS, "ps": "BTCUSDT", "st": 1}
BEST = {"channel": BOOK_STREAM, "bid_price": "76888.1", "bid_size": "31.21", "ask_price": "76888.2", "ask_size": "0.00"}
PAYLOADS = {"usdm": FUTURES, "spot": LEVELS}


def seen_before(market: str, seen: bool) -> Decoder:
    decoder = Decoder(market)
    if seen:
        decoder.decode(combined(PAYLOADS[market], BOOK_STREAM), 1)
    return decoder


# --- book tickers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("market", ["usdm", "spot"])
def test_a_book_ticker_gives_bid_and_ask(market: str, seen: bool) -> None:
    (event,) = seen_before(market, seen).decode(combined(PAYLOADS[market], BOOK_STREAM), 7)
    assert isinstance(event, Ticker)
    assert said(event) == BEST | {"instrument": f"binance:{market}:BTCUSDT"}
    assert event.venue_time_ns == (E * 1_000_000 if market == "usdm" else None)


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("market", ["usdm", "spot"])
def test_a_raw_book_ticker_is_known_by_its_type_or_by_its_keys(market: str, seen: bool) -> None:
    decoder = Decoder(market)
    raw = encode(PAYLOADS[market])
    if seen:
        decoder.decode(raw, 1)
    assert said(tickers(decoder.decode(raw, 1))[0]) == BEST | {"instrument": f"binance:{market}:BTCUSDT"}


SHOWN = {"b": "bid_price", "B": "bid_size", "a": "ask_price", "A": "ask_size"}
ODD = [(name, bad) for name in SHOWN for bad in (BAD_PRICES if name.islower() else BAD_SIZES)]


@pytest.mark.parametrize("market", ["usdm", "spot"])
@pytest.mark.parametrize(("name", "bad"), ODD)
def test_a_bad_field_is_named_and_the_rest_is_used(market: str, name: str, bad: Any) -> None:
    found = seen_before(market, True).decode(combined(PAYLOADS[market] | {name: bad}, BOOK_STREAM), 1)
    assert [(fault.kind, fault.field) for fault in faults(found)] == [(FaultKind.BAD_FIELD, name)]
    kept = {key: value for key, value in BEST.items() if key != SHOWN[name]}
    assert [said(ticker) for ticker in tickers(found)] == [kept | {"instrument": f"binance:{market}:BTCUSDT"}]


@pytest.mark.parametrize("market", ["usdm", "spot"])
@pytest.mark.parametrize("bad", [*BAD_NUMBERS, -1, 1.5])
def test_an_update_id_that_is_no_good_leaves_the_order_unknown(market: str, bad: Any) -> None:
    found = seen_before(market, True).decode(combined(PAYLOADS[market] | {"u": bad}, BOOK_STREAM), 1)
    assert refused(found, FaultKind.BAD_FIELD, "u")


@pytest.mark.parametrize("market", ["usdm", "spot"])
def test_an_older_update_is_out_of_order(market: str) -> None:
    older = PAYLOADS[market] | {"u": 400900216, "b": "1.5"}
    assert refused(seen_before(market, True).decode(combined(older, BOOK_STREAM), 1), FaultKind.OUT_OF_ORDER)


def test_on_futures_time_orders_too() -> None:
    older = FUTURES | {"E": E - 1, "u": 400900218}
    assert refused(seen_before("usdm", True).decode(combined(older, BOOK_STREAM), 1), FaultKind.OUT_OF_ORDER)


def test_a_futures_book_without_a_time_is_refused() -> None:
    assert refused(Decoder("usdm").decode(combined(LEVELS, BOOK_STREAM), 1), FaultKind.BAD_FIELD, "E")


def test_coin_margined_books_are_not_ours() -> None:
    other = FUTURES | {"s": "BTCUSD_PERP", "st": 2}
    assert seen_before("usdm", True).decode(combined(other, "!bookTicker"), 1) == (
        Heard(received_ns=1, kind="unused", channel="!bookTicker"),
    )


def test_an_all_market_stream_keeps_its_symbols_apart() -> None:
    decoder = Decoder("usdm")
    books = [FUTURES | {"s": symbol, "u": update} for symbol, update in (("BTCUSDT", 900), ("ETHUSDT", 5)) * 2]
    events = [tickers(decoder.decode(combined(book, "!bookTicker"), 1))[0] for book in books]
    assert [event.instrument[-7:] for event in events] == ["BTCUSDT", "ETHUSDT"] * 2


def test_a_book_without_any_good_number_shows_nothing() -> None:
    found = Decoder("spot").decode(combined(LEVELS | dict.fromkeys("bBaA", "NaN"), BOOK_STREAM), 1)
    assert [fault.field for fault in faults(found)] == ["b", "B", "a", "A"]
    assert not tickers(found)


def test_marks_and_books_of_one_symbol_share_a_raw_socket() -> None:
    decoder = Decoder("usdm")
    for step in range(3):
        assert tickers(decoder.decode(encode(MARK | {"E": E + step}), 1))[0].mark_price == Decimal("76888.1")
        assert tickers(decoder.decode(encode(FUTURES | {"E": E + step}), 1))[0].bid_price == Decimal("76888.1")


# --- last prices -----------------------------------------------------------------------------------------------------

DAY = {
    "E": E,
    "s": "BTCUSDT",
    "p": "0.0015",
    "P": "250.00",
    "w": "0.0018",
    "c": "76890.5",
    "o": "0.0010",
    "h": "1",
    "l": "1",
}
KINDS = {"24hrTicker": "btcusdt@ticker", "24hrMiniTicker": "btcusdt@miniTicker"}


@pytest.mark.parametrize("market", ["usdm", "spot"])
@pytest.mark.parametrize("kind", KINDS)
def test_day_tickers_give_the_last_price_only(market: str, kind: str) -> None:
    for raw in (combined({"e": kind, **DAY}, KINDS[kind]), encode({"e": kind, **DAY})):
        (event,) = Decoder(market).decode(raw, 1)
        assert isinstance(event, Ticker)
        shown = {"instrument": f"binance:{market}:BTCUSDT", "channel": KINDS[kind], "last_price": "76890.5"}
        assert said(event) == shown


@pytest.mark.parametrize("bad", BAD_PRICES)
def test_a_day_ticker_without_a_last_price_is_refused(bad: Any) -> None:
    raw = combined({"e": "24hrTicker", **DAY, "c": bad}, "btcusdt@ticker")
    assert refused(Decoder("spot").decode(raw, 1), FaultKind.BAD_FIELD, "c")


def test_day_tickers_are_ordered_by_time() -> None:
    decoder = Decoder("spot")
    decoder.decode(combined({"e": "24hrTicker", **DAY}, "btcusdt@ticker"), 1)
    older = combined({"e": "24hrTicker", **DAY, "E": E - 1}, "btcusdt@ticker")
    assert refused(decoder.decode(older, 1), FaultKind.OUT_OF_ORDER)


def test_an_array_of_day_tickers_leaves_out_what_is_not_ours() -> None:
    rows = [
        {"e": "24hrMiniTicker", **DAY, "st": st, "s": s} for st, s in ((1, "BTCUSDT"), (2, "BTCUSD_PERP"), (1, "X"))
    ]
    events = Decoder("usdm").decode(combined(rows, "!miniTicker@arr"), 1)
    assert [event.instrument for event in tickers(events)] == ["binance:usdm:BTCUSDT", "binance:usdm:X"]
    assert len(events) == 2


# --- what is understood and not used ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "kline",
            "continuous_kline",
            "aggTrade",
            "trade",
            "depthUpdate",
            "forceOrder",
            "contractInfo",
            "compositeIndex",
        ),
        *(
            "assetIndexUpdate",
            "tradingSession",
            "indexPriceUpdate",
            "ACCOUNT_UPDATE",
            "ORDER_TRADE_UPDATE",
            "MARGIN_CALL",
        ),
    ],
)
def test_event_types_that_are_not_used_are_heard(kind: str) -> None:
    payload = {"e": kind, "E": E, "s": "BTCUSDT", "p": "1.5"}
    assert Decoder("usdm").decode(combined(payload, "x@y"), 1) == (Heard(received_ns=1, kind="unused", channel="x@y"),)
    assert Decoder("usdm").decode(encode(payload), 1) == (Heard(received_ns=1, kind="unused", channel=kind),)


@pytest.mark.parametrize(
    "payload", [{"e": "serverShutdown", "E": E}, {"e": "listenKeyExpired", "E": E, "listenKey": "x"}]
)
def test_notices_are_told(payload: dict[str, Any]) -> None:
    for raw in (encode(payload), combined(payload, "!serverShutdown")):
        (event,) = Decoder("spot").decode(raw, 1)
        assert isinstance(event, Heard)
        assert (event.kind, event.detail) == ("notice", payload["e"])


@pytest.mark.parametrize("kind", ["", "markprice", "x" * 300, None, 5, ["trade"], "\x1b[2J"])
def test_event_types_that_nobody_knows_are_faults(kind: Any) -> None:
    found = only_fault(Decoder("usdm").decode(combined({"e": kind, "E": E, "s": "BTCUSDT"}, "x@y"), 1))
    assert (found.kind, found.channel) == (FaultKind.UNKNOWN_TOPIC, "x@y")
    assert found.detail.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        *({"stream": None, "data": MARK}, {"stream": 5, "data": MARK}, {"stream": STREAM, "data": None}),
        *({"stream": STREAM, "data": "x"}, {"stream": STREAM, "data": 5}, {"stream": 5, "data": [MARK]}),
    ],
)
def test_a_wrapper_around_nothing_is_a_bad_field(raw: dict[str, Any]) -> None:
    found = only_fault(primed().decode(encode(raw), 1))
    assert found.kind is FaultKind.BAD_FIELD
    assert found.field in ("stream", "data")


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "asked", "detail"),
    [
        ({"result": None, "id": 1}, "ack", "1", ""),
        ({"result": None, "id": "9f-3"}, "ack", "9f-3", ""),
        ({"result": ["btcusdt@markPrice@1s"], "id": 3}, "ack", "3", ""),
        ({"result": True, "id": None}, "ack", "", ""),
        (
            {"error": {"code": 2, "msg": "Invalid request: invalid stream"}, "id": 1},
            "refusal",
            "1",
            "2: Invalid request: invalid stream",
        ),
        ({"code": 3, "msg": "Invalid JSON", "id": "x"}, "refusal", "x", "3: Invalid JSON"),
        ({"code": 0, "msg": "Unknown property"}, "refusal", "", "0: Unknown property"),
        ({"id": "1", "status": 400, "error": {"code": -1102, "msg": "no"}}, "refusal", "1", "-1102: no"),
    ],
)
def test_answers_are_told_apart(answer: dict[str, Any], kind: str, asked: str, detail: str) -> None:
    for market in ("usdm", "spot"):
        (event,) = Decoder(market).decode(encode(answer), 1)
        assert event == Heard(received_ns=1, kind=kind, request=asked, detail=detail)


# --- what is no frame ------------------------------------------------------------------------------------------------

FRAME = combined(MARK)


@pytest.mark.parametrize("length", range(len(FRAME)))
def test_a_cut_frame_is_truncated_wherever_it_is_cut(length: int) -> None:
    assert refused(primed().decode(FRAME[:length], 5), FaultKind.TRUNCATED)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"garbage",
            b"<html></html>",
            b"{'e': 'trade'}",
            b'{"p":NaN}',
            FRAME + FRAME,
            b"\x00\x01",
            b"\xff\xfe",
            "{\ud800}",
        ),
        *(
            FRAME.replace(b'"ap":"7', b'"ap":"\xff7'),
            b"[" * 1_000_000,
            b'{"a":' * 200_000,
            b'[{"e":"markPriceUpdate"' * 9000,
        ),
    ],
)
def test_what_is_not_json_is_said_to_be(raw: bytes | str) -> None:
    assert refused(primed().decode(raw, 5), FaultKind.NOT_JSON)


@pytest.mark.parametrize("raw", [b"5", b'"text"', b"null", b"{}", b'{"a":1}', b'{"method":"SUBSCRIBE","id":1}'])
def test_json_that_is_no_frame_has_no_known_topic(raw: bytes) -> None:
    assert refused(Decoder("usdm").decode(raw, 5), FaultKind.UNKNOWN_TOPIC)


@pytest.mark.parametrize(
    "raw", [b"x" * (MAX_FRAME_BYTES + 1), FRAME + b" " * MAX_FRAME_BYTES, b"[" + b"1," * 200_000 + b"1]"]
)
def test_a_frame_that_is_too_large_is_not_opened(raw: bytes) -> None:
    assert refused(primed().decode(raw, 5), FaultKind.OVERSIZE)


def test_faults_say_where_they_came_from() -> None:
    found = only_fault(Decoder("usdm", "market").decode(b"garbage", 5))
    assert (found.venue, found.connection, found.received_ns) == ("binance", "market", 5)
