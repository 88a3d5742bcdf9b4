"""The price of a contract from an address that answers with JSON, asked again and again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from core.sheet_price import PolledAddress, PricedContract
from feeds.clock import Clock
from feeds.pacing import Pacing
from feeds.prices.keeper import PriceKeeper
from feeds.prices.values import Unusable, decoded, quoted
from feeds.rest import LOOPBACK, Reply, retry_after_seconds
from feeds.venue import Emit

TIMEOUT_SECONDS = 10.0
LARGEST_BODY_BYTES = 1024 * 1024
LONGEST_DELAY_SECONDS = 300.0


class Failed(Exception):
    """The address gave no answer to use; ``stay_away`` is for how long (seconds) it wants to be left alone."""

    def __init__(self, reason: str, stay_away: float = 0.0) -> None:
        super().__init__(reason)
        self.stay_away = stay_away


class AddressKeeper(PriceKeeper):
    """Asks one address. No state, fault or log line carries its query or its headers."""

    def __init__(
        self,
        contract: PricedContract,
        source: PolledAddress,
        emit: Emit,
        clock: Clock,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(contract, "poll", emit, clock)
        self._source, self._timeout_seconds, self._environment = source, timeout_seconds, environment
        self._every_seconds = float(source.every_seconds)
        self._pacing = Pacing(
            first_seconds=self._every_seconds, cap_seconds=LONGEST_DELAY_SECONDS, attempts=60, window_seconds=60
        )
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()

    async def look(self) -> float:
        """Ask once."""
        self._pacing.attempted(self._clock.now_ns())
        try:
            body = await self._asked()
        except Failed as failure:
            self._lost(str(failure))
            least = max(failure.stay_away, self._every_seconds)
            return self._pacing.delay_seconds(self._clock.now_ns(), at_least=least)
        self._pacing.reset()
        source = self._source
        try:
            self._take(quoted(decoded(body), source.pointer, source.time_pointer, source.time_format))
        except Unusable as problem:
            self._refused(problem)
        return self._every_seconds

    async def _asked(self) -> bytes:
        """The body of a good answer. Raises Failed."""
        headers = self._headers()
        if self._client is None:
            self._client = self._connected()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._answer(self._client, headers)
        except (TimeoutError, httpx.TimeoutException):
            raise Failed(f"no answer within {self._timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed(f"unreachable ({type(error).__name__})") from None

    async def _answer(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> bytes:
        async with client.stream("GET", self._source.url, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                told = {name.lower(): value for name, value in answer.headers.items()}
                wait = retry_after_seconds(Reply(answer.status_code, told, b""), 0.0)
                raise Failed(f"HTTP {answer.status_code}", min(wait, 3600.0))
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST_BODY_BYTES:
                    raise Failed(f"an answer of more than {LARGEST_BODY_BYTES} bytes")
            return bytes(body)

    def _headers(self) -> dict[str, str]:
        """The headers to send, from the environment. Raises Failed."""
        found = {"Accept": "application/json"}
        for name, variable in self._source.headers:
            value = self._environment.get(variable, "")
            if not value or not value.isascii() or not value.isprintable():
                lacking = "is not set" if not value else "holds what no header can"
                raise Failed(f"the environment variable {variable} {lacking}")
            found[name] = value
        return found

    def _connected(self) -> httpx.AsyncClient:
        address = urlsplit(self._source.url)
        return httpx.AsyncClient(
            timeout=self._timeout_seconds, verify=address.scheme != "http", trust_env=address.hostname not in LOOPBACK
        )
