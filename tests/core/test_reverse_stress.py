"""The smallest move that hurts: applied, it reaches the threshold; a slightly smaller one does not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import RequestError
from core.exact import exactly
from core.hedged_book import BookPool, HedgedBook, Market, only_moving, pool_at
from core.instruments import ContractKind
from core.path_reach import path_reach
from core.reverse_stress import (
    Moves,
    NotReached,
    Reached,
    Threshold,
    UnknownReach,
    nearest,
    sentence,
    smallest_moves,
)
from core.scenario import Outcome, Scenario, run
from tests.core.money import decimals
from tests.core.scenario_books import D, book, books, coins, isolated, short, table

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
TIERS = table(ContractKind.LINEAR, ("0", "0.004"), ("50000", "0.005"))
SEED = book(isolated("short", "75000", short("BTC", "2.5", tiers=TIERS)), BTC="5")
SLIGHTLY = D("1e-9")


@exactly
def smaller(x: Decimal) -> Decimal:
    """The multiple of a slightly smaller move."""
    return 1 + (x - 1) * (1 - SLIGHTLY)


@exactly
def larger(x: Decimal) -> Decimal:
    return 1 + (x - 1) * (1 + SLIGHTLY)


def reached(moves: Moves) -> list[Decimal]:
    return [way.multiple for way in (moves.up, moves.down) if isinstance(way, Reached) and way.multiple != 1]


def net(held: HedgedBook, x: Decimal) -> Decimal:
    found = run(held, Scenario(path=(x,)))
    assert isinstance(found, Outcome)
    return found.net


@SLOW
@given(held=books())
def test_the_first_liquidation_happens_just_there(held: HedgedBook) -> None:
    for x in reached(smallest_moves(held, Threshold.LIQUIDATION)):
        there, before = run(held, Scenario(path=(larger(x),))), run(held, Scenario(path=(smaller(x),)))
        assert isinstance(there, Outcome)
        assert there.liquidated
        assert isinstance(before, Outcome)
        assert not before.liquidated


@SLOW
@given(held=books(), loss=decimals("1000", "200000", 0))
def test_the_loss_is_reached_just_there(held: HedgedBook, loss: Decimal) -> None:
    moves = smallest_moves(held, Threshold.LOSS, loss)
    for x in reached(moves):
        assert net(held, larger(x)) <= -loss * (1 - SLIGHTLY) + D("0.01")
        assert net(held, smaller(x)) > -loss


@SLOW
@given(held=books(), usage=decimals("0.1", "0.9", 2))
def test_the_margin_usage_is_reached_just_there(held: HedgedBook, usage: Decimal) -> None:
    market = Market(held.betas)
    for x in reached(smallest_moves(held, Threshold.USAGE, usage)):
        for point, over in ((larger(x), True), (smaller(x), False)):
            values = [pool_at(pool, market, point) for pool in held.pools]
            assert any(value.requirement > value.equity * usage for value in values) is over


@SLOW
@given(held=books(), distance=decimals("0.05", "0.5", 2))
def test_the_liquidation_is_so_far_from_there(held: HedgedBook, distance: Decimal) -> None:
    moves, market = smallest_moves(held, Threshold.DISTANCE, distance), Market(held.betas)
    if isinstance(moves.up, Reached) and moves.up.multiple != 1:
        ends = [path_reach(pool, market).above for pool in held.pools]
        assert abs(min(end for end in ends if end is not None) / moves.up.multiple - 1 - distance) < D("1e-20")
    if isinstance(moves.down, Reached) and moves.down.multiple != 1:
        below = [path_reach(pool, market).below for pool in held.pools]
        assert abs(1 - max(end for end in below if end is not None) / moves.down.multiple - distance) < D("1e-20")


def test_the_seed_book_in_one_line() -> None:
    moves = smallest_moves(SEED, Threshold.LIQUIDATION)
    assert moves.down == NotReached()
    line = sentence(moves.up, "BTC", Threshold.LIQUIDATION, None, D(60000))
    assert line == "first liquidation: BTC +49.29%, to 89,572.14 (short)"
    assert nearest(moves) == moves.up
    loss = smallest_moves(SEED, Threshold.LOSS, D(30000))
    assert isinstance(loss.down, Reached)
    assert abs(loss.down.multiple - D("0.8")) < D("1e-40")
    assert sentence(loss.down, "BTC", Threshold.LOSS, D(30000), D(60000)) == (
        "net loss of 30,000 USD: BTC −20.00%, to 48,000"
    )
    assert loss.up == NotReached()
    assert sentence(loss.up, "BTC", Threshold.LOSS, D(30000)) == "net loss of 30,000 USD: no move of BTC gets there"
    usage = smallest_moves(SEED, Threshold.USAGE, D("0.5"))
    assert isinstance(usage.up, Reached)
    assert sentence(usage.up, "BTC", Threshold.USAGE, D("0.5")) == "margin usage of 50.00%: BTC +48.58% (short)"


def test_a_loss_may_come_of_the_liquidation_alone() -> None:
    held = book(isolated("short", "75000", short("BTC", "2.5", tiers=TIERS)), BTC="2.5")
    moves = smallest_moves(held, Threshold.LOSS, D(900))
    assert moves.down == NotReached()
    assert moves.up == NotReached()
    hit = smallest_moves(held, Threshold.LOSS, D(1))
    assert isinstance(hit.up, Reached)
    assert abs(hit.up.multiple - D(225050) / 150750) < D("1e-20")


def test_what_is_past_already_needs_no_move() -> None:
    held = book(isolated("short", "500", short("BTC", "2.5", tiers=TIERS)))
    moves = smallest_moves(held, Threshold.LIQUIDATION)
    assert [moves.up, moves.down] == [Reached(D(1), "short"), Reached(D(1), "short")]
    near = smallest_moves(SEED, Threshold.DISTANCE, D("0.6"))
    assert near.up == Reached(D(1), "short")


def test_an_unknown_tier_is_no_safety() -> None:
    tiers = table(ContractKind.LINEAR, ("0", "0.004"), last_cap="180000")
    held = book(isolated("short", "75000", short("BTC", "2.5", tiers=tiers)), BTC="1")
    missing = ("a maintenance tier of BTC-linear above 180000",)
    for threshold, amount in ((Threshold.LIQUIDATION, None), (Threshold.USAGE, D("0.5")), (Threshold.LOSS, D(50000))):
        moves = smallest_moves(held, threshold, amount)
        assert moves.up == UnknownReach(missing)
    line = sentence(UnknownReach(missing), "BTC", Threshold.LOSS, D(50000))
    assert line == "net loss of 50,000 USD: not known without a maintenance tier of BTC-linear above 180000"


def test_one_coin_alone_is_another_question() -> None:
    held = book(isolated("short", "75000", short("BTC", "2.5", tiers=TIERS)), BTC="5", ETH="100")
    alone = smallest_moves(only_moving(held, "ETH"), Threshold.LIQUIDATION)
    assert [alone.up, alone.down] == [NotReached(), NotReached()]
    down = smallest_moves(only_moving(held, "ETH"), Threshold.LOSS, D(30000)).down
    assert isinstance(down, Reached)
    assert abs(down.multiple - D("0.9")) < D("1e-40")
    with pytest.raises(RequestError, match="asset"):
        only_moving(held, "DOGE")


@pytest.mark.parametrize("amount", [None, D(0), D(-1), D("NaN"), D(1)])
def test_an_impossible_amount_is_refused(amount: Decimal | None) -> None:
    with pytest.raises(RequestError, match="amount"):
        smallest_moves(SEED, Threshold.USAGE, amount)


def test_a_negative_beta_turns_the_sides_round() -> None:
    held = msgspec.structs.replace(SEED, betas={"BTC": D(-1), "USDT": D(0)})
    moves = smallest_moves(held, Threshold.LIQUIDATION)
    assert moves.up == NotReached()
    assert isinstance(moves.down, Reached)
    assert abs(moves.down.multiple - D(150750) / 225050) < D("1e-20")


def test_a_loss_counts_what_a_liquidation_leaves() -> None:
    backing = (coins("ETH", "30", ("0", "0.8")),)
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(short("BTC", "2.5"),))
    held = msgspec.structs.replace(book(pool), betas={"BTC": D(1), "ETH": D(0), "USDT": D(0)})
    assert smallest_moves(held, Threshold.LOSS, D(75000)).up == NotReached()
    assert isinstance(smallest_moves(held, Threshold.LOSS, D(71999)).up, Reached)


def two_pools(first: BookPool, second: BookPool) -> HedgedBook:
    return book(first, second, BTC="5")


def test_the_first_pool_to_be_liquidated_is_found_beside_one_that_never_is() -> None:
    safe = isolated("safe", "2.5", short("BTC", "150000", kind="inverse"))
    exposed = isolated("exposed", "75000", short("BTC", "2.5", fixed_requirement=D(0)))
    nearer = isolated("nearer", "37500", short("BTC", "2.5", fixed_requirement=D(0)))
    for pools, found in (((safe, exposed), (D("1.5"), "exposed")), ((exposed, nearer), (D("1.25"), "nearer"))):
        for held in (two_pools(*pools), two_pools(*reversed(pools))):
            up = smallest_moves(held, Threshold.LIQUIDATION).up
            assert isinstance(up, Reached)
            assert (up.multiple, up.pool) == found


def test_what_lies_behind_an_unknown_tier_is_not_called_the_nearest() -> None:
    """The first pool's table ends at 72,000, so it is not known which of the two is liquidated first."""
    unknown = isolated(
        "unknown", "75000", short("BTC", "2.5", tiers=table(ContractKind.LINEAR, ("0", "0.004"), last_cap="180000"))
    )
    known = isolated("known", "75000", short("BTC", "2.5", fixed_requirement=D(0)))
    for pools in ((unknown, known), (known, unknown)):
        assert isinstance(smallest_moves(two_pools(*pools), Threshold.LIQUIDATION).up, UnknownReach)


@pytest.mark.parametrize(
    ("up", "down", "found"), [("1.5", "0.9", "0.9"), ("1.05", "0.9", "1.05"), ("1.5", None, "1.5")]
)
def test_of_two_ways_the_nearer_is_the_smaller_in_the_logarithm(up: str, down: str | None, found: str) -> None:
    ways = [NotReached() if x is None else Reached(D(x), "pool") for x in (up, down)]
    assert nearest(Moves(*ways)) == Reached(D(found), "pool")
    assert nearest(Moves(NotReached(), NotReached())) is None
