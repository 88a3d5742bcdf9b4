"""Signed bodies: what a wallet is, which way funding went, which legs are flat, and where a list ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError, VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    PositionUpdate,
)
from core.legs import Leg
from feeds.mexc import account, envelope, orders
from feeds.mexc.facts import FEE_DETAILS_PATH, spot_wallet
from feeds.registry import rest_answer, venue_module
from tests.feeds.mexc.rows import DEAL, POSITION

WHOSE = ("main", 7)
ASSET: dict[str, Any] = {"currency": "USDT", "equity": 90.5, "unrealized": -10.25, "availableBalance": 50}


def body(data: object) -> bytes:
    return json.dumps({"success": True, "code": 0, "data": data}).encode()


def told(endpoint: str, data: object) -> Sequence[AnyEvent]:
    return venue_module("mexc").rest_events(rest_answer("mexc", "linear", endpoint, body(data), 7))


@pytest.mark.parametrize(
    ("unrealised", "wallet"), [(-10.25, "100.75"), (10.25, "80.25"), (0, "90.5"), ("-10.25", "100.75")]
)
def test_a_wallet_leaves_out_what_is_unrealised(unrealised: object, wallet: str) -> None:
    (event,) = account.balances("assets", WHOSE, body([ASSET | {"unrealized": unrealised}]))
    assert isinstance(event, BalanceUpdate)
    assert (event.account, event.asset, event.wallet_balance) == ("main", "USDT", Decimal(wallet))


def test_empty_wallets_are_told_where_they_are_wanted() -> None:
    empty = [{"currency": coin, "equity": 0, "unrealized": 0} for coin in ("BTC", "ETH")]
    events = account.balances("assets", WHOSE, body([ASSET, *empty]), {"BTC"})
    assert [event.asset for event in events if isinstance(event, BalanceUpdate)] == ["USDT", "BTC"]


@pytest.mark.parametrize("name", ["currency", "equity", "unrealized"])
@pytest.mark.parametrize("odd", [None, "", "NaN", [], "missing"])
def test_a_wallet_with_a_bad_field_is_no_wallet(name: str, odd: object) -> None:
    row = {key: value for key, value in (ASSET | {name: odd}).items() if (key, value) != (name, "missing")}
    if (name, odd) == ("currency", "NaN"):
        return
    (event,) = account.balances("assets", WHOSE, body([row]))
    assert isinstance(event, FrameFault)
    assert event.field == name


def test_the_spot_wallet_has_a_name_of_its_own_and_counts_what_orders_hold() -> None:
    answer = {
        "balances": [
            {"asset": "Y", "free": "2", "locked": "2"},
            {"asset": "BTC", "free": "1.5", "locked": "0.25"},
            {"asset": "X", "free": "0", "locked": "0"},
        ]
    }
    both, event = account.spot_balances(WHOSE, json.dumps(answer).encode(), {"ETH"})
    assert isinstance(both, BalanceUpdate)
    assert both.wallet_balance == 4
    assert isinstance(event, BalanceUpdate)
    assert (event.account, event.wallet_balance) == (spot_wallet("main"), Decimal("1.75"))


RECORD: dict[str, Any] = {
    "id": 328033,
    "symbol": "BTC_USD",
    "positionType": 2,
    "positionValue": 41.8899,
    "funding": -0.00000837,
    "rate": -0.0002,
    "settleTime": 1606435200000,
}


@pytest.mark.parametrize(("mode", "leg"), [("1", Leg.SHORT), ("2", Leg.NET), ("", Leg.SHORT)])
def test_funding_that_was_paid_is_negative_and_in_the_coin_of_an_inverse_contract(mode: str, leg: Leg) -> None:
    endpoint = f"/api/v1/private/position/funding_records?positionMode={mode}"
    (event,) = told(endpoint, {"resultList": [RECORD]})
    assert isinstance(event, FundingPayment)
    assert (event.instrument, event.asset, event.amount) == ("mexc:inverse:BTC_USD", "BTC", Decimal("-0.00000837"))
    assert (event.leg, event.payment_id) == (leg, "328033")


@pytest.mark.parametrize(
    ("name", "odd"), [("id", 0), ("funding", None), ("rate", "NaN"), ("settleTime", 0), ("symbol", "X")]
)
def test_a_funding_record_with_a_bad_field_is_refused_by_name(name: str, odd: object) -> None:
    (event,) = told("/api/v1/private/position/funding_records", [RECORD | {name: odd}])
    assert isinstance(event, FrameFault)
    assert event.field == name


def test_a_contract_without_a_position_is_flat_in_each_leg() -> None:
    held, faults = account.positions(WHOSE, body([POSITION]), hedge=True)
    assert not faults
    flat = account.flat(WHOSE, ["mexc:linear:BTC_USDT", "mexc:inverse:BTC_USD"], held, hedge=True)
    assert [
        (event.instrument, event.leg, str(event.quantity)) for event in flat if isinstance(event, PositionUpdate)
    ] == [
        ("mexc:linear:BTC_USDT", Leg.LONG, "0"),
        ("mexc:inverse:BTC_USD", Leg.LONG, "0"),
        ("mexc:inverse:BTC_USD", Leg.SHORT, "0"),
    ]
    net, _ = account.positions(WHOSE, body([POSITION]), hedge=False)
    assert [event.leg for event in net] == [Leg.NET]
    assert account.flat(WHOSE, ["mexc:linear:BTC_USDT"], net, hedge=False) == []


def test_a_fill_is_named_after_its_order_where_another_list_tells_the_name() -> None:
    row = {name: value for name, value in DEAL.items() if name != "externalOid"}
    for names, expected in (({DEAL["orderId"]: "hr-9"}, "hr-9"), ({}, f"mexc-{DEAL['orderId']}")):
        (fill,), _ = account.fills("deals", WHOSE, body([row]), True, names)
        assert isinstance(fill, Fill)
        assert fill.client_order_id == expected


@pytest.mark.parametrize(("data", "mode"), [(1, "hedge"), ("2", "one-way"), ({"positionMode": 2}, "one-way")])
def test_position_modes(data: object, mode: str) -> None:
    assert account.position_mode(WHOSE, body(data)).position_mode == mode


@pytest.mark.parametrize("data", [0, 3, None, "x", [], {}])
def test_a_position_mode_that_is_none_is_refused(data: object) -> None:
    with pytest.raises(DecodeError):
        account.position_mode(WHOSE, body(data))


def test_leverage_and_margin_mode_of_each_leg() -> None:
    rows = [
        {"positionType": 1, "leverage": 5, "openType": 1},
        {"positionType": 2, "leverage": "7", "openType": 2},
        {"positionType": 3, "leverage": 7},
        {"positionType": 2, "leverage": 0},
    ]
    events = told("/api/v1/private/position/leverage?symbol=BTC_USD&positionMode=1", rows)
    settings = [event for event in events if isinstance(event, AccountSettings)]
    assert [(event.leg, event.leverage, event.margin_mode) for event in settings] == [
        (Leg.LONG, Decimal(5), "isolated"),
        (Leg.SHORT, Decimal(7), "cross"),
    ]
    assert {event.instrument for event in settings} == {"mexc:inverse:BTC_USD"}
    assert [event.field for event in events if isinstance(event, FrameFault)] == ["positionType", "leverage"]


# --- envelopes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "page", "more"),
    [
        ({"totalPage": 2, "resultList": []}, 1, True),
        ({"totalPage": 2, "resultList": []}, 2, False),
        ({"totalPage": 0, "resultList": []}, 1, False),
        ([{}] * 3, 1, True),
        ([{}] * 2, 1, False),
        ([], 9, False),
    ],
)
def test_where_a_list_ends(data: object, page: int, more: bool) -> None:
    assert envelope.has_more("list", body(data), page, 3) is more


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b'"x"', b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_envelope_is_refused(raw: bytes) -> None:
    with pytest.raises(DecodeError):
        envelope.data("place", raw)


@pytest.mark.parametrize("raw", [b'{"success":false}', b'{"success":true,"code":602}', b'{"success":"true ","code":0}'])
def test_what_does_not_succeed_is_a_refusal(raw: bytes) -> None:
    with pytest.raises(VenueError):
        envelope.data("place", raw)


@pytest.mark.parametrize(
    ("data", "number"), [({"orderId": "7", "ts": 1}, "7"), (7, "7"), ("7", "7"), ({"orderId": 7}, "7")]
)
def test_the_number_of_a_new_order(data: object, number: str) -> None:
    assert orders.created_number("create", body(data)) == number


@pytest.mark.parametrize("data", [None, "", 0, {}, {"orderId": ""}])
def test_an_order_without_a_number_is_in_doubt(data: object) -> None:
    with pytest.raises(DecodeError):
        orders.created_number("create", body(data))


@pytest.mark.parametrize(
    ("data", "empty"), [(None, True), ([], True), ({}, True), ("", True), (0, False), ([1], False)]
)
def test_an_answer_that_succeeds_may_hold_nothing(data: object, empty: bool) -> None:
    assert envelope.is_empty("order", body(data)) is empty


FEE: dict[str, Any] = {
    "id": 54236193,
    "orderId": 739132568196170240,
    "feeCurrency": "USDT",
    "fee": 0.0906990372,
    "deductType": 0,
    "timestamp": 1_761_893_337_000,
}


def test_fees_are_of_executions_and_say_so() -> None:
    """In digits as they were sent, and of the contract that was asked for: a row does not name it."""
    rebate = FEE | {"id": 2, "fee": "-0.5", "feeCurrency": "BTC"}
    paid, received = account.fees(WHOSE, body([FEE, rebate]), "BTC_USDT")
    assert paid == FeeCharged(
        received_ns=7,
        account="main",
        record_id="fee-54236193",
        amount=Decimal("0.0906990372"),
        asset="USDT",
        kind="trade",
        charged_ns=1_761_893_337_000_000_000,
        instrument="mexc:linear:BTC_USDT",
        fill_id="54236193",
    )
    assert isinstance(received, FeeCharged)
    assert (received.amount, received.asset) == (Decimal("-0.5"), "BTC")


@pytest.mark.parametrize("name", ["id", "fee", "feeCurrency", "timestamp"])
@pytest.mark.parametrize("odd", [None, "", "NaN", []])
def test_a_fee_with_a_bad_field_is_none(name: str, odd: object) -> None:
    if (name, odd) in (("feeCurrency", "NaN"), ("id", "NaN")):
        return  # a name like any other
    told_of = account.fees(WHOSE, body([FEE | {name: odd}, FEE | {"id": 3}]), "BTC_USDT")
    assert [type(event) for event in told_of] == [FrameFault, FeeCharged]


def test_fees_are_read_by_their_endpoint() -> None:
    (event,) = told(f"{FEE_DETAILS_PATH}?symbol=BTC_USD", [FEE])
    assert isinstance(event, FeeCharged)
    assert event.instrument == "mexc:inverse:BTC_USD"
