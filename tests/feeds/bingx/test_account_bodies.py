"""BingX's REST bodies of accounts: what each endpoint says, in whichever shape it comes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import (
    AccountSettings,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.bingx import account, answers, facts, orders
from feeds.bingx.rows import PositionMode
from feeds.venue import RestAnswer
from tests.feeds.bingx.bodies import FILL, INCOME, MS, NS, ORDER, POSITION, body, read
from tests.support.frames import faults

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
        booked_ns=(MS + 15_000) * 1_000_000,
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
