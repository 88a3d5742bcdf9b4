"""Which venue and market an address belongs to, told from the address alone: captures keep no more."""

from __future__ import annotations

import re
from typing import Final

_SOCKETS: Final = (
    (re.compile(r"/v5/public/(linear|inverse|spot)$"), "bybit", ""),
    (re.compile(r"/(?:market|public)/(?:ws|stream)"), "binance", "usdm"),
    (re.compile(r"/edge$"), "mexc", "linear"),
    (re.compile(r"//wbs-api\.mexc\.[^/]*/ws$"), "mexc", "spot"),
    (re.compile(r"//[^/]*fstream[^/]*/(?:ws|stream)"), "binance", "usdm"),
    (re.compile(r"//[^/]*stream[^/]*\.binance\.[^/]*/(?:ws|stream)"), "binance", "spot"),
    (re.compile(r"/swap-market$"), "bingx", "linear"),
    (re.compile(r"cswap[^?]*/market$"), "bingx", "inverse"),
    (re.compile(r"(?://open-api-ws\.bingx\.[^/]*|/spot)/market$"), "bingx", "spot"),
)
"""Addresses of public sockets, the first that fits; an empty market is what the pattern captured. Hosts differ (test
networks, simulated exchanges), paths do not. MEXC's one socket serves linear and inverse contracts."""

_BODIES: Final = (
    (re.compile(r"//[^/]+/v5/"), "bybit"),
    (re.compile(r"//[^/]+/api/v1/(?:contract|private)/|//api\.mexc\.[^/]*/"), "mexc"),
    (re.compile(r"//[^/]+/(?:fapi|api/v3)/"), "binance"),
    (re.compile(r"//[^/]+/openApi/"), "bingx"),
)

_SPOT_ROUTE: Final = re.compile(r"/(?:ws|stream)$")


def market_at(address: str, venue: str = "") -> tuple[str, str] | None:
    """Venue and market of a websocket address, ``None`` where no venue here serves it.

    ``venue`` is what the capture says, if anything; it settles what an address on a strange host leaves open.
    """
    bare = address.partition("?")[0].rstrip("/")
    for pattern, owner, market in _SOCKETS:
        found = pattern.search(bare)
        if found is not None and venue in ("", owner):
            return owner, market or found.group(1)
    if venue in ("binance", "mexc") and _SPOT_ROUTE.search(bare):
        return venue, "spot"
    return None


def venue_of(address: str) -> str:
    """The venue that a REST address belongs to, empty where it is none here."""
    return next((venue for pattern, venue in _BODIES if pattern.search(address)), "")
