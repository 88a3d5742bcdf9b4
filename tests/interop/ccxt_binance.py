"""ccxt.pro's Binance."""

from __future__ import annotations

from typing import Any

import ccxt.pro as ccxtpro


def exchange(options: dict[str, Any]) -> Any:
    """An instance of the class for ``product``: ``usdm``, ``coinm``, ``spot``; unless told, of the one for all, by
    default for perpetuals."""
    makers = {"usdm": ccxtpro.binanceusdm, "coinm": ccxtpro.binancecoinm, "spot": ccxtpro.binance}
    product = options.pop("product", "")
    more: dict[str, Any] = {"fetchCurrencies": False, "fetchMargins": False}
    if not product:
        more["defaultType"] = "swap"
    return makers.get(product, ccxtpro.binance)(options | {"options": more})


def addresses(rest: str, websocket: str) -> dict[str, Any]:
    """Where its calls go."""
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
            "dapiPrivateV2": f"{rest}/dapi/v2",
            "public": f"{rest}/api/v3",
            "private": f"{rest}/api/v3",
            "sapi": f"{rest}/sapi/v1",
            "ws": {
                "spot": f"{websocket}/stream",
                "margin": f"{websocket}/stream",
                "linear": f"{websocket}/ws",
                "inverse": f"{websocket}/dstream/ws",
                "ws-api": {"spot": f"{websocket}/ws-api/v3"},
            },
        }
    }
