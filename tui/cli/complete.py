"""Whether a snapshot has everything that the market can tell."""

from __future__ import annotations

from collections.abc import Iterator

from core.figures import Figure
from core.snapshot import BookView, Snapshot


def is_complete(snapshot: Snapshot) -> bool:
    """Whether the market has said everything: what is unknown now is unknown for another reason."""
    return not any(figure.missing for book in snapshot.books for figure in _from_the_market(book))


def _from_the_market(book: BookView) -> Iterator[Figure]:
    for bag in book.bag:
        yield bag.price
    for hedge in book.hedges:
        yield from (hedge.mark_price, hedge.index_price, hedge.bid_price, hedge.ask_price, hedge.maintenance_margin)
        if hedge.quantity.known:  # of none of a contract the margin is known without its description, the hedge is not
            yield hedge.delta
        yield from (hedge.funding.rate, hedge.funding.interval_hours, hedge.funding.next_funding_ns)
