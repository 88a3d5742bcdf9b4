"""WEEX, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent, Heard
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed
from feeds.weex import facts

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = True
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = True


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.weex.client import WeexFeed

    return WeexFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """The wallet of contracts, and the coins of the spot wallet."""
    from feeds.weex.desk import WeexDesk

    return WeexDesk(account, endpoints, credentials)


def decoder(market: str) -> Decoder:
    """Public frames of one market."""
    from feeds.weex.parse import Decoder as WeexDecoder

    return WeexDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Private frames of one market; of contracts' positions the long and the short are told apart."""
    from feeds.weex.private import PrivateDecoder

    return PrivateDecoder(market, account)


def rest_paths() -> Sequence[str]:
    """All that is read, and what is understood and tells nothing."""
    from feeds.weex import account, reference

    return (*reference.PATHS, *account.PATHS, *facts.SILENT_PATHS)


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says; a refusal in any of them is raised."""
    import msgspec

    from feeds.candles import open_body
    from feeds.weex import account, reference
    from feeds.weex.rest import refusal

    refused = refusal(answer.body)
    if refused is not None:
        raise refused
    if answer.path in facts.SILENT_PATHS:
        open_body(facts.VENUE, answer.path, answer.body, msgspec.Raw)
        return [Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path)]
    return account.events(answer) if answer.path in account.PATHS else reference.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """The contracts' own clock."""
    from feeds.weex.rest import WeexDialect

    return WeexDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """The venue does not tell."""
    from feeds.rest import RestClient
    from feeds.weex.rights import read_rights

    dialect, base = clock_api(endpoints)
    async with RestClient(dialect, base, credentials) as client:
        return await read_rights(client)
