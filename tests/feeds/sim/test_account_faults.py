"""What happens to an account or a contract from outside, over real ports, in each venue's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from feeds.sim.simulator import Simulator, SimulatorOptions
from tests.feeds.sim.desk import START_MS
from tests.feeds.sim.lines import Frame, Line, Served, bybit_auth, event, line, serving, topic

LINEAR = {"venue": "bybit", "category": "linear", "symbol": "BTCUSDT"}
USDM = {"venue": "binance", "category": "usdm", "symbol": "BTCUSDT"}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running


async def short(served: Served, venue: str, quantity: str = "0.5") -> None:
    if venue == "bybit":
        order = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": quantity}
        assert (await served.bybit("POST", "/v5/order/create", order)).json()["retCode"] == 0
    else:
        order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": quantity}
        assert (await served.binance("POST", "/fapi/v1/order", order)).status_code == 200


async def listen_key(served: Served) -> str:
    headers = {"X-MBX-APIKEY": served.key("binance").key}
    return str(
        (await served.http.post(served.rest["binance"] + "/fapi/v1/listenKey", headers=headers)).json()["listenKey"]
    )


async def private(served: Served, client: Line, name: str) -> None:
    assert (await client.ask(bybit_auth(served.key("bybit"))))["success"]
    assert (await client.ask({"op": "subscribe", "args": [name]}))["success"]


async def test_deleveraging_is_told_in_bybits_words(served: Served) -> None:
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private(served, client, "execution")
        await short(served, "bybit")
        await client.until(topic("execution"))
        await served.inject("deleverage", **LINEAR, key=served.key("bybit").key, price="59500", quantity="0.2")
        told = (await client.until(topic("execution")))["data"][0]
        assert (told["execType"], told["execPrice"], told["execQty"], told["execFee"], told["side"]) == (
            *("AdlTrade", "59500", "0.2"),
            *("0.00000000", "Buy"),
        )
    rows = (await served.bybit("GET", "/v5/position/list", {"category": "linear", "symbol": "BTCUSDT"})).json()
    assert rows["result"]["list"][0]["size"] == "0.3"
    log = (await served.bybit("GET", "/v5/account/transaction-log", {"type": "ADL"})).json()["result"]["list"]
    assert Decimal(log[0]["cashFlow"]) == Decimal("0.2") * (Decimal("59999.9") - 59_500)


async def test_deleveraging_is_told_in_binances_words(served: Served) -> None:
    async with line(f"{served.websocket['binance']}/private/ws/{await listen_key(served)}") as client:
        await short(served, "binance")
        await served.inject("deleverage", **USDM, key=served.key("binance").key, price="59500")
        told = (
            await client.until(lambda frame: frame["e"] == "ORDER_TRADE_UPDATE" and frame["o"]["x"] == "CALCULATED")
        )["o"]
        assert told["c"].startswith("adl_autoclose")
        assert (told["X"], told["L"], told["l"], told["n"]) == ("NEW_ADL", "59500", "0.5", "0.00000000")
        update = await client.until(event("ACCOUNT_UPDATE"))
        assert update["a"]["P"][0]["pa"] == "0"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"key": "nobody"}, "key"),
        ({"price": "0"}, "price"),
        ({"quantity": "0.00001"}, "quantity"),
    ],
)
async def test_impossible_deleveraging_is_refused(served: Served, parameters: Frame, named: str) -> None:
    await short(served, "binance")
    body = {"fault": "deleverage", **USDM, "key": served.key("binance").key, **parameters}
    answer = await served.http.post(served.control, json=body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


async def test_leverage_changed_by_another_client(served: Served) -> None:
    async with (
        line(served.websocket["bybit"] + "/v5/private") as bybit,
        line(f"{served.websocket['binance']}/private/ws/{await listen_key(served)}") as binance,
    ):
        await private(served, bybit, "position")
        for contract in (LINEAR, USDM):
            await served.inject("set_leverage", **contract, key=served.key(contract["venue"]).key, leverage=33)
        assert (await bybit.until(topic("position")))["data"][0]["leverage"] == "33"
        assert (await binance.until(event("ACCOUNT_CONFIG_UPDATE")))["ac"] == {"s": "BTCUSDT", "l": 33}
    rows = (await served.binance("GET", "/fapi/v1/symbolConfig", {"symbol": "BTCUSDT"})).json()
    assert rows[0]["leverage"] == 33
    answer = await served.http.post(
        served.control, json={"fault": "set_leverage", **USDM, "key": served.key("binance").key, "leverage": 1000}
    )
    assert "leverage" in answer.json()["error"]


async def test_modes_flipped_by_another_client_and_only_while_flat(served: Served) -> None:
    key = served.key("binance").key
    await served.inject("set_position_mode", venue="binance", key=key, hedge=True)
    assert (await served.binance("GET", "/fapi/v1/positionSide/dual")).json() == {"dualSidePosition": True}
    await served.inject("set_position_mode", venue="binance", key=key, hedge=False)
    await served.inject("set_margin_mode", **USDM, key=key, mode="isolated")
    rows = (await served.binance("GET", "/fapi/v1/symbolConfig", {"symbol": "BTCUSDT"})).json()
    assert rows[0]["marginType"] == "ISOLATED"
    await short(served, "binance")
    refused = await served.http.post(
        served.control, json={"fault": "set_position_mode", "venue": "binance", "key": key, "hedge": True}
    )
    assert refused.status_code == 400
    await served.inject("set_margin_mode", venue="bybit", key=served.key("bybit").key, mode="isolated")
    info = (await served.bybit("GET", "/v5/account/info", {})).json()
    assert info["result"]["marginMode"] == "ISOLATED_MARGIN"


async def test_new_tiers_are_published_and_in_force(served: Served) -> None:
    await short(served, "binance")
    async with line(f"{served.websocket['binance']}/market/ws/!contractInfo") as news:
        await served.inject("change_tiers", **USDM, tiers=[["1000000", "0.02", "25"], ["9000000", "0.1", "5"]])
        told = await news.next()
        assert (told["s"], told["cs"], [row["mmr"] for row in told["bks"]]) == ("BTCUSDT", "TRADING", [0.02, 0.1])
    rows = (await served.binance("GET", "/fapi/v1/leverageBracket", {"symbol": "BTCUSDT"})).json()
    assert [row["notionalCap"] for row in rows[0]["brackets"]] == [1_000_000, 9_000_000]
    (held,) = (await served.binance("GET", "/fapi/v3/positionRisk")).json()
    assert Decimal(held["maintMargin"]) == 600
    for wrong in ([], [["1", "0.1"]], [["5", "0.1", "2"], ["4", "0.2", "1"]], [["x", "0.1", "2"]]):
        answer = await served.http.post(served.control, json={"fault": "change_tiers", **USDM, "tiers": wrong})
        assert "tiers" in answer.json()["error"]


async def test_funding_intervals_shorten(served: Served) -> None:
    for hours in (4, 1):
        for contract in (LINEAR, USDM):
            await served.inject("funding_interval", **contract, hours=hours)
        rows = (await served.get("binance", "/fapi/v1/fundingInfo")).json()
        assert {row["symbol"]: row["fundingIntervalHours"] for row in rows}["BTCUSDT"] == hours
        ticker = (await served.get("bybit", "/v5/market/tickers?category=linear&symbol=BTCUSDT")).json()
        row = ticker["result"]["list"][0]
        assert row["fundingIntervalHour"] == str(hours)
        assert int(row["nextFundingTime"]) - served.simulator.venues["bybit"].exchange.now_ms <= hours * 3_600_000
    wrong = await served.http.post(served.control, json={"fault": "funding_interval", **USDM, "hours": 3})
    assert "hours" in wrong.json()["error"]


async def test_a_contract_that_only_lets_positions_close(served: Served) -> None:
    for venue, contract in (("bybit", LINEAR), ("binance", USDM)):
        await short(served, venue)
        await served.inject("close_only", **contract)
    order = {"category": "linear", "symbol": "BTCUSDT", "orderType": "Market", "qty": "0.1"}
    assert (await served.bybit("POST", "/v5/order/create", {**order, "side": "Sell"})).json()["retCode"] == 110023
    closing = {**order, "side": "Buy", "reduceOnly": True}
    assert (await served.bybit("POST", "/v5/order/create", closing)).json()["retCode"] == 0
    more = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
    assert (await served.binance("POST", "/fapi/v1/order", more)).json()["code"] == -4087
    await served.inject("clear")
    assert (await served.binance("POST", "/fapi/v1/order", more)).status_code == 200


async def test_a_dated_contract_can_be_delivered_at_once(served: Served) -> None:
    exchange = served.simulator.venues["bybit"].exchange
    listing = next(item for item in exchange.listed("linear") if item.quarter == 1)
    order = {"category": "linear", "symbol": listing.symbol, "side": "Sell", "orderType": "Market", "qty": "0.1"}
    async with line(served.websocket["bybit"] + "/v5/private") as client:
        await private(served, client, "execution")
        assert (await served.bybit("POST", "/v5/order/create", order)).json()["retCode"] == 0
        await client.until(topic("execution"))
        await served.inject("deliver", venue="bybit", category="linear", symbol=listing.symbol)
        told = (await client.until(topic("execution")))["data"][0]
        assert (told["execType"], told["execPrice"], told["side"]) == ("Delivery", "60000", "Buy")
    again = await served.http.post(
        served.control, json={"fault": "deliver", "venue": "bybit", "category": "linear", "symbol": "BTCUSDT"}
    )
    assert "dated" in again.json()["error"]


async def test_money_moves_between_wallets_and_only_its_own_stream_hears(served: Served) -> None:
    key = served.key("binance").key
    async with line(f"{served.websocket['binance']}/private/ws/{await listen_key(served)}") as client:
        await served.inject("transfer", venue="binance", key=key, asset="BTC", amount="0.5", wallet="spot", to="coinm")
        await served.inject("transfer", venue="binance", key=key, asset="USDT", amount="100", wallet="usdm", to="spot")
        told = await client.until(event("ACCOUNT_UPDATE"))
        assert [row["a"] for row in told["a"]["B"]] == ["USDT"]
    balances = (await served.binance("GET", "/api/v3/account")).json()["balances"]
    assert {row["asset"]: Decimal(row["free"]) for row in balances} == {
        "USDT": 50_100,
        "BTC": Decimal("1.5"),
        "ETH": 20,
    }
    income = (await served.binance("GET", "/fapi/v1/income")).json()
    assert [(row["incomeType"], row["income"]) for row in income] == [("TRANSFER", "-100")]
    wrong = await served.http.post(
        served.control,
        json={"fault": "transfer", "venue": "binance", "key": key, "asset": "BTC", "amount": "1", "wallet": "sock"},
    )
    assert "wallet" in wrong.json()["error"]


async def test_an_account_can_be_opened_with_several_wallets(served: Served) -> None:
    wallets = {"usdm": {"USDT": "1"}, "spot": {"BTC": "2"}}
    opened = await served.inject("open_account", venue="binance", name="two", wallets=wallets)
    key = type(served.key("binance"))(**opened["api_keys"][0])
    balances = (await served.binance("GET", "/api/v3/account", key=key)).json()["balances"]
    assert [(row["asset"], row["free"]) for row in balances] == [("BTC", "2.00000000")]
    unknown = {"fault": "open_account", "venue": "binance", "name": "three", "wallets": {"sock": {}}}
    assert "wallets" in (await served.http.post(served.control, json=unknown)).json()["error"]


def weather(seed: int, now_ms: int, steps: int = 3_000) -> list[Frame]:
    """What the weather of a seed strikes in so many steps."""
    simulator = Simulator(SimulatorOptions(weather=seed, weather_seconds=5), now_ms)
    for number in range(1, steps + 1):
        simulator.step(now_ms + number * 100)
    assert simulator.weather is not None
    return list(simulator.weather.struck)


def test_one_seed_is_one_weather_and_every_fault_of_it_ends() -> None:
    first = weather(3, START_MS)
    assert weather(3, START_MS + 7_654_321) == first
    assert weather(4, START_MS) != first
    kinds = {strike["fault"] for strike in first} - {"clear"}
    assert len(kinds) > 8
    for number, strike in enumerate(first):
        if strike["fault"] != "clear" and strike["step"] < 2_800:
            ends = [later for later in first[number + 1 :] if later["venue"] == strike["venue"]]
            assert ends
            assert ends[-1]["fault"] == "clear" or ends[-1]["step"] > 2_800


async def test_weather_over_real_sockets_strikes_and_is_listed() -> None:
    async with serving(weather=1, weather_seconds=1) as served:
        while not (struck := (await served.http.get(served.control)).json()["weather"]):
            pass
        assert struck[0].keys() >= {"step", "fault", "venue"}
