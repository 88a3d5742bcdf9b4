"""The one list of venues: adding a venue touches its own folder and this file.

A venue's modules are imported when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.errors import RequestError
from core.events import AnyEvent
from core.symbols import MARKETS
from feeds.venue import Credentials, Decoder, Endpoints, VenueFeed

BYBIT: Final = "bybit"
BINANCE: Final = "binance"
VENUES: Final = (BYBIT, BINANCE)


def venue_feed(venue: str, endpoints: Endpoints | None = None, credentials: Credentials | None = None) -> VenueFeed:
    """A venue's market data, live unless other addresses are given. Raises RequestError for an unknown venue."""
    if _known(venue) == BYBIT:
        from feeds.bybit.client import BybitFeed

        return BybitFeed(endpoints, credentials)
    from feeds.binance.client import BinanceFeed

    return BinanceFeed(endpoints, credentials)


def decoder_for(venue: str, market: str) -> Decoder:
    """A fresh decoder for one market's public frames. Raises RequestError for an unknown venue or market."""
    if market not in markets(venue):
        raise RequestError("market", f"one of {', '.join(markets(venue))} on {venue}", repr(market))
    if venue == BYBIT:
        from feeds.bybit.parse import Decoder as BybitDecoder

        return BybitDecoder(market)
    from feeds.binance.parse import Decoder as BinanceDecoder

    return BinanceDecoder(market)


def reference_events(venue: str, url: str, body: bytes, received_ns: int) -> Sequence[AnyEvent]:
    """What a recorded REST answer says; nothing for endpoints that are not used here.

    Raises RequestError for an unknown venue, DecodeError for a body that is not what its endpoint sends.
    """
    if _known(venue) == BYBIT:
        from feeds.bybit import reference as bybit

        return bybit.events(url, body, received_ns)
    from feeds.binance import reference as binance

    return binance.events(url, body, received_ns)


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


def _known(venue: str) -> str:
    if venue not in VENUES:
        raise RequestError("venue", f"one of {', '.join(VENUES)}", repr(venue))
    return venue
