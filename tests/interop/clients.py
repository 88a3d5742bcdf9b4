"""ccxt.pro's own classes, told nothing but other addresses.

Each venue has a module ``ccxt_<venue>`` here: ``exchange`` makes the client, ``addresses`` says where its calls go.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from feeds.sim.process import SimulatorProcess

SWAP = "BTC/USDT:USDT"
SPOT = "BTC/USDT"


@asynccontextmanager
async def client(
    simulator: SimulatorProcess, venue: str, *, markets: bool = True, **settings: Any
) -> AsyncIterator[Any]:
    """A ccxt.pro exchange that speaks to the simulator, its markets loaded; ``settings`` go to its maker."""
    own = importlib.import_module(f"tests.interop.ccxt_{venue}")
    key = simulator.api_key(venue)
    phrase = {"password": key.passphrase} if key.passphrase else {}
    exchange = own.exchange({"apiKey": key.key, "secret": key.secret, **phrase, **settings})
    endpoints = simulator.venues[venue]
    _merge(exchange.urls, own.addresses(endpoints.rest, endpoints.websocket))
    try:
        if markets:
            await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


def _merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    """Replace leaves, keep what is not named."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
