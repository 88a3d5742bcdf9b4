"""Binance, for the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.events import AnyEvent
from feeds.venue import AccountFeed, Credentials, Decoder, Endpoints, KeyRights, RestAnswer, VenueFeed

if TYPE_CHECKING:
    from feeds.rest import Dialect

PASSPHRASE: Final = False
TELLS_TIERS: Final = True
POLLS_TICKERS: Final = False


def feed(endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
    """See :class:`feeds.venue.VenueModule`, here and below."""
    from feeds.binance.client import BinanceFeed

    return BinanceFeed(endpoints, credentials)


def account_feed(account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """An account, by its name in the configuration."""
    from feeds.binance.desk import BinanceAccount

    return BinanceAccount(account, endpoints, credentials)


def decoder(market: str) -> Decoder:
    """Public frames of one market."""
    from feeds.binance.parse import Decoder as BinanceDecoder

    return BinanceDecoder(market)


def account_decoder(market: str, account: str) -> Decoder | None:
    """Private frames that concern one market."""
    from feeds.binance.private import AccountDecoder

    return AccountDecoder(market, account)


def rest_paths() -> Sequence[str]:
    """Public and signed."""
    from feeds.binance import answers

    return answers.PATHS


def rest_events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """By the path that was asked."""
    from feeds.binance import answers

    return answers.events(answer)


def clock_api(endpoints: Endpoints | None) -> tuple[Dialect, str]:
    """The futures' own clock."""
    from feeds.binance.products import PRODUCTS, USDM, at_home
    from feeds.binance.rest import BinanceDialect

    return BinanceDialect(PRODUCTS[USDM]), at_home(endpoints).rest


async def key_rights(endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
    """The spot API tells, for the keys of all markets; the test networks do not."""
    from feeds.binance.products import PRODUCTS, SPOT, at_home, rest_base, tells_rights
    from feeds.binance.rest import BinanceDialect
    from feeds.binance.rights import read_rights
    from feeds.rest import RestClient

    home = at_home(endpoints)
    if not tells_rights(home):
        return None
    async with RestClient(BinanceDialect(PRODUCTS[SPOT]), rest_base(home, SPOT), credentials) as client:
        return await read_rights(client)
