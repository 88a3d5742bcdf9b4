"""One entry of the table of faults, and how its parameters are read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import RequestError
from feeds.sim.accounts import Account, ApiKey, Position
from feeds.sim.catalogue import Listing
from feeds.sim.venue import SimVenue

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator

Parameters = dict[str, Any]

ANY = ("venue",)
CONTRACT = ("venue", "category", "symbol")
ACCOUNT = ("venue", "key")


class Fault(msgspec.Struct, frozen=True):
    """What it does, its parameters, and how."""

    meaning: str
    parameters: tuple[str, ...]
    apply: Callable[[Simulator, Parameters], Parameters | None]
    awaits_step: bool = False
    """Whether it holds only from the market's next step on: the answer then comes after that step."""


def venues_of(simulator: Simulator, parameters: Parameters) -> list[SimVenue]:
    """The venue that is named, or all of them. Raises RequestError."""
    return list(simulator.venues.values()) if "venue" not in parameters else [venue_of(simulator, parameters)]


def offering(simulator: Simulator, parameters: Parameters, fault: str) -> list[SimVenue]:
    """The venue that is named, or all, as far as they have an optional fault. Raises RequestError where none has."""
    asked = venues_of(simulator, parameters)
    found = [venue for venue in asked if fault in venue.offers]
    if not found:
        able = [name for name, venue in simulator.venues.items() if fault in venue.offers]
        names = ", ".join(venue.name for venue in asked)
        raise RequestError("fault", f"one that {names} has; {fault} is had by {', '.join(able) or 'none'}", fault)
    return found


def venue_of(simulator: Simulator, parameters: Parameters) -> SimVenue:
    """The venue that is named. Raises RequestError."""
    name = text(parameters, "venue")
    if name not in simulator.venues:
        raise RequestError("venue", f"one of {', '.join(simulator.venues)}", name)
    return simulator.venues[name]


def listing_of(simulator: Simulator, parameters: Parameters) -> tuple[SimVenue, Listing]:
    """The listing of ``venue``, ``category`` and ``symbol``. Raises RequestError."""
    venue = venue_of(simulator, parameters)
    category, symbol = text(parameters, "category"), text(parameters, "symbol")
    listing = venue.exchange.find(category, symbol)
    if listing is None:
        raise RequestError("symbol", f"a symbol that {venue.name} lists as {category}", symbol)
    return venue, listing


def account_of(venue: SimVenue, parameters: Parameters) -> tuple[ApiKey, Account]:
    """The key and its account. Raises RequestError."""
    found = venue.exchange.book.find(text(parameters, "key"))
    if found is None:
        raise RequestError("key", "an API key of this venue")
    return found


def held_positions(account: Account, listing: Listing) -> list[Position]:
    """The account's positions in a contract, at least one. Raises RequestError."""
    held = [position for position in account.sides(listing) if position.quantity]
    if not held:
        raise RequestError("symbol", "a contract in which the account has a position", listing.symbol)
    return held


def text(parameters: Parameters, name: str) -> str:
    """A text that must be there. Raises RequestError."""
    value = parameters.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(name, "a text", "nothing" if value is None else str(value))
    return value


def number(parameters: Parameters, name: str) -> Decimal:
    """A finite number that must be there, as a number or as text. Raises RequestError."""
    value = parameters.get(name)
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite():
        raise RequestError(name, "a number", str(value))
    return found


def positive(parameters: Parameters, name: str) -> Decimal:
    """A number above zero that must be there. Raises RequestError."""
    found = number(parameters, name)
    if found <= 0:
        raise RequestError(name, "a number above zero", str(found))
    return found


def count(parameters: Parameters, name: str) -> int:
    """A whole number, zero or more, that must be there. Raises RequestError."""
    found = number(parameters, name)
    if found < 0 or found != int(found):
        raise RequestError(name, "a whole number, zero or more", str(found))
    return int(found)


def flag(parameters: Parameters, name: str) -> bool:
    """True or false, that must be there. Raises RequestError."""
    value = parameters.get(name)
    if not isinstance(value, bool):
        raise RequestError(name, "true or false", str(value))
    return value


def amounts(parameters: Parameters, name: str) -> dict[str, Decimal]:
    """An object of amounts by asset that must be there. Raises RequestError."""
    value = parameters.get(name)
    if not isinstance(value, dict):
        raise RequestError(name, "an object of amounts by asset")
    return {str(asset): number(value, asset) for asset in value}
