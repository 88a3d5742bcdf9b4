"""ccxt.pro's own classes, told nothing but other addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro as ccxtpro

from feeds.sim.process import SimulatorProcess

SWAP = "BTC/USDT:USDT"
SPOT = "BTC/USDT"


@asynccontextmanager
async def client(simulator: SimulatorProcess, venue: str, *, markets: bool = True) -> AsyncIterator[Any]:
    """A ccxt.pro exchange that speaks to the simulator, its markets loaded."""
    make = {"bybit": _bybit, "binance": _binance}[venue]
    key = simulator.api_key(venue)
    exchange = make({"apiKey": key.key, "secret": key.secret})
    endpoints = simulator.venues[venue]
    _merge(exchange.urls, _ADDRESSES[venue](endpoints.rest, endpoints.websocket))
    try:
        if markets:
            await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


def _bybit(options: dict[str, Any]) -> Any:
    return ccxtpro.bybit(
        options | {"options": {"defaultType": "swap", "fetchMarkets": {"types": ["spot", "linear", "inverse"]}}}
    )


def _binance(options: dict[str, Any]) -> Any:
    return ccxtpro.binance(
        options | {"options": {"defaultType": "swap", "fetchCurrencies": False, "fetchMargins": False}}
    )


def _bybit_addresses(rest: str, websocket: str) -> dict[str, Any]:
    private = f"{websocket}/v5/private"
    return {
        "api": {
            **dict.fromkeys(("spot", "futures", "v2", "public", "private"), rest),
            "ws": {
                "public": {name: f"{websocket}/v5/public/{name}" for name in ("spot", "linear", "inverse", "option")},
                "private": {
                    "spot": {"unified": private, "nonUnified": private},
                    "contract": private,
                    "usdc": private,
                    "trade": f"{websocket}/v5/trade",
                },
            },
        }
    }


def _binance_addresses(rest: str, websocket: str) -> dict[str, Any]:
    return {
        "api": {
            "fapiPublic": f"{rest}/fapi/v1",
            "fapiPublicV2": f"{rest}/fapi/v2",
            "fapiPublicV3": f"{rest}/fapi/v3",
            "fapiPrivate": f"{rest}/fapi/v1",
            "fapiPrivateV2": f"{rest}/fapi/v2",
            "fapiPrivateV3": f"{rest}/fapi/v3",
            "dapiPublic": f"{rest}/dapi/v1",
            "dapiPrivate": f"{rest}/dapi/v1",
            "public": f"{rest}/api/v3",
            "private": f"{rest}/api/v3",
            "sapi": f"{rest}/sapi/v1",
            "ws": {"spot": f"{websocket}/stream", "linear": f"{websocket}/ws", "margin": f"{websocket}/stream"},
        }
    }


_ADDRESSES = {"bybit": _bybit_addresses, "binance": _binance_addresses}


def _merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    """Replace leaves, keep what is not named."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
