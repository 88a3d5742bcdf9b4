"""Bybit over HTTPS: its manners (refusals come with status 200 and a ``retCode``), and reading its lists.

Source: https://bybit-exchange.github.io/docs/v5/error and https://bybit-exchange.github.io/docs/v5/rate-limit
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bodies import listed, missing
from feeds.bybit import candles, facts, reference, sign
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.frames import clip
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials


class _Envelope(msgspec.Struct):
    code: int = msgspec.field(name="retCode")
    message: str = msgspec.field(name="retMsg", default="")
    time_ms: int = msgspec.field(name="time", default=0)


class BybitDialect:
    """See :class:`feeds.rest.Dialect`."""

    venue = facts.VENUE
    clock_path = "/v5/market/time"
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
        try:
            envelope = msgspec.json.decode(reply.body, type=_Envelope)
        except msgspec.DecodeError:
            unknown = reply.status >= 500
            return VenueError(self.venue, str(reply.status), "an answer that is not Bybit's", outcome_unknown=unknown)
        if envelope.code == 0:
            return None
        code = str(envelope.code)
        return VenueError(
            self.venue,
            code,
            clip(envelope.message, 200),
            outcome_unknown=code in facts.CODES_OUTCOME_UNKNOWN,
            retry_after_seconds=max(1.0, self._reset_seconds(reply, now_ms)) if code in facts.CODES_TOO_MANY else None,
        )

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until the reset that the headers name, once nothing remains."""
        return self._reset_seconds(reply, now_ms) if reply.headers.get("x-bapi-limit-status") == "0" else 0.0

    def budget(self, reply: Reply) -> Budget | None:
        """The headers of the endpoint's own limit, which is counted by the second."""
        left, limit = (reply.headers.get(name, "") for name in ("x-bapi-limit-status", "x-bapi-limit"))
        if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in (left, limit)):
            return None
        return Budget(max(0, int(limit) - int(left)), int(limit), 1.0)

    def clock_ms(self, body: bytes) -> int:
        """``time`` of the envelope."""
        return msgspec.json.decode(body, type=_Envelope).time_ms

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
    async for page in _pages(rest, facts.INSTRUMENTS_PATH, asked):
        events += reference.instruments(market, page.rows, symbols, now_ns)
    known = listed(events)
    events += missing(facts.VENUE, facts.INSTRUMENTS_PATH, symbols, known, now_ns)
    for symbol in known if market != "spot" else ():
        rows = [
            row
            async for page in _pages(rest, facts.RISK_LIMIT_PATH, {"category": market, "symbol": symbol})
            for row in page.rows
        ]
        events += reference.tiers(market, rows, (symbol,), now_ns)
    return events


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


async def _pages(rest: RestClient, path: str, parameters: Mapping[str, str]) -> AsyncIterator[reference.Page]:
    """Every page of a list. Raises VenueError, also for pages without end."""
    cursor = ""
    for _ in range(facts.MOST_PAGES):
        body = await rest.get(path, {**parameters, "cursor": cursor} if cursor else parameters)
        try:
            page = reference.page(body, path)
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        yield page
        if not page.cursor or page.cursor == cursor:
            return
        cursor = page.cursor
    raise VenueError(facts.VENUE, "bad_answer", f"{path}: more than {facts.MOST_PAGES} pages")
