"""Bybit over HTTPS: its manners (refusals come with status 200 and a ``retCode``), and reading its lists.

Source: https://bybit-exchange.github.io/docs/v5/error and https://bybit-exchange.github.io/docs/v5/rate-limit
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bodies import listed, missing
from feeds.bybit import candles, facts, reference, sign, statistics
from feeds.bybit.refusals import envelope, refusal
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials, RestAnswer


class BybitDialect:
    """See :class:`feeds.rest.Dialect`."""

    venue = facts.VENUE
    clock_path = facts.TIME_PATH
    clock_codes = frozenset({"10002"})

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """The signature travels in the headers, over the query (GET) or the body (POST)."""
        return Signed(question.query, sign.headers(credentials, now_ms, question.body or question.query))

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A status other than 200, a body that is no envelope, or a ``retCode`` other than 0."""
        if reply.status == 403:
            message = "this address is refused: too many requests, or a region that is not served"
            return VenueError(self.venue, "403", message, retry_after_seconds=facts.REFUSED_ADDRESS_SECONDS)
        if reply.status == 429:
            wait = retry_after_seconds(reply, facts.OVERLOAD_SECONDS)
            return VenueError(self.venue, "429", "overloaded", retry_after_seconds=wait)
        told = envelope(reply.body)
        if told is None or (told.code == 0 and reply.status != 200):
            unknown = reply.status == 200 or reply.status >= 500
            return VenueError(self.venue, str(reply.status), "an answer that is not Bybit's", outcome_unknown=unknown)
        return refusal(reply.body, self._reset_seconds(reply, now_ms))

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until the endpoint's second is over, once our share of it is used."""
        told, reset = self.budget(reply), self._reset_seconds(reply, now_ms)
        if told is None:
            return reset if reply.headers.get("x-bapi-limit-status") == "0" else 0.0
        return max(facts.LIMIT_SECONDS, reset) if told.used >= told.limit * facts.OUR_SHARE else 0.0

    def budget(self, reply: Reply) -> Budget | None:
        """The headers of the endpoint's own limit, which is counted by the second."""
        left, limit = (reply.headers.get(name, "") for name in ("x-bapi-limit-status", "x-bapi-limit"))
        if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in (left, limit)):
            return None
        return Budget(max(0, int(limit) - int(left)), int(limit), facts.LIMIT_SECONDS)

    def clock_ms(self, body: bytes) -> int:
        """``time`` of the envelope. Raises VenueError."""
        told = envelope(body)
        if told is None or told.time_ms <= 0:
            raise VenueError(self.venue, "bad_answer", "no time")
        return told.time_ms

    @staticmethod
    def _reset_seconds(reply: Reply, now_ms: int) -> float:
        text = reply.headers.get("x-bapi-limit-reset-timestamp", "")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            return 0.0
        return min(max(0.0, (int(text) - now_ms) / 1000), facts.REFUSED_ADDRESS_SECONDS)


async def read_reference(rest: RestClient, market: str, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Instruments and tiers of one category, stamped ``now_ns``; a FrameFault for what is not listed or no good.

    Raises VenueError.
    """
    events: list[AnyEvent] = []
    asked = {"category": market, "limit": str(facts.INSTRUMENTS_LIMIT)}
    async for body in pages(rest, facts.INSTRUMENTS_PATH, asked):
        page = _page(body, facts.INSTRUMENTS_PATH)
        events += reference.instruments(market, page.rows, symbols, now_ns)
    known = listed(events)
    events += missing(facts.VENUE, facts.INSTRUMENTS_PATH, symbols, known, now_ns)
    for symbol in known if market != "spot" else ():
        rows = [
            row
            async for body in pages(rest, facts.RISK_LIMIT_PATH, {"category": market, "symbol": symbol})
            for row in _page(body, facts.RISK_LIMIT_PATH).rows
        ]
        events += reference.tiers(market, rows, (symbol,), now_ns)
    return events


async def read_candles(rest: RestClient, wanted: CandlesWanted, clock: Clock) -> list[AnyEvent]:
    """Closed candles; a FrameFault for rows that are no good and for what is not listed. Raises VenueError."""
    path, parameters = candles.question(wanted)
    try:
        body = await rest.get(path, parameters)
        return candles.events(RestAnswer(path=path, body=body, received_ns=clock.now_ns(), parameters=parameters))
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    except VenueError as error:
        if error.code not in facts.CODES_NO_SUCH_SYMBOL:
            raise
        return [not_told(path, wanted.instrument, error.message, clock.now_ns())]


async def read_days(rest: RestClient, market: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The last 24 hours of these instruments, from one answer about all. Raises VenueError."""
    body = await rest.get(facts.TICKERS_PATH, {"category": market})
    received_ns, told = clock.now_ns(), envelope(body)
    time_ns = None if told is None else told.time_ms * 1_000_000 or None
    page = _page(body, facts.TICKERS_PATH)
    return statistics.days(market, page.rows, symbols, time_ns, received_ns)


async def read_settled(rest: RestClient, market: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The newest settled funding rates of each contract; a FrameFault for what is not listed. Raises VenueError."""
    events: list[AnyEvent] = []
    for symbol in symbols:
        asked = {"category": market, "symbol": symbol, "limit": str(facts.SETTLED_ROWS)}
        try:
            body = await rest.get(facts.SETTLED_PATH, asked)
        except VenueError as error:
            if error.code not in facts.CODES_NO_SUCH_SYMBOL:
                raise
            events += missing(facts.VENUE, facts.SETTLED_PATH, (symbol,), (), clock.now_ns())
            continue
        events += statistics.settled(market, _page(body, facts.SETTLED_PATH).rows, clock.now_ns())
    return events


async def pages(
    rest: RestClient, path: str, parameters: Mapping[str, str], *, signed: bool = False
) -> AsyncIterator[bytes]:
    """Every page of a list, as it came. Raises VenueError, also for pages without end."""
    cursor = ""
    for _ in range(facts.MOST_PAGES):
        body = await rest.get(path, {**parameters, "cursor": cursor} if cursor else parameters, signed=signed)
        following = _page(body, path).cursor
        yield body
        if not following or following == cursor:
            return
        cursor = following
    raise VenueError(facts.VENUE, "bad_answer", f"{path}: more than {facts.MOST_PAGES} pages")


def _page(body: bytes, path: str) -> reference.Page:
    """Raises VenueError."""
    try:
        return reference.page(body, path)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
