"""Exchange-traded futures that no feed describes, as their user copies them from the exchange's own page.

A sheet says everything: what a contract is, its calendar, what the exchange asks as margin, when it trades. Money is
in ``settle``; margins and fees are per contract. Times are ns since the epoch and come as an argument.
Model: the contract specifications and margin pages of CME ("MBT", "BTC") and ICE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from core.events import InstrumentListed
from core.exact import exactly, finite
from core.instruments import ContractKind, Instrument, instrument_id
from core.sheet_price import PricedContract, SheetPrice, ages_of
from core.trading_hours import TradingHours, is_open, local_date, next_close, next_open

MARKET = "futures"
_NAME = re.compile(rf"[a-z][a-z0-9_-]{{0,15}}:{MARKET}:[A-Z0-9][A-Z0-9._/-]{{0,31}}")
_DAY_NS = 86_400 * 1_000_000_000


class ContractMonth(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of a contract: ``month`` is its name (``2026-12``), empty for a contract with a single expiry.

    The last trading day is a calendar day of the exchange; ``settles_ns`` is when the settlement price is fixed.
    ``price`` is where its price comes from, ``None`` where nothing tells it.
    """

    month: str
    last_trading_day: date
    settles_ns: int
    price: SheetPrice | None = None


class ContractSheet(msgspec.Struct, frozen=True, kw_only=True):
    """A standardised futures contract.

    ``multiplier`` is what one contract is: coins (linear), face value in quote (inverse), settle coins per 1 of price
    (quanto). ``tick_value`` is what one tick of one contract is worth in settle, ``None`` for inverse contracts, where
    it depends on the price. ``months`` run from the first to settle to the last.
    """

    venue: str
    symbol: str
    kind: ContractKind
    base: str
    quote: str
    settle: str
    multiplier: Decimal
    tick_size: Decimal
    tick_value: Decimal | None
    quantity_step: Decimal
    minimum_quantity: Decimal
    months: tuple[ContractMonth, ...]
    settlement: str
    settlement_source: str
    initial_margin: Decimal
    maintenance_margin: Decimal
    margin_as_of: date
    fee: Decimal
    hours: TradingHours

    @property
    def id(self) -> str:
        """The name of the contract, whichever month: ``cme:futures:MBT``."""
        return instrument_id(self.venue, MARKET, self.symbol)


class Expired(msgspec.Struct, frozen=True):
    """There is no such contract any more: ``instrument`` settled at ``settled_ns``, for good."""

    instrument: str
    settled_ns: int


def is_sheet_name(instrument: str) -> bool:
    """Whether the name is spelled like a contract of a sheet, ``venue:futures:SYMBOL``: no feed speaks of it."""
    return _NAME.fullmatch(instrument) is not None


def month_id(sheet: ContractSheet, month: ContractMonth) -> str:
    """The name of one delivery: ``cme:futures:MBT-2026-12``, or the sheet's own where there is but one."""
    return f"{sheet.id}-{month.month}" if month.month else sheet.id


def front_month(sheet: ContractSheet, time_ns: int) -> ContractMonth | Expired:
    """The next delivery to settle; Expired, naming the last one, where all have."""
    for month in sheet.months:
        if time_ns < month.settles_ns:
            return month
    return Expired(month_id(sheet, sheet.months[-1]), sheet.months[-1].settles_ns)


def instrument_at(sheet: ContractSheet, time_ns: int) -> Instrument | Expired:
    """The contract of the front month; Expired where the calendar has run out."""
    month = front_month(sheet, time_ns)
    return month if isinstance(month, Expired) else instrument_of(sheet, month, time_ns)


def instrument_of(sheet: ContractSheet, month: ContractMonth, time_ns: int) -> Instrument:
    """One delivery as an instrument: ``trading``, ``settling`` once its last trading day is over, then ``expired``."""
    name = month_id(sheet, month)
    return Instrument(
        id=name,
        venue=sheet.venue,
        market=MARKET,
        symbol=name.rpartition(":")[2],
        kind=sheet.kind,
        base=sheet.base,
        quote=sheet.quote,
        settle=sheet.settle,
        contract_size=sheet.multiplier,
        tick_size=sheet.tick_size,
        quantity_step=sheet.quantity_step,
        minimum_quantity=sheet.minimum_quantity,
        expiry_ns=month.settles_ns,
        status=_status(sheet, month, time_ns),
        initial_per_contract=sheet.initial_margin,
        maintenance_per_contract=sheet.maintenance_margin,
        fee_per_contract=sheet.fee,
    )


def _status(sheet: ContractSheet, month: ContractMonth, time_ns: int) -> str:
    if time_ns >= month.settles_ns:
        return "expired"
    over = local_date(sheet.hours.zone, time_ns) > month.last_trading_day
    return "settling" if over else "trading"


def listings(sheet: ContractSheet, time_ns: int) -> tuple[InstrumentListed, ...]:
    """What an engine is told of a sheet when it starts: every delivery, the expired ones as such."""
    return tuple(
        InstrumentListed(instrument=instrument_of(sheet, month, time_ns), received_ns=time_ns) for month in sheet.months
    )


def priced_contracts(sheets: Iterable[ContractSheet]) -> dict[str, PricedContract]:
    """Every delivery of these sheets whose price comes from somewhere, by its name."""
    found = {}
    for sheet in sheets:
        for month in sheet.months:
            if month.price is not None:
                name = month_id(sheet, month)
                found[name] = PricedContract(
                    instrument=name,
                    tick_size=sheet.tick_size,
                    hours=sheet.hours,
                    settles_ns=month.settles_ns,
                    price=month.price,
                    ages=ages_of(month.price.stale_after_seconds),
                )
    return found


@exactly
def days_to_expiry(month: ContractMonth, time_ns: int) -> Decimal:
    """Days, with their fraction, until the contract settles; zero or less once it has."""
    return Decimal(month.settles_ns - time_ns) / _DAY_NS


def is_trading(sheet: ContractSheet, month: ContractMonth, time_ns: int) -> bool:
    """Whether the contract can be traded at this moment: a session is on and its last trading day is not over."""
    return _status(sheet, month, time_ns) == "trading" and is_open(sheet.hours, time_ns)


def opens_next(sheet: ContractSheet, time_ns: int) -> int | None:
    """When the market turns open next, in ns; ``None`` where it does not within a year."""
    return next_open(sheet.hours, time_ns)


def closes_next(sheet: ContractSheet, time_ns: int) -> int | None:
    """When the market turns closed next, in ns; ``None`` where it does not within a year."""
    return next_close(sheet.hours, time_ns)


@exactly
def initial_requirement(sheet: ContractSheet, quantity: Decimal) -> Decimal:
    """What the exchange asks to open ``quantity`` contracts (either sign), in settle: so much for each."""
    return abs(finite("quantity", quantity)) * sheet.initial_margin


@exactly
def maintenance_requirement(sheet: ContractSheet, quantity: Decimal) -> Decimal:
    """What the exchange asks to keep ``quantity`` contracts (either sign), in settle: so much for each."""
    return abs(finite("quantity", quantity)) * sheet.maintenance_margin


@exactly
def fees(sheet: ContractSheet, quantity: Decimal) -> Decimal:
    """Fees of a fill of ``quantity`` contracts (either sign), in settle, + paid."""
    return abs(finite("quantity", quantity)) * sheet.fee
