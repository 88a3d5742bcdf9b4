"""The venue's own samples, where they lie beside the checkout: each says what it says, or why it is not used."""

from __future__ import annotations

import csv
import gzip
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
    CandlesLoaded,
    DayStatistics,
    FrameFault,
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
from feeds.bingx import answers
from feeds.decoding import AnyFrameDecoder
from feeds.venue import RestAnswer
from tests.support.frames import SHARED

WIRE = SHARED / "wire" / "bingx"
pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="no venue samples beside the checkout")

NOW_NS = 1_795_000_000_000_000_000

NOT_USED = {
    "rest_swap_klines": "candles of a contract's trades are not used",
    "rest_swap_openInterest": "open interest is not used",
    "rest_cswap_openInterest": "open interest is not used",
    "rest_swap_allFillOrders": "executions without side and id are not used",
    "rest_swap_commissionRate": "taker 0.0005 maker 0.0002",
    "rest_cswap_commissionRate": "taker 0.0005 maker 0.0002",
    "rest_swap_leverage_set": "changed",
    "rest_swap_marginType_set": "changed",
    "rest_swap_closeAllPositions": "closed",
    "rest_swap_listenKey_create": "made",
    "rest_swap_order_place": "order 1735950529123455000",
    "rest_swap_order_amend": "order 1989246372640981000",
    "rest_apiPermissions": "trades",
    "ws_swap_kline": "",
    "ws_cswap_kline": "",
    "ws_spot_kline": "",
    "ws_swap_trade": "",
    "ws_cswap_trade": "",
    "ws_cswap_depth5": "",
    "ws_spot_executionReport": "",
}
"""Understood, and telling the book nothing: what is heard of each."""


def index() -> list[tuple[str, str]]:
    """File (without its ending) and endpoint of each sample."""
    if not WIRE.is_dir():
        return []
    with (WIRE / "INDEX.tsv").open() as lines:
        return [
            (row["file"].removesuffix(".json"), row["endpoint_or_stream"])
            for row in csv.DictReader(lines, delimiter="\t")
        ]


ENDPOINTS = dict(index())


def market_of(name: str) -> str:
    return "inverse" if "cswap" in name else "spot" if "spot" in name else "linear"


def raw(name: str) -> bytes:
    return (WIRE / f"{name}.json").read_bytes()


def content(name: str) -> Any:
    return json.loads(raw(name), parse_float=Decimal, parse_int=Decimal)


def events(name: str, **parameters: str) -> Sequence[AnyEvent]:
    if name.startswith("ws_"):
        return AnyFrameDecoder("bingx", market_of(name)).decode(gzip.compress(raw(name)), NOW_NS)
    method, path = ENDPOINTS[name].split()[:2]
    answer = RestAnswer(path=path, body=raw(name), received_ns=NOW_NS, parameters=parameters, method=method)
    return answers.events(answer)


def only(name: str, **parameters: str) -> Any:
    (event,) = events(name, **parameters)
    return event


@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_sample_is_a_fault_or_is_lost(name: str) -> None:
    if name.startswith("rest_error"):
        return
    told = events(name, symbol="BTC-USDT", interval="1h")
    assert told
    assert not [event for event in told if isinstance(event, FrameFault)]
    silent = all(isinstance(event, Heard) and event.kind in ("unused", "answer") for event in told)
    assert silent == (name in NOT_USED or name == "ws_swap_sub_frame")


@pytest.mark.parametrize("name", NOT_USED)
def test_what_is_not_used_is_heard(name: str) -> None:
    heard = only(name, symbol="BTC-USDT")
    assert isinstance(heard, Heard)
    assert heard.detail == NOT_USED[name]


def test_errors_are_venue_errors() -> None:
    for name, code in (("rest_error_104414", "104414"), ("rest_error_109400", "109400")):
        path = "/openApi/cswap/v1/market/contracts"
        with pytest.raises(VenueError, match=code):
            answers.events(RestAnswer(path=path, body=raw(name), received_ns=NOW_NS))


@pytest.mark.parametrize(
    ("name", "kind", "request_id", "detail"),
    [
        ("ws_swap_sub_ack", "ack", "e745cd6d-d0f6-4a70-8d5a-043e4c741b40", ""),
        ("ws_cswap_sub_ack", "ack", "e745cd6d-d0f6-4a70-8d5a-043e4c741b40", ""),
        ("ws_error_80015", "refusal", "e1", "80015: dataType not support"),
        ("ws_error_100500", "refusal", "9cd37d32-da98-440b-bd04-37e7dbcf51ad", "100500: "),
        ("ws_error_100400_cswap", "refusal", "", "100400: code:100400:incrDepth dataType is not supported"),
    ],
)
def test_answers_on_sockets(name: str, kind: str, request_id: str, detail: str) -> None:
    heard = only(name)
    assert (heard.kind, heard.request, heard.detail) == (kind, request_id, detail)


# --- prices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ws_swap_markPrice", "ws_cswap_markPrice"])
def test_mark_prices(name: str) -> None:
    data, event = content(name)["data"], only(name)
    assert isinstance(event, Ticker)
    assert event.instrument == f"bingx:{market_of(name)}:{data['s']}"
    assert (event.mark_price, event.venue_time_ns) == (Decimal(data["p"]), int(data["E"]) * 1_000_000)


@pytest.mark.parametrize(("name", "letter"), [("ws_swap_lastPrice", "c"), ("ws_cswap_lastPrice", "p")])
def test_last_prices(name: str, letter: str) -> None:
    assert only(name).last_price == Decimal(content(name)["data"][letter])


@pytest.mark.parametrize("name", ["ws_cswap_bookTicker", "ws_spot_bookTicker"])
def test_book_tickers(name: str) -> None:
    data, event = content(name)["data"], only(name)
    assert (event.bid_price, event.bid_size) == (Decimal(data["b"]), Decimal(data["B"]))
    assert (event.ask_price, event.ask_size) == (Decimal(data["a"]), Decimal(data["A"]))
    assert event.bid_price < event.ask_price


@pytest.mark.parametrize(
    ("name", "turnover"), [("ws_swap_ticker", ""), ("ws_cswap_ticker", "m"), ("ws_spot_ticker", "q")]
)
def test_tickers(name: str, turnover: str) -> None:
    data = content(name)["data"]
    ticker, day = events(name)
    assert isinstance(ticker, Ticker)
    assert isinstance(day, DayStatistics)
    assert (ticker.last_price, ticker.bid_price, ticker.ask_price) == tuple(Decimal(data[x]) for x in "cBA")
    assert (ticker.bid_size, ticker.ask_size) == tuple(Decimal(data[x]) for x in "ba")
    assert (day.open_price, day.high_price, day.low_price, day.volume) == tuple(Decimal(data[x]) for x in "ohlv")
    assert day.turnover == (Decimal(data[turnover]) if turnover else None)


def test_the_premium_index() -> None:
    for name in ("rest_swap_premiumIndex_list", "rest_swap_premiumIndex_one"):
        event = only(name)
        assert (event.mark_price, event.index_price) == (Decimal("42216.4"), Decimal("42219.9"))
        assert (event.funding_rate, event.next_funding_time_ns) == (Decimal("0.000251"), 1702742400000_000_000)
        assert event.funding_interval_hours is None


def test_settled_rates() -> None:
    told = events("rest_swap_fundingRate_history")
    assert [(event.rate, event.settled_ns) for event in told if isinstance(event, FundingSettled)] == [
        (Decimal("0.00012800"), 1702684800000_000_000),
        (Decimal("0.00027100"), 1702713600000_000_000),
    ]


def test_rest_prices() -> None:
    book = only("rest_swap_bookTicker")
    assert (book.bid_price, book.ask_size) == (Decimal("42211.1"), Decimal(128854))
    linear = only("rest_swap_depth", symbol="SHIB-USDT")
    assert (linear.bid_price, linear.bid_size) == (Decimal("0.000009854"), Decimal(483909000))
    assert (linear.ask_price, linear.ask_size) == (Decimal("0.000009856"), Decimal(687669000))
    inverse = only("rest_cswap_depth", symbol="BTC-USD")
    assert (inverse.bid_price, inverse.ask_price, inverse.ask_size) == (
        Decimal("67753.0"),
        Decimal("67754.5"),
        Decimal("703.0"),
    )
    assert only("rest_swap_lastPrice").last_price == Decimal("14.0658")
    _, linear_day = events("rest_swap_ticker")
    _, inverse_day = events("rest_cswap_ticker")
    assert isinstance(linear_day, DayStatistics)
    assert isinstance(inverse_day, DayStatistics)
    assert (linear_day.volume, linear_day.turnover) == (Decimal(4308212), Decimal("3085449.53"))
    assert (inverse_day.volume, inverse_day.turnover) == (Decimal("3825668.00"), None)
    candles = only("rest_swap_markPriceKlines", symbol="X-USDT", interval="1h")
    assert isinstance(candles, CandlesLoaded)
    assert [(row.start_ns, row.open, row.close) for row in candles.candles] == [
        (1705820520000_000_000, Decimal("0.7034"), Decimal("0.7065"))
    ]


# --- instruments and tiers -----------------------------------------------------------------------------------------


def test_instruments() -> None:
    linear = [event.instrument for event in events("rest_swap_contracts") if isinstance(event, InstrumentListed)]
    assert [(item.symbol, item.tick_size, item.quantity_step, item.minimum_notional) for item in linear] == [
        ("BTC-USDT", Decimal("0.1"), Decimal("0.0001"), Decimal(2)),
        ("ETH-USDT", Decimal("0.01"), Decimal("0.01"), Decimal(2)),
    ]
    inverse = [event.instrument for event in events("rest_cswap_contracts") if isinstance(event, InstrumentListed)]
    assert [(item.symbol, item.contract_size, item.tick_size) for item in inverse] == [
        ("BTC-USD", Decimal(100), Decimal("0.1")),
        ("ETH-USD", Decimal(10), Decimal("0.01")),
    ]
    spot = only("rest_spot_symbols").instrument
    assert (spot.base, spot.quote, spot.tick_size, spot.quantity_step, spot.minimum_notional) == (
        *("BTC", "USDT"),
        *(Decimal("0.01"), Decimal("0.00001"), Decimal(5)),
    )


def test_tiers() -> None:
    event = only("rest_swap_maintMarginRatio")
    assert isinstance(event, TiersLoaded)
    assert [(tier.floor, tier.cap, tier.rate, tier.deduction) for tier in event.table.tiers] == [
        (Decimal(0), Decimal(150000), Decimal("0.0038"), Decimal(0)),
        (Decimal(150000), Decimal(900000), Decimal("0.004"), Decimal(30)),
    ]
    assert only("rest_swap_maintMarginRatio_eth").table.tiers[0].rate == Decimal("0.0033")


# --- accounts ------------------------------------------------------------------------------------------------------


def test_balances() -> None:
    found = {
        name: {event.asset: event.wallet_balance for event in events(name) if isinstance(event, BalanceUpdate)}
        for name in ("rest_swap_balance_v3", "rest_cswap_balance", "rest_cswap_balance_2", "rest_spot_balance")
    }
    assert found == {
        "rest_swap_balance_v3": {"USDT": Decimal(300)},
        "rest_cswap_balance": {"BTC": Decimal("0.14438227")},
        "rest_cswap_balance_2": {"SOL": Decimal("0.35707951")},
        "rest_spot_balance": {
            "USDT": Decimal("566773.193402631") + Decimal("244.18616265388994"),
            "CHEEMS": Decimal(294854132046232 + 18350553840),
            "VST": Decimal(0),
        },
    }


def test_a_position() -> None:
    event = only("rest_cswap_positions_2")
    assert isinstance(event, PositionUpdate)
    assert (event.instrument, event.quantity, event.leg) == ("bingx:inverse:SOL-USD", Decimal(1), Leg.LONG)
    assert (event.entry_price, event.liquidation_price) == (Decimal("158.63"), Decimal("23.968303426677032"))
    assert (event.isolated_margin, event.leverage) == (None, Decimal(10))


def test_settings() -> None:
    assert only("rest_swap_positionMode_get").position_mode == "hedge"
    assert only("rest_swap_marginType_get", symbol="X-USDT").margin_mode == "cross"
    assert only("rest_cswap_marginType_get").instrument == "bingx:inverse:BTC-USD"
    assert only("rest_swap_leverage_get", symbol="X-USDT").leverage == 50
    told = [*events("rest_cswap_leverage_get"), *events("ws_cswap_ACCOUNT_CONFIG_UPDATE")]
    assert [(event.leg, event.leverage) for event in told if isinstance(event, AccountSettings)] == [
        (Leg.LONG, Decimal(4)),
        (Leg.SHORT, Decimal(8)),
        (Leg.LONG, Decimal(4)),
        (Leg.SHORT, Decimal(20)),
    ]


def test_account_updates() -> None:
    balance, position = events("ws_swap_ACCOUNT_UPDATE")
    assert isinstance(balance, BalanceUpdate)
    assert isinstance(position, PositionUpdate)
    assert balance.wallet_balance == Decimal("117.80007595")
    assert (position.quantity, position.entry_price, position.leg) == (
        Decimal("-0.001"),
        Decimal("112848.1"),
        Leg.SHORT,
    )
    assert only("ws_swap_ACCOUNT_UPDATE_position").isolated_margin == Decimal("49.5")
    assert only("ws_swap_ACCOUNT_UPDATE_withdraw").wallet_balance == Decimal("49.81083984")
    assert only("ws_cswap_ACCOUNT_UPDATE").asset == "SUI"
    assert only("ws_spot_ACCOUNT_UPDATE").wallet_balance == Decimal("0.00000000999999")


def order(name: str) -> OrderUpdate:
    event = events(name)[0]
    assert isinstance(event, OrderUpdate)
    return event


@pytest.mark.parametrize(
    ("name", "state", "venue_id"),
    [
        ("rest_swap_order_cancel", OrderState.OPEN, "1736012449498123500"),
        ("rest_cswap_order_cancel_2", OrderState.CANCELLED, "1816002957423951872"),
        ("rest_cswap_order_place_flat", OrderState.OPEN, "1809841379603398656"),
        ("rest_cswap_openOrders", OrderState.OPEN, "1733405587011123456"),
        ("rest_swap_allOpenOrders_cancel", OrderState.CANCELLED, "1736013373487123500"),
        ("ws_swap_ORDER_TRADE_UPDATE", OrderState.FILLED, "1711312357852147712"),
        ("ws_swap_order_TRADE_UPDATE", OrderState.FILLED, "1970374651259387904"),
        ("ws_cswap_ORDER_TRADE_UPDATE", OrderState.FILLED, "1976541385109553152"),
    ],
)
def test_orders(name: str, state: OrderState, venue_id: str) -> None:
    event = order(name)
    assert (event.state, event.venue_order_id) == (state, venue_id)
