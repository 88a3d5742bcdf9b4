"""The calculators on books: what is not known, what is refused, and that grid and rows agree."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from core.calculators import answer_json, schema
from core.errors import RequestError

EXAMPLE: dict[str, Any] = schema("scenario")["request"]["examples"][0]
BOOK = {name: EXAMPLE[name] for name in ("spot", "accounts")}
CROSS: dict[str, Any] = {
    "spot": [{"asset": "BTC", "quantity": 2}],
    "accounts": [
        {
            "name": "one",
            "backing": "all_coins",
            "collateral": [
                {"asset": "USDT", "amount": 40000},
                {"asset": "SOL", "amount": 200, "price": 150, "ratio": "0.85"},
            ],
            "positions": [
                {
                    "name": "BTCUSDT",
                    "coin": "BTC",
                    "kind": "linear",
                    "side": "short",
                    "quantity": 2,
                    "entry_price": 60000,
                    "mark_price": 60000,
                    "maintenance_rate": "0.005",
                },
                {
                    "name": "ETHUSD",
                    "coin": "ETH",
                    "kind": "inverse",
                    "side": "short",
                    "quantity": 30000,
                    "entry_price": 3000,
                    "mark_price": 3000,
                    "maintenance_rate": "0.01",
                },
            ],
        }
    ],
    "betas": {"SOL": "1.6", "ETH": "1.2"},
}


def ask(calculator: str, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_json(calculator, json.dumps(request)))
    return found


def test_a_grid_holds_what_its_rows_are() -> None:
    values = ["-0.02", "0", "0.03"]
    grid = ask("scenario", **CROSS, moves=["-0.3", "0.2", "0.8"], grid={"axis": "basis", "values": values})["grid"]
    for column, basis in enumerate(values):
        rows = ask("scenario", **CROSS, moves=["-0.3", "0.2", "0.8"], basis=basis)["rows"]
        for index, row in enumerate(rows):
            assert abs(Decimal(grid["net"][index][column]) - Decimal(row["net"])) < Decimal("1e-4")
            assert grid["liquidated"][index][column] == row["liquidated"]
    assert any(any(row) for row in grid["liquidated"])


def test_a_coin_without_a_beta_is_refused_and_one_that_is_null_is_named() -> None:
    asked = {**CROSS, "betas": {"ETH": "1.2"}}
    with pytest.raises(RequestError, match=r"betas\.SOL"):
        ask("scenario", **asked)
    found = ask("scenario", **{**CROSS, "betas": {"ETH": "1.2", "SOL": None}})
    assert found == {"status": "unknown", "missing": ["betas.SOL"]}


def test_what_is_not_known_is_named_where_it_stands() -> None:
    unknown = deepcopy(BOOK)
    unknown["accounts"][0]["positions"][0]["mark_price"] = None
    unknown["accounts"][0]["positions"][0]["funding_rate"] = None
    unknown["spot"][0]["quantity"] = None
    expected = ["accounts.0.positions.0.mark_price", "accounts.0.positions.0.funding_rate", "spot.0.quantity"]
    assert ask("scenario", **unknown) == {"status": "unknown", "missing": expected}
    assert ask("reverse-stress", **unknown, threshold="liquidation")["missing"] == expected
    gaps = ask("top-up", account=unknown["accounts"][0], price=105000)["missing"]
    assert gaps == ["account.positions.0.mark_price", "account.positions.0.funding_rate"]
    assert ask("reverse-stress", **BOOK, threshold="net_loss", amount=None)["missing"] == ["amount"]


def test_a_move_beyond_the_last_tier_has_no_figures() -> None:
    short = deepcopy(BOOK)
    short["accounts"][0]["positions"][0]["tiers"][1]["cap"] = "180000"
    first, second = ask("scenario", **short, moves=["0.1", "0.3"])["rows"]
    assert first["net"] == "15000"
    assert second["net"] is None
    assert second["missing"] == ["a maintenance tier of BTCUSDT above 180000"]
    grid = ask("scenario", **short, moves=["0.1", "0.3"], grid={"axis": "hedge", "values": [1]})["grid"]
    assert [row[0] for row in grid["net"]] == ["15000", None]
    stress = ask("reverse-stress", **short, threshold="liquidation")
    assert stress["up"]["status"] == "unknown"
    assert stress["text"].startswith("first liquidation: not known without")


@pytest.mark.parametrize(
    ("calculator", "wrong", "named"),
    [
        ("scenario", {"shock": "2020-03", "moves": ["0.1"]}, "moves"),
        ("scenario", {"shock": "venue-gone"}, "gone"),
        ("scenario", {"gone": ["nowhere"]}, "gone"),
        ("scenario", {"moves": ["-1"]}, "moves.0"),
        ("scenario", {"moves": []}, "moves"),
        ("scenario", {"shock": "meteor"}, "shock"),
        ("scenario", {"grid": {"axis": "hedge", "values": [1]}, "gone": ["binance"]}, "grid"),
        ("scenario", {"accounts": [], "spot": []}, "accounts"),
        ("scenario", {"accounts": [BOOK["accounts"][0], BOOK["accounts"][0]]}, r"accounts\.1\.name"),
        ("scenario", {"spot": [{"asset": "DOGE", "quantity": 1}]}, r"spot\.0\.price"),
        ("reverse-stress", {"threshold": "net_loss"}, "amount"),
        ("reverse-stress", {"threshold": "liquidation", "amount": 1}, "amount"),
        ("reverse-stress", {"threshold": "liquidation", "alone": "DOGE"}, "asset"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(calculator: str, wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=named):
        ask(calculator, **{**BOOK, **wrong})


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"price": 59000}, "price"),
        ({}, "price"),
        ({"price": 105000, "distance": "0.5"}, "distance"),
        ({"price": 105000, "position": 1}, "position"),
        ({"price": 105000, "asset": "SOL"}, "asset_price"),
    ],
)
def test_a_top_up_needs_a_price_on_the_side_of_the_danger(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=named):
        ask("top-up", account=BOOK["accounts"][0], **wrong)


def test_a_top_up_in_a_coin_or_for_a_coin_margined_short() -> None:
    found = ask("top-up", account=CROSS["accounts"][0], price=95000, asset="SOL")
    assert Decimal(found["add"]["liquidation_price"]) == 95000
    assert Decimal(found["cut"]["liquidation_price"]) == 95000
    assert abs(Decimal(found["add"]["amount"]) * 150 - Decimal(found["add"]["cost"])) < Decimal("1e-20")
    inverse = ask("top-up", account=CROSS["accounts"][0], position=1, distance="3")
    assert inverse["wanted_price"] == "12000"
    alone = ask("reverse-stress", **CROSS, threshold="liquidation", alone="ETH")
    assert alone["driver"] == "ETH"
