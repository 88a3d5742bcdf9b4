"""Binance's user data of one futures product: listenKeys and their life, and the events of an account."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from feeds.sim.accounts import Account
from feeds.sim.binance import encode
from feeds.sim.binance.protocol import BinanceRefusal
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged, Setting
from feeds.sim.exchange import Exchange
from feeds.sim.sockets import Hub

LISTEN_KEY_MS = 3_600_000

_REASONS = {"order": "ORDER", "funding": "FUNDING_FEE", "transfer": "DEPOSIT", "margin": "MARGIN_TRANSFER"}

Deliver = Callable[[str, Any], None]
"""Takes a listenKey and an event."""

PRIVATE_ROUTES = {"usdm": "private", "coinm": "coin"}


class _ListenKey(msgspec.Struct):
    key: str
    account: Account
    expires_ms: int


class UserData:
    """One listenKey an account, shared by all its clients; private events go to the sockets that use it."""

    def __init__(self, exchange: Exchange, hub: Hub, deliver: Deliver, category: str) -> None:
        self._exchange, self._hub, self._deliver = exchange, hub, deliver
        self._category, self._route = category, PRIVATE_ROUTES[category]
        self._keys: dict[str, _ListenKey] = {}
        self._made = 0

    def create(self, account: Account) -> str:
        """The account's listenKey: the living one renewed, or a new one."""
        entry = self._keys.get(account.name)
        if entry is None:
            self._made += 1
            digest = hashlib.sha256(f"{self._category}/{account.name}/{self._made}".encode()).hexdigest()
            entry = self._keys[account.name] = _ListenKey(digest, account, 0)
        entry.expires_ms = self._exchange.now_ms + LISTEN_KEY_MS
        return entry.key

    def renew(self, account: Account) -> str:
        """Renew for 60 minutes. Raises BinanceRefusal where there is none."""
        if account.name not in self._keys:
            raise BinanceRefusal(-1125, "This listenKey does not exist.")
        return self.create(account)

    def close(self, account: Account) -> None:
        """End the account's listenKey; its sockets stay open and fall silent."""
        self._keys.pop(account.name, None)

    def alive(self, route: str, name: str) -> bool:
        """Whether a stream name is a living listenKey of this route."""
        return route == self._route and any(entry.key == name for entry in self._keys.values())

    def expire(self, *, at_once: bool = False) -> None:
        """Drop keys that nobody renewed and tell their sockets; called now and then."""
        now = self._exchange.now_ms
        for entry in list(self._keys.values()):
            if at_once or now > entry.expires_ms:
                self._deliver(entry.key, {"e": "listenKeyExpired", "E": now, "listenKey": entry.key})
                del self._keys[entry.account.name]

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        entry = self._keys.get(event.account.name)
        body = None if entry is None else self._body(event)
        if entry is not None and body is not None:
            self._hub.private(lambda: self._deliver(entry.key, body))

    def _body(self, event: AccountEvent) -> dict[str, Any] | None:
        """The product's event; ``None`` for what is not told there: other products, and modes."""
        if isinstance(event, OrderChanged):
            ours = event.order.listing.category == self._category
            return self._named(encode.order_event(self._exchange, event)) if ours else None
        if isinstance(event, BalanceChanged):
            ours = event.wallet == self._category
            return self._named(encode.account_event(self._exchange, event, _REASONS[event.reason])) if ours else None
        if event.setting is Setting.LEVERAGE and event.listing is not None:
            ours = event.listing.category == self._category
            return encode.leverage_event(self._exchange, event.account, event.listing) if ours else None
        return None

    def _named(self, body: dict[str, Any]) -> dict[str, Any]:
        """COIN-M's events name the account by an alias."""
        return body | {"i": encode.ALIAS} if self._category == "coinm" else body
