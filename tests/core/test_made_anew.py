"""A snapshot takes from the one before what is still made of the same: never anything that is another by now."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.events import AnyEvent, ChannelState, ConnectionState, Fill, FundingPayment, PositionUpdate
from core.figures import Freshness
from core.memo import Memo
from core.snapshot import Snapshot
from tests.support.builders import (
    LINEAR,
    at,
    channel,
    connection,
    engine,
    feed,
    market_at,
    perpetual,
    reference,
    running,
    spot,
    tiers,
)


class Step(NamedTuple):
    """One thing that happens, so many seconds after the one before."""

    what: str
    after: float
    number: int


WHAT = ("nothing", "mark", "spot", "both", "fill", "funding", "report", "reconnecting", "live", "silent", "tiers")
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(WHAT),
        st.sampled_from([0.01, 0.3, 1, 2, 4, 9, 25, 70, 400]),
        st.integers(55_000, 65_000),
    ),
    min_size=1,
    max_size=12,
)


def event(step: Step, when: float, place: int) -> list[AnyEvent]:
    price = Decimal(step.number)
    match step.what:
        case "mark":
            return [perpetual(when, price)]
        case "spot":
            return [spot(when, price)]
        case "both":
            return market_at(when, price)
        case "fill":
            return [
                Fill(
                    received_ns=at(when), account="paper", fill_id=f"f{place}", client_order_id="", instrument=LINEAR,
                    side="sell", price=price, quantity=Decimal("0.1"), fee=Decimal(1), fee_asset="USDT",
                )
            ]  # fmt: skip
        case "funding":
            return [
                FundingPayment(
                    account="paper", payment_id=f"p{place}", instrument=LINEAR, amount=price / 1000, asset="USDT",
                    rate=Decimal("0.0001"), mark_price=price, settled_ns=at(when), received_ns=at(when),
                    estimated=bool(step.number % 2),
                )
            ]  # fmt: skip
        case "report":
            return [
                PositionUpdate(
                    received_ns=at(when), account="paper", instrument=LINEAR, quantity=Decimal("-2.5"),
                    entry_price=price, isolated_margin=Decimal(75_000), liquidation_price=price * 2,
                )
            ]  # fmt: skip
        case "reconnecting":
            return [connection(when, ConnectionState.RECONNECTING)]
        case "live":
            return [connection(when, ConnectionState.LIVE)]
        case "silent":
            return [channel(when, ChannelState.SILENT)]
        case "tiers":
            return [tiers(when=when)]
    return []


def snapshots(steps: list[Step]) -> list[Snapshot]:
    made, when, found = running(), 1.0, []
    for place, step in enumerate(steps):
        when += step.after
        feed(made, event(step, when, place))
        found.append(made.snapshot(at(when)))
    return found


@settings(max_examples=60)
@given(STEPS)
def test_a_snapshot_is_the_same_as_one_made_anew_from_nothing(steps: list[Step]) -> None:
    with patch.object(Memo, "get", lambda *_: None):
        anew = snapshots(steps)
    assert [repr(item) for item in snapshots(steps)] == [repr(item) for item in anew]


def two(made: Engine, first: float, second: float) -> tuple[Snapshot, Snapshot]:
    return made.snapshot(at(first)), made.snapshot(at(second))


def test_of_a_book_that_has_not_changed_nothing_is_made_anew() -> None:
    made = running()
    made.snapshot(at(1))
    one, other = two(made, 1.1, 1.2)
    assert other.books[0].hedges[0] is one.books[0].hedges[0]
    assert other.books[0].accounts[0] is one.books[0].accounts[0]
    assert other.books[0].attributions is one.books[0].attributions


def test_what_ages_is_made_anew_by_the_time_alone() -> None:
    made = running()
    live, late = two(made, 1, 4)
    assert live.books[0].hedges[0].mark_price.freshness is Freshness.LIVE
    assert late.books[0].hedges[0].mark_price.freshness is Freshness.LATE
    assert late.books[0].hedges[0].liquidation_distance.freshness is Freshness.LATE
    gone = made.snapshot(at(400)).books[0].hedges[0]
    assert (gone.mark_price.known, gone.liquidation_distance.known, gone.profit.known) == (False, False, False)


def test_an_interrupted_channel_makes_its_figures_stale_at_once() -> None:
    made = engine()
    feed(made, [connection(0, ConnectionState.LIVE)], reference(), [perpetual(0, 60_000), spot(0, 60_000)])
    assert made.snapshot(at(0.5)).books[0].hedges[0].mark_price.freshness is Freshness.LIVE
    feed(made, [connection(0.6, ConnectionState.RECONNECTING)])
    assert made.snapshot(at(0.7)).books[0].hedges[0].mark_price.freshness is Freshness.STALE


def test_a_payment_is_in_the_next_snapshot() -> None:
    made = running()
    before = made.snapshot(at(0.5)).books[0].hedges[0]
    feed(made, event(Step("funding", 0, 60_000), 0.6, 1))
    after = made.snapshot(at(0.7)).books[0].hedges[0]
    assert before.funding.received.value == 0
    assert after.funding.received.value == 60
