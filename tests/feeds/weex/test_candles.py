"""WEEX's candles: what is asked, what an answer says, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import CandlePrice, CandlesLoaded, Heard
from core.history import DAY_NS, HOUR_NS
from feeds.registry import reference_events
from feeds.venue import CandlesWanted
from feeds.weex.candles import question

TODAY_MS = 1_786_320_000_000
NOON_NS = (TODAY_MS + 43_200_000) * 1_000_000
ROWS: list[list[Any]] = [
    [1_786_147_200_000, "61000", "62100", "60900", "62000.5", "25.678", 1_786_233_599_999, "1782223.45", 125],
    [1_786_233_600_000, "62000.5", "63200", "61900", "63000", "25.678", 1_786_319_999_999, "1782223.45", 125],
    [1_786_320_000_000, "63000", "63100", "62900", "63050", "25.678", 1_786_406_399_999, "1782223.45", 125],
]


def wanted(name: str, interval_ns: int = DAY_NS, count: int = 90) -> CandlesWanted:
    return CandlesWanted(instrument=name, interval_ns=interval_ns, count=count)


def test_one_row_more_than_wanted_is_asked_for_because_the_newest_still_runs() -> None:
    daily = {"symbol": "BTCUSDT", "interval": "1d", "limit": "91"}
    assert question(wanted("weex:linear:BTCUSDT")) == ("/capi/v3/market/markPriceKlines", daily)
    assert question(wanted("weex:linear:BTCUSDT", HOUR_NS, 336))[1] == daily | {"interval": "1h", "limit": "337"}
    assert question(wanted("weex:spot:BTCUSDT")) == ("/api/v3/market/klines", daily)
    assert question(wanted("weex:spot:BTCUSDT", HOUR_NS, 336))[1]["limit"] == "300"


@pytest.mark.parametrize(
    ("address", "instrument", "price"),
    [
        ("api-contract.weex.com/capi/v3/market/markPriceKlines", "weex:linear:BTCUSDT", CandlePrice.MARK),
        ("api-contract.weex.com/capi/v3/market/indexPriceKlines", "weex:linear:BTCUSDT", CandlePrice.INDEX),
        ("api-spot.weex.com/api/v3/market/klines", "weex:spot:BTCUSDT", CandlePrice.SPOT),
    ],
)
def test_a_recorded_answer_says_what_it_said_live(address: str, instrument: str, price: CandlePrice) -> None:
    url = f"https://{address}?symbol=BTCUSDT&interval=1d&limit=91"
    (event,) = reference_events("weex", url, json.dumps(ROWS[::-1]).encode(), NOON_NS)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price, event.interval_ns) == (instrument, price, DAY_NS)
    assert [(candle.start_ns, candle.close) for candle in event.candles] == [
        (1_786_147_200_000_000_000, Decimal("62000.5")),
        (1_786_233_600_000_000_000, Decimal(63000)),
    ]


def test_last_prices_of_contracts_say_nothing_and_other_intervals_are_as_long_as_was_asked() -> None:
    host, body = "https://api-contract.weex.com/capi/v3/market", json.dumps(ROWS).encode()
    (unused,) = reference_events("weex", f"{host}/klines?symbol=BTCUSDT&interval=1d", body, NOON_NS)
    assert isinstance(unused, Heard)
    (told,) = reference_events("weex", f"{host}/markPriceKlines?symbol=BTCUSDT&interval=1m", body, 0)
    assert isinstance(told, CandlesLoaded)
    assert told.interval_ns == 60_000_000_000
    for asked, field in (("symbol=BTCUSDT", "interval"), ("interval=1m", "symbol")):
        with pytest.raises(DecodeError, match=field):
            reference_events("weex", f"{host}/markPriceKlines?{asked}", body, NOON_NS)


@pytest.mark.parametrize("body", [b"{}", b"null", b"<html>", b'"x"'])
def test_a_body_that_is_no_list_is_refused(body: bytes) -> None:
    url = "https://api-contract.weex.com/capi/v3/market/markPriceKlines?symbol=BTCUSDT&interval=1d"
    with pytest.raises(DecodeError):
        reference_events("weex", url, body, NOON_NS)
