"""An account at Binance: its sockets, its sweep, and orders that are executed once whatever happens to an answer."""

from __future__ import annotations

import asyncio
import json
import time
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
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from core.orders import OrderRequest
from feeds.binance.desk import BinanceAccount
from feeds.clock import Clock
from feeds.host import AccountToRead, accounts_of
from feeds.registry import account_feed
from feeds.venue import ConnectionPlan, Credentials, Endpoints

CREDENTIALS = Credentials("hedgerow-demo-key-0001", "hedgerow-demo-secret-0001")
Answer = Callable[[web.Request], Any]


def order(**changes: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "client_order_id": "hr-7f3a-0001",
        "account": "hedge",
        "instrument": "binance:usdm:BTCUSDT",
        "side": "sell",
        "quantity": Decimal("0.010"),
        "limit_price": Decimal("68000.10"),
        "reduce_only": False,
        "created_ns": 1,
    }
    return OrderRequest(**(usual | changes))


def row(status: str = "NEW", filled: str = "0", client: str = "hr-7f3a-0001", **more: Any) -> dict[str, Any]:
    return {
        "orderId": 4711,
        "symbol": "BTCUSDT",
        "clientOrderId": client,
        "side": "SELL",
        "positionSide": "BOTH",
        "status": status,
        "price": "68000.10",
        "origQty": "0.010",
        "executedQty": filled,
        "updateTime": 1_790_000_000_000,
        **more,
    }


def refused(code: int, message: str = "no", status: int = 400) -> web.Response:
    return web.json_response({"code": code, "msg": message}, status=status)


class Venue:
    """Answers by method and path, from what a test put there; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[web.Request] = []
        self.bodies: list[dict[str, str]] = []

    def on(self, route: str, *answers: Any) -> None:
        """What a route answers, one after the other; the last again and again."""
        self.answers[route] = list(answers)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        left = self.answers[f"{request.method} {request.path}"]
        content = left.pop(0) if len(left) > 1 else left[0]
        if callable(content):
            content = content(request)
        if content is None:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return content if isinstance(content, web.Response) else web.json_response(content)

    def count(self, method: str, path: str = "/fapi/v1/order") -> int:
        return len([request for request in self.asked if (request.method, request.path) == (method, path)])

    def queries(self, method: str, path: str = "/fapi/v1/order") -> list[dict[str, str]]:
        return [dict(request.query) for request in self.asked if (request.method, request.path) == (method, path)]


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[BinanceAccount, Venue]]:
    venue = Venue()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", venue.answer)
    async with TestServer(application) as server:
        base = str(server.make_url("")).rstrip("/")
        yield BinanceAccount("hedge", Endpoints(rest=base, websocket="ws://b"), CREDENTIALS), venue


def only(events: Any) -> OrderUpdate:
    (event,) = events
    assert isinstance(event, OrderUpdate)
    return event


NOT_KNOWN = {"code": -2013, "msg": "Order does not exist."}


def not_known() -> Answer:
    return lambda _: web.json_response(NOT_KNOWN, status=400)


# --- placing ---------------------------------------------------------------------------------------------------------


async def test_an_order_is_looked_up_then_sent_once_and_signed() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        update = only(await account.place(order(), post_only=True))
    assert (update.state, update.venue_order_id, update.account) == (OrderState.OPEN, "4711", "hedge")
    (sent,) = venue.queries("POST")
    assert {name: sent[name] for name in ("side", "type", "timeInForce", "quantity", "price", "recvWindow")} == {
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTX",
        "quantity": "0.010",
        "price": "68000.10",
        "recvWindow": "2000",
    }
    assert (sent["newClientOrderId"], "reduceOnly" in sent, "positionSide" in sent) == ("hr-7f3a-0001", False, False)
    assert list(sent)[-1] == "signature"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reduce_only": True, "side": "buy"}, {"reduceOnly": "true"}),
        ({"leg": Leg.SHORT}, {"positionSide": "SHORT"}),
        ({"leg": Leg.SHORT, "side": "buy", "reduce_only": True}, {"positionSide": "SHORT"}),
        ({"leg": Leg.LONG, "reduce_only": True}, {"positionSide": "LONG"}),
    ],
)
async def test_closing_is_asked_for_as_the_mode_wants_it(changes: dict[str, Any], expected: dict[str, str]) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", row())
        await account.place(order(**changes))
    (sent,) = venue.queries("POST")
    assert {name: sent[name] for name in ("reduceOnly", "positionSide") if name in sent} == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": ""},
        {"client_order_id": "x" * 37},
        {"client_order_id": "a b"},
        {"client_order_id": "é"},
        {"client_order_id": "a\n"},
        {"side": "short"},
        {"instrument": "binance:spot:BTCUSDT"},
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
        lambda _: web.json_response({"code": -1007, "msg": "Timeout waiting for response"}, status=408),
        lambda _: web.json_response({"code": -1000, "msg": "Unknown error, please check your request"}, status=503),
        lambda _: web.Response(text="<html>bad gateway</html>", status=502),
        lambda _: web.Response(text="not json", status=200),
        {"orderId": 1},
        row(client="somebody-elses"),
    ],
    ids=["cut", "timeout", "executed but 503", "gateway", "no json", "half an answer", "another order"],
)
async def test_a_lost_answer_leaves_the_order_unknown_and_it_is_not_sent_again(lost: Any) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lost)
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert only(await account.query(order())).state is OrderState.UNKNOWN, "not known yet proves nothing"
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        assert venue.count("POST") == 1
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", avgPrice="68000.20"))
        venue.on("GET /fapi/v1/userTrades", [])
        assert only(await account.place(order())).state is OrderState.FILLED
    assert venue.count("POST") == 1


async def test_an_order_that_cannot_come_about_any_more_is_rejected_and_may_be_sent_again() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", None, row())
        assert only(await account.place(order())).state is OrderState.UNKNOWN
        account._sent_ns["hr-7f3a-0001"] -= 6 * 10**9
        assert only(await account.query(order())).state is OrderState.REJECTED
        assert only(await account.place(order())).state is OrderState.OPEN
    assert venue.count("POST") == 2


async def test_an_order_filled_in_an_earlier_run_is_not_sent_again() -> None:
    trade = {
        "symbol": "BTCUSDT",
        "id": 77,
        "orderId": 4711,
        "side": "SELL",
        "positionSide": "BOTH",
        "price": "68000.20",
        "qty": "0.010",
        "commission": "0.34",
        "commissionAsset": "USDT",
        "maker": True,
        "time": 1_790_000_000_000,
    }
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", avgPrice="68000.20"))
        venue.on("GET /fapi/v1/userTrades", [trade, trade | {"id": 78, "orderId": 1}])
        fill, update = await account.place(order())
    assert venue.count("POST") == 0
    assert isinstance(fill, Fill)
    assert isinstance(update, OrderUpdate)
    assert (fill.fill_id, fill.client_order_id, fill.fee) == ("BTCUSDT:77", "hr-7f3a-0001", Decimal("0.34"))
    assert (update.state, update.average_price) == (OrderState.FILLED, Decimal("68000.20"))


async def test_a_duplicate_is_the_order_that_is_open() -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known(), row())
        venue.on("POST /fapi/v1/order", lambda _: refused(-4116, "ClientOrderId is duplicated."))
        assert only(await account.place(order())).state is OrderState.OPEN


@pytest.mark.parametrize("code", [-5022, -2019, -2022, -4061, -4164, -1111, -4131])
async def test_a_refusal_is_a_rejection_with_its_reason(code: int) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lambda _: refused(code, "because"))
        update = only(await account.place(order()))
    assert (update.state, update.reason) == (OrderState.REJECTED, f"{code}: because")


@pytest.mark.parametrize(("code", "status"), [(-2015, 401), (-1022, 400), (-1015, 429), (-1008, 503), (-1003, 418)])
async def test_what_says_nothing_of_the_order_is_raised(code: int, status: int) -> None:
    async with desk() as (account, venue):
        venue.on("GET /fapi/v1/order", not_known())
        venue.on("POST /fapi/v1/order", lambda _: refused(code, "because", status))
        with pytest.raises(VenueError, match=str(code)) as raised:
            await account.place(order())
    assert not raised.value.outcome_unknown
    assert "signature" not in str(raised.value)


# --- cancelling ------------------------------------------------------------------------------------------------------


async def test_cancelling_tells_what_was_filled_before() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", row("CANCELED", "0.004"))
        update = only(await account.cancel(order()))
    assert (update.state, update.filled_quantity) == (OrderState.CANCELLED, Decimal("0.004"))


async def test_cancelling_what_is_gone_tells_what_became_of_it() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", lambda _: refused(-2011, "Unknown order sent."))
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010"))
        venue.on("GET /fapi/v1/userTrades", [])
        assert only(await account.cancel(order())).state is OrderState.FILLED
        venue.on("GET /fapi/v1/order", not_known())
        update = only(await account.cancel(order()))
    assert (update.state, update.reason) == (OrderState.REJECTED, "-2013: Order does not exist.")


async def test_a_cancellation_without_an_answer_is_an_error_of_unknown_outcome() -> None:
    async with desk() as (account, venue):
        venue.on("DELETE /fapi/v1/order", None)
        with pytest.raises(VenueError) as raised:
            await account.cancel(order())
    assert raised.value.outcome_unknown


async def test_coin_margined_orders_go_to_their_own_endpoints() -> None:
    coin = order(instrument="binance:coinm:BTCUSD_PERP", quantity=Decimal(5))
    async with desk() as (account, venue):
        venue.on("GET /dapi/v1/order", not_known())
        venue.on("POST /dapi/v1/order", row(symbol="BTCUSD_PERP", origQty="5"))
        update = only(await account.place(coin))
    assert (update.instrument, update.quantity) == ("binance:coinm:BTCUSD_PERP", Decimal(5))
    assert venue.queries("POST", "/dapi/v1/order")[0]["quantity"] == "5"


# --- the sockets -----------------------------------------------------------------------------------------------------

ALL = ["binance:spot:BTCUSDT", "binance:usdm:BTCUSDT", "binance:coinm:BTCUSD_PERP"]


def plans(account: BinanceAccount) -> dict[str, ConnectionPlan]:
    return {plan.name: plan for plan in account.plans(ALL)}


async def test_each_market_has_a_private_socket() -> None:
    live = account_feed("binance", "hedge", None, CREDENTIALS)
    found = {plan.name: plan for plan in live.plans(ALL)}
    assert {name: plan.url for name, plan in found.items()} == {
        "usdm account": "wss://fstream.binance.com/private/stream",
        "coinm account": "wss://dstream.binance.com/stream",
        "spot account": "wss://ws-api.binance.com:443/ws-api/v3",
    }
    assert {name: plan.keep_alive_seconds for name, plan in found.items()} == {
        "usdm account": 1800,
        "coinm account": 1800,
        "spot account": None,
    }
    assert all(plan.private and plan.lifetime_seconds == 23 * 3600 for plan in found.values())


@pytest.mark.parametrize(("name", "path"), [("usdm account", "/fapi/v1/"), ("coinm account", "/dapi/v1/")])
async def test_a_listen_key_is_asked_for_without_a_signature_and_shown_nowhere(name: str, path: str) -> None:
    async with desk() as (account, venue):
        venue.on(f"POST {path}listenKey", {"listenKey": "the-secret-key"})
        venue.on(f"PUT {path}listenKey", {}, lambda _: refused(-1125, "This listenKey does not exist."))
        plan = plans(account)[name]
        opening = await account.opening(plan)
        (frame,) = account.subscribe_frames(plan, [item.channel for item in plan.subscriptions])
        await account.keep_alive(plan)
        with pytest.raises(VenueError, match="-1125"):
            await account.keep_alive(plan)
    assert json.loads(frame) == {"method": "SUBSCRIBE", "params": ["the-secret-key"], "id": 1}
    assert opening.url == plan.url
    assert "the-secret-key" not in repr((plan, opening))
    for request in venue.asked:
        assert request.headers["X-MBX-APIKEY"] == CREDENTIALS.key
        assert not request.query


@pytest.mark.parametrize("body", [{}, {"listenKey": ""}, {"listenKey": None}, [], 5])
async def test_an_answer_without_a_listen_key_is_an_error(body: Any) -> None:
    async with desk() as (account, venue):
        venue.on("POST /fapi/v1/listenKey", web.Response(text=json.dumps(body), content_type="application/json"))
        with pytest.raises(VenueError, match="listenKey"):
            await account.opening(plans(account)["usdm account"])


async def test_spot_logs_in_by_the_venues_clock() -> None:
    async with desk() as (account, venue):
        venue.on("GET /api/v3/time", {"serverTime": time.time_ns() // 10**6 + 3_600_000})
        plan = plans(account)["spot account"]
        await account.opening(plan)
        (login,) = (json.loads(frame) for frame in account.login_frames(plan))
    assert (login["id"], login["method"]) == ("login", "userDataStream.subscribe.signature")
    assert 3_590_000 < login["params"]["timestamp"] - time.time_ns() // 10**6 < 3_610_000
    assert set(login["params"]) == {"apiKey", "recvWindow", "timestamp", "signature"}
    (ping,) = (json.loads(frame) for frame in account.subscribe_frames(plan, ["userData"]))
    assert ping["method"] == "ping"
    assert not account.login_frames(plans(account)["usdm account"])


async def test_each_wallet_has_its_name() -> None:
    update = json.dumps({"e": "ACCOUNT_UPDATE", "E": 1, "T": 1, "a": {"B": [{"a": "BTC", "wb": "1"}]}})
    account = BinanceAccount("hedge", None, CREDENTIALS)
    names = {}
    for name, plan in plans(account).items():
        for event in account.decoder(plan).decode(update, 7):
            assert isinstance(event, BalanceUpdate)
            names[name] = event.account
    assert names == {"usdm account": "hedge", "coinm account": "hedge/coinm", "spot account": "hedge/spot"}
    (only_coin,) = account.plans(["binance:coinm:BTCUSD_PERP"])
    (event,) = account.decoder(only_coin).decode(update, 7)
    assert isinstance(event, BalanceUpdate)
    assert event.account == "hedge"


# --- the sweep -------------------------------------------------------------------------------------------------------

NOW_MS = time.time_ns() // 10**6
SETTLED_MS = (NOW_MS // 3_600_000 - 2) * 3_600_000
TRADE = {
    "symbol": "BTCUSDT",
    "id": 77,
    "orderId": 4711,
    "side": "SELL",
    "positionSide": "BOTH",
    "price": "68000.20",
    "qty": "0.010",
    "commission": "0.34",
    "commissionAsset": "USDT",
    "maker": True,
    "time": NOW_MS - 1000,
}


def prepared(venue: Venue) -> None:
    asset = {"asset": "USDT", "walletBalance": "1000.5", "updateTime": NOW_MS}
    position = {
        "symbol": "BTCUSDT",
        "positionSide": "BOTH",
        "positionAmt": "-0.5",
        "entryPrice": "60000",
        "liquidationPrice": "91234.5",
        "unRealizedProfit": "-1",
        "isolatedMargin": "14999.5",
        "isolatedWallet": "15000.5",
        "updateTime": NOW_MS,
    }
    other = position | {"symbol": "ETHUSDT"}
    income = {"symbol": "BTCUSDT", "income": "1.5", "asset": "USDT", "info": "", "tradeId": "", "time": SETTLED_MS + 2}
    entries = [
        income | {"incomeType": "FUNDING_FEE", "tranId": 1},
        income | {"incomeType": "SPECIAL_FUNDING_FEE", "tranId": 1, "income": "-0.5"},
        income | {"incomeType": "COMMISSION", "tranId": 2, "tradeId": "77", "income": "-0.34"},
        income | {"incomeType": "FUNDING_FEE", "tranId": 3, "symbol": "ETHUSDT"},
        income | {"incomeType": "TRANSFER", "tranId": 4, "symbol": ""},
    ]
    rate = {"symbol": "BTCUSDT", "fundingTime": SETTLED_MS + 5, "fundingRate": "0.0001", "markPrice": "60000"}
    config = {"dualSidePosition": False, "multiAssetsMargin": False}
    venue.on("GET /fapi/v1/accountConfig", config)
    venue.on("GET /fapi/v1/symbolConfig", [{"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 2}])
    venue.on("GET /fapi/v3/account", {"assets": [asset], "positions": []})
    venue.on("GET /fapi/v3/positionRisk", [position, other])
    venue.on("GET /fapi/v1/openOrders", [row(client="resting")])
    venue.on("GET /fapi/v1/userTrades", [TRADE])
    venue.on("GET /fapi/v1/allOrders", [row("FILLED", "0.010")])
    venue.on("GET /fapi/v1/income", entries)
    venue.on("GET /fapi/v1/fundingRate", [rate])


def of(events: Any, kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


async def sweep(account: BinanceAccount, instrument: str = "binance:usdm:BTCUSDT") -> list[AnyEvent]:
    return list(await account.sweep([instrument], (NOW_MS - 86_400_000) * 10**6))


async def test_a_sweep_tells_all_of_an_account_and_twice_the_same() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        events, again = await sweep(account), await sweep(account)
    assert isinstance(events[-1], AccountSwept)
    (balance,) = of(events, BalanceUpdate)
    assert (balance.account, balance.asset, balance.wallet_balance) == ("hedge", "USDT", Decimal("1000.5"))
    (position,) = of(events, PositionUpdate)
    assert (position.quantity, position.liquidation_price) == (Decimal("-0.5"), Decimal("91234.5"))
    assert position.isolated_margin == Decimal("15000.5")
    (resting,) = of(events, OrderUpdate)
    assert (resting.client_order_id, resting.state) == ("resting", OrderState.OPEN)
    (fill,) = of(events, Fill)
    assert (fill.fill_id, fill.client_order_id) == ("BTCUSDT:77", "hr-7f3a-0001")
    regular, special = of(events, FundingPayment)
    assert (regular.amount, regular.rate, regular.mark_price) == (Decimal("1.5"), Decimal("0.0001"), 60000)
    assert regular.settled_ns == SETTLED_MS * 10**6
    assert (special.amount, special.rate) == (Decimal("-0.5"), None)
    assert special.payment_id != regular.payment_id
    (fee,) = of(events, FeeCharged)
    assert (fee.amount, fee.fill_id, fee.kind) == (Decimal("0.34"), "BTCUSDT:77", "trade")
    account_wide, contract = of(events, AccountSettings)
    assert (account_wide.position_mode, account_wide.multi_asset) == ("one-way", False)
    assert (contract.margin_mode, contract.leverage) == ("isolated", 2)
    for kind, name in ((Fill, "fill_id"), (FundingPayment, "payment_id"), (FeeCharged, "record_id")):
        assert [getattr(event, name) for event in of(again, kind)] == [
            getattr(event, name) for event in of(events, kind)
        ]


@pytest.mark.parametrize(("hedges", "legs"), [(False, [Leg.NET]), (True, [Leg.LONG, Leg.SHORT])])
async def test_no_position_is_told_as_none_in_every_leg(hedges: bool, legs: list[Leg]) -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/accountConfig", {"dualSidePosition": hedges, "multiAssetsMargin": True})
        venue.on("GET /fapi/v3/positionRisk", [])
        events = await sweep(account)
    told = of(events, PositionUpdate)
    assert [(event.leg, event.quantity, event.liquidation_price) for event in told] == [(leg, 0, None) for leg in legs]


async def test_a_sweep_that_fails_tells_nothing() -> None:
    for path in ("/fapi/v3/account", "/fapi/v1/income", "/fapi/v1/openOrders"):
        async with desk() as (account, venue):
            prepared(venue)
            venue.on(f"GET {path}", web.Response(text="5", content_type="application/json"))
            with pytest.raises(VenueError):
                await sweep(account)


async def test_a_long_ledger_is_read_page_by_page_and_nothing_twice() -> None:
    first = [
        {
            "symbol": "BTCUSDT",
            "incomeType": "COMMISSION",
            "income": "-1",
            "asset": "USDT",
            "time": NOW_MS - 2000 + number,
            "tranId": number,
            "tradeId": number,
        }
        for number in range(1000)
    ]
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/income", first, [first[-1], first[-1] | {"tranId": 1000, "tradeId": 1000}])
        events = await sweep(account)
    assert len(of(events, FeeCharged)) == 1001
    starts = [query["startTime"] for query in venue.queries("GET", "/fapi/v1/income")]
    assert starts[1] == str(NOW_MS - 2000 + 999)


async def test_fills_of_many_weeks_are_asked_for_week_by_week() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/userTrades", [])
        await account.sweep(["binance:usdm:BTCUSDT"], (NOW_MS - 20 * 86_400_000) * 10**6)
    windows = [
        (int(query["startTime"]), int(query["endTime"])) for query in venue.queries("GET", "/fapi/v1/userTrades")
    ]
    assert len(windows) == 3
    assert all(end - start < 7 * 86_400_000 for start, end in windows)
    assert [start for start, _ in windows[1:]] == [end + 1 for _, end in windows[:-1]]


async def test_an_order_older_than_the_list_is_looked_up_by_its_number() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/allOrders", [])
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", client="autoclose-1"))
        (fill,) = of(await sweep(account), Fill)
        assert (fill.client_order_id, fill.origin.value) == ("autoclose-1", "liquidation")
        venue.on("GET /fapi/v1/order", not_known())
        (fill,) = of(await sweep(account), Fill)
    assert fill.client_order_id == ""


async def test_spot_tells_balances() -> None:
    async with desk() as (account, venue):
        venue.on("GET /api/v3/account", {"balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}]})
        balance, swept = await sweep(account, "binance:spot:BTCUSDT")
    assert isinstance(balance, BalanceUpdate)
    assert (balance.asset, balance.wallet_balance) == ("BTC", Decimal(2))
    assert isinstance(swept, AccountSwept)


async def test_a_list_that_says_what_the_stream_said_is_as_new_and_one_that_is_behind_is_older() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        (plan,) = account.plans(["binance:usdm:BTCUSDT"])
        decoder = account.decoder(plan)
        position = {"s": "BTCUSDT", "pa": "-0.5", "ep": "60000", "mt": "isolated", "iw": "14000", "ps": "BOTH"}
        stamps = []
        for amount in ("-0.5", "-0.7"):
            later = {"e": "ACCOUNT_UPDATE", "E": NOW_MS, "T": NOW_MS + 8000, "a": {"P": [position | {"pa": amount}]}}
            assert decoder.decode(json.dumps(later), 7)
            (read,) = of(await sweep(account), PositionUpdate)
            stamps.append(read.venue_time_ns // 10**6)
    assert stamps == [NOW_MS + 8000, NOW_MS]


async def test_no_position_was_none_a_little_before_it_was_asked_for() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v3/positionRisk", [])
        before_ns = time.time_ns()
        (read,) = of(await sweep(account), PositionUpdate)
    assert before_ns - 6 * 10**9 < read.venue_time_ns < before_ns


def test_a_key_opens_several_accounts_and_each_is_read_for_what_is_held_in_it() -> None:
    wallets = {"tethers": "binance:usdm:BTCUSDT", "coins": "binance:coinm:BTCUSD_PERP"}
    read = [
        AccountToRead(BinanceAccount(name, None, CREDENTIALS), lambda: 0, (instrument, "bybit:linear:BTCUSDT"))
        for name, instrument in wallets.items()
    ]
    connections, keepers = accounts_of(read, ALL, lambda _: None, Clock())
    assert [connection.plan.name for connection in connections] == ["usdm account", "coinm account"]
    assert len(keepers) == 2
