"""Whatever comes over a Bybit socket: no exception, no number that no frame held, and both paths agree."""

from __future__ import annotations

import contextlib
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bybit import answers
from feeds.bybit.parse import Decoder
from feeds.bybit.private import AccountDecoder
from feeds.bybit.rest import BybitDialect
from feeds.rest import Reply
from feeds.venue import RestAnswer
from tests.feeds.bybit import rows
from tests.feeds.bybit.test_frames import LEVELS, TS
from tests.feeds.bybit.test_reference import CONTRACT
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


# --- accounts and bodies ---------------------------------------------------------------------------------------------

PRIVATE = [
    rows.frame("position", rows.POSITION, rows.POSITION | {"positionIdx": 2, "side": "", "size": "0"}),
    rows.frame("order", rows.ORDER),
    rows.frame("execution", rows.EXECUTION, rows.FUNDING),
    rows.frame("execution.fast", rows.EXECUTION),
    rows.wallet(rows.COIN),
    encode({"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"}),
    encode({"req_id": "", "op": "pong", "args": ["1790000000000"], "conn_id": "c"}),
]
BODIES = [
    rows.body(rows.POSITION, category="linear"),
    rows.body(rows.ORDER, category="linear"),
    rows.body(rows.EXECUTION, rows.FUNDING, category="linear"),
    rows.body(rows.ENTRY, rows.SETTLEMENT),
    rows.body({"coin": [rows.COIN]}),
    rows.body(SNAPSHOT, category="linear"),
    rows.body(
        {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingRateTimestamp": "1790000000000"}, category="linear"
    ),
    rows.body(CONTRACT, category="linear"),
    rows.body({"symbol": "BTCUSDT", "takerFeeRate": "0.0006", "makerFeeRate": "0.0001"}),
    rows.body(["1786320000000", "63000", "63100", "62900", "63050"], symbol="BTCUSDT", category="linear"),
    encode({"retCode": 0, "result": {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}}),
    encode({"retCode": 0, "result": {"orderId": "1", "orderLinkId": "2"}}),
    encode({"retCode": 10006, "retMsg": "Too many visits!"}),
]


@given(st.lists(mangled(PRIVATE), min_size=1, max_size=8))
def test_private_frames_never_raise_and_invent_no_number(frames: list[bytes]) -> None:
    decoder = AccountDecoder("linear", "main")
    for raw in frames:
        events, held = decoder.decode(raw, 1), numbers_in(raw)
        assert events
        for event in events:
            assert invented(event, held) == []


def invented(event: AnyEvent, held: set[Decimal]) -> list[str]:
    """The numbers of an event that no frame held, up to their sign."""
    known = held | {-number for number in held} | {Decimal(0)}
    return [
        name
        for name in event.__struct_fields__
        if isinstance(value := getattr(event, name), Decimal) and name != "wallet_balance" and value not in known
    ]


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_so_does_a_private_socket_take_anything(raw: bytes | str) -> None:
    assert AccountDecoder("linear", "main").decode(raw, 1)


@given(
    st.sampled_from(sorted(answers.PATHS)),
    mangled(BODIES) | st.binary(max_size=200),
    st.sampled_from(["", "linear", "inverse", "spot", "option"]),
)
def test_bodies_are_read_or_refused(path: str, raw: bytes, category: str) -> None:
    parameters = {"category": category, "symbol": "BTCUSDT", "interval": "60"}
    answer = RestAnswer(path=path, body=raw, received_ns=rows.NS, parameters=parameters)
    with contextlib.suppress(DecodeError, VenueError):
        answers.events(answer)
    BybitDialect().failure(Reply(200, {}, raw), rows.MS)
