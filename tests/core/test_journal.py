"""The journal: what was acknowledged is there after a crash, what is damaged is left alone."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.books import Book
from core.commands import ConfirmStage, SetTarget, StageHedge, StepTarget, UndoTarget
from core.demo_book import replay_book, seed_book
from core.engine import Engine
from core.errors import JournalError
from core.events import FundingPayment, OrderState
from core.journal import Journal, open_journal
from core.snapshot import Mode, Snapshot
from feeds.paper import PaperBroker
from tests.support.builders import (
    LINEAR,
    START,
    at,
    engine,
    feed,
    listed,
    market_at,
    perpetual,
    reference,
    running,
)
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hedgerow.journal"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(open_journal(path)) as opened:
        yield opened


# --- the file ------------------------------------------------------------------------------------------------


def test_rows_come_back_in_order(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        for number in range(5):
            journal.append("kind", number, str(number).encode())
    with closing(open_journal(path)) as journal:
        assert [(row.time_ns, row.kind, row.body) for row in journal.rows()] == [
            (number, "kind", str(number).encode()) for number in range(5)
        ]


def test_every_row_is_flushed_to_the_disk(journal: Journal) -> None:
    connection = journal._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize("statement", ["UPDATE journal SET body = 'x'", "DELETE FROM journal"])
def test_the_file_itself_forbids_changing_the_past(journal: Journal, statement: str) -> None:
    journal.append("kind", 1, b"{}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        journal._connection.execute(statement)


def test_a_second_writer_is_refused_while_the_first_lives(path: Path) -> None:
    first = open_journal(path)
    with pytest.raises(JournalError, match="in use by another Hedgerow"):
        open_journal(path)
    first.close()
    open_journal(path).close()


def refused(path: Path, words: str) -> None:
    """Opening (and reading) is refused with these words, and leaves every byte as it was."""
    before = path.read_bytes()
    with pytest.raises(JournalError, match=words) as caught, closing(open_journal(path)) as journal:
        list(journal.rows())
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_file_that_is_no_journal_is_left_alone(path: Path) -> None:
    path.write_text("my tax return\n" * 200)
    refused(path, "damaged or no journal")


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    refused(path, "database of something else")


def test_a_journal_of_a_later_version_is_left_alone(path: Path) -> None:
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    refused(path, "has schema 99, this version reads 1")


def test_a_file_cut_short_is_refused(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        for number in range(200):
            journal.append("kind", number, b"x" * 200)
    path.write_bytes(path.read_bytes()[:20_000])
    refused(path, "damaged")


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_byte_in_a_row_is_noticed(path: Path, seed: int) -> None:
    bodies = [f"<<<{number:04}>>>".encode() for number in range(50)]
    with closing(open_journal(path)) as journal:
        for body in bodies:
            journal.append("kind", 1, body)
    content = bytearray(path.read_bytes())
    place = content.index(random.Random(seed).choice(bodies)) + 4
    content[place] ^= 0x10
    path.write_bytes(content)
    refused(path, "damaged in row")


def test_a_row_that_cannot_be_understood_is_named(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        journal.append("order", 1, b'{"record":"of something unheard of"}')
        with pytest.raises(JournalError, match="row 1"):
            engine(journal=journal)


# --- what survives -------------------------------------------------------------------------------------------


def essence(snapshot: Snapshot) -> object:
    """What must be the same after a restart, when the same market is seen again."""
    return (snapshot.books, [(item.client_order_id, item.state, item.reason) for item in snapshot.orders])


def trade(made: Engine, broker: PaperBroker, ratio: str, when: float) -> str:
    """Move the target, stage, confirm, and let the broker fill; the id of the order."""
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio)), at(when))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(when))
    staged = made.snapshot(at(when)).stage
    assert staged is not None
    made.command(ConfirmStage(client_order_id=staged.client_order_id), at(when))
    (order,) = made.take_orders()
    feed(made, broker.submit(order, at(when)))
    return order.client_order_id


def live(made: Engine, broker: PaperBroker, when: float, price: int = 60_000) -> None:
    for event in (*reference(), *market_at(when, price)):
        made.apply(event)
        feed(made, broker.observe(event))


def start(journal: Journal, book: Book | None = None) -> tuple[Engine, PaperBroker]:
    made = engine(book, journal=journal)
    return made, PaperBroker((book or seed_book()).accounts, made.positions)


def test_targets_fills_funding_and_orders_survive_a_restart(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        live(made, broker, 0)
        first = trade(made, broker, "0.6", 0.1)
        second = trade(made, broker, "0.3", 0.2)
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.44")), at(0.3))
        feed(made, FundingPayment(
            account="paper", payment_id="1", instrument=LINEAR, amount=Decimal("-9.5"), asset="USDT",
            rate=Decimal("-0.0001"), mark_price=Decimal(60_000), settled_ns=START, received_ns=at(0.4),
        ))  # fmt: skip
        live(made, broker, 0.5)
        before = made.snapshot(at(0.5))
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        live(made, broker, 0.5)
        after = made.snapshot(at(0.5))
        assert essence(after) == essence(before)
        assert [item.client_order_id for item in after.orders] == [second, first]
        assert after.books[0].hedges[0].quantity.value == Decimal("-1.5")
        assert after.books[0].hedges[0].target_ratio.value == Decimal("0.44")
        made.command(UndoTarget(book="bitcoin"), at(0.6))
        assert made.snapshot(at(0.6)).books[0].hedges[0].target_ratio.value == Decimal("0.3")
        third = trade(made, broker, "0.5", 0.7)
        assert [name.split("-")[1] for name in (first, second, third)] == ["1", "2", "3"]


def test_an_alert_that_is_open_stays_open_over_a_restart_until_it_is_seen_to_be_over(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        for second in range(8):
            live(made, broker, second, 80_000)
        (before,) = (item for item in made.snapshot(at(8)).alerts if item.rule == "liquidation distance")
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        (restored,) = (item for item in made.snapshot(at(9)).alerts if item.rule == "liquidation distance")
        assert (restored.severity, restored.since_ns, restored.ended_ns) == (before.severity, before.since_ns, None)
        live(made, broker, 10, 60_000)
        (ended,) = (item for item in made.snapshot(at(10)).alerts if item.rule == "liquidation distance")
        assert ended.ended_ns == at(10)
    with closing(open_journal(path)) as journal:
        made, _ = start(journal)
        assert {item.rule: item.ended_ns is None for item in made.snapshot(at(11)).alerts} == {
            "liquidation distance": False
        }


def test_a_paper_order_that_was_never_filled_is_cancelled_by_the_restart(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        live(made, broker, 0)
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
        made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
        staged = made.snapshot(at(0.1)).stage
        assert staged is not None
        made.command(ConfirmStage(client_order_id=staged.client_order_id), at(0.1))
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        (order,) = made.snapshot(at(1)).orders
        assert (order.client_order_id, order.state) == (staged.client_order_id, OrderState.CANCELLED)
        assert made.take_orders() == [], "an intent of an earlier run is never sent by itself"
        live(made, broker, 1)
        made.command(ConfirmStage(client_order_id=staged.client_order_id), at(1))
        assert "already sent" in made.snapshot(at(1)).message


def test_an_order_whose_fill_was_written_but_not_its_state_is_filled(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        live(made, broker, 0)
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
        made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
        staged = made.snapshot(at(0.1)).stage
        assert staged is not None
        made.command(ConfirmStage(client_order_id=staged.client_order_id), at(0.1))
        (order,) = made.take_orders()
        made.apply(broker.submit(order, at(0.1))[0])
    with closing(open_journal(path)) as journal:
        made, _ = start(journal)
        snapshot = made.snapshot(at(1))
        assert snapshot.orders[0].state is OrderState.FILLED
        assert snapshot.books[0].hedges[0].quantity.value == -3


def test_a_position_opened_by_assumption_is_opened_once_in_the_life_of_the_journal(path: Path) -> None:
    book = replay_book({"BTC": Decimal(2)})
    lines = []
    for price in (60_000, 70_000):
        with closing(open_journal(path)) as journal:
            made = engine(book, journal=journal)
            feed(made, listed(LINEAR), perpetual(0, price))
            lines.append(made.snapshot(at(0)).books[0].hedges[0])
    assert [line.entry_price.value for line in lines] == [60_000, 60_000]
    assert lines[1].profit.value == -10_000
    assert lines[1].opened_note == lines[0].opened_note != ""


def test_a_position_opened_by_assumption_opens_anew_where_its_user_rewrote_it(path: Path) -> None:
    book = replay_book({"BTC": Decimal(2)})
    hedge = msgspec.structs.replace(book.hedges[0], quantity=Decimal("-0.5"), entry_price=Decimal(50_000))
    with closing(open_journal(path)) as journal:
        feed(engine(book, journal=journal), listed(LINEAR), perpetual(0, 60_000))
    for price in (70_000, 80_000):
        with closing(open_journal(path)) as journal:
            made = engine(msgspec.structs.replace(book, hedges=(hedge,)), journal=journal)
            feed(made, listed(LINEAR), perpetual(0, price))
            line = made.snapshot(at(0)).books[0].hedges[0]
            assert line.quantity.value == -1
            assert line.entry_price.value == 60_000, "half at 50,000 as written, half at 70,000 as opened"


def test_what_the_user_rewrites_in_the_book_wins_over_the_journal(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        made, broker = start(journal)
        live(made, broker, 0)
        trade(made, broker, "0.6", 0.1)
    hedge = seed_book().hedges[0]
    retargeted = msgspec.structs.replace(
        seed_book(), hedges=(msgspec.structs.replace(hedge, target_ratio=Decimal("0.7")),)
    )
    with closing(open_journal(path)) as journal:
        line = engine(retargeted, journal=journal).snapshot(at(1)).books[0].hedges[0]
        assert line.target_ratio.value == Decimal("0.7")
        assert line.quantity.value == -3, "the position was not rewritten"
    rewritten = msgspec.structs.replace(
        seed_book(), hedges=(msgspec.structs.replace(hedge, quantity=Decimal(-1), isolated_margin=Decimal(30_000)),)
    )
    for _ in range(2):
        with closing(open_journal(path)) as journal:
            line = engine(rewritten, journal=journal).snapshot(at(2)).books[0].hedges[0]
            assert line.quantity.value == -1
            assert line.target_ratio.value == Decimal("0.5")


# --- kill -9 -------------------------------------------------------------------------------------------------

VICTIM = textwrap.dedent(
    """
    import sys
    from decimal import Decimal
    from pathlib import Path
    from core.commands import ConfirmStage, SetTarget, StageHedge
    from core.journal import open_journal
    from feeds.paper import PaperBroker
    from core.demo_book import seed_book
    from core.books import Limits
    import msgspec
    from tests.support.builders import *

    book = msgspec.structs.replace(seed_book(), limits=Limits(maximum_orders_per_minute=10**6))
    made = engine(book, journal=open_journal(Path(sys.argv[1])))
    broker = PaperBroker(book.accounts, made.positions)
    when, ratio = 0.0, 40
    while True:
        when += 0.5
        for event in (*reference(), *market_at(when, 60_000)):
            made.apply(event)
            broker.observe(event)
        ratio = 40 if ratio == 60 else ratio + 1
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio) / 100), at(when))
        print("target", ratio, flush=True)
        made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(when))
        staged = made.snapshot(at(when)).stage
        if staged is None:
            continue
        made.command(ConfirmStage(client_order_id=staged.client_order_id), at(when))
        for order in made.take_orders():
            print("intent", order.client_order_id, flush=True)
            for event in broker.submit(order, at(when)):
                made.apply(event)
            held = made.positions()
            print("filled", order.client_order_id, held[0].quantity if held else 0, flush=True)
    """
)


@pytest.mark.parametrize("seed", range(4))
def test_everything_acknowledged_is_there_after_kill_9(path: Path, seed: int) -> None:
    """The victim trades as fast as it can and says what it has done; it is killed in the midst of it."""
    lines = random.Random(seed).randint(20, 400)
    said: list[list[str]] = []
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        for _ in range(lines):
            said.append(victim.stdout.readline().split())
        victim.send_signal(signal.SIGKILL)
        said += [line.split() for line in victim.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    targets = [line[1] for line in said if line[0] == "target"]
    intents = [line[1] for line in said if line[0] == "intent"]
    fills = {line[1]: Decimal(line[2]) for line in said if line[0] == "filled"}
    assert intents
    with closing(open_journal(path)) as journal:
        made = engine(journal=journal)
        snapshot = made.snapshot(at(10**6))
        known = {order.request.client_order_id: order for order in made._ledger.orders.values()}
        assert set(intents) <= known.keys()
        assert len(known) - len(intents) <= 1
        assert {known[name].state for name in fills} <= {OrderState.FILLED}
        assert {order.state for order in known.values()} <= {OrderState.FILLED, OrderState.CANCELLED}
        recorded = snapshot.books[0].hedges[0].target_ratio.value
        following = 40 if targets[-1] == "60" else int(targets[-1]) + 1
        assert recorded in (Decimal(targets[-1]) / 100, Decimal(following) / 100)
        quantity = made.positions()[0].quantity
        traded = sum(
            made._ledger.filled_quantity(name) * (1 if known[name].request.side == "buy" else -1) for name in known
        )
        assert quantity == Decimal("-2.5") + traded
        if intents[-1] in fills and len(known) == len(intents):
            assert quantity == fills[intents[-1]]


# --- a disk that does not take it ----------------------------------------------------------------------------

FULL_DISK = textwrap.dedent(
    """
    import resource, signal, sys
    from decimal import Decimal
    from pathlib import Path
    from core.commands import ConfirmStage, SetTarget, StageHedge, StepTarget
    from core.journal import open_journal
    from tests.support.builders import *

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    path = Path(sys.argv[1])
    made = running(60_000, journal=open_journal(path))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    staged = made.snapshot(at(0.1)).stage
    assert staged.refusals == (), staged.refusals

    used = max(item.stat().st_size for item in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (used, resource.RLIM_INFINITY))
    made.command(ConfirmStage(client_order_id=staged.client_order_id), at(0.2))
    snapshot = made.snapshot(at(0.2))
    assert made.take_orders() == []
    assert "cannot be written" in snapshot.message, snapshot.message
    assert "cannot be written" in snapshot.journal, snapshot.journal
    assert [(item.rule, item.severity) for item in snapshot.alerts] == [("journal", "alarm")], snapshot.alerts
    assert any("cannot be written" in text for text in snapshot.stage.refusals)

    made.command(StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal("0.05")), at(0.3))
    assert made.snapshot(at(0.3)).books[0].hedges[0].target_ratio.value == Decimal("0.6")

    feed(made, market_at(1, 48_000))
    assert made.snapshot(at(1)).books[0].hedges[0].profit.value == 30_000
    feed(made, market_at(20, 80_000), market_at(26, 80_000))
    assert "liquidation distance" in {item.rule for item in made.snapshot(at(26)).alerts}

    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    feed(made, market_at(40, 60_000))
    snapshot = made.snapshot(at(40))
    assert snapshot.journal == "", snapshot.journal
    assert all(item.ended_ns is not None for item in snapshot.alerts if item.rule == "journal")
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(40))
    staged = made.snapshot(at(40)).stage
    made.command(ConfirmStage(client_order_id=staged.client_order_id), at(40))
    print(len(made.take_orders()))
    """
)


def test_a_full_disk_refuses_orders_and_keeps_watching_and_heals(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"
    with closing(open_journal(path)) as journal:
        rules = [item.rule for item in engine(journal=journal).snapshot(at(41)).alerts]
    assert "journal" in rules, "what happened while the disk was full was written afterwards"


def test_a_journal_that_could_not_be_opened_refuses_orders_and_keeps_watching() -> None:
    made = Engine((seed_book(),), mode=Mode.PAPER, source="test", journal_failure="journal x cannot be opened")
    feed(made, reference(), market_at(0, 48_000))
    made.command(StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal("0.05")), at(0.1))
    snapshot = made.snapshot(at(0.1))
    assert snapshot.books[0].totals.net_profit.value == -30_000
    assert snapshot.books[0].hedges[0].target_ratio.value == Decimal("0.5")
    assert snapshot.journal == "journal x cannot be opened"
    assert [item.rule for item in snapshot.alerts] == ["journal"]


def test_a_journal_that_may_not_be_written_is_refused_in_words(path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    open_journal(path).close()
    path.chmod(0o400)
    with pytest.raises(JournalError, match="cannot be used"):
        open_journal(path)


def test_a_place_that_cannot_hold_a_journal_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "journal"):
        with pytest.raises(JournalError, match="cannot be opened"):
            open_journal(place)


def test_without_a_journal_nothing_is_kept_and_orders_go_through() -> None:
    made = running(60_000)
    broker = PaperBroker(seed_book().accounts, made.positions)
    live(made, broker, 0)
    trade(made, broker, "0.6", 0.1)
    snapshot = made.snapshot(at(0.2))
    assert snapshot.journal == ""
    assert snapshot.books[0].hedges[0].quantity.value == -3
