"""Whatever comes over a Binance socket: no exception, no number that no frame held, and both paths agree."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feeds.binance.parse import Decoder
from tests.feeds.binance.test_frames import BOOK_STREAM, DAY, FUTURES, LEVELS, E
from tests.feeds.binance.test_marks import ALL, DATED, MARK, MARKET, combined
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

GOOD = [
    combined(MARK),
    encode(MARK | {"E": E + 1000, "p": "76889.5"}),
    combined(MARKET, ALL),
    encode(MARKET),
    combined(DATED, "btcusdt_261225@markPrice"),
    combined(FUTURES, BOOK_STREAM),
    combined(LEVELS | {"u": 400900218}, BOOK_STREAM),
    encode(LEVELS),
    combined({"e": "24hrMiniTicker", **DAY}, "btcusdt@miniTicker"),
    encode({"result": None, "id": 1}),
]
MARKETS = st.sampled_from(["usdm", "spot"])


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_no_number_is_invented(market: str, frames: list[bytes]) -> None:
    decoder = Decoder(market)
    held: set[Decimal] = set()
    for raw in (*GOOD[:1], *frames):
        held |= numbers_in(raw)
        events = decoder.decode(raw, 1)
        assert events
        assert all(number in held for number in numbers_of(events))


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(market: str, frames: list[bytes]) -> None:
    quick, careful = Decoder(market), Decoder(market)
    for raw in (GOOD[0], GOOD[5], GOOD[6], GOOD[2], *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)
