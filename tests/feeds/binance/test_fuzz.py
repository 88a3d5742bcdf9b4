"""Whatever comes over a Binance socket: no exception, no number that no frame held, and both paths agree."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, BalanceUpdate, Fill, FundingPayment, OrderUpdate, PositionUpdate
from feeds.binance import answers
from feeds.binance.parse import Decoder
from feeds.binance.private import AccountDecoder
from feeds.venue import RestAnswer
from tests.feeds.binance.desk import row
from tests.feeds.binance.test_coinm import BOOK, PERPETUAL
from tests.feeds.binance.test_frames import BOOK_STREAM, DAY, FUTURES, LEVELS, E
from tests.feeds.binance.test_marks import ALL, DATED, MARK, MARKET, combined
from tests.feeds.binance.test_private import POSITION, TRADE, UPDATE
from tests.feeds.binance.test_sweep import TRADE as TRADE_ROW
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
    combined(PERPETUAL, "btcusd_perp@markPrice@1s"),
    encode(BOOK),
    combined([PERPETUAL], "btcusd@markPrice@1s"),
]
MARKETS = st.sampled_from(["usdm", "coinm", "spot"])
PRIVATE = [
    encode(UPDATE),
    encode({"stream": "listen-key", "data": UPDATE}),
    encode(TRADE),
    encode({"e": "ACCOUNT_CONFIG_UPDATE", "E": E, "ac": {"s": "BTCUSDT", "l": 25}}),
    encode({"e": "MARGIN_CALL", "E": E, "cw": "3.1", "p": [POSITION]}),
    encode(
        {"subscriptionId": 0, "event": {"e": "outboundAccountPosition", "u": E, "B": [{"a": "X", "f": "1", "l": "0"}]}}
    ),
    encode({"id": "login", "status": 200, "result": {"subscriptionId": 0}}),
]
BODIES = [
    encode({"assets": [{"asset": "USDT", "walletBalance": "-1.5", "updateTime": E}]}),
    encode(
        [{"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-1", "entryPrice": "5", "liquidationPrice": "7"}]
    ),
    encode([row(), row("FILLED", "0.010", avgPrice="68000.5")]),
    encode([TRADE_ROW]),
    encode([{"symbol": "X", "incomeType": "FUNDING_FEE", "income": "1.5", "asset": "U", "time": E, "tranId": 1}]),
    encode([{"symbol": "X", "fundingTime": E, "fundingRate": "0.0001", "markPrice": "5"}]),
    encode({"balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}]}),
    encode({"code": -1121, "msg": "Invalid symbol."}),
    encode({"dualSidePosition": True, "multiAssetsMargin": False}),
]


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
    for raw in (GOOD[0], GOOD[5], GOOD[6], GOOD[2], *GOOD[10:], *frames):
        assert comparable(quick.decode(raw, 1)) == comparable(careful.decode(raw + PAST_QUICK, 1))


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert Decoder(market).decode(raw, 1)


MONEY = {
    BalanceUpdate: ("wallet_balance",),
    PositionUpdate: ("quantity", "entry_price", "liquidation_price", "isolated_margin", "leverage"),
    OrderUpdate: ("quantity", "filled_quantity", "average_price", "limit_price"),
    Fill: ("price", "quantity", "fee"),
    FundingPayment: ("amount", "rate", "mark_price"),
}


def money_of(events: Sequence[AnyEvent]) -> list[Decimal]:
    return [
        value for event in events for name in MONEY.get(type(event), ()) if (value := getattr(event, name)) is not None
    ]


@given(MARKETS, st.lists(mangled(PRIVATE), min_size=1, max_size=4))
def test_private_frames_invent_no_money(market: str, frames: list[bytes]) -> None:
    decoder = AccountDecoder(market, "hedge")
    for raw in frames:
        events = decoder.decode(raw, 1)
        assert events
        sums = {one + other for one in numbers_in(raw) for other in numbers_in(raw)}  # spot: free and locked
        for number in money_of(events):
            assert number == 0 or number in numbers_in(raw) or number in sums
        assert "listen-key" not in str(events)


@given(MARKETS, st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_on_a_private_socket(market: str, raw: bytes | str) -> None:
    assert AccountDecoder(market, "hedge").decode(raw, 1)


@given(st.sampled_from(answers.PATHS), mangled(BODIES) | st.binary(max_size=200))
def test_rest_bodies_are_read_or_refused_by_name(path: str, body: bytes) -> None:
    parameters = {"symbol": "BTCUSDT", "pair": "BTCUSDT", "interval": "1h"}
    answer = RestAnswer(path=path, body=body, received_ns=1, parameters=parameters, account="hedge")
    try:
        events = answers.events(answer)
    except (DecodeError, VenueError):
        return
    seen = numbers_in(body)
    for number in money_of(events):
        assert number == 0 or {number, -number} & seen or any(number - other in seen for other in seen)


@given(
    st.sampled_from(answers.PATHS),
    st.sampled_from([b"", b"null", b"[", b"[[[[", b"{}", b"[]", b"[5]", b"5", b"[" * 50_000]),
)
def test_bodies_that_are_nothing(path: str, body: bytes) -> None:
    with contextlib.suppress(DecodeError, VenueError):
        assert isinstance(answers.events(RestAnswer(path=path, body=body, received_ns=1)), list)
