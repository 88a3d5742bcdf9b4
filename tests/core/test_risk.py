"""Which of two liquidation prices counts, and when a contract is over."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.demo_book import seed_book
from core.exposure import exposure
from core.figures import Figure, Freshness, absent, exact, unknown
from core.positions import Position
from core.risk import USED_UP, Quotes, choose_liquidation, distance, settlement_due, usage, used_up
from tests.core.money import PRICES
from tests.support.builders import LINEAR, START, at, instrument

SHORT, LONG = exact(Decimal(-1)), exact(Decimal(1))


def market(mark: Decimal | int) -> Quotes:
    nothing = unknown("nothing")
    return Quotes(
        instrument=instrument(), mark=exact(Decimal(mark)), index=nothing, funding_rate=nothing,
        funding_interval=nothing, next_funding=nothing, tiers=None, tiers_known=nothing,
    )  # fmt: skip


def reported(price: Decimal | int) -> Position:
    return Position(
        account="a", instrument=LINEAR, quantity=Decimal(-1), venue_liquidation=Decimal(price), reported_ns=START
    )


@pytest.mark.parametrize(
    ("facing", "ours", "venue", "chosen"),
    [
        (SHORT, 57_000, 62_000, 57_000),  # the mark has passed ours by 5%, and is 3% from the venue's
        (SHORT, 62_000, 57_000, 57_000),
        (SHORT, 66_000, 63_000, 63_000),
        (SHORT, 63_000, 66_000, 63_000),
        (LONG, 63_000, 58_000, 63_000),
        (LONG, 58_000, 63_000, 63_000),
        (LONG, 50_000, 55_000, 55_000),
    ],
)
def test_a_price_that_the_mark_has_passed_is_the_nearer_one(facing: Figure, ours: int, venue: int, chosen: int) -> None:
    found = choose_liquidation(reported(venue), market(60_000), exact(Decimal(ours)), facing, Freshness.LIVE)
    assert found.disputed
    assert found.price.value == chosen
    assert found.is_venues is (chosen == venue)


@given(PRICES, PRICES, PRICES, st.sampled_from([SHORT, LONG]))
def test_of_two_disputed_prices_the_more_dangerous_one_counts(
    ours: Decimal, venue: Decimal, mark: Decimal, facing: Figure
) -> None:
    found = choose_liquidation(reported(venue), market(mark), exact(ours), facing, Freshness.LIVE)
    away = [distance(exact(price), exact(mark), facing).value for price in (ours, venue)]
    assert None not in away
    expected = min(away, key=lambda item: item or Decimal(0)) if found.disputed else away[1]
    assert distance(found.price, exact(mark), facing).value == expected


def test_ours_counts_where_it_says_that_nothing_is_left() -> None:
    found = choose_liquidation(reported(66_000), market(60_000), absent(USED_UP), SHORT, Freshness.LIVE)
    assert (found.price.absent, found.is_venues) == (USED_UP, False)


# --- expiry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maintenance", "equity", "share", "over"),
    [
        ("0.1", "0.4", "0.25", False), ("0.1", "0.1", "1", True), ("0.2", "0.1", "2", True), ("0.1", "0", None, True),
        ("0.1", "-3", None, True), ("0", "-3", None, False),
    ],
)  # fmt: skip
def test_usage_is_a_share_of_what_is_left_and_without_anything_left_worse_than_any(
    maintenance: str, equity: str, share: str | None, over: bool
) -> None:
    found = usage(exact(Decimal(maintenance)), exact(Decimal(equity)))
    assert found.value == (None if share is None else Decimal(share))
    assert used_up(found) is over
    assert (found.absent == USED_UP) is (over and share is None)


def test_where_one_has_a_price_and_the_other_says_there_is_none_they_differ_by_nothing_that_is_a_number() -> None:
    never = absent("no rise reaches it")
    for ours, venue, why in (
        (never, exact(Decimal(62_000)), "no rise reaches it"),
        (never, absent("no position"), "no position"),
    ):
        position = reported(62_000) if venue.known else msgspec.structs.replace(reported(62_000), quantity=Decimal(0))
        found = choose_liquidation(position, market(60_000), ours, SHORT, Freshness.LIVE)
        assert (found.difference.value, found.difference.absent) == (None, why)
        assert found.disputed is venue.known
    gap = choose_liquidation(reported(62_000), market(60_000), unknown("tiers"), SHORT, Freshness.LIVE)
    assert gap.difference.missing == ("tiers",)
    assert (gap.price.value, gap.is_venues, gap.disputed) == (Decimal(62_000), True, False)


@pytest.mark.parametrize("reported_as", [Freshness.LIVE, Freshness.STALE])
def test_a_report_without_a_price_is_no_price_of_the_venues(reported_as: Freshness) -> None:
    position = msgspec.structs.replace(reported(1), venue_liquidation=None)
    found = choose_liquidation(position, market(60_000), exact(Decimal(62_000)), SHORT, reported_as)
    gap = f"a present liquidation price of the venue for {LINEAR}"
    assert found.venue.missing == found.difference.missing == (gap,)
    assert (found.price.value, found.price.freshness, found.is_venues) == (Decimal(62_000), Freshness.LIVE, False)


def test_a_contract_is_over_at_the_instant_of_its_expiry() -> None:
    dated = msgspec.structs.replace(instrument(), expiry_ns=at(10))
    assert settlement_due(dated, at(10) - 1) == ""
    assert settlement_due(dated, at(10)) == f"settlement of {LINEAR}, which expired on 2026-08-09"
    assert settlement_due(instrument(), at(10)) == settlement_due(None, at(10)) == ""


# --- what an exchange asks for a contract --------------------------------------------------------------------


def test_an_exchange_that_sets_a_margin_for_each_contract_is_not_asked_for_a_leverage() -> None:
    """25 contracts at 2,486 each, whatever the price and the leverage of the account."""
    sheet = msgspec.structs.replace(instrument(contract_size="0.1"), initial_per_contract=Decimal(2_486))
    position = Position(account="a", instrument=LINEAR, quantity=Decimal(-25), entry_price=Decimal(60_000))
    account = msgspec.structs.replace(seed_book().accounts[0], leverage=Decimal(10))
    asked = exposure(position, account, msgspec.structs.replace(market(60_000), instrument=sheet)).initial_margin
    assert asked.value == 62_150
    blind = msgspec.structs.replace(market(60_000), instrument=sheet, mark=unknown("mark price"))
    assert exposure(position, account, blind).initial_margin.value == 62_150
    flat = msgspec.structs.replace(position, quantity=Decimal(0))
    assert exposure(flat, account, blind).initial_margin.value == 0
