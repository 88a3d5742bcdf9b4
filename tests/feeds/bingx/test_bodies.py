"""BingX's REST bodies: what each endpoint says, in whichever shape it comes, and what is refused by name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError, VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    CandlesLoaded,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind
from core.legs import Leg
from core.tiers import check_continuity
from feeds.bingx import account, answers, facts, orders, reference
from feeds.bingx.rows import PositionMode
from feeds.registry import reference_events
from feeds.venue import RestAnswer
from tests.support.frames import BAD_PRICES, BAD_RATES, faults, tickers

HOUR_MS = 3_600_000
MS = 1_790_006_400_000
NS = MS * 1_000_000
assert MS % (8 * HOUR_MS) == 0


def body(data: Any, **more: Any) -> bytes:
    return json.dumps({"code": 0, "msg": "", "data": data} | more).encode()


def read(path: str, data: Any, *, method: str = "GET", **parameters: str) -> list[AnyEvent]:
    answer = RestAnswer(path=path, body=body(data), received_ns=NS, parameters=parameters, method=method)
    return list(answers.events(answer))


# --- prices and rates ----------------------------------------------------------------------------------------------

PREMIUM: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "markPrice": "42216.4",
    "indexPrice": "42219.9",
    "lastFundingRate": "-0.00025100",
    "nextFundingTime": MS,
    "fundingIntervalHours": 4,
}


def test_the_premium_index_tells_the_rate_to_come_and_each_contracts_own_interval() -> None:
    for told in (PREMIUM, [PREMIUM]):
        (event,) = read(facts.PREMIUM_PATH, told)
        assert event == Ticker(
            received_ns=NS,
            instrument="bingx:linear:BTC-USDT",
            channel=facts.PREMIUM_PATH,
            mark_price=Decimal("42216.4"),
            index_price=Decimal("42219.9"),
            funding_rate=Decimal("-0.00025100"),
            next_funding_time_ns=NS,
            funding_interval_hours=4,
        )


@pytest.mark.parametrize("interval", [None, "", ...])
def test_an_interval_that_is_not_told_is_not_known(interval: Any) -> None:
    row = {name: value for name, value in (PREMIUM | {"fundingIntervalHours": interval}).items() if value is not ...}
    (event,) = tickers(read(facts.PREMIUM_PATH, row))
    assert event.funding_interval_hours is None


def test_a_coin_margined_interval_is_the_usual_one_where_the_next_settlement_fits_it() -> None:
    row = PREMIUM | {"symbol": "BTC-USD"}
    del row["fundingIntervalHours"]
    (fits,) = tickers(read(facts.INVERSE_PREMIUM_PATH, [row]))
    (other,) = tickers(read(facts.INVERSE_PREMIUM_PATH, [row | {"nextFundingTime": MS + HOUR_MS}]))
    assert (fits.instrument, fits.funding_interval_hours) == ("bingx:inverse:BTC-USD", 8)
    assert other.funding_interval_hours is None


@pytest.mark.parametrize(
    ("name", "ours", "values"),
    [
        ("markPrice", "mark_price", BAD_PRICES),
        ("indexPrice", "index_price", BAD_PRICES),
        ("lastFundingRate", "funding_rate", BAD_RATES),
        ("nextFundingTime", "next_funding_time_ns", (None, "", "0", 0, -1, "x", 1.5, [])),
        ("fundingIntervalHours", "funding_interval_hours", ("x", 0, -8, 1.5, 999, [])),
    ],
)
def test_a_bad_field_of_the_premium_index_is_named_and_the_others_are_used(
    name: str, ours: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        events = read(facts.PREMIUM_PATH, PREMIUM | {name: value})
        assert [fault.field for fault in faults(events)] == [name], value
        assert getattr(tickers(events)[0], ours) is None


def test_settled_rates_are_told_apart_and_oldest_first() -> None:
    rows = [{"symbol": "X-USDT", "fundingRate": f"0.000{n}", "fundingTime": MS - n * HOUR_MS} for n in (1, 3, 2)]
    events = read(facts.SETTLED_PATH, rows)
    assert [(event.rate, event.settled_ns) for event in events if isinstance(event, FundingSettled)] == [
        (Decimal(f"0.000{n}"), NS - n * HOUR_MS * 1_000_000) for n in (3, 2, 1)
    ]
    assert faults(read(facts.SETTLED_PATH, [rows[0] | {"fundingRate": "2"}]))[0].field == "fundingRate"


def test_the_best_ask_of_a_book_is_the_last_row_in_the_coin_where_that_is_told() -> None:
    data = {
        "T": MS,
        "bids": [["99", "1"], ["98", "2"]],
        "asks": [["103", "3"], ["101", "4"]],
        "bidsCoin": [["99", "1000"], ["98", "2000"]],
        "asksCoin": [["103", "3000"], ["101", "4000"]],
    }
    (event,) = tickers(read(facts.DEPTH_PATH, data, symbol="X-USDT"))
    assert (event.bid_price, event.bid_size, event.ask_price, event.ask_size) == (
        Decimal(99),
        Decimal(1000),
        Decimal(101),
        Decimal(4000),
    )
    without = {name: data[name] for name in ("T", "bids", "asks")}
    (event,) = tickers(read(facts.INVERSE_DEPTH_PATH, without, symbol="X-USD"))
    assert (event.ask_price, event.ask_size, event.instrument) == (Decimal(101), Decimal(4), "bingx:inverse:X-USD")


def test_a_book_of_nobody_knows_what_is_refused() -> None:
    with pytest.raises(DecodeError, match="symbol"):
        read(facts.DEPTH_PATH, {"T": MS, "bids": [], "asks": []})


@pytest.mark.parametrize("levels", [[["1"]], [["x", "1"]], [5], "x", [["1", "2", "3"]]])
def test_bad_levels_are_named(levels: Any) -> None:
    events = read(facts.DEPTH_PATH, {"T": MS, "bids": levels, "asks": [["3", "1"]]}, symbol="X-USDT")
    assert [fault.field for fault in faults(events)] == ["bids"]
    assert tickers(events)[0].bid_price is None


# --- instruments and tiers -----------------------------------------------------------------------------------------

CONTRACT: dict[str, Any] = {
    "contractId": "100",
    "symbol": "BTC-USDT",
    "size": "0.0001",
    "quantityPrecision": 4,
    "pricePrecision": 1,
    "tradeMinQuantity": 0.0002,
    "tradeMinUSDT": 2,
    "maxLongLeverage": 125,
    "maxShortLeverage": 100,
    "currency": "USDT",
    "asset": "BTC",
    "status": 1,
    "apiStateOpen": "true",
}
INVERSE: dict[str, Any] = {
    "symbol": "BTC-USD",
    "pricePrecision": 1,
    "minTickSize": "100",
    "minTradeValue": "100",
    "minQty": "1.00000000",
    "status": 1,
}


def test_a_linear_contract_counts_in_coins_whatever_its_size_says() -> None:
    (event,) = read(facts.CONTRACTS_PATH, [CONTRACT])
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.kind, told.contract_size, told.settle) == (ContractKind.LINEAR, Decimal(1), "USDT")
    assert (told.tick_size, told.quantity_step) == (Decimal("0.1"), Decimal("0.0001"))
    assert (told.minimum_quantity, told.minimum_notional) == (Decimal("0.0002"), Decimal(2))
    assert (told.maximum_leverage, told.status, told.funding_interval_hours) == (Decimal(100), "trading", None)


def test_a_coin_margined_contract_is_worth_dollars_and_ticks_by_its_digits() -> None:
    (event,) = read(facts.INVERSE_CONTRACTS_PATH, [INVERSE])
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.kind, told.contract_size, told.tick_size) == (ContractKind.INVERSE, Decimal(100), Decimal("0.1"))
    assert (told.base, told.quote, told.settle, told.quantity_step) == ("BTC", "USD", "BTC", Decimal(1))


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"status": 25}, "no opening"), ({"apiStateOpen": "false"}, "no opening"), ({"status": 0}, "offline")],
)
def test_a_contract_that_cannot_be_opened_is_told(changed: dict[str, Any], status: str) -> None:
    (event,) = read(facts.CONTRACTS_PATH, [CONTRACT | changed])
    assert isinstance(event, InstrumentListed)
    assert event.instrument.status == status


def test_funding_terms_are_joined_to_contracts() -> None:
    row = PREMIUM | {"maxFundingRate": "0.003", "minFundingRate": "-0.003"}
    premium = RestAnswer(path=facts.PREMIUM_PATH, body=body([row]), received_ns=NS)
    terms = reference.funding_terms(premium.body, premium.path, answers.events(premium))
    (event,) = reference.contracts(body([CONTRACT]), None, NS, terms)
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.funding_interval_hours, told.funding_rate_cap, told.funding_rate_floor) == (
        4,
        Decimal("0.003"),
        Decimal("-0.003"),
    )


@pytest.mark.parametrize(("name", "value"), [("pricePrecision", -1), ("quantityPrecision", "x"), ("currency", None)])
def test_a_contract_that_cannot_be_read_is_named_and_the_others_are_listed(name: str, value: Any) -> None:
    events = read(facts.CONTRACTS_PATH, [CONTRACT | {name: value}, CONTRACT | {"symbol": "ETH-USDT"}])
    assert [fault.field for fault in faults(events)] == [name]
    assert [event.instrument.symbol for event in events if isinstance(event, InstrumentListed)] == ["ETH-USDT"]


def tier(floor: str, cap: str, rate: str, deduction: str) -> dict[str, str]:
    return {
        "symbol": "BTC-USDT",
        "minPositionVal": floor,
        "maxPositionVal": cap,
        "maintMarginRatio": rate,
        "maintAmount": deduction,
    }


def test_tiers_are_sorted_and_join_without_a_jump() -> None:
    rows = [tier("150000", "900000", "0.004", "30"), tier("0", "150000", "0.0038", "0")]
    (event,) = read(facts.TIERS_PATH, rows)
    assert isinstance(event, TiersLoaded)
    check_continuity(event.table)
    assert [(row.floor, row.cap, row.deduction) for row in event.table.tiers] == [
        (Decimal(0), Decimal(150000), Decimal(0)),
        (Decimal(150000), Decimal(900000), Decimal(30)),
    ]
    assert event.table.unit == "quote"


def test_tiers_that_jump_are_loaded_with_a_fault_and_bad_ones_are_not_loaded() -> None:
    jump = read(facts.TIERS_PATH, [tier("0", "150000", "0.0038", "0"), tier("150000", "900000", "0.004", "3")])
    assert [fault.field for fault in faults(jump)] == ["maintAmount"]
    broken = read(facts.TIERS_PATH, [tier("0", "150000", "0.0038", "0"), tier("150000", "900000", "2", "30")])
    assert [type(event) for event in broken] == [FrameFault]


# --- candles -------------------------------------------------------------------------------------------------------


def candle(hours: int, close: str) -> dict[str, Any]:
    time = MS - hours * HOUR_MS
    return {"open": "1", "close": close, "high": "3", "low": "0.5", "openTime": time, "closeTime": time + HOUR_MS - 1}


def test_candles_come_in_any_order_and_the_running_one_is_left_out() -> None:
    rows = [candle(1, "1.1"), candle(3, "1.3"), candle(0, "1.0"), candle(2, "1.2")]
    address = f"https://open-api.bingx.com{facts.MARK_CANDLES_PATH}?symbol=X-USDT&interval=1h&timestamp=1"
    (event,) = reference_events("bingx", address, body(rows), NS + 11_000_000_000)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price.value) == ("bingx:linear:X-USDT", "mark")
    assert [row.close for row in event.candles] == [Decimal("1.3"), Decimal("1.2"), Decimal("1.1")]


@pytest.mark.parametrize("arrays", [False, True])
def test_candles_of_coin_margined_contracts_are_of_trades(arrays: bool) -> None:
    objects = [candle(hours, close) for hours, close in ((0, "1.0"), (2, "1.2"))]
    objects = [{name: each[name] for name in each if "T" not in name} | {"time": each["openTime"]} for each in objects]
    rows = [[each["time"], *(each[name] for name in ("open", "high", "low", "close")), "9"] for each in objects]
    (event,) = read(facts.INVERSE_CANDLES_PATH, rows if arrays else objects, symbol="X-USD", interval="1h")
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price.value) == ("bingx:inverse:X-USD", "last")
    (row,) = event.candles
    assert (row.high, row.low, row.close) == (Decimal(3), Decimal("0.5"), Decimal("1.2"))


def test_spot_candles_are_arrays_and_days_count_in_utc_only() -> None:
    rows = [[MS - 2 * 86_400_000 - MS % 86_400_000, "1", "3", "0.5", "2", "9", 0, "8"]]
    asked = {"symbol": "X-USDT", "interval": "1d"}
    (event,) = read(facts.SPOT_CANDLES_PATH, rows, **asked, timeZone="0")
    assert isinstance(event, CandlesLoaded)
    assert (event.price.value, event.candles[0].close) == ("spot", Decimal(2))
    assert read(facts.SPOT_CANDLES_PATH, rows, **asked) == []


@pytest.mark.parametrize("row", [{}, {"openTime": MS}, {"openTime": "x"}, 5, [], None, {"openTime": MS, "open": "NaN"}])
def test_a_bad_candle_is_named(row: Any) -> None:
    events = read(facts.MARK_CANDLES_PATH, [row, candle(2, "1")], symbol="X-USDT", interval="1h")
    assert len(faults(events)) == 1
    assert [len(event.candles) for event in events if isinstance(event, CandlesLoaded)] == [1]


# --- accounts ------------------------------------------------------------------------------------------------------


def test_an_asset_that_is_not_held_comes_as_empty_texts() -> None:
    rows = [{"asset": "USDT", "balance": "300.5"}, {"asset": "USDC", "balance": ""}, {"asset": "VST", "balance": "-1"}]
    events = read(facts.BALANCE_PATH, rows)
    assert {event.asset: event.wallet_balance for event in events if isinstance(event, BalanceUpdate)} == {
        "USDT": Decimal("300.5"),
        "VST": Decimal(-1),
    }
    assert not faults(events)


@pytest.mark.parametrize("name", ["balances", "assets"])
def test_spot_holds_what_is_free_and_what_is_locked(name: str) -> None:
    (event,) = read(facts.SPOT_BALANCE_PATH, {name: [{"asset": "BTC", "free": "1.5", "locked": "0.5"}]})
    assert isinstance(event, BalanceUpdate)
    assert event.wallet_balance == Decimal(2)


POSITION: dict[str, Any] = {
    "symbol": "BNB-USDT",
    "positionAmt": "0.20",
    "positionSide": "SHORT",
    "isolated": True,
    "avgPrice": "246.43",
    "initialMargin": "9.7914",
    "leverage": 5,
    "unrealizedProfit": "-0.0653",
    "liquidationPrice": 294.16914617776246,
}


def position(path: str = facts.POSITIONS_PATH, mode: bool | None = None, **changed: Any) -> PositionUpdate:
    row = {name: value for name, value in (POSITION | changed).items() if value is not ...}
    answer = RestAnswer(path=path, body=body([row]), received_ns=NS)
    (event,) = account.positions(answer, PositionMode(mode))
    assert isinstance(event, PositionUpdate)
    return event


def test_a_position_is_signed_and_its_margin_is_what_was_put_in() -> None:
    event = position()
    assert (event.quantity, event.entry_price, event.leg) == (Decimal("-0.20"), Decimal("246.43"), Leg.SHORT)
    assert event.isolated_margin == Decimal("9.8567")
    assert (event.liquidation_price, event.leverage) == (Decimal("294.16914617776246"), Decimal(5))


def test_where_the_margin_is_told_it_is_taken_and_not_the_initial_one() -> None:
    told: dict[str, Any] = {"margin": "0.3528", "initialMargin": "1.3922", "unrealizedProfit": "-1.0393"}
    assert position(**told).isolated_margin == Decimal("1.3921")
    assert position(isolated=False, **told).isolated_margin is None


def test_the_initial_margin_of_a_coin_margined_position_holds_no_result() -> None:
    event = position(facts.INVERSE_POSITIONS_PATH, symbol="BNB-USD", initialMargin="0.5")
    assert event.isolated_margin == Decimal("0.5")


@pytest.mark.parametrize("none", [0, "0", "", None, "0.0", -1, "-33.2", ...])
def test_no_liquidation_price_is_unknown_and_not_a_price(none: Any) -> None:
    assert position(liquidationPrice=none).liquidation_price is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "--", "1e400", "abc"])
def test_a_liquidation_price_that_is_no_number_is_a_fault(text: str) -> None:
    events = read(facts.POSITIONS_PATH, [POSITION | {"liquidationPrice": text}])
    assert [fault.field for fault in faults(events)] == ["liquidationPrice"]
    assert len(events) == 1


def test_in_one_way_mode_a_side_is_no_leg() -> None:
    assert (position(mode=False).leg, position(mode=False).quantity) == (Leg.NET, Decimal("-0.20"))
    assert position(mode=False, positionSide="BOTH", positionAmt="-0.3").quantity == Decimal("-0.3")


def test_an_entry_price_of_nothing_is_none() -> None:
    event = position(positionAmt="0", avgPrice="0", liquidationPrice=0, initialMargin="0", unrealizedProfit="0")
    assert (event.entry_price, event.liquidation_price, event.isolated_margin) == (None, None, None)


@pytest.mark.parametrize(("told", "mode"), [("true", "hedge"), ("false", "one-way"), (True, "hedge")])
def test_the_position_mode_may_be_text(told: Any, mode: str) -> None:
    (event,) = read(facts.POSITION_MODE_PATH, {"dualSidePosition": told})
    assert event == AccountSettings(received_ns=NS, account="account", position_mode=mode)


@pytest.mark.parametrize("data", [{}, {"dualSidePosition": ""}, {"dualSidePosition": None}, [], None])
def test_a_position_mode_that_is_not_told_is_refused(data: Any) -> None:
    with pytest.raises(DecodeError, match="dualSidePosition"):
        read(facts.POSITION_MODE_PATH, data)


def test_settings_are_of_the_contract_that_was_asked_for() -> None:
    (margin,) = read(facts.MARGIN_MODE_PATH, {"marginType": "CROSSED"}, symbol="X-USDT")
    assert isinstance(margin, AccountSettings)
    assert (margin.instrument, margin.margin_mode) == ("bingx:linear:X-USDT", "cross")
    (own,) = read(facts.INVERSE_MARGIN_MODE_PATH, [{"symbol": "X-USD", "marginType": "ISOLATED"}])
    assert isinstance(own, AccountSettings)
    assert (own.instrument, own.margin_mode) == ("bingx:inverse:X-USD", "isolated")
    with pytest.raises(DecodeError, match="symbol"):
        read(facts.MARGIN_MODE_PATH, {"marginType": "CROSSED"})
    legs = read(facts.LEVERAGE_PATH, {"longLeverage": 4, "shortLeverage": 8}, symbol="X-USDT")
    assert [(event.leg, event.leverage) for event in legs if isinstance(event, AccountSettings)] == [
        (Leg.LONG, Decimal(4)),
        (Leg.SHORT, Decimal(8)),
    ]


INCOME: dict[str, Any] = {
    "symbol": "LDO-USDT",
    "incomeType": "FUNDING_FEE",
    "income": "-0.0292",
    "asset": "USDT",
    "info": "Funding Fee",
    "time": MS + 15_000,
    "tranId": "17",
    "tradeId": "18",
}


def test_funding_is_due_on_the_hour_though_it_is_booked_later() -> None:
    (event,) = read(facts.INCOME_PATH, [INCOME])
    assert event == FundingPayment(
        received_ns=NS,
        account="account",
        payment_id="LDO-USDT:17",
        instrument="bingx:linear:LDO-USDT",
        amount=Decimal("-0.0292"),
        asset="USDT",
        settled_ns=NS,
    )
    assert account.settled_ns(NS) == NS
    assert account.settled_ns(NS + 300_000_000_000) == NS
    assert account.settled_ns(NS + 300_000_000_001) == NS + 300_000_000_001


def test_both_legs_are_paid_at_once_and_each_payment_counts() -> None:
    unnamed = {name: value for name, value in INCOME.items() if name != "tranId"}
    rows = [unnamed, unnamed | {"income": "0.0292"}, unnamed, unnamed | {"asset": "USDC"}]
    events = [event for event in read(facts.INCOME_PATH, rows) if isinstance(event, FundingPayment)]
    assert sum(event.amount for event in events if event.asset == "USDT") == Decimal("-0.0292")
    assert len({event.payment_id for event in events}) == 4
    assert read(facts.INCOME_PATH, rows) == events, "the same is told by the same ids"


@pytest.mark.parametrize(
    ("kind", "told", "fill"),
    [("TRADING_FEE", "trade", "LDO-USDT:18"), ("INSURANCE_CLEAR", "liquidation", ""), ("GTD_PRICE", "other", "")],
)
def test_fees_of_the_ledger_are_positive_when_paid(kind: str, told: str, fill: str) -> None:
    (event,) = read(facts.INCOME_PATH, [INCOME | {"incomeType": kind}])
    assert isinstance(event, FeeCharged)
    assert (event.amount, event.kind, event.fill_id) == (Decimal("0.0292"), told, fill)
    assert event.charged_ns == (MS + 15_000) * 1_000_000


@pytest.mark.parametrize("kind", ["TRANSFER", "REALIZED_PNL", "TRIAL_FUND", "ADL", "SOMETHING_NEW"])
def test_what_is_neither_funding_nor_a_fee_is_in_the_balance_alone(kind: str) -> None:
    assert read(facts.INCOME_PATH, [INCOME | {"incomeType": kind}]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("income", "NaN"),
        ("income", ""),
        ("time", 0),
        ("asset", None),
        ("asset", ""),
        ("symbol", ""),
        ("incomeType", ""),
    ],
)
def test_a_bad_ledger_row_is_named(name: str, value: Any) -> None:
    assert [fault.field for fault in faults(read(facts.INCOME_PATH, [INCOME | {name: value}]))] == [name]


# --- orders and fills ----------------------------------------------------------------------------------------------

ORDER: dict[str, Any] = {
    "symbol": "OP-USDT",
    "orderId": 1736012449498123521,
    "side": "SELL",
    "positionSide": "SHORT",
    "type": "LIMIT",
    "origQty": "1.5",
    "price": "2.171",
    "executedQty": "0.5",
    "avgPrice": "2.172",
    "status": "PENDING",
    "time": MS,
    "updateTime": MS + 20,
    "clientOrderId": "hr-1",
    "reduceOnly": True,
}


def test_an_order_is_told_in_full_and_its_long_id_keeps_every_digit() -> None:
    (event,) = read(facts.ORDER_PATH, {"order": ORDER})
    assert event == OrderUpdate(
        received_ns=NS,
        account="account",
        client_order_id="hr-1",
        instrument="bingx:linear:OP-USDT",
        side="sell",
        quantity=Decimal("1.5"),
        state=OrderState.PARTIALLY_FILLED,
        filled_quantity=Decimal("0.5"),
        average_price=Decimal("2.172"),
        limit_price=Decimal("2.171"),
        reduce_only=True,
        venue_order_id="1736012449498123521",
        venue_time_ns=(MS + 20) * 1_000_000,
        leg=Leg.SHORT,
    )
    assert read(facts.OPEN_ORDERS_PATH, {"orders": [ORDER]}) == [event]


def test_an_order_of_another_spelling_is_the_same() -> None:
    odd = ORDER | {"positionSide": "Long", "status": "Filled", "executedQty": "1.5", "clientOrderID": "hr-2"}
    del odd["clientOrderId"]
    (event,) = read(facts.INVERSE_QUERY_PATH, odd)
    assert isinstance(event, OrderUpdate)
    assert (event.state, event.leg, event.client_order_id) == (OrderState.FILLED, Leg.LONG, "hr-2")


def test_a_placed_order_without_an_envelope_is_read() -> None:
    raw = json.dumps({"orderId": 18, "symbol": "SOL-USD", "side": "BUY", "price": 100, "quantity": 1}).encode()
    answer = RestAnswer(path=facts.INVERSE_ORDER_PATH, body=raw, received_ns=NS, method="POST")
    (event,) = answers.events(answer)
    assert isinstance(event, OrderUpdate)
    assert (event.state, event.venue_order_id, event.leg) == (OrderState.OPEN, "18", Leg.NET)
    assert orders.placed_id(answer) == "18"


FILL: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "qty": "0.0615",
    "price": "76445.4",
    "commission": "-2.350696",
    "commissionAsset": "USDT",
    "orderId": "21",
    "tradeId": "77",
    "filledTime": "2026-09-18T02:39:57.250+08:00",
    "side": "SELL",
    "positionSide": "LONG",
    "role": "maker",
}


@pytest.mark.parametrize("offset", ["+08:00", "+0800"])
def test_an_execution_is_told_at_its_own_time(offset: str) -> None:
    row = FILL | {"filledTime": FILL["filledTime"].replace("+08:00", offset)}
    answer = RestAnswer(path=facts.FILLS_PATH, body=body({"fill_history_orders": [row], "total": 1}), received_ns=NS)
    (event,) = orders.fills(answer, PositionMode(), {"21": "hr-1"})
    assert event == Fill(
        received_ns=NS,
        account="account",
        fill_id="BTC-USDT:77",
        client_order_id="hr-1",
        instrument="bingx:linear:BTC-USDT",
        side="sell",
        price=Decimal("76445.4"),
        quantity=Decimal("0.0615"),
        fee=Decimal("2.350696"),
        fee_asset="USDT",
        maker=True,
        venue_time_ns=1_789_670_397_250_000_000,
        leg=Leg.LONG,
    )
    assert orders.counted(answer) == 1


@pytest.mark.parametrize("time", ["2026-09-18", "2026-13-18T02:39:57+08:00", "2026-09-18T02:39:57", 5, None, ""])
def test_an_execution_without_its_time_is_refused(time: Any) -> None:
    events = read(facts.FILLS_PATH, {"fill_history_orders": [FILL | {"filledTime": time}]})
    assert [fault.field for fault in faults(events)] == ["filledTime"]


def test_an_execution_without_its_id_could_be_counted_twice_and_is_refused() -> None:
    events = read(facts.FILLS_PATH, {"fill_history_orders": [FILL | {"tradeId": ""}]})
    assert [fault.field for fault in faults(events)] == ["tradeId"]


def test_a_coin_margined_execution_counts_in_contracts() -> None:
    row = {
        "orderId": "1817441228670648320",
        "symbol": "SOL-USD",
        "type": "MARKET",
        "side": "BUY",
        "positionSide": "LONG",
        "tradeId": "97244554",
        "volume": "2",
        "tradePrice": "182.652",
        "amount": "20.00000000",
        "commission": "-0.00005475",
        "currency": "SOL",
        "maker": False,
        "tradeTime": MS,
    }
    (event,) = read(facts.INVERSE_FILLS_PATH, [row])
    assert isinstance(event, Fill)
    assert (event.quantity, event.price, event.fee, event.fee_asset) == (
        Decimal(2),
        Decimal("182.652"),
        Decimal("0.00005475"),
        "SOL",
    )
    assert (event.fill_id, event.maker, event.venue_time_ns) == ("SOL-USD:97244554", False, NS)


# --- every endpoint ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", list(answers.READERS))
def test_a_refusal_is_a_venue_error_everywhere(path: str) -> None:
    for code in (109400, "109400"):
        raw = json.dumps({"code": code, "msg": "Invalid parameters", "data": {}}).encode()
        with pytest.raises(VenueError, match="109400"):
            answers.events(RestAnswer(path=path, body=raw, received_ns=NS, parameters={"symbol": "X-USDT"}))


@pytest.mark.parametrize("path", list(answers.READERS))
@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"5", b"\xff", b"<html>", b'{"code":0', b"[" * 100_000])
def test_what_is_no_body_is_refused_everywhere(path: str, raw: bytes) -> None:
    answer = RestAnswer(path=path, body=raw, received_ns=NS, parameters={"symbol": "X-USDT", "interval": "1h"})
    if path == facts.LISTEN_KEY_PATH and not raw:
        assert isinstance(answers.events(answer)[0], Heard)
        return
    with pytest.raises(DecodeError):
        answers.events(answer)


def test_a_listen_key_is_never_told() -> None:
    raw = b'{"listenKey":"a8ea75681542e66f1a50a1616dd06ed7"}'
    (event,) = answers.events(RestAnswer(path=facts.LISTEN_KEY_PATH, body=raw, received_ns=NS, method="POST"))
    assert isinstance(event, Heard)
    assert (event.kind, event.detail) == ("answer", "made")
    assert "a8ea75681542e66f" not in repr(event)
