"""WEEX, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import RequestError
from core.events import AnyEvent
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed
from feeds.weex import facts

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = True


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.weex.client import WeexFeed

    return WeexFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """Not yet."""
    raise RequestError("venue", "a venue whose accounts can be read", facts.VENUE)


def decoder(market: str) -> Decoder:
    """Public frames of one market."""
    from feeds.weex.parse import Decoder as WeexDecoder

    return WeexDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Not yet."""
    return None


def rest_paths() -> Sequence[str]:
    """Instruments, funding and candles."""
    from feeds.weex import reference

    return reference.PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """Instruments, funding and candles."""
    from feeds.weex import reference

    return reference.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """The contracts' own clock."""
    from feeds.weex.rest import WeexDialect

    return WeexDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """Not told."""
    return None
