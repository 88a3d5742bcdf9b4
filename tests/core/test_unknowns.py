"""What cannot be known is neither shown as known nor read as calm, and an estimate keeps its mark."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from core.books import Account, Book, Hedge, Lot
from core.commands import ConfirmStage, SetTarget, StageHedge
from core.demo_book import seed_book
from core.engine import Engine
from core.errors import RequestError
from core.events import AnyEvent, BalanceUpdate, Fill, FundingPayment, PositionUpdate
from core.figures import Freshness
from core.journal import open_journal
from core.ledger import Ledger
from core.snapshot import AlertView, Severity
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
    instrument,
    listed,
    market_at,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)

DATED = "bybit:linear:BTCUSDT-25SEP26"
SECOND_LEG = "bybit:linear:BTCPERP"


def fill(identity: str, quantity: str, price: str = "60000", *, side: str = "sell", fee: str = "10") -> Fill:
    return Fill(
        received_ns=at(0.1), account="paper", fill_id=identity, client_order_id="", instrument=LINEAR, side=side,
        price=Decimal(price), quantity=Decimal(quantity), fee=Decimal(fee), fee_asset="USDT",
    )  # fmt: skip


def payment(amount: str, *, estimated: bool = True, asset: str = "USDT", when: float = 0.1) -> FundingPayment:
    return FundingPayment(
        account="paper", payment_id=f"{amount} {asset}", instrument=LINEAR, amount=Decimal(amount), asset=asset,
        rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=START, estimated=estimated,
        received_ns=at(when),
    )  # fmt: skip


def reported(
    when: float,
    quantity: str = "-2.5",
    *,
    entry: str | None = "60000",
    margin: str | None = "75000",
    liquidation: str | None = None,
) -> PositionUpdate:
    return PositionUpdate(
        received_ns=at(when), account="paper", instrument=LINEAR, quantity=Decimal(quantity),
        entry_price=None if entry is None else Decimal(entry),
        isolated_margin=None if margin is None else Decimal(margin),
        liquidation_price=None if liquidation is None else Decimal(liquidation),
    )  # fmt: skip


def open_alerts(made: Engine, when: float) -> dict[str, AlertView]:
    return {view.rule: view for view in made.snapshot(at(when)).alerts if view.ended_ns is None}


def hold(made: Engine, seconds: int, price: int = 60_000, start: int = 1) -> None:
    for second in range(start, seconds + 1):
        feed(made, market_at(second, price))


# --- fills and payments that cannot be booked ----------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", [fill("1", "0.5", "0"), fill("1", "NaN"), fill("1", "0.5", fee="NaN"), fill("1", "0.5", "sNaN")]
)
def test_a_fill_that_cannot_be_booked_leaves_the_position_unknown_until_it_is_reported_anew(bad: Fill) -> None:
    made = running()
    feed(made, bad)
    snapshot = made.snapshot(at(0.2))
    line = snapshot.books[0].hedges[0]
    assert snapshot.message.startswith(f"a fill of {LINEAR} cannot be booked")
    for figure in (line.quantity, line.delta, line.profit, line.ratio, line.liquidation_price, line.order_to_target):
        assert f"a fill of {LINEAR} that cannot be booked" in figure.missing[0]
    assert not snapshot.books[0].accounts[0].wallet_balance.known, "what the fill cost or gained is not in it"
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.2))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.2))
    assert made.snapshot(at(0.2)).stage is None, "no order is sized from a position that is not known"
    hold(made, 11)
    assert "position" in open_alerts(made, 11)["blind"].text
    feed(made, reported(11.5, "-3"))
    assert made.snapshot(at(11.6)).books[0].hedges[0].quantity.value == -3
    assert "blind" not in open_alerts(made, 11.6)


def test_a_fill_on_a_position_without_an_entry_price_never_stops_the_engine() -> None:
    made = engine()
    feed(made, reported(0, entry=None), fill("1", "0.5"), fill("2", "sNaN"), market_at(0, 60_000), reference())
    assert not made.snapshot(at(0.2)).books[0].hedges[0].quantity.known


def test_a_fill_that_cannot_be_booked_is_not_forgotten_by_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    for feeding in (True, False):
        with closing(open_journal(path)) as journal:
            made = engine(journal=journal)
            feed(made, reference(), market_at(0, 60_000))
            if feeding:
                feed(made, reported(0, entry=None), fill("1", "0.5"))
            assert not made.snapshot(at(0.2)).books[0].hedges[0].quantity.known


def test_a_position_that_its_venue_reports_is_not_opened_by_assumption() -> None:
    hedge = msgspec.structs.replace(seed_book().hedges[0], quantity=Decimal(0), open_at_market=True)
    made = engine(msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    feed(made, reference(), reported(0, "-1"))
    assert made.snapshot(at(0.1)).books[0].hedges[0].quantity.value == -1
    feed(made, market_at(0.2, 60_000))
    assert made.snapshot(at(0.3)).books[0].hedges[0].quantity.value == -1


@pytest.mark.parametrize("bad", [payment("NaN"), payment("15", asset="BNB")])
def test_a_payment_that_cannot_be_booked_makes_what_was_received_unknown(bad: FundingPayment) -> None:
    made = running()
    feed(made, payment("15"), bad)
    book = made.snapshot(at(0.2)).books[0]
    assert book.hedges[0].funding.received.missing == (f"funding of {bad.amount} {bad.asset}",)
    assert not book.totals.net_profit.known
    assert book.accounts[0].wallet_balance.value == 200_015


@pytest.mark.parametrize(
    "bad",
    [
        BalanceUpdate(received_ns=at(0.1), account="paper", asset="USDT", wallet_balance=Decimal("NaN")),
        reported(0.1, "NaN"),
    ],
)
def test_a_report_without_a_number_is_no_report(bad: AnyEvent) -> None:
    made = running()
    before = made.snapshot(at(0.2)).books
    feed(made, bad)
    assert made.snapshot(at(0.2)).books == before


# --- the venue's own liquidation price -----------------------------------------------------------------------


@pytest.mark.parametrize(("age", "freshness"), [(19, Freshness.LIVE), (20, Freshness.LATE), (60, Freshness.STALE)])
def test_the_venues_liquidation_price_ages_with_its_report(age: float, freshness: Freshness) -> None:
    made = running()
    feed(made, reported(0, liquidation="89123.4"), market_at(age, 60_000))
    line = made.snapshot(at(age)).books[0].hedges[0]
    assert line.liquidation_price.value == Decimal("89123.4")
    assert line.liquidation_price.freshness is line.liquidation_distance.freshness is freshness


def test_a_venues_liquidation_price_too_old_to_be_shown_gives_way_to_ours() -> None:
    made = running()
    feed(made, reported(0, liquidation="89123.4"), market_at(120, 60_000))
    line = made.snapshot(at(120)).books[0].hedges[0]
    assert line.liquidation_price.value != Decimal("89123.4")
    assert line.liquidation_price.estimated
    assert line.liquidation_price.freshness is Freshness.STALE, "nothing was heard of the position for two minutes"
    assert line.liquidation_source.startswith("ours")


@pytest.mark.parametrize("nothing", ["0", "-1", "NaN"])
def test_a_zero_is_no_liquidation_price(nothing: str) -> None:
    made = running()
    feed(made, reported(0.1, liquidation=nothing))
    line = made.snapshot(at(0.2)).books[0].hedges[0]
    assert line.liquidation_price.value is not None
    assert line.liquidation_price.value > 80_000
    assert line.liquidation_source.startswith("ours")


def test_funding_paid_outdates_the_venues_liquidation_price() -> None:
    made = running()
    feed(made, reported(0, liquidation="89123.4"), payment("-5000", when=0.1))
    line = made.snapshot(at(0.2)).books[0].hedges[0]
    assert line.liquidation_source.startswith("ours")


# --- risk that cannot be told is an alert --------------------------------------------------------------------


def below_the_liquidation_price(made: Engine) -> None:
    """A table that ends between today's notional and the one at liquidation: usage is known, the distance is not."""
    event = tiers(LINEAR)
    table = msgspec.structs.replace(
        event.table, tiers=(msgspec.structs.replace(event.table.tiers[0], cap=Decimal(180_000)),)
    )
    feed(made, msgspec.structs.replace(event, table=table))


def above_the_last_tier(made: Engine) -> None:
    event = tiers(LINEAR)
    table = msgspec.structs.replace(event.table, tiers=(msgspec.structs.replace(event.table.tiers[0], cap=Decimal(9)),))
    feed(made, msgspec.structs.replace(event, table=table))


def without_margin(made: Engine) -> None:
    feed(made, reported(0.5, margin=None))


def without_entry(made: Engine) -> None:
    feed(made, reported(0.5, entry=None))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (below_the_liquidation_price, ": liquidation distance unknown, end of the account unknown"),
        (above_the_last_tier, ": margin usage unknown, liquidation distance unknown, end of the account unknown"),
        (without_margin, ": margin usage unknown, liquidation distance unknown, end of the account unknown"),
        (without_entry, ": margin usage unknown, liquidation distance unknown, end of the account unknown"),
    ],
)
def test_risk_that_cannot_be_told_blinds_though_the_market_is_live(spoil: Callable[[Engine], None], words: str) -> None:
    made = running()
    spoil(made)
    hold(made, 12)
    alert = open_alerts(made, 12)["blind"]
    assert alert.severity is Severity.BLIND
    assert alert.text.endswith(words)


def test_a_short_without_a_bag_is_not_calm() -> None:
    """The coins were sold and the short was forgotten: there is no ratio, and silence about it would be a lie."""
    lots = (msgspec.structs.replace(seed_book().lots[0], quantity=Decimal(0)),)
    made = running(60_000, msgspec.structs.replace(seed_book(), lots=lots))
    hold(made, 12)
    assert not made.snapshot(at(12)).books[0].hedges[0].ratio.known
    assert "hedge ratio unknown" in open_alerts(made, 12)["blind"].text


def test_the_worst_isolated_position_leads_although_another_is_unknown() -> None:
    second = Hedge(
        asset="BTC", instrument=SECOND_LEG, account="paper", target_ratio=Decimal(0), quantity=Decimal("-0.1"),
        entry_price=Decimal(60_000),
    )  # fmt: skip
    made = running(89_600, msgspec.structs.replace(seed_book(), hedges=(*seed_book().hedges, second)))
    book = made.snapshot(at(0.1)).books[0]
    assert book.hedges[0].margin_usage.value is not None
    assert book.hedges[0].margin_usage.value >= 1
    assert book.accounts[0].margin_usage.value == book.hedges[0].margin_usage.value


# --- estimates -----------------------------------------------------------------------------------------------


def test_funding_that_was_only_reckoned_marks_the_wallet_until_the_venue_reports_it() -> None:
    made = running()
    feed(made, payment("15"))
    account = made.snapshot(at(0.2)).books[0].accounts[0]
    assert account.wallet_balance.estimated
    assert account.available.estimated
    assert not made.snapshot(at(0.2)).books[0].hedges[0].margin.estimated, "received funding does not go to the margin"
    feed(made, BalanceUpdate(received_ns=at(0.3), account="paper", asset="USDT", wallet_balance=Decimal(200_015)))
    assert not made.snapshot(at(0.4)).books[0].accounts[0].wallet_balance.estimated


def test_funding_paid_that_was_only_reckoned_marks_margin_and_liquidation() -> None:
    venue = msgspec.structs.replace(seed_book().accounts[0], venue="binance")
    book = msgspec.structs.replace(seed_book(), accounts=(venue,))
    known, reckoned = running(60_000, book), running(60_000, book)
    feed(known, payment("-15", estimated=False))
    feed(reckoned, payment("-15"))
    exact, estimate = (made.snapshot(at(0.2)).books[0].hedges[0] for made in (known, reckoned))
    for name in ("margin", "margin_usage", "liquidation_price", "liquidation_distance"):
        assert not getattr(exact, name).estimated, name
        assert getattr(estimate, name).estimated, name
    feed(reckoned, fill("0", "0.1"))
    assert reckoned.snapshot(at(0.2)).books[0].hedges[0].margin.estimated, "the older part still is"
    feed(reckoned, fill("1", "2.6", side="buy"), fill("2", "1"))
    assert not reckoned.snapshot(at(0.3)).books[0].hedges[0].margin.estimated, "a new position has a margin of its own"


def test_a_position_that_its_user_describes_anew_takes_the_place_of_fills_that_wait_for_it_alone() -> None:
    seed, eth = seed_book(), "bybit:linear:ETHUSDT"
    other = msgspec.structs.replace(seed.hedges[0], asset="ETH", instrument=eth, quantity=Decimal(0), entry_price=None)
    ledger = Ledger(seed.accounts)
    ledger.fill(fill("1", "2"))
    ledger.fill(msgspec.structs.replace(fill("2", "30", "3000"), instrument=eth))
    for hedge in (seed.hedges[0], other):
        if hedge is not other:
            ledger.begin(hedge)
        ledger.described(instrument(hedge.instrument))
    held = [ledger.position("paper", name).quantity for name in (LINEAR, eth)]
    assert held == [Decimal("-2.5"), Decimal(-30)]


def test_fills_wait_each_for_the_description_of_their_own_contract() -> None:
    seed, eth = seed_book(), "bybit:linear:ETHUSDT"
    flat = msgspec.structs.replace(seed.hedges[0], quantity=Decimal(0), entry_price=None, isolated_margin=None)
    hedges = (flat, msgspec.structs.replace(flat, asset="ETH", instrument=eth))
    made = engine(msgspec.structs.replace(seed, hedges=hedges))
    feed(made, fill("1", "2"), msgspec.structs.replace(fill("2", "30", "3000"), instrument=eth), fill("3", "0.5"))
    feed(made, market_at(0.1, 60_000), perpetual(0.1, 3_000, eth))
    for described, held in ((None, (None, None)), (eth, (None, -30)), (LINEAR, (Decimal("-2.5"), -30))):
        if described is not None:
            feed(made, listed(described))
        lines = made.snapshot(at(0.2)).books[0].hedges
        assert tuple(line.quantity.value for line in lines) == held
        for line in lines:
            gaps = line.quantity.missing
            assert gaps == (() if line.quantity.known else (f"description of {line.instrument}",))


# --- totals --------------------------------------------------------------------------------------------------


def test_a_leg_without_coins_in_the_bag_leaves_the_books_ratio_unknown() -> None:
    extra = Hedge(
        asset="ETH", instrument="bybit:linear:ETHUSDT", account="paper", target_ratio=Decimal(0),
        quantity=Decimal(-20), entry_price=Decimal(3_000),
    )  # fmt: skip
    made = running(60_000, msgspec.structs.replace(seed_book(), hedges=(*seed_book().hedges, extra)))
    totals = made.snapshot(at(0.1)).books[0].totals
    assert totals.ratio.missing == ("a bag of ETH",)
    flat = msgspec.structs.replace(extra, quantity=Decimal(0), entry_price=None)
    made = running(60_000, msgspec.structs.replace(seed_book(), hedges=(*seed_book().hedges, flat)))
    assert made.snapshot(at(0.1)).books[0].totals.ratio.value == Decimal("0.5")


def two_coins(quote: str) -> Book:
    pair = f"bybit:spot:ETH{quote}"
    return msgspec.structs.replace(
        seed_book(), lots=(*seed_book().lots, Lot(asset="ETH", quantity=Decimal(40), price=pair))
    )


@pytest.mark.parametrize(("quote", "known"), [("EUR", False), ("USDC", True)])
def test_weights_in_another_currency_are_not_added_as_if_they_were_the_same(quote: str, known: bool) -> None:
    made = running(60_000, two_coins(quote))
    pair = f"bybit:spot:ETH{quote}"
    described = listed(pair)
    described = msgspec.structs.replace(
        described, instrument=msgspec.structs.replace(described.instrument, quote=quote)
    )
    feed(made, described, spot(0.1, 3_000, pair))
    totals = made.snapshot(at(0.1)).books[0].totals
    assert totals.ratio.known is known
    assert totals.ratio.estimated is known, "dollars were added at par"


def test_a_value_whose_currency_is_not_known_is_not_added() -> None:
    made = running(60_000, two_coins("EUR"))
    gaps = made.snapshot(at(0.1)).books[0].totals.bag_value.missing
    assert gaps == ("bid price of bybit:spot:ETHEUR", "ask price of bybit:spot:ETHEUR")
    feed(made, spot(0.1, 3_000, "bybit:spot:ETHEUR"))
    book = made.snapshot(at(0.1)).books[0]
    assert book.bag[1].value.known
    assert book.totals.bag_value.missing == ("the currency of a price",)
    assert book.bag[1].currency == ""


# --- coins won by contracts that nobody has described ----------------------------------------------------------


def beside(instrument: str, quantity: str, *, paper: bool = True) -> Engine:
    """The seed's short, and beside it one that no venue has described yet."""
    coins = Account(name="coins", venue="bybit", settle="BTC", wallet_balance=Decimal(5), paper=paper)
    entry = Decimal(60_000) if Decimal(quantity) else None
    other = Hedge(
        asset="BTC", instrument=instrument, account="coins", target_ratio=Decimal(0), quantity=Decimal(quantity),
        entry_price=entry,
    )  # fmt: skip
    seed = seed_book()
    return running(
        60_000, msgspec.structs.replace(seed, hedges=(*seed.hedges, other), accounts=(*seed.accounts, coins))
    )


@pytest.mark.parametrize(
    ("instrument", "quantity", "known"),
    [(INVERSE, "-1000", False), (INVERSE, "0", True), (SECOND_LEG, "-1", True), ("bybit:x:?", "-1", False)],
)
def test_coins_that_a_contract_may_have_won_are_not_taken_for_none(instrument: str, quantity: str, known: bool) -> None:
    first = beside(instrument, quantity).snapshot(at(0.1)).books[0].hedges[0]
    if known:
        assert (first.bag_coins.value, first.ratio.value) == (Decimal(5), Decimal("0.5"))
    else:
        assert first.bag_coins.missing == first.ratio.missing == (f"description of {instrument}",)


def test_a_fill_that_waits_for_a_description_may_have_won_coins() -> None:
    made = beside(INVERSE, "0")
    feed(made, msgspec.structs.replace(fill("1", "1000"), account="coins", instrument=INVERSE))
    assert made.snapshot(at(0.2)).books[0].hedges[0].bag_coins.missing == (f"description of {INVERSE}",)
    feed(made, listed(INVERSE), perpetual(0.2, 60_000, INVERSE))
    assert made.snapshot(at(0.2)).books[0].hedges[0].bag_coins.known


def test_an_account_that_was_never_read_may_have_won_coins() -> None:
    first = beside(INVERSE, "0", paper=False).snapshot(at(0.1)).books[0].hedges[0]
    assert first.bag_coins.missing == (f"description of {INVERSE}",)


# --- dated contracts -----------------------------------------------------------------------------------------


def test_a_dated_contract_has_rightly_no_funding_and_is_not_blind_for_it() -> None:
    hedge = msgspec.structs.replace(seed_book().hedges[0], instrument=DATED)
    made = engine(msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    described = listed(DATED)
    contract = msgspec.structs.replace(described.instrument, funding_interval_hours=None, expiry_ns=at(40 * 86_400))
    feed(made, msgspec.structs.replace(described, instrument=contract), listed(SPOT), tiers(DATED))
    for second in range(13):
        feed(made, ticker(second, DATED, mark=60_300, index=60_000), spot(second, 60_000))
    line = made.snapshot(at(12)).books[0].hedges[0]
    funding = line.funding
    for figure in (funding.rate, funding.interval_hours, funding.next_funding_ns, funding.annualised,
                   funding.next_payment, funding.per_day):  # fmt: skip
        assert figure.absent == "a dated contract pays no funding"
    assert line.basis.value == Decimal("0.005")
    assert open_alerts(made, 12) == {}


# --- two legs on one asset -----------------------------------------------------------------------------------


def two_legs(first: str = "0.5", second: str = "0.5") -> Book:
    base = seed_book()
    account = msgspec.structs.replace(base.accounts[0], wallet_balance=Decimal(1_000_000))
    legs = (
        msgspec.structs.replace(base.hedges[0], target_ratio=Decimal(first)),
        Hedge(
            asset="BTC", instrument=SECOND_LEG, account="paper", target_ratio=Decimal(second), quantity=Decimal("-2.5"),
            entry_price=Decimal(60_000),
        ),
    )  # fmt: skip
    return msgspec.structs.replace(base, accounts=(account,), hedges=legs)


def two_legs_running(book: Book) -> Engine:
    made = running(60_000, book)
    feed(made, listed(SECOND_LEG), tiers(SECOND_LEG), perpetual(0, 60_000, SECOND_LEG))
    return made


def test_two_legs_add_up_to_the_ratio_of_their_asset() -> None:
    book = two_legs_running(two_legs()).snapshot(at(0.1)).books[0]
    assert [line.ratio.value for line in book.hedges] == [Decimal("0.5")] * 2
    assert [line.order_to_target.absent for line in book.hedges] == ["the hedge is at its target: nothing to order"] * 2
    assert book.totals.ratio.value == book.totals.target_ratio.value == 1
    assert book.totals.drift.value == 0


def test_the_limit_on_the_ratio_counts_every_leg_of_the_asset() -> None:
    made = two_legs_running(two_legs())
    made.command(SetTarget(book="bitcoin", instrument=SECOND_LEG, ratio=Decimal("0.6")), at(0.1))
    made.command(StageHedge(book="bitcoin", instrument=SECOND_LEG), at(0.1))
    stage = made.snapshot(at(0.1)).stage
    assert stage is not None
    assert stage.after.ratio.value is not None
    assert stage.after.ratio.value < Decimal("0.61"), "the leg by itself is within the limit"
    assert stage.refusals == ("the hedge ratio of BTC would be 110.0%, the limit is 105%",)
    made.command(ConfirmStage(client_order_id=stage.client_order_id), at(0.1))
    assert made.take_orders() == []


def test_a_reduction_is_allowed_although_the_asset_is_over_its_limit() -> None:
    book = two_legs("0.5", "0.6")
    legs = (book.hedges[0], msgspec.structs.replace(book.hedges[1], quantity=Decimal("-3.5")))
    made = two_legs_running(msgspec.structs.replace(book, hedges=legs))
    made.command(StageHedge(book="bitcoin", instrument=SECOND_LEG), at(0.1))
    stage = made.snapshot(at(0.1)).stage
    assert stage is not None
    assert stage.reduce_only
    assert stage.refusals == ()


def test_the_limit_is_not_passed_because_another_leg_cannot_be_seen() -> None:
    made = running(60_000, two_legs())
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.52")), at(0.1))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    stage = made.snapshot(at(0.1)).stage
    assert stage is not None
    assert any(text.startswith("the hedge ratio of BTC would be unknown") for text in stage.refusals)


def test_one_contract_cannot_be_two_legs_of_a_book() -> None:
    other = Account(name="other", venue="bybit", settle="USDT", wallet_balance=Decimal(1))
    legs = (seed_book().hedges[0], msgspec.structs.replace(seed_book().hedges[0], account="other"))
    with pytest.raises(RequestError, match="one leg"):
        engine(msgspec.structs.replace(seed_book(), accounts=(*seed_book().accounts, other), hedges=legs))


# --- a preview that cannot be made ---------------------------------------------------------------------------


def test_a_preview_of_a_fill_that_could_not_be_booked_shows_no_figures_and_cannot_be_sent() -> None:
    made = running()
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    feed(made, reported(0.15, entry=None))
    stage = made.snapshot(at(0.2)).stage
    assert stage is not None
    for name in ("quantity", "ratio", "margin", "margin_usage", "liquidation_price", "liquidation_distance"):
        assert getattr(stage.after, name).missing, name
    assert any("entry price" in text for text in stage.refusals)


def test_a_preview_on_a_position_that_became_unknown_shows_no_figures_and_cannot_be_sent() -> None:
    made = running()
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    feed(made, fill("1", "0.5", "0"))
    stage = made.snapshot(at(0.2)).stage
    assert stage is not None
    for name in ("quantity", "ratio", "margin", "margin_usage", "liquidation_price", "liquidation_distance"):
        assert getattr(stage.after, name).missing, name
    assert any(text.startswith("the position is not known") for text in stage.refusals)


# --- an account of another currency --------------------------------------------------------------------------


def test_profit_in_one_currency_is_never_added_to_a_wallet_of_another() -> None:
    account = msgspec.structs.replace(seed_book().accounts[0], settle="USDC")
    made = running(61_000, msgspec.structs.replace(seed_book(), accounts=(account,)))
    book = made.snapshot(at(0.1)).books[0]
    assert not book.hedges[0].profit.known
    assert not book.hedges[0].margin_usage.known
    assert book.accounts[0].margin_balance.missing == (f"an account settled in USDT for {LINEAR}",)
    flat = msgspec.structs.replace(seed_book().hedges[0], quantity=Decimal(0), entry_price=None, isolated_margin=None)
    made = running(61_000, msgspec.structs.replace(seed_book(), accounts=(account,), hedges=(flat,)))
    quantity = made.snapshot(at(0.1)).books[0].hedges[0].quantity
    assert quantity.missing == (f"an account settled in USDT for {LINEAR}",), "it is told before anything is held"


def test_a_tier_table_that_contradicts_itself_leaves_risk_unknown_and_says_which_tier() -> None:
    made = running()
    good = made.snapshot(at(1)).books[0].hedges[0]
    assert good.liquidation_price.known
    event = tiers(LINEAR)
    low, high = event.table.tiers
    broken = msgspec.structs.replace(high, deduction=high.deduction + 1)
    feed(made, msgspec.structs.replace(event, table=msgspec.structs.replace(event.table, tiers=(low, broken))))
    line = made.snapshot(at(1)).books[0].hedges[0]
    for figure in (line.maintenance_margin, line.margin_usage, line.liquidation_price, line.liquidation_distance):
        assert not figure.known
    (gap,) = line.maintenance_margin.missing
    assert "the table was refused: tiers[1].deduction" in gap
    feed(made, tiers(LINEAR))
    assert made.snapshot(at(1)).books[0].hedges[0].liquidation_price == good.liquidation_price
