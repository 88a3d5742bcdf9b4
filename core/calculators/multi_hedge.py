"""``multi-hedge``: how much of each of several instruments hedges a bag, and what they leave of its risk."""

from __future__ import annotations

import math
from decimal import Decimal

from pydantic import ConfigDict, Field, JsonValue

from core.calculators.declared import by
from core.calculators.estimates import (
    PERIODS_HELP,
    Count,
    Estimate,
    EstimateAnswer,
    Numbers,
    Prices,
    estimating,
    maybe,
)
from core.calculators.fields import Answer, NotNegative, Positive, Request, Unknown
from core.errors import RequestError
from core.exact import ONE
from core.explain import note
from core.stats.guards import Real
from core.stats.moments import ReturnKind, returns_of
from core.stats.multi_hedge import DEFAULT_RIDGE, MAXIMUM_INSTRUMENTS, bag_returns, hedge_weights, removed


class HistoryField(Request):
    """A history: returns or prices, oldest first, at the same times as all others of the request."""

    name: str = Field(min_length=1, description="What to call it in the answer; each its own.")
    returns: Numbers | None = Field(default=None, description="Returns, fractions per period.")
    prices: Prices | None = Field(default=None, description="Prices, instead of returns.")


class InstrumentField(HistoryField):
    """A contract that may be sold against the bag."""

    contract_value: Positive | None = Field(
        default=None, description="Value of one contract, in quote; with the bag's value asks for contracts."
    )


class CoinField(HistoryField):
    """A coin of the bag."""

    value: NotNegative | None = Field(description="Value held today, in quote.")


_RETURNS: dict[str, list[JsonValue]] = {
    "BTC": ["0.021", "-0.035", "0.012", "0.004", "-0.018", "0.027", "-0.009", "0.015"],
    "ETH": ["0.033", "-0.041", "0.008", "0.015", "-0.031", "0.029", "-0.002", "0.011"],
    "SOL": ["0.045", "-0.062", "0.021", "0.018", "-0.044", "0.051", "-0.013", "0.024"],
}


class MultiHedgeRequest(Request):
    """Minimum-variance weights of several hedging instruments at once.

    Give the instruments, and what is hedged: bag_returns, bag_prices, or coins with their value today (today's weights
    are applied to their past returns). All histories are at the same times, oldest first.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "instruments": [
                        {"name": "BTCUSDT", "returns": _RETURNS["BTC"], "contract_value": "60"},
                        {"name": "ETHUSDT", "returns": _RETURNS["ETH"], "contract_value": "30"},
                    ],
                    "coins": [
                        {"name": "BTC", "value": "90000", "returns": _RETURNS["BTC"]},
                        {"name": "SOL", "value": "210000", "returns": _RETURNS["SOL"]},
                    ],
                    "ridge": "0.01",
                }
            ]
        }
    )

    instruments: tuple[InstrumentField, ...] = Field(
        min_length=1, max_length=MAXIMUM_INSTRUMENTS, description="The hedging instruments."
    )
    bag_returns: Numbers | None = Field(default=None, description="Returns of what is hedged.")
    bag_prices: Prices | None = Field(default=None, description="Prices or values of it, instead.")
    coins: tuple[CoinField, ...] | None = Field(
        default=None, min_length=1, max_length=1000, description="Or the coins that it is made of."
    )
    bag_value: Positive | None = Field(
        default=None, description="Value to hedge, in quote; of coins it is the sum. Asks for values and contracts."
    )
    return_kind: ReturnKind = Field(default="log", description="Of prices. log: ln(p/q); simple: p/q - 1.")
    ridge: NotNegative = Field(
        default=Decimal(str(DEFAULT_RIDGE)),
        description="Added to the diagonal of the instruments' correlations, which keeps weights of instruments that "
        "move alike from growing large and opposite. 0: plain least squares.",
    )
    no_long: bool = Field(
        default=False, description="Allow no purchase: the best set of instruments that are all sold."
    )
    held_out: Count = Field(
        default=0, description="The last so many returns are kept out of the fit: asks for r_squared_held_out."
    )
    periods_per_year: Positive = Field(default=ONE * 365, description=PERIODS_HELP)


class WeightField(Answer):
    """How much of one instrument to sell."""

    name: str
    weight: Estimate = Field(description="Value to sell per 1 of the bag's value; below zero: to buy.")
    value: Estimate | None = Field(
        description="weight * the bag's value, in quote.", json_schema_extra=by("weight * bag_value")
    )
    contracts: Estimate | None = Field(description="value / contract_value; not rounded.")


class MultiHedgeAnswer(EstimateAnswer):
    """The weights, and what they leave."""

    weights: tuple[WeightField, ...]
    r_squared: Estimate = Field(description="Share of the bag's variance that they remove, in the sample of the fit.")
    r_squared_held_out: Estimate | None = Field(
        description="The same in the returns held out: below zero, the hedge adds variance. This is the test."
    )
    residual_deviation: Estimate = Field(description="Deviation of the hedged bag per period (n - 1).")
    residual_per_year: Estimate = Field(
        description="The same a year.", json_schema_extra=by("residual_deviation * sqrt(periods_per_year)")
    )
    condition: Estimate | None = Field(
        description="Condition number of the instruments' correlations: above some 30 the weights are not to be told "
        "apart. Null: infinite, some are copies of others."
    )
    bag_value: Estimate | None
    observations: Estimate = Field(description="Returns of the fit.")


@estimating
def multi_hedge(request: MultiHedgeRequest) -> MultiHedgeAnswer | Unknown:
    """Answer a ``multi-hedge`` request. Raises RequestError for fields that are lacking or contradict each other."""
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    bag = _bag(request)
    histories = {item.name: _returns(item, f"instruments.{i}", request) for i, item in enumerate(request.instruments)}
    for index, (name, values) in enumerate(histories.items()):
        if len(values) != len(bag):
            raise RequestError(f"instruments.{index}", f"as many returns as the bag has ({len(bag)})", str(len(values)))
        if len(histories) + 2 > len(bag) - request.held_out:
            what = f"at least {len(histories) + 2} returns, beside those held out, for {len(histories)} instruments"
            raise RequestError(f"instruments.{index}", what, str(max(0, len(bag) - request.held_out)))
        if max(values) == min(values):
            raise RequestError(f"instruments.{index}", "returns that vary", f"one value throughout ({name})")
    return _answer(request, bag, histories)


def _missing(request: MultiHedgeRequest) -> tuple[str, ...]:
    request.exclude_each_other("bag_returns", "bag_prices", "coins")
    if request.coins is not None:
        request.refuse("beside coins, whose values it is", "bag_value")
    gaps = [request.lacking("bag_returns", "bag_prices", "coins")]
    stated: list[tuple[str, HistoryField]] = [(f"instruments.{i}.", item) for i, item in enumerate(request.instruments)]
    stated += [(f"coins.{i}.", coin) for i, coin in enumerate(request.coins or ())]
    for within, item in stated:
        item.exclude_each_other("returns", "prices", within=within)
        gaps.append(item.lacking("returns", "prices", within=within))
    gaps += [(f"coins.{i}.value",) for i, coin in enumerate(request.coins or ()) if coin.value is None]
    if request.given("bag_value") and request.bag_value is None:
        gaps.append(("bag_value",))
    for index, item in enumerate(request.instruments):
        if item.given("contract_value"):
            gaps.append(item.lacking("contract_value", within=f"instruments.{index}."))
            if request.coins is None:
                gaps.append(request.lacking("bag_value", why="beside contract_value"))
    for list_name, names in (
        ("instruments", [item.name for item in request.instruments]),
        ("coins", [coin.name for coin in request.coins or ()]),
    ):
        for index, name in enumerate(names):
            if name in names[:index]:
                raise RequestError(f"{list_name}.{index}.name", "a name of its own", name)
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _returns(item: HistoryField, path: str, request: MultiHedgeRequest) -> list[float]:
    if item.returns is not None:
        return [float(value) for value in item.returns]
    return returns_of(item.prices or (), request.return_kind, f"{path}.prices")


def _bag(request: MultiHedgeRequest) -> list[float]:
    if request.bag_returns is not None:
        return [float(value) for value in request.bag_returns]
    if request.bag_prices is not None:
        return returns_of(request.bag_prices, request.return_kind, "bag_prices")
    coins = request.coins or ()
    histories = {coin.name: _returns(coin, f"coins.{index}", request) for index, coin in enumerate(coins)}
    lengths = [len(values) for values in histories.values()]
    for index, length in enumerate(lengths):
        if length != lengths[0]:
            raise RequestError(f"coins.{index}", f"as many returns as the first coin has ({lengths[0]})", str(length))
    values = {coin.name: float(coin.value or 0) for coin in coins}
    if not any(values.values()):
        raise RequestError("coins", "a bag that is worth something", "0")
    found = bag_returns(values, histories)
    rows = [list(row) for row in zip(*histories.values(), strict=True)]
    held = list(values.values())
    note("bag returns", "dot(rows, values) / sum(values)", found, {"rows": rows, "values": held})
    return found


def _worth(request: MultiHedgeRequest) -> float | None:
    if request.coins is None:
        return maybe(request.bag_value)
    values = [float(coin.value or 0) for coin in request.coins]
    note("bag value", "sum(values)", math.fsum(values), {"values": values}, unit="quote")
    return math.fsum(values)


def _answer(request: MultiHedgeRequest, bag: list[float], histories: dict[str, list[float]]) -> MultiHedgeAnswer:
    fit = len(bag) - request.held_out
    fitted: dict[str, list[Real]] = {name: list(values[:fit]) for name, values in histories.items()}
    if max(bag[:fit]) == min(bag[:fit]):
        raise RequestError("bag_returns", "returns that vary", "one value throughout")
    found = hedge_weights(bag[:fit], fitted, ridge=float(request.ridge), no_long=request.no_long)
    outside = None
    if request.held_out:
        if request.held_out < 2 or max(bag[fit:]) == min(bag[fit:]):
            raise RequestError("held_out", "0, or at least 2 returns that vary", str(request.held_out))
        outside = removed(bag[fit:], {name: values[fit:] for name, values in histories.items()}, found.weights)
    worth = _worth(request)
    lines = []
    for item in request.instruments:
        weight, each = found.weights[item.name], maybe(item.contract_value)
        value = None if worth is None else weight * worth
        contracts = None if value is None or each is None else value / each
        if contracts is not None:
            given = {"weight": weight, "bag_value": worth, "contract_value": each}
            note("contracts", "weight * bag_value / contract_value", contracts, given)
        lines.append(WeightField(name=item.name, weight=weight, value=value, contracts=contracts))
    return MultiHedgeAnswer(
        weights=tuple(lines),
        r_squared=found.r_squared,
        r_squared_held_out=outside,
        residual_deviation=found.residual_deviation,
        residual_per_year=found.residual_deviation * math.sqrt(float(request.periods_per_year)),
        condition=found.condition if math.isfinite(found.condition) else None,
        bag_value=worth,
        observations=found.observations,
    )
