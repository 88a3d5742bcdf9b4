"""Orders at the simulated MEXC: once, whatever becomes of the answer; and the sweep, as often as it is asked for."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.errors import RequestError, VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.clock import Clock
from feeds.examine import clock_skew_ms
from feeds.mexc import orders
from feeds.mexc.orders import Margin
from feeds.sim.process import SimulatorProcess
from tests.feeds.mexc.desk import INVERSE, LINEAR, PAIR, Account, order, the, update

CONTRACTS = [pytest.param(LINEAR, id="linear"), pytest.param(INVERSE, id="inverse")]
ORDERS = ("place an order", "cancel an order", "query an order", "post-only", "client order id")


def told(events: list[AnyEvent] | tuple[AnyEvent, ...]) -> list[object]:
    """Events without when they were received."""
    return [msgspec.structs.replace(event, received_ns=0) for event in events]


# --- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", *ORDERS)
@pytest.mark.verifies("mexc", "inverse", *ORDERS)
@pytest.mark.parametrize("instrument", CONTRACTS)
async def test_an_order_is_placed_found_and_cancelled(simulator: SimulatorProcess, instrument: str) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(instrument, "1.02"), instrument=instrument)
    placed = update(await account.desk.place(asked, post_only=True))
    assert (placed.state, placed.client_order_id, placed.leg) == (OrderState.OPEN, asked.client_order_id, Leg.SHORT)
    assert (placed.quantity, placed.limit_price) == (asked.quantity, asked.limit_price)
    found = update(await account.desk.query(asked))
    assert found.venue_order_id == placed.venue_order_id
    swept = await account.desk.sweep([instrument], 0)
    assert [event.client_order_id for event in the(OrderUpdate, swept)] == [asked.client_order_id]
    assert update(await account.desk.cancel(asked)).state is OrderState.CANCELLED
    assert update(await account.desk.cancel(asked)).state is OrderState.CANCELLED, "again"


async def test_a_post_only_order_that_would_take_is_not_filled(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(LINEAR, "0.99"))
    await account.desk.place(asked, post_only=True)
    assert update(await account.desk.cancel(asked)).state is OrderState.CANCELLED
    assert update(await account.desk.query(asked)).filled_quantity == 0


@pytest.mark.verifies("mexc", "linear", "fills", "reduce-only")
@pytest.mark.verifies("mexc", "inverse", "fills", "reduce-only")
@pytest.mark.parametrize("instrument", CONTRACTS)
async def test_a_filled_order_is_told_with_its_fills_also_by_a_cancellation(
    simulator: SimulatorProcess, instrument: str
) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(instrument, "0.99"), instrument=instrument)
    await account.desk.place(asked)
    events = await account.desk.cancel(asked)
    while update(events).state is not OrderState.FILLED:
        events = await account.desk.query(asked)
    fills = the(Fill, events)
    assert sum(fill.quantity for fill in fills) == 100
    assert {fill.client_order_id for fill in fills} == {asked.client_order_id}
    closing = order("buy", await account.price(instrument, "1.01"), 40, instrument=instrument, reduce_only=True)
    await account.desk.place(closing)
    while update(await account.desk.query(closing)).state is not OrderState.FILLED:
        pass
    (held,) = [event for event in the(PositionUpdate, await account.desk.sweep([instrument], 0)) if event.quantity]
    assert (held.quantity, held.leg) == (Decimal(-60), Leg.SHORT)


async def test_the_same_order_sent_twice_is_executed_once(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(LINEAR, "0.99"))
    await account.desk.place(asked)
    again = await account.made(account.key).place(asked)
    assert update(again).client_order_id == asked.client_order_id
    while update(await account.desk.query(asked)).state is not OrderState.FILLED:
        pass
    swept = await account.desk.sweep([LINEAR], 0)
    assert sum(fill.quantity for fill in the(Fill, swept)) == 100
    assert {event.quantity for event in the(PositionUpdate, swept)} == {0, -100}


@pytest.mark.parametrize("cut", [False, True])
async def test_an_answer_that_is_lost_leaves_the_order_unknown_until_it_is_looked_up(
    simulator: SimulatorProcess, cut: bool
) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(LINEAR, "1.02"))
    simulator.control("lose_answers", venue="mexc", count=1, cut=cut)
    lost = update(await account.desk.place(asked))
    assert (lost.state, lost.client_order_id) == (OrderState.UNKNOWN, asked.client_order_id)
    assert update(await account.desk.query(asked)).state is OrderState.OPEN
    assert update(await account.desk.place(asked)).state is OrderState.OPEN, "found, not sent again"
    assert len(the(OrderUpdate, await account.desk.sweep([LINEAR], 0))) == 1


async def test_an_order_that_is_unknown_to_the_venue_is_rejected(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    asked = order("sell", Decimal(60000))
    for answer in (await account.desk.query(asked), await account.desk.cancel(asked)):
        assert update(answer).state is OrderState.REJECTED
        assert "knows no order" in update(answer).reason


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"quantity": 900_000}, "2005"), ({"price": "0.5"}, "2003"), ({"quantity": 90_000_000}, "2011")],
)
async def test_what_the_venue_refuses_is_rejected_with_its_code(
    simulator: SimulatorProcess, changes: dict[str, object], code: str
) -> None:
    account = Account(simulator)
    price = await account.price(LINEAR, str(changes.get("price", "1.02")))
    refused = update(await account.desk.place(order("sell", price, int(str(changes.get("quantity", 100))))))
    assert (refused.state, refused.reason.split()[0]) == (OrderState.REJECTED, code)


async def test_a_key_that_may_not_trade_is_refused_and_nothing_is_placed(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(LINEAR, "1.02"))
    refused = update(await account.made(account.reading).place(asked))
    assert (refused.state, refused.reason) == (OrderState.REJECTED, "704 No permission")
    assert update(await account.desk.query(asked)).state is OrderState.REJECTED


@pytest.mark.verifies("mexc", "linear", "rate-limit budget")
@pytest.mark.verifies("mexc", "inverse", "rate-limit budget")
async def test_a_venue_that_wants_quiet_is_obeyed_and_no_order_is_in_doubt(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    asked = order("sell", await account.price(LINEAR, "1.02"))
    made_now = msgspec.structs.replace(asked, created_ns=Clock().now_ns())
    simulator.control("limit_rate", venue="mexc", status=429)
    with pytest.raises(VenueError, match="510") as caught:
        await account.desk.place(made_now)
    assert (caught.value.retry_after_seconds, caught.value.outcome_unknown) == (4.0, False)
    simulator.control("clear", venue="mexc")
    assert update(await account.desk.query(asked)).state is OrderState.REJECTED


async def test_a_clock_that_is_off_is_put_right(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    simulator.control("skew", venue="mexc", milliseconds=60_000)
    assert the(AccountSwept, await account.desk.sweep([LINEAR, PAIR], 0))
    assert 55_000 < -await clock_skew_ms("mexc", simulator.venues["mexc"]) < 65_000


@pytest.mark.verifies("mexc", "linear", "reduce-only", "position mode", "margin mode", "leverage")
@pytest.mark.verifies("mexc", "inverse", "reduce-only", "position mode", "margin mode", "leverage")
@pytest.mark.parametrize("instrument", CONTRACTS)
async def test_an_order_repeats_how_the_account_is_set(simulator: SimulatorProcess, instrument: str) -> None:
    account = Account(simulator)
    _, category, symbol = instrument.split(":")
    account.control("set_position_mode", hedge=False)
    account.control("set_leverage", category=category, symbol=symbol, leverage="7")
    account.control("set_margin_mode", category=category, symbol=symbol, mode="isolated")
    before = the(AccountSettings, await account.desk.sweep([instrument], 0))
    assert [event.position_mode for event in before if event.position_mode] == ["one-way"]
    (leverage,) = [event for event in before if event.leverage]
    assert (leverage.margin_mode, leverage.leverage, leverage.leg) == ("isolated", Decimal(7), Leg.NET)
    asked = order("sell", await account.price(instrument, "0.99"), leg=Leg.NET, instrument=instrument)
    await account.desk.place(asked)
    while update(await account.desk.query(asked)).state is not OrderState.FILLED:
        pass
    swept = await account.desk.sweep([instrument], 0)
    (held,) = the(PositionUpdate, swept)
    assert (held.quantity, held.leg, held.leverage) == (Decimal(-100), Leg.NET, Decimal(7))
    assert held.isolated_margin
    assert the(AccountSettings, swept)[-1].leverage == 7
    closing = order(
        "buy", await account.price(instrument, "1.01"), leg=Leg.NET, instrument=instrument, reduce_only=True
    )
    await account.desk.place(closing)
    while update(await account.desk.query(closing)).state is not OrderState.FILLED:
        pass
    (flat,) = the(PositionUpdate, await account.desk.sweep([instrument], 0))
    assert flat.quantity == 0


async def test_a_leverage_changed_elsewhere_since_the_last_sweep_is_kept(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    await account.desk.sweep([LINEAR], 0)
    for leverage in ("3", "8"):
        account.control("set_leverage", category="linear", symbol="BTC_USDT", leverage=leverage, side="SHORT")
        await account.desk.place(order("sell", await account.price(LINEAR, "1.02")))
        settings = the(AccountSettings, await account.desk.sweep([LINEAR], 0))
        told = {event.leg: event.leverage for event in settings if event.leverage}
        assert told == {Leg.LONG: 10, Leg.SHORT: Decimal(leverage)}


async def test_reduce_only_opens_nothing(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    closing = order("buy", await account.price(LINEAR, "1.01"), reduce_only=True)
    refused = update(await account.desk.place(closing))
    assert (refused.state, refused.reason.split()[0]) == (OrderState.REJECTED, "2009")


# --- what is never sent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": "x" * 33},
        {"client_order_id": ""},
        {"client_order_id": "hr 1"},
        {"quantity": Decimal(0)},
        {"quantity": Decimal("NaN")},
        {"limit_price": Decimal(-1)},
        {"limit_price": Decimal("Infinity")},
        {"side": "hold"},
        {"reduce_only": True},
        {"side": "buy", "reduce_only": False},
    ],
)
def test_what_mexc_cannot_be_asked_for_is_refused_here(changes: dict[str, object]) -> None:
    asked = msgspec.structs.replace(order("sell", Decimal(60000)), **changes)
    with pytest.raises(VenueError, match="bad_order"):
        orders.check(asked)


def test_an_order_of_another_venue_or_of_spot_is_refused() -> None:
    for name in ("bybit:linear:BTCUSDT", "mexc:spot:BTCUSDT"):
        with pytest.raises(RequestError, match="instrument"):
            orders.check(order("sell", Decimal(60000), instrument=name))


@pytest.mark.parametrize(
    ("leg", "side", "reduce_only", "sent"),
    [
        (Leg.LONG, "buy", False, {"side": 1, "positionMode": 1}),
        (Leg.SHORT, "buy", True, {"side": 2, "positionMode": 1}),
        (Leg.SHORT, "sell", False, {"side": 3, "positionMode": 1}),
        (Leg.LONG, "sell", True, {"side": 4, "positionMode": 1}),
        (Leg.NET, "buy", False, {"side": 1, "positionMode": 2, "reduceOnly": False}),
        (Leg.NET, "sell", False, {"side": 3, "positionMode": 2, "reduceOnly": False}),
        (Leg.NET, "buy", True, {"side": 1, "positionMode": 2, "reduceOnly": True}),
    ],
)
def test_the_side_says_what_opens_and_what_closes(
    leg: Leg, side: str, reduce_only: bool, sent: dict[str, object]
) -> None:
    asked = order(side, Decimal("60000.10"), leg=leg, reduce_only=reduce_only, name="hr-1-0123456789")
    symbol = orders.check(asked)
    body = msgspec.json.encode(orders.body(asked, symbol, Margin("isolated", Decimal(5)), post_only=False))
    assert msgspec.json.decode(body) == {
        "symbol": "BTC_USDT",
        "price": 60000.1,
        "vol": 100,
        "type": 1,
        "openType": 1,
        "leverage": 5,
        "externalOid": "hr-1-0123456789",
        **sent,
    }
    assert b'"price":60000.1,' in body, "as it was written, never through a float"


# --- the sweep -------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "balances", "positions", "open orders", "fills", "fee records")
@pytest.mark.verifies("mexc", "inverse", "balances", "positions", "open orders", "fills", "fee records")
async def test_sweeping_twice_tells_the_same(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    for instrument in (LINEAR, INVERSE):
        asked = order("sell", await account.price(instrument, "0.99"), instrument=instrument)
        await account.desk.place(asked)
        while update(await account.desk.query(asked)).state is not OrderState.FILLED:
            pass
    simulator.control("freeze", venue="mexc")
    first = list(await account.desk.sweep([LINEAR, INVERSE], 0))
    again = list(await account.desk.sweep([LINEAR, INVERSE], 0))
    assert told(first) == told(again)
    assert isinstance(first[-1], AccountSwept)
    positions = {(event.instrument, event.leg): event.quantity for event in the(PositionUpdate, first)}
    assert positions == {
        (LINEAR, Leg.SHORT): -100,
        (LINEAR, Leg.LONG): 0,
        (INVERSE, Leg.SHORT): -100,
        (INVERSE, Leg.LONG): 0,
    }
    assert {event.asset for event in the(BalanceUpdate, first)} == {"USDT", "BTC"}
    fills = the(Fill, first)
    assert {fill.instrument: fill.quantity for fill in fills} == {LINEAR: 100, INVERSE: 100}
    assert all(fill.client_order_id.startswith("hr-") for fill in fills)
    charged = {fee.fill_id: (fee.amount, fee.asset, fee.instrument, fee.kind) for fee in the(FeeCharged, first)}
    assert charged == {fill.fill_id: (fill.fee, fill.fee_asset, fill.instrument, "trade") for fill in fills}
    assert not [event for event in the(AccountSettings, first) if event.key_verified is not None], "it can be asked"
    assert not the(Fill, await account.desk.sweep([LINEAR], fills[0].received_ns + 10**10))


async def test_a_sweep_that_fails_tells_nothing(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    account.control("expire_key")
    with pytest.raises(VenueError, match="402"):
        await account.desk.sweep([LINEAR], 0)
