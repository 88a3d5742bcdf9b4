"""Binance over HTTPS: its manners (a status and a negative ``code``, weight by the minute), and reading its lists.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.binance import candles, facts, reference, sign
from feeds.bodies import listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.frames import clip
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials


class _Refusal(msgspec.Struct):
    code: int = 0
    message: str = msgspec.field(name="msg", default="")


class _Clock(msgspec.Struct):
    time_ms: int = msgspec.field(name="serverTime")


class BinanceDialect:
    """See :class:`feeds.rest.Dialect`. ``clock_path`` and ``weight_limit`` differ between futures and spot."""

    venue = facts.VENUE
    clock_codes = frozenset({"-1021"})

    def __init__(self, clock_path: str, weight_limit: int) -> None:
        self.clock_path, self._weight_limit = clock_path, weight_limit

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """The signature is the query's last parameter."""
        return Signed(sign.signed_query(credentials, now_ms, question.query), sign.headers(credentials))

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A status other than 200, or a negative ``code`` (set-style calls answer with ``code`` 200)."""
        try:
            refusal = msgspec.json.decode(reply.body, type=_Refusal)
        except msgspec.DecodeError:
            refusal = _Refusal()
        if reply.status == 200 and refusal.code >= 0:
            return None
        code = str(refusal.code or reply.status)
        return VenueError(
            self.venue,
            code,
            clip(refusal.message or facts.STATUS_MEANINGS.get(reply.status, "an answer that is not Binance's"), 200),
            outcome_unknown=self._outcome_unknown(reply.status, code, refusal.message),
            retry_after_seconds=self._stay_away_seconds(reply, code),
        )

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until the next minute, once nine tenths of the minute's weight are used."""
        used = reply.headers.get("x-mbx-used-weight-1m", "")
        if not (used.isascii() and used.isdigit()) or int(used[:9]) < self._weight_limit * 9 // 10:
            return 0.0
        return 60 - now_ms / 1000 % 60

    def budget(self, reply: Reply) -> Budget | None:
        """The minute's weight."""
        used = reply.headers.get("x-mbx-used-weight-1m", "")
        return Budget(int(used[:9]), self._weight_limit, 60.0) if used.isascii() and used.isdigit() else None

    def clock_ms(self, body: bytes) -> int:
        """``serverTime``. Raises VenueError."""
        try:
            return msgspec.json.decode(body, type=_Clock).time_ms
        except msgspec.DecodeError:
            raise VenueError(self.venue, "bad_answer", "no serverTime") from None

    @staticmethod
    def _outcome_unknown(status: int, code: str, message: str) -> bool:
        if code in facts.CODES_OUTCOME_UNKNOWN:
            return True
        failed_for_sure = code in facts.CODES_TOO_MANY or message.startswith("Service Unavailable")
        return (status >= 500 or status == 408) and not failed_for_sure

    @staticmethod
    def _stay_away_seconds(reply: Reply, code: str) -> float | None:
        usual = facts.STAY_AWAY_SECONDS.get(reply.status)
        if usual is not None:
            return retry_after_seconds(reply, usual)
        return retry_after_seconds(reply, facts.THROTTLED_SECONDS) if code in facts.CODES_TOO_MANY else None


async def read_futures(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Contracts with their funding terms, and their tiers where there is a key to ask with (there is no public list).

    A FrameFault for what is not listed or no good. Raises VenueError.
    """
    try:
        terms, events = reference.funding_terms(await rest.get(facts.FUNDING_INFO_PATH), symbols, now_ns)
        body = await rest.get(facts.EXCHANGE_INFO_PATH)
        events += reference.instruments("usdm", body, symbols, now_ns, terms)
        events += missing(facts.VENUE, facts.EXCHANGE_INFO_PATH, symbols, listed(events), now_ns)
        if rest.can_sign:
            events += reference.tiers(await rest.get(facts.LEVERAGE_BRACKET_PATH, signed=True), symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events


async def read_spot(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Spot pairs; a FrameFault for what is not listed or no good. Raises VenueError."""
    try:
        events = reference.instruments("spot", await rest.get(facts.SPOT_EXCHANGE_INFO_PATH), symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.SPOT_EXCHANGE_INFO_PATH, symbols, listed(events), now_ns)


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
