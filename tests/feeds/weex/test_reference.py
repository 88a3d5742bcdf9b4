"""WEEX's public REST bodies: contracts, pairs, funding now and settled, and what is refused by name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import AnyEvent, FrameFault, FundingSettled, Heard, InstrumentListed, Ticker
from core.instruments import ContractKind, Instrument
from feeds.registry import reference_events
from feeds.weex import reference

NOW_MS = 1_786_310_817_583
NOW_NS = NOW_MS * 1_000_000
NEXT_MS = 1_786_320_000_000
HOST = "https://api-contract.weex.com"
CONTRACT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "marginAsset": "USDT",
    "pricePrecision": 1,
    "quantityPrecision": 6,
    "contractVal": 0.000001,
    "delivery": ["00:00:00", "08:00:00", "16:00:00"],
    "forwardContractFlag": True,
    "minLeverage": 1,
    "maxLeverage": 400,
    "makerFeeRate": "0.0002",
    "takerFeeRate": "0.0008",
    "minOrderSize": 0.0001,
    "maxOrderSize": 10000,
}
PAIR: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "tickSize": "0.01",
    "stepSize": "0.00001",
    "minTradeAmount": "0.0001",
    "maxTradeAmount": "99999",
    "enableTrade": True,
}
PREMIUM: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "markPrice": "65117.44",
    "indexPrice": "65137.76",
    "forecastFundingRate": "0.00005618",
    "lastFundingRate": "0.00001031",
    "interestRate": "0.001",
    "nextFundingTime": NEXT_MS,
    "time": NOW_MS,
    "collectCycle": 480,
}
SETTLED: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "fundingRate": "0.00001031",
    "fundingTime": NEXT_MS - 28_800_000,
    "markPrice": "65079.26",
}


def encode(content: Any) -> bytes:
    return json.dumps(content).encode()


def listed(events: list[AnyEvent]) -> list[Instrument]:
    return [event.instrument for event in events if isinstance(event, InstrumentListed)]


def faults(events: Any) -> list[FrameFault]:
    return [event for event in events if isinstance(event, FrameFault)]


def premium(**changed: Any) -> list[AnyEvent]:
    return reference.funding(encode([PREMIUM | changed]), None, NOW_NS)


# --- contracts and pairs -------------------------------------------------------------------------------------------


def test_a_contract_counts_in_coins() -> None:
    funding, _ = reference.premiums(encode([PREMIUM]), None, NOW_NS)
    body = encode({"assets": [], "symbols": [CONTRACT]})
    (contract,) = listed(reference.instruments(body, None, NOW_NS, tradable={"BTCUSDT"}, funding=funding))
    assert contract == Instrument(
        id="weex:linear:BTCUSDT",
        venue="weex",
        market="linear",
        symbol="BTCUSDT",
        kind=ContractKind.LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        contract_size=Decimal(1),
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.000001"),
        minimum_quantity=Decimal("0.0001"),
        maximum_quantity=Decimal(10000),
        maximum_leverage=Decimal(400),
        funding_interval_hours=8,
        status="trading",
    )
    assert contract.perpetual


def test_numbers_may_come_as_text() -> None:
    texts = {name: str(CONTRACT[name]) for name in ("pricePrecision", "maxLeverage", "minOrderSize")}
    body = encode({"symbols": [CONTRACT | texts | {"contractVal": "0.001"}]})
    (contract,) = listed(reference.instruments(body, None, NOW_NS))
    assert (contract.tick_size, contract.quantity_step) == (Decimal("0.1"), Decimal("0.001"))


def test_a_contract_that_refuses_the_orders_of_programs_is_not_trading() -> None:
    body = encode({"symbols": [CONTRACT, CONTRACT | {"symbol": "ETHUSDT"}]})
    found = listed(reference.instruments(body, None, NOW_NS, tradable={"ETHUSDT"}))
    assert [(one.symbol, one.status) for one in found] == [("BTCUSDT", "not tradable by API"), ("ETHUSDT", "trading")]


def test_an_interval_that_is_no_whole_number_of_hours_stays_unknown() -> None:
    funding, _ = reference.premiums(encode([PREMIUM | {"collectCycle": 90}]), None, NOW_NS)
    (contract,) = listed(reference.instruments(encode({"symbols": [CONTRACT]}), None, NOW_NS, funding=funding))
    assert contract.funding_interval_hours is None


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("pricePrecision", odd) for odd in (None, -1, 21, "x", 1.5)),
        *(("contractVal", odd) for odd in (None, 0, -1, "NaN", "")),
        *(("minOrderSize", odd) for odd in (None, 0, "")),
        ("marginAsset", None),
    ],
)
def test_a_contract_that_cannot_be_read_is_named(name: str, odd: Any) -> None:
    body = encode({"symbols": [CONTRACT | {name: odd}, CONTRACT | {"symbol": "ETHUSDT"}]})
    events = reference.instruments(body, None, NOW_NS)
    assert [one.symbol for one in listed(events)] == ["ETHUSDT"]
    (fault,) = faults(events)
    assert fault.field == name
    assert "BTCUSDT" in fault.detail


def test_a_pair_has_its_own_steps() -> None:
    (pair,) = listed(reference.spot_pairs(encode({"symbols": [PAIR]}), None, NOW_NS))
    assert (pair.id, pair.kind, pair.settle, pair.status) == (
        *("weex:spot:BTCUSDT", ContractKind.SPOT, "USDT", "trading"),
    )
    assert (pair.tick_size, pair.quantity_step, pair.minimum_quantity) == (
        *(Decimal("0.01"), Decimal("0.00001"), Decimal("0.0001")),
    )
    assert not pair.perpetual


def test_a_pair_that_is_not_traded_says_so_and_one_without_a_tick_is_a_fault() -> None:
    closed, blunt = PAIR | {"enableTrade": False}, {k: v for k, v in PAIR.items() if k != "tickSize"}
    events = reference.spot_pairs(encode({"symbols": [closed, blunt | {"symbol": "ETHUSDT"}]}), None, NOW_NS)
    assert [one.status for one in listed(events)] == ["not tradable"]
    assert [fault.field for fault in faults(events)] == ["tickSize"]


# --- funding ---------------------------------------------------------------------------------------------------------


def test_the_rate_of_the_coming_settlement_is_the_estimate_and_minute_old_prices_are_not_told() -> None:
    (event,) = premium()
    assert event == Ticker(
        received_ns=NOW_NS,
        instrument="weex:linear:BTCUSDT",
        channel="/capi/v3/market/premiumIndex",
        venue_time_ns=NOW_NS,
        funding_rate=Decimal("0.00005618"),
        next_funding_time_ns=NEXT_MS * 1_000_000,
        funding_interval_hours=8,
    )


@pytest.mark.parametrize("cycle", [60, 240, 480])
def test_each_contract_has_its_own_interval(cycle: int) -> None:
    (event,) = premium(collectCycle=cycle)
    assert isinstance(event, Ticker)
    assert event.funding_interval_hours == cycle // 60


@pytest.mark.parametrize("ago_ms", [300_001, 86_400_000, NOW_MS])
def test_a_dead_row_is_a_fault(ago_ms: int) -> None:
    (fault,) = faults(premium(nextFundingTime=NOW_MS - ago_ms))
    assert fault.field == "nextFundingTime"


def test_a_row_not_yet_moved_on_after_its_settlement_says_nothing() -> None:
    assert premium(nextFundingTime=NOW_MS - 1000) == []


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("forecastFundingRate", odd) for odd in (None, "", "NaN", "1", "-1.5", "x")),
        *(("nextFundingTime", odd) for odd in (None, "", -1, 4_102_444_800_000)),
        *(("collectCycle", odd) for odd in (None, 0, -480, 1.5, 99_999)),
        *(("time", odd) for odd in (None, 0)),
    ],
)
def test_a_bad_row_is_named(name: str, odd: Any) -> None:
    events = reference.funding(encode([PREMIUM | {name: odd}, PREMIUM | {"symbol": "ETHUSDT"}]), None, NOW_NS)
    assert [event.instrument for event in events if isinstance(event, Ticker)] == ["weex:linear:ETHUSDT"]
    assert [fault.field for fault in faults(events)] == [name]


def test_what_was_settled_is_no_estimate() -> None:
    rows = [SETTLED | {"fundingTime": SETTLED["fundingTime"] + 28_800_000, "fundingRate": "-0.0002"}, SETTLED]
    first, second = reference.settled(encode(rows), None, NOW_NS)
    assert first == FundingSettled(
        received_ns=NOW_NS,
        instrument="weex:linear:BTCUSDT",
        rate=Decimal("0.00001031"),
        settled_ns=(NEXT_MS - 28_800_000) * 1_000_000,
        mark_price=Decimal("65079.26"),
    )
    assert isinstance(second, FundingSettled)
    assert second.rate == Decimal("-0.0002")


# --- answers by their address ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("/capi/v3/market/exchangeInfo", {"symbols": [CONTRACT]}, InstrumentListed),
        ("/api/v3/exchangeInfo", {"symbols": [PAIR]}, InstrumentListed),
        ("/capi/v3/market/premiumIndex?symbol=BTCUSDT", [PREMIUM], Ticker),
        ("/capi/v3/market/premiumIndex?symbol=BTCUSDT", PREMIUM, Ticker),
        ("/capi/v3/market/fundingRate?symbol=BTCUSDT&limit=1", [SETTLED], FundingSettled),
        ("/capi/v3/market/apiTradingSymbols", ["BTCUSDT"], Heard),
        ("/capi/v3/market/time", {"serverTime": NOW_MS}, Heard),
        ("/api/v3/time", {"serverTime": NOW_MS}, Heard),
    ],
)
def test_recorded_answers_say_what_they_said_live(path: str, content: Any, kind: type) -> None:
    (event,) = reference_events("weex", HOST + path, encode(content), NOW_NS)
    assert type(event) is kind


@pytest.mark.parametrize(
    "path",
    [
        *("/capi/v3/market/exchangeInfo", "/api/v3/exchangeInfo", "/capi/v3/market/premiumIndex"),
        *("/capi/v3/market/fundingRate", "/capi/v3/market/apiTradingSymbols", "/capi/v3/market/time"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"5", b"null", b'{"symbols":5}', b"[5", b"\xff", b"[" * 100_000])
def test_a_body_that_is_something_else_says_nothing(path: str, body: bytes) -> None:
    try:
        events = reference_events("weex", HOST + path, body, NOW_NS)
    except DecodeError:
        return
    assert events
    assert all(isinstance(event, FrameFault) for event in events)
