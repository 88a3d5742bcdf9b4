"""MEXC's public bodies: contracts of both kinds, levels in contracts, funding terms, pairs, candles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError, VenueError
from core.events import (
    AnyEvent,
    CandlePrice,
    CandlesLoaded,
    DayStatistics,
    FrameFault,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from core.instruments import ContractKind, Instrument, TierTable
from feeds.mexc import candles, reference
from feeds.registry import reference_events
from feeds.venue import CandlesWanted
from tests.support.frames import BAD_PRICES

HOST = "https://api.mexc.com"
DETAIL: dict[str, Any] = {
    "symbol": "BTC_USD",
    "baseCoin": "BTC",
    "quoteCoin": "USD",
    "settleCoin": "BTC",
    "contractSize": 100,
    "maxLeverage": 200,
    "priceUnit": 0.1,
    "volUnit": 1,
    "minVol": 1,
    "maxVol": 500000,
    "limitMaxVol": 400000,
    "maintenanceMarginRate": 0.004,
    "initialMarginRate": 0.005,
    "riskBaseVol": 150000,
    "riskIncrVol": 150000,
    "riskIncrMmr": 0.004,
    "riskIncrImr": 0.004,
    "riskLevelLimit": 3,
    "riskLimitType": "BY_VOLUME",
    "state": 0,
    "apiAllowed": True,
}
PAIR: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "1",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 2,
    "isSpotTradingAllowed": True,
    "quoteAmountPrecision": "1",
    "baseSizePrecision": "0.000001",
}


def told(path: str, data: object, received_ns: int = 7) -> Sequence[AnyEvent]:
    body = json.dumps({"success": True, "code": 0, "data": data}).encode()
    return reference_events("mexc", f"{HOST}{path}", body, received_ns)


def contract(**changes: object) -> Instrument:
    return next(
        event.instrument
        for event in told("/api/v1/contract/detail", [DETAIL | changes])
        if isinstance(event, InstrumentListed)
    )


def tiers(**changes: object) -> TierTable:
    return next(
        event.table for event in told("/api/v1/contract/detail", DETAIL | changes) if isinstance(event, TiersLoaded)
    )


def named(events: Sequence[AnyEvent]) -> list[str]:
    return [event.field for event in events if isinstance(event, FrameFault)]


# --- contracts -------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "inverse", "instruments", "maintenance tiers")
def test_an_inverse_contract_is_worth_dollars_and_pays_its_coin() -> None:
    found = contract()
    assert (found.id, found.kind) == ("mexc:inverse:BTC_USD", ContractKind.INVERSE)
    assert (found.base, found.quote, found.settle, found.contract_size) == ("BTC", "USD", "BTC", Decimal(100))
    assert found.maximum_quantity == 400000, "of limit orders, where that is less"
    assert found.perpetual


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "trading"),
        ({"apiAllowed": False}, "closed to the API"),
        ({"state": 4}, "paused"),
        ({"state": 3, "apiAllowed": False}, "offline"),
        ({"state": 9}, "state 9"),
    ],
)
def test_a_contract_that_the_api_may_not_trade_is_not_open(changes: dict[str, object], status: str) -> None:
    assert contract(**changes).status == status


@pytest.mark.parametrize("name", ["contractSize", "priceUnit", "volUnit", "minVol", "maxVol"])
@pytest.mark.parametrize("odd", [None, "", 0, -1, "NaN", "abc", [], True])
def test_a_contract_with_a_bad_figure_is_refused_by_name(name: str, odd: object) -> None:
    events = told("/api/v1/contract/detail", [DETAIL | {name: odd}])
    assert named(events) == [name]
    assert len(events) == 1


def test_a_contract_that_pays_neither_quote_nor_coin_is_refused() -> None:
    assert named(told("/api/v1/contract/detail", DETAIL | {"settleCoin": "USDT"})) == ["settleCoin"]
    assert named(told("/api/v1/contract/detail", DETAIL | {"symbol": "BTC_USDT"})) == ["settleCoin"]


def test_levels_count_contracts_and_their_rate_takes_the_whole_position() -> None:
    table = tiers()
    assert (table.unit, table.whole_position) == ("contracts", True)
    assert [str(tier.cap) for tier in table.tiers] == ["150000", "300000", "450000"]
    assert [str(tier.floor) for tier in table.tiers] == ["0", "150000", "300000"]
    assert [tier.rate for tier in table.tiers] == [Decimal("0.004"), Decimal("0.008"), Decimal("0.012")]
    assert [tier.maximum_leverage for tier in table.tiers] == [200, 111, 76]


def test_listed_levels_replace_those_worked_out() -> None:
    rows = [
        {"level": 2, "maxVol": 20, "mmr": 0.01, "imr": 0.02, "maxLeverage": 50},
        {"level": 1, "maxVol": 10, "mmr": 0.002, "imr": 0.004, "maxLeverage": 200},
    ]
    table = tiers(riskLimitCustom=rows, riskLimitMode="CUSTOM")
    levels = [(tier.floor, tier.cap, tier.rate, tier.maximum_leverage) for tier in table.tiers]
    assert levels == [tuple(map(Decimal, row)) for row in (("0", "10", "0.002", "200"), ("10", "20", "0.01", "50"))]


@pytest.mark.parametrize("least", [5, 1])
def test_the_smallest_order_is_told_apart_from_the_step(least: int) -> None:
    found = contract(minVol=least, volUnit=1)
    assert (found.minimum_quantity, found.quantity_step) == (Decimal(least), Decimal(1))


def test_a_leverage_is_never_above_the_highest_of_the_contract() -> None:
    assert [tier.maximum_leverage for tier in tiers(maxLeverage=100).tiers] == [100, 100, 76]
    without = {name: value for name, value in DETAIL.items() if name != "maxLeverage"}
    (event,) = [item for item in told("/api/v1/contract/detail", without) if isinstance(item, TiersLoaded)]
    assert [tier.maximum_leverage for tier in event.table.tiers] == [200, 111, 76]


def test_a_contract_that_counts_no_levels_has_one() -> None:
    without = {name: value for name, value in DETAIL.items() if name != "riskLevelLimit"}
    (event,) = [item for item in told("/api/v1/contract/detail", without) if isinstance(item, TiersLoaded)]
    assert [(tier.floor, tier.cap) for tier in event.table.tiers] == [(Decimal(0), Decimal(150000))]


@pytest.mark.parametrize("changes", [{"riskIncrVol": 0}, {"riskIncrMmr": 0}, {"riskLevelLimit": 1}])
def test_one_level_where_nothing_changes(changes: dict[str, object]) -> None:
    table = tiers(**changes)
    assert [tier.rate for tier in table.tiers] == [Decimal("0.004")]
    cap = 450000 if "riskIncrMmr" in changes else 150000
    assert [tier.cap for tier in table.tiers] == [cap]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"riskLimitType": "BY_VALUE"}, "riskLimitType"),
        ({"riskBaseVol": None}, "riskBaseVol"),
        ({"maintenanceMarginRate": "NaN"}, "maintenanceMarginRate"),
        ({"riskLimitCustom": [{"level": 1, "maxVol": 0, "mmr": 0.1, "maxLeverage": 5}]}, "riskLimitCustom.maxVol"),
    ],
)
def test_levels_that_cannot_be_used_are_named_and_the_contract_stays(changes: dict[str, Any], field: str) -> None:
    events = told("/api/v1/contract/detail", DETAIL | changes)
    assert named(events) == [field]
    assert not [event for event in events if isinstance(event, TiersLoaded)]
    assert isinstance(events[0], InstrumentListed)


def test_levels_that_do_not_follow_one_another_are_told_with_a_fault() -> None:
    rows = [{"level": n, "maxVol": 10 * n, "mmr": 0.01, "imr": 0.02, "maxLeverage": 50} for n in (1, 2)]
    assert named(told("/api/v1/contract/detail", DETAIL | {"riskLimitCustom": rows})) == ["riskLimit"]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([{"level": 2, "maxVol": 10, "mmr": 0.1, "maxLeverage": 5}], "level"),
        (
            [
                {"level": 1, "maxVol": 10, "mmr": 0.1, "maxLeverage": 5, "positionType": 1},
                {"level": 2, "maxVol": 20, "mmr": 0.2, "maxLeverage": 4, "positionType": 2},
            ],
            "level",
        ),
        ([{"level": 1, "maxVol": "x", "mmr": 0.1, "maxLeverage": 5}], "maxVol"),
    ],
)
def test_a_level_that_tells_no_table_is_said(rows: list[dict[str, object]], field: str) -> None:
    assert named(told("/api/v1/private/account/risk_limit", {"BTC_USDT": rows})) == [field]


# --- funding and prices ----------------------------------------------------------------------------------------------

RATE: dict[str, Any] = {
    "symbol": "BTC_USD",
    "fundingRate": -0.000489,
    "maxFundingRate": 0.003,
    "minFundingRate": -0.003,
    "collectCycle": 4,
    "nextSettleTime": 1609833600000,
    "timestamp": 1609829807577,
    "idxPrice": 31016.3,
    "fairPrice": 31199.5,
}


@pytest.mark.verifies("mexc", "inverse", "funding rate", "funding interval", "mark price", "index price")
def test_the_interval_is_the_contracts_own() -> None:
    for path, data in (("", [RATE]), ("/BTC_USD", RATE)):
        (ticker,) = told(f"/api/v1/contract/funding_rate{path}", data)
        assert isinstance(ticker, Ticker)
        assert ticker.instrument == "mexc:inverse:BTC_USD"
        assert (ticker.funding_rate, ticker.funding_interval_hours) == (Decimal("-0.000489"), 4)
        assert ticker.next_funding_time_ns == 1609833600000 * 1_000_000
        assert (ticker.mark_price, ticker.index_price) == (Decimal("31199.5"), Decimal("31016.3"))


def test_the_history_of_rates_is_not_a_contract_of_that_name() -> None:
    rows = {
        "resultList": [{"symbol": "BTC_USD", "fundingRate": 0.0001, "settleTime": 1609804800000, "collectCycle": 8}]
    }
    (event,) = told("/api/v1/contract/funding_rate/history?symbol=BTC_USD", rows)
    assert (type(event).__name__, getattr(event, "interval_hours", None)) == ("FundingSettled", 8)


def test_terms_become_part_of_the_contract() -> None:
    body = json.dumps({"success": True, "code": 0, "data": [RATE]}).encode()
    terms = reference.funding_terms(body, None)
    detail = json.dumps({"success": True, "code": 0, "data": DETAIL}).encode()
    listed = reference.contracts(detail, ["BTC_USD"], 7, terms)[0]
    assert isinstance(listed, InstrumentListed)
    found = listed.instrument
    assert (found.funding_interval_hours, found.funding_rate_cap) == (4, Decimal("0.003"))
    assert found.funding_rate_floor == Decimal("-0.003")


@pytest.mark.parametrize("odd", BAD_PRICES)
def test_a_bad_mark_price_is_named(odd: object) -> None:
    events = told("/api/v1/contract/fair_price/BTC_USD", {"symbol": "BTC_USD", "fairPrice": odd, "timestamp": 5})
    assert named(events) == ["fairPrice"]
    assert len(events) == 1


# --- spot ------------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "spot", "instruments", "24 h ticker", "best bid and ask")
def test_a_pair_and_its_day() -> None:
    body = json.dumps({"symbols": [PAIR]}).encode()
    (listed,) = reference_events("mexc", f"{HOST}/api/v3/exchangeInfo?symbol=BTCUSDT", body, 7)
    assert isinstance(listed, InstrumentListed)
    pair = listed.instrument
    assert (pair.id, pair.tick_size, pair.quantity_step) == ("mexc:spot:BTCUSDT", Decimal("0.01"), Decimal("0.000001"))
    assert (pair.minimum_notional, pair.settle, pair.status) == (Decimal(1), "USDT", "trading")
    day = {"symbol": "BTCUSDT", "openPrice": "1.5", "highPrice": "3", "lowPrice": "1", "lastPrice": "2", "volume": "9"}
    (event,) = reference_events("mexc", f"{HOST}/api/v3/ticker/24hr", json.dumps(day).encode(), 7)
    assert isinstance(event, DayStatistics)
    assert (event.open_price, event.high_price, event.volume) == (Decimal("1.5"), Decimal(3), Decimal(9))
    book = {"symbol": "BTCUSDT", "bidPrice": "1.5", "bidQty": "3", "askPrice": "1.6", "askQty": "1"}
    (ticker,) = reference_events("mexc", f"{HOST}/api/v3/ticker/bookTicker", json.dumps(book).encode(), 7)
    assert isinstance(ticker, Ticker)
    assert (ticker.bid_price, ticker.ask_size) == (Decimal("1.5"), Decimal(1))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quotePrecision": 99}, "quotePrecision"),
        ({"baseAsset": None}, "baseAsset"),
        ({"baseSizePrecision": "x"}, "baseSizePrecision"),
    ],
)
def test_a_pair_with_a_bad_figure_is_refused_by_name(changes: dict[str, object], field: str) -> None:
    body = json.dumps({"symbols": [PAIR | changes]}).encode()
    assert named(reference_events("mexc", f"{HOST}/api/v3/exchangeInfo", body, 7)) == [field]


# --- candles ---------------------------------------------------------------------------------------------------------

NOON_NS = 1_790_164_800 * 10**9  # a full hour
FIRST = NOON_NS // 10**9 - 7200
COLUMNS: dict[str, Any] = {
    "time": [FIRST, FIRST + 3600, FIRST + 7200],
    "open": [1.5, 2, 3],
    "high": [2.5, 3, 4],
    "low": [1, 1.5, 2],
    "close": [2, 2.5, 3.5],
    "vol": [1740.0, 351.0, 314.0],
}


@pytest.mark.verifies("mexc", "linear", "candles")
@pytest.mark.verifies("mexc", "inverse", "candles")
@pytest.mark.parametrize(("symbol", "market"), [("BTC_USDT", "linear"), ("BTC_USD", "inverse")])
@pytest.mark.parametrize(("kind", "price"), [("fair_price", CandlePrice.MARK), ("index_price", CandlePrice.INDEX)])
def test_columns_in_seconds_become_closed_candles(symbol: str, market: str, kind: str, price: CandlePrice) -> None:
    path = f"/api/v1/contract/kline/{kind}/{symbol}?interval=Min60"
    (loaded,) = told(path, COLUMNS, NOON_NS + 60 * 10**9)
    assert isinstance(loaded, CandlesLoaded)
    assert (loaded.instrument, loaded.price, loaded.interval_ns) == (f"mexc:{market}:{symbol}", price, HOUR_NS)
    assert [(candle.start_ns, candle.open, candle.close) for candle in loaded.candles] == [
        (FIRST * 10**9, Decimal("1.5"), 2),
        ((FIRST + 3600) * 10**9, 2, Decimal("2.5")),
    ], "the running one is left out"


@pytest.mark.verifies("mexc", "spot", "candles")
def test_rows_of_spot_are_of_trades() -> None:
    rows = [[FIRST * 1000, "1.5", "2.5", "1", "2", "9", FIRST * 1000 + 3_599_999, "18"]]
    url = f"{HOST}/api/v3/klines?symbol=BTCUSDT&interval=60m&limit=2"
    (loaded,) = reference_events("mexc", url, json.dumps(rows).encode(), NOON_NS)
    assert isinstance(loaded, CandlesLoaded)
    assert (loaded.instrument, loaded.price, len(loaded.candles)) == ("mexc:spot:BTCUSDT", CandlePrice.SPOT, 1)


def test_what_is_asked_for_candles() -> None:
    hourly = CandlesWanted(instrument="mexc:linear:BTC_USDT", interval_ns=HOUR_NS, count=3)
    path, parameters, place = candles.question(hourly, NOON_NS + 60 * 10**9)
    assert (path, place) == (
        "/api/v1/contract/kline/fair_price/BTC_USDT",
        "/api/v1/contract/kline/fair_price/{symbol}",
    )
    noon = NOON_NS // 10**9
    assert parameters == {"interval": "Min60", "start": str(noon - 3 * 3600), "end": str(noon + 60)}
    daily = CandlesWanted(instrument="mexc:spot:BTCUSDT", interval_ns=DAY_NS, count=90)
    assert candles.question(daily, NOON_NS)[:2] == (
        "/api/v3/klines",
        {"symbol": "BTCUSDT", "interval": "1d", "limit": "91"},
    )


@pytest.mark.parametrize("odd", ["x", None, FIRST + 0.5, -1, [], True])
def test_a_candle_with_a_bad_time_is_named(odd: object) -> None:
    columns = COLUMNS | {"time": [odd, *COLUMNS["time"][1:]]}
    events = told("/api/v1/contract/kline/fair_price/BTC_USDT?interval=Min60", columns, NOON_NS)
    assert named(events) == ["start"]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DecodeError, match="length"):
        told("/api/v1/contract/kline/fair_price/BTC_USDT?interval=Min60", COLUMNS | {"low": [1]}, NOON_NS)


def test_a_refusal_of_candles_is_one() -> None:
    with pytest.raises(VenueError, match="1001"):
        reference_events(
            "mexc",
            f"{HOST}/api/v1/contract/kline/fair_price/NOPE_USDT?interval=Min60",
            b'{"success":false,"code":1001,"message":"no"}',
            7,
        )
