"""An account that its venue keeps, read by the whole of it (client, host and engine) from the simulated exchange.

The tests are the same for every venue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial

import msgspec
import pytest

from core.events import Fill, OrderState, OrderUpdate
from core.snapshot import Snapshot
from feeds.sim.process import start_simulator
from tests.support.kept import HELD_AT, Desk, Kind, cases, line_of, short_of, until

CASES = cases(Kind.LINEAR, Kind.INVERSE)


@pytest.fixture(scope="module", params=CASES, ids=[f"{venue}-{kind}" for venue, kind in CASES])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A kind of contract at a simulated venue, BTC held at 60,000."""
    venue, kind = request.param
    with start_simulator(venues=[venue], pins={"BTC": HELD_AT}) as simulator:
        yield Desk(venue, simulator, kind)


def knows_funding(snapshot: Snapshot, *, told: bool) -> bool:
    """Whether it shows what was received; where the venue tells no payments, that this is not known."""
    received = snapshot.books[0].totals.funding_received
    return bool(received.value) if told else any("tells no payments" in gap for gap in received.missing)


async def test_what_the_account_holds_and_what_happens_to_it_is_shown(desk: Desk) -> None:
    """A position that was there, one more sale, a funding payment, a purchase: each arrives, each counts once."""
    await desk.trade("sell", "0.5")
    with desk.watched() as host:
        until(host, partial(short_of, desk, "0.5"))
        hedge, account = line_of(until(host, lambda snapshot: line_of(snapshot)[1].wallet_balance.value is not None))
        assert hedge.entry_price.value == pytest.approx(60_000, rel=Decimal("0.001"))
        before = account.wallet_balance.value

        await desk.trade("sell", "0.25")
        until(host, partial(short_of, desk, "0.75"))

        desk.simulator.control("fund", venue=desk.venue, category=desk.market, symbol=desk.symbol)
        until(host, partial(knows_funding, told=desk.offers("funding records")))

        await desk.trade("buy", "0.75", reduce_only=desk.offers("reduce-only"))
        until(host, partial(short_of, desk, "0"))
        until(host, lambda snapshot: bool(line_of(snapshot)[0].fees.value))
        until(host, lambda snapshot: line_of(snapshot)[1].wallet_balance.value not in (None, before))


async def test_a_lost_line_loses_nothing(desk: Desk) -> None:
    """What happens while the stream is away is there once it is back."""
    with desk.watched() as host:
        until(host, partial(short_of, desk, "0"))
        desk.simulator.control("drop", venue=desk.venue)
        await desk.trade("sell", "0.1")
        until(host, partial(short_of, desk, "0.1"))
        desk.simulator.control("clear", venue=desk.venue)
        await desk.trade("buy", "0.1", reduce_only=desk.offers("reduce-only"))
        until(host, partial(short_of, desk, "0"))


async def test_an_order_has_one_life_whatever_is_asked_twice(desk: Desk) -> None:
    """Placed, placed again, found, cancelled, cancelled again, and one that was never there."""
    feed = desk.trader
    resting = desk.order("sell", "0.1", "61200")

    def states(events: Sequence[object]) -> list[OrderState]:
        return [event.state for event in events if isinstance(event, OrderUpdate)]

    assert states(await feed.place(resting))[-1] is OrderState.OPEN
    again = states(await feed.place(resting))[-1]
    assert again in (OrderState.OPEN, OrderState.REJECTED, OrderState.UNKNOWN)
    found = await feed.query(resting)
    assert states(found)[-1] is OrderState.OPEN
    assert not [event for event in found if isinstance(event, Fill)]
    swept = [event for event in await feed.sweep((desk.contract,), 0) if isinstance(event, OrderUpdate)]
    assert [event.client_order_id for event in swept if event.state is OrderState.OPEN] == [resting.client_order_id]
    await feed.cancel(resting)
    assert states(await feed.query(resting))[-1] is OrderState.CANCELLED
    assert states(await feed.cancel(resting))[-1] is OrderState.CANCELLED
    unheard = desk.order("sell", "0.1", "61200")
    assert states(await feed.query(unheard))[-1] in (OrderState.UNKNOWN, OrderState.REJECTED), "it may be on its way"
    made_before = msgspec.structs.replace(unheard, created_ns=unheard.created_ns - 3600 * 10**9)
    assert states(await feed.query(made_before))[-1] is OrderState.REJECTED
