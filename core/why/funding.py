"""Why funding is what it is: rates, the next payment, what was paid so far."""

from __future__ import annotations

from decimal import Decimal

from core import funding
from core.explanation import Input
from core.instrument_market import Field
from core.snapshot import BookView, FundingView, HedgeLine
from core.why.kinds import contract, formula_of
from core.why.markets import RATE_SIGN
from core.why.place import Place, Told, fact
from core.why.sources import given

MONEY_SIGN = "+ received, − paid"
NOT_YET = "the rate and the mark price of the settlement are not known before it"


@fact(FundingView, "rate", "funding rate", "fraction an interval", sign=RATE_SIGN)
def _rate(place: Place) -> Told:
    name = place.the(HedgeLine).instrument
    return Told(source=f"stated by the venue: {place.sources.channel(name, Field.FUNDING_RATE)}")


@fact(FundingView, "interval_hours", "funding interval", "hours")
def _interval(place: Place) -> Told:
    name = place.the(HedgeLine).instrument
    if place.sources.quote(name, Field.FUNDING_INTERVAL).known:
        return Told(source=f"stated by the venue: {place.sources.channel(name, Field.FUNDING_INTERVAL)}")
    return Told(source=f"the contract's description; {place.sources.description(name)}")


@fact(FundingView, "next_funding_ns", "time of the next funding", "ns since 1970")
def _next(place: Place) -> Told:
    name = place.the(HedgeLine).instrument
    return Told(source=f"stated by the venue: {place.sources.channel(name, Field.NEXT_FUNDING)}")


@fact(
    FundingView,
    "annualised",
    "funding rate a year",
    "fraction a year",
    sign=RATE_SIGN,
    includes="the present rate at every settlement of a year of 365 days, simple",
    excludes="compounding, and every change of the rate",
)
def _annualised(place: Place) -> Told:
    inputs = (place.beside("rate"), place.beside("interval_hours"), _hours(8760, "year"))
    return Told(formula="rate * hours / interval_hours", inputs=inputs)


def _hours(hours: int, span: str) -> Input:
    return given("hours", f"hours of a {span}", Decimal(hours), "hours", "by definition")


@fact(
    FundingView,
    "next_payment",
    "next funding payment",
    "{settle}",
    sign=MONEY_SIGN,
    excludes="orders that may change the position before the settlement",
)
def _payment(place: Place) -> Told:
    mark = place.above(HedgeLine, "mark_price")
    inputs = (place.above(HedgeLine, "quantity"), *contract(place), mark, place.beside("rate"))
    return Told(formula=formula_of(funding.payment, place), inputs=inputs, estimated=NOT_YET)


@fact(FundingView, "per_day", "funding a day", "{settle}", sign=MONEY_SIGN, excludes="every change of rate and mark")
def _per_day(place: Place) -> Told:
    inputs = (place.beside("next_payment"), place.beside("interval_hours"), _hours(24, "day"))
    return Told(formula="next_payment * hours / interval_hours", inputs=inputs, estimated=NOT_YET)


@fact(
    FundingView,
    "received",
    "funding received",
    "{settle}",
    sign=MONEY_SIGN,
    includes="every settlement booked since the position was declared",
    excludes="settlements before that, and those in another coin",
)
def _received(place: Place) -> Told:
    book, line = place.the(BookView), place.the(HedgeLine)
    position = place.sources.position(place.sources.hedge(book.name, line.instrument).key)
    last = f"; not booked: {', '.join(position.unbooked_funding)}" if position.unbooked_funding else ""
    return Told(
        source=f"the journal: funding payments of account {line.account} on {line.instrument}{last}",
        estimated="payments were reckoned here and not read from the venue's ledger",
    )
