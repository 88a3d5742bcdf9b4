"""Bybit's own samples, where they lie beside the checkout: every file is read, or its reason not to be is here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    CandlePrice,
    CandlesLoaded,
    DayStatistics,
    FaultKind,
    Fill,
    FillOrigin,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.legs import Leg
from feeds.bybit import facts
from feeds.bybit.rest import BybitDialect
from feeds.decoding import AnyFrameDecoder
from feeds.registry import account_decoder_for, rest_answer, venue_module
from feeds.rest import Reply
from tests.support.frames import SHARED, only_fault

SAMPLES = SHARED / "wire" / "bybit"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no venue samples beside the checkout")
LATER_NS = 1_800_000_000_000_000_000

NOT_READ = {
    "ws_subscribe_request.json": "what a client sends",
    "ws_subscribe_request_many.json": "what a client sends",
    "ws_unsubscribe_request.json": "what a client sends",
    "wstrade_order_create_request.json": "orders are placed over REST",
    "wstrade_order_create_response.json": "orders are placed over REST",
}

ENDPOINTS = {
    "rest_account_info": "/v5/account/info",
    "rest_collateral_info": "/v5/account/collateral-info",
    "rest_fee_rate": "/v5/account/fee-rate?category=linear",
    "rest_funding_history": "/v5/market/funding/history",
    "rest_instruments_inverse": "/v5/market/instruments-info",
    "rest_instruments_linear": "/v5/market/instruments-info",
    "rest_instruments_spot": "/v5/market/instruments-info",
    "rest_kline": "/v5/market/kline",
    "rest_mark_kline": "/v5/market/mark-price-kline?interval=60",
    "rest_open_interest": "/v5/market/open-interest",
    "rest_order_amend": "POST /v5/order/amend",
    "rest_order_cancel": "POST /v5/order/cancel",
    "rest_order_create": "POST /v5/order/create",
    "rest_order_realtime": "/v5/order/realtime",
    "rest_position_list": "/v5/position/list",
    "rest_price_limit": "/v5/market/price-limit",
    "rest_risk_limit": "/v5/market/risk-limit",
    "rest_set_leverage": "POST /v5/position/set-leverage",
    "rest_set_margin_mode_failed": "POST /v5/account/set-margin-mode",
    "rest_switch_mode": "POST /v5/position/switch-mode",
    "rest_tickers_inverse": "/v5/market/tickers",
    "rest_tickers_spot": "/v5/market/tickers",
    "rest_time": "/v5/market/time",
    "rest_wallet_balance": "/v5/account/wallet-balance?accountType=UNIFIED",
    "rest_wallet_balance_full": "/v5/account/wallet-balance?accountType=UNIFIED",
}
MARKETS = {"rest_instruments_inverse": "inverse"}
"""Where neither the query nor the body says which category is meant."""


def raw(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def sample(name: str) -> Any:
    return json.loads(raw(name))


def row(name: str) -> Any:
    """The first row of a body, or element of a frame."""
    content = sample(name)
    return content["result"]["list"][0] if "result" in content else content["data"][0]


def rest(name: str) -> Sequence[AnyEvent]:
    answer = rest_answer("bybit", MARKETS.get(name, "linear"), ENDPOINTS[name], raw(name), LATER_NS)
    return venue_module("bybit").rest_events(answer)


def frame(name: str, market: str = "linear") -> Sequence[AnyEvent]:
    return AnyFrameDecoder("bybit", market).decode(raw(name), LATER_NS)


def private(name: str) -> Sequence[AnyEvent]:
    decoder = account_decoder_for("bybit", "linear", "hedge")
    assert decoder is not None
    return decoder.decode(raw(name), LATER_NS)


def one(events: Sequence[AnyEvent], kind: Any) -> Any:
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def test_every_file_is_read_here() -> None:
    with open(__file__, encoding="utf-8") as source:
        text = source.read()
    for path in SAMPLES.glob("*.json"):
        assert path.name in NOT_READ or f'"{path.stem}"' in text, path.name


# --- market data over REST -------------------------------------------------------------------------------------------


@pytest.mark.verifies("bybit", "inverse", "24 h ticker", "funding rate", "best bid and ask")
def test_tickers_tell_what_stands_and_the_last_day() -> None:
    told, data = rest("rest_tickers_inverse"), row("rest_tickers_inverse")
    ticker, day = one(told, Ticker), one(told, DayStatistics)
    assert ticker.instrument == day.instrument == "bybit:inverse:BTCUSD"
    prices = (ticker.mark_price, ticker.index_price, ticker.bid_price, ticker.ask_size)
    assert prices == tuple(Decimal(data[name]) for name in ("markPrice", "indexPrice", "bid1Price", "ask1Size"))
    assert (ticker.funding_rate, ticker.funding_interval_hours) == (Decimal(data["fundingRate"]), 8)
    assert ticker.next_funding_time_ns == int(data["nextFundingTime"]) * 10**6
    figures = (day.open_price, day.high_price, day.low_price, day.last_price, day.volume, day.turnover)
    names = ("prevPrice24h", "highPrice24h", "lowPrice24h", "lastPrice", "volume24h", "turnover24h")
    assert figures == tuple(Decimal(data[name]) for name in names)
    assert day.venue_time_ns == sample("rest_tickers_inverse")["time"] * 10**6


def test_a_spot_ticker_has_no_mark_and_no_funding() -> None:
    told, data = rest("rest_tickers_spot"), row("rest_tickers_spot")
    ticker = one(told, Ticker)
    assert (ticker.instrument, ticker.bid_price) == ("bybit:spot:BTCUSDT", Decimal(data["bid1Price"]))
    assert (ticker.mark_price, ticker.index_price, ticker.funding_rate, ticker.next_funding_time_ns) == (None,) * 4
    assert one(told, DayStatistics).turnover == Decimal(data["turnover24h"])


@pytest.mark.verifies("bybit", "linear", "last settled funding rate")
def test_a_settled_rate_is_no_estimate() -> None:
    (settled,), data = rest("rest_funding_history"), row("rest_funding_history")
    assert isinstance(settled, FundingSettled)
    assert (settled.instrument, settled.rate) == ("bybit:linear:ETHPERP", Decimal(data["fundingRate"]))
    assert settled.settled_ns == int(data["fundingRateTimestamp"]) * 10**6


@pytest.mark.parametrize("name", ["rest_instruments_linear", "rest_instruments_inverse", "rest_instruments_spot"])
def test_instruments(name: str) -> None:
    (listed,), data = rest(name), row(name)
    assert isinstance(listed, InstrumentListed)
    instrument = listed.instrument
    assert instrument.symbol == data["symbol"]
    assert instrument.tick_size == Decimal(data["priceFilter"]["tickSize"])
    step = data["lotSizeFilter"].get("qtyStep") or data["lotSizeFilter"]["basePrecision"]
    assert (instrument.quantity_step, instrument.contract_size) == (Decimal(step), Decimal(1))
    assert instrument.settle == data.get("settleCoin", data["quoteCoin"])
    assert instrument.expiry_ns is None
    hours = data.get("fundingInterval", 0) // 60 or None
    assert instrument.funding_interval_hours == hours


def test_tiers_in_per_cent_are_read_as_such() -> None:
    loaded = one(rest("rest_risk_limit"), TiersLoaded)
    (tier,) = loaded.table.tiers
    assert (loaded.table.instrument, loaded.table.unit) == ("bybit:inverse:BTCUSD", "coin")
    assert (tier.cap, tier.rate, tier.deduction) == (Decimal(150), Decimal("0.005"), 0)


def test_candles_of_mark_prices_are_used_those_of_trades_of_a_contract_are_not() -> None:
    (loaded,), data = rest("rest_mark_kline"), row("rest_mark_kline")
    assert isinstance(loaded, CandlesLoaded)
    assert (loaded.instrument, loaded.price) == ("bybit:linear:BTCUSDT", CandlePrice.MARK)
    (candle,) = loaded.candles
    prices = (candle.open, candle.high, candle.low, candle.close)
    assert prices == tuple(Decimal(text) for text in data[1:])
    assert candle.start_ns == int(data[0]) * 10**6
    assert rest("rest_kline") == []


# --- an account over REST --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rest_wallet_balance", "rest_wallet_balance_full"])
def test_the_wallet(name: str) -> None:
    told = rest(name)
    coins = {coin["coin"]: coin for coin in row(name)["coin"]}
    owed = {coin: Decimal(data["walletBalance"]) - Decimal(data["spotBorrow"]) for coin, data in coins.items()}
    assert {event.asset: event.wallet_balance for event in told if isinstance(event, BalanceUpdate)} == owed
    assert {event.venue_time_ns for event in told if isinstance(event, BalanceUpdate)} == {sample(name)["time"] * 10**6}


def test_what_was_borrowed_is_owed() -> None:
    told = rest("rest_wallet_balance_full")
    balances = {event.asset: event.wallet_balance for event in told if isinstance(event, BalanceUpdate)}
    assert (balances["ETH"], balances["USDT"]) == (Decimal("-0.06142"), Decimal("1000.50"))


@pytest.mark.verifies("bybit", "inverse", "positions", "leverage", "position mode")
def test_positions_over_rest() -> None:
    told, data = rest("rest_position_list"), row("rest_position_list")
    position, settings = one(told, PositionUpdate), one(told, AccountSettings)
    assert (position.instrument, position.quantity) == ("bybit:inverse:BTCUSD", -Decimal(data["size"]))
    assert (position.entry_price, position.leg) == (Decimal(data["avgPrice"]), Leg.NET)
    assert position.liquidation_price is None, "the sample leaves it empty: unknown, not zero"
    assert position.venue_time_ns == int(data["updatedTime"]) * 10**6
    assert (settings.position_mode, settings.leverage, settings.instrument) == ("one-way", 10, position.instrument)


@pytest.mark.verifies("bybit", "linear", "margin mode")
def test_margin_mode() -> None:
    (settings,) = rest("rest_account_info")
    assert isinstance(settings, AccountSettings)
    assert (settings.instrument, settings.margin_mode, settings.multi_asset) == ("", "cross", True)


def test_an_open_order() -> None:
    (order,), data = rest("rest_order_realtime"), row("rest_order_realtime")
    assert isinstance(order, OrderUpdate)
    assert (order.instrument, order.side, order.state) == ("bybit:linear:ETHUSDT", "buy", OrderState.OPEN)
    assert (order.quantity, order.limit_price) == (Decimal(data["qty"]), Decimal(data["price"]))
    assert (order.client_order_id, order.venue_order_id) == (data["orderLinkId"], data["orderId"])
    assert (order.leg, order.average_price, order.filled_quantity) == (Leg.LONG, None, Decimal(0))


@pytest.mark.parametrize(
    "name",
    [
        *("rest_time", "rest_open_interest", "rest_price_limit", "rest_collateral_info", "rest_fee_rate"),
        *("rest_set_leverage", "rest_switch_mode", "rest_order_create", "rest_order_amend", "rest_order_cancel"),
    ],
)
def test_what_is_answered_and_tells_nothing_of_the_book(name: str) -> None:
    (heard,) = rest(name)
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.channel) == ("answer", ENDPOINTS[name].split("?")[0].removeprefix("POST "))
    if name == "rest_fee_rate":
        assert heard.detail == "ETHUSDT maker 0.0001 taker 0.0006"
    if name.startswith("rest_order"):
        assert heard.detail == sample(name)["result"]["orderLinkId"]


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("err_10002", "/v5/account/info"),
        ("err_10006", "/v5/account/info"),
        ("err_110072", "POST /v5/order/create"),
        ("rest_set_margin_mode_failed", "POST /v5/account/set-margin-mode"),
    ],
)
def test_refusals(name: str, endpoint: str) -> None:
    with pytest.raises(VenueError) as caught:
        venue_module("bybit").rest_events(rest_answer("bybit", "linear", endpoint, raw(name), LATER_NS))
    content, error = sample(name), caught.value
    assert (error.code, error.message) == (str(content["retCode"]), content["retMsg"])
    told = BybitDialect().failure(Reply(200, {}, raw(name)), content.get("time", 0))
    assert told is not None
    assert (told.code, told.outcome_unknown) == (error.code, False)
    assert (told.retry_after_seconds is not None) is (name == "err_10006")


# --- streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("bybit", "linear", "mark price", "index price", "funding rate", "funding interval")
def test_a_ticker_snapshot() -> None:
    (ticker,), data = frame("ws_tickers_linear_snapshot"), sample("ws_tickers_linear_snapshot")["data"]
    assert isinstance(ticker, Ticker)
    assert (ticker.mark_price, ticker.index_price) == (Decimal(data["markPrice"]), Decimal(data["indexPrice"]))
    assert (ticker.funding_rate, ticker.funding_interval_hours) == (Decimal(data["fundingRate"]), 8)


def test_a_dated_future_has_no_funding_and_that_is_no_fault() -> None:
    (ticker,), data = frame("ws_tickers_linear_future_snapshot"), sample("ws_tickers_linear_future_snapshot")["data"]
    assert isinstance(ticker, Ticker)
    assert (ticker.instrument, ticker.mark_price) == ("bybit:linear:BTC-26DEC25", Decimal(data["markPrice"]))
    assert (ticker.funding_rate, ticker.next_funding_time_ns, ticker.funding_interval_hours) == (None, None, None)


def test_a_difference_without_its_snapshot_is_not_used() -> None:
    assert only_fault(frame("ws_tickers_linear_delta")).kind is FaultKind.BEFORE_SNAPSHOT


def test_books() -> None:
    (ticker,), data = frame("ws_orderbook_snapshot"), sample("ws_orderbook_snapshot")["data"]
    assert isinstance(ticker, Ticker)
    assert (ticker.bid_price, ticker.ask_size) == (Decimal(data["b"][0][0]), Decimal(data["a"][0][1]))
    assert only_fault(frame("ws_orderbook_delta")).field == "type", "the best level comes whole, never as a difference"


@pytest.mark.parametrize(
    ("name", "kind", "quoted"),
    [
        ("ws_pong_linear", "pong", ""),
        ("ws_pong_option", "pong", ""),
        ("ws_subscribe_ack_linear", "ack", ""),
        ("ws_subscribe_ack_private", "ack", ""),
        ("ws_subscribe_ack_spot", "ack", "10001"),
        ("ws_subscription_failure", "refusal", ""),
        ("ws_kline", "unused", ""),
    ],
)
@pytest.mark.parametrize("read", [frame, private])
def test_control_frames(read: Any, name: str, kind: str, quoted: str) -> None:
    if (read, name) == (private, "ws_kline"):
        assert only_fault(private(name)).kind is FaultKind.UNKNOWN_TOPIC
        return
    (heard,) = read(name)
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.request) == (kind, quoted)


def test_a_refused_login_names_its_code() -> None:
    (heard,) = private("ws_auth_failure")
    assert heard == Heard(received_ns=LATER_NS, kind="refusal", channel="login", detail="10003")


@pytest.mark.verifies("bybit", "linear", "private stream")
def test_a_position_pushed() -> None:
    told, data = frame("ws_private_position"), row("ws_private_position")
    position, (mode, leg) = one(told, PositionUpdate), [event for event in told if isinstance(event, AccountSettings)]
    assert (position.instrument, position.quantity, position.leg) == ("bybit:linear:BTCUSDT", 0, Leg.SHORT)
    assert (position.entry_price, position.liquidation_price) == (None, None), '"0" is no price'
    assert position.venue_time_ns == int(data["updatedTime"]) * 10**6
    assert (mode.instrument, mode.position_mode, mode.leverage, mode.leg) == (
        position.instrument,
        "hedge",
        None,
        Leg.NET,
    )
    assert (leg.position_mode, leg.leverage, leg.leg) == (None, Decimal(10), Leg.SHORT)


def test_the_wallet_pushed() -> None:
    (balance,), data = frame("ws_private_wallet"), row("ws_private_wallet")["coin"][0]
    assert isinstance(balance, BalanceUpdate)
    assert (balance.asset, balance.wallet_balance) == ("BTC", Decimal(data["walletBalance"]))
    assert balance.venue_time_ns == sample("ws_private_wallet")["creationTime"] * 10**6


def test_a_deleveraging() -> None:
    (fill,), data = frame("ws_private_execution_adl"), row("ws_private_execution_adl")
    assert isinstance(fill, Fill)
    assert (fill.origin, fill.side, fill.fill_id) == (FillOrigin.ADL, "sell", data["execId"])
    assert (fill.price, fill.quantity, fill.fee) == (Decimal(data["execPrice"]), Decimal(data["execQty"]), Decimal(0))
    assert (fill.fee_asset, fill.maker) == ("USDT", False)


@pytest.mark.parametrize("name", ["ws_private_execution_fast", "ws_private_order"])
def test_fills_without_fees_and_options_are_told_by_others_or_not_at_all(name: str) -> None:
    (heard,) = frame(name)
    assert isinstance(heard, Heard)
    assert (heard.kind, heard.channel) == ("unused", sample(name)["topic"])
    assert heard.channel.split(".")[0] in facts.UNUSED_TOPICS
