"""What is held: coins, value, profit, and what is left of it once the hedge is counted."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures import Figure
from core.snapshot import BagLine, BookView
from tui.format import Cell, Formatter
from tui.panel import Panel
from tui.panels.fields import Field, after_space, field_rows
from tui.picture import View
from tui.rows import Row, fit, wrapped
from tui.trend import Trend

COIN = 5
ROOMY = 53
"""From this width on the table of coins has room for their prices."""


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
            return wrapped("no book: [[books]] in the configuration adds one", width, "label")
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
    table = _Table(lines, width)
    rows = [table.heading(), *(table.row(show, line) for line in shown)]
    if len(shown) < len(lines):
        rows.append((Cell(f"  {len(lines) - len(shown)} more: 1 to see all", "label"),))
    sums = [
        Field(
            "bag P&L",
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


class _Table:
    """The table of a bag's coins in so many cells."""

    def __init__(self, lines: Sequence[BagLine], width: int) -> None:
        mixed = len({line.currency for line in lines}) > 1
        roomy = width >= ROOMY
        self._coin = max(COIN, min(10, *(len(line.asset) for line in lines))) if roomy else COIN
        self._unit = 6 if mixed and roomy else 0
        spare = width - self._coin - self._unit
        self._held, self._price, self._value, self._profit = 9, 0, 11, 11
        if roomy:
            self._held, self._price, self._value, self._profit = (14, 14, 16, 16) if spare >= 62 else (10, 12, 13, 13)

    def heading(self) -> Row:
        """What the columns are."""
        sizes = (("held", self._held), ("price", self._price), ("value", self._value), ("P&L", self._profit))
        cells = [Cell(name.rjust(size), "label") for name, size in sizes if size]
        return (Cell(fit("coin", self._coin), "label"), *cells)

    def row(self, show: Formatter, line: BagLine) -> Row:
        """One coin."""
        return (
            Cell(fit(line.asset, self._coin), "strong"),
            after_space(show.coins(line.quantity, self._held - 1)),
            *((after_space(show.price(line.price, self._price - 1)),) if self._price else ()),
            after_space(show.money(line.value, self._value - 1, currency=line.currency)),
            after_space(show.profit(line.profit, self._profit - 1, currency=line.currency)),
            *((Cell(fit(f" {line.currency}", self._unit), "label"),) if self._unit else ()),
        )
