"""Prices, times and pointers out of foreign text: exact, or refused in words that can be shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import FaultKind
from core.sheet_price import TimeFormat
from feeds.prices.values import Quoted, Unusable, decoded, price_of, quoted, read_line, resolved, shown, time_of

ISO = TimeFormat.ISO8601
AT = 1_795_622_400_000_000_000


def refused(call: object, *arguments: object) -> Unusable:
    with pytest.raises(Unusable) as caught:
        call(*arguments)  # type: ignore[operator]
    assert str(caught.value).isprintable()
    return caught.value


@pytest.mark.parametrize(
    ("body", "price"),
    [
        (b"92500", "92500"),
        (b"92500.10", "92500.10"),
        (b"0.1", "0.1"),
        (b'"92500.25"', "92500.25"),
        (b"9.25e4", "92500"),
        (b'"+7"', "7"),
        (b"12345678901234567.12345678901", "12345678901234567.12345678901"),
    ],
)
def test_a_number_and_a_string_of_one_are_prices_to_the_last_digit(body: bytes, price: str) -> None:
    assert price_of(decoded(body)) == Decimal(price)


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, [], {}, [1], "", " ", "NaN", "nan", "inf", "1,000", "1_000", "0x10", "12 ", "--", "1e400",
        "٣", Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), 0, -1, "-0.5", "0", 10**19, Decimal("1e-19"),
        "9" * 29, "9" * 4000, 1.5,
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused_as_a_bad_field(value: object) -> None:
    found = refused(price_of, value)
    assert (found.kind, found.field) == (FaultKind.BAD_FIELD, "price")
    assert len(str(found)) < 100


@given(st.decimals("0.000001", "99999999", places=6))
def test_every_price_comes_through_unchanged(price: Decimal) -> None:
    assert price_of(f"{price:f}") == price
    assert read_line(f"{price:f}".encode(), None, None, ISO) == Quoted(price, None)
    assert read_line(f'{{"a": [{price:f}]}}'.encode(), "/a/0", None, ISO) == Quoted(price, None)


DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, " ": 7, "o": {"01": 3}}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8),
        ("/ ", 7), ("/o/01", 3),
    ],
)  # fmt: skip
def test_pointers_are_those_of_rfc_6901(pointer: str, value: object) -> None:
    assert resolved(DOCUMENT, pointer, "price") == value


@pytest.mark.parametrize("pointer", ["/no", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/x", "/foo/0/0", "//", "/٣"])
def test_a_pointer_that_leads_nowhere_says_where(pointer: str) -> None:
    found = refused(resolved, DOCUMENT, pointer, "time")
    assert (found.kind, found.field) == (FaultKind.BAD_FIELD, "time")
    assert f"nothing at {pointer}" in str(found)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"NaN", b'{"a": NaN}', b"\xff", b"[" * 5000, b"1 2"])
def test_what_is_no_json_is_refused_as_such(body: bytes) -> None:
    assert refused(decoded, body).kind is FaultKind.NOT_JSON


@pytest.mark.parametrize(
    ("value", "format_", "time_ns"),
    [
        ("2026-11-25T16:00:00Z", ISO, AT),
        ("2026-11-25T10:00:00-06:00", ISO, AT),
        ("2026-11-25 16:00:00.123456+00:00", ISO, AT + 123_456_000),
        (1_795_622_400, TimeFormat.EPOCH_SECONDS, AT),
        (Decimal("1795622400.5"), TimeFormat.EPOCH_SECONDS, AT + 500_000_000),
        ("1795622400123", TimeFormat.EPOCH_MILLISECONDS, AT + 123_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(value: object, format_: TimeFormat, time_ns: int) -> None:
    assert time_of(value, format_) == time_ns


@pytest.mark.parametrize(
    ("value", "format_"),
    [
        ("2026-11-25T16:00:00", ISO), ("2026-11-25", ISO), ("yesterday", ISO), (1_795_622_400, ISO), (None, ISO),
        ("1999-11-25T16:00:00Z", ISO), ("0001-01-01T00:00:00+23:59", ISO), ("9999-12-31T23:59:59-23:59", ISO),
        (1_795_622_400_000, TimeFormat.EPOCH_SECONDS), (1_795_622_400, TimeFormat.EPOCH_MILLISECONDS),
        ("", TimeFormat.EPOCH_SECONDS), (True, TimeFormat.EPOCH_SECONDS), (-5, TimeFormat.EPOCH_SECONDS),
    ],
)  # fmt: skip
def test_a_time_in_another_form_is_refused_and_never_guessed(value: object, format_: TimeFormat) -> None:
    found = refused(time_of, value, format_)
    assert (found.kind, found.field) == (FaultKind.BAD_FIELD, "time")


@pytest.mark.parametrize(
    ("line", "price", "time_ns"),
    [
        (b"92500", 92_500, None),
        (b"  92500\t\r", 92_500, None),
        (b"2026-11-25T16:00:00Z 92500", 92_500, AT),
        (b"2026-11-25 16:00:00+00:00   92500", 92_500, AT),
    ],
)
def test_a_line_is_a_number_or_a_time_and_a_number(line: bytes, price: int, time_ns: int | None) -> None:
    assert read_line(line, None, None, ISO) == Quoted(Decimal(price), time_ns)


@pytest.mark.parametrize("line", [b"", b"last 92500", b"92500 92510", b"92500 USD", b"\xff\xfe9", b"92.500,00"])
def test_any_other_line_is_refused(line: bytes) -> None:
    refused(read_line, line, None, None, ISO)


def test_a_line_of_json_has_price_and_time_where_the_pointers_lead() -> None:
    line = b'{"last": "92500", "at": 1795622400000}'
    assert read_line(line, "/last", "/at", TimeFormat.EPOCH_MILLISECONDS) == Quoted(Decimal(92_500), AT)
    assert refused(read_line, line, "/last", "/no", ISO).field == "time"
    assert refused(read_line, b"92500 5", "/last", None, ISO).kind is FaultKind.NOT_JSON
    assert quoted({"a": 5}, "/a", None, ISO) == Quoted(Decimal(5), None)


@given(st.binary(max_size=80))
def test_no_line_whatever_it_is_does_more_than_be_refused(line: bytes) -> None:
    for pointer in (None, "", "/a"):
        try:
            assert read_line(line, pointer, None, ISO).price > 0
        except Unusable as problem:
            assert str(problem).isprintable()  # noqa: PT017 - both ends are good ones


def test_foreign_text_is_shown_short_and_without_control_characters() -> None:
    assert shown("\x1b[31mred\n") == "?[31mred?"
    assert len(shown("x" * 500)) == 40
    assert shown("") == "nothing"
