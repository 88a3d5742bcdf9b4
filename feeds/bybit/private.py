"""Bybit's private frames to events, pure and without I/O: positions, orders, executions and the wallet.

The stream sends no snapshot; each element of a frame is a whole object, alike to REST's. Frames of one topic may hold
several categories: contracts are told here, pairs and options are not.

Source: https://bybit-exchange.github.io/docs/v5/websocket/private
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AccountSettings, AnyEvent, FaultKind, FrameFault, Heard, PositionUpdate
from core.legs import Leg
from feeds.bybit import account, facts
from feeds.bybit.modes import Modes
from feeds.bybit.parse import control
from feeds.bybit.rows import About
from feeds.bybit.state import refusal
from feeds.fields import Fields, ahead_of_clock
from feeds.frames import as_bytes, clip, fault, open_frame

_MOST_ROWS: Final = 5_000
_SECRETS = re.compile(r"[0-9A-Za-z_-]{16,}")
"""What may be a key: a refused login is told without it."""

_FAST: Final = "execution.fast"


class AccountDecoder:
    """Turns the frames of one private socket into events of one account; see :class:`feeds.venue.Decoder`.

    ``market`` is the category of elements that name none.
    """

    def __init__(self, market: str, account: str, connection: str = "account", *, modes: Modes | None = None) -> None:
        self._market, self._account, self._connection = market, account, connection
        self._modes = Modes() if modes is None else modes
        self._settings: dict[tuple[str, Leg], AccountSettings] = {}

    def reset(self) -> None:
        """Forget which settings were told."""
        self._settings.clear()

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
        if "topic" not in fields:
            return (_answer(fields, received_ns),)
        topic = fields.text("topic")
        if topic is None:
            raise refusal(FaultKind.BAD_FIELD, "", *fields.bad[0])
        kind = _FAST if topic.startswith(_FAST) else topic.partition(".")[0]
        if kind not in (*facts.TOPICS, _FAST):
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic)
        about, elements = self._opened(fields, topic, received_ns)
        events = self._told(kind, elements, about)
        return events or (Heard(received_ns=received_ns, kind="unused", channel=clip(topic)),)

    def _opened(self, fields: Fields, topic: str, received_ns: int) -> tuple[About, list[msgspec.Raw]]:
        """When a frame was made, and its elements. Raises DecodeError."""
        created_ms = fields.milliseconds("creationTime")
        if created_ms is not None and ahead_of_clock(created_ms, received_ns):
            fields.note("creationTime", "a time not after the clock's")
        elements = fields.array("data")
        if created_ms is None or elements is None or fields.bad:
            raise refusal(FaultKind.BAD_FIELD, topic, *fields.bad[0])
        if len(elements) > _MOST_ROWS:
            raise refusal(FaultKind.OVERSIZE, topic, "data", f"more than {_MOST_ROWS} elements")
        about = About(
            account=self._account,
            place=clip(topic),
            received_ns=received_ns,
            market=self._market,
            time_ns=created_ms * 1_000_000,
        )
        return self._modes.known_to(about), elements

    def _told(self, kind: str, elements: Sequence[msgspec.Raw], about: About) -> list[AnyEvent]:
        match kind:
            case "position":
                events = self._positions(elements, about)
            case "order":
                events = account.order_events(elements, about)
            case "execution":
                events = account.execution_events(elements, about)
            case "wallet":
                events = self._wallet(elements, about)
            case _:  # without its fee, a fill would be booked too cheaply: ``execution`` tells the same with it
                events = []
        return [self._named(event) for event in events]

    def _positions(self, elements: Sequence[msgspec.Raw], about: About) -> list[AnyEvent]:
        """Positions; how they are set only where that is news: they come with every event of an order."""
        rows, events = account.position_rows(elements, about)
        for row in rows:
            self._modes.learn(row.instrument(about), row)
            for event in account.position_events(row, about):
                if isinstance(event, PositionUpdate) or (
                    isinstance(event, AccountSettings) and self._is_news(event, about)
                ):
                    events.append(event)
        return events

    def _is_news(self, event: AccountSettings, about: About) -> bool:
        key, bare = (event.instrument, event.leg), msgspec.structs.replace(event, received_ns=0)
        if self._settings.get(key) == bare:
            return False
        if len(self._settings) < facts.MAX_SYMBOLS:
            self._settings[key] = bare
        return True

    def _wallet(self, elements: Sequence[msgspec.Raw], about: About) -> list[AnyEvent]:
        coins = [coin for element in elements for coin in account.wallet_coins(element, about.place)]
        return account.balance_events(coins[:_MOST_ROWS], about)

    def _named(self, event: AnyEvent) -> AnyEvent:
        """A fault told under this connection."""
        return msgspec.structs.replace(event, connection=self._connection) if isinstance(event, FrameFault) else event


def _answer(fields: Fields, received_ns: int) -> Heard:
    """Acks, refusals and pongs; those of the login are told as such."""
    heard = control(fields, received_ns)
    if fields.shown("op") != "auth":
        return heard
    if heard.kind == "ack":
        return msgspec.structs.replace(heard, kind="login", channel=facts.LOGIN)
    code = fields.shown("retCode") or _SECRETS.sub("…", heard.detail)
    return msgspec.structs.replace(heard, channel=facts.LOGIN, detail=code)
