"""The shape of a contract sheet in the configuration file, and what must agree within one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field

from core.config_prices import PriceSection, price_faults, sheet_price
from core.config_rules import Choice, Parsed, Text
from core.config_section import ASSET, NOT_NEGATIVE, POSITIVE, Section
from core.config_times import Day, Days, Moment, Spans
from core.contract_sheet import ContractMonth, ContractSheet, month_id
from core.exact import exactly
from core.instruments import ContractKind
from core.sheet_price import SheetPrice
from core.symbols import MARKETS, markets_of
from core.trading_hours import SECOND_NS, TradingHours

SHEET_VENUE = Text('the name of an exchange in small letters, such as "cme"', r"[a-z][a-z0-9_-]{0,15}")
_SYMBOL = Text('the symbol of the contract in capitals, such as "MBT"', r"[A-Z0-9][A-Z0-9._/]{0,15}")
_MONTH = Text('a month such as "2026-12"', r"20[0-9]{2}-(0[1-9]|1[0-2])")
_ZONE = Parsed('a time zone such as "America/Chicago"', lambda name: name in available_timezones())


class MonthSection(Section):
    """One delivery month of the contract above it. A hedge names it: `cme:futures:MBT-2026-12`."""

    month: Annotated[str, _MONTH] = Field(description="the delivery month")
    last_trading_day: Annotated[date, Day()] = Field(description="the last day it trades, where the exchange is")
    settles: Annotated[datetime, Moment()] = Field(description="when its settlement price is fixed")
    price: PriceSection | None = Field(default=None, description="where its price comes from")


class HoursSection(Section):
    """When the contract above it trades: weekly sessions by the exchange's own clock."""

    zone: Annotated[str, _ZONE] = Field(description="the time zone in which the times are meant")
    sessions: Annotated[tuple[str, ...], Spans(least=1)] = Field(
        description="when it is open; the same time twice is the whole week"
    )
    breaks: Annotated[tuple[str, ...], Spans()] = Field(description="pauses within the sessions; [] for none")
    holidays: Annotated[tuple[date, ...], Days()] = Field(
        description="days on which it is closed all day, by the exchange's calendar; [] for none"
    )


class ContractSection(Section):
    """A futures contract of an exchange that Hedgerow has no feed for, as the exchange specifies it.

    Hedges name it `venue:futures:SYMBOL`. Nothing is guessed: every key is needed, but of `expiry` and
    `[[contracts.months]]` exactly one, and `tick_value` not for inverse contracts. Without `[contracts.price]`, or
    `[contracts.months.price]` for each month, nothing tells its price.
    """

    venue: Annotated[str, SHEET_VENUE] = Field(description="the exchange; not a venue that has feeds here")
    symbol: Annotated[str, _SYMBOL] = Field(description="the contract's symbol there, without its month")
    kind: Annotated[str, Choice(("linear", "inverse", "quanto"))] = Field(
        description="linear: profit in `quote`; inverse: in the coin; quanto: in a third currency"
    )
    base: Annotated[str, ASSET] = Field(description="the coin it is on")
    quote: Annotated[str, ASSET] = Field(description="the currency its price is in")
    settle: Annotated[str, ASSET] = Field(description="the currency that profit, margin and fees are in")
    multiplier: Annotated[Decimal, POSITIVE] = Field(
        description="what one contract is: coins (linear), face value in `quote` (inverse), `settle` per 1 of price "
        "(quanto)"
    )
    tick_size: Annotated[Decimal, POSITIVE] = Field(description="smallest step of the price")
    tick_value: Annotated[Decimal | None, POSITIVE] = Field(
        default=None, description="what one step is worth for one contract: `multiplier` × `tick_size`"
    )
    quantity_step: Annotated[Decimal, POSITIVE] = Field(description="smallest step of an order, in contracts")
    minimum_quantity: Annotated[Decimal, POSITIVE] = Field(description="smallest order, in contracts")
    expiry: Annotated[datetime | None, Moment()] = Field(
        default=None, description="when the contract settles, where there is only one"
    )
    months: list[MonthSection] = Field(default=[], description="the expiry calendar")
    settlement: Annotated[str, Choice(("cash", "physical"))] = Field(description="what happens at expiry")
    settlement_source: Annotated[str, Text("one line of text")] = Field(
        description="what the settlement price is taken from"
    )
    initial_margin: Annotated[Decimal, POSITIVE] = Field(description="asked to open one contract, in `settle`")
    maintenance_margin: Annotated[Decimal, POSITIVE] = Field(description="asked to keep one contract, in `settle`")
    margin_as_of: Annotated[date, Day()] = Field(description="the day the exchange's margins were read")
    fee: Annotated[Decimal, NOT_NEGATIVE] = Field(description="what a fill costs for one contract, in `settle`")
    trading_hours: HoursSection = Field(description="when it trades")
    price: PriceSection | None = Field(default=None, description="where its price comes from, with a single delivery")


def sheet_faults(section: ContractSection) -> Iterator[tuple[str, str, str]]:
    """What does not agree within one sheet: key, what was expected, what was found."""
    if markets_of(section.venue):
        yield (
            "venue",
            f"an exchange without feeds here ({', '.join(MARKETS)} describe their own contracts)",
            section.venue,
        )
    yield from _currency_faults(section)
    yield from _size_faults(section)
    yield from _calendar_faults(section)
    yield from _price_faults(section)


def _currency_faults(section: ContractSection) -> Iterator[tuple[str, str, str]]:
    base, quote, settle = section.base, section.quote, section.settle
    if base == quote:
        yield "quote", f"another currency than the coin it is on ({base})", quote
    if section.kind == "linear" and settle != quote:
        yield "settle", f"{quote}, the quote of a linear contract", settle
    if section.kind == "inverse" and settle != base:
        yield "settle", f"{base}, the coin of an inverse contract", settle
    if section.kind == "quanto" and settle in (base, quote):
        yield "settle", f"neither {base} nor {quote}: a quanto contract pays in a third currency", settle


@exactly
def _sizes(section: ContractSection) -> tuple[Decimal, bool]:
    return section.multiplier * section.tick_size, section.minimum_quantity % section.quantity_step == 0


def _size_faults(section: ContractSection) -> Iterator[tuple[str, str, str]]:
    wanted, on_step = _sizes(section)
    said = "nothing" if section.tick_value is None else f"{section.tick_value}"
    if section.kind == "inverse":
        if section.tick_value is not None:
            yield "tick_value", "nothing: the value of an inverse contract's tick depends on the price", said
    elif section.tick_value != wanted:
        yield "tick_value", f"{wanted.normalize():f}, which is multiplier × tick_size", said
    if not on_step:
        yield "minimum_quantity", f"a multiple of quantity_step {section.quantity_step}", f"{section.minimum_quantity}"
    if section.maintenance_margin > section.initial_margin:
        expected = f"no more than initial_margin {section.initial_margin}"
        yield "maintenance_margin", expected, f"{section.maintenance_margin}"


def _calendar_faults(section: ContractSection) -> Iterator[tuple[str, str, str]]:
    if (section.expiry is None) == (not section.months):
        found = "both" if section.months else "neither"
        yield "expiry", "either the one expiry or an expiry calendar in [[contracts.months]]", found
    zone = ZoneInfo(section.trading_hours.zone)
    for index, month in enumerate(section.months):
        day = month.settles.astimezone(zone).date()
        if month.last_trading_day > day:
            yield f"months.{index}.last_trading_day", f"a day up to {day}, when it settles", f"{month.last_trading_day}"
        before = section.months[index - 1] if index else None
        if before is not None and (before.settles >= month.settles or before.month >= month.month):
            yield f"months.{index}.month", f"a month after {before.month} that settles later", month.month


def _price_faults(section: ContractSection) -> Iterator[tuple[str, str, str]]:
    if section.price is not None and len(section.months) > 1:
        expected = "a price for each month, in [contracts.months.price] below it: months have prices of their own"
        yield "price", expected, "one for all"
    placed = [(f"months.{index}.price", month.price) for index, month in enumerate(section.months)]
    if len(section.months) == 1 and section.price is not None and section.months[0].price is not None:
        yield "months.0.price", "only one price ([contracts.price] is given)", "a second one"
    for place, price in [("price", section.price), *placed]:
        if price is not None:
            yield from ((f"{place}.{key}", expected, found) for key, expected, found in price_faults(price, section))


def contract_sheet(section: ContractSection, folder: Path = Path()) -> ContractSheet:
    """The sheet that a sound section describes; ``folder`` is where relative paths in it start."""

    def priced(month: MonthSection | None) -> SheetPrice | None:
        own = month.price if month is not None and month.price is not None else section.price
        return sheet_price(own, folder) if own is not None else None

    hours = section.trading_hours
    zone = ZoneInfo(hours.zone)
    months = [
        ContractMonth(
            month=item.month,
            last_trading_day=item.last_trading_day,
            settles_ns=_ns(item.settles),
            price=priced(item),
        )
        for item in section.months
    ]
    if section.expiry is not None:
        day = section.expiry.astimezone(zone).date()
        alone = ContractMonth(month="", last_trading_day=day, settles_ns=_ns(section.expiry), price=priced(None))
        months = [alone]
    return ContractSheet(
        **{
            key: value
            for key, value in dict(section).items()
            if key not in ("kind", "expiry", "months", "trading_hours", "price")
        },
        kind=ContractKind(section.kind),
        months=tuple(months),
        hours=TradingHours(
            zone=hours.zone,
            sessions=tuple(Spans.read(text) for text in hours.sessions),
            breaks=tuple(Spans.read(text) for text in hours.breaks),
            holidays=hours.holidays,
        ),
    )


def contract_ids(section: ContractSection) -> tuple[str, ...]:
    """The names that hedges may use for this contract."""
    sheet = contract_sheet(section)
    return tuple(month_id(sheet, month) for month in sheet.months)


def _ns(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * SECOND_NS
