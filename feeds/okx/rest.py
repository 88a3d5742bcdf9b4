"""OKX over HTTPS: its manners (a ``code`` other than "0", mostly with status 200), and reading its lists.

Limits are counted by address and endpoint, and no answer tells of them: questions are spaced instead.

Source: https://www.okx.com/docs-v5/en/#overview-rate-limits and …/#error-code
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bodies import listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.frames import clip
from feeds.okx import candles, facts, reference
from feeds.plans import in_groups
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials


class _Envelope(msgspec.Struct):
    code: str
    message: str = msgspec.field(name="msg", default="")


class OkxDialect:
    """See :class:`feeds.rest.Dialect`."""

    venue = facts.VENUE
    clock_path = facts.CLOCK_PATH
    clock_codes = facts.CODES_CLOCK

    def __init__(self, pause_seconds: float = facts.PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """Nothing is asked with a key. Raises VenueError."""
        raise VenueError(self.venue, "no_key", "OKX is read for prices only")

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A status other than 200, a body that is no envelope, or a ``code`` other than "0"."""
        try:
            envelope = msgspec.json.decode(reply.body, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            envelope = _Envelope(str(reply.status), "an answer that is not OKX's")
        if reply.status == 200 and envelope.code == "0":
            return None
        code = envelope.code if envelope.code != "0" else str(reply.status)
        limited = reply.status == 429 or code in facts.CODES_TOO_MANY or code in facts.CODES_BUSY
        return VenueError(
            self.venue,
            clip(code, 20),
            clip(envelope.message, 200),
            outcome_unknown=reply.status >= 500 or code in facts.CODES_OUTCOME_UNKNOWN,
            retry_after_seconds=retry_after_seconds(reply, facts.BUSY_SECONDS) if limited else None,
        )

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """So long after every answer that a third of the strictest limit is left to others."""
        return self._pause_seconds

    def budget(self, reply: Reply) -> Budget | None:
        """The venue does not tell."""
        return None

    def clock_ms(self, body: bytes) -> int:
        """``ts``. Raises VenueError."""
        try:
            return reference.clock_ms(body)
        except DecodeError as error:
            raise VenueError(self.venue, "bad_answer", str(error)) from None


async def read_swaps(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Swaps with their funding intervals, and their tiers, stamped ``now_ns``.

    A FrameFault for what is not listed or no good. Raises VenueError.
    """
    try:
        funding, events = await _terms(rest, symbols, now_ns)
        body = await rest.get(facts.INSTRUMENTS_PATH, {"instType": "SWAP"})
        events += reference.instruments(body, symbols, now_ns, funding)
        known = listed(events)
        for group in in_groups(known, facts.FAMILIES_PER_QUESTION):
            families = ",".join(symbol.removesuffix(facts.SWAP_SUFFIX) for symbol in group)
            asked = {"instType": "SWAP", "tdMode": facts.TIER_MODE, "instFamily": families}
            events += reference.tiers(await rest.get(facts.TIERS_PATH, asked), group, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.INSTRUMENTS_PATH, symbols, known, now_ns)


async def _terms(
    rest: RestClient, symbols: Sequence[str], now_ns: int
) -> tuple[dict[str, reference.Funding], list[AnyEvent]]:
    """How each swap stands with its funding; one that the venue does not know is left out."""
    funding: dict[str, reference.Funding] = {}
    events: list[AnyEvent] = []
    for symbol in symbols:
        try:
            body = await rest.get(facts.FUNDING_PATH, {"instId": symbol})
        except VenueError as error:
            if error.code not in facts.CODES_NO_SUCH_SYMBOL:
                raise
        else:
            found, faults = reference.terms(body, now_ns)
            funding |= found
            events += faults
    return funding, events


async def read_pairs(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Spot pairs; a FrameFault for what is not listed or no good. Raises VenueError."""
    try:
        events = reference.instruments(await rest.get(facts.INSTRUMENTS_PATH, {"instType": "SPOT"}), symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.INSTRUMENTS_PATH, symbols, listed(events), now_ns)


async def read_settled(rest: RestClient, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The last settlement of each swap. Raises VenueError."""
    events: list[AnyEvent] = []
    try:
        for symbol in symbols:
            body = await rest.get(facts.SETTLED_PATH, {"instId": symbol, "limit": "1"})
            events += reference.settled(body, clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def read_candles(rest: RestClient, wanted: CandlesWanted, clock: Clock) -> list[AnyEvent]:
    """Closed candles, page by page; a FrameFault for rows that are no good and for what is not listed.

    Raises VenueError.
    """
    events: list[AnyEvent] = []
    path, parameters = candles.question(wanted)
    page = int(parameters["limit"])
    try:
        for _ in range(-(-(wanted.count + 1) // page)):
            told = candles.events(path, parameters, await rest.get(path, parameters), clock.now_ns())
            events += told
            if (oldest := candles.oldest(told)) is None:
                break
            path, parameters = candles.question(wanted, oldest.start_ns // 1_000_000)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    except VenueError as error:
        if error.code not in facts.CODES_NO_SUCH_SYMBOL:
            raise
        return [not_told(path, wanted.instrument, error.message, clock.now_ns())]
    return events
