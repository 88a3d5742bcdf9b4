"""Talking to a simulator over its real ports, as any client would."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from feeds.sim.process import ApiKey
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import wall_ms
from tests.support.patience import PATIENCE

Frame = dict[str, Any]


class Served:
    """A simulator that listens in this process."""

    def __init__(self, simulator: Simulator, announced: dict[str, Any]) -> None:
        self.simulator = simulator
        self.control: str = announced["control"]
        self.rest = {name: venue["rest"] for name, venue in announced["venues"].items()}
        self.websocket = {name: venue["websocket"] for name, venue in announced["venues"].items()}
        self.keys = [ApiKey(**key) for key in announced["api_keys"]]
        self.http = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)

    def key(self, venue: str, permissions: str = "trade") -> ApiKey:
        """A key of the main account."""
        return next(key for key in self.keys if (key.venue, key.permissions) == (venue, permissions))

    async def get(self, venue: str, path: str) -> httpx.Response:
        """A public request."""
        return await self.http.get(self.rest[venue] + path)

    async def inject(self, fault: str, **parameters: Any) -> Frame:
        """A fault through the control port."""
        answer = await self.http.post(self.control, json={"fault": fault, **parameters})
        assert answer.status_code == 200, answer.text
        return cast(Frame, answer.json())

    async def bybit(
        self, method: str, path: str, parameters: Frame, *, key: ApiKey | None = None, late_ms: int = 0
    ) -> httpx.Response:
        """A signed Bybit request."""
        key, stamp = key or self.key("bybit"), str(wall_ms() - late_ms)
        query = urlencode(parameters) if method == "GET" else ""
        body = json.dumps(parameters) if method == "POST" else ""
        sign = _hmac(key.secret, f"{stamp}{key.key}5000{query or body}")
        headers = {"X-BAPI-API-KEY": key.key, "X-BAPI-TIMESTAMP": stamp, "X-BAPI-RECV-WINDOW": "5000"}
        headers |= {"X-BAPI-SIGN": sign, "Content-Type": "application/json"}
        if method == "GET":
            del headers["Content-Type"]
        address = f"{self.rest['bybit']}{path}" + (f"?{query}" if query else "")
        return await self.http.request(method, address, content=body or None, headers=headers)

    async def binance(
        self, method: str, path: str, parameters: Frame | None = None, *, key: ApiKey | None = None
    ) -> httpx.Response:
        """A signed Binance request."""
        key = key or self.key("binance")
        query = urlencode({**(parameters or {}), "timestamp": wall_ms()})
        signed = f"{query}&signature={_hmac(key.secret, query)}"
        headers = {"X-MBX-APIKEY": key.key}
        return await self.http.request(method, f"{self.rest['binance']}{path}?{signed}", headers=headers)


class Line:
    """One websocket; every frame that came is kept in ``frames``."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Any] = []

    async def send(self, request: Any) -> None:
        """Send a request; text is sent as it is."""
        await self.connection.send(request if isinstance(request, str) else json.dumps(request))

    async def next(self) -> Any:
        """The next frame."""
        async with asyncio.timeout(PATIENCE):
            self.frames.append(json.loads(await self.connection.recv()))
        return self.frames[-1]

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first frame from now on for which ``wanted`` holds."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            frame = await self.next()
            if wanted(frame):
                return frame
        raise AssertionError(f"not among {len(self.frames)} frames; the last was {self.frames[-1]}")

    async def ended(self) -> None:
        """Read on until the other side closes."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(PATIENCE):
                async for text in self.connection:
                    self.frames.append(json.loads(text))

    async def ask(self, request: Frame) -> Frame:
        """Send a request and wait for the control frame that answers it."""
        await self.send(request)
        return cast(Frame, await self.until(lambda frame: isinstance(frame, dict) and is_control(frame)))


def is_control(frame: Frame) -> bool:
    """Whether a frame answers a request rather than carrying data."""
    return "op" in frame or "result" in frame or "error" in frame


def topic(name: str) -> Callable[[Any], bool]:
    """Frames of a Bybit topic."""
    return lambda frame: isinstance(frame, dict) and frame.get("topic") == name


def event(name: str) -> Callable[[Any], bool]:
    """Raw Binance frames of an event type."""
    return lambda frame: isinstance(frame, dict) and frame.get("e") == name


def _hmac(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def bybit_auth(key: ApiKey, *, expires: int | None = None) -> Frame:
    """The auth request of Bybit's private socket."""
    expires = wall_ms() + 10_000 if expires is None else expires
    return {"op": "auth", "args": [key.key, expires, _hmac(key.secret, f"GET/realtime{expires}")]}


def hold_clock(monkeypatch: pytest.MonkeyPatch, *signing: str) -> None:
    """Let time stand for what is signed here and in those modules, and for what venues check and count of requests."""
    now = wall_ms()
    for module in ("feeds.sim.rest_faults", __name__, *signing):
        monkeypatch.setattr(f"{module}.wall_ms", lambda: now)


@asynccontextmanager
async def serving(
    *,
    seed: int = 1,
    pins: dict[str, str] | None = None,
    lifetime: int = 86_400,
    idle: int = 0,
    weather: int | None = None,
    weather_seconds: int = 20,
) -> AsyncIterator[Served]:
    """A simulator on free ports for as long as the context lasts."""
    prices = {coin: Decimal(price) for coin, price in (pins or {}).items()}
    options = SimulatorOptions(
        seed=seed,
        pins=prices,
        lifetime_seconds=lifetime,
        idle_contracts=idle,
        weather=weather,
        weather_seconds=weather_seconds,
    )
    simulator = Simulator(options, wall_ms())
    served = Served(simulator, cast("dict[str, Any]", await simulator.start()))
    try:
        yield served
    finally:
        await served.http.aclose()
        await simulator.stop()


@asynccontextmanager
async def line(address: str, **options: Any) -> AsyncIterator[Line]:
    """A websocket to an address. It buffers without bound, or closing it would wait for frames nobody reads."""
    async with connect(address, **{"proxy": None, "max_queue": None, **options}) as connection:
        yield Line(connection)
