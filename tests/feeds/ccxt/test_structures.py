"""ccxt's unified structures to events: exact, and unknown where ccxt does not tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    AccountSettings,
    CandlePrice,
    CandlesLoaded,
    Fill,
    FrameFault,
    FundingPayment,
    FundingSettled,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    TiersLoaded,
)
from core.history import DAY_NS
from core.instruments import ContractKind
from core.legs import Leg
from feeds.ccxt import account, market
from feeds.ccxt.numbers import hours, number, price
from tests.support.frames import BAD_NUMBERS

NOW = 1_790_000_000_000_000_000
NOW_MS = NOW // 1_000_000
LINEAR, INVERSE, FUTURE, SPOT = (
    "ccxt.kraken:swap:BTC/USD:USD",
    "ccxt.kraken:swap:BTC/USD:BTC",
    "ccxt.kraken:future:BTC/USD:USD-261225",
    "ccxt.kraken:spot:BTC/USDT",
)
MARKET: dict[str, Any] = {
    "symbol": "BTC/USD:USD",
    "type": "swap",
    "base": "BTC",
    "quote": "USD",
    "settle": "USD",
    "active": True,
    "contractSize": "0.0001",
    "expiry": None,
    "precision": {"price": "0.5", "amount": "1"},
    "limits": {"amount": {"min": "2", "max": "1000"}, "cost": {"min": None}, "leverage": {"max": "50"}},
}


def read(name: str, mode: int = market.TICK_SIZE, **changed: Any) -> InstrumentListed | FrameFault:
    return market.instrument("ccxt.kraken", name, MARKET | changed, mode, NOW)


# --- instruments -----------------------------------------------------------------------------------------------------


def test_a_contract_is_what_its_market_says() -> None:
    event = read(LINEAR)
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.id, told.kind, told.contract_size) == (LINEAR, ContractKind.LINEAR, Decimal("0.0001"))
    assert (told.tick_size, told.quantity_step, told.minimum_quantity, told.maximum_quantity) == (
        Decimal("0.5"),
        Decimal(1),
        Decimal(2),
        Decimal(1000),
    )
    assert (told.maximum_leverage, told.funding_interval_hours, told.status) == (Decimal(50), None, "trading")


def test_inverse_dated_and_spot_are_told_apart_by_the_name() -> None:
    inverse = read(INVERSE, symbol="BTC/USD:BTC", settle="BTC", contractSize="1")
    dated = read(FUTURE, symbol="BTC/USD:USD-261225", type="future", expiry=1_798_185_600_000, active=False)
    spot = read(SPOT, symbol="BTC/USDT", type="spot", quote="USDT", settle=None, contractSize=None)
    found = [event.instrument for event in (inverse, dated, spot) if isinstance(event, InstrumentListed)]
    assert [it.kind for it in found] == [ContractKind.INVERSE, ContractKind.LINEAR, ContractKind.SPOT]
    assert [(it.expiry_ns, it.status) for it in found] == [
        (None, "trading"),
        (1_798_185_600_000_000_000, "not trading"),
        (None, "trading"),
    ]


def test_decimal_places_are_steps_and_significant_digits_are_none() -> None:
    event = read(LINEAR, market.DECIMAL_PLACES, precision={"price": "2", "amount": "-1"})
    assert isinstance(event, InstrumentListed)
    assert (event.instrument.tick_size, event.instrument.quantity_step) == (Decimal("0.01"), Decimal(10))
    assert isinstance(read(LINEAR, 3, precision={"price": "5", "amount": "3"}), FrameFault)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"contractSize": None}, "contractSize"),
        ({"contractSize": "0"}, "contractSize"),
        ({"precision": {"price": None, "amount": "1"}}, "precision.price"),
        ({"precision": {"price": "0.5"}}, "precision.amount"),
        ({"precision": None}, "precision.price"),
        ({"base": "ETH"}, "symbol"),
        ({"expiry": 1_798_185_600_000}, "expiry"),
    ],
)
def test_a_market_that_lacks_what_is_needed_is_a_fault_that_names_it(changed: dict[str, Any], field: str) -> None:
    event = read(LINEAR, **changed)
    assert isinstance(event, FrameFault)
    assert event.field == field


def test_a_quanto_contract_is_refused() -> None:
    event = market.instrument("ccxt.x1", "ccxt.x1:swap:ETH/USD:BTC", MARKET | {"base": "ETH", "settle": "BTC"}, 4, NOW)
    assert isinstance(event, FrameFault)
    assert event.field == "settle"


# --- tiers -----------------------------------------------------------------------------------------------------------

TIERS: list[dict[str, Any]] = [
    {"currency": "USD", "minNotional": "0", "maxNotional": "100", "maintenanceMarginRate": "0.01", "maxLeverage": "50"},
    {
        "currency": "USD",
        "minNotional": "101",
        "maxNotional": None,
        "maintenanceMarginRate": "0.02",
        "maxLeverage": "20",
    },
]


def test_tiers_without_deductions_are_of_the_whole_position() -> None:
    event = market.tiers("ccxt.kraken", LINEAR, TIERS, NOW)
    assert isinstance(event, TiersLoaded)
    assert (event.table.unit, event.table.whole_position) == ("quote", True)
    assert [(it.floor, it.cap, it.rate) for it in event.table.tiers] == [
        (Decimal(0), Decimal(100), Decimal("0.01")),
        (Decimal(100), None, Decimal("0.02")),
    ]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([TIERS[0] | {"currency": "BTC"}], "currency"),
        ([TIERS[0] | {"currency": None}], "currency"),
        ([TIERS[0] | {"maintenanceMarginRate": None}], "maintenanceMarginRate"),
        ([TIERS[1], TIERS[0]], "maxNotional"),
        ([TIERS[0], TIERS[1] | {"maintenanceMarginRate": "0.005"}], "tiers"),
        ([], "tiers"),
        ([None], "maintenanceMarginRate"),
    ],
)
def test_tiers_of_unknown_meaning_are_no_table(rows: list[Any], field: str) -> None:
    event = market.tiers("ccxt.kraken", LINEAR, rows, NOW)
    assert isinstance(event, FrameFault)
    assert event.field == field


# --- prices, funding, history ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("8h", 8),
        ("1h", 1),
        ("4h", 4),
        (None, None),
        ("", None),
        ("8", None),
        ("30m", None),
        ("0h", None),
        ("1.5h", None),
    ],
)
def test_an_interval_is_told_or_unknown_and_never_eight_hours(interval: str | None, expected: int | None) -> None:
    told = {"fundingRate": "0.0001", "fundingTimestamp": NOW_MS + 1, "interval": interval, "timestamp": NOW_MS}
    event = market.funding(LINEAR, "c", told, NOW, prices=False)
    assert (event.funding_rate, event.funding_interval_hours) == (Decimal("0.0001"), expected)
    assert hours(interval) == expected


def test_a_rate_whose_time_has_passed_is_no_estimate() -> None:
    told = {"fundingRate": "0.0001", "fundingTimestamp": NOW_MS, "interval": "8h", "markPrice": "5"}
    event = market.funding(LINEAR, "c", told, NOW, prices=True)
    assert (event.funding_rate, event.next_funding_time_ns, event.mark_price) == (None, None, Decimal(5))


def test_a_rate_without_a_time_is_still_a_rate() -> None:
    event = market.funding(LINEAR, "c", {"fundingRate": "-0.0001"}, NOW, prices=False)
    assert (event.funding_rate, event.next_funding_time_ns) == (Decimal("-0.0001"), None)


def test_a_last_price_is_no_mark_price() -> None:
    event = market.ticker(LINEAR, "c", {"last": "60000.5", "bid": "60000", "bidVolume": "0", "timestamp": NOW_MS}, NOW)
    assert (event.last_price, event.mark_price, event.index_price) == (Decimal("60000.5"), None, None)
    assert (event.bid_price, event.bid_size, event.ask_price) == (Decimal(60000), Decimal(0), None)
    assert event.venue_time_ns == NOW


def test_a_time_that_cannot_be_is_not_told() -> None:
    told = {"last": "5", "timestamp": NOW_MS + 48 * 3_600_000}
    event = market.ticker(LINEAR, "c", told, NOW)
    assert (event.last_price, event.venue_time_ns) == (Decimal(5), None)


def test_volumes_of_contracts_are_left_out_as_their_unit_differs() -> None:
    told = {"last": "5", "baseVolume": "10", "quoteVolume": "50"}
    assert market.day(LINEAR, "c", told, NOW).volume is None
    spot = market.day(SPOT, "c", told, NOW)
    assert (spot.volume, spot.turnover) == (Decimal(10), Decimal(50))


def test_the_newest_settlement_counts_and_none_to_come() -> None:
    rows = [
        {"timestamp": NOW_MS - 2, "fundingRate": "0.1"},
        {"timestamp": NOW_MS - 1, "fundingRate": "0.2"},
        {"timestamp": NOW_MS + 1, "fundingRate": "0.3"},
        {"timestamp": None, "fundingRate": "0.4"},
        None,
    ]
    (event,) = market.settled(LINEAR, rows, NOW)
    assert isinstance(event, FundingSettled)
    assert (event.rate, event.settled_ns) == (Decimal("0.2"), (NOW_MS - 1) * 10**6)
    assert market.settled(LINEAR, [], NOW) == []


def test_candles_are_exact_and_the_running_one_is_left_out() -> None:
    day_ms = DAY_NS // 10**6
    start = NOW_MS // day_ms * day_ms
    rows = [
        [start - day_ms, "1.10", 2.5, "1", "2", None],
        [start, "2", "2", "2", "2", "1"],
        [start, None, 1, 1, 1],
        "x",
    ]
    loaded, fault = market.history(SPOT, CandlePrice.SPOT, DAY_NS, rows, NOW)
    assert isinstance(loaded, CandlesLoaded)
    assert [(it.open, it.high) for it in loaded.candles] == [(Decimal("1.10"), Decimal("2.5"))]
    assert isinstance(fault, FrameFault)
    assert fault.field == "open"


@pytest.mark.parametrize("value", BAD_NUMBERS)
def test_what_is_no_number_is_unknown(value: Any) -> None:
    assert number(value) is None
    assert market.ticker(LINEAR, "c", {"last": value}, NOW).last_price is None


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value="1e-10", max_value="1e10", places=10))
def test_a_text_is_kept_to_the_last_digit(value: Decimal) -> None:
    assert number(format(value, "f")) == value


def test_no_price_is_made_of_what_is_out_of_bounds() -> None:
    assert [price(value) for value in ("0", "-1", "1e30", 0.1)] == [None, None, None, Decimal("0.1")]


# --- accounts --------------------------------------------------------------------------------------------------------

POSITION: dict[str, Any] = {
    "symbol": "BTC/USD:USD",
    "side": "short",
    "contracts": "2.5",
    "entryPrice": "60000.5",
    "liquidationPrice": "90000",
    "marginMode": "isolated",
    "positionMargin": "500",
    "leverage": "3",
    "hedged": False,
}


def only_position(**changed: Any) -> PositionUpdate:
    event = account.position("main", LINEAR, POSITION | changed, NOW)[0]
    assert isinstance(event, PositionUpdate)
    return event


def test_a_short_is_negative_and_its_own_figures_are_kept() -> None:
    told = only_position()
    assert (told.quantity, told.entry_price, told.liquidation_price) == (
        Decimal("-2.5"),
        Decimal("60000.5"),
        Decimal(90000),
    )
    assert (told.isolated_margin, told.leverage, told.leg) == (Decimal(500), Decimal(3), Leg.NET)
    assert only_position(side="long").quantity == Decimal("2.5")
    assert only_position(hedged=True).leg is Leg.SHORT


@pytest.mark.parametrize("value", [None, "", "0", 0, "--", "NaN"])
def test_no_liquidation_price_is_unknown_and_never_zero(value: Any) -> None:
    assert only_position(liquidationPrice=value).liquidation_price is None


def test_a_position_of_unknown_size_or_side_is_not_told() -> None:
    assert account.position("main", LINEAR, POSITION | {"contracts": None}, NOW) == []
    assert account.position("main", LINEAR, POSITION | {"side": None}, NOW) == []
    assert only_position(contracts="0", side=None).quantity == 0
    assert only_position(contracts="0").entry_price is None


def test_orders_and_their_states() -> None:
    row = {
        "id": "7",
        "clientOrderId": None,
        "side": "sell",
        "amount": "2",
        "filled": "0",
        "price": "5",
        "status": "open",
    }
    states = [
        told.state
        for changed in ({}, {"filled": "1"}, {"status": "canceled"}, {"status": "closed"}, {"status": None})
        if (told := account.order("main", LINEAR, row | changed, NOW)) is not None
    ]
    assert states == [
        OrderState.OPEN,
        OrderState.PARTIALLY_FILLED,
        OrderState.CANCELLED,
        OrderState.FILLED,
        OrderState.UNKNOWN,
    ]
    told = account.order("main", LINEAR, row, NOW)
    assert told is not None
    assert (told.client_order_id, told.venue_order_id) == ("7", "7")
    assert account.order("main", LINEAR, row | {"amount": None}, NOW) is None


def test_a_fee_that_is_not_told_is_not_a_fee_of_nothing() -> None:
    row = {"id": "f1", "order": "7", "side": "buy", "price": "5", "amount": "2", "takerOrMaker": "maker"}
    fee = {"fee": {"cost": "-0.001", "currency": "USD"}}
    told = account.fill("main", LINEAR, row | fee, NOW)
    assert told is not None
    assert (told.fee, told.fee_asset, told.maker, told.client_order_id) == (Decimal("-0.001"), "USD", True, "7")
    assert account.fill("main", LINEAR, row, NOW) is None
    assert account.fill("main", LINEAR, row | {"fee": {"cost": None, "currency": "USD"}}, NOW) is None


def test_a_funding_payment_has_the_sign_of_what_was_received() -> None:
    row = {"id": "p1", "code": "USD", "amount": "-0.25", "timestamp": NOW_MS}
    told = account.payment("main", LINEAR, row, NOW)
    assert told is not None
    assert (told.amount, told.asset, told.payment_id, told.settled_ns) == (Decimal("-0.25"), "USD", "p1", NOW)
    assert account.payment("main", LINEAR, row | {"timestamp": None}, NOW) is None


# --- every field -----------------------------------------------------------------------------------------------------


def test_a_position_and_how_it_is_set() -> None:
    update, setting = account.position("main", LINEAR, POSITION | {"hedged": True, "timestamp": NOW_MS}, 7)
    assert update == PositionUpdate(
        received_ns=7, account="main", instrument=LINEAR, quantity=Decimal("-2.5"), entry_price=Decimal("60000.5"),
        liquidation_price=Decimal(90000), isolated_margin=Decimal(500), leverage=Decimal(3), venue_time_ns=NOW,
        leg=Leg.SHORT,
    )  # fmt: skip
    assert setting == AccountSettings(
        received_ns=7, account="main", instrument=LINEAR, margin_mode="isolated", leverage=Decimal(3), leg=Leg.SHORT
    )


@pytest.mark.parametrize(
    ("mode", "leverage", "told"),
    [("cross", "3", ("cross", 3)), ("cross", None, ("cross", None)), (None, "3", (None, 3)), ("odd", None, None)],
)
def test_a_setting_is_told_as_far_as_ccxt_does(mode: str | None, leverage: str | None, told: Any) -> None:
    events = account.position("main", LINEAR, POSITION | {"marginMode": mode, "leverage": leverage}, NOW)
    assert isinstance(events[0], PositionUpdate)
    assert events[0].isolated_margin is None
    settings = [event for event in events if isinstance(event, AccountSettings)]
    assert [(event.margin_mode, event.leverage) for event in settings] == ([] if told is None else [told])


def test_what_is_flat_has_neither_price_nor_margin() -> None:
    told = only_position(contracts="0")
    assert (told.quantity, told.entry_price, told.liquidation_price, told.isolated_margin) == (
        Decimal(0),
        None,
        None,
        None,
    )


ROW: dict[str, Any] = {
    "id": "7", "clientOrderId": "hr-1", "side": "sell", "amount": "2", "filled": "0.5", "average": "5.1", "price": "5",
    "status": "open", "reduceOnly": True, "timestamp": NOW_MS,
}  # fmt: skip


def test_an_order_in_full() -> None:
    assert account.order("main", LINEAR, ROW, 7) == OrderUpdate(
        received_ns=7, account="main", client_order_id="hr-1", instrument=LINEAR, side="sell", quantity=Decimal(2),
        state=OrderState.PARTIALLY_FILLED, filled_quantity=Decimal("0.5"), average_price=Decimal("5.1"),
        limit_price=Decimal(5), reduce_only=True, venue_order_id="7", venue_time_ns=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "odd"), [("side", None), ("side", "hold"), ("id", None), ("id", ""), ("amount", "x")]
)
def test_an_order_without_what_makes_it_one_is_not_told(field: str, odd: Any) -> None:
    assert account.order("main", LINEAR, ROW | {field: odd}, NOW) is None


TRADE: dict[str, Any] = {
    "id": "f1", "order": "7", "side": "buy", "price": "5", "amount": "2", "takerOrMaker": "taker",
    "fee": {"cost": "0.01", "currency": "USD"}, "timestamp": NOW_MS,
}  # fmt: skip


def test_a_trade_in_full() -> None:
    assert account.fill("main", LINEAR, TRADE, 7) == Fill(
        received_ns=7, account="main", fill_id="f1", client_order_id="7", instrument=LINEAR, side="buy",
        price=Decimal(5), quantity=Decimal(2), fee=Decimal("0.01"), fee_asset="USD", maker=False, venue_time_ns=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("field", ["id", "side", "price", "amount", "fee"])
def test_a_trade_that_cannot_be_counted_is_not_told(field: str) -> None:
    assert account.fill("main", LINEAR, TRADE | {field: None}, NOW) is None


def test_a_payment_in_full() -> None:
    row = {"id": None, "code": "USD", "amount": "-0.25", "timestamp": NOW_MS, "rate": "0.0001"}
    assert account.payment("main", LINEAR, row, 7) == FundingPayment(
        received_ns=7, account="main", payment_id=f"{LINEAR} {NOW}", instrument=LINEAR, amount=Decimal("-0.25"),
        asset="USD", rate=Decimal("0.0001"), settled_ns=NOW,
    )  # fmt: skip
    for field in ("code", "amount", "timestamp"):
        assert account.payment("main", LINEAR, row | {field: None}, 7) is None
