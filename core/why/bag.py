"""Why a bag is worth what it is: lots, prices, costs."""

from __future__ import annotations

from core.books import Lot
from core.explanation import Input
from core.holdings import lots_of, priced_by
from core.instrument_market import Field
from core.snapshot import BagLine, BookView
from core.why.place import Place, Told, fact
from core.why.sources import given

SUBSTITUTE = "the spot pair that the lot names has no price now: the index of the hedge stands in for it"


def _lots(place: Place) -> list[tuple[Lot, Input]]:
    """Every lot of the asset, with its quantity as an input."""
    asset = place.the(BagLine).asset
    found = []
    for number, lot in enumerate(lots_of(place.sources.book(place.the(BookView).name), asset), 1):
        where = f", in account {lot.account}" if lot.account else ""
        words = f"{lot.asset} of lot {number}{where}" + (f" ({lot.note})" if lot.note else "")
        source = "[[books.lots]] of the configuration"
        found.append((lot, given(f"lot_{number}", words, lot.quantity, lot.asset, source)))
    return found


@fact(
    BagLine,
    "quantity",
    "coins of the bag",
    "{asset}",
    includes="every lot that counts as the asset, coins in futures accounts too, each once",
    excludes="futures positions, and coins that no lot lists",
)
def _quantity(place: Place) -> Told:
    book = place.sources.book(place.the(BookView).name)
    haircuts = {item.asset: item.haircut for item in book.equivalents}
    terms, inputs = [], []
    for lot, held in _lots(place):
        inputs.append(held)
        haircut = haircuts.get(lot.asset)
        if haircut is None:
            terms.append(held.name)
            continue
        name = held.name.replace("lot", "haircut")
        terms.append(f"{held.name} * (1 - {name})")
        source = "[[books.equivalents]] of the configuration"
        inputs.append(given(name, f"haircut of {lot.asset}", haircut, "fraction", source))
    return Told(formula=" + ".join(terms), inputs=tuple(inputs))


@fact(
    BagLine,
    "price",
    "price of the bag",
    "{currency} a {asset}",
    excludes="the last traded price, which is used for nothing",
)
def _price(place: Place) -> Told:
    line, book = place.the(BagLine), place.sources.book(place.the(BookView).name)
    spot, leg = priced_by(book, line.asset)
    if line.price_source == "spot mid" and spot is not None:
        sides = (place.sources.quoted(spot, Field.BID, "bid"), place.sources.quoted(spot, Field.ASK, "ask"))
        return Told(formula="(bid + ask) / 2", inputs=sides)
    if leg is None:
        return Told(method="no lot names a spot pair and no hedge has an index that could stand in")
    index = place.sources.quoted(leg.instrument, Field.INDEX)
    return Told(formula="index_price", inputs=(index,), estimated=SUBSTITUTE)


@fact(BagLine, "value", "value of the bag", "{currency}")
def _value(place: Place) -> Told:
    return Told(formula="quantity * price", inputs=(place.beside("quantity"), place.beside("price")))


@fact(
    BagLine,
    "cost",
    "cost of the bag",
    "{currency}",
    includes="what was paid for the coins of every lot",
    excludes="fees that the lot's cost does not hold, and haircuts: what was paid was paid",
)
def _cost(place: Place) -> Told:
    terms, inputs = [], []
    for lot, held in _lots(place):
        name = held.name.replace("lot", "cost")
        source = "[[books.lots]] of the configuration"
        paid = given(name, f"cost of a coin of {held.words}", lot.cost, f"{place.the(BagLine).currency} a coin", source)
        terms.append(f"{held.name} * {name}")
        inputs += [held, paid]
    return Told(formula=" + ".join(terms), inputs=tuple(inputs))


@fact(
    BagLine,
    "profit",
    "unrealised profit of the bag",
    "{currency}",
    sign="+ gained, − lost",
    excludes="the hedge, its funding and fees; taxes",
)
def _profit(place: Place) -> Told:
    return Told(formula="value - cost", inputs=(place.beside("value"), place.beside("cost")))
