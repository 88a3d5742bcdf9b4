"""Our own client at the simulated MEXC, over real sockets: prices, reference, and what the private streams tell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    BalanceUpdate,
    CandlesLoaded,
    ChannelState,
    DayStatistics,
    Fill,
    FillOrigin,
    FrameFault,
    FundingPayment,
    FundingSettled,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.history import HOUR_NS
from core.legs import Leg
from feeds.examine import clock_skew_ms, key_rights
from feeds.mexc import facts
from feeds.mexc.client import MexcFeed
from feeds.mexc.desk import MexcDesk
from feeds.sim.process import SimulatorProcess
from feeds.venue import CandlesWanted, Credentials, KeyRights
from tests.feeds.mexc.desk import INVERSE, LINEAR, PAIR, Account, live, order, streaming, the, until
from tests.support.clocks import clear_of_the_hour

ALL = [LINEAR, INVERSE, PAIR]


def feed(simulator: SimulatorProcess) -> MexcFeed:
    return MexcFeed(simulator.venues["mexc"])


# --- prices ----------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "mark price", "index price", "funding rate", "best bid and ask", "24 h ticker")
@pytest.mark.verifies("mexc", "inverse", "mark price", "index price", "funding rate", "best bid and ask", "24 h ticker")
@pytest.mark.verifies("mexc", "spot", "best bid and ask", "24 h ticker")
async def test_every_channel_speaks_and_together_they_tell_everything(simulator: SimulatorProcess) -> None:
    mexc = feed(simulator)
    plans = mexc.plans(ALL)
    assert [plan.name for plan in plans] == ["contract", "spot"]
    async with streaming(mexc, plans) as log:
        await live(log, 2)
        for name in ALL:
            await until(log, DayStatistics, lambda event, name=name: event.instrument == name)  # type: ignore[misc]
    assert not the(FrameFault, log.events)
    said = {name: {"instrument": name} for name in ALL}
    for ticker in the(Ticker, log.events):
        values = {field: getattr(ticker, field) for field in ticker.__struct_fields__}
        said[ticker.instrument] |= {field: value for field, value in values.items() if value is not None}
    for name in (LINEAR, INVERSE):
        prices = [said[name][field] for field in ("mark_price", "index_price", "last_price", "bid_price", "ask_price")]
        assert all(abs(Decimal(price) / Decimal(prices[0]) - 1) < Decimal("0.01") for price in prices)
        assert said[name]["bid_price"] < said[name]["ask_price"]
        assert abs(Decimal(said[name]["funding_rate"])) <= Decimal("0.003")
        assert said[name]["bid_size"]
    assert said[PAIR]["bid_price"] < said[PAIR]["ask_price"]


@pytest.mark.verifies("mexc", "linear", "last settled funding rate", "funding interval")
@pytest.mark.verifies("mexc", "inverse", "last settled funding rate", "funding interval")
async def test_polls_tell_the_interval_and_what_was_settled(simulator: SimulatorProcess) -> None:
    mexc = feed(simulator)
    funding, day = mexc.polls(["mexc:linear:SOL_USDT", INVERSE, PAIR])
    events = await mexc.poll(funding)
    hours = {ticker.instrument: ticker.funding_interval_hours for ticker in the(Ticker, events)}
    assert hours == {"mexc:linear:SOL_USDT": 4, INVERSE: 8}
    settled = {event.instrument: event for event in the(FundingSettled, events)}
    assert settled.keys() == hours.keys()
    for ticker in the(Ticker, events):
        gap = (ticker.next_funding_time_ns or 0) - settled[ticker.instrument].settled_ns
        assert gap == (hours[ticker.instrument] or 0) * HOUR_NS, "one is past, the other to come"
        assert ticker.channel in funding.channels
    (statistics,) = await mexc.poll(day)
    assert isinstance(statistics, DayStatistics)
    assert statistics.open_price


async def test_many_contracts_are_asked_for_in_one_list(simulator: SimulatorProcess) -> None:
    mexc = feed(simulator)
    names = [f"mexc:linear:{coin}_USDT" for coin in ("BTC", "ETH", "SOL", "DOGE")]
    names += ["mexc:linear:BTC_USDC", INVERSE, "mexc:linear:NOPE_USDT"]
    (plan,) = mexc.polls(names)
    assert {ticker.instrument for ticker in the(Ticker, await mexc.poll(plan))} == set(names[:-1])
    events = await mexc.reference(names)
    assert {event.instrument.id for event in the(InstrumentListed, events)} == set(names[:-1])
    assert [fault.field for fault in the(FrameFault, events)] == ["symbol"]


@pytest.mark.verifies("mexc", "linear", "instruments", "maintenance tiers", "candles", "server time")
@pytest.mark.verifies("mexc", "inverse", "instruments", "maintenance tiers", "candles", "server time")
@pytest.mark.verifies("mexc", "spot", "instruments", "candles", "server time")
async def test_reference_and_candles(simulator: SimulatorProcess) -> None:
    mexc = feed(simulator)
    events = await mexc.reference([*ALL, "mexc:linear:ETH_USDT", "mexc:linear:NOPE_USDT", "mexc:spot:NOPEUSDT"])
    found = {event.instrument.id: event.instrument for event in the(InstrumentListed, events)}
    assert found.keys() == {*ALL, "mexc:linear:ETH_USDT"}
    assert (found[LINEAR].contract_size, found[INVERSE].contract_size) == (Decimal("0.0001"), Decimal(100))
    assert (found[LINEAR].funding_interval_hours, found[LINEAR].funding_rate_cap) == (8, Decimal("0.003"))
    tables = {event.table.instrument: event.table for event in the(TiersLoaded, events)}
    assert {name: (table.unit, len(table.tiers)) for name, table in tables.items()} == {
        LINEAR: ("contracts", 5),
        INVERSE: ("contracts", 3),
        "mexc:linear:ETH_USDT": ("contracts", 4),
    }
    assert [fault.field for fault in the(FrameFault, events)] == ["symbol", "symbol"]
    await clear_of_the_hour()
    wanted = [CandlesWanted(instrument=name, interval_ns=HOUR_NS, count=48) for name in (*ALL, "mexc:linear:NOPE_USDT")]
    loads = [events async for events in mexc.candles(wanted)]
    for loaded in (the(CandlesLoaded, events) for events in loads[:3]):
        assert len(loaded[0].candles) == 48
    assert the(FrameFault, loads[3])
    assert abs(await clock_skew_ms("mexc", simulator.venues["mexc"])) < 2_000


async def test_acks_without_data_are_told_as_silence(simulator: SimulatorProcess) -> None:
    simulator.control("acks_only", venue="mexc")
    mexc = feed(simulator)
    async with streaming(mexc, mexc.plans([LINEAR])) as log:
        await log.until(lambda: ChannelState.SILENT in log.channel_states("fair.price.BTC_USDT"))
        assert log.channel_states("fair.price.BTC_USDT")[:3] == ["requested", "acked", "silent"]
        simulator.control("clear", venue="mexc")
        await live(log)


async def test_a_contract_that_is_not_listed_is_refused_and_disturbs_no_other(simulator: SimulatorProcess) -> None:
    mexc = feed(simulator)
    async with streaming(mexc, mexc.plans([LINEAR, "mexc:linear:NOPE_USDT"])) as log:
        await log.until(lambda: "refused" in log.channel_states("depth.full.NOPE_USDT"))
        assert "refused" in log.channel_states("fair.price.NOPE_USDT")
        await log.until(lambda: "live" in log.channel_states("fair.price.BTC_USDT"))
        assert "refused" not in log.channel_states("fair.price.BTC_USDT")


# --- the account's streams -------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "private stream", "positions", "fills", "open orders", "balances")
@pytest.mark.verifies("mexc", "inverse", "private stream", "positions", "fills", "open orders", "balances")
@pytest.mark.parametrize(("instrument", "asset"), [(LINEAR, "USDT"), (INVERSE, "BTC")])
async def test_an_order_is_followed_from_its_entry_to_the_position(
    simulator: SimulatorProcess, instrument: str, asset: str
) -> None:
    account = Account(simulator)
    async with streaming(account.desk, account.desk.plans([instrument])) as log:
        await live(log)
        asked = order("sell", await account.price(instrument, "0.99"), instrument=instrument)
        await account.desk.place(asked)
        done = await until(log, OrderUpdate, lambda event: event.state is OrderState.FILLED)
        assert (done.client_order_id, done.filled_quantity, done.leg) == (
            asked.client_order_id,
            Decimal(100),
            Leg.SHORT,
        )
        fill = await until(log, Fill, lambda event: True)
        assert (fill.client_order_id, fill.side, fill.fee_asset, fill.maker) == (
            asked.client_order_id,
            "sell",
            asset,
            False,
        )
        position = await until(log, PositionUpdate, lambda event: event.quantity == -100)
        assert (position.leg, position.entry_price is not None) == (Leg.SHORT, True)
        await account.desk.place(
            order("buy", await account.price(instrument, "1.01"), instrument=instrument, reduce_only=True)
        )
        await until(log, PositionUpdate, lambda event: event.quantity == 0)
        start = {"USDT": Decimal(10000), "BTC": Decimal(1)}[asset]
        told = await until(log, BalanceUpdate, lambda event: event.asset == asset and event.wallet_balance < start)
        swept = the(BalanceUpdate, await account.desk.sweep([instrument], 0))
        assert told.wallet_balance == next(event.wallet_balance for event in swept if event.asset == asset)
    assert not the(FrameFault, log.events)


@pytest.mark.verifies("mexc", "spot", "private stream", "balances")
async def test_the_spot_wallet_is_kept_apart(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    swept = the(BalanceUpdate, await account.desk.sweep([PAIR], 0))
    held = {event.asset: event.wallet_balance for event in swept if event.account == facts.spot_wallet("main")}
    assert held == {"USDT": 500, "BTC": Decimal("0.5")}
    async with streaming(account.desk, account.desk.plans([PAIR])) as log:
        await live(log)
        account.control("transfer", asset="USDT", amount="25.5", wallet="spot")
        event = await until(log, BalanceUpdate, lambda event: True)
        assert (event.account, event.wallet_balance) == (facts.spot_wallet("main"), Decimal("525.5"))
        account.simulator.control("expire_listen_keys", venue="mexc")
        await live(log, 2)
        assert "the listen key is no longer valid" in log.reasons
        account.control("transfer", asset="USDT", amount="1", wallet="spot")
        await until(log, BalanceUpdate, lambda event: event.wallet_balance == Decimal("526.5"))
    assert all("listenKey" not in str(event) for event in log.events)


async def test_a_listen_key_is_extended(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    (plan,) = account.desk.plans([PAIR])
    await account.desk.opening(plan)
    await account.desk.keep_alive(plan)
    simulator.control("expire_listen_keys", venue="mexc")
    with pytest.raises(VenueError, match="730000"):
        await account.desk.keep_alive(plan)


async def test_a_login_that_is_refused_says_so(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    account.desk._mode.hedge = True  # else the refusal of the first request would come before
    wrong = MexcDesk("main", simulator.venues["mexc"], Credentials(account.key["key"], "not the secret"))
    wrong._mode.hedge = True
    async with streaming(wrong, wrong.plans([LINEAR])) as log:
        await log.until(lambda: "reconnecting" in log.states)
        assert "the login was refused: authentication fail!" in log.reasons
        assert "live" not in log.states
    assert "not the secret" not in repr(log.events)


async def test_a_stream_that_was_cut_comes_back_logged_in(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    async with streaming(account.desk, account.desk.plans([LINEAR])) as log:
        await live(log)
        simulator.control("drop", venue="mexc")
        await live(log, 2)
        await account.desk.place(order("sell", await account.price(LINEAR, "1.02")))
        await until(log, OrderUpdate, lambda event: event.state is OrderState.OPEN)


async def test_what_the_venue_does_to_an_account_is_told_for_what_it_is(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    async with streaming(account.desk, account.desk.plans([LINEAR])) as log:
        await live(log)
        await account.desk.place(order("sell", await account.price(LINEAR, "0.99")))
        await until(log, Fill, lambda event: event.origin is FillOrigin.ORDER)
        account.control("deleverage", category="linear", symbol="BTC_USDT", quantity="40")
        adl = await until(log, Fill, lambda event: event.origin is FillOrigin.ADL)
        assert (adl.quantity, adl.side, adl.leg) == (Decimal(40), "buy", Leg.SHORT)
        account.control("liquidate", category="linear", symbol="BTC_USDT")
        gone = await until(log, Fill, lambda event: event.origin is FillOrigin.LIQUIDATION)
        assert gone.quantity == 60
        await until(log, PositionUpdate, lambda event: event.quantity == 0)


@pytest.mark.verifies("mexc", "linear", "position mode")
@pytest.mark.verifies("mexc", "inverse", "position mode")
async def test_a_position_mode_changed_elsewhere_is_told_at_once(simulator: SimulatorProcess) -> None:
    account = Account(simulator)
    async with streaming(account.desk, account.desk.plans([LINEAR])) as log:
        await live(log)
        account.control("set_position_mode", hedge=False)
        await until(log, AccountSettings, lambda event: event.position_mode == "one-way")
        await account.desk.place(order("sell", await account.price(LINEAR, "0.99"), leg=Leg.NET))
        position = await until(log, PositionUpdate, lambda event: event.quantity == -100)
        assert position.leg is Leg.NET


@pytest.mark.verifies("mexc", "linear", "funding records", "balances")
@pytest.mark.verifies("mexc", "inverse", "funding records", "balances")
@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
async def test_funding_is_found_by_the_sweep_with_its_sign(simulator: SimulatorProcess, instrument: str) -> None:
    account = Account(simulator)
    await account.desk.place(order("sell", await account.price(instrument, "0.99"), instrument=instrument))
    _, category, symbol = instrument.split(":")
    simulator.control("fund", venue="mexc", category=category, symbol=symbol)
    (payment,) = the(FundingPayment, await account.desk.sweep([instrument], 0))
    assert payment.rate is not None
    assert (payment.amount >= 0) == (payment.rate >= 0), "a short receives at a positive rate"
    assert (payment.leg, payment.asset, payment.mark_price) == (
        Leg.SHORT,
        {"linear": "USDT"}.get(category, "BTC"),
        None,
    )
    now_ns = payment.received_ns + 10**10
    assert not the(FundingPayment, await account.desk.sweep([instrument], now_ns))


@pytest.mark.verifies("mexc", "linear", "key permissions")
@pytest.mark.verifies("mexc", "inverse", "key permissions")
@pytest.mark.verifies("mexc", "spot", "key permissions")
@pytest.mark.parametrize("permissions", ["read", "trade", "withdraw"])
async def test_what_a_key_may_do(simulator: SimulatorProcess, permissions: str) -> None:
    key = simulator.api_key("mexc", permissions)
    rights = await key_rights("mexc", simulator.venues["mexc"], Credentials(key.key, key.secret))
    withdraws = permissions == "withdraw"
    assert rights == KeyRights(trades=permissions != "read", withdraws=withdraws, moves=withdraws, bound=False)


async def test_a_key_that_cannot_sign_has_no_rights(simulator: SimulatorProcess) -> None:
    key = simulator.api_key("mexc").key
    with pytest.raises(VenueError, match="700002") as caught:
        await key_rights("mexc", simulator.venues["mexc"], Credentials(key, "wrong"))
    assert key not in str(caught.value)
