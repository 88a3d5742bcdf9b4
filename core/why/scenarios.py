"""Why a scenario comes to what it comes to: the shock run again on the book as it stood, with its steps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import msgspec

from core.aim import DOLLARS
from core.book_scenario import Built
from core.errors import RequestError
from core.exact import ONE, ZERO
from core.explain import Step, recording
from core.explanation import Input
from core.figures import exact
from core.hedged_book import HedgedBook, Market, spot_worth, worth
from core.scenario import Outcome, Scenario, run
from core.scenario_report import failures, happened, rung
from core.scenario_view import (
    GridView,
    LiquidatedView,
    ReverseView,
    ScenarioAxis,
    ScenarioBeta,
    ScenarioView,
    ShockView,
)
from core.shocks import HISTORY
from core.snapshot import Snapshot
from core.why.place import Place, Told, fact
from core.why.steps import IN_STEPS, of_step

USD = "USD"
MOVE = "fraction of the driver's price"
GAIN = "+ gained, − lost"
STOOD = "the book with its prices, positions, margins and betas as they stood when the scenarios were reckoned"
NOT_HAPPENED = "it has not happened: betas, books of orders and rules on such a day may differ"


@dataclass(frozen=True, slots=True)
class Ran:
    """A shock run again: on what, what came of it, and its steps."""

    built: Built
    outcome: Outcome
    steps: tuple[Step, ...]


def number(name: str, words: str, value: Decimal, unit: str = USD) -> Input:
    """A number of the way as an input."""
    return Input(name=name, words=words, figure=exact(value), unit=unit, source=IN_STEPS)


def rests(place: Place) -> tuple[Input, ...]:
    """What every scenario rests on: the driver's price and the betas."""
    betas = tuple(
        place.below(ScenarioView, "betas", item, "beta", f"beta_{at}")
        for at, item in enumerate(place.the(ScenarioView).betas, 1)
    )
    return (place.above(ScenarioView, "price", "driver_price"), *betas)


def _ran(place: Place) -> Ran | None:
    """The shock run again on the book that it was run on; ``None`` where that is no longer kept."""
    return place.sources.once(place.chain_end(ShockView), lambda: _run_again(place))


def _run_again(place: Place) -> Ran | None:
    path, shock = place.chain_end(ShockView)
    section = path.split("/")[1]
    for built in place.sources.grounds():
        found = built.book and _scenario(place, shock, section, built, built.book)
        if not found:
            continue
        with recording() as steps:
            outcome = run(*found)
        if isinstance(outcome, Outcome) and outcome.net == shock.net.value:
            return Ran(built, outcome, tuple(steps))
    return None


def _scenario(
    place: Place, shock: ShockView, section: str, built: Built, book: HedgedBook
) -> tuple[HedgedBook, Scenario] | None:
    if section == "ladder":
        return None if shock.move.value is None else (book, rung(ONE + shock.move.value))
    if section == "failures":
        found = (scenario for name, _, scenario in failures(book) if name == shock.name)
        return next(((book, scenario) for scenario in found), None)
    day = next((item for item in HISTORY if item.name == shock.name), None)
    if day is None:
        return None
    accounts = place.sources.book(place.the(ScenarioView).book).accounts
    try:
        return happened(day, book, built.driver, {account.name: account.venue for account in accounts})
    except RequestError:
        return None


def scenario_told(
    place: Place, formula: str, inputs: tuple[Input, ...], steps: tuple[Step, ...], method: str = ""
) -> Told:
    """What a figure of a scenario says, with what every scenario rests on."""
    return Told(
        formula=formula,
        method=method,
        source=STOOD,
        inputs=(*inputs, *rests(place)),
        steps=steps,
        estimated=NOT_HAPPENED,
    )


def _again(place: Place) -> Told:
    """Of a shock whose book is no longer kept, or that leads to where something is not known."""
    return scenario_told(
        place, "", (), (), method=place.the(ShockView).note or "the driver is moved and the book revalued"
    )


# --- shocks ------------------------------------------------------------------------------------------------------


@fact(ShockView, "move", "where the driver ends", MOVE, sign="+ up, − down")
def _move(place: Place) -> Told:
    shock = place.the(ShockView)
    day = next((item for item in HISTORY if item.name == shock.name), None)
    said = f"{day.when}: {day.note}; {day.source}" if day else f"by definition of the shock {shock.name}".rstrip()
    return Told(source=said, method=shock.note, estimated="it is assumed, not foretold")


@fact(ShockView, "bag", "change of the bag", USD, sign=GAIN, includes="coins that back accounts, at full price")
def _bag(place: Place) -> Told:
    ran = _ran(place)
    if ran is None:
        return _again(place)
    inputs = (
        number("spot", "change of the coins outside accounts", ran.outcome.spot),
        number("coins", "change of the coins in accounts", ran.outcome.coins),
    )
    steps = tuple(
        step for step in ran.steps if step.name.startswith(("spot", "coins", "multiple", "worth of the coins"))
    )
    return scenario_told(place, "spot + coins", inputs, steps)


def _of_pools(place: Place, name: str) -> Told:
    """A sum over the pools."""
    ran = _ran(place)
    if ran is None:
        return _again(place)
    pools = [pool.name for pool in ran.outcome.pools]
    formula, inputs = of_step(ran.steps, name, place.figure, USD, lines=pools)
    return scenario_told(place, formula, inputs, ran.steps, "" if formula else "the sum over the pools: see the steps")


fact(
    ShockView,
    "hedge",
    "change of the contracts",
    USD,
    sign=GAIN,
    includes="all that liquidations and lost venues took",
    excludes="funding",
)(partial(_of_pools, name="hedge"))
fact(
    ShockView,
    "funding",
    "funding over the horizon",
    USD,
    sign="+ received, − paid",
    includes="the present rates over the horizon of the ladder",
    excludes="changes of the rates",
)(partial(_of_pools, name="funding"))


@fact(ShockView, "net", "what the shock comes to", USD, sign=GAIN, includes="bag, contracts, liquidations, funding")
def _net(place: Place) -> Told:
    ran = _ran(place)
    if ran is None:
        return _again(place)
    parts = tuple(place.beside(field) for field in ("bag", "hedge", "funding"))
    inputs = (*parts, number("fees", "fees of what is closed", ran.outcome.fees))
    return scenario_told(place, "bag + hedge + funding - fees", inputs, ran.steps)


@fact(
    ShockView,
    "usage",
    "worst margin usage at the end",
    "fraction",
    sign="1 is liquidation, more is worse",
    excludes="pools that are liquidated or lost",
)
def _usage(place: Place) -> Told:
    ran = _ran(place)
    if ran is None:
        return _again(place)
    terms: list[str] = []
    inputs: list[Input] = []
    for pool in ran.outcome.pools:
        if pool.usage is None or pool.requirement is None or pool.equity is None:
            continue
        at = len(terms) + 1
        terms.append(f"requirement_{at} / equity_{at}")
        inputs.append(number(f"requirement_{at}", f"maintenance margin of {pool.name} at the end", pool.requirement))
        inputs.append(number(f"equity_{at}", f"what backs {pool.name} at the end", pool.equity))
    formula = f"max({', '.join(terms)})" if len(terms) > 1 else "".join(terms)
    return scenario_told(place, formula, tuple(inputs), ran.steps, "" if terms else "no pool is left")


@fact(LiquidatedView, "move", "where the driver liquidates the pool", MOVE, sign="+ up, − down")
def _liquidated_move(place: Place) -> Told:
    ran = _ran(place)
    pools = () if ran is None else ran.outcome.liquidated
    at = next((pool.liquidated_at for pool in pools if pool.name == place.the(LiquidatedView).pool), None)
    if ran is None or at is None:
        return _again(place)
    words = "the driver's multiple at which the pool's surplus is used up, first on the way"
    return scenario_told(place, "multiple - 1", (number("multiple", words, at, "fraction of the price"),), ran.steps)


def _price_there(place: Place) -> Told:
    """The driver's price after the move, from the price that is shown or from that of the time before."""
    shown, move = place.above(ScenarioView, "price", "price_now"), place.beside("move")
    earlier = (
        msgspec.structs.replace(shown, figure=built.price, path="", source=STOOD) for built in place.sources.grounds()
    )
    for price in (shown, *earlier):
        if price.figure.value is not None and move.figure.value is not None:
            there = price.figure.value * (ONE + move.figure.value)
            if there == place.figure.value:
                formula = "price_now * (1 + move)"
                return Told(formula=formula, source=STOOD, inputs=(price, move), estimated=NOT_HAPPENED)
    return Told(method="the driver's price after the move", source=STOOD, inputs=(move,), estimated=NOT_HAPPENED)


for _view in (LiquidatedView, ReverseView):
    fact(_view, "price", "price of the driver there", "USD a coin", excludes="moves of other coins of their own")(
        _price_there
    )


# --- the whole ---------------------------------------------------------------------------------------------------


@fact(ScenarioView, "price", "price of the driver", "USD a coin", excludes="the last traded price")
def _price(place: Place) -> Told:
    driver = place.the(ScenarioView).driver
    return Told(
        source=f"the mark price of a contract held on {driver}, else what the bag of it is priced at, when the "
        "scenarios were reckoned",
        estimated="a dollar of one kind is taken for one of another, or the price stands in for another",
    )


@fact(
    ScenarioView,
    "ground",
    "what the scenarios rest on",
    "",
    includes="the marks (age, estimates, what is missing) of every input; it has no value of its own",
)
def _ground(place: Place) -> Told:
    return Told(source=STOOD, inputs=rests(place), estimated="one of the inputs is an estimate, such as a beta")


@fact(ScenarioView, "before", "what the book is worth now", USD, includes="bag, accounts, contracts at their marks")
def _before(place: Place) -> Told:
    for built in place.sources.grounds():
        if built.book is None:
            continue
        market = Market(built.book.betas)
        with recording() as steps:
            spot = spot_worth(built.book, market, ONE)
            pools = [(pool.name, worth(pool, market, ONE)) for pool in built.book.pools]
        if spot + sum((value for _, value in pools), ZERO) == place.figure.value:
            inputs = (
                number("spot", "coins outside accounts", spot),
                *(number(f"pool_{at}", f"worth of {name}", value) for at, (name, value) in enumerate(pools, 1)),
            )
            return scenario_told(place, " + ".join(item.name for item in inputs), inputs, tuple(steps))
    return scenario_told(place, "", (), (), "coins outside accounts and the worth of every pool")


@fact(
    ScenarioBeta,
    "beta",
    "beta to the driver",
    "per cent per per cent",
    includes="the asset's price goes with the driver's to this power",
)
def _beta(place: Place) -> Told:
    view, driver = place.the(ScenarioBeta), place.the(ScenarioView).driver
    if view.asset in DOLLARS:
        return Told(source="a dollar stands still: 0 by definition")
    if view.asset == driver:
        return Told(source="the driver itself: 1 by definition")
    return Told(
        source=f"daily candles of {view.asset} and {driver} (REST of their venue)",
        estimated="a statistic of the past: the next days may differ",
    )


@fact(GridView, "here", "where the grid's axis stands now", "fraction")
def _here(place: Place) -> Told:
    grid = place.the(GridView)
    if grid.axis is not ScenarioAxis.HEDGE:
        return Told(method="each contract has its own")
    if grid.here == exact(ONE):
        return Told(source="by definition: 1 is the hedge as it is")
    name = place.the(ScenarioView).book
    snapshot = place.the(Snapshot)
    book = next((item for item in snapshot.books if item.name == name), None)
    if book is None:
        return Told(source=STOOD, estimated=NOT_HAPPENED)
    path = f"books/{name}"
    ratio = place.linked((("", snapshot), (path, book), (f"{path}/totals", book.totals)), "ratio")
    if ratio.figure.value != grid.here.value:
        return Told(source=f"the hedge ratio of {name} when the scenarios were reckoned", estimated=NOT_HAPPENED)
    return Told(formula="ratio", inputs=(ratio,), source=STOOD, estimated="the hedge ratio is an estimate")
