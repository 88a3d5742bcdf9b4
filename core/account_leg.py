"""The leg that a position of an account is under its venue's rules, and what is missing for it to be one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, not_negative, positive
from core.explain import note
from core.instruments import ContractKind
from core.margin_rules import ClosingFee, MarginRules
from core.pnl import held_sign
from core.pool import Ladder, Leg, LegValue, value_leg

if TYPE_CHECKING:
    from core.account import Position


@exactly
def value_at_bankruptcy(position: Position) -> Decimal | None:
    """Value of the position (settle currency) at the bankruptcy price that its leverage alone gives.

    Linear at ``E·(1 − s/L)``, inverse at ``E·L/(L + s)``; zero where there is no such price. ``None`` while quantity,
    entry price or leverage are not known. Raises RequestError for numbers that cannot be.
    """
    quantity, entry, leverage = position.quantity, position.entry_price, position.leverage
    if quantity is None or entry is None or leverage is None:
        return None
    positive("entry_price", entry), positive("leverage", leverage)
    size, sign = positive("quantity", quantity) * position.contract.contract_size, held_sign(position.side)
    if position.contract.kind is ContractKind.INVERSE:
        value = max(ZERO, size * (leverage + sign) / (entry * leverage))
        formula = "max(size * (leverage + side) / (entry_price * leverage), 0)"
    else:
        value = max(ZERO, size * entry * (leverage - sign) / leverage)
        formula = "max(size * entry_price * (leverage - side) / leverage, 0)"
    given = {"size": size, "entry_price": entry, "leverage": leverage, "side": sign}
    note("value at bankruptcy", formula, value, given, unit="settle; side is -1 for a short")
    return value


def leg_of(position: Position, rules: MarginRules, for_equity: list[str], for_requirement: list[str]) -> Leg | None:
    """The leg under the rules, without a requirement where that cannot be known; ``None`` without its equity."""
    gaps = [name for name in ("quantity", "entry_price", "mark_price") if getattr(position, name) is None]
    for_equity += [f"{position.key}.{name}" for name in gaps]
    if position.fixed_requirement is not None:
        fee_rate, fixed_fee = ZERO, ZERO
    else:
        fee_rate, fixed_fee = _closing_fee(position, rules, for_requirement)
        if position.ladder is None:
            for_requirement.append(f"{position.key}.tiers")
    if gaps or position.quantity is None or position.entry_price is None:
        return None

    def made(ladder: Ladder | None, fixed: Decimal | None) -> Leg:
        assert position.quantity is not None
        assert position.entry_price is not None
        return Leg(
            position.contract,
            positive("quantity", position.quantity) * held_sign(position.side),
            position.entry_price,
            ladder,
            leverage=ONE if position.leverage is None else position.leverage,
            requirement_at=rules.requirement_at,
            fee_rate=fee_rate,
            fixed_fee=fixed_fee,
            fixed_requirement=fixed,
        )

    if position.fixed_requirement is not None:
        return made(None, not_negative("maintenance_margin", position.fixed_requirement))
    if position.ladder is None:
        return made(None, ZERO)
    try:
        return made(position.ladder, None)
    except RequestError as refused:
        for_requirement.append(_tier_gap(position, refused))
        return made(None, ZERO)


def _closing_fee(position: Position, rules: MarginRules, missing: list[str]) -> tuple[Decimal, Decimal]:
    """What the rules add to the requirement: (a rate of the value, a fixed amount of settle currency)."""
    at = rules.closing_fee(position.margin_mode)
    if at is ClosingFee.NONE:
        return ZERO, ZERO
    if position.taker_fee_rate is None:
        missing.append(f"{position.key}.closing_fee_rate")
        return ZERO, ZERO
    if at is ClosingFee.AT_PRICE:
        return position.taker_fee_rate, ZERO
    value = value_at_bankruptcy(position)
    if value is None:
        if position.leverage is None:
            missing.append(f"{position.key}.leverage")
        return ZERO, ZERO
    return ZERO, value * position.taker_fee_rate


def fee_is_initial(position: Position, rules: MarginRules) -> bool:
    """Whether the venue holds the fee to close in initial margin too: where it is an amount, known from the start."""
    fee = rules.closing_fee(position.margin_mode)
    return position.fixed_requirement is None and fee is ClosingFee.AT_BANKRUPTCY


def valued_leg(leg: Leg, position: Position, settle_price: Decimal, for_requirement: list[str]) -> LegValue:
    """The leg at the position's mark price, without a requirement where that is above the last tier."""
    assert position.mark_price is not None
    try:
        return value_leg(leg, position.mark_price, settle_price)
    except RequestError as refused:
        for_requirement.append(_tier_gap(position, refused))
        bare = Leg(
            leg.contract,
            leg.quantity,
            leg.entry_price,
            None,
            leverage=leg.leverage,
            fee_rate=leg.fee_rate,
            fixed_fee=leg.fixed_fee,
            fixed_requirement=ZERO,
        )
        return value_leg(bare, position.mark_price, settle_price)


def _tier_gap(position: Position, refused: RequestError) -> str:
    """What a position above the last tier lacks; any other refusal is passed on."""
    if refused.key != "notional" or position.ladder is None:
        raise refused
    return f"{position.key}: a maintenance tier above {position.ladder.caps[-1]}"
