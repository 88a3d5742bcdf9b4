"""Rows of candles, whoever sends them: strings or numbers, in any order, and odd ones named."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError
from core.events import Candle, CandlePrice, CandlesLoaded, FaultKind, FrameFault
from core.history import DAY_NS
from feeds.candles import FINAL_AFTER_NS, MOST_ROWS, candles, open_body
from tests.support.frames import mangled, numbers_in

NAME = "bybit:linear:BTCUSDT"
DAY_MS = 86_400_000
TODAY_MS = 1_786_320_000_000
NOON_NS = (TODAY_MS + DAY_MS // 2) * 1_000_000


def row(number: int, *changed: Any) -> list[Any]:
    """The candle of a day counted from today, as venues write it; ``changed`` replaces its cells from the start."""
    usual = [str(TODAY_MS + number * DAY_MS), "100.50", "101", "99.5", "100.7"]
    return [*changed, *usual[len(changed) :]]


def read(*rows: Any, when: int = NOON_NS) -> tuple[CandlesLoaded, list[FrameFault]]:
    raw = [msgspec.Raw(json.dumps(each).encode()) for each in rows]
    loaded, *faults = candles("/place", NAME, CandlePrice.MARK, DAY_NS, raw, when)
    assert isinstance(loaded, CandlesLoaded)
    assert (loaded.instrument, loaded.price, loaded.interval_ns) == (NAME, CandlePrice.MARK, DAY_NS)
    assert loaded.received_ns == when
    return loaded, [each for each in faults if isinstance(each, FrameFault)]


def held(loaded: CandlesLoaded) -> list[int]:
    return [candle.start_ns // 1_000_000 // DAY_MS - TODAY_MS // DAY_MS for candle in loaded.candles]


def test_prices_are_exact_and_what_follows_them_is_not_read() -> None:
    loaded, faults = read([*row(-1), "12.5", None, {"more": []}])
    assert loaded.candles == (
        Candle((TODAY_MS - DAY_MS) * 1_000_000, Decimal("100.50"), Decimal(101), Decimal("99.5"), Decimal("100.7")),
    )
    assert str(loaded.candles[0].open) == "100.50"
    assert faults == []


def test_numbers_are_as_good_as_strings() -> None:
    loaded, faults = read([TODAY_MS - DAY_MS, 100.5, 101, 99.5, 100.7])
    assert loaded.candles[0].close == Decimal("100.7")
    assert faults == []


@pytest.mark.parametrize("order", [(-3, -2, -1, 0), (0, -1, -2, -3), (-2, 0, -3, -1)])
def test_in_whatever_order_they_come_candles_go_oldest_first_without_the_running_one(order: tuple[int, ...]) -> None:
    loaded, faults = read(*(row(number) for number in order))
    assert held(loaded) == [-3, -2, -1]
    assert faults == []


def test_a_candle_is_closed_some_seconds_after_its_end() -> None:
    end_ns = TODAY_MS * 1_000_000
    assert held(read(row(-2), row(-1), when=end_ns + FINAL_AFTER_NS - 1)[0]) == [-2]
    assert held(read(row(-2), row(-1), when=end_ns + FINAL_AFTER_NS)[0]) == [-2, -1]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (row(-2, None), "start"),
        (row(-2, ""), "start"),
        (row(-2, "soon"), "start"),
        (row(-2, -5), "start"),
        (row(-2, 1.5e12), "start"),
        (row(-2, str(TODAY_MS + DAY_MS)), "start"),
        (row(-2, True), "start"),
        (row(-2, "1786147200000", None), "open"),
        (row(-2, "1786147200000", "1", ""), "high"),
        (row(-2, "1786147200000", "1", "2", "NaN"), "low"),
        (row(-2, "1786147200000", "1", "2", "0.5", "1_0"), "close"),
        (row(-2, "1786147200000", "1", "2", "0.5", "0"), "close"),
        (row(-2, "1786147200000", "1", "2", "-0.5"), "low"),
        (row(-2, "1786147200000", "1", "1e400"), "high"),
        (row(-2, "1786147200000", ["1"]), "open"),
        (row(-2)[:4], "close"),
        (row(-2)[:1], "open"),
        ([], "start"),
        (None, "row"),
        ({"start": 1}, "row"),
        ("1786147200000", "row"),
    ],
)
def test_an_odd_row_is_named_by_field_and_spoils_only_itself(bad: Any, field: str) -> None:
    loaded, faults = read(row(-3), bad, row(-1))
    assert held(loaded) == [-3, -1]
    (told,) = faults
    assert (told.kind, told.field, told.venue, told.connection) == (FaultKind.BAD_FIELD, field, "bybit", "history")
    assert (told.channel, told.received_ns) == ("/place", NOON_NS)
    assert told.detail.startswith("linear:BTCUSDT: row 1: ")


def test_no_rows_are_no_candles() -> None:
    loaded, faults = read()
    assert (loaded.candles, faults) == ((), [])


def test_more_rows_than_any_venue_sends_are_refused() -> None:
    assert len(read(*[row(-1)] * MOST_ROWS)[0].candles) == MOST_ROWS
    with pytest.raises(DecodeError, match="more than 1500 rows"):
        read(*[row(-1)] * (MOST_ROWS + 1))


GOOD = [json.dumps(row(number)).encode() for number in (-3, -2, -1)]


@given(st.lists(mangled(GOOD), max_size=5))
def test_no_price_is_invented_whatever_the_rows_hold(rows: list[bytes]) -> None:
    body = b"[" + b",".join(rows) + b"]"
    try:
        opened = open_body("bybit", "/place", body, list[msgspec.Raw])
    except DecodeError:
        return
    loaded, *faults = candles("/place", NAME, CandlePrice.MARK, DAY_NS, opened, NOON_NS)
    assert isinstance(loaded, CandlesLoaded)
    there = numbers_in(body)
    for candle in loaded.candles:
        assert {candle.open, candle.high, candle.low, candle.close} <= there
    assert len(loaded.candles) + len(faults) <= len(opened)


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b'"x"', b"5", b"null", b"[\xff]", b"[" * 100_000])
def test_a_body_of_another_shape_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        open_body("bybit", "/place", body, list[msgspec.Raw])
    assert (caught.value.channel, caught.value.field) == ("/place", "body")
