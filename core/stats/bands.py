"""When to rebalance: half-widths of no-trade bands, what trading at them costs, and where to trade to.

Small bands cost fees, wide ones leave risk; the best half-width goes with the cube root of the cost.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from core.errors import RequestError
from core.explain import explained, note
from core.stats.distributions import normal_below, normal_density
from core.stats.guards import above_zero, not_negative, real

TradeTo = Literal["edge", "half", "target"]
_SHARE_LEFT = {"edge": 1.0, "half": 0.5, "target": 0.0}


class Greeks(NamedTuple):
    """An option's delta (coins per coin) and gamma (delta per unit of price)."""

    delta: float
    gamma: float


class Upkeep(NamedTuple):
    """What a band costs in the long run: coins traded a year, and the mean square of the miss, in coins²."""

    turnover: float
    mean_square_miss: float


class Practical(NamedTuple):
    """A half-width in ratio points (fractions), and which limit set it: ``ratio``, ``money`` or ``estimation``."""

    half_width: float
    set_by: Literal["ratio", "money", "estimation"]


class Decision(NamedTuple):
    """Whether to trade, the position to hold, and the trade towards it (signed)."""

    outside: bool
    hold: float
    trade: float


def black_scholes(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float = 0.0,
    yield_: float = 0.0,
    kind: Literal["call", "put"] = "call",
) -> Greeks:
    """Delta and gamma of a European option; rates continuous a year. Source: Hull, ch. 19 (with Merton's yield)."""
    spread = above_zero("volatility", volatility) * math.sqrt(above_zero("years", years))
    drift = real("rate", rate) - real("yield_", yield_)
    d1 = (
        math.log(above_zero("spot", spot) / above_zero("strike", strike)) / spread + drift * years / spread + spread / 2
    )
    shrink = math.exp(-yield_ * years)
    delta = shrink * (normal_below(d1) if kind == "call" else -normal_below(-d1))
    gamma = shrink * normal_density(d1) / (spot * spread)
    formula = "ln(spot / strike) / spread + (rate - dividend_yield) * years / spread + spread / 2"
    source = "Hull, Options, Futures, ch. 19"
    note("spread", "volatility * sqrt(years)", spread, {"volatility": volatility, "years": years})
    given = {"spot": spot, "strike": strike, "spread": spread, "rate": rate, "dividend_yield": yield_, "years": years}
    note("d1", formula, d1, given, source=source)
    at = {"d1": d1, "dividend_yield": yield_, "years": years}
    below = "Phi(d1)" if kind == "call" else "-Phi(-d1)"
    note("delta", f"exp(-dividend_yield * years) * {below}", delta, at, source=source)
    formula = "exp(-dividend_yield * years) * phi(d1) / (spot * spread)"
    note("gamma", formula, gamma, {**at, "spot": spot, "spread": spread}, source=source)
    return Greeks(delta, gamma)


@explained(
    "cbrt(1.5 * cost_rate * discount * spot * gamma ** 2 / risk_aversion)",
    source="Whalley and Wilmott, Mathematical Finance 7 (1997)",
)
def whalley_wilmott_half_width(
    spot: float, gamma: float, cost_rate: float, risk_aversion: float = 1.0, discount: float = 1.0
) -> float:
    """``(3 k e^{-rT} S Γ² / (2 γ))^{1/3}`` around an option's delta, in coins per option; trade to the edge.

    ``cost_rate`` k is a fraction of the value traded, ``risk_aversion`` γ is per money, ``discount`` the factor
    e^{-rT}. Source: Whalley and Wilmott, Mathematical Finance 7 (1997).
    """
    cost = not_negative("cost_rate", cost_rate) * above_zero("discount", discount)
    square = real("gamma", gamma) ** 2
    return math.cbrt(1.5 * cost * above_zero("spot", spot) * square / above_zero("risk_aversion", risk_aversion))


@explained("cbrt(1.5 * cost_rate * tracking_volatility ** 2 / (risk_aversion * volatility ** 2 * spot))", unit="coin")
def futures_half_width(
    spot: float, cost_rate: float, tracking_volatility: float, volatility: float, risk_aversion: float
) -> float:
    """``(3 k ν² / (2 γ σ² S))^{1/3}``, coins, around a target that wanders by ν coins per √year.

    Least of ``½ γ σ² S² H²/3 + k S ν²/(2 H)``: risk of the miss against cost of the turnover, a year. ``volatility`` σ
    is a fraction a year, ``risk_aversion`` γ per money. With ν = Γ σ S it is Whalley and Wilmott's band.
    """
    risk = above_zero("risk_aversion", risk_aversion) * above_zero("volatility", volatility) ** 2
    wander = not_negative("tracking_volatility", tracking_volatility) ** 2
    return math.cbrt(1.5 * not_negative("cost_rate", cost_rate) * wander / (risk * above_zero("spot", spot)))


def edge_trading(half_width: float, tracking_volatility: float) -> Upkeep:
    """Trading back to the band's edge: turnover ``ν²/(2H)`` a year, mean square miss ``H²/3``."""
    width, wander = above_zero("half_width", half_width), not_negative("tracking_volatility", tracking_volatility)
    return Upkeep(wander**2 / (2 * width), width**2 / 3)


def target_trading(half_width: float, tracking_volatility: float) -> Upkeep:
    """Trading back to the target itself: turnover ``ν²/H`` a year, mean square miss ``H²/6``."""
    width, wander = above_zero("half_width", half_width), not_negative("tracking_volatility", tracking_volatility)
    return Upkeep(wander**2 / width, width**2 / 6)


def practical_half_width(
    exposure: float,
    ratio_points: float | None = None,
    money: float | None = None,
    estimation: float | None = None,
) -> Practical:
    """The narrower of a limit in ratio points and one in money unhedged, but never inside the estimate's own error.

    ``exposure`` is the bag in quote times beta, ``money`` the amount of it that may go unhedged or over-hedged,
    ``estimation`` the half-width of the confidence interval of the hedge ratio. All but exposure may be left out, not
    both limits. Raises RequestError for limits that are not above zero.
    """
    worth = above_zero("exposure", exposure)
    limits = []
    if ratio_points is not None:
        limits.append(Practical(above_zero("ratio_points", ratio_points), "ratio"))
    if money is not None:
        limits.append(Practical(above_zero("money", money) / worth, "money"))
        note("limit in money", "money / exposure", limits[-1].half_width, {"money": money, "exposure": worth})
    if not limits:
        raise RequestError("ratio_points", "a limit in ratio points or money", "neither")
    narrow = min(limits)
    widths = [limit.half_width for limit in limits]
    told: dict[str, object] = {"limits": widths, "estimation": estimation or 0.0}
    width = max(narrow.half_width, estimation or 0.0)
    note("half width", "max(min(limits), estimation)", width, told)
    if estimation is not None and not_negative("estimation", estimation) > narrow.half_width:
        return Practical(float(estimation), "estimation")
    return narrow


def decide(held: float, target: float, half_width: float, trade_to: TradeTo = "edge") -> Decision:
    """Hold still inside the band and on its edge; outside trade to the edge, halfway from it, or the target.

    Halfway (trigger at H, trade to H/2) is a hysteresis: the next small move does not trade again. Any unit, the same
    for all three.
    """
    miss = real("held", held) - real("target", target)
    width = not_negative("half_width", half_width)
    if abs(miss) <= width:
        note("hold", "held", float(held), {"held": float(held)})
        return Decision(False, float(held), 0.0)
    left, side = _SHARE_LEFT[trade_to], math.copysign(1, miss)
    hold = target + math.copysign(left * width, miss)
    given = {"target": target, "side": side, "share_left": left, "half_width": width}
    note("hold", "target + side * share_left * half_width", hold, given)
    return Decision(True, hold, hold - held)
