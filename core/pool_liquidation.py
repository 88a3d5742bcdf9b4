"""At which price a pool is liquidated when one contract, or one coin with everything on it, moves: exact.

Along such a path the surplus (equity − requirement) is a straight line between maintenance tier boundaries, so the
answer is found by walking from the present price over the boundaries, outwards in either direction, to the first
point where the surplus is zero (or, where a table jumps, below it). The result is divided once: put back into the
pool, equity meets requirement to the last digits of the context. Rounding to the tick, which venues do towards the
market, is left to whoever shows it.

Two paths have such an answer. :func:`contract_path` is the one that venues print: the marks of one contract move, all
else stays, coin collateral too. :func:`coin_path` is the one that a hedger lives: every contract on the coin, the
coin as collateral and the worth of what is settled in it move together by one factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.exact import ONE, ZERO, exactly, positive
from core.explain import is_recording, note
from core.instruments import Tier
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.margin_rules import RequirementAt
from core.pool import LegValue, PoolValue

BELOW = "equity is below the requirement all the way"


class Reach(msgspec.Struct, frozen=True):
    """The pool's liquidation prices on one path: the nearest ``above`` and ``below`` the present price.

    ``past`` is true where the pool is below its requirement already; then a price is where it would be above it
    again, and :class:`AlwaysLiquidated` stands for a way on which it never is.
    """

    above: Liquidation
    below: Liquidation
    past: bool = False


_Piece = tuple[Decimal, Decimal, Decimal | None, tuple[Decimal, Decimal]]
"""Surplus of one leg in one tier, ``constant + slope·t``, up to ``end`` (walking outwards), ``None`` where nothing
bounds it. ``end`` is ``limit[0] / limit[1]``, kept apart so that a price at the end is divided once. A plain tuple:
a revaluation makes thousands of them."""

_NOWHERE = (ONE, ONE)


class _Path(NamedTuple):
    """A path in ``t``, 1 now: the straight line of all that has no tiers, and the legs that move.

    A leg is ``scaled`` where its settle currency moves with it. Prices are ``price·t``, or ``price/t`` if ``inverted``.
    """

    constant: Decimal
    slope: Decimal
    moving: Sequence[tuple[LegValue, bool]]
    price: Decimal
    inverted: bool
    requirement: bool


@exactly
def contract_path(pool: PoolValue, name: str, *, requirement: bool = True) -> Reach:
    """Where the pool is liquidated when the mark price of contract ``name`` alone moves (both its legs, if two).

    Prices are of that contract, quote per coin. With ``requirement=False`` the pool is followed down to no equity:
    the bankruptcy price. A contract that the pool does not hold has no liquidation price.
    """
    path = _contract_path(pool, name, requirement=requirement)
    if path is None:
        none = NoLiquidation("no position")
        return Reach(none, none)
    return _reach(path)


def _contract_path(pool: PoolValue, name: str, *, requirement: bool) -> _Path | None:
    legs = pool.by_contract.get(name, [])
    if not legs:
        return None
    constant = pool.surplus if requirement else pool.equity
    for leg in legs:
        constant -= _now(leg, requirement)
    inverted = not legs[0].leg.direct
    return _Path(constant, ZERO, [(leg, False) for leg in legs], legs[0].mark_price, inverted, requirement)


@exactly
def printed_price(pool: PoolValue, name: str) -> Liquidation:
    """The one price that a venue prints for contract ``name``: on the side where the position loses.

    Above the mark for a net short, below for a net long; where the legs of hedge mode cancel out, the one that there
    is. A pool that is past its requirement has it on the other side: behind the mark.
    """
    net = sum((leg.leg.amount for leg in pool.by_contract.get(name, [])), ZERO)
    path = _contract_path(pool, name, requirement=True)
    if path is None:
        return NoLiquidation("no position")
    past = pool.surplus <= 0
    if not net:
        reach = _reach(path)
        return reach.above if isinstance(reach.above, LiquidationPrice) else reach.below
    above = (net < 0) is not past
    return _walk(path, upwards=above is not path.inverted, past=past)


@exactly
def coin_path(pool: PoolValue, coin: str, price: Decimal, *, requirement: bool = True) -> Reach:
    """Where the pool is liquidated when ``coin`` alone moves: its contracts, its collateral, what is settled in it.

    Prices are of the coin, reckoned from its present ``price`` (quote); every mark on it moves by the same factor.
    ``requirement=False`` as in :func:`contract_path`. A quanto contract on the coin that is settled in it too, or an
    inverse one that is not, has no straight line: the answer is unknown and says so.
    """
    constant, slope = pool.surplus if requirement else pool.equity, ZERO
    moving: list[tuple[LegValue, bool]] = []
    parts: list[Decimal] = []
    for asset, coins, each in pool.coins:
        if asset == coin:
            constant -= coins * each
            slope += coins * each
            parts.append(coins * each)
    for leg in pool.by_coin.get(coin, ()):
        contract = leg.leg.contract
        constant -= _now(leg, requirement)
        settled = contract.settle == coin
        if settled is leg.leg.direct:
            how = "settled in the coin it follows" if settled else "an inverse contract not settled in its coin"
            unknown = UnknownLiquidation((f"a straight path of {contract.name}, {how}",))
            return Reach(unknown, unknown)
        moving.append((leg, settled))
    for leg in pool.by_settle.get(coin, ()):
        if leg.leg.contract.coin != coin:
            now = _now(leg, requirement)
            constant -= now
            slope += now
            parts.append(now)
    if is_recording():
        note(f"coins that move: {coin}, and what is settled in it", "sum(parts)", slope, {"parts": parts}, unit="pool")
    if not moving and not slope:
        past = constant <= 0
        fixed = AlwaysLiquidated(BELOW) if past else NoLiquidation(f"nothing here depends on {coin}")
        return Reach(fixed, fixed, past)
    return _reach(_Path(constant, slope, moving, positive("price", price), False, requirement))


def _now(leg: LegValue, requirement: bool) -> Decimal:
    return leg.surplus if requirement else leg.profit * leg.settle_price


def _reach(path: _Path) -> Reach:
    now = path.constant + path.slope
    for leg, _ in path.moving:
        now += _now(leg, path.requirement)
    outwards, inwards = _walk(path, upwards=True, past=now <= 0), _walk(path, upwards=False, past=now <= 0)
    if path.inverted:
        return Reach(above=inwards, below=outwards, past=now <= 0)
    return Reach(above=outwards, below=inwards, past=now <= 0)


def _walk(path: _Path, *, upwards: bool, past: bool) -> Liquidation:
    """The first zero of the surplus for ``t`` above (or below) 1, crossing downwards, or upwards where ``past``."""
    moving, requirement = path.moving, path.requirement
    tiers = [leg.tier for leg, _ in moving]
    if upwards and not past and len(moving) == 1:
        tiers[0] = _tier_ahead(path)
    if not upwards and not past and _covered_at_zero(path):
        return _never(path, upwards=upwards, past=past)
    pieces = [
        _piece(leg, scaled, tier, requirement, upwards) for (leg, scaled), tier in zip(moving, tiers, strict=True)
    ]
    jumps = requirement and any(leg.leg.ladder is not None and leg.leg.ladder.jumps for leg, _ in moving)
    t, limit = ONE, _NOWHERE
    constant, slope = _whole(path, pieces)
    while True:
        end = None
        for _, _, own_end, _ in pieces:
            if own_end is not None and (end is None or (own_end < end if upwards else own_end > end)):
                end = own_end
        if jumps and t is not ONE and (constant + slope * t > 0) is past:
            price = _price(path, *limit)
            formula = "price_now * value_now / boundary" if path.inverted else "price_now * boundary / value_now"
            given = {"price_now": path.price, "boundary": limit[0], "value_now": limit[1]}
            note("liquidation price at the jump of a tier", formula, price, given, unit="quote a coin")
            return LiquidationPrice(price, _tier(path, tiers))
        if end is not None:
            at_end = constant + slope * end
            crosses = at_end > 0 if past else at_end <= 0
        else:  # the piece goes on for ever, or down to zero
            towards = slope if upwards else constant
            crosses = towards > 0 if past else towards < 0
        if crosses:
            constant, slope = _whole(path, pieces)  # anew: what was added and taken off on the way has left its dust
            price, tier = _price(path, -constant, slope), _tier(path, tiers)
            if is_recording():
                _tell(path, pieces, tiers, price)
            return LiquidationPrice(price, tier)
        if end is None:
            return _never(path, upwards=upwards, past=past)
        t = end
        for index, (leg, scaled) in enumerate(moving):
            if pieces[index][2] == end:
                limit = pieces[index][3]
                following = _next(leg, tiers[index], rises=upwards is not scaled)
                if following is None:
                    assert leg.leg.ladder is not None
                    return UnknownLiquidation((f"a maintenance tier above {leg.leg.ladder.caps[-1]}",))
                tiers[index] = following
                before, piece = pieces[index], _piece(leg, scaled, following, requirement, upwards)
                constant, slope = constant + (piece[0] - before[0]), slope + (piece[1] - before[1])
                pieces[index] = piece


def _whole(path: _Path, pieces: Sequence[_Piece]) -> tuple[Decimal, Decimal]:
    """The surplus of the whole path, ``constant + slope·t``, with its legs in these pieces."""
    constant, slope = path.constant, path.slope
    for stays, moves, _, _ in pieces:
        constant, slope = constant + stays, slope + moves
    return constant, slope


def _covered_at_zero(path: _Path) -> bool:
    """True where the surplus is seen to stay above zero down to a price of zero, without walking there.

    With continuous tables whose rates rise, the surplus bends downwards only (it is concave in ``t``): above zero now
    and not below it at zero, it is above zero all the way.
    """
    rest = path.constant
    if any(scaled for _, scaled in path.moving):
        return False
    for leg, _ in path.moving:
        facts, ladder = leg.leg, leg.leg.ladder
        if not path.requirement:
            requirement = ZERO
        elif leg.tier is None or facts.requirement_at is RequirementAt.AT_MARK:
            requirement = leg.requirement
        elif ladder is None or ladder.jumps or not ladder.rising or ladder.by_contracts:
            return False
        else:
            requirement = facts.fixed_fee - ladder.deductions[0]
        rest += (facts.base - requirement) * leg.settle_price
    return rest >= 0


def _tier_ahead(path: _Path) -> int | None:
    """The tier in which one leg that loses as its value rises is liquidated, found without walking to it.

    Where its table is continuous, the surplus only falls: the tier is the first at whose cap nothing is left of it.
    """
    leg, scaled = path.moving[0]
    facts, ladder, tier = leg.leg, leg.leg.ladder, leg.tier
    falling = leg.slope < 0 and not scaled and path.requirement and not path.slope
    if tier is None or ladder is None or not falling or ladder.jumps or ladder.by_contracts:
        return tier
    if facts.requirement_at is RequirementAt.AT_MARK:
        return tier
    behind = path.constant / leg.settle_price + facts.base - facts.fixed_fee
    costs = 1 + facts.fee_rate
    while tier < len(ladder.bounds) and behind > ladder.bounds[tier] * costs + ladder.at_caps[tier]:
        tier += 1
    return min(tier, len(ladder.caps) - 1)


def _tell(path: _Path, pieces: Sequence[_Piece], tiers: Sequence[int | None], price: Decimal) -> None:
    """Explain a crossing: the two coefficients of the surplus in that tier, and the zero of the line."""
    t = "price_now / price" if path.inverted else "price / price_now"
    word = "surplus" if path.requirement else "equity"
    at_present = tuple(_now(leg, path.requirement) for leg, _ in path.moving)
    for index, (leg, scaled) in enumerate(path.moving):
        _tell_piece(leg, scaled, tiers[index], path.requirement, pieces[index])
    whole = path.constant + path.slope + sum(at_present, ZERO)
    given: dict[str, object] = {word: whole, "coins_that_move": path.slope, "positions_that_move": at_present}
    rest = f"{word} - coins_that_move - sum(positions_that_move)"
    note(f"rest of the {word}", rest, path.constant, given, unit="pool")
    stays = tuple(piece[0] for piece in pieces)
    moves = tuple(piece[1] for piece in pieces)
    constant, slope = path.constant + sum(stays, ZERO), path.slope + sum(moves, ZERO)
    given = {"rest": path.constant, "positions": stays}
    note("stays", "rest + sum(positions)", constant, given, unit=f"pool; {word} = stays + moves * {t}")
    given = {"coins_that_move": path.slope, "positions": moves}
    note("moves", "coins_that_move + sum(positions)", slope, given, unit=f"pool; {word} = stays + moves * {t}")
    formula = "price_now * moves / -stays" if path.inverted else "price_now * -stays / moves"
    given = {"price_now": path.price, "stays": constant, "moves": slope}
    name = "liquidation price" if path.requirement else "bankruptcy price"
    note(name, formula, price, given, unit="quote a coin")


def _tell_piece(leg: LegValue, scaled: bool, tier: int | None, requirement: bool, piece: _Piece) -> None:
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
    note(f"what stays of {name}", f"({fixed}) * settle_price", piece[0], {**stays, **rate}, unit="pool")
    note(f"what moves of {name}", f"({moving}) * settle_price", piece[1], {**moves, **rate}, unit="pool")


def _price(path: _Path, over: Decimal, under: Decimal) -> Decimal:
    """The price at ``t = over / under``."""
    return path.price * under / over if path.inverted else path.price * over / under


def _piece(leg: LegValue, scaled: bool, tier: int | None, requirement: bool, upwards: bool) -> _Piece:
    """One leg in one tier. Where the settle currency moves too, everything is multiplied by ``t``, and the value,
    which goes as 1/t in coins, stands still in quote: constant and slope change places."""
    facts, rate = leg.leg, leg.settle_price
    constant, slope = facts.base, leg.slope
    limit = None
    if requirement:
        constant -= facts.fixed_fee
        if tier is None or facts.requirement_at is RequirementAt.AT_MARK:
            constant -= leg.requirement - facts.fixed_fee
        else:
            ladder = facts.ladder
            assert ladder is not None
            constant += ladder.deductions[tier]
            slope -= leg.value * (ladder.rates[tier] + facts.fee_rate)
            if not ladder.by_contracts:
                bound = ladder.caps[tier] if upwards is not scaled else ladder.floors[tier]
                if bound:
                    limit = (leg.value, bound) if scaled else (bound, leg.value)
    if scaled:
        constant, slope = slope, constant
    if rate != 1:
        constant, slope = constant * rate, slope * rate
    return (constant, slope, None, _NOWHERE) if limit is None else (constant, slope, limit[0] / limit[1], limit)


def _next(leg: LegValue, tier: int | None, *, rises: bool) -> int | None:
    """The tier after ``tier`` where the value rises or falls; ``None`` above the last one."""
    assert tier is not None
    assert leg.leg.ladder is not None
    following = tier + 1 if rises else tier - 1
    return following if following < len(leg.leg.ladder.caps) else None


def _tier(path: _Path, tiers: Sequence[int | None]) -> Tier | None:
    """The tier of the first moving leg, where it has one."""
    if not path.requirement or not tiers or tiers[0] is None:
        return None
    ladder = path.moving[0][0].leg.ladder
    return None if ladder is None else ladder.tier(tiers[0])


def _never(path: _Path, *, upwards: bool, past: bool) -> Liquidation:
    if past:
        return AlwaysLiquidated(BELOW)
    way = "rise" if upwards is not path.inverted else "fall"
    return NoLiquidation(f"the margin covers the position through any {way} of the price")
