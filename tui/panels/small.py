"""For terminals with little room: one line a hedge, or what size is needed."""

from __future__ import annotations

from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter
from tui.glyphs import SELECTED
from tui.layout import MINIMUM_HEIGHT, MINIMUM_WIDTH
from tui.panel import Lines
from tui.panels.alerts import alert_lines
from tui.panels.fields import NAME, NO_HEDGE, hedge_names, table_badge
from tui.picture import View
from tui.rows import Row, fit, row_width, told_apart, wrapped
from tui.words import end_of, hedge_verdict, safety_of


class Strip(Lines):
    """One line a hedge, or more: safe, hedged, what it costs, what it has brought."""

    def lines(self, view: View) -> list[Row]:
        """As many hedges as fit, the selected one in sight; more about each, and the alerts, where there is room."""
        hedges, width, room = view.hedges, self.place.width, self.place.height
        if not hedges:
            return wrapped(NO_HEDGE, width, "label")
        names = told_apart(hedge_names(hedges), NAME)
        chosen = hedges.index(view.hedge) if view.hedge is not None else 0
        blocks = [_hedge(view.show, *hedges[index], name, index == chosen, width) for index, name in enumerate(names)]
        if sum(map(len, blocks)) + LEAST_ALERTS <= room:
            rows = [row for block in blocks for row in block]
            return [*rows, (), *alert_lines(view, width, room - len(rows) - 1)]
        if len(blocks) + LEAST_ALERTS <= room:
            rows = [block[0] for block in blocks]
            return [*rows, (), *alert_lines(view, width, room - len(rows) - 1)]
        start = max(0, min(chosen - room + 1, len(hedges) - room)) if len(hedges) > room else 0
        return [block[0] for block in blocks[start : start + room]]


LEAST_ALERTS = 4


def _hedge(show: Formatter, book: BookView, hedge: HedgeLine, name: str, chosen: bool, width: int) -> list[Row]:
    """One hedge, the most important first: as many rows as it takes."""
    hedged = hedge_verdict(show, hedge.ratio, hedge.target_ratio, hedge.drift, book.thresholds)
    pieces: list[Row] = [
        (
            Cell(f"{SELECTED} " if chosen else "  ", "mark"),
            Cell(name, "strong" if chosen else "text"),
            *table_badge(safety_of(show, hedge, book), 10),
            show.percent(end_of(hedge).distance, 8),
        ),
        (Cell("  ", "text"), show.percent(hedge.ratio, 6), Cell(f" {hedged.word}".ljust(13), hedged.role)),
        (show.profit(hedge.funding.per_day, 11, currency=hedge.settle), Cell(f" {hedge.settle}/day", "label")),
        (
            Cell("  P&L", "label"),
            show.profit(hedge.profit, 12, currency=hedge.settle),
            Cell(f" {hedge.settle}", "label"),
        ),
        (
            Cell("  order ", "label"),
            show.coins(hedge.order_to_target, 10, signed=True),
            Cell(f" {hedge.quantity_unit}" if show.known(hedge.order_to_target) else "", "label"),
        ),
    ]
    rows: list[Row] = [()]
    for piece in pieces:
        if rows[-1] and row_width(rows[-1]) + row_width(piece) > width:
            rows.append((Cell("  ", "text"),))
        rows[-1] = (*rows[-1], *piece)
    return rows


class Tiny(Lines):
    """What size is needed."""

    def lines(self, view: View) -> list[Row]:
        """The verdict and the size, in the middle as far as there is one."""
        width, height = self.place.width, self.place.height
        text = f"needs {MINIMUM_WIDTH}x{MINIMUM_HEIGHT}, is {width}x{height}"
        rows: list[Row] = [()] * max(0, height // 2 - 1)
        hedges = view.hedges
        if hedges:
            worst = max((safety_of(view.show, hedge, book) for book, hedge in hedges), key=lambda item: item.rank)
            rows.append((Cell(fit(worst.word.center(width)[:width], width), worst.role),))
        rows.append((Cell(fit(text.center(width)[:width], width), "label"),))
        return rows[:height]
