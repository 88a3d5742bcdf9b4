"""What goes wrong about an account, met by each venue's own client: nothing is lost, told twice or untrue.

Here with linear contracts; :mod:`tests.faults.test_every_coin_account` has the same with inverse ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from decimal import Decimal
from functools import partial

import pytest

from core.errors import VenueError
from core.events import (
    BalanceUpdate,
    Fill,
    FillOrigin,
    FrameFault,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.legs import Leg
from feeds.registry import venue_feed
from tests.support.clocks import clear_of_the_hour
from tests.support.kept import Kind, cases, every, listed
from tests.support.own_account import COINS, Own, filled, followed, held, modes, of, patiently, state, tried

pytestmark = every(cases(Kind.LINEAR))

HELD_BACK_MS = 3_600_000
"""Until the fault is ended."""


# --- events and answers ----------------------------------------------------------------------------------------------


async def test_what_comes_early_late_or_never_is_told_once(own: Own) -> None:
    async with followed(own):
        own.control("delay_answers", milliseconds=HELD_BACK_MS)
        early = own.sale()
        answer = asyncio.ensure_future(own.feed.place(early))
        await own.until(lambda: bool(filled(own.log.events, early)))
        assert not answer.done(), "its events came before the answer"
        own.control("clear")
        assert state(await answer) not in (OrderState.REJECTED, OrderState.UNKNOWN)

        own.control("delay_private", milliseconds=HELD_BACK_MS)
        late = own.sale()
        await own.feed.place(late)
        swept = await own.swept(lambda events: bool(filled(events, late)))
        assert not filled(own.log.events, late), "the sweep was first"
        own.control("clear")
        await own.until(lambda: filled(own.log.events, late) == filled(swept, late))

        own.control("lose_private", events=50)
        lost = own.sale()
        await own.feed.place(lost)
        swept = await own.swept(lambda events: bool(filled(events, lost)))
        assert not filled(own.log.events, lost)
    for order in (early, late):
        assert filled(swept, order) == filled(own.log.events, order)
    assert sum(fill.quantity for fill in of(Fill, swept)) == 3 * own.quantity
    assert len({fill.fill_id for fill in of(Fill, swept)}) == len(of(Fill, swept))
    assert held(swept) == -3 * own.quantity
    assert not of(FrameFault, (*own.log.events, *swept))


@pytest.mark.parametrize("cut", [False, True], ids=["503", "cut"])
async def test_an_order_whose_answer_an_earlier_run_lost_is_executed_once(own: Own, cut: bool) -> None:
    """Filled, its name is free again at some venues: so it is looked up before it is sent."""
    own.control("lose_answers", count=1, cut=cut)
    order = own.sale()
    assert state(await own.feed.place(order)) is OrderState.UNKNOWN
    await own.swept(lambda events: held(events) == -own.quantity)
    own.feed = own.client()
    assert state(await own.feed.place(order)) is OrderState.FILLED
    swept = await own.swept()
    assert held(swept) == -own.quantity
    assert sum(filled(swept, order).values()) == own.quantity


async def test_a_fill_in_parts_is_the_sum_of_its_parts(own: Own) -> None:
    own.control("partial_fills", **own.contract, most=str(own.desk.quantity("0.02")))
    order = own.sale()
    async with followed(own):
        await own.feed.place(order)
        await own.until(lambda: sum(filled(own.log.events, order).values()) == own.quantity)
        await own.until(lambda: any(one.state is OrderState.FILLED for one in of(OrderUpdate, own.log.events)))
        swept = await own.swept(lambda events: sum(filled(events, order).values()) == own.quantity)
    assert len(filled(swept, order)) >= 5
    assert filled(swept, order) == filled(own.log.events, order)
    told = [one.filled_quantity for one in of(OrderUpdate, own.log.events)]
    assert told == sorted(told), "what is filled only grows"
    assert max(told) == own.quantity
    assert held(swept) == -own.quantity


# --- what the venue does ---------------------------------------------------------------------------------------------

TELLS_ADL = {"binance", "bybit", "bingx", "mexc"}


async def test_what_the_venue_closes_is_no_order_of_ours(own: Own) -> None:
    async with followed(own):
        order = own.sale()
        await own.feed.place(order)
        await own.until(lambda: held(own.log.events) == -own.quantity)
        half = own.quantity / 2
        own.control("deleverage", **own.contract, key=own.key.key, quantity=str(half))
        await own.until(lambda: held(own.log.events) == -half)
        own.control("liquidate", **own.contract, key=own.key.key)
        await own.until(lambda: held(own.log.events) == 0)
        swept = await own.swept(lambda events: held(events) == 0 and len(of(Fill, events)) >= 3)
    for events in (own.log.events, swept):
        forced = [fill for fill in of(Fill, events) if fill.client_order_id != order.client_order_id]
        assert sum(fill.quantity for fill in forced) == own.quantity
        assert {fill.side for fill in forced} == {"buy"}
        assert sum(filled(events, order).values()) == own.quantity
    origins = {fill.origin for fill in of(Fill, own.log.events)}
    assert FillOrigin.LIQUIDATION in origins
    assert (FillOrigin.ADL in origins) is (own.desk.venue in TELLS_ADL)
    assert not of(FrameFault, own.log.events)


async def test_a_position_mode_that_another_client_sets_is_seen_and_kept_to(own: Own) -> None:
    """A leg that is not there any more gets no order, and the mode is never set back. Where no venue's word tells the
    mode, what orders show does; where there is only one, it stays."""
    other = Leg.NET if own.desk.leg is Leg.SHORT else Leg.SHORT
    before = modes(await own.swept())
    chosen = {} if own.desk.venue != "bybit" else own.contract
    own.control("set_position_mode", key=own.key.key, hedge=other is not Leg.NET, **chosen)
    if not own.desk.has_legs:
        assert modes(await own.swept()) == before == {"one-way"}
        return
    if own.desk.offers("position mode"):
        now = await own.swept(lambda events: modes(events) not in (set(), before))
        assert modes(now) == ({"one-way"} if other is Leg.NET else {"hedge"})
    with contextlib.suppress(VenueError):
        assert state(await own.feed.place(own.sale())) is OrderState.REJECTED
    assert held(await own.swept()) == 0
    order = own.sale(leg=other)
    assert state(await own.feed.place(order)) not in (OrderState.REJECTED, OrderState.UNKNOWN)
    swept = await own.swept(lambda events: held(events) == -own.quantity)
    assert {one.leg for one in of(PositionUpdate, swept) if one.quantity} == {other}


async def test_a_contract_that_only_lets_positions_close_and_then_is_gone(own: Own) -> None:
    market = venue_feed(own.desk.venue, own.desk.endpoints, own.key)
    says_it_closes = own.desk.offers("reduce-only")
    if says_it_closes:
        await patiently(lambda: own.feed.place(own.sale()))
        await own.swept(lambda events: held(events) == -own.quantity)
    own.control("close_only", **own.contract)
    refused = of(OrderUpdate, await patiently(lambda: own.feed.place(own.sale())))[-1]
    assert (refused.state, bool(refused.reason)) == (OrderState.REJECTED, True)
    if says_it_closes:
        closing = own.desk.order("buy", str(COINS), "61000", reduce_only=True)
        assert state(await patiently(lambda: own.feed.place(closing))) is not OrderState.REJECTED
        await own.swept(lambda events: held(events) == 0)
    own.control("delist", **own.contract)
    told = await patiently(lambda: market.reference((own.desk.contract,)))
    assert not [one for one in of(InstrumentListed, told) if one.instrument.status == "trading"]
    assert told, "said, not left out"
    swept = await own.swept()
    assert held(swept) == 0
    assert of(BalanceUpdate, swept), "all else of the account is told as before"
    gone = await tried(own.feed.place(own.sale()))
    assert not gone.outcome_unknown if isinstance(gone, VenueError) else state(gone) is OrderState.REJECTED
    own.control("clear")
    (again,) = of(InstrumentListed, await patiently(lambda: market.reference((own.desk.contract,))))
    assert again.instrument.status == "trading"


async def test_other_terms_are_read_when_they_are_in_force(own: Own) -> None:
    listing = listed(own.desk.venue, own.desk.kind, "ETH")
    assert listing is not None
    name, contract = listing.instrument.id, {"category": listing.category, "symbol": listing.symbol}
    market = venue_feed(own.desk.venue, own.desk.endpoints, own.key)
    (before,) = of(TiersLoaded, await patiently(lambda: market.reference((name,))))
    rows = [["1000", "0.03", 20], ["200000", "0.06", 10]]
    own.control("change_tiers", **contract, tiers=rows)
    (after,) = of(TiersLoaded, await patiently(lambda: market.reference((name,))))
    assert after.table.tiers != before.table.tiers
    assert [tier.rate for tier in after.table.tiers] == [Decimal("0.03"), Decimal("0.06")]
    assert [tier.cap for tier in after.table.tiers] == [Decimal(1_000), Decimal(200_000)]
    for hours in (8, 4, 1):
        await clear_of_the_hour()
        own.control("funding_interval", **contract, hours=hours)
        (told,) = of(InstrumentListed, await patiently(lambda: market.reference((name,))))
        assert told.instrument.funding_interval_hours == hours
        for plan in market.polls((name,)):
            polled = await patiently(partial(market.poll, plan))
            tickers = [one for one in of(Ticker, polled) if one.funding_interval_hours is not None]
            assert {one.funding_interval_hours for one in tickers} <= {hours}
            for one in tickers:
                due = ((one.next_funding_time_ns or 0) - time.time_ns()) / 3.6e12
                assert 0 < due <= hours, "the next settlement is within the interval"


# --- limits and keys -------------------------------------------------------------------------------------------------

LIMITS = {"binance": (429, 418), "bybit": (403,), "bingx": (429, 418), "weex": (429,), "mexc": (429,)}


async def test_a_limit_and_the_ban_after_it_are_kept_away_from(own: Own) -> None:
    first, *then = LIMITS[own.desk.venue]
    more = {"then": then[0], "after": 1} if then else {}
    own.control("limit_rate", status=first, **more)
    began = time.monotonic()
    with pytest.raises(VenueError) as limited:
        await own.sweep()
    pause = limited.value.retry_after_seconds
    assert pause is not None
    assert pause > 0
    assert not limited.value.outcome_unknown
    if then:
        with pytest.raises(VenueError) as banned:
            await own.client().sweep((own.desk.contract,), 0)
        assert (banned.value.retry_after_seconds or 0) > 0
    own.control("clear")
    again = await tried(own.sweep())
    if isinstance(again, VenueError):
        assert (again.code, again.outcome_unknown) == ("limited", False), "it is not asked, though it would answer"
        assert again.retry_after_seconds is not None
    else:
        assert time.monotonic() - began > min(pause, 1), "it goes on only after a pause"
    own.feed = own.client()
    assert await own.swept(), "who was told nothing may ask"


CUTS_AT_EXPIRY = {"bybit", "bingx", "weex", "mexc"}


async def test_a_key_that_expires_is_said_to_be_and_is_not_shown(own: Own) -> None:
    async with followed(own):
        own.control("expire_key", key=own.key.key)
        with pytest.raises(VenueError) as refused:
            await own.swept()
        assert not refused.value.outcome_unknown
        with contextlib.suppress(VenueError):
            assert state(await own.feed.place(own.sale())) is OrderState.REJECTED
        if own.desk.venue in CUTS_AT_EXPIRY:
            await own.until(lambda: own.log.states[-1] != "live" and bool(own.log.reasons[-1]))
        else:
            for plan in own.feed.plans((own.desk.contract,)):
                with pytest.raises(VenueError):
                    await own.feed.keep_alive(plan)
        shown = f"{own.log.events} {refused.value}"
        assert own.key.key not in shown
        assert own.key.secret not in shown
        own.control("clear")
        await own.until(lambda: own.log.states[-1] == "live")
        assert held(await own.swept()) == 0, "nothing was sent meanwhile"
