"""Bodies of Binance's signed answers with odd values: what is no price is none, and what is no good is named."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.binance import answers
from feeds.venue import RestAnswer
from tests.feeds.binance.desk import row

POSITION: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "positionSide": "BOTH",
    "positionAmt": "-0.5",
    "entryPrice": "60000.1",
    "liquidationPrice": "91234.5",
    "unRealizedProfit": "-100",
    "isolatedMargin": "0",
    "isolatedWallet": "0",
    "updateTime": 1_790_000_000_000,
}
TRADE: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "id": 77,
    "orderId": 4711,
    "side": "SELL",
    "positionSide": "BOTH",
    "price": "68000.20",
    "qty": "0.010",
    "commission": "-0.34",
    "commissionAsset": "BNB",
    "maker": True,
    "time": 1_790_000_000_000,
}
INCOME: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "incomeType": "COMMISSION",
    "income": "-0.34",
    "asset": "USDT",
    "time": 1_789_488_000_002,
    "tranId": 9,
    "tradeId": "77",
}


def read(path: str, *rows: Any) -> list[AnyEvent]:
    body = json.dumps(rows).encode()
    return answers.events(RestAnswer(path=path, body=body, received_ns=7, account="hedge"))


def positions(**changes: Any) -> list[AnyEvent]:
    return read("/fapi/v3/positionRisk", POSITION | changes)


# --- positions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["0", "0.00", 0, "", None, "--", "-1", -5])
@pytest.mark.parametrize(("name", "field"), [("liquidationPrice", "liquidation_price"), ("entryPrice", "entry_price")])
def test_what_is_no_price_is_none(name: str, field: str, nothing: Any) -> None:
    (event,) = positions(**{name: nothing})
    assert isinstance(event, PositionUpdate)
    assert getattr(event, field) is None


@pytest.mark.parametrize(
    "name", ["positionAmt", "entryPrice", "liquidationPrice", "unRealizedProfit", "isolatedWallet"]
)
@pytest.mark.parametrize("bad", ["NaN", "Infinity", "1_0", "١", "1e999", "0x1", True, [], {}])
def test_a_number_that_is_none_spoils_its_row_by_name(name: str, bad: Any) -> None:
    fault, other = sorted(
        read("/fapi/v3/positionRisk", POSITION | {name: bad}, POSITION | {"symbol": "ETHUSDT"}),
        key=lambda event: isinstance(event, PositionUpdate),
    )
    assert isinstance(fault, FrameFault)
    assert fault.field.startswith(name)
    assert isinstance(other, PositionUpdate)
    assert other.instrument == "binance:usdm:ETHUSDT"


@pytest.mark.parametrize("name", ["symbol", "positionSide", "positionAmt", "entryPrice"])
def test_a_position_without_what_makes_it_one_is_a_fault(name: str) -> None:
    (event,) = read("/fapi/v3/positionRisk", {key: value for key, value in POSITION.items() if key != name})
    assert isinstance(event, FrameFault)
    assert event.field == name


@pytest.mark.parametrize(
    ("changes", "margin"),
    [
        ({}, None),
        ({"isolatedMargin": "14900", "isolatedWallet": "15000"}, "15000"),
        ({"isolatedMargin": "14900", "isolatedWallet": None}, "15000"),
        ({"isolatedMargin": "14900", "isolatedWallet": "15000", "marginType": "isolated"}, "15000"),
        ({"isolatedMargin": "14900", "isolatedWallet": "15000", "marginType": "cross"}, None),
    ],
    ids=["cross", "isolated", "without its wallet", "said so", "said otherwise"],
)
def test_the_margin_is_what_was_moved_to_the_position(changes: dict[str, Any], margin: str | None) -> None:
    event = positions(**changes)[0]
    assert isinstance(event, PositionUpdate)
    assert event.isolated_margin == (None if margin is None else Decimal(margin))


def test_legs_and_settings_of_coin_margined_positions() -> None:
    rows = [POSITION | {"positionSide": side, "marginType": "isolated", "leverage": "7"} for side in ("LONG", "SHORT")]
    events = read("/dapi/v1/positionRisk", *rows)
    settings = [event for event in events if isinstance(event, AccountSettings)]
    assert [(event.leg, event.margin_mode, event.leverage) for event in settings] == [
        (Leg.LONG, "isolated", Decimal(7)),
        (Leg.SHORT, "isolated", Decimal(7)),
    ]


# --- balances, orders, fills -----------------------------------------------------------------------------------------


def test_a_balance_may_be_owed() -> None:
    (event,) = read("/fapi/v3/balance", {"asset": "USDT", "balance": "-12.5", "updateTime": 0})
    assert isinstance(event, BalanceUpdate)
    assert (event.wallet_balance, event.venue_time_ns) == (Decimal("-12.5"), None)


@pytest.mark.parametrize(
    ("status", "state"),
    [("NEW", OrderState.OPEN), ("EXPIRED_IN_MATCH", OrderState.CANCELLED), ("NEW_ADL", OrderState.UNKNOWN)],
)
def test_orders_of_any_status(status: str, state: OrderState) -> None:
    (event,) = read("/fapi/v1/openOrders", row(status))
    assert isinstance(event, OrderUpdate)
    assert event.state is state


@pytest.mark.parametrize("average", [{}, {"avgPrice": "0"}, {"avgPrice": "0.00000"}, {"avgPrice": ""}])
def test_an_answer_without_an_average_price_has_none(average: dict[str, str]) -> None:
    (event,) = read("/fapi/v1/order", row("FILLED", "0.010", **average))
    assert isinstance(event, OrderUpdate)
    assert event.average_price is None


def test_a_rebate_is_a_fee_below_nothing() -> None:
    (event,) = read("/fapi/v1/userTrades", TRADE)
    assert isinstance(event, Fill)
    assert (event.fee, event.fee_asset, event.client_order_id) == (Decimal("-0.34"), "BNB", "")


@pytest.mark.parametrize("name", ["id", "orderId", "price", "qty", "commission", "commissionAsset", "side", "time"])
@pytest.mark.parametrize("bad", [None, "", [], {}])
def test_a_bad_execution_is_not_told(name: str, bad: Any) -> None:
    (event,) = read("/fapi/v1/userTrades", TRADE | {name: bad})
    assert isinstance(event, FrameFault)
    assert event.field == name


# --- the ledger ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "income", "told", "amount"),
    [
        ("COMMISSION", "-0.34", "trade", "0.34"),
        ("INSURANCE_CLEAR", "-12.5", "liquidation", "12.5"),
        ("COMMISSION_REBATE", "0.1", "other", "-0.1"),
        ("REFERRAL_KICKBACK", "0.1", "other", "-0.1"),
        ("API_REBATE", "0.1", "other", "-0.1"),
        ("POSITION_LIMIT_INCREASE_FEE", "-1", "other", "1"),
    ],
)
def test_fees_are_paid_and_rebates_are_received(kind: str, income: str, told: str, amount: str) -> None:
    (event,) = read("/fapi/v1/income", INCOME | {"incomeType": kind, "income": income})
    assert isinstance(event, FeeCharged)
    assert (event.kind, event.amount) == (told, Decimal(amount))
    assert event.fill_id == ("BTCUSDT:77" if kind == "COMMISSION" else "")


@pytest.mark.parametrize("income", ["1.5", "-1.5"])
@pytest.mark.parametrize("kind", ["FUNDING_FEE", "SPECIAL_FUNDING_FEE"])
def test_funding_is_received_or_paid_and_its_rate_is_not_guessed(kind: str, income: str) -> None:
    (event,) = read("/fapi/v1/income", INCOME | {"incomeType": kind, "income": income})
    assert isinstance(event, FundingPayment)
    assert (event.amount, event.rate, event.mark_price) == (Decimal(income), None, None)
    assert event.settled_ns == 1_789_488_000_000 * 10**6


@pytest.mark.parametrize("kind", ["TRANSFER", "REALIZED_PNL", "DELIVERED_SETTELMENT", "AUTO_EXCHANGE", "SOMETHING_NEW"])
def test_what_is_neither_is_left_out(kind: str) -> None:
    assert read("/fapi/v1/income", INCOME | {"incomeType": kind}) == []


def test_entries_of_one_number_are_told_apart_by_type_asset_contract_and_trade() -> None:
    rows = [
        INCOME,
        INCOME | {"incomeType": "INSURANCE_CLEAR"},
        INCOME | {"asset": "BNB"},
        INCOME | {"symbol": "ETHUSDT"},
        INCOME | {"tradeId": "78"},
        INCOME | {"tranId": "9"},
    ]
    ids = [event.record_id for event in read("/fapi/v1/income", *rows) if isinstance(event, FeeCharged)]
    assert len(set(ids)) == 5
    assert ids[-1] == ids[0], "a number may come as text"


@pytest.mark.parametrize("path", ["/fapi/v3/positionRisk", "/fapi/v1/income", "/fapi/v1/userTrades", "/api/v3/account"])
@pytest.mark.parametrize("body", [b"", b"5", b"null", b'"text"', b"[5", b"\xff", b'[{"symbol":"\xff"}]'])
def test_a_body_of_another_kind_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(DecodeError):
        answers.events(RestAnswer(path=path, body=body, received_ns=7))
