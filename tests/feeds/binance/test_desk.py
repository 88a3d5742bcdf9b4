"""An account's sockets at Binance: where they are, what they are asked with, and what is not shown."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from aiohttp import web

from core.errors import VenueError
from core.events import (
    BalanceUpdate,
)
from feeds.binance.desk import BinanceAccount
from feeds.clock import Clock
from feeds.host import AccountToRead, accounts_of
from feeds.registry import account_feed
from feeds.venue import ConnectionPlan
from tests.feeds.binance.desk import CREDENTIALS, desk, refused

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


def test_a_key_opens_several_accounts_and_each_is_read_for_what_is_held_in_it() -> None:
    wallets = {"tethers": "binance:usdm:BTCUSDT", "coins": "binance:coinm:BTCUSD_PERP"}
    read = [
        AccountToRead(BinanceAccount(name, None, CREDENTIALS), lambda: 0, (instrument, "bybit:linear:BTCUSDT"))
        for name, instrument in wallets.items()
    ]
    connections, keepers = accounts_of(read, ALL, lambda _: None, Clock())
    assert [connection.plan.name for connection in connections] == ["usdm account", "coinm account"]
    assert len(keepers) == 2
