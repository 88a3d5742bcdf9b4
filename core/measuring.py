"""What each book's profit is measured from: its beginning, the first valuation of the UTC day, the user's own anchor.

An anchor is taken only of a book of which everything is known, and journaled, so that a restart goes on measuring from
it. One that no longer describes the book (a position was rewritten, an asset or a contract taken out) is given up and
says so: the difference to it would be no profit.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.anchors import Anchor, Coins, Leg, day_start_ns, with_deposit
from core.attribution import MoveMemo, UnknownAttribution, attribute
from core.attribution_view import Span, attribution_view, inception, net_cost, not_measured, since_kept
from core.book_anchor import BookNow, Kept, book_now, fits, only_new_gaps, with_sums
from core.books import Book
from core.errors import RequestError
from core.freshness import SECOND_NS
from core.ledger import Ledger
from core.market import Market
from core.memo import Memo
from core.records import AnchorKept, BagCounted, Recorder
from core.snapshot import AttributionView, BookView, HedgeLine, Since
from core.valuation import Valuation

NOT_SET = "no anchor is set"
FIRM = "prices that are neither stale nor estimated, to begin with"
PATIENCE_NS = 60 * SECOND_NS
"""For how long a day, or a run, waits for prices that are neither stale nor estimated before it begins without."""


class _Measured:
    """One book: its anchors, and what came into its bag.

    ``settled`` once this run has checked what it began with; ``waiting_ns`` is since when the book is whole but not all
    of its prices are firm, ``None`` while it does not wait.
    """

    __slots__ = ("book", "kept", "legs", "moves", "settled", "sums", "views", "waiting_ns")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.kept: dict[Since, Kept] = {}
        self.sums: dict[str, Coins] = {}
        self.legs: Memo[Leg] = Memo()
        self.views: Memo[BookView] = Memo()
        checked: Memo[bool] = Memo()
        self.moves = {since: MoveMemo(checked) for since in Since}
        self.settled = False
        self.waiting_ns: int | None = None


class Measuring:
    """Keeps the anchors of every book, and measures from them."""

    def __init__(
        self, books: Iterable[Book], market: Market, ledger: Ledger, valuation: Valuation, recorder: Recorder
    ) -> None:
        self._market = market
        self._valuation = valuation
        self._ledger = ledger
        self._recorder = recorder
        self._books = {book.name: _Measured(book) for book in books}
        self._news: list[str] = []

    # --- restoring -------------------------------------------------------------------------------------------

    def restore(self, record: AnchorKept | BagCounted) -> None:
        """Take in what an earlier run wrote."""
        measured = self._books.get(record.book)
        if measured is None:
            return
        if isinstance(record, BagCounted):
            measured.sums[record.coins.asset] = record.coins
        elif record.kept is None:
            measured.kept.pop(record.since, None)
        else:
            measured.kept[record.since] = record.kept

    def rewritten(self, book: str) -> None:
        """A position of the book starts anew from what its user wrote: what was measured up to it has no end."""
        measured = self._books.get(book)
        if measured is not None and measured.kept:
            self._give_up(measured, "a position was rewritten")

    def _give_up(self, measured: _Measured, reason: str) -> None:
        if Since.ANCHOR in measured.kept:
            self._news.append(f"the anchor of {measured.book.name} is given up: {reason}; set it again")
        measured.kept.clear()

    def take_news(self) -> list[str]:
        """What a user must be told, each once."""
        news, self._news = self._news, []
        return news

    # --- keeping ---------------------------------------------------------------------------------------------

    def advance(self, views: Iterable[BookView], now_ns: int) -> None:
        """Let time pass: count a bag that was rewritten, and begin a new day."""
        for view in views:
            measured = self._books[view.name]
            held = measured.kept.get(Since.TODAY)
            today = held is not None and day_start_ns(now_ns) <= held.anchor.time_ns <= now_ns
            if measured.settled and today:
                continue
            now = self._now(measured, view, now_ns)
            if not _ready(measured, now):
                continue
            if not measured.settled:
                self._settle(measured, now, now_ns)
            if today and Since.TODAY in measured.kept:
                continue
            kept = _kept(now, measured.sums)
            measured.kept[Since.TODAY] = kept
            self._recorder.note(AnchorKept(book=view.name, since=Since.TODAY, kept=kept), now_ns)

    def _now(self, measured: _Measured, view: BookView, now_ns: int) -> BookNow:
        return book_now(measured.book, view, self._market, self._ledger, now_ns, measured.legs, self._valuation.held)

    def _settle(self, measured: _Measured, now: BookNow, now_ns: int) -> None:
        """Once in a run, as soon as everything is known: is the book still what its anchors and sums are of?"""
        measured.settled = True
        if not all(fits(kept.anchor, now.anchor) for kept in measured.kept.values()):
            self._give_up(measured, "the book holds other assets or contracts")
            for since in (Since.TODAY, Since.ANCHOR):
                self._recorder.note(AnchorKept(book=measured.book.name, since=since, kept=None), now_ns)
        held = {line.asset: line for line in now.anchor.coins}
        for asset, before in list(measured.sums.items()):
            if (asset not in held or held[asset].currency != before.currency) and before.quantity:
                gone = Coins(asset=asset, currency=before.currency, quantity=Decimal(0), price=None)
                self._count(measured, gone, now_ns)
        for line in now.anchor.coins:
            self._count_line(measured, line, now.anchor, now_ns)

    def _count_line(self, measured: _Measured, line: Coins, anchor: Anchor, now_ns: int) -> None:
        blank = Coins(asset=line.asset, currency=line.currency, quantity=Decimal(0), price=None)
        before = measured.sums.get(line.asset, blank)
        before = blank if before.currency != line.currency else before
        came, rate = line.quantity - before.quantity, anchor.rate(line.currency)
        if came and line.price is not None and rate is not None:
            self._count(measured, with_deposit(before, came, line.price, rate), now_ns)

    def _count(self, measured: _Measured, coins: Coins, now_ns: int) -> None:
        measured.sums[coins.asset] = coins
        self._recorder.note(BagCounted(book=measured.book.name, coins=coins), now_ns)

    # --- the user's anchor -----------------------------------------------------------------------------------

    def set_anchor(self, book: str, now_ns: int) -> str:
        """Measure from here; what was done or why not, in words. Raises JournalError, and then nothing has changed."""
        measured = self._books[book]
        view = self._valuation.book(measured.book, now_ns)
        self.advance((view,), now_ns)
        now = self._now(measured, view, now_ns)
        if missing := _lacking(now):
            return f"cannot measure from here: needs {', '.join(missing)}"
        if not measured.settled:
            self._settle(measured, now, now_ns)
        kept = _kept(now, measured.sums)
        self._recorder.intend(AnchorKept(book=book, since=Since.ANCHOR, kept=kept), now_ns)
        measured.kept[Since.ANCHOR] = kept
        return f"the P&L of {book} is measured from here too"

    def clear_anchor(self, book: str, now_ns: int) -> str:
        """Measure from the anchor no longer. Raises JournalError, and then nothing has changed."""
        measured = self._books[book]
        if Since.ANCHOR not in measured.kept:
            return NOT_SET
        self._recorder.intend(AnchorKept(book=book, since=Since.ANCHOR, kept=None), now_ns)
        del measured.kept[Since.ANCHOR]
        return f"the anchor of {book} is cleared"

    # --- measuring -------------------------------------------------------------------------------------------

    def measured(self, view: BookView, now_ns: int) -> BookView:
        """The view with its profits and the effective cost of its coins; the same for the same view."""
        measured = self._books[view.name]
        kept, moved = measured.kept, self._ledger.wallets.transfers
        today = kept[Since.TODAY].anchor.time_ns if Since.TODAY in kept else 0
        begun = all(item.anchor.time_ns <= now_ns for item in kept.values()) and today >= day_start_ns(now_ns)
        if not measured.settled or not begun:
            return self._measure(measured, view, now_ns)
        made_of = (view, *kept, *kept.values(), *measured.sums.values(), *moved, *moved.values())
        return measured.views.get(view.name, made_of) or measured.views.put(
            view.name, made_of, self._measure(measured, view, now_ns)
        )

    def _measure(self, measured: _Measured, view: BookView, now_ns: int) -> BookView:
        now = self._now(measured, view, now_ns)
        attributions = [
            attribution_view(inception(now), now, measured.moves[Since.INCEPTION]),
            self._today(measured, now),
        ]
        if (kept := measured.kept.get(Since.ANCHOR)) is not None:
            attributions.append(_since(Since.ANCHOR, kept, measured, now))
        legs: dict[str, list[HedgeLine]] = {}
        for hedge in view.hedges:
            legs.setdefault(hedge.asset, []).append(hedge)
        bag = tuple(
            msgspec.structs.replace(line, effective_cost=net_cost(line, legs.get(line.asset, ()))) for line in view.bag
        )
        return msgspec.structs.replace(view, bag=bag, attributions=tuple(attributions))

    def span(self, view: BookView, since: Since, now_ns: int) -> tuple[Span | None, BookNow]:
        """Over what a profit of the view is measured, and the book as it is now; no span where it is not measured."""
        measured = self._books[view.name]
        now, kept = self._now(measured, view, now_ns), measured.kept.get(since)
        if since is Since.INCEPTION:
            return inception(now), now
        over = since is Since.TODAY and kept is not None and kept.anchor.time_ns < day_start_ns(now_ns)
        if kept is None or over or not measured.settled:
            return None, now
        return since_kept(since, kept, now, measured.sums), now

    def _today(self, measured: _Measured, now: BookNow) -> AttributionView:
        kept = measured.kept.get(Since.TODAY)
        begun = day_start_ns(now.anchor.time_ns)
        if kept is None or kept.anchor.time_ns < begun:
            return not_measured(Since.TODAY, begun, now, _lacking(now) or (FIRM,))
        return _since(Since.TODAY, kept, measured, now)


def _since(since: Since, kept: Kept, measured: _Measured, now: BookNow) -> AttributionView:
    if not measured.settled:
        return not_measured(since, kept.anchor.time_ns, now, _lacking(now) or (FIRM,))
    return attribution_view(since_kept(since, kept, now, measured.sums), now, measured.moves[since])


def _kept(now: BookNow, sums: dict[str, Coins]) -> Kept:
    return Kept(anchor=with_sums(now.anchor, sums), transfers=now.transfers, estimated=now.estimated)


def _ready(measured: _Measured, now: BookNow) -> bool:
    """True where the book can be measured from: it is whole, and its prices are firm or have been waited for."""
    if _lacking(now):
        return False
    now_ns = now.anchor.time_ns
    if now.estimated and measured.waiting_ns is None:
        measured.waiting_ns = now_ns
    if now.estimated and now_ns - (measured.waiting_ns or 0) < PATIENCE_NS:
        return False
    measured.waiting_ns = None
    return True


def _lacking(now: BookNow) -> tuple[str, ...]:
    """What the book lacks to be measured from; gaps in what happened earlier do not matter to it."""
    if now.missing:
        return now.missing
    try:
        found = attribute(*only_new_gaps(now.anchor, now.anchor))
    except RequestError as error:
        return (str(error),)
    if isinstance(found, UnknownAttribution):
        return tuple(dict.fromkeys(gap.removesuffix(" at the anchor") for gap in found.missing))
    return ()
