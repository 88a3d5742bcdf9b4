"""Hedge ratio, drift, and the order that brings a hedge to its target without passing it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from core.exact import exactly, finite, not_negative, positive
from core.instruments import ContractKind, Instrument
from core.pnl import delta, notional


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """An order towards a target, as the venue's filters allow it.

    ``raw_quantity`` is what the target asks for and ``quantity`` what may be sent, both unsigned in the venue's order
    unit; ``side`` is ``buy`` or ``sell``, empty where nothing is asked for. ``residual_coins`` is the delta still
    wanted after the order, signed (negative: more to sell). With any of ``refusals`` the order must not be sent.
    """

    raw_quantity: Decimal
    quantity: Decimal
    residual_coins: Decimal
    side: str
    reduce_only: bool
    refusals: tuple[str, ...]

    @property
    def signed_quantity(self) -> Decimal:
        """``quantity`` with the sign of its side: buy positive, sell negative."""
        return -self.quantity if self.side == "sell" else self.quantity


@exactly
def hedge_ratio(hedge_delta: Decimal, bag_quantity: Decimal) -> Decimal:
    """``−hedge delta ÷ bag``, both in coins of one asset: 0.5 is half hedged, negative adds to the bag."""
    return -finite("hedge_delta", hedge_delta) / positive("bag_quantity", bag_quantity)


@exactly
def drift(ratio: Decimal, target_ratio: Decimal) -> Decimal:
    """Hedge ratio less target, in fractions: positive is over-hedged."""
    return finite("ratio", ratio) - finite("target_ratio", target_ratio)


@exactly
def target_quantity(
    kind: ContractKind, contract_size: Decimal, bag_quantity: Decimal, target_ratio: Decimal, price: Decimal
) -> Decimal:
    """The position that hedges ``target_ratio`` of the bag: signed (short negative), order unit, not rounded.

    Linear ``−ratio · bag ÷ size``; inverse ``−ratio · bag · price ÷ size``, so it moves with the price.
    """
    coins = -not_negative("bag_quantity", bag_quantity) * not_negative("target_ratio", target_ratio)
    positive("price", price)
    worth = coins * price if kind is ContractKind.INVERSE else coins
    return worth / positive("contract_size", contract_size)


@exactly
def order_to_target(
    instrument: Instrument,
    bag_quantity: Decimal,
    target_ratio: Decimal,
    current_quantity: Decimal,
    price: Decimal,
) -> Sizing:
    """The order that takes ``current_quantity`` (signed) to the target ratio, rounded so as never to over-hedge.

    A sale is rounded down to the quantity step and a purchase up, so that the short is never larger than the target
    asks for; but a purchase never goes through zero. Sizes below the venue's minima or above its maximum are named in
    ``refusals``, not changed.
    """
    wanted = target_quantity(instrument.kind, instrument.contract_size, bag_quantity, target_ratio, price)
    raw = wanted - finite("current_quantity", current_quantity)
    order = _rounded(raw, current_quantity, positive("instrument.quantity_step", instrument.quantity_step))
    return Sizing(
        raw_quantity=abs(raw),
        quantity=abs(order),
        residual_coins=delta(instrument.kind, raw - order, instrument.contract_size, price),
        side="" if not raw else "sell" if raw < 0 else "buy",
        reduce_only=bool(order) and current_quantity * order < 0 and abs(order) <= abs(current_quantity),
        refusals=_refusals(instrument, raw, abs(order), price),
    )


def _rounded(raw: Decimal, current: Decimal, step: Decimal) -> Decimal:
    order = (raw / step).to_integral_value(ROUND_CEILING) * step
    if raw > 0 and current < 0 < current + order:
        # An odd lot that the step cannot close: leave it rather than turn the hedge into a long.
        order = (-current / step).to_integral_value(ROUND_FLOOR) * step
    return order


def _refusals(instrument: Instrument, raw: Decimal, quantity: Decimal, price: Decimal) -> tuple[str, ...]:
    if not raw:
        return ("the hedge is at its target: nothing to order",)
    if not quantity:
        return (f"the difference of {abs(raw).normalize():f} is below one quantity step of {instrument.quantity_step}",)
    found = []
    if quantity < instrument.minimum_quantity:
        found.append(f"{quantity} is below the venue's minimum quantity of {instrument.minimum_quantity}")
    if instrument.maximum_quantity is not None and quantity > instrument.maximum_quantity:
        found.append(f"{quantity} is above the venue's maximum quantity of {instrument.maximum_quantity}")
    value = notional(instrument.kind, quantity, instrument.contract_size, price)
    if instrument.minimum_notional is not None and value < instrument.minimum_notional:
        found.append(f"{value.normalize():f} is below the venue's minimum notional of {instrument.minimum_notional}")
    return tuple(found)
