"""Tables that a person would look up, asked of the calculators: each figure to the digits that it is printed with."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from core.calculators import answer_json


def ask(name: str, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_json(name, json.dumps(request)))
    return found


def printed(found: str | None, shown: str) -> bool:
    """Whether a figure is the printed one, to half of its last digit (which a table may have rounded either way)."""
    digits = Decimal(1).scaleb(int(Decimal(shown).as_tuple().exponent))
    return found is not None and abs(Decimal(found) - Decimal(shown)) <= digits * Decimal("0.5000001")


MULTIPLES = [
    # leverage; multiples of the entry: linear short, the same fixed at entry, inverse short, linear long
    (1, "1.992", "1.996", None, None),
    (2, "1.494", "1.496", "1.992", "0.502"),
    (3, "1.328", "1.329", "1.494", "0.669"),
    (5, "1.195", "1.196", "1.245", "0.803"),
    (10, "1.096", "1.096", "1.107", "0.904"),
]


@pytest.mark.parametrize(("leverage", "linear", "fixed", "inverse", "long"), MULTIPLES)
def test_where_each_leverage_is_liquidated_in_multiples_of_the_entry(
    leverage: int, linear: str, fixed: str, inverse: str | None, long: str | None
) -> None:
    short = {"side": "short", "quantity": 1, "entry_price": 1, "leverage": leverage, "maintenance_rate": "0.004"}
    assert printed(ask("liquidation", kind="linear", **short)["liquidation_price"], linear)
    at_entry = ask("liquidation", kind="linear", requirement_at="at_entry", **short)
    assert printed(at_entry["liquidation_price"], fixed)
    for found, shown in (
        (ask("liquidation", kind="inverse", **short), inverse),
        (ask("liquidation", kind="linear", **{**short, "side": "long"}), long),
    ):
        if shown is None:
            assert found["status"] == "none"
        else:
            assert printed(found["liquidation_price"], shown)


@pytest.mark.parametrize(("leverage", "price"), [(2, "89572"), (3, "79622"), (5, "71662")])
def test_the_seed_hedge_at_each_leverage(leverage: int, price: str) -> None:
    found = ask(
        "liquidation",
        kind="linear",
        side="short",
        quantity="2.5",
        entry_price=60000,
        leverage=leverage,
        maintenance_rate="0.005",
        maintenance_deduction=50,
    )
    assert printed(found["liquidation_price"], price)


TOUCHES = {
    "1.1": ("0.387", "0.552", "0.645"),
    "1.2": ("0.102", "0.263", "0.388"),
    "1.33": ("0.011", "0.084", "0.185"),
    "1.5": ("0.0003", "0.015", "0.063"),
}


@pytest.mark.parametrize("barrier", TOUCHES)
def test_how_probably_a_short_is_touched_within_a_month(barrier: str) -> None:
    for volatility, shown in zip(("0.4", "0.6", "0.8"), TOUCHES[barrier], strict=True):
        found = ask("touch", price=1, barrier=barrier, volatility=volatility, days=30)
        assert printed(found["probability"], shown), (barrier, volatility)


@pytest.mark.parametrize(("hours", "shown"), [(None, "0.1113"), (1, "0.1064"), (24, "0.0891")])
def test_a_barrier_that_is_only_watched_at_times(hours: int | None, shown: str) -> None:
    watched = {} if hours is None else {"watched_every_hours": hours}
    found = ask("touch", price=100, barrier=130, volatility="0.6", days=30, **watched)
    assert printed(found["probability"], shown)


@pytest.mark.parametrize(
    ("confidence", "multiple", "shortfall"),
    [("0.95", "1.645", "2.063"), ("0.975", "1.960", "2.338"), ("0.99", "2.326", "2.665")],
)
def test_multiples_of_a_normal_loss(confidence: str, multiple: str, shortfall: str) -> None:
    found = ask("value-at-risk", deviation=1, confidence=confidence)
    assert printed(found["value_at_risk"], multiple)
    assert printed(found["expected_shortfall"], shortfall)


def test_the_shortfall_of_five_hundred_scenarios_as_hull_counts_it() -> None:
    """The five worst, in thousands: value at risk is the fifth, the shortfall the mean of the four beyond it."""
    worst = ["-1082.969", "-715.512", "-687.720", "-661.221", "-602.968", "-546.540", "-492.764", "-470.092"]
    days: dict[str, Any] = {"profits": worst + ["0"] * 492, "confidence": "0.99"}
    found = ask("value-at-risk", shortfall_of="beyond", **days)
    assert printed(found["value_at_risk"], "602.968")
    assert printed(found["expected_shortfall"], "786.856")
    assert printed(ask("value-at-risk", **days)["expected_shortfall"], "750.078")


@pytest.mark.parametrize(
    ("coins", "worth"), [(40000, 250000), (48000, 270000), (60000, 300000), (75000, 337500), (90000, 375000)]
)
def test_an_inverse_short_is_worth_what_a_linear_one_is(coins: int, worth: int) -> None:
    short = {"side": "short", "entry_price": 60000, "exit_price": coins}
    inverse = ask("pnl", kind="inverse", quantity=150000, wallet_balance=5, **short)
    linear = ask("pnl", kind="linear", quantity="2.5", **short)
    assert Decimal(inverse["equity_quote"]) == worth
    assert 5 * coins + Decimal(linear["gross"]) == worth


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        ("-0.001", "-0.0005"),
        ("-0.0004", "0.0001"),
        ("0", "0.0001"),
        ("0.0006", "0.0001"),
        ("0.0007", "0.0002"),
        ("0.001", "0.0005"),
    ],
)
def test_the_rate_is_the_interest_while_the_premium_is_within_the_clamp(premium: str, rate: str) -> None:
    found = ask("funding", kind="linear", rate_formula={"premium": premium, "interest": "0.0001"})
    assert Decimal(found["rate"]) == Decimal(rate)


@pytest.mark.parametrize(("beta", "price"), [("0", "91562"), ("0.7", "107665"), ("1", "127251"), ("1.3", None)])
def test_altcoins_behind_a_bitcoin_short_by_their_beta(beta: str, price: str | None) -> None:
    found = ask(
        "account",
        positions=[
            {
                "name": "BTCUSDT",
                "coin": "BTC",
                "kind": "linear",
                "side": "short",
                "quantity": "2.5",
                "entry_price": 60000,
                "mark_price": 60000,
                "maintenance_rate": "0.005",
                "maintenance_deduction": 50,
            }
        ],
        collateral=[{"asset": "ALT", "amount": 100000, "price": 1, "ratio": "0.8"}],
        backing="all_coins",
        betas={"ALT": beta},
    )
    above = found["pools"][0]["together"]["above"]
    if price is None:
        assert above["status"] == "none"
    else:
        assert printed(above["price"], price)
