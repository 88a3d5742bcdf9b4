"""MEXC's manners over real ports: what a client of the venue relies on, its traps included."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feeds.sim.process import SimulatorProcess, start_simulator
from feeds.sim.wire import wall_ms
from feeds.venue import Endpoints
from tests.feeds.sim.lines import Line, Served, hold_clock, serving
from tests.support.patience import PATIENCE

Frame = dict[str, Any]


@pytest.fixture(scope="module")
def venue() -> Iterator[SimulatorProcess]:
    with start_simulator(venues=["mexc"], seed=3) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_fault_stays(venue: SimulatorProcess) -> Iterator[None]:
    yield
    venue.control("clear", venue="mexc")


class Standing(SimulatorProcess):
    """A simulated MEXC in this process, as if it were one of its own."""

    def __init__(self, served: Served) -> None:
        self.venues = {"mexc": Endpoints(rest=served.rest["mexc"], websocket=served.websocket["mexc"])}
        self.api_keys = served.keys


@pytest.fixture
async def standing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimulatorProcess]:
    """The venue with a clock that stands, for what is signed and for what it counts."""
    hold_clock(monkeypatch, __name__)
    async with serving() as served:
        yield Standing(served)


def signed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def ask(
    venue: SimulatorProcess,
    method: str,
    path: str,
    parameters: Any = None,
    *,
    permissions: str = "trade",
    late_ms: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Frame:
    """A contract request, signed where it is private."""
    key, stamp = venue.api_key("mexc", permissions), str(wall_ms() - late_ms)
    query = urlencode(sorted(parameters.items())) if method == "GET" and parameters else ""
    body = json.dumps(parameters) if method == "POST" else ""
    sent = {"Content-Type": "application/json"}
    if "/private/" in path:
        sign = signed(key.secret, f"{key.key}{stamp}{query or body}")
        sent |= {"ApiKey": key.key, "Request-Time": stamp, "Signature": sign} | dict(headers or {})
    address = f"{venue.venues['mexc'].rest}{path}" + (f"?{query}" if query else "")
    answer = httpx.request(method, address, content=body or None, headers=sent, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 200, "refusals of contracts have status 200"
    told: Frame = answer.json()
    return told


def spot(venue: SimulatorProcess, method: str, path: str, query: str = "", *, bad: bool = False) -> httpx.Response:
    """A signed spot request."""
    key = venue.api_key("mexc")
    payload = "&".join(part for part in (query, f"timestamp={wall_ms()}&recvWindow=5000") if part)
    sign = signed("wrong" if bad else key.secret, payload)
    address = f"{venue.venues['mexc'].rest}{path}?{payload}&signature={sign}"
    return httpx.request(method, address, headers={"X-MEXC-APIKEY": key.key}, trust_env=False, timeout=PATIENCE)


@asynccontextmanager
async def edge(venue: SimulatorProcess) -> Any:
    async with connect(f"{venue.venues['mexc'].websocket}/edge", proxy=None, ping_interval=None) as connection:
        yield Line(connection)


def on(channel: str) -> Any:
    return lambda frame: frame.get("channel") == channel


# --- REST ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ApiKey": "nobody"}, 401),
        ({"Signature": "0" * 64}, 602),
        ({"Request-Time": "1"}, 513),
        ({"Request-Time": "soon"}, 513),
    ],
)
def test_who_does_not_prove_who_asks_is_refused(venue: SimulatorProcess, headers: dict[str, str], code: int) -> None:
    told = ask(venue, "GET", "/api/v1/private/account/assets", headers=headers)
    assert (told["success"], told["code"], "data" in told) == (False, code, False)


async def test_a_window_is_ten_seconds_unless_it_is_named_and_never_above_a_minute(standing: SimulatorProcess) -> None:
    async def code(late_ms: int, window: str = "") -> int:
        headers = {"Recv-Window": window} if window else {}
        path = "/api/v1/private/position/position_mode"
        told = await asyncio.to_thread(ask, standing, "GET", path, late_ms=late_ms, headers=headers)
        return int(told["code"])

    assert [await code(10_000), await code(10_001)] == [0, 513]
    assert [await code(30_000, "30000"), await code(30_001, "30000")] == [0, 513]
    assert [await code(60_000, "90000"), await code(60_001, "90000")] == [0, 513]


def test_parameters_are_signed_sorted_and_a_body_byte_for_byte(venue: SimulatorProcess) -> None:
    key, stamp = venue.api_key("mexc"), str(wall_ms())
    base = f"{venue.venues['mexc'].rest}/api/v1/private/position/funding_records"
    for order, good in (
        ("page_num=1&page_size=5&symbol=BTC_USDT", True),
        ("symbol=BTC_USDT&page_size=5&page_num=1", False),
    ):
        headers = {
            "ApiKey": key.key,
            "Request-Time": stamp,
            "Signature": signed(key.secret, f"{key.key}{stamp}{order}"),
        }
        answer = httpx.get(
            f"{base}?symbol=BTC_USDT&page_size=5&page_num=1", headers=headers, trust_env=False, timeout=PATIENCE
        ).json()
        assert answer["success"] is good
    spaced = '{ "positionMode": 1 }'
    other = signed(key.secret, f"{key.key}{stamp}" + '{"positionMode":1}')
    headers = {"ApiKey": key.key, "Request-Time": stamp, "Signature": other}
    address = f"{venue.venues['mexc'].rest}/api/v1/private/position/change_position_mode"
    assert httpx.post(address, content=spaced, headers=headers, trust_env=False, timeout=PATIENCE).json()["code"] == 602


def test_one_contract_is_an_object_and_all_are_a_list(venue: SimulatorProcess) -> None:
    for name in ("detail", "ticker"):
        one = ask(venue, "GET", f"/api/v1/contract/{name}", {"symbol": "BTC_USD"})["data"]
        every = ask(venue, "GET", f"/api/v1/contract/{name}")["data"]
        assert (one["symbol"], len(every)) == ("BTC_USD", 7)
    assert ask(venue, "GET", "/api/v1/contract/detail", {"symbol": "NOPE_USDT"})["code"] == 1001


def test_numbers_are_numbers_and_candles_count_in_seconds(venue: SimulatorProcess) -> None:
    ticker = ask(venue, "GET", "/api/v1/contract/ticker", {"symbol": "BTC_USDT"})["data"]
    assert all(isinstance(ticker[name], int | float) for name in ("fairPrice", "volume24", "fundingRate"))
    candles = ask(venue, "GET", "/api/v1/contract/kline/fair_price/BTC_USDT", {"interval": "Min60"})["data"]
    assert {len(candles[name]) for name in ("time", "open", "close", "high", "low")} == {len(candles["time"])}
    assert candles["time"][-1] % 3600 == 0
    assert 1e9 < candles["time"][-1] < 1e10


async def test_too_many_requests_are_refused_with_a_code(standing: SimulatorProcess) -> None:
    path = "/api/v1/contract/depth/DOGE_USDT"
    codes = [(await asyncio.to_thread(ask, standing, "GET", path))["code"] for _ in range(11)]
    assert codes == [0] * 10 + [510]


def test_a_limit_tells_how_long_it_lasts_where_the_status_is_one(venue: SimulatorProcess) -> None:
    venue.control("limit_rate", venue="mexc", status=429)
    answer = httpx.get(f"{venue.venues['mexc'].rest}/api/v3/time", trust_env=False, timeout=PATIENCE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")


def test_an_outer_success_says_nothing_of_the_orders_cancelled(venue: SimulatorProcess) -> None:
    told = ask(venue, "POST", "/api/v1/private/order/cancel", [101716841474621953])
    assert told["success"]
    assert told["data"] == [{"orderId": "101716841474621953", "errorCode": 2040, "errorMsg": "order not exist"}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": 5}, 2001),
        ({"openType": 3}, 2002),
        ({"type": 9}, 2029),
        ({"externalOid": "x" * 33}, 2030),
        ({"symbol": "NOPE_USDT"}, 1001),
        ({"vol": 1.5}, 2015),
        ({"price": "abc"}, 2007),
        ({"openType": 1}, 2006),
        ({"leverage": 500}, 2006),
        ({"side": 4}, 2009),
        ({"positionMode": 2}, 2022),
        ({"reduceOnly": True}, 600),
    ],
)
def test_an_order_is_refused_with_the_venues_code(venue: SimulatorProcess, changes: Frame, code: int) -> None:
    # a key of its own for each: so few orders in two seconds are taken from one account
    made = venue.control("open_account", venue="mexc", name=f"refused-{code}-{len(str(changes))}", wallet={"USDT": "9"})
    key, stamp = made["api_keys"][0], str(wall_ms())
    asked = {"symbol": "BTC_USDT", "vol": 1, "side": 3, "type": 1, "openType": 2, "price": 70000.1} | changes
    body = json.dumps(asked)
    headers = {
        "ApiKey": key["key"],
        "Request-Time": stamp,
        "Signature": signed(key["secret"], f"{key['key']}{stamp}{body}"),
    }
    address = f"{venue.venues['mexc'].rest}/api/v1/private/order/create"
    assert httpx.post(address, content=body, headers=headers, trust_env=False, timeout=PATIENCE).json()["code"] == code


def test_a_key_that_may_only_read_trades_nothing(venue: SimulatorProcess) -> None:
    assert ask(venue, "GET", "/api/v1/private/account/assets", permissions="read")["success"]
    assert ask(venue, "POST", "/api/v1/private/order/create", {}, permissions="read")["code"] == 704


def test_spot_refuses_with_a_status(venue: SimulatorProcess) -> None:
    good = spot(venue, "GET", "/api/v3/account")
    assert {row["asset"]: row["free"] for row in good.json()["balances"]}["USDT"] == "50000"
    bad = spot(venue, "GET", "/api/v3/account", bad=True)
    assert (bad.status_code, bad.json()["code"]) == (400, 700002)
    missing = httpx.get(
        f"{venue.venues['mexc'].rest}/api/v3/klines?symbol=NOPE&interval=1d", trust_env=False, timeout=PATIENCE
    )
    assert (missing.status_code, missing.json()["code"]) == (400, -1121)


# --- the contract socket ---------------------------------------------------------------------------------------------


async def test_answers_name_no_contract_and_what_is_unknown_gets_none(venue: SimulatorProcess) -> None:
    async with edge(venue) as line:
        await line.send({"method": "sub.nonsense", "param": {"symbol": "BTC_USDT"}})
        await line.send({"method": "sub.ticker", "param": {"symbol": "NOPE_USDT"}})
        error = await line.next()
        assert (error["channel"], error["data"]) == ("rs.error", "Contract [NOPE_USDT] not exists")
        await line.send({"method": "sub.ticker", "param": {"symbol": "BTC_USDT"}, "gzip": True})
        ack = await line.next()
        assert {name: ack[name] for name in ("channel", "data")} == {"channel": "rs.sub.ticker", "data": "success"}
        assert "symbol" not in ack
        ticker = await line.until(on("push.ticker"))
        assert (ticker["symbol"], ticker["data"]["symbol"]) == ("BTC_USDT", "BTC_USDT")
        await line.send({"method": "ping"})
        pong = await line.until(on("pong"))
        assert abs(pong["data"] - wall_ms()) < 60_000


async def test_all_tickers_begin_whole_and_tell_no_funding(venue: SimulatorProcess) -> None:
    async with edge(venue) as line:
        for name in ("param", "params"):
            await line.send({"method": "sub.tickers", name: {}})
            assert (await line.until(on("rs.sub.tickers")))["data"] == "success"
        rows = (await line.until(on("push.tickers")))["data"]
        assert len(rows) == 7
        assert all("fundingRate" not in row and "bid1" not in row for row in rows)


async def test_differences_are_merged_count_on_and_continue_the_snapshot(venue: SimulatorProcess) -> None:
    async with edge(venue) as line:
        await line.send({"method": "sub.depth", "param": {"symbol": "ETH_USDT"}})
        first = (await line.until(on("push.depth")))["data"]
        snapshot = ask(venue, "GET", "/api/v1/contract/depth/ETH_USDT", {"limit": 1000})["data"]
        assert snapshot["version"] >= first["version"] - 1
        sides = {side: {row[0]: row[1] for row in snapshot[side]} for side in ("asks", "bids")}
        last = first
        for _ in range(10):
            frame = (await line.until(on("push.depth")))["data"]
            assert frame["begin"] == last["end"] + 1
            assert frame["version"] == frame["end"]
            last = frame
            if frame["end"] <= snapshot["version"]:
                continue
            for side, held in sides.items():
                held |= {price: size for price, size, _ in frame[side]}
                sides[side] = {price: size for price, size in held.items() if size}
            assert max(sides["bids"]) < min(sides["asks"])
        assert {len(side) for side in sides.values()} == {100}
        await line.send({"method": "sub.depth", "param": {"symbol": "BTC_USD", "compress": False}})
        one = await line.until(lambda frame: frame.get("symbol") == "BTC_USD")
        two = await line.until(lambda frame: frame.get("symbol") == "BTC_USD")
        assert two["data"]["version"] == one["data"]["version"] + 1


async def test_a_login_opens_the_same_socket_to_the_account(venue: SimulatorProcess) -> None:
    key, stamp = venue.api_key("mexc"), str(wall_ms())
    good = {"apiKey": key.key, "reqTime": stamp, "signature": signed(key.secret, key.key + stamp)}
    async with edge(venue) as line:
        await line.send({"method": "personal.filter", "param": {"filters": []}})
        assert (await line.next())["channel"] == "rs.error"
        await line.send({"method": "login", "param": good | {"signature": "0" * 64}})
        assert (await line.next())["channel"] == "rs.error"
        await line.send({"method": "login", "param": good})
        assert (await line.next())["data"] == "success"
        await line.send({"method": "personal.filter", "param": {"filters": [{"filter": "asset"}]}})
        assert (await line.next())["channel"] == "rs.personal.filter"
        body = {"symbol": "BTC_USDT", "vol": 10, "side": 3, "type": 5, "openType": 2, "leverage": 20}
        assert ask(venue, "POST", "/api/v1/private/order/create", body)["success"]
        pushes = [await line.next() for _ in range(2)]
        assert {frame["channel"] for frame in pushes} == {"push.personal.asset"}
        assert pushes[0]["data"].keys() == {
            *("currency", "availableBalance", "frozenBalance", "positionMargin", "bonus"),
        }


# --- the spot socket -------------------------------------------------------------------------------------------------


async def test_spot_pushes_are_what_the_official_library_reads(venue: SimulatorProcess) -> None:
    channel = "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT"
    async with connect(f"{venue.venues['mexc'].websocket}/ws", proxy=None) as connection:
        await connection.send(json.dumps({"method": "SUBSCRIPTION", "params": [channel, "spot@nonsense"]}))
        assert json.loads(await connection.recv()) == {"id": 0, "code": 0, "msg": channel}
        refusal = json.loads(await connection.recv())
        assert (refusal["code"], refusal["msg"].startswith("Not Subscribed successfully!")) == (0, True)
        frame = await connection.recv()
        assert isinstance(frame, bytes)
        push = PushDataV3ApiWrapper()
        push.ParseFromString(frame)
        assert (push.channel, push.symbol) == (channel, "BTCUSDT")
        assert float(push.publicAggreBookTicker.bidPrice) < float(push.publicAggreBookTicker.askPrice)
        await connection.send(json.dumps({"method": "PING"}))
        answer: str | bytes = b""
        while isinstance(answer, bytes):
            answer = await connection.recv()
        assert json.loads(answer)["msg"] == "PONG"


async def test_a_listen_key_opens_a_stream_until_it_expires(venue: SimulatorProcess) -> None:
    key = spot(venue, "POST", "/api/v3/userDataStream").json()["listenKey"]
    assert spot(venue, "PUT", "/api/v3/userDataStream", f"listenKey={key}").json() == {"listenKey": key}
    base = f"{venue.venues['mexc'].websocket}/ws?listenKey="
    async with connect(base + "nobody", proxy=None) as stranger:
        assert await stranger.recv() == "Invalid listen key"
        with pytest.raises(ConnectionClosed):
            await stranger.recv()
    async with connect(base + key, proxy=None) as connection:
        await connection.send(json.dumps({"method": "SUBSCRIPTION", "params": ["spot@private.account.v3.api.pb"]}))
        assert json.loads(await connection.recv())["msg"] == "spot@private.account.v3.api.pb"
        await asyncio.to_thread(venue.control, "expire_listen_keys", venue="mexc")
        assert await connection.recv() == "Invalid listen key"
    gone = spot(venue, "PUT", "/api/v3/userDataStream", f"listenKey={key}")
    assert (gone.status_code, gone.json()["code"]) == (400, 730000)
