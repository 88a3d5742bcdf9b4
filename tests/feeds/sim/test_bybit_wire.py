"""Bybit's manners over real ports: what a client of the venue relies on."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.feeds.sim.lines import Frame, Line, Served, bybit_auth, hold_clock, line, serving, topic

PINNED = {"BTC": "60000"}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins=PINNED) as running:
        yield running


def public(served: Served, category: str = "linear") -> str:
    return f"{served.websocket['bybit']}/v5/public/{category}"


async def private_line(served: Served, connection: Line, *topics: str) -> Line:
    assert (await connection.ask(bybit_auth(served.key("bybit"))))["success"]
    assert (await connection.ask({"op": "subscribe", "args": list(topics)}))["success"]
    return connection


async def create(served: Served, **fields: object) -> Frame:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.1", **fields}
    body: Frame = (await served.bybit("POST", "/v5/order/create", order)).json()
    return body


async def test_a_ticker_is_a_snapshot_and_then_sparse_deltas_that_merge_to_the_present(served: Served) -> None:
    async with line(public(served)) as client:
        await client.send({"op": "subscribe", "args": ["tickers.ETHUSDT"]})
        delta = await client.until(topic("tickers.ETHUSDT"))
        assert delta["type"] == "snapshot"
        merged = dict(delta["data"])
        for _ in range(5):
            delta = await client.until(topic("tickers.ETHUSDT"))
            assert delta["type"] == "delta"
            assert delta["data"]["symbol"] == "ETHUSDT"
            assert "fundingIntervalHour" not in delta["data"]
            merged |= delta["data"]
        async with line(public(served)) as newcomer:
            await newcomer.send({"op": "subscribe", "args": ["tickers.ETHUSDT"]})
            snapshot = await newcomer.until(topic("tickers.ETHUSDT"))
            while delta["ts"] < snapshot["ts"]:
                delta = await client.until(topic("tickers.ETHUSDT"))
                merged |= delta["data"]
        assert snapshot["type"] == "snapshot"
        assert merged == snapshot["data"]


async def test_acks_pongs_and_refusals_have_the_venue_s_shapes(served: Served) -> None:
    async with line(public(served)) as linear, line(public(served, "spot")) as spot:
        ack = await linear.ask({"op": "subscribe", "args": ["tickers.SOLUSDT"], "req_id": 7})
        assert (ack["success"], ack["ret_msg"], ack["req_id"], ack["op"]) == (True, "", 7, "subscribe")
        pong = await linear.ask({"op": "ping", "req_id": "p"})
        assert (pong["ret_msg"], pong["op"], pong["req_id"]) == ("pong", "ping", "p")
        assert (await spot.ask({"op": "subscribe", "args": ["tickers.SOLUSDT"]}))["ret_msg"] == "subscribe"
        assert "req_id" not in await spot.ask({"op": "ping"})
        for bad in ("tickers.NOUSDT", "no.such.topic", "orderbook.3.BTCUSDT", "tickers.SOLUSDT", "kline.7.BTCUSDT"):
            refusal = await linear.ask({"op": "subscribe", "args": ["publicTrade.BTCUSDT", bad]})
            assert not refusal["success"]
            assert bad in refusal["ret_msg"]
        await linear.send("{not json")
        assert not (await linear.until(lambda frame: "success" in frame))["success"]
        many = [f"orderbook.1.{coin}USDT" for coin in ("BTC", "ETH", "SOL", "DOGE")] * 3
        assert not (await spot.ask({"op": "subscribe", "args": many[:11]}))["success"]
        await linear.until(topic("tickers.SOLUSDT"))
        assert not [frame for frame in linear.frames if frame.get("topic") == "publicTrade.BTCUSDT"]


async def test_the_spot_ticker_has_other_fields_and_only_snapshots(served: Served) -> None:
    async with line(public(served, "spot")) as client:
        await client.send({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
        for _ in range(3):
            frame = await client.until(topic("tickers.BTCUSDT"))
            assert frame["type"] == "snapshot"
            assert frame["data"]["usdIndexPrice"] == "60000"
            assert "bid1Price" not in frame["data"]


async def test_book_differences_rebuild_the_book(served: Served) -> None:
    name = "orderbook.50.SOLUSDT"
    async with line(public(served)) as client:
        await client.send({"op": "subscribe", "args": [name]})
        first = await client.until(topic(name))
        sides = {side: {Decimal(price): size for price, size in first["data"][side]} for side in "ba"}
        for _ in range(10):
            frame = await client.until(topic(name))
            assert frame["type"] == "delta"
            assert len(frame["data"]["b"]) < 50
            for side in "ba":
                for price, size in frame["data"][side]:
                    sides[side][Decimal(price)] = size
                    if size == "0":
                        del sides[side][Decimal(price)]
        assert len(sides["b"]) == len(sides["a"]) == 50
        assert max(sides["b"]) < min(sides["a"])


async def test_an_unchanged_top_level_is_repeated_under_the_same_update_id(served: Served) -> None:
    async with line(public(served)) as client:
        await client.send({"op": "subscribe", "args": ["orderbook.1.SOLUSDT"]})
        await client.until(topic("orderbook.1.SOLUSDT"))
        await served.inject("freeze", venue="bybit")
        held, again = client.frames[-1], await client.until(topic("orderbook.1.SOLUSDT"))
        while again["data"]["u"] != held["data"]["u"]:
            held, again = again, await client.until(topic("orderbook.1.SOLUSDT"))
        assert again["type"] == "snapshot"
        assert again["data"] == held["data"] | {"seq": again["data"]["seq"]}
        assert again["ts"] - held["ts"] >= 3000


async def test_rest_market_data(served: Served) -> None:
    info = (await served.get("bybit", "/v5/market/instruments-info?category=linear&limit=3")).json()["result"]
    rest = (
        await served.get("bybit", f"/v5/market/instruments-info?category=linear&cursor={info['nextPageCursor']}")
    ).json()["result"]
    names = [row["symbol"] for row in info["list"] + rest["list"]]
    assert names[:4] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"]
    assert rest["nextPageCursor"] == ""
    assert [row["fundingInterval"] for row in info["list"] + rest["list"]][:4] == [480, 480, 240, 60]
    launch = await served.get("bybit", "/v5/market/instruments-info?category=linear&status=PreLaunch")
    assert [row["symbol"] for row in launch.json()["result"]["list"]] == ["IDLESOONUSDT"]
    ticker = (await served.get("bybit", "/v5/market/tickers?category=linear&symbol=BTCUSDT")).json()["result"]["list"][
        0
    ]
    assert (ticker["markPrice"], ticker["indexPrice"]) == ("60000", "60000")
    start_alone = await served.get("bybit", "/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=1")
    assert start_alone.json()["retCode"] == 10001
    rates = (await served.get("bybit", "/v5/market/funding/history?category=linear&symbol=DOGEUSDT&limit=5")).json()
    times = [int(row["fundingRateTimestamp"]) for row in rates["result"]["list"]]
    assert [a - b for a, b in itertools.pairwise(times)] == [3_600_000] * 4
    for path in (
        "kline?category=linear&symbol=BTCUSDT&interval=9",
        "tickers?category=nothing",
        "tickers?category=spot&symbol=X",
    ):
        answer = await served.get("bybit", f"/v5/market/{path}")
        assert (answer.status_code, answer.json()["retCode"]) == (200, 10001)


@pytest.mark.parametrize(("path", "size"), [("instruments-info", 500), ("risk-limit", 15)])
async def test_many_contracts_come_in_pages_and_all_of_them_come(path: str, size: int) -> None:
    async with serving(idle=520) as served:
        symbols: list[str] = []
        cursor, pages = "", 0
        while cursor or not pages:
            query = f"category=linear&cursor={quote(cursor)}" if cursor else "category=linear"
            result = (await served.get("bybit", f"/v5/market/{path}?{query}")).json()["result"]
            names = list(dict.fromkeys(row["symbol"] for row in result["list"]))
            assert len(names) <= size
            symbols, cursor, pages = symbols + names, result["nextPageCursor"], pages + 1
        listed = 520 + len(served.simulator.venues["bybit"].exchange.listed("linear"))
        assert len(symbols) == len(set(symbols)) == listed
        assert pages == -(-listed // size)


async def test_a_dated_contract_has_no_funding_and_tells_its_delivery_in_two_ways(served: Served) -> None:
    listed = (await served.get("bybit", "/v5/market/tickers?category=linear")).json()["result"]["list"]
    row = next(row for row in listed if "-" in row["symbol"])
    assert (row["fundingRate"], row["nextFundingTime"]) == ("", "0")
    async with line(public(served)) as client:
        await client.send({"op": "subscribe", "args": [f"tickers.{row['symbol']}"]})
        data = (await client.until(topic(f"tickers.{row['symbol']}")))["data"]
        assert (data["fundingRate"], data["nextFundingTime"]) == ("", "")
        assert datetime.fromisoformat(data["deliveryTime"]).timestamp() * 1000 == int(row["deliveryTime"])
        assert "fundingIntervalHour" not in data


async def test_signed_requests(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_clock(monkeypatch)
    good = await served.bybit("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})
    assert good.json()["retCode"] == 0
    assert (good.headers["X-Bapi-Limit"], good.headers["X-Bapi-Limit-Status"]) == ("50", "49")
    assert int(good.headers["X-Bapi-Limit-Reset-Timestamp"]) > 0
    late = await served.bybit("GET", "/v5/account/info", {}, late_ms=6000)
    assert (late.status_code, late.json()["retCode"]) == (200, 10002)
    unsigned = await served.get("bybit", "/v5/account/info")
    assert unsigned.json()["retCode"] == 10003
    body = await served.http.request("GET", served.rest["bybit"] + "/v5/account/info", content=b"{}")
    assert body.status_code == 403
    reading = await served.bybit(
        "POST", "/v5/position/set-leverage", {"category": "linear"}, key=served.key("bybit", "read")
    )
    assert reading.json()["retCode"] == 10005
    rights = await served.bybit("GET", "/v5/user/query-api", {}, key=served.key("bybit", "withdraw"))
    assert "Withdraw" in rights.json()["result"]["permissions"]["Wallet"]
    for _ in range(4):
        await served.bybit("GET", "/v5/account/fee-rate", {"category": "linear"})
    await served.bybit("GET", "/v5/account/fee-rate", {"category": "linear"})
    refused = await served.bybit("GET", "/v5/account/fee-rate", {"category": "linear"})
    assert refused.json()["retCode"] == 10006
    assert refused.headers["X-Bapi-Limit-Status"] == "0"


async def test_collateral_ratios_are_public_and_the_account_s_rates_follow_them(served: Served) -> None:
    answer = await served.get("bybit", "/v5/spot-margin-trade/collateral?currency=BTC")
    (row,) = answer.json()["result"]["list"]
    assert row["collateralRatioList"][0] == {"minQty": "0", "maxQty": "500", "collateralRatio": "0.95"}
    assert row["collateralRatioList"][-1]["maxQty"] == ""
    whole = (await served.get("bybit", "/v5/spot-margin-trade/collateral")).json()["result"]["list"]
    assert {row["currency"] for row in whole} == {"USDT", "USDC", "BTC", "ETH", "SOL", "DOGE"}
    info = await served.bybit("GET", "/v5/account/collateral-info", {"currency": "ETH"})
    (row,) = info.json()["result"]["list"]
    assert (row["currency"], row["marginCollateral"], row["collateralRatio"]) == ("ETH", True, "0.9")
    wallet = (await served.bybit("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})).json()
    row = wallet["result"]["list"][0]
    coins = {coin["coin"]: coin for coin in row["coin"]}
    total, available = Decimal(row["totalMarginBalance"]), Decimal(row["totalAvailableBalance"])
    lost = Decimal(coins["BTC"]["usdValue"]) * Decimal("0.05") + Decimal(coins["ETH"]["usdValue"]) / 10
    assert total == Decimal(row["totalWalletBalance"])
    assert total - available == lost > 0


async def test_an_order_is_acked_first_and_told_on_the_stream(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private_line(served, client, "order", "execution", "position", "wallet")
        answer = await create(served, orderLinkId="sell-1")
        assert (answer["retCode"], answer["result"]["orderLinkId"]) == (0, "sell-1")
        statuses: list[str] = []
        while statuses[-1:] != ["Filled"]:
            frame = await client.until(topic("order"))
            statuses.append(frame["data"][0]["orderStatus"])
        assert statuses == ["New", "Filled"]
        position = await client.until(
            lambda frame: frame.get("topic") == "position" and frame["data"][0]["size"] != "0"
        )
        assert (position["data"][0]["side"], position["data"][0]["size"]) == ("Sell", "0.1")
        assert "entryPrice" in position["data"][0]
        wallet = await client.until(topic("wallet"))
        assert [coin["coin"] for coin in wallet["data"][0]["coin"]] == ["USDT"]
        (execution,) = [frame["data"][0] for frame in client.frames if frame.get("topic") == "execution"]
        assert (execution["execType"], execution["isMaker"], execution["execQty"]) == ("Trade", False, "0.1")
        listed = (await served.bybit("GET", "/v5/position/list", {"category": "linear", "settleCoin": "USDT"})).json()
        assert [(row["symbol"], row["avgPrice"]) for row in listed["result"]["list"]] == [("BTCUSDT", "59999.9")]
        rows = (await served.bybit("GET", "/v5/account/transaction-log", {"accountType": "UNIFIED"})).json()["result"]
        assert [(row["type"], row["fee"]) for row in rows["list"]] == [("TRADE", execution["execFee"])]
        assert Decimal(rows["list"][0]["change"]) == -Decimal(execution["execFee"])


async def test_a_post_only_order_that_would_take_is_acked_and_then_cancelled(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private_line(served, client, "order.linear")
        answer = await create(served, orderType="Limit", price="59000", timeInForce="PostOnly", orderLinkId="po")
        assert answer["retCode"] == 0
        gone = await client.until(lambda frame: "data" in frame and frame["data"][0]["orderStatus"] == "Cancelled")
        assert gone["data"][0]["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"


async def test_a_link_id_is_taken_for_ever(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private_line(served, client, "order")
        await create(served, orderLinkId="once")
        await client.until(lambda frame: "data" in frame and frame["data"][0]["orderStatus"] == "Filled")
        assert (await create(served, orderLinkId="once"))["retCode"] == 110072


REFUSALS: list[tuple[Frame, int]] = [
    ({"reduceOnly": True}, 110017),
    ({"qty": "0.00005"}, 10001),
    ({"symbol": "DOGEUSDT", "qty": "1"}, 110094),
    ({"qty": "1100"}, 110090),
    ({"qty": "50"}, 110007),
    ({"orderType": "Limit", "price": "10000"}, 110003),
    ({"positionIdx": 1}, 10001),
    ({"triggerPrice": "1"}, 10001),
    ({"orderLinkId": "with space"}, 10001),
    ({"symbol": "NOUSDT"}, 10001),
]


async def test_orders_are_refused_with_the_venue_s_codes(served: Served) -> None:
    found = [(fields, (await create(served, **fields))["retCode"]) for fields, _ in REFUSALS]
    assert found == REFUSALS


async def test_cancelling_and_finding_orders(served: Served) -> None:
    made = await create(served, orderType="Limit", price="62000", orderLinkId="rest")
    query = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "rest"}
    found = (await served.bybit("GET", "/v5/order/realtime", query)).json()["result"]["list"]
    assert [row["orderStatus"] for row in found] == ["New"]
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private_line(served, client, "order")
        cancel = {"category": "linear", "symbol": "BTCUSDT", "orderId": made["result"]["orderId"]}
        assert (await served.bybit("POST", "/v5/order/cancel", cancel)).json()["retCode"] == 0
        await client.until(lambda frame: "data" in frame and frame["data"][0]["orderStatus"] == "Cancelled")
    again = await served.bybit("POST", "/v5/order/cancel", cancel)
    assert again.json()["retCode"] == 110010
    unknown = await served.bybit("POST", "/v5/order/cancel", {**cancel, "orderId": "nothing"})
    assert unknown.json()["retCode"] == 110001
    old = (await served.bybit("GET", "/v5/order/history", {"category": "linear", "symbol": "BTCUSDT"})).json()["result"]
    assert [row["orderStatus"] for row in old["list"]] == ["Cancelled"]


async def test_settings_say_when_they_change_nothing(served: Served) -> None:
    leverage = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"}
    codes = [(await served.bybit("POST", "/v5/position/set-leverage", leverage)).json()["retCode"] for _ in range(2)]
    assert codes == [0, 110043]
    mode = {"setMarginMode": "ISOLATED_MARGIN"}
    codes = [(await served.bybit("POST", "/v5/account/set-margin-mode", mode)).json()["retCode"] for _ in range(2)]
    assert codes == [0, 110026]
    wallet = (await served.bybit("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})).json()["result"]
    totals = wallet["list"][0]
    assert totals["totalMarginBalance"] == ""
    assert Decimal(totals["totalWalletBalance"]) + Decimal(totals["totalPerpUPL"]) == Decimal(totals["totalEquity"])
    assert Decimal(totals["totalWalletBalance"]) > 100_000
    switched = await served.bybit("POST", "/v5/position/switch-mode", {"category": "linear", "coin": "USDT", "mode": 0})
    assert switched.json()["retCode"] == 110025


async def test_the_private_socket_wants_a_valid_signature_and_unmixed_topics(served: Served) -> None:
    address = served.websocket["bybit"] + "/v5/private"
    async with line(address) as client:
        assert not (await client.ask({"op": "subscribe", "args": ["order"]}))["success"]
        assert not (await client.ask(bybit_auth(served.key("bybit"), expires=1)))["success"]
        await client.connection.wait_closed()
    async with line(address) as client:
        await private_line(served, client, "order")
        assert not (await client.ask({"op": "subscribe", "args": ["order.linear"]}))["success"]
        assert not (await client.ask({"op": "subscribe", "args": ["nothing"]}))["success"]
        pong = await client.ask({"op": "ping", "req_id": "1"})
        assert (pong["op"], pong["req_id"]) == ("pong", "1")


async def test_funding_comes_as_execution_wallet_and_ledger_row(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private_line(served, client, "execution", "wallet")
        await create(served)
        await client.until(topic("wallet"))
        await served.inject("fund", venue="bybit", category="linear", symbol="BTCUSDT")
        execution = (await client.until(topic("execution")))["data"][0]
        await client.until(topic("wallet"))
        rows = (await served.bybit("GET", "/v5/account/transaction-log", {"type": "SETTLEMENT"})).json()["result"][
            "list"
        ]
        assert execution["execType"] == "Funding"
        assert Decimal(rows[0]["funding"]) == -Decimal(execution["execFee"]) != 0
        assert Decimal(rows[0]["feeRate"]) == -Decimal(execution["feeRate"]) or rows[0]["side"] == "Sell"
