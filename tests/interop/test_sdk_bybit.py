"""pybit, the venue's own client, uses the simulator as it uses the venue."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError

from feeds.sim.process import ApiKey, SimulatorProcess
from tests.interop.pybit_bybit import Inbox, http, opened, trading, websocket
from tests.support.patience import PATIENCE

PERPETUALS = {"BTCUSDT": ("linear", "USDT"), "BTCPERP": ("linear", "USDC"), "BTCUSD": ("inverse", "BTC")}


def verifies(market: str, *capabilities: str) -> pytest.MarkDecorator:
    """What a test shows by the venue's own client."""
    return pytest.mark.verifies("bybit", market, *capabilities, client="pybit")


def of(symbol: str, *capabilities: str) -> Any:
    """A contract as a parameter, with what a test shows of its market."""
    return pytest.param(symbol, marks=verifies(PERPETUALS[symbol][0], *capabilities))


def each(*capabilities: str) -> list[Any]:
    """Every perpetual as a parameter."""
    return [of(symbol, *capabilities) for symbol in PERPETUALS]


@pytest.fixture
def key(simulator: SimulatorProcess, request: pytest.FixtureRequest) -> ApiKey:
    """A key of an account that no other test has."""
    return opened(simulator, request.node.name)


def size_of(symbol: str) -> str:
    return "100" if PERPETUALS[symbol][0] == "inverse" else "0.010"


def rows(answer: dict[str, Any]) -> list[Any]:
    assert answer["retCode"] == 0
    found: list[Any] = answer["result"]["list"]
    return found


def repeated(ask: Callable[[], list[Any]], wanted: Callable[[list[Any]], bool]) -> list[Any]:
    """Ask until the answer is as wanted; a pause leaves the venue its limit."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if wanted(found := ask()):
            return found
    raise AssertionError("it did not come about in time")


def held(session: Any, category: str, symbol: str) -> Decimal:
    found = rows(session.get_positions(category=category, symbol=symbol))
    return sum((Decimal(row["size"]) for row in found), Decimal(0))


# --- market data -----------------------------------------------------------------------------------------------------


@verifies("linear", "server time", "instruments", "maintenance tiers")
@verifies("inverse", "server time", "instruments", "maintenance tiers")
@verifies("spot", "server time", "instruments")
def test_time_instruments_and_tiers(simulator: SimulatorProcess, key: ApiKey) -> None:
    session = http(simulator, key)
    assert abs(int(session.get_server_time()["result"]["timeNano"]) // 10**9 - time.time()) < PATIENCE
    for category, kinds in {
        "linear": {"LinearPerpetual", "LinearFutures"},
        "inverse": {"InversePerpetual", "InverseFutures"},
    }.items():
        listed = rows(session.get_instruments_info(category=category, limit=1000))
        assert {row["contractType"] for row in listed} == kinds
        for row in listed:
            assert (row["deliveryTime"] != "0") == row["contractType"].endswith("Futures")
            assert (row["fundingInterval"] > 0) == row["contractType"].endswith("Perpetual")
        tiers = rows(session.get_risk_limit(category=category, symbol=listed[0]["symbol"]))
        assert [tier["isLowestRisk"] for tier in tiers] == [1] + [0] * (len(tiers) - 1)
    assert {"BTCUSDT", "ETHUSDT"} <= {row["symbol"] for row in rows(session.get_instruments_info(category="spot"))}


@pytest.mark.parametrize("symbol", each("mark price", "funding rate", "last settled funding rate", "24 h ticker"))
def test_tickers_funding_and_candles(simulator: SimulatorProcess, key: ApiKey, symbol: str) -> None:
    session, category = http(simulator, key), PERPETUALS[symbol][0]
    (ticker,) = rows(session.get_tickers(category=category, symbol=symbol))
    assert abs(Decimal(ticker["markPrice"]) / Decimal(ticker["indexPrice"]) - 1) < Decimal("0.01")
    settled = rows(session.get_funding_rate_history(category=category, symbol=symbol, limit=3))
    assert [int(row["fundingRateTimestamp"]) for row in settled] == sorted(
        (int(row["fundingRateTimestamp"]) for row in settled), reverse=True
    )
    assert int(ticker["nextFundingTime"]) > int(settled[0]["fundingRateTimestamp"])
    candles = rows(session.get_mark_price_kline(category=category, symbol=symbol, interval=60, limit=5))
    assert [len(candle) for candle in candles] == [5] * 5
    assert len(rows(session.get_kline(category=category, symbol=symbol, interval=60, limit=5))) == 5
    assert session.get_orderbook(category=category, symbol=symbol)["result"]["s"] == symbol


@pytest.mark.parametrize("symbol", each("mark price", "best bid and ask"))
def test_tickers_are_followed(simulator: SimulatorProcess, key: ApiKey, symbol: str) -> None:
    inbox = Inbox()
    with websocket(simulator, PERPETUALS[symbol][0]) as stream:
        stream.ticker_stream(symbol=symbol, callback=inbox)
        for _ in range(3):
            data = inbox.until(lambda message: message["topic"] == f"tickers.{symbol}")["data"]
            assert Decimal(data["bid1Price"]) < Decimal(data["ask1Price"])
            assert (data["symbol"], data["fundingIntervalHour"]) == (symbol, "8")


@verifies("spot", "best bid and ask")
def test_books_and_trades_are_followed(simulator: SimulatorProcess, key: ApiKey) -> None:
    for category, symbol in (("spot", "BTCUSDT"), ("linear", "BTCUSDT")):
        books, trades = Inbox(), Inbox()
        with websocket(simulator, category) as stream:
            stream.orderbook_stream(depth=50, symbol=symbol, callback=books)
            stream.trade_stream(symbol=symbol, callback=trades)
            for _ in range(5):
                data = books.until(lambda message: True)["data"]
                assert Decimal(data["b"][0][0]) < Decimal(data["a"][0][0])
            assert trades.until(lambda message: True)["data"][0]["S"] in ("Buy", "Sell")


# --- an account ------------------------------------------------------------------------------------------------------


@verifies("linear", "balances", "margin mode", "key permissions", "fee records")
@verifies("inverse", "balances", "margin mode", "key permissions")
@verifies("spot", "balances", "key permissions")
def test_how_an_account_stands(simulator: SimulatorProcess, key: ApiKey) -> None:
    session = http(simulator, key)
    (wallet,) = rows(session.get_wallet_balance(accountType="UNIFIED"))
    coins = {coin["coin"]: Decimal(coin["walletBalance"]) for coin in wallet["coin"]}
    assert coins.keys() >= {"USDT", "BTC", "ETH"}
    assert session.get_account_info()["result"]["marginMode"] == "REGULAR_MARGIN"
    assert [row["takerFeeRate"] for row in rows(session.get_fee_rates(category="linear", symbol="BTCUSDT"))] == [
        "0.00055"
    ]
    assert rows(session.get_collateral_info(currency="BTC"))[0]["collateralSwitch"] is True
    assert session.get_api_key_information()["result"]["readOnly"] == 0
    assert http(simulator, simulator.api_key("bybit", "read")).get_api_key_information()["result"]["readOnly"] == 1
    assert rows(session.get_transaction_log(accountType="UNIFIED")) == []
    stranger = http(simulator, ApiKey(venue="bybit", key="nobody", secret=key.secret))
    with pytest.raises(InvalidRequestError, match="10003"):
        stranger.get_account_info()


@pytest.mark.parametrize("symbol", each("place an order", "cancel an order", "query an order", "client order id"))
def test_a_limit_order_is_placed_amended_found_and_cancelled(
    simulator: SimulatorProcess, key: ApiKey, symbol: str
) -> None:
    session, category = http(simulator, key), PERPETUALS[symbol][0]
    mark = Decimal(rows(session.get_tickers(category=category, symbol=symbol))[0]["markPrice"])
    asked = {"category": category, "symbol": symbol, "orderLinkId": f"sdk-{symbol}"}
    price = str((mark * Decimal("1.03")).quantize(Decimal("0.1")))
    inbox = Inbox()
    with websocket(simulator, "private", key) as stream:
        stream.order_stream(callback=inbox)
        placed = session.place_order(
            **asked, side="Sell", orderType="Limit", qty=size_of(symbol), price=price, timeInForce="PostOnly"
        )
        seen = inbox.row(lambda row: row["orderLinkId"] == asked["orderLinkId"])
        assert (seen["orderStatus"], seen["orderId"]) == ("New", placed["result"]["orderId"])
        (found,) = rows(session.get_open_orders(**asked))
        assert (found["orderStatus"], found["price"], found["timeInForce"]) == ("New", price, "PostOnly")
        higher = str(Decimal(price) + 10)
        session.amend_order(**asked, price=higher)
        assert rows(session.get_open_orders(**asked))[0]["price"] == higher
        session.cancel_order(**asked)
        inbox.row(lambda row: row["orderStatus"] == "Cancelled")
    assert [row["orderStatus"] for row in rows(session.get_order_history(**asked))] == ["Cancelled"]
    with pytest.raises(InvalidRequestError) as refused:
        session.place_order(**asked, side="Sell", orderType="Limit", qty=size_of(symbol), price=price)
    assert refused.value.status_code == 110072


@pytest.mark.parametrize("symbol", each("positions", "leverage", "fills", "private stream", "reduce-only"))
def test_a_position_is_opened_seen_and_closed(simulator: SimulatorProcess, key: ApiKey, symbol: str) -> None:
    session, (category, settle) = http(simulator, key), PERPETUALS[symbol]
    session.set_leverage(category=category, symbol=symbol, buyLeverage="4", sellLeverage="4")
    with pytest.raises(InvalidRequestError) as unchanged:
        session.set_leverage(category=category, symbol=symbol, buyLeverage="4", sellLeverage="4")
    assert unchanged.value.status_code == 110043
    positions, executions, fast, wallet = Inbox(), Inbox(), Inbox(), Inbox()
    with websocket(simulator, "private", key) as stream:
        stream.position_stream(callback=positions)
        stream.execution_stream(callback=executions)
        stream.fast_execution_stream(callback=fast)
        stream.wallet_stream(callback=wallet)
        order = {"category": category, "symbol": symbol, "orderType": "Market", "qty": size_of(symbol)}
        session.place_order(**order, side="Sell")
        pushed = positions.row(lambda row: row["size"] == size_of(symbol))
        assert (pushed["side"], pushed["leverage"], pushed["positionIdx"]) == ("Sell", "4", 0)
        execution = executions.row(lambda row: row["symbol"] == symbol)
        assert (execution["execType"], execution["side"]) == ("Trade", "Sell")
        assert Decimal(execution["execFee"]) > 0
        assert fast.row(lambda row: row["symbol"] == symbol)["execId"] == execution["execId"]
        balance = wallet.until(lambda message: message["topic"] == "wallet")["data"][0]
        assert [coin["coin"] for coin in balance["coin"]] == [settle]
        (listed,) = rows(session.get_positions(category=category, settleCoin=settle))
        assert (listed["symbol"], listed["avgPrice"]) == (symbol, pushed["entryPrice"])
        (told,) = rows(session.get_executions(category=category, symbol=symbol))
        assert told["execId"] == execution["execId"]
        (entry, *_) = rows(session.get_transaction_log(accountType="UNIFIED", category=category, currency=settle))
        assert (entry["type"], entry["tradeId"]) == ("TRADE", execution["execId"])
        session.place_order(**order, side="Buy", reduceOnly=True)
        positions.row(lambda row: row["symbol"] == symbol and row["size"] == "0")
    assert rows(session.get_closed_pnl(category=category, symbol=symbol))[0]["closedSize"] == size_of(symbol)


@pytest.mark.parametrize("symbol", each("funding records"))
def test_funding_is_an_execution_and_an_entry_of_the_ledger(
    simulator: SimulatorProcess, key: ApiKey, symbol: str
) -> None:
    session, (category, settle) = http(simulator, key), PERPETUALS[symbol]
    executions = Inbox()
    with websocket(simulator, "private", key) as stream:
        stream.execution_stream(callback=executions)
        order = {"category": category, "symbol": symbol, "orderType": "Market", "qty": size_of(symbol)}
        session.place_order(**order, side="Buy")
        executions.row(lambda row: row["execType"] == "Trade")
        simulator.control("fund", venue="bybit", category=category, symbol=symbol)
        paid = executions.row(lambda row: row["execType"] == "Funding")
        session.place_order(**order, side="Sell", reduceOnly=True)
    entries = rows(session.get_transaction_log(accountType="UNIFIED", type="SETTLEMENT", currency=settle))
    entry = next(entry for entry in entries if entry["tradeId"] == paid["execId"])
    assert Decimal(entry["funding"]) == -Decimal(paid["execFee"]), "a fee is paid, funding is received"
    assert (entry["side"], entry["transactionTime"]) == ("Buy", paid["execTime"])
    assert [row["execId"] for row in rows(session.get_executions(category=category, execType="Funding"))][:1] == [
        paid["execId"]
    ]


@verifies("linear", "position mode")
def test_hedge_mode(simulator: SimulatorProcess, key: ApiKey) -> None:
    session, named = http(simulator, key), {"category": "linear", "symbol": "SOLUSDT"}
    session.switch_position_mode(**named, mode=3)
    session.place_order(**named, side="Sell", orderType="Market", qty="1", positionIdx=2)
    session.place_order(**named, side="Buy", orderType="Market", qty="2", positionIdx=1)
    found = repeated(
        lambda: rows(session.get_positions(**named)),
        lambda listed: {row["positionIdx"]: row["size"] for row in listed} == {1: "2", 2: "1"},
    )
    assert {row["side"] for row in found} == {"Buy", "Sell"}
    with pytest.raises(InvalidRequestError, match="position idx"):
        session.place_order(**named, side="Buy", orderType="Market", qty="2", positionIdx=0)
    with pytest.raises(InvalidRequestError):
        session.switch_position_mode(category="linear", symbol="BTCPERP", mode=3)


@pytest.mark.parametrize("category", ["linear", "inverse"])
def test_a_dated_contract_is_traded(simulator: SimulatorProcess, key: ApiKey, category: str) -> None:
    session = http(simulator, key)
    listed = rows(session.get_instruments_info(category=category))
    dated = min((row for row in listed if row["deliveryTime"] != "0"), key=lambda row: row["symbol"])
    symbol, quantity = dated["symbol"], dated["lotSizeFilter"]["minOrderQty"]
    quantity = str(Decimal(quantity) * 100)
    named = {"category": category, "symbol": symbol}
    session.place_order(**named, side="Sell", orderType="Market", qty=quantity)
    repeated(lambda: [held(session, category, symbol)], lambda sizes: sizes == [Decimal(quantity)])
    session.place_order(**named, side="Buy", orderType="Market", qty=quantity, reduceOnly=True)
    repeated(lambda: [held(session, category, symbol)], lambda sizes: sizes == [0])
    (ticker,) = rows(session.get_tickers(**named))
    assert (ticker["fundingRate"], ticker["nextFundingTime"]) == ("", "0")
    assert ticker["deliveryTime"] == dated["deliveryTime"]


def test_a_pair_is_bought(simulator: SimulatorProcess, key: ApiKey) -> None:
    session = http(simulator, key)
    placed = session.place_order(category="spot", symbol="ETHUSDT", side="Buy", orderType="Market", qty="300")
    identity = placed["result"]["orderId"]
    (order,) = repeated(
        lambda: rows(session.get_order_history(category="spot", orderId=identity)), lambda found: bool(found)
    )
    assert (order["orderStatus"], "tpslMode" in order) in {
        ("Filled", False),
        ("PartiallyFilledCanceled", False),
    }


def test_orders_by_websocket(simulator: SimulatorProcess, key: ApiKey) -> None:
    session, inbox, refusals = http(simulator, key), Inbox(), Inbox()
    mark = Decimal(rows(session.get_tickers(category="linear", symbol="BTCUSDT"))[0]["markPrice"])
    named = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "sdk-ws-1"}
    price = str((mark * Decimal("1.03")).quantize(Decimal("0.1")))
    with trading(simulator, key) as stream:
        stream.place_order(inbox, **named, side="Sell", orderType="Limit", qty="0.010", price=price)
        placed = inbox.until(lambda message: message["op"] == "order.create")
        assert (placed["retCode"], placed["data"]["orderLinkId"]) == (0, "sdk-ws-1")
        assert placed["header"].keys() >= {"X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"}
        stream.amend_order(inbox, **named, qty="0.020")
        inbox.until(lambda message: message["op"] == "order.amend")
        assert rows(session.get_open_orders(**named))[0]["qty"] == "0.020"
        stream.cancel_order(inbox, **named)
        inbox.until(lambda message: message["op"] == "order.cancel")
        stream.place_order(*(inbox, refusals), **named, side="Sell", orderType="Limit", qty="0.010", price=price)
        assert refusals.until(lambda message: True)["retCode"] == 110072


def test_long_lists_come_in_pages(simulator: SimulatorProcess, key: ApiKey) -> None:
    session = http(simulator, key)
    simulator.control("partial_fills", venue="bybit", category="linear", symbol="ETHUSDT", most="0.01")
    session.place_order(category="linear", symbol="ETHUSDT", side="Buy", orderType="Market", qty="0.30")
    asked = {"category": "linear", "symbol": "ETHUSDT", "limit": 10}
    repeated(lambda: rows(session.get_executions(**asked | {"limit": 100})), lambda found: len(found) == 30)
    names: list[str] = []
    cursor = None
    for _ in range(3):
        answer = session.get_executions(**asked, cursor=cursor)
        names += [row["execId"] for row in rows(answer)]
        cursor = answer["result"]["nextPageCursor"]
    assert (cursor, len(set(names))) == ("", 30)
    with pytest.raises(InvalidRequestError, match="7 days"):
        session.get_executions(**asked, startTime=1, endTime=8 * 86_400_000)
