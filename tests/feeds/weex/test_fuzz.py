"""Whatever comes over a public WEEX socket: no exception, no number that no frame held, and both paths agree."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.events import DayStatistics
from feeds.weex.parse import Decoder
from tests.feeds.weex.samples import TIME, book_ticker, change, snapshot, ticker
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

GOOD = [
    ticker(1),
    ticker(2, m="65117.43", c="65114.2"),
    snapshot(),
    change(100, 101, bids=[["65114.25", "2.5"]]),
    change(101, 102, bids=[["65114.25", "0"]], asks=[["65114.4", "0.25"]]),
    book_ticker(),
    book_ticker(101, TIME + 5, b="65114.1"),
    encode({"e": "trade", "E": TIME, "s": "BTCUSDT", "d": [{"p": "65114.10"}]}),
    encode({"event": "ping", "time": str(TIME)}),
    encode({"result": True, "id": 5}),
]
MARKETS = st.sampled_from(["linear", "spot"])
FIRST = [ticker(), snapshot(), book_ticker(99, TIME - 1)]


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


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(market: str, frames: list[bytes]) -> None:
    quick, careful = Decoder(market), Decoder(market)
    for raw in (*FIRST, *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)
