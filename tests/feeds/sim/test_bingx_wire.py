"""BingX's manners over real ports: what a client of the venue relies on, and what it must not."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from feeds.sim.bingx import streams
from feeds.sim.process import ApiKey
from feeds.sim.simulator import Simulator, SimulatorOptions
from feeds.sim.wire import wall_ms
from tests.support.clocks import LoopClock
from tests.support.patience import PATIENCE

Frame = dict[str, Any]


class Served:
    """A simulated BingX that listens in this process."""

    def __init__(self, simulator: Simulator, announced: Any) -> None:
        self.simulator = simulator
        self.rest: str = announced["venues"]["bingx"]["rest"]
        self.websocket: str = announced["venues"]["bingx"]["websocket"]
        self.keys = {key["permissions"]: ApiKey(**key) for key in announced["api_keys"]}
        self.http = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)
        self.clock_ms = wall_ms

    def hold_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let time stand for requests and for what the venue checks and counts of them, but for :meth:`later`."""
        now = wall_ms()
        self.clock_ms = lambda: now
        monkeypatch.setattr("feeds.sim.rest_faults.wall_ms", self.clock_ms)

    def later(self, milliseconds: int) -> None:
        """Put the venue's clock so far ahead."""
        self.simulator.venues["bingx"].faults.skew_ms += milliseconds

    async def get(self, path: str) -> httpx.Response:
        """A public request."""
        return await self.http.get(self.rest + path)

    async def signed(
        self,
        method: str,
        path: str,
        parameters: Frame | None = None,
        *,
        permissions: str = "trade",
        late_ms: int = 0,
        spoil: Callable[[Frame], Frame] = lambda fields: fields,
        as_body: bool = False,
    ) -> httpx.Response:
        """A signed request; ``spoil`` changes what is sent after it was signed."""
        key = self.keys[permissions]
        fields = {name: str(value) for name, value in (parameters or {}).items()}
        fields["timestamp"] = str(self.clock_ms() - late_ms)
        payload = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        fields["signature"] = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        fields = spoil(fields)
        headers = {"X-BX-APIKEY": key.key}
        if as_body:
            return await self.http.request(method, self.rest + path, json=fields, headers=headers)
        return await self.http.request(method, f"{self.rest}{path}?{urlencode(fields)}", headers=headers)

    async def order(self, **fields: object) -> Frame:
        """Place a USDT-margined order; the body of the answer."""
        order = {
            "symbol": "BTC-USDT",
            "side": "SELL",
            "positionSide": "BOTH",
            "type": "MARKET",
            "quantity": "0.1",
        } | fields
        body: Frame = (await self.signed("POST", "/openApi/swap/v2/trade/order", order)).json()
        return body


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The venue, with orders matched before the next request is read."""
    monkeypatch.setattr("feeds.sim.bingx.venue.MATCHING_SECONDS", 0)
    options = SimulatorOptions(venues=("bingx",), pins={"BTC": Decimal(60000)})
    simulator = Simulator(options, wall_ms())
    running = Served(simulator, await simulator.start())
    try:
        yield running
    finally:
        await running.http.aclose()
        await simulator.stop()


class Line:
    """One websocket; frames are kept as they came and unpacked."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Any] = []

    async def ask(self, request: Frame | str) -> None:
        """Send a request."""
        await self.connection.send(request if isinstance(request, str) else json.dumps(request))

    async def next(self) -> Any:
        """The next frame; pings are answered."""
        async with asyncio.timeout(PATIENCE):
            raw = await self.connection.recv()
        assert isinstance(raw, bytes), "every frame is binary"
        text = gzip.decompress(raw).decode()
        frame = text if text == "Ping" else json.loads(text)
        self.frames.append(frame)
        return frame

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first frame from now on for which ``wanted`` holds."""
        async with asyncio.timeout(PATIENCE):
            while not wanted(frame := await self.next()):
                pass
        return frame


@asynccontextmanager
async def line(served: Served, path: str = "/swap-market") -> AsyncIterator[Line]:
    async with connect(served.websocket + path, proxy=None, max_queue=None) as connection:
        yield Line(connection)


def topic(name: str) -> Callable[[Any], bool]:
    return lambda frame: isinstance(frame, dict) and frame.get("dataType") == name


def answer(identity: str) -> Callable[[Any], bool]:
    return lambda frame: isinstance(frame, dict) and frame.get("id") == identity


# --- websockets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "symbol", "ack"),
    [
        ("/swap-market", "BTC-USDT", {"code": 0, "msg": "", "dataType": "", "data": None}),
        ("/cswap/market", "BTC-USD", {"code": 0, "msg": "SUCCESS"}),
        ("/spot/market", "BTC-USDT", {"code": 0, "msg": "SUCCESS"}),
    ],
)
async def test_frames_are_packed_and_answers_have_each_markets_shape(
    served: Served, path: str, symbol: str, ack: Frame
) -> None:
    async with line(served, path) as client:
        await client.ask({"id": "a", "reqType": "sub", "dataType": f"{symbol}@ticker"})
        told = await client.until(answer("a"))
        assert ack.items() <= told.items()
        data = (await client.until(topic(f"{symbol}@ticker")))["data"]
        assert (data["s"], "E" in data) == (symbol, True)
        assert Decimal(str(data["B"])) < Decimal(str(data["A"]))
        await client.ask({"id": "b", "reqType": "sub", "dataType": f"{symbol}@nope"})
        assert (await client.until(answer("b")))["code"] == 80015
        await client.ask({"id": "c", "reqType": "sub", "dataType": f"{symbol.lower()}@ticker"})
        assert (await client.until(answer("c")))["code"] == 80015
        await client.ask({"id": "d", "reqType": "sub", "dataType": ""})
        assert (await client.until(answer("d")))["code"] == 80014


async def test_what_is_no_request_gets_no_answer(served: Served) -> None:
    async with line(served) as client:
        for odd in ("not json", "[]", "5", json.dumps({"id": "x", "reqType": "sub", "dataType": ["BTC-USDT@ticker"]})):
            await client.ask(odd)
        await client.ask({"id": "y", "reqType": "sub", "dataType": "BTC-USDT@markPrice"})
        await client.until(answer("y"))
        await client.until(topic("BTC-USDT@markPrice"))
        assert not [frame for frame in client.frames if isinstance(frame, dict) and frame.get("id") == "x"]


async def test_a_socket_takes_two_hundred_topics_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_TOPICS", 2)
    async with line(served) as client:
        for number, name in enumerate(("markPrice", "ticker", "markPrice", "lastPrice")):
            await client.ask({"id": str(number), "reqType": "sub", "dataType": f"BTC-USDT@{name}"})
        codes = [(await client.until(answer(str(number))))["code"] for number in range(4)]
        assert codes == [0, 0, 0, 80403]
        await client.ask({"id": "u", "reqType": "unsub", "dataType": "BTC-USDT@ticker"})
        await client.until(answer("u"))
        await client.ask({"id": "z", "reqType": "sub", "dataType": "BTC-USDT@lastPrice"})
        assert (await client.until(answer("z")))["code"] == 0


async def test_coin_margined_sockets_have_no_difference_books(served: Served) -> None:
    async with line(served, "/cswap/market") as client:
        await client.ask({"id": "a", "reqType": "sub", "dataType": "BTC-USD@incrDepth"})
        told = await client.until(lambda frame: isinstance(frame, dict) and frame.get("code") == 100400)
        assert "id" not in told


async def test_asks_come_worst_first_and_a_differences_ids_have_gaps(served: Served) -> None:
    async with line(served) as client:
        for name in ("depth5", "incrDepth"):
            await client.ask({"id": name, "reqType": "sub", "dataType": f"ETH-USDT@{name}"})
        book = (await client.until(topic("ETH-USDT@depth5")))["data"]
        asks, bids = ([Decimal(price) for price, _ in book[side]] for side in ("asks", "bids"))
        assert asks == sorted(asks, reverse=True)
        assert bids == sorted(bids, reverse=True)
        assert bids[0] < asks[-1]
        ids: list[tuple[str, int]] = []
        while len(ids) < 3:
            data = (await client.until(topic("ETH-USDT@incrDepth")))["data"]
            ids.append((data["action"], data["lastUpdateId"]))
        first = next(frame["data"] for frame in client.frames if topic("ETH-USDT@incrDepth")(frame))
        assert first["action"] == "all"
        numbers = [number for _, number in ids]
        assert all(2 <= after - before <= 9 for before, after in itertools.pairwise(numbers))


async def test_the_first_best_level_is_old(served: Served) -> None:
    async with line(served) as client:
        await client.ask({"id": "a", "reqType": "sub", "dataType": "ETH-USDT@bookTicker"})
        first = await client.until(topic("ETH-USDT@bookTicker"))
        second = await client.until(topic("ETH-USDT@bookTicker"))
        assert second["data"]["E"] - first["data"]["E"] > 60_000


@pytest.mark.parametrize(("path", "spot"), [("/swap-market", False), ("/cswap/market", False), ("/spot/market", True)])
async def test_pings_come_and_who_does_not_answer_is_dropped(
    served: Served, monkeypatch: pytest.MonkeyPatch, path: str, spot: bool
) -> None:
    monkeypatch.setattr(streams, "PING_MS", 100)
    monkeypatch.setattr(streams, "PATIENCE_MS", 2_500)
    clock = LoopClock()
    monkeypatch.setattr(streams, "wall_ms", lambda: clock.now_ns() // 1_000_000)
    ticking = asyncio.create_task(clock.run())
    async with line(served, path) as answering, line(served, path) as silent:
        begun = clock.now_ns()

        async def answer_pings() -> None:
            while clock.now_ns() - begun < 5_000_000_000:
                frame = await answering.next()
                await answering.ask({"pong": frame["ping"], "time": frame["time"]} if spot else "Pong")

        answered = asyncio.create_task(answer_pings())
        with pytest.raises(ConnectionClosed):
            await silent.until(lambda _: False)
        await answered
        ticking.cancel()
        assert all(("ping" in frame) if spot else frame == "Ping" for frame in silent.frames)


async def test_a_private_socket_wants_a_living_listen_key(served: Served) -> None:
    with pytest.raises(InvalidStatus):
        async with line(served, "/swap-market?listenKey=nonsense"):
            pass
    made = (await served.signed("POST", "/openApi/user/auth/userDataStream")).json()["listenKey"]
    async with line(served, f"/swap-market?listenKey={made}") as client:
        await client.until(lambda frame: isinstance(frame, dict) and frame.get("e") == "ACCOUNT_CONFIG_UPDATE")
        await served.order()
        order = await client.until(lambda frame: frame.get("e") == "ORDER_TRADE_UPDATE" and frame["o"]["X"] == "FILLED")
        assert Decimal(order["o"]["n"]) < 0
        assert order["o"]["i"] > 2**53
        update = await client.until(lambda frame: frame.get("e") == "ACCOUNT_UPDATE")
        (position,) = update["a"]["P"]
        assert (position["ps"], position["pa"]) == ("BOTH", "-0.10000000")
        served.simulator.venues["bingx"].offers["expire_listen_keys"]()
        await client.until(lambda frame: isinstance(frame, dict) and frame.get("e") == "listenKeyExpired")
    assert (await served.signed("PUT", "/openApi/user/auth/userDataStream", {"listenKey": made})).status_code == 404


async def test_funding_of_a_cross_position_moves_the_balance_alone(served: Served) -> None:
    made = (await served.signed("POST", "/openApi/user/auth/userDataStream")).json()["listenKey"]
    await served.order()
    exchange = served.simulator.venues["bingx"].exchange
    listing = exchange.find("linear", "BTC-USDT")
    assert listing is not None
    async with line(served, f"/swap-market?listenKey={made}") as client:
        await client.next()
        exchange.fund_now(listing)
        told = await client.until(lambda frame: isinstance(frame, dict) and frame.get("e") == "ACCOUNT_UPDATE")
        assert (told["a"]["m"], told["a"]["P"]) == ("FUNDING_FEE", [])
        assert Decimal(told["a"]["B"][0]["bc"]) != 0


# --- REST ----------------------------------------------------------------------------------------------------------

POSITIONS = "/openApi/swap/v2/user/positions"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda fields: fields | {"symbol": "ETH-USDT"}, 100001),
        (lambda fields: fields | {"signature": "0" * 64}, 100001),
        (lambda fields: fields | {"signature": "\u00e4"}, 100001),
        (lambda fields: {name: value for name, value in fields.items() if name != "signature"}, 100412),
        (lambda fields: {name: value for name, value in fields.items() if name != "timestamp"}, 100421),
    ],
)
async def test_a_request_is_signed_over_every_parameter(
    served: Served, spoil: Callable[[Frame], Frame], code: int
) -> None:
    good = await served.signed("GET", POSITIONS, {"symbol": "BTC-USDT"})
    assert (good.status_code, good.json()["code"]) == (200, 0)
    refused = await served.signed("GET", POSITIONS, {"symbol": "BTC-USDT"}, spoil=spoil)
    assert (refused.status_code, refused.json()["code"]) == (200, code)


async def test_a_late_request_is_refused_and_a_wide_window_does_not_help(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.hold_clock(monkeypatch)
    assert (await served.signed("GET", POSITIONS, late_ms=5_000)).json()["code"] == 0
    assert (await served.signed("GET", POSITIONS, late_ms=5_001)).json()["code"] == 100421
    assert (await served.signed("GET", POSITIONS, {"recvWindow": 60000}, late_ms=5_001)).json()["code"] == 100421
    assert (await served.signed("GET", POSITIONS, {"recvWindow": 1000}, late_ms=1_001)).json()["code"] == 100421


async def test_an_order_may_come_as_a_body(served: Served) -> None:
    order = {"symbol": "BTC-USDT", "side": "SELL", "positionSide": "BOTH", "type": "MARKET", "quantity": "0.1"}
    told = (await served.signed("POST", "/openApi/swap/v2/trade/order", order, as_body=True)).json()
    assert told["code"] == 0
    assert told["data"]["order"]["orderId"] > 2**53


async def test_a_key_that_only_reads_places_nothing(served: Served) -> None:
    order = {"symbol": "BTC-USDT", "side": "SELL", "positionSide": "BOTH", "type": "MARKET", "quantity": "0.1"}
    told = (await served.signed("POST", "/openApi/swap/v2/trade/order", order, permissions="read")).json()
    assert told["code"] == 100004
    rights = (await served.signed("GET", "/openApi/v1/account/apiPermissions", permissions="read")).json()
    assert (rights["permissions"], "code" in rights) == ([2], False)


async def test_the_coin_margined_list_wants_a_timestamp_and_says_so_oddly(served: Served) -> None:
    refused = await served.get("/openApi/cswap/v1/market/contracts")
    assert (refused.status_code, refused.json()) == (
        400,
        {"code": 104414, "msg": "Invalid parameter", "retryable": 0},
    )
    listed = (await served.get("/openApi/cswap/v1/market/contracts?timestamp=1")).json()["data"]
    assert [(row["symbol"], row["minTickSize"]) for row in listed] == [("BTC-USD", "100"), ("ETH-USD", "10")]


async def test_limits_are_counted_down_and_a_breach_names_its_end(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.hold_clock(monkeypatch)
    path = "/openApi/swap/v2/server/time"
    remaining = [int((await served.get(path)).headers["X-RateLimit-Requests-Remain"]) for _ in range(3)]
    assert remaining == [499, 498, 497]
    allowed = [(await served.signed("GET", POSITIONS)).json()["code"] for _ in range(5)]
    assert allowed == [0] * 5
    breached = await served.signed("GET", POSITIONS)
    assert (breached.status_code, breached.json()["code"]) == (429, 100410)
    assert "unblocked after 1" in breached.json()["msg"]
    served.later(1_000)
    assert (await served.signed("GET", POSITIONS)).json()["code"] == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"symbol": "NOPE-USDT"}, 109425),
        ({"quantity": "0.00001"}, 110425),
        ({"quantity": "1000"}, 110422),
        ({"quantity": "0"}, 110422),
        ({"quantity": "x"}, 109400),
        ({"positionSide": "SHORT"}, 109400),
        ({"positionSide": ""}, 109400),
        ({"reduceOnly": "true"}, 101290),
        ({"type": "LIMIT", "price": "61000.05"}, 109400),
        ({"type": "LIMIT", "price": "50000"}, 101211),
        ({"type": "LIMIT", "price": "59900", "timeInForce": "PostOnly"}, 101215),
        ({"quantity": "100"}, 101204),
        ({"clientOrderId": "x" * 41}, 109400),
    ],
)
async def test_orders_are_refused_by_the_venues_codes(served: Served, changed: Frame, code: int) -> None:
    assert (await served.order(**changed))["code"] == code


async def test_a_position_too_large_for_its_leverage_is_refused(served: Served) -> None:
    leverage = {"symbol": "BTC-USDT", "side": "BOTH", "leverage": 125}
    assert (await served.signed("POST", "/openApi/swap/v2/trade/leverage", leverage)).json()["code"] == 0
    assert (await served.order(quantity="2"))["code"] == 0
    assert (await served.order(quantity="3"))["code"] == 101209
    over = leverage | {"leverage": 126}
    assert (await served.signed("POST", "/openApi/swap/v2/trade/leverage", over)).json()["code"] == 101414


async def test_a_client_order_id_is_kept_in_small_letters_and_taken_once(served: Served) -> None:
    placed = await served.order(clientOrderID="My-Id", type="LIMIT", price="62000")
    assert placed["data"]["order"]["clientOrderID"] == "my-id"
    assert (await served.order(clientOrderId="MY-ID"))["code"] == 109201
    asked = {"symbol": "BTC-USDT", "clientOrderId": "my-ID"}
    found = (await served.signed("GET", "/openApi/swap/v2/trade/order", asked)).json()["data"]["order"]
    assert (found["status"], found["clientOrderId"]) == ("PENDING", "my-id")
    cancelled = (await served.signed("DELETE", "/openApi/swap/v2/trade/order", asked)).json()["data"]["order"]
    assert cancelled["status"] == "PENDING", "the answer shows the order as it was"
    again = (await served.signed("DELETE", "/openApi/swap/v2/trade/order", asked)).json()
    assert again["code"] == 109421
    assert (await served.order(clientOrderId="my-id"))["code"] == 109201


async def test_hedge_mode_wants_a_leg_and_no_reduce_only(served: Served) -> None:
    mode = "/openApi/swap/v1/positionSide/dual"
    assert (await served.signed("POST", mode, {"dualSidePosition": "true"})).json()["code"] == 0
    assert (await served.signed("GET", mode)).json()["data"] == {"dualSidePosition": "true"}
    assert (await served.order())["code"] == 109400
    assert (await served.order(positionSide="SHORT", reduceOnly="false"))["code"] == 109400
    assert (await served.order(positionSide="LONG"))["code"] == 101205
    assert (await served.order(positionSide="SHORT"))["code"] == 0
    (held,) = (await served.signed("GET", POSITIONS)).json()["data"]
    assert (held["positionSide"], held["positionAmt"], held["onlyOnePosition"]) == ("SHORT", "0.1", False)
    served.later(1_000)  # a second has its limit of requests
    assert (await served.signed("POST", mode, {"dualSidePosition": "false"})).json()["code"] == 104103


async def test_an_isolated_position_tells_its_margin_with_the_result_in_it(served: Served) -> None:
    symbol = {"symbol": "BTC-USDT"}
    assert (
        await served.signed("POST", "/openApi/swap/v2/trade/marginType", symbol | {"marginType": "ISOLATED"})
    ).json()["code"] == 0
    await served.order()
    (held,) = (await served.signed("GET", POSITIONS)).json()["data"]
    put_in = Decimal(held["margin"]) - Decimal(held["unrealizedProfit"])
    assert put_in == Decimal(held["initialMargin"])
    more = symbol | {"amount": "100", "type": 1, "positionSide": "BOTH"}
    moved = (await served.signed("POST", "/openApi/swap/v2/trade/positionMargin", more)).json()
    assert moved["code"] == 0
    (after,) = (await served.signed("GET", POSITIONS)).json()["data"]
    assert Decimal(after["initialMargin"]) == put_in + 100
    assert after["liquidationPrice"] > held["liquidationPrice"]
    assert (await served.signed("POST", "/openApi/swap/v2/trade/positionMargin", more | {"amount": "99999999"})).json()[
        "code"
    ] == 101206


async def test_a_cross_short_that_cannot_be_reached_prints_no_liquidation_price(served: Served) -> None:
    await served.order(quantity="0.001")
    (held,) = (await served.signed("GET", POSITIONS)).json()["data"]
    assert held["liquidationPrice"] == 0


async def test_spot_days_begin_in_china_unless_asked_otherwise(served: Served) -> None:
    path = "/openApi/spot/v1/market/kline?symbol=BTC-USDT&interval=1d&limit=3"
    for more, offset in (("", 16), ("&timeZone=0", 0)):
        rows = (await served.get(path + more)).json()["data"]
        assert {row[0] // 3_600_000 % 24 for row in rows} == {offset}


async def test_the_same_rate_is_the_estimate_in_one_place_and_settled_in_the_other(served: Served) -> None:
    premium = (await served.get("/openApi/swap/v2/quote/premiumIndex?symbol=SOL-USDT")).json()["data"]
    assert premium["fundingIntervalHours"] == 4
    assert premium["updateTime"] == premium["nextFundingTime"] - 4 * 3_600_000
    (settled,) = (await served.get("/openApi/swap/v2/quote/fundingRate?symbol=SOL-USDT&limit=1")).json()["data"]
    assert settled["fundingTime"] == premium["updateTime"]
    every = (await served.get("/openApi/swap/v2/quote/premiumIndex")).json()["data"]
    assert len(every) == 4
    (coin,) = (await served.get("/openApi/cswap/v1/market/premiumIndex?symbol=BTC-USD&timestamp=1")).json()["data"]
    assert "fundingIntervalHours" not in coin


async def test_history_is_told_a_week_at_a_time(served: Served) -> None:
    now = wall_ms()
    for path, since, until in (
        ("/openApi/swap/v2/trade/allOrders", "startTime", "endTime"),
        ("/openApi/swap/v2/user/income", "startTime", "endTime"),
        ("/openApi/swap/v2/trade/fillHistory", "startTs", "endTs"),
    ):
        asked = {"symbol": "BTC-USDT", since: now - 7 * 86_400_000, until: now}
        assert (await served.signed("GET", path, asked)).json()["code"] == 0
        assert (await served.signed("GET", path, asked | {since: now - 7 * 86_400_000 - 1})).json()["code"] == 109400
