"""The whole simulated exchange: one market, its venues, their ports, and the clock that drives them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from aiohttp import web

from feeds.clock import Clock
from feeds.sim.catalogue import COINS
from feeds.sim.control import CONTROL_PATH, control_application
from feeds.sim.exchange import Exchange
from feeds.sim.history import PriceHistory
from feeds.sim.market import STEP_MS, Market
from feeds.sim.registry import chosen, venue_class, venue_rules
from feeds.sim.venue import SimVenue, VenueOptions
from feeds.sim.weather import Weather

MAXIMUM_CATCH_UP_STEPS = 600
HOUSEKEEPING_STEPS = 10

LOOPBACK = "127.0.0.1"
MAIN_ACCOUNT = "main"


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to start. ``port`` 0 takes free ports; otherwise the venues take ``port``, ``port + 1``, … in order."""

    venues: tuple[str, ...] | None = None
    """Which venues; all that are registered for ``None``."""
    host: str = LOOPBACK
    port: int = 0
    seed: int = 1
    pins: Mapping[str, Decimal] = {}
    funding_every: int | None = None
    lifetime_seconds: int = 86_400
    """When websockets are cut by venues that limit their life."""
    idle_contracts: int = 0
    """So many more contracts that are listed and nobody trades, where a venue has pages of them."""
    weather: int | None = None
    """The seed of a random sequence of faults; none for ``None``."""
    weather_seconds: int = 20
    """The average time from one fault of the weather to the next."""


class Simulator:
    """Venues over one market. ``step`` is pure of clocks and sockets; ``start`` and ``stop`` do the serving."""

    def __init__(self, options: SimulatorOptions, now_ms: int) -> None:
        """Raises RequestError for a venue that is not registered and a pin that cannot be quoted."""
        self.options = options
        self.market = Market(options.seed)
        for coin, price in options.pins.items():
            self.market.pin(coin, price)
        self.histories = {
            coin.name: PriceHistory(coin, options.seed, self.market.fair(coin.name), now_ms) for coin in COINS
        }
        told = VenueOptions(lifetime_ms=options.lifetime_seconds * 1000, idle_contracts=options.idle_contracts)
        self.venues: dict[str, SimVenue] = {
            name: venue_class(name)(self._exchange(name, now_ms), told) for name in chosen(options.venues)
        }
        self.api_keys = [key for name in self.venues for key in self._open(name)]
        self.weather = None
        if options.weather is not None:
            self.weather = Weather(self, options.weather, options.weather_seconds)
        self._runners: list[web.AppRunner] = []
        self._clockwork: asyncio.Task[None] | None = None
        self._next_step = asyncio.Event()

    def step(self, now_ms: int) -> None:
        """Move the market by 100 ms, and every venue to ``now_ms``."""
        self.market.step()
        for name, history in self.histories.items():
            history.observe(self.market.fair(name), now_ms)
        for venue in self.venues.values():
            venue.exchange.step(now_ms)
        if self.weather is not None:
            self.weather.step()

    async def start(self) -> dict[str, object]:
        """Listen, and start the clock; what to tell users: addresses of every venue.

        Raises OSError where a port is taken.
        """
        addresses: dict[str, object] = {}
        for number, (name, venue) in enumerate(self.venues.items()):
            base = await self._listen(venue.application(), self.options.host, number)
            addresses[name] = {"rest": f"http://{base}", "websocket": f"ws://{base}"}
        base = await self._listen(control_application(self), LOOPBACK, len(self.venues))
        control = f"http://{base}{CONTROL_PATH}"
        self._clockwork = asyncio.create_task(self._run())
        return {"venues": addresses, "api_keys": self.api_keys, "control": control}

    async def failed(self) -> None:
        """Wait until the clock stops by itself, which only a fault of the simulator makes it do; raises that."""
        assert self._clockwork is not None
        await asyncio.shield(self._clockwork)

    async def stepped(self) -> None:
        """Wait until the clock has made its next step and told it."""
        await self._next_step.wait()

    async def stop(self) -> None:
        """Close every socket and port."""
        if self._clockwork is not None:
            self._clockwork.cancel()
            await asyncio.gather(self._clockwork, return_exceptions=True)
        for venue in self.venues.values():
            venue.hub.drop_all()
        for runner in self._runners:
            await runner.cleanup()

    def _exchange(self, venue: str, now_ms: int) -> Exchange:
        rules = venue_rules(venue)
        return Exchange(rules, self.market, self.histories, now_ms, funding_every=self.options.funding_every)

    def _open(self, venue: str) -> list[dict[str, str]]:
        exchange = self.venues[venue].exchange
        keys = exchange.book.open(MAIN_ACCOUNT, exchange.rules.start_amounts(), exchange.now_ms)
        return [{"venue": venue, **msgspec.structs.asdict(key)} for key in keys]

    async def _listen(self, app: web.Application, host: str, number: int) -> str:
        """Serve an application; its ``host:port``."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await runner.setup()
        self._runners.append(runner)
        wanted = self.options.port + number if self.options.port else 0
        six = ":" in host
        listening = socket.create_server((host, wanted), family=socket.AF_INET6 if six else socket.AF_INET)
        await web.SockSite(runner, listening).start()
        port: int = listening.getsockname()[1]
        return f"[{host}]:{port}" if six else f"{host}:{port}"

    async def _run(self) -> None:
        """Step every 100 ms of wall time; catch up after a delay, frame by frame, and let longer pauses pass."""
        clock = Clock()
        begun, made = clock.now_ns(), 0
        while True:
            due = (clock.now_ns() - begun) // (STEP_MS * 1_000_000)
            made = max(made, due - MAXIMUM_CATCH_UP_STEPS)
            for number in range(made + 1, due + 1):
                self.step(begun // 1_000_000 + number * STEP_MS)
                self._publish()
                self._next_step.set()
                self._next_step = asyncio.Event()
                made = number
                await asyncio.sleep(0)  # what was sent leaves before more is
            await asyncio.sleep(((made + 1) * STEP_MS * 1_000_000 - (clock.now_ns() - begun)) / 1e9)

    def _publish(self) -> None:
        housekeeping = self.market.steps % HOUSEKEEPING_STEPS == 0
        for venue in self.venues.values():
            venue.publish()
            if housekeeping:
                venue.housekeeping()
