"""Am I hedged: the ratio, its target, how far they are apart, and the order that would close the gap."""

from __future__ import annotations

from decimal import Decimal

from core.figures import Figure
from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter, exact, number
from tui.glyphs import MASKED
from tui.panel import Panel
from tui.panels.fields import NO_HEDGE, Field, after_space, badge, hedge_table
from tui.picture import View
from tui.rows import Row, bar, fit, row_width, wrapped
from tui.trend import Trend
from tui.words import Verdict, hedge_verdict

FULL = Decimal("1.2")
"""The ratio at which the gauge is full: a little over the most that is sensible."""


class RatioPanel(Panel):
    """Hedge ratio, target and drift."""

    NUMBER = 5
    TITLE = "hedge ratio"
    HELP = (
        "The part of the bag's coins that the hedge offsets, the target, and the drift between them. + and − move the "
        "target by 5 points, [ and ] by 1; enter stages the order that gets there."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(hedge.ratio for _book, hedge in view.hedges)

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("hedge ratio", [sample.ratio for sample in view.samples], view.show.percent)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One row a hedge where there are several, then the selected hedge's gauge and order."""
        if view.hedge is None:
            return wrapped(NO_HEDGE, width, "label")
        book, hedge = view.hedge
        show = view.show
        order = _order(show, hedge, width)
        gauge = _gauge(show, hedge, width)
        if len(view.hedges) > 1:
            cells = [_row(show, each, item) for each, item in view.hedges]
            head = (("actual", 7), ("target", 7), ("drift", 8), ("", 6))
            table = hedge_table(view, head, cells, width, max(3, height - 1))
            room = height - len(table)
            if room < 4:
                return [*table, order][:height]
            return [*table, (), gauge, order, *_totals(show, book, width, room - 3)]
        verdict = _short(hedge_verdict(show, hedge.ratio, hedge.target_ratio, hedge.drift, book.thresholds))
        word = badge(verdict)
        half = (width - 2) // 2
        actual = (*_pair("actual", show.percent(hedge.ratio), half), Cell("  ", "text"), word)
        needs = f" needs {hedge.ratio.missing[0]}" if hedge.ratio.missing else ""
        if row_width(actual) + len(needs) <= width:
            actual = (*actual, Cell(needs, "unknown"))
        target = (
            *_pair("target", show.percent(hedge.target_ratio), half),
            Cell("  ", "text"),
            *_pair("drift", show.points(hedge.drift), half),
        )
        rows: list[Row] = [actual, gauge, target, order]
        return [*rows, *_totals(show, book, width, height - len(rows))] if height > len(rows) else rows


def _pair(label: str, cell: Cell, width: int) -> Row:
    """A label at the left and its figure at the right of half a row."""
    return (Cell(label, "label"), Cell(cell.text.strip().rjust(min(width, 18) - len(label)), cell.role))


def _short(verdict: Verdict) -> Verdict:
    return Verdict(verdict.word.removesuffix("-HEDGED"), verdict.role, verdict.rank)


def _row(show: Formatter, book: BookView, hedge: HedgeLine) -> Row:
    verdict = _short(hedge_verdict(show, hedge.ratio, hedge.target_ratio, hedge.drift, book.thresholds))
    word = {"HEDGED": "ok", "UNHEDGED": "none"}.get(verdict.word, verdict.word.lower())
    return (
        after_space(show.percent(hedge.ratio, 6)),
        after_space(show.percent(hedge.target_ratio, 6)),
        after_space(show.points(hedge.drift, 7)),
        Cell(f" {word}".ljust(6), verdict.role),
    )


def _gauge(show: Formatter, hedge: HedgeLine, width: int) -> Row:
    left, right = "0% ", f" {number(FULL.scaleb(2), 0, 3)}%"
    room = width - len(left) - len(right)
    filled = 0
    role = "track"
    if hedge.ratio.value is not None and show.known(hedge.ratio):
        filled = int(max(Decimal(0), min(hedge.ratio.value / FULL, Decimal(1))) * room)
        role = show.percent(hedge.ratio).role
    mark = None
    if hedge.target_ratio.value is not None:
        mark = int(max(Decimal(0), min(hedge.target_ratio.value / FULL, Decimal(1))) * room)
    return (Cell(left, "label"), *bar(filled, room, role, mark), Cell(right, "label"))


def _order(show: Formatter, hedge: HedgeLine, width: int) -> Row:
    """The order that reaches the target, in words."""
    figure = hedge.order_to_target
    label = Cell("order     ", "label")
    if figure.value is None and figure.absent:
        room = width - len(label.text)
        reason = figure.absent if len(figure.absent) <= room else figure.absent.partition(":")[0]
        return (label, Cell(fit(reason, room), "text"))
    if figure.value is None or not show.known(figure):
        return Field("order", figure, show.coins(figure)).row(show, width)
    if not figure.value:
        return (label, Cell("nothing to do", "text"))
    side = "SELL" if figure.value < 0 else "BUY"
    size = MASKED * 5 if show.private else exact(abs(figure.value))
    return (label, Cell(f"{side} {size}", "strong"), Cell(f" {hedge.quantity_unit}", "label"), Cell("  enter", "key"))


def _totals(show: Formatter, book: BookView, width: int, room: int) -> list[Row]:
    """The book as a whole, where there is room."""
    if room < 3:
        return []
    totals = book.totals
    fields = [
        Field("book ratio", totals.ratio, show.percent(totals.ratio), hint="all hedges, by value"),
        Field("book target", totals.target_ratio, show.percent(totals.target_ratio)),
        Field("book drift", totals.drift, show.points(totals.drift)),
    ]
    return [(), *(field.row(show, width) for field in fields)][:room]
