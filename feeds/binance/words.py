"""What Binance's words for orders and executions mean, on streams and over REST."""

from __future__ import annotations

from typing import Final

from core.events import FillOrigin, OrderState
from core.legs import Leg
from feeds.frames import clip

LEGS: Final = {"BOTH": Leg.NET, "LONG": Leg.LONG, "SHORT": Leg.SHORT}

STATES: Final = {
    "NEW": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.CANCELLED,
    "EXPIRED_IN_MATCH": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}
"""What becomes of an order; a status that is not here leaves it unknown."""

_ORIGINS: Final = {
    "autoclose-": FillOrigin.LIQUIDATION,
    "adl_autoclose": FillOrigin.ADL,
    "settlement_autoclose-": FillOrigin.DELIVERY,
    "delivery_autoclose-": FillOrigin.DELIVERY,
}
"""The latter is COIN-M's word."""


def origin(client_order_id: str) -> FillOrigin:
    """Why an order was executed: the venue's own orders are known by how their ids begin."""
    return next((why for start, why in _ORIGINS.items() if client_order_id.startswith(start)), FillOrigin.ORDER)


def ending(status: str, code: str = "") -> str:
    """Why an order ended otherwise than by being filled or cancelled, "" where it did not; ``code`` is the venue's."""
    if status not in STATES:
        return f"the venue says {clip(status, 40)}"
    if not status.startswith(("EXPIRED", "REJECTED")):
        return ""
    return status.lower().replace("_", " ") + (f" (reason {code})" if code not in ("", "0") else "")


def fill_id(symbol: str, trade: int) -> str:
    """What names an execution within an account: trades are numbered by symbol."""
    return f"{symbol}:{trade}"
