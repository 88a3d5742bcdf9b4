"""What is asked of a venue to see whether it can be worked with: its clock, and what the user's key may do."""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable

from feeds.registry import venue_module
from feeds.rest import RestClient
from feeds.venue import Credentials, Endpoints, KeyRights


@runtime_checkable
class OwnClock(Protocol):
    """A venue that is asked for its time in a way of its own."""

    async def clock_ms(self, endpoints: Endpoints | None) -> int:
        """The venue's time. Raises VenueError."""
        ...


async def clock_skew_ms(venue: str, endpoints: Endpoints | None = None) -> int:
    """Milliseconds by which this machine's clock is ahead of the venue's (negative: behind), as of one request.

    The venue is taken to have read its clock half-way between our asking and its answer. Raises VenueError.
    """
    module = venue_module(venue)
    if isinstance(module, OwnClock):
        asked_ns = time.time_ns()
        told_ms = await module.clock_ms(endpoints)
        return (asked_ns + time.time_ns()) // 2_000_000 - told_ms
    dialect, base = module.clock_api(endpoints)
    async with RestClient(dialect, base) as client:
        asked_ns = time.time_ns()
        body = await client.get(dialect.clock_path)
        answered_ns = time.time_ns()
    return (asked_ns + answered_ns) // 2_000_000 - dialect.clock_ms(body)


async def key_rights(venue: str, endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """What the key may do; ``None`` where the venue offers no way to know. Raises VenueError, also where the venue (a
    test network) does not tell."""
    return await venue_module(venue).key_rights(endpoints, credentials)
