"""What the venues list: contract sizes, quarterly contracts and their delivery, tiers of every unit, and wallets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind
from core.liquidation_results import LiquidationPrice
from feeds.sim.accounts import Purpose
from feeds.sim.catalogue import COIN, Family, Listing, Row, build
from feeds.sim.events import BalanceChanged, Setting, SettingsChanged, Term, TermsChanged
from feeds.sim.figures import bars, day
from feeds.sim.history import HOUR_MS
from feeds.sim.order_checks import Refused, Trading, Why, largest_notional
from feeds.sim.printed import liquidation
from feeds.sim.registry import VENUES, chosen, parse_venues, venue_class, venue_rules
from feeds.sim.tiers import maintenance, tier_amount
from tests.feeds.sim.desk import START_MS, Desk

CONTRACTS = Family(
    market="contracts",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0",
    taker_fee="0.0008",
    tier_unit="contracts",
    whole_position=True,
    rows=(
        Row(
            *("BTC", "BTC_USDT", "0.1", "1", "1", "1000000", "5", 8, "0.003", "90000", "1000000000"),
            tiers=(("100000", "0.004", "125"), ("200000", "0.008", "62"), ("300000", "0.012", "41")),
            contract_size="0.0001",
        ),
    ),
)


def every_listing() -> Iterator[Listing]:
    return (listing for venue in VENUES for listing in venue_rules(venue).listings(START_MS))


def coin_desk(wallet: str = "2", mode: MarginMode = MarginMode.CROSS) -> Desk:
    """A desk in Binance's COIN-M perpetual, of 100 USD a contract."""
    return Desk("binance", category="coinm", wallet={"BTC": wallet}, mode=mode)


def test_a_pin_can_be_quoted_on_every_listing() -> None:
    for listing in every_listing():
        assert COIN[listing.instrument.base].pin_tick % listing.instrument.tick_size == 0, listing.instrument.id


def test_every_venue_is_one_line_and_says_who_it_is() -> None:
    for name in VENUES:
        assert venue_rules(name).venue == venue_class(name).name == name
        assert {listing.category for listing in venue_rules(name).listings(START_MS)} <= venue_rules(
            name
        ).wallets.keys()
    assert parse_venues("binance, bybit") == ("bybit", "binance")
    assert parse_venues("all") == chosen(None) == tuple(VENUES)
    with pytest.raises(RequestError, match="mtgox"):
        parse_venues("mtgox")


def test_coin_margined_contracts_are_counted_in_dollars_and_dated_by_the_quarter() -> None:
    found = {item.symbol: item for item in venue_rules("binance").listings(START_MS) if item.category == "coinm"}
    assert [*found] == [
        *("BTCUSD_PERP", "ETHUSD_PERP"),
        *("BTCUSD_260925", "BTCUSD_261225", "ETHUSD_260925", "ETHUSD_261225"),
    ]
    assert {item.instrument.contract_size for item in found.values() if item.pair == "BTCUSD"} == {100}
    assert {item.instrument.contract_size for item in found.values() if item.pair == "ETHUSD"} == {10}
    assert [item.quarter for item in found.values()] == [0, 0, 1, 2, 1, 2]
    assert {item.instrument.settle for item in found.values()} == {"BTC", "ETH"}


def test_bybit_has_dated_contracts_of_both_kinds() -> None:
    dated = [item.symbol for item in venue_rules("bybit").listings(START_MS) if item.quarter]
    assert dated == [
        *("BTCUSDT-25SEP26", "BTCUSDT-25DEC26", "ETHUSDT-25SEP26", "BTC-25SEP26"),
        *("BTCUSDU26", "BTCUSDZ26", "ETHUSDU26"),
    ]


def test_a_hundred_dollars_a_contract_are_a_hundred_dollars() -> None:
    desk = coin_desk()
    order = desk.trade(desk.request("sell", "600"))
    assert order.average_price == desk.position.holding.entry_price == Decimal("59999.9")
    assert desk.account.wallets["coinm"]["BTC"] == 2 - (60_000 / Decimal("59999.9") * Decimal("0.0005")).quantize(
        Decimal("0.00000001")
    )
    desk.pin("50000")
    profit = desk.exchange.risk.unrealised(desk.position)
    assert profit == pytest.approx(60_000 * (1 / Decimal(50_000) - 1 / Decimal("59999.9")), abs=Decimal("1e-20"))
    assert desk.exchange.risk.value(desk.position) == Decimal("1.2")
    equity = desk.exchange.risk.health(desk.account, "BTC").equity
    assert equity == pytest.approx(desk.account.wallets["coinm"]["BTC"] + profit, abs=Decimal("1e-20"))


def test_tiers_of_coin_margined_contracts_are_in_the_coin() -> None:
    desk = coin_desk(wallet="100")
    assert desk.listing.tiers is not None
    assert desk.listing.tiers.unit == "coin"
    assert maintenance(desk.listing, Decimal(3_000), Decimal(60_000)) == Decimal("0.02")
    assert maintenance(desk.listing, Decimal(-4_200), Decimal(60_000)) == 7 * Decimal("0.005") - Decimal("0.005")


@pytest.mark.parametrize("mode", list(MarginMode))
def test_a_coin_margined_long_is_liquidated_where_core_says(mode: MarginMode) -> None:
    desk = coin_desk(wallet="0.5", mode=mode)
    desk.trade(desk.request("buy", "1000"))
    found = liquidation(desk.exchange.risk, desk.account, desk.position)
    assert isinstance(found, LiquidationPrice)
    desk.pin(found.price // Decimal("0.1") * Decimal("0.1") + Decimal("0.1"))
    assert desk.position.quantity == 1000
    desk.pin(found.price // Decimal("0.1") * Decimal("0.1"))
    assert desk.position.quantity == 0
    assert desk.account.fills[-1].purpose is Purpose.LIQUIDATION


def test_a_table_in_contracts_takes_one_rate_for_the_whole_position() -> None:
    (listing,) = build("somewhere", [CONTRACTS], START_MS)
    price = Decimal(60_000)
    assert tier_amount(listing, Decimal(-150_000), price) == 150_000
    assert maintenance(listing, Decimal(100_000), price) == 600_000 * Decimal("0.004")
    assert maintenance(listing, Decimal(100_001), price) == Decimal("600006") * Decimal("0.008")
    assert maintenance(listing, Decimal(10), price, Decimal("0.0008")) == 60 * Decimal("0.0048")
    assert largest_notional(listing, Decimal(50)) == 200_000


def test_a_dated_contract_is_delivered_at_the_index_when_it_expires() -> None:
    desk = Desk("binance", symbol="BTCUSDT_260925")
    resting = desk.trade(desk.request("sell", "1", "62000"))
    desk.trade(desk.request("sell", "0.5"))
    told: list[object] = []
    desk.exchange.notices = told.append
    expiry, wallet = desk.listing.expiry_ms, desk.account.wallet["USDT"]
    assert expiry is not None
    desk.now_ms = expiry - 200
    desk.step()
    assert desk.position.quantity
    desk.pin("60000")
    fill = desk.account.fills[-1]
    assert (fill.purpose, fill.price, fill.fee) == (Purpose.DELIVERY, Decimal(60_000), Decimal(15))
    assert desk.account.wallet["USDT"] - wallet == Decimal("0.5") * (Decimal("59999.9") - 60_000) - 15
    assert not resting.is_open()
    assert desk.exchange.find("usdm", "BTCUSDT_260925") is None
    assert desk.exchange.trading(desk.listing) is Trading.DELIVERED
    assert TermsChanged(desk.listing, Term.TRADING) in told
    desk.exchange.reopen()
    assert desk.exchange.find("usdm", "BTCUSDT_260925") is None


def test_wallets_are_apart_and_money_moves_between_them() -> None:
    desk = coin_desk()
    settlement, wallets = desk.exchange.settlement, desk.account.wallets
    assert [*wallets] == ["usdm", "coinm", "spot"]
    desk.trade(desk.request("sell", "600"))
    assert wallets["usdm"] == {} == wallets["spot"]
    desk.events.clear()
    settlement.move(desk.account, "BTC", Decimal("0.5"), "coinm", "spot")
    assert wallets["spot"] == {"BTC": Decimal("0.5")}
    assert [(row.wallet, row.amount) for row in list(desk.account.ledger)[-2:]] == [
        ("coinm", Decimal("-0.5")),
        ("spot", Decimal("0.5")),
    ]
    changes = [event for event in desk.events if isinstance(event, BalanceChanged)]
    assert [(event.wallet, event.change) for event in changes] == [("coinm", Decimal("-0.5")), ("spot", Decimal("0.5"))]
    for amount in ("0", "-1", "100"):
        with pytest.raises(RequestError, match="amount"):
            settlement.move(desk.account, "BTC", Decimal(amount), "coinm", "spot")


def test_coins_of_one_wallet_back_nothing_of_another() -> None:
    desk = Desk("binance", wallet={"USDT": "1000"})
    desk.account.wallets["coinm"]["BTC"] = Decimal(100)
    with pytest.raises(Refused) as refused:
        desk.trade(desk.request("sell", "1"))
    assert refused.value.why is Why.MARGIN
    assert desk.exchange.risk.health(desk.account, "BTC").wallet == 100


def test_a_contract_that_takes_only_closing_orders() -> None:
    desk = Desk()
    desk.trade(desk.request("sell", "1"))
    desk.exchange.set_trading(desk.listing, Trading.CLOSING_ONLY)
    with pytest.raises(Refused) as refused:
        desk.trade(desk.request("sell", "1"))
    assert refused.value.why is Why.CLOSING_ONLY
    desk.trade(desk.request("buy", "1", reduce_only=True))
    assert desk.position.quantity == 0
    assert desk.exchange.find("usdm", "BTCUSDT") is desk.listing


def test_settings_of_one_side_leave_the_other_alone_and_are_told() -> None:
    desk = Desk()
    assert len(desk.account.sides(desk.listing)) == 1
    desk.exchange.settings.position_mode(desk.account, hedges=True)
    long, short = desk.account.sides(desk.listing)
    desk.exchange.settings.leverage(desk.account, desk.listing, Decimal(20), long.side)
    desk.exchange.settings.margin_mode(desk.account, MarginMode.ISOLATED, desk.listing, short.side)
    assert [desk.account.leverage(desk.listing, side.side) for side in (long, short)] == [20, 5]
    assert [desk.account.mode(desk.listing, side.side) for side in (long, short)] == [
        MarginMode.CROSS,
        MarginMode.ISOLATED,
    ]
    told = [event.setting for event in desk.events if isinstance(event, SettingsChanged)]
    assert told == [Setting.POSITION_MODE, Setting.LEVERAGE, Setting.MARGIN_MODE]


def test_a_new_funding_interval_begins_with_the_calendar_of_its_own() -> None:
    desk = Desk()
    schedule = desk.exchange.funding(desk.listing)
    assert schedule is not None
    for hours in (4, 1):
        desk.exchange.set_funding_hours(desk.listing, hours)
        assert desk.listing.instrument.funding_interval_hours == schedule.hours == hours
        assert schedule.next_ms % (hours * HOUR_MS) == 0
        assert desk.now_ms < schedule.next_ms <= desk.now_ms + hours * HOUR_MS


def test_another_tier_table_is_reckoned_with_at_once() -> None:
    desk = Desk()
    desk.trade(desk.request("sell", "1"))
    before = desk.exchange.risk.maintenance(desk.position)
    desk.listing.set_tiers([("1000000", "0.02", "25"), ("5000000", "0.1", "5")])
    assert desk.exchange.risk.maintenance(desk.position) == 60_000 * Decimal("0.02") > before
    assert desk.listing.instrument.maximum_leverage == 25


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSDT_261225"])
def test_candles_and_the_day_end_at_the_contracts_own_price(symbol: str) -> None:
    desk = Desk("binance", symbol=symbol, pins={"ETH": "3000"})
    desk.step(20)
    quote, figures = desk.exchange.quote(desk.listing), day(desk.exchange, desk.listing)
    candles = bars(desk.exchange, desk.listing, HOUR_MS, 0, desk.now_ms, 5)
    assert len(candles) == 5
    assert abs(candles[-1].close / quote.mid - 1) < Decimal("0.003")
    assert figures.low <= figures.last == quote.last <= figures.high
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in candles)
    assert not any(price % desk.listing.instrument.tick_size for bar in candles for price in bar[1:5])


def test_the_turnover_of_inverse_contracts_is_in_the_coin() -> None:
    desk = coin_desk()
    figures = day(desk.exchange, desk.listing)
    assert figures.turnover == pytest.approx(figures.volume * 100 / 60_000, rel=Decimal("0.001"))
    assert figures.weighted == pytest.approx(Decimal(60_000), rel=Decimal("0.001"))


def test_recent_trades_are_there_from_the_start_and_follow_the_seed() -> None:
    desk, again = Desk(), Desk()
    first = desk.exchange.trades(desk.listing)
    assert len(first) >= 50
    assert first == again.exchange.trades(again.listing)
    times = [trade.time_ms for trade in first]
    assert times == sorted(times)
    desk.step(30)
    latest = desk.exchange.trades(desk.listing, 5)
    assert len(latest) == 5
    assert latest[-1].time_ms > START_MS + 2_000
    assert {trade.side for trade in desk.exchange.trades(desk.listing)} == {"buy", "sell"}
