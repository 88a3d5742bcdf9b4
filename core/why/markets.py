"""Why a market says what it says: the venue's own figures, the channel they came on."""

from __future__ import annotations

from core.instrument_market import Field
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
RATE_SIGN = "+ longs pay shorts, − shorts pay longs"


def _stated(place: Place) -> Told:
    """A figure that a venue states; a hedge's quotes are those of its market."""
    field, _, _ = FIELDS[place.field]
    owner = place.owner
    assert isinstance(owner, HedgeLine | MarketView)
    source = place.sources.channel(owner.instrument, field)
    frozen = "; a mark that stands still for a minute counts as stale" if field is Field.MARK else ""
    return Told(source=f"stated by the venue: {source}{frozen}")


for _field, (_, _name, _unit) in FIELDS.items():
    _sign = RATE_SIGN if _field == "funding_rate" else ""
    fact(MarketView, _field, _name, _unit, sign=_sign)(_stated)
    if _field.endswith("_price"):
        fact(HedgeLine, _field, _name, _unit)(_stated)
