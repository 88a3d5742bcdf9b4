"""What a scenario does to a book before prices move: another hedge ratio, funding over the horizon, a venue gone."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.exact import ONE, ZERO, exactly, not_negative
from core.explain import is_recording, note
from core.hedged_book import BookPool, HeldLeg, Market, pool_at
from core.margin_rules import RequirementAt
from core.pool import Collateral, Leg

HOURS_A_DAY = 24
EIGHT_HOURS = 8


class Started(NamedTuple):
    """A pool as the price move finds it. ``funding`` (+ received) and ``fees`` (+ paid) are already in it; USD."""

    pool: BookPool
    funding: Decimal
    fees: Decimal


class Change(NamedTuple):
    """How the horizon and another hedge ratio change a pool's cash, before its legs are resized."""

    hedge: Decimal
    days: Decimal
    funding_rate: Decimal | None


def start_pool(pool: BookPool, change: Change) -> Started:
    """The pool with its shorts ``hedge`` times as large, and after ``days`` of funding at present marks.

    Cutting a short realises that share of its profit; enlarging it averages its entry price. Either is paid for at
    the leg's taker fee. ``funding_rate`` per 8 hours stands in for the rate of every contract; ``None`` keeps them.
    """
    started = start_cash(pool, change)
    if change.hedge == 1:
        return started
    legs = [scaled(held, change.hedge) if held.leg.quantity < 0 else held for held in pool.legs]
    kept = tuple(held for held in legs if held is not None)
    return started._replace(pool=msgspec.structs.replace(started.pool, legs=kept))


@exactly
def start_cash(pool: BookPool, change: Change) -> Started:
    """The pool with what funding, fees and realised profit do to its coins; the legs are still as they were."""
    cash: dict[str, Decimal] = {}
    prices: dict[str, Decimal] = {}
    funding = fees = ZERO
    hours = change.days * HOURS_A_DAY
    for held in pool.legs:
        leg, settle, price = held.leg, held.leg.contract.settle, held.settle_price
        slope = leg.amount * held.mark_price if leg.direct else -leg.amount / held.mark_price
        size, got = ONE, ZERO
        if leg.quantity < 0 and change.hedge != 1:
            size = change.hedge
            fee = abs(size - ONE) * abs(slope) * held.taker_fee_rate
            got = max(ZERO, ONE - size) * (leg.base + slope) - fee
            fees += fee * price
            told = {"hedge": size, "value": abs(slope), "taker_fee_rate": held.taker_fee_rate, "settle_price": price}
            formula = "abs(hedge - 1) * value * taker_fee_rate * settle_price"
            note(f"fee to resize {leg.contract.name}", formula, fee * price, told, unit="quote")
        intervals = hours / held.funding_interval_hours if change.funding_rate is None else hours / EIGHT_HOURS
        rate = held.funding_rate if change.funding_rate is None else change.funding_rate
        paid = abs(slope) * size * rate * intervals
        paid = paid if leg.quantity < 0 else -paid
        if is_recording():
            given = {"value": slope if leg.direct else -slope, "size": size, "rate": rate, "intervals": intervals}
            name = f"funding of {leg.contract.name}"
            note(name, "-value * size * rate * intervals", paid, given, unit="settle; the value of a short is negative")
        funding += paid * price
        cash[settle] = cash.get(settle, ZERO) + got + paid
        prices[settle] = price
    for asset, amount in cash.items():
        pool = with_cash(pool, asset, amount, prices[asset])
    return Started(pool, funding, fees)


@exactly
def scaled(held: HeldLeg, multiple: Decimal) -> HeldLeg | None:
    """The leg at ``multiple`` of its size: a cut keeps the entry price, an addition averages it at the mark.

    ``None`` where nothing is left. Requirements fixed in money go with the size; those fixed at entry are taken afresh.
    """
    if not not_negative("hedge", multiple):
        return None
    leg, entry = held.leg, held.leg.entry_price
    if multiple > 1:
        slope = leg.amount * held.mark_price if leg.direct else -leg.amount / held.mark_price
        base = leg.base - (multiple - ONE) * slope
        entry = -base / (leg.amount * multiple) if leg.direct else leg.amount * multiple / base
    return msgspec.structs.replace(held, leg=resized(leg, multiple, entry))


@exactly
def resized(leg: Leg, multiple: Decimal, entry_price: Decimal) -> Leg:
    """The leg at ``multiple`` of its quantity, with that entry price and the same rules."""
    taken_at_entry = leg.ladder is not None and leg.requirement_at is RequirementAt.AT_ENTRY
    fixed = None if leg.fixed_requirement is None or taken_at_entry else leg.fixed_requirement * multiple
    return Leg(
        leg.contract,
        leg.quantity * multiple,
        entry_price,
        leg.ladder,
        leverage=leg.leverage,
        requirement_at=leg.requirement_at,
        fee_rate=leg.fee_rate,
        fixed_fee=leg.fixed_fee * multiple,
        fixed_requirement=fixed,
    )


@exactly
def with_cash(pool: BookPool, asset: str, amount: Decimal, price: Decimal) -> BookPool:
    """The pool with ``amount`` more (negative: less) of ``asset`` as collateral, at ``price`` where it had none."""
    if not amount:
        return pool
    coins = list(pool.collateral)
    for index, coin in enumerate(coins):
        if coin.asset == asset:
            coins[index] = msgspec.structs.replace(coin, amount=coin.amount + amount)
            break
    else:
        coins.append(Collateral(asset=asset, amount=amount, price=price))
    return msgspec.structs.replace(pool, collateral=tuple(coins))


@exactly
def shorts_closed(pool: BookPool, market: Market, x: Decimal) -> BookPool:
    """The pool after the venue has closed its shorts at their marks (auto-deleveraging), without a fee."""
    for held, value in zip(pool.legs, pool_at(pool, market, x).legs, strict=True):
        if held.leg.quantity < 0:
            pool = with_cash(pool, held.leg.contract.settle, value.profit, held.settle_price)
    return msgspec.structs.replace(pool, legs=tuple(held for held in pool.legs if held.leg.quantity > 0))
