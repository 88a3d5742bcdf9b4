"""What can be made to go wrong, seen from a client's side."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from feeds.sim.faults import FAULTS
from tests.feeds.sim.lines import Frame, Line, Served, bybit_auth, event, line, serving, topic
from tests.support.patience import PATIENCE

TICKER, SOLANA = "tickers.BTCUSDT", "tickers.SOLUSDT"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


def linear(served: Served) -> str:
    return f"{served.websocket['bybit']}/v5/public/linear"


async def following(client: Line, *topics: str) -> Frame:
    await client.send({"op": "subscribe", "args": list(topics)})
    frame: Frame = await client.until(topic(topics[-1]))
    return frame


async def sell(served: Served, link: str) -> Any:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.1"}
    return await served.bybit("POST", "/v5/order/create", {**order, "orderLinkId": link})


async def filled(served: Served, link: str) -> bool:
    query = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": link}
    rows = (await served.bybit("GET", "/v5/order/realtime", query)).json()["result"]["list"]
    return [row["orderStatus"] for row in rows] == ["Filled"]


async def test_the_table_is_listed_with_meanings(served: Served) -> None:
    listed = (await served.http.get(served.control)).json()["faults"]
    assert listed.keys() == FAULTS.keys()
    assert all(entry["meaning"] for entry in listed.values())


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"fault": "nothing"}, "fault"),
        ({"fault": "pin", "coin": "BTC"}, "price"),
        ({"fault": "pin", "coin": "BTC", "price": "dear"}, "price"),
        ({"fault": "pin", "coin": "XRP", "price": "1"}, "XRP"),
        ({"fault": "drop", "venue": "mtgox"}, "venue"),
        ({"fault": "drop", "when": "now"}, "when"),
        ({"fault": "garbage", "frames": -1}, "frames"),
        ({"fault": "liquidate", "venue": "bybit", "category": "linear", "symbol": "BTCUSDT", "key": "x"}, "key"),
        ({"fault": "fund", "venue": "bybit", "category": "spot", "symbol": "BTCUSDT"}, "symbol"),
    ],
)
async def test_a_wrong_request_is_refused_by_name(served: Served, body: Frame, named: str) -> None:
    answer = await served.http.post(served.control, json=body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


async def test_control_takes_only_json_objects(served: Served) -> None:
    for body in (b"[]", b"", b"{"):
        assert (await served.http.post(served.control, content=body)).status_code == 400


async def test_a_pin_moves_the_price_under_a_client(served: Served) -> None:
    async with line(linear(served)) as client:
        assert (await following(client, TICKER))["data"]["markPrice"] == "60000"
        await served.inject("pin", coin="BTC", price="48000")
        moved = await client.until(lambda frame: "markPrice" in frame.get("data", {}))
        assert (moved["data"]["markPrice"], moved["data"]["indexPrice"]) == ("48000", "48000")
        await served.inject("unpin", coin="BTC")
        freed = await client.until(lambda frame: "markPrice" in frame.get("data", {}))
        assert 47_500 < float(freed["data"]["markPrice"]) < 48_500


async def test_a_pin_holds_once_it_is_answered(served: Served) -> None:
    for price in ("48000", "52000", "50000"):
        await served.inject("pin", coin="BTC", price=price)
        async with line(linear(served)) as client:
            assert (await following(client, TICKER))["data"]["markPrice"] == price


async def test_drop_cuts_and_a_new_line_is_taken(served: Served) -> None:
    async with line(linear(served)) as client:
        await following(client, TICKER)
        await served.inject("drop")
        await client.ended()
        assert client.connection.close_code == 1006
    async with line(linear(served)) as client:
        assert (await following(client, TICKER))["type"] == "snapshot"


async def test_new_lines_can_be_refused_for_a_while(served: Served) -> None:
    await served.inject("refuse", venue="bybit", seconds=3_600)
    with pytest.raises(InvalidStatus):
        async with line(linear(served)):
            pass
    async with line(served.websocket["binance"] + "/market/ws"):
        pass
    await served.inject("clear")
    async with line(linear(served)) as client:
        await following(client, TICKER)


async def test_silence_stops_even_pongs_and_acks_only_stops_the_data(served: Served) -> None:
    async with line(linear(served)) as client, line(f"{served.websocket['binance']}/market/ws") as other:
        await following(client, TICKER)
        await served.inject("silent", venue="bybit")
        before = len(client.frames)
        await client.send({"op": "ping", "req_id": "lost"})
        await client.send({"op": "subscribe", "args": [SOLANA]})
        await other.ask({"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker", "btcusdt@markPrice@1s"], "id": 1})
        await other.until(event("markPriceUpdate"))
        await served.inject("clear")
        await served.inject("acks_only", venue="bybit")
        assert (await client.ask({"op": "ping", "req_id": "heard"}))["req_id"] == "heard"
        missed = [frame for frame in client.frames[before:] if frame.get("req_id") == "lost"]
        assert missed == []
        assert (await client.ask({"op": "subscribe", "args": ["tickers.DOGEUSDT"]}))["success"]
        quiet = len(client.frames)
        await other.until(event("markPriceUpdate"))
        await client.ask({"op": "ping"})
        assert len(client.frames) == quiet + 1
        await served.inject("clear")
        await client.until(topic(SOLANA))


def usable(text: str | bytes) -> bool:
    """Whether a frame is one of the ticker's, of the present; garbage that looks like one is of 1970."""
    try:
        frame = json.loads(text)
    except ValueError:
        return False
    return isinstance(frame, dict) and frame.get("topic") == TICKER and frame["ts"] > 1


async def test_garbage_is_counted_out_and_then_ends(served: Served) -> None:
    async with line(linear(served)) as client:
        await following(client, TICKER)
        await served.inject("garbage", venue="bybit", frames=9)
        bad = 0
        while bad < 9:
            bad += not usable(await client.connection.recv())
        assert (await client.until(topic(TICKER)))["data"]["symbol"] == "BTCUSDT"


async def test_a_frozen_market_still_ticks(served: Served) -> None:
    async with (
        line(linear(served)) as client,
        line(f"{served.websocket['binance']}/market/ws/ethusdt@markPrice@1s") as other,
    ):
        await following(client, "tickers.ETHUSDT")
        await served.inject("freeze")
        await client.until(lambda frame: frame.get("data", {}).keys() == {"symbol", "bid1Price", "bid1Size"})
        first, second = await client.next(), await client.next()
        assert first["data"] == second["data"]
        assert first["ts"] < second["ts"]
        one = await other.until(lambda frame: frame["E"] > first["ts"])
        two = await other.next()
        assert (one["p"], one["i"]) == (two["p"], two["i"])
        assert one["E"] < two["E"]


async def test_snapshots_can_be_sent_anew_and_left_out(served: Served) -> None:
    async with line(linear(served)) as client:
        await following(client, TICKER)
        before = client.frames[-1]["cs"]
        await served.inject("resnapshot")
        anew = await client.until(lambda frame: frame.get("type") == "snapshot")
        assert anew["cs"] > before + 100_000
        await served.inject("skip_snapshots")
        assert (await following(client, SOLANA))["type"] == "delta"


@pytest.mark.parametrize("cut", [False, True])
async def test_an_order_whose_answer_is_lost_was_carried_out(served: Served, cut: bool) -> None:
    await served.inject("lose_answers", venue="bybit", count=1, cut=cut)
    if cut:
        with pytest.raises(httpx.TransportError):
            await sell(served, "lost")
    else:
        assert (await sell(served, "lost")).json()["retCode"] == 10016
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await client.ask(bybit_auth(served.key("bybit")))
        await client.ask({"op": "subscribe", "args": ["order"]})
        assert (await sell(served, "next")).json()["retCode"] == 0
        await client.until(lambda frame: "data" in frame and frame["data"][0]["orderLinkId"] == "next")
    assert await filled(served, "lost")
    assert (await sell(served, "lost")).json()["retCode"] == 110072


async def test_binance_answers_503_to_an_order_it_carried_out(served: Served) -> None:
    await served.inject("lose_answers", venue="binance", count=1)
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1", "newClientOrderId": "lost"}
    answer = await served.binance("POST", "/fapi/v1/order", order)
    assert answer.status_code == 503
    assert answer.json()["msg"].startswith("Unknown error")
    found = await served.binance("GET", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "lost"})
    assert found.json()["status"] == "FILLED"


@pytest.mark.parametrize("seconds", [0.4, 3_600.0], ids=["for so long", "until faults end"])
async def test_private_events_can_be_held_back(served: Served, seconds: float) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await client.ask(bybit_auth(served.key("bybit")))
        await client.ask({"op": "subscribe", "args": ["order"]})
        await served.inject("delay_private", venue="bybit", milliseconds=round(1000 * seconds))
        begun = time.monotonic()
        for link in ("one", "two"):
            await sell(served, link)
        if seconds > PATIENCE:
            before = len(client.frames)
            await client.ask({"op": "ping"})
            assert len(client.frames) == before + 1, "the answer was the next frame"
            await served.inject("clear")
        links = [
            (await client.until(lambda frame: "data" in frame and frame["data"][0]["orderStatus"] == "Filled"))["data"]
            for _ in range(2)
        ]
        assert seconds > PATIENCE or time.monotonic() - begun > 0.99 * seconds
        assert [rows[0]["orderLinkId"] for rows in links] == ["one", "two"]


async def test_what_is_held_back_goes_out_when_the_fault_ends(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await client.ask(bybit_auth(served.key("bybit")))
        await client.ask({"op": "subscribe", "args": ["order"]})
        for fault in ("delay_private", "delay_answers"):
            await served.inject(fault, venue="bybit", milliseconds=3_600_000)
        sale = asyncio.ensure_future(sell(served, "late"))
        async with asyncio.timeout(PATIENCE):
            while True:
                if await filled(served, "late"):
                    break
                await asyncio.sleep(0.05)
        assert not sale.done()
        await served.inject("clear")
        await sale
        states: list[str] = []
        while states[-1:] != ["Filled"]:
            frame = await client.until(lambda frame: "data" in frame)
            states += [row["orderStatus"] for row in frame["data"]]
        assert states[0] == "New", "in the order in which it happened"


async def test_rate_limits_can_be_forced(served: Served) -> None:
    for status in (429, 418):
        await served.inject("limit_rate", status=status)
        answer = await served.get("binance", "/fapi/v1/time")
        assert answer.status_code == status
        assert "Retry-After" in answer.headers
    await served.inject("clear")
    assert (await served.get("binance", "/fapi/v1/time")).status_code == 200


async def test_a_delisted_contract_is_gone_everywhere(served: Served) -> None:
    async with line(linear(served)) as client, line(f"{served.websocket['binance']}/market/ws/!contractInfo") as news:
        await following(client, SOLANA)
        for venue, category in (("bybit", "linear"), ("binance", "usdm")):
            await served.inject("delist", venue=venue, category=category, symbol="SOLUSDT")
        told = await news.next()
        assert (told["s"], told["cs"]) == ("SOLUSDT", "SETTLING")
        assert not (await client.ask({"op": "subscribe", "args": ["orderbook.1.SOLUSDT"]}))["success"]
        rows = (await served.get("bybit", "/v5/market/tickers?category=linear")).json()["result"]["list"]
        assert "SOLUSDT" not in [row["symbol"] for row in rows]
        unknown = await served.get("binance", "/fapi/v1/premiumIndex?symbol=SOLUSDT")
        assert unknown.json()["code"] == -1121


async def test_more_accounts_can_be_opened(served: Served) -> None:
    opened = await served.inject("open_account", venue="bybit", name="second", wallet={"USDT": "1234.5"})
    key = type(served.key("bybit"))(**opened["api_keys"][0])
    wallet = (await served.bybit("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"}, key=key)).json()
    assert wallet["result"]["list"][0]["totalWalletBalance"] == "1234.50000000"
    again = await served.http.post(
        served.control, json={"fault": "open_account", "venue": "bybit", "name": "second", "wallet": {}}
    )
    assert again.status_code == 400


async def test_a_transfer_is_told_on_both_venues(served: Served) -> None:
    keys = {venue: served.key(venue).key for venue in ("bybit", "binance")}
    created = await served.http.post(
        served.rest["binance"] + "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": keys["binance"]}
    )
    async with (
        line(served.websocket["bybit"] + "/v5/private") as bybit,
        line(f"{served.websocket['binance']}/private/ws/{created.json()['listenKey']}") as binance,
    ):
        await bybit.ask(bybit_auth(served.key("bybit")))
        await bybit.ask({"op": "subscribe", "args": ["wallet"]})
        for venue, key in keys.items():
            await served.inject("transfer", venue=venue, key=key, asset="USDT", amount="-250.5")
        wallet = (await bybit.until(topic("wallet")))["data"][0]
        assert [(coin["coin"], coin["walletBalance"]) for coin in wallet["coin"]] == [("USDT", "99749.5")]
        told = await binance.until(event("ACCOUNT_UPDATE"))
        assert told["a"]["B"][0] | {"cw": ""} == {"a": "USDT", "wb": "99749.50000000", "cw": "", "bc": "-250.5"}


async def test_a_client_that_does_not_read_is_dropped_and_harms_nobody(served: Served) -> None:
    wanted = [f"orderbook.1000.{coin}USDT" for coin in ("BTC", "ETH", "SOL", "DOGE")]
    async with line(linear(served), max_queue=1) as stuck, line(linear(served)) as reader:
        await stuck.send({"op": "subscribe", "args": wanted})
        await following(reader, TICKER)
        (socket,) = [socket for socket in served.simulator.venues["bybit"].hub.sockets if len(socket.topics) == 4]
        for _ in range(6_000):
            socket.data(b"{}" * 40)
        await reader.until(topic(TICKER))
        await stuck.ended()
        assert stuck.connection.close_code == 1006
