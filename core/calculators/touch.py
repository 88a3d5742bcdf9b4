"""``touch``: how far a price is from a barrier in sigmas, and how probably it gets there."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.calculators.declared import by
from core.calculators.estimates import Estimate, EstimateAnswer, estimating, known, maybe
from core.calculators.fields import Answer, NotNegative, NoValue, Number, Positive, Request, Undefined, Unknown
from core.exact import ZERO
from core.explain import note
from core.funding import DAYS_A_YEAR
from core.stats.barrier import (
    HORIZONS_DAYS,
    SIGMA_FACTORS,
    days_at_drift,
    distance_in_sigmas,
    end_beyond_probability,
    ever_probability,
    expected_years,
    median_years,
    no_touch_at_expiry,
    one_touch_at_expiry,
    one_touch_at_hit,
    sigma_days,
    touch_probability,
    touch_ranges,
    watched_barrier,
)


class TouchRequest(Request):
    """Probability that a price touches a barrier, such as a liquidation price.

    Geometric Brownian motion, watched all the time unless watched_every_hours is given. Give volatility or
    daily_volatility, and days or years for a horizon of your own. cash asks for the value of bets on the touch.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"price": "60000", "barrier": "79800", "volatility": "0.6", "days": 30},
                {
                    "price": "105",
                    "barrier": "100",
                    "volatility": "0.2",
                    "years": "0.5",
                    "drift": "0.1",
                    "cash": "15",
                    "rate": "0.1",
                },
            ]
        }
    )

    price: Positive | None = Field(description="Price now, usually the mark price, quote per coin. Null: not known.")
    barrier: Positive | None = Field(
        description="Price whose touch is asked for, above or below the price now. Null: not known."
    )
    volatility: Positive | None = Field(
        default=None, description="Volatility a year, a fraction: 0.6 is 60%. Give it or daily_volatility."
    )
    daily_volatility: Positive | None = Field(
        default=None, description="Volatility a day, a fraction; times sqrt(365) for a year."
    )
    drift: Number = Field(
        default=ZERO,
        description="Expected growth of the price, a fraction a year, continuous. A risk display takes none; in the "
        "cases of textbooks it is rate - yield.",
    )
    days: Positive | None = Field(default=None, description="Horizon in days of a 365-day year.")
    years: Positive | None = Field(default=None, description="Horizon in years, instead of days.")
    watched_every_hours: NotNegative | None = Field(
        default=None,
        description="Where the price is only looked at every so many hours: moves the barrier away by "
        "exp(0.5826 * volatility * sqrt(interval)). Venues watch all the time: leave it out for a liquidation price.",
    )
    daily_drift: Number | None = Field(
        default=None, description="Steady log drift a day, a fraction: asks for the days to the barrier at that drift."
    )
    cash: Positive | None = Field(
        default=None, description="Amount that a one-touch or no-touch bet pays; needs a horizon."
    )
    rate: Number = Field(default=ZERO, description="Interest for cash, a fraction a year, continuous.")
    dividend_yield: Number = Field(
        default=ZERO, description="Yield of the coin, a fraction a year, continuous; the bets drift at rate - yield."
    )


class HorizonField(BaseModel):
    """Touch probability over one horizon, with its range over 0.8 to 1.3 times the volatility."""

    days: Estimate
    probability: Estimate = Field(description="At the volatility given.")
    lowest: Estimate
    highest: Estimate


class BetsField(Answer):
    """Values of bets that pay cash, in the currency of cash."""

    one_touch_at_hit: Estimate = Field(description="Paid when the barrier is touched.")
    one_touch_at_expiry: Estimate = Field(description="Paid at the horizon if the barrier was touched.")
    no_touch_at_expiry: Estimate = Field(description="Paid at the horizon if it was not.")


class TouchAnswer(EstimateAnswer):
    """Probabilities are fractions from 0 to 1; times are in days."""

    direction: Literal["up", "down", "at"] = Field(description="Where the barrier lies; at: the price is on it.")
    distance: Estimate = Field(description="barrier / price - 1, signed.", json_schema_extra=by("barrier / price - 1"))
    log_distance: Estimate = Field(
        description="abs(ln(barrier / price)).", json_schema_extra=by("abs(ln(barrier / price))")
    )
    volatility: Estimate = Field(description="A year.", json_schema_extra=by("daily_volatility * sqrt(365)"))
    watched_barrier: Estimate = Field(description="The barrier that was computed with: shifted for discrete watching.")
    sigma_days: Estimate = Field(
        description="Days after which one standard deviation reaches the barrier.",
        json_schema_extra=by("365 * (ln(watched_barrier / price) / volatility) ** 2"),
    )
    daily_sigmas: Estimate = Field(
        description="Distance in standard deviations of one day.",
        json_schema_extra=by("abs(ln(watched_barrier / price)) / (volatility * sqrt(1 / 365))"),
    )
    sigmas: Estimate | None = Field(
        description="Distance in standard deviations over the horizon.",
        json_schema_extra=by(
            "abs(ln(watched_barrier / price)) / (volatility * sqrt(days / 365))",
            "abs(ln(watched_barrier / price)) / (volatility * sqrt(years))",
        ),
    )
    probability: Estimate | None = Field(description="Of touching the barrier within the horizon.")
    probability_lowest: Estimate | None = Field(description="The least over 0.8, 1 and 1.3 times the volatility.")
    probability_highest: Estimate | None = Field(description="The greatest over the same.")
    end_beyond_probability: Estimate | None = Field(
        description="Of being beyond the barrier at the horizon: about half of touching it, and no risk of liquidation."
    )
    probability_ever: Estimate = Field(description="Of ever touching.")
    expected_days: Estimate | None = Field(description="Mean time to the touch, given that it happens.")
    median_days: Estimate | None = Field(description="Time by which the touch has probability one half.")
    days_at_drift: Estimate | None = Field(
        description="Days to the barrier at daily_drift.",
        json_schema_extra=by("abs(ln(watched_barrier / price)) / abs(daily_drift)"),
    )
    horizons: tuple[HorizonField, ...] = Field(description="Over 1, 7 and 30 days.")
    bets: BetsField | None = Field(description="Where cash was given.")
    undefined: Undefined


@estimating
def touch(request: TouchRequest) -> TouchAnswer | Unknown:
    """Answer a ``touch`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("volatility", "daily_volatility")
    request.exclude_each_other("days", "years")
    missing = _missing(request)
    if missing:
        return Unknown(missing=missing)
    sigma = maybe(request.volatility)
    if sigma is None:
        sigma = known(request.daily_volatility) * math.sqrt(DAYS_A_YEAR)
    return _answer(request, sigma)


def _missing(request: TouchRequest) -> tuple[str, ...]:
    gaps = [request.lacking("price"), request.lacking("barrier"), request.lacking("volatility", "daily_volatility")]
    if not request.given("cash"):
        request.refuse("without cash", "rate", "dividend_yield")
    if request.cash is not None:
        gaps.append(request.lacking("days", "years", why="beside cash"))
    gaps += [
        (name,) for name in ("days", "years", "daily_drift", "cash", "watched_every_hours") if _null(request, name)
    ]
    return tuple(dict.fromkeys(name for gap in gaps for name in gap))


def _null(request: TouchRequest, name: str) -> bool:
    return request.given(name) and getattr(request, name) is None


def _answer(request: TouchRequest, sigma: float) -> TouchAnswer:
    price, stated, drift = known(request.price), known(request.barrier), float(request.drift)
    hours = request.watched_every_hours or ZERO
    watched = float(hours) / (24 * DAYS_A_YEAR)
    note("interval years", "hours / (24 * 365)", watched, {"hours": float(hours)})
    barrier = watched_barrier(price, stated, sigma, watched)
    years = _years(request)
    waits = {
        "expected_days": _in_days("expected", expected_years(price, barrier, sigma, drift)),
        "median_days": _in_days("median", median_years(price, barrier, sigma, drift)),
        "days_at_drift": _at_drift(request, price, barrier),
    }
    over = None if years is None else touch_ranges(price, barrier, sigma, drift, (years * DAYS_A_YEAR,))[0]
    return TouchAnswer(
        direction="at" if stated == price else "up" if stated > price else "down",
        distance=stated / price - 1,
        log_distance=abs(math.log(stated / price)),
        volatility=sigma,
        watched_barrier=barrier,
        sigma_days=sigma_days(price, barrier, sigma),
        daily_sigmas=distance_in_sigmas(price, barrier, sigma, 1 / DAYS_A_YEAR),
        sigmas=None if years is None else distance_in_sigmas(price, barrier, sigma, years),
        probability=None if years is None else touch_probability(price, barrier, sigma, years, drift),
        probability_lowest=None if over is None else over.lowest,
        probability_highest=None if over is None else over.highest,
        end_beyond_probability=None if years is None else end_beyond_probability(price, barrier, sigma, years, drift),
        probability_ever=ever_probability(price, barrier, sigma, drift),
        horizons=tuple(
            HorizonField(**item._asdict())
            for item in touch_ranges(price, barrier, sigma, drift, HORIZONS_DAYS, SIGMA_FACTORS)
        ),
        bets=_bets(request, price, barrier, sigma, years),
        expected_days=_finite(waits["expected_days"]),
        median_days=_finite(waits["median_days"]),
        days_at_drift=_finite(waits["days_at_drift"]),
        undefined={name: NoValue(reason=_REASONS[name]) for name, wait in waits.items() if wait == math.inf},
    )


_REASONS = {
    "expected_days": "the log price does not drift, so the mean time is infinite",
    "median_days": "the barrier is never touched with probability one half",
    "days_at_drift": "that drift does not lead to the barrier",
}


def _in_days(name: str, years: float) -> float:
    days = years * DAYS_A_YEAR
    if math.isfinite(days):
        note(f"{name} days", "years * 365", days, {"years": years})
    return days


def _finite(wait: float | None) -> float | None:
    return None if wait == math.inf else wait


def _years(request: TouchRequest) -> float | None:
    if request.days is not None:
        years = float(request.days) / DAYS_A_YEAR
        note("years", "days / 365", years, {"days": float(request.days)})
        return years
    return maybe(request.years)


def _at_drift(request: TouchRequest, price: float, barrier: float) -> float | None:
    """Days at the drift given; infinite where it leads elsewhere, ``None`` where none was given."""
    if request.daily_drift is None:
        return None
    found = days_at_drift(price, barrier, float(request.daily_drift))
    return math.inf if found is None else found


def _bets(request: TouchRequest, price: float, barrier: float, sigma: float, years: float | None) -> BetsField | None:
    if request.cash is None or years is None:
        return None
    terms = (price, barrier, sigma, years, float(request.rate), float(request.dividend_yield))
    cash = float(request.cash)
    return BetsField(
        one_touch_at_hit=one_touch_at_hit(cash, *terms),
        one_touch_at_expiry=one_touch_at_expiry(cash, *terms),
        no_touch_at_expiry=no_touch_at_expiry(cash, *terms),
    )
