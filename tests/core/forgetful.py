"""An engine that remembers no figure: what one that does is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from core.account_valuation import AccountValuation
from core.alerts import Alerts, Reading
from core.book_index import BookIndex
from core.books import Account
from core.instrument_market import InstrumentMarket, Shown
from core.market_statistics import MarketStatistics
from core.memo import Memo


@contextmanager
def forgetful() -> Iterator[None]:
    """While this holds, every engine makes each figure from nothing: whatever was worked out before is left alone."""
    shown, together, volatility, beta, measure = (
        InstrumentMarket.shown,
        AccountValuation.account,
        MarketStatistics.volatility,
        MarketStatistics.beta,
        Alerts.measure,
    )

    def shown_anew(self: InstrumentMarket, now_ns: int, interruptions: int) -> Shown:
        self.told()
        self._middle = None
        for quote in (self.mark, self.index, self.bid, self.ask, self.funding_rate, self.next_funding):
            quote.figure = None
        self.funding_interval.figure = None
        return shown(self, now_ns, interruptions)

    def account_anew(self: AccountValuation, index: BookIndex, account: Account, now_ns: int) -> object:
        self._together.clear()
        self._ladders.clear()
        return together(self, index, account, now_ns)

    def volatility_anew(self: MarketStatistics, instrument: str, now_ns: int) -> object:
        self._volatilities.clear()
        self._measured.clear()
        return volatility(self, instrument, now_ns)

    def beta_anew(self: MarketStatistics, instrument: str, driver: str, now_ns: int) -> object:
        self._betas.clear()
        return beta(self, instrument, driver, now_ns)

    def measure_anew(self: Alerts, reading: Reading, now_ns: int) -> None:
        state = self._states.get(reading.key)
        if state is not None:
            state.calm = None
        measure(self, reading, now_ns)

    with (
        patch.object(Memo, "get", lambda *_: None),
        patch.object(InstrumentMarket, "shown", shown_anew),
        patch.object(AccountValuation, "account", account_anew),
        patch.object(MarketStatistics, "volatility", volatility_anew),
        patch.object(MarketStatistics, "beta", beta_anew),
        patch.object(Alerts, "measure", measure_anew),
    ):
        yield
