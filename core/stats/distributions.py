"""The normal and Student's distributions, as far as intervals and tails need them."""

from __future__ import annotations

import math
from statistics import NormalDist

from core.stats.guards import above_zero, inside_unit

STANDARD = NormalDist()
_FAR = 25.0
_TINY = 1e-300
_NORMAL_ABOVE = 1e6
_MOST_TERMS = 10_000


def normal_density(x: float) -> float:
    """Density of the standard normal."""
    return STANDARD.pdf(x)


def normal_below(x: float) -> float:
    """Probability that a standard normal is below ``x``; accurate far into both tails."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def normal_quantile(probability: float) -> float:
    """The standard normal's value with ``probability`` below it. Raises RequestError outside 0 … 1."""
    return STANDARD.inv_cdf(inside_unit("probability", probability))


def scaled_tail(exponent: float, x: float) -> float:
    """``exp(exponent) · P(Z > x)``, without overflow where the first is huge and the second tiny."""
    if x < _FAR:
        return math.exp(exponent) * normal_below(-x)
    # Mills' ratio by its asymptotic series: at x >= 25 the first term left out is 1e-11 of the whole.
    inverse = 1 / (x * x)
    series = 1 - inverse * (1 - 3 * inverse * (1 - 5 * inverse * (1 - 7 * inverse)))
    return math.exp(exponent - x * x / 2) * series / (x * math.sqrt(2 * math.pi))


def student_quantile(probability: float, degrees: float) -> float:
    """Student's t with ``probability`` below it, for ``degrees`` of freedom (above zero).

    The normal's above a million degrees, else found by bisection on the distribution function.
    Source: Abramowitz and Stegun, 26.7.1 and 26.5.8.
    """
    inside_unit("probability", probability)
    above_zero("degrees", degrees)
    if degrees > _NORMAL_ABOVE:
        return normal_quantile(probability)
    if probability < 0.5:
        return -student_quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while student_below(high, degrees) < probability and high < 1e15:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if student_below(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def student_below(x: float, degrees: float) -> float:
    """Probability that Student's t is below ``x``."""
    tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + x * x)) / 2
    return 1 - tail if x > 0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction by Lentz's method."""
    numerator, denominator = 1.0, 1 / _kept_off_zero(1 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for step in (even, odd):
            denominator = 1 / _kept_off_zero(1 + step * denominator)
            numerator = _kept_off_zero(1 + step / numerator)
            change = numerator * denominator
            value *= change
        if abs(change - 1) < 1e-15:
            break
    return value


def _kept_off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
