"""An account whose coins all move by their betas: what it needs, and that it agrees with what is known otherwise."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.calculators import answer_json
from core.errors import RequestError

SHORT: dict[str, Any] = {
    "name": "BTCUSDT",
    "coin": "BTC",
    "kind": "linear",
    "side": "short",
    "quantity": "2.5",
    "entry_price": 60000,
    "mark_price": 60000,
    "maintenance_rate": "0.005",
}
LONG: dict[str, Any] = {
    "name": "ETHUSDT",
    "coin": "ETH",
    "kind": "linear",
    "side": "long",
    "quantity": 20,
    "entry_price": 3000,
    "mark_price": 3000,
    "tiers": [{"floor": 0, "cap": 100000, "rate": "0.01"}],
}
STABLE = [{"asset": "USDT", "amount": 60000}]


def ask(**request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_json("account", json.dumps(request)))
    return found


def test_one_coin_alone_is_the_same_either_way() -> None:
    (pool,) = ask(positions=[SHORT], collateral=STABLE, driver="BTC")["pools"]
    assert pool["together"]["above"]["price"] == pool["coins"][0]["above"]["price"]
    assert pool["together"]["below"]["status"] == "none"


def test_nothing_is_told_that_was_not_asked() -> None:
    assert ask(positions=[SHORT], collateral=STABLE)["pools"][0]["together"] is None


@pytest.mark.parametrize(("beta", "multiple"), [("1", 1), ("0", 0)])
def test_a_long_that_moves_with_the_short_takes_its_loss_back(beta: str, multiple: int) -> None:
    (pool,) = ask(positions=[SHORT, LONG], collateral=[{"asset": "USDT", "amount": 20000}], betas={"ETH": beta})[
        "pools"
    ]
    # 20000 + 60000 e(x - 1) - 150000 (x - 1) = 750 x + 600 for e = 0, and 750 x + 600 x for e = 1
    found = Decimal(pool["together"]["above"]["move"]) + 1
    expected = Decimal(170000 - 600) / Decimal("150750") if not multiple else Decimal(110000) / Decimal("91350")
    assert abs(found - expected) < Decimal("1e-25")


def test_a_tier_above_the_last_is_not_taken_for_safety() -> None:
    (pool,) = ask(positions=[SHORT, LONG], collateral=[{"asset": "USDT", "amount": 900000}], betas={"ETH": 2})["pools"]
    assert pool["together"]["above"] == {"status": "unknown", "missing": ["a maintenance tier of ETHUSDT above 100000"]}


def test_a_coin_without_a_beta_is_asked_for_by_name() -> None:
    with pytest.raises(RequestError) as refused:
        ask(positions=[SHORT, LONG], collateral=STABLE, betas={"SOL": 1})
    assert refused.value.key == "betas.ETH"


def test_the_driver_may_be_a_coin_that_the_account_does_not_hold() -> None:
    (pool,) = ask(positions=[SHORT], collateral=STABLE, driver="MARKET", betas={"BTC": 2})["pools"]
    alone = Decimal(pool["coins"][0]["above"]["move"]) + 1
    found = pool["together"]["above"]
    assert found["price"] is None
    assert abs((Decimal(found["move"]) + 1) ** 2 - alone) < Decimal("1e-25")


def test_a_mark_that_is_not_known_leaves_the_way_unknown() -> None:
    isolated = {**LONG, "margin_mode": "isolated", "isolated_margin": 6000}
    unmarked = {**SHORT, "mark_price": None}
    pool, known = ask(positions=[unmarked, isolated], collateral=STABLE, betas={"ETH": 1})["pools"]
    assert known["together"]["below"]["status"] == "ok"
    assert pool["together"]["above"]["status"] == "unknown"
    assert "positions.0.mark_price" in pool["together"]["above"]["missing"]


def test_isolated_pools_are_told_one_by_one() -> None:
    isolated = {**LONG, "margin_mode": "isolated", "isolated_margin": 6000}
    pools = ask(positions=[SHORT, isolated], collateral=STABLE, betas={"ETH": 2})["pools"]
    below = next(pool for pool in pools if pool["margin_mode"] == "isolated")["together"]["below"]
    # (6000 - 60000) / (20 * 0.99 * 3000) of the coin's price is 54000/59400; the driver's root of it
    assert abs((Decimal(below["move"]) + 1) ** 2 - Decimal(54000) / 59400) < Decimal("1e-25")


@pytest.mark.parametrize("beta", ["1e40", "-101", "abc", ""])
def test_a_beta_that_is_none_is_refused(beta: str) -> None:
    with pytest.raises(RequestError) as refused:
        ask(positions=[SHORT, LONG], collateral=STABLE, betas={"ETH": beta})
    assert refused.value.key.startswith("betas.ETH") or "betas.ETH" in str(refused.value)
