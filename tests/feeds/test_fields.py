"""What counts as a size, a symbol and a coin, whichever venue writes it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from feeds.fields import Fields, plausible_asset, plausible_symbol


def fields(value: Any) -> Fields:
    return Fields({"x": msgspec.Raw(json.dumps(value).encode())})


@pytest.mark.parametrize("text", ["0.00000000000000000000", "0.00000000000000005000", "1e-20", "999999999999999999"])
def test_what_is_left_of_a_balance_is_read_to_the_last_of_its_decimals(text: str) -> None:
    row = fields(text)
    assert (row.size("x"), row.amount("x"), row.bad) == (Decimal(text), Decimal(text), [])


@pytest.mark.parametrize("text", ["0e-999", "1e-40", "1e18", "-1"])
def test_no_size_fills_the_memory_when_it_is_written_out(text: str) -> None:
    row = fields(text)
    assert row.size("x") is None
    assert row.bad[0][0] == "x"


@pytest.mark.parametrize("value", ["", "0", 0, None, True, False, {"a": 1}, [7]])
def test_a_row_is_numbered_by_a_word_or_a_number(value: Any) -> None:
    row = fields(value)
    assert row.number_of("x") == ""
    assert row.bad[0][0] == "x"


@pytest.mark.parametrize(
    ("value", "text"), [("a-1", "a-1"), (17, "17"), ("9876543210987654321", "9876543210987654321")]
)
def test_the_number_of_a_row_loses_no_digit(value: Any, text: str) -> None:
    assert fields(value).number_of("x") == text


def test_what_has_no_letter_and_no_digit_names_nothing() -> None:
    for name in ("", "-", "--", "_", "."):
        assert not plausible_symbol(name)
        assert not plausible_asset(name)
    for name in ("BTC_USDT", "1000PEPE-USDT", "BTCUSD_PERP", "币安人生USDT", "BTC-27JUN25"):
        assert plausible_symbol(name)
    for name in ("BTC", "1INCH", "币安人生", "LUNA(OLD)", "$WIF"):
        assert plausible_asset(name)
    assert not plausible_asset("B\x1bTC")
