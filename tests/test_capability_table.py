"""The table of what venues offer: a page is read back as it was written, and may not claim more than was shown."""

from __future__ import annotations

import pytest

from tests.capability_table import claimed, excess

PAGE = """\
# Title

## bybit

| capability | linear | spot |
|---|---|---|
| mark price | verified: ccxt.pro, hedgerow | not offered: spot has none |
| funding rate | verified: hedgerow; estimated: read at the minute | — |
"""
MARK, RATE = ("bybit", "linear", "mark price"), ("bybit", "linear", "funding rate")


def test_what_a_page_claims_is_read_by_venue_market_and_capability() -> None:
    assert claimed(PAGE) == {MARK: "ccxt.pro, hedgerow", RATE: "hedgerow; estimated: read at the minute"}


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        ({MARK: {"ccxt.pro", "hedgerow"}, RATE: {"hedgerow"}}, []),
        ({MARK: {"hedgerow"}, RATE: {"hedgerow", "pybit"}}, ["bybit linear mark price: ccxt.pro"]),
        ({MARK: {"ccxt.pro", "hedgerow"}}, ["bybit linear funding rate: hedgerow"]),
    ],
)
def test_a_claim_needs_each_of_its_clients(shown: dict[tuple[str, str, str], set[str]], lacking: list[str]) -> None:
    assert excess(claimed(PAGE), shown) == lacking
