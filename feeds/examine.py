"""What is asked of a venue to see whether it can be worked with: its clock, and what the user's key may do."""

from __future__ import annotations

import time

from feeds.registry import venue_module
from feeds.rest import RestClient
from feeds.venue import Credentials, Endpoints, KeyRights


async def clock_skew_ms(venue: str, endpoints: Endpoints | None = None) -> int:
    """Milliseconds by which this machine's clock is ahead of the venue's (negative: behind), as of one request.

    The venue is taken to have read its clock half-way between our asking and its answer. Raises VenueError.
    """
    dialect, base = venue_module(venue).clock_api(endpoints)
    async with RestClient(dialect, base) as client:
        asked_ns = time.time_ns()
        body = await client.get(dialect.clock_path)
        answered_ns = time.time_ns()
    return (asked_ns + answered_ns) // 2_000_000 - dialect.clock_ms(body)


async def key_rights(venue: str, endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """What the key may do; ``None`` where the venue offers no way to know. Raises VenueError, also where the venue (a
    test network) does not tell."""
    return await venue_module(venue).key_rights(endpoints, credentials)
