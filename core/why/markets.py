"""Why a market says what it says: the venue's own figures, the channel they came on."""

from __future__ import annotations

from core.instrument_market import Field
from core.sheet_price import PricedContract
from core.snapshot import HedgeLine, MarketView
from core.why.place import Place, Told, fact

FIELDS = {
    "mark_price": (Field.MARK, "mark price", "{quote} a {base}"),
    "index_price": (Field.INDEX, "index price", "{quote} a {base}"),
    "bid_price": (Field.BID, "best bid", "{quote} a {base}"),
    "ask_price": (Field.ASK, "best ask", "{quote} a {base}"),
    "funding_rate": (Field.FUNDING_RATE, "funding rate", "fraction an interval"),
    "funding_interval_hours": (Field.FUNDING_INTERVAL, "funding interval", "hours"),
    "next_funding_ns": (Field.NEXT_FUNDING, "time of the next funding", "ns since 1970"),
}
AT_PAR = "dollars of one kind stand for those of another"
RATE_SIGN = "+ longs pay shorts, − shorts pay longs"


def _stated(place: Place) -> Told:
    """A figure that a venue states; a hedge's quotes are those of its market."""
    field, _, _ = FIELDS[place.field]
    owner = place.owner
    assert isinstance(owner, HedgeLine | MarketView)
    priced = place.sources.priced(owner.instrument)
    if priced is not None and field in (Field.MARK, Field.INDEX):
        return _from_the_sheet(place, priced, field)
    source = place.sources.channel(owner.instrument, field)
    frozen = "; a mark that stands still for a minute counts as stale" if field is Field.MARK else ""
    return Told(source=f"stated by the venue: {source}{frozen}")


def _from_the_sheet(place: Place, priced: PricedContract, field: Field) -> Told:
    """The price that the contract's sheet tells, and the middle of the pair that stands for its index."""
    sources, index = place.sources, priced.price.index
    if field is Field.INDEX and not index:
        return Told(method="[[contracts]] of the configuration names no pair that could stand for it")
    if field is Field.INDEX:
        sides = (sources.quoted(index, Field.BID, "bid"), sources.quoted(index, Field.ASK, "ask"))
        return Told(formula="(bid + ask) / 2", inputs=sides, estimated=AT_PAR)
    stale = priced.price.stale_after_seconds
    ages = f"stale after {stale:f} s in which its market is open; older than half of that it is late"
    channel = sources.channel(priced.instrument, field)
    return Told(source=f"{priced.price.words}, as [[contracts]] of the configuration says: {channel}; {ages}")


for _field, (_, _name, _unit) in FIELDS.items():
    _sign = RATE_SIGN if _field == "funding_rate" else ""
    fact(MarketView, _field, _name, _unit, sign=_sign)(_stated)
    if _field.endswith("_price"):
        fact(HedgeLine, _field, _name, _unit)(_stated)
