"""The simulated Binance's COIN-M futures and spot accounts over real ports, beside USDⓈ-M and told apart from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from feeds.sim.wire import wall_ms
from tests.feeds.sim.lines import Frame, Line, Served, _hmac, event, is_control, line, serving

PINNED = {"BTC": "60000"}
MARK = "btcusd_perp@markPrice@1s"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins=PINNED) as running:
        yield running


async def asked(served: Served, method: str, path: str, **parameters: Any) -> Any:
    return (await served.binance(method, path, parameters)).json()


async def order(served: Served, side: str, quantity: str, symbol: str = "BTCUSD_PERP", **more: Any) -> Frame:
    fields = {"symbol": symbol, "side": side, "type": "MARKET", "quantity": quantity, **more}
    body: Frame = await asked(served, "POST", "/dapi/v1/order", **fields)
    return body


async def listen_key(served: Served, product: str) -> str:
    headers = {"X-MBX-APIKEY": served.key("binance").key}
    answer = await served.http.post(f"{served.rest['binance']}/{product}/v1/listenKey", headers=headers)
    return str(answer.json()["listenKey"])


# --- streams ---------------------------------------------------------------------------------------------------------


async def test_each_host_serves_its_own_product(served: Served) -> None:
    base = served.websocket["binance"]
    async with (
        line(f"{base}/dstream/ws/btcusdt@markPrice@1s") as other_product,
        line(f"{base}/market/ws/{MARK}") as other_host,
        line(f"{base}/ws/btcusd_perp@bookTicker") as spot,
        line(f"{base}/dstream/ws/BTCUSD_PERP@markPrice@1s") as upper_case,
        line(f"{base}/dstream/ws/{MARK}") as right,
    ):
        frame = await right.next()
        assert (frame["s"], frame["p"], frame["i"], frame["st"]) == (
            "BTCUSD_PERP",
            "60000.00000000",
            "60000.00000000",
            2,
        )
        assert "ap" not in frame
        await right.next()
        for quiet in (other_product, other_host, spot, upper_case):
            await quiet.ask({"method": "LIST_SUBSCRIPTIONS", "id": 9})
            assert all(is_control(frame) for frame in quiet.frames)


async def test_a_pair_has_marks_of_all_its_contracts_and_an_index(served: Served) -> None:
    base = served.websocket["binance"]
    async with line(f"{base}/dstream/stream?streams=btcusd@markPrice@1s/btcusd@indexPrice@1s") as client:
        frames = {frame["stream"]: frame["data"] for frame in (await client.next(), await client.next())}
    marks, index = frames["btcusd@markPrice@1s"], frames["btcusd@indexPrice@1s"]
    assert [row["s"][:7] for row in marks] == ["BTCUSD_"] * 3
    assert [(row["r"] == "", row["T"] == 0) for row in marks] == [(False, False), (True, True), (True, True)]
    assert (index["e"], index["i"], index["p"]) == ("indexPriceUpdate", "BTCUSD", "60000.00000000")


async def test_either_host_tells_of_both_products_where_it_tells_of_all(served: Served) -> None:
    base = served.websocket["binance"]
    async with line(f"{base}/dstream/ws/!ticker@arr") as coin, line(f"{base}/market/ws/!ticker@arr") as usd:
        for client in (coin, usd):
            assert {row["st"] for row in await client.next()} == {1, 2}


# --- the market over REST --------------------------------------------------------------------------------------------


async def test_coin_margined_answers_are_arrays_in_contracts_and_coins(served: Served) -> None:
    for path in ("premiumIndex", "ticker/24hr", "ticker/bookTicker", "ticker/price"):
        rows = (await served.get("binance", f"/dapi/v1/{path}?symbol=BTCUSD_PERP")).json()
        assert [row["symbol"] for row in rows] == ["BTCUSD_PERP"]
    (day,) = (await served.get("binance", "/dapi/v1/ticker/24hr?symbol=BTCUSD_PERP")).json()
    coins, contracts = Decimal(day["baseVolume"]), Decimal(day["volume"])
    assert coins == pytest.approx(contracts * 100 / Decimal(day["weightedAvgPrice"]), rel=Decimal("0.001"))
    pair = (await served.get("binance", "/dapi/v1/premiumIndex?pair=ETHUSD")).json()
    assert len(pair) == 3
    refused = (await served.get("binance", "/dapi/v1/fundingRate")).json()
    assert refused["code"] == -1102


async def test_weight_is_shared_by_both_futures_products_and_not_by_spot(served: Served) -> None:
    name = "X-MBX-USED-WEIGHT-1M"
    first = int((await served.get("binance", "/fapi/v1/time")).headers[name])
    assert int((await served.get("binance", "/dapi/v1/time")).headers[name]) == first + 1
    assert int((await served.get("binance", "/api/v3/time")).headers[name]) == 1


# --- accounts --------------------------------------------------------------------------------------------------------


async def test_profit_fees_and_positions_are_in_the_coin(served: Served) -> None:
    await order(served, "SELL", "100")
    rows = {row["symbol"]: row for row in await asked(served, "GET", "/dapi/v1/positionRisk", pair="BTCUSD")}
    held = rows["BTCUSD_PERP"]
    assert (held["positionAmt"], held["marginType"], held["leverage"]) == ("-100", "cross", "10")
    assert {row["positionAmt"] for name, row in rows.items() if name != "BTCUSD_PERP"} == {"0"}
    entry = Decimal(held["entryPrice"])
    await served.inject("pin", coin="BTC", price=50_000)
    async with line(f"{served.websocket['binance']}/dstream/ws/{MARK}") as client:
        await client.until(lambda frame: frame["p"] == "50000.00000000")
    await order(served, "BUY", "100", reduceOnly="true")
    income = await asked(served, "GET", "/dapi/v1/income")
    (profit,) = [row for row in income if row["incomeType"] == "REALIZED_PNL" and Decimal(row["income"])]
    (_, closed) = await asked(served, "GET", "/dapi/v1/userTrades", symbol="BTCUSD_PERP")
    expected = 100 * 100 * (1 / Decimal(closed["price"]) - 1 / entry)
    assert profit["asset"] == "BTC"
    assert Decimal(profit["income"]) == pytest.approx(expected, abs=Decimal("1e-8"))
    fees = sum(Decimal(row["income"]) for row in income if row["incomeType"] == "COMMISSION")
    (btc,) = [row for row in await asked(served, "GET", "/dapi/v1/balance") if row["asset"] == "BTC"]
    assert Decimal(btc["balance"]) == 2 + Decimal(profit["income"]) + fees
    assert [row["balance"] for row in await asked(served, "GET", "/fapi/v3/balance")] == ["100000.00000000"]


async def test_each_product_has_a_listen_key_that_hears_its_own_events(served: Served) -> None:
    base = served.websocket["binance"]
    keys = {product: await listen_key(served, product) for product in ("fapi", "dapi")}
    assert keys["fapi"] != keys["dapi"]
    async with (
        line(f"{base}/private/ws/{keys['fapi']}") as usd,
        line(f"{base}/dstream/ws/{keys['dapi']}") as coin,
        line(f"{base}/dstream/ws/{keys['fapi']}") as wrong,
    ):
        await order(served, "SELL", "5")
        filled = await coin.until(lambda frame: frame["e"] == "ORDER_TRADE_UPDATE" and frame["o"]["X"] == "FILLED")
        assert (filled["o"]["ma"], filled["o"]["N"], filled["i"]) == ("BTC", "BTC", "SimA")
        update = await coin.until(event("ACCOUNT_UPDATE"))
        assert ([row["a"] for row in update["a"]["B"]], update["a"]["P"][0]["pa"]) == (["BTC"], "-5")
        for quiet in (usd, wrong):
            await quiet.ask({"method": "LIST_SUBSCRIPTIONS", "id": 9})
            assert all(is_control(frame) for frame in quiet.frames)


async def test_the_position_mode_is_that_of_both_products(served: Served) -> None:
    assert (await asked(served, "POST", "/dapi/v1/positionSide/dual", dualSidePosition="true"))["code"] == 200
    assert await asked(served, "GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    await order(served, "SELL", "5", positionSide="SHORT")
    assert (await order(served, "SELL", "5"))["code"] == -4061
    refused = await asked(served, "POST", "/fapi/v1/positionSide/dual", dualSidePosition="false")
    assert refused["code"] == -4068


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity": "0.5"}, -1111),
        ({"quantity": "0"}, -4003),
        ({"symbol": "BTCUSDT"}, -1121),
        ({"type": "LIMIT", "timeInForce": "GTX", "price": "59000"}, -5022),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "60000.05"}, -1111),
        ({"type": "STOP_MARKET"}, -4120),
        ({"reduceOnly": "true"}, -2022),
        ({"quantity": "900000"}, -2027),
    ],
)
async def test_orders_that_are_refused(served: Served, fields: Frame, code: int) -> None:
    usual = {"symbol": "BTCUSD_PERP", "side": "SELL", "type": "MARKET", "quantity": "5"}
    assert (await asked(served, "POST", "/dapi/v1/order", **(usual | fields)))["code"] == code


async def test_filters_of_positions_exclude_one_another(served: Served) -> None:
    answer = await asked(served, "GET", "/dapi/v1/positionRisk", pair="BTCUSD", marginAsset="BTC")
    assert answer["code"] == -1128
    rows = await asked(served, "GET", "/dapi/v1/positionRisk", marginAsset="ETH")
    assert {row["symbol"][:6] for row in rows} == {"ETHUSD"}


async def test_a_delivered_contract_is_closed_by_the_venue_and_listed_no_more(served: Served) -> None:
    rows = (await served.get("binance", "/dapi/v1/exchangeInfo")).json()["symbols"]
    name = next(row["symbol"] for row in rows if row["contractType"] == "CURRENT_QUARTER")
    async with line(f"{served.websocket['binance']}/dstream/ws/{await listen_key(served, 'dapi')}") as client:
        await order(served, "SELL", "5", symbol=name)
        await served.inject("deliver", venue="binance", category="coinm", symbol=name)
        closed = await client.until(
            lambda frame: frame["e"] == "ORDER_TRADE_UPDATE" and frame["o"]["c"].startswith("settlement_autoclose-")
        )
    assert (closed["o"]["s"], closed["o"]["x"]) == (name, "CALCULATED")
    left = {row["symbol"] for row in (await served.get("binance", "/dapi/v1/exchangeInfo")).json()["symbols"]}
    assert name not in left
    income = await asked(served, "GET", "/dapi/v1/income")
    assert {row["incomeType"] for row in income} >= {"DELIVERED_SETTELMENT", "COMMISSION"}


# --- spot ------------------------------------------------------------------------------------------------------------


def subscription(served: Served, secret: str | None = None, key: str | None = None) -> Frame:
    known = served.key("binance")
    parameters: dict[str, Any] = {"apiKey": key or known.key, "timestamp": wall_ms()}
    payload = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    parameters["signature"] = _hmac(secret or known.secret, payload)
    return {"id": "login", "method": "userDataStream.subscribe.signature", "params": parameters}


def heard(kind: str) -> Any:
    return lambda frame: frame.get("event", {}).get("e") == kind


async def subscribed(client: Line, served: Served) -> None:
    answer = await client.ask(subscription(served))
    assert (answer["id"], answer["status"], answer["result"]) == ("login", 200, {"subscriptionId": 0})


async def test_a_session_is_refused_by_key_and_signature(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/ws-api/v3") as client:
        assert (await client.ask({"id": 1, "method": "ping"}))["status"] == 200
        wrong = await client.ask(subscription(served, secret="wrong"))
        assert (wrong["status"], wrong["error"]["code"]) == (400, -1022)
        unknown = await client.ask(subscription(served, key="nobody"))
        assert (unknown["status"], unknown["error"]["code"]) == (401, -2015)
        assert (await client.ask({"id": 2, "method": "no.such"}))["error"]["code"] == -1020


async def test_a_spot_order_locks_and_moves_balances(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/ws-api/v3") as client:
        await subscribed(client, served)
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT_MAKER", "quantity": "0.5", "price": "61000"}
        placed = await asked(served, "POST", "/api/v3/order", newClientOrderId="spot-1", **fields)
        assert (placed["status"], placed["type"], placed["fills"]) == ("NEW", "LIMIT_MAKER", [])
        report = (await client.until(heard("executionReport")))["event"]
        assert (report["c"], report["x"], report["X"], report["t"]) == ("spot-1", "NEW", "NEW", -1)
        position = (await client.until(heard("outboundAccountPosition")))["event"]
        assert {row["a"]: (row["f"], row["l"]) for row in position["B"]}["BTC"] == ("1.50000000", "0.50000000")
        account = await asked(served, "GET", "/api/v3/account")
        assert {row["asset"]: row["locked"] for row in account["balances"]}["BTC"] == "0.50000000"
        crossing = await asked(served, "POST", "/api/v3/order", **fields | {"price": "59000"})
        assert (crossing["code"], crossing["msg"]) == (-2010, "Order would immediately match and take.")
        cancelled = await asked(served, "DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="spot-1")
        assert cancelled["status"] == "CANCELED"
        await client.until(lambda frame: frame.get("event", {}).get("X") == "CANCELED")


async def test_a_transfer_to_the_spot_wallet_is_told_as_a_difference_too(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/ws-api/v3") as client:
        await subscribed(client, served)
        key = served.key("binance").key
        await served.inject("transfer", venue="binance", key=key, asset="USDT", amount=250, wallet="spot")
        position = (await client.until(heard("outboundAccountPosition")))["event"]
        assert position["B"] == [{"a": "USDT", "f": "50250.00000000", "l": "0.00000000"}]
        update = (await client.until(heard("balanceUpdate")))["event"]
        assert (update["a"], update["d"]) == ("USDT", "250.00000000")


@pytest.mark.parametrize("fault", ["expire_key", "expire_listen_keys"])
async def test_a_subscription_ends_with_its_key(served: Served, fault: str) -> None:
    async with line(f"{served.websocket['binance']}/ws-api/v3") as client:
        await subscribed(client, served)
        named = {"key": served.key("binance").key} if fault == "expire_key" else {}
        await served.inject(fault, venue="binance", **named)
        assert (await client.until(heard("eventStreamTerminated")))["subscriptionId"] == 0


async def test_a_subscription_that_is_ended_is_silent(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/ws-api/v3") as client:
        await subscribed(client, served)
        ended = {"id": 2, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}}
        assert (await client.ask(ended))["status"] == 200
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
        assert (await asked(served, "POST", "/api/v3/order", **fields))["status"] == "FILLED"
        await client.ask({"id": 3, "method": "ping"})
        assert all(is_control(frame) for frame in client.frames)
