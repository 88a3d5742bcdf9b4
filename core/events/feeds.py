"""The state of feeds: connections, their channels, and frames that were not used."""

from __future__ import annotations

from enum import StrEnum

from core.events.base import Event


class ConnectionState(StrEnum):
    """Where one websocket connection stands. LIVE needs data on every channel, not an ack."""

    CONNECTING = "connecting"
    SUBSCRIBING = "subscribing"
    LIVE = "live"
    DEGRADED = "degraded"
    """Open, but at least one channel is silent or refused."""
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


class ConnectionChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="connection"):
    """A connection changed state. ``connection`` names it within its venue ("linear", "market" …). ``every_seconds`` is
    how often it is asked, where it is asked and does not speak by itself."""

    venue: str
    connection: str
    state: ConnectionState
    reason: str = ""
    attempt: int = 0
    every_seconds: float = 0.0


class ChannelState(StrEnum):
    """Where one subscription stands. ACKED without data is a fault, not calm."""

    REQUESTED = "requested"
    ACKED = "acked"
    LIVE = "live"
    SILENT = "silent"
    REFUSED = "refused"


class ChannelChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="channel"):
    """A subscription changed state; ``channel`` is the venue's own topic or stream name. Of what
    is asked for, LIVE says each time that an answer came."""

    venue: str
    connection: str
    channel: str
    state: ChannelState
    reason: str = ""


class FaultKind(StrEnum):
    """Why a frame, or a part of one, was not used."""

    NOT_JSON = "not_json"
    TRUNCATED = "truncated"
    OVERSIZE = "oversize"
    UNKNOWN_TOPIC = "unknown_topic"
    BAD_FIELD = "bad_field"
    """A field is missing, null, empty, of the wrong type, not finite, negative or absurd."""
    OUT_OF_ORDER = "out_of_order"
    BEFORE_SNAPSHOT = "before_snapshot"


class FrameFault(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="fault"):
    """A frame that was not used; counted and shown in feed health. Nothing of it reaches a price."""

    venue: str
    connection: str
    kind: FaultKind
    channel: str = ""
    field: str = ""
    detail: str = ""


class Heard(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="heard"):
    """A frame that is understood and carries no market data: an ack, a pong, a topic that is not used.

    ``kind`` is ``ack``, ``refusal``, ``pong``, ``unused``, ``notice`` (the venue will close this socket), ``ping`` (the
    venue wants an answer; ``detail`` is what it sent), ``login`` (a private socket was let in), ``expired`` (it will
    not be served any more), ``warning`` (the venue warns an account) or ``answer`` (a request was answered, and nothing
    in it is for the book). ``channel`` is what it is about, ``request`` the request id it answers.
    """

    kind: str
    channel: str = ""
    request: str = ""
    detail: str = ""
