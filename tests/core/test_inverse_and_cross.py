"""Coin-margined and cross-margined hedges all the way: from market and key press to fill, funding and alerts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from core.books import Account, Book, Hedge, Lot, MarginMode
from core.commands import ConfirmStage, SetTarget, StageHedge
from core.engine import Engine
from core.events import AnyEvent, Fill
from core.snapshot import BookView, Mode, Severity, StageView
from feeds.paper import PaperBroker
from tests.support.builders import (
    HOUR,
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
    inverse_book,
    listed,
    perpetual,
    reference,
    spot,
    ticker,
    tiers,
)

ETH = "bybit:linear:ETHUSDT"
SECOND_LEG = "bybit:linear:BTCPERP"


class Desk:
    """An engine with the paper broker beside it, as the program runs them."""

    def __init__(self, book: Book, *start: AnyEvent) -> None:
        self.book = book
        self.engine: Engine = engine(book)
        self.broker = PaperBroker(book.accounts, self.engine.positions)
        self.hear(*start)

    def hear(self, *events: AnyEvent) -> None:
        for event in events:
            feed(self.engine, event)
            feed(self.engine, self.broker.observe(event))

    def view(self, when: float) -> BookView:
        return self.engine.snapshot(at(when)).books[0]

    def stage(self, instrument: str, ratio: str, when: float) -> StageView:
        self.engine.command(SetTarget(book=self.book.name, instrument=instrument, ratio=Decimal(ratio)), at(when))
        self.engine.command(StageHedge(book=self.book.name, instrument=instrument), at(when))
        stage = self.engine.snapshot(at(when)).stage
        assert stage is not None, self.engine.snapshot(at(when)).message
        return stage

    def send(self, stage: StageView, when: float) -> Fill:
        self.engine.command(ConfirmStage(client_order_id=stage.client_order_id), at(when))
        (order,) = self.engine.take_orders()
        events = self.broker.submit(order, at(when))
        feed(self.engine, events)
        fill = events[0]
        assert isinstance(fill, Fill)
        return fill


def close(found: Decimal | None, true: Fraction) -> bool:
    """Equal to 24 digits: the oracle is exact, the engine's quotients are not."""
    return found is not None and abs(Fraction(found) - true) <= abs(true) / 10**24


# --- inverse -------------------------------------------------------------------------------------------------


def inverse_desk(price: int, book: Book | None = None) -> Desk:
    contract = msgspec.structs.replace(
        listed(INVERSE).instrument, quantity_step=Decimal(1), minimum_quantity=Decimal(1), minimum_notional=None
    )
    described = msgspec.structs.replace(listed(INVERSE), instrument=contract)
    start = (described, listed(SPOT), tiers(INVERSE, first_cap="100"), perpetual(0, price, INVERSE), spot(0, price))
    return Desk(book or inverse_book(), *start)


@pytest.mark.parametrize("price", [40_000, 60_000, 75_000, 90_000])
def test_a_coin_margined_short_is_worth_in_dollars_what_a_linear_one_is(price: int) -> None:
    """150,000 USD short from 60,000 earns at any price what 2.5 BTC short do, but in coins."""
    line = inverse_desk(price).view(0.1).hedges[0]
    coins = 150_000 * (Fraction(1, price) - Fraction(1, 60_000))
    assert close(line.profit.value, coins) or not coins
    assert close(line.profit_quote.value, Fraction("2.5") * (60_000 - price)) or not coins
    assert line.notional.value == 150_000
    assert close(line.delta.value, -Fraction(150_000, price))
    assert line.quantity_unit == "USD"
    assert close(line.maintenance_margin.value, Fraction(150_000, price) * Fraction("0.005"))


def test_an_inverse_order_averages_harmonically_and_pays_its_fee_in_coins() -> None:
    desk = inverse_desk(48_000)
    stage = desk.stage(INVERSE, "0.8", 0.1)
    assert stage.quantity.value == (5 + Decimal("0.625")) * 48_000 * Decimal("0.8") - 150_000 == 66_000
    assert stage.settle == "BTC"
    fill = desk.send(stage, 0.2)
    price = Fraction("47999.9")
    assert Fraction(fill.price) == price
    assert close(fill.fee, 66_000 / price * Fraction("0.00055"))
    book = desk.view(0.2)
    line = book.hedges[0]
    assert line.quantity.value == -216_000
    assert close(line.entry_price.value, 216_000 / (Fraction(150_000, 60_000) + 66_000 / price))
    assert close(line.margin.value, Fraction("1.25") + 66_000 / price / 2)
    assert close(book.accounts[0].wallet_balance.value, 5 - Fraction(fill.fee))
    assert close(line.fees.value, Fraction(fill.fee))
    assert close(book.totals.fees.value, Fraction(fill.fee) * 48_000)
    for name in ("quantity", "ratio", "margin", "liquidation_price"):
        assert getattr(stage.after, name).value == getattr(line, name).value, f"the preview told {name}"


def test_an_inverse_reduction_realises_coins_and_frees_margin() -> None:
    desk = inverse_desk(48_000)
    stage = desk.stage(INVERSE, "0.5", 0.1)
    assert stage.side == "buy"
    assert stage.quantity.value == 150_000 - 5.625 * 48_000 / 2 == 15_000
    assert stage.reduce_only
    fill = desk.send(stage, 0.2)
    line = desk.view(0.2).hedges[0]
    assert close(line.realised.value, 15_000 * (1 / Fraction("48000.1") - Fraction(1, 60_000)))
    assert line.entry_price.value == 60_000
    assert line.margin.value == Decimal("1.125")
    gained = Fraction(line.realised.value or 0) - Fraction(fill.fee)
    assert close(desk.view(0.2).accounts[0].wallet_balance.value, 5 + gained)


def test_inverse_funding_is_booked_in_coins_and_shown_in_dollars_at_mark() -> None:
    desk = inverse_desk(50_000)
    assert desk.view(0.1).hedges[0].funding.next_payment.value == Decimal("0.0003")
    desk.hear(
        ticker(
            8 * 3600, INVERSE, mark=40_000, index=40_000, bid=39_999, ask=40_001, rate="0.0001",
            next_funding_ns=START + 16 * HOUR, interval=8,
        )
    )  # fmt: skip
    book = desk.view(8 * 3600)
    received = book.hedges[0].funding.received
    assert received.value == Decimal("0.0003"), "at the mark before the settlement, not at the one that followed it"
    assert received.estimated
    assert book.accounts[0].wallet_balance.value == Decimal("5.0003")
    assert book.accounts[0].wallet_balance.estimated
    assert book.totals.funding_received.value == 12


def test_an_inverse_short_is_liquidated_by_a_rise_and_says_so_in_time() -> None:
    """1.25 BTC behind 150,000 USD at 60,000: equity is the requirement at 60,000 · 2.5 · 0.995 ÷ 1.25 = 119,400."""
    desk = inverse_desk(60_000)
    line = desk.view(0.1).hedges[0]
    assert close(line.liquidation_price.value, Fraction(119_400))
    assert close(line.liquidation_distance.value, Fraction(99, 100))
    desk.hear(perpetual(1, 119_500, INVERSE), perpetual(1.1, 119_500, INVERSE), perpetual(1.2, 119_500, INVERSE))
    snapshot = desk.engine.snapshot(at(1.3))
    line = snapshot.books[0].hedges[0]
    assert line.liquidation_distance.value is not None
    assert line.liquidation_distance.value < 0
    assert line.margin_usage.value is not None
    assert line.margin_usage.value > 1
    assert [view.rule for view in snapshot.alerts if view.severity is Severity.CRITICAL] == ["liquidated"]


def test_an_inverse_short_that_erosion_has_left_with_nothing_is_not_called_safe() -> None:
    """A lower price makes coin collateral no better; below its requirement at every price there is no price to name."""
    desk = inverse_desk(60_000, inverse_book(margin="-3"))
    line = desk.view(0.1).hedges[0]
    assert line.margin_usage.absent == "no equity left behind the position"
    assert "liquidated" in {view.rule for view in desk.engine.snapshot(at(0.1)).alerts}


# --- cross ---------------------------------------------------------------------------------------------------


def cross_book(wallet: str, *legs: tuple[str, str, str, int], venue: str = "bybit") -> Book:
    """Legs as (asset, contract, quantity, entry price) on one wallet."""
    account = Account(
        name="pot", venue=venue, settle="USDT", wallet_balance=Decimal(wallet), margin_mode=MarginMode.CROSS
    )
    return Book(
        name="cross",
        lots=(Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000)), Lot(asset="ETH", quantity=Decimal(100))),
        hedges=tuple(
            Hedge(
                asset=asset, instrument=contract, account="pot", target_ratio=Decimal("0.5"),
                quantity=Decimal(quantity), entry_price=Decimal(entry),
            )
            for asset, contract, quantity, entry in legs
        ),
        accounts=(account,),
    )  # fmt: skip


BTC_LEG = ("BTC", LINEAR, "-2.5", 60_000)
ETH_LEG = ("ETH", ETH, "-50", 3_000)


def cross_desk(book: Book, bitcoin: int = 60_000, ether: int = 3_000) -> Desk:
    desk = Desk(book, *reference(), listed(ETH), tiers(ETH), listed(SECOND_LEG), tiers(SECOND_LEG))
    desk.hear(perpetual(0, bitcoin), perpetual(0, ether, ETH), perpetual(0, bitcoin, SECOND_LEG))
    return desk


def test_a_loss_on_one_leg_brings_the_liquidation_of_the_other_nearer() -> None:
    book = cross_book("150000", BTC_LEG, ETH_LEG)
    calm, loss = cross_desk(book), cross_desk(book, ether=4_000)
    before, after = (desk.view(0.1).hedges[0].liquidation_price.value for desk in (calm, loss))
    assert before is not None
    assert after is not None
    moved = (Fraction(50) * 1_000 * Fraction("1.005")) / (Fraction("2.5") * Fraction("1.005"))
    assert close(before - after, moved)
    account = loss.view(0.1).accounts[0]
    assert account.unrealised.value == -50_000
    closing = 2 * Decimal(150_000) * Decimal("1.5") * Decimal("0.00055")  # at the bankruptcy prices of 2x
    assert account.margin_usage.value == (750 + 1_000 + closing) / Decimal(100_000)
    for line in loss.view(0.1).hedges:
        assert line.margin_usage == account.margin_usage, "one wallet, one usage"
        assert line.margin.absent == "cross margin: the whole wallet backs it"


def test_the_preview_of_one_leg_counts_what_the_other_ties_up() -> None:
    """166,000 of equity carry 150,000 of initial margin; 0.5 BTC more asks for 15,000 and a fee, 0.6 BTC for 18,000."""
    book = cross_book("166000", BTC_LEG, ETH_LEG)
    enough = cross_desk(book).stage(LINEAR, "0.6", 0.1)
    assert enough.refusals == ()
    assert enough.after.liquidation_price.value is not None
    lacking = cross_desk(book).stage(LINEAR, "0.62", 0.1)
    assert lacking.refusals[0].startswith("account pot lacks 2")


def test_a_cross_account_without_equity_is_critical_as_a_whole() -> None:
    desk = cross_desk(cross_book("150000", BTC_LEG, ETH_LEG), bitcoin=105_000, ether=4_000)
    snapshot = desk.engine.snapshot(at(0.1))
    account = snapshot.books[0].accounts[0]
    assert account.margin_balance.value == 150_000 - 112_500 - 50_000
    assert account.margin_usage.absent == "no equity left behind the position"
    alerts = {view.rule: view for view in snapshot.alerts}
    assert (alerts["liquidated"].subject, alerts["liquidated"].severity) == ("pot", Severity.CRITICAL)


def test_a_cross_leg_beyond_rescue_by_any_price_is_not_called_safe() -> None:
    """The other leg has lost more than the wallet: no fall of bitcoin to zero would pay for it."""
    desk = cross_desk(cross_book("20000", BTC_LEG, ETH_LEG), ether=8_000)
    line = desk.view(0.1).hedges[0]
    assert line.liquidation_price.absent == line.liquidation_distance.absent == "no equity left behind the position"
    assert line.margin_usage.absent == "no equity left behind the position"


@pytest.mark.parametrize(("second", "estimated"), [((*BTC_LEG[:1], SECOND_LEG, "-1", 60_000), True), (ETH_LEG, False)])
def test_two_positions_on_one_coin_make_each_liquidation_price_an_estimate(
    second: tuple[str, str, str, int], estimated: bool
) -> None:
    """The convention holds the other at its mark, but both move with their coin: the account dies earlier."""
    book = cross_book("150000", BTC_LEG, second, venue="binance")
    line = cross_desk(book).view(0.1).hedges[0]
    assert line.liquidation_price.estimated is estimated
    assert line.liquidation_source.endswith("held at their marks") is estimated


def test_a_leg_that_holds_nothing_makes_no_estimate() -> None:
    book = cross_book("150000", BTC_LEG, ("BTC", SECOND_LEG, "0", 60_000), venue="binance")
    assert not cross_desk(book).view(0.1).hedges[0].liquidation_price.estimated


def test_two_isolated_positions_on_one_coin_do_not_touch_each_other() -> None:
    book = cross_book("500000", BTC_LEG, (*BTC_LEG[:1], SECOND_LEG, "-1", 60_000), venue="binance")
    account = msgspec.structs.replace(book.accounts[0], margin_mode=MarginMode.ISOLATED)
    line = cross_desk(msgspec.structs.replace(book, accounts=(account,))).view(0.1).hedges[0]
    assert line.liquidation_price.known
    assert not line.liquidation_price.estimated
    assert line.liquidation_source == "ours, tiers of 2026-08-09"


def test_two_books_on_one_cross_account_share_its_margin() -> None:
    first = cross_book("150000", BTC_LEG)
    second = msgspec.structs.replace(cross_book("150000", ETH_LEG), name="other")
    made = Engine((first, second), mode=Mode.PAPER, source="test")
    feed(made, reference(), listed(ETH), tiers(ETH), perpetual(0, 60_000), perpetual(0, 4_000, ETH))
    views = made.snapshot(at(0.1)).books
    assert views[0].accounts[0].unrealised.value == views[1].accounts[0].unrealised.value == -50_000
    alone = cross_desk(first).view(0.1).hedges[0].liquidation_price.value
    shared = views[0].hedges[0].liquidation_price.value
    assert alone is not None
    assert shared is not None
    assert shared < alone
