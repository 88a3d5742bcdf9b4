"""One instrument as its venue last described it: each field with its source and its age, and all of them as figures.

The figures of an instrument are made together and kept: they are the same objects until a word of the venue, an
interruption of a channel or an age that turns makes one of them another. So whoever works something out from them can
see by identity alone that nothing has changed.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.feeds_health import ChannelHealth
from core.figures import Figure, Freshness, unknown, worst
from core.freshness import FUNDING_AGES_NS, MARK_AGES_NS, SECOND_NS, SPOT_PRICE_AGES_NS, AgesNs, by_age
from core.instruments import Instrument, TierTable
from core.sheet_price import PricedContract

FROZEN_AFTER_NS = 60 * SECOND_NS
"""A mark unchanged for this long, on a contract learned to tick, is stale although messages arrive."""

TICKING_CHANGES = 5
TICKING_INTERVAL_NS = 15 * SECOND_NS
"""A contract is learned to tick after five changes at 15 s or less apart on average (a quarter of the above)."""

FOREVER_NS = 1 << 63
"""Later than any time: until when something lasts that does not age."""


class Field(StrEnum):
    """What can be asked of a market; the value is its name in words."""

    MARK = "mark price"
    INDEX = "index price"
    BID = "bid price"
    ASK = "ask price"
    FUNDING_RATE = "funding rate"
    NEXT_FUNDING = "next funding time"
    FUNDING_INTERVAL = "funding interval"


_MARK, _INDEX, _BID, _ASK, _RATE, _NEXT, _INTERVAL = Field
_UNKNOWN = Freshness.UNKNOWN


class Source:
    """One channel as it feeds one instrument."""

    __slots__ = ("health", "received_ns", "venue_time_ns")

    def __init__(self, health: ChannelHealth) -> None:
        self.health = health
        self.venue_time_ns: int | None = None
        self.received_ns = 0


class Quote:
    """One field of one instrument."""

    __slots__ = ("changed_ns", "epoch", "figure", "observed_ns", "source", "suspect", "suspected", "value")

    def __init__(self) -> None:
        self.value: Decimal | None = None
        self.observed_ns = 0
        self.changed_ns = 0
        self.source: Source | None = None
        self.epoch = 0
        self.figure: Figure | None = None
        self.suspect: Decimal | None = None
        self.suspected = 0

    def freshness(self, now_ns: int, ages: AgesNs) -> Freshness:
        """By age, and at best stale when its channel was interrupted since."""
        if self.source is None:
            return Freshness.UNKNOWN
        aged = by_age(now_ns - self.observed_ns, ages)
        if self.epoch != self.source.health.epoch:
            return worst(aged, Freshness.STALE)
        return aged

    def turns_ns(self, now_ns: int, ages: AgesNs) -> int:
        """When its age next means something else."""
        if self.value is None:
            return FOREVER_NS
        age = now_ns - self.observed_ns
        for turn in ages:
            if age < turn:
                return self.observed_ns + turn
        return FOREVER_NS


class Rhythm:
    """How often a mark price changes, learned by an average that forgets."""

    __slots__ = ("changes", "interval_ns")

    def __init__(self) -> None:
        self.changes = 0
        self.interval_ns = 0

    def changed(self, after_ns: int) -> None:
        """Learn from one change."""
        after_ns = min(after_ns, FROZEN_AFTER_NS)
        self.changes += 1
        if self.changes == 1:
            self.interval_ns = after_ns
        else:
            self.interval_ns += (after_ns - self.interval_ns) // 8

    @property
    def ticks(self) -> bool:
        """True once it is known that this market's mark normally moves."""
        return self.changes >= TICKING_CHANGES and self.interval_ns <= TICKING_INTERVAL_NS


class Shown(msgspec.Struct, frozen=True, gc=False):
    """Every field of an instrument as a figure, from one moment until the first of them turns by its age."""

    mark: Figure
    index: Figure
    bid: Figure
    ask: Figure
    funding_rate: Figure
    next_funding: Figure
    funding_interval: Figure

    def figure(self, field: Field) -> Figure:
        """The figure of one field."""
        found: Figure = getattr(self, field.name.lower())
        return found


class InstrumentMarket:
    """One instrument: its description, its tiers and its quotes; ``priced`` where its sheet tells its price."""

    __slots__ = (
        "_from_ns",
        "_interruptions",
        "_middle",
        "_shown",
        "_told",
        "_until_ns",
        "ask",
        "bid",
        "funding_interval",
        "funding_rate",
        "id",
        "index",
        "instrument",
        "mark",
        "market",
        "next_funding",
        "price_ages",
        "priced",
        "rhythm",
        "sources",
        "tiers",
        "tiers_fault",
        "venue",
    )

    def __init__(self, instrument: str, priced: PricedContract | None = None) -> None:
        self.id = instrument
        self.priced = priced
        self.venue, _, rest = instrument.partition(":")
        self.market = rest.partition(":")[0]
        self.price_ages = SPOT_PRICE_AGES_NS if self.market == "spot" else MARK_AGES_NS
        self.instrument: Instrument | None = None
        self.tiers: TierTable | None = None
        self.tiers_fault = ""
        self.sources: dict[str, Source] = {}
        self.rhythm = Rhythm()
        self.mark = Quote()
        self.index = Quote()
        self.bid = Quote()
        self.ask = Quote()
        self.funding_rate = Quote()
        self.next_funding = Quote()
        self.funding_interval = Quote()
        self._shown: Shown | None = None
        self._from_ns = self._until_ns = self._interruptions = 0
        self._told = False
        self._middle: tuple[Figure, Figure, Figure] | None = None

    def quote(self, field: Field) -> tuple[Quote, AgesNs]:
        """The quote of a field and the ages that apply to it."""
        match field:
            case Field.MARK:
                return self.mark, MARK_AGES_NS
            case Field.INDEX:
                return self.index, MARK_AGES_NS
            case Field.BID:
                return self.bid, self.price_ages
            case Field.ASK:
                return self.ask, self.price_ages
            case Field.FUNDING_RATE:
                return self.funding_rate, FUNDING_AGES_NS
            case Field.NEXT_FUNDING:
                return self.next_funding, FUNDING_AGES_NS
            case Field.FUNDING_INTERVAL:
                return self.funding_interval, FUNDING_AGES_NS

    def frozen(self, now_ns: int) -> bool:
        """True where the mark has not moved for a minute on a contract whose mark normally does."""
        return self.rhythm.ticks and now_ns - self.mark.changed_ns >= FROZEN_AFTER_NS

    def told(self) -> None:
        """Note that a venue has said something of it: its figures may be others."""
        self._told = True

    def shown(self, now_ns: int, interruptions: int) -> Shown:
        """Every field as a figure at ``now_ns``; ``interruptions`` counts those of any channel so far."""
        kept = self._shown
        if (
            kept is not None
            and not self._told
            and self._from_ns <= now_ns < self._until_ns
            and self._interruptions == interruptions
        ):
            return kept
        prices, rates, figure = self.price_ages, FUNDING_AGES_NS, self._figure
        self._shown = found = Shown(
            figure(_MARK, self.mark, MARK_AGES_NS, now_ns),
            figure(_INDEX, self.index, MARK_AGES_NS, now_ns),
            figure(_BID, self.bid, prices, now_ns),
            figure(_ASK, self.ask, prices, now_ns),
            figure(_RATE, self.funding_rate, rates, now_ns),
            figure(_NEXT, self.next_funding, rates, now_ns),
            figure(_INTERVAL, self.funding_interval, rates, now_ns),
        )
        self._from_ns, self._until_ns, self._interruptions = now_ns, self._turns_ns(now_ns), interruptions
        self._told = False
        return found

    def _turns_ns(self, now_ns: int) -> int:
        """When the first of the figures turns into another by the time alone."""
        until_ns = self.mark.changed_ns + FROZEN_AFTER_NS if self.rhythm.ticks else FOREVER_NS
        prices, rates = self.price_ages, FUNDING_AGES_NS
        return min(
            until_ns if until_ns > now_ns else FOREVER_NS,
            self.mark.turns_ns(now_ns, MARK_AGES_NS),
            self.index.turns_ns(now_ns, MARK_AGES_NS),
            self.bid.turns_ns(now_ns, prices),
            self.ask.turns_ns(now_ns, prices),
            self.funding_rate.turns_ns(now_ns, rates),
            self.next_funding.turns_ns(now_ns, rates),
            self.funding_interval.turns_ns(now_ns, rates),
        )

    def _figure(self, field: Field, quote: Quote, ages: AgesNs, now_ns: int) -> Figure:
        """A field as a figure; the same object as last time where it is no other."""
        value, kept = quote.value, quote.figure
        if value is None:
            seen, freshness = None, _UNKNOWN
        else:
            seen, freshness = quote.observed_ns, quote.freshness(now_ns, ages)
            if freshness is _UNKNOWN:
                value = None
            elif field is _MARK and self.frozen(now_ns):
                freshness = worst(freshness, Freshness.STALE)
        if kept is None or kept.value is not value or kept.freshness is not freshness or kept.observed_ns != seen:
            missing = (f"{field.value} of {self.id}",) if value is None else ()
            kept = quote.figure = Figure(value, missing, "", False, freshness, seen)
        return kept

    def middle(self, bid: Figure, ask: Figure) -> Figure:
        """The middle of bid and ask; unknown while they cross."""
        kept = self._middle
        if kept is None or kept[0] is not bid or kept[1] is not ask:
            kept = self._middle = (bid, ask, self._middle_of(bid, ask))
        return kept[2]

    def _middle_of(self, bid: Figure, ask: Figure) -> Figure:
        if bid.value is None or ask.value is None:
            return unknown(*(gap for side in (bid, ask) for gap in side.missing))
        if bid.value > ask.value:
            return unknown(f"uncrossed bid and ask of {self.id}")
        return Figure(
            value=(bid.value + ask.value) / 2,
            freshness=worst(bid.freshness, ask.freshness),
            observed_ns=min(side.observed_ns for side in (bid, ask) if side.observed_ns is not None),
        )
