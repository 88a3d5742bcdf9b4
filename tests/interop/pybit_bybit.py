"""pybit, the venue's own client, pointed at the simulator: it is synchronous and reads its sockets in threads.

It sends a request before it notes where the answer belongs. Far from a venue that is early enough; here the answer may
be faster, and so requests are sent once they are noted.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pybit import _websocket_trading, unified_trading

from feeds.sim.process import ApiKey, SimulatorProcess
from tests.support.patience import PATIENCE

LEAVING_SECONDS = 10.0
"""Its thread may wait for ever for the end of another."""


def opened(simulator: SimulatorProcess, name: str) -> ApiKey:
    """The trading key of a new account, with a request limit of its own."""
    wallet = {"USDT": "100000", "BTC": "2", "ETH": "20"}
    (key, *_) = simulator.control("open_account", venue="bybit", name=name, wallet=wallet)["api_keys"]
    return ApiKey(**key)


def http(simulator: SimulatorProcess, key: ApiKey) -> Any:
    """Its REST client."""
    session = unified_trading.HTTP(testnet=False, api_key=key.key, api_secret=key.secret)
    session.endpoint = simulator.venues["bybit"].rest
    session.client.trust_env = False
    return session


@contextmanager
def websocket(simulator: SimulatorProcess, channel_type: str, key: ApiKey | None = None) -> Iterator[Any]:
    """One of its streams: a category, or ``private``, which wants a key."""
    base = simulator.venues["bybit"].websocket
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unified_trading, "PUBLIC_WSS", f"{base}/v5/public/{{CHANNEL_TYPE}}")
        patch.setattr(unified_trading, "PRIVATE_WSS", f"{base}/v5/private")
        private = {} if key is None else {"api_key": key.key, "api_secret": key.secret, "private_auth_expire": 10}
        stream = unified_trading.WebSocket(channel_type, testnet=False, **private)
    with _left(stream):
        yield stream


@contextmanager
def trading(simulator: SimulatorProcess, key: ApiKey) -> Iterator[Any]:
    """Its order entry by websocket."""
    base = simulator.venues["bybit"].websocket
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_websocket_trading, "TRADE_WSS", f"{base}/v5/trade")
        stream = unified_trading.WebSocketTrading(
            testnet=False, api_key=key.key, api_secret=key.secret, private_auth_expire=10
        )
    with _left(stream):
        yield stream


@contextmanager
def _left(stream: Any) -> Iterator[None]:
    """Its requests noted first; and an end, though its thread should have ended before."""
    for name in ("subscribe", "_send_order_operation"):
        if hasattr(stream, name):
            setattr(stream, name, _noted_first(stream, getattr(stream, name)))
    try:
        yield
    finally:
        leaving = threading.Thread(target=stream.exit, daemon=True)
        leaving.start()
        leaving.join(LEAVING_SECONDS)


def _noted_first(stream: Any, ask: Callable[..., None]) -> Callable[..., None]:
    def asked(*arguments: Any, **named: Any) -> None:
        held: list[str] = []
        stream.ws.send = held.append
        try:
            ask(*arguments, **named)
        finally:
            del stream.ws.send
        for message in held:
            stream.ws.send(message)

    return asked


class Inbox:
    """What a stream's thread hands over."""

    def __init__(self) -> None:
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()

    def __call__(self, message: dict[str, Any]) -> None:
        self._messages.put(message)

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message from now on for which ``wanted`` holds."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            message = self._messages.get(timeout=left)
            if wanted(message):
                return message
        raise AssertionError("no such message in time")

    def row(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first element of a private message for which ``wanted`` holds."""
        found: dict[str, Any] = {}

        def holds(message: dict[str, Any]) -> bool:
            found.update(next((row for row in message["data"] if wanted(row)), {}))
            return bool(found)

        self.until(holds)
        return found
