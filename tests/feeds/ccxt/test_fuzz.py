"""Whatever ccxt hands over: no exception, and no number that was not in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.events import CandlePrice, Ticker
from core.history import DAY_NS
from feeds.ccxt import account, market
from feeds.ccxt.numbers import number

NAMES = st.sampled_from(["ccxt.x1:swap:BTC/USD:USD", "ccxt.x1:swap:BTC/USD:BTC", "ccxt.x1:spot:BTC/USD"])
KEYS = (
    *("symbol", "type", "base", "quote", "settle", "active", "contractSize", "expiry", "precision", "limits", "price"),
    *("amount", "min", "max", "leverage", "cost", "currency", "maxNotional", "maintenanceMarginRate", "maxLeverage"),
    *("timestamp", "markPrice", "indexPrice", "last", "bid", "ask", "bidVolume", "askVolume", "open", "high", "low"),
    *("fundingRate", "fundingTimestamp", "interval", "total", "side", "contracts", "entryPrice", "liquidationPrice"),
    *("marginMode", "hedged", "positionMargin", "id", "order", "status", "filled", "fee", "code", "clientOrderId"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["1", "0.5", "-3", "long", "short", "buy", "open", "8h", "BTC", "USD", "swap", "cross", "isolated"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=30,
)
STRUCTURES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=20)
NOW = 1_790_000_000_000_000_000


def scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [it for inner in value.values() for it in scalars(inner)]
    return [it for inner in value for it in scalars(inner)] if isinstance(value, list) else [value]


@given(NAMES, STRUCTURES, st.lists(VALUES, max_size=4), st.integers(1, 5))
def test_anything_is_read_or_refused(name: str, told: dict[str, Any], rows: list[Any], mode: int) -> None:
    market.instrument("ccxt.x1", name, told, mode, NOW)
    market.tiers("ccxt.x1", name, rows, NOW)
    market.settled(name, rows, NOW)
    market.history(name, CandlePrice.MARK, DAY_NS, rows, NOW)
    market.day(name, "c", told, NOW)
    list(account.balances("main", told, NOW))
    for read in (account.position, account.order, account.fill, account.payment):
        read("main", name, told, NOW)


@given(NAMES, STRUCTURES)
def test_no_price_is_invented(name: str, told: dict[str, Any]) -> None:
    held = {number(value) for value in scalars(told)}
    for event in (market.ticker(name, "c", told, NOW), market.funding(name, "c", told, NOW, prices=True)):
        assert isinstance(event, Ticker)
        said = (event.mark_price, event.index_price, event.last_price, event.bid_price, event.ask_size)
        assert held.issuperset(value for value in (*said, event.funding_rate) if value is not None)
