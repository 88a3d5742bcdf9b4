"""Am I safe: liquidation distance, where the account ends, margin usage and what is left, hedge by hedge."""

from __future__ import annotations

from decimal import Decimal

from core.books import Thresholds
from core.figures import Figure
from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter, number
from tui.panel import Panel
from tui.panels.fields import COLUMN_GAP, FIELD, NO_HEDGE, after_space, hedge_table, table_badge
from tui.panels.margin_account import account_rows, collateral_rows, rule_rows
from tui.panels.margin_ends import chance_rows, end_rows, essential_rows
from tui.picture import View
from tui.rows import Row, bar, columns, wrapped
from tui.trend import Trend
from tui.words import distance_verdict, end_of, safety_of

BAR_SCALE = Decimal("0.60")
"""The liquidation distance at which the bar is full: twice the mildest alert's default."""


class MarginPanel(Panel):
    """Margin and liquidation."""

    NUMBER = 3
    TITLE = "margin & liquidation"
    HELP = (
        "How far the mark price is from liquidation, or from the end of the account if that is nearer, as a fraction "
        "of it (positive is safe), and how much of the margin balance the maintenance margin takes (100% is "
        "liquidation). The account ends where all that backs the position is liquidated while its coin alone moves, "
        "with every position on that coin and coin collateral in it; together is how far the leading coin may rise or "
        "fall while all move with it. Sigmas count the distance in moves of an ordinary day (standard deviations); "
        "touch is how likely the liquidation price is met within 1, 7 and 30 days."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(
            figure
            for _book, hedge in view.hedges
            for figure in (
                hedge.mark_price,
                hedge.liquidation_distance,
                hedge.account_liquidation_distance,
                hedge.margin_usage,
            )
        )

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("distance", [sample.distance for sample in view.samples], view.show.percent)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One row a hedge where there are several, then the selected hedge in full."""
        if view.hedge is None:
            return wrapped(NO_HEDGE, width, "label")
        book, hedge = view.hedge
        show = view.show
        essentials = essential_rows(show, book, hedge, width)
        essentials.insert(1, _distance_bar(show, hedge, book.thresholds, width))
        detail = [*essentials, *_rest(show, book, hedge, width, alone=self.alone)]
        if len(view.hedges) == 1:
            return detail
        cells = [_row(show, each, item) for each, item in view.hedges]
        table = hedge_table(view, (("distance", 8), ("", 10), ("liq. price", 10)), cells, width, max(3, height - 2))
        room = height - len(table)
        if room > len(essentials):
            return [*table, (), *detail]
        # The table has the distance and the price already.
        kept = [essentials[3], essentials[4], essentials[1]][: max(0, room)]
        return [*table, *kept][:height]


def _row(show: Formatter, book: BookView, hedge: HedgeLine) -> Row:
    return (
        after_space(show.percent(end_of(hedge).distance, 7)),
        *table_badge(safety_of(show, hedge, book), 10),
        show.price(hedge.liquidation_price, 10),
    )


def _rest(show: Formatter, book: BookView, hedge: HedgeLine, width: int, *, alone: bool) -> list[Row]:
    """What is said where there is room, the most important first."""
    account = next((item for item in book.accounts if item.name == hedge.account), None)
    count = 2 if width >= 2 * FIELD else 1
    each = (width - COLUMN_GAP * (count - 1)) // count
    rows = [
        *end_rows(show, hedge, account, each),
        *chance_rows(show, hedge, each),
        *account_rows(show, hedge, account, each),
    ]
    rows = columns(rows, count, width, COLUMN_GAP)
    if account is not None:
        rows += collateral_rows(show, account, width)
        rows += rule_rows(account, width) if alone else []
    return [*rows, (), _ladder(book.thresholds, width)]


def _distance_bar(show: Formatter, hedge: HedgeLine, thresholds: Thresholds, width: int) -> Row:
    """How much of the way to safety is left: empty is liquidation, full is 60% or more."""
    distance = end_of(hedge).distance
    verdict = distance_verdict(show, distance, thresholds)
    left, right = "liq. ", f" {number(BAR_SCALE.scaleb(2), 0, 2)}%+"
    room = width - len(left) - len(right)
    filled = 0
    if distance.value is not None and show.known(distance):
        filled = int(max(Decimal(0), min(distance.value / BAR_SCALE, Decimal(1))) * room)
    elif not verdict.rank:
        filled = room
    return (Cell(left, "label"), *bar(filled, room, verdict.role), Cell(right, "label"))


def _ladder(thresholds: Thresholds, width: int) -> Row:
    words = ("watch", "warning", "danger", "critical")
    parts = [
        f"{word} <{number(step.scaleb(2), 0, 3).strip()}%"
        for word, step in zip(words, thresholds.liquidation_distance, strict=False)
    ]
    text = "  ".join(parts)
    return (Cell(text, "label"),) if len(text) <= width else ()
