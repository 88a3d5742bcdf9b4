"""Why a pool is liquidated at a price: the straight line of its surplus there, told term by term."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.exact import ZERO
from core.explain import is_recording, note
from core.liquidation_results import LiquidationPrice
from core.margin_rules import RequirementAt
from core.pool import LegValue
from core.surplus_path import Line, Path, first_tier, present, price_at, whole


def crossing(path: Path, lines: Sequence[Line], tiers: Sequence[int | None]) -> LiquidationPrice:
    """The zero of the surplus with its legs on these lines, in these tiers, as a price."""
    constant, slope = whole(path, lines)
    price = price_at(path, -constant, slope)
    if is_recording():
        _tell(path, lines, tiers, price)
    return LiquidationPrice(price, first_tier(path, tiers))


def _tell(path: Path, lines: Sequence[Line], tiers: Sequence[int | None], price: Decimal) -> None:
    """Explain a crossing: the two coefficients of the surplus in that tier, and the zero of the line."""
    t = "price_now / price" if path.inverted else "price / price_now"
    word = "surplus" if path.requirement else "equity"
    at_present = tuple(present(leg, path.requirement) for leg, _ in path.moving)
    for index, (leg, scaled) in enumerate(path.moving):
        _tell_line(leg, scaled, tiers[index], path.requirement, lines[index])
    now = path.constant + path.slope + sum(at_present, ZERO)
    given: dict[str, object] = {word: now, "coins_that_move": path.slope, "positions_that_move": at_present}
    rest = f"{word} - coins_that_move - sum(positions_that_move)"
    note(f"rest of the {word}", rest, path.constant, given, unit="pool")
    stays = tuple(line[0] for line in lines)
    moves = tuple(line[1] for line in lines)
    constant, slope = path.constant + sum(stays, ZERO), path.slope + sum(moves, ZERO)
    given = {"rest": path.constant, "positions": stays}
    note("stays", "rest + sum(positions)", constant, given, unit=f"pool; {word} = stays + moves * {t}")
    given = {"coins_that_move": path.slope, "positions": moves}
    note("moves", "coins_that_move + sum(positions)", slope, given, unit=f"pool; {word} = stays + moves * {t}")
    formula = "price_now * moves / -stays" if path.inverted else "price_now * -stays / moves"
    given = {"price_now": path.price, "stays": constant, "moves": slope}
    name = "liquidation price" if path.requirement else "bankruptcy price"
    note(name, formula, price, given, unit="quote a coin")


def _tell_line(leg: LegValue, scaled: bool, tier: int | None, requirement: bool, line: Line) -> None:
    """Explain what of a leg stays and what moves with its price: of its profit, and of its requirement in the tier."""
    facts, ladder = leg.leg, leg.leg.ladder
    sized = {"quantity": facts.quantity, "contract_size": facts.contract.contract_size}
    stays: dict[str, object] = {**sized, "entry_price": facts.entry_price}
    moves: dict[str, object] = {**sized, "mark_price": leg.mark_price}
    fixed = "-quantity * contract_size * entry_price" if facts.direct else "quantity * contract_size / entry_price"
    moving = "quantity * contract_size * mark_price" if facts.direct else "-quantity * contract_size / mark_price"
    if requirement and (tier is None or ladder is None or facts.requirement_at is RequirementAt.AT_MARK):
        stays["requirement"] = leg.requirement
        fixed += " - requirement"
    elif requirement and tier is not None and ladder is not None:
        stays |= {"deduction": ladder.deductions[tier], "fixed_fee": facts.fixed_fee}
        moves |= {"maintenance_rate": ladder.rates[tier], "closing_fee_rate": facts.fee_rate, "value": leg.value}
        fixed += " + deduction - fixed_fee"
        moving += " - value * (maintenance_rate + closing_fee_rate)"
    if scaled:
        fixed, stays, moving, moves = moving, moves, fixed, stays
    rate = {"settle_price": leg.settle_price}
    name = facts.contract.name
    note(f"what stays of {name}", f"({fixed}) * settle_price", line[0], {**stays, **rate}, unit="pool")
    note(f"what moves of {name}", f"({moving}) * settle_price", line[1], {**moves, **rate}, unit="pool")
