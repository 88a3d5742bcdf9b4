"""Contract sheets in the configuration: complete and consistent, or refused with every fault told at once."""

from __future__ import annotations

import pytest

from core.config import parse_config
from core.config_contracts import ContractSection, HoursSection, MonthSection
from core.errors import ConfigError, ConfigErrors
from tests.core.sheets import BOOK, FILE, MBT, ONE_EXPIRY, config

GOOD = MBT + BOOK


def faults(text: str) -> list[ConfigError]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, FILE)
    error = caught.value
    return list(error.errors) if isinstance(error, ConfigErrors) else [error]


def test_a_good_sheet_is_read_whole() -> None:
    (sheet,) = config().contracts
    assert [month.month for month in sheet.months] == ["2026-11", "2026-12"]
    assert config().books[0].hedges[0].instrument == "cme:futures:MBT-2026-12"
    assert config().accounts[0].venue == "cme"


REQUIRED = [("contracts[0]", key) for key, field in ContractSection.model_fields.items() if field.is_required()] + [
    ("contracts[0].trading_hours", key) for key in HoursSection.model_fields
]


@pytest.mark.parametrize(("place", "key"), [item for item in REQUIRED if item[1] != "trading_hours"])
def test_a_sheet_without_one_of_its_fields_is_refused_by_that_field(place: str, key: str) -> None:
    lines = GOOD.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{key} = "))
    del lines[at]
    first = faults("\n".join(lines))[0]
    assert (first.key, first.found) == (f"{place}.{key}", "nothing")
    header = "[[contracts]]" if place == "contracts[0]" else "[contracts.trading_hours]"
    assert first.line == lines.index(header) + 1


def test_a_month_without_one_of_its_fields_is_refused_by_that_field() -> None:
    for key in (name for name, field in MonthSection.model_fields.items() if field.is_required()):
        lines = GOOD.splitlines()
        del lines[next(number for number, line in enumerate(lines) if line.startswith(f"{key} = "))]
        assert faults("\n".join(lines))[0].key == f"contracts[0].months[0].{key}"


def test_a_sheet_without_trading_hours_is_refused() -> None:
    text = GOOD[: GOOD.index("[contracts.trading_hours]")] + GOOD[GOOD.index("[[contracts.months]]") :]
    assert faults(text)[0].key == "contracts[0].trading_hours"


# Each row: what to replace in the good file, by what, the key that is refused, a part of what was expected.
REFUSED = [
    ("tick_value = 0.5", "tick_value = 5", "tick_value", "0.5, which is multiplier × tick_size"),
    ("tick_value = 0.5\n", "", "tick_value", "0.5, which is multiplier × tick_size"),
    ("multiplier = 0.1", "multiplier = 5", "tick_value", "25, which is multiplier × tick_size"),
    ("minimum_quantity = 1", "minimum_quantity = 1.5", "minimum_quantity", "a multiple of quantity_step 1"),
    ("maintenance_margin = 2260", "maintenance_margin = 2487", "maintenance_margin", "no more than initial_margin"),
    ("initial_margin = 2486", "initial_margin = 0", "initial_margin", "a number above 0"),
    ("fee = 2.5", "fee = -1", "fee", "a number from 0"),
    ('kind = "linear"', 'kind = "inverse"', "settle", "BTC, the coin of an inverse contract"),
    ('kind = "linear"', 'kind = "quanto"', "settle", "a third currency"),
    ('kind = "linear"', 'kind = "option"', "kind", '"linear", "inverse", "quanto"'),
    ('settle = "USD"\nm', 'settle = "EUR"\nm', "settle", "USD, the quote of a linear contract"),
    ('quote = "USD"\ns', 'quote = "BTC"\ns', "quote", "another currency"),
    ('venue = "cme"\nsymbol', 'venue = "bybit"\nsymbol', "venue", "an exchange without feeds here"),
    ('venue = "cme"\nsymbol', 'venue = "CME"\nsymbol', "venue", "the name of an exchange in small letters"),
    ('symbol = "MBT"', 'symbol = "mbt"', "symbol", "the symbol of the contract in capitals"),
    ('settlement = "cash"', 'settlement = "coins"', "settlement", '"cash", "physical"'),
    ("margin_as_of = 2026-11-20", 'margin_as_of = "2026-11-20"', "margin_as_of", "a day such as"),
    ("margin_as_of = 2026-11-20", "margin_as_of = 2026-11-20T00:00:00Z", "margin_as_of", "a day such as"),
    ('settlement = "cash"', 'expiry = 2026-12-25T16:00:00Z\nsettlement = "cash"', "expiry", "either the one expiry or"),
    ("2026-11-27T16:00:00Z", "2026-11-27T16:00:00", "months[0].settles", "a date and time with its offset"),
    ("2026-11-27T16:00:00Z", "2026-11-27", "months[0].settles", "a date and time with its offset"),
    ("last_trading_day = 2026-11-27", "last_trading_day = 2026-11-28", "months[0].last_trading_day", "2026-11-27"),
    ('month = "2026-12"', 'month = "2026-10"', "months[1].month", "a month after 2026-11 that settles later"),
    ("2026-12-25T16:00:00Z", "2026-11-26T16:00:00Z", "months[1].month", "a month after 2026-11 that settles later"),
    ('month = "2026-12"', 'month = "2026-13"', "months[1].month", "a month such as"),
    ("America/Chicago", "America/Gotham", "trading_hours.zone", "a time zone such as"),
    ('["Sun 17:00 - Fri 16:00"]', "[]", "trading_hours.sessions", "at least one span"),
    ('["Sun 17:00 - Fri 16:00"]', '["Sun 17:00 - Fri 25:00"]', "trading_hours.sessions", "span of the week"),
    ('["Sun 17:00 - Fri 16:00"]', "[17]", "trading_hours.sessions", "span of the week"),
    ("[2026-12-25, 2027-01-01]", "[2026-12-25, 2026-12-25]", "trading_hours.holidays", "none of them twice"),
    ("[2026-12-25, 2027-01-01]", '["Christmas"]', "trading_hours.holidays", "a list of days"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "expected"), REFUSED)
def test_a_fault_in_a_sheet_is_refused_by_line_key_and_expectation(old: str, new: str, key: str, expected: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = {error.key: error for error in faults(text)}
    error = found[f"contracts[0].{key}"]
    assert expected in error.expected
    assert str(error).startswith(f"{FILE}:{error.line}: contracts[0].{key}: expected ")
    assert 1 <= error.line <= text.count("\n")


def test_an_inverse_sheet_has_no_tick_value() -> None:
    inverse = GOOD.replace('kind = "linear"', 'kind = "inverse"').replace('settle = "USD"', 'settle = "BTC"')
    (error,) = faults(inverse)
    assert (error.key, error.found) == ("contracts[0].tick_value", "0.5")
    assert config(inverse.replace("tick_value = 0.5\n", "")).contracts[0].tick_value is None


def test_all_faults_of_a_sheet_are_told_at_once() -> None:
    text = GOOD.replace("tick_value = 0.5", "tick_value = 5").replace(
        "maintenance_margin = 2260", "maintenance_margin = 9999"
    )
    text = text.replace('month = "2026-12"', 'month = "2026-10"').replace(
        "cme:futures:MBT-2026-12", "cme:futures:MBT-2026-11"
    )
    keys = [error.key for error in faults(text)]
    assert keys == ["contracts[0].tick_value", "contracts[0].maintenance_margin", "contracts[0].months[1].month"]


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("MBT-2026-12", "MBT-2027-01", "books[0].hedges[0].instrument", "MBT-2026-11, cme:futures:MBT-2026-12"),
        ("MBT-2026-12", "MBT", "books[0].hedges[0].instrument", "one of its months"),
        ("MBT-2026-12", "MET-2026-12", "books[0].hedges[0].instrument", "a contract described in [[contracts]]"),
        ('venue = "cme"\nsettle', 'venue = "ice"\nsettle', "accounts[0].venue", '"cme"'),
        ('settle = "USD"\nw', 'settle = "USDT"\nw', "books[0].hedges[0].account", "an account settled in USD"),
        (', price = "bybit:spot:BTCUSDT"', "", "books[0].lots[0].price", "no hedge of BTC gives an index price"),
        ('asset = "BTC"\ni', 'asset = "ETH"\ni', "books[0].hedges[0].asset", "a coin that a lot of this book holds"),
    ],
)  # fmt: skip
def test_what_names_a_sheet_must_fit_it(old: str, new: str, key: str, expected: str) -> None:
    assert old in GOOD
    found = {error.key: error.expected for error in faults(GOOD.replace(old, new, 1))}
    assert expected in found[key]


def test_a_sheet_without_any_expiry_is_refused() -> None:
    text = GOOD[: GOOD.index("[[contracts.months]]")] + BOOK
    (error,) = faults(text)
    assert (error.key, error.found) == ("contracts[0].expiry", "neither")


def test_two_sheets_of_one_name_are_refused() -> None:
    (error,) = faults(MBT + GOOD)
    assert (error.key, "no other contract of cme" in error.expected) == ("contracts[1].symbol", True)


def test_a_single_expiry_is_named_without_a_month() -> None:
    named = (ONE_EXPIRY + BOOK).replace("MBT-2026-12", "MBT")
    assert config(named).books[0].hedges[0].instrument == "cme:futures:MBT"
    (error,) = faults(ONE_EXPIRY + BOOK)
    assert error.key == "books[0].hedges[0].instrument"


def test_two_contracts_keep_their_own_months_and_hours() -> None:
    second = MBT.replace('"MBT"', '"BTC"').replace("0.1\n", "5\n").replace("0.5\n", "25\n").replace("2026-1", "2027-1")
    second = second.replace("America/Chicago", "Europe/London")
    one, other = config(MBT + second + BOOK).contracts
    assert (one.symbol, other.symbol) == ("MBT", "BTC")
    assert [month.month for month in other.months] == ["2027-11", "2027-12"]
    assert (one.hours.zone, other.hours.zone) == ("America/Chicago", "Europe/London")
