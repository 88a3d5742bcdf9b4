"""BingX's private frames: balances, positions in both modes, orders, fills, settings, and the end of a listen key."""

from __future__ import annotations

import gzip
from decimal import Decimal
from typing import Any

import pytest

from core.events import (
    AccountSettings,
    BalanceUpdate,
    FaultKind,
    Fill,
    FillOrigin,
    FrameFault,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.bingx.private import Decoder
from feeds.bingx.rows import PositionMode
from feeds.decoding import AnyFrameDecoder
from tests.support.frames import BAD_NUMBERS, encode, faults, refused

MS = 1_790_000_000_000
NS = MS * 1_000_000
POSITION: dict[str, Any] = {
    "s": "BTC-USDT",
    "pa": "0.5",
    "ep": "61000",
    "up": "-2.5",
    "mt": "isolated",
    "iw": "97.5",
    "ps": "SHORT",
    "cr": "0",
}
ORDER: dict[str, Any] = {
    "s": "BTC-USDT",
    "c": "hr-1-abc",
    "i": 1970374651259387904,
    "S": "SELL",
    "o": "LIMIT",
    "q": "0.5",
    "p": "61000",
    "ap": "61001",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "N": "USDT",
    "n": "-0.0122",
    "T": MS - 3,
    "ps": "SHORT",
    "z": "0.2",
    "l": "0.1",
    "L": "61002",
    "td": 511178071,
    "ro": False,
}


def account_update(*, balances: Any = (), positions: Any = (), **changed: Any) -> bytes:
    told = {"m": "ORDER", "B": balances, "P": positions} | changed
    return encode({"e": "ACCOUNT_UPDATE", "E": MS, "a": told})


def order_update(event: str = "ORDER_TRADE_UPDATE", **changed: Any) -> bytes:
    row = {name: value for name, value in (ORDER | changed).items() if value is not ...}
    return encode({"e": event, "E": MS, "T": MS, "o": row})


def decoder(market: str = "linear", hedge: bool | None = None) -> Decoder:
    return Decoder(market, "main", mode=PositionMode(hedge))


# --- balances and positions ----------------------------------------------------------------------------------------


def test_a_wallet_balance_is_absolute() -> None:
    raw = account_update(balances=[{"a": "USDT", "wb": "117.80007595", "cw": "95.2", "bc": "0"}])
    (event,) = decoder().decode(gzip.compress(raw), 5)
    assert event == BalanceUpdate(
        received_ns=5, account="main", asset="USDT", wallet_balance=Decimal("117.80007595"), venue_time_ns=NS
    )


def test_a_wallet_may_be_in_debt() -> None:
    (event,) = decoder().decode(account_update(balances=[{"a": "USDT", "wb": "-0.5"}]), 5)
    assert isinstance(event, BalanceUpdate)
    assert event.wallet_balance == Decimal("-0.5")


def test_what_is_locked_in_spot_is_held_too() -> None:
    (event,) = decoder("spot").decode(account_update(balances=[{"a": "BTC", "wb": "1.5", "lk": "0.25"}]), 5)
    assert isinstance(event, BalanceUpdate)
    assert event.wallet_balance == Decimal("1.75")


def test_an_asset_that_another_wallet_tells_is_left_to_it() -> None:
    reading = Decoder("spot", "main", not_assets=("USDT",))
    rows = [{"a": "USDT", "wb": "1", "lk": "0"}, {"a": "BTC", "wb": "2", "lk": "0"}]
    assert [getattr(event, "asset", "") for event in reading.decode(account_update(balances=rows), 5)] == ["BTC"]


@pytest.mark.parametrize(
    ("hedge", "side", "amount", "quantity", "leg"),
    [
        (None, "SHORT", "0.5", "-0.5", Leg.SHORT),
        (None, "LONG", "0.5", "0.5", Leg.LONG),
        (None, "BOTH", "-0.5", "-0.5", Leg.NET),
        (None, "BOTH", "0.5", "0.5", Leg.NET),
        (True, "SHORT", "-0.5", "-0.5", Leg.SHORT),
        (True, "LONG", "0.5", "0.5", Leg.LONG),
        (False, "SHORT", "0.5", "-0.5", Leg.NET),
        (False, "LONG", "0.5", "0.5", Leg.NET),
        (False, "BOTH", "-0.5", "-0.5", Leg.NET),
    ],
)
def test_a_side_is_a_sign_always_and_a_leg_in_hedge_mode_only(
    hedge: bool | None, side: str, amount: str, quantity: str, leg: Leg
) -> None:
    raw = account_update(positions=[POSITION | {"ps": side, "pa": amount}])
    (event,) = decoder(hedge=hedge).decode(raw, 5)
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.leg) == (Decimal(quantity), leg)


def rows_of(*sides: tuple[str, str]) -> bytes:
    return account_update(positions=[POSITION | {"ps": side, "pa": amount} for side, amount in sides])


FLIPS = [
    [(("SHORT", "0.002"), ("LONG", "0"))],
    [(("LONG", "0"), ("SHORT", "0.002"))],
    [(("SHORT", "0.002"),), (("LONG", "0"),)],
    [(("LONG", "0"),), (("SHORT", "0.002"),)],
]


@pytest.mark.parametrize("frames", FLIPS)
def test_in_one_way_mode_the_end_of_a_long_does_not_end_the_short_that_it_became(frames: Any) -> None:
    reading = decoder(hedge=False)
    reading.decode(rows_of(("LONG", "0.001")), 5)
    told = [event for rows in frames for event in reading.decode(rows_of(*rows), 5)]
    last = [event for event in told if isinstance(event, PositionUpdate)][-1]
    assert (last.leg, last.quantity) == (Leg.NET, Decimal("-0.002"))
    (ended,) = reading.decode(rows_of(("SHORT", "0")), 5)
    assert isinstance(ended, PositionUpdate)
    assert ended.quantity == 0


def test_in_hedge_mode_each_leg_ends_by_itself() -> None:
    told = decoder(hedge=True).decode(rows_of(("SHORT", "0.002"), ("LONG", "0")), 5)
    assert [(event.leg, event.quantity) for event in told if isinstance(event, PositionUpdate)] == [
        (Leg.SHORT, Decimal("-0.002")),
        (Leg.LONG, Decimal(0)),
    ]


def test_a_side_is_forgotten_with_its_connection() -> None:
    reading = decoder(hedge=False)
    reading.decode(rows_of(("LONG", "0.001")), 5)
    reading.reset()
    (ended,) = reading.decode(rows_of(("SHORT", "0")), 5)
    assert isinstance(ended, PositionUpdate)
    assert (ended.leg, ended.quantity) == (Leg.NET, Decimal(0))


def test_an_isolated_margin_is_told_without_the_unrealised_result() -> None:
    (event,) = decoder().decode(account_update(positions=[POSITION]), 5)
    assert event == PositionUpdate(
        received_ns=5,
        account="main",
        instrument="bingx:linear:BTC-USDT",
        quantity=Decimal("-0.5"),
        entry_price=Decimal(61000),
        isolated_margin=Decimal(100),
        venue_time_ns=NS,
        leg=Leg.SHORT,
    )


@pytest.mark.parametrize(
    ("held", "unrealised", "margin"),
    [("0.4", "-0.05", "0.45"), ("0.4", "0.1", "0.3"), ("0.4", "0.4", "0"), ("0.4", "0.5", None)],
)
def test_a_margin_of_less_than_a_coin_is_one_too(held: str, unrealised: str, margin: str | None) -> None:
    row = POSITION | {"iw": held, "up": unrealised}
    (event,) = decoder().decode(account_update(positions=[row]), 5)
    assert isinstance(event, PositionUpdate)
    assert event.isolated_margin == (None if margin is None else Decimal(margin))


@pytest.mark.parametrize(("stamp", "told_ns"), [(MS - 3, NS - 3_000_000), (0, NS), ("", NS), (..., NS)])
def test_an_order_bears_its_own_time_and_else_that_of_the_frame(stamp: Any, told_ns: int) -> None:
    orders = [event for event in decoder().decode(order_update(T=stamp), 5) if isinstance(event, OrderUpdate)]
    assert [event.venue_time_ns for event in orders] == [told_ns]


def test_a_cross_position_has_no_margin_of_its_own() -> None:
    (event,) = decoder().decode(account_update(positions=[POSITION | {"mt": "cross"}]), 5)
    assert isinstance(event, PositionUpdate)
    assert event.isolated_margin is None


def test_a_closed_position_has_neither_entry_nor_margin() -> None:
    row = POSITION | {"pa": "0", "ep": "0", "iw": "0", "up": "0"}
    (event,) = decoder().decode(account_update(positions=[row]), 5)
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.entry_price, event.isolated_margin) == (Decimal(0), None, None)


@pytest.mark.parametrize("name", ["pa"])
def test_a_bad_amount_is_named_and_the_other_rows_are_used(name: str) -> None:
    for value in [*BAD_NUMBERS, "1e18", "1e-40"]:
        raw = account_update(positions=[POSITION | {name: value}, POSITION | {"s": "ETH-USDT"}])
        events = decoder().decode(raw, 5)
        assert [fault.field for fault in faults(events)] == [name], value
        assert [getattr(event, "instrument", "") for event in events[1:]] == ["bingx:linear:ETH-USDT"]


@pytest.mark.parametrize(("name", "value"), [("s", ""), ("s", None), ("s", "a b"), ("ps", "UP"), ("mt", "half")])
def test_an_odd_word_is_named(name: str, value: Any) -> None:
    events = decoder().decode(account_update(positions=[POSITION | {name: value}]), 5)
    assert [fault.field for fault in faults(events)] == [name]
    assert len(events) == 1


@pytest.mark.parametrize(("part", "value"), [("B", 5), ("P", "x"), ("B", [5]), ("P", [None])])
def test_rows_of_another_shape_are_refused(part: str, value: Any) -> None:
    assert refused(decoder().decode(account_update(**{part: value}), 5), FaultKind.BAD_FIELD, part)


@pytest.mark.parametrize("raw", [account_update(), account_update(B=None, P=None), encode({"e": "SNAPSHOT", "E": MS})])
def test_an_update_of_nothing_says_nothing(raw: bytes) -> None:
    (event,) = decoder().decode(raw, 5)
    assert isinstance(event, Heard)
    assert event.kind == "unused"


# --- orders and fills ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", ["ORDER_TRADE_UPDATE", "TRADE_UPDATE"])
def test_an_execution_is_told_with_its_order(event_type: str) -> None:
    order, fill = decoder(hedge=False).decode(order_update(event_type), 5)
    assert order == OrderUpdate(
        received_ns=5,
        account="main",
        client_order_id="hr-1-abc",
        instrument="bingx:linear:BTC-USDT",
        side="sell",
        quantity=Decimal("0.5"),
        state=OrderState.PARTIALLY_FILLED,
        filled_quantity=Decimal("0.2"),
        average_price=Decimal(61001),
        limit_price=Decimal(61000),
        venue_order_id="1970374651259387904",
        venue_time_ns=(MS - 3) * 1_000_000,
    )
    assert fill == Fill(
        received_ns=5,
        account="main",
        fill_id="BTC-USDT:511178071",
        client_order_id="hr-1-abc",
        instrument="bingx:linear:BTC-USDT",
        side="sell",
        price=Decimal(61002),
        quantity=Decimal("0.1"),
        fee=Decimal("0.0122"),
        fee_asset="USDT",
        venue_time_ns=(MS - 3) * 1_000_000,
    )


def test_in_hedge_mode_orders_and_fills_are_of_a_leg() -> None:
    assert [getattr(event, "leg", None) for event in decoder(hedge=True).decode(order_update(), 5)] == [Leg.SHORT] * 2


def test_a_rebate_is_a_fee_below_zero() -> None:
    _, fill = decoder().decode(order_update(n="0.01"), 5)
    assert isinstance(fill, Fill)
    assert fill.fee == Decimal("-0.01")


def test_a_coin_margined_fee_is_in_the_coin_whatever_the_frame_says() -> None:
    _, fill = decoder("inverse").decode(order_update(s="BTC-USD", N="USD", q="5", l="2", z="2"), 5)
    assert isinstance(fill, Fill)
    assert (fill.fee_asset, fill.instrument) == ("BTC", "bingx:inverse:BTC-USD")


@pytest.mark.parametrize("lacking", [{"td": ...}, {"td": 0}, {"l": ...}, {"L": ...}, {"L": "0"}, {"l": "0"}])
def test_an_execution_that_is_not_named_is_left_to_the_sweep(lacking: dict[str, Any]) -> None:
    events = decoder().decode(order_update(**lacking), 5)
    assert [type(event) for event in events] == [OrderUpdate]


@pytest.mark.parametrize(
    ("status", "happened", "filled", "state"),
    [
        ("NEW", "NEW", "0", OrderState.OPEN),
        ("PENDING", "NEW", "0", OrderState.OPEN),
        ("PENDING", "TRADE", "0.1", OrderState.PARTIALLY_FILLED),
        ("Filled", "TRADE", "0.5", OrderState.FILLED),
        ("CANCELED", "CANCELED", "0", OrderState.CANCELLED),
        ("CANCELLED", "CANCELED", "0.1", OrderState.CANCELLED),
        ("EXPIRED", "EXPIRED", "0", OrderState.CANCELLED),
        ("FAILED", "", "0", OrderState.REJECTED),
        ("Unknown", "TRADE", "0.5", OrderState.FILLED),
        ("Unknown", "TRADE", "0.1", OrderState.PARTIALLY_FILLED),
        ("Unknown", "CANCELED", "0.1", OrderState.CANCELLED),
        ("Unknown", "CALCULATED", "0", OrderState.UNKNOWN),
        ("", "", "0", OrderState.UNKNOWN),
    ],
)
def test_every_status_word_is_a_state(status: str, happened: str, filled: str, state: OrderState) -> None:
    event = decoder().decode(order_update(X=status, x=happened, z=filled), 5)[0]
    assert isinstance(event, OrderUpdate)
    assert event.state is state


@pytest.mark.parametrize(
    ("kind", "happened", "origin"),
    [
        ("LIMIT", "TRADE", FillOrigin.ORDER),
        ("MARKET", "CALCULATED", FillOrigin.LIQUIDATION),
        ("LIQUIDATION", "TRADE", FillOrigin.LIQUIDATION),
        ("ADL", "CALCULATED", FillOrigin.ADL),
    ],
)
def test_what_the_venue_did_is_told_from_what_was_ordered(kind: str, happened: str, origin: FillOrigin) -> None:
    _, fill = decoder().decode(order_update(o=kind, x=happened), 5)
    assert isinstance(fill, Fill)
    assert fill.origin is origin


@pytest.mark.parametrize("name", ["q", "z", "S", "ps", "s"])
@pytest.mark.parametrize("value", ["N/A", [], {}, "-1 "])
def test_an_order_with_a_bad_field_is_refused_by_name(name: str, value: Any) -> None:
    events = decoder().decode(order_update(**{name: value}), 5)
    assert [type(event) for event in events] == [FrameFault]
    assert faults(events)[0].field == name


@pytest.mark.parametrize("name", ["L", "l", "n"])
@pytest.mark.parametrize("value", ["NaN", "1e400", {}])
def test_a_bad_execution_leaves_the_order(name: str, value: Any) -> None:
    events = decoder().decode(order_update(**{name: value}), 5)
    assert [type(event) for event in events] == [OrderUpdate, FrameFault]
    assert faults(events)[0].field == name


def test_a_large_order_id_keeps_every_digit() -> None:
    for told in (9_007_199_254_740_993, "9007199254740993"):
        event = decoder().decode(order_update(i=told), 5)[0]
        assert isinstance(event, OrderUpdate)
        assert event.venue_order_id == "9007199254740993"


# --- settings, and the rest ----------------------------------------------------------------------------------------


def config(long: Any, short: Any, mode: str = "cross") -> bytes:
    return encode({"e": "ACCOUNT_CONFIG_UPDATE", "E": MS, "ac": {"s": "BTC-USD", "l": long, "S": short, "mt": mode}})


def test_leverage_is_told_of_each_leg_and_once_where_it_is_the_same() -> None:
    both = decoder("inverse").decode(config(4, 20), 5)
    assert [(event.leg, event.leverage) for event in both if isinstance(event, AccountSettings)] == [
        (Leg.LONG, Decimal(4)),
        (Leg.SHORT, Decimal(20)),
    ]
    (one,) = decoder("inverse").decode(config(5, 5, "Isolated"), 5)
    assert one == AccountSettings(
        received_ns=5,
        account="main",
        instrument="bingx:inverse:BTC-USD",
        margin_mode="isolated",
        leverage=Decimal(5),
    )


def test_settings_that_are_repeated_are_told_once() -> None:
    reading = decoder("inverse")
    assert isinstance(reading.decode(config(5, 5), 5)[0], AccountSettings)
    assert isinstance(reading.decode(config(5, 5), 6)[0], Heard)
    assert isinstance(reading.decode(config(6, 6), 7)[0], AccountSettings)
    reading.reset()
    assert isinstance(reading.decode(config(6, 6), 8)[0], AccountSettings)


def test_an_expired_listen_key_ends_the_stream_and_is_not_shown() -> None:
    (event,) = decoder().decode(encode({"e": "listenKeyExpired", "E": MS, "listenKey": "the-key-itself"}), 5)
    assert isinstance(event, Heard)
    assert event.kind == "expired"
    assert "the-key-itself" not in repr(event)


def test_pings_and_answers_are_heard_on_private_sockets_too() -> None:
    kinds = [decoder("spot").decode(raw, 5)[0] for raw in (gzip.compress(b"Ping"), b'{"ping":"a","time":"b"}')]
    assert [event.kind for event in kinds if isinstance(event, Heard)] == ["ping", "ping"]
    (ack,) = decoder("spot").decode(encode({"id": "spot-account-1", "code": 0, "msg": "SUCCESS"}), 5)
    assert ack == Heard(received_ns=5, kind="ack", request="spot-account-1")


def test_spot_orders_are_understood_and_not_used() -> None:
    data = {"e": "executionReport", "E": MS, "s": "BTC-USDT", "x": "TRADE"}
    (event,) = decoder("spot").decode(encode({"code": 0, "dataType": "spot.executionReport", "data": data}), 5)
    assert event == Heard(received_ns=5, kind="unused", channel="executionReport")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"e":"x"}', b'{"e":null}', b"\xff", b"\x1f\x8b\x00", b"[" * 9999])
def test_what_is_no_private_frame_is_a_fault(raw: bytes) -> None:
    (event,) = decoder().decode(raw, 5)
    assert isinstance(event, FrameFault)


def test_frames_without_their_connection_are_read_by_whom_they_concern() -> None:
    reading = AnyFrameDecoder("bingx", "linear")
    assert isinstance(reading.decode(account_update(positions=[POSITION]), 5)[0], PositionUpdate)
    assert isinstance(reading.decode(order_update(), 5)[0], OrderUpdate)
