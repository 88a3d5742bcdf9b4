"""What bag and hedge have made since the beginning, today and since the user's anchor, and what it came from."""

from __future__ import annotations

from core.figures import Figure
from core.snapshot import AttributionView, BagLine, BookView, Since
from tui.format import Cell, Formatter, clock, day
from tui.panel import UNLIMITED, Panel
from tui.panels.fields import Field, after_space
from tui.picture import View
from tui.rows import Row, fit, wrapped

LABEL = 12
COLUMN = 15
LEAST_COLUMN = 12
SPLIT_WIDTH = LABEL + 6 * COLUMN
"""From this width on every column is accompanied by the hedge's share of it."""
MOST_COINS = 3
NO_ANCHOR = "m sets it"

_CAUSES = ("price", "convexity", "basis", "funding", "fees", "slippage", "currencies", "residual")


class ProfitPanel(Panel):
    """Profit by cause, hedged beside unhedged."""

    NUMBER = 9
    TITLE = "P&L"
    HELP = (
        "Unhedged is the bag alone, the difference what the hedge saved (+) or cost (−), hedged both together; the "
        "causes below add up to hedged. Today begins at 00:00 UTC or with the first prices after it; all times are "
        "UTC. m measures from here too, M clears that."
    )

    def figures(self, view: View) -> tuple[Figure, ...]:
        """What the title's age covers."""
        book = view.book
        return () if book is None else tuple(each.hedged for each in book.attributions)

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """The sums, the causes, what is missing, what one coin costs, and what the figures include."""
        book = view.book
        if book is None or not book.attributions:
            return wrapped("nothing measured yet: it begins with the first prices", width, "label")
        show, split = view.show, width >= SPLIT_WIDTH
        spans = {each.since: each for each in book.attributions}
        several = len(view.snapshot.books) > 1
        sums = [_heading(spans, width, book.name if several else "", split=split)]
        sums += [_sums(show, spans, label, name, width, split=split) for label, name in _SUMS]
        causes = [_cause(show, spans, name, width, split=split) for name in _CAUSES]
        rest = [_sums(show, spans, label, name, width, split=split) for label, name in _REST]
        coins = book.bag if height >= UNLIMITED else book.bag[:MOST_COINS]
        costs = [*(_cost(show, line, width) for line in coins), *_transfers(show, book, width)]
        return _fitted([sums, causes, _missing(book, width), costs, rest, _included(book, width)], height)


_BY_IMPORTANCE = (0, 1, 2, 3, 5, 4)
"""Which of the blocks gets room first: what the figures include before the sums that are left out most easily."""


def _fitted(blocks: list[list[Row]], height: int) -> list[Row]:
    """The first block, and of the others those that fit whole."""
    kept = {0: blocks[0][:height]}
    room = height - len(kept[0])
    for index in _BY_IMPORTANCE[1:]:
        if len(blocks[index]) <= room:
            kept[index] = blocks[index]
            room -= len(blocks[index])
    return [row for index in sorted(kept) for row in kept[index]]


_SUMS = (("unhedged", "unhedged"), ("difference", "protection"), ("hedged", "hedged"))
_REST = (("gross", "gross"), ("realised", "realised"), ("unrealised", "unrealised"))
_Spans = dict[Since, AttributionView]


def _column(width: int, *, split: bool) -> int:
    count = 6 if split else min(len(Since), max(1, (width - LABEL) // LEAST_COLUMN))
    return min(COLUMN, (width - LABEL) // count)


def _shown(width: int) -> list[Since]:
    """As many columns as have room whole."""
    return list(Since)[: max(1, (width - LABEL) // LEAST_COLUMN)]


def _heading(spans: _Spans, width: int, book: str, *, split: bool) -> Row:
    size = _column(width, split=split)
    cells = [Cell(fit(book or "times in UTC", LABEL), "label")]
    for since in _shown(width):
        title = _title(spans, since)
        cells.append(Cell((title if len(title) < size else title.rpartition(" ")[0]).rjust(size), "strong"))
        if split:
            cells.append(Cell("of hedge".rjust(size), "label"))
    return tuple(cells)


def _title(spans: _Spans, since: Since) -> str:
    span = spans.get(since)
    if span is None or since is Since.INCEPTION:
        return since.value
    if since is Since.TODAY:
        return f"today {clock(span.since_ns)}"
    return f"{day(span.since_ns)} {clock(span.since_ns)}"


def _sums(show: Formatter, spans: _Spans, label: str, name: str, width: int, *, split: bool) -> Row:
    size = _column(width, split=split)
    row: list[Cell] = [Cell(fit(label, LABEL), "label")]
    for since in _shown(width):
        span = spans.get(since)
        if span is None:
            row.append(Cell((NO_ANCHOR if name == _SUMS[0][1] else "").rjust(size), "label"))
            break
        row.append(after_space(show.profit(getattr(span, name), size - 1, currency=span.currency)))
        if split:
            share = Cell(" " * size, "text")
            hedge = after_space(show.profit(span.hedge, size - 1, currency=span.currency))
            row.append(hedge if name == "hedged" else share)
    return tuple(row)


def _cause(show: Formatter, spans: _Spans, name: str, width: int, *, split: bool) -> Row:
    size = _column(width, split=split)
    row: list[Cell] = [Cell(fit(f"  {name}", LABEL), "label")]
    for since in _shown(width):
        if (span := spans.get(since)) is None:
            break
        for parts in (span.parts, span.hedge_parts) if split else (span.parts,):
            row.append(after_space(show.profit(getattr(parts, name), size - 1, currency=span.currency)))
    return tuple(row)


def _cost(show: Formatter, line: BagLine, width: int) -> Row:
    figure = line.effective_cost
    return Field(
        f"{line.asset} costs",
        figure,
        show.price(figure),
        line.currency,
        hint="a coin, less what its hedge realised and was paid",
    ).row(show, width)


def _transfers(show: Formatter, book: BookView, width: int) -> list[Row]:
    """What came into the accounts or left them since the user's anchor, or else since inception."""
    span = next((each for each in reversed(book.attributions) if each.since is not Since.TODAY), None)
    moved = span.transfers if span is not None else ()
    return [
        Field(
            f"{each.asset} moved",
            each.amount,
            show.profit(each.amount, currency=each.asset),
            each.asset,
            hint=f"into {each.account} (+) or out of it: no profit",
        ).row(show, width)
        for each in moved
    ]


def _missing(book: BookView, width: int) -> list[Row]:
    """What keeps a profit from being known."""
    rows: list[Row] = []
    for span in book.attributions:
        if span.hedged.missing:
            rows += wrapped(f"{span.since.value} needs {', '.join(span.hedged.missing)}", width, "unknown")
    return rows


def _included(book: BookView, width: int) -> list[Row]:
    return wrapped(f"Included: {book.attributions[0].includes}.", width, "label")
