"""What puts a pool's liquidation at a safe distance again: more collateral, or less of the position, both costed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core.book_scenario import order_unit
from core.errors import RequestError
from core.exact import ONE
from core.figures import Figure, absent, derive, unknown
from core.hedged_book import BookPool, HedgedBook, HeldLeg, Market, only_moving
from core.path_reach import path_reach
from core.scenario_view import AdditionView, TopUpView
from core.top_up import Impossible, Wanted, add_collateral, cut_position

WANTED = Decimal("0.3")
"""The distance that is to be restored, a fraction of the mark."""


def top_ups(book: HedgedBook, ground: Figure) -> tuple[TopUpView, ...]:
    """One view a pool that holds a position, about its largest one; the position's coin moves alone."""
    return tuple(_top_up(book, pool, ground) for pool in book.pools if pool.legs)


def _value(held: HeldLeg) -> Decimal:
    leg = held.leg
    size = abs(leg.amount)
    return (size * held.mark_price if leg.direct else size / held.mark_price) * held.settle_price


def _top_up(book: HedgedBook, pool: BookPool, ground: Figure) -> TopUpView:
    index = max(range(len(pool.legs)), key=lambda place: _value(pool.legs[place]))
    held = pool.legs[index]
    contract, rises = held.leg.contract, held.leg.quantity < 0
    market = Market(only_moving(book, contract.coin).betas)
    wanted = Wanted(market, ONE + WANTED if rises else ONE - WANTED)

    def figure(value: Decimal) -> Figure:
        return derive(lambda _: value, ground, estimated=True)

    cut = share = fee = profit = unknown(f"a maintenance tier of {pool.name} there")
    try:
        found = cut_position(pool, wanted, index)
    except RequestError as refused:
        _only_tiers(refused)
    else:
        if isinstance(found, Impossible):
            cut = share = fee = profit = absent(found.reason, ground)
        else:
            cut, share, fee, profit = map(figure, (found.quantity, found.share, found.fee, found.realised))
    return TopUpView(
        pool=pool.name,
        coin=contract.coin,
        instrument=contract.name,
        wanted=WANTED,
        distance=_distance(pool, market, ground, rises=rises),
        additions=tuple(_additions(pool, wanted, held, ground)),
        cut=cut,
        cut_unit=order_unit(held),
        cut_share=share,
        cut_fee=fee,
        cut_profit=profit,
        settle=contract.settle,
    )


def _distance(pool: BookPool, market: Market, ground: Figure, *, rises: bool) -> Figure:
    reach = path_reach(pool, market)
    at, gap = (reach.above, reach.unknown_above) if rises else (reach.below, reach.unknown_below)
    if gap:
        return unknown(gap)
    if at is None:
        return absent("nothing is liquidated on that side", ground)
    return derive(lambda _: at - ONE if rises else ONE - at, ground, estimated=True)


def _additions(pool: BookPool, wanted: Wanted, held: HeldLeg, ground: Figure) -> Iterator[AdditionView]:
    """The settle currency, and the coin itself where the pool is backed by it."""
    settle, coin = held.leg.contract.settle, held.leg.contract.coin
    backed = {item.asset for item in pool.collateral}
    for asset in dict.fromkeys((settle, *([coin] if coin in backed else []))):
        try:
            found = add_collateral(pool, wanted, asset, price=held.settle_price)
        except RequestError as refused:
            _only_tiers(refused)
            gap = unknown(f"a maintenance tier of {pool.name} there")
            yield AdditionView(asset=asset, amount=gap, cost=gap)
            continue
        if isinstance(found, Impossible):
            never = absent(found.reason, ground)
            yield AdditionView(asset=asset, amount=never, cost=never)
        else:
            amount, cost = found.amount, found.cost
            yield AdditionView(asset=asset, amount=_marked(amount, ground), cost=_marked(cost, ground))


def _marked(value: Decimal, ground: Figure) -> Figure:
    return derive(lambda _: value, ground, estimated=True)


def _only_tiers(refused: RequestError) -> None:
    """Anything but a value above a last tier is a fault of ours, and the caller's to see."""
    if refused.key != "notional":
        raise refused
