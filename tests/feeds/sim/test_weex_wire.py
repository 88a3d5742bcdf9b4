"""The simulated WEEX as any client meets it: signatures, errors, weights, sockets and their manners."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from feeds.sim.weex import protocol
from feeds.sim.weex import sockets as manners
from feeds.sim.wire import wall_ms
from tests.feeds.sim.lines import Frame, Line, hold_clock, line
from tests.feeds.weex.served import ServedWeex, serving
from tests.support.clocks import LoopClock

ORDER = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "positionSide": "SHORT",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "61000",
    "newClientOrderId": "hr-1",
}


@pytest.fixture
async def served() -> AsyncIterator[ServedWeex]:
    async with serving() as running:
        yield running


def headers(served: ServedWeex, text: str, *, late_ms: int = 0, permissions: str = "trade") -> dict[str, str]:
    key, stamp = served.key(permissions), str(wall_ms() - late_ms)
    return {
        "ACCESS-KEY": key.key,
        "ACCESS-SIGN": protocol.signature(key.secret, stamp + text),
        "ACCESS-PASSPHRASE": key.passphrase,
        "ACCESS-TIMESTAMP": stamp,
    }


async def ask(
    served: ServedWeex, method: str, path: str, body: Any = None, *, changed: dict[str, str] | None = None, **how: Any
) -> httpx.Response:
    """A signed request; ``changed`` spoils its headers."""
    content = "" if body is None else json.dumps(body)
    signed = headers(served, f"{method}{path}{content}", **how)
    if content:
        signed["Content-Type"] = "application/json"
    return await served.http.request(
        method, served.endpoints.rest + path, content=content or None, headers=signed | (changed or {})
    )


async def refused(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


# --- REST ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("1795399133952GET/capi/v3/account/balance", "Pp34GcJFKwdXuMLku3YTK60Nnd0D9wfzJ1A/ZQlwHjU="),
        (
            "1795399133952GET/capi/v3/account/position/singlePosition?symbol=ETHUSDT",
            "Z9CJGaPJ7UAkYBKGtnJj/opxqVTS8dWxh5Dz2GCwr/Q=",
        ),
        ("1795399133952/v3/ws/private", "+dUOwgQvs1feL4XvcS1f6sZYxuZi2DlJbSYrxFahJZw="),
    ],
)
def test_signatures_are_those_of_the_worked_examples(text: str, signature: str) -> None:
    assert protocol.signature("hedgerow-secret", text) == signature


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ACCESS-KEY": ""}, -1040),
        ({"ACCESS-SIGN": ""}, -1041),
        ({"ACCESS-TIMESTAMP": ""}, -1042),
        ({"ACCESS-TIMESTAMP": "soon"}, -1043),
        ({"ACCESS-KEY": "nobody"}, -1044),
        ({"ACCESS-PASSPHRASE": "wrong"}, -1049),
        ({"ACCESS-SIGN": "wrong"}, -1047),
    ],
)
async def test_what_is_wrong_with_a_signature_is_said(served: ServedWeex, changed: dict[str, str], code: int) -> None:
    answer = await ask(served, "GET", "/capi/v3/account/balance", changed=changed)
    assert (await refused(answer))[1] == code


async def test_signatures_hold_for_half_a_minute_and_for_the_exact_bytes(served: ServedWeex) -> None:
    path = "/capi/v3/account/position/singlePosition?symbol=BTCUSDT"
    assert (await ask(served, "GET", path, late_ms=29_000)).status_code == 200
    assert await refused(await ask(served, "GET", path, late_ms=31_000)) == (400, -1046)
    signed = headers(served, f"GET{path}")
    other = await served.http.get(f"{served.endpoints.rest}{path}&symbol=ETHUSDT", headers=signed)
    assert (await refused(other))[1] == -1047
    body = json.dumps(ORDER)
    signed = headers(served, f"POST/capi/v3/order{body}") | {"Content-Type": "application/json"}
    spaced = await served.http.post(f"{served.endpoints.rest}/capi/v3/order", content=f"{body} ", headers=signed)
    assert (await refused(spaced))[1] == -1047


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"symbol": "NOPEUSDT"}, 400, -1121),
        ({"symbol": "DOGEUSDT"}, 400, -1058),
        ({"side": "HOLD"}, 400, -1117),
        ({"type": "STOP"}, 400, -1116),
        ({"timeInForce": "GTX"}, 400, -1115),
        ({"newClientOrderId": None}, 400, -1141),
        ({"newClientOrderId": "x" * 37}, 400, -1180),
        ({"positionSide": None}, 400, -1141),
        ({"positionSide": "BOTH"}, 400, -1142),
        ({"quantity": "much"}, 400, -1142),
    ],
)
async def test_orders_of_a_wrong_form_are_refused(
    served: ServedWeex, changed: dict[str, Any], status: int, code: int
) -> None:
    assert await refused(await ask(served, "POST", "/capi/v3/order", ORDER | changed)) == (status, code)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"quantity": "0.00001"}, "-1160"),
        ({"price": "61000.01"}, "-1160"),
        ({"quantity": "1001"}, "-3007"),
        ({"quantity": "90"}, "-1054"),
        ({"side": "BUY"}, "-1054"),
        ({"side": "SELL", "positionSide": "LONG"}, "-1054"),
    ],
)
async def test_orders_that_the_account_cannot_bear_are_refused_with_status_200(
    served: ServedWeex, changed: dict[str, Any], code: str
) -> None:
    answer = await ask(served, "POST", "/capi/v3/order", ORDER | changed)
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["errorCode"]) == (False, code)


async def test_a_stray_reduce_only_is_tolerated_and_a_name_is_taken_once(served: ServedWeex) -> None:
    placed = (await ask(served, "POST", "/capi/v3/order", ORDER | {"reduceOnly": True})).json()
    assert (placed["success"], placed["clientOrderId"]) == (True, "hr-1")
    assert isinstance(placed["orderId"], str)
    again = (await ask(served, "POST", "/capi/v3/order", ORDER)).json()
    assert (again["success"], again["errorCode"]) == (False, "-1180")
    found = (await ask(served, "GET", f"/capi/v3/order?orderId={placed['orderId']}")).json()
    assert (found["orderId"], found["status"], found["positionSide"]) == (int(placed["orderId"]), "NEW", "SHORT")
    assert await refused(await ask(served, "GET", "/capi/v3/order?origClientOrderId=hr-1")) == (400, -1141)
    gone = (await ask(served, "DELETE", "/capi/v3/batchOrders", {"origClientOrderIdList": ["hr-1", "hr-2"]})).json()
    assert [row["success"] for row in gone] == [True, False]
    assert await refused(await ask(served, "DELETE", "/capi/v3/order?origClientOrderId=hr-1")) == (400, -3200)
    assert await refused(await ask(served, "DELETE", "/capi/v3/order")) == (400, -1140)
    assert await refused(await ask(served, "POST", "/capi/v3/batchOrders", {})) == (400, -1150)


async def test_a_key_for_reading_reads_and_no_more(served: ServedWeex) -> None:
    assert (await ask(served, "GET", "/capi/v3/openOrders", permissions="read")).json() == []
    assert await refused(await ask(served, "POST", "/capi/v3/order", ORDER, permissions="read")) == (403, -1052)


async def test_bodies_must_be_json_and_times_a_pair(served: ServedWeex) -> None:
    path = "/capi/v3/account/income"
    text = "{not json"
    signed = headers(served, f"POST{path}{text}") | {"Content-Type": "application/json"}
    broken = await served.http.post(served.endpoints.rest + path, content=text, headers=signed)
    assert await refused(broken) == (400, -1135)
    plain = await ask(served, "POST", path, {}, changed={"Content-Type": "text/plain"})
    assert await refused(plain) == (400, -1045)
    assert await refused(await ask(served, "POST", path, {"startTime": 1})) == (400, -1170)
    assert await refused(await ask(served, "POST", path, {"startTime": 5, "endTime": 1})) == (400, -1171)
    assert (await ask(served, "POST", path, {})).json() == {"hasNextPage": False, "nextKey": None, "items": []}


async def test_settings_are_set_and_told(served: ServedWeex) -> None:
    leverage = {"symbol": "BTCUSDT", "isolatedLongLeverage": "7", "isolatedShortLeverage": 9, "marginType": "ISOLATED"}
    assert (await ask(served, "POST", "/capi/v3/account/leverage", leverage)).json()["isolatedShortLeverage"] == "9"
    mode = {"symbol": "BTCUSDT", "marginType": "ISOLATED", "separatedType": "COMBINED"}
    assert (await ask(served, "POST", "/capi/v3/account/marginType", mode)).json()["code"] == "200"
    (row,) = (await ask(served, "GET", "/capi/v3/account/symbolConfig?symbol=BTCUSDT")).json()
    assert (row["marginType"], row["isolatedLongLeverage"], row["crossLeverage"]) == ("ISOLATED", "7", "10")
    too_high = {"symbol": "BTCUSDT", "crossLeverage": "500"}
    assert await refused(await ask(served, "POST", "/capi/v3/account/leverage", too_high)) == (400, -3313)
    await ask(served, "POST", "/capi/v3/order", ORDER | {"price": "59500"})
    (held,) = (await ask(served, "GET", "/capi/v3/account/position/allPosition")).json()
    more = {"isolatedPositionId": held["id"], "amount": "100", "type": 1}
    assert (await ask(served, "POST", "/capi/v3/account/positionMargin", more)).json()["msg"] == "success"
    (after,) = (await ask(served, "GET", "/capi/v3/account/position/allPosition")).json()
    assert float(after["isolatedMargin"]) - float(held["isolatedMargin"]) == pytest.approx(100)
    assert float(after["liquidatePrice"]) > float(held["liquidatePrice"]) > 60_000
    assert await refused(await ask(served, "POST", "/capi/v3/account/marginType", mode)) == (400, -1190)
    (closed,) = (await ask(served, "POST", "/capi/v3/closePositions", {"symbol": "BTCUSDT"})).json()
    assert (closed["positionId"], closed["success"]) == (held["id"], True)
    assert (await ask(served, "GET", "/capi/v3/account/position/allPosition")).json() == []


async def test_weights_are_told_and_too_much_is_refused(served: ServedWeex, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_clock(monkeypatch)
    path = f"{served.endpoints.rest}/capi/v3/market/ticker/24hr"
    answers = [await served.http.get(path) for _ in range(14)]
    assert answers[0].headers["x-remaining-weight-10s"] == "460"
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[-1].status_code == 429
    used = [int(answer.headers["x-used-weight-10s"]) for answer in answers]
    assert max(used) > 500


async def test_an_unknown_path_is_answered_by_the_framework(served: ServedWeex) -> None:
    answer = await served.http.get(f"{served.endpoints.rest}/capi/v3/market/nothing")
    assert answer.status_code == 404
    assert answer.json().keys() == {"timestamp", "status", "error", "path"}


async def test_a_dead_row_is_among_the_funding_rates_of_all(served: ServedWeex) -> None:
    rows = (await served.http.get(f"{served.endpoints.rest}/capi/v3/market/premiumIndex")).json()
    assert {row["symbol"]: row["collectCycle"] for row in rows} == {
        "BTCUSDT": 480,
        "ETHUSDT": 480,
        "SOLUSDT": 240,
        "DOGEUSDT": 60,
        "LUNAUSDT": 480,
    }
    assert [row["symbol"] for row in rows if row["nextFundingTime"] == 0] == ["LUNAUSDT"]


# --- sockets ---------------------------------------------------------------------------------------------------------


def public(served: ServedWeex, host: str = "contract") -> str:
    return f"{served.endpoints.websocket}/{host}/v3/ws/public"


async def asked(client: Line, method: str, *channels: str, identity: int | str = 1) -> Frame:
    await client.send({"method": method, "params": list(channels), "id": identity})
    answer: Frame = await client.until(lambda frame: "result" in frame)
    return answer


async def test_a_socket_is_greeted_and_answers_with_the_id_it_was_asked_with(served: ServedWeex) -> None:
    async with line(public(served)) as client:
        greeting = await client.next()
        assert greeting["event"] == "connected"
        assert greeting["time"].isdigit()
        for identity in (5, "text"):
            assert await asked(client, "SUBSCRIBE", "BTCUSDT@ticker", identity=identity) == {
                "result": True,
                "id": identity,
            }
        await client.send({"method": "PING", "id": 9})
        assert await client.until(lambda frame: frame.get("id") == 9) == {"result": True, "id": 9}


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("NOPEUSDT@ticker", "invalid symbol : NOPEUSDT"),
        ("BTCUSDT@depth50", "invalid depth level : 50"),
        ("BTCUSDT@nope", "invalid event : nope"),
        ("BTCUSDT@bookTicker", "invalid event : bookTicker"),
    ],
)
async def test_one_bad_channel_refuses_the_whole_request(served: ServedWeex, channel: str, words: str) -> None:
    async with line(public(served)) as client:
        answer = await asked(client, "SUBSCRIBE", "BTCUSDT@ticker", channel)
        assert answer == {"result": False, "id": 1, "msg": f"INVALID_ARGUMENT: {words}"}
        assert not [topic for topic in served.venue.hub.topics() if "ticker" in topic]
        await client.send("hello")
        assert await client.next() == {"result": False, "msg": "INVALID_ARGUMENT: unrecognized message : hello"}


@pytest.mark.parametrize("host", ["contract", "spot"])
async def test_a_snapshot_comes_before_its_ack_and_each_change_continues_the_last(
    served: ServedWeex, host: str
) -> None:
    async with line(public(served, host)) as client, line(public(served, host)) as late:
        await client.send({"method": "SUBSCRIBE", "params": ["btcusdt@depth15"], "id": 1})
        frames = [await client.next() for _ in range(3)]
        assert [frame.get("e", "ack") for frame in frames[1:]] == ["depthSnapshot", "ack"]
        start = frames[1]
        assert (start["d"], start["l"], len(start["b"]), start["s"]) == ("SNAPSHOT", 15, 15, "BTCUSDT")
        await late.send({"method": "SUBSCRIBE", "params": ["BTCUSDT@depth15"], "id": 1})
        begun = await late.until(lambda frame: frame.get("e") == "depthSnapshot")
        assert (await late.until(lambda frame: frame.get("e") == "depth"))["U"] == begun["u"]
        last, bids, states = start["u"], dict(start["b"]), [start["u"]]
        while len(states) < 5 or last < begun["u"]:
            change = await client.until(lambda frame: frame.get("e") == "depth")
            assert (change["U"], change["d"]) == (last, "CHANGED")
            last = change["u"]
            states.append(last)
            bids = {price: size for price, size in (bids | dict(change["b"])).items() if size != "0"}
            assert len(bids) == 15
        assert begun["u"] in states, "who comes late begins where the others are"


async def test_a_delisted_contract_is_acknowledged_and_empty(served: ServedWeex) -> None:
    await served.inject("delist", venue="weex", category="linear", symbol="SOLUSDT")
    async with line(public(served)) as client:
        await client.send({"method": "SUBSCRIBE", "params": ["SOLUSDT@depth15", "SOLUSDT@ticker"], "id": 1})
        empty = await client.until(lambda frame: frame.get("e") == "depthSnapshot")
        assert (empty["U"], empty["u"], empty["b"], empty["a"]) == (0, 0, [], [])
        assert (await client.next())["result"]


async def test_a_ticker_has_mark_and_index_as_fractions_and_no_best_prices(served: ServedWeex) -> None:
    async with line(public(served)) as client:
        await client.send({"method": "SUBSCRIBE", "params": ["BTCUSDT@ticker"], "id": 1})
        (row,) = (await client.until(lambda frame: frame.get("e") == "ticker"))["d"]
    assert (float(row["m"]), float(row["i"])) == (60_000, 60_000)
    assert float(row["P"]) == pytest.approx(float(row["p"]) / float(row["o"]), abs=1e-6)
    assert not row.keys() & {"b", "a", "B", "A", "r"}


async def test_who_does_not_answer_pings_is_cut_and_who_does_is_not(
    served: ServedWeex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "PING_MS", 500)
    monkeypatch.setattr(manners, "UNANSWERED", 2)
    clock = LoopClock()
    monkeypatch.setattr(manners, "wall_ms", lambda: clock.now_ns() // 1_000_000)
    ticking = asyncio.create_task(clock.run())
    async with line(public(served)) as rude, line(public(served)) as polite:
        for client in (rude, polite):
            await asked(client, "SUBSCRIBE", "SOLUSDT@depth200")

        async def answer() -> None:
            while True:
                ping = await polite.until(lambda frame: frame.get("event") == "ping")
                assert ping["time"].isdigit()
                await polite.send({"method": "PONG", "id": 7})

        answering = asyncio.ensure_future(answer())
        await rude.ended()
        assert [frame for frame in rude.frames if frame.get("event") == "ping"]
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await polite.send({"method": "PING", "id": 99})
        await polite.until(lambda frame: frame.get("id") == 99)
    ticking.cancel()


async def test_channels_and_operations_are_limited(served: ServedWeex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "CHANNELS", 2)
    monkeypatch.setattr(manners, "OPERATIONS_PER_HOUR", 3)
    async with line(public(served)) as client:
        three = ("BTCUSDT@ticker", "ETHUSDT@ticker", "SOLUSDT@ticker")
        assert "too many channels" in (await asked(client, "SUBSCRIBE", *three))["msg"]
        assert (await asked(client, "SUBSCRIBE", *three[:2]))["result"]
        assert (await asked(client, "UNSUBSCRIBE", *three[:2]))["result"]
        assert "too many operations" in (await asked(client, "SUBSCRIBE", three[0]))["msg"]


# --- private sockets -------------------------------------------------------------------------------------------------


def private(served: ServedWeex, host: str = "contract") -> str:
    return f"{served.endpoints.websocket}/{host}/v3/ws/private"


@pytest.mark.parametrize("text", ["", "GET/v3/ws/private", "/contract/v3/ws/private"])
async def test_a_handshake_must_sign_the_constant_text(served: ServedWeex, text: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with line(private(served), additional_headers=headers(served, text)):
            raise AssertionError("let in")
    assert refusal.value.response.status_code == 401
    async with line(private(served), additional_headers=headers(served, "/v3/ws/private")) as client:
        assert (await client.next())["event"] == "connected"


async def test_private_frames_count_up_and_tell_what_changed(served: ServedWeex) -> None:
    async with line(private(served), additional_headers=headers(served, "/v3/ws/private")) as client:
        assert (await asked(client, "SUBSCRIBE", "account", "positions", "orders", "fill"))["result"]
        assert "invalid event" in (await asked(client, "SUBSCRIBE", "trades"))["msg"]
        await ask(served, "POST", "/capi/v3/order", ORDER | {"price": "59500"})
        frames = [await client.next() for _ in range(5)]
        assert [frame["e"] for frame in frames] == ["orders", "fill", "orders", "positions", "account"]
        assert [frame["v"] for frame in frames] == sorted({frame["v"] for frame in frames})
        (fill,), (held,) = frames[1]["d"], frames[3]["d"]
        assert float(fill["fillValue"]) / float(fill["fillSize"]) == pytest.approx(60_000, rel=1e-4)
        assert (held["side"], held["size"], held["openValue"]) == (
            "SHORT",
            "0.1",
            fill["fillValue"].rstrip("0").rstrip("."),
        )
        assert not held.keys() & {"liquidatePrice", "unrealizePnl", "asset", "marginType"}
        assert isinstance(held["updatedTime"], str)
        await served.inject("fund", venue="weex", category="linear", symbol="BTCUSDT")
        settled = await client.until(lambda frame: frame.get("e") == "account")
        assert settled["msgEvent"] == "PositionFundingSettle"


async def test_spot_tells_its_own_wallet(served: ServedWeex) -> None:
    async with line(private(served, "spot"), additional_headers=headers(served, "/v3/ws/private")) as client:
        assert (await asked(client, "SUBSCRIBE", "account"))["result"]
        await served.inject("transfer", venue="weex", key=served.key().key, asset="BTC", amount="0.5", wallet="spot")
        (row,) = (await client.until(lambda frame: frame.get("e") == "account"))["d"]
    assert row == {"coin": "BTC", "equity": "2.50000000", "available": "2.50000000", "frozen": "0"}


async def test_a_private_ping_has_a_name_of_its_own(served: ServedWeex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "PING_MS", 100)
    async with line(private(served), additional_headers=headers(served, "/v3/ws/private")) as client:
        await asked(client, "SUBSCRIBE", "orders")
        ping = await client.until(lambda frame: "time" in frame and frame.get("event") != "connected")
        assert ping["type"] == "ping"
