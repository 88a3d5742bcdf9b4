"""Why an order is what it is: the staged one, what it would leave behind, and those that were sent."""

from __future__ import annotations

import msgspec

from core import pnl
from core.errors import RequestError
from core.explanation import Input
from core.instrument_market import Field
from core.instruments import ContractKind, Instrument
from core.snapshot import OrderView, PreviewAfter, Snapshot, StageView
from core.why.kinds import by_kind, settle_price
from core.why.order_size import order_inputs
from core.why.place import Place, Told, fact, fact_of, joined
from core.why.sources import given

STAGED = "fixed when the order was staged, from the position and the mark price of that moment"


def _instrument(place: Place) -> Instrument:
    found = place.sources.instrument(place.the(StageView).instrument)
    assert found is not None  # an order on a contract that nobody has described is refused
    return found


def _sized(place: Place) -> tuple[str, tuple[Input, ...], Told]:
    """The signed order as it was sized when it was staged: its formula and inputs, and what is common to all of it."""
    instrument, sizing, staged = _instrument(place), place.sources.sizing(), place.sources.staged
    assert staged is not None
    raw = sizing.raw_quantity.copy_negate() if sizing.side == "sell" else sizing.raw_quantity
    wanted = staged.held_quantity + raw
    described = place.sources.description(instrument.id)
    formula, inputs, steps = order_inputs(instrument, sizing, staged.held_quantity, wanted, described)
    held = given("held_quantity", "position when it was staged", staged.held_quantity, "", STAGED)
    mark = given("staged_mark", "mark price when it was staged", staged.mark_price, "", STAGED)
    return formula, (*inputs, held, mark), Told(source=STAGED, steps=steps)


@fact(StageView, "raw_quantity", "quantity that the target asks for", "{unit}", sign="unsigned")
def _raw(place: Place) -> Told:
    _, inputs, told = _sized(place)
    staged = place.sources.staged
    assert staged is not None
    sizing = staged.sizing
    raw = sizing.raw_quantity.copy_negate() if sizing.side == "sell" else sizing.raw_quantity
    wanted = given("wanted_quantity", "position at the target", staged.held_quantity + raw, "", STAGED)
    formula = "abs(wanted_quantity - held_quantity)"
    return msgspec.structs.replace(told, formula=formula, inputs=(wanted, *inputs[-2:]))


@fact(StageView, "quantity", "quantity of the order", "{unit}", sign="unsigned", includes="rounding to the step")
def _quantity(place: Place) -> Told:
    formula, inputs, told = _sized(place)
    return msgspec.structs.replace(told, formula=f"abs({formula})", inputs=inputs)


@fact(
    StageView,
    "residual",
    "delta still wanted after the order",
    "{base}",
    sign="− more to sell, + more to buy",
    includes="what the venue's quantity step leaves",
)
def _residual(place: Place) -> Told:
    order, inputs, told = _sized(place)
    instrument, sizing = _instrument(place), place.sources.sizing()
    raw = sizing.raw_quantity.copy_negate() if sizing.side == "sell" else sizing.raw_quantity
    difference = given("raw_quantity", "position wanted less position held", raw, "", "worked out in the steps")
    size = place.sources.contract_size(instrument.id)
    formula = by_kind(pnl.delta, instrument.kind).replace("price", "staged_mark")
    found = {item.name: item for item in (*inputs, difference, size)}
    if instrument.kind is ContractKind.QUANTO:
        formula = formula.replace("settle_staged_mark", "settle_price")
        found["settle_price"] = settle_price(place, instrument.id)
    formula = formula.replace("quantity", f"(raw_quantity - ({order}))", 1)
    return msgspec.structs.replace(told, formula=formula, inputs=tuple(found.values()))


@fact(StageView, "price", "price of the order", "{quote} a {base}", includes="the best price on the other side")
def _price(place: Place) -> Told:
    stage = place.the(StageView)
    if place.sources.priced(stage.instrument) is not None:
        mark = place.sources.quoted(stage.instrument, Field.MARK, "mark_price")
        return Told(formula="mark_price", inputs=(mark,), method="there are no quotes: the mark price stands for them")
    field = Field.BID if stage.side == "sell" else Field.ASK
    return Told(formula="best", inputs=(place.sources.quoted(stage.instrument, field, "best"),))


def _valued(place: Place) -> tuple[Input, ...]:
    instrument = _instrument(place)
    settle = (settle_price(place, instrument.id),) if instrument.kind is ContractKind.QUANTO else ()
    size = place.sources.contract_size(instrument.id)
    return (place.beside("quantity"), place.beside("price"), size, *settle)


@fact(StageView, "notional", "notional of the order", "{quote}", sign="unsigned")
def _notional(place: Place) -> Told:
    return Told(formula=by_kind(pnl.notional, _instrument(place).kind), inputs=_valued(place))


@fact(
    StageView,
    "fee",
    "trading fee of the order",
    "{settle}",
    sign="+ paid, − rebate",
    includes="the taker rate, or so much a contract",
)
def _fee(place: Place) -> Told:
    stage, instrument = place.the(StageView), _instrument(place)
    unsure = "the price and the rate of the fill are not known before it"
    if instrument.fee_per_contract is not None:
        each = place.sources.described(instrument.id, "fee_per_contract", "fee of one contract")
        inputs = (place.beside("quantity"), each, place.beside("price"))
        return Told(formula="quantity * fee_per_contract", inputs=inputs, estimated=unsure)
    rate = place.sources.account(stage.book, stage.account).taker_fee
    paid = given("rate", f"taker fee of account {stage.account}", rate, "fraction", "[[accounts]] of the configuration")
    return Told(
        formula=by_kind(pnl.fee, instrument.kind),
        inputs=(*_valued(place), paid),
        estimated=unsure,
    )


# --- after the fill ------------------------------------------------------------------------------------------


@fact(PreviewAfter, "quantity", "position after the fill", "{unit}", sign="short negative, long positive")
def _after_quantity(place: Place) -> Told:
    stage, snapshot = place.the(StageView), place.the(Snapshot)
    book = next(item for item in snapshot.books if item.name == stage.book)
    line = next(item for item in book.hedges if item.instrument == stage.instrument)
    chain = (("", snapshot), (f"books/{book.name}", book))
    held = place.linked((*chain, (f"books/{book.name}/hedges/{line.instrument}", line)), "quantity", "held")
    sign = "-" if stage.side == "sell" else "+"
    price = place.above(StageView, "price")
    return Told(formula=f"held {sign} quantity", inputs=(held, place.above(StageView, "quantity"), price))


def _after(place: Place) -> Told:
    """A figure after the fill: what the hedge's own line says of it, at the position that the fill would leave."""
    other = after_place(place)
    known = fact_of(type(other.owner), other.field)
    assert known is not None
    try:
        told = known.tell(other)
    except RequestError as refused:
        return Told(method=f"cannot be reckoned: {refused}")
    return msgspec.structs.replace(
        told,
        inputs=(*(_linked(place, item) for item in told.inputs), place.above(StageView, "price", "fill_price")),
        estimated=told.estimated or "the price of the fill is not known before it",
    )


def after_place(place: Place) -> Place:
    """The hedge's own line as it would be after the fill, standing in for the figure of the preview."""
    stage, snapshot = place.the(StageView), place.the(Snapshot)
    sources, line, account = place.sources.after()
    book = next(item for item in snapshot.books if item.name == stage.book)
    after = msgspec.structs.replace(
        book,
        hedges=tuple(line if item.instrument == line.instrument else item for item in book.hedges),
        accounts=tuple(account if item.name == account.name else item for item in book.accounts),
    )
    chain = (("", snapshot), ("stage/after", after), ("stage/after", line))
    return Place(chain, place.field, sources)


def _linked(place: Place, item: Input) -> Input:
    """An input after the fill: of what the preview does not show there is nothing to ask further."""
    after, book = "stage/after", place.the(StageView).book
    if not item.path.startswith(after):
        return item
    rest = item.path.removeprefix(f"{after}/")
    if rest.startswith("bag/"):
        return msgspec.structs.replace(item, path=joined("books", book, rest))
    if rest in PreviewAfter.__struct_fields__:
        return place.beside(rest, item.name)
    return msgspec.structs.replace(item, path="", source="as it would be after the fill")


for _field, _name, _unit in (
    ("ratio", "hedge ratio after the fill", "fraction of the bag"),
    ("margin", "margin of the position after the fill", "{settle}"),
    ("margin_usage", "margin usage after the fill", "fraction"),
    ("liquidation_price", "liquidation price after the fill", "{quote} a {base}"),
    ("liquidation_distance", "distance to liquidation after the fill", "fraction of the mark price"),
):
    fact(PreviewAfter, _field, _name, _unit, excludes="a fill at another price or in parts")(_after)


# --- orders sent ---------------------------------------------------------------------------------------------


def _sent(place: Place) -> Told:
    order = place.the(OrderView)
    return Told(
        source=f"the journal: order {order.client_order_id} as it was sent, and what its venue said of it since"
    )


for _field, _name, _unit in (
    ("quantity", "quantity of the order", "order unit"),
    ("filled_quantity", "quantity filled so far", "order unit"),
    ("average_price", "average price of the fills", "{quote} a {base}"),
):
    fact(OrderView, _field, _name, _unit)(_sent)
