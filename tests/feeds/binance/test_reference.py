"""Binance's REST bodies: instruments with their filters, funding terms, tiers, and rows that are no good."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError, RequestError
from core.events import AnyEvent, FrameFault, InstrumentListed, Ticker, TiersLoaded
from core.instruments import ContractKind, Instrument
from core.tiers import check_continuity
from feeds.binance import reference, tiers
from feeds.registry import reference_events

LOTS = {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"}
MARKET_LOTS = {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"}
PRICES = {"filterType": "PRICE_FILTER", "minPrice": "556.80", "maxPrice": "4529764", "tickSize": "0.10"}
CONTRACT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "pair": "BTCUSDT",
    "contractType": "PERPETUAL",
    "deliveryDate": 4133404800000,
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "marginAsset": "USDT",
    "maintMarginPercent": "2.5000",
    "filters": [
        *(PRICES, LOTS, MARKET_LOTS, {"filterType": "MAX_NUM_ORDERS", "limit": 200}),
        *({"filterType": "MIN_NOTIONAL", "notional": "100"}, {"filterType": "POSITION_RISK_CONTROL"}),
    ],
}
PAIR: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": "0", "stepSize": "0"},
        {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True, "maxNotional": "9000000"},
    ],
}


def body(*symbols: Any) -> bytes:
    return json.dumps({"timezone": "UTC", "rateLimits": [{}], "symbols": symbols}).encode()


def listed(events: list[AnyEvent]) -> list[Instrument]:
    return [event.instrument for event in events if isinstance(event, InstrumentListed)]


def terms(**rows: dict[str, Any]) -> dict[str, reference.FundingTerms]:
    content = [{"symbol": symbol, **row} for symbol, row in rows.items()]
    found, faults = reference.funding_terms("usdm", json.dumps(content).encode(), None, 7)
    assert not faults
    return found


def test_a_perpetual_with_its_filters_charges_every_eight_hours_unless_told() -> None:
    assert listed(reference.instruments("usdm", body(CONTRACT), None, 7, terms())) == [
        Instrument(
            id="binance:usdm:BTCUSDT",
            venue="binance",
            market="usdm",
            symbol="BTCUSDT",
            kind=ContractKind.LINEAR,
            base="BTC",
            quote="USDT",
            settle="USDT",
            contract_size=Decimal(1),
            tick_size=Decimal("0.10"),
            quantity_step=Decimal("0.001"),
            minimum_quantity=Decimal("0.001"),
            maximum_quantity=Decimal(120),
            minimum_notional=Decimal(100),
            funding_interval_hours=8,
        )
    ]


def test_funding_terms_are_the_contracts_own() -> None:
    adjusted = {"adjustedFundingRateCap": "0.025", "adjustedFundingRateFloor": "-0.025", "fundingIntervalHours": 4}
    (instrument,) = listed(reference.instruments("usdm", body(CONTRACT), None, 7, terms(BTCUSDT=adjusted)))
    assert (instrument.funding_interval_hours, instrument.funding_rate_cap, instrument.funding_rate_floor) == (
        *(4, Decimal("0.025"), Decimal("-0.025")),
    )


def test_without_the_list_of_terms_the_interval_is_unknown() -> None:
    assert listed(reference.instruments("usdm", body(CONTRACT), None, 7))[0].funding_interval_hours is None


def test_a_dated_contract_expires_and_pays_no_funding() -> None:
    dated = {"symbol": "BTCUSDT_261225", "contractType": "CURRENT_QUARTER", "deliveryDate": 1798185600000}
    (instrument,) = listed(reference.instruments("usdm", body(CONTRACT | dated), None, 7, terms()))
    assert (instrument.expiry_ns, instrument.funding_interval_hours) == (1798185600_000_000_000, None)


@pytest.mark.parametrize("kind", ["TRADIFI_PERPETUAL", "PERPETUAL DELIVERING"])
def test_every_sort_of_perpetual_is_one(kind: str) -> None:
    row = CONTRACT | {"contractType": kind, "deliveryDate": 1798185600000}
    assert listed(reference.instruments("usdm", body(row), None, 7, terms()))[0].perpetual


def test_a_spot_pair_with_its_filters() -> None:
    (instrument,) = listed(reference.instruments("spot", body(PAIR), None, 7))
    assert (instrument.id, instrument.kind, instrument.settle) == ("binance:spot:BTCUSDT", ContractKind.SPOT, "USDT")
    assert (instrument.maximum_quantity, instrument.minimum_notional) == (Decimal(9000), Decimal(5))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"filters": [PRICES]}, "filters.LOT_SIZE"),
        ({"filters": [PRICES, LOTS | {"stepSize": "0"}]}, "filters.LOT_SIZE.stepSize"),
        ({"filters": [PRICES | {"tickSize": "NaN"}, LOTS]}, "filters.PRICE_FILTER.tickSize"),
        ({"filters": None}, "filters"),
        ({"filters": [5, "x", {}]}, "filters.PRICE_FILTER"),
        ({"deliveryDate": -1}, "deliveryDate"),
        ({"marginAsset": None}, "marginAsset"),
    ],
)
def test_a_row_that_is_no_good_is_named_and_spoils_only_itself(changed: dict[str, Any], field: str) -> None:
    events = reference.instruments("usdm", body(CONTRACT | {"symbol": "ODDUSDT"} | changed, CONTRACT, 5), None, 7)
    assert [instrument.symbol for instrument in listed(events)] == ["BTCUSDT"]
    told = [event for event in events if isinstance(event, FrameFault)]
    assert told[0].field == field
    assert "ODDUSDT" in told[0].detail


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"symbols":5}', b"<html>"])
def test_a_body_without_symbols_is_refused(raw: bytes) -> None:
    with pytest.raises(DecodeError, match="exchangeInfo"):
        reference.instruments("usdm", raw, None, 7)


# --- tiers and mark prices -------------------------------------------------------------------------------------------

BRACKETS = b"""[{"symbol": "BTCUSDT", "notionalCoef": 1.0, "brackets": [
 {"initialLeverage": 100, "notionalCap": 250000, "notionalFloor": 50000, "maintMarginRatio": 0.005, "cum": 50.0},
 {"initialLeverage": 125, "notionalCap": 50000, "notionalFloor": 0, "maintMarginRatio": 0.004, "cum": 0.0},
 {"initialLeverage": 50, "notionalCap": 1000000, "notionalFloor": 250000, "maintMarginRatio": 0.01, "cum": 1300.0}
]}]"""


@pytest.mark.parametrize("raw", [BRACKETS, BRACKETS.strip(b"[]\n")], ids=["array", "object"])
def test_tiers_are_read_from_numbers_exactly(raw: bytes) -> None:
    (event,) = reference_events("binance", "https://x/fapi/v1/leverageBracket?signature=s", raw, 7)
    assert isinstance(event, TiersLoaded)
    assert (event.table.instrument, event.table.unit) == ("binance:usdm:BTCUSDT", "quote")
    assert [(str(tier.rate), tier.cap, tier.deduction) for tier in event.table.tiers] == [
        ("0.004", Decimal(50000), Decimal(0)),
        ("0.005", Decimal(250000), Decimal(50)),
        ("0.01", Decimal(1000000), Decimal(1300)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b'"cum": 50.0', b'"cum": 51.0', "cum"),
        (b'"notionalFloor": 50000', b'"notionalFloor": 60000', "cum"),
        (b'"maintMarginRatio": 0.005', b'"maintMarginRatio": null', "brackets.0.maintMarginRatio"),
    ],
)
def test_a_table_that_cannot_be_right_is_a_fault(old: bytes, new: bytes, field: str) -> None:
    *tables, event = tiers.tiers("usdm", BRACKETS.replace(old, new), None, 7)
    assert isinstance(event, FrameFault)
    assert event.field == field
    for table in tables:
        assert isinstance(table, TiersLoaded)
        with pytest.raises(RequestError):
            check_continuity(table.table)


PREMIUM = {
    "symbol": "BTCUSDT_261225",
    "markPrice": "76888.1",
    "indexPrice": "76935.0",
    "lastFundingRate": "",
    "nextFundingTime": 0,
    "interestRate": "",
    "time": 1_789_478_374_000,
}


def test_a_dated_contract_has_a_mark_price_and_no_funding() -> None:
    url = "https://fapi.binance.com/fapi/v1/premiumIndex"
    (event,) = reference_events("binance", url, json.dumps([PREMIUM]).encode(), 7)
    assert isinstance(event, Ticker)
    assert (event.mark_price, event.funding_rate, event.next_funding_time_ns) == (Decimal("76888.1"), None, None)


@pytest.mark.parametrize(
    ("name", "bad"), [("markPrice", "NaN"), ("indexPrice", ""), ("time", 0), ("lastFundingRate", "7")]
)
def test_a_mark_price_that_is_no_good_is_not_shown(name: str, bad: Any) -> None:
    (event,) = reference.mark_prices("usdm", json.dumps([PREMIUM | {name: bad}]).encode(), None, 7)
    assert isinstance(event, FrameFault)
    assert event.field.startswith(name)


@pytest.mark.parametrize("path", ["/fapi/v1/exchangeInfo", "/api/v3/exchangeInfo"])
def test_a_recorded_list_of_instruments_is_known_by_its_path(path: str) -> None:
    rows = body(CONTRACT if "fapi" in path else PAIR)
    (event,) = reference_events("binance", f"https://host{path}", rows, 7)
    assert isinstance(event, InstrumentListed)
    assert event.instrument.market == ("usdm" if "fapi" in path else "spot")


def test_other_endpoints_say_nothing() -> None:
    assert reference_events("binance", "https://x/fapi/v1/klines", b"garbage", 7) == []
