"""ccxt.pro's BingX."""

from __future__ import annotations

from typing import Any

import ccxt.pro as ccxtpro

_PRODUCTS = (
    *("fund", "spot", "swap", "contract", "wallets", "user", "subAccount", "account", "copyTrading", "cswap", "api"),
)


def exchange(options: dict[str, Any]) -> Any:
    """An instance."""
    return ccxtpro.bingx(options | {"options": {"defaultType": "swap"}})


def addresses(rest: str, websocket: str) -> dict[str, Any]:
    """Where its calls go. It tells contracts from spot by whether ``swap`` is in a socket's address."""
    return {
        "api": {
            **dict.fromkeys(_PRODUCTS, f"{rest}/openApi"),
            "ws": {
                "linear": f"{websocket}/swap-market",
                "inverse": f"{websocket}/cswap/market",
                "spot": f"{websocket}/spot/market",
            },
        }
    }
