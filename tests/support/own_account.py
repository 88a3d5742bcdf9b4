"""An account of its own at a simulated venue, what can be asked of it there, and what was told of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from core.errors import VenueError
from core.events import AccountSettings, AnyEvent, Fill, OrderState, OrderUpdate, PositionUpdate
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import account_feed
from feeds.sim.registry import venue_rules
from feeds.venue import AccountFeed, Credentials
from tests.feeds.toy import EventLog
from tests.support.kept import HELD_AT, KEPT, PATIENT, Desk
from tests.support.patience import PATIENCE

COINS = Decimal("0.1")

_Event = TypeVar("_Event", bound=AnyEvent)
_numbers = itertools.count(1)


class Own:
    """An account of its own at the venue, and clients of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.log = desk, EventLog()
        wallets = {
            wallet: {asset: str(amount) for asset, amount in amounts.items()}
            for wallet, amounts in venue_rules(desk.venue).start.items()
        }
        opened = self.control("open_account", name=f"own{next(_numbers)}", wallets=wallets)
        key = next(key for key in opened["api_keys"] if key["permissions"] == "trade")
        self.key = Credentials(key["key"], key["secret"], key.get("passphrase", ""))
        self.feed = self.client()
        self.quantity = desk.quantity(COINS)

    def client(self) -> AccountFeed:
        """Another client, that remembers nothing."""
        return account_feed(self.desk.venue, KEPT, self.desk.endpoints, self.key)

    def control(self, fault: str, **parameters: Any) -> dict[str, Any]:
        return self.desk.simulator.control(fault, venue=self.desk.venue, **parameters)

    @property
    def contract(self) -> dict[str, str]:
        """The contract as faults name it."""
        return {"category": self.desk.market, "symbol": self.desk.symbol}

    def sale(self, price: str = "59000", **changed: Any) -> OrderRequest:
        return self.desk.order("sell", str(COINS), price, **changed)

    async def swept(self, wanted: Callable[[Sequence[AnyEvent]], bool] = lambda _: True) -> Sequence[AnyEvent]:
        """A sweep that tells what is wanted; venues count requests, and want pauses."""
        deadline = time.monotonic() + PATIENCE
        while True:
            pause, events = 0.4, list[AnyEvent]()
            try:
                events += await self.sweep()
            except VenueError as error:
                if error.code != "limited":
                    raise
                pause = error.retry_after_seconds or pause
            if events and wanted(events):
                return events
            assert time.monotonic() < deadline, events
            await asyncio.sleep(pause)

    async def sweep(self) -> Sequence[AnyEvent]:
        """What REST tells of the last hour."""
        return await self.feed.sweep((self.desk.contract,), time.time_ns() - 3600 * 10**9)

    def past(self, moment_ns: int) -> None:
        """Let the venue's time be later than this, step by step: what happens from now on happens after it."""
        while self.desk.simulator.now_ms(self.desk.venue) * 1_000_000 <= moment_ns:
            self.desk.simulator.control("pin", coin="BTC", price=str(HELD_AT))

    async def until(self, wanted: Callable[[], bool]) -> None:
        await self.log.until(wanted, PATIENCE)


def of(kind: type[_Event], events: Sequence[AnyEvent]) -> list[_Event]:
    return [event for event in events if isinstance(event, kind)]


def state(events: Sequence[AnyEvent]) -> OrderState:
    return of(OrderUpdate, events)[-1].state


def modes(events: Sequence[AnyEvent]) -> set[str]:
    """The position modes that are told."""
    return {one.position_mode for one in of(AccountSettings, events) if one.position_mode is not None}


def filled(events: Sequence[AnyEvent], order: OrderRequest) -> dict[str, Decimal]:
    """The fills of an order: quantity by id."""
    return {one.fill_id: one.quantity for one in of(Fill, events) if one.client_order_id == order.client_order_id}


async def patiently(ask: Callable[[], Awaitable[Sequence[AnyEvent]]]) -> Sequence[AnyEvent]:
    """What is told, after the pauses that the venue's limits ask for."""
    while True:
        try:
            return await ask()
        except VenueError as error:
            if error.code != "limited":
                raise
            await asyncio.sleep(error.retry_after_seconds or 1)


async def tried(asking: Awaitable[Sequence[AnyEvent]]) -> Sequence[AnyEvent] | VenueError:
    """What is told, or why nothing is."""
    try:
        return await asking
    except VenueError as error:
        return error


def held(events: Sequence[AnyEvent]) -> Decimal:
    """All that is held, leg by leg as it was told last."""
    return sum({one.leg: one.quantity for one in of(PositionUpdate, events)}.values(), Decimal(0))


@asynccontextmanager
async def followed(own: Own) -> AsyncIterator[None]:
    """The account's streams are heard meanwhile."""
    plans = own.feed.plans((own.desk.contract,))
    tasks = [
        asyncio.create_task(Connection(own.feed, plan, own.log.emit, Clock(), timing=PATIENT).run()) for plan in plans
    ]
    try:
        await own.until(lambda: own.log.states.count("live") >= len(plans))
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
