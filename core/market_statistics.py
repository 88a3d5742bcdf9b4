"""What price history says of instruments: volatility and betas, reckoned once for each revision of the history.

Statistics are floats and estimates; each names its estimator and its window. Too little history gives none.
"""

from __future__ import annotations

from typing import NamedTuple

from core.figures import Freshness, worst
from core.history import DAY_NS, History
from core.stats.insufficient import Insufficient
from core.stats.regression import Regression, ordinary_least_squares
from core.stats.volatility import Volatility, daily_volatility

LEAST_RETURNS = 30
"""A beta from fewer daily returns says little: its error is a fifth of it and more."""


class Measured(NamedTuple):
    """A volatility, or what is missing for one; how far the history may be trusted for its age."""

    volatility: Volatility | None
    missing: str
    freshness: Freshness

    @property
    def words(self) -> str:
        """The estimator and its window."""
        found = self.volatility
        return "" if found is None else f"{found.estimator}, {found.bars} daily candles"


class MeasuredBeta(NamedTuple):
    """A beta with its error, or what is missing for one."""

    regression: Regression | None
    missing: str
    freshness: Freshness


class MarketStatistics:
    """Reads the history of one engine; keeps what it has worked out until the history changes."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._volatilities: dict[str, tuple[int, Volatility | Insufficient]] = {}
        self._measured: dict[str, Measured] = {}
        self._betas: dict[tuple[str, str], tuple[tuple[int, int], Regression | None]] = {}

    def volatility(self, instrument: str, now_ns: int) -> Measured:
        """The volatility of an instrument from its daily candles; the same object while it is no other."""
        found, kept = self._volatility(instrument, now_ns), self._measured.get(instrument)
        if kept == found:
            return kept
        self._measured[instrument] = found
        return found

    def _volatility(self, instrument: str, now_ns: int) -> Measured:
        series = self._history.series(instrument, DAY_NS, now_ns)
        if series.freshness is Freshness.UNKNOWN:
            return Measured(None, f"daily candles of {instrument}", Freshness.UNKNOWN)
        kept = self._volatilities.get(instrument)
        if kept is None or kept[0] != series.revision:
            kept = (series.revision, daily_volatility(series.unbroken))
            self._volatilities[instrument] = kept
        found = kept[1]
        if isinstance(found, Insufficient):
            gap = f"daily candles of {instrument}: {found.needed} needed, {found.found} there"
            return Measured(None, gap, Freshness.UNKNOWN)
        return Measured(found, "", series.freshness)

    def beta(self, instrument: str, driver: str, now_ns: int) -> MeasuredBeta:
        """The beta of an instrument to a driver: least squares on daily log returns that both have."""
        one, other = (self._history.series(name, DAY_NS, now_ns) for name in (instrument, driver))
        freshness = worst(one.freshness, other.freshness)
        if freshness is Freshness.UNKNOWN:
            gap = instrument if one.freshness is Freshness.UNKNOWN else driver
            return MeasuredBeta(None, f"daily candles of {gap}", freshness)
        revisions, pair = (one.revision, other.revision), (instrument, driver)
        kept = self._betas.get(pair)
        if kept is None or kept[0] != revisions:
            returns = self._history.aligned(driver, instrument, DAY_NS, now_ns)
            enough = len(returns.first) >= LEAST_RETURNS and len(set(returns.first)) > 1
            kept = (revisions, ordinary_least_squares(returns.first, returns.second) if enough else None)
            self._betas[pair] = kept
        if kept[1] is None:
            gap = f"{LEAST_RETURNS} daily returns of {instrument} and {driver} on the same days"
            return MeasuredBeta(None, gap, Freshness.UNKNOWN)
        return MeasuredBeta(kept[1], "", freshness)
