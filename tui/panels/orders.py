"""What has been sent and what became of it."""

from __future__ import annotations

from decimal import Decimal

from core.events import OrderState
from core.snapshot import HedgeLine, OrderView
from tui.format import Cell, Formatter, clock, day, exact
from tui.glyphs import DASH, MASKED
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, fit, row_width, wrapped

_ROLES = {
    OrderState.FILLED: "safe",
    OrderState.REJECTED: "danger",
    OrderState.CANCELLED: "label",
    OrderState.UNKNOWN: "blind",
}


NONE_YET = "no orders yet: + and − move the target, enter previews the order that gets there"


class OrdersPanel(Panel):
    """Orders, newest first."""

    NUMBER = 8
    TITLE = "orders"
    HELP = "Orders sent from here, the newest first. Paper orders are filled here against the live quotes."

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """Two rows an order, more where it was refused; the last row counts those that have no room."""
        orders = view.live.orders
        if not orders:
            return wrapped(NONE_YET, width, "label")
        rows: list[Row] = []
        for index, order in enumerate(orders):
            block = _order(view, order, width)
            last = index == len(orders) - 1
            if rows and len(rows) + len(block) > height - (0 if last else 1):
                return [*rows, (Cell(f"{len(orders) - index} more: 8 shows all", "label"),)]
            rows += block
        return rows[:height]


def _order(view: View, order: OrderView, width: int) -> list[Row]:
    show, hedge = view.live_show, _hedge_of(view, order)
    venue, _, symbol = order.instrument.split(":", 2)
    unit = f" {hedge.quantity_unit}" if hedge is not None else ""
    quote = f" {hedge.quote}" if hedge is not None else ""
    state = Cell(order.state.replace("_", " ").upper(), _ROLES.get(order.state, "watch"))
    size = MASKED * 5 if show.private else _digits(order.quantity.value)
    whole: Row = (
        Cell(_moment(show, order.updated_ns), "age"),
        Cell(f" {order.side.upper()} {size}{unit} ", "strong"),
        Cell(f"{venue} {symbol} ", "text"),
        state,
        Cell(" paper" if order.paper else "", "label"),
    )
    head: Row = whole if row_width(whole) <= width else (*whole[:2], Cell(f"{symbol} ", "text"), state)
    price = show.price(order.average_price, 20).text.strip()
    filled = MASKED * 5 if show.private else _digits(order.filled_quantity.value)
    rows: list[Row] = [head, (Cell(fit(f"      {filled}{unit} filled at {price}{quote}", width), "label"),)]
    if order.reason:
        rows += wrapped(show.told(order.reason), width, "label")
    return rows


def _hedge_of(view: View, order: OrderView) -> HedgeLine | None:
    """The hedge that the order was for: it knows the units."""
    hedges = (hedge for book in view.live.books for hedge in book.hedges)
    return next((hedge for hedge in hedges if hedge.instrument == order.instrument), None)


def _moment(show: Formatter, nanoseconds: int) -> str:
    """The time in UTC, with the day where that is not today."""
    today = day(nanoseconds) == day(show.now_ns)
    return f"{clock(nanoseconds)} UTC" if today else f"{day(nanoseconds)} {clock(nanoseconds)} UTC"


def _digits(value: Decimal | None) -> str:
    return exact(value) if value is not None else DASH
