"""Why a hedge is what it is: its position, its profit, its ratio to the bag and the order to the target."""

from __future__ import annotations

from decimal import Decimal

from core import hedging, pnl
from core.books import Hedge, MarginMode
from core.errors import RequestError
from core.explanation import Input
from core.instruments import ContractKind
from core.snapshot import BookView, HedgeLine
from core.why.kinds import contract, formula_of, kind_of
from core.why.order_size import order_inputs
from core.why.place import Place, Told, fact, joined, named
from core.why.sources import given, recorded

SIGN = "short negative, long positive"
GAIN = "+ gained, − lost"
DECLARED = "[[books.hedges]] of the configuration"
AT_BETA = "a fixed beta is an estimate, and so is a dollar of one kind at par with another"


def hedge_of(place: Place) -> Hedge:
    """The hedge as declared."""
    return place.sources.hedge(place.the(BookView).name, place.the(HedgeLine).instrument)


def kept(place: Place) -> str:
    """Where what is known of the position comes from."""
    position = place.sources.position(hedge_of(place).key)
    if position.reported_ns:
        return f"the report of the venue on account {position.account}, with the fills since"
    return f"{DECLARED}, with the fills since (journal)" + (f"; {position.note}" if position.note else "")


def _kept(place: Place) -> Told:
    return Told(source=kept(place))


fact(HedgeLine, "quantity", "position", "{unit}", sign=SIGN)(_kept)
fact(
    HedgeLine,
    "entry_price",
    "average entry price",
    "{quote} a {base}",
    includes="every fill that added to the position; one that reduces it leaves the entry price",
)(_kept)
fact(
    HedgeLine,
    "realised",
    "realised profit",
    "{settle}",
    sign=GAIN,
    includes="what closing fills have locked in",
    excludes="fees and funding",
)(_kept)


@fact(HedgeLine, "fees", "trading fees", "{settle}", sign="+ paid, − rebate", excludes="fees paid in another coin")
def _fees(place: Place) -> Told:
    return Told(source=f"the journal: fees of the fills of {place.the(HedgeLine).instrument}")


@fact(HedgeLine, "delta", "delta", "{base}", sign=SIGN, includes="profit in quote per 1 of price")
def _delta(place: Place) -> Told:
    inputs = [place.beside("quantity"), *contract(place)]
    if kind_of(place) is ContractKind.INVERSE:
        inputs.append(place.beside("mark_price", "price"))
    return _unless_flat(place, formula_of(pnl.delta, place), inputs)


@fact(HedgeLine, "notional", "notional at the mark price", "{quote}", sign="unsigned")
def _notional(place: Place) -> Told:
    inputs = [place.beside("quantity"), *contract(place), place.beside("mark_price", "price")]
    return _unless_flat(place, formula_of(pnl.notional, place), inputs)


@fact(
    HedgeLine,
    "profit",
    "unrealised profit",
    "{settle}",
    sign=GAIN,
    includes="the move from the entry price to the mark price",
    excludes="what was realised, funding and fees",
)
def _profit(place: Place) -> Told:
    inputs = [place.beside("quantity"), *contract(place), place.beside("entry_price")]
    return _unless_flat(place, formula_of(pnl.unrealised, place), [*inputs, place.beside("mark_price", "price")])


def _unless_flat(place: Place, formula: str, inputs: list[Input]) -> Told:
    if place.the(HedgeLine).quantity.value == 0:
        return Told(formula="quantity * 0", inputs=tuple(inputs[:1]), method="nothing is held")
    return Told(formula=formula, inputs=tuple(inputs))


@fact(HedgeLine, "profit_quote", "unrealised profit in quote", "{quote}", sign=GAIN, excludes="funding and fees")
def _profit_quote(place: Place) -> Told:
    profit = place.beside("profit")
    match kind_of(place):
        case ContractKind.INVERSE:
            return Told(formula="profit * mark_price", inputs=(profit, place.beside("mark_price")))
        case ContractKind.QUANTO:
            return Told(formula="profit * settle_price", inputs=(profit, contract(place)[-1]))
        case _:
            return Told(formula="profit", inputs=(profit,))


@fact(
    HedgeLine,
    "basis",
    "basis",
    "fraction of the index price",
    sign="+ the contract is dearer than the index, − cheaper",
)
def _basis(place: Place) -> Told:
    inputs = (place.beside("mark_price"), place.beside("index_price"))
    return Told(formula="(mark_price - index_price) / index_price", inputs=inputs)


# --- ratio and target ----------------------------------------------------------------------------------------


def bag_coins(place: Place) -> tuple[str, tuple[Input, ...]]:
    """The bag in coins of the contract, as an input."""
    return "bag_coins", (place.beside("bag_coins"),)


@fact(
    HedgeLine,
    "bag_coins",
    "the bag in coins of the contract",
    "coins",
    includes="coins that coin-margined hedges on the asset have won (+) or lost",
)
def _bag_coins(place: Place) -> Told:
    hedge = hedge_of(place)
    bag, (won, parts) = _bag_quantity(place), _won(place)
    held = f"bag_quantity{won}"
    if hedge.beta is None:
        return Told(formula=held, inputs=(bag, *parts))
    price = _bag_price(place)
    beta = given("beta", f"moves of {hedge.asset} per move of the contract's coin", hedge.beta, "", DECLARED)
    mark = place.beside("mark_price", "contract_price")
    formula = f"({held}) * bag_price * beta / contract_price"
    return Told(formula=formula, inputs=(bag, *parts, price, beta, mark), estimated=AT_BETA)


def _won(place: Place) -> tuple[str, tuple[Input, ...]]:
    """Coins that the inverse hedges on the asset have won: a sum to add, and its inputs."""
    chain = place.up_to(BookView)
    book, asset, sums, inputs = place.the(BookView), place.the(HedgeLine).asset, "", []
    inverse = [line for line in book.hedges if line.asset == asset and line.kind == "inverse"]
    for number, line in enumerate(inverse, 1):
        path = joined(chain[-1][0], "hedges", *named(line))
        own = (*chain, (path, line))
        inputs += [place.linked(own, field, f"{field}_{number}") for field in ("profit", "realised", "fees")]
        funding = (*own, (joined(path, "funding"), line.funding))
        inputs.append(place.linked(funding, "received", f"funding_{number}"))
        sums += f" + profit_{number} + realised_{number} - fees_{number} + funding_{number}"
    return sums, tuple(inputs)


def _bag_quantity(place: Place) -> Input:
    book, asset = place.the(BookView), place.the(HedgeLine).asset
    line = next((item for item in book.bag if item.asset == asset), None)
    if line is not None:
        return place.below(BookView, "bag", line, "quantity", "bag_quantity")
    return given("bag_quantity", f"coins of {asset} in the bag", Decimal(0), asset, "no lot lists it")


def _bag_price(place: Place) -> Input:
    book, asset = place.the(BookView), place.the(HedgeLine).asset
    line = next((item for item in book.bag if item.asset == asset), None)
    if line is not None:
        return place.below(BookView, "bag", line, "price", "bag_price")
    figure, words = place.sources.bag_price(book.name, asset)
    return Input(name="bag_price", words=f"price of {asset}", figure=figure, source=words)


@fact(
    HedgeLine,
    "ratio",
    "hedge ratio",
    "fraction of the bag",
    sign="+ the hedge is against the bag, − it adds to it",
    excludes="other hedges of the same asset",
)
def _ratio(place: Place) -> Told:
    coins, inputs = bag_coins(place)
    delta = place.beside("delta", "hedge_delta")
    found = place.sources.coins_to_hedge(place.the(BookView).name, hedge_of(place))
    steps = recorded(lambda: hedging.hedge_ratio(delta.figure.value or Decimal(0), found.value or Decimal(1)))
    return Told(
        formula=f"-hedge_delta / ({coins})",
        inputs=(delta, *inputs),
        steps=steps if delta.figure.known and found.value else (),
        estimated=AT_BETA,
    )


@fact(HedgeLine, "target_ratio", "target ratio", "fraction of the bag")
def _target(place: Place) -> Told:
    hedge = hedge_of(place)
    moved = place.sources.target(place.the(BookView).name, hedge.instrument)
    if moved is not None:
        ratio = given("ratio", "target as set", moved, "fraction", f"{DECLARED}, as it was moved since (journal)")
        return Told(formula="ratio", inputs=(ratio,), source=ratio.source)
    bag = _bag_quantity(place) if hedge.beta is not None else place.beside("bag_coins", "bag_quantity")
    if hedge.target_coins is not None:
        coins = given("target_coins", "coins to hedge", hedge.target_coins, hedge.asset, DECLARED)
        return Told(formula="target_coins / bag_quantity", inputs=(coins, bag))
    price = _bag_price(place)
    at_par = "dollars of several kinds count at par, or the bag's price is an estimate"
    if hedge.target_money is not None:
        money = given("target_money", "value to hedge", hedge.target_money, place.the(HedgeLine).quote, DECLARED)
        inputs: tuple[Input, ...] = (money, bag, price)
        return Told(formula="target_money / (bag_quantity * bag_price)", inputs=inputs, estimated=at_par)
    floor = given("target_floor", "worth that must be kept", hedge.target_floor, place.the(HedgeLine).quote, DECLARED)
    worst = given(
        "target_floor_price", "the price down to which it must", hedge.target_floor_price, price.unit, DECLARED
    )
    earned, profits = _earned(place)
    need = f"target_floor{earned} - bag_quantity * target_floor_price"
    formula = f"max(({need}) / (bag_price - target_floor_price), 0) / bag_quantity"
    return Told(formula=formula, inputs=(floor, worst, bag, price, *profits), estimated=at_par)


def _earned(place: Place) -> tuple[str, tuple[Input, ...]]:
    """What the hedge has earned towards a floor, to take off: that of an inverse one is among the coins of the bag."""
    line = place.the(HedgeLine)
    if line.kind == "inverse":
        return "", ()
    if line.kind != "linear":
        return " - profit_quote", (place.beside("profit_quote"),)
    chain = place.up_to(HedgeLine)
    received = place.linked((*chain, (joined(chain[-1][0], "funding"), line.funding)), "received", "funding")
    parts = tuple(place.beside(field) for field in ("profit_quote", "realised", "fees"))
    return " - (profit_quote + realised - fees + funding)", (*parts, received)


@fact(HedgeLine, "drift", "drift from the target", "fraction of the bag", sign="+ over-hedged, − under-hedged")
def _drift(place: Place) -> Told:
    return Told(formula="ratio - target_ratio", inputs=(place.beside("ratio"), place.beside("target_ratio")))


@fact(
    HedgeLine,
    "order_to_target",
    "order to the target",
    "{unit}",
    sign="+ buy, − sell",
    includes="rounding to the venue's quantity step, never past the target",
    excludes="orders that are still open",
)
def _order(place: Place) -> Told:
    line, hedge = place.the(HedgeLine), hedge_of(place)
    instrument = place.sources.instrument(line.instrument)
    coins = place.sources.coins_to_hedge(place.the(BookView).name, hedge)
    figures = (line.quantity, line.mark_price, coins, line.target_ratio)
    settle = place.sources.settle_price(line.instrument)[0]
    held, mark, bag, ratio = (figure.value for figure in figures)
    known = (place.beside("quantity"), place.beside("target_ratio"), place.beside("mark_price"))
    _, bag_inputs = bag_coins(place)
    if instrument is None or held is None or mark is None or bag is None or ratio is None:
        return Told(inputs=(*known, *bag_inputs), method="the position at the target less the position held")
    size = instrument.contract_size
    try:
        wanted = hedging.target_quantity(instrument.kind, size, bag, ratio, mark, settle.value)
        sizing = hedging.order_to_target(instrument, bag, ratio, held, mark, settle.value)
    except RequestError as refused:
        return Told(inputs=(*known, *bag_inputs), method=f"cannot be sized: {refused}")
    described = place.sources.description(instrument.id)
    formula, inputs, steps = order_inputs(instrument, sizing, held, wanted, described)
    inputs = (*inputs, *known, *bag_inputs)
    return Told(formula=formula, inputs=inputs, steps=steps, estimated=AT_BETA)


# --- margin of its own ---------------------------------------------------------------------------------------


@fact(
    HedgeLine,
    "margin",
    "margin of the position",
    "{settle}",
    excludes="unrealised profit, and the free wallet of an isolated account",
)
def _margin(place: Place) -> Told:
    book, line = place.the(BookView), place.the(HedgeLine)
    if place.sources.account(book.name, line.account).margin_mode is MarginMode.CROSS:
        return Told(method="a cross account has no margin of a position: all of it backs all positions")
    return Told(source=kept(place), estimated="funding that was only reckoned has been paid out of it")
