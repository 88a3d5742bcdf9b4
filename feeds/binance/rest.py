"""Binance over HTTPS: its manners (a status and a negative ``code``, weight by the minute), and reading its lists.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, FundingSettled
from feeds.binance import candles, facts, reference, sign, statistics, tiers
from feeds.binance.products import PRODUCTS, SPOT, Product
from feeds.binance.refusals import refusal
from feeds.bodies import bad_row, listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.rest import Budget, Haste, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials

_WEIGHT: Final = "x-mbx-used-weight-1m"
_SHARES: Final = {
    Haste.ROUTINE: facts.ROUTINE_SHARE,
    Haste.ORDER: facts.OUR_SHARE,
    Haste.VITAL: facts.VITAL_SHARE,
}


class _Clock(msgspec.Struct):
    time_ms: int = msgspec.field(name="serverTime")


class BinanceDialect:
    """See :class:`feeds.rest.Dialect`. Weight is counted by address: on both futures markets together, and on spot."""

    venue = facts.VENUE
    clock_codes = frozenset({"-1021"})

    def __init__(self, product: Product) -> None:
        self.clock_path, self._weight_limit = product.path("time"), product.weight_limit

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """The signature is the query's last parameter; listenKeys want the key and no signature."""
        if question.path.endswith("/listenKey"):
            return Signed(question.query, sign.headers(credentials))
        return Signed(sign.signed_query(credentials, now_ms, question.query), sign.headers(credentials))

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """What :func:`feeds.binance.refusals.refusal` finds."""
        return refusal(reply.status, reply.body, retry_after_seconds(reply, 0.0) or None)

    def pause_seconds(self, reply: Reply, now_ms: int, haste: Haste = Haste.ROUTINE) -> float:
        """Until the next minute, once our share of the minute's weight is used; likewise for the number of orders,
        which new orders alone count towards."""
        now_seconds, pauses = now_ms / 1000, [0.0]
        used = _count(reply, _WEIGHT)
        if used is not None and used >= self._weight_limit * _SHARES[haste]:
            pauses.append(60 - now_seconds % 60)
        for header, (limit, seconds) in facts.ORDER_LIMITS.items():
            sent = _count(reply, header)
            if haste is Haste.ORDER and sent is not None and sent >= limit * facts.OUR_SHARE:
                pauses.append(seconds - now_seconds % seconds)
        return max(pauses)

    def budget(self, reply: Reply) -> Budget | None:
        """The minute's weight."""
        used = _count(reply, _WEIGHT)
        return None if used is None else Budget(used, self._weight_limit, 60.0)

    def clock_ms(self, body: bytes) -> int:
        """``serverTime``. Raises VenueError."""
        try:
            return msgspec.json.decode(body, type=_Clock).time_ms
        except msgspec.DecodeError:
            raise VenueError(self.venue, "bad_answer", "no serverTime") from None


def _count(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "")
    return int(text[:9]) if text.isascii() and text.isdigit() else None


async def read_market(rest: RestClient, market: str, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Spot pairs; contracts with their funding terms, and their tiers where there is a key to ask with (there is no
    public list). A FrameFault for what is not listed or no good. Raises VenueError."""
    product, terms = PRODUCTS[market], None
    place, events = product.path("exchangeInfo"), list[AnyEvent]()
    try:
        if market != SPOT:
            terms, events = reference.funding_terms(
                market, await rest.get(product.path("fundingInfo")), symbols, now_ns
            )
        events += reference.instruments(market, await rest.get(place), symbols, now_ns, terms)
        events += missing(facts.VENUE, place, symbols, listed(events), now_ns)
        if product.tiers and rest.can_sign:
            events += await _read_tiers(rest, market, product.tiers, symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def _read_tiers(rest: RestClient, market: str, path: str, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """The tiers; a FrameFault where the venue refuses the key. Raises VenueError for what may pass, and DecodeError."""
    try:
        return tiers.tiers(market, await rest.get(path, signed=True), symbols, now_ns)
    except VenueError as error:
        if error.code not in facts.CODES_OF_THE_KEY:
            raise
        return [bad_row(facts.VENUE, path, "key", error.message, now_ns)]


async def read_days(rest: RestClient, market: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The rolling 24 hours of each, asked for one by one, or all at once where that is cheaper. Raises VenueError."""
    place = PRODUCTS[market].path("ticker/24hr")
    try:
        if len(symbols) >= facts.DAYS_AT_ONCE:
            return statistics.day(market, await rest.get(place), symbols, clock.now_ns())
        events: list[AnyEvent] = []
        for symbol in symbols:
            events += statistics.day(market, await rest.get(place, {"symbol": symbol}), [symbol], clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def read_settled(rest: RestClient, market: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The last settled funding rate of each. Raises VenueError."""
    events: list[AnyEvent] = []
    for symbol in symbols:
        events += await read_rates(rest, market, {"symbol": symbol, "limit": "2"}, clock)
    newest = {event.instrument: event for event in events if isinstance(event, FundingSettled)}
    return [*newest.values(), *(event for event in events if not isinstance(event, FundingSettled))]


async def read_rates(rest: RestClient, market: str, parameters: dict[str, str], clock: Clock) -> list[AnyEvent]:
    """Settled funding rates, oldest first. Raises VenueError."""
    try:
        body = await rest.get(PRODUCTS[market].path("fundingRate"), parameters)
        return statistics.settled(market, body, clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None


async def read_candles(rest: RestClient, wanted: CandlesWanted, clock: Clock) -> list[AnyEvent]:
    """Closed candles; a FrameFault for rows that are no good and for what is not listed. Raises VenueError."""
    path, parameters = candles.question(wanted)
    try:
        body = await rest.get(path, parameters)
        return candles.events(path, parameters, body, clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    except VenueError as error:
        if error.code not in facts.CODES_NO_SUCH_SYMBOL:
            raise
        return [not_told(path, wanted.instrument, error.message, clock.now_ns())]
