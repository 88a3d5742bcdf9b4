"""One simulated venue, what trades there, and the engine that watches: the same for every venue."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from typing import Any

import msgspec
import pytest

from core.books import Account, Book, PositionMode
from core.demo_book import DemoLeg, seed_book
from core.engine import Engine
from core.events import OrderState, OrderUpdate
from core.instruments import ContractKind
from core.legs import Leg
from core.orders import OrderRequest
from core.snapshot import AccountView, HedgeLine, Mode, Snapshot
from core.symbols import spot_symbol
from feeds.clock import Clock
from feeds.host import AccountToRead, EngineHost
from feeds.paper import PaperBroker
from feeds.registry import account_feed, venue_feed
from feeds.sim.catalogue import Listing
from feeds.sim.process import SimulatorProcess
from feeds.sim.registry import VENUES, venue_rules
from feeds.timing import DEFAULT_TIMING, Timing
from feeds.venue import AccountFeed, Credentials
from tests.support.bybit_server import WatchedHost
from tests.support.patience import PATIENCE

KEPT = "kept"
HELD_AT = Decimal(60_000)
"""The price at which the tests hold BTC: inverse contracts for so many coins are counted at it."""
_numbers = itertools.count(1)

LINE = Timing(
    first_data_seconds=5.0,
    send_gap_seconds=0.05,
    quiet_seconds=1.5,
    pong_seconds=1.5,
    first_delay_seconds=0.1,
    longest_delay_seconds=0.5,
    attempts=1_000,
)
"""Limits of production where slow channels need them, and shorter ones elsewhere: a machine that stands for longer than
these makes a reconnection."""
PATIENT = msgspec.structs.replace(LINE, first_data_seconds=PATIENCE, quiet_seconds=PATIENCE, pong_seconds=PATIENCE)
"""For what must not be taken for trouble of the line."""


class Kind(StrEnum):
    """A kind of contract: linear ones pay in USDT, inverse ones in the coin."""

    LINEAR = "linear"
    INVERSE = "inverse"
    DATED_LINEAR = "dated-linear"
    DATED_INVERSE = "dated-inverse"

    @property
    def dated(self) -> bool:
        """Whether it expires."""
        return self in (Kind.DATED_LINEAR, Kind.DATED_INVERSE)

    def is_of(self, listing: Listing, base: str) -> bool:
        """Whether a listing is of this kind, on this coin."""
        instrument = listing.instrument
        inverse = self in (Kind.INVERSE, Kind.DATED_INVERSE)
        paid = (ContractKind.INVERSE, base) if inverse else (ContractKind.LINEAR, "USDT")
        return (instrument.base, instrument.kind, instrument.settle, listing.quarter > 0) == (base, *paid, self.dated)


def listed(venue: str, kind: Kind, base: str = "BTC") -> Listing | None:
    """A venue's contract of a kind, the dated one that expires last; ``None`` where it has none."""
    listings = venue_rules(venue).listings(time.time_ns() // 1_000_000)
    return next((listing for listing in reversed(listings) if kind.is_of(listing, base)), None)


def cases(*kinds: Kind) -> list[tuple[str, Kind]]:
    """Every venue with every one of these kinds of contract that it has."""
    return [(venue, kind) for venue in VENUES for kind in kinds if listed(venue, kind) is not None]


def every(tried: list[tuple[str, Kind]]) -> pytest.MarkDecorator:
    """The tests of a module with each of these, the tests of one venue at one simulator (the fixture ``simulated``)."""
    names = [f"{venue}-{kind}" for venue, kind in tried]
    return pytest.mark.parametrize(("simulated", "kind"), tried, ids=names, indirect=["simulated"], scope="module")


class Desk:
    """What the tests do at a venue beside the engine that watches: trade, with a key that may. ``quantity`` counts
    coins in the contract's own unit."""

    def __init__(self, venue: str, simulator: SimulatorProcess, kind: Kind = Kind.LINEAR) -> None:
        listing, rules = listed(venue, kind), venue_rules(venue)
        assert listing is not None
        self.venue, self.simulator, self.kind, self.listing = venue, simulator, kind, listing
        self.market, self.symbol, self.contract = listing.category, listing.symbol, listing.instrument.id
        self.settle, self.size = listing.instrument.settle, listing.instrument.contract_size
        self.endpoints = simulator.venues[venue]
        self.has_legs = self.market in rules.hedges
        self.both_legs = rules.hedge_mode and self.has_legs
        self.leg = Leg.SHORT if self.both_legs else Leg.NET

    def offers(self, capability: str) -> bool:
        """Whether the venue offers something (:data:`tests.capabilities.CAPABILITIES`) for such contracts."""
        facts = import_module(f"feeds.{self.venue}.facts")
        return (self.market, capability) not in facts.NOT_OFFERED

    def quantity(self, coins: Decimal | str) -> Decimal:
        """How many units of the contract so many coins are."""
        return Decimal(coins) * (HELD_AT if self.listing.inverse else 1) / self.size

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
            "quantity": self.quantity(coins),
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
            settle=self.settle,
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
    return quantity is not None and -quantity == desk.quantity(coins)


def until(host: EngineHost, seen: Callable[[Snapshot], bool]) -> Snapshot:
    snapshot = host.wait_until(seen, PATIENCE)
    assert snapshot is not None
    hedge, account = line_of(snapshot)
    assert seen(snapshot), (hedge.quantity, account.wallet_balance, feeds_of(snapshot), snapshot.message)
    return snapshot


def feeds_of(snapshot: Snapshot) -> list[tuple[str, str, str, str]]:
    return [(feed.connection, feed.state, feed.reason, feed.last_fault) for feed in snapshot.feeds]
