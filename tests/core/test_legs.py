"""Hedge mode: a long and a short of one contract side by side, neither netted, mixed up or lost."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Account, Book, MarginMode
from core.commands import ConfirmStage, SetTarget, StageHedge
from core.demo_book import seed_book
from core.engine import Engine
from core.events import AnyEvent, Fill, FundingPayment, InstrumentListed, PositionUpdate
from core.exact import stated_price
from core.journal import open_journal
from core.ledger import Ledger
from core.legs import Leg, PositionKey
from core.orders import OrderRequest
from core.positions import Position
from core.records import AccountDeclared, HedgeDeclared
from core.snapshot import HedgeLine
from feeds.paper import PaperBroker
from tests.core.money import QUANTITIES
from tests.support.builders import HOUR, LINEAR, START, at, engine, feed, instrument, market_at, reference, running

CONTRACT = instrument()
ACCOUNT = Account(name="paper", venue="bybit", settle="USDT", wallet_balance=Decimal(200_000))


def ledger(mode: MarginMode = MarginMode.ISOLATED) -> Ledger:
    made = Ledger([msgspec.structs.replace(ACCOUNT, margin_mode=mode)])
    made.described(CONTRACT)
    return made


def fill(
    name: str,
    leg: Leg,
    side: str,
    quantity: Decimal | str | int,
    price: Decimal | str | int = 60_000,
    when: float = 0.1,
) -> Fill:
    return Fill(
        received_ns=at(when), account="paper", fill_id=name, client_order_id="", instrument=LINEAR, side=side,
        price=Decimal(price), quantity=Decimal(quantity), fee=Decimal(0), fee_asset="USDT", leg=leg,
    )  # fmt: skip


def funding(name: str, amount: int, leg: Leg = Leg.NET) -> FundingPayment:
    return FundingPayment(
        received_ns=at(0.2), account="paper", payment_id=name, instrument=LINEAR, amount=Decimal(amount), asset="USDT",
        rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=START, leg=leg,
    )  # fmt: skip


def report(leg: Leg, quantity: str, liquidation: str | None = None, when: float = 0.3) -> PositionUpdate:
    return PositionUpdate(
        received_ns=at(when), account="paper", instrument=LINEAR, quantity=Decimal(quantity),
        entry_price=Decimal(60_000), liquidation_price=None if liquidation is None else Decimal(liquidation),
        isolated_margin=Decimal(30_000), leg=leg,
    )  # fmt: skip


def held(made: Ledger, leg: Leg) -> Position:
    return made.position("paper", LINEAR, leg)


# --- fills ---------------------------------------------------------------------------------------------------


def test_a_long_and_a_short_lie_side_by_side() -> None:
    made = ledger()
    made.fill(fill("1", Leg.LONG, "buy", 3))
    made.fill(fill("2", Leg.SHORT, "sell", 2, 61_000))
    assert (held(made, Leg.LONG).quantity, held(made, Leg.LONG).entry_price) == (Decimal(3), Decimal(60_000))
    assert (held(made, Leg.SHORT).quantity, held(made, Leg.SHORT).entry_price) == (Decimal(-2), Decimal(61_000))
    assert not held(made, Leg.NET).open
    assert made.wallets.settle("paper") == 200_000, "nothing was closed, so nothing is realised"


@given(st.lists(st.tuples(st.sampled_from([Leg.LONG, Leg.SHORT]), st.booleans(), QUANTITIES), max_size=12))
def test_fills_of_one_leg_leave_the_other_as_it_is(fills: list[tuple[Leg, bool, Decimal]]) -> None:
    made = ledger()
    for index, (leg, adds, quantity) in enumerate(fills):
        other = Leg.SHORT if leg is Leg.LONG else Leg.LONG
        before = msgspec.structs.replace(held(made, other))
        side = "buy" if (leg is Leg.LONG) == adds else "sell"
        made.fill(fill(str(index), leg, side, quantity))
        assert held(made, other) == before
        assert held(made, Leg.LONG).quantity >= 0 >= held(made, Leg.SHORT).quantity


@pytest.mark.parametrize(
    ("leg", "opens", "closes", "kept"), [(Leg.LONG, "buy", "sell", 2), (Leg.SHORT, "sell", "buy", -2)]
)
def test_a_leg_cannot_be_taken_through_zero(leg: Leg, opens: str, closes: str, kept: int) -> None:
    made = ledger()
    made.fill(fill("1", leg, opens, 2))
    made.fill(fill("2", leg, closes, "2.001"))
    position = held(made, leg)
    assert position.quantity == kept
    assert f"the {leg.value} leg of {LINEAR}" in position.unbooked
    assert "at most what the" in position.unbooked
    assert not any(item.open for item in made.positions.values() if item.leg is not leg), "it is no flip either"


@pytest.mark.parametrize(("leg", "side"), [(Leg.LONG, "sell"), (Leg.SHORT, "buy")])
def test_a_flat_leg_cannot_be_reduced(leg: Leg, side: str) -> None:
    made = ledger()
    made.fill(fill("1", leg, side, 1))
    assert held(made, leg).quantity == 0
    assert held(made, leg).unbooked


def test_a_leg_is_closed_to_the_last_coin() -> None:
    made = ledger()
    made.fill(fill("1", Leg.SHORT, "sell", 2))
    made.fill(fill("2", Leg.SHORT, "buy", 2, 50_000))
    assert (held(made, Leg.SHORT).quantity, held(made, Leg.SHORT).unbooked) == (Decimal(0), "")
    assert made.wallets.settle("paper") == 220_000


def test_one_way_mode_flips_as_before() -> None:
    made = ledger()
    made.fill(fill("1", Leg.NET, "sell", 2))
    made.fill(fill("2", Leg.NET, "buy", 3))
    assert held(made, Leg.NET).quantity == 1


# --- funding -------------------------------------------------------------------------------------------------


def test_funding_of_a_named_leg_is_that_legs() -> None:
    made = ledger()
    made.fill(fill("1", Leg.LONG, "buy", 3))
    made.fill(fill("2", Leg.SHORT, "sell", 2))
    made.funding(funding("a", 12, Leg.SHORT))
    made.funding(funding("b", -18, Leg.LONG))
    assert (held(made, Leg.SHORT).funding, held(made, Leg.LONG).funding) == (Decimal(12), Decimal(-18))
    assert made.wallets.settle("paper") == 199_994


def test_funding_that_is_received_adds_nothing_to_a_margin() -> None:
    made = ledger()
    made.fill(fill("1", Leg.SHORT, "sell", 2))
    made.funding(funding("a", 12, Leg.SHORT))
    assert held(made, Leg.SHORT).margin == 60_000
    made.funding(funding("b", -5, Leg.SHORT))
    assert held(made, Leg.SHORT).margin == 59_995
    assert not held(made, Leg.SHORT).margin_estimated


def test_funding_of_a_cross_account_is_in_the_wallet_only() -> None:
    made = ledger(MarginMode.CROSS)
    made.fill(fill("1", Leg.SHORT, "sell", 2))
    made.funding(funding("a", -12, Leg.SHORT))
    assert held(made, Leg.SHORT).margin is None
    assert made.wallets.settle("paper") == 199_988


def test_orders_of_one_leg_do_not_block_the_other() -> None:
    made = ledger()
    for leg in (Leg.SHORT, Leg.LONG):
        made.sent(
            OrderRequest(
                client_order_id=leg.value, account="paper", instrument=LINEAR, side="sell", quantity=Decimal(1),
                limit_price=Decimal(1), reduce_only=False, created_ns=at(0), leg=leg,
            )
        )  # fmt: skip
    waiting = made.outstanding(PositionKey("paper", LINEAR, Leg.SHORT))
    assert [order.request.client_order_id for order in waiting] == ["short"]
    assert made.outstanding(PositionKey("paper", LINEAR)) == []


def test_funding_that_names_no_leg_goes_to_the_only_one_that_is_held() -> None:
    made = ledger()
    made.fill(fill("1", Leg.SHORT, "sell", 2))
    made.funding(funding("a", 12))
    assert held(made, Leg.SHORT).funding == 12
    assert PositionKey("paper", LINEAR) not in made.positions


def test_funding_that_may_be_of_either_leg_is_in_the_wallet_and_in_neither() -> None:
    """Whichever leg paid, the margin behind both is taken to be lower by it: a guess must not look safer."""
    made = ledger()
    made.fill(fill("1", Leg.LONG, "buy", 2))
    made.fill(fill("2", Leg.SHORT, "sell", 2))
    before = [held(made, leg).margin for leg in (Leg.LONG, Leg.SHORT)]
    made.funding(funding("a", -10))
    assert made.wallets.settle("paper") == 199_990
    for leg, margin in zip((Leg.LONG, Leg.SHORT), before, strict=True):
        assert margin is not None
        assert held(made, leg).margin == margin - 10
        assert held(made, leg).margin_estimated
        assert held(made, leg).funding == 0
        assert held(made, leg).unbooked_funding == ("funding of -10 USDT of the long or the short leg",)


# --- what a venue reports ------------------------------------------------------------------------------------


def test_reports_of_the_two_legs_are_independent() -> None:
    made = ledger()
    made.reported(report(Leg.LONG, "3", "40000"))
    made.reported(report(Leg.SHORT, "-2", "90000"))
    made.reported(report(Leg.LONG, "0"))
    assert (held(made, Leg.LONG).quantity, held(made, Leg.LONG).margin) == (Decimal(0), Decimal(0))
    short = held(made, Leg.SHORT)
    assert (short.quantity, short.venue_liquidation) == (Decimal(-2), Decimal(90_000))


@pytest.mark.parametrize(("leg", "quantity"), [(Leg.LONG, "-1"), (Leg.SHORT, "1")])
def test_a_report_that_contradicts_its_leg_makes_the_position_unknown(leg: Leg, quantity: str) -> None:
    made = ledger()
    made.reported(report(leg, quantity))
    assert "which that leg cannot hold" in held(made, leg).unbooked
    made.reported(report(leg, "0"))
    assert not held(made, leg).unbooked


@pytest.mark.parametrize("stated", [None, "", " ", "0", "0.0", "--", "-1", "NaN", "Infinity", "1e5", "none", "1_0"])
def test_a_liquidation_price_that_is_not_stated_is_no_price(stated: str | None) -> None:
    assert stated_price(stated) is None


@pytest.mark.parametrize("stated", [Decimal(0), Decimal(-5), Decimal("NaN"), Decimal("Infinity"), 5, 5.0, True])
def test_nor_is_one_that_is_no_positive_number(stated: object) -> None:
    assert stated_price(stated) is None
    if isinstance(stated, Decimal):
        made = ledger()
        made.reported(msgspec.structs.replace(report(Leg.SHORT, "-2"), liquidation_price=stated))
        assert held(made, Leg.SHORT).venue_liquidation is None


def test_a_stated_price_is_read_exactly() -> None:
    assert stated_price(" 89572.10 ") == Decimal("89572.10")
    assert stated_price(Decimal("0.1")) == Decimal("0.1")


# --- a book whose hedge is the short leg ---------------------------------------------------------------------


def hedged() -> Book:
    seed = seed_book()
    return msgspec.structs.replace(seed, hedges=(msgspec.structs.replace(seed.hedges[0], leg=Leg.SHORT),))


def line(made: Engine, when: float = 1) -> HedgeLine:
    return made.snapshot(at(when)).books[0].hedges[0]


def test_a_long_leg_beside_the_hedge_does_not_change_its_ratio() -> None:
    made = running(60_000, hedged())
    feed(made, fill("1", Leg.LONG, "buy", "2.5"))
    shown = line(made)
    assert (shown.leg, shown.quantity.value, shown.ratio.value) == ("short", Decimal("-2.5"), Decimal("0.5"))
    account = made.snapshot(at(1)).books[0].accounts[0]
    assert account.maintenance_margin.value == 2 * Decimal("2.5") * 60_000 * Decimal("0.005"), "both legs are margined"


def test_an_order_and_its_fill_are_of_the_hedges_leg() -> None:
    made = running(60_000, hedged())
    broker = PaperBroker(hedged().accounts, made.positions)
    for event in [*reference(), *market_at(0, 60_000)]:
        broker.observe(event)
    feed(made, fill("1", Leg.LONG, "buy", 4))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.3")), at(0.2))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.2))
    stage = made.snapshot(at(0.2)).stage
    assert stage is not None
    assert (stage.after.quantity.value, stage.refusals) == (Decimal("-1.5"), ())
    made.command(ConfirmStage(client_order_id=stage.client_order_id), at(0.2))
    (request,) = made.take_orders()
    assert (request.leg, request.side, request.reduce_only) == (Leg.SHORT, "buy", True)
    feed(made, broker.submit(request, at(0.2)))
    assert {item.key: item.quantity for item in made.positions()} == {
        PositionKey("paper", LINEAR, Leg.SHORT): Decimal("-1.5"),
        PositionKey("paper", LINEAR, Leg.LONG): Decimal(4),
    }


def test_the_paper_broker_settles_funding_on_each_leg() -> None:
    made = running(60_000, hedged())
    broker = PaperBroker(hedged().accounts, made.positions)
    for event in [*reference(), *market_at(0, 60_000)]:
        broker.observe(event)
    feed(made, fill("1", Leg.LONG, "buy", 5))
    due = msgspec.structs.replace(market_at(8 * 3600, 60_000)[0], next_funding_time_ns=START + 16 * HOUR)
    paid = [event for event in broker.observe(due) if isinstance(event, FundingPayment)]
    assert {event.leg: event.amount for event in paid} == {Leg.SHORT: Decimal(15), Leg.LONG: Decimal(-30)}
    assert len({event.payment_id for event in paid}) == 2
    feed(made, paid)
    assert line(made, 8 * 3600).funding.received.value == 15


# --- restarts ------------------------------------------------------------------------------------------------


def run(path: Path, book: Book, *events: AnyEvent) -> dict[PositionKey, Decimal]:
    with closing(open_journal(path)) as journal:
        made = engine(book, journal=journal)
        feed(made, reference(), list(events))
        return {item.key: item.quantity for item in made.positions()}


def live(book: Book) -> Book:
    return msgspec.structs.replace(book, accounts=(msgspec.structs.replace(book.accounts[0], paper=False),))


def test_a_restart_keeps_both_legs(tmp_path: Path) -> None:
    path, book = tmp_path / "journal", live(hedged())
    first = run(
        path, book, fill("1", Leg.SHORT, "sell", "0.5"), fill("2", Leg.LONG, "buy", 1), report(Leg.LONG, "1.25")
    )
    assert first == {
        PositionKey("paper", LINEAR, Leg.SHORT): Decimal(-3),
        PositionKey("paper", LINEAR, Leg.LONG): Decimal("1.25"),
    }
    assert run(path, book) == first
    assert run(path, book, fill("1", Leg.SHORT, "sell", "0.5")) == first, "the same fill again is no second one"


def test_a_hedge_that_moves_to_a_leg_starts_from_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    run(path, seed_book(), fill("1", Leg.NET, "sell", "0.5"))
    assert run(path, hedged()) == {PositionKey("paper", LINEAR, Leg.SHORT): Decimal("-2.5")}
    assert run(path, seed_book()) == {PositionKey("paper", LINEAR): Decimal("-2.5")}


OLD_FILL = (
    b'{"record":"event","happened":{"event":"fill","received_ns":1786310400100000000,"account":"paper","fill_id":"1",'
    b'"client_order_id":"","instrument":"bybit:linear:BTCUSDT","side":"sell","price":"60000","quantity":"0.5",'
    b'"fee":"0","fee_asset":"USDT"}}'
)
OLD_REPORT = (
    b'{"record":"event","happened":{"event":"position","received_ns":1786310400200000000,"account":"paper",'
    b'"instrument":"bybit:linear:BTCUSDT","quantity":"-2.75","entry_price":"60000"}}'
)


def test_a_journal_from_before_there_were_legs_is_read_as_one_way(tmp_path: Path) -> None:
    path, seed = tmp_path / "journal", seed_book()
    encode = msgspec.json.encode
    account = encode(AccountDeclared(account=seed.accounts[0]))
    hedge = encode(HedgeDeclared(book=seed.name, hedge=seed.hedges[0]))
    contract = encode({"record": "contract", "instrument": msgspec.to_builtins(CONTRACT, str_keys=True)})
    assert b"leg" not in account + hedge + contract
    with closing(open_journal(path)) as journal:
        for kind, body in (("account", account), ("hedge", hedge), ("contract", contract), ("event", OLD_FILL)):
            journal.append(kind, START, body)
    assert run(path, seed) == {PositionKey("paper", LINEAR): Decimal(-3)}
    with closing(open_journal(path)) as journal:
        journal.append("event", START, OLD_REPORT)
    assert run(path, seed) == {PositionKey("paper", LINEAR): Decimal("-2.75")}


def test_a_fill_that_waited_for_its_contract_finds_its_leg() -> None:
    made = Ledger([ACCOUNT])
    made.fill(fill("1", Leg.SHORT, "sell", 1))
    made.fill(fill("2", Leg.LONG, "buy", 2))
    made.described(InstrumentListed(instrument=CONTRACT).instrument)
    assert (held(made, Leg.SHORT).quantity, held(made, Leg.LONG).quantity) == (Decimal(-1), Decimal(2))
