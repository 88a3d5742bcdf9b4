"""The profit of a book as the engine measures it: since inception, today, and since an anchor that its user set."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attribution_view import CAUSES
from core.books import Book, Lot, MarginMode
from core.commands import ClearAnchor, SetAnchor
from core.demo_book import replay_book, seed_book
from core.engine import Engine
from core.errors import JournalError
from core.events import AnyEvent, BalanceUpdate, Fill, FundingPayment, PositionUpdate
from core.figures import Figure, Freshness
from core.journal import Journal, open_journal
from core.measuring import FIRM
from core.snapshot import AttributionView, BookView, Mode, PartsView, Since
from tests.core.money import PRICES, QUANTITIES, decimals
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
    instrument,
    inverse_book,
    listed,
    market_at,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)

DAY = 86_400
MIDNIGHT = DAY - (START // 10**9) % DAY
"""Seconds from the tests' start to the next midnight, UTC."""
BOOK = "bitcoin"
ETHER = "bybit:spot:ETHUSDT"


def book_of(made: Engine, when: float) -> BookView:
    return made.snapshot(at(when)).books[0]


def measured(made: Engine, when: float, since: Since = Since.INCEPTION) -> AttributionView:
    return next(view for view in book_of(made, when).attributions if view.since is since)


def values(*figures: Figure | int) -> tuple[object, ...]:
    """The figures' values, to be compared with plain numbers."""
    return tuple(item.value if isinstance(item, Figure) else item for item in figures)


def number(figure: Figure) -> Decimal:
    assert figure.value is not None, figure.missing
    return figure.value


def fill(
    when: float, side: str, quantity: str, price: str, name: str = LINEAR, account: str = "paper", **more: Any
) -> Fill:
    fields: dict[str, Any] = {"fee": Decimal(0), "fee_asset": "BTC" if name == INVERSE else "USDT", **more}
    return Fill(
        received_ns=at(when), account=account, fill_id=f"{name} {when}", client_order_id="", instrument=name, side=side,
        price=Decimal(price), quantity=Decimal(quantity), **fields,
    )  # fmt: skip


def paid(when: float, amount: str, name: str = LINEAR, account: str = "paper", **more: Any) -> FundingPayment:
    return FundingPayment(
        received_ns=at(when), account=account, payment_id=f"{name} {when}", instrument=name, amount=Decimal(amount),
        asset="BTC" if name == INVERSE else "USDT", rate=Decimal("0.0001"), mark_price=Decimal(60_000),
        settled_ns=at(when), **more,
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hedgerow.journal"


@contextmanager
def run(path: Path, book: Book | None = None) -> Iterator[Engine]:
    """One run of the program on the journal, with everything described."""
    with closing(open_journal(path)) as journal:
        made = engine(book, journal=journal)
        feed(made, reference())
        yield made


# --- since inception ---------------------------------------------------------------------------------------------


def test_the_seed_book_at_48_000() -> None:
    found = measured(running(48_000), 1)
    assert values(found.bag, found.hedge, found.hedged) == (-60_000, 30_000, -30_000)
    assert values(found.unhedged, found.protection) == (-60_000, 30_000)
    assert values(found.bag_parts.price, found.hedge_parts.price) == (-60_000, 30_000)
    assert values(found.realised, found.unrealised, found.gross) == (0, 30_000, -30_000)
    assert (found.currency, found.since_ns) == ("USDT", 0)
    assert not found.hedged.estimated
    assert found.hedge_parts.basis.value == 0
    assert found.hedge_parts.price.estimated, "nobody knows the basis at which the position was opened"
    for said in ("bag at spot and hedge at mark", "after fees and funding", "from cost and entry", "estimated"):
        assert said in found.includes


def test_every_cause_has_its_own_part() -> None:
    made = engine()
    feed(made, reference(), perpetual(0, 60_000), spot(0, 60_000))
    feed(made, fill(0.1, "buy", "0.5", "60010", fee=Decimal(16)), paid(0.2, "7.5"))
    feed(made, ticker(1, mark=50_100, index=50_000), spot(1, 50_000))
    found = measured(made, 1)
    hedge = found.hedge_parts
    assert found.bag_parts.price.value == -50_000
    assert hedge.price.value == Decimal(2) * 10_000
    assert hedge.basis.value == -200
    assert hedge.slippage.value == -5, "half a coin bought 10 above the mark"
    assert values(hedge.fees, hedge.funding) == (-16, Decimal("7.5"))
    assert values(hedge.convexity, hedge.currencies, hedge.residual) == (0, 0, 0)
    assert found.realised.value == -5
    assert found.unrealised.value == 19_800
    assert found.gross.value == number(found.hedged) + 16 - Decimal("7.5")


def test_the_totals_of_the_book_are_the_same_profit() -> None:
    made = running(48_000)
    feed(made, fill(0.1, "buy", "0.5", "48010", fee=Decimal(16)), paid(0.2, "7.5"))
    book = book_of(made, 1)
    found = book.attributions[0]
    assert found.hedged.value == book.totals.net_profit.value
    assert found.hedge.value == book.totals.hedge_profit.value


def test_what_one_coin_costs_is_net_of_what_its_hedge_realised() -> None:
    made = running(48_000)
    assert book_of(made, 1).bag[0].effective_cost == Figure(value=Decimal(60_000))
    feed(made, fill(1.1, "buy", "2.5", "48000", fee=Decimal(60)), paid(1.2, "45"))
    assert number(book_of(made, 2).bag[0].effective_cost) == (Decimal(300_000) - 30_000 - 45 + 60) / 5


def test_a_coin_margined_hedge_lowers_the_cost_by_its_coins_at_the_mark() -> None:
    made = engine(inverse_book())
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 50_000, INVERSE), spot(0, 50_000))
    feed(made, fill(0.1, "buy", "150000", "50000", INVERSE, "coins"))
    book = book_of(made, 1)
    assert number(book.bag[0].effective_cost) == (Decimal(300_000) - Decimal("0.5") * 50_000) / 5
    assert book.bag[0].effective_cost.estimated, "dollars and tethers are not the same"
    assert "dollars and stablecoins at par" in book.attributions[0].includes


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.sampled_from(["buy", "sell"]), QUANTITIES, PRICES, decimals("-5", "5", 4)),
        st.tuples(st.just("funding"), decimals("-50", "50", 6)),
        st.tuples(st.just("price"), decimals("0.9", "1.1", 4), decimals("-0.02", "0.02", 4)),
    ),
    max_size=6,
)


@given(st.sampled_from([LINEAR, INVERSE]), MOVES, MOVES)
def test_the_parts_add_up_exactly_whatever_happens(name: str, before: list[Any], after: list[Any]) -> None:
    made = engine(inverse_book() if name == INVERSE else seed_book())
    account = "coins" if name == INVERSE else "paper"
    feed(made, listed(name), listed(SPOT), tiers(name), perpetual(0, 60_000, name), spot(0, 60_000))
    book = book_of(made, 0).name
    price, when = Decimal(60_000), happen(made, name, account, before, Decimal(60_000), 0)
    made.command(SetAnchor(book=book), at(when))
    start = measured(made, when, Since.ANCHOR)
    assert start.hedged.value == 0
    earlier = measured(made, when)
    when = happen(made, name, account, after, price, when)
    feed(made, perpetual(when, price, name), spot(when, price))
    views = book_of(made, when).attributions
    assert [view.since for view in views] == [Since.INCEPTION, Since.TODAY, Since.ANCHOR]
    for view in views:
        check_sums(view)
    grew = fraction(views[0].hedge) - fraction(earlier.hedge)
    assert close(grew, fraction(views[2].hedge)), "an interval is the difference of its ends"
    assert close(fraction(views[2].hedge_parts.residual), Fraction(0)), "every fill and payment is accounted for"


def happen(made: Engine, name: str, account: str, moves: list[Any], price: Decimal, when: float) -> float:
    for kind, *what in moves:
        when += 1
        if kind == "fill":
            side, quantity, fill_price, fee = what
            made.apply(fill(when, side, f"{quantity}", f"{fill_price}", name, account, fee=fee))
        elif kind == "funding":
            made.apply(paid(when, f"{what[0]}", name, account))
        else:
            factor, basis = what
            spot_price = price * factor
            feed(made, ticker(when, name, mark=spot_price * (1 + basis), index=spot_price), spot(when, spot_price))
    return when


def check_sums(view: AttributionView) -> None:
    for parts in (view.parts, view.bag_parts, view.hedge_parts):
        assert sum((Fraction(number(getattr(parts, name))) for name in CAUSES), Fraction(0)) == number(parts.total)
    for name in PartsView.__struct_fields__:
        both = Fraction(number(getattr(view.bag_parts, name))) + Fraction(number(getattr(view.hedge_parts, name)))
        assert number(getattr(view.parts, name)) == both
    bag, hedge, hedged = fraction(view.bag), fraction(view.hedge), fraction(view.hedged)
    assert hedged == bag + hedge
    assert (fraction(view.unhedged), fraction(view.protection)) == (bag, hedge)
    costs = fraction(view.hedge_parts.funding) + fraction(view.hedge_parts.fees)
    assert fraction(view.gross) == hedged - costs
    assert close(fraction(view.realised) + fraction(view.unrealised) + costs, hedge)


def fraction(figure: Figure) -> Fraction:
    return Fraction(number(figure))


def close(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= max(Fraction(1), abs(other)) / 10**15


# --- today -------------------------------------------------------------------------------------------------------


def test_today_begins_with_the_first_whole_valuation_of_the_day_and_anew_with_the_next() -> None:
    made = engine()
    feed(made, reference(), perpetual(0, 60_000))
    assert measured(made, 0.1, Since.TODAY).hedged.missing == (FIRM,), "an index in place of a spot price is not firm"
    feed(made, spot(1, 60_000))
    assert measured(made, 1, Since.TODAY).since_ns == at(1)
    feed(made, market_at(2, 59_000))
    assert measured(made, 2, Since.TODAY).unhedged.value == -5_000
    feed(made, market_at(MIDNIGHT - 1, 58_000))
    assert measured(made, MIDNIGHT - 1, Since.TODAY).unhedged.value == -10_000
    found = measured(made, MIDNIGHT, Since.TODAY)
    assert values(found.since_ns, found.hedged) == (at(MIDNIGHT), 0)
    feed(made, market_at(MIDNIGHT + 1, 57_000))
    found = measured(made, MIDNIGHT + 1, Since.TODAY)
    assert values(found.unhedged, found.hedge) == (-5_000, 2_500)


def test_a_restart_on_the_same_day_goes_on_with_the_day_and_one_on_the_next_begins_it(path: Path) -> None:
    with run(path) as made:
        feed(made, market_at(0, 60_000))
        assert measured(made, 0, Since.TODAY).hedged.value == 0
    with run(path) as made:
        feed(made, market_at(60, 50_000))
        found = measured(made, 60, Since.TODAY)
        assert values(found.since_ns, found.unhedged, found.hedge) == (at(0), -50_000, 25_000)
    with run(path) as made:
        feed(made, market_at(MIDNIGHT + 5, 40_000))
        found = measured(made, MIDNIGHT + 5, Since.TODAY)
        assert values(found.since_ns, found.hedged) == (at(MIDNIGHT + 5), 0)


def test_a_day_is_not_begun_without_its_prices() -> None:
    made = running(60_000)
    book_of(made, 0)
    found = measured(made, MIDNIGHT + 1, Since.TODAY)
    assert found.hedged.value is None
    assert any("price" in gap for gap in found.hedged.missing)
    assert found.hedged.freshness is Freshness.UNKNOWN
    assert found.since_ns == at(MIDNIGHT)


def test_a_day_that_waits_for_firm_prices_in_vain_begins_without_and_says_so() -> None:
    made = engine()
    feed(made, reference())
    for second in (0, 30, 59):
        feed(made, perpetual(second, 60_000))
        assert measured(made, second, Since.TODAY).hedged.missing == (FIRM,)
    feed(made, perpetual(60, 60_000))
    assert measured(made, 60, Since.TODAY).since_ns == at(60)
    feed(made, market_at(61, 59_000))
    found = measured(made, 61, Since.TODAY)
    assert found.unhedged == Figure(value=Decimal(-5_000), estimated=True, observed_ns=at(61))
    assert "the start rests on an estimated or stale price" in found.includes


# --- the user's anchor -------------------------------------------------------------------------------------------


def test_an_anchor_can_be_set_moved_and_cleared() -> None:
    made = running(60_000)
    assert len(book_of(made, 0).attributions) == 2
    made.command(SetAnchor(book=BOOK), at(1))
    feed(made, market_at(2, 50_000), fill(2.5, "buy", "1", "50000", fee=Decimal(20)))
    found = measured(made, 3, Since.ANCHOR)
    assert values(found.since_ns, found.unhedged, found.hedge) == (at(1), -50_000, 24_980)
    assert values(found.realised, found.unrealised) == (10_000, 15_000)
    made.command(SetAnchor(book=BOOK), at(3))
    assert measured(made, 3, Since.ANCHOR).hedged.value == 0
    made.command(ClearAnchor(book=BOOK), at(4))
    assert len(book_of(made, 4).attributions) == 2
    made.command(ClearAnchor(book=BOOK), at(5))
    assert made.snapshot(at(5)).message == "no anchor is set"


@pytest.mark.parametrize("command", [SetAnchor(book="other"), ClearAnchor(book="other")])
def test_a_book_that_there_is_not_cannot_be_measured(command: SetAnchor | ClearAnchor) -> None:
    made = running()
    made.command(command, at(1))
    assert made.snapshot(at(1)).message == "there is no book named other"


def test_what_is_not_known_cannot_be_measured_from() -> None:
    made = engine()
    feed(made, reference(), spot(0, 60_000))
    made.command(SetAnchor(book=BOOK), at(1))
    shown = made.snapshot(at(1))
    assert shown.message == f"cannot measure from here: needs mark price of {LINEAR}"
    assert len(shown.books[0].attributions) == 2


class Full(Journal):
    def __init__(self, journal: Journal) -> None:
        self.__dict__ = journal.__dict__

    def append_all(self, rows: list[tuple[str, int, bytes]]) -> None:
        raise JournalError("the disk is full")


def test_an_anchor_that_cannot_be_journaled_is_not_set(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made = engine(journal=Full(journal))
        feed(made, reference(), market_at(0, 60_000))
        made.command(SetAnchor(book=BOOK), at(1))
        shown = made.snapshot(at(1))
        assert shown.message == "the disk is full"
        assert len(shown.books[0].attributions) == 2


_KILLED = """
import os, signal, sys
from pathlib import Path
from core.commands import SetAnchor
from core.journal import open_journal
from tests.support.builders import at, engine, feed, market_at, reference
made = engine(journal=open_journal(Path(sys.argv[1])))
feed(made, reference(), market_at(0, 60_000))
made.command(SetAnchor(book="bitcoin"), at(1))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_anchor_survives_the_kill_of_its_program(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path)], cwd=Path(__file__).parents[2], env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    with run(path) as made:
        feed(made, market_at(60, 48_000), fill(61, "buy", "1", "48010", fee=Decimal(30)))
        found = measured(made, 62, Since.ANCHOR)
        assert values(found.since_ns, found.unhedged, found.hedge) == (at(1), -60_000, 29_960)
    with run(path) as made:
        feed(made, market_at(70, 48_000))
        found = measured(made, 70, Since.ANCHOR)
        assert values(found.hedge, found.hedge_parts.fees, found.realised) == (29_960, -30, 11_990)
        assert found.hedge_parts.slippage.value == -10
        assert not found.hedge_parts.slippage.estimated, "what the market was at the fill is in the journal too"
        made.command(ClearAnchor(book=BOOK), at(71))
    with run(path) as made:
        feed(made, market_at(80, 48_000))
        assert len(book_of(made, 80).attributions) == 2


def test_an_anchor_set_while_a_price_is_stale_makes_estimates() -> None:
    made = running(60_000)
    feed(made, perpetual(45, 60_000))
    made.command(SetAnchor(book=BOOK), at(45))
    feed(made, market_at(46, 61_000))
    found = measured(made, 46, Since.ANCHOR)
    assert found.unhedged == msgspec.structs.replace(found.unhedged, value=Decimal(5_000), estimated=True)
    assert "the start rests on an estimated or stale price" in found.includes


# --- what is no profit -------------------------------------------------------------------------------------------


def test_a_deposit_that_the_venue_reports_is_named_and_is_no_profit() -> None:
    made = running(60_000)
    made.command(SetAnchor(book=BOOK), at(1))
    report = BalanceUpdate(received_ns=at(2), account="paper", asset="USDT", wallet_balance=Decimal(250_000))
    feed(made, report, msgspec.structs.replace(report, received_ns=at(3)))
    for since in Since:
        found = measured(made, 4, since)
        assert found.hedged.value == 0
        (moved,) = found.transfers
        assert (moved.account, moved.asset, number(moved.amount)) == ("paper", "USDT", Decimal(50_000))
    made.command(SetAnchor(book=BOOK), at(5))
    feed(made, msgspec.structs.replace(report, received_ns=at(6), wallet_balance=Decimal(240_000)))
    assert measured(made, 7, Since.ANCHOR).transfers[0].amount.value == -10_000
    assert measured(made, 7).transfers[0].amount.value == 40_000


def test_a_balance_that_is_what_was_folded_moves_nothing() -> None:
    made = running(60_000)
    feed(made, paid(1, "45"))
    feed(made, BalanceUpdate(received_ns=at(2), account="paper", asset="USDT", wallet_balance=Decimal(200_045)))
    found = measured(made, 3)
    assert not found.transfers
    assert found.hedged.value == 45


def bag_of(quantity: str, cost: str = "60000") -> Book:
    lot = Lot(asset="BTC", quantity=Decimal(quantity), cost=Decimal(cost), price=SPOT)
    return msgspec.structs.replace(seed_book(), lots=(lot,))


def test_coins_bought_and_sold_between_runs_are_no_profit(path: Path) -> None:
    with run(path) as made:
        feed(made, market_at(0, 60_000))
        made.command(SetAnchor(book=BOOK), at(1))
    for when, quantity, price, expected in ((60, "7", 50_000, -50_000), (120, "4", 52_000, -36_000)):
        with run(path, bag_of(quantity)) as made:
            feed(made, market_at(when, price))
            for since in (Since.TODAY, Since.ANCHOR):
                found = measured(made, when, since)
                assert found.unhedged.value == expected
                assert found.bag_parts.residual.value == 0
    with run(path, bag_of("4", "55000")) as made:
        feed(made, market_at(180, 52_000))
        assert measured(made, 180, Since.ANCHOR).unhedged.value == -36_000, "a cost that is corrected changes nothing"
        assert measured(made, 180).unhedged.value == -12_000


def test_a_position_that_its_user_rewrote_ends_its_anchors(path: Path) -> None:
    with run(path) as made:
        feed(made, market_at(0, 60_000))
        made.command(SetAnchor(book=BOOK), at(1))
    hedge = msgspec.structs.replace(seed_book().hedges[0], quantity=Decimal(-1), isolated_margin=Decimal(30_000))
    with run(path, msgspec.structs.replace(seed_book(), hedges=(hedge,))) as made:
        feed(made, market_at(60, 50_000))
        shown = made.snapshot(at(60))
        assert "the anchor of bitcoin is given up: a position was rewritten" in shown.message
        assert [view.since for view in shown.books[0].attributions] == [Since.INCEPTION, Since.TODAY]
        assert measured(made, 60, Since.TODAY).hedged.value == 0


def test_a_contract_that_left_the_book_ends_its_anchors_for_good(path: Path) -> None:
    with run(path) as made:
        feed(made, market_at(0, 60_000))
        made.command(SetAnchor(book=BOOK), at(1))
    with run(path, msgspec.structs.replace(seed_book(), hedges=())) as made:
        feed(made, market_at(60, 50_000))
        assert "other assets or contracts" in made.snapshot(at(60)).message
        assert len(book_of(made, 60).attributions) == 2
    with run(path) as made:
        feed(made, market_at(120, 50_000))
        assert len(book_of(made, 120).attributions) == 2


def test_an_asset_that_left_the_bag_and_came_back_made_nothing_meanwhile(path: Path) -> None:
    ether = Lot(asset="ETH", quantity=Decimal(10), cost=Decimal(2_000), price=ETHER)
    both = msgspec.structs.replace(seed_book(), lots=(*seed_book().lots, ether))
    for when, book, price in ((0, both, 2_000), (60, seed_book(), 2_500), (120, both, 3_000)):
        with run(path, book) as made:
            feed(made, listed(ETHER), market_at(when, 60_000), spot(when, price, ETHER))
            found = measured(made, when, Since.TODAY)
            assert values(found.unhedged, found.bag_parts.residual) == (0, 0)
            assert found.since_ns == (at(when) if when < 120 else at(60))


def test_a_clock_that_was_set_back_begins_the_day_anew_and_leaves_the_anchor_unknown(path: Path) -> None:
    with run(path) as made:
        feed(made, market_at(100, 60_000))
        made.command(SetAnchor(book=BOOK), at(100))
    with run(path) as made:
        feed(made, market_at(50, 59_000))
        assert measured(made, 50, Since.TODAY).since_ns == at(50)
        assert "now.time_ns" in measured(made, 50, Since.ANCHOR).hedged.missing[0]


# --- what is not known -------------------------------------------------------------------------------------------


def test_a_cost_that_is_not_known_hides_the_bag_and_not_the_hedge() -> None:
    book = msgspec.structs.replace(seed_book(), lots=(Lot(asset="BTC", quantity=Decimal(5), price=SPOT),))
    made = running(48_000, book)
    found = measured(made, 1)
    assert found.unhedged.missing == found.hedged.missing == ("cost of BTC lot of 5",)
    assert found.hedge.value == 30_000
    assert measured(made, 1, Since.TODAY).hedged.value == 0
    assert book_of(made, 1).bag[0].effective_cost.missing == ("cost of BTC lot of 5",)


def test_a_mark_that_is_not_known_hides_the_hedge_and_not_the_bag() -> None:
    made = engine()
    feed(made, reference(), spot(0, 48_000))
    found = measured(made, 1)
    assert found.unhedged.value == -60_000
    assert found.hedge.missing == (f"mark price of {LINEAR}",)
    assert found.hedged.value is None
    assert found.hedge_parts.funding.value is None, "unknown is not zero"


def test_a_contract_that_nobody_described_is_missing_by_name() -> None:
    made = engine()
    feed(made, listed(SPOT), market_at(0, 48_000))
    assert f"description of {LINEAR}" in measured(made, 1).hedged.missing


def test_a_position_that_waits_to_be_opened_is_missing_by_name() -> None:
    made = engine(replay_book({"BTC": Decimal(2)}))
    feed(made, listed(LINEAR), ticker(0, index=60_000))
    assert "at which the position opens" in measured(made, 1).hedge.missing[0]


def test_fees_in_another_coin_are_missing_until_the_next_anchor() -> None:
    made = running(60_000)
    feed(made, fill(0.1, "buy", "0.5", "60000", fee=Decimal("0.01"), fee_asset="BNB"))
    assert measured(made, 1).hedge.missing == ("value of 0.01 BNB paid in fees",)
    made.command(SetAnchor(book=BOOK), at(1))
    assert measured(made, 1, Since.ANCHOR).hedge.value == 0
    feed(made, fill(2, "buy", "0.5", "60000", fee=Decimal("0.01"), fee_asset="BNB"))
    assert measured(made, 3, Since.ANCHOR).hedge.missing == ("value of 0.02 BNB paid in fees",)


def test_a_stale_mark_makes_the_hedge_stale_and_not_the_bag() -> None:
    made = running(48_000)
    feed(made, paid(1, "45"), spot(15, 48_000))
    found = measured(made, 15)
    assert found.hedge_parts.funding == Figure(value=Decimal(45)), "what was paid rests on no price"
    assert found.hedge.freshness is found.hedged.freshness is Freshness.STALE
    assert found.unhedged.freshness is Freshness.LIVE
    assert found.unhedged.observed_ns == at(15)
    assert found.hedge.observed_ns == at(0)


def test_a_stale_index_makes_the_split_stale_and_not_the_sum() -> None:
    made = running(48_000)
    feed(made, ticker(15, mark=48_000), spot(15, 48_000))
    found = measured(made, 15)
    assert found.hedge_parts.price.freshness is Freshness.STALE
    assert found.hedge.freshness is found.hedge_parts.funding.freshness is Freshness.LIVE


def test_a_closed_coin_margined_leg_is_as_old_as_its_mark_and_worth_dollars_at_par() -> None:
    made = engine(inverse_book())
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 50_000, INVERSE), spot(0, 50_000))
    feed(made, fill(0.1, "buy", "150000", "50000", INVERSE, "coins"), spot(15, 50_000))
    found = measured(made, 15)
    assert found.hedge == Figure(Decimal(25_000), estimated=True, freshness=Freshness.STALE, observed_ns=at(0))
    assert found.realised.estimated
    assert not found.unhedged.estimated


def test_a_bag_in_two_dollars_is_an_estimate_and_each_coin_has_its_own_hedges() -> None:
    ether = Lot(asset="ETH", quantity=Decimal(10), cost=Decimal(2_000), price=ETHER)
    made = engine(msgspec.structs.replace(seed_book(), lots=(*seed_book().lots, ether)))
    other = msgspec.structs.replace(listed(ETHER), instrument=instrument(ETHER, quote="USDC"))
    feed(made, reference(), other, market_at(0, 60_000), spot(0, 2_100, ETHER), fill(0.1, "buy", "1", "50000"))
    book = book_of(made, 1)
    assert values(*(line.effective_cost for line in book.bag)) == (58_000, 2_000)
    assert book.attributions[0].unhedged.value == 1_000
    assert book.attributions[0].unhedged.estimated
    assert not book.attributions[0].hedge.estimated


def test_funding_that_was_reckoned_marks_the_sum() -> None:
    made = running(60_000)
    feed(made, paid(1, "45", estimated=True))
    found = measured(made, 2)
    assert found.hedge_parts.funding.estimated
    assert found.hedged.estimated
    assert not found.unhedged.estimated
    assert not found.unrealised.estimated


def test_a_currency_without_a_rate_is_missing_by_name() -> None:
    made = engine()
    euros = instrument(SPOT, quote="EUR")
    feed(made, listed(LINEAR), msgspec.structs.replace(listed(SPOT), instrument=euros), market_at(0, 60_000))
    assert measured(made, 1).hedge.missing == ("rate of USDT in EUR",)


def test_a_fill_while_the_mark_is_stale_is_taken_to_be_at_the_mark() -> None:
    made = running(60_000)
    made.command(SetAnchor(book=BOOK), at(1))
    feed(made, fill(20, "buy", "0.5", "60500"), market_at(21, 60_400))
    found = measured(made, 21, Since.ANCHOR)
    assert found.hedge_parts.slippage == Figure(value=Decimal(0))
    assert found.hedge_parts.price.estimated
    assert found.hedge.value == -Decimal("2.5") * 400 - Decimal("0.5") * 100
    assert not found.hedge.estimated


def test_a_position_that_its_venue_reports_first_began_at_its_entry() -> None:
    book = seed_book()
    hedge = msgspec.structs.replace(book.hedges[0], quantity=Decimal(0), entry_price=None, isolated_margin=None)
    account = msgspec.structs.replace(book.accounts[0], margin_mode=MarginMode.CROSS)
    made = running(60_000, msgspec.structs.replace(book, hedges=(hedge,), accounts=(account,)))
    report: AnyEvent = PositionUpdate(
        received_ns=at(1), account="paper", instrument=LINEAR, quantity=Decimal(-2), entry_price=Decimal(61_000)
    )
    feed(made, report)
    found = measured(made, 2)
    assert values(found.hedge_parts.price, found.hedge_parts.residual) == (2_000, 0)


def test_what_a_position_made_that_its_venue_changed_without_a_fill_is_not_known() -> None:
    made = running(60_000)
    made.command(SetAnchor(book=BOOK), at(1))
    report = PositionUpdate(
        received_ns=at(2), account="paper", instrument=LINEAR, quantity=Decimal("-2.5"), entry_price=Decimal(60_000)
    )
    feed(made, report)
    assert measured(made, 2, Since.ANCHOR).hedge.value == 0, "a report of what is known changes nothing"
    feed(made, msgspec.structs.replace(report, quantity=Decimal(0), entry_price=None, received_ns=at(3)))
    gap = "fills behind a reported change of 2.5 in "
    for since in Since:
        found = measured(made, 3, since)
        assert found.hedge.missing[0].startswith(gap)
        assert found.unhedged.value == 0
    made.command(SetAnchor(book=BOOK), at(4))
    assert measured(made, 4, Since.ANCHOR).hedge.value == 0, "and no more of it after the next anchor"


def test_a_report_that_comes_before_its_fill_is_explained_by_it_and_the_next_report() -> None:
    made = running(60_000)
    report = PositionUpdate(
        received_ns=at(1), account="paper", instrument=LINEAR, quantity=Decimal(-3), entry_price=Decimal(60_000)
    )
    feed(made, report)
    assert measured(made, 1).hedge.value is None
    feed(made, fill(2, "sell", "0.5", "60000"), msgspec.structs.replace(report, received_ns=at(3)))
    assert measured(made, 3).hedge.value == 0


def test_an_engine_without_a_journal_measures_too_and_one_that_could_not_read_it_sets_no_anchor() -> None:
    made = Engine((seed_book(),), mode=Mode.PAPER, source="test", journal_failure="journal x is in use")
    feed(made, reference(), market_at(0, 48_000))
    assert measured(made, 1).hedged.value == -30_000
    made.command(SetAnchor(book=BOOK), at(1))
    assert made.snapshot(at(1)).message == "journal x is in use"
