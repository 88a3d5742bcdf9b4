"""An account at Bybit: its socket, its sweep, and orders that are executed once whatever happens to an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    BalanceUpdate,
    Fill,
    FrameFault,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from core.orders import OrderRequest
from feeds.bybit import facts
from feeds.bybit.desk import BybitAccount
from feeds.bybit.rest import BybitDialect
from feeds.registry import account_feed, venue_feed
from feeds.rest import Reply
from feeds.venue import Credentials, Endpoints
from tests.feeds.bybit.rows import COIN, ENTRY, EXECUTION, FUNDING, MS, NS, ORDER, POSITION, SETTLEMENT, body
from tests.feeds.bybit.test_private import over_rest
from tests.support.frames import encode

CREDENTIALS = Credentials("hedgerow-demo-key-0001", "hedgerow-demo-secret-0001")
CREATE, CANCEL = "POST /v5/order/create", "POST /v5/order/cancel"
REALTIME, HISTORY = "GET /v5/order/realtime", "GET /v5/order/history"
EXECUTIONS, LEDGER = "GET /v5/execution/list", "GET /v5/account/transaction-log"
POSITIONS, WALLET, INFO = "GET /v5/position/list", "GET /v5/account/wallet-balance", "GET /v5/account/info"
TAKEN = encode({"retCode": 0, "retMsg": "OK", "result": {"orderId": "o-1", "orderLinkId": "hr-7f3a-0001"}, "time": MS})
ROW = {name: value for name, value in ORDER.items() if name != "category"}


def order(**changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": "hr-7f3a-0001",
        "account": "hedge",
        "instrument": "bybit:linear:BTCUSDT",
        "side": "sell",
        "quantity": Decimal("0.010"),
        "limit_price": Decimal("68000.10"),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def refused(code: int, message: str = "no") -> bytes:
    return encode({"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": MS})


def listed(*rows: Any) -> bytes:
    return body(*rows, category="linear")


class Venue:
    """Answers by method and path, from what a test put there; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []
        for route in (REALTIME, HISTORY, EXECUTIONS, LEDGER, POSITIONS):
            self.on(route, listed())

    def on(self, route: str, *answers: Any) -> None:
        """What a route answers, one after the other; the last again and again. ``None`` cuts the line."""
        self.answers[route] = list(answers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        route = f"{request.method} {request.path}"
        self.asked.append((route, dict(request.query), await request.text()))
        left = self.answers[route]
        content = left.pop(0) if len(left) > 1 else left[0]
        if callable(content):
            content = content(request)
        if content is None:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        if isinstance(content, web.Response):
            return content
        return web.Response(body=content, content_type="application/json")

    def queries(self, route: str) -> list[dict[str, str]]:
        """What a route was asked."""
        return [query for name, query, _ in self.asked if name == route]

    def sent(self, route: str) -> list[dict[str, Any]]:
        """The bodies that a route was sent."""
        return [json.loads(text) for name, _, text in self.asked if name == route]


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[BybitAccount, Venue]]:
    venue = Venue()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", venue.answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BybitAccount("hedge", Endpoints(rest=base, websocket="ws://b"), CREDENTIALS), venue


def only(events: Any) -> OrderUpdate:
    (event,) = [event for event in events if isinstance(event, OrderUpdate)]
    return event


def of(events: Any, kind: Any) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def by_link(*names: str) -> Callable[[web.Request], bytes]:
    """A list that holds the order only where asked so."""

    def answer(request: web.Request) -> bytes:
        return listed(ROW) if request.query.get("openOnly", "0") in names else listed()

    return answer


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("bybit", "linear", "test network", client="hedgerow")
@pytest.mark.verifies("bybit", "inverse", "test network", client="hedgerow")
@pytest.mark.verifies("bybit", "spot", "test network", client="hedgerow")
@pytest.mark.parametrize(
    ("endpoints", "private", "public"),
    [
        (None, "wss://stream.bybit.com/v5/private", "wss://stream.bybit.com/v5/public/linear"),
        (
            facts.TESTNET,
            *("wss://stream-testnet.bybit.com/v5/private", "wss://stream-testnet.bybit.com/v5/public/linear"),
        ),
        (facts.DEMO, "wss://stream-demo.bybit.com/v5/private", "wss://stream.bybit.com/v5/public/linear"),
    ],
    ids=["live", "test network", "demo"],
)
def test_where_sockets_are(endpoints: Endpoints | None, private: str, public: str) -> None:
    wanted = ["bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT"]
    (plan,) = account_feed("bybit", "hedge", endpoints, CREDENTIALS).plans(wanted)
    assert (plan.url, plan.private, plan.heartbeat_seconds) == (private, True, 20)
    assert [item.channel for item in plan.subscriptions] == ["position", "execution", "order", "wallet"]
    assert venue_feed("bybit", endpoints).plans(wanted)[0].url == public
    assert BybitAccount("hedge", endpoints, CREDENTIALS).plans([]) == ()


async def test_the_login_is_signed_by_the_venues_clock_and_modes_are_known_before_it() -> None:
    async with desk() as (account, venue):
        ahead_ms = 3_600_000
        venue.on(
            "GET /v5/market/time", lambda _: encode({"retCode": 0, "time": account._clock.now_ns() // 10**6 + ahead_ms})
        )
        venue.on(POSITIONS, listed(over_rest(POSITION | {"positionIdx": 1})))
        (plan,) = account.plans(["bybit:linear:BTCUSDT", "bybit:spot:BTCUSDT"])
        opening = await account.opening(plan)
        assert opening.url == plan.url, "no key in it"
        (frame,) = account.login_frames(plan)
        request = json.loads(frame)
        assert (request["op"], request["args"][0]) == ("auth", CREDENTIALS.key)
        assert abs(request["args"][1] - account._clock.now_ns() // 10**6 - ahead_ms - 10_000) < 5_000
        assert len(request["args"][2]) == 64
        decoder = account.decoder(plan)
        (fill,) = of(decoder.decode(encode({"topic": "execution", "creationTime": MS, "data": [EXECUTION]}), NS), Fill)
        assert fill.leg is Leg.SHORT
        await account.opening(plan)
        assert len(venue.queries(POSITIONS)) == 1, "what is known is not asked again"
    (subscribe,) = account.subscribe_frames(plan, ["position", "order"])
    assert json.loads(subscribe)["args"] == ["position", "order"]


# --- placing ---------------------------------------------------------------------------------------------------------


async def test_an_order_is_looked_up_everywhere_then_sent_once() -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, TAKEN)
        update = only(await account.place(order(), post_only=True))
    assert (update.state, update.venue_order_id, update.account) == (OrderState.OPEN, "o-1", "hedge")
    routes = [route for route, _, _ in venue.asked]
    assert routes == [REALTIME, REALTIME, HISTORY, CREATE]
    assert [query.get("openOnly") for query in venue.queries(REALTIME)] == [None, "1"]
    assert venue.sent(CREATE) == [
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Sell",
            "orderType": "Limit",
            "qty": "0.010",
            "price": "68000.10",
            "timeInForce": "PostOnly",
            "positionIdx": 0,
            "reduceOnly": False,
            "orderLinkId": "hr-7f3a-0001",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reduce_only": True, "side": "buy"}, (0, True, "Buy")),
        ({"leg": Leg.SHORT}, (2, False, "Sell")),
        ({"leg": Leg.SHORT, "side": "buy", "reduce_only": True}, (2, True, "Buy")),
        ({"leg": Leg.LONG, "reduce_only": True}, (1, True, "Sell")),
        ({"instrument": "bybit:inverse:BTCUSD", "quantity": Decimal(100)}, (0, False, "Sell")),
    ],
)
async def test_legs_and_closing_are_asked_for_as_the_mode_wants_it(
    changes: dict[str, Any], expected: tuple[int, bool, str]
) -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, TAKEN)
        await account.place(order(**changes))
    (sent,) = venue.sent(CREATE)
    assert (sent["positionIdx"], sent["reduceOnly"], sent["side"], sent["timeInForce"]) == (*expected, "GTC")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": ""},
        {"client_order_id": "x" * 37},
        {"client_order_id": "a b"},
        {"client_order_id": "a.b"},
        {"client_order_id": "é"},
        {"client_order_id": "a\n"},
        {"side": "short"},
        {"instrument": "bybit:spot:BTCUSDT"},
        {"leg": Leg.SHORT, "side": "sell", "reduce_only": True},
        {"leg": Leg.LONG, "side": "buy", "reduce_only": True},
    ],
)
async def test_what_cannot_be_asked_for_never_leaves(changes: dict[str, Any]) -> None:
    async with desk() as (account, venue):
        with pytest.raises(VenueError):
            await account.place(order(**changes))
    assert not venue.asked


@pytest.mark.parametrize(
    "lost",
    [
        None,
        refused(10000, "Server Timeout"),
        refused(10016, "Server error."),
        lambda _: web.Response(text="<html>bad gateway</html>", status=502),
        lambda _: web.Response(text="not json", status=200),
        lambda _: web.Response(body=TAKEN, status=503, content_type="text/html"),
        encode({"retCode": 0, "result": {}}),
        TAKEN.replace(b"hr-7f3a-0001", b"somebody-elses"),
    ],
    ids=["cut", "timeout", "restarting", "gateway", "no json", "503", "half an answer", "another order"],
)
async def test_a_lost_answer_leaves_the_order_unknown_and_it_is_not_sent_again(lost: Any) -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, lost)
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert only(await account.query(order())).state is OrderState.UNKNOWN, "not known yet proves nothing"
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert len(venue.sent(CREATE)) == 1
        venue.on(REALTIME, by_link("1"))
        assert only(await account.place(order())).state is OrderState.OPEN
    assert len(venue.sent(CREATE)) == 1


async def test_an_order_that_cannot_come_about_any_more_is_rejected_and_may_be_sent_again() -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, None, TAKEN)
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        account._sent_ns["hr-7f3a-0001"] -= 9 * 10**9
        assert only(await account.query(order())).state is OrderState.REJECTED
        assert only(await account.place(order())).state is OrderState.OPEN
    assert len(venue.sent(CREATE)) == 2


async def test_an_order_of_an_earlier_run_is_found_with_its_fills_and_not_sent_again() -> None:
    filled = ROW | {"orderStatus": "Filled", "cumExecQty": "0.010", "avgPrice": "68000.2"}
    async with desk() as (account, venue):
        venue.on(HISTORY, listed(filled))
        venue.on(EXECUTIONS, listed(EXECUTION, EXECUTION | {"execId": "e-9", "orderLinkId": "another"}))
        events = await account.place(order())
    assert venue.sent(CREATE) == []
    assert (only(events).state, only(events).average_price) == (OrderState.FILLED, Decimal("68000.2"))
    assert [fill.fill_id for fill in of(events, Fill)] == ["e-1"]
    assert venue.queries(EXECUTIONS)[0]["orderId"] == "o-1"


@pytest.mark.parametrize("found", [True, False])
async def test_a_duplicate_is_the_order_that_is_there(found: bool) -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, refused(110072, "OrderLinkedID is duplicate"))
        venue.on(REALTIME, listed(), listed(), listed(ROW) if found else listed())
        update = only(await account.place(order()))
    assert update.state is (OrderState.OPEN if found else OrderState.UNKNOWN)


@pytest.mark.parametrize("code", [110007, 110017, 110094, 110003, 10001, 170131])
async def test_a_refusal_of_the_order_rejects_it(code: int) -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, refused(code, "because"))
        update = only(await account.place(order()))
        assert (update.state, update.reason) == (OrderState.REJECTED, f"{code}: because")
        await account.place(order())
    assert len(venue.sent(CREATE)) == 2, "it may be sent again"


@pytest.mark.parametrize("code", [10003, 10004, 10005, 10010, 33004])
async def test_a_refusal_of_who_asks_says_nothing_of_the_order(code: int) -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, refused(code))
        with pytest.raises(VenueError) as raised:
            await account.place(order())
    assert (raised.value.code, raised.value.outcome_unknown) == (str(code), False)


async def test_a_limit_says_nothing_of_the_order_and_is_kept_away_from() -> None:
    async with desk() as (account, venue):
        venue.on(CREATE, lambda _: web.Response(text="access too frequent", status=403))
        with pytest.raises(VenueError) as raised:
            await account.place(order())
        assert raised.value.retry_after_seconds == 600
        with pytest.raises(VenueError, match="left alone"):
            await account.query(order())


async def test_where_the_look_up_fails_nothing_is_sent() -> None:
    async with desk() as (account, venue):
        venue.on(REALTIME, refused(10005))
        with pytest.raises(VenueError):
            await account.place(order())
    assert venue.sent(CREATE) == []


# --- cancelling and looking up ---------------------------------------------------------------------------------------


async def test_a_cancel_is_looked_after_until_the_order_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "CANCEL_LOOK_SECONDS", 0.0)
    async with desk() as (account, venue):
        venue.on(CANCEL, TAKEN)
        venue.on(REALTIME, listed(ROW), listed(ROW), listed(ROW | {"orderStatus": "Cancelled"}))
        update = only(await account.cancel(order()))
        assert (update.state, len(venue.queries(REALTIME))) == (OrderState.CANCELLED, 3)
        venue.on(REALTIME, listed(ROW))
        assert only(await account.cancel(order())).state is OrderState.OPEN, "as far as it is known"
    assert venue.sent(CANCEL)[0] == {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "hr-7f3a-0001"}


@pytest.mark.parametrize("code", [110001, 110008, 110010, 110079])
@pytest.mark.parametrize("status", ["Filled", "Cancelled"])
async def test_an_order_that_is_gone_already_is_what_it_became(code: int, status: str) -> None:
    async with desk() as (account, venue):
        venue.on(CANCEL, refused(code))
        venue.on(HISTORY, listed(ROW | {"orderStatus": status}))
        assert only(await account.cancel(order())).state.value == status.lower()


async def test_a_cancel_whose_answer_is_lost_raises() -> None:
    async with desk() as (account, venue):
        venue.on(CANCEL, refused(10016))
        with pytest.raises(VenueError) as raised:
            await account.cancel(order())
    assert raised.value.outcome_unknown


async def test_another_order_in_the_answer_is_not_taken_for_ours() -> None:
    async with desk() as (account, venue):
        venue.on(REALTIME, listed(ROW | {"orderLinkId": "somebody-elses"}))
        assert only(await account.query(order())).state is OrderState.REJECTED
        venue.on(REALTIME, listed(ROW | {"qty": "NaN"}))
        with pytest.raises(VenueError, match="qty"):
            await account.query(order())


# --- the sweep -------------------------------------------------------------------------------------------------------

WANTED = ["bybit:linear:BTCUSDT", "bybit:linear:ETHPERP", "bybit:inverse:BTCUSD", "bybit:spot:BTCUSDT"]


def position_answer(request: web.Request) -> bytes:
    """BTCUSDT in hedge mode with one leg held; everything else flat. ETHPERP is not listed."""
    query = request.query
    short = over_rest(POSITION | {"positionIdx": 2})
    if query.get("settleCoin"):
        return body(*([short] if query["settleCoin"] == "USDT" else []), category=query["category"])
    if query["symbol"] == "ETHPERP":
        return refused(10001, "params error: symbol invalid")
    flat = {"side": "", "size": "0", "entryPrice": "0", "updatedTime": "", "symbol": query["symbol"]}
    if query["symbol"] == "BTCUSDT":
        return body(over_rest(POSITION | flat | {"positionIdx": 1}), short, category="linear")
    return body(over_rest(POSITION | flat), category=query["category"])


def sweeping(venue: Venue) -> None:
    venue.on(INFO, encode({"retCode": 0, "result": {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}}))
    venue.on(WALLET, body({"coin": [COIN]}))
    venue.on(POSITIONS, position_answer)


async def test_a_sweep_tells_everything_of_these_instruments_and_of_no_other() -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        venue.on(
            REALTIME,
            lambda request: (
                listed(ROW, ROW | {"symbol": "SOLUSDT"}) if request.query["settleCoin"] == "USDT" else listed()
            ),
        )
        venue.on(EXECUTIONS, listed(EXECUTION, FUNDING, EXECUTION | {"symbol": "SOLUSDT", "execId": "e-3"}))
        venue.on(LEDGER, body(ENTRY, SETTLEMENT, ENTRY | {"symbol": "SOLUSDT"}))
        events = await account.sweep(WANTED, account._clock.now_ns())
    assert not of(events, FrameFault)
    held = {(event.instrument, event.leg): event.quantity for event in of(events, PositionUpdate)}
    assert held.pop(("bybit:linear:BTCUSDT", Leg.SHORT)) == Decimal("-0.010")
    assert held == {
        ("bybit:linear:BTCUSDT", Leg.LONG): 0,
        ("bybit:linear:ETHPERP", Leg.NET): 0,
        ("bybit:inverse:BTCUSD", Leg.NET): 0,
    }
    stamps = {event.venue_time_ns for event in of(events, PositionUpdate) if not event.quantity}
    assert stamps == {NS - 5 * 10**9}, "an empty list is no newer than a stream could be"
    assert {event.asset: event.wallet_balance for event in of(events, BalanceUpdate)} == {
        "USDT": Decimal("1000.5"),
        "USDC": 0,
        "BTC": 0,
    }
    assert [event.client_order_id for event in of(events, OrderUpdate)] == ["hr-7f3a-0001"]
    (fill,) = of(events, Fill)
    assert (fill.fill_id, fill.leg) == ("e-1", Leg.SHORT), "hedge mode is known from the positions"
    (payment,) = of(events, FundingPayment)
    assert (payment.leg, payment.amount) == (Leg.SHORT, Decimal("0.068"))
    modes = {event.instrument: event.position_mode for event in of(events, AccountSettings) if event.position_mode}
    assert modes == {"bybit:linear:BTCUSDT": "hedge", "bybit:inverse:BTCUSD": "one-way"}
    assert isinstance(events[-1], AccountSwept)
    asked = [query.get("settleCoin") for query in venue.queries(REALTIME)]
    assert asked == ["USDC", "USDT", "BTC"]


@pytest.mark.parametrize(("status", "apart"), [(1, True), (3, True), (4, True), (5, False), (6, False)])
async def test_a_wallet_that_is_not_read_is_said_to_be_missing(status: int, apart: bool) -> None:
    info = {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": status}
    async with desk() as (account, venue):
        sweeping(venue)
        venue.on(INFO, encode({"retCode": 0, "result": info}))
        linear = await account.sweep(["bybit:linear:BTCUSDT"], account._clock.now_ns())
        inverse = await account.sweep(["bybit:inverse:BTCUSD"], account._clock.now_ns())
    assert [fault.field for fault in of(inverse, FrameFault)] == ["unifiedMarginStatus"] * apart
    assert not of(linear, FrameFault)


async def test_a_coin_that_is_gone_is_told_as_none() -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        venue.on(WALLET, body({"coin": [COIN, COIN | {"coin": "SOL"}]}), body({"coin": [COIN]}))
        await account.sweep(["bybit:spot:BTCUSDT"], 0)
        balances = {event.asset: event for event in of(await account.sweep(["bybit:spot:BTCUSDT"], 0), BalanceUpdate)}
    assert (balances["SOL"].wallet_balance, balances["SOL"].venue_time_ns) == (Decimal(0), NS)
    assert venue.queries(EXECUTIONS) == [], "pairs are not traded"


async def test_histories_are_asked_for_week_by_week_and_page_by_page() -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        now_ms = account._clock.now_ns() // 10**6
        pages = [
            body(EXECUTION, cursor="page%3D2"),
            body(EXECUTION | {"execId": "e-2"}),
            body(EXECUTION | {"execId": "e-3"}),
        ]
        venue.on(EXECUTIONS, *pages)
        since_ms = now_ms - 10 * 86_400_000
        events = await account.sweep(["bybit:linear:BTCUSDT"], since_ms * 10**6)
    assert [fill.fill_id for fill in of(events, Fill)] == ["e-1", "e-2", "e-3"]
    first, second, third = venue.queries(EXECUTIONS)
    assert second.pop("cursor") == "page%3D2", "encoded once more on its way"
    assert first == second
    assert int(first["startTime"]) == since_ms
    assert int(first["endTime"]) - int(first["startTime"]) < 7 * 86_400_000
    assert int(third["startTime"]) == int(first["endTime"]) + 1
    assert int(third["endTime"]) >= now_ms
    assert len(venue.queries(LEDGER)) == 2
    assert venue.queries(LEDGER)[0]["accountType"] == "UNIFIED"


async def test_what_is_older_than_the_venue_keeps_is_not_asked_for() -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        now_ms = account._clock.now_ns() // 10**6
        await account.sweep(["bybit:linear:BTCUSDT"], 0)
    assert 728 < (now_ms - int(venue.queries(LEDGER)[0]["startTime"])) / 86_400_000 < 730


@pytest.mark.parametrize("route", [INFO, WALLET, POSITIONS, REALTIME, EXECUTIONS, LEDGER])
@pytest.mark.parametrize("answer", [b"{}", refused(10005)])
async def test_a_sweep_that_fails_tells_nothing(route: str, answer: bytes) -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        venue.on(route, answer)
        with pytest.raises(VenueError):
            await account.sweep(["bybit:linear:BTCUSDT"], account._clock.now_ns())


async def test_pages_without_end_are_given_up() -> None:
    async with desk() as (account, venue):
        sweeping(venue)
        numbers = iter(range(1_000))
        venue.on(LEDGER, lambda _: body(ENTRY, cursor=f"page{next(numbers)}"))
        with pytest.raises(VenueError, match="more than 50 pages"):
            await account.sweep(["bybit:linear:BTCUSDT"], account._clock.now_ns())


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "left", "pause"),
    [("10", "9", 0.0), ("10", "4", 0.0), ("10", "3", 1.0), ("10", "0", 1.0), ("50", "17", 0.0), ("50", "16", 1.0)],
)
def test_a_third_of_each_limit_is_left_to_others(limit: str, left: str, pause: float) -> None:
    headers = {"x-bapi-limit": limit, "x-bapi-limit-status": left, "x-bapi-limit-reset-timestamp": str(MS)}
    assert BybitDialect().pause_seconds(Reply(200, headers, b"{}"), MS) == pause


@pytest.mark.parametrize("headers", [{}, {"x-bapi-limit": "10"}, {"x-bapi-limit": "x", "x-bapi-limit-status": "-1"}])
def test_answers_without_limits_ask_for_no_pause(headers: dict[str, str]) -> None:
    assert BybitDialect().pause_seconds(Reply(200, headers, b"{}"), MS) == 0
    assert BybitDialect().budget(Reply(200, headers, b"{}")) is None


def test_when_a_limit_is_free_again_is_the_venues_word() -> None:
    headers = {"x-bapi-limit": "10", "x-bapi-limit-status": "0", "x-bapi-limit-reset-timestamp": str(MS + 2_500)}
    error = BybitDialect().failure(Reply(200, headers, refused(10006)), MS)
    assert error is not None
    assert (error.retry_after_seconds, error.outcome_unknown) == (2.5, False)
    assert BybitDialect().pause_seconds(Reply(200, headers, b"{}"), MS) == 2.5


@pytest.mark.parametrize("raw", [b"", b"{}", b"<html>", encode({"retCode": 0}), encode({"retCode": 0, "time": "x"})])
def test_a_clock_that_does_not_tell_is_an_error(raw: bytes) -> None:
    with pytest.raises(VenueError, match="no time"):
        BybitDialect().clock_ms(raw)
