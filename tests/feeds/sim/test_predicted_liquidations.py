"""A thousand random accounts are liquidated by the simulated exchange where core said they would be, to one tick.

The two routes have no step in common. Core solves for the price, once. The exchange is led along a path of prices and
compares equity with requirement at each; where its own step closes a position is where it was liquidated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest

from core.books import MarginMode
from core.liquidation_results import Liquidation, LiquidationPrice, NoLiquidation, UnknownLiquidation
from feeds.sim.accounts import Account, Fill, Purpose
from feeds.sim.catalogue import coarsest_tick
from tests.feeds.sim.predictions import CROSS_POT, known_up_to, predict
from tests.feeds.sim.random_books import (
    BINANCE_BOTH,
    BINANCE_CROSS,
    BINANCE_HEDGE_MODE,
    BINANCE_ISOLATED,
    BYBIT_ALL,
    BYBIT_HEDGE_MODE,
    BYBIT_INVERSE,
    BYBIT_ISOLATED,
    BYBIT_LINEAR,
    Drawn,
    Kind,
    random_book,
    random_prices,
)
from tests.support.sim_accounts import SimulatedVenue, on_coarsest_tick, position_name

ACCOUNTS = 100
FARTHEST = Decimal(20)
COARSE = Decimal("1.1")
FINER = 4

CHUNKS = (
    BINANCE_ISOLATED,
    BINANCE_CROSS,
    BINANCE_CROSS,
    BINANCE_BOTH,
    BYBIT_ISOLATED,
    BYBIT_ISOLATED,
    BYBIT_LINEAR,
    BYBIT_INVERSE,
    BYBIT_ALL,
    BYBIT_ALL,
    BINANCE_HEDGE_MODE,
    BYBIT_HEDGE_MODE,
)

Hit = tuple[Decimal, Decimal]
"""The last price at which a pool was not liquidated, and the first at which it was."""


@pytest.mark.slow
@pytest.mark.parametrize(("chunk", "kind"), enumerate(CHUNKS), ids=lambda part: getattr(part, "name", str(part)))
def test_random_accounts_are_liquidated_where_core_said(chunk: int, kind: Kind) -> None:
    draw = random.Random(f"predicted liquidations {chunk}")
    venue = SimulatedVenue(kind.venue, random_prices(draw))
    books = [random_book(draw, venue, kind) for _ in range(ACCOUNTS)]
    outcomes: Counter[str] = Counter()
    for up in (True, False):
        hits = coarse_hits(venue, books, up=up)
        for number, drawn in enumerate(books):
            known, endless = (predict(venue, drawn.book, drawn.coin, endless=each) for each in (False, True))
            for pool, reach in known.items():
                assert not reach.past
                hit = hits.get((number, pool))
                found = None if hit is None else first_liquidated(venue, drawn, pool, hit, up=up)
                check_known(venue, drawn, reach.above if up else reach.below, found, up=up)
                beyond = endless[pool]
                outcomes[agreement(venue, drawn, beyond.above if up else beyond.below, found, up=up)] += 1
    assert outcomes["liquidated"] >= ACCOUNTS / 2
    assert outcomes["never"] >= ACCOUNTS / 10


def check_known(
    venue: SimulatedVenue, drawn: Drawn, predicted: Liquidation, found: Decimal | None, *, up: bool
) -> None:
    """From the published tiers alone: the same prediction; or none, for want of a tier, and alive as far as they go."""
    if not isinstance(predicted, UnknownLiquidation):
        agreement(venue, drawn, predicted, found, up=up)
        return
    limit = known_up_to(venue, drawn.book, drawn.coin, up=up)
    assert limit is not None
    assert found is None or _past(limit, found, up=up)


def agreement(venue: SimulatedVenue, drawn: Drawn, predicted: Liquidation, found: Decimal | None, *, up: bool) -> str:
    """What came of a prediction; fails where it did not come true."""
    price, tick = venue.prices[drawn.coin], coarsest_tick(drawn.coin)
    where = f"{drawn.coin} from {price}: predicted {predicted}, liquidated at {found}, {drawn.book}"
    match predicted:
        case LiquidationPrice() if _past(predicted.price, _end(drawn.coin, price, up=up), up=up):
            assert found is not None, where
            assert abs(found - predicted.price) <= tick, where
            return "liquidated"
        case LiquidationPrice() | NoLiquidation():
            assert found is None, where
            return "never"
        case _:
            raise AssertionError(where)


def coarse_hits(venue: SimulatedVenue, books: Sequence[Drawn], *, up: bool) -> dict[tuple[int, str], Hit]:
    """All accounts led together along coarse prices of the coin of each: which pools were liquidated, and between
    which prices; by number of the account and name of the pool."""
    hits: dict[tuple[int, str], Hit] = {}
    start = dict(venue.prices)
    for coin, price in start.items():
        venue.leave()
        accounts = [(number, venue.seat(drawn.book)) for number, drawn in enumerate(books) if drawn.coin == coin]
        before = price
        venue.move({coin: price})
        assert not any(account.fills for _, account in accounts), "an account is liquidated before anything moved"
        for at in _coarse_path(coin, price, up=up):
            venue.move({coin: at})
            for number, account in accounts:
                for fill in _liquidations(account):
                    hits.setdefault((number, _pool(account, fill)), (before, at))
            before = at
        venue.move({coin: price})
    venue.leave()
    return hits


def first_liquidated(venue: SimulatedVenue, drawn: Drawn, pool: str, hit: Hit, *, up: bool) -> Decimal:
    """The first price, to the tick, at which the exchange liquidates that pool: always from the last safe price on,
    with a fresh account, in ever finer steps."""
    coin, tick = drawn.coin, coarsest_tick(drawn.coin)
    start, (safe, gone) = venue.prices[coin], hit
    while abs(gone - safe) > tick:
        step = max(tick, abs(gone - safe) / FINER // tick * tick) * (1 if up else -1)
        account = venue.seat(drawn.book)
        venue.move({coin: safe})
        assert not _is_liquidated(account, pool)
        while True:
            at = safe + step
            venue.move({coin: at})
            if _is_liquidated(account, pool):
                break
            assert not _past(gone, at, up=up), f"liquidated at {gone} on a coarse path, but not on a finer one"
            safe = at
        gone = at
        venue.leave()
    venue.move({coin: start})
    return gone


def _coarse_path(coin: str, price: Decimal, *, up: bool) -> Iterator[Decimal]:
    """Prices from the next one to the farthest, which is the last."""
    at, end = price, _end(coin, price, up=up)
    while at != end:
        at = on_coarsest_tick(coin, at * COARSE if up else at / COARSE)
        at = min(at, end) if up else max(at, end)
        yield at


def _end(coin: str, price: Decimal, *, up: bool) -> Decimal:
    return on_coarsest_tick(coin, price * FARTHEST if up else price / FARTHEST)


def _liquidations(account: Account) -> list[Fill]:
    """The exchange's own closing fills; each left nothing of its position."""
    fills = [fill for fill in account.fills if fill.purpose is Purpose.LIQUIDATION]
    for fill in fills:
        assert account.position(fill.listing, fill.position_side).quantity == 0
        assert fill.price == fill.mark
    return fills


def _is_liquidated(account: Account, pool: str) -> bool:
    return any(_pool(account, fill) == pool for fill in _liquidations(account))


def _pool(account: Account, fill: Fill) -> str:
    isolated = account.mode(fill.listing) is MarginMode.ISOLATED
    return position_name(fill.listing.symbol, fill.position_side) if isolated else CROSS_POT


def _past(limit: Decimal, price: Decimal, *, up: bool) -> bool:
    return price >= limit if up else price <= limit
