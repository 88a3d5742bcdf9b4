"""One contract's book, held from a snapshot on by its changes: of it the best bid and ask are told.

Each change repeats the number that the one before it ended with. Where it does not, or a row cannot be read, or the
sides cross, the book is lost: nothing more is told of it until a snapshot comes.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Ticker
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, TIME_STEP_MS, Fields, sound_size
from feeds.weex import facts
from feeds.weex.state import Levels, State, levels, refusal
from feeds.weex.wire import DepthFrame


class BookState(State):
    """``SYM@depth15``."""

    __slots__ = ("_asks", "_bids", "_last_id")
    suffix = facts.BOOK_CHANNEL

    def __init__(self, market: str, symbol: str) -> None:
        super().__init__(market, symbol)
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._last_id: int | None = None

    def quick(self, frame: DepthFrame, received_ns: int) -> Ticker | None:
        """The best levels after a change in which all is as usual."""
        time = frame.event_time
        if (
            frame.first_id != self._last_id
            or frame.last_id < frame.first_id
            or not 0 <= time - self.event_time <= TIME_STEP_MS
        ):
            return None
        for side in (frame.bids, frame.asks):
            for price, size in side:
                if not (PRICE_FLOOR < price < PRICE_CEILING and sound_size(size)):
                    return None
        bids, asks = dict(self._bids), dict(self._asks)
        _change(bids, frame.bids)
        _change(asks, frame.asks)
        if not bids or not asks or max(bids) >= min(asks):
            return None
        self._keep(bids, asks, frame.last_id)
        self.event_time = time
        return self._best(replace(self.blank, received_ns=received_ns, venue_time_ns=time * 1_000_000))

    def careful(self, fields: Fields, received_ns: int) -> list[AnyEvent]:
        """See :meth:`State.careful`: a change that cannot be used loses the book."""
        try:
            return [self._taken(fields, received_ns)]
        except DecodeError:
            self.lose()
            raise

    @property
    def lost(self) -> bool:
        """True while a snapshot is needed."""
        return self._last_id is None

    def lose(self) -> None:
        """Forget the book."""
        self._bids, self._asks, self._last_id = {}, {}, None

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
        if not snapshot and self._last_id is None:
            raise refusal(FaultKind.BEFORE_SNAPSHOT, channel)
        if not snapshot and (first_id != self._last_id or last_id < first_id):
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "", f"U {first_id} after u {self._last_id}, to u {last_id}")
        bids, asks = ({}, {}) if snapshot else (dict(self._bids), dict(self._asks))
        _change(bids, levels(fields, "b", channel))
        _change(asks, levels(fields, "a", channel))
        if not bids and not asks:
            raise refusal(FaultKind.BAD_FIELD, channel, "b", "an empty book: the venue knows no such contract now")
        if bids and asks and max(bids) >= min(asks):
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "", "the sides cross")
        if snapshot:
            self.event_time = 0
        ticker = self._stamped(fields, received_ns)
        self._keep(bids, asks, last_id)
        return self._best(ticker)

    def _keep(self, bids: dict[Decimal, Decimal], asks: dict[Decimal, Decimal], last_id: int) -> None:
        """Hold what the venue keeps us told of: what has left its levels would grow old here unseen."""
        if len(bids) > facts.BOOK_LEVELS:
            bids = {price: bids[price] for price in sorted(bids, reverse=True)[: facts.BOOK_LEVELS]}
        if len(asks) > facts.BOOK_LEVELS:
            asks = {price: asks[price] for price in sorted(asks)[: facts.BOOK_LEVELS]}
        self._bids, self._asks, self._last_id = bids, asks, last_id

    def _best(self, ticker: Ticker) -> Ticker:
        bid = max(self._bids) if self._bids else None
        ask = min(self._asks) if self._asks else None
        return replace(
            ticker,
            bid_price=bid,
            bid_size=None if bid is None else self._bids[bid],
            ask_price=ask,
            ask_size=None if ask is None else self._asks[ask],
        )


def _change(side: dict[Decimal, Decimal], rows: Levels) -> None:
    for price, size in rows:
        if size:
            side[price] = size
        else:
            side.pop(price, None)
