"""MEXC's public contract frames: what is usual, what is odd, and what is refused by name."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from core.events import DayStatistics, FaultKind, Heard, Ticker
from feeds.mexc.parse import Decoder
from tests.feeds.mexc.frames import BOOK, TICKER, TS, price, push
from tests.support.frames import BAD_NUMBERS, BAD_PRICES, encode, faults, only_fault, refused, said, tickers

NOW_NS = (TS + 60) * 1_000_000


def decoded(*frames: bytes) -> list[Any]:
    """The events of the last frame, both times it is told: field by field, and the quick way."""
    decoder = Decoder()
    for frame in frames[:-1]:
        decoder.decode(frame, NOW_NS)
    first = list(decoder.decode(frames[-1], NOW_NS))
    again = [event for event in first if not isinstance(event, DayStatistics)]
    assert list(decoder.decode(frames[-1], NOW_NS)) == again, "the same frame again, by the quick path"
    return first


def test_a_ticker_tells_prices_the_running_rate_and_the_day() -> None:
    ticker, day = decoded(push("ticker", TICKER))
    assert isinstance(ticker, Ticker)
    assert said(ticker) == {
        "instrument": "mexc:linear:BTC_USDT",
        "channel": "ticker.BTC_USDT",
        "mark_price": "76374.4",
        "index_price": "76385.8",
        "last_price": "76376.1",
        "bid_price": "76376.2",
        "ask_price": "76376.3",
        "funding_rate": "0.0001",
    }
    assert ticker.venue_time_ns == TS * 1_000_000
    assert isinstance(day, DayStatistics)
    assert (day.high_price, day.low_price) == (Decimal("77210"), Decimal("75620.2"))
    assert (day.volume, day.turnover) == (Decimal(962062810), Decimal("7344207079.96768"))


def test_a_last_price_alone_is_no_day() -> None:
    (ticker,) = decoded(push("ticker", {"symbol": "BTC_USDT", "fairPrice": 1.5, "lastPrice": 2}))
    assert said(ticker)["last_price"] == "2"


def test_the_day_is_told_every_ten_seconds() -> None:
    decoder = Decoder()
    told = [
        any(isinstance(event, DayStatistics) for event in decoder.decode(push("ticker", TICKER, ts=TS + late), NOW_NS))
        for late in (0, 2_000, 9_999, 10_000, 12_000, 21_000)
    ]
    assert told == [True, False, False, True, False, True]
    decoder.reset()
    assert len(decoder.decode(push("ticker", TICKER), NOW_NS)) == 2


@pytest.mark.parametrize(("topic", "field"), [("fair.price", "mark_price"), ("index.price", "index_price")])
def test_a_mark_is_no_index(topic: str, field: str) -> None:
    (ticker,) = decoded(price(61000.5, topic))
    assert said(ticker) == {
        "instrument": "mexc:linear:BTC_USDT",
        "channel": f"{topic}.BTC_USDT",
        field: "61000.5",
    }


def test_inverse_contracts_share_the_socket_and_are_told_as_inverse() -> None:
    (ticker,) = decoded(price(61000.5, symbol="BTC_USD"))
    assert ticker.instrument == "mexc:inverse:BTC_USD"


def test_digits_are_kept_as_they_came() -> None:
    (ticker,) = decoded(
        b'{"symbol":"X_USDT","data":{"symbol":"X_USDT","price":0.12345678901234567891},'
        b'"channel":"push.fair.price","ts":1790134567942}'
    )
    assert ticker.mark_price == Decimal("0.12345678901234567891")


def test_a_book_of_any_order_tells_its_best_levels_in_contracts() -> None:
    shuffled = BOOK | {"bids": BOOK["bids"][::-1], "asks": BOOK["asks"][::-1]}
    for book in (BOOK, shuffled):
        (ticker,) = decoded(push("depth.full", book))
        assert said(ticker) == {
            "instrument": "mexc:linear:BTC_USDT",
            "channel": "depth.full.BTC_USDT",
            "bid_price": "76376.2",
            "bid_size": "31288",
            "ask_price": "76376.3",
            "ask_size": "3446",
        }


def test_an_empty_side_is_not_told() -> None:
    (ticker,) = decoded(push("depth.full", BOOK | {"bids": []}))
    assert (ticker.bid_price, ticker.bid_size, ticker.ask_price) == (None, None, Decimal("76376.3"))


def test_a_book_whose_version_runs_backwards_is_refused_until_it_begins_anew() -> None:
    decoder = Decoder()
    decoder.decode(push("depth.full", BOOK), NOW_NS)
    older = push("depth.full", BOOK | {"version": 7}, ts=TS + 10)
    assert refused(decoder.decode(older, NOW_NS), FaultKind.OUT_OF_ORDER, "version")
    anew = push("depth.full", BOOK | {"version": 7}, ts=TS + 6_000)
    assert tickers(decoder.decode(anew, NOW_NS + 6_000_000_000))


def test_the_running_rate_and_its_time() -> None:
    (ticker,) = decoded(push("funding.rate", {"symbol": "BTC_USDT", "rate": -2.1e-05, "nextSettleTime": TS + 5}))
    assert (ticker.funding_rate, ticker.next_funding_time_ns) == (Decimal("-0.000021"), (TS + 5) * 1_000_000)


@pytest.mark.parametrize("odd", [value for value in BAD_PRICES if value is not True and value is not False])
@pytest.mark.parametrize("name", ["fairPrice", "indexPrice", "lastPrice", "bid1", "ask1"])
def test_a_bad_price_is_named_and_never_told(name: str, odd: object) -> None:
    events = decoded(push("ticker", TICKER), push("ticker", TICKER | {name: odd}))
    assert name in {fault.field for fault in faults(events)}
    fields = {"fairPrice": "mark_price", "indexPrice": "index_price", "lastPrice": "last_price"}
    field = fields.get(name, f"{name[:3]}_price")
    assert all(getattr(ticker, field) is None for ticker in tickers(events))
    assert tickers(events), "what else it says is good"


@pytest.mark.parametrize("odd", BAD_NUMBERS)
def test_a_bad_rate_is_named(odd: object) -> None:
    assert refused(decoded(push("funding.rate", {"symbol": "BTC_USDT", "rate": odd})), FaultKind.BAD_FIELD, "rate")


@pytest.mark.parametrize("odd", [None, "", "abc", -1, 0, 4_102_444_800_001, TS * 1000, [], {}])
def test_a_frame_without_a_sound_time_is_refused(odd: object) -> None:
    assert refused(decoded(push("ticker", TICKER, ts=odd)), FaultKind.BAD_FIELD, "ts")


def test_a_time_as_text_is_a_time() -> None:
    (ticker,) = decoded(push("fair.price", {"symbol": "BTC_USDT", "price": "61000.5"}, ts=str(TS)))
    assert (ticker.mark_price, ticker.venue_time_ns) == (Decimal("61000.5"), TS * 1_000_000)


def test_a_time_ahead_of_the_clock_is_refused() -> None:
    day_ahead = TS + 2 * 86_400_000
    assert refused(decoded(push("ticker", TICKER, ts=day_ahead)), FaultKind.BAD_FIELD, "ts")


def test_an_older_frame_is_out_of_order_until_the_decoder_is_reset() -> None:
    decoder = Decoder()
    decoder.decode(price(2, ts=TS), NOW_NS)
    assert refused(decoder.decode(price(1, ts=TS - 1), NOW_NS), FaultKind.OUT_OF_ORDER, "ts")
    assert tickers(decoder.decode(price(1, symbol="ETH_USDT", ts=TS - 1), NOW_NS)), "of another contract"
    assert tickers(decoder.decode(price(1, "index.price", ts=TS - 1), NOW_NS)), "on another topic"
    decoder.reset()
    assert tickers(decoder.decode(price(1, ts=TS - 1), NOW_NS))


@pytest.mark.parametrize(
    ("frame", "kind", "field"),
    [
        (push("fair.price", {"symbol": "ETH_USDT", "price": 1}), FaultKind.BAD_FIELD, "symbol"),
        (push("fair.price", {"price": 1}), FaultKind.BAD_FIELD, "symbol"),
        (push("fair.price", {"symbol": "BTC_USDT"}), FaultKind.BAD_FIELD, "price"),
        (push("fair.price", {"symbol": "BTC_USDT", "fairPrice": 1}), FaultKind.BAD_FIELD, "price"),
        (push("fair.price", None), FaultKind.BAD_FIELD, "data"),
        (push("fair.price", []), FaultKind.BAD_FIELD, "data"),
        (encode({"channel": "push.fair.price", "data": {}, "ts": TS}), FaultKind.BAD_FIELD, "symbol"),
        (encode({"channel": 5, "ts": TS}), FaultKind.BAD_FIELD, "channel"),
        (price(1, symbol="BTCUSDT"), FaultKind.UNKNOWN_TOPIC, "symbol"),
        (price(1, symbol="BTC USDT_"), FaultKind.UNKNOWN_TOPIC, "symbol"),
        (push("depth.full", BOOK | {"bids": [[1]]}), FaultKind.BAD_FIELD, "bids"),
        (push("nonsense", TICKER), FaultKind.UNKNOWN_TOPIC, ""),
        (encode({"channel": "nonsense"}), FaultKind.UNKNOWN_TOPIC, ""),
        (b"[]", FaultKind.UNKNOWN_TOPIC, ""),
        (b"{}", FaultKind.UNKNOWN_TOPIC, ""),
        (b'{"channel":"push.ticker"', FaultKind.TRUNCATED, ""),
        (b"\x08\x96\x01", FaultKind.NOT_JSON, ""),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(frame: bytes, kind: FaultKind, field: str) -> None:
    fault = faults(Decoder().decode(frame, NOW_NS))[0]
    assert (fault.kind, fault.field) == (kind, field)


@pytest.mark.parametrize(
    ("frame", "kind", "channel", "detail"),
    [
        ({"channel": "pong", "data": TS}, "pong", "", str(TS)),
        ({"channel": "pong", "data": TS, "ts": TS}, "pong", "", str(TS)),
        ({"channel": "rs.sub.depth.full", "data": "success", "ts": str(TS)}, "ack", "", "sub.depth.full: success"),
        ({"channel": "rs.sub.ticker", "data": "no"}, "refusal", "", "sub.ticker: no"),
        (
            {"channel": "rs.error", "data": "Contract [NOPE_USDT] not exists"},
            "refusal",
            "",
            "Contract [NOPE_USDT] not exists",
        ),
        ({"channel": "rs.login", "data": "success"}, "login", "login", "success"),
        ({"channel": "rs.login", "data": "fail"}, "refusal", "login", "fail"),
        ({"channel": "push.kline", "symbol": "X_USDT", "data": {}, "ts": 1}, "unused", "kline", ""),
        ({"channel": "push.personal.asset", "data": {}, "ts": 1}, "unused", "personal.asset", ""),
    ],
)
def test_what_carries_no_figures(frame: dict[str, Any], kind: str, channel: str, detail: str) -> None:
    (event,) = Decoder().decode(encode(frame), NOW_NS)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.detail) == (kind, channel, detail)


def test_digits_with_an_underscore_are_no_number() -> None:
    frame = push("ticker", TICKER | {"fairPrice": "1_0"})
    events = decoded(push("ticker", TICKER), frame)
    assert [fault.field for fault in faults(events)] == ["fairPrice"]


def test_memory_does_not_grow_with_garbage() -> None:
    decoder = Decoder()
    for number in range(5_000):
        decoder.decode(price(1, symbol=f"A{number}_USDT"), NOW_NS)
    fault = only_fault(decoder.decode(price(1, symbol="ONE_TOO_MANY"), NOW_NS))
    assert fault.kind is FaultKind.UNKNOWN_TOPIC


@pytest.mark.parametrize("size", [5 * 1024 * 1024])
def test_a_giant_is_refused_unread(size: int) -> None:
    assert only_fault(Decoder().decode(b'{"a":"' + b"x" * size, NOW_NS)).kind is FaultKind.OVERSIZE


def test_frames_of_many_contracts_do_not_mix() -> None:
    decoder = Decoder()
    for number, symbol in itertools.product(range(3), ("BTC_USDT", "ETH_USDT", "BTC_USD")):
        value = {"BTC_USDT": 61000, "ETH_USDT": 3000, "BTC_USD": 61001}[symbol] + number
        (ticker,) = tickers(decoder.decode(price(value, symbol=symbol, ts=TS + number), NOW_NS))
        assert (ticker.instrument.rpartition(":")[2], ticker.mark_price) == (symbol, Decimal(value))
