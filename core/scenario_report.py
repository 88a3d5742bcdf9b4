"""Scenarios of a book as a snapshot shows them: ladder, shocks by name, grid, the nearest end and what mends it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from core.aim import DOLLARS
from core.book_scenario import Built
from core.errors import RequestError
from core.exact import ONE, ZERO
from core.figures import Figure, absent, derive, exact, unknown
from core.hedged_book import HedgedBook, Market, spot_worth, worth
from core.reverse_stress import NotReached, Reached, Threshold, UnknownReach, smallest_moves
from core.scenario import Outcome, Scenario, UnknownOutcome, run
from core.scenario_view import (
    GridView,
    LiquidatedView,
    ReverseView,
    ScenarioAxis,
    ScenarioBeta,
    ScenarioView,
    ShockView,
)
from core.shocks import DEPEG, HISTORY, LADDER, HistoricalShock, apply, failure
from core.top_up_view import top_ups

if TYPE_CHECKING:
    from core.projection import Array

DAYS = Decimal(30)
"""The horizon over which the ladder and the grid pay funding."""
ADL_END = Decimal("0.75")
STEP = Decimal("0.05")
ROWS = tuple(ONE + STEP * place for place in range(10, -11, -1))
"""The grid's prices: +50% to −50% in steps of 5%."""
SHIFTS = {
    ScenarioAxis.HEDGE: (tuple(STEP * place for place in range(21)), "hedge ratio"),
    ScenarioAxis.BASIS: (tuple(Decimal("0.005") * place for place in range(-10, 11)), "shift of the basis"),
    ScenarioAxis.FUNDING: (tuple(Decimal("0.0001") * place for place in range(-10, 11)), "funding per 8 h"),
}
"""The grid's columns by axis, and what they are."""
DIGITS = 12
PIECE = 3
"""Rungs of the ladder that are reckoned at a time."""


def reckon(
    name: str,
    built: Built,
    ratio: Figure,
    venues: Mapping[str, str],
    axis: ScenarioAxis,
    now_ns: int,
    old: ScenarioView | None = None,
    *,
    grid_first: bool = False,
) -> Iterator[ScenarioView]:
    """Every scenario of a book, a part with each view, so that nothing else waits for all of it. Never raises.

    ``ratio`` is the book's hedge ratio, ``venues`` are those of its accounts. ``old`` parts stand until they are
    reckoned anew; a grid along another axis comes first then. Take each view within :data:`core.exact.CONTEXT`.
    """
    blank = ScenarioView(
        book=name,
        axis=axis,
        reckoned_ns=now_ns,
        driver=built.driver,
        price=built.price,
        ground=built.ground,
        before=unknown(*built.ground.missing),
        days=int(DAYS),
        betas=tuple(ScenarioBeta(asset=asset, beta=beta) for asset, beta in built.betas.items()),
        complete=True,
    )
    if built.book is None:
        yield blank
        return
    try:
        yield from _Reporter(built, built.book, venues).views(blank, old, ratio, grid_first=grid_first)
    except (RequestError, ArithmeticError) as refused:
        yield msgspec.structs.replace(blank, ground=unknown(str(refused) or type(refused).__name__))


class _Reporter:
    """Runs scenarios on one book and marks what they give."""

    def __init__(self, built: Built, book: HedgedBook, venues: Mapping[str, str]) -> None:
        self._built, self._book, self._venues = built, book, venues

    def views(
        self, blank: ScenarioView, old: ScenarioView | None, ratio: Figure, *, grid_first: bool
    ) -> Iterator[ScenarioView]:
        """The view with ever more of its parts."""
        turned = old is not None and old.axis is not blank.axis
        begun = msgspec.structs.replace(blank, complete=False, before=self._figure(self._before()))
        view = begun if old is None else msgspec.structs.replace(old, axis=blank.axis, complete=False)
        if not turned:
            yield view
        found: dict[str, Any] = {}
        for name, part in self._parts(blank.axis, ratio, grid_first=grid_first or turned):
            found[name] = (*found[name], *part) if name == "ladder" and name in found else part
            if name != "ladder" or len(found[name]) == len(LADDER):
                view = msgspec.structs.replace(view, **{name: found[name]})
            yield view
        yield msgspec.structs.replace(begun, **found, complete=True)

    def _parts(self, axis: ScenarioAxis, ratio: Figure, *, grid_first: bool) -> Iterator[tuple[str, Any]]:
        """Each part by its name; the ladder comes in pieces."""
        if grid_first:
            yield "grid", self._grid(axis, ratio)
        yield "reverse", tuple(self._reverse())
        for start in range(0, len(LADDER), PIECE):
            yield "ladder", tuple(self._ladder(LADDER[start : start + PIECE]))
        yield "top_up", top_ups(self._book, self._built.ground)
        yield "history", tuple(map(self._happened, HISTORY))
        yield "failures", tuple(self._failures())
        if not grid_first:
            yield "grid", self._grid(axis, ratio)

    def _before(self) -> Decimal:
        market = Market(self._book.betas)
        pools = sum((worth(pool, market, ONE) for pool in self._book.pools), ZERO)
        return spot_worth(self._book, market, ONE) + pools

    def _figure(self, value: Decimal) -> Figure:
        return derive(lambda _: value, self._built.ground, estimated=True)

    def _move(self, multiple: Decimal) -> Figure:
        return self._figure(multiple - ONE)

    def _price(self, multiple: Decimal) -> Figure:
        return derive(lambda price, _: price * multiple, self._built.price, self._built.ground, estimated=True)

    # --- shocks ----------------------------------------------------------------------------------------------

    def _ladder(self, ends: Sequence[Decimal]) -> Iterator[ShockView]:
        for end in ends:
            yield self._shock("", "", self._book, rung(end))

    def _happened(self, shock: HistoricalShock) -> ShockView:
        try:
            shocked, scenario = happened(shock, self._book, self._built.driver, self._venues)
        except RequestError as refused:
            return self._unknown(shock.name, shock.when, (str(refused),))
        return self._shock(shock.name, shock.when, shocked, scenario)

    def _failures(self) -> Iterator[ShockView]:
        for name, note, scenario in failures(self._book):
            yield self._shock(name, note, self._book, scenario)

    def _shock(self, name: str, note: str, book: HedgedBook, scenario: Scenario) -> ShockView:
        found = run(book, scenario)
        if isinstance(found, UnknownOutcome):
            view = self._unknown(name, note, found.missing)
            return msgspec.structs.replace(view, move=self._move(scenario.path[-1]))
        return ShockView(
            name=name,
            note=note,
            move=self._move(scenario.path[-1]),
            bag=self._figure(found.spot + found.coins),
            hedge=self._figure(found.hedge),
            funding=self._figure(found.funding),
            net=self._figure(found.net),
            usage=self._usage(found),
            liquidated=tuple(
                LiquidatedView(
                    pool=pool.name, move=self._move(pool.liquidated_at), price=self._price(pool.liquidated_at)
                )
                for pool in found.liquidated
                if pool.liquidated_at is not None
            ),
            gone=tuple(dict.fromkeys(pool.account for pool in found.pools if pool.gone)),
        )

    def _unknown(self, name: str, note: str, missing: tuple[str, ...]) -> ShockView:
        gap = unknown(*missing)
        return ShockView(name=name, note=note, move=gap, bag=gap, hedge=gap, funding=gap, net=gap, usage=gap)

    def _usage(self, found: Outcome) -> Figure:
        """The worst margin usage among the pools that are left and back a position."""
        backing = {pool.name for pool in self._book.pools if pool.legs}
        known = [pool.usage for pool in found.pools if pool.usage is not None and pool.name in backing]
        if not known:
            return absent("no pool is left", self._built.ground)
        return self._figure(max(known))

    # --- the grid --------------------------------------------------------------------------------------------

    def _grid(self, axis: ScenarioAxis, ratio: Figure) -> GridView:
        # numpy takes a tenth of a second to load: only who looks at scenarios waits for it.
        from core.scenario_grid import Axis, grid

        columns, word = SHIFTS[axis]
        shifts, here = columns, absent("as each contract has it")
        if axis is ScenarioAxis.HEDGE:
            here = ratio
            if ratio.value is not None and ratio.value > 0:
                shifts = tuple(column / ratio.value for column in columns)
            else:
                columns = shifts = tuple(2 * column for column in columns)
                word, here = "of the present hedge", exact(ONE)
        found = grid(self._book, Scenario(days=DAYS), ROWS, Axis(axis.value), shifts)
        return GridView(
            axis=axis,
            column_word=word,
            here=here,
            rows=tuple(row - ONE for row in ROWS),
            columns=columns,
            net=_matrix(found.net),
            left=_matrix(found.left),
            liquidated=tuple(
                tuple(found.pools(row, column) for column in range(len(columns))) for row in range(len(ROWS))
            ),
        )

    # --- the nearest end -------------------------------------------------------------------------------------

    def _reverse(self) -> Iterator[ReverseView]:
        moves = smallest_moves(self._book, Threshold.LIQUIDATION)
        for rise, answer in ((True, moves.up), (False, moves.down)):
            match answer:
                case Reached(multiple=multiple, pool=pool):
                    yield ReverseView(rise=rise, move=self._move(multiple), price=self._price(multiple), pool=pool)
                case UnknownReach(missing=missing):
                    yield ReverseView(rise=rise, move=unknown(*missing), price=unknown(*missing))
                case NotReached():
                    never = absent("nothing is liquidated", self._built.ground)
                    yield ReverseView(rise=rise, move=never, price=never)


def rung(end: Decimal) -> Scenario:
    """The scenario of a rung of the ladder: the driver ends at that multiple, and funding is paid over the horizon."""
    return Scenario(path=(end,), days=DAYS)


def happened(
    shock: HistoricalShock, book: HedgedBook, driver: str, venues: Mapping[str, str]
) -> tuple[HedgedBook, Scenario]:
    """A day that happened, on this book. RequestError where the shock does not say how the driver moved."""
    local = msgspec.structs.replace(shock, jumps=local_jumps(shock, venues))
    return apply(local, book, driver, Scenario())


def failures(book: HedgedBook) -> Iterator[tuple[str, str, Scenario]]:
    """What can fail of a book: its name, what it is in words, and its scenario."""
    yield "ADL", failure("adl").note, Scenario(path=(ADL_END,), force_closed_at=ADL_END.sqrt())
    for account in dict.fromkeys(pool.account for pool in book.pools):
        yield f"{account} gone", failure("venue-gone").note, Scenario(gone=frozenset({account}))
    for asset in book.betas:
        if asset in DOLLARS and asset != "USD":
            yield f"{asset} at {DEPEG}", failure("depeg").note, Scenario(jumps={asset: DEPEG})


def local_jumps(shock: HistoricalShock, venues: Mapping[str, str]) -> dict[str, Decimal]:
    """The jumps of a shock by account: what only one venue saw is that of its accounts."""
    found: dict[str, Decimal] = {}
    for place, multiple in shock.jumps.items():
        venue, _, asset = place.rpartition("/")
        if venue:
            found |= {f"{account}/{asset}": multiple for account, its in venues.items() if its == venue}
        else:
            found[asset] = multiple
    return found


def _matrix(figures: Array) -> tuple[tuple[Decimal | None, ...], ...]:
    rows: Sequence[Sequence[float]] = figures.tolist()
    return tuple(tuple(None if math.isnan(cell) else Decimal(f"{cell:.{DIGITS}g}") for cell in row) for row in rows)
