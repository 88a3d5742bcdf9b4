"""Binance's ledger (``income``) to events: funding and fees. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Get-Income-History
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from pydantic import Field

from core.events import AnyEvent, FeeCharged, FundingPayment
from core.instruments import instrument_id
from feeds.binance import facts
from feeds.binance.numbers import Amount, Milliseconds
from feeds.binance.reference import rows_in
from feeds.binance.statistics import settlement_ms
from feeds.binance.words import fill_id
from feeds.bodies import Asset, Body, MaybeSymbol, bad_row, read_rows, rows_of
from feeds.venue import RestAnswer

_FUNDING: Final = "FUNDING_FEE"
_SPECIAL_FUNDING: Final = "SPECIAL_FUNDING_FEE"
_FEES: Final = {
    "COMMISSION": "trade",
    "INSURANCE_CLEAR": "liquidation",
    "COMMISSION_REBATE": "other",
    "API_REBATE": "other",
    "REFERRAL_KICKBACK": "other",
    "POSITION_LIMIT_INCREASE_FEE": "other",
}
"""Entries that are fees or give them back, by what they are for."""

Rates = Mapping[tuple[str, int], tuple[Decimal, Decimal | None]]
"""Rate and mark price of settlements, by instrument and time (ns)."""


class IncomeRow(Body):
    """One entry. ``amount`` is + when received; ``number`` is unique for its type and user only."""

    symbol: MaybeSymbol
    kind: str = Field(alias="incomeType", min_length=1, max_length=60)
    amount: Amount = Field(alias="income")
    asset: Asset
    time_ms: Milliseconds = Field(alias="time")
    number: int | str = Field(alias="tranId")
    trade: int | str = Field(alias="tradeId", default="")

    @property
    def identity(self) -> str:
        """What tells an entry from every other."""
        return f"{self.kind}:{self.number}:{self.symbol}:{self.asset}"

    @property
    def is_funding(self) -> bool:
        """True for what a position paid or received at a settlement."""
        return bool(self.symbol) and self.kind in (_FUNDING, _SPECIAL_FUNDING)

    @property
    def has_rate(self) -> bool:
        """True for funding at a rate that was settled; special payments (dividends of stock contracts) have none."""
        return bool(self.symbol) and self.kind == _FUNDING


def rows(answer: RestAnswer) -> tuple[list[IncomeRow], list[AnyEvent]]:
    """The entries of an ``income`` body, and faults. Raises DecodeError."""
    listed = rows_of(rows_in(answer.body, answer.path), None)
    return read_rows(facts.VENUE, answer.path, listed, IncomeRow, answer.received_ns)


def events(market: str, answer: RestAnswer, entries: Iterable[IncomeRow], rates: Rates) -> list[AnyEvent]:
    """Funding and fees among the entries. A funding payment whose rate no settlement tells has none."""
    told: list[AnyEvent] = []
    for row in entries:
        instrument = instrument_id(facts.VENUE, market, row.symbol) if row.symbol else ""
        if row.is_funding:
            settlement = _, settled_ns = settlement_of(market, row)
            rate, mark = rates.get(settlement, (None, None)) if row.has_rate else (None, None)
            told.append(
                FundingPayment(
                    received_ns=answer.received_ns,
                    account=answer.account,
                    payment_id=row.identity,
                    instrument=instrument,
                    amount=row.amount,
                    asset=row.asset,
                    rate=rate,
                    mark_price=mark,
                    settled_ns=settled_ns,
                    booked_ns=row.time_ms * 1_000_000,
                )
            )
        elif row.kind in _FEES:
            told.append(_fee(answer, row, instrument))
        elif row.kind in (_FUNDING, _SPECIAL_FUNDING):
            detail = f"a {row.kind} of no contract"
            told.append(bad_row(facts.VENUE, answer.path, "symbol", detail, answer.received_ns))
    return told


def settlement_of(market: str, row: IncomeRow) -> tuple[str, int]:
    """Instrument and time (ns) of the settlement that an entry was paid at."""
    return instrument_id(facts.VENUE, market, row.symbol), settlement_ms(row.time_ms) * 1_000_000


def _fee(answer: RestAnswer, row: IncomeRow, instrument: str) -> FeeCharged:
    of_fill = row.kind == "COMMISSION" and str(row.trade).isdigit() and row.symbol
    return FeeCharged(
        received_ns=answer.received_ns,
        account=answer.account,
        record_id=f"{row.identity}:{row.trade}",
        amount=-row.amount,
        asset=row.asset,
        kind=_FEES[row.kind],
        charged_ns=row.time_ms * 1_000_000,
        instrument=instrument,
        fill_id=fill_id(row.symbol, int(row.trade)) if of_fill else "",
    )
