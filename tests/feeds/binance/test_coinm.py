"""COIN-M: its frames, its instruments in USD a contract, its tiers in coins, and what is polled."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.events import (
    DayStatistics,
    FaultKind,
    FrameFault,
    FundingSettled,
    Heard,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind
from feeds.binance import facts, reference, statistics, tiers
from feeds.binance.client import BinanceFeed
from feeds.binance.desk import BinanceAccount
from feeds.binance.parse import Decoder
from feeds.binance.products import PRODUCTS, at_home, rest_base
from feeds.venue import Credentials, Endpoints
from tests.support.frames import PAST_QUICK, comparable, encode, refused, said, tickers

E = 1_789_478_374_000
PERPETUAL: dict[str, Any] = {
    "e": "markPriceUpdate",
    "E": E,
    "s": "BTCUSD_PERP",
    "p": "76888.1",
    "P": "77018.8",
    "i": "76935.0",
    "r": "0.0001",
    "T": 1_789_488_000_000,
    "st": 2,
}
DATED = PERPETUAL | {"s": "BTCUSD_261225", "r": "", "T": 0}
BOOK: dict[str, Any] = {
    "e": "bookTicker",
    "u": 17242169,
    "s": "BTCUSD_PERP",
    "ps": "BTCUSD",
    "b": "76888.1",
    "B": "37",
    "a": "76888.2",
    "A": "122",
    "T": E,
    "E": E,
    "st": 2,
}


def combined(data: Any, stream: str) -> bytes:
    return encode({"stream": stream, "data": data})


@pytest.mark.parametrize("st", [{}, {"st": 2}])
@pytest.mark.parametrize("raw", [True, False])
def test_a_perpetual_is_no_dated_contract_though_its_name_has_an_underscore(st: dict[str, int], raw: bool) -> None:
    payload = {name: value for name, value in PERPETUAL.items() if name != "st"} | st
    stream = "btcusd_perp@markPrice" if raw else "btcusd_perp@markPrice@1s"
    frame = encode(payload) if raw else combined(payload, stream)
    decoder = Decoder("coinm")
    for _ in range(2):  # the second time the quick way
        (event,) = tickers(decoder.decode(frame, 1))
        assert said(event) == {
            "instrument": "binance:coinm:BTCUSD_PERP",
            "channel": stream,
            "mark_price": "76888.1",
            "index_price": "76935.0",
            "funding_rate": "0.0001",
            "next_funding_time_ns": str(1_789_488_000_000 * 10**6),
        }


def test_a_perpetual_without_a_rate_is_a_fault_and_a_dated_contract_without_one_is_not() -> None:
    blank = PERPETUAL | {"r": ""}
    (fault, _) = Decoder("coinm").decode(combined(blank, "btcusd_perp@markPrice@1s"), 1)
    assert isinstance(fault, FrameFault)
    assert fault.field == "r"
    (event,) = Decoder("coinm").decode(combined(DATED, "btcusd_261225@markPrice@1s"), 1)
    assert isinstance(event, Ticker)
    assert (event.funding_rate, event.next_funding_time_ns) == (None, None)


def test_a_pairs_array_tells_every_contract() -> None:
    decoder, frame = Decoder("coinm"), combined([PERPETUAL, DATED], "btcusd@markPrice@1s")
    first, again = decoder.decode(frame, 1), decoder.decode(frame, 1)
    assert first == again
    assert [event.instrument for event in tickers(again)] == [
        "binance:coinm:BTCUSD_PERP",
        "binance:coinm:BTCUSD_261225",
    ]


def test_books_count_contracts() -> None:
    decoder = Decoder("coinm")
    for _ in range(2):
        (event,) = tickers(decoder.decode(combined(BOOK, "btcusd_perp@bookTicker"), 1))
        assert (event.bid_size, event.ask_size) == (Decimal(37), Decimal(122))


@pytest.mark.parametrize("payload", [PERPETUAL, BOOK])
def test_the_other_product_on_the_same_stream_is_not_ours(payload: dict[str, Any]) -> None:
    other = payload | {"st": 1, "s": "BTCUSDT"}
    heard = (Heard(received_ns=1, kind="unused", channel="!x"),)
    assert Decoder("coinm").decode(combined(other, "!x"), 1) == heard
    assert Decoder("usdm").decode(combined(payload, "!x"), 1) == heard


def test_quick_and_careful_agree_on_order() -> None:
    quick, careful = Decoder("coinm"), Decoder("coinm")
    frames = [
        combined(PERPETUAL | {"E": E + step, "p": price}, "btcusd_perp@markPrice@1s")
        for step, price in ((0, "1.5"), (1000, "1.6"), (500, "1.7"), (2000, "0"), (3000, "1.8"))
    ]
    for frame in frames:
        assert comparable(quick.decode(frame, 1)) == comparable(careful.decode(frame + PAST_QUICK, 1))
    older = combined(PERPETUAL | {"E": E}, "btcusd_perp@markPrice@1s")
    assert refused(quick.decode(older, 1), FaultKind.OUT_OF_ORDER)


# --- reference -------------------------------------------------------------------------------------------------------

CONTRACT: dict[str, Any] = {
    "symbol": "BTCUSD_PERP",
    "pair": "BTCUSD",
    "contractType": "PERPETUAL",
    "deliveryDate": 4133404800000,
    "contractStatus": "TRADING",
    "contractSize": 100,
    "baseAsset": "BTC",
    "quoteAsset": "USD",
    "marginAsset": "BTC",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.1", "maxPrice": "100000", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "60000", "stepSize": "1"},
    ],
}
QUARTERLY = CONTRACT | {
    "symbol": "BTCUSD_261225",
    "contractType": "CURRENT_QUARTER",
    "deliveryDate": 1_798_185_600_000,
}


def listed(row: dict[str, Any]) -> Any:
    body = json.dumps({"symbols": [row]}).encode()
    return reference.instruments("coinm", body, None, 7, {})[0]


def test_a_contract_is_so_many_dollars_and_pays_coins() -> None:
    event = listed(CONTRACT)
    assert isinstance(event, InstrumentListed)
    instrument = event.instrument
    assert (instrument.kind, instrument.contract_size, instrument.settle) == (
        ContractKind.INVERSE,
        Decimal(100),
        "BTC",
    )
    assert (instrument.quantity_step, instrument.minimum_notional, instrument.status) == (Decimal(1), None, "trading")
    assert (instrument.perpetual, instrument.funding_interval_hours) == (True, 8)


def test_a_quarterly_expires_and_has_no_funding() -> None:
    instrument = listed(QUARTERLY).instrument
    assert (instrument.perpetual, instrument.funding_interval_hours) == (False, None)
    assert instrument.expiry_ns == 1_798_185_600_000 * 10**6


@pytest.mark.parametrize("bad", [0, -1, "", None, "x"])
def test_a_contract_of_no_size_is_refused(bad: Any) -> None:
    event = listed(CONTRACT | {"contractSize": bad})
    assert isinstance(event, FrameFault)
    assert event.field == "contractSize"


BRACKETS = """[{"symbol":"BTCUSD_PERP","notionalCoef":1.5,"brackets":[
 {"bracket":1,"initialLeverage":125,"qtyCap":5,"qtylFloor":0,"maintMarginRatio":0.004,"cum":0.0},
 {"bracket":2,"initialLeverage":100,"qtyCap":10,"qtylFloor":5,"maintMarginRatio":0.005,"cum":0.005}]}]"""


def test_tiers_are_in_coins_under_a_misspelt_name() -> None:
    (event,) = tiers.tiers("coinm", BRACKETS.encode(), None, 7)
    assert isinstance(event, TiersLoaded)
    assert event.table.unit == "coin"
    assert [(tier.floor, tier.cap, tier.deduction) for tier in event.table.tiers] == [
        (Decimal(0), Decimal(5), Decimal(0)),
        (Decimal(5), Decimal(10), Decimal("0.005")),
    ]


# --- polls -----------------------------------------------------------------------------------------------------------


def test_what_is_polled() -> None:
    instruments = [
        "binance:usdm:BTCUSDT",
        "binance:usdm:BTCUSDT_261225",
        "binance:coinm:BTCUSD_261225",
        "binance:spot:BTCUSDT",
    ]
    polls = {plan.name: plan for plan in BinanceFeed().polls(instruments)}
    assert {name: plan.channels for name, plan in polls.items()} == {
        "usdm 24 h": ("/fapi/v1/ticker/24hr",),
        "usdm settled funding": ("/fapi/v1/fundingRate",),
        "coinm 24 h": ("/dapi/v1/ticker/24hr",),
        "spot 24 h": ("/api/v3/ticker/24hr",),
    }
    assert polls["usdm settled funding"].instruments == ("binance:usdm:BTCUSDT",)


def test_settled_rates_are_asked_for_within_their_own_limit() -> None:
    many = [f"binance:usdm:C{number}USDT" for number in range(400)]
    plan = next(plan for plan in BinanceFeed().polls(many) if plan.name.endswith("settled funding"))
    assert len(plan.instruments) / plan.every_seconds * 300 <= 500 * 2 / 3


def test_dividends_of_stock_contracts_are_no_funding_rate() -> None:
    rows = [
        {"symbol": "TSLAUSDT", "fundingTime": 1_789_488_000_002, "fundingRate": "0.0001", "markPrice": ""},
        {"symbol": "TSLAUSDT", "fundingTime": 1_789_491_600_000, "fundingRate": "0.02", "rateType": "Special"},
    ]
    (event,) = statistics.settled("usdm", json.dumps(rows).encode(), 7)
    assert isinstance(event, FundingSettled)
    assert (event.rate, event.mark_price) == (Decimal("0.0001"), None)
    assert event.settled_ns == 1_789_488_000_000 * 10**6


@pytest.mark.parametrize(
    "name", ["openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "baseVolume", "closeTime"]
)
@pytest.mark.parametrize("bad", ["NaN", "", None, "-1"])
def test_a_day_that_is_no_good_is_not_shown(name: str, bad: Any) -> None:
    row = {
        "symbol": "BTCUSD_PERP",
        "openPrice": "1",
        "highPrice": "2",
        "lowPrice": "1",
        "lastPrice": "2",
        "volume": "5",
        "baseVolume": "0.1",
        "closeTime": E,
    }
    (good,) = statistics.day("coinm", json.dumps([row]).encode(), None, 7)
    assert isinstance(good, DayStatistics)
    (event,) = statistics.day("coinm", json.dumps([row | {name: bad}]).encode(), None, 7)
    assert isinstance(event, FrameFault)


# --- where it is -----------------------------------------------------------------------------------------------------


@pytest.mark.verifies("binance", "usdm", "test network", client="hedgerow")
@pytest.mark.verifies("binance", "coinm", "test network", client="hedgerow")
@pytest.mark.verifies("binance", "spot", "test network", client="hedgerow")
@pytest.mark.parametrize("network", [facts.DEMO, facts.TESTNET], ids=["demo", "old"])
async def test_a_test_network_is_named_by_its_futures_address_alone(network: Endpoints) -> None:
    named = Endpoints(rest=network.rest, websocket=network.websocket)
    assert at_home(named) == network
    assert {rest_base(at_home(named), market) for market in PRODUCTS} <= {network.rest, *network.more.values()}
    instruments = ["binance:usdm:BTCUSDT", "binance:coinm:BTCUSD_PERP", "binance:spot:BTCUSDT"]
    account = BinanceAccount("hedge", named, Credentials("key", "secret"))
    plans = [*BinanceFeed(named).plans(instruments), *account.plans(instruments)]
    hosts = (network.websocket, *network.more.values())
    assert all(plan.url.startswith(hosts) for plan in plans)
    live = (facts.LIVE.websocket, *facts.LIVE.more.values())
    assert not [plan.url for plan in plans if plan.url.startswith(live)]


@pytest.mark.parametrize(
    ("endpoints", "websocket"),
    [
        (None, "wss://dstream.binance.com/stream"),
        (
            Endpoints(rest="https://demo-fapi.binance.com", websocket="wss://demo-fstream.binance.com"),
            "wss://demo-dstream.binance.com/stream",
        ),
        (
            Endpoints(rest="https://testnet.binancefuture.com", websocket="wss://fstream.binancefuture.com"),
            "wss://dstream.binancefuture.com/stream",
        ),
        (Endpoints(rest="http://a", websocket="ws://b"), "ws://b/dstream/stream"),
        (Endpoints(rest="http://a", websocket="ws://b", more={"coinm_websocket": "ws://c"}), "ws://c/stream"),
    ],
    ids=["live", "demo", "test network", "one server", "elsewhere"],
)
def test_coin_margined_streams_are_where_they_belong(endpoints: Endpoints | None, websocket: str) -> None:
    (plan,) = BinanceFeed(endpoints).plans(["binance:coinm:BTCUSD_PERP"])
    assert plan.url == websocket
    assert [item.channel for item in plan.subscriptions] == ["btcusd_perp@markPrice@1s", "btcusd_perp@bookTicker"]
