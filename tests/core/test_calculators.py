"""The calculators as an interface: what they refuse, what they call unknown, and that no figure loses a digit."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calculators import CALCULATORS, answer, answer_json, schema
from core.errors import RequestError, RequestErrors

GOLDEN = {
    path.stem: [case["request"] for case in json.loads(path.read_text())]
    for path in (Path(__file__).parent / "golden").glob("*.json")
}
STATUSES = {"ok", "none", "unknown", "liquidated"}
FIGURE = re.compile(r"-?\d+(\.\d+)?")

PNL = {"kind": "linear", "side": "long", "quantity": 1, "entry_price": 100, "exit_price": 110}
LIQUIDATION = {
    "kind": "linear",
    "side": "short",
    "quantity": 1,
    "entry_price": 100,
    "margin": 50,
    "maintenance_rate": "0.01",
}
HEDGE = {"kind": "linear", "bag_quantity": 5, "target_ratio": "0.5"}
VOLATILITY = {"closes": [100, 101, 99]}
CANDLES = {"candles": [[2, 4, 1, 2], [2, 4, 1, 3], [3, 4, 2, 3]]}
TOUCH = {"price": 100, "barrier": 125, "volatility": "0.6"}
BETA = {"correlation": "0.8", "bag_deviation": 1, "hedge_deviation": 1}
PAIR = {"hedge_returns": [1, 2, 3], "bag_returns": [2, 3, 6]}
BAND = {"method": "practical", "exposure": 100, "money": 5}
FUTURES = {
    "method": "futures",
    "price": 1,
    "cost_rate": "0.001",
    "risk_aversion": 1,
    "volatility": 1,
    "tracking_volatility": 1,
}
FUNDING = {"kind": "linear", "side": "short", "quantity": 1, "mark_price": 100, "rate": "0.0001"}
BASIS = {"spot_price": 100, "price": 101, "days": 5}
EXPIRY = "2026-03-27T08:00:00Z"
CARRY = {"kind": "linear", "rate": "0.0001", "interval_hours": 8}
BTC = {"asset": "BTC", "quantity": 5, "start_price": 100, "end_price": 90}
BAG = {"currency": "USD", "bag": [BTC]}
LEG = {"kind": "linear", "asset": "BTC", "quantity": -1, "start_mark": 100, "end_mark": 90}
LEG_ALONE = {**LEG, "start_spot": 100, "end_spot": 90}

POSITION = {
    "name": "BTCUSDT",
    "coin": "BTC",
    "kind": "linear",
    "side": "short",
    "quantity": 1,
    "entry_price": 100,
    "mark_price": 100,
    "maintenance_rate": "0.01",
}
COIN_POSITION = {**POSITION, "name": "BTCUSD", "kind": "inverse"}
ACCOUNT = {"positions": [POSITION], "wallet_balance": 50}
CANDIDATE = {
    "name": "one",
    "kind": "linear",
    "mark_price": 100,
    "funding_rate": 0,
    "funding_interval_hours": 8,
    "taker_fee_rate": 0,
    "maintenance_rate": "0.01",
    "leverage": 2,
}
CHOOSER = {"bag_quantity": 5, "target_ratio": "0.5", "horizon_days": 30, "candidates": [CANDIDATE]}


def with_position(**changes: Any) -> dict[str, Any]:
    return {**ACCOUNT, "positions": [{**POSITION, **changes}]}


def with_candidate(**changes: Any) -> dict[str, Any]:
    return {**CHOOSER, "candidates": [{**CANDIDATE, **changes}]}


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


REFUSED_NUMBERS = {
    "60,000": "without separators between thousands",
    "1'000.5": "without separators between thousands",
    "1 000 000": "without separators between thousands",
    "0.01%": "without a per cent sign (0.05 is 5%)",
    "5 %": "without a per cent sign",
    "--": "a decimal number, as a JSON string or number",
    "": "a decimal number, as a JSON string or number",
    "1,5": "a decimal number, as a JSON string or number",
    "0x10": "a decimal number, as a JSON string or number",
    "60_000": "without separators between thousands",
}


@pytest.mark.parametrize("text", REFUSED_NUMBERS)
def test_a_number_written_otherwise_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        answer("margin", {"kind": "linear", "notional": text})
    assert refused.value.key == "notional"
    assert REFUSED_NUMBERS[text] in str(refused.value)


POINT = "rate_formula.premium_points.0"


def premium(point: dict[str, int]) -> dict[str, Any]:
    return {"kind": "linear", "rate_formula": {"premium_points": [point], "interest": 0}}


def alone(said: dict[str, Any]) -> dict[str, Any]:
    """An account of one isolated short, of which so much is said."""
    held = {"name": "X", "coin": "X", "kind": "linear", "side": "short", "quantity": 1, "margin_mode": "isolated"}
    kept = {} if "tiers" in said else {"maintenance_rate": 0}
    return {"positions": [{**held, "entry_price": 9, "mark_price": 9, **kept, **said}]}


UNTIERED = {name: value for name, value in CANDIDATE.items() if name != "maintenance_rate"}
ENTERED = {"side": "short", "entry_price": 2, "mark_price": 1}
SCORED = {"profit_ratio": 1, "effective_leverage": 2}
LATER = {"later_hedge_returns": [1], "later_bag_returns": [1]}
MODEL = {"estimator": "garch", "alpha": "0.5", "beta": "0.5"}
TOGETHER = {"correlation": "0.5", "bag_deviation": 1, "hedge_deviation": 1}
HELD = {"kind": "linear", "side": "short", "entry_price": 10}
SIZELESS = {"kind": "linear", "side": "short", "entry_price": 60000, "maintenance_rate": "0.004"}
REFUSED = [
    ("pnl", {**PNL, "quantty": 1}, "quantty", "a field that the schema names"),
    ("pnl", {**PNL, "side": "sell"}, "side", "'long' or 'short'"),
    ("pnl", {**PNL, "side": None, "kind": None}, "kind", "'linear', 'inverse' or 'quanto'"),
    ("pnl", {**PNL, "quantity": 0}, "quantity", "a number above zero"),
    ("pnl", {**PNL, "quantity": "1,5"}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": "１"}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": "1_000"}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": ""}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": True}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": [1]}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": "NaN"}, "quantity", "a decimal number"),
    ("pnl", {**PNL, "quantity": "-1"}, "quantity", "a number above zero"),
    ("pnl", {**PNL, "quantity": "1e999"}, "quantity", "a number between 1e-40 and 1e40"),
    ("pnl", {**PNL, "quantity": "1" * 51}, "quantity", "at most 50 digits"),
    ("pnl", {**PNL, "open_fee_rate": 5}, "open_fee_rate", "a fraction between -1 and 1"),
    ("pnl", {key: PNL[key] for key in PNL if key != "entry_price"}, "entry_price", "a value unless fills are given"),
    ("pnl", {key: PNL[key] for key in PNL if key != "exit_price"}, "exit_price", "a value"),
    ("pnl", {**PNL, "fills": [{"side": "buy", "quantity": 1, "price": 1}]}, "side", "nothing beside fills"),
    ("pnl", {"kind": "linear", "fills": []}, "fills", "at least 1 item"),
    ("pnl", {"kind": "linear", "fills": [{"side": "buy", "quantity": 1}]}, "fills.0.price", "a value"),
    (
        "pnl",
        {"kind": "linear", "fills": [{"side": "buy", "quantity": 1, "price": 1, "fee": 1, "fee_rate": 0}]},
        "fills.0.fee",
        "only one of fee and fee_rate",
    ),
    ("margin", {"kind": "linear"}, "quantity", "something to reckon"),
    ("margin", {"kind": "linear", "quantity": 1}, "mark_price", "one of mark_price, entry_price"),
    ("margin", {"kind": "linear", "leverage": 2}, "quantity", "one of quantity, notional"),
    ("margin", {"kind": "linear", "notional": 9, "tiers": []}, "tiers", "at least 1 item"),
    (
        "margin",
        {"kind": "linear", "notional": 9, "tiers": [{"floor": 0, "rate": 0}], "maintenance_rate": 0},
        "maintenance_rate",
        "only one of tiers, maintenance_rate",
    ),
    (
        "margin",
        {"kind": "linear", "notional": 9, "tiers": [{"floor": 5, "rate": 0}, {"floor": 5, "rate": 0}]},
        "tiers.0.cap",
        "more than the tier's floor",
    ),
    (
        "margin",
        {"kind": "linear", "notional": 9, "tiers": [{"floor": 0, "cap": 4, "rate": 0}, {"floor": 5, "rate": 0}]},
        "tiers.0.cap",
        "the next tier's floor of 5",
    ),
    (
        "margin",
        {"kind": "linear", "quantity": 1, "mark_price": 1, "wallet_balance": 1},
        "entry_price",
        "to reckon unrealised profit",
    ),
    ("liquidation", {**LIQUIDATION, "leverage": 2}, "leverage", "only one of margin"),
    ("liquidation", {**LIQUIDATION, "wallet_balance": 2}, "wallet_balance", "only one of margin"),
    ("liquidation", {**LIQUIDATION, "other_unrealised": 2}, "other_unrealised", "nothing in isolated mode"),
    ("liquidation", {**LIQUIDATION, "margin_mode": "cross"}, "margin", "nothing in cross mode"),
    ("liquidation", {**LIQUIDATION, "maintenance_rate": 1}, "maintenance_rate", "a fraction from 0 to below 1"),
    ("liquidation", {**LIQUIDATION, "requirement_at": "at_mark"}, "mark_price", "a value for requirement_at at_mark"),
    ("liquidation", {**LIQUIDATION, "venue": "kraken"}, "venue", "one of binance, bybit, bingx"),
    ("liquidation", {**LIQUIDATION, "venue": "binance-coinm"}, "venue", "that covers linear contracts"),
    ("liquidation", {**LIQUIDATION, "venue": "okx"}, "closing_fee_rate", "the fee that okx adds"),
    ("liquidation", {**LIQUIDATION, "kind": "quanto", "venue": "bybit"}, "venue", "none for a quanto contract"),
    ("liquidation", {**LIQUIDATION, "closing_fee_rate": "0.995"}, "table.tiers.rate", "below 1 together"),
    (
        "liquidation",
        {key: LIQUIDATION[key] for key in LIQUIDATION if key != "margin"},
        "margin",
        "one of margin, leverage, equity",
    ),
    (
        "liquidation",
        {key: LIQUIDATION[key] for key in LIQUIDATION if key != "maintenance_rate"},
        "tiers",
        "one of tiers, maintenance_rate, maintenance_margin",
    ),
    ("funding", {"kind": "linear"}, "rate", "one of rate, settlements, rate_formula"),
    ("funding", {**FUNDING, "interval_hours": "eight"}, "interval_hours", "a decimal number"),
    ("funding", {**FUNDING, "interval_hours": "1.5"}, "interval_hours", "a whole number of hours"),
    ("funding", {**FUNDING, "interval_hours": 0}, "interval_hours", "a whole number of hours"),
    ("funding", {**FUNDING, "rate": "1.5"}, "rate", "a rate between -1 and 1"),
    ("funding", {**FUNDING, "notional": 5}, "quantity", "nothing beside notional"),
    ("funding", {"kind": "linear", "rate": 0, "side": "long"}, "quantity", "one of quantity, notional"),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium": 0}},
        "rate_formula.interest",
        "one of interest, interest_from",
    ),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"interest_from": {"quote_per_day": 0, "base_per_day": 0}}},
        "interval_hours",
        "which interest_from needs",
    ),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium": 0, "premium_samples": [0], "interest": 0}},
        "rate_formula.premium_samples",
        "only one of premium, premium_samples",
    ),
    (
        "funding",
        {
            "kind": "linear",
            "rate_formula": {
                "premium_points": [
                    {"impact_bid": 9, "impact_ask": 9, "index_price": 9},
                    {"impact_bid": 10, "impact_ask": 9, "index_price": 9},
                ],
                "interest": 0,
            },
        },
        "rate_formula.premium_points.1.impact_ask",
        "no less than the impact bid of 10",
    ),
    ("pnl", {"kind": "linear", "gross": 1, "side": "long"}, "side", "nothing beside gross"),
    ("pnl", {"kind": "linear", "gross": 1, "wallet_balance": 1}, "wallet_balance", "nothing beside gross"),
    ("pnl", {**PNL, "initial_margin": 0}, "initial_margin", "a number above zero"),
    ("basis", {"price": 100, "days": 5}, "spot_price", "a value unless there is a far"),
    ("basis", {"spot_price": 100, "days": 5}, "price", "one of price, bid_price"),
    ("basis", {**BASIS, "bid_price": 100}, "bid_price", "only one of price, bid_price"),
    ("basis", {"spot_price": 100, "bid_price": 100}, "ask_price", "a value beside bid_price"),
    ("basis", {**BASIS, "ask_price": 100}, "bid_price", "a value beside ask_price"),
    ("basis", {"spot_price": 100, "bid_price": 9, "ask_price": 10, "spread": 1}, "spread", "nothing beside bid_price"),
    ("basis", {**BASIS, "expiry": EXPIRY}, "expiry", "only one of days, years, expiry"),
    ("basis", {"spot_price": 100, "price": 101, "expiry": EXPIRY}, "now", "a value beside an expiry"),
    ("basis", {"spot_price": 100, "price": 101, "expiry": EXPIRY, "now": EXPIRY}, "expiry", "an instant after now"),
    ("basis", {"spot_price": 100, "price": 101, "expiry": "2026-03-27"}, "expiry", "an instant with its time zone"),
    ("basis", {"spot_price": 100, "price": 101, "expiry": "2026-03-27T08:00"}, "expiry", "an instant with its time"),
    ("basis", {**BASIS, "now": 1_774_598_400}, "now", "an instant with its time zone"),
    ("basis", {**BASIS, "far": {"price": 102}}, "far.days", "one of days, years, expiry"),
    ("basis", {**BASIS, "far": {"price": 102, "days": 5}}, "far.days", "more than the near contract's 5"),
    ("basis", {**BASIS, "far": {"bid_price": 9, "ask_price": 8, "days": 9}}, "far.ask_price", "no less than the bid"),
    ("basis", {**BASIS, "far": {"price": 9, "expiry": EXPIRY}}, "now", "a value beside an expiry"),
    (
        "basis",
        {**BASIS, "far": {"price": 9, "expiry": EXPIRY}, "now": "2026-12-31T08:00:00Z"},
        "far.expiry",
        "an instant after now",
    ),
    ("basis", {**BASIS, "spread": 202, "far": {"price": 9, "days": 9}}, "spread", "less than twice the price of 101"),
    ("basis", {**BASIS, "far": {"price": 9, "days": 9, "spread": 18}}, "far.spread", "less than twice the price of 9"),
    ("basis", {**BASIS, "maturity_days": 7}, "far", "a value beside maturity_days"),
    (
        "basis",
        {**BASIS, "far": {"price": 9, "days": 9}, "maturity_days": 4},
        "maturity_days",
        "from 5 to 9, between the two contracts",
    ),
    ("basis", {"price": 9, "days": 5, "far": {"price": 9, "days": 9}, "coins": 1}, "spot_price", "beside coins"),
    ("carry", {"kind": "linear", "interval_hours": 8}, "rate", "a value"),
    ("carry", {"kind": "linear", "rate": 0}, "interval_hours", "a value"),
    ("carry", {**CARRY, "quantity": 1}, "mark_price", "a value beside quantity"),
    ("carry", {**CARRY, "mark_price": 1}, "quantity", "one of quantity, notional"),
    ("carry", {**CARRY, "notional": 1, "mark_price": 1}, "mark_price", "nothing beside notional"),
    ("carry", {**CARRY, "notional": 1, "spread": 1}, "spread", "nothing beside notional"),
    ("carry", {**CARRY, "spread_fraction": 2}, "spread", "less than twice the price of 1"),
    ("carry", {**CARRY, "hours_to_next": 9}, "hours_to_next", "at most the interval of 8"),
    ("carry", {**CARRY, "cap": "-0.01", "floor": "0.01"}, "floor", "at most the cap of -0.01"),
    ("carry", {**CARRY, "settled_rates": []}, "settled_rates", "at least 1 item"),
    ("carry", {**CARRY, "settled_rates": [0, "1"]}, "settled_rates.1", "a rate between -1 and 1"),
    ("carry", {**CARRY, "budget": 0}, "budget", "a number above zero"),
    ("attribution", {"currency": "USD"}, "bag", "one asset or contract at least"),
    ("attribution", {**BAG, "bag": [BTC, BTC]}, "bag.1.asset", "each of them once"),
    ("attribution", {**BAG, "bag": [{**BTC, "quote": "USDT"}]}, "rates", "a rate of USDT in USD"),
    ("attribution", {**BAG, "bag": [{"asset": "BTC", "quantity": 1, "end_price": 1}]}, "bag.0.start_price", "a value"),
    ("attribution", {**BAG, "bag": [{**BTC, "flows": [{"quantity": -9, "price": 1}]}]}, "bag.0.flows", "no more than"),
    ("attribution", {**BAG, "contracts": [{**LEG, "asset": "ETH"}]}, "contracts.0.start_spot", "a value where the bag"),
    ("attribution", {**BAG, "contracts": [{**LEG, "kind": "quanto"}]}, "contracts.0.settle", "the coin a quanto is"),
    ("attribution", {**BAG, "contracts": [{**LEG, "name": "a"}, {**LEG, "name": "a"}]}, "contracts.1.name", "once"),
    (
        "attribution",
        {**BAG, "contracts": [{**LEG, "fills": [{"side": "buy", "quantity": 1, "price": 1, "fee": 0, "fee_rate": 0}]}]},
        "contracts.0.fills.0.fee_rate",
        "only one of fee, fee_rate",
    ),
    ("attribution", {"currency": "USD", "cost": 1, "contracts": [LEG_ALONE]}, "cost", "a bag of one asset"),
    ("hedge-size", {"kind": "linear", "bag_quantity": 5}, "target_ratio", "one of target_ratio, target_money"),
    ("hedge-size", {**HEDGE, "bag_value": 5}, "bag_value", "only one of bag_quantity, bag_value"),
    ("hedge-size", {**HEDGE, "kind": "inverse"}, "price", "a value for an inverse contract"),
    ("hedge-size", {**HEDGE, "minimum_notional": 5}, "price", "a value beside minimum_notional"),
    ("hedge-size", {**HEDGE, "quantity_step": 0}, "quantity_step", "a number above zero"),
    ("volatility", {}, "candles", "one of candles, closes, returns"),
    ("volatility", {**VOLATILITY, **CANDLES}, "closes", "only one of candles, closes, returns"),
    ("volatility", {"closes": [1, 2]}, "closes", "at least 3 closes"),
    ("volatility", {**VOLATILITY, "window": 4}, "closes", "at least 4 for this window, found 3"),
    ("volatility", {**CANDLES, "window": 3}, "candles", "at least 4 for this window, found 3"),
    ("volatility", {**VOLATILITY, "window": 0}, "window", "one or more"),
    ("volatility", {**VOLATILITY, "window": "1.5"}, "window", "a whole number"),
    ("volatility", {**VOLATILITY, "estimator": "parkinson"}, "candles", "candles for parkinson, found closes"),
    ("volatility", {"returns": [0, 1], "estimator": "yang-zhang"}, "candles", "candles for yang-zhang, found returns"),
    ("volatility", {"candles": [[2, 4, 3, 2]], "estimator": "parkinson"}, "candles.0.low", "the lowest"),
    ("volatility", {"candles": [[2, 4, 1]]}, "candles.0", "a JSON object"),
    ("volatility", {**VOLATILITY, "estimator": "ewma", "decay": 1}, "decay", "a fraction from 0 to below 1"),
    ("volatility", {**VOLATILITY, "estimator": "ewma", "decay": 0}, "decay", "a fraction above 0"),
    ("volatility", {"closes": [1, 0, 2]}, "closes.1", "a number above zero"),
    ("volatility", {**VOLATILITY, "estimator": "ewma", "divisor": "sample"}, "divisor", "nothing beside ewma"),
    ("volatility", {**VOLATILITY, "decay": "0.9"}, "decay", "nothing beside close-to-close"),
    ("touch", {"price": 1, "barrier": 2}, "volatility", "one of volatility, daily_volatility"),
    ("touch", {**TOUCH, "daily_volatility": 1}, "daily_volatility", "only one of volatility, daily_volatility"),
    ("touch", {**TOUCH, "days": 1, "years": 1}, "years", "only one of days, years"),
    ("touch", {**TOUCH, "cash": 1}, "days", "one of days, years beside cash"),
    ("touch", {**TOUCH, "rate": "0.1"}, "rate", "nothing without cash"),
    ("touch", {**TOUCH, "volatility": 0}, "volatility", "a number above zero"),
    ("touch", {"barrier": 2, "volatility": 1}, "price", "a value"),
    ("beta", {}, "hedge_returns", "or prices, or correlation"),
    (
        "beta",
        {"hedge_returns": [1, 2, 3], "bag_returns": [1, 2]},
        "bag_returns",
        "as many observations as hedge_returns",
    ),
    ("beta", {**BETA, "bag_returns": [1, 2]}, "bag_deviation", "only one of"),
    ("beta", {**BETA, "correlation": "1.5"}, "correlation", "a correlation from -1 to 1"),
    ("beta", {**BETA, "bag_deviation": 0}, "bag_deviation", "a number above zero"),
    ("beta", {**BETA, "observations": 2}, "observations", "three or more"),
    ("beta", {**BETA, "prior_deviation": 1}, "observations", "to shrink by"),
    ("beta", {**BETA, "bag_quantity": 1}, "contract_quantity", "beside bag_quantity"),
    ("beta", {**BETA, "contract_value": 1}, "bag_value", "beside contract_value"),
    ("beta", {**BETA, "bag_value": 1}, "contract_value", "one of contract_value, days beside bag_value"),
    ("beta", {**PAIR, "observations": 3}, "observations", "nothing beside returns"),
    ("beta", {**PAIR, "bag_returns": [1, 1, 1]}, "bag_returns", "returns that vary"),
    (
        "beta",
        {"hedge_prices": [1, 2, 3, 5], "bag_prices": [1, 2, 3, 4], "bag_quantity": 1, "contract_quantity": 1},
        "bag_quantity",
        "return_kind change beside it",
    ),
    (
        "beta",
        {
            "hedge_prices": [1, 2, 3, 5],
            "bag_prices": [1, 2, 3, 4],
            "return_kind": "change",
            "bag_value": 1,
            "contract_value": 1,
        },
        "bag_value",
        "return_kind log or simple beside it",
    ),
    ("value-at-risk", {}, "deviation", "one of deviation, deviations, positions, profits"),
    ("value-at-risk", {"deviation": 1, "profits": [1, 2]}, "profits", "only one of"),
    ("value-at-risk", {"deviation": 1, "confidence": "0.9", "multiple": 2}, "multiple", "only one of"),
    ("value-at-risk", {"deviation": 1, "confidence": 0}, "confidence", "a fraction above 0"),
    ("value-at-risk", {"deviation": 1, "correlation": 0}, "correlation", "nothing beside deviation"),
    ("value-at-risk", {"deviations": [1, 2]}, "correlation", "one of correlation, correlations beside deviations"),
    ("value-at-risk", {"deviations": []}, "deviations", "at least one"),
    ("value-at-risk", {"deviations": [1, 2], "correlations": [[1, 0]]}, "correlations", "2 rows of 2"),
    ("value-at-risk", {"positions": [{"value": 1}]}, "positions.0.volatility", "one of volatility, daily_volatility"),
    ("value-at-risk", {"profits": [1, 2], "days": 10}, "days", "nothing beside profits"),
    ("value-at-risk", {"profits": [1]}, "profits", "at least 2"),
    ("band", {}, "method", "a value"),
    ("band", {**BAND, "gamma": 1}, "gamma", "nothing beside method practical"),
    ("band", {**BAND, "price": 1}, "price", "nothing beside method practical"),
    ("band", {"method": "practical", "exposure": 100}, "ratio_points", "one of ratio_points, money"),
    ("band", {**BAND, "held": 1}, "target", "a value beside held"),
    ("band", {**FUTURES, "exposure": 1}, "exposure", "nothing beside method futures"),
    ("band", {**FUTURES, "risk_aversion": 0}, "risk_aversion", "a number above zero"),
    ("band", {"method": "option", "cost_rate": 0, "years": 1, "volatility": 1}, "price", "one of price, log_moneyness"),
    ("band", {"method": "option", "cost_rate": 0, "gamma": 1}, "price", "a value"),
    (
        "band",
        {"method": "option", "cost_rate": 0, "gamma": 1, "price": 1, "strike": 1},
        "strike",
        "nothing beside gamma",
    ),
    ("account", {"wallet_balance": 5, "positions": []}, "positions", "at least 1 item"),
    ("account", {"positions": [POSITION]}, "collateral", "one of collateral, wallet_balance beside cross positions"),
    ("account", {**ACCOUNT, "collateral": []}, "wallet_balance", "only one of collateral, wallet_balance"),
    ("account", {**ACCOUNT, "venue": "okx"}, "positions.0.closing_fee_rate", "the taker fee that okx adds"),
    ("account", {**ACCOUNT, "venue": "bybit", "requirement_at": "at_mark"}, "venue", "only one of requirement_at"),
    ("account", with_position(tiers=[{"floor": 0, "rate": 0}]), "positions.0.maintenance_rate", "only one of tiers"),
    (
        "account",
        {**ACCOUNT, "positions": [without(POSITION, "maintenance_rate")]},
        "positions.0.tiers",
        "one of tiers, maintenance_rate, maintenance_margin",
    ),
    ("account", with_position(isolated_margin=5), "positions.0.isolated_margin", "nothing in cross mode"),
    ("account", with_position(margin_mode="isolated"), "positions.0.isolated_margin", "isolated_margin, leverage"),
    ("account", with_position(kind="quanto"), "positions.0.settle", "the settle currency of a quanto contract"),
    ("account", with_position(kind="inverse", settle="XBT"), "positions.0.settle", "BTC, in which an inverse"),
    ("account", with_position(liquidation_price="soon"), "positions.0.liquidation_price", "a decimal number"),
    (
        "account",
        {**ACCOUNT, "positions": [POSITION, {**POSITION, "mark_price": 101}]},
        "positions.1.mark_price",
        "100, that of positions.0",
    ),
    (
        "account",
        {**ACCOUNT, "positions": [POSITION, {**POSITION, "coin": "ETH"}]},
        "positions.1.name",
        "the contract of positions.0",
    ),
    ("account", {**ACCOUNT, "positions": [POSITION, COIN_POSITION]}, "wallet_balance", "a line for each settle"),
    (
        "account",
        {
            "positions": [POSITION],
            "collateral": [{"asset": "BTC", "amount": 1, "price": 9}],
            "coin_prices": {"BTC": 8},
        },
        "coin_prices",
        "one price for BTC",
    ),
    (
        "account",
        {
            **ACCOUNT,
            "venue": "okx",
            "positions": [
                {
                    **without(POSITION, "maintenance_rate"),
                    "closing_fee_rate": 0,
                    "tiers": [{"floor": 0, "rate": "0.01"}, {"floor": 5, "rate": "0.02"}],
                }
            ],
        },
        "positions.0.tier_unit",
        "settle or contracts: okx states contracts",
    ),
    ("chooser", without(CHOOSER, "bag_quantity"), "bag_quantity", "one of bag_quantity, bag_value"),
    ("chooser", {**without(CHOOSER, "bag_quantity"), "bag_value": 5}, "spot_price", "beside bag_value"),
    ("chooser", with_candidate(days_to_expiry=5), "candidates.0.days_to_expiry", "only one of funding_rate"),
    (
        "chooser",
        {**CHOOSER, "candidates": [without(CANDIDATE, "leverage")]},
        "candidates.0.leverage",
        "one of leverage, collateral",
    ),
    (
        "chooser",
        {**CHOOSER, "candidates": [without(CANDIDATE, "funding_interval_hours")]},
        "candidates.0.funding_interval_hours",
        "a value",
    ),
    (
        "chooser",
        {**CHOOSER, "candidates": [{**without(CANDIDATE, "funding_rate"), "days_to_expiry": 5}]},
        "spot_price",
        "beside a dated contract",
    ),
    ("collateral", {"balances": []}, "balances", "at least 1 item"),
    ("margin", {"kind": "linear", "notional": 5, "adjustment_factor": 1}, "adjustment_factor", "wallet_balance or"),
    ("margin", {"kind": "linear", "notional": 5, "equity": 5, "adjustment_factor": 1}, "adjustment_factor", "leverage"),
    (
        "margin",
        {"kind": "linear", "notional": 5, "leverage": 5, "initial_rate": "0.2"},
        "initial_rate",
        "only one of lev",
    ),
    ("margin", {"kind": "linear", "notional": 5, "initial_rate": 20}, "initial_rate", "0.1 is 10%"),
    ("margin", {"kind": "linear", "notional": 5, "initial_rate": 0}, "initial_rate", "above 0"),
    (
        "margin",
        {"kind": "linear", "notional": 5, "initial_rate_slope": 1},
        "initial_rate_slope",
        "without initial_rate",
    ),
    (
        "margin",
        {"kind": "linear", "notional": 5, "maintenance_deduction": 1},
        "maintenance_deduction",
        "nothing without",
    ),
    (
        "margin",
        {"kind": "linear", "notional": 5, "maintenance_rate": "0.01", "maintenance_rate_slope": 1},
        "maintenance_rate_slope",
        "0 where the size in coins is not given",
    ),
    ("account", alone({"isolated_margin": 5, "extra_margin": 1}), "positions.0.extra_margin", "which includes it"),
    (
        "account",
        alone({"leverage": 5, "tiers": [{"floor": 0, "rate": 0}], "maintenance_deduction": 1}),
        "positions.0.maintenance_deduction",
        "nothing without maintenance_rate",
    ),
    (
        "chooser",
        {
            "bag_quantity": 5,
            "target_ratio": "0.5",
            "horizon_days": 30,
            "candidates": [{**UNTIERED, "tiers": [{"floor": 0, "rate": 0}], "maintenance_deduction": 1}],
        },
        "candidates.0.maintenance_deduction",
        "nothing without maintenance_rate",
    ),
    ("liquidation", {**SIZELESS, "margin": 1000}, "quantity", "one of quantity, notional (or margin with leverage)"),
    ("liquidation", {**SIZELESS, "margin": 9, "leverage": 2, "quantity": 1}, "leverage", "only one of margin, wallet"),
    ("liquidation", {**SIZELESS, "margin": 9, "leverage": 2, "notional": 18}, "leverage", "only one of margin, wallet"),
    ("liquidation", {**SIZELESS, "margin": 9, "leverage": 2, "extra_margin": 1}, "extra_margin", "margin * leverage"),
    ("liquidation", {**SIZELESS, "margin": 0, "leverage": 2}, "margin", "above zero beside leverage"),
    ("liquidation", {**SIZELESS, "leverage": 2, "extra_margin": 5}, "quantity", "one of quantity, notional"),
    ("liquidation", {**SIZELESS, "leverage": 2, "maintenance_deduction": 5}, "quantity", "one of quantity, notional"),
    ("liquidation", {**SIZELESS, "leverage": 2, "quantity": 1, "notional": 1}, "notional", "only one of quantity"),
    ("pnl", {**HELD, "exit_price": 9, "quantity": 1, "notional": 9}, "notional", "only one of quantity"),
    ("pnl", {**HELD, "exit_price": 9}, "quantity", "one of quantity, notional unless fills"),
    ("pnl", {**HELD, "quantity": 1}, "exit_price", "a value"),
    ("pnl", {**HELD, "quantity": 1, "leverage": 2, "initial_margin": 5, "exit_price": 9}, "leverage", "only one of"),
    ("pnl", {**HELD, "quantity": 1, "target_return": 1}, "initial_margin", "beside target_return"),
    ("pnl", {**HELD, "quantity": 1, "target_net": 1, "target_return": 1, "leverage": 1}, "target_return", "only one"),
    ("pnl", {"kind": "linear", "gross": 1, "leverage": 2}, "leverage", "nothing beside gross"),
    ("pnl", {"kind": "linear", "gross": 1, "target_net": 2}, "target_net", "nothing beside gross"),
    ("beta", {"covariance": 1, "correlation": "0.5"}, "covariance", "found correlation and covariance"),
    ("beta", {"covariance": 2, "bag_deviation": 1, "hedge_deviation": 1}, "covariance", "deviations' product of 1"),
    ("beta", {"covariance": 1, "hedge_variance": 1, "days": 30}, "days", "without bag_deviation or bag_variance"),
    ("beta", {"covariance": 1}, "hedge_deviation", "one of hedge_deviation, hedge_variance"),
    (
        "beta",
        {**TOGETHER, "bag_quantity": 1, "contract_quantity": 1, "bag_price": 1},
        "contract_price",
        "beside bag_pr",
    ),
    ("beta", {**TOGETHER, "bag_price": 1, "contract_price": 1}, "bag_quantity", "beside bag_price"),
    (
        "beta",
        {"hedge_prices": [1, 2, 3, 5], "bag_prices": [1, 2, 3, 4], "bag_quantity": 1, "contract_quantity": 1},
        "bag_quantity",
        "return_kind change",
    ),
    (
        "beta",
        {
            "hedge_prices": [1, 2, 3, 5],
            "bag_prices": [1, 2, 3, 4],
            "bag_quantity": 1,
            "contract_quantity": 1,
            "return_kind": "change",
            "bag_price": 1,
            "contract_price": 1,
        },
        "bag_quantity",
        "return_kind log or simple",
    ),
    ("volatility", {"per_bar": "0.1", "closes": [1, 2]}, "per_bar", "only one of candles, closes, returns, per_bar"),
    ("volatility", {"closes": [1, 2], "estimator": "stated"}, "per_bar", "a value"),
    ("volatility", {"per_bar": "0.1", "estimator": "ewma"}, "per_bar", "nothing beside ewma"),
    ("volatility", {"per_bar": "0.1", "price": 100}, "days", "a value beside price"),
    ("volatility", {"returns": [1, 2], "alpha": "0.1"}, "alpha", "nothing beside close-to-close"),
    ("volatility", {"returns": [1, 2], "about": "zero", "divisor": "sample"}, "divisor", "nothing about zero"),
    ("volatility", {**MODEL, "returns": [1], "omega": 1}, "beta", "so that alpha + beta is below 1"),
    ("volatility", {**MODEL, "returns": [1]}, "omega", "one of omega, long_run_volatility for garch"),
    ("volatility", {**MODEL, "omega": 1}, "candles", "one of candles, closes, returns"),
    ("funding", premium({"price": 1, "impact_bid": 1, "index_price": 1}), f"{POINT}.impact_bid", "only one of price"),
    ("funding", premium({"impact_bid": 1, "index_price": 1}), f"{POINT}.impact_ask", "unless price is given"),
    ("funding", premium({"index_price": 1}), f"{POINT}.impact_bid", "unless price is given"),
    ("funding", premium({"impact_bid": 2, "impact_ask": 1, "index_price": 1}), f"{POINT}.impact_ask", "no less than"),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium": 0, "interest": 0, "weights": "equal"}},
        "rate_formula.weights",
        "nothing beside premium",
    ),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium": 0, "interest": 0, "rule": "added", "clamp": 0}},
        "rate_formula.clamp",
        "nothing where interest is added",
    ),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium": 0, "interest": 0, "period_hours": 8}},
        "interval_hours",
        "which period_hours needs",
    ),
    ("funding", {"kind": "linear", "rate": 0, "held_minutes": 1, "interval_hours": 1}, "quantity", "beside held_min"),
    (
        "funding",
        {"kind": "linear", "rate": 0, "side": "long", "notional": 1, "held_minutes": 61, "interval_hours": 1},
        "held_minutes",
        "at most the interval's 60",
    ),
    ("basis", {"spot_price": 1, "price": 1, "days": 1, "income": 1}, "income", "less than the spot price of 1"),
    ("basis", {"spot_price": 1, "price": 1, "income": 1}, "income", "nothing without interest_rate, or spot_price and"),
    ("basis", {**BASIS, "year_days": 239}, "year_days", "days of a year, from 240 to 366"),
    ("basis", {**BASIS, "year_days": "366.1"}, "year_days", "days of a year, from 240 to 366"),
    ("funding", {"kind": "linear", "rate": 0, "compounding_hours": 24}, "interval_hours", "beside compounding_hours"),
    ("basis", {"spot_price": 1, "interest_rate": "0.05"}, "days", "one of days, years, expiry beside interest_rate"),
    ("basis", {"interest_rate": "0.05", "days": 9}, "spot_price", "beside interest_rate"),
    ("basis", {"spot_price": 1, "interest_rate": 5.0, "days": 9, "years": 1}, "years", "only one of days, years"),
    ("basis", {"spot_price": 1, "interest_rate": 12, "days": 9}, "interest_rate", "0.05 is 5%"),
    ("basis", {"spot_price": 1, "interest_rate": "0.05", "income": 1, "days": 9}, "income", "less than the spot price"),
    (
        "margin",
        {"kind": "linear", "notional": 5, "other_unrealised": 1},
        "other_unrealised",
        "nothing without wallet_b",
    ),
    ("margin", {"kind": "linear", "notional": 5, "other_initial_margin": 1}, "other_initial_margin", "nothing without"),
    ("beta", {**TOGETHER, "decay": "0.9"}, "decay", "nothing beside summary figures"),
    ("value-at-risk", {"deviation": 1, "shortfall_of": "beyond"}, "shortfall_of", "nothing without profits"),
    ("adl", {}, "profit_ratio", "one of profit_ratio, entry_price"),
    ("adl", {"profit_ratio": 1}, "effective_leverage", "one of effective_leverage, bankruptcy_price, leverage, margin"),
    ("adl", {"profit_ratio": 1, "leverage": 3}, "entry_price", "a value beside leverage, instead of profit_ratio"),
    ("adl", {"profit_ratio": 1, "entry_price": 3}, "entry_price", "only one of profit_ratio, entry_price"),
    ("adl", {"profit_ratio": 1, "effective_leverage": 2, "side": "short"}, "side", "nothing beside profit_ratio"),
    ("adl", {"entry_price": 1, "leverage": 2, "side": "short"}, "mark_price", "a value beside entry_price"),
    ("adl", {"entry_price": 1, "leverage": 2, "mark_price": 1}, "side", "a value beside entry_price"),
    ("adl", {**ENTERED, "margin": 2}, "quantity", "a value beside margin or equity"),
    ("adl", {**ENTERED, "margin": 2, "leverage": 2}, "margin", "only one of"),
    ("adl", {**ENTERED, "leverage": 2, "wallet_balance": 2}, "wallet_balance", "nothing beside rule position"),
    ("adl", {**SCORED, "queue": [{"score": 1, "quantity": 1}]}, "quantity", "beside sizes of the queue"),
    (
        "adl",
        {**SCORED, "quantity": 1, "queue": [{"score": 1, "quantity": 1}, {"score": 1}]},
        "queue.1.quantity",
        "beside sizes of the queue",
    ),
    ("adl", {**SCORED, "quantity": 1, "liquidated_quantity": 1}, "queue", "a value beside liquidated_quantity"),
    (
        "adl",
        {**SCORED, "quantity": 1, "liquidated_quantity": 1, "queue": [{"score": 1}]},
        "queue.0.quantity",
        "a value beside liquidated_quantity",
    ),
    ("adl", {"rule": "account", "unrealised": 1, "margin_ratio": 1}, "wallet_balance", "for rule account"),
    ("adl", {"rule": "account", "wallet_balance": 1, "margin_ratio": 1}, "unrealised", "for rule account"),
    ("adl", {"rule": "account", "wallet_balance": 1, "unrealised": 1}, "maintenance_margin", "for rule account"),
    ("adl", {"rule": "account", "leverage": 1}, "leverage", "nothing beside rule account"),
    ("beta", {"r_squared": "0.6", "bag_deviation": 1}, "bag_deviation", "which has no sign (give correlation)"),
    ("beta", {"r_squared": "0.6", "correlation": 1}, "r_squared", "only one of correlation, covariance, r_squared"),
    ("beta", {"r_squared": "1.01"}, "r_squared", "a fraction above 0 up to 1"),
    ("beta", {"correlation": "1.01"}, "correlation", "a correlation from -1 to 1"),
    ("beta", {"correlation": "0.9", "held_ratio": 1}, "held_ratio", "nothing where there is no ratio"),
    ("beta", {"correlation": "0.9", "hedge_deviation": 1}, "bag_deviation", "one of bag_deviation, bag_variance"),
    ("beta", {"hedged_variance": 1}, "bag_deviation", "beside a measured effect of the hedge"),
    ("beta", {"hedged_variance": 1, "hedged_deviation": 1, "bag_variance": 1}, "hedged_variance", "only one of"),
    ("beta", {"hedged_variance": 1, "bag_variance": 1, "correlation": 1}, "correlation", "beside a measured effect"),
    ("beta", {"hedged_returns": [1, 2], "bag_returns": [1]}, "hedged_returns", "as many observations as bag_returns"),
    ("beta", {"hedged_returns": [1], "bag_returns": [1]}, "bag_returns", "at least 2 observations"),
    ("beta", {"hedged_returns": [1, 2], "bag_returns": [1, 1]}, "bag_returns", "returns that vary"),
    ("beta", {"hedged_returns": [1, 2], "bag_returns": [1, 3], "lags": 1}, "lags", "where there is no ratio"),
    ("beta", {"hedged_returns": [1, 2], "bag_variance": 1}, "bag_variance", "nothing beside hedged_returns"),
    ("beta", {"hedged_returns": [1, 2]}, "bag_returns", "beside hedged_returns"),
    ("beta", {**BETA, "later_bag_returns": [1]}, "later_hedge_returns", "a value"),
    ("beta", {**BETA, "later_bag_prices": [1, 2]}, "later_hedge_prices", "to go on from the summary figures"),
    ("beta", {**BETA, **LATER, "later_bag_prices": [1, 2]}, "later_bag_prices", "only one of"),
    ("beta", {**BETA, **LATER, "return_kind": "log"}, "return_kind", "nothing beside returns"),
    ("beta", {**BETA, **LATER, "lags": 1}, "lags", "nothing beside summary figures"),
    ("beta", {**BETA, **LATER, "later_bag_returns": [1, 2]}, "later_bag_returns", "as many observations"),
    ("beta", {"correlation": "0.5", **LATER}, "bag_deviation", "one of bag_deviation, bag_variance"),
    ("beta", {"covariance": 1, "hedge_variance": 1, **LATER}, "later_hedge_returns", "without both deviations"),
    ("beta", {**BETA, "garch": {"alpha": 0, "beta": 1}}, "later_hedge_prices", "to go on from"),
    ("beta", {**BETA, **LATER, "garch": {"alpha": "0.5", "beta": "0.6"}}, "garch.beta", "no more than 1"),
    ("beta", {**BETA, **LATER, "decay": "0.9", "garch": {"alpha": 0, "beta": 1}}, "decay", "beside garch"),
    (
        "beta",
        {**BETA, **LATER, "garch": {"alpha": 0, "beta": 1, "omega": 1, "bag_omega": 1}},
        "garch.bag_omega",
        "only one of",
    ),
    (
        "beta",
        {**BETA, **LATER, "garch": {"alpha": 0, "beta": 1, "covariance_omega": 99}},
        "garch.covariance_omega",
        "a correlation from -1 to 1",
    ),
    ("beta", {**TOGETHER, "lags": 2}, "lags", "nothing beside summary figures"),
    ("beta", {**TOGETHER, "prior": 2}, "prior", "nothing without prior_deviation"),
    ("value-at-risk", {"deviation": 5, "days_per_year": 252}, "days_per_year", "nothing without a yearly volatility"),
    ("value-at-risk", {"profits": [1, 2, 3], "mean": 1}, "mean", "nothing beside profits"),
    (
        "margin",
        {"kind": "linear", "notional": 5, "initial_per_contract": 1},
        "initial_per_contract",
        "a quantity beside",
    ),
    ("margin", {"kind": "linear", "initial_per_contract": 1}, "quantity", "one of quantity, notional"),
    (
        "margin",
        {"kind": "linear", "quantity": 1, "initial_per_contract": 1, "leverage": 2, "mark_price": 1},
        "initial_per_contract",
        "only one of leverage",
    ),
    (
        "liquidation",
        {**SIZELESS, "quantity": 1, "margin": 9, "maintenance_per_contract": 1},
        "maintenance_per_contract",
        "only one of tiers",
    ),
]


@pytest.mark.parametrize(("name", "request_", "key", "expected"), REFUSED, ids=lambda part: str(part)[:50])
def test_a_wrong_field_is_refused_by_name(name: str, request_: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(RequestError) as refused:
        answer_json(name, json.dumps(request_))
    assert refused.value.key == key
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("name", "request_", "key", "meant"),
    [
        ("pnl", {"kind": "linear", "qty": 1}, "qty", "; perhaps quantity)"),
        ("pnl", {"kind": "linear", "entryPrice": 1}, "entryPrice", "; perhaps entry_price)"),
        ("liquidation", {"kind": "linear", "side": "long", "mmr": 1}, "mmr", "; perhaps maintenance_rate)"),
        ("account", {"positions": [], "balance": 1}, "balance", "; perhaps wallet_balance)"),
        ("hedge-size", {"kind": "linear", "portfolio_value": 1}, "portfolio_value", "; perhaps bag_value)"),
        ("beta", {"unhedged_variance": 1}, "unhedged_variance", "; perhaps bag_variance)"),
        (
            "margin",
            {"kind": "linear", "tiers": [{"floor": 0, "rate": 0, "deducton": 0}]},
            "tiers.0.deducton",
            "deduction)",
        ),
        ("pnl", {"kind": "linear", "zzz": 1}, "zzz", "(see --schema)"),
        ("touch", {"mmr": 1}, "mmr", "(see --schema)"),
    ],
)
def test_an_unknown_field_is_refused_with_the_one_that_may_be_meant(
    name: str, request_: dict[str, Any], key: str, meant: str
) -> None:
    with pytest.raises(RequestErrors) as refused:
        answer_json(name, json.dumps(request_))
    (error,) = [error for error in refused.value.errors if error.key == key]
    assert meant in str(error)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(RequestErrors) as refused:
        answer("liquidation", {"kind": "linear", "side": "up", "margn": 1})
    assert [error.key for error in refused.value.errors] == ["side", "margn"]
    assert str(refused.value).count("\n") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expecting value at line 1, column 1"),
        ("{", "at line 1, column 2"),
        ("[]", "a JSON array"),
        ("7", "a JSON number"),
        ("null", "a JSON null"),
        ('{"kind": "linear", "quantity": NaN}', "NaN"),
        ('{"kind": "linear", "quantity": Infinity}', "Infinity"),
        ('{"kind": "linear", "kind": "inverse"}', "it twice"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{", "JSON"),
        (b'{"kind": "\xff"}', "JSON in UTF-8"),
    ],
    ids=lambda part: str(part)[:20],
)
def test_what_is_no_json_object_is_refused(text: str | bytes, expected: str) -> None:
    with pytest.raises(RequestError, match=re.escape(expected)):
        answer_json("pnl", text)


def test_an_unknown_calculator_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="calculator: expected one of pnl, margin, liquidation"):
        answer("profit", {})


NULLS = [
    ("pnl", {**PNL, "exit_price": None}, ["exit_price"]),
    ("pnl", {**PNL, "entry_price": None, "side": None}, ["side", "entry_price"]),
    ("pnl", {"kind": "linear", "fills": None}, ["fills"]),
    ("margin", {"kind": "linear", "notional": 5, "tiers": None}, ["tiers"]),
    ("margin", {"kind": "linear", "equity": 5, "other_maintenance_margin": None}, ["other_maintenance_margin"]),
    ("liquidation", {**LIQUIDATION, "margin": None}, ["margin"]),
    ("liquidation", {**LIQUIDATION, "entry_price": None}, ["entry_price"]),
    ("liquidation", {**LIQUIDATION, "maintenance_rate": None, "margin": None}, ["margin", "maintenance_rate"]),
    ("liquidation", {**LIQUIDATION, "mark_price": None, "requirement_at": "at_mark"}, ["mark_price"]),
    (
        "liquidation",
        {
            "kind": "linear",
            "side": "short",
            "quantity": 1,
            "entry_price": 9,
            "margin_mode": "cross",
            "wallet_balance": 9,
            "other_unrealised": None,
            "maintenance_rate": 0,
        },
        ["other_unrealised"],
    ),
    ("funding", {**FUNDING, "mark_price": None}, ["mark_price"]),
    ("funding", {**FUNDING, "interval_hours": None}, ["interval_hours"]),
    ("funding", {"kind": "linear", "rate_formula": {"premium": None, "interest": 0}}, ["rate_formula.premium"]),
    (
        "funding",
        {"kind": "linear", "rate_formula": {"premium_samples": None, "interest": 0}},
        ["rate_formula.premium_samples"],
    ),
    ("pnl", {**PNL, "initial_margin": None}, ["initial_margin"]),
    ("pnl", {"kind": "linear", "gross": None}, ["gross"]),
    ("basis", {**BASIS, "price": None, "spot_price": None}, ["price", "spot_price"]),
    ("basis", {"spot_price": 1, "bid_price": 1, "ask_price": None, "days": None}, ["ask_price", "days"]),
    ("basis", {"spot_price": 1, "price": 1, "expiry": EXPIRY, "now": None}, ["now"]),
    ("basis", {**BASIS, "far": None, "coins": None}, ["far", "coins"]),
    ("basis", {**BASIS, "far": {"price": None, "days": None}}, ["far.price", "far.days"]),
    ("carry", {**CARRY, "rate": None, "notional": None}, ["rate", "notional"]),
    ("carry", {**CARRY, "quantity": 1, "mark_price": None}, ["mark_price"]),
    ("carry", {**CARRY, "settled_rates": None, "budget": None}, ["settled_rates", "budget"]),
    (
        "attribution",
        {**BAG, "bag": [{**BTC, "quantity": None, "end_price": None}]},
        ["bag.0.quantity", "bag.0.end_price"],
    ),
    ("attribution", {**BAG, "contracts": [{**LEG, "entry_price": None}]}, ["contracts.0.entry_price"]),
    ("attribution", {**BAG, "contracts": [{**LEG, "end_spot": None}]}, ["contracts.0.end_spot"]),
    (
        "attribution",
        {"currency": "USD", "bag": [{**BTC, "start_price": None}], "contracts": [LEG]},
        ["bag.0.start_price"],
    ),
    ("attribution", {**BAG, "cost": None}, ["cost"]),
    ("hedge-size", {"kind": "linear", "bag_value": 5, "price": None, "target_ratio": None}, ["target_ratio", "price"]),
    ("volatility", {"candles": None}, ["candles"]),
    ("volatility", {**VOLATILITY, "estimator": "ewma", "previous_volatility": None}, ["previous_volatility"]),
    ("touch", {"price": None, "barrier": None, "volatility": None}, ["price", "barrier", "volatility"]),
    ("touch", {**TOUCH, "days": None}, ["days"]),
    ("touch", {**TOUCH, "cash": 5, "years": None}, ["years"]),
    ("beta", {"hedge_returns": None, "bag_returns": [1, 2, 3]}, ["hedge_returns"]),
    ("beta", {"hedge_prices": [1, 2, 3], "bag_prices": None}, ["bag_prices"]),
    ("beta", {**BETA, "held_ratio": None}, ["held_ratio"]),
    ("adl", {"profit_ratio": None, "effective_leverage": 1}, ["profit_ratio"]),
    ("adl", {"profit_ratio": 1, "effective_leverage": None}, ["effective_leverage"]),
    ("adl", {**ENTERED, "mark_price": None, "margin": None, "quantity": None}, ["margin", "mark_price", "quantity"]),
    ("adl", {**SCORED, "quantity": 1, "queue": [{"score": 1, "quantity": None}]}, ["queue.0.quantity"]),
    (
        "adl",
        {"rule": "account", "wallet_balance": None, "unrealised": 1, "margin_ratio": None},
        ["wallet_balance", "margin_ratio"],
    ),
    ("beta", {"r_squared": None}, ["r_squared"]),
    ("beta", {"correlation": None}, ["correlation"]),
    ("beta", {"hedged_variance": None, "bag_variance": None}, ["hedged_variance", "bag_variance"]),
    ("beta", {"hedged_returns": None, "bag_returns": [1, 2]}, ["hedged_returns"]),
    ("beta", {**BETA, "later_bag_returns": None, "later_hedge_returns": [1]}, ["later_bag_returns"]),
    ("beta", {**BETA, **LATER, "garch": None}, ["garch"]),
    ("value-at-risk", {"profits": None}, ["profits"]),
    ("value-at-risk", {"deviations": [1, 2], "correlation": None}, ["correlation"]),
    ("value-at-risk", {"deviation": 1, "confidence": None}, ["confidence"]),
    ("band", {**BAND, "exposure": None}, ["exposure"]),
    ("band", {**BAND, "held": None}, ["held"]),
    ("band", {**FUTURES, "cost_rate": None}, ["cost_rate"]),
    ("account", {**ACCOUNT, "wallet_balance": None}, ["wallet_balance", "positions.0.leverage"]),
    ("account", with_position(mark_price=None, leverage=2), ["positions.0.mark_price"]),
    (
        "account",
        {
            "positions": [{**POSITION, "leverage": 2}],
            "collateral": [{"asset": "ETH", "amount": 1, "price": None}],
            "backing": "all_coins",
        },
        ["collateral.0.price"],
    ),
    ("chooser", {**CHOOSER, "target_ratio": None}, ["target_ratio"]),
    ("collateral", {"balances": [{"asset": "A", "amount": None, "price": 1}]}, ["balances.0.amount"]),
]


@pytest.mark.parametrize(("name", "request_", "missing"), NULLS, ids=lambda part: str(part)[:60])
def test_null_means_not_known_and_gives_no_number(name: str, request_: dict[str, Any], missing: list[str]) -> None:
    assert json.loads(answer_json(name, json.dumps(request_))) == {"status": "unknown", "missing": missing}


@pytest.mark.parametrize("sent", [None, "", " ", "0", 0, "0.00", "--", "-", "null", "None", "N/A", "-5"])
def test_what_a_venue_prints_for_no_liquidation_price_is_unknown_and_never_compared(sent: object) -> None:
    (pool,) = answer("account", with_position(liquidation_price=sent))["pools"]
    venue = pool["positions"][0]["venue"]
    assert venue["venue"]["status"] == "unknown"
    assert [venue[name] for name in ("difference", "fraction", "disputed", "nearer")] == [None] * 4


def test_a_price_known_to_be_unknown_is_not_replaced_by_a_mark() -> None:
    found = answer("account", {**ACCOUNT, "coin_prices": {"BTC": None}})
    unknown = {"status": "unknown", "missing": ["coin_prices.BTC"]}
    assert found["coins"][0]["above"]["liquidation"] == unknown
    assert found["pools"][0]["positions"][0]["liquidation"]["status"] == "ok"


def test_an_account_is_led_by_its_worst_pool_and_an_unknown_one_comes_before_a_safe_one() -> None:
    risky = {**POSITION, "margin_mode": "isolated", "leverage": 20, "name": "risky"}
    blind = {**risky, "name": "blind", "maintenance_rate": None}
    first = answer("account", {**ACCOUNT, "positions": [POSITION, risky]})
    assert first["worst_pool"] == "isolated risky short"
    second = answer("account", {**ACCOUNT, "positions": [POSITION, risky, blind]})
    assert second["worst_pool"] == "isolated blind short"
    assert [pool["state"] for pool in second["pools"]] == ["safe", "safe", "unknown"]
    gone = {**risky, "name": "gone", "entry_price": 50}
    third = answer("account", {**ACCOUNT, "positions": [POSITION, risky, blind, gone]})
    assert third["worst_pool"] == "isolated gone short"
    assert third["pools"][-1]["state"] == "past"
    assert third["coins"][0]["above"]["pool"] == "isolated gone short"


def test_a_null_that_is_not_needed_changes_nothing() -> None:
    unneeded = {**LIQUIDATION, "leverage": None, "equity": None, "tiers": None, "mark_price": None}
    assert answer("liquidation", unneeded) == answer("liquidation", LIQUIDATION)


def test_an_unneeded_null_among_the_prices_of_an_attribution_changes_nothing() -> None:
    idle = {"kind": "linear", "asset": "ETH", "start_mark": None, "end_mark": 5, "start_spot": None, "end_spot": None}
    with_idle = answer("attribution", {**BAG, "contracts": [LEG, idle]})
    assert with_idle == answer("attribution", {**BAG, "contracts": [LEG]})


def test_a_position_and_a_gross_that_is_not_known_make_a_profit() -> None:
    assert answer("pnl", {**PNL, "gross": None}) == answer("pnl", PNL)


def test_a_number_and_its_string_are_the_same_and_lose_no_digit() -> None:
    long = "0.12345678901234567890123456789012345678"
    text = '{"kind": "linear", "side": "long", "quantity": %s, "entry_price": 1, "exit_price": 2}'
    as_number, as_string = answer_json("pnl", text % long), answer_json("pnl", text % f'"{long}"')
    assert as_number == as_string
    assert json.loads(as_number)["gross"] == long


def test_a_float_from_python_is_refused_because_it_has_lost_digits() -> None:
    with pytest.raises(RequestError, match="quantity: expected a decimal number"):
        answer("pnl", {**PNL, "quantity": 0.1})


def figures(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return [leaf for inner in part.values() for leaf in figures(inner)]
    if isinstance(part, list):
        return [leaf for inner in part for leaf in figures(inner)]
    return [part]


@pytest.mark.parametrize("name", CALCULATORS)
def test_an_answer_holds_no_json_number(name: str) -> None:
    for request in GOLDEN[name]:
        for leaf in figures(json.loads(answer_json(name, json.dumps(request)))):
            assert leaf is None or isinstance(leaf, str | bool)


def test_plain_notation_for_large_and_small() -> None:
    tiny = answer("pnl", {**PNL, "quantity": Decimal("1e-12"), "entry_price": 100, "exit_price": 101})
    assert (tiny["gross"], tiny["quantity"]) == ("0.000000000001", "0.000000000001")
    huge = answer("pnl", {**PNL, "quantity": "1e20"})
    assert huge["gross"] == "1" + "0" * 21


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 100_000),
    st.sampled_from(["long", "short", "linear", "inverse", "quanto", "cross", "at_entry", "", "abc", "NaN", "1e39"]),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000).map(str),
    st.sampled_from(["0", "-1", "0.5", "1e-39", "9e39", "0.999"]),
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", CALCULATORS)
@given(data=st.data())
def test_any_request_is_answered_or_refused_and_never_anything_else(name: str, data: st.DataObject) -> None:
    """A worked request with some of its fields replaced, removed or added at random.

    What is refused must be refused with RequestError; any other exception fails the test.
    """
    request = dict(data.draw(st.sampled_from(GOLDEN[name])))
    known = sorted(CALCULATORS[name].request.model_fields)
    for field in data.draw(st.lists(st.sampled_from(known), max_size=4)):
        request[field] = data.draw(JUNK)
    for field in data.draw(st.lists(st.sampled_from(known), max_size=2)):
        request.pop(field, None)
    try:
        found = json.loads(answer_json(name, json.dumps(request)))
    except RequestError:
        return
    assert found["status"] in STATUSES
    if found["status"] == "unknown":
        assert found["missing"]
    for leaf in figures(found):
        assert leaf is None or isinstance(leaf, str | bool)


@pytest.mark.parametrize("name", CALCULATORS)
def test_the_schema_describes_every_field_of_request_and_answer(name: str) -> None:
    found = schema(name)
    request = found["request"]
    assert request["additionalProperties"] is False
    for request_made in GOLDEN[name]:
        assert request_made.keys() <= request["properties"].keys()
        assert set(request.get("required", ())) <= request_made.keys()
    undescribed = [field for field, about in request["properties"].items() if "description" not in about]
    assert not undescribed
    answers = found["answer"]["$defs"]
    for request_made in GOLDEN[name]:
        keys = answer(name, {key: _exact(value) for key, value in request_made.items()}).keys()
        assert any(keys == described.get("properties", {}).keys() for described in answers.values())


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value
