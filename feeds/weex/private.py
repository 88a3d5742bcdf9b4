"""WEEX's private frames to events, pure. Each has only the rows that changed: REST is read first, and again and again.

Of a contract account's ``account`` channel nothing is told: its ``amount`` is the collateral that is available, not
the wallet, and the venue says that ``legacyAmount`` is for display. The wallet is told over REST. Positions come
without profit and liquidation price; those of separated mode, of which a frame has only a part, are told over REST.

Source: https://www.weex.com/api-doc/contract/Websocket/private
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, BalanceUpdate, FaultKind, Heard
from feeds.fields import Fields, ahead_of_clock
from feeds.frames import as_bytes, clip, fault, open_frame
from feeds.weex import facts, rows
from feeds.weex.known import Known
from feeds.weex.parse import control
from feeds.weex.rows import Origin
from feeds.weex.state import refusal

MOST_ROWS: Final = 2_000
"""No account holds so many positions; what is longer is garbage."""

_LOGIN: Final = "login"

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class PrivateDecoder:
    """Turns the frames of one private socket into events; see :class:`feeds.venue.Decoder`.

    ``left_out`` are coins of the spot wallet that are not told, where they would be taken for the contracts' margin.
    """

    def __init__(
        self,
        market: str,
        account: str,
        known: Known | None = None,
        *,
        connection: str = "",
        left_out: Collection[str] = (),
    ) -> None:
        self._account, self._known = account, known or Known()
        self._connection, self._left_out = connection or f"private {market}", frozenset(left_out)
        self._versions: dict[str, int] = {}
        self._read: dict[str, Callable[[list[Fields], Origin], list[AnyEvent]]] = {"account": self._nothing}
        if market == facts.SPOT:
            self._read = {"account": self._balances, "orders": self._nothing, "fill": self._nothing}
        else:
            self._read |= {"positions": _positions, "orders": _orders, "fill": _fills}

    def reset(self) -> None:
        """Forget the order of what was seen; the account stays known."""
        self._versions.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        try:
            return self._decode(as_bytes(frame), received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _decode(self, frame: bytes, received_ns: int) -> Sequence[AnyEvent]:
        opened = open_frame(facts.VENUE, frame)
        if isinstance(opened, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(opened)
        if "e" not in fields:
            return (_control(fields, received_ns),)
        channel = fields.shown("e")
        read = self._read.get(channel)
        if read is None:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", f"event type {channel!r}")
        time, version, raw_rows = fields.milliseconds("E"), fields.whole("v"), fields.array("d")
        if time is not None and ahead_of_clock(time, received_ns):
            fields.note("E", "a time not after the clock's")
        if version is None or raw_rows is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, channel, *fields.bad[0])
        if len(raw_rows) > MOST_ROWS:
            raise refusal(FaultKind.OVERSIZE, channel, "d", f"{len(raw_rows)} rows")
        if version < self._versions.get(channel, 0):
            detail = f"v {version} after v {self._versions[channel]}"
            raise refusal(FaultKind.OUT_OF_ORDER, channel, "", detail)
        self._versions[channel] = version
        return self._rows(channel, raw_rows, read, received_ns, clip(fields.shown("msgEvent")))

    def _rows(
        self,
        channel: str,
        raw_rows: Sequence[msgspec.Raw],
        read: Callable[[list[Fields], Origin], list[AnyEvent]],
        received_ns: int,
        what: str,
    ) -> Sequence[AnyEvent]:
        """The events of the rows that are good, and the first fault of each that is not."""
        found = [_opened(row) for row in raw_rows]
        events = read(found, Origin(self._account, self._known, received_ns))
        for row in found:
            if row.bad:
                error = refusal(FaultKind.BAD_FIELD, channel, *row.bad[0])
                events.append(fault(error, self._connection, received_ns))
        return events or (Heard(received_ns=received_ns, kind="unused", channel=channel, detail=what),)

    def _nothing(self, found: list[Fields], origin: Origin) -> list[AnyEvent]:
        return []

    def _balances(self, found: list[Fields], origin: Origin) -> list[AnyEvent]:
        """Spot: all that the wallet holds of each coin, free or not."""
        events: list[AnyEvent] = []
        for row in found:
            coin, equity = rows.coin_of(row, "coin"), row.size("equity")
            if coin and equity is not None and coin not in self._left_out:
                events.append(
                    BalanceUpdate(
                        received_ns=origin.received_ns, account=origin.account, asset=coin, wallet_balance=equity
                    )
                )
        return events


def _opened(row: msgspec.Raw) -> Fields:
    try:
        return Fields(_OBJECT.decode(row))
    except msgspec.DecodeError:
        empty = Fields({})
        empty.note("d", "an array of objects")
        return empty


def _positions(found: list[Fields], origin: Origin) -> list[AnyEvent]:
    held = [row for fields in found if (row := rows.held(fields)) is not None and not row.separated]
    return list(rows.positions(held, origin))


def _orders(found: list[Fields], origin: Origin) -> list[AnyEvent]:
    return [event for fields in found if (event := rows.order(fields, origin)) is not None]


def _fills(found: list[Fields], origin: Origin) -> list[AnyEvent]:
    return [event for fields in found if (event := rows.streamed_fill(fields, origin)) is not None]


def _control(fields: Fields, received_ns: int) -> Heard:
    """As on public sockets; besides, a refusal of the key after the socket was opened."""
    code = fields.shown("code")
    if code in facts.CODES_LOGIN:
        return Heard(received_ns=received_ns, kind="refusal", channel=_LOGIN, detail=code)
    return control(fields, received_ns)
