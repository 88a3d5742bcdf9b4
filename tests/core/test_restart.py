"""What a restart must not lose, revive or silence, also where the book was rewritten meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.books import Book, MarginMode, Thresholds
from core.commands import ConfirmStage, SetTarget, StageHedge
from core.demo_book import seed_book
from core.engine import Engine
from core.errors import JournalError
from core.events import Fill, FundingPayment, OrderState
from core.journal import open_journal
from core.snapshot import AlertView, Mode, Severity
from feeds.paper import PaperBroker
from tests.support.builders import LINEAR, START, at, engine, feed, market_at, reference


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hedgerow.journal"


@contextmanager
def run(path: Path, book: Book | None = None) -> Iterator[Engine]:
    """One run of the program on the journal."""
    with closing(open_journal(path)) as journal:
        yield engine(book, journal=journal)


def book_with(**account: object) -> Book:
    return msgspec.structs.replace(seed_book(), accounts=(msgspec.structs.replace(seed_book().accounts[0], **account),))


def hold(made: Engine, price: int, start: int, seconds: int) -> None:
    for second in range(start, start + seconds):
        feed(made, reference(), market_at(second, price))


def order(made: Engine, ratio: str, when: float) -> str:
    """Confirm the order to a ratio; nobody carries it out."""
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio)), at(when))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(when))
    stage = made.snapshot(at(when)).stage
    assert stage is not None
    made.command(ConfirmStage(client_order_id=stage.client_order_id), at(when))
    return stage.client_order_id


def open_alerts(made: Engine, when: float) -> dict[str, AlertView]:
    return {view.rule: view for view in made.snapshot(at(when)).alerts if view.ended_ns is None}


def test_an_order_of_unknown_outcome_keeps_alarming_after_each_restart(path: Path) -> None:
    with run(path) as made:
        hold(made, 60_000, 0, 1)
        name = order(made, "0.6", 0.1)
    for when in (20, 30):
        with run(path, book_with(paper=False)) as made:
            assert [item.state for item in made.snapshot(at(when)).orders] == [OrderState.UNKNOWN]
            alert = open_alerts(made, when)["order unknown"]
            assert (alert.subject, alert.severity) == (name, Severity.ALARM)


def test_a_ladder_that_lost_its_upper_steps_can_still_fall_silent(path: Path) -> None:
    with run(path) as made:
        hold(made, 88_000, 0, 8)
        assert open_alerts(made, 8)["liquidation distance"].severity is Severity.CRITICAL
    short = msgspec.structs.replace(seed_book(), thresholds=Thresholds(liquidation_distance=(Decimal("0.3"),)))
    with run(path, short) as made:
        hold(made, 88_000, 9, 8)
        assert open_alerts(made, 17)["liquidation distance"].severity is Severity.NOTICE
        hold(made, 60_000, 18, 2)
        assert "liquidation distance" not in open_alerts(made, 19)


@pytest.mark.parametrize("mode", MarginMode)
def test_a_position_that_its_user_rewrote_is_no_longer_the_liquidated_one(path: Path, mode: MarginMode) -> None:
    cross = mode is MarginMode.CROSS
    wallet = Decimal(75_000) if cross else Decimal(200_000)
    book = book_with(margin_mode=mode, wallet_balance=wallet)
    with run(path, book) as made:
        hold(made, 95_000, 0, 2)
        assert "liquidated" in open_alerts(made, 2)
        hold(made, 60_000, 3, 2)
        assert "liquidated" in open_alerts(made, 5), "a price that comes back undoes nothing"
    with run(path, book) as made:
        hold(made, 60_000, 6, 2)
        assert "liquidated" in open_alerts(made, 8), "nor does a restart"
    hedge = msgspec.structs.replace(seed_book().hedges[0], quantity=Decimal("-1"), isolated_margin=Decimal(30_000))
    with run(path, msgspec.structs.replace(book, hedges=(hedge,))) as made:
        hold(made, 60_000, 9, 2)
        assert "liquidated" not in open_alerts(made, 11)


def test_a_wallet_that_its_user_filled_up_ends_the_liquidation_of_its_cross_account(path: Path) -> None:
    with run(path, book_with(margin_mode=MarginMode.CROSS, wallet_balance=Decimal(75_000))) as made:
        hold(made, 95_000, 0, 2)
        assert "liquidated" in open_alerts(made, 2)
    with run(path, book_with(margin_mode=MarginMode.CROSS, wallet_balance=Decimal(500_000))) as made:
        hold(made, 60_000, 3, 2)
        assert "liquidated" not in open_alerts(made, 5)


def test_a_leg_that_went_to_another_account_and_back_starts_from_what_is_written(path: Path) -> None:
    base = seed_book()
    accounts = (*base.accounts, msgspec.structs.replace(base.accounts[0], name="other"))
    here = msgspec.structs.replace(base, accounts=accounts)
    there = msgspec.structs.replace(here, hedges=(msgspec.structs.replace(base.hedges[0], account="other"),))
    sold = Fill(
        received_ns=at(0.1), account="paper", fill_id="1", client_order_id="", instrument=LINEAR, side="sell",
        price=Decimal(60_000), quantity=Decimal("0.5"), fee=Decimal(0), fee_asset="USDT",
    )  # fmt: skip
    with run(path, here) as made:
        feed(made, reference(), sold)
        assert made.snapshot(at(1)).books[0].hedges[0].quantity.value == -3
    for book in (there, here):
        with run(path, book) as made:
            feed(made, reference())
            assert made.snapshot(at(2)).books[0].hedges[0].quantity.value == Decimal("-2.5")


def test_a_book_that_is_renamed_keeps_its_position(path: Path) -> None:
    with run(path) as made:
        broker = PaperBroker(seed_book().accounts, made.positions)
        for event in (*reference(), *market_at(0, 60_000)):
            made.apply(event)
            broker.observe(event)
        order(made, "0.6", 0.1)
        (request,) = made.take_orders()
        feed(made, broker.submit(request, at(0.1)))
    with run(path, msgspec.structs.replace(seed_book(), name="renamed")) as made:
        hold(made, 60_000, 1, 1)
        line = made.snapshot(at(1)).books[0].hedges[0]
        assert line.quantity.value == -3
        assert line.target_ratio.value == Decimal("0.5"), "its target is the one written for the book of that name"


def test_a_wallet_that_its_user_rewrote_is_no_estimate(path: Path) -> None:
    reckoned = FundingPayment(
        account="paper", payment_id="1", instrument=LINEAR, amount=Decimal(15), asset="USDT", rate=Decimal("0.0001"),
        mark_price=Decimal(60_000), settled_ns=START, estimated=True, received_ns=at(0.1),
    )  # fmt: skip
    with run(path) as made:
        feed(made, reckoned)
    with run(path) as made:
        assert made.snapshot(at(1)).books[0].accounts[0].wallet_balance.estimated
    with run(path, book_with(wallet_balance=Decimal(250_000))) as made:
        wallet = made.snapshot(at(2)).books[0].accounts[0].wallet_balance
        assert wallet.value == 250_000
        assert not wallet.estimated


def test_a_journal_that_a_crash_left_empty_is_begun(path: Path) -> None:
    """Killed between the making of the file and its first transaction: nothing was in it, nothing is lost."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    assert path.stat().st_size > 0
    with run(path) as made:
        hold(made, 60_000, 0, 1)
        assert order(made, "0.6", 0.1)
        assert len(made.take_orders()) == 1


def test_an_empty_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id=7")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="something else"):
        open_journal(path)
    assert path.read_bytes() == before


def test_positions_without_their_journal_are_told_to_be_as_declared() -> None:
    made = Engine(
        (seed_book(),), mode=Mode.PAPER, source="test", journal_failure="journal x is in use by another Hedgerow"
    )
    alert = open_alerts(made, 1)["journal"]
    assert "positions and wallets are shown as the book declares them" in alert.text
