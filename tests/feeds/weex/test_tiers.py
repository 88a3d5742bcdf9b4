"""WEEX's risk limits: brackets by value, each rate for the whole position, and what is not used."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.errors import DecodeError
from core.events import FrameFault, TiersLoaded
from core.instruments import Tier, TierTable
from core.tiers import check_continuity, requirement, tier_for
from feeds.registry import reference_events
from feeds.weex import facts, tiers

NOW_NS = 1_790_000_000_000_000_000


def bracket(number: int, floor: Any, cap: Any, leverage: Any, rate: Any) -> dict[str, Any]:
    return {
        "bracket": number,
        "initialLeverage": leverage,
        "notionalFloor": floor,
        "notionalCap": cap,
        "maintMarginRatio": rate,
    }


BRACKETS = [
    bracket(1, "0", "2000000", "300", "0.002"),
    bracket(2, "2000000", "5000000", "100", "0.005"),
    bracket(3, "5000000", "20000000", "50", "0.01"),
]
LIMITS: dict[str, Any] = {"symbol": "BTCUSDT", "brackets": BRACKETS}


def read(*rows: Any, wanted: set[str] | None = None) -> tuple[list[TierTable], list[FrameFault]]:
    told = tiers.tiers(json.dumps(rows).encode(), wanted, NOW_NS)
    tables = [event.table for event in told if isinstance(event, TiersLoaded)]
    return tables, [event for event in told if isinstance(event, FrameFault)]


def test_a_bracket_is_a_tier_whose_rate_is_for_the_whole_position() -> None:
    (table,), faults = read(LIMITS)
    assert not faults
    assert (table.instrument, table.unit, table.whole_position) == ("weex:linear:BTCUSDT", "quote", True)
    assert table.tiers[1] == Tier(Decimal(2_000_000), Decimal(5_000_000), Decimal("0.005"), Decimal(0), Decimal(100))
    check_continuity(table)
    assert requirement(tier_for(table, Decimal(3_000_000)), Decimal(3_000_000)) == 15_000


def test_order_and_number_types_do_not_matter() -> None:
    rows = [bracket(number, 10 * number - 10, 10 * number, 20 - number, number / 100) for number in (3, 1, 2)]
    (table,), faults = read({"symbol": "BTCUSDT", "brackets": rows})
    assert not faults
    assert [(tier.floor, tier.cap or 0, tier.rate) for tier in table.tiers] == [
        (Decimal(0), Decimal(10), Decimal("0.01")),
        (Decimal(10), Decimal(20), Decimal("0.02")),
        (Decimal(20), Decimal(30), Decimal("0.03")),
    ]


def test_brackets_of_one_rate_are_one_tier_with_the_lower_leverage() -> None:
    rows = [BRACKETS[0], bracket(2, "2000000", "5000000", "200", "0.002"), BRACKETS[2]]
    (table,), faults = read({"symbol": "BTCUSDT", "brackets": rows})
    assert not faults
    check_continuity(table)
    assert [(tier.cap, tier.maximum_leverage) for tier in table.tiers] == [
        (Decimal(5_000_000), Decimal(200)),
        (Decimal(20_000_000), Decimal(50)),
    ]


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        (1, {"notionalFloor": "2000001"}),
        (1, {"notionalFloor": "1999999"}),
        (2, {"maintMarginRatio": "0.004"}),
        (0, {"notionalFloor": "1"}),
    ],
)
def test_brackets_that_do_not_follow_one_another_are_told_to_be_none(number: int, changed: dict[str, Any]) -> None:
    rows = [dict(row) for row in BRACKETS]
    rows[number] |= changed
    tables, (fault,) = read({"symbol": "BTCUSDT", "brackets": rows})
    assert fault.field == "brackets"
    assert "BTCUSDT" in fault.detail
    assert len(tables) == 1, "core refuses it, and says so to whoever looks"


WRONG: dict[str, list[Any]] = {
    "maintMarginRatio": [None, "", "0", "1", "-0.01", "NaN", "x", []],
    "notionalCap": [None, "", "0", "-5", "Infinity"],
    "notionalFloor": [None, "", "-1", "NaN"],
    "initialLeverage": [None, "0", "-1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_bracket_that_cannot_be_read_costs_its_contract_alone(name: str, value: Any) -> None:
    bad = {"symbol": "ETHUSDT", "brackets": [BRACKETS[0] | {name: value}, *BRACKETS[1:]]}
    (table,), (fault,) = read(bad, LIMITS)
    assert table.instrument == "weex:linear:BTCUSDT"
    assert name in fault.field
    assert "ETHUSDT" in fault.detail


@pytest.mark.parametrize("row", [{}, {"symbol": "ETHUSDT"}, {"symbol": "ETHUSDT", "brackets": []}, [], 7, None])
def test_a_row_without_brackets_is_a_fault(row: Any) -> None:
    tables, faults = read(row)
    assert (tables, len(faults)) == ([], 1)


@pytest.mark.parametrize("body", [b"", b"{", b'"x"', b"7", b"\xff"])
def test_a_body_that_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        tiers.tiers(body, None, NOW_NS)


def test_only_what_is_wanted_is_read() -> None:
    tables, faults = read(LIMITS, {"symbol": "ETHUSDT"}, wanted={"BTCUSDT"})
    assert ([table.instrument for table in tables], faults) == (["weex:linear:BTCUSDT"], [])


def test_the_body_is_known_by_its_address() -> None:
    url = f"https://api-contract.weex.com{facts.TIERS_PATH}?symbol=BTCUSDT"
    (event,) = reference_events("weex", url, json.dumps([LIMITS]).encode(), NOW_NS)
    assert isinstance(event, TiersLoaded)
