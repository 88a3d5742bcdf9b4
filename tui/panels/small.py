"""For terminals with little room: one line a hedge, or what size is needed."""

from __future__ import annotations

from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter
from tui.glyphs import SELECTED
from tui.layout import MINIMUM_HEIGHT, MINIMUM_WIDTH
from tui.panel import Lines
from tui.panels.fields import badge, hedge_names
from tui.picture import View
from tui.rows import Row, fit, row_width
from tui.words import end_of, hedge_verdict, safety_of


class Strip(Lines):
    """One line a hedge: safe, hedged, what it costs, what it has brought."""

    def lines(self, view: View) -> list[Row]:
        """As many hedges as fit, the selected one in sight."""
        hedges = view.hedges
        if not hedges:
            return [(Cell(" no hedge", "label"),)]
        names = hedge_names(hedges)
        chosen = hedges.index(view.hedge) if view.hedge is not None else 0
        room = self.place.height
        start = max(0, min(chosen - room + 1, len(hedges) - room)) if len(hedges) > room else 0
        return [
            _hedge(view.show, *hedges[index], names[index], index == chosen, self.place.width)
            for index in range(start, min(len(hedges), start + room))
        ]


def _hedge(show: Formatter, book: BookView, hedge: HedgeLine, name: str, chosen: bool, width: int) -> Row:
    hedged = hedge_verdict(show, hedge.ratio, hedge.target_ratio, hedge.drift, book.thresholds)
    safety = badge(safety_of(show, hedge, book))
    pieces: list[Row] = [
        (
            Cell(f"{SELECTED} " if chosen else "  ", "mark"),
            Cell(fit(name, 8), "strong" if chosen else "text"),
            Cell(safety.text.ljust(10), safety.role),
            show.percent(end_of(hedge).distance, 8),
        ),
        (Cell("  ", "text"), show.percent(hedge.ratio, 6), Cell(f" {hedged.word}".ljust(13), hedged.role)),
        (show.profit(hedge.funding.per_day, 11, currency=hedge.settle), Cell("/day", "label")),
        (show.profit(hedge.profit, 12, currency=hedge.settle), Cell(f" {hedge.settle}", "label")),
        (Cell("  to target ", "label"), show.coins(hedge.order_to_target, 10, signed=True)),
    ]
    row: Row = ()
    for piece in pieces:
        if row_width(row) + row_width(piece) > width:
            break
        row = (*row, *piece)
    return row


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
