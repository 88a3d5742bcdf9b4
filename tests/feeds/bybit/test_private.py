"""Bybit's private frames and signed bodies: what they say, alike on stream and over REST, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.errors import DecodeError, VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FaultKind,
    FeeCharged,
    Fill,
    FillOrigin,
    FrameFault,
    FundingPayment,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.bybit.modes import Modes
from feeds.bybit.private import AccountDecoder
from feeds.bybit.rows import About, ExecutionRow
from tests.feeds.bybit.rows import (
    COIN,
    ENTRY,
    EXECUTION,
    FUNDING,
    LATER_NS,
    MS,
    NS,
    ORDER,
    POSITION,
    SETTLEMENT,
    answered,
    body,
    frame,
    told,
    wallet,
)
from tests.support.frames import BAD_NUMBERS, encode, faults, only_fault


def only(events: Any, kind: Any) -> Any:
    (event,) = [event for event in events if isinstance(event, kind)]
    return event


def over_rest(row: dict[str, Any]) -> dict[str, Any]:
    """A position as REST writes it: another name for the entry price, and its category beside the list."""
    changed = {name: value for name, value in row.items() if name not in ("entryPrice", "category")}
    return changed | {"avgPrice": row["entryPrice"]}


# --- positions -------------------------------------------------------------------------------------------------------


def test_a_position_is_told_alike_by_stream_and_over_rest() -> None:
    streamed = told(frame("position", POSITION))
    assert streamed == answered("/v5/position/list", body(over_rest(POSITION), category="linear"))
    position = only(streamed, PositionUpdate)
    assert position == PositionUpdate(
        received_ns=LATER_NS,
        account="hedge",
        instrument="bybit:linear:BTCUSDT",
        quantity=Decimal("-0.010"),
        entry_price=Decimal("68000.1"),
        liquidation_price=Decimal("101000.5"),
        leverage=Decimal(10),
        venue_time_ns=NS,
    )


@pytest.mark.parametrize("blank", ["", "0", "0.00", None])
def test_a_liquidation_price_that_is_none_is_unknown(blank: Any) -> None:
    position = only(told(frame("position", POSITION | {"liqPrice": blank})), PositionUpdate)
    assert (position.liquidation_price, position.quantity) == (None, Decimal("-0.010"))


def test_an_empty_position_has_no_prices() -> None:
    empty = POSITION | {"side": "", "size": "0", "entryPrice": "0", "positionIdx": 2}
    position = only(told(frame("position", empty)), PositionUpdate)
    assert (position.quantity, position.entry_price, position.liquidation_price) == (Decimal(0), None, None)
    assert position.leg is Leg.SHORT


def test_quantities_of_inverse_contracts_are_in_dollars() -> None:
    row = POSITION | {"category": "inverse", "symbol": "BTCUSDH27", "side": "Buy", "size": "300"}
    position = only(told(frame("position.inverse", row)), PositionUpdate)
    assert (position.instrument, position.quantity) == ("bybit:inverse:BTCUSDH27", 300)


@pytest.mark.parametrize(
    ("symbol", "session", "entry"),
    [
        ("BTCPERP", "67500.5", "67500.5"),
        ("BTC-26DEC25", "67500.5", "67500.5"),
        ("BTCPERP", "", "68000.1"),
        ("BTCPERP", "0", "68000.1"),
        ("BTCUSDT", "67500.5", "68000.1"),
    ],
)
def test_profit_of_usdc_contracts_counts_from_the_last_session(symbol: str, session: str, entry: str) -> None:
    row = POSITION | {"symbol": symbol, "sessionAvgPrice": session}
    assert only(told(frame("position", row)), PositionUpdate).entry_price == Decimal(entry)


def test_settings_are_told_once_and_when_they_change() -> None:
    decoder = AccountDecoder("linear", "hedge")

    def settings(**changes: Any) -> list[AnyEvent]:
        events = told(frame("position", POSITION | changes), decoder)
        return [event for event in events if isinstance(event, AccountSettings)]

    assert len(settings()) == 1
    assert settings() == []
    (changed,) = settings(leverage="5")
    assert isinstance(changed, AccountSettings)
    assert (changed.leverage, changed.position_mode) == (Decimal(5), "one-way")
    decoder.reset()
    assert len(settings(leverage="5")) == 1


@pytest.mark.parametrize("field", ["symbol", "positionIdx", "side", "size", "entryPrice"])
def test_a_position_without_what_matters_is_a_fault_that_names_it(field: str) -> None:
    row = {name: value for name, value in POSITION.items() if name != field}
    fault = only_fault(told(frame("position", row)))
    assert fault.kind is FaultKind.BAD_FIELD
    assert field in fault.field.split(" or ")
    assert fault.connection == "account"


@pytest.mark.parametrize("bad", [value for value in BAD_NUMBERS if value not in ("", None)] + ["-1", "1e18", 3])
def test_an_odd_size_is_never_a_position(bad: Any) -> None:
    events = told(frame("position", POSITION | {"size": bad}, POSITION | {"symbol": "ETHUSDT"}))
    if bad == 3:
        assert not faults(events), "a number where text is usual is still a number"
        return
    assert [fault.field for fault in faults(events)] == ["size"]
    assert only(events, PositionUpdate).instrument == "bybit:linear:ETHUSDT", "one bad row spoils no other"


# --- orders and executions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, OrderState.OPEN, ""),
        ({"orderStatus": "PartiallyFilled", "cumExecQty": "0.004"}, OrderState.PARTIALLY_FILLED, ""),
        ({"orderStatus": "Filled", "cumExecQty": "0.010"}, OrderState.FILLED, ""),
        ({"orderStatus": "Cancelled", "cancelType": "CancelByUser"}, OrderState.CANCELLED, ""),
        (
            {"orderStatus": "Cancelled", "rejectReason": "EC_PostOnlyWillTakeLiquidity"},
            *(OrderState.CANCELLED, "EC_PostOnlyWillTakeLiquidity"),
        ),
        (
            {"orderStatus": "Cancelled", "cancelType": "CancelAllBeforeLiq"},
            *(OrderState.CANCELLED, "CancelAllBeforeLiq"),
        ),
        ({"orderStatus": "Rejected", "rejectReason": "EC_Others"}, OrderState.REJECTED, "EC_Others"),
        ({"orderStatus": "Deactivated"}, OrderState.CANCELLED, ""),
        ({"orderStatus": "Untriggered"}, OrderState.OPEN, ""),
        ({"orderStatus": "Fancy"}, OrderState.UNKNOWN, "the venue says Fancy"),
    ],
)
def test_what_becomes_of_an_order(changes: dict[str, Any], state: OrderState, reason: str) -> None:
    streamed = told(frame("order", ORDER | changes))
    order = only(streamed, OrderUpdate)
    assert (order.state, order.reason) == (state, reason)
    bare = {name: value for name, value in (ORDER | changes).items() if name != "category"}
    for endpoint in ("/v5/order/realtime?category=linear", "/v5/order/history?category=linear"):
        assert answered(endpoint, body(bare)) == streamed


def test_a_cancelled_order_may_have_fills() -> None:
    row = ORDER | {"orderStatus": "Cancelled", "cumExecQty": "0.004", "avgPrice": "68000.2"}
    order = only(told(frame("order", row)), OrderUpdate)
    assert (order.filled_quantity, order.average_price) == (Decimal("0.004"), Decimal("68000.2"))


def test_an_order_at_market_has_no_limit() -> None:
    order = only(told(frame("order", ORDER | {"orderType": "Market", "price": "64600"})), OrderUpdate)
    assert order.limit_price is None


def test_a_fill() -> None:
    (fill,) = told(frame("execution", EXECUTION))
    assert fill == Fill(
        received_ns=LATER_NS,
        account="hedge",
        fill_id="e-1",
        client_order_id="hr-7f3a-0001",
        instrument="bybit:linear:BTCUSDT",
        side="sell",
        price=Decimal("68000.1"),
        quantity=Decimal("0.010"),
        fee=Decimal("0.37400055"),
        fee_asset="USDT",
        maker=True,
        venue_time_ns=NS,
    )
    assert answered("/v5/execution/list", body(EXECUTION)) == [fill]


@pytest.mark.parametrize(
    ("symbol", "category", "currency", "asset"),
    [
        ("BTCUSDT", "linear", "", "USDT"),
        ("BTCPERP", "linear", "", "USDC"),
        ("BTC-26DEC25", "linear", "", "USDC"),
        ("BTCUSDT-26DEC25", "linear", "", "USDT"),
        ("BTCUSD", "inverse", "", "BTC"),
        ("ETHUSDH27", "inverse", "", "ETH"),
        ("BTCUSDT", "linear", "MNT", "MNT"),
    ],
)
def test_fees_are_in_what_the_contract_settles_unless_the_venue_names_another(
    symbol: str, category: str, currency: str, asset: str
) -> None:
    changes = {"symbol": symbol, "category": category, "feeCurrency": currency}
    assert only(told(frame("execution", EXECUTION | changes)), Fill).fee_asset == asset


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        ("Trade", FillOrigin.ORDER),
        ("BlockTrade", FillOrigin.ORDER),
        ("AdlTrade", FillOrigin.ADL),
        ("BustTrade", FillOrigin.LIQUIDATION),
        ("Delivery", FillOrigin.DELIVERY),
        ("Settle", FillOrigin.DELIVERY),
    ],
)
def test_why_an_execution_happened(kind: str, origin: FillOrigin) -> None:
    assert only(told(frame("execution", EXECUTION | {"execType": kind})), Fill).origin is origin


def test_a_split_of_a_stock_is_no_fill_and_is_warned_of() -> None:
    (heard,) = told(frame("execution", EXECUTION | {"execType": "CorporateAction"}))
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.detail) == ("warning", "CorporateAction")


@pytest.mark.parametrize(
    ("side", "closed", "leg"),
    [
        ("Buy", "0", Leg.LONG),
        ("Sell", "0.010", Leg.LONG),
        ("Sell", "0", Leg.SHORT),
        ("Buy", "0.010", Leg.SHORT),
    ],
)
def test_the_leg_of_a_fill_follows_from_side_and_what_it_closed(side: str, closed: str, leg: Leg) -> None:
    modes = Modes()
    decoder = AccountDecoder("linear", "hedge", modes=modes)
    changed = EXECUTION | {"side": side, "closedSize": closed}
    assert only(told(frame("execution", changed), decoder), Fill).leg is Leg.NET, "nothing is known of the mode"
    told(frame("position", POSITION | {"positionIdx": 1}), decoder)
    assert only(told(frame("execution", changed), decoder), Fill).leg is leg
    told(frame("position", POSITION), decoder)
    assert only(told(frame("execution", changed), decoder), Fill).leg is Leg.NET, "back in one-way mode"


@pytest.mark.parametrize(("field", "faulty"), [("execPrice", "execPrice"), ("execQty", "execQty")])
def test_an_execution_of_nothing_is_no_fill(field: str, faulty: str) -> None:
    assert only_fault(told(frame("execution", EXECUTION | {field: "0"}))).field == faulty


@pytest.mark.parametrize("field", ["execPrice", "execQty", "execFee", "execTime", "execId", "side"])
@pytest.mark.parametrize("bad", ["NaN", "", None, "1_0", "-1"])
def test_a_fill_without_what_matters_is_a_fault(field: str, bad: Any) -> None:
    events = told(frame("execution", EXECUTION | {field: bad}))
    if (field, bad) == ("execFee", "-1"):
        assert only(events, Fill).fee == -1, "a rebate"
    elif field != "execId" or bad in ("", None):
        assert only_fault(events).field == field


# --- funding and fees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "fee", "fee_rate", "rate"),
    [
        ("Sell", "-0.068", "-0.0001", "0.0001"),
        ("Sell", "0.068", "0.0001", "-0.0001"),
        ("Buy", "0.068", "0.0001", "0.0001"),
        ("Buy", "-0.068", "-0.0001", "-0.0001"),
        ("Sell", "-0.068", "0.0001", "0.0001"),
        ("Sell", "0", "0", "0"),
    ],
)
def test_funding_is_received_or_paid_and_its_rate_is_what_longs_pay(
    side: str, fee: str, fee_rate: str, rate: str
) -> None:
    changed = FUNDING | {"side": side, "execFee": fee, "feeRate": fee_rate}
    (payment,) = told(frame("execution", changed))
    assert isinstance(payment, FundingPayment)
    assert (payment.amount, payment.rate) == (-Decimal(fee), Decimal(rate))
    assert (payment.mark_price, payment.asset, payment.settled_ns) == (Decimal("68000.1"), "USDT", NS)
    entry = SETTLEMENT | {"side": side, "funding": str(-Decimal(fee)), "feeRate": fee_rate}
    assert answered("/v5/account/transaction-log", body(entry)) == [payment], "the ledger tells the same, once"
    assert answered("/v5/execution/list", body(changed)) == [payment]


@pytest.mark.parametrize(
    ("hedges", "side", "leg"),
    [
        (True, "Buy", Leg.LONG), (True, "Sell", Leg.SHORT), (False, "Buy", Leg.NET), (False, "Sell", Leg.NET),
        (None, "Buy", Leg.NET),
    ],
)  # fmt: skip
def test_funding_is_of_the_leg_that_paid_it(hedges: bool | None, side: str, leg: Leg) -> None:
    modes = {} if hedges is None else {"bybit:linear:BTCUSDT": hedges}
    about = About(account="hedge", place="execution", received_ns=7, market="linear", hedges=modes)
    (payment,) = ExecutionRow.model_validate(FUNDING | {"side": side}).events(about)
    assert isinstance(payment, FundingPayment)
    assert payment.leg is leg


def test_payments_of_two_sides_and_of_two_settlements_are_told_apart() -> None:
    rows = [FUNDING, FUNDING | {"side": "Buy"}, FUNDING | {"execTime": str(MS + 1)}, FUNDING | {"symbol": "ETHUSDT"}]
    payments = [only(told(frame("execution", row)), FundingPayment) for row in rows]
    assert len({payment.payment_id for payment in payments}) == 4
    nothing = only(told(frame("execution", FUNDING | {"execFee": "0", "feeRate": "0.0002"})), FundingPayment)
    assert (nothing.amount, nothing.rate) == (Decimal(0), Decimal("-0.0002")), "as the short would pay it"


@pytest.mark.parametrize(("side", "size"), [("Sell", "-0.010"), ("Buy", "0.010")])
def test_a_settlement_that_names_no_side_was_paid_on_that_of_its_size(side: str, size: str) -> None:
    entry = SETTLEMENT | {"side": side, "size": size}
    nameless = answered("/v5/account/transaction-log", body(entry | {"side": "None"}))
    assert nameless == answered("/v5/account/transaction-log", body(entry)), "the stream told it once already"
    assert only(nameless, FundingPayment).rate == Decimal("-0.0001" if side == "Buy" else "0.0001")


def test_a_settlement_of_profit_alone_is_no_funding() -> None:
    entry = SETTLEMENT | {"funding": "", "cashFlow": "12", "change": "12", "currency": "USDC", "symbol": "BTCPERP"}
    assert answered("/v5/account/transaction-log", body(entry)) == []


@pytest.mark.parametrize(
    ("changes", "kind", "amount", "fill"),
    [
        ({}, "trade", "0.37400055", "e-1"),
        ({"fee": "-0.01"}, "trade", "-0.01", "e-1"),
        ({"type": "LIQUIDATION"}, "liquidation", "0.37400055", "e-1"),
        ({"type": "DELIVERY"}, "delivery", "0.37400055", "e-1"),
        ({"type": "INTEREST", "symbol": "", "category": "", "fee": "", "change": "-0.5"}, "other", "0.5", ""),
        ({"type": "FEE_REFUND", "symbol": "", "category": "", "fee": "", "change": "0.5"}, "other", "-0.5", ""),
    ],
)
def test_fees_of_the_ledger(changes: dict[str, Any], kind: str, amount: str, fill: str) -> None:
    (fee,) = answered("/v5/account/transaction-log", body(ENTRY | changes))
    assert isinstance(fee, FeeCharged)
    assert (fee.kind, fee.amount, fee.fill_id, fee.asset) == (kind, Decimal(amount), fill, "USDT")
    assert fee.instrument == ("" if kind == "other" else "bybit:linear:BTCUSDT")


@pytest.mark.parametrize(
    "changes",
    [
        {"fee": "0"},
        {"type": "TRANSFER_IN", "fee": "1", "change": "1"},
        {"type": "INTEREST", "symbol": "", "category": "", "fee": "", "change": "0"},
        {"type": "SETTLEMENT", "category": "option", "funding": "0.068"},
    ],
)
def test_entries_that_charge_nothing_and_concern_no_contract_say_nothing(changes: dict[str, Any]) -> None:
    assert answered("/v5/account/transaction-log", body(ENTRY | changes)) == []


@pytest.mark.parametrize(
    ("changes", "field"), [({"fee": ""}, "fee"), ({"type": "SETTLEMENT", "symbol": "", "funding": "0.068"}, "symbol")]
)
def test_entries_that_lack_what_they_are_about_are_named(changes: dict[str, Any], field: str) -> None:
    (fault,) = answered("/v5/account/transaction-log", body(ENTRY | changes))
    assert isinstance(fault, FrameFault)
    assert fault.field == field


@pytest.mark.parametrize(("owed", "owned"), [("0.5", "1000"), ("", "1000.5"), (None, "1000.5"), ("0", "1000.5")])
def test_what_was_borrowed_is_owed(owed: str | None, owned: str) -> None:
    assert only(told(wallet(COIN | {"spotBorrow": owed})), BalanceUpdate).wallet_balance == Decimal(owned)


def test_an_order_bears_the_time_at_which_it_changed_and_else_that_of_the_frame() -> None:
    for stamp, time_ns in ((str(MS - 7), NS - 7_000_000), ("", NS), ("0", NS)):
        assert only(told(frame("order", ORDER | {"updatedTime": stamp})), OrderUpdate).venue_time_ns == time_ns


def test_entries_are_told_apart_though_their_id_repeats() -> None:
    entries = [ENTRY, ENTRY | {"tradeId": "e-2"}, ENTRY | {"type": "LIQUIDATION"}, ENTRY | {"currency": "MNT"}]
    events = answered("/v5/account/transaction-log", body(*entries))
    assert len({event.record_id for event in events if isinstance(event, FeeCharged)}) == 4


@pytest.mark.parametrize("kind", ["TRANSFER_IN", "TRANSFER_OUT", "AIRDROP", "CURRENCY_BUY", "SOMETHING_NEW"])
def test_other_entries_are_neither(kind: str) -> None:
    assert answered("/v5/account/transaction-log", body(ENTRY | {"type": kind})) == []


# --- balances and settings -------------------------------------------------------------------------------------------


def test_a_debt_of_spot_trades_is_taken_off() -> None:
    balance = only(told(wallet(COIN | {"spotBorrow": "1200.5"})), BalanceUpdate)
    assert (balance.asset, balance.wallet_balance, balance.venue_time_ns) == ("USDT", -200, NS)


def test_a_coin_that_is_switched_off_as_collateral_is_warned_of() -> None:
    off = COIN | {"coin": "BTC", "collateralSwitch": False}
    never = COIN | {"coin": "ABC", "collateralSwitch": False, "marginCollateral": False}
    none = COIN | {"coin": "ETH", "collateralSwitch": False, "walletBalance": "0"}
    warned = [event.detail for event in told(wallet(COIN, off, never, none)) if isinstance(event, Heard)]
    assert warned == ["BTC is switched off as collateral"]


@pytest.mark.parametrize(
    ("info", "mode", "multi"),
    [
        ({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}, "cross", True),
        ({"marginMode": "ISOLATED_MARGIN", "unifiedMarginStatus": 5}, "isolated", False),
        ({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 1}, "cross", False),
    ],
)
def test_the_margin_mode_is_the_accounts(info: dict[str, Any], mode: str, multi: bool) -> None:
    (settings,) = answered("/v5/account/info", encode({"retCode": 0, "result": info}))
    assert isinstance(settings, AccountSettings)
    assert (settings.instrument, settings.margin_mode, settings.multi_asset) == ("", mode, multi)


def test_portfolio_margin_is_said_to_be_none_of_ours() -> None:
    raw = encode({"retCode": 0, "result": {"marginMode": "PORTFOLIO_MARGIN", "unifiedMarginStatus": 5}})
    assert only_fault(answered("/v5/account/info", raw)).field == "marginMode"


# --- frames ----------------------------------------------------------------------------------------------------------


def test_categories_are_told_apart_within_a_frame() -> None:
    inverse = EXECUTION | {"category": "inverse", "symbol": "BTCUSD", "execId": "e-2"}
    spot, option = EXECUTION | {"category": "spot"}, EXECUTION | {"category": "option"}
    events = told(frame("execution", EXECUTION, inverse, spot, option))
    assert [event.instrument for event in events if isinstance(event, Fill)] == [
        "bybit:linear:BTCUSDT",
        "bybit:inverse:BTCUSD",
    ]
    (heard,) = told(frame("execution", spot))
    assert isinstance(heard, Heard)
    assert heard.kind == "unused"


@pytest.mark.parametrize(
    ("raw", "kind", "field"),
    [
        (b"[]", FaultKind.UNKNOWN_TOPIC, ""),
        (b"{}", FaultKind.UNKNOWN_TOPIC, ""),
        (encode({"topic": 5}), FaultKind.BAD_FIELD, "topic"),
        (encode({"topic": "tickers.BTCUSDT", "data": {}}), FaultKind.UNKNOWN_TOPIC, ""),
        (encode({"topic": "order", "creationTime": 1}), FaultKind.BAD_FIELD, "data"),
        (encode({"topic": "order", "data": []}), FaultKind.BAD_FIELD, "creationTime"),
        (frame("order", creationTime=99_999_999_999_999), FaultKind.BAD_FIELD, "creationTime"),
        (encode({"topic": "order", "creationTime": 1, "data": {"a": 1}}), FaultKind.BAD_FIELD, "data"),
        (frame("wallet", {"coin": 5}), FaultKind.BAD_FIELD, "coin"),
        (frame("order", *([{}] * 5_001)), FaultKind.OVERSIZE, "data"),
    ],
)
def test_frames_that_are_none(raw: bytes, kind: FaultKind, field: str) -> None:
    fault = only_fault(told(raw))
    assert (fault.kind, fault.field, fault.connection) == (kind, field, "account")


@pytest.mark.parametrize(
    ("content", "kind", "detail"),
    [
        ({"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"}, "login", "auth"),
        ({"retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c"}, "login", "auth"),
        ({"success": False, "ret_msg": "API key is invalid.", "op": "auth"}, "refusal", "API key is invalid."),
        (
            {"success": False, "ret_msg": "no such key hedgerow-demo-key-0001", "op": "auth"},
            *("refusal", "no such key …"),
        ),
        ({"success": False, "retCode": 10003, "retMsg": "Invalid apikey", "op": "auth"}, "refusal", "10003"),
    ],
)
def test_answers_to_the_login(content: dict[str, Any], kind: str, detail: str) -> None:
    (heard,) = told(encode(content))
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.channel, heard.detail) == (kind, "login", detail)


def test_a_refused_topic_says_so_and_is_no_login() -> None:
    (heard,) = told(encode({"success": False, "ret_msg": "error:handler not found,topic:x", "op": "subscribe"}))
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.channel) == ("refusal", "")


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        *("/v5/account/wallet-balance", "/v5/position/list", "/v5/order/realtime", "/v5/execution/list"),
        *("/v5/account/transaction-log", "/v5/market/tickers", "/v5/market/funding/history", "/v5/account/fee-rate"),
    ],
)
@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"retCode":0}', b'{"retCode":0,"result":{"list":5}}', b"\xff"])
def test_bodies_that_are_none_are_refused_whole(endpoint: str, raw: bytes) -> None:
    with pytest.raises(DecodeError):
        answered(endpoint, raw)


def test_a_refusal_is_one_wherever_it_comes() -> None:
    raw = encode({"retCode": 10005, "retMsg": "Permission denied", "result": {}, "time": 1})
    for endpoint in ("/v5/position/list", "/v5/market/time", "POST /v5/order/create"):
        with pytest.raises(VenueError, match="Permission denied"):
            answered(endpoint, raw)


@pytest.mark.parametrize("market", ["linear", "inverse"])
def test_the_market_is_the_callers_where_nothing_else_tells_it(market: str) -> None:
    bare = {name: value for name, value in over_rest(POSITION).items() if name != "category"}
    position = only(answered("/v5/position/list", body(bare), market), PositionUpdate)
    assert position.instrument == f"bybit:{market}:BTCUSDT"
    said = only(answered("/v5/position/list", body(bare, category="inverse"), market), PositionUpdate)
    assert said.instrument == "bybit:inverse:BTCUSDT"


def test_a_position_without_a_stamp_is_as_old_as_its_answer() -> None:
    row = over_rest(POSITION) | {"updatedTime": ""}
    position = only(answered("/v5/position/list?category=linear", body(row)), PositionUpdate)
    assert position.venue_time_ns == NS
    bare = msgspec.json.decode(body(row))
    del bare["time"]
    position = only(answered("/v5/position/list?category=linear", encode(bare)), PositionUpdate)
    assert position.venue_time_ns is None


def test_a_bad_row_is_named_and_spoils_no_other() -> None:
    events = answered("/v5/execution/list", body(EXECUTION | {"execPrice": "abc"}, EXECUTION | {"execId": "e-2"}))
    assert [type(event) for event in events] == [Fill, FrameFault]
