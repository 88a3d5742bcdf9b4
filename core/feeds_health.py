"""How each connection and each channel is doing: states as reported, data as seen, faults as counted.

A quote keeps a reference to the :class:`ChannelHealth` that fed it. Whenever that channel is reported interrupted
its ``epoch`` moves on, and every quote written in an earlier epoch stops being fresh at that very moment, whatever
its age.
"""

from __future__ import annotations

from collections.abc import Iterable

from core import symbols
from core.books import Ages
from core.events import (
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    FrameFault,
    Heard,
)
from core.figures import Freshness, worst
from core.freshness import MARK_AGES_NS, AgesNs, by_age, nanoseconds
from core.sheet_price import PricedContract
from core.snapshot import ChannelView, FeedView

MARKETS = frozenset(
    market for venue in (*symbols.MARKETS, symbols.CCXT_VENUE.lower()) for market in symbols.markets_of(venue)
)
"""Markets as instrument ids name them: a connection so named serves that market and no other."""

INTERRUPTED = frozenset({ConnectionState.RECONNECTING, ConnectionState.CLOSED})
"""Connection states in which nothing that was held may count as fresh."""

_SILENCED = frozenset({ChannelState.SILENT, ChannelState.REFUSED})


class ChannelHealth:
    """One subscription: its state, when it last carried data, and the epoch of that data.

    ``told``: its connection has said that it is one of its own; until then that was guessed from data.
    """

    __slots__ = ("connection", "epoch", "last_data_ns", "name", "reason", "state", "told")

    def __init__(self, connection: ConnectionHealth, name: str, state: ChannelState) -> None:
        self.connection = connection
        self.name = name
        self.state = state
        self.reason = ""
        self.last_data_ns: int | None = None
        self.epoch = 0
        self.told = False

    def carried_data(self, received_ns: int) -> None:
        """Count one event of market data."""
        self.last_data_ns = received_ns
        connection = self.connection
        connection.last_data_ns = received_ns
        connection.frames += 1

    def view(self) -> ChannelView:
        """The channel as the snapshot shows it."""
        return ChannelView(channel=self.name, state=self.state, last_data_ns=self.last_data_ns, reason=self.reason)


class ConnectionHealth:
    """One websocket: its state, what it counted, and its channels; ``priced`` for the source of a sheet's price."""

    __slots__ = (
        "ages",
        "been_live",
        "changed_ns",
        "channels",
        "faults",
        "frames",
        "implied",
        "last_data_ns",
        "last_fault",
        "name",
        "polled",
        "priced",
        "reason",
        "reconnects",
        "state",
        "venue",
    )

    def __init__(self, venue: str, name: str, state: ConnectionState, *, implied: bool) -> None:
        self.venue = venue
        self.name = name
        self.state = state
        self.implied = implied
        self.reason = ""
        self.changed_ns = 0
        self.been_live = False
        self.last_data_ns: int | None = None
        self.frames = 0
        self.faults = 0
        self.reconnects = 0
        self.priced: PricedContract | None = None
        self.polled = False
        self.ages = MARK_AGES_NS
        self.last_fault = ""
        self.channels: dict[str, ChannelHealth] = {}

    @property
    def subject(self) -> str:
        """The connection as alerts name it."""
        return f"{self.venue} {self.name}"

    def freshness(self, now_ns: int) -> Freshness:
        """The age of its newest data, and never better than its state allows; one without channels has no data."""
        if not self.channels:
            return Freshness.LIVE if self.state is ConnectionState.LIVE else Freshness.UNKNOWN
        if self.last_data_ns is None:
            return Freshness.UNKNOWN
        if self.priced is not None:
            aged = self.priced.freshness(self.last_data_ns, now_ns)
            return aged if self.state is ConnectionState.LIVE else worst(aged, Freshness.LATE)
        aged = by_age(now_ns - self.last_data_ns, self.ages)
        if self.state is ConnectionState.LIVE:
            return aged
        return worst(aged, Freshness.STALE if self.state in INTERRUPTED else Freshness.LATE)

    def view(self, now_ns: int) -> FeedView:
        """The connection as the snapshot shows it."""
        return FeedView(
            venue=self.venue,
            connection=self.name,
            state=self.state,
            reason=self.reason,
            freshness=self.freshness(now_ns),
            last_data_ns=self.last_data_ns,
            frames=self.frames,
            faults=self.faults,
            reconnects=self.reconnects,
            last_fault=self.last_fault,
            channels=tuple(self.channels[name].view() for name in sorted(self.channels)),
        )


def _polled_ages(every_seconds: float) -> AgesNs:
    """Ages of what is asked for every so often: late when one answer is missing, never stricter than a stream's."""
    polled = nanoseconds(Ages(late=2 * every_seconds, stale=4 * every_seconds, unknown=12 * every_seconds))
    return AgesNs(*(max(pair) for pair in zip(polled, MARK_AGES_NS, strict=True)))


class FeedsHealth:
    """Every connection that was ever reported or that data arrived on."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str], ConnectionHealth] = {}
        self.interruptions = 0
        """How often an epoch of any channel has ended."""

    def connections(self) -> tuple[ConnectionHealth, ...]:
        """All of them, ordered by venue and name."""
        return tuple(self._connections[key] for key in sorted(self._connections))

    def connection_changed(self, event: ConnectionChanged) -> None:
        """Take in a connection's new state; an interruption ends the epoch of every channel on it."""
        connection = self._connection(event.venue, event.connection)
        if event.state is ConnectionState.RECONNECTING and connection.state is not ConnectionState.RECONNECTING:
            connection.reconnects += 1
        connection.implied = False
        connection.state = event.state
        connection.reason = event.reason
        if event.every_seconds:
            connection.polled, connection.ages = True, _polled_ages(event.every_seconds)
        connection.changed_ns = event.received_ns
        connection.been_live = connection.been_live or event.state is ConnectionState.LIVE
        if event.state in INTERRUPTED:
            for channel in connection.channels.values():
                channel.epoch += 1
            self.interruptions += 1

    def channel_changed(self, event: ChannelChanged) -> None:
        """Take in a subscription's new state; a silent or refused one ends its epoch."""
        connection = self._connection(event.venue, event.connection)
        channel = connection.channels.get(event.channel) or self._adopt(connection, event.channel)
        channel.told = True
        channel.state = event.state
        channel.reason = event.reason
        if event.state is ChannelState.LIVE and connection.polled:
            channel.last_data_ns = connection.last_data_ns = event.received_ns
        if event.state in _SILENCED:
            channel.epoch += 1
            self.interruptions += 1

    def fault(self, event: FrameFault) -> None:
        """Count a frame, or part of one, that was not used.

        What is read over REST reports its state only in trouble: a fault there is the first that is heard of it, and
        proves that the venue answers.
        """
        self.count_fault(self._connection(event.venue, event.connection, ConnectionState.LIVE), event)

    def count_fault(self, connection: ConnectionHealth, event: FrameFault) -> None:
        """The same for a connection already found."""
        connection.faults += 1
        words = (event.kind.value.replace("_", " "), event.channel, event.field, event.detail)
        connection.last_fault = ": ".join(word for word in words if word)

    def heard(self, event: Heard) -> None:
        """Count an understood frame without data, where its channel tells the connection."""
        for connection in self._connections.values():
            if event.channel in connection.channels:
                connection.frames += 1
                return

    def channel(self, venue: str, market: str, name: str) -> ChannelHealth:
        """The channel that data of this name came on.

        It is on the connection that told of it, whatever that is named: data must end with the socket it came on.
        One venue may use the same channel name on the connections of several markets; the connection named after
        the market wins, and one named after another market comes last. Data on a connection that nobody reported
        implies one named after its market.
        """
        of_venue = self._of_venue(venue)
        own = [item for item in of_venue if _serves(item, market)]
        tellers = [item for item in of_venue if name in item.channels and item.channels[name].told]
        found = (
            *(item for item in tellers if item in own),
            *(item for item in tellers if item.name not in MARKETS),
            *own,
            *tellers,
        )
        connection = found[0] if found else None
        if connection is None:
            connection = ConnectionHealth(venue, market, ConnectionState.LIVE, implied=True)
            self._connections[venue, market] = connection
        if name not in connection.channels:
            connection.channels[name] = ChannelHealth(connection, name, ChannelState.LIVE)
        return connection.channels[name]

    def _of_venue(self, venue: str) -> list[ConnectionHealth]:
        return [item for item in self._connections.values() if item.venue == venue]

    def _connection(
        self, venue: str, name: str, state: ConnectionState = ConnectionState.CONNECTING
    ) -> ConnectionHealth:
        """The connection of this name, in ``state`` where nothing was heard of it yet."""
        found = self._connections.get((venue, name))
        if found is None:
            found = ConnectionHealth(venue, name, state, implied=False)
            self._connections[venue, name] = found
        return found

    def _adopt(self, connection: ConnectionHealth, name: str) -> ChannelHealth:
        """The channel as a connection's own, taken over from the one that data of it was ascribed to before."""
        for other in self._of_venue(connection.venue):
            channel = other.channels.get(name)
            if channel is None or channel.told or (connection.name in MARKETS and other.name in MARKETS):
                continue
            del other.channels[name]
            connection.last_data_ns = _newest((connection.last_data_ns, channel.last_data_ns))
            other.last_data_ns = _newest(item.last_data_ns for item in other.channels.values())
            if other.implied:
                connection.priced = connection.priced or other.priced
                if not other.channels:
                    del self._connections[other.venue, other.name]
            break
        else:
            channel = ChannelHealth(connection, name, ChannelState.REQUESTED)
        channel.connection = connection
        connection.channels[name] = channel
        return channel


def _newest(moments: Iterable[int | None]) -> int | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _serves(connection: ConnectionHealth, market: str) -> bool:
    return connection.name == market or connection.name.startswith((f"{market}-", f"{market}.", f"{market}:"))
