"""Published cases (exchange rows, help pages, other projects' tests) asked of the public calculators.

Each function takes a case's inputs and returns our figures under the names the case expects; a case that expects one
number gets it under ``""``. ``LEFT_OUT`` says which formulas of the covered topics are not asked, and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.calculators import answer_json

CASES = Path(__file__).parents[2] / ".." / "shared" / "cases" / "published.json"

Inputs = Mapping[str, Any]
Figures = dict[str, Decimal | None]

TOPICS = {
    "basis and carry",
    "bankruptcy price",
    "collateral and margin ratio",
    "entry price averaging",
    "fees",
    "funding",
    "hedge ratio",
    "liquidation price",
    "maintenance tiers",
    "margin",
    "profit and loss",
}

LEFT_OUT = {
    "bingx_inverse_joint": "infers a rate from two displayed figures; no calculator runs backwards",
    "bingx_standard_margin_rate": "one venue's own ratio, with its own adjustment factor",
    "collateral_rates": "collateral in other coins",
    "convert_to_cover": "collateral in other coins",
    "haircut_value": "collateral in other coins",
    "liq_multi_collateral_short": "collateral in other coins",
    "hedge_residual_variance": "statistics of the hedge ratio, not its size",
    "mv_hedge": "statistics of the hedge ratio, not its size",
    "mv_hedge_from_data": "statistics of the hedge ratio, not its size",
    "kucoin_isolated": "one venue's own commission on value plus margin",
}


def ask(name: str, **fields: Any) -> dict[str, Any]:
    """One calculator's answer, by way of JSON text; fields that are ``None`` are left out."""
    request = {key: value for key, value in fields.items() if value is not None}
    found: dict[str, Any] = json.loads(answer_json(name, json.dumps(request, default=str)))
    return found


def figure(found: Mapping[str, Any], name: str) -> Decimal | None:
    """A figure of an answer; ``None`` where it is null or the answer has no figures."""
    value = found.get(name)
    return None if value is None else Decimal(value)


def side(inputs: Inputs) -> str:
    return "long" if inputs["side"] > 0 else "short"


def contract(inputs: Inputs) -> dict[str, Any]:
    """Kind and size as a request has them: inverse cases state dollars, linear ones coins or contracts."""
    if "usd" in inputs:
        return {"kind": "inverse", "quantity": inputs["usd"]}
    return {"kind": "linear", "quantity": inputs.get("qty", Decimal(1)), "contract_size": inputs.get("mult")}


def position(inputs: Inputs) -> dict[str, Any]:
    return {**contract(inputs), "side": side(inputs), "entry_price": inputs.get("entry")}


def profit(inputs: Inputs) -> Figures:
    return {"": figure(ask("pnl", **position(inputs), exit_price=inputs["exit"]), "gross")}


def profit_in_satoshi(inputs: Inputs) -> Figures:
    gross = profit(inputs)[""]
    return {"": None if gross is None else gross * 10**8}


def average_entry(kind: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        fills = [{"side": "buy", "quantity": quantity, "price": price} for quantity, price in inputs["fills"]]
        return {"": figure(ask("pnl", kind=kind, fills=fills), "entry_price")}

    return of


def round_trip(inputs: Inputs) -> Figures:
    found = ask(
        "pnl",
        **position(inputs),
        exit_price=inputs["exit"],
        open_fee_rate=inputs["fee_open"],
        close_fee_rate=inputs["fee_close"],
    )
    return {name: figure(found, name) for name in ("gross", "fees", "net")}


def synthetic_dollar(inputs: Inputs) -> Figures:
    found = ask(
        "pnl",
        kind="inverse",
        side="short",
        quantity=inputs["usd"],
        entry_price=inputs["entry"],
        exit_price=inputs["price"],
        wallet_balance=inputs["coin"],
    )
    return {"coin": figure(found, "equity"), "usd": figure(found, "equity_quote")}


def return_on_margin(inputs: Inputs) -> Figures:
    """A venue's ROE, where the profit and what was put up for it are printed."""
    found = ask("pnl", kind="linear", gross=inputs["num"], initial_margin=inputs["den"])
    return {"": figure(found, "return_on_margin")}


def net(inputs: Inputs) -> Figures:
    found = ask(
        "pnl",
        kind="linear",
        gross=inputs["gross"],
        fees_paid=inputs["fees"],
        funding=inputs.get("funding"),
    )
    return {"": figure(found, "net")}


def coin_in_dollars(inputs: Inputs) -> Figures:
    coin, price = inputs["factors"]
    return {"": figure(ask("pnl", kind="inverse", gross=coin, exit_price=price), "gross_quote")}


def hedge_less_bag(inputs: Inputs) -> Figures:
    """A hedge that gains ``a`` against a bag that loses ``b``: a halving of prices that do just that."""
    gained, lost = inputs["a"], inputs["b"]
    found = ask(
        "attribution",
        currency="USD",
        bag=[{"asset": "bag", "quantity": 1, "start_price": 2 * lost, "end_price": lost}],
        contracts=[
            {
                "kind": "linear",
                "asset": "hedge",
                "quantity": -1,
                "start_mark": 2 * gained,
                "end_mark": gained,
                "start_spot": 2 * gained,
                "end_spot": gained,
            }
        ],
    )
    return {"": figure(found, "hedged")}


def basis(inputs: Inputs) -> Figures:
    found = ask("basis", spot_price=inputs["spot"], price=inputs["future"], days=inputs["days"])
    return {"basis": figure(found, "basis"), "simple": figure(found, "annualised")}


def fee(inputs: Inputs) -> Figures:
    found = ask("margin", kind="linear", notional=inputs["notional"], closing_fee_rate=inputs["rate"])
    return {"": figure(found, "closing_fee")}


def two_way_fee(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        **contract(inputs),
        side=side(inputs),
        entry_price=inputs["price"],
        leverage=inputs["leverage"],
        opening_fee_rate=inputs["rate"],
        closing_fee_rate=inputs["rate"],
        closing_fee_at="bankruptcy",
    )
    return {"": figure(found, "fees")}


def funding_payment(inputs: Inputs) -> Figures:
    found = ask("funding", **contract(inputs), side=side(inputs), mark_price=inputs["mark"], rate=inputs["rate"])
    return {"": figure(found, "payment")}


def funding_payments(inputs: Inputs) -> Figures:
    settlements = [{"mark_price": mark, "rate": rate} for mark, rate in inputs["points"]]
    return {"": figure(ask("funding", **contract(inputs), side=side(inputs), settlements=settlements), "payment")}


def funding_per_day(inputs: Inputs) -> Figures:
    found = ask(
        "funding",
        kind="linear",
        side="short",
        notional=inputs["notional"],
        rate=inputs["rate"],
        interval_hours=24 // inputs["per_day"],
    )
    return {"": figure(found, "payment_per_day")}


def funding_rate(inputs: Inputs) -> Figures:
    formula = {"premium": inputs["premium"], "interest": inputs["interest"]}
    return {"": figure(ask("funding", kind="linear", rate_formula=formula), "rate")}


def funding_interest(inputs: Inputs) -> Figures:
    rates = {"quote_per_day": inputs["quote_daily"], "base_per_day": inputs["base_daily"]}
    hours = 24 // inputs["intervals_per_day"]
    return {
        "": figure(
            ask("funding", kind="linear", rate_formula={"interest_from": rates}, interval_hours=hours), "interest"
        )
    }


def funding_cap(inputs: Inputs) -> Figures:
    margins = {"initial_rate": inputs["imr"], "maintenance_rate": inputs["mmr"]}
    return {"": figure(ask("funding", kind="linear", rate_formula={"cap_from_margins": margins}), "rate_cap")}


def annualised(inputs: Inputs) -> Figures:
    return {
        "": figure(ask("funding", kind="linear", rate=inputs["rate"], interval_hours=inputs["hours"]), "annualised")
    }


def tier_of(inputs: Inputs) -> Figures:
    tiers = [{"floor": floor, "rate": rate, "deduction": taken} for floor, rate, taken in inputs["tiers"]]
    found = ask("margin", kind="linear", notional=inputs["notional"], tiers=tiers)
    return {
        "rate": figure(found, "maintenance_rate"),
        "deduction": figure(found["tier"], "deduction"),
        "mm": figure(found, "maintenance_margin"),
    }


def deductions(inputs: Inputs) -> Figures:
    tiers = [{"floor": floor, "rate": rate} for floor, rate in zip(inputs["floors"], inputs["rates"], strict=True)]
    found = ask("margin", kind="linear", tiers=tiers)
    return {str(Decimal(tier["floor"])): Decimal(tier["deduction"]) for tier in found["tiers"]}


def last_deduction(inputs: Inputs) -> Figures:
    tiers = [{"floor": floor, "rate": rate} for floor, rate in zip(inputs["floors"], inputs["rates"], strict=True)]
    tiers[0]["deduction"] = inputs["start"]
    return {"": Decimal(ask("margin", kind="inverse", tiers=tiers)["tiers"][-1]["deduction"])}


def value(inputs: Inputs) -> Figures:
    return {"": figure(ask("margin", **contract(inputs), mark_price=inputs["price"]), "notional")}


def quanto_value(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        kind="quanto",
        quantity=inputs["contracts"],
        contract_size=inputs["multiplier"],
        mark_price=inputs["price"],
    )
    return {"": figure(found, "notional")}


def initial_margin(inputs: Inputs) -> Figures:
    found = ask("margin", **contract(inputs), mark_price=inputs["price"], leverage=inputs["leverage"])
    return {"": figure(found, "initial_margin")}


def order_cost(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        **contract(inputs),
        side=side(inputs),
        entry_price=inputs["price"],
        leverage=inputs["leverage"],
        opening_fee_rate=inputs["taker"],
        closing_fee_rate=inputs["taker"],
        closing_fee_at="bankruptcy",
    )
    return {"": figure(found, "order_cost")}


def bybit_position(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        **position(inputs),
        leverage=inputs["leverage"],
        maintenance_rate=inputs["mmr"],
        closing_fee_rate=inputs["taker"],
        closing_fee_at="bankruptcy",
    )
    return {"im": figure(found, "initial_requirement"), "mm": figure(found, "maintenance_requirement")}


def bybit_account(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        kind="linear",
        equity=inputs["margin_balance"],
        other_initial_margin=inputs["im"],
        other_maintenance_margin=inputs["mm"],
    )
    return {
        "im_rate": figure(found, "initial_usage"),
        "mm_rate": figure(found, "margin_usage"),
        "available": figure(found, "available"),
    }


def deribit_margin(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        kind="linear",
        quantity=inputs["size"],
        mark_price=inputs["price"],
        maintenance_rate=inputs["base"],
        maintenance_rate_slope=inputs["slope"],
    )
    return {"rate": figure(found, "maintenance_rate"), "margin": figure(found, "maintenance_margin")}


def okx_isolated_inverse(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        **position(inputs),
        mark_price=inputs["mark"],
        wallet_balance=inputs["margin"],
        maintenance_rate=inputs["mmr"],
        closing_fee_rate=inputs["taker"],
    )
    return {
        "upl": figure(found, "unrealised"),
        "mmr": figure(found, "maintenance_margin"),
        "mgn_ratio": figure(found, "health"),
    }


def weex_margin_rate(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        kind="linear",
        quantity=inputs["contracts"],
        contract_size=inputs["face"],
        mark_price=inputs["mark"],
        equity=inputs["margin"] + inputs["upnl"],
    )
    return {"": figure(found, "equity_to_notional")}


def bankruptcy_from_leverage(kind: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "margin",
            kind=kind,
            quantity=1,
            side=side(inputs),
            entry_price=inputs["entry"],
            leverage=inputs["leverage"],
        )
        return {"": figure(found, "bankruptcy_price")}

    return of


def bankruptcy_from_margin(inputs: Inputs) -> Figures:
    found = ask("margin", **position(inputs), wallet_balance=inputs["margin"])
    return {"": figure(found, "bankruptcy_price")}


def bybit_inverse_cross_2020(inputs: Inputs) -> Figures:
    """The old page fixes the requirement at entry value, with the fee to close at the bankruptcy price in it."""
    held = {"kind": "inverse", "side": "long", "quantity": inputs["usd"], "entry_price": inputs["entry"]}
    margin = ask(
        "margin",
        **held,
        wallet_balance=inputs["balance"],
        maintenance_rate=inputs["mmr"],
        closing_fee_rate=inputs["taker"],
        closing_fee_at="bankruptcy",
    )
    fixed = margin["maintenance_requirement"]
    found = ask("liquidation", **held, margin=inputs["balance"], maintenance_margin=fixed)
    return {
        "bust": figure(margin, "bankruptcy_price_after_fee"),
        "liq": figure(found, "liquidation_price"),
    }


def price(found: Mapping[str, Any]) -> Figures:
    return {"": figure(found, "liquidation_price")}


def liquidation(inputs: Inputs) -> Figures:
    cross = "other_upnl" in inputs or "other_mm" in inputs
    found = ask(
        "liquidation",
        **position(inputs),
        margin_mode="cross" if cross else None,
        margin=None if cross else inputs["wallet"],
        wallet_balance=inputs["wallet"] if cross else None,
        other_unrealised=inputs.get("other_upnl"),
        other_maintenance_margin=inputs.get("other_mm"),
        maintenance_rate=inputs["mmr"],
        maintenance_deduction=inputs.get("cum"),
        closing_fee_rate=inputs.get("fee"),
    )
    return price(found)


def liquidation_from_equity(inputs: Inputs) -> Figures:
    found = ask(
        "liquidation",
        **contract(inputs),
        side=side(inputs),
        margin_mode="cross",
        mark_price=inputs["mark"],
        equity=inputs["equity"],
        maintenance_rate=inputs["mmr"],
        other_maintenance_margin=inputs.get("other_mm"),
    )
    return price(found)


def liquidation_fixed_margin(inputs: Inputs) -> Figures:
    found = ask("liquidation", **position(inputs), margin=inputs["margin"], maintenance_margin=inputs["mm"])
    return price(found)


def liquidation_fixed_rate(kind: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "liquidation",
            kind=kind,
            quantity=1,
            side=side(inputs),
            entry_price=inputs["entry"],
            leverage=inputs["leverage"],
            maintenance_rate=inputs["mmr"],
            requirement_at="at_entry",
        )
        return price(found)

    return of


def kucoin_liquidation(inputs: Inputs) -> Figures:
    return liquidation_fixed_margin({**inputs, "margin": inputs["pos_margin"], "mm": inputs["pos_maint"]})


def bitmex_linear(inputs: Inputs) -> Figures:
    return {
        "bust": bankruptcy_from_leverage("linear")(inputs)[""],
        "liq": kucoin_liquidation(inputs)[""],
    }


def okx_cross(inputs: Inputs) -> Figures:
    """Equity is what the displayed margin ratio says: ratio times requirement with closing fee at mark."""
    rate = inputs["mmr"] + inputs["taker"]
    found = ask(
        "liquidation",
        **contract(inputs),
        side=side(inputs),
        margin_mode="cross",
        mark_price=inputs["mark"],
        equity=inputs["mgn_ratio"] * rate * inputs["qty"] * inputs["mark"],
        maintenance_rate=inputs["mmr"],
        closing_fee_rate=inputs["taker"],
    )
    return price(found)


def bitget_cross(inputs: Inputs) -> Figures:
    """As OKX, with the ratio the other way up and the requirement kept at today's mark."""
    owed = (inputs["mmr"] + inputs["taker"]) * inputs["qty"] * inputs["mark"]
    found = ask(
        "liquidation",
        **contract(inputs),
        side=side(inputs),
        margin_mode="cross",
        mark_price=inputs["mark"],
        equity=str(owed / inputs["margin_ratio"]),
        maintenance_rate=inputs["mmr"],
        closing_fee_rate=inputs["taker"],
        requirement_at="at_mark",
    )
    return price(found)


def weex_cross(inputs: Inputs) -> Figures:
    own = inputs["mmr"] * inputs["net_qty"] * inputs["mark"]
    found = ask(
        "liquidation",
        kind="linear",
        side="long",
        quantity=inputs["net_qty"],
        margin_mode="cross",
        mark_price=inputs["mark"],
        equity=inputs["total_value"],
        other_maintenance_margin=inputs["total_mm"] - own,
        maintenance_rate=inputs["mmr"],
    )
    return price(found)


def phemex_long(inputs: Inputs) -> Figures:
    found = ask(
        "liquidation",
        kind="linear",
        side="long",
        quantity=inputs["size"],
        entry_price=inputs["open_value"] / inputs["size"],
        margin=inputs["balance"],
        maintenance_rate=inputs["mmr"],
        maintenance_deduction=inputs["mm_amount"],
        closing_fee_rate=inputs["taker"],
    )
    return {
        "liq": figure(found, "liquidation_price"),
        "bust": figure(found, "bankruptcy_price_after_fee"),
    }


def htx(inputs: Inputs) -> Figures:
    """HTX asks for ``position margin x adjustment factor``, which is a maintenance rate of adjust / leverage.

    Its displayed risk figure is a ratio of its own and is not asked.
    """
    found = ask(
        "liquidation",
        **contract(inputs),
        side=side(inputs),
        entry_price=inputs["hold"],
        margin=inputs["static"],
        maintenance_rate=inputs["adjust"] / inputs["leverage"],
    )
    return {"liq": figure(found, "liquidation_price")}


def hedge_contracts(inputs: Inputs) -> Figures:
    found = ask(
        "hedge-size",
        kind="linear",
        bag_quantity=inputs["exposure"],
        contract_size=inputs["contract"],
        target_ratio=inputs["h"],
    )
    return {"": figure(found, "raw_quantity")}


def coins_of_a_value(inputs: Inputs) -> Figures:
    found = ask("hedge-size", kind="linear", bag_value=inputs["num"], price=inputs["den"], target_ratio=1)
    return {"": figure(found, "raw_quantity")}


def hedge_contracts_by_value(inputs: Inputs) -> Figures:
    found = ask(
        "hedge-size",
        kind="linear",
        bag_value=inputs["exposure_value"],
        price=inputs["contract_value"],
        target_ratio=inputs["h"],
    )
    return {"": figure(found, "raw_quantity")}


FORMULAS: dict[str, Callable[[Inputs], Figures]] = {
    "annualise_funding": annualised,
    "avg_entry_inverse": average_entry("inverse"),
    "avg_entry_linear": average_entry("linear"),
    "basis_annualised": basis,
    "bitget_joint": bitget_cross,
    "bitmex_linear": bitmex_linear,
    "bust_inverse": bankruptcy_from_leverage("inverse"),
    "bust_inverse_margin": bankruptcy_from_margin,
    "bust_linear": bankruptcy_from_leverage("linear"),
    "bust_linear_margin": bankruptcy_from_margin,
    "bybit_account_rates": bybit_account,
    "bybit_cross_inverse_2020": bybit_inverse_cross_2020,
    "bybit_isolated_position": bybit_position,
    "deribit_linear_margin": deribit_margin,
    "difference": hedge_less_bag,
    "fee": fee,
    "funding_cap": funding_cap,
    "funding_daily": funding_per_day,
    "funding_interest": funding_interest,
    "funding_payment": funding_payment,
    "funding_payment_inverse": funding_payment,
    "funding_payment_sum": funding_payments,
    "funding_rate": funding_rate,
    "hedge_contracts": hedge_contracts,
    "hedge_contracts_value": hedge_contracts_by_value,
    "htx_inverse": htx,
    "htx_linear": htx,
    "im_inverse": initial_margin,
    "im_linear": initial_margin,
    "im_with_fees_linear": order_cost,
    "inverse_pnl": profit,
    "inverse_pnl_sats": profit_in_satoshi,
    "kucoin_liq": kucoin_liquidation,
    "linear_pnl": profit,
    "liq_from_equity": liquidation_from_equity,
    "liq_inverse": liquidation,
    "liq_inverse_mm_at_entry": liquidation_fixed_margin,
    "liq_inverse_rate_at_entry": liquidation_fixed_rate("inverse"),
    "liq_linear": liquidation,
    "liq_linear_mm_at_entry": liquidation_fixed_margin,
    "liq_rate_at_entry": liquidation_fixed_rate("linear"),
    "liq_weex_pro": weex_cross,
    "mm_deduction_last": last_deduction,
    "mm_deductions": deductions,
    "mm_tier": tier_of,
    "net_after": net,
    "notional_inverse": value,
    "notional_linear": value,
    "okx_cross_joint": okx_cross,
    "okx_isolated_inverse": okx_isolated_inverse,
    "phemex_isolated_long": phemex_long,
    "product": coin_in_dollars,
    "quanto_value": quanto_value,
    "ratio": return_on_margin,
    "round_trip_net": round_trip,
    "synthetic_dollar": synthetic_dollar,
    "two_way_fee_inverse": two_way_fee,
    "two_way_fee_linear": two_way_fee,
    "weex_margin_rate": weex_margin_rate,
}

BY_CASE: dict[str, Callable[[Inputs], Figures]] = {
    "SEED-08": coins_of_a_value,
}
"""Cases whose formula is too general a name for what they are."""
