"""Funding payments, and liquidation where the arithmetic of core says it happens."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.books import MarginMode
from core.liquidation import cross, isolated
from core.liquidation_results import LiquidationPrice, NoLiquidation
from core.margin import maintenance_margin
from feeds.sim.accounts import Purpose
from feeds.sim.events import BalanceChanged
from feeds.sim.printed import liquidation, liquidation_price
from tests.feeds.sim.desk import Desk

ISOLATED, CROSS = MarginMode.ISOLATED, MarginMode.CROSS


def predicted(desk: Desk, *, set_aside: Decimal = Decimal(0)) -> Decimal:
    """Where core says the desk's only position is liquidated, from what its owner can know."""
    instrument, position, table = desk.listing.instrument, desk.position, desk.listing.tiers
    if desk.account.mode(desk.listing) is ISOLATED:
        found = isolated(
            instrument.kind,
            position.quantity,
            instrument.contract_size,
            position.holding.entry_price,
            position.margin,
            table,
        )
    else:
        found = cross(
            instrument.kind,
            position.quantity,
            instrument.contract_size,
            position.holding.entry_price,
            desk.account.wallet[instrument.settle] - set_aside,
            table,
        )
    assert isinstance(found, LiquidationPrice)
    return found.price


def assert_liquidated_within_a_tick(desk: Desk, price: Decimal) -> None:
    """Alive on the last tick before ``price``, gone on the first one at or past it."""
    tick, short = Decimal("0.1"), desk.position.quantity < 0
    before = price // tick * tick if short else price // tick * tick + tick
    past = before + tick if short else before - tick
    desk.pin(before)
    assert desk.position.quantity, f"liquidated at {before}, before {price}"
    desk.pin(past)
    assert not desk.position.quantity, f"alive at {past}, past {price}"
    assert desk.account.fills[-1].purpose is Purpose.LIQUIDATION
    assert desk.account.fills[-1].price == past


@pytest.mark.parametrize("mode", list(MarginMode))
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_binance_liquidates_where_core_says(mode: MarginMode, side: str) -> None:
    desk = Desk("binance", mode=mode, wallet={"USDT": "40000"})
    desk.trade(desk.request(side, "2.5"))
    assert_liquidated_within_a_tick(desk, predicted(desk))


def test_the_short_of_the_worked_example_is_liquidated_at_its_price() -> None:
    desk = Desk("binance", mode=ISOLATED)
    desk.trade(desk.request("sell", "2.5", "60000"))
    desk.pin("60000.1")
    desk.pin("60000")
    assert desk.position.holding.entry_price == 60_000
    assert round(predicted(desk)) == 71_662
    assert_liquidated_within_a_tick(desk, predicted(desk))


def test_bybit_cross_counts_the_fee_of_closing_where_the_leverage_is_used_up() -> None:
    desk = Desk("bybit", wallet={"USDT": "40000"})
    desk.trade(desk.request("sell", "2.5", "60000"))
    desk.pin("60000.1")
    fee = Decimal("2.5") * 72_000 * desk.listing.taker_fee
    assert (
        desk.exchange.risk.requirement(desk.account, desk.position)
        == desk.exchange.risk.maintenance(desk.position) + fee
    )
    assert_liquidated_within_a_tick(desk, predicted(desk, set_aside=fee))


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_inverse_position_is_liquidated_where_core_says(side: str) -> None:
    desk = Desk("bybit", category="inverse", wallet={"BTC": "1"}, mode=ISOLATED)
    desk.trade(desk.request(side, "60000"))
    assert_liquidated_within_a_tick(desk, predicted(desk))


def test_an_inverse_short_covered_by_its_coin_is_never_liquidated() -> None:
    desk = Desk("bybit", category="inverse", wallet={"BTC": "2"}, leverage=1)
    desk.trade(desk.request("sell", "60000"))
    assert isinstance(liquidation(desk.exchange.risk, desk.account, desk.position), NoLiquidation)
    assert liquidation_price(desk.exchange.risk, desk.account, desk.position) is None
    for price in ("120000", "600000", "1700000"):
        desk.pin(price)
    assert desk.position.quantity == -60_000


@settings(max_examples=15, deadline=None)
@given(
    venue=some.sampled_from(["binance", "bybit"]),
    side=some.sampled_from(["buy", "sell"]),
    thousandths=some.integers(20, 4_000),
    leverage=some.integers(2, 20),
    adds=some.booleans(),
)
def test_random_isolated_accounts_are_liquidated_where_core_says(
    venue: str, side: str, thousandths: int, leverage: int, adds: bool
) -> None:
    desk = Desk(venue, mode=ISOLATED, leverage=leverage, wallet={"USDT": "1000000"})
    desk.trade(desk.request(side, Decimal(thousandths) / 1000))
    if adds:
        desk.pin("60300")
        desk.trade(desk.request(side, Decimal(thousandths) / 2 // 1 / 1000))
    assert_liquidated_within_a_tick(desk, predicted(desk))


def test_an_isolated_liquidation_takes_its_margin_and_no_more() -> None:
    desk = Desk("binance", mode=ISOLATED, wallet={"USDT": "200000"})
    desk.trade(desk.request("sell", "2.5"))
    wallet, margin = desk.account.wallet["USDT"], desk.position.margin
    order = desk.trade(desk.request("buy", "0.1", "58000"))
    desk.pin("90000")
    assert desk.position.quantity == 0
    assert desk.position.margin == 0
    assert desk.account.wallet["USDT"] == wallet - margin
    assert not order.is_open()
    assert order not in desk.account.open_orders()


def test_a_cross_account_is_left_with_nothing_rather_than_less() -> None:
    desk = Desk("binance", wallet={"USDT": "40000"}, pins={"BTC": "60000", "ETH": "3000"})
    desk.trade(desk.request("sell", "2.5"))
    ether = desk.exchange.find("usdm", "ETHUSDT")
    assert ether is not None
    desk.listing = ether
    desk.account.leverages[ether.instrument.id] = Decimal(20)
    desk.trade(desk.request("sell", "10"))
    desk.pin("120000")
    assert not list(desk.account.held())
    assert desk.account.wallet["USDT"] == 0


def test_of_two_cross_positions_the_larger_goes_first_and_may_save_the_other() -> None:
    desk = Desk("binance", wallet={"USDT": "40000"}, pins={"BTC": "60000", "ETH": "3000"})
    desk.trade(desk.request("sell", "2.5"))
    ether = desk.exchange.find("usdm", "ETHUSDT")
    assert ether is not None
    bitcoin, desk.listing = desk.listing, ether
    desk.trade(desk.request("sell", "1"))
    price = liquidation(desk.exchange.risk, desk.account, desk.account.position(bitcoin))
    assert isinstance(price, LiquidationPrice)
    desk.pin(price.price // 1 + 1)
    assert desk.account.position(bitcoin).quantity == 0
    held = [position.listing.symbol for position in desk.account.held()]
    health = desk.exchange.risk.health(desk.account, "USDT")
    assert held == (["ETHUSDT"] if health.equity > 0 else [])


@pytest.mark.parametrize("venue", ["binance", "bybit"])
@pytest.mark.parametrize("mode", list(MarginMode))
def test_a_short_receives_positive_funding_at_the_mark_of_the_settlement(venue: str, mode: MarginMode) -> None:
    desk = Desk(venue, mode=mode)
    desk.trade(desk.request("sell", "0.5"))
    wallet, margin = desk.account.wallet["USDT"], desk.position.margin
    schedule = desk.exchange.funding(desk.listing)
    assert schedule is not None
    desk.events.clear()
    desk.now_ms = schedule.next_ms - 100
    rate = schedule.rate
    desk.step()
    settled = schedule.settled[-1]
    assert settled.mark == 60_000
    expected = (Decimal("0.5") * 60_000 * settled.rate).quantize(Decimal("0.00000001"))
    assert settled.rate == pytest.approx(rate, abs=Decimal("0.0001"))
    assert expected > 0
    assert desk.account.wallet["USDT"] - wallet == expected
    assert desk.position.margin - margin == (expected if mode is ISOLATED else 0)
    assert (desk.position.updated_ms == desk.now_ms) == (mode is ISOLATED), "its margin has changed, or nothing of it"
    row = desk.account.ledger[-1]
    assert (row.kind, row.amount, row.symbol) == ("funding", expected, "BTCUSDT")
    (event,) = desk.events
    assert isinstance(event, BalanceChanged)
    assert event.reason == "funding"


def test_only_who_holds_at_the_instant_pays() -> None:
    desk = Desk()
    schedule = desk.exchange.funding(desk.listing)
    assert schedule is not None
    desk.trade(desk.request("buy", "0.5"))
    desk.trade(desk.request("sell", "0.5"))
    wallet = desk.account.wallet["USDT"]
    desk.now_ms = schedule.next_ms - 100
    desk.step()
    assert desk.account.wallet["USDT"] == wallet


def test_health_is_the_arithmetic_of_core() -> None:
    desk = Desk("binance", wallet={"USDT": "50000"})
    desk.trade(desk.request("sell", "2.5"))
    desk.pin("61000")
    health, instrument = desk.exchange.risk.health(desk.account, "USDT"), desk.listing.instrument
    assert desk.listing.tiers is not None
    assert health.maintenance == maintenance_margin(
        instrument.kind, Decimal("-2.5"), Decimal(1), Decimal(61_000), desk.listing.tiers
    )
    assert health.unrealised == Decimal("-2.5") * (61_000 - Decimal("59999.9"))
    assert health.equity == health.wallet + health.unrealised
    assert health.initial == Decimal(152_500) / 5


def test_a_price_beyond_every_tier_still_has_a_requirement() -> None:
    desk = Desk("binance", wallet={"USDT": "400000000"}, leverage=2)
    desk.account.account_mode = CROSS
    for _ in range(3):
        desk.trade(desk.request("buy", "900"))
        desk.step()
    desk.pin("1700000")
    assert desk.position.quantity > 0
    assert desk.exchange.risk.maintenance(desk.position) > 500_000_000
