"""What is held: coins, value, profit, and what is left of it once the hedge is counted."""

from __future__ import annotations

from core.figures import Figure
from core.snapshot import BagLine, BookView
from tui.format import Cell, Formatter
from tui.panel import Panel
from tui.panels.fields import Field, field_rows
from tui.picture import View
from tui.rows import Row, fit
from tui.trend import Trend


class BagPanel(Panel):
    """The spot coins to protect."""

    NUMBER = 1
    TITLE = "bag"
    HELP = "The coins to protect, valued at the spot price named; P&L is value less cost. Net adds the hedge's result."

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(line.value for book in view.snapshot.books for line in book.bag)

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("net P&L", [sample.net_profit for sample in view.samples], view.show.profit)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One asset in full, or one row an asset; then the totals."""
        book = view.book
        if book is None:
            return [(Cell("no book", "label"),)]
        rows: list[Row] = []
        for each in view.snapshot.books:
            if len(view.snapshot.books) > 1:
                rows.append((Cell(each.name, "strong"),))
            rows += _book_rows(view.show, each, width, height)
        return rows


def _book_rows(show: Formatter, book: BookView, width: int, height: int) -> list[Row]:
    totals = [
        Field(
            "net P&L",
            book.totals.net_profit,
            show.profit(book.totals.net_profit, currency=book.totals.currency),
            book.totals.currency,
            hint="bag and hedge together",
        )
    ]
    if len(book.bag) == 1:
        fields = [*_asset_fields(show, book.bag[0]), *totals, *_spare_fields(show, book)]
        return [field.row(show, width) for field in fields] if width < 72 else field_rows(show, fields, width)
    room = max(2, height - 2)
    lines = list(book.bag)
    shown = lines if len(lines) + 1 <= room else lines[: room - 2]
    rows = [_heading(width), *(_asset_row(show, line, width) for line in shown)]
    if len(shown) < len(lines):
        rows.append((Cell(f"  {len(lines) - len(shown)} more: 1 to see all", "label"),))
    sums = [
        Field(
            "total P&L",
            book.totals.bag_profit,
            show.profit(book.totals.bag_profit, currency=book.totals.currency),
            book.totals.currency,
        ),
        *totals,
        *_spare_fields(show, book),
    ]
    return [*rows, *(field.row(show, width) for field in sums)]


def _asset_fields(show: Formatter, line: BagLine) -> list[Field]:
    return [
        Field(line.asset, line.quantity, show.coins(line.quantity), line.asset),
        Field("price", line.price, show.price(line.price), line.currency, hint=line.price_source),
        Field("value", line.value, show.money(line.value, currency=line.currency), line.currency),
        Field(
            "P&L", line.profit, show.profit(line.profit, currency=line.currency), line.currency, hint="value less cost"
        ),
    ]


def _spare_fields(show: Formatter, book: BookView) -> list[Field]:
    totals = book.totals
    return [
        Field("cost", totals.bag_cost, show.money(totals.bag_cost, currency=totals.currency), totals.currency),
        *(
            [Field("value", totals.bag_value, show.money(totals.bag_value, currency=totals.currency), totals.currency)]
            if len(book.bag) > 1
            else []
        ),
    ]


def _heading(width: int) -> Row:
    price = (Cell("price".rjust(12), "label"),) if width >= 54 else ()
    return (
        Cell(fit("coin", 5), "label"),
        Cell("held".rjust(9), "label"),
        *price,
        Cell("value".rjust(11), "label"),
        Cell("P&L".rjust(11), "label"),
    )


def _asset_row(show: Formatter, line: BagLine, width: int) -> Row:
    price = (show.price(line.price, 12),) if width >= 54 else ()
    return (
        Cell(fit(line.asset, 5), "strong"),
        show.coins(line.quantity, 9),
        *price,
        show.money(line.value, 11, currency=line.currency),
        show.profit(line.profit, 11, currency=line.currency),
    )
