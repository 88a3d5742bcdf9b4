"""Whatever comes over a MEXC socket or in a body: no exception, no number that was not there, and both paths agree."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from core.events import Fill, OrderUpdate, PositionUpdate
from feeds.mexc import answers
from feeds.mexc.parse import Decoder
from feeds.mexc.private import PrivateDecoder
from feeds.venue import RestAnswer
from tests.feeds.mexc.frames import BOOK, TICKER, TS, personal, price, push
from tests.feeds.mexc.rows import DEAL, ORDER, POSITION
from tests.support.frames import PAST_QUICK, comparable, encode, mangled, numbers_in, numbers_of

NOW_NS = (TS + 60) * 1_000_000
GOOD = [
    push("ticker", TICKER),
    push("ticker", TICKER | {"fairPrice": "76375.25"}, ts=TS + 2),
    price(76374.4),
    price(76385.8, "index.price"),
    push("depth.full", BOOK),
    push("depth.full", BOOK | {"version": BOOK["version"] + 1}, ts=TS + 3),
    push("funding.rate", {"symbol": "BTC_USDT", "rate": -2.1e-05, "nextSettleTime": TS + 60_000}),
    encode({"channel": "push.tickers", "data": [{"symbol": "BSV_USDT", "fairPrice": 183.01}], "ts": TS}),
    encode({"channel": "rs.sub.ticker", "data": "success", "ts": str(TS)}),
    encode({"channel": "pong", "data": TS}),
]
PRIVATE = [
    personal("position", POSITION),
    personal("order", ORDER),
    personal("order.deal", DEAL),
    personal("asset", {"currency": "USDT", "availableBalance": 67.25, "frozenBalance": 0, "positionMargin": 0}),
    personal("position.mode", {"positionMode": 2}),
    personal("liquidate.risk", {"symbol": "BTC_USDT", "positionId": 1, "liquidatePrice": 80000.5, "marginRatio": 0.9}),
    encode({"channel": "rs.login", "data": "success", "ts": TS}),
]


@given(st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_no_number_is_invented(frames: list[bytes]) -> None:
    decoder = Decoder()
    held: set[Decimal] = set()
    for raw in (*GOOD, *frames):
        held |= numbers_in(raw)
        events = decoder.decode(raw, NOW_NS)
        assert events or raw in frames
        assert all(number in held for number in numbers_of(events))


@given(st.lists(mangled(GOOD), min_size=1, max_size=8))
def test_the_quick_path_says_what_the_careful_one_says(frames: list[bytes]) -> None:
    quick, careful = Decoder(), Decoder()
    for raw in (*GOOD, *frames):
        assert comparable(quick.decode(raw, NOW_NS)) == comparable(careful.decode(raw + PAST_QUICK, NOW_NS))


@given(st.lists(mangled(PRIVATE), min_size=1, max_size=8))
def test_nothing_is_invented_about_an_account(frames: list[bytes]) -> None:
    decoder = PrivateDecoder("main")
    for raw in frames:
        numbers = {number.copy_abs() for number in numbers_in(raw)} | {Decimal(0)}
        events = decoder.decode(raw, NOW_NS)
        assert events
        for event in events:
            told: list[Decimal | None] = []
            if isinstance(event, PositionUpdate):
                told = [event.quantity.copy_abs(), event.entry_price, event.liquidation_price, event.leverage]
            elif isinstance(event, OrderUpdate):
                told = [event.quantity, event.filled_quantity, event.average_price, event.limit_price]
            elif isinstance(event, Fill):
                told = [event.quantity, event.price, event.fee.copy_abs()]
            assert all(number is None or number in numbers for number in told)


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(raw: bytes | str) -> None:
    assert Decoder().decode(raw, NOW_NS)
    assert PrivateDecoder("main").decode(raw, NOW_NS)


PARAMETERS = {"symbol": "BTC_USDT", "interval": "Min60", "positionMode": "2"}
BODIES: dict[str, Any] = {
    "list": {"success": True, "code": 0, "data": [POSITION, ORDER, DEAL, TICKER]},
    "page": {"success": True, "code": 0, "data": {"totalPage": 1, "resultList": [ORDER, DEAL]}},
    "one": {"success": True, "code": "0", "data": TICKER | {"orderId": "1", "leverage": 5, "time": [1, 2]}},
    "columns": {
        "success": True,
        "code": 0,
        "data": {name: [1.5, 2] for name in ("time", "open", "high", "low", "close")},
    },
    "refusal": {"success": False, "code": 1001, "message": "no"},
    "spot": {"balances": [{"asset": "BTC", "free": "1", "locked": "2"}], "symbols": [{"symbol": "BTCUSDT"}]},
    "rows": [[TS, "1", "2", "0.5", "1.5", "9"]],
}


@pytest.mark.parametrize("path", answers.PATHS)
@given(mangled([encode(body) for body in BODIES.values()]) | st.binary(max_size=200))
def test_a_body_of_any_endpoint_is_events_or_a_typed_error(path: str, body: bytes) -> None:
    answer = RestAnswer(path=path, body=body, received_ns=NOW_NS, parameters=PARAMETERS)
    with contextlib.suppress(DecodeError, VenueError):
        assert all(isinstance(event.received_ns, int) for event in answers.events(answer))


def test_a_secret_of_the_stream_is_in_no_error() -> None:
    answer = RestAnswer(path="/api/v3/userDataStream", body=b'{"listenKey":"sec ret"}', received_ns=1)
    with pytest.raises(DecodeError) as caught:
        answers.events(answer)
    assert "sec" not in str(caught.value)
