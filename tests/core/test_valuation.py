"""A book's figures: the right numbers, the right marks on them, and none without what it depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Account, Book, Hedge, Lot, MarginMode
from core.demo_book import replay_book, seed_book
from core.events import AnyEvent, FundingPayment, PositionUpdate
from core.figures import Figure, Freshness
from core.snapshot import BookView, HedgeLine
from core.stats.barrier import touch_probability
from tests.core.money import decimals
from tests.core.why_books import candles
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
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

ETH = "bybit:linear:ETHUSDT"


def view(price: int | str, book: Book | None = None) -> BookView:
    return running(price, book).snapshot(at(0.1)).books[0]


# --- the seed's book -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "bag", "hedge", "net"),
    [(48_000, -60_000, 30_000, -30_000), (60_000, 0, 0, 0), (75_000, 75_000, -37_500, 37_500)],
)
def test_the_seeds_book(price: int, bag: int, hedge: int, net: int) -> None:
    """5 BTC bought at 60,000 with 2.5 short: a fall of 20% costs the bag 60,000 and earns the hedge 30,000."""
    book = view(price)
    assert book.bag[0].profit.value == bag
    assert book.hedges[0].profit.value == hedge
    assert book.totals.hedge_profit.value == hedge
    assert book.totals.net_profit.value == net
    assert book.hedges[0].ratio.value == book.totals.ratio.value == Decimal("0.5")
    assert book.totals.drift.value == 0


def test_the_seeds_liquidation_price() -> None:
    """89,572 at 2x with a rate of 0.5% and a deduction of 50, as worked out by hand: 225,050 / 2.5125."""
    made = engine()
    table = tiers(LINEAR, rate="0.0045", second_rate="0.005", first_cap="100000")
    feed(made, listed(LINEAR), listed(SPOT), table, market_at(0, 60_000))
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert line.liquidation_price.value is not None
    assert line.liquidation_price.value.quantize(Decimal(1)) == 89_572
    assert line.liquidation_price.value * Decimal("2.5125") == pytest.approx(Decimal(225_050))
    assert line.liquidation_price.estimated, "the venue's convention is not known to the tick"
    distance = line.liquidation_distance.value
    assert distance == pytest.approx(line.liquidation_price.value / 60_000 - 1)
    assert line.liquidation_source == "ours, tiers of 2026-08-09"


@pytest.mark.parametrize(
    ("name", "size", "quote", "unit"),
    [
        (LINEAR, "1", "USDT", "BTC"),
        (LINEAR, "0.001", "USDT", "contracts"),
        (INVERSE, "1", "USD", "USD"),
        (INVERSE, "100", "USD", "contracts"),
    ],
)
def test_a_line_says_what_its_quantity_counts(name: str, size: str, quote: str, unit: str) -> None:
    hedge = msgspec.structs.replace(seed_book().hedges[0], instrument=name)
    made = engine(msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    line = made.snapshot(at(0)).books[0].hedges[0]
    venue, market, symbol = name.split(":")
    assert (line.venue, line.symbol, line.kind, line.quote, line.quantity_unit) == (venue, symbol, "", "", "")
    feed(made, listed(name, contract_size=size))
    line = made.snapshot(at(0)).books[0].hedges[0]
    assert (line.venue, line.symbol, line.kind, line.quote, line.quantity_unit) == (venue, symbol, market, quote, unit)


def wanting(ratio: str, **filters: Decimal) -> Figure:
    """The order that takes the seed's short to another ratio, under these filters of the venue."""
    hedge = msgspec.structs.replace(seed_book().hedges[0], target_ratio=Decimal(ratio))
    made = running(60_000, msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    told = listed(LINEAR)
    feed(made, msgspec.structs.replace(told, instrument=msgspec.structs.replace(told.instrument, **filters)))
    return made.snapshot(at(0.1)).books[0].hedges[0].order_to_target


@pytest.mark.parametrize(("ratio", "order"), [("0.6", "-0.5"), ("0.4", "0.5")])
def test_an_order_larger_than_the_venue_takes_at_once_is_told_all_the_same(ratio: str, order: str) -> None:
    assert wanting(ratio, maximum_quantity=Decimal("0.3")).value == Decimal(order)
    assert wanting(ratio, maximum_quantity=Decimal("0.5")).value == Decimal(order)


def test_an_order_smaller_than_the_venue_takes_is_none_and_the_first_reason_is_told() -> None:
    least = {"minimum_quantity": Decimal("0.01"), "minimum_notional": Decimal(1_000)}
    small = wanting("0.501", **least)
    assert small.absent == "0.005 is below the minimum quantity of 0.01"
    assert wanting("0.501", **least, maximum_quantity=Decimal("0.3")).absent == small.absent
    assert wanting("0.504", **least).value == Decimal("-0.02")


@pytest.mark.parametrize("quantity", ["-2.5", "2.5"])
def test_how_likely_the_end_is_counts_from_the_mark_to_the_liquidation_price(quantity: str) -> None:
    hedge = msgspec.structs.replace(seed_book().hedges[0], quantity=Decimal(quantity))
    made = running(60_000, msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    feed(made, candles(LINEAR, 60_000, 0.03))
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    price, daily = float(line.liquidation_price.value or 0), float(line.volatility.value or 0)
    assert price > 0
    assert daily > 0
    annual = daily * math.sqrt(365)
    assert float(line.liquidation_sigmas.value or 0) == pytest.approx(abs(math.log(price / 60_000)) / daily)
    for figure, days in ((line.touch_day, 1), (line.touch_week, 7), (line.touch_month, 30)):
        assert figure.value is not None
        assert float(figure.value) == pytest.approx(touch_probability(60_000, price, annual, days / 365))


def test_figures_that_need_tiers_wait_for_them_by_name() -> None:
    made = engine()
    feed(made, listed(LINEAR), listed(SPOT), market_at(0, 60_000))
    book = made.snapshot(at(0.1)).books[0]
    line = book.hedges[0]
    for figure in (line.liquidation_price, line.liquidation_distance, line.maintenance_margin, line.margin_usage):
        assert figure.missing == (f"maintenance tiers of {LINEAR}",)
    assert line.profit.value == 0
    assert book.accounts[0].maintenance_margin.missing == (f"maintenance tiers of {LINEAR}",)


def test_a_notional_above_the_last_tier_is_unknown_not_free() -> None:
    made = engine()
    event = tiers(LINEAR)
    table = msgspec.structs.replace(event.table, tiers=(msgspec.structs.replace(event.table.tiers[0], cap=Decimal(9)),))
    feed(made, listed(LINEAR), listed(SPOT), msgspec.structs.replace(event, table=table), market_at(0, 60_000))
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert not line.maintenance_margin.known
    assert not line.margin_usage.known
    assert not line.liquidation_price.known
    assert not line.liquidation_price.absent


def test_margin_usage_is_maintenance_over_margin_and_profit() -> None:
    line = view(80_000).hedges[0]
    assert line.maintenance_margin.value == Decimal("2.5") * 80_000 * Decimal("0.005")
    assert line.margin_usage.value == Decimal(1_000) / (75_000 - 50_000)


def test_margin_that_is_used_up_is_never_shown_as_safe() -> None:
    line = view(95_000).hedges[0]
    assert not line.margin_usage.known
    assert line.margin_usage.absent == "no equity left behind the position"
    assert line.liquidation_distance.value is not None
    assert line.liquidation_distance.value < 0


def test_a_margin_that_was_not_declared_is_what_the_leverage_asks_for() -> None:
    hedge = msgspec.structs.replace(seed_book().hedges[0], isolated_margin=None)
    made = engine(msgspec.structs.replace(seed_book(), hedges=(hedge,)))
    assert not made.snapshot(at(0)).books[0].hedges[0].margin.known
    feed(made, reference(), market_at(0, 60_000))
    assert made.snapshot(at(0)).books[0].hedges[0].margin.value == 75_000


def test_a_position_below_its_requirement_at_every_price_is_not_called_safe() -> None:
    made = running(60_000)
    feed(
        made,
        PositionUpdate(
            received_ns=at(0.05), account="paper", instrument=LINEAR, quantity=Decimal("-2.5"),
            entry_price=Decimal(60_000), isolated_margin=Decimal(-200_000),
        ),
    )  # fmt: skip
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert line.liquidation_price.absent == line.liquidation_distance.absent == "no equity left behind the position"


# --- funding -------------------------------------------------------------------------------------------------


def test_a_short_earns_positive_funding() -> None:
    """0.01% per 8 h on 150,000: 15 a settlement, 45 a day, 10.95% a year; projections are estimates."""
    funding = view(60_000).hedges[0].funding
    assert funding.next_payment.value == 15
    assert funding.per_day.value == 45
    assert funding.annualised.value == Decimal("0.1095")
    assert funding.next_payment.estimated
    assert funding.per_day.estimated
    assert funding.received.value == 0
    assert not funding.received.estimated


def test_funding_received_counts_in_the_hedges_profit() -> None:
    made = running(60_000)
    payment = FundingPayment(
        account="paper", payment_id="1", instrument=LINEAR, amount=Decimal(15), asset="USDT",
        rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=START, estimated=True, received_ns=at(0.05),
    )  # fmt: skip
    feed(made, payment, payment)
    book = made.snapshot(at(0.1)).books[0]
    assert book.hedges[0].funding.received == Figure(value=Decimal(15), estimated=True)
    assert book.totals.hedge_profit.value == 15
    assert book.totals.hedge_profit.estimated
    assert book.accounts[0].wallet_balance.value == 200_015


def test_funding_paid_moves_the_liquidation_of_an_isolated_position_nearer() -> None:
    made = running(60_000)
    before = made.snapshot(at(0.1)).books[0].hedges[0].liquidation_price.value
    paid = FundingPayment(
        account="paper", payment_id="1", instrument=LINEAR, amount=Decimal(-150), asset="USDT",
        rate=Decimal("-0.001"), mark_price=Decimal(60_000), settled_ns=START, received_ns=at(0.2),
    )  # fmt: skip
    feed(made, paid)
    line = made.snapshot(at(0.3)).books[0].hedges[0]
    assert line.margin.value == 74_850
    assert before is not None
    assert line.liquidation_price.value is not None
    assert line.liquidation_price.value < before


# --- prices of the bag ---------------------------------------------------------------------------------------


def test_a_bag_without_a_spot_pair_is_priced_at_the_index_of_its_hedge() -> None:
    book = msgspec.structs.replace(seed_book(), lots=(Lot(asset="BTC", quantity=Decimal(5)),))
    made = engine(book)
    feed(made, reference(), ticker(0, mark=60_100, index=60_000, last=61_000))
    line = made.snapshot(at(0.1)).books[0].bag[0]
    assert line.price.value == 60_000
    assert line.price_source == "index price"
    assert line.price.freshness is Freshness.LIVE
    assert line.profit.missing == ("cost of BTC lot of 5",)


def test_the_spot_mid_comes_before_the_index() -> None:
    made = engine()
    feed(made, reference(), ticker(0, mark=60_100, index=60_000), ticker(0, SPOT, bid=59_990, ask=60_000))
    line = made.snapshot(at(0.1)).books[0].bag[0]
    assert line.price.value == 59_995
    assert line.price_source == "spot mid"


def test_an_index_that_stands_in_for_a_missing_spot_price_is_no_better_than_stale() -> None:
    made = engine()
    feed(made, reference(), perpetual(0, 60_000))
    line = made.snapshot(at(0.1)).books[0].bag[0]
    assert line.price_source == "index price (no spot mid)"
    assert line.price.freshness is Freshness.STALE
    assert line.price.estimated


def test_an_asset_that_nothing_prices_is_unknown_by_name() -> None:
    book = msgspec.structs.replace(seed_book(), lots=(*seed_book().lots, Lot(asset="SOL", quantity=Decimal(9))))
    view_of = view(60_000, book)
    assert view_of.bag[1].price.missing == ("price of SOL",)
    assert view_of.totals.bag_value.missing == ("price of SOL",)
    assert view_of.hedges[0].profit.known


def test_basis_is_mark_over_index() -> None:
    made = running(60_000)
    feed(made, ticker(0.05, mark=60_030, index=60_000))
    assert made.snapshot(at(0.1)).books[0].hedges[0].basis.value == Decimal("0.0005")


# --- inverse and cross ---------------------------------------------------------------------------------------


def inverse_view(price: int) -> BookView:
    made = engine(inverse_book())
    table = tiers(INVERSE, first_cap="100")
    feed(made, listed(INVERSE), listed(SPOT), table, perpetual(0, price, INVERSE), spot(0, price))
    return made.snapshot(at(0.1)).books[0]


def test_an_inverse_hedge_earns_coins() -> None:
    """A short of 150,000 USD from 60,000 to 48,000 gains 0.625 BTC, which is 30,000 USD there."""
    book = inverse_view(48_000)
    line = book.hedges[0]
    assert line.profit.value == Decimal("0.625")
    assert line.profit_quote.value == 30_000
    assert line.settle == "BTC"
    assert line.notional.value == 150_000
    assert line.delta.value == Decimal("-3.125")
    assert line.ratio.value is not None
    assert abs(line.ratio.value * Decimal("5.625") - Decimal("3.125")) < Decimal("1e-40"), "coins won count as held"
    assert book.totals.net_profit.value == -30_000
    assert book.totals.net_profit.estimated, "dollars and USDT were added at par"


@given(decimals("10000", "200000", 1), decimals("3", "10", 2))
def test_a_coin_margined_hedge_leaves_the_same_coins_exposed_at_every_price(price: Decimal, coins: Decimal) -> None:
    """Lots and coins won less the delta of the position: what is not hedged stays what it was at entry."""
    book = inverse_book()
    lot = msgspec.structs.replace(book.lots[0], quantity=coins)
    made = engine(msgspec.structs.replace(book, lots=(lot,)))
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, price, INVERSE), spot(0, price))
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert line.ratio.value is not None
    assert line.delta.value is not None
    held = -line.delta.value / line.ratio.value
    assert abs(held + line.delta.value - (coins - Decimal("2.5"))) < Decimal("1e-20")


def test_an_inverse_short_with_its_coins_as_margin_has_no_liquidation_price() -> None:
    made = engine(inverse_book(margin="2.5"))
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE, first_cap="100"), perpetual(0, 60_000, INVERSE))
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert line.liquidation_price.absent
    assert not line.liquidation_price.known
    assert line.liquidation_distance.absent
    assert not line.liquidation_price.missing


def cross_book() -> Book:
    account = Account(
        name="pot", venue="binance", settle="USDT", wallet_balance=Decimal(100_000), margin_mode=MarginMode.CROSS
    )

    def leg(asset: str, instrument: str, quantity: str, entry: int) -> Hedge:
        return Hedge(
            asset=asset, instrument=instrument, account="pot", target_ratio=Decimal("0.5"),
            quantity=Decimal(quantity), entry_price=Decimal(entry),
        )  # fmt: skip

    return Book(
        name="cross",
        lots=(Lot(asset="BTC", quantity=Decimal(5)), Lot(asset="ETH", quantity=Decimal(40))),
        hedges=(leg("BTC", LINEAR, "-2.5", 60_000), leg("ETH", ETH, "-20", 3_000)),
        accounts=(account,),
    )


def test_a_cross_position_is_liquidated_with_the_others_at_their_marks() -> None:
    made = engine(cross_book())
    feed(made, listed(LINEAR), listed(ETH), tiers(LINEAR), tiers(ETH))
    feed(made, perpetual(0, 60_000), perpetual(0, 3_100, ETH))
    book = made.snapshot(at(0.1)).books[0]
    other_profit, other_maintenance = Decimal(-2_000), Decimal(20) * 3_100 * Decimal("0.005")
    expected = (Decimal(100_000) + other_profit - other_maintenance + 150_000) / (Decimal("2.5") * Decimal("1.005"))
    liquidation = book.hedges[0].liquidation_price.value
    assert liquidation is not None
    assert abs(liquidation - expected) < Decimal("1e-20")
    assert not book.hedges[0].liquidation_price.estimated, "Binance's convention is met to the tick"
    account = book.accounts[0]
    assert account.margin_balance.value == 98_000
    assert account.maintenance_margin.value == 750 + 310
    assert account.margin_usage.value == pytest.approx(Decimal(1_060) / 98_000)
    assert account.usage_label == "margin ratio"
    assert account.initial_margin.value == (150_000 + 62_000) / 2
    assert account.available.value == 98_000 - 106_000


def test_a_cross_figure_is_unknown_while_any_position_of_the_account_is() -> None:
    made = engine(cross_book())
    feed(made, listed(LINEAR), listed(ETH), tiers(LINEAR), tiers(ETH), perpetual(0, 60_000))
    book = made.snapshot(at(0.1)).books[0]
    assert book.hedges[0].liquidation_price.missing == (f"mark price of {ETH}",)
    assert book.accounts[0].margin_usage.missing == (f"mark price of {ETH}",)
    assert book.hedges[0].profit.value == 0


def test_the_venues_own_liquidation_price_is_the_main_one() -> None:
    made = running(60_000)
    feed(
        made,
        PositionUpdate(
            received_ns=at(0.05), account="paper", instrument=LINEAR, quantity=Decimal("-2.5"),
            entry_price=Decimal(60_000), liquidation_price=Decimal("89123.4"), isolated_margin=Decimal(75_000),
        ),
    )  # fmt: skip
    line = made.snapshot(at(0.1)).books[0].hedges[0]
    assert line.liquidation_price.value == Decimal("89123.4")
    assert line.liquidation_source == "the venue's own"


# --- a hedge opened by assumption ----------------------------------------------------------------------------


def test_a_replay_book_opens_once_at_the_first_mark_and_says_so() -> None:
    made = engine(replay_book())
    feed(made, listed(LINEAR), ticker(0, index=59_990))
    before = made.snapshot(at(0.1)).books[0].hedges[0]
    assert not before.quantity.known
    assert before.quantity.missing == (f"mark price of {LINEAR}, at which the position opens",)
    feed(made, ticker(1, mark=60_000, index=60_000), ticker(2, mark=61_000, index=61_000))
    line = made.snapshot(at(2)).books[0].hedges[0]
    assert line.quantity.value == -1
    assert line.entry_price.value == 60_000
    assert line.margin.value == 30_000
    assert line.profit.value == -1_000
    assert line.opened_note == "opened short 1 at mark 60000: assumed, no order was sent"


def test_an_opening_waits_for_the_contract_and_for_a_live_mark() -> None:
    made = engine(replay_book())
    feed(made, perpetual(0, 60_000))
    assert made.snapshot(at(5)).books[0].hedges[0].quantity.missing == (f"description of {LINEAR}",)
    feed(made, listed(LINEAR, when=5))
    assert not made.snapshot(at(5)).books[0].hedges[0].quantity.known, "the mark is late by now"
    feed(made, perpetual(6, 60_500))
    assert made.snapshot(at(6)).books[0].hedges[0].entry_price.value == 60_500


# --- no figure without its inputs ----------------------------------------------------------------------------

INPUTS = ("description", "tiers", "mark", "index", "bid", "ask", "rate", "interval", "spot")

NEEDS: Mapping[str, frozenset[str]] = {
    name: frozenset(needs.split())
    for name, needs in {
        "delta": "description",
        "mark_price": "mark",
        "index_price": "index",
        "bid_price": "bid",
        "ask_price": "ask",
        "notional": "description mark",
        "profit": "description mark",
        "profit_quote": "description mark",
        "basis": "mark index",
        "maintenance_margin": "description mark tiers",
        "margin_usage": "description mark tiers",
        "liquidation_price": "description tiers",
        "liquidation_distance": "description tiers mark",
        "ratio": "description",
        "drift": "description",
    }.items()
}
FUNDING_NEEDS: Mapping[str, frozenset[str]] = {
    "rate": frozenset({"rate"}),
    "annualised": frozenset({"rate", "interval"}),
    "next_payment": frozenset({"description", "mark", "rate"}),
    "per_day": frozenset({"description", "mark", "rate", "interval"}),
}


def events_without(missing: frozenset[str], when: float = 0) -> list[AnyEvent]:
    """Everything the seed's book needs, except what is missing."""

    def given_(name: str, value: int | str) -> int | str | None:
        return None if name in missing else value

    events: list[AnyEvent] = []
    if "description" not in missing:
        described = listed(LINEAR)
        contract = msgspec.structs.replace(described.instrument, funding_interval_hours=None)
        events.append(msgspec.structs.replace(described, instrument=contract))
    if "tiers" not in missing:
        events.append(tiers(LINEAR))
    if "spot" not in missing:
        events.append(spot(when, 50_000))
    events.append(
        ticker(
            when, mark=given_("mark", 50_000), index=given_("index", 50_010), bid=given_("bid", 49_999),
            ask=given_("ask", 50_001), rate=given_("rate", "0.0001"),
            interval=None if "interval" in missing else 8,
        )
    )  # fmt: skip
    return events


@given(missing=st.frozensets(st.sampled_from(INPUTS)))
def test_a_figure_is_known_exactly_when_its_inputs_are(missing: frozenset[str]) -> None:
    # The venue sends the interval with the rate: without one there is no other.
    gone = missing | ({"interval"} if "rate" in missing else frozenset())
    made = engine()
    feed(made, events_without(missing))
    book = made.snapshot(at(0.1)).books[0]
    line = book.hedges[0]
    for name, needs in NEEDS.items():
        figure = getattr(line, name)
        assert figure.known is not bool(needs & gone), name
        assert bool(figure.missing) is bool(needs & gone), name
    for name, needs in FUNDING_NEEDS.items():
        assert getattr(line.funding, name).known is not bool(needs & gone), name
    bag = book.bag[0]
    assert bag.value.known is not ({"spot", "index"} <= gone)
    assert bag.price.freshness is (
        Freshness.LIVE if "spot" not in gone else Freshness.UNKNOWN if "index" in gone else Freshness.STALE
    )
    everything = bag.value.known and line.profit_quote.known
    assert book.totals.net_profit.known is everything


def figures(line: HedgeLine) -> dict[str, Figure]:
    return {name: getattr(line, name) for name in NEEDS}


@given(lost=st.frozensets(st.sampled_from(("mark", "index", "bid", "ask", "rate", "spot")), min_size=1))
def test_losing_an_input_never_makes_a_figure_better(lost: frozenset[str]) -> None:
    """All inputs at first, then some fall silent: their figures age, and none changes or looks fresher for it."""
    full, poor = engine(), engine()
    for made in (full, poor):
        feed(made, events_without(frozenset()))
    order = list(Freshness)
    for second in range(1, 40, 3):
        feed(full, events_without(frozenset(), second))
        feed(poor, events_without(lost, second))
        complete, lacking = (figures(made.snapshot(at(second)).books[0].hedges[0]) for made in (full, poor))
        for name, figure in lacking.items():
            assert order.index(figure.freshness) >= order.index(complete[name].freshness), name
            if figure.known:
                assert figure.value == complete[name].value, name
