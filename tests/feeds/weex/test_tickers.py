"""WEEX tickers to events: prices of every frame, statistics now and then, and every odd value a field can have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import DayStatistics, FaultKind, Ticker
from feeds.weex import facts
from feeds.weex.parse import Decoder
from tests.feeds.weex.samples import TIME, book_ticker, ticker
from tests.support.frames import BAD_PRICES, BAD_SIZES, PAST_QUICK, faults, only_fault, refused, said, tickers

PRICES = {
    "instrument": "weex:linear:BTCUSDT",
    "channel": "BTCUSDT@ticker",
    "mark_price": "65117.44",
    "index_price": "65137.7625",
    "last_price": "65114.30",
}
FIELDS = {"m": "mark_price", "i": "index_price", "c": "last_price"}


def primed(market: str = "linear") -> Decoder:
    decoder = Decoder(market)
    decoder.decode(ticker(), 1)
    return decoder


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
def test_a_ticker_tells_mark_index_and_last_price(blanks: bytes) -> None:
    (event,) = primed().decode(ticker(1) + blanks, 7)
    assert isinstance(event, Ticker)
    assert said(event) == PRICES
    assert (event.received_ns, event.venue_time_ns) == (7, (TIME + 100) * 1_000_000)


def test_a_spot_ticker_tells_the_last_price_and_no_mark() -> None:
    (event,) = primed("spot").decode(ticker(1), 7)
    assert isinstance(event, Ticker)
    expected = {"instrument": "weex:spot:BTCUSDT", "channel": "BTCUSDT@ticker", "last_price": "65114.30"}
    assert said(event) == expected


def test_statistics_of_the_day_come_with_the_first_ticker_and_then_every_few_seconds() -> None:
    decoder = Decoder("linear")
    _, first = decoder.decode(ticker(0), 1)
    assert first == DayStatistics(
        received_ns=1,
        instrument="weex:linear:BTCUSDT",
        channel="BTCUSDT@ticker",
        venue_time_ns=TIME * 1_000_000,
        open_price=Decimal("65139.17"),
        high_price=Decimal("65867.19"),
        low_price=Decimal("64037.28"),
        last_price=Decimal("65114.30"),
        volume=Decimal("760383.679"),
        turnover=Decimal("1605814487.32196"),
    )
    assert len(decoder.decode(ticker(1), facts.DAY_EVERY_NS)) == 1
    assert len(decoder.decode(ticker(2), facts.DAY_EVERY_NS + 1)) == 2
    assert len(decoder.decode(ticker(3), facts.DAY_EVERY_NS + 2)) == 1


def test_later_statistics_are_told_and_faulted_as_the_first_are() -> None:
    later = facts.DAY_EVERY_NS + 1
    for name, odds in {
        "": ("",),
        "o": BAD_PRICES,
        "h": BAD_PRICES,
        "l": BAD_PRICES,
        "v": BAD_SIZES,
        "q": BAD_SIZES,
    }.items():
        for odd in odds:
            raw = ticker(1, **({name: odd} if name else {"c": "65114.5", "l": "64000", "v": "0", "q": "7.50"}))
            quick = primed().decode(raw, later)
            assert list(quick) == list(primed().decode(raw + PAST_QUICK, later)), odd
            assert [fault.field for fault in faults(quick)] == ([name] if name else [])
            assert isinstance(quick[-1], DayStatistics)


def test_each_contract_has_statistics_and_times_of_its_own() -> None:
    decoder = primed()
    events = decoder.decode(ticker(-50, "ETHUSDT"), 2)
    assert [type(event) for event in events] == [Ticker, DayStatistics]


@pytest.mark.parametrize("odd", BAD_PRICES)
@pytest.mark.parametrize("name", FIELDS)
def test_a_bad_price_is_named_and_not_shown(name: str, odd: Any) -> None:
    found = primed().decode(ticker(1, **{name: odd}), 7)
    assert [(fault.kind, fault.field) for fault in faults(found)] == [(FaultKind.BAD_FIELD, name)]
    assert [said(event) for event in tickers(found)] == [{k: v for k, v in PRICES.items() if k != FIELDS[name]}]


@pytest.mark.parametrize(("name", "odds"), [("o", BAD_PRICES), ("h", BAD_PRICES), ("v", BAD_SIZES), ("q", BAD_SIZES)])
def test_bad_statistics_are_named_and_spoil_no_price(name: str, odds: tuple[Any, ...]) -> None:
    for odd in odds:
        found = Decoder("linear").decode(ticker(1, **{name: odd}), 7)
        assert [fault.field for fault in faults(found)] == [name]
        assert said(tickers(found)[0]) == PRICES
        ours = {"o": "open_price", "h": "high_price", "v": "volume", "q": "turnover"}[name]
        assert getattr(found[-1], ours) is None


@pytest.mark.parametrize("later", [False, True], ids=["quick", "careful"])
def test_an_older_ticker_is_out_of_order(later: bool) -> None:
    decoder = primed()
    decoder.decode(ticker(5), 2)
    assert refused(decoder.decode(ticker(4) + (PAST_QUICK if later else b""), 3), FaultKind.OUT_OF_ORDER)
    assert tickers(decoder.decode(ticker(5), 4))


def test_a_stamp_from_the_future_is_refused_and_makes_nothing_look_old() -> None:
    decoder, now_ns = primed(), (TIME + 1000) * 1_000_000
    future = ticker(1).replace(str(TIME + 100).encode(), str(TIME + 90_000_000).encode())
    assert refused(decoder.decode(future, now_ns), FaultKind.BAD_FIELD, "E")
    assert tickers(decoder.decode(ticker(2), now_ns))


@pytest.mark.parametrize("odd", [None, "", "x", 0, -5, 1.5, [], 4_102_444_800_000])
def test_a_ticker_without_its_time_is_refused(odd: Any) -> None:
    raw = ticker(1).replace(str(TIME + 100).encode(), str(odd).replace("None", "null").encode() or b'""')
    if odd in ("", "x"):
        raw = ticker(1).replace(str(TIME + 100).encode(), f'"{odd}"'.encode())
    assert refused(primed().decode(raw, 7), FaultKind.BAD_FIELD, "E")


@pytest.mark.parametrize("odd", [b"[]", b"{}", b"null", b"[5]", b'""', b"[[]]"])
def test_a_ticker_without_an_element_is_refused(odd: bytes) -> None:
    raw = b'{"e":"ticker","E":1786310817683,"s":"BTCUSDT","d":%b}' % odd
    assert refused(primed().decode(raw, 7), FaultKind.BAD_FIELD, "d")


@pytest.mark.parametrize("symbol", ["", "BTC USDT", "x" * 41, "../etc"])
def test_what_cannot_be_a_symbol_is_refused(symbol: str) -> None:
    assert refused(primed().decode(ticker(1, symbol), 7), FaultKind.BAD_FIELD, "s")


def test_symbols_without_end_are_given_up() -> None:
    decoder = Decoder("linear")
    for number in range(facts.MAX_SYMBOLS):
        decoder.decode(ticker(0, f"X{number}"), 1)
    assert only_fault(decoder.decode(ticker(0, "ONEMORE"), 1)).kind is FaultKind.UNKNOWN_TOPIC
    decoder.reset()
    assert tickers(decoder.decode(ticker(0, "ONEMORE"), 1))


# --- spot's best levels --------------------------------------------------------------------------------------------

BEST = {
    "instrument": "weex:spot:BTCUSDT",
    "channel": "BTCUSDT@bookTicker",
    "bid_price": "65114.2",
    "bid_size": "0.89116",
    "ask_price": "65114.3",
    "ask_size": "2.262",
}
SIDES = {"b": "bid_price", "B": "bid_size", "a": "ask_price", "A": "ask_size"}


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
def test_a_book_ticker_tells_bid_and_ask(blanks: bytes) -> None:
    decoder = Decoder("spot")
    decoder.decode(book_ticker(99, TIME - 5), 1)
    (event,) = decoder.decode(book_ticker() + blanks, 7)
    assert isinstance(event, Ticker)
    assert said(event) == BEST
    assert event.venue_time_ns == TIME * 1_000_000


@pytest.mark.parametrize(("name", "odd"), [*(("b", odd) for odd in BAD_PRICES), *(("A", odd) for odd in BAD_SIZES)])
def test_a_bad_level_is_named_and_not_shown(name: str, odd: Any) -> None:
    decoder = Decoder("spot")
    decoder.decode(book_ticker(), 1)
    found = decoder.decode(book_ticker(101, **{name: odd}), 7)
    assert [fault.field for fault in faults(found)] == [name]
    assert [said(event) for event in tickers(found)] == [{k: v for k, v in BEST.items() if k != SIDES[name]}]


@pytest.mark.parametrize("older", [book_ticker(99), book_ticker(101, TIME - 1)])
@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
def test_an_older_book_ticker_is_out_of_order(older: bytes, blanks: bytes) -> None:
    decoder = Decoder("spot")
    decoder.decode(book_ticker(), 1)
    assert refused(decoder.decode(older + blanks, 7), FaultKind.OUT_OF_ORDER)


def test_a_size_of_nothing_is_a_size() -> None:
    decoder = Decoder("spot")
    decoder.decode(book_ticker(), 1)
    assert tickers(decoder.decode(book_ticker(101, B="0"), 7))[0].bid_size == 0
