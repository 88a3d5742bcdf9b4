"""The parts of a snapshot that are not a book: markets, orders, and how old the oldest input is."""

from __future__ import annotations

from collections.abc import Iterable

from core.figures import Figure, Freshness, exact, unknown, worst
from core.instrument_market import Field
from core.ledger import Ledger
from core.market import Market
from core.positions import Order
from core.rules import inputs
from core.snapshot import BookView, MarketView, OrderView

ORDERS_SHOWN = 50


def markets(market: Market, now_ns: int) -> tuple[MarketView, ...]:
    """Every instrument that a feed speaks of."""
    return tuple(
        MarketView(
            instrument=name,
            mark_price=market.figure(name, Field.MARK, now_ns),
            index_price=market.figure(name, Field.INDEX, now_ns),
            bid_price=market.figure(name, Field.BID, now_ns),
            ask_price=market.figure(name, Field.ASK, now_ns),
            funding_rate=market.figure(name, Field.FUNDING_RATE, now_ns),
            funding_interval_hours=market.figure(name, Field.FUNDING_INTERVAL, now_ns),
            next_funding_ns=market.figure(name, Field.NEXT_FUNDING, now_ns),
        )
        for name in market.heard()
    )


def orders(ledger: Ledger) -> tuple[OrderView, ...]:
    """Orders sent, newest first."""
    newest = list(ledger.orders.values())[-ORDERS_SHOWN:]
    return tuple(_order(ledger, order) for order in reversed(newest))


def _order(ledger: Ledger, order: Order) -> OrderView:
    request = order.request
    account = ledger.accounts.get(request.account)
    average = Figure(absent="not filled") if order.average_price is None else exact(order.average_price)
    if order.average_price is None and order.filled_quantity:
        average = unknown("average price of the fills")
    return OrderView(
        client_order_id=request.client_order_id,
        account=request.account,
        instrument=request.instrument,
        side=request.side,
        quantity=exact(request.quantity),
        filled_quantity=exact(order.filled_quantity),
        average_price=average,
        state=order.state,
        reason=order.reason,
        updated_ns=order.updated_ns,
        paper=account is None or account.paper,
    )


def oldest_input(books: Iterable[BookView], now_ns: int) -> tuple[int | None, Freshness]:
    """Age of the oldest market input of any hedge leg (``None`` while one was never seen), and the worst freshness."""
    figures = [figure for view in books for line in view.hedges for _, figure in inputs(view, line)]
    figures += [line.price for view in books if not view.hedges for line in view.bag]
    if not figures:
        return None, Freshness.UNKNOWN
    observed = [figure.observed_ns for figure in figures]
    freshness = worst(*(figure.freshness for figure in figures))
    known = [seen for seen in observed if seen is not None]
    return (max(0, now_ns - min(known)) if len(known) == len(observed) else None), freshness
