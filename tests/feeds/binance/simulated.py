"""Our client of Binance and the simulated exchange, for the tests of one against the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from core.events import (
    AnyEvent,
    ConnectionState,
    OrderUpdate,
)
from core.orders import OrderRequest
from feeds.binance.client import BinanceFeed
from feeds.binance.desk import BinanceAccount
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.timing import DEFAULT_TIMING, Timing
from feeds.venue import Credentials, Endpoints, StreamFeed
from tests.feeds.sim.lines import Served
from tests.feeds.toy import EventLog

PERPETUAL = {"usdm": "binance:usdm:BTCUSDT", "coinm": "binance:coinm:BTCUSD_PERP"}
SIZE = {"usdm": Decimal("0.010"), "coinm": Decimal(10)}
SETTLE = {"usdm": "USDT", "coinm": "BTC"}
SPOT_PAIR = "binance:spot:BTCUSDT"
FUTURES = pytest.mark.parametrize("market", ["usdm", "coinm"])

_Event = TypeVar("_Event", bound=AnyEvent)


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    """What a test shows of our own client."""
    return pytest.mark.verifies("binance", market, *capabilities, client="hedgerow")


def both(*capabilities: str) -> Callable[[Any], Any]:
    """The same of both futures markets."""

    def mark(test: Any) -> Any:
        return verifies("usdm", *capabilities)(verifies("coinm", *capabilities)(test))

    return mark


def endpoints(served: Served) -> Endpoints:
    return Endpoints(rest=served.rest["binance"], websocket=served.websocket["binance"])


def credentials(served: Served, permissions: str = "trade") -> Credentials:
    key = served.key("binance", permissions)
    return Credentials(key.key, key.secret)


def feed_of(served: Served) -> BinanceFeed:
    return BinanceFeed(endpoints(served), credentials(served))


def account_of(served: Served) -> BinanceAccount:
    return BinanceAccount("hedge", endpoints(served), credentials(served))


def of(events: Iterable[Any], kind: type[_Event]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


@asynccontextmanager
async def heard(feed: Any, instruments: Sequence[str], timing: Timing = DEFAULT_TIMING) -> AsyncIterator[EventLog]:
    """What the feed's connections tell for as long as the context lasts."""
    log, clock = EventLog(), Clock()
    stream: StreamFeed = feed
    connections = [Connection(stream, plan, log.emit, clock, timing=timing) for plan in feed.plans(instruments)]
    tasks = [asyncio.create_task(connection.run()) for connection in connections]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def traded(served: Served, market: str) -> AsyncIterator[tuple[BinanceAccount, EventLog]]:
    """An account whose stream is live."""
    account = account_of(served)
    async with heard(account, [PERPETUAL[market]]) as log:
        await log.until(lambda: ConnectionState.LIVE.value in log.states)
        yield account, log


def order(market: str, name: str, **changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": name,
        "account": "hedge",
        "instrument": PERPETUAL[market],
        "side": "sell",
        "quantity": SIZE[market],
        "limit_price": Decimal(59_000),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def only(events: Sequence[AnyEvent]) -> OrderUpdate:
    (update,) = of(events, OrderUpdate)
    return update
