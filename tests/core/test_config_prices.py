"""Where prices of contract sheets come from, in the configuration: one source, complete, or refused by line and key."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from core.config import parse_config
from core.contract_sheet import priced_contracts
from core.errors import ConfigError, ConfigErrors
from core.sheet_price import PolledAddress, PriceMeaning, SheetPrice, TailedFile, TimeFormat, TypedMarks
from tests.core.sheets import BOOK, FILE, MBT, ONE_EXPIRY, PRICED, config, priced

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
PLACE = "contracts[0].months[0].price"


def price(source: str) -> SheetPrice:
    return priced_contracts(config(priced(source)).contracts)[PRICED].price


def faults(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, FILE)
    error = caught.value
    found = error.errors if isinstance(error, ConfigErrors) else [error]
    assert all(item.line for item in found)
    return {item.key: f"{item.expected} | {item.found}" for item in found}


def test_a_file_is_found_from_the_folder_of_the_configuration() -> None:
    found = price('file = "prices/mbt.txt"')
    assert found.source == TailedFile(path="/somewhere/prices/mbt.txt")
    assert (found.means, found.stale_after_seconds, found.index) == (PriceMeaning.MARK, Decimal(60), "")
    assert price('file = "/var/mbt.txt"').source == TailedFile(path="/var/mbt.txt")


def test_an_address_keeps_its_query_and_names_its_secrets() -> None:
    found = price(
        'url = "https://q.example:8443/last?s=MBT&x=1"\npointer = "/d/0/a~1b"\ntime_pointer = "/t"\n'
        'time_format = "epoch_s"\nevery_seconds = 2.5\nheaders = { X-Key = "QUOTES_KEY", Accept-Language = "LANG" }\n'
        'index = "bybit:spot:BTCUSDT"'
    )
    assert found.source == PolledAddress(
        url="https://q.example:8443/last?s=MBT&x=1",
        pointer="/d/0/a~1b",
        time_pointer="/t",
        time_format=TimeFormat.EPOCH_SECONDS,
        every_seconds=Decimal("2.5"),
        headers=(("X-Key", "QUOTES_KEY"), ("Accept-Language", "LANG")),
    )
    assert (found.stale_after_seconds, found.index) == (Decimal(30), "bybit:spot:BTCUSDT")


def test_typed_marks_may_begin_with_one() -> None:
    found = price('typed = true\nmark = 92500\nat = 2026-11-24T16:00:00-06:00\nprice = "settlement"')
    assert found.source == TypedMarks(mark=Decimal(92500), at_ns=1_795_557_600_000_000_000)
    assert found.means is PriceMeaning.SETTLEMENT
    assert price("typed = true").source == TypedMarks()


@pytest.mark.parametrize(
    ("source", "seconds"),
    [
        ('file = "a"', 60),
        ('file = "a"\nprice = "settlement"', 93_600),
        ('url = "https://a.b/c"\npointer = "/p"', 30),
        ('url = "https://a.b/c"\npointer = "/p"\nevery_seconds = 60', 180),
        ('url = "https://a.b/c"\npointer = "/p"\nevery_seconds = 20\nstale_after_seconds = 40', 40),
        ("typed = true", 3_600),
        ('typed = true\nprice = "settlement"', 93_600),
        ("typed = true\nstale_after_seconds = 7200", 7_200),
    ],
)
def test_a_price_is_stale_by_its_kind_where_nothing_is_said(source: str, seconds: int) -> None:
    assert price(source).stale_after_seconds == seconds


URL = 'url = "https://a.b/c"\npointer = "/p"\n'
# Each row: what stands in the section, the key that is refused, a part of what was expected and found.
REFUSED = [
    ("", "file", "exactly one of file, url and typed = true | none"),
    ("typed = false", "file", "exactly one of"),
    (f'file = "a"\n{URL}', "url", "only one source (file is given)"),
    (f"typed = true\n{URL}", "typed", "only one source (url is given)"),
    ('url = "https://a.b/c"', "pointer", "where the price stands in what url answers"),
    ('url = "http://a.b/c"\npointer = ""', "url", "http:// only for 127.0.0.1"),
    ('url = "https://me:pass@a.b/c"\npointer = ""', "url", "without a user name"),
    ('url = "https://a.b/c#d"\npointer = ""', "url", "an address starting with https://"),
    ('url = "https://a.b/c d"\npointer = ""', "url", "an address starting with https://"),
    ('url = "https://a.b/c?d e"\npointer = ""', "url", "an address starting with https://"),
    ('url = 5\npointer = ""', "url", "an address starting with https://"),
    ('url = "https://[a/"\npointer = ""', "url", "an address starting with https://"),
    ('file = "a"\npointer = "data"', "pointer", "a JSON pointer (RFC 6901)"),
    ('file = "a"\npointer = "/a~2"', "pointer", "a JSON pointer (RFC 6901)"),
    ('file = "a"\ntime_pointer = "/t"', "time_pointer", "pointer beside it"),
    ('file = "a"\nevery_seconds = 5', "every_seconds", "nothing: it belongs to url"),
    ('file = "a"\nheaders = { A = "B" }', "headers", "nothing: it belongs to url"),
    ('typed = true\npointer = "/a"', "pointer", "nothing: it belongs to file or url"),
    ('file = "a"\nmark = 92500\nat = 2026-11-24T16:00:00Z', "mark", "nothing: it belongs to typed"),
    ("typed = true\nmark = 92500", "at", "mark and at together"),
    ("typed = true\nat = 2026-11-24T16:00:00Z", "mark", "mark and at together"),
    ("typed = true\nmark = 92501\nat = 2026-11-24T16:00:00Z", "mark", "a multiple of tick_size 5"),
    ("typed = true\nmark = 0\nat = 2026-11-24T16:00:00Z", "mark", "a number above 0"),
    ("typed = true\nmark = 92500\nat = 2026-11-24T16:00:00", "at", "a date and time with its offset"),
    ("typed = true\nmark = 92500\nat = 2026-11-24", "at", "a date and time with its offset"),
    ('typed = "yes"', "typed", "true or false"),
    (f"{URL}every_seconds = 0.5", "every_seconds", "a number from 1 up to 3600"),
    (f"{URL}every_seconds = 20\nstale_after_seconds = 39", "stale_after_seconds", "at least twice every_seconds 20"),
    (f"{URL}stale_after_seconds = 19", "stale_after_seconds", "at least twice every_seconds 10"),
    ('file = "a"\nstale_after_seconds = 0', "stale_after_seconds", "a number from 1"),
    (f'{URL}headers = {{ A = "the-token-itself" }}', "headers", "a table of header names"),
    (f'{URL}headers = {{ "A b" = "B" }}', "headers", "a table of header names"),
    (f'{URL}headers = {{ A = "B", a = "C" }}', "headers", "a table of header names"),
    (f"{URL}headers = 5", "headers", "a table of header names"),
    ('file = "a"\nprice = "bid"', "price", '"mark", "last", "settlement"'),
    ('file = "a"\ntime_format = "unix"', "time_format", '"iso8601", "epoch_s", "epoch_ms"'),
    ('file = "a"\nindex = "bybit:spot:ETHUSDT"', "index", "a spot pair of BTC in USD"),
    ('file = "a"\nindex = "binance:spot:BTCEUR"', "index", "a spot pair of BTC in USD"),
    ('file = "a"\nindex = "bybit:linear:BTCUSDT"', "index", "a spot pair such as"),
    ('file = "a"\nfil = "b"', "fil", 'a key that [contracts.months.price] knows (did you mean "file"?)'),
    ('file = "a"\ntoken = "the-token-itself"', "token", "no secret in this file"),
]


@pytest.mark.parametrize(("source", "key", "expected"), REFUSED)
def test_a_fault_is_refused_by_key_and_expectation(source: str, key: str, expected: str) -> None:
    found = faults(priced(source))
    assert expected in found[f"{PLACE}.{key}"]
    assert "the-token-itself" not in str(found)


def test_months_have_prices_of_their_own_and_one_delivery_has_one() -> None:
    section = '[contracts.price]\nfile = "a"\n\n'
    months = MBT.index("[[contracts.months]]")
    found = faults(MBT[:months] + section + MBT[months:] + BOOK)
    assert "a price for each month, in [contracts.months.price]" in found["contracts[0].price"]
    alone = (ONE_EXPIRY + section + BOOK).replace("MBT-2026-12", "MBT")
    assert list(priced_contracts(config(alone).contracts)) == ["cme:futures:MBT"]
    both = priced('file = "a"').replace("[[contracts.months]]", f"{section}[[contracts.months]]", 1)
    assert faults(both) == {f"{PLACE}": "only one price ([contracts.price] is given) | a second one"}
    single = both.replace('[contracts.months.price]\nfile = "a"\n', "")
    assert list(priced_contracts(config(single).contracts)) == [PRICED]


def test_the_example_of_the_documentation_is_a_good_configuration() -> None:
    whole, *others = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    section = whole[whole.index("[contracts.months.price]") : whole.index("[[accounts]]")]
    kinds = []
    for other in [section, *others]:
        found = parse_config(whole.replace(section, f"{other}\n"), FILE)
        (month,) = found.contracts[0].months
        assert month.price is not None
        kinds.append(type(month.price.source))
    assert kinds == [TailedFile, PolledAddress, TypedMarks]
