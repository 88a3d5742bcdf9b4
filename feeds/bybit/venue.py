"""Bybit, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.bybit import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = False


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.bybit.client import BybitFeed

    return BybitFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """An account, by its name in the configuration."""
    from feeds.bybit.desk import BybitAccount

    return BybitAccount(account, endpoints, credentials)


def decoder(market: str) -> Decoder:
    """Public frames of one category."""
    from feeds.bybit.parse import Decoder as BybitDecoder

    return BybitDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Private frames; their elements say which market they concern."""
    from feeds.bybit.private import AccountDecoder

    return AccountDecoder(market, account)


def rest_paths() -> Sequence[str]:
    """Public and signed."""
    from feeds.bybit import answers

    return answers.PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """By the path that was asked."""
    from feeds.bybit import answers

    return answers.events(answer)


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
