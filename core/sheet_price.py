"""Where the price of a contract comes from that no feed speaks of, what it is, and how far its age lets it be trusted.

An age counts only while the market is open: over a weekend the last price rests, and never looks better than late.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.figures import Freshness, worst
from core.freshness import SECOND_NS, AgesNs, by_age
from core.trading_hours import TradingHours, is_open, open_ns

UNKNOWN_FACTOR = 4
"""A price is unknown at so many times the age at which it is stale; late it is at half of that age."""


class PriceMeaning(StrEnum):
    """What the number is that stands for the mark price."""

    MARK = "mark"
    LAST = "last"
    SETTLEMENT = "settlement"


class TimeFormat(StrEnum):
    """How the time of a price is written."""

    ISO8601 = "iso8601"
    EPOCH_SECONDS = "epoch_s"
    EPOCH_MILLISECONDS = "epoch_ms"


class TailedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that grows by lines: a number, a time and a number, or a JSON object in which ``pointer`` (RFC 6901) and
    ``time_pointer`` lead to them. ``path`` is absolute."""

    path: str
    pointer: str | None = None
    time_pointer: str | None = None
    time_format: TimeFormat = TimeFormat.ISO8601


class PolledAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON document asked for again and again. ``headers`` are names with the environment variables that hold them.

    Pointers are JSON pointers (RFC 6901).
    """

    url: str
    pointer: str
    time_pointer: str | None = None
    time_format: TimeFormat = TimeFormat.ISO8601
    every_seconds: Decimal = Decimal(10)
    headers: tuple[tuple[str, str], ...] = ()


class TypedMarks(msgspec.Struct, frozen=True, kw_only=True):
    """Marks that the user types; ``mark`` of ``at_ns`` is one in the configuration, ``None`` where there is none."""

    mark: Decimal | None = None
    at_ns: int | None = None


class SheetPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The source of one contract's price. ``stale_after_seconds`` is an age in time that the market is open; ``index``
    names the spot pair whose middle stands for the index price, empty for none."""

    source: TailedFile | PolledAddress | TypedMarks
    means: PriceMeaning = PriceMeaning.MARK
    stale_after_seconds: Decimal
    index: str = ""

    @property
    def words(self) -> str:
        """What it is and where it comes from, without a path's folder or an address's query."""
        match self.source:
            case TailedFile(path=path):
                whence = f"from the file {path.rpartition('/')[2]}"
            case PolledAddress(url=url):
                whence = f"from {url.partition('//')[2].partition('/')[0].partition('?')[0]}"
            case _:
                whence = "typed in"
        return f"{self.means.value} price {whence}"


class PricedContract(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of a contract with the source of its price."""

    instrument: str
    tick_size: Decimal
    hours: TradingHours
    settles_ns: int
    price: SheetPrice
    ages: AgesNs

    @property
    def typed(self) -> bool:
        """Whether its user types its marks."""
        return isinstance(self.price.source, TypedMarks)

    def freshness(self, observed_ns: int, now_ns: int) -> Freshness:
        """How far a price of ``observed_ns`` may be trusted: by the time that the market was open since, but no better
        than late once it is old by the calendar."""
        if now_ns - observed_ns < self.ages.late:
            return Freshness.LIVE
        traded = open_ns(self.hours, observed_ns, now_ns, self.ages.unknown)
        return worst(by_age(traded, self.ages), Freshness.LATE)

    def rests(self, observed_ns: int, now_ns: int) -> bool:
        """True where the price is old only because the market is closed."""
        return not is_open(self.hours, now_ns) and self.freshness(observed_ns, now_ns) is Freshness.LATE

    def closed(self, now_ns: int) -> bool:
        """Whether the market is closed."""
        return not is_open(self.hours, now_ns)


def ages_of(stale_after_seconds: Decimal) -> AgesNs:
    """Late at half of the age at which a price is stale, unknown at :data:`UNKNOWN_FACTOR` times it."""
    stale = int(stale_after_seconds * SECOND_NS)
    return AgesNs(stale // 2, stale, UNKNOWN_FACTOR * stale)
