"""A snapshot as a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from core.events import ConnectionState
from core.figures import Figure
from core.snapshot import AlertView, BagLine, BookView, FeedView, HedgeLine, Snapshot
from tui.format import Cell, Formatter, age
from tui.why_text import explanation_page

WHY_WIDTH = 100


def status_lines(snapshot: Snapshot) -> Iterator[str]:
    """The lines that ``hedgerow status`` prints."""
    form = Formatter(now_ns=snapshot.time_ns)
    worst = "unknown" if snapshot.worst_age_ns is None else age(snapshot.worst_age_ns)
    yield f"{snapshot.mode}  {snapshot.source}  oldest figure {worst} ({snapshot.worst_freshness})"
    for book in snapshot.books:
        yield from _book(book, form)
    yield ""
    alerts = [alert for alert in snapshot.alerts if alert.ended_ns is None]
    yield "alerts: none" if not alerts else "alerts:"
    yield from (_alert(alert) for alert in alerts)
    yield "feeds:" if snapshot.feeds else "feeds: none"
    yield from (_feed(feed, snapshot.time_ns) for feed in snapshot.feeds)
    if missing := _missing(snapshot):
        yield f"missing: {', '.join(missing)}"
    if snapshot.journal:
        yield f"journal: {snapshot.journal}"
    if snapshot.explanation is not None:
        yield ""
        for row in explanation_page(form, snapshot.explanation, WHY_WIDTH).rows:
            yield "".join(cell.text for cell in row).rstrip()


def _book(book: BookView, form: Formatter) -> Iterator[str]:
    totals = book.totals
    yield ""
    yield f"book {book.name}"
    for bag in book.bag:
        yield _bag(bag, form)
    for hedge in book.hedges:
        yield from _hedge(hedge, form)
    yield (
        f"  net {_text(form.profit(totals.net_profit))} {totals.currency}"
        f"  hedge ratio {_text(form.percent(totals.ratio))}, target {_text(form.percent(totals.target_ratio))}"
    )


def _bag(bag: BagLine, form: Formatter) -> str:
    return (
        f"  bag {_text(form.coins(bag.quantity))} {bag.asset} at {_text(form.price(bag.price))} ({bag.price_source})"
        f" = {_text(form.money(bag.value))} {bag.currency}, profit {_text(form.profit(bag.profit))}"
    )


def _hedge(hedge: HedgeLine, form: Formatter) -> Iterator[str]:
    funding = hedge.funding
    yield (
        f"  hedge {_text(form.coins(hedge.quantity, signed=True))} {hedge.instrument}"
        f" at {_text(form.price(hedge.mark_price))} (mark),"
        f" profit {_text(form.profit(hedge.profit, currency=hedge.settle))} {hedge.settle}"
    )
    away = f" ({_text(form.percent(hedge.liquidation_distance))} away)" if hedge.liquidation_distance.known else ""
    yield (
        f"    margin usage {_text(form.percent(hedge.margin_usage))}"
        f"  liquidation {_text(form.price(hedge.liquidation_price))}{away}"
    )
    hours = "—" if funding.interval_hours.value is None else f"{funding.interval_hours.value:f}"
    yield (
        f"    funding {_text(form.rate(funding.rate))} per {hours} h"
        f" ({_text(form.rate(funding.annualised, places=1))} a year),"
        f" next payment {_text(form.profit(funding.next_payment, currency=hedge.settle))} {hedge.settle}"
        f" in {_text(form.countdown(funding.next_funding_ns))}"
        f"  basis {_text(form.rate(hedge.basis))}"
    )
    yield (
        f"    ratio {_text(form.percent(hedge.ratio))}, target {_text(form.percent(hedge.target_ratio))},"
        f" drift {_text(form.points(hedge.drift))}"
    )


def _alert(alert: AlertView) -> str:
    return f"  {alert.severity.upper()}: {alert.text}"


def _feed(feed: FeedView, now_ns: int) -> str:
    heard = "nothing yet" if feed.last_data_ns is None else f"data {age(now_ns - feed.last_data_ns)} ago"
    reason = f" ({feed.reason})" if feed.reason else ""
    state = "open" if feed.state is ConnectionState.LIVE and feed.last_data_ns is None else feed.state.value
    return f"  {feed.venue} {feed.connection}: {state}{reason}, {heard}, {feed.faults} faults"


def _missing(snapshot: Snapshot) -> list[str]:
    """The inputs for want of which figures are unknown, each once."""
    names: dict[str, None] = {}
    for book in snapshot.books:
        for line in (*book.bag, *book.hedges, book.totals):
            for field in line.__struct_fields__:
                value = getattr(line, field)
                if isinstance(value, Figure):
                    names |= dict.fromkeys(value.missing)
    return list(names)


def _text(cell: Cell) -> str:
    return cell.text.strip()
