"""Making ccxt's client of an exchange, asking it, and closing it: every failure a VenueError.

Numbers stay what the exchange wrote: ccxt is told to hand its numbers over as text (``number = str``), and floats in
REST bodies are never made. Only what an exchange streams as a JSON number passes through a float, whose shortest text
is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import functools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from core.errors import RequestError, VenueError
from feeds.frames import clip
from feeds.venue import Credentials, Endpoints

EXTRA: Final = "pip install 'hedgerow[ccxt]'"
TIMEOUT_SECONDS: Final = 30.0
NO_SUCH_SYMBOL: Final = "no_such_symbol"
BUSY_SECONDS: Final = 10.0
BANNED_SECONDS: Final = 120.0

_T = TypeVar("_T")


def library() -> Any:
    """ccxt's streaming classes. Raises RequestError where ccxt is not installed."""
    try:
        import ccxt.pro
    except ImportError:
        raise RequestError("venue", f"ccxt to be installed ({EXTRA})", "it is not") from None
    logging.getLogger("ccxt").setLevel(logging.ERROR)  # whole requests are logged below that
    return ccxt.pro


def exchange_class(name: str) -> Any:
    """ccxt's class of an exchange. Raises RequestError for one that ccxt does not know, or that has no such class."""
    pro = library()
    import ccxt.async_support

    if name in pro.exchanges:
        return getattr(pro, name)
    if name in ccxt.async_support.exchanges:
        return getattr(ccxt.async_support, name)
    near = difflib.get_close_matches(name, ccxt.async_support.exchanges, n=3, cutoff=0.6)
    hint = f", such as {', '.join(f'ccxt.{known}' for known in near)}" if near else ""
    raise RequestError("venue", f"an exchange that ccxt knows{hint}", f"'ccxt.{name}'")


class Client:
    """One exchange through ccxt, made when it is first asked in an event loop and closed when that loop ends."""

    def __init__(self, name: str, endpoints: Endpoints | None, credentials: Credentials | None) -> None:
        """Raises RequestError where ccxt is not installed or does not know the exchange."""
        self.venue = f"ccxt.{name}"
        self._class = exchange_class(name)
        self._endpoints, self._credentials = endpoints, credentials
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exchange: Any = None
        self._guard: asyncio.Task[None] | None = None
        self._loading: asyncio.Lock | None = None
        self._waiting: dict[tuple[str, str], asyncio.Future[Any]] = {}
        """What was asked for and had not come in time."""
        self.has: Mapping[str, Any] = self._class().has
        """What ccxt says that it can do with this exchange; "emulated" counts as no."""

    def can(self, *names: str) -> str:
        """The first of these calls that ccxt offers; empty where there is none."""
        return next((name for name in names if self.has.get(name) is True), "")

    async def markets(self) -> Mapping[str, Any]:
        """The exchange's markets by ccxt's symbols. Raises VenueError."""
        exchange = self._made()
        assert self._loading is not None
        async with self._loading:
            if not exchange.markets:
                await self._told("loadMarkets", exchange.load_markets)
        found: Mapping[str, Any] = exchange.markets
        return found

    async def ask(self, call: str, *arguments: Any, seconds: float = TIMEOUT_SECONDS, **named: Any) -> Any:
        """The answer of one of ccxt's calls, by its name in ``has``. Raises VenueError."""
        await self.markets()
        method = getattr(self._made(), call)
        return await self._told(call, functools.partial(method, *arguments, **named), seconds, (call, repr(arguments)))

    async def time_ms(self) -> int:
        """The exchange's time, asked for alone. Raises VenueError, also where ccxt cannot ask for it."""
        told = await self._told("fetchTime", self._made().fetch_time) if self.can("fetchTime") else None
        if not isinstance(told, int):
            raise VenueError(self.venue, "not_offered", "ccxt does not tell the time of this exchange")
        return told

    def precision_mode(self) -> int:
        """How ccxt writes this exchange's precisions."""
        mode: int = self._made().precisionMode
        return mode

    async def _told(
        self,
        call: str,
        ask: Callable[[], Awaitable[_T]],
        seconds: float = TIMEOUT_SECONDS,
        question: tuple[str, str] = ("", ""),
    ) -> _T:
        """The answer. What waits for a stream's push is never cancelled, which would cancel it for everyone: it is
        waited for again when it is asked next."""
        streams = call.startswith("watch")
        task = self._waiting.pop(question, None) or asyncio.ensure_future(ask())
        try:
            await asyncio.wait({task}, timeout=seconds)
        finally:
            if not task.done() and streams:
                self._waiting[question] = task
            elif not task.done():
                task.cancel()
        if not task.done():
            raise VenueError(self.venue, "timeout", f"{call}: nothing within {seconds:.0f} s")
        if task.cancelled():
            raise VenueError(self.venue, "unreachable", f"{call}: the connection was lost")
        error = task.exception()  # ccxt's own, or whatever its parsers stumble over
        if error is not None:
            raise refusal(self.venue, call, error) from None
        answer: _T = task.result()
        return answer

    def _made(self) -> Any:
        """The client of the running loop."""
        loop = asyncio.get_running_loop()
        if self._exchange is None or self._loop is not loop:
            self._loop, self._loading, self._waiting = loop, asyncio.Lock(), {}
            self._exchange = self._connected()
            self._guard = loop.create_task(_closed_at_the_end(self._exchange), name=f"{self.venue} guard")
        return self._exchange

    def _connected(self) -> Any:
        options: dict[str, Any] = {"number": str, "enableRateLimit": True}
        if self._credentials is not None:
            key = self._credentials
            options |= {"apiKey": key.key, "secret": key.secret, "password": key.passphrase}
        exchange = self._class(options)
        exchange.has = {**exchange.has, "fetchCurrencies": False}  # where coins can be moved is of no use here
        exchange.on_json_response = functools.partial(json.loads, parse_float=str)
        if self._endpoints is not None:
            exchange.urls["api"] = moved(exchange.urls["api"], self._endpoints)
        return exchange


async def _closed_at_the_end(exchange: Any) -> None:
    """Wait until the loop ends, which cancels this; then close what ccxt has open."""
    try:
        await asyncio.Event().wait()
    finally:
        with contextlib.suppress(Exception):
            await exchange.close()


def moved(addresses: Any, endpoints: Endpoints) -> Any:
    """ccxt's addresses of an exchange, each at the host given: paths stay."""
    if isinstance(addresses, dict):
        return {name: moved(value, endpoints) for name, value in addresses.items()}
    if not isinstance(addresses, str) or "://" not in addresses:
        return addresses
    own = urlsplit(addresses)
    base = urlsplit(endpoints.websocket if own.scheme in ("ws", "wss") else endpoints.rest)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + own.path, own.query, ""))


def refusal(venue: str, call: str, error: BaseException) -> VenueError:
    """What went wrong, in our words: ccxt's texts hold whole answers, and may hold what was asked with a key."""
    import ccxt

    kind = type(error).__name__
    if isinstance(error, ccxt.BadSymbol):
        return VenueError(venue, NO_SUCH_SYMBOL, f"{call}: no such symbol")
    if isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
        return VenueError(venue, "limited", f"{call}: {kind}", retry_after_seconds=BUSY_SECONDS)
    if isinstance(error, ccxt.RequestTimeout):
        return VenueError(venue, "timeout", f"{call}: no answer", outcome_unknown=True)
    if isinstance(error, ccxt.OnMaintenance):
        return VenueError(venue, "maintenance", f"{call}: {kind}", retry_after_seconds=BANNED_SECONDS)
    if isinstance(error, ccxt.AuthenticationError):
        return VenueError(venue, "refused", f"{call}: the key is refused ({kind})")
    if isinstance(error, ccxt.NetworkError):
        return VenueError(venue, "unreachable", f"{call}: {kind}", outcome_unknown=True)
    if isinstance(error, ccxt.BaseError):
        return VenueError(venue, clip(kind, 40), f"{call}: refused ({kind})")
    return VenueError(venue, "bad_answer", f"{call}: ccxt could not read the answer ({kind})")
