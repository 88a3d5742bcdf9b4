"""What is asked of a venue to see whether it can be worked with: its clock, and what the user's key may do."""

from __future__ import annotations

import time

from feeds.registry import BYBIT
from feeds.rest import Dialect, RestClient
from feeds.venue import Credentials, Endpoints, KeyRights


async def clock_skew_ms(venue: str, endpoints: Endpoints | None = None) -> int:
    """Milliseconds by which this machine's clock is ahead of the venue's (negative: behind), as of one request.

    The venue is taken to have read its clock half-way between our asking and its answer. Raises VenueError.
    """
    dialect, base = _futures_api(venue, endpoints)
    async with RestClient(dialect, base) as client:
        asked_ns = time.time_ns()
        body = await client.get(dialect.clock_path)
        answered_ns = time.time_ns()
    return (asked_ns + answered_ns) // 2_000_000 - dialect.clock_ms(body)


async def key_rights(venue: str, endpoints: Endpoints | None, credentials: Credentials) -> KeyRights:
    """What the key may do. Raises VenueError, also where the venue (a test network) does not tell."""
    if venue == BYBIT:
        from feeds.bybit.rights import read_rights as read_bybit

        dialect, base = _futures_api(venue, endpoints)
        async with RestClient(dialect, base, credentials) as client:
            return await read_bybit(client)
    from feeds.binance import facts
    from feeds.binance.rest import BinanceDialect
    from feeds.binance.rights import read_rights as read_binance

    base = facts.LIVE.more[facts.SPOT_REST] if endpoints is None else endpoints.rest
    dialect = BinanceDialect(facts.SPOT_CLOCK_PATH, facts.SPOT_WEIGHT_LIMIT)
    async with RestClient(dialect, base, credentials) as client:
        return await read_binance(client)


def _futures_api(venue: str, endpoints: Endpoints | None) -> tuple[Dialect, str]:
    if venue == BYBIT:
        from feeds.bybit import facts as bybit
        from feeds.bybit.rest import BybitDialect

        return BybitDialect(), endpoints.rest if endpoints is not None else bybit.LIVE.rest
    from feeds.binance import facts as binance
    from feeds.binance.rest import BinanceDialect

    dialect = BinanceDialect(binance.CLOCK_PATH, binance.WEIGHT_LIMIT)
    return dialect, endpoints.rest if endpoints is not None else binance.LIVE.rest
