"""Binance's own SDKs, told nothing but other addresses, use the simulated futures as they use the venue's.

Their answers are checked against the venue's own models: a field of another type would be told in a warning, which
fails the test. What they do not offer: spot, which has a package of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
from binance_sdk_derivatives_trading_coin_futures.derivatives_trading_coin_futures import DerivativesTradingCoinFutures
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures

from feeds.sim.process import SimulatorProcess
from tests.support.patience import PATIENCE

PRODUCTS = ("usdm", "coinm")
SYMBOL = {"usdm": "BTCUSDT", "coinm": "BTCUSD_PERP"}
PAIR = {"usdm": "BTCUSDT", "coinm": "BTCUSD"}
SIZE = {"usdm": 0.1, "coinm": 50}


def verifies(*capabilities: str) -> Callable[[Any], Any]:
    """What a test shows of both futures markets, with both of them tried."""

    def mark(test: Any) -> Any:
        for market in PRODUCTS:
            test = pytest.mark.verifies("binance", market, *capabilities, client="Binance SDK")(test)
        return pytest.mark.parametrize("product", PRODUCTS)(test)

    return mark


@pytest.fixture(autouse=True)
def models_fit(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No answer that the SDK's models do not take as it is."""
    yield
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def sdk(simulator: SimulatorProcess, product: str) -> Any:
    """The venue's client of one product."""
    key, endpoints = simulator.api_key("binance"), simulator.venues["binance"]
    rest = ConfigurationRestAPI(key.key, key.secret, base_path=endpoints.rest, timeout=round(PATIENCE * 1000))
    streams = endpoints.websocket if product == "usdm" else f"{endpoints.websocket}/dstream/stream"
    make = DerivativesTradingUsdsFutures if product == "usdm" else DerivativesTradingCoinFutures
    return make(config_rest_api=rest, config_ws_streams=ConfigurationWebSocketStreams(stream_url=streams))


def said(answer: Any) -> Any:
    """What an answer holds, whichever of several models it is."""
    data = answer.data()
    return getattr(data, "actual_instance", data)


def kind(event: Any) -> str:
    """What an event of an account is, by the name of its model."""
    return type(event).__name__


def first(content: Any) -> Any:
    """The one element of a list, or what is no list."""
    return content[0] if isinstance(content, list) else content


@asynccontextmanager
async def streams_of(simulator: SimulatorProcess, product: str) -> AsyncIterator[tuple[Any, Any]]:
    """The client and its open streams."""
    client = sdk(simulator, product)
    streams = await client.websocket_streams.create_connection()
    try:
        yield client, streams
    finally:
        await streams.close_connection()


class Heard:
    """What a stream has brought."""

    def __init__(self, stream: Any) -> None:
        self.messages: list[Any] = []
        self._more = asyncio.Event()
        stream.on("message", self._take)

    def _take(self, message: Any) -> None:
        self.messages.append(getattr(message, "actual_instance", message))
        self._more.set()

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first message for which ``wanted`` holds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self._more.clear()
                for message in self.messages:
                    if wanted(message):
                        return message
                await self._more.wait()


@verifies("instruments", "server time", "mark price", "index price", "funding rate", "24 h ticker", "best bid and ask")
def test_market_data(simulator: SimulatorProcess, product: str) -> None:
    rest, symbol = sdk(simulator, product).rest_api, SYMBOL[product]
    assert said(rest.check_server_time()).server_time > 0
    listed = {item.symbol: item for item in said(rest.exchange_information()).symbols}
    assert listed[symbol].contract_type == "PERPETUAL"
    assert {item.contract_type for item in listed.values()} == {"PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER"}
    ask = rest.mark_price if product == "usdm" else rest.index_price_and_mark_price
    mark = first(said(ask(symbol=symbol)))
    price = float(mark.mark_price)
    assert abs(float(mark.index_price) / price - 1) < 0.01
    assert abs(float(mark.last_funding_rate)) <= 0.00375
    dated = next(name for name, item in sorted(listed.items()) if item.contract_type == "CURRENT_QUARTER")
    assert (first(said(ask(symbol=dated))).last_funding_rate, first(said(ask(symbol=dated))).next_funding_time) == (
        "",
        0,
    )
    book = said(rest.order_book(symbol=symbol, limit=20))
    assert float(book.bids[0][0]) < float(book.asks[0][0])
    best = first(said(rest.symbol_order_book_ticker(symbol=symbol)))
    assert abs(float(best.bid_price) / price - 1) < 0.01
    day = first(said(rest.ticker24hr_price_change_statistics(symbol=symbol)))
    assert float(day.low_price) <= float(day.last_price) <= float(day.high_price)
    assert said(rest.recent_trades_list(symbol=symbol, limit=3))


@verifies("candles", "last settled funding rate", "funding interval", "maintenance tiers")
def test_history_and_terms(simulator: SimulatorProcess, product: str) -> None:
    rest, symbol = sdk(simulator, product).rest_api, SYMBOL[product]
    for rows in (
        said(rest.kline_candlestick_data(symbol=symbol, interval="1h", limit=5)),
        said(rest.mark_price_kline_candlestick_data(symbol=symbol, interval="1h", limit=5)),
        said(rest.index_price_kline_candlestick_data(pair=PAIR[product], interval="1h", limit=5)),
    ):
        assert [row[0] for row in rows] == [rows[0][0] + 3_600_000 * number for number in range(5)]
    name = "get_funding_rate_history" if product == "usdm" else "get_funding_rate_history_of_perpetual_futures"
    rates = said(getattr(rest, name)(symbol=symbol, limit=3))
    assert [row.funding_time % 28_800_000 for row in rates] == [0, 0, 0]
    intervals = {row.symbol: row.funding_interval_hours for row in said(rest.get_funding_rate_info())}
    assert intervals == ({"SOLUSDT": 4, "DOGEUSDT": 1} if product == "usdm" else {})
    name = "notional_and_leverage_brackets" if product == "usdm" else "notional_bracket_for_symbol"
    tiers = first(said(getattr(rest, name)(symbol=symbol))).brackets
    assert (tiers[0].maint_margin_ratio, tiers[0].initial_leverage) == (0.004, 125)
    assert (tiers[0].notional_cap if product == "usdm" else tiers[0].qty_cap) == (50_000 if product == "usdm" else 5)


@verifies("balances", "positions", "position mode", "margin mode", "leverage")
def test_the_account(simulator: SimulatorProcess, product: str) -> None:
    rest, symbol = sdk(simulator, product).rest_api, SYMBOL[product]
    usdm = product == "usdm"
    balance = said(rest.futures_account_balance_v3() if usdm else rest.futures_account_balance())
    assert (balance[0].asset, float(balance[0].balance) > 1) == ("USDT" if usdm else "BTC", True)
    account = said(rest.account_information_v3() if usdm else rest.account_information())
    assert account.assets[0].wallet_balance == balance[0].balance
    assert said(rest.get_current_position_mode()).dual_side_position is False
    assert said(rest.change_initial_leverage(symbol=symbol, leverage=7)).leverage == 7
    if usdm:
        assert said(rest.get_current_multi_assets_mode()).multi_assets_margin is False
        assert said(rest.position_information_v3()) == []
        setting = said(rest.symbol_configuration(symbol=symbol))[0]
        assert (setting.margin_type, setting.leverage) == ("CROSSED", 7)
    else:
        held = {row.symbol: row for row in said(rest.position_information())}
        assert (held[symbol].position_amt, held[symbol].leverage, held[symbol].margin_type) == ("0", "7", "cross")


@verifies("place an order", "query an order", "open orders", "cancel an order", "post-only", "client order id")
def test_a_resting_order(simulator: SimulatorProcess, product: str) -> None:
    rest, symbol, name = sdk(simulator, product).rest_api, SYMBOL[product], f"sdk-{product}"
    order = {"symbol": symbol, "side": "SELL", "type": "LIMIT", "quantity": SIZE[product], "time_in_force": "GTX"}
    placed = said(rest.new_order(**order, price=61_800, new_client_order_id=name))
    assert (placed.status, placed.client_order_id, placed.time_in_force) == ("NEW", name, "GTX")
    assert said(rest.query_order(symbol=symbol, orig_client_order_id=name)).order_id == placed.order_id
    assert [row.client_order_id for row in said(rest.current_all_open_orders(symbol=symbol))] == [name]
    with pytest.raises(Exception, match="-4116"):
        rest.new_order(**order, price=61_800, new_client_order_id=name)
    assert said(rest.cancel_order(symbol=symbol, orig_client_order_id=name)).status == "CANCELED"
    with pytest.raises(Exception, match="-2011"):
        rest.cancel_order(symbol=symbol, orig_client_order_id=name)
    with pytest.raises(Exception, match="-2013"):
        rest.query_order(symbol=symbol, orig_client_order_id="nobody's")
    with pytest.raises(Exception, match="-5022"):
        rest.new_order(**order, price=58_200)


@verifies("fills", "fee records", "positions", "reduce-only", "funding records")
def test_a_position_and_its_records(simulator: SimulatorProcess, product: str) -> None:
    rest, symbol = sdk(simulator, product).rest_api, SYMBOL[product]
    order = {"symbol": symbol, "type": "MARKET", "quantity": SIZE[product]}
    number = said(rest.new_order(**order, side="SELL", new_order_resp_type="RESULT")).order_id
    assert said(rest.query_order(symbol=symbol, order_id=number)).status == "FILLED"
    ask = rest.position_information_v3 if product == "usdm" else rest.position_information
    (held,) = [row for row in said(ask()) if float(row.position_amt)]
    assert (held.symbol, float(held.position_amt)) == (symbol, -SIZE[product])
    (fill,) = [row for row in said(rest.account_trade_list(symbol=symbol)) if row.order_id == number]
    assert (float(fill.qty), fill.maker, float(fill.commission) > 0) == (SIZE[product], False, True)
    simulator.control("fund", venue="binance", category=product, symbol=symbol)
    kinds = {row.income_type: row for row in said(rest.get_income_history(symbol=symbol))}
    assert {"COMMISSION", "FUNDING_FEE"} <= kinds.keys()
    assert float(kinds["COMMISSION"].income) == -float(fill.commission)
    with pytest.raises(Exception, match="-2022"):
        rest.new_order(**order | {"quantity": 2 * SIZE[product]}, side="BUY", reduce_only="true")
    rest.new_order(**order, side="BUY", reduce_only="true")
    assert not [row for row in said(ask()) if float(row.position_amt)]


@verifies("mark price", "index price", "funding rate", "best bid and ask", "24 h ticker")
async def test_public_streams(simulator: SimulatorProcess, product: str) -> None:
    symbol = SYMBOL[product].lower()
    async with streams_of(simulator, product) as (_, streams):
        marks = Heard(await streams.mark_price_stream(symbol=symbol, update_speed="1s"))
        books = Heard(await streams.individual_symbol_book_ticker_streams(symbol=symbol))
        candles = Heard(await streams.kline_candlestick_streams(symbol=symbol, interval="1m"))
        days = Heard(await streams.individual_symbol_ticker_streams(symbol=symbol))
        depth = Heard(await streams.partial_book_depth_streams(symbol=symbol, levels=5))
        mark = await marks.until(lambda message: message.s == SYMBOL[product])
        assert mark.st == (1 if product == "usdm" else 2)
        assert abs(float(mark.i) / float(mark.p) - 1) < 0.01
        book = await books.until(lambda message: message.s == SYMBOL[product])
        assert float(book.b) < float(book.a)
        assert (await candles.until(lambda message: message.e == "kline")).k.i == "1m"
        assert float((await days.until(lambda message: message.e == "24hrTicker")).c) > 0
        assert len((await depth.until(lambda message: message.e == "depthUpdate")).b) == 5
        if product == "coinm":
            indexes = Heard(await streams.index_price_stream(pair="btcusd", update_speed="1s"))
            assert (await indexes.until(lambda message: message.i == "BTCUSD")).p
            pair = Heard(await streams.mark_price_of_all_symbols_of_a_pair(pair="btcusd", update_speed="1s"))
            rows = await pair.until(lambda message: len(message) == 3)
            assert {row.s for row in rows} > {"BTCUSD_PERP"}


@verifies("private stream", "balances", "positions", "fills")
async def test_the_user_data_stream(simulator: SimulatorProcess, product: str) -> None:
    async with streams_of(simulator, product) as (client, streams):
        rest = client.rest_api
        key = said(await asyncio.to_thread(rest.start_user_data_stream)).listen_key
        assert said(await asyncio.to_thread(rest.start_user_data_stream)).listen_key == key
        events = Heard(await streams.user_data(key))
        order = {"symbol": SYMBOL[product], "type": "MARKET", "quantity": SIZE[product]}
        await asyncio.to_thread(lambda: rest.new_order(**order, side="SELL"))
        filled = await events.until(lambda event: kind(event) == "OrderTradeUpdate" and event.o.X == "FILLED")
        assert (filled.o.s, float(filled.o.z)) == (SYMBOL[product], SIZE[product])
        update = await events.until(lambda event: kind(event) == "AccountUpdate")
        assert {row.a for row in update.a.B} == {"USDT" if product == "usdm" else "BTC"}
        assert {float(row.pa) for row in update.a.P} == {-SIZE[product]}
        await asyncio.to_thread(lambda: rest.new_order(**order, side="BUY", reduce_only="true"))
        await events.until(
            lambda event: kind(event) == "AccountUpdate" and {float(row.pa) for row in event.a.P} == {0.0}
        )
        await asyncio.to_thread(rest.keepalive_user_data_stream)
