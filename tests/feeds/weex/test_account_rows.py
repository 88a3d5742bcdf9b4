"""Positions, orders, fills and ledger of a WEEX account: REST and stream say the same, and every odd value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from core.errors import DecodeError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
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
from feeds.venue import RestAnswer
from feeds.weex import account, facts
from feeds.weex.known import MOST_ORDERS, Known
from feeds.weex.private import PrivateDecoder
from tests.feeds.weex.account_samples import (
    FUNDING,
    ORDER,
    POSITION,
    STREAMED_FILL,
    STREAMED_ORDER,
    STREAMED_POSITION,
    TIME,
    TRADE,
    frame,
)
from tests.support.frames import BAD_SIZES, encode

NOW_NS = (TIME + 1000) * 1_000_000


def told(path: str, content: Any, known: Known | None = None, **parameters: str) -> list[AnyEvent]:
    answer = RestAnswer(path=path, body=encode(content), received_ns=NOW_NS, parameters=parameters, account="main")
    return account.events(answer, known or Known())


def streamed(channel: str, *rows: Any, known: Known | None = None) -> list[AnyEvent]:
    return list(PrivateDecoder("linear", "main", known).decode(frame(channel, *rows), NOW_NS))


def one_way() -> Known:
    known = Known()
    known.hedge = False
    return known


def only(events: list[AnyEvent]) -> AnyEvent:
    assert len(events) == 1, events
    return events[0]


# --- positions -------------------------------------------------------------------------------------------------------

SHORT = PositionUpdate(
    received_ns=NOW_NS,
    account="main",
    instrument="weex:linear:BTCUSDT",
    quantity=Decimal("-0.5"),
    entry_price=Decimal("65000.5"),
    liquidation_price=Decimal("77001.5"),
    isolated_margin=Decimal("6600.5"),
    leverage=Decimal(5),
    venue_time_ns=TIME * 1_000_000,
    leg=Leg.SHORT,
)


@pytest.mark.parametrize("path", [facts.POSITIONS_PATH, facts.POSITION_PATH])
def test_a_position_is_entered_at_its_value_by_its_size(path: str) -> None:
    assert told(path, [POSITION]) == [SHORT]


def test_the_stream_says_the_same_but_for_the_liquidation_price() -> None:
    assert streamed("positions", STREAMED_POSITION) == [replace(SHORT, liquidation_price=None)]


def test_a_long_is_above_zero_and_a_cross_position_has_no_margin_of_its_own() -> None:
    event = only(told(facts.POSITIONS_PATH, [POSITION | {"side": "LONG", "marginType": "CROSSED"}]))
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.leg, event.isolated_margin) == (Decimal("0.5"), Leg.LONG, None)


@pytest.mark.parametrize("none", ["0", "", "0.0", None, "--", "-5", "NaN"])
def test_a_liquidation_price_that_is_none_is_unknown(none: Any) -> None:
    event = only(told(facts.POSITIONS_PATH, [POSITION | {"liquidatePrice": none}]))
    assert isinstance(event, PositionUpdate)
    assert event.liquidation_price is None


def test_a_position_that_is_closed_has_no_entry() -> None:
    event = only(streamed("positions", STREAMED_POSITION | {"size": "0", "openValue": "0", "isolatedMargin": "0"}))
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.entry_price, event.leg) == (Decimal(0), None, Leg.SHORT)


def test_in_one_way_mode_there_is_one_leg() -> None:
    event = only(told(facts.POSITIONS_PATH, [POSITION], one_way()))
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.leg) == (Decimal("-0.5"), Leg.NET)


def test_in_one_way_mode_the_end_of_the_long_does_not_end_the_short_that_followed() -> None:
    decoder = PrivateDecoder("linear", "main", one_way())
    ended = STREAMED_POSITION | {"side": "LONG", "size": "0"}
    (both,) = decoder.decode(frame("positions", STREAMED_POSITION, ended), NOW_NS)
    assert isinstance(both, PositionUpdate)
    assert both.quantity == Decimal("-0.5")
    (late,) = decoder.decode(frame("positions", ended, version=11), NOW_NS)
    assert isinstance(late, Heard)
    (closed,) = decoder.decode(frame("positions", STREAMED_POSITION | {"size": "0"}, version=12), NOW_NS)
    assert isinstance(closed, PositionUpdate)
    assert closed.quantity == 0


def test_separated_positions_add_up_over_rest_and_are_left_to_it_by_the_stream() -> None:
    parts = [
        POSITION | {"separatedMode": "SEPARATED", "size": "0.25", "openValue": "16000", "isolatedMargin": "3000"},
        POSITION | {"separatedMode": "SEPARATED", "size": "0.75", "openValue": "49500", "isolatedMargin": "9000"},
    ]
    event = only(told(facts.POSITIONS_PATH, parts))
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.entry_price, event.isolated_margin) == (
        *(Decimal(-1), Decimal(65500), Decimal(12000)),
    )
    assert event.liquidation_price is None, "two parts have two"
    assert isinstance(only(streamed("positions", STREAMED_POSITION | {"separatedMode": "SEPARATED"})), Heard)


def parts(*changes: dict[str, Any], known: Known | None = None) -> PositionUpdate:
    separated = [POSITION | {"separatedMode": "SEPARATED"} | changed for changed in changes]
    event = only(told(facts.POSITIONS_PATH, separated, known))
    assert isinstance(event, PositionUpdate)
    return event


def test_what_one_part_does_not_tell_is_not_known_of_the_whole() -> None:
    one, other = {"size": "0.25", "openValue": "16000"}, {"size": "0.75", "openValue": "49500"}
    whole = parts(one, other)
    assert (whole.entry_price, whole.isolated_margin, whole.leverage) == (Decimal(65500), Decimal(13201), Decimal(5))
    assert parts(one, other | {"openValue": "0"}).entry_price == Decimal(16000)
    crossed = parts(one, other | {"marginType": "CROSSED"})
    assert (crossed.entry_price, crossed.isolated_margin) == (Decimal(65500), None)
    assert parts(one, other | {"leverage": "6"}).leverage is None


def test_parts_that_have_ended_say_nothing_of_those_that_are_held() -> None:
    held = parts({}, {"size": "0", "leverage": "9", "isolatedMargin": "0", "updatedTime": TIME + 5})
    assert (held.quantity, held.leverage, held.isolated_margin) == (Decimal("-0.5"), Decimal(5), Decimal("6600.5"))
    assert held.liquidation_price == Decimal("77001.5"), "one part has one"
    assert held.venue_time_ns == (TIME + 5) * 1_000_000
    ended = parts({"size": "0", "leverage": "9"})
    assert (ended.quantity, ended.entry_price, ended.isolated_margin) == (Decimal(0), None, None)
    assert ended.leverage == Decimal(9)


def test_parts_on_both_sides_of_a_one_way_position_have_no_common_entry() -> None:
    both = parts({"size": "0.25"}, {"size": "0.75", "side": "LONG"}, known=one_way())
    assert (both.quantity, both.entry_price, both.leg) == (Decimal("0.5"), None, Leg.NET)


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("size", odd) for odd in BAD_SIZES),
        *(("side", odd) for odd in (None, "", "BOTH", 5)),
        *(("symbol", odd) for odd in (None, "", "BTC USDT", 5)),
        *(("marginType", odd) for odd in (None, "", "SHARED")),
    ],
)
def test_a_position_that_cannot_be_placed_is_a_fault_and_nothing_else(name: str, odd: Any) -> None:
    event = only(told(facts.POSITIONS_PATH, [POSITION | {name: odd}]))
    assert isinstance(event, FrameFault)
    assert event.field == name


@pytest.mark.parametrize(
    ("name", "ours"), [("openValue", "entry_price"), ("isolatedMargin", "isolated_margin"), ("leverage", "leverage")]
)
@pytest.mark.parametrize("odd", ["", None, "NaN", "-1", "x", []])
def test_what_a_position_does_not_tell_is_unknown(name: str, ours: str, odd: Any) -> None:
    event, fault = told(facts.POSITIONS_PATH, [POSITION | {name: odd}])
    assert isinstance(event, PositionUpdate)
    assert isinstance(fault, FrameFault)
    assert (getattr(event, ours), event.quantity, fault.field) == (None, Decimal("-0.5"), name)


# --- orders ----------------------------------------------------------------------------------------------------------

PARTLY = OrderUpdate(
    received_ns=NOW_NS,
    account="main",
    client_order_id="hr-1",
    instrument="weex:linear:BTCUSDT",
    side="sell",
    quantity=Decimal("0.5"),
    state=OrderState.PARTIALLY_FILLED,
    filled_quantity=Decimal("0.1"),
    average_price=Decimal("65000.5"),
    limit_price=Decimal(65000),
    venue_order_id="702345678901234567",
    venue_time_ns=TIME * 1_000_000,
    leg=Leg.SHORT,
)


@pytest.mark.parametrize("path", [facts.ORDER_PATH, facts.OPEN_ORDERS_PATH, facts.ORDER_HISTORY_PATH])
def test_an_order_is_told_alike_by_rest_and_stream(path: str) -> None:
    assert told(path, [ORDER]) == [PARTLY]
    assert told(path, ORDER) == [PARTLY]
    assert streamed("orders", STREAMED_ORDER) == [PARTLY]


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("NEW", "0", OrderState.OPEN),
        ("PENDING", "0", OrderState.OPEN),
        ("UNTRIGGERED", "0", OrderState.OPEN),
        ("CANCELING", "0", OrderState.OPEN),
        ("NEW", "0.1", OrderState.PARTIALLY_FILLED),
        ("PARTIALLY_FILLED", "0.1", OrderState.PARTIALLY_FILLED),
        ("FILLED", "0.5", OrderState.FILLED),
        ("CANCELED", "0.1", OrderState.CANCELLED),
        ("EXPIRED", "0", OrderState.CANCELLED),
        ("REJECTED", "0", OrderState.REJECTED),
    ],
)
def test_each_status_has_its_state(status: str, filled: str, state: OrderState) -> None:
    value = str(Decimal(filled) * 65000)
    event = only(told(facts.ORDER_PATH, ORDER | {"status": status, "executedQty": filled, "cumQuote": value}))
    assert isinstance(event, OrderUpdate)
    assert (event.state, event.filled_quantity) == (state, Decimal(filled))
    assert event.average_price == (65000 if Decimal(filled) else None)


def test_a_status_that_nobody_knows_is_a_fault_not_a_guess() -> None:
    event = only(told(facts.ORDER_PATH, ORDER | {"status": "PARTIAL_FILL"}))
    assert isinstance(event, FrameFault)
    assert event.field == "status"


@pytest.mark.parametrize(("side", "leg"), [("BUY", "SHORT"), ("SELL", "LONG")])
def test_an_order_of_the_opposite_side_can_only_reduce_its_leg(side: str, leg: str) -> None:
    event = only(told(facts.ORDER_PATH, ORDER | {"side": side, "positionSide": leg}))
    assert isinstance(event, OrderUpdate)
    assert event.reduce_only


@pytest.mark.parametrize("path", [facts.OPEN_ORDERS_PATH, facts.TRADES_PATH])
def test_an_order_for_both_sides_is_for_the_only_position_there_is(path: str) -> None:
    row = ORDER if path == facts.OPEN_ORDERS_PATH else TRADE
    event = only(told(path, [row | {"positionSide": "BOTH"}]))
    assert isinstance(event, OrderUpdate | Fill)
    assert (event.leg, event.side) == (Leg.NET, "sell")


def test_the_reason_of_an_end_is_told() -> None:
    event = only(streamed("orders", STREAMED_ORDER | {"status": "CANCELED", "cancelReason": "USER_CANCELED"}))
    assert isinstance(event, OrderUpdate)
    assert event.reason == "USER_CANCELED"
    for told_so in ({"cancelReason": "USER_CANCELED"}, {"status": "CANCELED"}, {"status": "FILLED"}):
        plain = only(streamed("orders", STREAMED_ORDER | told_so))
        assert isinstance(plain, OrderUpdate)
        assert plain.reason == ""


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("origQty", odd) for odd in (None, "", "-1", "NaN")),
        *(("executedQty", odd) for odd in (None, "x")),
        *(("side", odd) for odd in (None, "HOLD")),
        *(("positionSide", odd) for odd in (None, "NET")),
        ("symbol", ""),
    ],
)
def test_an_order_that_cannot_be_read_is_a_fault(name: str, odd: Any) -> None:
    event = only(told(facts.OPEN_ORDERS_PATH, [ORDER | {name: odd}]))
    assert isinstance(event, FrameFault)
    assert event.field == name


def test_the_answer_to_a_request_tells_no_state() -> None:
    event = only(told(facts.ORDER_PATH, {"orderId": "7", "clientOrderId": "hr-1", "success": True}))
    assert event == Heard(received_ns=NOW_NS, kind="answer", channel=facts.ORDER_PATH, detail="7")


def test_names_of_orders_are_not_remembered_for_ever() -> None:
    known = Known()
    for number in range(MOST_ORDERS + 5):
        known.name_order(str(number), f"hr-{number}")
    assert (known.client_id("4"), known.venue_id("hr-4"), known.client_id("5")) == ("", "", "hr-5")


# --- fills -----------------------------------------------------------------------------------------------------------

FILL = Fill(
    received_ns=NOW_NS,
    account="main",
    fill_id="801234567890123456",
    client_order_id="",
    instrument="weex:linear:BTCUSDT",
    side="sell",
    price=Decimal("65000.5"),
    quantity=Decimal("0.1"),
    fee=Decimal("5.2"),
    fee_asset="USDT",
    venue_time_ns=TIME * 1_000_000,
    leg=Leg.SHORT,
)


def test_a_fill_is_told_alike_by_rest_and_stream() -> None:
    assert told(facts.TRADES_PATH, [TRADE]) == [FILL]
    assert streamed("fill", STREAMED_FILL) == [FILL]


def test_a_fill_bears_our_name_once_the_order_was_heard_of() -> None:
    known = Known()
    streamed("orders", STREAMED_ORDER, known=known)
    for events in (streamed("fill", STREAMED_FILL, known=known), told(facts.TRADES_PATH, [TRADE], known)):
        event = only(events)
        assert isinstance(event, Fill)
        assert event.client_order_id == "hr-1"


def test_a_liquidation_is_told_apart_and_its_own_fee_is_left_to_the_ledger() -> None:
    event = only(streamed("fill", STREAMED_FILL | {"liquidateFee": "65.0005"}))
    assert isinstance(event, Fill)
    assert (event.origin, event.fee) == (FillOrigin.LIQUIDATION, Decimal("5.2"))


def test_a_maker_may_be_paid() -> None:
    event = only(streamed("fill", STREAMED_FILL | {"direction": "MAKER", "fillFee": "-1.3"}))
    assert isinstance(event, Fill)
    assert (event.maker, event.fee) == (True, Decimal("-1.3"))


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("fillSize", odd) for odd in (None, "0", "", "-1", "NaN")),
        *(("fillValue", odd) for odd in (None, "0", "x", "1e30")),
        *(("fillFee", odd) for odd in (None, "", "x", "--5")),
        *(("createdTime", odd) for odd in (None, "0")),
        *(("id", odd) for odd in (None, "")),
        *(("coin", odd) for odd in (None, 5)),
    ],
)
def test_a_fill_that_cannot_be_read_is_a_fault(name: str, odd: Any) -> None:
    event = only(streamed("fill", STREAMED_FILL | {name: odd}))
    assert isinstance(event, FrameFault)
    assert event.field in (name, "fillValue")


# --- ledger, wallet and settings -------------------------------------------------------------------------------------


def test_funding_paid_is_below_zero() -> None:
    event = only(told(facts.INCOME_PATH, {"hasNextPage": False, "items": [FUNDING]}))
    assert event == FundingPayment(
        received_ns=NOW_NS,
        account="main",
        payment_id="686960019383517338",
        instrument="weex:linear:BTCUSDT",
        amount=Decimal("-0.08266646"),
        asset="USDT",
        settled_ns=TIME * 1_000_000,
    )


@pytest.mark.parametrize(
    ("changed", "amount", "kind"),
    [
        ({"incomeType": "position_open_short", "income": "-6500", "fillFee": "5.2"}, "5.2", "trade"),
        ({"incomeType": "order_fill_fee_income", "income": "1.5"}, "-1.5", "trade"),
        ({"incomeType": "order_liquidate_fee_income", "income": "-65"}, "65", "liquidation"),
    ],
)
def test_fees_paid_are_above_zero(changed: dict[str, Any], amount: str, kind: str) -> None:
    event = only(told(facts.INCOME_PATH, {"items": [FUNDING | changed]}))
    assert isinstance(event, FeeCharged)
    assert (event.amount, event.kind, event.instrument) == (Decimal(amount), kind, "weex:linear:BTCUSDT")


@pytest.mark.parametrize("kind", ["deposit", "transfer_in", "margin_move_out", "position_close_long"])
def test_what_is_no_funding_and_no_fee_says_nothing(kind: str) -> None:
    assert told(facts.INCOME_PATH, {"items": [FUNDING | {"incomeType": kind}]}) == []


@pytest.mark.parametrize(
    ("name", "odd"), [("income", None), ("income", "x"), ("time", 0), ("billId", ""), ("asset", 5)]
)
def test_a_record_that_cannot_be_read_is_a_fault(name: str, odd: Any) -> None:
    event = only(told(facts.INCOME_PATH, {"items": [FUNDING | {name: odd}]}))
    assert isinstance(event, FrameFault)
    assert event.field == name


def test_the_wallet_is_told_over_rest_and_may_be_below_zero() -> None:
    rows = [{"asset": "USDT", "balance": "-12.5", "availableBalance": "0", "frozen": "0", "unrealizePnl": "-3"}]
    event = only(told(facts.BALANCE_PATH, rows))
    assert event == BalanceUpdate(received_ns=NOW_NS, account="main", asset="USDT", wallet_balance=Decimal("-12.5"))


def test_the_collateral_that_the_stream_tells_is_not_taken_for_the_wallet() -> None:
    row = {"coin": "USDT", "marginMode": "CROSSED", "amount": "6625267.708162", "legacyAmount": "6628108.535375"}
    assert isinstance(only(streamed("account", row)), Heard)


def test_spot_coins_are_told_free_and_locked_together() -> None:
    rows = [{"asset": "BTC", "free": "0.5", "locked": "0.25"}, {"asset": "ETH", "free": "x", "locked": "0"}]
    event, fault = told(facts.SPOT_ACCOUNT_PATH, {"canTrade": True, "balances": rows, "uid": 1})
    assert isinstance(event, BalanceUpdate)
    assert isinstance(fault, FrameFault)
    assert (event.asset, event.wallet_balance, fault.field) == ("BTC", Decimal("0.75"), "free")


def test_dollars_in_the_spot_wallet_are_left_out_of_an_account() -> None:
    rows = [
        {"coin": "USDT", "equity": "1200", "available": "950", "frozen": "250"},
        {"coin": "BTC", "equity": "2", "available": "1", "frozen": "1"},
    ]
    decoder = PrivateDecoder("spot", "main", left_out=facts.MARGIN_COINS)
    event = only(list(decoder.decode(frame("account", *rows), NOW_NS)))
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == ("BTC", Decimal(2))


@pytest.mark.parametrize(("dual", "mode"), [(True, "hedge"), (False, "one-way")])
def test_the_position_mode_is_read_and_remembered(dual: bool, mode: str) -> None:
    known = Known()
    event = only(told(facts.CONFIG_PATH, {"canTrade": True, "canWithdraw": True, "dualSidePosition": dual}, known))
    assert event == AccountSettings(received_ns=NOW_NS, account="main", position_mode=mode, key_verified=False)
    assert known.hedge is dual


@pytest.mark.parametrize("odd", [None, "", "yes", 1])
def test_a_position_mode_that_is_not_told_is_refused(odd: Any) -> None:
    with pytest.raises(DecodeError, match="dualSidePosition"):
        told(facts.CONFIG_PATH, {"dualSidePosition": odd})


def test_margin_mode_and_the_leverage_of_each_side() -> None:
    row = {
        "symbol": "BTCUSDT",
        "marginType": "ISOLATED",
        "crossLeverage": "20",
        "isolatedLongLeverage": "3",
        "isolatedShortLeverage": "5",
    }
    name = "weex:linear:BTCUSDT"
    assert told(facts.SYMBOL_CONFIG_PATH, [row]) == [
        AccountSettings(received_ns=NOW_NS, account="main", instrument=name, margin_mode="isolated"),
        AccountSettings(received_ns=NOW_NS, account="main", instrument=name, leverage=Decimal(3), leg=Leg.LONG),
        AccountSettings(received_ns=NOW_NS, account="main", instrument=name, leverage=Decimal(5), leg=Leg.SHORT),
    ]
    crossed = told(facts.SYMBOL_CONFIG_PATH, [row | {"marginType": "CROSSED"}])
    assert [getattr(event, "leverage", None) for event in crossed] == [None, 20, 20]
    assert getattr(crossed[0], "margin_mode", None) == "cross"


@pytest.mark.parametrize("path", account.PATHS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"5", b"null", b"[5]", b'"x"', b"[" * 50_000, b"\xff"])
def test_a_body_that_is_something_else_is_refused(path: str, body: bytes) -> None:
    with pytest.raises(DecodeError):
        account.events(RestAnswer(path=path, body=body, received_ns=NOW_NS))
