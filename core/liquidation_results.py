"""What can be said of a liquidation price: a price, rightly none, unknown, or past it at every price."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.instruments import Tier


class LiquidationPrice(msgspec.Struct, frozen=True, gc=False):
    """Liquidated at ``price`` (quote per coin), in ``tier`` (``None`` for a bankruptcy price, which has none)."""

    price: Decimal
    tier: Tier | None = None


class NoLiquidation(msgspec.Struct, frozen=True, gc=False):
    """Rightly no price: ``reason`` says why no move of this price can liquidate the position."""

    reason: str


class UnknownLiquidation(msgspec.Struct, frozen=True, gc=False):
    """Cannot be known for want of the inputs named; never to be read as safe."""

    missing: tuple[str, ...]


class AlwaysLiquidated(msgspec.Struct, frozen=True, gc=False):
    """The equity is below the requirement at every price: the opposite of safe, and no price can be named."""

    reason: str


Liquidation = LiquidationPrice | NoLiquidation | UnknownLiquidation | AlwaysLiquidated

DISPUTED = Decimal("0.02")
"""Two liquidation prices further apart than this fraction of the mark price are disputed."""
