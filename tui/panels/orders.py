"""What has been sent and what became of it."""

from __future__ import annotations

from decimal import Decimal

from core.events import OrderState
from core.snapshot import OrderView
from tui.format import Cell, Formatter, clock, exact
from tui.glyphs import DASH, MASKED
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, fit, wrapped

_ROLES = {
    OrderState.FILLED: "safe",
    OrderState.REJECTED: "danger",
    OrderState.CANCELLED: "label",
    OrderState.UNKNOWN: "blind",
}


class OrdersPanel(Panel):
    """Orders, newest first."""

    NUMBER = 8
    TITLE = "orders"
    HELP = "Orders sent from here, the newest first. Paper orders are filled here against the live quotes."

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """Two rows an order, three where it was refused."""
        if not view.live.orders:
            return [(Cell("no orders yet", "label"),)]
        rows: list[Row] = []
        for order in view.live.orders:
            rows += _order(view.live_show, order, width)
            if len(rows) >= height:
                break
        return rows[:height]


def _order(show: Formatter, order: OrderView, width: int) -> list[Row]:
    symbol = order.instrument.split(":", 2)[2]
    size = MASKED * 5 if show.private else _digits(order.quantity.value)
    head: Row = (
        Cell(clock(order.updated_ns), "age"),
        Cell(f" {order.side.upper()} {size} ", "strong"),
        Cell(f"{symbol} ", "text"),
        Cell(order.state.replace("_", " ").upper(), _ROLES.get(order.state, "watch")),
        Cell(" paper" if order.paper else "", "label"),
    )
    price = show.price(order.average_price, 20).text.strip()
    filled = MASKED * 5 if show.private else _digits(order.filled_quantity.value)
    rows: list[Row] = [head, (Cell(fit(f"      {filled} filled at {price}", width), "label"),)]
    if order.reason:
        rows += wrapped(order.reason, width, "label")
    return rows


def _digits(value: Decimal | None) -> str:
    return exact(value) if value is not None else DASH
