"""Volatility from closes and candles, by the estimators of the literature.

Every estimate is a standard deviation of log (or simple) returns, a fraction: per bar, per day and per year. It says
which estimator made it and from how many bars, for two estimates can be compared only where those are the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from core.errors import RequestError
from core.explain import is_recording, note
from core.stats.guards import Real, above_zero, inside_unit, not_negative, real, series
from core.stats.insufficient import Insufficient
from core.stats.moments import Divisor, ReturnKind, dot, returns_of, variance

MONITOR_WINDOW = 30
MONITOR_LEAST = 10
RISK_METRICS_DECAY = 0.94


class Bar(Protocol):
    """Any candle: open, high, low and close of one bar, quote per coin."""

    @property
    def open(self) -> Real: ...
    @property
    def high(self) -> Real: ...
    @property
    def low(self) -> Real: ...
    @property
    def close(self) -> Real: ...


class Candle(NamedTuple):
    """Open, high, low and close of one bar, quote per coin."""

    open: float
    high: float
    low: float
    close: float


class Sampling(NamedTuple):
    """How often there is a bar: ``periods_per_year`` for the yearly figure, ``bar_hours`` for the figure per day."""

    periods_per_year: float = 365.0
    bar_hours: float = 24.0


DAILY = Sampling()
HOURLY = Sampling(8760.0, 1.0)
TRADING_DAYS = Sampling(252.0, 24.0)


class Volatility(msgspec.Struct, frozen=True, kw_only=True):
    """An estimated volatility: fractions (0.6 is 60%), standard deviations of returns.

    ``annual`` is per √year (``per_bar · √periods_per_year``), ``daily`` per √day (``per_bar · √(24 / bar_hours)``).
    ``bars`` is the window, ``observations`` the number of terms averaged in it.
    """

    estimator: str
    annual: float
    daily: float
    per_bar: float
    bars: int
    observations: int
    bar_hours: float
    periods_per_year: float


def sampling(periods_per_year: float, bar_hours: float | None = None) -> Sampling:
    """Bars of ``bar_hours``, so many a year.

    Without ``bar_hours``: 24 for 240 to 366 periods a year (days, or trading days), else a 24-hour market's
    ``8760 / periods_per_year``. Raises RequestError where one is not above zero.
    """
    periods = above_zero("periods_per_year", periods_per_year)
    if bar_hours is not None:
        return Sampling(periods, above_zero("bar_hours", bar_hours))
    if 240 <= periods <= 366:
        note("bar hours", "24", 24.0, {})
        return Sampling(periods, 24.0)
    note("bar hours", "8760 / periods_per_year", 8760.0 / periods, {"periods_per_year": periods})
    return Sampling(periods, 8760.0 / periods)


def close_to_close(
    closes: Sequence[Real],
    bars: Sampling = DAILY,
    *,
    returns: ReturnKind = "log",
    divisor: Divisor = "sample",
) -> Volatility:
    """Standard deviation of the returns from close to close, about their mean; n closes give n - 1 returns.

    Log or simple returns, n - 1 (sample) or n (population) in the divisor. Raises RequestError for fewer than three
    closes (two with the population divisor). Source: Hull, Options, Futures, and Other Derivatives, ch. 15.
    """
    series("closes", closes, 3 if divisor == "sample" else 2, "closes")
    found = of_returns(returns_of(closes, returns, "closes"), bars, divisor=divisor)
    note("bars and observations", "count(closes)", len(closes), {"closes": list(map(float, closes))})
    return msgspec.structs.replace(found, bars=len(closes))


def about_zero(returns: Sequence[Real], bars: Sampling = DAILY) -> Volatility:
    """Root mean square of returns (fractions per bar), their mean taken as zero: ``σ² = Σ r² / n``."""
    found = series("returns", returns, 1, "returns")
    square = dot(found, found) / len(found)
    source = "Hull, Options, Futures, ch. 23"
    note("variance per bar", "sum(returns ** 2) / count(returns)", square, {"returns": found}, source=source)
    note("observations: bars", "count(returns)", len(found), {"returns": found})
    return of_variance("close-to-close", square, len(found), len(found), bars)


def of_returns(returns: Sequence[Real], bars: Sampling = DAILY, *, divisor: Divisor = "sample") -> Volatility:
    """Standard deviation of returns (fractions per bar) about their mean; the window is their number."""
    found = series("returns", returns, 2 if divisor == "sample" else 1, "returns")
    square = variance(found, divisor)
    if is_recording():
        less = " - 1" if divisor == "sample" else ""
        formula = f"sum((returns - mean(returns)) ** 2) / (count(returns){less})"
        note("variance per bar", formula, square, {"returns": found}, source="Hull, Options, Futures, ch. 15")
        note("observations: bars", "count(returns)", len(found), {"returns": found})
    return of_variance("close-to-close", square, len(found), len(found), bars)


def parkinson(candles: Sequence[Bar], bars: Sampling = DAILY) -> Volatility:
    """From the range: variance per bar ``Σ ln(h/l)² / (4 n ln 2)``. Assumes no drift and no jumps between bars.

    Raises RequestError without a candle. Source: Parkinson, Journal of Business 53 (1980).
    """
    found = _read(candles, 1)
    total = math.fsum(math.log(bar.high / bar.low) ** 2 for bar in found)
    square = total / (4 * math.log(2) * len(found))
    _tell("sum(ln(high / low) ** 2) / (4 * ln(2) * count(high))", square, found, "Parkinson (1980)")
    return of_variance("parkinson", square, len(found), len(found), bars)


def garman_klass(candles: Sequence[Bar], bars: Sampling = DAILY) -> Volatility:
    """Variance per bar ``mean of ½ ln(h/l)² - (2 ln 2 - 1) ln(c/o)²``. Assumes no drift and no jumps between bars.

    Raises RequestError without a candle. Source: Garman and Klass, Journal of Business 53 (1980).
    """
    found = _read(candles, 1)
    total = math.fsum(_garman_klass_term(bar) for bar in found)
    _tell(f"mean({_GARMAN_KLASS})", total / len(found), found, "Garman and Klass (1980)")
    return of_variance("garman-klass", total / len(found), len(found), len(found), bars)


def garman_klass_yang_zhang(candles: Sequence[Bar], bars: Sampling = DAILY) -> Volatility:
    """Garman-Klass with ``ln(open / close before)²`` added to each term, so that jumps between bars count.

    The first candle only gives the close before the window. Raises RequestError for fewer than two candles.
    Source: Yang and Zhang, Journal of Business 73 (2000).
    """
    found = _read(candles, 2)
    window = len(found) - 1
    jumps = (math.log(bar.open / before.close) ** 2 for before, bar in itertools.pairwise(found))
    total = math.fsum([*jumps, *(_garman_klass_term(bar) for bar in found[1:])])
    formula = f"mean(ln(open / close_before) ** 2 + {_GARMAN_KLASS})"
    _tell(formula, total / window, found[1:], "Yang and Zhang (2000)", before=found[:-1])
    return of_variance("garman-klass-yang-zhang", total / window, window, window, bars)


def rogers_satchell(candles: Sequence[Bar], bars: Sampling = DAILY) -> Volatility:
    """Variance per bar ``mean of ln(h/c) ln(h/o) + ln(l/c) ln(l/o)``. Holds under any drift, not for jumps.

    Raises RequestError without a candle. Source: Rogers and Satchell, Annals of Applied Probability 1 (1991).
    """
    found = _read(candles, 1)
    square = _rogers_satchell_variance(found)
    _tell(f"mean({_ROGERS_SATCHELL})", square, found, "Rogers and Satchell (1991)")
    return of_variance("rogers-satchell", square, len(found), len(found), bars)


def yang_zhang(candles: Sequence[Bar], bars: Sampling = DAILY, *, alpha: float = 1.34) -> Volatility:
    """Variance of the jumps between bars, plus k of open-to-close and 1 - k of Rogers-Satchell: allows drift and jumps.

    ``k = (alpha - 1) / (alpha + (n + 1)/(n - 1))``; sample variances. The first candle only gives the close before the
    window. Raises RequestError for fewer than three candles. Source: Yang and Zhang, Journal of Business 73 (2000).
    """
    found = _read(candles, 3)
    window = found[1:]
    count = len(window)
    jumps = [math.log(bar.open / before.close) for before, bar in zip(found, window, strict=False)]
    inside = [math.log(bar.close / bar.open) for bar in window]
    share = (above_zero("alpha", alpha) - 1) / (alpha + (count + 1) / (count - 1))
    total = variance(jumps) + share * variance(inside) + (1 - share) * _rogers_satchell_variance(window)
    if is_recording():
        given = {"alpha": alpha, "bars": count}
        note("share", "(alpha - 1) / (alpha + (bars + 1) / (bars - 1))", share, given, source="Yang and Zhang (2000)")
        deviations = (
            f"sum(({part} - mean({part})) ** 2) / (count(open) - 1)"
            for part in ("ln(open / close_before)", "ln(close / open)")
        )
        formula = f"{next(deviations)} + share * {next(deviations)} + (1 - share) * mean({_ROGERS_SATCHELL})"
        _tell(formula, total, window, "Yang and Zhang (2000)", before=found[:-1], share=share)
    return of_variance("yang-zhang", total, count, count, bars)


def ewma_variance(previous_variance: float, latest_return: float, decay: float = RISK_METRICS_DECAY) -> float:
    """``λ · previous variance + (1 - λ) · return²``, per bar; the mean return is taken as zero.

    Source: Hull, Options, Futures, and Other Derivatives, ch. 23; J.P. Morgan, RiskMetrics (λ = 0.94 for days).
    """
    kept = inside_unit("decay", decay)
    square = real("latest_return", latest_return) ** 2
    return kept * not_negative("previous_variance", previous_variance) + (1 - kept) * square


def ewma_volatility(previous_volatility: float, latest_return: float, decay: float = RISK_METRICS_DECAY) -> float:
    """The square root of :func:`ewma_variance`, from a volatility: fractions per √bar."""
    return math.sqrt(ewma_variance(not_negative("previous_volatility", previous_volatility) ** 2, latest_return, decay))


def ewma(
    returns: Sequence[Real],
    bars: Sampling = DAILY,
    *,
    decay: float = RISK_METRICS_DECAY,
    seed_volatility: float | None = None,
) -> Volatility:
    """Exponentially weighted volatility after the last return, oldest first, fractions per bar.

    Starts from ``seed_volatility`` (per √bar) or, without one, from the first return alone. Raises RequestError
    without a return.
    """
    found = series("returns", returns, 1, "returns")
    current = found[0] ** 2
    if seed_volatility is not None:
        current = ewma_variance(not_negative("seed_volatility", seed_volatility) ** 2, found[0], decay)
    inside_unit("decay", decay)
    for latest in found[1:]:
        current = ewma_variance(current, latest, decay)
    if is_recording():
        start, later = (found[0], found[1:]) if seed_volatility is None else (seed_volatility, found)
        weights = [decay**age for age in range(len(later) - 1, -1, -1)]
        given = {"start": start, "decay": decay, "returns": later, "weights": weights}
        formula = "start ** 2 * decay ** count(returns) + (1 - decay) * sum(weights * returns ** 2)"
        source = "Hull, Options, Futures, ch. 23; J.P. Morgan, RiskMetrics"
        note("variance per bar", formula, current, given, source=source)
        note("observations: bars", "count(returns)", len(found), {"returns": found})
    return of_variance("ewma", current, len(found), len(found), bars)


def half_life(decay: float) -> float:
    """Bars after which an observation weighs half: ``ln ½ / ln λ``; 11.2 for 0.94."""
    return math.log(0.5) / math.log(inside_unit("decay", decay))


def daily_volatility(candles: Sequence[Bar]) -> Volatility | Insufficient:
    """What the monitor shows: Yang-Zhang over the last 30 daily candles of a market that never closes.

    ``candles`` are complete daily candles, oldest first; the one before the window gives its close. Fewer bars are
    used where there are fewer, down to 10: the result says how many. Below that there is no figure.
    """
    window = min(MONITOR_WINDOW, len(candles) - 1)
    if window < MONITOR_LEAST:
        return Insufficient("daily candles", MONITOR_LEAST + 1, len(candles))
    return yang_zhang(candles[-window - 1 :], DAILY)


RANGE_ESTIMATORS: dict[str, Callable[[Sequence[Bar], Sampling], Volatility]] = {
    "parkinson": parkinson,
    "garman-klass": garman_klass,
    "garman-klass-yang-zhang": garman_klass_yang_zhang,
    "rogers-satchell": rogers_satchell,
    "yang-zhang": yang_zhang,
}
"""The estimators that read candles, by name."""

NEED_THE_CLOSE_BEFORE = frozenset({"garman-klass-yang-zhang", "yang-zhang"})
"""Those of them whose first candle only gives the close before the window."""


def of_variance(estimator: str, per_bar: float, bars: int, observations: int, sampled: Sampling) -> Volatility:
    """A variance per bar as a volatility per bar, day and year."""
    periods = above_zero("periods_per_year", sampled.periods_per_year)
    hours = above_zero("bar_hours", sampled.bar_hours)
    # Squares that cancel may leave a trace of less than nothing.
    sigma = math.sqrt(max(per_bar, 0.0))
    note("per bar", "sqrt(max(variance_per_bar, 0))", sigma, {"variance_per_bar": per_bar})
    return Volatility(
        estimator=estimator,
        annual=sigma * math.sqrt(periods),
        daily=sigma * math.sqrt(24 / hours),
        per_bar=sigma,
        bars=bars,
        observations=observations,
        bar_hours=hours,
        periods_per_year=periods,
    )


_GARMAN_KLASS = "ln(high / low) ** 2 / 2 - (2 * ln(2) - 1) * ln(close / open) ** 2"
_ROGERS_SATCHELL = "ln(high / close) * ln(high / open) + ln(low / close) * ln(low / open)"


def _tell(
    formula: str,
    square: float,
    bars: Sequence[Candle],
    source: str,
    *,
    before: Sequence[Candle] = (),
    share: float | None = None,
) -> None:
    """Explain a variance per bar that was made of candles."""
    if not is_recording():
        return
    series: dict[str, object] = {name: [getattr(bar, name) for bar in bars] for name in Candle._fields}
    given = {name: values for name, values in series.items() if name in formula}
    if before:
        given["close_before"] = [bar.close for bar in before]
    if share is not None:
        given["share"] = share
    note("variance per bar", formula, square, given, source=source)
    note("bars and observations", "count(high)", len(bars), {"high": series["high"]})


def _garman_klass_term(bar: Candle) -> float:
    return math.log(bar.high / bar.low) ** 2 / 2 - (2 * math.log(2) - 1) * math.log(bar.close / bar.open) ** 2


def _rogers_satchell_variance(bars: Sequence[Candle]) -> float:
    terms = (
        math.log(bar.high / bar.close) * math.log(bar.high / bar.open)
        + math.log(bar.low / bar.close) * math.log(bar.low / bar.open)
        for bar in bars
    )
    return math.fsum(terms) / len(bars)


def _read(candles: Sequence[Bar], least: int) -> list[Candle]:
    if len(candles) < least:
        raise RequestError("candles", f"at least {least}", str(len(candles)))
    return [_read_one(f"candles.{index}", bar) for index, bar in enumerate(candles)]


def _read_one(name: str, bar: Bar) -> Candle:
    prices = (("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close))
    found = Candle(*(above_zero(f"{name}.{part}", price) for part, price in prices))
    if found.high < max(found):
        raise RequestError(f"{name}.high", "the highest of the candle's prices", str(bar.high))
    if found.low > min(found):
        raise RequestError(f"{name}.low", "the lowest of the candle's prices", str(bar.low))
    return found
