"""Binance's private frames: what they say of an account, what is odd in them, and what must not be shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    FaultKind,
    Fill,
    FillOrigin,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.binance.private import AccountDecoder
from feeds.frames import MAX_FRAME_BYTES
from tests.support.frames import BAD_NUMBERS, encode, faults, only_fault, refused

E = 1_789_478_374_000
KEY = "WsCMN0a4KHUPTQuX6IUnqEZfB1inxmv1qR4kbf1LuEjur5VdbzqvyxqG9TSjVVxv"
POSITION: dict[str, Any] = {
    "s": "BTCUSDT",
    "pa": "-0.5",
    "ep": "60000.1",
    "bep": "60000.2",
    "cr": "0",
    "up": "-1.5",
    "mt": "isolated",
    "iw": "15000.5",
    "ps": "SHORT",
}
UPDATE: dict[str, Any] = {
    "e": "ACCOUNT_UPDATE",
    "E": E,
    "T": E - 1,
    "a": {"m": "ORDER", "B": [{"a": "USDT", "wb": "-5.25", "cw": "0", "bc": "0"}], "P": [POSITION]},
}
ORDER: dict[str, Any] = {
    "s": "BTCUSDT",
    "c": "hr-1-abc",
    "S": "SELL",
    "o": "LIMIT",
    "f": "GTX",
    "q": "0.5",
    "p": "60000.1",
    "ap": "60000.2",
    "sp": "0",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "i": 8886774,
    "l": "0.2",
    "z": "0.3",
    "L": "60000.3",
    "N": "USDT",
    "n": "2.4",
    "T": E - 2,
    "t": 77,
    "m": True,
    "R": False,
    "ps": "BOTH",
    "er": "0",
}
TRADE: dict[str, Any] = {"e": "ORDER_TRADE_UPDATE", "E": E, "T": E - 2, "o": ORDER}


def decode(content: Any, market: str = "usdm") -> list[AnyEvent]:
    return list(AccountDecoder(market, "hedge").decode(encode(content), 7))


def update(**changes: Any) -> dict[str, Any]:
    return UPDATE | {"a": UPDATE["a"] | changes}


def order(**changes: Any) -> dict[str, Any]:
    return TRADE | {"o": ORDER | changes}


@pytest.mark.parametrize("wrap", [True, False])
def test_an_account_update_wrapped_by_its_key_or_bare(wrap: bool) -> None:
    events = decode({"stream": KEY, "data": UPDATE} if wrap else UPDATE)
    balance, position = events
    assert isinstance(balance, BalanceUpdate)
    assert isinstance(position, PositionUpdate)
    assert (balance.wallet_balance, balance.venue_time_ns) == (Decimal("-5.25"), (E - 1) * 10**6)
    assert (position.quantity, position.entry_price, position.leg) == (Decimal("-0.5"), Decimal("60000.1"), Leg.SHORT)
    assert (position.isolated_margin, position.liquidation_price) == (Decimal("15000.5"), None)
    assert KEY not in str(events)


def test_a_cross_position_has_no_margin_of_its_own() -> None:
    (position,) = decode(update(B=[], P=[POSITION | {"mt": "cross", "iw": "0"}]))
    assert isinstance(position, PositionUpdate)
    assert position.isolated_margin is None


def test_a_closed_position_has_neither_entry_nor_margin() -> None:
    (position,) = decode(update(B=[], P=[POSITION | {"pa": "0", "ep": "0.0", "iw": "0"}]))
    assert isinstance(position, PositionUpdate)
    assert (position.quantity, position.entry_price, position.isolated_margin) == (Decimal(0), None, None)


def test_a_change_of_the_margin_mode_is_told() -> None:
    settings = [event for event in decode(update(m="MARGIN_TYPE_CHANGE")) if isinstance(event, AccountSettings)]
    assert [(item.instrument, item.margin_mode, item.leg) for item in settings] == [
        ("binance:usdm:BTCUSDT", "isolated", Leg.SHORT)
    ]


@pytest.mark.parametrize("reason", ["FUNDING_FEE", "DEPOSIT", "SOMETHING_NEW", "", None])
def test_a_payment_is_seen_in_the_balance_and_never_guessed(reason: Any) -> None:
    (event,) = decode(update(m=reason, P=[]))
    assert isinstance(event, BalanceUpdate)


@pytest.mark.parametrize("name", ["s", "pa", "ep", "mt", "iw", "ps"])
@pytest.mark.parametrize("bad", [*BAD_NUMBERS, "\x1b[2J" * 20])
def test_a_bad_row_is_named_and_the_others_are_told(name: str, bad: Any) -> None:
    if name == "s" and bad not in (None, "", True, False) and isinstance(bad, str):
        bad = "a b"
    rows = [POSITION | {name: bad}, POSITION | {"s": "ETHUSDT"}]
    events = decode(update(P=rows))
    assert [fault.field for fault in faults(events)] == [name]
    told = [event.instrument for event in events if isinstance(event, PositionUpdate)]
    assert told == ["binance:usdm:ETHUSDT"]
    assert [event for event in events if isinstance(event, BalanceUpdate)]


@pytest.mark.parametrize("name", ["a", "wb"])
@pytest.mark.parametrize("bad", [None, [], {}, True])
def test_a_bad_balance_is_named(name: str, bad: Any) -> None:
    events = decode(update(B=[{"a": "USDT", "wb": "1"} | {name: bad}], P=[]))
    assert [fault.field for fault in faults(events)] == [name]
    assert len(events) == 1


@pytest.mark.parametrize("name", ["B", "P"])
@pytest.mark.parametrize("bad", [None, 5, "x", {}, [5], [None]])
def test_rows_that_are_none(name: str, bad: Any) -> None:
    assert faults(decode(update(**{name: bad})))


@pytest.mark.parametrize("name", ["T", "a"])
def test_an_update_without_time_or_content_is_refused(name: str) -> None:
    content = {key: value for key, value in UPDATE.items() if key != name}
    assert refused(decode(content), FaultKind.BAD_FIELD, name)


# --- orders ----------------------------------------------------------------------------------------------------------


def test_an_execution_and_the_state_it_leaves_the_order_in() -> None:
    state, fill = decode(TRADE)
    assert isinstance(state, OrderUpdate)
    assert isinstance(fill, Fill)
    assert (state.client_order_id, state.state, state.side) == ("hr-1-abc", OrderState.PARTIALLY_FILLED, "sell")
    assert (state.quantity, state.filled_quantity, state.average_price) == (
        Decimal("0.5"),
        Decimal("0.3"),
        Decimal("60000.2"),
    )
    assert (fill.fill_id, fill.quantity, fill.price) == ("BTCUSDT:77", Decimal("0.2"), Decimal("60000.3"))
    assert (fill.fee, fill.fee_asset, fill.maker, fill.origin) == (Decimal("2.4"), "USDT", True, FillOrigin.ORDER)


def test_coin_margined_executions_are_of_the_other_market() -> None:
    state, fill = decode(order(s="BTCUSD_PERP", q="5", l="2", z="3", N="BTC", n="0.00000133", ma="BTC"), "coinm")
    assert isinstance(state, OrderUpdate)
    assert isinstance(fill, Fill)
    assert (state.instrument, fill.quantity, fill.fee_asset) == ("binance:coinm:BTCUSD_PERP", Decimal(2), "BTC")


@pytest.mark.parametrize(
    ("status", "execution", "state", "reason"),
    [
        ("NEW", "NEW", OrderState.OPEN, ""),
        ("NEW", "AMENDMENT", OrderState.OPEN, ""),
        ("FILLED", "TRADE", OrderState.FILLED, ""),
        ("CANCELED", "CANCELED", OrderState.CANCELLED, ""),
        ("EXPIRED", "EXPIRED", OrderState.CANCELLED, "expired (reason 5)"),
        ("EXPIRED_IN_MATCH", "EXPIRED", OrderState.CANCELLED, "expired in match (reason 5)"),
        ("REJECTED", "EXPIRED", OrderState.REJECTED, "rejected (reason 5)"),
        ("SOMETHING", "NEW", OrderState.UNKNOWN, "the venue says SOMETHING"),
    ],
)
def test_states_of_orders(status: str, execution: str, state: OrderState, reason: str) -> None:
    told = decode(order(X=status, x=execution, er="5"))[0]
    assert isinstance(told, OrderUpdate)
    assert (told.state, told.reason) == (state, reason)


def test_an_execution_without_a_fee_cost_none() -> None:
    free = {name: value for name, value in ORDER.items() if name not in ("n", "N")}
    _, fill = decode(TRADE | {"o": free})
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.fee_asset) == (Decimal(0), "")


@pytest.mark.parametrize("client", ["settlement_autoclose-1", "adl_autoclose", "autoclose-2"])
def test_orders_of_the_venue_say_why(client: str) -> None:
    _, fill = decode(order(c=client))
    assert isinstance(fill, Fill)
    assert fill.origin is not FillOrigin.ORDER


@pytest.mark.parametrize("name", ["s", "c", "S", "q", "i", "z", "T", "ps"])
@pytest.mark.parametrize("bad", [None, [], {}, "", True])
def test_an_order_without_what_matters_is_a_fault(name: str, bad: Any) -> None:
    if (name, bad) == ("c", ""):
        return  # an id may be empty
    assert [event.field for event in faults(decode(order(**{name: bad})))] == [name]
    assert not [event for event in decode(order(**{name: bad})) if isinstance(event, OrderUpdate | Fill)]


@pytest.mark.parametrize("name", ["L", "l", "t", "n"])
@pytest.mark.parametrize("bad", ["NaN", None, [], "x", "1_0"])
def test_an_execution_with_a_bad_number_is_not_booked(name: str, bad: Any) -> None:
    events = decode(order(**{name: bad}))
    assert [event.field for event in faults(events)] == [name]
    assert not [event for event in events if isinstance(event, Fill)]
    assert [event for event in events if isinstance(event, OrderUpdate)]


# --- settings, warnings, the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"ac": {"s": "BTCUSDT", "l": 25}}, ("binance:usdm:BTCUSDT", Decimal(25), None)),
        ({"ai": {"j": True}}, ("", None, True)),
        ({"ai": {"j": False}}, ("", None, False)),
    ],
)
def test_changed_settings(content: dict[str, Any], shown: tuple[Any, ...]) -> None:
    (event,) = decode({"e": "ACCOUNT_CONFIG_UPDATE", "E": E, "T": E, **content})
    assert isinstance(event, AccountSettings)
    assert (event.instrument, event.leverage, event.multi_asset) == shown


@pytest.mark.parametrize("content", [{}, {"ac": 5}, {"ac": {"s": "BTCUSDT"}}, {"ai": {}}, {"ai": {"j": "yes"}}])
def test_settings_that_say_nothing(content: dict[str, Any]) -> None:
    events = decode({"e": "ACCOUNT_CONFIG_UPDATE", "E": E, **content})
    assert len(faults(events)) == len(events) == 1


@pytest.mark.parametrize("kind", ["listenKeyExpired", "eventStreamTerminated"])
@pytest.mark.parametrize("wrapper", ["stream", "event", ""])
def test_a_stream_that_has_ended_says_so_without_its_key(kind: str, wrapper: str) -> None:
    inner = {"e": kind, "E": E, "listenKey": KEY}
    wrapped = {"stream": {"stream": KEY, "data": inner}, "event": {"subscriptionId": 0, "event": inner}, "": inner}
    (event,) = decode(wrapped[wrapper])
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.detail) == ("expired", "userData", kind)
    assert KEY not in str(event)


@pytest.mark.parametrize(
    ("answer", "kind", "channel", "detail"),
    [
        ({"result": None, "id": 1}, "ack", "", ""),
        ({"error": {"code": 2, "msg": "no"}, "id": 1}, "refusal", "", "2: no"),
        ({"id": "login", "status": 200, "result": {"subscriptionId": 0}}, "login", "login", ""),
        ({"id": "login", "status": 401, "error": {"code": -2015, "msg": "x"}}, "refusal", "login", "-2015"),
        ({"id": "5", "status": 200, "result": {}, "rateLimits": []}, "ack", "", ""),
    ],
)
def test_answers(answer: dict[str, Any], kind: str, channel: str, detail: str) -> None:
    (event,) = decode(answer)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.detail) == (kind, channel, detail)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"garbage", FaultKind.NOT_JSON),
        (b'{"e":"ACCOUNT_UPDATE"', FaultKind.TRUNCATED),
        (b"[]", FaultKind.UNKNOWN_TOPIC),
        (b"{}", FaultKind.UNKNOWN_TOPIC),
        (b'{"e":"new kind"}', FaultKind.UNKNOWN_TOPIC),
        (b'{"stream":"x","data":5}', FaultKind.BAD_FIELD),
        (b"x" * (MAX_FRAME_BYTES + 1), FaultKind.OVERSIZE),
        (b"[" * 1_000_000, FaultKind.NOT_JSON),
    ],
)
def test_what_is_no_private_frame(raw: bytes, kind: FaultKind) -> None:
    fault = only_fault(AccountDecoder("usdm", "hedge", "usdm account").decode(raw, 7))
    assert (fault.kind, fault.connection, fault.venue) == (kind, "usdm account", "binance")
