"""Whatever comes over a public OKX socket or in a body: no exception, no number that nothing held, both paths agree."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from core.events import DayStatistics, FundingSettled, InstrumentListed, TiersLoaded
from core.symbols import read_name
from feeds.okx import venue
from feeds.okx.parse import Decoder
from feeds.registry import rest_answer
from tests.feeds.okx.samples import (
    BOOK,
    FUNDING,
    INDEX,
    INVERSE,
    INVERSE_SWAP,
    LINEAR,
    MARK,
    PAIR,
    SPOT,
    SWAP,
    TICKER,
    TIERS,
    TIME,
    body,
    frame,
)
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

FIRST = [
    frame("mark-price", MARK),
    frame("index-tickers", INDEX),
    frame("bbo-tbt", BOOK),
    frame("tickers", TICKER),
    frame("funding-rate", FUNDING),
]
GOOD = [
    *FIRST,
    frame("mark-price", MARK, 1, markPx="65118.25"),
    frame("mark-price", MARK, 2, instId=INVERSE),
    frame("index-tickers", INDEX, 1, idxPx="65113"),
    frame("bbo-tbt", BOOK, 1, asks=[]),
    frame("bbo-tbt", BOOK, 2, bids=[["65114", "1", "0", "3"]]),
    frame("tickers", TICKER, 1, last="65115"),
    frame("tickers", TICKER, 2, instId=PAIR),
    frame("funding-rate", FUNDING, 1, fundingRate="0.0002"),
    encode({"event": "subscribe", "arg": {"channel": "tickers", "instId": PAIR}, "id": "1"}),
    encode({"event": "error", "code": "60018", "msg": "Wrong URL or channel:tickers,instId:X doesn't exist."}),
]
MARKETS = st.sampled_from(["linear", "inverse", "spot"])
BODIES = [
    body(SWAP, INVERSE_SWAP, SPOT),
    body(*TIERS),
    body(FUNDING),
    body({"instId": LINEAR, "fundingRate": "0.018", "realizedRate": "0.017", "fundingTime": str(TIME)}),
    body(MARK),
    body(INDEX),
    body(TICKER),
    body({"ts": str(TIME)}),
    body([str(TIME), "65114", "65200.5", "65000", "65100", "1"]),
    encode({"code": "50011", "msg": "Too Many Requests"}),
]


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_no_number_is_invented(market: str, frames: list[bytes]) -> None:
    decoder = Decoder(market)
    held: set[Decimal] = set()
    for raw in (*FIRST, *frames):
        held |= numbers_in(raw)
        events = decoder.decode(raw, 1)
        assert events
        assert all(number in held for number in numbers_of(events))
        for event in events:
            if isinstance(event, DayStatistics):
                said = (event.open_price, event.high_price, event.low_price, event.volume, event.turnover)
                assert held.issuperset(value for value in said if value is not None)
            if isinstance(event, FundingSettled):
                assert event.rate in held


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(market: str, frames: list[bytes]) -> None:
    quick, careful = Decoder(market), Decoder(market)
    for raw in (*FIRST, *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)


@pytest.mark.parametrize("path", venue.rest_paths())
@given(mangled(BODIES) | st.binary(max_size=100))
def test_a_body_is_read_or_refused_by_name(path: str, raw: bytes) -> None:
    answer = rest_answer("okx", "", f"{path}?bar=1H&instId={LINEAR}", raw, TIME * 1_000_000)
    try:
        events = venue.rest_events(answer)
    except (DecodeError, VenueError):
        return
    held = numbers_in(raw)
    assert all(number in held for number in numbers_of(events))
    for event in events:
        if isinstance(event, TiersLoaded):
            assert all(tier.rate in held and tier.cap in held for tier in event.table.tiers)
        if isinstance(event, InstrumentListed):
            assert read_name(event.instrument.id) is not None
            assert event.instrument.contract_size > 0
