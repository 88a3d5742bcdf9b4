"""The staged order: its size before and after the venue's filters, its price and fee, and the book before and after."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from core.figures import Figure
from core.snapshot import BookView, HedgeLine, StageView
from tui.format import Cell, Formatter, exact
from tui.glyphs import ARROW, DASH, MASKED
from tui.panel import Lines
from tui.panels.fields import badge, coins_of
from tui.picture import View
from tui.rows import BLANK, Row, boxed, fit, row_width, wrapped
from tui.words import distance_verdict, usage_verdict

LABEL = 16
COLUMN = 16


class PreviewPanel(Lines):
    """The order preview's box."""

    def height_for(self, view: View, width: int) -> int:
        """How many rows the preview wants."""
        stage = view.live.stage
        return 2 + (len(_content(view, stage, width - 4)) if stage is not None else 1)

    def lines(self, view: View) -> list[Row]:
        """The box, or a word where the order has gone."""
        width, height = self.place.width, self.place.height
        stage = view.live.stage
        content: list[Row] = [(Cell("the order has been dropped", "label"),)]
        if stage is not None:
            content = _fitted(_lines(view, stage, width - 4), height - 2)
        paper = stage is None or stage.paper
        kind = "PAPER ORDER: nothing is sent to the venue" if paper else "READ ONLY: the account takes no orders"
        if len(kind) + 24 > width:
            kind = kind.partition(":")[0]
        right: Row = (Cell(f" {kind} ", "frozen" if paper else "danger_badge"),)
        return boxed((Cell("order preview", "title"),), right, content, width, height, "focus")


class _Line(NamedTuple):
    """A row of the preview; the higher its ``rank``, the sooner it goes where there is little room."""

    row: Row
    rank: int = 0


def _content(view: View, stage: StageView, width: int) -> list[Row]:
    return [line.row for line in _lines(view, stage, width)]


def _fitted(lines: list[_Line], height: int) -> list[Row]:
    """The rows that have room: what may go goes, the least important first; what must not be overlooked stays."""
    kept = list(lines)
    while len(kept) > height and (rank := max(line.rank for line in kept)):
        kept.remove(next(line for line in reversed(kept) if line.rank == rank))
    if len(kept) > height:
        return [*(line.row for line in kept[: height - 1]), (Cell("more: needs a higher terminal", "warning"),)]
    return [line.row for line in kept]


def _lines(view: View, stage: StageView, width: int) -> list[_Line]:
    show, form = view.live_show, _form(width)
    found = _hedge_of(view, stage)
    unit, quote = stage.quantity_unit, _quote(found)
    spare = "stays unhedged" if stage.residual.value else ""
    still = 1 if stage.refusals else 0  # an order that is refused leads nowhere
    lines = [
        *(_Line(row) for row in _head(show, stage, width)),
        _Line(BLANK, 9),
        _Line(form.line("asked for", _size(show, stage.raw_quantity), unit, "before the venue's filters"), 8),
        _Line(form.line("size", _size(show, stage.quantity), unit, "rounded so as never to over-hedge"), 7),
        _Line(form.line("left over", _size(show, stage.residual), _asset(found), spare), 2 if spare else 8),
        _Line(form.line("price", show.price(stage.price).text.strip(), quote, stage.price_source), still),
        _Line(form.line("notional", show.money(stage.notional).text.strip(), quote, ""), 4),
        _Line(
            form.line("fee", show.money(stage.fee, currency=stage.settle).text.strip(), stage.settle, stage.fee_source),
            3,
        ),
        _Line(BLANK, 9),
        *(_Line(row, rank + still) for row, rank in _before_after(show, stage, found, form)),
        _Line(BLANK, 9),
    ]
    lines += [_Line(row) for text in stage.refusals for row in wrapped(f"REFUSED: {show.told(text)}", width, "danger")]
    return [*lines, *(_Line(row) for row in _what_to_do(show, stage, width))]


def _head(show: Formatter, stage: StageView, width: int) -> list[Row]:
    """What the order is, on one row or, where that is too narrow, on two."""
    symbol = stage.instrument.split(":", 2)[2]
    order = Cell(f"{stage.side.upper()} {_size(show, stage.quantity)} {stage.quantity_unit}", "strong")
    reduces = Cell("  reduce-only" if stage.reduce_only else "", "value")
    where = f"{stage.instrument.rpartition(':')[0].replace(':', ' ')}, account {stage.account}"
    row: Row = (order, Cell(f"  {symbol}", "value"), Cell(f"  {where}", "label"), reduces)
    if row_width(row) <= width:
        return [row]
    return [(order, Cell(f"  {symbol}", "value"), reduces), *wrapped(where, width, "label")]


def _what_to_do(show: Formatter, stage: StageView, width: int) -> list[Row]:
    """Which keys do what now."""
    if stage.refusals:
        return wrapped("y does nothing while the order is refused; x drops it", width, "label")
    keys = _keys()
    if row_width(keys) > width:
        keys = (Cell("y", "key"), Cell(" sends on paper  ", "text"), Cell("x", "key"), Cell(" drops it", "text"))
    if not show.private:
        return [keys]
    hidden: Row = (Cell("p", "key"), Cell(" shows the size, which private mode hides; then ", "label"))
    if row_width(hidden) + row_width(keys) <= width:
        return [(*hidden, *keys)]
    return [(Cell("p", "key"), Cell(" shows the size, which is hidden; then", "label")), keys]


def _keys() -> Row:
    return (
        Cell("y", "key"),
        Cell(" sends it as a paper order   ", "text"),
        Cell("x", "key"),
        Cell(" or ", "label"),
        Cell("esc", "key"),
        Cell(" drops it", "text"),
    )


def _hedge_of(view: View, stage: StageView) -> tuple[BookView, HedgeLine] | None:
    for book in view.live.books:
        for hedge in book.hedges:
            if book.name == stage.book and hedge.instrument == stage.instrument:
                return book, hedge
    return None


def _asset(found: tuple[BookView, HedgeLine] | None) -> str:
    return coins_of(found[1]) if found is not None else ""


def _quote(found: tuple[BookView, HedgeLine] | None) -> str:
    return found[1].quote if found is not None else ""


def _size(show: Formatter, figure: Figure) -> str:
    """A size with every digit: it is what somebody is about to confirm."""
    if figure.value is None or not show.known(figure):
        return DASH
    return MASKED * 5 if show.private else exact(figure.value)


class _Form(NamedTuple):
    """How wide the columns are; ``now`` is 0 where there is room for what would be only."""

    width: int
    label: int
    now: int
    after: int

    def line(self, label: str, value: str, unit: str, hint: str) -> Row:
        """One figure of the order."""
        row: Row = (
            Cell(fit(label, self.label), "label"),
            Cell(value.rjust(self.now or self.after), "value"),
            Cell(f" {unit}".ljust(7), "label"),
        )
        return (*row, Cell(f" {hint}", "label")) if row_width(row) + 1 + len(hint) <= self.width else row

    def pair(self, label: str, now: Cell, then: Cell, tail: Cell) -> Row:
        """One figure as it is and as it would be."""
        row: Row = (
            Cell(fit(label, self.label), "label"),
            *((Cell(now.text.strip().rjust(self.now), now.role),) if self.now else ()),
            Cell(f"  {ARROW} " if self.now else f"{ARROW} ", "label"),
            Cell(then.text.strip().rjust(self.after), "strong" if then.role == "value" else then.role),
        )
        return (*row, tail) if row_width((*row, tail)) <= self.width else row


def _form(width: int) -> _Form:
    if width >= 66:
        return _Form(width, LABEL, COLUMN, COLUMN)
    return _Form(width, 12, 14, 14) if width >= 54 else _Form(width, 12, 0, 12)


def _before_after(
    show: Formatter, stage: StageView, found: tuple[BookView, HedgeLine] | None, form: _Form
) -> list[_Line]:
    """Each figure as it is now and as it would be, and what the latter means."""
    after = stage.after
    now = (Cell("now".rjust(form.now), "label"),) if form.now else ()
    arrow = 4 if form.now else 2
    header: Row = (Cell(" " * form.label, "label"), *now, Cell("after".rjust(form.after + arrow), "label"))
    if found is None:
        gone = wrapped("the hedge it belongs to is no longer there", form.width, "blind")
        return [_Line(header, 6), *(_Line(row) for row in gone)]
    book, hedge = found
    target = f" target {show.percent(hedge.target_ratio).text.strip()}"
    usage = usage_verdict(show, after.margin_usage, book.thresholds)
    distance = distance_verdict(show, after.liquidation_distance, book.thresholds)
    settle, quote = Cell(f" {stage.settle}", "label"), Cell(f" {hedge.quote}", "label")
    unit = Cell(f" {stage.quantity_unit}", "label")
    margins = _both(partial(show.money, currency=stage.settle), hedge.margin, after.margin)
    prices = _both(show.price, hedge.liquidation_price, after.liquidation_price)
    ratios = _both(show.percent, hedge.ratio, after.ratio)
    uses = _both(show.percent, hedge.margin_usage, after.margin_usage)
    distances = _both(show.percent, hedge.liquidation_distance, after.liquidation_distance)
    sizes = _both(partial(_exact_cell, show), hedge.quantity, after.quantity)
    return [
        _Line(header, 6),
        _Line(form.pair("position", *sizes, unit), 5),
        _Line(form.pair("hedge ratio", *ratios, Cell(target, "label"))),
        _Line(form.pair("margin", *margins, settle if show.known(after.margin) else Cell("", "label")), 4),
        _Line(form.pair("margin use", *uses, badge(usage)), 1),
        _Line(form.pair("liq. price", *prices, quote if show.known(after.liquidation_price) else Cell("", "label")), 1),
        _Line(form.pair("distance", *distances, badge(distance))),
    ]


def _both(written: Callable[[Figure], Cell], now: Figure, after: Figure) -> tuple[Cell, Cell]:
    return written(now), written(after)


def _exact_cell(show: Formatter, figure: Figure) -> Cell:
    text = _size(show, figure)
    return Cell(text, "unknown" if text == DASH else "value")
