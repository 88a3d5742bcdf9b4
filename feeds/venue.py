"""What every venue folder offers to the rest of ``feeds``, so that knowing one is knowing all.

A venue folder holds, under the same names for every venue:

``facts.py``      addresses, paths, limits, intervals, codes: data
``wire.py``       typed frames of the public streams
``parse.py``      :class:`Decoder` of the public frames: frames to events, pure (``state.py`` beside it where it merges)
``private.py``    :class:`Decoder` of the private frames, pure
``reference.py``  bodies of public REST answers to events: instruments, tiers, funding terms, statistics; pure
``candles.py``    what to ask for candles, and their bodies to events; pure
``account.py``    bodies of signed REST answers to events: balances, positions, orders, fills, ledger; pure
``orders.py``     an order as the venue wants to be asked for it, and its answers to events; pure
``sign.py``       how a request proves who asks; pure
``rest.py``       the venue's :class:`feeds.rest.Dialect`, and reading its lists
``rights.py``     what a key may do
``client.py``     :class:`VenueFeed`: what to connect to and ask for
``desk.py``       :class:`AccountFeed`: an account's private stream, sweep and orders
``venue.py``      the functions of :class:`VenueModule`, by which the registry finds all of this

A venue of which only market data are offered leaves out what belongs to accounts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from core.events import AnyEvent, Heard
from core.orders import OrderRequest

if TYPE_CHECKING:
    from feeds.rest import Dialect


Emit = Callable[[AnyEvent], None]
"""Takes one event, at once and without raising: the engine's side of whatever reads a venue."""


class Decoder(Protocol):
    """Turns one raw frame of one connection into events. Holds only what merging needs; does no I/O."""

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame, in order: usually one. A compressed frame is opened here.

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
    """One websocket to hold open: where, for what, and how to keep it alive.

    ``private`` streams are read without pauses and never recorded. ``keep_alive_seconds`` is how often
    :meth:`StreamFeed.keep_alive` must be called. ``answers_pings`` is false where the venue does not answer the
    protocol's pings: a quiet socket is then asked with the heartbeat frame. ``heartbeat`` is that frame where this
    connection's differs from its feed's.
    """

    venue: str
    name: str
    url: str
    subscriptions: tuple[Subscription, ...]
    heartbeat_seconds: float | None
    lifetime_seconds: float | None
    """When to swap to a fresh connection, before the venue cuts this one; ``None`` where it never does."""
    private: bool = False
    keep_alive_seconds: float | None = None
    answers_pings: bool = True
    heartbeat: str = ""


class Opening(msgspec.Struct, frozen=True):
    """Where to open one socket, this time. Both may hold what vouches for us: neither is ever shown."""

    url: str
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return "Opening(hidden)"


class PollPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue tells over REST only, asked again and again; told as a connection of its own in feed health.

    A channel of a poll is named after its endpoint; its ``Ticker`` events carry that name.
    """

    venue: str
    name: str
    every_seconds: float
    instruments: tuple[str, ...]
    channels: tuple[str, ...]


class CandlesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of price history: the newest ``count`` closed candles of a contract's mark price, or of a spot
    pair's trades."""

    instrument: str
    interval_ns: int
    count: int


class StreamFeed(Protocol):
    """What a supervised websocket needs of a venue. :class:`PlainStream` has the usual answers."""

    venue: str

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """A fresh decoder for one connection."""
        ...

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """The frames that subscribe to these channels, in the venue's grouping."""
        ...

    def heartbeat_frame(self) -> str | None:
        """What to send every ``heartbeat_seconds``; ``None`` where protocol pings do."""
        ...

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """What to send at once to a frame that the decoder called a ``ping``; ``None`` for nothing."""
        ...

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The address for the next socket, freshly made where it holds a key. Raises VenueError."""
        ...

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """What to send before subscribing; the decoder must then tell of a ``login``. Empty where none is wanted."""
        ...

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        """Keep a private stream served. Raises VenueError where it will not be."""
        ...


class PlainStream:
    """The answers of a venue whose sockets want no login, no keys and no replies: a base for feeds."""

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        """Nothing."""
        return None

    async def opening(self, plan: ConnectionPlan) -> Opening:
        """The plan's own address."""
        return Opening(plan.url)

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        """None."""
        return ()

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        """Nothing to do."""


class VenueFeed(StreamFeed, Protocol):
    """A venue's market data for a set of instruments."""

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """The connections that serve these instrument ids."""
        ...

    def polls(self, instruments: Sequence[str]) -> Sequence[PollPlan]:
        """What has to be polled for these instrument ids: what no stream tells, and the statistics that no stream
        needs to tell (``DayStatistics``, ``FundingSettled``)."""
        ...

    async def poll(self, plan: PollPlan) -> Sequence[AnyEvent]:
        """Ask once. Raises VenueError."""
        ...

    async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
        """Instruments, tiers and funding intervals over REST. Raises VenueError."""
        ...

    def candles(self, wanted: Sequence[CandlesWanted]) -> AsyncIterator[Sequence[AnyEvent]]:
        """Price history over REST, one request each, in order. Raises VenueError at the first that fails."""
        ...


class AccountFeed(StreamFeed, Protocol):
    """One account at a venue: its private stream, a sweep over REST, and its orders. Events name ``account``."""

    account: str

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """The private connections."""
        ...

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """Everything REST tells of the account as it concerns these instruments, an ``AccountSwept`` last.

        Settings, balances, positions (an instrument without one is told as a position of zero), open orders; fills,
        funding and fees since ``since_ns``. Sweeping twice changes nothing. Raises VenueError: then nothing is told.
        """
        ...

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """Send a limit order; an ``OrderUpdate`` says what became of it.

        The state is UNKNOWN where the venue may have taken it (no answer, an answer that does not tell): it must then
        be looked up with :meth:`query`, never sent again blindly. Sending the same order twice executes it once.
        Raises VenueError only where the order certainly did not reach the venue.
        """
        ...

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """Cancel by client order id; what became of it, as :meth:`query` tells it where it was gone already.
        Raises VenueError."""
        ...

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """Look an order up by client order id, its fills too.

        Where the venue does not know it: UNKNOWN while a request may still arrive there (:mod:`feeds.order_fate`),
        then REJECTED, with that reason. Raises VenueError."""
        ...


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Base addresses of one venue, without a trailing slash; the simulated exchange prints the same shape."""

    rest: str
    websocket: str
    more: Mapping[str, str] = {}


class Credentials(msgspec.Struct, frozen=True):
    """An API key and its secret, and the passphrase where the venue wants one. Nothing of it is shown when the object
    is printed."""

    key: str
    secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        return "Credentials(hidden)"


class KeyRights(msgspec.Struct, frozen=True, kw_only=True):
    """What an API key may do. ``moves`` is withdrawing, or moving funds to another account; ``bound`` is whether it
    works from certain addresses only."""

    trades: bool
    withdraws: bool
    moves: bool
    bound: bool


class RestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A REST body and what was asked for it.

    ``path`` is one of :meth:`VenueModule.rest_paths` as it stands there; ``parameters`` are those of the query, and
    what the placeholders of the path stand for. ``market`` is the one meant where neither tells.
    """

    path: str
    body: bytes
    received_ns: int
    parameters: Mapping[str, str] = {}
    method: str = "GET"
    account: str = "account"
    """The account that a signed answer is about."""
    market: str = ""
    asked_ns: int | None = None
    """When it was asked for, where that is known. What bears no time of its own may be as old as that."""


class VenueModule(Protocol):
    """What ``feeds.<venue>.venue`` defines, as functions of the module. Imports of clients belong inside them: the
    module is loaded before anything is asked."""

    @property
    def PASSPHRASE(self) -> bool:
        """Whether a key has a passphrase besides its secret: a constant of a module, and so is the next."""
        ...

    @property
    def TELLS_TIERS(self) -> bool:
        """Whether its maintenance tiers can be read, with a key or without."""
        ...

    @property
    def POLLS_TICKERS(self) -> bool:
        """Whether a poll of its :class:`VenueFeed` tells tickers: a recorded answer is replayed as it was taken."""
        ...

    def feed(self, endpoints: Endpoints | None, credentials: Credentials | None) -> VenueFeed:
        """Market data, live unless other addresses are given."""
        ...

    def account_feed(self, account: str, endpoints: Endpoints | None, credentials: Credentials) -> AccountFeed:
        """An account, by its name in the configuration. Raises RequestError where the venue is read for prices only."""
        ...

    def decoder(self, market: str) -> Decoder:
        """Public frames of one market."""
        ...

    def account_decoder(self, market: str, account: str) -> Decoder | None:
        """Private frames that concern one market; ``None`` where the venue is read for prices only."""
        ...

    def rest_paths(self) -> Sequence[str]:
        """The REST paths whose bodies :meth:`rest_events` reads, public and signed. A part of a path that is a name
        stands in braces: ``/api/v1/contract/fair_price/{symbol}``."""
        ...

    def rest_events(self, answer: RestAnswer) -> Sequence[AnyEvent]:
        """What a REST body says. Raises DecodeError, and VenueError where it is a refusal."""
        ...

    def clock_api(self, endpoints: Endpoints | None) -> tuple[Dialect, str]:
        """Whom to ask for the venue's time: its dialect and base address."""
        ...

    async def key_rights(self, endpoints: Endpoints | None, credentials: Credentials) -> KeyRights | None:
        """What a key may do; ``None`` where the venue offers no way to know ("unverified"). Raises VenueError."""
        ...
