"""Our own client of WEEX at the simulated venue, over real sockets: market data, the account, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    CandlesLoaded,
    ChannelChanged,
    ConnectionChanged,
    DayStatistics,
    FeeCharged,
    Fill,
    FrameFault,
    FundingPayment,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.history import DAY_NS, HOUR_NS
from core.legs import Leg
from core.orders import OrderRequest
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.sim.weex import sockets as manners
from feeds.venue import CandlesWanted, Credentials
from feeds.weex import facts
from feeds.weex.desk import NOT_KNOWN, WeexDesk
from feeds.weex.rest import WeexDialect
from feeds.weex.venue import clock_api, key_rights
from tests.feeds.weex.served import CONTRACT, PAIR, ServedWeex, following, serving
from tests.support.clocks import clear_of_the_hour

SINCE_NS = 0


@pytest.fixture
async def served() -> AsyncIterator[ServedWeex]:
    async with serving() as running:
        yield running


def tickers(events: Sequence[AnyEvent], channel: str) -> list[Ticker]:
    return [event for event in events if isinstance(event, Ticker) and event.channel == channel]


def faults(events: Sequence[AnyEvent]) -> list[FrameFault]:
    return [event for event in events if isinstance(event, FrameFault)]


# --- market data -----------------------------------------------------------------------------------------------------


@pytest.mark.verifies("weex", "linear", "mark price", "index price", "best bid and ask", client="hedgerow")
@pytest.mark.verifies("weex", "linear", "24 h ticker", client="hedgerow")
@pytest.mark.verifies("weex", "spot", "best bid and ask", "24 h ticker", client="hedgerow")
async def test_every_channel_speaks_and_says_what_the_venue_has(served: ServedWeex) -> None:
    feed = served.feed()
    async with following(feed, feed.plans([CONTRACT, PAIR])) as log:
        await log.until(lambda: len(tickers(log.events, "BTCUSDT@depth15")) > 4)
        await log.until(lambda: len(tickers(log.events, "BTCUSDT@bookTicker")) > 4)
        await log.until(lambda: log.states.count("live") == 3)
        prices = tickers(log.events, "BTCUSDT@ticker")
        await log.until(lambda: any(event.instrument == PAIR for event in tickers(log.events, "BTCUSDT@ticker")))
    contract = [event for event in prices if event.instrument == CONTRACT]
    assert {event.mark_price for event in contract} == {Decimal(60_000)}, "pinned"
    assert {event.index_price for event in contract} == {Decimal(60_000)}
    for event in (*tickers(log.events, "BTCUSDT@depth15"), *tickers(log.events, "BTCUSDT@bookTicker")):
        assert event.bid_price is not None
        assert event.ask_price is not None
        assert event.bid_price < event.ask_price
        assert event.bid_size
    days = [event for event in log.events if isinstance(event, DayStatistics)]
    assert {event.instrument for event in days} == {CONTRACT, PAIR}
    assert all((day.low_price or 0) <= (day.last_price or 0) <= (day.high_price or 0) for day in days)
    assert not faults(log.events)


@pytest.mark.verifies("weex", "linear", "instruments", "funding interval", "candles", client="hedgerow")
@pytest.mark.verifies("weex", "linear", "maintenance tiers", client="hedgerow")
@pytest.mark.verifies("weex", "spot", "instruments", "candles", client="hedgerow")
async def test_reference_and_history(served: ServedWeex) -> None:
    feed = served.feed()
    names = [CONTRACT, "weex:linear:SOLUSDT", "weex:linear:DOGEUSDT", PAIR]
    events = await feed.reference(names)
    listed = {event.instrument.id: event.instrument for event in events if isinstance(event, InstrumentListed)}
    assert {name: one.funding_interval_hours for name, one in listed.items()} == dict(
        zip(names, (8, 4, 1, None), strict=True)
    )
    assert [one.status for one in listed.values()] == ["trading", "trading", facts.NOT_BY_API, "trading"]
    simulated = served.venue.exchange.find("linear", "BTCUSDT")
    assert simulated is not None
    for name in ("tick_size", "quantity_step", "minimum_quantity", "maximum_leverage", "contract_size"):
        assert getattr(listed[CONTRACT], name) == getattr(simulated.instrument, name), name
    tables = {event.table.instrument: event.table for event in events if isinstance(event, TiersLoaded)}
    assert tables.keys() == set(names[:3])
    assert simulated.tiers is not None
    assert tables[CONTRACT].tiers == simulated.tiers.tiers
    assert not faults(events)
    await clear_of_the_hour()
    wanted = [
        CandlesWanted(instrument=CONTRACT, interval_ns=DAY_NS, count=90),
        CandlesWanted(instrument=CONTRACT, interval_ns=HOUR_NS, count=336),
        CandlesWanted(instrument=PAIR, interval_ns=DAY_NS, count=90),
    ]
    loaded = [event async for some in feed.candles(wanted) for event in some]
    assert [len(event.candles) for event in loaded if isinstance(event, CandlesLoaded)] == [90, 336, 90]


@pytest.mark.verifies("weex", "linear", "funding rate", "last settled funding rate", client="hedgerow")
async def test_the_estimate_and_what_was_settled_are_not_confused(served: ServedWeex) -> None:
    feed = served.feed()
    funding, settled = feed.polls([CONTRACT, "weex:linear:SOLUSDT"])
    rates = {event.instrument: event for event in await feed.poll(funding) if isinstance(event, Ticker)}
    past = {event.instrument: event for event in await feed.poll(settled) if isinstance(event, FundingSettled)}
    for name in (CONTRACT, "weex:linear:SOLUSDT"):
        listing = served.venue.exchange.find("linear", name.split(":")[2])
        assert listing is not None
        schedule = served.venue.exchange.funding(listing)
        assert schedule is not None
        assert abs((rates[name].funding_rate or 1) - schedule.rate) < Decimal("1e-7")
        assert rates[name].next_funding_time_ns == schedule.next_ms * 1_000_000
        assert rates[name].funding_interval_hours == schedule.hours
        assert past[name].settled_ns == schedule.settled[-1].time_ms * 1_000_000
        assert past[name].rate == schedule.settled[-1].rate.quantize(Decimal("1e-8"))
        assert rates[name].mark_price is None


async def test_the_mark_of_now_is_the_streams_while_rest_tells_one_of_a_minute_ago(served: ServedWeex) -> None:
    feed = served.feed()
    (funding, _), (plan, _) = feed.polls([CONTRACT]), feed.plans([CONTRACT])
    await feed.poll(funding)
    await served.inject("pin", coin="BTC", price="61000")
    async with following(feed, [plan]) as log:
        await log.until(lambda: any(event.mark_price == 61_000 for event in tickers(log.events, "BTCUSDT@ticker")))
        raw = (await served.http.get(f"{served.endpoints.rest}/capi/v3/market/premiumIndex?symbol=BTCUSDT")).json()
        assert Decimal(raw[0]["markPrice"]) == 60_000, "the trap is there"
        for event in await feed.poll(funding):
            assert isinstance(event, Ticker)
            assert event.mark_price is None
    assert {event.channel for event in log.events if isinstance(event, Ticker) and event.mark_price} == {
        "BTCUSDT@ticker"
    }


@pytest.mark.verifies("weex", "linear", "server time", "rate-limit budget", client="hedgerow")
async def test_clock_and_budget(served: ServedWeex) -> None:
    dialect, base = clock_api(served.endpoints)
    async with RestClient(dialect, base) as rest:
        told = dialect.clock_ms(await rest.get(dialect.clock_path))
        assert abs(told - Clock().now_ns() // 1_000_000) < 5_000
        budget = rest.budget
    assert budget is not None
    assert (budget.limit, budget.seconds) == (500, 10.0)


@pytest.mark.verifies("weex", "spot", "server time", "rate-limit budget", client="hedgerow")
async def test_the_clock_and_the_budget_of_spot(served: ServedWeex) -> None:
    """Spot has a clock path of its own; its limits are told as those of contracts are."""
    rest = RestClient(WeexDialect(facts.SPOT_CLOCK_PATH), served.endpoints.rest)
    async with rest:
        told = WeexDialect(facts.SPOT_CLOCK_PATH).clock_ms(await rest.get(facts.SPOT_CLOCK_PATH))
    assert abs(told - Clock().now_ns() // 1_000_000) < 5_000
    assert rest.budget is not None
    assert 0 < rest.budget.used < rest.budget.limit


async def test_a_third_of_the_weight_is_left_to_others(served: ServedWeex) -> None:
    dialect, base = clock_api(served.endpoints)
    rest = RestClient(dialect, base, now_ms=lambda: 1_790_000_000_000)

    async def ask_on() -> None:
        for _ in range(30):
            await rest.get("/capi/v3/market/ticker/24hr")

    async with rest:
        with pytest.raises(VenueError, match="left alone"):
            await ask_on()
    assert rest.budget is not None
    assert 333 < rest.budget.used < 500


@pytest.mark.parametrize("fault", ["gap", "skip_snapshots", "garbage"])
async def test_a_book_that_broke_is_begun_anew(served: ServedWeex, fault: str) -> None:
    feed = served.feed()
    books = feed.plans([CONTRACT])[1]
    async with following(feed, [books]) as log:
        await log.until(lambda: len(tickers(log.events, "BTCUSDT@depth15")) > 2)
        if fault == "skip_snapshots":
            await served.inject("drop", venue="weex")
        await served.inject(fault, venue="weex", **({} if fault == "skip_snapshots" else {"frames": 1}))
        await log.until(lambda: bool(faults(log.events)))
        await served.inject("clear")
        seen = len(log.events)
        await log.until(lambda: len(tickers(log.events[seen:], "BTCUSDT@depth15")) > 2)
    for event in tickers(log.events, "BTCUSDT@depth15"):
        assert (event.bid_price or 0) < (event.ask_price or 0)


async def test_an_unknown_contract_is_refused_by_name_and_spoils_no_other(served: ServedWeex) -> None:
    feed = served.feed()
    plan = feed.plans([CONTRACT, "weex:linear:NOPEUSDT"])[0]
    async with following(feed, [plan]) as log:
        await log.until(lambda: "refused" in log.channel_states("NOPEUSDT@ticker"))
        await log.until(lambda: "live" in log.channel_states("BTCUSDT@ticker"))
    (refused,) = [event for event in log.events if isinstance(event, ChannelChanged) and event.state == "refused"]
    assert "invalid symbol : NOPEUSDT" in refused.reason


async def test_pings_of_the_venue_are_answered_on_every_socket(
    served: ServedWeex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "PING_MS", 900)
    monkeypatch.setattr(manners, "UNANSWERED", 1)
    feed, desk = served.feed(), served.desk()
    async with following(feed, feed.plans([CONTRACT, PAIR])) as public, following(desk, desk.plans([CONTRACT])) as own:
        for log, count in ((public, 9), (own, 3)):
            await log.until(
                lambda log=log, count=count: [getattr(one, "kind", "") for one in log.events].count("ping") >= count,  # type: ignore[misc]
            )
    for log in (public, own):
        assert "reconnecting" not in log.states
        assert "pong" in [event.kind for event in log.events if isinstance(event, Heard)]


async def test_a_socket_that_wants_nothing_is_cut_and_ours_is_not(
    served: ServedWeex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manners, "IDLE_MS", 1_000)
    feed, desk = served.feed(), served.desk()
    async with following(feed, feed.plans([CONTRACT])) as public, following(desk, desk.plans([CONTRACT])) as own:
        await public.until(lambda: public.states.count("live") == 2)
        await own.until(lambda: "live" in own.states)
        async with connect(f"{served.endpoints.websocket}/v3/ws/public", proxy=None) as idle:
            assert json.loads(await idle.recv())["event"] == "connected"
            with pytest.raises(ConnectionClosed) as closed:
                await idle.recv()
        assert closed.value.rcvd is None, "without a word"
        assert "reconnecting" not in (*public.states, *own.states)


async def test_a_venue_that_falls_silent_is_said_to_be(served: ServedWeex) -> None:
    feed = served.feed()
    async with following(feed, [feed.plans([CONTRACT])[0]]) as log:
        await log.until(lambda: "live" in log.states)
        await served.inject("acks_only", venue="weex")
        await log.until(lambda: "silent" in log.channel_states("BTCUSDT@ticker"))
        await served.inject("clear")
        seen = len(log.events)
        await log.until(lambda: bool(tickers(log.events[seen:], "BTCUSDT@ticker")))


# --- the account -----------------------------------------------------------------------------------------------------


def request(name: str, side: str = "sell", price: str = "61000", quantity: str = "0.5", **changed: Any) -> OrderRequest:
    order: dict[str, Any] = {
        "client_order_id": name,
        "account": "main",
        "instrument": CONTRACT,
        "side": side,
        "quantity": Decimal(quantity),
        "limit_price": Decimal(price),
        "reduce_only": False,
        "created_ns": Clock().now_ns(),
        "leg": Leg.SHORT,
    }
    return OrderRequest(**order | changed)


def order_of(events: Sequence[AnyEvent], name: str) -> OrderUpdate:
    return [event for event in events if isinstance(event, OrderUpdate) and event.client_order_id == name][-1]


def positions(events: Sequence[AnyEvent]) -> dict[tuple[str, Leg], Decimal]:
    return {(one.instrument, one.leg): one.quantity for one in events if isinstance(one, PositionUpdate)}


@pytest.mark.verifies("weex", "linear", "balances", "position mode", "margin mode", "leverage", client="hedgerow")
@pytest.mark.verifies("weex", "spot", "balances", client="hedgerow")
async def test_a_sweep_of_an_account_that_holds_nothing(served: ServedWeex) -> None:
    events = await served.desk().sweep([CONTRACT, PAIR], SINCE_NS)
    assert positions(events) == {(CONTRACT, Leg.LONG): 0, (CONTRACT, Leg.SHORT): 0}
    balances = {event.asset: event.wallet_balance for event in events if isinstance(event, BalanceUpdate)}
    assert balances == {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(20)}
    settings = [event for event in events if isinstance(event, AccountSettings)]
    assert [event.position_mode for event in settings if not event.instrument] == ["hedge"]
    assert {event.margin_mode for event in settings if event.instrument} == {"cross", None}
    assert {(event.leg, event.leverage) for event in settings if event.leverage} == {
        (Leg.LONG, Decimal(10)),
        (Leg.SHORT, Decimal(10)),
    }
    assert isinstance(events[-1], AccountSwept)


@pytest.mark.verifies("weex", "linear", "place an order", "cancel an order", "query an order", client="hedgerow")
@pytest.mark.verifies("weex", "linear", "open orders", "client order id", "private stream", client="hedgerow")
async def test_a_resting_order_is_placed_seen_swept_and_cancelled(served: ServedWeex) -> None:
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)
        placed = order_of(await desk.place(request("hr-1")), "hr-1")
        await log.until(lambda: any(isinstance(event, OrderUpdate) for event in log.events))
        streamed, queried = order_of(log.events, "hr-1"), order_of(await desk.query(request("hr-1")), "hr-1")
        swept = order_of(await desk.sweep([CONTRACT], SINCE_NS), "hr-1")
        for seen in (placed, streamed, queried, swept):
            assert (seen.state, seen.venue_order_id, seen.leg) == (OrderState.OPEN, placed.venue_order_id, Leg.SHORT)
            assert (seen.limit_price, seen.quantity, seen.side) == (Decimal(61_000), Decimal("0.5"), "sell")
        assert order_of(await desk.cancel(request("hr-1")), "hr-1").state is OrderState.CANCELLED
        await log.until(lambda: order_of(log.events, "hr-1").state is OrderState.CANCELLED)
    assert not faults(log.events)


@pytest.mark.verifies("weex", "linear", "post-only", client="hedgerow")
async def test_an_order_that_must_not_take_rests_or_comes_to_nothing(served: ServedWeex) -> None:
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states, 10)
        assert order_of(await desk.place(request("rest-1"), post_only=True), "rest-1").state is OrderState.OPEN
        assert order_of(await desk.query(request("rest-1")), "rest-1").state is OrderState.OPEN
        taking = request("take-1", price="59000")
        await desk.place(taking, post_only=True)
        await log.until(lambda: any(getattr(one, "client_order_id", "") == "take-1" for one in log.events), 10)
        await log.until(lambda: order_of(log.events, "take-1").state is OrderState.CANCELLED, 10)
        assert order_of(await desk.query(taking), "take-1").state is OrderState.CANCELLED
        swept = await desk.sweep([CONTRACT], SINCE_NS)
    assert set(positions(swept).values()) == {Decimal(0)}
    assert not [event for event in (*log.events, *swept) if isinstance(event, Fill)]
    assert not faults(log.events)


@pytest.mark.verifies("weex", "linear", "positions", "fills", "fee records", "reduce-only", client="hedgerow")
async def test_a_short_is_opened_and_closed_and_sweeping_twice_changes_nothing(served: ServedWeex) -> None:
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)
        await desk.place(request("hr-1", price="59000"))
        await log.until(lambda: any(isinstance(event, PositionUpdate) for event in log.events))
        await log.until(lambda: order_of(log.events, "hr-1").state is OrderState.FILLED)
        first, again = await desk.sweep([CONTRACT], SINCE_NS), await desk.sweep([CONTRACT], SINCE_NS)
        held = [one for one in log.events if isinstance(one, PositionUpdate)][-1]
        swept = next(one for one in first if isinstance(one, PositionUpdate) and one.quantity)
        assert (held.quantity, held.entry_price, held.leg) == (swept.quantity, swept.entry_price, Leg.SHORT)
        assert held.quantity == Decimal("-0.5")
        assert swept.liquidation_price is not None
        assert swept.liquidation_price > 60_000
        assert held.liquidation_price is None, "the stream does not tell it"
        told = [{one.fill_id: one for one in events if isinstance(one, Fill)} for events in (log.events, first, again)]
        assert told[0].keys() == told[1].keys() == told[2].keys()
        for number, fill in told[1].items():
            streamed = told[0][number]
            assert (fill.price, fill.quantity, fill.fee, fill.leg) == (
                *(streamed.price, streamed.quantity, streamed.fee, streamed.leg),
            )
            assert fill.client_order_id == "hr-1"
        assert sum(fill.quantity for fill in told[1].values()) == Decimal("0.5")
        charged = {one.record_id: one.amount for one in first if isinstance(one, FeeCharged)}
        assert charged == {one.record_id: one.amount for one in again if isinstance(one, FeeCharged)}
        assert sum(charged.values()) == sum(fill.fee for fill in told[1].values())
        assert positions(first) == positions(again)
        await desk.place(request("hr-2", "buy", "61000", reduce_only=True))
        await log.until(lambda: positions(log.events).get((CONTRACT, Leg.SHORT)) == 0)
        await desk.place(request("hr-3", "buy", "61000", reduce_only=True))
        assert positions(await desk.sweep([CONTRACT], SINCE_NS)) == {(CONTRACT, Leg.SHORT): 0, (CONTRACT, Leg.LONG): 0}
    assert not faults(log.events)


@pytest.mark.verifies("weex", "spot", "private stream", client="hedgerow")
async def test_coins_that_come_to_the_spot_wallet_are_told_at_once_and_dollars_are_not(served: ServedWeex) -> None:
    desk, key = served.desk(), served.key().key
    async with following(desk, desk.plans([CONTRACT, PAIR])) as log:
        await log.until(lambda: log.states.count("live") >= 2)
        for asset in ("USDT", "BTC"):
            await served.inject("transfer", venue="weex", key=key, asset=asset, amount="0.5", wallet="spot")
        await log.until(lambda: any(isinstance(event, BalanceUpdate) for event in log.events))
    told = {event.asset: event.wallet_balance for event in log.events if isinstance(event, BalanceUpdate)}
    swept = await desk.sweep([CONTRACT, PAIR], SINCE_NS)
    assert told == {"BTC": Decimal("2.5")}
    assert (
        told["BTC"]
        == next(one for one in swept if isinstance(one, BalanceUpdate) and one.asset == "BTC").wallet_balance
    )
    assert not faults(log.events)


@pytest.mark.verifies("weex", "linear", "funding records", client="hedgerow")
async def test_funding_is_in_the_ledger_with_the_sign_of_who_pays(served: ServedWeex) -> None:
    desk = served.desk()
    await desk.place(request("hr-1", price="59000"))
    await served.inject("fund", venue="weex", category="linear", symbol="BTCUSDT")
    paid = [event for event in await desk.sweep([CONTRACT], SINCE_NS) if isinstance(event, FundingPayment)]
    listing = served.venue.exchange.find("linear", "BTCUSDT")
    assert listing is not None
    schedule = served.venue.exchange.funding(listing)
    assert schedule is not None
    assert [event.amount for event in paid] == [Decimal("0.5") * 60_000 * schedule.settled[-1].rate]
    assert (paid[0].asset, paid[0].instrument, paid[0].leg) == ("USDT", CONTRACT, Leg.NET)


async def test_in_one_way_mode_there_is_one_position(served: ServedWeex) -> None:
    await served.inject("set_position_mode", venue="weex", key=served.key().key, hedge=False)
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)
        await desk.place(request("hr-1", price="59000", leg=Leg.NET))
        await log.until(lambda: positions(log.events) == {(CONTRACT, Leg.NET): Decimal("-0.5")})
        await desk.place(request("hr-2", "buy", "61000", "0.2", leg=Leg.NET, reduce_only=True))
        await log.until(lambda: positions(log.events) == {(CONTRACT, Leg.NET): Decimal("-0.3")})
        await desk.place(request("hr-3", "buy", "61000", "0.3", leg=Leg.NET, reduce_only=True))
        await log.until(lambda: positions(log.events) == {(CONTRACT, Leg.NET): Decimal(0)})
        assert positions(await desk.sweep([CONTRACT], SINCE_NS)) == {(CONTRACT, Leg.NET): 0}


@pytest.mark.parametrize("cut", [False, True], ids=["503", "cut"])
async def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(served: ServedWeex, cut: bool) -> None:
    desk = served.desk()
    await served.inject("lose_answers", venue="weex", count=1, cut=cut)
    assert order_of(await desk.place(request("hr-1")), "hr-1").state is OrderState.UNKNOWN
    assert order_of(await desk.query(request("hr-1")), "hr-1").state is OrderState.OPEN
    assert order_of(await desk.place(request("hr-1")), "hr-1").state is OrderState.OPEN
    assert len(served.venue.exchange.book.accounts[0].orders) == 1
    assert order_of(await served.desk().place(request("hr-1")), "hr-1").state is OrderState.OPEN
    assert len(served.venue.exchange.book.accounts[0].orders) == 1


async def test_an_order_that_was_filled_before_it_could_be_cancelled(served: ServedWeex) -> None:
    desk = served.desk()
    await served.inject("lose_answers", venue="weex", count=1)
    await desk.place(request("hr-1", price="59000"))
    events = await desk.cancel(request("hr-1", price="59000"))
    assert order_of(events, "hr-1").state is OrderState.FILLED
    assert sum(event.quantity for event in events if isinstance(event, Fill)) == Decimal("0.5")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quantity": Decimal("0.00001")}, "Precision"),
        ({"quantity": Decimal(500)}, "not enough"),
        ({"limit_price": Decimal("61000.05")}, "Precision"),
        ({"instrument": "weex:linear:DOGEUSDT", "quantity": Decimal(100), "limit_price": Decimal("0.15")}, "API"),
        ({"side": "buy", "reduce_only": True}, "not enough"),
        ({"instrument": "weex:linear:NOPEUSDT"}, "Invalid symbol"),
    ],
)
async def test_what_the_venue_refuses_is_rejected_in_its_words(
    served: ServedWeex, changed: dict[str, Any], words: str
) -> None:
    desk = served.desk()
    rejected = order_of(await desk.place(request("hr-1", **changed)), "hr-1")
    assert rejected.state is OrderState.REJECTED
    assert words in rejected.reason


async def test_an_order_that_nobody_knows(served: ServedWeex) -> None:
    made_before = msgspec.structs.replace(request("hr-9"), created_ns=SINCE_NS)
    for wanted, state in ((made_before, OrderState.REJECTED), (request("hr-9"), OrderState.UNKNOWN)):
        told = order_of(await served.desk().query(wanted), "hr-9")
        assert (told.state, told.reason) == (state, NOT_KNOWN)


async def test_a_clock_that_is_off_is_the_venues_to_correct(served: ServedWeex) -> None:
    await served.inject("skew", venue="weex", milliseconds=90_000)
    desk = served.desk()
    events = await desk.sweep([CONTRACT], SINCE_NS)
    assert isinstance(events[-1], AccountSwept)
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)


@pytest.mark.parametrize(("spoilt", "code"), [("secret", "-1047"), ("passphrase", "-1049"), ("key", "-1044")])
async def test_who_cannot_sign_is_not_let_in_and_nothing_of_the_key_is_said(
    served: ServedWeex, spoilt: str, code: str
) -> None:
    good = served.credentials()
    desk = WeexDesk("main", served.endpoints, msgspec.structs.replace(good, **{spoilt: "spoilt"}))
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: any(code in reason for reason in log.reasons))
    with pytest.raises(VenueError, match=code) as caught:
        await desk.sweep([CONTRACT], SINCE_NS)
    for secret in (good.key, good.secret, good.passphrase, "spoilt"):
        assert secret not in f"{log.events} {caught.value}"


async def test_a_key_that_expires_ends_its_sockets(served: ServedWeex) -> None:
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)
        await served.inject("expire_key", venue="weex", key=served.key().key)
        await log.until(lambda: "reconnecting" in log.states)
        await log.until(lambda: any("401" in reason for reason in log.reasons))
    assert [event.reason for event in log.events if isinstance(event, ConnectionChanged) and "key" in event.reason]


async def test_a_key_is_tried_and_its_rights_are_not_known(served: ServedWeex) -> None:
    assert await key_rights(served.endpoints, served.credentials("withdraw")) is None
    with pytest.raises(VenueError, match="-1044"):
        await key_rights(served.endpoints, Credentials("nobody", "x", "y"))
    reader = served.desk("read")
    assert isinstance((await reader.sweep([CONTRACT], SINCE_NS))[-1], AccountSwept)
    refused = order_of(await reader.place(request("hr-1")), "hr-1")
    assert (refused.state, "-1052" in refused.reason) == (OrderState.REJECTED, True)


async def test_a_liquidation_is_told_as_one(served: ServedWeex) -> None:
    desk = served.desk()
    async with following(desk, desk.plans([CONTRACT])) as log:
        await log.until(lambda: "live" in log.states)
        await desk.place(request("hr-1", price="59000"))
        await log.until(lambda: bool(positions(log.events)))
        await served.inject("liquidate", venue="weex", category="linear", symbol="BTCUSDT", key=served.key().key)
        await log.until(lambda: positions(log.events).get((CONTRACT, Leg.SHORT)) == 0)
    (forced,) = [event for event in log.events if isinstance(event, Fill) and event.origin == "liquidation"]
    assert (forced.side, forced.quantity, forced.leg) == ("buy", Decimal("0.5"), Leg.SHORT)
    swept = await desk.sweep([CONTRACT], SINCE_NS)
    again = {event.fill_id: event for event in swept if isinstance(event, Fill)}[forced.fill_id]
    charged = [event for event in swept if isinstance(event, FeeCharged) and event.kind == "liquidation"]
    assert (forced.fee, again.fee, len(charged)) == (Decimal(0), Decimal(0), 1), "it is told once, by the ledger"
    assert charged[0].amount > 0
