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
from core.instruments import Tier
from core.liquidation import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
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


class _Piece(NamedTuple):
    """Surplus of one leg, ``constant + slope·t``, up to ``end`` (walking outwards); ``None`` where nothing bounds it.

    ``tier`` is the index of the leg's tier there.
    """

    constant: Decimal
    slope: Decimal
    end: Decimal | None
    tier: int | None


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
    legs = [leg for leg in pool.legs if leg.leg.contract.name == name]
    if not legs:
        none = NoLiquidation("no position")
        return Reach(none, none)
    constant = pool.surplus if requirement else pool.equity
    for leg in legs:
        constant -= _now(leg, requirement)
    inverted = not legs[0].leg.direct
    moving = [(leg, False) for leg in legs]
    return _reach(_Path(constant, ZERO, moving, legs[0].mark_price, inverted, requirement))


@exactly
def coin_path(pool: PoolValue, coin: str, price: Decimal, *, requirement: bool = True) -> Reach:
    """Where the pool is liquidated when ``coin`` alone moves: its contracts, its collateral, what is settled in it.

    Prices are of the coin, reckoned from its present ``price`` (quote); every mark on it moves by the same factor.
    ``requirement=False`` as in :func:`contract_path`. A quanto contract on the coin that is settled in it too, or an
    inverse one that is not, has no straight line: the answer is unknown and says so.
    """
    constant, slope = pool.surplus if requirement else pool.equity, ZERO
    moving: list[tuple[LegValue, bool]] = []
    for asset, coins, each in pool.coins:
        if asset == coin:
            constant -= coins * each
            slope += coins * each
    for leg in pool.legs:
        contract = leg.leg.contract
        settled = contract.settle == coin
        if not settled and contract.coin != coin:
            continue
        now = _now(leg, requirement)
        constant -= now
        if contract.coin != coin:
            slope += now
        elif settled is leg.leg.direct:
            how = "settled in the coin it follows" if settled else "an inverse contract not settled in its coin"
            unknown = UnknownLiquidation((f"a straight path of {contract.name}, {how}",))
            return Reach(unknown, unknown)
        else:
            moving.append((leg, settled))
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
    tiers = [leg.tier for leg, _ in path.moving]
    pieces = [_piece(leg, scaled, leg.tier, path, upwards=upwards) for leg, scaled in path.moving]
    t, begun = ONE, False
    while True:
        constant = sum((piece.constant for piece in pieces), path.constant)
        slope = sum((piece.slope for piece in pieces), path.slope)
        if begun and (constant + slope * t > 0) is past:
            return LiquidationPrice(path.price / t if path.inverted else path.price * t, _tier(path, tiers))
        ends = [piece.end for piece in pieces if piece.end is not None]
        end = (min(ends) if upwards else max(ends)) if ends else None
        if _crosses(constant, slope, end, upwards=upwards, past=past):
            price = path.price * slope / -constant if path.inverted else path.price * -constant / slope
            return LiquidationPrice(price, _tier(path, tiers))
        if end is None:
            return _never(path, upwards=upwards, past=past)
        t, begun = end, True
        for index, (leg, scaled) in enumerate(path.moving):
            if pieces[index].end == end:
                following = _next(leg, tiers[index], rises=upwards is not scaled)
                if following is None:
                    assert leg.leg.ladder is not None
                    return UnknownLiquidation((f"a maintenance tier above {leg.leg.ladder.caps[-1]}",))
                tiers[index] = following
                pieces[index] = _piece(leg, scaled, following, path, upwards=upwards)


def _crosses(constant: Decimal, slope: Decimal, end: Decimal | None, *, upwards: bool, past: bool) -> bool:
    """Whether the line, on the one side of zero at the start of the piece, is on the other at its end."""
    if end is None and upwards:
        return slope > 0 if past else slope < 0
    at_end = constant if end is None else constant + slope * end
    if past:
        return at_end > 0
    return at_end < 0 or (end is not None and not at_end)


def _piece(leg: LegValue, scaled: bool, tier: int | None, path: _Path, *, upwards: bool) -> _Piece:
    """One leg in one tier. Where the settle currency moves too, everything is multiplied by ``t``, and the value,
    which goes as 1/t in coins, stands still in quote: constant and slope change places."""
    facts, rate = leg.leg, leg.settle_price
    constant, slope = facts.base, leg.slope
    end = None
    if path.requirement:
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
                    end = leg.value / bound if scaled else bound / leg.value
    if scaled:
        constant, slope = slope, constant
    return _Piece(constant * rate, slope * rate, end, tier)


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
    return NoLiquidation(f"the collateral covers the position through any {way} of the price")
