"""BingX's private streams: listen keys and their life, and the events of an account. There are no snapshots."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from core.books import MarginMode
from feeds.sim.accounts import ZERO, Account, PositionSide
from feeds.sim.bingx import encode
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged, Setting
from feeds.sim.exchange import Exchange
from feeds.sim.risk import spot_locked
from feeds.sim.sockets import Hub, Socket
from feeds.sim.wire import encode as to_json
from feeds.sim.wire import plain

LISTEN_KEY_MS = 3_600_000
CONFIG_EVERY_MS = 5_000

_MARKETS = {"swap": "linear", "coin": "inverse", "spot": "spot"}
"""The market whose sockets tell of a wallet."""


class _ListenKey(msgspec.Struct):
    key: str
    account: Account
    expires_ms: int


class UserData:
    """One listen key an account, for the sockets of all markets."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self._exchange, self._hub = exchange, hub
        self._keys: dict[str, _ListenKey] = {}
        self._made = 0
        self._told_ms = 0

    # --- keys ----------------------------------------------------------------------------------------------------

    def create(self, account: Account) -> str:
        """The account's listen key: the living one renewed, or a new one."""
        entry = self._keys.get(account.name)
        if entry is None:
            self._made += 1
            digest = hashlib.sha256(f"bingx/{account.name}/{self._made}".encode()).hexdigest()
            entry = self._keys[account.name] = _ListenKey(digest, account, 0)
        entry.expires_ms = self._exchange.now_ms + LISTEN_KEY_MS
        return entry.key

    def known(self, key: str, account: Account) -> bool:
        """Whether this is the account's living key."""
        entry = self._keys.get(account.name)
        return entry is not None and entry.key == key

    def close(self, account: Account) -> None:
        """End the account's key; its sockets stay open and fall silent."""
        self._keys.pop(account.name, None)

    def owner(self, key: str) -> Account | None:
        """Whose key it is, if it lives."""
        return next((entry.account for entry in self._keys.values() if entry.key == key), None)

    def expire(self, *, at_once: bool = False) -> None:
        """Drop keys that nobody renewed and tell their sockets; called now and then."""
        now = self._exchange.now_ms
        for entry in list(self._keys.values()):
            if at_once or now > entry.expires_ms:
                frame = to_json({"e": "listenKeyExpired", "E": now, "listenKey": entry.key})
                for market in _MARKETS.values():
                    self._send(entry.account, market, frame)
                del self._keys[entry.account.name]

    # --- sockets -------------------------------------------------------------------------------------------------

    def opened(self, socket: Socket, account: Account, market: str) -> None:
        """A private socket was opened: contracts speak unasked, spot when it is subscribed to."""
        if market == "spot":
            return
        self._hub.subscribe(socket, topic_of(account, market))
        for listing in self._exchange.listed(market):
            socket.data(to_json(self._config(account, listing)), topic_of(account, market))

    def on_event(self, event: AccountEvent) -> None:
        """Tell an account's sockets what happened to it."""
        account = event.account
        if account.name not in self._keys:
            return
        if isinstance(event, OrderChanged):
            market = event.order.listing.category
            if market != "spot":
                self._later(account, market, encode.order_event(event, self._exchange.now_ms))
        elif isinstance(event, BalanceChanged):
            market = _MARKETS[event.wallet]
            spot = market == "spot"
            body = self._spot_update(event) if spot else encode.account_event(self._exchange, event)
            self._later(account, "spot|ACCOUNT_UPDATE" if spot else market, body)
        elif event.setting is not Setting.POSITION_MODE and event.listing is not None:
            self._later(account, event.listing.category, self._config(account, event.listing))

    def repeat_settings(self) -> None:
        """Tell all settings of every account that is listened to; called now and then, done every five seconds."""
        now = self._exchange.now_ms
        if now - self._told_ms < CONFIG_EVERY_MS:
            return
        self._told_ms = now
        for entry in self._keys.values():
            for market in ("linear", "inverse"):
                if self._hub.wanted(topic_of(entry.account, market)):
                    for listing in self._exchange.listed(market):
                        self._send(entry.account, market, to_json(self._config(entry.account, listing)))

    def _later(self, account: Account, market: str, body: dict[str, Any]) -> None:
        frame = to_json(body)
        self._hub.private(lambda: self._send(account, market, frame))

    def _send(self, account: Account, market: str, frame: bytes) -> None:
        self._hub.publish(topic_of(account, market), frame)

    def _config(self, account: Account, listing: Listing) -> dict[str, Any]:
        isolated = account.mode(listing) is MarginMode.ISOLATED
        return {
            "e": "ACCOUNT_CONFIG_UPDATE",
            "E": self._exchange.now_ms,
            "ac": {
                "s": listing.symbol,
                "l": int(account.leverage(listing, PositionSide.LONG)),
                "S": int(account.leverage(listing, PositionSide.SHORT)),
                "mt": "isolated" if isolated else "cross",
            },
        }

    def _spot_update(self, event: BalanceChanged) -> dict[str, Any]:
        locked = spot_locked(event.account)
        rows = []
        for asset in event.assets:
            amount, held = event.account.wallets["spot"].get(asset, ZERO), locked.get(asset, ZERO)
            free = plain(amount - held)
            rows.append({"a": asset, "bc": plain(event.change), "cw": free, "wb": free, "lk": plain(held)})
        return {"e": "ACCOUNT_UPDATE", "a": {"B": rows, "m": "ASSET_TRANSFER"}, "E": self._exchange.now_ms}


def topic_of(account: Account, market: str) -> str:
    """Where an account's events of a market go."""
    return f"private|{account.name}|{market}"
