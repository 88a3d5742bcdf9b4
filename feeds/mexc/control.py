"""What MEXC's sockets say that is no data: answers to requests, errors and pongs. Pure.

The contract socket's answers do not name the contract they are about: they can only be counted, in the order of the
requests. A method that the venue does not know is not answered at all.
"""

from __future__ import annotations

import re
from typing import Final

from core.events import FaultKind, Heard
from feeds.fields import Fields
from feeds.frames import clip
from feeds.mexc.state import refusal

LOGIN: Final = "login"
_CHANNEL_IN_TEXT: Final = re.compile(r"spot@[\w.@+-]+")


def control(channel: str, fields: Fields, received_ns: int) -> Heard:
    """A frame whose channel does not begin with ``push.``. Raises DecodeError for one that is not known."""
    said = fields.shown("data")
    if channel == "pong":
        return Heard(received_ns=received_ns, kind="pong", detail=said)
    if channel == "rs.error":
        return Heard(received_ns=received_ns, kind="refusal", detail=said)
    if not channel.startswith("rs."):
        raise refusal(FaultKind.UNKNOWN_TOPIC, clip(channel))
    topic = clip(channel.removeprefix("rs."))
    if topic == LOGIN:
        good = said == "success"
        return Heard(received_ns=received_ns, kind=LOGIN if good else "refusal", channel=LOGIN, detail=said)
    return Heard(received_ns=received_ns, kind="ack" if said == "success" else "refusal", detail=f"{topic}: {said}")


def spot_control(fields: Fields, received_ns: int) -> Heard:
    """Answers. One that is no success may say so with ``code`` 0: only the bare channel is an acknowledgement."""
    message = fields.shown("msg")
    if message == "PONG":
        return Heard(received_ns=received_ns, kind="pong")
    if "msg" not in fields or "code" not in fields:
        raise refusal(FaultKind.UNKNOWN_TOPIC, "", "", "neither a push nor an answer")
    named = _CHANNEL_IN_TEXT.search(message)
    channel = named.group() if named else ""
    good = fields.shown("code") == "0" and channel == message != ""
    return Heard(received_ns=received_ns, kind="ack" if good else "refusal", channel=channel, detail=message)
