"""What Bybit's words for orders, positions and executions mean, on streams and over REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.events import FillOrigin, OrderState
from core.legs import Leg
from core.symbols import read_name
from feeds.bybit import facts
from feeds.frames import clip

LEGS: Final = {0: Leg.NET, 1: Leg.LONG, 2: Leg.SHORT}
INDICES: Final = {leg: index for index, leg in LEGS.items()}
"""``positionIdx``: 0 in one-way mode; in hedge mode 1 is the long side and 2 the short one."""

STATES: Final = {
    "Created": OrderState.OPEN,
    "New": OrderState.OPEN,
    "Untriggered": OrderState.OPEN,
    "Triggered": OrderState.OPEN,
    "PartiallyFilled": OrderState.PARTIALLY_FILLED,
    "Filled": OrderState.FILLED,
    "Cancelled": OrderState.CANCELLED,
    "PartiallyFilledCanceled": OrderState.CANCELLED,
    "Deactivated": OrderState.CANCELLED,
    "Rejected": OrderState.REJECTED,
}
"""What becomes of an order; a status that is not here leaves it unknown."""

ORIGINS: Final = {
    "Trade": FillOrigin.ORDER,
    "BlockTrade": FillOrigin.ORDER,
    "MovePosition": FillOrigin.ORDER,
    "FutureSpread": FillOrigin.ORDER,
    "AdlTrade": FillOrigin.ADL,
    "BustTrade": FillOrigin.LIQUIDATION,
    "Delivery": FillOrigin.DELIVERY,
    "Settle": FillOrigin.DELIVERY,
}
"""Why an execution happened, by ``execType``; ``Funding`` is none."""

FUNDING: Final = "Funding"

SESSION_COIN: Final = "USDC"
"""Contracts settled in it have their profit moved to the wallet every eight hours."""

_NO_REASON: Final = frozenset({"", "EC_NoError", "EC_PerCancelRequest"})
_NO_CANCEL: Final = frozenset({"", "UNKNOWN", "CancelByUser"})


def ending(status: str, reject: str, cancel: str) -> str:
    """Why an order ended otherwise than by being filled or cancelled by its owner; "" where it did not."""
    if status not in STATES:
        return f"the venue says {clip(status, 40)}"
    if STATES[status] not in (OrderState.CANCELLED, OrderState.REJECTED):
        return ""
    return clip(reject if reject not in _NO_REASON else cancel if cancel not in _NO_CANCEL else "", 80)


def settle_coin(market: str, symbol: str) -> str:
    """What a contract's profit and fees are paid in; "" where its name does not say."""
    terms = read_name(f"{facts.VENUE}:{market}:{symbol}")
    return "" if terms is None else terms.settle


def leg_of(hedges: bool | None, side: str, closed: Decimal) -> Leg:
    """Whose execution it was: the venue names the side and how much of it closed something, not the leg.

    ``net`` where the contract is in one-way mode, or its mode is not known.
    """
    if not hedges:
        return Leg.NET
    return Leg.LONG if (side == "Buy") is not (closed > 0) else Leg.SHORT


def position_leg(hedges: bool | None, side: str) -> Leg:
    """The leg of a position that is long (``Buy``) or short."""
    if not hedges:
        return Leg.NET
    return Leg.LONG if side == "Buy" else Leg.SHORT


def funding_rate(told: Decimal, amount: Decimal, side: str) -> Decimal:
    """The settled rate, positive where longs pay: the venue writes it as the position's side pays it.

    Its sign follows from ``amount`` (+ received) and the side, wherever something was paid.
    """
    long = side == "Buy"
    if not amount:
        return told if long else -told
    return -abs(told) if (amount > 0) is long else abs(told)


def payment_id(symbol: str, milliseconds: int, side: str) -> str:
    """What names a funding payment alike on the stream, among executions and in the ledger: one side of a contract
    pays once at a settlement."""
    return f"{symbol}:{milliseconds}:{side}"
