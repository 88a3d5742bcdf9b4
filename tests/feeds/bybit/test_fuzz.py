"""Whatever comes over a Bybit socket: no exception, no number that no frame held, and both paths agree."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feeds.bybit.parse import Decoder
from tests.feeds.bybit.test_frames import LEVELS, TS
from tests.feeds.bybit.test_tickers import SNAPSHOT, delta, frame
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

GOOD = [
    frame("snapshot", SNAPSHOT),
    delta(1, bid1Price="65114.10", bid1Size="5.9"),
    delta(2, markPrice="65117.43", indexPrice="65137.7", lastPrice="65114.2"),
    delta(3, fundingRate="-0.0002", nextFundingTime="1786348800000", fundingIntervalHour="4"),
    delta(4, ask1Price="65114.40", ask1Size="0"),
    encode({"topic": "orderbook.1.BTCUSDT", "ts": TS, "type": "snapshot", "data": LEVELS}),
    encode({"topic": "orderbook.1.BTCUSDT", "ts": TS + 20, "type": "snapshot", "data": LEVELS | {"u": 101}}),
    encode({"topic": "kline.1.BTCUSDT", "ts": TS, "type": "snapshot", "data": [{"open": "65114.10"}]}),
    encode({"success": True, "ret_msg": "pong", "conn_id": "c", "req_id": "", "op": "ping"}),
]
MARKETS = st.sampled_from(["linear", "inverse", "spot"])


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_no_number_is_invented(market: str, frames: list[bytes]) -> None:
    decoder = Decoder(market)
    held: set[Decimal] = set()
    for raw in (GOOD[0], *frames):
        held |= numbers_in(raw)
        events = decoder.decode(raw, 1)
        assert events
        assert all(number in held for number in numbers_of(events))


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(market: str, frames: list[bytes]) -> None:
    quick, careful = Decoder(market), Decoder(market)
    for raw in (GOOD[0], GOOD[5], *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)
