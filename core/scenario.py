"""One scenario on a hedged book, revalued in full: what spot, hedge, funding and fees come to, and what is liquidated.

The order of things: the hedge is set to its ratio, the horizon passes at present prices and its funding is paid into
the pools, then basis and jumps come at once, and then the driver goes along its path. A pool whose surplus reaches
zero on the way is liquidated there, even if the path ends elsewhere; from there on its positions are gone and the
rest of the book goes on without them.

What a liquidation costs: the margin, not the profit or loss at that price. An isolated position loses everything that
backed it. A cross pool loses its requirement on top of its losses, as the venue takes the position over at the
bankruptcy price; what the venue leaves is what the haircuts had kept from counting, held as cash from then on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, not_negative, positive
from core.explain import is_recording, note
from core.hedged_book import (
    BookPool,
    HedgedBook,
    Market,
    exposure,
    full_collateral,
    pool_at,
    profit_at,
    spot_worth,
    worth,
)
from core.path_reach import PathReach, path_reach
from core.scenario_start import Change, Started, shorts_closed, start_pool


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens. ``path`` are the driver's multiples on its way from 1; the last is where it ends.

    ``basis`` shifts every mark against its coin (0.01: 1% above). ``jumps`` are multiples of assets, or of
    ``account/asset``. ``days`` is the horizon over which funding is paid, at ``funding_rate`` per 8 hours for every
    contract where given. ``hedge`` multiplies every short at the start. ``gone`` names accounts that are lost with
    all in them, from the start. ``force_closed_at`` is the driver's multiple at which venues close every short
    (auto-deleveraging). ``close`` ends with everything left being closed at taker fees. ``volatility`` (of the
    driver, per year) times ``volatility_multiple`` only says how many standard deviations the move is.
    """

    path: tuple[Decimal, ...] = (ONE,)
    basis: Decimal = ZERO
    jumps: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    days: Decimal = ZERO
    funding_rate: Decimal | None = None
    hedge: Decimal = ONE
    gone: frozenset[str] = frozenset()
    force_closed_at: Decimal | None = None
    close: bool = False
    volatility: float | None = None
    volatility_multiple: float = 1.0


class PoolOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A pool at the end, USD. ``liquidated_at`` is the driver's multiple where it was; ``None`` if it survived.

    ``profit`` is the change of its contracts' profit and ``coins`` that of its collateral's worth. Of a pool that is
    ``gone`` or liquidated ``profit`` is all it lost, ``left`` what it leaves, and there is no margin health.
    """

    name: str
    account: str
    before: Decimal
    left: Decimal
    profit: Decimal
    coins: Decimal = ZERO
    liquidated_at: Decimal | None = None
    gone: bool = False
    equity: Decimal | None = None
    requirement: Decimal | None = None

    @property
    def usage(self) -> Decimal | None:
        """Requirement ÷ equity: 1 is liquidation; ``None`` where there is nothing to divide by."""
        if self.requirement is None or self.equity is None or self.equity <= 0:
            return None
        return _quotient(self.requirement, self.equity)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario comes to, USD: ``net`` = spot + coins + hedge + funding − fees, and ``left`` = before + net.

    ``spot`` is the change of the coins outside accounts, ``coins`` that of posted ones, ``hedge`` that of contracts
    with all that liquidations took. ``exposure_before`` and ``exposure_after`` are in beta-dollars: what the book
    gains per +100% of the driver, now and with what is left at the end. ``sigmas`` is how many standard deviations
    of the horizon the farthest point of the path is away.
    """

    spot: Decimal
    coins: Decimal
    hedge: Decimal
    funding: Decimal
    fees: Decimal
    net: Decimal
    before: Decimal
    left: Decimal
    net_share: Decimal | None
    pools: tuple[PoolOutcome, ...]
    exposure_before: Decimal
    exposure_after: Decimal
    sigmas: float | None = None

    @property
    def liquidated(self) -> tuple[PoolOutcome, ...]:
        """The pools that were liquidated on the way."""
        return tuple(pool for pool in self.pools if pool.liquidated_at is not None)


class UnknownOutcome(msgspec.Struct, frozen=True):
    """The scenario leads to where something is not known; never to be read as safe."""

    missing: tuple[str, ...]


@exactly
def run(book: HedgedBook, scenario: Scenario) -> Outcome | UnknownOutcome:
    """Revalue the book under the scenario. Raises RequestError for impossible figures, naming them."""
    _check(book, scenario)
    now = Market(book.betas)
    then = Market(book.betas, basis=scenario.basis, jumps=scenario.jumps)
    ends = [_end(pool, now, then, scenario) for pool in book.pools]
    missing = [end for end in ends if isinstance(end, str)]
    if missing:
        return UnknownOutcome(tuple(dict.fromkeys(missing)))
    known = [end for end in ends if not isinstance(end, str)]
    after = msgspec.structs.replace(book, pools=tuple(end.survivor for end in known if end.survivor is not None))
    x, had = scenario.path[-1], spot_worth(book, now, ONE)
    after_move = spot_worth(book, then, x)
    spot = after_move - had
    note("spot", "after - before", spot, {"after": after_move, "before": had}, unit="quote")
    before = had + sum((end.outcome.before for end in known), ZERO)
    coins = sum((end.outcome.coins for end in known), ZERO)
    hedge = sum((end.outcome.profit for end in known), ZERO)
    funding, fees = sum((end.funding for end in known), ZERO), sum((end.fees for end in known), ZERO)
    net = spot + coins + hedge + funding - fees
    if is_recording():
        _tell_sums(known, had, before)
    return Outcome(
        spot=spot,
        coins=coins,
        hedge=hedge,
        funding=funding,
        fees=fees,
        net=net,
        before=before,
        left=before + net,
        net_share=net / before if before > 0 else None,
        pools=tuple(end.outcome for end in known),
        exposure_before=exposure(book, now, ONE),
        exposure_after=exposure(after, then, x),
        sigmas=sigmas(scenario),
    )


def _tell_sums(ends: Sequence[_End], spot: Decimal, before: Decimal) -> None:
    """Explain what the pools come to together."""
    for name, parts in (
        ("coins", tuple(end.outcome.coins for end in ends)),
        ("hedge", tuple(end.outcome.profit for end in ends)),
        ("funding", tuple(end.funding for end in ends)),
        ("fees", tuple(end.fees for end in ends)),
    ):
        note(name, "sum(pools)", sum(parts, ZERO), {"pools": parts}, unit="quote")
    pools = tuple(end.outcome.before for end in ends)
    note("before", "spot + sum(pools)", before, {"spot": spot, "pools": pools}, unit="quote")


class _End(NamedTuple):
    """A pool's outcome with the funding and fees on its way, and the pool itself if it survives."""

    outcome: PoolOutcome
    survivor: BookPool | None = None
    funding: Decimal = ZERO
    fees: Decimal = ZERO


def _end(pool: BookPool, now: Market, then: Market, scenario: Scenario) -> _End | str:
    """How a pool ends, or what is not known."""
    before = worth(pool, now, ONE)
    if pool.account in scenario.gone:
        return _End(_lost(pool, before))
    started = _started(pool, Change(scenario.hedge, scenario.days, scenario.funding_rate))
    if isinstance(started, str):
        return started
    found, survivor = follow(started.pool, now, then, scenario.path, scenario.force_closed_at)
    if isinstance(found, str):
        return found
    fees = started.fees
    if scenario.close and survivor is not None:
        fees += _closing_fees(survivor, then, scenario.path[-1])
    return _End(msgspec.structs.replace(found, before=before), survivor, started.funding, fees)


@exactly
def follow(
    pool: BookPool, now: Market, then: Market, path: Sequence[Decimal], force_closed_at: Decimal | None = None
) -> tuple[PoolOutcome | str, BookPool | None]:
    """One pool along the path: its outcome (or what is not known), and the pool itself if it survives.

    The pool is as the move finds it; ``before`` of its outcome is its worth at present prices.
    """
    began, started = worth(pool, now, ONE), pool
    legs = [(ONE, *path)]
    if force_closed_at is not None:
        legs = _split(legs[0], force_closed_at)
    for index, leg in enumerate(legs):
        if index:
            assert force_closed_at is not None
            pool = shorts_closed(pool, then, force_closed_at)
        reach = path_reach(pool, then, min(leg), max(leg), start=leg[0])
        at, unknown = first_on_path(reach, leg)
        if unknown:
            return unknown, None
        if at is not None:
            left = left_by_liquidation(pool, then, at)
            return _liquidated(started, began, left, at), None
    return _survived(started, pool, now, then, path[-1], began), pool


def first_on_path(reach: PathReach, path: Sequence[Decimal]) -> tuple[Decimal | None, str]:
    """Where the path first meets the reach of a pool, and what is not known there."""
    for point in path:
        if reach.above is not None and point >= reach.above:
            return reach.above, reach.unknown_above
        if reach.below is not None and point <= reach.below:
            return reach.below, reach.unknown_below
    return None, ""


@exactly
def left_by_liquidation(pool: BookPool, market: Market, x: Decimal) -> Decimal:
    """What the venue leaves of a pool liquidated at ``x``, USD: nothing of an isolated one, else the haircuts.

    Where a jump took the surplus below zero, what is missing comes off that.
    """
    if pool.isolated:
        note(f"left of {pool.name}", "nothing of an isolated margin", ZERO, {}, unit="quote", kind="words")
        return ZERO
    value, whole = pool_at(pool, market, x), full_collateral(pool, market, x)
    left = max(ZERO, whole - value.collateral + min(ZERO, value.surplus))
    given = {"coins": whole, "counted": value.collateral, "surplus": value.surplus}
    note(f"left of {pool.name}", "max(0, coins - counted + min(0, surplus))", left, given, unit="quote")
    return left


def sigmas(scenario: Scenario) -> float | None:
    """How many standard deviations of the horizon the farthest point of the path is away; ``None`` without either."""
    if not scenario.volatility or not scenario.days or not scenario.volatility_multiple:
        return None
    widest = max(abs(math.log(point)) for point in scenario.path)
    spread = scenario.volatility * scenario.volatility_multiple * math.sqrt(float(scenario.days) / 365)
    given = {
        "path": tuple(float(point) for point in scenario.path),
        "volatility": scenario.volatility,
        "volatility_multiple": scenario.volatility_multiple,
        "days": float(scenario.days),
    }
    formula = "max(abs(ln(path))) / (volatility * volatility_multiple * sqrt(days / 365))"
    note("sigmas", formula, widest / spread, given, unit="standard deviations")
    return widest / spread


def _check(book: HedgedBook, scenario: Scenario) -> None:
    if not scenario.path:
        raise RequestError("path", "at least one multiple of the driver", "none")
    for point in scenario.path:
        positive("path", point)
    not_negative("days", scenario.days)
    not_negative("hedge", scenario.hedge)
    if scenario.funding_rate is not None:
        finite("funding_rate", scenario.funding_rate)
    accounts = {pool.account for pool in book.pools}
    for name in sorted(scenario.gone - accounts):
        raise RequestError("gone", f"one of {', '.join(sorted(accounts)) or 'no accounts'}", name)


def _started(pool: BookPool, change: Change) -> Started | str:
    """The pool as the move finds it, or the tier that its larger positions lack."""
    try:
        return start_pool(pool, change)
    except RequestError as refused:
        if refused.key != "notional":
            raise
        return f"a maintenance tier of {pool.name} for positions {change.hedge} times as large"


def _split(path: tuple[Decimal, ...], at: Decimal) -> list[tuple[Decimal, ...]]:
    """The path cut in two where it first comes to ``at``; RequestError where it never does."""
    for index in range(1, len(path)):
        if min(path[index - 1], path[index]) <= at <= max(path[index - 1], path[index]):
            return [(*path[:index], at), (at, *path[index:])]
    raise RequestError("force_closed_at", "a multiple that the path comes to", str(at))


def _lost(pool: BookPool, before: Decimal) -> PoolOutcome:
    lost = max(ZERO, before)
    note(f"left of {pool.name}", "before - max(0, before)", before - lost, {"before": before}, unit="quote")
    note(f"hedge of {pool.name}", "-max(0, before)", -lost, {"before": before}, unit="quote")
    return PoolOutcome(name=pool.name, account=pool.account, before=before, left=before - lost, profit=-lost, gone=True)


def _liquidated(pool: BookPool, began: Decimal, left: Decimal, at: Decimal) -> PoolOutcome:
    note(f"hedge of {pool.name}", "left - before", left - began, {"left": left, "before": began}, unit="quote")
    return PoolOutcome(
        name=pool.name, account=pool.account, before=began, left=left, profit=left - began, liquidated_at=at
    )


def _survived(
    started: BookPool, pool: BookPool, now: Market, then: Market, end: Decimal, began: Decimal
) -> PoolOutcome:
    value, left = pool_at(pool, then, end), worth(pool, then, end)
    if pool is started:
        given = {"after": profit_at(pool, then, end), "before": profit_at(pool, now, ONE)}
        profit, formula = given["after"] - given["before"], "after - before"
    else:
        given = {
            "left": left,
            "before": began,
            "coins_after": full_collateral(started, then, end),
            "coins_before": full_collateral(started, now, ONE),
        }
        profit = left - began - (given["coins_after"] - given["coins_before"])
        formula = "left - before - (coins_after - coins_before)"
    note(f"hedge of {pool.name}", formula, profit, given, unit="quote")
    given = {"left": left, "before": began, "hedge": profit}
    note(f"coins of {pool.name}", "left - before - hedge", left - began - profit, given, unit="quote")
    return PoolOutcome(
        name=pool.name,
        account=pool.account,
        before=began,
        left=left,
        profit=profit,
        coins=left - began - profit,
        equity=value.equity,
        requirement=value.requirement,
    )


def _closing_fees(pool: BookPool, market: Market, x: Decimal) -> Decimal:
    legs = zip(pool.legs, pool_at(pool, market, x).legs, strict=True)
    fees = [value.value * value.settle_price * held.taker_fee_rate for held, value in legs]
    whole = sum(fees, ZERO)
    note(f"fees to close {pool.name}", "sum(positions)", whole, {"positions": fees}, unit="quote")
    return whole


@exactly
def _quotient(above: Decimal, below: Decimal) -> Decimal:
    return above / below
