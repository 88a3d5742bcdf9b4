"""BingX's REST bodies of markets: what each endpoint says, in whichever shape it comes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import (
    CandlesLoaded,
    FrameFault,
    FundingSettled,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind
from core.tiers import check_continuity
from feeds.bingx import answers, facts, reference
from feeds.registry import reference_events
from feeds.venue import RestAnswer
from tests.feeds.bingx.bodies import CONTRACT, HOUR_MS, INVERSE, MS, NS, PREMIUM, body, candle, read, tier
from tests.support.frames import BAD_PRICES, BAD_RATES, faults, tickers

# --- prices and rates ----------------------------------------------------------------------------------------------


def test_the_premium_index_tells_the_rate_to_come_and_each_contracts_own_interval() -> None:
    for told in (PREMIUM, [PREMIUM]):
        (event,) = read(facts.PREMIUM_PATH, told)
        assert event == Ticker(
            received_ns=NS,
            instrument="bingx:linear:BTC-USDT",
            channel=facts.PREMIUM_PATH,
            mark_price=Decimal("42216.4"),
            index_price=Decimal("42219.9"),
            funding_rate=Decimal("-0.00025100"),
            next_funding_time_ns=NS,
            funding_interval_hours=4,
        )


@pytest.mark.parametrize("interval", [None, "", ...])
def test_an_interval_that_is_not_told_is_not_known(interval: Any) -> None:
    row = {name: value for name, value in (PREMIUM | {"fundingIntervalHours": interval}).items() if value is not ...}
    (event,) = tickers(read(facts.PREMIUM_PATH, row))
    assert event.funding_interval_hours is None


def test_a_coin_margined_interval_is_the_usual_one_where_the_next_settlement_fits_it() -> None:
    row = PREMIUM | {"symbol": "BTC-USD"}
    del row["fundingIntervalHours"]
    (fits,) = tickers(read(facts.INVERSE_PREMIUM_PATH, [row]))
    (other,) = tickers(read(facts.INVERSE_PREMIUM_PATH, [row | {"nextFundingTime": MS + HOUR_MS}]))
    assert (fits.instrument, fits.funding_interval_hours) == ("bingx:inverse:BTC-USD", 8)
    assert other.funding_interval_hours is None


@pytest.mark.parametrize(
    ("name", "ours", "values"),
    [
        ("markPrice", "mark_price", BAD_PRICES),
        ("indexPrice", "index_price", BAD_PRICES),
        ("lastFundingRate", "funding_rate", BAD_RATES),
        ("nextFundingTime", "next_funding_time_ns", (None, "", "0", 0, -1, "x", 1.5, [])),
        ("fundingIntervalHours", "funding_interval_hours", ("x", 0, -8, 1.5, 999, [])),
    ],
)
def test_a_bad_field_of_the_premium_index_is_named_and_the_others_are_used(
    name: str, ours: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        events = read(facts.PREMIUM_PATH, PREMIUM | {name: value})
        assert [fault.field for fault in faults(events)] == [name], value
        assert getattr(tickers(events)[0], ours) is None


def test_settled_rates_are_told_apart_and_oldest_first() -> None:
    rows = [{"symbol": "X-USDT", "fundingRate": f"0.000{n}", "fundingTime": MS - n * HOUR_MS} for n in (1, 3, 2)]
    events = read(facts.SETTLED_PATH, rows)
    assert [(event.rate, event.settled_ns) for event in events if isinstance(event, FundingSettled)] == [
        (Decimal(f"0.000{n}"), NS - n * HOUR_MS * 1_000_000) for n in (3, 2, 1)
    ]
    assert faults(read(facts.SETTLED_PATH, [rows[0] | {"fundingRate": "2"}]))[0].field == "fundingRate"


def test_the_best_ask_of_a_book_is_the_last_row_in_the_coin_where_that_is_told() -> None:
    data = {
        "T": MS,
        "bids": [["99", "1"], ["98", "2"]],
        "asks": [["103", "3"], ["101", "4"]],
        "bidsCoin": [["99", "1000"], ["98", "2000"]],
        "asksCoin": [["103", "3000"], ["101", "4000"]],
    }
    (event,) = tickers(read(facts.DEPTH_PATH, data, symbol="X-USDT"))
    assert (event.bid_price, event.bid_size, event.ask_price, event.ask_size) == (
        Decimal(99),
        Decimal(1000),
        Decimal(101),
        Decimal(4000),
    )
    without = {name: data[name] for name in ("T", "bids", "asks")}
    (event,) = tickers(read(facts.INVERSE_DEPTH_PATH, without, symbol="X-USD"))
    assert (event.ask_price, event.ask_size, event.instrument) == (Decimal(101), Decimal(4), "bingx:inverse:X-USD")


def test_a_book_of_nobody_knows_what_is_refused() -> None:
    with pytest.raises(DecodeError, match="symbol"):
        read(facts.DEPTH_PATH, {"T": MS, "bids": [], "asks": []})


@pytest.mark.parametrize("levels", [[["1"]], [["x", "1"]], [5], "x", [["1", "2", "3"]]])
def test_bad_levels_are_named(levels: Any) -> None:
    events = read(facts.DEPTH_PATH, {"T": MS, "bids": levels, "asks": [["3", "1"]]}, symbol="X-USDT")
    assert [fault.field for fault in faults(events)] == ["bids"]
    assert tickers(events)[0].bid_price is None


# --- instruments and tiers -----------------------------------------------------------------------------------------


def test_a_linear_contract_counts_in_coins_whatever_its_size_says() -> None:
    (event,) = read(facts.CONTRACTS_PATH, [CONTRACT])
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.kind, told.contract_size, told.settle) == (ContractKind.LINEAR, Decimal(1), "USDT")
    assert (told.tick_size, told.quantity_step) == (Decimal("0.1"), Decimal("0.0001"))
    assert (told.minimum_quantity, told.minimum_notional) == (Decimal("0.0002"), Decimal(2))
    assert (told.maximum_leverage, told.status, told.funding_interval_hours) == (Decimal(100), "trading", None)


def test_a_coin_margined_contract_is_worth_dollars_and_ticks_by_its_digits() -> None:
    (event,) = read(facts.INVERSE_CONTRACTS_PATH, [INVERSE])
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.kind, told.contract_size, told.tick_size) == (ContractKind.INVERSE, Decimal(100), Decimal("0.1"))
    assert (told.base, told.quote, told.settle, told.quantity_step) == ("BTC", "USD", "BTC", Decimal(1))


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"status": 25}, "no opening"), ({"apiStateOpen": "false"}, "no opening"), ({"status": 0}, "offline")],
)
def test_a_contract_that_cannot_be_opened_is_told(changed: dict[str, Any], status: str) -> None:
    (event,) = read(facts.CONTRACTS_PATH, [CONTRACT | changed])
    assert isinstance(event, InstrumentListed)
    assert event.instrument.status == status


def test_funding_terms_are_joined_to_contracts() -> None:
    row = PREMIUM | {"maxFundingRate": "0.003", "minFundingRate": "-0.003"}
    premium = RestAnswer(path=facts.PREMIUM_PATH, body=body([row]), received_ns=NS)
    terms = reference.funding_terms(premium.body, premium.path, answers.events(premium))
    (event,) = reference.contracts(body([CONTRACT]), None, NS, terms)
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.funding_interval_hours, told.funding_rate_cap, told.funding_rate_floor) == (
        4,
        Decimal("0.003"),
        Decimal("-0.003"),
    )


@pytest.mark.parametrize(("name", "value"), [("pricePrecision", -1), ("quantityPrecision", "x"), ("currency", None)])
def test_a_contract_that_cannot_be_read_is_named_and_the_others_are_listed(name: str, value: Any) -> None:
    events = read(facts.CONTRACTS_PATH, [CONTRACT | {name: value}, CONTRACT | {"symbol": "ETH-USDT"}])
    assert [fault.field for fault in faults(events)] == [name]
    assert [event.instrument.symbol for event in events if isinstance(event, InstrumentListed)] == ["ETH-USDT"]


def test_tiers_are_sorted_and_join_without_a_jump() -> None:
    rows = [tier("150000", "900000", "0.004", "30"), tier("0", "150000", "0.0038", "0")]
    (event,) = read(facts.TIERS_PATH, rows)
    assert isinstance(event, TiersLoaded)
    check_continuity(event.table)
    assert [(row.floor, row.cap, row.deduction) for row in event.table.tiers] == [
        (Decimal(0), Decimal(150000), Decimal(0)),
        (Decimal(150000), Decimal(900000), Decimal(30)),
    ]
    assert event.table.unit == "quote"


def test_tiers_that_jump_are_loaded_with_a_fault_and_bad_ones_are_not_loaded() -> None:
    jump = read(facts.TIERS_PATH, [tier("0", "150000", "0.0038", "0"), tier("150000", "900000", "0.004", "3")])
    assert [fault.field for fault in faults(jump)] == ["maintAmount"]
    broken = read(facts.TIERS_PATH, [tier("0", "150000", "0.0038", "0"), tier("150000", "900000", "2", "30")])
    assert [type(event) for event in broken] == [FrameFault]


# --- candles -------------------------------------------------------------------------------------------------------


def test_candles_come_in_any_order_and_the_running_one_is_left_out() -> None:
    rows = [candle(1, "1.1"), candle(3, "1.3"), candle(0, "1.0"), candle(2, "1.2")]
    address = f"https://open-api.bingx.com{facts.MARK_CANDLES_PATH}?symbol=X-USDT&interval=1h&timestamp=1"
    (event,) = reference_events("bingx", address, body(rows), NS + 11_000_000_000)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price.value) == ("bingx:linear:X-USDT", "mark")
    assert [row.close for row in event.candles] == [Decimal("1.3"), Decimal("1.2"), Decimal("1.1")]


@pytest.mark.parametrize("arrays", [False, True])
def test_candles_of_coin_margined_contracts_are_of_trades(arrays: bool) -> None:
    objects = [candle(hours, close) for hours, close in ((0, "1.0"), (2, "1.2"))]
    objects = [{name: each[name] for name in each if "T" not in name} | {"time": each["openTime"]} for each in objects]
    rows = [[each["time"], *(each[name] for name in ("open", "high", "low", "close")), "9"] for each in objects]
    (event,) = read(facts.INVERSE_CANDLES_PATH, rows if arrays else objects, symbol="X-USD", interval="1h")
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price.value) == ("bingx:inverse:X-USD", "last")
    (row,) = event.candles
    assert (row.high, row.low, row.close) == (Decimal(3), Decimal("0.5"), Decimal("1.2"))


def test_spot_candles_are_arrays_and_days_count_in_utc_only() -> None:
    rows = [[MS - 2 * 86_400_000 - MS % 86_400_000, "1", "3", "0.5", "2", "9", 0, "8"]]
    asked = {"symbol": "X-USDT", "interval": "1d"}
    (event,) = read(facts.SPOT_CANDLES_PATH, rows, **asked, timeZone="0")
    assert isinstance(event, CandlesLoaded)
    assert (event.price.value, event.candles[0].close) == ("spot", Decimal(2))
    assert read(facts.SPOT_CANDLES_PATH, rows, **asked) == []


@pytest.mark.parametrize("row", [{}, {"openTime": MS}, {"openTime": "x"}, 5, [], None, {"openTime": MS, "open": "NaN"}])
def test_a_bad_candle_is_named(row: Any) -> None:
    events = read(facts.MARK_CANDLES_PATH, [row, candle(2, "1")], symbol="X-USDT", interval="1h")
    assert len(faults(events)) == 1
    assert [len(event.candles) for event in events if isinstance(event, CandlesLoaded)] == [1]
