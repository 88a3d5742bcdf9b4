"""A simulated venue: the wire side of one :class:`feeds.sim.exchange.Exchange`, and what its folder holds.

A venue is one folder, ``feeds/sim/<venue>/``, and one line in :mod:`feeds.sim.registry`. Nothing else of the
simulator names it. The folder shares no code with the adapter in ``feeds/<venue>/`` nor with another simulated venue,
so that a misreading of a format cannot hide by being made twice.

``listings.py``
    ``RULES``, a :class:`feeds.sim.rules.VenueRules`: what is listed, category by category, as
    :class:`feeds.sim.catalogue.Family` and ``Row`` data, and how the accounts work (wallets, margin, funding rule,
    hedge mode, whether keys have a passphrase). It imports nothing of the wire side: rules are also used without it.

``venue.py``
    One subclass of :class:`SimVenue`, the composition root. It is made with the exchange and
    :class:`VenueOptions`, and must have ``name``, :meth:`~SimVenue.application`, :meth:`~SimVenue.publish` and
    :meth:`~SimVenue.on_event`. It may have ``housekeeping``, ``on_notice``, ``clear`` and the hooks of faults.

The rest as the venue's format asks for; what has proved itself:

``protocol.py``      the envelope, error codes, signatures over the exact bytes, parameters
``rest.py``          routes, who may ask how often, and the order of checks
``market_data.py``, ``account_api.py``, ``trade_api.py``
                     one class each, one method an endpoint: parameters (account, key) in, body out
``public.py``, ``private.py``
                     websockets: requests, acks, and the frames of :meth:`publish` and :meth:`on_event`
``encode.py``, ``reference.py``
                     orders, fills, positions, wallets; instruments, tiers, tickers as the venue writes them

One port and one host serve all of a venue's addresses; hosts that the venue keeps apart become path prefixes. Each
``SimVenue`` says in its docstring which path stands for which of the venue's addresses. Symbols that two categories
share are told apart by the path.

What to take from the exchange, all of it free of wire formats:

- ``exchange.listed(category)``, ``find(category, symbol)`` (``None`` once delisted or delivered), ``listing.pair``,
  ``listing.quarter`` (1 the nearest dated contract), ``listing.expiry_ms``, ``listing.instrument`` (``contract_size``,
  ticks, limits, funding interval), ``listing.tiers`` (as published). Read them anew each time: they can change.
- ``exchange.trading(listing)``: :class:`feeds.sim.order_checks.Trading`, for the status that the venue prints.
- ``exchange.quote(listing)``; ``exchange.still(listing)`` is true where prices stand and frames must go on with fresh
  times: send then what would be left out as unchanged. ``feeds.sim.book.side_levels`` is the book (20 levels, or any
  number), ``exchange.trades(listing, n)`` the last trades, ``feeds.sim.figures.day`` and ``bars`` the last 24 hours and
  candles, ``exchange.funding(listing)`` estimate (``rate``), ``next_ms``, ``hours``, ``cap`` and ``settled``.
- ``exchange.book.find(key)`` → key and account (``None`` also once expired, see ``book.expired``);
  ``account.wallets`` by name, ``positions``, ``open_orders()``, ``closed_orders``, ``fills``, ``ledger``.
- ``exchange.risk``: health of a pot, margins, unrealised profit; :func:`feeds.sim.printed.liquidation_price`.
- ``exchange.matching.accept`` (raises :class:`feeds.sim.order_checks.Refused` with a ``Why``, for each of which the
  venue has a code) and ``execute``, ``amend``, ``cancel``; ``exchange.settings`` for leverage, margin mode and
  position mode once the venue's own checks have passed; ``exchange.settlement.move`` between wallets.

Quantities are in the venue's order unit throughout (coins, or contracts of ``contract_size``); nothing needs
multiplying but for display. Times are ms; ``exchange.now_ms`` stamps data, ``self.faults.now_ms()`` checks signatures.

What faults ask of the wire side, so that every fault works at every venue:

- Every data frame goes through ``hub.publish(topic, frame)`` or ``socket.data(frame, topic)``, every ack and pong
  through ``socket.answer``. A venue that compresses frames gives its hub a ``pack``.
- Every account event's frames are made at once and sent in one ``hub.private(lambda: …)``.
- Every request first asks ``self.faults.limited()``; a status it returns is the answer, in the venue's own words. The
  statuses that the venue knows are ``limit_statuses`` (the milder first).
- Every order request that was carried out (placed, amended, cancelled) is answered by ``await
  self.faults.order_answer(request, answer, unknown)``.
- A fault that only some venues can have (``resnapshot``, ``skip_snapshots``, ``expire_listen_keys``) is offered by its
  name in ``offers``, with what does it. What is not offered is refused by name.

Forced executions come as any order's events do; ``order.purpose`` and ``fill.purpose`` (liquidation, ADL, delivery,
funding) say what to call them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec
from aiohttp import web

from feeds.sim.events import AccountEvent, Notice
from feeds.sim.exchange import Exchange
from feeds.sim.rest_faults import RestFaults
from feeds.sim.sockets import Hub


class VenueOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue may be told at its start; each takes what concerns it."""

    lifetime_ms: int = 86_400_000
    """When websockets are cut by a venue that limits their life."""
    idle_contracts: int = 0
    """So many more contracts that are listed and never trade, for clients that must page."""


class SimVenue(ABC):
    """One venue's wire format over one exchange; see the module for what a subclass must do."""

    name: ClassVar[str]
    limit_statuses: ClassVar[tuple[int, ...]] = ()
    """With which HTTP statuses it refuses who asks too often, the milder first."""

    def __init__(self, exchange: Exchange, options: VenueOptions, hub: Hub | None = None) -> None:
        self.exchange = exchange
        self.options = options
        self.hub = Hub() if hub is None else hub
        self.faults = RestFaults()
        exchange.listener = self.on_event
        exchange.notices = self.on_notice

    @abstractmethod
    def application(self) -> web.Application:
        """Everything this venue serves."""

    @abstractmethod
    def publish(self) -> None:
        """Send what the last step of the market changed; called after each, ten times a second."""

    @abstractmethod
    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""

    def on_notice(self, notice: Notice) -> None:  # noqa: B027 - a venue may have nothing to say
        """Tell everybody of a listing's new terms, of a liquidation, or the sockets of a key that it has expired."""

    def housekeeping(self) -> None:  # noqa: B027 - a venue may leave its sockets alone
        """Ping, and cut sockets that have been idle or alive too long; called once a second."""

    @property
    def offers(self) -> Mapping[str, Callable[[], None]]:
        """The optional faults that this venue has, by name, and what does each."""
        return {}

    def clear(self) -> None:
        """End this venue's faults; a venue with faults of its own ends those too."""
        self.hub.clear()
        self.faults.clear()
