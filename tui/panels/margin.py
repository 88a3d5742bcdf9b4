"""Am I safe: liquidation distance, margin usage and what is left, hedge by hedge."""

from __future__ import annotations

from decimal import Decimal

from core.books import Thresholds
from core.figures import Figure
from core.snapshot import AccountView, BookView, HedgeLine
from tui.format import Cell, Formatter, number
from tui.panel import Panel
from tui.panels.fields import Field, badge, field_rows, hedge_table
from tui.picture import View
from tui.rows import Row, bar
from tui.trend import Trend
from tui.words import distance_verdict, safety_of, usage_verdict

BAR_SCALE = Decimal("0.60")
"""The liquidation distance at which the bar is full: twice the mildest alert's default."""


class MarginPanel(Panel):
    """Margin and liquidation."""

    NUMBER = 3
    TITLE = "margin & liquidation"
    HELP = (
        "How far the mark price is from liquidation, as a fraction of it (positive is safe), and how much of the "
        "margin balance the maintenance margin takes (100% is liquidation)."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(
            figure
            for _book, hedge in view.hedges
            for figure in (hedge.mark_price, hedge.liquidation_distance, hedge.margin_usage)
        )

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("distance", [sample.distance for sample in view.samples], view.show.percent)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One row a hedge where there are several, then the selected hedge in full."""
        if view.hedge is None:
            return [(Cell("no hedge: nothing can be liquidated", "label"),)]
        book, hedge = view.hedge
        show = view.show
        detail = _detail(show, book, hedge, width)
        if len(view.hedges) == 1:
            return detail
        cells = [_row(show, each, item) for each, item in view.hedges]
        table = hedge_table(view, (("distance", 8), ("", 10), ("liq. price", 10)), cells, width, max(4, height - 2))
        bar_row = _distance_bar(show, hedge, book.thresholds, width)
        room = height - len(table)
        if room >= 5:
            return [*table, (), *detail]
        return [*table, bar_row, *detail[3:4]][:height] if room >= 2 else [*table, bar_row][:height]


def _row(show: Formatter, book: BookView, hedge: HedgeLine) -> Row:
    verdict = badge(safety_of(show, hedge, book))
    return (
        show.percent(hedge.liquidation_distance, 8),
        Cell(verdict.text, verdict.role),
        Cell(" " * (10 - len(verdict.text)), "text"),
        show.price(hedge.liquidation_price, 10),
    )


def _detail(show: Formatter, book: BookView, hedge: HedgeLine, width: int) -> list[Row]:
    account = next((item for item in book.accounts if item.name == hedge.account), None)
    distance = Field(
        "distance",
        hedge.liquidation_distance,
        show.percent(hedge.liquidation_distance),
        verdict=distance_verdict(show, hedge.liquidation_distance, book.thresholds),
        hint="of the mark price",
    )
    fields = [
        Field(
            "liq. price",
            hedge.liquidation_price,
            show.price(hedge.liquidation_price),
            hedge.quote,
            hint=hedge.liquidation_source,
        ),
        Field(
            "margin use",
            hedge.margin_usage,
            show.percent(hedge.margin_usage),
            verdict=usage_verdict(show, hedge.margin_usage, book.thresholds),
            hint=hedge.margin_usage.absent or (account.usage_label if account is not None else ""),
        ),
        Field("margin", hedge.margin, show.money(hedge.margin, currency=hedge.settle), hedge.settle),
        Field("mark", hedge.mark_price, show.price(hedge.mark_price), hedge.quote),
        Field(
            "maintenance",
            hedge.maintenance_margin,
            show.money(hedge.maintenance_margin, currency=hedge.settle),
            hedge.settle,
        ),
        *(_account_fields(show, account) if account is not None else ()),
    ]
    rows = [distance.row(show, width), _distance_bar(show, hedge, book.thresholds, width)]
    if width < 72:
        rows += [field.row(show, width) for field in fields]
    else:
        rows += field_rows(show, fields, width)
    return [*rows, (), _ladder(book.thresholds, width)]


def _account_fields(show: Formatter, account: AccountView) -> list[Field]:
    settle = account.settle
    return [
        Field("available", account.available, show.money(account.available, currency=settle), settle),
        Field(
            "balance",
            account.margin_balance,
            show.money(account.margin_balance, currency=settle),
            settle,
            hint=f"account {account.name}, {account.margin_mode}",
        ),
        Field(
            "wallet",
            account.wallet_balance,
            show.money(account.wallet_balance, currency=settle),
            settle,
            hint="without unrealised P&L",
        ),
        Field("initial", account.initial_margin, show.money(account.initial_margin, currency=settle), settle),
    ]


def _distance_bar(show: Formatter, hedge: HedgeLine, thresholds: Thresholds, width: int) -> Row:
    """How much of the way to safety is left: empty is liquidation, full is 60 % or more."""
    verdict = distance_verdict(show, hedge.liquidation_distance, thresholds)
    value = hedge.liquidation_distance.value
    left, right = "liq. ", f" {number(BAR_SCALE.scaleb(2), 0, 2)}%+"
    room = width - len(left) - len(right)
    filled = 0
    if value is not None and show.known(hedge.liquidation_distance):
        filled = int(max(Decimal(0), min(value / BAR_SCALE, Decimal(1))) * room)
    elif hedge.liquidation_distance.absent and not hedge.liquidation_distance.missing:
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
