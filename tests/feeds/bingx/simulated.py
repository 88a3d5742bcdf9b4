"""Our own client of BingX at the simulated exchange: what its tests share."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pytest

from core.events import (
    AnyEvent,
    OrderState,
    OrderUpdate,
    Ticker,
)
from core.orders import OrderRequest
from feeds.bingx.client import BingxFeed
from feeds.bingx.desk import BingxDesk
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.sim.process import SimulatorProcess
from feeds.timing import Timing
from feeds.venue import Credentials, StreamFeed
from tests.feeds.toy import EventLog

LINEAR, INVERSE, SPOT = "bingx:linear:BTC-USDT", "bingx:inverse:BTC-USD", "bingx:spot:BTC-USDT"
EVERY = (LINEAR, INVERSE, SPOT)
TIMING = Timing(send_gap_seconds=0.0, first_delay_seconds=0.05, longest_delay_seconds=0.2, attempts=1000)
CASES = [(LINEAR, "0.01"), (INVERSE, "3")]
"""A contract of each market, and a quantity that its account can carry."""

_Event = TypeVar("_Event", bound=AnyEvent)
_numbers = itertools.count(1)


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    return pytest.mark.verifies("bingx", market, *capabilities, client="hedgerow")


def desk(simulator: SimulatorProcess, account: Credentials) -> BingxDesk:
    return BingxDesk("main", simulator.venues["bingx"], account)


@asynccontextmanager
async def streaming(feed: StreamFeed, plans: Sequence[Any]) -> AsyncIterator[EventLog]:
    """The events of connections that are held open meanwhile."""
    log, clock = EventLog(), Clock()
    tasks = [asyncio.create_task(Connection(feed, plan, log.emit, clock, timing=TIMING).run()) for plan in plans]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def of(kind: type[_Event], events: Sequence[AnyEvent]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


def tickers(log: EventLog, channel: str) -> list[Ticker]:
    return [event for event in of(Ticker, log.events) if event.channel == channel]


async def price_near(simulator: SimulatorProcess, instrument: str, share: str) -> Decimal:
    feed = BingxFeed(simulator.venues["bingx"])
    plan = next(plan for plan in feed.polls([instrument]) if "premium" in plan.name)
    (event,) = of(Ticker, await feed.poll(plan))
    assert event.mark_price is not None
    return (event.mark_price * Decimal(share)).quantize(Decimal("0.1"))


def request(instrument: str, side: str, quantity: str, price: Decimal, **changed: Any) -> OrderRequest:
    order = OrderRequest(
        client_order_id=f"hr-{next(_numbers)}-ab",
        account="main",
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        limit_price=price,
        reduce_only=False,
        created_ns=time.time_ns(),
    )
    return msgspec.structs.replace(order, **changed)


def only_order(events: Sequence[AnyEvent]) -> OrderUpdate:
    (order,) = of(OrderUpdate, events)
    return order


async def settled(desk: BingxDesk, order: OrderRequest) -> Sequence[AnyEvent]:
    """What a query tells once the order has left the open state, or after a while."""
    events: Sequence[AnyEvent] = ()
    for _ in range(50):
        events = await desk.query(order)
        if only_order(events).state not in (OrderState.OPEN, OrderState.PARTIALLY_FILLED):
            break
        await asyncio.sleep(0.02)
    return events
