"""Every sample of WEEX's own messages beside the checkout: what is used of each, or why nothing is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    CandlesLoaded,
    DayStatistics,
    FaultKind,
    Fill,
    FrameFault,
    FundingPayment,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
)
from core.legs import Leg
from feeds.registry import account_decoder_for, decoder_for, rest_answer, venue_module
from tests.support.frames import SHARED, faults

WIRE = SHARED / "wire" / "weex"
pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="no venue samples beside the checkout")

BEFORE_NS = 1_764_500_000_000_000_000
"""A moment before any sample's next settlement."""

ENDPOINTS = {
    "rest_account_balance": "/capi/v3/account/balance",
    "rest_algoOrder_place": "POST /capi/v3/algoOrder",
    "rest_closePositions": "POST /capi/v3/closePositions",
    "rest_account_balance_2": "/capi/v3/account/balance",
    "rest_allPosition": "/capi/v3/account/position/allPosition",
    "rest_apiTradingSymbols": "/capi/v3/market/apiTradingSymbols",
    "rest_bookTicker": "/capi/v3/market/ticker/bookTicker",
    "rest_commissionRate": "/capi/v3/account/commissionRate",
    "rest_error_1140": "DELETE /capi/v3/order",
    "rest_exchangeInfo": "/capi/v3/market/exchangeInfo",
    "rest_income": "POST /capi/v3/account/income",
    "rest_income_funding": "POST /capi/v3/account/income",
    "rest_klines": "/capi/v3/market/klines?symbol=BTCUSDT&interval=1m",
    "rest_leverage_set": "POST /capi/v3/account/leverage",
    "rest_marginType_set": "POST /capi/v3/account/marginType",
    "rest_openInterest": "/capi/v3/market/openInterest",
    "rest_openOrders": "/capi/v3/openOrders",
    "rest_openOrders_2": "/capi/v3/openOrders",
    "rest_order_get": "/capi/v3/order",
    "rest_order_history": "/capi/v3/order/history",
    "rest_order_place": "POST /capi/v3/order",
    "rest_positionMargin_set": "POST /capi/v3/account/positionMargin",
    "rest_premiumIndex": "/capi/v3/market/premiumIndex",
    "rest_premiumIndex_2": "/capi/v3/market/premiumIndex",
    "rest_singlePosition": "/capi/v3/account/position/singlePosition?symbol=BTCUSDT",
    "rest_spot_account": "/api/v3/account/",
    "rest_spot_account_2": "/api/v3/account/",
    "rest_success": "POST /capi/v3/account/leverage",
    "rest_symbolConfig": "/capi/v3/account/symbolConfig",
    "rest_symbolPrice": "/capi/v3/market/symbolPrice?symbol=BTCUSDT",
    "rest_symbolPrice_mark": "/capi/v3/market/symbolPrice?symbol=ETHUSDT&priceType=MARK",
    "rest_ticker_24hr": "/capi/v3/market/ticker/24hr",
    "rest_ticker_24hr_2": "/capi/v3/market/ticker/24hr",
    "rest_time": "/capi/v3/market/time",
    "rest_trades": "/capi/v3/market/trades",
    "rest_userTrades": "/capi/v3/userTrades",
}

NOT_CONSUMED = {
    "rest_exchangeInfo_symbol": "a row of exchangeInfo, which is read with the list around it",
}

FRAMES = {
    "ws_depth_changed": "linear",
    "ws_error_unparsable": "linear",
    "ws_greeting": "linear",
    "ws_kline": "linear",
    "ws_ping_private": "linear",
    "ws_ping_public": "linear",
    "ws_spot_bookTicker": "spot",
    "ws_spot_ticker": "spot",
    "ws_sub_ack": "linear",
    "ws_sub_error": "linear",
    "ws_ticker": "linear",
    "ws_ticker_2": "linear",
    "ws_trade": "linear",
}

PRIVATE_FRAMES = {
    "ws_private_account": "linear",
    "ws_private_account_2": "linear",
    "ws_private_fill": "linear",
    "ws_private_orders_spot": "spot",
    "ws_private_positions_2": "linear",
    "ws_spot_account": "spot",
    "ws_spot_account_2": "spot",
}


def raw(name: str) -> bytes:
    return (WIRE / f"{name}.json").read_bytes()


def body(name: str, received_ns: int = BEFORE_NS) -> list[AnyEvent]:
    answer = rest_answer("weex", "", ENDPOINTS[name], raw(name), received_ns)
    return list(venue_module("weex").rest_events(answer))


def frame(name: str) -> list[AnyEvent]:
    return list(decoder_for("weex", FRAMES[name]).decode(raw(name), 1))


def private(name: str) -> list[AnyEvent]:
    decoder = account_decoder_for("weex", PRIVATE_FRAMES[name], "main")
    assert decoder is not None
    return list(decoder.decode(raw(name), 1))


def said(name: str) -> Any:
    return json.loads(raw(name))


def test_every_sample_is_accounted_for() -> None:
    names = {path.stem for path in WIRE.glob("*.json")}
    assert names == {*ENDPOINTS, *NOT_CONSUMED, *FRAMES, *PRIVATE_FRAMES}


@pytest.mark.parametrize("name", [name for name in ENDPOINTS if name != "rest_error_1140"])
def test_no_body_is_refused(name: str) -> None:
    events = body(name)
    assert events
    assert not faults(events)


@pytest.mark.parametrize("name", [*FRAMES, *PRIVATE_FRAMES])
def test_no_frame_but_one_without_its_snapshot_is_refused(name: str) -> None:
    found = faults(frame(name) if name in FRAMES else private(name))
    expected = [FaultKind.BEFORE_SNAPSHOT] if name == "ws_depth_changed" else []
    assert [fault.kind for fault in found] == expected


# --- market data -----------------------------------------------------------------------------------------------------


@pytest.mark.verifies("weex", "linear", "mark price", "index price", "24 h ticker", client="hedgerow")
@pytest.mark.parametrize("name", ["ws_ticker", "ws_ticker_2"])
def test_tickers(name: str) -> None:
    prices, day = frame(name)
    (written,) = said(name)["d"]
    assert isinstance(prices, Ticker)
    assert isinstance(day, DayStatistics)
    assert (prices.instrument, prices.channel) == ("weex:linear:ETHUSDT", "ETHUSDT@ticker")
    assert (prices.mark_price, prices.index_price, prices.last_price) == tuple(Decimal(written[key]) for key in "mic")
    assert (day.open_price, day.high_price, day.low_price, day.volume, day.turnover) == tuple(
        Decimal(written[key]) for key in "ohlvq"
    )
    assert prices.venue_time_ns == said(name)["E"] * 1_000_000


@pytest.mark.verifies("weex", "spot", "best bid and ask", "24 h ticker", client="hedgerow")
def test_spot_prices() -> None:
    (best,) = frame("ws_spot_bookTicker")
    assert isinstance(best, Ticker)
    assert (best.bid_price, best.bid_size, best.ask_price, best.ask_size) == tuple(
        Decimal(said("ws_spot_bookTicker")[key]) for key in "bBaA"
    )
    last, day = frame("ws_spot_ticker")
    assert isinstance(last, Ticker)
    assert isinstance(day, DayStatistics)
    assert (last.instrument, last.last_price, last.mark_price) == ("weex:spot:ETHUSDT", Decimal("2050.15"), None)
    assert day.turnover == Decimal("430000249.8506988")


def test_a_change_follows_a_snapshot() -> None:
    change = said("ws_depth_changed")
    start = change | {"e": "depthSnapshot", "d": "SNAPSHOT", "u": change["U"], "b": [["2043.1", "1"]], "a": []}
    decoder = decoder_for("weex", "linear")
    decoder.decode(json.dumps(start), 1)
    (best,) = decoder.decode(raw("ws_depth_changed"), 1)
    assert isinstance(best, Ticker)
    assert (best.bid_price, best.bid_size) == (Decimal("2043.20"), Decimal("40.724"))
    assert (best.ask_price, best.ask_size) == (Decimal("2043.21"), Decimal("46.901"))


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("ws_greeting", "unused", "connected"),
        ("ws_ping_public", "ping", "1776078750000"),
        ("ws_ping_private", "ping", "1776172740000"),
        ("ws_sub_ack", "ack", ""),
        ("ws_sub_error", "refusal", "INVALID_ARGUMENT: invalid symbol : ASDFS_SPBL"),
        ("ws_error_unparsable", "refusal", "INVALID_ARGUMENT: unrecognized message : hello"),
        ("ws_trade", "unused", ""),
        ("ws_kline", "unused", ""),
    ],
)
def test_frames_without_prices(name: str, kind: str, detail: str) -> None:
    (event,) = frame(name)
    assert isinstance(event, Heard)
    assert (event.kind, event.detail) == (kind, detail)


@pytest.mark.verifies("weex", "linear", "funding rate", "funding interval", client="hedgerow")
@pytest.mark.parametrize("name", ["rest_premiumIndex", "rest_premiumIndex_2"])
def test_funding(name: str) -> None:
    (event,) = body(name)
    (row,) = said(name)
    assert isinstance(event, Ticker)
    assert event.funding_rate == Decimal(row["forecastFundingRate"])
    assert (event.next_funding_time_ns, event.funding_interval_hours) == (row["nextFundingTime"] * 1_000_000, 8)
    assert (event.mark_price, event.index_price) == (None, None), "they may be a minute old"


def test_a_sample_whose_settlement_is_long_past_is_a_dead_row() -> None:
    (fault,) = body("rest_premiumIndex", 1_790_000_000_000_000_000)
    assert isinstance(fault, FrameFault)
    assert fault.field == "nextFundingTime"


@pytest.mark.verifies("weex", "linear", "instruments", client="hedgerow")
def test_a_contract() -> None:
    (event,) = body("rest_exchangeInfo")
    assert isinstance(event, InstrumentListed)
    contract = event.instrument
    assert (contract.id, contract.settle, contract.contract_size) == ("weex:linear:BTCUSDT", "USDT", Decimal(1))
    assert (contract.tick_size, contract.quantity_step) == (Decimal("0.1"), Decimal("0.000001"))
    assert (contract.minimum_quantity, contract.maximum_quantity) == (Decimal("0.0001"), Decimal(10000))
    assert contract.maximum_leverage == 408


def test_prices_over_rest() -> None:
    (index,), (mark,), (best,) = (
        body(name) for name in ("rest_symbolPrice", "rest_symbolPrice_mark", "rest_bookTicker")
    )
    assert isinstance(index, Ticker)
    assert isinstance(mark, Ticker)
    assert isinstance(best, Ticker)
    assert (index.index_price, index.mark_price) == (Decimal("69348.5"), None)
    assert (mark.index_price, mark.mark_price) == (None, Decimal("1929.18"))
    assert (best.bid_price, best.ask_size) == (Decimal("69350.1"), Decimal("8.3"))


@pytest.mark.parametrize("name", ["rest_ticker_24hr", "rest_ticker_24hr_2"])
def test_the_day_over_rest(name: str) -> None:
    (event,) = body(name)
    (row,) = said(name)
    assert isinstance(event, DayStatistics)
    assert (event.open_price, event.volume) == (Decimal(row["openPrice"]), Decimal(row["volume"]))


def test_candles_have_rows_of_one_shape() -> None:
    rows = said("rest_klines")
    url = "/api/v3/market/klines?symbol=BTCUSDT&interval=1h"
    answer = rest_answer("weex", "", url, raw("rest_klines"), 1_790_000_000_000_000_000)
    (event,) = venue_module("weex").rest_events(answer)
    assert isinstance(event, CandlesLoaded)
    assert [(one.start_ns, one.close) for one in event.candles] == [(rows[0][0] * 1_000_000, Decimal("69355.2"))]


# --- the account -----------------------------------------------------------------------------------------------------


@pytest.mark.verifies("weex", "linear", "positions", client="hedgerow")
@pytest.mark.parametrize("name", ["rest_allPosition", "rest_singlePosition"])
def test_a_position(name: str) -> None:
    (event,) = body(name)
    assert isinstance(event, PositionUpdate)
    assert (event.instrument, event.leg, event.quantity) == ("weex:linear:BTCUSDT", Leg.LONG, Decimal("0.020000"))
    assert event.entry_price == Decimal("90053.35")
    assert (event.liquidation_price, event.isolated_margin, event.leverage) == (None, None, Decimal(100))


@pytest.mark.verifies("weex", "linear", "private stream", "fills", client="hedgerow")
def test_private_frames() -> None:
    (position,), (fill,) = private("ws_private_positions_2"), private("ws_private_fill")
    assert isinstance(position, PositionUpdate)
    assert isinstance(fill, Fill)
    assert (position.instrument, position.quantity) == ("weex:linear:DOGEUSDT", Decimal(100))
    assert position.entry_price == Decimal("0.0931100")
    assert (fill.fill_id, fill.side, fill.leg, fill.price) == (
        *("617414920887075482", "buy", Leg.LONG, Decimal("103812.7")),
    )
    assert (fill.quantity, fill.fee, fill.fee_asset, fill.maker) == (
        *(Decimal("0.10000"), Decimal("6.228762"), "USDT", False),
    )


@pytest.mark.parametrize("name", ["ws_private_account", "ws_private_account_2", "ws_private_orders_spot"])
def test_private_frames_that_tell_nothing_here(name: str) -> None:
    (event,) = private(name)
    assert isinstance(event, Heard)
    assert (event.kind, event.detail) == ("unused", said(name)["msgEvent"])


@pytest.mark.verifies("weex", "spot", "balances", client="hedgerow")
@pytest.mark.parametrize(
    ("name", "amount"), [("ws_spot_account", "1200.00000000"), ("ws_spot_account_2", "47.98428060")]
)
def test_spot_balances_of_the_stream(name: str, amount: str) -> None:
    (event,) = private(name)
    assert event == BalanceUpdate(received_ns=1, account="main", asset="USDT", wallet_balance=Decimal(amount))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rest_spot_account", {"BTC": "0.004", "USDT": "1200.00000000"}),
        ("rest_spot_account_2", {"USDT": "20.00000000"}),
        ("rest_account_balance", {"USDT": "5696.49288823"}),
        ("rest_account_balance_2", {"USDT": "20.00000000"}),
    ],
)
def test_balances(name: str, expected: dict[str, str]) -> None:
    found = {event.asset: event.wallet_balance for event in body(name) if isinstance(event, BalanceUpdate)}
    assert found == {asset: Decimal(amount) for asset, amount in expected.items()}


@pytest.mark.verifies("weex", "linear", "open orders", client="hedgerow")
@pytest.mark.parametrize(
    ("name", "state", "price", "average"),
    [
        ("rest_openOrders", OrderState.FILLED, "69000", "68990.5"),
        ("rest_openOrders_2", OrderState.OPEN, "0.05000", None),
        ("rest_order_get", OrderState.FILLED, "69000", "68990.5"),
        ("rest_order_history", OrderState.FILLED, "65000", "64999.5"),
    ],
)
def test_orders(name: str, state: OrderState, price: str, average: str | None) -> None:
    (event,) = body(name)
    assert isinstance(event, OrderUpdate)
    assert (event.state, event.limit_price, event.side) == (state, Decimal(price), "buy")
    assert event.average_price == (None if average is None else Decimal(average))


def test_a_trade_and_the_ledger() -> None:
    (fill,), (paid,), (tiny,) = (body(name) for name in ("rest_userTrades", "rest_income", "rest_income_funding"))
    assert isinstance(fill, Fill)
    assert (fill.price, fill.quantity, fill.fee, fill.maker) == (
        *(Decimal(69000), Decimal("0.01"), Decimal("0.138"), False),
    )
    assert isinstance(paid, FundingPayment)
    assert isinstance(tiny, FundingPayment)
    assert (paid.payment_id, paid.amount) == ("686960019383517338", Decimal("0.08266646"))
    assert (tiny.instrument, tiny.amount) == ("weex:linear:VIRTUALUSDT", Decimal("0.00000378"))
    assert (paid.rate, paid.mark_price) == (None, None), "the ledger tells neither"


@pytest.mark.verifies("weex", "linear", "margin mode", "leverage", client="hedgerow")
def test_settings() -> None:
    events = body("rest_symbolConfig")
    assert all(isinstance(event, AccountSettings) for event in events)
    assert [(getattr(event, "margin_mode", 0), getattr(event, "leverage", 0)) for event in events] == [
        ("cross", None),
        (None, Decimal(20)),
        (None, Decimal(20)),
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("rest_success", "rest_leverage_set", "rest_marginType_set", "rest_positionMargin_set", "rest_commissionRate"),
        *("rest_order_place", "rest_time", "rest_apiTradingSymbols", "rest_openInterest", "rest_trades"),
        *("rest_klines", "rest_algoOrder_place", "rest_closePositions"),
    ],
)
def test_answers_that_tell_the_book_nothing(name: str) -> None:
    (event,) = body(name)
    assert isinstance(event, Heard)
    assert event.kind == "answer"


def test_the_sample_error_is_raised() -> None:
    with pytest.raises(VenueError) as caught:
        body("rest_error_1140")
    assert (caught.value.code, caught.value.outcome_unknown) == ("-1140", False)
