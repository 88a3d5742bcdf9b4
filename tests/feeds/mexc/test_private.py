"""What MEXC says of an account, by push: positions by leg, orders by side, money to the user with its sign."""

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
from feeds.mexc.private import Mode, PrivateDecoder
from tests.feeds.mexc.frames import TS, personal
from tests.feeds.mexc.rows import DEAL, ORDER, POSITION
from tests.support.frames import encode, refused

NOW_NS = (TS + 60) * 1_000_000


BAD_POSITION_FIELDS: dict[str, tuple[object, ...]] = {
    "holdVol": (None, "", "NaN", -1, "abc", [], True),
    "positionType": (None, 0, 3, "x"),
    "symbol": (None, "", "BTCUSDT", 5),
    "liquidatePrice": ("NaN", -1, "abc", True),
    "holdAvgPrice": ("NaN", -1, "abc"),
    "im": (None, "NaN", "abc"),
    "updateTime": (-1, "x"),
}


def one(topic: str, data: object, hedge: bool | None = True) -> AnyEvent:
    (event,) = PrivateDecoder("main", mode=Mode(hedge)).decode(personal(topic, data), NOW_NS)
    return event


def position(hedge: bool | None = True, **changes: object) -> PositionUpdate:
    event = one("position", POSITION | changes, hedge)
    assert isinstance(event, PositionUpdate)
    return event


# --- positions -------------------------------------------------------------------------------------------------------


def test_a_short_is_negative_in_contracts() -> None:
    event = position()
    assert (event.account, event.instrument, event.quantity) == ("main", "mexc:linear:BTC_USDT", Decimal(-1500))
    assert (event.entry_price, event.liquidation_price) == (Decimal("61000.5"), Decimal("90123.4"))
    assert (event.isolated_margin, event.leverage, event.leg) == (Decimal("4590.25"), Decimal(2), Leg.SHORT)
    assert event.venue_time_ns == (TS - 5000) * 1_000_000


@pytest.mark.parametrize(
    ("hedge", "kind", "leg", "quantity"),
    [
        (True, 1, Leg.LONG, 1500),
        (True, 2, Leg.SHORT, -1500),
        (None, 2, Leg.SHORT, -1500),
        (False, 1, Leg.NET, 1500),
        (False, 2, Leg.NET, -1500),
    ],
)
def test_the_mode_says_which_leg(hedge: bool | None, kind: int, leg: Leg, quantity: int) -> None:
    event = position(hedge, positionType=kind)
    assert (event.leg, event.quantity) == (leg, Decimal(quantity))


@pytest.mark.parametrize("nothing", [0, "0", "0.00", "", None, "--"])
def test_no_liquidation_price_is_unknown_and_never_zero(nothing: object) -> None:
    assert position(liquidatePrice=nothing).liquidation_price is None


def test_cross_has_no_margin_of_its_own() -> None:
    assert position(openType=2).isolated_margin is None


def test_an_isolated_position_that_does_not_tell_its_margin_is_told_all_the_same() -> None:
    event = one("position", {name: value for name, value in POSITION.items() if name != "im"}, True)
    assert isinstance(event, PositionUpdate)
    assert (event.quantity, event.isolated_margin) == (Decimal(-1500), None)


@pytest.mark.parametrize("changes", [{"state": 3}, {"holdVol": 0}, {"holdVol": 0, "holdAvgPrice": 0}])
def test_a_closed_position_is_none_at_all(changes: dict[str, object]) -> None:
    event = position(True, **changes)
    figures = (event.quantity, event.entry_price, event.liquidation_price, event.isolated_margin)
    assert figures == (Decimal(0), None, None, None)


def test_the_end_of_a_position_that_turned_round_does_not_undo_the_new_one() -> None:
    decoder = PrivateDecoder("main", mode=Mode(False))
    held = POSITION | {"positionType": 1, "positionId": 7}
    decoder.decode(personal("position", held), NOW_NS)
    decoder.decode(personal("position", POSITION | {"positionId": 8}), NOW_NS)
    (late,) = decoder.decode(personal("position", held | {"state": 3, "holdVol": 0}), NOW_NS)
    assert isinstance(late, Heard)
    (end,) = decoder.decode(personal("position", POSITION | {"positionId": 8, "holdVol": 0}), NOW_NS)
    assert isinstance(end, PositionUpdate)
    assert end.quantity == 0


@pytest.mark.parametrize(
    ("name", "odd"),
    [(name, odd) for name, values in BAD_POSITION_FIELDS.items() for odd in values],
)
def test_a_position_with_a_bad_field_is_refused_by_name(name: str, odd: object) -> None:
    assert refused([one("position", POSITION | {name: odd})], FaultKind.BAD_FIELD, name)


# --- orders and fills ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "mode", "told"),
    [
        (1, 1, ("buy", Leg.LONG, False)),
        (2, 1, ("buy", Leg.SHORT, True)),
        (3, 1, ("sell", Leg.SHORT, False)),
        (4, 1, ("sell", Leg.LONG, True)),
        (1, 2, ("buy", Leg.NET, False)),
        (3, 2, ("sell", Leg.NET, False)),
        (4, 2, ("sell", Leg.NET, True)),
    ],
)
def test_a_side_is_a_direction_a_leg_and_whether_it_closes(side: int, mode: int, told: tuple[str, Leg, bool]) -> None:
    event = one("order", ORDER | {"side": side, "positionMode": mode})
    assert isinstance(event, OrderUpdate)
    assert (event.side, event.leg, event.reduce_only) == told


def test_a_reduce_only_order_of_one_way_mode_says_so() -> None:
    event = one("order", ORDER | {"side": 1, "positionMode": 2, "reduceOnly": True})
    assert isinstance(event, OrderUpdate)
    assert (event.leg, event.reduce_only) == (Leg.NET, True)


@pytest.mark.parametrize(
    ("state", "dealt", "told"),
    [
        (1, 0, OrderState.SENT),
        (2, 0, OrderState.OPEN),
        (2, 40, OrderState.PARTIALLY_FILLED),
        (3, 100, OrderState.FILLED),
        (4, 40, OrderState.CANCELLED),
        (5, 0, OrderState.REJECTED),
    ],
)
def test_states(state: int, dealt: int, told: OrderState) -> None:
    event = one("order", ORDER | {"state": state, "dealVol": dealt, "dealAvgPrice": 62000.5 if dealt else 0})
    assert isinstance(event, OrderUpdate)
    assert (event.state, event.filled_quantity) == (told, Decimal(dealt))
    assert event.average_price == (Decimal("62000.5") if dealt else None)


def test_an_invalid_order_says_the_venues_error() -> None:
    event = one("order", ORDER | {"state": 5, "errorCode": 2005})
    assert isinstance(event, OrderUpdate)
    assert event.reason == "error 2005"


def test_an_order_without_a_name_of_ours_is_called_by_the_venues_number() -> None:
    event = one("order", ORDER | {"externalOid": ""})
    assert isinstance(event, OrderUpdate)
    assert event.client_order_id == "mexc-739113577038255616"


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("vol", 0),
        ("vol", None),
        ("side", 5),
        ("state", 0),
        ("state", None),
        ("dealVol", -1),
        ("price", "NaN"),
        ("symbol", ""),
    ],
)
def test_an_order_with_a_bad_field_is_refused_by_name(name: str, odd: object) -> None:
    assert refused([one("order", ORDER | {name: odd})], FaultKind.BAD_FIELD, name)


def fill(**changes: object) -> Fill:
    event = one("order.deal", DEAL | changes)
    assert isinstance(event, Fill)
    return event


def test_a_fee_paid_is_positive_and_a_rebate_negative() -> None:
    assert (fill().fee, fill().fee_asset, fill().maker) == (Decimal("0.1984016"), "USDT", True)
    assert fill(fee=-0.05).fee == Decimal("-0.05")
    assert not fill(isTaker=True).maker


@pytest.mark.parametrize(
    ("category", "origin"),
    [(1, FillOrigin.ORDER), (2, FillOrigin.LIQUIDATION), (3, FillOrigin.ORDER), (4, FillOrigin.ADL)],
)
def test_why_it_was_filled(category: int, origin: FillOrigin) -> None:
    assert fill(category=category).origin is origin


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("id", 0),
        ("id", None),
        ("vol", 0),
        ("price", 0),
        ("fee", None),
        ("fee", "NaN"),
        ("feeCurrency", ""),
        ("timestamp", 0),
    ],
)
def test_a_fill_with_a_bad_field_is_refused_by_name(name: str, odd: object) -> None:
    assert refused([one("order.deal", DEAL | {name: odd})], FaultKind.BAD_FIELD, name)


# --- balances, settings, and the login -------------------------------------------------------------------------------

ASSET: dict[str, Any] = {
    "currency": "USDT",
    "availableBalance": 67.25,
    "frozenBalance": 1.5,
    "positionMargin": 0,
    "bonus": 0,
}


def test_a_wallet_is_told_while_nothing_floats_on_it() -> None:
    event = one("asset", ASSET)
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == ("USDT", Decimal("68.75"))
    with_position = one("asset", ASSET | {"positionMargin": 5})
    assert isinstance(with_position, Heard)
    assert (with_position.kind, with_position.channel) == ("unused", "personal.asset")


@pytest.mark.parametrize("name", ["currency", "availableBalance", "frozenBalance", "positionMargin"])
@pytest.mark.parametrize("odd", [None, "", "NaN", []])
def test_a_balance_with_a_bad_field_is_refused_by_name(name: str, odd: object) -> None:
    if (name, odd) == ("currency", "NaN"):
        return
    assert refused([one("asset", ASSET | {name: odd})], FaultKind.BAD_FIELD, name)


@pytest.mark.parametrize("topic", ["asset", "position", "order", "order.deal", "position.mode"])
@pytest.mark.parametrize("ts", [None, 0, "soon", TS * 1000])
def test_a_push_without_a_sound_time_is_refused(topic: str, ts: object) -> None:
    events = PrivateDecoder("main").decode(personal(topic, {**ASSET, **POSITION, **ORDER, **DEAL}, ts), NOW_NS)
    assert refused(events, FaultKind.BAD_FIELD, "ts")


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_a_push_without_data_is_refused(data: object) -> None:
    assert refused(PrivateDecoder("main").decode(personal("order", data), NOW_NS), FaultKind.BAD_FIELD, "data")


def test_a_topic_of_an_account_that_is_not_known_is_refused() -> None:
    events = PrivateDecoder("main").decode(personal("nonsense", {}), NOW_NS)
    assert refused(events, FaultKind.UNKNOWN_TOPIC)


def test_a_change_of_mode_holds_for_what_comes_after_it() -> None:
    mode = Mode(True)
    decoder = PrivateDecoder("main", mode=mode)
    (event,) = decoder.decode(personal("position.mode", {"positionMode": 2}), NOW_NS)
    assert isinstance(event, AccountSettings)
    assert (event.position_mode, mode.hedge) == ("one-way", False)
    (update,) = decoder.decode(personal("position", POSITION), NOW_NS)
    assert isinstance(update, PositionUpdate)
    assert update.leg is Leg.NET


def test_a_warning_of_liquidation_is_passed_on() -> None:
    event = one("liquidate.risk", {"symbol": "BTC_USDT", "liquidatePrice": 80000.5, "marginRatio": 0.9})
    assert isinstance(event, Heard)
    assert (event.kind, event.detail) == ("warning", "mexc:linear:BTC_USDT is to be liquidated at 80000.5")


def test_an_error_before_the_login_is_the_logins() -> None:
    decoder = PrivateDecoder("main")
    error = encode({"channel": "rs.error", "data": "authentication fail!", "ts": TS})
    (before,) = decoder.decode(error, NOW_NS)
    assert isinstance(before, Heard)
    assert (before.kind, before.channel, before.detail) == ("refusal", "login", "authentication fail!")
    (login,) = decoder.decode(encode({"channel": "rs.login", "data": "success", "ts": TS}), NOW_NS)
    assert isinstance(login, Heard)
    assert login.kind == "login"
    (after,) = decoder.decode(error, NOW_NS)
    assert isinstance(after, Heard)
    assert (after.kind, after.channel) == ("refusal", "")
    decoder.reset()
    (again,) = decoder.decode(error, NOW_NS)
    assert isinstance(again, Heard)
    assert again.channel == "login"
