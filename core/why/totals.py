"""Why a book comes to what it comes to: sums over its bag and its hedges."""

from __future__ import annotations

from collections.abc import Iterable

from core.explanation import Input
from core.snapshot import BookView, HedgeLine, Totals
from core.why.place import Place, Told, fact

MONEY = "{currency}"
GAIN = "+ gained, − lost"
AT_PAR = "dollars of several kinds count at par"


def _bag(place: Place, field: str) -> Told:
    """A sum over the bag."""
    lines = place.the(BookView).bag
    inputs = tuple(
        place.below(BookView, "bag", line, field, f"{field}_{number}") for number, line in enumerate(lines, 1)
    )
    return Told(formula=summed(item.name for item in inputs), inputs=inputs, estimated=AT_PAR)


def summed(terms: Iterable[str]) -> str:
    """The sum of terms as an expression."""
    return " + ".join(terms) or "0"


def over_hedges(
    place: Place, field: str, *, of_funding: bool = False, asset: str = ""
) -> tuple[list[str], list[Input]]:
    """The terms of a sum over the hedges (on one asset) in quote, and their inputs: coin-settled amounts at the present
    mark."""
    terms, inputs = [], []
    for number, line in enumerate(place.the(BookView).hedges, 1):
        if asset and line.asset != asset:
            continue
        name = f"{field}_{number}"
        inputs.append(_of_line(place, line, field, name, of_funding=of_funding))
        if field in _IN_QUOTE or line.kind != "inverse" or inputs[-1].figure.value == 0:
            terms.append(name)
            continue
        inputs.append(place.below(BookView, "hedges", line, "mark_price", f"mark_price_{number}"))
        terms.append(f"{name} * mark_price_{number}")
    return terms, inputs


_IN_QUOTE = ("notional", "profit_quote")


def _of_line(place: Place, line: HedgeLine, field: str, name: str, *, of_funding: bool) -> Input:
    if not of_funding:
        return place.below(BookView, "hedges", line, field, name)
    chain = place.up_to(BookView)
    path = f"{chain[-1][0]}/hedges/{line.instrument}"
    return place.linked((*chain, (path, line), (f"{path}/funding", line.funding)), field, name)


@fact(Totals, "bag_value", "value of the bag", MONEY)
def _bag_value(place: Place) -> Told:
    return _bag(place, "value")


@fact(Totals, "bag_cost", "cost of the bag", MONEY)
def _bag_cost(place: Place) -> Told:
    return _bag(place, "cost")


@fact(Totals, "bag_profit", "unrealised profit of the bag", MONEY, sign=GAIN)
def _bag_profit(place: Place) -> Told:
    return _bag(place, "profit")


@fact(Totals, "hedge_notional", "notional of the hedges", MONEY, sign="unsigned: long and short add up")
def _notional(place: Place) -> Told:
    terms, inputs = over_hedges(place, "notional")
    return Told(formula=summed(terms), inputs=tuple(inputs), estimated=AT_PAR)


@fact(
    Totals,
    "hedge_profit",
    "profit of the hedges",
    MONEY,
    sign=GAIN,
    includes="unrealised and realised profit, funding, less fees; coin-settled amounts at the present mark price",
    excludes="hedges of accounts that are not in the book",
)
def _hedge_profit(place: Place) -> Told:
    unrealised, inputs = over_hedges(place, "profit_quote")
    realised, more = over_hedges(place, "realised")
    sides = [place.beside("fees"), place.beside("funding_received")]
    found = {item.name: item for item in (*inputs, *more, *sides)}
    formula = f"{summed(unrealised)} + {summed(realised)} - fees + funding_received"
    return Told(formula=formula, inputs=tuple(found.values()), estimated=AT_PAR)


@fact(Totals, "funding_received", "funding received", MONEY, sign="+ received, − paid")
def _funding(place: Place) -> Told:
    terms, inputs = over_hedges(place, "received", of_funding=True)
    return Told(formula=summed(terms), inputs=tuple(inputs), estimated=AT_PAR)


@fact(Totals, "fees", "trading fees", MONEY, sign="+ paid, − rebate")
def _fees(place: Place) -> Told:
    terms, inputs = over_hedges(place, "fees")
    return Told(formula=summed(terms), inputs=tuple(inputs), estimated=AT_PAR)


@fact(
    Totals,
    "net_profit",
    "net profit of bag and hedges",
    MONEY,
    sign=GAIN,
    excludes="taxes, and what was sold before",
)
def _net(place: Place) -> Told:
    inputs = (place.beside("bag_profit"), place.beside("hedge_profit"))
    return Told(formula="bag_profit + hedge_profit", inputs=inputs)


def _weighted(place: Place, field: str) -> Told:
    """Hedges' ratios by the value of what they hedge; of one asset alone they add up."""
    book = place.the(BookView)
    alone = len(book.bag) == 1
    terms: list[str] = []
    inputs: list[Input] = []
    for number, bag in enumerate(book.bag, 1):
        value = place.below(BookView, "bag", bag, "value", f"value_{number}")
        legs = tuple(
            place.below(BookView, "hedges", line, field, f"{field}_{at}")
            for at, line in enumerate(book.hedges, 1)
            if line.asset == bag.asset
        )
        inputs += [*legs, *(() if alone else (value,))]
        together = summed(item.name for item in legs)
        terms.append(together if alone else f"({together}) * {value.name}")
    if alone:
        return Told(formula=summed(terms), inputs=tuple(inputs))
    return Told(formula=f"({summed(terms)}) / bag_value", inputs=(*inputs, place.beside("bag_value")), estimated=AT_PAR)


@fact(Totals, "ratio", "hedge ratio of the book", "fraction of the bag", includes="assets by their value")
def _ratio(place: Place) -> Told:
    return _weighted(place, "ratio")


@fact(Totals, "target_ratio", "target ratio of the book", "fraction of the bag", includes="assets by their value")
def _target(place: Place) -> Told:
    return _weighted(place, "target_ratio")


@fact(Totals, "drift", "drift from the target", "fraction of the bag", sign="+ over-hedged, − under-hedged")
def _drift(place: Place) -> Told:
    return Told(formula="ratio - target_ratio", inputs=(place.beside("ratio"), place.beside("target_ratio")))
