"""An account at WEEX over real sockets: what a sweep tells, and what becomes of orders when answers get lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import (
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    Fill,
    FundingPayment,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.weex import facts, sign
from feeds.weex.desk import NOT_KNOWN
from tests.feeds.weex.account_samples import FUNDING, ORDER, POSITION, TIME, TRADE
from tests.feeds.weex.exchange import KEY, Exchange, trading

NAMES = ["weex:linear:BTCUSDT", "weex:linear:ETHUSDT"]
SINCE_NS = Clock().now_ns() - 3600 * 10**9


def request(name: str = "hr-1", **changed: Any) -> OrderRequest:
    order: dict[str, Any] = {
        "client_order_id": name,
        "account": "main",
        "instrument": "weex:linear:BTCUSDT",
        "side": "sell",
        "quantity": Decimal("0.50"),
        "limit_price": Decimal(65000),
        "reduce_only": False,
        "created_ns": Clock().now_ns(),
        "leg": Leg.SHORT,
    }
    return OrderRequest(**order | changed)


def standing(events: Sequence[AnyEvent]) -> OrderUpdate:
    (event,) = [event for event in events if isinstance(event, OrderUpdate)]
    return event


# --- the sweep -------------------------------------------------------------------------------------------------------


async def test_a_sweep_tells_each_contract_and_leg_once_and_ends_with_its_word() -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/account/balance"] = [{"asset": "USDT", "balance": "1000.5"}]
        exchange.bodies["/capi/v3/account/position/allPosition"] = [POSITION, POSITION | {"symbol": "XRPUSDT"}]
        events = await desk.sweep(NAMES, SINCE_NS)
    assert isinstance(events[-1], AccountSwept)
    held = {(one.instrument, one.leg): one.quantity for one in events if isinstance(one, PositionUpdate)}
    assert held == {
        ("weex:linear:BTCUSDT", Leg.SHORT): Decimal("-0.5"),
        ("weex:linear:BTCUSDT", Leg.LONG): 0,
        ("weex:linear:ETHUSDT", Leg.SHORT): 0,
        ("weex:linear:ETHUSDT", Leg.LONG): 0,
    }
    (wallet,) = [one for one in events if isinstance(one, BalanceUpdate)]
    assert (wallet.asset, wallet.wallet_balance) == ("USDT", Decimal("1000.5"))
    stamps = {one.venue_time_ns for one in events if isinstance(one, PositionUpdate) and one.quantity}
    assert stamps == {TIME * 1_000_000}, "when it last changed"
    empty = [one for one in events if isinstance(one, PositionUpdate) and not one.quantity]
    assert {wallet.venue_time_ns, *(one.venue_time_ns for one in empty)} == {None}, "the venue does not say since when"


async def test_in_one_way_mode_a_contract_has_one_leg() -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/account/accountConfig"] = {"dualSidePosition": False}
        events = await desk.sweep(NAMES[:1], SINCE_NS)
    assert [(one.leg, one.quantity) for one in events if isinstance(one, PositionUpdate)] == [(Leg.NET, Decimal(0))]


async def test_fills_bear_our_names_also_where_only_history_tells_them() -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "FILLED"}]
        exchange.bodies["/capi/v3/userTrades"] = [TRADE, TRADE | {"symbol": "XRPUSDT", "id": 1, "orderId": 2}]
        exchange.bodies["/capi/v3/account/income"] = {"hasNextPage": False, "items": [FUNDING]}
        first, again = await desk.sweep(NAMES, SINCE_NS), await desk.sweep(NAMES, SINCE_NS)
    for events in (first, again):
        (fill,) = [one for one in events if isinstance(one, Fill)]
        (paid,) = [one for one in events if isinstance(one, FundingPayment)]
        assert (fill.fill_id, fill.client_order_id) == ("801234567890123456", "hr-1")
        assert paid.payment_id == "686960019383517338"
    asked = [query["symbol"] for _, path, query, _ in exchange.asked if path == "/capi/v3/order/history"]
    assert asked == ["BTCUSDT", "XRPUSDT"], "what was looked up once is known"


async def test_a_fill_of_an_order_from_before_bears_its_name() -> None:
    """The past tells orders by when they were made: an older one is looked up by its number, and only once."""
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "NEW"}]
        exchange.bodies |= {"/capi/v3/openOrders": [], "/capi/v3/order/history": []}
        exchange.bodies["/capi/v3/userTrades"] = [TRADE, TRADE | {"id": 1, "orderId": 7}]
        first, again = await desk.sweep(NAMES, SINCE_NS), await desk.sweep(NAMES, SINCE_NS)
    for events in (first, again):
        names = {one.fill_id: one.client_order_id for one in events if isinstance(one, Fill)}
        assert names == {"801234567890123456": "hr-1", "1": ""}
    asked = [query["orderId"] for _, path, query, _ in exchange.asked if path == "/capi/v3/order"]
    assert asked == ["7", "702345678901234567"]


async def test_an_order_by_hand_has_no_name_and_is_asked_for_once() -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "FILLED", "clientOrderId": ""}]
        exchange.bodies["/capi/v3/userTrades"] = [TRADE]
        for _ in range(2):
            (fill,) = [one for one in await desk.sweep(NAMES, SINCE_NS) if isinstance(one, Fill)]
            assert fill.client_order_id == ""
    assert exchange.paths().count("GET /capi/v3/order/history") == 1
    assert "GET /capi/v3/order" not in exchange.paths()


async def test_names_are_found_among_more_than_a_page_of_ended_orders() -> None:
    async with trading() as (desk, exchange):
        last = Clock().now_ns() // 1_000_000
        times = [last - 3_000_000 + 10_000 * number for number in range(250)]

        def ended(asked: Any) -> list[dict[str, Any]]:
            start, end = int(asked.query["startTime"]), int(asked.query["endTime"])
            rows = [
                ORDER | {"status": "FILLED", "orderId": stamp, "clientOrderId": f"hr-{stamp}", "time": stamp}
                for stamp in times
                if start <= stamp <= end
            ]
            return rows[::-1][: int(asked.query["limit"])]

        exchange.bodies["/capi/v3/order/history"] = ended
        exchange.bodies["/capi/v3/userTrades"] = [TRADE | {"orderId": times[0]}]
        (fill,) = [one for one in await desk.sweep(NAMES, SINCE_NS) if isinstance(one, Fill)]
    assert fill.client_order_id == f"hr-{times[0]}"
    assert "GET /capi/v3/order" not in exchange.paths()


async def test_a_sweep_looks_up_so_many_orders_by_number_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_LOOK_UPS", 3)
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/userTrades"] = [TRADE | {"id": number, "orderId": number} for number in range(1, 6)]
        for expected in (3, 5, 5):
            await desk.sweep(NAMES, SINCE_NS)
            assert exchange.paths().count("GET /capi/v3/order") == expected


async def test_more_open_orders_than_a_page_are_asked_for_by_contract() -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "NEW", "orderId": number} for number in range(120)]
        await desk.sweep(NAMES, SINCE_NS)
    asked = [query for _, path, query, _ in exchange.asked if path == "/capi/v3/openOrders"]
    assert [query.get("symbol") for query in asked] == [None, "BTCUSDT", "ETHUSDT"]


async def test_a_stretch_with_more_than_a_page_is_asked_for_in_halves() -> None:
    async with trading() as (desk, exchange):
        last = Clock().now_ns() // 1_000_000
        times = [last - 3_000_000 + 10_000 * number for number in range(250)]

        def trades(asked: Any) -> list[dict[str, Any]]:
            start, end = int(asked.query["startTime"]), int(asked.query["endTime"])
            rows = [TRADE | {"id": stamp, "time": stamp} for stamp in times if start <= stamp <= end]
            return rows[-100:]

        exchange.bodies["/capi/v3/userTrades"] = trades
        events = await desk.sweep(NAMES[:1], SINCE_NS)
    found = {one.fill_id for one in events if isinstance(one, Fill)}
    assert found == {str(stamp) for stamp in times}


async def test_an_order_is_found_among_more_than_a_page_of_ended_ones() -> None:
    async with trading() as (desk, exchange):
        last = Clock().now_ns() // 1_000_000
        times = [last - 3_000_000 + 10_000 * number for number in range(250)]

        def ended(asked: Any) -> list[dict[str, Any]]:
            start, end = int(asked.query["startTime"]), int(asked.query["endTime"])
            rows = [
                ORDER | {"status": "CANCELED", "orderId": stamp, "clientOrderId": f"hr-{stamp}", "time": stamp}
                for stamp in times
                if start <= stamp <= end
            ]
            return rows[::-1][: int(asked.query["limit"])]

        exchange.bodies["/capi/v3/order/history"] = ended
        exchange.orders = []
        order = request(f"hr-{times[0]}", created_ns=times[0] * 1_000_000)
        assert standing(await desk.query(order)).state is OrderState.CANCELLED


async def test_a_venue_that_answers_any_stretch_with_a_full_page_is_not_asked_for_ever() -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/userTrades"] = [TRADE | {"id": number} for number in range(100)]
        with pytest.raises(VenueError, match="too_many_records"):
            await desk.sweep(NAMES[:1], SINCE_NS)
    assert exchange.paths().count("GET /capi/v3/userTrades") <= 500


async def test_an_order_without_a_time_is_looked_for_as_far_back_as_the_venue_goes() -> None:
    async with trading() as (desk, exchange):
        assert standing(await desk.query(request(created_ns=0))).reason == NOT_KNOWN
    (asked,) = [query for _, path, query, _ in exchange.asked if path == "/capi/v3/order/history"]
    assert 0 < int(asked["endTime"]) - int(asked["startTime"]) <= 90 * 86_400_000


async def test_records_are_not_asked_for_beyond_what_the_venue_keeps() -> None:
    async with trading() as (desk, exchange):
        await desk.sweep(NAMES[:1], 0)
    (asked,) = [query for _, path, query, _ in exchange.asked if path == "/capi/v3/userTrades"]
    assert int(asked["endTime"]) - int(asked["startTime"]) <= 90 * 86_400_000


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/capi/v3/account/position/allPosition", [POSITION | {"size": "x"}]),
        ("/capi/v3/account/position/allPosition", {"data": []}),
        ("/capi/v3/account/balance", [{"asset": "USDT", "balance": None}]),
        ("/capi/v3/account/accountConfig", {}),
    ],
)
async def test_a_sweep_that_cannot_be_read_tells_nothing_at_all(path: str, content: Any) -> None:
    async with trading() as (desk, exchange):
        exchange.bodies[path] = content
        with pytest.raises(VenueError):
            await desk.sweep(NAMES, SINCE_NS)


async def test_spot_coins_are_told_where_a_pair_is_wanted_and_dollars_are_not() -> None:
    async with trading() as (desk, exchange):
        rows = [{"asset": "BTC", "free": "1", "locked": "0.5"}, {"asset": "USDT", "free": "9", "locked": "0"}]
        exchange.bodies["/api/v3/account/"] = {"balances": rows}
        events = await desk.sweep([*NAMES, "weex:spot:BTCUSDT"], SINCE_NS)
        assert "GET /api/v3/account/" in exchange.paths()
        exchange.asked.clear()
        await desk.sweep(NAMES, SINCE_NS)
        assert "GET /api/v3/account/" not in exchange.paths()
    assert [(one.asset, one.wallet_balance) for one in events if isinstance(one, BalanceUpdate)] == [
        ("BTC", Decimal("1.5"))
    ]


@pytest.mark.parametrize("ahead_ms", [-120_000, 120_000])
async def test_a_clock_that_is_off_is_corrected_by_the_venues(ahead_ms: int) -> None:
    async with trading() as (desk, exchange):
        exchange.clock_ahead_ms = ahead_ms
        events = await desk.sweep(NAMES, SINCE_NS)
        headers = (await desk.opening(desk.plans(NAMES)[0])).headers
        assert abs(int(headers["ACCESS-TIMESTAMP"]) - exchange.now_ms()) < 5_000
    assert isinstance(events[-1], AccountSwept)


# --- orders ----------------------------------------------------------------------------------------------------------


async def test_an_order_is_sent_as_the_venue_wants_it() -> None:
    async with trading() as (desk, exchange):
        placed = standing(await desk.place(request()))
    assert (placed.state, placed.venue_order_id) == (OrderState.OPEN, "700000000000000000")
    (sent,) = [json.loads(text) for method, _, _, text in exchange.asked if method == "POST"]
    assert sent == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "positionSide": "SHORT",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.50",
        "price": "65000",
        "newClientOrderId": "hr-1",
    }


@pytest.mark.parametrize("mood", ["", "lost", "503"])
async def test_an_order_sent_twice_is_executed_once(mood: str) -> None:
    async with trading() as (desk, exchange):
        exchange.mood = mood
        first = standing(await desk.place(request()))
        again = standing(await desk.place(request()))
        assert len(exchange.orders) == 1
    assert first.state is (OrderState.UNKNOWN if mood else OrderState.OPEN)
    assert (again.state, again.venue_order_id) == (OrderState.OPEN, "700000000000000000")


async def test_a_name_that_is_taken_is_looked_up_by_a_desk_that_never_sent_it() -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "NEW"}]
        placed = standing(await desk.place(request()))
        assert len(exchange.orders) == 1
    assert (placed.state, placed.filled_quantity) == (OrderState.PARTIALLY_FILLED, Decimal("0.1"))


@pytest.mark.parametrize("mood", ["lost", "503", "system"])
async def test_an_order_whose_answer_does_not_tell_is_unknown_until_it_is_looked_up(mood: str) -> None:
    async with trading() as (desk, exchange):
        exchange.mood = mood
        assert standing(await desk.place(request())).state is OrderState.UNKNOWN
        found = standing(await desk.query(request()))
    assert found.state is (OrderState.UNKNOWN if mood == "system" else OrderState.OPEN), "it may still come"
    assert found.reason == (NOT_KNOWN if mood == "system" else "")


def posted(exchange: Exchange) -> int:
    return exchange.paths().count("POST /capi/v3/order")


async def test_an_order_whose_request_may_still_arrive_is_unknown_and_not_sent_again() -> None:
    async with trading() as (desk, exchange):
        exchange.mood = "late"
        assert standing(await desk.place(request())).state is OrderState.UNKNOWN
        exchange.mood = ""
        assert standing(await desk.query(request(created_ns=0))).state is OrderState.UNKNOWN
        assert standing(await desk.place(request(created_ns=0))).state is OrderState.UNKNOWN
        assert posted(exchange) == 1
        exchange.mood = "late"
        exchange.arrive()
        assert standing(await desk.place(request())).state is OrderState.OPEN
        assert posted(exchange) == 1


async def test_an_order_that_can_no_longer_arrive_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "VALID_SECONDS", 0.0)
    async with trading() as (desk, exchange):
        exchange.mood = "late"
        assert standing(await desk.place(request())).state is OrderState.UNKNOWN
        exchange.mood = ""
        assert standing(await desk.query(request())).state is OrderState.REJECTED
        assert standing(await desk.place(request())).state is OrderState.OPEN
        assert len(exchange.orders) == 1


@pytest.mark.parametrize("path", ["openOrders", "order/history"])
async def test_a_look_up_that_fails_leaves_what_was_sent_unknown(path: str) -> None:
    async with trading() as (desk, exchange):
        exchange.mood = "late"
        await desk.place(request())
        exchange.bodies[f"/capi/v3/{path}"] = {"code": -1054, "msg": "System error"}
        told = standing(await desk.place(request()))
        assert (told.state, "-1054" in told.reason) == (OrderState.UNKNOWN, True)
        assert posted(exchange) == 1


@pytest.mark.parametrize("fails", [False, True])
async def test_a_name_that_is_taken_by_an_order_that_is_not_found_is_unknown(fails: bool) -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "NEW"}]
        exchange.bodies["/capi/v3/openOrders"] = {"code": -1054, "msg": "System error"} if fails else []
        exchange.bodies["/capi/v3/order/history"] = []
        assert standing(await desk.place(request())).state is OrderState.UNKNOWN


@pytest.mark.parametrize("content", [{}, [], {"orderId": ""}, {"orderId": None, "success": True}])
async def test_an_answer_without_a_number_leaves_the_order_unknown(content: Any) -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["POST /capi/v3/order"] = content
        assert standing(await desk.place(request())).state is OrderState.UNKNOWN


async def test_a_refusal_is_told_with_its_reason_and_the_order_can_be_sent_again_at_once() -> None:
    async with trading() as (desk, exchange):
        exchange.mood = "money"
        refused = standing(await desk.place(request()))
        exchange.mood = ""
        assert standing(await desk.place(request())).state is OrderState.OPEN
    assert refused.state is OrderState.REJECTED
    assert "not enough" in refused.reason


async def test_an_order_that_may_be_among_open_ones_beyond_a_page_is_not_said_to_be_unknown() -> None:
    async with trading() as (desk, exchange):
        exchange.orders = [ORDER | {"status": "NEW", "orderId": number} for number in range(100)]
        with pytest.raises(VenueError, match="too_many_records"):
            await desk.query(request("hr-9", created_ns=0))
        assert standing(await desk.query(request("hr-1"))).state is OrderState.PARTIALLY_FILLED


async def test_what_certainly_did_not_reach_the_venue_is_raised() -> None:
    async with trading() as (desk, exchange):
        exchange.mood = "limit"
        with pytest.raises(VenueError, match="-1003"):
            await desk.place(request())
        with pytest.raises(VenueError, match="left alone"):
            await desk.place(request("hr-2"))
    assert len([1 for method, *_ in exchange.asked if method == "POST"]) == 1


@pytest.mark.parametrize(
    ("changed", "hedge", "words"),
    [
        ({"leg": Leg.NET}, True, "hedge mode"),
        ({"leg": Leg.SHORT}, False, "one-way mode"),
        ({"leg": Leg.SHORT, "reduce_only": True}, True, "opens the short leg"),
        ({"leg": Leg.LONG, "side": "buy", "reduce_only": True}, True, "opens the long leg"),
        ({"client_order_id": "x" * 37}, True, "36"),
        ({"client_order_id": "hr 1"}, True, "36"),
        ({"client_order_id": ""}, True, "36"),
        ({"instrument": "weex:spot:BTCUSDT"}, True, "no contract"),
    ],
)
async def test_an_order_the_venue_has_no_words_for_is_not_sent(
    changed: dict[str, Any], hedge: bool, words: str
) -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/account/accountConfig"] = {"dualSidePosition": hedge}
        with pytest.raises(VenueError, match=words) as caught:
            await desk.place(request(**changed))
    assert (caught.value.code, caught.value.outcome_unknown) == ("not_sent", False)
    assert not exchange.orders


@pytest.mark.parametrize(("post_only", "force"), [(False, "GTC"), (True, "POST_ONLY")])
async def test_an_order_that_must_not_take_says_so(post_only: bool, force: str) -> None:
    async with trading() as (desk, exchange):
        await desk.place(request(), post_only=post_only)
    (sent,) = [json.loads(text) for method, _, _, text in exchange.asked if method == "POST"]
    assert sent["timeInForce"] == force


@pytest.mark.parametrize(
    ("side", "leg", "reduce_only", "hedge", "expected"),
    [
        ("sell", Leg.SHORT, False, True, ("SELL", "SHORT")),
        ("buy", Leg.SHORT, True, True, ("BUY", "SHORT")),
        ("buy", Leg.SHORT, False, True, ("BUY", "SHORT")),
        ("buy", Leg.LONG, False, True, ("BUY", "LONG")),
        ("sell", Leg.LONG, True, True, ("SELL", "LONG")),
        ("sell", Leg.NET, False, False, ("SELL", "SHORT")),
        ("buy", Leg.NET, True, False, ("BUY", "SHORT")),
        ("buy", Leg.NET, False, False, ("BUY", "LONG")),
        ("sell", Leg.NET, True, False, ("SELL", "LONG")),
    ],
)
async def test_an_order_names_the_side_of_its_position(
    side: str, leg: Leg, reduce_only: bool, hedge: bool, expected: tuple[str, str]
) -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/account/accountConfig"] = {"dualSidePosition": hedge}
        await desk.place(request(side=side, leg=leg, reduce_only=reduce_only))
        (order,) = exchange.orders
    assert (order["side"], order["positionSide"]) == expected


async def test_a_cancelled_order_is_looked_at_afterwards() -> None:
    async with trading() as (desk, exchange):
        await desk.place(request())
        assert standing(await desk.cancel(request())).state is OrderState.CANCELLED
        assert standing(await desk.cancel(request())).state is OrderState.CANCELLED
    (asked, _) = [query for method, _, query, _ in exchange.asked if method == "DELETE"]
    assert asked == {"origClientOrderId": "hr-1"}


async def test_an_order_that_was_filled_meanwhile_is_told_filled_with_its_fills() -> None:
    async with trading() as (desk, exchange):
        await desk.place(request())
        exchange.fill("hr-1")
        exchange.bodies["/capi/v3/userTrades"] = lambda asked: (
            [TRADE | {"orderId": 700000000000000000}] if asked.query.get("orderId") == "700000000000000000" else []
        )
        events = await desk.cancel(request())
    assert (standing(events).state, standing(events).average_price) == (OrderState.FILLED, Decimal(65000))
    assert [one.client_order_id for one in events if isinstance(one, Fill)] == ["hr-1"]


async def test_an_order_that_the_venue_does_not_know_is_rejected_once_it_can_no_longer_come() -> None:
    async with trading() as (desk, exchange):
        for made_ns, state in ((0, OrderState.REJECTED), (Clock().now_ns(), OrderState.UNKNOWN)):
            wanted = request("hr-9", created_ns=made_ns)
            for events in (await desk.query(wanted), await desk.cancel(wanted)):
                assert (standing(events).state, standing(events).reason) == (state, NOT_KNOWN)
        exchange.orders = [ORDER | {"status": "SOMETHING"}]
        with pytest.raises(VenueError, match="status"):
            await desk.query(request("hr-1"))


# --- the stream ------------------------------------------------------------------------------------------------------


async def test_a_private_socket_is_opened_with_headers_that_nothing_shows() -> None:
    async with trading() as (desk, exchange):
        contracts, spot = desk.plans([*NAMES, "weex:spot:BTCUSDT"])
        opening = await desk.opening(contracts)
        assert exchange.paths() == ["GET /capi/v3/account/accountConfig"]
    assert (contracts.url, contracts.private) == ("ws://unused/v3/ws/private", True)
    assert [item.channel for item in contracts.subscriptions] == ["account", "positions", "orders", "fill"]
    assert [item.channel for item in spot.subscriptions] == ["account"]
    assert opening.headers == sign.socket_headers(KEY, int(opening.headers["ACCESS-TIMESTAMP"]))
    assert "hedgerow" not in f"{opening!r} {contracts!r} {KEY!r}"
    assert json.loads(desk.answer_frame(contracts, Heard(kind="ping", detail=str(TIME))) or "")["method"] == "PONG"
    (asked,) = [json.loads(frame) for frame in desk.subscribe_frames(contracts, facts.PRIVATE_CHANNELS)]
    assert (asked["method"], asked["params"]) == ("SUBSCRIBE", ["account", "positions", "orders", "fill"])


async def test_errors_say_nothing_secret() -> None:
    async with trading() as (desk, exchange):
        exchange.bodies["/capi/v3/account/balance"] = {"code": -1047, "msg": "no"}
        with pytest.raises(VenueError) as caught:
            await desk.sweep(NAMES, SINCE_NS)
    assert not any(part in str(caught.value) for part in (KEY.key, KEY.secret, KEY.passphrase, "ACCESS"))
