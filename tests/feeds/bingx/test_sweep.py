"""How a sweep puts together what BingX tells apart: positions in parts, orders told twice, legs that are flat."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.events import PositionUpdate
from core.legs import Leg
from feeds.bingx.desk import contract_assets
from feeds.bingx.holdings import merged, mode_shown

LONG = PositionUpdate(
    account="main",
    instrument="bingx:linear:BTC-USDT",
    quantity=Decimal(1),
    entry_price=Decimal(100),
    liquidation_price=Decimal(50),
    isolated_margin=Decimal(10),
    leverage=Decimal(5),
    leg=Leg.LONG,
)


def part(quantity: str, entry: str | None = "100", **changed: Any) -> PositionUpdate:
    price = None if entry is None else Decimal(entry)
    return replace(LONG, quantity=Decimal(quantity), entry_price=price, **changed)


def test_one_position_is_left_as_it_is() -> None:
    short = replace(LONG, leg=Leg.SHORT, quantity=Decimal(-1))
    other = replace(LONG, instrument="bingx:linear:ETH-USDT")
    assert merged([LONG, short, other]) == [LONG, short, other]
    assert merged([]) == []


def test_parts_of_a_leg_are_one_position_at_their_average_entry() -> None:
    (whole,) = merged([part("1"), part("3", "104", isolated_margin=Decimal(30))])
    assert (whole.quantity, whole.entry_price) == (Decimal(4), Decimal(103))
    assert (whole.isolated_margin, whole.leverage) == (Decimal(40), Decimal(5))
    assert whole.liquidation_price is None, "each part has its own"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"entry": None}, "entry_price"),
        ({"isolated_margin": None}, "isolated_margin"),
        ({"leverage": Decimal(7)}, "leverage"),
    ],
)
def test_what_a_part_does_not_tell_or_tells_otherwise_is_not_known_of_the_whole(
    changed: dict[str, Any], field: str
) -> None:
    (whole,) = merged([part("1"), part("1", **changed)])
    assert getattr(whole, field) is None
    assert whole.quantity == 2


def test_parts_that_cancel_out_have_no_entry() -> None:
    (whole,) = merged([part("1"), part("-1", "104")])
    assert (whole.quantity, whole.entry_price) == (Decimal(0), None)


@pytest.mark.parametrize("ended_first", [False, True])
def test_a_part_that_has_ended_is_no_part_of_what_is_held(ended_first: bool) -> None:
    held, ended = part("-2", leverage=Decimal(5)), part("0", None, leverage=Decimal(9), isolated_margin=None)
    assert merged([ended, held] if ended_first else [held, ended]) == [held]
    assert merged([ended, ended]) == [ended]


@pytest.mark.parametrize(
    ("held", "ordered", "hedge"),
    [
        ([], {}, None),
        ([("A", "SHORT")], {}, None),
        ([("A", "SHORT"), ("B", "LONG")], {}, None),
        ([("A", "SHORT"), ("A", "LONG")], {9: "BOTH"}, True),
        ([("A", "BOTH")], {9: "SHORT"}, False),
        ([("A", "")], {}, None),
        ([], {1: "SHORT", 2: "BOTH"}, False),
        ([], {1: "BOTH", 2: "SHORT"}, True),
        ([("A", "SHORT")], {1: "BOTH", 2: ""}, False),
    ],
)
def test_a_mode_that_is_not_told_is_what_positions_and_orders_show(
    held: list[tuple[str, str]], ordered: dict[int, str], hedge: bool | None
) -> None:
    assert mode_shown(held, ordered) is hedge


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 100_000)), min_size=1, max_size=6))
def test_the_average_lies_between_the_entries_and_keeps_the_cost(parts: list[tuple[int, int]]) -> None:
    (whole,) = merged([part(str(quantity), str(entry)) for quantity, entry in parts])
    entries = [entry for _, entry in parts]
    assert whole.entry_price is not None
    assert min(entries) - Decimal("1e-9") <= whole.entry_price <= max(entries) + Decimal("1e-9")
    cost = sum(quantity * entry for quantity, entry in parts)
    assert abs(whole.entry_price * whole.quantity - cost) < Decimal("1e-9") * cost


def test_the_assets_of_contracts_are_their_wallets_own() -> None:
    markets = {"linear": ["BTC-USDT", "ETH-USDC"], "inverse": ["BTC-USD"], "spot": ["SOL-USDT"]}
    assert contract_assets(markets) == {"USDT", "USDC", "BTC"}
    assert contract_assets({"spot": ["SOL-USDT"]}) == frozenset()
