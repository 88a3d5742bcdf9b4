"""One simulated venue behind its wire format: listings, quotes, funding, and the accounts that trade on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from feeds.sim.accounts import AccountBook
from feeds.sim.book import average_price
from feeds.sim.catalogue import CARRY, Listing, listings
from feeds.sim.collateral import BYBIT_RATIOS
from feeds.sim.funding import FundingSchedule, premium_index
from feeds.sim.history import PriceHistory
from feeds.sim.market import Market
from feeds.sim.matching import AccountEvent, Matching
from feeds.sim.quotes import Quote, Quoter
from feeds.sim.risk import Risk
from feeds.sim.settlement import Settlement

YEAR_MS = 365 * 86_400_000


class Exchange:
    """A venue's state. ``step`` follows the market; the wire facades read the rest.

    Listings are keyed by category (``linear``, ``inverse``, ``spot``, ``usdm``) and symbol. ``collateral`` are the
    collateral ratios in force, where all coins of an account are margin.
    """

    def __init__(
        self,
        venue: str,
        market: Market,
        histories: Mapping[str, PriceHistory],
        now_ms: int,
        *,
        funding_every: int | None = None,
    ) -> None:
        self.venue = venue
        self.market = market
        self.histories = histories
        self.now_ms = now_ms
        self.frozen = False
        self.listings: dict[tuple[str, str], Listing] = {}
        self.delisted: set[str] = set()
        self.listener: Callable[[AccountEvent], None] = lambda _: None
        self.book = AccountBook(venue)
        self.collateral = dict(BYBIT_RATIOS if venue == "bybit" else {})
        self.risk = Risk(venue, self.quote, self.index, self.collateral)
        self.matching = Matching(self.book, self.risk, self.quote, self._now, self._tell)
        self.settlement = Settlement(self.book, self.risk, self.matching, self._now, self._tell)
        self._quoters: dict[str, Quoter] = {}
        self._funding: dict[str, FundingSchedule] = {}
        for listing in listings(venue, now_ms):
            name, coin = listing.instrument.id, listing.instrument.base
            self.listings[listing.category, listing.symbol] = listing
            carry = float(CARRY) * max(0, (listing.expiry_ms or now_ms) - now_ms) / YEAR_MS
            quoter = Quoter(listing, market.seed, market.fair(coin), market.pinned(coin), carry)
            self._quoters[name] = quoter
            if listing.instrument.perpetual:
                self._funding[name] = FundingSchedule(listing, market.seed, now_ms, quoter.premium, funding_every)

    def step(self, now_ms: int) -> None:
        """Follow the market by one step."""
        self.now_ms = now_ms
        if not self.frozen:
            for listing in self.listings.values():
                self._quote_step(listing)
        for listing, schedule in self.perpetuals():
            self._funding_step(listing, schedule)
        self.matching.step()
        self.settlement.liquidate_doomed()

    def find(self, category: str, symbol: str) -> Listing | None:
        """The listing, unless it is not there or was delisted."""
        listing = self.listings.get((category, symbol))
        return None if listing is None or listing.instrument.id in self.delisted else listing

    def listed(self, category: str) -> list[Listing]:
        """All listings of a category that still trade."""
        return [
            listing
            for (where, _), listing in self.listings.items()
            if where == category and listing.instrument.id not in self.delisted
        ]

    def quote(self, listing: Listing) -> Quote:
        """The listing's present quote."""
        return self._quoters[listing.instrument.id].quote

    def index(self, coin: str) -> Decimal:
        """The index price of a coin at this venue."""
        return next(self.quote(item).index for item in self.listings.values() if item.instrument.base == coin)

    def funding(self, listing: Listing) -> FundingSchedule | None:
        """The listing's funding; ``None`` for spot and dated contracts."""
        return self._funding.get(listing.instrument.id)

    def history(self, listing: Listing) -> PriceHistory:
        """The candles of the listing's coin."""
        return self.histories[listing.instrument.base]

    def perpetuals(self) -> Iterator[tuple[Listing, FundingSchedule]]:
        """Every perpetual with its funding."""
        for listing in self.listings.values():
            schedule = self._funding.get(listing.instrument.id)
            if schedule is not None:
                yield listing, schedule

    def fund_now(self, listing: Listing) -> None:
        """Charge the running estimate at once, outside the calendar."""
        schedule = self._funding[listing.instrument.id]
        self.settlement.charge_funding(listing, schedule.settle_now(self.now_ms, self.quote(listing).mark))

    def _now(self) -> int:
        return self.now_ms

    def _tell(self, event: AccountEvent) -> None:
        self.listener(event)

    def _quote_step(self, listing: Listing) -> None:
        coin, schedule = listing.instrument.base, self.funding(listing)
        ahead = 0.0 if schedule is None else float(schedule.rate) * schedule.share_left(self.now_ms)
        self._quoters[listing.instrument.id].step(self.market.fair(coin), self.market.pinned(coin), ahead)

    def _funding_step(self, listing: Listing, schedule: FundingSchedule) -> None:
        quote = self.quote(listing)
        schedule.observe(self.now_ms, lambda: self._premium(listing, quote))
        while self.now_ms >= schedule.next_ms:
            self.settlement.charge_funding(listing, schedule.settle(quote.mark))

    def _premium(self, listing: Listing, quote: Quote) -> Decimal:
        notional = listing.impact_notional
        bid = average_price(listing, quote, buy=False, notional=notional)
        ask = average_price(listing, quote, buy=True, notional=notional)
        return premium_index(bid, ask, quote.index)
