"""WEEX over HTTPS: its manners (a negative ``code``, or ``success`` false with status 200), and reading its lists.

Source: https://www.weex.com/api-doc/contract/QuickStart/RequestInteraction and …/ErrorCodes
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent
from feeds.bodies import bad_row, listed, missing
from feeds.candles import not_told
from feeds.clock import Clock
from feeds.frames import clip
from feeds.rest import Budget, Question, Reply, RestClient, Signed, retry_after_seconds
from feeds.venue import CandlesWanted, Credentials
from feeds.weex import candles, facts, reference, sign, tiers


class _Refusal(msgspec.Struct):
    """Every way in which an answer says no; ``code`` is a number in errors and text in acknowledgements."""

    code: int | str = 0
    message: str = msgspec.field(name="msg", default="")
    success: bool | str = True
    error_code: str | int | None = msgspec.field(name="errorCode", default="")
    error_message: str | None = msgspec.field(name="errorMessage", default="")


_REFUSAL = msgspec.json.Decoder(_Refusal)


class WeexDialect:
    """See :class:`feeds.rest.Dialect`. ``clock_path`` differs between contracts and spot."""

    venue = facts.VENUE
    clock_codes = facts.CODES_CLOCK

    def __init__(self, clock_path: str = facts.CLOCK_PATH) -> None:
        self.clock_path = clock_path

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """The signature travels in the headers, over all of the request."""
        payload = sign.request_payload(now_ms, question.method, question.path, question.query, question.body)
        return Signed(question.query, sign.headers(credentials, now_ms, payload))

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """A status other than 200, a body that is no JSON, a negative ``code``, or an order that was not taken."""
        said = _said(reply.body)
        code, message = ("", "") if said is None else _code_of(said)
        if reply.status == 200 and not code and said is not None:
            return None
        refused = reply.status < 500 and reply.status not in (200, 408)
        return VenueError(
            self.venue,
            code or str(reply.status),
            clip(message or "an answer that is not WEEX's", 200),
            outcome_unknown=_may_have_acted(code, message) if code else not refused,
            retry_after_seconds=retry_after_seconds(reply, facts.WINDOW_SECONDS) if reply.status == 429 else None,
        )

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """Until the next window, once our part of this one's weight is used."""
        budget = self.budget(reply)
        ours, of = facts.OURS
        if budget is None or budget.used * of < budget.limit * ours:
            return 0.0
        return facts.WINDOW_SECONDS - now_ms / 1000 % facts.WINDOW_SECONDS

    def budget(self, reply: Reply) -> Budget | None:
        """The window's weight: what is used, and with what remains, how much there is."""
        used, left = (_count(reply.headers.get(f"x-{name}-weight-10s", "")) for name in ("used", "remaining"))
        if used is None:
            return None
        limit = facts.WEIGHT_LIMIT if left is None else used + left
        return Budget(used, limit or facts.WEIGHT_LIMIT, facts.WINDOW_SECONDS)

    def clock_ms(self, body: bytes) -> int:
        """``serverTime``. Raises VenueError."""
        try:
            return msgspec.json.decode(body, type=reference.Clock).time_ms
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise VenueError(self.venue, "bad_answer", "no serverTime") from None


def refusal(body: bytes) -> VenueError | None:
    """The error in a body; ``None`` where it is a good answer, or no answer of WEEX's."""
    code, message = _code_of(_said(body) or _Refusal())
    if not code:
        return None
    return VenueError(facts.VENUE, code, clip(message, 200), outcome_unknown=_may_have_acted(code, message))


def _said(body: bytes) -> _Refusal | None:
    """What an answer says of itself; ``None`` for one that is no JSON. A list says nothing."""
    try:
        body.decode()
        return _REFUSAL.decode(body)
    except msgspec.ValidationError:
        return _Refusal()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _code_of(refusal: _Refusal) -> tuple[str, str]:
    """Code and message of what is refused; both empty where nothing is."""
    if refusal.success in (False, "false"):
        return str(refusal.error_code or "refused"), refusal.error_message or ""
    code = str(refusal.code)
    return (code, refusal.message) if code.startswith("-") else ("", "")


def _may_have_acted(code: str, message: str) -> bool:
    return code == facts.CODE_SYSTEM and not any(words in message.lower() for words in facts.TOO_LITTLE)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def read_contracts(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Contracts with their tiers, funding intervals and whether they take orders from programs, stamped ``now_ns``.

    A FrameFault for what is not listed or no good. Raises VenueError.
    """
    try:
        tradable = reference.tradable_symbols(await rest.get(facts.TRADABLE_PATH))
        funding, events = reference.premiums(await rest.get(facts.PREMIUM_PATH), symbols, now_ns)
        body = await rest.get(facts.INSTRUMENTS_PATH)
        events += reference.instruments(body, symbols, now_ns, tradable=tradable, funding=funding)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    events += missing(facts.VENUE, facts.INSTRUMENTS_PATH, symbols, listed(events), now_ns)
    return events + await _read_tiers(rest, listed(events), now_ns)


async def _read_tiers(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Maintenance tiers, each contract by itself where they are few. Where the venue does not know the endpoint, which
    it has had since September 2026 only, a FrameFault. Raises VenueError."""
    asked: Sequence[dict[str, str]] = [{"symbol": symbol} for symbol in symbols]
    events: list[AnyEvent] = []
    try:
        for parameters in asked if len(symbols) <= facts.FEW else ({},):
            events += tiers.tiers(await rest.get(facts.TIERS_PATH, parameters), symbols, now_ns)
    except DecodeError as error:
        events.append(bad_row(facts.VENUE, facts.TIERS_PATH, "body", clip(str(error), 200), now_ns))
    except VenueError as error:
        if error.code != facts.CODE_NO_SUCH_PATH:
            raise
        events.append(bad_row(facts.VENUE, facts.TIERS_PATH, "path", "no such endpoint here", now_ns))
    return events


async def read_spot(rest: RestClient, symbols: Sequence[str], now_ns: int) -> list[AnyEvent]:
    """Spot pairs; a FrameFault for what is not listed or no good. Raises VenueError."""
    try:
        events = reference.spot_pairs(await rest.get(facts.SPOT_INSTRUMENTS_PATH), symbols, now_ns)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    return events + missing(facts.VENUE, facts.SPOT_INSTRUMENTS_PATH, symbols, listed(events), now_ns)


async def read_funding(rest: RestClient, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The estimates for the running intervals: a few contracts are asked for one by one, more of them all at once.

    Raises VenueError.
    """
    asked: Sequence[dict[str, str]] = [{"symbol": symbol} for symbol in symbols]
    events: list[AnyEvent] = []
    try:
        for parameters in asked if len(symbols) <= facts.FEW else ({},):
            events += reference.funding(await rest.get(facts.PREMIUM_PATH, parameters), symbols, clock.now_ns())
        return events
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None


async def read_settled(rest: RestClient, symbols: Sequence[str], clock: Clock) -> list[AnyEvent]:
    """The last settlement of each contract. Raises VenueError."""
    events: list[AnyEvent] = []
    try:
        for symbol in symbols:
            body = await rest.get(facts.SETTLED_PATH, {"symbol": symbol, "limit": "1"})
            events += reference.settled(body, (symbol,), clock.now_ns())
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
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
