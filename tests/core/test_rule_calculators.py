"""The rules of a venue named in a request: one figure from every calculator, or a refusal that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.calculators import answer_json
from core.errors import RequestError

ISOLATED: dict[str, Any] = {
    "side": "short",
    "entry_price": 60000,
    "mark_price": 61000,
    "maintenance_rate": "0.005",
    "margin_mode": "isolated",
}
SIZES: dict[str, dict[str, Any]] = {"linear": {"quantity": 2}, "inverse": {"quantity": 120000}}
FEES = {"binance": None, "bybit": None, "bybit-classic": None, "bingx": "0.0005", "mexc": "0.0002", "okx": "0.0005"}


def ask(name: str, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_json(name, json.dumps(request)))
    return found


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("venue", FEES)
def test_one_position_and_an_account_of_it_are_liquidated_at_one_price(venue: str, kind: str) -> None:
    fee = {} if FEES[venue] is None else {"closing_fee_rate": FEES[venue]}
    position = {**ISOLATED, **SIZES[kind], **fee, "kind": kind}
    margin = 60000 if kind == "linear" else 1
    alone = ask("liquidation", **position, venue=venue, margin=margin)
    held = {**position, "name": "X", "coin": "BTC", "isolated_margin": margin}
    (pool,) = ask("account", positions=[held], venue=venue)["pools"]
    assert pool["positions"][0]["liquidation"]["price"] == alone["liquidation_price"]


@pytest.mark.parametrize(
    ("venue", "mode", "fee"),
    [("binance", "isolated", "0.0005"), ("bybit", "cross", "0.0005"), ("bybit", "cross", None), ("okx", "cross", None)],
)
def test_a_closing_fee_that_the_rules_do_not_reckon_so_is_refused(venue: str, mode: str, fee: str | None) -> None:
    backing = {"margin": 60000} if mode == "isolated" else {"wallet_balance": 60000}
    stated = {} if fee is None else {"closing_fee_rate": fee}
    position = {**ISOLATED, **SIZES["linear"], "kind": "linear", "margin_mode": mode}
    with pytest.raises(RequestError) as refused:
        ask("liquidation", **position, **backing, **stated, venue=venue)
    assert refused.value.key == "closing_fee_rate"


def test_no_closing_fee_stated_as_zero_is_no_contradiction() -> None:
    position = {**ISOLATED, **SIZES["linear"], "kind": "linear", "margin": 60000, "venue": "binance"}
    assert ask("liquidation", **position, closing_fee_rate=0) == ask("liquidation", **position)


TIERS = [{"floor": 0, "rate": "0.004"}, {"floor": 100, "rate": "0.01"}, {"floor": 200, "cap": 300, "rate": "0.02"}]


@pytest.mark.parametrize(
    ("contracts", "rate"), [(1, "0.004"), (100, "0.004"), (101, "0.01"), (200, "0.01"), (300, "0.02"), (301, None)]
)
def test_tiers_in_contracts_go_by_the_quantity_at_every_price(contracts: int, rate: str | None) -> None:
    position = {"kind": "linear", "quantity": contracts, "contract_size": "0.1"}
    table = {"tier_unit": "contracts", "tiers": TIERS}
    prices = {"side": "short", "entry_price": 1000}
    alone = ask("liquidation", **position, **prices, leverage=2, **table)
    margin = ask("margin", **position, mark_price=1000, **table)
    if rate is None:
        gap = f"a maintenance tier for {contracts} contracts"
        assert alone == {"status": "unknown", "missing": [gap]}
        assert margin["undefined"]["maintenance_margin"]["missing"] == [gap]
        return
    assert alone["tier"]["rate"] == margin["maintenance_rate"] == rate
    single = ask("liquidation", **{**position, **prices, "leverage": 2, "maintenance_rate": rate})
    assert alone["liquidation_price"] == single["liquidation_price"]


@pytest.mark.parametrize(
    ("name", "changed", "key"),
    [
        ("liquidation", {"tier_unit": "coins"}, "tier_unit"),
        ("liquidation", {"venue": "okx", "closing_fee_rate": 0, "tier_unit": None}, "tier_unit"),
        ("liquidation", {"tiers": [{"floor": 0, "rate": "0.01", "deduction": 5}]}, "tiers.0.deduction"),
        ("margin", {"quantity": None, "notional": 5000}, "tier_unit"),
        ("margin", {"tiers": [{"floor": 5, "rate": "0.01"}, {"floor": 2, "rate": "0.02"}]}, "tiers.0.cap"),
    ],
)
def test_tiers_out_of_place_are_named(name: str, changed: dict[str, Any], key: str) -> None:
    request = {"kind": "linear", "quantity": 5, "tier_unit": "contracts", "tiers": TIERS}
    more = {"side": "short", "entry_price": 1000, "leverage": 2} if name == "liquidation" else {"mark_price": 1000}
    wanted = {k: v for k, v in {**request, **more, **changed}.items() if v is not None}
    if "notional" in changed:
        del wanted["mark_price"]
    with pytest.raises(RequestError) as refused:
        ask(name, **wanted)
    assert refused.value.key == key or key in str(refused.value)
