"""Binance, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import RequestError
from core.events import AnyEvent
from feeds.binance import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.binance.client import BinanceFeed

    return BinanceFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """Not yet."""
    raise RequestError("venue", "a venue whose accounts can be read", facts.VENUE)


def decoder(market: str) -> Decoder:
    """Public frames of one market."""
    from feeds.binance.parse import Decoder as BinanceDecoder

    return BinanceDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Not yet."""
    return None


def rest_paths() -> Sequence[str]:
    """Instruments, funding terms, tiers, premium index and candles."""
    from feeds.binance import reference

    return reference.PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """Instruments, funding terms, tiers, premium index and candles."""
    from feeds.binance import reference

    return reference.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """The futures' own clock."""
    from feeds.binance.rest import BinanceDialect

    dialect = BinanceDialect(facts.CLOCK_PATH, facts.WEIGHT_LIMIT)
    return dialect, endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """The spot API tells, for the keys of all markets."""
    from feeds.binance.rest import BinanceDialect
    from feeds.binance.rights import read_rights
    from feeds.rest import RestClient

    base = facts.LIVE.more[facts.SPOT_REST] if endpoints is None else endpoints.rest
    dialect = BinanceDialect(facts.SPOT_CLOCK_PATH, facts.SPOT_WEIGHT_LIMIT)
    async with RestClient(dialect, base, credentials) as client:
        return await read_rights(client)
