"""Faults of the market: prices, the terms of a listing, and how much of an order is filled at once."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from core.errors import RequestError
from feeds.sim.events import Term, TermsChanged
from feeds.sim.fault import ANY, CONTRACT, Fault, Parameters, count, listing_of, number, positive, text, venues_of
from feeds.sim.order_checks import Trading
from feeds.sim.tiers import TierRow

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator

FUNDING_HOURS = (1, 2, 4, 8)


def _pin(simulator: Simulator, parameters: Parameters) -> None:
    simulator.market.pin(text(parameters, "coin"), number(parameters, "price"))


def _unpin(simulator: Simulator, parameters: Parameters) -> None:
    simulator.market.unpin(text(parameters, "coin"))


def _freeze(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.exchange.frozen = True


def _stale(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    venue.exchange.stale.add(listing.instrument.id)


def _partial_fills(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    most, step = positive(parameters, "most"), listing.instrument.quantity_step
    if most % step:
        raise RequestError("most", f"a multiple of {step}", str(most))
    venue.exchange.matching.most_per_fill[listing.instrument.id] = most


def _fund(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    if venue.exchange.funding(listing) is None:
        raise RequestError("symbol", "a perpetual", listing.symbol)
    venue.exchange.fund_now(listing)


def _funding_interval(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    hours = count(parameters, "hours")
    if venue.exchange.funding(listing) is None:
        raise RequestError("symbol", "a perpetual", listing.symbol)
    if hours not in FUNDING_HOURS:
        raise RequestError("hours", f"one of {', '.join(map(str, FUNDING_HOURS))}", str(hours))
    venue.exchange.set_funding_hours(listing, hours)


def _change_tiers(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    if listing.tiers is None:
        raise RequestError("symbol", "a contract with margin tiers", listing.symbol)
    listing.set_tiers(_tier_rows(parameters))
    venue.exchange.notices(TermsChanged(listing, Term.TIERS))


def _tier_rows(parameters: Parameters) -> list[TierRow]:
    """``[[cap, rate, maximum leverage], …]``, caps and rates rising. Raises RequestError."""
    asked = "rows of cap, rate and maximum leverage, caps and rates rising"
    rows = parameters.get("tiers")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and len(row) == 3 for row in rows):
        raise RequestError("tiers", asked)
    cap = rate = Decimal(0)
    for row in rows:
        try:
            higher, dearer, leverage = (Decimal(str(value)) for value in row)
        except InvalidOperation:
            raise RequestError("tiers", asked, str(row)) from None
        if not (cap < higher and rate < dearer < 1 and leverage >= 1):
            raise RequestError("tiers", asked, str(row))
        cap, rate = higher, dearer
    return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]


def _delist(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    venue.exchange.set_trading(listing, Trading.DELISTED)


def _close_only(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    venue.exchange.set_trading(listing, Trading.CLOSING_ONLY)


def _deliver(simulator: Simulator, parameters: Parameters) -> None:
    venue, listing = listing_of(simulator, parameters)
    if listing.expiry_ms is None:
        raise RequestError("symbol", "a dated contract", listing.symbol)
    venue.exchange.deliver(listing)


FAULTS: dict[str, Fault] = {
    "pin": Fault("hold a coin's index, mark and spot at a price", ("coin", "price"), _pin, awaits_step=True),
    "unpin": Fault("let a pinned coin move on from there", ("coin",), _unpin, awaits_step=True),
    "freeze": Fault("stop all prices while frames go on as before", ANY, _freeze),
    "stale": Fault("stop one listing's prices while its frames go on with fresh times", CONTRACT, _stale),
    "partial_fills": Fault(
        "fill orders of a listing by no more than so much at once (order units)", (*CONTRACT, "most"), _partial_fills
    ),
    "fund": Fault("charge a contract's funding estimate now", CONTRACT, _fund),
    "funding_interval": Fault("let a contract settle every so many hours", (*CONTRACT, "hours"), _funding_interval),
    "change_tiers": Fault(
        "let another table of margin tiers take effect: [[cap, rate, maximum leverage], ...]",
        (*CONTRACT, "tiers"),
        _change_tiers,
    ),
    "delist": Fault("take a contract off the list", CONTRACT, _delist),
    "close_only": Fault("take only orders that close a position in a contract", CONTRACT, _close_only),
    "deliver": Fault("let a dated contract expire now, at the index price", CONTRACT, _deliver),
}
