"""Finding venues: one that ``core.symbols`` can name has a folder here, whose ``venue`` module tells the rest.

A venue's modules are imported when it is first asked for.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

from core.errors import RequestError
from core.events import AnyEvent
from core.symbols import CCXT_VENUE, MARKETS, exchange_of, markets_of
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
_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def venue_module(venue: str) -> VenueModule:
    """What a venue's folder offers; for one that is read through ccxt, an object that offers the same.

    Raises RequestError for an unknown venue.
    """
    if exchange := exchange_of(venue):
        from feeds.ccxt.venue import CcxtVenue

        return CcxtVenue(exchange)
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
    try:
        answer = rest_answer(venue, "", url, body, received_ns)
    except RequestError:
        _known(venue)
        return []
    return venue_module(venue).rest_events(answer)


def rest_answer(venue: str, market: str, endpoint: str, body: bytes, received_ns: int) -> RestAnswer:
    """A body with the endpoint it came from: ``/path``, ``GET /path?query`` or a whole address.

    Where the path of a venue's endpoint holds a name (``/fair_price/{symbol}``), it is taken from the path given.
    Raises RequestError for a venue that is unknown and an endpoint whose bodies are not read.
    """
    first, _, rest = endpoint.strip().partition(" ")
    method, address = (first.upper(), rest.strip()) if first.upper() in _METHODS else ("GET", endpoint.strip())
    parts = urlsplit(address)
    known = venue_module(venue).rest_paths()
    for path in known:
        named = _match(path, parts.path)
        if named is not None:
            return RestAnswer(
                path=path,
                body=body,
                received_ns=received_ns,
                parameters={**dict(parse_qsl(parts.query)), **named},
                method=method,
                market=market,
            )
    near = difflib.get_close_matches(parts.path, known, n=3, cutoff=0.5)
    expected = f"an endpoint of {venue} that is read" + (f", such as {', '.join(near)}" if near else "")
    raise RequestError("endpoint", expected, repr(endpoint))


def _match(path: str, given: str) -> dict[str, str] | None:
    """What the placeholders of a path stand for in the one given; ``None`` where it is another path."""
    if path.rstrip("/") == given.rstrip("/"):
        return {}
    if "{" not in path:
        return None
    found = re.fullmatch(_PLACEHOLDER.sub(r"(?P<\1>[^/]+)", path.replace(".", r"\.")), given)
    return None if found is None else {name: value for name, value in found.groupdict().items() if "{" not in value}


def markets(venue: str) -> tuple[str, ...]:
    """The markets of a venue, the one meant by default first. Raises RequestError for an unknown venue."""
    return markets_of(_known(venue))


def tiers_need_key(venue: str) -> bool:
    """Whether a venue tells margin tiers only to a key. Raises RequestError for an unknown venue."""
    if exchange_of(venue):
        return False
    return bool(getattr(importlib.import_module(f"feeds.{_known(venue)}.facts"), "TIERS_NEED_KEY", False))


def split_instrument(instrument: str) -> tuple[str, str, str]:
    """Venue, market and symbol of an instrument id. Raises RequestError for one that no venue here has."""
    venue, _, rest = instrument.partition(":")
    market, _, symbol = rest.partition(":")
    if market not in markets_of(venue) or not symbol:
        raise RequestError("instrument", "venue:market:symbol, such as bybit:linear:BTCUSDT", repr(instrument))
    return venue, market, symbol


def _market(venue: str, market: str) -> str:
    if market not in markets(venue):
        raise RequestError("market", f"one of {', '.join(markets(venue))} on {venue}", repr(market))
    return market


def _known(venue: str) -> str:
    if not markets_of(venue):
        raise RequestError("venue", f"one of {', '.join(VENUES)}, {CCXT_VENUE}", repr(venue))
    return venue
