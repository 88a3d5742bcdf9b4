"""The live engine: connections, reference data, price history, broker and engine, running in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple

from core.commands import AnyCommand, Resync
from core.sheet_price import PricedContract
from feeds.account_keeper import AccountKeeper
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.engine_thread import EngineThread
from feeds.history import HistoryKeeper
from feeds.keeper import Reader
from feeds.poller import Poller
from feeds.prices.sources import price_keepers
from feeds.records import Tap
from feeds.reference import EVERY_SECONDS, ReferenceKeeper
from feeds.runner import Broker, EngineCore
from feeds.timing import DEFAULT_TIMING, Timing
from feeds.venue import AccountFeed, Emit, VenueFeed


def connections_of(
    feeds: Sequence[VenueFeed],
    instruments: Sequence[str],
    emit: Emit,
    clock: Clock,
    *,
    timing: Timing = DEFAULT_TIMING,
    tap: Tap | None = None,
    reference_seconds: float = EVERY_SECONDS,
) -> tuple[list[Connection], list[Reader]]:
    """What must run for these instruments; each feed is given those of its venue. Call it in the loop they run in."""
    connections: list[Connection] = []
    keepers: list[Reader] = []
    pollers: list[Reader] = []
    for feed in feeds:
        wanted = [item for item in instruments if item.partition(":")[0] == feed.venue]
        reference = ReferenceKeeper(feed, wanted, emit, clock, tap=tap, every_seconds=reference_seconds)
        keepers += [reference, HistoryKeeper(feed, wanted, emit, clock, reference, tap=tap)]
        pollers += [Poller(feed, plan, emit, clock, tap=tap) for plan in feed.polls(wanted)]
        connections += [Connection(feed, plan, emit, clock, timing=timing, tap=tap) for plan in feed.plans(wanted)]
    return connections, [*keepers, *pollers]


class AccountToRead(NamedTuple):
    """An account that its venue keeps, from when on (ns) its records are wanted where none were read yet, and the
    instruments that are held in it: ``None`` for all of its venue. A key may open several accounts. ``key_verified`` is
    whether it was seen what the key may do."""

    feed: AccountFeed
    since_ns: Callable[[], int]
    instruments: tuple[str, ...] | None = None
    key_verified: bool | None = None


def accounts_of(
    accounts: Sequence[AccountToRead],
    instruments: Sequence[str],
    emit: Emit,
    clock: Clock,
    timing: Timing = DEFAULT_TIMING,
) -> tuple[list[Connection], list[Reader]]:
    """What must run for these accounts. Call it in the loop they run in."""
    connections: list[Connection] = []
    keepers: list[Reader] = []
    for feed, since_ns, held, verified in accounts:
        wanted = [item for item in (instruments if held is None else held) if item.partition(":")[0] == feed.venue]
        keeper = AccountKeeper(feed, wanted, emit, clock, since_ns, key_verified=verified)
        keepers.append(keeper)
        connections += [Connection(feed, plan, keeper.streamed, clock, timing=timing) for plan in feed.plans(wanted)]
    return connections, keepers


class EngineHost(EngineThread):
    """An engine on live venues.

    ``instruments`` are ids. Snapshots are cut ``refresh_hz`` times a second, and at once for an alert or after a
    command. ``tap`` sees every raw frame and every public REST answer, in the engine's thread. ``priced`` are contracts
    whose prices come from their own sheets; the tap sees nothing of those.
    """

    def __init__(
        self,
        engine: EngineCore,
        feeds: Sequence[VenueFeed],
        instruments: Sequence[str],
        broker: Broker,
        clock: Clock,
        refresh_hz: float = 2.0,
        *,
        timing: Timing = DEFAULT_TIMING,
        tap: Tap | None = None,
        reference_seconds: float = EVERY_SECONDS,
        accounts: Sequence[AccountToRead] = (),
        priced: Sequence[PricedContract] = (),
    ) -> None:
        super().__init__(engine, broker, refresh_hz)
        self._accounts = tuple(accounts)
        self._feeds, self._instruments, self._clock = feeds, tuple(instruments), clock
        self._timing, self._tap, self._reference_seconds = timing, tap, reference_seconds
        self._connections: list[Connection] = []
        self._keepers: list[Reader] = []
        self._priced = tuple(priced)

    def _now_ns(self) -> int:
        return self._clock.now_ns()

    def _work(self) -> Iterator[Coroutine[Any, Any, None]]:
        self._connections, keepers = connections_of(
            self._feeds,
            self._instruments,
            self._emit,
            self._clock,
            timing=self._timing,
            tap=self._tap,
            reference_seconds=self._reference_seconds,
        )
        private, sweeps = accounts_of(self._accounts, self._instruments, self._emit, self._clock, self._timing)
        self._connections += private
        self._keepers = [*keepers, *sweeps, *price_keepers(self._priced, self._emit, self._clock)]
        yield from (connection.run() for connection in self._connections)
        yield from (keeper.run() for keeper in self._keepers)

    def _take_command(self, command: AnyCommand) -> None:
        super()._take_command(command)
        if isinstance(command, Resync):
            for connection in self._connections:
                connection.reopen("asked for")
            for keeper in self._keepers:
                keeper.reread()
