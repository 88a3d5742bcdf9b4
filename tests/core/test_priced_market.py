"""A book hedged with a contract that its sheet prices: what becomes its mark, how it ages, what follows from it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.book_scenario import build
from core.commands import ConfirmStage, SetTarget, StageHedge
from core.contract_sheet import instrument_of, listings
from core.engine import Engine
from core.events import ChannelState, ConnectionState, OrderState, OrderUpdate
from core.figures import Freshness
from core.margin import opening_margin
from core.orders import OrderRequest
from core.pnl import order_fee
from core.rules import BLIND
from core.snapshot import FeedView, HedgeLine, Snapshot
from feeds.paper import PaperBroker
from tests.core.sheets import PRICED, config, priced, priced_engine, told
from tests.support.builders import at, channel, connection, feed, spot

FILE = 'file = "mbt.txt"'
INDEXED = f'{FILE}\nindex = "bybit:spot:BTCUSDT"\nprice = "last"'
NAME = "MBT-2099-12 file"


def line(made: Engine, when: float) -> HedgeLine:
    return made.snapshot(at(when)).books[0].hedges[0]


def source(snapshot: Snapshot) -> FeedView:
    return next(view for view in snapshot.feeds if view.venue == "cme")


def faults(made: Engine, when: float) -> tuple[int, str]:
    view = source(made.snapshot(at(when)))
    return view.faults, view.last_fault


def blind(made: Engine, when: float) -> str:
    alerts = made.snapshot(at(when)).alerts
    return next((alert.text for alert in alerts if alert.rule == BLIND and alert.ended_ns is None), "")


def test_position_profit_and_margin_go_by_the_price_of_the_sheet() -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500))
    seen = line(made, 0.2)
    assert (seen.mark_price.value, seen.delta.value, seen.ratio.value) == (
        Decimal(92_500),
        Decimal("-5.0"),
        Decimal("0.5"),
    )
    assert seen.profit.value == Decimal("-5.0") * (92_500 - 90_000)
    assert seen.notional.value == 5 * 92_500
    account = made.snapshot(at(0.2)).books[0].accounts[0]
    assert (account.initial_margin.value, account.maintenance_margin.value) == (
        Decimal(50 * 2_486),
        Decimal(50 * 2_260),
    )
    assert account.margin_balance.value == 300_000 - 12_500
    # Where 300,000 − 5 · (price − 90,000) is the 113,000 that the exchange asks for.
    assert seen.liquidation_price.value == 90_000 + Decimal(300_000 - 113_000) / 5
    assert seen.price_source == "mark price from the file mbt.txt"
    assert not seen.price_typed


def test_an_isolated_position_has_the_margin_of_its_contracts() -> None:
    made = priced_engine(FILE, account='margin_mode = "isolated"')
    feed(made, told(0.1, 90_100))
    seen = line(made, 0.2)
    assert seen.margin.value == 50 * 2_486
    assert seen.liquidation_price.value == 90_000 + Decimal(50 * (2_486 - 2_260)) / 5


def test_without_a_pair_there_is_rightly_no_index_and_that_is_no_blindness() -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500))
    seen = line(made, 0.2)
    assert "names no pair" in seen.index_price.absent
    assert "names no pair" in seen.basis.absent
    assert "there is only the mark price from the file mbt.txt" in seen.bid_price.absent
    feed(made, spot(20, 92_000))
    assert blind(made, 20) == "", "the start is over"
    assert made.snapshot(at(20)).worst_freshness is Freshness.LIVE


def test_a_pair_stands_for_the_index_price_by_estimate() -> None:
    made = priced_engine(INDEXED, spot_price=92_000)
    feed(made, told(0.1, 92_460))
    seen = line(made, 0.2)
    assert (seen.index_price.value, seen.index_price.estimated) == (Decimal(92_000), True)
    assert (seen.basis.value, seen.basis.estimated) == (Decimal("0.005"), True)
    assert seen.price_source == "last price from the file mbt.txt"
    attribution = made.snapshot(at(0.2)).books[0].attributions[0]
    assert attribution.hedged.value == 10 * (92_000 - 60_000) - 5 * (92_460 - 90_000)


def test_a_pair_in_the_currency_of_the_contract_is_no_estimate() -> None:
    made = priced_engine(INDEXED.replace("BTCUSDT", "BTCUSD"))
    feed(made, told(0.1, 92_460), spot(0.1, 92_000, "bybit:spot:BTCUSD"))
    seen = line(made, 0.2)
    assert (seen.index_price.value, seen.index_price.estimated, seen.basis.estimated) == (Decimal(92_000), False, False)
    assert line(priced_engine(INDEXED, spot_price=None), 0.2).index_price.missing, "unknown is not absent"


def test_a_price_is_as_old_as_it_says_from_the_first_on() -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500, seen=-45))
    seen = line(made, 0.2)
    assert (seen.mark_price.freshness, seen.mark_price.observed_ns) == (Freshness.LATE, at(-45))
    assert line(made, 15).mark_price.freshness is Freshness.STALE
    gone = line(made, 195)
    assert gone.mark_price.missing == (f"mark price of {PRICED}",)
    assert gone.profit.value is None
    assert "mark price unknown" in blind(made, 195)


def test_a_lost_source_lets_the_price_age_by_itself() -> None:
    made = priced_engine(FILE)
    feed(made, connection(0, ConnectionState.LIVE, venue="cme", name=NAME))
    feed(made, channel(0, ChannelState.LIVE, NAME, venue="cme", name=NAME), told(0.1, 92_500))
    feed(made, connection(1, ConnectionState.RECONNECTING, venue="cme", name=NAME, reason="HTTP 500"))
    assert line(made, 2).mark_price.freshness is Freshness.LIVE
    view = source(made.snapshot(at(5)))
    assert (view.state, view.reason, view.reconnects) == (ConnectionState.RECONNECTING, "HTTP 500", 1)
    assert view.freshness is Freshness.LATE
    assert line(made, 31).mark_price.freshness is Freshness.LATE


def test_over_a_closed_market_the_price_rests_and_nobody_is_blind() -> None:
    made = priced_engine(FILE, always_open=False)  # the tests begin on a Sunday, 40 minutes early
    feed(made, told(0.1, 92_500))
    assert line(made, 0.2).mark_price.freshness is Freshness.LIVE
    for when in (60, 1200, 2399):
        feed(made, spot(when, 92_000))
        seen = line(made, when)
        assert (seen.mark_price.freshness, seen.price_rests) == (Freshness.LATE, True)
        assert blind(made, when) == ""
    made.command(SetTarget(book="main", instrument=PRICED, ratio=Decimal("0.6")), at(2399))
    made.command(StageHedge(book="main", instrument=PRICED), at(2399))
    stage = made.snapshot(at(2399)).stage
    assert stage is not None
    assert f"the market of {PRICED} is closed now" in stage.refusals
    assert "the mark price is late" in stage.refusals
    open_again = 2400
    feed(made, spot(open_again + 60, 92_000))
    assert not line(made, open_again).price_rests
    assert line(made, open_again + 60).mark_price.freshness is Freshness.STALE
    assert "mark price stale" in blind(made, open_again + 61)


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_price_is_counted_and_the_last_one_stays(price: str) -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500), told(0.2, price))
    assert line(made, 0.3).mark_price.value == 92_500
    assert faults(made, 0.3)[0] == 1


def test_a_price_of_the_past_or_the_future_is_refused() -> None:
    made = priced_engine(FILE)
    feed(made, told(20, 92_500, seen=10), told(35, 91_000, seen=9.9))
    assert line(made, 36).mark_price.value == 92_500
    assert faults(made, 36) == (1, f"out of order: {NAME}")
    feed(made, told(36, 92_600, seen=10))
    assert line(made, 36).mark_price.value == 92_600, "one of the same moment corrects it"
    feed(made, told(40, 91_000, seen=43))
    assert line(made, 41).mark_price.value == 92_600
    assert faults(made, 41) == (2, f"bad field: {NAME}: a time in the future")
    feed(made, told(44, 91_000, seen=46))
    assert line(made, 44).mark_price.value == 91_000
    assert line(made, 44).mark_price.observed_ns == at(44), "no price is from the future"


def test_a_jump_counts_when_two_more_agree() -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500), told(1, 9_250), told(2, 9_251))
    assert line(made, 2).mark_price.value == 92_500
    feed(made, told(3, 9_250))
    assert line(made, 3).mark_price.value == 9_250


def test_its_source_is_a_connection_of_feed_health_that_ages_as_the_price_does() -> None:
    made = priced_engine(FILE)
    feed(
        made,
        connection(0, ConnectionState.LIVE, venue="cme", name=NAME),
        channel(0, ChannelState.LIVE, NAME, venue="cme", name=NAME),
        told(0.1, 92_500),
    )
    views = {view.connection: view for view in made.snapshot(at(25)).feeds if view.venue == "cme"}
    assert list(views) == [NAME]
    assert (views[NAME].frames, views[NAME].freshness) == (1, Freshness.LIVE)
    assert source(made.snapshot(at(100))).freshness is Freshness.STALE


def test_a_paper_order_fills_at_the_price_for_the_fee_of_the_sheet() -> None:
    made = priced_engine(FILE)
    accounts = config(priced(FILE)).accounts
    broker = PaperBroker(accounts, made.positions, made.sheet_mark)
    feed(made, told(0.1, 92_500))
    for sheet in config(priced(FILE)).contracts:
        for event in listings(sheet, at(0)):
            broker.observe(event)
    made.command(SetTarget(book="main", instrument=PRICED, ratio=Decimal("0.6")), at(1))
    made.command(StageHedge(book="main", instrument=PRICED), at(1))
    stage = made.snapshot(at(1)).stage
    assert stage is not None
    assert stage.refusals == ()
    assert (stage.price.value, stage.price_source, stage.quantity.value) == (Decimal(92_500), "mark price", Decimal(10))
    assert (stage.fee.value, stage.notional.value) == (Decimal(25), Decimal(92_500))
    made.command(ConfirmStage(client_order_id=stage.client_order_id), at(1))
    (order,) = made.take_orders()
    feed(made, broker.submit(order, at(1.1)))
    snapshot = made.snapshot(at(1.2))
    seen = snapshot.books[0].hedges[0]
    assert snapshot.orders[0].state is OrderState.FILLED
    assert snapshot.orders[0].average_price.value == 92_500
    assert (seen.quantity.value, seen.fees.value, seen.ratio.value) == (Decimal(-60), Decimal(25), Decimal("0.6"))
    assert snapshot.books[0].accounts[0].wallet_balance.value == 300_000 - 25


def test_a_paper_order_is_refused_once_the_price_is_no_longer_live() -> None:
    made = priced_engine(FILE)
    feed(made, told(0.1, 92_500))
    made.command(SetTarget(book="main", instrument=PRICED, ratio=Decimal("0.6")), at(1))
    made.command(StageHedge(book="main", instrument=PRICED), at(1))
    stage = made.snapshot(at(1)).stage
    assert stage is not None
    made.command(ConfirmStage(client_order_id=stage.client_order_id), at(40))
    assert made.take_orders() == []
    assert made.snapshot(at(40)).message == "not sent: the mark price is late"
    assert made.snapshot(at(40)).stage.refusals.count("the mark price is late") == 1  # type: ignore[union-attr]


def test_the_broker_itself_fills_at_no_price_that_is_not_live() -> None:
    made = priced_engine(FILE)
    broker = PaperBroker(config(priced(FILE)).accounts, made.positions, made.sheet_mark)
    for sheet in config(priced(FILE)).contracts:
        for event in listings(sheet, at(0)):
            broker.observe(event)
    feed(made, told(0.1, 92_500))
    wish = OrderRequest(
        client_order_id="hr-1", account="broker", instrument=PRICED, side="sell", quantity=Decimal(1),
        limit_price=Decimal(92_000), reduce_only=False, created_ns=at(0), expires_ns=at(600),
    )  # fmt: skip
    for when, name, state in ((40, "late", OrderState.REJECTED), (29, "live", OrderState.FILLED)):
        events = broker.submit(msgspec.structs.replace(wish, client_order_id=name), at(when))
        assert [event.state for event in events if isinstance(event, OrderUpdate)] == [state]


def test_fees_and_margins_are_for_each_contract_long_or_short() -> None:
    (sheet,) = config(priced(FILE)).contracts
    contract = instrument_of(sheet, sheet.months[0], at(0))
    for quantity in (Decimal(3), Decimal(-3)):
        assert order_fee(contract, quantity, Decimal(92_500), Decimal("0.001")) == Decimal("7.5")
        assert opening_margin(contract, quantity, Decimal(92_500), Decimal(2)) == 3 * 2_486
    plain = msgspec.structs.replace(contract, fee_per_contract=None, initial_per_contract=None)
    assert order_fee(plain, Decimal(-3), Decimal(92_500), Decimal("0.001")) == Decimal("27.75")
    assert opening_margin(plain, Decimal(-3), Decimal(92_500), Decimal(2)) == Decimal("13875")


def test_scenarios_charge_the_fee_of_the_sheet() -> None:
    made = priced_engine(INDEXED)
    feed(made, told(0.1, 92_500))
    view = made.snapshot(at(0.2)).books[0]
    built = build(made._valuation.standing(config(priced(INDEXED)).books[0], view.bag, at(0.2)))
    assert built.book is not None
    rates = [leg.taker_fee_rate for pool in built.book.pools for leg in pool.legs]
    assert [round(rate * 9_250, 20) for rate in rates] == [Decimal("2.5")], "of the 9,250 USD of a contract"
