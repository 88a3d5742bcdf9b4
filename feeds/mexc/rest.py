"""MEXC over HTTPS: its manners (contracts refuse with status 200, spot with a status), and reading its lists.

Source: https://www.mexc.com/api-docs/futures/error-code and https://www.mexc.com/api-docs/spot-v3/general-info
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bodies import listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.frames import clip
from feeds.mexc import candles, envelope, facts, reference, sign, spot_reference
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials

_MEANINGS: Final = {
    403: "refused by the firewall",
    418: "this address is banned",
    429: "over the request limit",
}


class _Said(msgspec.Struct):
    """What an answer of either API may say of itself. Codes and times come as numbers and as texts."""

    success: bool | None = None
    code: int | str | None = None
    message: str | None = None
    msg: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    server_time: int | str | None = msgspec.field(name="serverTime", default=None)


class MexcDialect:
    """See :class:`feeds.rest.Dialect`. Both APIs are at one address; what is asked tells which one it is.

    No answer tells of the limit, so requests are counted here.
    """

    venue = facts.VENUE
    clock_path = facts.PING_PATH
    clock_codes = facts.CODES_CLOCK

    def __init__(self) -> None:
        self._asked_ms: deque[int] = deque(maxlen=facts.WINDOW_REQUESTS)

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """Contracts are signed in the headers, over the sorted query or the body; spot in the query, as it is sent."""
        if question.path.startswith(facts.SPOT_PREFIX):
            query = sign.spot_query(credentials, now_ms, question.query)
            return Signed(query, sign.spot_headers(credentials))
        headers = sign.contract_headers(credentials, now_ms, question.query, question.body)
        return Signed(question.query, headers)

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A status other than 200, a body that is none of MEXC's, ``success`` false, or a ``code`` other than 0."""
        said = _said(reply.body)
        code = "" if said is None or said.code is None else str(said.code)
        message = "" if said is None else said.message or said.msg or ""
        wait = None
        if reply.status in facts.STAY_AWAY_SECONDS:
            wait = retry_after_seconds(reply, facts.STAY_AWAY_SECONDS[reply.status])
        if reply.status != 200 or said is None:
            unknown = reply.status >= 500 or reply.status == 408 or (reply.status == 200 and said is None)
            words = message or _MEANINGS.get(reply.status, "an answer that is not MEXC's")
            return envelope.refused(code or str(reply.status), words, outcome_unknown=unknown, wait=wait)
        if said.success is False or code not in ("", "0", "200"):
            return envelope.refused(code or "no_code", message or "refused without words")
        return None

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until there is room again, once as many requests as are our part were made within the window."""
        self._asked_ms.append(now_ms)
        recent = [at for at in self._asked_ms if now_ms - at < facts.WINDOW_SECONDS * 1000]
        if len(recent) < facts.WINDOW_KEPT:
            return 0.0
        return max(0.0, (recent[-facts.WINDOW_KEPT] - now_ms) / 1000 + facts.WINDOW_SECONDS)

    def budget(self, reply: Reply) -> Budget | None:
        """What was counted of the last two seconds."""
        newest = self._asked_ms[-1] if self._asked_ms else 0
        used = sum(1 for at in self._asked_ms if newest - at < facts.WINDOW_SECONDS * 1000)
        return Budget(used, facts.WINDOW_REQUESTS, facts.WINDOW_SECONDS)

    def clock_ms(self, body: bytes) -> int:
        """``data`` of the contract API, ``serverTime`` of spot. Raises VenueError."""
        said = _said(body)
        text = "" if said is None else str(said.server_time or bytes(said.data).decode().strip('"'))
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise VenueError(self.venue, "bad_answer", "no time")
        return int(text)


def _said(body: bytes) -> _Said | None:
    """What an answer says of itself; ``None`` for one that is no JSON. A list, as spot sends, says nothing."""
    try:
        body.decode()
        return msgspec.json.decode(body, type=_Said)
    except msgspec.ValidationError:
        return _Said() if body.lstrip()[:1] == b"[" else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


# --- reading ---------------------------------------------------------------------------------------------------------


async def read_contracts(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Contracts with tiers and funding terms; a FrameFault for what is not listed or no good. Raises VenueError."""
    try:
        terms: dict[str, reference.FundingTerms] = {}
        for _, rates in await _each(rest, facts.FUNDING_RATES_PATH, facts.FUNDING_RATE_PATH, symbols):
            terms |= reference.funding_terms(rates, symbols)
        events: list[AnyEvent] = []
        if len(symbols) > facts.EACH_AT_MOST:
            events += reference.contracts(await rest.get(facts.DETAIL_PATH), symbols, now_ns, terms)
        else:
            for symbol in symbols:
                if (body := await _known(rest, facts.DETAIL_PATH, {"symbol": symbol})) is not None:
                    events += reference.contracts(body, symbols, now_ns, terms)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.DETAIL_PATH, symbols, listed(events), now_ns)


async def read_pairs(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Spot pairs; a FrameFault for what is not listed or no good. Raises VenueError."""
    events: list[AnyEvent] = []
    try:
        for symbol in symbols:
            if (body := await _known(rest, facts.SPOT_INSTRUMENTS_PATH, {"symbol": symbol})) is not None:
                events += spot_reference.pairs(body, symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.SPOT_INSTRUMENTS_PATH, symbols, listed(events), now_ns)


async def read_funding(rest: RestClient, symbols: Sequence[str], now: Callable[[], int]) -> list[AnyEvent]:
    """The running estimate with its interval, and the rate that was last charged. Raises VenueError."""
    events: list[AnyEvent] = []
    try:
        for path, rates in await _each(rest, facts.FUNDING_RATES_PATH, facts.FUNDING_RATE_PATH, symbols):
            events += reference.funding_rates(path, rates, symbols, now())
        for symbol in symbols:
            asked = {"symbol": symbol, "page_num": "1", "page_size": "1"}
            if (body := await _known(rest, facts.FUNDING_HISTORY_PATH, asked)) is not None:
                events += reference.settled(body, symbols, now())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def read_days(rest: RestClient, symbols: Sequence[str], now: Callable[[], int]) -> list[AnyEvent]:
    """The last 24 hours of spot pairs, which the stream tells without an opening price. Raises VenueError."""
    events: list[AnyEvent] = []
    try:
        for symbol in symbols:
            if (body := await _known(rest, facts.SPOT_DAY_PATH, {"symbol": symbol})) is not None:
                events += spot_reference.day(body, symbols, now())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def read_candles(rest: RestClient, wanted: CandlesWanted, clock: Clock) -> list[AnyEvent]:
    """Closed candles; a FrameFault for rows that are no good and for what is not listed. Raises VenueError."""
    path, parameters, place = candles.question(wanted, clock.now_ns())
    symbol = wanted.instrument.split(":")[2]
    try:
        body = await rest.get(path, parameters)
        return candles.events(place, {**parameters, "symbol": symbol}, body, clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    except VenueError as error:
        if error.code not in facts.CODES_NO_SUCH_SYMBOL:
            raise
        return [not_told(place, wanted.instrument, clip(error.message), clock.now_ns())]


async def _each(rest: RestClient, every: str, one: str, symbols: Sequence[str]) -> list[tuple[str, bytes]]:
    """The endpoint and body of each contract, or those of all contracts where many are wanted."""
    if len(symbols) > facts.EACH_AT_MOST:
        return [(every, await rest.get(every))]
    bodies = [await _known(rest, one.format(symbol=symbol), {}) for symbol in symbols]
    return [(one, body) for body in bodies if body is not None]


async def _known(rest: RestClient, path: str, parameters: dict[str, str]) -> bytes | None:
    """The body; ``None`` for a symbol that the venue does not list. Raises VenueError."""
    try:
        return await rest.get(path, parameters)
    except VenueError as error:
        if error.code in facts.CODES_NO_SUCH_SYMBOL:
            return None
        raise
