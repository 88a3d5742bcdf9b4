"""Whatever BingX sends: no exception but the promised ones, no number that no frame held, and both paths agree."""

from __future__ import annotations

import contextlib
import gzip
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from feeds.bingx import answers
from feeds.bingx.parse import Decoder
from feeds.bingx.private import Decoder as PrivateDecoder
from feeds.venue import RestAnswer
from tests.feeds.bingx import bodies, test_private
from tests.feeds.bingx.test_frames import MS, frame
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

GOOD = [
    frame("markPrice"),
    frame("markPrice", E=MS + 1000, p="60999.9"),
    frame("bookTicker"),
    frame("bookTicker", E=MS + 10, a=61001, A=0),
    frame("ticker"),
    frame("ticker", E=MS + 1000, c=61002.5),
    encode({"id": "linear-1", "code": 0, "msg": "", "dataType": "", "data": None}),
    encode({"code": 0, "dataType": "BTC-USDT@trade", "data": [{"p": "1"}]}),
    encode({"ping": "2177c68e", "time": "2023-10-02T18:51:55.089+0800"}),
]
PRIVATE = [
    test_private.account_update(
        balances=[{"a": "USDT", "wb": "117.8", "cw": "95.2", "bc": "0", "lk": "1"}], positions=[test_private.POSITION]
    ),
    test_private.order_update(),
    test_private.config(4, 20),
    encode({"e": "listenKeyExpired", "E": MS, "listenKey": "x"}),
]
BODIES = [
    bodies.body(content)
    for content in (
        [bodies.PREMIUM],
        [bodies.CONTRACT, bodies.INVERSE],
        [bodies.tier("0", "150000", "0.0038", "0"), bodies.tier("150000", "900000", "0.004", "30")],
        [bodies.POSITION],
        [bodies.INCOME],
        {"orders": [bodies.ORDER]},
        {"fill_history_orders": [bodies.FILL]},
        [bodies.candle(2, "1")],
        {"balances": [{"asset": "BTC", "free": "1", "locked": "2"}]},
        {"longLeverage": 4, "shortLeverage": 8},
        {"dualSidePosition": "true"},
    )
]
MARKETS = st.sampled_from(["linear", "inverse", "spot"])
PATHS = st.sampled_from(sorted(answers.READERS))


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8), st.booleans())
def test_no_number_is_invented(market: str, frames: list[bytes], packed: bool) -> None:
    decoder = Decoder(market)
    held: set[Decimal] = set()
    for raw in (GOOD[0], *frames):
        held |= numbers_in(raw)
        events = decoder.decode(gzip.compress(raw) if packed else raw, 1)
        assert events
        assert all(number in held for number in numbers_of(events))


@given(MARKETS, st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(market: str, frames: list[bytes]) -> None:
    quick, careful = Decoder(market), Decoder(market)
    for raw in (GOOD[0], GOOD[2], GOOD[4], *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)
    assert PrivateDecoder(market, "main").decode(raw, 1)


@given(MARKETS, st.binary(max_size=100))
def test_so_is_anything_that_looks_packed(market: str, raw: bytes) -> None:
    assert Decoder(market).decode(b"\x1f\x8b" + raw, 1)
    assert PrivateDecoder(market, "main").decode(gzip.compress(raw), 1)


@given(MARKETS, st.lists(mangled(PRIVATE), min_size=1, max_size=8))
def test_private_frames_never_raise(market: str, frames: list[bytes]) -> None:
    decoder = PrivateDecoder(market, "main")
    for raw in frames:
        decoder.decode(raw, 1)


@given(PATHS, mangled(BODIES) | st.binary(max_size=200), st.sampled_from(["GET", "POST", "DELETE"]))
def test_bodies_are_read_or_refused(path: str, raw: bytes, method: str) -> None:
    parameters = {"symbol": "BTC-USDT", "interval": "1h"}
    answer = RestAnswer(path=path, body=raw, received_ns=MS * 1_000_000, parameters=parameters, method=method)
    with contextlib.suppress(DecodeError, VenueError):
        answers.events(answer)
