"""OKX, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import RequestError
from core.events import AnyEvent
from feeds.okx import facts
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
"""No key is used."""
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = False


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.okx.client import OkxFeed

    return OkxFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """None: OKX is read for prices only."""
    raise RequestError("venue", "a venue whose accounts can be read", facts.VENUE)


def decoder(market: str) -> Decoder:
    """Public frames, of any market."""
    from feeds.okx.parse import Decoder as OkxDecoder

    return OkxDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """None: OKX is read for prices only."""
    return None


def rest_paths() -> Sequence[str]:
    """What is read of the public endpoints."""
    from feeds.okx import reference

    return reference.PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says; a refusal is raised."""
    from feeds.okx import reference
    from feeds.okx.rest import OkxDialect
    from feeds.rest import Reply

    refusal = OkxDialect().failure(Reply(200, {}, answer.body), answer.received_ns // 1_000_000)
    if refusal is not None:
        raise refusal
    return reference.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """One host for everything."""
    from feeds.okx.rest import OkxDialect

    return OkxDialect(), endpoints.rest if endpoints is not None else facts.LIVE.rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """None: no key is used."""
    return None
