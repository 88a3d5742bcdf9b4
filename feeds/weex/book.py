"""One contract's book, held from a snapshot on by its changes: of it the best bid and ask are told.

Each change repeats the number that the one before it ended with. Where it does not, or a row cannot be read, or the
sides cross, the book is lost: nothing more is told of it until a snapshot comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Ticker
from core.exact import ZERO
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_STEP_MS, Fields, sound_size
from feeds.weex import facts
from feeds.weex.state import Rows, State, refusal, rows_of
from feeds.weex.wire import DepthFrame

_ROUGH_FLOOR: Final = 1e-29
_ROUGH_CEILING: Final = 1e17
"""A text that float reads as more than the one and less than the other is a size within bounds: float reads no text
that Decimal does not, and errs by less than the distance to the true bounds."""

_PRICES_KEPT: Final = 100
"""How many texts of prices a side remembers the numbers of."""


class _Side:
    """Sizes by price, as texts, and the best price, which means nothing while there are no levels.

    A text is made a number where it is told: that of a price once while its level stands, that of a size where the
    level is the best.
    """

    __slots__ = ("_highest", "_prices", "_size", "_size_text", "_stale", "best", "levels")

    def __init__(self, *, highest: bool) -> None:
        self._highest = highest
        self.levels: dict[Decimal, str] = {}
        self._prices: dict[str, Decimal] = {}
        self.best, self._size, self._size_text, self._stale = ZERO, ZERO, "0", True

    @property
    def size(self) -> Decimal:
        """What there is at the best price."""
        text = self.levels[self.best]
        if text is not self._size_text:
            self._size, self._size_text = Decimal(text), text
        return self._size

    def change(self, rows: Rows) -> None:
        """Take rows in; a size of 0 takes a level away.

        Raises ValueError or decimal.InvalidOperation at one that is no number or out of bounds; those before it are in.
        """
        held, prices, highest = self.levels, self._prices, self._highest
        best, stale = self.best, self._stale
        self._stale = True  # until all rows are in
        for price_text, size_text in rows:
            try:
                price = prices[price_text]
            except KeyError:
                price = self._price(price_text)
            if _ROUGH_FLOOR < float(size_text) < _ROUGH_CEILING or _is_size(size_text):
                held[price] = size_text
                if price > best if highest else price < best:
                    best = price
            else:
                held.pop(price, None)
                stale = stale or price == best
        if stale or len(held) > facts.BOOK_LEVELS:
            self._look()
        else:
            self.best, self._stale = best, False

    def _price(self, text: str) -> Decimal:
        price = Decimal(text)
        if not PRICE_FLOOR < price < PRICE_CEILING:
            raise ValueError(f"{text} is no price")
        if len(self._prices) >= _PRICES_KEPT:
            self._prices.clear()
        self._prices[text] = price
        return price

    def _look(self) -> None:
        """Find the best anew, and hold no more than the venue keeps us told of: what has left its levels would grow old
        here unseen."""
        if len(self.levels) > facts.BOOK_LEVELS:
            kept = sorted(self.levels, reverse=self._highest)[: facts.BOOK_LEVELS]
            self.levels = {price: self.levels[price] for price in kept}
        if self.levels:
            self.best, self._stale = (max if self._highest else min)(self.levels), False


class BookState(State):
    """``SYM@depth15``."""

    __slots__ = ("_asks", "_bids", "_last_id")
    suffix = facts.BOOK_CHANNEL

    def __init__(self, market: str, symbol: str) -> None:
        super().__init__(market, symbol)
        self._bids, self._asks = _Side(highest=True), _Side(highest=False)
        self._last_id: int | None = None

    def quick(self, frame: DepthFrame, received_ns: int, raw: bytes) -> Sequence[AnyEvent] | None:
        """The best levels after a change in which all is as usual. Where it gives up after changing the book,
        :meth:`careful` changes it once more, to the same."""
        time = frame.event_time
        if (
            frame.first_id != self._last_id
            or frame.last_id < frame.first_id
            or not 0 <= time - self.event_time <= TIME_STEP_MS
        ):
            return None
        bids, asks = self._bids, self._asks
        bids.change(frame.bids)
        asks.change(frame.asks)
        if not bids.levels or not asks.levels or bids.best >= asks.best:
            return None
        self._last_id, self.event_time = frame.last_id, time
        return (
            Ticker(
                received_ns=received_ns,
                instrument=self.blank.instrument,
                channel=self.blank.channel,
                venue_time_ns=time * 1_000_000,
                bid_price=bids.best,
                bid_size=bids.size,
                ask_price=asks.best,
                ask_size=asks.size,
            ),
        )

    def careful(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """See :meth:`State.careful`: a change that cannot be used loses the book."""
        try:
            return [self._taken(fields, received_ns)]
        except DecodeError:
            self._begin()
            raise

    @property
    def lost(self) -> bool:
        """True while a snapshot is needed."""
        return self._last_id is None

    def _begin(self) -> None:
        self._bids, self._asks = _Side(highest=True), _Side(highest=False)
        self._last_id = None

    def _taken(self, fields: Fields, received_ns: int) -> Ticker:
        channel = self.blank.channel
        snapshot = fields.shown("d") == "SNAPSHOT"
        if fields.text("d") not in ("SNAPSHOT", "CHANGED"):
            fields.note("d", "SNAPSHOT or CHANGED")
        first_id, last_id = fields.whole("U"), fields.whole("u")
        if fields.whole("l") not in (None, facts.BOOK_LEVELS):
            fields.note("l", f"{facts.BOOK_LEVELS} levels")
        if first_id is None or last_id is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, channel, *fields.bad[0])
        if snapshot:
            self._begin()
            self.event_time = 0
        elif self._last_id is None:
            raise refusal(FaultKind.BEFORE_SNAPSHOT, channel)
        elif first_id != self._last_id or last_id < first_id:
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "", f"U {first_id} after u {self._last_id}, to u {last_id}")
        self._bids.change(rows_of(fields, "b", channel))
        self._asks.change(rows_of(fields, "a", channel))
        if not self._bids.levels and not self._asks.levels:
            raise refusal(FaultKind.BAD_FIELD, channel, "b", "an empty book: the venue knows no such contract now")
        if self._crossed():
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "", "the sides cross")
        self._stamped(fields, received_ns)
        self._last_id = last_id
        return self._told(received_ns)

    def _crossed(self) -> bool:
        return bool(self._bids.levels and self._asks.levels) and self._bids.best >= self._asks.best

    def _told(self, received_ns: int) -> Ticker:
        bids, asks = self._bids, self._asks
        return Ticker(
            received_ns=received_ns,
            instrument=self.blank.instrument,
            channel=self.blank.channel,
            venue_time_ns=self.event_time * 1_000_000,
            bid_price=bids.best if bids.levels else None,
            bid_size=bids.size if bids.levels else None,
            ask_price=asks.best if asks.levels else None,
            ask_size=asks.size if asks.levels else None,
        )


def _is_size(text: str) -> bool:
    """False for a size of 0. Raises ValueError or decimal.InvalidOperation for what is no size."""
    size = Decimal(text)
    if not sound_size(size):
        raise ValueError(f"{text} is no size")
    return bool(size)
