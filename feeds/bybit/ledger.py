"""Bybit's transaction log to events: funding and fees. Pure.

Source: https://bybit-exchange.github.io/docs/v5/account/transaction-log
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.events import AnyEvent, FeeCharged, FundingPayment
from feeds.bodies import bad_row
from feeds.bybit import facts, words
from feeds.bybit.rows import About, LedgerRow
from feeds.frames import clip

_SETTLEMENT: Final = "SETTLEMENT"
_CHARGED: Final = {"TRADE": "trade", "LIQUIDATION": "liquidation", "ADL": "trade", "DELIVERY": "delivery"}
"""Entries of executions: their ``fee`` is in the fill too, which ``tradeId`` names."""

_OTHERS: Final = frozenset({"FEE_REFUND", "INTEREST"})
"""Entries that are nothing but a fee, or give one back: all of their ``change``."""

_SIDES: Final = frozenset({"Buy", "Sell"})


def events(row: LedgerRow, about: About) -> list[AnyEvent]:
    """What an entry says: a funding payment, a fee, or nothing."""
    if row.kind == _SETTLEMENT:
        return _payment(row, about)
    if row.kind in _CHARGED and row.market(about):
        if row.fee is None:
            return [_lacking(row, about, "fee")]
        return [_fee(row, about, row.fee, _CHARGED[row.kind], row.trade)] if row.fee else []
    if row.kind in _OTHERS and row.change:
        return [_fee(row, about, -row.change, "other", "")]
    return []


def _payment(row: LedgerRow, about: About) -> list[AnyEvent]:
    """Funding: of USDC contracts the same entry may settle a session's profit, which is no funding."""
    if not row.market(about):
        return []
    if row.funding is None:
        session = row.coin == words.SESSION_COIN and "funding" in row.model_fields_set
        return [] if session else [_lacking(row, about, "funding")]
    if not row.symbol:
        return [_lacking(row, about, "symbol")]
    side = row.side
    if side not in _SIDES:
        side = "Sell" if (row.size or Decimal(0)) < 0 else "Buy"
    rate = None if row.fee_rate is None else words.funding_rate(row.fee_rate, row.funding, side)
    return [
        FundingPayment(
            received_ns=about.received_ns,
            account=about.account,
            payment_id=words.payment_id(row.symbol, row.time_ms, side),
            instrument=row.instrument(about),
            amount=row.funding,
            asset=row.coin,
            rate=rate,
            mark_price=row.price,
            settled_ns=row.time_ms * 1_000_000,
            leg=words.position_leg(about.hedges.get(row.instrument(about)), side),
        )
    ]


def _lacking(row: LedgerRow, about: About, field: str) -> AnyEvent:
    detail = f"a {row.kind} without it: {clip(row.identity, 40)}"
    return bad_row(facts.VENUE, about.place, field, detail, about.received_ns)


def _fee(row: LedgerRow, about: About, amount: Decimal, kind: str, fill: str) -> FeeCharged:
    return FeeCharged(
        received_ns=about.received_ns,
        account=about.account,
        record_id=f"{row.identity}:{row.trade}:{row.kind}:{row.coin}",
        amount=amount,
        asset=row.coin,
        kind=kind,
        charged_ns=row.time_ms * 1_000_000,
        instrument=row.instrument(about) if row.symbol and row.market(about) else "",
        fill_id=fill,
    )
