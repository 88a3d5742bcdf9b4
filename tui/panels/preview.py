"""The staged order: its size before and after the venue's filters, its price and fee, and the book before and after."""

from __future__ import annotations

from core.figures import Figure
from core.snapshot import BookView, HedgeLine, StageView
from tui.format import Cell, Formatter, exact
from tui.glyphs import ARROW, DASH, MASKED
from tui.panel import Lines
from tui.panels.fields import badge
from tui.picture import View
from tui.rows import BLANK, Row, boxed, fit, wrapped
from tui.words import distance_verdict, usage_verdict

LABEL = 16
COLUMN = 16


class PreviewPanel(Lines):
    """The order preview's box."""

    def height_for(self, view: View, width: int) -> int:
        """How many rows the preview wants."""
        stage = view.live.stage
        return 2 + (len(_content(view, stage, width - 4)) if stage is not None else 1)

    def lines(self, view: View) -> list[Row]:
        """The box, or a word where the order has gone."""
        width, height = self.place.width, self.place.height
        stage = view.live.stage
        content: list[Row] = [(Cell("the order has been dropped", "label"),)]
        if stage is not None:
            content = _content(view, stage, width - 4)
            if len(content) > height - 2:
                content = [row for row in content if row != BLANK]
        paper = stage is None or stage.paper
        kind = "PAPER ORDER: nothing is sent to the venue" if paper else "LIVE ORDER"
        if len(kind) + 24 > width:
            kind = kind.partition(":")[0]
        right: Row = (Cell(f" {kind} ", "frozen" if paper else "danger_badge"),)
        return boxed((Cell("order preview", "title"),), right, content, width, height, "focus")


def _content(view: View, stage: StageView, width: int) -> list[Row]:
    show = view.live_show
    found = _hedge_of(view, stage)
    unit = stage.quantity_unit
    symbol = stage.instrument.split(":", 2)[2]
    head: Row = (
        Cell(f"{stage.side.upper()} {_size(show, stage.quantity)} {unit}", "strong"),
        Cell(f"  {symbol}", "value"),
        Cell(f"  {stage.instrument.rpartition(':')[0].replace(':', ' ')}, account {stage.account}", "label"),
        Cell("  reduce-only" if stage.reduce_only else "", "value"),
    )
    rows: list[Row] = [
        head,
        BLANK,
        _line("asked for", _size(show, stage.raw_quantity), unit, "before the venue's filters"),
        _line("size", _size(show, stage.quantity), unit, "rounded so as never to over-hedge"),
        _line(
            "left over", _size(show, stage.residual), _asset(found), "stays unhedged" if stage.residual.value else ""
        ),
        _line("price", show.price(stage.price).text.strip(), _quote(found), stage.price_source),
        _line("notional", show.money(stage.notional).text.strip(), _quote(found), ""),
        _line("fee", show.money(stage.fee, currency=stage.settle).text.strip(), stage.settle, stage.fee_source),
        BLANK,
    ]
    rows += _before_after(show, stage, found)
    rows.append(BLANK)
    for text in stage.refusals:
        shown = f"REFUSED: {text}"
        rows += wrapped(shown, width, "danger")
    if stage.refusals:
        rows.append((Cell("y does nothing while the order is refused; x drops it", "label"),))
    elif show.private:
        rows.append((Cell("p", "key"), Cell(" shows the size, which private mode hides; then ", "label"), *_keys()))
    else:
        rows.append(_keys())
    return rows


def _keys() -> Row:
    return (
        Cell("y", "key"),
        Cell(" sends it as a paper order   ", "text"),
        Cell("x", "key"),
        Cell(" or ", "label"),
        Cell("esc", "key"),
        Cell(" drops it", "text"),
    )


def _hedge_of(view: View, stage: StageView) -> tuple[BookView, HedgeLine] | None:
    for book in view.live.books:
        for hedge in book.hedges:
            if book.name == stage.book and hedge.instrument == stage.instrument:
                return book, hedge
    return None


def _asset(found: tuple[BookView, HedgeLine] | None) -> str:
    return found[1].asset if found is not None else ""


def _quote(found: tuple[BookView, HedgeLine] | None) -> str:
    return found[1].quote if found is not None else ""


def _size(show: Formatter, figure: Figure) -> str:
    """A size with every digit: it is what somebody is about to confirm."""
    if figure.value is None or not show.known(figure):
        return DASH
    return MASKED * 5 if show.private else exact(figure.value)


def _line(label: str, value: str, unit: str, hint: str) -> Row:
    return (
        Cell(fit(label, LABEL), "label"),
        Cell(value.rjust(COLUMN), "value"),
        Cell(f" {unit}".ljust(7), "label"),
        Cell(f" {hint}", "label"),
    )


def _before_after(show: Formatter, stage: StageView, found: tuple[BookView, HedgeLine] | None) -> list[Row]:
    """Each figure as it is now and as it would be, and what the latter means."""
    after = stage.after
    header = (
        Cell(fit("", LABEL), "label"),
        Cell("now".rjust(COLUMN), "label"),
        Cell("after".rjust(COLUMN + 4), "label"),
    )
    if found is None:
        return [header, (Cell("the hedge it belongs to is no longer there", "blind"),)]
    book, hedge = found
    target = f" target {show.percent(hedge.target_ratio).text.strip()}"
    usage = usage_verdict(show, after.margin_usage, book.thresholds)
    distance = distance_verdict(show, after.liquidation_distance, book.thresholds)
    return [
        header,
        _pair(
            "position",
            _exact_cell(show, hedge.quantity),
            _exact_cell(show, after.quantity),
            Cell(f" {stage.quantity_unit}", "label"),
        ),
        _pair("hedge ratio", show.percent(hedge.ratio), show.percent(after.ratio), Cell(target, "label")),
        _pair(
            "margin",
            show.money(hedge.margin, currency=stage.settle),
            show.money(after.margin, currency=stage.settle),
            Cell(f" {stage.settle}", "label"),
        ),
        _pair("margin use", show.percent(hedge.margin_usage), show.percent(after.margin_usage), badge(usage)),
        _pair(
            "liq. price",
            show.price(hedge.liquidation_price),
            show.price(after.liquidation_price),
            Cell(f" {hedge.quote}", "label"),
        ),
        _pair(
            "distance",
            show.percent(hedge.liquidation_distance),
            show.percent(after.liquidation_distance),
            badge(distance),
        ),
    ]


def _pair(label: str, now: Cell, then: Cell, tail: Cell) -> Row:
    return (
        Cell(fit(label, LABEL), "label"),
        Cell(now.text.rjust(COLUMN), now.role),
        Cell(f"  {ARROW} ", "label"),
        Cell(then.text.rjust(COLUMN), "strong" if then.role == "value" else then.role),
        tail,
    )


def _exact_cell(show: Formatter, figure: Figure) -> Cell:
    text = _size(show, figure)
    return Cell(text, "unknown" if text == DASH else "value")
