"""An order that the user confirmed and the engine journaled: what a broker is asked to do, once."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.legs import Leg


class OrderRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``quantity`` is unsigned in the venue's order unit; ``limit_price`` bounds the fill (quote per coin).

    ``client_order_id`` names the intent for ever: the same request sent twice must execute once. What still rests at
    ``expires_ns`` (engine timeline) is to be cancelled; ``None`` lets it rest. ``leg`` is the position it is for.
    """

    client_order_id: str
    account: str
    instrument: str
    side: str
    quantity: Decimal
    limit_price: Decimal
    reduce_only: bool
    created_ns: int
    expires_ns: int | None = None
    leg: Leg = Leg.NET

    @property
    def in_words(self) -> str:
        """What it asks for, as its owner knows it: side, quantity, contract and account."""
        return order_in_words(self.side, self.quantity, self.instrument, self.account)


def order_in_words(side: str, quantity: Decimal, instrument: str, account: str) -> str:
    """An order as its owner knows it; ``quantity`` is unsigned in the venue's order unit."""
    return f"{side} {quantity.normalize():f} of {instrument} on account {account}"
