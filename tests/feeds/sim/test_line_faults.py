"""Faults of the line over real sockets: half open, wrong route, frames lost, doubled and swapped, private events."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from websockets.asyncio.client import ClientConnection

from tests.feeds.sim.lines import Frame, Line, Served, bybit_auth, event, line, serving, topic
from tests.support.patience import PATIENCE

TICKER, SOLANA = "tickers.BTCUSDT", "tickers.SOLUSDT"
TRADES = "btcusdt@aggTrade"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


def linear(served: Served) -> str:
    return f"{served.websocket['bybit']}/v5/public/linear"


async def following(client: Line, name: str) -> None:
    await client.send({"op": "subscribe", "args": [name]})
    await client.until(topic(name))


async def private(served: Served, client: Line, *topics: str) -> None:
    assert (await client.ask(bybit_auth(served.key("bybit"))))["success"]
    assert (await client.ask({"op": "subscribe", "args": list(topics)}))["success"]


async def place(served: Served, link: str, **fields: str) -> Frame:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.1"}
    answer = await served.bybit("POST", "/v5/order/create", {**order, "orderLinkId": link, **fields})
    body: Frame = answer.json()
    return body


async def quiet(connection: ClientConnection, seconds: float = 0.5) -> bool:
    """Whether nothing arrives for so long on a line that is still open; what is on its way is read first."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            async with asyncio.timeout(seconds):
                await connection.recv()
        except TimeoutError:
            return True
    return False


async def test_a_half_open_line_neither_talks_nor_listens_nor_ends(served: Served) -> None:
    async with line(linear(served), ping_interval=None) as client:
        await following(client, SOLANA)
        await served.inject("half_open", venue="bybit")
        assert await quiet(client.connection)
        pong = asyncio.ensure_future(await client.connection.ping())
        await client.send({"op": "ping", "req_id": "unheard"})
        assert await quiet(client.connection)
        assert not pong.done()
        async with line(linear(served)) as another:
            await following(another, SOLANA)
        await served.inject("clear")
        await asyncio.wait_for(pong, PATIENCE)
        await client.until(topic(SOLANA))


async def test_the_wrong_route_acks_and_never_sends(served: Served) -> None:
    await served.inject("wrong_route", venue="binance", path="/market/ws")
    base = served.websocket["binance"]
    async with line(f"{base}/market/ws") as wrong, line(f"{base}/public/ws/btcusdt@bookTicker") as right:
        assert await wrong.ask({"method": "SUBSCRIBE", "params": ["btcusdt@markPrice@1s"], "id": 1}) == {
            "result": None,
            "id": 1,
        }
        assert await quiet(wrong.connection, 1.5)
        await right.next()
        await served.inject("clear")
        assert (await wrong.next())["e"] == "markPriceUpdate"


async def test_lost_frames_leave_a_gap_in_the_numbers(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/public/ws/solusdt@depth@100ms") as client:
        first = await client.next()
        await served.inject("gap", venue="binance", frames=3)
        frames = [first, *[await client.next() for _ in range(8)]]
        (missing,) = [two["pu"] - one["u"] for one, two in itertools.pairwise(frames) if two["pu"] != one["u"]]
        assert missing >= 3


async def test_frames_can_come_twice(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/public/ws/solusdt@bookTicker") as client:
        await client.next()
        await served.inject("duplicate", venue="binance", frames=2)
        seen = [await client.next() for _ in range(12)]
        assert sum(one == two for one, two in itertools.pairwise(seen)) == 2


async def test_frames_of_one_topic_can_change_places(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/public/ws/solusdt@bookTicker") as client:
        await client.next()
        await served.inject("reorder", venue="binance", frames=2)
        updates = [(await client.next())["u"] for _ in range(12)]
        assert sorted(updates) == list(range(min(updates), min(updates) + 12))
        assert sum(one > two for one, two in itertools.pairwise(updates)) == 2


async def test_one_listing_can_go_stale_under_fresh_times(served: Served) -> None:
    async with line(linear(served)) as client:
        await following(client, SOLANA)
        await served.inject("stale", venue="bybit", category="linear", symbol="SOLUSDT")
        still = {"symbol", "bid1Price", "bid1Size"}
        first = await client.until(lambda frame: topic(SOLANA)(frame) and frame["data"].keys() == still)
        second = await client.next()
        assert first["data"] == second["data"]
        assert first["ts"] < second["ts"]
        await following(client, "tickers.ETHUSDT")
        await client.until(lambda frame: topic("tickers.ETHUSDT")(frame) and "markPrice" in frame["data"])


async def test_private_events_can_be_lost(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private(served, client, "execution")
        await served.inject("lose_private", venue="bybit", events=1)
        assert (await place(served, "unseen"))["retCode"] == 0
        assert (await place(served, "seen"))["retCode"] == 0
        told = await client.until(topic("execution"))
        assert told["data"][0]["orderLinkId"] == "seen"
    rows = (await served.bybit("GET", "/v5/execution/list", {"category": "linear"})).json()["result"]["list"]
    assert {row["orderLinkId"] for row in rows} == {"seen", "unseen"}


async def test_events_can_come_before_the_answer(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private(served, client, "order")
        await served.inject("delay_answers", venue="bybit", milliseconds=3_600_000)
        asked = asyncio.ensure_future(place(served, "early"))
        told = await client.until(lambda frame: topic("order")(frame) and frame["data"][0]["orderStatus"] == "Filled")
        assert told["data"][0]["orderLinkId"] == "early"
        assert not asked.done()
        await served.inject("clear")
        assert (await asked)["result"]["orderId"] == told["data"][0]["orderId"]


async def test_a_limit_of_requests_grows_into_a_ban(served: Served) -> None:
    await served.inject("limit_rate", venue="binance", status=429, then=418, after=2)
    statuses = [(await served.get("binance", "/fapi/v1/time")).status_code for _ in range(4)]
    assert statuses == [429, 429, 418, 418]
    await served.inject("limit_rate", venue="bybit", status=403)
    assert (await served.get("bybit", "/v5/market/time")).status_code == 403
    await served.inject("clear")
    assert (await served.get("bybit", "/v5/market/time")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "expire_listen_keys", "venue": "bybit"},
        {"fault": "resnapshot", "venue": "binance"},
        {"fault": "skip_snapshots", "venue": "binance"},
        {"fault": "limit_rate", "venue": "bybit", "status": 418},
        {"fault": "limit_rate", "status": 200},
    ],
)
async def test_what_a_venue_does_not_have_is_refused_by_name(served: Served, body: Frame) -> None:
    answer = await served.http.post(served.control, json=body)
    assert answer.status_code == 400
    assert body["fault"] in answer.json()["error"] or "status" in answer.json()["error"]


async def test_an_expired_key_is_refused_and_its_sockets_are_closed(served: Served) -> None:
    read, trade = served.key("bybit", "read"), served.key("bybit")
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await client.ask(bybit_auth(read))
        await served.inject("expire_key", venue="bybit", key=read.key)
        await client.ended()
    wallet = {"accountType": "UNIFIED"}
    refused = await served.bybit("GET", "/v5/account/wallet-balance", wallet, key=read)
    assert refused.json()["retCode"] == 33004
    assert (await served.bybit("GET", "/v5/account/wallet-balance", wallet, key=trade)).json()["retCode"] == 0
    await served.inject("expire_key", venue="binance", key=served.key("binance").key)
    assert (await served.binance("GET", "/fapi/v3/account")).json()["code"] == -2015


async def test_partial_fills_of_what_takes_and_of_what_rests(served: Served) -> None:
    contract = {"venue": "binance", "category": "usdm", "symbol": "BTCUSDT"}
    await served.inject("partial_fills", **contract, most="0.3")
    created = await served.http.post(
        served.rest["binance"] + "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": served.key("binance").key}
    )
    async with line(f"{served.websocket['binance']}/private/ws/{created.json()['listenKey']}") as client:
        order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1"}
        assert (await served.binance("POST", "/fapi/v1/order", order)).status_code == 200
        fills: list[Frame] = []
        while not fills or fills[-1]["X"] != "FILLED":
            told = (await client.until(event("ORDER_TRADE_UPDATE")))["o"]
            fills += [told] if told["x"] == "TRADE" else []
        assert [Decimal(fill["l"]) for fill in fills] == [Decimal("0.3")] * 3 + [Decimal("0.1")]
        resting = order | {"side": "BUY", "type": "LIMIT", "price": "59000", "timeInForce": "GTC"}
        await served.binance("POST", "/fapi/v1/order", resting)
        await served.inject("pin", coin="BTC", price="58999")
        parts: list[Decimal] = []
        while sum(parts) < 1:
            told = (await client.until(event("ORDER_TRADE_UPDATE")))["o"]
            parts += [Decimal(told["l"])] if told["x"] == "TRADE" else []
        assert parts == [Decimal("0.3")] * 3 + [Decimal("0.1")]
