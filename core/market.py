"""What the venues last said of each instrument, field by field, and how far each value may still be trusted.

Two times are kept per field, when it was observed and when its value last changed; per channel the venue's own. An age
runs from when it was *observed*: the receive time, moved back by as much as the event arrived later than that
venue's events do at best. So a backlog that is read all at once does not look fresh, and of two channels that tell
the same field the one that observed it last is believed, whichever was received last; a word without a time does not
replace one that another channel told with its time a moment ago.

What never becomes a price: a number that is not finite or not positive; a mark and an index that contradict each
other by more than a factor of two; a jump by more than a factor of two from a value still held, until
``CONFIRMATIONS`` further events agree with it; a bid above its ask; an event older, by the venue's clock, than what
is held for that channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.errors import RequestError
from core.events import FaultKind, FrameFault, Ticker
from core.feeds_health import FeedsHealth
from core.figures import Figure, Freshness
from core.freshness import MARK_AGES_NS, SECOND_NS, TIER_AGES_NS, by_age
from core.instrument_market import Field, InstrumentMarket, Quote, Shown, Source
from core.instruments import Instrument, TierTable
from core.priced_market import PricedMarkets
from core.sheet_price import PricedContract
from core.tiers import check_continuity

CONFIRMATIONS = 2
JUMP_FACTOR = 2
MAXIMUM_FUNDING_RATE = Decimal("0.25")
"""No venue caps an interval's funding above 4%; a quarter is a misread field."""

ORDER_HOLD_NS = 10 * SECOND_NS
"""For how long a held venue time rejects older ones. A stream that restarts its clock heals after this."""

FUTURE_NS = 2 * SECOND_NS
"""A venue time further ahead of the receive time than this says nothing about lateness."""

DRIFT_PARTS = 10_000
"""The best lateness of a venue may creep up by one part in this of the time passed: clocks drift."""


class Market:
    """All instruments that anything was said about. ``priced`` are the contracts whose price comes from their sheet."""

    def __init__(self, feeds: FeedsHealth, priced: Mapping[str, PricedContract] | None = None) -> None:
        self._feeds = feeds
        self._assumed: dict[str, TierTable] = {}
        self._priced = priced or {}
        self._sheets = PricedMarkets()
        self._instruments: dict[str, InstrumentMarket] = {}
        self._lateness: dict[str, tuple[int, int]] = {}

    def of(self, instrument: str) -> InstrumentMarket:
        """The market of an instrument, empty until something is said of it."""
        found = self._instruments.get(instrument)
        if found is None:
            found = self._instruments[instrument] = InstrumentMarket(instrument, self._priced.get(instrument))
        return found

    def heard(self) -> list[str]:
        """Every instrument that a price or a rate was taken in for, in alphabetical order."""
        return sorted(market.id for market in self._instruments.values() if market.sources)

    def listed(self, instrument: Instrument) -> None:
        """Take in an instrument's description."""
        self.of(instrument.id).instrument = instrument

    def tiers_loaded(self, table: TierTable) -> None:
        """Take in a tier table; one that contradicts itself replaces what was known by a fault, never by a guess."""
        market = self.of(table.instrument)
        try:
            check_continuity(table)
        except RequestError as broken:
            market.tiers, market.tiers_fault = None, str(broken)
            return
        market.tiers, market.tiers_fault = table, ""

    def assume_tiers(self, table: TierTable) -> None:
        """Take a table that holds for as long as no venue tells one."""
        self._assumed[table.instrument] = table

    def apply(self, event: Ticker) -> InstrumentMarket:
        """Fold one ticker in, field by field; what cannot be used is counted as a fault of its feed."""
        market = self.of(event.instrument)
        source = market.sources.get(event.channel)
        if source is None:
            source = Source(self._feeds.channel(market.venue, market.market, event.channel))
            market.sources[event.channel] = source
        received = event.received_ns
        source.health.carried_data(received)
        if market.priced is not None:
            self._apply_priced(event, market.priced, market.mark, source)
            return market
        if self._out_of_order(event, source):
            self._fault(event, source, FaultKind.OUT_OF_ORDER)
            return market
        if event.venue_time_ns is not None:
            source.venue_time_ns, source.received_ns = event.venue_time_ns, received
        self._fold(event, market, source, self._observed(market.venue, event))
        market.told()
        return market

    def _apply_priced(self, event: Ticker, priced: PricedContract, held: Quote, source: Source) -> None:
        """Take in a price that a contract's sheet tells of: as old as it says itself, never older than what is held."""
        source.health.connection.priced = priced
        said, received = event.venue_time_ns, event.received_ns
        if said is not None and said > received + FUTURE_NS:
            self._fault(event, source, FaultKind.BAD_FIELD, "a time in the future")
            return
        observed = received if said is None else min(said, received)
        mark = self._usable(event.mark_price, Field.MARK, event, source)
        if mark is None:
            return
        if held.value is not None and observed < held.observed_ns:
            if not priced.typed:  # an older typed mark is simply the older one
                self._fault(event, source, FaultKind.OUT_OF_ORDER)
        elif priced.typed:
            _write(held, mark, event, source, observed)
        else:
            self._price(held, mark, event, source, observed)

    def _fold(self, event: Ticker, market: InstrumentMarket, source: Source, observed: int) -> None:
        mark = self._usable(event.mark_price, Field.MARK, event, source)
        index = self._usable(event.index_price, Field.INDEX, event, source)
        bid = self._usable(event.bid_price, Field.BID, event, source)
        ask = self._usable(event.ask_price, Field.ASK, event, source)
        if mark is not None and index is not None and _contradict(mark, index):
            self._fault(event, source, FaultKind.BAD_FIELD, "mark price against index price")
            mark = index = None
        if bid is not None and ask is not None and bid > ask:
            self._fault(event, source, FaultKind.BAD_FIELD, "bid price above ask price")
            bid = ask = None
        if mark is not None:
            before = market.mark.changed_ns
            if self._price(market.mark, mark, event, source, observed) and before:
                market.rhythm.changed(market.mark.changed_ns - before)
        if index is not None:
            self._price(market.index, index, event, source, observed)
        if bid is not None:
            self._price(market.bid, bid, event, source, observed)
        if ask is not None:
            self._price(market.ask, ask, event, source, observed)
        if event.funding_rate is not None:
            self._funding(market, event, source, observed)

    def _funding(self, market: InstrumentMarket, event: Ticker, source: Source, observed: int) -> None:
        rate, due, hours = event.funding_rate, event.next_funding_time_ns, event.funding_interval_hours
        assert rate is not None
        if not rate.is_finite() or abs(rate) > MAXIMUM_FUNDING_RATE:
            self._fault(event, source, FaultKind.BAD_FIELD, Field.FUNDING_RATE.value)
            return
        if _told_later(market.funding_rate, source, event, observed):
            return
        _write(market.funding_rate, rate, event, source, observed)
        if due is not None and due > 0:
            _write(market.next_funding, Decimal(due), event, source, observed)
        if hours is not None and hours > 0:
            _write(market.funding_interval, Decimal(hours), event, source, observed)

    def _usable(self, price: Decimal | None, field: Field, event: Ticker, source: Source) -> Decimal | None:
        if price is None or (price.is_finite() and price > 0):
            return price
        self._fault(event, source, FaultKind.BAD_FIELD, field.value)
        return None

    def _price(self, quote: Quote, price: Decimal, event: Ticker, source: Source, observed: int) -> bool:
        """Write a price unless it is absurd or another channel told a later one; true if the value is a new one."""
        held = quote.value
        if _told_later(quote, source, event, observed):
            return False
        if held is not None and price == held:
            quote.suspected = 0
            return _write(quote, held, event, source, observed)
        if (
            held is not None
            and observed - quote.observed_ns < MARK_AGES_NS.unknown
            and _contradict(price, held)
            and not _confirmed(quote, price)
        ):
            self._fault(event, source, FaultKind.BAD_FIELD, "price jump")
            return False
        quote.suspected = 0
        return _write(quote, price, event, source, observed)

    def _out_of_order(self, event: Ticker, source: Source) -> bool:
        held, said = source.venue_time_ns, event.venue_time_ns
        if held is None or said is None or said >= held:
            return False
        return event.received_ns - source.received_ns < ORDER_HOLD_NS

    def _observed(self, venue: str, event: Ticker) -> int:
        """The receive time less the event's excess lateness over the best of its venue."""
        received, said = event.received_ns, event.venue_time_ns
        if said is None:
            return received
        lateness = received - said
        if lateness < -FUTURE_NS:
            return received
        best = self._lateness.get(venue)
        if best is None:
            self._lateness[venue] = (lateness, received)
            return received
        allowed = best[0] + max(0, received - best[1]) // DRIFT_PARTS
        if lateness <= allowed:
            self._lateness[venue] = (lateness, received)
            return received
        return received - (lateness - allowed)

    def _fault(self, event: Ticker, source: Source, kind: FaultKind, field: str = "") -> None:
        connection = source.health.connection
        fault = FrameFault(
            venue=connection.venue, connection=connection.name, kind=kind, channel=event.channel, field=field
        )
        self._feeds.count_fault(connection, fault)

    def shown(self, instrument: str, now_ns: int) -> Shown:
        """Every field of an instrument as a figure at ``now_ns``."""
        market = self.of(instrument)
        shown, priced = market.shown(now_ns, self._feeds.interruptions), market.priced
        if priced is None:
            return shown
        middle = self.middle(priced.price.index, now_ns) if priced.price.index else None
        return self._sheets.shown(market, priced, shown, middle, now_ns)

    def figure(self, instrument: str, field: Field, now_ns: int) -> Figure:
        """A field as a figure at ``now_ns``; unknown, by name, when it was never seen or is too old."""
        return self.shown(instrument, now_ns).figure(field)

    def unquoted(self, instrument: str) -> bool:
        """True for a contract that has a mark and nothing else, from its sheet."""
        return self.of(instrument).priced is not None

    def closed(self, instrument: str, now_ns: int) -> str:
        """That the market of a contract is closed, as far as its sheet tells; empty while it is open or not told."""
        priced = self.of(instrument).priced
        return f"the market of {instrument} is closed now" if priced is not None and priced.closed(now_ns) else ""

    def rests(self, instrument: str, now_ns: int) -> bool:
        """True where the mark is old only because the market is closed."""
        market = self.of(instrument)
        held = market.mark
        return market.priced is not None and held.value is not None and market.priced.rests(held.observed_ns, now_ns)

    def middle(self, instrument: str, now_ns: int) -> Figure:
        """The middle of best bid and ask; unknown while they cross."""
        shown = self.shown(instrument, now_ns)
        return self.of(instrument).middle(shown.bid, shown.ask)

    def table(self, instrument: str) -> TierTable | None:
        """The tier table that its venue has told, else the one that is assumed; none where the told one is refused."""
        held = self.of(instrument)
        return held.tiers or (None if held.tiers_fault else self._assumed.get(instrument))

    def tiers(self, instrument: str, now_ns: int) -> tuple[TierTable | None, Freshness]:
        """The tier table and its freshness; an instrument nobody described has UNKNOWN tiers."""
        table = self.table(instrument)
        if table is None or table.estimated:
            return table, Freshness.UNKNOWN if table is None else Freshness.LIVE
        freshness = by_age(now_ns - table.as_of_ns, TIER_AGES_NS)
        return (None if freshness is Freshness.UNKNOWN else table), freshness


def _told_later(quote: Quote, source: Source, event: Ticker, observed: int) -> bool:
    """Whether another channel observed what is held after this: a channel orders only its own events.

    What bears no time may be of any age, and is taken for older than what another channel told with its time just now.
    """
    holder = quote.source
    if holder is None or holder is source:
        return False
    if observed < quote.observed_ns:
        return True
    return (
        event.venue_time_ns is None
        and holder.venue_time_ns is not None
        and quote.freshness(observed, MARK_AGES_NS) is Freshness.LIVE
    )


def _write(quote: Quote, value: Decimal, event: Ticker, source: Source, observed: int) -> bool:
    quote.observed_ns = observed
    quote.source = source
    quote.epoch = source.health.epoch
    if quote.value is not None and value == quote.value:
        return False
    quote.value = value
    quote.changed_ns = event.received_ns
    return True


def _contradict(one: Decimal, other: Decimal) -> bool:
    return one > other * JUMP_FACTOR or other > one * JUMP_FACTOR


def _confirmed(quote: Quote, price: Decimal) -> bool:
    """True once enough events in a row agree on a price far from the one held."""
    if quote.suspected and quote.suspect is not None and not _contradict(price, quote.suspect):
        quote.suspected += 1
    else:
        quote.suspect, quote.suspected = price, 1
    return quote.suspected > CONFIRMATIONS
