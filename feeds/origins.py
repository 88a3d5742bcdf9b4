"""Which venue and market an address belongs to, told from the address alone: captures keep no more.

What each venue's addresses look like is in its folder, as ``facts.ORIGINS``.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Final, NamedTuple

from core.symbols import MARKETS


class Origins(NamedTuple):
    """A venue's addresses. ``sockets`` are patterns of public websockets with the market of each, empty where the
    pattern captures it; the first that fits counts. ``bodies`` is the pattern of REST addresses. ``if_known`` are
    sockets that are told by the path alone, for addresses that are known to be the venue's.

    Hosts differ (test networks, simulated exchanges), paths do not.
    """

    sockets: tuple[tuple[re.Pattern[str], str], ...]
    bodies: re.Pattern[str]
    if_known: tuple[tuple[re.Pattern[str], str], ...] = ()


VENUES: Final = tuple(MARKETS)


@cache
def _origins(venue: str) -> Origins:
    found: Origins = importlib.import_module(f"feeds.{venue}.facts").ORIGINS
    return found


def market_at(address: str, venue: str = "") -> tuple[str, str] | None:
    """Venue and market of a websocket address, ``None`` where no venue here serves it.

    ``venue`` is what the capture says, if anything; it settles what an address on a strange host leaves open.
    """
    bare = address.partition("?")[0].rstrip("/")
    for owner in VENUES if venue not in VENUES else (venue,):
        origins = _origins(owner)
        for pattern, market in (*origins.sockets, *(origins.if_known if venue == owner else ())):
            if found := pattern.search(bare):
                return owner, market or found.group(1)
    return None


def venue_of(address: str) -> str:
    """The venue that a REST address belongs to, empty where it is none here."""
    return next((venue for venue in VENUES if _origins(venue).bodies.search(address)), "")
