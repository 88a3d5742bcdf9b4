"""``multi-hedge``, ``context`` and a bag coin by coin: what they refuse, and by which name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.calculators import answer_json
from core.errors import RequestError

UP = ["0.01", "-0.02", "0.03", "0.015", "-0.01", "0.02"]
OFF = ["0.02", "0.01", "-0.03", "0.005", "0.01", "-0.02"]
FLAT = ["0.01"] * 6
A = {"name": "A", "returns": UP}
SIZE = {"kind": "linear", "target_ratio": 1, "price": 5}


def ask(name: str, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer_json(name, json.dumps(request)))
    return found


REFUSED = [
    ("multi-hedge", {"instruments": [], "bag_returns": UP}, "instruments", "at least 1 item"),
    ("multi-hedge", {"instruments": [A] * 9, "bag_returns": UP}, "instruments", "at most 8 items"),
    ("multi-hedge", {"instruments": {"A": UP}, "bag_returns": UP}, "instruments", "a JSON array"),
    ("multi-hedge", {"instruments": [5], "bag_returns": UP}, "instruments.0", "a JSON object"),
    ("multi-hedge", {"instruments": [{"name": "", "returns": UP}], "bag_returns": UP}, "instruments.0.name", "empty"),
    ("multi-hedge", {"instruments": [A]}, "bag_returns", "bag_returns, bag_prices, coins"),
    ("multi-hedge", {"instruments": [A, A], "bag_returns": UP}, "instruments.1.name", "of its own"),
    ("multi-hedge", {"instruments": [{"name": "A"}], "bag_returns": UP}, "instruments.0.returns", "returns, prices"),
    (
        "multi-hedge",
        {"instruments": [A], "bag_returns": OFF[:5]},
        "instruments.0",
        "as many returns as the bag has (5)",
    ),
    ("multi-hedge", {"instruments": [{"name": "A", "returns": FLAT}], "bag_returns": UP}, "instruments.0", "that vary"),
    ("multi-hedge", {"instruments": [A], "bag_returns": FLAT}, "bag_returns", "that vary"),
    ("multi-hedge", {"instruments": [A], "bag_returns": OFF, "held_out": 1}, "held_out", "at least 2"),
    ("multi-hedge", {"instruments": [A], "bag_returns": OFF, "held_out": 4}, "instruments.0", "at least 3 returns"),
    (
        "multi-hedge",
        {"instruments": [A, {"name": "B", "returns": UP}], "bag_returns": OFF, "ridge": 0},
        "instruments",
        "differ from each other",
    ),
    ("multi-hedge", {"instruments": [{**A, "contract_value": 5}], "bag_returns": OFF}, "bag_value", "contract_value"),
    (
        "multi-hedge",
        {"instruments": [A], "coins": [{"name": "X", "value": 0, "returns": UP}]},
        "coins",
        "worth something",
    ),
    ("context", {}, "closes", "something to reckon"),
    ("context", {"closes": [1, 2], "average_window": 0}, "average_window", "at least 1"),
    ("context", {"values": [1, 2, 3], "z_window": 2}, "z_window", "at least 3"),
    ("context", {"closes": [1, 2], "z_window": 5}, "z_window", "nothing without values"),
    ("context", {"volatility": "0.5"}, "target_volatility", "beside volatility"),
    ("context", {"target_volatility": "0.5"}, "volatility", "beside target_volatility"),
    ("context", {"hedge_ratio": 1, "volatility": 1, "bag_value": 5}, "yearly_cost", "beside bag_value"),
    ("hedge-size", {**SIZE, "bag": []}, "bag", "at least 1 item"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "value": 5}]}, "bag.0.beta", "a value"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "quantity": 5, "beta": 1}]}, "bag.0.price", "beside quantity"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "value": 5, "price": 1, "beta": 1}]}, "bag.0.price", "nothing"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "value": 5, "beta": -1}]}, "bag", "above zero"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "value": 5, "beta": 1}], "beta": 2}, "beta", "nothing beside bag"),
    ("hedge-size", {**SIZE, "bag": [{"name": "X", "value": 5, "beta": 1}], "bag_value": 2}, "bag", "only one of"),
]


@pytest.mark.parametrize(("name", "request_", "key", "expected"), REFUSED)
def test_what_is_out_of_place_is_refused_by_name(name: str, request_: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(RequestError) as refused:
        ask(name, **request_)
    assert refused.value.key == key
    assert expected in refused.value.expected


def test_copies_share_the_weight_between_them_once_there_is_a_ridge() -> None:
    found = ask("multi-hedge", instruments=[A, {"name": "B", "returns": UP}], bag_returns=UP)
    first, second = (float(item["weight"]) for item in found["weights"])
    assert first == pytest.approx(second)
    assert first + second == pytest.approx(2 / 2.01)
    assert found["condition"] is None


def test_prices_give_the_weights_of_their_returns() -> None:
    prices = {"instruments": [{"name": "A", "prices": [1, 2, 3, 2, 1, 2, 3]}], "bag_prices": [9, 8, 9, 7, 9, 6, 9]}
    log = ask("multi-hedge", **prices, ridge=0)
    simple = ask("multi-hedge", **prices, ridge=0, return_kind="simple")
    assert log["observations"] == simple["observations"] == "6"
    assert log["weights"] != simple["weights"]


def test_the_order_of_the_coins_of_a_bag_changes_nothing() -> None:
    bag = [{"name": "X", "value": 30, "beta": "1.5"}, {"name": "Y", "quantity": 2, "price": 10, "beta": "0.5"}]
    one, other = (ask("hedge-size", **SIZE, bag=items) for items in (bag, bag[::-1]))
    assert one == other
    assert one["exposure"] == "11"
