"""The parts of a snapshot that are not a book: markets, orders, and how old the oldest input is."""

from __future__ import annotations

from collections.abc import Iterable

from core.figures import Figure, Freshness, exact, unknown, worst
from core.instrument_market import Shown
from core.ledger import Ledger
from core.market import Market
from core.market_day import MarketDay, PastShown
from core.memo import Memo
from core.positions import Order
from core.rules import all_inputs
from core.snapshot import BookView, MarketView, OrderView

ORDERS_SHOWN = 50


def markets(market: Market, past: MarketDay, memo: Memo[MarketView], now_ns: int) -> tuple[MarketView, ...]:
    """Every instrument that a feed speaks of; ``memo`` has those of the picture before."""
    found = []
    for name in market.heard():
        inputs = (market.shown(name, now_ns), past.shown(name, now_ns))
        found.append(memo.get(name, inputs) or memo.put(name, inputs, _market(name, *inputs)))
    return tuple(found)


def _market(name: str, shown: Shown, past: PastShown) -> MarketView:
    return MarketView(
        instrument=name,
        mark_price=shown.mark,
        index_price=shown.index,
        bid_price=shown.bid,
        ask_price=shown.ask,
        funding_rate=shown.funding_rate,
        funding_interval_hours=shown.funding_interval,
        next_funding_ns=shown.next_funding,
        settled_rate=past.settled_rate,
        settled_ns=past.settled_ns,
        day_open=past.day_open,
        day_high=past.day_high,
        day_low=past.day_low,
        day_volume=past.day_volume,
        day_turnover=past.day_turnover,
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
    figures = [figure for view in books for figure in all_inputs(view)]
    figures += [line.price for view in books if not view.hedges for line in view.bag]
    if not figures:
        return None, Freshness.UNKNOWN
    observed = [figure.observed_ns for figure in figures]
    freshness = worst(*(figure.freshness for figure in figures))
    known = [seen for seen in observed if seen is not None]
    return (max(0, now_ns - min(known)) if len(known) == len(observed) else None), freshness
