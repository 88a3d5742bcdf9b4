"""An account of its own at the simulated MEXC, and what its desk and its streams tell."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from core.events import AnyEvent, OrderUpdate, Ticker
from core.legs import Leg
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.mexc.desk import MexcDesk
from feeds.sim.process import SimulatorProcess
from feeds.timing import Timing
from feeds.venue import ConnectionPlan, Credentials, StreamFeed
from tests.feeds.toy import EventLog

LINEAR, INVERSE, PAIR = "mexc:linear:BTC_USDT", "mexc:inverse:BTC_USD", "mexc:spot:BTCUSDT"
QUICK = Timing(first_delay_seconds=0.05, longest_delay_seconds=0.2, send_gap_seconds=0.02, steady_seconds=1)

_numbers = itertools.count(1)
_Kind = TypeVar("_Kind", bound=AnyEvent)


class Account:
    """One account: its key, its desk, and a way to make things go wrong for it."""

    def __init__(self, simulator: SimulatorProcess, **wallet: str) -> None:
        self.simulator, self.name = simulator, f"desk{next(_numbers)}"
        wallets = {"contract": wallet or {"USDT": "10000", "BTC": "1"}, "spot": {"USDT": "500", "BTC": "0.5"}}
        keys = simulator.control("open_account", venue="mexc", name=self.name, wallets=wallets)["api_keys"]
        self.key = next(key for key in keys if key["permissions"] == "trade")
        self.reading = next(key for key in keys if key["permissions"] == "read")
        self.desk = self.made(self.key)

    def made(self, key: dict[str, Any]) -> MexcDesk:
        """A desk with one of the keys."""
        return MexcDesk("main", self.simulator.venues["mexc"], Credentials(key["key"], key["secret"]))

    def control(self, fault: str, **parameters: Any) -> None:
        """A fault of the venue, or of this account."""
        self.simulator.control(fault, venue="mexc", key=self.key["key"], **parameters)

    async def price(self, instrument: str, factor: str) -> Decimal:
        """So many times the mark price, on the tick."""
        from feeds.mexc.client import MexcFeed

        events = await MexcFeed(self.simulator.venues["mexc"]).poll(MexcFeed().polls([instrument])[0])
        mark = next(event.mark_price for event in the(Ticker, events) if event.mark_price is not None)
        return (mark * Decimal(factor)).quantize(Decimal("0.1"))


def order(
    side: str,
    price: Decimal,
    quantity: int = 100,
    *,
    leg: Leg = Leg.SHORT,
    instrument: str = LINEAR,
    name: str = "",
    reduce_only: bool = False,
    created_ns: int = 1,
) -> OrderRequest:
    """A request with a name of its own."""
    return OrderRequest(
        client_order_id=name or f"hr-{next(_numbers)}-0123456789",
        account="main",
        instrument=instrument,
        side=side,
        quantity=Decimal(quantity),
        limit_price=price,
        reduce_only=reduce_only,
        created_ns=created_ns,
        leg=leg,
    )


def the(kind: type[_Kind], events: Sequence[AnyEvent]) -> list[_Kind]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def update(events: Sequence[AnyEvent]) -> OrderUpdate:
    """The one word on an order."""
    (told,) = the(OrderUpdate, events)
    return told


@asynccontextmanager
async def streaming(feed: StreamFeed, plans: Sequence[ConnectionPlan]) -> AsyncIterator[EventLog]:
    """Connections to all plans, and everything they emit."""
    log = EventLog()
    tasks = [asyncio.create_task(Connection(feed, plan, log.emit, Clock(), timing=QUICK).run()) for plan in plans]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def live(log: EventLog, count: int = 1) -> None:
    """Wait until so many connections have gone live."""
    await log.until(lambda: log.states.count("live") >= count)


async def until(log: EventLog, kind: type[_Kind], wanted: Callable[[_Kind], bool]) -> _Kind:
    """Wait for an event."""
    await log.until(lambda: any(wanted(event) for event in the(kind, log.events)))
    return next(event for event in the(kind, log.events) if wanted(event))
