"""What restores a wanted liquidation price: how much collateral, or how much less hedge. Exact, tiers taken there.

Both look at the pool at the wanted price. Collateral has to fill what the surplus lacks there; a coin that moves with
the price counts at its worth there, and at its weight for that amount. Cutting realises the closed part's profit first
(closed at the mark, the fee paid), and leaves the margin where it is. Where a table's requirement jumps from tier to
tier, the pool may be liquidated at such a jump before it comes to the wanted price: look at where it is afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, not_negative, positive
from core.explain import note, unrecorded
from core.hedged_book import BookPool, HeldLeg, Market, pool_at
from core.margin_rules import RequirementAt
from core.pool import Collateral, WeightStep, counted
from core.scenario_start import resized, with_cash


class Wanted(NamedTuple):
    """The pool at which the surplus should be zero: at the driver's multiple ``x`` of the market."""

    market: Market
    x: Decimal


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` more of ``asset`` is needed (0: enough is there), worth ``cost`` USD now; ``pool`` is with it."""

    asset: str
    amount: Decimal
    cost: Decimal
    pool: BookPool


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """``quantity`` less of the position (unsigned, order unit), ``share`` of it; 0 where nothing needs cutting.

    ``fee`` (+ paid) and ``realised`` profit are settle currency; ``pool`` is with both done.
    """

    quantity: Decimal
    share: Decimal
    fee: Decimal
    realised: Decimal
    pool: BookPool


class Impossible(msgspec.Struct, frozen=True):
    """Not to be had this way, and why."""

    reason: str


@exactly
def add_collateral(
    pool: BookPool, wanted: Wanted, asset: str, *, price: Decimal = ONE, steps: tuple[WeightStep, ...] | None = None
) -> TopUp | Impossible:
    """How much more of ``asset`` puts the pool's liquidation at the wanted point.

    ``price`` (USD) and ``steps`` describe an asset that the pool does not hold yet; one it holds keeps its own. What is
    needed now, to be above the requirement at all, is the least. Raises RequestError for a value above a last tier.
    """
    here = next((item for item in pool.collateral if item.asset == asset), None)
    if here is None:
        weights = (WeightStep(ZERO, ONE),) if steps is None else steps
        here = Collateral(asset=asset, amount=ZERO, price=positive("price", price), steps=weights)
        pool = msgspec.structs.replace(pool, collateral=(*pool.collateral, here))
    needed = ZERO
    for x in (ONE, wanted.x):
        lacking = -pool_at(pool, wanted.market, x).surplus
        if lacking > 0:
            worth_there = here.price * wanted.market.multiple(asset, x, pool.account)
            given = {"surplus": -lacking, "worth_there": worth_there}
            note("coins lacking", "-surplus / worth_there", lacking / worth_there, given, unit="counted coins")
            more = amount_that_counts(here, lacking / worth_there)
            if more is None:
                return Impossible(f"no amount of {asset} counts for {lacking.normalize():f} USD more")
            needed = max(needed, more)
    cost = needed * here.price
    note("cost", "amount * price", cost, {"amount": needed, "price": here.price}, unit="quote")
    return TopUp(asset=asset, amount=needed, cost=cost, pool=with_cash(pool, asset, needed, here.price))


@exactly
def amount_that_counts(collateral: Collateral, coins: Decimal) -> Decimal | None:
    """How much more of a collateral makes ``coins`` more of it count; ``None`` where its last steps count for nothing.

    A debt is paid off first, at its markup.
    """
    now = counted(collateral)
    target = now + coins
    note("counted wanted", "counted + lacking", target, {"counted": now, "lacking": coins}, unit="counted coins")
    if target <= 0:
        more = target / collateral.debt_weight - collateral.amount
        given = {"counted": target, "debt_weight": collateral.debt_weight, "amount_now": collateral.amount}
        note("amount", "counted / debt_weight - amount_now", more, given, unit="coin")
        return more
    reached = ZERO
    for index, step in enumerate(collateral.steps):
        top = collateral.steps[index + 1].floor if index + 1 < len(collateral.steps) else None
        whole = None if top is None else (top - step.floor) * step.ratio
        if step.ratio and (whole is None or reached + whole >= target):
            more = step.floor + (target - reached) / step.ratio - collateral.amount
            given = {
                "floor": step.floor,
                "counted": target,
                "counted_below": reached,
                "ratio": step.ratio,
                "amount_now": collateral.amount,
            }
            note("amount", "floor + (counted - counted_below) / ratio - amount_now", more, given, unit="coin")
            return more
        reached += whole or ZERO
    return None


@exactly
def cut_position(pool: BookPool, wanted: Wanted, index: int) -> Cut | Impossible:
    """How much of leg ``index`` to close at its mark so that the pool's liquidation is at the wanted point.

    The answer is the smallest such part. Raises RequestError for an index out of range or a value above a last tier.
    """
    if not 0 <= index < len(pool.legs):
        raise RequestError("position", f"an index below {len(pool.legs)}", str(index))

    def lacking(share: Decimal) -> Decimal:
        after = with_part_closed(pool, index, share)[2]
        return -pool_at(after, wanted.market, wanted.x).surplus

    with unrecorded():
        share = first_share(lacking, _breaks(pool, wanted, index))
    if share is None:
        return Impossible("even without the position the pool is short of its requirement there")
    realised, fee, after = with_part_closed(pool, index, share)
    held = abs(pool.legs[index].leg.quantity)
    quantity = held * share
    found = "the smallest share closed at which the surplus at the wanted point is zero"
    note("share", found, share, {"wanted": wanted.x}, kind="search")
    note("quantity", "held * share", quantity, {"held": held, "share": share}, unit="order unit")
    return Cut(quantity=quantity, share=share, fee=fee, realised=realised, pool=after)


@exactly
def with_part_closed(pool: BookPool, index: int, share: Decimal) -> tuple[Decimal, Decimal, BookPool]:
    """(profit realised, fee paid, the pool after) of closing a share of one leg at its mark; settle currency."""
    held = pool.legs[index]
    leg = held.leg
    slope = leg.amount * held.mark_price if leg.direct else -leg.amount / held.mark_price
    realised, fee = share * (leg.base + slope), share * abs(slope) * held.taker_fee_rate
    given = {"share": share, "profit": leg.base + slope}
    note("realised", "share * profit", realised, given, unit="settle")
    given = {"share": share, "value": abs(slope), "taker_fee_rate": held.taker_fee_rate}
    note("fee", "share * value * taker_fee_rate", fee, given, unit="settle")
    legs = list(pool.legs)
    if share == 1:
        del legs[index]
    elif share:
        legs[index] = msgspec.structs.replace(held, leg=resized(leg, ONE - share, leg.entry_price))
    after = with_cash(pool, leg.contract.settle, realised - fee, held.settle_price)
    return realised, fee, msgspec.structs.replace(after, legs=tuple(legs))


@exactly
def first_share(lacking: Callable[[Decimal], Decimal], breaks: list[Decimal]) -> Decimal | None:
    """The smallest share in 0 … 1 at which nothing is lacking; a straight line between the breaks, 0 and 1 among them.

    At a break the line may jump: its value there belongs to the smaller size, the piece after it.
    """
    if lacking(ZERO) <= 0:
        return ZERO
    for begin, end in pairwise(breaks):
        if lacking(begin) <= 0:
            return begin
        first, second = begin + (end - begin) / 4, begin + (end - begin) / 2
        at_first, at_second = lacking(first), lacking(second)
        if at_first != at_second:
            root = first + at_first * (second - first) / (at_first - at_second)
            if begin <= root <= end and at_second < at_first:
                return root
    return ONE if lacking(ONE) <= 0 else None


def _breaks(pool: BookPool, wanted: Wanted, index: int) -> list[Decimal]:
    """The shares closed at which the leg changes tier, or the settle coin its step; with 0 and 1."""
    held = pool.legs[index]
    ladder, settle = held.leg.ladder, held.leg.contract.settle
    found = {ZERO, ONE}
    if ladder is not None:
        size = _tier_size(held, pool, wanted)
        found |= {ONE - bound / size for bound in ladder.bounds if bound < size}
    for item in pool.collateral:
        if item.asset == settle:
            realised, fee, _ = with_part_closed(pool, index, ONE)
            change = realised - fee
            if change:
                found |= {(step.floor - item.amount) / change for step in item.steps}
    return sorted(share for share in found if 0 <= share <= 1)


def _tier_size(held: HeldLeg, pool: BookPool, wanted: Wanted) -> Decimal:
    """What the leg's tier is looked up by."""
    leg = held.leg
    if leg.ladder is not None and leg.ladder.by_contracts:
        return abs(leg.quantity)
    if leg.requirement_at is RequirementAt.AT_ENTRY:
        return abs(leg.base)
    mark = held.mark_price * wanted.market.mark_multiple(leg, wanted.x, pool.account)
    return abs(leg.amount) * mark if leg.direct else abs(leg.amount) / mark


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a short at ``leverage`` needs to live through a rise of ``move`` (a fraction); settle currency.

    ``initial`` is value ÷ leverage, ``needed`` the margin with which it is liquidated just there, ``extra`` the
    difference that has to be added (0 where the leverage alone is enough).
    """

    leverage: Decimal
    move: Decimal
    initial: Decimal
    needed: Decimal
    extra: Decimal


@exactly
def margin_plan(held: HeldLeg, moves: tuple[Decimal, ...], leverages: tuple[Decimal, ...]) -> tuple[PlanRow, ...]:
    """The collateral for each rise and each leverage of a position opened (or revalued) at its mark.

    ``moves`` are fractions above −1. Raises RequestError for a value above the last tier.
    """
    leg, mark = held.leg, held.mark_price
    opened = resized(leg, ONE, mark)
    rows = []
    value = abs(opened.base)
    for leverage in leverages:
        initial = value / positive("leverage", leverage)
        note("initial", "value / leverage", initial, {"value": value, "leverage": leverage}, unit="settle")
        for move in moves:
            there = mark * positive("move + 1", ONE + move)
            bare = _alone(msgspec.structs.replace(held, leg=opened, mark_price=there, settle_price=ONE))
            needed = not_negative("needed", max(ZERO, -bare))
            extra = max(ZERO, needed - initial)
            note("needed", "max(0, -surplus)", needed, {"surplus": bare}, unit="settle")
            note("extra", "max(0, needed - initial)", extra, {"needed": needed, "initial": initial}, unit="settle")
            rows.append(PlanRow(leverage=leverage, move=move, initial=initial, needed=needed, extra=extra))
    return tuple(rows)


def _alone(held: HeldLeg) -> Decimal:
    """Profit less requirement of one leg at its mark, settle currency."""
    market = Market({held.leg.contract.coin: ZERO, held.leg.contract.settle: ZERO})
    return pool_at(BookPool(name="", account="", legs=(held,)), market, ONE).surplus
