"""ccxt.pro's Bybit."""

from __future__ import annotations

from typing import Any

import ccxt.pro as ccxtpro


def exchange(options: dict[str, Any]) -> Any:
    """An instance."""
    return ccxtpro.bybit(
        options | {"options": {"defaultType": "swap", "fetchMarkets": {"types": ["spot", "linear", "inverse"]}}}
    )


def addresses(rest: str, websocket: str) -> dict[str, Any]:
    """Where its calls go."""
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
