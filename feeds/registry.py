"""Finding venues: one that ``core.symbols`` can name has a folder here, whose ``venue`` module tells the rest.

A venue's modules are imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

from core.errors import RequestError
from core.events import AnyEvent
from core.symbols import MARKETS
from feeds.venue import (
    AccountFeed,
    Credentials,
    Decoder,
    Endpoints,
    RestAnswer,
    VenueFeed,
    VenueModule,
)

VENUES: Final = tuple(MARKETS)


def venue_module(venue: str) -> VenueModule:
    """What a venue's folder offers. Raises RequestError for an unknown venue."""
    return cast(VenueModule, importlib.import_module(f"feeds.{_known(venue)}.venue"))


def venue_feed(venue: str, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> VenueFeed:
    """A venue's market data, live unless other addresses are given. Raises RequestError for an unknown venue."""
    return venue_module(venue).feed(endpoints, credentials)


def account_feed(venue: str, account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
    """An account at a venue. Raises RequestError for a venue that is unknown or read for prices only."""
    return venue_module(venue).account_feed(account, endpoints, credentials)


def decoder_for(venue: str, market: str) -> Decoder:
    """A fresh decoder for one market's public frames. Raises RequestError for an unknown venue or market."""
    return venue_module(venue).decoder(_market(venue, market))


def account_decoder_for(venue: str, market: str, account: str) -> Decoder | None:
    """A fresh decoder for private frames; ``None`` where the venue is read for prices only.

    Raises RequestError for an unknown venue or market.
    """
    return venue_module(venue).account_decoder(_market(venue, market), account)


def reference_events(venue: str, url: str, body: bytes, received_ns: int) -> Sequence[AnyEvent]:
    """What a recorded REST answer says; nothing for endpoints that are not used here.

    Raises RequestError for an unknown venue, DecodeError for a body that is not what its endpoint sends.
    """
    module, address = venue_module(venue), urlsplit(url)
    if address.path not in module.rest_paths():
        return []
    parameters = dict(parse_qsl(address.query))
    return module.rest_events(RestAnswer(path=address.path, body=body, received_ns=received_ns, parameters=parameters))


def markets(venue: str) -> tuple[str, ...]:
    """The markets of a venue, the one meant by default first. Raises RequestError for an unknown venue."""
    return MARKETS[_known(venue)]


def split_instrument(instrument: str) -> tuple[str, str, str]:
    """Venue, market and symbol of an instrument id. Raises RequestError for one that no venue here has."""
    venue, _, rest = instrument.partition(":")
    market, _, symbol = rest.partition(":")
    if venue not in VENUES or market not in MARKETS[venue] or not symbol:
        raise RequestError("instrument", "venue:market:symbol, such as bybit:linear:BTCUSDT", repr(instrument))
    return venue, market, symbol


def _market(venue: str, market: str) -> str:
    if market not in markets(venue):
        raise RequestError("market", f"one of {', '.join(markets(venue))} on {venue}", repr(market))
    return market


def _known(venue: str) -> str:
    if venue not in VENUES:
        raise RequestError("venue", f"one of {', '.join(VENUES)}", repr(venue))
    return venue
