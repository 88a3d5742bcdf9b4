"""An account that its venue keeps, read by the whole of it (client, host and engine) from the simulated exchange.

The tests are the same for every venue.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property, partial

import msgspec
import pytest

from core.books import Account, Book, PositionMode
from core.demo_book import DemoLeg, seed_book
from core.engine import Engine
from core.events import Fill, OrderState, OrderUpdate
from core.legs import Leg
from core.orders import OrderRequest
from core.snapshot import AccountView, HedgeLine, Mode, Snapshot
from core.symbols import MARKETS, linear_symbol, spot_symbol
from feeds.clock import Clock
from feeds.host import AccountToRead, EngineHost
from feeds.paper import PaperBroker
from feeds.registry import account_feed, venue_feed
from feeds.sim.process import SimulatorProcess, start_simulator
from feeds.sim.registry import VENUES, venue_rules
from feeds.venue import AccountFeed, Credentials
from tests.support.patience import PATIENCE

KEPT = "kept"
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=VENUES)
def exchange(request: pytest.FixtureRequest) -> Iterator[tuple[str, SimulatorProcess]]:
    """One simulated venue, BTC held at 60,000."""
    venue: str = request.param
    with start_simulator(venues=[venue], pins={"BTC": Decimal(60_000)}) as simulator:
        yield venue, simulator


class Desk:
    """What the tests do at a venue beside the engine that watches: trade, with a key that may."""

    def __init__(self, venue: str, simulator: SimulatorProcess) -> None:
        self.venue, self.simulator = venue, simulator
        self.market, self.symbol = MARKETS[venue][0], linear_symbol(venue, "BTC")
        self.contract = f"{venue}:{self.market}:{self.symbol}"
        self.size = venue_rules(venue).contract_size(self.market, "BTC")
        self.endpoints = simulator.venues[venue]
        self.both_legs = venue_rules(venue).hedge_mode
        self.leg = Leg.SHORT if self.both_legs else Leg.NET

    @cached_property
    def trader(self) -> AccountFeed:
        """One client for all that is traded, as anybody has it: venues count requests."""
        return account_feed(self.venue, KEPT, self.endpoints, self.key("trade"))

    def key(self, permissions: str) -> Credentials:
        key = self.simulator.api_key(self.venue, permissions)
        return Credentials(key=key.key, secret=key.secret, passphrase=key.passphrase)

    def order(self, side: str, coins: str, price: str, *, reduce_only: bool = False) -> OrderRequest:
        return OrderRequest(
            client_order_id=f"t{next(_numbers)}",
            account=KEPT,
            instrument=self.contract,
            side=side,
            quantity=Decimal(coins) / self.size,
            limit_price=Decimal(price),
            reduce_only=reduce_only,
            created_ns=time.time_ns(),
            leg=self.leg,
        )

    async def trade(self, side: str, coins: str, *, reduce_only: bool = False) -> None:
        """An order that is filled at once."""
        order = self.order(side, coins, "59000" if side == "sell" else "61000", reduce_only=reduce_only)
        updates = [event for event in await self.trader.place(order) if isinstance(event, OrderUpdate)]
        assert updates[-1].state is not OrderState.REJECTED, updates

    def book(self) -> Book:
        """The demo's bag, hedged in the account that the venue keeps."""
        spot = f"{self.venue}:spot:{spot_symbol(self.venue, 'BTC')}"
        book = seed_book(DemoLeg(self.contract, spot, self.size))
        account = Account(
            name=KEPT,
            venue=self.venue,
            settle="USDT",
            wallet_balance=Decimal(0),
            paper=False,
            position_mode=PositionMode.HEDGE if self.both_legs else PositionMode.ONE_WAY,
        )
        hedge = msgspec.structs.replace(
            book.hedges[0], account=KEPT, quantity=Decimal(0), entry_price=None, isolated_margin=None, leg=self.leg
        )
        return msgspec.structs.replace(book, accounts=(account,), hedges=(hedge,))

    @contextmanager
    def watched(self) -> Iterator[EngineHost]:
        """An engine that reads the account with a key that may only read."""
        book, clock, key = self.book(), Clock(), self.key("read")
        engine = Engine([book], mode=Mode.PAPER, source="test")
        begun_ns = clock.now_ns()
        read = AccountToRead(account_feed(self.venue, KEPT, self.endpoints, key), lambda: begun_ns, (self.contract,))
        instruments = [self.contract, book.lots[0].price or ""]
        host = EngineHost(
            engine,
            [venue_feed(self.venue, self.endpoints, key)],
            instruments,
            PaperBroker(book.accounts, engine.positions),
            clock,
            50.0,
            accounts=[read],
        )
        host.start()
        try:
            yield host
        finally:
            host.stop()


@pytest.fixture(scope="module")
def desk(exchange: tuple[str, SimulatorProcess]) -> Desk:
    return Desk(*exchange)


def line_of(snapshot: Snapshot) -> tuple[HedgeLine, AccountView]:
    return snapshot.books[0].hedges[0], snapshot.books[0].accounts[0]


def short_of(desk: Desk, coins: str, snapshot: Snapshot) -> bool:
    """Whether the snapshot shows a short of so many coins."""
    quantity = line_of(snapshot)[0].quantity.value
    return quantity is not None and -quantity * desk.size == Decimal(coins)


def until(host: EngineHost, seen: Callable[[Snapshot], bool]) -> Snapshot:
    snapshot = host.wait_until(seen, PATIENCE)
    assert snapshot is not None
    hedge, account = line_of(snapshot)
    assert seen(snapshot), (hedge.quantity, account.wallet_balance, feeds_of(snapshot), snapshot.message)
    return snapshot


def feeds_of(snapshot: Snapshot) -> list[tuple[str, str, str, str]]:
    return [(feed.connection, feed.state, feed.reason, feed.last_fault) for feed in snapshot.feeds]


async def test_what_the_account_holds_and_what_happens_to_it_is_shown(desk: Desk) -> None:
    """A position that was there, one more sale, a funding payment, a purchase: each arrives, each counts once."""
    await desk.trade("sell", "0.5")
    with desk.watched() as host:
        seen = until(host, partial(short_of, desk, "0.5"))
        hedge, account = line_of(seen)
        assert hedge.entry_price.value == pytest.approx(60_000, rel=Decimal("0.001"))
        assert account.wallet_balance.value is not None
        before = account.wallet_balance.value

        await desk.trade("sell", "0.25")
        hedge, account = line_of(until(host, partial(short_of, desk, "0.75")))

        desk.simulator.control("fund", venue=desk.venue, category=desk.market, symbol=desk.symbol)
        until(host, lambda snapshot: bool(snapshot.books[0].totals.funding_received.value))

        await desk.trade("buy", "0.75", reduce_only=True)
        hedge, account = line_of(until(host, partial(short_of, desk, "0")))
        told = until(host, lambda snapshot: bool(line_of(snapshot)[0].fees.value))
        hedge, account = line_of(told)
        assert account.wallet_balance.value != before


async def test_a_lost_line_loses_nothing(desk: Desk) -> None:
    """What happens while the stream is away is there once it is back."""
    with desk.watched() as host:
        until(host, partial(short_of, desk, "0"))
        desk.simulator.control("drop", venue=desk.venue)
        await desk.trade("sell", "0.1")
        until(host, partial(short_of, desk, "0.1"))
        desk.simulator.control("clear", venue=desk.venue)
        await desk.trade("buy", "0.1", reduce_only=True)
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
