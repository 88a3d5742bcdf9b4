"""ccxt.pro's WEEX."""

from __future__ import annotations

from typing import Any

import ccxt.pro as ccxtpro


def exchange(options: dict[str, Any]) -> Any:
    """An instance."""
    return ccxtpro.weex(options | {"options": {"defaultType": "swap"}})


def addresses(rest: str, websocket: str) -> dict[str, Any]:
    """Where its calls go. It tells contracts from spot by the word in a socket's address."""
    return {
        "api": {
            **dict.fromkeys(("public", "private", "contract", "contractPrivate"), rest),
            "ws": {"contract": f"{websocket}/contract/v3/ws", "spot": f"{websocket}/spot/v3/ws"},
        }
    }
