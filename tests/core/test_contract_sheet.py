"""Futures that no feed describes: which delivery is in front, when it trades, what it costs to hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from core.contract_sheet import (
    ContractMonth,
    Expired,
    closes_next,
    days_to_expiry,
    fees,
    front_month,
    initial_requirement,
    instrument_at,
    is_sheet_name,
    is_trading,
    listings,
    maintenance_requirement,
    opens_next,
)
from core.engine import Engine
from core.errors import RequestError
from core.instruments import ContractKind, Instrument
from core.pnl import delta, unrealised
from core.snapshot import BookView, Mode
from core.trading_hours import is_open
from tests.core.sheets import ONE_EXPIRY, config, sheet
from tests.support.builders import feed, reference, spot


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


NOVEMBER = utc("2026-11-25T18:00")


def instrument(time_ns: int) -> Instrument:
    found = instrument_at(sheet(), time_ns)
    assert isinstance(found, Instrument)
    return found


def test_the_front_month_is_the_next_to_settle() -> None:
    assert instrument(NOVEMBER).id == "cme:futures:MBT-2026-11"
    assert instrument(utc("2026-11-27T15:59:59")).id == "cme:futures:MBT-2026-11"
    assert instrument(utc("2026-11-27T16:00")).id == "cme:futures:MBT-2026-12"


def test_a_calendar_that_has_run_out_names_what_expired() -> None:
    end = utc("2026-12-25T16:00")
    assert not isinstance(front_month(sheet(), end - 1), Expired)
    assert instrument_at(sheet(), end) == Expired("cme:futures:MBT-2026-12", end)


def test_a_sheet_becomes_an_instrument_with_nothing_lost() -> None:
    found = instrument(NOVEMBER)
    assert (found.venue, found.market, found.symbol) == ("cme", "futures", "MBT-2026-11")
    assert (found.kind, found.base, found.quote, found.settle) == (ContractKind.LINEAR, "BTC", "USD", "USD")
    assert (found.contract_size, found.tick_size) == (Decimal("0.1"), Decimal(5))
    assert (found.quantity_step, found.minimum_quantity) == (Decimal(1), Decimal(1))
    assert found.expiry_ns == utc("2026-11-27T16:00")
    assert not found.perpetual
    assert found.funding_interval_hours is None
    assert delta(found.kind, Decimal(-50), found.contract_size, Decimal(90_000)) == -5
    tick = unrealised(found.kind, Decimal(1), found.contract_size, Decimal(90_000), Decimal(90_005))
    assert tick == sheet().tick_value


def test_after_its_last_trading_day_a_contract_only_waits_to_settle() -> None:
    """December trades through the 24th in Chicago and settles on the 25th, 16:00 UTC."""
    found = {when: instrument(utc(when)).status for when in ("2026-12-25T05:59:59", "2026-12-25T06:00")}
    assert found == {"2026-12-25T05:59:59": "trading", "2026-12-25T06:00": "settling"}
    last = sheet().months[1]
    assert is_trading(sheet(), last, utc("2026-12-24T21:00"))
    assert not is_trading(sheet(), last, utc("2026-12-24T22:30")), "the daily break"
    assert not is_trading(sheet(), last, utc("2026-12-25T07:00"))
    for when in ("2026-11-27T16:00", "2026-12-01T00:00"):
        assert [event.instrument.status for event in listings(sheet(), utc(when))] == ["expired", "trading"]


def test_a_last_trading_day_that_is_over_ends_trading_though_the_market_is_open() -> None:
    hours = msgspec.structs.replace(sheet().hours, holidays=())
    lively = msgspec.structs.replace(sheet(), hours=hours)
    assert is_open(hours, utc("2026-12-25T07:00"))
    assert not is_trading(lively, lively.months[1], utc("2026-12-25T07:00"))
    assert is_trading(
        lively, msgspec.structs.replace(lively.months[1], last_trading_day=date(2026, 12, 25)), utc("2026-12-25T07:00")
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_delivery_of_a_calendar_of_any_length_is_the_one_that_expired_last(count: int) -> None:
    months = tuple(
        ContractMonth(
            month=f"2026-0{index}", last_trading_day=date(2026, index, 28), settles_ns=utc(f"2026-0{index}-28T16:00")
        )
        for index in range(1, count + 1)
    )
    found = front_month(msgspec.structs.replace(sheet(), months=months), NOVEMBER)
    assert found == Expired(f"cme:futures:MBT-2026-0{count}", utc(f"2026-0{count}-28T16:00"))


def test_hours_to_come() -> None:
    assert opens_next(sheet(), utc("2026-11-28T12:00")) == utc("2026-11-29T23:00")
    assert closes_next(sheet(), utc("2026-11-28T12:00")) == utc("2026-11-30T22:00")


@pytest.mark.parametrize(
    ("when", "days"), [("2026-11-25T16:00", "2"), ("2026-11-27T04:00", "0.5"), ("2026-11-28T16:00", "-1")]
)
def test_days_to_expiry_count_to_the_moment_of_settlement(when: str, days: str) -> None:
    assert days_to_expiry(sheet().months[0], utc(when)) == Decimal(days)


def test_margin_and_fees_are_so_much_for_each_contract() -> None:
    for quantity in (Decimal(-25), Decimal(25)):
        assert initial_requirement(sheet(), quantity) == 62_150
        assert maintenance_requirement(sheet(), quantity) == 56_500
        assert fees(sheet(), quantity) == Decimal("62.5")
    assert maintenance_requirement(sheet(), Decimal(0)) == 0
    with pytest.raises(RequestError, match="quantity"):
        initial_requirement(sheet(), Decimal("NaN"))


def test_a_single_expiry_needs_no_month_in_the_name() -> None:
    only = sheet(ONE_EXPIRY)
    assert [event.instrument.id for event in listings(only, NOVEMBER)] == ["cme:futures:MBT"]
    assert only.months[0].settles_ns == utc("2026-12-25T16:00")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("cme:futures:MBT", True),
        ("ice:futures:BMC-2026-12", True),
        ("bybit:linear:BTCUSDT", False),
        ("cme:futures:", False),
        ("cme:futures:mbt", False),
        ("CME:futures:MBT", False),
        ("cme:futures:MBT:X", False),
        ("MBT", False),
    ],
)
def test_the_name_of_a_sheets_contract_is_told_by_its_form(name: str, is_one: bool) -> None:
    assert is_sheet_name(name) is is_one


# --- in a book -----------------------------------------------------------------------------------------------


def view(*prices: int) -> BookView:
    settings = config()
    made = Engine(settings.books, mode=Mode.PAPER, source="test")
    feed(made, [event for sheet in settings.contracts for event in listings(sheet, NOVEMBER)])
    feed(made, reference(), [spot(0, price) for price in prices])
    return made.snapshot(NOVEMBER).books[0]


def test_a_hedge_on_a_sheet_has_its_delta_and_no_price_before_one_is_told() -> None:
    """25 contracts of 0.1 BTC: half of 5 BTC, whatever the price; what needs a mark is a dash that says so."""
    (line,) = view().hedges
    assert (line.delta.value, line.ratio.value, line.quantity_unit) == (Decimal("-2.5"), Decimal("0.5"), "contracts")
    assert (line.kind, line.settle, line.quote, line.venue) == ("linear", "USD", "USD", "cme")
    for figure in (line.mark_price, line.notional, line.profit, line.profit_quote):
        assert figure.missing == ("mark price of cme:futures:MBT-2026-12",)
    assert not line.liquidation_price.known
    assert line.funding.rate.absent == "a dated contract pays no funding"


def test_the_months_of_one_sheet_are_told_apart() -> None:
    settings = config()
    names = [event.instrument.id for event in listings(settings.contracts[0], NOVEMBER)]
    assert names == ["cme:futures:MBT-2026-11", "cme:futures:MBT-2026-12"]
