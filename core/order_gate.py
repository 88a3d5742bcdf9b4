"""The gate that a staged order must pass: every limit, filter and doubt that forbids sending it now."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.books import Account, Book, Hedge
from core.figures import Figure, Freshness, total
from core.freshness import SECOND_NS
from core.hedging import Sizing
from core.instrument_market import Field
from core.instruments import Instrument
from core.ledger import Ledger
from core.market import Market
from core.positions import Position
from core.risk import settlement_due, used_up
from core.snapshot import AccountView, HedgeLine
from core.valuation import Valuation

MINUTE_NS = 60 * SECOND_NS


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """The order being looked at. ``sizing`` holds what the target asked for when it was staged, from the position
    and the mark price of that moment."""

    client_order_id: str
    book: Book
    hedge: Hedge
    account: Account
    sizing: Sizing
    held_quantity: Decimal
    mark_price: Decimal


class Wanted(NamedTuple):
    """What the order would trade: the contract, at what price and where that is from, and its notional in quote."""

    instrument: Instrument
    price: Figure
    price_source: str
    notional: Figure


class OrderGate:
    """Judges an order by present data."""

    def __init__(self, market: Market, ledger: Ledger, valuation: Valuation) -> None:
        self._market = market
        self._ledger = ledger
        self._valuation = valuation

    def refusals(
        self,
        staged: Staged,
        wanted: Wanted,
        after: HedgeLine,
        account: AccountView,
        now_ns: int,
        journal_failure: str,
    ) -> tuple[str, ...]:
        """Everything that forbids sending the order now, each in words of its own; ``after`` and ``account`` are the
        hedge and its account as they would be."""
        limits, hedge = staged.book.limits, staged.hedge
        found = list(staged.sizing.refusals)
        if not staged.account.paper:
            found.append(f"account {staged.account.name} takes no orders: only paper accounts do")
        if journal_failure:
            found.append(journal_failure)
        instrument, notional = wanted.instrument, wanted.notional
        status = "expired" if settlement_due(instrument, now_ns) else instrument.status
        if status != "trading":
            found.append(f"{hedge.instrument} is not open for trading: {status}")
        found += filter(None, [self._market.closed(hedge.instrument, now_ns)])
        found += self._price_refusals(staged, wanted, now_ns)
        if notional.value is None and staged.sizing.quantity:
            found.append(f"the notional is unknown: {', '.join(notional.missing)}")
        elif notional.value is not None and notional.value > limits.maximum_order_notional:
            found.append(f"notional {notional.value:,.2f} is above the limit of {limits.maximum_order_notional:,f}")
        created = (order.request.created_ns for order in self._ledger.orders.values())
        if sum(1 for sent_ns in created if now_ns - sent_ns < MINUTE_NS) >= limits.maximum_orders_per_minute:
            found.append(f"{limits.maximum_orders_per_minute} orders were sent within a minute: that is the limit")
        found += self._ratio_refusals(staged, after, now_ns)
        found += self._margin_refusals(staged, after, account)
        found += self._position_refusals(staged)
        return tuple(found)

    def _ratio_refusals(self, staged: Staged, after: HedgeLine, now_ns: int) -> list[str]:
        """The limit is on the asset: legs of one coin count together."""
        if staged.sizing.reduce_only:
            return []
        hedge, limit = staged.hedge, staged.book.limits.maximum_ratio
        lines = self._valuation.book(staged.book, now_ns).hedges
        others = (line for line in lines if line.asset == hedge.asset and line.instrument != hedge.instrument)
        ratio = total(after.ratio, *(line.ratio for line in others))
        if ratio.value is None:
            return [f"the hedge ratio of {hedge.asset} would be unknown: {', '.join(ratio.missing)}"]
        if ratio.value > limit:
            return [
                f"the hedge ratio of {hedge.asset} would be {ratio.value * 100:.1f}%, the limit is {percent(limit)}"
            ]
        return []

    def _position_refusals(self, staged: Staged) -> list[str]:
        hedge, found = staged.hedge, []
        position = self._ledger.position(*hedge.key)
        if position.quantity != staged.held_quantity:
            found.append("the position has changed since this was staged: stage again")
        if position.unbooked:
            found.append(f"the position is not known: {position.unbooked}")
        if gap := entry_gap(position):
            found.append(gap)
        for order in self._ledger.outstanding(hedge.key):
            if order.request.client_order_id != staged.client_order_id:
                found.append(f"the order to {order.request.in_words} is still {order.state.value.replace('_', ' ')}")
        return found

    def _price_refusals(self, staged: Staged, wanted: Wanted, now_ns: int) -> list[str]:
        price, source = wanted.price, wanted.price_source
        mark = self._market.figure(staged.hedge.instrument, Field.MARK, now_ns)
        found = [
            f"the {name} is {figure.freshness.value}"
            for name, figure in {source: price, "mark price": mark}.items()
            if figure.freshness is not Freshness.LIVE
        ]
        if price.value is None or mark.value is None:
            return found
        band = staged.book.limits.price_band
        if abs(mark.value - staged.mark_price) > band * staged.mark_price:
            found.append(f"the mark price has moved more than {percent(band)} since this was staged: stage again")
        edge = mark.value * (1 - band if staged.sizing.side == "sell" else 1 + band)
        if (price.value < edge) if staged.sizing.side == "sell" else (price.value > edge):
            apart = f"is more than {percent(band)} away from the mark {mark.value:,f}"
            found.append(f"the {source} {price.value:,f} {apart}")
        return found

    @staticmethod
    def _margin_refusals(staged: Staged, after: HedgeLine, account: AccountView) -> list[str]:
        if staged.sizing.reduce_only or not staged.sizing.quantity:
            return []
        found = []
        distance = after.liquidation_distance.value
        if used_up(after.margin_usage) or (distance is not None and distance <= 0):
            found.append("the position would be past liquidation at once")
        if after.margin_usage.missing:
            found.append(f"the margin usage would be unknown: {', '.join(after.margin_usage.missing)}")
        free = account.available.value
        if free is None:
            found.append(f"the margin available is unknown: {', '.join(account.available.missing)}")
        elif free < 0:
            found.append(f"account {account.name} lacks {-free:,.2f} {account.settle} of margin")
        return found


def entry_gap(position: Position) -> str:
    """Why a fill could not be added to what is held; empty where it could."""
    if not position.open or position.entry_price is not None:
        return ""
    return f"the entry price of {position.instrument} is unknown: what the order would leave is too"


def percent(fraction: Decimal) -> str:
    """A fraction as a percentage without spare zeros."""
    return f"{(fraction * 100).normalize():f}%"
