"""Bybit's REST bodies: instruments with their filters, tiers and their units, and rows that are no good."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.errors import DecodeError, RequestError
from core.events import FrameFault, InstrumentListed, TiersLoaded
from core.instruments import ContractKind, Instrument
from core.tiers import check_continuity
from feeds.bybit import reference
from feeds.registry import reference_events

CONTRACT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "deliveryTime": "0",
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
    "lotSizeFilter": {
        "maxOrderQty": "1190.000",
        "minOrderQty": "0.001",
        "qtyStep": "0.001",
        "maxMktOrderQty": "500.000",
        "minNotionalValue": "5",
    },
    "fundingInterval": 480,
    "upperFundingRate": "0.00375",
    "lowerFundingRate": "-0.00375",
    "preListingInfo": None,
}
PAIR: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "Trading",
    "lotSizeFilter": {
        "basePrecision": "0.000001",
        "quotePrecision": "0.0000001",
        "minOrderQty": "0.000011",
        "minOrderAmt": "5",
        "maxLimitOrderQty": "83",
        "maxMarketOrderQty": "41.5",
    },
    "priceFilter": {"tickSize": "0.1"},
}


def body(market: str, *rows: dict[str, Any], cursor: str | None = "") -> bytes:
    result = {"category": market, "list": rows, "nextPageCursor": cursor}
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "time": 1735809771618}).encode()


def listed(market: str, *rows: dict[str, Any]) -> list[Instrument]:
    url = f"https://api.bybit.com/v5/market/instruments-info?category={market}&limit=1000"
    events = reference_events("bybit", url, body(market, *rows), 7)
    assert all(isinstance(event, InstrumentListed) and event.received_ns == 7 for event in events)
    return [event.instrument for event in events if isinstance(event, InstrumentListed)]


def test_a_linear_perpetual_with_its_filters() -> None:
    assert listed("linear", CONTRACT) == [
        Instrument(
            id="bybit:linear:BTCUSDT",
            venue="bybit",
            market="linear",
            symbol="BTCUSDT",
            kind=ContractKind.LINEAR,
            base="BTC",
            quote="USDT",
            settle="USDT",
            contract_size=Decimal(1),
            tick_size=Decimal("0.10"),
            quantity_step=Decimal("0.001"),
            minimum_quantity=Decimal("0.001"),
            maximum_quantity=Decimal("500.000"),
            minimum_notional=Decimal(5),
            maximum_leverage=Decimal("100.00"),
            funding_interval_hours=8,
            funding_rate_cap=Decimal("0.00375"),
            funding_rate_floor=Decimal("-0.00375"),
        )
    ]


def test_an_inverse_contract_counts_dollars() -> None:
    coins = {"symbol": "BTCUSD", "contractType": "InversePerpetual", "quoteCoin": "USD", "settleCoin": "BTC"}
    (instrument,) = listed("inverse", CONTRACT | coins)
    assert (instrument.id, instrument.kind, instrument.settle) == ("bybit:inverse:BTCUSD", ContractKind.INVERSE, "BTC")
    assert instrument.contract_size == 1


def test_a_dated_future_expires_and_pays_no_funding() -> None:
    dated = {"symbol": "BTC-26DEC25", "contractType": "LinearFutures", "deliveryTime": "1766736000000"}
    (instrument,) = listed("linear", CONTRACT | dated | {"fundingInterval": 0})
    assert instrument.expiry_ns == 1766736000_000_000_000
    assert (instrument.funding_interval_hours, instrument.funding_rate_cap, instrument.perpetual) == (None, None, False)


@pytest.mark.parametrize(("minutes", "hours"), [(60, 1), (240, 4), (480, 8), (0, None), (8, None)])
def test_the_funding_interval_is_told_in_minutes(minutes: int, hours: int | None) -> None:
    assert listed("linear", CONTRACT | {"fundingInterval": minutes})[0].funding_interval_hours == hours


def test_a_perpetual_that_is_being_delisted_stays_a_perpetual() -> None:
    (instrument,) = listed("linear", CONTRACT | {"deliveryTime": "1766736000000", "status": "Delivering"})
    assert (instrument.perpetual, instrument.status) == (True, "delivering")


def test_a_spot_pair_with_its_filters() -> None:
    (instrument,) = listed("spot", PAIR)
    assert (instrument.id, instrument.kind, instrument.settle) == ("bybit:spot:BTCUSDT", ContractKind.SPOT, "USDT")
    assert (instrument.quantity_step, instrument.maximum_quantity) == (Decimal("0.000001"), Decimal("41.5"))
    assert instrument.minimum_notional == 5


@pytest.mark.parametrize("bad", ["", "0", "-0.1", "NaN", "Infinity", "x", None, [], 1e30])
def test_a_row_that_is_no_good_is_named_and_spoils_only_itself(bad: Any) -> None:
    odd = CONTRACT | {"symbol": "ODDUSDT", "priceFilter": {"tickSize": bad}}
    rows = reference.page(body("linear", odd, CONTRACT), "place").rows
    events = reference.instruments("linear", rows, None, 7)
    assert [event.instrument.symbol for event in events if isinstance(event, InstrumentListed)] == ["BTCUSDT"]
    (told,) = [event for event in events if isinstance(event, FrameFault)]
    assert told.field == "priceFilter.tickSize"
    assert "ODDUSDT" in told.detail


def test_only_what_is_wanted_is_read() -> None:
    rows = reference.page(body("linear", {"symbol": "ODDUSDT"}, CONTRACT), "place").rows
    (event,) = reference.instruments("linear", rows, {"BTCUSDT"}, 7)
    assert isinstance(event, InstrumentListed)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"result":{}}', b'{"result":{"list":5}}', b"<html>"])
def test_a_body_that_is_no_list_is_refused(raw: bytes) -> None:
    with pytest.raises(DecodeError, match="place: body"):
        reference.page(raw, "place")


# --- tiers -----------------------------------------------------------------------------------------------------------


def limit(symbol: str, cap: str, rate: str, leverage: str, deduction: str) -> dict[str, Any]:
    return {
        "id": 1,
        "symbol": symbol,
        "riskLimitValue": cap,
        "maintenanceMargin": rate,
        "initialMargin": "0.01",
        "isLowestRisk": 1,
        "maxLeverage": leverage,
        "mmDeduction": deduction,
    }


FRACTIONS = [
    limit("BTCUSDT", "2000000", "0.005", "100.00", ""),
    limit("BTCUSDT", "3000000", "0.0056", "90.00", "1200"),
    limit("BTCUSDT", "4000000", "0.0062", "80.00", "3000"),
]
PER_CENT = [row | {"maintenanceMargin": str(Decimal(row["maintenanceMargin"]) * 100)} for row in FRACTIONS]


@pytest.mark.parametrize("rows", [FRACTIONS, PER_CENT, FRACTIONS[::-1]], ids=["fractions", "per cent", "unordered"])
def test_tiers_are_fractions_whichever_way_they_are_written(rows: list[dict[str, Any]]) -> None:
    url = "https://api.bybit.com/v5/market/risk-limit?category=linear&symbol=BTCUSDT"
    (event,) = reference_events("bybit", url, body("linear", *rows), 7)
    assert isinstance(event, TiersLoaded)
    assert (event.table.instrument, event.table.unit, event.table.as_of_ns) == ("bybit:linear:BTCUSDT", "quote", 7)
    shown = [(str(tier.floor), str(tier.cap), tier.rate, str(tier.deduction)) for tier in event.table.tiers]
    assert shown == [
        ("0", "2000000", Decimal("0.005"), "0"),
        ("2000000", "3000000", Decimal("0.0056"), "1200"),
        ("3000000", "4000000", Decimal("0.0062"), "3000"),
    ]


def test_inverse_tiers_are_in_coin() -> None:
    rows = reference.page(body("inverse", limit("BTCUSD", "150", "0.005", "100.00", "")), "place").rows
    (event,) = reference.tiers("inverse", rows, None, 7)
    assert isinstance(event, TiersLoaded)
    assert event.table.unit == "coin"


def test_each_symbol_has_its_own_table() -> None:
    rows = [limit(symbol, "1000", "0.01", "50", "") for symbol in ("ETHUSDT", "BTCUSDT", "SOLUSDT")]
    events = reference.tiers("linear", reference.page(body("linear", *rows), "place").rows, {"BTCUSDT", "SOLUSDT"}, 7)
    tables = [event.table.instrument for event in events if isinstance(event, TiersLoaded)]
    assert tables == ["bybit:linear:BTCUSDT", "bybit:linear:SOLUSDT"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (limit("BTCUSDT", "3000000", "0.0056", "90.00", "99999"), "mmDeduction"),
        (limit("BTCUSDT", "3000000", "0.004", "90.00", "0"), "mmDeduction"),
        (limit("BTCUSDT", "3000000", "NaN", "90.00", "1200"), "maintenanceMargin"),
        (limit("BTCUSDT", "", "0.0056", "90.00", "1200"), "riskLimitValue"),
    ],
    ids=["jumps", "falls", "no number", "no cap"],
)
def test_a_table_that_cannot_be_right_is_a_fault(row: dict[str, Any], field: str) -> None:
    """Where only its deductions are wrong the table goes on to core, which takes none of its figures from it."""
    rows = reference.page(body("linear", FRACTIONS[0], row), "place").rows
    *tables, event = reference.tiers("linear", rows, None, 7)
    assert isinstance(event, FrameFault)
    assert event.field == field
    assert "BTCUSDT" in event.detail
    for table in tables:
        assert isinstance(table, TiersLoaded)
        with pytest.raises(RequestError):
            check_continuity(table.table)


def test_other_endpoints_and_categories_say_nothing() -> None:
    for url in ("https://x/v5/market/recent-trade", "https://x/v5/market/instruments-info?category=option"):
        assert reference_events("bybit", url, b"{}", 7) == []


def test_raw_rows_are_not_opened_before_they_are_wanted() -> None:
    rows = [msgspec.Raw(b'{"symbol":5}'), msgspec.Raw(b"5"), msgspec.Raw(json.dumps(CONTRACT).encode())]
    assert len(reference.instruments("linear", rows, {"BTCUSDT"}, 7)) == 1
