"""WEEX's private websockets: headers on the handshake, bare channel names, and rows of what changed. No snapshots."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from feeds.sim.accounts import Account, ApiKey
from feeds.sim.events import AccountEvent, BalanceChanged, OrderChanged
from feeds.sim.exchange import Exchange
from feeds.sim.rest_faults import RestFaults
from feeds.sim.sockets import Hub, Socket
from feeds.sim.weex import encode
from feeds.sim.weex.protocol import SOCKET_TEXT, WeexRefusal, answer, error_body, owner
from feeds.sim.weex.sockets import Manners
from feeds.sim.wire import encode as to_json

CHANNELS = {
    "contract": frozenset({"account", "positions", "orders", "fill"}),
    "spot": frozenset({"account", "orders", "fill"}),
}
_WORDS = {"order": "OrderUpdate", "funding": "PositionFundingSettle", "transfer": "DepositUpdate", "margin": "Margin"}

_Told = list[tuple[str, str, str, list[dict[str, Any]]]]
"""Host, channel, word for the event, rows."""


class PrivateStreams:
    """Serves ``/v3/ws/private`` of both hosts, and turns account events into frames."""

    def __init__(self, exchange: Exchange, faults: RestFaults, hub: Hub, manners: Manners) -> None:
        self._exchange, self._faults, self._hub, self._manners = exchange, faults, hub, manners
        self._keys: dict[Socket, ApiKey] = {}
        self._versions: dict[str, int] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Let in who signs the constant text; others are refused before the socket opens."""
        host = request.match_info.get("host", "contract")
        try:
            key, account = owner(request.headers, SOCKET_TEXT, self._exchange.book, self._faults.now_ms())
        except WeexRefusal as refusal:
            return answer(error_body(refusal.code, refusal.message), {}, 401)

        async def on_text(socket: Socket, text: str) -> None:
            self._manners.requested(
                socket,
                text,
                lambda names: self._subscribe(socket, host, account, names),
                lambda names: self._unsubscribe(socket, host, account, names),
            )

        def opened(socket: Socket) -> None:
            self._keys[socket] = key
            self._manners.opened(socket, private=True)

        response = await self._hub.accept(request, on_text, opened=opened)
        for socket in self._keys.keys() - self._hub.sockets:
            del self._keys[socket]
        self._manners.closed()
        return response

    def expire(self, key: ApiKey) -> None:
        """Cut the sockets that a key opened."""
        for socket, owned in list(self._keys.items()):
            if owned.key == key.key:
                socket.close(1000, "key expired")

    def on_event(self, event: AccountEvent) -> None:
        """Send what an account event means for its channels; settings are not told."""
        if isinstance(event, OrderChanged):
            told = self._order_rows(event)
        elif isinstance(event, BalanceChanged):
            told = self._balance_rows(event)
        else:
            return
        frames = [
            (topic, self._frame(event.account, channel, word, rows))
            for host, channel, word, rows in told
            if rows and self._hub.wanted(topic := _topic(event.account, host, channel))
        ]
        if frames:
            self._hub.private(lambda: self._send(frames))

    def _send(self, frames: list[tuple[str, bytes]]) -> None:
        for topic, frame in frames:
            self._hub.publish(topic, frame)

    def _order_rows(self, event: OrderChanged) -> _Told:
        if event.order.listing.spot:
            return []
        rows: _Told = []
        if event.fill is not None:
            rows.append(("contract", "fill", "OrderUpdate", [encode.streamed_fill(event.account, event.fill)]))
        order = encode.streamed_order(self._exchange, event.account, event.order)
        return [*rows, ("contract", "orders", "OrderUpdate", [order])]

    def _balance_rows(self, event: BalanceChanged) -> _Told:
        account, word = event.account, _WORDS[event.reason]
        if event.wallet == "spot":
            return [("spot", "account", word, [encode.spot_coin(account, asset) for asset in event.assets])]
        balances = [encode.streamed_balance(self._exchange, account, asset) for asset in event.assets]
        held = [
            encode.streamed_position(account, item, event.fill)
            for item in event.positions
            if event.fill is None or item.side is event.fill.position_side
        ]
        return [("contract", "positions", word, held), ("contract", "account", word, balances)]

    def _frame(self, account: Account, channel: str, word: str, rows: list[dict[str, Any]]) -> bytes:
        """Every frame of an account has the next number."""
        version = self._versions[account.name] = self._versions.get(account.name, 0) + 1
        return to_json({"e": channel, "E": self._exchange.now_ms, "v": version, "msgEvent": word, "d": rows})

    def _subscribe(self, socket: Socket, host: str, account: Account, names: list[str]) -> str:
        for name in names:
            if name not in CHANNELS[host]:
                return f"invalid event : {name}"
        for name in names:
            self._hub.subscribe(socket, _topic(account, host, name))
        return ""

    def _unsubscribe(self, socket: Socket, host: str, account: Account, names: list[str]) -> None:
        for name in names:
            self._hub.unsubscribe(socket, _topic(account, host, name))


def _topic(account: Account, host: str, channel: str) -> str:
    return f"private|{account.name}|{host} {channel}"
