"""BingX over HTTPS: its manners (refusals come with status 200 and a ``code``), and reading its lists.

Source: https://bingx-api.github.io/docs-v3 (Rate limit, Common Error Codes), BingX's skill files for its API (2026-04)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bingx import candles, facts, market, reference, sign
from feeds.bingx.envelope import code_of, message_of, refused
from feeds.bodies import listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.rest import Budget, Question, Reply, RestClient, Signed
from feeds.venue import CandlesWanted, Credentials, RestAnswer

_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Time(msgspec.Struct):
    time_ms: int = msgspec.field(name="serverTime")


class _Clock(msgspec.Struct):
    data: _Time


class BingxDialect:
    """See :class:`feeds.rest.Dialect`. How large a limit is, is not told: it is the smallest that what remains fits."""

    venue = facts.VENUE
    clock_path = facts.CLOCK_PATH
    clock_codes = facts.CODES_CLOCK

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """Everything travels in the query, that of a POST too."""
        parameters = dict(parse_qsl(question.query, keep_blank_values=True))
        return Signed(sign.signed_query(credentials, now_ms, parameters), sign.headers(credentials))

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A ``code`` other than 0, whatever the status; else a status that is no success, or a body that is none."""
        try:
            content = _ENVELOPE.decode(reply.body)
        except (msgspec.DecodeError, RecursionError):
            content = None
        code = "" if content is None else code_of(content)
        good = 200 <= reply.status < 300
        if content is not None and code not in ("", "0"):
            error = refused(code, message_of(content), now_ms=now_ms)
        elif good and (content is not None or not reply.body.strip()):
            return None
        else:
            meaning = facts.STATUS_MEANINGS.get(reply.status, "an answer that is not BingX's")
            error = VenueError(self.venue, str(reply.status), meaning)
        unknown = error.outcome_unknown or reply.status >= 500 or reply.status == 408 or (good and content is None)
        wait = error.retry_after_seconds
        if wait is None and reply.status in facts.STATUS_MEANINGS:
            wait = facts.BLOCKED_SECONDS
        return VenueError(error.venue, error.code, error.message, outcome_unknown=unknown, retry_after_seconds=wait)

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until the window ends, once less than a third of the limit remains."""
        budget = self.budget(reply)
        if budget is None or (budget.limit - budget.used) * facts.ROOM >= budget.limit:
            return 0.0
        return min(budget.seconds, facts.LONGEST_BLOCK_SECONDS)

    def budget(self, reply: Reply) -> Budget | None:
        """What the headers say remains, and for how long (ms)."""
        remaining, window = (reply.headers.get(f"x-ratelimit-requests-{name}", "") for name in ("remain", "expire"))
        if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in (remaining, window)):
            return None
        left = int(remaining)
        limit = next((known for known in facts.LIMITS if left < known), left + 1)
        return Budget(limit - left, limit, int(window) / 1000)

    def clock_ms(self, body: bytes) -> int:
        """``serverTime``. Raises VenueError."""
        try:
            return msgspec.json.decode(body, type=_Clock).data.time_ms
        except msgspec.DecodeError:
            raise VenueError(self.venue, "bad_answer", "no serverTime") from None


async def ask(
    rest: RestClient, path: str, parameters: Mapping[str, str], clock: Clock, *, signed: bool = False
) -> RestAnswer:
    """An answer with what was asked for it. Raises VenueError."""
    asked, asked_ns = dict(parameters), clock.now_ns()
    if not signed:
        asked["timestamp"] = str(rest.venue_now_ms)  # coin-margined endpoints refuse to answer without
    body = await rest.get(path, asked, signed=signed)
    return RestAnswer(path=path, body=body, received_ns=clock.now_ns(), parameters=parameters, asked_ns=asked_ns)


async def read_market(rest: RestClient, path: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """What an endpoint of prices or rates says of these contracts: one by one, or all in one list where they are many.

    Raises VenueError.
    """
    read = market.READERS[path]
    try:
        if len(symbols) > facts.SINGLY and path != facts.SETTLED_PATH:
            return read(await ask(rest, path, {}, clock), symbols)
        answers = await asyncio.gather(*(ask(rest, path, {"symbol": symbol}, clock) for symbol in symbols))
        return [event for answer in answers for event in read(answer, symbols)]
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None


async def read_reference(rest: RestClient, name: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """Instruments of one market, their funding terms, and tiers where there is a key to ask with (there is no public
    list); a FrameFault for what is not listed or no good. Raises VenueError."""
    try:
        return await _reference(rest, name, symbols, clock)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None


async def _reference(rest: RestClient, name: str, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    if name == facts.SPOT:
        answer = await ask(rest, facts.SPOT_SYMBOLS_PATH, {}, clock)
        events = reference.pairs(answer.body, symbols, answer.received_ns)
        return events + missing(facts.VENUE, answer.path, symbols, listed(events), answer.received_ns)
    linear = name == facts.LINEAR
    premium = await ask(rest, facts.PREMIUM_PATH if linear else facts.INVERSE_PREMIUM_PATH, {}, clock)
    told = market.premium(premium, symbols)
    terms = reference.funding_terms(premium.body, premium.path, told)
    answer = await ask(rest, facts.CONTRACTS_PATH if linear else facts.INVERSE_CONTRACTS_PATH, {}, clock)
    read = reference.contracts if linear else reference.inverse_contracts
    events = read(answer.body, symbols, answer.received_ns, terms)
    known = listed(events)
    events += missing(facts.VENUE, answer.path, symbols, known, answer.received_ns)
    for symbol in known if linear and rest.can_sign else ():
        tiers = await ask(rest, facts.TIERS_PATH, {"symbol": symbol}, clock, signed=True)
        events += reference.tiers(tiers.body, (symbol,), tiers.received_ns)
    return events


async def read_candles(rest: RestClient, wanted: CandlesWanted, clock: Clock) -> list[AnyEvent]:
    """Closed candles; a FrameFault for rows that are no good and for what is not told. Raises VenueError."""
    path, parameters = candles.question(wanted)
    try:
        return candles.events(await ask(rest, path, parameters, clock))
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    except VenueError as error:
        if error.code not in facts.CODES_NO_SUCH_SYMBOL:
            raise
        return [not_told(path, wanted.instrument, error.message, clock.now_ns())]
