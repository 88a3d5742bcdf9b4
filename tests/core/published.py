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
    "barrier probability",
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
    "no-trade band",
    "profit and loss",
    "value at risk",
    "volatility estimator",
}

ESTIMATED = {"barrier probability", "hedge ratio", "no-trade band", "value at risk", "volatility estimator"}
"""Topics whose figures are statistics, which the calculators state to 12 significant digits."""

LEFT_OUT: dict[str, str] = {}


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


def kucoin_isolated(inputs: Inputs) -> Figures:
    """KuCoin's commission is on entry value plus margin; it is held beside the margin and in the requirement."""
    held = {**position(inputs), "maintenance_rate": inputs["mmr"], "closing_fee_rate": inputs["taker"]}
    own = inputs["qty"] * inputs["entry"] / inputs["leverage"] + inputs.get("extra", Decimal(0))
    found = ask("margin", **held, closing_fee_at="value_and_margin", wallet_balance=str(own))
    commission, kept = figure(found, "closing_fee"), figure(found, "maintenance_requirement")
    assert commission is not None
    price = ask("liquidation", **position(inputs), margin=str(own + commission), maintenance_margin=kept)
    return {
        "posComm": commission,
        "posMargin": own + commission,
        "posMaint": kept,
        "bust": figure(found, "bankruptcy_price"),
        "liq": figure(price, "liquidation_price"),
    }


def bingx_inverse_joint(inputs: Inputs) -> Figures:
    """The rate at which our liquidation price meets the displayed one, with the equity that the displayed risk says."""

    def price(rate: Decimal) -> Decimal:
        equity = rate * inputs["usd"] / inputs["mark"] / inputs["risk_rate"]
        found = ask(
            "liquidation",
            **contract(inputs),
            side=side(inputs),
            mark_price=inputs["mark"],
            equity=f"{equity:.40f}",
            maintenance_rate=rate,
        )
        return figure(found, "liquidation_price") or Decimal("inf")

    low, high = Decimal("0.0001"), Decimal("0.05")
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if price(middle) > inputs["liq"] else (low, middle)
    return {"": low}


def bingx_standard(inputs: Inputs) -> Figures:
    found = ask(
        "margin",
        kind="linear",
        equity=inputs["nav"],
        other_initial_margin=inputs["im"],
        adjustment_factor=inputs["adjust"],
    )
    return {"": figure(found, "margin_rate")}


def balance(**fields: Any) -> dict[str, Any]:
    return {"asset": "coin", "amount": Decimal(1), "price": Decimal(1), **fields}


def one_balance(found: Mapping[str, Any], name: str) -> Decimal | None:
    return figure(found["balances"][0], name)


def collateral_rates(inputs: Inputs) -> Figures:
    held = balance(price=inputs["index"], bid_buffer=inputs["bid_buffer"], ask_buffer=inputs["ask_buffer"])
    found = ask("collateral", balances=[held])
    return {"bid": one_balance(found, "bid_rate"), "ask": one_balance(found, "ask_rate")}


def haircut_value(inputs: Inputs) -> Figures:
    held = balance(amount=inputs["amount"], price=inputs["price"], ratio=inputs["ratio_"])
    return {"": figure(ask("collateral", balances=[held]), "value")}


def convert_to_cover(inputs: Inputs) -> Figures:
    found = ask("collateral", balances=[balance(ratio=inputs["ratio_"])], cover_debt=inputs["debt"])
    return {"": one_balance(found, "cover_value")}


def liquidation_with_coin_collateral(inputs: Inputs) -> Figures:
    short = {"name": "X", "coin": "X", "kind": "linear", "side": "short", "quantity": inputs["qty"]}
    prices = {"entry_price": inputs["entry"], "mark_price": inputs["entry"], "maintenance_rate": inputs["mmr"]}
    found = ask(
        "account",
        positions=[{**short, **prices}],
        collateral=[
            {"asset": "USDT", "amount": inputs["stable"]},
            {"asset": "X", "amount": inputs["coin"], "ratio": inputs["coin_ratio"]},
        ],
        backing="all_coins",
    )
    return {"": figure(found["pools"][0]["coins"][0]["above"], "price")}


def htx(inputs: Inputs) -> Figures:
    """HTX asks for ``position margin x adjustment factor``, which is a maintenance rate of adjust / leverage.

    Its displayed risk is what is left of equity / position margin, with the profit at the last price.
    """
    held = {**contract(inputs), "side": side(inputs), "entry_price": inputs["hold"], "leverage": inputs["leverage"]}
    risk = ask(
        "margin",
        **held,
        mark_price=inputs["last"],
        wallet_balance=inputs["static"],
        adjustment_factor=inputs["adjust"],
    )
    found = ask(
        "liquidation",
        **contract(inputs),
        side=side(inputs),
        entry_price=inputs["hold"],
        margin=inputs["static"],
        maintenance_rate=inputs["adjust"] / inputs["leverage"],
    )
    return {"liq": figure(found, "liquidation_price"), "risk": figure(risk, "margin_rate")}


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


def minimum_variance(name: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "beta",
            correlation=inputs["rho"],
            bag_deviation=inputs["sd_s"],
            hedge_deviation=inputs["sd_f"],
        )
        return {"": figure(found, name)}

    return of


def minimum_variance_from_data(inputs: Inputs) -> Figures:
    found = ask("beta", hedge_returns=inputs["fut"], bag_returns=inputs["spot"])
    names = {"sd_f": "hedge_deviation", "sd_s": "bag_deviation", "rho": "correlation", "h": "ratio"}
    return {ours: figure(found, theirs) for ours, theirs in names.items()}


def volatility_of_candles(estimator: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "volatility",
            candles=inputs["ohlc"][: int(inputs["end"])],
            estimator=estimator,
            window=inputs["n"],
            periods_per_year=inputs["N"],
        )
        return {"": figure(found, "annual")}

    return of


def volatility_of_simple_returns(inputs: Inputs) -> Figures:
    divisor = "sample" if inputs["ddof"] else "population"
    found = ask("volatility", closes=inputs["prices"], return_kind="simple", divisor=divisor)
    return {"": figure(found, "per_bar")}


def volatility_of_population(inputs: Inputs) -> Figures:
    return {"": figure(ask("volatility", closes=inputs["prices"], divisor="population"), "per_bar")}


def weighted_volatility(name: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "volatility",
            estimator="ewma",
            returns=[inputs["ret"]],
            previous_volatility=inputs["prev_vol"],
            decay=inputs["lam"],
        )
        return {"": figure(found, name)}

    return of


def touching(inputs: Inputs) -> Figures:
    found = ask(
        "touch",
        price=inputs["spot"],
        barrier=inputs["barrier"],
        volatility=inputs["vol"],
        years=inputs["t"],
        drift=inputs["drift"],
    )
    return {"": figure(found, "probability")}


def bet_on_touching(name: str) -> Callable[[Inputs], Figures]:
    def of(inputs: Inputs) -> Figures:
        found = ask(
            "touch",
            price=inputs["spot"],
            barrier=inputs["barrier"],
            volatility=inputs["vol"],
            years=inputs["t"],
            cash=inputs["cash"],
            rate=inputs["rate"],
            dividend_yield=inputs["yield_"],
        )
        return {"": figure(found["bets"], name)}

    return of


def normal_loss(inputs: Inputs) -> Figures:
    found = ask("value-at-risk", deviation=inputs["sd"], multiple=inputs["z"], days=inputs["days"])
    return {"": figure(found, "value_at_risk")}


def portfolio_deviation(inputs: Inputs) -> Figures:
    found = ask("value-at-risk", deviations=inputs["sds"], correlation=inputs["rho"])
    return {"": figure(found, "deviation")}


def whalley_wilmott(inputs: Inputs) -> Figures:
    found = ask(
        "band",
        method="option",
        log_moneyness=inputs["log_moneyness"],
        years=inputs["t"],
        volatility=inputs["vol"],
        cost_rate=inputs["cost"],
        held=inputs["prev"],
    )
    return {"": figure(found, "hold")}


FORMULAS: dict[str, Callable[[Inputs], Figures]] = {
    "annualise_funding": annualised,
    "avg_entry_inverse": average_entry("inverse"),
    "avg_entry_linear": average_entry("linear"),
    "bingx_inverse_joint": bingx_inverse_joint,
    "bingx_standard_margin_rate": bingx_standard,
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
    "collateral_rates": collateral_rates,
    "convert_to_cover": convert_to_cover,
    "deribit_linear_margin": deribit_margin,
    "ewma_var": weighted_volatility("variance_per_bar"),
    "ewma_vol": weighted_volatility("per_bar"),
    "difference": hedge_less_bag,
    "fee": fee,
    "funding_cap": funding_cap,
    "funding_daily": funding_per_day,
    "funding_interest": funding_interest,
    "funding_payment": funding_payment,
    "funding_payment_inverse": funding_payment,
    "funding_payment_sum": funding_payments,
    "funding_rate": funding_rate,
    "haircut_value": haircut_value,
    "hedge_contracts": hedge_contracts,
    "hedge_contracts_value": hedge_contracts_by_value,
    "hedge_residual_variance": minimum_variance("residual_variance"),
    "htx_inverse": htx,
    "htx_linear": htx,
    "im_inverse": initial_margin,
    "im_linear": initial_margin,
    "im_with_fees_linear": order_cost,
    "inverse_pnl": profit,
    "inverse_pnl_sats": profit_in_satoshi,
    "kucoin_isolated": kucoin_isolated,
    "kucoin_liq": kucoin_liquidation,
    "linear_pnl": profit,
    "liq_from_equity": liquidation_from_equity,
    "liq_inverse": liquidation,
    "liq_inverse_mm_at_entry": liquidation_fixed_margin,
    "liq_inverse_rate_at_entry": liquidation_fixed_rate("inverse"),
    "liq_linear": liquidation,
    "liq_linear_mm_at_entry": liquidation_fixed_margin,
    "liq_multi_collateral_short": liquidation_with_coin_collateral,
    "liq_rate_at_entry": liquidation_fixed_rate("linear"),
    "liq_weex_pro": weex_cross,
    "mm_deduction_last": last_deduction,
    "mm_deductions": deductions,
    "mm_tier": tier_of,
    "mv_hedge": minimum_variance("ratio"),
    "mv_hedge_from_data": minimum_variance_from_data,
    "no_touch_at_expiry": bet_on_touching("no_touch_at_expiry"),
    "net_after": net,
    "notional_inverse": value,
    "notional_linear": value,
    "okx_cross_joint": okx_cross,
    "okx_isolated_inverse": okx_isolated_inverse,
    "one_touch_at_expiry": bet_on_touching("one_touch_at_expiry"),
    "one_touch_at_hit": bet_on_touching("one_touch_at_hit"),
    "phemex_isolated_long": phemex_long,
    "portfolio_sd": portfolio_deviation,
    "product": coin_in_dollars,
    "quanto_value": quanto_value,
    "ratio": return_on_margin,
    "round_trip_net": round_trip,
    "synthetic_dollar": synthetic_dollar,
    "touch_probability": touching,
    "two_way_fee_inverse": two_way_fee,
    "two_way_fee_linear": two_way_fee,
    "var_normal": normal_loss,
    "vol_close": volatility_of_candles("close-to-close"),
    "vol_garman_klass": volatility_of_candles("garman-klass"),
    "vol_garman_klass_yz": volatility_of_candles("garman-klass-yang-zhang"),
    "vol_parkinson": volatility_of_candles("parkinson"),
    "vol_population": volatility_of_population,
    "vol_rogers_satchell": volatility_of_candles("rogers-satchell"),
    "vol_simple_returns": volatility_of_simple_returns,
    "vol_yang_zhang": volatility_of_candles("yang-zhang"),
    "weex_margin_rate": weex_margin_rate,
    "ww_hedge": whalley_wilmott,
}

BY_CASE: dict[str, Callable[[Inputs], Figures]] = {
    "SEED-08": coins_of_a_value,
}
"""Cases whose formula is too general a name for what they are."""
