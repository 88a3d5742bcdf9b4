"""Why reaching the liquidation price is as likely as it is said to be: statistics of the price history."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from core.explanation import Input
from core.snapshot import HedgeLine
from core.why.place import Place, Told, fact
from core.why.sources import given

STATISTIC = "the volatility to come is not known, and large moves are more frequent than the model says"


@fact(HedgeLine, "volatility", "volatility of a day", "fraction, standard deviation of log returns")
def _volatility(place: Place) -> Told:
    line = place.the(HedgeLine)
    words = line.volatility_source or "no window of daily candles is long enough"
    return Told(source=f"{line.venue}, REST: daily candles of {line.instrument}; {words}", estimated=STATISTIC)


@fact(HedgeLine, "liquidation_sigmas", "distance in daily standard deviations", "days' standard deviations")
def _sigmas(place: Place) -> Told:
    return _likely(place, "abs(ln(liquidation_price / mark_price)) / volatility", "0 * mark_price")


def _likely(place: Place, formula: str, if_past: str, *more: Input) -> Told:
    inputs = (place.beside("liquidation_price"), place.beside("mark_price"), place.beside("volatility"), *more)
    away = place.the(HedgeLine).liquidation_distance.value
    past = away is not None and away <= 0
    return Told(
        formula=if_past if past else formula,
        method="the liquidation price is past already" if past else "",
        inputs=inputs,
        estimated=STATISTIC,
    )


def _touch(place: Place, days: int) -> Told:
    """The probability that a price without drift touches the liquidation price: Harrison (1985), ch. 1."""
    price, mark = place.the(HedgeLine).liquidation_price.value, place.the(HedgeLine).mark_price.value
    above = price is not None and mark is not None and price >= mark
    spread, half = "(volatility * sqrt(days))", "volatility ** 2 * days / 2"
    gap = "abs(ln(liquidation_price / mark_price))"
    near, far = (f"(-{gap} - {half}) / {spread}", f"(-{gap} + {half}) / {spread}")
    first, second = (near, far) if above else (far, near)
    formula = f"min(1, Phi({first}) + mark_price / liquidation_price * Phi({second}))"
    span = given("days", "days that are watched", Decimal(days), "days", "by definition")
    return _likely(place, formula, "1 + 0 * mark_price", span)


for _field, _days, _span in (("touch_day", 1, "a day"), ("touch_week", 7, "a week"), ("touch_month", 30, "30 days")):
    fact(
        HedgeLine,
        _field,
        f"probability of touching liquidation within {_span}",
        "probability",
        includes="a price without drift that is watched all the time (Harrison, 1985, ch. 1)",
        excludes="jumps, and margin that is added or taken meanwhile",
    )(partial(_touch, days=_days))
