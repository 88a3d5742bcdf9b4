"""Whatever a WEEX endpoint answers: an error of ours or events, and no number that no body held."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    FeeCharged,
    Fill,
    FundingPayment,
    FundingSettled,
    InstrumentListed,
    OrderUpdate,
    PositionUpdate,
    Ticker,
)
from feeds.registry import venue_module
from feeds.venue import RestAnswer
from feeds.weex import facts
from tests.feeds.weex.account_samples import FUNDING, ORDER, POSITION, TRADE
from tests.feeds.weex.test_candles import ROWS
from tests.feeds.weex.test_reference import CONTRACT, NOW_NS, PAIR, PREMIUM, SETTLED
from tests.support.frames import encode, mangled, numbers_in

CONFIG = {"symbol": "BTCUSDT", "marginType": "ISOLATED", "crossLeverage": "20", "isolatedLongLeverage": "3"}
BODIES = {
    facts.INSTRUMENTS_PATH: {"symbols": [CONTRACT]},
    facts.SPOT_INSTRUMENTS_PATH: {"symbols": [PAIR]},
    facts.PREMIUM_PATH: [PREMIUM],
    facts.SETTLED_PATH: [SETTLED],
    facts.TRADABLE_PATH: ["BTCUSDT"],
    facts.CLOCK_PATH: {"serverTime": 1_786_310_817_583},
    facts.MARK_CANDLES_PATH: ROWS,
    facts.PRICE_PATH: {"symbol": "BTCUSDT", "price": "69348.5", "time": 1_764_505_776_890},
    facts.BALANCE_PATH: [{"asset": "USDT", "balance": "-5.5"}],
    facts.SPOT_ACCOUNT_PATH: {"balances": [{"asset": "BTC", "free": "0.5", "locked": "0"}]},
    facts.CONFIG_PATH: {"dualSidePosition": True},
    facts.SYMBOL_CONFIG_PATH: [CONFIG | {"isolatedShortLeverage": "5"}],
    facts.POSITIONS_PATH: [POSITION],
    facts.ORDER_PATH: ORDER,
    facts.OPEN_ORDERS_PATH: [ORDER],
    facts.TRADES_PATH: [TRADE],
    facts.INCOME_PATH: {"hasNextPage": False, "items": [FUNDING]},
}
GOOD = {path: encode(content) for path, content in BODIES.items()}


def figures(events: Sequence[AnyEvent]) -> list[Decimal]:
    """What was told as it was written, without its sign: quotients and sums are left out."""
    found: list[Decimal | None] = []
    for event in events:
        match event:
            case Ticker():
                found += [event.funding_rate, event.mark_price, event.index_price]
            case FundingSettled():
                found += [event.rate, event.mark_price]
            case InstrumentListed(instrument=one):
                found += [one.quantity_step, one.minimum_quantity, one.maximum_quantity, one.maximum_leverage]
            case PositionUpdate():
                found += [event.quantity, event.isolated_margin, event.leverage, event.liquidation_price]
            case OrderUpdate():
                found += [event.quantity, event.filled_quantity, event.limit_price]
            case Fill():
                found += [event.price, event.quantity, event.fee]
            case FundingPayment() | FeeCharged():
                found += [event.amount]
            case AccountSettings():
                found += [event.leverage]
    return [value.copy_abs() for value in found if value]


@pytest.mark.parametrize("path", GOOD)
@given(data=st.data())
def test_no_number_is_invented_and_nothing_else_is_raised(path: str, data: st.DataObject) -> None:
    body = data.draw(mangled([GOOD[path]]))
    held = {number.copy_abs() for number in numbers_in(body)}
    answer = RestAnswer(path=path, body=body, received_ns=NOW_NS, parameters={"symbol": "BTCUSDT", "interval": "1d"})
    with contextlib.suppress(DecodeError, VenueError):
        assert held.issuperset(figures(venue_module("weex").rest_events(answer)))


@given(st.sampled_from(venue_module("weex").rest_paths()), st.binary(max_size=300))
def test_anything_at_all_is_taken_or_refused(path: str, body: bytes) -> None:
    with contextlib.suppress(DecodeError, VenueError):
        assert isinstance(venue_module("weex").rest_events(RestAnswer(path=path, body=body, received_ns=NOW_NS)), list)
