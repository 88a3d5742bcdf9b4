"""``band``: how far a hedge may stray before it pays to trade, and what to trade then."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import Estimate, EstimateAnswer, estimating, known, maybe
from core.calculators.fields import NotNegative, Number, Positive, Request, Unknown
from core.exact import ONE, ZERO
from core.explain import note
from core.stats.bands import (
    Greeks,
    TradeTo,
    Upkeep,
    black_scholes,
    decide,
    edge_trading,
    futures_half_width,
    practical_half_width,
    target_trading,
    whalley_wilmott_half_width,
)

_ONLY = {
    "option": ("gamma", "strike", "log_moneyness", "years", "rate", "dividend_yield", "option"),
    "futures": ("tracking_volatility",),
    "practical": ("exposure", "ratio_points", "money", "estimation_half_width"),
}
_PRICED = ("price", "cost_rate", "risk_aversion")


class BandRequest(Request):
    """A no-trade band around a hedge's target.

    option: Whalley and Wilmott's band around an option's delta; futures: the same law for a futures hedge whose target
    wanders; practical: a limit in ratio points or in money, whichever is reached first. With held, what to trade.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "method": "futures",
                    "price": "60000",
                    "cost_rate": "0.0005",
                    "tracking_volatility": "0.6",
                    "volatility": "0.6",
                    "risk_aversion": "0.000002",
                    "target": "2.5",
                    "held": "2.75",
                },
                {
                    "method": "practical",
                    "exposure": "363000",
                    "ratio_points": "0.1",
                    "money": "20000",
                    "target": "0.5",
                    "held": "0.413",
                    "trade_to": "half",
                },
            ]
        }
    )

    method: Literal["option", "futures", "practical"] = Field(description="Which band.")
    price: Positive | None = Field(default=None, description="Price of the coin, quote.")
    cost_rate: NotNegative | None = Field(
        default=None, description="Cost of a trade, a fraction of its value: fee and half the spread (0.0005 is 5 bp)."
    )
    risk_aversion: Positive | None = Field(
        default=None,
        description="Risk aversion per unit of money: 1 / the money whose loss would hurt. option: 1 where left out.",
    )
    volatility: Positive | None = Field(default=None, description="Volatility of the price a year, a fraction.")
    tracking_volatility: Positive | None = Field(
        default=None, description="futures: how far the target wanders, coins per square root of a year."
    )
    gamma: Number | None = Field(
        default=None, description="option: gamma per unit of price. Left out: Black and Scholes's, with their delta."
    )
    strike: Positive | None = Field(default=None, description="option: strike, quote. Left out: 1, or from the price.")
    log_moneyness: Number | None = Field(
        default=None, description="option: ln(price / strike), instead of price or strike."
    )
    years: Positive | None = Field(default=None, description="option: time to expiry, years.")
    rate: Number = Field(default=ZERO, description="option: interest a year, continuous, a fraction.")
    dividend_yield: Number = Field(default=ZERO, description="option: yield of the coin a year, continuous.")
    option: Literal["call", "put"] = Field(default="call", description="option: its kind.")
    exposure: Positive | None = Field(
        default=None, description="practical: value of the bag times its beta, in quote: what a ratio of 1 hedges."
    )
    ratio_points: Positive | None = Field(
        default=None, description="practical: limit in hedge ratio: 0.05 is 5 points."
    )
    money: Positive | None = Field(default=None, description="practical: limit in quote unhedged or over-hedged.")
    estimation_half_width: NotNegative | None = Field(
        default=None,
        description="practical: half the confidence interval of the ratio; no band is narrower than what is known.",
    )
    target: Number | None = Field(
        default=None,
        description="Middle of the band: coins (futures), delta (option; left out: Black and Scholes's), ratio "
        "(practical).",
    )
    held: Number | None = Field(default=None, description="What is held now, in the unit and with the sign of target.")
    trade_to: TradeTo = Field(
        default="edge", description="Outside the band trade to its edge, halfway to the target, or to the target."
    )


class BandAnswer(EstimateAnswer):
    """Widths in coins (futures), coins per option (option), or ratio points (practical)."""

    method: Literal["option", "futures", "practical"]
    half_width: Estimate = Field(description="From the target to either edge.")
    set_by: Literal["cost", "ratio", "money", "estimation"] = Field(description="What made it so wide.")
    delta: Estimate | None = Field(description="The option's, where it was computed.")
    gamma: Estimate | None = Field(description="The option's.")
    target: Estimate | None
    low: Estimate | None = Field(
        description="target - half_width; null without a target.", json_schema_extra=by("target - half_width")
    )
    high: Estimate | None = Field(description="target + half_width.", json_schema_extra=by("target + half_width"))
    outside: bool | None = Field(description="Whether held lies outside; null without held.")
    hold: Estimate | None = Field(description="What to hold: held inside the band.")
    trade: Estimate | None = Field(
        description="hold - held; + more, - less of what is held.", json_schema_extra=by("hold - held")
    )
    edge_turnover: Estimate | None = Field(
        description="futures: coins traded a year, trading to the edge.",
        json_schema_extra=by("tracking_volatility ** 2 / (2 * half_width)"),
    )
    edge_mean_square: Estimate | None = Field(
        description="futures: mean square miss of that, coins^2.", json_schema_extra=by("half_width ** 2 / 3")
    )
    target_turnover: Estimate | None = Field(
        description="futures: coins traded a year, trading to the target.",
        json_schema_extra=by("tracking_volatility ** 2 / half_width"),
    )
    target_mean_square: Estimate | None = Field(
        description="futures: mean square miss of that, coins^2.", json_schema_extra=by("half_width ** 2 / 6")
    )


class _Band(NamedTuple):
    half_width: float
    set_by: Literal["cost", "ratio", "money", "estimation"] = "cost"
    greeks: Greeks | None = None
    gamma: float | None = None
    edge: Upkeep | None = None
    middle: Upkeep | None = None


@estimating
def band(request: BandRequest) -> BandAnswer | Unknown:
    """Answer a ``band`` request. Raises RequestError for fields that are lacking or contradict each other."""
    for method, names in _ONLY.items():
        if method != request.method:
            request.refuse(f"beside method {request.method}", *names)
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    makers = {"option": _option, "futures": _futures, "practical": _practical}
    return _answer(request, makers[request.method](request))


def _missing(request: BandRequest) -> tuple[str, ...]:
    gaps: list[tuple[str, ...]] = []
    if request.method == "practical":
        request.refuse("beside method practical", *_PRICED, "volatility")
        gaps += [request.lacking("exposure"), request.lacking("ratio_points", "money")]
    elif request.method == "futures":
        gaps += [request.lacking(name) for name in (*_PRICED, "tracking_volatility", "volatility")]
    else:
        gaps.append(request.lacking("cost_rate"))
        gaps += _option_gaps(request)
    if request.held is not None and not (request.method == "option" and request.gamma is None):
        gaps.append(request.lacking("target", why="beside held"))
    optional = ("target", "held", "estimation_half_width", "ratio_points", "money", "gamma", "risk_aversion")
    gaps += [(name,) for name in optional if request.given(name) and getattr(request, name) is None]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _option_gaps(request: BandRequest) -> list[tuple[str, ...]]:
    if request.gamma is not None:
        request.refuse("beside gamma", "strike", "log_moneyness", "volatility", "dividend_yield", "option")
        return [request.lacking("price")]
    if request.given("gamma"):
        return [request.lacking("gamma")]
    if request.price is not None and request.strike is not None:
        request.exclude_each_other("strike", "log_moneyness")
    gaps = [request.lacking("years"), request.lacking("volatility")]
    if request.log_moneyness is None:
        gaps += [request.lacking("price", "log_moneyness"), request.lacking("strike", "log_moneyness")]
    return gaps


def _option(request: BandRequest) -> _Band:
    if request.gamma is not None:
        spot, greeks, gamma = known(request.price), None, float(request.gamma)
    else:
        spot, strike = _spot_and_strike(request)
        rate, yield_ = float(request.rate), float(request.dividend_yield)
        greeks = black_scholes(
            spot, strike, known(request.years), known(request.volatility), rate, yield_, request.option
        )
        gamma = greeks.gamma
    discount = math.exp(-float(request.rate) * float(request.years or ZERO))
    note("discount", "exp(-rate * years)", discount, {"rate": request.rate, "years": float(request.years or ZERO)})
    aversion = float(request.risk_aversion or ONE)
    width = whalley_wilmott_half_width(spot, gamma, known(request.cost_rate), aversion, discount)
    return _Band(width, greeks=greeks, gamma=gamma)


def _spot_and_strike(request: BandRequest) -> tuple[float, float]:
    spot, strike = maybe(request.price), maybe(request.strike)
    if request.log_moneyness is None:
        return known(request.price), known(request.strike)
    ratio = math.exp(float(request.log_moneyness))
    note("price over strike", "exp(log_moneyness)", ratio, {"log_moneyness": request.log_moneyness})
    if spot is not None:
        return spot, spot / ratio
    strike = 1.0 if strike is None else strike
    return strike * ratio, strike


def _futures(request: BandRequest) -> _Band:
    wander = known(request.tracking_volatility)
    width = futures_half_width(
        known(request.price), known(request.cost_rate), wander, known(request.volatility), known(request.risk_aversion)
    )
    if not width:
        return _Band(width)
    return _Band(width, edge=edge_trading(width, wander), middle=target_trading(width, wander))


def _practical(request: BandRequest) -> _Band:
    found = practical_half_width(
        known(request.exposure),
        maybe(request.ratio_points),
        maybe(request.money),
        maybe(request.estimation_half_width),
    )
    return _Band(found.half_width, set_by=found.set_by)


def _answer(request: BandRequest, found: _Band) -> BandAnswer:
    target = maybe(request.target)
    if target is None and found.greeks is not None:
        target = found.greeks.delta
    held = maybe(request.held)
    decision = None
    if held is not None and target is not None:
        decision = decide(held, target, found.half_width, request.trade_to)
    return BandAnswer(
        method=request.method,
        half_width=found.half_width,
        set_by=found.set_by,
        delta=None if found.greeks is None else found.greeks.delta,
        gamma=found.gamma,
        target=target,
        low=None if target is None else target - found.half_width,
        high=None if target is None else target + found.half_width,
        outside=None if decision is None else decision.outside,
        hold=None if decision is None else decision.hold,
        trade=None if decision is None else decision.trade,
        edge_turnover=None if found.edge is None else found.edge.turnover,
        edge_mean_square=None if found.edge is None else found.edge.mean_square_miss,
        target_turnover=None if found.middle is None else found.middle.turnover,
        target_mean_square=None if found.middle is None else found.middle.mean_square_miss,
    )
