"""Asking venues over HTTPS: signed where need be, within their limits, and every failure a VenueError.

What differs between venues (how they sign, say no and count requests) is a :class:`Dialect` in the venue's folder.
No error and no log line carries a query, a header or a credential.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from core.errors import VenueError
from feeds.venue import Credentials

TIMEOUT_SECONDS: Final = 10.0
LARGEST_BODY_BYTES: Final = 32 * 1024 * 1024
LONGEST_WAIT_SECONDS: Final = 5.0
"""A shorter pause that a venue asks for is waited out; a longer one is the caller's to know of."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
listener: ContextVar[Callable[[str, bytes], None] | None] = ContextVar("listener", default=None)
"""Set by whoever records: it is given the address and the body of every good answer to a public request. What was
asked with a key is not for a recording."""

_Told = TypeVar("_Told")

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at INFO, httpx logs whole addresses, signatures included


class Reply(msgspec.Struct, frozen=True):
    """An answer as it came. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request before it is signed: the query as it travels (encoded, without ``?``) and the body as it travels."""

    method: str
    path: str
    query: str = ""
    body: str = ""


class Signed(msgspec.Struct, frozen=True):
    """A request as it is to be sent: the query, and the headers that vouch for it."""

    query: str
    headers: Mapping[str, str]


class Budget(msgspec.Struct, frozen=True):
    """What a venue says of its request limit: ``used`` of ``limit`` within ``seconds``."""

    used: int
    limit: int
    seconds: float


class Haste(enum.IntEnum):
    """How much of a venue's limit a request may use up: what is asked again and again stops first."""

    ROUTINE = 0
    ORDER = 1
    """A new order."""
    VITAL = 2
    """What an order that was sent hangs on: that it can be cancelled, looked up, and heard of."""


class Dialect(Protocol):
    """One venue's manners over HTTPS."""

    venue: str
    clock_path: str
    """Where the venue tells its time."""

    clock_codes: frozenset[str]
    """Errors that say that our clock is off."""

    def sign(self, question: Question, credentials: Credentials, now_ms: int) -> Signed:
        """The request with what proves who asks. The body is not changed."""
        ...

    def failure(self, reply: Reply, now_ms: int) -> VenueError | None:
        """What the answer refuses, if it does."""
        ...

    def pause_seconds(self, reply: Reply, now_ms: int) -> float:
        """How long the limits told in an answer ask us to be quiet; 0 where there is room. A part of each limit is
        left to whatever else the owner of the key runs."""
        ...

    def budget(self, reply: Reply) -> Budget | None:
        """What an answer says of the request limit; ``None`` where it does not."""
        ...

    def clock_ms(self, body: bytes) -> int:
        """The venue's time, from the body of ``clock_path``. Raises VenueError."""
        ...


class RestClient:
    """One host of one venue. Use it as a context, several tasks at a time where need be; limits learnt are shared, and
    kept from one use to the next."""

    def __init__(
        self,
        dialect: Dialect,
        base: str,
        credentials: Credentials | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        pauses: Callable[[Reply, int, Haste], float] | None = None,
    ) -> None:
        """``pauses`` takes the place of the dialect's ``pause_seconds`` where the pause is not the same for all."""
        self._dialect, self._base, self._credentials = dialect, base.rstrip("/"), credentials
        self._timeout_seconds, self._now_ms = timeout_seconds, now_ms
        self._clock_offset_ms = 0
        self.budget: Budget | None = None
        """What the venue last said of its request limit."""
        self._pauses = pauses or (lambda reply, now_ms, _: dialect.pause_seconds(reply, now_ms))
        self._quiet_until = dict.fromkeys(Haste, 0.0)
        self._http: httpx.AsyncClient | None = None
        self._users = 0

    async def __aenter__(self) -> Self:
        if self._http is None:
            self._http = self._connected()
        self._users += 1
        return self

    def _connected(self) -> httpx.AsyncClient:
        try:
            address = urlsplit(self._base)
        except ValueError:
            raise self._trouble("unreachable", f"{self._base} is no address") from None
        return httpx.AsyncClient(
            timeout=self._timeout_seconds,
            verify=address.scheme != "http",
            trust_env=address.hostname not in LOOPBACK,
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._users -= 1
        if not self._users and self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    @property
    def can_sign(self) -> bool:
        """True where there is a key."""
        return self._credentials is not None

    async def get(self, path: str, parameters: Mapping[str, str] | None = None, *, signed: bool = False) -> bytes:
        """The body of a good answer.

        A signed request that is refused for our clock is sent once more by the venue's. Raises VenueError: whatever
        went wrong; ``retry_after_seconds`` is set where the venue wants to be left alone, and until then every
        request fails at once with what is left of it.
        """
        return await self.ask("GET", path, parameters, signed=signed)

    async def ask(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, object] | Sequence[object] | None = None,
        signed: bool = True,
        haste: Haste = Haste.ROUTINE,
    ) -> bytes:
        """The body of a good answer to any request; ``body`` travels as JSON.

        Raises VenueError as :meth:`get` does; ``outcome_unknown`` is set where a request that changes something may
        have been acted on. Such a request is never repeated but after a refusal for our clock, which acts on nothing.
        """
        text = "" if body is None else msgspec.json.encode(body).decode()
        question = Question(method=method, path=path, query=urlencode(parameters or {}), body=text)
        try:
            return await self._ask(question, signed, haste)
        except VenueError as error:
            if not signed or error.code not in self._dialect.clock_codes:
                raise
        clock = await self._ask(Question(method="GET", path=self._dialect.clock_path), False, haste)
        self._clock_offset_ms = self._dialect.clock_ms(clock) - self._now_ms()
        return await self._ask(question, signed, haste)

    @property
    def venue_now_ms(self) -> int:
        """The venue's time as far as it is known: ours, corrected by what it was last refused for."""
        return self._now_ms() + self._clock_offset_ms

    async def _ask(self, question: Question, signed: bool, haste: Haste) -> bytes:
        await self._respect_limits(haste)
        headers: Mapping[str, str] = {}
        query = question.query
        if signed:
            request = self._dialect.sign(question, self._key(), self.venue_now_ms)
            query, headers = request.query, request.headers
        reply = await self._send(question, query, headers)
        error = self._dialect.failure(reply, self._now_ms())
        self._learn_limits(reply, 0.0 if error is None else error.retry_after_seconds or 0.0)
        if error is not None:
            raise error
        if not signed and (tell := listener.get()) is not None:
            tell(f"{self._base}{question.path}?{query}", reply.body)
        return reply.body

    def _learn_limits(self, reply: Reply, demanded_seconds: float) -> None:
        """``demanded_seconds`` of quiet are for all."""
        self.budget = self._dialect.budget(reply) or self.budget
        now_ms, now = self._now_ms(), time.monotonic()
        for haste, until in self._quiet_until.items():
            pause = max(self._pauses(reply, now_ms, haste), demanded_seconds)
            self._quiet_until[haste] = max(until, now + pause) if pause else until

    async def _respect_limits(self, haste: Haste) -> None:
        wait = self._quiet_until[haste] - time.monotonic()
        if wait > LONGEST_WAIT_SECONDS:
            message = f"asked to be left alone for another {wait:.0f} s"
            raise VenueError(self._dialect.venue, "limited", message, retry_after_seconds=wait)
        if wait > 0:
            await asyncio.sleep(wait)

    async def _send(self, question: Question, query: str, headers: Mapping[str, str]) -> Reply:
        if self._http is None:
            raise RuntimeError("a RestClient is used inside its context")
        path, changes = question.path, question.method != "GET"
        url = f"{self._base}{path}?{query}" if query else f"{self._base}{path}"
        sent = dict(headers)
        if question.body:
            sent.setdefault("Content-Type", "application/json")
        content = question.body.encode() if question.body else None
        try:
            async with self._http.stream(question.method, url, headers=sent, content=content) as answer:
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_BODY_BYTES:
                        message = f"{path}: more than {LARGEST_BODY_BYTES} bytes"
                        raise self._trouble("oversize", message, outcome_unknown=changes)
                return Reply(
                    answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, bytes(body)
                )
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise self._trouble("timeout", f"{path}: no connection within {self._timeout_seconds:g} s") from None
        except httpx.TimeoutException:
            message = f"{path}: no answer within {self._timeout_seconds:g} s"
            raise self._trouble("timeout", message, outcome_unknown=changes) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{path}: {type(error).__name__} at {self._base}"
            never_sent = isinstance(error, httpx.ConnectError | httpx.InvalidURL | httpx.UnsupportedProtocol)
            raise self._trouble("unreachable", message, outcome_unknown=changes and not never_sent) from None

    def _key(self) -> Credentials:
        if self._credentials is None:
            raise self._trouble("no_key", "this request needs an API key, and none is configured")
        return self._credentials

    def _trouble(self, code: str, message: str, *, outcome_unknown: bool = False) -> VenueError:
        return VenueError(self._dialect.venue, code, message, outcome_unknown=outcome_unknown)


def retry_after_seconds(reply: Reply, otherwise: float) -> float:
    """The ``Retry-After`` header in seconds, or what is usual where it is missing or odd."""
    text = reply.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else otherwise


async def told_unless(codes: Collection[str], question: Awaitable[Sequence[_Told]]) -> list[_Told]:
    """What is told; nothing where the venue refuses with one of these codes. Raises VenueError for any other reason.

    A contract that its venue lists no more is still asked about, and must not keep all else from being told.
    """
    try:
        return [*await question]
    except VenueError as error:
        if error.code not in codes:
            raise
    return []
