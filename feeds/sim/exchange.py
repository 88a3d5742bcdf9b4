"""One simulated venue behind its wire format: listings, quotes, funding, and the accounts that trade on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from feeds.sim.accounts import AccountBook
from feeds.sim.book import average_price
from feeds.sim.catalogue import CARRY, Listing
from feeds.sim.events import AccountEvent, Liquidated, Notice, Term, TermsChanged
from feeds.sim.figures import TRADES_KEPT, Trade, earlier_trades
from feeds.sim.funding import FundingSchedule, premium_index
from feeds.sim.history import PriceHistory
from feeds.sim.market import Market
from feeds.sim.matching import Matching
from feeds.sim.order_checks import Trading
from feeds.sim.quotes import Quote, Quoter
from feeds.sim.risk import Risk
from feeds.sim.rules import VenueRules
from feeds.sim.settings import Settings
from feeds.sim.settlement import Settlement

YEAR_MS = 365 * 86_400_000


class Exchange:
    """A venue's state. ``step`` follows the market; the wire facades read the rest.

    Listings are keyed by category and symbol. ``collateral`` are the collateral ratios in force, where all coins of an
    account are margin. ``frozen`` stops all prices, ``stale`` those of single listings (by instrument id), while
    frames go on. ``listener`` and ``notices`` are told what happens (see :mod:`feeds.sim.events`).
    """

    def __init__(
        self,
        rules: VenueRules,
        market: Market,
        histories: Mapping[str, PriceHistory],
        now_ms: int,
        *,
        funding_every: int | None = None,
    ) -> None:
        self.rules = rules
        self.venue = rules.venue
        self.market = market
        self.histories = histories
        self.now_ms = now_ms
        self.frozen = False
        self.stale: set[str] = set()
        self.listings: dict[tuple[str, str], Listing] = {}
        self.listener: Callable[[AccountEvent], None] = lambda _: None
        self.notices: Callable[[Notice], None] = lambda _: None
        self.book = AccountBook(rules)
        self.collateral = dict(rules.collateral)
        self.risk = Risk(rules, self.quote, self.index, self.collateral)
        self.matching = Matching(self.book, self.risk, self.quote, self.trading, self._now, self._tell)
        self.settlement = Settlement(self.book, self.risk, self.matching, self._now, self._tell)
        self.settlement.on_liquidation = lambda fill: self.notices(Liquidated(fill))
        self.settings = Settings(self._tell)
        self._states: dict[str, Trading] = {}
        self._quoters: dict[str, Quoter] = {}
        self._trades: dict[str, deque[Trade]] = {}
        self._funding: dict[str, FundingSchedule] = {}
        self._index: dict[str, Listing] = {}
        for listing in rules.listings(now_ms):
            self._list(listing, funding_every)
        self._dated = [listing for listing in self.listings.values() if listing.expiry_ms is not None]

    def step(self, now_ms: int) -> None:
        """Follow the market by one step."""
        self.now_ms = now_ms
        if not self.frozen:
            for listing in self.listings.values():
                if listing.instrument.id not in self.stale:
                    self._quote_step(listing)
        for listing, schedule in self.perpetuals():
            self._funding_step(listing, schedule)
        for listing in self._dated:
            if listing.expiry_ms is not None and now_ms >= listing.expiry_ms:
                self.deliver(listing)
        self.matching.step()
        self.settlement.liquidate_doomed()

    # --- what is listed -------------------------------------------------------------------------------------

    def find(self, category: str, symbol: str) -> Listing | None:
        """The listing, unless it is not there, was delisted or has been delivered."""
        listing = self.listings.get((category, symbol))
        return None if listing is None or self._gone(listing) else listing

    def listed(self, category: str) -> list[Listing]:
        """All listings of a category that still trade."""
        return [
            listing for (where, _), listing in self.listings.items() if where == category and not self._gone(listing)
        ]

    def trading(self, listing: Listing) -> Trading:
        """What a listing takes now."""
        return self._states.get(listing.instrument.id, Trading.TRADING)

    def set_trading(self, listing: Listing, state: Trading) -> None:
        """Let a listing take other orders than before, and say so."""
        self._states[listing.instrument.id] = state
        self.notices(TermsChanged(listing, Term.TRADING))

    def reopen(self) -> None:
        """Let everything trade again but what has been delivered."""
        for listing in self.listings.values():
            if self.trading(listing) in (Trading.DELISTED, Trading.CLOSING_ONLY):
                self.set_trading(listing, Trading.TRADING)

    def _gone(self, listing: Listing) -> bool:
        return self.trading(listing) in (Trading.DELISTED, Trading.DELIVERED)

    # --- what it shows --------------------------------------------------------------------------------------

    def quote(self, listing: Listing) -> Quote:
        """The listing's present quote."""
        return self._quoters[listing.instrument.id].quote

    def still(self, listing: Listing) -> bool:
        """Whether the listing's prices stand while its frames go on, as a fault."""
        return self.frozen or listing.instrument.id in self.stale

    def index(self, coin: str) -> Decimal:
        """The index price of a coin at this venue."""
        return self.quote(self._index[coin]).index

    def carry(self, listing: Listing) -> float:
        """What a dated contract stands above the index, as a fraction; zero for all else."""
        return self._quoters[listing.instrument.id].carry

    def trades(self, listing: Listing, limit: int = TRADES_KEPT) -> list[Trade]:
        """The last public trades, oldest first."""
        return list(self._trades[listing.instrument.id])[-limit:]

    def history(self, listing: Listing) -> PriceHistory:
        """The candles of the listing's coin; :mod:`feeds.sim.figures` makes the listing's own of them."""
        return self.histories[listing.instrument.base]

    # --- funding and delivery -------------------------------------------------------------------------------

    def funding(self, listing: Listing) -> FundingSchedule | None:
        """The listing's funding; ``None`` for spot and dated contracts."""
        return self._funding.get(listing.instrument.id)

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

    def set_funding_hours(self, listing: Listing, hours: int) -> None:
        """Let a perpetual settle every so many hours from now on."""
        self._funding[listing.instrument.id].change_interval(hours, self.now_ms)
        listing.set_funding_hours(hours)
        self.notices(TermsChanged(listing, Term.FUNDING_INTERVAL))

    def deliver(self, listing: Listing) -> None:
        """Settle every position of a dated contract at the index price, and take it off the list."""
        if self.trading(listing) is not Trading.DELIVERED:
            self.settlement.deliver(listing, self.quote(listing).index)
            self.set_trading(listing, Trading.DELIVERED)

    # --- the rest -------------------------------------------------------------------------------------------

    def _list(self, listing: Listing, funding_every: int | None) -> None:
        market, instrument, now_ms = self.market, listing.instrument, self.now_ms
        self.listings[listing.category, listing.symbol] = listing
        self._index.setdefault(instrument.base, listing)
        quoter = Quoter(
            listing,
            market.seed,
            market.fair(instrument.base),
            market.pinned(instrument.base),
            basis_seconds=self.rules.basis_seconds,
            carry=float(CARRY) * max(0, (listing.expiry_ms or now_ms) - now_ms) / YEAR_MS,
        )
        self._quoters[instrument.id] = quoter
        trades = earlier_trades(listing, quoter.quote, market.seed, now_ms)
        self._trades[instrument.id] = deque(trades, maxlen=TRADES_KEPT)
        if instrument.perpetual:
            self._funding[instrument.id] = FundingSchedule(
                listing, self.rules.funding, market.seed, now_ms, quoter.premium, funding_every
            )

    def _now(self) -> int:
        return self.now_ms

    def _tell(self, event: AccountEvent) -> None:
        self.listener(event)

    def _quote_step(self, listing: Listing) -> None:
        name, coin, schedule = listing.instrument.id, listing.instrument.base, self.funding(listing)
        ahead = 0.0 if schedule is None else float(schedule.rate) * schedule.share_left(self.now_ms)
        quote = self._quoters[name].step(self.market.fair(coin), self.market.pinned(coin), ahead)
        if quote.traded:
            trade = Trade(quote.book_seed, self.now_ms, quote.last, quote.last_size, quote.last_side.lower())
            self._trades[name].append(trade)

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
