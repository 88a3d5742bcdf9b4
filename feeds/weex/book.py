"""One contract's book, held from a snapshot on by its changes: of it the best bid and ask are told.

Each change repeats the number that the one before it ended with. Where it does not, or a row cannot be read, or the
sides cross, the book is lost: nothing more is told of it until a snapshot comes.
"""

from __future__ import annotations

from decimal import Decimal

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Ticker
from core.exact import ZERO
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, SIZE_CEILING, TIME_STEP_MS, Fields, sound_size
from feeds.weex import facts
from feeds.weex.state import Levels, State, levels, refusal
from feeds.weex.wire import DepthFrame


class _Side:
    """Sizes by price, and the best of them. ``best`` and ``size`` mean nothing while there are no levels."""

    __slots__ = ("best", "highest", "levels", "size")

    def __init__(self, *, highest: bool) -> None:
        self.highest = highest
        self.levels: dict[Decimal, Decimal] = {}
        self.best = self.size = ZERO

    def change(self, rows: Levels) -> None:
        """Take rows in; a size of 0 takes a level away."""
        held, best, size, gone = self.levels, self.best, self.size, not self.levels
        for price, there in rows:
            if there:
                held[price] = there
                if (price >= best) if self.highest else (price <= best):
                    best, size, gone = price, there, False
            else:
                held.pop(price, None)
                gone = gone or price == best
        if gone or len(held) > facts.BOOK_LEVELS:
            self._look()
        else:
            self.best, self.size = best, size

    def _look(self) -> None:
        """Find the best anew, and hold no more than the venue keeps us told of: what has left its levels would grow old
        here unseen."""
        if len(self.levels) > facts.BOOK_LEVELS:
            kept = sorted(self.levels, reverse=self.highest)[: facts.BOOK_LEVELS]
            self.levels = {price: self.levels[price] for price in kept}
        if self.levels:
            self.best, self.size = (max if self.highest else min)(self.levels.items())


class BookState(State):
    """``SYM@depth15``."""

    __slots__ = ("_asks", "_bids", "_last_id")
    suffix = facts.BOOK_CHANNEL

    def __init__(self, market: str, symbol: str) -> None:
        super().__init__(market, symbol)
        self._bids, self._asks = _Side(highest=True), _Side(highest=False)
        self._last_id: int | None = None

    def quick(self, frame: DepthFrame, received_ns: int) -> Ticker | None:
        """The best levels after a change in which all is as usual. Where it gives up after changing the book,
        :meth:`careful` changes it once more, to the same."""
        time = frame.event_time
        if (
            frame.first_id != self._last_id
            or frame.last_id < frame.first_id
            or not 0 <= time - self.event_time <= TIME_STEP_MS
            or not _sound(frame.bids)
            or not _sound(frame.asks)
        ):
            return None
        self._bids.change(frame.bids)
        self._asks.change(frame.asks)
        if self._crossed() or not self._bids.levels or not self._asks.levels:
            return None
        self._last_id, self.event_time = frame.last_id, time
        return self._told(received_ns)

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
        self._bids.change(levels(fields, "b", channel))
        self._asks.change(levels(fields, "a", channel))
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


def _sound(rows: Levels) -> bool:
    for price, size in rows:
        if not (PRICE_FLOOR < price < PRICE_CEILING and (PRICE_FLOOR < size < SIZE_CEILING or sound_size(size))):
            return False
    return True
