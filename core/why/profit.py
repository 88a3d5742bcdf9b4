"""Why a book made what it made: bag and hedge by cause, and what its coins cost once the hedge is netted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from core.attribution_view import CAUSES, Span, measured_side
from core.book_anchor import BookNow
from core.explain import Step
from core.explanation import Input
from core.instruments import ContractKind
from core.snapshot import AttributionView, BagLine, BookView, PartsView, Since, TransferView
from core.why.kinds import settle_price
from core.why.place import Place, Told, fact, joined, named
from core.why.sources import recorded
from core.why.steps import of_step
from core.why.totals import AT_PAR, GAIN, over_hedges, summed

MONEY = "{currency}"
NOT_EXACT = (
    "it rests on the basis that a position was opened at, on marks of fills that nobody saw, on funding that was "
    "reckoned and not yet reported, on dollars of several kinds at par, or on an old price at its start"
)
AFTER = "realised and unrealised, after fees and funding"
NO_PROFIT = "deposits, withdrawals and coins bought or sold at spot"

PARTS = {
    "price": ("made by the move of spot", "coins held and the coins that a contract stands for, times the move", ""),
    "convexity": (
        "made by the mark on coins won before",
        "coins that coin-settled hedges had gained or lost at the start, times the move of the mark",
        "",
    ),
    "basis": ("made by the basis", "the move of mark less spot, and the basis that fills were made at", ""),
    "funding": ("made by funding", "payments in between, at the rates of the end", "funding that is still to come"),
    "fees": ("made by fees", "fees of the fills in between", "fees of closing what is held"),
    "slippage": ("made by slippage", "fills against the mark price at their moment", ""),
    "currencies": ("made by currencies", "the move of quote and settle currencies on what was valued in them", ""),
    "residual": ("not explained", "what none of the causes makes, such as coins that moved unnoticed", ""),
}
"""Each part's name, what is in it and what is not."""

_HEDGES = {
    "price": ("quantity", "mark_price", "index_price"),
    "basis": ("quantity", "mark_price", "index_price"),
    "funding": ("mark_price",),
    "fees": ("fees", "mark_price"),
}
"""Figures of a hedge that a part rests on; of parts not named, its position and its mark."""


# --- parts -------------------------------------------------------------------------------------------------------


def _part(place: Place, field: str) -> Told:
    """One cause: of the book the sum of both sides, of a side what its lines gained by it."""
    side = place.chain[-1][0].rpartition("/")[2]
    if side == "parts":
        return _both_sides(place, field)
    legs, cause = side == "hedge_parts", CAUSES[field]
    span, now = place.sources.span(place.the(BookView), place.the(AttributionView).since)
    rests = tuple(_on_hedges(place, field) if legs else _on_bag(place))
    if span is None:
        return Told(method="it is not measured: there is nothing to measure from", inputs=rests)
    steps = tuple(step for step in _measuring(span, legs=legs) if _tells(step, cause, legs=legs))
    formula, inputs = of_step(
        steps,
        f"{'hedge' if legs else 'bag'} {cause}",
        place.figure,
        place.the(AttributionView).currency,
        {"grid": "the smallest amount that is told apart"},
        [f"{PARTS[field][0]}: {line}" for line in _lines(now, legs=legs)],
    )
    return Told(
        formula=formula,
        method=f"{_from(span)}; each line's part is told in the steps, and the parts of all are rounded together so "
        "that they add up to the whole",
        inputs=(*inputs, *rests),
        steps=steps,
        estimated=NOT_EXACT,
    )


def _both_sides(place: Place, field: str) -> Told:
    inputs = (_of_side(place, "bag_parts", field), _of_side(place, "hedge_parts", field))
    return Told(formula="bag + hedge", inputs=inputs, estimated=NOT_EXACT)


def _of_side(place: Place, side: str, field: str, name: str = "") -> Input:
    """A part of bag, hedge or both as an input."""
    chain = place.up_to(AttributionView)
    parts = getattr(place.the(AttributionView), side)
    return place.linked((*chain, (joined(chain[-1][0], side), parts)), field, name or side.removesuffix("_parts"))


def _measuring(span: Span, *, legs: bool) -> tuple[Step, ...]:
    return recorded(lambda: measured_side(span, (), legs=legs))


def _tells(step: Step, cause: str, *, legs: bool) -> bool:
    """True for a step on the way to this cause."""
    if step.name.startswith(f"{cause} of ") or step.name == f"{'hedge' if legs else 'bag'} {cause}":
        return True
    return cause in ("price", "basis", "residual") and step.name.endswith((" by mark", " by spot"))


def _lines(now: BookNow, *, legs: bool) -> list[str]:
    return [leg.instrument for leg in now.anchor.legs] if legs else [coins.asset for coins in now.anchor.coins]


def _from(span: Span) -> str:
    return {
        Since.INCEPTION: "from the cost of the lots and the entry of the positions",
        Since.TODAY: "from the first valuation of the UTC day, kept in the journal",
        Since.ANCHOR: "from the anchor that was set, kept in the journal",
    }[span.since]


def _on_bag(place: Place) -> Iterable[Input]:
    """What the bag's parts rest on now."""
    begun = place.the(AttributionView).since is Since.INCEPTION
    for number, line in enumerate(place.the(BookView).bag, 1):
        for field in ("quantity", "price", *(["cost"] if begun else [])):
            yield place.below(BookView, "bag", line, field, f"{field}_of_bag_{number}")


def _on_hedges(place: Place, field: str) -> Iterable[Input]:
    """What the hedges' parts rest on now."""
    chain = place.up_to(BookView)
    for number, line in enumerate(place.the(BookView).hedges, 1):
        path = joined(chain[-1][0], "hedges", *named(line))
        for name in _HEDGES.get(field, ("quantity", "mark_price")):
            yield place.linked((*chain, (path, line)), name, f"{name}_{number}")
        if field == "funding":
            inner = (*chain, (path, line), (joined(path, "funding"), line.funding))
            yield place.linked(inner, "received", f"received_{number}")
        if line.kind == ContractKind.QUANTO:
            priced = settle_price(place, line.instrument)
            yield Input(name=f"settle_price_{number}", words=priced.words, figure=priced.figure, source=priced.source)
    if field in ("price", "basis"):
        for number, bag in enumerate(place.the(BookView).bag, 1):
            yield place.below(BookView, "bag", bag, "price", f"price_of_bag_{number}")


def _whole(place: Place) -> Told:
    """All parts of a side, or of both."""
    side = place.chain[-1][0].rpartition("/")[2]
    if side == "parts":
        return _both_sides(place, "total")
    rests = _on_hedges(place, "total") if side == "hedge_parts" else _on_bag(place)
    parts = tuple(place.beside(field) for field in CAUSES)
    return Told(formula=summed(CAUSES), inputs=(*parts, *rests), estimated=NOT_EXACT)


for _field, (_name, _includes, _excludes) in PARTS.items():
    _sign = "+ received, − paid" if _field in ("funding", "fees") else GAIN
    fact(PartsView, _field, _name, MONEY, sign=_sign, includes=_includes, excludes=_excludes)(
        partial(_part, field=_field)
    )
fact(PartsView, "total", "profit, all causes together", MONEY, sign=GAIN, includes=AFTER, excludes=NO_PROFIT)(_whole)


# --- the whole ---------------------------------------------------------------------------------------------------


def _of_total(place: Place, side: str) -> Told:
    return Told(formula="total", inputs=(_of_side(place, side, "total", "total"),), estimated=NOT_EXACT)


@fact(AttributionView, "bag", "profit of the bag", MONEY, sign=GAIN, excludes=NO_PROFIT)
def _bag(place: Place) -> Told:
    return _of_total(place, "bag_parts")


@fact(AttributionView, "hedge", "profit of the hedge", MONEY, sign=GAIN, includes=AFTER)
def _hedge(place: Place) -> Told:
    return _of_total(place, "hedge_parts")


@fact(AttributionView, "hedged", "profit with the hedge", MONEY, sign=GAIN, includes=AFTER, excludes=NO_PROFIT)
def _hedged(place: Place) -> Told:
    return Told(formula="bag + hedge", inputs=(place.beside("bag"), place.beside("hedge")), estimated=NOT_EXACT)


@fact(
    AttributionView,
    "unhedged",
    "profit without the hedge",
    MONEY,
    sign=GAIN,
    includes="what the bag alone would have made",
    excludes=NO_PROFIT,
)
def _unhedged(place: Place) -> Told:
    return Told(formula="bag", inputs=(place.beside("bag"),), estimated=NOT_EXACT)


@fact(
    AttributionView,
    "protection",
    "what the hedge saved",
    MONEY,
    sign="+ it saved that much, − it cost that much",
    includes="the upside given up, funding and fees",
)
def _protection(place: Place) -> Told:
    sides = (place.beside("hedged"), place.beside("unhedged"), place.beside("hedge"))
    if all(side.figure.known for side in sides):
        return Told(formula="hedged - unhedged", inputs=sides, estimated=NOT_EXACT)
    method = "hedged less unhedged, which is what the hedge made: the bag's profit is not known, and is in both"
    return Told(formula="hedge", method=method, inputs=sides[2:], estimated=NOT_EXACT)


@fact(
    AttributionView,
    "gross",
    "profit with the hedge, gross",
    MONEY,
    sign=GAIN,
    includes="realised and unrealised",
    excludes="funding and fees",
)
def _gross(place: Place) -> Told:
    inputs = (
        place.beside("hedged"),
        _of_side(place, "parts", "funding", "funding"),
        _of_side(place, "parts", "fees", "fees"),
    )
    return Told(formula="hedged - funding - fees", inputs=inputs, estimated=NOT_EXACT)


@fact(
    AttributionView,
    "realised",
    "realised by the hedge meanwhile",
    MONEY,
    sign=GAIN,
    includes="what reducing fills have locked in, at the rates of the end",
    excludes="funding and fees",
)
def _realised(place: Place) -> Told:
    span, now = place.sources.span(place.the(BookView), place.the(AttributionView).since)
    rests = tuple(_on_hedges(place, "realised"))
    if span is None:
        return Told(method="it is not measured: there is nothing to measure from", inputs=rests)
    steps = tuple(step for step in _measuring(span, legs=True) if step.name == "realised")
    lines = [f"realised on {line}" for line in _lines(now, legs=True)]
    formula, inputs = of_step(steps, "realised", place.figure, place.the(AttributionView).currency, lines=lines)
    return Told(formula=formula, method=_from(span), inputs=(*inputs, *rests), steps=steps, estimated=NOT_EXACT)


@fact(
    AttributionView,
    "unrealised",
    "unrealised by the hedge",
    MONEY,
    sign=GAIN,
    includes="what the hedge made and has not locked in",
    excludes="funding and fees",
)
def _unrealised(place: Place) -> Told:
    inputs = (
        place.beside("hedge"),
        _of_side(place, "hedge_parts", "funding", "funding"),
        _of_side(place, "hedge_parts", "fees", "fees"),
        place.beside("realised"),
    )
    return Told(formula="hedge - funding - fees - realised", inputs=inputs, estimated=NOT_EXACT)


@fact(
    TransferView,
    "amount",
    "moved in or out of the account",
    "{asset}",
    sign="+ came in, − left",
    includes="changes of the balance that neither fills, funding nor fees explain",
    excludes="any profit: what is moved is never one",
)
def _moved(place: Place) -> Told:
    moved = place.the(TransferView)
    return Told(source=f"the balances of {moved.account} that its venue reported, less what was booked (journal)")


# --- the cost of a coin ------------------------------------------------------------------------------------------


@fact(
    BagLine,
    "effective_cost",
    "effective cost of a coin",
    "{currency} a {asset}",
    sign="negative where the hedge has earned more than the coins cost",
    includes="what the hedges on the asset realised and received in funding, and their fees, at the present mark",
    excludes="open profit of the hedges",
)
def _effective_cost(place: Place) -> Told:
    asset = place.the(BagLine).asset
    realised, inputs = over_hedges(place, "realised", asset=asset)
    received, more = over_hedges(place, "received", of_funding=True, asset=asset)
    fees, most = over_hedges(place, "fees", asset=asset)
    found = {item.name: item for item in (*inputs, *more, *most)}
    formula = f"(cost - ({summed(realised)}) - ({summed(received)}) + ({summed(fees)})) / quantity"
    bag = (place.beside("cost"), place.beside("quantity"))
    return Told(formula=formula, inputs=(*bag, *found.values()), estimated=f"{AT_PAR}, or funding was reckoned")
