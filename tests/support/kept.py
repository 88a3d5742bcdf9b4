"""One simulated venue, what trades there, and the engine that watches: the same for every venue."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec

from core.books import Account, Book, PositionMode
from core.demo_book import DemoLeg, seed_book
from core.engine import Engine
from core.events import OrderState, OrderUpdate
from core.legs import Leg
from core.orders import OrderRequest
from core.snapshot import AccountView, HedgeLine, Mode, Snapshot
from core.symbols import MARKETS, linear_symbol, spot_symbol
from feeds.clock import Clock
from feeds.host import AccountToRead, EngineHost
from feeds.paper import PaperBroker
from feeds.registry import account_feed, venue_feed
from feeds.sim.process import SimulatorProcess
from feeds.sim.registry import venue_rules
from feeds.timing import DEFAULT_TIMING, Timing
from feeds.venue import AccountFeed, Credentials
from tests.support.bybit_server import WatchedHost
from tests.support.patience import PATIENCE

KEPT = "kept"
_numbers = itertools.count(1)


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

    def order(self, side: str, coins: str, price: str, **changed: Any) -> OrderRequest:
        order: dict[str, Any] = {
            "client_order_id": f"t{next(_numbers)}",
            "account": KEPT,
            "instrument": self.contract,
            "side": side,
            "quantity": Decimal(coins) / self.size,
            "limit_price": Decimal(price),
            "reduce_only": False,
            "created_ns": time.time_ns(),
            "leg": self.leg,
        }
        return OrderRequest(**order | changed)

    async def trade(self, side: str, coins: str, *, reduce_only: bool = False) -> None:
        """An order that is filled at once."""
        trader = self.trader
        order = self.order(side, coins, "59000" if side == "sell" else "61000", reduce_only=reduce_only)
        updates = [event for event in await trader.place(order) if isinstance(event, OrderUpdate)]
        assert updates[-1].state not in (OrderState.REJECTED, OrderState.UNKNOWN), updates

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
    def watched(self, *, timing: Timing = DEFAULT_TIMING, reads: bool = True) -> Iterator[WatchedHost]:
        """An engine that reads the account (unless told not to) with a key that may only read."""
        book, clock, key = self.book(), Clock(), self.key("read")
        engine = Engine([book], mode=Mode.PAPER, source="test")
        begun_ns = clock.now_ns()
        read = AccountToRead(account_feed(self.venue, KEPT, self.endpoints, key), lambda: begun_ns, (self.contract,))
        instruments = [self.contract, book.lots[0].price or ""]
        host = WatchedHost(
            engine,
            [venue_feed(self.venue, self.endpoints, key)],
            instruments,
            PaperBroker(book.accounts, engine.positions),
            clock,
            50.0,
            timing=timing,
            accounts=[read] if reads else (),
        )
        host.cuts = []
        host.start()
        try:
            yield host
        finally:
            host.stop(PATIENCE)


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
