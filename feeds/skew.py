"""How far a venue's clock is from this machine's. Signed requests are refused where the two disagree."""

from __future__ import annotations

import time

from feeds.registry import BYBIT
from feeds.rest import Dialect, RestClient
from feeds.venue import Endpoints


async def clock_skew_ms(venue: str, endpoints: Endpoints | None = None) -> int:
    """Milliseconds by which this machine's clock is ahead of the venue's (negative: behind), as of one request.

    The venue is taken to have read its clock half-way between our asking and its answer. Raises VenueError.
    """
    dialect, base = _dialect(venue)
    async with RestClient(dialect, endpoints.rest if endpoints is not None else base) as client:
        asked_ns = time.time_ns()
        body = await client.get(dialect.clock_path)
        answered_ns = time.time_ns()
    return (asked_ns + answered_ns) // 2_000_000 - dialect.clock_ms(body)


def _dialect(venue: str) -> tuple[Dialect, str]:
    if venue == BYBIT:
        from feeds.bybit import facts as bybit
        from feeds.bybit.rest import BybitDialect

        return BybitDialect(), bybit.LIVE.rest
    from feeds.binance import facts as binance
    from feeds.binance.rest import BinanceDialect

    return BinanceDialect(binance.CLOCK_PATH, binance.WEIGHT_LIMIT), binance.LIVE.rest
