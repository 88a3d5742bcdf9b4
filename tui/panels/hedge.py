"""What the hedge is and what it has brought: size, prices, profit, fees, funding."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures import Figure
from core.snapshot import BookView, HedgeLine
from tui.format import Cell, Formatter
from tui.panel import Panel
from tui.panels.fields import NO_HEDGE, Field, after_space, coins_of, field_rows, hedge_table
from tui.picture import View
from tui.rows import Row, fit, spread, wrapped
from tui.trend import Trend


class HedgePanel(Panel):
    """The futures positions held against the bag."""

    NUMBER = 2
    TITLE = "hedge"
    HELP = (
        "The futures positions held against the bag. P&L is unrealised, at the mark price; the result adds what was "
        "realised and the funding received, less fees."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(hedge.profit for _book, hedge in view.hedges)

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("mark price", [sample.mark_price for sample in view.samples], view.show.price)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One row a hedge where there are several, then the selected hedge in full."""
        if view.hedge is None:
            return wrapped(NO_HEDGE, width, "label")
        book, hedge = view.hedge
        if len(view.hedges) == 1:
            return _detail(view.show, book, hedge, width, (_result(view.show, book),))
        detail = _detail(view.show, book, hedge, width)
        cells = [_row(view.show, item, width) for _book, item in view.hedges]
        head = (
            (("coins", 11), ("mark", 12), ("P&L", 14), ("", 6))
            if width >= 54
            else (("coins", 11), ("P&L", 12), ("", 5))
        )
        table = hedge_table(view, head, cells, width, max(3, height - 1))
        name = "its book" if len(view.snapshot.books) > 1 else "all hedges"
        result = _result(view.show, book, name).row(view.show, width)
        room = height - len(table)
        if room >= 6:
            return [*table, result, (), *detail]
        return [*table, result][:height]


def _row(show: Formatter, hedge: HedgeLine, width: int) -> Row:
    """Sizes in coins, for those of several venues are in units that cannot be compared."""
    size = after_space(show.coins(hedge.delta, 10, signed=True))
    if width >= 54:
        return (
            size,
            after_space(show.price(hedge.mark_price, 11)),
            after_space(show.profit(hedge.profit, 13, currency=hedge.settle)),
            Cell(fit(f" {hedge.settle}", 6), "label"),
        )
    profit = after_space(show.profit(hedge.profit, 11, currency=hedge.settle))
    return (size, profit, Cell(fit(f" {hedge.settle}", 5), "label"))


def _detail(show: Formatter, book: BookView, hedge: HedgeLine, width: int, result: Sequence[Field] = ()) -> list[Row]:
    """Everything about one hedge; ``result`` is the book's, where that is the result of this hedge."""
    settle = hedge.settle
    fields = [
        Field(
            "size",
            hedge.quantity,
            show.coins(hedge.quantity, signed=True),
            hedge.quantity_unit,
        ),
        Field("entry", hedge.entry_price, show.price(hedge.entry_price), hedge.quote, hint="average"),
        Field("mark", hedge.mark_price, show.price(hedge.mark_price), hedge.quote),
        Field("P&L", hedge.profit, show.profit(hedge.profit, currency=settle), settle, hint="unrealised, at mark"),
        *result,
        Field("notional", hedge.notional, show.money(hedge.notional, currency=hedge.quote), hedge.quote),
        Field(
            "realised", hedge.realised, show.profit(hedge.realised, currency=settle), settle, hint="by closing fills"
        ),
        Field("fees paid", hedge.fees, show.money(hedge.fees, currency=settle), settle),
        Field(
            "funding",
            hedge.funding.received,
            show.profit(hedge.funding.received, currency=settle),
            settle,
            hint="received so far (+) or paid (−)",
        ),
        *(
            [Field("in quote", hedge.profit_quote, show.profit(hedge.profit_quote, currency=hedge.quote), hedge.quote)]
            if hedge.settle != hedge.quote
            else []
        ),
        Field("delta", hedge.delta, show.coins(hedge.delta, signed=True), coins_of(hedge)),
        Field("bid", hedge.bid_price, show.price(hedge.bid_price), hedge.quote),
        Field("ask", hedge.ask_price, show.price(hedge.ask_price), hedge.quote),
    ]
    rows = [field.row(show, width) for field in fields] if width < 72 else field_rows(show, fields, width)
    return [_heading(hedge, width), *rows, *_whence(hedge, width), *wrapped(hedge.opened_note, width, "label")]


def _whence(hedge: HedgeLine, width: int) -> list[Row]:
    """What the mark price is, where the contract's sheet tells it."""
    if not hedge.price_source:
        return []
    closed = "; its market is closed" if hedge.price_rests else ""
    return wrapped(f"priced at the {hedge.price_source}{closed}", width, "label")


def _heading(hedge: HedgeLine, width: int) -> Row:
    side = "FLAT"
    if hedge.quantity.value is not None and hedge.quantity.value:
        side = "SHORT" if hedge.quantity.value < 0 else "LONG"
    if hedge.quantity.value is None:
        side = "UNKNOWN"
    proxy = f" for {hedge.asset}" if coins_of(hedge) not in (hedge.asset, "coins") else ""
    left = (Cell(hedge.symbol, "strong"), Cell(f" {hedge.venue} {hedge.kind}{proxy}", "label"))
    return spread(left, (Cell(side, "strong"),), width)


def _result(show: Formatter, book: BookView, label: str = "result") -> Field:
    totals = book.totals
    return Field(
        label,
        totals.hedge_profit,
        show.profit(totals.hedge_profit, currency=totals.currency),
        totals.currency,
        hint="P&L + realised + funding − fees",
    )
