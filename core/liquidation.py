"""The price at which one position is liquidated: isolated, or in cross among others held at their marks.

The position is put into a pool of its own (:mod:`core.pool`) with all that backs it as collateral: the margin
(isolated), or the wallet plus the unrealised P&L less the maintenance margin of the others (cross). The answer is
the first price, on the way that the position loses, at which equity meets the requirement, with the tier taken
*there*, not at today's mark. Results are exact: rounding to the tick, which venues do towards the market, is left to
whoever shows them.
"""

from __future__ import annotations

from decimal import Decimal

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, nonzero, not_negative, positive
from core.explain import is_recording, note
from core.instruments import ContractKind, Tier, TierTable
from core.liquidation_results import (
    AlwaysLiquidated,
    Liquidation,
    LiquidationPrice,
    NoLiquidation,
    UnknownLiquidation,
)
from core.margin import TIER_UNIT
from core.margin_rules import RequirementAt
from core.pnl import held_sign, settle_notional
from core.pool import Collateral, Contract, Ladder, Leg, value_leg, value_pool
from core.pool_liquidation import Reach, contract_path

_SETTLE, _POSITION = "settle", "the position"


@exactly
def isolated(
    kind: ContractKind,
    quantity: Decimal | None,
    contract_size: Decimal,
    entry_price: Decimal | None,
    margin: Decimal | None,
    table: TierTable | None,
    *,
    requirement_at: RequirementAt = RequirementAt.AT_LIQUIDATION,
    closing_fee_rate: Decimal = ZERO,
    mark_price: Decimal | None = None,
) -> Liquidation:
    """Liquidation price of a position backed by its own ``margin`` (settle currency, without unrealised P&L).

    ``quantity`` signed in the order unit. Inputs that are ``None`` make the answer unknown and are named in it;
    ``mark_price`` is needed for ``RequirementAt.AT_MARK`` only. Raises RequestError for impossible inputs.
    """
    missing = _missing(quantity=quantity, entry_price=entry_price, margin=margin, tiers=table)
    if requirement_at is RequirementAt.AT_MARK and mark_price is None:
        missing = (*missing, "mark_price")
    if quantity is not None and quantity.is_finite() and not quantity:
        return NoLiquidation("no position")
    if missing or quantity is None or entry_price is None or margin is None or table is None:
        return UnknownLiquidation(missing)
    ladder = Ladder(table, kind)
    frozen = requirement_at is not RequirementAt.AT_LIQUIDATION
    name, at = ("mark_price", mark_price) if requirement_at is RequirementAt.AT_MARK else ("entry_price", entry_price)
    value = settle_notional(kind, quantity, contract_size, positive(name, at))
    size, top = abs(quantity) if ladder.by_contracts else value, ladder.caps[-1]
    if (frozen or ladder.by_contracts) and top is not None and size > top:
        return UnknownLiquidation((f"a maintenance tier above {top}",))
    fixed, tier = None, None
    if frozen:
        index = ladder.find(size)
        fee = not_negative("closing_fee_rate", closing_fee_rate)
        fixed, tier = value * (ladder.rates[index] + fee) - ladder.deductions[index], ladder.tier(index)
        given = {"value": value, "rate": tier.rate, "closing_fee_rate": fee, "deduction": tier.deduction}
        note("requirement", "value * (rate + closing_fee_rate) - deduction", fixed, given, unit="settle")
    leg = Leg(
        _contract(kind, contract_size),
        quantity,
        entry_price,
        ladder,
        fee_rate=closing_fee_rate,
        fixed_requirement=fixed,
    )
    found = _first_crossing(leg, finite("margin", margin))
    if tier is not None and isinstance(found, LiquidationPrice):
        return LiquidationPrice(found.price, tier)
    return found


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
    requirement_at: RequirementAt = RequirementAt.AT_LIQUIDATION,
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
        given = {
            "wallet_balance": wallet_balance,
            "others_unrealised": others_unrealised,
            "others_maintenance": others_maintenance,
        }
        note("pot", "wallet_balance + others_unrealised - others_maintenance", pot, given, unit="settle")
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
    held = nonzero("quantity", quantity)
    fixed = finite("maintenance", maintenance)
    leg = Leg(_contract(kind, contract_size), held, entry_price, None, fixed_requirement=fixed)
    return _first_crossing(leg, finite("margin", margin))


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
    held = nonzero("quantity", quantity)
    fee_only = TierTable("", TIER_UNIT[kind], (Tier(ZERO, None, ZERO, ZERO),), 0, "")
    leg = Leg(_contract(kind, contract_size), held, entry_price, Ladder(fee_only, kind), fee_rate=closing_fee_rate)
    found = _first_crossing(leg, finite("margin", margin))
    if not isinstance(found, LiquidationPrice):
        return found
    given = {"price": found.price}
    note("bankruptcy price, where a requirement of the closing fee alone is met", "price", found.price, given)
    return LiquidationPrice(found.price)


@exactly
def distance(liquidation_price: Decimal, mark_price: Decimal, side: str) -> Decimal:
    """How far the mark is from liquidation, as a fraction of mark: positive is safe, zero or less is past it.

    ``side`` of the position is ``long`` or ``short``.
    """
    sign = held_sign(side)
    gap = positive("liquidation_price", liquidation_price) - positive("mark_price", mark_price)
    away = -sign * gap / mark_price
    if not is_recording():
        return away
    formula = f"({'mark_price - liquidation_price' if sign > 0 else 'liquidation_price - mark_price'}) / mark_price"
    given = {"liquidation_price": liquidation_price, "mark_price": mark_price}
    note("distance", formula, away, given, unit="fraction")
    return away


def _contract(kind: ContractKind, contract_size: Decimal) -> Contract:
    return Contract(name=_POSITION, coin=_SETTLE, kind=kind, contract_size=contract_size, settle=_SETTLE)


def _first_crossing(leg: Leg, margin: Decimal) -> Liquidation:
    """The first price, on the way that the position loses, at which the pool of leg and margin is liquidated.

    The way starts at the entry price. Where the margin does not do there, or the table ends below, it starts where
    the position gains most: in the lowest tier for a linear short and an inverse long, which gain as their value
    falls, at the top of the table for the others.
    """
    direct, size = leg.direct, abs(leg.amount)
    gains_with_value = (leg.quantity > 0) is direct
    start = size * leg.entry_price if direct else size / leg.entry_price
    ladder = leg.ladder if leg.fixed_requirement is None else None
    lowest, top = None, None
    if ladder is not None and not ladder.by_contracts:
        lowest, top = ladder.caps[0], ladder.caps[-1]
    if top is None or start <= top:
        reach = _reach(leg, margin, leg.entry_price)
        if not reach.past:
            return reach.below if leg.quantity > 0 else reach.above
    if gains_with_value:
        start = top if top is not None else max(start, 2 * ladder.floors[-1]) if ladder is not None else start
    elif lowest is not None:
        start = min(start, lowest)
    reach = _reach(leg, margin, start / size if direct else size / start)
    if gains_with_value and reach.past and top is not None:
        return UnknownLiquidation((f"a maintenance tier above {top}",))
    found = reach.above if (leg.quantity < 0) is not reach.past else reach.below
    if isinstance(found, AlwaysLiquidated):
        return AlwaysLiquidated("equity is below the requirement at every price")
    return found


def _reach(leg: Leg, margin: Decimal, mark_price: Decimal) -> Reach:
    pool = value_pool([Collateral(asset=_SETTLE, amount=margin)], [value_leg(leg, mark_price)])
    return contract_path(pool, _POSITION)


def _missing(**inputs: object) -> tuple[str, ...]:
    return tuple(name for name, value in inputs.items() if value is None)
