"""BingX's REST bodies about prices and rates to events. Pure.

Source: https://bingx-api.github.io/docs-v3 (Swap and Coin-M Futures, Market Data)

``lastFundingRate`` of the premium index is, despite its name, the running estimate for the coming settlement; what was
settled is told by the history of funding rates alone. The premium index bears no time of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from core.events import AnyEvent, DayStatistics, FundingSettled, Ticker
from core.instruments import instrument_id
from feeds.bingx import facts
from feeds.bingx.envelope import bad, data, objects, rows
from feeds.bodies import CONNECTION, bad_row
from feeds.fields import Fields, plausible_symbol
from feeds.frames import with_faults
from feeds.venue import RestAnswer

_HOUR_MS: Final = 3_600_000
_MARKETS: Final = {
    facts.PREMIUM_PATH: facts.LINEAR,
    facts.INVERSE_PREMIUM_PATH: facts.INVERSE,
    facts.TICKER_PATH: facts.LINEAR,
    facts.INVERSE_TICKER_PATH: facts.INVERSE,
    facts.SETTLED_PATH: facts.LINEAR,
    facts.BOOK_PATH: facts.LINEAR,
    facts.DEPTH_PATH: facts.LINEAR,
    facts.INVERSE_DEPTH_PATH: facts.INVERSE,
    facts.LAST_PATH: facts.LINEAR,
}


def premium(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """Mark and index price, and what is next charged for funding, of each contract; as old as the question, since they
    bear no time. Raises DecodeError."""
    place, events = answer.path, list[AnyEvent]()
    for fields, instrument in _named(answer, wanted, events):
        due_ms = fields.milliseconds("nextFundingTime")
        ticker = Ticker(
            received_ns=answer.received_ns if answer.asked_ns is None else answer.asked_ns,
            instrument=instrument,
            channel=place,
            mark_price=fields.price("markPrice"),
            index_price=fields.price("indexPrice"),
            funding_rate=fields.rate("lastFundingRate"),
            next_funding_time_ns=None if due_ms is None else due_ms * 1_000_000,
            funding_interval_hours=_interval(place, fields, due_ms),
        )
        events += with_faults(ticker, facts.VENUE, fields.bad, CONNECTION)
    return events


def _interval(place: str, fields: Fields, due_ms: int | None) -> int | None:
    """Hours between settlements: as told; of coin-margined contracts the usual ones where the next fits them."""
    if "fundingIntervalHours" in fields and fields.shown("fundingIntervalHours") != "":
        return fields.hours("fundingIntervalHours")
    usual = facts.INVERSE_FUNDING_HOURS
    if _MARKETS[place] == facts.INVERSE and due_ms is not None and due_ms % (usual * _HOUR_MS) == 0:
        return usual
    return None


def settled(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """Rates that were charged, oldest first. Raises DecodeError."""
    found: list[FundingSettled] = []
    faults: list[AnyEvent] = []
    for fields, instrument in _named(answer, wanted, faults):
        rate, time_ns = fields.rate("fundingRate"), fields.nanoseconds("fundingTime")
        if rate is None or time_ns is None:
            faults.append(_fault(answer, instrument, fields))
        else:
            found.append(
                FundingSettled(received_ns=answer.received_ns, instrument=instrument, rate=rate, settled_ns=time_ns)
            )
    return [*sorted(found, key=lambda event: event.settled_ns), *faults]


def day(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """Statistics of 24 hours, and the present last price, bid and ask. Raises DecodeError."""
    place, events = answer.path, list[AnyEvent]()
    for fields, instrument in _named(answer, wanted, events):
        last = fields.price("lastPrice")
        ticker = Ticker(
            received_ns=answer.received_ns,
            instrument=instrument,
            channel=place,
            last_price=last,
            bid_price=fields.price("bidPrice"),
            bid_size=fields.size("bidQty"),
            ask_price=fields.price("askPrice"),
            ask_size=fields.size("askQty"),
        )
        statistics = DayStatistics(
            received_ns=answer.received_ns,
            instrument=instrument,
            channel=place,
            venue_time_ns=fields.nanoseconds("closeTime"),
            open_price=fields.price("openPrice"),
            high_price=fields.price("highPrice"),
            low_price=fields.price("lowPrice"),
            last_price=last,
            volume=fields.size("volume"),
            turnover=fields.size("quoteVolume") if _MARKETS[place] == facts.LINEAR else None,
        )
        events += [*with_faults(ticker, facts.VENUE, fields.bad, CONNECTION), statistics]
    return events


def best(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """The best bid and ask. Raises DecodeError."""
    events: list[AnyEvent] = []
    for fields, instrument in _named(answer, wanted, events, "book_ticker"):
        ticker = Ticker(
            received_ns=answer.received_ns,
            instrument=instrument,
            channel=answer.path,
            bid_price=fields.price("bid_price"),
            bid_size=fields.size("bid_qty"),
            ask_price=fields.price("ask_price"),
            ask_size=fields.size("ask_qty"),
        )
        events += with_faults(ticker, facts.VENUE, fields.bad, CONNECTION)
    return events


def depth(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """The best bid and ask of a book, whose asks come worst first. Raises DecodeError.

    Where sizes in the coin are told beside others, those are taken: the others may be in another unit.
    """
    symbol = answer.parameters.get("symbol", "")
    if not symbol:
        raise bad(answer.path, "symbol", "the body does not tell it, and what was asked is not known")
    if wanted is not None and symbol not in wanted:
        return []
    events: list[AnyEvent] = []
    for content in objects(rows(data(answer.body, answer.path), answer.path), answer.path):
        fields = Fields(content)
        bid, bid_size = _best_level(fields, "bidsCoin" if "bidsCoin" in fields else "bids", max)
        ask, ask_size = _best_level(fields, "asksCoin" if "asksCoin" in fields else "asks", min)
        ticker = Ticker(
            received_ns=answer.received_ns,
            instrument=instrument_id(facts.VENUE, _MARKETS[answer.path], symbol),
            channel=answer.path,
            venue_time_ns=fields.nanoseconds("T"),
            bid_price=bid,
            bid_size=bid_size,
            ask_price=ask,
            ask_size=ask_size,
        )
        events += with_faults(ticker, facts.VENUE, fields.bad, CONNECTION)
    return events


def _best_level(
    fields: Fields, side: str, choose: Callable[[Iterable[tuple[Decimal, Decimal]]], tuple[Decimal, Decimal]]
) -> tuple[Decimal | None, Decimal | None]:
    levels: list[tuple[Decimal, Decimal]] = []
    for level in fields.array(side) or ():
        both = Fields({side: msgspec.Raw(b"[" + bytes(level) + b"]")})
        price, size = both.best_level(side)
        if price is None or size is None:
            fields.note(side, "levels of price and size")
            return None, None
        levels.append((price, size))
    return choose(levels) if levels else (None, None)


def last(answer: RestAnswer, wanted: Collection[str] | None = None) -> list[AnyEvent]:
    """The last price. Raises DecodeError."""
    events: list[AnyEvent] = []
    for fields, instrument in _named(answer, wanted, events):
        ticker = Ticker(
            received_ns=answer.received_ns,
            instrument=instrument,
            channel=answer.path,
            venue_time_ns=fields.nanoseconds("time"),
            last_price=fields.price("price"),
        )
        events += with_faults(ticker, facts.VENUE, fields.bad, CONNECTION)
    return events


Reader = Callable[[RestAnswer, Collection[str] | None], list[AnyEvent]]
READERS: Final[Mapping[str, Reader]] = {
    facts.PREMIUM_PATH: premium,
    facts.INVERSE_PREMIUM_PATH: premium,
    facts.SETTLED_PATH: settled,
    facts.TICKER_PATH: day,
    facts.INVERSE_TICKER_PATH: day,
    facts.BOOK_PATH: best,
    facts.DEPTH_PATH: depth,
    facts.INVERSE_DEPTH_PATH: depth,
    facts.LAST_PATH: last,
}
"""By path."""


def _named(
    answer: RestAnswer, wanted: Collection[str] | None, events: list[AnyEvent], *names: str
) -> Iterable[tuple[Fields, str]]:
    """The fields and the instrument of each row that is wanted; a fault in ``events`` for one without a symbol."""
    place = answer.path
    for content in objects(rows(data(answer.body, place), place, *names), place):
        fields = Fields(content)
        symbol = fields.text("symbol")
        if symbol is None or not plausible_symbol(symbol):
            events.append(bad_row(facts.VENUE, place, "symbol", "a row without a symbol", answer.received_ns))
        elif wanted is None or symbol in wanted:
            yield fields, instrument_id(facts.VENUE, _MARKETS[place], symbol)


def _fault(answer: RestAnswer, instrument: str, fields: Fields) -> AnyEvent:
    name, detail = fields.bad[0]
    return bad_row(facts.VENUE, answer.path, name, f"{instrument}: {detail}", answer.received_ns)
