"""What every venue folder offers to the rest of ``feeds``, so that knowing one is knowing all.

A venue folder holds ``facts.py`` (addresses, limits, intervals: data), ``wire.py`` (typed frames), ``parse.py``
(:class:`Decoder`: frames to events, pure), ``reference.py`` and ``candles.py`` (REST bodies to events, pure) and
``client.py`` (:class:`VenueFeed`: what to connect to and ask for).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from core.events import AnyEvent


class Decoder(Protocol):
    """Turns one raw frame of one connection into events. Holds only what merging needs; does no I/O."""

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame, in order: usually one.

        Never raises on bad input: a frame that cannot be used yields a ``FrameFault``.
        """
        ...

    def reset(self) -> None:
        """Forget merged state: the connection was lost, a snapshot must come before any delta."""
        ...


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One channel wanted on a connection.

    ``silence_seconds`` is how long the venue may say nothing on it before it counts as silent;
    ``None`` for a channel on which silence is normal.
    """

    channel: str
    silence_seconds: float | None


class ConnectionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One websocket to hold open: where, for what, and how to keep it alive."""

    venue: str
    name: str
    url: str
    subscriptions: tuple[Subscription, ...]
    heartbeat_seconds: float | None
    lifetime_seconds: float | None
    """When to swap to a fresh connection, before the venue cuts this one; ``None`` where it never does."""


class CandlesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of price history: the newest ``count`` closed candles of a contract's mark price, or of a spot
    pair's trades."""

    instrument: str
    interval_ns: int
    count: int


class VenueFeed(Protocol):
    """A venue's market data for a set of instruments."""

    venue: str

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """The connections that serve these instrument ids."""
        ...

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        ...

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """The frames that subscribe to these channels, in the venue's grouping."""
        ...

    def heartbeat_frame(self) -> str | None:
        """What to send every ``heartbeat_seconds``; ``None`` where protocol pings do."""
        ...

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, tiers and funding intervals over REST. Raises VenueError."""
        ...

    def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Price history over REST, one request each, in order. Raises VenueError at the first that fails."""
        ...


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Base addresses of one venue, without a trailing slash; the simulated exchange prints the same shape."""

    rest: str
    websocket: str
    more: Mapping[str, str] = {}


class Credentials(msgspec.Struct, frozen=True):
    """A read-only API key and its secret. Neither is shown when the object is printed."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return "Credentials(hidden)"


class KeyRights(msgspec.Struct, frozen=True, kw_only=True):
    """What an API key may do. ``moves`` is withdrawing, or moving funds to another account; ``bound`` is whether it
    works from certain addresses only."""

    trades: bool
    withdraws: bool
    moves: bool
    bound: bool
