"""BingX, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.bingx import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = True


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.bingx.client import BingxFeed

    return BingxFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """An account of contracts, and what is held in spot."""
    from feeds.bingx.desk import BingxDesk

    return BingxDesk(account, endpoints, credentials)


def decoder(market: str) -> Decoder:
    """Public frames of one market."""
    from feeds.bingx.parse import Decoder as BingxDecoder

    return BingxDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Private frames of one market; sides are taken for legs, since the position mode is not known here."""
    from feeds.bingx.private import Decoder as PrivateDecoder

    return PrivateDecoder(market, account)


def rest_paths() -> Sequence[str]:
    """Everything that is read over REST, and what is understood and not used."""
    from feeds.bingx import answers

    return tuple(answers.READERS)


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says, by its path."""
    from feeds.bingx import answers

    return answers.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """The contracts' own clock."""
    from feeds.bingx.rest import BingxDialect

    return BingxDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """The venue tells, for the keys of all markets."""
    from feeds.bingx.rest import BingxDialect
    from feeds.bingx.rights import read_rights
    from feeds.rest import RestClient

    base = endpoints.rest if endpoints is not None else facts.LIVE.rest
    async with RestClient(BingxDialect(), base, credentials) as client:
        return await read_rights(client)
