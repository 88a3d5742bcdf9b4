"""Decimals in JSON for scripts read as people write them, and keep every digit."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plain_json import plain_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E-8", "0.00000001"),
        ("-1.50E-7", "-0.000000150"),
        ("1E+3", "1000"),
        ("0E-10", "0.0000000000"),
        ("-0.000", "0.000"),
        ("-0", "0"),
        ("76888.10000000", "76888.10000000"),
    ],
)
def test_a_decimal_is_printed_without_exponent_or_signed_zero(value: str, text: str) -> None:
    assert json.loads(plain_json({"rate": Decimal(value)})) == {"rate": text}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_no_digit_is_lost(value: Decimal) -> None:
    printed = json.loads(plain_json([value]))[0]
    assert Decimal(printed) == value
    assert "E" not in printed


def test_what_is_no_decimal_stays_as_it_is() -> None:
    value = {"symbol": "1E-8USDT", "text": 'a "1E-8" in words', "count": 3}
    assert plain_json(value) == msgspec.json.encode(value)
