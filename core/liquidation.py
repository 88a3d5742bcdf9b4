"""The price at which a position is liquidated: isolated and single-currency cross, linear and inverse.

One equation covers all four. Let v be the position's value in the settle currency (linear ``q·P``, inverse ``N/P``).
Equity less requirement is then a straight line in v within each tier::

    surplus(v) = base + direction·v − (v·(rate + fee) − deduction)
    linear :  base = pot − s·q·E,  direction =  s         (s = +1 long, −1 short; quanto likewise, in its settle coin)
    inverse:  base = pot + s·N/E,  direction = −s

where the pot is the margin (isolated) or the wallet plus the unrealised P&L less the maintenance margin of the other
positions (cross, those held at their marks). The liquidation price is the first zero of the surplus met on the way
from the safe side, with the tier taken *there*, not at today's mark. Results are exact: rounding to the tick, which
venues do towards the market, is left to whoever shows them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, nonzero, not_negative, positive
from core.instruments import ContractKind, Tier, TierTable
from core.margin import check_unit
from core.pnl import held_sign
from core.tiers import requirement, tier_for


class Requirement(StrEnum):
    """Where a venue evaluates the maintenance margin that the equity is compared with."""

    AT_LIQUIDATION = "at_liquidation"
    """At the unknown price itself, tier and all."""
    AT_ENTRY = "at_entry"
    """Fixed when the position was opened."""
    AT_MARK = "at_mark"
    """At the present mark price; the answer moves with it."""


class LiquidationPrice(msgspec.Struct, frozen=True):
    """Liquidated at ``price`` (quote per coin), in ``tier`` (``None`` for a bankruptcy price, which has none)."""

    price: Decimal
    tier: Tier | None = None


class NoLiquidation(msgspec.Struct, frozen=True):
    """Rightly no price: ``reason`` says why no move of this price can liquidate the position."""

    reason: str


class UnknownLiquidation(msgspec.Struct, frozen=True):
    """Cannot be known for want of the inputs named; never to be read as safe."""

    missing: tuple[str, ...]


class AlwaysLiquidated(msgspec.Struct, frozen=True):
    """The equity is below the requirement at every price: the opposite of safe, and no price can be named."""

    reason: str


Liquidation = LiquidationPrice | NoLiquidation | UnknownLiquidation | AlwaysLiquidated


@exactly
def isolated(
    kind: ContractKind,
    quantity: Decimal | None,
    contract_size: Decimal,
    entry_price: Decimal | None,
    margin: Decimal | None,
    table: TierTable | None,
    *,
    requirement_at: Requirement = Requirement.AT_LIQUIDATION,
    closing_fee_rate: Decimal = ZERO,
    mark_price: Decimal | None = None,
) -> Liquidation:
    """Liquidation price of a position backed by its own ``margin`` (settle currency, without unrealised P&L).

    ``quantity`` signed in the order unit. Inputs that are ``None`` make the answer unknown and are named in it;
    ``mark_price`` is needed for ``Requirement.AT_MARK`` only. Raises RequestError for impossible inputs.
    """
    missing = _missing(quantity=quantity, entry_price=entry_price, margin=margin, tiers=table)
    if requirement_at is Requirement.AT_MARK and mark_price is None:
        missing = (*missing, "mark_price")
    if quantity is not None and quantity.is_finite() and not quantity:
        return NoLiquidation("no position")
    if missing or quantity is None or entry_price is None or margin is None or table is None:
        return UnknownLiquidation(missing)
    line = _line(kind, quantity, contract_size, entry_price, finite("margin", margin))
    check_unit(kind, table)
    fee = _fee(table, closing_fee_rate)
    if requirement_at is Requirement.AT_LIQUIDATION:
        return _first_crossing(line, table, fee)
    at = mark_price if requirement_at is Requirement.AT_MARK and mark_price is not None else entry_price
    return _frozen_crossing(line, table, fee, line.value(positive("mark_price", at)))


@exactly
def cross(
    kind: ContractKind,
    quantity: Decimal | None,
    contract_size: Decimal,
    entry_price: Decimal | None,
    wallet_balance: Decimal | None,
    table: TierTable | None,
    *,
    others_unrealised: Decimal | None = ZERO,
    others_maintenance: Decimal | None = ZERO,
    requirement_at: Requirement = Requirement.AT_LIQUIDATION,
    closing_fee_rate: Decimal = ZERO,
    mark_price: Decimal | None = None,
) -> Liquidation:
    """Liquidation price of one position among others on a wallet of one currency, the others held at their marks.

    ``wallet_balance`` without unrealised P&L; ``others_unrealised`` and ``others_maintenance`` are sums over the other
    positions of the account, all in the settle currency, ``None`` where one of them is not known. Otherwise as
    :func:`isolated`.
    """
    missing = _missing(
        wallet_balance=wallet_balance, others_unrealised=others_unrealised, others_maintenance=others_maintenance
    )
    pot = None
    if wallet_balance is not None and others_unrealised is not None and others_maintenance is not None:
        others = finite("others_unrealised", others_unrealised) - not_negative("others_maintenance", others_maintenance)
        pot = finite("wallet_balance", wallet_balance) + others
    result = isolated(
        kind,
        quantity,
        contract_size,
        entry_price,
        pot,
        table,
        requirement_at=requirement_at,
        closing_fee_rate=closing_fee_rate,
        mark_price=mark_price,
    )
    if isinstance(result, UnknownLiquidation) and missing:
        return UnknownLiquidation((*missing, *(name for name in result.missing if name != "margin")))
    return result


@exactly
def with_fixed_requirement(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    entry_price: Decimal,
    margin: Decimal,
    maintenance: Decimal,
) -> Liquidation:
    """Liquidation price where the requirement is an amount the venue states (settle currency) and keeps.

    Linear ``E − s·(margin − maintenance)/q``; inverse ``N/(N/E + s·(margin − maintenance))``.
    """
    fixed = finite("maintenance", maintenance)
    line = _line(kind, nonzero("quantity", quantity), contract_size, entry_price, finite("margin", margin))
    return line.crossing((fixed - line.base) * line.direction, None)


@exactly
def bankruptcy(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    entry_price: Decimal,
    margin: Decimal,
    closing_fee_rate: Decimal = ZERO,
) -> Liquidation:
    """The price at which the equity behind the position is zero: where a liquidated one is closed out.

    Linear ``E − s·margin/q``; inverse ``N/(N/E + s·margin)``; none where the collateral covers every price. With a
    ``closing_fee_rate`` it is the price at which the equity just pays the fee to close.
    """
    if not_negative("closing_fee_rate", closing_fee_rate) >= ONE:
        raise RequestError("closing_fee_rate", "a fraction below 1", str(closing_fee_rate))
    line = _line(kind, nonzero("quantity", quantity), contract_size, entry_price, finite("margin", margin))
    return line.crossing(line.base / (closing_fee_rate - line.direction), None)


@exactly
def distance(liquidation_price: Decimal, mark_price: Decimal, side: str) -> Decimal:
    """How far the mark is from liquidation, as a fraction of mark: positive is safe, zero or less is past it.

    ``side`` of the position is ``long`` or ``short``.
    """
    gap = positive("liquidation_price", liquidation_price) - positive("mark_price", mark_price)
    return -held_sign(side) * gap / mark_price


class _Line(NamedTuple):
    """Equity as a straight line in the position's value v: ``base + direction·v``; ``scale`` turns v into a price."""

    kind: ContractKind
    base: Decimal
    direction: int
    scale: Decimal

    def value(self, price: Decimal) -> Decimal:
        return self.scale / price if self.kind is ContractKind.INVERSE else self.scale * price

    def crossing(self, value: Decimal, tier: Tier | None) -> Liquidation:
        """The result for a zero of the surplus at ``value``, which may lie outside what prices can reach."""
        if value > 0:
            price = self.scale / value if self.kind is ContractKind.INVERSE else value / self.scale
            return LiquidationPrice(price, tier)
        if self.direction < 0:
            return AlwaysLiquidated("equity is below the requirement at every price")
        way = "rise" if self.kind is ContractKind.INVERSE else "fall"
        return NoLiquidation(f"the margin covers the position through any {way} of the price")


def _line(kind: ContractKind, quantity: Decimal, contract_size: Decimal, entry_price: Decimal, pot: Decimal) -> _Line:
    sign = 1 if finite("quantity", quantity) > 0 else -1
    scale = abs(quantity) * positive("contract_size", contract_size)
    positive("entry_price", entry_price)
    if kind is ContractKind.INVERSE:
        return _Line(kind, pot + sign * scale / entry_price, -sign, scale)
    return _Line(kind, pot - sign * scale * entry_price, sign, scale)


def _first_crossing(line: _Line, table: TierTable, fee: Decimal) -> Liquidation:
    """The first value, from the safe side, at which the surplus is zero or (where a table jumps) below it."""

    def surplus(tier: Tier, value: Decimal) -> Decimal:
        return line.base + line.direction * value - requirement(tier, value, fee)

    top = table.tiers[-1]
    beyond = UnknownLiquidation((f"a maintenance tier above {top.cap}",))
    if line.direction > 0 and top.cap is not None and surplus(top, top.cap) <= 0:
        return beyond
    for tier in table.tiers if line.direction < 0 else table.tiers[::-1]:
        far = tier.cap if line.direction < 0 else tier.floor
        if far is None or surplus(tier, far) <= 0:
            root = (line.base + tier.deduction) / (tier.rate + fee - line.direction)
            return line.crossing(_within(tier, root), tier)
    return beyond if line.direction < 0 else line.crossing(ZERO, None)


def _within(tier: Tier, value: Decimal) -> Decimal:
    """``value`` held inside the tier: a last-digit rounding may have left it, or the requirement jumps at its end."""
    above = max(value, tier.floor)
    return above if tier.cap is None else min(above, tier.cap)


def _frozen_crossing(line: _Line, table: TierTable, fee: Decimal, reference: Decimal) -> Liquidation:
    top = table.tiers[-1].cap
    if top is not None and reference > top:
        return UnknownLiquidation((f"a maintenance tier above {top}",))
    tier = tier_for(table, reference)
    return line.crossing((requirement(tier, reference, fee) - line.base) * line.direction, tier)


def _fee(table: TierTable, closing_fee_rate: Decimal) -> Decimal:
    fee = not_negative("closing_fee_rate", closing_fee_rate)
    if not table.tiers:
        raise RequestError("table.tiers", "at least one tier", "none")
    if table.tiers[0].floor:
        raise RequestError("table.tiers", "a first tier with a floor of 0", str(table.tiers[0].floor))
    for tier in table.tiers:
        if not 0 <= finite("table.tiers.rate", tier.rate) + fee < ONE:
            raise RequestError("table.tiers.rate", "rate and closing fee below 1 together", str(tier.rate + fee))
    return fee


def _missing(**inputs: object) -> tuple[str, ...]:
    return tuple(name for name, value in inputs.items() if value is None)
