"""The ``scenario`` calculator: what a move, a ladder, a grid or a named shock does to a book."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.calculators.book_fields import driver_price, stated_book
from core.calculators.fields import Unknown
from core.calculators.scenario_fields import (
    GridAnswer,
    PoolRow,
    ScenarioAnswer,
    ScenarioRequest,
    ScenarioRow,
)
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import explained, unrecorded
from core.explain import note as tell
from core.hedged_book import HedgedBook, Market, exposure, spot_worth, worth
from core.scenario import PoolOutcome, Scenario, UnknownOutcome, run
from core.shocks import DEPEG, HISTORY, LADDER, apply, failure, historical

if TYPE_CHECKING:
    from core.projection import Array
    from core.scenario_grid import Grid

HISTORICAL = tuple(shock.name for shock in HISTORY)
ADL_MOVE = Decimal("-0.25")
ESTIMATE_DIGITS = 12


@exactly
def scenario(request: ScenarioRequest) -> ScenarioAnswer | Unknown:
    """Answer a ``scenario`` request. Raises RequestError for fields that are lacking or contradict each other."""
    _check(request)
    book = stated_book(request)
    if isinstance(book, tuple):
        return Unknown(missing=book)
    asked = _scenario(request)
    market, note, shocked = Market(book.betas), None, book
    ends = LADDER if request.moves is None else tuple(ONE + move for move in request.moves)
    if request.shock in HISTORICAL:
        shock = historical(request.shock)
        shocked, asked = apply(shock, book, request.driver, asked)
        ends, note = (asked.path[-1],), f"{shock.when}: {shock.note}. Magnitudes, from {shock.source}"
    elif request.shock is not None:
        note = failure(request.shock).note
        ends, asked = _failing(request, ends, asked)
    price = driver_price(request, book)
    outside, pools = spot_worth(book, market, ONE), [worth(pool, market, ONE) for pool in book.pools]
    before = outside + sum(pools, ZERO)
    tell("before", "spot + sum(pools)", before, {"spot": outside, "pools": pools}, unit="quote")
    via = tuple(ONE + move for move in request.via)
    rows: tuple[ScenarioRow, ...] = ()
    table = None
    if request.grid is None:
        rows = tuple(_row(shocked, msgspec.structs.replace(asked, path=(*via, end)), price) for end in ends)
    else:
        table = _grid(request, shocked, msgspec.structs.replace(asked, path=(*via, ONE)), ends)
    return ScenarioAnswer(before=before, exposure=exposure(book, market, ONE), note=note, rows=rows, grid=table)


def _check(request: ScenarioRequest) -> None:
    if request.shock in HISTORICAL:
        request.refuse("beside a historical shock, which says where prices end", "moves", "via", "grid")
    if request.shock == "venue-gone" and not request.gone:
        raise RequestError("gone", "the accounts that are lost, for shock venue-gone", "none")
    if request.grid is not None and (request.gone or request.force_closed_at is not None or request.shock == "adl"):
        raise RequestError("grid", "no account gone and no short closed by force in a grid", "one")


def _scenario(request: ScenarioRequest) -> Scenario:
    return Scenario(
        basis=request.basis,
        jumps=request.jumps,
        days=request.days,
        funding_rate=request.funding_rate,
        hedge=request.hedge,
        gone=frozenset(request.gone),
        force_closed_at=None if request.force_closed_at is None else ONE + request.force_closed_at,
        close=request.close,
        volatility=None if request.volatility is None else float(request.volatility),
        volatility_multiple=float(request.volatility_multiple),
    )


def _failing(
    request: ScenarioRequest, ends: tuple[Decimal, ...], asked: Scenario
) -> tuple[tuple[Decimal, ...], Scenario]:
    """Where prices end and what else happens under a failure shock."""
    if request.moves is None:
        ends = (ONE + ADL_MOVE,) if request.shock == "adl" else (ONE,)
    if request.shock == "adl" and request.force_closed_at is None:
        asked = msgspec.structs.replace(asked, force_closed_at=ends[0].sqrt())
    if request.shock == "depeg" and not request.jumps:
        asked = msgspec.structs.replace(asked, jumps={"USDT": DEPEG})
    return ends, asked


def _row(book: HedgedBook, asked: Scenario, price: Decimal | None) -> ScenarioRow:
    found, move = run(book, asked), _move(asked.path[-1])
    if isinstance(found, UnknownOutcome):
        blank: dict[str, Decimal | None] = dict.fromkeys(_FIGURES)
        return ScenarioRow(move=move, missing=found.missing, liquidated=(), pools=(), **blank)
    return ScenarioRow(
        move=move,
        missing=(),
        spot=found.spot,
        coins=found.coins,
        hedge=found.hedge,
        funding=found.funding,
        fees=found.fees,
        net=found.net,
        net_share=found.net_share,
        left=found.left,
        exposure=found.exposure_after,
        sigmas=None if found.sigmas is None else _estimate(found.sigmas),
        liquidated=tuple(pool.name for pool in found.liquidated),
        pools=tuple(_pool(pool, price) for pool in found.pools),
    )


_FIGURES = ("spot", "coins", "hedge", "funding", "fees", "net", "net_share", "left", "exposure", "sigmas")


@explained("multiple - 1", unit="fraction")
def _move(multiple: Decimal) -> Decimal:
    return multiple - ONE


def _pool(pool: PoolOutcome, price: Decimal | None) -> PoolRow:
    at = pool.liquidated_at
    if at is not None:
        tell("liquidated at", "multiple - 1", at - ONE, {"multiple": at}, unit="fraction")
    if at is not None and price is not None:
        tell("liquidated price", "multiple * price", at * price, {"multiple": at, "price": price}, unit="quote a coin")
    return PoolRow(
        name=pool.name,
        account=pool.account,
        liquidated_at=None if at is None else at - ONE,
        liquidated_price=None if at is None or price is None else at * price,
        gone=pool.gone,
        left=pool.left,
        equity=pool.equity,
        requirement=pool.requirement,
        margin_usage=pool.usage,
    )


def _grid(request: ScenarioRequest, book: HedgedBook, asked: Scenario, ends: tuple[Decimal, ...]) -> GridAnswer:
    from core.scenario_grid import Axis, grid

    assert request.grid is not None
    with unrecorded():
        found: Grid = grid(book, asked, ends, Axis(request.grid.axis), request.grid.values)
    cells = [[found.pools(row, column) for column in range(len(found.columns))] for row in range(len(ends))]
    how = "the scenario at each move and value, in floating point"
    for name, figures in (("net", found.net), ("left", found.left), ("sigmas", found.sigmas)):
        if figures is not None:
            tell(f"grid {name}", how, figures.tolist(), {"values": request.grid.values}, kind="words")
    return GridAnswer(
        axis=request.grid.axis,
        moves=tuple(_move(end) for end in ends),
        values=request.grid.values,
        net=_matrix(found.net),
        left=_matrix(found.left),
        liquidated=tuple(map(tuple, cells)),
        sigmas=None if found.sigmas is None else tuple(tuple(map(_estimate, row)) for row in found.sigmas.tolist()),
    )


def _matrix(figures: Array) -> tuple[tuple[Decimal | None, ...], ...]:
    return tuple(tuple(None if math.isnan(cell) else _estimate(cell) for cell in row) for row in figures.tolist())


def _estimate(figure: float) -> Decimal:
    """A float as an answer shows it: 12 significant digits."""
    return Decimal(f"{figure:.{ESTIMATE_DIGITS}g}")
