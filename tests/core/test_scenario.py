"""One scenario, exactly: the identity of a full hedge, liquidations on the way, failures, and what margin does."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.hedged_book import BookPool, HedgedBook, Market, exposure, pool_at, worth
from core.instruments import ContractKind
from core.margin_rules import RequirementAt
from core.path_reach import PathReach, close_in, path_reach
from core.scenario import Outcome, PoolOutcome, Scenario, UnknownOutcome, first_on_path, run
from core.scenario_start import resized, with_cash
from tests.core.money import decimals
from tests.core.scenario_books import D, book, books, coins, isolated, pools, short, table

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
NOW = Market({"BTC": D(1), "ETH": D("1.2"), "SOL": D("1.6"), "USDT": D(0)})


def outcome(held: HedgedBook, **scenario: object) -> Outcome:
    found = run(held, Scenario(**scenario))  # type: ignore[arg-type]
    assert isinstance(found, Outcome), found
    return found


def two_times(**rules: object) -> HedgedBook:
    """5 BTC and the short of 2.5 at 2x, isolated: liquidated at 89,572.14."""
    tiers = table(ContractKind.LINEAR, ("0", "0.004"), ("50000", "0.005"))
    return book(isolated("short", "75000", short("BTC", "2.5", tiers=tiers, **rules)), BTC="5")  # type: ignore[arg-type]


@given(
    x=decimals("0.05", "15", 4),
    price=decimals("0.5", "1.5", 3),
    days=decimals("0", "90", 0),
    rate=decimals("-0.0005", "0.0005", 6),
    taker=decimals("0", "0.001", 5),
    close=st.booleans(),
)
def test_a_full_linear_hedge_nets_funding_less_fees_at_every_price(
    x: Decimal, price: Decimal, days: Decimal, rate: Decimal, taker: Decimal, close: bool
) -> None:
    leg = short("BTC", "5", entry=str(60000 * price), funding=str(rate), taker=str(taker))
    found = outcome(book(isolated("short", "99999999", leg), BTC="5"), path=(x,), days=days, close=close)
    assert found.funding == 5 * 60000 * rate * days * 3
    assert found.fees == (5 * 60000 * x * taker if close else 0)
    assert found.net == found.funding - found.fees
    assert not found.liquidated


@SLOW
@given(held=books())
def test_no_shock_is_the_present(held: HedgedBook) -> None:
    found = run(held, Scenario())
    assume(isinstance(found, Outcome) and not found.liquidated)
    assert isinstance(found, Outcome)
    assert found.net == 0
    assert found.left == found.before
    assert found.exposure_after == found.exposure_before


def test_the_seed_book_falls_by_a_fifth() -> None:
    found = outcome(two_times(), path=(D("0.8"),))
    assert [found.spot, found.hedge, found.net] == [-60000, 30000, -30000]
    assert found.exposure_before == 150000
    assert found.exposure_after == 120000
    assert found.net_share == D(-30000) / 375000


def test_a_rise_past_the_liquidation_price_costs_the_margin_and_the_hedge() -> None:
    found = outcome(two_times(), path=(D("1.6"), D("1.1")))
    (pool,) = found.liquidated
    assert abs(Fraction(pool.liquidated_at or 0) - Fraction(225050, 150750)) < Fraction(1, 10**45)
    assert [found.hedge, pool.left] == [-75000, 0]
    assert found.net == 30000 - 75000
    assert found.exposure_after == 330000
    assert pool.usage is None


def test_a_path_that_stays_below_the_liquidation_price_keeps_the_hedge() -> None:
    found = outcome(two_times(), path=(D("1.49"), D("1.1")))
    assert not found.liquidated
    assert found.net == 30000 - 15000
    (pool,) = found.pools
    assert [pool.equity, pool.requirement] == [60000, D("2.5") * 66000 * D("0.005") - 50]
    assert abs(Fraction(pool.usage or 0) - Fraction(775, 60000)) < Fraction(1, 10**45)


@pytest.mark.parametrize(("equity", "usage"), [("0.5", "0.4"), ("0", None), ("-1", None), (None, None)])
def test_usage_needs_an_equity_to_divide_by(equity: str | None, usage: str | None) -> None:
    had = None if equity is None else D(equity)
    pool = PoolOutcome(name="p", account="a", before=D(1), left=D(1), profit=D(0), equity=had, requirement=D("0.2"))
    assert pool.usage == (None if usage is None else D(usage))


@pytest.mark.parametrize(
    ("path", "at"),
    [
        (("1", "0.8", "1.6", "0.4"), "1.5"),
        (("1", "0.4", "1.6"), "0.5"),
        (("1", "1.5"), "1.5"),
        (("1", "0.5"), "0.5"),
        (("1", "1.49", "0.51"), None),
    ],
)
def test_a_path_meets_what_comes_first_and_a_price_that_is_just_reached(path: tuple[str, ...], at: str | None) -> None:
    met = first_on_path(PathReach(above=D("1.5"), below=D("0.5")), tuple(map(D, path)))
    assert met == (None if at is None else D(at), "")


def test_a_long_that_is_liquidated_on_the_way_down_is_gone_though_the_price_comes_back() -> None:
    held = book(isolated("long", "75000", short("BTC", "-2.5", fixed_requirement=D(0))), BTC="5")
    found = outcome(held, path=(D("0.4"), D(1)))
    assert [(pool.liquidated_at, pool.profit) for pool in found.pools] == [(D("0.5"), D(-75000))]
    assert found.exposure_after == 300000


def test_a_book_of_cents_has_its_share_and_one_that_is_worth_nothing_has_none() -> None:
    assert outcome(book(BTC="0.00001"), path=(D("0.8"),)).net_share == D("-0.2")
    assert outcome(book(BTC="0"), path=(D("0.8"),)).net_share is None


@pytest.mark.parametrize(
    ("path", "at", "hedge"),
    [(("1.2", "0.75"), "0.9", 15000), (("0.9", "0.75"), "0.9", 15000), (("0.75",), "1", 0), (("0.75",), "0.75", 37500)],
)
def test_shorts_are_closed_where_the_path_first_comes_to(path: tuple[str, ...], at: str, hedge: int) -> None:
    found = outcome(two_times(), path=tuple(map(D, path)), force_closed_at=D(at))
    assert [found.hedge, found.exposure_after] == [hedge, 225000]


def test_shorts_are_closed_on_the_way_up_too() -> None:
    found = outcome(two_times(), path=(D("0.8"), D("1.2")), force_closed_at=D("1.1"))
    assert [found.hedge, found.exposure_after] == [-15000, 360000]


def test_a_short_that_was_liquidated_before_is_not_closed_where_the_path_comes_later() -> None:
    found = outcome(two_times(), path=(D("1.6"), D("0.75")), force_closed_at=D("0.9"))
    assert [pool.liquidated_at is not None for pool in found.pools] == [True]
    assert found.hedge == -75000


def test_shorts_closed_behind_coins_leave_the_coins_to_move_on() -> None:
    backing = (coins("BTC", "1"), coins("USDT", "50000"))
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(short("BTC", "2.5"),))
    found = outcome(book(pool), path=(D("0.75"),), force_closed_at=D("0.9"))
    assert [found.hedge, found.coins, found.net] == [15000, -15000, 0]


@pytest.mark.parametrize("size", ["0.5", "1", "2"])
def test_shorts_are_closed_and_longs_kept_however_small(size: str) -> None:
    legs = (short("BTC", size), short("ETH", f"-{size}"))
    pool = BookPool(name="cross", account="venue", collateral=(coins("USDT", "500000"),), legs=legs)
    held = msgspec.structs.replace(book(pool), betas={"BTC": D(1), "ETH": D(0), "USDT": D(0)})
    still = outcome(held, path=(D("0.5"),), force_closed_at=D("0.9"))
    assert [still.hedge, still.exposure_after] == [D(size) * 6000, 0], "the short has earned a tenth, and no more"
    moving = msgspec.structs.replace(held, betas={"BTC": D(1), "ETH": D(1), "USDT": D(0)})
    found = outcome(moving, path=(D("0.5"),), force_closed_at=D("0.9"))
    assert [found.hedge, found.exposure_after] == [D(size) * (6000 - 1500), D(size) * 1500]


def test_a_cross_pool_that_is_liquidated_leaves_what_the_haircuts_kept() -> None:
    pool = BookPool(
        name="cross", account="venue", collateral=(coins("ETH", "30", ("0", "0.8")),), legs=(short("BTC", "2.5"),)
    )
    held = msgspec.structs.replace(book(pool), betas={"BTC": D(1), "ETH": D(0), "USDT": D(0)})
    found = outcome(held, path=(D(2),))
    assert [item.left for item in found.liquidated] == [18000]
    assert abs(found.net + 72000) < D("1e-20")


def test_funding_is_paid_before_the_move_and_brings_liquidation_nearer() -> None:
    near = outcome(two_times(funding="-0.001"), path=(D(2),), days=D(10))
    assert near.funding == -4500
    (pool,) = near.liquidated
    assert abs(Fraction(pool.liquidated_at or 0) - Fraction(220550, 150750)) < Fraction(1, 10**45)
    assert near.net == 300000 - 75000
    override = outcome(two_times(funding="-0.001"), days=D(10), funding_rate=D("0.001"))
    assert override.funding == 4500


@pytest.mark.parametrize("kind", ["linear", "inverse", "quanto"])
@pytest.mark.parametrize("mode", ["one-way", "hedge"])
def test_a_month_of_positive_funding_is_earned_by_a_short_of_any_kind_and_mode(kind: str, mode: str) -> None:
    """150,000 USD short at 0.01% per 8 hours is 15 a settlement; two fifths of it long beside it pay that back."""
    amount = {"linear": D("2.5"), "inverse": D(150_000), "quanto": D("2.5")}[kind]
    legs = [short("BTC", f"{amount}", kind=kind, funding="0.0001", settle="USDT" if kind == "quanto" else None)]
    if mode == "hedge":
        legs.append(msgspec.structs.replace(legs[0], leg=resized(legs[0].leg, D("-0.4"), D(60_000))))
    pool = BookPool(name="pool", account="venue", collateral=(coins("USDT", "200000"),), legs=tuple(legs))
    found = outcome(book(pool), days=D(30))
    assert found.funding == {"one-way": 1350, "hedge": 810}[mode]


@pytest.mark.parametrize("quantity", ["-0.5", "-2.5"])
def test_a_long_pays_what_a_short_of_its_size_is_paid(quantity: str) -> None:
    long, under = (isolated("one", "75000", short("BTC", size, funding="0.0001")) for size in (quantity, quantity[1:]))
    assert outcome(book(long), days=D(30)).funding == D(quantity) * 60_000 * D("0.0001") * 90
    assert outcome(book(under), days=D(30)).funding == -outcome(book(long), days=D(30)).funding


def test_the_short_scaled_at_the_start_pays_its_fee_and_moves_its_liquidation() -> None:
    found = outcome(two_times(taker="0.001", entry="50000"), path=(D("1.2"),), hedge=D("0.5"))
    assert [found.fees, found.hedge] == [75, -15000]
    larger = outcome(two_times(taker="0.001", entry="50000"), path=(D("1.1"),), hedge=D("1.2"))
    assert abs(larger.hedge + 18000) < D("1e-40")
    assert larger.fees == 30
    assert outcome(two_times(), path=(D(3),), hedge=D(0)).net == 600000


@pytest.mark.parametrize("multiple", ["0", "0.4", "1", "1.5", "3"])
@pytest.mark.parametrize("entry", ["50000", "60000", "66000"])
@pytest.mark.parametrize(
    ("kind", "size", "value"), [("linear", "2", 120_000), ("linear", "0.5", 30_000), ("inverse", "120000", 120_000)]
)
def test_shorts_of_another_size_are_worth_as_much_less_the_fee_and_longs_stay(
    kind: str, size: str, value: int, entry: str, multiple: str
) -> None:
    """At unchanged prices a cut realises what was open, and an addition opens at the mark: only the fee is gone."""
    posted, long = ("USDT", "400000"), short("ETH", "-10", taker="0.0005")
    if kind == "inverse":
        posted, long = ("BTC", "6"), short("BTC", "-30000", kind=kind, taker="0.0005")
    legs = (short("BTC", size, kind=kind, entry=entry, taker="0.0005"), long)
    held = book(BookPool(name="cross", account="venue", collateral=(coins(*posted),), legs=legs), BTC="5")
    found, fee = outcome(held, hedge=D(multiple)), abs(D(multiple) - 1) * value * D("0.0005")
    for lost in (found.fees, -found.net, found.pools[0].before - found.pools[0].left):
        assert abs(lost - fee) < D("1e-20")
    if kind == "linear":
        assert found.exposure_after == 300_000 - value * D(multiple) + 30_000 * D("1.2")


def test_basis_moves_the_marks_and_not_the_coins() -> None:
    assert outcome(two_times(), basis=D("0.02")).net == -3000
    inverse = book(isolated("short", "2.5", short("BTC", "150000", kind="inverse")))
    assert outcome(inverse, path=(D("0.5"),)).left == 150000


def test_a_stablecoin_that_slips_takes_the_collateral_and_lifts_what_is_quoted_in_it() -> None:
    found = outcome(two_times(), jumps={"USDT": D("0.9")})
    assert found.coins == -7500
    assert abs(found.hedge + 15000) < D("1e-40")
    assert found.spot == 0
    elsewhere = outcome(two_times(), jumps={"other/USDT": D("0.9")})
    assert elsewhere.net == 0


def test_auto_deleveraging_leaves_the_bag_naked_on_the_way_down() -> None:
    kept = outcome(two_times(), path=(D("0.75"),))
    found = outcome(two_times(), path=(D("0.75"),), force_closed_at=D("0.9"))
    assert kept.net - found.net == 22500
    assert found.exposure_after == 225000
    words = "force_closed_at: expected a multiple that the path comes to, found 0.9"
    with pytest.raises(RequestError, match=words):
        run(two_times(), Scenario(path=(D("0.95"),), force_closed_at=D("0.9")))


def test_a_venue_that_is_gone_takes_everything_in_it() -> None:
    found = outcome(two_times(), path=(D("0.8"),), gone=frozenset({"venue"}))
    assert found.net == -60000 - 75000
    assert found.pools[0].gone
    assert [found.pools[0].before, found.pools[0].left] == [75000, 0]
    with pytest.raises(RequestError, match="gone: expected one of venue, found elsewhere"):
        run(two_times(), Scenario(gone=frozenset({"elsewhere"})))


def test_above_the_last_tier_nothing_is_known() -> None:
    tiers = table(ContractKind.LINEAR, ("0", "0.004"), last_cap="180000")
    held = book(isolated("short", "75000", short("BTC", "2.5", tiers=tiers)))
    assert isinstance(run(held, Scenario(path=(D("1.2"),))), Outcome)
    found = run(held, Scenario(path=(D("1.21"),)))
    assert found == UnknownOutcome(("a maintenance tier of BTC-linear above 180000",))
    assert run(held, Scenario(hedge=D("1.21"))) == found
    leg = short("BTC", "2.5", tiers=tiers, requirement_at=RequirementAt.AT_ENTRY)
    entered = book(isolated("short", "75000", leg))
    larger = run(entered, Scenario(hedge=D("1.21")))
    assert larger == UnknownOutcome(("a maintenance tier of short for positions 1.21 times as large",))
    for known in (held, entered):
        assert isinstance(run(known, Scenario(hedge=D("1.2"))), Outcome)


@SLOW
@given(held=pools(), x=decimals("0.3", "3", 2), extra=decimals("1", "100000", 0))
def test_more_collateral_never_hurts(held: BookPool, x: Decimal, extra: Decimal) -> None:
    before, more = run(book(held), Scenario(path=(x,))), book(with_cash(held, "USDT", extra, D(1)))
    after = run(more, Scenario(path=(x,)))
    assume(isinstance(before, Outcome) and isinstance(after, Outcome))
    assert isinstance(before, Outcome)
    assert isinstance(after, Outcome)
    # Being liquidated later, at other prices, may leave less of the haircuts: nothing else may be worse.
    haircuts = sum((pool.left for pool in before.liquidated), D(0))
    assert after.left >= before.left - haircuts - D("1e-15")
    if not before.liquidated:
        assert abs(after.net - before.net) < D("1e-15")
    assert len(after.liquidated) <= len(before.liquidated)
    near, far = path_reach(held, NOW), path_reach(more.pools[0], NOW)
    if not (near.unknown_above or far.unknown_above):
        assert far.above is None or (near.above is not None and far.above >= near.above * (1 - D("1e-20")))
    if not (near.unknown_below or far.unknown_below):
        assert far.below is None or (near.below is not None and far.below <= near.below * (1 + D("1e-20")))


@SLOW
@given(held=books(), x=decimals("0.3", "3", 2))
def test_a_liquidation_takes_no_more_than_what_backed_the_pool(held: HedgedBook, x: Decimal) -> None:
    found = run(held, Scenario(path=(x,)))
    assume(isinstance(found, Outcome))
    assert isinstance(found, Outcome)
    for pool, original in zip(found.pools, held.pools, strict=True):
        if pool.liquidated_at is not None:
            assert pool.left >= 0
            assert pool.profit >= -worth(original, NOW, D(1)) - D("1e-15")


@SLOW
@given(held=pools())
def test_at_the_multiple_found_the_surplus_is_gone_and_just_before_it_is_not(held: BookPool) -> None:
    reach = path_reach(held, NOW)
    for x, unknown in ((reach.above, reach.unknown_above), (reach.below, reach.unknown_below)):
        if x is not None and x != 1 and not unknown:
            inside = path_reach(held, NOW, low=min(D(1), x * (1 + D("1e-9"))), high=max(D(1), x * (1 - D("1e-9"))))
            assert (inside.above if x > 1 else inside.below) is None
            side = D("1e-12") if x > 1 else D("-1e-12")
            again = path_reach(held, NOW, low=x * (1 + side), high=x * (1 + side))
            assert (again.above if x > 1 else again.below) is not None


def test_closing_in_finds_a_jump_and_a_smooth_root() -> None:
    assert abs(close_in(lambda x: 2 - x * x, D(1), D(2)) - D(2).sqrt()) < D("1e-27")
    jump = close_in(lambda x: D(1) if x < D("1.3") else D(-1), D(1), D(2))
    assert D("1.3") <= jump < D("1.3") + D("1e-20")
    unknown = close_in(lambda x: D(1) if x < D("1.3") else None, D(1), D(2))
    assert D("1.3") <= unknown < D("1.3") + D("1e-20")


@SLOW
@given(held=pools(), x=decimals("0.5", "2", 2))
def test_exposure_is_the_slope_of_the_books_worth(held: BookPool, x: Decimal) -> None:
    step = D("1e-12")
    slope = (worth(held, NOW, x * (1 + step)) - worth(held, NOW, x * (1 - step))) / (2 * step)
    assert abs(exposure(book(held), NOW, x) - slope) < D("1e-3")


def test_a_beta_that_is_not_named_is_refused() -> None:
    held = msgspec.structs.replace(two_times(), betas={"BTC": D(1)})
    with pytest.raises(RequestError, match=r"betas\.USDT"):
        run(held, Scenario())


@pytest.mark.parametrize(("days", "multiple", "spread"), [("365", 2.0, 1.0), ("91.25", 2.0, 0.5), ("365", 0.5, 0.25)])
def test_sigmas_count_the_farthest_point_in_those_of_the_horizon(days: str, multiple: float, spread: float) -> None:
    found = outcome(two_times(), path=(D("1.2"), D(1)), days=D(days), volatility=0.5, volatility_multiple=multiple)
    assert found.sigmas == pytest.approx(0.1823215567939546 / spread)


@pytest.mark.parametrize("wrong", [D(0), D(-1), D("NaN"), D("Infinity")])
def test_a_path_holds_prices(wrong: Decimal) -> None:
    with pytest.raises(RequestError, match="path"):
        run(two_times(), Scenario(path=(wrong,)))
    with pytest.raises(RequestError, match="path"):
        run(two_times(), Scenario(path=()))


def test_requirements_fixed_in_money_go_with_the_size() -> None:
    fixed = outcome(two_times(fixed_requirement=D(800)), hedge=D("0.5"))
    assert fixed.pools[0].requirement == 400
    fee = outcome(two_times(fixed_fee=D(80)), hedge=D("0.5"))
    assert fee.pools[0].requirement == D("1.25") * 60000 * D("0.005") - 50 + 40


def test_a_pool_that_is_past_its_requirement_leaves_the_haircuts_less_what_is_missing() -> None:
    leg, backing = short("BTC", "2.5", entry="55000"), (coins("ETH", "5", ("0", "0.8")),)
    pool = BookPool(name="cross", account="venue", collateral=backing, legs=(leg,))
    (found,) = outcome(book(pool)).liquidated
    assert [found.liquidated_at, found.left] == [1, 3000 - (12500 + 750 - 12000)]
    alone = msgspec.structs.replace(pool, isolated=True)
    assert outcome(book(alone)).pools[0].left == 0


def test_a_jump_on_one_venue_alone() -> None:
    found = outcome(two_times(), jumps={"venue/USDT": D("0.9")})
    assert found.coins == -7500


def test_a_requirement_at_the_mark_moves_with_it_and_curved_paths_are_searched() -> None:
    plain, at_mark = two_times().pools[0], two_times(requirement_at=RequirementAt.AT_MARK).pools[0]
    straight, searched = path_reach(plain, NOW).above, path_reach(at_mark, NOW).above
    assert straight is not None
    assert searched is not None
    assert abs(straight - searched) < D("1e-25")
    curved = isolated("quanto", "0.5", short("BTC", "0.0000333", kind="quanto", settle="BTC"))
    x = path_reach(curved, NOW).above
    assert x is not None
    assert abs(pool_at(curved, NOW, x).surplus) < D("1e-30")
