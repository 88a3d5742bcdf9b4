"""How far away a liquidation price is in terms of what the market usually does: daily sigmas, and touching it.

All estimates: the volatility to come is not known, and tails are fatter than the model's. Prices go into floats here
and never come back into money.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.errors import RequestError
from core.figures import Figure, Freshness, absent, derive, unknown
from core.market_statistics import Measured
from core.stats.barrier import distance_in_sigmas, touch_probability

DAYS_A_YEAR = 365.0
TOUCH_DAYS = (1, 7, 30)
DIGITS = 12


class Likelihood(msgspec.Struct, frozen=True, gc=False):
    """``volatility`` of a day (a fraction), ``sigmas`` of it to the price, and the probability of touching the price
    within a day, a week and 30 days; ``source`` names the estimator and its window."""

    volatility: Figure
    sigmas: Figure
    touch_day: Figure
    touch_week: Figure
    touch_month: Figure
    source: str


def likelihood(measured: Measured, price: Figure, mark: Figure, distance: Figure) -> Likelihood:
    """The likelihood of reaching ``price`` from ``mark``; ``distance`` says whether it is past already (0 or less)."""
    volatility = unknown(measured.missing)
    if measured.volatility is not None:
        volatility = Figure(value=_decimal(measured.volatility.daily), estimated=True, freshness=measured.freshness)
    source = measured.words if measured.freshness is not Freshness.UNKNOWN else ""
    past = distance.value is not None and distance.value <= 0
    none = None
    if price.absent:
        none = absent(price.absent, price)
    elif not past and not (price.known and mark.known and volatility.known):
        none = derive(max, price, mark, volatility)
    if none is not None:
        return Likelihood(volatility, none, none, none, none, source)
    if past:
        reached, certain = (_reached(value, price, mark, distance) for value in (Decimal(0), Decimal(1)))
        return Likelihood(volatility, reached, certain, certain, certain, source)
    annual = _annual(measured)

    def figure(function: Callable[[float, float, float, float], float], days: float) -> Figure:
        try:
            return derive(
                lambda p, m, _: _decimal(function(float(m), float(p), annual, days / DAYS_A_YEAR)),
                price,
                mark,
                volatility,
                estimated=True,
            )
        except RequestError as refused:
            return unknown(str(refused))

    day, week, month = (figure(touch_probability, days) for days in TOUCH_DAYS)
    return Likelihood(volatility, figure(distance_in_sigmas, 1), day, week, month, source)


def _reached(value: Decimal, *inputs: Figure) -> Figure:
    """What holds of a price that is past already."""
    return derive(lambda *_: value, *inputs, estimated=True)


def _annual(measured: Measured) -> float:
    assert measured.volatility is not None
    return measured.volatility.annual


def _decimal(value: float) -> Decimal:
    """A statistic as a figure shows it: so many significant digits."""
    return Decimal(f"{value:.{DIGITS}g}")
