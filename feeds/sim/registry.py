"""The simulated venues by name: where each one's rules and wire side are. They are imported only when wanted.

A venue is one line here and one folder; :mod:`feeds.sim.venue` says what the folder holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import RequestError
from feeds.sim.rules import VenueRules

if TYPE_CHECKING:
    from feeds.sim.venue import SimVenue


class Place(msgspec.Struct, frozen=True):
    """Where a venue is: ``module:name`` of its rules, and of its :class:`feeds.sim.venue.SimVenue`."""

    rules: str
    venue: str


VENUES: Mapping[str, Place] = {
    "bybit": Place("feeds.sim.bybit.listings:RULES", "feeds.sim.bybit.venue:Bybit"),
    "binance": Place("feeds.sim.binance.listings:RULES", "feeds.sim.binance.venue:Binance"),
    "mexc": Place("feeds.sim.mexc.listings:RULES", "feeds.sim.mexc.venue:Mexc"),
    "bingx": Place("feeds.sim.bingx.listings:RULES", "feeds.sim.bingx.venue:Bingx"),
    "weex": Place("feeds.sim.weex.listings:RULES", "feeds.sim.weex.venue:Weex"),
}
"""In the order in which they take ports."""


def venue_rules(name: str) -> VenueRules:
    """A venue's rules; nothing of its wire side is imported. Raises RequestError for a name that is not registered."""
    rules: VenueRules = _found(_place(name).rules)
    return rules


def venue_class(name: str) -> type[SimVenue]:
    """A venue's wire side. Raises RequestError for a name that is not registered."""
    found: type[SimVenue] = _found(_place(name).venue)
    return found


def chosen(names: Sequence[str] | None) -> tuple[str, ...]:
    """The venues named, in the registry's order; all of them for ``None``. Raises RequestError."""
    for name in names or ():
        _place(name)
    return tuple(name for name in VENUES if names is None or name in names)


def parse_venues(text: str) -> tuple[str, ...]:
    """``all``, or names with commas between them. Raises RequestError."""
    if text.strip() == "all":
        return chosen(None)
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise RequestError("--venues", f"all, or some of {', '.join(VENUES)}", text)
    return chosen(names)


def _place(name: str) -> Place:
    if name not in VENUES:
        raise RequestError("venue", f"one of {', '.join(VENUES)}", name)
    return VENUES[name]


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
