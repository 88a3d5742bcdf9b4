"""The arithmetic of a hedge order line by line, each with its numbers, so that a person can check it by hand."""

from __future__ import annotations

from decimal import Decimal, localcontext

import msgspec

from core.exact import ONE, exactly
from core.explain import note
from core.hedging import Filters, Sizing
from core.instruments import ContractKind
from core.pnl import delta, notional

SHOWN_DIGITS = 12


class Line(msgspec.Struct, frozen=True):
    """One step: what it is, how it was reckoned (words and numbers, to 12 digits) and its exact value."""

    name: str
    formula: str
    value: Decimal


def shown(value: Decimal) -> str:
    """Plain notation to at most 12 significant digits, without trailing zeros: for reading, not for computing."""
    with localcontext() as context:
        context.prec = SHOWN_DIGITS
        rounded = value.normalize()
    return f"{rounded if rounded else Decimal(0):f}"


@exactly
def order_lines(
    kind: ContractKind,
    contract_size: Decimal,
    target_delta: Decimal,
    wanted_quantity: Decimal,
    current_quantity: Decimal,
    price: Decimal,
    filters: Filters,
    sizing: Sizing,
    settle_price: Decimal | None = None,
) -> tuple[Line, ...]:
    """From the delta that a hedge should have to the order that may be sent: multiplier, step, rounding, minima.

    Deltas in coins of the contract, signed; quantities in the order unit; ``price`` quote per coin, unused (and not
    shown) where neither kind nor filters need it. ``sizing`` is what :func:`core.hedging.order_to_quantity` made of
    the same inputs.
    """
    one = delta(kind, ONE, contract_size, price, settle_price)
    note("coins in one contract", "delta", one, {"delta": one}, unit="coin")
    raw = wanted_quantity - current_quantity
    return (
        Line("coins in one contract", _multiplier(kind, contract_size, price, settle_price), one),
        Line("target position", f"{shown(target_delta)} coins / {shown(one)} a contract", wanted_quantity),
        Line("order before rounding", f"{shown(wanted_quantity)} - ({shown(current_quantity)}) held", raw),
        Line("order", _rounding(raw, filters, sizing, long=wanted_quantity > 0), sizing.signed_quantity),
        *_minima(kind, contract_size, price, settle_price, filters, sizing.quantity),
        Line(
            "position after",
            f"{shown(current_quantity)} + ({shown(sizing.signed_quantity)})",
            current_quantity + sizing.signed_quantity,
        ),
        Line(
            "left open",
            f"({shown(raw)} - ({shown(sizing.signed_quantity)})) x {shown(one)} coins",
            sizing.residual_coins,
        ),
    )


def _multiplier(kind: ContractKind, size: Decimal, price: Decimal, settle_price: Decimal | None) -> str:
    if kind is ContractKind.INVERSE:
        return f"face value {shown(size)} / price {shown(price)}"
    if kind is ContractKind.QUANTO and settle_price is not None:
        return f"multiplier {shown(size)} x settle price {shown(settle_price)}"
    return f"multiplier {shown(size)}"


def _rounding(raw: Decimal, filters: Filters, sizing: Sizing, *, long: bool) -> str:
    step = filters.quantity_step
    if not raw:
        return "nothing to order"
    if step is None:
        return f"{shown(abs(raw))} to {'sell' if raw < 0 else 'buy'}, no step to round to"
    if long:
        way = f"a {'sale is rounded up' if raw < 0 else 'purchase is rounded down'}, never to hold more than the target"
        if sizing.quantity < -raw:
            way = "a sale that would turn the long into a short is rounded down"
    elif raw < 0:
        way = "a sale is rounded down, never to hedge more than the target"
    elif sizing.quantity >= raw:
        way = "a purchase is rounded up, never to hedge more than the target"
    else:
        way = "a purchase that would turn the hedge into a long is rounded down"
    return f"{shown(abs(raw))} in steps of {shown(step)}: {way}"


def _minima(
    kind: ContractKind,
    size: Decimal,
    price: Decimal,
    settle_price: Decimal | None,
    filters: Filters,
    quantity: Decimal,
) -> list[Line]:
    found = []
    for name, limit, word in (
        ("minimum order", filters.minimum_quantity, "at least"),
        ("maximum order", filters.maximum_quantity, "at most"),
    ):
        if limit is not None:
            passes = quantity >= limit if word == "at least" else quantity <= limit
            found.append(Line(name, f"{shown(quantity)} against {word} {shown(limit)}: {_verdict(passes)}", limit))
    if filters.minimum_notional is not None:
        value, least = notional(kind, quantity, size, price, settle_price), filters.minimum_notional
        text = f"{shown(value)} against at least {shown(least)}: {_verdict(value >= least)}"
        found.append(Line("minimum order value", text, least))
    return found


def _verdict(passes: bool) -> str:
    return "passes" if passes else "refused"
