"""ccxt.pro's MEXC."""

from __future__ import annotations

from typing import Any

import ccxt.pro as ccxtpro


def exchange(options: dict[str, Any]) -> Any:
    """An instance."""
    return ccxtpro.mexc(options | {"options": {"defaultType": "swap"}})


def addresses(rest: str, websocket: str) -> dict[str, Any]:
    """Where its calls go."""
    return {
        "api": {
            "spot": {"public": rest, "private": rest},
            "contract": {"public": f"{rest}/api/v1/contract", "private": f"{rest}/api/v1/private"},
            "ws": {"swap": f"{websocket}/edge", "spot": f"{websocket}/ws"},
        }
    }
