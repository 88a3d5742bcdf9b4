"""A snapshot takes from the one before what is still made of the same: never anything that is another by now."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given, settings

from core.anchors import day_start_ns
from core.commands import Explain, SetAnchor
from core.engine import Engine
from core.events import AccountSwept, AnyEvent, ConnectionState, FundingPayment, InstrumentListed
from core.figures import Figure, Freshness
from core.legs import Leg
from core.rules import BLIND
from core.snapshot import HedgeLine, Since, Snapshot
from tests.core.anew_books import ETH, FILED, KEPT, PAIRS, PERPETUALS, SOL, TYPED, begun
from tests.core.anew_steps import HAPPENINGS, PAUSES, STEPS, Step, first_sweep, lived, take
from tests.core.forgetful import forgetful
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    at,
    connection,
    engine,
    feed,
    instrument,
    inverse_book,
    listed,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)


def written(steps: list[Step]) -> list[str]:
    """Every snapshot of an engine that goes through the steps, to the last digit and mark."""
    return [repr(snapshot) for snapshot in lived(steps)]


@settings(max_examples=50)
@given(STEPS)
def test_a_snapshot_is_the_same_as_one_made_anew_from_nothing(steps: list[Step]) -> None:
    with forgetful():
        anew = written(steps)
    assert written(steps) == anew


@pytest.mark.parametrize("seed", range(6))
def test_so_it_is_after_much_has_happened(seed: int) -> None:
    random = Random(seed)
    names = sorted(HAPPENINGS)
    steps = [Step(random.choice(names), random.choice(PAUSES[:-2]), random.randrange(10_000)) for _ in range(60)]
    with forgetful():
        anew = written(steps)
    assert written(steps) == anew


def test_everything_that_may_happen_changes_a_snapshot() -> None:
    """Otherwise the comparison above would compare nothing."""
    unseen = []
    for what in sorted(set(HAPPENINGS) - {"nothing"}):
        quiet = written([Step("nothing", 1, 0)])[-1]
        if all(written([Step(what, 1, seed)])[-1] == quiet for seed in range(12)):
            unseen.append(what)
    assert unseen == []


# --- what is kept, and what is not ------------------------------------------------------------------------------


def two(made: Engine, first: float, second: float) -> tuple[Snapshot, Snapshot]:
    return made.snapshot(at(first)), made.snapshot(at(second))


def test_of_a_book_that_has_not_changed_nothing_is_made_anew() -> None:
    made = running()
    made.snapshot(at(1))
    one, other = two(made, 1.1, 1.2)
    assert other.books[0].hedges[0] is one.books[0].hedges[0]
    assert other.books[0].accounts[0] is one.books[0].accounts[0]
    assert other.books[0].attributions is one.books[0].attributions


def test_of_kept_accounts_and_priced_contracts_nothing_is_made_anew_either() -> None:
    made = begun()
    feed(made, first_sweep(1))
    take(made, Step("file", 0, 2), 1)
    made.snapshot(at(1))
    one, other = two(made, 1.1, 1.2)
    for before, after in zip(one.books, other.books, strict=True):
        assert all(new is old for old, new in zip(before.hedges, after.hedges, strict=True))
        assert all(new is old for old, new in zip(before.accounts, after.accounts, strict=True))


def test_what_ages_is_made_anew_by_the_time_alone() -> None:
    made = running()
    live, late = two(made, 1, 4)
    assert live.books[0].hedges[0].mark_price.freshness is Freshness.LIVE
    assert late.books[0].hedges[0].mark_price.freshness is Freshness.LATE
    assert late.books[0].hedges[0].liquidation_distance.freshness is Freshness.LATE
    gone = made.snapshot(at(400)).books[0].hedges[0]
    assert (gone.mark_price.known, gone.liquidation_distance.known, gone.profit.known) == (False, False, False)


def test_an_interrupted_channel_makes_its_figures_stale_at_once() -> None:
    made = engine()
    feed(made, [connection(0, ConnectionState.LIVE)], reference(), [perpetual(0, 60_000), spot(0, 60_000)])
    assert made.snapshot(at(0.5)).books[0].hedges[0].mark_price.freshness is Freshness.LIVE
    feed(made, [connection(0.6, ConnectionState.RECONNECTING)])
    assert made.snapshot(at(0.7)).books[0].hedges[0].mark_price.freshness is Freshness.STALE


def test_a_payment_is_in_the_next_snapshot() -> None:
    made = running()
    before = made.snapshot(at(0.5)).books[0].hedges[0]
    payment = FundingPayment(
        account="paper", payment_id="p", instrument=LINEAR, amount=Decimal(60), asset="USDT", settled_ns=at(0.6),
        received_ns=at(0.6),
    )  # fmt: skip
    feed(made, payment)
    after = made.snapshot(at(0.7)).books[0].hedges[0]
    assert before.funding.received.value == 0
    assert after.funding.received.value == 60


# --- accounts that a venue keeps -----------------------------------------------------------------------------------


def line(made: Engine, when: float, name: str) -> HedgeLine:
    books = made.snapshot(at(when)).books
    return next(hedge for book in books for hedge in book.hedges if hedge.instrument == name)


def prices(when: float) -> list[AnyEvent]:
    contracts = [perpetual(when, price, name) for name, price in PERPETUALS.items()]
    return [*contracts, *(spot(when, price, name) for name, price in PAIRS.items())]


def test_a_kept_account_ages_under_prices_that_stay_live_and_is_back_with_the_next_sweep() -> None:
    made = begun()
    feed(made, first_sweep(1))
    for age, expected in ((19, Freshness.LIVE), (20, Freshness.LATE), (60, Freshness.STALE), (119, Freshness.STALE)):
        feed(made, prices(1 + age))
        for name in (LINEAR, ETH, SOL):
            seen = line(made, 1 + age, name)
            figures = (seen.quantity, seen.delta, seen.profit, seen.maintenance_margin, seen.ratio, seen.margin_usage)
            assert {figure.freshness for figure in figures} == {expected}, (name, age)
            assert seen.mark_price.freshness is Freshness.LIVE
    made.snapshot(at(121))
    gone = line(made, 121, ETH)
    assert (gone.quantity.known, gone.margin_usage.known, gone.liquidation_price.known) == (False, False, False)
    feed(made, *(AccountSwept(received_ns=at(122), account=name) for name in KEPT), prices(122))
    back = line(made, 122, ETH)
    assert back.quantity == Figure(value=Decimal(-30), observed_ns=at(122))


def test_both_books_of_a_shared_account_see_it_age() -> None:
    made = begun()
    feed(made, first_sweep(1), prices(30))
    states = [
        account.wallet_balance.freshness
        for book in made.snapshot(at(30)).books
        for account in book.accounts
        if account.name == "unified"
    ]
    assert states == [Freshness.LATE] * 2


# --- contracts that a sheet prices --------------------------------------------------------------------------------


def test_a_price_rests_when_its_market_closes_and_ages_again_when_it_opens() -> None:
    """Told at 80 s, it is late and not yet stale when the market closes at 120 s; that opens again at 300 s."""
    made = begun()
    take(made, Step("file", 0, 2), 80)
    seen = [line(made, when, FILED) for when in (80, 109, 110, 119, 120, 299, 300, 319, 320)]
    assert seen[0].mark_price.observed_ns == at(80)
    assert [item.price_rests for item in seen] == [False] * 4 + [True] * 2 + [False] * 3
    states = [item.mark_price.freshness for item in seen]
    assert states == [Freshness.LIVE] * 2 + [Freshness.LATE] * 6 + [Freshness.STALE]


def test_a_price_that_is_told_again_is_as_old_as_it_was_told_last() -> None:
    made = begun()
    for when in (1, 3):
        take(made, Step("file", 0, 2), when)
        assert line(made, when, FILED).mark_price.observed_ns == at(when)


def test_coins_of_a_kept_account_are_estimated_once_a_payment_of_them_was_only_reckoned() -> None:
    """Their number is what the venue told last, and stays."""
    made = begun()
    feed(made, first_sweep(1))
    before = made.snapshot(at(1)).books[0].accounts[1].collateral[0]
    payment = FundingPayment(
        account="unified", payment_id="p", instrument=ETH, leg=Leg.SHORT, amount=Decimal(1), asset="ETH",
        settled_ns=at(2), received_ns=at(2), estimated=True,
    )  # fmt: skip
    feed(made, payment)
    after = made.snapshot(at(2)).books[0].accounts[1].collateral[0]
    assert (before.asset, before.amount.value, before.amount.estimated) == ("ETH", Decimal(20), False)
    assert (after.asset, after.amount.value, after.amount.estimated) == ("ETH", Decimal(20), True)


def test_the_pair_that_stands_for_an_index_price_moves_it() -> None:
    made = begun()
    take(made, Step("file", 0, 2), 1)
    feed(made, spot(1, 60_000))
    before = line(made, 1, FILED)
    feed(made, spot(1.1, 59_000))
    after = line(made, 1.2, FILED)
    assert (before.index_price.value, after.index_price.value) == (Decimal(60_000), Decimal(59_000))
    assert before.basis.value != after.basis.value
    assert line(made, 45, FILED).index_price.freshness is not Freshness.LIVE


def test_a_typed_mark_is_in_the_next_snapshot_and_ages() -> None:
    made = begun()
    assert not line(made, 1, TYPED).mark_price.known
    take(made, Step("typed", 0, 1), 2)
    seen = [line(made, 2 + age, TYPED).mark_price.freshness for age in (0, 19, 20, 40)]
    assert seen == [Freshness.LIVE, Freshness.LIVE, Freshness.LATE, Freshness.STALE]


# --- the rest of what a line is made of ----------------------------------------------------------------------------


def test_another_funding_interval_another_table_and_an_explanation_in_between() -> None:
    made = begun()
    feed(made, first_sweep(1))
    before = line(made, 1, LINEAR)
    feed(made, ticker(1.1, LINEAR, rate="0.0001", interval=4))
    made.command(Explain(path="books[0].hedges[0].maintenance_margin"), at(1.2))
    made.snapshot(at(1.2))
    made.command(Explain(), at(1.2))
    every_four = line(made, 1.3, LINEAR)
    assert before.funding.annualised.value is not None
    assert every_four.funding.annualised.value == 2 * before.funding.annualised.value
    feed(made, tiers(LINEAR, when=1.4, rate="0.01", second_rate="0.02"))
    after = line(made, 1.5, LINEAR)
    assert before.maintenance_margin.value is not None
    assert after.maintenance_margin.value == 2 * before.maintenance_margin.value
    assert after.liquidation_price.value != before.liquidation_price.value


# --- what nothing but the time changes ----------------------------------------------------------------------------


def test_an_anchor_that_is_set_again_counts_from_then_on_and_a_day_from_its_beginning() -> None:
    made = running()
    for when in (1, 1.2):
        made.command(SetAnchor(book="bitcoin"), at(when))
        (book,) = made.snapshot(at(when + 0.1)).books
        assert next(found.since_ns for found in book.attributions if found.since is Since.ANCHOR) == at(when)
    for when in (94_000, 96_500):  # midnight lies between them, and nothing else
        (book,) = made.snapshot(at(when)).books
        today = next(found for found in book.attributions if found.since is Since.TODAY)
        assert (today.since_ns, today.hedged.known) == (day_start_ns(at(when)), False)


def test_what_is_forgiven_at_the_start_is_an_alert_once_that_is_over() -> None:
    made = engine()
    feed(made, listed(LINEAR), listed(SPOT), perpetual(0, 60_000))
    feed(made, perpetual(9, 60_000), spot(9, 60_000))
    before, after = two(made, 9.9, 10.1)
    assert after.books[0].hedges[0] is before.books[0].hedges[0]
    assert [any(alert.rule == BLIND for alert in snapshot.alerts) for snapshot in (before, after)] == [False, True]


def test_a_position_is_not_known_from_the_instant_at_which_its_contract_expires() -> None:
    made = engine(inverse_book())
    described = msgspec.structs.replace(instrument(INVERSE), expiry_ns=at(2))
    feed(made, InstrumentListed(instrument=described, received_ns=at(0)), listed(SPOT), tiers(INVERSE))
    feed(made, perpetual(1, 60_000, INVERSE), spot(1, 60_000))
    before, after = two(made, 1.9, 2)
    seen = [snapshot.books[0].hedges[0] for snapshot in (before, after)]
    assert [(line.quantity.known, line.bag_coins.known) for line in seen] == [(True, True), (False, False)]
