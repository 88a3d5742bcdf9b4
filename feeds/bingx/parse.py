"""BingX's public frames to events, pure and without I/O.

The usual frame takes one unpacking, one typed decode and a handful of comparisons. Whatever does not fit (odd types, an
empty string, a number out of range, another topic, an answer) is read again field by field.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import InvalidOperation
from typing import Final

import msgspec

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, Heard
from feeds.bingx import facts
from feeds.bingx.state import STATES, State, refusal
from feeds.bingx.unzip import opened
from feeds.fields import Fields
from feeds.frames import as_bytes, clip, fault, open_frame

_QUICK_BYTES: Final = 2048
_BACKSLASH, _UNDERSCORE = b"\\_"
_TOPIC_KEY: Final = b'"dataType":"'
_LONGEST_PING: Final = 80

_CHANNELS: Final = {
    "24hTicker": "ticker",
    "bookTicker": "bookTicker",
    "markPriceUpdate": "markPrice",
    "lastPriceUpdate": "lastPrice",
}
"""What is subscribed to, by the ``e`` of its data."""

_NOT_USUAL: Final = (msgspec.DecodeError, InvalidOperation, LookupError, RecursionError)
"""A type or a number that does not fit, a topic not seen before."""


class Decoder:
    """Turns the frames of one public socket into events; see :class:`feeds.venue.Decoder`."""

    def __init__(self, market: str, connection: str = "") -> None:
        self._market = market
        self._connection = connection or market
        self._states: dict[bytes, State] = {}

    def reset(self) -> None:
        """Forget the order of what was seen."""
        self._states.clear()

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """The events of one frame; never raises on bad input."""
        try:
            text = opened(as_bytes(frame))
            if len(text) <= _QUICK_BYTES and _BACKSLASH not in text and _UNDERSCORE not in text and text.isascii():
                start = text.find(_TOPIC_KEY) + len(_TOPIC_KEY)
                try:
                    told = self._states[text[start : text.find(b'"', start)]].quick(text, received_ns)
                    if told is not None:
                        return told
                except _NOT_USUAL:
                    pass
            return self._careful(text, received_ns)
        except DecodeError as error:
            return (fault(error, self._connection, received_ns),)

    def _careful(self, text: bytes, received_ns: int) -> Sequence[AnyEvent]:
        heard = control(text, received_ns)
        if heard is not None:
            return (heard,)
        content = open_frame(facts.VENUE, text)
        if isinstance(content, list):
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "an array")
        fields = Fields(content)
        answer = answered(fields, received_ns)
        if answer is not None:
            return (answer,)
        if "dataType" not in fields:
            told = _topic_of(fields)
            if told:
                return self._data(told, fields, received_ns)
            return (self._private(fields, received_ns),)
        topic = fields.text("dataType")
        if topic is None:
            raise refusal(FaultKind.BAD_FIELD, "", *fields.bad[0])
        return self._data(topic, fields, received_ns)

    def _data(self, topic: str, fields: Fields, received_ns: int) -> Sequence[AnyEvent]:
        symbol, _, channel = topic.partition("@")
        if channel.startswith(facts.UNUSED_CHANNELS) or topic in (facts.SPOT_BALANCES, facts.SPOT_ORDERS):
            return (Heard(received_ns=received_ns, kind="unused", channel=clip(topic)),)
        made = STATES.get(channel)
        if made is None:
            raise refusal(FaultKind.UNKNOWN_TOPIC, topic)
        data = fields.object("data")
        if data is None:
            raise refusal(FaultKind.BAD_FIELD, topic, *fields.bad[0])
        key = as_bytes(topic)
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= facts.MAX_SYMBOLS:
                raise refusal(FaultKind.UNKNOWN_TOPIC, topic, "", "more symbols than a market lists")
            state = made(self._market, symbol, topic)
            told = state.careful(data, received_ns, self._connection)
            self._states[key] = state
            return told
        return state.careful(data, received_ns, self._connection)

    def _private(self, fields: Fields, received_ns: int) -> Heard:
        event = fields.shown("e")
        if event not in facts.PRIVATE_EVENTS:
            raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither a topic nor an answer")
        return Heard(received_ns=received_ns, kind="unused", channel=event)


def _topic_of(fields: Fields) -> str:
    """The topic of data that come without its name, which says no more than they do; "" for what is no such data."""
    data = fields.object("data") if "data" in fields else None
    channel = "" if data is None else _CHANNELS.get(data.shown("e"), "")
    return f"{data.shown('s')}@{channel}" if data is not None and channel else ""


def control(text: bytes, received_ns: int) -> Heard | None:
    """What a frame that is no JSON says: a ping or its answer; ``None`` for any other frame."""
    word = text.strip() if len(text) <= _LONGEST_PING else b""
    if word == b"Ping":
        return Heard(received_ns=received_ns, kind="ping", detail="Ping")
    if word == b"Pong":
        return Heard(received_ns=received_ns, kind="pong")
    return None


def answered(fields: Fields, received_ns: int) -> Heard | None:
    """What a frame answers to one of ours, or asks to be answered; ``None`` for one that carries something else."""
    if "ping" in fields:
        ping, time = fields.shown("ping"), fields.shown("time")
        return Heard(received_ns=received_ns, kind="ping", detail=f"{ping} {time}".strip())
    if "pong" in fields:
        return Heard(received_ns=received_ns, kind="pong")
    code, request = fields.shown("code"), fields.shown("id")
    topic = fields.shown("dataType")
    if "reqType" in fields and "code" not in fields:  # a client's own request, in a recording
        return Heard(received_ns=received_ns, kind="unused", channel=topic, request=request)
    if code not in ("", "0"):
        detail = f"{code}: {fields.shown('msg')}"
        return Heard(received_ns=received_ns, kind="refusal", channel=topic, request=request, detail=detail)
    if code == "0" and not topic and not _topic_of(fields):
        return Heard(received_ns=received_ns, kind="ack", request=request)
    return None


def pong(detail: str) -> str:
    """The answer to a ping that was heard, in its own manner."""
    if detail == "Ping":
        return "Pong"
    asked, _, time = detail.partition(" ")
    return json.dumps({"pong": asked, "time": time} if time else {"pong": asked})
