"""BingX's public frames: prices, best levels, statistics, packing, pings and answers, and what is refused by name."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from core.events import DayStatistics, FaultKind, FrameFault, Heard, Ticker
from feeds.bingx.parse import Decoder, pong
from feeds.frames import MAX_FRAME_BYTES
from tests.support.frames import BAD_PRICES, BAD_SIZES, PAST_QUICK, encode, faults, only_fault, refused, said, tickers

MS = 1_790_000_000_000
NOW_NS = MS * 1_000_000
MARK: dict[str, Any] = {"e": "markPriceUpdate", "E": MS, "s": "BTC-USDT", "p": "61000.5"}
BOOK: dict[str, Any] = {
    "e": "bookTicker",
    "u": 1,
    "E": MS,
    "T": MS - 5,
    "s": "BTC-USDT",
    "b": "61000.1",
    "B": "2.5",
    "a": "61000.9",
    "A": "0",
}
DAY: dict[str, Any] = {
    "e": "24hTicker",
    "E": MS,
    "s": "BTC-USDT",
    "p": "-262.0",
    "P": "-0.21",
    "c": "61000.7",
    "L": "0.001",
    "h": "62000",
    "l": "60000",
    "v": "17030.6463",
    "q": "210028.10",
    "m": "17.5",
    "o": "61200",
    "O": MS - 86_400_000,
    "C": MS,
    "A": "61000.9",
    "a": "11.3115",
    "B": "61000.1",
    "b": "6.4426",
}
CHANNELS = {"markPrice": MARK, "bookTicker": BOOK, "ticker": DAY}


def frame(channel: str, *, symbol: str = "BTC-USDT", code: Any = 0, **changed: Any) -> bytes:
    data = CHANNELS[channel] | {"s": symbol} | changed
    return encode({"code": code, "dataType": f"{symbol}@{channel}", "data": data})


def without(channel: str, name: str) -> bytes:
    data = {key: value for key, value in CHANNELS[channel].items() if key != name}
    return encode({"code": 0, "dataType": f"BTC-USDT@{channel}", "data": data})


# --- what is said --------------------------------------------------------------------------------------------------


def test_a_mark_price_is_told_with_its_time() -> None:
    (event,) = Decoder("linear").decode(frame("markPrice"), NOW_NS)
    assert isinstance(event, Ticker)
    assert said(event) == {
        "instrument": "bingx:linear:BTC-USDT",
        "channel": "BTC-USDT@markPrice",
        "mark_price": "61000.5",
    }
    assert (event.venue_time_ns, event.received_ns) == (NOW_NS, NOW_NS)


def test_a_book_ticker_has_prices_under_small_letters() -> None:
    (event,) = Decoder("linear").decode(frame("bookTicker"), NOW_NS)
    assert isinstance(event, Ticker)
    assert said(event) == {
        "instrument": "bingx:linear:BTC-USDT",
        "channel": "BTC-USDT@bookTicker",
        "bid_price": "61000.1",
        "bid_size": "2.5",
        "ask_price": "61000.9",
        "ask_size": "0",
    }


@pytest.mark.parametrize(
    ("market", "symbol", "turnover"),
    [("linear", "BTC-USDT", None), ("inverse", "BTC-USD", "17.5"), ("spot", "BTC-USDT", "210028.10")],
)
def test_a_ticker_has_prices_under_capitals_and_turnover_where_its_unit_is_known(
    market: str, symbol: str, turnover: str | None
) -> None:
    ticker, day = Decoder(market).decode(frame("ticker", symbol=symbol), NOW_NS)
    assert isinstance(ticker, Ticker)
    assert said(ticker) == {
        "instrument": f"bingx:{market}:{symbol}",
        "channel": f"{symbol}@ticker",
        "last_price": "61000.7",
        "bid_price": "61000.1",
        "bid_size": "6.4426",
        "ask_price": "61000.9",
        "ask_size": "11.3115",
    }
    assert day == DayStatistics(
        received_ns=NOW_NS,
        instrument=f"bingx:{market}:{symbol}",
        channel=f"{symbol}@ticker",
        venue_time_ns=NOW_NS,
        open_price=Decimal(61200),
        high_price=Decimal(62000),
        low_price=Decimal(60000),
        last_price=Decimal("61000.7"),
        volume=Decimal("17030.6463"),
        turnover=None if turnover is None else Decimal(turnover),
    )


def test_numbers_may_be_texts_or_numbers() -> None:
    as_numbers: dict[str, Any] = {name: float(DAY[name]) for name in "chlvqoAaBb"}
    first = Decoder("spot").decode(frame("ticker"), NOW_NS)
    second = Decoder("spot").decode(frame("ticker", **as_numbers), NOW_NS)
    assert tickers(first) == tickers(second)


@pytest.mark.parametrize(("market", "letter"), [("linear", "c"), ("spot", "c"), ("inverse", "p")])
def test_a_last_price_is_under_another_letter_on_coin_margined_contracts(market: str, letter: str) -> None:
    data = {"E": MS, "s": "X-USD", letter: "5.25"}
    (event,) = Decoder(market).decode(encode({"code": 0, "dataType": "X-USD@lastPrice", "data": data}), NOW_NS)
    assert isinstance(event, Ticker)
    assert event.last_price == Decimal("5.25")


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_both_paths_say_the_same(channel: str) -> None:
    quick, careful = Decoder("inverse"), Decoder("inverse")
    for decoder in (quick, careful):
        decoder.decode(frame(channel), NOW_NS)
    later = frame(channel, E=MS + 1)
    assert list(quick.decode(later, NOW_NS)) == list(careful.decode(later + PAST_QUICK, NOW_NS))


@pytest.mark.parametrize("channel", ["kline_1m", "trade", "depth5", "depth100@200ms", "incrDepth", "forceOrder"])
def test_other_channels_are_understood_and_not_used(channel: str) -> None:
    raw = encode({"code": 0, "dataType": f"BTC-USDT@{channel}", "data": [{"c": "1"}]})
    (event,) = Decoder("linear").decode(raw, NOW_NS)
    assert event == Heard(received_ns=NOW_NS, kind="unused", channel=f"BTC-USDT@{channel}")


def test_an_unknown_channel_is_named() -> None:
    raw = encode({"code": 0, "dataType": "BTC-USDT@fundingRate", "data": {}})
    found = only_fault(Decoder("linear").decode(raw, NOW_NS))
    assert (found.kind, found.channel) == (FaultKind.UNKNOWN_TOPIC, "BTC-USDT@fundingRate")


# --- order ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_an_older_frame_is_out_of_order_and_the_same_time_is_not(channel: str) -> None:
    decoder = Decoder("linear")
    decoder.decode(frame(channel), NOW_NS)
    assert refused(decoder.decode(frame(channel, E=MS - 1), NOW_NS), FaultKind.OUT_OF_ORDER)
    assert tickers(decoder.decode(frame(channel), NOW_NS))
    decoder.reset()
    assert tickers(decoder.decode(frame(channel, E=MS - 1), NOW_NS))


def test_topics_are_ordered_apart() -> None:
    decoder = Decoder("linear")
    decoder.decode(frame("markPrice"), NOW_NS)
    assert tickers(decoder.decode(frame("markPrice", symbol="ETH-USDT", E=MS - 5), NOW_NS))
    assert tickers(decoder.decode(frame("bookTicker", E=MS - 5), NOW_NS))


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_time_beyond_the_clock_is_refused(channel: str) -> None:
    ahead = MS + 2 * 86_400_000
    decoder = Decoder("linear")
    assert refused(decoder.decode(frame(channel, E=ahead), NOW_NS), FaultKind.BAD_FIELD, "E")
    decoder.decode(frame(channel), NOW_NS)
    assert refused(decoder.decode(frame(channel, E=ahead), NOW_NS), FaultKind.BAD_FIELD, "E")


# --- bad fields ----------------------------------------------------------------------------------------------------

PRICES = {
    ("markPrice", "p"): "mark_price",
    ("bookTicker", "b"): "bid_price",
    ("bookTicker", "a"): "ask_price",
    ("ticker", "c"): "last_price",
    ("ticker", "o"): "open_price",
    ("ticker", "h"): "high_price",
    ("ticker", "l"): "low_price",
    ("ticker", "A"): "ask_price",
    ("ticker", "B"): "bid_price",
}
SIZES = [*(("bookTicker", name) for name in "BA"), *(("ticker", name) for name in "vab")]


@pytest.mark.parametrize(("channel", "name", "ours"), [(*theirs, ours) for theirs, ours in PRICES.items()])
def test_a_bad_price_is_named_and_nothing_is_made_of_it(channel: str, name: str, ours: str) -> None:
    for value in BAD_PRICES:
        for primed in (False, True):
            decoder = Decoder("linear")
            if primed:
                decoder.decode(frame(channel), NOW_NS)
            events = decoder.decode(frame(channel, **{name: value}), NOW_NS)
            assert [fault.field for fault in faults(events)] == [name], value
            assert all(getattr(event, ours, None) is None for event in events)


@pytest.mark.parametrize(("channel", "name"), SIZES)
def test_a_bad_size_is_named(channel: str, name: str) -> None:
    for value in BAD_SIZES:
        decoder = Decoder("linear")
        decoder.decode(frame(channel), NOW_NS)
        events = decoder.decode(frame(channel, **{name: value}), NOW_NS)
        assert [fault.field for fault in faults(events)] == [name], value


@pytest.mark.parametrize(("channel", "name"), [*PRICES, *SIZES])
def test_a_missing_field_is_named(channel: str, name: str) -> None:
    decoder = Decoder("linear")
    decoder.decode(frame(channel), NOW_NS)
    assert [fault.field for fault in faults(decoder.decode(without(channel, name), NOW_NS))] == [name]


@pytest.mark.parametrize("channel", list(CHANNELS))
@pytest.mark.parametrize("value", [None, "", "0", 0, -1, "x", 1.5, [], "99999999999999999999"])
def test_without_its_time_nothing_of_a_frame_is_used(channel: str, value: Any) -> None:
    decoder = Decoder("linear")
    decoder.decode(frame(channel), NOW_NS)
    assert refused(decoder.decode(frame(channel, E=value), NOW_NS), FaultKind.BAD_FIELD, "E")


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_symbol_that_contradicts_the_topic_is_refused(channel: str) -> None:
    raw = encode({"code": 0, "dataType": f"BTC-USDT@{channel}", "data": CHANNELS[channel] | {"s": "ETH-USDT"}})
    for primed in (False, True):
        decoder = Decoder("linear")
        if primed:
            decoder.decode(frame(channel), NOW_NS)
        assert refused(decoder.decode(raw, NOW_NS), FaultKind.BAD_FIELD, "s")


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_data_of_another_shape_is_refused(data: Any) -> None:
    raw = encode({"code": 0, "dataType": "BTC-USDT@markPrice", "data": data})
    assert refused(Decoder("linear").decode(raw, NOW_NS), FaultKind.BAD_FIELD, "data")


@pytest.mark.parametrize("topic", ["@markPrice", "a b@markPrice", "X" * 41 + "@markPrice", "\u0000@ticker"])
def test_what_cannot_be_a_symbol_is_no_topic(topic: str) -> None:
    raw = encode({"code": 0, "dataType": topic, "data": MARK})
    assert only_fault(Decoder("linear").decode(raw, NOW_NS)).kind is FaultKind.UNKNOWN_TOPIC


def test_garbage_does_not_make_the_memory_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.bingx.facts.MAX_SYMBOLS", 3)
    decoder = Decoder("linear")
    for number in range(3):
        assert tickers(decoder.decode(frame("markPrice", symbol=f"C{number}-USDT"), NOW_NS))
    assert refused(decoder.decode(frame("markPrice", symbol="C9-USDT"), NOW_NS), FaultKind.UNKNOWN_TOPIC)


# --- packing -------------------------------------------------------------------------------------------------------


def test_a_packed_frame_says_what_it_holds() -> None:
    raw = frame("markPrice")
    assert Decoder("linear").decode(gzip.compress(raw), NOW_NS) == Decoder("linear").decode(raw, NOW_NS)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * (40 * 1024 * 1024))
    assert len(bomb) < 50_000
    found = only_fault(Decoder("linear").decode(bomb, NOW_NS))
    assert (found.kind, found.venue) == (FaultKind.OVERSIZE, "bingx")


def test_the_longest_text_is_unpacked_and_one_byte_more_is_not() -> None:
    whole = frame("markPrice")
    longest = whole + b" " * (MAX_FRAME_BYTES - len(whole))
    assert tickers(Decoder("linear").decode(gzip.compress(longest), NOW_NS))
    assert refused(Decoder("linear").decode(gzip.compress(longest + b" "), NOW_NS), FaultKind.OVERSIZE)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda raw: raw[:-1], FaultKind.TRUNCATED),
        (lambda raw: raw[:20], FaultKind.TRUNCATED),
        (lambda raw: raw[:2], FaultKind.TRUNCATED),
        (lambda raw: raw + b"x", FaultKind.NOT_JSON),
        (lambda raw: raw + raw, FaultKind.NOT_JSON),
        (lambda raw: raw[:15] + b"\xff\xff\xff" + raw[18:], FaultKind.NOT_JSON),
        (lambda raw: raw[:-6] + b"\x00\x00" + raw[-4:], FaultKind.NOT_JSON),
    ],
)
def test_a_broken_packing_is_told_apart(spoil: Any, kind: FaultKind) -> None:
    assert refused(Decoder("linear").decode(spoil(gzip.compress(frame("markPrice"))), NOW_NS), kind)


# --- pings and answers ---------------------------------------------------------------------------------------------


def test_a_text_ping_is_answered_in_kind() -> None:
    for raw in (b"Ping", gzip.compress(b"Ping"), "Ping"):
        (event,) = Decoder("linear").decode(raw, NOW_NS)
        assert event == Heard(received_ns=NOW_NS, kind="ping", detail="Ping")
        assert pong(event.detail) == "Pong"


def test_a_json_ping_is_answered_with_what_it_said() -> None:
    asked = {"ping": "2177c68e4d0e45679965f482929b59c2", "time": "2023-10-02T18:51:55.089+0800"}
    (event,) = Decoder("spot").decode(gzip.compress(json.dumps(asked).encode()), NOW_NS)
    assert isinstance(event, Heard)
    assert event.kind == "ping"
    assert json.loads(pong(event.detail)) == {"pong": asked["ping"], "time": asked["time"]}
    (timeless,) = Decoder("spot").decode(b'{"ping":"ab"}', NOW_NS)
    assert isinstance(timeless, Heard)
    assert json.loads(pong(timeless.detail)) == {"pong": "ab"}


@pytest.mark.parametrize(
    "raw",
    [
        {"id": "linear-1", "code": 0, "msg": "", "dataType": "", "data": None},
        {"code": 0, "id": "linear-1", "msg": "SUCCESS", "timestamp": MS},
    ],
)
def test_both_shapes_of_an_ack_name_the_request(raw: dict[str, Any]) -> None:
    (event,) = Decoder("linear").decode(encode(raw), NOW_NS)
    assert event == Heard(received_ns=NOW_NS, kind="ack", request="linear-1")


@pytest.mark.parametrize(
    ("raw", "request_id", "detail"),
    [
        ({"id": "e1", "code": 80015, "msg": "dataType not support", "dataType": "", "data": None}, "e1", "80015"),
        ({"id": "e1", "code": "80403", "msg": "your topic num over max 200"}, "e1", "80403"),
        ({"code": 100400, "msg": "incrDepth dataType is not supported", "timestamp": MS}, "", "100400"),
    ],
)
def test_a_refusal_names_code_and_request(raw: dict[str, Any], request_id: str, detail: str) -> None:
    (event,) = Decoder("inverse").decode(encode(raw), NOW_NS)
    assert isinstance(event, Heard)
    assert (event.kind, event.request) == ("refusal", request_id)
    assert event.detail.startswith(f"{detail}: ")


def test_a_data_frame_with_a_code_is_a_refusal_and_no_price() -> None:
    decoder = Decoder("linear")
    decoder.decode(frame("markPrice"), NOW_NS)
    (event,) = decoder.decode(frame("markPrice", code=100500), NOW_NS)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel) == ("refusal", "BTC-USDT@markPrice")


@pytest.mark.parametrize("raw", [b"", b"[]", b"5", b"null", b'{"a":1}', b"\xff\xfe", b"Pin", b'{"code":0', b"[" * 9999])
def test_what_is_no_frame_is_a_fault(raw: bytes) -> None:
    (event,) = Decoder("linear").decode(raw, NOW_NS)
    assert isinstance(event, FrameFault)


def test_a_private_event_on_a_public_socket_is_left_to_the_private_decoder() -> None:
    (event,) = Decoder("linear").decode(encode({"e": "ACCOUNT_UPDATE", "E": MS, "a": {}}), NOW_NS)
    assert event == Heard(received_ns=NOW_NS, kind="unused", channel="ACCOUNT_UPDATE")
