"""At which price a pool is liquidated when one contract, or one coin with everything on it, moves: exact.

Along such a path the surplus (equity − requirement) is a straight line between maintenance tier boundaries, so the
answer, on either side of the present price, is the first point where one of these lines is zero within its tiers (or,
where a table jumps, the boundary behind which it is below). The result is divided once: put back into the
pool, equity meets requirement to the last digits of the context. Rounding to the tick, which venues do towards the
market, is left to whoever shows it.

Two paths have such an answer. :func:`contract_path` is the one that venues print: the marks of one contract move, all
else stays, coin collateral too. :func:`coin_path` is the one that a hedger lives: every contract on the coin, the
coin as collateral and the worth of what is settled in it move together by one factor.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.exact import ZERO, exactly, positive
from core.explain import is_recording, note
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from core.pool import LegValue, PoolValue
from core.surplus_path import BELOW, Path, present
from core.surplus_tangent import first_zero
from core.surplus_walk import walk


class Reach(msgspec.Struct, frozen=True, gc=False):
    """The pool's liquidation prices on one path: the nearest ``above`` and ``below`` the present price.

    ``past`` is true where the pool is below its requirement already; then a price is where it would be above it
    again, and :class:`AlwaysLiquidated` stands for a way on which it never is.
    """

    above: Liquidation
    below: Liquidation
    past: bool = False


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


def _contract_path(pool: PoolValue, name: str, *, requirement: bool) -> Path | None:
    legs = pool.by_contract.get(name, [])
    if not legs:
        return None
    constant = pool.surplus if requirement else pool.equity
    for leg in legs:
        constant -= present(leg, requirement)
    inverted = not legs[0].leg.direct
    return Path(constant, ZERO, [(leg, False) for leg in legs], legs[0].mark_price, inverted, requirement)


@exactly
def printed_price(pool: PoolValue, name: str) -> Liquidation:
    """The one price that a venue prints for contract ``name``: on the side where the position loses.

    Above the mark for a net short, below for a net long; where the legs of hedge mode cancel out, the one that there
    is. A pool that is past its requirement has it on the other side: behind the mark.
    """
    legs = pool.by_contract.get(name, [])
    net = legs[0].leg.amount if len(legs) == 1 else sum((leg.leg.amount for leg in legs), ZERO)
    path = _contract_path(pool, name, requirement=True)
    if path is None:
        return NoLiquidation("no position")
    past = pool.surplus <= 0
    if not net:
        reach = _reach(path)
        return reach.above if isinstance(reach.above, LiquidationPrice) else reach.below
    above = (net < 0) is not past
    return _end(path, upwards=above is not path.inverted, past=past)


@exactly
def bankruptcy_price(pool: PoolValue, name: str, *, short: bool) -> Liquidation:
    """Where the pool's equity is used up when contract ``name`` alone moves, on the side where a ``short`` (or a long)
    loses; of a pool without equity, on the way back."""
    path = _contract_path(pool, name, requirement=False)
    if path is None:
        return NoLiquidation("no position")
    past = _now(path) <= 0
    above = short is not past
    return _end(path, upwards=above is not path.inverted, past=past)


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
        constant -= present(leg, requirement)
        settled = contract.settle == coin
        if settled is leg.leg.direct:
            how = "settled in the coin it follows" if settled else "an inverse contract not settled in its coin"
            unknown = UnknownLiquidation((f"a straight path of {contract.name}, {how}",))
            return Reach(unknown, unknown)
        moving.append((leg, settled))
    for leg in pool.by_settle.get(coin, ()):
        if leg.leg.contract.coin != coin:
            now = present(leg, requirement)
            constant -= now
            slope += now
            parts.append(now)
    if is_recording():
        note(f"coins that move: {coin}, and what is settled in it", "sum(parts)", slope, {"parts": parts}, unit="pool")
    if not moving and not slope:
        past = constant <= 0
        fixed = AlwaysLiquidated(BELOW) if past else NoLiquidation(f"nothing here depends on {coin}")
        return Reach(fixed, fixed, past)
    return _reach(Path(constant, slope, moving, positive("price", price), False, requirement))


def _now(path: Path) -> Decimal:
    """The surplus at present."""
    now = path.constant + path.slope
    for leg, _ in path.moving:
        now += present(leg, path.requirement)
    return now


def _reach(path: Path) -> Reach:
    now = _now(path)
    outwards, inwards = _end(path, upwards=True, past=now <= 0), _end(path, upwards=False, past=now <= 0)
    if path.inverted:
        return Reach(above=inwards, below=outwards, past=now <= 0)
    return Reach(above=outwards, below=inwards, past=now <= 0)


def _end(path: Path, *, upwards: bool, past: bool) -> Liquidation:
    """The first zero of the surplus on one way: by straight lines from outside, or by walking to it."""
    found = None if past else first_zero(path, upwards=upwards)
    return walk(path, upwards=upwards, past=past) if found is None else found
