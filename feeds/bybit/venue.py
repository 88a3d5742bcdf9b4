"""Bybit, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import RequestError
from core.events import AnyEvent
from feeds.bybit import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
TELLS_TIERS: Final = True


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.bybit.client import BybitFeed

    return BybitFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """Not yet."""
    raise RequestError("venue", "a venue whose accounts can be read", facts.VENUE)


def decoder(market: str) -> Decoder:
    """Public frames of one category."""
    from feeds.bybit.parse import Decoder as BybitDecoder

    return BybitDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Not yet."""
    return None


def rest_paths() -> Sequence[str]:
    """Instruments, tiers and candles."""
    from feeds.bybit import candles

    return (facts.INSTRUMENTS_PATH, facts.RISK_LIMIT_PATH, *candles.PRICES)


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """Instruments, tiers and candles."""
    from feeds.bybit import reference

    return reference.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """One host for everything."""
    from feeds.bybit.rest import BybitDialect

    return BybitDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """The venue tells."""
    from feeds.bybit.rights import read_rights
    from feeds.rest import RestClient

    dialect, base = clock_api(endpoints)
    async with RestClient(dialect, base, credentials) as client:
        return await read_rights(client)
