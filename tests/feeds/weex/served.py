"""The simulated WEEX in this process, and its own client at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, cast

import httpx

from feeds.clock import Clock
from feeds.connection import Connection
from feeds.sim.process import ApiKey
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.weex.venue import Weex
from feeds.sim.wire import wall_ms
from feeds.timing import Timing
from feeds.venue import ConnectionPlan, Credentials, Endpoints, StreamFeed
from feeds.weex.client import WeexFeed
from feeds.weex.desk import WeexDesk
from tests.feeds.toy import EventLog
from tests.support.patience import PATIENCE

CONTRACT, PAIR = "weex:linear:BTCUSDT", "weex:spot:BTCUSDT"
PATIENT = Timing(first_delay_seconds=0.05, longest_delay_seconds=0.2, steady_seconds=0.3, attempts=1000, read_hz=200.0)


class ServedWeex:
    """A simulator that listens."""

    def __init__(self, simulator: Simulator, announced: dict[str, Any]) -> None:
        self.simulator, self.control = simulator, cast(str, announced["control"])
        address = announced["venues"]["weex"]
        self.endpoints = Endpoints(rest=address["rest"], websocket=address["websocket"])
        self.keys = [ApiKey(**key) for key in announced["api_keys"]]
        self.http = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)

    @property
    def venue(self) -> Weex:
        """Its wire side."""
        return cast(Weex, self.simulator.venues["weex"])

    def key(self, permissions: str = "trade") -> ApiKey:
        """A key of the main account."""
        return next(key for key in self.keys if key.permissions == permissions)

    def credentials(self, permissions: str = "trade") -> Credentials:
        """The same for our client."""
        key = self.key(permissions)
        return Credentials(key.key, key.secret, key.passphrase)

    def feed(self) -> WeexFeed:
        """Our market data."""
        return WeexFeed(self.endpoints)

    def desk(self, permissions: str = "trade") -> WeexDesk:
        """Our account."""
        return WeexDesk("main", self.endpoints, self.credentials(permissions))

    async def inject(self, fault: str, **parameters: Any) -> None:
        """A fault through the control port."""
        answer = await self.http.post(self.control, json={"fault": fault, **parameters})
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def serving(pins: dict[str, str] | None = None) -> AsyncIterator[ServedWeex]:
    """The simulated venue on free ports for as long as the context lasts."""
    prices = {coin: Decimal(price) for coin, price in (pins or {"BTC": "60000"}).items()}
    simulator = Simulator(SimulatorOptions(seed=1, pins=prices, venues=("weex",)), wall_ms())
    served = ServedWeex(simulator, cast("dict[str, Any]", await simulator.start()))
    try:
        yield served
    finally:
        await served.http.aclose()
        await simulator.stop()


@asynccontextmanager
async def following(
    feed: StreamFeed, plans: Sequence[ConnectionPlan], timing: Timing = PATIENT
) -> AsyncIterator[EventLog]:
    """Our connections for these plans, and what they emit."""
    log, clock = EventLog(), Clock()
    tasks = [asyncio.create_task(Connection(feed, plan, log.emit, clock, timing=timing).run()) for plan in plans]
    try:
        yield log
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
