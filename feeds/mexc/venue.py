"""MEXC, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.mexc import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = True


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.mexc.client import MexcFeed

    return MexcFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """Contracts with their orders, and the balances of the spot wallet."""
    from feeds.mexc.desk import MexcDesk

    return MexcDesk(account, endpoints, credentials)


def decoder(market: str) -> Decoder:
    """Public frames: one kind for both markets of contracts, another for spot."""
    if market == facts.SPOT:
        from feeds.mexc.spot import SpotDecoder

        return SpotDecoder()
    from feeds.mexc.parse import Decoder as ContractDecoder

    return ContractDecoder()


def account_decoder(market: str, account: str) -> Decoder | None:
    """Private frames: of contracts, or of the spot wallet."""
    if market == facts.SPOT:
        from feeds.mexc.spot import SpotDecoder

        return SpotDecoder(account=facts.spot_wallet(account))
    from feeds.mexc.private import PrivateDecoder

    return PrivateDecoder(account)


def rest_paths() -> Sequence[str]:
    """Everything that is asked, public and signed, and what is answered in the same shapes."""
    from feeds.mexc.answers import PATHS

    return PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says, public or signed."""
    from feeds.mexc.answers import events

    return events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """One host for everything."""
    from feeds.mexc.rest import MexcDialect

    return MexcDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """``None`` for a key that has no right to ask."""
    from feeds.mexc.rights import read_rights
    from feeds.rest import RestClient

    dialect, base = clock_api(endpoints)
    async with RestClient(dialect, base, credentials) as client:
        return await read_rights(client, credentials.key)
