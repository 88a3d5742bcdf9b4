"""Binance's manners over real ports: routes, acks and silence, user data, orders, weights."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from feeds.sim.wire import wall_ms
from tests.feeds.sim.lines import Frame, Line, Served, event, hold_clock, is_control, line, serving

PINNED = {"BTC": "60000"}
MARK, BOOK = "btcusdt@markPrice@1s", "btcusdt@bookTicker"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins=PINNED) as running:
        yield running


async def order(served: Served, method: str = "POST", **fields: Any) -> Frame:
    parameters = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1", **fields}
    body: Frame = (await served.binance(method, "/fapi/v1/order", parameters)).json()
    return body


async def user_stream(served: Served) -> str:
    answer = await served.http.post(
        served.rest["binance"] + "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": served.key("binance").key}
    )
    return str(answer.json()["listenKey"])


async def silent_beside(quiet: Sequence[Line], busy: Line, frames: int = 2) -> None:
    """The quiet lines bring nothing but answers while ``busy`` brings so many frames; then they still answer."""
    for _ in range(frames):
        await busy.next()
    for client in quiet:
        await client.ask({"method": "LIST_SUBSCRIPTIONS", "id": 99})
        assert all(is_control(frame) for frame in client.frames)


async def test_mark_price_frames(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/market/ws/{MARK}") as client:
        first, second = await client.next(), await client.next()
        assert first["e"] == "markPriceUpdate"
        assert (first["s"], first["p"], first["i"]) == ("BTCUSDT", "60000.00000000", "60000.00000000")
        assert second["E"] - first["E"] == 1000
        assert first["T"] % 28_800_000 == 0
        assert first["st"] == 1


async def test_the_wrong_route_opens_and_is_silent(served: Served) -> None:
    base = served.websocket["binance"]
    async with (
        line(f"{base}/public/ws/{MARK}") as public,
        line(f"{base}/ws/{MARK}") as unrouted,
        line(f"{base}/market/ws/{BOOK}") as market,
        line(f"{base}/market/ws/BTCUSDT@markPrice@1s") as upper_case,
        line(f"{base}/market/ws/{MARK}") as right,
    ):
        await silent_beside([public, unrouted, market, upper_case], right)


async def test_a_subscription_on_the_wrong_route_is_acked_and_silent(served: Served) -> None:
    base = served.websocket["binance"]
    async with line(f"{base}/public/stream") as wrong, line(f"{base}/market/ws/{MARK}") as right:
        asked = [MARK, "BTCUSDT@bookTicker", "nocoin@bookTicker", "btcusdt@nothing"]
        assert await wrong.ask({"method": "SUBSCRIBE", "params": asked, "id": 1}) == {"result": None, "id": 1}
        await silent_beside([wrong], right)
        assert (await wrong.ask({"method": "LIST_SUBSCRIPTIONS", "id": 3}))["result"] == asked


async def test_ids_are_echoed_with_their_type(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/market/ws") as client:
        for identity in (1, -5, "a-text", str(uuid.uuid4()), None):
            answer = await client.ask({"method": "SUBSCRIBE", "params": [MARK], "id": identity})
            assert answer == {"result": None, "id": identity}


async def test_control_errors(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/market/ws") as client:
        for request, code in (
            ({"method": "NOTHING", "params": [], "id": 1}, 2),
            ({"method": "SUBSCRIBE", "id": 2}, 2),
            ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 3}, 1),
            ({"method": "GET_PROPERTY", "params": ["unheard"], "id": 4}, 0),
        ):
            answer = await client.ask(request)
            assert (answer["error"]["code"], answer["id"]) == (code, request["id"])
        await client.send("{not json")
        assert (await client.until(lambda frame: "error" in frame))["error"]["code"] == 3


async def test_combined_and_raw_shapes(served: Served) -> None:
    base = served.websocket["binance"]
    async with line(f"{base}/market/stream?streams={MARK}/ethusdt@markPrice@1s") as combined:
        names = {(await combined.next())["stream"] for _ in range(2)}
        assert names == {MARK, "ethusdt@markPrice@1s"}
    async with line(f"{base}/market/ws/{MARK}") as client:
        assert "e" in await client.next()
        await client.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 1})
        assert (await client.until(lambda frame: "stream" in frame))["data"]["e"] == "markPriceUpdate"
        assert (await client.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 2}))["result"] is True


async def test_a_shard_number_is_no_stream(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/market/ws/0") as client:
        assert (await client.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1}))["result"] == []
        await client.ask({"method": "SUBSCRIBE", "params": ["!markPrice@arr@1s"], "id": 2})
        frame = await client.until(lambda frame: isinstance(frame, list))
        assert [row["s"] for row in frame[:4]] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"]
        assert frame[4]["s"].startswith("BTCUSDT_")
        assert (frame[4]["r"], frame[4]["T"]) == ("", 0)


async def test_all_market_streams_carry_both_products_told_apart_by_st(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/market/ws/!miniTicker@arr") as client:
        rows = await client.next()
        coin_margined = {row["s"] for row in rows if row["st"] == 2}
        assert {"BTCUSD_PERP", "ETHUSD_PERP"} < coin_margined
        assert coin_margined == {row["s"] for row in rows if "USD_" in row["s"]}
        assert len(rows) == 13


async def test_book_ticker_is_on_the_public_route_and_spot_has_no_event_type(served: Served) -> None:
    base = served.websocket["binance"]
    async with line(f"{base}/public/ws/{BOOK}") as futures, line(f"{base}/ws/{BOOK}") as spot:
        assert (await futures.next())["e"] == "bookTicker"
        frame = await spot.next()
        assert sorted(frame) == ["A", "B", "a", "b", "s", "u"]
        assert (Decimal(frame["b"]) + Decimal(frame["a"])) / 2 == 60_000


async def test_depth_differences_continue_a_snapshot(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/public/ws/solusdt@depth@100ms") as client:
        await client.next()
        snapshot = (await served.get("binance", "/fapi/v1/depth?symbol=SOLUSDT&limit=100")).json()
        update = snapshot["lastUpdateId"]
        book = {
            side: {Decimal(p): Decimal(q) for p, q in snapshot[name]} for side, name in (("b", "bids"), ("a", "asks"))
        }
        first = await client.until(lambda frame: frame["u"] > update)
        assert first["U"] <= update + 1
        previous = first
        for frame in [first, *[await client.next() for _ in range(5)]]:
            assert frame is first or frame["pu"] == previous["u"]
            previous = frame
            for side in "ba":
                book[side] |= {Decimal(price): Decimal(size) for price, size in frame[side]}
        best = {side: [price for price, size in book[side].items() if size] for side in "ba"}
        assert max(best["b"]) < min(best["a"])


async def test_more_than_ten_messages_a_second_close_the_socket(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = wall_ms()
    monkeypatch.setattr("feeds.sim.binance.streams.wall_ms", lambda: now)
    async with line(f"{served.websocket['binance']}/market/ws") as client:
        for number in range(10):
            await client.ask({"method": "LIST_SUBSCRIPTIONS", "id": number})
        await client.send({"method": "LIST_SUBSCRIPTIONS", "id": 10})
        await client.ended()
        assert client.connection.close_code == 1008


async def test_a_socket_lives_its_day_and_no_longer() -> None:
    async with serving(lifetime=1) as served, line(f"{served.websocket['binance']}/market/ws/{MARK}") as client:
        await client.ended()
        assert client.connection.close_code == 1001


async def test_rest_market_data(served: Served) -> None:
    info = (await served.get("binance", "/fapi/v1/exchangeInfo")).json()
    kinds = [(row["pair"], row["contractType"]) for row in info["symbols"]]
    perpetuals = [(f"{coin}USDT", "PERPETUAL") for coin in ("BTC", "ETH", "SOL", "DOGE")]
    dated = [("BTCUSDT", "CURRENT_QUARTER"), ("BTCUSDT", "NEXT_QUARTER"), ("ETHUSDT", "CURRENT_QUARTER")]
    assert kinds == [*perpetuals, *dated]
    filters = {row["filterType"]: row for row in info["symbols"][0]["filters"]}
    assert (filters["PRICE_FILTER"]["tickSize"], filters["MIN_NOTIONAL"]["notional"]) == ("0.1", "100")
    intervals = {
        row["symbol"]: row["fundingIntervalHours"]
        for row in (await served.get("binance", "/fapi/v1/fundingInfo")).json()
    }
    assert intervals == {"SOLUSDT": 4, "DOGEUSDT": 1}
    one = (await served.get("binance", "/fapi/v1/premiumIndex?symbol=BTCUSDT")).json()
    assert (one["markPrice"], one["indexPrice"]) == ("60000.00000000", "60000.00000000")
    everything = (await served.get("binance", "/fapi/v1/premiumIndex")).json()
    assert [row["lastFundingRate"] == "" for row in everything] == [False] * 4 + [True] * 3
    rates = (await served.get("binance", "/fapi/v1/fundingRate?symbol=SOLUSDT&limit=3")).json()
    assert [row["fundingTime"] for row in rates] == sorted(row["fundingTime"] for row in rates)
    unknown = await served.get("binance", "/fapi/v1/premiumIndex?symbol=NOUSDT")
    assert (unknown.status_code, unknown.json()["code"]) == (400, -1121)
    spot = (await served.get("binance", "/api/v3/ticker/price?symbol=BTCUSDT")).json()
    assert Decimal(spot["price"]) == 60_000


async def test_keys_signatures_and_windows(served: Served) -> None:
    base = served.rest["binance"]
    assert (await served.http.get(f"{base}/fapi/v3/account")).json()["code"] == -2014
    stranger = await served.http.get(f"{base}/fapi/v3/account", headers={"X-MBX-APIKEY": "nobody"})
    assert (stranger.status_code, stranger.json()["code"]) == (401, -2015)
    headers = {"X-MBX-APIKEY": served.key("binance").key}
    unsigned = await served.http.get(f"{base}/fapi/v3/account?timestamp=1", headers=headers)
    assert unsigned.json()["code"] == -1102
    forged = await served.http.get(f"{base}/fapi/v3/account?timestamp=1&signature=00", headers=headers)
    assert (forged.status_code, forged.json()["code"]) == (400, -1021)
    await served.inject("skew", venue="binance", milliseconds=10_000)
    assert (await served.binance("GET", "/fapi/v3/account")).json()["code"] == -1021
    await served.inject("clear")
    reading = await served.binance(
        "POST", "/fapi/v1/leverage", {"symbol": "BTCUSDT", "leverage": 5}, key=served.key("binance", "read")
    )
    assert reading.json()["code"] == -2015
    rights = await served.binance("GET", "/sapi/v1/account/apiRestrictions", key=served.key("binance", "withdraw"))
    assert rights.json()["enableWithdrawals"] is True


async def test_an_order_fills_and_is_told_to_every_socket_of_the_listen_key(served: Served) -> None:
    key = await user_stream(served)
    base = served.websocket["binance"]
    async with (
        line(f"{base}/private/ws/{key}") as raw,
        line(f"{base}/private/ws?listenKey={key}&events=ACCOUNT_UPDATE") as filtered,
        line(f"{base}/private/stream") as combined,
    ):
        await combined.ask({"method": "SUBSCRIBE", "params": [key], "id": "1"})
        answer = await order(served, newOrderRespType="RESULT", newClientOrderId="one")
        assert (answer["status"], answer["executedQty"], answer["clientOrderId"]) == ("FILLED", "0.1", "one")
        assert "avgPrice" not in answer
        new, trade = await raw.next(), await raw.next()
        assert [(frame["o"]["x"], frame["o"]["X"]) for frame in (new, trade)] == [("NEW", "NEW"), ("TRADE", "FILLED")]
        assert "n" not in new["o"]
        assert (trade["o"]["L"], trade["o"]["m"]) == ("59999.90", False)
        account = await raw.next()
        assert (account["e"], account["a"]["m"], account["a"]["P"][0]["pa"]) == ("ACCOUNT_UPDATE", "ORDER", "-0.1")
        assert (await filtered.next())["e"] == "ACCOUNT_UPDATE"
        assert (await combined.next())["stream"] == key
    query = (await served.binance("GET", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "one"})).json()
    assert (query["status"], query["avgPrice"]) == ("FILLED", "59999.9")
    (row,) = (await served.binance("GET", "/fapi/v3/positionRisk")).json()
    assert (row["symbol"], row["positionAmt"]) == ("BTCUSDT", "-0.1")
    assert "leverage" not in row
    config = (await served.binance("GET", "/fapi/v1/symbolConfig", {"symbol": "BTCUSDT"})).json()
    assert (config[0]["leverage"], config[0]["marginType"]) == (10, "CROSSED")
    (fee,) = (await served.binance("GET", "/fapi/v1/income")).json()
    assert (fee["incomeType"], fee["income"]) == ("COMMISSION", "-2.99999500")


async def test_listen_keys(served: Served) -> None:
    key = await user_stream(served)
    assert await user_stream(served) == key
    base, headers = served.rest["binance"] + "/fapi/v1/listenKey", {"X-MBX-APIKEY": served.key("binance").key}
    assert (await served.http.put(base, headers=headers)).json()["listenKey"] == key
    streams = served.websocket["binance"]
    async with line(f"{streams}/private/ws/{key}") as live, line(f"{streams}/private/ws/unknown") as strange:
        await order(served)
        await live.until(event("ACCOUNT_UPDATE"))
        await served.inject("expire_listen_keys")
        assert (await live.until(event("listenKeyExpired")))["listenKey"] == key
        await order(served)
        assert await user_stream(served) != key
        for client in (live, strange):
            before = len(client.frames)
            await client.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            assert len(client.frames) == before + 1
    await served.http.delete(base, headers=headers)
    assert (await served.http.put(base, headers=headers)).json()["code"] == -1125


REFUSALS: list[tuple[Frame, int]] = [
    ({"quantity": "0.0001"}, -1111),
    ({"quantity": "0.001"}, -4164),
    ({"quantity": "0"}, -4003),
    ({"quantity": "5000"}, -4005),
    ({"quantity": "900"}, -2027),
    ({"quantity": "50"}, -2019),
    ({"reduceOnly": "true"}, -2022),
    ({"positionSide": "SHORT"}, -4061),
    ({"type": "STOP_MARKET"}, -4120),
    ({"type": "LIMIT", "timeInForce": "GTX", "price": "59000"}, -5022),
    ({"type": "LIMIT", "timeInForce": "FOK", "price": "61000"}, -5021),
    ({"type": "LIMIT", "timeInForce": "GTC", "price": "61000.05"}, -1111),
    ({"type": "LIMIT", "timeInForce": "GTC", "price": "10000"}, -4024),
    ({"symbol": "NOUSDT"}, -1121),
    ({"side": "HOLD"}, -1117),
]


async def test_orders_are_refused_with_the_venue_s_codes(served: Served) -> None:
    found = [(fields, (await order(served, **fields))["code"]) for fields, _ in REFUSALS]
    assert found == REFUSALS


async def test_a_client_id_is_free_again_once_its_order_is_filled(served: Served) -> None:
    resting = {"type": "LIMIT", "timeInForce": "GTC", "price": "61000", "newClientOrderId": "twice"}
    first = await order(served, **resting)
    assert (await order(served, **resting))["code"] == -4116
    await served.inject("pin", coin="BTC", price="61500")
    async with line(f"{served.websocket['binance']}/public/ws/{BOOK}") as client:
        await client.until(lambda frame: Decimal(frame["b"]) > 61_000)
    again = await order(served, **resting | {"price": "62000"})
    assert again["orderId"] != first["orderId"]


async def test_cancelling(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_clock(monkeypatch)
    made = await order(served, type="LIMIT", timeInForce="GTC", price="61000")
    which = {"symbol": "BTCUSDT", "orderId": made["orderId"]}
    assert (await served.binance("DELETE", "/fapi/v1/order", which)).json()["status"] == "CANCELED"
    assert (await served.binance("DELETE", "/fapi/v1/order", which)).json()["code"] == -2011
    missing = await served.binance("GET", "/fapi/v1/order", {"symbol": "BTCUSDT", "orderId": 1})
    assert missing.json()["code"] == -2013
    counted = await served.binance("POST", "/fapi/v1/order", {"symbol": "BTCUSDT"})
    assert counted.headers["X-MBX-ORDER-COUNT-10S"] == "2"


async def test_modes_and_leverage(served: Served) -> None:
    async def setting(path: str, **parameters: Any) -> Frame:
        body: Frame = (await served.binance("POST", f"/fapi/v1/{path}", parameters)).json()
        return body

    assert (await setting("marginType", symbol="BTCUSDT", marginType="CROSSED"))["code"] == -4046
    assert (await setting("marginType", symbol="BTCUSDT", marginType="ISOLATED"))["code"] == 200
    assert (await setting("leverage", symbol="BTCUSDT", leverage=4))["leverage"] == 4
    assert (await setting("leverage", symbol="BTCUSDT", leverage=500))["code"] == -4028
    assert (await setting("positionSide/dual", dualSidePosition="false"))["code"] == -4059
    await order(served)
    assert (await setting("marginType", symbol="BTCUSDT", marginType="CROSSED"))["code"] == -4048
    (before,) = (await served.binance("GET", "/fapi/v3/positionRisk")).json()
    assert Decimal(before["isolatedWallet"]) == Decimal("1499.9975")
    assert (await setting("positionMargin", symbol="BTCUSDT", amount="500", type=1))["code"] == 200
    (after,) = (await served.binance("GET", "/fapi/v3/positionRisk")).json()
    assert Decimal(after["liquidationPrice"]) > Decimal(before["liquidationPrice"]) > 60_000
    assert (await setting("positionMargin", symbol="BTCUSDT", amount="600", type=2))["code"] == -4053


async def test_weight_is_counted_refused_and_banned(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_clock(monkeypatch)
    answer = await served.get("binance", "/fapi/v1/ticker/24hr")
    used = int(answer.headers["X-MBX-USED-WEIGHT-1M"])
    assert used >= 40
    statuses = []
    for _ in range(90):
        answer = await served.get("binance", "/fapi/v1/ticker/24hr")
        statuses.append(answer.status_code)
    assert statuses[0] == 200
    assert 429 in statuses
    assert statuses[-1] == 418
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == -1003
    assert (await served.get("binance", "/api/v3/time")).status_code == 200


async def test_funding_and_liquidation_events(served: Served) -> None:
    key = await user_stream(served)
    base = served.websocket["binance"]
    async with line(f"{base}/private/ws/{key}") as client, line(f"{base}/market/ws/btcusdt@forceOrder") as everybody:
        await order(served)
        await client.until(event("ACCOUNT_UPDATE"))
        await served.inject("fund", venue="binance", category="usdm", symbol="BTCUSDT")
        paid = await client.until(event("ACCOUNT_UPDATE"))
        assert (paid["a"]["m"], paid["a"]["P"], paid["a"]["S"]) == ("FUNDING_FEE", [], "BTCUSDT")
        rows = (await served.binance("GET", "/fapi/v1/income", {"incomeType": "FUNDING_FEE"})).json()
        assert Decimal(paid["a"]["B"][0]["bc"]) == Decimal(rows[0]["income"])
        mine = {"venue": "binance", "category": "usdm", "symbol": "BTCUSDT", "key": served.key("binance").key}
        await served.inject("liquidate", **mine)
        gone = await client.until(event("ORDER_TRADE_UPDATE"))
        assert (gone["o"]["x"], gone["o"]["c"][:10]) == ("CALCULATED", "autoclose-")
        assert (await everybody.next())["o"]["q"] == "0.1"
        assert (await served.binance("GET", "/fapi/v3/positionRisk")).json() == []
