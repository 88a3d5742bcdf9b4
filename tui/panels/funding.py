"""What the hedge costs: funding as it stands, what it pays next, and the basis."""

from __future__ import annotations

from core.figures import Figure
from core.snapshot import BookView, HedgeLine, MarketView
from tui.format import Cell, Formatter, clock, exact
from tui.panel import Panel
from tui.panels.fields import NO_HEDGE, Field, after_space, field_rows, hedge_table
from tui.picture import View
from tui.rows import Row, fit, wrapped
from tui.trend import Trend
from tui.words import cost_verdict

ROOMY = 54
"""From this width on a table has room for one column more."""


class FundingPanel(Panel):
    """Funding and basis."""

    NUMBER = 4
    TITLE = "funding & basis"
    HELP = (
        "The funding rate per interval: positive when longs pay shorts, so a short hedge earns it. Payments are "
        "estimates at the present mark and rate. Basis is the mark price over the index price."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        return tuple(hedge.funding.rate for _book, hedge in view.hedges)

    def trend(self, view: View) -> Trend | None:
        """How it has moved."""
        return Trend("basis", [sample.basis for sample in view.samples], view.show.basis_points)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """One row a hedge where there are several, then the selected hedge in full."""
        if view.hedge is None:
            return wrapped(NO_HEDGE, width, "label")
        book, hedge = view.hedge
        settled = next((item for item in view.snapshot.markets if item.instrument == hedge.instrument), None)
        detail = _detail(view.show, book, hedge, settled, width)
        if len(view.hedges) == 1:
            return detail
        settles = {item.settle for _book, item in view.hedges}
        head = _head(settles, width)
        cells = [_row(view.show, item, dict(head)) for _book, item in view.hedges]
        table = hedge_table(view, head, cells, width, max(3, height - 1))
        room = height - len(table)
        return [*table, (), *detail] if room >= 5 else [*table, *detail[3:4]][:height]


def _head(settles: set[str], width: int) -> tuple[tuple[str, int], ...]:
    """The columns: what all are paid in is named in the heading, different currencies row by row."""
    if len(settles) == 1:
        return ("rate", 9), ("next", 7), (f"{settles.pop()}/day", 12)
    if width < ROOMY:
        return ("rate", 9), ("per day", 12), ("", 6)
    return ("rate", 9), ("next", 7), ("per day", 13), ("", 6)


def _row(show: Formatter, hedge: HedgeLine, head: dict[str, int]) -> Row:
    funding, due = hedge.funding, show.countdown(hedge.funding.next_funding_ns, 6)
    size = 12 if "per day" in head and "next" in head else 11
    return (
        after_space(show.rate(funding.rate, 8)),
        *((after_space(due),) if "next" in head else ()),
        after_space(show.profit(funding.per_day, size, currency=hedge.settle)),
        *((Cell(fit(f" {hedge.settle}", 6), "label"),) if "" in head else ()),
    )


def _detail(show: Formatter, book: BookView, hedge: HedgeLine, market: MarketView | None, width: int) -> list[Row]:
    funding, settle = hedge.funding, hedge.settle
    interval = funding.interval_hours.value
    every = f"/{exact(interval)}h" if interval is not None else "/?h"
    due = show.countdown(funding.next_funding_ns, 1).text.strip() if show.known(funding.next_funding_ns) else ""
    fields = [
        Field("rate", funding.rate, show.rate(funding.rate), every, verdict=cost_verdict(show, funding.per_day)),
        Field("per day", funding.per_day, show.profit(funding.per_day, currency=settle), settle, hint="at this rate"),
        Field(
            "next",
            funding.next_payment,
            show.profit(funding.next_payment, currency=settle),
            settle,
            note=due,
            hint=_moment(show, funding.next_funding_ns),
        ),
        Field(
            "basis",
            hedge.basis,
            show.basis_points(hedge.basis),
            note=_basis_word(show, hedge).ljust(8),
            hint="mark over index",
        ),
        *([] if market is None else [_settled(show, market)]),
        Field("a year", funding.annualised, show.rate(funding.annualised, places=2), hint="without compounding"),
        Field(
            "so far",
            funding.received,
            show.profit(funding.received, currency=settle),
            settle,
            hint="received (+) or paid (−)",
        ),
        Field("mark", hedge.mark_price, show.price(hedge.mark_price), hedge.quote),
        Field("index", hedge.index_price, show.price(hedge.index_price), hedge.quote),
        Field(
            "book so far",
            book.totals.funding_received,
            show.profit(book.totals.funding_received, currency=book.totals.currency),
            book.totals.currency,
            hint="all hedges",
        ),
    ]
    return [field.row(show, width) for field in fields] if width < 72 else field_rows(show, fields, width)


def _settled(show: Formatter, market: MarketView) -> Field:
    """The rate that was charged last, which is not the one that is still to come."""
    at = _moment(show, market.settled_ns)
    return Field("charged", market.settled_rate, show.rate(market.settled_rate), hint=at)


def _moment(show: Formatter, figure: Figure) -> str:
    if figure.value is None or not show.known(figure):
        return ""
    return f"at {clock(int(figure.value))} UTC"


def _basis_word(show: Formatter, hedge: HedgeLine) -> str:
    value = hedge.basis.value
    if value is None or not show.known(hedge.basis):
        return ""
    if not value:
        return "level"
    return "premium" if value > 0 else "discount"
